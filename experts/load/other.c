/* Do Spark loads, exports and data migration get on, and may anything be loaded at all? */

#include <stdlib.h>
#include <string.h>

#include "experts/load/load.h"
#include "lib/base/text.h"

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * (int64_t)HOUR_MS)

/* load.spark-stuck */

static void judge_spark_load(struct srd_findings *out, const struct srd_table *t, size_t row)
{
    struct srd_limit warning =
        srd_limit_catalogue(out->ev, "load.spark-stuck", 2.0 * HOUR_MS, SRD_UNIT_MS);
    struct srd_limit limit =
        srd_fe_config(out->ev, "spark_load_default_timeout_second", 86400, SRD_UNIT_MS);
    const char *label = srd_cell_text(t, row, "LABEL");
    struct srd_finding *f;
    int64_t age_ms;
    double s;

    limit.value *= 1000;
    if (srd_cell_number(t, row, "TIMEOUT_S", &s) && s > 0)
        limit = (struct srd_limit){ s * 1000, SRD_UNIT_MS, "timeout of the load" };
    if (!srd_age_ms(out->ev, t, row, "CREATED_S", &age_ms)) {
        srd_cannot_judge(out, SRD_FAILED, "when a Spark load began is not known");
        return;
    }
    /* 0 % after hours: it never began */
    if ((double)age_ms <= limit.value &&
        ((double)age_ms <= warning.value || !strstr(srd_cell_text(t, row, "PROGRESS"), "ETL:0%")))
        return;
    f = srd_finding_add(out, (double)age_ms > limit.value ? SRD_CRITICAL : SRD_WARNING, "load",
                        label, "Spark load %s into %s is in its ETL for %s (%s)",
                        srd_load_excerpt(out->arena, label, 60),
                        srd_load_target(out->arena, t, row), srd_text_duration(out->arena, age_ms),
                        srd_cell_text(t, row, "PROGRESS"));
    srd_finding_value(f, (double)age_ms, (double)age_ms > limit.value ? limit : warning);
    srd_finding_share(f, 1, (double)t->rows);
    srd_finding_field(out, f, "label", srd_quote_text(out->arena, label));
    srd_finding_field(out, f, "database",
                      srd_quote_identifier(out->arena, srd_cell_text(t, row, "DB_NAME")));
    srd_finding_row(f, &srd_probe_loads, t, row);
}

static void judge_spark(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_load_known(out, srd_load_open(ev));
    size_t seen = 0;

    (void)ev;
    for (size_t row = 0; t && row < t->rows; row++) {
        if (!srd_cell_is(t, row, "TYPE", "SPARK") || !srd_cell_is(t, row, "STATE", "ETL"))
            continue;
        seen++;
        judge_spark_load(out, t, row);
    }
    if (t)
        srd_measured(out, "%zu Spark loads are in their ETL", seen);
}

/* load.export-failed */

#define EXPORTS_READ 100

/* A count of the pool that every export of an FE goes through first. */
static bool pool_count(const struct srd_table *gauges, struct srd_arena *arena, const char *fe,
                       const char *type, double *out)
{
    for (size_t row = 0; row < gauges->rows; row++) {
        const char *name, *of;

        if (!srd_cell_is(gauges, row, "NAME", "thread_pool") ||
            !srd_cell_is(gauges, row, "FE_ID", fe))
            continue;
        name = srd_cell_json(gauges, row, "LABELS", "name", arena);
        of = srd_cell_json(gauges, row, "LABELS", "type", arena);
        if (name && of && !strcmp(name, "export_pending_job_pool") && !strcmp(of, type))
            return srd_cell_number(gauges, row, "VALUE", out);
    }
    return false;
}

/*
 * Is it certain that nothing was exported for a day? Every FE that could have led must have been up
 * all the time and count none.
 */
static bool none_exported(const struct srd_evidence *ev, struct srd_arena *arena)
{
    const struct srd_table *gauges = srd_evidence_get(ev, &srd_probe_fe_gauges, NULL);
    const struct srd_table *fe = srd_evidence_get(ev, &srd_probe_frontends, NULL);

    for (size_t row = 0; gauges && fe && row < fe->rows; row++) {
        const char *name = srd_cell_text(fe, row, "Name");
        double done, waiting;
        int64_t up_ms;

        if (srd_cell_is(fe, row, "Role", "OBSERVER"))
            continue;
        if (!srd_age_ms(ev, fe, row, "StartTime", &up_ms) || up_ms < DAY_MS ||
            !pool_count(gauges, arena, name, "completed_task_count", &done) || done > 0 ||
            !pool_count(gauges, arena, name, "task_in_queue", &waiting) || waiting > 0)
            return false;
    }
    return gauges && fe && fe->rows;
}

struct database {
    double tables;
    size_t row;
};

static int compare_databases(const void *a, const void *b)
{
    const struct database *x = a, *y = b;
    int order = (x->tables < y->tables) - (x->tables > y->tables);

    return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* SHOW EXPORT wants a database: those with the most tables, which is where exports come from. */
static void pick_databases(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *dbs = srd_evidence_get(ev, &srd_probe_databases, NULL);
    struct database *list = srd_arena_array(out->arena, dbs->rows + 1, sizeof(*list));

    if (none_exported(ev, out->arena))
        return;
    for (size_t row = 0; row < dbs->rows; row++)
        list[row] = (struct database){ srd_number_or_0(dbs, row, "TableNum"), row };
    qsort(list, dbs->rows, sizeof(*list), compare_databases);
    for (size_t n = 0; n < dbs->rows; n++) {
        size_t row = list[n].row;

        if (!srd_cell_is(dbs, row, "DbName", "information_schema") &&
            !srd_cell_is(dbs, row, "DbName", "sys") &&
            !srd_cell_is(dbs, row, "DbName", "_statistics_"))
            srd_keys_add(out, srd_cell(dbs, row, "DbName"), NULL, NULL);
    }
}

/* clang-format off */
static const struct srd_probe exports = {
    .id = "exports",
    .summary = "the newest exports of a database",
    .texts = { { .sql = "SHOW EXPORT FROM {database} ORDER BY CreateTime DESC LIMIT 100" } },
    .columns = "JobId State Progress CreateTime FinishTime ErrorMsg",
    .where = SRD_ASK_ANY,
    .zone = SRD_ZONE_PRINT,
    .params = { { "database", SRD_PARAM_IDENTIFIER } },
    .after = &srd_probe_databases,
    .behind = &srd_probe_fe_gauges,
    .pick = pick_databases,
    .max_keys = 3,
};
/* clang-format on */

static void judge_export(struct srd_findings *out, const struct srd_table *t, size_t row,
                         const char *db)
{
    bool failed = srd_cell_is(t, row, "State", "CANCELLED");
    struct srd_limit limit =
        failed ? srd_limit_catalogue(out->ev, "load.export-failed", (double)DAY_MS, SRD_UNIT_MS)
               : srd_limit_catalogue(out->ev, "load.export-failed.wait", 30.0 * MINUTE_MS,
                                     SRD_UNIT_MS);
    const char *id = srd_cell_text(t, row, "JobId"), *error = srd_cell_text(t, row, "ErrorMsg");
    struct srd_finding *f;
    int64_t age_ms;

    if (failed ? srd_load_class_of(error)->kind == SRD_LOAD_IGNORED
               : !srd_cell_is(t, row, "State", "PENDING"))
        return;
    if (!srd_age_ms(out->ev, t, row, failed ? "FinishTime" : "CreateTime", &age_ms) &&
        !srd_age_ms(out->ev, t, row, "CreateTime", &age_ms)) {
        srd_cannot_judge(out, SRD_FAILED, "the times of exports cannot be read");
        return;
    }
    if (failed ? (double)age_ms > limit.value : (double)age_ms <= limit.value)
        return;
    f = srd_finding_add(out, SRD_WARNING, "export", srd_arena_printf(out->arena, "%s %s", db, id),
                        failed ? "export %s of %s failed %s ago: %s"
                               : "export %s of %s waits for %s%s",
                        id, db, srd_text_duration(out->arena, age_ms),
                        failed ? srd_load_excerpt(out->arena, error, 160) : "");
    srd_finding_value(f, (double)age_ms, limit);
    srd_finding_share(f, 1, (double)t->rows);
    srd_finding_field(out, f, "database", srd_quote_identifier(out->arena, db));
    srd_finding_row(f, &exports, t, row);
}

static void judge_exports(const struct srd_evidence *ev, struct srd_findings *out)
{
    size_t left_out = srd_evidence_left_out(ev, &exports), seen = 0, databases = 0, silent = 0;

    for (const struct srd_answer *a = NULL; (a = srd_evidence_next(ev, &exports, a));) {
        if (!a->table) {
            silent++;
            continue;
        }
        databases++;
        seen += a->table->rows;
        for (size_t row = 0; row < a->table->rows; row++)
            judge_export(out, a->table, row, a->key);
    }
    if (databases || silent || !none_exported(ev, out->arena))
        srd_measured(out, "%zu exports of %zu databases were looked at", seen, databases);
    else
        srd_measured(out, "nothing was exported since the FEs began, more than a day ago");
    if (silent)
        srd_cannot_judge(out, SRD_FAILED, "the exports of %zu databases could not be read", silent);
    else if (left_out)
        srd_cannot_judge(out, SRD_SKIPPED,
                         "only the %zu databases with the most tables were asked, %zu were not",
                         databases, left_out);
}

/* load.disabled */

static void judge_disabled(const struct srd_evidence *ev, struct srd_findings *out)
{
    const char *text = srd_fe_config_text(ev, "disable_load_job");
    const struct srd_table *t = srd_load_failed(ev);
    size_t refused = 0;
    struct srd_finding *f;
    bool off;

    if (!srd_parse_bool(text, &off)) {
        srd_cannot_judge(out, SRD_VERSION_ABSENT, "the FE has no disable_load_job");
        return;
    }
    srd_measured(out, "disable_load_job is %s", text);
    if (!off)
        return;
    for (size_t row = 0; t && row < t->rows; row++) {
        int64_t age_ms;

        refused += srd_age_ms(ev, t, row, "FINISHED_S", &age_ms) && age_ms <= 10 * MINUTE_MS &&
                   !strcmp(srd_load_class_of(srd_cell(t, row, "ERROR_MSG"))->id, "disabled");
    }
    f = srd_finding_add(out, refused ? SRD_CRITICAL : SRD_WARNING, "cluster", "disable_load_job",
                        refused
                            ? "loads are switched off, and %zu were refused in the last 10 minutes"
                            : "loads are switched off (disable_load_job)",
                        refused);
    srd_finding_value(f, 1,
                      (struct srd_limit){ 0, SRD_UNIT_BOOL, "disable_load_job of the cluster" });
    srd_finding_share(f, 1, 1);
}

/* load.migration-stuck */

/* clang-format off */
static const struct srd_probe replications = {
    .id = "replications",
    .summary = "jobs that copy tables from another cluster",
    .texts = {
        { .since = SRD_VERSION(3, 3, 4), .sql = "SHOW PROC '/replications'" },
        { .since = SRD_VERSION(3, 2, 11), .until = SRD_VERSION(3, 2, 99), .sql = "SHOW PROC '/replications'" },
    },
    .columns = "JobID DatabaseID TableID CreatedTime FinishedTime State Progress Error",
    .privilege = "OPERATE",
    .where = SRD_ASK_LEADER,
    .zone = SRD_ZONE_PRINT,
    .max_rows = 2000,
};
/* clang-format on */

static bool is_over(const struct srd_table *t, size_t row)
{
    return srd_cell_is(t, row, "State", "COMMITTED") || srd_cell_is(t, row, "State", "ABORTED");
}

static const char *table_of(struct srd_arena *arena, const struct srd_table *t, size_t row)
{
    return srd_arena_printf(arena, "table %s of database %s", srd_cell_text(t, row, "TableID"),
                            srd_cell_text(t, row, "DatabaseID"));
}

static void judge_slow_copy(struct srd_findings *out, const struct srd_table *t, size_t row)
{
    struct srd_limit limit =
        srd_limit_catalogue(out->ev, "load.migration-stuck.hours", 6.0 * HOUR_MS, SRD_UNIT_MS);
    const char *progress = srd_cell_text(t, row, "Progress");
    struct srd_finding *f;
    int64_t age_ms;

    /* "3/96": some of it is done; whether it goes on cannot be seen in one look */
    if (is_over(t, row) || (*progress && strncmp(progress, "0/", 2) != 0))
        return;
    if (!srd_age_ms(out->ev, t, row, "CreatedTime", &age_ms)) {
        srd_cannot_judge(out, SRD_FAILED, "the times of migration jobs cannot be read");
        return;
    }
    if ((double)age_ms <= limit.value)
        return;
    f = srd_finding_add(out, SRD_WARNING, "replication", srd_cell_text(t, row, "JobID"),
                        "migration of %s is %s for %s and has copied nothing",
                        table_of(out->arena, t, row), srd_cell_text(t, row, "State"),
                        srd_text_duration(out->arena, age_ms));
    srd_finding_value(f, (double)age_ms, limit);
    srd_finding_share(f, 1, (double)t->rows);
    srd_finding_row(f, &replications, t, row);
}

/* The first job with an error of each table speaks for all of them. */
static void judge_failed_copies(struct srd_findings *out, const struct srd_table *t, size_t row)
{
    struct srd_limit limit =
        srd_limit_catalogue(out->ev, "load.migration-stuck", 3, SRD_UNIT_COUNT);
    const char *table = srd_cell_text(t, row, "TableID");
    struct srd_finding *f;
    size_t failed = 0;

    for (size_t i = 0; i < t->rows; i++) {
        if (!*srd_cell_text(t, i, "Error") || !srd_cell_is(t, i, "TableID", table))
            continue;
        if (i < row)
            return;
        failed++;
    }
    if ((double)failed < limit.value)
        return;
    f = srd_finding_add(out, SRD_WARNING, "table", table_of(out->arena, t, row),
                        "%zu migration jobs of %s failed: %s", failed, table_of(out->arena, t, row),
                        srd_load_excerpt(out->arena, srd_cell_text(t, row, "Error"), 160));
    srd_finding_value(f, (double)failed, limit);
    srd_finding_share(f, (double)failed, (double)t->rows);
    srd_finding_row(f, &replications, t, row);
}

static void judge_migration(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &replications, NULL);

    for (size_t row = 0; row < t->rows; row++) {
        judge_slow_copy(out, t, row);
        if (*srd_cell_text(t, row, "Error"))
            judge_failed_copies(out, t, row);
    }
    srd_measured(out, "%zu migration jobs were looked at", t->rows);
}

/* clang-format off */
const struct srd_check srd_load_spark_stuck = {
    .id = "load.spark-stuck",
    .title = "Spark loads that hang in their ETL",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_loads },
    .wants = { &srd_probe_fe_config },
    .judge = judge_spark,
    .limits = ". spark_load_default_timeout_second",
    .why = "A Spark load whose application hangs or was lost keeps its label and transaction until its timeout, a day by default.",
    .measured_by = "information_schema.loads: TYPE SPARK in STATE ETL, PROGRESS, age and timeout",
    .rule = "warning: more than 2 hours and still ETL:0%; critical: past its timeout",
    .source = "spark_load_default_timeout_second of the cluster or the load's own; 2 hours are our judgement",
    .avoid = "One look cannot see progress, so an ETL that has done something is left alone until its timeout. Most clusters "
             "have no Spark load: then there is nothing to say.",
    .see = "load.stuck",
    .fix = {
        { "Look at the application in YARN; cancel the load if it is gone",
          "CANCEL LOAD FROM {database} WHERE LABEL = {label};", SRD_RISKY },
        { "Use broker load or the Spark connector instead", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_load_export_failed = {
    .id = "load.export-failed",
    .title = "Exports that fail or wait",
    .worst = SRD_WARNING,
    .needs = { &exports },
    .wants = { &srd_probe_fe_gauges },
    .judge = judge_exports,
    .limits = ". .wait",
    .why = "Whoever waits for the exported files gets none, or old ones.",
    .measured_by = "SHOW EXPORT of the 3 databases with the most tables, the newest 100 of each: State, CreateTime, FinishTime, "
                   "ErrorMsg",
    .rule = "warning: CANCELLED within 24 hours; PENDING for more than 30 minutes",
    .source = "export_running_job_num_limit (5 at a time by default); the times are our judgement",
    .avoid = "Exports that their user cancelled do not count. Every database is a statement of its own: with more than 3 the "
             "report says that the others were not asked. None is asked when all FEs have been up for a day and "
             "count no export in their pools (fe_metrics).",
    .see = "cluster.broker-down",
    .fix = {
        { "See all exports of this database", "SHOW EXPORT FROM {database} ORDER BY CreateTime DESC LIMIT 20;", SRD_SAFE },
        { "Prefer INSERT INTO FILES(), which needs no broker and says what failed", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_load_disabled = {
    .id = "load.disabled",
    .title = "Loads are switched off",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_fe_config },
    .wants = { &srd_probe_loads },
    .judge = judge_disabled,
    .why = "With disable_load_job the FE rejects every new load. It is meant for maintenance and easily forgotten.",
    .measured_by = "ADMIN SHOW FRONTEND CONFIG: disable_load_job; refused loads of the last 10 minutes in "
                   "information_schema.loads",
    .rule = "critical: true, and loads were refused in the last 10 minutes; warning: true",
    .source = "disable_load_job of the cluster (false by default)",
    .avoid = "Many refused loads never become a job and are in no list: the warning may hide that clients suffer.",
    .see = "upgrade.leftover-freeze load.error-class",
    .fix = {
        { "Switch it off again when the maintenance is over", "ADMIN SET FRONTEND CONFIG (\"disable_load_job\" = \"false\");",
          SRD_SAFE },
    },
};

const struct srd_check srd_load_migration_stuck = {
    .id = "load.migration-stuck",
    .title = "Migration from another cluster does not get on",
    .worst = SRD_WARNING,
    .needs = { &replications },
    .judge = judge_migration,
    .limits = ". .hours",
    .why = "The tool that copies tables from another cluster tries again for ever; without a look at its jobs nobody notices "
           "that one table never arrives.",
    .measured_by = "SHOW PROC '/replications' of the leader: State, CreatedTime, Progress, Error",
    .rule = "warning: 3 jobs of one table have an error; or one that is not over runs for more than 6 hours and has copied "
            "nothing",
    .source = "our judgement",
    .avoid = "Jobs exist only while the migration tool runs. One look cannot see progress, so a job that has copied something "
             "is left alone.",
    .see = "txn.committed-not-visible",
    .fix = {
        { "By the text of the error: reach the source cluster, use the same version, raise the limit of tablets", NULL, SRD_SAFE },
        { "See all jobs", "SHOW PROC '/replications';", SRD_SAFE },
    },
};

/* clang-format on */

const struct srd_check *const srd_load_other_checks[] = {
    &srd_load_spark_stuck,
    &srd_load_export_failed,
    &srd_load_disabled,
    &srd_load_migration_stuck,
    NULL,
};
