#ifndef SRD_NET_HTTP_SERVER_H
#define SRD_NET_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/base/arena.h"
#include "lib/base/error.h"

/*
 * An HTTP/1.1 server: bytes, connections, limits and TLS; it knows no route.
 *
 * lib/net/http_server*.c own libmicrohttpd, which is loaded when the first server starts and not before (it
 * brings GnuTLS with it, and `srdiag --version` should not wait for that).
 *
 * The way of a request, all callbacks on one of the server's few event threads, so none may block:
 *
 *     admit()   head is read and its framing is sound; no body yet. Answer (a refusal) or return.
 *     handle()  the body is whole. Answer; or srd_http_later() and answer from another thread; or
 *               srd_http_stream_open().
 *     gone()    the client left before the answer was complete; for those that asked to know.
 *     done()    the exchange is over: one access line. The request is invalid when it returns. A client that
 *               left before there was an answer: status 499; one that was closed for being slow: 408.
 *
 * Framing is decided here, before admit(): 400 for more than one Content-Length, Transfer-Encoding or
 * Host, both lengths, lengths that are no digits, codings other than chunked, control characters in
 * values, a missing Host in HTTP/1.1; 431 for a head above 32 KiB or 100 headers. 413 above max_body (by
 * length or while reading) comes after admit(). All of these close the connection, and done() is called
 * for them too.
 *
 * What the library cannot even parse (a chunk without a size, a line without a colon) it refuses in its own
 * words, with 400, 413, 414 or 431 and a close.
 *
 * A client that is slow to send its head or body (slow_ms in all, not per byte), or to take an answer (2 KiB
 * a second), or idle longer than idle_ms, is closed. Streams and requests at work are not idle.
 */
struct srd_http_server;
struct srd_http_stream;

struct srd_http_field {
    const char *name, *value;
};

struct srd_http_request {
    const char *method;
    const char *path;  /* as it came, without the query */
    const char *query; /* "" without one */
    const char *peer;  /* "10.0.0.7", "::1" */
    struct sockaddr_storage peer_address;
    bool loopback;     /* the connection came in over loopback */
    bool tls;
    const char *body;  /* in handle(): with a NUL behind; "" without one */
    size_t body_size;
    int64_t started_ms;      /* srd_clock_monotonic_ms(), when its first byte was seen, or nearly */
    struct srd_arena *arena; /* dies with the request; the thread that works on the request uses it */
    void *context;           /* the callbacks' own */
    /* Set in admit(), borrowed: on every answer of this request, ended by a NULL name. NULL: none. */
    const struct srd_http_field *extra;
};
/* First value, blanks around it trimmed; NULL: absent. Case of @name does not matter. */
const char *srd_http_header(const struct srd_http_request *request, const char *name);
/* All its values, with ", " between them, in the request's arena; NULL: absent. For lists (Accept). */
const char *srd_http_header_list(const struct srd_http_request *request, const char *name);
/* How often it is there: 2 Origins are no Origin. */
size_t srd_http_header_count(const struct srd_http_request *request, const char *name);
/* Value of a query parameter, decoded; NULL: absent. */
const char *srd_http_query(const struct srd_http_request *request, const char *name);

struct srd_http_answer {
    int status;
    const char *type; /* Content-Type; NULL without a body */
    const void *body;
    size_t size;
    /* NULL: @body is copied. Else it is borrowed until release(release_context), on any thread. */
    void (*release)(void *release_context);
    void *release_context;
    struct srd_http_field fields[12]; /* ended by a NULL name; copied */
    bool close;                       /* the connection, after this */
};
/* Exactly one per request, in admit(), handle(), or, after srd_http_later(), from any thread. */
void srd_http_answer(struct srd_http_request *request, const struct srd_http_answer *answer);
/* In handle(): the answer comes later. From then on the request may be touched by its worker only. */
void srd_http_later(struct srd_http_request *request);

/*
 * Instead of srd_http_answer(): head now, body bit by bit. In handle(), or after srd_http_later() from
 * any thread. @body of @answer is ignored. Chunked; ends with srd_http_stream_end(), and so long the request
 * is there, also when the client has left.
 */
struct srd_http_stream *srd_http_stream_open(struct srd_http_request *request,
                                             const struct srd_http_answer *answer);
/*
 * Queues @bytes; any thread. SRD_E_LIMIT: more than max_stream bytes wait already (a client that does
 * not read): the stream is closed. SRD_E_CANCELLED: the client is gone. Never blocks.
 */
int srd_http_stream_send(struct srd_http_stream *stream, const void *bytes, size_t n,
                         struct srd_error *err);
/* Bytes that wait for the client; a sender who can wait does so before it queues more. 0 when it is gone. */
size_t srd_http_stream_waiting(struct srd_http_stream *stream);
/*
 * What was queued is sent, then the stream ends. The handle is invalid afterwards, and the request may be.
 * Once, always. done() may be called from inside.
 */
void srd_http_stream_end(struct srd_http_stream *stream);

struct srd_http_tls {
    const char *certificate, *key; /* PEM texts, not file names */
};

struct srd_http_options {
    const char *address;  /* "127.0.0.1", "::1", "0.0.0.0", a name; NULL: 127.0.0.1 */
    int port;             /* 0: any free one */
    int listen_fd;        /* a socket that listens already (socket activation); -1: none */
    size_t threads;       /* 0: 2 */
    /* 0: 1000, half of it; further clients get 503 and a close. An IPv6 /64 counts as one address. */
    size_t max_connections, max_per_address;
    size_t max_body;      /* 0: 4 MiB */
    size_t max_stream;    /* bytes that may wait for a slow reader; 0: 1 MiB */
    int64_t idle_ms;      /* 0: 75 s */
    int64_t slow_ms;      /* 0: 15 s */
    const struct srd_http_tls *tls; /* NULL: plain */
    const char *busy_body; /* JSON of the 503 for connections beyond the limit */
    void (*admit)(void *context, struct srd_http_request *request);
    void (*handle)(void *context, struct srd_http_request *request);
    void (*gone)(void *context, struct srd_http_request *request);
    void (*done)(void *context, struct srd_http_request *request, int status, uint64_t bytes,
                 int64_t ms);
    /* An error that never became a request (framing): the JSON body to send, into @arena. */
    const char *(*refusal)(void *context, int status, const char *what, struct srd_arena *arena);
    void *context;
};

/*
 * Starts listening. SRD_E_SYSTEM: port in use, privileged, no such address: each in words that say what
 * to do. SRD_E_CONFIG: certificate and key that do not fit or cannot be read. SRD_E_INTERNAL: the library
 * is not installed. *@out is set before the first request is let in.
 */
int srd_http_start(const struct srd_http_options *options, struct srd_http_server **out,
                   struct srd_error *err);
/* "127.0.0.1:3000", "[::1]:3000". */
const char *srd_http_listening(const struct srd_http_server *server);
int srd_http_port(const struct srd_http_server *server);
/* New handshakes get the new pair; connections that are there go on. SRD_E_CONFIG changes nothing. */
int srd_http_reload_tls(struct srd_http_server *server, const struct srd_http_tls *tls,
                        struct srd_error *err);

struct srd_http_connection {
    uint64_t id;
    const char *peer; /* in the arena of the call */
    int64_t age_ms, idle_ms;
    uint64_t requests;
    bool busy, stream;
};
size_t srd_http_connections(struct srd_http_server *server, struct srd_arena *arena,
                            struct srd_http_connection **out);
size_t srd_http_connection_count(struct srd_http_server *server);
bool srd_http_connection_close(struct srd_http_server *server, uint64_t id); /* false: not there */

/*
 * No new connections; answers say Connection: close; waits until all requests are done, at most
 * @wait_ms, then cuts what is left (gone() is called for it). Streams are the owner's to end first.
 *
 * When it returns no handle() runs, and none will: whoever they hand work to may end. gone() and done() may
 * still be called, until srd_http_stop() returns.
 */
void srd_http_drain(struct srd_http_server *server, int64_t wait_ms);
/*
 * Drains if nobody has. Waits until every request that was taken with srd_http_later() is answered, and
 * every stream ended: it is their owners, who have heard gone(), that it waits for.
 */
void srd_http_stop(struct srd_http_server **server);

#endif
