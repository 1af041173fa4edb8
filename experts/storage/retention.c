/* Do partitions go when they are not needed any more? */

#include <math.h>
#include <string.h>

#include "experts/storage/partition_value.h"
#include "experts/storage/sizes.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/model/identity.h"

#define HOUR_MS 3600000.0
#define DAY_MS 86400000.0
#define YEAR_MS (365.25 * DAY_MS)

/* storage.no-retention */

/* Of a table that is partitioned by time. */
struct history {
    struct srd_partition_range oldest;
    double width_ms; /* of a partition; 0: not known */
    double age_ms;   /* of the oldest partition's end; 0: not known, or in the future */
};

static double width(const struct srd_partition_range *range)
{
    return range->lower_ms == INT64_MIN || range->upper_ms == INT64_MAX
               ? 0
               : (double)(range->upper_ms - range->lower_ms);
}

static bool read_history(const struct srd_evidence *ev, const struct srd_table *t, size_t row,
                         struct history *out)
{
    struct srd_partition_range newest;

    *out = (struct history){ .width_ms = 0 };
    if (!srd_partition_range(srd_cell_text(t, row, "OLDEST_VALUE"), &out->oldest))
        return false;
    /* the last partition tells the present grain best; the first may begin at year 0 */
    if (srd_partition_range(srd_cell_text(t, row, "NEWEST_VALUE"), &newest))
        out->width_ms = width(&newest);
    if (out->width_ms <= 0)
        out->width_ms = width(&out->oldest);
    if (ev->cluster.clock_known && out->oldest.upper_ms < ev->cluster.now_ms)
        out->age_ms = (double)(ev->cluster.now_ms - out->oldest.upper_ms);
    return true;
}

static bool is_much(const struct srd_evidence *ev, const struct srd_table *t, size_t row,
                    const struct history *h)
{
    struct srd_limit most = srd_limit_catalogue(ev, "storage.no-retention", 365, SRD_UNIT_COUNT);
    struct srd_limit years =
        srd_limit_catalogue(ev, "storage.no-retention.years", 2, SRD_UNIT_COUNT);
    bool hourly = h->width_ms > 0 && h->width_ms < 20 * HOUR_MS; /* 365 of them are two weeks */

    return h->age_ms > years.value * YEAR_MS ||
           (!hourly && srd_number_or_0(t, row, "PARTITIONS") >= most.value);
}

bool srd_storage_keeps_much(const struct srd_evidence *ev, size_t row)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    struct history h;

    return srd_storage_is_table_row(t, row) && !srd_is_view_row(t, row) &&
           read_history(ev, t, row, &h) && is_much(ev, t, row, &h);
}

static const char *grain(double width_ms)
{
    static const struct {
        double up_to_ms;
        const char *word;
    } grains[] = { { 0, "" },
                   { 20 * HOUR_MS, "hourly " },
                   { 2 * DAY_MS, "daily " },
                   { 10 * DAY_MS, "weekly " },
                   { 32 * DAY_MS, "monthly " },
                   { 100 * DAY_MS, "quarterly " } };

    for (size_t i = 0; i < SRD_COUNT(grains); i++)
        if (width_ms <= grains[i].up_to_ms)
            return grains[i].word;
    return "yearly ";
}

static void report_history(const struct srd_evidence *ev, struct srd_findings *out,
                           const struct srd_table *t, size_t row, const struct history *h)
{
    struct srd_limit most = srd_limit_catalogue(ev, "storage.no-retention", 365, SRD_UNIT_COUNT);
    struct srd_limit years =
        srd_limit_catalogue(ev, "storage.no-retention.years", 2, SRD_UNIT_COUNT);
    double n = srd_number_or_0(t, row, "PARTITIONS");
    double size = srd_number_or_0(t, row, "DATA_BYTES");
    double keep = h->width_ms > 0 ? ceil(400 * DAY_MS / h->width_ms) : 400; /* a good year */
    struct srd_finding *f = srd_storage_table_finding(
        out, SRD_INFO, &srd_probe_table_sizes, row, NULL,
        "keeps %s %spartitions%s (%s) and has no retention", srd_text_count(out->arena, n),
        grain(h->width_ms),
        h->age_ms > YEAR_MS
            ? srd_arena_printf(out->arena, " of up to %.1f years", h->age_ms / YEAR_MS)
            : "",
        srd_text_bytes(out->arena, size));

    if (n >= most.value)
        srd_finding_value(f, n, most);
    else
        srd_finding_value(f, h->age_ms,
                          (struct srd_limit){ years.value * YEAR_MS, SRD_UNIT_MS, years.source });
    srd_finding_share(f, size, srd_storage_all(ev, "DATA_BYTES"));
    srd_finding_field(out, f, "partition",
                      srd_quote_identifier(out->arena, srd_cell_text(t, row, "OLDEST_PARTITION")));
    srd_finding_field(out, f, "keep", srd_arena_printf(out->arena, "%.0f", keep));
}

static void judge_retention(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    size_t looked = 0, unknown = 0;

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < t->rows; row++) {
        struct history h;

        if (!srd_storage_is_table_row(t, row) || srd_is_view_row(t, row) ||
            !read_history(ev, t, row, &h))
            continue;
        looked++;
        if (!is_much(ev, t, row, &h))
            continue;
        switch (srd_storage_retention(ev, row, out->arena)) {
        case SRD_RETENTION_NONE:
            report_history(ev, out, t, row, &h);
            break;
        case SRD_RETENTION_UNKNOWN:
            unknown++;
            break;
        case SRD_RETENTION_SET:
            break;
        }
    }
    if (unknown)
        srd_cannot_judge(out, SRD_SKIPPED,
                         "tables of which it is not known whether they expire partitions: %zu",
                         unknown);
    if (!ev->cluster.clock_known)
        srd_cannot_judge(out, SRD_FAILED, "the clock of the FE is not known, nor how old data is");
    srd_measured(out, "tables partitioned by time: %zu", looked);
}

/* clang-format off */
const struct srd_check srd_storage_no_retention = {
    .id = "storage.no-retention",
    .title = "Time partitions are never expired",
    .family = "partition-design",
    .worst = SRD_INFO,
    .needs = { &srd_probe_table_sizes },
    .wants = { &srd_probe_table_ddl, &srd_probe_databases },
    .judge = judge_retention,
    .limits = ". .years",
    .why = "A table partitioned by time that keeps everything grows for ever: the most frequent cause of "
           "full disks.",
    .measured_by = "information_schema.partitions_meta: partitions by date; tables_config PROPERTIES (before "
                   "3.3 also SHOW CREATE TABLE) without partition_ttl, partition_live_number, "
                   "partition_retention_condition and dynamic_partition.start.",
    .rule = "info: at least 365 partitions of a day or longer, or the oldest ended over 2 years ago, and "
            "nothing expires them. It would become a warning with the growth that stored runs show.",
    .source = "judgement.",
    .avoid = "Archives that must be kept by law are right as they are: leave the check out with --skip. "
             "Materialized views follow their base tables.",
    .see = "storage.disk-eta storage.disk-hard-limit",
    .fix = { { "Give the table a retention; ask its owner, what is older is deleted. Lists need "
               "partition_retention_condition (from 3.5 on) instead",
               "ALTER TABLE {table} SET (\"partition_live_number\" = \"{keep}\");", SRD_RISKY },
             { "Drop a partition that is not needed any more",
               "ALTER TABLE {table} DROP PARTITION {partition};", SRD_RISKY } },
};
/* clang-format on */

const struct srd_check *const srd_storage_retention_checks[] = {
    &srd_storage_no_retention,
    NULL,
};
