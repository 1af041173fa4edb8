/* Is the server well, and can it reach its clusters? */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/serve/serve_private.h"

/* What a look into the clusters is good for: whoever asks sooner gets the last one. */
#define DEEP_FRESH_MS 5000
#define PING_MS 5000

static struct srd_json *health(const struct srd_visit *visit, bool healthy)
{
    const struct srd_serve_options *o = srd_visit_options(visit);
    struct srd_serve *serve = visit->serve;
    double uptime_s = (double)(srd_clock_monotonic_ms() - serve->started_ms) / 1000;
    struct srd_json *json = srd_json_object();
    size_t experts = 0;
    char now[SRD_TIME_SIZE];

    while (o->desk.catalogue->experts[experts])
        experts++;
    srd_json_put(json, "status", srd_json_new_text(healthy ? "healthy" : "unhealthy"));
    srd_json_put(json, "service", srd_json_new_text("starrocks-mcp-server"));
    srd_json_put(json, "version", srd_json_new_text(o->version));
    srd_json_put(json, "uptime", srd_json_new_number(uptime_s));
    srd_json_put(json, "uptime_seconds", srd_json_new_number(uptime_s));
    srd_json_put(json, "experts", srd_json_new_integer((int64_t)experts));
    srd_json_put(json, "tools", srd_json_new_integer((int64_t)serve->tool_count));
    srd_json_put(json, "tools_count", srd_json_new_integer((int64_t)serve->tool_count));
    srd_json_put(json, "active_connections",
                 srd_json_new_integer((int64_t)srd_http_connection_count(serve->http)));
    srd_json_put(json, "total_requests",
                 srd_json_new_integer((int64_t)srd_metrics_totals(serve->metrics).requests));
    srd_json_put(json, "timestamp", srd_json_new_text(srd_time_rfc3339(srd_clock_now_ms(), now)));
    return json;
}

/* Without touching a cluster: are there threads for calls, and does the server mean to stay? */
static void answer_shallow(const struct srd_visit *visit, struct srd_http_request *request)
{
    bool running = !atomic_load(&visit->serve->draining);
    struct srd_json *json = health(visit, running);
    struct srd_json *checks = srd_json_put(json, "checks", srd_json_object());

    srd_json_put(checks, "server", srd_json_new_bool(running));
    srd_answer_json(request, running ? 200 : 503, json);
}

/* ---- ?deep=1 ---- */

static struct srd_json *copy_of(const struct srd_json *json)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text = { 0 };
    struct srd_error err = { 0 };
    struct srd_json *copy = NULL;

    srd_buf_init(&text, (size_t)1 << 20);
    srd_json_print(json, false, &text);
    srd_json_parse(text.data, text.size, (size_t)1 << 20, &copy, &err);
    return copy ? copy : srd_json_object();
}

/*
 * With the lock, or alone. Who has no key learns whether all is well, and not the names of the
 * clusters; who is one of several tenants, neither.
 */
static struct srd_json *deep_answer(const struct srd_visit *visit, bool healthy,
                                    const struct srd_json *checks)
{
    struct srd_json *json = health(visit, healthy), *out;

    if (visit->roles & (SRD_ROLE_ADMIN | SRD_ROLE_METRICS)) {
        srd_json_put(json, "checks", copy_of(checks));
        return json;
    }
    out = srd_json_put(json, "checks", srd_json_object());
    srd_json_put(out, "server", srd_json_new_bool(true));
    srd_json_put(out, "clusters", srd_json_new_bool(healthy));
    return json;
}

/* Connects to each cluster; the answer of one that is slow is "no". */
static struct srd_json *look(struct srd_serve *serve, bool *healthy)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_json *checks = srd_json_object();
    struct srd_desk_cluster_state *states;
    size_t n = srd_desk_states(serve->desk, arena, &states);

    *healthy = true;
    srd_json_put(checks, "server", srd_json_new_bool(true));
    for (size_t i = 0; i < n; i++) {
        struct srd_error err = { 0 };
        bool reached = !srd_desk_ping(serve->desk, states[i].tenant, states[i].name,
                                      srd_clock_monotonic_ms() + PING_MS, &err);
        const char *name = states[i].tenant ? srd_arena_printf(arena, "cluster %s/%s",
                                                               states[i].tenant, states[i].name)
                                            : srd_arena_printf(arena, "cluster %s", states[i].name);

        *healthy = *healthy && reached;
        srd_json_put(checks, name, srd_json_new_bool(reached));
    }
    return checks;
}

static void look_and_answer(void *what)
{
    struct srd_serve *serve = what;
    struct srd_deep *deep = &serve->deep;
    struct srd_http_request *waiting[SRD_COUNT(deep->waiting)];
    bool healthy;
    struct srd_json *checks = look(serve, &healthy), *mine = copy_of(checks);
    size_t n;

    pthread_mutex_lock(&deep->lock);
    srd_json_free(&deep->checks);
    deep->checks = checks;
    deep->healthy = healthy;
    deep->known = true;
    deep->looked_at_ms = srd_clock_monotonic_ms();
    deep->looking = false;
    n = deep->count;
    for (size_t i = 0; i < n; i++)
        waiting[i] = deep->waiting[i];
    deep->count = 0;
    pthread_mutex_unlock(&deep->lock);
    for (size_t i = 0; i < n; i++) {
        const struct srd_guest *guest = waiting[i]->context;

        srd_answer_json(waiting[i], healthy ? 200 : 503, deep_answer(&guest->visit, healthy, mine));
    }
    srd_json_free(&mine);
}

/* There is no thread for the look. */
static void refuse_all(struct srd_serve *serve)
{
    struct srd_deep *deep = &serve->deep;
    struct srd_http_request *waiting[SRD_COUNT(deep->waiting)];
    size_t n;

    pthread_mutex_lock(&deep->lock);
    n = deep->count;
    for (size_t i = 0; i < n; i++)
        waiting[i] = deep->waiting[i];
    deep->count = 0;
    deep->looking = false;
    pthread_mutex_unlock(&deep->lock);
    for (size_t i = 0; i < n; i++)
        srd_answer_error(waiting[i], 503, "Server at capacity", "try again in a moment");
}

static void answer_deep(struct srd_visit *visit, struct srd_http_request *request)
{
    struct srd_serve *serve = visit->serve;
    struct srd_deep *deep = &serve->deep;
    struct srd_json *known = NULL;
    bool full = false, start = false, healthy = false;

    pthread_mutex_lock(&deep->lock);
    if (deep->known && srd_clock_monotonic_ms() - deep->looked_at_ms < DEEP_FRESH_MS) {
        healthy = deep->healthy;
        known = deep_answer(visit, healthy, deep->checks);
    } else if (deep->count == SRD_COUNT(deep->waiting)) {
        full = true;
    } else {
        srd_http_later(request);
        deep->waiting[deep->count++] = request;
        start = !deep->looking;
        deep->looking = true;
    }
    pthread_mutex_unlock(&deep->lock);
    if (known)
        srd_answer_json(request, healthy ? 200 : 503, known);
    else if (full)
        srd_answer_error(request, 503, "Server at capacity", "too many wait for the same look");
    else if (start && !srd_work_submit(serve->work, look_and_answer, serve))
        refuse_all(serve);
}

static void handle_health(struct srd_visit *visit, struct srd_http_request *request)
{
    const char *deep = srd_http_query(request, "deep");

    /* that one customer's agent is down is no illness of the server; /admin/tenants tells it */
    if (deep && strcmp(deep, "0") != 0 && strcmp(deep, "false") != 0 &&
        !srd_visit_options(visit)->tenants)
        answer_deep(visit, request);
    else
        answer_shallow(visit, request);
}

const struct srd_route srd_route_health = {
    .method = "GET",
    .path = "/health",
    .summary = "whether the server is well; ?deep=1: and reaches its clusters",
    .handle = handle_health,
};
const struct srd_route srd_route_healthz = {
    .method = "GET",
    .path = "/healthz",
    .summary = "the same under the name that Kubernetes uses",
    .handle = handle_health,
};
