/* Which questions does the compaction expert answer? */

#include "experts/compaction/compaction.h"

static const struct srd_check *const *const checks[] = {
    srd_compaction_versions_checks,
    srd_compaction_scores_checks,
    srd_compaction_later_checks,
    srd_compaction_disabled_checks,
    srd_compaction_lake_checks,
    srd_compaction_jobs_checks,
    NULL,
};

static const struct srd_view *const *const views[] = { srd_compaction_views_views, NULL };

const struct srd_expert srd_expert_compaction = {
    .name = "compaction",
    .tool = "analyze_compaction_health",
    .area = "compaction",
    .title = "Compaction: versions, scores, jobs and what keeps them from running",
    .about = "Use it when loads are slowed down or refused (too many versions), or fresh data is slow to "
             "query: runs every compaction check. Returns score, causes, findings, and what could not be "
             "checked. The figures: get_compaction_status, get_high_compaction_partitions.",
    .checks = checks,
    .views = views,
};
