/* Which tablets and replicas are worth an alarm, and which only look so? */

#include "experts/catalogue.h"
#include "experts/storage/storage.h"
#include "lib/model/identity.h"
#include "tests/expert_rows.h"

/* What is tested here; the expert lists them beside their records. */
extern const struct srd_check srd_storage_replica_version_lag, srd_storage_single_replica,
    srd_storage_tablet_count_per_node, srd_storage_tablet_error_state,
    srd_storage_tablet_inconsistent, srd_storage_tablet_no_healthy_replica,
    srd_storage_tablet_unhealthy;
extern const struct srd_view srd_storage_view_replicas, srd_storage_view_tablets;

#define V40 40001

/* clang-format off */
#define BE_HEAD "BackendId|IP|HeartbeatPort|LastHeartbeat|Alive|SystemDecommissioned|TabletNum|DataUsedCapacity|CpuCores|MemUsedPct|Status\n"
#define BE(id, alive, leaving, beat) id "|be" id "|9050|" beat "|" alive "|" leaving "|149|1.000 TB|16|20.00 %|" \
    "{\"lastSuccessReportTabletsTime\":\"2026-01-20 01:59:00\"}\n"
#define UP(id) BE(id, "true", "false", "2026-01-20 01:59:58")
#define DOWN(id) BE(id, "false", "false", "2026-01-20 01:00:00")
#define DOWN_JUST_NOW(id) BE(id, "false", "false", "2026-01-20 01:55:01")
#define DOWN_5_MINUTES(id) BE(id, "false", "false", "2026-01-20 01:55:00")
#define LEAVING(id) BE(id, "true", "true", "2026-01-20 01:59:58")
#define BACKENDS(rows) { &srd_probe_backends, "", BE_HEAD rows, 0 }
#define ALL_UP BACKENDS(UP("1") UP("2") UP("3"))
#define ONE_DOWN BACKENDS(UP("1") DOWN("2") UP("3"))

#define STAT_HEAD "DbId|DbName|TableNum|PartitionNum|IndexNum|TabletNum|ReplicaNum|UnhealthyTabletNum|" \
                  "InconsistentTabletNum|CloningTabletNum|ErrorStateTabletNum\n"
#define DB(id, name, bad, differ, broken) id "|" name "|11|18|18|1000|3000|" bad "|" differ "|0|" broken "\n"
#define TOTAL "Total|2|22|36|36|2000|6000|77|77|77|77\n"
#define STATISTIC(rows) { &srd_probe_statistic, "", STAT_HEAD rows TOTAL, 0 }
#define HEALTHY STATISTIC(DB("10", "sales", "0", "0", "0") DB("11", "ops", "0", "0", "0"))
#define SICK(n) STATISTIC(DB("10", "sales", n, "0", "0") DB("11", "ops", "0", "0", "0"))
#define OLD_STATISTIC { &srd_probe_statistic, "", "DbId|DbName|TabletNum\n10|sales|1000\n", 0 }
#define NO_STATISTIC(why) { &srd_probe_statistic, "", NULL, why }
#define IDS(bad, differ, broken) { &srd_probe_sick_tablets, "10", \
    "UnhealthyTablets|InconsistentTablets|CloningTablets|ErrorStateTablets\n[" bad "]|[" differ "]|[]|[" broken "]\n", 0 }
#define PENDING(rows) { &srd_probe_pending_tablets, "", "TabletId|Type|Status|ErrMsg\n" rows, 0 }

#define PLACE(id, table, partition) { &srd_probe_tablet_place, id, \
    "DbName|TableName|PartitionName\nsales|" table "|" partition "\n", 0 }
#define REP_HEAD "TabletId|ReplicaId|BackendId|Version|LastFailedVersion|LastSuccessVersion|CommittedVersion|SchemaHash|" \
                 "VersionNum|IsBad|IsSetBadForce|State|Status\n"
#define REP(tablet, be, version, failed, bad, status) \
    tablet "|" tablet be "|" be "|" version "|" failed "|3|3|0|1|" bad "|false|NORMAL|" status "\n"
#define GOOD(tablet, be) REP(tablet, be, "3", "-1", "false", "OK")
#define DEAD(tablet, be) REP(tablet, be, "3", "-1", "false", "DEAD")
#define BAD(tablet, be) REP(tablet, be, "3", "-1", "true", "DEAD")
#define BEHIND(tablet, be) REP(tablet, be, "2", "3", "false", "VERSION_ERROR")
/* eleven values under thirteen names, as the FE sends them */
#define GONE(tablet) tablet "|-1|-1|-1|-1|-1|-1|-1|\\N|\\N|MISSING|\\N|\\N\n"
#define STATUS(key, rows) { &srd_probe_replica_status, key, REP_HEAD rows, 0 }
#define STATUS_FAILED(key) { &srd_probe_replica_status, key, NULL, SRD_FAILED }
#define SHOW_HEAD "TabletId|ReplicaId|BackendId|Version|LstFailedVersion|LstFailedTime\n"
#define SHOWN(tablet, be, version, failed, since) tablet "|" tablet be "|" be "|" version "|" failed "|" since "\n"
#define SHOW(key, rows) { &srd_probe_tablet_replicas, key, SHOW_HEAD rows, 0 }

#define LOW_HEAD "DB_NAME|TABLE_NAME|REPLICATION_NUM|PARTITIONS|TABLETS|DATA_BYTES|TABLE_ENGINE|EXAMPLE\n"
#define LOW_OF(db, table, n, bytes, engine) db "|" table "|" n "|1|3|" bytes "|" engine "|" db "." table "\n"
#define LOW(db, table, n, bytes) LOW_OF(db, table, n, bytes, "OLAP")
#define VIEW(db, table, n, bytes) LOW_OF(db, table, n, bytes, "MATERIALIZED_VIEW")
/* In the same answer: how many replicas all tables keep, whatever their names. */
#define LOWS(rows) { &srd_probe_replication, "", LOW_HEAD "\\N|\\N|1|9|9|99999999999|\\N|a.b\n" rows, 0 }
#define FEW(key, rows) { &srd_probe_few_left, key, REP_HEAD rows, 0 }
#define GIB2 "2147483648"
#define BE_BY_TABLETS(n, cores, memory, report) { &srd_probe_backends, "", \
    BE_HEAD "1|be1|9050|2026-01-20 01:59:58|true|false|" n "|1.000 TB|" cores "|" memory " %|{\"lastSuccessReportTabletsTime\":\"" report "\"}\n", 0 }
#define NOW "2026-01-20 01:59:00"
#define LATE "2026-01-20 01:49:00"
#define HEAP(used) { &srd_probe_fe_jvm, "", "Name|Value\nconfigured max heap size|1000\nmem heap used|" used "\n", 0 }
#define NO_CN { &srd_probe_compute_nodes, "", "ComputeNodeId|IP|HeartbeatPort|Alive|TabletNum\n", 0 }

static const struct row rows[] = {
#define CHECK &srd_storage_tablet_unhealthy
    { "no unhealthy tablet is fine, whatever the total row says", CHECK, { ALL_UP, HEALTHY }, "ok", SN, V35 },
    { "unhealthy tablets in one sample are information", CHECK, { ALL_UP, SICK("900") }, "info tablets", SN, V35 },
    { "more than 1 % with a dead BE is critical", CHECK, { ONE_DOWN, SICK("21") }, "critical tablets", SN, V35 },
    { "1 % exactly is not", CHECK, { ONE_DOWN, SICK("20") }, "info tablets", SN, V35 },
    { "a BE that leaves moves its tablets, which is no fault", CHECK, { BACKENDS(UP("1") LEAVING("2") UP("3")), SICK("900") }, "info tablets", SN, V35 },
    { "unhealthy: shared-data has no replicas", CHECK, { ALL_UP, SICK("900") }, "not applicable", SD, V35 },
    { "unhealthy: a column that is missing is a matter of version", CHECK, { ALL_UP, OLD_STATISTIC }, "not checked: version", SN, V35 },
    { "unhealthy: denied leaves it open", CHECK, { ALL_UP, NO_STATISTIC(SRD_DENIED) }, "not checked: denied", SN, V35 },
    { "unhealthy: skipped under stress leaves it open", CHECK, { ALL_UP, NO_STATISTIC(SRD_SKIPPED) }, "not checked: skipped", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_tablet_no_healthy_replica
    { "nothing unhealthy, nothing lost", CHECK, { ALL_UP, HEALTHY }, "ok", SN, V35 },
    { "all replicas bad is lost", CHECK, { ALL_UP, SICK("1"), IDS("7", "", ""), PLACE("7", "orders", "p1"),
      STATUS("sales/orders/p1", BAD("7", "1") BAD("7", "2") BAD("7", "3")) }, "critical sales.orders/p1", SN, V35 },
    { "one good replica is enough", CHECK, { ALL_UP, SICK("1"), IDS("7", "", ""), PLACE("7", "orders", "p1"),
      STATUS("sales/orders/p1", BAD("7", "1") BEHIND("7", "2") GOOD("7", "3")) }, "ok", SN, V35 },
    { "missing replicas are none", CHECK, { ALL_UP, SICK("1"), IDS("7", "", ""), PLACE("7", "orders", "p1"),
      STATUS("sales/orders/p1", GONE("7") GONE("7") GONE("7")) }, "critical sales.orders/p1", SN, V35 },
    { "replicas that are all behind are lost", CHECK, { ALL_UP, SICK("1"), IDS("7", "", ""), PLACE("7", "orders", "p1"),
      STATUS("sales/orders/p1", BEHIND("7", "1") BEHIND("7", "2") BEHIND("7", "3")) }, "critical sales.orders/p1", SN, V35 },
    { "a replica on a BE that leaves still serves", CHECK, { BACKENDS(UP("1") LEAVING("2") UP("3")), SICK("1"), IDS("7", "", ""),
      PLACE("7", "orders", "p1"), STATUS("sales/orders/p1", BAD("7", "1") DEAD("7", "2")) }, "ok", SN, V35 },
    { "unless it is bad", CHECK, { BACKENDS(UP("1") LEAVING("2") UP("3")), SICK("1"), IDS("7", "", ""),
      PLACE("7", "orders", "p1"), STATUS("sales/orders/p1", BAD("7", "1") BAD("7", "2")) }, "critical sales.orders/p1", SN, V35 },
    { "unless it is behind", CHECK, { BACKENDS(UP("1") LEAVING("2") UP("3")), SICK("1"), IDS("7", "", ""),
      PLACE("7", "orders", "p1"), STATUS("sales/orders/p1", BAD("7", "1") REP("7", "2", "2", "-1", "false", "DEAD")) },
      "critical sales.orders/p1", SN, V35 },
    { "DEAD on a living BE that does not leave is dead", CHECK, { ALL_UP, SICK("1"), IDS("7", "", ""), PLACE("7", "orders", "p1"),
      STATUS("sales/orders/p1", DEAD("7", "1") DEAD("7", "2") DEAD("7", "3")) }, "critical sales.orders/p1", SN, V35 },
    { "what was not looked at is not ok", CHECK, { ALL_UP, SICK("2"), IDS("7, 8", "", ""), PLACE("7", "orders", "p1"),
      STATUS("sales/orders/p1", GOOD("7", "1") GOOD("7", "2")) }, "not checked: skipped", SN, V35 },
    { "a partition that was dropped meanwhile is not ok", CHECK, { ALL_UP, SICK("1"), IDS("7", "", ""), PLACE("7", "NULL", "NULL") },
      "not checked: skipped", SN, V35 },
    { "a failed follow-up is not ok", CHECK, { ALL_UP, SICK("1"), IDS("7", "", ""), PLACE("7", "orders", "p1"), STATUS_FAILED("sales/orders/p1") },
      "not checked: skipped", SN, V35 },
    { "a materialized view is read with SHOW TABLET", CHECK, { ONE_DOWN, LOWS(""), SICK("1"), IDS("7", "", ""), PLACE("7", "mv", "mv"),
      STATUS_FAILED("sales/mv/mv"), SHOW("sales/mv/mv", SHOWN("7", "2", "1", "-1", "\\N") SHOWN("8", "3", "1", "-1", "\\N")) },
      "critical sales.mv/mv", SN, V35 },
    { "a view on living backends is fine", CHECK, { ONE_DOWN, LOWS(""), SICK("1"), IDS("7", "", ""), PLACE("7", "mv", "mv"),
      STATUS_FAILED("sales/mv/mv"), SHOW("sales/mv/mv", SHOWN("7", "1", "1", "-1", "\\N")) }, "ok", SN, V35 },
    { "a BE that died a moment ago is not counted by StarRocks, but a single replica on it is lost", CHECK,
      { ONE_DOWN, HEALTHY, LOWS(LOW("sales", "users", "1", GIB2)), FEW("sales/users", DEAD("7", "2") DEAD("8", "2")) },
      "critical sales.users", SN, V35 },
    { "a table that spares the dead BE is fine", CHECK, { ONE_DOWN, HEALTHY, LOWS(LOW("sales", "users", "1", GIB2)), FEW("sales/users", "") },
      "ok", SN, V35 },
    { "one of two replicas dead is fine", CHECK, { ONE_DOWN, HEALTHY, LOWS(LOW("sales", "users", "2", GIB2)) }, "ok", SN, V35 },
    { "two of two replicas dead are lost", CHECK, { BACKENDS(UP("1") DOWN("2") DOWN("3")), HEALTHY, LOWS(LOW("sales", "users", "2", GIB2)),
      FEW("sales/users", DEAD("7", "2") DEAD("7", "3") DEAD("8", "2")) }, "critical sales.users", SN, V35 },
    { "one of two dead is not lost while another BE is away", CHECK, { BACKENDS(UP("1") DOWN("2") DOWN("3")), HEALTHY, LOWS(LOW("sales", "users", "2", GIB2)),
      FEW("sales/users", DEAD("7", "2") DEAD("8", "3")) }, "ok", SN, V35 },
    { "a redundant copy that serves saves the tablet", CHECK, { ONE_DOWN, SICK("1"), IDS("7", "", ""), LOWS(LOW("sales", "users", "1", GIB2)),
      FEW("sales/users", DEAD("7", "2")), PLACE("7", "users", "users"), STATUS("sales/users/users", DEAD("7", "2") GOOD("7", "3")) }, "ok", SN, V35 },
    { "a lost table is told once, not again by partition", CHECK, { ONE_DOWN, SICK("1"), IDS("7", "", ""), LOWS(LOW("sales", "users", "1", GIB2)),
      FEW("sales/users", DEAD("7", "2")), PLACE("7", "users", "users"), STATUS("sales/users/users", DEAD("7", "2") GOOD("8", "3")) },
      "critical sales.users", SN, V35 },
    { "a BE down for less than 5 minutes may be restarting", CHECK, { BACKENDS(UP("1") DOWN_JUST_NOW("2") UP("3")), HEALTHY,
      LOWS(LOW("sales", "users", "1", GIB2)), FEW("sales/users", DEAD("7", "2")) }, "warning sales.users", SN, V35 },
    { "one down for 5 minutes is dead", CHECK, { BACKENDS(UP("1") DOWN_5_MINUTES("2") UP("3")), HEALTHY,
      LOWS(LOW("sales", "users", "1", GIB2)), FEW("sales/users", DEAD("7", "2")) }, "critical sales.users", SN, V35 },
    { "one that may be restarting does not excuse one that is dead", CHECK, { BACKENDS(UP("1") DOWN("2") DOWN_JUST_NOW("3")), HEALTHY,
      LOWS(LOW("sales", "users", "1", GIB2)), FEW("sales/users", DEAD("7", "2") DEAD("8", "3")) }, "critical sales.users", SN, V35 },
    { "two replicas that go down together are no restart", CHECK, { BACKENDS(UP("1") DOWN_JUST_NOW("2") DOWN_JUST_NOW("3")), HEALTHY,
      LOWS(LOW("sales", "users", "2", GIB2)), FEW("sales/users", DEAD("7", "2") DEAD("7", "3")) }, "critical sales.users", SN, V35 },
    { "a single replica that is bad on a living BE is lost", CHECK, { ALL_UP, SICK("1"), IDS("7", "", ""), PLACE("7", "users", "users"),
      STATUS("sales/users/users", BAD("7", "1")) }, "critical sales.users/users", SN, V35 },
    { "with a dead BE and no word on replication nothing is ok", CHECK, { ONE_DOWN, HEALTHY, { &srd_probe_replication, "", NULL, SRD_TIMED_OUT } },
      "not checked: timeout", SN, V35 },
    { "with every BE dead nothing can be read", CHECK, { BACKENDS(DOWN("1") DOWN("2") DOWN("3")), HEALTHY }, "critical tablets", SN, V35 },
    { "lost: shared-data has no replicas", CHECK, { ONE_DOWN, SICK("1") }, "not applicable", SD, V35 },
    { "lost: a column that is missing is a matter of version", CHECK, { ALL_UP, OLD_STATISTIC }, "not checked: version", SN, V35 },
    { "lost: denied leaves it open", CHECK, { ALL_UP, NO_STATISTIC(SRD_DENIED) }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_tablet_inconsistent
    { "different checksums are critical", CHECK, { STATISTIC(DB("10", "sales", "0", "1", "0")), IDS("", "7", "") }, "critical sales", SN, V35 },
    { "none are fine, whatever the total row says", CHECK, { HEALTHY }, "ok", SN, V35 },
    { "inconsistent: shared-data has no replicas", CHECK, { STATISTIC(DB("10", "sales", "0", "1", "0")) }, "not applicable", SD, V35 },
    { "inconsistent: a column that is missing is a matter of version", CHECK, { OLD_STATISTIC }, "not checked: version", SN, V35 },
    { "inconsistent: denied leaves it open", CHECK, { NO_STATISTIC(SRD_DENIED) }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_tablet_error_state
    { "error state with two usable replicas is a warning", CHECK, { ALL_UP, STATISTIC(DB("10", "sales", "0", "0", "1")), IDS("", "", "7"),
      PLACE("7", "users", "users"), STATUS("sales/users/users", GOOD("7", "1") GOOD("7", "2") BAD("7", "3")) }, "warning sales", SN, V35 },
    { "with one, which may be the broken one, it is critical", CHECK, { ALL_UP, STATISTIC(DB("10", "sales", "0", "0", "1")), IDS("", "", "7"),
      PLACE("7", "users", "users"), STATUS("sales/users/users", GOOD("7", "1") BAD("7", "2")) }, "critical sales", SN, V35 },
    { "without a word on the others it is a warning", CHECK, { ALL_UP, STATISTIC(DB("10", "sales", "0", "0", "1")) }, "warning sales", SN, V35 },
    { "no error state is fine", CHECK, { ALL_UP, HEALTHY }, "ok", SN, V35 },
    { "error state: shared-data has no replicas", CHECK, { ALL_UP, STATISTIC(DB("10", "sales", "0", "0", "1")) }, "not applicable", SD, V35 },
    { "error state: a column that is missing is a matter of version", CHECK, { ALL_UP, OLD_STATISTIC }, "not checked: version", SN, V35 },
    { "error state: denied leaves it open", CHECK, { ALL_UP, NO_STATISTIC(SRD_DENIED) }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_replica_version_lag
#define LAGS(since) ALL_UP, SICK("1"), IDS("7", "", ""), PLACE("7", "orders", "p1"), \
    STATUS("sales/orders/p1", GOOD("7", "1") GOOD("7", "2") BEHIND("7", "3")), \
    SHOW("sales/orders/p1", SHOWN("7", "1", "3", "-1", "\\N") SHOWN("7", "2", "3", "-1", "\\N") SHOWN("7", "3", "2", "3", since))
    { "a lag of 10 minutes is a warning", CHECK, { LAGS("2026-01-20 01:50:00") }, "warning sales.orders/p1", SN, V35 },
    { "a lag of less is information", CHECK, { LAGS("2026-01-20 01:50:01") }, "info sales.orders/p1", SN, V35 },
    { "a lag of unknown length is information", CHECK, { LAGS("\\N") }, "info sales.orders/p1", SN, V35 },
    { "a majority that lags is critical", CHECK, { ALL_UP, SICK("1"), IDS("7", "", ""), PLACE("7", "orders", "p1"),
      STATUS("sales/orders/p1", GOOD("7", "1") BEHIND("7", "2") BEHIND("7", "3")) }, "critical sales.orders/p1", SN, V35 },
    { "half of two is no majority", CHECK, { ALL_UP, SICK("1"), IDS("7", "", ""), PLACE("7", "orders", "p1"),
      STATUS("sales/orders/p1", GOOD("7", "1") BEHIND("7", "2")) }, "info sales.orders/p1", SN, V35 },
    { "a replica on a dead BE does not lag", CHECK, { ONE_DOWN, SICK("1"), IDS("7", "", ""), PLACE("7", "orders", "p1"),
      STATUS("sales/orders/p1", GOOD("7", "1") DEAD("7", "2") GOOD("7", "3")) }, "ok", SN, V35 },
    { "a replica on a BE that leaves does not lag", CHECK, { BACKENDS(UP("1") LEAVING("2") UP("3")), SICK("1"), IDS("7", "", ""), PLACE("7", "orders", "p1"),
      STATUS("sales/orders/p1", GOOD("7", "1") DEAD("7", "2") GOOD("7", "3")) }, "ok", SN, V35 },
    { "nothing unhealthy, nothing lags", CHECK, { ALL_UP, HEALTHY }, "ok", SN, V35 },
    { "unhealthy tablets that were not looked at leave it open", CHECK, { ALL_UP, SICK("1") }, "not checked: skipped", SN, V35 },
    { "lag: shared-data has no replicas", CHECK, { LAGS("2026-01-20 01:50:00") }, "not applicable", SD, V35 },
    { "lag: a column that is missing is a matter of version", CHECK, { ALL_UP, OLD_STATISTIC }, "not checked: version", SN, V35 },
    { "lag: denied leaves it open", CHECK, { ALL_UP, NO_STATISTIC(SRD_DENIED) }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_single_replica
    { "2 GB with one replica are a warning", CHECK, { ALL_UP, LOWS(LOW("sales", "users", "1", GIB2)) }, "warning sales.users", SN, V35 },
    { "1 GB exactly is not", CHECK, { ALL_UP, LOWS(LOW("sales", "users", "1", "1073741824")) }, "ok", SN, V35 },
    { "small tables add up", CHECK, { ALL_UP, LOWS(LOW("sales", "a", "1", "600000000") LOW("sales", "b", "1", "600000000")) },
      "warning sales.a\nwarning sales.b", SN, V35 },
    { "a statistics table with one replica is a warning at any size", CHECK, { ALL_UP, LOWS(LOW("_statistics_", "column_statistics", "1", "10")) },
      "warning _statistics_.column_statistics", SN, V35 },
    { "large statistics tables do not make small ones of users large", CHECK,
      { ALL_UP, LOWS(LOW("_statistics_", "histogram_statistics", "1", GIB2) LOW("sales", "users", "1", "10")) },
      "warning _statistics_.histogram_statistics", SN, V35 },
    { "two replicas are information", CHECK, { ALL_UP, LOWS(LOW("sales", "users", "2", GIB2)) }, "info tables", SN, V35 },
    { "a materialized view can be rebuilt", CHECK, { ALL_UP, LOWS(VIEW("sales", "mv", "1", GIB2)) }, "info tables", SN, V35 },
    { "one that nobody says to be a view is a table", CHECK, { ALL_UP, LOWS(LOW_OF("ops", "mv", "1", GIB2, "\\N")) }, "warning ops.mv", SN, V35 },
    { "two backends cannot keep three replicas", CHECK, { BACKENDS(UP("1") UP("2")), LOWS(LOW("sales", "users", "1", GIB2)) }, "ok", SN, V35 },
    { "its replica on a dead BE makes it critical, however small", CHECK, { ONE_DOWN, LOWS(LOW("sales", "users", "1", "10")),
      FEW("sales/users", DEAD("7", "2")) }, "critical sales.users", SN, V35 },
    { "a replica on an offline disk as well", CHECK, { ALL_UP, LOWS(LOW("sales", "users", "1", "10")),
      FEW("sales/users", BAD("7", "2")) }, "critical sales.users", SN, V35 },
    { "a replica that is only behind has not lost its place", CHECK, { ONE_DOWN, LOWS(LOW("sales", "users", "1", GIB2)),
      FEW("sales/users", BEHIND("7", "1")) }, "warning sales.users", SN, V35 },
    { "a BE that may be restarting is a warning", CHECK, { BACKENDS(UP("1") DOWN_JUST_NOW("2") UP("3")), LOWS(LOW("sales", "users", "1", "10")),
      FEW("sales/users", DEAD("7", "2")) }, "warning sales.users", SN, V35 },
    { "a replica on a BE that leaves still serves its table", CHECK, { BACKENDS(UP("1") LEAVING("2") UP("3")), LOWS(LOW("sales", "users", "1", GIB2)),
      FEW("sales/users", DEAD("7", "2")) }, "warning sales.users", SN, V35 },
    { "no such table is fine", CHECK, { ALL_UP, LOWS("") }, "ok", SN, V35 },
    { "single: shared-data needs no replicas", CHECK, { ALL_UP, LOWS(LOW("sales", "users", "1", GIB2)) }, "not applicable", SD, V35 },
    { "single: a release without partitions_meta", CHECK, { ALL_UP, { &srd_probe_replication, "", NULL, SRD_VERSION_ABSENT } },
      "not checked: version", SN, 30203 },
    { "single: a column that is missing is a matter of version", CHECK, { ALL_UP, { &srd_probe_replication, "", "DB_NAME|TABLE_NAME\nsales|users\n", 0 } },
      "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_tablet_count_per_node
    { "200,000 tablets are the most", CHECK, { BE_BY_TABLETS("200000", "16", "20.00", NOW), NO_CN }, "ok", SN, V35 },
    { "one more is a warning", CHECK, { BE_BY_TABLETS("200001", "16", "20.00", NOW), NO_CN }, "warning be1", SN, V35 },
    { "400,000 are still a warning", CHECK, { BE_BY_TABLETS("400000", "16", "20.00", NOW), NO_CN }, "warning be1", SN, V35 },
    { "more are critical", CHECK, { BE_BY_TABLETS("400001", "16", "20.00", NOW), NO_CN }, "critical be1", SN, V35 },
    { "200,001 with an overdue report are critical", CHECK, { BE_BY_TABLETS("200001", "16", "20.00", LATE), NO_CN }, "critical be1", SN, V35 },
    { "100,001 with an overdue report are a warning", CHECK, { BE_BY_TABLETS("100001", "16", "20.00", LATE), NO_CN }, "warning be1", SN, V35 },
    { "100,000 with an overdue report are none", CHECK, { BE_BY_TABLETS("100000", "16", "20.00", LATE), NO_CN }, "ok", SN, V35 },
    { "100,001 with a full heap of the FE are a warning", CHECK, { BE_BY_TABLETS("100001", "16", "20.00", NOW), NO_CN, HEAP("801") }, "warning be1", SN, V35 },
    { "a heap at 80 % is not full", CHECK, { BE_BY_TABLETS("100001", "16", "20.00", NOW), NO_CN, HEAP("800") }, "ok", SN, V35 },
    { "a large machine that keeps up takes more", CHECK, { BE_BY_TABLETS("200001", "96", "20.00", NOW), NO_CN }, "info be1", SN, V35 },
    { "64 cores are not large", CHECK, { BE_BY_TABLETS("200001", "64", "20.00", NOW), NO_CN }, "warning be1", SN, V35 },
    { "a large machine short of memory does not", CHECK, { BE_BY_TABLETS("200001", "96", "80.00", NOW), NO_CN }, "warning be1", SN, V35 },
    { "a large machine that reports late does not", CHECK, { BE_BY_TABLETS("200001", "96", "20.00", LATE), NO_CN }, "critical be1", SN, V35 },
    { "a report that was never made is neither late nor on time", CHECK, { BE_BY_TABLETS("100001", "96", "20.00", "N/A"), NO_CN }, "ok", SN, V35 },
    { "a dead BE holds nothing", CHECK, { BACKENDS("1|be1|9050|2026-01-20 01:00:00|false|false|300000|1.000 TB|16|20.00 %|N/A\n" UP("2")), NO_CN }, "ok", SN, V35 },
    { "shards of a CN count in shared-data", CHECK, { BACKENDS(""), { &srd_probe_compute_nodes, "",
      "ComputeNodeId|IP|HeartbeatPort|Alive|TabletNum|CpuCores\n1|cn1|9050|true|200001|16\n", 0 } }, "warning cn1", SD, V35 },
    { "a release that prints no shards leaves it open", CHECK, { BACKENDS(""), { &srd_probe_compute_nodes, "",
      "ComputeNodeId|IP|HeartbeatPort|Alive\n1|cn1|9050|true\n", 0 } }, "not checked: no_backend", SD, 30203 },
    { "count: a column that is missing is a matter of version", CHECK, { { &srd_probe_backends, "", "BackendId|IP|HeartbeatPort|Alive\n1|be1|9050|true\n", 0 }, NO_CN },
      "not checked: version", SN, V35 },
    { "count: denied leaves it open", CHECK, { { &srd_probe_backends, "", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
#undef CHECK
};

/* What the follow-up probes would ask next. */
static const struct pick_row {
    const char *name;
    const struct srd_probe *probe;
    struct srd_answer_text answers[8];
    const char *want;
} picks[] = {
    { "the sickest databases are listed, the total row is none", &srd_probe_sick_tablets,
      { STATISTIC(DB("10", "a", "1", "0", "0") DB("11", "b", "0", "0", "0") DB("12", "c", "5", "0", "0") DB("13", "d", "0", "2", "0")) }, "12 13 10" },
    { "nothing unhealthy and no BE away, nothing waits for repair", &srd_probe_pending_tablets, { ALL_UP, HEALTHY }, "" },
    { "many unhealthy tablets may wait for repair", &srd_probe_pending_tablets, { ALL_UP, SICK("11") }, "asked" },
    { "a few are looked at one by one", &srd_probe_pending_tablets, { ALL_UP, SICK("10") }, "" },
    { "those of a dead BE may, before they count as unhealthy", &srd_probe_pending_tablets, { ONE_DOWN, HEALTHY }, "asked" },
    { "tablets are taken from few replicas, lost sources, broken ones, then by turns", &srd_probe_tablet_place,
      { FEW("sales/users", DEAD("1", "2") DEAD("2", "2")), PENDING("5|REPAIR|REPLICA_MISSING|waiting\n6|REPAIR|REPLICA_MISSING|unable to find source replica. replicas: x\n"),
        IDS("7, 8, 9", "20", "6, 3"),
        { &srd_probe_sick_tablets, "11", "UnhealthyTablets|InconsistentTablets|CloningTablets|ErrorStateTablets\n[30, 31]|[]|[]|[]\n", 0 } },
      "1 6 3 7 30 8 31 9" },
    { "a list that is no list picks nothing", &srd_probe_tablet_place, { IDS("x'; DROP", "", "") }, "" },
    { "a word in place of an id is not asked", &srd_probe_tablet_place,
      { PENDING("x'; DROP|REPAIR|REPLICA_MISSING|unable to find source replica\n"), IDS("", "", "") }, "" },
    { "an id that is no id is not asked", &srd_probe_tablet_place, { IDS("123456789012345678901234", "", "") }, "" },
    { "each partition is asked once", &srd_probe_replica_status,
      { PLACE("7", "orders", "p1"), PLACE("8", "orders", "p1"), PLACE("9", "orders", "p2"), PLACE("10", "NULL", "NULL") }, "sales/orders/p1 sales/orders/p2" },
    { "no BE away, no table at risk", &srd_probe_few_left, { ALL_UP, LOWS(LOW("sales", "users", "1", GIB2)) }, "" },
    { "one BE away, tables with one replica are at risk", &srd_probe_few_left,
      { ONE_DOWN, LOWS(LOW("sales", "users", "1", GIB2) LOW("sales", "pairs", "2", GIB2)) }, "sales/users" },
    { "two away, those with two as well, but no views", &srd_probe_few_left,
      { BACKENDS(UP("1") DOWN("2") DOWN("3")), LOWS(LOW("sales", "users", "1", GIB2) LOW("sales", "pairs", "2", GIB2) VIEW("sales", "mv", "1", GIB2)) },
      "sales/users sales/pairs" },
    { "an offline disk is like a BE away", &srd_probe_few_left,
      { ALL_UP, LOWS(LOW("sales", "users", "1", GIB2)), { &srd_probe_backend_disks, "1",
        "RootPath|AvailCapacity|TotalCapacity|TotalUsedPct|State|StorageMedium\n/data1|0.000 |0.000 |0.00 %|OFFLINE|HDD\n", 0 } }, "sales/users" },
};
/* clang-format on */

static void check_pick(void **state)
{
    const struct pick_row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_of(arena, row->answers);

    assert_string_equal(picked(arena, row->probe, ev, NULL), row->want);
}

static void a_lost_table_names_its_backend(void **state)
{
    static const struct srd_answer_text answers[] = { ONE_DOWN,
                                                      HEALTHY,
                                                      LOWS(LOW("sa`les", "us.ers", "1", GIB2)),
                                                      FEW("sa`les/us.ers",
                                                          DEAD("7", "2") DEAD("8", "2")),
                                                      { 0 } };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_result r = judge(arena, &srd_storage_tablet_no_healthy_replica, answers);

    (void)state;
    assert_int_equal(r.finding_count, 1);
    assert_string_equal(r.findings[0]->message,
                        "2 tablets of sa`les.us.ers have no usable replica: the only one is on "
                        "be2, which is dead");
    assert_string_equal(field(r.findings[0], "table"), "`sa``les`.`us.ers`");
    assert_string_equal(field(r.findings[0], "backend"), "be2");
    assert_string_equal(field(r.findings[0], "replicas"), "1");
    assert_true(r.share > 0.0009 && r.share < 0.0011);
}

static void tablets_on_several_dead_backends_name_all(void **state)
{
    static const struct srd_answer_text answers[] = {
        BACKENDS(UP("1") DOWN("2") DOWN_JUST_NOW("3")),
        HEALTHY,
        LOWS(LOW("sales", "users", "1", GIB2)),
        FEW("sales/users", DEAD("7", "3") DEAD("8", "2") DEAD("9", "2")),
        { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_result r = judge(arena, &srd_storage_tablet_no_healthy_replica, answers);

    (void)state;
    assert_int_equal(r.finding_count, 1);
    assert_int_equal(r.severity, SRD_CRITICAL); /* be2 has been down for an hour */
    assert_string_equal(r.findings[0]->message,
                        "3 tablets of sales.users have no usable replica: the only one is on "
                        "be3, be2, which are dead");
    assert_string_equal(field(r.findings[0], "backend"), "be3, be2");
}

static void unhealthy_tablets_have_reasons(void **state)
{
    static const struct srd_answer_text answers[] = {
        ONE_DOWN,
        SICK("30"),
        PENDING("1|REPAIR|REPLICA_MISSING|\n2|REPAIR|REPLICA_MISSING|\n3|BALANCE|HEALTHY|\n"
                "4|REPAIR|VERSION_INCOMPLETE|\n"),
        { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_result r = judge(arena, &srd_storage_tablet_unhealthy, answers);

    (void)state;
    assert_int_equal(r.finding_count, 1);
    assert_string_equal(r.findings[0]->message,
                        "30 of 2,000 tablets are unhealthy while be2 is dead; waiting for repair: "
                        "2 REPLICA_MISSING, 1 VERSION_INCOMPLETE");
    assert_int_equal(r.findings[0]->table_row_count, 1);
}

static void a_recently_dead_backend_is_mentioned(void **state)
{
    static const struct srd_answer_text answers[] = { ONE_DOWN, HEALTHY, { 0 } };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    (void)state;
    assert_non_null(strstr(judge(arena, &srd_storage_tablet_unhealthy, answers).measured,
                           "only after tablet_sched_be_down_tolerate_time_s"));
}

static void many_tables_are_summed_up(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *text = LOW_HEAD;
    struct srd_result r;

    (void)state;
    for (int i = 0; i < 30; i++)
        text = srd_arena_printf(arena, "%ssales|t%02d|1|1|3|1000000000|OLAP|x\n", text, i);
    r = judge(arena, &srd_storage_single_replica,
              (const struct srd_answer_text[]){
                  ALL_UP, { &srd_probe_replication, "", text, 0 }, { 0 } });
    assert_int_equal(r.finding_count, 11);
    assert_string_equal(r.findings[10]->message,
                        "20 more tables keep one replica, of 18.63 GB in all");
}

static void tablets_are_spread(void **state)
{
    static const struct srd_answer_text answers[] = {
        { &srd_probe_backends, "",
          "BackendId|IP|HeartbeatPort|Alive|SystemDecommissioned|TabletNum|DataUsedCapacity\n"
          "1|be1|9050|true|false|300|300.000 GB\n2|be2|9050|true|false|100|200.000 GB\n"
          "3|be3|9050|false|false|100|100.000 GB\n",
          0 },
        NO_CN,
        { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *view = fill(arena, &srd_storage_view_tablets, SN, NULL, answers);

    (void)state;
    assert_int_equal(view->count, 3);
    assert_true(srd_rows_value(view, 0, 5)->number > 59.9); /* of 500 */
    assert_true(srd_rows_value(view, 0, 6)->number > 1.49 &&
                srd_rows_value(view, 0, 6)->number < 1.51); /* of the mean of the living */
    assert_string_equal(srd_rows_value(view, 2, 3)->text, "dead");
    assert_string_equal(view->summary, "500 replicas of tablets on 3 nodes; the fullest has 1.50 "
                                       "times the mean");
}

static void shards_are_spread(void **state)
{
    static const struct srd_answer_text answers[] = {
        BACKENDS(""),
        { &srd_probe_compute_nodes, "",
          "ComputeNodeId|IP|HeartbeatPort|Alive|TabletNum\n1|cn1|9050|true|21\n"
          "2|cn2|9050|true|23\n",
          0 },
        { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *view = fill(arena, &srd_storage_view_tablets, SD, NULL, answers);

    (void)state;
    assert_int_equal(view->count, 2);
    assert_false(srd_rows_value(view, 0, 7)->present);
    assert_int_equal(view->note_count, 1);
}

static void replicas_are_listed_without_the_total(void **state)
{
    static const struct srd_answer_text answers[] = { SICK("3"), { 0 } };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *view = fill(arena, &srd_storage_view_replicas, SN, NULL, answers);

    (void)state;
    assert_int_equal(view->count, 2);
    assert_string_equal(view->summary, "2,000 tablets in 2 databases, 3 unhealthy");
    view = fill(arena, &srd_storage_view_replicas, SD, NULL, answers);
    assert_false(srd_rows_value(view, 0, 6)->present);
    assert_non_null(strstr(view->notes[0], "no replicas to look after"));
}

/* Deletes and breaks: no evidence however odd may crash a judge. */
static void no_judge_falls_over_empty_tables(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[16] = { 0 };

    (void)state;
    SRD_EACH_CHECK (c, &srd_expert_storage) {
        size_t n = 0;

        for (size_t i = 0; i < SRD_MAX_NEEDS && (*c)->needs[i]; i++) {
            const char *names = (*c)->needs[i]->columns;
            char *head = srd_arena_printf(arena, "%s\n", names);

            for (char *p = head; *p; p++)
                *p = *p == ' ' ? '|' : *p;
            answers[n++] = (struct srd_answer_text){ (*c)->needs[i], "", head, 0 };
        }
        answers[n] = (struct srd_answer_text){ 0 };
        assert_non_null(srd_check_judge_text(*c, SN, V40, answers, arena));
        assert_non_null(srd_check_judge_text(*c, SD, V40, answers, arena));
    }
}

static const char *hostile_table(struct srd_arena *arena, const struct srd_probe *probe,
                                 unsigned *seed)
{
    static const char *const cells[] = {
        "",
        "\\N",
        "N/A",
        "NULL",
        "-1",
        "0",
        "1",
        "2",
        "3",
        "99999999999999999999",
        "inf",
        "nan",
        "1e308",
        "-1e308",
        "100.00 %",
        "0.000 ",
        "1.000 TB",
        "[1, 2, 3]",
        "[1, 2",
        "[[,",
        "true",
        "false",
        "OK",
        "DEAD",
        "OFFLINE",
        "HDD",
        "sales",
        "orders",
        "REPAIR",
        "Total",
        "9999-12-31 23:59:59",
        "{\"lastSuccessReportTabletsTime\":\"x\"}",
        "'; DROP TABLE x; --",
        "Status: Normal, DiskUsage: /,",
        "[{\"path\":\"",
        "2026-01-20 01:00:00",
    };
    char *text = srd_arena_printf(arena, "%s\n", probe->columns);
    size_t columns = 1;

    for (char *p = text; *p; p++) {
        columns += *p == ' ';
        *p = *p == ' ' ? '|' : *p;
    }
    for (int row = 0; row < 4; row++)
        for (size_t i = 0; i < columns; i++) {
            *seed = *seed * 1103515245u + 12345u;
            text = srd_arena_printf(arena, "%s%s%s", text, cells[(*seed >> 16) % SRD_COUNT(cells)],
                                    i + 1 < columns ? "|" : "\n");
        }
    return text;
}

static void no_judge_falls_over_hostile_cells(void **state)
{
    unsigned seed = 1;

    (void)state;
    for (int round = 0; round < 200; round++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

        SRD_EACH_CHECK (c, &srd_expert_storage) {
            struct srd_answer_text answers[4 * SRD_MAX_NEEDS + 2] = { 0 };
            const struct srd_probe *const *const lists[] = { (*c)->needs, (*c)->wants };
            size_t n = 0;

            for (size_t list = 0; list < 2; list++)
                for (size_t i = 0; i < SRD_MAX_NEEDS && lists[list][i]; i++)
                    for (int k = 0; k < (lists[list][i]->pick ? 2 : 1); k++)
                        answers[n++] =
                            (struct srd_answer_text){ lists[list][i],
                                                      !lists[list][i]->pick ? ""
                                                      : k                   ? "sales/orders"
                                                                            : "1",
                                                      hostile_table(arena, lists[list][i], &seed),
                                                      0 };
            assert_non_null(srd_check_judge_text(*c, round % 2 ? SN : SD, V40, answers, arena));
        }
    }
}

static const struct CMUnitTest single[] = {
    { "a lost table names its backend", a_lost_table_names_its_backend, NULL, NULL, NULL },
    { "tablets on several dead backends name all of them",
      tablets_on_several_dead_backends_name_all, NULL, NULL, NULL },
    { "unhealthy tablets have reasons", unhealthy_tablets_have_reasons, NULL, NULL, NULL },
    { "that a dead BE is not counted yet is said", a_recently_dead_backend_is_mentioned, NULL, NULL,
      NULL },
    { "many tables with one replica are summed up", many_tables_are_summed_up, NULL, NULL, NULL },
    { "the view of tablets compares living nodes", tablets_are_spread, NULL, NULL, NULL },
    { "the view of tablets counts shards in shared-data", shards_are_spread, NULL, NULL, NULL },
    { "the view of replicas leaves out the total row", replicas_are_listed_without_the_total, NULL,
      NULL, NULL },
    { "no judge falls over hostile cells", no_judge_falls_over_hostile_cells, NULL, NULL, NULL },
    { "no judge falls over empty tables", no_judge_falls_over_empty_tables, NULL, NULL, NULL },
};

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(picks) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    ADD_ROWS(tests, n, picks, check_pick);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("storage replicas", tests, NULL, NULL);
}
