/* How do stream loads do, per table? */

#include "experts/load/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experts/load/load.h"
#include "lib/base/text.h"

#define MINUTE_MS 60000.0
#define HOUR_MS 3600000.0
#define FEWEST 5 /* loads that a mean is worth something of */

/* clang-format off */

/*
 * The list holds the tasks of Routine Load too, and it is short: the leader forgets all but the newest
 * stream_load_task_keep_max_num. KEPT and OLDEST_S tell how far it reaches.
 */
const struct srd_probe srd_probe_stream_loads = {
    .id = "stream-loads",
    .summary = "the newest 2,000 stream loads that the leader remembers",
    .texts = { { .sql =
        "SELECT DB_NAME, TABLE_NAME, LABEL, STATE, TYPE, NUM_ROWS_NORMAL, NUM_LOAD_BYTES, TIMEOUT_SECOND,"
        " CREATED_S, ENDED_S, ERROR_TEXT, KEPT, OLDEST_S FROM"
        " (SELECT DB_NAME, TABLE_NAME, LABEL, STATE, TYPE, NUM_ROWS_NORMAL, NUM_LOAD_BYTES, TIMEOUT_SECOND, "
        SRD_SECONDS("CREATE_TIME_MS") " AS CREATED_S, " SRD_SECONDS("END_TIME_MS") " AS ENDED_S,"
        " LEFT(ERROR_MSG, 500) AS ERROR_TEXT, COUNT(*) OVER () AS KEPT, MIN(" SRD_SECONDS("CREATE_TIME_MS")
        ") OVER () AS OLDEST_S FROM information_schema.stream_loads) s"
        " WHERE TYPE <> 'ROUTINE_LOAD' ORDER BY CREATED_S DESC, LABEL LIMIT 2000" } },
    .columns = "DB_NAME TABLE_NAME LABEL STATE TYPE NUM_ROWS_NORMAL NUM_LOAD_BYTES TIMEOUT_SECOND CREATED_S ENDED_S "
               "ERROR_TEXT KEPT OLDEST_S",
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
    .params = { { "zone", SRD_PARAM_TEXT } },
    .pick = srd_pick_some_zone,
    .max_keys = 1,
    .max_rows = SRD_STREAM_LOADS_READ,
};
/* clang-format on */

static bool ended(const struct srd_table *t, size_t row)
{
    return srd_cell_is(t, row, "STATE", "FINISHED") || srd_cell_is(t, row, "STATE", "CANCELLED");
}

/* From its begin to its end; both are of one clock and zone. */
static bool took_ms(const struct srd_table *t, size_t row, double *out)
{
    double begin, end;

    if (!srd_cell_number(t, row, "CREATED_S", &begin) ||
        !srd_cell_number(t, row, "ENDED_S", &end) || end < begin)
        return false;
    *out = 1000 * (end - begin);
    return true;
}

static int by_table(const void *left, const void *right, void *table)
{
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    const struct srd_table *t = table;
    int differ = strcmp(srd_cell_text(t, a, "DB_NAME"), srd_cell_text(t, b, "DB_NAME"));

    if (!differ)
        differ = strcmp(srd_cell_text(t, a, "TABLE_NAME"), srd_cell_text(t, b, "TABLE_NAME"));
    return differ ? differ : (a > b) - (a < b);
}

static int by_number(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
    if (!count)
        return 0;
    qsort(values, count, sizeof(*values), by_number);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void add_load(struct srd_stream_table *s, const struct srd_table *t, size_t row)
{
    double ms, timeout;

    if (!ended(t, row)) {
        s->running++;
        return;
    }
    s->loads++;
    if (!srd_cell_is(t, row, "STATE", "FINISHED")) {
        s->failed++;
        return;
    }
    s->rows_of[s->finished] = srd_number_or_0(t, row, "NUM_ROWS_NORMAL");
    s->bytes_of[s->finished] = srd_number_or_0(t, row, "NUM_LOAD_BYTES");
    s->rows += s->rows_of[s->finished];
    s->bytes += s->bytes_of[s->finished];
    s->finished++;
    if (took_ms(t, row, &ms) && srd_cell_number(t, row, "TIMEOUT_SECOND", &timeout)) {
        s->mean_ms += ms;
        s->mean_timeout_ms += 1000 * timeout;
    }
}

/* The @n rows at @rows are those of one table. */
static void add_table(struct srd_stream_tables *out, const struct srd_table *t, const size_t *rows,
                      size_t n, struct srd_arena *arena)
{
    struct srd_stream_table *s = &out->items[out->count++];
    int64_t at;

    *s = (struct srd_stream_table){
        .db = srd_cell_text(t, rows[0], "DB_NAME"),
        .table = srd_cell_text(t, rows[0], "TABLE_NAME"),
        .first_row = rows[0],
        .rows_of = srd_arena_array(arena, n, sizeof(double)),
        .bytes_of = srd_arena_array(arena, n, sizeof(double)),
    };
    for (size_t i = 0; i < n; i++) {
        add_load(s, t, rows[i]);
        if (!srd_cell_time_ms(t, rows[i], "CREATED_S", &at))
            continue;
        s->last_ms = at > s->last_ms ? at : s->last_ms;
        s->first_ms = !s->first_ms || at < s->first_ms ? at : s->first_ms;
    }
    /* of their own span: a table that is loaded for an hour a day is loaded often in that hour */
    if (s->first_ms)
        s->per_minute = s->loads / fmax(1, (double)(s->last_ms - s->first_ms) / MINUTE_MS);
    s->median_rows = median(s->rows_of, s->finished);
    s->median_bytes = median(s->bytes_of, s->finished);
    s->largest_bytes = s->finished ? s->bytes_of[s->finished - 1] : 0;
    if (s->finished) {
        s->mean_ms /= (double)s->finished;
        s->mean_timeout_ms /= (double)s->finished;
    }
}

static int by_loads(const void *left, const void *right)
{
    const struct srd_stream_table *a = left, *b = right;
    int differ = (a->loads < b->loads) - (a->loads > b->loads);

    if (!differ)
        differ = strcmp(a->db, b->db);
    return differ ? differ : strcmp(a->table, b->table);
}

struct srd_stream_tables srd_stream_tables(const struct srd_evidence *ev, struct srd_arena *arena,
                                           int64_t hours)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_stream_loads, NULL);
    struct srd_stream_tables out = { .oldest_ms = -1 };
    size_t *rows, n = 0, from = 0;
    int64_t age;

    if (!t || !t->rows)
        return out;
    out.dated = ev->cluster.clock_known && srd_global_zone(ev);
    out.kept = srd_number_or_0(t, 0, "KEPT");
    out.cut = t->rows >= SRD_STREAM_LOADS_READ;
    /* what is older than the oldest row read is not seen, though it may have happened */
    if (srd_routine_age_ms(ev, t, out.cut ? t->rows - 1 : 0, out.cut ? "CREATED_S" : "OLDEST_S",
                           &age))
        out.oldest_ms = (double)age;
    rows = srd_arena_array(arena, t->rows, sizeof(*rows));
    for (size_t row = 0; row < t->rows; row++)
        if (!out.dated || (srd_routine_age_ms(ev, t, row, "CREATED_S", &age) &&
                           (double)age <= (double)hours * HOUR_MS))
            rows[n++] = row;
    if (!n)
        return out;
    qsort_r(rows, n, sizeof(*rows), by_table, (void *)t);
    out.items = srd_arena_array(arena, n, sizeof(*out.items));
    for (size_t i = 1; i <= n; i++)
        if (i == n ||
            strcmp(srd_cell_text(t, rows[from], "DB_NAME"), srd_cell_text(t, rows[i], "DB_NAME")) ||
            strcmp(srd_cell_text(t, rows[from], "TABLE_NAME"),
                   srd_cell_text(t, rows[i], "TABLE_NAME"))) {
            add_table(&out, t, rows + from, i - from, arena);
            from = i;
        }
    qsort(out.items, out.count, sizeof(*out.items), by_loads);
    return out;
}

/* load.stream-slow */

static const char *table_name(struct srd_findings *out, const struct srd_table *t, size_t row)
{
    return srd_arena_printf(out->arena, "%s.%s", srd_cell_text(t, row, "DB_NAME"),
                            srd_cell_text(t, row, "TABLE_NAME"));
}

/* Loads that have not ended are listed when clients drive them as transactions. */
static size_t judge_running(const struct srd_evidence *ev, struct srd_findings *out,
                            const struct srd_table *t)
{
    struct srd_limit part = srd_limit_catalogue(ev, "load.stream-slow", 80, SRD_UNIT_PERCENT);
    size_t found = 0;

    for (size_t row = 0; row < t->rows; row++) {
        double timeout = srd_number_or_0(t, row, "TIMEOUT_SECOND"), percent;
        struct srd_finding *f;
        int64_t age;

        if (ended(t, row) || timeout <= 0 || !srd_routine_age_ms(ev, t, row, "CREATED_S", &age))
            continue;
        percent = 100 * (double)age / (1000 * timeout);
        if (percent <= part.value || ++found > SRD_ROUTINE_SHOWN)
            continue;
        f = srd_finding_add(out, SRD_WARNING, "load", srd_cell_text(t, row, "LABEL"),
                            "stream load %s into %s has run for %s of the %s it may take (%s)",
                            srd_cell_text(t, row, "LABEL"), table_name(out, t, row),
                            srd_text_duration(out->arena, age),
                            srd_text_duration(out->arena, (int64_t)(1000 * timeout)),
                            srd_cell_text(t, row, "STATE"));
        srd_finding_value(f, percent, part);
        srd_finding_share(f, 1, (double)t->rows);
        srd_finding_row(f, &srd_probe_stream_loads, t, row);
    }
    srd_routine_more(out, SRD_WARNING, found, (double)t->rows,
                     "stream loads are about to time out");
    return found;
}

static void judge_slow(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_stream_loads, NULL);
    struct srd_limit half = srd_limit_catalogue(ev, "load.stream-slow.mean", 50, SRD_UNIT_PERCENT);
    struct srd_stream_tables s = srd_stream_tables(ev, out->arena, 1);
    double worst = 0, loads = 0;

    if (t->rows && !s.dated) {
        srd_cannot_judge(out, srd_why_not(ev, &srd_probe_frontends, SRD_FAILED),
                         "the zone in which the FE prints times is not known");
        return;
    }
    judge_running(ev, out, t);
    for (size_t i = 0; i < s.count; i++)
        loads += s.items[i].loads;
    for (size_t i = 0; i < s.count; i++) {
        const struct srd_stream_table *table = &s.items[i];
        double percent;
        struct srd_finding *f;

        if (table->finished < FEWEST || table->mean_timeout_ms <= 0)
            continue;
        percent = 100 * table->mean_ms / table->mean_timeout_ms;
        worst = table->mean_ms > worst ? table->mean_ms : worst;
        if (percent <= half.value)
            continue;
        f = srd_finding_add(out, SRD_CRITICAL, "table", table_name(out, t, table->first_row),
                            "stream loads into %s took %s on average in the last hour, %.0f %% of "
                            "what they may take",
                            table_name(out, t, table->first_row),
                            srd_text_duration(out->arena, (int64_t)table->mean_ms), percent);
        srd_finding_value(f, percent, half);
        srd_finding_share(f, table->loads, loads);
        srd_finding_row(f, &srd_probe_stream_loads, t, table->first_row);
    }
    srd_measured(out, "stream loads of the last hour took at most %s on average, per table",
                 srd_text_duration(out->arena, (int64_t)worst));
}

/* clang-format off */
const struct srd_check srd_load_stream_slow = {
    .id = "load.stream-slow",
    .title = "Stream loads near their time-out",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_stream_loads },
    .judge = judge_slow,
    .limits = ". .mean",
    .why = "Stream loads take longer and longer before the first of them times out; then the client repeats it and it gets "
           "worse.",
    .measured_by = "information_schema.stream_loads, as far as the leader remembers: begin, end, TIMEOUT_SECOND. Loads that "
                   "have not ended are listed there when a client drives them as a transaction.",
    .rule = "warning: a load that has not ended after 80 % of its time-out; critical: those of a table that ended within the "
            "last hour, at least 5, took more than half of their time-out on average. Whether they take longer than on other "
            "days needs stored runs.",
    .source = "TIMEOUT_SECOND of the load (stream_load_default_timeout_second = 600); the parts are our judgement",
    .avoid = "A few large files in between: the mean is taken from 5 loads on.",
    .see = "ingest.flush-backlog ingest.replica-wait txn.committed-not-visible",
    .fix = {
        { "Find the stage that waits: ingest.flush-backlog, ingest.replica-wait, txn.publish-latency-high", NULL, SRD_SAFE },
        { "See what the client's own answers say: ReadDataTimeMs, WriteDataTimeMs, CommitAndPublishTimeMs", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_load_stream_checks[] = { &srd_load_stream_slow, NULL };
