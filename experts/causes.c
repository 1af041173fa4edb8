/* Which root causes join the findings of several checks? */

#include <string.h>

#include "experts/catalogue.h"
#include "experts/cluster/cluster.h"
#include "experts/compaction/compaction.h"
#include "experts/ingest/ingest.h"
#include "experts/load/load.h"
#include "experts/transactions/transactions.h"
#include "lib/model/cause.h"

/* The first field @name of the findings of @check at @level or worse; NULL: none has it. */
static const char *field_of(const struct srd_results *results, const char *check,
                            enum srd_severity level, const char *name)
{
    const struct srd_result *r = srd_results_get(results, check);

    for (size_t i = 0; r && i < r->finding_count; i++) {
        const struct srd_finding *f = r->findings[i];

        for (size_t k = 0; f->severity >= level && k < SRD_MAX_FIELDS && f->fields[k].name; k++)
            if (!strcmp(f->fields[k].name, name))
                return f->fields[k].value;
    }
    return NULL;
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

/* Is the BE that holds the lost tablets one that cluster.be-down names? Another dead one says nothing. */
static enum srd_signal_state holder_is_known_dead(const struct srd_results *results)
{
    const struct srd_result *down = srd_results_get(results, "cluster.be-down");
    const char *holder = field_of(results, "storage.tablet-no-healthy-replica", SRD_WARNING, "backend");
    enum srd_signal_state state = raised(results, "cluster.be-down", SRD_WARNING);

    if (state != SRD_SIGNAL_YES || !holder)
        return holder ? state : SRD_SIGNAL_NO;
    for (size_t i = 0; i < down->finding_count; i++)
        for (size_t k = 0; k < SRD_MAX_FIELDS && down->findings[i]->fields[k].name; k++)
            if (!strcmp(down->findings[i]->fields[k].name, "node") &&
                !strcmp(down->findings[i]->fields[k].value, holder))
                return SRD_SIGNAL_YES;
    return SRD_SIGNAL_NO;
}

/* Was a tablet with more than one replica lost? Then something else than a single replica is to
 * blame. */
static enum srd_signal_state several_replicas_lost(const struct srd_results *results)
{
    const struct srd_result *r = srd_results_get(results, "storage.tablet-no-healthy-replica");

    for (size_t i = 0; r && i < r->finding_count; i++)
        for (size_t k = 0; k < SRD_MAX_FIELDS && r->findings[i]->fields[k].name; k++)
            if (!strcmp(r->findings[i]->fields[k].name, "replicas") &&
                strcmp(r->findings[i]->fields[k].value, "1"))
                return SRD_SIGNAL_YES;
    return SRD_SIGNAL_NO;
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

const struct srd_cause *const srd_causes[] = {
    &disk_filled,
    &srd_cause_frequent_loads,
    &srd_cause_lake_debt,
    &srd_cause_starved,
    &uneven_disks,
    &srd_cause_no_partition,
    &srd_cause_orphan_gap,
    &single_replica,
    &srd_cause_forgotten_blacklist,
    &srd_cause_routine_node_away,
    &srd_cause_dirty_partition_column,
    &srd_cause_kafka_overtook,
    NULL,
};
/* clang-format on */
