/* How many replicas do tables keep, and how are the tablets spread over the nodes? */

#include <stdlib.h>
#include <string.h>

#include "experts/storage/storage.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/model/identity.h"

/* Tables with too few replicas. */

struct low_table {
    const char *db, *table, *name;
    size_t row;
    double bytes, lost; /* tablets whose only replica is on a dead BE or an offline disk */
    bool restarting;    /* they are on a BE that may be restarting */
    bool internal;      /* of _statistics_ */
    const char *lost_on;
    size_t lost_on_row;
    bool several; /* and on others */
};

static void find_lost(const struct srd_evidence *ev, struct srd_arena *arena,
                      struct low_table *table)
{
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    struct srd_key key = { .values = { table->db, table->table } };
    const struct srd_table *t =
        srd_evidence_get(ev, &srd_probe_few_left, srd_key_text(&srd_probe_few_left, &key, arena));
    struct srd_tablet tablet = { 0 };

    table->restarting = true;
    while (srd_storage_next_tablet(be, t, true, &tablet)) {
        size_t node = srd_storage_backend_row(be, srd_cell(t, tablet.row, "BackendId"));

        if (tablet.usable || !tablet.replicas)
            continue;
        /* a replica that is only behind has not lost its disk or BE */
        if (srd_cell_is(t, tablet.row, "Status", "VERSION_ERROR"))
            continue;
        table->lost++;
        if (node == SRD_NO_COLUMN)
            table->restarting = false;
        else if (!table->lost_on)
            table->lost_on = srd_node_name(arena, be, node);
        else if (table->lost_on_row != node)
            table->several = true;
        table->lost_on_row = node;
        table->restarting =
            table->restarting && srd_storage_may_be_restarting(ev, tablet.dead_be_id);
    }
}

static void report_single(struct srd_findings *out, const struct low_table *t,
                          const struct srd_table *low, double all_bytes, struct srd_limit limit)
{
    bool critical = t->lost > 0 && !t->restarting;
    struct srd_finding *f;

    f = srd_finding_add(
        out, critical ? SRD_CRITICAL : SRD_WARNING, "table", t->name,
        "%s keeps one replica of %s%s", t->name, srd_text_bytes(out->arena, t->bytes),
        t->lost > 0
            ? srd_arena_printf(
                  out->arena, ", and %.0f tablets have it on %s%s, which is %s", t->lost,
                  t->lost_on ? t->lost_on : "a lost BE", t->several ? " or others" : "",
                  t->restarting ? "down and may be restarting" : "dead or has lost the disk")
            : "");
    srd_finding_value(f, t->bytes, limit);
    srd_finding_share(f, t->bytes, all_bytes);
    srd_finding_field(out, f, "table", srd_table_sql(out->arena, t->db, t->table));
    srd_finding_field(out, f, "size", srd_text_bytes(out->arena, t->bytes));
    if (t->lost_on)
        srd_finding_field(out, f, "backend", t->lost_on);
    srd_finding_row(f, &srd_probe_replication, low, t->row);
}

static double data_of(const struct srd_table *be)
{
    double all = 0, bytes;

    for (size_t row = 0; row < be->rows; row++)
        if (srd_cell_bytes(be, row, "DataUsedCapacity", &bytes))
            all += bytes;
    return all;
}

static bool read_low_table(struct srd_arena *arena, const struct srd_table *low, size_t row,
                           struct low_table *out)
{
    *out = (struct low_table){ .row = row,
                               .db = srd_cell_text(low, row, "DB_NAME"),
                               .table = srd_cell_text(low, row, "TABLE_NAME") };
    out->name = srd_arena_printf(arena, "%s.%s", out->db, out->table);
    out->internal = !strcmp(out->db, "_statistics_");
    if (!srd_cell_number(low, row, "DATA_BYTES", &out->bytes))
        out->bytes = 0;
    return !srd_is_view_row(low, row);
}

#define MAX_TABLES 10

static void judge_single(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    const struct srd_table *low = srd_low_replication(ev);
    struct srd_limit limit =
        srd_limit_catalogue(ev, "storage.single-replica", SRD_GIB, SRD_UNIT_BYTES);
    struct low_table *tables = srd_arena_array(out->arena, low->rows + 1, sizeof(*tables));
    size_t count = 0, two = 0, views = 0, more = 0;
    double bytes = 0, more_bytes = 0, replicas, all = data_of(be);
    struct srd_finding *f;

    if (be->rows < 3) {
        srd_measured(out, "with %zu backends three replicas are not possible", be->rows);
        return;
    }
    for (size_t row = 0; row < low->rows; row++) {
        struct low_table *t = &tables[count];

        if (!srd_cell_number(low, row, "REPLICATION_NUM", &replicas))
            continue;
        if (!read_low_table(out->arena, low, row, t)) {
            views++;
            continue;
        }
        if (replicas > 1) {
            two++;
            continue;
        }
        bytes += t->internal ? 0 : t->bytes;
        find_lost(ev, out->arena, t);
        count++;
    }
    srd_measured(out, "%zu tables with one replica hold %s, %zu keep two", count,
                 srd_text_bytes(out->arena, bytes), two);
    for (size_t i = 0; i < count; i++) {
        bool large = bytes > limit.value && !tables[i].internal;

        if (!large && tables[i].lost <= 0 && !tables[i].internal)
            continue;
        /* the list is sorted by size; a lost table is named however small it is */
        if (out->count < MAX_TABLES || tables[i].lost > 0) {
            report_single(out, &tables[i], low, all, limit);
        } else {
            more++;
            more_bytes += tables[i].bytes;
        }
    }
    if (more) {
        f = srd_finding_add(out, SRD_WARNING, "cluster", "other tables",
                            "%zu more tables keep one replica, of %s in all", more,
                            srd_text_bytes(out->arena, more_bytes));
        srd_finding_value(f, more_bytes, limit);
        srd_finding_share(f, more_bytes, all);
    }
    if (two || views) {
        f = srd_finding_add(out, SRD_INFO, "cluster", "tables",
                            "%zu tables keep two replicas, %zu materialized views (which can be "
                            "rebuilt) fewer than three",
                            two, views);
        srd_finding_share(f, 0, 1);
    }
    if (!low->complete || low->rows >= 1000)
        srd_cannot_judge(out, SRD_SKIPPED, "only the 1,000 largest such tables were looked at");
}

/* Tablets per node. */

static bool jvm_bytes(const struct srd_table *jvm, const char *name, double *out)
{
    for (size_t row = 0; row < jvm->rows; row++)
        if (srd_cell_is(jvm, row, "Name", name))
            return srd_cell_bytes(jvm, row, "Value", out);
    return false;
}

/* Used part of the leader's heap; false: not known. */
static bool heap_percent(const struct srd_evidence *ev, double *out)
{
    const struct srd_table *jvm = srd_evidence_get(ev, &srd_probe_fe_jvm, NULL);
    double used, max;

    if (!jvm || !jvm_bytes(jvm, "mem heap used", &used) ||
        !jvm_bytes(jvm, "configured max heap size", &max) || max <= 0)
        return false;
    *out = 100 * used / max;
    return true;
}

enum report { REPORT_UNKNOWN, REPORT_FRESH, REPORT_STALE };

/* Does the BE report its tablets? By the time of its last report in Status. */
static enum report report_of(const struct srd_evidence *ev, const struct srd_table *be, size_t row)
{
    static const char column[] = "Status";
    const char *text = srd_cell_json(be, row, column, "lastSuccessReportTabletsTime", ev->arena);
    int64_t then, age;

    if (!text || !ev->cluster.clock_known || !be->zone_known || !srd_time_parse(text, &then))
        return REPORT_UNKNOWN;
    age = ev->cluster.now_ms - (then - (int64_t)be->zone_offset_s * 1000);
    if (age < -5 * 60000)
        return REPORT_UNKNOWN;
    return age > 10 * 60000 ? REPORT_STALE : REPORT_FRESH;
}

struct crowd { /* limits, and what makes them tighter or wider */
    struct srd_limit many, stressed, critical, heap;
    double heap_percent; /* of the leader; below 0: not known */
};

static enum srd_severity crowd_level(const struct crowd *c, const struct srd_table *nodes,
                                     size_t row, double tablets, enum report report)
{
    enum srd_severity level = SRD_OKAY;
    double cores, memory;
    bool strained = report == REPORT_STALE || c->heap_percent > c->heap.value;

    if (tablets > c->critical.value || (tablets > c->many.value && report == REPORT_STALE))
        level = SRD_CRITICAL;
    else if (tablets > c->many.value || (tablets > c->stressed.value && strained))
        level = SRD_WARNING;
    /* a large machine that keeps up takes more */
    if (level && srd_cell_number(nodes, row, "CpuCores", &cores) && cores > 64 &&
        report == REPORT_FRESH && srd_cell_percent(nodes, row, "MemUsedPct", &memory) &&
        memory < 80)
        level--;
    return level;
}

static void judge_crowds(const struct srd_evidence *ev, struct srd_findings *out,
                         const struct crowd *c, const struct srd_table *nodes,
                         const struct srd_probe *probe, double *most, size_t *known)
{
    bool compute = probe == &srd_probe_compute_nodes;
    double all = 0, tablets;

    for (size_t row = 0; row < nodes->rows; row++)
        all += srd_number_or_0(nodes, row, "TabletNum");
    for (size_t row = 0; row < nodes->rows; row++) {
        const char *name = srd_node_name(out->arena, nodes, row);
        enum report report = compute ? REPORT_UNKNOWN : report_of(ev, nodes, row);
        enum srd_severity level;
        struct srd_finding *f;

        if (!srd_storage_alive(nodes, row) || !srd_cell_number(nodes, row, "TabletNum", &tablets))
            continue;
        ++*known;
        *most = tablets > *most ? tablets : *most;
        level = crowd_level(c, nodes, row, tablets, report);
        if (!level)
            continue;
        f = srd_finding_add(
            out, level, compute ? "compute_node" : "backend", name, "%s holds %s %s%s", name,
            srd_text_count(out->arena, tablets), compute ? "shards" : "tablets",
            report == REPORT_STALE ? ", and its tablet report is overdue"
            : c->heap_percent > c->heap.value
                ? srd_arena_printf(out->arena, ", and the FE's heap is %.0f %% full",
                                   c->heap_percent)
                : "");
        srd_finding_value(f, tablets,
                          tablets > c->critical.value ? c->critical
                          : tablets > c->many.value   ? c->many
                                                      : c->stressed);
        srd_finding_share(f, tablets, all);
        srd_finding_field(out, f, "backend", name);
        srd_finding_row(f, probe, nodes, row);
    }
}

static void judge_tablet_count(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    const struct srd_table *cn = srd_evidence_get(ev, &srd_probe_compute_nodes, NULL);
    struct crowd c = {
        .many = srd_limit_catalogue(ev, "storage.tablet-count-per-node", 200e3, SRD_UNIT_COUNT),
        .stressed = srd_limit_catalogue(ev, "storage.tablet-count-per-node.stressed", 100e3,
                                        SRD_UNIT_COUNT),
        .critical = srd_limit_catalogue(ev, "storage.tablet-count-per-node.critical", 400e3,
                                        SRD_UNIT_COUNT),
        .heap = srd_limit_catalogue(ev, "storage.tablet-count-per-node.heap", 80, SRD_UNIT_PERCENT),
    };
    double most = 0;
    size_t known = 0;

    if (srd_lacks(out, be, "SHOW BACKENDS", "TabletNum"))
        return;
    if (!heap_percent(ev, &c.heap_percent))
        c.heap_percent = -1;
    judge_crowds(ev, out, &c, be, &srd_probe_backends, &most, &known);
    if (cn && ev->cluster.mode == SRD_MODE_SHARED_DATA)
        judge_crowds(ev, out, &c, cn, &srd_probe_compute_nodes, &most, &known);
    if (!known)
        srd_cannot_judge(out, SRD_NO_BACKEND, "no living node says how many tablets it holds");
    srd_measured(out, "the fullest of %zu nodes holds %s tablets", known,
                 srd_text_count(out->arena, most));
}

/* clang-format off */
const struct srd_check srd_storage_single_replica = {
    .id = "storage.single-replica",
    .title = "Tables with too few replicas",
    .family = "replica-health",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends, &srd_probe_replication },
    .wants = { SRD_DISK_WANTS, &srd_probe_few_left },
    .judge = judge_single,
    .limits = ".",
    .why = "A table with one replica is unavailable whenever a BE restarts and lost with its disk; it also keeps "
           "backends from being dropped or decommissioned.",
    .measured_by = "information_schema.partitions_meta: REPLICATION_NUM, DATA_SIZE; while a BE or disk is away ADMIN SHOW "
                   "REPLICA STATUS of the largest five such tables",
    .rule = "In clusters with 3 backends or more. warning: tables with one replica hold more than 1 GiB in all, or a table "
            "of _statistics_ keeps one; critical: tablets of such a table, however small, are on a dead BE or an OFFLINE "
            "disk; info: two replicas, and materialized views",
    .source = "default_replication_num is 3; 1 GiB is our judgement",
    .avoid = "Shared-data clusters: durability comes from the object store. Clusters with one or two backends. "
             "Materialized views can be rebuilt. A BE that went down less than 5 minutes ago may be restarting.",
    .see = "cluster.nodes-below-replication balance.decommission-stuck storage.tablet-no-healthy-replica",
    .fix = {
        { "Keep three replicas, some partitions at a time (clone traffic follows)",
          "ALTER TABLE {table} MODIFY PARTITION (*) SET (\"replication_num\" = \"3\");", SRD_SAFE },
        { "The same for partitions to come",
          "ALTER TABLE {table} SET (\"default.replication_num\" = \"3\");", SRD_SAFE },
    },
};

const struct srd_check srd_storage_tablet_count_per_node = {
    .id = "storage.tablet-count-per-node",
    .title = "Too many tablets on a node",
    .family = "tablet-size",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends },
    .wants = { &srd_probe_compute_nodes, &srd_probe_fe_jvm },
    .judge = judge_tablet_count,
    .limits = ". .critical .heap .stressed",
    .why = "Tablet reports, heartbeats, memory of the node and heap of the FE grow with the number of tablets.",
    .measured_by = "SHOW BACKENDS: TabletNum, Status (last tablet report); in shared-data SHOW COMPUTE NODES: TabletNum; "
                   "SHOW PROC '/monitor/jvm' of the leader: heap",
    .rule = "warning: more than 200,000 on a node, or more than 100,000 while the FE's heap is above 80 % or the tablet "
            "report of the BE is overdue (10 minutes); critical: more than 400,000, or more than 200,000 with an overdue report",
    .source = "200,000 per BE: partitioning advice of the documentation; the others are our judgement",
    .avoid = "A node with more than 64 cores, reports on time and memory below 80 % takes more: one level less. In "
             "shared-data the shards assigned to a CN are counted. When the time of reports is not known they count "
             "neither as overdue nor as on time.",
    .see = "storage.tablet-too-small memory.fe-heap-high cluster.be-report-stale",
    .fix = {
        { "Merge partitions (coarser expression partitions, OPTIMIZE) and use fewer buckets: storage.tablet-too-small",
          NULL, SRD_SAFE },
        { "Drop partitions that nobody needs any more", "ALTER TABLE {table} DROP PARTITION {partition};", SRD_RISKY },
    },
};
/* clang-format on */

const struct srd_check *const srd_storage_spread_checks[] = {
    &srd_storage_single_replica,
    &srd_storage_tablet_count_per_node,
    NULL,
};
