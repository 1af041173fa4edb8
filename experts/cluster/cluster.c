/* Which questions does the cluster expert answer? */

#include "experts/cluster/cluster.h"

static const struct srd_check *const *const checks[] = {
    srd_cluster_frontends_checks,
    srd_cluster_later_checks,
    srd_cluster_stalls_checks,
    srd_cluster_clocks_checks,
    srd_cluster_restarts_checks,
    srd_cluster_backends_checks,
    srd_cluster_errors_checks,
    srd_cluster_services_checks,
    srd_cluster_fleet_checks,
    srd_cluster_load_checks,
    NULL,
};

static const struct srd_view *const *const views[] = { srd_cluster_view_views, NULL };

const struct srd_expert srd_expert_cluster = {
    .name = "cluster",
    .tool = "analyze_cluster_health",
    .area = "cluster",
    .title = "Nodes: leader, quorum, liveness, clocks, versions, hardware",
    .checks = checks,
    .views = views,
};
