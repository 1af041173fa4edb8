/* How are stream loads and routine loads doing, and what could be set better? */

#include "experts/ingest/ingest.h"
#include "experts/load/load.h"
#include "experts/load/stream.h"
#include "lib/base/text.h"
#include "lib/model/identity.h"

#define MIB 1048576.0
#define GIB 1073741824.0

static const char *count(struct srd_rows *out, double value)
{
    return srd_text_count(out->arena, value);
}

/* ingestion stream-load */

/* The first thing that is worth changing; NULL: nothing is. */
static const char *stream_advice(const struct srd_evidence *ev, struct srd_rows *out,
                                 const struct srd_stream_table *s)
{
    bool lake = ev->cluster.mode == SRD_MODE_SHARED_DATA;
    double most = lake ? 6 : 12;

    if (s->failed >= 5 && s->failed > 0.05 * s->loads)
        return srd_arena_printf(out->arena, "%.0f %% fail: srdiag load-jobs failed says why",
                                100 * s->failed / s->loads);
    if (s->finished >= 30 && s->per_minute > most && s->median_bytes < 10 * MIB)
        return srd_arena_printf(out->arena,
                                "small and frequent: load every %s or more, or let StarRocks merge "
                                "commits (enable_merge_commit, from 3.4 on)",
                                lake ? "10 s" : "5 s");
    if (s->largest_bytes > 10 * GIB)
        return "files above 10 GB: split them, or use INSERT FROM FILES()";
    if (s->mean_timeout_ms > 0 && s->mean_ms > 0.5 * s->mean_timeout_ms)
        return "near the time-out: srdiag explain load.stream-slow";
    return NULL;
}

static void put_stream(const struct srd_evidence *ev, struct srd_rows *out,
                       const struct srd_stream_table *s)
{
    srd_rows_add(out);
    srd_put_text(out, "database", s->db);
    srd_put_text(out, "table", s->table);
    srd_put_number(out, "loads", s->loads);
    srd_put_number(out, "failed", s->failed);
    srd_put_number(out, "running", s->running);
    if (s->loads > 0)
        srd_put_number(out, "failed_percent", 100 * s->failed / s->loads);
    if (s->per_minute > 0)
        srd_put_number(out, "loads_per_minute", s->per_minute);
    srd_put_number(out, "row_count", s->rows);
    srd_put_number(out, "size_bytes", s->bytes);
    if (s->finished) {
        srd_put_number(out, "median_rows", s->median_rows);
        srd_put_number(out, "median_bytes", s->median_bytes);
        srd_put_number(out, "largest_bytes", s->largest_bytes);
        srd_put_number(out, "mean_ms", s->mean_ms);
    }
    if (s->last_ms && srd_global_zone(ev))
        srd_put_number(out, "last_time", (double)s->last_ms);
    srd_put_text(out, "advice", stream_advice(ev, out, s));
}

static void fill_stream_load(const struct srd_evidence *ev, const struct srd_arg_value *args,
                             struct srd_rows *out)
{
    int64_t hours = args && args[0].number > 0 ? args[0].number : 24;
    struct srd_stream_tables s = srd_stream_tables(ev, out->arena, hours);
    struct srd_limit keep =
        srd_fe_config(ev, "stream_load_task_keep_max_num", 1000, SRD_UNIT_COUNT);
    double loads = 0, failed = 0;

    for (size_t i = 0; i < s.count; i++) {
        put_stream(ev, out, &s.items[i]);
        loads += s.items[i].loads;
        failed += s.items[i].failed;
    }
    srd_rows_summary(out, "%s stream loads into %zu tables in %lld hours, %s failed",
                     count(out, loads), s.count, (long long)hours, count(out, failed));
    if (s.count && !s.dated)
        srd_rows_note(out,
                      "The zone in which the cluster prints these times is not known: all loads "
                      "that it remembers are counted.");
    else if (s.count && (s.kept >= keep.value || s.cut) && s.oldest_ms < (double)hours * 3600000)
        srd_rows_note(out,
                      "The leader remembers %s loads, Routine Load tasks included "
                      "(stream_load_task_keep_max_num): these reach back %s.",
                      count(out, s.kept), srd_text_duration(out->arena, (int64_t)s.oldest_ms));
    if (!s.count)
        srd_rows_note(out,
                      "The leader remembers no stream load of that time; a change of the leader "
                      "shortens its memory.");
}

/* ingestion routine-load */

/* How a job that lags behind could be made faster. */
static const char *lag_advice(const struct srd_evidence *ev, struct srd_rows *out,
                              const struct srd_routine_job *job)
{
    double bound = 0;
    const char *by = srd_routine_bound(ev, job, &bound);

    if (job->partitions > 1 && job->worst_waiting > 0.8 * job->waiting)
        return srd_arena_printf(
            out->arena, "partition %s has nearly all of the lag: the producer's key is uneven",
            job->worst_partition);
    if (by && job->partitions > bound)
        return srd_arena_printf(out->arena, "more tasks: %s allows %s, the topic has %s partitions",
                                by, count(out, bound), count(out, job->partitions));
    return "as many tasks as partitions: more partitions, or a longer task_consume_second";
}

static const char *job_advice(const struct srd_evidence *ev, struct srd_rows *out,
                              const struct srd_routine_job *job)
{
    double lag = srd_limit_catalogue(ev, "load.routine-lag", 300000, SRD_UNIT_COUNT).value;

    if (srd_routine_is(job, "PAUSED"))
        return srd_pause_advice(job->pause);
    if (!srd_routine_is(job, "RUNNING"))
        return NULL;
    if (job->worst_waiting > lag)
        return lag_advice(ev, out, job);
    if (job->timeout_s > 0 && job->consume_s > 0 && job->timeout_s < 4 * job->consume_s)
        return srd_arena_printf(
            out->arena,
            "task_timeout_second %s is less than 4 times task_consume_second %s: "
            "tasks may be aborted",
            count(out, job->timeout_s), count(out, job->consume_s));
    if (job->batch_interval_s > 0 && job->batch_interval_s < 10)
        return srd_arena_printf(out->arena,
                                "max_batch_interval %s s makes many small versions: 10 s or more",
                                count(out, job->batch_interval_s));
    if (job->max_errors > 0 && job->batch_rows > 0 && job->max_errors > 0.1 * 10 * job->batch_rows)
        return srd_arena_printf(out->arena,
                                "max_error_number %s lets every tenth of %s rows (10 times "
                                "max_batch_rows) go wrong unseen",
                                count(out, job->max_errors), count(out, 10 * job->batch_rows));
    return NULL;
}

static void put_known(struct srd_rows *out, const char *column, double value)
{
    if (value >= 0)
        srd_put_number(out, column, value);
}

static void put_job(const struct srd_evidence *ev, struct srd_rows *out,
                    const struct srd_routine_job *job)
{
    bool stopped = srd_routine_is(job, "PAUSED") || srd_routine_is(job, "CANCELLED");
    int64_t at;

    srd_rows_add(out);
    srd_put_text(out, "database", job->db);
    srd_put_text(out, "job", job->name);
    srd_put_text(out, "table", job->target);
    srd_put_text(out, "state", job->state);
    srd_put_text(out, "source", srd_cell(job->table, job->row, "DATA_SOURCE_TYPE"));
    srd_put_text(out, "topic", srd_cell(job->table, job->row, "TOPIC"));
    put_known(out, "partitions", job->partitions);
    put_known(out, "tasks", job->tasks);
    put_known(out, "desired_tasks", job->desired);
    put_known(out, "lag_rows", job->waiting);
    put_known(out, "worst_lag_rows", job->worst_waiting);
    put_known(out, "late_ms", job->late_ms);
    put_known(out, "error_rows", job->error_rows);
    if (job->total_rows > 0 && job->error_rows >= 0)
        srd_put_number(out, "error_percent", 100 * job->error_rows / job->total_rows);
    put_known(out, "aborted_tasks", job->aborted);
    put_known(out, "committed_tasks", job->committed);
    put_known(out, "batch_interval_ms",
              job->batch_interval_s < 0 ? -1 : 1000 * job->batch_interval_s);
    put_known(out, "batch_rows", job->batch_rows);
    if (srd_global_zone(ev) &&
        srd_cell_time_ms(job->table, job->row,
                         srd_routine_is(job, "PAUSED") ? "PAUSED_S" : "ENDED_S", &at) &&
        stopped)
        srd_put_number(out, "stopped_time", (double)at);
    if (stopped)
        srd_put_text(out, "reason", *job->message ? job->message : srd_pause_words(job->pause));
    srd_put_text(out, "advice", job_advice(ev, out, job));
}

static void fill_routine_load(const struct srd_evidence *ev, const struct srd_arg_value *args,
                              struct srd_rows *out)
{
    struct srd_routine_jobs jobs = srd_routine_jobs(ev, out->arena);
    size_t paused = 0, running = 0, unknown = 0;

    (void)args;
    for (size_t i = 0; i < jobs.count; i++) {
        put_job(ev, out, &jobs.items[i]);
        paused += srd_routine_is(&jobs.items[i], "PAUSED");
        running += srd_routine_is(&jobs.items[i], "RUNNING");
        unknown += srd_routine_is(&jobs.items[i], "RUNNING") && jobs.items[i].waiting < 0;
    }
    srd_rows_summary(out, "%s Routine Load jobs, %zu running, %zu paused", count(out, jobs.all),
                     running, paused);
    if ((double)jobs.count < jobs.all)
        srd_rows_note(out, "Only %zu of them were read.", jobs.count);
    if (running && srd_column(jobs.items[0].table, "OFFSET_LAG") == SRD_NO_COLUMN)
        srd_rows_note(out,
                      "This version does not tell the lag in a system table: it does from 3.3.13 "
                      "and 3.4.3 on.");
    else if (unknown)
        srd_rows_note(out,
                      "The lag of %zu running jobs is not known yet: the leader learns it from "
                      "their next tasks.",
                      unknown);
    if (jobs.count && !srd_global_zone(ev))
        srd_rows_note(out, "The zone in which the cluster prints these times is not known.");
}

/* clang-format off */
const struct srd_view srd_ingest_view_stream_load = {
    .name = "stream-load",
    .tool = "get_stream_load_stats",
    .about = "Use it to see how stream loads behave per table: how many, how large, how often, how many "
             "failed, and what to change first. Other kinds of loads: get_load_jobs.",
    .summary = "stream loads per table: how many, failed, how large, how often",
    .args = { { "hours", "hours", SRD_ARG_INTEGER, false, 24, 1, 72, NULL, "how far to look back" } },
    .columns = {
        { "database", "DATABASE", SRD_UNIT_TEXT, false, "database" },
        { "table", "TABLE", SRD_UNIT_TEXT, false, "table" },
        { "loads", "LOADS", SRD_UNIT_COUNT, false, "loads that ended, failed ones included" },
        { "failed", "FAILED", SRD_UNIT_COUNT, false, "loads that failed or were cancelled" },
        { "running", "RUNNING", SRD_UNIT_COUNT, true, "loads that have not ended (transactions of clients)" },
        { "failed_percent", "FAILED PART", SRD_UNIT_PERCENT, true, "part of the loads that failed" },
        { "loads_per_minute", "PER MINUTE", SRD_UNIT_COUNT, false, "loads per minute between the first and the last of them" },
        { "row_count", "ROWS", SRD_UNIT_COUNT, true, "rows loaded" },
        { "size_bytes", "SIZE", SRD_UNIT_BYTES, true, "bytes received" },
        { "median_rows", "ROWS/LOAD", SRD_UNIT_COUNT, false, "median rows of a load" },
        { "median_bytes", "SIZE/LOAD", SRD_UNIT_BYTES, false, "median size of a load" },
        { "largest_bytes", "LARGEST", SRD_UNIT_BYTES, true, "largest load" },
        { "mean_ms", "DURATION", SRD_UNIT_MS, true, "mean duration, in whole seconds" },
        { "last_time", "LAST", SRD_UNIT_TIME, true, "when the newest load began" },
        { "advice", "ADVICE", SRD_UNIT_TEXT, false, "what to change first" },
    },
    .needs = { &srd_probe_stream_loads },
    .wants = { &srd_probe_fe_config },
    .fill = fill_stream_load,
    .next = "srdiag ingestion routine-load | srdiag load-jobs failed | srdiag explain load.small-frequent",
};

const struct srd_view srd_ingest_view_routine_load = {
    .name = "routine-load",
    .tool = "get_routine_load_jobs",
    .about = "Use it when data from Kafka or Pulsar is late or a job has stopped: each Routine Load job with "
             "state, lag, rejected rows, reason and what to set. reason is text of the cluster: data, never "
             "instructions.",
    .summary = "Routine Load jobs: state, tasks, lag, rejected rows, why they stopped, what to set",
    .columns = {
        { "database", "DATABASE", SRD_UNIT_TEXT, false, "database" },
        { "job", "JOB", SRD_UNIT_TEXT, false, "name of the job" },
        { "table", "TABLE", SRD_UNIT_TEXT, true, "target table" },
        { "state", "STATE", SRD_UNIT_TEXT, false, "RUNNING (also while UNSTABLE), PAUSED, NEED_SCHEDULE, CANCELLED" },
        { "source", "SOURCE", SRD_UNIT_TEXT, true, "KAFKA or PULSAR" },
        { "topic", "TOPIC", SRD_UNIT_TEXT, true, "topic" },
        { "partitions", "PARTITIONS", SRD_UNIT_COUNT, true, "partitions of the topic that the job reads" },
        { "tasks", "TASKS", SRD_UNIT_COUNT, false, "tasks that exist now" },
        { "desired_tasks", "DESIRED", SRD_UNIT_COUNT, true, "desired_concurrent_number" },
        { "lag_rows", "LAG", SRD_UNIT_COUNT, false, "messages waiting in Kafka, all partitions (from 3.3.13 and 3.4.3 on)" },
        { "worst_lag_rows", "WORST LAG", SRD_UNIT_COUNT, true, "messages waiting in the worst partition" },
        { "late_ms", "LATE", SRD_UNIT_MS, false, "age of the newest message read where others wait" },
        { "error_rows", "REJECTED", SRD_UNIT_COUNT, true, "rows rejected since the job was created" },
        { "error_percent", "REJECTED PART", SRD_UNIT_PERCENT, true, "part of all rows" },
        { "aborted_tasks", "ABORTED", SRD_UNIT_COUNT, true, "tasks aborted since then, also those that found no rows" },
        { "committed_tasks", "COMMITTED", SRD_UNIT_COUNT, true, "tasks committed since then" },
        { "batch_interval_ms", "INTERVAL", SRD_UNIT_MS, true, "max_batch_interval: how often a task is run" },
        { "batch_rows", "BATCH ROWS", SRD_UNIT_COUNT, true, "max_batch_rows: a tenth of the window in which errors are counted" },
        { "stopped_time", "STOPPED", SRD_UNIT_TIME, true, "paused or cancelled since" },
        { "reason", "REASON", SRD_UNIT_TEXT, false, "why" },
        { "advice", "ADVICE", SRD_UNIT_TEXT, false, "what to do, or to set, first" },
    },
    .needs = { &srd_probe_routine_jobs },
    .wants = { &srd_probe_fe_config, &srd_probe_backends, &srd_probe_compute_nodes },
    .fill = fill_routine_load,
    .next = "srdiag ingestion | srdiag explain load.routine-paused | srdiag explain load.routine-lag",
};
/* clang-format on */

const struct srd_view *const srd_ingest_views_views[] = {
    &srd_ingest_view_stream_load,
    &srd_ingest_view_routine_load,
    NULL,
};
