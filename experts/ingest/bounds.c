/* Do wrong values make partitions that nobody wants? */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experts/ingest/ingest.h"
#include "experts/load/load.h"
#include "experts/storage/sizes.h"
#include "experts/storage/storage.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define DAY_MS 86400000.0
#define HOUR_MS 3600000

/* The columns of srd_probe_table_sizes that this is about. */
#define COLUMNS                                                                                    \
    "DB_NAME TABLE_NAME PARTITIONS EARLY OLD LATE FRESH EARLIEST EARLY_NAME LATEST LATE_NAME "     \
    "FRESH_FROM FRESH_TO FRESH_DAYS"

/* A table of a user with partitions that may have been made by wrong values. */
static bool is_suspect(const struct srd_table *t, size_t row)
{
    return srd_storage_is_table_row(t, row) &&
           (srd_number_or_0(t, row, "EARLY") + srd_number_or_0(t, row, "LATE") > 0 ||
            srd_number_or_0(t, row, "FRESH") > 50);
}

const struct srd_table *srd_ingest_bounds(const struct srd_evidence *ev)
{
    return srd_rows_where(ev, &srd_probe_table_sizes, is_suspect, COLUMNS);
}

/* What one table looks like. */
struct bounds {
    double odd;   /* partitions far from today that belong to no history */
    double fresh; /* first written within the hour and not one after the other */
    bool early;   /* the odd ones begin before 1972, else beyond ten years */
};

/* Do the new partitions follow each other, as when history is loaded? */
bool srd_ingest_follow_each_other(const struct srd_table *t, size_t row)
{
    int64_t from, to;

    if (!srd_time_parse(srd_cell_text(t, row, "FRESH_FROM"), &from) ||
        !srd_time_parse(srd_cell_text(t, row, "FRESH_TO"), &to))
        return false;
    return srd_number_or_0(t, row, "FRESH_DAYS") >= 0.5 * (1 + (double)(to - from) / DAY_MS);
}

static struct bounds read_bounds(const struct srd_table *t, size_t row)
{
    double early = srd_number_or_0(t, row, "EARLY"), late = srd_number_or_0(t, row, "LATE");
    double fresh = srd_number_or_0(t, row, "FRESH");

    if (srd_number_or_0(t, row, "OLD") > 0)
        early = 0; /* then the table simply goes back that far */
    return (struct bounds){ .odd = early + late,
                            .fresh = srd_ingest_follow_each_other(t, row) ? 0 : fresh,
                            .early = early >= late };
}

static const char *more_words(struct srd_findings *out, const struct srd_table *t, size_t row,
                              const struct bounds *b)
{
    const char *odd =
        b->odd <= 0 ? ""
                    : srd_arena_printf(out->arena, "%s partitions far from today, such as %s",
                                       srd_text_count(out->arena, b->odd),
                                       srd_cell_text(t, row, b->early ? "EARLIEST" : "LATEST"));

    if (b->fresh <= 0)
        return odd;
    return srd_arena_printf(
        out->arena, "%s partitions first written within the hour, from %s to %s%s%s",
        srd_text_count(out->arena, b->fresh), srd_cell_text(t, row, "FRESH_FROM"),
        srd_cell_text(t, row, "FRESH_TO"), *odd ? ", and " : "", odd);
}

static void judge_table(const struct srd_evidence *ev, struct srd_findings *out,
                        const struct srd_table *t, size_t row)
{
    struct srd_limit info =
        srd_limit_catalogue(ev, "ingest.partition-explosion.info", 3, SRD_UNIT_COUNT);
    struct srd_limit warning =
        srd_limit_catalogue(ev, "ingest.partition-explosion", 100, SRD_UNIT_COUNT);
    struct srd_limit critical =
        srd_limit_catalogue(ev, "ingest.partition-explosion.critical", 1000, SRD_UNIT_COUNT);
    struct bounds b = read_bounds(t, row);
    double worst = fmax(b.odd, b.fresh);
    enum srd_severity severity = b.fresh > critical.value ? SRD_CRITICAL
                                 : worst > warning.value  ? SRD_WARNING
                                                          : SRD_INFO;
    const char *name;
    struct srd_finding *f;

    if (worst <= warning.value && b.odd < info.value)
        return;
    name = srd_arena_printf(out->arena, "%s.%s", srd_cell_text(t, row, "DB_NAME"),
                            srd_cell_text(t, row, "TABLE_NAME"));
    f = srd_finding_add(out, severity, "table", name, "%s has %s", name,
                        more_words(out, t, row, &b));
    srd_finding_value(f, worst,
                      severity == SRD_CRITICAL  ? critical
                      : severity == SRD_WARNING ? warning
                                                : info);
    srd_finding_share(f, worst, srd_storage_all(ev, "PARTITIONS"));
    srd_finding_field(out, f, "table",
                      srd_table_sql(out->arena, srd_cell_text(t, row, "DB_NAME"),
                                            srd_cell_text(t, row, "TABLE_NAME")));
    if (b.odd > 0) {
        srd_finding_field(out, f, "far", "yes");
        srd_finding_field(
            out, f, "partition",
            srd_quote_identifier(out->arena,
                                 srd_cell_text(t, row, b.early ? "EARLY_NAME" : "LATE_NAME")));
    } else {
        srd_finding_field(out, f, "partition", "<partition>");
    }
    srd_finding_row(f, &srd_probe_table_sizes, t, row);
}

/* Loads that failed because no more partitions may be made. */
static void judge_refused(const struct srd_evidence *ev, struct srd_findings *out)
{
    static const char *const words[] = { "created partitions exceeded the maximum limit",
                                         "max_partition_number_per_table",
                                         "max_automatic_partition_number",
                                         "max_partitions_in_one_batch",
                                         "auto_partition_max_creation_number_per_load" };
    const struct srd_table *t = srd_load_failed(ev);
    int64_t hours = srd_hours(ev), age;
    size_t found = 0, first = 0;
    struct srd_finding *f;
    const char *name, *table;

    for (size_t row = 0; t && row < t->rows; row++) {
        if (srd_age_ms(ev, t, row, "FINISHED_S", &age) && age > hours * HOUR_MS)
            continue;
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (strstr(srd_cell_text(t, row, "ERROR_MSG"), words[i])) {
                first = found++ ? first : row;
                break;
            }
    }
    if (!found)
        return;
    name = srd_load_target(out->arena, t, first);
    table = srd_load_target_sql(out->arena, t, first);
    f = srd_finding_add(
        out, SRD_CRITICAL, "table", name,
        "%zu loads failed within %lld hours at the limit of partitions, the last into %s: %s",
        found, (long long)hours, name,
        srd_load_excerpt(out->arena, srd_cell_text(t, first, "ERROR_MSG"), 160));
    srd_finding_value(
        f, (double)found,
        srd_limit_catalogue(ev, "ingest.partition-explosion.refused", 1, SRD_UNIT_COUNT));
    srd_finding_field(out, f, "table", table ? table : "<table>");
    srd_finding_field(out, f, "partition", "<partition>");
    srd_finding_row(f, &srd_probe_loads, t, first);
}

/* Those with the most come first. */
static int by_number(const void *left, const void *right, void *table)
{
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    struct bounds one = read_bounds(table, a), two = read_bounds(table, b);
    double most = fmax(one.odd, one.fresh), other = fmax(two.odd, two.fresh);

    return most != other ? (most < other) - (most > other) : (a > b) - (a < b);
}

static void judge_bounds(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_ingest_bounds(ev);
    const char *lacks = srd_table_lacks(t, COLUMNS, out->arena);
    size_t *rows = srd_arena_array(out->arena, t->rows + 1, sizeof(*rows));
    struct bounds worst = { 0 };

    judge_refused(ev, out);
    if (lacks) {
        srd_cannot_judge(out, SRD_VERSION_ABSENT, "column %s is not in the answer of probe %s",
                         lacks, srd_probe_table_sizes.id);
        return;
    }
    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < t->rows; row++)
        rows[row] = row;
    if (t->rows) {
        qsort_r(rows, t->rows, sizeof(*rows), by_number, (void *)t);
        worst = read_bounds(t, rows[0]);
    }
    for (size_t i = 0; i < t->rows && out->count < 20; i++)
        judge_table(ev, out, t, rows[i]);
    srd_measured(out, "at most %s partitions of a table look as if wrong values had made them",
                 srd_text_count(out->arena, fmax(worst.odd, worst.fresh)));
}

/* clang-format off */
const struct srd_check srd_ingest_partition_explosion = {
    .id = "ingest.partition-explosion",
    .title = "Partitions made by wrong values",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_table_sizes },
    .wants = { &srd_probe_loads, &srd_probe_databases },
    .judge = judge_bounds,
    .limits = ". .critical .info .refused",
    .why = "Where StarRocks creates partitions by itself, a column with wrong values makes hundreds of them in one load. Each "
           "costs tablets, memory of the FE and time; at the limit loads fail.",
    .measured_by = "information_schema.partitions_meta: where each partition begins (PARTITION_VALUE), and those first written "
                   "within the hour (VISIBLE_VERSION up to 2, VISIBLE_VERSION_TIME); errors of the loads of 24 hours (--hours)",
    .rule = "info: 3 partitions of a table begin before 1972 or more than 10 years from now; warning: more than 100 of them, or more "
            "than 100 were first written within the hour and do not follow each other; critical: more than 1,000 within the hour, "
            "or a load failed at the limit. What was created between two runs would need stored runs: the partitions written "
            "for the first time stand for it.",
    .source = "max_partition_number_per_table (100,000) and max_partitions_in_one_batch (4096) of the FE, by whose texts loads "
              "fail; the other numbers are our judgement",
    .avoid = "Partitions that follow each other are history that somebody loads. A table that also has partitions between 1972 and "
             "2000 goes back that far by design. Open ranges do not count.",
    .see = "storage.partition-count storage.partition-data-skew",
    .fix = {
        { "Filter wrong values of the partition column in the load (WHERE, or a generated column)", NULL, SRD_SAFE },
        { "See which partitions they are", "SHOW PARTITIONS FROM {table} ORDER BY PartitionName LIMIT 50;", SRD_SAFE },
        { "Drop those that hold nothing of worth", "ALTER TABLE {table} DROP PARTITION {partition};", SRD_RISKY },
        { "Partition by a coarser unit (date_trunc) where that is enough", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_ingest_bounds_checks[] = {
    &srd_ingest_partition_explosion,
    NULL,
};
