/* Which questions about the write path cannot be answered from one look at the cluster, and why? */

#include "experts/ingest/ingest.h"

/* clang-format off */
const struct srd_check srd_ingest_flush_backlog = {
    .id = "ingest.flush-backlog",
    .title = "Memtables wait to be flushed",
    .family = "write-stage",
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "What was loaded waits in memory for a disk or a thread; loads slow down and time out.",
    .measured_by = "metrics of each node: memtable_flush_queue_count, size and active threads of that pool; three samples, for one "
                   "may catch a peak of seconds",
    .rule = "warning: the queue is more than 10 times the threads in 3 samples; critical: and loads time out within 10 minutes",
    .source = "flush_thread_num_per_store of the BE (2); 10 times is our judgement",
    .avoid = "Peaks of less than a minute.",
    .see = "ingest.disk-io memory.be-load",
    .fix = {
        { "Look at the disks first: ingest.disk-io", NULL, SRD_SAFE },
        { "If they have room for more, flush with more threads",
          "UPDATE information_schema.be_configs SET VALUE = '4' WHERE NAME = 'flush_thread_num_per_store';", SRD_SAFE },
        { "Let each load write to fewer partitions and buckets", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_ingest_async_writer_backlog = {
    .id = "ingest.async-writer-backlog",
    .title = "Writers of tablets are saturated",
    .family = "write-stage",
    .worst = SRD_WARNING,
    .kind = SRD_DELTA,
    .why = "Tasks that write tablets queue up: too little CPU for encoding, or too many tablets per load.",
    .measured_by = "metrics of each node: async_delta_writer_queue_count, growth of async_delta_writer_task_pending_duration_us; "
                   "two samples",
    .rule = "warning: tasks wait for more than a second on average for 5 minutes",
    .source = "our judgement",
    .avoid = "Nothing known.",
    .see = "storage.tablet-too-small ingest.partition-explosion",
    .fix = {
        { "Let each load write to fewer tablets", NULL, SRD_SAFE },
        { "Write with more threads (number_tablet_writer_threads of the BE)",
          "UPDATE information_schema.be_configs SET VALUE = '32' WHERE NAME = 'number_tablet_writer_threads';", SRD_SAFE },
    },
};

const struct srd_check srd_ingest_replica_wait = {
    .id = "ingest.replica-wait",
    .title = "Loads wait for a slow replica",
    .family = "write-stage",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_WARNING,
    .kind = SRD_DELTA,
    .why = "The first replica waits until the others are written: one sick BE slows down every load.",
    .measured_by = "metrics of each BE: growth of load_channel_add_chunks_wait_replica_duration_us against those of memtable and "
                   "writer, segment_replicate_queue_count; two samples",
    .rule = "warning: more than half of the waiting is for replicas, and more than a second on average, for 5 minutes",
    .source = "enable_replicated_storage_as_default_engine (true); the numbers are our judgement",
    .avoid = "Shared-data clusters have no replicas.",
    .see = "cluster.network-errors ingest.disk-io",
    .fix = {
        { "Repair the slow BE (disk, network): the one with the longest queue", NULL, SRD_SAFE },
        { "As a last resort decommission it", "ALTER SYSTEM DECOMMISSION BACKEND \"<host>:<heartbeat port>\";", SRD_RISKY },
    },
};

const struct srd_check srd_ingest_disk_io = {
    .id = "ingest.disk-io",
    .title = "Disks busy all the time",
    .family = "write-stage",
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "A device that is always busy makes flush, compaction, publish and reads queue up.",
    .measured_by = "metrics of each node: growth of disk_io_time_ms per device against the time that passed; two samples",
    .rule = "warning: above 90 % for 10 minutes; critical: all data disks of a BE above 95 % for 30 minutes while loads or "
            "queries fail",
    .source = "the alarm of the documentation (90 %); the times are our judgement",
    .avoid = "NVMe devices show 100 % long before they are full: something has to wait for them too (ingest.flush-backlog).",
    .see = "compaction.threads-saturated balance.clone-backlog",
    .fix = {
        { "Find who writes: loads, compaction, clones", NULL, SRD_SAFE },
        { "Throttle clones", "ADMIN SET FRONTEND CONFIG (\"tablet_sched_slot_num_per_path\" = \"2\");", SRD_SAFE },
        { "Move batch jobs to quieter hours", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_ingest_spill_heavy = {
    .id = "ingest.spill-heavy",
    .title = "Loads spill",
    .family = "write-stage",
    .worst = SRD_WARNING,
    .kind = SRD_DELTA,
    .why = "A load with too many target tablets writes to disk or object storage first and reads it back: slow and dear.",
    .measured_by = "metrics load_spill_* of each node, two samples; RUNTIME_DETAILS of information_schema.loads",
    .rule = "info: more than half of the loaded bytes are spilled within an hour; warning: and loads are stuck (load.stuck)",
    .source = "our judgement",
    .avoid = "A large backfill spills by design.",
    .see = "memory.be-load",
    .fix = {
        { "Sort or partition the input by the target's partitions", NULL, SRD_SAFE },
        { "Give the nodes more memory", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_ingest_later_checks[] = {
    &srd_ingest_flush_backlog,
    &srd_ingest_async_writer_backlog,
    &srd_ingest_replica_wait,
    &srd_ingest_disk_io,
    &srd_ingest_spill_heavy,
    NULL,
};
