/* What does the compaction expert ask? */

#include <string.h>

#include "experts/compaction/compaction.h"

/* clang-format off */

/* The jobs of shared-data. needs_node stays unset: SHOW PROC answers without any node. */
const struct srd_probe srd_probe_compaction_jobs = {
    .id = "compaction-jobs",
    .summary = "compaction jobs of the leader, running and finished (shared-data)",
    .texts = { { .mode = SRD_MODE_SHARED_DATA, .sql = "SHOW PROC '/compactions'" } },
    .columns = "",
    .privilege = "OPERATE",
    .cost = SRD_COST_MEDIUM,
    .max_rows = 20000,
};

/* Only for the eyes: what the checks compare is among the metrics. */
const struct srd_probe srd_probe_backend_compactions = {
    .id = "backend-compactions",
    .summary = "compaction now on each BE: candidates and running tasks (shared-nothing)",
    .texts = { { .mode = SRD_MODE_SHARED_NOTHING,
                 .sql = "SELECT BE_ID, CANDIDATES_NUM, BASE_COMPACTION_CONCURRENCY, "
                        "CUMULATIVE_COMPACTION_CONCURRENCY, LATEST_COMPACTION_SCORE, CANDIDATE_MAX_SCORE "
                        "FROM information_schema.be_compactions "
                        "ORDER BY CANDIDATE_MAX_SCORE DESC, BE_ID LIMIT 2000" } },
    .columns = "",
    .privilege = "OPERATE",
    .cost = SRD_COST_MEDIUM,
    .max_rows = 20000,
};

/*
 * Aggregated where the data is: a large cluster has millions of replicas. Before 3.2.4 there is no
 * table that knows the names of partitions.
 */
#define ROWSETS(names, join)                                                                      \
    "SELECT " names ", r.PARTITION_ID, r.TABLE_ID, r.MODEL, r.REPLICAS, r.MAX_SCORE, "             \
    "r.AVG_SCORE, r.OVER_100, r.TABLE_REPLICAS, r.TABLE_OVER_100, r.ALL_REPLICAS, r.PARTITIONS, " \
    "r.WORST_TABLET, r.WORST_BE FROM "                                                            \
    "(SELECT g.*, SUM(g.REPLICAS) OVER (PARTITION BY g.TABLE_ID) AS TABLE_REPLICAS, "             \
    "SUM(g.OVER_100) OVER (PARTITION BY g.TABLE_ID) AS TABLE_OVER_100, "                          \
    "SUM(g.REPLICAS) OVER () AS ALL_REPLICAS, COUNT(*) OVER () AS PARTITIONS, "                   \
    "ROW_NUMBER() OVER (ORDER BY g.MAX_SCORE DESC, g.PARTITION_ID) AS PLACE FROM "                \
    "(SELECT TABLE_ID, PARTITION_ID, MAX(TYPE) AS MODEL, COUNT(*) AS REPLICAS, "                  \
    "MAX(NUM_ROWSET) AS MAX_SCORE, AVG(NUM_ROWSET) AS AVG_SCORE, "                                \
    "SUM(CASE WHEN NUM_ROWSET > 100 THEN 1 ELSE 0 END) AS OVER_100, "                             \
    "MAX_BY(TABLET_ID, NUM_ROWSET) AS WORST_TABLET, MAX_BY(BE_ID, NUM_ROWSET) AS WORST_BE "       \
    "FROM information_schema.be_tablets WHERE STATE = 'RUNNING' "                                 \
    "GROUP BY TABLE_ID, PARTITION_ID) g) r JOIN " join                                            \
    " WHERE r.PLACE <= 1000 ORDER BY r.PLACE LIMIT 1000"

#define SCORES                                                                                    \
    "SELECT p.DB_NAME, p.TABLE_NAME, p.PARTITION_NAME, p.PARTITION_ID, c.TABLE_ID, p.BUCKETS, "   \
    "p.MAX_CS AS MAX_SCORE, p.AVG_CS AS AVG_SCORE, p.P50_CS AS P50_SCORE, p.VISIBLE_VERSION, "    \
    "p.COMPACT_VERSION, p.VISIBLE_VERSION_TIME, p.PARTITIONS, p.ELIGIBLE, p.OVER_100, n.SEEN FROM "\
    "(SELECT DB_NAME, TABLE_NAME, PARTITION_NAME, PARTITION_ID, BUCKETS, MAX_CS, AVG_CS, P50_CS, "\
    "VISIBLE_VERSION, COMPACT_VERSION, VISIBLE_VERSION_TIME, COUNT(*) OVER () AS PARTITIONS, "    \
    "SUM(CASE WHEN MAX_CS > 10 THEN 1 ELSE 0 END) OVER () AS ELIGIBLE, "                          \
    "SUM(CASE WHEN MAX_CS > 100 THEN 1 ELSE 0 END) OVER () AS OVER_100, "                         \
    "ROW_NUMBER() OVER (ORDER BY MAX_CS DESC, PARTITION_ID) AS PLACE "                            \
    "FROM information_schema.partitions_meta WHERE PARTITION_NAME NOT LIKE '$%') p "              \
    "LEFT JOIN information_schema.tables_config c "                                               \
    "ON c.TABLE_SCHEMA = p.DB_NAME AND c.TABLE_NAME = p.TABLE_NAME "                              \
    "CROSS JOIN (SELECT COUNT(*) AS SEEN FROM information_schema.tables_config "                  \
    "WHERE TABLE_SCHEMA NOT IN ('information_schema', 'sys')) n "                                 \
    "WHERE p.PLACE <= 1000 ORDER BY p.PLACE LIMIT 1000"

const struct srd_probe srd_probe_partition_scores = {
    .id = "partition-scores",
    .summary = "partitions that need compaction most: rowsets per tablet, in shared-data the compaction score",
    .texts = { { SRD_MODE_SHARED_NOTHING, SRD_VERSION(3, 2, 4), 0,
                 ROWSETS("p.DB_NAME, p.TABLE_NAME, p.PARTITION_NAME",
                         "information_schema.partitions_meta p ON p.PARTITION_ID = r.PARTITION_ID") },
               { SRD_MODE_SHARED_NOTHING, 0, SRD_VERSION(3, 2, 3),
                 ROWSETS("c.TABLE_SCHEMA AS DB_NAME, c.TABLE_NAME, NULL AS PARTITION_NAME",
                         "information_schema.tables_config c ON c.TABLE_ID = r.TABLE_ID") },
               { SRD_MODE_SHARED_DATA, SRD_VERSION(3, 2, 4), 0, SCORES } },
    .columns = "DB_NAME TABLE_NAME PARTITION_NAME PARTITION_ID TABLE_ID MAX_SCORE AVG_SCORE PARTITIONS OVER_100",
    .privilege = "SELECT",
    .cost = SRD_COST_HEAVY, /* an entry per replica, or the whole catalog under read locks */
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};

const struct srd_probe srd_probe_lake_tasks = {
    .id = "lake-compaction-tasks",
    .summary = "tablets in compaction on the CNs, added up per job",
    .texts = { { .mode = SRD_MODE_SHARED_DATA,
                 .sql = "SELECT TXN_ID, COUNT(*) AS TASKS, "
                        "SUM(CASE WHEN FINISH_TIME IS NULL THEN 1 ELSE 0 END) AS UNFINISHED, "
                        "SUM(CASE WHEN RUNS = 0 THEN 1 ELSE 0 END) AS QUEUED, MIN(PROGRESS) AS PROGRESS, "
                        "MIN_BY(BE_ID, PROGRESS) AS SLOWEST_BE, MAX(RUNS) AS RUNS, "
                        "SUM(COUNT(*)) OVER () AS ALL_TASKS "
                        "FROM information_schema.be_cloud_native_compactions "
                        "GROUP BY TXN_ID ORDER BY TXN_ID LIMIT 2000" } },
    .columns = "TXN_ID TASKS UNFINISHED QUEUED PROGRESS SLOWEST_BE ALL_TASKS",
    .privilege = "OPERATE",
    .cost = SRD_COST_MEDIUM,
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};

/* Databases with a partition from whose score on StarRocks may slow loads down. */
static void pick_slowed(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_partition_scores, NULL);

    for (size_t row = 0; t && row < t->rows; row++)
        if (srd_number_or_0(t, row, "MAX_SCORE") > 100)
            srd_keys_add(out, srd_cell(t, row, "DB_NAME"), NULL, NULL);
}

const struct srd_probe srd_probe_delayed_loads = {
    .id = "delayed-loads",
    .summary = "running transactions of databases whose compaction lags",
    .texts = { { .mode = SRD_MODE_SHARED_DATA, .sql = "SHOW PROC '/transactions/{db}/running'" } },
    .columns = "TransactionId Label TransactionStatus Reason",
    .privilege = "OPERATE",
    .params = { { "db", SRD_PARAM_PATH } },
    .after = &srd_probe_partition_scores,
    .pick = pick_slowed,
    .max_keys = 3,
    .max_rows = 5000,
};
/* clang-format on */
