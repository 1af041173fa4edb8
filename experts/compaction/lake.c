/* Shared-data: do partitions wait for compaction, and are loads slowed down or refused for it? */

#include <string.h>

#include "experts/compaction/compaction.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define MAX_TABLES 10
#define TEN_MINUTES_MS (10 * 60000)

static const char *count(struct srd_findings *out, double n)
{
    return srd_text_count(out->arena, n);
}

/* From which score on loads are refused; a value of 0: never. */
static struct srd_limit upper_bound(const struct srd_evidence *ev)
{
    bool since = ev->cluster.version >= SRD_VERSION(3, 3, 6);
    struct srd_limit bound =
        srd_fe_config(ev, "lake_compaction_score_upper_bound", since ? 2000 : 0, SRD_UNIT_COUNT);
    struct srd_limit on = srd_fe_config(ev, "lake_enable_ingest_slowdown", since, SRD_UNIT_BOOL);

    if (on.value == 0 || bound.value < 0)
        bound.value = 0;
    return bound;
}

/* compaction.lake-score */

struct debt { /* what judge_score() compares with */
    const struct srd_table *t;
    struct srd_limit high, very_high, bound, near, few;
    struct srd_limit fresh, versions; /* of a bulk load: its age and how many versions there are */
};

/* One tablet has many files, the others have none: that is skew. */
static bool is_skewed(const struct debt *d, size_t row)
{
    double median;

    return srd_cell_number(d->t, row, "P50_SCORE", &median) && median < d->few.value;
}

/* Was it filled a moment ago, by a few large loads? Small ones would have made more versions. */
static bool is_bulk(const struct srd_evidence *ev, const struct debt *d, size_t row)
{
    double version;
    int64_t age;

    return srd_cell_number(d->t, row, "VISIBLE_VERSION", &version) &&
           version <= d->versions.value &&
           srd_age_ms(ev, d->t, row, "VISIBLE_VERSION_TIME", &age) && (double)age < d->fresh.value;
}

static bool is_near(const struct debt *d, double score)
{
    return d->bound.value > 0 && score >= d->bound.value * d->near.value / 100;
}

static enum srd_severity debt_level(const struct srd_evidence *ev, const struct debt *d, size_t row,
                                    double score, const char **why)
{
    enum srd_severity level = score > d->very_high.value ? SRD_CRITICAL : SRD_WARNING;

    *why = "";
    if (score <= d->high.value)
        return SRD_OKAY;
    if (is_near(d, score)) {
        *why = ", close to where loads are refused";
        return SRD_CRITICAL;
    }
    if (is_skewed(d, row)) {
        *why = " in few tablets only, half of them need none: see storage.bucket-skew";
        return SRD_INFO;
    }
    if (is_bulk(ev, d, row)) {
        *why = " after a large load a moment ago";
        level--;
    }
    return level;
}

static void report_debt(struct srd_findings *out, const struct debt *d, size_t row,
                        enum srd_severity level, const char *why)
{
    double score = srd_number_or_0(d->t, row, "MAX_SCORE");
    struct srd_limit limit = score > d->very_high.value ? d->very_high : d->high;
    struct srd_finding *f;

    if (is_near(d, score) && score <= d->very_high.value)
        limit = (struct srd_limit){ d->bound.value * d->near.value / 100, SRD_UNIT_COUNT,
                                    d->bound.source };
    f = srd_compaction_partition_finding(out, level, d->t, row, "has a compaction score of %s%s%s",
                                         count(out, score), why,
                                         srd_compaction_more(out->arena, d->t, row, d->high.value));
    srd_finding_value(f, score, limit);
    srd_finding_share(f, srd_number_or_0(d->t, row, "OVER_100"),
                      srd_number_or_0(d->t, row, "PARTITIONS"));
}

/* The level of the worst partition of the table that begins in @row: a lower score may be the
 * worse. */
static void judge_table(const struct srd_evidence *ev, struct srd_findings *out,
                        const struct debt *d, size_t first, size_t *told)
{
    const char *db = srd_cell_text(d->t, first, "DB_NAME"), *why = "", *words;
    const char *table = srd_cell_text(d->t, first, "TABLE_NAME");
    enum srd_severity worst = SRD_OKAY;
    size_t at = first;

    for (size_t row = first; row < d->t->rows && worst < SRD_CRITICAL; row++) {
        enum srd_severity level;

        if (!srd_cell_is(d->t, row, "TABLE_NAME", table) || !srd_cell_is(d->t, row, "DB_NAME", db))
            continue;
        level = debt_level(ev, d, row, srd_number_or_0(d->t, row, "MAX_SCORE"), &words);
        if (level <= worst)
            continue;
        worst = level;
        at = row;
        why = words;
    }
    if (worst && srd_compaction_is_internal(d->t, first))
        worst--;
    if (worst && ++*told <= MAX_TABLES)
        report_debt(out, d, at, worst, why);
}

static void judge_score(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct debt d = {
        .t = srd_evidence_get(ev, &srd_probe_partition_scores, NULL),
        .high = srd_limit_catalogue(ev, "compaction.lake-score", 100, SRD_UNIT_COUNT),
        .very_high = srd_limit_catalogue(ev, "compaction.lake-score.critical", 500, SRD_UNIT_COUNT),
        .near = srd_limit_catalogue(ev, "compaction.lake-score.bound", 80, SRD_UNIT_PERCENT),
        .few = srd_limit_catalogue(ev, "compaction.lake-score.median", 10, SRD_UNIT_COUNT),
        .fresh = srd_limit_catalogue(ev, "compaction.lake-score.bulk", 1800e3, SRD_UNIT_MS),
        .versions =
            srd_limit_catalogue(ev, "compaction.lake-score.bulk-versions", 50, SRD_UNIT_COUNT),
        .bound = upper_bound(ev),
    };
    double most = 0;
    size_t told = 0;

    srd_compaction_says_unseen(ev, out);
    for (size_t row = 0; row < d.t->rows; row++) {
        double score = srd_number_or_0(d.t, row, "MAX_SCORE");

        most = score > most ? score : most;
        if (score > d.high.value && srd_compaction_first_of_table(d.t, row))
            judge_table(ev, out, &d, row, &told);
    }
    if (told > MAX_TABLES)
        srd_finding_add(out, SRD_WARNING, "cluster", "other tables",
                        "%zu more tables have partitions with a compaction score above %s",
                        told - MAX_TABLES, count(out, d.high.value));
    srd_measured(out, "the highest compaction score is %s", count(out, most));
}

/* compaction.lake-slowdown */

static void judge_delayed(const struct srd_evidence *ev, struct srd_findings *out, double *running)
{
    static const char words[] = "compaction score is larger than";
    const struct srd_answer *a = NULL;

    while ((a = srd_evidence_next(ev, &srd_probe_delayed_loads, a))) {
        double delayed = 0;
        size_t first = 0;
        struct srd_finding *f;

        if (!a->table) {
            srd_cannot_judge(out, a->status, "running transactions of %s: %s", a->key, a->detail);
            continue;
        }
        for (size_t row = 0; row < a->table->rows; row++) {
            if (!strstr(srd_cell_text(a->table, row, "Reason"), words))
                continue;
            first = delayed > 0 ? first : row;
            delayed++;
        }
        *running += (double)a->table->rows;
        if (delayed <= 0)
            continue;
        f = srd_finding_add(out, SRD_WARNING, "database", a->key,
                            "the commits of %s running loads into %s are delayed, because a "
                            "partition's compaction score is too high",
                            count(out, delayed), a->key);
        srd_finding_value(f, delayed, (struct srd_limit){ 0, SRD_UNIT_COUNT, "catalogue" });
        srd_finding_share(f, delayed, (double)a->table->rows);
        srd_finding_row(f, &srd_probe_delayed_loads, a->table, first);
    }
    if (srd_evidence_left_out(ev, &srd_probe_delayed_loads))
        srd_cannot_judge(out, SRD_SKIPPED, "%zu more databases with high scores were not looked at",
                         srd_evidence_left_out(ev, &srd_probe_delayed_loads));
}

static void judge_slowdown(const struct srd_evidence *ev, struct srd_findings *out)
{
    static const char *const kinds[][2] = {
        { "score", "were refused within 15 minutes: too high a compaction score" },
        { "slowdown", "ran out of time within 15 minutes, while their commit was delayed" },
    };
    const struct srd_table *t = srd_load_known(out, srd_load_refused(ev));
    struct srd_limit none = { 0, SRD_UNIT_COUNT, "catalogue" };
    double running = 0;

    for (size_t row = 0; t && row < t->rows; row++) {
        const char *db = srd_cell_text(t, row, "DB_NAME"), *table = srd_cell(t, row, "TABLE_NAME");
        const char *name = table ? srd_arena_printf(out->arena, "%s.%s", db, table) : db;

        for (size_t kind = 0; kind < SRD_COUNT(kinds); kind++) {
            double loads = srd_number_or_0(t, row, "LOADS");
            struct srd_finding *f;

            if (!srd_compaction_refused(out, t, row, kinds[kind][0], TEN_MINUTES_MS))
                continue;
            f = srd_finding_add(out, SRD_CRITICAL, table ? "table" : "database", name,
                                "%s loads into %s %s", count(out, loads), name, kinds[kind][1]);
            srd_finding_value(f, loads, none);
            srd_finding_field(out, f, "table", name);
            srd_finding_row(f, &srd_probe_loads, t, row);
        }
    }
    judge_delayed(ev, out, &running);
    if (ev->cluster.version && ev->cluster.version < SRD_VERSION(3, 3, 6))
        srd_cannot_judge(out, SRD_VERSION_ABSENT,
                         "before 3.3.6 stream loads are not in information_schema.loads, so "
                         "refused ones cannot be seen");
    srd_measured(out, "no load was refused within 10 minutes, and no commit is delayed");
}

/* compaction.lake-tasks-capped */

static void judge_capped(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_partition_scores, NULL);
    const struct srd_table *jobs = srd_evidence_get(ev, &srd_probe_compaction_jobs, NULL);
    struct srd_limit ratio =
        srd_limit_catalogue(ev, "compaction.lake-tasks-capped", 10, SRD_UNIT_RATIO);
    double capacity = srd_compaction_capacity(ev), running = srd_compaction_running(ev);
    double waiting = t->rows ? srd_number_or_0(t, 0, "ELIGIBLE") : 0;
    struct srd_finding *f;

    if (srd_lacks(out, jobs, "SHOW PROC '/compactions'", "StartTime FinishTime") ||
        srd_lacks(out, t, "information_schema.partitions_meta", "ELIGIBLE"))
        return;
    srd_compaction_says_unseen(ev, out);
    if (capacity < 0) {
        srd_cannot_judge(out, SRD_FAILED, "the number of living CNs is not known");
        return;
    }
    srd_measured(out, "%s of %s tablets are in compaction, %s partitions wait", count(out, running),
                 count(out, capacity), count(out, waiting));
    /* a capacity of 0 is compaction.disabled, or no node alive */
    if (capacity <= 0 || running < capacity || waiting <= ratio.value * capacity)
        return;
    f = srd_finding_add(out, SRD_WARNING, "cluster", "compaction",
                        "all %s places for tablets in compaction are taken, and %s partitions have "
                        "a score above 10",
                        count(out, capacity), count(out, waiting));
    srd_finding_value(f, waiting,
                      (struct srd_limit){ ratio.value * capacity, SRD_UNIT_COUNT, ratio.source });
    srd_finding_share(f, waiting, srd_number_or_0(t, 0, "PARTITIONS"));
}

/* clang-format off */
const struct srd_check srd_compaction_lake_score = {
    .id = "compaction.lake-score",
    .title = "Compaction does not keep up with loads",
    .family = "lake-debt",
    .mode = SRD_MODE_SHARED_DATA,
    .since = SRD_VERSION(3, 2, 4),
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_partition_scores },
    .wants = { &srd_probe_fe_config, &srd_probe_databases },
    .judge = judge_score,
    .limits = ". .bound .bulk .bulk-versions .critical .median lake_compaction_score_upper_bound lake_enable_ingest_slowdown",
    .why = "The score counts the files that a read of a tablet has to merge. From lake_ingest_slowdown_threshold on StarRocks delays "
           "the commits of loads, and above lake_compaction_score_upper_bound it refuses them.",
    .measured_by = "information_schema.partitions_meta: MAX_CS, P50_CS; the 1,000 partitions with the highest score are looked at",
    .rule = "warning: MAX_CS above 100; critical: above 500, or at 80 % of lake_compaction_score_upper_bound while "
            "lake_enable_ingest_slowdown is on. Below 10 all is done. One finding per table, with its worst partition.",
    .source = "StarRocks documentation on compaction in shared-data (below 10 done, above 100 high, above 500 very high); "
              "lake_ingest_slowdown_threshold (100), lake_compaction_score_upper_bound (2000 from 3.3.6 on, 0 is no bound), "
              "lake_compaction_score_selector_min_score (10) of the cluster",
    .avoid = "With a median (P50_CS) below 10 a few tablets have all the files: that is skew, info. A partition with at most 50 "
             "versions that was written within 30 minutes has seen a large load, not many small ones: one level lower. "
             "Neither holds close to the upper bound. Tables of _statistics_ come one level lower.",
    .see = "compaction.lake-slowdown compaction.lake-tasks-capped load.small-frequent storage.bucket-skew compaction.disabled",
    .fix = {
        { "Let the writers of {table} load in batches, 10 s apart and of 100 rows at least", NULL, SRD_SAFE },
        { "Compact the worst partition first (from 3.3 on)", "ALTER TABLE {table} COMPACT ({partition});", SRD_SAFE },
        { "With CPU below 60 %: more threads per CN, up to a quarter or half of its cores (default 4)",
          "UPDATE information_schema.be_configs SET VALUE = '8' WHERE NAME = 'compact_threads';", SRD_SAFE },
        { "Add CNs: 16 tablets more can be compacted at a time with each, unless lake_compaction_max_tasks says otherwise",
          NULL, SRD_SAFE },
    },
};

const struct srd_check srd_compaction_lake_slowdown = {
    .id = "compaction.lake-slowdown",
    .title = "Loads are slowed down or refused",
    .family = "lake-debt",
    .mode = SRD_MODE_SHARED_DATA,
    .since = SRD_VERSION(3, 2, 4),
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_partition_scores, &srd_probe_loads },
    .wants = { &srd_probe_delayed_loads },
    .judge = judge_slowdown,
    .why = "StarRocks delays a commit by the time of its write x (score - threshold) x lake_ingest_slowdown_ratio; a load may then "
           "run out of time. At the upper bound it is refused.",
    .measured_by = "Reason of the running transactions (SHOW PROC '/transactions/<db>/running') of the three databases with the "
                   "highest scores; ERROR_MSG of information_schema.loads",
    .rule = "warning: the commit of a running load is delayed; critical: a load was refused, or ran out of time by the delay, "
            "within 10 minutes",
    .source = "the texts of StarRocks itself; lake_ingest_slowdown_threshold (100), lake_ingest_slowdown_ratio (0.1), "
              "lake_compaction_score_upper_bound (2000); issues #52269, #68501",
    .avoid = "Only texts of StarRocks count, a high score alone is compaction.lake-score. Before 3.3.6 stream loads are not "
             "listed: what was found stands, but nothing found is not ok.",
    .see = "compaction.lake-score load.small-frequent txn.committed-not-visible",
    .fix = {
        { "Lower the score: as for compaction.lake-score", NULL, SRD_SAFE },
        { "Without the brake loads commit at once and the score rises faster, up to files that nobody can read in time",
          "ADMIN SET FRONTEND CONFIG (\"lake_enable_ingest_slowdown\" = \"false\");", SRD_RISKY },
    },
};

const struct srd_check srd_compaction_lake_tasks_capped = {
    .id = "compaction.lake-tasks-capped",
    .title = "No more compaction at a time is allowed",
    .family = "lake-debt",
    .mode = SRD_MODE_SHARED_DATA,
    .since = SRD_VERSION(3, 2, 4),
    .worst = SRD_WARNING,
    .needs = { &srd_probe_compaction_jobs, &srd_probe_partition_scores, &srd_probe_fe_config },
    .wants = { &srd_probe_lake_tasks, &srd_probe_compute_nodes, &srd_probe_backends, &srd_probe_databases },
    .judge = judge_capped,
    .limits = ". lake_compaction_max_tasks",
    .why = "As many tablets are in compaction as the leader allows, and far more partitions wait: the debt grows however fast each "
           "job is.",
    .measured_by = "tablets of the running jobs (be_cloud_native_compactions; one per job of SHOW PROC '/compactions' at least) "
                   "against lake_compaction_max_tasks, where -1 means 16 per living CN of the warehouse; partitions_meta: "
                   "partitions with MAX_CS above 10",
    .rule = "warning: all places are taken and more than 10 times as many partitions wait. That it lasts takes more looks.",
    .source = "lake_compaction_max_tasks of the cluster (the leader counts tablets, 16 x living CNs for -1); 10 times is our "
              "judgement",
    .avoid = "A full house with a short queue is good use. be_cloud_native_compactions covers the current warehouse only.",
    .see = "storage.partition-count compaction.lake-score compaction.lake-queue-wait",
    .fix = {
        { "Let StarRocks choose instead of a small fixed number",
          "ADMIN SET FRONTEND CONFIG (\"lake_compaction_max_tasks\" = \"-1\");", SRD_SAFE },
        { "Add CNs", NULL, SRD_SAFE },
        { "Write to fewer partitions at a time", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_compaction_lake_checks[] = {
    &srd_compaction_lake_score,
    &srd_compaction_lake_slowdown,
    &srd_compaction_lake_tasks_capped,
    NULL,
};
