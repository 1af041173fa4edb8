/* Which questions about transactions cannot be answered from one look at the cluster yet, and why?
 */

#include "experts/transactions/transactions.h"

/* clang-format off */
const struct srd_check srd_txn_publish_latency_high = {
    .id = "txn.publish-latency-high",
    .title = "Publishing is slow",
    .family = "txn-queue",
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "The time from commit to visible is how fresh data is for those who read it.",
    .measured_by = "metrics of the leader, two samples: txn_publish_latency_ms and its parts schedule, execute and ack (4.0 and "
                   "later)",
    .rule = "warning: the 99th percentile is above 5 s; critical: above 30 s for 10 minutes",
    .source = "our judgement; waiting for the quorum takes up to 5 s",
    .avoid = "Quantiles without new transactions keep old values.",
    .see = "txn.publish-queue compaction.pk-apply-lag storage.lake-throttled",
    .fix = {
        { "The largest part decides: schedule means load or locks of the FE, execute the queue of a BE, primary key apply or "
          "the object store, ack the network", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_txn_publish_queue = {
    .id = "txn.publish-queue",
    .title = "Publish tasks queue up",
    .family = "txn-queue",
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "The publish threads of a BE cannot keep up, and everything that was committed waits for them.",
    .measured_by = "metrics of each BE, three samples: publish_version_queue_count; in shared-data lake_publish_version_queued_tasks",
    .rule = "warning: more than 1,000, or more than 20 for each thread, in 3 samples; critical: rising in 3 runs together with "
            "txn.committed-not-visible",
    .source = "issue 43393; our judgement",
    .avoid = "Nothing known.",
    .see = "load.small-frequent storage.tablet-too-small",
    .fix = {
        { "On large machines raise transaction_publish_version_worker_count of the BE (0: as many as cores); write fewer tablets "
          "with each load", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_txn_abort_rate = {
    .id = "txn.abort-rate",
    .title = "Many transactions are aborted",
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "What is aborted has to be loaded again, whatever brought it.",
    .measured_by = "metrics of the leader, two samples: txn_failed and txn_begin; Reason of finished transactions",
    .rule = "warning: more than 5 % and 20 in 10 minutes; critical: more than 30 % and 50",
    .source = "documentation of alerts; the numbers are our judgement",
    .avoid = "Tasks of Routine Load that read nothing abort on purpose.",
    .see = "load.job-failure-rate",
    .fix = {
        { "Group them by reason (load.error-class)", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_txn_lake_publish_failed = {
    .id = "txn.lake-publish-failed",
    .title = "Publishing fails in shared-data",
    .family = "txn-queue",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "Publishing of tablets fails and is tried again for ever.",
    .measured_by = "counter lake_publish_version_failed_tasks of each CN, two samples; ErrMsg of running transactions; logs",
    .rule = "warning: more than 10 in 10 minutes; critical: the same together with txn.committed-not-visible",
    .source = "our judgement",
    .avoid = "While a CN is drained its tablets are published elsewhere.",
    .see = "storage.lake-unreachable cluster.cn-registered-without-worker",
    .fix = {
        { "By the text: a missing metadata file is storage.lake-file-missing; else memory, or the object store", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_txn_later_checks[] = {
    &srd_txn_publish_latency_high,
    &srd_txn_publish_queue,
    &srd_txn_abort_rate,
    &srd_txn_lake_publish_failed,
    NULL,
};
