/* Which questions about continuous loading cannot be answered from one look, and why? */

#include "experts/load/load.h"

/* clang-format off */
const struct srd_check srd_load_routine_error_rows = {
    .id = "load.routine-error-rows",
    .title = "Routine Load skips rows",
    .family = "routine",
    .worst = SRD_WARNING,
    .kind = SRD_DELTA,
    .why = "Rows are rejected and nobody notices, or the job is about to pause because of them.",
    .measured_by = "information_schema.routine_load_jobs: growth of errorRows and totalRows in STATISTICS, against "
                   "max_error_number within a window of 10 times max_batch_rows; two samples",
    .rule = "warning: more than half of max_error_number within one window, or more than 1 % of the rows where the limit is "
            "generous",
    .source = "max_error_number and max_batch_rows as documented; half and 1 % are our judgement",
    .avoid = "The counters run since the job was created: only their growth says something about today.",
    .see = "load.filtered-rows load.routine-paused",
    .fix = {
        { "See some of the rejected rows (the id of the job is in routine_load_jobs)",
          "SELECT tracking_log FROM information_schema.load_tracking_logs WHERE job_id = {job_id} LIMIT 20;", SRD_SAFE },
        { "Repair the producer", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_load_routine_task_timeouts = {
    .id = "load.routine-task-timeouts",
    .title = "Routine Load tasks time out",
    .family = "routine",
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "Tasks are aborted and tried again: the job lags behind without ever pausing.",
    .measured_by = "information_schema.routine_load_jobs: growth of abortedTaskNum and committedTaskNum in STATISTICS; two "
                   "samples",
    .rule = "warning: at least 5 aborted and more than 10 % of the tasks; critical: more than half, and none committed",
    .source = "routine_load_task_timeout_second (60), routine_load_kafka_timeout_second (12); the shares are our judgement",
    .avoid = "A task that found no rows is aborted too, and the restart of a BE aborts those that ran on it.",
    .see = "ingest.flush-backlog txn.publish-latency-high",
    .fix = {
        { "Allow 4 times the time that a task may read (pause the job first)",
          "ALTER ROUTINE LOAD FOR {job} PROPERTIES (\"task_timeout_second\" = \"60\", \"task_consume_second\" = \"15\");", SRD_SAFE },
        { "See what the tasks wait for: ingest.flush-backlog, txn.publish-latency-high", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_load_stream_one_entry = {
    .id = "load.stream-one-entry",
    .title = "All stream loads enter through one node",
    .worst = SRD_WARNING,
    .kind = SRD_DELTA,
    .why = "A fixed address in the clients makes one node parse and send on everything: it becomes the bottleneck.",
    .measured_by = "metrics of each node: growth of streaming_load_bytes and streaming_load_requests_total; two samples",
    .rule = "info: more than 70 % of the bytes through one of at least 3 nodes, and more than 1 GiB; warning: and that node's "
            "CPU is at 1.5 times the median",
    .source = "our judgement",
    .avoid = "Little traffic says nothing; a proxy for each zone is meant to be like that.",
    .see = "query.skewed-execution cluster.be-cpu-saturated",
    .fix = {
        { "Let clients address the FEs, which redirect to all nodes in turn, or a load balancer before all nodes", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_load_stream_size_limit = {
    .id = "load.stream-size-limit",
    .title = "Stream loads refused for their size",
    .worst = SRD_WARNING,
    .kind = SRD_LOG,
    .why = "The node refuses the request before a transaction begins, so that no list of loads knows of it: only the client and "
           "the node's log do.",
    .measured_by = "log of the BEs and CNs: \"exceed limit\" with streaming_load_max_mb, \"exceed the max size\" of JSON data",
    .rule = "warning: at least 3 within an hour from one client",
    .source = "streaming_load_max_mb (102400) and streaming_load_max_batch_size_mb (100) of the BE",
    .avoid = "Nothing known.",
    .see = "load.error-class",
    .fix = {
        { "Split the files; of JSON send smaller arrays with strip_outer_array, or the header ignore_json_size where memory allows",
          NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_load_routine_later_checks[] = {
    &srd_load_stream_one_entry,
    &srd_load_stream_size_limit,
    &srd_load_routine_error_rows,
    &srd_load_routine_task_timeouts,
    NULL,
};
