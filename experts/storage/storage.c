/* Which questions does the storage expert answer? */

#include "experts/storage/storage.h"

#define ITEM_CHECK(name) &srd_storage_##name,
#define ITEM_VIEW(name) &srd_storage_view_##name,

static const struct srd_check *const all_checks[] = { SRD_STORAGE_CHECKS(ITEM_CHECK) NULL };
static const struct srd_view *const all_views[] = { SRD_STORAGE_VIEWS(ITEM_VIEW) NULL };
static const struct srd_check *const *const checks[] = { all_checks, NULL };
static const struct srd_view *const *const views[] = { all_views, NULL };

const struct srd_expert srd_expert_storage = {
    .name = "storage",
    .tool = "analyze_storage_health",
    .area = "storage",
    .title = "Disks, tablets, replicas, partitions and table design",
    .checks = checks,
    .views = views,
};
