/* Which questions does the storage expert answer? */

#include "experts/storage/storage.h"

static const struct srd_check *const *const checks[] = {
    srd_storage_disks_checks,
    srd_storage_skew_checks,
    srd_storage_lost_checks,
    srd_storage_replicas_checks,
    srd_storage_spread_checks,
    srd_storage_tablets_checks,
    srd_storage_partitions_checks,
    srd_storage_retention_checks,
    srd_storage_dynamic_checks,
    srd_storage_design_checks,
    srd_storage_later_checks,
    NULL,
};

static const struct srd_view *const *const views[] = {
    srd_storage_disks_views,
    srd_storage_spread_views,
    srd_storage_sizes_views,
    NULL,
};

const struct srd_expert srd_expert_storage = {
    .name = "storage",
    .tool = "analyze_storage_health",
    .area = "storage",
    .title = "Disks, tablets, replicas, partitions and table design",
    .about = "Use it when disks fill up, tablets are unhealthy or tables outgrow their design: runs every "
             "storage check. Returns score, causes, findings, and what could not be checked. The figures: "
             "get_disk_usage, get_replica_status, get_tablet_distribution, get_large_tables.",
    .checks = checks,
    .views = views,
};
