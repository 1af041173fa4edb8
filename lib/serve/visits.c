/* What happens to one request, from its head to its line in the log? */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/serve/serve_private.h"

/* One slow cluster may hold so many of the workers, of which a server of tenants has 64. */
#define CALLS_OF_TENANT 8
#define DEFAULT_CONNECTIONS 1000
#define PARTS 4 /* of the server's connections, of which one tenant may have one */
#define LEAST_SHARE 8
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

/* ---- ids ---- */

bool srd_trace_id(const char *traceparent, char out[33])
{
    static const char digits[] = "0123456789abcdef";

    if (!traceparent || strlen(traceparent) < 55 || strspn(traceparent, digits) != 2 ||
        !strncmp(traceparent, "ff", 2) || traceparent[2] != '-' ||
        strspn(traceparent + 3, digits) != 32 || traceparent[35] != '-' ||
        strspn(traceparent + 36, digits) != 16 || traceparent[52] != '-' ||
        strspn(traceparent + 3, "0") == 32)
        return false;
    memcpy(out, traceparent + 3, 32);
    out[32] = '\0';
    return true;
}

static void make_id(const struct srd_http_request *request, char out[33])
{
    struct srd_error ignored = { 0 };
    unsigned char bytes[16] = { 0 };

    if (srd_http_header_count(request, "traceparent") == 1 &&
        srd_trace_id(srd_http_header(request, "traceparent"), out))
        return;
    srd_random(bytes, sizeof(bytes), &ignored); /* an id of zeroes is a blemish and no danger */
    srd_hex(bytes, sizeof(bytes), out);
}

/* ---- admission ---- */

static int64_t said_length(const struct srd_http_request *request)
{
    const char *text = srd_http_header(request, "Content-Length");
    int64_t n;

    return text && srd_text_int64(text, &n) ? n : -1;
}

static struct srd_asked asked_of(struct srd_serve *serve, const struct srd_http_request *request)
{
    return (struct srd_asked){
        .method = request->method,
        .path = request->path,
        .host = srd_http_header(request, "Host"),
        .origin = srd_http_header(request, "Origin"),
        .api_key = srd_http_header(request, "X-API-Key"),
        .authorization = srd_http_header(request, "Authorization"),
        .tenant = srd_http_header(request, "X-Tenant-ID"),
        .preflight = srd_http_header(request, "Access-Control-Request-Method"),
        .two_origins = srd_http_header_count(request, "Origin") > 1,
        .two_keys = srd_http_header_count(request, "X-API-Key") > 1 ||
                    srd_http_header_count(request, "Authorization") > 1,
        .two_tenants = srd_http_header_count(request, "X-Tenant-ID") > 1,
        .peer_address = (const struct sockaddr *)&request->peer_address,
        .peer = request->peer,
        .loopback = request->loopback,
        .body_size = said_length(request),
        .active = atomic_load_explicit(&serve->active, memory_order_relaxed),
        .now_ms = srd_clock_monotonic_ms(),
    };
}

/* On every answer: which request it was, and what a browser needs to be allowed to read it. */
static void put_extra(struct srd_guest *guest, struct srd_http_request *request)
{
    size_t n = 0;

    guest->extra[n++] = (struct srd_http_field){ "X-Request-Id", guest->visit.id };
    if (guest->verdict.cors) {
        guest->extra[n++] =
            (struct srd_http_field){ "Access-Control-Allow-Origin", guest->verdict.cors };
        guest->extra[n++] =
            (struct srd_http_field){ "Access-Control-Expose-Headers",
                                     "X-Request-Id, Retry-After, WWW-Authenticate" };
    }
    if (guest->generation->rules.options.allow_origin &&
        *guest->generation->rules.options.allow_origin)
        guest->extra[n++] = (struct srd_http_field){ "Vary", "Origin" };
    request->extra = guest->extra;
}

static void answer_preflight(const struct srd_guest *guest, struct srd_http_request *request)
{
    struct srd_http_answer answer = { .status = 204 };

    answer.fields[0] =
        (struct srd_http_field){ "Access-Control-Allow-Methods", guest->verdict.allow };
    answer.fields[1] = (struct srd_http_field){
        "Access-Control-Allow-Headers",
        "Content-Type, Accept, Authorization, X-API-Key, X-Tenant-ID, MCP-Protocol-Version, "
        "Mcp-Method, Mcp-Name, Mcp-Session-Id, Last-Event-ID, traceparent"
    };
    answer.fields[2] = (struct srd_http_field){ "Access-Control-Max-Age", "600" };
    srd_http_answer(request, &answer);
}

static void answer_refusal(const struct srd_guest *guest, struct srd_http_request *request)
{
    const struct srd_ruling *v = &guest->verdict;
    struct srd_http_field *extra = (struct srd_http_field *)request->extra;
    struct srd_json *json = srd_json_object();

    while (extra->name)
        extra++;
    srd_json_put(json, "error", srd_json_new_text(v->error));
    srd_json_put(json, "message", srd_json_new_text(v->message));
    if (v->status == 405)
        *extra++ = (struct srd_http_field){ "Allow", v->allow };
    if (v->retry_after_s) {
        srd_json_put(json, "retry_after", srd_json_new_integer(v->retry_after_s));
        *extra =
            (struct srd_http_field){ "Retry-After", srd_arena_printf(request->arena, "%lld",
                                                                     (long long)v->retry_after_s) };
    }
    if (v->gate == SRD_GATE_GUESS) /* the next guess costs its maker a new connection */
        srd_answer_json_last(request, v->status, json);
    else
        srd_answer_json(request, v->status, json);
}

/* One alone may have all; of several nobody more than a quarter, or his part. */
static size_t share_of(const struct srd_serve_options *options)
{
    size_t all = options->max_connections ? options->max_connections : DEFAULT_CONNECTIONS;
    size_t parts = options->tenants->enabled < PARTS ? options->tenants->enabled : PARTS;
    size_t share = parts ? all / parts : all;

    return share > LEAST_SHARE ? share : LEAST_SHARE;
}

/* Has the tenant more open than leaves the others theirs? Then it is refused like any overload. */
static void count_in(struct srd_guest *guest)
{
    struct srd_ruling *v = &guest->verdict;

    if (v->status || !v->of)
        return;
    guest->counted = srd_crowd_enter(guest->visit.serve->crowd, v->tenant,
                                     share_of(&guest->generation->rules.options));
    if (guest->counted)
        return;
    v->gate = SRD_GATE_CAPACITY;
    v->status = 503;
    v->error = "Server at capacity";
    v->message = "this tenant has as many requests and streams open as one may have; close some, "
                 "or try again in a moment";
    v->retry_after_s = 1;
}

void srd_visit_admit(void *context, struct srd_http_request *request)
{
    struct srd_serve *serve = context;
    struct srd_guest *guest = srd_arena_alloc(request->arena, sizeof(*guest));
    struct srd_visit *visit = &guest->visit;
    struct srd_asked asked;

    request->context = guest;
    atomic_fetch_add_explicit(&serve->active, 1, memory_order_relaxed);
    guest->generation = srd_generation_hold(serve);
    visit->serve = serve;
    make_id(request, visit->id);
    asked = asked_of(serve, request);
    guest->verdict = srd_rules_judge(&guest->generation->rules, serve->limits, &asked);
    count_in(guest);
    visit->route = guest->verdict.route;
    visit->principal = guest->verdict.key ? guest->verdict.key->name : NULL;
    visit->tenant = guest->verdict.tenant;
    visit->roles = guest->verdict.roles;
    if (guest->verdict.of)
        visit->calls = guest->verdict.of->calls ? guest->verdict.of->calls : CALLS_OF_TENANT;
    visit->caller = (struct srd_mcp_caller){ .principal = visit->principal,
                                             .tenant = visit->tenant,
                                             .peer = request->peer,
                                             .request_id = visit->id,
                                             .host = visit };
    put_extra(guest, request);
    if (guest->verdict.gate == SRD_GATE_PREFLIGHT)
        answer_preflight(guest, request);
    else if (guest->verdict.status)
        answer_refusal(guest, request);
}

/* ---- the rest of its life ---- */

const struct srd_serve_options *srd_visit_options(const struct srd_visit *visit)
{
    return &((const struct srd_guest *)visit)->generation->rules.options;
}

void srd_visit_handle(void *context, struct srd_http_request *request)
{
    struct srd_guest *guest = request->context;

    (void)context;
    guest->visit.route->handle(&guest->visit, request);
}

void srd_visit_gone(void *context, struct srd_http_request *request)
{
    struct srd_guest *guest = request->context;

    (void)context;
    if (guest && guest->visit.route && guest->visit.route->gone)
        guest->visit.route->gone(&guest->visit, request);
}

static uint64_t mix(uint64_t hash, const char *text)
{
    for (const char *c = text ? text : ""; *c; c++)
        hash = (hash ^ (unsigned char)*c) * FNV_PRIME;
    return hash * FNV_PRIME; /* its end */
}

/* Two that meet in one number share a lane, which only makes both a little slower. */
static uint64_t lane_of(const char *tenant, const char *cluster)
{
    uint64_t lane = mix(mix(FNV_BASIS, tenant), cluster);

    return !tenant && !cluster ? 0 : lane ? lane : 1;
}

static void run_job(void *job)
{
    srd_mcp_job_run(job);
}

bool srd_visit_submit_job(const struct srd_visit *visit, struct srd_mcp_job *job)
{
    uint64_t lane = lane_of(visit->tenant, srd_mcp_job_argument(job, "cluster"));

    if (visit->tenant && visit->calls && visit->serve->lanes)
        return srd_visit_submit(visit, run_job, job);
    return srd_work_submit_to(visit->serve->work, lane, run_job, job);
}

bool srd_visit_submit(const struct srd_visit *visit, void (*run)(void *), void *what)
{
    struct srd_serve *serve = visit->serve;

    return visit->tenant && visit->calls && serve->lanes
               ? srd_lanes_submit(serve->lanes, visit->tenant, visit->calls, run, what)
               : srd_work_submit(serve->work, run, what);
}

void srd_visit_work(struct srd_visit *visit, struct srd_http_request *request,
                    void (*work)(void *request))
{
    srd_http_later(request);
    if (!srd_visit_submit(visit, work, request))
        srd_answer_error(request, 503, "Server at capacity", "try again in a moment");
}

/* Of a request that never came to us: no connection is left, its head is not sound, or it never was
 * whole. */
static enum srd_gate gate_of(int status)
{
    return status == 503                                     ? SRD_GATE_CAPACITY
           : status == 400 || status == 431 || status == 413 ? SRD_GATE_FRAMING
                                                             : SRD_GATE_PASSED;
}

void srd_visit_done(void *context, struct srd_http_request *request, int status, uint64_t bytes,
                    int64_t ms)
{
    struct srd_serve *serve = context;
    const struct srd_guest *guest = request->context; /* NULL: refused before it came to us */
    const struct srd_route *route = guest ? guest->visit.route : NULL;
    enum srd_gate gate = guest ? guest->verdict.gate : gate_of(status);
    const char *method = *request->method ? request->method : "-";

    srd_metrics_request(serve->metrics,
                        &(struct srd_metrics_request){ .route = route ? route->path : "",
                                                       .method = method,
                                                       .status = status,
                                                       .ms = ms,
                                                       .bytes = bytes,
                                                       .tenant = guest ? guest->visit.tenant : NULL,
                                                       .gate = gate,
                                                       .stream = route == &srd_route_sse });
    srd_journal_request(serve->journal,
                        &(struct srd_journal_request){
                            .method = method,
                            .path = *request->path ? request->path : "-",
                            .status = status,
                            .ms = ms,
                            .bytes = bytes,
                            .peer = request->peer,
                            .principal = guest ? guest->visit.principal : NULL,
                            .tenant = guest ? guest->visit.tenant : NULL,
                            .id = guest ? guest->visit.id : NULL,
                            .refused = gate > SRD_GATE_PREFLIGHT ? srd_gate_name(gate) : NULL });
    if (!guest)
        return;
    if (guest->counted)
        srd_crowd_leave(serve->crowd, guest->verdict.tenant);
    srd_generation_drop(serve, guest->generation);
    atomic_fetch_sub_explicit(&serve->active, 1, memory_order_relaxed);
}

const char *srd_visit_refusal(void *context, int status, const char *what, struct srd_arena *arena)
{
    const char *error = status == 413   ? "Payload too large"
                        : status == 431 ? "Request header fields too large"
                                        : "Bad request";
    SRD_CLEANUP(srd_buf_free) struct srd_buf body = { 0 };
    struct srd_json *json = srd_json_object();

    (void)context;
    srd_json_put(json, "error", srd_json_new_text(error));
    srd_json_put(json, "message", srd_json_new_text(what));
    srd_buf_init(&body, 4096);
    srd_json_print(json, false, &body);
    srd_json_free(&json);
    return srd_arena_copy(arena, body.data);
}
