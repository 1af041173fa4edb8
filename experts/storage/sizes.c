/* How large are tables, partitions and tablets? */

#include "experts/storage/sizes.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

/* Probes. */

/* clang-format off */

/*
 * Partitions as people know them: those of randomly distributed tables consist of sub-partitions, which have a
 * row each. @copies is how many times DATA_SIZE holds the data.
 */
#define PARTITIONS(copies, more)                                                                  \
    "(SELECT DB_NAME, TABLE_NAME, PARTITION_NAME, IS_TEMP,"                                       \
    " MAX(IFNULL(PARTITION_VALUE, '')) AS PARTITION_VALUE,"                                       \
    " MAX(DISTRIBUTION_KEY) AS DISTRIBUTION_KEY, SUM(ROW_COUNT) AS ROW_COUNT,"                    \
    " MAX(VISIBLE_VERSION) AS VISIBLE_VERSION, MAX(VISIBLE_VERSION_TIME) AS VISIBLE_VERSION_TIME,"\
    " MAX(STORAGE_MEDIUM) AS STORAGE_MEDIUM, MAX(COOLDOWN_TIME) AS COOLDOWN_TIME,"                \
    " MAX(MAX_CS) AS MAX_CS, MAX(REPLICATION_NUM) AS REPLICATION_NUM,"                            \
    " SUM(GREATEST(BUCKETS, 1)) AS BUCKETS, SUM(" SRD_PARTITION_BYTES ") AS BYTES,"               \
    " SUM(" SRD_PARTITION_BYTES " / " copies ") AS COPY_BYTES" more                               \
    " FROM information_schema.partitions_meta WHERE PARTITION_NAME NOT LIKE '$%'"                 \
    " GROUP BY DB_NAME, TABLE_NAME, PARTITION_NAME, IS_TEMP) p"

/* Where the range of a partition begins, as text: "2025-12-02". */
#define LOWER_BOUND "SUBSTR(PARTITION_VALUE, LOCATE('keys: [', PARTITION_VALUE) + 7, 10)"
/* Never loaded, and not made ahead for days to come. */
#define EMPTY                                                                                     \
    "ROW_COUNT = 0 AND VISIBLE_VERSION = 1 AND NOT (PARTITION_VALUE LIKE '[types: [DATE%'"        \
    " AND " LOWER_BOUND " > CAST(CURRENT_DATE() AS VARCHAR))"
/* Holds what does not fit elsewhere, by design. */
#define OPEN_ENDED                                                                                \
    "PARTITION_VALUE LIKE '%keys: [0000-0%' OR PARTITION_VALUE LIKE '%MAXVALUE%'"                 \
    " OR PARTITION_NAME LIKE '%pmin%' OR PARTITION_NAME LIKE '%pmax%'"                            \
    " OR PARTITION_NAME LIKE '%history%'"
#define CLOSED_BYTES "CASE WHEN " OPEN_ENDED " THEN 0 ELSE COPY_BYTES END"

/*
 * Partitions far from today, and those first written within the hour: wrong values of a column make such
 * (experts/ingest/bounds.c). Of a range and of a list the first date is where it begins; year 0 means that
 * it has no begin. FRESH_DAYS are the days that the new partitions cover, so that 12 months that follow
 * each other are as dense as 12 days.
 */
#define DATE "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
#define BOUNDS(partitions)                                                                        \
    "(SELECT d.*, CASE WHEN FROM_DAY >= '0002' AND FROM_DAY < '1972' THEN 1 ELSE 0 END AS IS_EARLY,"\
    " CASE WHEN FROM_DAY >= '1972' AND FROM_DAY < '2000' THEN 1 ELSE 0 END AS IS_OLD,"            \
    " CASE WHEN FROM_DAY > CAST(DATE_ADD(CURRENT_DATE(), INTERVAL 10 YEAR) AS VARCHAR) THEN 1 ELSE 0 END AS IS_LATE,"\
    " CASE WHEN FROM_DAY >= '0002' AND VISIBLE_VERSION <= 2"                                      \
    " AND VISIBLE_VERSION_TIME > DATE_SUB(NOW(), INTERVAL 1 HOUR) THEN 1 ELSE 0 END AS IS_NEW FROM"\
    " (SELECT p.*, REGEXP_EXTRACT(PARTITION_VALUE, '" DATE "', 0) AS FROM_DAY,"                   \
    " NULLIF(REGEXP_EXTRACT(PARTITION_VALUE, 'keys.*keys: .(" DATE ")', 1), '') AS TO_DAY FROM "  \
    partitions " WHERE IS_TEMP = 0) d) b"
#define SUM_BOUNDS                                                                                \
    " SUM(IS_EARLY) AS EARLY, SUM(IS_OLD) AS OLD, SUM(IS_LATE) AS LATE, SUM(IS_NEW) AS FRESH,"    \
    " MIN(CASE WHEN IS_EARLY = 1 THEN FROM_DAY END) AS EARLIEST,"                                 \
    " MIN(CASE WHEN IS_EARLY = 1 THEN PARTITION_NAME END) AS EARLY_NAME,"                         \
    " MAX(CASE WHEN IS_LATE = 1 THEN FROM_DAY END) AS LATEST,"                                    \
    " MAX(CASE WHEN IS_LATE = 1 THEN PARTITION_NAME END) AS LATE_NAME,"                           \
    " MIN(CASE WHEN IS_NEW = 1 THEN FROM_DAY END) AS FRESH_FROM,"                                 \
    " MAX(CASE WHEN IS_NEW = 1 THEN FROM_DAY END) AS FRESH_TO,"                                   \
    " GREATEST(COUNT(DISTINCT CASE WHEN IS_NEW = 1 THEN FROM_DAY END),"                           \
    " IFNULL(SUM(CASE WHEN IS_NEW = 1 THEN DATEDIFF(CAST(TO_DAY AS DATE), CAST(FROM_DAY AS DATE)) END), 0)) AS FRESH_DAYS"

#define TABLE_SIZES(copies, more, sum)                                                            \
    "SELECT t.*, c.TABLE_ENGINE, c.TABLE_MODEL, c.PARTITION_KEY, c.PROPERTIES, n.SEEN FROM"       \
    " (SELECT a.*, COUNT(a.TABLE_NAME) OVER () AS TABLES,"                                        \
    " ROW_NUMBER() OVER (PARTITION BY a.TABLE_NAME IS NULL ORDER BY a.DATA_BYTES DESC) AS BY_BYTES,"\
    " ROW_NUMBER() OVER (PARTITION BY a.TABLE_NAME IS NULL ORDER BY a.TABLETS DESC) AS BY_TABLETS,"\
    " ROW_NUMBER() OVER (PARTITION BY a.TABLE_NAME IS NULL ORDER BY"                              \
    " GREATEST(a.EARLY + a.LATE, a.FRESH) DESC) AS BY_BOUNDS"                                     \
    " FROM"                                                                                       \
    " (SELECT DB_NAME, TABLE_NAME, COUNT(*) AS PARTITIONS, SUM(BUCKETS) AS TABLETS,"              \
    " SUM(BUCKETS * REPLICATION_NUM) AS REPLICAS, SUM(BYTES) AS DATA_BYTES,"                      \
    " SUM(COPY_BYTES) AS COPY_BYTES, SUM(ROW_COUNT) AS ROW_COUNT,"                                \
    " MIN(REPLICATION_NUM) AS REPLICATION_NUM, MAX(MAX_CS) AS MAX_CS,"                            \
    " MAX(BUCKETS) AS MAX_BUCKETS, MAX_BY(PARTITION_NAME, BUCKETS) AS MOST_BUCKETS,"              \
    " SUM(CASE WHEN " EMPTY " THEN 1 ELSE 0 END) AS EMPTY_PARTITIONS,"                            \
    " MIN(CASE WHEN " EMPTY " THEN BUCKETS END) AS EMPTY_BUCKETS,"                                \
    " SUM(CASE WHEN COPY_BYTES > 0 THEN 1 ELSE 0 END) AS FILLED_PARTITIONS,"                      \
    " SUM(CASE WHEN COPY_BYTES > 0 THEN BUCKETS ELSE 0 END) AS FILLED_TABLETS,"                   \
    " SUM(CASE WHEN COPY_BYTES / BUCKETS < 10485760 THEN BUCKETS ELSE 0 END) AS SMALL_TABLETS,"   \
    " PERCENTILE_APPROX(CASE WHEN COPY_BYTES > 0 THEN COPY_BYTES / BUCKETS END, 0.5)"             \
    " AS MEDIAN_TABLET,"                                                                          \
    " PERCENTILE_APPROX(CASE WHEN COPY_BYTES > 0 THEN COPY_BYTES END, 0.5) AS MEDIAN_PARTITION,"  \
    " MAX(COPY_BYTES) AS MAX_PARTITION, MAX_BY(PARTITION_NAME, COPY_BYTES) AS LARGEST_PARTITION," \
    " MAX(" CLOSED_BYTES ") AS MAX_CLOSED, MAX_BY(PARTITION_NAME, " CLOSED_BYTES ")"              \
    " AS LARGEST_CLOSED,"                                                                         \
    " MIN_BY(PARTITION_NAME, PARTITION_VALUE) AS OLDEST_PARTITION,"                               \
    " MIN(PARTITION_VALUE) AS OLDEST_VALUE, MAX(PARTITION_VALUE) AS NEWEST_VALUE,"                \
    " SUM(CASE WHEN STORAGE_MEDIUM = 'SSD' THEN 1 ELSE 0 END) AS SSD_PARTITIONS,"                 \
    " SUM(CASE WHEN STORAGE_MEDIUM = 'HDD' THEN 1 ELSE 0 END) AS HDD_PARTITIONS,"                 \
    " SUM(CASE WHEN STORAGE_MEDIUM = 'SSD' AND COOLDOWN_TIME < DATE_SUB(NOW(), INTERVAL 1 DAY)"   \
    " THEN 1 ELSE 0 END) AS OVERDUE_PARTITIONS," SUM_BOUNDS sum                                   \
    " FROM " BOUNDS(PARTITIONS(copies, more))                                                     \
    " GROUP BY ROLLUP(DB_NAME, TABLE_NAME)) a) t"                                                 \
    " LEFT JOIN information_schema.tables_config c"                                               \
    " ON c.TABLE_SCHEMA = t.DB_NAME AND c.TABLE_NAME = t.TABLE_NAME"                              \
    " CROSS JOIN (SELECT COUNT(*) AS SEEN FROM information_schema.tables_config"                  \
    " WHERE TABLE_SCHEMA NOT IN ('information_schema', 'sys')) n"                                 \
    " WHERE t.BY_BYTES <= 1000 OR t.BY_TABLETS <= 1000 OR t.TABLE_NAME IS NULL"                   \
    " OR (t.BY_BOUNDS <= 500 AND (t.EARLY + t.LATE > 0 OR t.FRESH > 50))"                         \
    " ORDER BY t.DATA_BYTES DESC, t.DB_NAME, t.TABLE_NAME"

/*
 * Two lists. Sizes from 5 GiB per tablet on: half of what the check on averages allows unless --set says
 * otherwise. And versions that were allocated and are not visible; the longest unchanged come first, for a
 * busy cluster has many gaps of a second's age.
 */
#define PARTITION_LISTS(copies)                                                                   \
    "SELECT 'size' AS KIND, DB_NAME, TABLE_NAME, PARTITION_NAME, BUCKETS, BYTES, COPY_BYTES, IS_TEMP,"\
    " DISTRIBUTION_KEY, VISIBLE_VERSION_TIME, CAST(NULL AS BIGINT) AS PARTITION_ID,"              \
    " CAST(NULL AS BIGINT) AS VISIBLE_VERSION, CAST(NULL AS BIGINT) AS NEXT_VERSION, PLACE FROM"  \
    " (SELECT p.*, ROW_NUMBER() OVER (PARTITION BY IS_TEMP ORDER BY CASE WHEN IS_TEMP = 1"        \
    " THEN COPY_BYTES ELSE COPY_BYTES / BUCKETS END DESC) AS PLACE FROM " PARTITIONS(copies, "")  \
    " WHERE IS_TEMP = 1 OR COPY_BYTES > 5368709120.0 * BUCKETS) r WHERE PLACE <= 1000"            \
    " UNION ALL "                                                                                 \
    "SELECT 'gap' AS KIND, DB_NAME, TABLE_NAME, PARTITION_NAME, CAST(NULL AS BIGINT) AS BUCKETS," \
    " CAST(NULL AS DOUBLE) AS BYTES, CAST(NULL AS DOUBLE) AS COPY_BYTES, IS_TEMP,"                \
    " CAST(NULL AS VARCHAR) AS DISTRIBUTION_KEY, VISIBLE_VERSION_TIME, PARTITION_ID,"             \
    " VISIBLE_VERSION, NEXT_VERSION, PLACE FROM"                                                  \
    " (SELECT DB_NAME, TABLE_NAME, PARTITION_NAME, IS_TEMP, VISIBLE_VERSION_TIME, PARTITION_ID,"  \
    " VISIBLE_VERSION, NEXT_VERSION,"                                                             \
    " ROW_NUMBER() OVER (ORDER BY VISIBLE_VERSION_TIME, PARTITION_ID) AS PLACE"                   \
    " FROM information_schema.partitions_meta WHERE NEXT_VERSION - VISIBLE_VERSION > 1) g WHERE PLACE <= 200"\
    " ORDER BY KIND, PLACE, IS_TEMP"

/* In shared-nothing DATA_SIZE adds up all replicas; in shared-data there is one copy. */
#define ALL_REPLICAS "GREATEST(REPLICATION_NUM, 1)"

const struct srd_probe srd_probe_table_sizes = {
    .id = "table-sizes",
    .summary = "size, partitions, tablets and properties per table, per database and in all",
    .texts = { { SRD_MODE_SHARED_NOTHING, SRD_VERSION(3, 2, 4), 0, TABLE_SIZES(ALL_REPLICAS, "", "") },
               { SRD_MODE_SHARED_DATA, SRD_VERSION(3, 2, 4), SRD_VERSION(3, 4, 4), TABLE_SIZES("1", "", "") },
               { SRD_MODE_SHARED_DATA, SRD_VERSION(3, 4, 5), 0,
                 TABLE_SIZES("1", ", SUM(STORAGE_SIZE) AS STORAGE_BYTES",
                             ", SUM(STORAGE_BYTES) AS STORAGE_BYTES") } },
    .columns = "DB_NAME TABLE_NAME PARTITIONS TABLETS REPLICAS DATA_BYTES COPY_BYTES ROW_COUNT REPLICATION_NUM "
               "MAX_BUCKETS MOST_BUCKETS EMPTY_PARTITIONS EMPTY_BUCKETS FILLED_PARTITIONS FILLED_TABLETS SMALL_TABLETS "
               "MEDIAN_TABLET MEDIAN_PARTITION MAX_PARTITION LARGEST_PARTITION MAX_CLOSED LARGEST_CLOSED "
               "OLDEST_PARTITION OLDEST_VALUE NEWEST_VALUE SSD_PARTITIONS HDD_PARTITIONS OVERDUE_PARTITIONS "
               "TABLE_ENGINE TABLE_MODEL PARTITION_KEY PROPERTIES TABLES SEEN",
    .privilege = "SELECT",
    .cost = SRD_COST_HEAVY, /* walks the whole catalog under read locks */
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
    .max_rows = 20000,
};

const struct srd_probe srd_probe_partitions = {
    .id = "partitions",
    .summary = "partitions whose tablets hold more than 5 GiB on average, temporary ones, and those whose versions are "
               "not all visible",
    .texts = { { SRD_MODE_SHARED_NOTHING, SRD_VERSION(3, 2, 4), 0, PARTITION_LISTS(ALL_REPLICAS) },
               { SRD_MODE_SHARED_DATA, SRD_VERSION(3, 2, 4), 0, PARTITION_LISTS("1") } },
    .columns = "KIND DB_NAME TABLE_NAME PARTITION_NAME BUCKETS BYTES COPY_BYTES IS_TEMP DISTRIBUTION_KEY "
               "VISIBLE_VERSION_TIME PARTITION_ID VISIBLE_VERSION NEXT_VERSION",
    .privilege = "SELECT",
    .cost = SRD_COST_HEAVY, /* walks the whole catalog under read locks */
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};

/*
 * Replicas of a tablet count once; the tablets of a rollup have a schema hash of their own. The bounds in
 * the statement only keep the answer small: they lie below those of the checks.
 */
const struct srd_probe srd_probe_tablet_skew = {
    .id = "tablet-skew",
    .summary = "partitions with a tablet above 10 GiB or with unevenly filled tablets",
    .texts = { { SRD_MODE_SHARED_NOTHING, SRD_VERSION(3, 2, 4), 0,
        "SELECT p.DB_NAME, p.TABLE_NAME, p.PARTITION_NAME, s.TABLETS, s.ROWS_SUM, s.ROWS_MAX, "
        "s.BYTES_SUM, s.BYTES_MAX FROM "
        "(SELECT g.*, ROW_NUMBER() OVER (ORDER BY BYTES_MAX DESC) AS BY_BYTES, "
        "ROW_NUMBER() OVER (ORDER BY UNEVEN DESC) AS BY_SKEW FROM "
        "(SELECT PARTITION_ID, COUNT(*) AS TABLETS, SUM(NUM_ROW) AS ROWS_SUM, "
        "MAX(NUM_ROW) AS ROWS_MAX, SUM(DATA_SIZE) AS BYTES_SUM, MAX(DATA_SIZE) AS BYTES_MAX, "
        "CASE WHEN COUNT(*) >= 4 AND SUM(DATA_SIZE) > 536870912 AND SUM(NUM_ROW) > 0 "
        "THEN MAX(NUM_ROW) * COUNT(*) / SUM(NUM_ROW) ELSE 0 END AS UNEVEN FROM "
        "(SELECT TABLET_ID, PARTITION_ID, SCHEMA_HASH, MAX(NUM_ROW) AS NUM_ROW, "
        "MAX(DATA_SIZE) AS DATA_SIZE FROM information_schema.be_tablets "
        "WHERE STATE = 'RUNNING' GROUP BY TABLET_ID, PARTITION_ID, SCHEMA_HASH) t "
        "GROUP BY PARTITION_ID, SCHEMA_HASH) g WHERE BYTES_MAX > 10737418240 OR UNEVEN >= 3) s "
        "JOIN information_schema.partitions_meta p ON p.PARTITION_ID = s.PARTITION_ID "
        "WHERE s.BY_BYTES <= 250 OR s.BY_SKEW <= 250 ORDER BY s.BYTES_MAX DESC" } },
    .columns = "DB_NAME TABLE_NAME PARTITION_NAME TABLETS ROWS_SUM ROWS_MAX BYTES_SUM BYTES_MAX",
    .privilege = "SELECT",
    .cost = SRD_COST_HEAVY, /* one entry per replica, added up in the BEs */
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};

/* Before 3.3 the properties in tables_config are a choice without what expires partitions. */
static void pick_ddl(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);

    for (size_t row = 0; t && row < t->rows; row++)
        if (srd_storage_keeps_much(ev, row) &&
            srd_storage_retention(ev, row, out->arena) == SRD_RETENTION_UNKNOWN)
            srd_keys_add(out, srd_cell(t, row, "DB_NAME"), srd_cell(t, row, "TABLE_NAME"), NULL);
}

const struct srd_probe srd_probe_table_ddl = {
    .id = "table-ddl",
    .summary = "the definition of tables that keep many partitions",
    .texts = { { .until = SRD_VERSION(3, 2, 99), .sql = "SHOW CREATE TABLE {db}.{table}" } },
    .columns = "Table",
    .privilege = "SELECT",
    .params = { { "db", SRD_PARAM_IDENTIFIER }, { "table", SRD_PARAM_IDENTIFIER } },
    .after = &srd_probe_table_sizes,
    .pick = pick_ddl,
};
/* clang-format on */

/* Reading them. */

bool srd_storage_is_internal(const char *db)
{
    return db &&
           (!strcmp(db, "_statistics_") || !strcmp(db, "information_schema") || !strcmp(db, "sys"));
}

bool srd_storage_is_table_row(const struct srd_table *t, size_t row)
{
    const char *db = srd_cell(t, row, "DB_NAME");

    return db && srd_cell(t, row, "TABLE_NAME") && !srd_storage_is_internal(db);
}

bool srd_storage_row_is_primary_key(const struct srd_table *t, size_t row)
{
    return srd_cell_is(t, row, "TABLE_MODEL", "PRIMARY_KEYS") ||
           srd_cell_is(t, row, "TABLE_MODEL", "PRI_KEYS");
}

static bool is_gap(const struct srd_table *t, size_t row)
{
    return srd_cell_is(t, row, "KIND", "gap");
}

static bool is_size(const struct srd_table *t, size_t row)
{
    return !is_gap(t, row);
}

const struct srd_table *srd_partition_sizes(const struct srd_evidence *ev)
{
    return srd_rows_where(ev, &srd_probe_partitions, is_size,
                          "DB_NAME TABLE_NAME PARTITION_NAME BUCKETS BYTES COPY_BYTES IS_TEMP "
                          "DISTRIBUTION_KEY VISIBLE_VERSION_TIME");
}

const struct srd_table *srd_partition_gaps(const struct srd_evidence *ev)
{
    return srd_rows_where(ev, &srd_probe_partitions, is_gap,
                          "DB_NAME TABLE_NAME PARTITION_NAME PARTITION_ID VISIBLE_VERSION "
                          "NEXT_VERSION VISIBLE_VERSION_TIME");
}

static size_t total_row(const struct srd_table *t)
{
    for (size_t row = 0; t && row < t->rows; row++)
        if (!srd_cell(t, row, "DB_NAME") && !srd_cell(t, row, "TABLE_NAME"))
            return row;
    return SRD_NO_COLUMN;
}

double srd_storage_all(const struct srd_evidence *ev, const char *column)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);

    return t ? srd_number_or_0(t, total_row(t), column) : 0;
}

bool srd_storage_tables_there(const struct srd_evidence *ev, double *out)
{
    const struct srd_table *dbs = srd_evidence_get(ev, &srd_probe_databases, NULL);

    *out = 0;
    for (size_t row = 0; dbs && row < dbs->rows; row++) {
        double n;

        if (srd_cell_is(dbs, row, "DbName", "information_schema") ||
            srd_cell_is(dbs, row, "DbName", "sys"))
            continue; /* everybody sees those */
        if (!srd_cell_number(dbs, row, "TableNum", &n))
            return false;
        *out += n;
    }
    return dbs != NULL;
}

void srd_storage_says_unseen(const struct srd_evidence *ev, struct srd_findings *out)
{
    srd_storage_says_unseen_in(ev, out, srd_evidence_get(ev, &srd_probe_table_sizes, NULL));
}

void srd_storage_says_unseen_in(const struct srd_evidence *ev, struct srd_findings *out,
                                const struct srd_table *t)
{
    double there, seen;
    bool known = srd_storage_tables_there(ev, &there);

    if (!t || (known && there <= 0))
        return;
    if (!t->rows) {
        srd_cannot_judge(out, SRD_DENIED, "this account sees no table: it needs SELECT on them");
        return;
    }
    /* one more or less may just have been created or dropped between the two questions */
    if (known && srd_cell_number(t, 0, "SEEN", &seen) && seen + 1 < there && seen < 0.98 * there)
        srd_cannot_judge(out, SRD_DENIED,
                         "this account sees %s of %s tables: it needs SELECT on all of them",
                         srd_text_count(out->arena, seen), srd_text_count(out->arena, there));
}

static int by_names(const void *left, const void *right, void *table)
{
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    const struct srd_table *t = table;
    int differ = strcmp(srd_cell_text(t, a, "DB_NAME"), srd_cell_text(t, b, "DB_NAME"));

    if (!differ)
        differ = strcmp(srd_cell_text(t, a, "TABLE_NAME"), srd_cell_text(t, b, "TABLE_NAME"));
    return differ ? differ : (a > b) - (a < b);
}

static bool same_table(const struct srd_table *t, size_t a, size_t b)
{
    return !strcmp(srd_cell_text(t, a, "TABLE_NAME"), srd_cell_text(t, b, "TABLE_NAME")) &&
           !strcmp(srd_cell_text(t, a, "DB_NAME"), srd_cell_text(t, b, "DB_NAME"));
}

struct srd_chains srd_storage_chains(struct srd_arena *arena, const struct srd_table *t)
{
    struct srd_chains c = { .t = t };
    size_t rows = t ? t->rows : 0;

    c.sorted = srd_arena_array(arena, rows + 1, sizeof(*c.sorted));
    c.next = srd_arena_array(arena, rows + 1, sizeof(*c.next));
    c.first = srd_arena_array(arena, rows + 1, sizeof(*c.first));
    for (size_t row = 0; row < rows; row++)
        c.sorted[row] = row;
    if (rows)
        qsort_r(c.sorted, rows, sizeof(*c.sorted), by_names, (void *)t);
    for (size_t i = 0; i < rows; i++) {
        c.first[c.sorted[i]] = !i || !same_table(t, c.sorted[i - 1], c.sorted[i]);
        c.next[c.sorted[i]] = i + 1 < rows && same_table(t, c.sorted[i], c.sorted[i + 1])
                                  ? c.sorted[i + 1]
                                  : SRD_NO_COLUMN;
    }
    return c;
}

size_t srd_storage_chain_of(const struct srd_chains *c, const char *db, const char *table)
{
    size_t low = 0, high = c->t ? c->t->rows : 0;

    while (low < high) { /* the first that is not before db.table */
        size_t mid = low + (high - low) / 2;
        int differ = strcmp(srd_cell_text(c->t, c->sorted[mid], "DB_NAME"), db);

        if (!differ)
            differ = strcmp(srd_cell_text(c->t, c->sorted[mid], "TABLE_NAME"), table);
        if (differ < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (!c->t || low == c->t->rows || !srd_cell_is(c->t, c->sorted[low], "DB_NAME", db) ||
        !srd_cell_is(c->t, c->sorted[low], "TABLE_NAME", table))
        return SRD_NO_COLUMN;
    return c->sorted[low];
}

bool srd_storage_group(const struct srd_chains *c, size_t row, const double *values, double bound,
                       struct srd_group *out)
{
    *out = (struct srd_group){ .worst_row = row, .worst = values[row] };
    for (; row != SRD_NO_COLUMN; row = c->next[row]) {
        out->count += values[row] > bound;
        if (values[row] > out->worst) {
            out->worst = values[row];
            out->worst_row = row;
        }
    }
    return out->count > 0;
}

const char *srd_storage_more(struct srd_arena *arena, const struct srd_group *group)
{
    if (group->count < 2)
        return "";
    return srd_arena_printf(arena, "; %zu more partition%s of this table %s above the limit",
                            group->count - 1, group->count > 2 ? "s" : "",
                            group->count > 2 ? "are" : "is");
}

struct srd_finding *srd_storage_table_finding(struct srd_findings *out, enum srd_severity severity,
                                              const struct srd_probe *probe, size_t row,
                                              const char *partition, const char *format, ...)
{
    const struct srd_table *t = probe == &srd_probe_partitions
                                    ? srd_partition_sizes(out->ev)
                                    : srd_evidence_get(out->ev, probe, NULL);
    const char *db = srd_cell_text(t, row, "DB_NAME"), *table = srd_cell_text(t, row, "TABLE_NAME");
    struct srd_finding *f;
    va_list args;

    va_start(args, format);
    f = srd_partition_finding(out, severity, db, table, partition, format, args);
    va_end(args);
    srd_finding_field(out, f, "database", srd_quote_identifier(out->arena, db));
    srd_finding_row(f, probe, t, row);
    return f;
}

/* @name of "{dynamic_partition.enable:true,dynamic_partition.end:3}": before 3.3. */
static const char *old_dynamic(const char *text, const char *name, struct srd_arena *arena)
{
    size_t n = strlen(name);

    for (; text && *text; text += strcspn(text, ",}")) {
        text += strspn(text, "{,} ");
        if (!strncmp(text, name, n) && text[n] == ':')
            return srd_arena_copy_n(arena, text + n + 1, strcspn(text + n + 1, ",}"));
    }
    return NULL;
}

const char *srd_storage_property(const struct srd_table *t, size_t row, const char *name,
                                 struct srd_arena *arena)
{
    const char *value = srd_cell_json(t, row, "PROPERTIES", name, arena);

    if (!value && srd_text_prefix(name, "dynamic_partition."))
        value = old_dynamic(srd_cell_json(t, row, "PROPERTIES", "dynamic_partition", arena), name,
                            arena);
    return value;
}

/* Everything that expires partitions is among the properties, if something does. */
static bool is_complete(const struct srd_evidence *ev, const struct srd_table *t, size_t row,
                        struct srd_arena *arena)
{
    return ev->cluster.version >= SRD_VERSION(3, 3, 0) ||
           srd_storage_property(t, row, "replicated_storage", arena);
}

/* What SHOW CREATE TABLE says, where the properties do not. */
static enum srd_retention by_ddl(const struct srd_evidence *ev, const struct srd_table *t,
                                 size_t row, struct srd_arena *arena)
{
    struct srd_key key = { { srd_cell_text(t, row, "DB_NAME"),
                             srd_cell_text(t, row, "TABLE_NAME") } };
    const struct srd_table *ddl =
        srd_evidence_get(ev, &srd_probe_table_ddl, srd_key_text(&srd_probe_table_ddl, &key, arena));
    const char *text = ddl ? srd_cell(ddl, 0, "Create Table") : NULL;

    if (!text)
        return SRD_RETENTION_UNKNOWN;
    return strstr(text, "\"partition_live_number\"") || strstr(text, "\"partition_ttl")
               ? SRD_RETENTION_SET
               : SRD_RETENTION_NONE;
}

enum srd_retention srd_storage_retention(const struct srd_evidence *ev, size_t row,
                                         struct srd_arena *arena)
{
    static const char *const names[] = { "partition_live_number", "partition_ttl_number",
                                         "partition_ttl", "partition_retention_condition" };
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    const char *value, *enabled;
    double number;

    if (!srd_storage_property(t, row, "replication_num", arena)) /* it has one always */
        return SRD_RETENTION_UNKNOWN;
    for (size_t i = 0; i < SRD_COUNT(names); i++) {
        value = srd_storage_property(t, row, names[i], arena);
        /* -1 is how a number that is not set looks */
        if (value && *value && (!srd_parse_number(value, &number) || number > 0))
            return SRD_RETENTION_SET;
    }
    enabled = srd_storage_property(t, row, "dynamic_partition.enable", arena);
    value = srd_storage_property(t, row, "dynamic_partition.start", arena);
    if (enabled && !strcasecmp(enabled, "true") && value && srd_parse_number(value, &number) &&
        number < 0 && number > INT32_MIN) /* the smallest number means no limit */
        return SRD_RETENTION_SET;
    return is_complete(ev, t, row, arena) ? SRD_RETENTION_NONE : by_ddl(ev, t, row, arena);
}
