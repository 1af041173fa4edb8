/* Do partitions appear before they are needed, and go when they are not needed any more? */

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
#define YEAR_MS (365.25 * DAY_MS)

/* storage.no-retention */

/* Of a table that is partitioned by time. */
struct history {
    struct srd_partition_range oldest;
    double width_ms; /* of a partition; 0: not known */
    double age_ms;   /* of the oldest partition's end; 0: not known, or in the future */
};

static double width(const struct srd_partition_range *range)
{
    return range->lower_ms == INT64_MIN || range->upper_ms == INT64_MAX
               ? 0
               : (double)(range->upper_ms - range->lower_ms);
}

static bool read_history(const struct srd_evidence *ev, const struct srd_table *t, size_t row,
                         struct history *out)
{
    struct srd_partition_range newest;

    *out = (struct history){ .width_ms = 0 };
    if (!srd_partition_range(srd_cell_text(t, row, "OLDEST_VALUE"), &out->oldest))
        return false;
    /* the last partition tells the present grain best; the first may begin at year 0 */
    if (srd_partition_range(srd_cell_text(t, row, "NEWEST_VALUE"), &newest))
        out->width_ms = width(&newest);
    if (out->width_ms <= 0)
        out->width_ms = width(&out->oldest);
    if (ev->cluster.clock_known && out->oldest.upper_ms < ev->cluster.now_ms)
        out->age_ms = (double)(ev->cluster.now_ms - out->oldest.upper_ms);
    return true;
}

static bool is_much(const struct srd_evidence *ev, const struct srd_table *t, size_t row,
                    const struct history *h)
{
    struct srd_limit most = srd_limit_catalogue(ev, "storage.no-retention", 365, SRD_UNIT_COUNT);
    struct srd_limit years =
        srd_limit_catalogue(ev, "storage.no-retention.years", 2, SRD_UNIT_COUNT);
    bool hourly = h->width_ms > 0 && h->width_ms < 20 * HOUR_MS; /* 365 of them are two weeks */

    return h->age_ms > years.value * YEAR_MS ||
           (!hourly && srd_storage_number(t, row, "PARTITIONS") >= most.value);
}

bool srd_storage_keeps_much(const struct srd_evidence *ev, size_t row)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    struct history h;

    return srd_storage_is_table_row(t, row) && !srd_is_view_row(t, row) &&
           read_history(ev, t, row, &h) && is_much(ev, t, row, &h);
}

static const char *grain(double width_ms)
{
    static const struct {
        double up_to_ms;
        const char *word;
    } grains[] = { { 0, "" },
                   { 20 * HOUR_MS, "hourly " },
                   { 2 * DAY_MS, "daily " },
                   { 10 * DAY_MS, "weekly " },
                   { 32 * DAY_MS, "monthly " },
                   { 100 * DAY_MS, "quarterly " } };

    for (size_t i = 0; i < SRD_COUNT(grains); i++)
        if (width_ms <= grains[i].up_to_ms)
            return grains[i].word;
    return "yearly ";
}

static void report_history(const struct srd_evidence *ev, struct srd_findings *out,
                           const struct srd_table *t, size_t row, const struct history *h)
{
    struct srd_limit most = srd_limit_catalogue(ev, "storage.no-retention", 365, SRD_UNIT_COUNT);
    struct srd_limit years =
        srd_limit_catalogue(ev, "storage.no-retention.years", 2, SRD_UNIT_COUNT);
    double n = srd_storage_number(t, row, "PARTITIONS");
    double size = srd_storage_number(t, row, "DATA_BYTES");
    double keep = h->width_ms > 0 ? ceil(400 * DAY_MS / h->width_ms) : 400; /* a good year */
    struct srd_finding *f = srd_storage_table_finding(
        out, SRD_INFO, &srd_probe_table_sizes, row, NULL,
        "keeps %s %spartitions%s (%s) and has no retention", srd_text_count(out->arena, n),
        grain(h->width_ms),
        h->age_ms > YEAR_MS
            ? srd_arena_printf(out->arena, " of up to %.1f years", h->age_ms / YEAR_MS)
            : "",
        srd_text_bytes(out->arena, size));

    if (n >= most.value)
        srd_finding_value(f, n, most);
    else
        srd_finding_value(f, h->age_ms,
                          (struct srd_limit){ years.value * YEAR_MS, SRD_UNIT_MS, years.source });
    srd_finding_share(f, size, srd_storage_all(ev, "DATA_BYTES"));
    srd_finding_field(out, f, "partition",
                      srd_quote_identifier(out->arena, srd_cell_text(t, row, "OLDEST_PARTITION")));
    srd_finding_field(out, f, "keep", srd_arena_printf(out->arena, "%.0f", keep));
}

static void judge_retention(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    size_t looked = 0, unknown = 0;

    srd_storage_says_unseen(ev, out);
    for (size_t row = 0; row < t->rows; row++) {
        struct history h;

        if (!srd_storage_is_table_row(t, row) || srd_is_view_row(t, row) ||
            !read_history(ev, t, row, &h))
            continue;
        looked++;
        if (!is_much(ev, t, row, &h))
            continue;
        switch (srd_storage_retention(ev, row, out->arena)) {
        case SRD_RETENTION_NONE:
            report_history(ev, out, t, row, &h);
            break;
        case SRD_RETENTION_UNKNOWN:
            unknown++;
            break;
        case SRD_RETENTION_SET:
            break;
        }
    }
    if (unknown)
        srd_cannot_judge(out, SRD_SKIPPED,
                         "tables of which it is not known whether they expire partitions: %zu",
                         unknown);
    if (!ev->cluster.clock_known)
        srd_cannot_judge(out, SRD_FAILED, "the clock of the FE is not known, nor how old data is");
    srd_measured(out, "tables partitioned by time: %zu", looked);
}

/* Dynamic partitions. */

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

/* Each database once; those where something is switched on come first. */
static void pick_dynamic(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_dynamic_tables, NULL);

    for (int enabled = 1; enabled >= 0; enabled--)
        for (size_t row = 0; t && row < t->rows; row++) {
            const char *db = srd_cell(t, row, "DB_NAME");
            bool seen = !db || (enabled && !is_enabled(t, row, out->arena));

            for (size_t i = 0; i < out->count && !seen; i++)
                seen = !strcmp(out->keys[i].values[0], db);
            if (!seen)
                srd_keys_add(out, db, NULL, NULL);
        }
}

const struct srd_probe srd_probe_dynamic_partitions = {
    .id = "dynamic-partitions",
    .summary = "dynamic partition tables of a database and how their scheduler fares",
    .texts = { { .sql = "SHOW DYNAMIC PARTITION TABLES FROM {db}" } },
    .columns = "TableName Enable TimeUnit End State LastCreatePartitionMsg LastSchedulerTime",
    .privilege = "SELECT",
    .where = SRD_ASK_LEADER, /* what the scheduler did is in the memory of the leader */
    .zone = SRD_ZONE_JVM,
    .params = { { "db", SRD_PARAM_IDENTIFIER } },
    .after = &srd_probe_dynamic_tables,
    .pick = pick_dynamic,
};

/* One table of SHOW DYNAMIC PARTITION TABLES, with what the other probe knows of it. */
struct dynamic {
    const struct srd_evidence *ev;
    const struct srd_answer *a;
    size_t row;
    const char *name; /* "db.table" */
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

static void read_reach(struct dynamic *d, const struct srd_table *t, size_t row)
{
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

/* Calls @judge for each table of which both probes know, and says what could not be read. */
static void each_dynamic(const struct srd_evidence *ev, struct srd_findings *out,
                         void (*judge)(struct srd_findings *out, const struct dynamic *d))
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_dynamic_tables, NULL);
    struct srd_chains tables = srd_storage_chains(out->arena, t);
    size_t left_out = srd_evidence_left_out(ev, &srd_probe_dynamic_partitions), all = 0;
    const struct srd_answer *a = NULL;

    for (size_t row = 0; row < t->rows; row++)
        all += is_enabled(t, row, out->arena);
    if (left_out)
        srd_cannot_judge(out, SRD_SKIPPED,
                         "databases with dynamic partitions that were not asked: %zu", left_out);
    if (t->rows >= SRD_DYNAMIC_READ)
        srd_cannot_judge(out, SRD_SKIPPED, "only %d dynamic partition tables were read",
                         SRD_DYNAMIC_READ);
    while ((a = srd_evidence_next(ev, &srd_probe_dynamic_partitions, a))) {
        if (!a->table) {
            srd_cannot_judge(out, a->status, "probe %s of %s: %s", a->probe->id, a->key, a->detail);
            continue;
        }
        for (size_t row = 0; row < a->table->rows; row++) {
            const char *table = srd_cell_text(a->table, row, "TableName");
            size_t known = srd_storage_chain_of(&tables, a->key, table);
            struct dynamic d = { .ev = ev, .a = a, .row = row, .tables = all, .end = -1 };

            d.name = srd_arena_printf(out->arena, "%s.%s", a->key, table);
            d.unit_ms = unit_ms(srd_cell_text(a->table, row, "TimeUnit"));
            srd_cell_number(a->table, row, "End", &d.end);
            if (known != SRD_NO_COLUMN)
                read_reach(&d, t, known);
            judge(out, &d);
        }
    }
}

static struct srd_finding *dynamic_finding(struct srd_findings *out, enum srd_severity severity,
                                           const struct dynamic *d, const char *words)
{
    const char *table = srd_cell_text(d->a->table, d->row, "TableName");
    struct srd_finding *f =
        srd_finding_add(out, severity, "table", d->name, "%s: %s", d->name, words);

    srd_finding_field(out, f, "name", d->name);
    srd_finding_field(out, f, "table", srd_storage_table_sql(out->arena, d->a->key, table));
    srd_finding_row(f, &srd_probe_dynamic_partitions, d->a->table, d->row);
    srd_finding_share(f, 1, (double)d->tables);
    return f;
}

/* All the partitions that its owner wants ahead are there, whatever the zone. */
static bool is_far_enough(const struct dynamic *d)
{
    return d->reach_known && !d->none && d->unit_ms > 0 && d->end >= 0 &&
           d->ahead_ms + d->grace_ms - d->doubt_ms >= d->end * d->unit_ms;
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
    const struct srd_table *t = d->a->table;
    bool scheduled = true;
    int64_t age;

    if (srd_cell_bool(t, d->row, "InScheduler", &scheduled) && !scheduled) {
        dynamic_finding(out, SRD_WARNING, d, "the scheduler of dynamic partitions has lost it");
        return;
    }
    if (turn.value > 0 && srd_storage_age_ms(d->ev, t, d->row, "LastSchedulerTime", &age) &&
        (double)age > limit.value)
        srd_finding_value(
            dynamic_finding(out, SRD_WARNING, d,
                            srd_arena_printf(out->arena, "the scheduler last looked at it %s ago",
                                             srd_text_duration(out->arena, age))),
            (double)age, limit);
}

static void judge_dynamic(struct srd_findings *out, const struct dynamic *d)
{
    const struct srd_table *t = d->a->table;
    const char *message = srd_cell_text(t, d->row, "LastCreatePartitionMsg");
    bool enabled = true;

    if (srd_cell_bool(t, d->row, "Enable", &enabled) && !enabled) {
        dynamic_finding(out, SRD_INFO, d, "dynamic partitioning is switched off");
        return;
    }
    if (!srd_cell_has(t, d->row, "State")) {
        srd_cannot_judge(out, SRD_FAILED, "what the scheduler did is known to the leader only");
        return;
    }
    if (srd_cell_is(t, d->row, "State", "ERROR") ||
        (srd_cell_has(t, d->row, "LastCreatePartitionMsg") && !is_old_message(t, d->row))) {
        /* the state stays until the next partition is made, which may not be due for a day */
        bool over = is_far_enough(d);

        if (!srd_cell_has(t, d->row, "LastCreatePartitionMsg"))
            message = "the cluster does not say why";
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

static void judge_error(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_dynamic_tables, NULL);

    srd_storage_says_unseen(ev, out);
    each_dynamic(ev, out, judge_dynamic);
    srd_measured(out, "tables with dynamic partitions: %zu", t->rows);
}

/* storage.dynamic-partition-horizon */

static void judge_reach(struct srd_findings *out, const struct dynamic *d)
{
    bool hourly = d->unit_ms < DAY_MS, enabled = false, worse;
    double near, far, ahead = d->none ? 0 : d->ahead_ms, reach;
    struct srd_limit limit = { 0, SRD_UNIT_MS, "catalogue" };
    const char *words;

    if (!srd_cell_bool(d->a->table, d->row, "Enable", &enabled) || !enabled)
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
const struct srd_check srd_storage_no_retention = {
    .id = "storage.no-retention",
    .title = "Time partitions are never expired",
    .family = "partition-design",
    .worst = SRD_INFO,
    .needs = { &srd_probe_table_sizes },
    .wants = { &srd_probe_table_ddl, &srd_probe_databases },
    .judge = judge_retention,
    .limits = ". .years",
    .why = "A table partitioned by time that keeps everything grows for ever: the most frequent cause of "
           "full disks.",
    .measured_by = "information_schema.partitions_meta: partitions by date; tables_config PROPERTIES (before "
                   "3.3 also SHOW CREATE TABLE) without partition_ttl, partition_live_number, "
                   "partition_retention_condition and dynamic_partition.start.",
    .rule = "info: at least 365 partitions of a day or longer, or the oldest ended over 2 years ago, and "
            "nothing expires them. It would become a warning with the growth that stored runs show.",
    .source = "judgement.",
    .avoid = "Archives that must be kept by law are right as they are: leave the check out with --skip. "
             "Materialized views follow their base tables.",
    .see = "storage.disk-eta storage.disk-hard-limit",
    .fix = { { "Give the table a retention; ask its owner, what is older is deleted. Lists need "
               "partition_retention_condition (from 3.5 on) instead",
               "ALTER TABLE {table} SET (\"partition_live_number\" = \"{keep}\");", SRD_RISKY },
             { "Drop a partition that is not needed any more",
               "ALTER TABLE {table} DROP PARTITION {partition};", SRD_RISKY } },
};

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
    .measured_by = "SHOW DYNAMIC PARTITION TABLES of each database that has such tables (at most 20): Enable, "
                   "State, LastCreatePartitionMsg, LastSchedulerTime, InScheduler.",
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
    .needs = { &srd_probe_dynamic_tables, &srd_probe_dynamic_partitions },
    .wants = { &srd_probe_fe_config, &srd_probe_table_sizes, &srd_probe_databases },
    .judge = judge_horizon,
    .limits = "dynamic_partition_check_interval_seconds",
    .why = "If the partition for tomorrow does not exist, loads fail at the boundary.",
    .measured_by = "the newest PARTITION_VALUE of tables with dynamic partitions in "
                   "information_schema.partitions_meta, against the clock of the FE in the table's zone; TimeUnit "
                   "and End from SHOW DYNAMIC PARTITION TABLES.",
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

const struct srd_check *const srd_storage_retention_checks[] = {
    &srd_storage_no_retention,
    &srd_storage_dynamic_partition_error,
    &srd_storage_dynamic_partition_horizon,
    NULL,
};
