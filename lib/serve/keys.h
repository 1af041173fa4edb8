#ifndef SRD_SERVE_KEYS_H
#define SRD_SERVE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/crypto.h"
#include "lib/base/error.h"

/*
 * The keys that clients show, and what each allows.
 *
 * A file has one key a line:
 *
 *     # name  key                     roles            tenants
 *     alice   sha256:9f86d0...        use
 *     grafana 5e1f...                 metrics
 *     ops     sha256:2c26b4...        admin
 *     shop    sha256:fcde2b...        use              acme,umbrella
 *
 * Words are parted by blanks. The key is plain or the SHA-256 of it, in hex. Roles are use (the
 * default), metrics and admin, several joined by "+"; admin may do everything. Without tenants a
 * key belongs to all of them. Of one name there may be several keys, so that a new one is handed
 * out before the old one ends. The file must not be readable or writable by others.
 *
 * In memory there are digests only. A key is looked for in a time that depends on the number of
 * keys, and on nothing else. A set of keys never changes; a reload makes a new one.
 */
enum srd_role { SRD_ROLE_USE = 1, SRD_ROLE_METRICS = 2, SRD_ROLE_ADMIN = 4 };
#define SRD_ROLE_ALL (SRD_ROLE_USE | SRD_ROLE_METRICS | SRD_ROLE_ADMIN)

struct srd_api_key {
    const char *name;
    unsigned roles;
    const char *const *tenants; /* NULL-ended; NULL: all */
    unsigned char digest[SRD_SHA256_SIZE];
    int line; /* of the file; 0: from elsewhere */
};
struct srd_api_keys {
    struct srd_api_key *list;
    size_t count, room;
};

/* A key as it was given, such as that of the variable API_KEY. */
void srd_api_keys_add(struct srd_api_keys *keys, const char *name, const char *plain,
                      unsigned roles, struct srd_arena *arena);
/*
 * As a file says it: plain, or "sha256:" and 64 hex digits. SRD_E_CONFIG: it is neither, or is there
 * already. The rest of @key is copied as it is.
 */
int srd_api_keys_put(struct srd_api_keys *keys, const struct srd_api_key *key, const char *word,
                     struct srd_arena *arena, struct srd_error *err);
/* Adds @more. SRD_E_CONFIG: one is there already. */
int srd_api_keys_join(struct srd_api_keys *keys, const struct srd_api_keys *more,
                      struct srd_arena *arena, struct srd_error *err);
/* Adds those of a file's text. SRD_E_CONFIG names file and line, and never the key. */
int srd_api_keys_parse(struct srd_api_keys *keys, const char *file, const char *bytes, size_t n,
                       struct srd_arena *arena, struct srd_error *err);
/* Adds those of a file. SRD_E_CONFIG also for one that others can read. */
int srd_api_keys_read(struct srd_api_keys *keys, const char *file, struct srd_arena *arena,
                      struct srd_error *err);
/* NULL: there is no such key. @plain may be NULL. */
const struct srd_api_key *srd_api_keys_find(const struct srd_api_keys *keys, const char *plain);

/* "use+metrics"; of no role "none". */
const char *srd_roles_text(unsigned roles, struct srd_arena *arena);
/* 0: not all of the words are roles. */
unsigned srd_roles_parse(const char *text);
/* Letters, digits, dots, dashes, underscores and @, at most 64: what may name a key or a tenant. */
bool srd_api_key_name_valid(const char *name);
/* The first eight digits of the digest: names one of several keys of a name. */
void srd_api_key_id(const struct srd_api_key *key, char out[9]);

#endif
