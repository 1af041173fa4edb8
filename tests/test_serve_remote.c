/* Which agent is asked, which is left alone, and who pays for one that is dead? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/wait.h"
#include "lib/model/identity.h"
#include "lib/serve/remote.h"

#define TOKEN "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"

/* ---- agents of ours: one connection per request ---- */

enum mode { WELL, SILENT, GONE, BUSY, NO_CLUSTER, CUT };

struct agent {
    pthread_t thread;
    int socket, port;
    pthread_mutex_t lock;
    enum mode mode;
    const char *token; /* that it accepts */
    int asked, held[64];
    bool quit;
};

static void reply(int fd, int status, const char *type, const char *body, size_t length)
{
    char head[256];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, type,
                     length);

    (void)!write(fd, head, (size_t)n);
    (void)!write(fd, body, strlen(body));
}

static void refuse(int fd, int status, const char *body)
{
    reply(fd, status, "application/json", body, strlen(body));
}

/* An answer to each "id" of the request. */
static void reply_answers(int fd, const char *request, bool cut)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };
    int n = 0;

    srd_buf_init(&out, 1 << 20);
    srd_buf_text(&out, "{\"srdiag\":\"snapshot/1\",\"connected\":\"fe1:9030\",\"taken_at\":\"2026-01-20T02:00:00Z\"}\n");
    for (const char *id = strstr(request, "\"id\":\""); id && !(cut && n); id = strstr(id + 6, "\"id\":\""), n++)
        srd_buf_printf(&out, "{\"probe\":\"%.*s\",\"node\":\"fe1:9030\",\"key\":\"\",\"status\":\"skipped\",\"detail\":\"x\","
                             "\"rows\":0}\n",
                       (int)strcspn(id + 6, "\""), id + 6);
    srd_buf_printf(&out, "{\"end\":true,\"answers\":%d,\"rows\":0}\n", n);
    if (cut)
        *strstr(out.data, "{\"end\"") = '\0';
    reply(fd, 200, "application/x-ndjson", out.data, cut ? out.size + 10 : out.size);
}

static bool read_request(int fd, char *into, size_t size)
{
    size_t used = 0, wanted = size - 1;

    while (used < wanted) {
        ssize_t got = read(fd, into + used, size - 1 - used);
        char *body, *length;

        if (got <= 0)
            return false;
        used += (size_t)got;
        into[used] = '\0';
        body = strstr(into, "\r\n\r\n");
        length = strcasestr(into, "content-length:");
        if (body)
            wanted = (size_t)(body + 4 - into) + (length ? strtoul(length + 15, NULL, 10) : 0);
    }
    return true;
}

static void serve(struct agent *a, int fd)
{
    char *request = calloc(1, 1 << 16), token[80];
    enum mode mode;
    bool allowed;

    if (!read_request(fd, request, 1 << 16)) {
        free(request);
        return;
    }
    pthread_mutex_lock(&a->lock);
    snprintf(token, sizeof(token), "X-Agent-Token: %s\r\n", a->token);
    allowed = strstr(request, token) != NULL;
    mode = a->mode;
    a->asked++;
    pthread_mutex_unlock(&a->lock);
    if (mode == SILENT) {
        char byte;

        (void)!read(fd, &byte, 1); /* until they leave */
    } else if (!allowed) {
        refuse(fd, 401, "{\"error\":\"Unauthorized\",\"message\":\"Invalid or missing agent token\"}");
    } else if (mode == BUSY) {
        refuse(fd, 503, "{\"error\":\"Busy\",\"message\":\"later\"}");
    } else if (mode == NO_CLUSTER) {
        refuse(fd, 502, "{\"error\":\"Database connection failed\",\"message\":\"fe1 is down\"}");
    } else if (mode != GONE) {
        reply_answers(fd, request, mode == CUT);
    }
    free(request);
}

static void *listen_on(void *context)
{
    struct agent *a = context;

    for (;;) {
        int fd = accept(a->socket, NULL, NULL);
        bool quit;

        if (fd < 0)
            return NULL;
        pthread_mutex_lock(&a->lock);
        quit = a->quit;
        pthread_mutex_unlock(&a->lock);
        if (!quit)
            serve(a, fd);
        close(fd);
        if (quit)
            return NULL;
    }
}

static void open_agent(struct agent *a, enum mode mode)
{
    struct sockaddr_in where = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(where);

    memset(a, 0, sizeof(*a));
    pthread_mutex_init(&a->lock, NULL);
    a->mode = mode;
    a->token = TOKEN;
    a->socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(a->socket, (struct sockaddr *)&where, sizeof(where)), 0);
    assert_int_equal(listen(a->socket, 16), 0);
    getsockname(a->socket, (struct sockaddr *)&where, &size);
    a->port = ntohs(where.sin_port);
    pthread_create(&a->thread, NULL, listen_on, a);
}

static void set_mode(struct agent *a, enum mode mode, const char *token)
{
    pthread_mutex_lock(&a->lock);
    a->mode = mode;
    a->token = token;
    pthread_mutex_unlock(&a->lock);
}

static int asked(struct agent *a)
{
    int n;

    pthread_mutex_lock(&a->lock);
    n = a->asked;
    pthread_mutex_unlock(&a->lock);
    return n;
}

static void close_agent(struct agent *a)
{
    struct sockaddr_in where = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons((uint16_t)a->port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    pthread_mutex_lock(&a->lock);
    a->quit = true;
    pthread_mutex_unlock(&a->lock);
    connect(fd, (struct sockaddr *)&where, sizeof(where));
    pthread_join(a->thread, NULL);
    close(fd);
    close(a->socket);
}

/* ---- two of them ---- */

static struct agent one, two;
static struct srd_arena *arena;
static struct srd_work *work;
static int64_t check_ms;

static int begin(void **state)
{
    (void)state;
    open_agent(&one, WELL);
    open_agent(&two, WELL);
    arena = srd_arena_new();
    work = srd_work_new(4, 16);
    check_ms = 400;
    return 0;
}

static int end(void **state)
{
    (void)state;
    srd_work_free(&work);
    close_agent(&one);
    close_agent(&two);
    srd_arena_free(&arena);
    return 0;
}

static struct srd_remote *remote_of(struct srd_tenant_agents agents, int64_t breaker_ms)
{
    struct srd_remote_options how = { .work = work, .check_ms = check_ms, .breaker_ms = breaker_ms };

    agents.urls[0] = srd_arena_printf(arena, "http://127.0.0.1:%d", one.port);
    if (!agents.urls[1])
        agents.urls[1] = srd_arena_printf(arena, "http://127.0.0.1:%d", two.port);
    if (!*agents.urls[1])
        agents.urls[1] = NULL;
    if (!agents.token)
        agents.token = TOKEN;
    return srd_remote_new(&agents, &how);
}

static const struct srd_tenant_agents both, single = { .urls = { NULL, "" } };
#define LONG_MS 3600000

static void take(void *context, size_t index, const struct srd_answer *answer, struct srd_arena **memory)
{
    (void)index;
    *(size_t *)context += answer->status != SRD_TIMED_OUT;
    (void)memory;
}

/* A batch of three; returns how many were answered. */
static size_t ask(struct srd_source *src, struct srd_error *err)
{
    static const struct srd_probe probes[] = { { .id = "a" }, { .id = "b" }, { .id = "c" } };
    struct srd_question questions[3];
    const struct srd_question *list[3];
    size_t answers = 0;
    struct srd_batch batch = { .questions = list,
                               .count = 3,
                               .deadline_ms = srd_clock_monotonic_ms() + 20000,
                               .answered = take,
                               .context = &answers };

    for (size_t i = 0; i < 3; i++) {
        questions[i] = (struct srd_question){ .probe = &probes[i], .key = "", .sql = "SELECT 1", .node = "" };
        list[i] = &questions[i];
    }
    *err = (struct srd_error){ 0 };
    src->ops->ask_many(src, &batch, err);
    return answers;
}

static struct srd_source *opened(struct srd_remote *remote)
{
    struct srd_source *src = NULL;
    struct srd_error err = { 0 };

    if (srd_remote_open(remote, &src, &err))
        fail_msg("%s", err.text);
    return src;
}

static enum srd_code refused(struct srd_remote *remote, struct srd_error *err)
{
    struct srd_source *src = NULL;

    *err = (struct srd_error){ 0 };
    srd_remote_open(remote, &src, err);
    assert_null(src);
    return err->code;
}

/* "FINE LOST": of the two. */
static const char *faults(struct srd_remote *remote)
{
    static const char *const words[] = { "FINE", "LOST", "SILENT", "TOKEN", "REFUSES", "CLUSTER" };
    struct srd_remote_state *states;
    const char *out = "";
    size_t n = srd_remote_states(remote, arena, &states);

    for (size_t i = 0; i < n; i++)
        out = srd_arena_printf(arena, "%s%s%s", out, i ? " " : "", states[i].known ? words[states[i].fault] : "-");
    return out;
}

static void the_first_is_asked_and_the_second_is_not(void **state)
{
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = remote_of(both, LONG_MS);
    SRD_CLEANUP(srd_source_close) struct srd_source *src = opened(remote);
    struct srd_remote_state trouble;
    struct srd_error err;

    (void)state;
    assert_int_equal(ask(src, &err), 3);
    assert_string_equal(src->connected, "fe1:9030");
    assert_string_equal(faults(remote), "FINE -");
    assert_int_equal(asked(&two), 0);
    assert_false(srd_remote_trouble(remote, arena, &trouble));
}

static void the_second_is_asked_when_the_first_is_dead(void **state)
{
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = remote_of(both, LONG_MS);
    struct srd_error err;

    (void)state;
    set_mode(&one, GONE, TOKEN);
    for (int i = 0; i < 3; i++) {
        SRD_CLEANUP(srd_source_close) struct srd_source *src = opened(remote);

        assert_int_equal(ask(src, &err), 3);
    }
    assert_string_equal(faults(remote), "LOST FINE");
    assert_int_equal(asked(&one), 1); /* the breaker */
}

static void what_is_unanswered_is_asked_of_the_next(void **state)
{
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = remote_of(both, LONG_MS);
    SRD_CLEANUP(srd_source_close) struct srd_source *src = opened(remote);
    struct srd_error err;

    (void)state;
    set_mode(&one, CUT, TOKEN); /* answers one of three */
    assert_int_equal(ask(src, &err), 3);
    assert_int_equal(err.code, 0);
    assert_string_equal(faults(remote), "LOST FINE");
    assert_int_equal(ask(src, &err), 3);
    assert_int_equal(asked(&one), 2); /* opened, cut, and left alone */
}

static void when_all_are_dead_the_error_comes_at_once(void **state)
{
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = remote_of(both, LONG_MS);
    struct srd_error err;

    (void)state;
    set_mode(&one, SILENT, TOKEN);
    set_mode(&two, GONE, TOKEN);
    for (int i = 0; i < 20; i++)
        assert_int_equal(refused(remote, &err), SRD_E_CONNECT);
    assert_int_equal(asked(&one), 1);
    assert_int_equal(asked(&two), 1);
    assert_string_equal(faults(remote), "SILENT LOST");
    assert_non_null(strstr(err.text, "s ago)"));
}

static void one_that_is_back_is_found_by_the_next_who_comes(void **state)
{
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = remote_of(single, 1);
    struct srd_source *src = NULL;
    struct srd_error err;

    (void)state;
    set_mode(&one, GONE, TOKEN);
    assert_int_equal(refused(remote, &err), SRD_E_CONNECT);
    set_mode(&one, WELL, TOKEN);
    while (srd_remote_open(remote, &src, &err)) /* the look aside takes what it takes */
        err = (struct srd_error){ 0 };
    assert_int_equal(ask(src, &err), 3);
    assert_string_equal(faults(remote), "FINE");
    srd_source_close(&src);
}

static void nobody_waits_for_a_look_at_one_that_hangs(void **state)
{
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = remote_of(single, 1);
    struct srd_error err;
    int before;

    (void)state;
    set_mode(&one, SILENT, TOKEN);
    assert_int_equal(refused(remote, &err), SRD_E_CONNECT);
    before = asked(&one);
    for (int i = 0; i < 50; i++) {
        struct timespec nap = { 0, 2000000 };

        nanosleep(&nap, NULL);
        assert_int_equal(refused(remote, &err), SRD_E_CONNECT);
    }
    assert_true(asked(&one) - before <= 3); /* looks, one after the other, each with its own time-out */
}

static void a_look_ends_with_the_server(void **state)
{
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = NULL;
    struct srd_error err;

    (void)state;
    check_ms = LONG_MS;
    remote = remote_of(single, 1);
    set_mode(&one, GONE, TOKEN);
    assert_int_equal(refused(remote, &err), SRD_E_CONNECT);
    set_mode(&one, SILENT, TOKEN);
    while (asked(&one) < 2)
        assert_int_equal(refused(remote, &err), SRD_E_CONNECT);
    srd_remote_stop(remote);
    srd_work_free(&work); /* which waits for it */
    work = srd_work_new(1, 1);
}

static void a_token_may_be_either(void **state)
{
    struct srd_tenant_agents agents = { .token = OTHER, .previous = TOKEN };
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = NULL;
    SRD_CLEANUP(srd_source_close) struct srd_source *src = NULL;
    struct srd_error err;

    (void)state;
    agents.urls[1] = "";
    remote = remote_of(agents, LONG_MS);
    src = opened(remote);
    assert_int_equal(asked(&one), 2); /* the new one first */
    assert_int_equal(ask(src, &err), 3);
    set_mode(&one, WELL, OTHER); /* the agent changes it while we are connected */
    assert_int_equal(ask(src, &err), 3);
    assert_int_equal(err.code, 0);
    set_mode(&one, WELL, "neither");
    assert_int_equal(ask(src, &err), 0);
    assert_int_equal(err.code, SRD_E_DENIED);
    assert_string_equal(faults(remote), "TOKEN");
    assert_null(strstr(err.text, OTHER));
    assert_null(strstr(err.text, TOKEN));
}

static void one_that_says_no_is_not_dead(void **state)
{
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = remote_of(single, LONG_MS);
    SRD_CLEANUP(srd_source_close) struct srd_source *src = NULL;
    struct srd_error err;

    (void)state;
    set_mode(&one, BUSY, TOKEN);
    assert_int_equal(refused(remote, &err), SRD_E_CONNECT);
    assert_string_equal(faults(remote), "REFUSES");
    set_mode(&one, WELL, TOKEN);
    src = opened(remote);
    assert_int_equal(ask(src, &err), 3);
}

static void one_without_its_cluster_is_told_apart(void **state)
{
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = remote_of(single, LONG_MS);
    struct srd_remote_state trouble;
    struct srd_error err;

    (void)state;
    set_mode(&one, NO_CLUSTER, TOKEN);
    assert_int_equal(refused(remote, &err), SRD_E_CONNECT);
    assert_true(srd_remote_trouble(remote, arena, &trouble));
    assert_int_equal(trouble.fault, SRD_AGENT_CLUSTER);
    assert_non_null(strstr(trouble.error, "fe1 is down"));
}

static void a_test_looks_at_all_whatever_was_believed(void **state)
{
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = remote_of(both, LONG_MS);
    struct srd_remote_state *states;
    struct srd_error err = { 0 };

    (void)state;
    set_mode(&one, GONE, TOKEN);
    assert_int_equal(srd_remote_test(remote, &err), 0);
    assert_string_equal(faults(remote), "LOST FINE");
    set_mode(&one, WELL, TOKEN);
    set_mode(&two, GONE, TOKEN);
    assert_int_equal(srd_remote_test(remote, &err), 0);
    assert_string_equal(faults(remote), "FINE LOST");
    srd_remote_states(remote, arena, &states);
    assert_true(states[0].latency_ms >= 0);
    assert_true(states[0].contact_at_ms > 0);
    set_mode(&one, GONE, TOKEN);
    assert_int_equal(srd_remote_test(remote, &err), SRD_E_CONNECT);
}

static void the_same_is_the_same(void **state)
{
    struct srd_tenant_agents agents = { .urls = { "https://a", "https://b" }, .token = TOKEN, .ca = "x" }, other = agents;
    struct srd_remote_options how = { 0 };
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = srd_remote_new(&agents, &how);

    (void)state;
    assert_true(srd_remote_is(remote, &other));
    other.urls[1] = NULL;
    assert_false(srd_remote_is(remote, &other));
    other = agents;
    other.urls[2] = "https://c";
    assert_false(srd_remote_is(remote, &other));
    other = agents;
    other.token = OTHER;
    assert_false(srd_remote_is(remote, &other));
    other = agents;
    other.previous = OTHER;
    assert_false(srd_remote_is(remote, &other));
    other = agents;
    other.ca = NULL;
    assert_false(srd_remote_is(remote, &other));
    other = agents;
    other.pin = "x";
    assert_false(srd_remote_is(remote, &other));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(the_first_is_asked_and_the_second_is_not),
        TEST(the_second_is_asked_when_the_first_is_dead),
        TEST(what_is_unanswered_is_asked_of_the_next),
        TEST(when_all_are_dead_the_error_comes_at_once),
        TEST(one_that_is_back_is_found_by_the_next_who_comes),
        TEST(nobody_waits_for_a_look_at_one_that_hangs),
        TEST(a_look_ends_with_the_server),
        TEST(a_token_may_be_either),
        TEST(one_that_says_no_is_not_dead),
        TEST(one_without_its_cluster_is_told_apart),
        TEST(a_test_looks_at_all_whatever_was_believed),
        cmocka_unit_test(the_same_is_the_same),
    };

    srd_log_set_level(SRD_LOG_ERROR);
    return cmocka_run_group_tests_name("serve remote", tests, NULL, NULL);
}
