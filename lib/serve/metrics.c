/* How much was asked, by whom, and how long did it take? */

#include "lib/serve/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/serve/series.h"

#define RECENT 100

struct recent {
    int64_t at_ms, ms;
    int status;
    char method[8], path[64];
};

struct srd_metrics {
    struct srd_tally *accounts; /* of tenants */
    struct srd_family requests, request_time, refused, tenants, calls, call_time;
    _Atomic uint64_t total, failed, total_ms, bytes;
    pthread_mutex_t lock; /* of what follows */
    struct recent recent[RECENT];
    size_t recent_count; /* ever */
};

struct srd_metrics *srd_metrics_new(void)
{
    struct srd_metrics *m = calloc(1, sizeof(*m));

    if (!m)
        srd_no_memory();
    m->requests = (struct srd_family){ .name = "srdiag_http_requests_total",
                                       .help = "Requests that were answered.",
                                       .labels = { "route", "method", "status" },
                                       .most = 400 };
    m->request_time = (struct srd_family){ .name = "srdiag_http_request_duration_seconds",
                                           .help = "Time from a request's head to its last byte.",
                                           .labels = { "route" },
                                           .histogram = true,
                                           .most = 64 };
    m->refused = (struct srd_family){ .name = "srdiag_http_refused_total",
                                      .help = "Requests that a guard refused, by the guard.",
                                      .labels = { "guard" },
                                      .most = 32 };
    m->tenants = (struct srd_family){ .name = "srdiag_tenant_requests_total",
                                      .help = "Requests of each tenant.",
                                      .labels = { "tenant", "outcome" },
                                      .most = 500 };
    m->calls = (struct srd_family){ .name = "srdiag_tool_calls_total",
                                    .help = "Calls of tools.",
                                    .labels = { "tool", "tenant", "outcome" },
                                    .most = 500 };
    m->call_time = (struct srd_family){ .name = "srdiag_tool_duration_seconds",
                                        .help = "Time of a call of a tool.",
                                        .labels = { "tool", "tenant" },
                                        .histogram = true,
                                        .most = 300 };
    m->accounts = srd_tally_new();
    srd_family_init(&m->requests);
    srd_family_init(&m->request_time);
    srd_family_init(&m->refused);
    srd_family_init(&m->tenants);
    srd_family_init(&m->calls);
    srd_family_init(&m->call_time);
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void srd_metrics_free(struct srd_metrics **metrics)
{
    struct srd_metrics *m = *metrics;

    if (!m)
        return;
    srd_tally_free(&m->accounts);
    srd_family_free(&m->requests);
    srd_family_free(&m->request_time);
    srd_family_free(&m->refused);
    srd_family_free(&m->tenants);
    srd_family_free(&m->calls);
    srd_family_free(&m->call_time);
    pthread_mutex_destroy(&m->lock);
    free(m);
    *metrics = NULL;
}

/* ---- counting ---- */

static void add_to(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t value_of(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* A client may send any word as the method; it must not become a label. */
static const char *known_method(const char *method)
{
    static const char *const known[] = {
        "GET", "POST", "HEAD", "DELETE", "OPTIONS", "PUT", "PATCH"
    };

    for (size_t i = 0; i < SRD_COUNT(known); i++)
        if (!strcmp(known[i], method))
            return known[i];
    return "other";
}

static void keep(struct srd_metrics *m, const struct srd_metrics_request *r)
{
    struct recent *at;

    pthread_mutex_lock(&m->lock);
    at = &m->recent[m->recent_count++ % RECENT];
    *at = (struct recent){ .at_ms = srd_clock_now_ms(), .ms = r->ms, .status = r->status };
    snprintf(at->method, sizeof(at->method), "%s", known_method(r->method));
    snprintf(at->path, sizeof(at->path), "%s", *r->route ? r->route : "(none)");
    pthread_mutex_unlock(&m->lock);
}

void srd_metrics_request(struct srd_metrics *m, const struct srd_metrics_request *r)
{
    bool failed = r->status >= 400;
    char status[16];

    snprintf(status, sizeof(status), "%d", r->status);
    add_to(&m->total, 1);
    add_to(&m->failed, failed);
    add_to(&m->bytes, r->bytes);
    srd_family_count(&m->requests,
                     (const char *const[]){ r->route, known_method(r->method), status });
    if (r->tenant) {
        srd_family_count(&m->tenants, (const char *const[]){ r->tenant, failed ? "error" : "ok" });
        srd_tally_request(m->accounts, r->tenant, failed);
    }
    if (r->gate > SRD_GATE_PREFLIGHT)
        srd_family_count(&m->refused, (const char *const[]){ srd_gate_name(r->gate) });
    if (r->stream)
        return;
    add_to(&m->total_ms, (uint64_t)(r->ms > 0 ? r->ms : 0));
    srd_family_observe(&m->request_time, (const char *const[]){ r->route }, r->ms);
    keep(m, r);
}

void srd_metrics_call(struct srd_metrics *m, const char *tool, const char *tenant,
                      const char *outcome, int64_t ms)
{
    if (tenant)
        srd_tally_call(m->accounts, tenant, !strcmp(outcome, "error"));
    srd_family_count(&m->calls, (const char *const[]){ tool, tenant, outcome });
    srd_family_observe(&m->call_time, (const char *const[]){ tool, tenant }, ms);
}

/* ---- /stats ---- */

static int by_ms(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The smallest that at least @percent of them do not pass. */
static double percentile(const int64_t *sorted, size_t n, size_t percent)
{
    return n ? (double)sorted[(n * percent + 99) / 100 - 1] : 0;
}

struct srd_metrics_totals srd_metrics_totals(struct srd_metrics *m)
{
    struct srd_metrics_totals out = { .requests = value_of(&m->total),
                                      .failed = value_of(&m->failed) };
    int64_t sorted[RECENT];
    size_t n;

    if (out.failed > out.requests) /* counted in between */
        out.failed = out.requests;
    out.succeeded = out.requests - out.failed;
    pthread_mutex_lock(&m->lock);
    n = m->recent_count < RECENT ? m->recent_count : RECENT;
    for (size_t i = 0; i < n; i++)
        sorted[i] = m->recent[i].ms;
    if (m->recent_count)
        out.average_ms = (double)value_of(&m->total_ms) / (double)m->recent_count;
    pthread_mutex_unlock(&m->lock);
    qsort(sorted, n, sizeof(*sorted), by_ms);
    out.p50_ms = percentile(sorted, n, 50);
    out.p95_ms = percentile(sorted, n, 95);
    out.p99_ms = percentile(sorted, n, 99);
    return out;
}

/* The row of @list whose members @a and @b are these; made if it is not there. */
struct tally {
    const char *names[2]; /* of the first two members; [1] may be NULL */
    struct row {
        const char *values[2];
        uint64_t all, errors, sum_ms;
    } rows[512];
    size_t count;
};

static struct row *tally_row(struct tally *t, const struct srd_series *s)
{
    for (size_t i = 0; i < t->count; i++)
        if (!strcmp(t->rows[i].values[0], s->values[0]) &&
            (!t->names[1] || !strcmp(t->rows[i].values[1], s->values[1])))
            return &t->rows[i];
    if (t->count == SRD_COUNT(t->rows))
        return &t->rows[t->count - 1];
    t->rows[t->count] = (struct row){ .values = { s->values[0], s->values[1] } };
    return &t->rows[t->count++];
}

static void tally_call(void *context, const struct srd_series *s)
{
    struct row *row = tally_row(context, s);

    row->all += value_of(&s->count);
    if (strcmp(s->values[2], "ok") != 0)
        row->errors += value_of(&s->count);
}

static void tally_time(void *context, const struct srd_series *s)
{
    tally_row(context, s)->sum_ms += value_of(&s->sum_ms);
}

struct srd_json *srd_metrics_tenants(struct srd_metrics *m)
{
    return srd_tally_json(m->accounts);
}

struct srd_tally_row srd_metrics_tenant(struct srd_metrics *m, const char *tenant)
{
    return srd_tally_get(m->accounts, tenant);
}

struct srd_json *srd_metrics_tools(struct srd_metrics *m)
{
    struct srd_json *out = srd_json_array();
    struct tally *t = calloc(1, sizeof(*t));

    if (!t)
        srd_no_memory();
    t->names[0] = "tool";
    t->names[1] = "tenant";
    srd_family_each(&m->calls, tally_call, t);
    srd_family_each(&m->call_time, tally_time, t);
    for (size_t i = 0; i < t->count; i++) {
        const struct row *row = &t->rows[i];
        struct srd_json *one = srd_json_push(out, srd_json_object());

        srd_json_put(one, "tool", srd_json_new_text(row->values[0]));
        if (*row->values[1])
            srd_json_put(one, "tenant", srd_json_new_text(row->values[1]));
        srd_json_put(one, "calls", srd_json_new_integer((int64_t)row->all));
        srd_json_put(one, "errors", srd_json_new_integer((int64_t)row->errors));
        srd_json_put(one, "average_ms",
                     srd_json_new_number(row->all ? (double)row->sum_ms / (double)row->all : 0));
    }
    free(t);
    return out;
}

struct srd_json *srd_metrics_recent(struct srd_metrics *m)
{
    struct srd_json *out = srd_json_array();
    size_t n;

    pthread_mutex_lock(&m->lock);
    n = m->recent_count < RECENT ? m->recent_count : RECENT;
    for (size_t i = 1; i <= n; i++) {
        const struct recent *r = &m->recent[(m->recent_count - i) % RECENT];
        struct srd_json *one = srd_json_push(out, srd_json_object());
        char time[SRD_TIME_SIZE];

        srd_json_put(one, "timestamp", srd_json_new_text(srd_time_rfc3339(r->at_ms, time)));
        srd_json_put(one, "method", srd_json_new_text(r->method));
        srd_json_put(one, "path", srd_json_new_text(r->path));
        srd_json_put(one, "status", srd_json_new_integer(r->status));
        srd_json_put(one, "ms", srd_json_new_integer(r->ms));
    }
    pthread_mutex_unlock(&m->lock);
    return out;
}

/* ---- /metrics ---- */

static void gauge(struct srd_buf *out, const char *name, const char *type, const char *help,
                  double value)
{
    srd_metric_head(out, name, type, help);
    srd_buf_printf(out, "%s %.15g\n", name, value);
}

static double resident_bytes(void)
{
    SRD_CLEANUP(srd_close_file) FILE *f = fopen("/proc/self/statm", "re");
    long all, resident;

    if (!f || fscanf(f, "%ld %ld", &all, &resident) != 2)
        return 0;
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void print_process(const struct srd_metrics_gauges *g, struct srd_buf *out)
{
    struct rusage used;

    gauge(out, "srdiag_uptime_seconds", "gauge", "Seconds since the server began to listen.",
          (double)g->uptime_ms / 1000);
    gauge(out, "process_start_time_seconds", "gauge", "When the server began, as a Unix time.",
          (double)(srd_clock_now_ms() - g->uptime_ms) / 1000);
    gauge(out, "process_resident_memory_bytes", "gauge", "Memory in use.", resident_bytes());
    if (!getrusage(RUSAGE_SELF, &used))
        gauge(out, "process_cpu_seconds_total", "counter", "Processor time used.",
              (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                  (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    srd_metric_head(out, "srdiag_build_info", "gauge", "The version that runs; always 1.");
    srd_buf_text(out, "srdiag_build_info");
    srd_metric_labels(out, (const char *const[]){ "version", NULL },
                      (const char *const[]){ g->version }, NULL);
    srd_buf_text(out, " 1\n");
}

static void print_load(struct srd_metrics *m, const struct srd_metrics_gauges *g,
                       struct srd_buf *out)
{
    gauge(out, "srdiag_connections", "gauge", "Open connections.", (double)g->connections);
    gauge(out, "srdiag_sse_sessions", "gauge", "Open sessions of /sse.", (double)g->sessions);
    gauge(out, "srdiag_requests_active", "gauge", "Requests at work.", (double)g->active);
    gauge(out, "srdiag_workers_busy", "gauge", "Threads at work.", (double)g->working);
    gauge(out, "srdiag_workers_waiting", "gauge", "Calls that wait for a thread.",
          (double)g->waiting);
    gauge(out, "srdiag_http_response_bytes_total", "counter", "Bytes of bodies sent.",
          (double)value_of(&m->bytes));
    gauge(out, "srdiag_log_lines_lost_total", "counter", "Log lines that could not be written.",
          (double)g->log_lines_lost);
    gauge(out, "srdiag_cache_hits_total", "counter", "Answers that were given again.",
          (double)g->cache.hits);
    gauge(out, "srdiag_cache_misses_total", "counter", "Answers that had to be made.",
          (double)g->cache.misses);
    gauge(out, "srdiag_cache_joined_total", "counter", "Calls that waited for another's answer.",
          (double)g->cache.joined);
    gauge(out, "srdiag_cache_evicted_total", "counter", "Answers that had to go early.",
          (double)g->cache.evicted);
    gauge(out, "srdiag_cache_entries", "gauge", "Answers that are kept.", (double)g->cache.entries);
    gauge(out, "srdiag_cache_bytes", "gauge", "Bytes of answers that are kept.",
          (double)g->cache.bytes);
}

/* One line of @name for each cluster that @value has a number for (NAN: none). */
static void each_cluster(const struct srd_metrics_gauges *g, struct srd_buf *out, const char *name,
                         const char *help, double (*value)(const struct srd_desk_cluster_state *))
{
    static const char *const labels[] = { "tenant", "cluster", NULL };

    srd_metric_head(out, name, "gauge", help);
    for (size_t i = 0; i < g->cluster_count; i++) {
        const struct srd_desk_cluster_state *c = &g->clusters[i];

        if (value(c) < 0) /* not known */
            continue;
        srd_buf_text(out, name);
        srd_metric_labels(out, labels, (const char *const[]){ c->tenant, c->name }, NULL);
        srd_buf_printf(out, " %.15g\n", value(c));
    }
}

static double up(const struct srd_desk_cluster_state *c)
{
    return c->asked ? c->reachable : -1;
}
static double score(const struct srd_desk_cluster_state *c)
{
    return c->score;
}
static double busy(const struct srd_desk_cluster_state *c)
{
    return (double)c->connections_busy;
}
static double idle(const struct srd_desk_cluster_state *c)
{
    return (double)c->connections_idle;
}
static double waits(const struct srd_desk_cluster_state *c)
{
    return (double)c->waiting;
}

static void print_findings(const struct srd_metrics_gauges *g, struct srd_buf *out)
{
    static const char *const labels[] = { "tenant", "cluster", "severity" };

    srd_metric_head(out, "srdiag_cluster_findings", "gauge",
                    "Findings of the last comprehensive run, by severity.");
    for (size_t i = 0; i < g->cluster_count; i++) {
        const struct srd_desk_cluster_state *c = &g->clusters[i];

        for (int s = SRD_INFO; c->score >= 0 && s <= SRD_CRITICAL; s++) {
            srd_buf_text(out, "srdiag_cluster_findings");
            srd_metric_labels(out, labels,
                              (const char *const[]){ c->tenant, c->name,
                                                     srd_severity_name((enum srd_severity)s) },
                              NULL);
            srd_buf_printf(out, " %d\n", c->findings[s]);
        }
    }
}

void srd_metrics_print(struct srd_metrics *m, const struct srd_metrics_gauges *g,
                       struct srd_buf *out)
{
    print_process(g, out);
    srd_family_print(&m->requests, out);
    srd_family_print(&m->request_time, out);
    srd_family_print(&m->refused, out);
    srd_family_print(&m->tenants, out);
    srd_family_print(&m->calls, out);
    srd_family_print(&m->call_time, out);
    print_load(m, g, out);
    each_cluster(g, out, "srdiag_cluster_up", "1: the cluster answered when it was last asked.",
                 up);
    each_cluster(g, out, "srdiag_cluster_score", "Health score of the last comprehensive run.",
                 score);
    each_cluster(g, out, "srdiag_cluster_connections_busy", "Logins at work.", busy);
    each_cluster(g, out, "srdiag_cluster_connections_idle", "Logins kept open.", idle);
    each_cluster(g, out, "srdiag_cluster_waiting", "Calls that wait for a login.", waits);
    print_findings(g, out);
}
