/* What are the Routine Load jobs of the cluster? */

#include "experts/load/routine.h"

#include <stdlib.h>
#include <string.h>

#include "experts/load/load.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

/* Probe. */

/* clang-format off */

/*
 * Properties are picked one by one: expressions and credentials of users stay where they are. A job that its
 * owner stopped is over. Those that need attention come first.
 */
#define JOB(key) "GET_JSON_STRING(JOB_PROPERTIES, '$." key "')"
#define JOBS(more)                                                                                \
    "SELECT ID, NAME, DB_NAME, TABLE_NAME, STATE, DATA_SOURCE_TYPE, "                              \
    SRD_SECONDS("CREATE_TIME") " AS CREATED_S, " SRD_SECONDS("PAUSE_TIME") " AS PAUSED_S, "       \
    SRD_SECONDS("END_TIME") " AS ENDED_S, CURRENT_TASK_NUM, " JOB("desireTaskConcurrentNum") " AS DESIRED_TASKS, "                    \
    JOB("maxBatchIntervalS") " AS BATCH_INTERVAL, " JOB("maxBatchRows") " AS BATCH_ROWS, "        \
    JOB("maxErrorNum") " AS MAX_ERRORS, " JOB("taskConsumeSecond") " AS CONSUME_SECONDS, "        \
    JOB("taskTimeoutSecond") " AS TIMEOUT_SECONDS,"                                               \
    " GET_JSON_STRING(DATA_SOURCE_PROPERTIES, '$.topic') AS TOPIC,"                               \
    " GET_JSON_STRING(DATA_SOURCE_PROPERTIES, '$.currentKafkaPartitions') AS PARTITIONS,"         \
    " STATISTICS, LEFT(REASONS_OF_STATE_CHANGED, 2000) AS REASON, LEFT(OTHER_MSG, 500) AS OTHER_MSG,"\
    " COUNT(*) OVER () AS JOBS" more                                                              \
    " FROM information_schema.routine_load_jobs WHERE STATE <> 'STOPPED'"                         \
    " ORDER BY CASE STATE WHEN 'PAUSED' THEN 0 WHEN 'NEED_SCHEDULE' THEN 1 WHEN 'RUNNING' THEN 2 ELSE 3 END,"\
    " END_TIME DESC, DB_NAME, NAME LIMIT 2000"
#define LAG ", OFFSET_LAG, TIMESTAMP_PROGRESS"

const struct srd_probe srd_probe_routine_jobs = {
    .id = "routine-load-jobs",
    .summary = "Routine Load jobs that are not stopped: state, tasks, lag, counters, reason",
    .texts = { { .since = SRD_VERSION(3, 4, 3), .sql = JOBS(LAG) },
               { .since = SRD_VERSION(3, 3, 13), .until = SRD_VERSION(3, 3, 99), .sql = JOBS(LAG) },
               { .sql = JOBS("") } },
    .columns = "ID NAME DB_NAME TABLE_NAME STATE DATA_SOURCE_TYPE CREATED_S PAUSED_S ENDED_S CURRENT_TASK_NUM "
               "DESIRED_TASKS BATCH_INTERVAL BATCH_ROWS MAX_ERRORS CONSUME_SECONDS TIMEOUT_SECONDS PARTITIONS STATISTICS "
               "REASON JOBS",
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
    .params = { { "zone", SRD_PARAM_TEXT } },
    .pick = srd_pick_some_zone,
    .max_keys = 1,
    .max_rows = SRD_ROUTINE_JOBS_READ,
};
/* clang-format on */

/* Reading it. */

void srd_pick_some_zone(const struct srd_evidence *ev, struct srd_keys *out)
{
    const char *zone = srd_global_zone(ev);

    srd_keys_add(out, zone ? zone : "+00:00", NULL, NULL);
}

bool srd_routine_age_ms(const struct srd_evidence *ev, const struct srd_table *table, size_t row,
                        const char *column, int64_t *age_ms)
{
    return srd_global_zone(ev) && srd_age_ms(ev, table, row, column, age_ms);
}

bool srd_routine_host_age_ms(const struct srd_evidence *ev, const char *text, int64_t *age_ms)
{
    const struct srd_cluster *c = &ev->cluster;
    int64_t then;

    return c->jvm_offset_known && text && srd_time_parse(text, &then) &&
           srd_ago_ms(ev, then - (int64_t)c->jvm_offset_s * 1000, age_ms);
}

static double number(const struct srd_table *t, size_t row, const char *column)
{
    double value;

    return srd_cell_number(t, row, column, &value) ? value : -1;
}

static double statistic(const struct srd_table *t, size_t row, const char *key,
                        struct srd_arena *arena)
{
    double value;

    return srd_parse_number(srd_cell_json(t, row, "STATISTICS", key, arena), &value) ? value : -1;
}

/* "0,1,2" -> 3; nothing is known before the job was first scheduled. */
static double count_items(const char *list)
{
    double n = 0;

    if (!list || !*list)
        return -1;
    for (n = 1; *list; list++)
        n += *list == ',';
    return n;
}

static struct srd_json *parse_map(const struct srd_table *t, size_t row, const char *column)
{
    const char *text = srd_cell(t, row, column);
    struct srd_json *json = NULL;
    struct srd_error err = { 0 };

    if (text && *text == '{')
        srd_json_parse(text, strlen(text), SRD_TABLE_MAX_BYTES, &json, &err);
    return json;
}

static bool map_number(const struct srd_json *member, double *out)
{
    return srd_json_number(member, out) || srd_parse_number(srd_json_text(member), out);
}

/* What waits in each partition. It stays unknown while no task has asked Kafka yet: "{}". */
static void read_lag(const struct srd_evidence *ev, struct srd_routine_job *job,
                     struct srd_arena *arena)
{
    SRD_CLEANUP(srd_json_free)
    struct srd_json *lag = parse_map(job->table, job->row, "OFFSET_LAG");
    SRD_CLEANUP(srd_json_free)
    struct srd_json *read = parse_map(job->table, job->row, "TIMESTAMP_PROGRESS");
    double rows, at, late;

    for (const struct srd_json *m = srd_json_first(lag); m; m = srd_json_next(m)) {
        if (!map_number(m, &rows))
            continue;
        /* offsets are those of the last message read and of the next one to come */
        rows = rows > 1 ? rows - 1 : 0;
        job->waiting = (job->waiting < 0 ? 0 : job->waiting) + rows;
        if (rows > job->worst_waiting) {
            job->worst_waiting = rows;
            job->worst_partition = srd_arena_copy(arena, srd_json_key(m));
        }
        if (rows <= 0 || !ev->cluster.clock_known ||
            !map_number(srd_json_get(read, srd_json_key(m)), &at) || at <= 0)
            continue;
        late = (double)ev->cluster.now_ms - at;
        job->late_ms = late > job->late_ms ? late : job->late_ms;
    }
}

static const struct {
    enum srd_pause pause;
    const char *word; /* in the reason */
} words[] = {
    { SRD_PAUSE_LOST, "Offset out of range" },
    { SRD_PAUSE_AHEAD, "greater than the latest offset" },
    { SRD_PAUSE_DISK, "exceed limit usage" },
    { SRD_PAUSE_NODE, "Tablet lost replicas" },
    { SRD_PAUSE_NODE, "Check quorum number failed" },
    { SRD_PAUSE_NODE, "Failed to get primary backend" },
    { SRD_PAUSE_NODE, "No alive backend" },
    { SRD_PAUSE_NODE, "node not found. Check if any" },
    { SRD_PAUSE_ROWS, "error rows" },
    { SRD_PAUSE_ROWS, "too many filtered rows" },
    { SRD_PAUSE_TRANSACTIONS, "running txns on db" },
    { SRD_PAUSE_TRANSACTIONS, "failed to begin txn" },
    { SRD_PAUSE_SOURCE, "fetch all current partition" },
    { SRD_PAUSE_SOURCE, "get kafka partition info" },
    { SRD_PAUSE_SOURCE, "get latest offset" },
    { SRD_PAUSE_SOURCE, "transport failure" },
    { SRD_PAUSE_SOURCE, "uthentication" },
    { SRD_PAUSE_SOURCE, "SASL" },
};

/* ErrorReason{errCode = 102, msg='...'}: its words are more telling than most of its codes. */
static enum srd_pause classify(const char *reason)
{
    const char *at = strstr(reason, "errCode = ");
    long code = at ? strtol(at + strlen("errCode = "), NULL, 10) : -1;

    if (code == 100)
        return SRD_PAUSE_MANUAL;
    for (size_t i = 0; i < SRD_COUNT(words); i++)
        if (strstr(reason, words[i].word))
            return words[i].pause;
    switch (code) {
    case -1:
        return *reason ? SRD_PAUSE_OTHER : SRD_PAUSE_UNTOLD;
    case 3:
        return SRD_PAUSE_NODE;
    case 4:
        return SRD_PAUSE_SOURCE;
    case 102:
        return SRD_PAUSE_ROWS;
    case 103:
        return SRD_PAUSE_TRANSACTIONS;
    case 104:
        return SRD_PAUSE_ABORTED;
    default:
        return SRD_PAUSE_OTHER;
    }
}

static const char *reason_words(struct srd_arena *arena, const char *reason)
{
    static const char before[] = "msg='";
    const char *at = strstr(reason, before);
    size_t n;

    if (!at)
        return srd_load_excerpt(arena, reason, 140);
    at += sizeof(before) - 1;
    n = strlen(at);
    n -= n >= 2 && !strcmp(at + n - 2, "'}") ? 2 : 0;
    return srd_load_excerpt(arena, srd_arena_copy_n(arena, at, n), 140);
}

static const struct pause_text {
    const char *name, *words, *advice;
} pauses[] = {
    [SRD_PAUSE_UNTOLD] = { "untold", "no reason is recorded",
                           "look for the reason in fe.log, then resume it" },
    [SRD_PAUSE_MANUAL] = { "manual", "a user paused it", "its owner paused it and resumes it" },
    [SRD_PAUSE_NODE] = { "node", "too few replicas of a tablet were alive",
                         "resume it when all nodes are alive" },
    [SRD_PAUSE_LOST] = { "lost", "Kafka has deleted what was to be read next",
                         "set kafka_offsets anew (rows are lost), then resume it" },
    [SRD_PAUSE_AHEAD] = { "ahead",
                          "the topic ends before the position of the job: it was created anew",
                          "set kafka_offsets anew, then resume it" },
    [SRD_PAUSE_ROWS] = { "rows", "too many rows were rejected",
                         "see the rejected rows, repair the data or raise the limit, then resume "
                         "it" },
    [SRD_PAUSE_DISK] = { "disk", "a disk is full", "make room on the disk, then resume it" },
    [SRD_PAUSE_TRANSACTIONS] = { "transactions", "it got no transaction",
                                 "find what holds the transactions of its database, then resume "
                                 "it" },
    [SRD_PAUSE_SOURCE] = { "source", "Kafka did not answer or refused",
                           "check brokers, network and login, then resume it" },
    [SRD_PAUSE_ABORTED] = { "aborted", "a task was aborted",
                            "remove what aborted its task, then resume it" },
    [SRD_PAUSE_OTHER] = { "other", "StarRocks paused it", "remove the cause, then resume it" },
};

const char *srd_pause_name(enum srd_pause pause)
{
    return pauses[pause].name;
}

const char *srd_pause_words(enum srd_pause pause)
{
    return pauses[pause].words;
}

const char *srd_pause_advice(enum srd_pause pause)
{
    return pauses[pause].advice;
}

static void read_job(const struct srd_evidence *ev, const struct srd_table *t, size_t row,
                     struct srd_arena *arena, struct srd_routine_job *job)
{
    const char *reason = srd_cell_text(t, row, "REASON");

    *job = (struct srd_routine_job){
        .table = t,
        .row = row,
        .db = srd_cell_text(t, row, "DB_NAME"),
        .name = srd_cell_text(t, row, "NAME"),
        .target = srd_cell_text(t, row, "TABLE_NAME"),
        .state = srd_cell_text(t, row, "STATE"),
        .kafka = srd_cell_is(t, row, "DATA_SOURCE_TYPE", "KAFKA"),
        .pause = classify(reason),
        .message = reason_words(arena, reason),
        .tasks = number(t, row, "CURRENT_TASK_NUM"),
        .desired = number(t, row, "DESIRED_TASKS"),
        .partitions = count_items(srd_cell(t, row, "PARTITIONS")),
        .batch_interval_s = number(t, row, "BATCH_INTERVAL"),
        .batch_rows = number(t, row, "BATCH_ROWS"),
        .consume_s = number(t, row, "CONSUME_SECONDS"),
        .timeout_s = number(t, row, "TIMEOUT_SECONDS"),
        .max_errors = number(t, row, "MAX_ERRORS"),
        .total_rows = statistic(t, row, "totalRows", arena),
        .error_rows = statistic(t, row, "errorRows", arena),
        .committed = statistic(t, row, "committedTaskNum", arena),
        .aborted = statistic(t, row, "abortedTaskNum", arena),
        .waiting = -1,
        .worst_waiting = -1,
        .late_ms = -1,
    };
    job->title = srd_arena_printf(arena, "%s.%s", job->db, job->name);
    job->sql = srd_arena_printf(arena, "%s.%s", srd_quote_identifier(arena, job->db),
                                srd_quote_identifier(arena, job->name));
    if (job->kafka)
        read_lag(ev, job, arena);
}

struct srd_routine_jobs srd_routine_jobs(const struct srd_evidence *ev, struct srd_arena *arena)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_routine_jobs, NULL);
    struct srd_routine_jobs jobs = { 0 };
    double all;

    if (!t || !t->rows)
        return jobs;
    jobs.items = srd_arena_array(arena, t->rows, sizeof(*jobs.items));
    for (; jobs.count < t->rows; jobs.count++)
        read_job(ev, t, jobs.count, arena, &jobs.items[jobs.count]);
    jobs.all = srd_cell_number(t, 0, "JOBS", &all) && all > (double)t->rows ? all : (double)t->rows;
    return jobs;
}

bool srd_routine_is(const struct srd_routine_job *job, const char *state)
{
    return strcmp(job->state, state) == 0;
}

void srd_routine_says_cut(struct srd_findings *out, const struct srd_routine_jobs *jobs)
{
    if ((double)jobs->count < jobs->all)
        srd_cannot_judge(out, SRD_SKIPPED, "%zu of %s Routine Load jobs were looked at",
                         jobs->count, srd_text_count(out->arena, jobs->all));
}

struct srd_finding *srd_routine_finding(struct srd_findings *out, enum srd_severity severity,
                                        const struct srd_routine_jobs *jobs,
                                        const struct srd_routine_job *job, const char *message)
{
    const char *table =
        srd_arena_printf(out->arena, "%s.%s", srd_quote_identifier(out->arena, job->db),
                         srd_quote_identifier(out->arena, job->target));
    struct srd_finding *f =
        srd_finding_add(out, severity, "routine_load", job->title, "%s %s", job->title, message);

    srd_finding_field(out, f, "job", job->sql);
    srd_finding_field(out, f, "table", table);
    srd_finding_field(out, f, "job_id", srd_cell_text(job->table, job->row, "ID"));
    srd_finding_share(f, 1, jobs->all);
    srd_finding_row(f, &srd_probe_routine_jobs, job->table, job->row);
    return f;
}

void srd_routine_more(struct srd_findings *out, enum srd_severity severity, size_t count,
                      double all, const char *what)
{
    if (count > SRD_ROUTINE_SHOWN)
        srd_finding_share(srd_finding_add(out, severity, "cluster", "more", "%zu more %s",
                                          count - SRD_ROUTINE_SHOWN, what),
                          (double)(count - SRD_ROUTINE_SHOWN), all);
}
