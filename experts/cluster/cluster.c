/* Which questions does the cluster expert answer? */

#include "experts/cluster/cluster.h"

#define ITEM_CHECK(name) &srd_cluster_##name,

static const struct srd_check *const all_checks[] = { SRD_CLUSTER_CHECKS(ITEM_CHECK) NULL };
static const struct srd_view *const all_views[] = { &srd_cluster_view_nodes, NULL };
static const struct srd_check *const *const checks[] = { all_checks, NULL };
static const struct srd_view *const *const views[] = { all_views, NULL };

const struct srd_expert srd_expert_cluster = {
    .name = "cluster",
    .tool = "analyze_cluster_health",
    .area = "cluster",
    .title = "Nodes: leader, quorum, liveness, clocks, versions, hardware",
    .checks = checks,
    .views = views,
};
