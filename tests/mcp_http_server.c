/*
 * The routes of MCP over HTTP and SSE around tools that take their time, for
 * tests/check_mcp_http.py. Guards are the product's and not here: X-API-Key is the name of the
 * caller, X-Tenant-ID his tenant.
 *
 *   tools: quick {text}, slow {ms}, steps {count, ms}, stubborn {ms} (does not look whether it is
 * cancelled), large {bytes} GET /stats: what was begun, finished and cancelled, and the sessions
 * that are open POST /sweep?ms=N: ends idle sessions
 *
 *   build/mcp_http_server [--workers N] [--queue N] [--progress-ms N] [--beat-ms N]
 * [--max-connections N]
 *
 * Prints "listening ADDRESS:PORT" and ends with stdin, as the product does with SIGTERM.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"
#include "lib/serve/events.h"
#include "lib/serve/serve_private.h"

static atomic_size_t begun, finished, cancelled;
static struct srd_serve serve;

/* ---- tools ---- */

static bool pause_ms(const struct srd_mcp_call *call, int64_t ms)
{
    int64_t until = srd_clock_monotonic_ms() + ms;

    while (srd_clock_monotonic_ms() < until) {
        if (call && srd_flag_up(call->cancel))
            return false;
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    }
    return true;
}

static void quick(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    srd_mcp_result_text(out, call->args[0].text ? call->args[0].text : "quick");
}

static void slow(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    atomic_fetch_add(&begun, 1);
    if (pause_ms(call, call->args[0].number))
        atomic_fetch_add(&finished, 1);
    else
        atomic_fetch_add(&cancelled, 1);
    srd_mcp_result_text(out, "slow");
}

static void stubborn(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    atomic_fetch_add(&begun, 1);
    pause_ms(NULL, call->args[0].number);
    atomic_fetch_add(&finished, 1);
    srd_mcp_result_text(out, "stubborn");
}

static void steps(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    int64_t count = call->args[0].number;

    atomic_fetch_add(&begun, 1);
    for (int64_t i = 1; i <= count; i++) {
        srd_mcp_progress(call, (double)i, (double)count, "step");
        if (!pause_ms(call, call->args[1].number)) {
            atomic_fetch_add(&cancelled, 1);
            return;
        }
    }
    atomic_fetch_add(&finished, 1);
    srd_mcp_result_text(out, "steps");
}

static void large(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    size_t n = (size_t)call->args[0].number;
    char *text = srd_arena_alloc(call->arena, n + 1);

    memset(text, 'x', n);
    srd_mcp_result_text(out, text);
}

static const struct srd_mcp_arg texts[] = { { "text", SRD_MCP_TEXT, .help = "what to say" },
                                            { 0 } };
static const struct srd_mcp_arg times[] = {
    { "ms", SRD_MCP_INTEGER, .fallback = "100", .min = 0, .max = 600000, .help = "how long" }, { 0 }
};
static const struct srd_mcp_arg counts[] = {
    { "count", SRD_MCP_INTEGER, .fallback = "3", .min = 0, .max = 1000, .help = "how many" },
    { "ms", SRD_MCP_INTEGER, .fallback = "50", .min = 0, .max = 60000, .help = "between them" },
    { 0 }
};
static const struct srd_mcp_arg sizes[] = { { "bytes", SRD_MCP_INTEGER, .fallback = "100", .min = 0,
                                              .max = 8000000, .help = "how many" },
                                            { 0 } };
static const struct srd_mcp_tool tools[] = {
    { "quick", "Quick", "says it at once", .args = texts, .run = quick },
    { "slow", "Slow", "takes its time", .args = times, .run = slow },
    { "steps", "Steps", "tells how far it is", .args = counts, .run = steps },
    { "stubborn", "Stubborn", "does not stop", .args = times, .run = stubborn },
    { "large", "Large", "says much", .args = sizes, .run = large },
    { 0 },
};

/* ---- routes ---- */

static void handle_stats(struct srd_visit *visit, struct srd_http_request *request)
{
    struct srd_json *json = srd_json_object();

    srd_json_put(json, "begun", srd_json_new_integer((int64_t)atomic_load(&begun)));
    srd_json_put(json, "finished", srd_json_new_integer((int64_t)atomic_load(&finished)));
    srd_json_put(json, "cancelled", srd_json_new_integer((int64_t)atomic_load(&cancelled)));
    srd_json_put(json, "sessions", srd_json_new_integer((int64_t)srd_sse_sessions(visit->serve)));
    srd_json_put(json, "active", srd_json_new_integer((int64_t)atomic_load(&serve.active)));
    srd_answer_json(request, 200, json);
}

static void handle_sweep(struct srd_visit *visit, struct srd_http_request *request)
{
    const char *ms = srd_http_query(request, "ms");

    srd_sse_sweep(visit->serve, ms ? atoll(ms) : 0);
    handle_stats(visit, request);
}

static const struct srd_route stats = { .method = "GET", .path = "/stats", .handle = handle_stats };
static const struct srd_route sweep = { .method = "POST",
                                        .path = "/sweep",
                                        .handle = handle_sweep };
static const struct srd_route *const routes[] = { &srd_route_mcp, &srd_route_sse,
                                                  &srd_route_messages, &stats, &sweep };

static void admit(void *context, struct srd_http_request *request)
{
    struct srd_visit *visit = srd_arena_alloc(request->arena, sizeof(*visit));

    (void)context;
    atomic_fetch_add(&serve.active, 1);
    request->context = visit;
    visit->serve = &serve;
    visit->principal = srd_http_header(request, "X-API-Key");
    visit->tenant = srd_http_header(request, "X-Tenant-ID");
    visit->caller = (struct srd_mcp_caller){
        .principal = visit->principal, .tenant = visit->tenant, .peer = request->peer, .host = visit
    };
    for (size_t i = 0; i < SRD_COUNT(routes); i++)
        if (!strcmp(routes[i]->path, request->path) &&
            (!routes[i]->method || !strcmp(routes[i]->method, request->method)))
            visit->route = routes[i];
    if (!visit->route)
        srd_answer_error(request, 404, "Not found", NULL);
}

static void handle(void *context, struct srd_http_request *request)
{
    struct srd_visit *visit = request->context;

    (void)context;
    visit->route->handle(visit, request);
}

static void gone(void *context, struct srd_http_request *request)
{
    struct srd_visit *visit = request->context;

    (void)context;
    if (visit->route->gone)
        visit->route->gone(visit, request);
}

static void done(void *context, struct srd_http_request *request, int status, uint64_t bytes,
                 int64_t ms)
{
    (void)context;
    (void)status;
    (void)bytes;
    (void)ms;
    if (request->context)
        atomic_fetch_sub(&serve.active, 1);
}

int main(int argc, char **argv)
{
    struct srd_http_options options = {
        .listen_fd = -1, .admit = admit, .handle = handle, .gone = gone, .done = done
    };
    size_t workers = 8, queue = 64;
    struct srd_error err = { 0 };
    char byte;

    serve.tables = (struct srd_mcp_tables){ .name = "fixture", .version = "1", .tools = tools };
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--workers"))
            workers = strtoul(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--queue"))
            queue = strtoul(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--progress-ms"))
            serve.tables.progress_ms = atoll(argv[i + 1]);
        else if (!strcmp(argv[i], "--beat-ms"))
            srd_events_beat_ms = atoll(argv[i + 1]);
        else if (!strcmp(argv[i], "--max-connections"))
            options.max_connections = options.max_per_address = strtoul(argv[i + 1], NULL, 10);
    }
    serve.mcp = srd_mcp_new(&serve.tables);
    serve.sse = srd_sse_new();
    serve.work = srd_work_new(workers, queue);
    if (srd_http_start(&options, &serve.http, &err)) {
        printf("%s\n", err.text);
        return 1;
    }
    printf("listening %s\n", srd_http_listening(serve.http));
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    srd_sse_sweep(&serve, 0);
    srd_http_drain(serve.http, 200);
    srd_mcp_abandon_scope(serve.mcp, NULL);
    srd_work_end(serve.work);
    srd_http_stop(&serve.http);
    srd_work_free(&serve.work);
    srd_sse_free(&serve.sse);
    srd_mcp_free(&serve.mcp);
    return 0;
}
