#ifndef SRD_SERVE_TROUBLE_H
#define SRD_SERVE_TROUBLE_H

#include "lib/base/json.h"
#include "lib/serve/remote.h"

/*
 * What went wrong between us and a tenant's cluster, as its users read it:
 *
 *     {"error":"Agent connection failed","message":"Failed to connect to agent at http://...",
 *      "tenant":"company_abc","detail":"...","hint":"..."}
 *
 * - 502 Agent connection failed: nobody there, or nothing that we understand
 * - 502 Unauthorized: the agent does not accept our token (401 would mean the user's key)
 * - 502 Agent refused the request: it says no: busy, or not allowed to answer
 * - 502 Database connection failed: the agent is well, its cluster is not
 * - 504 SQL execution timeout: the cluster was too slow
 * - 503 Server at capacity: ours is too busy
 * - 502 Diagnosis failed: whatever else
 *
 * A tool says it as the text of a failed result, and once more as "_meta" of that text, which is
 * how /call-tool knows that it may answer with the object itself. Nothing in it is of another
 * tenant.
 */
struct srd_trouble {
    int status; /* of HTTP */
    const char *error, *message, *tenant;
    const char *detail, *hint; /* NULL without */
};

/* Of a run that failed with @err after @waited_ms; texts in @arena. */
void srd_trouble_of_error(struct srd_remote *remote, const char *tenant,
                          const struct srd_error *err, int64_t waited_ms, struct srd_arena *arena,
                          struct srd_trouble *out);
/*
 * Of statements that took longer than @limit_s, or than the @waited_ms that the call had for them.
 */
void srd_trouble_of_timeout(const char *tenant, int64_t limit_s, int64_t waited_ms,
                            const char *detail, struct srd_arena *arena, struct srd_trouble *out);
/* Of an agent that was looked at; false: it is well. */
bool srd_trouble_of_state(const struct srd_remote_state *state, const char *tenant,
                          struct srd_arena *arena, struct srd_trouble *out);

/* A clean object; the caller's. */
struct srd_json *srd_trouble_json(const struct srd_trouble *trouble);
/* As members of a result that is an error. */
void srd_trouble_put(const struct srd_trouble *trouble, struct srd_buf *members);
/* The object in a printed result, and its status; NULL: it holds none. */
struct srd_json *srd_trouble_in(const char *result, size_t n, int *status);

/* "healthy", "unreachable", "unauthorized", "refusing", "database_unreachable"; "unknown". */
const char *srd_agent_status(const struct srd_remote_state *state);

#endif
