/* Do the counters count, within their ceilings, and can Prometheus read them? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/serve/metrics.h"
#include "lib/serve/series.h"

static const char *printed(struct srd_family *family, struct srd_buf *out)
{
    srd_buf_init(out, (size_t)1 << 20);
    srd_family_print(family, out);
    return out->data;
}

static void test_counter(void **state)
{
    SRD_CLEANUP(srd_family_free) struct srd_family f = { .name = "x_total", .help = "Xs.", .labels = { "a", "b" }, .most = 10 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;

    (void)state;
    srd_family_init(&f);
    srd_family_count(&f, (const char *const[]){ "1", "2" });
    srd_family_count(&f, (const char *const[]){ "12", "" });
    srd_family_count(&f, (const char *const[]){ "1", "2" });
    srd_family_count(&f, (const char *const[]){ NULL, "q\"\\\n" });
    assert_string_equal(printed(&f, &out), "# HELP x_total Xs.\n# TYPE x_total counter\n"
                                           "x_total{a=\"1\",b=\"2\"} 2\n"
                                           "x_total{a=\"12\",b=\"\"} 1\n"
                                           "x_total{a=\"\",b=\"q\\\"\\\\\\n\"} 1\n");
}

static void test_histogram(void **state)
{
    SRD_CLEANUP(srd_family_free) struct srd_family f = { .name = "t_seconds", .help = "T.", .labels = { "r" }, .histogram = true, .most = 10 };
    static const int64_t times[] = { -5, 0, 1, 2, 5, 6, 1000, 1001, 60000, 60001 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;

    (void)state;
    srd_family_init(&f);
    for (size_t i = 0; i < SRD_COUNT(times); i++)
        srd_family_observe(&f, (const char *const[]){ "a" }, times[i]);
    assert_string_equal(printed(&f, &out),
                        "# HELP t_seconds T.\n# TYPE t_seconds histogram\n"
                        "t_seconds_bucket{r=\"a\",le=\"0.001\"} 3\n"
                        "t_seconds_bucket{r=\"a\",le=\"0.005\"} 5\n"
                        "t_seconds_bucket{r=\"a\",le=\"0.01\"} 6\n"
                        "t_seconds_bucket{r=\"a\",le=\"0.025\"} 6\n"
                        "t_seconds_bucket{r=\"a\",le=\"0.05\"} 6\n"
                        "t_seconds_bucket{r=\"a\",le=\"0.1\"} 6\n"
                        "t_seconds_bucket{r=\"a\",le=\"0.25\"} 6\n"
                        "t_seconds_bucket{r=\"a\",le=\"0.5\"} 6\n"
                        "t_seconds_bucket{r=\"a\",le=\"1\"} 7\n"
                        "t_seconds_bucket{r=\"a\",le=\"2.5\"} 8\n"
                        "t_seconds_bucket{r=\"a\",le=\"5\"} 8\n"
                        "t_seconds_bucket{r=\"a\",le=\"10\"} 8\n"
                        "t_seconds_bucket{r=\"a\",le=\"30\"} 8\n"
                        "t_seconds_bucket{r=\"a\",le=\"60\"} 9\n"
                        "t_seconds_bucket{r=\"a\",le=\"+Inf\"} 10\n"
                        "t_seconds_sum{r=\"a\"} 122.016\n"
                        "t_seconds_count{r=\"a\"} 10\n");
}

/* A thousand tenants must not make a page of a thousand lines. */
static void test_ceiling(void **state)
{
    SRD_CLEANUP(srd_family_free) struct srd_family f = { .name = "x", .help = "X.", .labels = { "a" }, .most = 4 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;

    (void)state;
    srd_family_init(&f);
    for (int i = 0; i < 1000; i++) {
        char value[16];

        snprintf(value, sizeof(value), "t%d", i);
        srd_family_count(&f, (const char *const[]){ value });
    }
    srd_family_count(&f, (const char *const[]){ "t1" });
    assert_string_equal(printed(&f, &out), "# HELP x X.\n# TYPE x counter\n"
                                           "x{a=\"t0\"} 1\nx{a=\"t1\"} 2\nx{a=\"t2\"} 1\n"
                                           "x{a=\"other\"} 997\n");
}

static void *count_many(void *what)
{
    struct srd_family *f = what;

    for (int i = 0; i < 20000; i++) {
        char value[16];

        snprintf(value, sizeof(value), "v%d", i % 50);
        srd_family_count(f, (const char *const[]){ value });
    }
    return NULL;
}

static void add_up(void *context, const struct srd_series *series)
{
    *(uint64_t *)context += series->count;
}

static void test_threads(void **state)
{
    SRD_CLEANUP(srd_family_free) struct srd_family f = { .name = "x", .help = "X.", .labels = { "a" }, .most = 40 };
    pthread_t threads[4];
    uint64_t sum = 0;

    (void)state;
    srd_family_init(&f);
    for (size_t i = 0; i < SRD_COUNT(threads); i++)
        pthread_create(&threads[i], NULL, count_many, &f);
    for (size_t i = 0; i < SRD_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    srd_family_each(&f, add_up, &sum);
    assert_int_equal(sum, 4 * 20000);
    assert_int_equal(f.count, 40);
}

static void take(struct srd_metrics *m, int status, int64_t ms, bool stream)
{
    srd_metrics_request(m, &(struct srd_metrics_request){ .route = "/tools", .method = "GET", .status = status,
                                                          .ms = ms, .tenant = "acme", .stream = stream });
}

static void test_totals(void **state)
{
    SRD_CLEANUP(srd_metrics_free) struct srd_metrics *m = srd_metrics_new();
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;
    struct srd_metrics_totals t = srd_metrics_totals(m);

    (void)state;
    assert_int_equal(t.requests, 0);
    assert_true(t.average_ms == 0 && t.p50_ms == 0 && t.p99_ms == 0);
    take(m, 200, 7, false);
    t = srd_metrics_totals(m);
    assert_true(t.p50_ms == 7 && t.p95_ms == 7 && t.p99_ms == 7);
    /* 1 to 100, and an old one that has left the ring; a stream's time says nothing about us */
    for (int i = 1; i <= 100; i++)
        take(m, i % 10 ? 200 : 500, i, false);
    take(m, 200, 999999, true);
    t = srd_metrics_totals(m);
    assert_int_equal(t.requests, 102);
    assert_int_equal(t.failed, 10);
    assert_int_equal(t.succeeded, 92);
    assert_true(t.p50_ms == 50 && t.p95_ms == 95 && t.p99_ms == 99);
    assert_true(t.average_ms > 50 && t.average_ms < 50.1);
    json = srd_metrics_tenants(m);
    srd_buf_init(&text, 4096);
    srd_json_print(json, false, &text);
    assert_string_equal(text.data, "[{\"tenant_id\":\"acme\",\"requests\":102,\"errors\":10,\"calls\":0,\"failed_calls\":0}]");
}

static void test_tools(void **state)
{
    SRD_CLEANUP(srd_metrics_free) struct srd_metrics *m = srd_metrics_new();
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;

    (void)state;
    srd_metrics_call(m, "a", "acme", "ok", 10);
    srd_metrics_call(m, "a", "acme", "error", 20);
    srd_metrics_call(m, "a", NULL, "cancelled", 5);
    json = srd_metrics_tools(m);
    srd_buf_init(&text, 4096);
    srd_json_print(json, false, &text);
    assert_string_equal(text.data, "[{\"tool\":\"a\",\"tenant\":\"acme\",\"calls\":2,\"errors\":1,\"average_ms\":15},"
                                   "{\"tool\":\"a\",\"calls\":1,\"errors\":1,\"average_ms\":5}]");
}

/* Labels of a hostile client would be a way to fill the memory, and the page. */
static void test_methods(void **state)
{
    SRD_CLEANUP(srd_metrics_free) struct srd_metrics *m = srd_metrics_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf page;
    struct srd_metrics_gauges gauges = { .version = "1" };

    (void)state;
    for (int i = 0; i < 100; i++) {
        char method[16];

        snprintf(method, sizeof(method), "M%d", i);
        srd_metrics_request(m, &(struct srd_metrics_request){ .route = "", .method = method, .status = 405,
                                                              .gate = SRD_GATE_METHOD });
    }
    srd_buf_init(&page, (size_t)1 << 20);
    srd_metrics_print(m, &gauges, &page);
    assert_non_null(strstr(page.data, "srdiag_http_requests_total{route=\"\",method=\"other\",status=\"405\"} 100\n"));
    assert_non_null(strstr(page.data, "srdiag_http_refused_total{guard=\"method\"} 100\n"));
    assert_null(strstr(page.data, "M7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        { .name = "a counter has a line for each set of values, escaped", .test_func = test_counter },
        { .name = "a histogram adds up its buckets", .test_func = test_histogram },
        { .name = "beyond the ceiling everything is \"other\"", .test_func = test_ceiling },
        { .name = "nothing is lost between threads", .test_func = test_threads },
        { .name = "totals, and percentiles of the last hundred", .test_func = test_totals },
        { .name = "calls per tool and tenant", .test_func = test_tools },
        { .name = "a client's word is no label", .test_func = test_methods },
    };

    return cmocka_run_group_tests_name("serve metrics", tests, NULL, NULL);
}
