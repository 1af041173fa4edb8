/* Whom does a call keep waiting, if the cluster that it asks stands still? */

#include "lib/serve/route.h"
#include "lib/serve/work.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t mix(uint64_t hash, const char *text)
{
    for (const char *c = text ? text : ""; *c; c++)
        hash = (hash ^ (unsigned char)*c) * FNV_PRIME;
    return hash * FNV_PRIME; /* its end */
}

/* Two that meet in one number share a lane, which only makes both a little slower. */
static uint64_t lane_of(const char *tenant, const char *cluster)
{
    uint64_t lane = mix(mix(FNV_BASIS, tenant), cluster);

    return !tenant && !cluster ? 0 : lane ? lane : 1;
}

static void run_job(void *job)
{
    srd_mcp_job_run(job);
}

bool srd_serve_submit(struct srd_work *work, const char *tenant, struct srd_mcp_job *job)
{
    uint64_t lane = lane_of(tenant, srd_mcp_job_argument(job, "cluster"));

    return srd_work_submit_to(work, lane, run_job, job);
}
