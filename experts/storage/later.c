/* Which storage questions cannot be answered from one look at the cluster yet, and why? */

#include "experts/storage/storage.h"

/* clang-format off */
const struct srd_check srd_storage_disk_eta = {
    .id = "storage.disk-eta",
    .title = "Time until a disk is full",
    .family = "disk-limit",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .kind = SRD_HISTORY,
    .why = "The time that is left matters more than the level: a disk at 80 % that fills in a day is worse than one at "
           "90 % that has not moved for a month.",
    .measured_by = "used bytes per path (SHOW PROC '/backends/<id>') of at least 6 stored samples over at least 24 hours; "
                   "robust slope (Theil-Sen) up to the point where the hard limit is reached",
    .rule = "critical: less than 24 hours; warning: less than 7 days; only when the slope is positive and at least 70 % of "
            "the pairwise slopes are",
    .source = "our judgement",
    .avoid = "Growth by a running clone, schema change or restore is temporary and said to be; compaction and trash make "
             "a sawtooth, which is why the slope is a robust one.",
    .see = "storage.disk-hard-limit storage.no-retention balance.clone-backlog alter.too-many-running",
    .fix = {
        { "As for storage.disk-hard-limit, beginning with the tables that grew most", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_storage_unique_model = {
    .id = "storage.unique-model",
    .title = "Large tables of the unique key model",
    .worst = SRD_INFO,
    .kind = SRD_LOG,
    .why = "UNIQUE KEY tables merge on every read and cannot push predicates down; primary key tables replace them.",
    .measured_by = "information_schema.tables_config (TABLE_MODEL = 'UNIQUE_KEYS') with the size of the table, and its "
                   "scans per day in the audit log",
    .rule = "info: more than 10 GiB and at least 100 scans a day",
    .source = "the documentation of primary key tables, which recommends them for updates",
    .avoid = "Tables that are written often and hardly read: the unique model is right for them.",
    .see = "query.slow-digest",
    .fix = {
        { "Create it anew as a primary key table and reload it", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_storage_lake_amplification = {
    .id = "storage.lake-amplification",
    .title = "Obsolete files in the object store",
    .family = "lake-garbage",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_CRITICAL,
    .kind = SRD_HISTORY,
    .why = "Files that no version needs any more are not deleted: the bill grows though the data does not.",
    .measured_by = "information_schema.partitions_meta: STORAGE_SIZE / DATA_SIZE in all and of partitions from 10 GiB on, "
                   "over stored samples of more than 24 hours",
    .rule = "warning: the total ratio is above 2 for more than 24 hours; critical: above 5 and growing by more than 10 % a day",
    .source = "our judgement; issues #27599, #31467, #37280, #61602, #78235",
    .avoid = "After a bulk compaction or an overwrite the ratio is above 2 for the grace period (30 minutes) and a vacuum "
             "cycle at least; of tiny partitions it says nothing; the recycle bin is not in it.",
    .see = "storage.lake-vacuum-stalled storage.lake-vacuum-fails",
    .fix = {
        { "Find what keeps files from being deleted: storage.lake-vacuum-stalled, storage.lake-vacuum-fails", NULL, SRD_SAFE },
        { "Shorten the cycle",
          "ADMIN SET FRONTEND CONFIG (\"lake_autovacuum_partition_naptime_seconds\" = \"60\");", SRD_SAFE },
        { "Raise lake_autovacuum_parallel_partitions in fe.conf of all FEs and restart them one by one", NULL, SRD_RISKY },
    },
};

const struct srd_check srd_storage_lake_vacuum_stalled = {
    .id = "storage.lake-vacuum-stalled",
    .title = "Vacuum stands still",
    .family = "lake-garbage",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_CRITICAL,
    .kind = SRD_HISTORY,
    .why = "Old versions pile up in the object store; metadata and storage grow.",
    .measured_by = "FE metrics vacuum_files_count and vacuum_files_bytes, counters lake_vacuum_* of the CNs, and the "
                   "versions of partitions, of stored samples",
    .rule = "warning: no file vacuumed in 6 hours while more than 100 partitions got new versions, or the queue of delete "
            "tasks grows over 3 runs; critical: the same for 24 hours together with storage.lake-amplification",
    .source = "lake_autovacuum_grace_period_minutes (30), lake_autovacuum_partition_naptime_seconds (180), "
              "lake_autovacuum_parallel_partitions (8) and their code; the times are our judgement",
    .avoid = "A long load pins transaction logs only, long queries pin nothing. Partitions without a write for 12 hours are "
             "not visited. Idle clusters delete nothing.",
    .see = "backup.snapshot-failed backup.snapshot-overdue compaction.lake-job-stuck storage.lake-vacuum-fails "
           "compaction.lake-warehouse-missing",
    .fix = {
        { "Automated cluster snapshots pin everything newer than the second newest finished one: repair them "
          "(backup.snapshot-failed)", NULL, SRD_SAFE },
        { "A stuck compaction or schema change pins its partitions: compaction.lake-job-stuck, alter.stuck", NULL, SRD_SAFE },
        { "See that the background warehouse has nodes (compaction.lake-warehouse-missing) and that deleting is "
          "allowed (storage.lake-vacuum-fails)", NULL, SRD_SAFE },
        { "Too many active partitions for the cycle: shorten it",
          "ADMIN SET FRONTEND CONFIG (\"lake_autovacuum_partition_naptime_seconds\" = \"60\");", SRD_SAFE },
    },
};

const struct srd_check srd_storage_lake_vacuum_fails = {
    .id = "storage.lake-vacuum-fails",
    .title = "Deleting from the object store fails",
    .family = "lake-garbage",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "Delete requests are refused (rights, object lock) or throttled; obsolete files stay for ever.",
    .measured_by = "the counter lake_vacuum_del_file_fails of each CN, two samples; logs of the CNs",
    .rule = "warning: more than 0 in 10 minutes; critical: more than 5 % of the deletes for an hour",
    .source = "our judgement",
    .avoid = "Nothing known.",
    .see = "storage.lake-throttled storage.lake-vacuum-stalled",
    .fix = {
        { "Let the account delete objects (DeleteObject in the bucket policy), look for object lock and retention rules",
          NULL, SRD_SAFE },
        { "When requests are throttled: fewer partitions at a time (storage.lake-throttled)", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_storage_lake_throttled = {
    .id = "storage.lake-throttled",
    .title = "The object store throttles requests",
    .family = "lake-store",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_CRITICAL,
    .kind = SRD_LOG,
    .why = "The store answers 503 SlowDown or 429: loads, compaction, publish and queries slow down together.",
    .measured_by = "errors of loads and compactions and logs of the CNs with SlowDown, 503, 429, \"reduce your request rate\"; "
                   "growth of the store's latencies",
    .rule = "warning: 5 matches or more in 10 minutes; critical: 5 loads or compactions failed by it in 10 minutes",
    .source = "issue #39917; our judgement",
    .avoid = "404 in races with vacuum is no throttling.",
    .see = "compaction.lake-score load.small-frequent cache.hit-low storage.lake-unreachable",
    .fix = {
        { "Load in larger batches: fewer and larger files", NULL, SRD_SAFE },
        { "Spread prefixes for new tables (aws.s3.enable_partitioned_prefix of the storage volume)", NULL, SRD_SAFE },
        { "Run fewer compactions at a time; ask the provider for higher limits", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_storage_lake_unreachable = {
    .id = "storage.lake-unreachable",
    .title = "The object store cannot be reached",
    .family = "lake-store",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_CRITICAL,
    .outage = true,
    .kind = SRD_LOG,
    .why = "Wrong endpoint, credentials or name resolution: the cluster can neither read nor write.",
    .measured_by = "SHOW STORAGE VOLUMES, DESC STORAGE VOLUME, and errors such as AccessDenied, InvalidAccessKey, "
                   "SignatureDoesNotMatch, NoSuchBucket, RequestTimeTooSkewed, UnknownHost of loads and in logs",
    .rule = "critical: on two nodes or more within 5 minutes; warning: on one node only (its network or clock)",
    .source = "our judgement",
    .avoid = "External catalogs and FILES() use other buckets: the bucket of the error is compared with the Location of "
             "the storage volume.",
    .see = "cluster.fe-clock-skew txn.lake-publish-failed storage.lake-throttled",
    .fix = {
        { "Renew the credentials (ALTER STORAGE VOLUME) and check the role", NULL, SRD_SAFE },
        { "Check the clock of the nodes (RequestTimeTooSkewed) and their way to the endpoint", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_storage_lake_file_missing = {
    .id = "storage.lake-file-missing",
    .title = "Files missing in the object store",
    .family = "lake-store",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_CRITICAL,
    .outage = true,
    .kind = SRD_LOG,
    .why = "A segment or metadata file that a version refers to does not exist: its tablet cannot be read.",
    .measured_by = "errors of queries, compaction and publish with NoSuchKey, 404 or \"not found\" for .meta, .dat and .delvec "
                   "files; the tablet from their text",
    .rule = "critical: the same file in two requests at least 60 s apart",
    .source = "issues #61602, #78235; release note of 3.4.1",
    .avoid = "A query that runs longer than the grace period of vacuum reads versions that were removed: there "
             "lake_autovacuum_grace_period_minutes is to be raised.",
    .see = "upgrade.yanked-version query.long-running storage.lake-unreachable",
    .fix = {
        { "First of all keep vacuum from removing more",
          "ADMIN SET FRONTEND CONFIG (\"lake_autovacuum_grace_period_minutes\" = \"1440\");", SRD_SAFE },
        { "Look for the object in the version history of the bucket and restore it", NULL, SRD_SAFE },
        { "ADMIN REPAIR TABLE, in the newest releases, sets the partition back to an older version and loses the newest rows",
          NULL, SRD_RISKY },
    },
};
/* clang-format on */

const struct srd_check *const srd_storage_later_checks[] = {
    &srd_storage_disk_eta,
    &srd_storage_unique_model,
    &srd_storage_lake_amplification,
    &srd_storage_lake_vacuum_stalled,
    &srd_storage_lake_vacuum_fails,
    &srd_storage_lake_throttled,
    &srd_storage_lake_unreachable,
    &srd_storage_lake_file_missing,
    NULL,
};
