/* Which root causes join the findings of several checks? */

#include <string.h>

#include "experts/catalogue.h"
#include "experts/cluster/cluster.h"
#include "experts/compaction/compaction.h"
#include "experts/ingest/ingest.h"
#include "experts/load/load.h"
#include "experts/transactions/transactions.h"
#include "lib/model/cause.h"

/* NULL: it has none of that name. */
static const char *field(const struct srd_finding *f, const char *name)
{
    for (size_t i = 0; i < SRD_MAX_FIELDS && f->fields[i].name; i++)
        if (!strcmp(f->fields[i].name, name))
            return f->fields[i].value;
    return NULL;
}

/* The first field @name of the findings of @check at @level or worse; NULL: none has it. */
static const char *field_of(const struct srd_results *results, const char *check,
                            enum srd_severity level, const char *name)
{
    const struct srd_result *r = srd_results_get(results, check);
    const char *value = NULL;

    for (size_t i = 0; r && i < r->finding_count && !value; i++)
        if (r->findings[i]->severity >= level)
            value = field(r->findings[i], name);
    return value;
}

/* Was @check raised at @level or above? */
static enum srd_signal_state raised(const struct srd_results *results, const char *check,
                                    enum srd_severity level)
{
    const struct srd_result *r = srd_results_get(results, check);

    if (!r)
        return SRD_SIGNAL_UNKNOWN;
    if (r->finding_count && r->severity >= level)
        return SRD_SIGNAL_YES;
    return r->verdict == SRD_NOT_CHECKED ? SRD_SIGNAL_UNKNOWN : SRD_SIGNAL_NO;
}

/*
 * The bin holds what was dropped, and its size is not known. Objects that the cleaner forgot are
 * against growth as the cause; some that were dropped today are what an operator in need does.
 */
static enum srd_signal_state bin_is_stuck(const struct srd_results *results)
{
    const struct srd_result *r = srd_results_get(results, "storage.recycle-bin");
    enum srd_signal_state state = raised(results, "storage.recycle-bin", SRD_WARNING);

    if (state != SRD_SIGNAL_YES)
        return state;
    return r->findings[0]->unit == SRD_UNIT_MS ? SRD_SIGNAL_YES : SRD_SIGNAL_NO;
}

/* Is a tablet lost because the BE with all its replicas is down? Its finding then names that BE. */
static enum srd_signal_state holder_is_down(const struct srd_results *results)
{
    static const char check[] = "storage.tablet-no-healthy-replica";
    enum srd_signal_state state = raised(results, check, SRD_WARNING);

    if (state != SRD_SIGNAL_YES)
        return state;
    return field_of(results, check, SRD_WARNING, "backend") ? SRD_SIGNAL_YES : SRD_SIGNAL_NO;
}

/* Is the BE that holds the lost tablets one that cluster.be-down names? Another dead one says
 * nothing. */
static enum srd_signal_state holder_is_known_dead(const struct srd_results *results)
{
    const struct srd_result *down = srd_results_get(results, "cluster.be-down");
    const char *holder =
        field_of(results, "storage.tablet-no-healthy-replica", SRD_WARNING, "backend");
    enum srd_signal_state state = raised(results, "cluster.be-down", SRD_WARNING);

    if (state != SRD_SIGNAL_YES || !holder)
        return holder ? state : SRD_SIGNAL_NO;
    for (size_t i = 0; i < down->finding_count; i++) {
        const char *node = field(down->findings[i], "node");

        if (node && !strcmp(node, holder))
            return SRD_SIGNAL_YES;
    }
    return SRD_SIGNAL_NO;
}

/* Was a tablet with more than one replica lost? Then something else than a single replica is to
 * blame. */
static enum srd_signal_state several_replicas_lost(const struct srd_results *results)
{
    const struct srd_result *r = srd_results_get(results, "storage.tablet-no-healthy-replica");

    for (size_t i = 0; r && i < r->finding_count; i++) {
        const char *replicas = field(r->findings[i], "replicas");

        if (replicas && strcmp(replicas, "1"))
            return SRD_SIGNAL_YES;
    }
    return SRD_SIGNAL_NO;
}

/* A table that both checks name in their field "table"; NULL: there is none. */
static const char *common_table(const struct srd_result *a, const struct srd_result *b)
{
    for (size_t i = 0; a && b && i < a->finding_count; i++)
        for (size_t k = 0; k < b->finding_count; k++) {
            const char *x = field(a->findings[i], "table"), *y = field(b->findings[k], "table");

            if (a->findings[i]->severity >= SRD_WARNING && x && y && !strcmp(x, y))
                return x;
        }
    return NULL;
}

/* Do loads, or queries, of the very table with the skewed buckets take too long? */
static enum srd_signal_state skewed_table_is_slow(const struct srd_results *results)
{
    const struct srd_result *skew = srd_results_get(results, "storage.bucket-skew");
    const struct srd_result *stuck = srd_results_get(results, "load.stuck");
    const struct srd_result *slow = srd_results_get(results, "query.skewed-execution");

    if (common_table(skew, stuck) || common_table(skew, slow))
        return SRD_SIGNAL_YES;
    return !stuck || stuck->verdict == SRD_NOT_CHECKED ? SRD_SIGNAL_UNKNOWN : SRD_SIGNAL_NO;
}

/* clang-format off */
static const struct srd_cause disk_filled = {
    .id = "RC-01",
    .title = "Disks fill up: data grows and nothing expires",
    .mode = SRD_MODE_SHARED_NOTHING,
    .required = {
        { .check = "storage.disk-hard-limit", .level = SRD_WARNING, .alternatives = "storage.disk-soft-limit",
          .words = "{measured}" },
        { .check = "storage.disk-eta", .level = SRD_WARNING, .aside = true, .words = "data grows: {measured}" },
    },
    .supporting = {
        { .check = "storage.no-retention", .level = SRD_INFO, .words = "{measured}" },
        { .check = "load.error-class", .level = SRD_WARNING, .only = "class=disk", .words = "{measured}" },
    },
    .contradicting = {
        { .check = "storage.non-data-usage", .level = SRD_CRITICAL, .veto = true,
          .words = "other things than data fill the disk: {measured}" },
        { .check = "storage.non-data-usage", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "storage.recycle-bin", .test = bin_is_stuck, .words = "{measured}" },
        { .check = "storage.disk-skew-backends", .level = SRD_WARNING, .words = "other backends have room: {measured}" },
    },
    .not_because = {
        { .check = "storage.disk-skew-backends", .level = SRD_WARNING, .words = "uneven distribution: {measured}" },
        { .check = "storage.non-data-usage", .level = SRD_WARNING, .words = "logs, trash or other software: {measured}" },
        { .check = "storage.recycle-bin", .level = SRD_WARNING, .words = "dropped tables: {measured}" },
    },
    .explains = "storage.disk-high-water storage.disk-skew-paths load.job-failure-rate storage.dynamic-partition-error",
    .steps = {
        { "now", { "pause the largest loader of {table} when less than 6 hours are left", NULL, SRD_SAFE },
          "storage.no-retention" },
        { "now", { "let trash expire sooner for some hours",
                   "UPDATE information_schema.be_configs SET VALUE = '600' WHERE NAME = 'trash_file_expire_time_sec';",
                   SRD_SAFE }, NULL },
        { "then", { "drop partitions beyond your retention (their owner decides: this deletes data)",
                    "ALTER TABLE {table} DROP PARTITION {partition};", SRD_RISKY }, "storage.no-retention" },
        { "then", { "watch until the free space is above the soft reserve, not only below the percentage",
                    "SHOW PROC '/backends/{backend_id}';", SRD_SAFE }, NULL },
        { "later", { "give the table a retention, with the number of partitions that you need",
                     "ALTER TABLE {table} SET (\"partition_live_number\" = \"{keep}\");", SRD_RISKY }, "storage.no-retention" },
    },
    .why = "User data grows, nothing removes it, and the disks reach the limits at which StarRocks refuses writes. What "
           "frees space is dropping what is no longer needed; what prevents it is a retention.",
};

static const struct srd_cause uneven_disks = {
    .id = "RC-14",
    .title = "One backend fills up because data is unevenly distributed",
    .mode = SRD_MODE_SHARED_NOTHING,
    .required = {
        { .check = "storage.disk-skew-backends", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "storage.bucket-skew", .level = SRD_WARNING, .aside = true,
          .alternatives = "balance.colocate-unstable storage.tablet-too-large storage.single-replica storage.partition-data-skew",
          .words = "what pins data to a BE: {measured}" },
    },
    .supporting = {
        { .check = "balance.tablet-skew", .level = SRD_INFO, .words = "{measured}" },
        { .check = "storage.disk-hard-limit", .level = SRD_WARNING, .alternatives = "storage.disk-soft-limit",
          .words = "{measured}" },
    },
    .contradicting = {
        { .check = "balance.disabled", .level = SRD_WARNING, .veto = true,
          .words = "balancing is switched off, which is a cause of its own: {measured}" },
    },
    .not_because = {
        { .check = "balance.disabled", .level = SRD_WARNING, .words = "a balancer that is switched off: {measured}" },
        { .check = "storage.non-data-usage", .level = SRD_WARNING, .words = "logs, trash or other software: {measured}" },
    },
    .explains = "storage.disk-high-water storage.disk-skew-paths storage.tablet-count-per-node",
    .steps = {
        { "now", { "see whether tablets move away from {backend} already", "SHOW PROC '/cluster_balance/sched_stat';",
                   SRD_SAFE }, NULL },
        { "then", { "see which tables have most of their data on {backend}",
                    "SELECT TABLE_ID, COUNT(*), SUM(DATA_SIZE) FROM information_schema.be_tablets WHERE BE_ID = {backend_id} "
                    "GROUP BY TABLE_ID ORDER BY 3 DESC LIMIT 20;", SRD_SAFE }, NULL },
        { "later", { "give such tables a bucket key that spreads (ALTER TABLE ... DISTRIBUTED BY rewrites the data), "
                     "more buckets, or more replicas", NULL, SRD_RISKY }, NULL },
    },
    .why = "The cluster has room, but not where the data goes: a few buckets hold most of it, tablets are too large to move, "
           "or tables are bound to backends by colocation or by their only replica.",
};

static const struct srd_cause single_replica = {
    .id = "RC-33",
    .title = "Data is unavailable because its only replica is on a dead backend",
    .mode = SRD_MODE_SHARED_NOTHING,
    .required = {
        { .check = "storage.single-replica", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "storage.tablet-no-healthy-replica", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "storage.tablet-no-healthy-replica", .test = holder_is_down, .words = "the BE that holds it is down" },
    },
    .supporting = {
        { .check = "cluster.be-down", .test = holder_is_known_dead, .words = "{measured}" },
        { .check = "cluster.heartbeat-error", .level = SRD_INFO, .words = "{measured}" },
        { .check = "query.internal-error", .level = SRD_WARNING, .words = "{measured}" },
    },
    .contradicting = {
        { .check = "storage.tablet-no-healthy-replica", .test = several_replicas_lost,
          .words = "tablets with several replicas are lost as well, look for failing disks: {measured}" },
        { .check = "storage.disk-offline", .level = SRD_CRITICAL, .words = "{measured}" },
    },
    .not_because = {
        { .check = "storage.disk-offline", .level = SRD_CRITICAL, .words = "a failed disk: {measured}" },
    },
    .explains = "storage.tablet-unhealthy storage.replica-version-lag cluster.heartbeat-error",
    .steps = {
        { "now", { "start {backend}; the data is there again when it is alive", NULL, SRD_SAFE },
          "storage.tablet-no-healthy-replica" },
        { "then", { "keep three replicas, slice by slice (clone traffic follows)",
                    "ALTER TABLE {table} MODIFY PARTITION (*) SET (\"replication_num\" = \"3\");", SRD_SAFE },
          "storage.single-replica" },
        { "then", { "the same for partitions to come", "ALTER TABLE {table} SET (\"default.replication_num\" = \"3\");",
                    SRD_SAFE }, "storage.single-replica" },
        { "later", { "never use recover_with_empty_tablet before every original disk was inspected: it replaces the lost "
                     "tablets by empty ones", NULL, SRD_RISKY }, NULL },
    },
    .why = "Tables with one replica share the fate of the BE that holds it: while it is down they cannot be read or written, "
           "and if its disk is gone they are lost.",
};

static const struct srd_cause too_many_parts = {
    .id = "RC-35",
    .title = "Tables are cut into far too many partitions or buckets",
    .required = {
        { .check = "storage.tablet-too-small", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "storage.tablet-count-per-node", .level = SRD_WARNING, .alternatives = "memory.fe-heap-high txn.publish-queue",
          .words = "and their number weighs: {measured}" },
    },
    .supporting = {
        { .check = "cluster.be-report-stale", .level = SRD_WARNING, .words = "reports of all tablets take too long: {measured}" },
        { .check = "storage.partition-count", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "storage.partition-empty", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "cluster.fe-journal-lag", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "query.plan-time", .level = SRD_WARNING, .words = "{measured}" },
    },
    .contradicting = {
        { .check = "storage.tablet-too-large", .level = SRD_WARNING, .words = "other tables have too few: {measured}" },
        { .check = "ingest.partition-explosion", .level = SRD_WARNING, .words = "wrong values make partitions: {measured}" },
    },
    .not_because = {
        { .check = "storage.tablet-too-large", .level = SRD_CRITICAL,
          .words = "more data than the cluster is made for: {measured}" },
        { .check = "ingest.partition-explosion", .level = SRD_WARNING,
          .words = "wrong values in a partition column: {measured}" },
    },
    .explains = "storage.partition-count storage.partition-empty storage.bucket-parallelism-low cluster.be-report-stale",
    .steps = {
        { "now", { "create no further tables in this way: leave the number of buckets to StarRocks, or 1 to 10 GB for each", NULL,
                   SRD_SAFE }, NULL },
        { "then", { "give {table} fewer buckets (rewrites its data, one partition after the other)",
                    "ALTER TABLE {table} DISTRIBUTED BY HASH(<columns>) BUCKETS <fewer>;", SRD_RISKY }, "storage.tablet-too-small" },
        { "then", { "merge its days into months where queries do not need days (3.4 and later), or drop what is old", NULL, SRD_RISKY },
          "storage.tablet-too-small" },
        { "later", { "if the number of tablets has to stay: more heap for the FEs", NULL, SRD_SAFE }, NULL },
    },
    .why = "Every tablet costs memory in FE and BE, a line in every report, a publish task in every load and a file handle, whether it "
           "holds 10 GB or 10 kB. Hundreds of thousands of tiny ones make restarts, planning and publishing slow.",
};

static const struct srd_cause hot_value = {
    .id = "RC-41",
    .title = "One value of the bucket key holds most rows, and its bucket is the brake",
    .mode = SRD_MODE_SHARED_NOTHING,
    .required = {
        { .check = "storage.bucket-skew", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "load.stuck", .level = SRD_WARNING, .test = skewed_table_is_slow, .words = "and work on that table does not end: {measured}" },
    },
    .supporting = {
        { .check = "storage.tablet-too-large", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "storage.disk-skew-backends", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "query.skewed-execution", .level = SRD_WARNING, .words = "{measured}" },
    },
    .contradicting = {
        { .check = "cluster.hardware-uneven", .level = SRD_WARNING, .words = "nodes differ: {measured}" },
        { .check = "cluster.be-blacklisted", .level = SRD_WARNING, .words = "nodes are left out: {measured}" },
    },
    .not_because = {
        { .check = "cluster.hardware-uneven", .level = SRD_WARNING, .words = "nodes that differ: {measured}" },
        { .check = "cluster.be-blacklisted", .level = SRD_WARNING, .words = "nodes that are left out: {measured}" },
    },
    .explains = "query.skewed-execution storage.tablet-too-large storage.partition-too-large",
    .steps = {
        { "now", { "see how rows spread over the buckets (3.5 and later; in the database of the table)",
                   "SHOW DATA DISTRIBUTION FROM {table};", SRD_SAFE }, NULL },
        { "then", { "find the value: count rows by the columns of the bucket key, NULL among them", NULL, SRD_SAFE }, NULL },
        { "later", { "add a column to the bucket key that splits it, or distribute at random (rewrites the data)",
                     "ALTER TABLE {table} DISTRIBUTED BY HASH(<columns>);", SRD_RISKY }, NULL },
    },
    .why = "All rows of one value of the bucket key lie in one tablet. If half of them have the same value, or NULL, one thread of one "
           "backend does half of the work while the others wait, in loads, compaction and queries alike; trying again does not help.",
};

/* As `srdiag list causes` shows them. */
const struct srd_cause *const srd_causes[] = {
    &disk_filled,                       /* RC-01 */
    &srd_cause_frequent_loads,          /* RC-02 */
    &srd_cause_publish_bottleneck,      /* RC-03 */
    &srd_cause_lake_debt,               /* RC-04 */
    &srd_cause_starved,                 /* RC-05 */
    &srd_cause_routine_node_away,       /* RC-07 */
    &srd_cause_apply_lag,               /* RC-09 */
    &uneven_disks,                      /* RC-14 */
    &srd_cause_no_checkpoint,           /* RC-15 */
    &srd_cause_clock_skew,              /* RC-16 */
    &srd_cause_lock_holder,             /* RC-17 */
    &srd_cause_dirty_partition_column,  /* RC-25 */
    &srd_cause_no_partition,            /* RC-26 */
    &srd_cause_orphan_gap,              /* RC-28 */
    &single_replica,                    /* RC-33 */
    &srd_cause_forgotten_blacklist,     /* RC-34 */
    &too_many_parts,                    /* RC-35 */
    &srd_cause_kafka_overtook,          /* RC-36 */
    &hot_value,                         /* RC-41 */
    NULL,
};
/* clang-format on */
