/* At which address does the server listen, and if it cannot, what is the reason? */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/net/http_server_private.h"

#define BACKLOG 1024

/* A peer that vanished without a word is noticed after this, also where nothing is said to it. */
#define SILENT_PEER_S 60
#define PROBE_EVERY_S 15
#define PROBES 4

static int refused(struct srd_error *err, const char *address, int port, int number)
{
    bool colons = strchr(address, ':') != NULL;
    const char *open = colons ? "[" : "", *close = colons ? "]" : "";
    const char *reason = strerror(number), *advice = "";

    if (number == EADDRINUSE) {
        reason = "another program listens there";
        advice = "; choose another port, or end that program (ss -ltnp shows it)";
    } else if (number == EACCES && port > 0 && port < 1024) {
        reason = "ports below 1024 are for the system";
        advice = "; choose one above, or grant CAP_NET_BIND_SERVICE";
    } else if (number == EADDRNOTAVAIL) {
        reason = "this machine has no such address";
        advice = "; ip address shows those it has, 0.0.0.0 means all of them";
    }
    return srd_fail(err, SRD_E_SYSTEM, "cannot listen on %s%s%s:%d: %s%s", open, address, close,
                    port, reason, advice);
}

/* What accepted connections inherit. */
static void tune(int fd)
{
    int on = 1, silent_s = SILENT_PEER_S, every_s = PROBE_EVERY_S, probes = PROBES;
    unsigned unheard_ms = SILENT_PEER_S * 1000;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &silent_s, sizeof(silent_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof(every_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unheard_ms, sizeof(unheard_ms));
}

/*
 * A listening socket, or -1 and errno. Never SO_REUSEPORT: a second server would take half of ours.
 */
static int listen_at(const struct addrinfo *at)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, off = 0, number;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (at->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    number = errno;
    close(fd);
    errno = number;
    return -1;
}

static int open_socket(struct srd_http_server *server, struct srd_error *err)
{
    const char *address = server->options.address;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    char port[16];
    int failed;

    snprintf(port, sizeof(port), "%d", server->options.port);
    failed = getaddrinfo(address, port, &hints, &found);
    if (failed)
        return srd_fail(err, SRD_E_SYSTEM, "cannot listen on \"%s\": %s", address,
                        failed == EAI_SYSTEM ? strerror(errno) : gai_strerror(failed));
    for (struct addrinfo *at = found; at && server->listen_fd < 0; at = at->ai_next)
        server->listen_fd = listen_at(at);
    freeaddrinfo(found);
    if (server->listen_fd < 0)
        return refused(err, address, server->options.port, errno);
    return 0;
}

/* The socket that was handed in: does it listen? */
static int adopt_socket(struct srd_http_server *server, struct srd_error *err)
{
    int fd = server->options.listen_fd, listens = 0;
    socklen_t size = sizeof(listens);

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens)
        return srd_fail(err, SRD_E_SYSTEM, "descriptor %d, which was handed over to listen on, %s",
                        fd, errno && !listens ? "is no listening socket" : "does not listen");
    server->listen_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (server->listen_fd < 0)
        return srd_fail(err, SRD_E_SYSTEM, "descriptor %d: %s", fd, strerror(errno));
    fcntl(server->listen_fd, F_SETFL, fcntl(server->listen_fd, F_GETFL) | O_NONBLOCK);
    return 0;
}

static void name_it(struct srd_http_server *server)
{
    struct sockaddr_storage at = { 0 };
    socklen_t size = sizeof(at);
    char host[INET6_ADDRSTRLEN] = "?", port[8] = "0";

    getsockname(server->listen_fd, (struct sockaddr *)&at, &size);
    if (at.ss_family == AF_UNIX) {
        snprintf(server->listening, sizeof(server->listening), "unix socket");
        return;
    }
    getnameinfo((struct sockaddr *)&at, size, host, sizeof(host), port, sizeof(port),
                NI_NUMERICHOST | NI_NUMERICSERV);
    server->port = atoi(port);
    snprintf(server->listening, sizeof(server->listening),
             at.ss_family == AF_INET6 ? "[%s]:%d" : "%s:%d", host, server->port);
}

int srd_http_listen(struct srd_http_server *server, struct srd_error *err)
{
    int failed =
        server->options.listen_fd >= 0 ? adopt_socket(server, err) : open_socket(server, err);

    if (failed)
        return failed;
    tune(server->listen_fd);
    name_it(server);
    return 0;
}
