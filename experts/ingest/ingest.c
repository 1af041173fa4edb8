/* Which questions does the ingestion expert answer? */

#include "experts/ingest/ingest.h"

static const struct srd_check *const *const checks[] = {
    srd_ingest_later_checks,
    srd_ingest_bounds_checks,
    srd_ingest_errors_checks,
    NULL,
};

static const struct srd_view *const *const views[] = { srd_ingest_views_views, NULL };

const struct srd_expert srd_expert_ingestion = {
    .name = "ingestion",
    .tool = "analyze_ingestion_health",
    .area = "ingest",
    .title = "The write path: stream and routine loads, flush, replicas, new partitions",
    .about = "Use it when data arrives late, in too small batches, or is rejected: runs every check of how "
             "data comes in. Returns score, causes, findings, and what could not be checked. The figures: "
             "get_stream_load_stats, get_routine_load_jobs.",
    .checks = checks,
    .views = views,
    .args = { { "hours", "hours", SRD_ARG_INTEGER, false, SRD_PICKED_HOURS, 1, 72, NULL,
                "how far to look back" } },
};
