/* How much does trouble in each area weigh in the health score? */

#include "experts/catalogue.h"

/*
 * The part of the score that an area can take away when everything in it is critical. A judgement:
 * changing a number changes all scores, so it needs a new SRD_SCORE_MODEL.
 */
const struct srd_area srd_areas[] = {
    /* availability and data */
    { "cluster", 0.90 },
    { "storage", 0.90 },
    /* writes stop */
    { "txn", 0.75 },
    { "load", 0.75 },
    /* leads to stopped writes */
    { "compaction", 0.70 },
    { "ingest", 0.70 },
    /* users see it at once */
    { "memory", 0.65 },
    { "query", 0.65 },
    /* performance, redundancy in time */
    { "balance", 0.45 },
    { "alter", 0.45 },
    { "cache", 0.45 },
    /* freshness, fairness, recoverability */
    { "mv", 0.40 },
    { "resource", 0.40 },
    { "backup", 0.40 },
    /* indirect */
    { "stats", 0.35 },
    { "config", 0.35 },
    { "host", 0.35 },
    { "security", 0.35 },
    /* a plan, not the present state */
    { "upgrade", 0.20 },
    { NULL, 0 },
};
