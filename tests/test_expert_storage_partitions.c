/* When are partitions too many, too large, too old, or not there when they are needed? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "experts/storage/partition_value.h"
#include "lib/base/clock.h"
#include "tests/storage_rows.h"

/* What is tested here; the expert lists them beside their records. */
extern const struct srd_check srd_storage_dynamic_partition_error,
    srd_storage_dynamic_partition_horizon, srd_storage_no_retention, srd_storage_partition_count,
    srd_storage_partition_data_skew, srd_storage_partition_empty, srd_storage_partition_too_large,
    srd_storage_temp_partition_leftover, srd_storage_unpartitioned_large;

/* clang-format off */
#define NO_COLUMNS RAW(srd_probe_table_sizes, "DB_NAME|TABLE_NAME|PARTITIONS\nd|t|1\n")
#define NO_TABLE_DENIED SIZES("")
#define LIMIT(n) CONFIG(SET("max_partition_number_per_table", n))
#define PK "TABLE_MODEL=PRIMARY_KEYS|"
#define FLAT "PARTITION_KEY=|NEWEST_VALUE=|OLDEST_VALUE=|"
#define MV "TABLE_ENGINE=MATERIALIZED_VIEW|"
#define LAKE_MV "TABLE_ENGINE=CLOUD_NATIVE_MATERIALIZED_VIEW|"
#define SET_TO(property) "PROPERTIES={\"replication_num\":\"3\",\"replicated_storage\":\"true\"," property "}|"
#define SINCE(day, next) "OLDEST_PARTITION=p1|OLDEST_VALUE=" DAY_RANGE(day, next) "|"
#define MONTHLY "NEWEST_VALUE=" DAY_RANGE("2026-01-01", "2026-02-01") "|"
#define NO_CLOCK DENIED(srd_probe_clock)
#define NEW_YORK RAW(srd_probe_clock, "UNIX_TIME|SYSTEM_ZONE|GLOBAL_ZONE\n1768874400|Etc/UTC|America/New_York\n")

/* What the owner wants, as the properties of the table say. */
#define WANTS_IN(zone, unit, end) "PROPERTIES={\"dynamic_partition.enable\":\"true\",\"dynamic_partition.time_zone\":\"" zone \
    "\",\"dynamic_partition.time_unit\":\"" unit "\",\"dynamic_partition.end\":\"" end "\"}"
#define WANTS(unit, end) WANTS_IN("Etc/UTC", unit, end)
#define SUMMER WANTS_IN("America/New_York", "DAY", "4")
#define OFF "PROPERTIES={\"dynamic_partition.enable\":\"false\"}"
#define SHOW_HEAD "TableName|Enable|TimeUnit|Start|End|StartOf|LastUpdateTime|LastSchedulerTime|State|" \
                  "LastCreatePartitionMsg|LastDropPartitionMsg|InScheduler\n"
#define SHOW_DB(db, rows) { &srd_probe_dynamic_partitions, db, SHOW_HEAD rows, 0 }
#define SHOW(rows) SHOW_DB("dwd", rows)
#define UNIT(name, unit, end) \
    name "|true|" unit "|-3|" end "|NULL|2026-01-20 01:55:00|2026-01-20 01:55:00|NORMAL|NULL|NULL|true\n"
#define DAILY(end) UNIT("t", "DAY", end)
#define STATE_OF(enable, state, message, in) \
    "t|" enable "|DAY|-3|3|NULL|2026-01-20 01:55:00|2026-01-20 01:55:00|" state "|" message "|NULL|" in "\n"
#define RAN(updated, scheduled, message) \
    "t|true|DAY|-3|3|NULL|" updated "|" scheduled "|NORMAL|" message "|NULL|true\n"
#define REACHES(day, next) DYNAMIC("dwd|t|NEWEST_VALUE=" DAY_RANGE(day, next) "\n")
#define ZONED(zone, day, next) DYNAMIC("dwd|t|PROPERTIES={\"dynamic_partition.enable\":\"true\"" zone "}|NEWEST_VALUE=" DAY_RANGE(day, next) "\n")
#define HOUR_TO(to) DYNAMIC("dwd|t|NEWEST_VALUE=[types: [DATETIME]; keys: [2026-01-20 00:00:00]; ..types: [DATETIME]; keys: [" to "]; )\n")
#define MONTH_TO(day) REACHES("2026-01-01", day)

static const struct row rows[] = {
#define CHECK &srd_storage_partition_count
    { "20,001 partitions are many", CHECK, { SIZES("dwd|t|PARTITIONS=20001\n"), LIMIT("100000") }, "warning dwd.t", SN, V35 },
    { "20,000 are not", CHECK, { SIZES("dwd|t|PARTITIONS=20000\n"), LIMIT("100000") }, "ok", SN, V35 },
    { "70 % of the cluster's limit are enough", CHECK, { SIZES("dwd|t|PARTITIONS=701\n"), LIMIT("1000") }, "warning dwd.t", SN, V35 },
    { "70 % exactly are not", CHECK, { SIZES("dwd|t|PARTITIONS=700\n"), LIMIT("1000") }, "ok", SN, V35 },
    { "95 % of the cluster's limit are critical", CHECK, { SIZES("dwd|t|PARTITIONS=950\n"), LIMIT("1000") }, "critical dwd.t", SN, V35 },
    { "a little less is a warning", CHECK, { SIZES("dwd|t|PARTITIONS=949\n"), LIMIT("1000") }, "warning dwd.t", SN, V35 },
    { "a release without the limit has none", CHECK, { SIZES("dwd|t|PARTITIONS=99999\n"), CONFIG(SET("other", "1")) }, "warning dwd.t", SN, V35 },
    { "the old name of the limit counts", CHECK, { SIZES("dwd|t|PARTITIONS=950\n"),
      CONFIG("max_partitions|[max_partition_number_per_table]|1000|long|true|\n") }, "critical dwd.t", SN, V35 },
    { "a limit of 0 is none", CHECK, { SIZES("dwd|t|PARTITIONS=5\n"), LIMIT("0") }, "ok", SN, V35 },
    { "a table with few does not hide one with many", CHECK, { SIZES("dwd|a|\ndwd||\ndwd|t|PARTITIONS=20001\n"), LIMIT("100000") }, "warning dwd.t", SN, V35 },
    { "500,001 in all are many", CHECK, { SIZES("||PARTITIONS=500001\ndwd|t|\n"), LIMIT("100000") }, "warning all tables", SN, V35 },
    { "500,000 in all are not", CHECK, { SIZES("||PARTITIONS=500000\ndwd|t|\n"), LIMIT("100000") }, "ok", SN, V35 },
    { "a database is no table", CHECK, { SIZES("dwd||PARTITIONS=90000\n"), LIMIT("100000") }, "ok", SN, V35 },
    { "without the configuration only the catalogue speaks", CHECK, { SIZES("dwd|t|PARTITIONS=20001\n"), DENIED(srd_probe_fe_config) },
      "warning dwd.t\nnot checked: denied", SN, V35 },
    { "and nothing is ok", CHECK, { SIZES("dwd|t|\n"), DENIED(srd_probe_fe_config) }, "not checked: denied", SN, V35 },
    { "count: denied leaves it open", CHECK, { DENIED(srd_probe_table_sizes), LIMIT("1") }, "not checked: denied", SN, V35 },
    { "count: a missing column is a matter of version", CHECK, { NO_COLUMNS, LIMIT("1") }, "not checked: version", SN, V35 },
    { "count: names are whatever they are", CHECK, { SIZES("we`ird|名字|PARTITIONS=20001\n"), LIMIT("100000") }, "warning we`ird.名字", SN, V35 },
    { "count: in shared-data it is the same", CHECK, { SIZES("dwd|t|PARTITIONS=20001\n"), LIMIT("100000") }, "warning dwd.t", SD, V35 },
    { "count: an account that sees no table knows nothing", CHECK, { NO_TABLE_DENIED, LIMIT("1") }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_partition_empty
#define EMPTY(all, empty, buckets) "PARTITIONS=" all "|EMPTY_PARTITIONS=" empty "|EMPTY_BUCKETS=" buckets "\n"
    { "101 empty ones of 300 are told", CHECK, { SIZES("dwd|t|" EMPTY("300", "101", "3")) }, "info dwd.t", SN, V35 },
    { "100 are not", CHECK, { SIZES("dwd|t|" EMPTY("100", "100", "30")) }, "ok", SN, V35 },
    { "30 % exactly are not", CHECK, { SIZES("dwd|t|" EMPTY("1000", "300", "30")) }, "ok", SN, V35 },
    { "1,001 of 1,400 with 10 buckets are a warning", CHECK, { SIZES("dwd|t|" EMPTY("1400", "1001", "10")) }, "warning dwd.t", SN, V35 },
    { "with 9 buckets they are told", CHECK, { SIZES("dwd|t|" EMPTY("1400", "1001", "9")) }, "info dwd.t", SN, V35 },
    { "1,000 are told", CHECK, { SIZES("dwd|t|" EMPTY("1400", "1000", "10")) }, "info dwd.t", SN, V35 },
    { "70 % exactly are told", CHECK, { SIZES("dwd|t|" EMPTY("2000", "1400", "10")) }, "info dwd.t", SN, V35 },
    { "a loaded table does not hide an empty one", CHECK, { SIZES("dwd|a|\ndwd||\ndwd|t|" EMPTY("300", "101", "3")) }, "info dwd.t", SN, V35 },
    { "empty: internal tables are left out", CHECK, { SIZES("_statistics_|t|" EMPTY("1400", "1400", "10")) }, "ok", SN, V35 },
    { "empty: denied leaves it open", CHECK, { DENIED(srd_probe_table_sizes) }, "not checked: denied", SN, V35 },
    { "empty: a missing column is a matter of version", CHECK, { NO_COLUMNS }, "not checked: version", SN, V35 },
    { "empty: names are whatever they are", CHECK, { SIZES("we`ird|名字|" EMPTY("1400", "1400", "10")) }, "warning we`ird.名字", SN, V35 },
    { "empty: an account that sees no table knows nothing", CHECK, { NO_TABLE_DENIED }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_partition_too_large
    { "a partition above 100 GiB is told", CHECK, { SIZES("dwd|t|LARGEST_PARTITION=p7|MAX_PARTITION=107374182401\n") }, "info dwd.t/p7", SN, V35 },
    { "100 GiB exactly are not", CHECK, { SIZES("dwd|t|MAX_PARTITION=" GIB_100 "\n") }, "ok", SN, V35 },
    { "above 1 TiB it is a warning", CHECK, { SIZES("dwd|t|LARGEST_PARTITION=p7|MAX_PARTITION=1099511627777\n") }, "warning dwd.t/p7", SN, V35 },
    { "1 TiB exactly is told", CHECK, { SIZES("dwd|t|LARGEST_PARTITION=p7|MAX_PARTITION=" TIB_1 "\n") }, "info dwd.t/p7", SN, V35 },
    { "20,001 tablets are a warning", CHECK, { SIZES("dwd|t|MOST_BUCKETS=p3|MAX_BUCKETS=20001\n") }, "warning dwd.t/p3", SN, V35 },
    { "20,000 are not", CHECK, { SIZES("dwd|t|MOST_BUCKETS=p3|MAX_BUCKETS=20000\n") }, "ok", SN, V35 },
    { "a table without partitions is told elsewhere", CHECK, { SIZES("dwd|t|" FLAT "MAX_PARTITION=1099511627777\n") }, "ok", SN, V35 },
    { "but not one with a primary key above 1 TiB", CHECK, { SIZES("dwd|t|" FLAT PK "MAX_PARTITION=1099511627777\n") }, "warning dwd.t/p10", SN, V35 },
    { "nor a materialized view", CHECK, { SIZES("dwd|t|" FLAT MV "MAX_PARTITION=107374182401\n") }, "info dwd.t/p10", SN, V35 },
    { "a small table does not hide a large one", CHECK, { SIZES("dwd|a|\ndwd||\ndwd|t|MAX_PARTITION=107374182401\n") }, "info dwd.t/p10", SN, V35 },
    { "large: internal tables are left out", CHECK, { SIZES("_statistics_|t|MAX_PARTITION=1099511627777|MAX_BUCKETS=20001\n") }, "ok", SN, V35 },
    { "large: the rows that add up are left out", CHECK, { SIZES("dwd||MAX_PARTITION=1099511627777|MAX_BUCKETS=20001\n||MAX_PARTITION=1099511627777\n") }, "ok", SN, V35 },
    { "large: denied leaves it open", CHECK, { DENIED(srd_probe_table_sizes) }, "not checked: denied", SN, V35 },
    { "large: a missing column is a matter of version", CHECK, { NO_COLUMNS }, "not checked: version", SN, V35 },
    { "large: names are whatever they are", CHECK, { SIZES("we`ird|名字|LARGEST_PARTITION=p`|MAX_PARTITION=1099511627777\n") }, "warning we`ird.名字/p`", SN, V35 },
    { "large: in shared-data it is the same", CHECK, { SIZES("dwd|t|MAX_PARTITION=1099511627777\n") }, "warning dwd.t/p10", SD, V35 },
    { "large: an account that sees no table knows nothing", CHECK, { NO_TABLE_DENIED }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_unpartitioned_large
    { "a table without partitions above 50 GiB is told", CHECK, { SIZES("dwd|t|" FLAT "COPY_BYTES=53687091201\n") }, "info dwd.t", SN, V35 },
    { "50 GiB exactly are not", CHECK, { SIZES("dwd|t|" FLAT "COPY_BYTES=" GIB_50 "\n") }, "ok", SN, V35 },
    { "above 200 GiB it is a warning", CHECK, { SIZES("dwd|t|" FLAT "COPY_BYTES=214748364801\n") }, "warning dwd.t", SN, V35 },
    { "200 GiB exactly are told", CHECK, { SIZES("dwd|t|" FLAT "COPY_BYTES=" GIB_200 "\n") }, "info dwd.t", SN, V35 },
    { "a primary key table is told", CHECK, { SIZES("dwd|t|" FLAT PK "COPY_BYTES=" TIB_1 "\n") }, "info dwd.t", SN, V35 },
    { "also by its other name", CHECK, { SIZES("dwd|t|" FLAT "TABLE_MODEL=PRI_KEYS|COPY_BYTES=" TIB_1 "\n") }, "info dwd.t", SN, V35 },
    { "a table with partitions may be large", CHECK, { SIZES("dwd|t|COPY_BYTES=" TIB_1 "\n") }, "ok", SN, V35 },
    { "list partitions without a key are partitions", CHECK, { SIZES("dwd|t|PARTITION_KEY=|NEWEST_VALUE=[[\"cn\"]]|COPY_BYTES=" TIB_1 "\n") }, "ok", SN, V35 },
    { "a partition key without partitions is one", CHECK, { SIZES("dwd|t|NEWEST_VALUE=|COPY_BYTES=" TIB_1 "\n") }, "ok", SN, V35 },
    { "a materialized view is left out", CHECK, { SIZES("dwd|t|" FLAT MV "COPY_BYTES=" TIB_1 "\n") }, "ok", SN, V35 },
    { "also in shared-data", CHECK, { SIZES("dwd|t|" FLAT LAKE_MV "COPY_BYTES=" TIB_1 "\n") }, "ok", SD, V35 },
    { "a lake table is not", CHECK, { SIZES("dwd|t|" FLAT "TABLE_ENGINE=CLOUD_NATIVE|COPY_BYTES=" TIB_1 "\n") }, "warning dwd.t", SD, V35 },
    { "a table whose definition is not known is left out", CHECK, { SIZES("dwd|t|" FLAT "TABLE_ENGINE=\\N|COPY_BYTES=" TIB_1 "\n") }, "ok", SN, V35 },
    { "a partitioned table does not hide a flat one", CHECK, { SIZES("dwd|a|\ndwd|b|" FLAT "\ndwd|t|" FLAT "COPY_BYTES=53687091201\n") }, "info dwd.t", SN, V35 },
    { "flat: internal tables are left out", CHECK, { SIZES("_statistics_|t|" FLAT "COPY_BYTES=" TIB_1 "\n") }, "ok", SN, V35 },
    { "flat: denied leaves it open", CHECK, { DENIED(srd_probe_table_sizes) }, "not checked: denied", SN, V35 },
    { "flat: a missing column is a matter of version", CHECK, { NO_COLUMNS }, "not checked: version", SN, V35 },
    { "flat: names are whatever they are", CHECK, { SIZES("we`ird|名字|" FLAT "COPY_BYTES=" TIB_1 "\n") }, "warning we`ird.名字", SN, V35 },
    { "flat: an account that sees no table knows nothing", CHECK, { NO_TABLE_DENIED }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_partition_data_skew
#define MEDIAN(median, most) "FILLED_PARTITIONS=8|LARGEST_CLOSED=p7|MEDIAN_PARTITION=" median "|MAX_CLOSED=" most "\n"
    { "more than 10 times the median and 10 GiB is told", CHECK, { SIZES("dwd|t|" MEDIAN("1000", "10737418241")) }, "info dwd.t/p7", SN, V35 },
    { "10 GiB exactly are not", CHECK, { SIZES("dwd|t|" MEDIAN("1000", GIB_10)) }, "ok", SN, V35 },
    { "10 times exactly are not", CHECK, { SIZES("dwd|t|" MEDIAN(GIB_5, GIB_50)) }, "ok", SN, V35 },
    { "more than 50 times and 100 GiB is a warning", CHECK, { SIZES("dwd|t|" MEDIAN("2147483648", "107374182401")) }, "warning dwd.t/p7", SN, V35 },
    { "50 times exactly is told", CHECK, { SIZES("dwd|t|" MEDIAN("4294967296", GIB_200)) }, "info dwd.t/p7", SN, V35 },
    { "100 GiB exactly are told", CHECK, { SIZES("dwd|t|" MEDIAN(GIB_1, GIB_100)) }, "info dwd.t/p7", SN, V35 },
    { "7 partitions with data are too few", CHECK, { SIZES("dwd|t|PARTITIONS=90|FILLED_PARTITIONS=7|MEDIAN_PARTITION=1|MAX_CLOSED=" TIB_1 "\n") }, "ok", SN, V35 },
    { "a table without data has no median", CHECK, { SIZES("dwd|t|MEDIAN_PARTITION=\\N|MAX_CLOSED=" TIB_1 "\n") }, "ok", SN, V35 },
    { "what collects the rest by design is left out in SQL", CHECK, { SIZES("dwd|t|FILLED_PARTITIONS=9|MEDIAN_PARTITION=1|MAX_PARTITION=" TIB_1 "|MAX_CLOSED=1\n") }, "ok", SN, V35 },
    { "an even table does not hide an uneven one", CHECK, { SIZES("dwd|a|\ndwd|b|" MEDIAN("3221225472", "12884901888") "dwd|t|" MEDIAN("1", TIB_1)) }, "warning dwd.t/p7", SN, V35 },
    { "data skew: internal tables are left out", CHECK, { SIZES("sys|t|" MEDIAN("1", TIB_1)) }, "ok", SN, V35 },
    { "data skew: denied leaves it open", CHECK, { DENIED(srd_probe_table_sizes) }, "not checked: denied", SN, V35 },
    { "data skew: a missing column is a matter of version", CHECK, { NO_COLUMNS }, "not checked: version", SN, V35 },
    { "data skew: names are whatever they are", CHECK, { SIZES("we`ird|名字|" MEDIAN("1", TIB_1)) }, "warning we`ird.名字/p7", SN, V35 },
    { "data skew: an account that sees no table knows nothing", CHECK, { NO_TABLE_DENIED }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_temp_partition_leftover
#define TEMP(time, size) "IS_TEMP=1|VISIBLE_VERSION_TIME=" time "|BYTES=" size "\n"
    { "not written for more than a day and above 1 GiB is a warning", CHECK, { PARTS("dwd|t|tp|" TEMP("2026-01-19 01:59:59", "1073741825")) }, "warning dwd.t/tp", SN, V35 },
    { "a day exactly is told", CHECK, { PARTS("dwd|t|tp|" TEMP("2026-01-19 02:00:00", "1073741825")) }, "info dwd.t/tp", SN, V35 },
    { "1 GiB exactly is told", CHECK, { PARTS("dwd|t|tp|" TEMP("2026-01-10 02:00:00", GIB_1)) }, "info dwd.t/tp", SN, V35 },
    { "a job that runs is told", CHECK, { PARTS("dwd|t|tp|" TEMP("2026-01-20 01:59:00", TIB_1)) }, "info dwd.t/tp", SN, V35 },
    { "one whose age is not known is told", CHECK, { PARTS("dwd|t|tp|" TEMP("\\N", TIB_1)) }, "info dwd.t/tp", SN, V35 },
    { "and with an unknown clock too", CHECK, { NO_CLOCK, PARTS("dwd|t|tp|" TEMP("2026-01-10 02:00:00", TIB_1)) }, "info dwd.t/tp", SN, V35 },
    { "an old one speaks for its table, also beside larger ones", CHECK,
      { PARTS("dwd|t|tp1|" TEMP("2026-01-20 01:00:00", TIB_1) "dwd|t|tp2|" TEMP("2026-01-18 01:00:00", GIB_10) "dwd|t|tp3|" TEMP("2026-01-10 01:00:00", "1")) },
      "warning dwd.t/tp2", SN, V35 },
    { "of old ones the larger speaks", CHECK,
      { PARTS("dwd|t|tp1|" TEMP("2026-01-18 01:00:00", GIB_10) "dwd|t|tp2|" TEMP("2026-01-18 01:00:00", GIB_50) "dwd|t|tp3|" TEMP("2026-01-18 01:00:00", GIB_20)) }, "warning dwd.t/tp2", SN, V35 },
    { "of new ones the larger speaks", CHECK,
      { PARTS("dwd|t|tp1|" TEMP("2026-01-20 01:00:00", GIB_10) "dwd|t|tp2|" TEMP("2026-01-20 01:00:00", GIB_50) "dwd|t|tp3|" TEMP("2026-01-20 01:00:00", GIB_20)) }, "info dwd.t/tp2", SN, V35 },
    { "of equal ones the first speaks", CHECK,
      { PARTS("dwd|t|tp1|" TEMP("2026-01-20 01:00:00", GIB_10) "dwd|t|tp2|" TEMP("2026-01-20 01:00:00", GIB_10)) }, "info dwd.t/tp1", SN, V35 },
    { "an old one is not outdone by a larger new one", CHECK,
      { PARTS("dwd|t|tp1|" TEMP("2026-01-18 01:00:00", GIB_10) "dwd|t|tp2|" TEMP("2026-01-20 01:00:00", GIB_50)) }, "warning dwd.t/tp1", SN, V35 },
    { "partitions of its table and other tables do not hide it", CHECK,
      { PARTS("dwd|a|p|IS_TEMP=0\ndwd|t|p|IS_TEMP=0\ndwd|t|tp1|" TEMP("2026-01-18 01:00:00", GIB_10)) }, "warning dwd.t/tp1", SN, V35 },
    { "partitions that are not temporary are fine", CHECK, { PARTS("dwd|t|p|VISIBLE_VERSION_TIME=2025-01-01 00:00:00|IS_TEMP=0\n") }, "ok", SN, V35 },
    { "a temporary one that waits for a version is counted by its size alone", CHECK, { PARTS("dwd|t|p|KIND=gap|IS_TEMP=1|VISIBLE_VERSION_TIME=2025-01-01 00:00:00\n") }, "ok", SN, V35 },
    { "temp: denied leaves it open", CHECK, { DENIED(srd_probe_partitions) }, "not checked: denied", SN, V35 },
    { "temp: a missing column is a matter of version", CHECK,
      { RAW(srd_probe_partitions, "DB_NAME|TABLE_NAME|PARTITION_NAME|IS_TEMP\nd|t|p|1\n") }, "not checked: version", SN, V35 },
    { "temp: names are whatever they are", CHECK, { PARTS("we`ird|名字|p`|" TEMP("2026-01-10 01:00:00", TIB_1)) }, "warning we`ird.名字/p`", SN, V35 },
    { "temp: in shared-data it is the same", CHECK, { PARTS("dwd|t|tp|" TEMP("2026-01-10 01:00:00", TIB_1)) }, "warning dwd.t/tp", SD, V35 },
    { "temp: an account that sees no table knows nothing", CHECK, { PARTS(""), NO_TABLE_DENIED }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_no_retention
    { "365 daily partitions without retention are told", CHECK, { SIZES("dwd|events|PARTITIONS=365\n") }, "info dwd.events", SN, V35 },
    { "364 are not", CHECK, { SIZES("dwd|events|PARTITIONS=364\n") }, "ok", SN, V35 },
    { "data that ended more than two years ago is", CHECK, { SIZES("dwd|events|" SINCE("2024-01-18", "2024-01-19") "\n") }, "info dwd.events", SN, V35 },
    { "two years are not", CHECK, { SIZES("dwd|events|" SINCE("2024-01-20", "2024-01-21") "\n") }, "ok", SN, V35 },
    { "years may be three partitions", CHECK, { SIZES("dwd|events|PARTITIONS=3|" SINCE("2022-01-01", "2023-01-01") "\n") }, "info dwd.events", SN, V35 },
    { "hours are not days", CHECK,
      { SIZES("dwd|events|PARTITIONS=900|NEWEST_VALUE=[types: [DATETIME]; keys: [2026-01-20 01:00:00]; ..types: [DATETIME]; keys: [2026-01-20 02:00:00]; )\n") }, "ok", SN, V35 },
    { "a range from year 0 ends somewhere", CHECK, { SIZES("dwd|events|" SINCE("0000-01-01", "2020-01-01") "\n") }, "info dwd.events", SN, V35 },
    { "partition_live_number is a retention", CHECK, { SIZES("dwd|events|PARTITIONS=900|" SET_TO("\"partition_live_number\":\"900\"") "\n") }, "ok", SN, V35 },
    { "partition_ttl is one", CHECK, { SIZES("dwd|events|PARTITIONS=900|" SET_TO("\"partition_ttl\":\"900 DAY\"") "\n") }, "ok", SN, V35 },
    { "partition_retention_condition is one", CHECK, { SIZES("dwd|events|PARTITIONS=900|" SET_TO("\"partition_retention_condition\":\"dt > 1\"") "\n") }, "ok", SN, V35 },
    { "a start of dynamic partitions is one", CHECK,
      { SIZES("dwd|events|PARTITIONS=900|" SET_TO("\"dynamic_partition.enable\":\"true\",\"dynamic_partition.start\":\"-900\"") "\n") }, "ok", SN, V35 },
    { "an endless start is none", CHECK,
      { SIZES("dwd|events|PARTITIONS=900|" SET_TO("\"dynamic_partition.enable\":\"true\",\"dynamic_partition.start\":\"-2147483648\"") "\n") }, "info dwd.events", SN, V35 },
    { "dynamic partitions that are switched off expire nothing", CHECK,
      { SIZES("dwd|events|PARTITIONS=900|" SET_TO("\"dynamic_partition.enable\":\"false\",\"dynamic_partition.start\":\"-9\"") "\n") }, "info dwd.events", SN, V35 },
    { "numbers that read as days are days", CHECK,
      { SIZES("dwd|events|PARTITIONS=900|OLDEST_VALUE=[types: [INT]; keys: [20230101]; ..types: [INT]; keys: [20230102]; )\n") }, "info dwd.events", SN, V35 },
    { "other numbers are not", CHECK,
      { SIZES("dwd|events|PARTITIONS=900|OLDEST_VALUE=[types: [INT]; keys: [100]; ..types: [INT]; keys: [200]; )\n") }, "ok", SN, V35 },
    { "a list of days is partitioned by time", CHECK, { SIZES("dwd|events|PARTITIONS=900|OLDEST_VALUE=[[\"2023-01-01\"]]|NEWEST_VALUE=[[\"2026-01-20\"]]\n") }, "info dwd.events", SN, V35 },
    { "a list of cities is not", CHECK, { SIZES("dwd|events|PARTITIONS=900|OLDEST_VALUE=[[\"beijing\"]]|NEWEST_VALUE=[[\"paris\"]]\n") }, "ok", SN, V35 },
    { "a list whose values are not told is not", CHECK, { SIZES("dwd|events|PARTITIONS=900|OLDEST_VALUE=|NEWEST_VALUE=\n") }, "ok", SN, V35 },
    { "tables that are not partitioned by time do not hide one that is", CHECK,
      { SIZES("dwd|a|OLDEST_VALUE=\ndwd|b|PARTITIONS=3\ndwd|mv|" MV "\ndwd|events|PARTITIONS=365\n") }, "info dwd.events", SN, V35 },
    { "20 hours are no hour", CHECK,
      { SIZES("dwd|events|PARTITIONS=900|NEWEST_VALUE=[types: [DATETIME]; keys: [2026-01-20 00:00:00]; ..types: [DATETIME]; keys: [2026-01-20 20:00:00]; )\n") }, "info dwd.events", SN, V35 },
    { "a grain that is not known counts as days", CHECK, { SIZES("dwd|events|PARTITIONS=365|NEWEST_VALUE=odd|" SINCE("0000-01-01", "2025-12-01") "\n") }, "info dwd.events", SN, V35 },
    { "hours of three years are old", CHECK,
      { SIZES("dwd|events|PARTITIONS=9|" SINCE("2023-01-01", "2023-01-02") "NEWEST_VALUE=[types: [DATETIME]; keys: [2026-01-20 01:00:00]; ..types: [DATETIME]; keys: [2026-01-20 02:00:00]; )\n") }, "info dwd.events", SN, V35 },
    { "materialized views follow their tables", CHECK, { SIZES("dwd|events|PARTITIONS=900|" MV "\ndwd|e2|PARTITIONS=900|" LAKE_MV "\n") }, "ok", SN, V35 },
    { "retention: internal tables are left out", CHECK, { SIZES("_statistics_|events|PARTITIONS=900\n") }, "ok", SN, V35 },
    { "properties that cannot be read leave it open", CHECK, { SIZES("dwd|events|PARTITIONS=900|PROPERTIES=\\N\n") }, "not checked: skipped", SN, V35 },
    { "before 3.3 the properties do not tell", CHECK, { SIZES("dwd|events|PARTITIONS=900|PROPERTIES={\"replication_num\":\"3\"}\n") }, "not checked: skipped", SN, 30209 },
    { "then the definition does", CHECK, { SIZES("dwd|events|PARTITIONS=900|PROPERTIES={\"replication_num\":\"3\"}\n"),
      { &srd_probe_table_ddl, "dwd/events", "Table|Create Table\nevents|CREATE TABLE events ()\n", 0 } }, "info dwd.events", SN, 30209 },
    { "and may name a retention", CHECK, { SIZES("dwd|events|PARTITIONS=900|PROPERTIES={\"replication_num\":\"3\"}\n"),
      { &srd_probe_table_ddl, "dwd/events", "Table|Create Table\nevents|PROPERTIES (\"partition_live_number\" = \"9\")\n", 0 } }, "ok", SN, 30209 },
    { "a definition that was denied leaves one table open", CHECK, { SIZES("dwd|e1|PARTITIONS=900\ndwd|events|PARTITIONS=900|PROPERTIES={\"replication_num\":\"3\"}\n"),
      { &srd_probe_table_ddl, "dwd/events", NULL, SRD_DENIED } }, "info dwd.e1\nnot checked: skipped", SN, 30299 },
    { "without a clock age is not known", CHECK, { NO_CLOCK, SIZES("dwd|events|" SINCE("2014-01-18", "2014-01-19") "\n") }, "not checked: failed", SN, V35 },
    { "but the number is", CHECK, { NO_CLOCK, SIZES("dwd|events|PARTITIONS=365\n") }, "info dwd.events\nnot checked: failed", SN, V35 },
    { "retention: denied leaves it open", CHECK, { DENIED(srd_probe_table_sizes) }, "not checked: denied", SN, V35 },
    { "retention: a missing column is a matter of version", CHECK, { NO_COLUMNS }, "not checked: version", SN, V35 },
    { "retention: names are whatever they are", CHECK, { SIZES("we`ird|名字|PARTITIONS=365\n") }, "info we`ird.名字", SN, V35 },
    { "retention: in shared-data it is the same", CHECK, { SIZES("dwd|events|PARTITIONS=365\n") }, "info dwd.events", SD, V35 },
    { "retention: an account that sees no table knows nothing", CHECK, { NO_TABLE_DENIED }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_dynamic_partition_error
#define BAD STATE_OF("true", "ERROR", "no room", "true")
#define SHORT REACHES("2026-01-20", "2026-01-21")
    { "a state of ERROR is critical", CHECK, { SHORT, SHOW(BAD) }, "critical dwd.t", SN, V35 },
    { "also without a message", CHECK, { SHORT, SHOW(STATE_OF("true", "ERROR", "N/A", "true")) }, "critical dwd.t", SN, V35 },
    { "a message is critical in any state", CHECK, { SHORT, SHOW(STATE_OF("true", "NORMAL", "no room", "true")) }, "critical dwd.t", SN, V35 },
    { "when the reach is not known it is critical", CHECK, { DYNAMIC("dwd|t|PARTITIONS=\\N\n"), SHOW(BAD) }, "critical dwd.t", SN, V35 },
    { "when there is no partition at all it is critical", CHECK, { DYNAMIC("dwd|t|PARTITIONS=0|NEWEST_VALUE=\\N\n"), SHOW(BAD) }, "critical dwd.t", SN, V35 },
    { "when all partitions ahead are there it is over", CHECK, { DYNAMIC("dwd|t|\n"), SHOW(BAD) }, "info dwd.t", SN, V35 },
    { "one short of that is not", CHECK, { REACHES("2026-01-21", "2026-01-22"), SHOW(BAD) }, "critical dwd.t", SN, V35 },
    { "with a zone that is not known one cannot be sure", CHECK,
      { ZONED(",\"dynamic_partition.time_zone\":\"America/New_York\"", "2026-01-22", "2026-01-23"), SHOW(BAD) }, "critical dwd.t", SN, V35 },
    { "unless far more is there", CHECK,
      { ZONED(",\"dynamic_partition.time_zone\":\"America/New_York\"", "2026-01-24", "2026-01-25"), SHOW(BAD) }, "info dwd.t", SN, V35 },
    { "a message of NORMAL that was scheduled for a day since is old", CHECK, { SHORT, SHOW(RAN("2026-01-18 01:00:00", "2026-01-20 01:55:00", "no room")) }, "ok", SN, V35 },
    { "one of today is not", CHECK, { SHORT, SHOW(RAN("2026-01-19 02:00:00", "2026-01-20 01:55:00", "no room")) }, "critical dwd.t", SN, V35 },
    { "an old update does not excuse a state of ERROR", CHECK,
      { SHORT, SHOW("t|true|DAY|-3|3|NULL|2025-01-18 01:00:00|2026-01-20 01:55:00|ERROR|no room|NULL|true\n") }, "critical dwd.t", SN, V35 },
    { "a message of nothing is none", CHECK, { SHORT, SHOW(STATE_OF("true", "NORMAL", "N/A", "true") "u|true|DAY|-3|3|NULL|NULL|NULL|NORMAL|\\N|NULL|true\n") }, "ok", SN, V35 },
    { "what is switched off is told", CHECK, { SHORT, SHOW(STATE_OF("false", "ERROR", "no room", "false")) }, "info dwd.t", SN, V35 },
    { "also where the scheduler was not asked", CHECK, { DYNAMIC("dwd|t|" OFF "\n") }, "info dwd.t", SN, V35 },
    { "where nothing is missing and nobody was asked nothing is wrong", CHECK, { DYNAMIC("dwd|t|" WANTS("DAY", "3") "\n") }, "ok", SN, V35 },
    { "what the scheduler lost is a warning", CHECK, { SHORT, SHOW(STATE_OF("true", "NORMAL", "NULL", "false")) }, "warning dwd.t", SN, V35 },
    { "not looked at for three intervals is a warning", CHECK, { SHORT, SHOW(RAN("NULL", "2026-01-20 01:29:59", "NULL")) }, "warning dwd.t", SN, V35 },
    { "three intervals exactly are not", CHECK, { SHORT, SHOW(RAN("NULL", "2026-01-20 01:30:00", "NULL")) }, "ok", SN, V35 },
    { "the interval is the cluster's", CHECK, { SHORT, SHOW(RAN("NULL", "2026-01-20 01:29:59", "NULL")),
      CONFIG(SET("dynamic_partition_check_interval_seconds", "3600")) }, "ok", SN, V35 },
    { "a time of an unknown zone says nothing", CHECK,
      { RAW(srd_probe_clock, "UNIX_TIME|SYSTEM_ZONE|GLOBAL_ZONE\n1768874400|CST|+08:00\n"), SHORT, SHOW(RAN("NULL", "2026-01-10 01:29:59", "NULL")) }, "ok", SN, V35 },
    { "another FE does not know what the scheduler did", CHECK, { SHORT, SHOW("t|true|DAY|-3|3|NULL|NULL|NULL|NULL|NULL|NULL|true\n") }, "not checked: failed", SN, V35 },
    { "a cluster without dynamic partitions is fine", CHECK, { DYNAMIC("") }, "ok", SN, V35 },
    { "a database that was denied is said", CHECK, { DYNAMIC("dwd|t|\nods|t|\n"), SHOW(DAILY("3")), { &srd_probe_dynamic_partitions, "ods", NULL, SRD_DENIED } },
      "not checked: denied", SN, V35 },
    { "what another database says stands", CHECK, { DYNAMIC("dwd|t|\nods|t|\n"), { &srd_probe_dynamic_partitions, "ods", NULL, SRD_TIMED_OUT }, SHOW(STATE_OF("true", "NORMAL", "NULL", "false")) },
      "warning dwd.t\nnot checked: timeout", SN, V35 },
    { "error: denied leaves it open", CHECK, { DENIED(srd_probe_dynamic_tables) }, "not checked: denied", SN, V35 },
    { "error: a missing column is a matter of version", CHECK, { SHORT, { &srd_probe_dynamic_partitions, "dwd", "TableName|Enable\nt|true\n", 0 } }, "not checked: version", SN, V35 },
    { "error: names are whatever they are", CHECK,
      { DYNAMIC("we`ird|名字|\n"), SHOW_DB("we`ird", "名字|true|DAY|-3|3|NULL|NULL|NULL|NORMAL|NULL|NULL|false\n") }, "warning we`ird.名字", SN, V35 },
    { "error: in shared-data it is the same", CHECK, { SHORT, SHOW(BAD) }, "critical dwd.t", SD, V35 },
    { "error: an account that sees no table knows nothing", CHECK, { DYNAMIC(""), NO_TABLE_DENIED }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_dynamic_partition_horizon
    { "without a partition for tomorrow it is critical", CHECK, { REACHES("2026-01-20", "2026-01-21"), SHOW(DAILY("3")) }, "critical dwd.t", SN, V35 },
    { "what the owner wants is a property", CHECK, { DYNAMIC("dwd|t|NEWEST_VALUE=" DAY_RANGE("2026-01-20", "2026-01-21") "|" WANTS("DAY", "3") "\n") }, "critical dwd.t", SN, V35 },
    { "also in a release that prints it as one text", CHECK, { DYNAMIC("dwd|t|NEWEST_VALUE=" DAY_RANGE("2026-01-21", "2026-01-22")
      "|PROPERTIES={\"dynamic_partition\":\"{dynamic_partition.enable:true,dynamic_partition.time_unit:DAY,dynamic_partition.time_zone:Etc/UTC,dynamic_partition.end:3}\"}\n") }, "warning dwd.t", SN, SRD_VERSION(3, 2, 9) },
    { "enough is enough without the scheduler's word", CHECK, { DYNAMIC("dwd|t|NEWEST_VALUE=" DAY_RANGE("2026-01-22", "2026-01-23") "|" WANTS("DAY", "3") "\n") }, "ok", SN, V35 },
    { "with one it is a warning", CHECK, { REACHES("2026-01-21", "2026-01-22"), SHOW(DAILY("3")) }, "warning dwd.t", SN, V35 },
    { "with two it is fine", CHECK, { REACHES("2026-01-22", "2026-01-23"), SHOW(DAILY("3")) }, "ok", SN, V35 },
    { "with one it is fine if the owner wants one", CHECK, { REACHES("2026-01-21", "2026-01-22"), SHOW(DAILY("1")) }, "ok", SN, V35 },
    { "but none is not", CHECK, { REACHES("2026-01-20", "2026-01-21"), SHOW(DAILY("1")) }, "critical dwd.t", SN, V35 },
    { "an End of 0 wants the present only", CHECK, { REACHES("2026-01-20", "2026-01-21"), SHOW(DAILY("0")) }, "ok", SN, V35 },
    { "which may be missing", CHECK, { REACHES("2026-01-18", "2026-01-19"), SHOW(DAILY("0")) }, "critical dwd.t", SN, V35 },
    { "one partition is one", CHECK, { DYNAMIC("dwd|t|PARTITIONS=1\n"), SHOW(DAILY("3")) }, "ok", SN, V35 },
    { "a table without any partition is critical", CHECK, { DYNAMIC("dwd|t|PARTITIONS=0|NEWEST_VALUE=\\N\n"), SHOW(DAILY("3")) }, "critical dwd.t", SN, V35 },
    { "an endless last partition reaches far enough", CHECK,
      { DYNAMIC("dwd|t|NEWEST_VALUE=[types: [DATE]; keys: [2025-01-01]; ..types: [DATE]; keys: [MAXVALUE]; )\n"), SHOW(DAILY("3")) }, "ok", SN, V35 },
    { "after midnight the scheduler has three turns", CHECK,
      { RAW(srd_probe_clock, "UNIX_TIME|SYSTEM_ZONE|GLOBAL_ZONE\n1768869000|Etc/UTC|Etc/UTC\n"), REACHES("2026-01-20", "2026-01-21"), SHOW(DAILY("1")) },
      "ok", SN, V35 }, /* 2026-01-20 00:30:00 */
    { "and not more", CHECK,
      { RAW(srd_probe_clock, "UNIX_TIME|SYSTEM_ZONE|GLOBAL_ZONE\n1768869001|Etc/UTC|Etc/UTC\n"), REACHES("2026-01-20", "2026-01-21"), SHOW(DAILY("1")) },
      "critical dwd.t", SN, V35 },
    { "the zone of the table counts: in Shanghai tomorrow is near", CHECK,
      { RAW(srd_probe_clock, "UNIX_TIME|SYSTEM_ZONE|GLOBAL_ZONE\n1768921200|Etc/UTC|Etc/UTC\n"), /* 15:00 UTC, 23:00 there */
        ZONED(",\"dynamic_partition.time_zone\":\"Asia/Shanghai\"", "2026-01-21", "2026-01-22"), SHOW(DAILY("1")) }, "ok", SN, V35 },
    { "an hour later it is already tomorrow there", CHECK,
      { RAW(srd_probe_clock, "UNIX_TIME|SYSTEM_ZONE|GLOBAL_ZONE\n1768928400|Etc/UTC|Etc/UTC\n"), /* 17:00 UTC, 01:00 there */
        ZONED(",\"dynamic_partition.time_zone\":\"Asia/Shanghai\"", "2026-01-21", "2026-01-22"), SHOW(DAILY("1")) }, "critical dwd.t", SN, V35 },
    { "without a zone of its own the cluster's counts", CHECK,
      { RAW(srd_probe_clock, "UNIX_TIME|SYSTEM_ZONE|GLOBAL_ZONE\n1768928400|Etc/UTC|Asia/Shanghai\n"), ZONED("", "2026-01-21", "2026-01-22"), SHOW(DAILY("1")) }, "critical dwd.t", SN, V35 },
    { "a zone with summer time is granted 14 hours", CHECK,
      { ZONED(",\"dynamic_partition.time_zone\":\"America/New_York\"", "2026-01-20", "2026-01-21"), SHOW(DAILY("1")) }, "ok", SN, V35 },
    { "and what is wrong in every zone is said", CHECK,
      { ZONED(",\"dynamic_partition.time_zone\":\"America/New_York\"", "2026-01-19", "2026-01-20"), SHOW(DAILY("1")) }, "critical dwd.t", SN, V35 },
    { "so if the cluster has such a zone", CHECK, { NEW_YORK, ZONED("", "2026-01-20", "2026-01-21"), SHOW(DAILY("1")) }, "ok", SN, V35 },
    { "hourly partitions: six hours are enough", CHECK, { HOUR_TO("2026-01-20 08:00:00"), SHOW(UNIT("t", "HOUR", "24")) }, "ok", SN, V35 },
    { "less than five and a half are not, whatever the scheduler does", CHECK, { HOUR_TO("2026-01-20 07:29:59"), SHOW(UNIT("t", "HOUR", "24")) }, "critical dwd.t", SN, V35 },
    { "unless the owner wants only three", CHECK, { HOUR_TO("2026-01-20 06:00:00"), SHOW(UNIT("t", "HOUR", "3")) }, "ok", SN, V35 },
    { "less than two and a half are too few", CHECK, { HOUR_TO("2026-01-20 04:29:59"), SHOW(UNIT("t", "HOUR", "3")) }, "critical dwd.t", SN, V35 },
    { "weeks: two ahead are fine", CHECK, { REACHES("2026-01-28", "2026-02-04"), SHOW(UNIT("t", "WEEK", "2")) }, "ok", SN, V35 },
    { "weeks: less is a warning", CHECK, { REACHES("2026-01-26", "2026-02-02"), SHOW(UNIT("t", "WEEK", "2")) }, "warning dwd.t", SN, V35 },
    { "months: the next one is there", CHECK, { MONTH_TO("2026-03-01"), SHOW(UNIT("t", "MONTH", "1")) }, "ok", SN, V35 },
    { "months: the next one is missing, but far away", CHECK, { MONTH_TO("2026-02-01"), SHOW(UNIT("t", "MONTH", "1")) }, "warning dwd.t", SN, V35 },
    { "months: the next one is missing, and near", CHECK, { MONTH_TO("2026-01-21"), SHOW(UNIT("t", "MONTH", "1")) }, "critical dwd.t", SN, V35 },
    { "months: February is short", CHECK,
      { RAW(srd_probe_clock, "UNIX_TIME|SYSTEM_ZONE|GLOBAL_ZONE\n1769900400|Etc/UTC|Etc/UTC\n"), MONTH_TO("2026-03-01"), SHOW(UNIT("t", "MONTH", "1")) }, "ok", SN, V35 },
    { "years: the next one is missing", CHECK, { REACHES("2026-01-01", "2027-01-01"), SHOW(UNIT("t", "YEAR", "1")) }, "warning dwd.t", SN, V35 },
    { "years: the next one is there", CHECK, { REACHES("2027-01-01", "2028-01-01"), SHOW(UNIT("t", "YEAR", "1")) }, "ok", SN, V35 },
    { "what is switched off may end", CHECK, { REACHES("2020-01-20", "2020-01-21"), SHOW(STATE_OF("false", "NORMAL", "NULL", "false")) }, "ok", SN, V35 },
    { "partitions by number of the day are read", CHECK,
      { DYNAMIC("dwd|t|NEWEST_VALUE=[types: [INT]; keys: [20260120]; ..types: [INT]; keys: [20260121]; )\n"), SHOW(DAILY("3")) }, "critical dwd.t", SN, V35 },
    { "a value that cannot be read leaves it open", CHECK, { DYNAMIC("dwd|t|NEWEST_VALUE=[types: [DATE]; keys: [2026\n"), SHOW(DAILY("3")) }, "not checked: failed", SN, V35 },
    { "a unit that is not known leaves it open", CHECK, { DYNAMIC("dwd|t|\n"), SHOW(UNIT("t", "DECADE", "3")) }, "not checked: failed", SN, V35 },
    { "so does an End that is not known", CHECK, { DYNAMIC("dwd|t|\n"), SHOW(DAILY("N/A")) }, "not checked: failed", SN, V35 },
    { "a table of the other answer only leaves it open", CHECK, { DYNAMIC("dwd|other|\n"), SHOW(DAILY("3")) }, "not checked: failed", SN, V35 },
    { "without a clock nothing is known", CHECK, { NO_CLOCK, DYNAMIC("dwd|t|\n"), SHOW(DAILY("3")) }, "not checked: failed", SN, V35 },
    { "horizon: a cluster without dynamic partitions is fine", CHECK, { DYNAMIC("") }, "ok", SN, V35 },
    { "horizon: denied leaves it open", CHECK, { DENIED(srd_probe_dynamic_tables) }, "not checked: denied", SN, V35 },
    { "horizon: a missing column is a matter of version", CHECK, { RAW(srd_probe_dynamic_tables, "DB_NAME|TABLE_NAME\ndwd|t\n"), SHOW(DAILY("3")) }, "not checked: version", SN, V35 },
    { "horizon: before 3.2.4 there is nothing to read", CHECK, { DYNAMIC("dwd|t|\n"), SHOW(DAILY("3")) }, "not checked: version", SN, 30203 },
    { "horizon: names are whatever they are", CHECK,
      { DYNAMIC("we`ird|名字|PARTITIONS=0\n"), SHOW_DB("we`ird", UNIT("名字", "DAY", "3")) }, "critical we`ird.名字", SN, V35 },
    { "horizon: in shared-data it is the same", CHECK, { REACHES("2026-01-20", "2026-01-21"), SHOW(DAILY("3")) }, "critical dwd.t", SD, V35 },
#undef CHECK
};

#define TOTAL "||COPY_BYTES=" GIB_200 "|DATA_BYTES=" GIB_200 "|PARTITIONS=2000|TABLETS=80000\n"
static const struct words words[] = {
    { "a table that keeps everything is described", &srd_storage_no_retention,
      { SIZES(TOTAL "we`ird|名字|PARTITIONS=1460|DATA_BYTES=" GIB_100 "|" SINCE("2022-01-22", "2022-01-23") "\n") },
      "{table} {partition} {keep}", "we`ird.名字 keeps 1,460 daily partitions of up to 4.0 years (100.00 GB) and has no retention",
      "`we``ird`.`名字` `p1` 400", "1,460 of 365 (catalogue)", 0.5, SN },
    { "months are counted as months", &srd_storage_no_retention,
      { SIZES(TOTAL "d|t|PARTITIONS=40|DATA_BYTES=" GIB_50 "|" MONTHLY SINCE("2022-10-01", "2022-11-01") "\n") },
      "{keep}", "d.t keeps 40 monthly partitions of up to 3.2 years (50.00 GB) and has no retention", "13", "1176d 2h of 730d 12h (catalogue)", 0.25, SN },
    { "an unknown grain is not named", &srd_storage_no_retention,
      { SIZES(TOTAL "d|t|PARTITIONS=40|DATA_BYTES=" GIB_50 "|NEWEST_VALUE=odd|" SINCE("0000-01-01", "2020-01-20") "\n") },
      "{keep}", "d.t keeps 40 partitions of up to 6.0 years (50.00 GB) and has no retention", "400", "2192d 2h of 730d 12h (catalogue)", 0.25, SN },
    { "hours are counted as hours", &srd_storage_no_retention,
      { SIZES(TOTAL "d|t|PARTITIONS=20000|DATA_BYTES=" GIB_50 "|" SINCE("2023-11-01", "2023-11-02") "NEWEST_VALUE=[types: [DATETIME]; keys: [2026-01-20 01:00:00]; ..types: [DATETIME]; keys: [2026-01-20 02:00:00]; )\n") },
      "{keep}", "d.t keeps 20,000 hourly partitions of up to 2.2 years (50.00 GB) and has no retention", "9600", "20,000 of 365 (catalogue)", 0.25, SN },
    { "weeks are counted as weeks", &srd_storage_no_retention,
      { SIZES(TOTAL "d|t|PARTITIONS=130|DATA_BYTES=" GIB_50 "|" SINCE("2023-11-01", "2023-11-08") "NEWEST_VALUE=" DAY_RANGE("2026-01-14", "2026-01-21") "\n") },
      "{keep}", "d.t keeps 130 weekly partitions of up to 2.2 years (50.00 GB) and has no retention", "58", "804d 2h of 730d 12h (catalogue)", 0.25, SN },
    { "quarters are counted as quarters", &srd_storage_no_retention,
      { SIZES(TOTAL "d|t|PARTITIONS=13|DATA_BYTES=" GIB_50 "|" SINCE("2023-01-01", "2023-04-01") "NEWEST_VALUE=" DAY_RANGE("2026-01-01", "2026-04-01") "\n") },
      "{keep}", "d.t keeps 13 quarterly partitions of up to 2.8 years (50.00 GB) and has no retention", "5", "1025d 2h of 730d 12h (catalogue)", 0.25, SN },
    { "years are counted as years", &srd_storage_no_retention,
      { SIZES(TOTAL "d|t|PARTITIONS=4|DATA_BYTES=" GIB_50 "|" SINCE("2022-01-01", "2023-01-01") "NEWEST_VALUE=" DAY_RANGE("2026-01-01", "2027-01-01") "\n") },
      "{keep}", "d.t keeps 4 yearly partitions of up to 3.1 years (50.00 GB) and has no retention", "2", "1115d 2h of 730d 12h (catalogue)", 0.25, SN },
    { "an endless last partition tells no grain", &srd_storage_no_retention,
      { SIZES(TOTAL "d|t|PARTITIONS=365|DATA_BYTES=" GIB_50 "|" SINCE("2025-06-01", "2025-06-02") "NEWEST_VALUE=[types: [DATE]; keys: [2025-01-01]; ..types: [DATE]; keys: [MAXVALUE]; )\n") },
      "{keep}", "d.t keeps 365 daily partitions (50.00 GB) and has no retention", "400", "365 of 365 (catalogue)", 0.25, SN },
    { "critical counts speak of the cluster's limit", &srd_storage_partition_count, { SIZES(TOTAL "d|t|PARTITIONS=30000\n"), LIMIT("31000") }, "",
      "d.t has 30,000 partitions", "", "30,000 of 31,000 (max_partition_number_per_table of the cluster)", 1, SN },
    { "others of the catalogue's", &srd_storage_partition_count, { SIZES(TOTAL "d|t|PARTITIONS=30000\n"), LIMIT("100000") }, "",
      "d.t has 30,000 partitions", "", "30,000 of 20,000 (catalogue)", 1, SN },
    { "counts are measured", &srd_storage_partition_count, { SIZES("d|t|PARTITIONS=30\nd|u|PARTITIONS=20\nd||PARTITIONS=50\n"), LIMIT("100000") }, NULL,
      "the table with most partitions has 30", NULL, NULL, 0, SN },
    { "empty ones are measured", &srd_storage_partition_empty, { SIZES("d|t|EMPTY_PARTITIONS=7\nd|u|EMPTY_PARTITIONS=3\n") }, NULL,
      "no table has more than 7 past partitions that were never loaded", NULL, NULL, 0, SN },
    { "partitions are measured", &srd_storage_partition_too_large, { SIZES("d|t|MAX_PARTITION=" GIB_20 "\nd|u|\n") }, NULL,
      "the largest partition holds 20.00 GB in one copy", NULL, NULL, 0, SN },
    { "flat tables are measured", &srd_storage_unpartitioned_large, { SIZES("d|t|" FLAT "COPY_BYTES=" GIB_20 "\nd|u|" FLAT "COPY_BYTES=" GIB_10 "\nd|v|COPY_BYTES=" GIB_50 "\n") }, NULL,
      "the largest table without partitions holds 20.00 GB", NULL, NULL, 0, SN },
    { "ratios are measured", &srd_storage_partition_data_skew, { SIZES("d|t|" MEDIAN(GIB_5, "16106127360") "d|u|" MEDIAN(GIB_10, "16106127360")) }, NULL,
      "no partition above 10 GB holds more than 3.0 times the median of its table", NULL, NULL, 0, SN },
    { "no temporary partitions are measured", &srd_storage_temp_partition_leftover, { PARTS("d|t|p|\n") }, NULL, "temporary partitions: 0", NULL, NULL, 0, SN },
    { "retention is measured", &srd_storage_no_retention, { SIZES("d|t|\nd|u|OLDEST_VALUE=\nd|v|\n") }, NULL, "tables partitioned by time: 2", NULL, NULL, 0, SN },
    { "dynamic tables are measured", &srd_storage_dynamic_partition_error, { DYNAMIC("dwd|t|\nods|t|\n"), SHOW(DAILY("3")) }, NULL, "tables with dynamic partitions: 2", NULL, NULL, 0, SN },
    { "their reach is measured", &srd_storage_dynamic_partition_horizon, { DYNAMIC("dwd|t|\n"), SHOW(DAILY("3")) }, NULL,
      "tables whose dynamic partitions reach far enough ahead: 1", NULL, NULL, 0, SN },
    { "an age says against which limit", &srd_storage_dynamic_partition_error, { DYNAMIC("dwd|t|\n"), SHOW(RAN("NULL", "2026-01-20 01:00:00", "NULL")) }, "",
      "dwd.t: the scheduler last looked at it 1h ago", "", "1h of 30m (default of dynamic_partition_check_interval_seconds)", 1, SN },
    { "partitions are counted", &srd_storage_partition_count, { SIZES(TOTAL "d|t|PARTITIONS=950\n"), LIMIT("1000") }, "{table}",
      "d.t has 950 partitions", "`d`.`t`", "950 of 1,000 (max_partition_number_per_table of the cluster)", 0.475, SN },
    { "empty partitions are counted", &srd_storage_partition_empty, { SIZES(TOTAL "d|t|PARTITIONS=600|EMPTY_PARTITIONS=500\n") }, "{table}",
      "d.t has 600 partitions, of which 500 were never loaded", "`d`.`t`", "83.33 % of 30.00 % (catalogue)", 0.25, SN },
    { "a large partition is named", &srd_storage_partition_too_large, { SIZES(TOTAL "d|t|LARGEST_PARTITION=p`7|MAX_PARTITION=161061273600\n") },
      "{table} {partition}", "d.t/p`7 holds 150.00 GB in one copy", "`d`.`t` `p``7`", "150.00 GB of 100.00 GB (catalogue)", 0.75, SN },
    { "a partition of many tablets is named", &srd_storage_partition_too_large, { SIZES(TOTAL "d|t|MOST_BUCKETS=p3|MAX_BUCKETS=40000\n") },
      "{partition}", "d.t/p3 has 40,000 tablets", "`p3`", "40,000 of 20,000 (catalogue)", 0.5, SN },
    { "a flat table is named", &srd_storage_unpartitioned_large, { SIZES(TOTAL "d|t|" FLAT "COPY_BYTES=" GIB_100 "\n") },
      "{table}", "d.t holds 100.00 GB in one copy and is not partitioned", "`d`.`t`", "100.00 GB of 50.00 GB (catalogue)", 0.5, SN },
    { "a ratio is said in whole times", &srd_storage_partition_data_skew, { SIZES(TOTAL "d|t|" MEDIAN(GIB_1, GIB_50)) },
      "{table} {partition}", "d.t/p7 holds 50.00 GB, 50 times the median partition of its table", "`d`.`t` `p7`", "50.0x of 10.0x (catalogue)", 0.25, SN },
    { "temporary partitions of a table are counted", &srd_storage_temp_partition_leftover,
      { SIZES(TOTAL), PARTS("d|t|tp1|" TEMP("2026-01-10 02:00:00", GIB_50) "d|t|tp2|" TEMP("2026-01-20 01:00:00", GIB_20) "d|t|tp3|" TEMP("2026-01-20 01:00:00", "32212254720")) },
      "{database} {table} {partition}", "d.t/tp1 is a temporary partition of 50.00 GB, last written 10d ago; the table has 3 of them with 100.00 GB",
      "`d` `d`.`t` `tp1`", "10d of 1d (catalogue)", 0.5, SN },
    { "an unknown age is said", &srd_storage_temp_partition_leftover, { SIZES(TOTAL), PARTS("d|t|tp1|" TEMP("NULL", GIB_50)) },
      "{partition}", "d.t/tp1 is a temporary partition of 50.00 GB, last written at an unknown time", "`tp1`", "", 0.25, SN },
    { "the message of the cluster is passed on", &srd_storage_dynamic_partition_error,
      { DYNAMIC("dwd|t|NEWEST_VALUE=\ndwd|u|\n"), SHOW(BAD) }, "{name} {table}", "dwd.t: partitions cannot be created: no room", "dwd.t `dwd`.`t`", "", 0.5, SN },
    { "an error without words is said as such", &srd_storage_dynamic_partition_error,
      { DYNAMIC("dwd|t|NEWEST_VALUE=\n"), SHOW(STATE_OF("true", "ERROR", "\\N", "true")) }, "", "dwd.t: partitions cannot be created: the cluster does not say why", "", "", 1, SN },
    { "how far the newest partition reaches is said", &srd_storage_dynamic_partition_horizon,
      { REACHES("2026-01-20", "2026-01-21"), SHOW(DAILY("3")) }, "{table}", "dwd.t: the newest partition ends in 22h", "`dwd`.`t`", "22h of 1d (catalogue)", 1, SN },
    { "the present may be missing", &srd_storage_dynamic_partition_horizon,
      { REACHES("2026-01-18", "2026-01-19"), SHOW(DAILY("3")) }, "", "dwd.t: no partition covers the present", "", "-1d 2h of 1d (catalogue)", 1, SN },
};

static const struct {
    const char *text, *lower, *upper; /* NULL: not read; "" is the end of time */
} values[] = {
    { DAY_RANGE("2025-12-02", "2025-12-03"), "2025-12-02", "2025-12-03" },
    { DAY_RANGE("0000-01-01", "2025-12-03"), "", "2025-12-03" },
    { "[types: [DATETIME]; keys: [2025-12-02 01:00:00]; ..types: [DATETIME]; keys: [2025-12-02 02:00:00]; )", "2025-12-02 01:00:00", "2025-12-02 02:00:00" },
    { "[types: [DATETIME]; keys: [2025-12-02 01:00:00.000000]; ..types: [DATETIME]; keys: [2025-12-02 02:00:00.000000]; )", "2025-12-02 01:00:00", "2025-12-02 02:00:00" },
    { "[types: [DATE]; keys: [2025-12-02]; ..types: [DATE]; keys: [MAXVALUE]; )", "2025-12-02", "" },
    { "[types: [DATE, INT]; keys: [2025-12-02, 7]; ..types: [DATE, INT]; keys: [2025-12-03, 7]; )", "2025-12-02", "2025-12-03" },
    { "[types: [INT]; keys: [20251202]; ..types: [INT]; keys: [20251203]; )", "2025-12-02", "2025-12-03" },
    { "[[\"2025-12-02\"]]", "2025-12-02", "2025-12-03" },
    { "[[\"2025-12-02\",\"cn\"],[\"2025-12-03\",\"cn\"]]", "2025-12-02", "2025-12-03" },
    { "('2025-12-02', '2025-12-03')", "2025-12-02", "2025-12-03" },
    { "(('20251202', 'cn'))", "2025-12-02", "2025-12-03" },
    /* not times */
    { "", NULL, NULL },
    { "2025-12-02", NULL, NULL },
    { "\"2025-12-02\"", NULL, NULL },
    { "[[\"beijing\"],[\"shanghai\"]]", NULL, NULL },
    { "[[null]]", NULL, NULL },
    { "[[\"0000-01-01\"]]", NULL, NULL },
    { "[[\"MAXVALUE\"]]", NULL, NULL },
    { "[[\"2025-12-02", NULL, NULL },
    { "[[\"2025-12-02']]", NULL, NULL },
    { "[[\"\"]]", NULL, NULL },
    { "[types: [INT]; keys: [100]; ..types: [INT]; keys: [200]; )", NULL, NULL },
    { "[types: [INT]; keys: [30000101]; ..types: [INT]; keys: [30000102]; )", NULL, NULL },
    { "[types: [INT]; keys: [20251302]; ..types: [INT]; keys: [20251303]; )", NULL, NULL },
    { "[types: [DATE]; keys: [2025-02-30]; ..types: [DATE]; keys: [2025-03-03]; )", NULL, NULL },
    { DAY_RANGE("2025-12-03", "2025-12-03"), NULL, NULL },
    { DAY_RANGE("2025-12-03", "2025-12-02"), NULL, NULL },
    { DAY_RANGE("0000-00-00", "0000-00-00"), NULL, NULL },
    { "[types: [DATE]; keys: [2025-12-02]; ..types: [DATE]; keys: [2025-12-03]; ", NULL, NULL },
    { "[types: [DATE]; keys: [2025-12-02]; ..types: [DATE]; keys: [2025-12-03", NULL, NULL },
    { "[types: [DATE]; keys: [2025-12-02]; ", NULL, NULL },
    { "[types: [DATE]; keys: [2025-12-02 00:00:00.000000000000]; ..types: [DATE]; keys: [2025-12-03]; )", NULL, NULL }, /* 32 bytes */
    { "[types: [INT]; keys: [2025120a]; ..types: [INT]; keys: [20251203]; )", NULL, NULL },
    { "[types: [INT]; keys: [202512021]; ..types: [INT]; keys: [202512031]; )", NULL, NULL },
    { "[types: [DATE]; keys: []; ..types: [DATE]; keys: []; )", NULL, NULL },
    { "[types: [DATE]; keys: [2025-12-02 00:00:00.00000000000000000000000]; ..types: [DATE]; keys: [2025-12-03]; )", NULL, NULL },
};
/* clang-format on */

static int64_t time_of(const char *text, int64_t unbounded)
{
    int64_t ms;

    if (!*text)
        return unbounded;
    assert_true(srd_time_parse(text, &ms));
    return ms;
}

static void partition_values_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < SRD_COUNT(values); i++) {
        struct srd_partition_range range = { 0, 0 };
        bool read = srd_partition_range(values[i].text, &range);

        if (read != (values[i].lower != NULL))
            fail_msg("%s %s", values[i].text, read ? "was read" : "was not read");
        if (!read)
            continue;
        assert_true(range.lower_ms == time_of(values[i].lower, INT64_MIN));
        assert_true(range.upper_ms == time_of(values[i].upper, INT64_MAX));
    }
}

/* What is asked of the scheduler, and how many databases are left out. */
static void the_scheduler_is_asked_where_partitions_are_missing(void **state)
{
    static const struct {
        const char *tables, *want;
        size_t left_out;
    } cases[] = {
        { "dwd|t|" WANTS("DAY", "3") "\node|t|" WANTS("DAY", "3") "\n", "dwd",
          0 }, /* all is there: one */
        { "off|t|" OFF "\ndwd|t|" WANTS("DAY", "3") "\n", "dwd", 0 },
        { "off|t|" OFF "\n", "", 0 },
        { "dwd|t|" WANTS("DAY", "3") "\nods|t|" WANTS("DAY", "9") "\n", "ods", 0 }, /* lacks some */
        { "dwd|t|" WANTS("DAY", "9") "\ndwd|u|" WANTS("DAY", "9") "\nods|t|" WANTS("DAY", "9") "\n",
          "dwd ods", 0 },
        { "a|t|" WANTS("DAY", "9") "\nb|t|" WANTS("DAY", "9") "\nc|t|" WANTS(
              "DAY", "9") "\nd|t|" WANTS("DAY", "3") "\nc|u|" WANTS("DAY", "9") "\n",
          "a b", 1 },
        { "dwd|t|PARTITIONS=0|NEWEST_VALUE=\\N|" WANTS("DAY", "0") "\n", "dwd", 0 },
        { "a|t|PARTITIONS=\\N|" WANTS("DAY", "1") "\nb|t|PARTITIONS=\\N|" WANTS(
              "DAY", "1") "\nc|t|PARTITIONS=\\N|" WANTS("DAY", "1") "\n",
          "a b", 1 }, /* 3.2.3 does not print them */
        { "dwd|t|" WANTS("DAY", "3") "\nods|t|" WANTS("MOON", "3") "\n", "ods", 0 },
        /* whether one with summer time lacks some is not sure: it comes last, and is not missed */
        { "a|t|" SUMMER "\nb|t|" WANTS("DAY", "9") "\nc|t|" WANTS("DAY", "9") "\n", "b c", 0 },
        { "a|t|" WANTS("DAY", "3") "\nb|t|" SUMMER "\n", "b", 0 },
        { "|broken|\n", "", 0 },
    };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(cases); i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        const struct srd_answer_text answers[] = {
            { &srd_probe_dynamic_tables, "",
              expand(arena, &srd_probe_dynamic_tables, cases[i].tables), 0 },
            { 0 }
        };
        size_t left_out;

        assert_string_equal(picked(arena, &srd_probe_dynamic_partitions,
                                   srd_evidence_of(arena, answers), &left_out),
                            cases[i].want);
        assert_int_equal(left_out, cases[i].left_out);
    }
}

/* How far they reach is known without it; why they do not is not. */
static void databases_that_were_not_asked_are_said(void **state)
{
    static const struct srd_answer_text given[MAX_ANSWERS] = { DYNAMIC("dwd|t|\n"),
                                                               SHOW(DAILY("3")) };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[MAX_ANSWERS] = { 0 };
    struct srd_evidence *ev;
    struct srd_result result;

    (void)state;
    expand_all(arena, given, answers);
    ev = srd_evidence_of(arena, answers);
    ev->cluster.mode = SN;
    ev->cluster.version = V35;
    srd_check_judge(&srd_storage_dynamic_partition_error, ev, arena, &result);
    assert_int_equal(result.verdict, SRD_CHECKED);
    srd_evidence_leave_out(ev, &srd_probe_dynamic_partitions, 1);
    srd_check_judge(&srd_storage_dynamic_partition_error, ev, arena, &result);
    assert_int_equal(result.verdict, SRD_NOT_CHECKED);
    assert_int_equal(result.status, SRD_SKIPPED);
    assert_string_equal(result.detail,
                        "databases that lack dynamic partitions and were not asked why: 1");
    srd_check_judge(&srd_storage_dynamic_partition_horizon, ev, arena, &result);
    assert_int_equal(result.verdict, SRD_CHECKED);
}

/* 2,000 rows are all that is asked for: there may be more. */
static void a_full_list_of_dynamic_tables_is_said(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;
    struct srd_answer_text answers[] = { { &srd_probe_dynamic_tables, "", NULL, 0 },
                                         SHOW(DAILY("3")),
                                         { 0 } };

    (void)state;
    srd_buf_init(&text, (size_t)1 << 24);
    srd_buf_text(&text, "dwd|t|\n");
    for (int i = 1; i < SRD_DYNAMIC_READ - 1; i++)
        srd_buf_printf(&text, "dwd|t%d|" WANTS("DAY", "3") "\n", i);
    answers[0].table = expand(arena, &srd_probe_dynamic_tables, text.data);
    assert_string_equal(
        srd_check_judge_text(&srd_storage_dynamic_partition_horizon, SN, V35, answers, arena),
        "ok");
    srd_buf_text(&text, "dwd|last|" WANTS("DAY", "3") "\n");
    answers[0].table = expand(arena, &srd_probe_dynamic_tables, text.data);
    assert_string_equal(
        srd_check_judge_text(&srd_storage_dynamic_partition_horizon, SN, V35, answers, arena),
        "not checked: skipped");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(partition_values_are_read),
        cmocka_unit_test(the_scheduler_is_asked_where_partitions_are_missing),
        cmocka_unit_test(databases_that_were_not_asked_are_said),
        cmocka_unit_test(a_full_list_of_dynamic_tables_is_said),
    };

    return run_rows(rows, SRD_COUNT(rows), words, SRD_COUNT(words)) +
           cmocka_run_group_tests_name("storage partitions", tests, NULL, NULL);
}
