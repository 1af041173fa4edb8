/* What happens to a request between its first line and its end? (the loops' threads) */

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/clock.h"
#include "lib/net/http_server_private.h"

/*
 * A refused request whose body is at most this is read to its end, so that the connection can be
 * used again; larger ones are answered at once and closed.
 */
#define SMALL_BODY ((uint64_t)64 * 1024)
/* What was read of a body that is too large before its end; then the client is cut. */
#define MUCH_TOO_LARGE 16

/* Statuses of requests that got no answer, as proxies log them. */
#define CLIENT_WAS_SLOW 408
#define CLIENT_LEFT 499

void srd_http_seat_phase(struct srd_http_seat *seat, enum srd_http_phase phase, int64_t now_ms,
                         int64_t due_ms)
{
    atomic_store_explicit(&seat->due_ms, due_ms, memory_order_relaxed);
    atomic_store_explicit(&seat->since_ms, now_ms, memory_order_relaxed);
    atomic_store_explicit(&seat->phase, phase, memory_order_relaxed);
}

static struct srd_http_seat *seat_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        srd_mhd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

/* ---- its life ---- */

/* The request line was read: from here on there is something to log. */
void *srd_http_on_line(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct srd_http_server *server = context;
    struct srd_http_seat *seat = seat_of(connection);
    struct srd_arena *arena = srd_arena_new();
    struct srd_http_exchange *x = srd_arena_alloc(arena, sizeof(*x));
    const char *mark = uri ? strchr(uri, '?') : NULL;
    int64_t now = srd_clock_monotonic_ms();

    x->seat = seat;
    x->request.arena = arena;
    x->request.method = x->version = x->request.body = "";
    if (!uri)
        uri = "";
    x->request.path =
        mark ? srd_arena_copy_n(arena, uri, (size_t)(mark - uri)) : srd_arena_copy(arena, uri);
    x->request.query = mark ? srd_arena_copy(arena, mark + 1) : "";
    /* not the seat's: a stream's owner may still have the request when somebody else sits there */
    x->request.peer = srd_arena_copy(arena, seat->peer);
    memcpy(&x->request.peer_address, &seat->address, sizeof(seat->address));
    x->request.loopback = seat->loopback;
    x->request.tls = server->tls;
    x->request.started_ms = now;
    atomic_fetch_add(&server->active, 1);
    atomic_fetch_add_explicit(&seat->requests, 1, memory_order_relaxed);
    /* a head that began before keeps the time at which it is due */
    pthread_mutex_lock(&seat->lock);
    srd_http_seat_phase(seat, SRD_HTTP_READ, now,
                        atomic_load(&seat->phase) == SRD_HTTP_READ ? atomic_load(&seat->due_ms)
                                                                   : now + server->options.slow_ms);
    seat->now = x;
    pthread_mutex_unlock(&seat->lock);
    return x;
}

void srd_http_finish(struct srd_http_exchange *x)
{
    struct srd_http_server *server = x->seat->server;
    struct srd_arena *arena = x->request.arena;
    bool held = x->later || x->stream;

    if (server->options.done)
        server->options.done(server->options.context, &x->request, x->status, x->size,
                             srd_clock_monotonic_ms() - x->request.started_ms);
    if (x->response)
        srd_mhd.destroy_response(x->response); /* it was never sent */
    if (x->body_stream)
        srd_http_stream_let_go(x->body_stream);
    free(x->body);
    srd_arena_free(&arena);
    atomic_fetch_sub(&server->active, 1);
    if (!held && !atomic_load(&server->draining))
        return;
    /*
     * With the lock: whoever waits for the last of them may free the server as soon as he sees it.
     */
    pthread_mutex_lock(&server->lock);
    if (held)
        atomic_fetch_sub(&server->held, 1);
    pthread_cond_broadcast(&server->quiet);
    pthread_mutex_unlock(&server->lock);
}

/* The library is done with a request: its answer was sent, or the connection is gone. */
void srd_http_on_over(void *context, struct MHD_Connection *connection, void **exchange,
                      enum MHD_RequestTerminationCode how)
{
    struct srd_http_server *server = context;
    struct srd_http_exchange *x = *exchange;
    struct srd_http_seat *seat;
    int64_t now = srd_clock_monotonic_ms();
    bool whole = how == MHD_REQUEST_TERMINATED_COMPLETED_OK, waits, tell;

    (void)connection;
    if (!x)
        return;
    *exchange = NULL;
    seat = x->seat;
    if (x->body_stream && x->queued)
        x->size = srd_http_stream_sent(x->body_stream);
    else if (!whole)
        x->size = 0;
    pthread_mutex_lock(&seat->lock);
    if (!x->queued) {
        /* what the library cannot parse it refuses by itself, mostly with 400 */
        bool refused = !x->asked && how == MHD_REQUEST_TERMINATED_WITH_ERROR;

        x->status = seat->late ? CLIENT_WAS_SLOW : x->too_large ? 413 : refused ? 400 : CLIENT_LEFT;
    }
    seat->now = NULL;
    x->over = true;
    if (x->stream && !x->ended)
        srd_http_stream_leave(x->body_stream);
    /* the library may see sooner than the watcher that a client has left, who then sees nobody */
    tell = x->armed && !x->told && x->stream && !x->ended;
    if (tell)
        x->told = x->in_gone = true;
    waits = x->in_gone || (x->stream && !x->ended);
    pthread_mutex_unlock(&seat->lock);
    srd_http_seat_phase(seat, SRD_HTTP_IDLE, now, now + server->options.idle_ms);
    if (tell)
        srd_http_tell_gone(x);
    else if (!waits) /* else the one who calls gone(), or ends the stream, finishes */
        srd_http_finish(x);
}

void srd_http_on_connection(void *context, struct MHD_Connection *connection, void **own,
                            enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            srd_mhd.get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        const struct srd_http_ticket *ticket = (const void *)info->client_addr;

        *own = ticket->seat;
        pthread_mutex_lock(&ticket->seat->lock);
        ticket->seat->mhd = connection;
        pthread_mutex_unlock(&ticket->seat->lock);
    } else if (*own) {
        struct srd_http_seat *seat = *own;
        void *exchange;

        pthread_mutex_lock(&seat->lock);
        exchange = seat->now;
        pthread_mutex_unlock(&seat->lock);
        /* the library does not always tell of a request whose head it had only begun to read */
        srd_http_on_over(context, connection, &exchange, MHD_REQUEST_TERMINATED_WITH_ERROR);
        srd_http_leave_seat(seat);
        *own = NULL;
    }
}

/* ---- its way ---- */

static enum MHD_Result queue(struct srd_http_exchange *x, struct MHD_Connection *connection)
{
    struct srd_http_seat *seat = x->seat;
    int64_t now = srd_clock_monotonic_ms();
    struct MHD_Response *response;
    enum MHD_Result taken;
    int status;

    pthread_mutex_lock(&seat->lock);
    response = x->response;
    status = x->status;
    x->response = NULL;
    x->queued = true;
    if (x->stream && !x->ended)
        srd_http_seat_phase(seat, SRD_HTTP_STREAM, now, 0);
    else
        srd_http_seat_phase(seat, SRD_HTTP_SEND, now, now + seat->server->options.slow_ms);
    pthread_mutex_unlock(&seat->lock);
    taken = srd_mhd.queue_response(connection, (unsigned)status, response);
    srd_mhd.destroy_response(response);
    return taken;
}

/* In the first call: the body will not be read. */
static enum MHD_Result queue_early(struct srd_http_exchange *x, struct MHD_Connection *connection)
{
    if (srd_http_has_body(x))
        x->seat->unread = true;
    return queue(x, connection);
}

/* The head is whole: is it sound, is there room, and does admit() let it pass? */
static enum MHD_Result first_call(struct srd_http_exchange *x, struct MHD_Connection *connection,
                                  const char *method, const char *version)
{
    const struct srd_http_options *options = &x->seat->server->options;
    const char *what;
    int status = srd_http_read_head(x, connection, method, version, &what);

    x->head_read = true;
    if (status) {
        srd_http_refuse(x, status, what);
        return queue_early(x, connection);
    }
    if (x->seat->beyond) {
        srd_http_refuse_busy(x);
    } else {
        /* what it says, and whether the body is read for that, is told by whether it answers */
        x->drop_body = x->body_said <= SMALL_BODY && !srd_http_header(&x->request, "Expect");
        if (options->admit)
            options->admit(options->context, &x->request);
        /* after it: who may not ask at all is told that, however much he says */
        if (!x->answered && x->body_said != UINT64_MAX && x->body_said > options->max_body) {
            srd_http_refuse(x, 413, "the body is too large");
            x->drop_body = false;
        }
    }
    if (!x->answered) {
        x->drop_body = false;
        return MHD_YES;
    }
    /* Queued now, it would cost the connection; without a body it can as well wait for the next
     * call. */
    if (!x->seat->beyond && x->drop_body)
        return MHD_YES;
    return queue_early(x, connection);
}

static void keep(struct srd_http_exchange *x, const char *bytes, size_t n)
{
    size_t most = x->seat->server->options.max_body;

    if (!x->drop_body && n > most - x->request.body_size) {
        x->drop_body = x->too_large = x->seat->unread = true;
        x->request.body_size = 0;
        x->request.body = "";
    }
    if (x->drop_body) {
        x->dropped += n;
        /* not MHD_NO: the library would close the connection, and forget to clean up for a while */
        if (x->dropped / MUCH_TOO_LARGE > most)
            shutdown(x->seat->fd, SHUT_RDWR);
        return;
    }
    if (x->request.body_size + n >= x->body_room) {
        size_t room = 2 * (x->request.body_size + n) + 256;

        /* not the length it claims: that is a number, and memory is for bytes that came */
        if (x->body_said < room && x->body_said >= x->request.body_size + n)
            room = x->body_said + 1;
        x->body = realloc(x->body, room);
        if (!x->body)
            srd_no_memory();
        x->body_room = room;
    }
    memcpy(x->body + x->request.body_size, bytes, n);
    x->request.body_size += n;
    x->body[x->request.body_size] = '\0';
    x->request.body = x->body;
}

/* false: the server was cut, and ends. It waits for the handlers that run then. */
static bool call_handler(struct srd_http_exchange *x)
{
    struct srd_http_server *server = x->seat->server;
    bool may;

    atomic_fetch_add(&server->handlers,
                     1); /* first: either it sees us, or we see that it was cut */
    may = !atomic_load(&server->cut);
    if (may)
        server->options.handle(server->options.context, &x->request);
    atomic_fetch_sub(&server->handlers, 1);
    return may;
}

/* The body is whole. */
static enum MHD_Result ask(struct srd_http_exchange *x, struct MHD_Connection *connection)
{
    struct srd_http_seat *seat = x->seat;
    bool later, stream;

    x->asked = true;
    if (x->too_large) {
        srd_http_refuse(x, 413, "the body is too large");
        return queue(x, connection);
    }
    if (!call_handler(x)) {
        srd_http_refuse(x, 503, "the server ends");
        return queue(x, connection);
    }
    /* Now, and not in srd_http_later(): gone() shall not be called while handle() runs. */
    pthread_mutex_lock(&seat->lock);
    later = x->later;
    stream = x->stream;
    if (later || stream) {
        x->armed = true;
        srd_http_watch_arm(seat);
    }
    pthread_mutex_unlock(&seat->lock);
    if (later)
        return MHD_YES; /* suspended; called again when it is answered */
    if (!x->answered)
        srd_http_refuse(x, 500, "the request was not answered");
    return queue(x, connection);
}

enum MHD_Result srd_http_on_call(void *context, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *bytes,
                                 size_t *n, void **exchange)
{
    struct srd_http_exchange *x = *exchange;
    size_t size = *n;
    bool answered;

    (void)context;
    (void)url; /* decoded; ours is as it came */
    if (!x)
        return MHD_NO;
    if (!x->head_read)
        return first_call(x, connection, method, version);
    if (size > 0) {
        *n = 0;
        keep(x, bytes, size);
        return MHD_YES;
    }
    pthread_mutex_lock(&x->seat->lock);
    answered = x->answered;
    pthread_mutex_unlock(&x->seat->lock);
    if (answered)
        return queue(x, connection);
    return x->asked ? MHD_YES : ask(x, connection);
}
