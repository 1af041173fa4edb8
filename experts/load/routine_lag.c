/* Do the running Routine Load jobs keep up, with as many tasks as they could have? */

#include <string.h>

#include "experts/load/load.h"
#include "experts/load/routine.h"
#include "lib/base/text.h"
#include "lib/model/identity.h"

#define MINUTE_MS 60000.0
#define DAY_MS 86400000.0

static const char *rows_text(struct srd_arena *arena, double rows)
{
    return srd_text_count(arena, rows);
}

static const char *age_text(struct srd_arena *arena, double ms)
{
    return srd_text_duration(arena, (int64_t)ms);
}

/* How many jobs run, and of how many of them the lag is told. */
static size_t count_lags(const struct srd_routine_jobs *jobs, size_t *running)
{
    size_t known = 0;

    *running = 0;
    for (size_t i = 0; i < jobs->count; i++) {
        const struct srd_routine_job *job = &jobs->items[i];

        if (!job->kafka || !srd_routine_is(job, "RUNNING"))
            continue;
        ++*running;
        known += job->waiting >= 0;
    }
    return known;
}

/* Says what is not known about lags; false: nothing at all is. */
static bool lags_told(struct srd_findings *out, const struct srd_routine_jobs *jobs)
{
    size_t running, known = count_lags(jobs, &running);

    if (running && srd_column(jobs->items[0].table, "OFFSET_LAG") == SRD_NO_COLUMN) {
        srd_cannot_judge(out, SRD_VERSION_ABSENT,
                         "this version does not tell the lag: routine_load_jobs has it from 3.3.13 "
                         "and 3.4.3 on");
        return false;
    }
    if (known < running)
        srd_cannot_judge(
            out, SRD_FAILED,
            "the lag of %zu of %zu running jobs is not known: the leader learns it from "
            "their next tasks",
            running - known, running);
    srd_routine_says_cut(out, jobs);
    return true;
}

/* A job that began to read old messages a short while ago is expected to be late. */
static bool is_new(const struct srd_evidence *ev, const struct srd_routine_job *job)
{
    int64_t age;

    return srd_routine_age_ms(ev, job->table, job->row, "CREATED_S", &age) && (double)age < DAY_MS;
}

static bool lags(const struct srd_evidence *ev, const struct srd_routine_job *job)
{
    struct srd_limit rows = srd_limit_catalogue(ev, "load.routine-lag", 300000, SRD_UNIT_COUNT);

    return srd_routine_is(job, "RUNNING") && job->worst_waiting > rows.value;
}

/* load.routine-lag */

static void add_lag(const struct srd_evidence *ev, struct srd_findings *out,
                    const struct srd_routine_jobs *jobs, const struct srd_routine_job *job)
{
    struct srd_limit limit = srd_limit_catalogue(ev, "load.routine-lag", 300000, SRD_UNIT_COUNT);
    struct srd_limit late =
        srd_limit_catalogue(ev, "load.routine-lag.late", 5 * MINUTE_MS, SRD_UNIT_MS);
    bool burst = job->late_ms >= 0 && job->late_ms <= late.value;
    bool one = job->partitions > 1 && job->worst_waiting > 0.8 * job->waiting;
    struct srd_finding *f;

    f = srd_routine_finding(
        out, is_new(ev, job) || burst ? SRD_INFO : SRD_WARNING, jobs, job,
        srd_arena_printf(
            out->arena, "has %s rows waiting in Kafka, %s of them in partition %s%s%s%s%s",
            rows_text(out->arena, job->waiting), rows_text(out->arena, job->worst_waiting),
            job->worst_partition, job->late_ms >= 0 ? "; what it reads there is " : "",
            job->late_ms >= 0 ? age_text(out->arena, job->late_ms) : "",
            job->late_ms >= 0 ? " old" : "",
            one ? ", and nearly all of the lag is in that one partition" : ""));
    srd_finding_value(f, job->worst_waiting, limit);
    srd_finding_field(
        out, f, "tasks",
        srd_text_count(out->arena, (job->desired > job->tasks ? job->desired : job->tasks) + 1));
}

static void judge_lag(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_routine_jobs jobs = srd_routine_jobs(ev, out->arena);
    double most = 0;
    size_t found = 0;

    if (!lags_told(out, &jobs))
        return;
    for (size_t i = 0; i < jobs.count; i++) {
        const struct srd_routine_job *job = &jobs.items[i];

        if (srd_routine_is(job, "RUNNING") && job->worst_waiting > most)
            most = job->worst_waiting;
        if (lags(ev, job) && ++found <= SRD_ROUTINE_SHOWN)
            add_lag(ev, out, &jobs, job);
    }
    srd_routine_more(out, SRD_WARNING, found, jobs.all, "Routine Load jobs lag behind");
    srd_measured(out, "at most %s rows wait in a Kafka partition", rows_text(out->arena, most));
}

/* load.routine-unstable */

static void judge_unstable(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_routine_jobs jobs = srd_routine_jobs(ev, out->arena);
    struct srd_limit limit =
        srd_fe_config(ev, "routine_load_unstable_threshold_second", 3600, SRD_UNIT_COUNT);
    size_t found = 0;

    if (!lags_told(out, &jobs))
        return;
    if (!ev->cluster.clock_known) {
        srd_cannot_judge(out, SRD_FAILED, "the clock of the FE is not known");
        return;
    }
    limit.value *= 1000;
    limit.unit = SRD_UNIT_MS;
    for (size_t i = 0; i < jobs.count; i++) {
        const struct srd_routine_job *job = &jobs.items[i];

        if (!srd_routine_is(job, "RUNNING") || job->late_ms <= limit.value ||
            ++found > SRD_ROUTINE_SHOWN)
            continue;
        srd_finding_value(
            srd_routine_finding(
                out, SRD_INFO, &jobs, job,
                srd_arena_printf(out->arena, "reads messages that are %s old while %s rows wait",
                                 age_text(out->arena, job->late_ms),
                                 rows_text(out->arena, job->waiting))),
            job->late_ms, limit);
    }
    srd_routine_more(out, SRD_INFO, found, jobs.all, "Routine Load jobs read old messages");
    srd_measured(out, "no job reads old messages where newer ones wait");
}

/* load.routine-need-schedule */

static bool waits_for_long(const struct srd_evidence *ev, const struct srd_routine_job *job,
                           double limit_ms)
{
    int64_t age;

    /* a job that was just created or resumed waits for the scheduler's next round */
    return srd_routine_is(job, "NEED_SCHEDULE") &&
           srd_routine_age_ms(ev, job->table, job->row, "CREATED_S", &age) &&
           (double)age > limit_ms;
}

static void judge_need_schedule(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_routine_jobs jobs = srd_routine_jobs(ev, out->arena);
    struct srd_limit most =
        srd_limit_catalogue(ev, "load.routine-need-schedule", 3, SRD_UNIT_COUNT);
    struct srd_limit wait =
        srd_limit_catalogue(ev, "load.routine-need-schedule.age", 10 * MINUTE_MS, SRD_UNIT_MS);
    size_t waiting = 0, seen = 0, first = 0;
    double nodes = srd_routine_nodes(ev);
    struct srd_finding *f;

    for (size_t i = 0; i < jobs.count; i++) {
        seen += srd_routine_is(&jobs.items[i], "NEED_SCHEDULE");
        if (waits_for_long(ev, &jobs.items[i], wait.value) && !waiting++)
            first = i;
    }
    srd_routine_says_cut(out, &jobs);
    if (seen > waiting && (double)seen > most.value && !srd_global_zone(ev))
        srd_cannot_judge(out, srd_why_not(out->ev, &srd_probe_frontends, SRD_FAILED),
                         "%zu jobs wait to be scheduled, but the zone of their times is not known",
                         seen);
    srd_measured(out, "%zu of %s Routine Load jobs wait to be scheduled", seen,
                 srd_text_count(out->arena, jobs.all));
    if ((double)waiting <= most.value)
        return;
    f = srd_finding_add(out, SRD_WARNING, "cluster", "Routine Load",
                        "%zu Routine Load jobs wait to be scheduled, the first of them %s%s",
                        waiting, jobs.items[first].title,
                        nodes < 0 ? ""
                                  : srd_arena_printf(out->arena, "; %s nodes can run tasks",
                                                     srd_text_count(out->arena, nodes)));
    srd_finding_value(f, (double)waiting, most);
    srd_finding_share(f, (double)waiting, jobs.all);
    srd_finding_row(f, &srd_probe_routine_jobs, jobs.items[first].table, jobs.items[first].row);
}

/* load.routine-concurrency */

double srd_routine_nodes(const struct srd_evidence *ev)
{
    const struct srd_cluster *c = &ev->cluster;

    if (!srd_evidence_get(ev, &srd_probe_backends, NULL))
        return -1;
    if (c->mode != SRD_MODE_SHARED_DATA)
        return (double)c->backends_alive;
    return srd_evidence_get(ev, &srd_probe_compute_nodes, NULL)
               ? (double)(c->compute_nodes_alive + c->backends_alive)
               : -1;
}

const char *srd_routine_bound(const struct srd_evidence *ev, const struct srd_routine_job *job,
                              double *tasks)
{
    double most =
        srd_fe_config(ev, "max_routine_load_task_concurrent_num", 5, SRD_UNIT_COUNT).value;
    const struct {
        const char *name;
        double value;
    } bounds[] = {
        { "the number of partitions of its topic", job->partitions },
        { "desired_concurrent_number", job->desired },
        { "the number of living nodes", srd_routine_nodes(ev) },
        { "max_routine_load_task_concurrent_num", most },
    };
    const char *name = NULL;

    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
        if (bounds[i].value > 0 && (!name || bounds[i].value < *tasks)) {
            name = bounds[i].name;
            *tasks = bounds[i].value;
        }
    return name;
}

static void judge_concurrency(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_routine_jobs jobs = srd_routine_jobs(ev, out->arena);
    size_t found = 0, worse = 0;

    srd_routine_says_cut(out, &jobs);
    for (size_t i = 0; i < jobs.count; i++) {
        const struct srd_routine_job *job = &jobs.items[i];
        double bound = 0;
        const char *by = srd_routine_bound(ev, job, &bound);
        bool late = lags(ev, job) && !is_new(ev, job), missing;
        struct srd_finding *f;

        if (!srd_routine_is(job, "RUNNING") || job->tasks < 0 || job->desired <= 0 ||
            job->tasks >= job->desired || !by)
            continue;
        /* few partitions are no fault of a job that keeps up */
        if (job->partitions > 0 && bound == job->partitions && job->tasks >= bound && !late)
            continue;
        worse += late;
        if (++found > SRD_ROUTINE_SHOWN)
            continue;
        missing = job->tasks < bound;
        f = srd_routine_finding(
            out, late ? SRD_WARNING : SRD_INFO, &jobs, job,
            srd_arena_printf(
                out->arena, "runs %s of the %s tasks it asks for: %s%s%s%s",
                srd_text_count(out->arena, job->tasks), srd_text_count(out->arena, job->desired),
                missing ? "none of the bounds is below " : by, missing ? "" : " allows ",
                srd_text_count(out->arena, bound), late ? ", and it lags behind" : ""));
        srd_finding_value(f, job->tasks,
                          (struct srd_limit){ job->desired, SRD_UNIT_COUNT,
                                              "desired_concurrent_number of the job" });
        srd_finding_field(out, f, "bound", missing ? "no bound, so look at its tasks" : by);
    }
    srd_routine_more(out, worse > SRD_ROUTINE_SHOWN ? SRD_WARNING : SRD_INFO, found, jobs.all,
                     "Routine Load jobs run fewer tasks than they ask for");
    srd_measured(out, "all running jobs have the tasks that their topics allow");
}

/* clang-format off */
const struct srd_check srd_load_routine_lag = {
    .id = "load.routine-lag",
    .title = "Routine Load lags behind Kafka",
    .family = "routine",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_routine_jobs },
    .judge = judge_lag,
    .limits = ". .late",
    .why = "The job reads more slowly than its topic is written. What is older than the retention of Kafka when its turn comes "
           "is lost.",
    .measured_by = "information_schema.routine_load_jobs (from 3.3.13 and 3.4.3 on): OFFSET_LAG and TIMESTAMP_PROGRESS, per "
                   "partition, of running jobs. A lag of 1 is none: the newest offset is that of the message to come.",
    .rule = "warning: more than 300,000 rows wait in one partition, and what the job reads there is older than 5 minutes; info: "
            "the job was created within 24 hours and reads its history, or the messages are fresh (a burst). Whether the lag "
            "grows takes a second look; critical is left to that.",
    .source = "300,000: the alarm of the documentation on routine_load_max_lag_of_partition; 5 minutes and 24 hours are our "
              "judgement",
    .avoid = "Idle partitions have old messages and no lag. When nearly all lag is in one partition, more tasks do not help: the "
             "producer's key is uneven.",
    .see = "load.routine-concurrency load.routine-unstable ingest.flush-backlog compaction.lake-slowdown",
    .fix = {
        { "Give it more tasks, as long as the topic has more partitions than tasks (pause it first)",
          "ALTER ROUTINE LOAD FOR {job} PROPERTIES (\"desired_concurrent_number\" = \"{tasks}\");", SRD_SAFE },
        { "Allow more tasks per job, if {job} asks for more than it gets (load.routine-concurrency says so)",
          "ADMIN SET FRONTEND CONFIG (\"max_routine_load_task_concurrent_num\" = \"10\");", SRD_SAFE },
        { "Let each task read for longer (task_consume_second, and task_timeout_second at 4 times that); max_batch_rows is the "
          "window of the error count and makes nothing faster", NULL, SRD_SAFE },
        { "Give the topic more partitions", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_load_routine_unstable = {
    .id = "load.routine-unstable",
    .title = "Routine Load reads old messages",
    .family = "routine",
    .worst = SRD_INFO,
    .needs = { &srd_probe_routine_jobs },
    .wants = { &srd_probe_fe_config },
    .judge = judge_unstable,
    .limits = "routine_load_unstable_threshold_second",
    .why = "SHOW ROUTINE LOAD calls a job UNSTABLE when the newest message it read is old: dashboards that rest on its table are "
           "as late.",
    .measured_by = "information_schema.routine_load_jobs: TIMESTAMP_PROGRESS against the clock of the FE, for partitions in "
                   "which OFFSET_LAG says that messages wait. STATE there is RUNNING even for an UNSTABLE job.",
    .rule = "info: older than routine_load_unstable_threshold_second, while newer messages wait. That it gets worse takes a "
            "second look; a large lag is a warning of load.routine-lag.",
    .source = "routine_load_unstable_threshold_second of the cluster (3600)",
    .avoid = "A partition into which nobody writes makes the job UNSTABLE although nothing is late: without waiting messages "
             "it does not count.",
    .see = "load.routine-lag",
    .fix = { { "As for load.routine-lag", NULL, SRD_SAFE } },
};

const struct srd_check srd_load_routine_need_schedule = {
    .id = "load.routine-need-schedule",
    .title = "Routine Load jobs wait to be scheduled",
    .family = "routine",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_routine_jobs },
    .judge = judge_need_schedule,
    .limits = ". .age",
    .why = "The leader makes no tasks of them: they load nothing and are not paused either, so nobody is told.",
    .measured_by = "information_schema.routine_load_jobs: STATE = 'NEED_SCHEDULE', CREATE_TIME; nodes that are alive",
    .rule = "warning: more than 3 jobs that were created more than 10 minutes ago. One look does not tell for how long they have "
            "waited; critical (all slots in use for 30 minutes) is left to stored runs.",
    .source = "the alarm of the documentation (more than 3); max_routine_load_task_num_per_be (16), "
              "routine_load_scheduler_interval_millisecond (10000)",
    .avoid = "A job that was just created or resumed waits for one or two rounds of the scheduler: when several were resumed a "
             "moment ago, look again.",
    .see = "cluster.be-down load.routine-paused",
    .fix = {
        { "Look again: a resumed job is scheduled within 10 seconds",
          "SELECT DB_NAME, NAME, STATE FROM information_schema.routine_load_jobs WHERE STATE = 'NEED_SCHEDULE';", SRD_SAFE },
        { "Start nodes that are down; merge jobs of one topic", NULL, SRD_SAFE },
        { "Allow more tasks per node (routine_load_thread_pool_size of the BEs has to match)",
          "ADMIN SET FRONTEND CONFIG (\"max_routine_load_task_num_per_be\" = \"32\");", SRD_SAFE },
    },
};

const struct srd_check srd_load_routine_concurrency = {
    .id = "load.routine-concurrency",
    .title = "Routine Load with fewer tasks than wanted",
    .family = "routine",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_routine_jobs },
    .wants = { &srd_probe_fe_config },
    .judge = judge_concurrency,
    .limits = "max_routine_load_task_concurrent_num",
    .why = "The number of tasks is the smallest of four bounds; raising another one changes nothing.",
    .measured_by = "information_schema.routine_load_jobs: CURRENT_TASK_NUM, desireTaskConcurrentNum and the Kafka partitions of "
                   "running jobs; nodes that are alive; max_routine_load_task_concurrent_num",
    .rule = "info: fewer tasks than desired_concurrent_number; warning: and the job lags behind (load.routine-lag)",
    .source = "code of the FE: the smallest of partitions, desired number, living nodes and "
              "max_routine_load_task_concurrent_num (5)",
    .avoid = "A job with as many tasks as its topic has partitions, and without lag, has all it can use.",
    .see = "load.routine-lag cluster.be-down",
    .fix = {
        { "What limits {job}: {bound}. Raise that one", "SHOW ROUTINE LOAD FOR {job};", SRD_SAFE },
        { "If it is max_routine_load_task_concurrent_num",
          "ADMIN SET FRONTEND CONFIG (\"max_routine_load_task_concurrent_num\" = \"10\");", SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_load_routine_lag_checks[] = {
    &srd_load_routine_unstable,
    &srd_load_routine_lag,
    &srd_load_routine_need_schedule,
    &srd_load_routine_concurrency,
    NULL,
};
