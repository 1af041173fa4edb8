/* When are tablets too large, too small or too uneven, and what do the readers of sizes read? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "tests/storage_rows.h"

/* What is tested here; the expert lists them beside their records. */
extern const struct srd_check srd_storage_bucket_parallelism_low, srd_storage_bucket_skew,
    srd_storage_tablet_too_large, srd_storage_tablet_too_small;
extern const struct srd_view srd_storage_view_tables;

/* clang-format off */
#define NO_COLUMNS RAW(srd_probe_table_sizes, "DB_NAME|TABLE_NAME|PARTITIONS\nd|t|1\n")
#define ONE BES(BE("1"))
#define THREE BES(BE("1") BE("2") BE("3"))
#define SKEW_30 SKEWS("dwd|events|p1|BYTES_MAX=32212254720\n")
#define CONFIRM SKEWS("dwd|events|p1|BYTES_MAX=" GIB_20 "\n")

static const struct row rows[] = {
#define CHECK &srd_storage_tablet_too_large
    { "tablets of 10 GiB on average are a warning from one byte more on", CHECK,
      { PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=10737418241\n"), SKEWS("") }, "warning dwd.events/p1", SN, V35 },
    { "10 GiB exactly are not", CHECK, { PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_10 "\n"), SKEWS("") }, "ok", SN, V35 },
    { "what counts is the size per bucket", CHECK, { PARTS("dwd|events|p1|BUCKETS=12|COPY_BYTES=" GIB_100 "\n"), SKEWS("") }, "ok", SN, V35 },
    { "0 buckets are read as one", CHECK, { PARTS("dwd|events|p1|BUCKETS=0|COPY_BYTES=" GIB_20 "\n"), SKEWS("") }, "warning dwd.events/p1", SN, V35 },
    { "a temporary partition does not count", CHECK, { PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_100 "|IS_TEMP=1\n"), SKEWS("") }, "ok", SN, V35 },
    { "one finding per table, about its worst partition", CHECK,
      { PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\ndwd|x|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n"
              "dwd|events|p2|BUCKETS=1|COPY_BYTES=" GIB_50 "\n"), SKEWS("") }, "warning dwd.events/p2\nwarning dwd.x/p1", SN, V35 },
    { "a single tablet above 20 GiB is a warning", CHECK, { PARTS(""), SKEWS("dwd|events|p1|BYTES_MAX=21474836481\n") }, "warning dwd.events/p1", SN, V35 },
    { "20 GiB exactly are not", CHECK, { PARTS(""), SKEWS("dwd|events|p1|BYTES_MAX=" GIB_20 "\n") }, "ok", SN, V35 },
    { "a single tablet above 100 GiB is critical", CHECK, { PARTS(""), SKEWS("dwd|events|p1|BYTES_MAX=107374182401\n") }, "critical dwd.events/p1", SN, V35 },
    { "100 GiB exactly are a warning", CHECK, { PARTS(""), SKEWS("dwd|events|p1|BYTES_MAX=" GIB_100 "\n") }, "warning dwd.events/p1", SN, V35 },
    { "average and single tablet of a table are told once", CHECK,
      { PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_50 "\n"), SKEW_30 }, "warning dwd.events/p1", SN, V35 },
    { "a critical tablet is told instead of the average", CHECK,
      { PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" TIB_1 "\n"), SKEWS("dwd|events|p2|BYTES_MAX=" TIB_1 "\n") }, "critical dwd.events/p2", SN, V35 },
    { "an average that no tablet confirms counts rollups", CHECK,
      { THREE, PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n"), SKEWS("dwd|events|p2|BYTES_MAX=" GIB_20 "\n") }, "ok", SN, V35 },
    { "a tablet above 10 GiB in that partition confirms it", CHECK,
      { THREE, PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n"), CONFIRM }, "warning dwd.events/p1", SN, V35 },
    { "a tablet of 10 GiB does not", CHECK,
      { THREE, PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n"), SKEWS("dwd|events|p1|BYTES_MAX=" GIB_10 "\n") }, "ok", SN, V35 },
    { "sound tables before do not hide a sick one", CHECK,
      { PARTS("dwd|a|p1|BUCKETS=9\ndwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n"), SKEWS("dwd|a|p1|\ndwd|b|p1|BYTES_MAX=" GIB_50 "\n") },
      "warning dwd.b/p1\nwarning dwd.events/p1", SN, V35 },
    { "with a BE down its tablets cannot confirm anything", CHECK,
      { BES(BE("1") DEAD_BE("2")), PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n"), SKEWS("") }, "warning dwd.events/p1", SN, V35 },
    { "single tablets that were not read are said", CHECK, { PARTS(""), DENIED(srd_probe_tablet_skew) }, "not checked: denied", SN, V35 },
    { "an average stands beside single tablets that were not read", CHECK,
      { PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n"), { &srd_probe_tablet_skew, "", NULL, SRD_TIMED_OUT } },
      "warning dwd.events/p1\nnot checked: timeout", SN, V35 },
    { "shared-data has averages only", CHECK, { PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n") }, "warning dwd.events/p1", SD, V35 },
    { "too large: an account that sees no table knows nothing", CHECK, { PARTS(""), SKEWS(""), SIZES("") }, "not checked: denied", SN, V35 },
    { "too large: denied leaves it open", CHECK, { DENIED(srd_probe_partitions), SKEWS("") }, "not checked: denied", SN, V35 },
    { "too large: a missing column is a matter of version", CHECK,
      { RAW(srd_probe_partitions, "DB_NAME|TABLE_NAME|PARTITION_NAME|BUCKETS\nd|t|p|1\n"), SKEWS("") }, "not checked: version", SN, V35 },
    { "too large: names are whatever they are", CHECK, { PARTS("we`ird|名字|p`1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n"), SKEWS("") }, "warning we`ird.名字/p`1", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_tablet_too_small
#define TINY "FILLED_TABLETS=1001|MEDIAN_TABLET=104857599"
    { "1,001 tablets below 100 MiB are a warning", CHECK, { SIZES("dwd|tiny|" TINY "\n") }, "warning dwd.tiny", SN, V35 },
    { "1,000 are not", CHECK, { SIZES("dwd|tiny|FILLED_TABLETS=1000|MEDIAN_TABLET=1000\n") }, "ok", SN, V35 },
    { "100 MiB are not tiny", CHECK, { SIZES("dwd|tiny|FILLED_TABLETS=5000|MEDIAN_TABLET=104857600\n") }, "ok", SN, V35 },
    { "empty partitions do not count", CHECK, { SIZES("dwd|tiny|TABLETS=9000|FILLED_TABLETS=900|MEDIAN_TABLET=1000\n") }, "ok", SN, V35 },
    { "a table without data has no median", CHECK, { SIZES("dwd|tiny|TABLETS=9000|FILLED_TABLETS=0|MEDIAN_TABLET=\\N\n") }, "ok", SN, V35 },
    { "colocated tables need equal buckets", CHECK,
      { SIZES("dwd|tiny|" TINY "|PROPERTIES={\"replication_num\":\"3\",\"colocate_with\":\"g1\"}\n") }, "info dwd.tiny", SN, V35 },
    { "internal tables are left out", CHECK, { SIZES("_statistics_|t|" TINY "\nsys|t|" TINY "\n") }, "ok", SN, V35 },
    { "the rows that add up are no tables", CHECK, { SIZES("dwd||" TINY "\n||" TINY "\ndwd|t|\n") }, "ok", SN, V35 },
    { "half of over 100,000 tablets below 10 MiB are told", CHECK, { SIZES("||TABLETS=100001|SMALL_TABLETS=50001\n") }, "info all tables", SN, V35 },
    { "just half are not", CHECK, { SIZES("||TABLETS=100002|SMALL_TABLETS=50001\n") }, "ok", SN, V35 },
    { "of 100,000 tablets any may be small", CHECK, { SIZES("||TABLETS=100000|SMALL_TABLETS=100000\n") }, "ok", SN, V35 },
    { "in shared-data it is the same", CHECK, { SIZES("dwd|tiny|" TINY "\n") }, "warning dwd.tiny", SD, V35 },
    { "too small: denied leaves it open", CHECK, { DENIED(srd_probe_table_sizes) }, "not checked: denied", SN, V35 },
    { "too small: a missing column is a matter of version", CHECK, { NO_COLUMNS }, "not checked: version", SN, V35 },
    { "too small: names are whatever they are", CHECK, { SIZES("we`ird|名字|" TINY "\n") }, "warning we`ird.名字", SN, V35 },
    { "an account that sees no table knows nothing", CHECK, { SIZES("") }, "not checked: denied", SN, V35 },
    { "nor when the leader counts some", CHECK, { SIZES(""), SEES_ALL }, "not checked: denied", SN, V35 },
    { "a cluster without tables is fine", CHECK, { SIZES(""), DBS("1|dwd|0|8388608.000 TB|NULL|9\n1|sys|6|1.000 TB|NULL|9\n") }, "ok", SN, V35 },
    { "an account that sees half of the tables says so", CHECK, { SIZES("dwd|t|SEEN=50\n"), DBS("1|dwd|100|8388608.000 TB|NULL|9\n") }, "not checked: denied", SN, V35 },
    { "and what it found stands", CHECK, { SIZES("dwd|tiny|SEEN=50|" TINY "\n"), DBS("1|dwd|100|8388608.000 TB|NULL|9\n") },
      "warning dwd.tiny\nnot checked: denied", SN, V35 },
    { "one table that was just created is no difference", CHECK, { SIZES("dwd|t|SEEN=9\n"), DBS("1|dwd|10|8388608.000 TB|NULL|9\n") }, "ok", SN, V35 },
    { "system tables are not counted", CHECK, { SIZES("dwd|t|SEEN=10\n"), DBS("1|dwd|10|1.000 TB|NULL|9\n2|information_schema|58|1.000 TB|NULL|9\n") }, "ok", SN, V35 },
    { "also when they come first", CHECK, { SIZES("dwd|t|SEEN=10\n"), DBS("2|information_schema|58|1.000 TB|NULL|9\n1|dwd|100|1.000 TB|NULL|9\n") }, "not checked: denied", SN, V35 },
    { "when the leader's count is denied the account is believed", CHECK, { SIZES("dwd|t|SEEN=1\n"), DENIED(srd_probe_databases) }, "ok", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_bucket_skew
#define UNEVEN "ROWS_SUM=1000|ROWS_MAX=500"
    { "a bucket of 5 times the average is a warning", CHECK, { SKEWS("dwd|events|p1|BYTES_SUM=1073741825|" UNEVEN "\n") }, "warning dwd.events/p1", SN, V35 },
    { "4.99 times is not", CHECK, { SKEWS("dwd|events|p1|ROWS_SUM=1000|ROWS_MAX=499\n") }, "ok", SN, V35 },
    { "3 buckets are too few to be uneven", CHECK, { SKEWS("dwd|events|p1|TABLETS=3|ROWS_SUM=1000|ROWS_MAX=999\n") }, "ok", SN, V35 },
    { "4 are not", CHECK, { SKEWS("dwd|events|p1|TABLETS=4|ROWS_SUM=780|ROWS_MAX=999\n") }, "warning dwd.events/p1", SN, V35 },
    { "1 GiB does not matter", CHECK, { SKEWS("dwd|events|p1|BYTES_SUM=" GIB_1 "|" UNEVEN "\n") }, "ok", SN, V35 },
    { "nor a bucket below 64 MiB", CHECK, { SKEWS("dwd|events|p1|BYTES_MAX=67108863|" UNEVEN "\n") }, "ok", SN, V35 },
    { "a bucket of 64 MiB is enough", CHECK, { SKEWS("dwd|a|p1|\ndwd|events|p1|BYTES_MAX=67108864|" UNEVEN "\n") }, "warning dwd.events/p1", SN, V35 },
    { "10 times with a tablet above 10 GiB is critical", CHECK,
      { SKEWS("dwd|events|p1|ROWS_SUM=1000|ROWS_MAX=1000|BYTES_SUM=" GIB_50 "|BYTES_MAX=10737418241\n") }, "critical dwd.events/p1", SN, V35 },
    { "10 times with 10 GiB is a warning", CHECK,
      { SKEWS("dwd|events|p1|ROWS_SUM=1000|ROWS_MAX=1000|BYTES_SUM=" GIB_50 "|BYTES_MAX=" GIB_10 "\n") }, "warning dwd.events/p1", SN, V35 },
    { "9.9 times with a tablet above 10 GiB is a warning", CHECK,
      { SKEWS("dwd|events|p1|ROWS_SUM=1000|ROWS_MAX=990|BYTES_SUM=" GIB_50 "|BYTES_MAX=" GIB_20 "\n") }, "warning dwd.events/p1", SN, V35 },
    { "the critical partition speaks for its table, not the most uneven one", CHECK,
      { SKEWS("dwd|events|p1|TABLETS=20|ROWS_SUM=1000|ROWS_MAX=1000\ndwd|events|p2|ROWS_SUM=1000|ROWS_MAX=1000|BYTES_SUM=" GIB_50 "|BYTES_MAX=" GIB_20 "\n") },
      "critical dwd.events/p2", SN, V35 },
    { "no rows are no skew", CHECK, { SKEWS("dwd|events|p1|ROWS_SUM=0|ROWS_MAX=0\n") }, "ok", SN, V35 },
    { "internal tables may be uneven", CHECK, { SKEWS("_statistics_|events|p1|" UNEVEN "\n") }, "ok", SN, V35 },
    { "skew is not judged in shared-data", CHECK, { SKEWS("dwd|events|p1|" UNEVEN "\n") }, "not applicable", SD, V35 },
    { "skew: denied leaves it open", CHECK, { DENIED(srd_probe_tablet_skew) }, "not checked: denied", SN, V35 },
    { "skew: a missing column is a matter of version", CHECK,
      { RAW(srd_probe_tablet_skew, "DB_NAME|TABLE_NAME|PARTITION_NAME|TABLETS\nd|t|p|9\n") }, "not checked: version", SN, V35 },
    { "skew: names are whatever they are", CHECK, { SKEWS("we`ird|名字|p`1|" UNEVEN "\n") }, "warning we`ird.名字/p`1", SN, V35 },
    { "skew: an account that sees no table knows nothing", CHECK, { SKEWS(""), SIZES("") }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_bucket_parallelism_low
    { "2 buckets of more than 5 GiB on 3 nodes are too few", CHECK, { THREE, PARTS("dwd|events|p1|BUCKETS=2|COPY_BYTES=10737418242\n") }, "warning dwd.events/p1", SN, V35 },
    { "5 GiB per bucket are not", CHECK, { THREE, PARTS("dwd|events|p1|BUCKETS=2|COPY_BYTES=" GIB_10 "\n") }, "ok", SN, V35 },
    { "nor are 5 GiB exactly of a larger partition", CHECK, { BES(BE("1") BE("2") BE("3") BE("4")), PARTS("dwd|events|p1|BUCKETS=3|COPY_BYTES=16106127360\n") }, "ok", SN, V35 },
    { "on one node one bucket is enough", CHECK, { ONE, PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" TIB_1 "\n") }, "ok", SN, V35 },
    { "a table that is spread well does not hide another", CHECK,
      { THREE, PARTS("dwd|a|p1|\ndwd|a|p2|\ndwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n") }, "warning dwd.events/p1", SN, V35 },
    { "10 GiB are read fast enough by one thread", CHECK, { THREE, PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_10 "\n") }, "ok", SN, V35 },
    { "as many buckets as nodes are enough", CHECK, { THREE, PARTS("dwd|events|p1|BUCKETS=3|COPY_BYTES=" GIB_100 "\n") }, "ok", SN, V35 },
    { "nodes that are dead do not count", CHECK, { BES(BE("1") BE("2") DEAD_BE("3")), PARTS("dwd|events|p1|BUCKETS=2|COPY_BYTES=" GIB_100 "\n") }, "ok", SN, V35 },
    { "random distribution grows by itself", CHECK, { THREE, PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_100 "|DISTRIBUTION_KEY=ALL KEY\n") }, "ok", SN, V35 },
    { "a temporary partition may be slow", CHECK, { THREE, PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_100 "|IS_TEMP=1\n") }, "ok", SN, V35 },
    { "a larger partition with enough buckets does not hide another", CHECK,
      { THREE, PARTS("dwd|events|p1|BUCKETS=3|COPY_BYTES=" TIB_1 "\ndwd|events|p2|BUCKETS=1|COPY_BYTES=" GIB_20 "\n") }, "warning dwd.events/p2", SN, V35 },
    { "in shared-data compute nodes count", CHECK,
      { BES(""), RAW(srd_probe_compute_nodes, "ComputeNodeId|IP|HeartbeatPort|Alive\n1|c|9050|true\n2|c|9051|true\n"),
        PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n") }, "warning dwd.events/p1", SD, V35 },
    { "without nodes there is nothing to compare with", CHECK, { BES(DEAD_BE("1")), PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n") }, "not checked: no_backend", SN, V35 },
    { "parallelism: denied leaves it open", CHECK, { THREE, DENIED(srd_probe_partitions) }, "not checked: denied", SN, V35 },
    { "parallelism: nodes that are not shown leave it open", CHECK, { DENIED(srd_probe_backends), PARTS("d|t|p1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n") },
      "not checked: denied", SN, V35 },
    { "parallelism: a missing column is a matter of version", CHECK,
      { THREE, RAW(srd_probe_partitions, "DB_NAME|TABLE_NAME|PARTITION_NAME|BUCKETS\nd|t|p|1\n") }, "not checked: version", SN, V35 },
    { "parallelism: names are whatever they are", CHECK, { THREE, PARTS("we`ird|名字|p`1|BUCKETS=1|COPY_BYTES=" GIB_20 "\n") }, "warning we`ird.名字/p`1", SN, V35 },
    { "parallelism: an account that sees no table knows nothing", CHECK, { THREE, PARTS(""), SIZES("") }, "not checked: denied", SN, V35 },
#undef CHECK
};

#define TOTAL "||COPY_BYTES=" GIB_200 "|DATA_BYTES=644245094400|TABLETS=4000\n"
static const struct words words[] = {
    { "an average says size, buckets and how many more there are", &srd_storage_tablet_too_large,
      { SIZES(TOTAL), SKEWS(""), PARTS("we`ird|名字|p1|BUCKETS=2|COPY_BYTES=" GIB_50 "\nwe`ird|名字|p`2|BUCKETS=1|COPY_BYTES=" GIB_50 "\n"
                                       "we`ird|名字|p3|BUCKETS=2|COPY_BYTES=" GIB_50 "\n") },
      "{name} {table} {database} {partition}",
      "we`ird.名字/p`2 has tablets of 50.00 GB on average (50.00 GB in 1 bucket); 2 more partitions of this table are above the limit",
      "we`ird.名字/p`2 `we``ird`.`名字` `we``ird` `p``2`", "50.00 GB of 10.00 GB (catalogue)", 0.25, SN },
    { "a database is not the cluster", &srd_storage_tablet_too_small,
      { SIZES("d||TABLETS=2000\n" TOTAL "d|t|FILLED_TABLETS=2000|MEDIAN_TABLET=10485760\n") }, "",
      "d.t has 2,000 tablets with data, half of them below 10.00 MB", "", "10.00 MB of 100.00 MB (catalogue)", 0.5, SN },
    { "a single tablet says its size", &srd_storage_tablet_too_large,
      { SIZES(TOTAL), PARTS(""), SKEWS("d|t|p1|BYTES_MAX=" GIB_50 "|BYTES_SUM=" GIB_100 "\nd|t|p2|BYTES_MAX=32212254720\n") },
      "{table} {partition}", "d.t/p1 has a tablet of 50.00 GB; 1 more partition of this table is above the limit", "`d`.`t` `p1`", "50.00 GB of 20.00 GB (catalogue)", 0.5, SN },
    { "small tablets count by their number", &srd_storage_tablet_too_small,
      { SIZES("d|t|FILLED_TABLETS=2000|MEDIAN_TABLET=10485760|PROPERTIES={\"colocate_with\":\"g`1\"}\n" TOTAL) }, "{table}",
      "d.t has 2,000 tablets with data, half of them below 10.00 MB; its buckets have to equal those of colocation group g`1", "`d`.`t`", "10.00 MB of 100.00 MB (catalogue)", 0.5, SN },
    { "skew names the colocation group", &srd_storage_bucket_skew,
      { SIZES(TOTAL "d|t|PROPERTIES={\"colocate_with\":\"g1\"}\n"), SKEWS("d|t|p1|ROWS_SUM=1000|ROWS_MAX=600|BYTES_SUM=" GIB_50 "\n") }, "{table} {partition}",
      "d.t/p1 has 10 buckets, of which one holds 6.0 times the average (3.00 GB); its bucket key is that of colocation group g1", "`d`.`t` `p1`", "6.0x of 5.0x (catalogue)", 0.25, SN },
    { "parallelism counts buckets against nodes", &srd_storage_bucket_parallelism_low,
      { SIZES(TOTAL), THREE, PARTS("d|t|p1|BUCKETS=1|COPY_BYTES=" GIB_50 "\n") }, "{table}",
      "d.t/p1 spreads 50.00 GB over 1 bucket, fewer than the 3 nodes", "`d`.`t`", "1 of 3 (nodes that are alive)", 0.25, SN },
    { "the largest tablets are measured", &srd_storage_tablet_too_large,
      { PARTS("d|t|p1|BUCKETS=2|COPY_BYTES=" GIB_10 "\n"), SKEWS("d|u|p1|BYTES_MAX=6442450944\n") }, NULL, "the largest tablets hold 6.00 GB", NULL, NULL, 0, SN },
    { "no large tablets are measured too", &srd_storage_tablet_too_large, { PARTS(""), SKEWS("") }, NULL, "no tablets hold more than 5 GB on average", NULL, NULL, 0, SN },
    { "small tablets are measured", &srd_storage_tablet_too_small, { SIZES("||TABLETS=20000|SMALL_TABLETS=1500\n") }, NULL,
      "1,500 of 20,000 tablets hold less than 10 MB", NULL, NULL, 0, SN },
    { "many small tablets are a share", &srd_storage_tablet_too_small, { SIZES("||TABLETS=200000|SMALL_TABLETS=150000\n") }, "",
      "75 % of 200,000 tablets hold less than 10 MB", "", "75.00 % of 50.00 % (catalogue)", 0.75, SN },
    { "skew is measured", &srd_storage_bucket_skew, { SKEWS("d|t|p1|BYTES_SUM=" GIB_5 "|ROWS_SUM=1000|ROWS_MAX=420\nd|u|p|BYTES_SUM=" GIB_5 "|ROWS_SUM=1000|ROWS_MAX=320\n") }, NULL,
      "the most uneven partition has a bucket of 4.2 times the average", NULL, NULL, 0, SN },
    { "no skew is measured too", &srd_storage_bucket_skew, { SKEWS("") }, NULL, "no partition above 1 GB has a bucket of 3 times the average", NULL, NULL, 0, SN },
    { "parallelism is measured", &srd_storage_bucket_parallelism_low, { THREE, PARTS("d|t|p1|BUCKETS=3\nd|t|p2|IS_TEMP=1\n") }, NULL,
      "partitions with more than 5 GB per bucket: 1, nodes: 3", NULL, NULL, 0, SN },
    { "without the size of the cluster a finding counts in full", &srd_storage_bucket_parallelism_low,
      { THREE, PARTS("d|t|p1|BUCKETS=2|COPY_BYTES=" GIB_50 "\n") }, "{table}",
      "d.t/p1 spreads 50.00 GB over 2 buckets, fewer than the 3 nodes", "`d`.`t`", "2 of 3 (nodes that are alive)", 1, SN },
};
/* clang-format on */

/* Two columns are made out of a text of older releases. */
static void properties_are_read_in_both_styles(void **state)
{
    static const struct {
        const char *properties, *name, *want;
    } cases[] = {
        { "{\"a\":\"1\"}", "a", "1" },
        { "{\"a\":\"1\"}", "b", "" },
        { "no json", "a", "" },
        { "{\"dynamic_partition.end\":\"3\"}", "dynamic_partition.end", "3" },
        { "{\"dynamic_partition\":\"{dynamic_partition.enable:true,dynamic_partition.end:3}\"}",
          "dynamic_partition.end", "3" },
        { "{\"dynamic_partition\":\"{dynamic_partition.enable:true,dynamic_partition.end:3}\"}",
          "dynamic_partition.enable", "true" },
        { "{\"dynamic_partition\":\"{dynamic_partition.enable:true}\"}", "dynamic_partition.en",
          "" },
        { "{\"dynamic_partition\":\"\"}", "dynamic_partition.end", "" },
        { "{\"dynamic_partition\":\"{,,{}\"}", "dynamic_partition.end", "" },
    };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(cases); i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct srd_table *t =
            srd_table_of(arena, srd_arena_printf(arena, "PROPERTIES\n%s\n", cases[i].properties));
        const char *got = srd_storage_property(t, 0, cases[i].name, arena);

        assert_string_equal(got ? got : "", cases[i].want);
    }
}

static enum srd_retention retention(struct srd_arena *arena, int version, const char *properties,
                                    const char *ddl)
{
    struct srd_answer_text answers[] = {
        { &srd_probe_table_sizes, "",
          srd_arena_printf(arena, "DB_NAME|TABLE_NAME|PROPERTIES\nd/b|t|%s\n", properties), 0 },
        { ddl ? &srd_probe_table_ddl : NULL, "d%2Fb/t",
          srd_arena_printf(arena, "Table|Create Table\nt|%s\n", ddl ? ddl : ""), 0 },
        { 0 }
    };
    struct srd_evidence *ev = srd_evidence_of(arena, answers);

    ev->cluster.version = version;
    return srd_storage_retention(ev, 0, arena);
}

static void retention_is_known_or_not(void **state)
{
    /* clang-format off */
#define R "\"replication_num\":\"3\""
    static const struct {
        int version;
        const char *properties, *ddl;
        enum srd_retention want;
    } cases[] = {
        { 30500, "{" R "}", NULL, SRD_RETENTION_NONE },
        { 30500, "{" R ",\"partition_live_number\":\"90\"}", NULL, SRD_RETENTION_SET },
        { 30500, "{" R ",\"partition_live_number\":\"-1\"}", NULL, SRD_RETENTION_NONE },
        { 30500, "{" R ",\"partition_live_number\":\"0\"}", NULL, SRD_RETENTION_NONE },
        { 30300, "{" R "}", NULL, SRD_RETENTION_NONE },
        { 30500, "{" R ",\"partition_ttl\":\"1 MONTH\"}", NULL, SRD_RETENTION_SET },
        { 30500, "{" R ",\"partition_ttl_number\":\"3\"}", NULL, SRD_RETENTION_SET },
        { 30500, "{" R ",\"partition_retention_condition\":\"dt >= 1\"}", NULL, SRD_RETENTION_SET },
        { 30500, "{" R ",\"partition_retention_condition\":\"\"}", NULL, SRD_RETENTION_NONE },
        { 30500, "{" R ",\"dynamic_partition.enable\":\"true\",\"dynamic_partition.start\":\"-3\"}",
          NULL, SRD_RETENTION_SET },
        { 30500, "{" R ",\"dynamic_partition.enable\":\"TRUE\",\"dynamic_partition.start\":\"-3\"}",
          NULL, SRD_RETENTION_SET },
        { 30500, "{" R ",\"dynamic_partition.enable\":\"false\",\"dynamic_partition.start\":\"-3\"}",
          NULL, SRD_RETENTION_NONE },
        { 30500,
          "{" R ",\"dynamic_partition.enable\":\"true\",\"dynamic_partition.start\":\"-2147483648\"}",
          NULL, SRD_RETENTION_NONE },
        { 30500, "{\"comment\":\"\\\"partition_ttl\\\"\"," R "}", NULL, SRD_RETENTION_NONE },
        { 30500, "\\N", NULL, SRD_RETENTION_UNKNOWN },
        { 30500, "{cut", NULL, SRD_RETENTION_UNKNOWN },
        { 30500, "{}", NULL, SRD_RETENTION_UNKNOWN },
        /* before 3.3 the properties lack what expires partitions */
        { 30209, "{" R "}", NULL, SRD_RETENTION_UNKNOWN },
        { 30209, "{" R "}", "CREATE TABLE t ()", SRD_RETENTION_NONE },
        { 30209, "{" R "}", "... (\"partition_live_number\" = \"3\")", SRD_RETENTION_SET },
        { 30209, "{" R "}", "... (\"partition_ttl\" = \"3 DAY\")", SRD_RETENTION_SET },
        { 30209, "{" R ",\"replicated_storage\":\"true\"}", NULL, SRD_RETENTION_NONE },
        { 30209,
          "{" R ",\"dynamic_partition\":\"{dynamic_partition.enable:true,dynamic_partition.start:-9}\"}",
          NULL, SRD_RETENTION_SET },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(cases); i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

        if (retention(arena, cases[i].version, cases[i].properties, cases[i].ddl) != cases[i].want)
            fail_msg("%s", cases[i].properties);
    }
}

static void chains_find_every_table(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_table *t =
        srd_table_of(arena, "DB_NAME|TABLE_NAME\nb|x\na|y\nb|x\n\\N|\\N\na|x\nb|x\nab|\na|bx\n");
    struct srd_chains c = srd_storage_chains(arena, t);
    struct srd_chains none = srd_storage_chains(arena, NULL);
    double values[] = { 1, 9, 5, 0, 2, 3, 0, 0 };
    struct srd_group g;

    (void)state;
    assert_int_equal(srd_storage_chain_of(&c, "b", "x"), 0);
    assert_int_equal(c.next[0], 2);
    assert_int_equal(c.next[2], 5);
    assert_true(c.next[5] == SRD_NO_COLUMN);
    assert_true(c.first[0] && c.first[1] && !c.first[2] && c.first[4] && !c.first[5]);
    assert_int_equal(srd_storage_chain_of(&c, "a", "x"), 4);
    assert_int_equal(srd_storage_chain_of(&c, "a", "bx"), 7); /* not "ab" and "x" */
    assert_true(srd_storage_chain_of(&c, "ab", "x") == SRD_NO_COLUMN);
    assert_true(srd_storage_chain_of(&c, "", "") == SRD_NO_COLUMN);
    assert_true(srd_storage_chain_of(&c, "zz", "z") == SRD_NO_COLUMN);
    assert_true(srd_storage_chain_of(&none, "a", "x") == SRD_NO_COLUMN);
    assert_true(srd_storage_group(&c, 0, values, 2, &g));
    assert_int_equal(g.worst_row, 2);
    assert_int_equal(g.count, 2);
    assert_false(srd_storage_group(&c, 4, values, 2, &g));
}

/* clang-format off */
enum { DATABASE, TABLE, MODEL, ENGINE, SIZE, COPY, STORED, ROW_COUNT, PARTITIONS, TABLETS, TABLET,
       REPLICATION, RETENTION, SCORE };
/* clang-format on */

static void the_view_lists_as_many_as_are_wanted(void **state)
{
    static const struct srd_answer_text given[MAX_ANSWERS] = {
        SIZES("||TABLES=1204|DATA_BYTES=" TIB_1 "|SEEN=1204\ndwd||DATA_BYTES=" TIB_1 "\n"
              "dwd|events|DATA_BYTES=" GIB_100 "|COPY_BYTES=" GIB_50 "|TABLETS=10|MAX_CS=7\n"
              "dwd|old|PROPERTIES=\\N|STORAGE_BYTES=" GIB_10 "\ndwd|more|\n"),
        DBS("1|dwd|2000|1.000 TB|NULL|9\n"),
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[MAX_ANSWERS] = { 0 };
    struct srd_arg_value args[] = { { .number = 2 } };
    struct srd_rows view = { .arena = arena, .view = &srd_storage_view_tables };
    struct srd_evidence *ev;

    (void)state;
    expand_all(arena, given, answers);
    ev = srd_evidence_of(arena, answers);
    ev->cluster.mode = SN;
    ev->cluster.version = 30507;
    srd_storage_view_tables.fill(ev, args, &view);
    assert_int_equal(view.count, 2);
    assert_string_equal(srd_rows_value(&view, 0, TABLE)->text, "events");
    assert_true(srd_rows_value(&view, 0, TABLET)->number == 5368709120.0);
    assert_string_equal(srd_rows_value(&view, 0, RETENTION)->text, "no");
    assert_false(srd_rows_value(&view, 0, SCORE)->present);
    assert_false(srd_rows_value(&view, 0, STORED)->present);
    assert_false(srd_rows_value(&view, 1, RETENTION)->present);
    assert_true(srd_rows_value(&view, 1, STORED)->present);
    assert_string_equal(view.summary, "2 of 1,204 tables, 130.00 GB of 1.00 TB");
    assert_int_equal(view.note_count, 1);
    assert_string_equal(view.notes[0], "The account sees 1,204 of 2,000 tables and views.");
}

static void only_doubtful_tables_are_asked_for_their_definition(void **state)
{
    static const struct srd_answer_text given[MAX_ANSWERS] = {
        SIZES("dwd|events|PARTITIONS=400|PROPERTIES={\"replication_num\":\"3\"}\n"
              "dwd|few|PARTITIONS=4|PROPERTIES={\"replication_num\":\"3\"}\n"
              "dwd|mv|PARTITIONS=400|TABLE_ENGINE=MATERIALIZED_VIEW|PROPERTIES={\"replication_"
              "num\":\"3\"}\n"
              "dwd|complete|PARTITIONS=400\n"),
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[MAX_ANSWERS] = { 0 };
    struct srd_keys keys = { .arena = arena, .max = 20 };
    struct srd_evidence *ev;

    (void)state;
    expand_all(arena, given, answers);
    ev = srd_evidence_of(arena, answers);
    ev->cluster.version = 30209;
    srd_probe_table_ddl.pick(ev, &keys);
    assert_int_equal(keys.count, 1);
    assert_string_equal(keys.keys[0].values[1], "events");
}

/* @count lines of @line. */
static const char *lines_of(struct srd_arena *arena, const struct srd_probe *probe, size_t count,
                            const char *line)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;

    srd_buf_init(&text, (size_t)1 << 24);
    for (size_t i = 0; i < count; i++)
        srd_buf_printf(&text, "dwd|t%zu|%s\n", i, line);
    return expand(arena, probe, text.data);
}

/* What an answer that was cut may have lost is not taken for sound. */
static void a_full_answer_is_not_taken_for_all(void **state)
{
    static const char nodes[] = "BackendId|IP|HeartbeatPort|Alive\n1|be1|9050|true\n";
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[] = { { &srd_probe_backends, "", nodes, 0 },
                                         { &srd_probe_partitions, "",
                                           expand(arena, &srd_probe_partitions,
                                                  "dwd|events|p1|BUCKETS=1|COPY_BYTES=" GIB_20
                                                  "\n"),
                                           0 },
                                         { &srd_probe_tablet_skew, "", NULL, 0 },
                                         { 0 } };

    (void)state;
    answers[2].table = lines_of(arena, &srd_probe_tablet_skew, SRD_SKEWS_READ - 1, "p|");
    assert_string_equal(
        srd_check_judge_text(&srd_storage_tablet_too_large, SN, V35, answers, arena), "ok");
    answers[2].table = lines_of(arena, &srd_probe_tablet_skew, SRD_SKEWS_READ, "p|");
    assert_string_equal(
        srd_check_judge_text(&srd_storage_tablet_too_large, SN, V35, answers, arena),
        "warning dwd.events/p1");
    answers[1].table = lines_of(arena, &srd_probe_partitions, SRD_PARTITIONS_READ - 1, "p|");
    assert_string_equal(
        srd_check_judge_text(&srd_storage_bucket_parallelism_low, SN, V35, answers, arena), "ok");
    answers[1].table = lines_of(arena, &srd_probe_partitions, SRD_PARTITIONS_READ, "p|");
    assert_string_equal(
        srd_check_judge_text(&srd_storage_bucket_parallelism_low, SN, V35, answers, arena),
        "not checked: skipped");
}

/* With a lower bound of the user's the list of tablets above 10 GiB confirms nothing. */
static void a_bound_of_the_user_wins(void **state)
{
    static const struct srd_override overrides[] = {
        { "storage.tablet-too-large.average", 6442450944.0, "--set" }, { 0 }
    };
    static const struct srd_answer_text given[MAX_ANSWERS] = {
        THREE, PARTS("dwd|events|p1|BUCKETS=1|COPY_BYTES=7516192768\n"), SKEWS("")
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[MAX_ANSWERS] = { 0 };
    struct srd_evidence *ev;
    struct srd_result result;

    (void)state;
    expand_all(arena, given, answers);
    ev = srd_evidence_of(arena, answers);
    ev->cluster.mode = SN;
    ev->cluster.version = V35;
    srd_check_judge(&srd_storage_tablet_too_large, ev, arena, &result);
    assert_int_equal(result.finding_count, 0);
    ev->overrides = overrides;
    srd_check_judge(&srd_storage_tablet_too_large, ev, arena, &result);
    assert_int_equal(result.finding_count, 1);
    assert_string_equal(result.findings[0]->limit.source, "--set");
}

/* What depends on the release, and does not exist before. */
static void texts_fit_version_and_mode(void **state)
{
    (void)state;
    assert_null(srd_probe_text(&srd_probe_table_sizes, 30203, SN));
    assert_non_null(srd_probe_text(&srd_probe_table_sizes, 30204, SN));
    assert_null(srd_probe_text(&srd_probe_tablet_skew, 30507, SD));
    assert_null(strstr(srd_probe_text(&srd_probe_table_sizes, 30404, SD)->sql, "STORAGE_SIZE"));
    assert_non_null(strstr(srd_probe_text(&srd_probe_table_sizes, 30405, SD)->sql, "STORAGE_SIZE"));
    assert_null(
        strstr(srd_probe_text(&srd_probe_dynamic_tables, 30203, SN)->sql, "partitions_meta"));
    assert_null(srd_probe_text(&srd_probe_table_ddl, 30300, SN));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(properties_are_read_in_both_styles),
        cmocka_unit_test(retention_is_known_or_not),
        cmocka_unit_test(chains_find_every_table),
        cmocka_unit_test(the_view_lists_as_many_as_are_wanted),
        cmocka_unit_test(only_doubtful_tables_are_asked_for_their_definition),
        cmocka_unit_test(a_full_answer_is_not_taken_for_all),
        cmocka_unit_test(a_bound_of_the_user_wins),
        cmocka_unit_test(texts_fit_version_and_mode),
    };

    return run_rows(rows, SRD_COUNT(rows), words, SRD_COUNT(words)) +
           cmocka_run_group_tests_name("storage sizes", tests, NULL, NULL);
}
