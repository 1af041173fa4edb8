/* What runs and waits, which partitions need compaction most, and how did the last jobs end? */

#include <stdlib.h>
#include <string.h>

#include "experts/compaction/compaction.h"
#include "lib/base/text.h"

static void put(struct srd_rows *out, const char *column, const struct srd_table *t, size_t row,
                const char *cell)
{
    double number;

    if (t && srd_cell_number(t, row, cell, &number))
        srd_put_number(out, column, number);
}

static void put_time(struct srd_rows *out, const char *column, const struct srd_table *t,
                     size_t row, const char *cell)
{
    int64_t ms;

    if (srd_cell_time_ms(t, row, cell, &ms))
        srd_put_number(out, column, (double)ms);
}

static const char *count(struct srd_rows *out, double n)
{
    return srd_text_count(out->arena, n);
}

/* Another question that only adds to the view was not answered: why? */
static void note_missing(const struct srd_evidence *ev, struct srd_rows *out,
                         const struct srd_probe *probe, const char *what)
{
    const struct srd_answer *a = srd_evidence_missing(ev, probe);

    if (a && a->status != SRD_MODE_ABSENT)
        srd_rows_note(out, "%s could not be read: %s", what,
                      a->detail && *a->detail ? a->detail : srd_status_name(a->status));
}

/* compaction status */

static void fill_backends(const struct srd_evidence *ev, const struct srd_table *t,
                          struct srd_rows *out)
{
    const struct srd_table *m = srd_node_metrics(ev);
    double running = 0, candidates = 0;

    for (size_t row = 0; t && row < t->rows; row++) {
        const char *id = srd_cell(t, row, "BE_ID");
        double base, cumulative;

        srd_rows_add(out);
        srd_put_text(out, "name", srd_compaction_node(ev, out->arena, id));
        srd_put_text(out, "kind", "backend");
        put(out, "candidates", t, row, "CANDIDATES_NUM");
        put(out, "score", t, row, "CANDIDATE_MAX_SCORE");
        put(out, "latest_score", t, row, "LATEST_COMPACTION_SCORE");
        put(out, "base_running", t, row, "BASE_COMPACTION_CONCURRENCY");
        put(out, "cumulative_running", t, row, "CUMULATIVE_COMPACTION_CONCURRENCY");
        candidates += srd_number_or_0(t, row, "CANDIDATES_NUM");
        if (srd_cell_number(t, row, "BASE_COMPACTION_CONCURRENCY", &base) &&
            srd_cell_number(t, row, "CUMULATIVE_COMPACTION_CONCURRENCY", &cumulative)) {
            srd_put_number(out, "running", base + cumulative);
            srd_put_text(out, "state", base + cumulative > 0 ? "running" : "idle");
            running += base + cumulative;
        }
        for (size_t i = 0; m && id && i < m->rows; i++) {
            if (!srd_cell_is(m, i, "BE_ID", id))
                continue;
            put(out, "rowsets", m, i, "ROWSETS");
            put(out, "apply_queue", m, i, "APPLY_QUEUE");
        }
    }
    srd_rows_summary(out, "%s compactions run on %zu backends, %s tablets are candidates",
                     count(out, running), t ? t->rows : 0, count(out, candidates));
    if (t && t->rows < ev->cluster.backends_alive)
        srd_rows_note(out, "%zu of %zu living backends answered", t->rows,
                      ev->cluster.backends_alive);
    note_missing(ev, out, &srd_probe_nodes, "rowsets and waiting applies");
    srd_rows_note(out,
                  "shared-nothing: each BE compacts by itself, there are no jobs to list; primary "
                  "key tables are compacted apart and are not among the candidates");
}

static void fill_job(const struct srd_evidence *ev, const struct srd_table *t, size_t row,
                     struct srd_rows *out)
{
    const struct srd_table *tasks = srd_evidence_get(ev, &srd_probe_lake_tasks, NULL);
    const char *txn = srd_cell(t, row, "TxnID");
    size_t at = srd_compaction_tasks_of(ev, txn);
    const char *state = srd_cell_has(t, row, "CommitTime") ? "publishing" : "running";
    int64_t age;

    srd_rows_add(out);
    srd_put_text(out, "name", srd_cell(t, row, "Partition"));
    srd_put_text(out, "kind", "job");
    srd_put_id(out, "txn_id", txn);
    put_time(out, "started_at", t, row, "StartTime");
    if (srd_age_ms(ev, t, row, "StartTime", &age))
        srd_put_number(out, "age_ms", (double)age);
    if (at != SRD_NO_COLUMN) {
        double all = srd_number_or_0(tasks, at, "TASKS");
        double queued = srd_number_or_0(tasks, at, "QUEUED");
        double unfinished = srd_number_or_0(tasks, at, "UNFINISHED");

        if (queued >= all && !srd_cell_has(t, row, "CommitTime"))
            state = "queued";
        srd_put_number(out, "running", unfinished > queued ? unfinished - queued : 0);
        srd_put_number(out, "queued", queued);
        srd_put_number(out, "tablets", all);
        put(out, "progress_percent", tasks, at, "PROGRESS");
        srd_put_text(out, "node",
                     srd_compaction_node(ev, out->arena, srd_cell(tasks, at, "SLOWEST_BE")));
    }
    srd_put_text(out, "state", state);
}

/* Rows of jobs in the order of a time, the oldest first. */
struct job {
    size_t row;
    const char *time; /* as printed, which sorts as it is */
};
static int by_time(const void *left, const void *right)
{
    const struct job *a = left, *b = right;
    int differ = strcmp(a->time, b->time);

    return differ ? differ : (a->row > b->row) - (a->row < b->row);
}

static void fill_jobs(const struct srd_evidence *ev, const struct srd_table *t,
                      struct srd_rows *out)
{
    const struct srd_table *scores = srd_evidence_get(ev, &srd_probe_partition_scores, NULL);
    struct job *jobs = srd_arena_array(out->arena, (t ? t->rows : 0) + 1, sizeof(*jobs));
    double capacity = srd_compaction_capacity(ev), waiting;
    size_t unfinished = 0;

    for (size_t row = 0; t && row < t->rows; row++)
        if (srd_compaction_unfinished(t, row))
            jobs[unfinished++] = (struct job){ row, srd_cell_text(t, row, "StartTime") };
    qsort(jobs, unfinished, sizeof(*jobs), by_time);
    for (size_t i = 0; i < unfinished; i++)
        fill_job(ev, t, jobs[i].row, out);
    srd_rows_summary(out, "%zu jobs run, %s tablets of at most %s%s", unfinished,
                     count(out, srd_compaction_running(ev)),
                     capacity < 0 ? "?" : count(out, capacity),
                     scores && scores->rows && srd_cell_number(scores, 0, "ELIGIBLE", &waiting)
                         ? srd_arena_printf(out->arena, "; %s partitions have a score above 10",
                                            count(out, waiting))
                         : "");
    note_missing(ev, out, &srd_probe_lake_tasks, "the tablets of the jobs");
    note_missing(ev, out, &srd_probe_partition_scores, "the scores of partitions");
    if (!ev->cluster.clock_known)
        srd_rows_note(out, "ages are not known: the cluster's clock or time zone is not");
}

/* What the leader or the backends say, whichever this run mode has. */
static const struct srd_table *work(const struct srd_evidence *ev)
{
    const struct srd_table *jobs = srd_evidence_get(ev, &srd_probe_compaction_jobs, NULL);

    return jobs ? jobs : srd_evidence_get(ev, &srd_probe_backend_compactions, NULL);
}

static void fill_status(const struct srd_evidence *ev, const struct srd_arg_value *args,
                        struct srd_rows *out)
{
    const struct srd_table *t = work(ev);

    (void)args;
    /* what the answer looks like says the mode, also where nothing else does */
    if (t && srd_column(t, "Partition") != SRD_NO_COLUMN)
        fill_jobs(ev, t, out);
    else
        fill_backends(ev, t, out);
}

/* compaction partitions */

static void fill_partition(const struct srd_evidence *ev, const struct srd_table *t, size_t row,
                           struct srd_rows *out)
{
    double visible, compacted;

    srd_rows_add(out);
    srd_put_text(out, "database", srd_cell(t, row, "DB_NAME"));
    srd_put_text(out, "table", srd_cell(t, row, "TABLE_NAME"));
    srd_put_text(out, "partition", srd_cell(t, row, "PARTITION_NAME"));
    srd_put_id(out, "partition_id", srd_cell(t, row, "PARTITION_ID"));
    srd_put_text(out, "model", srd_cell(t, row, "MODEL"));
    put(out, "max_score", t, row, "MAX_SCORE");
    put(out, "avg_score", t, row, "AVG_SCORE");
    put(out, "median_score", t, row, "P50_SCORE");
    put(out, "tablets", t, row, srd_cell_has(t, row, "BUCKETS") ? "BUCKETS" : "REPLICAS");
    srd_put_id(out, "tablet_id", srd_cell(t, row, "WORST_TABLET"));
    if (srd_cell_has(t, row, "WORST_BE"))
        srd_put_text(out, "node",
                     srd_compaction_node(ev, out->arena, srd_cell(t, row, "WORST_BE")));
    if (srd_column(t, "BUCKETS") == SRD_NO_COLUMN) {
        put(out, "above_100", t, row, "OVER_100"); /* elsewhere it counts partitions */
        return;
    }
    if (srd_cell_number(t, row, "VISIBLE_VERSION", &visible) &&
        srd_cell_number(t, row, "COMPACT_VERSION", &compacted) && visible >= compacted)
        srd_put_number(out, "versions_since", visible - compacted);
    put_time(out, "written_at", t, row, "VISIBLE_VERSION_TIME");
}

static void fill_partitions(const struct srd_evidence *ev, const struct srd_arg_value *args,
                            struct srd_rows *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_partition_scores, NULL);
    bool lake = srd_column(t, "BUCKETS") != SRD_NO_COLUMN;
    double least = (double)args[1].number, score, all = 0, lowest = 0;
    int64_t shown = 0, there = 0;

    for (size_t row = 0; row < t->rows; row++) {
        all = srd_number_or_0(t, row, "PARTITIONS");
        lowest = srd_number_or_0(t, row, "MAX_SCORE");
        if (!srd_cell_number(t, row, "MAX_SCORE", &score) || score < least)
            continue;
        there++;
        if (shown < args[0].number) {
            fill_partition(ev, t, row, out);
            shown++;
        }
    }
    srd_rows_summary(out, "%s of %s partitions with %s of %s or more, of %s in all",
                     count(out, (double)shown), count(out, (double)there),
                     lake ? "a score" : "a tablet with rowsets", count(out, least),
                     count(out, all));
    if (!lake)
        srd_rows_note(out,
                      "shared-nothing: the score of a partition is the number of rowsets of its "
                      "worst tablet, of which tablet_max_versions allows 1,000 by default");
    if (!t->rows)
        srd_rows_note(out, "Only tables that the account may see are listed: it sees none.");
    if (t->rows >= SRD_SCORES_READ && lowest >= least)
        srd_rows_note(out, "There are more: the %d with the highest score were read.",
                      SRD_SCORES_READ);
}

/* compaction history */

static void put_mb(struct srd_rows *out, const char *column, const struct srd_table *t, size_t row,
                   const char *key)
{
    const char *text = srd_cell_json(t, row, "Profile", key, out->arena);
    double mb;

    if (text && srd_parse_number(text, &mb) && mb >= 0)
        srd_put_number(out, column, mb * 1048576);
}

static void fill_finished(const struct srd_table *t, size_t row, struct srd_rows *out)
{
    const char *text = srd_cell_json(t, row, "Profile", "sub_task_count", out->arena);
    const char *queue = srd_cell_json(t, row, "Profile", "in_queue_sec", out->arena);
    double tasks = 0, waited;
    int64_t span;

    srd_rows_add(out);
    srd_put_text(out, "partition", srd_cell(t, row, "Partition"));
    srd_put_id(out, "txn_id", srd_cell(t, row, "TxnID"));
    srd_put_text(out, "state", srd_cell_has(t, row, "Error") ? "failed" : "finished");
    put_time(out, "started_at", t, row, "StartTime");
    put_time(out, "committed_at", t, row, "CommitTime");
    put_time(out, "finished_at", t, row, "FinishTime");
    if (srd_compaction_span_ms(t, row, "StartTime", "FinishTime", &span))
        srd_put_number(out, "duration_ms", (double)span);
    if (text && srd_parse_number(text, &tasks) && tasks >= 1)
        srd_put_number(out, "tablets", tasks);
    if (tasks >= 1 && queue && srd_parse_number(queue, &waited) && waited >= 0)
        srd_put_number(out, "queue_ms", 1000 * waited / tasks);
    put_mb(out, "read_local_bytes", t, row, "read_local_mb");
    put_mb(out, "read_remote_bytes", t, row, "read_remote_mb");
    if (srd_cell_has(t, row, "Error"))
        srd_put_text(out, "error", srd_cell(t, row, "Error"));
}

static void no_history(const struct srd_evidence *ev, const struct srd_table *t,
                       struct srd_rows *out)
{
    const char *text = NULL;
    size_t named = 0;

    srd_rows_summary(out, "a shared-nothing cluster keeps no list of finished compactions");
    for (size_t row = 0; t && row < t->rows && named < 5; row++) {
        const char *score = srd_cell(t, row, "LATEST_COMPACTION_SCORE");
        const char *name = srd_compaction_node(ev, out->arena, srd_cell(t, row, "BE_ID"));

        if (!score)
            continue;
        text = text ? srd_arena_printf(out->arena, "%s, %s %.32s", text, name, score)
                    : srd_arena_printf(out->arena, "%s %.32s", name, score);
        named++;
    }
    if (text)
        srd_rows_note(out, "Its backends only know the score of what they compacted last: %s%s.",
                      text, t->rows > named ? " ..." : "");
}

static void fill_history(const struct srd_evidence *ev, const struct srd_arg_value *args,
                         struct srd_rows *out)
{
    const struct srd_table *t = work(ev);
    struct job *jobs = srd_arena_array(out->arena, (t ? t->rows : 0) + 1, sizeof(*jobs));
    size_t ended = 0, failed = 0, older = 0, undated = 0;
    int64_t age;

    if (!t || srd_column(t, "Partition") == SRD_NO_COLUMN) {
        no_history(ev, t, out);
        return;
    }
    for (size_t row = 0; row < t->rows; row++)
        if (srd_cell_has(t, row, "FinishTime"))
            jobs[ended++] = (struct job){ row, srd_cell_text(t, row, "FinishTime") };
    qsort(jobs, ended, sizeof(*jobs), by_time);
    while (ended--) { /* the newest first */
        size_t row = jobs[ended].row;

        if (!srd_age_ms(ev, t, row, "FinishTime", &age)) {
            undated++;
        } else if (age > args[0].number * 3600000) {
            older++;
            continue;
        }
        failed += srd_cell_has(t, row, "Error");
        fill_finished(t, row, out);
    }
    srd_rows_summary(out, "%zu jobs ended within %lld hours, %zu of them failed", out->count,
                     (long long)args[0].number, failed);
    if (undated)
        srd_rows_note(out,
                      "%zu of them may have ended earlier: the cluster's clock or time zone is not "
                      "known",
                      undated);
    srd_rows_note(
        out,
        "The leader remembers the last %s jobs (lake_compaction_history_size) until it "
        "restarts%s.",
        count(out, srd_fe_config(ev, "lake_compaction_history_size", 20, SRD_UNIT_COUNT).value),
        older ? srd_arena_printf(out->arena, "; %zu older ones are left out", older) : "");
}

/* clang-format off */
const struct srd_view srd_compaction_view_status = {
    .name = "status",
    .tool = "get_compaction_status",
    .about = "Use it to see whether compaction works right now: per BE what runs and waits; in shared-data "
             "clusters per job, with progress. What needs it most: get_high_compaction_partitions.",
    .summary = "running and waiting compaction: per BE, in shared-data clusters per job",
    .columns = {
        { "name", "BACKEND OR PARTITION", SRD_UNIT_TEXT, false, "host of the BE; in shared-data the partition of the job" },
        { "kind", "KIND", SRD_UNIT_TEXT, true, "backend or job" },
        { "state", "STATE", SRD_UNIT_TEXT, false, "running, idle; queued, running or publishing (committed, not visible yet)" },
        { "candidates", "CANDIDATES", SRD_UNIT_COUNT, true, "tablets that wait on the BE (shared-nothing)" },
        { "running", "RUNNING", SRD_UNIT_COUNT, false, "compactions of the BE, or tablets of the job that are worked on" },
        { "queued", "QUEUED", SRD_UNIT_COUNT, false, "tablets of the job that have not begun (shared-data)" },
        { "tablets", "TABLETS", SRD_UNIT_COUNT, true, "tablets of the job (shared-data)" },
        { "progress_percent", "PROGRESS", SRD_UNIT_PERCENT, false, "of the slowest tablet (shared-data)" },
        { "age_ms", "AGE", SRD_UNIT_MS, false, "since the job began (shared-data)" },
        { "score", "SCORE", SRD_UNIT_COUNT, false, "highest score of the candidates (shared-nothing)" },
        { "rowsets", "ROWSETS", SRD_UNIT_COUNT, false, "of the tablet with most on the BE (shared-nothing)" },
        { "apply_queue", "TO APPLY", SRD_UNIT_COUNT, true, "versions of primary key tablets that wait (shared-nothing)" },
        { "latest_score", "LATEST SCORE", SRD_UNIT_COUNT, true, "of what the BE compacted last (shared-nothing)" },
        { "base_running", "BASE", SRD_UNIT_COUNT, true, "base compactions (shared-nothing)" },
        { "cumulative_running", "CUMULATIVE", SRD_UNIT_COUNT, true, "cumulative compactions (shared-nothing)" },
        { "node", "NODE", SRD_UNIT_TEXT, true, "that has the slowest tablet (shared-data)" },
        { "txn_id", "TRANSACTION", SRD_UNIT_ID, true, "of the job (shared-data)" },
        { "started_at", "STARTED", SRD_UNIT_TIME, true, "beginning of the job (shared-data)" },
    },
    .needs = { &srd_probe_compaction_jobs, &srd_probe_backend_compactions },
    .wants = { &srd_probe_nodes, &srd_probe_lake_tasks, &srd_probe_partition_scores, &srd_probe_fe_config },
    .fill = fill_status,
    .next = "srdiag compaction partitions | srdiag compaction history | srdiag compaction",
};

const struct srd_view srd_compaction_view_partitions = {
    .name = "partitions",
    .tool = "get_high_compaction_partitions",
    .about = "Use it to find the partitions that wait for compaction, worst first, from minScore on (shared-"
             "data: compaction score; shared-nothing: rowsets). What to do about it: "
             "analyze_compaction_health.",
    .summary = "partitions that need compaction most: rowsets, in shared-data clusters the compaction score",
    .args = { { "limit", "limit", SRD_ARG_INTEGER, false, 20, 1, 1000, NULL, "how many partitions to show" },
              { "min-score", "minScore", SRD_ARG_INTEGER, false, 100, 0, 1000000, NULL, "leave out lower scores" } },
    .columns = {
        { "database", "DATABASE", SRD_UNIT_TEXT, false, "database" },
        { "table", "TABLE", SRD_UNIT_TEXT, false, "table or materialized view" },
        { "partition", "PARTITION", SRD_UNIT_TEXT, false, "partition (not known before 3.2.4)" },
        { "partition_id", "PARTITION ID", SRD_UNIT_ID, true, "physical partition" },
        { "model", "MODEL", SRD_UNIT_TEXT, true, "key model (shared-nothing)" },
        { "max_score", "MAX SCORE", SRD_UNIT_COUNT, false, "of its worst tablet: compaction score, in shared-nothing rowsets" },
        { "avg_score", "AVERAGE", SRD_UNIT_COUNT, false, "over its tablets" },
        { "median_score", "MEDIAN", SRD_UNIT_COUNT, false, "over its tablets (shared-data)" },
        { "above_100", "ABOVE 100", SRD_UNIT_COUNT, false, "replicas with more than 100 rowsets (shared-nothing)" },
        { "tablets", "TABLETS", SRD_UNIT_COUNT, false, "tablets; in shared-nothing replicas" },
        { "versions_since", "VERSIONS SINCE", SRD_UNIT_COUNT, true, "versions since the last compaction (shared-data)" },
        { "written_at", "WRITTEN", SRD_UNIT_TIME, true, "when the last version became visible (shared-data)" },
        { "tablet_id", "TABLET", SRD_UNIT_ID, true, "the worst one (shared-nothing)" },
        { "node", "NODE", SRD_UNIT_TEXT, true, "that has it (shared-nothing)" },
    },
    .needs = { &srd_probe_partition_scores },
    .fill = fill_partitions,
    .next = "srdiag compaction status | srdiag compaction | srdiag storage tables",
};

const struct srd_view srd_compaction_view_history = {
    .name = "history",
    .tool = "get_compaction_history",
    .about = "Use it to see how finished compaction jobs of a shared-data cluster went: duration, error, where "
             "the time went. A shared-nothing cluster keeps no such list: get_compaction_status.",
    .summary = "finished compaction jobs of shared-data clusters: duration, error, where the time went",
    .args = { { "hours", "hours", SRD_ARG_INTEGER, false, 24, 1, 8760, NULL, "how far back" } },
    .columns = {
        { "partition", "PARTITION", SRD_UNIT_TEXT, false, "database, table and id of the partition" },
        { "txn_id", "TRANSACTION", SRD_UNIT_ID, true, "of the job" },
        { "state", "STATE", SRD_UNIT_TEXT, false, "finished or failed" },
        { "started_at", "STARTED", SRD_UNIT_TIME, true, "beginning" },
        { "committed_at", "COMMITTED", SRD_UNIT_TIME, true, "commit" },
        { "finished_at", "FINISHED", SRD_UNIT_TIME, false, "visible, or failed" },
        { "duration_ms", "DURATION", SRD_UNIT_MS, false, "from beginning to end" },
        { "tablets", "TABLETS", SRD_UNIT_COUNT, false, "sub-tasks" },
        { "queue_ms", "QUEUED", SRD_UNIT_MS, false, "how long a tablet waited for a thread, on average" },
        { "read_local_bytes", "FROM CACHE", SRD_UNIT_BYTES, false, "read from the cache" },
        { "read_remote_bytes", "FROM STORE", SRD_UNIT_BYTES, false, "read from the object store" },
        { "error", "ERROR", SRD_UNIT_TEXT, false, "why it failed" },
    },
    .needs = { &srd_probe_compaction_jobs, &srd_probe_backend_compactions },
    .wants = { &srd_probe_fe_config },
    .fill = fill_history,
    .next = "srdiag compaction status | srdiag explain compaction.lake-job-errors",
};
/* clang-format on */

const struct srd_view *const srd_compaction_views_views[] = {
    &srd_compaction_view_status,
    &srd_compaction_view_partitions,
    &srd_compaction_view_history,
    NULL,
};
