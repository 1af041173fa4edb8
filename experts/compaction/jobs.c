/* Shared-data: do compaction jobs end, and where does their time go? */

#include <stdlib.h>
#include <string.h>

#include "experts/compaction/compaction.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define HOUR_MS 3600e3
#define DAY_MS (24 * HOUR_MS)
#define JOB_COLUMNS "Partition TxnID StartTime CommitTime FinishTime Error"
#define MOST_FAILED 1000 /* the leader keeps 20 unless it is told otherwise */

static const char *count(struct srd_findings *out, double n)
{
    return srd_text_count(out->arena, n);
}

static const char *duration(struct srd_findings *out, int64_t ms)
{
    return srd_text_duration(out->arena, ms);
}

static const struct srd_table *jobs_of(const struct srd_evidence *ev, struct srd_findings *out,
                                       const char *columns)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_compaction_jobs, NULL);

    return srd_lacks(out, t, "SHOW PROC '/compactions'", columns) ? NULL : t;
}

/* compaction.lake-job-stuck */

struct patience {
    struct srd_limit slow, stuck, publish, timeout;
};

static void stuck_finding(struct srd_findings *out, enum srd_severity level,
                          const struct srd_table *t, size_t row, const char *what, int64_t age,
                          struct srd_limit limit)
{
    const char *partition = srd_cell_text(t, row, "Partition");
    const char *txn = srd_cell(t, row, "TxnID");
    size_t tasks = srd_compaction_tasks_of(out->ev, txn);
    struct srd_finding *f = srd_finding_add(out, level, "partition", partition,
                                            "the compaction of %s (transaction %s) %s", partition,
                                            txn ? txn : "unknown", what);

    srd_finding_value(f, (double)age, limit);
    srd_finding_share(f, 1, (double)t->rows);
    srd_finding_field(out, f, "partition", partition);
    srd_finding_field(out, f, "txn", txn);
    if (tasks != SRD_NO_COLUMN)
        srd_finding_field(
            out, f, "node",
            srd_compaction_node(out->ev, out->arena,
                                srd_cell(srd_evidence_get(out->ev, &srd_probe_lake_tasks, NULL),
                                         tasks, "SLOWEST_BE")));
    srd_finding_row(f, &srd_probe_compaction_jobs, t, row);
}

/* "has run for 2h, its slowest tablet is at 40 %": is that too slow to end before the time-out? */
static const char *progress_words(const struct srd_evidence *ev, struct srd_findings *out,
                                  const struct patience *p, const char *txn, int64_t age,
                                  bool *standing)
{
    const struct srd_table *tasks = srd_evidence_get(ev, &srd_probe_lake_tasks, NULL);
    size_t row = srd_compaction_tasks_of(ev, txn);
    double queued, progress;

    *standing = false;
    if (row == SRD_NO_COLUMN)
        return srd_arena_printf(out->arena, "has run for %s", duration(out, age));
    queued = srd_number_or_0(tasks, row, "QUEUED");
    if (!srd_cell_number(tasks, row, "PROGRESS", &progress))
        return srd_arena_printf(out->arena, "has run for %s", duration(out, age));
    *standing = progress <= 100 * (double)age / p->timeout.value;
    if (queued > 0)
        return srd_arena_printf(out->arena,
                                "has run for %s, and %s of its %s tablets have not begun",
                                duration(out, age), count(out, queued),
                                count(out, srd_number_or_0(tasks, row, "TASKS")));
    return srd_arena_printf(out->arena, "has run for %s, and its slowest tablet is at %.0f %%",
                            duration(out, age), progress);
}

static void judge_one_job(const struct srd_evidence *ev, struct srd_findings *out,
                          const struct patience *p, const struct srd_table *t, size_t row)
{
    int64_t age, since;
    bool standing;
    const char *words;

    if (!srd_age_ms(ev, t, row, "StartTime", &age)) {
        srd_cannot_judge(out, SRD_FAILED, "the cluster's clock or time zone is not known");
        return;
    }
    if (srd_cell_has(t, row, "CommitTime")) {
        if (srd_age_ms(ev, t, row, "CommitTime", &since) && (double)since > p->publish.value)
            stuck_finding(out, SRD_CRITICAL, t, row,
                          srd_arena_printf(out->arena,
                                           "was committed %s ago and is not visible yet",
                                           duration(out, since)),
                          since, p->publish);
        return;
    }
    if ((double)age <= p->slow.value)
        return;
    words = progress_words(ev, out, p, srd_cell(t, row, "TxnID"), age, &standing);
    if ((double)age > p->stuck.value)
        stuck_finding(out, SRD_CRITICAL, t, row, words, age, p->stuck);
    else
        stuck_finding(out, standing ? SRD_WARNING : SRD_INFO, t, row, words, age, p->slow);
}

static void judge_stuck(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = jobs_of(ev, out, JOB_COLUMNS);
    struct srd_limit timeout =
        srd_fe_config(ev, "lake_compaction_default_timeout_second", 86400, SRD_UNIT_COUNT);
    struct patience p = {
        .slow = srd_limit_catalogue(ev, "compaction.lake-job-stuck", HOUR_MS, SRD_UNIT_MS),
        .stuck =
            srd_limit_catalogue(ev, "compaction.lake-job-stuck.critical", 6 * HOUR_MS, SRD_UNIT_MS),
        .publish =
            srd_limit_catalogue(ev, "compaction.lake-job-stuck.publish", 1800e3, SRD_UNIT_MS),
        .timeout = { timeout.value > 0 ? timeout.value * 1000 : DAY_MS, SRD_UNIT_MS,
                     timeout.source },
    };
    size_t running = 0;

    for (size_t row = 0; t && row < t->rows; row++) {
        if (!srd_compaction_unfinished(t, row))
            continue;
        running++;
        if (out->count < 100)
            judge_one_job(ev, out, &p, t, row);
    }
    srd_measured(out, "%zu jobs run, none for long", running);
}

/* compaction.lake-job-errors */

/* Ends that somebody wanted: the partition is gone or about to be rewritten. */
static bool is_wanted(const char *error)
{
    static const char *const words[] = { "schema change", "schema_change", "dropped",
                                         "not exist",     "been deleted",  "cancel compaction" };

    for (size_t i = 0; i < SRD_COUNT(words); i++)
        if (strcasestr(error, words[i]))
            return true;
    return false;
}

/* Did this job fail within the last day? */
static bool has_failed(const struct srd_evidence *ev, const struct srd_table *t, size_t row)
{
    int64_t age;

    if (!srd_cell_has(t, row, "Error") || is_wanted(srd_cell_text(t, row, "Error")))
        return false;
    return !srd_age_ms(ev, t, row, "FinishTime", &age) || (double)age <= DAY_MS;
}

/* The score of the partition that "db.table.10081" names; 0: not known. */
static double score_of(const struct srd_evidence *ev, const char *partition)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_partition_scores, NULL);
    const char *id = strrchr(partition, '.');

    for (size_t row = 0; t && id && row < t->rows; row++)
        if (srd_cell_is(t, row, "PARTITION_ID", id + 1))
            return srd_number_or_0(t, row, "MAX_SCORE");
    return 0;
}

/* A partition whose compaction failed several times; @failed lists the rows of failed jobs. */
static void judge_failing(const struct srd_evidence *ev, struct srd_findings *out,
                          const struct srd_table *t, const size_t *failed, size_t all, size_t first)
{
    struct srd_limit often =
        srd_limit_catalogue(ev, "compaction.lake-job-errors.partition", 3, SRD_UNIT_COUNT);
    struct srd_limit high =
        srd_limit_catalogue(ev, "compaction.lake-job-errors.score", 100, SRD_UNIT_COUNT);
    const char *partition = srd_cell_text(t, failed[first], "Partition");
    double times = 0, score;
    struct srd_finding *f;

    for (size_t i = 0; i < all; i++) {
        bool same = srd_cell_is(t, failed[i], "Partition", partition);

        if (same && i < first)
            return; /* told already */
        times += same;
    }
    if (times < often.value)
        return;
    score = score_of(ev, partition);
    f = srd_finding_add(
        out, score > high.value ? SRD_CRITICAL : SRD_WARNING, "partition", partition,
        "the compaction of %s failed %s times%s: %.300s", partition, count(out, times),
        score > high.value ? srd_arena_printf(out->arena, " and its score is %s", count(out, score))
                           : "",
        srd_cell_text(t, failed[first], "Error"));
    srd_finding_value(f, times, often);
    srd_finding_share(f, times, (double)t->rows);
    srd_finding_field(out, f, "partition", partition);
    srd_finding_row(f, &srd_probe_compaction_jobs, t, failed[first]);
}

static void judge_errors(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = jobs_of(ev, out, JOB_COLUMNS);
    struct srd_limit several =
        srd_limit_catalogue(ev, "compaction.lake-job-errors", 3, SRD_UNIT_COUNT);
    size_t *failed = srd_arena_array(out->arena, MOST_FAILED, sizeof(*failed)), all = 0;
    struct srd_finding *f;

    for (size_t row = 0; t && row < t->rows && all < MOST_FAILED; row++)
        if (has_failed(ev, t, row))
            failed[all++] = row;
    for (size_t i = 0; i < all && out->count < 10; i++)
        judge_failing(ev, out, t, failed, all, i);
    if (!out->count && (double)all >= several.value) {
        f = srd_finding_add(out, SRD_WARNING, "cluster", "compaction",
                            "%zu compaction jobs failed, the last one of %s: %.300s", all,
                            srd_cell_text(t, failed[0], "Partition"),
                            srd_cell_text(t, failed[0], "Error"));
        srd_finding_value(f, (double)all, several);
        srd_finding_share(f, (double)all, (double)t->rows);
        srd_finding_row(f, &srd_probe_compaction_jobs, t, failed[0]);
    }
    srd_measured(out, "%zu of the jobs that the leader remembers failed", all);
}

/* Profiles of finished jobs. */

static bool profile(const struct srd_table *t, size_t row, const char *key, struct srd_arena *arena,
                    double *out)
{
    const char *text = srd_cell_json(t, row, "Profile", key, arena);

    return text && srd_parse_number(text, out) && *out >= 0;
}

static bool is_done(const struct srd_table *t, size_t row)
{
    return srd_cell_has(t, row, "FinishTime") && !srd_cell_has(t, row, "Error");
}

/* Not knowing is no "ok": says so when jobs ended and none of them has what is measured. */
static void says_bare(struct srd_findings *out, const struct srd_table *t, size_t profiles)
{
    size_t done = 0;

    for (size_t row = 0; row < t->rows; row++)
        done += is_done(t, row);
    if (done && !profiles)
        srd_cannot_judge(out, SRD_VERSION_ABSENT,
                         "none of %zu finished jobs has such a profile: it takes StarRocks 3.2.12, "
                         "3.3.4 or later",
                         done);
}

static void judge_queue(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = jobs_of(ev, out, "FinishTime Error Profile");
    struct srd_limit wait =
        srd_limit_catalogue(ev, "compaction.lake-queue-wait", 60e3, SRD_UNIT_MS);
    struct srd_limit jobs =
        srd_limit_catalogue(ev, "compaction.lake-queue-wait.jobs", 3, SRD_UNIT_COUNT);
    double queue, tasks, most = 0;
    size_t profiles = 0, waited = 0, worst = 0;
    struct srd_finding *f;

    for (size_t row = 0; t && row < t->rows; row++) {
        if (!is_done(t, row) || !profile(t, row, "in_queue_sec", out->arena, &queue) ||
            !profile(t, row, "sub_task_count", out->arena, &tasks) || tasks < 1)
            continue;
        profiles++;
        waited += 1000 * queue / tasks > wait.value;
        if (1000 * queue / tasks <= most)
            continue;
        most = 1000 * queue / tasks;
        worst = row;
    }
    if (!t)
        return;
    srd_measured(out, "tablets waited for %s at most in %zu jobs", duration(out, (int64_t)most),
                 profiles);
    says_bare(out, t, profiles);
    if ((double)waited < jobs.value)
        return;
    f = srd_finding_add(out, SRD_WARNING, "cluster", "compaction",
                        "in %zu of %zu finished jobs a tablet waited for more than %s on average, "
                        "%s in the worst",
                        waited, profiles, duration(out, (int64_t)wait.value),
                        duration(out, (int64_t)most));
    srd_finding_value(f, most, wait);
    srd_finding_share(f, (double)waited, (double)profiles);
    srd_finding_row(f, &srd_probe_compaction_jobs, t, worst);
}

struct traffic {                        /* of finished jobs with a profile */
    double local_mb, remote_mb, upload; /* upload: sum of the parts of each job's time */
    size_t jobs, cold, uploads;         /* cold: jobs that read too much from the store */
};

static void add_job(const struct srd_table *t, size_t row, struct srd_arena *arena, double part,
                    struct traffic *sum)
{
    double local, remote, upload, tasks;
    int64_t span;

    if (!is_done(t, row) || !profile(t, row, "read_local_mb", arena, &local) ||
        !profile(t, row, "read_remote_mb", arena, &remote))
        return;
    sum->jobs++;
    sum->cold += 100 * remote > part * (local + remote);
    sum->local_mb += local;
    sum->remote_mb += remote;
    if (!profile(t, row, "write_remote_sec", arena, &upload) ||
        !profile(t, row, "sub_task_count", arena, &tasks) || tasks < 1 ||
        !srd_compaction_span_ms(t, row, "StartTime", "CommitTime", &span) || span < 10000)
        return;
    sum->uploads++;
    sum->upload += 100 * 1000 * upload / tasks / (double)span;
}

static void judge_remote(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = jobs_of(ev, out, "FinishTime Error Profile");
    struct srd_limit part =
        srd_limit_catalogue(ev, "compaction.lake-remote-read", 30, SRD_UNIT_PERCENT);
    struct srd_limit bound =
        srd_limit_catalogue(ev, "compaction.lake-remote-read.upload", 90, SRD_UNIT_PERCENT);
    struct srd_limit jobs =
        srd_limit_catalogue(ev, "compaction.lake-remote-read.jobs", 5, SRD_UNIT_COUNT);
    struct traffic sum = { 0 };
    double percent, all;
    struct srd_finding *f;

    for (size_t row = 0; t && row < t->rows; row++)
        add_job(t, row, out->arena, part.value, &sum);
    if (!t)
        return;
    all = sum.local_mb + sum.remote_mb;
    percent = all > 0 ? 100 * sum.remote_mb / all : 0;
    srd_measured(out, "%zu finished jobs read %.0f %% of %s from the object store", sum.jobs,
                 percent, srd_text_bytes(out->arena, all * 1048576));
    says_bare(out, t, sum.jobs);
    /* a few megabytes say nothing about a cache, nor does a partition that was long untouched */
    if ((double)sum.cold >= jobs.value && all >= 100 && percent > part.value) {
        f = srd_finding_add(out, SRD_WARNING, "cluster", "compaction",
                            "%zu finished jobs read %.0f %% of %s from the object store instead "
                            "of the cache",
                            sum.jobs, percent, srd_text_bytes(out->arena, all * 1048576));
        srd_finding_value(f, percent, part);
    }
    if ((double)sum.uploads < jobs.value || sum.upload / (double)sum.uploads <= bound.value)
        return;
    f = srd_finding_add(
        out, SRD_INFO, "cluster", "upload",
        "%zu finished jobs spent %.0f %% of their time on writing to the object store", sum.uploads,
        sum.upload / (double)sum.uploads);
    srd_finding_value(f, sum.upload / (double)sum.uploads, bound);
}

/* clang-format off */
const struct srd_check srd_compaction_lake_job_stuck = {
    .id = "compaction.lake-job-stuck",
    .title = "A compaction job does not end",
    .family = "lake-jobs",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_compaction_jobs },
    .wants = { &srd_probe_lake_tasks, &srd_probe_fe_config, &srd_probe_compute_nodes },
    .judge = judge_stuck,
    .limits = ". .critical .publish lake_compaction_default_timeout_second",
    .why = "While a job neither commits nor ends its partition is not compacted again, and the files that it reads cannot be "
           "vacuumed.",
    .measured_by = "SHOW PROC '/compactions' of the leader: StartTime, CommitTime, FinishTime; its tablets in "
                   "information_schema.be_cloud_native_compactions: RUNS, PROGRESS",
    .rule = "critical: a job runs for more than 6 hours, or was committed more than 30 minutes ago and is not visible; warning: more "
            "than an hour, and at the pace of its slowest tablet it will not end within "
            "lake_compaction_default_timeout_second; info: more than an hour",
    .source = "lake_compaction_default_timeout_second of the cluster (86400); the hours are our judgement",
    .avoid = "Very large partitions take hours: the progress decides. Tablets that wait for a thread are compaction.lake-queue-wait. "
             "Times are compared with the FE's clock only when its zone is known.",
    .see = "txn.lake-publish-failed storage.lake-throttled storage.lake-vacuum-stalled compaction.lake-queue-wait",
    .fix = {
        { "Find the tablet whose PROGRESS stands or RUNS is 0, and look at its CN",
          "SELECT * FROM information_schema.be_cloud_native_compactions WHERE TXN_ID = {txn} ORDER BY PROGRESS;", SRD_SAFE },
        { "Cancel it, on the leader and before it is committed; StarRocks begins a new one",
          "CANCEL COMPACTION WHERE TXN_ID = {txn};", SRD_SAFE },
        { "Committed but not visible: publish is stuck (txn.lake-publish-failed)", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_compaction_lake_job_errors = {
    .id = "compaction.lake-job-errors",
    .title = "Compaction jobs fail",
    .family = "lake-jobs",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_compaction_jobs },
    .wants = { &srd_probe_partition_scores },
    .judge = judge_errors,
    .limits = ". .partition .score",
    .why = "What is compacted again and again and fails each time keeps its files, and its score rises.",
    .measured_by = "Error of SHOW PROC '/compactions', of the last lake_compaction_history_size (20) jobs; the score of the partition "
                   "from partitions_meta",
    .rule = "warning: three jobs failed within a day; critical: those of one partition failed three times and its score is above 100",
    .source = "our judgement",
    .avoid = "A job that ends because its table was dropped, or is rewritten by a schema change, has not failed. The leader forgets "
             "its list when it restarts.",
    .see = "storage.lake-throttled storage.lake-file-missing memory.be-tracker compaction.lake-score",
    .fix = {
        { "By the message: memory limit (memory.be-tracker), object store (storage.lake-throttled, storage.lake-unreachable), a "
          "missing file (storage.lake-file-missing)", NULL, SRD_SAFE },
        { "A node that was lost: nothing to do, StarRocks tries again after a minute", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_compaction_lake_queue_wait = {
    .id = "compaction.lake-queue-wait",
    .title = "Compaction waits for threads",
    .family = "lake-debt",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_WARNING,
    .needs = { &srd_probe_compaction_jobs },
    .judge = judge_queue,
    .limits = ". .jobs",
    .why = "Tablets of a job wait for a thread of their CN longer than they work: more jobs at a time would not help.",
    .measured_by = "Profile of the finished jobs in SHOW PROC '/compactions': in_queue_sec / sub_task_count",
    .rule = "warning: more than 60 s on average in three jobs or more",
    .source = "StarRocks documentation on tuning compaction in shared-data (60 s)",
    .avoid = "Jobs without a profile say nothing (before 3.2.12 and 3.3.4 none has one). Before 4.0.4 some releases print a wrong "
             "sub_task_count.",
    .see = "compaction.lake-tasks-capped compaction.lake-score",
    .fix = {
        { "More threads per CN, CPU allowing, up to a quarter or half of its cores (default 4)",
          "UPDATE information_schema.be_configs SET VALUE = '8' WHERE NAME = 'compact_threads';", SRD_SAFE },
        { "Or fewer tablets at a time than 16 per CN, so that the most important ones end soon",
          "ADMIN SET FRONTEND CONFIG (\"lake_compaction_max_tasks\" = \"<tablets>\");", SRD_SAFE },
    },
};

const struct srd_check srd_compaction_lake_remote_read = {
    .id = "compaction.lake-remote-read",
    .title = "Compaction reads from the object store",
    .family = "lake-debt",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_WARNING,
    .needs = { &srd_probe_compaction_jobs },
    .judge = judge_remote,
    .limits = ". .jobs .upload",
    .why = "What was just written should still be in the cache of the node that compacts it; from the object store it is slower and "
           "costs requests.",
    .measured_by = "Profile of the finished jobs in SHOW PROC '/compactions': read_remote_mb, read_local_mb; write_remote_sec / "
                   "sub_task_count against the time from start to commit",
    .rule = "warning: more than 30 % of what the jobs read came from the object store, and so it was for five of them at least; "
            "info: five or more spent more than 90 % of their time on writing to it",
    .source = "StarRocks documentation on tuning compaction in shared-data",
    .avoid = "A few jobs on partitions that were not touched for long: those are not in the cache. Less than 100 MB in all says "
             "nothing, nor do jobs shorter than 10 s about upload.",
    .see = "cache.hit-low storage.lake-throttled compaction.lake-queue-wait",
    .fix = {
        { "A larger data cache on the CNs (cache.too-small)", NULL, SRD_SAFE },
        { "Compact where the data is written: the same warehouse",
          "ADMIN SET FRONTEND CONFIG (\"lake_compaction_warehouse\" = \"<warehouse of the loads>\");", SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_compaction_jobs_checks[] = {
    &srd_compaction_lake_job_stuck,
    &srd_compaction_lake_job_errors,
    &srd_compaction_lake_queue_wait,
    &srd_compaction_lake_remote_read,
    NULL,
};
