/* Are nodes short of CPU or of file descriptors? */

#include "experts/cluster/cluster.h"
#include "lib/base/text.h"

/*
 * A node that is idle now has not been busy in every one of three samples. One that is busy now may
 * have a peak.
 */
static void judge_cpu(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_WORKERS);
    struct srd_limit limit =
        srd_limit_catalogue(ev, "cluster.be-cpu-saturated", 90, SRD_UNIT_PERCENT);
    size_t alive = 0, busy = 0, unread = 0;
    double highest = 0, percent;

    for (size_t i = 0; i < nodes.count; i++) {
        const struct srd_node *n = &nodes.items[i];
        struct srd_finding *f;

        if (!n->alive)
            continue;
        alive++;
        if (!srd_cell_percent(n->table, n->row, "CpuUsedPct", &percent)) {
            unread++;
            continue;
        }
        highest = percent > highest ? percent : highest;
        if (percent <= limit.value)
            continue;
        busy++;
        f = srd_cluster_finding(out, SRD_INFO, n, "%s %s uses %.1f %% of its CPU at this moment",
                                srd_node_kind_name(n->kind), n->name, percent);
        srd_finding_value(f, percent, limit);
        srd_finding_share(f, 1, (double)nodes.count);
    }
    srd_measured(out, "the busiest node uses %.1f %% of its CPU", highest);
    if (!alive)
        srd_cannot_judge(out, SRD_NO_BACKEND, "no BE or CN is alive");
    else if (unread)
        srd_cannot_judge(out, SRD_FAILED, "%zu of %zu nodes do not say how busy they are", unread,
                         alive);
    else if (busy)
        srd_cannot_judge(out, SRD_NEEDS_HISTORY,
                         "%zu of %zu nodes are busy now; whether they stay so needs more samples",
                         busy, alive);
}

/* The row of the node, or SRD_NO_COLUMN. */
static size_t row_of_node(const struct srd_table *t, const char *id)
{
    for (size_t row = 0; row < t->rows; row++)
        if (srd_cell_is(t, row, "BE_ID", id))
            return row;
    return SRD_NO_COLUMN;
}

static void judge_descriptors(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_node_metrics(ev);
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_WORKERS);
    struct srd_limit part =
        srd_limit_catalogue(ev, "cluster.be-fd-exhaustion", 70, SRD_UNIT_PERCENT);
    struct srd_limit least =
        srd_limit_catalogue(ev, "cluster.be-fd-exhaustion.limit", 60000, SRD_UNIT_COUNT);
    size_t alive = 0, unread = 0, row = 0;
    double used, most, highest = 0, percent;

    for (size_t i = 0; i < nodes.count; i++) {
        const struct srd_node *n = &nodes.items[i];
        struct srd_finding *f;

        if (!n->alive)
            continue;
        alive++;
        row = row_of_node(t, n->id);
        if (!srd_cell_number(t, row, "FD_USED", &used) ||
            !srd_cell_number(t, row, "FD_LIMIT", &most) || most <= 0) {
            unread++;
            continue;
        }
        percent = 100 * used / most;
        highest = percent > highest ? percent : highest;
        if (percent <= part.value && most >= least.value)
            continue;
        f = srd_cluster_finding(out, percent > 90 ? SRD_CRITICAL : SRD_WARNING, n,
                                "%s %s has %s of %s file descriptors in use",
                                srd_node_kind_name(n->kind), n->name,
                                srd_text_count(out->arena, used), srd_text_count(out->arena, most));
        if (percent > part.value)
            srd_finding_value(f, percent, part);
        else
            srd_finding_value(f, most, least);
        srd_finding_share(f, 1, (double)nodes.count);
        srd_finding_row(f, &srd_probe_nodes, t, row);
    }
    srd_measured(out, "at most %.0f %% of the file descriptors of a node are in use", highest);
    if (!alive)
        srd_cannot_judge(out, SRD_NO_BACKEND, "no BE or CN is alive");
    else if (unread)
        srd_cannot_judge(out, SRD_FAILED, "the descriptors of %zu of %zu nodes are not known",
                         unread, alive);
}

/* clang-format off */
const struct srd_check srd_cluster_be_cpu_saturated = {
    .id = "cluster.be-cpu-saturated",
    .title = "CPU of a node is used up",
    .worst = SRD_INFO,
    .kind = SRD_DELTA,
    .needs = { &srd_probe_backends, &srd_probe_compute_nodes },
    .judge = judge_cpu,
    .limits = ".",
    .why = "Everything on the node slows, heartbeats, publish and compaction included, and one busy node holds up every "
           "distributed query.",
    .measured_by = "SHOW BACKENDS and SHOW COMPUTE NODES: CpuUsedPct. In one run: who is idle now is not busy all the time; "
                   "whether one that is busy now stays so needs more samples.",
    .rule = "info: above 90 % at this moment. With three samples over two minutes: warning; critical when all nodes are above "
            "90 % for 10 minutes and queries or publish have become slow.",
    .source = "documentation of alerts (90 %); the times are our judgement",
    .avoid = "Short peaks, and batch work at night.",
    .see = "query.resource-hog compaction.threads-saturated query.skewed-execution",
    .fix = {
        { "Find the expensive statements (query.resource-hog), kill or limit them with a resource group", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_cluster_be_fd_exhaustion = {
    .id = "cluster.be-fd-exhaustion",
    .title = "File descriptors run out",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends, &srd_probe_compute_nodes, &srd_probe_nodes },
    .judge = judge_descriptors,
    .limits = ". .limit",
    .why = "At the limit segments cannot be opened and connections fail, with errors that look like damaged data.",
    .measured_by = "information_schema.be_metrics: process_fd_num_used and process_fd_num_limit_soft of each node",
    .rule = "critical: more than 90 % in use; warning: more than 70 %, or a limit below 60,000",
    .source = "min_file_descriptor_number of the BE (60,000); the percentages are our judgement",
    .avoid = "Nothing known.",
    .see = "compaction.version-count host.limits",
    .fix = {
        { "Raise nofile in the unit or container of the BE (655350) and restart the nodes one by one", NULL, SRD_RISKY },
        { "Let compaction reduce small rowsets (compaction.version-count)", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_cluster_load_checks[] = {
    &srd_cluster_be_cpu_saturated,
    &srd_cluster_be_fd_exhaustion,
    NULL,
};
