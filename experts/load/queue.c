/* Which loads wait or run for too long? */

#include <stdlib.h>
#include <string.h>

#include "experts/load/load.h"
#include "lib/base/text.h"

#define SECOND_MS 1000
#define MINUTE_MS 60000
#define WAIT_MS (30 * MINUTE_MS)

/* "ETL:100%; LOAD:41%" -> 41; false for stream loads, which print 0% until they are done. */
static bool load_progress(const char *text, double *percent)
{
    const char *at = text ? strstr(text, "LOAD:") : NULL;
    char *end;

    if (!at)
        return false;
    *percent = strtod(at + strlen("LOAD:"), &end);
    return end > at + strlen("LOAD:") && *end == '%';
}

static bool is_waiting(const struct srd_table *t, size_t row)
{
    return srd_cell_is(t, row, "STATE", "PENDING") || srd_cell_is(t, row, "STATE", "QUEUEING");
}

static bool is_written(const struct srd_table *t, size_t row)
{
    return srd_cell_is(t, row, "STATE", "PREPARED") || srd_cell_is(t, row, "STATE", "COMMITED") ||
           srd_cell_is(t, row, "STATE", "COMMITTED");
}

/* The time limit of a load: its own, else the cluster's for its type. */
static struct srd_limit timeout_of(const struct srd_evidence *ev, const struct srd_table *t,
                                   size_t row)
{
    static const struct {
        const char *type, *config;
        double fallback;
    } defaults[] = {
        { "BROKER", "broker_load_default_timeout_second", 14400 },
        { "INSERT", "insert_load_default_timeout_second", 14400 },
        { "SPARK", "spark_load_default_timeout_second", 86400 },
        { "", "stream_load_default_timeout_second", 600 },
    };
    struct srd_limit limit = { .unit = SRD_UNIT_MS, .source = "timeout of the load" };
    size_t i = 0;
    double s;

    if (srd_cell_number(t, row, "TIMEOUT_S", &s) && s > 0) {
        limit.value = s * SECOND_MS;
        return limit;
    }
    while (*defaults[i].type && !srd_cell_is(t, row, "TYPE", defaults[i].type))
        i++;
    limit = srd_fe_config(ev, defaults[i].config, defaults[i].fallback, SRD_UNIT_MS);
    limit.value *= SECOND_MS;
    return limit;
}

static struct srd_finding *add_stuck(struct srd_findings *out, const struct srd_table *t,
                                     size_t row, enum srd_severity severity, double age_ms,
                                     struct srd_limit limit, const char *what)
{
    const char *label = srd_cell_text(t, row, "LABEL");
    struct srd_finding *f = srd_finding_add(
        out, severity, "load", label, "%s load %s into %s %s for %s", srd_cell_text(t, row, "TYPE"),
        srd_load_excerpt(out->arena, label, 60), srd_load_target(out->arena, t, row), what,
        srd_text_duration(out->arena, (int64_t)age_ms));

    srd_finding_value(f, age_ms, limit);
    srd_finding_share(f, 1, (double)t->rows);
    srd_finding_field(out, f, "label", srd_quote_text(out->arena, label));
    srd_finding_field(out, f, "database",
                      srd_quote_identifier(out->arena, srd_cell_text(t, row, "DB_NAME")));
    if (srd_load_target_sql(out->arena, t, row))
        srd_finding_field(out, f, "table", srd_load_target_sql(out->arena, t, row));
    srd_finding_row(f, &srd_probe_loads, t, row);
    return f;
}

/* A load that runs: over its time, or too slow to be done in time. */
static void judge_running(struct srd_findings *out, const struct srd_table *t, size_t row,
                          double age_ms)
{
    struct srd_limit limit = timeout_of(out->ev, t, row);
    double percent, running_ms = age_ms;
    int64_t started_ms;

    /* the FE counts from the creation and looks every few seconds */
    if (age_ms > limit.value + 5 * MINUTE_MS) {
        add_stuck(out, t, row, SRD_CRITICAL, age_ms, limit,
                  "is past its timeout and was not ended: it runs");
        return;
    }
    if (srd_age_ms(out->ev, t, row, "STARTED_S", &started_ms))
        running_ms = (double)started_ms;
    if (age_ms <= limit.value / 2 || running_ms < 10 * MINUTE_MS ||
        !load_progress(srd_cell(t, row, "PROGRESS"), &percent) || percent >= 99)
        return;
    if (percent <= 0 || age_ms - running_ms + running_ms * 100 / percent > limit.value)
        add_stuck(out, t, row, SRD_WARNING, age_ms, limit,
                  srd_arena_printf(out->arena,
                                   "has done %.0f %% and will not end before its timeout: it runs",
                                   percent));
}

/* Loads of one table wait together: the oldest, which comes first, speaks for all. */
static void judge_waiting(struct srd_findings *out, const struct srd_table *t, size_t row,
                          double age_ms, struct srd_limit limit)
{
    const char *target = srd_load_target(out->arena, t, row), *what = "has not begun and waits";
    size_t others = 0;

    for (size_t i = 0; i < t->rows; i++) {
        if (i == row || !is_waiting(t, i) ||
            !srd_cell_is(t, i, "DB_NAME", srd_cell_text(t, row, "DB_NAME")) ||
            strcmp(srd_cell_text(t, i, "TABLE_NAME"), srd_cell_text(t, row, "TABLE_NAME")) != 0)
            continue;
        if (i < row)
            return;
        others++;
    }
    if (others)
        what = srd_arena_printf(out->arena, "and %zu more of %s have not begun, it waits", others,
                                target);
    srd_finding_share(add_stuck(out, t, row, SRD_WARNING, age_ms, limit, what), (double)others + 1,
                      (double)t->rows);
}

static void judge_open(struct srd_findings *out, const struct srd_table *t, size_t row,
                       double age_ms)
{
    struct srd_limit wait = srd_limit_catalogue(out->ev, "load.stuck.wait", WAIT_MS, SRD_UNIT_MS);
    int64_t written_ms;

    if (is_waiting(t, row)) {
        if (age_ms > wait.value)
            judge_waiting(out, t, row, age_ms, wait);
    } else if (is_written(t, row)) {
        /* since when is known from 3.3.6 on; before, not earlier than it was created */
        if (srd_age_ms(out->ev, t, row, "COMMITTED_S", &written_ms) &&
            (double)written_ms > wait.value)
            add_stuck(out, t, row, SRD_CRITICAL, (double)written_ms, wait,
                      "is written but not visible");
        else if (!srd_cell_has(t, row, "COMMITTED_S"))
            judge_running(out, t, row, age_ms);
    } else if (!srd_cell_is(t, row, "STATE", "ETL")) {
        judge_running(out, t, row, age_ms);
    }
}

static void judge_stuck(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_load_known(out, srd_load_open(ev));
    int64_t age_ms, oldest_ms = 0;
    size_t undated = 0, looked = 0;

    if (!t)
        return;
    for (size_t row = 0; row < t->rows; row++) {
        if (srd_load_is_internal(t, row))
            continue;
        looked++;
        if (!srd_age_ms(ev, t, row, "CREATED_S", &age_ms)) {
            undated++;
            continue;
        }
        oldest_ms = age_ms > oldest_ms ? age_ms : oldest_ms;
        judge_open(out, t, row, (double)age_ms);
    }
    srd_measured(out, "%zu loads wait or run, the oldest since %s", looked,
                 srd_text_duration(out->arena, oldest_ms));
    if (undated)
        srd_cannot_judge(out, SRD_FAILED, "when %zu loads began is not known", undated);
}

/* load.broker-queue */

/* Broker loads that finished in the last hour; false: not known. */
static bool drained(const struct srd_evidence *ev, double *out)
{
    const struct srd_table *t = srd_load_rates(ev);

    *out = 0;
    for (size_t row = 0; t && row < t->rows; row++)
        if (srd_cell_is(t, row, "TYPE", "BROKER"))
            *out += srd_number_or_0(t, row, "FINISHED_1H");
    return t != NULL;
}

struct waiting {
    double pending, queued; /* with those of which the load has begun to be planned */
    int64_t oldest_ms;
    size_t row; /* the oldest */
    bool undated;
};

static struct waiting count_waiting(const struct srd_evidence *ev, const struct srd_table *t)
{
    struct waiting w = { .oldest_ms = -1 };

    for (size_t row = 0; row < t->rows; row++) {
        int64_t age_ms;

        if (!srd_cell_is(t, row, "TYPE", "BROKER") || !is_waiting(t, row))
            continue;
        w.pending += srd_cell_is(t, row, "STATE", "PENDING");
        w.queued++;
        if (!srd_age_ms(ev, t, row, "CREATED_S", &age_ms)) {
            w.undated = true;
        } else if (age_ms > w.oldest_ms) {
            w.oldest_ms = age_ms;
            w.row = row;
        }
    }
    return w;
}

static void judge_broker_queue(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_load_known(out, srd_load_open(ev));
    struct srd_limit many = srd_limit_catalogue(ev, "load.broker-queue", 20, SRD_UNIT_COUNT);
    struct srd_limit most = srd_fe_config(ev, "desired_max_waiting_jobs", 1024, SRD_UNIT_COUNT);
    enum srd_severity severity;
    double per_hour;
    struct waiting w;
    struct srd_finding *f;
    bool full;

    if (!t)
        return;
    w = count_waiting(ev, t);
    srd_measured(out, "%.0f broker loads wait for their turn", w.queued);
    full = most.value > 0 && w.pending >= 0.8 * most.value;
    if (!full && w.queued <= many.value)
        return;
    if (!full && w.undated && w.oldest_ms < 10 * MINUTE_MS) {
        srd_cannot_judge(out, SRD_FAILED, "since when the broker loads wait is not known");
        return;
    }
    if (!full && w.oldest_ms <= 10 * MINUTE_MS)
        return;
    /* a nightly batch that is worked off within the hour is no trouble */
    severity = full ? SRD_CRITICAL : SRD_WARNING;
    if (!full && drained(ev, &per_hour) && per_hour >= w.queued)
        severity = SRD_INFO;
    f = srd_finding_add(
        out, severity, "cluster", "broker loads",
        "%.0f broker loads wait, the oldest since %s; %s run at a time", w.queued,
        srd_text_duration(out->arena, w.oldest_ms < 0 ? 0 : w.oldest_ms),
        srd_text_count(
            out->arena,
            srd_fe_config(ev, "max_broker_load_job_concurrency", 5, SRD_UNIT_COUNT).value));
    srd_finding_value(f, full ? w.pending : w.queued, full ? most : many);
    srd_finding_share(f, w.queued, (double)t->rows);
    srd_finding_row(f, &srd_probe_loads, t, w.row);
}

/* clang-format off */
const struct srd_check srd_load_stuck = {
    .id = "load.stuck",
    .title = "Loads that wait or run for far too long",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_loads },
    .wants = { &srd_probe_fe_config },
    .judge = judge_stuck,
    .limits = ".wait broker_load_default_timeout_second insert_load_default_timeout_second spark_load_default_timeout_second stream_load_default_timeout_second",
    .why = "A load that does not get on holds a slot and a transaction; others wait behind it, and so do schema changes.",
    .measured_by = "information_schema.loads that are neither finished nor cancelled: STATE, CREATE_TIME, LOAD_START_TIME, "
                   "LOAD_COMMIT_TIME, PROGRESS, and the timeout in PROPERTIES (TASK_INFO before 3.3.6)",
    .rule = "warning: PENDING or QUEUEING for more than 30 minutes; running for more than half of its timeout, at a pace that "
            "will not end before it; critical: 5 minutes past its timeout, or committed and not visible for more than 30 "
            "minutes",
    .source = "the load's own timeout, else broker_load_default_timeout_second, insert_load_default_timeout_second, "
              "stream_load_default_timeout_second of the cluster; the fractions are our judgement",
    .avoid = "One look cannot see progress: the pace is what PROGRESS says of the time so far. Stream loads print no progress "
             "and are judged by their timeout only; LOAD:99% waits for its commit and is not judged by pace. When a load was "
             "committed is not known before 3.3.6.",
    .see = "txn.committed-not-visible load.broker-queue cluster.fe-lock-contention",
    .fix = {
        { "See where it waits: queries of the load on the nodes, locks of the FE, the queue",
          "SHOW PROC '/current_queries';", SRD_SAFE },
        { "Cancel it and load again", "CANCEL LOAD FROM {database} WHERE LABEL = {label};", SRD_RISKY },
    },
};

const struct srd_check srd_load_broker_queue = {
    .id = "load.broker-queue",
    .title = "Broker loads waiting for their turn",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_loads },
    .wants = { &srd_probe_fe_config },
    .judge = judge_broker_queue,
    .limits = ". desired_max_waiting_jobs max_broker_load_job_concurrency",
    .why = "Only max_broker_load_job_concurrency broker loads run at a time. When more come than are worked off, data is late "
           "by hours, and at desired_max_waiting_jobs new ones are refused.",
    .measured_by = "information_schema.loads: broker loads in PENDING or QUEUEING, age of the oldest, and how many finished in "
                   "the last hour",
    .rule = "warning: more than 20 wait, the oldest for more than 10 minutes, and fewer finished in the last hour than wait; "
            "otherwise info; critical: PENDING ones are 80 % of desired_max_waiting_jobs",
    .source = "desired_max_waiting_jobs and max_broker_load_job_concurrency of the cluster; the rest is our judgement",
    .avoid = "A batch at night that is worked off within an hour is info.",
    .see = "memory.be-load cluster.be-cpu-saturated load.stuck",
    .fix = {
        { "Make fewer and larger jobs; give urgent ones a higher priority", NULL, SRD_SAFE },
        { "Run more at a time, if CPU and memory of the nodes allow it",
          "ADMIN SET FRONTEND CONFIG (\"max_broker_load_job_concurrency\" = \"10\");", SRD_RISKY },
    },
};

/* clang-format on */

const struct srd_check *const srd_load_queue_checks[] = {
    &srd_load_stuck,
    &srd_load_broker_queue,
    NULL,
};
