#ifndef SRD_SERVE_ROUTE_H
#define SRD_SERVE_ROUTE_H

#include "lib/serve/serve.h"
#include "lib/serve/work.h"

/*
 * Inside of lib/serve: what a route is, and what it may use.
 *
 * The guards (gate.c) run in admit(), before a body is read; a route is called in handle() only for
 * requests that passed them. Routes are one table in routes.c, also read by /openapi.json.
 */
struct srd_serve; /* one running server */

struct srd_visit {
    struct srd_serve *serve;
    const struct srd_route *route;
    char id[33];           /* of the request: the trace id of traceparent, or random */
    const char *principal; /* name of the key; NULL: no keys are configured */
    const char *tenant;
    unsigned roles;        /* SRD_ROLE_... */
    size_t calls;          /* that its tenant may have at work; 0: any number */
    struct srd_mcp_caller caller; /* the same for the core; caller.host points here */
    void *own;             /* the route's */
};

struct srd_route {
    const char *method, *path; /* NULL method: the route answers 405 itself */
    unsigned roles;            /* one of them is enough; 0: open to everybody the addresses allow */
    bool needs_tenant;         /* when there are tenants */
    bool counted;              /* by the rate limit */
    const char *summary;       /* for /openapi.json */
    /* On an event thread: answer, or srd_http_later(), or open a stream. Never blocks. */
    void (*handle)(struct srd_visit *visit, struct srd_http_request *request);
    /* The client left; NULL: the route does not care. */
    void (*gone)(struct srd_visit *visit, struct srd_http_request *request);
    bool below;          /* also every path below @path: /admin/connections/7 */
    const char *takes;   /* JSON schema of the body, for /openapi.json; NULL: none */
};

/* mcp_http.c: POST /mcp (other methods: 405); mcp_sse.c: GET /sse, POST /messages. */
extern const struct srd_route srd_route_mcp, srd_route_sse, srd_route_messages;
/* All event streams of SSE end: drain; those idle for longer than @idle_ms: the sweeper (0: all). */
struct srd_sse;
struct srd_sse *srd_sse_new(void);
void srd_sse_sweep(struct srd_serve *serve, int64_t idle_ms);
/* Those of tenants that @tenants does not have, or not enabled, end. */
void srd_sse_part(struct srd_serve *serve, const struct srd_tenants *tenants);
size_t srd_sse_sessions(struct srd_serve *serve);
void srd_sse_free(struct srd_sse **sse);

struct srd_mcp *srd_serve_mcp(struct srd_serve *serve);
/* Runs @run(@what) on a worker, if the tenant has one left or else when it has; false: too many wait. */
bool srd_visit_submit(const struct srd_visit *visit, void (*run)(void *), void *what);
/*
 * The same for a call of a tool. Calls of one tenant and cluster leave some of the threads to others, so
 * that a cluster that hangs stops its own callers only.
 */
bool srd_visit_submit_job(const struct srd_visit *visit, struct srd_mcp_job *job);
struct srd_sse *srd_serve_sse(struct srd_serve *serve);
/* Those that were in force when the visit began; for as long as its request lives. */
const struct srd_serve_options *srd_visit_options(const struct srd_visit *visit);

/*
 * {"error": @error, "message": @message} with the status; @message may be NULL. With everything that
 * our answers carry (answer.c): no-store, nosniff, and a key's request for a 401.
 */
void srd_answer_error(struct srd_http_request *request, int status, const char *error,
                      const char *message);
void srd_answer_json(struct srd_http_request *request, int status, struct srd_json *json); /* frees it */
/* The same, and the connection ends with it. */
void srd_answer_json_last(struct srd_http_request *request, int status, struct srd_json *json);

#endif
