/* How do an event stream and the POSTs that belong to it make one conversation? */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "lib/base/arena.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/serve/events.h"
#include "lib/serve/media.h"
#include "lib/serve/serve_private.h"
#include "lib/serve/sse.h"

#undef uthash_fatal
#define uthash_fatal(message) srd_no_memory()

#define ID_BYTES 24
#define ID_SIZE 33 /* base64url of those, with the NUL */

/*
 * A conversation: from GET /sse until its stream ends. In the table as long as it is open; held by
 * the table and by each message at work, whose answer may find it closed.
 */
struct session {
    char id[ID_SIZE];
    char *principal, *tenant; /* who may POST to it; NULL: nobody had to say */
    struct srd_serve *serve;
    size_t holders; /* with the table's lock */
    struct srd_beat beat;
    pthread_mutex_t
        lock; /* of what follows; nothing else is locked under it but the stream's own */
    struct srd_http_stream *stream; /* NULL: closed */
    struct srd_mcp_link link;
    size_t at_work;
    int64_t used_ms;
    UT_hash_handle hh;
};

struct srd_sse {
    pthread_mutex_t lock; /* of the table */
    struct session *sessions;
    struct srd_pulse *pulse;
};

struct srd_sse *srd_sse_new(void)
{
    struct srd_sse *sse = calloc(1, sizeof(*sse));

    if (!sse)
        srd_no_memory();
    pthread_mutex_init(&sse->lock, NULL);
    sse->pulse = srd_pulse_new();
    return sse;
}

struct srd_pulse *srd_sse_pulse(struct srd_sse *sse)
{
    return sse->pulse;
}

static void free_session(struct session *session)
{
    pthread_mutex_destroy(&session->lock);
    free(session->principal);
    free(session->tenant);
    free(session);
}

static void let_go(struct srd_sse *sse, struct session *session)
{
    bool last;

    pthread_mutex_lock(&sse->lock);
    last = --session->holders == 0;
    pthread_mutex_unlock(&sse->lock);
    if (last)
        free_session(session);
}

void srd_sse_free(struct srd_sse **sse)
{
    struct srd_sse *s = *sse;
    struct session *session, *next;

    *sse = NULL;
    if (!s)
        return;
    HASH_ITER(hh, s->sessions, session, next)
    { /* the server's end has closed them all */
        HASH_DEL(s->sessions, session);
        srd_pulse_remove(s->pulse, &session->beat);
        free_session(session);
    }
    srd_pulse_free(&s->pulse);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static struct session *find(struct srd_sse *sse, const char *id)
{
    struct session *session = NULL;

    pthread_mutex_lock(&sse->lock);
    if (id)
        HASH_FIND_STR(sse->sessions, id, session);
    if (session)
        session->holders++;
    pthread_mutex_unlock(&sse->lock);
    return session;
}

/* ---- the end of one ---- */

/* Its stream ends, and what it asked for is not waited for. Once or often; the caller holds it. */
static void close_session(struct srd_sse *sse, struct session *session)
{
    struct srd_http_stream *stream;

    pthread_mutex_lock(&session->lock);
    stream = session->stream;
    session->stream = NULL;
    pthread_mutex_unlock(&session->lock);
    if (!stream)
        return;
    pthread_mutex_lock(&sse->lock);
    HASH_DEL(sse->sessions, session);
    pthread_mutex_unlock(&sse->lock);
    srd_pulse_remove(sse->pulse, &session->beat);
    srd_http_stream_end(stream);
    srd_mcp_abandon_scope(srd_serve_mcp(session->serve), session->id);
    let_go(sse, session); /* the table's */
}

static bool is_idle(struct session *session, const void *data)
{
    int64_t idle_ms = *(const int64_t *)data;
    bool idle;

    pthread_mutex_lock(&session->lock);
    idle = session->stream &&
           (idle_ms == 0 ||
            (session->at_work == 0 && srd_clock_monotonic_ms() - session->used_ms >= idle_ms));
    pthread_mutex_unlock(&session->lock);
    return idle;
}

static bool is_stranger(struct session *session, const void *data)
{
    const struct srd_tenants *tenants = data;
    size_t i = 0;

    if (!session->tenant)
        return false;
    while (i < tenants->count && (!tenants->list[i].enabled ||
                                  strcmp(tenants->list[i].id, session->tenant) != 0))
        i++;
    return i == tenants->count;
}

static void close_those(struct srd_serve *serve,
                        bool (*wanted)(struct session *session, const void *data),
                        const void *data)
{
    struct srd_sse *sse = srd_serve_sse(serve);
    struct session *session, *next, **all;
    size_t count = 0;

    pthread_mutex_lock(&sse->lock);
    all = calloc(HASH_COUNT(sse->sessions) + 1, sizeof(struct session *));
    if (!all)
        srd_no_memory();
    HASH_ITER(hh, sse->sessions, session, next)
    {
        session->holders++;
        all[count++] = session;
    }
    pthread_mutex_unlock(&sse->lock);
    for (size_t i = 0; i < count; i++) {
        if (wanted(all[i], data))
            close_session(sse, all[i]);
        let_go(sse, all[i]);
    }
    free(all);
}

void srd_sse_sweep(struct srd_serve *serve, int64_t idle_ms)
{
    close_those(serve, is_idle, &idle_ms);
}

void srd_sse_part(struct srd_serve *serve, const struct srd_tenants *tenants)
{
    close_those(serve, is_stranger, tenants);
}

size_t srd_sse_sessions(struct srd_serve *serve)
{
    struct srd_sse *sse = srd_serve_sse(serve);
    size_t count;

    if (!sse)
        return 0;
    pthread_mutex_lock(&sse->lock);
    count = HASH_COUNT(sse->sessions);
    pthread_mutex_unlock(&sse->lock);
    return count;
}

/* ---- GET /sse ---- */

static char *copy(const char *text)
{
    char *out = text ? strdup(text) : NULL;

    if (text && !out)
        srd_no_memory();
    return out;
}

/* On the pulse's thread. */
static int64_t say_still_there(void *context, int64_t now_ms)
{
    struct session *session = context;
    struct srd_error err;

    pthread_mutex_lock(&session->lock);
    if (session->stream)
        srd_events_comment(session->stream, &err); /* if nobody reads it, gone() will tell */
    pthread_mutex_unlock(&session->lock);
    return now_ms + srd_events_beat_ms;
}

static struct session *new_session(struct srd_visit *visit)
{
    struct session *session = calloc(1, sizeof(*session));
    unsigned char bytes[ID_BYTES];
    struct srd_error err;

    if (!session)
        srd_no_memory();
    if (srd_random(bytes, sizeof(bytes), &err)) {
        free(session);
        return NULL;
    }
    srd_base64url(bytes, sizeof(bytes), session->id);
    session->principal = copy(visit->principal);
    session->tenant = copy(visit->tenant);
    session->serve = visit->serve;
    session->holders = 1;
    session->beat = (struct srd_beat){ .call = say_still_there, .context = session };
    pthread_mutex_init(&session->lock, NULL);
    session->link = (struct srd_mcp_link){ .transport = SRD_MCP_SSE, .scope = session->id };
    session->used_ms = srd_clock_monotonic_ms();
    return session;
}

static void handle_open(struct srd_visit *visit, struct srd_http_request *request)
{
    struct srd_sse *sse = srd_serve_sse(visit->serve);
    char where[64 + ID_SIZE];
    struct session *session;
    struct srd_error err;
    int n;

    if (!srd_media_accepts(srd_http_header_list(request, "Accept"), "text", "event-stream")) {
        srd_answer_error(request, 406, "Not acceptable", "the answer is text/event-stream");
        return;
    }
    session = new_session(visit);
    if (!session) {
        srd_answer_error(request, 500, "Internal error", "the system gave no random bytes");
        return;
    }
    visit->own = srd_arena_copy(request->arena, session->id);
    session->stream = srd_events_open(request);
    srd_pulse_add(sse->pulse, &session->beat, session->used_ms + srd_events_beat_ms);
    pthread_mutex_lock(&sse->lock);
    HASH_ADD_STR(sse->sessions, id, session);
    session->holders++;
    pthread_mutex_unlock(&sse->lock);
    /* last, for with this the client knows where to POST; the server may end at any moment */
    n = snprintf(where, sizeof(where), "/messages?sessionId=%s", session->id);
    pthread_mutex_lock(&session->lock);
    if (session->stream)
        srd_events_send(session->stream, "endpoint", where, (size_t)n, &err);
    pthread_mutex_unlock(&session->lock);
    let_go(sse, session);
}

static void session_gone(struct srd_visit *visit, struct srd_http_request *request)
{
    struct srd_sse *sse = srd_serve_sse(visit->serve);
    struct session *session = find(sse, visit->own);

    (void)request;
    if (!session)
        return;
    close_session(sse, session);
    let_go(sse, session);
}

const struct srd_route srd_route_sse = {
    .method = "GET",
    .path = "/sse",
    .roles = SRD_ROLE_USE,
    .needs_tenant = true,
    .counted = true,
    .summary = "a session of the older HTTP+SSE transport: its event stream",
    .handle = handle_open,
    .gone = session_gone,
};

/* ---- POST /messages ---- */

/*
 * One message. Its POST is answered before it is, so that everything it needs is a copy; what is
 * wrong with the message as a whole is known at once, and the POST says so.
 */
struct message {
    struct session *session;
    struct srd_visit visit;
    char *peer;
    bool received; /* srd_mcp_receive() has returned, or answers from a worker */
    int refused;   /* the status for the POST; 0: none */
    struct srd_buf refusal;
};

static void free_message(struct message *message)
{
    struct session *session = message->session;

    pthread_mutex_lock(&session->lock);
    session->at_work--;
    session->used_ms = srd_clock_monotonic_ms();
    pthread_mutex_unlock(&session->lock);
    let_go(srd_serve_sse(message->visit.serve), session);
    free((char *)message->visit.principal);
    free((char *)message->visit.tenant);
    free(message->peer);
    srd_buf_free(&message->refusal);
    free(message);
}

static void say(struct session *session, const char *json, size_t n)
{
    struct srd_error err;

    pthread_mutex_lock(&session->lock);
    if (session->stream)
        srd_events_send(session->stream, "message", json, n, &err);
    pthread_mutex_unlock(&session->lock);
}

static void take_message(void *context, const char *json, size_t n)
{
    struct message *message = context;

    say(message->session, json, n);
}

static void take_answer(void *context, int status, const char *json, size_t n)
{
    struct message *message = context;

    if (!message->received && (status == 400 || status == 413)) {
        message->refused = status;
        srd_buf_add(&message->refusal, json, n);
    } else if (n) {
        say(message->session, json, n);
    }
    if (message->received)
        free_message(message);
}

static struct message *new_message(const struct srd_visit *visit, struct session *session,
                                   const struct srd_http_request *request)
{
    struct message *message = calloc(1, sizeof(*message));

    if (!message)
        srd_no_memory();
    message->session = session;
    message->visit = (struct srd_visit){ .serve = visit->serve,
                                         .route = visit->route,
                                         .principal = copy(visit->principal),
                                         .tenant = copy(visit->tenant),
                                         .roles = visit->roles,
                                         .calls = visit->calls };
    memcpy(message->visit.id, visit->id, sizeof(visit->id));
    message->peer = copy(request->peer);
    message->visit.caller = (struct srd_mcp_caller){ .principal = message->visit.principal,
                                                     .tenant = message->visit.tenant,
                                                     .peer = message->peer,
                                                     .request_id = message->visit.id,
                                                     .host = &message->visit };
    srd_buf_init(&message->refusal, 1 << 20);
    pthread_mutex_lock(&session->lock);
    session->at_work++;
    session->used_ms = srd_clock_monotonic_ms();
    pthread_mutex_unlock(&session->lock);
    return message;
}

static void submit(const struct srd_visit *visit, struct srd_mcp_exchange *exchange)
{
    struct srd_mcp_job *job, *next;

    for (job = srd_mcp_jobs(exchange); job; job = next) {
        next = srd_mcp_job_next(job);
        if (!srd_visit_submit_job(visit, job))
            srd_mcp_job_refuse(job, 503, "the server is at its capacity; try again in a moment");
    }
}

/* The core reads and changes a copy of what the session is: two POSTs may come at the same time. */
static struct srd_mcp_exchange *receive(struct message *message,
                                        const struct srd_http_request *request)
{
    struct srd_mcp_sink sink = { take_message, take_answer, message };
    struct session *session = message->session;
    struct srd_mcp_exchange *exchange;
    struct srd_mcp_link link, before;

    pthread_mutex_lock(&session->lock);
    before = link = session->link;
    pthread_mutex_unlock(&session->lock);
    exchange = srd_mcp_receive(srd_serve_mcp(session->serve), &link, &message->visit.caller, &sink,
                               request->body, request->body_size);
    if (link.era != before.era || link.revision != before.revision) {
        pthread_mutex_lock(&session->lock);
        session->link.era = link.era;
        session->link.revision = link.revision;
        pthread_mutex_unlock(&session->lock);
    }
    return exchange;
}

/* The session that is meant, if it is the caller's; held. What belongs to others is not there. */
static struct session *find_own(const struct srd_visit *visit,
                                const struct srd_http_request *request)
{
    struct srd_sse *sse = srd_serve_sse(visit->serve);
    struct session *session = find(sse, srd_http_query(request, "sessionId"));

    if (!session || (srd_text_same(session->principal, visit->principal) &&
                     srd_text_same(session->tenant, visit->tenant)))
        return session;
    let_go(sse, session);
    return NULL;
}

static void answer_post(struct srd_http_request *request, const struct message *message)
{
    static const char accepted[] = "Accepted";
    struct srd_http_answer answer = { .status = 202,
                                      .type = "text/plain",
                                      .body = accepted,
                                      .size = sizeof(accepted) - 1,
                                      .fields = { { "Cache-Control", "no-store" } } };

    if (message && message->refused) {
        answer.status = message->refused;
        answer.type = "application/json";
        answer.body = message->refusal.data;
        answer.size = message->refusal.size;
    }
    srd_http_answer(request, &answer);
}

static void handle_message(struct srd_visit *visit, struct srd_http_request *request)
{
    struct session *session = find_own(visit, request);
    struct srd_mcp_exchange *exchange;
    struct message *message;

    if (!session) {
        srd_answer_error(request, 404, "Not found",
                         "there is no such session; open one with GET /sse");
        return;
    }
    if (srd_http_header_count(request, "Content-Type") != 1 ||
        !srd_media_is_json(srd_http_header(request, "Content-Type"))) {
        let_go(srd_serve_sse(visit->serve), session);
        srd_answer_error(request, 415, "Unsupported media type",
                         "the body has to be application/json");
        return;
    }
    message = new_message(visit, session, request); /* which holds the session from here on */
    exchange = receive(message, request);
    if (!exchange) {
        answer_post(request, message);
        free_message(message);
        return;
    }
    message->received = true; /* a worker's answer is the end of it */
    answer_post(request, NULL);
    submit(&message->visit, exchange);
}

const struct srd_route srd_route_messages = {
    .method = "POST",
    .path = "/messages",
    .roles = SRD_ROLE_USE,
    .needs_tenant = true,
    .counted = true,
    .summary = "a message for a session of HTTP+SSE; its answer comes on the stream",
    .handle = handle_message,
    .takes = "{\"type\":\"object\",\"description\":\"a JSON-RPC 2.0 message\"}",
};
