/* How many tablets has each node, and how are the replicas of each database? (the views) */

#include "experts/storage/storage.h"
#include "lib/base/text.h"

static void put_node(struct srd_rows *out, const struct srd_table *t, size_t row, bool compute,
                     double all, double mean)
{
    double tablets, bytes;

    srd_rows_add(out);
    srd_put_text(out, "node", srd_node_name(out->arena, t, row));
    srd_put_id(out, "node_id", srd_cell(t, row, compute ? "ComputeNodeId" : "BackendId"));
    srd_put_text(out, "kind", compute ? "CN" : "BE");
    srd_put_text(out, "state",
                 !srd_storage_alive(t, row)           ? "dead"
                 : srd_storage_decommissioned(t, row) ? "decommissioning"
                                                      : "alive");
    if (!srd_cell_number(t, row, "TabletNum", &tablets))
        return;
    srd_put_number(out, "tablets", tablets);
    if (all > 0)
        srd_put_number(out, "share_percent", 100 * tablets / all);
    if (mean > 0)
        srd_put_number(out, "skew_ratio", tablets / mean);
    if (!srd_cell_bytes(t, row, "DataUsedCapacity", &bytes))
        return;
    srd_put_number(out, "data_bytes", bytes);
    if (tablets > 0)
        srd_put_number(out, "average_tablet_bytes", bytes / tablets);
}

/* Living nodes that take tablets: a dead or leaving one would distort the mean. */
static void add_up(const struct srd_table *t, double *all, double *serving, size_t *nodes,
                   double *most)
{
    for (size_t row = 0; t && row < t->rows; row++) {
        double tablets;

        if (!srd_cell_number(t, row, "TabletNum", &tablets))
            continue;
        *all += tablets;
        if (!srd_storage_alive(t, row) || srd_storage_decommissioned(t, row))
            continue;
        *serving += tablets;
        ++*nodes;
        *most = tablets > *most ? tablets : *most;
    }
}

static void fill_tablets(const struct srd_evidence *ev, const struct srd_arg_value *args,
                         struct srd_rows *out)
{
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    const struct srd_table *cn = srd_evidence_get(ev, &srd_probe_compute_nodes, NULL);
    bool lake = ev->cluster.mode == SRD_MODE_SHARED_DATA;
    double all = 0, serving = 0, most = 0, mean;
    size_t nodes = 0;

    (void)args;
    cn = lake ? cn : NULL; /* in shared-nothing a CN holds none */
    add_up(be, &all, &serving, &nodes, &most);
    add_up(cn, &all, &serving, &nodes, &most);
    mean = nodes ? serving / (double)nodes : 0;
    for (size_t row = 0; row < be->rows; row++)
        put_node(out, be, row, false, all, mean);
    for (size_t row = 0; cn && row < cn->rows; row++)
        put_node(out, cn, row, true, all, mean);
    srd_rows_summary(
        out, "%s %s on %zu nodes%s", srd_text_count(out->arena, all),
        lake ? "shards" : "replicas of tablets", be->rows + (cn ? cn->rows : 0),
        mean > 0
            ? srd_arena_printf(out->arena, "; the fullest has %.2f times the mean", most / mean)
            : "");
    if (lake)
        srd_rows_note(out,
                      "shared-data: shards are assigned to nodes, their data lies in the object "
                      "store");
    if (be->rows && srd_column(be, "TabletNum") == SRD_NO_COLUMN)
        srd_rows_note(out, "this version does not print the number of tablets");
}

static void fill_replicas(const struct srd_evidence *ev, const struct srd_arg_value *args,
                          struct srd_rows *out)
{
    static const char *const columns[][2] = {
        { "tables", "TableNum" },
        { "partitions", "PartitionNum" },
        { "tablets", "TabletNum" },
        { "replicas", "ReplicaNum" },
        { "unhealthy", "UnhealthyTabletNum" },
        { "inconsistent", "InconsistentTabletNum" },
        { "cloning", "CloningTabletNum" },
        { "error_state", "ErrorStateTabletNum" },
    };
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_statistic, NULL);
    bool lake = ev->cluster.mode == SRD_MODE_SHARED_DATA;
    double value, tablets = 0, unhealthy = 0;
    size_t databases = 0;

    (void)args;
    for (size_t row = 0; row < t->rows; row++) {
        if (!srd_storage_is_id(srd_cell(t, row, "DbId")))
            continue; /* the last row adds up the others */
        databases++;
        srd_rows_add(out);
        srd_put_text(out, "database", srd_cell(t, row, "DbName"));
        srd_put_id(out, "database_id", srd_cell(t, row, "DbId"));
        for (size_t i = 0; i < (lake ? 3 : sizeof(columns) / sizeof(columns[0])); i++)
            if (srd_cell_number(t, row, columns[i][1], &value))
                srd_put_number(out, columns[i][0], value);
        tablets += srd_number_or_0(t, row, "TabletNum");
        unhealthy += srd_number_or_0(t, row, "UnhealthyTabletNum");
    }
    if (lake) {
        srd_rows_summary(out, "%s tablets in %zu databases", srd_text_count(out->arena, tablets),
                         databases);
        srd_rows_note(out,
                      "shared-data: the object store keeps the copies; there are no replicas to "
                      "look after");
        return;
    }
    srd_rows_summary(out, "%s tablets in %zu databases, %s unhealthy",
                     srd_text_count(out->arena, tablets), databases,
                     srd_text_count(out->arena, unhealthy));
    if (unhealthy > 0)
        srd_rows_note(out, "one sample: under frequent loads tablets are unhealthy for seconds");
}

/* clang-format off */
const struct srd_view srd_storage_view_tablets = {
    .name = "tablets",
    .tool = "get_tablet_distribution",
    .about = "Use it when nodes differ in load or size: tablets per BE or CN with share, skew and data. Their "
             "health: get_replica_status.",
    .summary = "tablets per BE or CN, their share, size and skew",
    .columns = {
        { "node", "NODE", SRD_UNIT_TEXT, false, "host of the BE or CN" },
        { "node_id", "ID", SRD_UNIT_ID, true, "BackendId or ComputeNodeId" },
        { "kind", "KIND", SRD_UNIT_TEXT, false, "BE or CN" },
        { "state", "STATE", SRD_UNIT_TEXT, false, "alive, dead, decommissioning" },
        { "tablets", "TABLETS", SRD_UNIT_COUNT, false, "replicas of tablets; shards in shared-data" },
        { "share_percent", "SHARE", SRD_UNIT_PERCENT, false, "part of all" },
        { "skew_ratio", "SKEW", SRD_UNIT_RATIO, false, "against the mean of the nodes that serve" },
        { "data_bytes", "DATA", SRD_UNIT_BYTES, false, "data on the BE's disks" },
        { "average_tablet_bytes", "AVERAGE", SRD_UNIT_BYTES, false, "data per tablet" },
    },
    .needs = { &srd_probe_backends, &srd_probe_compute_nodes },
    .fill = fill_tablets,
    .next = "srdiag storage disks | srdiag storage replicas | srdiag explain storage.tablet-count-per-node",
};

const struct srd_view srd_storage_view_replicas = {
    .name = "replicas",
    .tool = "get_replica_status",
    .about = "Use it to see whether tablets lack replicas: one row per database with unhealthy, inconsistent "
             "and cloning tablets.",
    .summary = "tablets, replicas and their health, per database",
    .columns = {
        { "database", "DATABASE", SRD_UNIT_TEXT, false, "name" },
        { "database_id", "ID", SRD_UNIT_ID, true, "database id" },
        { "tables", "TABLES", SRD_UNIT_COUNT, true, "tables and materialized views" },
        { "partitions", "PARTITIONS", SRD_UNIT_COUNT, true, "partitions" },
        { "tablets", "TABLETS", SRD_UNIT_COUNT, false, "tablets" },
        { "replicas", "REPLICAS", SRD_UNIT_COUNT, false, "replicas" },
        { "unhealthy", "UNHEALTHY", SRD_UNIT_COUNT, false, "tablets with replicas missing, behind or misplaced" },
        { "inconsistent", "INCONSISTENT", SRD_UNIT_COUNT, false, "tablets whose replicas have different checksums" },
        { "cloning", "CLONING", SRD_UNIT_COUNT, false, "tablets with a replica being cloned" },
        { "error_state", "ERROR STATE", SRD_UNIT_COUNT, false, "primary key tablets in error state" },
    },
    .needs = { &srd_probe_statistic },
    .fill = fill_replicas,
    .next = "srdiag storage | srdiag storage tablets | srdiag explain storage.tablet-unhealthy",
};
/* clang-format on */

const struct srd_view *const srd_storage_spread_views[] = {
    &srd_storage_view_tablets,
    &srd_storage_view_replicas,
    NULL,
};
