/* Are tables partitioned so that data can be found, kept small and thrown away? */

#include <string.h>

#include "experts/storage/sizes.h"
#include "lib/base/text.h"

#define DAY_MS 86400000.0

static const char *bytes(struct srd_findings *out, double n)
{
    return srd_text_bytes(out->arena, n);
}

static const char *count(struct srd_findings *out, double n)
{
    return srd_text_count(out->arena, n);
}

/* storage.partition-count */

static void judge_count(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    /* a release that has no such limit has no such key either */
    struct srd_limit most = srd_fe_config(ev, "max_partition_number_per_table", 0, SRD_UNIT_COUNT);
    const struct srd_answer *config = srd_evidence_missing(ev, &srd_probe_fe_config);
    struct srd_limit per_table =
        srd_limit_catalogue(ev, "storage.partition-count", 20000, SRD_UNIT_COUNT);
    struct srd_limit in_all =
        srd_limit_catalogue(ev, "storage.partition-count.cluster", 500000, SRD_UNIT_COUNT);
    double largest = 0, all = srd_storage_all(ev, "PARTITIONS");

    srd_storage_says_unseen(ev, out);
    if (config)
        srd_cannot_judge(out, config->status, "the limit of the cluster is not known: probe %s: %s",
                         config->probe->id, config->detail);
    for (size_t row = 0; row < t->rows; row++) {
        double n = srd_number_or_0(t, row, "PARTITIONS");
        bool worse = most.value > 0 && n >= 0.95 * most.value;
        bool near = most.value > 0 && n > 0.7 * most.value;
        struct srd_finding *f;

        if (!srd_storage_is_table_row(t, row))
            continue;
        largest = n > largest ? n : largest;
        if (!worse && !near && n <= per_table.value)
            continue;
        f = srd_storage_table_finding(out, worse ? SRD_CRITICAL : SRD_WARNING,
                                      &srd_probe_table_sizes, row, NULL, "has %s partitions",
                                      count(out, n));
        srd_finding_value(f, n, near ? most : per_table);
        srd_finding_share(f, n, all);
    }
    if (all > in_all.value) {
        struct srd_finding *f = srd_finding_add(out, SRD_WARNING, "cluster", "all tables",
                                                "the cluster has %s partitions", count(out, all));

        srd_finding_value(f, all, in_all);
    }
    srd_measured(out, "the table with most partitions has %s", count(out, largest));
}

/* storage.partition-empty */

static void judge_empty(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    struct srd_limit info =
        srd_limit_catalogue(ev, "storage.partition-empty.info", 30, SRD_UNIT_PERCENT);
    struct srd_limit warning =
        srd_limit_catalogue(ev, "storage.partition-empty", 70, SRD_UNIT_PERCENT);
    double most = 0, all = srd_storage_all(ev, "PARTITIONS");

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < t->rows; row++) {
        double partitions = srd_number_or_0(t, row, "PARTITIONS");
        double empty = srd_number_or_0(t, row, "EMPTY_PARTITIONS");
        double percent = partitions > 0 ? 100 * empty / partitions : 0;
        struct srd_finding *f;
        bool worse;

        if (!srd_storage_is_table_row(t, row))
            continue;
        most = empty > most ? empty : most;
        if (empty <= 100 || percent <= info.value)
            continue;
        worse = empty > 1000 && percent > warning.value &&
                srd_number_or_0(t, row, "EMPTY_BUCKETS") >= 10;
        f = srd_storage_table_finding(out, worse ? SRD_WARNING : SRD_INFO, &srd_probe_table_sizes,
                                      row, NULL, "has %s partitions, of which %s were never loaded",
                                      count(out, partitions), count(out, empty));
        srd_finding_value(f, percent, worse ? warning : info);
        srd_finding_share(f, empty, all);
    }
    srd_measured(out, "no table has more than %s past partitions that were never loaded",
                 count(out, most));
}

/* storage.partition-too-large */

static bool is_partitioned(const struct srd_table *t, size_t row)
{
    /* before 3.2.7 the key of list partitions is not told */
    return srd_cell_has(t, row, "PARTITION_KEY") || srd_cell_has(t, row, "NEWEST_VALUE");
}

/* Does storage.unpartitioned-large say the same of this table, as severely? */
static bool is_told_there(const struct srd_table *t, size_t row, bool worse)
{
    return !is_partitioned(t, row) && !srd_is_view_row(t, row) &&
           srd_cell_has(t, row, "TABLE_ENGINE") &&
           !(worse && srd_storage_row_is_primary_key(t, row));
}

static void judge_many_tablets(const struct srd_evidence *ev, struct srd_findings *out,
                               const struct srd_table *t, size_t row)
{
    struct srd_limit limit =
        srd_limit_catalogue(ev, "storage.partition-too-large.tablets", 20000, SRD_UNIT_COUNT);
    double most = srd_number_or_0(t, row, "MAX_BUCKETS");
    struct srd_finding *f;

    if (most <= limit.value)
        return;
    f = srd_storage_table_finding(out, SRD_WARNING, &srd_probe_table_sizes, row,
                                  srd_cell_text(t, row, "MOST_BUCKETS"), "has %s tablets",
                                  count(out, most));
    srd_finding_value(f, most, limit);
    srd_finding_share(f, most, srd_storage_all(ev, "TABLETS"));
}

static void judge_too_large(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    struct srd_limit info =
        srd_limit_catalogue(ev, "storage.partition-too-large.info", 100 * SRD_GIB, SRD_UNIT_BYTES);
    struct srd_limit warning =
        srd_limit_catalogue(ev, "storage.partition-too-large", SRD_TIB, SRD_UNIT_BYTES);
    double largest = 0;

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < t->rows; row++) {
        double size = srd_number_or_0(t, row, "MAX_PARTITION");
        bool worse = size > warning.value;
        struct srd_finding *f;

        if (!srd_storage_is_table_row(t, row))
            continue;
        largest = size > largest ? size : largest;
        judge_many_tablets(ev, out, t, row);
        if (size <= info.value || is_told_there(t, row, worse))
            continue;
        f = srd_storage_table_finding(out, worse ? SRD_WARNING : SRD_INFO, &srd_probe_table_sizes,
                                      row, srd_cell_text(t, row, "LARGEST_PARTITION"),
                                      "holds %s in one copy", bytes(out, size));
        srd_finding_value(f, size, worse ? warning : info);
        srd_finding_share(f, size, srd_storage_all(ev, "COPY_BYTES"));
    }
    srd_measured(out, "the largest partition holds %s in one copy", bytes(out, largest));
}

/* storage.unpartitioned-large */

static void judge_unpartitioned(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    struct srd_limit info =
        srd_limit_catalogue(ev, "storage.unpartitioned-large.info", 50 * SRD_GIB, SRD_UNIT_BYTES);
    struct srd_limit warning =
        srd_limit_catalogue(ev, "storage.unpartitioned-large", 200 * SRD_GIB, SRD_UNIT_BYTES);
    double largest = 0;

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < t->rows; row++) {
        double size = srd_number_or_0(t, row, "COPY_BYTES");
        struct srd_finding *f;
        bool worse;

        if (!srd_storage_is_table_row(t, row) || !srd_cell_has(t, row, "TABLE_ENGINE") ||
            srd_is_view_row(t, row) || is_partitioned(t, row))
            continue;
        largest = size > largest ? size : largest;
        if (size <= info.value)
            continue;
        /* the key of a primary key table has to hold the partition column, which it may not have */
        worse = size > warning.value && !srd_storage_row_is_primary_key(t, row);
        f = srd_storage_table_finding(out, worse ? SRD_WARNING : SRD_INFO, &srd_probe_table_sizes,
                                      row, NULL, "holds %s in one copy and is not partitioned",
                                      bytes(out, size));
        srd_finding_value(f, size, worse ? warning : info);
        srd_finding_share(f, size, srd_storage_all(ev, "COPY_BYTES"));
    }
    srd_measured(out, "the largest table without partitions holds %s", bytes(out, largest));
}

/* storage.partition-data-skew */

static void judge_data_skew(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    struct srd_limit info =
        srd_limit_catalogue(ev, "storage.partition-data-skew.info", 10, SRD_UNIT_RATIO);
    struct srd_limit warning =
        srd_limit_catalogue(ev, "storage.partition-data-skew", 50, SRD_UNIT_RATIO);
    double worst = 1;

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < t->rows; row++) {
        double median = srd_number_or_0(t, row, "MEDIAN_PARTITION");
        double size = srd_number_or_0(t, row, "MAX_CLOSED"), ratio;
        struct srd_finding *f;
        bool worse;

        if (!srd_storage_is_table_row(t, row) || size <= 10 * SRD_GIB || median <= 0 ||
            srd_number_or_0(t, row, "FILLED_PARTITIONS") < 8)
            continue;
        ratio = size / median;
        worst = ratio > worst ? ratio : worst;
        if (ratio <= info.value)
            continue;
        worse = ratio > warning.value && size > 100 * SRD_GIB;
        f = srd_storage_table_finding(out, worse ? SRD_WARNING : SRD_INFO, &srd_probe_table_sizes,
                                      row, srd_cell_text(t, row, "LARGEST_CLOSED"),
                                      "holds %s, %.0f times the median partition of its table",
                                      bytes(out, size), ratio);
        srd_finding_value(f, ratio, worse ? warning : info);
        srd_finding_share(f, size, srd_storage_all(ev, "COPY_BYTES"));
    }
    srd_measured(out, "no partition above 10 GB holds more than %.1f times the median of its table",
                 worst);
}

/* storage.temp-partition-leftover */

/* The temporary partitions of one table. */
struct leftover {
    size_t count, worst_row;
    bool old, aged;   /* the worst was left behind; its age is known */
    double size, all; /* of the worst, and of all of them */
    int64_t age_ms;
};

static struct leftover read_leftovers(const struct srd_evidence *ev,
                                      const struct srd_chains *chains, size_t row,
                                      double age_limit_ms)
{
    const struct srd_table *p = chains->t;
    struct leftover l = { .worst_row = SRD_NO_COLUMN };

    for (; row != SRD_NO_COLUMN; row = chains->next[row]) {
        double size = srd_number_or_0(p, row, "BYTES");
        bool temporary = false, aged, old;
        int64_t age = 0;

        if (!srd_cell_bool(p, row, "IS_TEMP", &temporary) || !temporary)
            continue;
        aged = srd_age_ms(ev, p, row, "VISIBLE_VERSION_TIME", &age);
        old = aged && (double)age > age_limit_ms && size > SRD_GIB;
        l.count++;
        l.all += size;
        if (l.count > 1 && old <= l.old && (old != l.old || size <= l.size))
            continue;
        l.worst_row = row;
        l.old = old;
        l.aged = aged;
        l.age_ms = age;
        l.size = size;
    }
    return l;
}

static void judge_temporary(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *p = srd_partition_sizes(ev);
    struct srd_chains chains = srd_storage_chains(out->arena, p);
    struct srd_limit limit =
        srd_limit_catalogue(ev, "storage.temp-partition-leftover", DAY_MS, SRD_UNIT_MS);
    size_t found = 0;

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < p->rows; row++) {
        struct leftover l = { 0 };
        struct srd_finding *f;

        if (chains.first[row])
            l = read_leftovers(ev, &chains, row, limit.value);
        found += l.count;
        if (!l.count)
            continue;
        f = srd_storage_table_finding(
            out, l.old ? SRD_WARNING : SRD_INFO, &srd_probe_partitions, l.worst_row,
            srd_cell_text(p, l.worst_row, "PARTITION_NAME"),
            "is a temporary partition of %s, last written %s%s", bytes(out, l.size),
            l.aged ? srd_text_duration(out->arena, l.age_ms > 0 ? l.age_ms : 0)
                   : "at an unknown time",
            l.aged ? " ago" : "");
        if (l.count > 1)
            f->message = srd_arena_printf(out->arena, "%s; the table has %zu of them with %s",
                                          f->message, l.count, bytes(out, l.all));
        if (l.aged)
            srd_finding_value(f, (double)l.age_ms, limit);
        srd_finding_share(f, l.all, srd_storage_all(ev, "DATA_BYTES"));
    }
    srd_measured(out, "temporary partitions: %zu", found);
}

/* clang-format off */
const struct srd_check srd_storage_partition_count = {
    .id = "storage.partition-count",
    .title = "Too many partitions",
    .family = "partition-design",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_table_sizes },
    .wants = { &srd_probe_fe_config, &srd_probe_databases },
    .judge = judge_count,
    .limits = ". .cluster max_partition_number_per_table",
    .why = "Planning, statistics, the mapping of materialized views and the heap of the FE grow with the "
           "number of partitions; at the limit the next automatic partition fails, and its load with it.",
    .measured_by = "information_schema.partitions_meta: partitions per table and in all.",
    .rule = "warning: more than 20,000 in a table, or above 70 % of max_partition_number_per_table, or "
            "more than 500,000 in all; critical: 95 % of max_partition_number_per_table or more.",
    .source = "max_partition_number_per_table of the cluster (100,000 by default; older releases "
              "have no such limit); StarRocks documentation (at most 100,000 in all, coarse grain); the "
              "rest is judgement.",
    .avoid = "Temporary partitions and shadow partitions ($...) are not counted; the sub-partitions of "
             "one name count once, as in StarRocks' own limit.",
    .see = "storage.partition-empty storage.no-retention",
    .fix = { { "Expire old partitions; ask the owner, it deletes data",
               "ALTER TABLE {table} SET (\"partition_live_number\" = \"<n>\");", SRD_RISKY },
             { "Use a coarser grain for new tables: month instead of day", NULL, SRD_SAFE } },
};

const struct srd_check srd_storage_partition_empty = {
    .id = "storage.partition-empty",
    .title = "Empty partitions",
    .family = "partition-design",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_table_sizes },
    .wants = { &srd_probe_databases },
    .judge = judge_empty,
    .limits = ". .info",
    .why = "Each empty partition still has its tablets; many of them hint at wrong settings of dynamic or "
           "automatic partitioning.",
    .measured_by = "information_schema.partitions_meta: ROW_COUNT = 0 and VISIBLE_VERSION = 1, that is "
                   "never loaded.",
    .rule = "info: more than 100 and more than 30 % of the partitions of a table; warning: more than 1,000 "
            "and more than 70 %, with at least 10 buckets each.",
    .source = "judgement.",
    .avoid = "Partitions for days to come are not counted. A row count of 0 alone may be late news, hence "
             "the version. Shadow partitions and internal tables are left out.",
    .see = "storage.tablet-too-small storage.partition-count",
    .fix = { { "Create fewer partitions ahead (dynamic_partition.end) or in the past "
               "(dynamic_partition.history_partition_num)",
               NULL, SRD_SAFE },
             { "Drop those that will never be loaded", NULL, SRD_RISKY } },
};

const struct srd_check srd_storage_partition_too_large = {
    .id = "storage.partition-too-large",
    .title = "Partitions too large",
    .family = "partition-design",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_table_sizes },
    .wants = { &srd_probe_databases },
    .judge = judge_too_large,
    .limits = ". .info .tablets",
    .why = "Retention, repair, refresh and OPTIMIZE work per partition: beyond some hundred GB each of them "
           "is a long job.",
    .measured_by = "information_schema.partitions_meta: size of one copy, and BUCKETS.",
    .rule = "info: above 100 GiB in one copy; warning: above 1 TiB, or more than 20,000 tablets in a "
            "partition. One finding per table, with its largest partition.",
    .source = "StarRocks documentation on partitioning (up to 100 GB and 20,000 tablets).",
    .avoid = "Temporary partitions are left out. Of tables without partitions "
             "storage.unpartitioned-large speaks.",
    .see = "storage.unpartitioned-large storage.tablet-too-large",
    .fix = { { "Partition new data by a finer unit", NULL, SRD_SAFE } },
};

const struct srd_check srd_storage_unpartitioned_large = {
    .id = "storage.unpartitioned-large",
    .title = "Large table without partitions",
    .family = "partition-design",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_table_sizes },
    .wants = { &srd_probe_databases },
    .judge = judge_unpartitioned,
    .limits = ". .info",
    .why = "Queries cannot skip data, nothing can be expired, and statistics and materialized views always "
           "start from the whole table.",
    .measured_by = "information_schema.tables_config PARTITION_KEY and partitions_meta PARTITION_VALUE, both "
                   "empty; size from partitions_meta.",
    .rule = "info: above 50 GiB in one copy; warning: above 200 GiB.",
    .source = "judgement, derived from the 100 GB per partition of the documentation.",
    .avoid = "Primary key tables stay at info: their key may have no column to partition by. Materialized "
             "views are left out: mv.full-refresh-large speaks of them.",
    .see = "storage.partition-too-large",
    .fix = { { "Create a table with an expression partition, copy range by range, then swap", NULL,
               SRD_SAFE },
             { "Swap the names when the copy is complete",
               "ALTER TABLE {table} SWAP WITH <new table>;", SRD_RISKY } },
};

const struct srd_check srd_storage_partition_data_skew = {
    .id = "storage.partition-data-skew",
    .title = "One partition far larger than the others",
    .family = "partition-design",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_table_sizes },
    .wants = { &srd_probe_databases },
    .judge = judge_data_skew,
    .limits = ". .info",
    .why = "A partition many times the usual size often comes from a wrong event time or a default value, "
           "and defeats pruning.",
    .measured_by = "information_schema.partitions_meta: size of the largest partition against the median of "
                   "its table, for tables with data in at least 8 partitions.",
    .rule = "info: above 10 times the median and 10 GiB; warning: above 50 times and 100 GiB.",
    .source = "judgement.",
    .avoid = "Partitions that collect the rest by design are left out: ranges without lower or upper bound, "
             "and names with pmin, pmax or history. Empty partitions do not count for the median.",
    .see = "storage.partition-too-large",
    .fix = { { "Look for sentinel values (1970, 0, NULL) in the partition column of {table}", NULL,
               SRD_SAFE } },
};

const struct srd_check srd_storage_temp_partition_leftover = {
    .id = "storage.temp-partition-leftover",
    .title = "Temporary partitions left behind",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_partitions },
    .wants = { &srd_probe_table_sizes, &srd_probe_databases },
    .judge = judge_temporary,
    .limits = ".",
    .why = "A temporary partition of a failed INSERT OVERWRITE or OPTIMIZE keeps its space and can block "
           "changes of the table.",
    .measured_by = "information_schema.partitions_meta: IS_TEMP, size and VISIBLE_VERSION_TIME.",
    .rule = "info: there is one; warning: not written for 24 hours and above 1 GiB. One finding per table.",
    .source = "judgement.",
    .avoid = "A running INSERT OVERWRITE or OPTIMIZE uses temporary partitions: below 24 hours they are info.",
    .see = "storage.partition-count",
    .fix = { { "See whether a job still uses it", "SHOW ALTER TABLE OPTIMIZE FROM {database};", SRD_SAFE },
             { "Drop it if none does", "ALTER TABLE {table} DROP TEMPORARY PARTITION {partition};",
               SRD_RISKY } },
};
/* clang-format on */

const struct srd_check *const srd_storage_partitions_checks[] = {
    &srd_storage_partition_count,
    &srd_storage_partition_empty,
    &srd_storage_partition_too_large,
    &srd_storage_unpartitioned_large,
    &srd_storage_partition_data_skew,
    &srd_storage_temp_partition_leftover,
    NULL,
};
