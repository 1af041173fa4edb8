/* Which causes join what is seen of continuous loads? */

#include <string.h>

#include "experts/ingest/ingest.h"
#include "experts/load/routine.h"
#include "lib/model/identity.h"

#define MINUTE_MS 60000

/* RC-07 */

static bool is_suspect(const struct srd_routine_job *job)
{
    return srd_routine_is(job, "PAUSED") &&
           (job->pause == SRD_PAUSE_NODE || job->pause == SRD_PAUSE_ABORTED);
}

/* When did a node come or go: a living one started, a dead one was heard last. */
static bool node_event(const struct srd_table *nodes, size_t row, int64_t *at)
{
    bool alive;

    return srd_cell_bool(nodes, row, "Alive", &alive) &&
           srd_cell_time_ms(nodes, row, alive ? "LastStartTime" : "LastHeartbeat", at);
}

static bool near_event(const struct srd_table *nodes, int64_t paused)
{
    for (size_t row = 0; nodes && row < nodes->rows; row++) {
        int64_t at;

        if (node_event(nodes, row, &at) && at - paused <= 10 * MINUTE_MS &&
            paused - at <= 10 * MINUTE_MS)
            return true;
    }
    return false;
}

static enum srd_signal_state node_came_or_went(const struct srd_results *results)
{
    const struct srd_evidence *ev = results->ev;
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    const struct srd_table *cn = srd_evidence_get(ev, &srd_probe_compute_nodes, NULL);
    struct srd_routine_jobs jobs = srd_routine_jobs(ev, ev->arena);
    enum srd_signal_state state = SRD_SIGNAL_NO;

    if (!srd_global_zone(ev) || (!be && !cn) || !jobs.count)
        return SRD_SIGNAL_UNKNOWN;
    for (size_t i = 0; i < jobs.count; i++) {
        int64_t paused;

        if (!is_suspect(&jobs.items[i]))
            continue;
        if (!srd_cell_time_ms(jobs.items[i].table, jobs.items[i].row, "PAUSED_S", &paused))
            state = SRD_SIGNAL_UNKNOWN;
        else if (near_event(be, paused) || near_event(cn, paused))
            return SRD_SIGNAL_YES;
    }
    return state;
}

static enum srd_signal_state several_at_once(const struct srd_results *results)
{
    const struct srd_evidence *ev = results->ev;
    struct srd_routine_jobs jobs = srd_routine_jobs(ev, ev->arena);
    int64_t a, b;

    if (!jobs.count)
        return SRD_SIGNAL_UNKNOWN;
    for (size_t i = 0; i < jobs.count; i++)
        for (size_t k = i + 1; k < jobs.count && k < i + 100; k++) /* paused ones come first */
            if (is_suspect(&jobs.items[i]) && is_suspect(&jobs.items[k]) &&
                srd_cell_time_ms(jobs.items[i].table, jobs.items[i].row, "PAUSED_S", &a) &&
                srd_cell_time_ms(jobs.items[k].table, jobs.items[k].row, "PAUSED_S", &b) &&
                a - b <= 2 * MINUTE_MS && b - a <= 2 * MINUTE_MS)
                return SRD_SIGNAL_YES;
    return SRD_SIGNAL_NO;
}

/* RC-25 */

/* More than 50 new partitions of a table, one after the other. */
static enum srd_signal_state history_is_loaded(const struct srd_results *results)
{
    const struct srd_table *t = srd_ingest_bounds(results->ev);
    double fresh;

    for (size_t row = 0; t && row < t->rows; row++)
        if (srd_cell(t, row, "TABLE_NAME") && srd_cell_number(t, row, "FRESH", &fresh) &&
            fresh > 50 && srd_ingest_follow_each_other(t, row))
            return SRD_SIGNAL_YES;
    return t ? SRD_SIGNAL_NO : SRD_SIGNAL_UNKNOWN;
}

/* clang-format off */
const struct srd_cause srd_cause_routine_node_away = {
    .id = "RC-07",
    .title = "Routine Load jobs were paused because a node was away",
    .required = {
        { .check = "load.routine-paused", .level = SRD_CRITICAL, .only = "away=maybe", .words = "{measured}" },
        { .check = "load.routine-paused", .only = "away=maybe", .test = node_came_or_went,
          .words = "a node started, or was heard for the last time, within 10 minutes of it" },
    },
    .supporting = {
        { .check = "load.routine-paused", .only = "away=maybe", .test = several_at_once, .words = "several jobs were paused within 2 minutes" },
        { .check = "cluster.be-down", .level = SRD_WARNING, .words = "{measured}" },
    },
    .contradicting = {
        { .check = "load.routine-paused", .level = SRD_CRITICAL, .only = "reason=rows", .words = "other jobs were paused because of rejected rows" },
        { .check = "load.routine-paused", .level = SRD_CRITICAL, .only = "reason=lost", .words = "other jobs lost their place in Kafka" },
    },
    .not_because = {
        { .check = "load.routine-paused", .level = SRD_CRITICAL, .only = "reason=rows", .words = "rejected rows: no job was paused because of them" },
        { .check = "load.routine-paused", .level = SRD_CRITICAL, .only = "reason=lost", .words = "the retention of Kafka: no job lost its place" },
    },
    .explains = "load.routine-lag load.routine-unstable load.routine-need-schedule load.routine-concurrency",
    .steps = {
        { "now", { "nothing is lost: Kafka keeps the messages as long as its retention says", NULL, SRD_SAFE }, NULL },
        { "then", { "see that all nodes are alive", "SHOW BACKENDS;", SRD_SAFE }, NULL },
        { "then", { "resume the job", "RESUME ROUTINE LOAD FOR {job};", SRD_SAFE }, NULL },
        { "then", { "and all others that stopped for the same reason: this prints the statements",
                    "SELECT CONCAT('RESUME ROUTINE LOAD FOR `', DB_NAME, '`.`', NAME, '`;') FROM "
                    "information_schema.routine_load_jobs WHERE STATE = 'PAUSED' AND (REASONS_OF_STATE_CHANGED LIKE "
                    "'%errCode = 3,%' OR REASONS_OF_STATE_CHANGED LIKE '%lost replicas%');", SRD_SAFE }, NULL },
        { "later", { "if one dead node is no reason to stop, let StarRocks resume jobs while it is away",
                     "ADMIN SET FRONTEND CONFIG (\"max_tolerable_backend_down_num\" = \"1\");", SRD_SAFE }, NULL },
    },
    .why = "A task that cannot reach enough replicas of a tablet pauses its job. StarRocks resumes it by itself only a few times "
           "within five minutes and only when all nodes are back; after that the job stays paused although everything else has "
           "recovered.",
};

const struct srd_cause srd_cause_dirty_partition_column = {
    .id = "RC-25",
    .title = "Wrong values in a partition column make partitions",
    .required = {
        { .check = "ingest.partition-explosion", .level = SRD_WARNING, .only = "far=yes", .words = "{measured}" },
    },
    .supporting = {
        { .check = "storage.partition-count", .level = SRD_INFO, .words = "{measured}" },
        { .check = "storage.tablet-too-small", .level = SRD_INFO, .words = "{measured}" },
        { .check = "ingest.create-tablet-slow", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "memory.fe-heap-high", .level = SRD_WARNING, .words = "{measured}" },
    },
    .not_because = {
        { .check = "ingest.partition-explosion", .test = history_is_loaded,
          .words = "history that somebody loads: no table got partitions that follow each other" },
    },
    .explains = "storage.partition-count storage.partition-empty storage.tablet-too-small storage.partition-data-skew "
                "storage.tablet-count-per-node ingest.create-tablet-slow",
    .steps = {
        { "now", { "filter wrong values of the partition column of {table} in the load", NULL, SRD_SAFE }, NULL },
        { "then", { "see which partitions they made", "SHOW PARTITIONS FROM {table} ORDER BY PartitionName LIMIT 50;", SRD_SAFE }, NULL },
        { "then", { "drop those that hold nothing of worth (their owner decides)",
                    "ALTER TABLE {table} DROP PARTITION {partition};", SRD_RISKY }, NULL },
        { "later", { "lower what one load may create",
                     "ADMIN SET FRONTEND CONFIG (\"max_partitions_in_one_batch\" = \"256\");", SRD_SAFE }, NULL },
    },
    .why = "With partitions that StarRocks creates by itself every value of the column finds its partition, also 1970-01-01 and "
           "2099-12-31. Each costs tablets and memory of the FE, and in the end loads fail.",
};

const struct srd_cause srd_cause_kafka_overtook = {
    .id = "RC-36",
    .title = "The retention of Kafka overtook a Routine Load job",
    .required = {
        { .check = "load.routine-paused", .level = SRD_CRITICAL, .only = "reason=lost", .words = "{measured}" },
        { .check = "load.routine-lag", .level = SRD_WARNING, .aside = true, .words = "jobs lag behind: {measured}" },
    },
    .supporting = {
        { .check = "load.routine-unstable", .level = SRD_INFO, .words = "{measured}" },
        { .check = "load.routine-concurrency", .level = SRD_WARNING, .words = "{measured}" },
    },
    .contradicting = {
        { .check = "load.routine-paused", .level = SRD_CRITICAL, .only = "reason=ahead", .words = "a topic was created anew: {measured}" },
    },
    .not_because = {
        { .check = "load.routine-paused", .level = SRD_CRITICAL, .only = "reason=ahead", .words = "a topic created anew: no job is ahead of its topic" },
    },
    .explains = "load.routine-need-schedule",
    .steps = {
        { "now", { "lengthen the retention of the topics of other jobs that lag behind, before they lose rows too", NULL, SRD_SAFE }, NULL },
        { "then", { "begin where Kafka begins today; what was deleted is lost, so load it from elsewhere",
                    "ALTER ROUTINE LOAD FOR {job} FROM KAFKA (\"kafka_partitions\" = \"0\", \"kafka_offsets\" = "
                    "\"OFFSET_BEGINNING\");", SRD_RISKY }, NULL },
        { "then", { "resume the job", "RESUME ROUTINE LOAD FOR {job};", SRD_SAFE }, NULL },
        { "later", { "keep the topic for longer than the longest pause, and alarm on load.routine-paused and load.routine-lag",
                     NULL, SRD_SAFE }, NULL },
    },
    .why = "A job that was paused or too slow for longer than Kafka keeps its messages finds nothing at the place where it stopped. "
           "StarRocks does not jump over the gap by itself.",
};
/* clang-format on */
