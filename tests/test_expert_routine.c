/* When do Routine Load, pipes and stream loads alarm, and when must they stay quiet? */

#include "experts/load/load.h"
#include "experts/load/routine.h"
#include "lib/model/identity.h"
#include "tests/expert_rows.h"

/* What is tested here; the expert lists them beside their records. */
extern const struct srd_check srd_load_pipe_error, srd_load_pipe_files,
    srd_load_routine_concurrency, srd_load_routine_dead, srd_load_routine_error_rows,
    srd_load_routine_lag, srd_load_routine_need_schedule, srd_load_routine_paused,
    srd_load_routine_task_timeouts, srd_load_routine_unstable, srd_load_stream_one_entry,
    srd_load_stream_size_limit, srd_load_stream_slow;

#define V32 30200

/* It is 2026-01-20 02:00:00 UTC = 1768874400. */
/* clang-format off */
#define NOW_M1 "1768874340"      /* a minute ago */
#define H1 "1768870800"          /* an hour ago */
#define H23 "1768791600"
#define H25 "1768784400"
#define D6 "1768356000"
#define D8 "1768183200"
#define OLD "1760000000"
#define FUTURE "1768900000"      /* 7 hours ahead: a wrong zone */

#define HEAD "ID|NAME|DB_NAME|TABLE_NAME|STATE|DATA_SOURCE_TYPE|CREATED_S|PAUSED_S|ENDED_S|CURRENT_TASK_NUM|DESIRED_TASKS|" \
             "BATCH_INTERVAL|BATCH_ROWS|MAX_ERRORS|CONSUME_SECONDS|TIMEOUT_SECONDS|TOPIC|PARTITIONS|STATISTICS|REASON|OTHER_MSG|JOBS"
#define LAGS "|OFFSET_LAG|TIMESTAMP_PROGRESS\n"
#define STATS "{\"totalRows\":100,\"errorRows\":1,\"committedTaskNum\":9,\"abortedTaskNum\":1}"
#define JOB_AT(id, table, state, created, paused, ended, tasks, desired, parts, reason, n) \
    id "|j" id "|db|" table "|" state "|KAFKA|" created "|" paused "|" ended "|" tasks "|" desired "|10|200000|0|15|60|top|" parts "|" \
    STATS "|" reason "||" n
#define JOBS(rows) { &srd_probe_routine_jobs, "", HEAD LAGS rows, 0 }
#define OLD_JOBS(rows) { &srd_probe_routine_jobs, "", HEAD "\n" rows, 0 }
#define PAUSED(id, paused, reason) JOB_AT(id, "t", "PAUSED", OLD, paused, "\\N", "0", "3", "0,1,2", reason, "1") "|{}|{}\n"
#define MSG(code, text) "ErrorReason{errCode = " code ", msg='" text "'}"
#define MANUAL MSG("100", "User root pauses routine load job")
#define REPLICAS MSG("3", "Tablet lost replicas. Check if any backend is down or not. tablet_id: 7")
#define DEAD(id, table, ended) JOB_AT(id, table, "CANCELLED", OLD, "\\N", ended, "0", "3", "0", MSG("7", "meta not found"), "1") "|{}|{}\n"
#define RUNS(id, tasks, desired, parts, lag, at) JOB_AT(id, "t", "RUNNING", OLD, "\\N", "\\N", tasks, desired, parts, "", "1") "|" lag "|" at "\n"
#define WAITS(id, created) JOB_AT(id, "t", "NEED_SCHEDULE", created, "\\N", "\\N", "0", "3", "0", "", "1") "|{}|{}\n"
#define AT(partition, ms) "{\"" partition "\":\"" ms "\"}"
#define MS_FRESH "1768874399000"
#define MS_M6 "1768874040000"    /* 6 minutes ago */
#define MS_M61 "1768870740000"   /* 61 minutes ago */
#define MS_M59 "1768870860000"
#define BE_HEAD "BackendId|IP|HeartbeatPort|Alive\n"
#define BE3 { &srd_probe_backends, "", BE_HEAD "1|b1|9050|true\n2|b2|9050|true\n3|b3|9050|true\n", 0 }
#define BE9 { &srd_probe_backends, "", BE_HEAD "1|b1|9050|true\n2|b2|9050|true\n3|b3|9050|true\n4|b4|9050|true\n5|b5|9050|true\n" \
              "6|b6|9050|true\n7|b7|9050|true\n", 0 }
#define BE_DEAD { &srd_probe_backends, "", BE_HEAD "1|b1|9050|true\n2|b2|9050|false\n", 0 }
#define CONFIG(rows) { &srd_probe_fe_config, "", "Key|AliasNames|Value\n" rows, 0 }

#define PIPE_HEAD "DATABASE_NAME|PIPE_ID|PIPE_NAME|STATE|TABLE_NAME|LAST_LOADED|ERROR_TIME|ERROR_TEXT|POLL_SECONDS|PIPES\n"
#define PIPE(id, state, loaded, error) "db|" id "|p" id "|" state "|db.t|" loaded "|\\N|" error "|300|1\n"
#define PIPES(rows) { &srd_probe_pipes, "", PIPE_HEAD rows, 0 }
#define FILE_HEAD "PIPE_ID|ALL_FILES|UNLOADED|UNLOADED_BYTES|OLDEST_UNLOADED|LOADING|FAILED|FAILED_LATELY|TRIED_LATELY|FAILED_FILE|ERROR_TEXT\n"
#define FILES(rows) { &srd_probe_pipe_files, "+00:00", FILE_HEAD rows, 0 }

#define ST_HEAD "DB_NAME|TABLE_NAME|LABEL|STATE|TYPE|NUM_ROWS_NORMAL|NUM_LOAD_BYTES|TIMEOUT_SECOND|CREATED_S|ENDED_S|ERROR_TEXT|KEPT|OLDEST_S\n"
#define ST(label, state, timeout, created, ended) "db|t|" label "|" state "|STREAM_LOAD|10|1000|" timeout "|" created "|" ended "||6|" OLD "\n"
#define STREAMS(rows) { &srd_probe_stream_loads, "", ST_HEAD rows, 0 }
#define FIVE(ended) ST("a", "FINISHED", "600", "1768873000", ended) ST("b", "FINISHED", "600", "1768873000", ended) \
    ST("c", "FINISHED", "600", "1768873000", ended) ST("d", "FINISHED", "600", "1768873000", ended)

static const struct row rows[] = {
#define CHECK &srd_load_routine_paused
    { "a job that StarRocks paused is critical", CHECK, { JOBS(PAUSED("1", H1, REPLICAS)) }, "critical db.j1", SN, V35 },
    { "also in shared-data", CHECK, { JOBS(PAUSED("1", H1, MSG("3", "Failed to get primary backend. shard id: 4"))) }, "critical db.j1", SD, V35 },
    { "also in 3.2, whose table has no lag", CHECK, { OLD_JOBS(JOB_AT("1", "t", "PAUSED", OLD, H1, "\\N", "0", "3", "0", REPLICAS, "1") "\n") }, "critical db.j1", SN, V32 },
    { "its owner's pause of 23 hours is told", CHECK, { JOBS(PAUSED("1", H23, MANUAL)) }, "info db.j1", SN, V35 },
    { "its owner's pause of 25 hours is a warning", CHECK, { JOBS(PAUSED("1", H25, MANUAL)) }, "warning db.j1", SN, V35 },
    { "a pause without a reason may be its owner's", CHECK, { JOBS(PAUSED("1", H1, "")) }, "warning db.j1", SN, V35 },
    { "a pause of its owner whose age is not known says so", CHECK, { JOBS(PAUSED("1", "\\N", MANUAL)) }, "info db.j1\nnot checked: failed", SN, V35 },
    { "an age from the future is no age", CHECK, { JOBS(PAUSED("1", FUTURE, MANUAL)) }, "info db.j1\nnot checked: failed", SN, V35 },
    { "the age of a pause by StarRocks does not matter", CHECK, { JOBS(PAUSED("1", "\\N", REPLICAS)) }, "critical db.j1", SN, V35 },
    { "running jobs are not paused", CHECK, { JOBS(RUNS("1", "3", "3", "0,1,2", "{}", "{}")) }, "ok", SN, V35 },
    { "no job at all is fine", CHECK, { JOBS("") }, "ok", SN, V35 },
    { "jobs that were not read are said", CHECK, { { &srd_probe_routine_jobs, "", HEAD LAGS JOB_AT("1", "t", "RUNNING", OLD, "\\N", "\\N", "3", "3", "0", "", "4000") "|{}|{}\n", 0 } },
      "not checked: skipped", SN, V35 },
    { "paused: denied leaves it open", CHECK, { { &srd_probe_routine_jobs, "", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
    { "paused: no node leaves it open", CHECK, { { &srd_probe_routine_jobs, "", NULL, SRD_NO_BACKEND } }, "not checked: no_backend", SN, V35 },
    { "paused: a missing column is a matter of version", CHECK, { { &srd_probe_routine_jobs, "", "ID|NAME|STATE\n1|j|PAUSED\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_load_routine_dead
    { "a cancelled job is a warning", CHECK, { JOBS(DEAD("1", "t", D6)) }, "warning db.j1", SN, V35 },
    { "one that ended 8 days ago is not", CHECK, { JOBS(DEAD("1", "t", D8)) }, "ok", SN, V35 },
    { "a successor into the same table makes up for it", CHECK, { JOBS(DEAD("1", "t", D6) RUNS("2", "3", "3", "0", "{}", "{}")) }, "ok", SN, V35 },
    { "one into another table does not", CHECK, { JOBS(DEAD("1", "u", D6) RUNS("2", "3", "3", "0", "{}", "{}")) }, "warning db.j1", SN, V35 },
    { "two dead ones do not make up for each other", CHECK, { JOBS(DEAD("1", "t", D6) DEAD("2", "t", D6)) }, "warning db.j1\nwarning db.j2", SN, V35 },
    { "a table that was dropped took its job along", CHECK, { JOBS(DEAD("1", "10822", D6)) }, "ok", SN, V35 },
    { "an end that is not known is said", CHECK, { JOBS(DEAD("1", "t", "\\N")) }, "not checked: failed", SN, V35 },
    { "dead: denied leaves it open", CHECK, { { &srd_probe_routine_jobs, "", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
    { "dead: a missing column is a matter of version", CHECK, { { &srd_probe_routine_jobs, "", "ID|NAME|STATE\n1|j|CANCELLED\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_load_routine_lag
    { "300,001 rows that are 6 minutes late are a warning", CHECK, { JOBS(RUNS("1", "1", "1", "0", AT("0", "300002"), AT("0", MS_M6))) }, "warning db.j1", SN, V35 },
    { "300,000 are not", CHECK, { JOBS(RUNS("1", "1", "1", "0", AT("0", "300001"), AT("0", MS_M6))) }, "ok", SN, V35 },
    { "two partitions of 200,000 are not", CHECK, { JOBS(RUNS("1", "1", "1", "0,1", "{\"0\":\"200000\",\"1\":\"200000\"}", "{}")) }, "ok", SN, V35 },
    { "a burst of fresh messages is told", CHECK, { JOBS(RUNS("1", "1", "1", "0", AT("0", "400000"), AT("0", MS_FRESH))) }, "info db.j1", SN, V35 },
    { "a lag whose age is not known is a warning", CHECK, { JOBS(RUNS("1", "1", "1", "0", AT("0", "400000"), "{}")) }, "warning db.j1", SN, V35 },
    { "numbers need no quotes", CHECK, { JOBS(RUNS("1", "1", "1", "0", "{\"0\":400000}", "{}")) }, "warning db.j1", SN, V35 },
    { "a new job reads its history", CHECK, { JOBS(JOB_AT("1", "t", "RUNNING", H23, "\\N", "\\N", "1", "1", "0", "", "1") "|" AT("0", "9000000") "|" AT("0", MS_M61) "\n") },
      "info db.j1", SN, V35 },
    { "after a day it is no longer new", CHECK, { JOBS(JOB_AT("1", "t", "RUNNING", H25, "\\N", "\\N", "1", "1", "0", "", "1") "|" AT("0", "9000000") "|" AT("0", MS_M61) "\n") },
      "warning db.j1", SN, V35 },
    { "a lag of 1 is none", CHECK, { JOBS(RUNS("1", "1", "1", "0", AT("0", "1"), AT("0", OLD "000"))) }, "ok", SN, V35 },
    { "a paused job's lag is that of routine-paused", CHECK, { JOBS(JOB_AT("1", "t", "PAUSED", OLD, H1, "\\N", "0", "1", "0", MANUAL, "1") "|" AT("0", "9000000") "|{}\n") }, "ok", SN, V35 },
    { "a lag that nobody knows yet is not known", CHECK, { JOBS(RUNS("1", "1", "1", "0", "{}", "{}")) }, "not checked: failed", SN, V35 },
    { "garbage in place of a lag is not known", CHECK, { JOBS(RUNS("1", "1", "1", "0", "{\"0\":[", "{}")) }, "not checked: failed", SN, V35 },
    { "a finding stands beside a job whose lag is not known", CHECK, { JOBS(RUNS("1", "1", "1", "0", AT("0", "400000"), "{}") RUNS("2", "1", "1", "0", "{}", "{}")) },
      "warning db.j1\nnot checked: failed", SN, V35 },
    { "lag: 3.2 does not tell it", CHECK, { OLD_JOBS(JOB_AT("1", "t", "RUNNING", OLD, "\\N", "\\N", "1", "1", "0", "", "1") "\n") }, "not checked: version", SN, V32 },
    { "lag: without running jobs 3.2 is fine", CHECK, { OLD_JOBS("") }, "ok", SN, V32 },
    { "lag: denied leaves it open", CHECK, { { &srd_probe_routine_jobs, "", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_load_routine_unstable
    { "messages that are 61 minutes old are told", CHECK, { JOBS(RUNS("1", "1", "1", "0", AT("0", "500"), AT("0", MS_M61))) }, "info db.j1", SN, V35 },
    { "59 minutes are not", CHECK, { JOBS(RUNS("1", "1", "1", "0", AT("0", "500"), AT("0", MS_M59))) }, "ok", SN, V35 },
    { "an idle partition is not late", CHECK, { JOBS(RUNS("1", "1", "1", "0,1", "{\"0\":\"1\",\"1\":\"40\"}", "{\"0\":\"" OLD "000\",\"1\":\"" MS_FRESH "\"}")) }, "ok", SN, V35 },
    { "the cluster's own threshold counts", CHECK, { JOBS(RUNS("1", "1", "1", "0", AT("0", "500"), AT("0", MS_M6))),
      CONFIG("routine_load_unstable_threshold_second|[]|300\n") }, "info db.j1", SN, V35 },
    { "unstable: 3.2 does not tell it", CHECK, { OLD_JOBS(JOB_AT("1", "t", "RUNNING", OLD, "\\N", "\\N", "1", "1", "0", "", "1") "\n") }, "not checked: version", SN, V32 },
    { "unstable: denied leaves it open", CHECK, { { &srd_probe_routine_jobs, "", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_load_routine_need_schedule
    { "four jobs that wait are a warning", CHECK, { BE3, JOBS(WAITS("1", OLD) WAITS("2", OLD) WAITS("3", OLD) WAITS("4", OLD)) }, "warning Routine Load", SN, V35 },
    { "three are not", CHECK, { BE3, JOBS(WAITS("1", OLD) WAITS("2", OLD) WAITS("3", OLD)) }, "ok", SN, V35 },
    { "jobs that were just created are not", CHECK, { BE3, JOBS(WAITS("1", NOW_M1) WAITS("2", NOW_M1) WAITS("3", NOW_M1) WAITS("4", OLD)) }, "ok", SN, V35 },
    { "need-schedule: denied leaves it open", CHECK, { { &srd_probe_routine_jobs, "", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
    { "need-schedule: no job waits", CHECK, { JOBS("") }, "ok", SD, V35 },
#undef CHECK
#define CHECK &srd_load_routine_concurrency
    { "fewer nodes than wanted tasks are told", CHECK, { BE3, JOBS(RUNS("1", "3", "5", "0,1,2,3,4,5", "{}", "{}")) }, "info db.j1", SN, V35 },
    { "and a warning when the job lags behind", CHECK, { BE3, JOBS(RUNS("1", "3", "5", "0,1,2,3,4,5", AT("0", "400000"), "{}")) }, "warning db.j1", SN, V35 },
    { "the FE's own bound of 5 counts", CHECK, { BE9, JOBS(RUNS("1", "6", "8", "0,1,2,3,4,5", "{}", "{}")) }, "info db.j1", SN, V35 },
    { "and is read from the cluster", CHECK, { BE9, JOBS(RUNS("1", "6", "8", "0,1,2,3,4,5", "{}", "{}")), CONFIG("max_routine_load_task_concurrent_num|[]|6\n") }, "ok", SN, V35 },
    { "few partitions are no fault", CHECK, { BE9, JOBS(RUNS("1", "2", "5", "0,1", "{}", "{}")) }, "ok", SN, V35 },
    { "unless the job lags behind", CHECK, { BE9, JOBS(RUNS("1", "2", "5", "0,1", AT("0", "400000"), "{}")) }, "warning db.j1", SN, V35 },
    { "missing tasks are told", CHECK, { BE9, JOBS(RUNS("1", "1", "3", "0,1,2,3", "{}", "{}")) }, "info db.j1", SN, V35 },
    { "concurrency: denied leaves it open", CHECK, { { &srd_probe_routine_jobs, "", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_load_pipe_error
    { "a pipe in error is critical", CHECK, { PIPES(PIPE("7", "ERROR", "\\N", "boom")) }, "critical db.p7", SN, V35 },
    { "suspended for 25 hours is a warning", CHECK, { PIPES(PIPE("7", "SUSPEND", "2026-01-19 01:00:00", "\\N")) }, "warning db.p7", SN, V35 },
    { "suspended for 23 hours is told", CHECK, { PIPES(PIPE("7", "SUSPEND", "2026-01-19 03:00:00", "\\N")) }, "info db.p7", SD, V35 },
    { "suspended since an unknown time is told", CHECK, { PIPES(PIPE("7", "SUSPEND", "\\N", "\\N")) }, "info db.p7", SN, V35 },
    { "files that wait for 51 minutes while nothing is loaded are a warning", CHECK, { PIPES(PIPE("7", "RUNNING", "2026-01-20 00:00:00", "\\N")),
      FILES("7|9|3|1000|2026-01-20 01:09:00|0|0|0|6||\n") }, "warning db.p7", SN, V35 },
    { "49 minutes are not 10 polls", CHECK, { PIPES(PIPE("7", "RUNNING", "2026-01-20 00:00:00", "\\N")), FILES("7|9|3|1000|2026-01-20 01:11:00|0|0|0|6||\n") }, "ok", SN, V35 },
    { "nor is a pipe that loaded a moment ago at a standstill", CHECK, { PIPES(PIPE("7", "RUNNING", "2026-01-20 01:59:00", "\\N")),
      FILES("7|9|3|1000|2026-01-20 00:00:00|0|0|0|6||\n") }, "ok", SN, V35 },
    { "without a last load, files at work are trusted", CHECK, { PIPES(PIPE("7", "RUNNING", "\\N", "\\N")), FILES("7|9|3|1000|2026-01-20 00:00:00|1|0|0|6||\n") }, "ok", SN, V35 },
    { "a finished batch is fine", CHECK, { PIPES(PIPE("7", "FINISHED", "2026-01-10 00:00:00", "\\N")) }, "ok", SN, V35 },
    { "no pipes are fine", CHECK, { PIPES("") }, "ok", SN, V35 },
    { "pipe-error: denied leaves it open", CHECK, { { &srd_probe_pipes, "", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
    { "pipe-error: a missing column is a matter of version", CHECK, { { &srd_probe_pipes, "", "PIPE_ID|STATE\n7|ERROR\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_load_pipe_files
    { "one failed file of a day is a warning", CHECK, { PIPES(PIPE("7", "RUNNING", "\\N", "\\N")), FILES("7|99|0|0|\\N|0|1|1|20|s3://f|bad\n") }, "warning db.p7", SN, V35 },
    { "more than a tenth is critical", CHECK, { PIPES(PIPE("7", "RUNNING", "\\N", "\\N")), FILES("7|99|0|0|\\N|0|3|3|20|s3://f|bad\n") }, "critical db.p7", SN, V35 },
    { "a tenth exactly is not", CHECK, { PIPES(PIPE("7", "RUNNING", "\\N", "\\N")), FILES("7|99|0|0|\\N|0|2|2|20|s3://f|bad\n") }, "warning db.p7", SN, V35 },
    { "what failed earlier is not told again", CHECK, { PIPES(PIPE("7", "RUNNING", "\\N", "\\N")), FILES("7|99|0|0|\\N|0|8|0|20|s3://f|bad\n") }, "ok", SN, V35 },
    { "a backlog of 7 hours is critical", CHECK, { PIPES(PIPE("7", "RUNNING", "\\N", "\\N")), FILES("7|99|5|100|2026-01-19 19:00:00|0|0|0|20||\n") }, "critical db.p7", SN, V35 },
    { "one of 5 hours is not", CHECK, { PIPES(PIPE("7", "RUNNING", "\\N", "\\N")), FILES("7|99|5|100|2026-01-19 21:00:00|0|0|0|20||\n") }, "ok", SN, V35 },
    { "that of a suspended pipe is its owner's", CHECK, { PIPES(PIPE("7", "SUSPEND", "\\N", "\\N")), FILES("7|99|5|100|2026-01-19 19:00:00|0|0|0|20||\n") }, "ok", SN, V35 },
    { "without pipes nobody asks for files", CHECK, { PIPES("") }, "ok", SN, V35 },
    { "pipe-files: denied leaves it open", CHECK, { PIPES(PIPE("7", "RUNNING", "\\N", "\\N")), { &srd_probe_pipe_files, "+00:00", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_load_stream_slow
    { "a load beyond 80 % of its time-out is a warning", CHECK, { STREAMS(ST("x", "LOADING", "60", NOW_M1, "\\N")) }, "warning x", SN, V35 },
    { "one at 80 % is not", CHECK, { STREAMS(ST("x", "LOADING", "75", NOW_M1, "\\N")) }, "ok", SN, V35 },
    { "one that ended is not", CHECK, { STREAMS(ST("x", "CANCELLED", "60", NOW_M1, NOW_M1)) }, "ok", SN, V35 },
    { "five that took 301 of 600 s on average are critical", CHECK, { STREAMS(FIVE("1768873301") ST("e", "FINISHED", "600", "1768873000", "1768873301")) }, "critical db.t", SD, V35 },
    { "300 s are not", CHECK, { STREAMS(FIVE("1768873300") ST("e", "FINISHED", "600", "1768873000", "1768873300")) }, "ok", SN, V35 },
    { "four are too few for a mean", CHECK, { STREAMS(FIVE("1768873500")) }, "ok", SN, V35 },
    { "those of yesterday do not count", CHECK, { STREAMS(FIVE("1768873500") ST("e", "FINISHED", "600", "1768780000", "1768780599")) }, "ok", SN, V35 },
    { "stream-slow: no loads are fine", CHECK, { STREAMS("") }, "ok", SN, V35 },
    { "stream-slow: denied leaves it open", CHECK, { { &srd_probe_stream_loads, "", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
    { "stream-slow: a missing column is a matter of version", CHECK, { { &srd_probe_stream_loads, "", "LABEL|STATE\nx|LOADING\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
    { "rejected rows need two samples", &srd_load_routine_error_rows, { JOBS("") }, "not checked: needs_history", SN, V35 },
    { "task time-outs need two samples", &srd_load_routine_task_timeouts, { JOBS("") }, "not checked: needs_history", SN, V35 },
    { "the entry of stream loads needs two samples", &srd_load_stream_one_entry, { JOBS("") }, "not checked: needs_history", SN, V35 },
    { "sizes that were refused need logs", &srd_load_stream_size_limit, { JOBS("") }, "not checked: needs_history", SN, V35 },
};
/* clang-format on */

/* The reasons of the FE, and the class that each has to be in. */
static const struct reason {
    const char *name, *text;
    enum srd_pause want;
} reasons[] = {
    { "a user's pause is manual", MANUAL, SRD_PAUSE_MANUAL },
    { "lost replicas are a node's", REPLICAS, SRD_PAUSE_NODE },
    { "so is what the plan could not find",
      MSG("2", "failed to create task: Tablet lost replicas. Check if"), SRD_PAUSE_NODE },
    { "offsets out of range are lost",
      MSG("104", "be 10003 abort task with reason: Offset out of range"), SRD_PAUSE_LOST },
    { "an offset beyond the end is ahead",
      MSG("104",
          "Consume offset: 9 is greater than the latest offset: 4 in kafka partition: 0. You can"),
      SRD_PAUSE_AHEAD },
    { "error rows are rows", MSG("102", "Current error rows: 8 is more than max error num: 0"),
      SRD_PAUSE_ROWS },
    { "so is the code alone", MSG("102", "x"), SRD_PAUSE_ROWS },
    { "a full disk is a disk",
      MSG("2", "failed to create task: disk 177 on backend 10003 exceed limit usage"),
      SRD_PAUSE_DISK },
    { "no transaction is no transaction", MSG("103", "failed to begin txn for task :x"),
      SRD_PAUSE_TRANSACTIONS },
    { "partitions that cannot be fetched are the source's",
      MSG("4", "Job failed to fetch all current partition with error [x]"), SRD_PAUSE_SOURCE },
    { "an aborted task is aborted", MSG("104", "be 7 abort task l failed with error null"),
      SRD_PAUSE_ABORTED },
    { "another code is another", MSG("1", "x"), SRD_PAUSE_OTHER },
    { "words without a code are another", "it stopped", SRD_PAUSE_OTHER },
    { "nothing is untold", "", SRD_PAUSE_UNTOLD },
    { "quotes, binary and other languages do no harm",
      MSG("2", "'\x01\xff\xfe \xe9\x94\x99\xe8\xaf\xaf \"; DROP"), SRD_PAUSE_OTHER },
};

static void reason_is_classified(void **state)
{
    const struct reason *reason = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[] = { JOBS(RUNS("1", "1", "1", "0", "{}", "{}")), { 0 } };
    struct srd_routine_jobs jobs;

    answers[0].table = srd_arena_printf(
        arena, HEAD LAGS "1|j|db|t|PAUSED|KAFKA|1|1|\\N|0|3|10|1|0|15|60|t|0|{}|%s||1|{}|{}\n",
        reason->text);
    jobs = srd_routine_jobs(srd_evidence_of(arena, answers), arena);
    assert_int_equal(jobs.count, 1);
    assert_int_equal(jobs.items[0].pause, reason->want);
}

static void a_paused_job_says_why_and_what_to_do(void **state)
{
    static const struct srd_answer_text answers[] = { BE_DEAD,
                                                      JOBS(PAUSED("1", H1, REPLICAS)),
                                                      { 0 } };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_of(arena, answers);
    struct srd_result r;

    (void)state;
    srd_check_judge(&srd_load_routine_paused, ev, arena, &r);
    assert_int_equal(r.finding_count, 1);
    assert_string_equal(r.findings[0]->message,
                        "db.j1 is paused for 1h: too few replicas of a tablet were alive (Tablet "
                        "lost replicas. Check if any backend is down or not. tablet_id: 7); "
                        "StarRocks resumes it when the nodes are back");
    assert_string_equal(r.findings[0]->fields[0].value, "`db`.`j1`");
    assert_true(r.findings[0]->share > 0.99);
}

/* Thirty jobs and an error text of a megabyte: twenty findings, one that counts the others. */
static void many_and_hostile_jobs(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    size_t size = (size_t)1 << 20;
    char *huge = srd_arena_alloc(arena, size + 1);
    struct srd_table *t;
    struct srd_evidence *ev;
    struct srd_result r;
    struct srd_error err;
    const char *names[24];
    struct srd_table *head = srd_table_of(arena, HEAD LAGS);

    (void)state;
    memset(huge, '\'', size);
    memcpy(huge, "ErrorReason{errCode = 2, msg='", 30);
    for (size_t i = 0; i < head->columns; i++)
        names[i] = head->names[i];
    t = srd_table_new(arena, names, head->columns);
    for (int i = 0; i < 30; i++) {
        const char *cells[24] = { "1", "a`b\x1b[31m\"'", "\xe5\xba\x93`", "t", "PAUSED", "KAFKA" };

        cells[19] = huge;
        cells[21] = "30";
        assert_int_equal(srd_table_add(t, cells, NULL, head->columns, &err), 0);
    }
    ev = srd_evidence_of(arena, (struct srd_answer_text[]){ { 0 } });
    srd_evidence_add(
        ev, &(struct srd_answer){
                .probe = &srd_probe_routine_jobs, .node = "", .key = "+00:00", .table = t });
    srd_check_judge(&srd_load_routine_paused, ev, arena, &r);
    assert_int_equal(r.finding_count, 21);
    assert_string_equal(r.findings[20]->message, "10 more Routine Load jobs are paused");
    assert_int_equal(r.findings[20]->severity, SRD_CRITICAL);
    assert_true(strlen(r.findings[0]->message) < 600);
    assert_string_equal(r.findings[0]->fields[0].value, "`\xe5\xba\x93```.`a``b\x1b[31m\"'`");
}

static const struct CMUnitTest single[] = {
    { "a paused job says why and what to do", a_paused_job_says_why_and_what_to_do, NULL, NULL,
      NULL },
    { "many and hostile jobs do no harm", many_and_hostile_jobs, NULL, NULL, NULL },
};

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(reasons) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    ADD_ROWS(tests, n, reasons, reason_is_classified);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("routine loads, pipes, stream loads", tests, NULL, NULL);
}
