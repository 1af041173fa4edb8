/* When do nodes alarm, and when must they stay quiet? */

#include <stdlib.h>

#include "experts/catalogue.h"
#include "experts/cluster/cluster.h"
#include "lib/model/identity.h"
#include "tests/expert_rows.h"

/* What is tested here; the expert lists them beside their records. */
extern const struct srd_check srd_cluster_be_blacklisted, srd_cluster_be_cpu_saturated,
    srd_cluster_be_down, srd_cluster_be_fd_exhaustion, srd_cluster_be_flapping,
    srd_cluster_be_report_stale, srd_cluster_broker_down,
    srd_cluster_cn_registered_without_worker, srd_cluster_fe_checkpoint_overdue,
    srd_cluster_fe_clock_skew, srd_cluster_fe_down, srd_cluster_fe_editlog_write_slow,
    srd_cluster_fe_flapping, srd_cluster_fe_journal_lag, srd_cluster_fe_leader_changed,
    srd_cluster_fe_lock_contention, srd_cluster_fe_meta_disk_low, srd_cluster_fe_no_leader,
    srd_cluster_fe_quorum_risk, srd_cluster_fe_replay_stalled, srd_cluster_fe_thread_saturation,
    srd_cluster_hardware_uneven, srd_cluster_heartbeat_error, srd_cluster_network_errors,
    srd_cluster_nodes_below_replication, srd_cluster_safe_mode_active, srd_cluster_version_mixed;
extern const struct srd_view srd_cluster_view_nodes;

#define V32 30216
#define V33 30302

/* It is 2026-01-20 02:00:00. */
/* clang-format off */
#define NOW "2026-01-20 01:59:58"
#define FE_HEAD "Name|IP|EditLogPort|QueryPort|Role|Join|Alive|ReplayedJournalId|LastHeartbeat|ErrMsg|StartTime|Version\n"
#define FE(n, role, alive, id, beat, error, start, version) \
    n "_9010_1|" n "|9010|9030|" role "|true|" alive "|" id "|" beat "|" error "|" start "|" version "\n"
#define OLD "2025-11-01 00:00:00"
#define LEAD FE("fe1", "LEADER", "true", "90000", NOW, "", OLD, "3.5.7-a")
#define FE2 FE("fe2", "FOLLOWER", "true", "90000", NOW, "", OLD, "3.5.7-a")
#define FE3 FE("fe3", "FOLLOWER", "true", "90000", NOW, "", OLD, "3.5.7-a")
#define GONE(n, role, beat) FE(n, role, "false", "80000", beat, "refused", OLD, "3.5.7-a")
#define FES(rows) { &srd_probe_frontends, "", FE_HEAD rows, 0 }
#define THREE_FE FES(LEAD FE2 FE3)

#define BE_HEAD "BackendId|IP|HeartbeatPort|LastStartTime|LastHeartbeat|Alive|SystemDecommissioned|TabletNum|AvailCapacity|" \
                "TotalCapacity|UsedPct|ErrMsg|Version|Status|CpuCores|MemLimit|NumRunningQueries|CpuUsedPct|StatusCode\n"
#define BE_AT(id, ip, alive, leaving, beat, error, start, version, report, cores, memory, cpu, code) \
    id "|" ip "|9050|" start "|" beat "|" alive "|" leaving "|143|700.000 GB|2.000 TB|60.00 %|" error "|" version \
    "|{\"lastSuccessReportTabletsTime\":\"" report "\"}|" cores "|" memory "|2|" cpu " %|" code "\n"
#define BE(n, alive, leaving, beat, error, code) \
    BE_AT(n, "be" n, alive, leaving, beat, error, OLD, "3.5.7-a", "2026-01-20 01:59:30", "16", "64.000GB", "12.0", code)
#define BE1 BE("1", "true", "false", NOW, "", "OK")
#define BE2 BE("2", "true", "false", NOW, "", "OK")
#define BE3 BE("3", "true", "false", NOW, "", "OK")
#define BE4 BE("4", "true", "false", NOW, "", "OK")
#define DEAD(n, beat) BE(n, "false", "false", beat, "Connection refused", "DISCONNECTED")
#define BES(rows) { &srd_probe_backends, "", BE_HEAD rows, 0 }
#define CN_HEAD "ComputeNodeId|IP|HeartbeatPort|LastStartTime|LastHeartbeat|Alive|SystemDecommissioned|ErrMsg|Version|CpuCores|" \
                "MemLimit|NumRunningQueries|CpuUsedPct|StatusCode|StarletPort|WorkerId|WarehouseName|TabletNum\n"
#define CN(id, ip, alive, start, worker, house, tablets) \
    id "|" ip "|9050|" start "|" NOW "|" alive "|false||3.5.7-a|16|64.000GB|2|12.0 %|OK|9070|" worker "|" house "|" tablets "\n"
#define CNS(rows) { &srd_probe_compute_nodes, "", CN_HEAD rows, 0 }
#define NO_CN { &srd_probe_compute_nodes, "", CN_HEAD, 0 }
#define CONFIG(rows) { &srd_probe_fe_config, "", "Key|AliasNames|Value|Type|IsMutable|Comment\n" rows, 0 }
#define SET(name, value) name "|[]|" value "|long|true|\n"
#define REPL_HEAD "REPLICATION_NUM|DB_NAME|TABLE_NAME|PARTITIONS|TABLETS|DATA_BYTES|EXAMPLE|TABLE_ENGINE\n"
/* Tables that keep few are in the same answer, and a matter of storage. */
#define REPL(rows) { &srd_probe_replication, "", REPL_HEAD rows "1|x|y|1|9000|7|x.y|OLAP\n", 0 }
#define KEEP(n, partitions, tablets, example) n "|\\N|\\N|" partitions "|" tablets "|9|" example "|\\N\n"
#define DENY(probe) { probe, "", NULL, SRD_DENIED }
#define GAUGES(rows) { &srd_probe_fe_gauges, "", "FE_ID|NAME|LABELS|VALUE\n" rows, 0 }
#define GAUGE(fe, name, value) fe "_9010_1|" name "|{\"metric\":\"" name "\"}|" value "\n"
#define POOL(fe, value) fe "_9010_1|thread_pool|{\"metric\":\"thread_pool\",\"name\":\"thrift-server-pool\",\"type\":\"pool_size\"}|4000\n" \
    fe "_9010_1|thread_pool|{\"metric\":\"thread_pool\",\"name\":\"thrift-server-pool\",\"type\":\"active_thread_num\"}|" value "\n"
#define JVM(threads) { &srd_probe_fe_jvm, "", "Name|Value\nthreads count|" threads "\n", 0 }
#define LOCKS(rows) { &srd_probe_fe_locks, "", "lock_object|lock_mode|hold_time_ms|thread_info|waiter_list\n" rows, 0 }
#define LISTED(node, rows) { &srd_probe_node_blacklist, "", "BackendId|AddBlackListType|LostConnectionTime|LostConnectionNumberInPeriod|CheckTimePeriod(s)\n" rows, 0 }
#define BROKERS(rows) { &srd_probe_brokers, "", "Name|IP|Port|Alive|LastStartTime|LastUpdateTime|ErrMsg\n" rows, 0 }
#define REPOSITORY { &srd_probe_repositories, "", "RepoId|RepoName|Broker\n1|nightly|b1\n", 0 }
#define FD(rows) { &srd_probe_nodes, "", "BE_ID|PATH|FD_USED|FD_LIMIT|CUMULATIVE_SCORE|BASE_SCORE|UPDATE_SCORE|" \
    "ROWSETS|APPLY_QUEUE|DISK_TOTAL|DISK_AVAILABLE|DISK_DATA|DISK_USED|NAME|VALUE|NODES\n" rows, 0 }
#define FDS(id, used, most) id "||" used "|" most "|0|0|0|0|0|\\N|\\N|\\N|\\N|\\N|\\N|\\N\n" \
    id "|/data1|\\N|\\N|\\N|\\N|\\N|\\N|\\N|1000|500|400|1|\\N|\\N|\\N\n" \
    id "||\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|compact_threads|4|1\n"

static const struct row rows[] = {
#define CHECK &srd_cluster_fe_no_leader
    { "a leader that lives is fine", CHECK, { THREE_FE }, "ok", SN, V35 },
    { "no leader for minutes is an outage", CHECK, { FES(FE("fe2", "FOLLOWER", "true", "9", "2026-01-20 01:55:00", "", OLD, "3.5.7") FE("fe3", "FOLLOWER", "true", "9", "2026-01-20 01:55:00", "", OLD, "3.5.7")) },
      "critical cluster", SN, V35 },
    { "a leader that is dead is none", CHECK, { FES(GONE("fe1", "LEADER", "2026-01-20 01:50:00") FE("fe2", "FOLLOWER", "true", "9", "2026-01-20 01:50:00", "", OLD, "3.5.7")) }, "critical cluster", SN, V35 },
    { "a heartbeat of a moment ago may mean an election", CHECK, { FES(FE2 FE3) }, "warning cluster", SN, V35 },
    { "a heartbeat that cannot be dated is no excuse", CHECK, { FES(FE("fe2", "FOLLOWER", "true", "9", "NULL", "", OLD, "3.5.7")) }, "critical cluster", SN, V35 },
    { "leader: any other failure leaves it open", CHECK, { { &srd_probe_frontends, "", NULL, SRD_FAILED } }, "not checked: failed", SN, V35 },
    { "3.3.2 does not print who leads", CHECK, { FES(FE2 FE3) }, "not checked: failed", SN, V33 },
    { "leader: denied leaves it open", CHECK, { DENY(&srd_probe_frontends) }, "not checked: denied", SN, V35 },
    { "leader: nobody at all is not ok", CHECK, { FES("") }, "not checked: failed", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_fe_quorum_risk
    { "three of three is safe", CHECK, { THREE_FE, BES(BE1 BE2 BE3), NO_CN }, "ok", SN, V35 },
    { "two of three cannot lose another", CHECK, { FES(LEAD FE2 GONE("fe3", "FOLLOWER", "2026-01-20 01:58:00")), BES(BE1 BE2 BE3), NO_CN }, "critical cluster", SN, V35 },
    { "an FE that left a minute ago may be restarting", CHECK, { FES(LEAD FE2 GONE("fe3", "FOLLOWER", "2026-01-20 01:58:01")), BES(BE1 BE2 BE3), NO_CN }, "info cluster", SN, V35 },
    { "one of three has no majority", CHECK, { FES(LEAD GONE("fe2", "FOLLOWER", "2026-01-20 01:00:00") GONE("fe3", "FOLLOWER", "2026-01-20 01:00:00")) }, "critical cluster", SN, V35 },
    { "four of five can lose another", CHECK, { FES(LEAD FE2 FE3 FE("fe4", "FOLLOWER", "true", "9", NOW, "", OLD, "3") GONE("fe5", "FOLLOWER", "2026-01-20 01:00:00")) }, "ok", SN, V35 },
    { "three of five cannot", CHECK, { FES(LEAD FE2 FE3 GONE("fe4", "FOLLOWER", "2026-01-20 01:00:00") GONE("fe5", "FOLLOWER", "2026-01-20 01:00:00")) }, "critical cluster", SN, V35 },
    { "a dead observer has no vote", CHECK, { FES(LEAD FE2 FE3 GONE("fe4", "OBSERVER", "2026-01-20 01:00:00")) }, "ok", SN, V35 },
    { "one that never joined has no vote", CHECK, { FES(LEAD FE2 FE3 "fe4_9010_1|fe4|9010|9030|FOLLOWER|false|false|0|NULL||NULL|NULL\n") }, "ok", SN, V35 },
    { "two FEs are worse than three", CHECK, { FES(LEAD FE2) }, "warning cluster", SN, V35 },
    { "four FEs are no better than three", CHECK, { FES(LEAD FE2 FE3 FE("fe4", "FOLLOWER", "true", "9", NOW, "", OLD, "3")) }, "warning cluster", SN, V35 },
    { "one FE for three nodes is a risk", CHECK, { FES(LEAD), BES(BE1 BE2 BE3), NO_CN }, "warning cluster", SN, V35 },
    { "one FE for two nodes is a test", CHECK, { FES(LEAD), BES(BE1 BE2), NO_CN }, "info cluster", SN, V35 },
    { "seven FEs write slowly", CHECK, { FES(LEAD FE2 FE3 FE("fe4", "FOLLOWER", "true", "9", NOW, "", OLD, "3") FE("fe5", "FOLLOWER", "true", "9", NOW, "", OLD, "3")
      FE("fe6", "FOLLOWER", "true", "9", NOW, "", OLD, "3") FE("fe7", "FOLLOWER", "true", "9", NOW, "", OLD, "3")) }, "info cluster", SN, V35 },
    { "a heartbeat that cannot be dated leaves the quorum open", CHECK, { FES(LEAD FE2 GONE("fe3", "FOLLOWER", "2026-01-20 10:00:00")) }, "not checked: failed", SN, V35 },
    { "quorum: denied leaves it open", CHECK, { DENY(&srd_probe_frontends) }, "not checked: denied", SN, V35 },
    { "quorum: a missing column is a matter of version", CHECK, { { &srd_probe_frontends, "", "IP|QueryPort|Role\nfe1|9030|LEADER\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_fe_down
    { "an observer that left two minutes ago is down", CHECK, { FES(LEAD FE2 FE3 GONE("fe4", "OBSERVER", "2026-01-20 01:58:00")) }, "warning fe4", SN, V35 },
    { "an observer that left a minute ago may be restarting", CHECK, { FES(LEAD FE2 FE3 GONE("fe4", "OBSERVER", "2026-01-20 01:59:00")) }, "ok", SN, V35 },
    { "after a day it is forgotten", CHECK, { FES(LEAD FE2 FE3 GONE("fe4", "OBSERVER", "2026-01-19 01:59:59")) }, "critical fe4", SN, V35 },
    { "after 24 hours to the second it is not", CHECK, { FES(LEAD FE2 FE3 GONE("fe4", "OBSERVER", "2026-01-19 02:00:00")) }, "warning fe4", SN, V35 },
    { "a follower whose vote is needed is critical", CHECK, { FES(LEAD FE2 GONE("fe3", "FOLLOWER", "2026-01-20 01:50:00")) }, "critical fe3", SN, V35 },
    { "a dead observer beside it is not", CHECK, { FES(LEAD FE2 GONE("fe3", "FOLLOWER", "2026-01-20 01:50:00") GONE("fe4", "OBSERVER", "2026-01-20 01:50:00")) }, "critical fe3\nwarning fe4", SN, V35 },
    { "one that was never seen is told", CHECK, { FES(LEAD FE2 FE3 "fe4_9010_1|fe4|9010|9030|FOLLOWER|false|false|0|NULL||NULL|NULL\n") }, "warning fe4", SN, V35 },
    { "without a date nothing is said", CHECK, { FES(LEAD FE2 FE3 GONE("fe4", "OBSERVER", "2026-01-20 10:00:00")) }, "not checked: failed", SN, V35 },
    { "all alive is fine", CHECK, { THREE_FE }, "ok", SD, V35 },
    { "down: denied leaves it open", CHECK, { DENY(&srd_probe_frontends) }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_fe_journal_lag
    { "10,001 entries behind is a lag", CHECK, { FES(LEAD FE("fe2", "FOLLOWER", "true", "79999", NOW, "", OLD, "3.5.7")) }, "warning fe2", SN, V35 },
    { "10,000 are one heartbeat of a busy leader", CHECK, { FES(LEAD FE("fe2", "FOLLOWER", "true", "80000", NOW, "", OLD, "3.5.7")) }, "ok", SN, V35 },
    { "a dead FE does not lag", CHECK, { FES(LEAD GONE("fe2", "FOLLOWER", "2026-01-20 01:00:00")) }, "ok", SN, V35 },
    { "one that has just started replays", CHECK, { FES(LEAD FE("fe2", "FOLLOWER", "true", "5", NOW, "", "2026-01-20 01:58:30", "3.5.7")) }, "ok", SN, V35 },
    { "without a leader nobody knows", CHECK, { FES(FE2 FE3) }, "not checked: failed", SN, V35 },
    { "lag: an FE that does not say is not ok", CHECK, { FES(LEAD FE("fe2", "FOLLOWER", "true", "", NOW, "", OLD, "3.5.7")) }, "not checked: failed", SN, V35 },
    { "lag: a missing column is a matter of version", CHECK, { { &srd_probe_frontends, "", "IP|QueryPort|Role|Alive|LastHeartbeat|Version\nfe1|9030|LEADER|true|" NOW "|3.5.7\n", 0 } }, "not checked: version", SN, V35 },
    { "lag: denied leaves it open", CHECK, { DENY(&srd_probe_frontends) }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_fe_checkpoint_overdue
    { "100,000 entries are normal", CHECK, { THREE_FE, GAUGES(GAUGE("fe1", "meta_log_count", "100000")) }, "ok", SN, V35 },
    { "100,001 may be a burst", CHECK, { THREE_FE, GAUGES(GAUGE("fe1", "meta_log_count", "100001")) }, "info cluster", SN, V35 },
    { "three rolls are still a burst", CHECK, { THREE_FE, GAUGES(GAUGE("fe1", "meta_log_count", "150000")) }, "info cluster", SN, V35 },
    { "more than three rolls are not", CHECK, { THREE_FE, GAUGES(GAUGE("fe1", "meta_log_count", "150001")) }, "warning cluster", SN, V35 },
    { "the cluster's roll counts", CHECK, { THREE_FE, GAUGES(GAUGE("fe1", "meta_log_count", "150001")), CONFIG(SET("edit_log_roll_num", "100000")) }, "info cluster", SN, V35 },
    { "followers make no images", CHECK, { THREE_FE, GAUGES(GAUGE("fe1", "meta_log_count", "5") GAUGE("fe2", "meta_log_count", "900000")) }, "ok", SN, V35 },
    { "a leader without the metric is not ok", CHECK, { THREE_FE, GAUGES(GAUGE("fe2", "meta_log_count", "5")) }, "not checked: failed", SN, V35 },
    { "image: denied leaves it open", CHECK, { THREE_FE, DENY(&srd_probe_fe_gauges) }, "not checked: denied", SN, V35 },
    { "image: with no node alive metrics cannot be read", CHECK, { THREE_FE, { &srd_probe_fe_gauges, "", NULL, SRD_NO_BACKEND } }, "not checked: no_backend", SN, V35 },
    { "image: a missing column is a matter of version", CHECK, { THREE_FE, { &srd_probe_fe_gauges, "", "FE_ID|NAME\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_fe_flapping
    { "all up for months do not flap", CHECK, { THREE_FE }, "ok", SN, V35 },
    { "one up for a day to the second did not restart in that day", CHECK, { FES(FE("fe1", "LEADER", "true", "9", NOW, "", "2026-01-19 02:00:00", "3")) }, "ok", SN, V35 },
    { "one up for less may have restarted before", CHECK, { FES(FE("fe1", "LEADER", "true", "9", NOW, "", "2026-01-19 02:00:01", "3")) }, "not checked: needs_history", SN, V35 },
    { "a start of 29 minutes ago is told", CHECK, { FES(FE("fe1", "LEADER", "true", "9", NOW, "", "2026-01-20 01:31:00", "3")) }, "info fe1\nnot checked: needs_history", SN, V35 },
    { "one of 30 minutes ago is not", CHECK, { FES(FE("fe1", "LEADER", "true", "9", NOW, "", "2026-01-20 01:30:00", "3")) }, "not checked: needs_history", SN, V35 },
    { "flapping: a start that cannot be dated is not ok", CHECK, { FES(FE("fe1", "LEADER", "true", "9", NOW, "", "NULL", "3")) }, "not checked: failed", SN, V35 },
    { "flapping: denied leaves it open", CHECK, { DENY(&srd_probe_frontends) }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_fe_lock_contention
    { "no waiter, no contention", CHECK, { LOCKS("") }, "ok", SN, V35 },
    { "a lock held for 4 s while others wait is a warning", CHECK, { LOCKS("10001|WRITE|4000|{\"threadId\":5,\"threadName\":\"alter-1\"}|[7]\n") }, "warning 10001", SN, V35 },
    { "60 s exactly is a warning", CHECK, { LOCKS("10001|WRITE|60000|{}|[7]\n") }, "warning 10001", SN, V35 },
    { "more than 60 s is critical", CHECK, { LOCKS("10001|WRITE|60001|{}|[7]\n") }, "critical 10001", SN, V35 },
    { "the cluster's threshold counts", CHECK, { LOCKS("10001|WRITE|4000|{}|[7]\n"), CONFIG(SET("slow_lock_threshold_ms", "5000")) }, "ok", SN, V35 },
    { "locks: denied leaves it open", CHECK, { DENY(&srd_probe_fe_locks) }, "not checked: denied", SN, V35 },
    { "locks: 3.2.2 does not show them", CHECK, { { &srd_probe_fe_locks, "", NULL, SRD_VERSION_ABSENT } }, "not checked: version", SN, V32 },
    { "locks: a missing column is a matter of version", CHECK, { { &srd_probe_fe_locks, "", "lock_object|lock_mode\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_fe_thread_saturation
    { "idle threads are fine", CHECK, { THREE_FE, JVM("512"), GAUGES(POOL("fe1", "40") POOL("fe2", "4") POOL("fe3", "4")) }, "ok", SN, V35 },
    { "3,072 of 4,096 is 75 %", CHECK, { FES(LEAD), JVM("512"), GAUGES(POOL("fe1", "3072")) }, "ok", SN, V35 },
    { "3,073 is more", CHECK, { FES(LEAD), JVM("512"), GAUGES(POOL("fe1", "3073")) }, "warning fe1", SN, V35 },
    { "3,892 is 95 %", CHECK, { FES(LEAD), JVM("512"), GAUGES(POOL("fe1", "3892")) }, "critical fe1", SN, V35 },
    { "3,891 is not", CHECK, { FES(LEAD), JVM("512"), GAUGES(POOL("fe1", "3891")) }, "warning fe1", SN, V35 },
    { "the cluster's pool counts", CHECK, { FES(LEAD), JVM("512"), GAUGES(POOL("fe1", "3072")), CONFIG(SET("thrift_server_max_worker_threads", "3200")) }, "critical fe1", SN, V35 },
    { "3,001 threads are many", CHECK, { FES(LEAD), JVM("3001"), GAUGES(POOL("fe1", "30")) }, "warning fe1:9030", SN, V35 },
    { "3,000 are not", CHECK, { FES(LEAD), JVM("3000"), GAUGES(POOL("fe1", "30")) }, "ok", SN, V35 },
    { "80 waiting reports are told", CHECK, { FES(LEAD), JVM("500"), GAUGES(POOL("fe1", "30") GAUGE("fe1", "report_queue_size", "80")) }, "info fe1", SN, V35 },
    { "79 are not", CHECK, { FES(LEAD), JVM("500"), GAUGES(POOL("fe1", "30") GAUGE("fe1", "report_queue_size", "79")) }, "ok", SN, V35 },
    { "an FE without metrics is not ok", CHECK, { THREE_FE, JVM("512"), GAUGES(POOL("fe1", "40") POOL("fe2", "4")) }, "not checked: failed", SN, V35 },
    { "with no node alive pools are unknown", CHECK, { THREE_FE, JVM("512"), { &srd_probe_fe_gauges, "", NULL, SRD_NO_BACKEND } }, "not checked: no_backend", SN, V35 },
    { "threads: denied leaves it open", CHECK, { THREE_FE, DENY(&srd_probe_fe_jvm) }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_be_down
    { "all alive is fine on its side", CHECK, { THREE_FE, BES(BE1 BE2 BE3), NO_CN }, "ok", SN, V35 },
    { "one of four away for a minute is a warning", CHECK, { BES(BE1 BE2 BE3 DEAD("4", "2026-01-20 01:59:00")), NO_CN, REPL(KEEP("3", "100", "600", "a.b")) }, "warning be4", SN, V35 },
    { "one of four away for 59 s may be restarting", CHECK, { BES(BE1 BE2 BE3 DEAD("4", "2026-01-20 01:59:01")), NO_CN }, "ok", SN, V35 },
    { "one of three is a third", CHECK, { BES(BE1 BE2 DEAD("3", "2026-01-20 01:58:00")), NO_CN }, "critical be3", SN, V35 },
    { "a single replica makes it critical", CHECK, { BES(BE1 BE2 BE3 DEAD("4", "2026-01-20 01:58:00")), NO_CN, REPL(KEEP("1", "2", "4", "a.b") KEEP("3", "100", "600", "a.c")) }, "critical be4", SN, V35 },
    { "a single replica of three tablets may be elsewhere", CHECK, { BES(BE1 BE2 BE3 DEAD("4", "2026-01-20 01:58:00")), NO_CN, REPL(KEEP("1", "2", "3", "a.b") KEEP("3", "100", "600", "a.c")) }, "warning be4", SN, V35 },
    { "two replicas survive one loss", CHECK, { BES(BE1 BE2 BE3 DEAD("4", "2026-01-20 01:58:00")), NO_CN, REPL(KEEP("2", "2", "40", "a.b")) }, "warning be4", SN, V35 },
    { "repair begins after 15 minutes", CHECK, { BES(BE1 BE2 BE3 DEAD("4", "2026-01-20 01:44:59")), NO_CN, REPL(KEEP("3", "100", "600", "a.c")) }, "critical be4", SN, V35 },
    { "not at 15 minutes", CHECK, { BES(BE1 BE2 BE3 DEAD("4", "2026-01-20 01:45:00")), NO_CN, REPL(KEEP("3", "100", "600", "a.c")) }, "warning be4", SN, V35 },
    { "the cluster's patience counts", CHECK, { BES(BE1 BE2 BE3 DEAD("4", "2026-01-20 01:44:59")), NO_CN, REPL(KEEP("3", "1", "600", "a.c")), CONFIG(SET("tablet_sched_be_down_tolerate_time_s", "7200")) }, "warning be4", SN, V35 },
    { "in shared-data nothing is repaired", CHECK, { BES(BE1 BE2 BE3 DEAD("4", "2026-01-20 00:44:59")), NO_CN }, "warning be4", SD, V35 },
    { "a dead CN counts among all nodes", CHECK, { BES(BE1 BE2 BE3), CNS("9|cn1|9050|" OLD "|2026-01-20 01:00:00|false|false|x|3.5.7|16|64.000GB|2|1.0 %|OK|9070|3|w|9\n") }, "warning cn1", SD, V35 },
    { "one that says goodbye is not missed", CHECK, { BES(BE1 BE2 BE("3", "false", "false", "2026-01-20 01:50:00", "", "SHUTDOWN")), NO_CN }, "ok", SN, V35 },
    { "one that has said so for longer is", CHECK, { BES(BE1 BE2 BE3 BE("4", "false", "false", "2026-01-20 01:40:00", "", "SHUTDOWN")), NO_CN, REPL(KEEP("3", "1", "600", "a.c")) }, "critical be4", SN, V35 },
    { "one that leaves is not missed", CHECK, { BES(BE1 BE2 BE("3", "false", "true", "2026-01-20 01:00:00", "", "DISCONNECTED")), NO_CN }, "ok", SN, V35 },
    { "one that was never seen may be new", CHECK, { BES(BE1 BE2 BE3 DEAD("4", "NULL")), NO_CN }, "info be4", SN, V35 },
    { "with every backend dead it works", CHECK, { BES(DEAD("1", "2026-01-20 01:58:00") DEAD("2", "2026-01-20 01:58:00")), NO_CN, { &srd_probe_replication, "", NULL, SRD_NO_BACKEND } },
      "critical be1\ncritical be2", SN, V35 },
    { "a heartbeat in the future cannot be dated", CHECK, { BES(BE1 BE2 DEAD("3", "2026-01-20 10:00:00")), NO_CN }, "not checked: failed", SN, V35 },
    { "no node at all is not ok", CHECK, { BES(""), NO_CN }, "not checked: no_backend", SN, V35 },
    { "be-down: denied leaves it open", CHECK, { DENY(&srd_probe_backends), NO_CN }, "not checked: denied", SN, V35 },
    { "be-down: a missing column is a matter of version", CHECK, { { &srd_probe_backends, "", "BackendId|IP|HeartbeatPort\n", 0 }, NO_CN }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_heartbeat_error
#define ERR(text) BES(BE1 BE2 BE("3", "false", "false", "2026-01-20 01:58:00", text, "DISCONNECTED")), NO_CN
    { "a foreign cluster id is critical", CHECK, { THREE_FE, ERR("invalid cluster id. ignore. record cluster id is 5, record frontend cluster id is 6") }, "critical be3", SN, V35 },
    { "a foreign token is critical", CHECK, { THREE_FE, ERR("invalid Token. ignore") }, "critical be3", SN, V35 },
    { "a name that cannot be resolved is a warning", CHECK, { THREE_FE, ERR("Unable to resolve host be3.local") }, "warning be3", SN, V35 },
    { "an address that cannot be reached is a warning", CHECK, { THREE_FE, ERR("java.net.SocketTimeoutException: connect timed out") }, "warning be3", SN, V35 },
    { "a former leader's epoch is a warning", CHECK, { THREE_FE, ERR("epoch is not greater than local. ignore") }, "warning be3", SN, V35 },
    { "a refused connection is told", CHECK, { THREE_FE, ERR("Connection refused") }, "info be3", SN, V35 },
    { "other languages are told", CHECK, { THREE_FE, ERR("连接被拒绝 'x' \"y\" `z`") }, "info be3", SN, V35 },
    { "dead without a word is be-down's", CHECK, { THREE_FE, ERR("") }, "ok", SN, V35 },
    { "what an alive node prints is left over", CHECK, { THREE_FE, BES(BE("1", "true", "false", NOW, "invalid cluster id", "OK")), NO_CN }, "ok", SN, V35 },
    { "a node that is restarting is not read", CHECK, { THREE_FE, BES(BE1 BE("2", "false", "false", "2026-01-20 01:59:30", "connect timed out", "DISCONNECTED")), NO_CN }, "ok", SN, V35 },
    { "nor one that says goodbye", CHECK, { THREE_FE, BES(BE1 BE("2", "false", "false", "2026-01-20 01:50:00", "shutdown token", "SHUTDOWN")), NO_CN }, "ok", SN, V35 },
    { "nor one that leaves", CHECK, { THREE_FE, BES(BE1 BE("2", "false", "true", "2026-01-20 01:50:00", "invalid cluster id", "DISCONNECTED")), NO_CN }, "ok", SN, V35 },
    { "one that never took part is not critical", CHECK, { THREE_FE, BES(BE1 BE("2", "false", "false", "NULL", "invalid cluster id", "DISCONNECTED")), NO_CN }, "warning be2", SN, V35 },
    { "an FE's words count, too", CHECK, { FES(LEAD FE("fe2", "FOLLOWER", "false", "9", "2026-01-20 01:00:00", "invalid cluster id: 6", OLD, "3")), BES(BE1), NO_CN }, "critical fe2", SN, V35 },
    { "words: a missing column is a matter of version", CHECK, { THREE_FE, { &srd_probe_backends, "", "BackendId|IP|HeartbeatPort|Alive\n1|be1|9050|true\n", 0 }, NO_CN }, "not checked: version", SN, V35 },
    { "words: denied leaves it open", CHECK, { THREE_FE, DENY(&srd_probe_backends), NO_CN }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_be_flapping
    { "nodes up for months do not flap", CHECK, { BES(BE1 BE2), NO_CN }, "ok", SN, V35 },
    { "a node up for 20 minutes is told", CHECK, { BES(BE1 BE_AT("2", "be2", "true", "false", NOW, "", "2026-01-20 01:40:00", "3", NOW, "1", "1GB", "1", "OK")), NO_CN }, "info be2\nnot checked: needs_history", SN, V35 },
    { "with every node dead nothing is known of restarts", CHECK, { BES(DEAD("1", NOW)), NO_CN }, "not checked: no_backend", SN, V35 },
    { "restarts: denied leaves it open", CHECK, { DENY(&srd_probe_backends), NO_CN }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_be_report_stale
#define REPORTED(start, at) BES(BE1 BE_AT("2", "be2", "true", "false", NOW, "", start, "3.5.7-a", at, "16", "64.000GB", "1.0", "OK"))
    { "a report of half a minute ago is fresh", CHECK, { REPORTED(OLD, "2026-01-20 01:59:30") }, "ok", SN, V35 },
    { "10 minutes are allowed", CHECK, { REPORTED(OLD, "2026-01-20 01:50:00") }, "ok", SN, V35 },
    { "more is stale", CHECK, { REPORTED(OLD, "2026-01-20 01:49:59") }, "warning be2", SN, V35 },
    { "an hour is still a warning", CHECK, { REPORTED(OLD, "2026-01-20 01:00:00") }, "warning be2", SN, V35 },
    { "more is critical", CHECK, { REPORTED(OLD, "2026-01-20 00:59:59") }, "critical be2", SN, V35 },
    { "N/A in the first minutes is normal", CHECK, { REPORTED("2026-01-20 01:55:00", "N/A") }, "ok", SN, V35 },
    { "N/A later is not ok", CHECK, { REPORTED(OLD, "N/A") }, "not checked: failed", SN, V35 },
    { "a dead one reports nothing", CHECK, { BES(BE1 DEAD("2", "2026-01-20 00:00:00")) }, "ok", SN, V35 },
    { "reports: all dead is not ok", CHECK, { BES(DEAD("1", "2026-01-20 00:00:00")) }, "not checked: no_backend", SN, V35 },
    { "reports: not in shared-data", CHECK, { REPORTED(OLD, "2026-01-20 00:59:59") }, "not applicable", SD, V35 },
    { "reports: denied leaves it open", CHECK, { DENY(&srd_probe_backends) }, "not checked: denied", SN, V35 },
    { "reports: a missing column is a matter of version", CHECK, { { &srd_probe_backends, "", "BackendId|IP|HeartbeatPort|Alive\n1|be1|9050|true\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_be_blacklisted
    { "an empty list is fine", CHECK, { BES(BE1 BE2 BE3), NO_CN, LISTED("fe1", "") }, "ok", SN, V35 },
    { "an entry of more than a day is forgotten", CHECK, { BES(BE1 BE2 BE3), NO_CN, LISTED("fe1", "2|MANUAL|2026-01-19 01:59:59|0|5\n") }, "warning be2", SN, V35 },
    { "one of a day is told", CHECK, { BES(BE1 BE2 BE3), NO_CN, LISTED("fe1", "2|MANUAL|2026-01-19 02:00:00|0|5\n") }, "info be2", SN, V35 },
    { "FEs that were not asked may have lists", CHECK, { BES(BE1 BE2 BE3), NO_CN, LISTED("fe1", ""), { &srd_probe_node_blacklist, "", NULL, SRD_SKIPPED } }, "not checked: skipped", SN, V35 },
    { "an AUTO entry goes away by itself", CHECK, { BES(BE1 BE2 BE3), NO_CN, LISTED("fe1", "2|AUTO|2026-01-18 02:00:00|9|5\n") }, "info be2", SN, V35 },
    { "a dead node gets there by itself", CHECK, { BES(BE1 BE2 DEAD("3", "2026-01-20 01:00:00")), NO_CN, LISTED("fe1", "3|MANUAL|2026-01-01 02:00:00|0|5\n") }, "ok", SN, V35 },
    { "the oldest entry of all FEs counts", CHECK, { BES(BE1 BE2 BE3), NO_CN, LISTED("fe1", "2|MANUAL|" NOW "|0|5\n"), LISTED("fe2", "2|MANUAL|2026-01-01 00:00:00|0|5\n") }, "warning be2", SN, V35 },
    { "wherever it stands", CHECK, { BES(BE1 BE2 BE3), NO_CN, LISTED("fe1", "2|MANUAL|2026-01-01 00:00:00|0|5\n"), LISTED("fe2", "2|MANUAL|" NOW "|0|5\n") }, "warning be2", SN, V35 },
    { "one made by hand counts beside an AUTO one", CHECK, { BES(BE1 BE2 BE3), NO_CN, LISTED("fe1", "2|AUTO|" NOW "|0|5\n"), LISTED("fe2", "2|MANUAL|2026-01-01 00:00:00|0|5\n") }, "warning be2", SN, V35 },
    { "an old AUTO one does not make a young one old", CHECK, { BES(BE1 BE2 BE3), NO_CN, LISTED("fe1", "2|MANUAL|" NOW "|0|5\n"), LISTED("fe2", "2|AUTO|2026-01-01 00:00:00|0|5\n") }, "info be2", SN, V35 },
    { "half of the nodes is critical", CHECK, { BES(BE1 BE2 BE3 BE4), NO_CN, LISTED("fe1", "2|AUTO|" NOW "|0|5\n3|AUTO|" NOW "|0|5\n") },
      "critical frontend\ninfo be2\ninfo be3", SN, V35 },
    { "less than half is not", CHECK, { BES(BE1 BE2 BE3), NO_CN, LISTED("fe1", "2|AUTO|" NOW "|0|5\n") }, "info be2", SN, V35 },
    { "one that cannot be dated is told and said", CHECK, { BES(BE1 BE2 BE3), NO_CN, LISTED("fe1", "2|MANUAL|NULL|0|5\n") }, "info be2\nnot checked: failed", SN, V35 },
    { "an FE that was not read is said", CHECK, { BES(BE1 BE2 BE3), NO_CN, LISTED("fe1", ""), { &srd_probe_node_blacklist, "", NULL, SRD_TIMED_OUT } }, "not checked: failed", SN, V35 },
    { "lists: denied leaves it open", CHECK, { BES(BE1), NO_CN, DENY(&srd_probe_node_blacklist) }, "not checked: denied", SN, V35 },
    { "lists: 3.2 does not show them", CHECK, { BES(BE1), NO_CN, { &srd_probe_node_blacklist, "", NULL, SRD_VERSION_ABSENT } }, "not checked: version", SN, V32 },
    { "lists: a missing column is a matter of version", CHECK, { BES(BE1), NO_CN, { &srd_probe_node_blacklist, "", "BackendId\n", 0 } }, "not checked: version", SN, V35 },
    { "compute nodes have a list of their own", CHECK, { BES(""), CNS(CN("7", "cn1", "true", OLD, "1", "w", "9") CN("8", "cn2", "true", OLD, "2", "w", "9") CN("9", "cn3", "true", OLD, "2", "w", "9")),
      { &srd_probe_node_blacklist, "", "ComputeNodeId|AddBlackListType|LostConnectionTime\n7|MANUAL|2026-01-01 00:00:00\n", 0 } }, "warning cn1", SD, V35 },
#undef CHECK
#define CHECK &srd_cluster_cn_registered_without_worker
    { "nodes that the shard manager knows are fine", CHECK, { BES(""), CNS(CN("7", "cn1", "true", OLD, "1", "w", "900") CN("8", "cn2", "true", OLD, "2", "w", "880")) }, "ok", SD, V35 },
    { "one without a worker is critical", CHECK, { BES(""), CNS(CN("7", "cn1", "true", OLD, "1", "w", "900") CN("8", "cn2", "true", OLD, "-1", "w", "0")) }, "critical cn2", SD, V35 },
    { "five minutes are enough", CHECK, { BES(""), CNS(CN("7", "cn1", "true", OLD, "0", "w", "900") CN("8", "cn2", "true", "2026-01-20 01:55:00", "-1", "w", "0")) }, "critical cn2", SD, V35 },
    { "unless it is four minutes old", CHECK, { BES(""), CNS(CN("7", "cn1", "true", OLD, "1", "w", "900") CN("8", "cn2", "true", "2026-01-20 01:56:00", "-1", "w", "0")) }, "ok", SD, V35 },
    { "one without tablets after half an hour is a warning", CHECK, { BES(""), CNS(CN("7", "cn1", "true", OLD, "1", "w", "101") CN("8", "cn2", "true", "2026-01-20 01:30:00", "2", "w", "0")) }, "warning cn2", SD, V35 },
    { "after 29 minutes it may be new", CHECK, { BES(""), CNS(CN("7", "cn1", "true", OLD, "1", "w", "101") CN("8", "cn2", "true", "2026-01-20 01:31:00", "2", "w", "0")) }, "ok", SD, V35 },
    { "peers with 100 tablets do not tell", CHECK, { BES(""), CNS(CN("7", "cn1", "true", OLD, "1", "w", "100") CN("8", "cn2", "true", OLD, "2", "w", "0")) }, "ok", SD, V35 },
    { "another warehouse is no peer", CHECK, { BES(""), CNS(CN("7", "cn1", "true", OLD, "1", "w", "900") CN("8", "cn2", "true", OLD, "2", "idle", "0")) }, "ok", SD, V35 },
    { "a dead node is be-down's", CHECK, { BES(""), CNS(CN("7", "cn1", "true", OLD, "1", "w", "900") CN("8", "cn2", "false", OLD, "-1", "w", "0")) }, "ok", SD, V35 },
    { "3.2.4 does not print tablets", CHECK, { BES(""), { &srd_probe_compute_nodes, "", "ComputeNodeId|IP|HeartbeatPort|LastStartTime|Alive|WorkerId\n7|cn1|9050|" OLD "|true|1\n", 0 } }, "not checked: version", SD, V32 },
    { "but a missing worker all the same", CHECK, { BES(""), { &srd_probe_compute_nodes, "", "ComputeNodeId|IP|HeartbeatPort|LastStartTime|Alive|WorkerId\n7|cn1|9050|" OLD "|true|-1\n", 0 } }, "critical cn1\nnot checked: version", SD, V32 },
    { "workers: with no node alive nothing is known", CHECK, { BES(""), NO_CN }, "not checked: no_backend", SD, V35 },
    { "workers: not in shared-nothing", CHECK, { BES(BE1), NO_CN }, "not applicable", SN, V35 },
    { "workers: denied leaves it open", CHECK, { BES(""), DENY(&srd_probe_compute_nodes) }, "not checked: denied", SD, V35 },
#undef CHECK
#define CHECK &srd_cluster_version_mixed
#define FEV(version, start) FES(FE("fe1", "LEADER", "true", "9", NOW, "", start, version))
#define BEV(n, version, start) BE_AT(n, "be" n, "true", "false", NOW, "", start, version, NOW, "16", "64.000GB", "1", "OK")
    { "one version is fine", CHECK, { THREE_FE, BES(BE1 BE2), NO_CN }, "ok", SN, V35 },
    { "a mix that nobody has touched for a day lasts", CHECK, { FEV("3.5.7-a", OLD), BES(BEV("1", "3.5.8-b", OLD)), NO_CN }, "warning cluster", SN, V35 },
    { "a start within a day means that it goes on", CHECK, { FEV("3.5.7-a", OLD), BES(BEV("1", "3.5.8-b", "2026-01-19 02:00:01")), NO_CN }, "info cluster", SN, V35 },
    { "a day to the second is too long", CHECK, { FEV("3.5.7-a", OLD), BES(BEV("1", "3.5.8-b", "2026-01-19 02:00:00")), NO_CN }, "warning cluster", SN, V35 },
    { "BEs first: an older FE is the right order", CHECK, { FEV("3.4.7-a", OLD), BES(BEV("1", "3.5.8-b", "2026-01-20 01:00:00")), NO_CN }, "info cluster", SN, V35 },
    { "an older BE is the wrong order", CHECK, { FEV("3.5.7-a", "2026-01-20 01:00:00"), BES(BEV("1", "3.4.8-b", OLD)), NO_CN }, "critical cluster", SN, V35 },
    { "one older BE of many is enough", CHECK, { FEV("3.5.7-a", "2026-01-20 01:00:00"), BES(BEV("1", "3.5.7-a", OLD) BEV("2", "3.4.8-b", OLD) BEV("3", "3.5.7-a", OLD)), NO_CN }, "critical cluster", SN, V35 },
    { "an older follower is the right order", CHECK, { FES(FE("fe1", "LEADER", "true", "9", NOW, "", "2026-01-20 01:00:00", "3.5.7-a") FE("fe2", "FOLLOWER", "true", "9", NOW, "", OLD, "3.4.7-a")), BES(BEV("1", "3.5.7-a", OLD)), NO_CN },
      "info cluster", SN, V35 },
    { "an older patch of a BE is not", CHECK, { FEV("3.5.7-a", "2026-01-20 01:00:00"), BES(BEV("1", "3.5.6-b", OLD)), NO_CN }, "info cluster", SN, V35 },
    { "two minor releases apart is critical", CHECK, { FEV("3.3.7-a", OLD), BES(BEV("1", "3.5.8-b", "2026-01-20 01:00:00")), NO_CN }, "critical cluster", SN, V35 },
    { "3.5 and 4.0 are neighbours", CHECK, { FEV("3.5.7-a", OLD), BES(BEV("1", "4.0.1-b", "2026-01-20 01:00:00")), NO_CN }, "info cluster", SN, V35 },
    { "3.4 and 4.0 are not", CHECK, { FEV("3.4.7-a", OLD), BES(BEV("1", "4.0.1-b", "2026-01-20 01:00:00")), NO_CN }, "critical cluster", SN, V35 },
    { "builds of one release are told", CHECK, { FEV("3.5.7-a", OLD), BES(BEV("1", "3.5.7-b", OLD)), NO_CN }, "info cluster", SN, V35 },
    { "a dead node's version is the past", CHECK, { THREE_FE, BES(BE1 BE_AT("2", "be2", "false", "false", "2026-01-20 01:00:00", "", OLD, "3.1.0", NOW, "1", "1GB", "1", "X")), NO_CN }, "ok", SN, V35 },
    { "a node without a version is not ok", CHECK, { THREE_FE, BES(BE1 BEV("2", "", OLD)), NO_CN }, "not checked: failed", SN, V35 },
    { "how long a mix lasts may be unknown", CHECK, { FEV("3.5.7-a", "NULL"), BES(BEV("1", "3.5.8-b", OLD)), NO_CN }, "info cluster\nnot checked: failed", SN, V35 },
    { "versions: denied leaves it open", CHECK, { THREE_FE, DENY(&srd_probe_backends), NO_CN }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_hardware_uneven
#define SIZE(n, leaving, cores, memory, total) n "|be" n "|9050|" OLD "|" NOW "|true|" leaving "|1|1.000 GB|" total "|1.00 %||3.5.7|{}|" cores "|" memory "|0|1.0 %|OK\n"
    { "equal nodes are fine", CHECK, { BES(BE1 BE2), NO_CN }, "ok", SN, V35 },
    { "twice the cores is a warning", CHECK, { BES(SIZE("1", "false", "16", "64.000GB", "2.000 TB") SIZE("2", "false", "32", "64.000GB", "2.000 TB")), NO_CN }, "warning be1", SN, V35 },
    { "24 and 16 cores are not", CHECK, { BES(SIZE("1", "false", "16", "64.000GB", "2.000 TB") SIZE("2", "false", "31", "64.000GB", "2.000 TB")), NO_CN }, "ok", SN, V35 },
    { "1.5 times the memory is a warning", CHECK, { BES(SIZE("1", "false", "16", "64.000GB", "2.000 TB") SIZE("2", "false", "16", "96.000GB", "2.000 TB")), NO_CN }, "warning be1", SN, V35 },
    { "a little less is not", CHECK, { BES(SIZE("1", "false", "16", "64.000GB", "2.000 TB") SIZE("2", "false", "16", "95.900GB", "2.000 TB")), NO_CN }, "ok", SN, V35 },
    { "twice the disk is told", CHECK, { BES(SIZE("1", "false", "16", "64.000GB", "2.000 TB") SIZE("2", "false", "16", "64.000GB", "4.000 TB")), NO_CN }, "info be1", SN, V35 },
    { "while one leaves it is told only", CHECK, { BES(SIZE("1", "false", "16", "64.000GB", "2.000 TB") SIZE("2", "false", "32", "64.000GB", "2.000 TB") SIZE("3", "true", "16", "64.000GB", "2.000 TB")), NO_CN }, "info be1", SN, V35 },
    { "one that leaves is not compared", CHECK, { BES(SIZE("1", "true", "4", "8.000GB", "2.000 TB") SIZE("2", "false", "32", "64.000GB", "2.000 TB")), NO_CN }, "ok", SN, V35 },
    { "a node before its first heartbeat is not compared", CHECK, { BES(SIZE("1", "false", "0", "0.000B", "1.000 B") SIZE("2", "false", "32", "64.000GB", "2.000 TB")), NO_CN }, "ok", SN, V35 },
    { "BEs and CNs are not compared", CHECK, { BES(SIZE("1", "false", "64", "256.000GB", "2.000 TB")), CNS(CN("7", "cn1", "true", OLD, "1", "", "9")) }, "ok", SN, V35 },
    { "warehouses are not compared", CHECK, { BES(""), CNS(CN("7", "cn1", "true", OLD, "1", "a", "9") "8|cn2|9050|" OLD "|" NOW "|true|false||3|64|256.000GB|2|1.0 %|OK|9070|2|b|9\n") }, "ok", SD, V35 },
    { "3.2 does not print memory", CHECK, { { &srd_probe_backends, "", "BackendId|IP|HeartbeatPort|Alive|CpuCores|TotalCapacity\n1|be1|9050|true|16|2.000 TB\n2|be2|9050|true|16|2.000 TB\n", 0 }, NO_CN }, "not checked: version", SN, V32 },
    { "but cores all the same", CHECK, { { &srd_probe_backends, "", "BackendId|IP|HeartbeatPort|Alive|CpuCores|TotalCapacity\n1|be1|9050|true|16|2.000 TB\n2|be2|9050|true|32|2.000 TB\n", 0 }, NO_CN }, "warning be1\nnot checked: version", SN, V32 },
    { "hardware: all dead is not ok", CHECK, { BES(DEAD("1", NOW)), NO_CN }, "not checked: no_backend", SN, V35 },
    { "hardware: denied leaves it open", CHECK, { DENY(&srd_probe_backends), NO_CN }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_nodes_below_replication
    { "four hosts for three replicas are enough", CHECK, { BES(BE1 BE2 BE3 BE4), REPL(KEEP("3", "100", "600", "a.c")) }, "ok", SN, V35 },
    { "three hosts for three replicas are usual", CHECK, { BES(BE1 BE2 BE3), REPL(KEEP("3", "100", "600", "a.c")) }, "info cluster", SN, V35 },
    { "three of four with one dead are a warning", CHECK, { BES(BE1 BE2 BE3 DEAD("4", "2026-01-20 01:50:00")), REPL(KEEP("3", "100", "600", "a.c")) }, "warning cluster", SN, V35 },
    { "two hosts for three replicas are critical", CHECK, { BES(BE1 BE2 DEAD("3", "2026-01-20 01:50:00")), REPL(KEEP("3", "100", "600", "a.c")) }, "critical cluster", SN, V35 },
    { "one that left a minute ago comes back", CHECK, { BES(BE1 BE2 DEAD("3", "2026-01-20 01:59:00")), REPL(KEEP("3", "100", "600", "a.c")) }, "info cluster", SN, V35 },
    { "one that says goodbye counts", CHECK, { BES(BE1 BE2 BE("3", "false", "false", "2026-01-20 01:50:00", "", "SHUTDOWN")), REPL(KEEP("3", "100", "600", "a.c")) }, "info cluster", SN, V35 },
    { "one that leaves does not", CHECK, { BES(BE1 BE2 BE("3", "true", "true", NOW, "", "OK")), REPL(KEEP("3", "100", "600", "a.c")) }, "critical cluster", SN, V35 },
    { "two backends on one host are one", CHECK, { BES(BE1 BE2 BE3 "4|be3|9051|" OLD "|" NOW "|true|false|1|700.000 GB|2.000 TB|60.00 %||3|{}|16|64GB|0|1 %|OK\n"), REPL(KEEP("4", "100", "600", "a.c")) }, "critical cluster", SN, V35 },
    { "a full backend takes nothing", CHECK, { BES(BE1 BE2 BE3 "4|be4|9050|" OLD "|" NOW "|true|false|1|50.000 GB|2.000 TB|97.60 %||3|{}|16|64GB|0|1 %|OK\n"), REPL(KEEP("3", "100", "600", "a.c")) }, "info cluster", SN, V35 },
    { "fewer than the default is told", CHECK, { BES(BE1 BE2), REPL(KEEP("1", "2", "4", "a.c")) }, "info cluster", SN, V35 },
    { "an empty cluster of three is fine", CHECK, { BES(BE1 BE2 BE3), REPL("") }, "ok", SN, V35 },
    { "with every backend dead it is critical whatever is known", CHECK, { BES(DEAD("1", "2026-01-20 01:50:00")), { &srd_probe_replication, "", NULL, SRD_NO_BACKEND } }, "critical cluster", SN, V35 },
    { "replication: no backend is not ok", CHECK, { BES(""), REPL("") }, "not checked: no_backend", SN, V35 },
    { "replication: what tables want may be denied", CHECK, { BES(BE1 BE2 BE3), DENY(&srd_probe_replication) }, "not checked: denied", SN, V35 },
    { "replication: 3.2.3 does not say", CHECK, { BES(BE1 BE2 BE3), { &srd_probe_replication, "", NULL, SRD_VERSION_ABSENT } }, "not checked: version", SN, V32 },
    { "replication: not in shared-data", CHECK, { BES(BE1) }, "not applicable", SD, V35 },
#undef CHECK
#define CHECK &srd_cluster_broker_down
    { "no broker is normal", CHECK, { BROKERS("") }, "ok", SN, V35 },
    { "living brokers are fine", CHECK, { BROKERS("b1|h1|8000|true|" OLD "|" NOW "|\n") }, "ok", SN, V35 },
    { "one of two dead is a warning", CHECK, { BROKERS("b1|h1|8000|true|" OLD "|" NOW "|\nb1|h2|8000|false|" OLD "|2026-01-20 01:00:00|x\n"), REPOSITORY }, "warning b1 h2:8000", SN, V35 },
    { "all dead that a repository uses is critical", CHECK, { BROKERS("b1|h2|8000|false|NULL|NULL|x\n"), REPOSITORY }, "critical b1 h2:8000", SN, V35 },
    { "all dead that nobody uses is a warning", CHECK, { BROKERS("b2|h2|8000|false|" OLD "|2026-01-20 01:00:00|x\n"), REPOSITORY }, "warning b2 h2:8000", SN, V35 },
    { "one that left a moment ago may be restarting", CHECK, { BROKERS("b1|h2|8000|false|" OLD "|2026-01-20 01:59:30|x\n"), REPOSITORY }, "ok", SN, V35 },
    { "brokers: denied leaves it open", CHECK, { DENY(&srd_probe_brokers) }, "not checked: denied", SN, V35 },
    { "brokers: a missing column is a matter of version", CHECK, { { &srd_probe_brokers, "", "Name|IP\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_safe_mode_active
    { "safe mode that is on is critical", CHECK, { GAUGES(GAUGE("fe1", "safe_mode", "1")), CONFIG(SET("enable_safe_mode", "true")) }, "critical cluster", SN, V35 },
    { "the metric with 0 is fine", CHECK, { GAUGES(GAUGE("fe1", "safe_mode", "0")), CONFIG(SET("enable_safe_mode", "true")) }, "ok", SN, V35 },
    { "not enabled, it cannot be on", CHECK, { { &srd_probe_fe_gauges, "", NULL, SRD_NO_BACKEND }, CONFIG(SET("enable_safe_mode", "false")) }, "ok", SN, V35 },
    { "enabled and without metrics it may be", CHECK, { { &srd_probe_fe_gauges, "", NULL, SRD_NO_BACKEND }, CONFIG(SET("enable_safe_mode", "true")) }, "not checked: no_backend", SN, V35 },
    { "with neither nothing is known", CHECK, { DENY(&srd_probe_fe_gauges), DENY(&srd_probe_fe_config) }, "not checked: denied", SN, V35 },
    { "metrics without it say nothing", CHECK, { GAUGES(""), CONFIG(SET("enable_safe_mode", "true")) }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_be_cpu_saturated
#define CPU(n, percent) BE_AT(n, "be" n, "true", "false", NOW, "", OLD, "3", NOW, "16", "64GB", percent, "OK")
    { "idle nodes are not saturated", CHECK, { BES(CPU("1", "12.0") CPU("2", "90.0")), NO_CN }, "ok", SN, V35 },
    { "a busy one needs more samples", CHECK, { BES(CPU("1", "12.0") CPU("2", "90.1")), NO_CN }, "info be2\nnot checked: needs_history", SN, V35 },
    { "one that does not say is not ok", CHECK, { BES(CPU("1", "N/A")), NO_CN }, "not checked: failed", SN, V35 },
    { "cpu: all dead is not ok", CHECK, { BES(DEAD("1", NOW)), NO_CN }, "not checked: no_backend", SN, V35 },
    { "cpu: denied leaves it open", CHECK, { DENY(&srd_probe_backends), NO_CN }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_cluster_be_fd_exhaustion
    { "few descriptors in use are fine", CHECK, { BES(BE1), NO_CN, FD(FDS("1", "2311", "655350")) }, "ok", SN, V35 },
    { "70 % is allowed", CHECK, { BES(BE1), NO_CN, FD(FDS("1", "70000", "100000")) }, "ok", SN, V35 },
    { "more is a warning", CHECK, { BES(BE1), NO_CN, FD(FDS("1", "70001", "100000")) }, "warning be1", SN, V35 },
    { "90 % is a warning", CHECK, { BES(BE1), NO_CN, FD(FDS("1", "90000", "100000")) }, "warning be1", SN, V35 },
    { "more is critical", CHECK, { BES(BE1), NO_CN, FD(FDS("1", "90001", "100000")) }, "critical be1", SN, V35 },
    { "a limit of 59,999 is low", CHECK, { BES(BE1), NO_CN, FD(FDS("1", "10", "59999")) }, "warning be1", SN, V35 },
    { "60,000 is not", CHECK, { BES(BE1), NO_CN, FD(FDS("1", "10", "60000")) }, "ok", SN, V35 },
    { "a node that did not answer is said", CHECK, { BES(BE1 BE2), NO_CN, FD(FDS("1", "10", "60000")) }, "not checked: failed", SN, V35 },
    { "a dead one is not asked for", CHECK, { BES(BE1 DEAD("2", "2026-01-20 01:00:00")), NO_CN, FD(FDS("1", "10", "60000")) }, "ok", SN, V35 },
    { "a node on the blacklist fails the statement", CHECK, { BES(BE1), NO_CN, { &srd_probe_nodes, "", NULL, SRD_NO_BACKEND } }, "not checked: no_backend", SN, V35 },
    { "descriptors: denied leaves it open", CHECK, { BES(BE1), NO_CN, DENY(&srd_probe_nodes) }, "not checked: denied", SN, V35 },
    { "descriptors: a missing column is a matter of version", CHECK, { BES(BE1), NO_CN, { &srd_probe_nodes, "", "BE_ID|PATH\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
    { "a stalled replay needs two samples", &srd_cluster_fe_replay_stalled, { THREE_FE }, "not checked: needs_history", SN, V35 },
    { "the metadata disk needs the machine", &srd_cluster_fe_meta_disk_low, { THREE_FE }, "not checked: needs_history", SN, V35 },
    { "a change of the leader needs history", &srd_cluster_fe_leader_changed, { THREE_FE }, "not checked: needs_history", SN, V35 },
    { "slow journal writes need two samples", &srd_cluster_fe_editlog_write_slow, { THREE_FE }, "not checked: needs_history", SN, V35 },
    { "lost packets need two samples", &srd_cluster_network_errors, { BES(BE1) }, "not checked: needs_history", SN, V35 },
};
/* clang-format on */

/* Clocks: when srdiag asked and how long the answer took matters, which text cannot say. */
static const struct clock_row {
    const char *name;
    struct clock {
        const char *node, *time;
        int64_t at_ms, took_ms;
    } clocks[4];
    const char *max_delta, *want;
} clock_rows[] = {
#define T0 1768874400000 /* 2026-01-20 02:00:00 */
    { "clocks that agree are fine",
      { { "fe1:9030", "2026-01-20 02:00:00.100", T0, 20 },
        { "fe2:9030", "2026-01-20 02:00:00.150", T0, 20 } },
      NULL,
      "" },
    { "when they were asked is taken into account",
      { { "fe1:9030", "2026-01-20 02:00:00.010", T0, 20 },
        { "fe2:9030", "2026-01-20 02:00:09.010", T0 + 9000, 20 } },
      NULL,
      "" },
    { "1 s apart is allowed",
      { { "fe1:9030", "2026-01-20 02:00:00.010", T0, 20 },
        { "fe2:9030", "2026-01-20 02:00:01.010", T0, 20 } },
      NULL,
      "" },
    { "more is a warning",
      { { "fe1:9030", "2026-01-20 02:00:00.010", T0, 20 },
        { "fe2:9030", "2026-01-20 02:00:01.011", T0, 20 } },
      NULL,
      "warning fe2:9030\n" },
    { "behind counts like ahead",
      { { "fe1:9030", "2026-01-20 02:00:02.010", T0, 20 },
        { "fe2:9030", "2026-01-20 02:00:00.010", T0, 20 } },
      NULL,
      "warning fe2:9030\n" },
    { "more than 5 s is critical",
      { { "fe1:9030", "2026-01-20 02:00:00.010", T0, 20 },
        { "fe2:9030", "2026-01-20 02:00:05.011", T0, 20 } },
      NULL,
      "critical fe2:9030\n" },
    { "the cluster's delta counts",
      { { "fe1:9030", "2026-01-20 02:00:00.010", T0, 20 },
        { "fe2:9030", "2026-01-20 02:00:05.011", T0, 20 } },
      "30000",
      "warning fe2:9030\n" },
    { "a slow answer may be wrong by as much",
      { { "fe1:9030", "2026-01-20 02:00:00.010", T0, 20 },
        { "fe2:9030", "2026-01-20 02:00:03.000", T0, 3000 } },
      NULL,
      "" },
    { "a session that is not in UTC is not read",
      { { "fe1:9030", "2026-01-20 02:00:00.010", T0, 20 },
        { "fe2:9030", "2026-01-20 10:00:00.010", T0, 20 } },
      NULL,
      "not checked: failed\n" },
    { "our own clock that is off is told",
      { { "fe1:9030", "2026-01-20 02:00:06.010", T0, 20 },
        { "fe2:9030", "2026-01-20 02:00:06.010", T0, 20 } },
      NULL,
      "info srdiag\n" },
    { "an FE that is dead is not asked",
      { { "fe1:9030", "2026-01-20 02:00:00.010", T0, 20 }, { "fe2:9030", "dead", T0, 20 } },
      NULL,
      "" },
    { "an FE that did not answer is said",
      { { "fe1:9030", "2026-01-20 02:00:00.010", T0, 20 }, { "fe2:9030", NULL, T0, 20 } },
      NULL,
      "not checked: failed\n" },
};

static struct srd_evidence *clock_evidence(struct srd_arena *arena, const struct clock_row *row)
{
    static const struct srd_answer_text answers[] = { THREE_FE, { 0 } };
    struct srd_evidence *ev = srd_evidence_of(arena, answers);

    for (size_t i = 0; row->clocks[i].node; i++) {
        const struct clock *c = &row->clocks[i];
        struct srd_answer a = { .probe = &srd_probe_fe_clocks,
                                .node = c->node,
                                .started_at_ms = c->at_ms,
                                .ms = c->took_ms };
        struct srd_table *t = NULL;

        if (c->time && !strcmp(c->time, "dead")) {
            a.status = SRD_FAILED;
            a.detail = "this FE is not alive";
            srd_evidence_add(ev, &a);
            continue;
        }
        if (c->time) {
            /* UNIX_TIMESTAMP() is right whatever the session's zone */
            t = srd_table_of(arena,
                             srd_arena_printf(arena, "NOW_TIME|UNIX_TIME\n%s|%lld\n", c->time,
                                              (long long)(T0 / 1000 + atoi(c->time + 17))));
            srd_table_set_zone(t, SRD_ZONE_SESSION, &ev->cluster);
        }
        a.table = t;
        a.status = t ? SRD_ANSWERED : SRD_TIMED_OUT;
        srd_evidence_add(ev, &a);
    }
    if (row->max_delta)
        srd_evidence_add(
            ev, &(struct srd_answer){
                    .probe = &srd_probe_fe_config,
                    .table = srd_table_of(
                        arena, srd_arena_printf(
                                   arena, "Key|AliasNames|Value\nmax_bdbje_clock_delta_ms|[]|%s\n",
                                   row->max_delta)) });
    return ev;
}

static void clock_skew(void **state)
{
    const struct clock_row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_result r;
    const char *got = "";

    srd_check_judge(&srd_cluster_fe_clock_skew, clock_evidence(arena, row), arena, &r);
    for (size_t i = 0; i < r.finding_count; i++)
        got = srd_arena_printf(arena, "%s%s %s\n", got, srd_severity_name(r.findings[i]->severity),
                               r.findings[i]->subject.name);
    if (r.status != SRD_ANSWERED)
        got = srd_arena_printf(arena, "%snot checked: %s\n", got, srd_status_name(r.status));
    assert_string_equal(got, row->want);
}

static void findings_say_what_and_where(void **state)
{
    static const struct srd_answer_text answers[] = {
        BES(BE1 BE2 BE3 DEAD("4", "2026-01-20 01:18:00")), NO_CN, REPL(KEEP("1", "3", "90", "ods.clicks")), { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_result r = judge(arena, &srd_cluster_be_down, answers);

    (void)state;
    assert_int_equal(r.finding_count, 1);
    assert_string_equal(
        r.findings[0]->message,
        "BE be4 has not answered for 42m; ods.clicks and others keep 1 replica, which "
        "may all be lost");
    assert_string_equal(r.findings[0]->subject.kind, "backend");
    assert_true(r.share > 0.24 && r.share < 0.26);
    assert_string_equal(r.findings[0]->fields[0].value, "be4");
    assert_string_equal(r.findings[0]->fields[2].value, "be4:9050");
    assert_int_equal(r.findings[0]->table_row_count, 1);
}

static void a_listing_says_how_and_since_when(void **state)
{
    static const struct srd_answer_text by_hand[] = { BES(BE1 BE2 BE3),
                                                      NO_CN,
                                                      LISTED("fe1",
                                                             "2|MANUAL|2026-01-05 02:00:00|0|5\n"),
                                                      { 0 } },
                                        by_itself[] = {
                                            BES(BE1 BE2 BE3),
                                            NO_CN,
                                            LISTED("fe1", "2|AUTO|2026-01-05 02:00:00|0|5\n"),
                                            LISTED("fe2", "2|AUTO|2026-01-05 02:00:00|0|5\n"),
                                            { 0 }
                                        };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    (void)state;
    assert_string_equal(judge(arena, &srd_cluster_be_blacklisted, by_hand).findings[0]->message,
                        "BE be2 is alive and on the blacklist of 1 FE (MANUAL, for 15d)");
    assert_string_equal(judge(arena, &srd_cluster_be_blacklisted, by_itself).findings[0]->message,
                        "BE be2 is alive and on the blacklist of 2 FEs (AUTO)");
}

static void hostile_words_are_cut(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    char *words = malloc((1 << 20) + 1), *table;
    struct srd_answer_text answers[] = {
        THREE_FE, NO_CN, { &srd_probe_backends, "", NULL, 0 }, { 0 }
    };
    struct srd_result r;

    (void)state;
    assert_non_null(words);
    for (size_t i = 0; i < 1 << 20; i++)
        words[i] = "\xe8\xbf\x9e\"'`\x01\xff\x1b"[i % 9];
    words[1 << 20] = '\0';
    table = srd_arena_printf(
        arena, BE_HEAD "3|be3|9050|x|2026-01-20 01:00:00|false|false|1|1|1|1|%s|3|{|x|x|x|x|x\n",
        words);
    answers[2].table = table;
    r = judge(arena, &srd_cluster_heartbeat_error, answers);
    assert_int_equal(r.finding_count, 1);
    assert_true(strlen(r.findings[0]->message) < 300);
    r = judge(arena, &srd_cluster_be_down, answers);
    assert_int_equal(r.finding_count, 1);
    free(words);
}

static void an_fe_that_finds_no_leader_says_enough(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_new(arena);
    struct srd_result r;

    (void)state;
    srd_evidence_add(ev, &(struct srd_answer){ .probe = &srd_probe_frontends,
                                               .status = SRD_FAILED,
                                               .detail = "Node catalog is not ready, please wait "
                                                         "for a leader" });
    srd_check_judge(&srd_cluster_fe_no_leader, ev, arena, &r);
    assert_int_equal(r.severity, SRD_CRITICAL);
}

/* The view. */

static const struct srd_rows *view(struct srd_arena *arena, const struct srd_answer_text *answers)
{
    struct srd_rows *out = srd_arena_alloc(arena, sizeof(*out));

    out->arena = arena;
    out->view = &srd_cluster_view_nodes;
    srd_cluster_view_nodes.fill(srd_evidence_of(arena, answers), NULL, out);
    return out;
}

static void the_view_has_all_kinds(void **state)
{
    static const struct srd_answer_text answers[] = { THREE_FE,
                                                      BES(BE1 DEAD("2", "2026-01-20 01:58:00")),
                                                      CNS(CN("7", "cn1", "true", OLD, "1", "wh",
                                                             "77")),
                                                      { 0 } };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *v = view(arena, answers);

    (void)state;
    assert_int_equal(v->count, 6);
    assert_string_equal(v->summary, "3 of 3 FEs, 1 of 2 BEs, 1 of 1 CNs are alive");
    assert_string_equal(value(v, 0, "role")->text, "LEADER");
    assert_false(value(v, 0, "cpu_percent")->present);
    assert_true(value(v, 3, "cpu_percent")->number > 11.9);
    assert_true(value(v, 3, "disk_percent")->number > 59.9);
    assert_true(value(v, 3, "heartbeat_age_ms")->number > 1999);
    assert_string_equal(value(v, 4, "alive")->text, "no");
    assert_string_equal(value(v, 4, "error")->text, "Connection refused");
    assert_false(value(v, 4, "cpu_percent")->present); /* what it last said */
    assert_string_equal(value(v, 5, "warehouse")->text, "wh");
    assert_true(value(v, 5, "tablets")->number > 76 && value(v, 5, "tablets")->number < 78);
}

static void the_view_of_nothing_is_empty(void **state)
{
    static const struct srd_answer_text answers[] = { FES(""), BES(""), NO_CN, { 0 } };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *v = view(arena, answers);

    (void)state;
    assert_int_equal(v->count, 0);
    assert_string_equal(v->summary, "0 of 0 FEs, 0 of 0 BEs, 0 of 0 CNs are alive");
}

static size_t repositories_asked(struct srd_arena *arena, const struct srd_answer_text *brokers)
{
    struct srd_keys keys = { .arena = arena, .max = srd_probe_repositories.max_keys };

    srd_probe_repositories.pick(srd_evidence_of(arena, brokers), &keys);
    return keys.count;
}

static void only_dead_brokers_lead_to_repositories(void **state)
{
    static const struct srd_answer_text alive[] = {
        BROKERS("b1|h1|8000|true|" OLD "|" NOW "|\n"), { 0 }
    };
    static const struct srd_answer_text dead[] = {
        BROKERS("b1|h1|8000|true|" OLD "|" NOW "|\nb1|h2|8000|false|" OLD "|" NOW "|\n"
                "b1|h3|8000|false|" OLD "|" NOW "|\n"),
        { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    (void)state;
    assert_int_equal(repositories_asked(arena, alive), 0);
    assert_int_equal(repositories_asked(arena, dead), 1);
}

int main(void)
{
    static const struct CMUnitTest single[] = {
        cmocka_unit_test(findings_say_what_and_where),
        cmocka_unit_test(a_listing_says_how_and_since_when),
        cmocka_unit_test(hostile_words_are_cut),
        cmocka_unit_test(an_fe_that_finds_no_leader_says_enough),
        cmocka_unit_test(only_dead_brokers_lead_to_repositories),
        cmocka_unit_test(the_view_has_all_kinds),
        cmocka_unit_test(the_view_of_nothing_is_empty),
    };
    static struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(clock_rows) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    ADD_ROWS(tests, n, clock_rows, clock_skew);
    memcpy(&tests[n], single, sizeof(single));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
