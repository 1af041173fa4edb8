/* How does a key come into the key file, and out of it? */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/listing.h"
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

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

/* Beside it, then renamed: a reload never sees half a file, and a full disk loses no key. */
static int write_file(const struct key_file *file, const struct srd_buf *text,
                      struct srd_arena *arena, struct srd_error *err)
{
    char *beside = srd_arena_printf(arena, "%s.XXXXXX", file->path);
    SRD_CLEANUP(close_fd) int fd = mkostemp(beside, O_CLOEXEC); /* 0600 */
    struct stat before;

    if (fd < 0)
        return srd_fail(err, SRD_E_SYSTEM, "could not write beside \"%s\": %s", file->path,
                        strerror(errno));
    /* who could read it before can read it after: the server may run as another user */
    if (!stat(file->path, &before) &&
        (fchmod(fd, before.st_mode & 0640) ||
         ((before.st_uid != geteuid() || before.st_gid != getegid()) &&
          fchown(fd, before.st_uid, before.st_gid)))) {
        srd_fail(err, SRD_E_SYSTEM, "could not give the new \"%s\" the owner of the old one: %s",
                 file->path, strerror(errno));
    } else if (!write_all(fd, text->data, text->size) || fsync(fd) || rename(beside, file->path)) {
        srd_fail(err, SRD_E_SYSTEM, "could not write \"%s\": %s", file->path, strerror(errno));
    }
    if (err->code)
        unlink(beside);
    return err->code;
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
    struct key_file file = { .path = srd_setting_text(&call->settings, SRD_SET_api_key_file) };

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
    if (read_file(&file, call->arena, err))
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
