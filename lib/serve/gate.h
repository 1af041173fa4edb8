#ifndef SRD_SERVE_GATE_H
#define SRD_SERVE_GATE_H

#include <stdatomic.h>

#include "lib/net/cidr.h"
#include "lib/net/limits.h"
#include "lib/serve/keys.h"
#include "lib/serve/route.h"

/*
 * May this request be served? Pure but for the token buckets: a struct of what was asked in, a
 * verdict out, so that every row of the order can be tested without a socket.
 *
 * The order, and the first that says no wins:
 *
 *     address  403   Host, Origin  403   path  404   key  401   method  405   role  403
 *     tenant   404   rate          429   capacity 503  body  413
 *
 * An address that shows one wrong key after the other has 429 ("guess") in place of 401.
 *
 * (Framing, 400 and 431, was before all of this: lib/net.)
 */

/* What one reading of the settings allows. Never changes; a reload makes another one. */
struct srd_rules {
    struct srd_serve_options options;
    const struct srd_route *const *routes; /* NULL-ended: those that are switched on */
    struct srd_api_keys keys;              /* none: nobody has to show one */
    struct srd_cidr *addresses;            /* none: all may come */
    size_t address_count;
    bool any_origin; /* "*" is among options.allow_origin */
    bool loopback;   /* listens on this machine's own addresses alone */
    int port;        /* that it listens on */
};

/*
 * Fills keys, addresses and what follows from @rules->options, in @arena (rules.c). SRD_E_CONFIG: a
 * value or the key file is wrong, or the server would be open to others without a key.
 */
int srd_rules_make(struct srd_rules *rules, struct srd_arena *arena, struct srd_error *err);
/*
 * "3000", "[::1]:3000", "*:3000" -> address (NULL: not said) and port. SRD_E_CONFIG.
 */
int srd_listen_parse(const char *text, struct srd_arena *arena, const char **address, int *port,
                     struct srd_error *err);

struct srd_asked {
    const char *method, *path;
    const char *host, *origin;               /* NULL: absent */
    const char *api_key, *authorization;     /* X-API-Key, Authorization */
    const char *tenant;                      /* X-Tenant-ID */
    const char *preflight;                   /* Access-Control-Request-Method */
    bool two_origins, two_keys, two_tenants; /* such a header is there twice: then it is none */
    const struct sockaddr *peer_address;
    const char *peer;
    bool loopback;     /* came in over loopback */
    int64_t body_size; /* Content-Length; -1: not said */
    size_t active;     /* requests at work, this one included */
    int64_t now_ms;    /* monotonic */
};

enum srd_gate {
    SRD_GATE_PASSED,
    SRD_GATE_PREFLIGHT, /* answer 204 with the headers of CORS */
    SRD_GATE_FRAMING,   /* refused by lib/net, before all others */
    SRD_GATE_ADDRESS,
    SRD_GATE_HOST,
    SRD_GATE_ORIGIN,
    SRD_GATE_PATH,
    SRD_GATE_KEY,
    SRD_GATE_GUESS, /* a wrong key, after too many others */
    SRD_GATE_METHOD,
    SRD_GATE_ROLE,
    SRD_GATE_TENANT,
    SRD_GATE_RATE,
    SRD_GATE_CAPACITY,
    SRD_GATE_BODY,
    SRD_GATE_COUNT
};
/* "address", "rate" ...: label of metrics. */
const char *srd_gate_name(enum srd_gate gate);

struct srd_ruling {
    enum srd_gate gate;
    int status; /* 0: passed */
    const char *error, *message;
    char allow[64];                /* of 405 and 204 */
    int64_t retry_after_s;         /* of 429 and 503 */
    const struct srd_route *route; /* NULL: refused before it was known */
    const struct srd_api_key *key; /* NULL: none was shown that is known */
    const struct srd_tenant *of;   /* of the rules' list; NULL: none */
    const char *tenant;            /* its id */
    unsigned roles;
    const char *cors; /* for Access-Control-Allow-Origin; NULL: no such header */
};
/* Of one who is switched off and of one who never was, so that nobody can tell them apart. */
#define SRD_NO_TENANT "Tenant not found"
#define SRD_NO_TENANT_WORDS "X-Tenant-ID names no tenant of this key"
#define SRD_MAX_BODY ((int64_t)4 << 20)

/* @limits may be NULL: no rate. */
struct srd_ruling srd_rules_judge(const struct srd_rules *rules, struct srd_limits *limits,
                                  const struct srd_asked *asked);

/* The row of @path and @method (HEAD is GET); NULL. */
const struct srd_route *srd_route_find(const struct srd_route *const *routes, const char *method,
                                       const char *path);

#endif
