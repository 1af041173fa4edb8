/* When do transactions alarm, and when must they stay quiet? */

#include <stdlib.h>

#include "experts/catalogue.h"
#include "experts/storage/sizes.h"
#include "experts/transactions/transactions.h"
#include "lib/model/identity.h"
#include "tests/expert_rows.h"

/* What is tested here; the expert lists them beside their records. */
extern const struct srd_check srd_txn_abort_rate, srd_txn_committed_not_visible,
    srd_txn_lake_publish_failed, srd_txn_next_version_gap, srd_txn_prepare_leaked,
    srd_txn_prepared_abandoned, srd_txn_publish_latency_high, srd_txn_publish_queue,
    srd_txn_running_near_limit;
extern const struct srd_view srd_txn_view_running;

#define V32 30216

/* It is 2026-01-20 02:00:00. */
/* clang-format off */
#define DBS { &srd_probe_databases, "", "DbId|DbName\n1|information_schema\n100|sys\n101|sales\n102|ops\n", 0 }
#define COUNTS(sales, ops) { &srd_probe_fe_gauges, "", "FE_ID|NAME|LABELS|VALUE\n" \
    "fe1|safe_mode|{\"metric\":\"safe_mode\",\"type\":\"safe_mode\"}|0\n" \
    "fe1|txn_running|{\"metric\":\"txn_running\",\"is_leader\":\"true\",\"db\":\"sales\"}|" sales "\n" \
    "fe1|txn_running|{\"metric\":\"txn_running\",\"is_leader\":\"true\",\"db\":\"ops\"}|" ops "\n" \
    "fe2|txn_running|{\"metric\":\"txn_running\",\"is_leader\":\"false\",\"db\":\"sales\"}|0\n", 0 }
#define ODD { &srd_probe_fe_gauges, "", "FE_ID|NAME|LABELS|VALUE\nf|txn_running|{\"db\":\"10007\"}|9\n" \
    "f|txn_running|{\"db\":\"a/b\"}|8\nf|txn_running|{\"db\":\"it's\"}|7\nf|txn_running|{\"db\":\"名字\"}|6\n", 0 }
#define HEAD "TransactionId|Label|Coordinator|TransactionStatus|LoadJobSourceType|PrepareTime|PreparedTime|CommitTime|PublishTime|" \
             "FinishTime|Reason|ErrorReplicasCount|ListenerId|TimeoutMs|PreparedTimeoutMs|ErrMsg\n"
#define TXN(id, status, source, prepare, prepared, commit, timeout) \
    id "|label_" id "|BE: be1|" status "|" source "|" prepare "|" prepared "|" commit "|NULL|NULL||0|[-1]|" timeout "|86400000|\n"
#define WRITING(id, prepare, timeout) TXN(id, "PREPARE", "BACKEND_STREAMING", prepare, "NULL", "NULL", timeout)
#define TWO_PHASE(id, prepared) TXN(id, "PREPARED", "BACKEND_STREAMING", "2026-01-01 00:00:00", prepared, "NULL", "600000")
#define COMMITTED(id, commit) TXN(id, "COMMITTED", "BACKEND_STREAMING", "2026-01-20 01:00:00", "NULL", commit, "600000")
#define RUNNING(db, rows) { &srd_probe_txn_running, db, HEAD rows, 0 }
#define NOTHING(db) RUNNING(db, "")
#define CONFIG(rows) { &srd_probe_fe_config, "", "Key|AliasNames|Value|Type|IsMutable|Comment\n" rows, 0 }
#define SET(name, value) name "|[]|" value "|long|true|\n"
#define GAP_HEAD "DB_NAME|TABLE_NAME|PARTITION_NAME|PARTITION_ID|VISIBLE_VERSION|NEXT_VERSION|VISIBLE_VERSION_TIME|KIND|BUCKETS|" \
                 "BYTES|COPY_BYTES|IS_TEMP|DISTRIBUTION_KEY\n"
#define IS_GAP "|gap|\\N|\\N|\\N|0|\\N\n"
/* The sizes of partitions are in the same answer, and a matter of storage. */
#define GAPS(rows) { &srd_probe_partitions, "", GAP_HEAD rows \
    "sales|huge|p1|\\N|\\N|\\N|2020-01-01 00:00:00|size|1|99999999999|33333333333|0|id\n", 0 }
#define AGAIN(rows) { &srd_probe_version_gaps_again, "3600", GAP_HEAD rows, 0 }
#define DENY(probe) { probe, "", NULL, SRD_DENIED }
#define OLD_HEAD "TransactionId|Label|Coordinator|TransactionStatus|LoadJobSourceType|PrepareTime|CommitTime|TimeoutMs\n"

static const struct row rows[] = {
#define CHECK &srd_txn_running_near_limit
    { "few transactions are fine", CHECK, { DBS, COUNTS("3", "0"), NOTHING("101") }, "ok", SN, V35 },
    { "800 of 1,000 are 80 %", CHECK, { DBS, COUNTS("800", "0"), NOTHING("101") }, "ok", SN, V35 },
    { "801 are a warning", CHECK, { DBS, COUNTS("801", "0"), NOTHING("101") }, "warning sales", SN, V35 },
    { "949 are a warning", CHECK, { DBS, COUNTS("949", "0"), NOTHING("101") }, "warning sales", SN, V35 },
    { "950 are critical", CHECK, { DBS, COUNTS("950", "0"), NOTHING("101") }, "critical sales", SN, V35 },
    { "the cluster's limit counts", CHECK, { DBS, COUNTS("801", "0"), NOTHING("101"), CONFIG(SET("max_running_txn_num_per_db", "5000")) }, "ok", SN, V35 },
    { "each database is judged", CHECK, { DBS, COUNTS("960", "820"), NOTHING("101"), NOTHING("102") }, "critical sales\nwarning ops", SN, V35 },
    { "without metrics the lists are counted", CHECK, { DBS, { &srd_probe_fe_gauges, "", NULL, SRD_NO_BACKEND }, RUNNING("101", WRITING("1", "2026-01-20 01:59:50", "600000") WRITING("2", "2026-01-20 01:59:50", "600000")),
      NOTHING("102"), CONFIG(SET("max_running_txn_num_per_db", "2")) }, "critical sales", SN, V35 },
    { "Routine Load and compactions do not count", CHECK, { DBS, { &srd_probe_fe_gauges, "", NULL, SRD_NO_BACKEND },
      RUNNING("101", TXN("1", "PREPARE", "ROUTINE_LOAD_TASK", "2026-01-20 01:59:50", "NULL", "NULL", "1") TXN("2", "PREPARE", "LAKE_COMPACTION", "2026-01-20 01:59:50", "NULL", "NULL", "1")),
      NOTHING("102"), CONFIG(SET("max_running_txn_num_per_db", "2")) }, "ok", SN, V35 },
    { "metrics without the counts are no metrics", CHECK, { DBS, { &srd_probe_fe_gauges, "", "FE_ID|NAME|LABELS|VALUE\nfe1|safe_mode|{}|0\n", 0 }, NOTHING("101") }, "not checked: skipped", SN, V35 },
    { "without metrics and lists nothing is ok", CHECK, { DBS, { &srd_probe_fe_gauges, "", NULL, SRD_NO_BACKEND }, NOTHING("101"), { &srd_probe_txn_running, "102", NULL, SRD_TIMED_OUT } }, "not checked: skipped", SN, V35 },
    { "limit: denied leaves it open", CHECK, { DENY(&srd_probe_databases) }, "not checked: denied", SN, V35 },
    { "limit: a missing column is a matter of version", CHECK, { { &srd_probe_databases, "", "DbId\n1\n", 0 } }, "not checked: version", SN, V35 },
    { "it counts in shared-data, too", CHECK, { DBS, COUNTS("960", "0"), NOTHING("101") }, "critical sales", SD, V35 },
#undef CHECK
#define CHECK &srd_txn_committed_not_visible
    { "committed a moment ago is normal", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 01:59:59")) }, "ok", SN, V35 },
    { "60 s are allowed", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 01:59:00")) }, "ok", SN, V35 },
    { "61 s are a warning", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 01:58:59")) }, "warning sales", SN, V35 },
    { "5 minutes are a warning", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 01:55:00")) }, "warning sales", SN, V35 },
    { "more is critical", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 01:54:59") COMMITTED("2", "2026-01-20 01:59:00")) }, "critical sales", SN, V35 },
    { "one that still writes is not late", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", WRITING("1", "2026-01-20 01:00:00", "9999999")) }, "ok", SN, V35 },
    { "nothing runs, nothing is late", CHECK, { DBS, COUNTS("0", "0") }, "ok", SN, V35 },
    { "a database that was not read is said", CHECK, { DBS, COUNTS("1", "1"), NOTHING("101"), { &srd_probe_txn_running, "102", NULL, SRD_TIMED_OUT } }, "not checked: skipped", SN, V35 },
    { "a list that was cut may hide the oldest", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 01:59:59") COMMITTED("2", "2026-01-20 01:59:59")),
      CONFIG(SET("max_show_proc_transactions_entry", "2")) }, "not checked: skipped", SN, V35 },
    { "a commit that cannot be dated is not ok", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", COMMITTED("1", "NULL")) }, "not checked: failed", SN, V35 },
    { "a commit in the future is not ok", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 10:00:00")) }, "not checked: failed", SN, V35 },
    { "the metrics suffice where the databases are not listed", CHECK, { { &srd_probe_databases, "", NULL, SRD_TIMED_OUT }, COUNTS("1", "0"),
      RUNNING("sales", COMMITTED("1", "2026-01-20 01:58:59")) }, "warning sales", SN, V35 },
    { "one whose name cannot be asked for is said", CHECK, { { &srd_probe_databases, "", NULL, SRD_TIMED_OUT }, ODD, NOTHING("名字") }, "not checked: skipped", SN, V35 },
    { "visible: denied leaves it open", CHECK, { DENY(&srd_probe_databases) }, "not checked: denied", SN, V35 },
    { "visible: denied lists leave it open", CHECK, { DBS, COUNTS("1", "0"), { &srd_probe_txn_running, "101", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
    { "visible: a missing column is a matter of version", CHECK, { DBS, COUNTS("1", "0"), { &srd_probe_txn_running, "101", "TransactionId|Label\n1|x\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_txn_prepare_leaked
    { "one within its time-out is fine", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", WRITING("1", "2026-01-20 01:55:00", "600000")) }, "ok", SN, V35 },
    { "5 minutes over it are allowed", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", WRITING("1", "2026-01-20 01:45:00", "600000")) }, "ok", SN, V35 },
    { "more is a warning", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", WRITING("1", "2026-01-20 01:44:59", "600000")) }, "warning sales", SN, V35 },
    { "a long INSERT has a long time-out", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", WRITING("1", "2026-01-19 22:00:00", "14400000")) }, "ok", SN, V35 },
    { "no time-out, no leak", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", WRITING("1", "2026-01-01 22:00:00", "-1")) }, "ok", SN, V35 },
    { "a begin that cannot be dated is not ok", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", WRITING("1", "NULL", "600000")) }, "not checked: failed", SN, V35 },
    { "leaks: denied leaves it open", CHECK, { DENY(&srd_probe_databases) }, "not checked: denied", SN, V35 },
    { "older releases print them, too", CHECK, { DBS, COUNTS("1", "0"), { &srd_probe_txn_running, "101", OLD_HEAD "1|l|FE: x|PREPARE|FRONTEND|2026-01-20 01:00:00|NULL|600000\n", 0 } }, "warning sales", SN, V32 },
#undef CHECK
#define CHECK &srd_txn_prepared_abandoned
#define HOUR "2026-01-20 00:59:59"
    { "a checkpoint of an hour ago is fine", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", TWO_PHASE("1", "2026-01-20 01:00:00")) }, "ok", SN, V35 },
    { "four of more than an hour are fine", CHECK, { DBS, COUNTS("4", "0"), RUNNING("101", TWO_PHASE("1", HOUR) TWO_PHASE("2", HOUR) TWO_PHASE("3", HOUR) TWO_PHASE("4", HOUR)) }, "ok", SN, V35 },
    { "five are abandoned", CHECK, { DBS, COUNTS("5", "0"), RUNNING("101", TWO_PHASE("1", HOUR) TWO_PHASE("2", HOUR) TWO_PHASE("3", HOUR) TWO_PHASE("4", HOUR) TWO_PHASE("5", HOUR)) }, "warning sales", SN, V35 },
    { "five of an hour to the second are fine", CHECK, { DBS, COUNTS("5", "0"), RUNNING("101", TWO_PHASE("1", "2026-01-20 01:00:00") TWO_PHASE("2", "2026-01-20 01:00:00")
      TWO_PHASE("3", "2026-01-20 01:00:00") TWO_PHASE("4", "2026-01-20 01:00:00") TWO_PHASE("5", "2026-01-20 01:00:00")) }, "ok", SN, V35 },
    { "one of six hours is fine", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", TWO_PHASE("1", "2026-01-19 20:00:00")) }, "ok", SN, V35 },
    { "one of more is abandoned", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", TWO_PHASE("1", "2026-01-19 19:59:59")) }, "warning sales", SN, V35 },
    { "a fifth of the limit is not critical", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", TWO_PHASE("1", HOUR) TWO_PHASE("2", HOUR)), CONFIG(SET("max_running_txn_num_per_db", "10")) }, "ok", SN, V35 },
    { "more than a fifth is", CHECK, { DBS, COUNTS("1", "0"), RUNNING("101", TWO_PHASE("1", HOUR) TWO_PHASE("2", HOUR)), CONFIG(SET("max_running_txn_num_per_db", "9")) }, "critical sales", SN, V35 },
    { "before 3.5.4 the begin has to do", CHECK, { DBS, COUNTS("1", "0"), { &srd_probe_txn_running, "101", OLD_HEAD "1|l|FE: x|PREPARED|FRONTEND|2026-01-19 10:00:00|NULL|600000\n", 0 } }, "warning sales", SN, V32 },
    { "prepared: denied leaves it open", CHECK, { DENY(&srd_probe_databases) }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_txn_next_version_gap
#define GAP(id, visible, next, time) "sales|orders|p1|" id "|" visible "|" next "|" time IS_GAP
    { "no gap is fine", CHECK, { GAPS(""), DBS, COUNTS("0", "0") }, "ok", SN, V35 },
    { "a gap of two in a busy table is fine", CHECK, { GAPS(GAP("7", "10", "13", "2026-01-20 01:59:58")), DBS, COUNTS("2", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 01:59:59")) }, "ok", SN, V35 },
    { "eleven that have not moved for 10 minutes are a warning", CHECK, { GAPS(GAP("7", "10", "22", "2026-01-20 01:49:59")), DBS, COUNTS("2", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 01:49:59")) }, "warning sales.orders/p1", SN, V35 },
    { "ten are not", CHECK, { GAPS(GAP("7", "10", "21", "2026-01-20 01:49:59")), DBS, COUNTS("2", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 01:49:59")) }, "ok", SN, V35 },
    { "eleven for 10 minutes are not", CHECK, { GAPS(GAP("7", "10", "22", "2026-01-20 01:50:00")), DBS, COUNTS("2", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 01:50:00")) }, "ok", SN, V35 },
    { "an orphan is critical", CHECK, { GAPS(GAP("7", "10", "12", "2026-01-20 00:59:59")), DBS, COUNTS("0", "0"), NOTHING("101"), AGAIN(GAP("7", "10", "12", "2026-01-20 00:59:59")) }, "critical sales.orders/p1", SN, V35 },
    { "a writer is no owner", CHECK, { GAPS(GAP("7", "10", "12", "2026-01-20 00:59:59")), DBS, COUNTS("1", "0"), RUNNING("101", WRITING("1", "2026-01-20 01:59:00", "600000")), AGAIN(GAP("7", "10", "12", "2026-01-20 00:59:59")) },
      "critical sales.orders/p1", SN, V35 },
    { "an hour to the second is not long enough", CHECK, { GAPS(GAP("7", "10", "12", "2026-01-20 01:00:00")), DBS, COUNTS("0", "0"), NOTHING("101") }, "ok", SN, V35 },
    { "one that was published while we looked is none", CHECK, { GAPS(GAP("7", "10", "12", "2026-01-20 00:30:00")), DBS, COUNTS("0", "0"), NOTHING("101"), AGAIN("") }, "ok", SN, V35 },
    { "one that moved while we looked is none", CHECK, { GAPS(GAP("7", "10", "12", "2026-01-20 00:30:00")), DBS, COUNTS("0", "0"), NOTHING("101"), AGAIN(GAP("7", "11", "13", "2026-01-20 00:30:00")) }, "ok", SN, V35 },
    { "a committed transaction may be its owner", CHECK, { GAPS(GAP("7", "10", "12", "2026-01-20 00:30:00")), DBS, COUNTS("1", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 00:31:00")), AGAIN(GAP("7", "10", "12", "2026-01-20 00:30:00")) }, "ok", SN, V35 },
    { "many old versions with an owner are slow publishing", CHECK, { GAPS(GAP("7", "10", "99", "2026-01-20 00:30:00")), DBS, COUNTS("1", "0"), RUNNING("101", COMMITTED("1", "2026-01-20 00:31:00")),
      AGAIN(GAP("7", "10", "99", "2026-01-20 00:30:00")) }, "warning sales.orders/p1", SN, V35 },
    { "many without an owner for less than an hour may get one", CHECK, { GAPS(GAP("7", "10", "99", "2026-01-20 01:30:00")), DBS, COUNTS("0", "0"), NOTHING("101"),
      AGAIN(GAP("7", "10", "99", "2026-01-20 01:30:00")) }, "warning sales.orders/p1", SN, V35 },
    { "many without an owner that were published meanwhile were slow", CHECK, { GAPS(GAP("7", "10", "99", "2026-01-20 00:30:00")), DBS, COUNTS("0", "0"), NOTHING("101"), AGAIN("") },
      "warning sales.orders/p1", SN, V35 },
    { "a small young one whose owner cannot be read is fine", CHECK, { GAPS(GAP("7", "10", "12", "2026-01-20 01:59:00")), DBS, COUNTS("1", "0"), { &srd_probe_txn_running, "101", NULL, SRD_TIMED_OUT } }, "ok", SN, V35 },
    { "a small one of an hour to the second is fine", CHECK, { GAPS(GAP("7", "10", "12", "2026-01-20 01:00:00")), DBS, COUNTS("1", "0"), { &srd_probe_txn_running, "101", NULL, SRD_TIMED_OUT } }, "ok", SN, V35 },
    { "whose owner cannot be read is not ok", CHECK, { GAPS(GAP("7", "10", "12", "2026-01-20 00:30:00")), DBS, COUNTS("1", "0"), { &srd_probe_txn_running, "101", NULL, SRD_TIMED_OUT } }, "not checked: skipped", SN, V35 },
    { "a large old gap without an owner that we know is a warning", CHECK, { GAPS(GAP("7", "10", "99", "2026-01-20 00:30:00")), DBS, { &srd_probe_txn_running, "101", NULL, SRD_TIMED_OUT } }, "warning sales.orders/p1", SN, V35 },
    { "one that cannot be dated is not ok", CHECK, { GAPS(GAP("7", "10", "99", "NULL")), DBS, COUNTS("0", "0"), NOTHING("101") }, "not checked: failed", SN, V35 },
    { "gaps: denied leaves it open", CHECK, { DENY(&srd_probe_partitions) }, "not checked: denied", SN, V35 },
    { "gaps: 3.2.3 does not print them", CHECK, { { &srd_probe_partitions, "", NULL, SRD_VERSION_ABSENT } }, "not checked: version", SN, V32 },
    { "gaps: with no node alive they cannot be read", CHECK, { { &srd_probe_partitions, "", NULL, SRD_NO_BACKEND } }, "not checked: no_backend", SN, V35 },
    { "gaps: a missing column is a matter of version", CHECK, { { &srd_probe_partitions, "", "DB_NAME|TABLE_NAME\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
    { "publish latency needs two samples", &srd_txn_publish_latency_high, { DBS }, "not checked: needs_history", SN, V35 },
    { "the publish queue needs two samples", &srd_txn_publish_queue, { DBS }, "not checked: needs_history", SN, V35 },
    { "aborts need two samples", &srd_txn_abort_rate, { DBS }, "not checked: needs_history", SN, V35 },
    { "failed publishing is a matter of shared-data", &srd_txn_lake_publish_failed, { DBS }, "not applicable", SN, V35 },
    { "failed publishing needs two samples", &srd_txn_lake_publish_failed, { DBS }, "not checked: needs_history", SD, V35 },
};
/* clang-format on */

static void the_limit_says_what_they_wait_for(void **state)
{
    static const struct srd_answer_text answers[] = {
        DBS,
        COUNTS("960", "0"),
        RUNNING("101", COMMITTED("3", "2026-01-20 01:59:59") COMMITTED("2", "2026-01-20 01:59:59")
                           WRITING("1", "2026-01-20 01:59:50", "600000")),
        { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_result r = judge(arena, &srd_txn_running_near_limit, answers);

    (void)state;
    assert_int_equal(r.finding_count, 1);
    assert_string_equal(
        r.findings[0]->message,
        "960 of 1,000 transactions of sales run; most are COMMITTED and wait to become "
        "visible");
    assert_string_equal(field(r.findings[0], "committed_percent"), "66");
    assert_string_equal(field(r.findings[0], "database_id"), "101");
}

static void what_they_wait_for_may_be_unknown(void **state)
{
    static const struct srd_answer_text unread[] = { DBS, COUNTS("960", "0"), { 0 } }, mixed[] = {
        DBS,
        COUNTS("960", "0"),
        RUNNING("101", COMMITTED("3", "2026-01-20 01:59:59") TWO_PHASE("2", "2026-01-20 01:59:59")
                           WRITING("1", "2026-01-20 01:59:50", "600000")),
        { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    (void)state;
    assert_string_equal(judge(arena, &srd_txn_running_near_limit, unread).findings[0]->message,
                        "960 of 1,000 transactions of sales run");
    assert_string_equal(judge(arena, &srd_txn_running_near_limit, mixed).findings[0]->message,
                        "960 of 1,000 transactions of sales run");
}

static void the_oldest_commit_says_why(void **state)
{
    static const struct srd_answer_text answers[] = {
        DBS,
        COUNTS("2", "0"),
        RUNNING("101", "9|new|FE: a|COMMITTED|x|2026-01-20 01:00:00|NULL|2026-01-20 "
                       "01:58:00|NULL|NULL|||-1|1|1|\n"
                       "8|old|BE: b|COMMITTED|x|2026-01-20 01:00:00|NULL|2026-01-20 "
                       "01:50:00|NULL|NULL|slow be|0|-1|1|1|\n"),
        { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_result r = judge(arena, &srd_txn_committed_not_visible, answers);

    (void)state;
    assert_int_equal(r.finding_count, 1);
    assert_string_equal(
        r.findings[0]->message,
        "transaction 8 of sales was committed 10m ago and is not visible; 2 wait: slow be");
    assert_string_equal(field(r.findings[0], "label"), "old");
}

/* A list that ends at its limit hides the younger ones. */
static void a_full_list_of_gaps_is_said(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *list = GAP_HEAD;
    struct srd_answer_text answers[] = { { &srd_probe_partitions, "", NULL, 0 },
                                         DBS,
                                         COUNTS("1", "0"),
                                         RUNNING("101", COMMITTED("1", "2026-01-20 01:59:59")),
                                         { 0 } };

    (void)state;
    for (int i = 0; i < 200; i++)
        list = srd_arena_printf(arena, "%ssales|t|p%d|%d|1|99|2026-01-20 01:00:00" IS_GAP, list, i, i);
    answers[0].table = list;
    assert_int_equal(judge(arena, &srd_txn_next_version_gap, answers).finding_count, 20);
    assert_int_equal(judge(arena, &srd_txn_next_version_gap, answers).status, SRD_SKIPPED);
}

static void more_than_fifty_leaks_are_critical(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    (void)state;
    for (int n = 50; n <= 51; n++) {
        const char *list = HEAD;
        struct srd_answer_text answers[] = {
            DBS, COUNTS("51", "0"), { &srd_probe_txn_running, "101", NULL, 0 }, { 0 }
        };

        for (int i = 0; i < n; i++)
            list = srd_arena_printf(arena,
                                    "%s" TXN("%d", "PREPARE", "FRONTEND", "2026-01-20 01:00:00",
                                             "NULL", "NULL", "600000"),
                                    list, i, i);
        answers[2].table = list;
        assert_int_equal(judge(arena, &srd_txn_prepare_leaked, answers).severity,
                         n > 50 ? SRD_CRITICAL : SRD_WARNING);
    }
}

/* Which databases are asked? */
static void check_picked(struct srd_arena *arena, const struct srd_answer_text *answers,
                         const char *want, size_t want_left_out)
{
    size_t left_out;

    assert_string_equal(
        picked(arena, &srd_probe_txn_running, srd_evidence_of(arena, answers), &left_out), want);
    assert_int_equal(left_out, want_left_out);
}

static void databases_with_most_are_asked_first(void **state)
{
    static const struct srd_answer_text busy[] = { DBS, COUNTS("3", "9"), { 0 } },
                                        idle[] = { DBS, COUNTS("0", "0"), { 0 } },
                                        gap[] = { DBS,
                                                  COUNTS("0", "0"),
                                                  GAPS("ops|t|p|1|1|3|2026-01-20 01:00:00" IS_GAP),
                                                  { 0 } },
                                        blind[] = { DBS, { 0 } };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *many = "DbId|DbName\nx|'; drop\n";
    struct srd_answer_text large[] = { { &srd_probe_databases, "", NULL, 0 }, { 0 } };
    /* a locked database may keep the list of them away */
    static const struct srd_answer_text nameless[] = {
        { &srd_probe_databases, "", NULL, SRD_TIMED_OUT }, COUNTS("3", "9"), { 0 }
    };
    static const struct srd_answer_text odd[] = {
        { &srd_probe_databases, "", NULL, SRD_TIMED_OUT },
        ODD,
        { 0 }
    };
    static const struct srd_answer_text known[] = {
        { &srd_probe_databases, "", "DbId|DbName\n77|10007\n78|a/b\n", 0 }, ODD, { 0 }
    };

    (void)state;
    check_picked(arena, nameless, "ops sales", 0);
    check_picked(arena, odd, "名字", 0);
    check_picked(arena, known, "77 78 名字", 0);
    check_picked(arena, busy, "102 101", 0);
    check_picked(arena, idle, "", 0);
    check_picked(arena, gap, "102", 0);
    check_picked(arena, blind, "101 102", 0);
    for (int i = 0; i < 40; i++)
        many = srd_arena_printf(arena, "%s%d|db%d\n", many, 200 + i, i);
    large[0].table = many;
    check_picked(arena, large, "200 201 202 203 204 205", 34);
}

static void a_second_look_only_where_it_matters(void **state)
{
    static const struct srd_answer_text fresh[] = { GAPS("a|t|p|1|1|30|2026-01-20 01:30:00" IS_GAP),
                                                    { 0 } },
                                        stale[] = { GAPS("a|t|p|1|1|3|2026-01-20 00:30:00" IS_GAP
                                                         "a|t|q|2|1|3|2026-01-20 00:31:00" IS_GAP),
                                                    { 0 } };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_keys keys = { .arena = arena, .max = 1 };

    (void)state;
    srd_probe_version_gaps_again.pick(srd_evidence_of(arena, fresh), &keys);
    assert_int_equal(keys.count, 0);
    srd_probe_version_gaps_again.pick(srd_evidence_of(arena, stale), &keys);
    assert_int_equal(keys.count, 1);
    assert_int_equal(keys.left_out, 0);
}

/* The view. */

#define LIMIT(n) ((const struct srd_arg_value[SRD_MAX_ARGS]){ { .number = (n), .given = true } })

static void the_view_lists_the_oldest_first(void **state)
{
    static const struct srd_answer_text answers[] = {
        DBS,
        COUNTS("1", "1"),
        RUNNING("101", COMMITTED("5", "2026-01-20 01:59:00")),
        RUNNING("102", WRITING("9", "2026-01-20 01:59:00", "600000")
                           TWO_PHASE("7", "2026-01-20 01:00:00")),
        { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *v = fill(arena, &srd_txn_view_running, SN, LIMIT(100), answers);

    (void)state;
    assert_int_equal(v->count, 3);
    assert_string_equal(v->summary, "3 transactions run in 2 databases");
    assert_string_equal(srd_rows_value(v, 0, 1)->text, "7");
    assert_string_equal(srd_rows_value(v, 1, 2)->text, "COMMITTED");
    assert_true(srd_rows_value(v, 1, 4)->number > 59999);
    assert_true(srd_rows_value(v, 2, 3)->number > 59999 && srd_rows_value(v, 2, 3)->number < 60001);
    assert_false(srd_rows_value(v, 2, 4)->present);
    v = fill(arena, &srd_txn_view_running, SN, LIMIT(2), answers);
    assert_int_equal(v->count, 2);
    assert_string_equal(v->notes[0], "the 2 oldest are shown");
}

static void the_view_of_nothing_is_empty(void **state)
{
    static const struct srd_answer_text answers[] = { DBS, COUNTS("0", "0"), { 0 } };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    (void)state;
    assert_int_equal(fill(arena, &srd_txn_view_running, SN, LIMIT(100), answers)->count, 0);
}

static void hostile_labels_are_cut(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    char *label = malloc((1 << 20) + 1);
    struct srd_answer_text answers[] = {
        DBS, COUNTS("1", "0"), { &srd_probe_txn_running, "101", NULL, 0 }, { 0 }
    };
    struct srd_result r;

    (void)state;
    assert_non_null(label);
    for (size_t i = 0; i < 1 << 20; i++)
        label[i] = "\xe4\xba\x8b'\"`\x02\xfe\x1b"[i % 9];
    label[1 << 20] = '\0';
    answers[2].table =
        srd_arena_printf(arena,
                         HEAD "1|%s|BE: be1|COMMITTED|x|2026-01-20 00:00:00|NULL|2026-01-20 "
                              "00:00:00|NULL|NULL||0|x|1|1|%s\n",
                         label, label);
    r = judge(arena, &srd_txn_committed_not_visible, answers);
    assert_int_equal(r.finding_count, 1);
    assert_true(strlen(r.findings[0]->message) < 500);
    assert_true(strlen(field(r.findings[0], "label")) < 200);
    assert_int_equal(fill(arena, &srd_txn_view_running, SN, LIMIT(100), answers)->count, 1);
    free(label);
}

int main(void)
{
    static const struct CMUnitTest single[] = {
        cmocka_unit_test(the_limit_says_what_they_wait_for),
        cmocka_unit_test(what_they_wait_for_may_be_unknown),
        cmocka_unit_test(the_oldest_commit_says_why),
        cmocka_unit_test(a_full_list_of_gaps_is_said),
        cmocka_unit_test(more_than_fifty_leaks_are_critical),
        cmocka_unit_test(databases_with_most_are_asked_first),
        cmocka_unit_test(a_second_look_only_where_it_matters),
        cmocka_unit_test(the_view_lists_the_oldest_first),
        cmocka_unit_test(the_view_of_nothing_is_empty),
        cmocka_unit_test(hostile_labels_are_cut),
    };
    static struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    memcpy(&tests[n], single, sizeof(single));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
