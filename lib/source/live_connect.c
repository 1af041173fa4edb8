/* How is one connection to one FE made, set up, and ended with what runs on it? */

#include <arpa/inet.h>
#include <errmsg.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/source/live_private.h"

#define UNKNOWN_VARIABLE 1193

#define CONNECT_TIMEOUT_S 5
#define QUERY_TIMEOUT_S 30
/* A packet is memory before we see it; no table holds more. */
#define MAX_PACKET ((unsigned long)64 << 20)

/* ---- hosts ---- */

int srd_live_host(const char *text, int default_port, bool node, struct srd_live_host *out,
                  struct srd_error *err)
{
    const char *colon = strrchr(text, ':'), *start = text, *end = text + strlen(text);
    int64_t port = default_port;

    if (*text == '[') {
        const char *close = strchr(text, ']');

        if (!close || (close[1] && close[1] != ':'))
            return srd_fail(err, SRD_E_CONFIG, "host \"%s\": expected [ADDRESS]:PORT", text);
        start = text + 1;
        end = close;
        colon = close[1] ? close + 1 : NULL;
    } else if (colon && !node && strchr(text, ':') != colon) {
        colon = NULL; /* an IPv6 address without brackets has no port */
    } else if (colon) {
        end = colon;
    }
    if (colon && (!srd_text_int64(colon + 1, &port) || port < 1 || port > 65535))
        return srd_fail(err, SRD_E_CONFIG, "host \"%s\": \"%s\" is not a port number", text,
                        colon + 1);
    if (end == start)
        return srd_fail(err, SRD_E_CONFIG, "host \"%s\": the host name is missing", text);
    if ((size_t)(end - start) >= sizeof(out->host))
        return srd_fail(err, SRD_E_CONFIG, "host \"%.40s...\": the name is too long", text);
    for (const char *c = start; c < end; c++)
        if ((unsigned char)*c <= ' ' || *c == ',' || *c == 0x7f) /* a comma would make it a list */
            return srd_fail(err, SRD_E_CONFIG, "\"%.200s\" is not the name of a host", text);
    memcpy(out->host, start, (size_t)(end - start));
    out->host[end - start] = '\0';
    out->port = (int)port;
    snprintf(out->name, sizeof(out->name), strchr(out->host, ':') ? "[%s]:%d" : "%s:%d", out->host,
             out->port);
    return 0;
}

/* ---- access ---- */

static bool given(const char *text)
{
    return text && *text;
}

static char *copy(const char *text)
{
    return given(text) ? strdup(text) : NULL;
}

static int check_file(const char *path, const char *what, struct srd_error *err)
{
    if (given(path) && access(path, R_OK))
        return srd_fail(err, SRD_E_CONFIG, "cannot read the %s \"%s\": %s", what, path,
                        strerror(errno));
    return 0;
}

static int check_options(const struct srd_live_options *o, struct srd_error *err)
{
    if (given(o->socket))
        return srd_fail(err, SRD_E_CONFIG,
                        "StarRocks has no Unix socket (\"%s\"); connect with -h and -P", o->socket);
    if (o->tls == SRD_TLS_VERIFY_CA && !given(o->tls_ca))
        return srd_fail(err, SRD_E_CONFIG,
                        "--ssl-mode=VERIFY_CA needs the CA to verify against (--ssl-ca)");
    if (given(o->tls_cert) != given(o->tls_key))
        return srd_fail(err, SRD_E_CONFIG, "--ssl-cert and --ssl-key go together");
    if (o->cleartext && o->tls != SRD_TLS_VERIFY)
        return srd_fail(err, SRD_E_CONFIG,
                        "clear-text authentication would show the password to anyone who answers; "
                        "it needs --ssl-mode=VERIFY_IDENTITY");
    if (o->tls == SRD_TLS_DISABLED)
        return 0;
    return check_file(o->tls_ca, "CA file", err) || check_file(o->tls_cert, "certificate", err) ||
                   check_file(o->tls_key, "key", err)
               ? err->code
               : 0;
}

int srd_live_access_new(const struct srd_live_options *o, struct srd_live_access **out,
                        struct srd_error *err)
{
    struct srd_live_access *a;

    if (check_options(o, err))
        return err->code;
    if (!(a = calloc(1, sizeof(*a))))
        return srd_fail(err, SRD_E_SYSTEM, "out of memory");
    atomic_init(&a->users, 1);
    a->user = copy(given(o->user) ? o->user : "root");
    a->password = strdup(o->password ? o->password : ""); /* NULL would mean $MYSQL_PWD */
    a->tls = o->tls;
    if (o->tls != SRD_TLS_DISABLED) {
        a->ca = copy(o->tls_ca);
        a->cert = copy(o->tls_cert);
        a->key = copy(o->tls_key);
        /* whoever names a CA wants it to count, as in mysql */
        if (a->ca && a->tls != SRD_TLS_VERIFY)
            a->tls = SRD_TLS_VERIFY_CA;
    }
    a->cleartext = o->cleartext;
    a->connect_timeout_s = o->connect_timeout_s > 0 ? o->connect_timeout_s : CONNECT_TIMEOUT_S;
    a->query_timeout_s = o->query_timeout_s > 0 ? o->query_timeout_s : QUERY_TIMEOUT_S;
    if (!a->user || !a->password) {
        srd_live_access_drop(&a);
        return srd_fail(err, SRD_E_SYSTEM, "out of memory");
    }
    *out = a;
    return 0;
}

void srd_live_access_drop(struct srd_live_access **access)
{
    struct srd_live_access *a = *access;

    *access = NULL;
    if (!a || atomic_fetch_sub(&a->users, 1) > 1)
        return;
    if (a->password)
        explicit_bzero(a->password, strlen(a->password));
    free(a->password);
    free(a->user);
    free(a->ca);
    free(a->cert);
    free(a->key);
    free(a);
}

/* ---- the connection itself ---- */

static void set_tls(MYSQL *mysql, const struct srd_live_access *access)
{
    my_bool on = 1, off = 0;
    /* 3.4 has no "chain but not name": ask it for both rather than for neither */
    bool verify = access->tls == SRD_TLS_VERIFY ||
                  (access->tls == SRD_TLS_VERIFY_CA && mysql_get_client_version() >= 30400);

    /* said also when it is off: 3.4 verifies by default and then refuses FEs without TLS */
    mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, verify ? &on : &off);
    if (access->tls == SRD_TLS_DISABLED)
        return;
    mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &on); /* offers TLS; enforces nothing */
    if (access->ca)
        mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, access->ca); /* 3.3: by itself checks the chain */
    if (access->cert) {
        mysql_optionsv(mysql, MYSQL_OPT_SSL_CERT, access->cert);
        mysql_optionsv(mysql, MYSQL_OPT_SSL_KEY, access->key);
    }
}

static void set_options(MYSQL *mysql, const struct srd_live_access *access, int connect_s,
                        int read_s)
{
    unsigned connect = (unsigned)connect_s, io = (unsigned)read_s, no = 0;
    unsigned protocol = MYSQL_PROTOCOL_TCP; /* "localhost" would be a Unix socket otherwise */
    unsigned long packet = MAX_PACKET;

    mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
    mysql_optionsv(mysql, MYSQL_OPT_READ_TIMEOUT, &io);
    mysql_optionsv(mysql, MYSQL_OPT_WRITE_TIMEOUT, &io);
    mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
    mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &no); /* on by default: reads our files */
    mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "srdiag");
    /* by default the password goes in clear to any server that asks for it so */
    mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH,
                   access->cleartext && access->tls == SRD_TLS_VERIFY
                       ? "mysql_native_password,mysql_clear_password"
                       : "mysql_native_password");
    set_tls(mysql, access);
}

static void close_mysql(MYSQL **mysql)
{
    if (*mysql)
        mysql_close(*mysql);
}

MYSQL *srd_live_log_in(const struct srd_live_access *access, const struct srd_live_host *host,
                       int connect_s, int read_s, struct srd_error *err)
{
    SRD_CLEANUP(close_mysql) MYSQL *mysql = mysql_init(NULL);

    if (!mysql) {
        srd_fail(err, SRD_E_SYSTEM, "out of memory");
        return NULL;
    }
    set_options(mysql, access, connect_s, read_s);
    if (!mysql_real_connect(mysql, host->host, access->user, access->password, NULL,
                            (unsigned)host->port, NULL, 0)) {
        srd_live_refused(access, host, mysql_errno(mysql), mysql_error(mysql), connect_s, err);
        return NULL;
    }
    if (access->tls >= SRD_TLS_REQUIRED && !mysql_get_ssl_cipher(mysql)) {
        srd_live_refused(access, host, CR_SSL_CONNECTION_ERROR, "the server does not support it",
                         connect_s, err);
        return NULL;
    }
    return SRD_TAKE(mysql);
}

/* Where the socket leads to: how a host that was given by name is recognized by its address. */
static void find_peer(int fd, char *out, size_t size)
{
    struct sockaddr_storage peer;
    socklen_t n = sizeof(peer);
    char text[INET6_ADDRSTRLEN];

    *out = '\0';
    if (getpeername(fd, (struct sockaddr *)&peer, &n))
        return;
    if (peer.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&peer;

        if (inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)))
            snprintf(out, size, "%s:%d", text, ntohs(in->sin_port));
    } else if (peer.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)&peer;

        if (inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text)))
            snprintf(out, size, "[%s]:%d", text, ntohs(in->sin6_port));
    }
}

void srd_live_session_close(struct srd_live_session **session)
{
    struct srd_live_session *s = *session;

    *session = NULL;
    if (!s)
        return;
    close_mysql(&s->mysql);
    if (s->cut_fd >= 0)
        close(s->cut_fd);
    free(s);
}

bool srd_live_session_leads_to(const struct srd_live_session *session, const char *name)
{
    return !strcasecmp(session->host.name, name) || !strcmp(session->peer, name);
}

unsigned srd_live_execute(MYSQL *mysql, const char *sql)
{
    int more;

    if (mysql_real_query(mysql, sql, strlen(sql)))
        return mysql_errno(mysql);
    do {
        MYSQL_RES *rows = mysql_use_result(mysql);

        if (rows)
            mysql_free_result(rows);
        else if (mysql_field_count(mysql))
            return mysql_errno(mysql);
        more = mysql_next_result(mysql);
    } while (more == 0);
    return more > 0 ? mysql_errno(mysql) : 0;
}

bool srd_live_lost(unsigned code)
{
    return code >= CR_MIN_ERROR && code <= CR_MAX_ERROR;
}

/* The code if the connection is lost; else 0, and a refusal is only logged. */
static unsigned say(struct srd_live_session *session, const char *sql)
{
    char line[200];
    unsigned code = srd_live_execute(session->mysql, sql);

    if (!code || srd_live_lost(code))
        return code;
    srd_log(SRD_LOG_WARNING, "%s does not take %s: %s", session->host.name, sql,
            srd_live_line(mysql_error(session->mysql), line, sizeof(line)));
    return 0;
}

static unsigned set_zone(struct srd_live_session *session)
{
    unsigned code = srd_live_execute(session->mysql, "SET time_zone = '+00:00'");

    if (!code || srd_live_lost(code))
        return code;
    code = srd_live_execute(session->mysql, "SET time_zone = 'UTC'");
    session->zone_refused = code && !srd_live_lost(code);
    if (session->zone_refused) {
        char line[200];

        srd_log(SRD_LOG_WARNING, "%s does not take SET time_zone: %s", session->host.name,
                srd_live_line(mysql_error(session->mysql), line, sizeof(line)));
        return 0;
    }
    return code;
}

/*
 * An account or the whole cluster may have another dialect or catalog by default. The guard of SQL
 * texts reads StarRocks' SQL about the internal catalog: under "trino" a FE ends strings elsewhere,
 * and what the guard took for a string would be read as a table. A FE that does not know such a
 * variable has nothing to choose; one that keeps its choice is not to be talked to.
 */
static unsigned insist(struct srd_live_session *session, const char *sql)
{
    unsigned code = srd_live_execute(session->mysql, sql);

    return code == UNKNOWN_VARIABLE ? 0 : code;
}

/*
 * One round trip, if the FE takes all variables. Without query_timeout the watchdog still ends what
 * is late; without time_zone the print offset is derived from the answers as always.
 */
unsigned srd_live_set_up(struct srd_live_session *session, const struct srd_live_access *access)
{
    char sql[160], timeout[40];
    unsigned code;

    snprintf(timeout, sizeof(timeout), "query_timeout = %d", access->query_timeout_s);
    snprintf(sql, sizeof(sql),
             "SET time_zone = '+00:00', %s, sql_dialect = 'starrocks', catalog = 'default_catalog'",
             timeout);
    code = srd_live_execute(session->mysql, sql);
    if (!code || srd_live_lost(code))
        return code;
    code = insist(session, "SET sql_dialect = 'starrocks'");
    if (!code)
        code = insist(session, "SET catalog = 'default_catalog'");
    if (!code)
        code = set_zone(session);
    if (code)
        return code;
    snprintf(sql, sizeof(sql), "SET %s", timeout);
    return say(session, sql);
}

struct srd_live_session *srd_live_session_new(const struct srd_live_host *host, MYSQL *mysql)
{
    struct srd_live_session *session = calloc(1, sizeof(*session));
    int fd = (int)mysql_get_socket(mysql);

    if (!session)
        return NULL;
    session->host = *host;
    session->mysql = mysql;
    session->id = mysql_thread_id(mysql);
    session->cut_fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (fd >= 0)
        find_peer(fd, session->peer, sizeof(session->peer));
    return session;
}
