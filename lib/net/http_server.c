/* How does a server begin, what is going on in it, and how does it end? */

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/net/http_server_private.h"

/* Connections beyond the limit that can be told so at the same time. */
#define SPARE_LEAST 16
#define SPARE_MOST 256
/* Descriptors of everything that is no connection. */
#define OTHER_DESCRIPTORS 128
#define LOOK_AGAIN_MS 50

static void fill_defaults(struct srd_http_server *server, const struct srd_http_options *options)
{
    struct srd_http_options *own = &server->options;

    *own = *options;
    own->address = srd_arena_copy(server->arena, own->address ? own->address : "127.0.0.1");
    own->busy_body = srd_arena_copy(server->arena, own->busy_body);
    own->threads = own->threads ? own->threads : 2;
    own->max_connections = own->max_connections ? own->max_connections : 1000;
    if (!own->max_per_address)
        own->max_per_address = (own->max_connections + 1) / 2;
    own->max_body = own->max_body ? own->max_body : (size_t)4 << 20;
    own->max_stream = own->max_stream ? own->max_stream : (size_t)1 << 20;
    own->idle_ms = own->idle_ms ? own->idle_ms : 75000;
    own->slow_ms = own->slow_ms ? own->slow_ms : 15000;
    server->tls = own->tls != NULL;
    own->tls = NULL; /* the key is the library's from here on */
    server->spare_seats = own->max_connections / 16;
    if (server->spare_seats < SPARE_LEAST)
        server->spare_seats = SPARE_LEAST;
    if (server->spare_seats > SPARE_MOST)
        server->spare_seats = SPARE_MOST;
    server->seat_count = own->max_connections + server->spare_seats;
}

/* Each connection takes a descriptor, and the shell's limit is made for programs without any. */
static void raise_limit(const struct srd_http_server *server)
{
    rlim_t wanted = server->seat_count + SRD_HTTP_LINGERERS + OTHER_DESCRIPTORS;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
        srd_log(SRD_LOG_WARNING,
                "the limit of open files is %llu: fewer than the %zu connections that are allowed "
                "can be served (ulimit -n)",
                (unsigned long long)limit.rlim_cur, server->options.max_connections);
}

static struct srd_http_server *new_server(const struct srd_http_options *options)
{
    struct srd_http_server *server = calloc(1, sizeof(*server));
    pthread_condattr_t monotonic;

    if (!server)
        srd_no_memory();
    server->arena = srd_arena_new();
    server->listen_fd = server->epoll_fd = server->wake_fd = -1;
    fill_defaults(server, options);
    server->seats = calloc(server->seat_count, sizeof(*server->seats));
    if (!server->seats)
        srd_no_memory();
    for (size_t i = 0; i < SRD_HTTP_LINGERERS; i++)
        server->lingerers[i].fd = -1;
    pthread_mutex_init(&server->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&server->quiet, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return server;
}

/* Nothing runs any more. */
static void free_server(struct srd_http_server **server)
{
    struct srd_http_server *s = *server;

    if (!s)
        return;
    srd_fd_close(&s->listen_fd);
    srd_fd_close(&s->epoll_fd);
    srd_fd_close(&s->wake_fd);
    for (size_t i = 0; i < SRD_HTTP_LINGERERS; i++)
        srd_fd_close(&s->lingerers[i].fd);
    for (size_t i = 0; i < atomic_load(&s->seats_touched); i++)
        pthread_mutex_destroy(&s->seats[i].lock);
    srd_http_places_free(s);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->quiet);
    free(s->seats);
    srd_arena_free(&s->arena);
    free(s);
    *server = NULL;
}

int srd_http_start(const struct srd_http_options *options, struct srd_http_server **out,
                   struct srd_error *err)
{
    SRD_CLEANUP(free_server) struct srd_http_server *server = NULL;
    int failed = srd_http_load_library(err);

    if (failed)
        return failed;
    server = new_server(options);
    raise_limit(server);
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->epoll_fd < 0 || server->wake_fd < 0)
        return srd_fail(err, SRD_E_SYSTEM, "watch connections: %s", strerror(errno));
    failed = srd_http_listen(server, err);
    if (!failed)
        failed = srd_http_loops_start(server, options->tls, &server->loops, err);
    *out = server; /* before the door opens: the first request may ask for it */
    if (!failed)
        failed = srd_http_watch_start(server, err);
    if (failed) {
        srd_http_loops_stop(&server->loops);
        *out = NULL;
        return failed;
    }
    SRD_TAKE(server);
    return 0;
}

const char *srd_http_listening(const struct srd_http_server *server)
{
    return server->listening;
}

int srd_http_port(const struct srd_http_server *server)
{
    return server->port;
}

int srd_http_reload_tls(struct srd_http_server *server, const struct srd_http_tls *tls,
                        struct srd_error *err)
{
    struct srd_http_loop *fresh = NULL, **last;
    int failed;

    if (!server->tls)
        return srd_fail(err, SRD_E_CONFIG, "the server was started without TLS; restart it");
    failed = srd_http_loops_start(server, tls, &fresh, err);
    if (failed)
        return failed;
    pthread_mutex_lock(&server->lock);
    for (struct srd_http_loop *loop = server->loops; loop; loop = loop->next)
        atomic_store(&loop->retired, true);
    for (last = &server->retired; *last; last = &(*last)->next)
        ;
    *last = server->loops;
    server->loops = fresh;
    pthread_mutex_unlock(&server->lock);
    return 0;
}

/* ---- what is going on ---- */

static bool describe(struct srd_http_seat *seat, struct srd_arena *arena, int64_t now_ms,
                     struct srd_http_connection *out)
{
    int phase;

    pthread_mutex_lock(&seat->lock);
    if (!seat->used) {
        pthread_mutex_unlock(&seat->lock);
        return false;
    }
    phase = atomic_load(&seat->phase);
    *out = (struct srd_http_connection){
        .id = (uint64_t)seat->generation << 32 | seat->index,
        .peer = srd_arena_copy(arena, seat->peer),
        .age_ms = now_ms - seat->opened_ms,
        .idle_ms = phase == SRD_HTTP_IDLE ? now_ms - atomic_load(&seat->since_ms) : 0,
        .requests = atomic_load(&seat->requests),
        .busy = phase != SRD_HTTP_IDLE,
        .stream = phase == SRD_HTTP_STREAM,
    };
    pthread_mutex_unlock(&seat->lock);
    return true;
}

size_t srd_http_connections(struct srd_http_server *server, struct srd_arena *arena,
                            struct srd_http_connection **out)
{
    size_t touched = atomic_load(&server->seats_touched), count = 0;
    int64_t now_ms = srd_clock_monotonic_ms();

    *out = srd_arena_array(arena, touched + 1, sizeof(**out));
    for (size_t i = 0; i < touched; i++)
        count += describe(&server->seats[i], arena, now_ms, &(*out)[count]);
    return count;
}

size_t srd_http_connection_count(struct srd_http_server *server)
{
    size_t count;

    pthread_mutex_lock(&server->lock);
    count = server->plain + server->beyond;
    pthread_mutex_unlock(&server->lock);
    return count;
}

bool srd_http_connection_close(struct srd_http_server *server, uint64_t id)
{
    uint32_t index = (uint32_t)id;
    struct srd_http_seat *seat;
    bool there;

    if (index >= atomic_load(&server->seats_touched))
        return false;
    seat = &server->seats[index];
    pthread_mutex_lock(&seat->lock);
    there = seat->used && seat->generation == (uint32_t)(id >> 32);
    if (there)
        shutdown(seat->fd, SHUT_RDWR); /* the library, or the watcher, sees to the rest */
    pthread_mutex_unlock(&seat->lock);
    return there;
}

/* ---- the end ---- */

/* Until @count is 0, or the time is over. */
static bool wait_for(struct srd_http_server *server, atomic_size_t *count, int64_t until_ms)
{
    bool over;

    pthread_mutex_lock(&server->lock);
    while (atomic_load(count) > 0 && srd_clock_monotonic_ms() < until_ms) {
        int64_t wake_ms = srd_clock_monotonic_ms() + LOOK_AGAIN_MS;
        struct timespec at;

        wake_ms = wake_ms < until_ms ? wake_ms : until_ms;
        at.tv_sec = (time_t)(wake_ms / 1000);
        at.tv_nsec = (long)(wake_ms % 1000) * 1000000L;
        pthread_cond_timedwait(&server->quiet, &server->lock, &at);
    }
    over = atomic_load(count) == 0;
    pthread_mutex_unlock(&server->lock);
    return over;
}

static void cut_rest(struct srd_http_server *server)
{
    size_t touched;

    atomic_store(&server->cut, true); /* first: a handler that begins later is not called */
    touched = atomic_load(&server->seats_touched);
    for (size_t i = 0; i < touched; i++) {
        struct srd_http_seat *seat = &server->seats[i];
        uint32_t generation;

        pthread_mutex_lock(&seat->lock);
        generation = seat->generation;
        if (seat->used)
            shutdown(seat->fd, SHUT_RDWR);
        pthread_mutex_unlock(&seat->lock);
        srd_http_left(seat, generation);
    }
}

void srd_http_drain(struct srd_http_server *server, int64_t wait_ms)
{
    atomic_store(&server->draining, true);
    srd_http_watch_wake(server); /* it closes the door */
    wait_for(server, &server->active, srd_clock_monotonic_ms() + wait_ms);
    cut_rest(server);
    wait_for(server, &server->handlers, INT64_MAX); /* which do not block */
}

void srd_http_stop(struct srd_http_server **server)
{
    struct srd_http_server *s = *server;

    if (!s)
        return;
    if (!atomic_load(&s->draining))
        srd_http_drain(s, 0);
    /* the library cannot be stopped under a request that waits for its answer */
    while (!wait_for(s, &s->held, srd_clock_monotonic_ms() + 10000))
        srd_log(SRD_LOG_WARNING, "the server cannot end: %zu requests are not answered",
                atomic_load(&s->held));
    atomic_store(&s->stopping, true);
    srd_http_watch_stop(s);
    srd_http_loops_stop(&s->loops);
    srd_http_loops_stop(&s->retired);
    free_server(server);
}
