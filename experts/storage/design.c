/* Do quotas, primary keys and storage media fit what the tables hold? */

#include "experts/storage/sizes.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/model/identity.h"

/* storage.quota */

static void judge_one_quota(struct srd_findings *out, const struct srd_table *dbs, size_t row,
                            bool replicas, double used, double quota)
{
    struct srd_limit warning = srd_limit_catalogue(out->ev, "storage.quota", 80, SRD_UNIT_PERCENT);
    struct srd_limit critical =
        srd_limit_catalogue(out->ev, "storage.quota.critical", 95, SRD_UNIT_PERCENT);
    enum srd_unit unit = replicas ? SRD_UNIT_COUNT : SRD_UNIT_BYTES;
    const char *db = srd_cell_text(dbs, row, "DbName");
    double percent = quota > 0 ? 100 * used / quota : 0;
    bool worse = percent > critical.value;
    struct srd_finding *f;

    if (percent <= warning.value)
        return;
    f = srd_finding_add(out, worse ? SRD_CRITICAL : SRD_WARNING, "database", db,
                        "%s uses %s of its %s quota of %s (%.1f %%)", db,
                        srd_unit_format(out->arena, unit, used, 0), replicas ? "replica" : "data",
                        srd_unit_format(out->arena, unit, quota, 0), percent);
    srd_finding_value(f, percent, worse ? critical : warning);
    srd_finding_share(f, used, srd_storage_all(out->ev, replicas ? "REPLICAS" : "DATA_BYTES"));
    srd_finding_field(out, f, "database", srd_quote_identifier(out->arena, db));
    srd_finding_field(out, f, "what", replicas ? "REPLICA" : "DATA");
    srd_finding_row(f, &srd_probe_databases, dbs, row);
}

/* The row of srd_probe_table_sizes that adds up a database. */
static size_t database_row(const struct srd_table *t, const char *db)
{
    for (size_t row = 0; row < t->rows; row++)
        if (!srd_cell(t, row, "TABLE_NAME") && srd_cell_is(t, row, "DB_NAME", db))
            return row;
    return SRD_NO_COLUMN;
}

static void judge_quota(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *dbs = srd_evidence_get(ev, &srd_probe_databases, NULL);
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    size_t looked = 0;

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < dbs->rows; row++) {
        size_t sum = database_row(t, srd_cell_text(dbs, row, "DbName"));
        double quota;

        if (sum == SRD_NO_COLUMN)
            continue; /* it has no partition */
        looked++;
        if (srd_cell_bytes(dbs, row, "Quota", &quota))
            judge_one_quota(out, dbs, row, false, srd_number_or_0(t, sum, "DATA_BYTES"), quota);
        if (srd_cell_number(dbs, row, "ReplicaQuota", &quota))
            judge_one_quota(out, dbs, row, true, srd_number_or_0(t, sum, "REPLICAS"), quota);
    }
    srd_measured(out, "databases compared with their quotas: %zu", looked);
}

/* storage.pk-index-memory */

static bool property_is(const struct srd_table *t, size_t row, const char *name, const char *value,
                        struct srd_arena *arena)
{
    const char *got = srd_storage_property(t, row, name, arena);

    return got && !strcasecmp(got, value);
}

static void judge_index_of(const struct srd_evidence *ev, struct srd_findings *out,
                           const struct srd_table *t, size_t row)
{
    struct srd_limit limit =
        srd_limit_catalogue(ev, "storage.pk-index-memory", 10 * SRD_GIB, SRD_UNIT_BYTES);
    double size = srd_number_or_0(t, row, "COPY_BYTES");
    struct srd_finding *f;

    if (property_is(t, row, "enable_persistent_index", "false", out->arena)) {
        if (size <= limit.value)
            return;
        f = srd_storage_table_finding(
            out, SRD_WARNING, &srd_probe_table_sizes, row, NULL,
            "keeps its primary key index in memory (%s of data in one copy)",
            srd_text_bytes(out->arena, size));
        srd_finding_value(f, size, limit);
        srd_finding_field(out, f, "property", "\"enable_persistent_index\" = \"true\"");
    } else if (ev->cluster.mode == SRD_MODE_SHARED_DATA &&
               ev->cluster.version >= SRD_VERSION(3, 3, 2) &&
               property_is(t, row, "persistent_index_type", "LOCAL", out->arena)) {
        f = srd_storage_table_finding(out, SRD_INFO, &srd_probe_table_sizes, row, NULL,
                                      "keeps its primary key index on local disks of the nodes");
        srd_finding_field(out, f, "property", "\"persistent_index_type\" = \"CLOUD_NATIVE\"");
    } else {
        return;
    }
    srd_finding_share(f, size, srd_storage_all(ev, "COPY_BYTES"));
}

static void judge_index(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    size_t looked = 0;

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < t->rows; row++) {
        if (!srd_storage_is_table_row(t, row) || !srd_storage_row_is_primary_key(t, row))
            continue;
        looked++;
        judge_index_of(ev, out, t, row);
    }
    srd_measured(out, "primary key tables: %zu", looked);
}

/* storage.pk-key-wide */

/* clang-format off */
const struct srd_probe srd_probe_primary_keys = {
    .id = "primary-keys",
    .summary = "declared width of the primary keys",
    .texts = { { 0, 0, 0,
        "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, COUNT(*) AS KEY_COLUMNS, "
        "MAX(CASE WHEN UPPER(c.DATA_TYPE) IN ('VARCHAR', 'CHAR') "
        "THEN c.CHARACTER_MAXIMUM_LENGTH ELSE 0 END) AS LONGEST_TEXT, "
        "SUM(CASE UPPER(c.DATA_TYPE) WHEN 'BOOLEAN' THEN 1 WHEN 'TINYINT' THEN 1 WHEN 'SMALLINT' THEN 2 "
        "WHEN 'INT' THEN 4 WHEN 'DATE' THEN 4 WHEN 'BIGINT' THEN 8 WHEN 'DATETIME' THEN 8 "
        "WHEN 'LARGEINT' THEN 16 WHEN 'BIGINT UNSIGNED' THEN 16 "
        "ELSE COALESCE(c.CHARACTER_MAXIMUM_LENGTH, 16) END) AS KEY_BYTES "
        "FROM information_schema.tables_config t JOIN information_schema.columns c "
        "ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME "
        "WHERE t.TABLE_MODEL IN ('PRIMARY_KEYS', 'PRI_KEYS') AND c.COLUMN_KEY = 'PRI' "
        "GROUP BY t.TABLE_SCHEMA, t.TABLE_NAME ORDER BY KEY_BYTES DESC, t.TABLE_SCHEMA, t.TABLE_NAME "
        "LIMIT 1000" } },
    .columns = "TABLE_SCHEMA TABLE_NAME KEY_COLUMNS LONGEST_TEXT KEY_BYTES",
    .privilege = "SELECT",
    .cost = SRD_COST_HEAVY, /* one row per column of the cluster, added up in a BE */
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};
/* clang-format on */

static void judge_key(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *k = srd_evidence_get(ev, &srd_probe_primary_keys, NULL);
    struct srd_limit width = srd_limit_catalogue(ev, "storage.pk-key-wide", 128, SRD_UNIT_BYTES);
    struct srd_limit most =
        srd_limit_catalogue(ev, "storage.pk-key-wide.columns", 5, SRD_UNIT_COUNT);
    double widest = 0;

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < k->rows; row++) {
        const char *db = srd_cell_text(k, row, "TABLE_SCHEMA");
        const char *name =
            srd_arena_printf(out->arena, "%s.%s", db, srd_cell_text(k, row, "TABLE_NAME"));
        double bytes = srd_number_or_0(k, row, "KEY_BYTES");
        double columns = srd_number_or_0(k, row, "KEY_COLUMNS");
        struct srd_finding *f;

        if (srd_storage_is_internal(db))
            continue;
        widest = bytes > widest ? bytes : widest;
        if (columns <= most.value &&
            (bytes <= width.value || srd_number_or_0(k, row, "LONGEST_TEXT") <= 64))
            continue;
        /* declared lengths are upper bounds: only failing loads would make this more than a hint */
        f = srd_finding_add(out, SRD_INFO, "table", name,
                            "%s has a primary key of %.0f column%s and up to %s bytes", name,
                            columns, columns > 1 ? "s" : "", srd_text_count(out->arena, bytes));
        if (bytes > width.value)
            srd_finding_value(f, bytes, width);
        else
            srd_finding_value(f, columns, most);
        srd_finding_share(f, 1, (double)k->rows);
        srd_finding_row(f, &srd_probe_primary_keys, k, row);
    }
    srd_measured(out, "the widest primary key takes up to %.0f bytes", widest);
}

/* storage.medium-mismatch */

static bool has_medium(const struct srd_disks *disks, const char *medium)
{
    for (size_t i = 0; i < disks->count; i++)
        if (disks->items[i].online && !strcmp(disks->items[i].medium, medium))
            return true;
    return false;
}

static void medium_finding(struct srd_findings *out, size_t row, double n, const char *medium,
                           const char *words)
{
    const struct srd_table *t = srd_evidence_get(out->ev, &srd_probe_table_sizes, NULL);
    double all = srd_number_or_0(t, row, "PARTITIONS");
    struct srd_finding *f = srd_storage_table_finding(
        out, SRD_WARNING, &srd_probe_table_sizes, row, NULL, "has %s partitions, of which %s %s",
        srd_text_count(out->arena, all), srd_text_count(out->arena, n), words);

    srd_finding_share(f, n, srd_storage_all(out->ev, "PARTITIONS"));
    srd_finding_field(out, f, "medium", medium);
}

static void judge_medium(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    struct srd_disks disks = srd_storage_disks(ev, out->arena);
    bool ssd = has_medium(&disks, "SSD"), hdd = has_medium(&disks, "HDD");
    size_t doubtful = 0;
    enum srd_status status;
    const char *why;

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < t->rows; row++) {
        double on_ssd = srd_number_or_0(t, row, "SSD_PARTITIONS");
        double on_hdd = srd_number_or_0(t, row, "HDD_PARTITIONS");
        double overdue = srd_number_or_0(t, row, "OVERDUE_PARTITIONS");
        bool missing = (!ssd && on_ssd > 0) || (!hdd && on_hdd > 0);

        if (!srd_storage_is_table_row(t, row))
            continue;
        if (missing && (disks.unread || disks.unsorted || (!ssd && !hdd)))
            doubtful++; /* a path that was not read may have it */
        else if (!ssd && on_ssd > 0)
            medium_finding(out, row, on_ssd, "HDD", "want SSD, and no path is SSD");
        else if (!hdd && on_hdd > 0)
            medium_finding(out, row, on_hdd, "SSD", "want HDD, and no path is HDD");
        else if (hdd && overdue > 0)
            medium_finding(out, row, overdue, "HDD", "should have left SSD for HDD a day ago");
    }
    if (doubtful && disks.unread) {
        why = srd_storage_disks_unread(ev, out->arena, &status);
        srd_cannot_judge(out, status, "backends whose media are not known: %zu, for %s",
                         disks.unread, why);
    } else if (doubtful) {
        srd_cannot_judge(out, disks.alive ? SRD_SKIPPED : SRD_NO_BACKEND,
                         "paths whose medium is not known: %zu", disks.unsorted);
    }
    srd_measured(out, "paths of %s%s%s exist", ssd ? "SSD" : "", ssd && hdd ? " and " : "",
                 hdd ? "HDD" : "");
}

/* clang-format off */
const struct srd_check srd_storage_quota = {
    .id = "storage.quota",
    .title = "Quota of a database nearly used up",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_databases, &srd_probe_table_sizes },
    .judge = judge_quota,
    .limits = ". .critical",
    .why = "At the data or replica quota of a database its loads and CREATE TABLE fail.",
    .measured_by = "SHOW PROC '/dbs' Quota and ReplicaQuota, against size and replicas of the database in "
                   "information_schema.partitions_meta.",
    .rule = "warning: above 80 % of either quota; critical: above 95 %.",
    .source = "judgement.",
    .avoid = "The default quotas are practically infinite. Temporary partitions and the tablets of rollups are "
             "not counted, so the true use may be a little higher.",
    .see = "storage.disk-hard-limit storage.recycle-bin",
    .fix = { { "Raise the quota, or drop data of this database",
               "ALTER DATABASE {database} SET {what} QUOTA <n>;", SRD_SAFE } },
};

const struct srd_check srd_storage_pk_index_memory = {
    .id = "storage.pk-index-memory",
    .title = "Primary key index in memory",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_table_sizes },
    .wants = { &srd_probe_databases },
    .judge = judge_index,
    .limits = ".",
    .why = "A primary key table without persistent index loads its whole key index into the memory of the BE "
           "as soon as it is written.",
    .measured_by = "information_schema.tables_config PROPERTIES of primary key tables "
                   "(enable_persistent_index, persistent_index_type); size from partitions_meta.",
    .rule = "warning: enable_persistent_index is false and one copy is above 10 GiB; info (shared-data from "
            "3.3.2): the index type is LOCAL, which is lost when a CN leaves.",
    .source = "StarRocks documentation on primary key tables (the memory index is discouraged).",
    .avoid = "INDEX_MEM of be_tablets is loaded lazily, so 0 there says nothing: the property decides. Internal "
             "tables are left out.",
    .see = "storage.pk-key-wide",
    .fix = { { "Switch the persistent index on; it is built at the next load",
               "ALTER TABLE {table} SET ({property});", SRD_SAFE } },
};

const struct srd_check srd_storage_pk_key_wide = {
    .id = "storage.pk-key-wide",
    .title = "Wide primary key",
    .worst = SRD_INFO,
    .needs = { &srd_probe_primary_keys },
    .wants = { &srd_probe_table_sizes, &srd_probe_databases },
    .judge = judge_key,
    .limits = ". .columns",
    .why = "The bytes of the key are paid again in the index and with every upsert; rows whose key is above "
           "the limit make the load fail.",
    .measured_by = "information_schema.columns (COLUMN_KEY = 'PRI') of primary key tables: the declared widths "
                   "added up.",
    .rule = "info: more than 128 bytes with a text column above 64, or more than 5 key columns.",
    .source = "primary_key_limit_size of the BE (default 128); StarRocks documentation.",
    .avoid = "Declared lengths are upper bounds, so this never rises above info by itself.",
    .see = "storage.pk-index-memory",
    .fix = { { "Use a number or a hash as key, and keep the long text as a value column", NULL,
               SRD_SAFE } },
};

const struct srd_check srd_storage_medium_mismatch = {
    .id = "storage.medium-mismatch",
    .title = "Storage medium that does not exist",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_WARNING,
    .needs = { &srd_probe_table_sizes, &srd_probe_backends },
    .wants = { &srd_probe_databases, SRD_DISK_WANTS },
    .judge = judge_medium,
    .why = "Partitions that want a medium which no path has, or that never cool down, make the scheduler "
           "repeat repairs that cannot succeed.",
    .measured_by = "information_schema.partitions_meta STORAGE_MEDIUM and COOLDOWN_TIME; the media of the paths as "
                   "storage_root_path in be_configs gives them, or SHOW PROC '/backends/<id>' of the leader where it "
                   "was asked.",
    .rule = "warning: partitions on a medium without an ONLINE path of it; warning: COOLDOWN_TIME passed more "
            "than 24 hours ago and still on SSD although there are HDD paths.",
    .source = "enable_strict_storage_medium_check (default false) lets such tables be created; the 24 hours are "
              "judgement.",
    .avoid = "Shared-data clusters keep no partitions on local media. A medium that no path has is told only "
             "if the paths of all backends that are alive were read.",
    .see = "storage.disk-offline",
    .fix = { { "Let the partitions use the medium that exists",
               "ALTER TABLE {table} MODIFY PARTITION (*) SET (\"storage_medium\" = \"{medium}\");",
               SRD_SAFE },
             { "Or declare the medium of the paths in storage_root_path of be.conf", NULL, SRD_SAFE } },
};
/* clang-format on */

const struct srd_check *const srd_storage_design_checks[] = {
    &srd_storage_quota,
    &srd_storage_pk_index_memory,
    &srd_storage_pk_key_wide,
    &srd_storage_medium_mismatch,
    NULL,
};
