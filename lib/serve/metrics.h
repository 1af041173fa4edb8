#ifndef SRD_SERVE_METRICS_H
#define SRD_SERVE_METRICS_H

#include "lib/base/json.h"
#include "lib/serve/gate.h"
#include "lib/serve/tally.h"

/*
 * How much was asked, by whom, and how long it took: counters for /metrics and /stats.
 *
 * Counting takes no lock once a series exists; any thread. Labels come from tables of ours (routes,
 * tools, guards) and from the operator (tenants), never from a client, and each family has a
 * ceiling: what comes beyond is counted under "other", so that the page has a largest size.
 */
struct srd_metrics;

struct srd_metrics *srd_metrics_new(void);
void srd_metrics_free(struct srd_metrics **metrics);

struct srd_metrics_request {
    const char *route;  /* path of the table, or "" for none */
    const char *method; /* as it came; unknown ones are counted together */
    int status;
    int64_t ms;
    uint64_t bytes;
    const char *tenant; /* NULL: none */
    enum srd_gate gate; /* who refused it */
    bool stream;        /* its time says how long a client stayed, and nothing about us */
};
void srd_metrics_request(struct srd_metrics *metrics, const struct srd_metrics_request *request);
void srd_metrics_call(struct srd_metrics *metrics, const char *tool, const char *tenant,
                      const char *outcome, int64_t ms);

/* Gauges that others know; the page of /metrics is made of these and of what was counted. */
struct srd_metrics_gauges {
    const char *version;
    int64_t uptime_ms;
    size_t connections, sessions, active, working, waiting;
    uint64_t log_lines_lost;
    struct srd_desk_counts cache;
    const struct srd_desk_cluster_state *clusters;
    size_t cluster_count;
};
void srd_metrics_print(struct srd_metrics *metrics, const struct srd_metrics_gauges *gauges,
                       struct srd_buf *out);

struct srd_metrics_totals {
    uint64_t requests, succeeded, failed;      /* failed: 400 and above */
    double average_ms, p50_ms, p95_ms, p99_ms; /* of the last 100 requests; the average of all */
};
struct srd_metrics_totals srd_metrics_totals(struct srd_metrics *metrics);
struct srd_tally_row srd_metrics_tenant(struct srd_metrics *metrics, const char *tenant);
/* Arrays for /stats: [{tenant_id, requests, errors, calls, failed_calls}], [{tool, tenant, calls, errors, average_ms}],
 * latest first. */
struct srd_json *srd_metrics_tenants(struct srd_metrics *metrics);
struct srd_json *srd_metrics_tools(struct srd_metrics *metrics);
struct srd_json *srd_metrics_recent(struct srd_metrics *metrics);

#endif
