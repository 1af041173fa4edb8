/* Do wrong values make partitions that nobody wants? */

#include <math.h>
#include <string.h>

#include "experts/ingest/ingest.h"
#include "experts/load/load.h"
#include "experts/storage/sizes.h"
#include "experts/storage/storage.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define DAY_MS 86400000.0
#define HOUR_MS 3600000

/* clang-format off */

#define DATE "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
/* Of a range and of a list the first date is where it begins; year 0 means that it has no begin. */
#define PARTITIONS                                                                                \
    "(SELECT DB_NAME, TABLE_NAME, PARTITION_NAME, FROM_DAY, TO_DAY,"                              \
    " CASE WHEN FROM_DAY >= '0002' AND FROM_DAY < '1972' THEN 1 ELSE 0 END AS IS_EARLY,"          \
    " CASE WHEN FROM_DAY >= '1972' AND FROM_DAY < '2000' THEN 1 ELSE 0 END AS IS_OLD,"            \
    " CASE WHEN FROM_DAY > CAST(DATE_ADD(CURRENT_DATE(), INTERVAL 10 YEAR) AS VARCHAR) THEN 1 ELSE 0 END AS IS_LATE,"\
    " CASE WHEN FROM_DAY >= '0002' AND VISIBLE_VERSION <= 2"                                      \
    " AND VISIBLE_VERSION_TIME > DATE_SUB(NOW(), INTERVAL 1 HOUR) THEN 1 ELSE 0 END AS IS_NEW FROM"\
    " (SELECT DB_NAME, TABLE_NAME, PARTITION_NAME, VISIBLE_VERSION, VISIBLE_VERSION_TIME,"        \
    " REGEXP_EXTRACT(PARTITION_VALUE, '" DATE "', 0) AS FROM_DAY,"                                \
    " NULLIF(REGEXP_EXTRACT(PARTITION_VALUE, 'keys.*keys: .(" DATE ")', 1), '') AS TO_DAY"        \
    " FROM information_schema.partitions_meta WHERE PARTITION_NAME NOT LIKE '$%' AND IS_TEMP = 0) v) p"

/*
 * One row per table worth a look, and one without names for the whole cluster: no row at all means that the
 * account sees nothing. NEW_DAYS are the days that the new partitions cover, so that 12 months that
 * follow each other are as dense as 12 days.
 */
const struct srd_probe srd_probe_partition_bounds = {
    .id = "partition-bounds",
    .summary = "tables with partitions far from today, or with many that were first written within the hour",
    .texts = { { .since = SRD_VERSION(3, 2, 4), .sql =
        "SELECT b.*, n.SEEN FROM (SELECT DB_NAME, TABLE_NAME, COUNT(*) AS PARTITIONS, SUM(IS_EARLY) AS EARLY,"
        " SUM(IS_OLD) AS OLD, SUM(IS_LATE) AS LATE, SUM(IS_NEW) AS FRESH,"
        " MIN(CASE WHEN IS_EARLY = 1 THEN FROM_DAY END) AS EARLIEST,"
        " MIN(CASE WHEN IS_EARLY = 1 THEN PARTITION_NAME END) AS EARLY_NAME,"
        " MAX(CASE WHEN IS_LATE = 1 THEN FROM_DAY END) AS LATEST,"
        " MAX(CASE WHEN IS_LATE = 1 THEN PARTITION_NAME END) AS LATE_NAME,"
        " MIN(CASE WHEN IS_NEW = 1 THEN FROM_DAY END) AS FRESH_FROM,"
        " MAX(CASE WHEN IS_NEW = 1 THEN FROM_DAY END) AS FRESH_TO,"
        " GREATEST(COUNT(DISTINCT CASE WHEN IS_NEW = 1 THEN FROM_DAY END),"
        " IFNULL(SUM(CASE WHEN IS_NEW = 1 THEN DATEDIFF(CAST(TO_DAY AS DATE), CAST(FROM_DAY AS DATE)) END), 0)) AS FRESH_DAYS"
        " FROM " PARTITIONS " GROUP BY ROLLUP(DB_NAME, TABLE_NAME)) b"
        " CROSS JOIN (SELECT COUNT(*) AS SEEN FROM information_schema.tables_config"
        " WHERE TABLE_SCHEMA NOT IN ('information_schema', 'sys')) n"
        " WHERE DB_NAME IS NULL OR (TABLE_NAME IS NOT NULL AND (EARLY + LATE > 0 OR FRESH > 50))"
        " ORDER BY DB_NAME IS NULL DESC, GREATEST(EARLY + LATE, FRESH) DESC LIMIT 500" } },
    .columns = "DB_NAME TABLE_NAME PARTITIONS EARLY OLD LATE FRESH EARLIEST EARLY_NAME LATEST LATE_NAME FRESH_FROM "
               "FRESH_TO FRESH_DAYS SEEN",
    .privilege = "SELECT",
    .cost = SRD_COST_HEAVY, /* walks the whole catalog under read locks */
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};
/* clang-format on */

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
    return srd_load_number(t, row, "FRESH_DAYS") >= 0.5 * (1 + (double)(to - from) / DAY_MS);
}

static struct bounds read_bounds(const struct srd_table *t, size_t row)
{
    double early = srd_load_number(t, row, "EARLY"), late = srd_load_number(t, row, "LATE");
    double fresh = srd_load_number(t, row, "FRESH");

    if (srd_load_number(t, row, "OLD") > 0)
        early = 0; /* then the table simply goes back that far */
    return (struct bounds){ .odd = early + late,
                            .fresh = srd_ingest_follow_each_other(t, row) ? 0 : fresh,
                            .early = early >= late };
}

static bool is_table(const struct srd_table *t, size_t row)
{
    return srd_cell(t, row, "DB_NAME") && srd_cell(t, row, "TABLE_NAME") &&
           !srd_storage_is_internal(srd_cell(t, row, "DB_NAME"));
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
    srd_finding_share(f, worst, srd_load_number(t, 0, "PARTITIONS"));
    srd_finding_field(out, f, "table",
                      srd_storage_table_sql(out->arena, srd_cell_text(t, row, "DB_NAME"),
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
    srd_finding_row(f, &srd_probe_partition_bounds, t, row);
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
        if (srd_load_age_ms(ev, t, row, "FINISHED_S", &age) && age > hours * HOUR_MS)
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

static void judge_bounds(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_partition_bounds, NULL);
    double most = 0;

    srd_storage_says_unseen_in(ev, out, t);
    judge_refused(ev, out);
    for (size_t row = 0; row < t->rows && out->count < 20; row++) {
        struct bounds b;

        if (!is_table(t, row))
            continue;
        b = read_bounds(t, row);
        most = fmax(most, fmax(b.odd, b.fresh));
        judge_table(ev, out, t, row);
    }
    srd_measured(out, "at most %s partitions of a table look as if wrong values had made them",
                 srd_text_count(out->arena, most));
}

/* clang-format off */
const struct srd_check srd_ingest_partition_explosion = {
    .id = "ingest.partition-explosion",
    .title = "Partitions made by wrong values",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_partition_bounds },
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
