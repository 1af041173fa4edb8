/* Who has left, and who is late? One thread that also opens the door. */

#include <errno.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <microhttpd.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/net/http_server_private.h"

#define MOST_EVENTS 64
#define MOST_TICK_MS 500
#define LEAST_TICK_MS 20
/* Closed, and still there: the library has not looked at it. */
#define AGAIN_MS 2000
/* The kernel's number for a connection whose other side has closed its half. */
#define KERNEL_CLOSE_WAIT 8
/* Slower readers than this are closed; a bad mobile link is faster. */
#define SLOWEST_BYTES_PER_MS 2
/* What the kernel knows of the last byte is counted in its own ticks. */
#define TICK_SLACK_MS 20
/* Connections whose leaving is worth a look at the heap. */
#define MANY 64

/* ---- clients that leave ---- */

static uint64_t event_key(const struct srd_http_seat *seat)
{
    return (uint64_t)seat->generation << 32 | seat->index;
}

/*
 * While a connection is suspended the library does not look at it. One shot: what comes after the
 * answer is not ours to see, and finds another generation or nobody to tell.
 */
void srd_http_watch_arm(struct srd_http_seat *seat)
{
    struct srd_http_server *server = seat->server;
    struct epoll_event event = { .events = EPOLLRDHUP | EPOLLONESHOT, .data.u64 = event_key(seat) };

    if (epoll_ctl(server->epoll_fd, seat->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, seat->fd,
                  &event) == 0)
        seat->watched = true;
}

void srd_http_tell_gone(struct srd_http_exchange *x)
{
    struct srd_http_seat *seat = x->seat;
    const struct srd_http_options *options = &seat->server->options;
    bool finish;

    if (options->gone)
        options->gone(options->context, &x->request);
    pthread_mutex_lock(&seat->lock);
    x->in_gone = false;
    finish = x->over && (!x->stream || x->ended);
    pthread_mutex_unlock(&seat->lock);
    if (finish)
        srd_http_finish(x);
}

void srd_http_left(struct srd_http_seat *seat, uint32_t generation)
{
    struct srd_http_exchange *x;

    pthread_mutex_lock(&seat->lock);
    x = seat->used && seat->generation == generation ? seat->now : NULL;
    if (!x || !x->armed || x->told || (x->answered && !x->stream) || x->ended) {
        pthread_mutex_unlock(&seat->lock);
        return;
    }
    x->told = x->in_gone = true;
    if (x->stream) {
        shutdown(seat->fd, SHUT_RDWR);
        srd_http_stream_leave(x->body_stream);
    }
    pthread_mutex_unlock(&seat->lock);
    srd_http_tell_gone(x);
}

/* ---- clients that are late ---- */

static bool ask_kernel(const struct srd_http_seat *seat, struct tcp_info *info)
{
    socklen_t size = sizeof(*info);

    memset(info, 0, sizeof(*info));
    return getsockopt(seat->fd, IPPROTO_TCP, TCP_INFO, info, &size) == 0; /* else it is not TCP */
}

/*
 * The library does not tell when the first byte of a request comes, and one byte a second would
 * keep a connection for ever. The kernel knows when the last byte came.
 */
static void find_begun_head(struct srd_http_seat *seat, const struct tcp_info *info, int64_t now_ms)
{
    int64_t last_ms = now_ms - (int64_t)info->tcpi_last_data_recv;

    if (last_ms > atomic_load(&seat->since_ms) + TICK_SLACK_MS)
        srd_http_seat_phase(seat, SRD_HTTP_READ, last_ms, last_ms + seat->server->options.slow_ms);
}

/*
 * Has the client taken too little of its answer since it was last asked? If not, it gets more time.
 */
static bool reads_too_slowly(struct srd_http_seat *seat, int64_t now_ms, bool due)
{
    int64_t since_ms = atomic_load(&seat->since_ms);
    struct tcp_info info;

    if (seat->taken_since_ms == since_ms && !due)
        return false;
    if (!ask_kernel(seat, &info))
        return false;
    if (seat->taken_since_ms == since_ms &&
        info.tcpi_bytes_acked - seat->taken <
            (uint64_t)(now_ms - seat->taken_at_ms) * SLOWEST_BYTES_PER_MS)
        return true;
    seat->taken = info.tcpi_bytes_acked;
    seat->taken_since_ms = since_ms;
    seat->taken_at_ms = now_ms;
    if (due)
        atomic_store(&seat->due_ms, now_ms + seat->server->options.slow_ms);
    return false;
}

/*
 * Has the client closed its half, and the library not seen it? (It takes a short read for the end
 * of what there was, and the end that came with it is lost.) True when that is so at two looks in
 * one phase, and nothing waits to be read.
 */
static bool left_unseen(struct srd_http_seat *seat, const struct tcp_info *info)
{
    int64_t since_ms = atomic_load(&seat->since_ms);
    bool again = seat->left_since_ms == since_ms;
    int waits = 0;

    if (info->tcpi_state != KERNEL_CLOSE_WAIT)
        return false;
    seat->left_since_ms = since_ms;
    return again && ioctl(seat->fd, FIONREAD, &waits) == 0 && waits == 0;
}

/* With the lock: why the connection is to be closed now, if it is. */
static enum { STAYS, LATE, LEFT } judge(struct srd_http_seat *seat, int64_t now_ms)
{
    int64_t due_ms = atomic_load(&seat->due_ms);
    int phase = atomic_load(&seat->phase);
    bool due = due_ms && now_ms >= due_ms;
    struct tcp_info info;

    if (phase == SRD_HTTP_SEND && !seat->late)
        return reads_too_slowly(seat, now_ms, due) ? LATE : STAYS;
    if (due)
        return LATE;
    if ((phase != SRD_HTTP_IDLE && phase != SRD_HTTP_READ) || !ask_kernel(seat, &info))
        return STAYS;
    if (left_unseen(seat, &info))
        return LEFT;
    if (phase == SRD_HTTP_IDLE && !seat->now)
        find_begun_head(seat, &info, now_ms);
    return STAYS;
}

static void look_at(struct srd_http_seat *seat, int64_t now_ms)
{
    pthread_mutex_lock(&seat->lock);
    if (seat->used && seat->mhd) {
        int what = judge(seat, now_ms);

        seat->late = seat->late || what == LATE;
        if (what != STAYS) {
            shutdown(seat->fd, SHUT_RDWR);
            atomic_store(&seat->due_ms, now_ms + AGAIN_MS);
        }
    }
    pthread_mutex_unlock(&seat->lock);
}

/* Most of many have left, and no more leave now: what they needed shall not stay with us. */
static void give_back_memory(struct srd_http_server *server)
{
    size_t now, before = server->last;

    pthread_mutex_lock(&server->lock);
    now = server->last = server->plain + server->beyond;
    pthread_mutex_unlock(&server->lock);
    if (now > server->most)
        server->most = now;
    if (server->most < MANY || now > server->most / 4 || now < before)
        return;
    malloc_trim(0);
    server->most = now;
}

static void sweep(struct srd_http_server *server, int64_t now_ms)
{
    size_t touched = atomic_load(&server->seats_touched);

    for (size_t i = 0; i < touched; i++)
        look_at(&server->seats[i], now_ms);
    srd_http_linger_on(server, now_ms);
    srd_http_loops_reap(server);
    give_back_memory(server);
}

/* ---- the thread ---- */

static void listen_again(struct srd_http_server *server)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = SRD_HTTP_EVENT_LISTEN };

    server->accept_again_ms = 0;
    if (server->listen_fd >= 0)
        epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->listen_fd, &event);
}

/* Something was asked of the watcher: it ends, or the door is to be closed. */
static void woken(struct srd_http_server *server)
{
    uint64_t count;

    while (read(server->wake_fd, &count, sizeof(count)) > 0)
        ;
    if (atomic_load(&server->draining) && server->listen_fd >= 0) {
        epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, server->listen_fd, NULL);
        close(server->listen_fd);
        server->listen_fd = -1;
    }
}

static void handle_event(struct srd_http_server *server, uint64_t key)
{
    uint32_t index = (uint32_t)key;

    if (key == SRD_HTTP_EVENT_WAKE)
        woken(server);
    else if (key == SRD_HTTP_EVENT_LISTEN && server->listen_fd >= 0)
        srd_http_accept(server);
    else if (key == SRD_HTTP_EVENT_LINGER)
        srd_http_linger_on(server, srd_clock_monotonic_ms());
    else if (index < server->seat_count)
        srd_http_left(&server->seats[index], (uint32_t)(key >> 32));
}

static void *watch(void *context)
{
    struct srd_http_server *server = context;
    struct epoll_event events[MOST_EVENTS];
    int64_t tick_ms = server->options.slow_ms / 8, next_ms;

    tick_ms = tick_ms > MOST_TICK_MS    ? MOST_TICK_MS
              : tick_ms < LEAST_TICK_MS ? LEAST_TICK_MS
                                        : tick_ms;
    next_ms = srd_clock_monotonic_ms() + tick_ms;
    while (!atomic_load(&server->stopping)) {
        int64_t now_ms = srd_clock_monotonic_ms();
        int n;

        if (now_ms >= next_ms) {
            sweep(server, now_ms);
            if (server->accept_again_ms && now_ms >= server->accept_again_ms)
                listen_again(server);
            next_ms = now_ms + tick_ms;
        }
        n = epoll_wait(server->epoll_fd, events, MOST_EVENTS, (int)(next_ms - now_ms));
        for (int i = 0; i < n; i++)
            handle_event(server, events[i].data.u64);
    }
    return NULL;
}

int srd_http_watch_start(struct srd_http_server *server, struct srd_error *err)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = SRD_HTTP_EVENT_WAKE };
    sigset_t all, before;
    int failed;

    if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->wake_fd, &event) != 0)
        return srd_fail(err, SRD_E_SYSTEM, "watch connections: %s", strerror(errno));
    listen_again(server);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    failed = pthread_create(&server->watcher, NULL, watch, server);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return srd_fail(err, SRD_E_SYSTEM, "start a thread: %s", strerror(failed));
    server->watching = true;
    return 0;
}

void srd_http_watch_wake(struct srd_http_server *server)
{
    uint64_t one = 1;
    ssize_t n = write(server->wake_fd, &one, sizeof(one));

    (void)n; /* full means that it is awake already */
}

void srd_http_watch_stop(struct srd_http_server *server)
{
    if (!server->watching)
        return;
    srd_http_watch_wake(server);
    pthread_join(server->watcher, NULL);
    server->watching = false;
}
