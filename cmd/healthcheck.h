#ifndef SRD_CMD_HEALTHCHECK_H
#define SRD_CMD_HEALTHCHECK_H

#include <stdbool.h>

#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"

/* What the files of `srdiag healthcheck` share. */

/* Whom to ask: GET @path at @host:@port, as @authority ("127.0.0.1:3000") calls it. */
struct srd_health_target {
    const char *host, *port, *path, *authority;
};

/*
 * "http://HOST[:PORT][/PATH]" -> @out; without a path it is /health. SRD_E_USAGE for anything else,
 * https included: what is there is one socket and no TLS. Never repeats what may be a password.
 */
int srd_health_url(const char *url, struct srd_arena *arena, struct srd_health_target *out,
                   struct srd_error *err);
/*
 * "[ADDRESS:]PORT", as srdiag serve takes it: a server on every address is asked on this machine.
 */
int srd_health_listen(const char *listen, struct srd_arena *arena, struct srd_health_target *out,
                      struct srd_error *err);

/*
 * GET @target with @fields ("X-Agent-Token: x\r\n"; "" for none); all that comes until the server
 * closes or @until_ms (srd_clock_monotonic_ms()) goes to @answer. SRD_E_CONNECT, SRD_E_TIMEOUT,
 * SRD_E_LIMIT, SRD_E_CANCELLED.
 */
int srd_health_ask(const struct srd_health_target *target, const char *fields, int64_t until_ms,
                   struct srd_buf *answer, struct srd_arena *arena, struct srd_error *err);

struct srd_health {
    bool healthy;
    int http_status;   /* 0: no answer, or not one of HTTP */
    const char *words; /* one clean line */
};

/*
 * What the @n bytes say that came until the server closed: healthy is 200 and a status "healthy" in
 * the JSON of srdiag's /health, and nothing else is. The bytes may be anybody's; @words are safe to
 * show.
 */
void srd_health_judge(const char *bytes, size_t n, struct srd_arena *arena, struct srd_health *out);

#endif
