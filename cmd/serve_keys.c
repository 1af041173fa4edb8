/* How does a key come into the key file, and out of it? */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/listing.h"
#include "cmd/replace.h"
#include "cmd/serve.h"
#include "lib/base/cleanup.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

#define KEY_BYTES 32

/* The file as it is now: its text, and what is in it. */
struct key_file {
    const char *path;
    char *text;
    size_t size;
    struct srd_api_keys keys;
    bool missing;
    const struct srd_replace *replace;
};

static int read_file(struct key_file *file, struct srd_arena *arena, struct srd_error *err)
{
    unsigned mode;

    if (srd_small_file(file->path, arena, &file->text, &file->size, &mode, &file->missing, err)) {
        if (!file->missing)
            return srd_while(err, "key file");
        file->text = srd_arena_copy(arena, "");
        file->size = 0;
        return err->code = SRD_OK;
    }
    return srd_api_keys_read(&file->keys, file->path, arena, err); /* also judges who may read it */
}

static int write_file(const struct key_file *file, const struct srd_buf *text,
                      struct srd_arena *arena, struct srd_error *err)
{
    return srd_replace_write(file->replace, text->data, text->size, arena, err);
}

/* ---- new ---- */

static const char *tenants_word(const struct srd_words *tenants, struct srd_arena *arena)
{
    const char *out = "";

    for (size_t i = 0; i < tenants->count; i++)
        out = srd_arena_printf(arena, "%s%s%s", out, i ? "," : "", tenants->items[i]);
    return out;
}

static int add_key(struct srd_call *call, const struct srd_serve_keys_options *options,
                   const char *name, struct key_file *file, struct srd_error *err)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text = { 0 };
    unsigned roles = options->role ? srd_roles_parse(options->role) : SRD_ROLE_USE;
    unsigned char secret[KEY_BYTES], digest[SRD_SHA256_SIZE];
    char key[2 * KEY_BYTES + 1], hex[2 * SRD_SHA256_SIZE + 1];

    if (!srd_api_key_name_valid(name))
        return srd_fail(err, SRD_E_USAGE, "a key is named by letters, digits, dots and dashes");
    if (!roles)
        return srd_fail(err, SRD_E_USAGE,
                        "--role: \"%s\" is none of use, metrics, admin, use+metrics",
                        srd_shown(call->arena, options->role));
    for (size_t i = 0; i < options->tenants.count; i++)
        if (!srd_api_key_name_valid(options->tenants.items[i]))
            return srd_fail(err, SRD_E_USAGE, "--tenant: \"%s\" names no tenant",
                            srd_shown(call->arena, options->tenants.items[i]));
    if (srd_crypto_ready(err) || srd_random(secret, sizeof(secret), err))
        return err->code;
    srd_hex(secret, sizeof(secret), key);
    srd_sha256(key, strlen(key), digest);
    srd_hex(digest, sizeof(digest), hex);
    srd_buf_init(&text, (size_t)2 << 20);
    if (file->missing)
        srd_buf_text(&text, "# name key roles tenants, as `srdiag serve keys` writes them\n");
    srd_buf_add(&text, file->text, file->size);
    if (text.size && text.data[text.size - 1] != '\n')
        srd_buf_char(&text, '\n');
    srd_buf_printf(&text, "%s sha256:%s %s", name, hex, srd_roles_text(roles, call->arena));
    if (options->tenants.count)
        srd_buf_printf(&text, " %s", tenants_word(&options->tenants, call->arena));
    srd_buf_char(&text, '\n');
    if (!write_file(file, &text, call->arena, err))
        srd_buf_printf(&call->out, "%s\n", key);
    srd_wipe(secret, sizeof(secret));
    srd_wipe(key, sizeof(key));
    if (!err->code && !srd_globals.quiet)
        dprintf(STDERR_FILENO,
                "The key of %s, which is shown this once; \"%s\" has only its digest. A running "
                "server takes it with SIGHUP.\n",
                name, file->path);
    return err->code;
}

/* ---- list ---- */

static int list_keys(struct srd_call *call, const struct key_file *file, struct srd_error *err)
{
    static const struct srd_list_column columns[] = { { .key = "name" },
                                                      { .key = "id" },
                                                      { .key = "roles" },
                                                      { .key = "tenants" },
                                                      { .key = "line", .number = true },
                                                      { 0 } };
    struct srd_listing listing;

    srd_listing_init(&listing, call->arena, "keys", columns);
    for (size_t i = 0; i < file->keys.count; i++) {
        const struct srd_api_key *key = &file->keys.list[i];
        struct srd_words tenants = { .items = (const char **)key->tenants };
        char id[9];

        while (key->tenants && key->tenants[tenants.count])
            tenants.count++;
        srd_api_key_id(key, id);
        srd_listing_add(
            &listing, (const char *[]){ key->name, srd_arena_copy(call->arena, id),
                                        srd_roles_text(key->roles, call->arena),
                                        tenants.count ? tenants_word(&tenants, call->arena) : NULL,
                                        srd_arena_printf(call->arena, "%d", key->line) });
    }
    return srd_listing_print(call, &listing, err);
}

/* ---- revoke ---- */

/* The line of the key that @word names, by its name or its id; 0 and an error: none, or several. */
static int line_of(const struct key_file *file, const char *word, struct srd_arena *arena,
                   struct srd_error *err)
{
    const char *ids = "";
    int line = 0, found = 0;

    for (size_t i = 0; i < file->keys.count; i++) {
        const struct srd_api_key *key = &file->keys.list[i];
        char id[9];

        srd_api_key_id(key, id);
        if (!strcmp(id, word))
            return key->line;
        if (strcmp(key->name, word) != 0)
            continue;
        ids = srd_arena_printf(arena, "%s%s%s", ids, found ? ", " : "", id);
        line = key->line;
        found++;
    }
    if (found == 1)
        return line;
    if (found)
        srd_fail(err, SRD_E_USAGE, "%s has %d keys; say which by its id: %s", word, found, ids);
    else
        srd_fail(err, SRD_E_USAGE, "\"%s\" has no key \"%s\"; srdiag serve keys list", file->path,
                 srd_shown(arena, word));
    return 0;
}

static int revoke_key(struct srd_call *call, const char *word, struct key_file *file,
                      struct srd_error *err)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text = { 0 };
    int gone = line_of(file, word, call->arena, err), line = 0;
    const char *at = file->text, *end = file->text + file->size;

    if (!gone)
        return err->code;
    srd_buf_init(&text, (size_t)2 << 20);
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *next = stop ? stop + 1 : end;

        if (++line != gone)
            srd_buf_add(&text, at, (size_t)(next - at));
        at = next;
    }
    if (!write_file(file, &text, call->arena, err) && !srd_globals.quiet)
        dprintf(STDERR_FILENO, "Revoked. A running server forgets it with SIGHUP.\n");
    return err->code;
}

int srd_serve_keys(struct srd_call *call, const struct srd_serve_keys_options *options,
                   struct srd_error *err)
{
    static const char *const words[] = { "new", "list", "revoke", NULL };
    const char *word = call->operand_count > 1 ? call->operands[1] : "list";
    const char *name = call->operand_count > 2 ? call->operands[2] : NULL;
    SRD_CLEANUP(srd_replace_end) struct srd_replace replace = { .fd = -1 };
    struct key_file file = { .path = srd_setting_text(&call->settings, SRD_SET_api_key_file),
                             .replace = &replace };

    if (!srd_text_in(word, words))
        return srd_fail(err, SRD_E_USAGE, "serve keys knows new, list and revoke, not \"%s\"%s",
                        srd_shown(call->arena, word), srd_did_you_mean(call->arena, word, words));
    if (!strcmp(word, "list") ? name != NULL : name == NULL)
        return srd_fail(err, SRD_E_USAGE,
                        name ? "serve keys list takes no name" : "serve keys %s wants a NAME",
                        word);
    if (!*file.path)
        return srd_fail(err, SRD_E_USAGE,
                        "no key file is set: --api-key-file FILE, or api-key-file in [server]");
    if ((strcmp(word, "list") != 0 && srd_replace_begin(file.path, call->arena, &replace, err)) ||
        read_file(&file, call->arena, err))
        return err->code;
    if (!strcmp(word, "list"))
        return file.missing ? srd_fail(err, SRD_E_CONFIG,
                                       "there is no key file \"%s\" yet; srdiag "
                                       "serve keys new NAME makes one",
                                       file.path)
                            : list_keys(call, &file, err);
    return !strcmp(word, "new") ? add_key(call, options, name, &file, err)
                                : revoke_key(call, name, &file, err);
}
