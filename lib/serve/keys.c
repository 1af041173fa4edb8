/* Who shows which key, and what does it allow? */

#include "lib/serve/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/base/text.h"

#define LARGEST_FILE (1 << 20)
#define LONGEST_NAME 64
#define LONGEST_KEY 512 /* no header carries a longer one */
#define WORDS 4

static const struct {
    const char *name;
    unsigned role;
} roles[] = { { "use", SRD_ROLE_USE }, { "metrics", SRD_ROLE_METRICS }, { "admin", SRD_ROLE_ALL } };

bool srd_api_key_name_valid(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@");

    return n > 0 && n <= LONGEST_NAME && !name[n];
}

unsigned srd_roles_parse(const char *text)
{
    unsigned found = 0;

    for (;;) {
        size_t n = strcspn(text, "+"), i = 0;

        while (i < SRD_COUNT(roles) &&
               (strlen(roles[i].name) != n || strncmp(roles[i].name, text, n) != 0))
            i++;
        if (i == SRD_COUNT(roles))
            return 0;
        found |= roles[i].role;
        if (!text[n])
            return found;
        text += n + 1;
    }
}

const char *srd_roles_text(unsigned wanted, struct srd_arena *arena)
{
    const char *out = "";

    if (wanted & SRD_ROLE_ADMIN)
        return "admin";
    for (size_t i = 0; i < SRD_COUNT(roles); i++)
        if (wanted & roles[i].role && !(roles[i].role & SRD_ROLE_ADMIN))
            out = srd_arena_printf(arena, "%s%s%s", out, *out ? "+" : "", roles[i].name);
    return *out ? out : "none";
}

void srd_api_key_id(const struct srd_api_key *key, char out[9])
{
    srd_hex(key->digest, 4, out);
}

static struct srd_api_key *add(struct srd_api_keys *keys, struct srd_arena *arena)
{
    if (keys->count == keys->room) {
        size_t room = keys->room ? 2 * keys->room : 8;
        struct srd_api_key *list = srd_arena_array(arena, room, sizeof(*list));

        if (keys->count)
            memcpy(list, keys->list, keys->count * sizeof(*list));
        keys->list = list;
        keys->room = room;
    }
    return &keys->list[keys->count++];
}

void srd_api_keys_add(struct srd_api_keys *keys, const char *name, const char *plain,
                      unsigned wanted, struct srd_arena *arena)
{
    struct srd_api_key *key = add(keys, arena);

    *key = (struct srd_api_key){ .name = srd_arena_copy(arena, name), .roles = wanted };
    srd_sha256(plain, strlen(plain), key->digest);
}

const struct srd_api_key *srd_api_keys_find(const struct srd_api_keys *keys, const char *plain)
{
    const struct srd_api_key *found = NULL;
    unsigned char digest[SRD_SHA256_SIZE];

    if (!plain || !*plain)
        return NULL;
    srd_sha256(plain, strlen(plain), digest);
    /* all of them, also behind the one that fits: the time must not tell which it was */
    for (size_t i = 0; i < keys->count; i++)
        if (srd_same_bytes(keys->list[i].digest, digest, sizeof(digest)) && !found)
            found = &keys->list[i];
    return found;
}

static int parse_tenants(struct srd_api_key *key, const char *word, struct srd_arena *arena,
                         struct srd_error *err)
{
    key->tenants = srd_text_list(arena, word);
    for (const char *const *t = key->tenants; *t; t++)
        if (!srd_api_key_name_valid(*t))
            return srd_fail(err, SRD_E_CONFIG,
                            "a tenant is named by letters, digits, dots and dashes");
    if (!*key->tenants)
        return srd_fail(err, SRD_E_CONFIG, "the list of tenants is empty");
    return 0;
}

static int parse_key(struct srd_api_key *key, const char *word, struct srd_error *err)
{
    if (srd_text_prefix(word, "sha256:")) {
        if (!srd_unhex(word + 7, key->digest, sizeof(key->digest)))
            return srd_fail(err, SRD_E_CONFIG, "sha256: wants 64 hex digits");
        return 0;
    }
    if (strlen(word) > LONGEST_KEY)
        return srd_fail(err, SRD_E_CONFIG, "the key is longer than %d characters", LONGEST_KEY);
    for (const char *p = word; *p; p++)
        if ((unsigned char)*p < 33 || (unsigned char)*p > 126)
            return srd_fail(err, SRD_E_CONFIG, "a key consists of visible ASCII characters");
    srd_sha256(word, strlen(word), key->digest);
    return 0;
}

/* One that is there twice would mean different things to those who handed it out. */
static int add_new(struct srd_api_keys *keys, const struct srd_api_key *key,
                   struct srd_arena *arena, struct srd_error *err)
{
    for (size_t i = 0; i < keys->count; i++)
        if (!memcmp(keys->list[i].digest, key->digest, sizeof(key->digest)))
            return srd_fail(err, SRD_E_CONFIG, "this key is there already, as that of %s",
                            keys->list[i].name);
    *add(keys, arena) = *key;
    return 0;
}

int srd_api_keys_put(struct srd_api_keys *keys, const struct srd_api_key *key, const char *word,
                     struct srd_arena *arena, struct srd_error *err)
{
    struct srd_api_key copy = *key;

    if (parse_key(&copy, word, err))
        return err->code;
    return add_new(keys, &copy, arena, err);
}

int srd_api_keys_join(struct srd_api_keys *keys, const struct srd_api_keys *more,
                      struct srd_arena *arena, struct srd_error *err)
{
    for (size_t i = 0; i < more->count; i++)
        if (add_new(keys, &more->list[i], arena, err))
            return srd_while(err, "key %s, line %d", more->list[i].name, more->list[i].line);
    return 0;
}

static int parse_words(struct srd_api_keys *keys, char *const *words, size_t n,
                       struct srd_arena *arena, struct srd_error *err)
{
    struct srd_api_key key = { .name = words[0], .roles = SRD_ROLE_USE };

    if (n > WORDS)
        return srd_fail(err, SRD_E_CONFIG,
                        "more than four words (name, key, roles, tenants parted by commas)");
    if (n < 2)
        return srd_fail(err, SRD_E_CONFIG, "expected a name and a key");
    if (!srd_api_key_name_valid(key.name))
        return srd_fail(err, SRD_E_CONFIG, "a key is named by letters, digits, dots and dashes");
    if (n > 2 && !(key.roles = srd_roles_parse(words[2])))
        return srd_fail(err, SRD_E_CONFIG,
                        "the third word is none of use, metrics, admin, use+metrics");
    if (n > 3 && parse_tenants(&key, words[3], arena, err))
        return err->code;
    return srd_api_keys_put(keys, &key, words[1], arena, err);
}

int srd_api_keys_parse(struct srd_api_keys *keys, const char *file, const char *bytes, size_t n,
                       struct srd_arena *arena, struct srd_error *err)
{
    char *text = srd_arena_copy_n(arena, bytes, n), *next = text;
    int line = 0;

    if (memchr(bytes, '\0', n))
        return srd_fail(err, SRD_E_CONFIG, "%s is no text", file);
    while (next) {
        char *words[WORDS + 1], *rest, *at = strsep(&next, "\n");
        size_t count = 0, before = keys->count;

        line++;
        for (char *w = strtok_r(at, " \t\r", &rest); w && *w != '#' && count <= WORDS;
             w = strtok_r(NULL, " \t\r", &rest))
            words[count++] = w;
        if (!count)
            continue;
        parse_words(keys, words, count, arena, err);
        if (count > 1) /* of plain keys only the digest stays in memory */
            srd_wipe(words[1], strlen(words[1]));
        if (err->code) {
            srd_wipe(text, n);
            return srd_while(err, "%s line %d", file, line);
        }
        keys->list[before].line = line;
    }
    return 0;
}

int srd_api_keys_read(struct srd_api_keys *keys, const char *file, struct srd_arena *arena,
                      struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    char *bytes;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st))
        return srd_fail(err, SRD_E_CONFIG, "could not open the key file \"%s\": %s", file,
                        strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size > LARGEST_FILE)
        return srd_fail(err, SRD_E_CONFIG, "the key file \"%s\" is no file of at most 1 MiB", file);
    /* a group is allowed to read: that is how a secret reaches the user of a container */
    if (st.st_mode & (S_IWGRP | S_IROTH | S_IWOTH))
        return srd_fail(err, SRD_E_CONFIG,
                        "the key file \"%s\" can be read or written by others and is not trusted: "
                        "chmod 600 %s",
                        file, file);
    bytes = srd_arena_alloc(arena, (size_t)st.st_size + 1);
    n = srd_fd_read(fd, bytes, (size_t)st.st_size);
    if (n < 0)
        return srd_fail(err, SRD_E_CONFIG, "could not read the key file \"%s\": %s", file,
                        strerror(errno));
    srd_api_keys_parse(keys, file, bytes, (size_t)n, arena, err);
    srd_wipe(bytes, (size_t)n);
    return err->code;
}
