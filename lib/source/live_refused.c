/* Why was a connection not made, and where is the way out? */

#include <errmsg.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/source/live_private.h"

#define WHY_MS 300

/* libmariadb ends its texts with the error number of the system: "(111)", "system error: 110". */
static int system_error(const char *text)
{
    const char *p = strrchr(text, '(');

    if (!p || p[1] < '0' || p[1] > '9')
        p = strrchr(text, ':');
    return p ? atoi(p + 1) : 0;
}

/*
 * libmariadb says "in progress" (115) whatever the reason: ask the system once more, briefly. The
 * error of the address that came furthest; 0 if one can be connected to.
 */
static int why_not(const struct srd_live_host *host)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP }, *all;
    int number = ETIMEDOUT;
    char port[8];

    snprintf(port, sizeof(port), "%d", host->port);
    if (getaddrinfo(host->host, port, &hints, &all))
        return number;
    for (const struct addrinfo *a = all; a && number; a = a->ai_next) {
        int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        struct pollfd ready = { .fd = fd, .events = POLLOUT };
        socklen_t size = sizeof(number);

        if (fd < 0 || connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            number = fd < 0 ? errno : 0;
        else if (errno != EINPROGRESS)
            number = errno;
        else if (poll(&ready, 1, WHY_MS) <= 0 ||
                 getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size))
            number = ETIMEDOUT;
        if (fd >= 0)
            close(fd);
    }
    freeaddrinfo(all);
    return number;
}

/* What to look at when something is there but does not greet as an FE does. */
static const char *is_it_the_port(const struct srd_live_host *host, char *out, size_t size)
{
    if (host->port == SRD_LIVE_PORT)
        snprintf(out, size, "is the FE well? its fe.log and jstack say what it waits for");
    else if (host->port == 8030)
        snprintf(out, size, "8030 is the FE's HTTP port, its MySQL port is query_port, %d",
                 SRD_LIVE_PORT);
    else
        snprintf(out, size, "is %d the FE's query_port (usually %d), and not its HTTP port (8030)?",
                 host->port, SRD_LIVE_PORT);
    return out;
}

int srd_live_unreachable(const struct srd_live_host *host, int number, int timeout_s,
                         struct srd_error *err)
{
    switch (number) {
    case ECONNREFUSED:
        return srd_fail(err, SRD_E_CONNECT,
                        "cannot connect to %s: connection refused; is the FE running, and is %d "
                        "its query_port?",
                        host->name, host->port);
    case 0: /* it can be connected to by now */
    case EAGAIN:
    case ETIMEDOUT:
        return srd_fail(err, SRD_E_CONNECT,
                        "cannot connect to %s: no answer within %d s; is the host right, and does "
                        "a firewall let port %d through?",
                        host->name, timeout_s, host->port);
    default:
        return srd_fail(err, SRD_E_CONNECT,
                        "cannot connect to %s: %s; check the host and the network", host->name,
                        strerror(number));
    }
}

static int tls_failed(const struct srd_live_access *access, const struct srd_live_host *host,
                      const char *text, struct srd_error *err)
{
    const char *words = strstr(text, "error: ");
    char line[200];

    srd_live_line(words ? words + strlen("error: ") : text, line, sizeof(line));
    if (strstr(text, "does not support it"))
        return srd_fail(err, SRD_E_CONNECT,
                        "%s offers no TLS; enable TLS on the FE (ssl_keystore_location) or use "
                        "--ssl-mode=DISABLED",
                        host->name);
    if (access->tls == SRD_TLS_VERIFY || access->tls == SRD_TLS_VERIFY_CA)
        return srd_fail(err, SRD_E_CONNECT,
                        "the certificate of %s is not accepted: %s; name the CA that signed it "
                        "(--ssl-ca) and connect by the name that it carries, or use "
                        "--ssl-mode=REQUIRED to encrypt without verifying",
                        host->name, line);
    return srd_fail(err, SRD_E_CONNECT,
                    "TLS with %s failed: %s; use --ssl-mode=DISABLED to connect without it",
                    host->name, line);
}

static int no_plugin(const struct srd_live_access *access, const struct srd_live_host *host,
                     struct srd_error *err)
{
    char user[80];

    return srd_fail(err, SRD_E_DENIED,
                    "%s wants a kind of login for user '%s' that srdiag does not offer%s",
                    host->name, srd_live_line(access->user, user, sizeof(user)),
                    access->cleartext
                        ? " (JWT and OAuth2 need plugins that the client library lacks); use an "
                          "account with a password"
                        : "; an LDAP account needs --enable-cleartext-plugin with "
                          "--ssl-mode=VERIFY_IDENTITY, else use an account with a native password");
}

/* Errors that a server sends in place of a login. */
static int refused(const struct srd_live_access *access, const struct srd_live_host *host,
                   unsigned code, const char *text, struct srd_error *err)
{
    char line[300], user[80];

    srd_live_line(text, line, sizeof(line));
    if (strstr(text, "Reach user-level") || strstr(text, "Reach cluster-wide") || code == 1040 ||
        code == 1203)
        return srd_fail(err, SRD_E_CONNECT,
                        "%s is alive but full: %s; close connections, or raise the limit of the "
                        "user or the FE",
                        host->name, line);
    if (srd_live_class(code, text) == SRD_DENIED)
        return srd_fail(
            err, SRD_E_DENIED,
            "access denied for user '%s' at %s (%s password was given); check -u and -p",
            srd_live_line(access->user, user, sizeof(user)), host->name,
            access->password[0] ? "a" : "no");
    return srd_fail(err, SRD_E_CONNECT, "%s refused the login: %s (%u)", host->name, line, code);
}

int srd_live_refused(const struct srd_live_access *access, const struct srd_live_host *host,
                     unsigned code, const char *text, int timeout_s, struct srd_error *err)
{
    const char *inner = strstr(text, "cannot be verified: ");
    char line[200], hint[160];

    if (inner) { /* an error packet that came while TLS was still to be started */
        inner += strlen("cannot be verified: ");
        code = (unsigned)strtoul(inner, NULL, 10);
        text = strstr(inner, " - ") ? strstr(inner, " - ") + strlen(" - ") : inner;
    }
    srd_live_line(text, line, sizeof(line));
    switch (code) {
    case CR_UNKNOWN_HOST:
        return srd_fail(err, SRD_E_CONNECT,
                        "cannot connect to %s: the host name is not known; check -h and the name "
                        "service",
                        host->name);
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_IPSOCK_ERROR:
        return srd_live_unreachable(host, why_not(host), timeout_s, err);
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_LOST_EXTENDED:
        is_it_the_port(host, hint, sizeof(hint));
        if (!strstr(text, "initial communication"))
            return srd_fail(err, SRD_E_CONNECT, "%s closed the connection during the login; %s",
                            host->name, hint);
        if (system_error(text) == ETIMEDOUT)
            return srd_fail(err, SRD_E_CONNECT,
                            "%s accepts connections but sent no MySQL greeting within %d s; %s",
                            host->name, timeout_s, hint);
        return srd_fail(err, SRD_E_CONNECT, "%s closed the connection without a MySQL greeting; %s",
                        host->name, hint);
    case CR_VERSION_ERROR:
    case CR_SERVER_HANDSHAKE_ERR:
    case CR_MALFORMED_PACKET:
    case CR_NET_PACKET_TOO_LARGE:
    case CR_SECURE_AUTH:
        return srd_fail(err, SRD_E_CONNECT, "%s does not speak the MySQL protocol (%s); %s",
                        host->name, line, is_it_the_port(host, hint, sizeof(hint)));
    case CR_SSL_CONNECTION_ERROR:
        return tls_failed(access, host, text, err);
    case CR_AUTH_PLUGIN_CANNOT_LOAD:
    case CR_AUTH_PLUGIN_ERR:
    case CR_PLUGIN_NOT_ALLOWED:
        return no_plugin(access, host, err);
    default:
        if (code >= 2000 && code < 3000)
            return srd_fail(err, SRD_E_CONNECT, "cannot connect to %s: %s", host->name, line);
        return refused(access, host, code, text, err);
    }
}
