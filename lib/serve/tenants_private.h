#ifndef SRD_SERVE_TENANTS_PRIVATE_H
#define SRD_SERVE_TENANTS_PRIVATE_H

#include "lib/base/json.h"
#include "lib/base/json_at.h"
#include "lib/serve/tenants.h"

/* What those share who read the tenants file. */

#define SRD_TENANTS_LARGEST ((size_t)16 << 20) /* bytes of the file */

/* The file, and where in it we are: the tree says what, the text says which line. */
struct srd_tenants_reader {
    const char *file, *text;
    struct srd_arena *arena;
    struct srd_tenants *out;
    const char *at;        /* in @text, of what is being judged */
    const char *counted;   /* up to here lines were counted ... */
    int line;              /* ... and this is the one */
    const char **warnings; /* NULL-ended */
    size_t warning_count, warning_room;
};

struct srd_tenants_place {
    const struct srd_json *json;
    struct srd_json_at at;
};

/* What the members of an object are, and who takes each; ended by a NULL name. */
struct srd_tenants_member {
    const char *name;
    int (*take)(struct srd_tenants_reader *r, const struct srd_tenants_place *place, void *into,
                size_t at, struct srd_error *err);
    size_t at; /* in what is filled */
};

/* ---- tenants_reader.c ---- */

/* The first item of @of; false: it has none. */
bool srd_tenants_first(const struct srd_tenants_place *of, struct srd_tenants_place *out);
/* The one behind @place, which becomes it; false: there is none. */
bool srd_tenants_next(struct srd_tenants_place *place);
/* Words of the file, fit for a terminal. */
const char *srd_tenants_shown(struct srd_tenants_reader *r, const char *text);
/* The line of @at; from one place to the next, as most ask, it takes no longer than to read it. */
int srd_tenants_line(struct srd_tenants_reader *r, const char *at);
/* A warning about what stands at @r->at. */
void srd_tenants_doubt(struct srd_tenants_reader *r, const char *text);
/* Hands each member of @object to who takes it; SRD_E_CONFIG: unknown, or not taken. */
int srd_tenants_members(struct srd_tenants_reader *r, const struct srd_tenants_place *object,
                        const struct srd_tenants_member *members, void *into,
                        struct srd_error *err);
int srd_tenants_take_text(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                          void *into, size_t at, struct srd_error *err);
int srd_tenants_take_bool(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                          void *into, size_t at, struct srd_error *err);

/* ---- tenants_agents.c: members of struct srd_tenant_agents ---- */

int srd_tenants_take_url(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                         void *into, size_t at, struct srd_error *err);
int srd_tenants_take_urls(struct srd_tenants_reader *r, const struct srd_tenants_place *list,
                          void *into, size_t at, struct srd_error *err);
int srd_tenants_take_token(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                           void *into, size_t at, struct srd_error *err);
int srd_tenants_take_pin(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                         void *into, size_t at, struct srd_error *err);
int srd_tenants_take_ca(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                        void *into, size_t at, struct srd_error *err);

/* ---- tenants_keys.c ---- */

/* A list of keys: of @tenant, or of those that each names (NULL). */
int srd_tenants_add_keys(struct srd_tenants_reader *r, const struct srd_tenants_place *list,
                         const char *tenant, struct srd_error *err);
/* When all was read: warns of keys for tenants who are not there. */
void srd_tenants_check_keys(struct srd_tenants_reader *r);

#endif
