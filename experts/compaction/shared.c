/* How does the compaction expert read its answers? */

#include <stdarg.h>
#include <string.h>

#include "experts/compaction/compaction.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

bool srd_compaction_span_ms(const struct srd_table *t, size_t row, const char *from, const char *to,
                            int64_t *span_ms)
{
    const char *first = srd_cell(t, row, from), *last = srd_cell(t, row, to);
    int64_t a, b;

    if (!first || !last || !srd_time_parse(first, &a) || !srd_time_parse(last, &b) || b < a)
        return false;
    *span_ms = b - a;
    return true;
}

/* Nodes. */

static const char *node_in(const struct srd_table *nodes, const char *id_column, const char *id,
                           struct srd_arena *arena)
{
    for (size_t row = 0; nodes && row < nodes->rows; row++)
        if (srd_cell_is(nodes, row, id_column, id))
            return srd_node_name(arena, nodes, row);
    return NULL;
}

const char *srd_compaction_node(const struct srd_evidence *ev, struct srd_arena *arena,
                                const char *id)
{
    const char *name;

    if (!id)
        return "a node";
    name = node_in(srd_evidence_get(ev, &srd_probe_backends, NULL), "BackendId", id, arena);
    if (!name)
        name = node_in(srd_evidence_get(ev, &srd_probe_compute_nodes, NULL), "ComputeNodeId", id,
                       arena);
    return name ? name : srd_arena_printf(arena, "node %s", id);
}

static void count_nodes(const struct srd_table *nodes, const char *warehouse, size_t *alive,
                        size_t *registered, size_t *elsewhere)
{
    for (size_t row = 0; nodes && row < nodes->rows; row++) {
        const char *of = srd_cell(nodes, row, "WarehouseName");
        bool up = srd_is_true(nodes, row, "Alive");

        if (of && *of && strcmp(of, warehouse)) {
            *elsewhere += up;
            continue;
        }
        ++*registered;
        *alive += up;
    }
}

size_t srd_compaction_nodes_of(const struct srd_evidence *ev, const char *warehouse,
                               size_t *registered, size_t *elsewhere)
{
    size_t alive = 0;

    *registered = *elsewhere = 0;
    count_nodes(srd_evidence_get(ev, &srd_probe_backends, NULL), warehouse, &alive, registered,
                elsewhere);
    count_nodes(srd_evidence_get(ev, &srd_probe_compute_nodes, NULL), warehouse, &alive, registered,
                elsewhere);
    return alive;
}

struct srd_limit srd_compaction_setting(const struct srd_evidence *ev, const char *name,
                                        double fallback, enum srd_unit unit)
{
    const struct srd_table *t = srd_node_settings(ev);
    struct srd_limit limit = { .value = fallback, .unit = unit };
    double value;
    bool found = false;

    for (const struct srd_override *o = ev->overrides; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return (struct srd_limit){ o->value, unit, o->origin ? o->origin : "--set" };
    for (size_t row = 0; t && row < t->rows; row++) {
        if (!srd_cell_is(t, row, "NAME", name) || !srd_cell_number(t, row, "VALUE", &value))
            continue;
        limit.value = found && limit.value < value ? limit.value : value;
        found = true;
    }
    limit.source = srd_arena_printf(ev->arena, found ? "%s of the nodes" : "default of %s", name);
    return limit;
}

/* Partitions. */

bool srd_compaction_is_internal(const struct srd_table *t, size_t row)
{
    return srd_cell_is(t, row, "DB_NAME", "_statistics_");
}

static bool same_table(const struct srd_table *t, size_t a, size_t b)
{
    return !strcmp(srd_cell_text(t, a, "TABLE_NAME"), srd_cell_text(t, b, "TABLE_NAME")) &&
           !strcmp(srd_cell_text(t, a, "DB_NAME"), srd_cell_text(t, b, "DB_NAME"));
}

bool srd_compaction_first_of_table(const struct srd_table *t, size_t row)
{
    for (size_t before = 0; before < row; before++)
        if (same_table(t, before, row))
            return false;
    return true;
}

const char *srd_compaction_more(struct srd_arena *arena, const struct srd_table *t, size_t row,
                                double bound)
{
    size_t more = 0;

    for (size_t other = 0; other < t->rows; other++)
        more += other != row && srd_number_or_0(t, other, "MAX_SCORE") > bound &&
                same_table(t, row, other);
    if (!more)
        return "";
    return srd_arena_printf(arena, "; %zu more partition%s of this table %s above %s", more,
                            more > 1 ? "s" : "", more > 1 ? "are" : "is",
                            srd_text_count(arena, bound));
}

struct srd_finding *srd_compaction_partition_finding(struct srd_findings *out,
                                                     enum srd_severity severity,
                                                     const struct srd_table *t, size_t row,
                                                     const char *format, ...)
{
    const char *db = srd_cell_text(t, row, "DB_NAME"), *table = srd_cell_text(t, row, "TABLE_NAME");
    const char *partition = srd_cell(t, row, "PARTITION_NAME");
    struct srd_finding *f;
    va_list args;

    va_start(args, format);
    f = srd_partition_finding(out, severity, db, table, partition, format, args);
    va_end(args);
    if (!partition)
        srd_finding_field(out, f, "partition", "<partition>");
    /* only tables without a primary key know base and cumulative compaction */
    srd_finding_field(out, f, "compact",
                      !srd_cell(t, row, "MODEL") || srd_cell_is(t, row, "MODEL", "PRIMARY")
                          ? "COMPACT"
                          : "CUMULATIVE COMPACT");
    srd_finding_row(f, &srd_probe_partition_scores, t, row);
    return f;
}

void srd_compaction_says_unseen(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_partition_scores, NULL);
    const struct srd_table *dbs = srd_evidence_get(ev, &srd_probe_databases, NULL);
    double there = 0, seen;

    for (size_t row = 0; dbs && row < dbs->rows; row++)
        if (!srd_cell_is(dbs, row, "DbName", "information_schema") &&
            !srd_cell_is(dbs, row, "DbName", "sys"))
            there += srd_number_or_0(dbs, row, "TableNum");
    if (!t || (dbs && there <= 0))
        return;
    if (!t->rows)
        srd_cannot_judge(out, SRD_DENIED, "this account sees no table: it needs SELECT on them");
    /* one more or less may just have been created or dropped between the two questions */
    else if (dbs && srd_cell_number(t, 0, "SEEN", &seen) && seen + 1 < there && seen < 0.98 * there)
        srd_cannot_judge(out, SRD_DENIED,
                         "this account sees %s of %s tables: it needs SELECT on all of them",
                         srd_text_count(out->arena, seen), srd_text_count(out->arena, there));
}

bool srd_compaction_refused(struct srd_findings *out, const struct srd_table *refused, size_t row,
                            const char *kind, int64_t within_ms)
{
    int64_t age;

    if (!srd_cell_is(refused, row, "KIND", kind))
        return false;
    if (srd_age_ms(out->ev, refused, row, "LAST", &age))
        return age <= within_ms;
    srd_cannot_judge(out, SRD_FAILED,
                     "loads were refused, but when is not known: the cluster's clock or time zone "
                     "is not");
    return false;
}

/* Jobs. */

bool srd_compaction_unfinished(const struct srd_table *jobs, size_t row)
{
    return srd_cell_has(jobs, row, "StartTime") && !srd_cell_has(jobs, row, "FinishTime");
}

size_t srd_compaction_tasks_of(const struct srd_evidence *ev, const char *txn_id)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_lake_tasks, NULL);

    for (size_t row = 0; t && txn_id && row < t->rows; row++)
        if (srd_cell_is(t, row, "TXN_ID", txn_id))
            return row;
    return SRD_NO_COLUMN;
}

double srd_compaction_capacity(const struct srd_evidence *ev)
{
    struct srd_limit tasks = srd_fe_config(ev, "lake_compaction_max_tasks", -1, SRD_UNIT_COUNT);
    const char *warehouse = srd_fe_config_text(ev, "lake_compaction_warehouse");
    size_t registered, elsewhere, alive;

    if (tasks.value >= 0)
        return tasks.value;
    if (!srd_evidence_get(ev, &srd_probe_compute_nodes, NULL))
        return -1;
    alive = srd_compaction_nodes_of(ev, warehouse ? warehouse : "default_warehouse", &registered,
                                    &elsewhere);
    return 16.0 * (double)alive;
}

double srd_compaction_running(const struct srd_evidence *ev)
{
    const struct srd_table *jobs = srd_evidence_get(ev, &srd_probe_compaction_jobs, NULL);
    const struct srd_table *tasks = srd_evidence_get(ev, &srd_probe_lake_tasks, NULL);
    double running = 0, counted = 0;

    /* each job compacts one tablet at least; nodes of other warehouses do not tell their tasks */
    for (size_t row = 0; jobs && row < jobs->rows; row++)
        running += srd_compaction_unfinished(jobs, row) && !srd_cell_has(jobs, row, "CommitTime");
    for (size_t row = 0; tasks && row < tasks->rows; row++)
        counted += srd_number_or_0(tasks, row, "TASKS");
    return counted > running ? counted : running;
}
