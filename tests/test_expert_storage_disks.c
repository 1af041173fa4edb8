/* When do disks alarm, and when must they stay quiet? */

#include "experts/storage/storage.h"
#include "lib/model/identity.h"
#include "tests/expert_rows.h"

/* What is tested here; the expert lists them beside their records. */
extern const struct srd_check srd_storage_disk_eta, srd_storage_disk_hard_limit,
    srd_storage_disk_high_water, srd_storage_disk_offline, srd_storage_disk_skew_backends,
    srd_storage_disk_skew_paths, srd_storage_disk_soft_limit, srd_storage_lake_amplification,
    srd_storage_lake_file_missing, srd_storage_lake_throttled, srd_storage_lake_unreachable,
    srd_storage_lake_vacuum_fails, srd_storage_lake_vacuum_stalled, srd_storage_non_data_usage,
    srd_storage_recycle_bin, srd_storage_unique_model;
extern const struct srd_view srd_storage_view_disks;

#define V40 40001

/* clang-format off */
#define BE_HEAD "BackendId|IP|HeartbeatPort|LastStartTime|LastHeartbeat|Alive|SystemDecommissioned|TabletNum|" \
                "DataUsedCapacity|AvailCapacity|TotalCapacity|UsedPct|MaxDiskUsedPct|DataCacheMetrics\n"
#define NODE(id, ip, alive, leaving, used, max, cache) \
    id "|" ip "|9050|2025-11-01 00:00:00|2026-01-20 01:59:58|" alive "|" leaving "|143|1.000 TB|300.000 GB|" \
    "2.000 TB|" used " %|" max " %|" cache "\n"
#define BE1 NODE("1", "be1", "true", "false", "60.00", "60.00", "N/A")
#define BE2 NODE("2", "be2", "true", "false", "60.00", "60.00", "N/A")
#define BE3 NODE("3", "be3", "true", "false", "60.00", "60.00", "N/A")
#define ONE_BE { &srd_probe_backends, "", BE_HEAD BE1, 0 }
#define THREE_BE { &srd_probe_backends, "", BE_HEAD BE1 BE2 BE3, 0 }
#define BACKENDS(rows) { &srd_probe_backends, "", BE_HEAD rows, 0 }

#define DISK_HEAD "RootPath|DataUsedCapacity|OtherUsedCapacity|AvailCapacity|TotalCapacity|TotalUsedPct|State|" \
                  "PathHash|StorageMedium|TabletNum|DataTotalCapacity|DataUsedPct\n"
#define DISK(path, data, other, free, total, used, state, medium) \
    path "|" data "|" other "|" free "|" total "|" used "|" state "|1|" medium "|10|0.000 |0.00 %\n"
#define HDD(used, free) DISK("/data1", "1.000 TB", "1.000 GB", free, "2.000 TB", used " %", "ONLINE", "HDD")
#define SSD(used, free) DISK("/ssd1", "1.000 TB", "1.000 GB", free, "2.000 TB", used " %", "ONLINE", "SSD")
#define IN_STATE(state) DISK("/data1", "1.000 TB", "1.000 GB", "1.000 TB", "2.000 TB", "50.00 %", state, "HDD")
#define PLACEHOLDER DISK("/data1", "0.000 ", "0.000 ", "1.000 TB", "1.000 TB", "0.00 %", "ONLINE", "HDD")
#define FINE HDD("60.00", "800.000 GB")
#define DISKS(id, rows) { &srd_probe_backend_disks, id, DISK_HEAD rows, 0 }
#define DENIED(id) { &srd_probe_backend_disks, id, NULL, SRD_DENIED }
#define CONFIG(rows) { &srd_probe_fe_config, "", "Key|AliasNames|Value|Type|IsMutable|Comment\n" rows, 0 }
#define SET(name, value) name "|[]|" value "|long|true|\n"
#define NO_FREE "RootPath|TotalCapacity|TotalUsedPct|State|StorageMedium\n/data1|2.000 TB|97.00 %|ONLINE|HDD\n"

static const struct row rows[] = {
#define CHECK &srd_storage_disk_hard_limit
    { "96 % with 71 GB left is over the hard limit", CHECK, { ONE_BE, DISKS("1", HDD("96.52", "71.300 GB")) }, "critical be1 /data1", SN, V35 },
    { "95 % exactly is below", CHECK, { ONE_BE, DISKS("1", HDD("95.00", "71.300 GB")) }, "ok", SN, V35 },
    { "95.01 % is above", CHECK, { ONE_BE, DISKS("1", HDD("95.01", "71.300 GB")) }, "critical be1 /data1", SN, V35 },
    { "99 % of a large disk with 100 GB left is below", CHECK, { ONE_BE, DISKS("1", HDD("99.00", "100.000 GB")) }, "ok", SN, V35 },
    { "99 % with just less than 100 GB left is above", CHECK, { ONE_BE, DISKS("1", HDD("99.00", "99.999 GB")) }, "critical be1 /data1", SN, V35 },
    { "the cluster's percentage wins over the default", CHECK, { ONE_BE, DISKS("1", HDD("96.52", "71.300 GB")),
      CONFIG(SET("storage_usage_hard_limit_percent", "97")) }, "ok", SN, V35 },
    { "the cluster's reserve wins over the default", CHECK, { ONE_BE, DISKS("1", HDD("96.52", "71.300 GB")),
      CONFIG(SET("storage_usage_hard_limit_reserve_bytes", "53687091200")) }, "ok", SN, V35 },
    { "a configuration that is no number leaves the default", CHECK, { ONE_BE, DISKS("1", HDD("96.52", "71.300 GB")),
      CONFIG(SET("storage_usage_hard_limit_percent", "a lot")) }, "critical be1 /data1", SN, V35 },
    { "the placeholder of 1 TB is no disk", CHECK, { ONE_BE, DISKS("1", PLACEHOLDER) }, "not checked: failed", SN, V35 },
    { "a capacity of nothing is no disk", CHECK, { ONE_BE, DISKS("1", DISK("/data1", "0.000 ", "0.000 ", "1.000 B", "1.000 B", "0.00 %", "ONLINE", "HDD")) },
      "not checked: failed", SN, V35 },
    { "a disk without figures beside a sound one is said", CHECK, { BACKENDS(BE1 BE2), DISKS("1", FINE), DISKS("2", PLACEHOLDER) },
      "not checked: failed", SN, V35 },
    { "the last figures of a dead BE say nothing", CHECK, { BACKENDS(NODE("1", "be1", "false", "false", "97.00", "97.00", "N/A") BE2),
      DISKS("1", HDD("97.00", "60.000 GB")), DISKS("2", FINE) }, "ok", SN, V35 },
    { "with every BE dead nothing is ok", CHECK, { BACKENDS(NODE("1", "be1", "false", "false", "97.00", "97.00", "N/A")),
      DISKS("1", HDD("97.00", "60.000 GB")) }, "not checked: no_backend", SN, V35 },
    { "a cluster without backends has no disks", CHECK, { BACKENDS("") }, "not checked: no_backend", SN, V35 },
    { "a path that is offline has no level", CHECK, { ONE_BE, DISKS("1", DISK("/data1", "1.000 TB", "0.000 ", "1.000 GB", "2.000 TB", "99.90 %", "OFFLINE", "HDD")) }, "ok", SN, V35 },
    { "N/A is not 0", CHECK, { ONE_BE, DISKS("1", DISK("/data1", "N/A", "N/A", "N/A", "2.000 TB", "N/A", "ONLINE", "HDD")) }, "not checked: failed", SN, V35 },
    { "two backends on one host are told apart by port", CHECK,
      { { &srd_probe_backends, "", "BackendId|IP|HeartbeatPort|Alive|MaxDiskUsedPct\n1|h|9050|true|97.00 %\n2|h|9051|true|60.00 %\n", 0 },
        DISKS("1", HDD("97.00", "60.000 GB")), DISKS("2", FINE) }, "critical h:9050 /data1", SN, V35 },
    { "a missing column is a matter of version", CHECK, { ONE_BE, { &srd_probe_backend_disks, "1", NO_FREE, 0 } }, "not checked: version", SN, V35 },
    { "a denied probe leaves it open", CHECK, { ONE_BE, DENIED("1") }, "not checked: denied", SN, V35 },
    { "SHOW BACKENDS denied leaves it open", CHECK, { { &srd_probe_backends, "", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
    { "one BE denied whose disks may be full is said", CHECK, { BACKENDS(BE1 NODE("2", "be2", "true", "false", "96.00", "96.00", "N/A")), DISKS("1", FINE),
      DENIED("2") }, "not checked: skipped", SN, V35 },
    { "one BE unread that is far from full does no harm", CHECK, { BACKENDS(BE1 BE2), DISKS("1", FINE), DENIED("2") }, "ok", SN, V35 },
    { "a finding stands beside a BE that was not read", CHECK, { BACKENDS(BE1 NODE("2", "be2", "true", "false", "96.00", "96.00", "N/A")),
      DISKS("1", HDD("97.00", "60.000 GB")), DENIED("2") }, "critical be1 /data1\nnot checked: skipped", SN, V35 },
    { "cache disks of shared-data may be full", CHECK, { ONE_BE, DISKS("1", HDD("99.00", "1.000 GB")) }, "not applicable", SD, V35 },
    { "a busy 30 TB disk with 2.4 TB free is fine", CHECK,
      { ONE_BE, DISKS("1", DISK("/data1", "27.000 TB", "0.500 TB", "2.400 TB", "30.000 TB", "92.00 %", "ONLINE", "HDD")) }, "ok", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_disk_soft_limit
    { "90.25 % with 196 GB left is soft-limited", CHECK, { THREE_BE, DISKS("1", HDD("90.25", "196.000 GB")), DISKS("2", FINE), DISKS("3", FINE),
      CONFIG(SET("default_replication_num", "2")) }, "warning be1 /data1", SN, V35 },
    { "90 % exactly is not", CHECK, { THREE_BE, DISKS("1", HDD("90.00", "196.000 GB")), DISKS("2", FINE), DISKS("3", FINE) }, "ok", SN, V35 },
    { "90.25 % with 200 GB left is not", CHECK, { THREE_BE, DISKS("1", HDD("90.25", "200.000 GB")), DISKS("2", FINE), DISKS("3", FINE) }, "ok", SN, V35 },
    { "92 % of 30 TB with 2.4 TB free is not", CHECK,
      { ONE_BE, DISKS("1", DISK("/data1", "27.000 TB", "0.500 TB", "2.400 TB", "30.000 TB", "92.00 %", "ONLINE", "HDD")) }, "ok", SN, V35 },
    { "with room on two of three backends three replicas have no place", CHECK,
      { THREE_BE, DISKS("1", HDD("91.00", "180.000 GB")), DISKS("2", FINE), DISKS("3", FINE) }, "critical HDD\nwarning be1 /data1", SN, V35 },
    { "a second path with room keeps its backend a target", CHECK,
      { THREE_BE, DISKS("1", HDD("91.00", "180.000 GB") DISK("/data2", "1.000 TB", "0.000 ", "1.000 TB", "2.000 TB", "50.00 %", "ONLINE", "HDD")),
        DISKS("2", FINE), DISKS("3", FINE) }, "warning be1 /data1", SN, V35 },
    { "another medium is no place for it", CHECK,
      { THREE_BE, DISKS("1", HDD("91.00", "180.000 GB") SSD("50.00", "1.000 TB")), DISKS("2", FINE), DISKS("3", FINE) },
      "critical HDD\nwarning be1 /data1", SN, V35 },
    { "a single backend at the limit has no place left", CHECK, { ONE_BE, DISKS("1", HDD("91.00", "180.000 GB")) },
      "critical HDD\nwarning be1 /data1", SN, V35 },
    { "two backends, one with room, cannot take the two replicas there can be", CHECK,
      { BACKENDS(BE1 BE2), DISKS("1", HDD("91.00", "180.000 GB")), DISKS("2", FINE) }, "critical HDD\nwarning be1 /data1", SN, V35 },
    { "a backend that leaves is no place and not missed", CHECK,
      { BACKENDS(NODE("1", "be1", "true", "true", "91.00", "91.00", "N/A") BE2 BE3), DISKS("1", HDD("91.00", "180.000 GB")), DISKS("2", FINE), DISKS("3", FINE) },
      "warning be1 /data1", SN, V35 },
    { "placement is not judged while the disks of a backend are unknown", CHECK,
      { THREE_BE, DISKS("1", HDD("91.00", "180.000 GB")), DISKS("2", FINE), DENIED("3") }, "warning be1 /data1", SN, V35 },
    { "soft: shared-data has no such limit", CHECK, { ONE_BE, DISKS("1", HDD("99.00", "1.000 GB")) }, "not applicable", SD, V35 },
    { "soft: denied leaves it open", CHECK, { ONE_BE, DENIED("1") }, "not checked: denied", SN, V35 },
    { "soft: a missing column is a matter of version", CHECK, { ONE_BE, { &srd_probe_backend_disks, "1", NO_FREE, 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_disk_high_water
    { "86 % with 400 GB left is a warning", CHECK, { ONE_BE, DISKS("1", HDD("86.00", "400.000 GB")) }, "warning be1 /data1", SN, V35 },
    { "85 % exactly is only above the high water mark", CHECK, { ONE_BE, DISKS("1", HDD("85.00", "400.000 GB")) }, "info be1 /data1", SN, V35 },
    { "86 % with 500 GB left is only above the high water mark", CHECK, { ONE_BE, DISKS("1", HDD("86.00", "500.000 GB")) }, "info be1 /data1", SN, V35 },
    { "75 % exactly is below the mark", CHECK, { ONE_BE, DISKS("1", HDD("75.00", "500.000 GB")) }, "ok", SN, V35 },
    { "the cluster's own mark wins", CHECK, { ONE_BE, DISKS("1", HDD("80.00", "500.000 GB")),
      CONFIG(SET("capacity_used_percent_high_water", "0.85")) }, "ok", SN, V35 },
    { "what is over the soft limit is reported there", CHECK, { ONE_BE, DISKS("1", HDD("91.00", "180.000 GB")) }, "ok", SN, V35 },
    { "disks above the mark are told once", CHECK, { BACKENDS(BE1 BE2), DISKS("1", HDD("80.00", "600.000 GB")), DISKS("2", HDD("81.00", "600.000 GB")) },
      "info be2 /data1", SN, V35 },
    { "a large disk at 92 % is no warning", CHECK,
      { ONE_BE, DISKS("1", DISK("/data1", "27.000 TB", "0.500 TB", "2.400 TB", "30.000 TB", "92.00 %", "ONLINE", "HDD")) }, "info be1 /data1", SN, V35 },
    { "cache disks of shared-data are not looked at", CHECK, { ONE_BE, DISKS("1", HDD("86.00", "400.000 GB")) }, "not applicable", SD, V35 },
    { "high water: denied leaves it open", CHECK, { ONE_BE, DENIED("1") }, "not checked: denied", SN, V35 },
    { "high water: a missing column is a matter of version", CHECK, { ONE_BE, { &srd_probe_backend_disks, "1", NO_FREE, 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_disk_offline
    { "a path that is OFFLINE is critical", CHECK, { ONE_BE, DISKS("1", IN_STATE("OFFLINE")) }, "critical be1 /data1", SN, V35 },
    { "even without figures", CHECK, { ONE_BE, DISKS("1", DISK("/data1", "0.000 ", "0.000 ", "1.000 TB", "1.000 TB", "0.00 %", "OFFLINE", "HDD")) },
      "critical be1 /data1\nnot checked: failed", SN, V35 },
    { "a path that an operator disabled is told", CHECK, { ONE_BE, DISKS("1", IN_STATE("DISABLED")) }, "info be1 /data1", SN, V35 },
    { "a path that is being emptied is told", CHECK, { ONE_BE, DISKS("1", IN_STATE("DECOMMISSIONED")) }, "info be1 /data1", SN, V35 },
    { "ONLINE is fine", CHECK, { ONE_BE, DISKS("1", FINE) }, "ok", SN, V35 },
    { "the path of a dead BE is not judged", CHECK, { BACKENDS(NODE("1", "be1", "false", "false", "60.00", "60.00", "N/A") BE2), DISKS("1", IN_STATE("OFFLINE")),
      DISKS("2", FINE) }, "ok", SN, V35 },
    { "offline: with every BE dead nothing is ok", CHECK, { BACKENDS(NODE("1", "be1", "false", "false", "60.00", "60.00", "N/A")), DISKS("1", FINE) },
      "not checked: no_backend", SN, V35 },
    { "a BE that was not read may have one", CHECK, { BACKENDS(BE1 BE2), DISKS("1", FINE), DENIED("2") }, "not checked: skipped", SN, V35 },
    { "offline: not in shared-data", CHECK, { ONE_BE, DISKS("1", IN_STATE("OFFLINE")) }, "not applicable", SD, V35 },
    { "offline: denied leaves it open", CHECK, { ONE_BE, DENIED("1") }, "not checked: denied", SN, V35 },
    { "offline: a missing column is a matter of version", CHECK,
      { ONE_BE, { &srd_probe_backend_disks, "1", "RootPath|AvailCapacity|TotalCapacity|TotalUsedPct|StorageMedium\n/data1|1.000 TB|2.000 TB|50.00 %|HDD\n", 0 } },
      "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_disk_skew_backends
    { "41 points apart is skewed", CHECK, { BACKENDS(NODE("1", "be1", "true", "false", "85.00", "85.00", "N/A") NODE("2", "be2", "true", "false", "44.00", "44.00", "N/A")) },
      "warning be1", SN, V35 },
    { "20 points apart is not", CHECK, { BACKENDS(NODE("1", "be1", "true", "false", "70.00", "70.00", "N/A") NODE("2", "be2", "true", "false", "50.00", "50.00", "N/A")) }, "ok", SN, V35 },
    { "30 points below 60 % do not matter", CHECK,
      { BACKENDS(NODE("1", "be1", "true", "false", "60.00", "60.00", "N/A") NODE("2", "be2", "true", "false", "30.00", "30.00", "N/A")) }, "ok", SN, V35 },
    { "the fullest at the soft limit makes it critical", CHECK,
      { BACKENDS(NODE("1", "be1", "true", "false", "91.00", "91.00", "N/A") BE2), DISKS("1", HDD("91.00", "180.000 GB")), DISKS("2", FINE) }, "critical be1", SN, V35 },
    { "above 90 % with a lot left does not", CHECK,
      { BACKENDS(NODE("1", "be1", "true", "false", "91.00", "91.00", "N/A") BE2), DISKS("1", HDD("91.00", "280.000 GB")), DISKS("2", FINE) }, "warning be1", SN, V35 },
    { "an empty BE that started a moment ago may just have joined", CHECK,
      { { &srd_probe_backends, "", BE_HEAD NODE("1", "be1", "true", "false", "85.00", "85.00", "N/A") NODE("2", "be2", "true", "false", "80.00", "80.00", "N/A")
          "3|be3|9050|2026-01-19 20:00:00|2026-01-20 01:59:58|true|false|1|1.000 GB|1.900 TB|2.000 TB|5.00 %|5.00 %|N/A\n", 0 } }, "ok", SN, V35 },
    { "one that has been there for days has not", CHECK,
      { { &srd_probe_backends, "", BE_HEAD NODE("1", "be1", "true", "false", "85.00", "85.00", "N/A") NODE("2", "be2", "true", "false", "80.00", "80.00", "N/A")
          "3|be3|9050|2026-01-17 20:00:00|2026-01-20 01:59:58|true|false|1|1.000 GB|1.900 TB|2.000 TB|5.00 %|5.00 %|N/A\n", 0 } }, "warning be1", SN, V35 },
    { "a restart of the whole cluster excuses nobody", CHECK,
      { { &srd_probe_backends, "", BE_HEAD "1|be1|9050|2026-01-19 20:00:00|2026-01-20 01:59:58|true|false|1|1.000 TB|0.300 TB|2.000 TB|85.00 %|85.00 %|N/A\n"
          "3|be3|9050|2026-01-19 20:00:00|2026-01-20 01:59:58|true|false|1|1.000 GB|1.900 TB|2.000 TB|5.00 %|5.00 %|N/A\n", 0 } }, "warning be1", SN, V35 },
    { "a BE that leaves is left out", CHECK,
      { BACKENDS(NODE("1", "be1", "true", "false", "85.00", "85.00", "N/A") NODE("2", "be2", "true", "true", "10.00", "10.00", "N/A")
                 NODE("3", "be3", "true", "false", "80.00", "80.00", "N/A")) }, "ok", SN, V35 },
    { "a dead BE is left out", CHECK,
      { BACKENDS(NODE("1", "be1", "true", "false", "85.00", "85.00", "N/A") NODE("2", "be2", "false", "false", "10.00", "10.00", "N/A")
                 NODE("3", "be3", "true", "false", "80.00", "80.00", "N/A")) }, "ok", SN, V35 },
    { "a BE that has reported nothing is left out", CHECK,
      { { &srd_probe_backends, "", BE_HEAD NODE("1", "be1", "true", "false", "85.00", "85.00", "N/A") NODE("2", "be2", "true", "false", "80.00", "80.00", "N/A")
          "3|be3|9050|2025-11-01 00:00:00|2026-01-20 01:59:58|true|false|0|0.000 |1.000 B|0.000 |0.00 %|0.00 %|N/A\n", 0 } }, "ok", SN, V35 },
    { "one backend has nobody to differ from", CHECK, { BACKENDS(NODE("1", "be1", "true", "false", "85.00", "85.00", "N/A")) }, "ok", SN, V35 },
    { "media are compared each for itself", CHECK,
      { BACKENDS(BE1 BE2), DISKS("1", HDD("80.00", "400.000 GB") DISK("/ssd1", "1.000 TB", "0.000 ", "1.400 TB", "2.000 TB", "30.00 %", "ONLINE", "SSD")),
        DISKS("2", DISK("/data1", "1.000 TB", "0.000 ", "1.000 TB", "2.000 TB", "50.00 %", "ONLINE", "HDD")
                   DISK("/ssd1", "1.000 TB", "0.000 ", "1.000 TB", "2.000 TB", "50.00 %", "ONLINE", "SSD")) }, "warning be1", SN, V35 },
    { "a full medium beside an empty one is no skew", CHECK,
      { BACKENDS(BE1 BE2), DISKS("1", HDD("80.00", "400.000 GB") DISK("/ssd1", "1.000 TB", "0.000 ", "1.800 TB", "2.000 TB", "10.00 %", "ONLINE", "SSD")),
        DISKS("2", HDD("80.00", "400.000 GB") DISK("/ssd1", "1.000 TB", "0.000 ", "1.800 TB", "2.000 TB", "10.00 %", "ONLINE", "SSD")) }, "ok", SN, V35 },
    { "skew: with every BE dead nothing is ok", CHECK, { BACKENDS(NODE("1", "be1", "false", "false", "85.00", "85.00", "N/A")) }, "not checked: no_backend", SN, V35 },
    { "skew: not in shared-data", CHECK, { THREE_BE }, "not applicable", SD, V35 },
    { "skew: denied leaves it open", CHECK, { { &srd_probe_backends, "", NULL, SRD_DENIED } }, "not checked: denied", SN, V35 },
    { "skew: a missing column is a matter of version", CHECK,
      { { &srd_probe_backends, "", "BackendId|IP|HeartbeatPort|Alive\n1|be1|9050|true\n", 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_disk_skew_paths
#define TWO(a, b) DISKS("1", DISK("/data1", "1.000 TB", "0.000 ", "301.000 GB", "2.000 TB", a " %", "ONLINE", "HDD") \
                             DISK("/data2", "1.000 TB", "0.000 ", "302.000 GB", "2.000 TB", b " %", "ONLINE", "HDD"))
    { "paths 31 points apart are skewed", CHECK, { ONE_BE, TWO("81.00", "50.00") }, "warning be1 /data1", SN, V35 },
    { "paths 20 points apart are not", CHECK, { ONE_BE, TWO("80.00", "60.00") }, "ok", SN, V35 },
    { "paths below 70 % do not matter", CHECK, { ONE_BE, TWO("70.00", "40.00") }, "ok", SN, V35 },
    { "an empty path was just added", CHECK,
      { ONE_BE, DISKS("1", HDD("81.00", "400.000 GB") DISK("/data2", "0.000 ", "0.000 ", "1.900 TB", "2.000 TB", "5.00 %", "ONLINE", "HDD")) }, "ok", SN, V35 },
    { "paths of different media are not compared", CHECK, { ONE_BE, DISKS("1", HDD("81.00", "400.000 GB") SSD("20.00", "1.600 TB")) }, "ok", SN, V35 },
    { "paths of different backends are not compared", CHECK, { BACKENDS(BE1 BE2), DISKS("1", HDD("81.00", "400.000 GB")), DISKS("2", HDD("20.00", "1.600 TB")) }, "ok", SN, V35 },
    { "two paths with one size and one free space are probably one device", CHECK,
      { ONE_BE, DISKS("1", HDD("50.00", "1.000 TB") DISK("/data2", "0.500 TB", "0.000 ", "1.000 TB", "2.000 TB", "50.00 %", "ONLINE", "HDD")) }, "info be1 /data1", SN, V35 },
    { "paths: not in shared-data", CHECK, { ONE_BE, TWO("81.00", "50.00") }, "not applicable", SD, V35 },
    { "paths: denied leaves it open", CHECK, { ONE_BE, DENIED("1") }, "not checked: denied", SN, V35 },
    { "paths: a missing column is a matter of version", CHECK, { ONE_BE, { &srd_probe_backend_disks, "1", NO_FREE, 0 } }, "not checked: version", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_non_data_usage
#define OTHER(other, free, used) DISKS("1", DISK("/data1", "1.000 TB", other, free, "2.000 TB", used " %", "ONLINE", "HDD"))
    { "410 GB of other things are a warning", CHECK, { ONE_BE, OTHER("410.000 GB", "614.000 GB", "70.00") }, "warning be1 /data1", SN, V35 },
    { "20 % exactly are not", CHECK, { ONE_BE, OTHER("409.600 GB", "614.400 GB", "70.00") }, "ok", SN, V35 },
    { "100 GB of a small disk are not", CHECK, { ONE_BE, DISKS("1", DISK("/data1", "100.000 GB", "100.000 GB", "200.000 GB", "400.000 GB", "50.00 %", "ONLINE", "HDD")) }, "ok", SN, V35 },
    { "other things that alone reach the hard limit are critical", CHECK, { ONE_BE, OTHER("940.000 GB", "60.000 GB", "97.00") }, "critical be1 /data1", SN, V35 },
    { "beside data that reaches it alone they are not", CHECK,
      { ONE_BE, DISKS("1", DISK("/data1", "1.000 TB", "450.000 GB", "60.000 GB", "2.000 TB", "97.00 %", "ONLINE", "HDD")), CONFIG(SET("storage_usage_hard_limit_percent", "70")
        SET("storage_usage_hard_limit_reserve_bytes", "1099511627776")) }, "warning be1 /data1", SN, V35 },
    { "a data cache shrinks by itself and is subtracted", CHECK,
      { BACKENDS(NODE("1", "be1", "true", "false", "60.00", "60.00", "Status: Normal, DiskUsage: 100GB/1TB, MemUsage: 0B/0B")), OTHER("410.000 GB", "614.000 GB", "70.00") }, "ok", SN, V35 },
    { "a disabled cache is nothing to subtract", CHECK,
      { BACKENDS(NODE("1", "be1", "true", "false", "60.00", "60.00", "Status: Disabled")), OTHER("410.000 GB", "614.000 GB", "70.00") }, "warning be1 /data1", SN, V35 },
    { "other: not in shared-data", CHECK, { ONE_BE, OTHER("410.000 GB", "614.000 GB", "70.00") }, "not applicable", SD, V35 },
    { "other: denied leaves it open", CHECK, { ONE_BE, DENIED("1") }, "not checked: denied", SN, V35 },
    { "other: a missing column is a matter of version", CHECK, { ONE_BE, { &srd_probe_backend_disks, "1", NO_FREE, 0 } }, "not checked: version", SN, V35 },
    { "a placeholder has no other usage", CHECK, { ONE_BE, DISKS("1", PLACEHOLDER) }, "not checked: failed", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_recycle_bin
#define BIN(rows) { &srd_probe_recycle_bin, "", "TYPE|NAME|DB_ID|TABLE_ID|PARTITION_ID|DROP_TIME\n" rows, 0 }
    { "an empty bin is fine", CHECK, { BIN("") }, "ok", SN, V40 },
    { "what was dropped an hour ago may stay", CHECK, { BIN("Table|t|1|2|\\N|2026-01-20 01:00:00\n") }, "ok", SN, V40 },
    { "what was dropped 25 hours ago may just stay", CHECK, { BIN("Table|t|1|2|\\N|2026-01-19 01:00:00\n") }, "ok", SN, V40 },
    { "what was dropped longer ago should be gone", CHECK, { BIN("Table|t|1|2|\\N|2026-01-19 00:59:59\n") }, "warning t", SN, V40 },
    { "the cluster's expiry wins", CHECK, { BIN("Table|t|1|2|\\N|2026-01-19 00:59:59\n"), CONFIG(SET("catalog_trash_expire_second", "172800")) }, "ok", SN, V40 },
    { "a bin in use while a disk is over the soft limit is a warning", CHECK,
      { BIN("Table|t|1|2|\\N|2026-01-20 01:00:00\n"), ONE_BE, DISKS("1", HDD("91.00", "180.000 GB")) }, "warning cluster", SN, V40 },
    { "in shared-data local disks do not count", CHECK,
      { BIN("Table|t|1|2|\\N|2026-01-20 01:00:00\n"), ONE_BE, DISKS("1", HDD("91.00", "180.000 GB")) }, "ok", SD, V40 },
    { "a time in the future shows a wrong zone", CHECK, { BIN("Table|t|1|2|\\N|2026-01-20 10:00:00\n") }, "not checked: failed", SN, V40 },
    { "an age that is not known is not ok", CHECK, { BIN("Table|t|1|2|\\N|\\N\n") }, "not checked: failed", SN, V40 },
    { "releases before 4.0 do not show the bin", CHECK, { { &srd_probe_recycle_bin, "", NULL, SRD_VERSION_ABSENT } }, "not checked: version", SN, V35 },
    { "bin: denied leaves it open", CHECK, { { &srd_probe_recycle_bin, "", NULL, SRD_DENIED } }, "not checked: denied", SN, V40 },
    { "bin: a missing column is a matter of version", CHECK, { { &srd_probe_recycle_bin, "", "TYPE|NAME\nTable|t\n", 0 } }, "not checked: version", SN, V40 },
#undef CHECK
    { "the time until a disk is full needs history", &srd_storage_disk_eta, { ONE_BE, DISKS("1", FINE) }, "not checked: needs_history", SN, V35 },
    { "amplification is a matter of shared-data", &srd_storage_lake_amplification, { ONE_BE }, "not applicable", SN, V35 },
    { "amplification needs history", &srd_storage_lake_amplification, { ONE_BE }, "not checked: needs_history", SD, V35 },
    { "a stalled vacuum needs history", &srd_storage_lake_vacuum_stalled, { ONE_BE }, "not checked: needs_history", SD, V35 },
    { "a failing vacuum needs two samples", &srd_storage_lake_vacuum_fails, { ONE_BE }, "not checked: needs_history", SD, V35 },
    { "throttling needs logs", &srd_storage_lake_throttled, { ONE_BE }, "not checked: needs_history", SD, V35 },
    { "an unreachable store needs logs", &srd_storage_lake_unreachable, { ONE_BE }, "not checked: needs_history", SD, V35 },
    { "a missing file needs logs", &srd_storage_lake_file_missing, { ONE_BE }, "not checked: needs_history", SD, V35 },
    { "the unique model needs the audit log", &srd_storage_unique_model, { ONE_BE }, "not checked: needs_history", SN, V35 },
};
/* clang-format on */

static void a_finding_has_numbers_fields_and_rows(void **state)
{
    static const struct srd_answer_text answers[] = {
        BACKENDS(BE1 BE2), DISKS("1", FINE), DISKS("2", HDD("96.52", "71.300 GB")), { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_result r = judge(arena, &srd_storage_disk_hard_limit, answers);
    const struct srd_finding *f;

    (void)state;
    assert_int_equal(r.finding_count, 1);
    f = r.findings[0];
    assert_string_equal(f->message, "be2 /data1 is 96.5 % full, 71.30 GB left");
    assert_string_equal(f->subject.kind, "disk");
    assert_true(f->value > 96.51 && f->value < 96.53 && f->limit.value > 94.99);
    assert_string_equal(f->limit.source, "default of storage_usage_hard_limit_percent");
    assert_true(r.share > 0.49 && r.share < 0.51);
    assert_string_equal(field(f, "backend"), "be2");
    assert_string_equal(field(f, "backend_id"), "2");
    assert_string_equal(field(f, "path"), "/data1");
    assert_string_equal(field(f, "available"), "71.300 GB");
    assert_ptr_equal(f->probe, &srd_probe_backend_disks);
    assert_int_equal(f->table_row_count, 1);
}

static void quiet_checks_say_what_they_measured(void **state)
{
    static const struct srd_answer_text answers[] = { BACKENDS(NODE("1", "be1", "true", "false",
                                                                    "63.40", "63.40", "N/A") BE2),
                                                      DISKS("1", HDD("63.40", "700.000 GB")),
                                                      DISKS("2", FINE),
                                                      { 0 } };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    (void)state;
    assert_string_equal(judge(arena, &srd_storage_disk_skew_backends, answers).measured,
                        "fullest and emptiest BE differ by 3.4 points");
    assert_string_equal(judge(arena, &srd_storage_disk_hard_limit, answers).measured,
                        "the fullest of 2 disks, be1 /data1 is 63.4 % full, 700.00 GB left");
    assert_string_equal(judge(arena, &srd_storage_non_data_usage, answers).measured,
                        "other software and logs hold at most 1.00 GB of a disk, on be1 /data1");
}

/* Where no node says it itself the fullest of many are asked for, living ones first. */
static void the_fullest_backends_are_picked(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_new(arena);
    static const char *const names[] = { "BackendId", "IP", "Alive", "MaxDiskUsedPct" };
    struct srd_table *t = srd_table_new(arena, names, 4);
    struct srd_keys keys = { .arena = arena, .max = srd_probe_backend_disks.max_keys };
    struct srd_error err;

    (void)state;
    for (int i = 0; i < 200; i++) {
        const char *cells[] = { srd_arena_printf(arena, "%d", 10000 + i), "h",
                                i == 199 ? "false" : "true",
                                i == 7   ? NULL
                                : i == 3 ? "N/A"
                                         : srd_arena_printf(arena, "%d.00 %%", i / 2) };
        assert_int_equal(srd_table_add(t, cells, NULL, 4, &err), 0);
    }
    srd_evidence_add(ev, &(struct srd_answer){
                             .probe = &srd_probe_backends, .node = "", .key = "", .table = t });
    srd_probe_backend_disks.pick(ev, &keys);
    assert_int_equal(keys.count, 6);
    assert_int_equal(keys.left_out, 194);
    /* those without a figure may be the fullest */
    assert_string_equal(keys.keys[0].values[0], "10003");
    assert_string_equal(keys.keys[1].values[0], "10007");
    assert_string_equal(keys.keys[2].values[0], "10198");
    for (size_t i = 0; i < keys.count; i++) /* is dead, though the fullest */
        assert_string_not_equal(keys.keys[i].values[0], "10199");
}

enum { BACKEND, ID, PATH, STATE, MEDIUM, TOTAL, AVAILABLE, USED, DATA, OTHER_BYTES, TABLETS };

static void the_view_lists_the_fullest_first(void **state)
{
    static const struct srd_answer_text answers[] = {
        BACKENDS(BE1 BE2 NODE("3", "be3", "false", "false", "0.00", "0.00", "N/A")),
        { &srd_probe_compute_nodes, "", "ComputeNodeId|IP|HeartbeatPort|Alive\n", 0 },
        DISKS("1", FINE),
        DISKS("2", HDD("96.52", "71.300 GB")),
        DISKS("3", FINE),
        { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *view = fill(arena, &srd_storage_view_disks, SN, NULL, answers);

    (void)state;
    assert_int_equal(view->count, 3);
    assert_string_equal(srd_rows_value(view, 0, BACKEND)->text, "be2");
    assert_true(srd_rows_value(view, 0, USED)->number > 96.5);
    assert_string_equal(srd_rows_value(view, 2, STATE)->text, "BE is dead");
    assert_false(srd_rows_value(view, 2, USED)->present);
    assert_string_equal(view->summary,
                        "3 disks on 3 backends. storage.disk-hard-limit: be2 /data1");
    assert_int_equal(view->note_count, 1);
}

static void the_view_of_shared_data_shows_the_cache(void **state)
{
    static const struct srd_answer_text answers[] = {
        BACKENDS(""),
        { &srd_probe_compute_nodes, "",
          "ComputeNodeId|IP|HeartbeatPort|Alive\n10|cn1|9050|true\n11|cn2|9050|false\n", 0 },
        { &srd_probe_data_cache, "",
          "BE_ID|STATUS|DISK_QUOTA_BYTES|DISK_USED_BYTES|DIR_SPACES\n"
          "10|Normal|1000|250|[{\"path\":\"/c1\",\"quota_bytes\":500},{\"path\":\"/c2\",\"quota_"
          "bytes\":500}]\n",
          0 },
        { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *view = fill(arena, &srd_storage_view_disks, SD, NULL, answers);

    (void)state;
    assert_int_equal(view->count, 2);
    assert_string_equal(srd_rows_value(view, 0, PATH)->text, "/c1, /c2");
    assert_true(srd_rows_value(view, 0, USED)->number > 24.9);
    assert_string_equal(srd_rows_value(view, 1, STATE)->text, "CN is dead");
    assert_false(srd_rows_value(view, 1, TOTAL)->present);
    assert_string_equal(view->summary, "data cache of 2 compute nodes");
    assert_int_equal(view->note_count, 1);
}

static const struct CMUnitTest single[] = {
    { "a finding has numbers, fields and rows", a_finding_has_numbers_fields_and_rows, NULL, NULL,
      NULL },
    { "quiet checks say what they measured", quiet_checks_say_what_they_measured, NULL, NULL,
      NULL },
    { "the fullest backends are picked", the_fullest_backends_are_picked, NULL, NULL, NULL },
    { "the view lists the fullest disk first", the_view_lists_the_fullest_first, NULL, NULL, NULL },
    { "the view of shared-data shows the cache", the_view_of_shared_data_shows_the_cache, NULL,
      NULL, NULL },
};

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("storage disks", tests, NULL, NULL);
}
