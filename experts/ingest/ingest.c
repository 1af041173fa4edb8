/* Which questions does the ingestion expert answer? */

#include "experts/ingest/ingest.h"

#define ITEM_CHECK(name) &srd_ingest_##name,
#define ITEM_VIEW(name) &srd_ingest_view_##name,

static const struct srd_check *const all_checks[] = { SRD_INGEST_CHECKS(ITEM_CHECK) NULL };
static const struct srd_view *const all_views[] = { SRD_INGEST_VIEWS(ITEM_VIEW) NULL };
static const struct srd_check *const *const checks[] = { all_checks, NULL };
static const struct srd_view *const *const views[] = { all_views, NULL };

const struct srd_expert srd_expert_ingestion = {
    .name = "ingestion",
    .tool = "analyze_ingestion_health",
    .area = "ingest",
    .title = "The write path: stream and routine loads, flush, replicas, new partitions",
    .checks = checks,
    .views = views,
};
