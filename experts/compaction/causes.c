/* Why does compaction lag: too many small loads, or too little compaction? */

#include "experts/compaction/compaction.h"

/* clang-format off */
const struct srd_cause srd_cause_frequent_loads = {
    .id = "RC-02",
    .title = "Small frequent loads exhaust the versions of tablets",
    .mode = SRD_MODE_SHARED_NOTHING,
    .required = {
        { .check = "compaction.version-count", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "load.small-frequent", .level = SRD_WARNING, .alternatives = "load.insert-values", .aside = true,
          .words = "{measured}" },
    },
    .supporting = {
        { .check = "compaction.score-high", .level = SRD_WARNING, .alternatives = "compaction.pk-score-high", .words = "{measured}" },
        { .check = "load.error-class", .level = SRD_WARNING, .only = "class=versions", .words = "{measured}" },
        { .check = "cluster.fe-editlog-write-slow", .level = SRD_WARNING, .words = "the FE commits slowly: {measured}" },
    },
    .contradicting = {
        { .check = "compaction.disabled", .level = SRD_CRITICAL, .veto = true,
          .words = "compaction is off, which is a cause of its own: {measured}" },
        { .check = "compaction.disabled", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "compaction.not-progressing", .level = SRD_WARNING, .alternatives = "compaction.failures", .words = "{measured}" },
        { .check = "compaction.pk-apply-lag", .level = SRD_WARNING, .words = "versions wait to be applied: {measured}" },
    },
    .not_because = {
        { .check = "compaction.disabled", .level = SRD_WARNING, .words = "compaction that is switched off: {measured}" },
        { .check = "compaction.pk-apply-lag", .level = SRD_INFO, .words = "a queue of versions to apply: {measured}" },
    },
    .explains = "compaction.score-high compaction.pk-score-high compaction.threads-saturated load.job-failure-rate "
                "storage.replica-version-lag",
    .steps = {
        { "now", { "let the writers of {table} load less often, in batches 10 s apart", NULL, SRD_SAFE }, NULL },
        { "then", { "compact the worst partition, and wait until its tablets have fewer than 100 rowsets",
                    "ALTER TABLE {table} {compact} ({partition});", SRD_SAFE }, NULL },
        { "later", { "batch at the source: merge commit of stream loads, the flush interval of the Flink sink (10 s), "
                     "max_batch_interval of Routine Load", NULL, SRD_SAFE }, NULL },
        { "later", { "do not raise tablet_max_versions, unless the writers cannot be changed within hours; then undo it", NULL,
                     SRD_RISKY }, NULL },
    },
    .why = "Each load adds a version to every tablet that it writes to, whether it brings one row or a million. Many small ones make "
           "versions faster than compaction merges them, until tablets refuse loads.",
};

const struct srd_cause srd_cause_lake_debt = {
    .id = "RC-04",
    .title = "Small loads make more files than compaction merges",
    .mode = SRD_MODE_SHARED_DATA,
    .required = {
        { .check = "compaction.lake-score", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "load.small-frequent", .level = SRD_WARNING, .aside = true, .words = "{measured}" },
    },
    .supporting = {
        { .check = "compaction.lake-slowdown", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "compaction.lake-queue-wait", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "load.error-class", .level = SRD_WARNING, .only = "class=score", .words = "{measured}" },
        { .check = "storage.lake-throttled", .level = SRD_WARNING, .words = "{measured}" },
    },
    .contradicting = {
        { .check = "compaction.disabled", .level = SRD_WARNING, .veto = true,
          .words = "compaction is off, which is a cause of its own: {measured}" },
        { .check = "compaction.lake-warehouse-missing", .level = SRD_WARNING, .veto = true,
          .words = "compaction has no node, which is a cause of its own: {measured}" },
        { .check = "compaction.lake-tasks-capped", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "compaction.lake-job-errors", .level = SRD_WARNING, .alternatives = "compaction.lake-job-stuck",
          .words = "{measured}" },
    },
    .not_because = {
        { .check = "compaction.disabled", .level = SRD_WARNING, .words = "compaction that is switched off: {measured}" },
        { .check = "compaction.lake-tasks-capped", .level = SRD_WARNING, .words = "too few places: {measured}" },
        { .check = "compaction.lake-job-errors", .level = SRD_WARNING, .words = "failing jobs: {measured}" },
    },
    .explains = "compaction.lake-slowdown compaction.lake-queue-wait compaction.lake-remote-read load.job-failure-rate "
                "load.stuck txn.committed-not-visible storage.lake-amplification",
    .steps = {
        { "now", { "let the writers of {table} load in batches, 10 s apart and of 100 rows at least; keep the slow-down on", NULL,
                   SRD_SAFE }, NULL },
        { "then", { "more threads per CN while its CPU is below 60 %, up to a quarter or half of its cores",
                    "UPDATE information_schema.be_configs SET VALUE = '8' WHERE NAME = 'compact_threads';", SRD_SAFE }, NULL },
        { "then", { "compact the partition with the highest score (from 3.3 on)", "ALTER TABLE {table} COMPACT ({partition});",
                    SRD_SAFE }, NULL },
        { "later", { "watch the score: below 10 all is done", "SELECT DB_NAME, TABLE_NAME, PARTITION_NAME, MAX_CS FROM "
                     "information_schema.partitions_meta ORDER BY MAX_CS DESC LIMIT 10;", SRD_SAFE }, NULL },
    },
    .why = "Each load writes a file per tablet, however small. When many small loads make them faster than compaction merges them, "
           "StarRocks delays the commits of loads and at last refuses them.",
};

const struct srd_cause srd_cause_starved = {
    .id = "RC-05",
    .title = "Compaction is switched off or has nothing to run on",
    .required = {
        { .check = "compaction.lake-score", .level = SRD_WARNING, .alternatives = "compaction.version-count compaction.score-high",
          .words = "{measured}" },
        { .check = "compaction.disabled", .level = SRD_WARNING,
          .alternatives = "compaction.lake-warehouse-missing compaction.not-progressing", .words = "{measured}" },
    },
    .supporting = {
        { .check = "compaction.lake-slowdown", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "compaction.threads-saturated", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "compaction.score-high", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "load.error-class", .level = SRD_WARNING, .only = "class=score", .words = "{measured}" },
        { .check = "load.error-class", .level = SRD_WARNING, .only = "class=versions", .words = "{measured}" },
    },
    .contradicting = {
        { .check = "load.small-frequent", .level = SRD_CRITICAL, .words = "loads are very frequent as well: {measured}" },
    },
    .not_because = {
        { .check = "load.small-frequent", .level = SRD_WARNING, .words = "too many small loads: {measured}" },
        { .check = "compaction.lake-job-errors", .level = SRD_WARNING, .words = "failing jobs: {measured}" },
        { .check = "compaction.pk-apply-lag", .level = SRD_INFO, .words = "a queue of versions to apply: {measured}" },
    },
    .explains = "compaction.lake-slowdown compaction.lake-tasks-capped compaction.pk-score-high compaction.score-high "
                "load.job-failure-rate storage.lake-vacuum-stalled storage.lake-amplification",
    .steps = {
        { "now", { "switch compaction on again", "{undo}", SRD_SAFE }, "compaction.disabled" },
        { "now", { "if its warehouse has no nodes: start some, or name a warehouse that has", NULL, SRD_SAFE }, NULL },
        { "then", { "compact the worst partition first (shared-data: from 3.3 on)", "ALTER TABLE {table} {compact} ({partition});",
                    SRD_SAFE }, NULL },
        { "later", { "look for the setting in fe.conf and be.conf, or it is back after a restart", NULL, SRD_SAFE }, NULL },
    },
    .why = "Loads go on as ever and nothing merges what they write: compaction was switched off and forgotten, or the nodes on which "
           "it runs are gone.",
};

const struct srd_cause srd_cause_apply_lag = {
    .id = "RC-09",
    .title = "Versions of primary key tables wait to be applied, and pile up",
    .mode = SRD_MODE_SHARED_NOTHING,
    .required = {
        { .check = "compaction.pk-apply-lag", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "compaction.pk-score-high", .level = SRD_WARNING, .words = "{measured}" },
    },
    .supporting = {
        { .check = "storage.pk-index-memory", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "storage.pk-key-wide", .level = SRD_INFO, .words = "{measured}" },
        { .check = "ingest.disk-io", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "load.error-class", .level = SRD_WARNING, .only = "class=versions", .words = "{measured}" },
    },
    .contradicting = {
        { .check = "compaction.disabled", .level = SRD_WARNING, .words = "compaction is off as well: {measured}" },
        { .check = "load.small-frequent", .level = SRD_CRITICAL, .words = "loads are very frequent as well: {measured}" },
    },
    .not_because = {
        { .check = "load.small-frequent", .level = SRD_WARNING, .words = "too many small loads: {measured}" },
        { .check = "compaction.disabled", .level = SRD_WARNING, .words = "compaction that is switched off: {measured}" },
    },
    .explains = "compaction.version-count storage.replica-version-lag txn.committed-not-visible "
                "load.job-failure-rate",
    .steps = {
        { "now", { "let the writers of primary key tables load less often, in batches 10 s apart", NULL, SRD_SAFE }, NULL },
        { "then", { "see which table has the versions, and what its index is", "SHOW CREATE TABLE {table};", SRD_SAFE },
          "compaction.pk-score-high" },
        { "then", { "keep its index on disk: one in memory is loaded anew before anything is applied",
                    "ALTER TABLE {table} SET (\"enable_persistent_index\" = \"true\");", SRD_SAFE }, "compaction.pk-score-high" },
        { "then", { "more threads that apply, while the CPU of {backend} is below 60 %: transaction_apply_worker_count in be.conf",
                    NULL, SRD_SAFE }, "compaction.pk-apply-lag" },
        { "later", { "a narrower key, fewer buckets for small tables, and faster disks under the index", NULL, SRD_RISKY }, NULL },
    },
    .why = "A version of a primary key table is usable when it has been applied: its keys are looked up in the index, and the old rows "
           "marked deleted. When that is slower than loads come, versions wait in a queue and their rowsets pile up, however large the "
           "loads are.",
};
/* clang-format on */
