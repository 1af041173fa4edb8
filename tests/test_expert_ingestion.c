/* When does the write path alarm, what do the views of loads show, and which causes join them? */

#include "experts/ingest/ingest.h"
#include "experts/load/load.h"
#include "experts/load/stream.h"
#include "experts/storage/sizes.h"
#include "lib/model/identity.h"
#include "tests/expert_rows.h"
#include "tests/load_rows.h"

/* What is tested here; the expert lists them beside their records. */
extern const struct srd_check srd_ingest_async_writer_backlog, srd_ingest_commit_quorum,
    srd_ingest_create_tablet_slow, srd_ingest_disk_io, srd_ingest_flush_backlog,
    srd_ingest_partition_explosion, srd_ingest_replica_wait, srd_ingest_rpc_overcrowded,
    srd_ingest_spill_heavy;
extern const struct srd_expert srd_expert_ingestion;
extern const struct srd_view srd_ingest_view_routine_load, srd_ingest_view_stream_load;

#define V32 30200

/* It is 2026-01-20 02:00:00 UTC = 1768874400. */
/* clang-format off */
#define JOB_HEAD "ID|LABEL|DB_NAME|TABLE_NAME|USER|TYPE|STATE|PROGRESS|CREATED_S|STARTED_S|FINISHED_S|TIMEOUT_S|SCAN_ROWS|" \
                 "FILTERED_ROWS|UNSELECTED_ROWS|SINK_ROWS|ERROR_MSG|TRACKING_SQL" LOADS_HEAD "\n"
#define BAD(label, at, text) "1|" label "|db|t|u|BROKER|CANCELLED|x|" at "|" at "|" at "|600|0|0|0|0|" text "|\\N" OF_KIND("failed") "\n"
#define LOADS(rows) { &srd_probe_loads, "24/+00:00", JOB_HEAD rows, 0 }
#define NO_LOADS LOADS("")
#define M5 "1768874100"
#define M12 "1768873680"
#define M14 "1768873560"
#define M16 "1768873440"
#define M59 "1768870860"
#define M61 "1768870740"
#define SLOW "Fail to create partition: Table creation timed out. unfinished replicas(3/41): 20311(b1) timeout=10s"
#define QUORUM(be) "Commit failed. txn: 9 table: t tablet: 7 quorum: 1<2 errorReplicas: 11:{be:" be " host st:NORMAL V:4 LFV:5}, commitBackends: [10003, 2]"
#define FULL "[E1011]The server is overcrowded @b2:8060"
#define BE_HEAD "BackendId|IP|HeartbeatPort|LastStartTime|LastHeartbeat|Alive\n"
#define BES { &srd_probe_backends, "", BE_HEAD "1|b1|9050|2025-11-01 00:00:00|2026-01-20 01:59:58|true\n" \
              "10003|b3|9050|2025-11-01 00:00:00|2026-01-20 01:59:58|true\n", 0 }
#define BE_BACK { &srd_probe_backends, "", BE_HEAD "1|b1|9050|2025-11-01 00:00:00|2026-01-20 01:59:58|true\n" \
                  "10003|b3|9050|2026-01-20 01:58:00|2026-01-20 01:59:58|true\n", 0 }
#define ST_HEAD "DB_NAME|TABLE_NAME|LABEL|STATE|TYPE|NUM_ROWS_NORMAL|NUM_LOAD_BYTES|TIMEOUT_SECOND|CREATED_S|ENDED_S|ERROR_TEXT|KEPT|OLDEST_S\n"
#define ST(table, label, state, rows, bytes, created, ended, error) \
    "db|" table "|" label "|" state "|STREAM_LOAD|" rows "|" bytes "|600|" created "|" ended "|" error "|9|1768000000\n"
#define STREAMS(rows) { &srd_probe_stream_loads, "+00:00", ST_HEAD rows, 0 }

/* What else table-sizes says is a matter of storage. */
#define B_COLUMNS "|EARLY|OLD|LATE|FRESH|EARLIEST|EARLY_NAME|LATEST|LATE_NAME|FRESH_FROM|FRESH_TO|FRESH_DAYS"
#define B_HEAD_WITH(columns) "DB_NAME|TABLE_NAME|PARTITIONS" columns "|SEEN|TABLETS|REPLICAS|DATA_BYTES|COPY_BYTES|ROW_COUNT|REPLICATION_NUM|MAX_BUCKETS|MOST_BUCKETS|EMPTY_PARTITIONS|" \
    "EMPTY_BUCKETS|FILLED_PARTITIONS|FILLED_TABLETS|SMALL_TABLETS|MEDIAN_TABLET|MEDIAN_PARTITION|MAX_PARTITION|LARGEST_PARTITION|" \
    "MAX_CLOSED|LARGEST_CLOSED|OLDEST_PARTITION|OLDEST_VALUE|NEWEST_VALUE|SSD_PARTITIONS|HDD_PARTITIONS|OVERDUE_PARTITIONS|" \
    "TABLE_ENGINE|TABLE_MODEL|PARTITION_KEY|PROPERTIES|TABLES\n"
#define B_HEAD B_HEAD_WITH(B_COLUMNS)
#define REST "|9|9|9|9|9|3|1|p|0|\\N|9|9|9|9|9|9|p|9|p|p|||0|9|0|OLAP|DUP_KEYS|`dt`|{}|40\n"
#define ALL "\\N|\\N|5000|900|0|900|0|\\N|\\N|\\N|\\N|\\N|\\N|0|40" REST \
            "db|\\N|5000|900|0|900|0|\\N|\\N|\\N|\\N|\\N|\\N|0|40" REST \
            "db|plain|50|0|0|0|50|\\N|\\N|\\N|\\N|2026-01-01|2027-01-01|0|40" REST
#define B(name, early, old, late, fresh, from, to, days) "db|" name "|900|" early "|" old "|" late "|" fresh \
    "|1970-01-01|p19700101|2099-01-01|p20990101|" from "|" to "|" days "|40" REST
#define BOUNDS(rows) { &srd_probe_table_sizes, "", B_HEAD ALL rows, 0 }
#define DBS(n) { &srd_probe_databases, "", "DbId|DbName|TableNum\n1|db|" n "\n", 0 }

static const struct row rows[] = {
#define CHECK &srd_ingest_create_tablet_slow
    { "one load that waited for its partition in vain is a warning", CHECK, { LOADS(BAD("a", M5, SLOW)) }, "warning new tablets", SN, V35 },
    { "also in shared-data", CHECK, { LOADS(BAD("a", M5, SLOW)) }, "warning new tablets", SD, V35 },
    { "ten are critical", CHECK, { LOADS(BAD("a", M5, SLOW) BAD("b", M5, SLOW) BAD("c", M5, SLOW) BAD("d", M5, SLOW) BAD("e", M5, SLOW)
      BAD("f", M5, SLOW) BAD("g", M5, SLOW) BAD("h", M5, SLOW) BAD("i", M5, SLOW) BAD("j", M5, SLOW)) }, "critical new tablets", SN, V35 },
    { "nine are not", CHECK, { LOADS(BAD("a", M5, SLOW) BAD("b", M5, SLOW) BAD("c", M5, SLOW) BAD("d", M5, SLOW) BAD("e", M5, SLOW)
      BAD("f", M5, SLOW) BAD("g", M5, SLOW) BAD("h", M5, SLOW) BAD("i", M5, SLOW)) }, "warning new tablets", SN, V35 },
    { "one of 61 minutes ago is told, and alarms nobody", CHECK, { LOADS(BAD("a", M61, SLOW)) }, "info new tablets", SN, V35 },
    { "stream loads of old versions are looked for in their own list", CHECK, { NO_LOADS, STREAMS(ST("t", "s", "CANCELLED", "0", "0", M5, M5, SLOW)) },
      "warning new tablets", SN, V32 },
    { "another error is another matter", CHECK, { LOADS(BAD("a", M5, "boom")) }, "ok", SN, V35 },
    { "create: without a zone nothing is known", CHECK, { { 0 } }, "not checked: failed", SN, V35 },
    { "create: denied leaves it open", CHECK, { { &srd_probe_loads, "24/+00:00", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
    { "create: a missing column is a matter of version", CHECK, { { &srd_probe_loads, "24/+00:00", "ID|LABEL\n1|a\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_ingest_commit_quorum
    { "three within ten minutes are critical, and name their backend", CHECK, { BES, LOADS(BAD("a", M5, QUORUM("10003")) BAD("b", M12, QUORUM("10003")) BAD("c", M14, QUORUM("10003"))) },
      "critical b3", SN, V35 },
    { "three within eleven are not", CHECK, { BES, LOADS(BAD("a", M5, QUORUM("10003")) BAD("b", M12, QUORUM("10003")) BAD("c", M16, QUORUM("10003"))) }, "ok", SN, V35 },
    { "an hour ago is over, and told", CHECK, { BES, LOADS(BAD("a", M61, QUORUM("10003")) BAD("b", M61, QUORUM("10003")) BAD("c", M61, QUORUM("10003"))) }, "info b3", SN, V35 },
    { "two an hour ago are not told", CHECK, { BES, LOADS(BAD("a", M61, QUORUM("10003")) BAD("b", M61, QUORUM("10003"))) }, "ok", SN, V35 },
    { "59 minutes ago is not", CHECK, { BES, LOADS(BAD("a", M59, QUORUM("10003")) BAD("b", M59, QUORUM("10003")) BAD("c", M59, QUORUM("10003"))) }, "critical b3", SN, V35 },
    { "the restart of the backend explains it", CHECK, { BE_BACK, LOADS(BAD("a", M5, QUORUM("10003")) BAD("b", M12, QUORUM("10003")) BAD("c", M14, QUORUM("10003"))) },
      "info b3", SN, V35 },
    { "those that did commit are not to blame", CHECK, { BES, LOADS(BAD("a", M5, QUORUM("8")) BAD("b", M12, QUORUM("9")) BAD("c", M14, QUORUM("7"))) }, "critical replicas", SN, V35 },
    { "an id within another number is none", CHECK, { BES, LOADS(BAD("a", M5, QUORUM("100031")) BAD("b", M12, QUORUM("210003")) BAD("c", M14, QUORUM("7"))) },
      "critical replicas", SN, V35 },
    { "of a list of replicas the dead one counts", CHECK, { BES,
      LOADS(BAD("a", M5, "Tablet lost replicas. replicas: 1:4/-1/4/0:NORMAL:ALIVE,10003:4/-1/4/0:NORMAL:DEAD,. Check quorum number failed(OlapTableSink)")
            BAD("b", M5, "Tablet lost replicas. replicas: 1:4/-1/4/0:NORMAL:ALIVE,10003:4/-1/4/0:NORMAL:DEAD,. Check quorum number failed(OlapTableSink)")
            BAD("c", M5, "Tablet lost replicas. replicas: 1:4/-1/4/0:NORMAL:ALIVE,10003:4/-1/4/0:NORMAL:DEAD,. Check quorum number failed(OlapTableSink)")) },
      "critical b3", SN, V35 },
    { "quorum: shared-data has no replicas", CHECK, { BES, NO_LOADS }, "not applicable", SD, V35 },
    { "quorum: denied leaves it open", CHECK, { BES, { &srd_probe_loads, "24/+00:00", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_ingest_rpc_overcrowded
    { "ten overcrowded loads are a warning", CHECK, { BES, LOADS(BAD("a", M5, FULL) BAD("b", M5, FULL) BAD("c", M5, FULL) BAD("d", M5, FULL) BAD("e", M5, FULL)
      BAD("f", M5, FULL) BAD("g", M5, FULL) BAD("h", M5, FULL) BAD("i", M5, FULL) BAD("j", M12, FULL)) }, "warning receivers", SD, V35 },
    { "nine are not", CHECK, { BES, LOADS(BAD("a", M5, FULL) BAD("b", M5, FULL) BAD("c", M5, FULL) BAD("d", M5, FULL) BAD("e", M5, FULL)
      BAD("f", M5, FULL) BAD("g", M5, FULL) BAD("h", M5, FULL) BAD("i", M5, FULL) BAD("j", M59, FULL)) }, "ok", SN, V35 },
    { "overcrowded: denied leaves it open", CHECK, { { &srd_probe_loads, "24/+00:00", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_ingest_partition_explosion
    { "101 partitions far from today are a warning", CHECK, { BOUNDS(B("t", "60", "0", "41", "0", "\\N", "\\N", "0")) }, "warning db.t", SN, V35 },
    { "100 are told", CHECK, { BOUNDS(B("t", "60", "0", "40", "0", "\\N", "\\N", "0")) }, "info db.t", SN, V35 },
    { "two are not", CHECK, { BOUNDS(B("t", "1", "0", "1", "0", "\\N", "\\N", "0")) }, "ok", SN, V35 },
    { "a table that goes back far by design is fine", CHECK, { BOUNDS(B("t", "800", "300", "0", "0", "\\N", "\\N", "0")) }, "ok", SN, V35 },
    { "but not when it reaches far ahead as well", CHECK, { BOUNDS(B("t", "800", "300", "150", "0", "\\N", "\\N", "0")) }, "warning db.t", SD, V35 },
    { "101 new ones here and there are a warning", CHECK, { BOUNDS(B("t", "0", "0", "0", "101", "2024-01-01", "2026-01-01", "101")) }, "warning db.t", SN, V35 },
    { "100 are not", CHECK, { BOUNDS(B("t", "0", "0", "0", "100", "2024-01-01", "2026-01-01", "100")) }, "ok", SN, V35 },
    { "1,001 are critical", CHECK, { BOUNDS(B("t", "0", "0", "0", "1001", "2016-01-01", "2026-01-01", "1001")) }, "critical db.t", SN, V35 },
    { "700 days of history, one after the other, are fine", CHECK, { BOUNDS(B("t", "0", "0", "0", "700", "2024-01-01", "2025-11-30", "700")) }, "ok", SN, V35 },
    { "so are 120 months", CHECK, { BOUNDS(B("t", "0", "0", "0", "120", "2016-01-01", "2025-12-01", "3653")) }, "ok", SN, V35 },
    { "a load that failed at the limit is critical", CHECK, { BOUNDS(""), LOADS(BAD("a", M61, "Table t automatically created partitions exceeded the maximum limit: 100000. "
      "You can modify this restriction on by setting max_partition_number_per_table larger.")) }, "critical db.t", SN, V35 },
    { "internal tables do not count", CHECK, { BOUNDS("_statistics_|t|900|500|0|500|0|a|b|c|d|\\N|\\N|0|40" REST) }, "ok", SN, V35 },
    { "an account that sees nothing knows nothing", CHECK, { { &srd_probe_table_sizes, "", B_HEAD, 0 } }, "not checked: denied", SN, V35 },
    { "nor one that sees half", CHECK, { BOUNDS(""), DBS("80") }, "not checked: denied", SN, V35 },
    { "explosion: timed out leaves it open", CHECK, { { &srd_probe_table_sizes, "", NULL, SRD_TIMED_OUT } }, "not checked: timeout", SN, V35 },
    { "explosion: sizes without bounds leave it open", CHECK, { { &srd_probe_table_sizes, "", B_HEAD_WITH("") "db|t|9|40" REST, 0 } }, "not checked: version", SN, V35 },
    { "explosion: a missing column is a matter of version", CHECK, { { &srd_probe_table_sizes, "", "DB_NAME|TABLE_NAME\ndb|t\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
    { "the flush queue needs two samples", &srd_ingest_flush_backlog, { NO_LOADS }, "not checked: needs_history", SN, V35 },
    { "writers need two samples", &srd_ingest_async_writer_backlog, { NO_LOADS }, "not checked: needs_history", SN, V35 },
    { "waiting for replicas needs two samples", &srd_ingest_replica_wait, { NO_LOADS }, "not checked: needs_history", SN, V35 },
    { "and there is none in shared-data", &srd_ingest_replica_wait, { NO_LOADS }, "not applicable", SD, V35 },
    { "busy disks need two samples", &srd_ingest_disk_io, { NO_LOADS }, "not checked: needs_history", SN, V35 },
    { "spilling needs two samples", &srd_ingest_spill_heavy, { NO_LOADS }, "not checked: needs_history", SN, V35 },
};
/* clang-format on */

/* The argument of the expert: how far failures are looked for. It is 02:00. */
/* clang-format off */
#define TOO_MANY "Table t automatically created partitions exceeded the maximum limit: 100000."
#define H3 "1768863600"
#define H30 "1768766400"
#define LOADS_OF(key, rows) { &srd_probe_loads, key "/+00:00", JOB_HEAD rows, 0 }

static const struct of_hours {
    const char *name;
    int64_t hours; /* 0: nobody says */
    const struct srd_check *check;
    struct srd_answer_text answers[4];
    const char *want; /* the message, or ok */
} of_hours[] = {
    { "what is 3 hours old is within a day", 0, &srd_ingest_create_tablet_slow, { LOADS(BAD("a", H3, SLOW)) },
      "info: 1 loads failed within 24 hours because their partitions were created too slowly, the last 3h ago into db.t: " SLOW },
    { "and beyond two hours", 2, &srd_ingest_create_tablet_slow, { LOADS(BAD("a", H3, SLOW)) }, "ok" },
    { "what is 30 hours old is beyond a day", 0, &srd_ingest_create_tablet_slow, { LOADS(BAD("a", H30, SLOW)) }, "ok" },
    { "and within 72 hours", 72, &srd_ingest_create_tablet_slow, { LOADS_OF("72", BAD("a", H30, SLOW)) },
      "info: 1 loads failed within 72 hours because their partitions were created too slowly, the last 1d 6h ago into db.t: " SLOW },
    { "more hours alarm nobody more", 72, &srd_ingest_create_tablet_slow, { LOADS_OF("72", BAD("b", M5, SLOW) BAD("a", H30, SLOW)) },
      "warning: 1 loads failed within an hour because their partitions were created too slowly, the last into db.t: " SLOW },
    { "an alarm of the last hour goes before more failures long ago", 72, &srd_ingest_commit_quorum,
      { BES, LOADS_OF("72", BAD("a", M5, QUORUM("10003")) BAD("b", M5, QUORUM("10003")) BAD("c", M5, QUORUM("10003"))
        BAD("d", H30, QUORUM("1")) BAD("e", H30, QUORUM("1")) BAD("f", H30, QUORUM("1")) BAD("g", H30, QUORUM("1"))) },
      "critical: 3 loads failed within 10 minutes because too few replicas were written, most of them on b3: " QUORUM("10003") },
    { "without one those are told, with their backend", 72, &srd_ingest_commit_quorum,
      { BES, LOADS_OF("72", BAD("a", M5, QUORUM("10003")) BAD("d", H30, QUORUM("10003")) BAD("e", H30, QUORUM("10003")) BAD("f", H30, QUORUM("10003"))) },
      "info: 3 loads failed within 10 minutes 1d 6h ago because too few replicas were written, most of them on b3: " QUORUM("10003") },
    { "ten overcrowded loads long ago are told", 0, &srd_ingest_rpc_overcrowded,
      { BES, LOADS(BAD("a", H3, FULL) BAD("b", H3, FULL) BAD("c", H3, FULL) BAD("d", H3, FULL) BAD("e", H3, FULL)
      BAD("f", H3, FULL) BAD("g", H3, FULL) BAD("h", H3, FULL) BAD("i", H3, FULL) BAD("j", H3, FULL)) },
      "info: 10 loads failed within 10 minutes 3h ago because a node does not take what is sent to it: " FULL },
    { "a limit that was hit 3 hours ago is within a day", 0, &srd_ingest_partition_explosion, { BOUNDS(""), LOADS(BAD("a", H3, TOO_MANY)) },
      "critical: 1 loads failed within 24 hours at the limit of partitions, the last into db.t: " TOO_MANY },
    { "and beyond two hours, too", 2, &srd_ingest_partition_explosion, { BOUNDS(""), LOADS(BAD("a", H3, TOO_MANY)) }, "ok" },
};
/* clang-format on */

static void hours_are_looked_back(void **state)
{
    const struct of_hours *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_of(arena, row->answers);
    struct srd_arg_value args[SRD_MAX_ARGS] = { { .number = row->hours, .given = true } };
    struct srd_result result;

    ev->cluster.mode = SN;
    ev->cluster.version = V35;
    ev->declared = srd_expert_ingestion.args;
    ev->args = row->hours ? args : NULL;
    srd_check_judge(row->check, ev, arena, &result);
    assert_int_equal(result.verdict, SRD_CHECKED);
    assert_string_equal(result.finding_count
                            ? srd_arena_printf(arena, "%s: %s",
                                               srd_severity_name(result.findings[0]->severity),
                                               result.findings[0]->message)
                            : "ok",
                        row->want);
}

/* Five hundred failures of half past midnight: what lies before was not read. */
static enum srd_verdict of_many(struct srd_arena *arena, const char *hours, int64_t asked)
{
    struct srd_arg_value args[SRD_MAX_ARGS] = { { .number = asked, .given = true } };
    struct srd_answer_text answers[2] = { { &srd_probe_loads, NULL, NULL, 0 } };
    char *text = srd_arena_copy(arena, JOB_HEAD);
    struct srd_result result;
    struct srd_evidence *ev;

    for (int i = 0; i < SRD_LOAD_MAX_FAILED; i++)
        text = srd_arena_printf(arena, "%s%s", text, BAD("a", "1768869000", "boom"));
    answers[0].key = hours;
    answers[0].table = text;
    ev = srd_evidence_of(arena, answers);
    ev->cluster.mode = SN;
    ev->declared = srd_expert_ingestion.args;
    ev->args = asked ? args : NULL;
    srd_check_judge(&srd_ingest_create_tablet_slow, ev, arena, &result);
    return result.verdict;
}

static void a_list_that_is_too_short_for_the_hours_says_so(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    (void)state;
    assert_int_equal(of_many(arena, "24/+00:00", 0), SRD_CHECKED); /* alarms look at one hour */
    assert_int_equal(of_many(arena, "24/+00:00", 1), SRD_CHECKED);
    assert_int_equal(of_many(arena, "24/+00:00", 2), SRD_NOT_CHECKED);
}

#define HOURS(n) ((const struct srd_arg_value[SRD_MAX_ARGS]){ { .number = (n) } })

static void the_view_of_stream_loads_adds_up(void **state)
{
    /* clang-format off */
    static const struct srd_answer_text answers[] = {
        STREAMS(ST("t", "a", "FINISHED", "10", "1000", "1768874100", "1768874110", "")
                ST("t", "b", "FINISHED", "30", "3000", "1768873800", "1768873830", "")
                ST("t", "c", "CANCELLED", "0", "0", "1768873500", "1768873505", "boom")
                ST("u", "d", "LOADING", "0", "0", "1768873500", "\\N", "")
                ST("t", "e", "FINISHED", "90", "9000", "1768784000", "1768784010", "yesterday")), { 0 } };
    /* clang-format on */
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *out = fill(arena, &srd_ingest_view_stream_load, SN, HOURS(24), answers);

    (void)state;
    assert_int_equal(out->count, 2);
    assert_string_equal(value(out, 0, "table")->text, "t");
    assert_true(value(out, 0, "loads")->number == 3);
    assert_true(value(out, 0, "failed")->number == 1);
    assert_true(value(out, 0, "row_count")->number == 40);
    assert_true(value(out, 0, "size_bytes")->number == 4000);
    assert_true(value(out, 0, "median_rows")->number == 20);
    assert_true(value(out, 0, "mean_ms")->number == 20000);
    assert_true(value(out, 0, "loads_per_minute")->number > 0.29 &&
                value(out, 0, "loads_per_minute")->number < 0.31);
    assert_false(value(out, 1, "median_rows")->present);
    assert_true(value(out, 1, "running")->number == 1);
    assert_string_equal(out->summary, "3 stream loads into 2 tables in 24 hours, 1 failed");
    assert_int_equal(
        fill(arena, &srd_ingest_view_stream_load, SN, HOURS(48), answers)->values[2].number, 4);
    assert_int_equal(fill(arena, &srd_ingest_view_stream_load, SN, HOURS(1), answers)->count, 2);
}

static void the_view_advises_on_small_and_frequent_loads(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[2] = { STREAMS("") };
    char *text = srd_arena_copy(arena, ST_HEAD);
    const struct srd_rows *out;

    (void)state;
    for (int i = 0; i < 60; i++)
        text = srd_arena_printf(
            arena, "%sdb|t|l%d|FINISHED|STREAM_LOAD|10|1000|600|%d|%d||60|1768874000\n", text, i,
            1768874000 + 4 * i, 1768874001 + 4 * i);
    answers[0].table = text;
    out = fill(arena, &srd_ingest_view_stream_load, SN, HOURS(24), answers);
    assert_string_equal(
        value(out, 0, "advice")->text,
        "small and frequent: load every 5 s or more, or let StarRocks merge commits "
        "(enable_merge_commit, from 3.4 on)");
    out = fill(arena, &srd_ingest_view_stream_load, SD, HOURS(24), answers);
    assert_non_null(strstr(value(out, 0, "advice")->text, "10 s"));
}

static void empty_views_say_so(void **state)
{
    static const struct srd_answer_text answers[] = {
        STREAMS(""), { &srd_probe_routine_jobs, "", "ID|NAME|STATE|JOBS\n", 0 }, { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *out = fill(arena, &srd_ingest_view_stream_load, SN, HOURS(24), answers);

    (void)state;
    assert_int_equal(out->count, 0);
    assert_int_equal(out->note_count, 1);
    out = fill(arena, &srd_ingest_view_routine_load, SN, HOURS(24), answers);
    assert_int_equal(out->count, 0);
    assert_string_equal(out->summary, "0 Routine Load jobs, 0 running, 0 paused");
}

/* clang-format off */
#define HEAD "ID|NAME|DB_NAME|TABLE_NAME|STATE|DATA_SOURCE_TYPE|CREATED_S|PAUSED_S|ENDED_S|CURRENT_TASK_NUM|DESIRED_TASKS|" \
             "BATCH_INTERVAL|BATCH_ROWS|MAX_ERRORS|CONSUME_SECONDS|TIMEOUT_SECONDS|TOPIC|PARTITIONS|STATISTICS|REASON|OTHER_MSG|JOBS|" \
             "OFFSET_LAG|TIMESTAMP_PROGRESS\n"
#define RUNS(name, tasks, interval, errors, consume, timeout, parts, lag) "7|" name "|db|t|RUNNING|KAFKA|1760000000|\\N|\\N|" tasks "|5|" interval \
    "|200000|" errors "|" consume "|" timeout "|top|" parts "|{\"totalRows\":1000,\"errorRows\":10}|||1|" lag "|{\"0\":\"1768870800000\"}\n"
#define STOPPED(name, paused, reason) "7|" name "|db|t|PAUSED|KAFKA|1760000000|" paused "|\\N|0|5|10|200000|0|15|60|top|0|{}|" reason "||1|{}|{}\n"
#define REPLICAS "ErrorReason{errCode = 3, msg='Tablet lost replicas'}"
#define LOST "ErrorReason{errCode = 104, msg='be 7 abort task with reason: Offset out of range'}"
#define JOBS(rows) { &srd_probe_routine_jobs, "", HEAD rows, 0 }
#define NODES(rows) { &srd_probe_backends, "", BE_HEAD rows, 0 }
#define NINE "1|b1|9050|x|x|true\n2|b2|9050|x|x|true\n3|b3|9050|x|x|true\n4|b4|9050|x|x|true\n5|b5|9050|x|x|true\n6|b6|9050|x|x|true\n"

static const struct advice {
    const char *name, *row, *want;
} advices[] = {
    { "a job that keeps up needs no advice", RUNS("j", "2", "10", "0", "15", "60", "0,1", "{\"0\":\"5\"}"), NULL },
    { "a paused one is told by its cause", STOPPED("j", "1768870800", REPLICAS), "resume it when all nodes are alive" },
    { "one that lags wants more tasks", RUNS("j", "5", "10", "0", "15", "60", "0,1,2,3,4,5", "{\"0\":\"400000\",\"1\":\"400000\"}"),
      "more tasks: desired_concurrent_number allows 5, the topic has 6 partitions" },
    { "or more partitions", RUNS("j", "2", "10", "0", "15", "60", "0,1", "{\"0\":\"400000\",\"1\":\"400000\"}"),
      "as many tasks as partitions: more partitions, or a longer task_consume_second" },
    { "or a better key", RUNS("j", "2", "10", "0", "15", "60", "0,1", "{\"0\":\"400000\",\"1\":\"4\"}"),
      "partition 0 has nearly all of the lag: the producer's key is uneven" },
    { "a short time-out is told", RUNS("j", "2", "10", "0", "15", "59", "0,1", "{\"0\":\"5\"}"),
      "task_timeout_second 59 is less than 4 times task_consume_second 15: tasks may be aborted" },
    { "a short interval too", RUNS("j", "2", "5", "0", "15", "60", "0,1", "{\"0\":\"5\"}"), "max_batch_interval 5 s makes many small versions: 10 s or more" },
    { "and a limit of errors that limits nothing", RUNS("j", "2", "10", "900000", "15", "60", "0,1", "{\"0\":\"5\"}"),
      "max_error_number 900,000 lets every tenth of 2,000,000 rows (10 times max_batch_rows) go wrong unseen" },
};
/* clang-format on */

static void job_is_advised(void **state)
{
    const struct advice *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[] = { JOBS(""), NODES(NINE), { 0 } };
    const struct srd_rows *out;

    answers[0].table = srd_arena_printf(arena, HEAD "%s", row->row);
    out = fill(arena, &srd_ingest_view_routine_load, SN, HOURS(24), answers);
    assert_int_equal(out->count, 1);
    if (row->want)
        assert_string_equal(value(out, 0, "advice")->text, row->want);
    else
        assert_false(value(out, 0, "advice")->present);
}

static void the_view_of_jobs_has_numbers(void **state)
{
    static const struct srd_answer_text answers[] = {
        JOBS(RUNS("j", "2", "10", "0", "15", "60", "0,1", "{\"0\":\"501\",\"1\":\"1\"}")
                 STOPPED("k", "1768870800", LOST)),
        NODES(NINE),
        { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *out = fill(arena, &srd_ingest_view_routine_load, SN, HOURS(24), answers);

    (void)state;
    assert_int_equal(out->count, 2);
    assert_true(value(out, 0, "lag_rows")->number == 500);
    assert_true(value(out, 0, "late_ms")->number == 3600000);
    assert_true(value(out, 0, "error_percent")->number == 1);
    assert_true(value(out, 0, "batch_interval_ms")->number == 10000);
    assert_false(value(out, 0, "stopped_time")->present);
    assert_false(value(out, 0, "reason")->present);
    assert_true(value(out, 1, "stopped_time")->number == 1768870800000.0);
    assert_string_equal(value(out, 1, "reason")->text,
                        "be 7 abort task with reason: Offset out of range");
    assert_false(value(out, 1, "lag_rows")->present);
    assert_string_equal(out->summary, "2 Routine Load jobs, 1 running, 1 paused");
}

/* The second signal of RC-07: did a node come or go within 10 minutes of the pause? */
static enum srd_signal_state node_signal(struct srd_arena *arena, const char *jobs,
                                         const char *nodes)
{
    struct srd_answer_text answers[] = { JOBS(""), NODES(""), { 0 } };
    struct srd_results results = { 0 };

    answers[0].table = srd_arena_printf(arena, HEAD "%s", jobs);
    answers[1].table = srd_arena_printf(arena, BE_HEAD "%s", nodes);
    results.ev = srd_evidence_of(arena, answers);
    return srd_cause_routine_node_away.required[1].test(&results);
}

static void a_node_away_is_seen_by_its_times(void **state)
{
#define STARTED(at) "1|b1|9050|" at "|2026-01-20 01:59:58|true\n"
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    static const char paused[] = STOPPED("j", "1768870800", REPLICAS); /* 01:00:00 */

    (void)state;
    assert_int_equal(node_signal(arena, paused, STARTED("2026-01-20 01:09:59")), SRD_SIGNAL_YES);
    assert_int_equal(node_signal(arena, paused, STARTED("2026-01-20 00:50:01")), SRD_SIGNAL_YES);
    assert_int_equal(node_signal(arena, paused, STARTED("2026-01-20 01:10:01")), SRD_SIGNAL_NO);
    assert_int_equal(
        node_signal(arena, paused, "1|b1|9050|2025-11-01 00:00:00|2026-01-20 00:59:00|false\n"),
        SRD_SIGNAL_YES);
    assert_int_equal(
        node_signal(arena, STOPPED("j", "\\N", REPLICAS), STARTED("2026-01-20 01:00:00")),
        SRD_SIGNAL_UNKNOWN);
    assert_int_equal(node_signal(arena,
                                 STOPPED("j", "1768870800", "ErrorReason{errCode = 100, msg='x'}"),
                                 STARTED("2026-01-20 01:00:00")),
                     SRD_SIGNAL_NO);
}

/* The answer is sorted by size, which says nothing about wrong values. */
static void the_worst_tables_are_told_first(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *text = B_HEAD ALL;
    struct srd_answer_text answers[2] = { { &srd_probe_table_sizes, "", NULL, 0 } };
    struct srd_result r;

    (void)state;
    for (int i = 0; i < 30; i++)
        text =
            srd_arena_printf(arena, "%sdb|t%d|900|%d|0|0|0|1970-01-01|p|\\N|\\N|\\N|\\N|0|40" REST,
                             text, i, 10 + (i * 7) % 30);
    answers[0].table = text;
    r = judge(arena, &srd_ingest_partition_explosion, answers);
    assert_int_equal(r.finding_count, 20);
    assert_string_equal(r.findings[0]->subject.name, "db.t17"); /* 10 + 119 % 30 = 39 */
    assert_true(r.findings[0]->value == 39);
    assert_true(r.findings[19]->value == 20);
    assert_true(r.findings[0]->share > 0.0077 && r.findings[0]->share < 0.0079); /* of 5,000 */
}

static const struct CMUnitTest single[] = {
    { "the worst tables are told first", the_worst_tables_are_told_first, NULL, NULL, NULL },
    { "the view of stream loads adds up", the_view_of_stream_loads_adds_up, NULL, NULL, NULL },
    { "it advises on small and frequent loads", the_view_advises_on_small_and_frequent_loads, NULL,
      NULL, NULL },
    { "empty views say so", empty_views_say_so, NULL, NULL, NULL },
    { "the view of jobs has numbers", the_view_of_jobs_has_numbers, NULL, NULL, NULL },
    { "a list that is too short for the hours says so",
      a_list_that_is_too_short_for_the_hours_says_so, NULL, NULL, NULL },
    { "a node away is seen by its times", a_node_away_is_seen_by_its_times, NULL, NULL, NULL },
};

int main(void)
{
    struct CMUnitTest
        tests[SRD_COUNT(rows) + SRD_COUNT(of_hours) + SRD_COUNT(advices) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    ADD_ROWS(tests, n, of_hours, hours_are_looked_back);
    ADD_ROWS(tests, n, advices, job_is_advised);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("ingestion", tests, NULL, NULL);
}
