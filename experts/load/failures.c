/* How many loads fail, and why? */

#include <stdlib.h>
#include <string.h>

#include "experts/load/load.h"
#include "lib/base/text.h"

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)

/* The answer is cut there; what lies beyond was not seen. */
static void say_cut(struct srd_findings *out, const struct srd_table *t, size_t max,
                    const char *what)
{
    if (t->rows >= max || !t->complete)
        srd_cannot_judge(out, SRD_SKIPPED, "only the %s %zu were looked at", what, t->rows);
}

/* load.job-failure-rate */

struct rate {
    const char *db, *type;
    double loads, failed, loads_1h, failed_1h;
    size_t row; /* with the most failures */
};

static size_t gather_rates(const struct srd_table *t, struct rate *rates)
{
    size_t count = 0;

    for (size_t row = 0; row < t->rows; row++) {
        const char *db = srd_cell_text(t, row, "DB_NAME"), *type = srd_cell_text(t, row, "TYPE");
        struct rate *r = NULL;

        for (size_t i = 0; i < count && !r; i++)
            if (!strcmp(rates[i].db, db) && !strcmp(rates[i].type, type))
                r = &rates[i];
        if (!r) {
            r = &rates[count++];
            *r = (struct rate){ .db = db, .type = type, .row = row };
        }
        r->loads += srd_number_or_0(t, row, "LOADS");
        r->failed += srd_number_or_0(t, row, "FAILED");
        r->loads_1h += srd_number_or_0(t, row, "LOADS_1H");
        r->failed_1h += srd_number_or_0(t, row, "FAILED_1H");
        if (srd_number_or_0(t, row, "FAILED") > srd_number_or_0(t, r->row, "FAILED"))
            r->row = row;
    }
    return count;
}

static double percent(double part, double all)
{
    return all > 0 ? 100 * part / all : 0;
}

static void judge_rate(struct srd_findings *out, const struct srd_table *t, const struct rate *r,
                       double all)
{
    struct srd_limit warning =
        srd_limit_catalogue(out->ev, "load.job-failure-rate", 5, SRD_UNIT_PERCENT);
    struct srd_limit critical =
        srd_limit_catalogue(out->ev, "load.job-failure-rate.critical", 20, SRD_UNIT_PERCENT);
    double day = percent(r->failed, r->loads), hour = percent(r->failed_1h, r->loads_1h);
    bool worse = hour > critical.value && r->failed_1h >= 10;
    struct srd_finding *f;

    if (!worse && (day <= warning.value || r->failed < 5))
        return;
    f = srd_finding_add(out, worse ? SRD_CRITICAL : SRD_WARNING, "database",
                        srd_arena_printf(out->arena, "%s %s", r->db, r->type),
                        "%s of %s %s loads of %s failed in the last %s (%.0f %%)",
                        srd_text_count(out->arena, worse ? r->failed_1h : r->failed),
                        srd_text_count(out->arena, worse ? r->loads_1h : r->loads), r->type, r->db,
                        worse ? "hour" : "24 hours", worse ? hour : day);
    srd_finding_value(f, worse ? hour : day, worse ? critical : warning);
    srd_finding_share(f, r->failed, all);
    srd_finding_field(out, f, "database", srd_quote_identifier(out->arena, r->db));
    srd_finding_row(f, &srd_probe_loads, t, r->row);
}

static void judge_failure_rate(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_load_known(out, srd_load_rates(ev));
    double loads = 0, failed = 0;
    struct rate *rates;
    size_t count;

    (void)ev;
    if (!t)
        return;
    rates = srd_arena_array(out->arena, t->rows + 1, sizeof(*rates));
    count = gather_rates(t, rates);
    for (size_t i = 0; i < count; i++) {
        loads += rates[i].loads;
        failed += rates[i].failed;
    }
    for (size_t i = 0; i < count; i++)
        judge_rate(out, t, &rates[i], loads);
    srd_measured(out, "%s of the %s loads that the FE remembers of the last 24 hours failed",
                 srd_text_count(out->arena, failed), srd_text_count(out->arena, loads));
    say_cut(out, t, SRD_LOAD_MAX_RATES, "tables with the most failures,");
}

/* load.error-class */

struct group { /* failures of one class */
    size_t quarter, hour, day;
    size_t row; /* the newest */
    bool seen;
};

/* Loads that ended in the last day, failed or not; 0: not known. */
static double all_loads(const struct srd_evidence *ev)
{
    const struct srd_table *t = srd_load_rates(ev);
    double sum = 0;

    for (size_t row = 0; t && row < t->rows; row++)
        sum += srd_number_or_0(t, row, "LOADS");
    return sum;
}

static struct srd_limit capacity_limit(const struct srd_evidence *ev)
{
    return srd_limit_catalogue(ev, "load.error-class.capacity", 3, SRD_UNIT_COUNT);
}

static struct srd_limit some_limit(const struct srd_evidence *ev)
{
    return srd_limit_catalogue(ev, "load.error-class", 5, SRD_UNIT_COUNT);
}

static enum srd_severity severity_of(const struct srd_evidence *ev,
                                     const struct srd_load_class *class, const struct group *g)
{
    double all = all_loads(ev), enough = some_limit(ev).value, full = capacity_limit(ev).value;
    double day = (double)g->day, hour = (double)g->hour;
    bool many = day >= enough && (all <= 0 || percent(day, all) >= 1);

    switch (class->kind) {
    case SRD_LOAD_CAPACITY:
        if ((double)g->quarter >= full)
            return SRD_CRITICAL;
        return g->hour || day >= full ? SRD_WARNING : SRD_INFO;
    case SRD_LOAD_TRANSIENT: /* growing: more than twice what an hour before had on average */
        if (hour >= enough && hour * 23 > 2 * (day - hour))
            return SRD_WARNING;
        break;
    default:
        break;
    }
    return many ? SRD_WARNING : SRD_INFO;
}

static void add_class(struct srd_findings *out, const struct srd_table *t,
                      const struct srd_load_class *class, const struct group *g)
{
    enum srd_severity severity = severity_of(out->ev, class, g);
    bool worse = severity == SRD_CRITICAL;
    bool capacity = class->kind == SRD_LOAD_CAPACITY;
    size_t count = worse ? g->quarter : g->day;
    const char *label = srd_cell_text(t, g->row, "LABEL");
    const char *table = srd_load_target_sql(out->arena, t, g->row);
    struct srd_finding *f = srd_finding_add(
        out, severity, "error class", class->title,
        "%zu load%s failed in the last %s: %s. %s into %s: %s", count, count == 1 ? "" : "s",
        worse ? "15 minutes" : "24 hours", class->title, srd_load_excerpt(out->arena, label, 60),
        srd_load_target(out->arena, t, g->row),
        srd_load_excerpt(out->arena, srd_cell(t, g->row, "ERROR_MSG"), 160));

    srd_finding_value(f, (double)count, capacity ? capacity_limit(out->ev) : some_limit(out->ev));
    srd_finding_share(f, (double)g->day, all_loads(out->ev));
    srd_finding_field(out, f, "class", class->id);
    srd_finding_field(out, f, "advice", class->advice[0]);
    srd_finding_field(out, f, "label", srd_quote_text(out->arena, label));
    if (table)
        srd_finding_field(out, f, "table", table);
    srd_finding_row(f, &srd_probe_loads, t, g->row);
}

/* Fills @groups; returns how many rows have no time and are counted nowhere. */
static size_t gather_classes(const struct srd_evidence *ev, const struct srd_table *t,
                             struct group *groups, size_t *failures)
{
    size_t undated = 0;

    for (size_t row = 0; row < t->rows; row++) {
        const struct srd_load_class *class;
        struct group *g;
        int64_t age_ms;

        class = srd_load_class_of(srd_cell(t, row, "ERROR_MSG"));
        g = &groups[class - srd_load_classes];
        if (class->kind == SRD_LOAD_IGNORED || srd_load_is_internal(t, row))
            continue;
        if (!srd_age_ms(ev, t, row, "FINISHED_S", &age_ms) &&
            !srd_age_ms(ev, t, row, "CREATED_S", &age_ms)) {
            undated++;
            continue;
        }
        if (age_ms > SRD_PICKED_HOURS * (int64_t)HOUR_MS + MINUTE_MS)
            continue;
        if (!g->seen)
            g->row = row; /* the newest comes first */
        g->seen = true;
        g->day++;
        g->hour += age_ms <= HOUR_MS;
        g->quarter += age_ms <= 15 * MINUTE_MS;
        (*failures)++;
    }
    return undated;
}

static void judge_error_class(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_load_known(out, srd_load_failed(ev));
    struct group *groups;
    size_t undated, failures = 0;

    if (!t)
        return;
    groups = srd_arena_array(out->arena, srd_load_class_count, sizeof(*groups));
    undated = gather_classes(ev, t, groups, &failures);
    for (size_t i = 0; i < srd_load_class_count; i++)
        if (groups[i].seen)
            add_class(out, t, &srd_load_classes[i], &groups[i]);
    srd_measured(out, "%zu failed loads in the last 24 hours were looked at", failures);
    if (undated)
        srd_cannot_judge(out, SRD_FAILED, "when %zu failed loads ended is not known", undated);
    else
        say_cut(out, t, SRD_LOAD_MAX_FAILED, "newest");
}

/* clang-format off */
const struct srd_check srd_load_job_failure_rate = {
    .id = "load.job-failure-rate",
    .title = "Share of loads that fail",
    .family = "load-failure",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_loads },
    .judge = judge_failure_rate,
    .limits = ". .critical",
    .why = "When a growing share of the loads of a database fails, its tables go stale; one broken job that is tried again "
           "and again also takes slots from the others.",
    .measured_by = "information_schema.loads: jobs that ended in the last 24 hours and in the last hour, FINISHED or "
                   "CANCELLED, by database and type",
    .rule = "warning: more than 5 % and at least 5 failures in 24 hours; critical: more than 20 % and at least 10 failures in "
            "one hour",
    .source = "5 % in 24 hours is a published rule of the vendor; the rest is our judgement",
    .avoid = "Loads that their user cancelled, and retries under a label that was loaded before, do not count. The FE forgets "
             "loads after 3 days and beyond label_keep_max_num and stream_load_task_keep_max_num (1000 each), so on a busy "
             "cluster the window is shorter than a day. Before 3.3.6 the table has only broker, insert and Spark loads. "
             "Loads of StarRocks' own statistics are left out.",
    .see = "load.error-class txn.abort-rate",
    .fix = {
        { "See why they fail, the largest class first: srdiag load-jobs failed, then load.error-class", NULL, SRD_SAFE },
        { "List the failed loads of this database",
          "SELECT LABEL, TYPE, ERROR_MSG FROM information_schema.loads WHERE STATE = 'CANCELLED' ORDER BY CREATE_TIME DESC "
          "LIMIT 20;", SRD_SAFE },
    },
};

const struct srd_check srd_load_error_class = {
    .id = "load.error-class",
    .title = "Why loads fail",
    .family = "load-failure",
    .worst = SRD_CRITICAL,
    .outage = true,
    .needs = { &srd_probe_loads },
    .judge = judge_error_class,
    .limits = ". .capacity",
    .why = "Error texts differ in every letter and tell of few causes. What matters is who has to act: the operator, when "
           "StarRocks refuses because something is full; the owner of the data; or nobody, because it passes.",
    .measured_by = "information_schema.loads of the last 24 hours, STATE CANCELLED: the first 2000 characters of ERROR_MSG, "
                   "tried in a fixed order against the texts of StarRocks; each job counts once",
    .rule = "capacity (too many versions, memory, disks and safe mode, compaction score, running transactions, quota): "
            "critical from 3 in 15 minutes on, warning with one in the last hour or 3 in 24 hours. Data, settings and texts "
            "that srdiag does not know: warning from 5 in 24 hours on if they are 1 % of all loads. Transient (publish, "
            "quorum, rpc, restarts, time-outs): the same, or when the last hour has 5 and twice the average of the day. "
            "Everything else is info",
    .source = "error texts of the StarRocks source; the numbers are our judgement",
    .avoid = "Loads that their user cancelled, and labels that were loaded before, are no failures. A few mistakes of users "
             "stay info.",
    .see = "load.job-failure-rate compaction.version-count storage.disk-hard-limit memory.be-load txn.running-near-limit "
           "load.filtered-rows",
    .fix = {
        { "{advice}", NULL, SRD_SAFE },
        { "See all of this load: srdiag load-jobs status with the label {label}",
          "SELECT * FROM information_schema.loads WHERE LABEL = {label};", SRD_SAFE },
    },
};

/* clang-format on */

const struct srd_check *const srd_load_failures_checks[] = {
    &srd_load_job_failure_rate,
    &srd_load_error_class,
    NULL,
};
