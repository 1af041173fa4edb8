/* Are tablets of a good size, and are those of a table alike? */

#include <math.h>
#include <string.h>

#include "experts/storage/sizes.h"
#include "lib/base/text.h"

static const char *bytes(struct srd_findings *out, double n)
{
    return srd_text_bytes(out->arena, n);
}

/* One value for each row of @t, 0 for the rows that do not count. */
static double *values_of(struct srd_findings *out, const struct srd_table *t,
                         double (*value)(const struct srd_table *t, size_t row))
{
    double *values = srd_arena_array(out->arena, (t ? t->rows : 0) + 1, sizeof(*values));

    for (size_t row = 0; t && row < t->rows; row++)
        values[row] = value(t, row);
    return values;
}

static double greatest(const double *values, const struct srd_table *t)
{
    double most = 0;

    for (size_t row = 0; t && row < t->rows; row++)
        most = values[row] > most ? values[row] : most;
    return most;
}

/* Colocated tables can only change together, which the reader has to know. */
static const char *colocated(const struct srd_evidence *ev, struct srd_findings *out,
                             const char *db, const char *table)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    struct srd_chains tables = srd_storage_chains(out->arena, t);
    size_t row = srd_storage_chain_of(&tables, db, table);

    return t ? srd_storage_property(t, row, "colocate_with", out->arena) : NULL;
}

/* storage.tablet-too-large */

static double average(const struct srd_table *p, size_t row)
{
    double buckets = srd_number_or_0(p, row, "BUCKETS");

    return srd_is_true(p, row, "IS_TEMP")
               ? 0
               : srd_number_or_0(p, row, "COPY_BYTES") / (buckets > 0 ? buckets : 1);
}

static double largest(const struct srd_table *s, size_t row)
{
    return srd_number_or_0(s, row, "BYTES_MAX");
}

/* What judge_too_large() looks at. */
struct large {
    const struct srd_table *p, *s; /* partitions by average, by their largest tablet (or NULL) */
    struct srd_chains by_average, by_largest;
    double *averages, *singles;
    struct srd_limit average, single, critical;
    bool all; /* no tablet above 10 GiB is missing in @s: what is not there counts rollups */
};

/* Is there a tablet of this partition among the large ones? */
static bool is_confirmed(const struct large *l, size_t row)
{
    size_t at = srd_storage_chain_of(&l->by_largest, srd_cell_text(l->p, row, "DB_NAME"),
                                     srd_cell_text(l->p, row, "TABLE_NAME"));

    if (!l->all || l->average.value < 10 * SRD_GIB)
        return true;
    for (; at != SRD_NO_COLUMN; at = l->by_largest.next[at])
        if (srd_cell_is(l->s, at, "PARTITION_NAME", srd_cell_text(l->p, row, "PARTITION_NAME")) &&
            l->singles[at] > 10 * SRD_GIB)
            return true;
    return false;
}

static void judge_average(struct srd_findings *out, const struct large *l, size_t first)
{
    const struct srd_table *p = l->p;
    size_t chain = srd_storage_chain_of(&l->by_largest, srd_cell_text(p, first, "DB_NAME"),
                                        srd_cell_text(p, first, "TABLE_NAME"));
    struct srd_group g, one = { 0 };
    struct srd_finding *f;
    double size, buckets;

    if (!srd_storage_group(&l->by_average, first, l->averages, l->average.value, &g))
        return;
    if (chain != SRD_NO_COLUMN)
        srd_storage_group(&l->by_largest, chain, l->singles, l->single.value, &one);
    if (one.worst > l->critical.value)
        return; /* told with the single tablet */
    size = srd_number_or_0(p, g.worst_row, "COPY_BYTES");
    buckets = srd_number_or_0(p, g.worst_row, "BUCKETS");
    f = srd_storage_table_finding(out, SRD_WARNING, &srd_probe_partitions, g.worst_row,
                                  srd_cell_text(p, g.worst_row, "PARTITION_NAME"),
                                  "has tablets of %s on average (%s in %s bucket%s)%s",
                                  bytes(out, g.worst), bytes(out, size),
                                  srd_text_count(out->arena, buckets), buckets > 1 ? "s" : "",
                                  srd_storage_more(out->arena, &g));
    srd_finding_value(f, g.worst, l->average);
    srd_finding_share(f, size, srd_storage_all(out->ev, "COPY_BYTES"));
}

static void judge_single(struct srd_findings *out, const struct large *l, size_t first)
{
    const struct srd_table *s = l->s;
    size_t chain = srd_storage_chain_of(&l->by_average, srd_cell_text(s, first, "DB_NAME"),
                                        srd_cell_text(s, first, "TABLE_NAME"));
    struct srd_group g, all;
    struct srd_finding *f;
    bool worse;

    if (!srd_storage_group(&l->by_largest, first, l->singles, l->single.value, &g))
        return;
    worse = g.worst > l->critical.value;
    if (!worse && chain != SRD_NO_COLUMN &&
        srd_storage_group(&l->by_average, chain, l->averages, l->average.value, &all))
        return; /* told with the average of this table */
    f = srd_storage_table_finding(out, worse ? SRD_CRITICAL : SRD_WARNING, &srd_probe_tablet_skew,
                                  g.worst_row, srd_cell_text(s, g.worst_row, "PARTITION_NAME"),
                                  "has a tablet of %s%s", bytes(out, g.worst),
                                  srd_storage_more(out->arena, &g));
    srd_finding_value(f, g.worst, worse ? l->critical : l->single);
    srd_finding_share(f, srd_number_or_0(s, g.worst_row, "BYTES_SUM"),
                      srd_storage_all(out->ev, "COPY_BYTES"));
}

static void judge_too_large(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_answer *missing = srd_evidence_missing(ev, &srd_probe_tablet_skew);
    struct large l = {
        .p = srd_partition_sizes(ev),
        .s = srd_evidence_get(ev, &srd_probe_tablet_skew, NULL),
        .average = srd_limit_catalogue(ev, "storage.tablet-too-large.average", 10 * SRD_GIB,
                                       SRD_UNIT_BYTES),
        .single = srd_limit_catalogue(ev, "storage.tablet-too-large", 20 * SRD_GIB, SRD_UNIT_BYTES),
        .critical = srd_limit_catalogue(ev, "storage.tablet-too-large.critical", 100 * SRD_GIB,
                                        SRD_UNIT_BYTES),
    };
    double most;

    l.by_average = srd_storage_chains(out->arena, l.p);
    l.by_largest = srd_storage_chains(out->arena, l.s);
    l.averages = values_of(out, l.p, average);
    l.singles = values_of(out, l.s, largest);
    l.all = l.s && l.s->rows < SRD_SKEWS_READ && ev->cluster.backends &&
            ev->cluster.backends == ev->cluster.backends_alive;

    srd_storage_says_unseen(ev, out);
    if (missing && missing->status != SRD_MODE_ABSENT && ev->cluster.mode != SRD_MODE_SHARED_DATA)
        srd_cannot_judge(out, missing->status, "single tablets were not looked at: probe %s: %s",
                         missing->probe->id, missing->detail);
    for (size_t row = 0; row < l.p->rows; row++)
        if (!is_confirmed(&l, row))
            l.averages[row] = 0;
    for (size_t row = 0; row < l.p->rows; row++)
        if (l.by_average.first[row])
            judge_average(out, &l, row);
    for (size_t row = 0; l.s && row < l.s->rows; row++)
        if (l.by_largest.first[row])
            judge_single(out, &l, row);
    most = fmax(greatest(l.averages, l.p), greatest(l.singles, l.s));
    if (most > 0)
        srd_measured(out, "the largest tablets hold %s", bytes(out, most));
    else
        srd_measured(out, "no tablets hold more than 5 GB on average");
}

/* storage.tablet-too-small */

static void judge_small_table(const struct srd_evidence *ev, struct srd_findings *out,
                              const struct srd_table *t, size_t row)
{
    struct srd_limit count =
        srd_limit_catalogue(ev, "storage.tablet-too-small.tablets", 1000, SRD_UNIT_COUNT);
    struct srd_limit size =
        srd_limit_catalogue(ev, "storage.tablet-too-small", 100 * SRD_MIB, SRD_UNIT_BYTES);
    double tablets = srd_number_or_0(t, row, "FILLED_TABLETS"), median;
    const char *group;
    struct srd_finding *f;

    if (tablets <= count.value || !srd_cell_number(t, row, "MEDIAN_TABLET", &median) ||
        median >= size.value)
        return;
    group = srd_storage_property(t, row, "colocate_with", out->arena);
    f = srd_storage_table_finding(
        out, group ? SRD_INFO : SRD_WARNING, &srd_probe_table_sizes, row, NULL,
        "has %s tablets with data, half of them below %s%s%s", srd_text_count(out->arena, tablets),
        bytes(out, median), group ? "; its buckets have to equal those of colocation group " : "",
        group ? group : "");
    srd_finding_value(f, median, size);
    srd_finding_share(f, tablets, srd_storage_all(ev, "TABLETS"));
}

static void judge_too_small(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    struct srd_limit share =
        srd_limit_catalogue(ev, "storage.tablet-too-small.share", 50, SRD_UNIT_PERCENT);
    double all = srd_storage_all(ev, "TABLETS"), small = srd_storage_all(ev, "SMALL_TABLETS");

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < t->rows; row++)
        if (srd_storage_is_table_row(t, row))
            judge_small_table(ev, out, t, row);
    if (all > 100000 && 100 * small > share.value * all) {
        struct srd_finding *f = srd_finding_add(out, SRD_INFO, "cluster", "all tables",
                                                "%.0f %% of %s tablets hold less than 10 MB",
                                                100 * small / all, srd_text_count(out->arena, all));

        srd_finding_value(f, 100 * small / all, share);
        srd_finding_share(f, small, all);
    }
    srd_measured(out, "%s of %s tablets hold less than 10 MB", srd_text_count(out->arena, small),
                 srd_text_count(out->arena, all));
}

/* storage.bucket-skew */

/* How many times the average the fullest bucket holds; 0 where that says nothing. */
static double skew(const struct srd_table *s, size_t row)
{
    double tablets = srd_number_or_0(s, row, "TABLETS");
    double sum = srd_number_or_0(s, row, "ROWS_SUM");

    if (tablets < 4 || sum <= 0 || srd_number_or_0(s, row, "BYTES_SUM") <= SRD_GIB ||
        srd_number_or_0(s, row, "BYTES_MAX") < 64 * SRD_MIB ||
        srd_storage_is_internal(srd_cell(s, row, "DB_NAME")))
        return 0;
    return srd_number_or_0(s, row, "ROWS_MAX") * tablets / sum;
}

static void judge_skewed_table(const struct srd_evidence *ev, struct srd_findings *out,
                               const struct srd_chains *chains, size_t first, const double *values)
{
    struct srd_limit warning = srd_limit_catalogue(ev, "storage.bucket-skew", 5, SRD_UNIT_RATIO);
    struct srd_limit critical =
        srd_limit_catalogue(ev, "storage.bucket-skew.critical", 10, SRD_UNIT_RATIO);
    const struct srd_table *s = chains->t;
    const char *group;
    struct srd_finding *f;
    struct srd_group g;
    bool worse = false;

    /* "from 5 times on" */
    if (!srd_storage_group(chains, first, values, nextafter(warning.value, 0), &g))
        return;
    for (size_t row = first; row != SRD_NO_COLUMN && !worse; row = chains->next[row])
        if (values[row] >= critical.value && largest(s, row) > 10 * SRD_GIB) {
            g.worst = values[row];
            g.worst_row = row;
            worse = true;
        }
    group = colocated(ev, out, srd_cell_text(s, first, "DB_NAME"),
                      srd_cell_text(s, first, "TABLE_NAME"));
    f = srd_storage_table_finding(
        out, worse ? SRD_CRITICAL : SRD_WARNING, &srd_probe_tablet_skew, g.worst_row,
        srd_cell_text(s, g.worst_row, "PARTITION_NAME"),
        "has %s buckets, of which one holds %.1f times the average (%s)%s%s%s",
        srd_cell_text(s, g.worst_row, "TABLETS"), g.worst, bytes(out, largest(s, g.worst_row)),
        group ? "; its bucket key is that of colocation group " : "", group ? group : "",
        srd_storage_more(out->arena, &g));
    srd_finding_value(f, g.worst, worse ? critical : warning);
    srd_finding_share(f, srd_number_or_0(s, g.worst_row, "BYTES_SUM"),
                      srd_storage_all(ev, "COPY_BYTES"));
}

static void judge_skew(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *s = srd_evidence_get(ev, &srd_probe_tablet_skew, NULL);
    struct srd_chains chains = srd_storage_chains(out->arena, s);
    double *values = values_of(out, s, skew);

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < s->rows; row++)
        if (chains.first[row])
            judge_skewed_table(ev, out, &chains, row, values);
    if (greatest(values, s) > 0)
        srd_measured(out, "the most uneven partition has a bucket of %.1f times the average",
                     greatest(values, s));
    else
        srd_measured(out, "no partition above 1 GB has a bucket of 3 times the average");
}

/* storage.bucket-parallelism-low */

/* Bytes per bucket of a large partition with fewer buckets than @nodes; else 0. */
static double per_bucket(const struct srd_table *p, size_t row, double nodes)
{
    if (srd_number_or_0(p, row, "COPY_BYTES") <= 10 * SRD_GIB ||
        srd_number_or_0(p, row, "BUCKETS") >= nodes ||
        srd_cell_is(p, row, "DISTRIBUTION_KEY", "ALL KEY")) /* RANDOM: StarRocks adds buckets */
        return 0;
    return average(p, row);
}

static void judge_parallelism(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *p = srd_partition_sizes(ev);
    struct srd_chains chains = srd_storage_chains(out->arena, p);
    double *values = srd_arena_array(out->arena, p->rows + 1, sizeof(*values));
    struct srd_limit size =
        srd_limit_catalogue(ev, "storage.bucket-parallelism-low", 5 * SRD_GIB, SRD_UNIT_BYTES);
    bool lake = ev->cluster.mode == SRD_MODE_SHARED_DATA;
    double nodes =
        (double)(ev->cluster.backends_alive + (lake ? ev->cluster.compute_nodes_alive : 0));
    struct srd_limit alive = { nodes, SRD_UNIT_COUNT, "nodes that are alive" };
    size_t read = 0;
    struct srd_group g;

    if (nodes < 1) {
        srd_cannot_judge(
            out,
            srd_why_not(ev, lake ? &srd_probe_compute_nodes : &srd_probe_backends, SRD_NO_BACKEND),
            "the number of alive nodes is not known");
        return;
    }
    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < p->rows; row++) {
        read += !srd_is_true(p, row, "IS_TEMP");
        values[row] = per_bucket(p, row, nodes);
    }
    if (read >= SRD_PARTITIONS_READ)
        srd_cannot_judge(out, SRD_SKIPPED,
                         "only the %d partitions with the largest tablets were read",
                         SRD_PARTITIONS_READ);
    for (size_t row = 0; row < p->rows; row++) {
        struct srd_finding *f;
        double buckets;

        if (!chains.first[row] || !srd_storage_group(&chains, row, values, size.value, &g))
            continue;
        buckets = srd_number_or_0(p, g.worst_row, "BUCKETS");
        f = srd_storage_table_finding(out, SRD_WARNING, &srd_probe_partitions, g.worst_row,
                                      srd_cell_text(p, g.worst_row, "PARTITION_NAME"),
                                      "spreads %s over %.0f bucket%s, fewer than the %.0f nodes%s",
                                      bytes(out, srd_number_or_0(p, g.worst_row, "COPY_BYTES")),
                                      buckets, buckets > 1 ? "s" : "", nodes,
                                      srd_storage_more(out->arena, &g));
        srd_finding_value(f, buckets, alive);
        srd_finding_share(f, srd_number_or_0(p, g.worst_row, "COPY_BYTES"),
                          srd_storage_all(ev, "COPY_BYTES"));
    }
    srd_measured(out, "partitions with more than 5 GB per bucket: %zu, nodes: %.0f", read, nodes);
}

/* clang-format off */
const struct srd_check srd_storage_tablet_too_large = {
    .id = "storage.tablet-too-large",
    .title = "Tablets too large",
    .family = "tablet-size",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_partitions },
    .wants = { &srd_probe_tablet_skew, &srd_probe_table_sizes, &srd_probe_databases },
    .judge = judge_too_large,
    .limits = ". .average .critical",
    .why = "A huge tablet limits how many threads can read a partition, and makes compaction, clone "
           "and schema change of it long and hungry for memory.",
    .measured_by = "information_schema.partitions_meta: size of one copy divided by BUCKETS; in "
                   "shared-nothing also the largest replica in information_schema.be_tablets.",
    .rule = "warning: the tablets of a partition hold more than 10 GiB on average, or a single one "
            "more than 20 GiB; critical (shared-nothing): a single one holds more than 100 GiB. One "
            "finding per table, with its worst partition.",
    .source = "StarRocks documentation on bucketing (1 to 10 GB per tablet) and issue #66457; the "
              "upper values are judgement.",
    .avoid = "DATA_SIZE includes rollups, which overstates the average: in shared-nothing it counts "
             "only if be_tablets has a tablet above 10 GiB in that partition. Up to 3.5 the cluster "
             "prints sizes as rounded text. Temporary partitions are left out. Lake tables of 4.x that "
             "split their tablets mend themselves.",
    .see = "storage.bucket-skew storage.bucket-parallelism-low",
    .fix = { { "Give new partitions more buckets (a materialized view has to be created anew)",
               "ALTER TABLE {table} DISTRIBUTED BY HASH(<bucket key>) BUCKETS <n>;", SRD_SAFE },
             { "Rewrite this partition with more buckets; needs space for a second copy",
               "ALTER TABLE {table} PARTITIONS ({partition}) DISTRIBUTED BY HASH(<bucket key>) "
               "BUCKETS <n>;",
               SRD_RISKY } },
};

const struct srd_check srd_storage_tablet_too_small = {
    .id = "storage.tablet-too-small",
    .title = "Many tiny tablets",
    .family = "tablet-size",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_table_sizes },
    .wants = { &srd_probe_databases },
    .judge = judge_too_small,
    .limits = ". .share .tablets",
    .why = "Each tablet costs metadata in the FE, memory and tasks in the BEs, and a version per "
           "load, however little it holds.",
    .measured_by = "information_schema.partitions_meta, added up per table: tablets of partitions with "
                   "data, and the median over these of copy size divided by BUCKETS.",
    .rule = "warning: a table has more than 1,000 tablets with data and their median is below 100 MiB; "
            "info: the cluster has more than 100,000 tablets and over half of them hold less than "
            "10 MiB.",
    .source = "StarRocks documentation (1 to 10 GB per tablet); 100 MiB and 1,000 are judgement.",
    .avoid = "The median is not moved by the newest partitions, which are still filling. Tables with "
             "few tablets are right as they are; empty partitions are another check's. Colocated "
             "tables need equal buckets: they stay at info.",
    .see = "storage.partition-count storage.tablet-count-per-node storage.partition-empty",
    .fix = { { "Give new partitions fewer buckets, or leave BUCKETS out so that StarRocks chooses; "
               "partition by month instead of by day",
               NULL, SRD_SAFE },
             { "Merge what is there with OPTIMIZE (a materialized view has to be created anew)",
               "ALTER TABLE {table} DISTRIBUTED BY HASH(<bucket key>) BUCKETS <n>;", SRD_RISKY } },
};

const struct srd_check srd_storage_bucket_skew = {
    .id = "storage.bucket-skew",
    .title = "Unevenly filled buckets",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_tablet_skew },
    .wants = { &srd_probe_table_sizes, &srd_probe_databases },
    .judge = judge_skew,
    .limits = ". .critical",
    .why = "A bucket with far more rows than its neighbours makes one thread on one BE slow, for loads "
           "and queries alike; repeating them does not help.",
    .measured_by = "information_schema.be_tablets, added up in SQL per partition: rows of the fullest "
                   "tablet against the average, replicas counted once. Shared-nothing only: in "
                   "shared-data the table costs the nodes too much (use SHOW DATA DISTRIBUTION).",
    .rule = "for partitions above 1 GiB with at least 4 buckets: warning from 5 times the average, "
            "critical from 10 times if the tablet is above 10 GiB. One finding per table.",
    .source = "StarRocks documentation (a bucket key wants at least 1,000 distinct values per BE); the "
              "ratios are judgement.",
    .avoid = "Small partitions and tablets below 64 MiB are left out. Tables of a colocation group can "
             "only change their key together: the finding names the group.",
    .see = "storage.tablet-too-large storage.disk-skew-backends",
    .fix = { { "Look at how the rows are spread (from 3.5 on), and for a dominating or NULL value in "
               "the bucket key",
               "USE {database}; SHOW DATA DISTRIBUTION FROM {table};", SRD_SAFE },
             { "Choose a bucket key with more distinct values, or add a column to it; duplicate key "
               "tables can be DISTRIBUTED BY RANDOM. The table is rewritten",
               "ALTER TABLE {table} DISTRIBUTED BY HASH(<better key>);", SRD_RISKY } },
};

const struct srd_check srd_storage_bucket_parallelism_low = {
    .id = "storage.bucket-parallelism-low",
    .title = "Fewer buckets than nodes",
    .family = "tablet-size",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_partitions },
    .wants = { &srd_probe_table_sizes, &srd_probe_databases },
    .judge = judge_parallelism,
    .limits = ".",
    .why = "A large partition with fewer tablets than nodes leaves nodes idle while the others work.",
    .measured_by = "information_schema.partitions_meta: BUCKETS of partitions above 10 GiB per copy, "
                   "against the number of alive BEs (and CNs in shared-data, of all warehouses).",
    .rule = "warning: fewer buckets than alive nodes and more than 5 GiB per bucket.",
    .source = "StarRocks documentation on bucketing; 5 GiB is judgement.",
    .avoid = "Partitions up to 10 GiB are left out: few threads read them fast enough. Tables DISTRIBUTED "
             "BY RANDOM get more buckets as they grow. Temporary partitions are left out.",
    .see = "storage.tablet-too-large",
    .fix = { { "Give new partitions at least one bucket per node",
               "ALTER TABLE {table} DISTRIBUTED BY HASH(<bucket key>) BUCKETS <n>;", SRD_SAFE } },
};
/* clang-format on */

const struct srd_check *const srd_storage_tablets_checks[] = {
    &srd_storage_tablet_too_large,
    &srd_storage_tablet_too_small,
    &srd_storage_bucket_skew,
    &srd_storage_bucket_parallelism_low,
    NULL,
};
