/* Which nodes does the cluster have, and how are they? */

#include <string.h>

#include "experts/cluster/cluster.h"

static void put_text(struct srd_rows *out, const char *name, const struct srd_node *n,
                     const char *column)
{
    if (srd_cell_has(n->table, n->row, column))
        srd_put_text(out, name, srd_cell_text(n->table, n->row, column));
}

static void put_number(struct srd_rows *out, const char *name, const struct srd_node *n,
                       const char *column,
                       bool (*read)(const struct srd_table *, size_t, const char *, double *))
{
    double value;

    if (read(n->table, n->row, column, &value))
        srd_put_number(out, name, value);
}

static const char *role_of(const struct srd_node *n)
{
    if (n->kind == SRD_NODE_FE)
        return srd_cell_text(n->table, n->row, "Role");
    if (n->leaving)
        return "leaving";
    return n->stopping ? "stopping" : NULL;
}

static void put_worker(struct srd_rows *out, const struct srd_node *n)
{
    double capacity;

    put_number(out, "cpu_cores", n, "CpuCores", srd_cell_number);
    put_number(out, "tablets", n, "TabletNum", srd_cell_number);
    put_number(out, "running_queries", n, "NumRunningQueries", srd_cell_number);
    put_number(out, "memory_limit_bytes", n, "MemLimit", srd_cell_bytes);
    put_text(out, "warehouse", n, "WarehouseName");
    if (!n->alive)
        return; /* what follows would be what it last said */
    put_number(out, "cpu_percent", n, "CpuUsedPct", srd_cell_percent);
    put_number(out, "memory_percent", n, "MemUsedPct", srd_cell_percent);
    /* before the first report the capacity is 0 or 1 byte */
    if (srd_cell_bytes(n->table, n->row, "TotalCapacity", &capacity) && capacity > 1)
        put_number(out, "disk_percent", n, "UsedPct", srd_cell_percent);
}

static void put_node(struct srd_rows *out, const struct srd_evidence *ev, const struct srd_node *n)
{
    srd_rows_add(out);
    srd_put_text(out, "kind", srd_node_kind_name(n->kind));
    srd_put_text(out, "node", n->name);
    if (*n->id)
        srd_put_id(out, "node_id", n->id);
    srd_put_text(out, "role", role_of(n));
    srd_put_text(out, "alive", n->alive ? "yes" : "no");
    if (n->up_known && n->alive)
        srd_put_number(out, "started_time", (double)(ev->cluster.now_ms - n->up_ms));
    if (n->version)
        srd_put_text(out, "version", n->version_text);
    if (n->silent_known)
        srd_put_number(out, "heartbeat_age_ms", (double)n->silent_ms);
    if (!n->alive)
        put_text(out, "error", n, "ErrMsg");
    if (n->kind != SRD_NODE_FE)
        put_worker(out, n);
}

static void fill_nodes(const struct srd_evidence *ev, const struct srd_arg_value *args,
                       struct srd_rows *out)
{
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_ALL);
    size_t alive[5] = { 0 }, all[5] = { 0 };
    bool undated = false;

    (void)args;
    for (size_t i = 0; i < nodes.count; i++) {
        put_node(out, ev, &nodes.items[i]);
        all[nodes.items[i].kind]++;
        alive[nodes.items[i].kind] += nodes.items[i].alive;
        undated = undated || (nodes.items[i].seen && !nodes.items[i].silent_known);
    }
    srd_rows_summary(out, "%zu of %zu FEs, %zu of %zu BEs, %zu of %zu CNs are alive",
                     alive[SRD_NODE_FE], all[SRD_NODE_FE], alive[SRD_NODE_BE], all[SRD_NODE_BE],
                     alive[SRD_NODE_CN], all[SRD_NODE_CN]);
    if (undated)
        srd_rows_note(out,
                      "the zone in which this FE prints times is not known, so ages are missing");
    if (nodes.count &&
        srd_cluster_leader_row(srd_evidence_get(ev, &srd_probe_frontends, NULL)) == SRD_NO_COLUMN)
        srd_rows_note(out, "no FE is shown as LEADER");
}

/* clang-format off */
const struct srd_view srd_cluster_view_nodes = {
    .name = "nodes",
    .tool = "get_cluster_nodes",
    .summary = "all frontends, backends and compute nodes: role, liveness, version, CPU, memory, disk",
    .columns = {
        { "kind", "KIND", SRD_UNIT_TEXT, false, "FE, BE or CN" },
        { "node", "NODE", SRD_UNIT_TEXT, false, "host, with a port if nodes share it" },
        { "node_id", "ID", SRD_UNIT_ID, true, "BackendId, ComputeNodeId or Id" },
        { "role", "ROLE", SRD_UNIT_TEXT, false, "LEADER, FOLLOWER, OBSERVER; leaving: is being decommissioned" },
        { "alive", "ALIVE", SRD_UNIT_TEXT, false, "yes or no" },
        { "started_time", "SINCE", SRD_UNIT_TIME, true, "start of the process" },
        { "version", "VERSION", SRD_UNIT_TEXT, false, "release and build" },
        { "cpu_cores", "CORES", SRD_UNIT_COUNT, true, "cores" },
        { "cpu_percent", "CPU", SRD_UNIT_PERCENT, false, "CPU in use" },
        { "memory_percent", "MEMORY", SRD_UNIT_PERCENT, false, "memory in use" },
        { "memory_limit_bytes", "LIMIT", SRD_UNIT_BYTES, true, "memory that the process may use (3.3.4 and later)" },
        { "tablets", "TABLETS", SRD_UNIT_COUNT, true, "replicas, in shared-data tablets" },
        { "disk_percent", "DISK", SRD_UNIT_PERCENT, false, "of the disks of a BE" },
        { "running_queries", "QUERIES", SRD_UNIT_COUNT, true, "queries at this moment" },
        { "heartbeat_age_ms", "HEARTBEAT", SRD_UNIT_MS, true, "since the last heartbeat" },
        { "warehouse", "WAREHOUSE", SRD_UNIT_TEXT, true, "of a node in shared-data" },
        { "error", "ERROR", SRD_UNIT_TEXT, false, "what the heartbeat says of a dead node" },
    },
    .needs = { &srd_probe_frontends, &srd_probe_backends, &srd_probe_compute_nodes },
    .fill = fill_nodes,
    .next = "srdiag cluster | srdiag storage disks | srdiag explain cluster.be-down",
};
/* clang-format on */

const struct srd_view *const srd_cluster_view_views[] = { &srd_cluster_view_nodes, NULL };
