/* When do quotas, primary keys and storage media not fit what tables hold? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "tests/storage_rows.h"

/* What is tested here; the expert lists them beside their records. */
extern const struct srd_check srd_storage_medium_mismatch, srd_storage_pk_index_memory,
    srd_storage_pk_key_wide, srd_storage_quota;

/* clang-format off */
#define NO_COLUMNS RAW(srd_probe_table_sizes, "DB_NAME|TABLE_NAME|PARTITIONS\nd|t|1\n")
#define QUOTA(data, replicas) DBS("1|dwd|1|" data "|NULL|" replicas "\n")
#define ENDLESS QUOTA("8388608.000 TB", "9223372036854775807")
#define PK "TABLE_MODEL=PRIMARY_KEYS|"
#define WITH(property) "PROPERTIES={\"replication_num\":\"3\"," property "}\n"
#define IN_MEMORY WITH("\"enable_persistent_index\":\"false\"")
#define LOCAL WITH("\"enable_persistent_index\":\"true\",\"persistent_index_type\":\"LOCAL\"")
#define KEYS(rows) RAW(srd_probe_primary_keys, "TABLE_SCHEMA|TABLE_NAME|KEY_COLUMNS|LONGEST_TEXT|KEY_BYTES\n" rows)
#define DISKS(id, rows) { &srd_probe_backend_disks, id, "RootPath|AvailCapacity|TotalCapacity|TotalUsedPct|State|StorageMedium\n" rows, 0 }
#define PATH(state, medium) "/data1|1.000 TB|2.000 TB|50.00 %|" state "|" medium "\n"
#define HDD DISKS("1", PATH("ONLINE", "HDD"))
#define SSD DISKS("1", PATH("ONLINE", "SSD"))
#define BOTH DISKS("1", PATH("ONLINE", "HDD") PATH("ONLINE", "SSD"))
#define ONE BES(BE("1"))
#define TWO BES(BE("1") BE("2"))
#define ON_SSD SIZES("dwd|t|SSD_PARTITIONS=4|HDD_PARTITIONS=0\n")
#define ON_HDD SIZES("dwd|t|SSD_PARTITIONS=0|HDD_PARTITIONS=4\n")
#define LATE SIZES("dwd|t|SSD_PARTITIONS=4|HDD_PARTITIONS=6|OVERDUE_PARTITIONS=3\n")

static const struct row rows[] = {
#define CHECK &srd_storage_quota
    { "more than 80 % of the data quota is a warning", CHECK, { SIZES("dwd||DATA_BYTES=85899345921\n"), QUOTA("100.000 GB", "9223372036854775807") }, "warning dwd", SN, V35 },
    { "80 % exactly is not", CHECK, { SIZES("dwd||DATA_BYTES=85899345920\n"), QUOTA("100.000 GB", "9223372036854775807") }, "ok", SN, V35 },
    { "more than 95 % is critical", CHECK, { SIZES("dwd||DATA_BYTES=102005473281\n"), QUOTA("100.000 GB", "9223372036854775807") }, "critical dwd", SN, V35 },
    { "95 % exactly is a warning", CHECK, { SIZES("dwd||DATA_BYTES=102005473280\n"), QUOTA("100.000 GB", "9223372036854775807") }, "warning dwd", SN, V35 },
    { "replicas have a quota too", CHECK, { SIZES("dwd||REPLICAS=81\n"), QUOTA("8388608.000 TB", "100") }, "warning dwd", SN, V35 },
    { "80 of 100 replicas are fine", CHECK, { SIZES("dwd||REPLICAS=80\n"), QUOTA("8388608.000 TB", "100") }, "ok", SN, V35 },
    { "96 are critical", CHECK, { SIZES("dwd||REPLICAS=96\n"), QUOTA("8388608.000 TB", "100") }, "critical dwd", SN, V35 },
    { "both may be used up", CHECK, { SIZES("dwd||REPLICAS=100|DATA_BYTES=" GIB_100 "\n"), QUOTA("100.000 GB", "110") }, "critical dwd\nwarning dwd", SN, V35 },
    { "a database that is empty does not hide one that is full", CHECK, { SIZES("dwd||REPLICAS=96\n"), DBS("1|a|1|1.000 TB|NULL|9\n1|dwd|1|8388608.000 TB|NULL|100\n") }, "critical dwd", SN, V35 },
    { "the defaults are endless", CHECK, { SIZES("dwd||DATA_BYTES=" TIB_1 "\n"), ENDLESS }, "ok", SN, V35 },
    { "a database without partitions uses nothing", CHECK, { SIZES("ods||DATA_BYTES=" TIB_1 "\n"), QUOTA("1.000 GB", "1") }, "ok", SN, V35 },
    { "a table of the same name is no database", CHECK, { SIZES("ods|dwd|DATA_BYTES=" TIB_1 "\ndwd|t|DATA_BYTES=" TIB_1 "\n"), QUOTA("1.000 GB", "1") }, "ok", SN, V35 },
    { "a quota of 0 is none", CHECK, { SIZES("dwd||DATA_BYTES=" TIB_1 "\n"), QUOTA("0.000 ", "0") }, "ok", SN, V35 },
    { "quotas that cannot be read say nothing", CHECK, { SIZES("dwd||DATA_BYTES=" TIB_1 "\n"), QUOTA("much", "many") }, "ok", SN, V35 },
    { "quota: denied leaves it open", CHECK, { SIZES("dwd||DATA_BYTES=" TIB_1 "\n"), DENIED(srd_probe_databases) }, "not checked: denied", SN, V35 },
    { "quota: without sizes it is open", CHECK, { DENIED(srd_probe_table_sizes), ENDLESS }, "not checked: denied", SN, V35 },
    { "quota: a missing column is a matter of version", CHECK, { SIZES("dwd|t|\n"), RAW(srd_probe_databases, "DbId|DbName|TableNum\n1|dwd|1\n") }, "not checked: version", SN, V35 },
    { "quota: names are whatever they are", CHECK, { SIZES("we`ird 名字||REPLICAS=81\n"), DBS("1|we`ird 名字|1|1.000 TB|NULL|100\n") }, "warning we`ird 名字", SN, V35 },
    { "quota: in shared-data it is the same", CHECK, { SIZES("dwd||REPLICAS=81\n"), QUOTA("8388608.000 TB", "100") }, "warning dwd", SD, V35 },
    { "quota: an account that sees few tables says so", CHECK, { SIZES("dwd||SEEN=3\n"), DBS("1|dwd|30|1.000 TB|NULL|1000\n") }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_pk_index_memory
    { "an index in memory of more than 10 GiB of data is a warning", CHECK, { SIZES("dwd|t|" PK "COPY_BYTES=10737418241|" IN_MEMORY) }, "warning dwd.t", SN, V35 },
    { "10 GiB exactly are not", CHECK, { SIZES("dwd|t|" PK "COPY_BYTES=" GIB_10 "|" IN_MEMORY) }, "ok", SN, V35 },
    { "a persistent index may be large", CHECK, { SIZES("dwd|t|" PK "COPY_BYTES=" TIB_1 "|" WITH("\"enable_persistent_index\":\"true\"")) }, "ok", SN, V35 },
    { "without the property it is not known, and no alarm", CHECK, { SIZES("dwd|t|" PK "COPY_BYTES=" TIB_1 "|" WITH("\"a\":\"1\"")) }, "ok", SN, V35 },
    { "properties that cannot be read are no alarm", CHECK, { SIZES("dwd|t|" PK "COPY_BYTES=" TIB_1 "|PROPERTIES=\"enable_persistent_index\":\"false\"\n") }, "ok", SN, V35 },
    { "other models have no such index", CHECK, { SIZES("dwd|t|COPY_BYTES=" TIB_1 "|" IN_MEMORY) }, "ok", SN, V35 },
    { "the model by its other name", CHECK, { SIZES("dwd|t|TABLE_MODEL=PRI_KEYS|COPY_BYTES=" TIB_1 "|" IN_MEMORY) }, "warning dwd.t", SN, V35 },
    { "other tables do not hide it", CHECK, { SIZES("dwd|a|\ndwd|b|" PK "\ndwd|t|" PK "COPY_BYTES=" TIB_1 "|" IN_MEMORY) }, "warning dwd.t", SN, V35 },
    { "from 3.3.2 on a local index is told", CHECK, { SIZES("dwd|t|" PK LOCAL) }, "info dwd.t", SD, 30302 },
    { "a local index in shared-data is told", CHECK, { SIZES("dwd|t|" PK LOCAL) }, "info dwd.t", SD, V35 },
    { "before 3.3.2 there was no other", CHECK, { SIZES("dwd|t|" PK LOCAL) }, "ok", SD, 30301 },
    { "in shared-nothing it is where it belongs", CHECK, { SIZES("dwd|t|" PK LOCAL) }, "ok", SN, V35 },
    { "an index in the object store is fine", CHECK, { SIZES("dwd|t|" PK WITH("\"persistent_index_type\":\"CLOUD_NATIVE\"")) }, "ok", SD, V35 },
    { "in memory is a warning in shared-data too", CHECK, { SIZES("dwd|t|" PK "COPY_BYTES=" TIB_1 "|" IN_MEMORY) }, "warning dwd.t", SD, V35 },
    { "index: internal tables are left out", CHECK, { SIZES("_statistics_|t|" PK "COPY_BYTES=" TIB_1 "|" IN_MEMORY) }, "ok", SN, V35 },
    { "index: denied leaves it open", CHECK, { DENIED(srd_probe_table_sizes) }, "not checked: denied", SN, V35 },
    { "index: a missing column is a matter of version", CHECK, { NO_COLUMNS }, "not checked: version", SN, V35 },
    { "index: names are whatever they are", CHECK, { SIZES("we`ird|名字|" PK "COPY_BYTES=" TIB_1 "|" IN_MEMORY) }, "warning we`ird.名字", SN, V35 },
    { "index: an account that sees no table knows nothing", CHECK, { SIZES("") }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_pk_key_wide
    { "more than 128 bytes with a text above 64 is told", CHECK, { KEYS("dwd|t|2|65|129\n") }, "info dwd.t", SN, V35 },
    { "128 bytes exactly are not", CHECK, { KEYS("dwd|t|2|120|128\n") }, "ok", SN, V35 },
    { "a text of 64 is not", CHECK, { KEYS("dwd|t|3|64|200\n") }, "ok", SN, V35 },
    { "6 columns are told", CHECK, { KEYS("dwd|t|6|0|24\n") }, "info dwd.t", SN, V35 },
    { "5 columns are not", CHECK, { KEYS("dwd|t|5|0|80\n") }, "ok", SN, V35 },
    { "the width alone is never more than told", CHECK, { KEYS("dwd|t|9|65533|600000\n") }, "info dwd.t", SN, V35 },
    { "narrow keys and internal ones do not hide a wide one", CHECK, { KEYS("_statistics_|t|9|100|200\ndwd|a|1|0|8\ndwd|t|6|0|24\n") }, "info dwd.t", SN, V35 },
    { "key: internal tables are left out", CHECK, { KEYS("_statistics_|t|9|65533|600000\n") }, "ok", SN, V35 },
    { "a cluster without primary key tables is fine", CHECK, { KEYS("") }, "ok", SN, V35 },
    { "key: denied leaves it open", CHECK, { DENIED(srd_probe_primary_keys) }, "not checked: denied", SN, V35 },
    { "key: a missing column is a matter of version", CHECK, { RAW(srd_probe_primary_keys, "TABLE_SCHEMA|TABLE_NAME|KEY_COLUMNS\nd|t|9\n") }, "not checked: version", SN, V35 },
    { "key: names are whatever they are", CHECK, { KEYS("we`ird|名字|9|0|24\n") }, "info we`ird.名字", SN, V35 },
    { "key: in shared-data it is the same", CHECK, { KEYS("dwd|t|6|0|24\n") }, "info dwd.t", SD, V35 },
    { "key: an account that sees no table knows nothing", CHECK, { KEYS(""), SIZES("") }, "not checked: denied", SN, V35 },
#undef CHECK
#define CHECK &srd_storage_medium_mismatch
    { "partitions on SSD without an SSD path are a warning", CHECK, { ONE, HDD, ON_SSD }, "warning dwd.t", SN, V35 },
    { "partitions on HDD without an HDD path are a warning", CHECK, { ONE, SSD, ON_HDD }, "warning dwd.t", SN, V35 },
    { "a table without partitions there does not hide one that has them", CHECK, { ONE, HDD, SIZES("dwd||\ndwd|a|HDD_PARTITIONS=0\ndwd|t|SSD_PARTITIONS=4\n") }, "warning dwd.t", SN, V35 },
    { "media that exist are fine", CHECK, { ONE, BOTH, SIZES("dwd|t|SSD_PARTITIONS=4|HDD_PARTITIONS=4\n") }, "ok", SN, V35 },
    { "a path that is offline does not count", CHECK, { ONE, DISKS("1", PATH("ONLINE", "HDD") PATH("OFFLINE", "SSD")), ON_SSD }, "warning dwd.t", SN, V35 },
    { "what should have left SSD a day ago is a warning", CHECK, { ONE, BOTH, LATE }, "warning dwd.t", SN, V35 },
    { "without HDD there is nowhere to go", CHECK, { ONE, SSD, SIZES("dwd|t|SSD_PARTITIONS=4|HDD_PARTITIONS=0|OVERDUE_PARTITIONS=4\n") }, "ok", SN, V35 },
    { "a path of a backend that was not read may have it", CHECK, { TWO, HDD, DENIED(srd_probe_backend_disks), ON_SSD }, "not checked: skipped", SN, V35 },
    { "what exists is known all the same", CHECK, { TWO, HDD, DENIED(srd_probe_backend_disks), ON_HDD }, "ok", SN, V35 },
    { "also of the other medium", CHECK, { TWO, SSD, DENIED(srd_probe_backend_disks), ON_SSD }, "ok", SN, V35 },
    { "cool-down is judged all the same", CHECK, { TWO, BOTH, DENIED(srd_probe_backend_disks), LATE }, "warning dwd.t", SN, V35 },
    { "a path of a dead backend is still a path", CHECK, { BES(BE("1") DEAD_BE("2")), HDD, DISKS("2", PATH("ONLINE", "SSD")), ON_SSD }, "ok", SN, V35 },
    { "without any path nothing is known", CHECK, { ONE, DISKS("1", ""), ON_SSD }, "not checked: skipped", SN, V35 },
    { "without a backend nothing is known", CHECK, { BES(""), ON_SSD }, "not checked: no_backend", SN, V35 },
    { "medium: internal tables are left out", CHECK, { ONE, HDD, SIZES("_statistics_|t|SSD_PARTITIONS=4\n") }, "ok", SN, V35 },
    { "medium: not in shared-data", CHECK, { ONE, HDD, ON_SSD }, "not applicable", SD, V35 },
    { "medium: denied leaves it open", CHECK, { ONE, HDD, DENIED(srd_probe_table_sizes) }, "not checked: denied", SN, V35 },
    { "medium: without paths it is open", CHECK, { ONE, DENIED(srd_probe_backend_disks), ON_SSD }, "not checked: denied", SN, V35 },
    { "medium: a missing column is a matter of version", CHECK, { ONE, HDD, NO_COLUMNS }, "not checked: version", SN, V35 },
    { "medium: names are whatever they are", CHECK, { ONE, HDD, SIZES("we`ird|名字|SSD_PARTITIONS=4\n") }, "warning we`ird.名字", SN, V35 },
    { "medium: an account that sees no table knows nothing", CHECK, { ONE, HDD, SIZES("") }, "not checked: denied", SN, V35 },
#undef CHECK
};

#define TOTAL "||COPY_BYTES=" GIB_200 "|DATA_BYTES=" GIB_200 "|PARTITIONS=40|REPLICAS=1000\n"
static const struct words words[] = {
    { "the data quota has numbers", &srd_storage_quota, { SIZES(TOTAL "we`ird||DATA_BYTES=" GIB_100 "\n"), DBS("1|we`ird|1|110.000 GB|NULL|9000\n") },
      "ALTER DATABASE {database} SET {what} QUOTA", "we`ird uses 100.00 GB of its data quota of 110.00 GB (90.9 %)", "ALTER DATABASE `we``ird` SET DATA QUOTA", "90.91 % of 80.00 % (catalogue)", 0.5, SN },
    { "the replica quota has numbers", &srd_storage_quota, { SIZES(TOTAL "d||REPLICAS=250\n"), DBS("1|d|1|1.000 TB|NULL|255\n") },
      "{what}", "d uses 250 of its replica quota of 255 (98.0 %)", "REPLICA", "98.04 % of 95.00 % (catalogue)", 0.25, SN },
    { "an index in memory says how to leave it", &srd_storage_pk_index_memory, { SIZES(TOTAL "d|t`|" PK "COPY_BYTES=" GIB_50 "|" IN_MEMORY) },
      "ALTER TABLE {table} SET ({property})", "d.t` keeps its primary key index in memory (50.00 GB of data in one copy)",
      "ALTER TABLE `d`.`t``` SET (\"enable_persistent_index\" = \"true\")", "50.00 GB of 10.00 GB (catalogue)", 0.25, SN },
    { "a local index says how to leave it", &srd_storage_pk_index_memory, { SIZES(TOTAL "d|t|" PK "COPY_BYTES=" GIB_50 "|" LOCAL) },
      "{property}", "d.t keeps its primary key index on local disks of the nodes", "\"persistent_index_type\" = \"CLOUD_NATIVE\"", "", 0.25, SD },
    { "a wide key has numbers", &srd_storage_pk_key_wide, { KEYS("d|t|1|2000|2000\nd|u|1|0|8\n") }, "",
      "d.t has a primary key of 1 column and up to 2,000 bytes", "", "1.95 KB of 128 B (catalogue)", 0.5, SN },
    { "a missing SSD names the other medium", &srd_storage_medium_mismatch, { ONE, HDD, SIZES(TOTAL "d|t|SSD_PARTITIONS=4|HDD_PARTITIONS=0\n") },
      "{table} {medium}", "d.t has 10 partitions, of which 4 want SSD, and no path is SSD", "`d`.`t` HDD", "", 0.1, SN },
    { "a missing HDD names the other medium", &srd_storage_medium_mismatch, { ONE, SSD, SIZES(TOTAL "d|t|HDD_PARTITIONS=8\n") },
      "{medium}", "d.t has 10 partitions, of which 8 want HDD, and no path is HDD", "SSD", "", 0.2, SN },
    { "a key of many columns speaks of columns", &srd_storage_pk_key_wide, { KEYS("d|t|6|0|128\n") }, "",
      "d.t has a primary key of 6 columns and up to 128 bytes", "", "6 of 5 (catalogue)", 1, SN },
    { "databases are measured", &srd_storage_quota, { SIZES("dwd||\nods||\n"), DBS("1|dwd|1|1.000 TB|NULL|9000\n2|ods|1|1.000 TB|NULL|9000\n3|x|0|1.000 TB|NULL|9\n") }, NULL,
      "databases compared with their quotas: 2", NULL, NULL, 0, SN },
    { "indexes are measured", &srd_storage_pk_index_memory, { SIZES("d|t|" PK "\nd|u|\n") }, NULL, "primary key tables: 1", NULL, NULL, 0, SN },
    { "keys are measured", &srd_storage_pk_key_wide, { KEYS("d|t|1|0|8\nd|u|1|0|16\nd|v|1|0|4\n") }, NULL, "the widest primary key takes up to 16 bytes", NULL, NULL, 0, SN },
    { "media are measured", &srd_storage_medium_mismatch, { ONE, BOTH, SIZES("d|t|\n") }, NULL, "paths of SSD and HDD exist", NULL, NULL, 0, SN },
    { "one medium is measured", &srd_storage_medium_mismatch, { ONE, HDD, SIZES("d|t|\n") }, NULL, "paths of HDD exist", NULL, NULL, 0, SN },
    { "overdue partitions are counted", &srd_storage_medium_mismatch, { ONE, BOTH, SIZES(TOTAL "d|t|SSD_PARTITIONS=4|OVERDUE_PARTITIONS=2\n") },
      "{medium}", "d.t has 10 partitions, of which 2 should have left SSD for HDD a day ago", "HDD", "", 0.05, SN },
};
/* clang-format on */

int main(void)
{
    return run_rows(rows, SRD_COUNT(rows), words, SRD_COUNT(words));
}
