/* What do several experts ask: the configuration of the leading FE, and who holds its locks? */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "experts/probes.h"

const struct srd_probe srd_probe_fe_config = {
    .id = "fe-config",
    .summary = "configuration of the leading frontend",
    .texts = { { .sql = "ADMIN SHOW FRONTEND CONFIG" } },
    .columns = "Key Value",
    .unread_columns = "Type IsMutable Comment", /* three quarters of the answer */
    .privilege = "OPERATE",
    .where = SRD_ASK_LEADER,
    .max_rows = 5000, /* six times what any version has: it is searched for each name */
};

const struct srd_probe srd_probe_databases = {
    .id = "databases",
    .summary = "databases and their quotas",
    .texts = { { .sql = "SHOW PROC '/dbs'" } },
    .columns = "DbId DbName TableNum Quota ReplicaQuota",
    .privilege = "OPERATE",
    .where = SRD_ASK_LEADER,
};

/*
 * Not "granted": the lock manager of 3.3 and later leaves it unset and lists holders only. A holder
 * is who others wait for, and the statement itself never holds a lock for seconds.
 */
const struct srd_probe srd_probe_fe_locks = {
    .id = "fe-locks",
    .summary = "locks of the leading frontend that others wait for",
    .texts = { { .since = SRD_VERSION(3, 2, 3),
                 .sql = "SELECT lock_object, lock_mode, hold_time_ms, thread_info, waiter_list "
                        "FROM sys.fe_locks WHERE waiter_list IS NOT NULL "
                        "AND waiter_list NOT IN ('', '[]') AND hold_time_ms > 3000 "
                        "ORDER BY hold_time_ms DESC LIMIT 100" } },
    .columns = "lock_object lock_mode hold_time_ms thread_info waiter_list",
    .privilege = "OPERATE",
    .where = SRD_ASK_LEADER,
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};

const struct srd_probe srd_probe_fe_jvm = {
    .id = "fe-jvm",
    .summary = "memory, garbage collection and threads of the leading FE",
    .texts = { { .sql = "SHOW PROC '/monitor/jvm'" } },
    .columns = "Name Value",
    .privilege = "OPERATE",
    .where = SRD_ASK_LEADER,
};

/*
 * All metrics that are of use, in one statement: a node asks the HTTP port of every FE for it, and
 * one FE that does not answer there fails it. txn_running has a row per database and FE, most
 * first; it counts as the limit counts, without Routine Load tasks and compactions. Followers say
 * 0.
 */
const struct srd_probe srd_probe_fe_gauges = {
    .id = "fe-gauges",
    .summary = "of each FE: journal since the last image, RPC threads, safe mode, transactions, exports",
    .texts = { { .sql =
                     "SELECT FE_ID, NAME, LABELS, VALUE FROM information_schema.fe_metrics "
                     "WHERE NAME IN ('safe_mode', 'meta_log_count', 'report_queue_size', "
                     "'txn_running') "
                     "OR (NAME = 'thread_pool' AND (LABELS LIKE '%thrift-server-pool%' "
                     "OR LABELS LIKE '%export_pending_job_pool%')) "
                     "ORDER BY CASE WHEN NAME = 'txn_running' THEN 1 ELSE 0 END, VALUE DESC, FE_ID "
                     "LIMIT 1000" } },
    .columns = "FE_ID NAME LABELS VALUE",
    .privilege = "OPERATE",
    .cost = SRD_COST_MEDIUM,
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};

/* clang-format off */
#define NO_NUMBER "CAST(NULL AS BIGINT)"
#define METRIC(name, column) "MAX(CASE WHEN NAME = '" name "' THEN VALUE END) AS " column

const struct srd_probe srd_probe_nodes = {
    .id = "nodes",
    .summary = "of each BE and CN: files open, highest compaction scores, paths with their room, some settings",
    .texts = { { .sql = "SELECT BE_ID, PATH, CAST(NULL AS VARCHAR) AS NAME, CAST(NULL AS VARCHAR) AS VALUE, "
                        "CAST(NULL AS BIGINT) AS NODES, "
                        METRIC("process_fd_num_used", "FD_USED") ", "
                        METRIC("process_fd_num_limit_soft", "FD_LIMIT") ", "
                        METRIC("tablet_cumulative_max_compaction_score", "CUMULATIVE_SCORE") ", "
                        METRIC("tablet_base_max_compaction_score", "BASE_SCORE") ", "
                        METRIC("tablet_update_max_compaction_score", "UPDATE_SCORE") ", "
                        METRIC("max_tablet_rowset_num", "ROWSETS") ", "
                        METRIC("update_apply_queue_count", "APPLY_QUEUE") ", "
                        METRIC("disks_total_capacity", "DISK_TOTAL") ", "
                        METRIC("disks_avail_capacity", "DISK_AVAILABLE") ", "
                        METRIC("disks_data_used_capacity", "DISK_DATA") ", "
                        METRIC("disks_state", "DISK_USED")
                        " FROM (SELECT BE_ID, NAME, VALUE, CASE WHEN NAME LIKE 'disks%' AND LABELS LIKE 'path=%' "
                        "THEN SUBSTR(LABELS, 6) ELSE '' END AS PATH FROM information_schema.be_metrics "
                        "WHERE NAME IN ('process_fd_num_used', 'process_fd_num_limit_soft', "
                        "'tablet_cumulative_max_compaction_score', 'tablet_base_max_compaction_score', "
                        "'tablet_update_max_compaction_score', 'max_tablet_rowset_num', "
                        "'update_apply_queue_count', 'disks_total_capacity', 'disks_avail_capacity', "
                        "'disks_data_used_capacity', 'disks_state')) m GROUP BY BE_ID, PATH "
                        "UNION ALL "
                        "SELECT MIN(BE_ID) AS BE_ID, '' AS PATH, NAME, VALUE, COUNT(*) AS NODES, "
                        NO_NUMBER ", " NO_NUMBER ", " NO_NUMBER ", " NO_NUMBER ", " NO_NUMBER ", " NO_NUMBER ", "
                        NO_NUMBER ", " NO_NUMBER ", " NO_NUMBER ", " NO_NUMBER ", " NO_NUMBER
                        " FROM information_schema.be_configs WHERE NAME IN ('max_compaction_concurrency', "
                        "'compact_threads', 'tablet_max_versions', 'storage_root_path') "
                        "GROUP BY NAME, VALUE, CASE WHEN NAME = 'storage_root_path' THEN BE_ID END "
                        "ORDER BY NAME, VALUE, PATH, BE_ID LIMIT 25000" } },
    .columns = "BE_ID PATH NAME VALUE NODES FD_USED FD_LIMIT CUMULATIVE_SCORE BASE_SCORE UPDATE_SCORE ROWSETS "
               "APPLY_QUEUE DISK_TOTAL DISK_AVAILABLE DISK_DATA DISK_USED",
    .privilege = "OPERATE",
    .cost = SRD_COST_MEDIUM,
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};
/* clang-format on */

/* clang-format off */
const struct srd_probe srd_probe_replication = {
    .id = "replication",
    .summary = "how many replicas tables keep, and which keep one or two",
    .texts = { { .mode = SRD_MODE_SHARED_NOTHING,
                 .since = SRD_VERSION(3, 2, 4),
                 .sql = "SELECT t.REPLICATION_NUM, t.DB_NAME, t.TABLE_NAME, t.PARTITIONS, t.TABLETS, t.DATA_BYTES, "
                        "t.EXAMPLE, c.TABLE_ENGINE FROM "
                        "(SELECT a.*, ROW_NUMBER() OVER (PARTITION BY a.TABLE_NAME IS NULL ORDER BY a.DATA_BYTES DESC) "
                        "AS PLACE FROM "
                        "(SELECT REPLICATION_NUM, DB_NAME, TABLE_NAME, COUNT(*) AS PARTITIONS, SUM(BUCKETS) AS TABLETS, "
                        "SUM(" SRD_PARTITION_BYTES ") AS DATA_BYTES, MIN(CONCAT(DB_NAME, '.', TABLE_NAME)) AS EXAMPLE "
                        "FROM information_schema.partitions_meta WHERE PARTITION_NAME NOT LIKE '$%' "
                        "GROUP BY GROUPING SETS ((REPLICATION_NUM), (REPLICATION_NUM, DB_NAME, TABLE_NAME))) a "
                        "WHERE a.TABLE_NAME IS NULL OR a.REPLICATION_NUM < 3) t "
                        "LEFT JOIN information_schema.tables_config c "
                        "ON c.TABLE_SCHEMA = t.DB_NAME AND c.TABLE_NAME = t.TABLE_NAME "
                        "WHERE t.PLACE <= 1000 ORDER BY t.TABLE_NAME IS NULL DESC, "
                        "CASE WHEN t.TABLE_NAME IS NULL THEN t.REPLICATION_NUM END, t.DATA_BYTES DESC" } },
    .columns = "REPLICATION_NUM DB_NAME TABLE_NAME PARTITIONS TABLETS DATA_BYTES EXAMPLE TABLE_ENGINE",
    .privilege = "SELECT",
    .cost = SRD_COST_HEAVY, /* walks the whole catalog under read locks */
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};
/* clang-format on */

/* Makes @some a table without rows that has those of @columns that @all has; @from: their places.
 */
static void choose_columns(struct srd_table *some, const struct srd_table *all, const char *columns,
                           size_t *from, struct srd_arena *arena)
{
    const char **names = srd_arena_array(arena, all->columns + 1, sizeof(*names));

    *some = *all;
    some->rows = some->columns = 0;
    some->names = names;
    for (const char *word = columns; *word; word += strspn(word, " ")) {
        size_t n = strcspn(word, " ");
        size_t at = srd_column(all, srd_arena_copy_n(arena, word, n));

        word += n;
        if (at == SRD_NO_COLUMN || some->columns == all->columns)
            continue;
        from[some->columns] = at;
        names[some->columns++] = all->names[at];
    }
}

const struct srd_table *srd_rows_where(const struct srd_evidence *ev, const struct srd_probe *probe,
                                       bool (*wanted)(const struct srd_table *t, size_t row),
                                       const char *columns)
{
    const struct srd_table *all = srd_evidence_get(ev, probe, NULL);
    struct srd_table *some;
    const char **cells;
    size_t *from;

    if (!all)
        return NULL;
    some = srd_arena_alloc(ev->arena, sizeof(*some));
    from = srd_arena_array(ev->arena, all->columns + 1, sizeof(*from));
    choose_columns(some, all, columns, from, ev->arena);
    cells = srd_arena_array(ev->arena, all->rows * some->columns + 1, sizeof(*cells));
    some->cells = cells;
    for (size_t row = 0; row < all->rows; row++) {
        if (!wanted(all, row))
            continue;
        for (size_t i = 0; i < some->columns; i++)
            *cells++ = all->cells[row * all->columns + from[i]];
        some->rows++;
    }
    return some;
}

static bool is_setting(const struct srd_table *t, size_t row)
{
    return srd_cell_has(t, row, "NAME");
}

static bool is_path(const struct srd_table *t, size_t row)
{
    return srd_cell_has(t, row, "PATH");
}

static bool is_node(const struct srd_table *t, size_t row)
{
    return !is_setting(t, row) && !is_path(t, row);
}

const struct srd_table *srd_node_metrics(const struct srd_evidence *ev)
{
    return srd_rows_where(ev, &srd_probe_nodes, is_node,
                          "BE_ID FD_USED FD_LIMIT CUMULATIVE_SCORE BASE_SCORE UPDATE_SCORE ROWSETS "
                          "APPLY_QUEUE");
}

const struct srd_table *srd_node_paths(const struct srd_evidence *ev)
{
    return srd_rows_where(ev, &srd_probe_nodes, is_path,
                          "BE_ID PATH DISK_TOTAL DISK_AVAILABLE DISK_DATA DISK_USED");
}

const struct srd_table *srd_node_settings(const struct srd_evidence *ev)
{
    return srd_rows_where(ev, &srd_probe_nodes, is_setting, "NAME VALUE NODES BE_ID");
}

static bool is_number_of_replicas(const struct srd_table *t, size_t row)
{
    return !srd_cell(t, row, "TABLE_NAME");
}

static bool is_table(const struct srd_table *t, size_t row)
{
    return srd_cell(t, row, "TABLE_NAME") != NULL;
}

const struct srd_table *srd_replication_in_use(const struct srd_evidence *ev)
{
    return srd_rows_where(ev, &srd_probe_replication, is_number_of_replicas,
                          "REPLICATION_NUM PARTITIONS TABLETS EXAMPLE");
}

const struct srd_table *srd_low_replication(const struct srd_evidence *ev)
{
    return srd_rows_where(ev, &srd_probe_replication, is_table,
                          "DB_NAME TABLE_NAME REPLICATION_NUM PARTITIONS TABLETS DATA_BYTES "
                          "TABLE_ENGINE");
}

bool srd_is_view_row(const struct srd_table *t, size_t row)
{
    return strstr(srd_cell_text(t, row, "TABLE_ENGINE"), "MATERIALIZED_VIEW") != NULL;
}

/* Is @name one of "[a, b]"? A renamed item answers to its old name too. */
static bool in_aliases(const char *aliases, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = aliases; *p;) {
        size_t word;

        p += strspn(p, "[], ");
        word = strcspn(p, "[], ");
        if (word && word == n && strncmp(p, name, n) == 0)
            return true;
        p += word;
    }
    return false;
}

const char *srd_fe_config_text(const struct srd_evidence *ev, const char *name)
{
    const struct srd_table *config = srd_evidence_get(ev, &srd_probe_fe_config, NULL);

    for (size_t row = 0; config && row < config->rows; row++)
        if (srd_cell_is(config, row, "Key", name))
            return srd_cell(config, row, "Value");
    for (size_t row = 0; config && row < config->rows; row++)
        if (in_aliases(srd_cell_text(config, row, "AliasNames"), name))
            return srd_cell(config, row, "Value");
    return NULL;
}

static bool parse(const char *text, enum srd_unit unit, double *out)
{
    bool yes;

    if (unit == SRD_UNIT_BYTES)
        return srd_parse_bytes(text, out);
    if (unit == SRD_UNIT_PERCENT || unit == SRD_UNIT_POINTS)
        return srd_parse_percent(text, out);
    if (unit != SRD_UNIT_BOOL)
        return srd_parse_number(text, out);
    if (!srd_parse_bool(text, &yes))
        return false;
    *out = yes;
    return true;
}

struct srd_limit srd_fe_config(const struct srd_evidence *ev, const char *name, double fallback,
                               enum srd_unit unit)
{
    struct srd_limit limit = { .value = fallback, .unit = unit };

    for (const struct srd_override *o = ev->overrides; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return (struct srd_limit){ o->value, unit, o->origin ? o->origin : "--set" };
    if (parse(srd_fe_config_text(ev, name), unit, &limit.value))
        limit.source = srd_arena_printf(ev->arena, "%s of the cluster", name);
    else
        limit.source = srd_arena_printf(ev->arena, "default of %s", name);
    return limit;
}

int64_t srd_hours(const struct srd_evidence *ev)
{
    const struct srd_arg_value *hours = srd_view_arg(ev, "hours");

    return hours && hours->number > 0 ? hours->number : SRD_PICKED_HOURS;
}

static const char *picked_hours(const struct srd_evidence *ev, struct srd_arena *arena)
{
    int64_t hours = srd_hours(ev);

    return srd_arena_printf(arena, "%" PRId64, hours < SRD_PICKED_HOURS ? SRD_PICKED_HOURS : hours);
}

/* Summer time is the cluster's business: it knows its zone by name. */
const char *srd_global_zone(const struct srd_evidence *ev)
{
    static const char good[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/:";
    const struct srd_cluster *cluster = &ev->cluster;
    const struct srd_table *clock = srd_evidence_get(ev, &srd_probe_clock, NULL);
    const char *name = clock && clock->rows ? srd_cell_text(clock, 0, "GLOBAL_ZONE") : "";
    int minutes = abs(cluster->global_offset_s) / 60;

    /* the first releases of 4.1 print +08:00 instead, and then this was not found out */
    if (!cluster->print_offset_known &&
        (!cluster->version || cluster->version >= SRD_VERSION(4, 1, 0)))
        return NULL;
    if (cluster->global_offset_known)
        return srd_arena_printf(ev->arena, "%c%02d:%02d", cluster->global_offset_s < 0 ? '-' : '+',
                                minutes / 60, minutes % 60);
    return *name && strlen(name) <= 64 && strspn(name, good) == strlen(name) ? name : NULL;
}

enum srd_status srd_why_not(const struct srd_evidence *ev, const struct srd_probe *probe,
                            enum srd_status status)
{
    const struct srd_answer *missing = srd_evidence_missing(ev, probe);

    /* what was never asked refused nothing */
    return missing && missing->status != SRD_SKIPPED ? missing->status : status;
}

void srd_pick_zone(const struct srd_evidence *ev, struct srd_keys *out)
{
    srd_keys_add(out, srd_global_zone(ev), NULL, NULL);
}

void srd_pick_hours_zone(const struct srd_evidence *ev, struct srd_keys *out)
{
    const char *zone = srd_global_zone(ev);

    if (zone)
        srd_keys_add(out, picked_hours(ev, out->arena), zone, NULL);
}

bool srd_fe_stressed(const struct srd_evidence *ev, const char **why)
{
    const struct srd_table *locks = srd_evidence_get(ev, &srd_probe_fe_locks, NULL);
    const char *thread = NULL;
    double ms = 0;

    /* not knowing is not stress: with no node alive nobody could answer, and nobody loads either */
    if (!locks || !locks->rows)
        return false;
    thread = srd_cell_json(locks, 0, "thread_info", "threadName", ev->arena);
    srd_cell_number(locks, 0, "hold_time_ms", &ms);
    *why = srd_arena_printf(ev->arena, "%s holds the %s lock of %s for %s and others wait for it",
                            thread ? thread : "a thread", srd_cell_text(locks, 0, "lock_mode"),
                            srd_cell_text(locks, 0, "lock_object"),
                            srd_unit_format(ev->arena, SRD_UNIT_MS, ms, 0));
    return true;
}
