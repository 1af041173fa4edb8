#ifndef SRD_SERVE_SERVE_PRIVATE_H
#define SRD_SERVE_SERVE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "lib/serve/crowd.h"
#include "lib/serve/gate.h"
#include "lib/serve/lanes.h"
#include "lib/serve/journal.h"
#include "lib/serve/metrics.h"

/*
 * What the files of the server share; which file does what is in serve.h. Threads: the main one
 * (life, signals, reload), the event loops (handle(), gone(), done() of visits.c), the workers (what
 * they hand over), the pulse.
 */

/*
 * One reading of the settings, in force until the next. Requests hold the one they began with; it
 * goes when it is over and none does any more.
 */
struct srd_generation {
    struct srd_rules rules;
    struct srd_arena *arena;
    size_t users;
    struct srd_generation *next; /* of those that are over */
};

/* A visit as the routes see it, and what only we need. */
struct srd_guest {
    struct srd_visit visit; /* first */
    struct srd_generation *generation;
    struct srd_ruling verdict;
    bool counted; /* in the crowd */
    struct srd_http_field extra[8]; /* on every answer: the request's id, CORS */
};

/* GET /health?deep=1: whoever comes while a look is being taken waits for that one. */
struct srd_deep {
    pthread_mutex_t lock;
    struct srd_http_request *waiting[64];
    size_t count;
    bool looking, known, healthy;
    int64_t looked_at_ms; /* monotonic */
    struct srd_json *checks;
};

struct srd_serve {
    const struct srd_serve_life *life;
    struct srd_http_server *http;
    struct srd_desk *desk;
    struct srd_mcp_tables tables; /* the desk's, with our ear */
    struct srd_mcp *mcp;
    struct srd_work *work;
    struct srd_lanes *lanes; /* of tenants, in the work; NULL: nobody has one */
    struct srd_sse *sse;
    struct srd_journal *journal;
    struct srd_metrics *metrics;
    struct srd_limits *limits;
    struct srd_crowd *crowd; /* what each tenant has open */
    struct srd_deep deep;
    int64_t started_ms; /* monotonic */
    size_t tool_count;
    atomic_size_t active;
    atomic_bool draining;
    pthread_mutex_t lock; /* of the generations */
    struct srd_generation *now, *past;
    pthread_mutex_t reloading; /* one at a time */
    pthread_mutex_t tools_lock;
    char *tools; /* the body of GET /tools, made when first asked for */
};

/* ---- visits.c: the callbacks of the HTTP server ---- */

void srd_visit_admit(void *serve, struct srd_http_request *request);
void srd_visit_handle(void *serve, struct srd_http_request *request);
void srd_visit_gone(void *serve, struct srd_http_request *request);
void srd_visit_done(void *serve, struct srd_http_request *request, int status, uint64_t bytes,
                    int64_t ms);
const char *srd_visit_refusal(void *serve, int status, const char *what, struct srd_arena *arena);
/* "00-<trace id>-<span>-<flags>" -> the trace id; false: no such thing. */
bool srd_trace_id(const char *traceparent, char out[33]);

/* ---- reload.c ---- */

/*
 * Reads everything again; on an error nothing changes. A worker's or the main thread; any number.
 */
int srd_serve_reload(struct srd_serve *serve, struct srd_error *err);
struct srd_generation *srd_generation_hold(struct srd_serve *serve);
void srd_generation_drop(struct srd_serve *serve, struct srd_generation *generation);
void srd_generation_free_all(struct srd_serve *serve);
struct srd_journal_options srd_journal_of(const struct srd_serve_options *options);
/* Both files, as texts; none if there are none. */
int srd_tls_read(const struct srd_serve_options *options, struct srd_arena *arena,
                 struct srd_http_tls *out, struct srd_error *err);

/* ---- routes ---- */

/* Those that @options switch on, in @arena. */
const struct srd_route *const *srd_routes(const struct srd_serve_options *options,
                                          struct srd_arena *arena);
extern const struct srd_route srd_route_root, srd_route_health, srd_route_healthz, srd_route_tools,
    srd_route_call_tool, srd_route_metrics, srd_route_stats, srd_route_admin_stats,
    srd_route_connections, srd_route_close, srd_route_reload, srd_route_openapi,
    srd_route_test_agent, srd_route_tenants;
/* /openapi.json: @routes as OpenAPI 3.1. */
struct srd_json *srd_openapi(const struct srd_route *const *routes, const char *version);
/*
 * Runs @work(request) on a worker; answers 503 if there is none. The request is the worker's then.
 */
void srd_visit_work(struct srd_visit *visit, struct srd_http_request *request,
                    void (*work)(void *request));

#endif
