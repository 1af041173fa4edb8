/* Which questions does the compaction expert answer? */

#include "experts/compaction/compaction.h"

#define ITEM_CHECK(name) &srd_compaction_##name,
#define ITEM_VIEW(name) &srd_compaction_view_##name,

static const struct srd_check *const all_checks[] = { SRD_COMPACTION_CHECKS(ITEM_CHECK) NULL };
static const struct srd_view *const all_views[] = { SRD_COMPACTION_VIEWS(ITEM_VIEW) NULL };
static const struct srd_check *const *const checks[] = { all_checks, NULL };
static const struct srd_view *const *const views[] = { all_views, NULL };

const struct srd_expert srd_expert_compaction = {
    .name = "compaction",
    .tool = "analyze_compaction_health",
    .area = "compaction",
    .title = "Compaction: versions, scores, jobs and what keeps them from running",
    .checks = checks,
    .views = views,
};
