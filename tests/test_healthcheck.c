/* Is only the answer of a healthy srdiag healthy, and is everything else told in words? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* cmd is a program and no library: the files under test are included */
#include "cmd/healthcheck_answer.c"
#include "cmd/words.c"
#include "tests/rows.h"

#define OKAY "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
#define GONE "HTTP/1.1 503 Service Unavailable\r\n\r\n"

static const struct answer {
    const char *name, *bytes, *want; /* "healthy 200 words" */
} answers[] = {
    { "200 and healthy is healthy",
      OKAY "{\"status\":\"healthy\",\"version\":\"1.2.3\",\"uptime\":93.5}",
      "healthy 200 srdiag 1.2.3, up 1m 33s" },
    { "an old version without uptime is healthy, too",
      OKAY "{\"status\":\"healthy\",\"version\":\"1.0\"}", "healthy 200 srdiag 1.0" },
    { "an uptime that cannot be is left out",
      OKAY "{\"status\":\"healthy\",\"version\":\"1.0\",\"uptime\":1e300}",
      "healthy 200 srdiag 1.0" },
    { "a version is not required", OKAY "{\"status\":\"healthy\"}",
      "healthy 200 srdiag of an unknown version" },
    { "503 is unhealthy, whatever the body claims", GONE "{\"status\":\"healthy\"}",
      "unhealthy 503 it says \"healthy\"" },
    { "a server that drains is shutting down",
      GONE "{\"status\":\"unhealthy\",\"checks\":{\"server\":false}}",
      "unhealthy 503 it is shutting down" },
    { "clusters that are not reached are named",
      GONE "{\"status\":\"unhealthy\",\"checks\":{\"server\":true,\"cluster a\":false,\"cluster "
           "b\":false}}",
      "unhealthy 503 it says \"unhealthy\": cluster a, cluster b" },
    { "200 and unhealthy is unhealthy", OKAY "{\"status\":\"unhealthy\"}",
      "unhealthy 200 it says \"unhealthy\"" },
    { "a state that is not known is not healthy", OKAY "{\"status\":\"ok\"}",
      "unhealthy 200 it says \"ok\"" },
    { "a state that is no text is not healthy", OKAY "{\"status\":true}",
      "unhealthy 200 what answers there is no srdiag: its /health names no status" },
    { "checks that are no object are no reason to fall",
      GONE "{\"status\":\"x\",\"checks\":[false]}", "unhealthy 503 it says \"x\"" },
    { "a refusal has its reason",
      "HTTP/1.1 403 Forbidden\r\n\r\n{\"error\":\"Forbidden\",\"message\":\"not from there\"}",
      "unhealthy 403 it answered 403 Forbidden: not from there" },
    { "a refusal may have no message",
      "HTTP/1.1 429 Too Many\r\n\r\n{\"error\":\"Rate limit exceeded\"}",
      "unhealthy 429 it answered 429 Rate limit exceeded" },
    { "a page of a proxy has its status", "HTTP/1.1 502 Bad Gateway\r\n\r\n<html>",
      "unhealthy 502 it answered with HTTP status 502" },
    { "a redirection is not followed", "HTTP/1.0 301 Moved\r\nLocation: /x\r\n\r\n",
      "unhealthy 301 it answered with HTTP status 301" },
    { "another program's OK is not ours", OKAY "OK",
      "unhealthy 200 what answers there is no srdiag: its /health is no JSON" },
    { "nor is its list", OKAY "[1]",
      "unhealthy 200 what answers there is no srdiag: its /health is no JSON" },
    { "JSON that was cut is no JSON", OKAY "{\"status\":\"healthy\"",
      "unhealthy 200 what answers there is no srdiag: its /health is no JSON" },
    { "nothing behind the head is no JSON", OKAY,
      "unhealthy 200 what answers there is no srdiag: its /health is no JSON" },
    { "a head without an end was cut", "HTTP/1.1 200 OK\r\nContent-",
      "unhealthy 200 its answer was cut off" },
    { "nothing at all is told", "", "unhealthy 0 it closed the connection without an answer" },
    { "a database answers otherwise", "J\n5.1.0 bla",
      "unhealthy 0 what answers there does not speak HTTP" },
    { "HTTP of another age is none", "HTTP/2 200 OK\r\n\r\n{}",
      "unhealthy 0 what answers there does not speak HTTP" },
    { "a status of two digits is none", "HTTP/1.1 20 OK\r\n\r\n{}",
      "unhealthy 0 what answers there does not speak HTTP" },
    { "an alert of TLS is known", "\x15\x03\x01\x02\x02P",
      "unhealthy 0 it speaks TLS, and healthcheck does not" },
    { "what a terminal would obey is not shown as it is",
      GONE "{\"error\":\"\\u001b[31mred\",\"message\":\"a\\nb\"}",
      "unhealthy 503 it answered 503 \\e[31mred: a\\nb" },
};

static void is_judged(void **state)
{
    const struct answer *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_health health;
    char got[1024];

    srd_health_judge(row->bytes, strlen(row->bytes), arena, &health);
    snprintf(got, sizeof(got), "%s %d %s", health.healthy ? "healthy" : "unhealthy",
             health.http_status, health.words);
    assert_string_equal(got, row->want);
}

/* A hostile server has long texts and many checks; the line stays one that can be read. */
static void is_short(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;
    struct srd_health health;

    (void)state;
    srd_buf_init(&text, (size_t)1 << 20);
    srd_buf_text(&text, GONE "{\"status\":\"");
    srd_buf_repeat(&text, 'x', 5000);
    srd_buf_text(&text, "\",\"checks\":{\"server\":true");
    for (int i = 0; i < 5000; i++)
        srd_buf_printf(&text, ",\"cluster %d\":false", i);
    srd_buf_text(&text, "}}");
    srd_health_judge(text.data, text.size, arena, &health);
    assert_false(health.healthy);
    assert_in_range(strlen(health.words), 1000, 2000);
}

static const struct target {
    const char *name, *text, *want; /* "authority host port path"; "": refused */
} urls[] = {
    { "a URL is taken apart", "http://127.0.0.1:3000/health", "127.0.0.1:3000 127.0.0.1 3000 /health" },
    { "without a path it is /health", "http://central:3000", "central:3000 central 3000 /health" },
    { "a bare / is no path", "http://central:3000/", "central:3000 central 3000 /health" },
    { "another path may be asked", "http://central/srdiag/health?deep=1",
      "central:80 central 80 /srdiag/health?deep=1" },
    { "a query alone is one of /health", "http://central?deep=1", "central:80 central 80 /health?deep=1" },
    { "IPv6 stands in brackets", "http://[::1]:3000", "[::1]:3000 ::1 3000 /health" },
    { "and may have no port", "http://[::1]/", "[::1]:80 ::1 80 /health" },
    { "https is refused", "https://central/health", "" },
    { "so is every other scheme", "ftp://central/", "" },
    { "and none", "central:3000", "" },
    { "a host is needed", "http://:3000/", "" },
    { "also in brackets", "http://[]:3000/", "" },
    { "brackets end", "http://[::1:3000/", "" },
    { "behind brackets comes a port or nothing", "http://[::1]x:3000/", "" },
    { "port 0 is none", "http://a:0/", "" },
    { "nor is 65536", "http://a:65536/", "" },
    { "nor is nothing", "http://a:/", "" },
    { "nor is a word", "http://a:b/", "" },
    { "a user is refused", "http://me:geheim@a/", "" },
    { "a line break is refused", "http://a/\r\nX: y", "" },
    { "a blank is refused", "http://a/ b", "" },
    { "a fragment is refused", "http://a/#b", "" },
    { NULL, NULL, NULL },
}, listens[] = {
    { "a port is one of this machine", "3000", "127.0.0.1:3000 127.0.0.1 3000 /health" },
    { "every address is this machine", "0.0.0.0:3000", "127.0.0.1:3000 127.0.0.1 3000 /health" },
    { "so is the star", "*:3000", "127.0.0.1:3000 127.0.0.1 3000 /health" },
    { "every address of IPv6, too", "[::]:3000", "[::1]:3000 ::1 3000 /health" },
    { "an address is asked itself", "10.0.0.7:3000", "10.0.0.7:3000 10.0.0.7 3000 /health" },
    { "port 0 names nobody", "0", "" },
    { "a word is no port", "http", "" },
    { NULL, NULL, NULL },
};

static void is_target(const struct target *row, bool url)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_health_target target = { 0 };
    struct srd_error err = { 0 };
    char got[512] = "";
    int code = url ? srd_health_url(row->text, arena, &target, &err)
                   : srd_health_listen(row->text, arena, &target, &err);

    if (!code)
        snprintf(got, sizeof(got), "%s %s %s %s", target.authority, target.host, target.port,
                 target.path);
    assert_string_equal(got, row->want);
    assert_int_equal(code, err.code);
    assert_int_equal(!*row->want, err.text[0] != '\0');
    assert_null(strstr(err.text, "geheim"));
}

static void is_url(void **state)
{
    is_target(*state, true);
}

static void is_listen(void **state)
{
    is_target(*state, false);
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(answers) + SRD_COUNT(urls) + SRD_COUNT(listens) + 1] = { 0 };
    size_t n = 0;

    ADD_ROWS(tests, n, answers, is_judged);
    tests[n++] =
        (struct CMUnitTest){ .name = "what a server says is cut to a line", .test_func = is_short };
    for (const struct target *row = urls; row->name; row++)
        tests[n++] = (struct CMUnitTest){ .name = row->name,
                                          .test_func = is_url,
                                          .initial_state = (void *)row };
    for (const struct target *row = listens; row->name; row++)
        tests[n++] = (struct CMUnitTest){ .name = row->name,
                                          .test_func = is_listen,
                                          .initial_state = (void *)row };
    return _cmocka_run_group_tests("healthcheck", tests, n, NULL, NULL);
}
