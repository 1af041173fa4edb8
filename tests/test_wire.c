/*
 * Does the live source stand what a server may send, over the real libmariadb? A server of a few
 * lines says what each row wants it to say.
 *
 *   test_wire                          the tests
 *   test_wire ask NAME=VALUE... MS:SQL...    asks the FE of hosts=HOST:PORT, for check_live_sim.py
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/source/live.h"

/* ---- a server ---- */

enum act {
    ACT_WELL = 0, /* greets, admits, and answers with one row */
    /* in place of the greeting */
    ACT_SILENT,
    ACT_CLOSES,
    ACT_HTTP,
    ACT_SSH,
    ACT_DRIP,
    ACT_FULL,
    ACT_LONG_PACKET,
    /* after the login */
    ACT_WANTS_CLEAR_TEXT,
    ACT_OLD_PASSWORD,
    /* as the answer to the question */
    ACT_WANTS_FILE,
    ACT_MANY_COLUMNS,
    ACT_LYING_CELL,
    ACT_SHORT_ROW,
    ACT_ENDLESS,
    ACT_SLOW_ROWS,
    ACT_HANGS,
    ACT_CLOSES_IN_ROWS,
};

static struct {
    int fd, port;
    enum act act;
    atomic_int ids, kills, open, secrets;
    atomic_bool killed;
} server;

static void put(int fd, int seq, const void *bytes, size_t n)
{
    unsigned char packet[1024] = { (unsigned char)n, (unsigned char)(n >> 8),
                                   (unsigned char)(n >> 16), (unsigned char)seq };

    memcpy(packet + 4, bytes, n);
    if (send(fd, packet, n + 4, MSG_NOSIGNAL) < 0)
        return; /* it has left: that is its right */
}

/* One packet, at most a kilobyte of it; -1 at the end. Watches for the password. */
static int get(int fd, unsigned char *bytes, size_t size)
{
    unsigned char head[4];
    size_t n, there = 0;

    if (recv(fd, head, 4, MSG_WAITALL) != 4)
        return -1;
    n = head[0] + ((size_t)head[1] << 8) + ((size_t)head[2] << 16);
    if (n >= size)
        return -1;
    while (there < n) {
        ssize_t some = recv(fd, bytes + there, n - there, 0);

        if (some <= 0)
            return -1;
        there += (size_t)some;
    }
    bytes[n] = '\0';
    if (memmem(bytes, n, "s3cret", 6) || memmem(bytes, n, "root:x:0:0", 10))
        atomic_fetch_add(&server.secrets, 1);
    return (int)n;
}

static void put_ok(int fd, int seq)
{
    put(fd, seq, "\0\0\0\2\0\0\0", 7);
}

static void put_error(int fd, int seq, int code, const char *text)
{
    char packet[300];
    int n = snprintf(packet, sizeof(packet), "\xff%c%c#HY000%s", code & 255, code >> 8, text);

    /* snprintf stops at no NUL: the low byte of a code is never one here */
    put(fd, seq, packet, (size_t)n);
}

static size_t greeting(unsigned char out[128], unsigned id)
{
    static const char rest[] = "12345678\0\x0c\x82\x21\x02\0\x08\0\x15\0\0\0\0\0\0\0\0\0\0"
                               "123456789012\0mysql_native_password";

    memcpy(out,
           "\x0a"
           "8.0.33",
           8);
    memcpy(out + 8, &id, 4); /* little-endian, as the machines that run this */
    memcpy(out + 12, rest, sizeof(rest));
    return 12 + sizeof(rest);
}

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

static bool has_left(int fd, int wait_ms)
{
    struct pollfd end = { .fd = fd, .events = POLLRDHUP };

    return poll(&end, 1, wait_ms) > 0;
}

/* What stands where a greeting should; false: nothing follows. */
static bool greet(int fd)
{
    unsigned char hello[128];
    size_t n = greeting(hello, (unsigned)atomic_fetch_add(&server.ids, 1));

    switch (server.act) {
    case ACT_SILENT:
        while (!has_left(fd, 100))
            ;
        return false;
    case ACT_CLOSES:
        return false;
    case ACT_HTTP:
        send(fd, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", 47, MSG_NOSIGNAL);
        return false;
    case ACT_SSH:
        send(fd, "SSH-2.0-OpenSSH_9.2p1\r\n", 23, MSG_NOSIGNAL);
        while (!has_left(fd, 100))
            ;
        return false;
    case ACT_DRIP:
        for (size_t i = 0; i < n && !has_left(fd, 50); i++)
            send(fd,
                 i < 4 ? (const unsigned char *)&(unsigned char[4]){ (unsigned char)n }[i]
                       : hello + i - 4,
                 1, MSG_NOSIGNAL);
        return false;
    case ACT_FULL:
        put_error(fd, 0, 1040, "Too many connections");
        return false;
    case ACT_LONG_PACKET:
        send(fd, "\xff\xff\xff\0abc", 7, MSG_NOSIGNAL);
        while (!has_left(fd, 100))
            ;
        return false;
    default:
        put(fd, 0, hello, n);
        return true;
    }
}

static void put_column(int fd, int seq)
{
    put(fd, seq, "\3def\0\0\0\1A\0\x0c\x21\0\xff\0\0\0\xfd\0\0\0\0\0", 23);
}

/* Columns, so that rows may follow; the number of the next packet. */
static int put_header(int fd)
{
    put(fd, 1, "\1", 1);
    put_column(fd, 2);
    put(fd, 3, "\xfe\0\0\2\0", 5);
    return 4;
}

static void answer(int fd)
{
    int seq;

    switch (server.act) {
    case ACT_WANTS_FILE:
        put(fd, 1, "\xfb/etc/passwd", 12);
        break;
    case ACT_MANY_COLUMNS:
        put(fd, 1, "\xfe\xff\xff\xff\xff\xff\xff\xff\x7f", 9);
        break;
    case ACT_LYING_CELL:
        seq = put_header(fd);
        put(fd, seq++, "\xfd\xff\xff\xffoops", 8);
        put(fd, seq, "\xfe\0\0\2\0", 5);
        break;
    case ACT_SHORT_ROW: /* two columns, one cell */
        put(fd, 1, "\2", 1);
        put_column(fd, 2);
        put_column(fd, 3);
        put(fd, 4, "\xfe\0\0\2\0", 5);
        put(fd, 5, "\5hello", 6);
        put(fd, 6, "\xfe\0\0\2\0", 5);
        break;
    case ACT_ENDLESS:
        seq = put_header(fd);
        while (!has_left(fd, 0))
            put(fd, seq++ & 255, "\5hello", 6);
        break;
    case ACT_SLOW_ROWS:
        seq = put_header(fd);
        while (!has_left(fd, 20))
            put(fd, seq++ & 255, "\5hello", 6);
        break;
    case ACT_HANGS:
        while (!has_left(fd, 5) && !atomic_load(&server.killed))
            ;
        put_error(fd, 1, 1064, "killed manually");
        break;
    case ACT_CLOSES_IN_ROWS:
        seq = put_header(fd);
        put(fd, seq, "\5hello", 6);
        shutdown(fd, SHUT_RDWR);
        break;
    default:
        seq = put_header(fd);
        put(fd, seq++, "\5hello", 6);
        put(fd, seq, "\xfe\0\0\2\0", 5);
        break;
    }
}

static void *serve(void *context)
{
    int fd = (int)(intptr_t)context;
    unsigned char packet[1024];

    if (!greet(fd) || get(fd, packet, sizeof(packet)) < 0)
        goto out;
    if (server.act == ACT_WANTS_CLEAR_TEXT || server.act == ACT_OLD_PASSWORD) {
        if (server.act == ACT_WANTS_CLEAR_TEXT)
            put(fd, 2, "\xfemysql_clear_password", 22);
        else
            put(fd, 2, "\xfe", 1);
        get(fd, packet, sizeof(packet)); /* what it should not say */
        goto out;
    }
    put_ok(fd, 2);
    while (get(fd, packet, sizeof(packet)) > 0 && packet[0] == 3) {
        const char *sql = (const char *)packet + 1;

        if (!strncmp(sql, "SET ", 4)) {
            put_ok(fd, 1);
        } else if (!strncmp(sql, "KILL QUERY ", 11)) {
            atomic_fetch_add(&server.kills, 1);
            atomic_store(&server.killed, true);
            put_ok(fd, 1);
        } else {
            answer(fd);
        }
    }
out:
    close(fd);
    atomic_fetch_sub(&server.open, 1);
    return NULL;
}

static void *accept_all(void *context)
{
    int fd;

    (void)context;
    while ((fd = accept(server.fd, NULL, NULL)) >= 0) {
        pthread_t thread;

        atomic_fetch_add(&server.open, 1);
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
    }
    return NULL;
}

static int start_server(void **state)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof(at);
    pthread_t thread;

    (void)state;
    server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server.fd, (struct sockaddr *)&at, n) || listen(server.fd, 16) ||
        getsockname(server.fd, (struct sockaddr *)&at, &n))
        return -1;
    server.port = ntohs(at.sin_port);
    if (pthread_create(&thread, NULL, accept_all, NULL))
        return -1;
    return pthread_detach(thread);
}

/* ---- the rows ---- */

/* In @want, %s stands for the address of the server. */
static const struct row {
    const char *name;
    enum act act;
    struct srd_live_options options;
    int limit_ms; /* 0: 3000 */
    size_t max_rows;
    int most_ms; /* the whole row; 0: 5000 */
    const char *want;
    int kills;
    bool short_rows;
} rows[] = {
/* clang-format off */
#define QUICK { .connect_timeout_s = 1 }
    { "a server that behaves", ACT_WELL, .want = "answered 1 row" },
    { "a password never crosses the wire", ACT_WELL, .options = { .password = "s3cret" }, .want = "answered 1 row" },
    { "a silent port", ACT_SILENT, .options = QUICK,
      .want = "connect: %s accepts connections but sent no MySQL greeting within 1 s; " },
    { "a port that closes at once", ACT_CLOSES, .options = QUICK, .want = "connect: %s closed the connection without a MySQL greeting; " },
    { "a web server", ACT_HTTP, .options = QUICK, .want = "connect: %s " },
    { "an SSH server", ACT_SSH, .options = QUICK, .want = "connect: %s " },
    { "a greeting in drops", ACT_DRIP, .options = QUICK, .most_ms = 3000, .want = "connect: cannot connect to %s: no answer within 1 s; " },
    { "an error in place of a greeting", ACT_FULL, .options = { .tls = SRD_TLS_DISABLED }, .want = "connect: %s is alive but full: Too many connections; " },
    { "an error in place of a greeting, TLS wanted", ACT_FULL, .want = "connect: %s is alive but full: Too many connections; " },
    { "a first packet without end", ACT_LONG_PACKET, .options = QUICK, .want = "connect: " },
    { "TLS wanted, none there", ACT_WELL, .options = { .tls = SRD_TLS_REQUIRED }, .want = "connect: %s offers no TLS; " },
    { "verified TLS wanted, none there", ACT_WELL, .options = { .tls = SRD_TLS_VERIFY }, .want = "connect: %s offers no TLS; " },
    { "a server that wants the password in clear", ACT_WANTS_CLEAR_TEXT, .options = { .password = "s3cret" },
      .want = "denied: %s wants a kind of login for user 'root' that srdiag does not offer; " },
    { "a server that wants the hash of old", ACT_OLD_PASSWORD, .options = { .password = "s3cret" }, .want = "denied: %s wants a kind of login " },
    { "a server that wants a file of ours", ACT_WANTS_FILE, .want = "failed", .kills = 1 },
    { "more columns than there can be", ACT_MANY_COLUMNS, .limit_ms = 200, .want = "timeout", .kills = 1 },
    { "a cell that is longer than its packet", ACT_LYING_CELL, .want = "failed" },
    { "a row that ends early, where rows may", ACT_SHORT_ROW, .short_rows = true, .want = "answered 1 row" },
    { "a row that ends early, where none may", ACT_SHORT_ROW, .want = "failed" },
    { "rows without end: the ceiling, a KILL, the connection cut", ACT_ENDLESS, .max_rows = 1000, .want = "answered 1000 rows, incomplete", .kills = 1 },
    { "rows in drops: the deadline, a KILL, the connection cut", ACT_SLOW_ROWS, .limit_ms = 200,
      .want = "timeout: no answer within 0.2 s; the statement was killed and its connection cut", .kills = 1 },
    { "no answer: the deadline, and the KILL ends it", ACT_HANGS, .limit_ms = 200,
      .want = "timeout: no answer within 0.2 s; the statement was killed", .kills = 1 },
    { "a connection that is lost in the middle of rows, twice", ACT_CLOSES_IN_ROWS, .want = "failed: lost the connection: ", .kills = 1 },
    /* clang-format on */
};

static void describe(const struct srd_answer *answer, char *out, size_t size)
{
    if (answer->table)
        snprintf(out, size, "%s %zu row%s%s", srd_status_name(answer->status), answer->table->rows,
                 answer->table->rows == 1 ? "" : "s",
                 answer->table->complete ? "" : ", incomplete");
    else
        snprintf(out, size, "%s: %s", srd_status_name(answer->status), answer->detail);
}

static void ask_once(struct srd_source *src, const struct row *row, char *out, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_probe probe = { .id = "test", .max_rows = row->max_rows, .short_rows = row->short_rows };
    struct srd_question q = { .probe = &probe, .key = "", .sql = "SELECT it", .node = "" };
    struct srd_answer answer = { 0 };
    struct srd_error err = { 0 };

    q.deadline_ms = srd_clock_monotonic_ms() + (row->limit_ms ? row->limit_ms : 3000);
    if (src->ops->ask(src, &q, arena, &answer, &err))
        snprintf(out, size, "%s: %s", srd_code_name(err.code), err.text);
    else
        describe(&answer, out, size);
}

static void talk(void **state)
{
    const struct row *row = *state;
    struct srd_live_options options = row->options;
    char address[40], got[1200], want[1200];
    int64_t begun = srd_clock_monotonic_ms();
    struct srd_source *src = NULL;
    struct srd_error err = { 0 };

    server.act = row->act;
    atomic_store(&server.ids, 1 << 24);
    atomic_store(&server.kills, 0);
    atomic_store(&server.secrets, 0);
    atomic_store(&server.killed, false);
    snprintf(address, sizeof(address), "127.0.0.1:%d", server.port);
    options.hosts = address;
    if (srd_live_open(&options, NULL, &src, &err))
        snprintf(got, sizeof(got), "%s: %s", srd_code_name(err.code), err.text);
    else
        ask_once(src, row, got, sizeof(got));
    srd_source_close(&src);
    assert_in_range(srd_clock_monotonic_ms() - begun, 0, row->most_ms ? row->most_ms : 5000);
    for (const char *w = row->want, *s = strstr(w, "%s"); w; w = NULL)
        snprintf(want, sizeof(want), "%.*s%s%s", s ? (int)(s - w) : (int)strlen(w), w,
                 s ? address : "", s ? s + 2 : "");
    got[strlen(want) < sizeof(got) ? strlen(want) : sizeof(got) - 1] = '\0'; /* it may say more */
    assert_string_equal(got, want);
    assert_int_equal(atomic_load(&server.secrets), 0);
    assert_int_equal(atomic_load(&server.kills), row->kills);
    for (int i = 0; i < 300 && atomic_load(&server.open); i++)
        sleep_ms(10); /* its threads, and ours that nobody waits for any longer */
    assert_int_equal(atomic_load(&server.open), 0);
}

/* ---- asking by hand ---- */

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

struct asker {
    struct srd_source *src;
    struct srd_probe probe;
    struct srd_question q;
    char node[100];
    int limit_ms;
    pthread_t thread;
    char got[600];
};

static void *ask_by_hand(void *context)
{
    struct asker *a = context;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    int64_t begun = srd_clock_monotonic_ms();
    struct srd_answer answer = { 0 };
    struct srd_error err = { 0 };
    char words[500];

    a->q.deadline_ms = begun + a->limit_ms;
    if (a->src->ops->ask(a->src, &a->q, arena, &answer, &err))
        snprintf(words, sizeof(words), "%s: %.400s", srd_code_name(err.code), err.text);
    else
        describe(&answer, words, sizeof(words));
    snprintf(a->got, sizeof(a->got), "%lld ms %s%s%s",
             (long long)(srd_clock_monotonic_ms() - begun), answer.node ? answer.node : "",
             answer.follower ? " follower " : " ", words);
    return NULL;
}

/* "500:SQL", "500,leader:SQL", "500,max=10:SQL", "500,node=10.0.0.1@9030:SQL" */
static void read_question(char *word, struct asker *a)
{
    char *sql = strchr(word, ':'), *part = strtok(word, ",:");

    *sql++ = '\0';
    a->probe.id = "by-hand";
    a->limit_ms = atoi(part);
    while ((part = strtok(NULL, ","))) {
        if (!strcmp(part, "leader"))
            a->probe.where = SRD_ASK_LEADER;
        else if (!strncmp(part, "max=", 4))
            a->probe.max_rows = (size_t)atoi(part + 4);
        else if (!strncmp(part, "node=", 5))
            snprintf(a->node, sizeof(a->node), "%s", part + 5);
    }
    for (char *at = strchr(a->node, '@'); at; at = NULL)
        *at = ':';
    a->q = (struct srd_question){ .probe = &a->probe, .key = "", .sql = sql, .node = a->node };
}

static bool read_option(const char *word, struct srd_live_options *o)
{
    static const char *const modes[] = { "preferred", "disabled", "required", "verify_ca",
                                         "verify" };
    const char *value = strchr(word, '=');
    size_t n = value ? (size_t)(value - word) : 0;

    if (!value || strcspn(word, ":") < n)
        return false;
    value++;
#define IS(name) (n == sizeof(name) - 1 && !strncmp(word, name, n))
    if (IS("hosts"))
        o->hosts = value;
    else if (IS("user"))
        o->user = value;
    else if (IS("password"))
        o->password = value;
    else if (IS("ca"))
        o->tls_ca = value;
    else if (IS("connect"))
        o->connect_timeout_s = atoi(value);
    else if (IS("parallel"))
        o->parallel = (size_t)atoi(value);
    else if (IS("tls"))
        for (size_t i = 0; i < SRD_COUNT(modes); i++)
            o->tls = strcmp(modes[i], value) ? o->tls : (enum srd_tls)i;
    else
        return false;
    return true;
}

/* Also: leader=HOST@PORT (use() it), cancel=MS (after all was asked at once), together. */
static int by_hand(int argc, char **argv)
{
    struct srd_live_options options = { 0 };
    struct srd_cluster cluster = { .frontends = 3 };
    struct srd_error err = { 0 };
    struct srd_source *src = NULL;
    struct asker askers[64] = { 0 };
    size_t n = 0;
    int cancel_ms = -1, together = 0;
    bool follower;
    int64_t begun = srd_clock_monotonic_ms();

    for (int i = 0; i < argc; i++) {
        if (read_option(argv[i], &options))
            continue;
        if (!strncmp(argv[i], "leader=", 7)) {
            cluster.leader = argv[i] + 7;
            *strchr(argv[i], '@') = ':';
        } else if (!strncmp(argv[i], "cancel=", 7))
            cancel_ms = atoi(argv[i] + 7);
        else if (!strcmp(argv[i], "together"))
            together = 1;
        else if (n < SRD_COUNT(askers))
            read_question(argv[i], &askers[n++]);
    }
    signal(SIGINT, interrupt);
    if (srd_live_open(&options, &interrupted, &src, &err)) {
        printf("%lld ms %s: %s\n", (long long)(srd_clock_monotonic_ms() - begun),
               srd_code_name(err.code), err.text);
        return 1;
    }
    printf("%lld ms open %s\n", (long long)(srd_clock_monotonic_ms() - begun), src->connected);
    if (cluster.leader && !src->ops->use(src, &cluster, &follower, &err))
        printf("use %s\n", follower ? "follower" : "leader");
    for (size_t i = 0; i < n; i++) {
        askers[i].src = src;
        if (pthread_create(&askers[i].thread, NULL, ask_by_hand, &askers[i]))
            return 1;
        if (!together) {
            pthread_join(askers[i].thread, NULL);
            printf("%s\n", askers[i].got);
        }
    }
    if (cancel_ms >= 0) {
        sleep_ms(cancel_ms);
        src->ops->cancel(src);
    }
    for (size_t i = 0; i < n && together; i++) {
        pthread_join(askers[i].thread, NULL);
        printf("%s\n", askers[i].got);
    }
    srd_source_close(&src);
    printf("%lld ms closed\n", (long long)(srd_clock_monotonic_ms() - begun));
    return 0;
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[SRD_COUNT(rows)];

    srd_log_set_level(SRD_LOG_ERROR);
    if (argc > 1 && !strcmp(argv[1], "ask"))
        return by_hand(argc - 2, argv + 2);
    for (size_t i = 0; i < SRD_COUNT(rows); i++)
        tests[i] = (struct CMUnitTest){ .name = rows[i].name,
                                        .test_func = talk,
                                        .initial_state = (void *)(uintptr_t)&rows[i] };
    return cmocka_run_group_tests(tests, start_server, NULL);
}
