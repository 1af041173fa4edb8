/* Which questions does the load expert answer? */

#include "experts/load/load.h"

static const struct srd_check *const *const checks[] = {
    srd_load_failures_checks,
    srd_load_queue_checks,
    srd_load_rates_checks,
    srd_load_routine_later_checks,
    srd_load_stream_checks,
    srd_load_routine_stopped_checks,
    srd_load_routine_lag_checks,
    srd_load_pipes_checks,
    srd_load_other_checks,
    NULL,
};

static const struct srd_view *const *const views[] = { srd_load_status_views, srd_load_views_views, NULL };

const struct srd_expert srd_expert_load_jobs = {
    .name = "load-jobs",
    .tool = "analyze_import_health",
    .area = "load",
    .title = "Broker, insert, stream and routine loads, pipes and exports",
    .about = "Use it when imports fail, hang or queue: runs every check of broker, insert, stream and routine "
             "loads, pipes and exports. Returns score, causes, findings, and what could not be checked. The "
             "loads: get_failed_load_jobs, get_load_jobs.",
    .checks = checks,
    .views = views,
};
