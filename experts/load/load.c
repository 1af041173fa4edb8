/* Which questions does the load expert answer? */

#include "experts/load/load.h"

#define ITEM_CHECK(name) &srd_load_##name,
#define ITEM_VIEW(name) &srd_load_view_##name,

static const struct srd_check *const all_checks[] = { SRD_LOAD_CHECKS(ITEM_CHECK) NULL };
static const struct srd_view *const all_views[] = { SRD_LOAD_VIEWS(ITEM_VIEW) NULL };
static const struct srd_check *const *const checks[] = { all_checks, NULL };
static const struct srd_view *const *const views[] = { all_views, NULL };

const struct srd_expert srd_expert_load_jobs = {
    .name = "load-jobs",
    .tool = "analyze_import_health",
    .area = "load",
    .title = "Broker, insert, stream and routine loads, pipes and exports",
    .checks = checks,
    .views = views,
};
