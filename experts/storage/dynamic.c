/* Do dynamic partitions appear before they are needed? */

#include <math.h>
#include <string.h>

#include "experts/storage/partition_value.h"
#include "experts/storage/sizes.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/model/identity.h"

#define HOUR_MS 3600000.0
#define DAY_MS 86400000.0

/*
 * The properties and the partitions say whether all that should be there is there. What the
 * scheduler has to say asks for a statement per database: for those that lack partitions, or else
 * for one, for it is one scheduler for all.
 */
/* clang-format off */
#define DYNAMIC_TABLES "c.PROPERTIES LIKE '%dynamic_partition.enable%'"

const struct srd_probe srd_probe_dynamic_tables = {
    .id = "dynamic-tables",
    .summary = "tables with dynamic partitions and how far their partitions reach",
    .texts = {
        { 0, SRD_VERSION(3, 2, 4), 0,
          "SELECT c.TABLE_SCHEMA AS DB_NAME, c.TABLE_NAME, MAX(c.PROPERTIES) AS PROPERTIES, "
          "COUNT(p.PARTITION_NAME) AS PARTITIONS, MAX(p.PARTITION_VALUE) AS NEWEST_VALUE "
          "FROM information_schema.tables_config c LEFT JOIN "
          "(SELECT DB_NAME, TABLE_NAME, PARTITION_NAME, PARTITION_VALUE "
          "FROM information_schema.partitions_meta "
          "WHERE PARTITION_NAME NOT LIKE '$%' AND IS_TEMP = 0) p "
          "ON p.DB_NAME = c.TABLE_SCHEMA AND p.TABLE_NAME = c.TABLE_NAME "
          "WHERE " DYNAMIC_TABLES " GROUP BY c.TABLE_SCHEMA, c.TABLE_NAME "
          "ORDER BY NEWEST_VALUE, DB_NAME, TABLE_NAME LIMIT 2000" },
        { 0, 0, SRD_VERSION(3, 2, 3),
          "SELECT c.TABLE_SCHEMA AS DB_NAME, c.TABLE_NAME, c.PROPERTIES, NULL AS PARTITIONS, "
          "NULL AS NEWEST_VALUE FROM information_schema.tables_config c "
          "WHERE " DYNAMIC_TABLES " ORDER BY DB_NAME, TABLE_NAME LIMIT 2000" } },
    .columns = "DB_NAME TABLE_NAME PROPERTIES PARTITIONS NEWEST_VALUE",
    .privilege = "SELECT",
    .cost = SRD_COST_HEAVY,
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};
/* clang-format on */

static bool is_enabled(const struct srd_table *t, size_t row, struct srd_arena *arena)
{
    const char *value = srd_storage_property(t, row, "dynamic_partition.enable", arena);

    return value && !strcasecmp(value, "true");
}

/* A table with dynamic partitions. */
struct dynamic {
    const struct srd_evidence *ev;
    const struct srd_table *t; /* of srd_probe_dynamic_tables */
    size_t row;
    const char *name; /* "db.table" */
    const struct srd_table
        *shown; /* what the scheduler says; NULL: it was not asked, or knows it not */
    size_t at;  /* row of it */
    bool asked; /* about the database */
    bool enabled;
    double unit_ms;   /* at least that long; 0: not known */
    double end;       /* how many units ahead its owner wants; below 0: not known */
    bool reach_known; /* then ... */
    bool none;        /* it has no partition at all, or ... */
    double ahead_ms;  /* how far the newest reaches beyond now, in its own zone */
    double grace_ms;  /* until the scheduler must have turned after midnight */
    double doubt_ms;  /* by how much the offset of that zone may be wrong */
    size_t tables;    /* all that are switched on */
};

static double unit_ms(const char *unit)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = { { "HOUR", HOUR_MS },
                  { "DAY", DAY_MS },
                  { "WEEK", 7 * DAY_MS },
                  { "MONTH", 28 * DAY_MS },
                  { "YEAR", 365 * DAY_MS } };

    for (size_t i = 0; i < SRD_COUNT(units); i++)
        if (!strcasecmp(unit, units[i].name))
            return units[i].ms;
    return 0;
}

/* How often the scheduler turns. */
static struct srd_limit interval(const struct srd_evidence *ev)
{
    return srd_fe_config(ev, "dynamic_partition_check_interval_seconds", 600, SRD_UNIT_COUNT);
}

/* How far its partitions reach. */
static void read_reach(struct dynamic *d)
{
    const struct srd_table *t = d->t;
    size_t row = d->row;
    const struct srd_cluster *cluster = &d->ev->cluster;
    const char *zone = srd_storage_property(t, row, "dynamic_partition.time_zone", d->ev->arena);
    double partitions, turns = 3 * interval(d->ev).value * 1000;
    struct srd_partition_range newest;
    bool zone_known;
    int offset_s = 0;

    if (!cluster->clock_known || !srd_cell_number(t, row, "PARTITIONS", &partitions))
        return;
    d->none = partitions < 1;
    d->reach_known = d->none || srd_partition_range(srd_cell_text(t, row, "NEWEST_VALUE"), &newest);
    if (!d->reach_known || d->none)
        return;
    zone_known = zone ? srd_zone_offset(zone, &offset_s) : cluster->global_offset_known;
    if (!zone)
        offset_s = cluster->global_offset_s;
    if (!zone_known) { /* one with summer time: no zone is more than 14 hours from UTC */
        offset_s = 0;
        d->doubt_ms = 14 * HOUR_MS;
    }
    d->grace_ms = turns > 0 ? turns : HOUR_MS;
    d->ahead_ms = newest.upper_ms == INT64_MAX
                      ? INFINITY
                      : (double)(newest.upper_ms - cluster->now_ms) - 1000.0 * offset_s;
}

/* Before 3.3 not all versions print all properties; then the scheduler's list does. */
static struct dynamic read_dynamic(const struct srd_evidence *ev, const struct srd_table *t,
                                   size_t row)
{
    const char *db = srd_cell_text(t, row, "DB_NAME"), *table = srd_cell_text(t, row, "TABLE_NAME");
    const char *unit = srd_storage_property(t, row, "dynamic_partition.time_unit", ev->arena);
    const char *end = srd_storage_property(t, row, "dynamic_partition.end", ev->arena);
    const struct srd_table *shown = srd_evidence_get(ev, &srd_probe_dynamic_partitions, db);
    struct dynamic d = { .ev = ev, .t = t, .row = row, .asked = shown != NULL };

    for (size_t at = 0; shown && at < shown->rows; at++)
        if (srd_cell_is(shown, at, "TableName", table)) {
            d.shown = shown;
            d.at = at;
            break;
        }
    d.name = srd_arena_printf(ev->arena, "%s.%s", db, table);
    d.enabled = is_enabled(t, row, ev->arena);
    if (d.shown) /* the newer word */
        srd_cell_bool(shown, d.at, "Enable", &d.enabled);
    d.unit_ms = unit_ms(unit ? unit : d.shown ? srd_cell_text(shown, d.at, "TimeUnit") : "");
    if (!srd_parse_number(end, &d.end) && !(d.shown && srd_cell_number(shown, d.at, "End", &d.end)))
        d.end = -1;
    read_reach(&d);
    return d;
}

/* Are all the partitions that its owner wants ahead there, whatever the zone? */
enum lack { LACKS_NOTHING, MAY_LACK, LACKS };

static enum lack lack_of(const struct dynamic *d)
{
    double reach = d->ahead_ms + d->grace_ms, wanted = d->end * d->unit_ms;

    if (!d->reach_known || d->none || d->unit_ms <= 0 || d->end < 0)
        return LACKS; /* as far as is known */
    if (reach - d->doubt_ms >= wanted)
        return LACKS_NOTHING;
    return reach + d->doubt_ms >= wanted ? MAY_LACK : LACKS;
}

static bool has_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

/* Those that surely lack partitions, then those that may; without any the first with a table at
 * all. */
static void pick_dynamic(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_dynamic_tables, NULL);
    const char **names = srd_arena_array(out->arena, (t ? t->rows : 0) + 1, sizeof(*names));
    size_t count = 0;

    int *lacks = srd_arena_array(out->arena, (t ? t->rows : 0) + 1, sizeof(*lacks));

    for (size_t row = 0; t && row < t->rows; row++) {
        struct dynamic d = read_dynamic(ev, t, row);

        lacks[row] = d.enabled ? (int)lack_of(&d) : -1;
    }
    for (int level = LACKS; level >= LACKS_NOTHING; level--)
        for (size_t row = 0; t && row < t->rows; row++) {
            const char *db = srd_cell(t, row, "DB_NAME");

            /* what may be in order is not missed when others need a look, nor what is in order */
            if (!db || lacks[row] != level || (level == MAY_LACK && count >= out->max) ||
                (level == LACKS_NOTHING && count) || has_name(names, count, db))
                continue;
            names[count++] = db;
            srd_keys_add(out, db, NULL, NULL);
        }
}

const struct srd_probe srd_probe_dynamic_partitions = {
    .id = "dynamic-partitions",
    .summary = "what the scheduler of dynamic partitions says about a database that lacks some",
    .texts = { { .sql = "SHOW DYNAMIC PARTITION TABLES FROM {db}" } },
    .columns = "TableName Enable TimeUnit End State LastCreatePartitionMsg LastSchedulerTime",
    .privilege = "SELECT",
    .where = SRD_ASK_LEADER, /* what the scheduler did is in the memory of the leader */
    .zone = SRD_ZONE_JVM,
    .params = { { "db", SRD_PARAM_IDENTIFIER } },
    .after = &srd_probe_dynamic_tables,
    .pick = pick_dynamic,
    .max_keys = 2,
};

/* Calls @judge for each table, and says when not all were read. */
static void each_dynamic(const struct srd_evidence *ev, struct srd_findings *out,
                         void (*judge)(struct srd_findings *out, const struct dynamic *d))
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_dynamic_tables, NULL);
    size_t all = 0;

    for (size_t row = 0; row < t->rows; row++)
        all += is_enabled(t, row, out->arena);
    if (t->rows >= SRD_DYNAMIC_READ)
        srd_cannot_judge(out, SRD_SKIPPED, "only %d dynamic partition tables were read",
                         SRD_DYNAMIC_READ);
    for (size_t row = 0; row < t->rows; row++) {
        struct dynamic d = read_dynamic(ev, t, row);

        d.tables = all;
        judge(out, &d);
    }
}

static struct srd_finding *dynamic_finding(struct srd_findings *out, enum srd_severity severity,
                                           const struct dynamic *d, const char *words)
{
    struct srd_finding *f =
        srd_finding_add(out, severity, "table", d->name, "%s: %s", d->name, words);

    srd_finding_field(out, f, "name", d->name);
    srd_finding_field(out, f, "table",
                      srd_table_sql(out->arena, srd_cell_text(d->t, d->row, "DB_NAME"),
                                    srd_cell_text(d->t, d->row, "TABLE_NAME")));
    if (d->shown)
        srd_finding_row(f, &srd_probe_dynamic_partitions, d->shown, d->at);
    else
        srd_finding_row(f, &srd_probe_dynamic_tables, d->t, d->row);
    srd_finding_share(f, 1, (double)d->tables);
    return f;
}

/* storage.dynamic-partition-error */

/* The message is from long ago when the scheduler has worked for a day since the last change. */
static bool is_old_message(const struct srd_table *t, size_t row)
{
    int64_t updated, scheduled;

    return srd_cell_is(t, row, "State", "NORMAL") &&
           srd_time_parse(srd_cell_text(t, row, "LastUpdateTime"), &updated) &&
           srd_time_parse(srd_cell_text(t, row, "LastSchedulerTime"), &scheduled) &&
           (double)(scheduled - updated) > DAY_MS;
}

static void judge_scheduler(struct srd_findings *out, const struct dynamic *d)
{
    struct srd_limit turn = interval(d->ev);
    struct srd_limit limit = { 3000 * turn.value, SRD_UNIT_MS, turn.source };
    const struct srd_table *t = d->shown;
    bool scheduled = true;
    int64_t age;

    if (srd_cell_bool(t, d->at, "InScheduler", &scheduled) && !scheduled) {
        dynamic_finding(out, SRD_WARNING, d, "the scheduler of dynamic partitions has lost it");
        return;
    }
    if (turn.value > 0 && srd_age_ms(d->ev, t, d->at, "LastSchedulerTime", &age) &&
        (double)age > limit.value)
        srd_finding_value(
            dynamic_finding(out, SRD_WARNING, d,
                            srd_arena_printf(out->arena, "the scheduler last looked at it %s ago",
                                             srd_text_duration(out->arena, age))),
            (double)age, limit);
}

static void judge_dynamic(struct srd_findings *out, const struct dynamic *d)
{
    const struct srd_table *t = d->shown;
    const char *message;

    if (!d->enabled) {
        dynamic_finding(out, SRD_INFO, d, "dynamic partitioning is switched off");
        return;
    }
    if (!t)
        return; /* judge_error() says when that matters */
    if (!srd_cell_has(t, d->at, "State")) {
        srd_cannot_judge(out, SRD_FAILED, "what the scheduler did is known to the leader only");
        return;
    }
    if (srd_cell_is(t, d->at, "State", "ERROR") ||
        (srd_cell_has(t, d->at, "LastCreatePartitionMsg") && !is_old_message(t, d->at))) {
        /* the state stays until the next partition is made, which may not be due for a day */
        bool over = lack_of(d) == LACKS_NOTHING;

        message = srd_cell_has(t, d->at, "LastCreatePartitionMsg")
                      ? srd_cell_text(t, d->at, "LastCreatePartitionMsg")
                      : "the cluster does not say why";
        dynamic_finding(
            out, over ? SRD_INFO : SRD_CRITICAL, d,
            srd_arena_printf(out->arena,
                             over ? "creating partitions failed, but all are there now: %s"
                                  : "partitions cannot be created: %s",
                             message));
        return;
    }
    judge_scheduler(out, d);
}

/* Databases that lack partitions, and whose scheduler was not heard. */
static void say_unheard(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_answer *a = NULL;
    size_t left_out = srd_evidence_left_out(ev, &srd_probe_dynamic_partitions);

    while ((a = srd_evidence_next(ev, &srd_probe_dynamic_partitions, a)))
        if (!a->table)
            srd_cannot_judge(out, a->status, "probe %s of %s: %s", a->probe->id, a->key, a->detail);
    if (left_out)
        srd_cannot_judge(out, SRD_SKIPPED,
                         "databases that lack dynamic partitions and were not asked why: %zu",
                         left_out);
}

static void judge_error(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_dynamic_tables, NULL);

    srd_storage_says_unseen(ev, out);
    say_unheard(ev, out);
    each_dynamic(ev, out, judge_dynamic);
    srd_measured(out, "tables with dynamic partitions: %zu", t->rows);
}

/* storage.dynamic-partition-horizon */

static void judge_reach(struct srd_findings *out, const struct dynamic *d)
{
    bool hourly = d->unit_ms < DAY_MS, worse;
    double near, far, ahead = d->none ? 0 : d->ahead_ms, reach;
    struct srd_limit limit = { 0, SRD_UNIT_MS, "catalogue" };
    const char *words;

    if (!d->enabled)
        return;
    if (!d->reach_known || d->unit_ms <= 0 || d->end < 0) {
        srd_cannot_judge(out, SRD_FAILED, "how far the partitions of %s reach is not known",
                         d->name);
        return;
    }
    /* never more than its owner asked for */
    near = fmin(d->end * d->unit_ms, (hourly ? 6 : 24) * HOUR_MS);
    far = fmin(d->end, 2) * d->unit_ms;
    reach = ahead + d->grace_ms + d->doubt_ms; /* only what is wrong in every zone is said */
    worse = d->none || reach < near;
    /* the current unit is partly over: n future partitions reach more than n units beyond now */
    if (!worse && reach >= far)
        return;
    limit.value = worse ? near : far;
    if (d->none)
        words = "it has no partition";
    else if (ahead <= 0)
        words = "no partition covers the present";
    else
        words = srd_arena_printf(out->arena, "the newest partition ends in %s",
                                 srd_text_duration(out->arena, (int64_t)ahead));
    srd_finding_value(dynamic_finding(out, worse ? SRD_CRITICAL : SRD_WARNING, d, words), ahead,
                      limit);
}

static void judge_horizon(const struct srd_evidence *ev, struct srd_findings *out)
{
    if (!ev->cluster.clock_known) {
        srd_cannot_judge(out, SRD_FAILED, "the clock of the FE is not known");
        return;
    }
    srd_storage_says_unseen(ev, out);
    each_dynamic(ev, out, judge_reach);
    srd_measured(out, "tables whose dynamic partitions reach far enough ahead: %zu",
                 srd_evidence_get(ev, &srd_probe_dynamic_tables, NULL)->rows);
}

/* clang-format off */
const struct srd_check srd_storage_dynamic_partition_error = {
    .id = "storage.dynamic-partition-error",
    .title = "Dynamic partitions cannot be created",
    .family = "dynamic-partition",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_dynamic_tables, &srd_probe_dynamic_partitions },
    .wants = { &srd_probe_fe_config, &srd_probe_table_sizes, &srd_probe_databases },
    .judge = judge_error,
    .limits = "dynamic_partition_check_interval_seconds",
    .why = "When StarRocks fails to create the next partition nothing is said to the user; the rows of the new "
           "day are refused at midnight.",
    .measured_by = "SHOW DYNAMIC PARTITION TABLES of up to two databases where partitions are missing that should "
                   "be there (storage.dynamic-partition-horizon), or else of one: Enable, State, "
                   "LastCreatePartitionMsg, LastSchedulerTime, InScheduler.",
    .rule = "critical: enabled, and State is ERROR or there is a LastCreatePartitionMsg; warning: not in the "
            "scheduler, or not looked at for 3 intervals; info: switched off.",
    .source = "dynamic_partition_check_interval_seconds of the cluster (default 600).",
    .avoid = "A message of a table whose State is NORMAL and that was scheduled for a day since its last update "
             "is an old one. The State stays ERROR until the next partition is created: if all partitions ahead "
             "are there it is info. Tables of the same name in other databases share these columns. Times are "
             "in the zone of the FE's host; if that is not known, ages are not judged.",
    .see = "storage.dynamic-partition-horizon storage.disk-soft-limit",
    .fix = { { "Remove what the message names (too few nodes for the replicas, a limit, a full disk, a range that "
               "overlaps), then wait one interval",
               "ADMIN SHOW FRONTEND CONFIG LIKE '%dynamic_partition%';", SRD_SAFE } },
};

const struct srd_check srd_storage_dynamic_partition_horizon = {
    .id = "storage.dynamic-partition-horizon",
    .title = "No partition for what comes next",
    .family = "dynamic-partition",
    .since = SRD_VERSION(3, 2, 4),
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_dynamic_tables },
    .wants = { &srd_probe_dynamic_partitions, &srd_probe_fe_config, &srd_probe_table_sizes, &srd_probe_databases },
    .judge = judge_horizon,
    .limits = "dynamic_partition_check_interval_seconds",
    .why = "If the partition for tomorrow does not exist, loads fail at the boundary.",
    .measured_by = "the newest PARTITION_VALUE of tables with dynamic partitions in "
                   "information_schema.partitions_meta, against the clock of the FE in the table's zone; time_unit "
                   "and end from PROPERTIES of information_schema.tables_config.",
    .rule = "critical: no partition covers the time in 24 hours (hourly partitions: in 6), or what End asks for "
            "if that is less; warning: fewer than min(End, 2) units ahead.",
    .source = "judgement.",
    .avoid = "Tables with automatic (expression) partitions need none ahead and are not dynamic. Three turns of "
             "the scheduler are granted after midnight, and 14 hours if the offset of dynamic_partition.time_zone "
             "is not known.",
    .see = "storage.dynamic-partition-error",
    .fix = { { "Have partitions created further ahead",
               "ALTER TABLE {table} SET (\"dynamic_partition.end\" = \"3\");", SRD_SAFE } },
};
/* clang-format on */

const struct srd_check *const srd_storage_dynamic_checks[] = {
    &srd_storage_dynamic_partition_error,
    &srd_storage_dynamic_partition_horizon,
    NULL,
};
