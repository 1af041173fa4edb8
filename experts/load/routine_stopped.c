/* Which Routine Load jobs have stopped, and why? */

#include <string.h>

#include "experts/load/load.h"
#include "experts/load/routine.h"
#include "lib/base/text.h"

#define MINUTE_MS 60000.0
#define DAY_MS 86400000.0

/* load.routine-paused */

/* Code 3 is the one reason after which StarRocks tries again by itself. */
static const char *tries_again(const struct srd_evidence *ev, const struct srd_routine_job *job,
                               double age_ms)
{
    double nodes = (double)(ev->cluster.backends + ev->cluster.compute_nodes);
    double alive = (double)(ev->cluster.backends_alive + ev->cluster.compute_nodes_alive);

    if (job->pause != SRD_PAUSE_NODE)
        return "";
    if (alive < nodes)
        return "; StarRocks resumes it when the nodes are back";
    return age_ms > MINUTE_MS
               ? "; all nodes are alive and it was not resumed: its 3 tries are used up"
               : "";
}

static bool judge_paused_job(const struct srd_evidence *ev, struct srd_findings *out,
                             const struct srd_routine_jobs *jobs, const struct srd_routine_job *job,
                             bool shown)
{
    struct srd_limit limit = srd_limit_catalogue(ev, "load.routine-paused", DAY_MS, SRD_UNIT_MS);
    bool manual = job->pause == SRD_PAUSE_MANUAL;
    enum srd_severity severity = SRD_CRITICAL;
    struct srd_finding *f;
    int64_t age = 0;
    bool aged = srd_routine_age_ms(ev, job->table, job->row, "PAUSED_S", &age);

    if (manual)
        severity = aged && (double)age > limit.value ? SRD_WARNING : SRD_INFO;
    else if (job->pause == SRD_PAUSE_UNTOLD)
        severity = SRD_WARNING; /* it may have been a user */
    if (!shown)
        return aged || !manual;
    f = srd_routine_finding(
        out, severity, jobs, job,
        srd_arena_printf(out->arena, "is paused%s%s: %s%s%s%s%s", aged ? " for " : "",
                         aged ? srd_text_duration(out->arena, age > 0 ? age : 0) : "",
                         srd_pause_words(job->pause), manual || !*job->message ? "" : " (",
                         manual ? "" : job->message, manual || !*job->message ? "" : ")",
                         tries_again(ev, job, (double)age)));
    srd_finding_field(out, f, "reason", srd_pause_name(job->pause));
    srd_finding_field(out, f, "remedy", srd_pause_advice(job->pause));
    /* what the restart of a node does to a job; other words than those of replicas may stand there
     */
    if (job->pause == SRD_PAUSE_NODE || job->pause == SRD_PAUSE_ABORTED)
        srd_finding_field(out, f, "away", "maybe");
    if (manual && aged)
        srd_finding_value(f, (double)age, limit);
    return aged || !manual;
}

static void judge_paused(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_routine_jobs jobs = srd_routine_jobs(ev, out->arena);
    size_t paused = 0, system = 0, undated = 0;

    /* those that StarRocks paused come first, so that they are not the ones left out */
    for (int manual = 0; manual < 2; manual++)
        for (size_t i = 0; i < jobs.count; i++) {
            const struct srd_routine_job *job = &jobs.items[i];

            if (!srd_routine_is(job, "PAUSED") || (job->pause == SRD_PAUSE_MANUAL) != manual)
                continue;
            undated += !judge_paused_job(ev, out, &jobs, job, paused < SRD_ROUTINE_SHOWN);
            paused++;
            system += !manual;
        }
    srd_routine_more(out, system > SRD_ROUTINE_SHOWN ? SRD_CRITICAL : SRD_INFO, paused, jobs.all,
                     "Routine Load jobs are paused");
    if (undated)
        srd_cannot_judge(
            out, srd_why_not(out->ev, &srd_probe_frontends, SRD_FAILED),
            "since when %zu jobs are paused is not known: the zone of their times is not", undated);
    srd_routine_says_cut(out, &jobs);
    srd_measured(out, "no Routine Load job of %s is paused", srd_text_count(out->arena, jobs.all));
}

/* load.routine-dead */

/* Another job that runs into the same table took its place. */
static bool replaced(const struct srd_routine_jobs *jobs, const struct srd_routine_job *dead)
{
    for (size_t i = 0; i < jobs->count; i++) {
        const struct srd_routine_job *job = &jobs->items[i];

        if (job != dead && !srd_routine_is(job, "CANCELLED") && !strcmp(job->db, dead->db) &&
            !strcmp(job->target, dead->target))
            return true;
    }
    return false;
}

/* Of a table or database that was dropped the FE prints the id. */
static bool dropped(const struct srd_routine_job *job)
{
    return (*job->target && job->target[strspn(job->target, "0123456789")] == '\0') ||
           (*job->db && job->db[strspn(job->db, "0123456789")] == '\0');
}

static void judge_dead(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_routine_jobs jobs = srd_routine_jobs(ev, out->arena);
    struct srd_limit limit = srd_limit_catalogue(ev, "load.routine-dead", 7 * DAY_MS, SRD_UNIT_MS);
    size_t found = 0, undated = 0;

    for (size_t i = 0; i < jobs.count; i++) {
        const struct srd_routine_job *job = &jobs.items[i];
        struct srd_finding *f;
        int64_t age;

        if (!srd_routine_is(job, "CANCELLED") || dropped(job) || replaced(&jobs, job))
            continue;
        if (!srd_routine_age_ms(ev, job->table, job->row, "ENDED_S", &age)) {
            undated++;
            continue;
        }
        if ((double)age > limit.value || ++found > SRD_ROUTINE_SHOWN)
            continue;
        f = srd_routine_finding(
            out, SRD_WARNING, &jobs, job,
            srd_arena_printf(out->arena,
                             "was cancelled %s ago and nothing else loads into %s.%s%s%s",
                             srd_text_duration(out->arena, age > 0 ? age : 0), job->db, job->target,
                             *job->message ? ": " : "", job->message));
        srd_finding_value(f, (double)age, limit);
    }
    srd_routine_more(out, SRD_WARNING, found, jobs.all, "Routine Load jobs were cancelled");
    if (undated)
        srd_cannot_judge(
            out, srd_why_not(out->ev, &srd_probe_frontends, SRD_FAILED),
            "when %zu jobs were cancelled is not known: the zone of their times is not", undated);
    srd_routine_says_cut(out, &jobs);
    srd_measured(out, "no Routine Load job was cancelled lately and left without a successor");
}

/* clang-format off */
const struct srd_check srd_load_routine_paused = {
    .id = "load.routine-paused",
    .title = "Routine Load jobs paused",
    .family = "routine",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_routine_jobs },
    .judge = judge_paused,
    .limits = ".",
    .why = "A paused job loads nothing. Kafka keeps the messages only as long as its retention says; after that rows are lost.",
    .measured_by = "information_schema.routine_load_jobs: STATE = 'PAUSED', PAUSE_TIME, REASONS_OF_STATE_CHANGED. The reason is "
                   "read from its words first, then from its code (3, 4, 100, 102, 103, 104).",
    .rule = "critical: paused by StarRocks; warning: paused by a user for more than 24 hours, or without a recorded reason; info: "
            "paused by a user for less. One finding per job, 20 at most.",
    .source = "reason codes and automatic resuming: code of the FE (only after code 3, at most 3 times in "
              "period_of_auto_resume_min = 5 minutes, while no more than max_tolerable_backend_down_num = 0 nodes are dead); "
              "the documentation alarms on any paused job",
    .avoid = "A job that is resumed without removing its cause pauses again, so the cause is printed with it. A pause of "
             "which only the age is not known is info, and said to be.",
    .see = "load.routine-error-rows cluster.be-down txn.running-near-limit load.routine-lag",
    .fix = {
        { "First the cause: {remedy}", NULL, SRD_SAFE },
        { "Too many rejected rows: see some of them",
          "SELECT tracking_log FROM information_schema.load_tracking_logs WHERE job_id = {job_id} LIMIT 20;", SRD_SAFE },
        { "Offset out of range: begin where Kafka begins today (what was deleted is lost; repeat it for each partition)",
          "ALTER ROUTINE LOAD FOR {job} FROM KAFKA (\"kafka_partitions\" = \"0\", \"kafka_offsets\" = \"OFFSET_BEGINNING\");",
          SRD_RISKY },
        { "Then resume it", "RESUME ROUTINE LOAD FOR {job};", SRD_SAFE },
    },
};

const struct srd_check srd_load_routine_dead = {
    .id = "load.routine-dead",
    .title = "Routine Load jobs cancelled for good",
    .family = "routine",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_routine_jobs },
    .judge = judge_dead,
    .limits = ".",
    .why = "A cancelled job never comes back; its table goes stale and nobody is told.",
    .measured_by = "information_schema.routine_load_jobs: STATE = 'CANCELLED', END_TIME, REASONS_OF_STATE_CHANGED, and the "
                   "other jobs of the same table",
    .rule = "warning: cancelled within 7 days, and no other job that is not cancelled loads into the table",
    .source = "our judgement; the FE itself forgets such jobs after label_keep_max_second (3 days)",
    .avoid = "A table or database that was dropped takes its jobs along: the FE then prints its id instead of a name. STOPPED "
             "is what a user wanted.",
    .see = "load.routine-paused",
    .fix = {
        { "See where it stopped (Progress has the last offset read)", "SHOW ALL ROUTINE LOAD FOR {job};", SRD_SAFE },
        { "Create it anew into {table} with kafka_partitions and kafka_offsets from there", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_load_routine_stopped_checks[] = {
    &srd_load_routine_paused,
    &srd_load_routine_dead,
    NULL,
};
