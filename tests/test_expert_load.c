/* Which loads fail, wait, drop rows or come too often, and which only look like it? */

#include <stdlib.h>

#include "experts/catalogue.h"
#include "experts/load/load.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "tests/expert_rows.h"
#include "tests/load_rows.h"

/* What is tested here; the expert lists them beside their records. */
extern const struct srd_check srd_load_broker_queue, srd_load_disabled, srd_load_error_class,
    srd_load_export_failed, srd_load_filtered_rows, srd_load_insert_values,
    srd_load_job_failure_rate, srd_load_migration_stuck, srd_load_small_frequent,
    srd_load_spark_stuck, srd_load_stuck;

#define NOW 1768874400LL /* 2026-01-20 02:00:00 UTC, the clock of tests */

/* clang-format off */
#define RATES "DB_NAME|TABLE_NAME|TYPE|LOADS|FAILED|LOADS_1H|FAILED_1H|FINISHED_1H|MEDIAN_BYTES_1H|FILTERED|READ_ROWS|EMPTY_LOADS|FILTERED_LABEL|FIRST_S\n"
#define CALM "|60|1000|0|0|0|\\N|@3000\n"
#define JOBS "ID|LABEL|DB_NAME|TABLE_NAME|USER|TYPE|STATE|PROGRESS|CREATED_S|STARTED_S|COMMITTED_S|FINISHED_S|TIMEOUT_S|SCAN_ROWS|FILTERED_ROWS|UNSELECTED_ROWS|SINK_ROWS|ERROR_MSG|TRACKING_SQL\n"
#define FAIL(id, ago, error) id "|l" id "|shop|orders|etl|BROKER|CANCELLED|ETL:N/A; LOAD:N/A|@90000|\\N|\\N|" ago "|14400|0|0|0|0|" error "|\\N\n"
#define OPEN(label, type, state, progress, created, started, committed, timeout) \
    "7|" label "|shop|orders|etl|" type "|" state "|" progress "|" created "|" started "|" committed "|\\N|" timeout "|0|0|0|0|\\N|\\N\n"
#define DISK "type:LOAD_RUN_FAIL; msg:disk 7003 on backend 10001 exceed limit usage"
#define QUALITY "type:ETL_QUALITY_UNSATISFIED; msg:too many filtered rows"
#define RPC "[E1008]Reached timeout=60000ms @10.0.0.1:8060"
#define PENDING(label, created) OPEN(label, "BROKER", "PENDING", "ETL:0%; LOAD:0%", created, "\\N", "\\N", "14400")
#define TEN(x) x x x x x x x x x x
#define CONFIG "Key|AliasNames|Value|Type\n"
#define EXPORTS "JobId|State|Progress|CreateTime|FinishTime|ErrorMsg\n"
#define COPIES "JobID|DatabaseID|TableID|TxnID|CreatedTime|FinishedTime|State|Progress|Error\n"
#define MANY_CALM RATES "shop|orders|BROKER|1000|5|100|5" CALM

static const struct lists {
    const char *name;
    const struct srd_check *check;
    const char *rates, *failed, *open, *config, *more; /* "": denied */
    enum srd_mode mode;
    int version;
    const char *want;
} rows[] = {
    /* load.job-failure-rate */
    { "more than 5 % and 5 failures in a day are a warning", &srd_load_job_failure_rate,
      RATES "shop|orders|BROKER|90|5|10|0" CALM, .want = "warning shop BROKER" },
    { "5 % are still normal", &srd_load_job_failure_rate, RATES "shop|orders|BROKER|100|5|10|0" CALM, .want = "ok" },
    { "4 failures are too few to say so", &srd_load_job_failure_rate, RATES "shop|orders|BROKER|8|4|8|4" CALM, .want = "ok" },
    { "more than 20 % and 10 failures in an hour are critical", &srd_load_job_failure_rate,
      RATES "shop|orders|BROKER|400|11|50|11" CALM, .want = "critical shop BROKER" },
    { "9 failures in an hour are not", &srd_load_job_failure_rate, RATES "shop|orders|BROKER|400|9|20|9" CALM, .want = "ok" },
    { "20 % in an hour are not", &srd_load_job_failure_rate, RATES "shop|orders|BROKER|1000|10|50|10" CALM, .want = "ok" },
    { "tables of a database add up by type", &srd_load_job_failure_rate,
      RATES "shop|a|BROKER|20|3|0|0" CALM "shop|b|BROKER|20|3|0|0" CALM "shop|c|INSERT|20|3|0|0" CALM, .want = "warning shop BROKER" },
    { "types of a database do not add up", &srd_load_job_failure_rate,
      RATES "shop|a|BROKER|20|4|0|0" CALM "shop|a|INSERT|20|4|0|0" CALM, .want = "ok" },
    { "an older table without tables is judged by database", &srd_load_job_failure_rate,
      RATES "shop|\\N|BROKER|20|6|0|0" CALM, .version = SRD_VERSION(3, 2, 16), .want = "warning shop BROKER" },
    { "no load at all is fine", &srd_load_job_failure_rate, RATES, .want = "ok" },
    { "who may not ask does not know", &srd_load_job_failure_rate, "", .want = "not checked: denied" },
    { "without a known zone nothing was asked", &srd_load_job_failure_rate, .want = "not checked: failed" },
    { "a column less is a matter of version", &srd_load_job_failure_rate, "DB_NAME|TYPE|LOADS\nshop|BROKER|5\n", .want = "not checked: version" },

    /* load.error-class */
    { "3 loads without room in 15 minutes are critical", &srd_load_error_class, MANY_CALM,
      JOBS FAIL("1", "@60", DISK) FAIL("2", "@400", DISK) FAIL("3", "@890", DISK), .want = "critical no room on the disks" },
    { "2 in 15 minutes are a warning", &srd_load_error_class, MANY_CALM,
      JOBS FAIL("1", "@60", DISK) FAIL("2", "@400", DISK) FAIL("3", "@960", DISK), .want = "warning no room on the disks" },
    { "one in the last hour is a warning", &srd_load_error_class, MANY_CALM, JOBS FAIL("1", "@3500", DISK),
      .want = "warning no room on the disks" },
    { "two that are hours old are worth a word", &srd_load_error_class, MANY_CALM, JOBS FAIL("1", "@8000", DISK) FAIL("2", "@9000", DISK),
      .want = "info no room on the disks" },
    { "three that are hours old are a warning", &srd_load_error_class, MANY_CALM,
      JOBS FAIL("1", "@8000", DISK) FAIL("2", "@9000", DISK) FAIL("3", "@9001", DISK), .want = "warning no room on the disks" },
    { "older than a day is over", &srd_load_error_class, MANY_CALM, JOBS FAIL("1", "@90000", DISK), .want = "ok" },
    { "5 loads with bad data, 1 % of all, are a warning", &srd_load_error_class, RATES "shop|orders|BROKER|500|5|100|5" CALM,
      JOBS FAIL("1", "@60", QUALITY) FAIL("2", "@70", QUALITY) FAIL("3", "@80", QUALITY) FAIL("4", "@90", QUALITY) FAIL("5", "@95", QUALITY),
      .want = "warning too many filtered rows" },
    { "4 are mistakes of users", &srd_load_error_class, RATES "shop|orders|BROKER|50|4|100|5" CALM,
      JOBS FAIL("1", "@60", QUALITY) FAIL("2", "@70", QUALITY) FAIL("3", "@80", QUALITY) FAIL("4", "@90", QUALITY),
      .want = "info too many filtered rows" },
    { "5 of 501 are too", &srd_load_error_class, RATES "shop|orders|BROKER|501|5|100|5" CALM,
      JOBS FAIL("1", "@60", QUALITY) FAIL("2", "@70", QUALITY) FAIL("3", "@80", QUALITY) FAIL("4", "@90", QUALITY) FAIL("5", "@95", QUALITY),
      .want = "info too many filtered rows" },
    { "without the number of all loads 5 are enough", &srd_load_error_class, NULL,
      JOBS FAIL("1", "@60", QUALITY) FAIL("2", "@70", QUALITY) FAIL("3", "@80", QUALITY) FAIL("4", "@90", QUALITY) FAIL("5", "@95", QUALITY),
      .want = "warning too many filtered rows" },
    { "time-outs between nodes that grow are a warning though they are few", &srd_load_error_class, MANY_CALM,
      JOBS FAIL("1", "@60", RPC) FAIL("2", "@70", RPC) FAIL("3", "@80", RPC) FAIL("4", "@90", RPC) FAIL("5", "@95", RPC),
      .want = "warning a node did not answer" },
    { "those that come as ever are not", &srd_load_error_class, RATES "shop|orders|BROKER|9999|5|100|5" CALM,
      JOBS FAIL("1", "@60", RPC) FAIL("2", "@7000", RPC) FAIL("3", "@9000", RPC) FAIL("4", "@12000", RPC) FAIL("5", "@19000", RPC),
      .want = "info a node did not answer" },
    { "cancelled loads and old labels are no failures", &srd_load_error_class, MANY_CALM,
      JOBS TEN(FAIL("1", "@60", "type:USER_CANCEL; msg:user cancel")) FAIL("2", "@60", "Label [x] has already been used."), .want = "ok" },
    { "StarRocks' own statistics are left out", &srd_load_error_class, MANY_CALM,
      JOBS TEN("1|l|_statistics_|column_statistics|root|INSERT|CANCELLED||@90|\\N|\\N|@60|300|0|0|0|0|" DISK "|\\N\n"), .want = "ok" },
    { "each class is told apart", &srd_load_error_class, MANY_CALM, JOBS FAIL("1", "@60", DISK) FAIL("2", "@60", QUALITY) FAIL("3", "@60", "\\N"),
      .want = "warning no room on the disks\ninfo another reason\ninfo too many filtered rows" },
    { "failures without a time are not counted, and that is said", &srd_load_error_class, MANY_CALM,
      JOBS "1|l|shop|orders|etl|BROKER|CANCELLED||\\N|\\N|\\N|\\N|300|0|0|0|0|" DISK "|\\N\n", .want = "not checked: failed" },
    { "denied failures are not known", &srd_load_error_class, MANY_CALM, "", .want = "not checked: denied" },
    { "no failed load is fine", &srd_load_error_class, MANY_CALM, JOBS, .want = "ok" },
    { "a column less of jobs is a matter of version", &srd_load_error_class, NULL, "ID|LABEL\n1|x\n", .want = "not checked: version" },

    /* load.stuck */
    { "a load that waits for more than 30 minutes is a warning", &srd_load_stuck, .open = JOBS PENDING("p", "@1860"), .want = "warning p" },
    { "30 minutes are still patience", &srd_load_stuck, .open = JOBS PENDING("p", "@1800"), .want = "ok" },
    { "of many that wait for one table the oldest speaks", &srd_load_stuck, .open = JOBS PENDING("a", "@9000") PENDING("b", "@8000") PENDING("c", "@60"),
      .want = "warning a" },
    { "a load past its own timeout is critical", &srd_load_stuck,
      .open = JOBS OPEN("x", "INSERT", "LOADING", "ETL:100%; LOAD:50%", "@3901", "@3901", "\\N", "3600"), .want = "critical x" },
    { "the FE gets 5 minutes to end it", &srd_load_stuck,
      .open = JOBS OPEN("x", "INSERT", "LOADING", "ETL:100%; LOAD:99%", "@3899", "@3899", "\\N", "3600"), .want = "ok" },
    { "without one of its own the cluster's timeout counts", &srd_load_stuck,
      .open = JOBS OPEN("x", "BROKER", "LOADING", "ETL:100%; LOAD:99%", "@7600", "@7600", "\\N", "\\N"),
      .config = CONFIG "broker_load_default_timeout_second|[]|7200|int\n", .want = "critical x" },
    { "a stream load has 10 minutes by default", &srd_load_stuck,
      .open = JOBS OPEN("x", "STREAM_LOAD", "LOADING", "0%", "@901", "@901", "\\N", "\\N"), .want = "critical x" },
    { "a stream load prints no progress and is not judged by it", &srd_load_stuck,
      .open = JOBS OPEN("x", "STREAM_LOAD", "LOADING", "0%", "@3000", "@3000", "\\N", "3600"), .want = "ok" },
    { "a load too slow for its timeout is a warning", &srd_load_stuck,
      .open = JOBS OPEN("x", "BROKER", "LOADING", "ETL:100%; LOAD:40%", "@7300", "@7300", "\\N", "14400"), .want = "warning x" },
    { "one that will make it is fine", &srd_load_stuck,
      .open = JOBS OPEN("x", "BROKER", "LOADING", "ETL:100%; LOAD:60%", "@7300", "@7300", "\\N", "14400"), .want = "ok" },
    { "before half of its time nobody knows", &srd_load_stuck,
      .open = JOBS OPEN("x", "BROKER", "LOADING", "ETL:100%; LOAD:1%", "@7200", "@7200", "\\N", "14400"), .want = "ok" },
    { "99 % is a load that waits for its commit", &srd_load_stuck,
      .open = JOBS OPEN("x", "BROKER", "LOADING", "ETL:100%; LOAD:99%", "@14000", "@13000", "\\N", "14400"), .want = "ok" },
    { "a load that is written and not visible for 30 minutes is critical", &srd_load_stuck,
      .open = JOBS OPEN("x", "BROKER", "PREPARED", "ETL:100%; LOAD:99%", "@4000", "@4000", "@1801", "14400"), .want = "critical x" },
    { "for 30 minutes it is not", &srd_load_stuck,
      .open = JOBS OPEN("x", "BROKER", "PREPARED", "ETL:100%; LOAD:99%", "@4000", "@4000", "@1800", "14400"), .want = "ok" },
    { "since when is not known before 3.3.6", &srd_load_stuck,
      .open = JOBS OPEN("x", "BROKER", "PREPARED", "ETL:100%; LOAD:99%", "@4000", "@4000", "\\N", "14400"), .want = "ok" },
    { "times that are missing are not zero", &srd_load_stuck,
      .open = JOBS OPEN("x", "BROKER", "LOADING", "ETL:100%; LOAD:1%", "\\N", "\\N", "\\N", "14400"), .want = "not checked: failed" },
    { "times in the future are wrong", &srd_load_stuck,
      .open = JOBS OPEN("x", "BROKER", "LOADING", "ETL:100%; LOAD:1%", "@-7200", "\\N", "\\N", "14400"), .want = "not checked: failed" },
    { "denied loads are not known", &srd_load_stuck, .open = "", .want = "not checked: denied" },

    /* load.broker-queue */
    { "21 that wait for more than 10 minutes are a warning", &srd_load_broker_queue, RATES,
      .open = JOBS PENDING("a", "@601") TEN(PENDING("b", "@60")) TEN(PENDING("c", "@60")), .want = "warning broker loads" },
    { "20 are not", &srd_load_broker_queue, RATES, .open = JOBS TEN(PENDING("b", "@900")) TEN(PENDING("c", "@900")), .want = "ok" },
    { "for 10 minutes they are not", &srd_load_broker_queue, RATES,
      .open = JOBS PENDING("a", "@600") TEN(PENDING("b", "@60")) TEN(PENDING("c", "@60")), .want = "ok" },
    { "a night's batch that is worked off within the hour is worth a word", &srd_load_broker_queue,
      RATES "dws|t|BROKER|90|0|21|0|21|99|0|0|0|\\N|@80000\n",
      .open = JOBS PENDING("a", "@2000") TEN(PENDING("b", "@900")) TEN(PENDING("c", "@900")), .want = "info broker loads" },
    { "80 % of what the FE admits is critical", &srd_load_broker_queue, RATES,
      .open = JOBS TEN(PENDING("b", "@9")) TEN(PENDING("c", "@9")), .config = CONFIG "desired_max_waiting_jobs|[]|25|int\n",
      .want = "critical broker loads" },
    { "one less is not", &srd_load_broker_queue, RATES,
      .open = JOBS TEN(PENDING("b", "@9")) TEN(PENDING("c", "@9")), .config = CONFIG "desired_max_waiting_jobs|[]|26|int\n", .want = "ok" },
    { "other loads are another queue", &srd_load_broker_queue, RATES,
      .open = JOBS TEN(OPEN("i", "INSERT", "PENDING", "", "@900", "\\N", "\\N", "\\N")) TEN(OPEN("i", "INSERT", "PENDING", "", "@900", "\\N", "\\N", "\\N"))
                   TEN(OPEN("i", "INSERT", "PENDING", "", "@900", "\\N", "\\N", "\\N")), .want = "ok" },
    { "who may not see the queue does not know it", &srd_load_broker_queue, RATES, .open = "", .want = "not checked: denied" },

    /* load.filtered-rows */
    { "more than 1 % of the rows dropped is a warning", &srd_load_filtered_rows, RATES "shop|orders|BROKER|9|0|9|0|9|5|101|10000|0|l|@9\n",
      .want = "warning shop.orders BROKER" },
    { "1 % is tolerated", &srd_load_filtered_rows, RATES "shop|orders|BROKER|9|0|9|0|9|5|100|10000|0|l|@9\n", .want = "ok" },
    { "99 rows are too few", &srd_load_filtered_rows, RATES "shop|orders|BROKER|9|0|9|0|9|5|99|100|3|l|@9\n", .want = "ok" },
    { "more than 20 % is critical", &srd_load_filtered_rows, RATES "shop|orders|BROKER|9|0|9|0|9|5|2001|10000|0|l|@9\n",
      .want = "critical shop.orders BROKER" },
    { "20 % is a warning", &srd_load_filtered_rows, RATES "shop|orders|BROKER|9|0|9|0|9|5|2000|10000|0|l|@9\n", .want = "warning shop.orders BROKER" },
    { "3 loads that kept nothing are critical", &srd_load_filtered_rows, RATES "shop|orders|BROKER|9|0|9|0|9|5|100|10000|3|l|@9\n",
      .want = "critical shop.orders BROKER" },
    { "2 are not", &srd_load_filtered_rows, RATES "shop|orders|BROKER|9|0|9|0|9|5|100|10000|2|l|@9\n", .want = "ok" },
    { "who may not see the rows does not know them", &srd_load_filtered_rows, "", .want = "not checked: denied" },

    /* load.small-frequent */
    { "more than 12 small loads a minute are a warning", &srd_load_small_frequent, RATES "shop|orders|STREAM_LOAD|721|0|721|0|721|10485759|0|0|0|\\N|@3600\n",
      .mode = SN, .want = "warning shop.orders" },
    { "12 are not", &srd_load_small_frequent, RATES "shop|orders|STREAM_LOAD|720|0|720|0|720|10485759|0|0|0|\\N|@3600\n", .mode = SN, .want = "ok" },
    { "10 MiB are not small", &srd_load_small_frequent, RATES "shop|orders|STREAM_LOAD|721|0|721|0|721|10485760|0|0|0|\\N|@3600\n", .mode = SN, .want = "ok" },
    { "in shared-data more than 6 are a warning", &srd_load_small_frequent, RATES "shop|orders|STREAM_LOAD|361|0|361|0|361|1000|0|0|0|\\N|@3600\n",
      .mode = SD, .want = "warning shop.orders" },
    { "6 are not", &srd_load_small_frequent, RATES "shop|orders|STREAM_LOAD|360|0|360|0|360|1000|0|0|0|\\N|@3600\n", .mode = SD, .want = "ok" },
    { "a full list covers less than an hour", &srd_load_small_frequent, RATES "shop|orders|STREAM_LOAD|1000|0|1000|0|1000|1000|0|0|0|\\N|@900\n",
      .mode = SN, .want = "critical shop.orders" },
    { "the cluster says when it is full", &srd_load_small_frequent, RATES "shop|orders|STREAM_LOAD|1000|0|700|0|700|1000|0|0|0|\\N|@900\n",
      .config = CONFIG "stream_load_task_keep_max_num|[]|5000|int\n", .mode = SN, .want = "ok" },
    { "a burst is no rate", &srd_load_small_frequent, RATES "shop|orders|STREAM_LOAD|1000|0|1000|0|1000|1000|0|0|0|\\N|@90\n",
      .mode = SN, .want = "warning shop.orders" },
    { "60 a minute are a warning", &srd_load_small_frequent, RATES "shop|orders|STREAM_LOAD|900|0|900|0|900|1000|0|0|0|\\N|@900\n",
      .mode = SN, .want = "warning shop.orders" },
    { "few loads of many tables are harmless", &srd_load_small_frequent, RATES "shop|a|INSERT|59|0|59|0|59|10|0|0|0|\\N|@99\n"
      "shop|b|INSERT|59|0|59|0|59|10|0|0|0|\\N|@99\nshop|c|INSERT|59|0|59|0|59|10|0|0|0|\\N|@99\n", .mode = SN, .want = "ok" },
    { "59 loads are too few, however short the time", &srd_load_small_frequent,
      RATES "shop|a|STREAM_LOAD|941|0|941|0|941|99999999|0|0|0|\\N|@60\nshop|b|STREAM_LOAD|59|0|59|0|59|10|0|0|0|\\N|@60\n", .mode = SN, .want = "ok" },
    { "loads of unknown size are not small", &srd_load_small_frequent, RATES "shop|orders|BROKER|800|0|800|0|800|\\N|0|0|0|\\N|@3600\n", .mode = SN, .want = "ok" },
    { "an older list names no table", &srd_load_small_frequent, RATES, .mode = SN, .version = SRD_VERSION(3, 3, 5), .want = "not checked: version" },
    { "who may not see the rates does not know them", &srd_load_small_frequent, "", .mode = SN, .want = "not checked: denied" },

    /* load.insert-values */
    { "the text of statements is in no table", &srd_load_insert_values, .want = "not checked: needs_history" },

    /* load.spark-stuck */
    { "an ETL that did nothing for 2 hours is a warning", &srd_load_spark_stuck,
      .open = JOBS OPEN("s", "SPARK", "ETL", "ETL:0%; LOAD:0%", "@7201", "\\N", "\\N", "86400"), .want = "warning s" },
    { "2 hours are still patience with Spark", &srd_load_spark_stuck,
      .open = JOBS OPEN("s", "SPARK", "ETL", "ETL:0%; LOAD:0%", "@7200", "\\N", "\\N", "86400"), .want = "ok" },
    { "one that did something is left alone", &srd_load_spark_stuck,
      .open = JOBS OPEN("s", "SPARK", "ETL", "ETL:10%; LOAD:0%", "@70000", "\\N", "\\N", "86400"), .want = "ok" },
    { "past its timeout it is critical", &srd_load_spark_stuck,
      .open = JOBS OPEN("s", "SPARK", "ETL", "ETL:90%; LOAD:0%", "@86401", "\\N", "\\N", "\\N"), .want = "critical s" },
    { "without Spark loads there is nothing to say", &srd_load_spark_stuck, .open = JOBS, .want = "ok" },
    { "who may not see Spark loads does not know them", &srd_load_spark_stuck, .open = "", .want = "not checked: denied" },

    /* load.disabled */
    { "loads that are switched off are a warning", &srd_load_disabled, .failed = JOBS, .config = CONFIG "disable_load_job|[]|true|boolean\n",
      .want = "warning disable_load_job" },
    { "and critical when some were refused", &srd_load_disabled, .failed = JOBS FAIL("1", "@599", "disable_load_job is set to true, all load jobs are rejected"),
      .config = CONFIG "disable_load_job|[]|true|boolean\n", .want = "critical disable_load_job" },
    { "some minutes ago is over", &srd_load_disabled, .failed = JOBS FAIL("1", "@601", "disable_load_job is set to true, all load jobs are rejected"),
      .config = CONFIG "disable_load_job|[]|true|boolean\n", .want = "warning disable_load_job" },
    { "the default is fine", &srd_load_disabled, .config = CONFIG "disable_load_job|[]|false|boolean\n", .want = "ok" },
    { "an FE without the switch says nothing", &srd_load_disabled, .config = CONFIG "x|[]|1|int\n", .want = "not checked: version" },
    { "a configuration that may not be read says nothing", &srd_load_disabled, .config = "", .want = "not checked: denied" },

    /* load.export-failed */
    { "an export that failed today is a warning", &srd_load_export_failed,
      .more = EXPORTS "9|CANCELLED|100%|2026-01-19 01:00:00|2026-01-19 02:00:01|type:RUN_FAIL; msg:x\n", .want = "warning shop 9" },
    { "older than a day is over for exports", &srd_load_export_failed,
      .more = EXPORTS "9|CANCELLED|100%|2026-01-19 01:00:00|2026-01-19 01:59:00|type:RUN_FAIL; msg:x\n", .want = "ok" },
    { "one that its user cancelled is fine", &srd_load_export_failed,
      .more = EXPORTS "9|CANCELLED|0%|2026-01-20 01:00:00|2026-01-20 01:10:00|type:USER_CANCEL; msg:user cancel\n", .want = "ok" },
    { "one that waits for more than 30 minutes is a warning", &srd_load_export_failed,
      .more = EXPORTS "9|PENDING|0%|2026-01-20 01:29:00|\\N|\\N\n", .want = "warning shop 9" },
    { "30 minutes are fine", &srd_load_export_failed, .more = EXPORTS "9|PENDING|0%|2026-01-20 01:30:00|\\N|\\N\n", .want = "ok" },
    { "a running one is fine", &srd_load_export_failed, .more = EXPORTS "9|EXPORTING|3%|2026-01-19 01:30:00|\\N|\\N\n", .want = "ok" },
    { "exports that may not be seen are not known", &srd_load_export_failed, .more = "", .want = "not checked: denied" },

    /* load.migration-stuck */
    { "3 failed jobs of a table are a warning", &srd_load_migration_stuck,
      .more = COPIES "a|1|5|9|2026-01-20 01:00:00|2026-01-20 01:10:00|ABORTED||gone\nb|1|5|9|2026-01-20 01:00:00|2026-01-20 01:10:00|ABORTED||gone\n"
                     "c|1|5|9|2026-01-20 01:00:00|2026-01-20 01:10:00|ABORTED||gone\n", .want = "warning table 5 of database 1" },
    { "2 are not, nor 3 of different tables", &srd_load_migration_stuck,
      .more = COPIES "a|1|5|9|2026-01-20 01:00:00|2026-01-20 01:10:00|ABORTED||gone\nb|1|5|9|2026-01-20 01:00:00|2026-01-20 01:10:00|ABORTED||gone\n"
                     "c|1|6|9|2026-01-20 01:00:00|2026-01-20 01:10:00|ABORTED||gone\n", .want = "ok" },
    { "6 hours without a copy are a warning", &srd_load_migration_stuck,
      .more = COPIES "a|1|5|9|2026-01-19 19:59:00|\\N|REPLICATING|0/96|\n", .want = "warning a" },
    { "6 hours are not", &srd_load_migration_stuck, .more = COPIES "a|1|5|9|2026-01-19 20:00:00|\\N|REPLICATING|0/96|\n", .want = "ok" },
    { "one that copied something is left alone", &srd_load_migration_stuck,
      .more = COPIES "a|1|5|9|2026-01-18 20:00:00|\\N|REPLICATING|1/96|\n", .want = "ok" },
    { "one that is over is fine", &srd_load_migration_stuck,
      .more = COPIES "a|1|5|9|2026-01-18 20:00:00|2026-01-18 21:00:00|COMMITTED||\n", .want = "ok" },
    { "jobs that may not be seen are not known", &srd_load_migration_stuck, .more = "", .want = "not checked: denied" },
};
/* clang-format on */

/* "@600" in a cell is the second 600 s ago. */
static const char *with_times(struct srd_arena *arena, const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;

    srd_buf_init(&out, 1 << 20);
    for (const char *p = text; *p;) {
        char *end;

        if (*p != '@' || (p > text && p[-1] != '|')) {
            srd_buf_char(&out, *p++);
            continue;
        }
        srd_buf_printf(&out, "%lld", NOW - strtoll(p + 1, &end, 10));
        p = end;
    }
    return srd_arena_copy_n(arena, out.data, out.size);
}

static void add(struct srd_arena *arena, struct srd_answer_text *answers, size_t *n,
                const struct srd_probe *probe, const char *key, const char *text)
{
    if (!text)
        return;
    answers[(*n)++] =
        (struct srd_answer_text){ probe, key, *text ? with_times(arena, text) : NULL, SRD_DENIED };
}

/* One answer has all three; "" is one that was denied. */
static void add_loads(struct srd_arena *arena, struct srd_answer_text *answers, size_t *n,
                      const struct lists *row)
{
    const char *jobs = row->failed ? row->failed : row->open;
    bool denied = (row->rates && !*row->rates) || (row->failed && !*row->failed) ||
                  (row->open && !*row->open);

    if (row->failed && row->open && !denied)
        jobs = srd_arena_printf(arena, "%s%s", row->failed, strchr(row->open, '\n') + 1);
    if (denied)
        add(arena, answers, n, &srd_probe_loads, "24/+00:00", "");
    else if (row->rates || jobs)
        add(arena, answers, n, &srd_probe_loads, "24/+00:00",
            loads_text(arena, JOBS, jobs, RATES, row->rates));
}

static void check_lists(void **state)
{
    const struct lists *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[8] = { { 0 } };
    size_t n = 0;

    add_loads(arena, answers, &n, row);
    add(arena, answers, &n, &srd_probe_fe_config, "", row->config);
    add(arena, answers, &n, row->check->needs[0], "shop", row->more);
    assert_string_equal(srd_check_judge_text(row->check, row->mode, row->version, answers, arena),
                        row->want);
}

/* clang-format off */
#define FES(rows) "Name|IP|QueryPort|Role|Alive|StartTime\n" rows
#define FE(name, role, start) name "|h|9030|" role "|true|" start "\n"
#define POOLS(rows) "FE_ID|NAME|LABELS|VALUE\nfe1|thread_pool|{\"name\":\"thrift-server-pool\",\"type\":\"completed_task_count\"}|900\n" rows
#define POOL(fe, type, n) fe "|thread_pool|{\"name\":\"export_pending_job_pool\",\"type\":\"" type "\"}|" n "\n"
#define IDLE(fe) POOL(fe, "task_in_queue", "0") POOL(fe, "completed_task_count", "0")
#define OLD "2026-01-19 01:59:00"
#define YOUNG "2026-01-19 02:01:00"

static const struct exporter {
    const char *name, *frontends, *gauges, *want;
} exporters[] = {
    { "FEs that exported nothing for a day are not asked for it", FES(FE("fe1", "LEADER", OLD) FE("fe2", "FOLLOWER", OLD)), POOLS(IDLE("fe1") IDLE("fe2")), "" },
    { "one that did is", FES(FE("fe1", "LEADER", OLD)), POOLS(POOL("fe1", "task_in_queue", "0") POOL("fe1", "completed_task_count", "1")), "shop" },
    { "one where an export waits is", FES(FE("fe1", "LEADER", OLD)), POOLS(POOL("fe1", "task_in_queue", "1") POOL("fe1", "completed_task_count", "0")), "shop" },
    { "another may have led when it did", FES(FE("fe1", "LEADER", OLD) FE("fe2", "FOLLOWER", OLD)), POOLS(IDLE("fe1") POOL("fe2", "task_in_queue", "0") POOL("fe2", "completed_task_count", "7")), "shop" },
    { "what began within the day cannot know", FES(FE("fe1", "LEADER", YOUNG)), POOLS(IDLE("fe1")), "shop" },
    { "nor another that may have led before", FES(FE("fe1", "LEADER", OLD) FE("fe2", "FOLLOWER", YOUNG)), POOLS(IDLE("fe1") IDLE("fe2")), "shop" },
    { "an observer never leads", FES(FE("fe1", "LEADER", OLD) FE("fe2", "OBSERVER", YOUNG)), POOLS(IDLE("fe1")), "" },
    { "an FE without counts cannot know", FES(FE("fe1", "LEADER", OLD) FE("fe2", "FOLLOWER", OLD)), POOLS(IDLE("fe1")), "shop" },
    { "one that cannot be dated cannot know", FES(FE("fe1", "LEADER", "NULL")), POOLS(IDLE("fe1")), "shop" },
    { "without metrics all are asked", FES(FE("fe1", "LEADER", OLD)), NULL, "shop" },
};
/* clang-format on */

static void check_exporter(void **state)
{
    const struct exporter *e = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_answer_text answers[] = {
        { &srd_probe_databases, "", "DbId|DbName|TableNum\n1|shop|5\n", 0 },
        { &srd_probe_frontends, "", e->frontends, 0 },
        { &srd_probe_fe_gauges, "", e->gauges, SRD_NO_BACKEND },
        { 0 },
    };

    assert_string_equal(
        picked(arena, srd_load_export_failed.needs[0], srd_evidence_of(arena, answers), NULL),
        e->want);
}

/* clang-format off */
static const struct text {
    const char *error, *class;
} texts[] = {
    { NULL, "unknown" }, { "", "unknown" }, { "\xff\xfe", "unknown" },
    { "type:USER_CANCEL; msg:user cancel", "cancelled" },
    { "Too many versions. tablet_id: 10119, version_count: 1002, limit: 1000", "versions" },
    { "Memory of process exceed limit. Start execute plan fragment. Used: 120259084288", "memory" },
    { "Mem usage has exceed the limit of BE. Mem usage: 107374182400", "memory" },
    { "primary key memory usage exceeds the limit", "unknown" },
    { "limit of version 3 exceeded", "unknown" }, /* in this order they mean something else */
    { "type:LOAD_RUN_FAIL; msg:disk 7003 on backend 10001 exceed limit usage", "disk" },
    { "The cluster is under safe mode state, all load jobs are rejected.", "disk" },
    { "Partition's compaction score is larger than 2000", "score" },
    { "publish timeout: 10000, transactionId=88", "publish" },
    { "Commit failed. txn: 9 table: t tablet: 5 quorum: 2<3 errorReplicas: x", "quorum" },
    { "[E1008]Reached timeout=60000ms @10.0.0.1:8060", "rpc" },
    { "type:ETL_QUALITY_UNSATISFIED; msg:The row is out of partition ranges. Please add a new partition", "partition" },
    { "There is no partition for this tuple: ['2026-11-21']. no partition for this tuple", "partition" },
    { "type:ETL_QUALITY_UNSATISFIED; msg:quality not good enough to cancel", "quality" },
    { "TOO MANY FILTERED ROWS", "quality" },
    { "column count mismatch, expect=4 real=5", "schema" },
    { "Label [x] has already been used.", "label" },
    { "Label Already Exists", "label" },
    { "Access denied; you need (at least one of) the INSERT privilege(s) on TABLE orders", "privileges" },
    { "Fail to get file status: getFileStatus on s3a://b/x.csv: Access Denied", "object-storage" },
    { "transaction 88 timed out due to ingestion slowdown", "score" },
    { "S3 PutObject failed: SlowDown, please reduce your request rate", "object-storage" },
    { "failed to get partition meta of topic: Local: Broker transport failure, kafka", "kafka" },
    { "tablet writer not found, node may be restarted", "restarted" },
    { "Backend node not found. Check if any backend node is down.backend: [10.0.0.1 alive: false]", "restarted" },
    { "current running txns on db 10001 is 1000, larger than limit 1000", "transactions" },
    { "Database[10001] data size exceeds quota[1.0TB]", "quota" },
    { "disable_load_job is set to true, all load jobs are rejected", "disabled" },
    { "type:TIMEOUT; msg:loading timeout to cancel", "timeout" },
    { "timeout by txn manager", "timeout" },
    { "\xe6\x95\xb0\xe6\x8d\xae\xe9\x94\x99\xe8\xaf\xaf", "unknown" },
};
/* clang-format on */

static void texts_have_the_class_that_they_mean(void **state)
{
    (void)state;
    for (size_t i = 0; i < SRD_COUNT(texts); i++) {
        const char *class = srd_load_class_of(texts[i].error)->id;

        if (strcmp(class, texts[i].class) != 0)
            fail_msg("\"%s\" is %s, not %s", texts[i].error ? texts[i].error : "NULL", class,
                     texts[i].class);
    }
}

static void every_class_has_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < srd_load_class_count; i++) {
        const struct srd_load_class *c = &srd_load_classes[i];

        assert_true(*c->id && *c->title && *c->meaning && c->advice[0] && *c->advice[0]);
        assert_true((*c->patterns == '\0') == (i + 1 == srd_load_class_count));
        assert_null(c->advice[SRD_COUNT(c->advice) - 1]);
        for (const char *p = c->patterns; *p; p++)
            assert_false(*p >= 'A' && *p <= 'Z');
        /* a part longer than the matcher's room would never match */
        for (const char *p = c->patterns; *p; p += strcspn(p, "|&") + !!p[strcspn(p, "|&")])
            assert_true(strcspn(p, "|&") > 2 && strcspn(p, "|&") < 64);
    }
}

/* A megabyte of anything in a cell: a finding, no crash, a message of some hundred bytes. */
static void hostile_texts_are_cut(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    char *text = srd_arena_alloc(arena, (1 << 20) + 1);
    const char *const fills[] = { "\x1b[2J", "'\"`\\", "\xff\xfe\x80", "\xe6\x95\xb0",
                                  "s3a://a:b@c/" };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(fills); i++) {
        size_t n = strlen(fills[i]);
        const char *excerpt;

        for (size_t k = 0; k + n <= 1 << 20; k += n)
            memcpy(text + k, fills[i], n);
        assert_non_null(srd_load_class_of(text));
        excerpt = srd_load_excerpt(arena, text, 160);
        assert_true(strlen(excerpt) < 160 * 4 + 4);
        assert_true(srd_utf8_valid(excerpt, strlen(excerpt)));
        assert_null(strchr(excerpt, 0x1b));
    }
}

/* Labels with quotes end up in printed SQL; secrets in error texts end up nowhere. */
static void findings_are_safe_to_print(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *failed = with_times(
        arena,
        JOBS "1|it's \"x\" \\ %|sh`op|ord'ers|etl|BROKER|CANCELLED||@90|\\N|\\N|@60|300|0|0|0|0|"
             "disk 1 on backend 2 exceed limit usage \"aws.s3.secret_key\" = \"hunter2\"|\\N\n");
    const struct srd_answer_text answers[] = {
        { &srd_probe_loads, "24/+00:00", loads_text(arena, JOBS, failed, RATES, NULL), 0 }, { 0 }
    };
    struct srd_result r = judge(arena, &srd_load_error_class, answers);
    const char *sql;

    (void)state;
    assert_int_equal(r.finding_count, 1);
    assert_null(strstr(r.findings[0]->message, "hunter2"));
    assert_null(strstr(srd_cell_text(r.findings[0]->table, 0, "ERROR_MSG"), "hunter2"));
    sql = srd_fill(arena, srd_load_error_class.fix[1].sql, r.findings[0]->fields);
    assert_non_null(strstr(sql, "LABEL = 'it\\'s \"x\" \\\\ %';"));
    assert_true(srd_finding_has(r.findings[0], "table=`sh``op`.`ord'ers`"));
    assert_true(srd_finding_has(r.findings[0], "class=disk"));
}

/* "versions shop.orders 2" for each row of srd_load_refused(). */
static const char *refusals(struct srd_arena *arena, const char *loads)
{
    const struct srd_answer_text answers[] = {
        { &srd_probe_loads, "24/+00:00",
          loads ? loads_text(arena, JOBS, with_times(arena, loads), RATES, NULL) : NULL,
          SRD_DENIED },
        { 0 }
    };
    const struct srd_table *t = srd_load_refused(srd_evidence_of(arena, answers));
    const char *text = "";

    for (size_t row = 0; t && row < t->rows; row++)
        text =
            srd_arena_printf(arena, "%s%s%s %s.%s %s", text, row ? ", " : "",
                             srd_cell_text(t, row, "KIND"), srd_cell_text(t, row, "DB_NAME"),
                             srd_cell_text(t, row, "TABLE_NAME"), srd_cell_text(t, row, "LOADS"));
    return t ? text : "unknown";
}

static void refused_loads_are_counted_by_kind_and_table(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    (void)state;
    assert_string_equal(refusals(arena, NULL), "unknown");
    assert_string_equal(refusals(arena, JOBS FAIL("1", "@60", QUALITY)), "");
    /* a running one quotes what happened to an earlier try */
    assert_string_equal(refusals(arena, JOBS
                                 "7|l|shop|orders|etl|BROKER|LOADING|x|@90|@90|\\N|\\N|600|0|0|0|0|"
                                 "too many versions|\\N\n"),
                        "");
    assert_string_equal(
        refusals(arena,
                 JOBS FAIL("1", "@60", "Too many versions. tablet_id: 7") FAIL("2", "@70", QUALITY)
                     FAIL("3", "@80", "because of too large compaction score, current/limit: 9/8")
                         FAIL("4", "@100", "because of too many versions, current/limit: 9/8")
                             FAIL("5", "@961", "too many versions")),
        "versions shop.orders 2, score shop.orders 1");
    assert_string_equal(
        refusals(
            arena, JOBS
            "1|l|a||u|BROKER|CANCELLED|x|@9|@9|\\N|@9|9|0|0|0|0|due to ingestion slowdown|\\N\n"
            "2|l|b|t|u|BROKER|CANCELLED|x|@9|@9|\\N|@9|9|0|0|0|0|due to ingestion slowdown|\\N\n"
            "3|l|b|t|u|BROKER|CANCELLED|x|@9|@9|\\N|\\N|9|0|0|0|0|due to ingestion slowdown|\\N\n"
            "4|l|b|t|u|BROKER|CANCELLED|x|@9|@9|\\N|@19|9|0|0|0|0|due to ingestion slowdown|\\N\n"),
        "slowdown b.t 2, slowdown a. 1");
}

static void a_cut_answer_is_said_to_be_one(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;
    struct srd_answer_text answers[2] = { { 0 } };
    struct srd_result r;

    (void)state;
    srd_buf_init(&text, 1 << 20);
    srd_buf_text(&text, JOBS);
    for (size_t i = 0; i < SRD_LOAD_MAX_FAILED; i++)
        srd_buf_text(&text, FAIL("1", "@3000", QUALITY));
    answers[0] = (struct srd_answer_text){
        &srd_probe_loads, "24/+00:00",
        loads_text(arena, JOBS, with_times(arena, text.data), RATES, NULL), 0
    };
    r = judge(arena, &srd_load_error_class, answers);
    assert_int_equal(r.finding_count, 1);
    assert_int_equal(r.status, SRD_SKIPPED);
}

static void thresholds_can_be_set(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_override overrides[] = { { "load.job-failure-rate", 50, "--set" }, { 0 } };
    const struct srd_answer_text answers[] = {
        { &srd_probe_loads, "24/+00:00",
          loads_text(arena, JOBS, NULL, RATES,
                     with_times(arena, RATES "shop|orders|BROKER|90|9|10|0" CALM)),
          0 },
        { 0 }
    };
    struct srd_evidence *ev = srd_evidence_of(arena, answers);
    struct srd_result r;

    (void)state;
    ev->overrides = overrides;
    srd_check_judge(&srd_load_job_failure_rate, ev, arena, &r);
    assert_int_equal(r.finding_count, 0);
}

static const struct CMUnitTest single[] = {
    { "texts have the class that they mean", texts_have_the_class_that_they_mean, NULL, NULL,
      NULL },
    { "every class has its words", every_class_has_its_words, NULL, NULL, NULL },
    { "hostile texts are cut", hostile_texts_are_cut, NULL, NULL, NULL },
    { "findings are safe to print", findings_are_safe_to_print, NULL, NULL, NULL },
    { "refused loads are counted by kind and table", refused_loads_are_counted_by_kind_and_table,
      NULL, NULL, NULL },
    { "a cut answer is said to be one", a_cut_answer_is_said_to_be_one, NULL, NULL, NULL },
    { "thresholds can be set", thresholds_can_be_set, NULL, NULL, NULL },
};

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(exporters) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_lists);
    ADD_ROWS(tests, n, exporters, check_exporter);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
