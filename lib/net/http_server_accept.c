/* Who gets a connection, and what do those get for whom there is none? */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

#include "lib/base/arena.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/net/http_server_private.h"

#undef uthash_fatal
#define uthash_fatal(text) srd_no_memory()

/* At once, before other events get their turn. */
#define MOST_IN_A_ROW 64
#define NO_DESCRIPTORS_MS 100
/* A client that is told to go has this long, and this much, to say what it meant to. */
#define LINGER_MS 2000
#define LINGER_BYTES ((size_t)8 << 20)
#define LINGER_TURNS 4 /* reads in a row; others wait */

#define HOST_NETWORK 8 /* bytes: a /64 is what a single customer is given */

/* Connections of one address. */
struct srd_http_place {
    unsigned char
        key[16]; /* IPv4 as ::ffff:a.b.c.d; of IPv6 the network, for a host has all of it */
    size_t count;
    UT_hash_handle hh;
};

static void make_key(const union srd_http_address *address, unsigned char key[16])
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

    memset(key, 0, 16);
    if (address->any.sa_family == AF_INET6) {
        memcpy(key, &address->in6.sin6_addr, HOST_NETWORK);
    } else if (address->any.sa_family == AF_INET) {
        memcpy(key, mapped, sizeof(mapped));
        memcpy(key + 12, &address->in.sin_addr, 4);
    }
}

static struct srd_http_place *find_place(struct srd_http_server *server,
                                         const union srd_http_address *address)
{
    struct srd_http_place *place;
    unsigned char key[16];

    make_key(address, key);
    HASH_FIND(hh, server->places, key, sizeof(key), place);
    if (place)
        return place;
    place = calloc(1, sizeof(*place));
    if (!place)
        srd_no_memory();
    memcpy(place->key, key, sizeof(key));
    HASH_ADD(hh, server->places, key, sizeof(place->key), place);
    return place;
}

static void leave_place(struct srd_http_server *server, const union srd_http_address *address)
{
    struct srd_http_place *place = find_place(server, address);

    if (place->count > 1) {
        place->count--;
        return;
    }
    HASH_DEL(server->places, place);
    free(place);
}

void srd_http_places_free(struct srd_http_server *server)
{
    struct srd_http_place *place, *next;

    HASH_ITER(hh, server->places, place, next)
    {
        HASH_DEL(server->places, place);
        free(place);
    }
}

/* IPv4 that came in over an IPv6 socket is IPv4 again. */
static void read_address(const struct sockaddr_storage *from, struct srd_http_seat *seat)
{
    union srd_http_address *to = &seat->address;

    memset(to, 0, sizeof(*to));
    snprintf(seat->peer, sizeof(seat->peer), "local");
    seat->loopback = from->ss_family == AF_UNIX;
    to->any.sa_family = from->ss_family;
    if (from->ss_family == AF_INET6) {
        memcpy(&to->in6, from, sizeof(to->in6));
        if (IN6_IS_ADDR_V4MAPPED(&to->in6.sin6_addr)) {
            struct sockaddr_in plain = { .sin_family = AF_INET, .sin_port = to->in6.sin6_port };

            memcpy(&plain.sin_addr, (const char *)&to->in6.sin6_addr + 12, 4);
            memset(to, 0, sizeof(*to));
            to->in = plain;
        } else {
            inet_ntop(AF_INET6, &to->in6.sin6_addr, seat->peer, sizeof(seat->peer));
            seat->loopback = IN6_IS_ADDR_LOOPBACK(&to->in6.sin6_addr);
        }
    } else if (from->ss_family == AF_INET) {
        memcpy(&to->in, from, sizeof(to->in));
    }
    if (to->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &to->in.sin_addr, seat->peer, sizeof(seat->peer));
        seat->loopback = ntohl(to->in.sin_addr.s_addr) >> 24 == 127;
    }
}

/* A free seat, with the server's lock. NULL: all are taken, those for the surplus too. */
static struct srd_http_seat *take_seat(struct srd_http_server *server)
{
    struct srd_http_seat *seat = server->free_seats;
    size_t touched = atomic_load(&server->seats_touched);

    if (seat) {
        server->free_seats = seat->spare;
        return seat;
    }
    if (touched == server->seat_count)
        return NULL;
    seat = &server->seats[touched];
    seat->server = server;
    seat->index = (uint32_t)touched;
    pthread_mutex_init(&seat->lock, NULL);
    atomic_store(&server->seats_touched, touched + 1);
    return seat;
}

static struct srd_http_loop *least_busy(struct srd_http_server *server)
{
    struct srd_http_loop *best = server->loops;

    for (struct srd_http_loop *loop = server->loops; loop; loop = loop->next)
        if (atomic_load(&loop->connections) < atomic_load(&best->connections))
            best = loop;
    atomic_fetch_add(&best->connections, 1);
    return best;
}

static struct srd_http_seat *give_seat(struct srd_http_server *server, int fd,
                                       const struct sockaddr_storage *from)
{
    const struct srd_http_options *options = &server->options;
    int64_t now = srd_clock_monotonic_ms();
    struct srd_http_seat *seat;
    struct srd_http_place *place;

    pthread_mutex_lock(&server->lock);
    seat = take_seat(server);
    if (seat) {
        read_address(from, seat);
        place = find_place(server, &seat->address);
        seat->beyond =
            server->plain >= options->max_connections || place->count >= options->max_per_address;
        if (seat->beyond && server->beyond >= server->spare_seats) {
            seat->spare = server->free_seats;
            server->free_seats = seat;
            if (place->count == 0)
                leave_place(server, &seat->address);
            seat = NULL;
        } else {
            place->count++;
            seat->loop = least_busy(server);
            *(seat->beyond ? &server->beyond : &server->plain) += 1;
        }
    }
    pthread_mutex_unlock(&server->lock);
    if (!seat)
        return NULL;
    pthread_mutex_lock(&seat->lock);
    seat->used = true;
    seat->generation++;
    seat->fd = fd;
    seat->now = NULL;
    seat->late = seat->watched = seat->unread = false;
    seat->mhd = NULL;
    seat->taken_since_ms = seat->left_since_ms = 0;
    seat->opened_ms = now;
    atomic_store(&seat->requests, 0);
    /* the first request has to come soon: a place that nobody uses is somebody else's */
    srd_http_seat_phase(seat, SRD_HTTP_READ, now, now + options->slow_ms);
    pthread_mutex_unlock(&seat->lock);
    return seat;
}

static void give_back(struct srd_http_seat *seat)
{
    struct srd_http_server *server = seat->server;

    pthread_mutex_lock(&server->lock);
    leave_place(server, &seat->address);
    *(seat->beyond ? &server->beyond : &server->plain) -= 1;
    atomic_fetch_sub(&seat->loop->connections, 1);
    seat->spare = server->free_seats;
    server->free_seats = seat;
    pthread_mutex_unlock(&server->lock);
}

/* The library closes the descriptor when this returns. */
void srd_http_leave_seat(struct srd_http_seat *seat)
{
    struct srd_http_server *server = seat->server;
    char byte;
    int fd;

    pthread_mutex_lock(&seat->lock);
    fd = seat->fd;
    seat->used = false;
    seat->generation++;
    if (seat->watched) /* a copy of the descriptor would keep it in the set */
        epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    seat->watched = false;
    pthread_mutex_unlock(&seat->lock);
    if (!seat->late && !atomic_load(&server->stopping)) {
        ssize_t waits = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

        if (waits > 0 || (waits < 0 && seat->unread))
            srd_http_linger(server, fd);
    }
    give_back(seat);
}

/* ---- those who come too late ---- */

/*
 * Closing a socket with unread bytes resets the connection, and the client may lose the answer that
 * was on its way. A copy of the descriptor is kept, and read, until the client has understood.
 */
void srd_http_linger(struct srd_http_server *server, int fd)
{
    struct srd_http_lingerer *free_one = NULL;

    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < SRD_HTTP_LINGERERS && !free_one; i++)
        if (server->lingerers[i].fd < 0)
            free_one = &server->lingerers[i];
    if (free_one) {
        free_one->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        free_one->until_ms = srd_clock_monotonic_ms() + LINGER_MS;
        free_one->bytes = 0;
        if (free_one->fd >= 0) {
            struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP,
                                         .data.u64 = SRD_HTTP_EVENT_LINGER };

            shutdown(free_one->fd, SHUT_WR);
            epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, free_one->fd, &event);
        }
    }
    pthread_mutex_unlock(&server->lock);
}

void srd_http_linger_on(struct srd_http_server *server, int64_t now_ms)
{
    char nowhere[16384];

    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < SRD_HTTP_LINGERERS; i++) {
        struct srd_http_lingerer *who = &server->lingerers[i];
        ssize_t n = 1;

        if (who->fd < 0)
            continue;
        for (int turn = 0; n > 0 && turn < LINGER_TURNS && who->bytes < LINGER_BYTES; turn++) {
            n = recv(who->fd, nowhere, sizeof(nowhere), MSG_DONTWAIT);
            who->bytes += n > 0 ? (size_t)n : 0;
        }
        if (now_ms < who->until_ms && who->bytes < LINGER_BYTES &&
            (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR))))
            continue;
        close(who->fd);
        who->fd = -1;
    }
    pthread_mutex_unlock(&server->lock);
}

/* There is not even a seat to say it from: as much of a 503 as can be said without waiting. */
static void turn_away(struct srd_http_server *server, int fd)
{
    static const char fallback[] = "{\"error\":\"Server at capacity\"}";
    const char *body = server->options.busy_body ? server->options.busy_body : fallback;
    char words[2048], nowhere[4096];
    int n;

    if (!server->tls) {
        while (recv(fd, nowhere, sizeof(nowhere), MSG_DONTWAIT) == (ssize_t)sizeof(nowhere))
            ;
        n = snprintf(words, sizeof(words),
                     "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
                     "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                     strlen(body), body);
        if (n > 0 && (size_t)n < sizeof(words)) {
            send(fd, words, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
            srd_http_linger(server, fd);
        }
    }
    close(fd);
}

/* ---- the door ---- */

static void let_in(struct srd_http_server *server, int fd, const struct sockaddr_storage *from)
{
    struct srd_http_seat *seat = give_seat(server, fd, from);
    struct srd_http_ticket ticket = { .seat = seat };

    if (!seat) {
        turn_away(server, fd);
        return;
    }
    ticket.address = seat->address;
    /* it closes the descriptor also when it does not take it */
    if (srd_mhd.add_connection(seat->loop->daemon, fd, &ticket.address.any, sizeof(ticket)) ==
        MHD_YES)
        return;
    pthread_mutex_lock(&seat->lock);
    seat->used = false;
    seat->generation++;
    pthread_mutex_unlock(&seat->lock);
    give_back(seat);
}

/* Without descriptors the listening socket stays readable: look away for a moment. */
static void out_of_descriptors(struct srd_http_server *server)
{
    if (server->accept_again_ms == 0)
        srd_log(SRD_LOG_WARNING, "no connection can be accepted: %s", strerror(errno));
    server->accept_again_ms = srd_clock_monotonic_ms() + NO_DESCRIPTORS_MS;
    epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, server->listen_fd, NULL);
}

void srd_http_accept(struct srd_http_server *server)
{
    for (int i = 0; i < MOST_IN_A_ROW; i++) {
        struct sockaddr_storage from = { 0 };
        socklen_t size = sizeof(from);
        int fd = accept4(server->listen_fd, (struct sockaddr *)&from, &size,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0) {
            let_in(server, fd, &from);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            out_of_descriptors(server);
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}
