#ifndef SRD_NET_HTTP_SERVER_PRIVATE_H
#define SRD_NET_HTTP_SERVER_PRIVATE_H

#ifndef MHD_VERSION
#error "the files that include this include <microhttpd.h> first"
#endif

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#include "lib/net/http_server.h"

/*
 * What the files of the HTTP server share. Who runs where:
 *
 *   watcher    one thread: accepts, notices clients that leave, closes those that are late
 *              (http_server_watch.c, http_server_accept.c)
 *   loops      a few threads of the library, one daemon each: read, call back, write
 *              (http_server_request.c, http_server_stream.c)
 *   workers    not ours: srd_http_answer(), srd_http_stream_...() after srd_http_later()
 *
 * Locks, in this order: a seat's, then a stream's, then the library's own. The server's lock is
 * taken alone or last; requests that are answered at once take a seat's lock twice and share no
 * other.
 */

/* ---- the library (http_server_library.c) ---- */

struct srd_mhd {
    __typeof__(&MHD_start_daemon) start_daemon;
    __typeof__(&MHD_stop_daemon) stop_daemon;
    __typeof__(&MHD_add_connection) add_connection;
    __typeof__(&MHD_get_version) get_version;
    __typeof__(&MHD_is_feature_supported) is_feature_supported;
    __typeof__(&MHD_get_connection_info) get_connection_info;
    __typeof__(&MHD_get_connection_values_n) get_connection_values_n;
    __typeof__(&MHD_suspend_connection) suspend_connection;
    __typeof__(&MHD_resume_connection) resume_connection;
    __typeof__(&MHD_queue_response) queue_response;
    __typeof__(&MHD_create_response_from_buffer) create_response_from_buffer;
    __typeof__(&MHD_create_response_from_buffer_with_free_callback_cls)
        create_response_from_buffer_with_free_callback_cls;
    __typeof__(&MHD_create_response_from_callback) create_response_from_callback;
    __typeof__(&MHD_add_response_header) add_response_header;
    __typeof__(&MHD_destroy_response) destroy_response;
    bool old; /* 0.9.x: lenient about lines, see srd_http_lines_are_plain() */
};
extern struct srd_mhd srd_mhd;
/* Once per process, any thread. SRD_E_INTERNAL: not installed, or too old. */
int srd_http_load_library(struct srd_error *err);

/* ---- one connection ---- */

/* What a connection waits for. */
enum srd_http_phase {
    SRD_HTTP_IDLE,   /* the client's next request */
    SRD_HTTP_READ,   /* the rest of its head or body */
    SRD_HTTP_WORK,   /* our answer */
    SRD_HTTP_SEND,   /* the client to take it */
    SRD_HTTP_STREAM, /* the end of a stream */
};

/*
 * A place for a connection; there are as many as there may be connections, and they are used again.
 */
struct srd_http_seat {
    struct srd_http_server *server;
    uint32_t index;
    /* guards @used, @generation, @fd, @now and what says so in an exchange */
    pthread_mutex_t lock;
    bool used;
    uint32_t generation; /* changes with each connection: late events find another */
    int fd;
    struct srd_http_exchange *now;
    bool late;    /* closed for being slow or idle */
    bool watched; /* in the watcher's epoll set */
    bool unread;  /* answered before all was read: see srd_http_linger() */

    struct srd_http_loop *loop;
    struct MHD_Connection *mhd;
    bool beyond; /* more than there may be: 503 */
    bool loopback;
    char peer[48];
    union srd_http_address {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } address;
    int64_t opened_ms;
    _Atomic int phase;
    _Atomic int64_t since_ms; /* of the phase */
    _Atomic int64_t due_ms;   /* closed then; 0: never */
    _Atomic uint64_t requests;
    /* the watcher's: what the client had taken when, and since when it is asked to */
    uint64_t taken;
    int64_t taken_since_ms, taken_at_ms;
    int64_t left_since_ms;       /* the phase in which the client was seen to have left */
    struct srd_http_seat *spare; /* next free one */
};
void srd_http_seat_phase(struct srd_http_seat *seat, enum srd_http_phase phase, int64_t now_ms,
                         int64_t due_ms);

/* What the library is given as the address of a client, and gives back. */
struct srd_http_ticket {
    union srd_http_address address;
    struct srd_http_seat *seat;
};

/* One thread of the library. */
struct srd_http_loop {
    struct srd_http_server *server;
    struct MHD_Daemon *daemon;
    atomic_size_t connections; /* also those it was just given */
    atomic_bool retired;       /* its certificate is old: ends with its last connection */
    struct srd_http_loop *next;
};

/* ---- one request and its answer ---- */

struct srd_http_head_field {
    const char *name, *value;
};

/*
 * In its own arena, except for @body, from its request line to srd_http_finish(). Three may need
 * it, and whoever is the last of them finishes it, once:
 *
 *   the library  until srd_http_on_over() (@over). Not before the answer of one that was taken with
 *                later(): its connection is suspended, and the library closes none that is.
 *   its owner    of a stream: until srd_http_stream_end() (@ended), also when the client has left
 *   gone()       while it runs (@in_gone); never while handle() does (@armed comes after it)
 *
 * So memory of the request's arena may be known to other threads (a worker, the pulse) until they
 * answer it, or end its stream, and no longer.
 */
struct srd_http_exchange {
    struct srd_http_request request; /* first: the callers hold this */
    struct srd_http_seat *seat;
    struct srd_http_head_field *fields;
    size_t field_count;
    const char *version;
    char *body;
    size_t body_room;
    uint64_t body_said;    /* Content-Length; UINT64_MAX: chunked */
    bool head_read, asked; /* first call is over; handle() was called */
    bool drop_body;        /* answered already, or too large: read and thrown away */
    uint64_t dropped;
    bool too_large;
    /* under the seat's lock */
    bool later;         /* suspended, or about to be */
    bool stream;        /* answered with one */
    bool ended;         /* it, by its owner, who may use the request until then */
    bool armed;         /* the watcher looks for the client's leaving */
    bool told;          /* gone() was called */
    bool in_gone, over; /* gone() is running; the library is done with the exchange */
    bool answered;
    bool queued; /* the library has the answer */
    struct MHD_Response *response;
    struct srd_http_stream *body_stream; /* held until the exchange is finished */
    int status;
    uint64_t size; /* of the body; of a stream: sent so far, when over */
};

/* Callbacks of the library (http_server_request.c). */
void *srd_http_on_line(void *server, const char *uri, struct MHD_Connection *connection);
enum MHD_Result srd_http_on_call(void *server, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *bytes,
                                 size_t *n, void **exchange);
void srd_http_on_over(void *server, struct MHD_Connection *connection, void **exchange,
                      enum MHD_RequestTerminationCode how);
void srd_http_on_connection(void *server, struct MHD_Connection *connection, void **seat,
                            enum MHD_ConnectionNotificationCode what);
/* done(), and its memory is gone. */
void srd_http_finish(struct srd_http_exchange *x);

/* http_server_head.c: copies the head. 0, or the status to refuse it with; @what: why. */
int srd_http_read_head(struct srd_http_exchange *x, struct MHD_Connection *connection,
                       const char *method, const char *version, const char **what);
bool srd_http_has_body(const struct srd_http_exchange *x);

/* http_server_answer.c */
struct MHD_Response *srd_http_with_fields(struct srd_http_exchange *x,
                                          struct MHD_Response *response,
                                          const struct srd_http_answer *answer);
void srd_http_refuse(struct srd_http_exchange *x, int status, const char *what);
void srd_http_refuse_busy(struct srd_http_exchange *x);
/* Keeps @response for the loop; false: there is an answer already. Takes @response. */
bool srd_http_settle(struct srd_http_exchange *x, struct MHD_Response *response,
                     struct srd_http_stream *stream, int status, uint64_t size);

/* http_server_stream.c */
void srd_http_stream_leave(struct srd_http_stream *stream); /* the client is gone */
uint64_t srd_http_stream_sent(struct srd_http_stream *stream);
void srd_http_stream_let_go(struct srd_http_stream *stream);

/* ---- the server (http_server.c) ---- */

struct srd_http_lingerer {
    int fd; /* -1: free */
    int64_t until_ms;
    size_t bytes;
};
#define SRD_HTTP_LINGERERS 64

struct srd_http_server {
    struct srd_http_options options; /* with the defaults filled in; strings are copies */
    struct srd_arena *arena;
    bool tls;
    int listen_fd, port;
    char listening[80];
    struct srd_http_seat *seats;
    size_t seat_count, spare_seats;
    atomic_size_t seats_touched; /* those below it have been used once */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t quiet; /* an exchange ended, while draining */
    struct srd_http_seat *free_seats;
    size_t plain, beyond;          /* connections within the limit and beyond it */
    struct srd_http_place *places; /* connections per address */
    struct srd_http_loop *loops, *retired;
    struct srd_http_lingerer lingerers[SRD_HTTP_LINGERERS];

    atomic_size_t active;   /* exchanges that are there */
    atomic_size_t held;     /* those of them that were taken with later(), and streams */
    atomic_size_t handlers; /* at work */
    /* no new connections; what is there was cut, and no handler begins; no thread goes on */
    atomic_bool draining, cut, stopping;
    pthread_t watcher;
    bool watching;
    int epoll_fd, wake_fd;
    int64_t accept_again_ms; /* no descriptors were left: try then; 0 */
    size_t last, most; /* connections at the last look; at a time since memory was given back */
};

/* http_server_loops.c: as many daemons as threads are wanted. */
int srd_http_loops_start(struct srd_http_server *server, const struct srd_http_tls *tls,
                         struct srd_http_loop **out, struct srd_error *err);
void srd_http_loops_stop(struct srd_http_loop **loops);
/* Stops those retired ones that have no connection left. */
void srd_http_loops_reap(struct srd_http_server *server);

/* http_server_listen.c */
int srd_http_listen(struct srd_http_server *server, struct srd_error *err);

/* http_server_accept.c: on the watcher's thread */
void srd_http_accept(struct srd_http_server *server);
void srd_http_leave_seat(struct srd_http_seat *seat); /* the connection is closed */
void srd_http_places_free(struct srd_http_server *server);
/*
 * The fd stays open for a while, so that the client reads the answer before it hears of the close.
 */
void srd_http_linger(struct srd_http_server *server, int fd);
void srd_http_linger_on(struct srd_http_server *server, int64_t now_ms);

/* http_server_watch.c */
int srd_http_watch_start(struct srd_http_server *server, struct srd_error *err);
void srd_http_watch_stop(struct srd_http_server *server);
void srd_http_watch_wake(struct srd_http_server *server);
/* Tells the watcher to look for the leaving of the seat's client; with the seat's lock. */
void srd_http_watch_arm(struct srd_http_seat *seat);
/* gone(), once, if there is somebody to tell; on the watcher's thread, or draining. */
void srd_http_left(struct srd_http_seat *seat, uint32_t generation);
/* gone() for an exchange whose @in_gone was just set, and its end if nobody else has to wait for
 * it. */
void srd_http_tell_gone(struct srd_http_exchange *x);
#define SRD_HTTP_EVENT_WAKE UINT64_MAX
#define SRD_HTTP_EVENT_LISTEN (UINT64_MAX - 1)
#define SRD_HTTP_EVENT_LINGER (UINT64_MAX - 2)

#endif
