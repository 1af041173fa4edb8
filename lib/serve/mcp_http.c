/* How does one POST to /mcp become an exchange of the protocol, and how is it answered? */

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/serve/events.h"
#include "lib/serve/media.h"
#include "lib/serve/serve_private.h"
#include "lib/serve/sse.h"

/* What is done sooner is told in one piece (unless the tables want progress to be told more often).
 */
#define PATIENCE_MS 500
#define MOST_HELD ((size_t)1 << 20)

/*
 * One POST, in the request's arena: it is gone as soon as the request is answered.
 *
 * Messages that come before the answer need a stream. Those about progress are held back for a
 * moment, because most answers are quick and a client reads one object more easily than a stream; a
 * question to the client is not.
 */
struct post {
    struct srd_visit *visit;
    struct srd_http_request *request;
    struct srd_beat beat;
    int64_t begun_ms, patience_ms;
    bool may_stream;  /* the client reads streams, and asked for what only they can tell */
    bool only_stream; /* it reads nothing else */
    bool modern;
    bool refused;            /* its only job found no room */
    _Atomic uint64_t handle; /* of the exchange; 0: it has none, or it is over */
    pthread_mutex_t lock;    /* of what follows, between the worker and the pulse */
    struct srd_http_stream *stream;
    struct srd_buf held; /* events, printed */
};

static struct srd_pulse *pulse_of(const struct post *post)
{
    struct srd_sse *sse = srd_serve_sse(post->visit->serve);

    return sse ? srd_sse_pulse(sse) : NULL;
}

/* ---- messages before the answer ---- */

/* With the lock. */
static void open_stream(struct post *post)
{
    struct srd_error err;

    post->stream = srd_events_open(post->request);
    if (post->held.size)
        srd_http_stream_send(post->stream, post->held.data, post->held.size, &err);
    srd_buf_clear(&post->held);
}

static bool is_progress(const char *json, size_t n)
{
    static const char begin[] = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"";

    return n >= sizeof(begin) - 1 && memcmp(json, begin, sizeof(begin) - 1) == 0;
}

static void take_message(void *context, const char *json, size_t n)
{
    struct post *post = context;
    struct srd_error err;

    if (!post->may_stream)
        return;
    pthread_mutex_lock(&post->lock);
    if (!post->stream &&
        (!is_progress(json, n) || srd_clock_monotonic_ms() - post->begun_ms >= post->patience_ms))
        open_stream(post);
    if (post->stream) /* a client that left is told to us elsewhere */
        srd_events_send(post->stream, "message", json, n, &err);
    else
        srd_events_print(&post->held, "message", json, n);
    pthread_mutex_unlock(&post->lock);
}

/* The moment is over, or a proxy on the way might think that nobody works. */
static int64_t call(void *context, int64_t now_ms)
{
    struct post *post = context;
    struct srd_error err;

    pthread_mutex_lock(&post->lock);
    if (post->stream)
        srd_events_comment(post->stream, &err);
    else if (post->held.size || now_ms - post->begun_ms >= srd_events_beat_ms)
        open_stream(post);
    pthread_mutex_unlock(&post->lock);
    return now_ms + srd_events_beat_ms;
}

/* ---- the answer ---- */

static void answer_plain(struct srd_http_request *request, int status, const char *json, size_t n)
{
    srd_http_answer(request, &(struct srd_http_answer){
                                 .status = status,
                                 .type = n ? "application/json" : NULL,
                                 .body = json,
                                 .size = n,
                                 .fields = { { "Cache-Control", "no-store" },
                                             { "X-Content-Type-Options", "nosniff" } } });
}

static void answer_full(struct srd_http_request *request)
{
    static const char body[] =
        "{\"error\":\"Server at capacity\",\"message\":\"too many calls are at "
        "work; try again in a moment\",\"retry_after\":1}";

    srd_http_answer(request, &(struct srd_http_answer){ .status = 503,
                                                        .type = "application/json",
                                                        .body = body,
                                                        .size = sizeof(body) - 1,
                                                        .fields = { { "Cache-Control", "no-store" },
                                                                    { "Retry-After", "1" } } });
}

/* The end of the exchange; of the post, too. On the thread of the last job, or in
 * srd_mcp_receive(). */
static void take_answer(void *context, int status, const char *json, size_t n)
{
    struct post *post = context;
    struct srd_http_request *request = post->request;
    struct srd_pulse *pulse = pulse_of(post);
    bool refused = post->refused, wants_stream;
    struct srd_http_stream *stream;
    struct srd_error err;

    atomic_store(&post->handle, 0);
    if (pulse)
        srd_pulse_remove(pulse, &post->beat);
    pthread_mutex_lock(&post->lock);
    wants_stream =
        n && status == 200 &&
        (post->only_stream ||
         (post->held.size && srd_clock_monotonic_ms() - post->begun_ms >= post->patience_ms));
    if (!post->stream && wants_stream)
        open_stream(post);
    stream = post->stream;
    pthread_mutex_unlock(&post->lock);
    pthread_mutex_destroy(&post->lock);
    srd_buf_free(&post->held);
    if (stream) {
        if (n)
            srd_events_send(stream, "message", json, n, &err);
        srd_http_stream_end(stream);
    } else if (refused) {
        answer_full(request);
    } else {
        answer_plain(request, status, json, n);
    }
}

/* ---- the request ---- */

static void answer_method(struct srd_http_request *request)
{
    static const char body[] =
        "{\"error\":\"Method not allowed\",\"message\":\"there are no sessions "
        "here: POST each message\"}";

    srd_http_answer(request,
                    &(struct srd_http_answer){
                        .status = 405,
                        .type = "application/json",
                        .body = body,
                        .size = sizeof(body) - 1,
                        .fields = { { "Allow", "POST" }, { "Cache-Control", "no-store" } } });
}

/* What HTTP alone can decide; false: it is answered. */
static bool check(struct post *post)
{
    struct srd_http_request *request = post->request;
    const char *accept = srd_http_header_list(request, "Accept");
    bool plain = srd_media_accepts(accept, "application", "json");
    bool stream = srd_media_accepts(accept, "text", "event-stream");

    if (strcmp(request->method, "POST") != 0) {
        answer_method(request);
        return false;
    }
    if (srd_http_header_count(request, "Content-Type") != 1 ||
        !srd_media_is_json(srd_http_header(request, "Content-Type"))) {
        srd_answer_error(request, 415, "Unsupported media type",
                         "the body has to be application/json");
        return false;
    }
    if (!plain && !stream) {
        srd_answer_error(request, 406, "Not acceptable",
                         "answers are application/json or text/event-stream");
        return false;
    }
    post->may_stream = stream;
    post->only_stream = !plain;
    return true;
}

/*
 * A header that came twice is one with a comma in it, which is no value the core knows: it refuses
 * what does not equal the message.
 */
static struct srd_mcp_link link_of(const struct post *post)
{
    struct srd_http_request *request = post->request;
    const struct srd_visit *visit = post->visit;

    return (struct srd_mcp_link){
        .transport = SRD_MCP_HTTP,
        .scope = srd_arena_printf(request->arena, "%s@%s/%s", visit->principal ? visit->principal : "",
                                  request->peer, visit->tenant ? visit->tenant : ""),
        .version_header = srd_http_header_list(request, "MCP-Protocol-Version"),
        .method_header = srd_http_header_list(request, "Mcp-Method"),
        .name_header = srd_http_header_list(request, "Mcp-Name"),
    };
}

/* Hands the jobs out. When the last one is gone the post may be gone as well. */
static void submit(struct post *post, struct srd_mcp_exchange *exchange)
{
    struct srd_mcp_job *job = srd_mcp_jobs(exchange), *next;
    bool alone = !srd_mcp_job_next(job);

    for (; job; job = next) {
        next = srd_mcp_job_next(job);
        if (srd_visit_submit_job(post->visit, job))
            continue;
        if (alone)
            post->refused = true;
        srd_mcp_job_refuse(job, 503, "the server is at its capacity; try again in a moment");
    }
}

static void handle(struct srd_visit *visit, struct srd_http_request *request)
{
    struct post *post = srd_arena_alloc(request->arena, sizeof(*post));
    struct srd_mcp_sink sink = { take_message, take_answer, post };
    int64_t progress_ms = visit->serve->tables.progress_ms;
    struct srd_mcp_exchange *exchange;
    struct srd_mcp_link link;
    struct srd_pulse *pulse;

    post->visit = visit;
    post->request = request;
    if (!check(post))
        return;
    post->begun_ms = srd_clock_monotonic_ms();
    post->patience_ms = progress_ms ? progress_ms : PATIENCE_MS;
    post->beat = (struct srd_beat){ .call = call, .context = post };
    pthread_mutex_init(&post->lock, NULL);
    srd_buf_init(&post->held, MOST_HELD);
    link = link_of(post);
    exchange = srd_mcp_receive(visit->serve->mcp, &link, &visit->caller, &sink, request->body,
                               request->body_size);
    if (!exchange)
        return; /* answered */
    atomic_store(&post->handle, srd_mcp_exchange_handle(exchange));
    post->modern = srd_mcp_exchange_is_modern(exchange);
    post->may_stream = post->may_stream && srd_mcp_exchange_wants_progress(exchange);
    visit->own = post;
    srd_http_later(request);
    pulse = pulse_of(post);
    if (pulse && post->may_stream)
        srd_pulse_add(pulse, &post->beat, post->begun_ms + post->patience_ms);
    submit(post, exchange);
}

/*
 * In the modern era that cancels. In the legacy one it means nothing: such clients lose connections
 * and come again, and they have a notification to cancel with.
 */
static void gone(struct srd_visit *visit, struct srd_http_request *request)
{
    struct post *post = visit->own;
    uint64_t handle = post && post->modern ? atomic_load(&post->handle) : 0;

    (void)request;
    if (handle)
        srd_mcp_abandon(visit->serve->mcp, handle);
}

const struct srd_route srd_route_mcp = {
    .path = "/mcp",
    .roles = SRD_ROLE_USE,
    .needs_tenant = true,
    .counted = true,
    .summary = "the Model Context Protocol: one message a request (Streamable HTTP)",
    .handle = handle,
    .gone = gone,
    .takes = "{\"type\":\"object\",\"description\":\"a JSON-RPC 2.0 message\"}",
};
