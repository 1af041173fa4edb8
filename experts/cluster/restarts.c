/* Do nodes start again and again? */

#include <inttypes.h>
#include <stdlib.h>

#include "experts/cluster/cluster.h"
#include "lib/base/text.h"

#define DAY_MS (24 * SRD_HOUR_MS)

static int youngest_first(const void *left, const void *right)
{
    const struct srd_node *a = left, *b = right;

    return a->up_ms < b->up_ms ? -1 : a->up_ms > b->up_ms;
}

/*
 * One look shows the last start only. Who has been up for a day has not restarted within that day;
 * of the others how often they did is not known.
 */
static void judge_restarts(const struct srd_evidence *ev, struct srd_findings *out, unsigned kinds,
                           const char *what)
{
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, kinds);
    struct srd_limit fresh =
        srd_limit_catalogue(ev, srd_arena_printf(out->arena, "%s", out->check->id),
                            (double)(30 * SRD_MINUTE_MS), SRD_UNIT_MS);
    struct srd_node *alive = srd_arena_array(out->arena, nodes.count + 1, sizeof(*alive));
    size_t count = 0, undated = 0, young = 0;

    for (size_t i = 0; i < nodes.count; i++) {
        if (!nodes.items[i].alive)
            continue;
        if (nodes.items[i].up_known)
            alive[count++] = nodes.items[i];
        else
            undated++;
    }
    qsort(alive, count, sizeof(*alive), youngest_first);
    for (size_t i = 0; i < count; i++) {
        struct srd_finding *f;

        young += alive[i].up_ms < DAY_MS;
        if ((double)alive[i].up_ms >= fresh.value)
            continue;
        f = srd_cluster_finding(out, SRD_INFO, &alive[i], "%s %s started %s ago",
                                srd_node_kind_name(alive[i].kind), alive[i].name,
                                srd_text_duration(out->arena, alive[i].up_ms));
        srd_finding_value(f, (double)alive[i].up_ms, fresh);
        srd_finding_share(f, 1, (double)nodes.count);
    }
    srd_measured(out, "%zu of %zu living %s have been up for a day", count - young, count + undated,
                 what);
    if (!count && !undated)
        srd_cannot_judge(out, SRD_NO_BACKEND, "none of the %s is alive", what);
    else if (undated)
        srd_cannot_judge(out, SRD_FAILED, "since when %zu of %zu %s run is not known", undated,
                         count + undated, what);
    else if (young)
        srd_cannot_judge(out, SRD_NEEDS_HISTORY,
                         "%zu of %zu %s started within a day, the last %s ago; how often they did "
                         "needs stored earlier runs",
                         young, count, what, srd_text_duration(out->arena, alive[0].up_ms));
}

static void judge_fe_flapping(const struct srd_evidence *ev, struct srd_findings *out)
{
    judge_restarts(ev, out, SRD_NODE_FE, "FEs");
}

static void judge_be_flapping(const struct srd_evidence *ev, struct srd_findings *out)
{
    judge_restarts(ev, out, SRD_NODE_WORKERS, "BEs and CNs");
}

/* clang-format off */
const struct srd_check srd_cluster_fe_flapping = {
    .id = "cluster.fe-flapping",
    .title = "FEs restart repeatedly",
    .family = "fe-restart",
    .worst = SRD_INFO,
    .kind = SRD_HISTORY,
    .needs = { &srd_probe_frontends },
    .judge = judge_fe_flapping,
    .limits = ".",
    .why = "Repeated restarts of an FE point to lack of memory, long garbage collections or errors of its metadata; each "
           "drops connections, temporary tables and prepared statements.",
    .measured_by = "SHOW FRONTENDS: StartTime. In one run: who has been up for a day has not restarted; how often the others "
                   "did needs stored runs.",
    .rule = "info: up for less than 30 minutes. With stored runs: warning at 2 restarts in 24 hours, critical at 3 in an hour.",
    .source = "our judgement",
    .avoid = "All FEs restarted once each, one after the other, is maintenance.",
    .see = "memory.fe-heap-high memory.fe-long-pause cluster.fe-leader-changed",
    .fix = {
        { "Look in fe.out of {node} for OutOfMemoryError, in the kernel log for OOM kills, in fe.log for \"System.exit\" with "
          "BDB messages; compare with changes of the leader", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_cluster_be_flapping = {
    .id = "cluster.be-flapping",
    .title = "BEs or CNs restart repeatedly",
    .family = "be-availability",
    .worst = SRD_INFO,
    .kind = SRD_HISTORY,
    .needs = { &srd_probe_backends, &srd_probe_compute_nodes },
    .judge = judge_be_flapping,
    .limits = ".",
    .why = "Each restart loses caches, reloads indexes and resets tasks, and loads fail in the gap. One query that kills one "
           "node after the other looks like this too.",
    .measured_by = "SHOW BACKENDS and SHOW COMPUTE NODES: LastStartTime. In one run: who has been up for a day has not "
                   "restarted; how often the others did needs stored runs.",
    .rule = "info: up for less than 30 minutes. With stored runs: warning at 2 restarts of a node in 24 hours, critical at 3 "
            "in an hour or when 2 nodes restart within 5 minutes.",
    .source = "our judgement",
    .avoid = "Restarts one after the other, a minute or more apart and with a newer Version, are a rolling upgrade.",
    .see = "memory.be-oom-suspected cluster.version-mixed",
    .fix = {
        { "Read the last stack in be.out of {node}: it prints query id and fragment; find that id in the audit log", NULL, SRD_SAFE },
        { "Block the statement until it is understood",
          "ADMIN SET FRONTEND CONFIG (\"enable_sql_blacklist\" = \"true\"); ADD SQLBLACKLIST \"<regular expression>\";", SRD_RISKY },
    },
};
/* clang-format on */

const struct srd_check *const srd_cluster_restarts_checks[] = {
    &srd_cluster_fe_flapping,
    &srd_cluster_be_flapping,
    NULL,
};
