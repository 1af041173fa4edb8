/* How do bytes that come bit by bit reach a client, and what if it does not read them? */

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "lib/base/clock.h"
#include "lib/net/http_server_private.h"

/* A buffer that grew beyond this is given back when it is empty: most sessions are idle. */
#define KEEP_ROOM ((size_t)1024)
/* Allocated with each stream, and only used for clients of HTTP/1.0. */
#define OLD_BLOCK 1024
#define TOUCHED_MUCH ((size_t)8192)

/*
 * Three hold it: its owner until srd_http_stream_end(), the library until it forgets the answer,
 * and the exchange, which counts what was sent when it is over. (A library that is ending forgets
 * an answer as soon as it is given one.) The connection is suspended while there is nothing to
 * send; whoever changes that resumes it.
 */
struct srd_http_stream {
    pthread_mutex_t lock;
    int holders;
    struct srd_http_exchange
        *x; /* lives until the owner ends the stream; NULL: it has another answer */
    size_t most;
    struct MHD_Connection *mhd; /* NULL: the library is done with it */
    bool suspended, ended;
    bool gone;   /* the socket is shut down, or the library is done with it */
    char *bytes; /* a window: what waits is @size bytes from @start */
    size_t start, size, room;
    uint64_t sent;  /* taken by the library */
    size_t touched; /* bytes of the library's buffer that were used since it was given back */
};

/*
 * The library hands out nearly all memory of a connection to be written to, has cleared it before,
 * and keeps it while the stream waits. What is in it does not matter then: whole pages of it can be
 * the system's, which is what makes ten thousand idle sessions possible.
 */
static void give_back(char *bytes, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), skip = -(uintptr_t)bytes % page;

    if (n > skip && n - skip >= page)
        madvise(bytes + skip, (n - skip) / page * page, MADV_DONTNEED);
}

void srd_http_stream_let_go(struct srd_http_stream *stream)
{
    bool last;

    pthread_mutex_lock(&stream->lock);
    last = --stream->holders == 0;
    pthread_mutex_unlock(&stream->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&stream->lock);
    free(stream->bytes);
    free(stream);
}

/* With the lock. */
static void wake(struct srd_http_stream *stream)
{
    if (!stream->suspended || !stream->mhd)
        return;
    stream->suspended = false;
    srd_mhd.resume_connection(stream->mhd);
}

/* The library asks for up to @most bytes; on the loop's thread. */
static ssize_t take(void *context, uint64_t position, char *to, size_t most)
{
    struct srd_http_stream *stream = context;
    ssize_t n;

    (void)position;
    pthread_mutex_lock(&stream->lock);
    if (stream->gone) {
        /*
         * Its socket is shut down: the end cannot be sent, and for that the library closes the
         * connection. END_WITH_ERROR would say so, but then it forgets to clean up until something
         * else happens.
         */
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else if (stream->size > 0) {
        n = (ssize_t)(stream->size < most ? stream->size : most);
        memcpy(to, stream->bytes + stream->start, (size_t)n);
        stream->start += (size_t)n;
        stream->size -= (size_t)n;
        stream->sent += (uint64_t)n;
        stream->touched += (size_t)n;
        if (stream->size == 0) {
            stream->start = 0;
            if (stream->room > KEEP_ROOM) {
                free(stream->bytes);
                stream->bytes = NULL;
                stream->room = 0;
            }
        }
    } else if (stream->ended) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        if (stream->touched >= TOUCHED_MUCH) {
            give_back(to, most);
            stream->touched = 0;
        }
        /* both under the lock, so that nobody resumes what is not yet suspended; and never 0
         * without */
        stream->suspended = true;
        srd_mhd.suspend_connection(stream->mhd);
        n = 0;
    }
    pthread_mutex_unlock(&stream->lock);
    return n;
}

/* The library forgets the answer. */
static void forget(void *context)
{
    struct srd_http_stream *stream = context;

    pthread_mutex_lock(&stream->lock);
    stream->mhd = NULL;
    stream->gone = true;
    pthread_mutex_unlock(&stream->lock);
    srd_http_stream_let_go(stream);
}

struct srd_http_stream *srd_http_stream_open(struct srd_http_request *request,
                                             const struct srd_http_answer *answer)
{
    struct srd_http_exchange *x = (struct srd_http_exchange *)request;
    struct srd_http_stream *stream = calloc(1, sizeof(*stream));
    struct MHD_Response *response;

    if (!stream)
        srd_no_memory();
    pthread_mutex_init(&stream->lock, NULL);
    stream->holders = 3;
    stream->touched = TOUCHED_MUCH; /* by the library itself */
    stream->x = x;
    stream->most = x->seat->server->options.max_stream;
    stream->mhd = x->seat->mhd;
    response =
        srd_mhd.create_response_from_callback(MHD_SIZE_UNKNOWN, OLD_BLOCK, take, stream, forget);
    response = srd_http_with_fields(x, response, answer);
    if (!srd_http_settle(x, response, stream, answer->status, 0)) {
        stream->x = NULL;
        srd_http_stream_let_go(stream);
    }
    return stream;
}

/* With the lock: room for @n more. */
static void make_room(struct srd_http_stream *stream, size_t n)
{
    size_t room = stream->room ? stream->room : 256;

    if (stream->start + stream->size + n <= stream->room)
        return;
    if (stream->start > 0) {
        memmove(stream->bytes, stream->bytes + stream->start, stream->size);
        stream->start = 0;
    }
    while (room < stream->size + n)
        room *= 2;
    if (room == stream->room)
        return;
    stream->bytes = realloc(stream->bytes, room);
    if (!stream->bytes)
        srd_no_memory();
    stream->room = room;
}

/* The client does not read: only closing its connection ends that. */
static void cut(struct srd_http_stream *stream)
{
    struct srd_http_exchange *x = stream->x;

    if (x) {
        pthread_mutex_lock(&x->seat->lock);
        if (!x->over)
            shutdown(x->seat->fd, SHUT_RDWR);
        pthread_mutex_unlock(&x->seat->lock);
    }
    srd_http_stream_leave(stream);
}

int srd_http_stream_send(struct srd_http_stream *stream, const void *bytes, size_t n,
                         struct srd_error *err)
{
    bool gone, full = false;

    pthread_mutex_lock(&stream->lock);
    gone = stream->gone;
    if (!gone) {
        full = stream->size > stream->most; /* one large piece is no slow reader */
        if (!full && n > 0) {
            make_room(stream, n);
            memcpy(stream->bytes + stream->start + stream->size, bytes, n);
            stream->size += n;
            wake(stream);
        }
    }
    pthread_mutex_unlock(&stream->lock);
    if (gone)
        return srd_fail(err, SRD_E_CANCELLED, "the client is gone");
    if (!full)
        return 0;
    cut(stream);
    return srd_fail(err, SRD_E_LIMIT, "the client does not read: more than %zu bytes wait for it",
                    stream->most);
}

size_t srd_http_stream_waiting(struct srd_http_stream *stream)
{
    size_t waiting;

    pthread_mutex_lock(&stream->lock);
    waiting = stream->gone ? 0 : stream->size;
    pthread_mutex_unlock(&stream->lock);
    return waiting;
}

void srd_http_stream_end(struct srd_http_stream *stream)
{
    struct srd_http_exchange *x = stream->x;
    bool finish = false;

    pthread_mutex_lock(&stream->lock);
    stream->ended = true;
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
    if (x) {
        struct srd_http_seat *seat = x->seat;
        int64_t now = srd_clock_monotonic_ms();

        pthread_mutex_lock(&seat->lock);
        x->ended = true;
        finish = x->over && !x->in_gone;
        /* from here on it is an answer like others, which has to be taken in time */
        if (!x->over && x->queued)
            srd_http_seat_phase(seat, SRD_HTTP_SEND, now, now + seat->server->options.slow_ms);
        pthread_mutex_unlock(&seat->lock);
    }
    srd_http_stream_let_go(stream);
    if (finish)
        srd_http_finish(x);
}

void srd_http_stream_leave(struct srd_http_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->gone = true;
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
}

uint64_t srd_http_stream_sent(struct srd_http_stream *stream)
{
    uint64_t sent;

    pthread_mutex_lock(&stream->lock);
    sent = stream->sent;
    pthread_mutex_unlock(&stream->lock);
    return sent;
}
