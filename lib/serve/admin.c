/* What do those who run the server want to know and do? */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/serve/serve_private.h"

/* ---- GET /metrics ---- */

static void handle_metrics(struct srd_visit *visit, struct srd_http_request *request)
{
    struct srd_serve *serve = visit->serve;
    struct srd_desk_cluster_state *states;
    struct srd_metrics_gauges gauges = {
        .version = srd_visit_options(visit)->version,
        .uptime_ms = srd_clock_monotonic_ms() - serve->started_ms,
        .connections = srd_http_connection_count(serve->http),
        .sessions = srd_sse_sessions(serve),
        .active = atomic_load(&serve->active),
        .working = srd_work_running(serve->work),
        .waiting = srd_work_waiting(serve->work),
        .log_lines_lost = srd_journal_lost(serve->journal),
        .cache = srd_desk_counts(serve->desk),
    };
    struct srd_buf page;

    gauges.cluster_count = srd_desk_states(serve->desk, request->arena, &states);
    gauges.clusters = states;
    srd_buf_init(&page, (size_t)32 << 20);
    srd_metrics_print(serve->metrics, &gauges, &page);
    srd_http_answer(request,
                    &(struct srd_http_answer){ .status = 200,
                                               .type = "text/plain; version=0.0.4; charset=utf-8",
                                               .body = page.data,
                                               .size = page.size,
                                               .release = free,
                                               .release_context = page.data,
                                               .fields = { { "Cache-Control", "no-store" } } });
}

const struct srd_route srd_route_metrics = {
    .method = "GET",
    .path = "/metrics",
    .roles = SRD_ROLE_METRICS,
    .summary = "counters, times, scores and findings in the text format of Prometheus",
    .handle = handle_metrics,
};

/* ---- GET /stats, /admin/stats ---- */

static struct srd_json *clusters(struct srd_serve *serve, struct srd_arena *arena)
{
    struct srd_json *out = srd_json_array();
    struct srd_desk_cluster_state *states;
    size_t n = srd_desk_states(serve->desk, arena, &states);

    for (size_t i = 0; i < n; i++) {
        const struct srd_desk_cluster_state *c = &states[i];
        struct srd_json *one = srd_json_push(out, srd_json_object());
        char time[SRD_TIME_SIZE];

        if (c->tenant)
            srd_json_put(one, "tenant", srd_json_new_text(c->tenant));
        srd_json_put(one, "cluster", srd_json_new_text(c->name));
        srd_json_put(one, "reachable",
                     c->asked ? srd_json_new_bool(c->reachable) : srd_json_new_null());
        if (c->asked)
            srd_json_put(one, "asked_at",
                         srd_json_new_text(srd_time_rfc3339(c->asked_at_ms, time)));
        if (c->error && *c->error)
            srd_json_put(one, "error", srd_json_new_text(c->error));
        srd_json_put(one, "version", srd_json_new_text(c->version));
        srd_json_put(one, "run_mode", srd_json_new_text(c->run_mode));
        if (c->score >= 0)
            srd_json_put(one, "score", srd_json_new_integer(c->score));
        srd_json_put(one, "runs", srd_json_new_integer((int64_t)c->runs));
        srd_json_put(one, "connections_busy", srd_json_new_integer((int64_t)c->connections_busy));
        srd_json_put(one, "connections_idle", srd_json_new_integer((int64_t)c->connections_idle));
    }
    return out;
}

static struct srd_json *cache(struct srd_serve *serve)
{
    struct srd_desk_counts counts = srd_desk_counts(serve->desk);
    struct srd_json *out = srd_json_object();

    srd_json_put(out, "hits", srd_json_new_integer((int64_t)counts.hits));
    srd_json_put(out, "misses", srd_json_new_integer((int64_t)counts.misses));
    srd_json_put(out, "joined", srd_json_new_integer((int64_t)counts.joined));
    srd_json_put(out, "evicted", srd_json_new_integer((int64_t)counts.evicted));
    srd_json_put(out, "entries", srd_json_new_integer((int64_t)counts.entries));
    srd_json_put(out, "bytes", srd_json_new_integer((int64_t)counts.bytes));
    return out;
}

static void handle_stats(struct srd_visit *visit, struct srd_http_request *request)
{
    struct srd_serve *serve = visit->serve;
    struct srd_metrics_totals totals = srd_metrics_totals(serve->metrics);
    struct srd_json *json = srd_json_object(), *ms;
    double uptime_s = (double)(srd_clock_monotonic_ms() - serve->started_ms) / 1000;

    srd_json_put(json, "uptime_seconds", srd_json_new_number(uptime_s));
    srd_json_put(json, "total_requests", srd_json_new_integer((int64_t)totals.requests));
    srd_json_put(json, "successful_requests", srd_json_new_integer((int64_t)totals.succeeded));
    srd_json_put(json, "failed_requests", srd_json_new_integer((int64_t)totals.failed));
    srd_json_put(json, "success_rate",
                 srd_json_new_number(
                     totals.requests ? (double)totals.succeeded / (double)totals.requests : 1));
    srd_json_put(json, "avg_response_time", srd_json_new_number(totals.average_ms / 1000));
    ms = srd_json_put(json, "response_time_ms", srd_json_object());
    srd_json_put(ms, "average", srd_json_new_number(totals.average_ms));
    srd_json_put(ms, "p50", srd_json_new_number(totals.p50_ms));
    srd_json_put(ms, "p95", srd_json_new_number(totals.p95_ms));
    srd_json_put(ms, "p99", srd_json_new_number(totals.p99_ms));
    srd_json_put(json, "active_connections",
                 srd_json_new_integer((int64_t)srd_http_connection_count(serve->http)));
    srd_json_put(json, "sse_sessions", srd_json_new_integer((int64_t)srd_sse_sessions(serve)));
    srd_json_put(json, "active_requests",
                 srd_json_new_integer((int64_t)atomic_load(&serve->active)));
    srd_json_put(json, "tenants", srd_metrics_tenants(serve->metrics));
    srd_json_put(json, "tools", srd_metrics_tools(serve->metrics));
    srd_json_put(json, "clusters", clusters(serve, request->arena));
    srd_json_put(json, "cache", cache(serve));
    srd_json_put(json, "recent_requests", srd_metrics_recent(serve->metrics));
    srd_answer_json(request, 200, json);
}

const struct srd_route srd_route_stats = {
    .method = "GET",
    .path = "/stats",
    .roles = SRD_ROLE_ADMIN,
    .summary = "counters per tenant, tool and cluster, and the latest requests",
    .handle = handle_stats,
};
const struct srd_route srd_route_admin_stats = {
    .method = "GET",
    .path = "/admin/stats",
    .roles = SRD_ROLE_ADMIN,
    .summary = "the same as /stats",
    .handle = handle_stats,
};

/* ---- /admin/connections ---- */

static void handle_connections(struct srd_visit *visit, struct srd_http_request *request)
{
    struct srd_http_connection *list;
    size_t n = srd_http_connections(visit->serve->http, request->arena, &list);
    struct srd_json *json = srd_json_object(), *out;

    srd_json_put(json, "active", srd_json_new_integer((int64_t)n));
    out = srd_json_put(json, "connections", srd_json_array());
    for (size_t i = 0; i < n; i++) {
        struct srd_json *one = srd_json_push(out, srd_json_object());

        srd_json_put(one, "id",
                     srd_json_new_text(
                         srd_arena_printf(request->arena, "%llu", (unsigned long long)list[i].id)));
        srd_json_put(one, "peer", srd_json_new_text(list[i].peer));
        srd_json_put(one, "age_ms", srd_json_new_integer(list[i].age_ms));
        srd_json_put(one, "idle_ms", srd_json_new_integer(list[i].idle_ms));
        srd_json_put(one, "requests", srd_json_new_integer((int64_t)list[i].requests));
        srd_json_put(one, "busy", srd_json_new_bool(list[i].busy));
        srd_json_put(one, "stream", srd_json_new_bool(list[i].stream));
    }
    srd_answer_json(request, 200, json);
}

const struct srd_route srd_route_connections = {
    .method = "GET",
    .path = "/admin/connections",
    .roles = SRD_ROLE_ADMIN,
    .summary = "the open connections",
    .handle = handle_connections,
};

static void handle_close(struct srd_visit *visit, struct srd_http_request *request)
{
    size_t prefix = strlen(visit->route->path);
    int64_t id;

    if (strlen(request->path) <= prefix || !srd_text_int64(request->path + prefix + 1, &id) ||
        id < 0 || !srd_http_connection_close(visit->serve->http, (uint64_t)id)) {
        srd_answer_error(request, 404, "Not found",
                         "there is no such connection; GET /admin/connections lists them");
        return;
    }
    struct srd_json *json = srd_json_object();

    srd_json_put(json, "closed", srd_json_new_text(request->path + prefix + 1));
    srd_answer_json(request, 200, json);
}

const struct srd_route srd_route_close = {
    .method = "DELETE",
    .path = "/admin/connections",
    .below = true,
    .roles = SRD_ROLE_ADMIN,
    .summary = "closes a connection",
    .handle = handle_close,
};

/* ---- POST /reload-config ---- */

static void reload(void *what)
{
    struct srd_http_request *request = what;
    struct srd_guest *guest = request->context;
    struct srd_error err = { 0 };
    struct srd_json *json;

    if (srd_serve_reload(guest->visit.serve, &err)) {
        srd_answer_error(request, 400, "Configuration not reloaded", err.text);
        return;
    }
    json = srd_json_object();
    srd_json_put(json, "status", srd_json_new_text("reloaded"));
    srd_answer_json(request, 200, json);
}

static void handle_reload(struct srd_visit *visit, struct srd_http_request *request)
{
    srd_visit_work(visit, request, reload);
}

const struct srd_route srd_route_reload = {
    .method = "POST",
    .path = "/reload-config",
    .roles = SRD_ROLE_ADMIN,
    .summary = "reads keys, limits, clusters and thresholds again; what is wrong changes nothing",
    .handle = handle_reload,
};
