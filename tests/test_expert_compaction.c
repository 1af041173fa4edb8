/* When does compaction alarm, and when must it stay quiet? */

#include "experts/catalogue.h"
#include "experts/compaction/compaction.h"
#include "lib/base/text.h"
#include "lib/model/identity.h"
#include "tests/expert_rows.h"
#include "tests/load_rows.h"

/* What is tested here; the expert lists them beside their records. */
extern const struct srd_check srd_compaction_delete_predicate_pileup, srd_compaction_disabled,
    srd_compaction_failures, srd_compaction_lake_job_errors, srd_compaction_lake_job_stuck,
    srd_compaction_lake_queue_wait, srd_compaction_lake_remote_read, srd_compaction_lake_score,
    srd_compaction_lake_slowdown, srd_compaction_lake_tasks_capped,
    srd_compaction_lake_warehouse_missing, srd_compaction_not_progressing,
    srd_compaction_pk_apply_lag, srd_compaction_pk_score_high, srd_compaction_score_high,
    srd_compaction_threads_saturated, srd_compaction_version_count;
extern const struct srd_view srd_compaction_view_history, srd_compaction_view_partitions,
    srd_compaction_view_status;

#define V32 30216

/* It is 2026-01-20 02:00:00 UTC. */
/* clang-format off */
#define BE(id, ip, alive, started) id "|" ip "|9050|" started "|2026-01-20 01:59:58|" alive "\n"
#define BES(rows) { &srd_probe_backends, "", "BackendId|IP|HeartbeatPort|LastStartTime|LastHeartbeat|Alive\n" rows, 0 }
#define TWO_BE BES(BE("1", "be1", "true", "2025-11-01 00:00:00") BE("2", "be2", "true", "2025-11-01 00:00:00"))
#define CN(id, ip, alive, seen, house) id "|" ip "|9050|" seen "|" alive "|" house "\n"
#define CNS(rows) { &srd_probe_compute_nodes, "", "ComputeNodeId|IP|HeartbeatPort|LastHeartbeat|Alive|WarehouseName\n" rows, 0 }
#define NOW "2026-01-20 01:59:58"
#define HOME "default_warehouse"
#define TWO_CN CNS(CN("1", "cn1", "true", NOW, HOME) CN("2", "cn2", "true", NOW, HOME))

#define CONFIG(rows) { &srd_probe_fe_config, "", "Key|AliasNames|Value|Type|IsMutable|Comment\n" rows, 0 }
#define SET(name, value) name "|[]|" value "|long|true|\n"
#define DENIED(probe) { probe, "", NULL, SRD_DENIED }
#define ABSENT(probe) { probe, "", NULL, SRD_VERSION_ABSENT }

#define ROWSETS_HEAD "DB_NAME|TABLE_NAME|PARTITION_NAME|PARTITION_ID|TABLE_ID|MODEL|REPLICAS|MAX_SCORE|AVG_SCORE|OVER_100|" \
                     "TABLE_REPLICAS|TABLE_OVER_100|ALL_REPLICAS|PARTITIONS|WORST_TABLET|WORST_BE\n"
#define ROWSETS(table, part, model, most, over) \
    "dwd|" table "|" part "|11|10|" model "|30|" most "|2.5|" over "|100|" over "|1000|40|10119|1\n"
#define PILE(rows) { &srd_probe_partition_scores, "", ROWSETS_HEAD rows, 0 }

#define SCORES_HEAD "DB_NAME|TABLE_NAME|PARTITION_NAME|PARTITION_ID|TABLE_ID|BUCKETS|MAX_SCORE|AVG_SCORE|P50_SCORE|" \
                    "VISIBLE_VERSION|COMPACT_VERSION|VISIBLE_VERSION_TIME|PARTITIONS|ELIGIBLE|OVER_100|SEEN\n"
#define SCORED(table, part, most, median, version, written) \
    "dwd|" table "|" part "|10081|10080|12|" most "|2.5|" median "|" version "|1|" written "|1000|5|1|40\n"
#define SCORE(most) SCORED("t", "p1", most, "50", "9000", NOW)
#define SCORES(rows) { &srd_probe_partition_scores, "", SCORES_HEAD rows, 0 }
#define WAITING(eligible) SCORES("dwd|t|p1|10081|10080|12|99|2.5|50|9000|1|" NOW "|9999|" eligible "|1|40\n")

#define NODES_HEAD "BE_ID|CUMULATIVE_SCORE|BASE_SCORE|UPDATE_SCORE|ROWSETS|APPLY_QUEUE|PATH|FD_USED|FD_LIMIT|" \
                   "DISK_TOTAL|DISK_AVAILABLE|DISK_DATA|DISK_USED|NAME|VALUE|NODES\n"
/* One answer has the nodes, their settings and their disks. */
#define NODES(settings, rows) { &srd_probe_nodes, "", NODES_HEAD rows settings \
    "1|\\N|\\N|\\N|\\N|\\N|/data1|\\N|\\N|1000|500|400|1|\\N|\\N|\\N\n", 0 }
#define METRICS(rows) NODES(SET_ON("3", "some_setting", "7", "1"), rows)
#define SETTINGS(rows) NODES(rows, CALM)
#define REST "||9|90|\\N|\\N|\\N|\\N|\\N|\\N|\\N\n"
#define CALM "1|17|9|6|5|0" REST
#define SET_ON(id, name, value, nodes) id "|\\N|\\N|\\N|\\N|\\N||\\N|\\N|\\N|\\N|\\N|\\N|" name "|" value "|" nodes "\n"

#define JOB_HEAD "ID|LABEL|DB_NAME|TABLE_NAME|USER|TYPE|STATE|PROGRESS|CREATED_S|STARTED_S|FINISHED_S|TIMEOUT_S|SCAN_ROWS|" \
                   "FILTERED_ROWS|UNSELECTED_ROWS|SINK_ROWS|ERROR_MSG|TRACKING_SQL" LOADS_HEAD "\n"
#define BROKEN(table, last, text) "1|l|dwd|" table "|u|BROKER|CANCELLED|x|" last "|" last "|" last "|600|0|0|0|0|" text "|\\N" OF_KIND("failed") "\n"
#define VERSIONS "Failed to load data into tablet 7, because of too many versions, current/limit: 1001/1000"
#define SCORE_LIMIT "Failed to load data into partition p1, because of too large compaction score, current/limit: 2001/2000"
#define SLOWED "load timeout due to ingestion slowdown"
/* Others fail too, for another reason. */
#define REFUSED(text, table, last) { &srd_probe_loads, "24/+00:00", \
    JOB_HEAD BROKEN("other", "2026-01-20 01:59:00", "too many filtered rows") BROKEN(table, last, text), 0 }
#define NO_REFUSED { &srd_probe_loads, "24/+00:00", JOB_HEAD BROKEN("t", "2026-01-20 01:59:00", "too many filtered rows"), 0 }

#define JOBS_HEAD "Partition|TxnID|StartTime|CommitTime|FinishTime|Error|Profile\n"
#define JOBS(rows) { &srd_probe_compaction_jobs, "", JOBS_HEAD rows, 0 }
#define RUNNING(txn, start) "dwd.t.10081|" txn "|2026-01-" start "|\\N|\\N|\\N|\\N\n"
#define COMMITTED(txn, commit) "dwd.t.10081|" txn "|2026-01-20 00:00:00|2026-01-" commit "|\\N|\\N|\\N\n"
#define FAILED_AT(id, txn, finish, error) "dwd.t." id "|" txn "|2026-01-20 01:00:00|\\N|2026-01-" finish "|" error "|\\N\n"
#define FAILED(id, txn, error) FAILED_AT(id, txn, "20 01:10:00", error)
#define DONE(txn, profile) "dwd.t.10081|" txn "|2026-01-20 01:00:00|2026-01-20 01:01:40|2026-01-20 01:01:41|\\N|" profile "\n"
#define QUEUED(seconds) "{\"sub_task_count\":10,\"in_queue_sec\":" seconds "}"
#define READ(local, remote) "{\"sub_task_count\":10,\"read_local_mb\":" local ",\"read_remote_mb\":" remote "}"
#define UPLOAD(seconds) "{\"sub_task_count\":10,\"read_local_mb\":900,\"read_remote_mb\":1,\"write_remote_sec\":" seconds "}"
#define TASKS_HEAD "TXN_ID|TASKS|UNFINISHED|QUEUED|PROGRESS|SLOWEST_BE|RUNS|ALL_TASKS\n"
#define TASKS(rows) { &srd_probe_lake_tasks, "", TASKS_HEAD rows, 0 }
#define DELAYED(db, reason) { &srd_probe_delayed_loads, db, "TransactionId|Label|TransactionStatus|Reason\n9|l9|PREPARE|" reason "\n", 0 }
#define SLOW "Partition's compaction score is larger than 100.0, delay commit for 6513ms."

static const struct row rows[] = {
#define CHECK &srd_compaction_version_count
    { "501 of 1,000 rowsets is a warning", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "501", "3")), TWO_BE }, "warning dwd.t/p1", SN, V35 },
    { "500 are not", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "500", "3")) }, "ok", SN, V35 },
    { "900 are critical", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "900", "3")) }, "critical dwd.t/p1", SN, V35 },
    { "899 are not yet", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "899", "3")) }, "warning dwd.t/p1", SN, V35 },
    { "11 % of a table's replicas above 100 is a warning", CHECK, { PILE(ROWSETS("t", "p1", "AGG", "120", "11")) }, "warning dwd.t/p1", SN, V35 },
    { "10 % are not", CHECK, { PILE(ROWSETS("t", "p1", "AGG", "120", "10")) }, "ok", SN, V35 },
    { "the nodes' own limit counts", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "600", "3")), SETTINGS(SET_ON("1", "tablet_max_versions", "2000", "6")) }, "ok", SN, V35 },
    { "the lowest of them counts", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "600", "3")),
      SETTINGS(SET_ON("1", "tablet_max_versions", "2000", "5") SET_ON("2", "tablet_max_versions", "600", "1")) }, "critical dwd.t/p1", SN, V35 },
    { "in whatever order they come", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "600", "3")),
      SETTINGS(SET_ON("2", "tablet_max_versions", "600", "1") SET_ON("1", "tablet_max_versions", "800", "5")) }, "critical dwd.t/p1", SN, V35 },
    { "a limit that is no number leaves the default", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "600", "3")),
      SETTINGS(SET_ON("1", "tablet_max_versions", "many", "6")) }, "warning dwd.t/p1", SN, V35 },
    { "one finding per table", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "700", "3") ROWSETS("t", "p2", "DUP", "600", "3") ROWSETS("u", "p1", "DUP", "550", "3")) },
      "warning dwd.t/p1\nwarning dwd.u/p1", SN, V35 },
    { "loads that are refused make it critical", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "520", "3")), REFUSED(VERSIONS, "t", "2026-01-20 01:50:00") },
      "critical dwd.t/p1", SN, V35 },
    { "a refusal of 16 minutes ago is over", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "20", "3")), REFUSED(VERSIONS, "t", "2026-01-20 01:44:00") }, "ok", SN, V35 },
    { "a refusal is told even if the tablet is not among the worst", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "20", "3")),
      REFUSED(VERSIONS, "other", "2026-01-20 01:50:00") }, "critical dwd.other", SN, V35 },
    { "an older version does not name the table", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "20", "3")), REFUSED(VERSIONS, "\\N", "2026-01-20 01:50:00") },
      "critical dwd", SN, V32 },
    { "refused for another reason is another matter", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "20", "3")), REFUSED(SCORE_LIMIT, "t", "2026-01-20 01:50:00") }, "ok", SN, V35 },
    { "internal tables come one level lower", CHECK,
      { { &srd_probe_partition_scores, "", ROWSETS_HEAD "_statistics_|x|x|1|2|PRIMARY|30|950|2|3|30|3|99|9|7|1\n", 0 } }, "warning _statistics_.x/x", SN, V35 },
    { "a BE knows of a tablet that the account does not see", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "20", "3")), METRICS("1|17|9|6|950|0" REST), TWO_BE },
      "critical be1", SN, V35 },
    { "the same tablet is told once", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "951", "3")), METRICS("1|17|9|6|950|0" REST), TWO_BE }, "critical dwd.t/p1", SN, V35 },
    { "no tablet at all is not ok", CHECK, { PILE("") }, "not checked: denied", SN, V35 },
    { "before 3.2.4 partitions have no name", CHECK, { PILE(ROWSETS("t", "\\N", "DUP", "501", "3")) }, "warning dwd.t", SN, V32 },
    { "versions: denied leaves it open", CHECK, { DENIED(&srd_probe_partition_scores) }, "not checked: denied", SN, V35 },
    { "versions: a missing column is a matter of version", CHECK,
      { { &srd_probe_partition_scores, "", "DB_NAME|TABLE_NAME|PARTITION_NAME|PARTITION_ID|TABLE_ID|AVG_SCORE|PARTITIONS|OVER_100\nd|t|p|1|1|1|1|1\n", 0 } },
      "not checked: version", SN, V35 },
    { "versions: the columns of its own, too", CHECK,
      { { &srd_probe_partition_scores, "", "DB_NAME|TABLE_NAME|PARTITION_NAME|PARTITION_ID|TABLE_ID|MAX_SCORE|AVG_SCORE|PARTITIONS|OVER_100\nd|t|p|1|1|900|1|1|1\n", 0 } },
      "not checked: version", SN, V35 },
    { "versions: shared-data has scores instead", CHECK, { SCORES(SCORE("999")) }, "not applicable", SD, V35 },
    { "N/A is no number of rowsets", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "N/A", "0")) }, "ok", SN, V35 },
#undef CHECK
#define CHECK &srd_compaction_score_high
    { "a cumulative score of 101 is a warning", CHECK, { METRICS("1|101|9|6|50|0" REST "2|17|9|6|5|0" REST), TWO_BE }, "warning be1", SN, V35 },
    { "100 is normal", CHECK, { METRICS("1|100|9|6|50|0" REST "2|17|9|6|5|0" REST), TWO_BE }, "ok", SN, V35 },
    { "a high base score of tablets with few rowsets is harmless", CHECK, { METRICS("1|17|240|6|50|0" REST "2|17|9|6|5|0" REST), TWO_BE,
      PILE(ROWSETS("t", "p1", "DUP", "100", "3")) }, "ok", SN, V35 },
    { "with many rowsets it is not", CHECK, { METRICS("1|17|240|6|150|0" REST "2|17|9|6|5|0" REST), TWO_BE, PILE(ROWSETS("t", "p1", "DUP", "101", "3")) },
      "warning be1", SN, V35 },
    { "those of a primary key tablet are no matter of base compaction", CHECK, { METRICS("1|17|240|6|150|0" REST "2|17|9|6|5|0" REST), TWO_BE,
      PILE(ROWSETS("t", "p1", "PRIMARY", "290", "3")) }, "ok", SN, V35 },
    { "a BE that does not answer is said", CHECK, { METRICS(CALM), TWO_BE }, "not checked: failed", SN, V35 },
    { "a finding stands beside it", CHECK, { METRICS("1|101|9|6|50|0" REST), TWO_BE }, "warning be1\nnot checked: failed", SN, V35 },
    { "a version without the metric leaves it open", CHECK, { METRICS("1|\\N|\\N|6|\\N|0" REST "2|\\N|9|6|5|0" REST), TWO_BE }, "not checked: version", SN, V35 },
    { "a dead BE is not missed", CHECK, { METRICS(CALM), BES(BE("1", "be1", "true", NOW) BE("2", "be2", "false", NOW)) }, "ok", SN, V35 },
    { "scores: denied leaves it open", CHECK, { DENIED(&srd_probe_nodes), TWO_BE }, "not checked: denied", SN, V35 },
    { "scores: a missing column is a matter of version", CHECK, { { &srd_probe_nodes, "", "BE_ID|BASE_SCORE\n1|2\n", 0 } },
      "not checked: version", SN, V35 },
    { "scores: not in shared-data", CHECK, { METRICS("1|900|9|6|50|0" REST) }, "not applicable", SD, V35 },
#undef CHECK
#define CHECK &srd_compaction_pk_score_high
    { "301 rowsets of a primary key tablet are a warning", CHECK, { PILE(ROWSETS("t", "p1", "PRIMARY", "301", "3")) }, "warning dwd.t/p1", SN, V35 },
    { "300 are not", CHECK, { PILE(ROWSETS("t", "p1", "PRIMARY", "300", "3")) }, "ok", SN, V35 },
    { "other models are another check's", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "800", "3")) }, "ok", SN, V35 },
    { "a score of thousands with 100 rowsets is normal", CHECK, { PILE(ROWSETS("t", "p1", "PRIMARY", "100", "0")), METRICS("1|17|9|9000|100|0" REST), TWO_BE }, "ok", SN, V35 },
    { "with more it is told", CHECK, { PILE(ROWSETS("t", "p1", "PRIMARY", "101", "0")), METRICS("1|17|9|1001|101|0" REST), TWO_BE }, "info be1", SN, V35 },
    { "a score of 1,000 is not", CHECK, { PILE(ROWSETS("t", "p1", "PRIMARY", "101", "0")), METRICS("1|17|9|1000|101|0" REST), TWO_BE }, "ok", SN, V35 },
    { "-1 means that it was skipped", CHECK, { PILE(ROWSETS("t", "p1", "PRIMARY", "150", "0")), METRICS("1|17|9|-1|150|0" REST), TWO_BE }, "ok", SN, V35 },
    { "an internal primary key table stays at info", CHECK,
      { { &srd_probe_partition_scores, "", ROWSETS_HEAD "_statistics_|x|x|1|2|PRIMARY|30|350|2|3|30|3|99|9|7|1\n", 0 } }, "info _statistics_.x/x", SN, V35 },
    { "primary keys: denied leaves it open", CHECK, { DENIED(&srd_probe_partition_scores) }, "not checked: denied", SN, V35 },
    { "primary keys: no tablet at all is not ok", CHECK, { PILE("") }, "not checked: denied", SN, V35 },
    { "primary keys: a missing column is a matter of version", CHECK, { SCORES(SCORE("1")) }, "not checked: version", SN, V35 },
    { "primary keys: not in shared-data", CHECK, { SCORES(SCORE("999")) }, "not applicable", SD, V35 },
#undef CHECK
#define CHECK &srd_compaction_disabled
    { "no tasks allowed and none begun for an hour is critical", CHECK, { CONFIG(SET("lake_compaction_max_tasks", "0")), JOBS(DONE("1", "\\N")),
      SETTINGS(SET_ON("1", "compact_threads", "4", "2")), { &srd_probe_frontends, "", "IP|QueryPort|Role|Alive|StartTime\nfe1|9030|LEADER|true|2025-01-01 00:00:00\n", 0 } },
      "critical compaction", SD, V35 },
    { "switched off some minutes ago is a warning", CHECK, { CONFIG(SET("lake_compaction_max_tasks", "0")), JOBS(RUNNING("1", "20 01:30:00")),
      SETTINGS(SET_ON("1", "compact_threads", "4", "2")) }, "warning compaction", SD, V35 },
    { "an empty list is as old as the leader", CHECK, { CONFIG(SET("lake_compaction_max_tasks", "0")), JOBS(""), SETTINGS(SET_ON("1", "compact_threads", "4", "2")),
      { &srd_probe_frontends, "", "IP|QueryPort|Role|Alive|StartTime\nfe1|9030|LEADER|true|2026-01-20 00:00:00\n", 0 } }, "critical compaction", SD, V35 },
    { "a leader that started a moment ago has none for another reason", CHECK, { CONFIG(SET("lake_compaction_max_tasks", "0")), JOBS(""),
      SETTINGS(SET_ON("1", "compact_threads", "4", "2")), { &srd_probe_frontends, "", "IP|QueryPort|Role|Alive|StartTime\nfe1|9030|LEADER|true|2026-01-20 01:55:00\n", 0 } },
      "warning compaction", SD, V35 },
    { "since when is not known without the list", CHECK, { CONFIG(SET("lake_compaction_max_tasks", "0")), DENIED(&srd_probe_compaction_jobs),
      SETTINGS(SET_ON("1", "compact_threads", "4", "2")) }, "warning compaction", SD, V35 },
    { "-1 is on", CHECK, { CONFIG(SET("lake_compaction_max_tasks", "-1")), SETTINGS(SET_ON("1", "compact_threads", "4", "2")) }, "ok", SD, V35 },
    { "a number of its own is on", CHECK, { CONFIG(SET("lake_compaction_max_tasks", "12")), SETTINGS(SET_ON("1", "compact_threads", "4", "2")) }, "ok", SD, V35 },
    { "an older release without the setting is on", CHECK, { CONFIG(SET("other", "0")), SETTINGS(SET_ON("1", "compact_threads", "4", "2")) }, "ok", SD, V32 },
    { "one table excluded whose score stays low is told", CHECK, { CONFIG(SET("lake_compaction_disable_ids", "10080;9")), SCORES(SCORE("100")),
      SETTINGS(SET_ON("1", "compact_threads", "4", "2")) }, "info some tables", SD, V35 },
    { "one whose score rises is a warning", CHECK, { CONFIG(SET("lake_compaction_disable_ids", "9;10080")), SCORES(SCORE("101")),
      SETTINGS(SET_ON("1", "compact_threads", "4", "2")) }, "warning dwd.t/p1", SD, V35 },
    { "a partition excluded by its own id likewise", CHECK, { CONFIG(SET("lake_compaction_disable_ids", "10081")), SCORES(SCORE("101")),
      SETTINGS(SET_ON("1", "compact_threads", "4", "2")) }, "warning dwd.t/p1", SD, V35 },
    { "another table's score does not count", CHECK, { CONFIG(SET("lake_compaction_disable_ids", "1008;100800")), SCORES(SCORE("900")),
      SETTINGS(SET_ON("1", "compact_threads", "4", "2")) }, "info some tables", SD, V35 },
    { "the old name of the setting is read", CHECK, { CONFIG(SET("lake_compaction_disable_tables", "10080")), SCORES(SCORE("900")),
      SETTINGS(SET_ON("1", "compact_threads", "4", "2")) }, "warning dwd.t/p1", SD, V32 },
    { "an empty list excludes nothing", CHECK, { CONFIG("lake_compaction_disable_ids|[]||String|true|\n"), SETTINGS(SET_ON("1", "compact_threads", "4", "2")) }, "ok", SD, V35 },
    { "no threads on any CN is a warning", CHECK, { CONFIG(""), SETTINGS(SET_ON("1", "compact_threads", "0", "2")) }, "warning compaction", SD, V35 },
    { "no threads on one CN names it", CHECK, { CONFIG(""), SETTINGS(SET_ON("2", "compact_threads", "0", "1") SET_ON("1", "compact_threads", "4", "1")), TWO_CN }, "warning cn2", SD, V35 },
    { "the nodes denied: the leader's switch still stands", CHECK, { CONFIG(SET("lake_compaction_max_tasks", "0")), DENIED(&srd_probe_nodes) },
      "warning compaction\nnot checked: denied", SD, V35 },
    { "the nodes denied is not ok", CHECK, { CONFIG(""), DENIED(&srd_probe_nodes) }, "not checked: denied", SD, V35 },
    { "shared-nothing: off on all nodes with a pile is critical", CHECK, { CONFIG(""), NODES(SET_ON("1", "max_compaction_concurrency", "0", "2"), "1|17|9|6|101|0" REST) },
      "critical compaction", SN, V35 },
    { "without a pile it may just have been switched", CHECK, { CONFIG(""), NODES(SET_ON("1", "max_compaction_concurrency", "0", "2"), "1|17|9|6|100|0" REST) },
      "warning compaction", SN, V35 },
    { "off on one of two is a warning", CHECK, { CONFIG(""), NODES(SET_ON("1", "max_compaction_concurrency", "-1", "1") SET_ON("2", "max_compaction_concurrency", "0", "1"), "1|17|9|6|900|0" REST), TWO_BE }, "warning be2", SN, V35 },
    { "no limit is on", CHECK, { CONFIG(""), SETTINGS(SET_ON("1", "max_compaction_concurrency", "-1", "2")) }, "ok", SN, V35 },
    { "a limit is on", CHECK, { CONFIG(""), SETTINGS(SET_ON("1", "max_compaction_concurrency", "2", "2")) }, "ok", SN, V35 },
    { "the leader's switch means nothing in shared-nothing", CHECK, { CONFIG(SET("lake_compaction_max_tasks", "0")), SETTINGS(SET_ON("1", "max_compaction_concurrency", "-1", "2")) },
      "ok", SN, V35 },
    { "off: denied leaves it open", CHECK, { CONFIG(""), DENIED(&srd_probe_nodes) }, "not checked: denied", SN, V35 },
    { "nodes that say nothing are not on", CHECK, { CONFIG(""), NODES("", CALM) }, "not checked: failed", SN, V35 },
    { "nor are CNs that say nothing", CHECK, { CONFIG(""), SETTINGS(SET_ON("1", "tablet_max_versions", "1000", "2")) }, "not checked: failed", SD, V35 },
    { "off: the configuration denied leaves it open", CHECK, { DENIED(&srd_probe_fe_config), SETTINGS(SET_ON("1", "compact_threads", "4", "2")) }, "not checked: denied", SD, V35 },
    { "off: a missing column is a matter of version", CHECK, { CONFIG(""), { &srd_probe_nodes, "", "NAME|VALUE\nx|0\n", 0 } }, "not checked: version", SN, V35 },
    { "a mode that is not known leaves it open", CHECK, { CONFIG(""), SETTINGS(SET_ON("1", "max_compaction_concurrency", "0", "2")) }, "not checked: failed", SRD_MODE_ANY, V35 },
#undef CHECK
#define CHECK &srd_compaction_pk_apply_lag
    { "1,001 waiting applies are a warning", CHECK, { METRICS("1|17|9|6|5|1001" REST "2|17|9|6|5|0" REST), TWO_BE }, "warning be1", SN, V35 },
    { "1,000 may be the burst of a load", CHECK, { METRICS("1|17|9|6|5|1000" REST "2|17|9|6|5|0" REST), TWO_BE }, "info be1", SN, V35 },
    { "100 are normal", CHECK, { METRICS("1|17|9|6|5|100" REST "2|17|9|6|5|0" REST), TWO_BE }, "ok", SN, V35 },
    { "a BE that just started loads its indexes", CHECK, { METRICS("1|17|9|6|5|9000" REST), BES(BE("1", "be1", "true", "2026-01-20 01:51:00")) }, "ok", SN, V35 },
    { "ten minutes later it should be done", CHECK, { METRICS("1|17|9|6|5|9000" REST), BES(BE("1", "be1", "true", "2026-01-20 01:49:00")) }, "warning be1", SN, V35 },
    { "applies: a version without the metric leaves it open", CHECK, { METRICS("1|17|9|6|5|\\N" REST "2|17|9|6|5|0" REST), TWO_BE }, "not checked: version", SN, V35 },
    { "applies: denied leaves it open", CHECK, { DENIED(&srd_probe_nodes) }, "not checked: denied", SN, V35 },
    { "applies: a missing column is a matter of version", CHECK, { { &srd_probe_nodes, "", "BE_ID|BASE_SCORE\n1|2\n", 0 } }, "not checked: version", SN, V35 },
    { "applies: not in shared-data", CHECK, { METRICS("1|900|9|6|50|9000" REST) }, "not applicable", SD, V35 },
#undef CHECK
#define CHECK &srd_compaction_lake_score
    { "a score of 100 is still normal", CHECK, { SCORES(SCORE("100")) }, "ok", SD, V35 },
    { "101 is a warning", CHECK, { SCORES(SCORE("101")) }, "warning dwd.t/p1", SD, V35 },
    { "500 is a warning", CHECK, { SCORES(SCORE("500")) }, "warning dwd.t/p1", SD, V35 },
    { "501 is critical", CHECK, { SCORES(SCORE("501")) }, "critical dwd.t/p1", SD, V35 },
    { "80 % of the cluster's upper bound is critical", CHECK, { SCORES(SCORE("400")), CONFIG(SET("lake_compaction_score_upper_bound", "500")) },
      "critical dwd.t/p1", SD, V35 },
    { "399 of 500 is not", CHECK, { SCORES(SCORE("399")), CONFIG(SET("lake_compaction_score_upper_bound", "500")) }, "warning dwd.t/p1", SD, V35 },
    { "an upper bound of 0 means no bound", CHECK, { SCORES(SCORE("400")), CONFIG(SET("lake_compaction_score_upper_bound", "0")) }, "warning dwd.t/p1", SD, V35 },
    { "without the slow-down no load is refused", CHECK, { SCORES(SCORE("400")),
      CONFIG(SET("lake_compaction_score_upper_bound", "500") SET("lake_enable_ingest_slowdown", "false")) }, "warning dwd.t/p1", SD, V35 },
    { "before 3.3.6 there was no bound", CHECK, { SCORES(SCORED("t", "p1", "1700", "3", "9000", NOW)) }, "info dwd.t/p1", SD, V32 },
    { "one skewed tablet is told only", CHECK, { SCORES(SCORED("t", "p1", "450", "9.9", "9000", NOW)) }, "info dwd.t/p1", SD, V35 },
    { "but not close to the upper bound", CHECK, { SCORES(SCORED("t", "p1", "1600", "9.9", "9000", NOW)) }, "critical dwd.t/p1", SD, V35 },
    { "a large load a moment ago is told only", CHECK, { SCORES(SCORED("t", "p1", "400", "300", "50", "2026-01-20 01:31:00")) }, "info dwd.t/p1", SD, V35 },
    { "one that is very high is a warning", CHECK, { SCORES(SCORED("t", "p1", "600", "300", "50", "2026-01-20 01:31:00")) }, "warning dwd.t/p1", SD, V35 },
    { "half an hour later it counts", CHECK, { SCORES(SCORED("t", "p1", "400", "300", "50", "2026-01-20 01:29:00")) }, "warning dwd.t/p1", SD, V35 },
    { "51 versions are no large load", CHECK, { SCORES(SCORED("t", "p1", "400", "300", "51", "2026-01-20 01:59:00")) }, "warning dwd.t/p1", SD, V35 },
    { "a worse partition behind a skewed one is found", CHECK, { SCORES(SCORED("t", "p1", "450", "1", "9000", NOW) SCORED("t", "p2", "300", "200", "9000", NOW)) },
      "warning dwd.t/p2", SD, V35 },
    { "one finding per table here, too", CHECK, { SCORES(SCORE("600") SCORED("t", "p2", "590", "400", "9000", NOW) SCORED("u", "p1", "130", "80", "9000", NOW)) },
      "critical dwd.t/p1\nwarning dwd.u/p1", SD, V35 },
    { "internal tables count less", CHECK,
      { { &srd_probe_partition_scores, "", SCORES_HEAD "_statistics_|x|x|1|2|10|600|2|300|9000|1|" NOW "|9|5|1|40\n", 0 } }, "warning _statistics_.x/x", SD, V35 },
    { "tables that the account does not see are said", CHECK, { SCORES(SCORE("10")), { &srd_probe_databases, "",
      "DbId|DbName|TableNum|Quota|ReplicaQuota\n1|dwd|90|1|1\n2|sys|50|1|1\n", 0 } }, "not checked: denied", SD, V35 },
    { "one table more is no matter", CHECK, { SCORES(SCORE("10")), { &srd_probe_databases, "", "DbId|DbName|TableNum|Quota|ReplicaQuota\n1|dwd|41|1|1\n", 0 } },
      "ok", SD, V35 },
    { "no partition at all is not ok", CHECK, { SCORES("") }, "not checked: denied", SD, V35 },
    { "3.2.3 has no such table", CHECK, { SCORES(SCORE("999")) }, "not checked: version", SD, 30203 },
    { "lake score: denied leaves it open", CHECK, { DENIED(&srd_probe_partition_scores) }, "not checked: denied", SD, V35 },
    { "lake score: a missing column is a matter of version", CHECK,
      { { &srd_probe_partition_scores, "", "DB_NAME|TABLE_NAME|PARTITION_NAME|PARTITION_ID\nd|t|p|1\n", 0 } }, "not checked: version", SD, V35 },
    { "lake score: not in shared-nothing", CHECK, { PILE(ROWSETS("t", "p1", "DUP", "900", "3")) }, "not applicable", SN, V35 },
#undef CHECK
#define CHECK &srd_compaction_lake_slowdown
    { "a delayed commit is a warning", CHECK, { SCORES(SCORE("200")), NO_REFUSED, DELAYED("dwd", SLOW) }, "warning dwd", SD, V35 },
    { "another reason is none", CHECK, { SCORES(SCORE("200")), NO_REFUSED, DELAYED("dwd", "") }, "ok", SD, V35 },
    { "a high score alone is another check's", CHECK, { SCORES(SCORE("900")), NO_REFUSED }, "ok", SD, V35 },
    { "a refused load is critical", CHECK, { SCORES(SCORE("200")), REFUSED(SCORE_LIMIT, "t", "2026-01-20 01:51:00") }, "critical dwd.t", SD, V35 },
    { "one that ran out of time is critical", CHECK, { SCORES(SCORE("200")), REFUSED(SLOWED, "t", "2026-01-20 01:51:00") }, "critical dwd.t", SD, V35 },
    { "one of eleven minutes ago is over", CHECK, { SCORES(SCORE("200")), REFUSED(SCORE_LIMIT, "t", "2026-01-20 01:49:00") }, "ok", SD, V35 },
    { "3.2 does not name the table", CHECK, { SCORES(SCORE("200")), REFUSED(SCORE_LIMIT, "\\N", "2026-01-20 01:51:00") }, "critical dwd\nnot checked: version", SD, V32 },
    { "3.2 does not list stream loads, so nothing found is not ok", CHECK, { SCORES(SCORE("200")), NO_REFUSED }, "not checked: version", SD, V32 },
    { "transactions that were denied are not ok", CHECK, { SCORES(SCORE("200")), NO_REFUSED, { &srd_probe_delayed_loads, "dwd", NULL, SRD_DENIED } },
      "not checked: denied", SD, V35 },
    { "a finding stands beside denied transactions", CHECK, { SCORES(SCORE("200")), REFUSED(SCORE_LIMIT, "t", "2026-01-20 01:51:00"),
      { &srd_probe_delayed_loads, "dwd", NULL, SRD_DENIED } }, "critical dwd.t\nnot checked: denied", SD, V35 },
    { "a time in the future is a wrong zone", CHECK, { SCORES(SCORE("200")), REFUSED(SCORE_LIMIT, "t", "2026-01-20 09:51:00") }, "not checked: failed", SD, V35 },
    { "slow-down: denied leaves it open", CHECK, { SCORES(SCORE("200")), DENIED(&srd_probe_loads) }, "not checked: denied", SD, V35 },
    { "slow-down: a missing column is a matter of version", CHECK, { SCORES(SCORE("200")), { &srd_probe_loads, "24/+00:00", "ID|LABEL|DB_NAME\n1|l|d\n", 0 } },
      "not checked: version", SD, V35 },
    { "slow-down: not in shared-nothing", CHECK, { NO_REFUSED }, "not applicable", SN, V35 },
#undef CHECK
#define CHECK &srd_compaction_lake_job_stuck
    { "a job of more than 6 hours is critical", CHECK, { JOBS(RUNNING("5", "19 19:59:00")) }, "critical dwd.t.10081", SD, V35 },
    { "one of more than an hour is told", CHECK, { JOBS(RUNNING("5", "20 00:58:00")) }, "info dwd.t.10081", SD, V35 },
    { "one of an hour is not", CHECK, { JOBS(RUNNING("5", "20 01:00:00")) }, "ok", SD, V35 },
    { "one that stands is a warning", CHECK, { JOBS(RUNNING("5", "20 00:00:00")), TASKS("5|4|4|1|0|1|1|4\n"), TWO_CN }, "warning dwd.t.10081", SD, V35 },
    { "too slow for the time-out is a warning", CHECK, { JOBS(RUNNING("5", "20 00:00:00")), TASKS("5|4|4|0|8|1|1|4\n") }, "warning dwd.t.10081", SD, V35 },
    { "9 % in two hours is fast enough for a day", CHECK, { JOBS(RUNNING("5", "20 00:00:00")), TASKS("5|4|4|0|9|1|1|4\n") }, "info dwd.t.10081", SD, V35 },
    { "the cluster's own time-out counts", CHECK, { JOBS(RUNNING("5", "20 00:00:00")), TASKS("5|4|4|0|40|1|1|4\n"),
      CONFIG(SET("lake_compaction_default_timeout_second", "14400")) }, "warning dwd.t.10081", SD, V35 },
    { "committed and not visible for half an hour is critical", CHECK, { JOBS(COMMITTED("5", "20 01:29:00")) }, "critical dwd.t.10081", SD, V35 },
    { "committed a moment ago is normal, however long it took", CHECK, { JOBS(COMMITTED("5", "20 01:30:00")) }, "ok", SD, V35 },
    { "finished is finished", CHECK, { JOBS(DONE("5", "\\N")) }, "ok", SD, V35 },
    { "an empty list is fine", CHECK, { JOBS("") }, "ok", SD, V35 },
    { "without a clock there is no age", CHECK, { JOBS(RUNNING("5", "19 19:59:00")), { &srd_probe_clock, "", NULL, SRD_FAILED } }, "not checked: failed", SD, V35 },
    { "stuck: denied leaves it open", CHECK, { DENIED(&srd_probe_compaction_jobs) }, "not checked: denied", SD, V35 },
    { "stuck: a missing column is a matter of version", CHECK, { { &srd_probe_compaction_jobs, "", "Partition|TxnID|StartTime\nd.t.1|5|2026-01-19 00:00:00\n", 0 } },
      "not checked: version", SD, V35 },
    { "stuck: not in shared-nothing", CHECK, { JOBS(RUNNING("5", "19 19:59:00")) }, "not applicable", SN, V35 },
#undef CHECK
#define CHECK &srd_compaction_lake_job_errors
    { "three failed jobs are a warning", CHECK, { JOBS(FAILED("1", "5", "reset") FAILED("2", "6", "reset") FAILED("3", "7", "reset")) }, "warning compaction", SD, V35 },
    { "two are not", CHECK, { JOBS(FAILED("1", "5", "reset") FAILED("2", "6", "reset")) }, "ok", SD, V35 },
    { "three of one partition name it", CHECK, { JOBS(FAILED("1", "5", "memory") FAILED("1", "6", "memory") FAILED("1", "7", "memory")) }, "warning dwd.t.1", SD, V35 },
    { "with a high score they are critical", CHECK, { JOBS(FAILED("10081", "5", "memory") FAILED("10081", "6", "memory") FAILED("10081", "7", "memory")),
      SCORES(SCORE("101")) }, "critical dwd.t.10081", SD, V35 },
    { "with a score of 100 they are not", CHECK, { JOBS(FAILED("10081", "5", "memory") FAILED("10081", "6", "memory") FAILED("10081", "7", "memory")),
      SCORES(SCORE("100")) }, "warning dwd.t.10081", SD, V35 },
    { "a dropped table is no failure", CHECK, { JOBS(FAILED("1", "5", "table has been dropped") FAILED("1", "6", "Schema Change") FAILED("1", "7", "partition does not exist")) },
      "ok", SD, V35 },
    { "failures of the day before yesterday are over", CHECK, { JOBS(FAILED_AT("1", "5", "18 01:00:00", "x") FAILED_AT("1", "6", "18 01:00:00", "x") FAILED("1", "7", "x")) },
      "ok", SD, V35 },
    { "a text of other languages and quotes is kept apart", CHECK, { JOBS(FAILED("1", "5", "内存不足 '\";") FAILED("2", "6", "\x1b[31m`") FAILED("3", "7", "\xff\xfe")) },
      "warning compaction", SD, V35 },
    { "errors: denied leaves it open", CHECK, { DENIED(&srd_probe_compaction_jobs) }, "not checked: denied", SD, V35 },
    { "errors: a missing column is a matter of version", CHECK, { { &srd_probe_compaction_jobs, "", "Partition|TxnID|StartTime\nd.t.1|5|2026-01-19 00:00:00\n", 0 } },
      "not checked: version", SD, V35 },
    { "errors: not in shared-nothing", CHECK, { JOBS("") }, "not applicable", SN, V35 },
#undef CHECK
#define CHECK &srd_compaction_lake_queue_wait
    { "three jobs that waited 61 s are a warning", CHECK, { JOBS(DONE("1", QUEUED("610")) DONE("2", QUEUED("610")) DONE("3", QUEUED("610"))) }, "warning compaction", SD, V35 },
    { "two are not", CHECK, { JOBS(DONE("1", QUEUED("610")) DONE("2", QUEUED("610")) DONE("3", QUEUED("10"))) }, "ok", SD, V35 },
    { "60 s are not", CHECK, { JOBS(DONE("1", QUEUED("600")) DONE("2", QUEUED("600")) DONE("3", QUEUED("600"))) }, "ok", SD, V35 },
    { "no profile leaves it open", CHECK, { JOBS(DONE("1", "\\N") DONE("2", "NULL")) }, "not checked: version", SD, V32 },
    { "no finished job is nothing to wait", CHECK, { JOBS(RUNNING("1", "20 01:00:00")) }, "ok", SD, V35 },
    { "a profile of zero sub-tasks says nothing", CHECK, { JOBS(DONE("1", "{\"sub_task_count\":0,\"in_queue_sec\":900}")) }, "not checked: version", SD, V35 },
    { "a broken profile says nothing", CHECK, { JOBS(DONE("1", "{\"sub_task_count\":1,") DONE("2", "[]") DONE("3", "1e999")) }, "not checked: version", SD, V35 },
    { "queue: denied leaves it open", CHECK, { DENIED(&srd_probe_compaction_jobs) }, "not checked: denied", SD, V35 },
    { "queue: a missing column is a matter of version", CHECK, { { &srd_probe_compaction_jobs, "", "Partition|TxnID|FinishTime|Error\nd.t.1|5|x|y\n", 0 } },
      "not checked: version", SD, V35 },
    { "queue: not in shared-nothing", CHECK, { JOBS("") }, "not applicable", SN, V35 },
#undef CHECK
#define CHECK &srd_compaction_lake_remote_read
    { "31 % from the store in five jobs is a warning", CHECK, { JOBS(DONE("1", READ("69", "31")) DONE("2", READ("69", "31")) DONE("3", READ("69", "31"))
      DONE("4", READ("69", "31")) DONE("5", READ("69", "31"))) }, "warning compaction", SD, V35 },
    { "30 % is not", CHECK, { JOBS(DONE("1", READ("70", "30")) DONE("2", READ("70", "30")) DONE("3", READ("70", "30")) DONE("4", READ("70", "30")) DONE("5", READ("70", "30"))) },
      "ok", SD, V35 },
    { "four jobs are too few", CHECK, { JOBS(DONE("1", READ("9", "91")) DONE("2", READ("9", "91")) DONE("3", READ("9", "91")) DONE("4", READ("9", "91"))) }, "ok", SD, V35 },
    { "a few cold partitions among others are normal", CHECK, { JOBS(DONE("1", READ("9", "9100")) DONE("2", READ("9", "9100")) DONE("3", READ("90", "1"))
      DONE("4", READ("90", "1")) DONE("5", READ("90", "1"))) }, "ok", SD, V35 },
    { "a few megabytes say nothing", CHECK, { JOBS(DONE("1", READ("1", "9")) DONE("2", READ("1", "9")) DONE("3", READ("1", "9")) DONE("4", READ("1", "9")) DONE("5", READ("1", "9"))) },
      "ok", SD, V35 },
    { "upload that takes the whole time is told", CHECK, { JOBS(DONE("1", UPLOAD("910")) DONE("2", UPLOAD("910")) DONE("3", UPLOAD("910")) DONE("4", UPLOAD("910")) DONE("5", UPLOAD("910"))) },
      "info upload", SD, V35 },
    { "90 % of it is not", CHECK, { JOBS(DONE("1", UPLOAD("900")) DONE("2", UPLOAD("900")) DONE("3", UPLOAD("900")) DONE("4", UPLOAD("900")) DONE("5", UPLOAD("900"))) }, "ok", SD, V35 },
    { "reads: no profile leaves it open", CHECK, { JOBS(DONE("1", "\\N")) }, "not checked: version", SD, V32 },
    { "reads: denied leaves it open", CHECK, { DENIED(&srd_probe_compaction_jobs) }, "not checked: denied", SD, V35 },
    { "reads: a missing column is a matter of version", CHECK, { { &srd_probe_compaction_jobs, "", "Partition|TxnID|FinishTime|Error\nd.t.1|5|x|y\n", 0 } },
      "not checked: version", SD, V35 },
    { "reads: not in shared-nothing", CHECK, { JOBS("") }, "not applicable", SN, V35 },
#undef CHECK
#define CHECK &srd_compaction_lake_tasks_capped
    { "all 32 places taken and 321 partitions waiting is a warning", CHECK, { JOBS(RUNNING("5", "20 01:00:00")), WAITING("321"), CONFIG(""), TASKS("5|32|32|0|1|1|1|32\n"), TWO_CN },
      "warning compaction", SD, V35 },
    { "320 waiting are not", CHECK, { JOBS(RUNNING("5", "20 01:00:00")), WAITING("320"), CONFIG(""), TASKS("5|32|32|0|1|1|1|32\n"), TWO_CN }, "ok", SD, V35 },
    { "a place that is free will be taken", CHECK, { JOBS(RUNNING("5", "20 01:00:00")), WAITING("9000"), CONFIG(""), TASKS("5|31|31|0|1|1|1|31\n"), TWO_CN }, "ok", SD, V35 },
    { "a fixed number of the cluster counts", CHECK, { JOBS(RUNNING("5", "20 01:00:00") RUNNING("6", "20 01:00:00")), WAITING("21"),
      CONFIG(SET("lake_compaction_max_tasks", "2")), TWO_CN }, "warning compaction", SD, V35 },
    { "a committed job takes no place", CHECK, { JOBS(RUNNING("5", "20 01:00:00") COMMITTED("6", "20 01:59:00")), WAITING("21"),
      CONFIG(SET("lake_compaction_max_tasks", "2")), TWO_CN }, "ok", SD, V35 },
    { "switched off is another check's", CHECK, { JOBS(""), WAITING("9000"), CONFIG(SET("lake_compaction_max_tasks", "0")), TWO_CN }, "ok", SD, V35 },
    { "only nodes of the warehouse count", CHECK, { JOBS(RUNNING("5", "20 01:00:00")), WAITING("161"), CONFIG(SET("lake_compaction_warehouse", "night")),
      TASKS("5|16|16|0|1|1|1|16\n"), CNS(CN("1", "cn1", "true", NOW, HOME) CN("2", "cn2", "true", NOW, "night")) }, "warning compaction", SD, V35 },
    { "dead ones do not", CHECK, { JOBS(RUNNING("5", "20 01:00:00")), WAITING("161"), CONFIG(""), TASKS("5|16|16|0|1|1|1|16\n"),
      CNS(CN("1", "cn1", "true", NOW, HOME) CN("2", "cn2", "false", NOW, HOME)) }, "warning compaction", SD, V35 },
    { "without nodes the number is not known", CHECK, { JOBS(""), WAITING("9000"), CONFIG("") }, "not checked: failed", SD, V35 },
    { "capped: denied leaves it open", CHECK, { DENIED(&srd_probe_compaction_jobs), WAITING("9"), CONFIG(""), TWO_CN }, "not checked: denied", SD, V35 },
    { "capped: a missing column is a matter of version", CHECK, { { &srd_probe_compaction_jobs, "", "Partition|TxnID\nd.t.1|5\n", 0 }, WAITING("9"), CONFIG(""), TWO_CN },
      "not checked: version", SD, V35 },
    { "capped: not in shared-nothing", CHECK, { JOBS("") }, "not applicable", SN, V35 },
#undef CHECK
#define CHECK &srd_compaction_lake_warehouse_missing
    { "a warehouse without nodes is critical", CHECK, { CONFIG(SET("lake_compaction_warehouse", "night")), TWO_CN }, "critical night", SD, V35 },
    { "one whose nodes died long ago is critical", CHECK, { CONFIG(SET("lake_compaction_warehouse", "night")),
      CNS(CN("1", "cn1", "true", NOW, HOME) CN("2", "cn2", "false", "2026-01-20 01:49:00", "night")) }, "critical night", SD, V35 },
    { "one whose nodes may be restarting is a warning", CHECK, { CONFIG(SET("lake_compaction_warehouse", "night")),
      CNS(CN("1", "cn1", "true", NOW, HOME) CN("2", "cn2", "false", "2026-01-20 01:51:00", "night")) }, "warning night", SD, V35 },
    { "when is not known: a warning", CHECK, { CONFIG(SET("lake_compaction_warehouse", "night")),
      CNS(CN("1", "cn1", "true", NOW, HOME) CN("2", "cn2", "false", "NULL", "night")) }, "warning night", SD, V35 },
    { "one living node suffices", CHECK, { CONFIG(SET("lake_compaction_warehouse", "night")),
      CNS(CN("1", "cn1", "true", NOW, "night") CN("2", "cn2", "false", "2026-01-20 01:00:00", "night")) }, "ok", SD, V35 },
    { "the warehouse of vacuum counts, too", CHECK, { CONFIG(SET("lake_compaction_warehouse", HOME) SET("lake_background_warehouse", "night")), TWO_CN }, "critical night", SD, V35 },
    { "a single warehouse without nodes is an outage, not this", CHECK, { CONFIG(SET("lake_compaction_warehouse", HOME)),
      CNS(CN("1", "cn1", "false", "2026-01-20 01:00:00", HOME)) }, "ok", SD, V35 },
    { "a release without the setting has one warehouse", CHECK, { CONFIG(""), TWO_CN }, "ok", SD, V35 },
    { "nodes that are backends count", CHECK, { CONFIG(SET("lake_compaction_warehouse", HOME)),
      { &srd_probe_backends, "", "BackendId|IP|HeartbeatPort|LastHeartbeat|Alive|WarehouseName\n9|be1|9050|" NOW "|true|" HOME "\n", 0 },
      CNS(CN("1", "cn1", "true", NOW, "night")) }, "ok", SD, V35 },
    { "3.2 does not say the warehouse", CHECK, { CONFIG(SET("lake_compaction_warehouse", "night")),
      { &srd_probe_compute_nodes, "", "ComputeNodeId|IP|HeartbeatPort|Alive\n1|cn1|9050|true\n", 0 } }, "not checked: version", SD, V32 },
    { "warehouse: denied leaves it open", CHECK, { CONFIG(SET("lake_compaction_warehouse", "night")), DENIED(&srd_probe_compute_nodes) }, "not checked: denied", SD, V35 },
    { "warehouse: not in shared-nothing", CHECK, { CONFIG(""), TWO_CN }, "not applicable", SN, V35 },
#undef CHECK
    { "progress takes two samples", &srd_compaction_not_progressing, { TWO_BE }, "not checked: needs_history", SN, V35 },
    { "failures take two samples", &srd_compaction_failures, { TWO_BE }, "not checked: needs_history", SN, V35 },
    { "busy threads take several samples", &srd_compaction_threads_saturated, { TWO_BE }, "not checked: needs_history", SN, V35 },
    { "DELETE statements are in the audit log", &srd_compaction_delete_predicate_pileup, { TWO_BE }, "not checked: needs_history", SN, V35 },
};
/* clang-format on */

/* Views, as text: the wanted columns of every row, then the summary. */

/* clang-format off */
static const struct view_row {
    const char *name;
    const struct srd_view *view;
    struct srd_arg_value args[2];
    struct srd_answer_text answers[6];
    const char *columns, *want;
    enum srd_mode mode;
    size_t notes;
} views[] = {
    { "status lists the backends", &srd_compaction_view_status, { { 0 } },
      { { &srd_probe_backend_compactions, "", "BE_ID|CANDIDATES_NUM|BASE_COMPACTION_CONCURRENCY|CUMULATIVE_COMPACTION_CONCURRENCY|LATEST_COMPACTION_SCORE|CANDIDATE_MAX_SCORE\n"
          "1|41|1|2|7.5|17\n2|0|0|0|0|\\N\n", 0 }, METRICS("1|17|9|6|33|4" REST), TWO_BE },
      "name state candidates running score rowsets apply_queue",
      "be1 running 41 3 17 33 4\nbe2 idle 0 0 - - -\n3 compactions run on 2 backends, 41 tablets are candidates", SN, 1 },
    { "status lists the jobs that run, the oldest first", &srd_compaction_view_status, { { 0 } },
      { JOBS(RUNNING("6", "20 01:30:00") DONE("4", "\\N") COMMITTED("5", "20 01:59:00") RUNNING("7", "20 01:59:00")),
        TASKS("6|4|3|1|40|2|1|8\n7|4|4|4|0|1|0|8\n"), TWO_CN, CONFIG(""), WAITING("12") },
      "name state running queued progress_percent age_ms node txn_id",
      "dwd.t.10081 publishing - - - 7200000 - 5\ndwd.t.10081 running 2 1 40 1800000 cn2 6\ndwd.t.10081 queued 0 4 0 60000 cn1 7\n"
      "3 jobs run, 8 tablets of at most 32; 12 partitions have a score above 10", SD, 0 },
    { "status says what it could not read", &srd_compaction_view_status, { { 0 } },
      { JOBS(RUNNING("6", "20 01:30:00")), DENIED(&srd_probe_lake_tasks), DENIED(&srd_probe_partition_scores) },
      "name running queued", "dwd.t.10081 - -\n1 jobs run, 1 tablets of at most ?", SD, 2 },
    { "nothing runs", &srd_compaction_view_status, { { 0 } }, { JOBS(""), TASKS(""), TWO_CN, WAITING("0") }, "name",
      "0 jobs run, 0 tablets of at most 32; 0 partitions have a score above 10", SD, 0 },
    { "partitions lists those from the score on", &srd_compaction_view_partitions, { { .number = 20 }, { .number = 100 } },
      { SCORES(SCORED("t", "p1", "640", "300", "9000", NOW) SCORED("t", "p2", "100", "50", "9000", NOW) SCORED("t", "p3", "99", "50", "9000", NOW)) },
      "table partition max_score median_score versions_since tablets above_100",
      "t p1 640 300 8999 12 -\nt p2 100 50 8999 12 -\n2 of 2 partitions with a score of 100 or more, of 1,000 in all", SD, 0 },
    { "and so many as were asked for", &srd_compaction_view_partitions, { { .number = 1 }, { .number = 0 } },
      { PILE(ROWSETS("t", "p1", "DUP", "960", "9") ROWSETS("u", "\\N", "PRIMARY", "20", "0")), TWO_BE },
      "table partition model max_score above_100 tablets node",
      "t p1 DUP 960 9 30 be1\n1 of 2 partitions with a tablet with rowsets of 0 or more, of 40 in all", SN, 1 },
    { "an account that sees no table is told so", &srd_compaction_view_partitions, { { .number = 20 }, { .number = 100 } }, { SCORES("") }, "table",
      "0 of 0 partitions with a score of 100 or more, of 0 in all", SD, 1 },
    { "history lists what ended within the hours, the newest first", &srd_compaction_view_history, { { .number = 1 } },
      { JOBS(DONE("4", "{\"sub_task_count\":12,\"in_queue_sec\":24,\"read_local_mb\":2,\"read_remote_mb\":1}") FAILED("9", "5", "memory; limit") RUNNING("6", "20 01:59:00")
             FAILED_AT("9", "3", "20 00:59:00", "old")) },
      "partition txn_id state duration_ms tablets queue_ms read_local_bytes error",
      "dwd.t.9 5 failed 600000 - - - memory; limit\ndwd.t.10081 4 finished 101000 12 2000 2097152 -\n2 jobs ended within 1 hours, 1 of them failed", SD, 1 },
    { "without a clock all are listed", &srd_compaction_view_history, { { .number = 1 } },
      { JOBS(FAILED_AT("9", "3", "01 00:59:00", "old")), { &srd_probe_clock, "", NULL, SRD_FAILED } }, "txn_id started_at",
      "3 -\n1 jobs ended within 1 hours, 1 of them failed", SD, 2 },
    { "shared-nothing keeps no history", &srd_compaction_view_history, { { .number = 24 } },
      { { &srd_probe_backend_compactions, "", "BE_ID|LATEST_COMPACTION_SCORE\n1|7.5\n", 0 }, TWO_BE }, "partition",
      "a shared-nothing cluster keeps no list of finished compactions", SN, 1 },
};
/* clang-format on */

static size_t column_of(const struct srd_view *view, const char *name)
{
    for (size_t i = 0; i < srd_view_columns(view); i++)
        if (!strcmp(view->columns[i].name, name))
            return i;
    fail_msg("view %s has no column %s", view->name, name);
    return 0;
}

static const char *as_text(struct srd_arena *arena, const struct srd_rows *r, const char *columns)
{
    const char *text = "";

    for (size_t row = 0; row < r->count; row++) {
        char *list = srd_arena_copy(arena, columns), *rest = NULL;
        const char *gap = "";

        for (char *name; (name = strtok_r(list, " ", &rest)); list = NULL, gap = " ") {
            size_t column = column_of(r->view, name);
            const struct srd_value *value = srd_rows_value(r, row, column);
            enum srd_unit unit = r->view->columns[column].unit;

            if (!value->present)
                text = srd_arena_printf(arena, "%s%s-", text, gap);
            else if (unit == SRD_UNIT_TEXT || unit == SRD_UNIT_ID)
                text = srd_arena_printf(arena, "%s%s%s", text, gap, value->text);
            else
                text = srd_arena_printf(arena, "%s%s%.15g", text, gap, value->number);
        }
        text = srd_arena_printf(arena, "%s\n", text);
    }
    return srd_arena_printf(arena, "%s%s", text, r->summary);
}

static void check_view(void **state)
{
    const struct view_row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *r = fill(arena, row->view, row->mode, row->args, row->answers);

    assert_string_equal(as_text(arena, r, row->columns), row->want);
    assert_int_equal(r->note_count, row->notes);
}

/*
 * Hostile cells: a megabyte, bytes that are no text, quotes, other scripts, numbers beyond reason.
 */
static void hostile_cells_do_no_harm(void **state)
{
    static const char *const cells[] = {
        "",
        "\\N",
        "nan",
        "-1e308",
        "1e999",
        "99999999999999999999999",
        "'\"`;--\\",
        "名字😀",
        "\xff\xfe\x80",
        "\x1b[31m\xe2\x80\xae",
        "0000-00-00 00:00:00",
        "{\"sub_task_count\":-1,\"in_queue_sec\":1e300}",
        "{\"sub_task_count\":1e-300,\"in_queue_sec\":1e300,\"read_remote_mb\":1e300}",
    };
    static const struct {
        const struct srd_probe *probe;
        const char *key, *head;
        size_t columns;
    } tables[] = {
        { &srd_probe_partition_scores, "", ROWSETS_HEAD, 16 },
        { &srd_probe_partition_scores, "", SCORES_HEAD, 16 },
        { &srd_probe_compaction_jobs, "", JOBS_HEAD, 7 },
        { &srd_probe_nodes, "", NODES_HEAD, 16 },
        { &srd_probe_lake_tasks, "", TASKS_HEAD, 8 },
        { &srd_probe_loads, "24/+00:00", JOB_HEAD, 30 },
        { &srd_probe_delayed_loads, "d", "TransactionId|Label|TransactionStatus|Reason\n", 4 },
        { &srd_probe_fe_config, "", "Key|AliasNames|Value|Type|IsMutable|Comment\n", 6 },
        { &srd_probe_compute_nodes, "",
          "ComputeNodeId|IP|HeartbeatPort|LastHeartbeat|Alive|WarehouseName\n", 6 },
    };
    static const struct srd_arg_value args[] = { { .number = 1000 }, { .number = 0 } };
    static const enum srd_mode modes[] = { SN, SD };

    (void)state;
    for (size_t c = 0; c <= SRD_COUNT(cells); c++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        char *huge = srd_arena_array(arena, (1 << 20) + 1, 1);
        const char *cell = c < SRD_COUNT(cells) ? cells[c] : memset(huge, 'x', 1 << 20);

        for (size_t lake = 0; lake < 2; lake++) {
            struct srd_answer_text answers[SRD_COUNT(tables) + 1] = { { 0 } };
            struct srd_evidence *ev;
            size_t n = 0;

            for (size_t t = 0; t < SRD_COUNT(tables); t++) {
                const char *text = tables[t].head;

                if (t == lake)
                    continue; /* rowsets or scores, not both */
                for (size_t row = 0; row < 3; row++)
                    for (size_t i = 0; i < tables[t].columns; i++)
                        text = srd_arena_printf(arena, "%s%s%s", text, i == row ? cell : "7",
                                                i + 1 < tables[t].columns ? "|" : "\n");
                answers[n++] = (struct srd_answer_text){ tables[t].probe, tables[t].key, text, 0 };
            }
            ev = srd_evidence_of(arena, answers);
            ev->cluster.mode = modes[1 - lake];
            ev->cluster.version = V35;
            SRD_EACH_CHECK (check, &srd_expert_compaction) {
                struct srd_result result;

                srd_check_judge(*check, ev, arena, &result);
                assert_true(result.share >= 0 && result.share <= 1);
            }
            SRD_EACH_VIEW (view, &srd_expert_compaction)
                fill(arena, *view, modes[1 - lake], args, answers);
        }
    }
}

/* A remedy that is pasted must hold hostile names as names. */
static void names_are_quoted(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    static const struct srd_answer_text answers[] = {
        PILE(ROWSETS("a`b; DROP TABLE c", "p`1", "DUP", "960", "9")), { 0 }
    };
    struct srd_evidence *ev = srd_evidence_of(arena, answers);
    struct srd_result result;

    (void)state;
    ev->cluster.mode = SN;
    srd_check_judge(&srd_compaction_version_count, ev, arena, &result);
    assert_int_equal(result.finding_count, 1);
    assert_string_equal(
        srd_fill(arena, srd_compaction_version_count.fix[1].sql, result.findings[0]->fields),
        "ALTER TABLE `dwd`.`a``b; DROP TABLE c` CUMULATIVE COMPACT (`p``1`);");
}

static void primary_keys_know_no_cumulative_compaction(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    static const struct srd_answer_text answers[] = {
        PILE(ROWSETS("t", "p1", "PRIMARY", "960", "9")), { 0 }
    };
    struct srd_evidence *ev = srd_evidence_of(arena, answers);
    struct srd_result result;

    (void)state;
    ev->cluster.mode = SN;
    srd_check_judge(&srd_compaction_version_count, ev, arena, &result);
    assert_string_equal(
        srd_fill(arena, srd_compaction_version_count.fix[1].sql, result.findings[0]->fields),
        "ALTER TABLE `dwd`.`t` COMPACT (`p1`);");
}

/* Many sick tables are counted, not listed. */
static void many_tables_are_counted(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *pile = ROWSETS_HEAD, *scores = SCORES_HEAD;
    struct srd_result result;

    (void)state;
    for (int i = 0; i < 30; i++) {
        pile =
            srd_arena_printf(arena, "%sd|t%d|p|%d|%d|DUP|3|700|2|3|3|3|90|30|1|1\n", pile, i, i, i);
        scores = srd_arena_printf(
            arena, "%sd|t%d|p|%d|%d|12|700|2|300|9000|1|" NOW "|30|30|30|40\n", scores, i, i, i);
    }
    for (int lake = 0; lake < 2; lake++) {
        struct srd_answer_text answers[2] = { { &srd_probe_partition_scores, "",
                                                lake ? scores : pile, 0 } };
        struct srd_evidence *ev = srd_evidence_of(arena, answers);

        ev->cluster.mode = lake ? SD : SN;
        ev->cluster.version = V35;
        srd_check_judge(lake ? &srd_compaction_lake_score : &srd_compaction_version_count, ev,
                        arena, &result);
        assert_int_equal(result.finding_count, 11);
        assert_non_null(strstr(result.findings[10]->message, "20 more tables"));
    }
}

/* --set wins over the catalogue and over the cluster. */
static void set_wins(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    static const struct srd_answer_text answers[] = { PILE(ROWSETS("t", "p1", "DUP", "260", "9")),
                                                      SETTINGS(SET_ON("1", "tablet_max_versions", "1000", "6")),
                                                      { 0 } };
    static const struct srd_override both[] = { { "tablet_max_versions", 500, "--set" }, { 0 } };
    struct srd_evidence *ev = srd_evidence_of(arena, answers);
    struct srd_result result;

    (void)state;
    ev->cluster.mode = SN;
    ev->overrides = both;
    srd_check_judge(&srd_compaction_version_count, ev, arena, &result);
    assert_int_equal(result.finding_count, 1);
    assert_string_equal(result.findings[0]->limit.source, "--set");
    assert_true(result.findings[0]->limit.value == 250);
}

/* Of a database whose name is no path component nothing is asked; at most three are. */
static void few_databases_are_asked(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    static const struct srd_answer_text answers[] = {
        SCORES(
            "a|t|p|1|1|12|900|2|3|9|1|" NOW "|9|9|9|40\na|u|p|2|2|12|800|2|3|9|1|" NOW "|9|9|9|40\n"
            "b|t|p|3|3|12|700|2|3|9|1|" NOW "|9|9|9|40\nc|t|p|4|4|12|600|2|3|9|1|" NOW "|9|9|9|40\n"
            "d|t|p|5|5|12|500|2|3|9|1|" NOW "|9|9|9|40\ne|t|p|6|6|12|100|2|3|9|1|" NOW
            "|9|9|9|40\n"),
        { 0 }
    };
    struct srd_keys keys = { .arena = arena, .max = srd_probe_delayed_loads.max_keys };

    (void)state;
    srd_probe_delayed_loads.pick(srd_evidence_of(arena, answers), &keys);
    assert_int_equal(keys.count, 3);
    assert_string_equal(keys.keys[0].values[0], "a");
    assert_string_equal(keys.keys[2].values[0], "c");
    assert_int_equal(keys.left_out, 1);
}

/* clang-format off */
static const struct CMUnitTest single[] = {
    { "hostile cells do no harm", hostile_cells_do_no_harm, NULL, NULL, NULL },
    { "names in remedies are quoted", names_are_quoted, NULL, NULL, NULL },
    { "primary keys know no cumulative compaction", primary_keys_know_no_cumulative_compaction, NULL, NULL, NULL },
    { "many sick tables are counted, not listed", many_tables_are_counted, NULL, NULL, NULL },
    { "--set wins over the cluster", set_wins, NULL, NULL, NULL },
    { "three databases are asked for delayed commits, the worst first", few_databases_are_asked, NULL, NULL, NULL },
};
/* clang-format on */

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(views) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    ADD_ROWS(tests, n, views, check_view);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("compaction", tests, NULL, NULL);
}
