#ifndef SRD_SERVE_TENANTS_H
#define SRD_SERVE_TENANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/error.h"
#include "lib/serve/keys.h"

/*
 * Who shares a central server: the file that says which tenants there are, where the agent of each
 * is, and which keys belong to whom.
 *
 *     {
 *       "tenants": {
 *         "company_abc": {                            letters, digits, . - _ @, at most 64
 *           "name": "ABC 公司",                        without: the id
 *           "agent_url": "https://123.45.67.89:8080",
 *           "agent_urls": ["https://a:8080", "https://b:8080"],   several, asked in this order
 *           "agent_token": "a1b2...",
 *           "agent_token_previous": "9f8e...",        also tried, while a token is exchanged
 *           "agent_ca": "/etc/srdiag/abc.pem",        trusted alone for https
 *           "agent_pin": "sha256//BASE64",            a public key that the agent must have
 *           "enabled": true,                          without: true
 *           "api_keys": ["key", "sha256:HEX", {"name": "gemini", "key": "..."}],
 *           "limits": {"rate": "600/60", "calls": 8},
 *           "description": "...", "created_at": "2025-01-15T00:00:00Z", "contact": "..."
 *         }
 *       },
 *       "api_keys": [{"name": "ops", "key": "sha256:...", "role": "admin", "tenants":
 * ["company_abc"]}]
 *     }
 *
 * A tenant wants a token and at least one of agent_url and agent_urls (both: agent_url comes
 * first). Keys of a tenant may use it and nothing else; those at the top belong to the tenants they
 * name, or to all. A key without a name is called after its tenant (those at the top: "tenants") and
 * the first digits of its digest. Members whose name begins with "x-", "x_" or "_" are their owner's. A relative
 * agent_ca is looked for beside the file.
 *
 * Errors (SRD_E_CONFIG) name file, line and tenant, and never a token or a key.
 */
#define SRD_TENANT_AGENTS 8

struct srd_tenant_agents {
    const char *urls[SRD_TENANT_AGENTS + 1]; /* NULL-ended, at least one */
    const char *token, *previous;            /* @previous: NULL without */
    const char *ca, *pin;                    /* NULL without */
};

struct srd_tenant {
    const char *id;                                        /* NULL ends a list */
    const char *name, *description, *created_at, *contact; /* the latter three: NULL without */
    bool enabled;
    struct srd_tenant_agents agents;
    size_t rate, rate_s; /* of all its clients together; 0: no limit of its own */
    size_t calls;        /* of tools, at a time; 0: not said */
};

struct srd_tenants {
    struct srd_tenant *list; /* in the order of the file */
    size_t count, enabled;
    struct srd_api_keys keys;
    const char *const
        *warnings; /* NULL-ended: what works and should not stay so, with file and line */
};

/* @bytes with a NUL behind the @n. Everything goes to @arena. */
int srd_tenants_parse(const char *file, const char *bytes, size_t n, struct srd_arena *arena,
                      struct srd_tenants *out, struct srd_error *err);
/* All of the file and its permission bits; refuses one that others may write. */
int srd_tenants_text(const char *file, struct srd_arena *arena, char **out, size_t *size,
                     unsigned *mode, struct srd_error *err);
/* Both, and nothing of the text stays in memory. */
int srd_tenants_read(const char *file, struct srd_arena *arena, struct srd_tenants *out,
                     struct srd_error *err);

/* NULL if an agent can be at @url, else why not. */
const char *srd_agent_url_wrong(const char *url);
/* Is what goes there seen by nobody on the way: https, or this machine? */
bool srd_agent_url_private(const char *url);
/* NULL if a header can carry @token, else why not. */
const char *srd_agent_token_wrong(const char *token);

#endif
