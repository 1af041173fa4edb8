#ifndef SRD_EXPERTS_LOAD_ROUTINE_H
#define SRD_EXPERTS_LOAD_ROUTINE_H

#include "experts/probes.h"
#include "lib/model/check.h"

/*
 * Continuous loading: Routine Load, pipes and stream loads, as the experts load-jobs and ingestion read
 * them.
 *
 *   routine.c          probe and reading of the jobs
 *   routine_stopped.c  which of them stopped, and why
 *   routine_lag.c      jobs that run: do they keep up, with as many tasks as they could have?
 *   routine_later.c    what one look cannot judge
 *   pipes.c            pipes and their files
 *   stream.c           stream loads
 *
 * The FE prints times of jobs and stream loads in the cluster's zone: the probes make seconds of them
 * (CREATED_S ...). What a pipe keeps is in the zone of the FE's host.
 */
extern const struct srd_probe srd_probe_routine_jobs; /* all jobs but the stopped ones */
extern const struct srd_probe srd_probe_pipes;
extern const struct srd_probe srd_probe_pipe_files;   /* per pipe; asked where there are pipes */
extern const struct srd_probe srd_probe_stream_loads; /* the newest that the FE remembers */

#define SRD_ROUTINE_JOBS_READ 2000
#define SRD_STREAM_LOADS_READ 2000

/* Why is a job paused, in the classes that want different remedies? */
enum srd_pause {
    SRD_PAUSE_UNTOLD,   /* no reason is recorded */
    SRD_PAUSE_MANUAL,   /* by a user */
    SRD_PAUSE_NODE,     /* a BE or CN with a replica was away */
    SRD_PAUSE_LOST,     /* Kafka has deleted what was to be read next */
    SRD_PAUSE_AHEAD,    /* the topic ends before the position of the job: it was created anew */
    SRD_PAUSE_ROWS,     /* too many rows were rejected */
    SRD_PAUSE_DISK,     /* a disk is full */
    SRD_PAUSE_TRANSACTIONS,
    SRD_PAUSE_SOURCE,   /* Kafka cannot be reached or refuses */
    SRD_PAUSE_ABORTED,  /* a task was aborted, for another reason */
    SRD_PAUSE_OTHER,
};
const char *srd_pause_name(enum srd_pause pause);  /* "manual" "node" "lost" ...: field {reason} */
const char *srd_pause_words(enum srd_pause pause); /* "a BE with a replica was away" */
/* What to do about it, for views: "resume it when all BEs are alive". */
const char *srd_pause_advice(enum srd_pause pause);

/* A Routine Load job. Numbers that are not known are below 0. */
struct srd_routine_job {
    const struct srd_table *table;
    size_t row;
    const char *db, *name, *target, *state;
    const char *title;  /* "shop.orders_in" */
    const char *sql;    /* "`shop`.`orders_in`" */
    bool kafka;
    enum srd_pause pause; /* of a paused or cancelled job */
    const char *message;  /* the reason's words, at most some 200 bytes; "" */
    double tasks, desired, partitions;
    double batch_interval_s, batch_rows, consume_s, timeout_s, max_errors;
    double total_rows, error_rows, committed, aborted;
    /* What waits in Kafka: a job that has read everything prints a lag of 1 for each partition. */
    double waiting, worst_waiting; /* rows of all partitions, and of the worst one */
    const char *worst_partition;
    double late_ms; /* age of the newest message read from a partition in which messages wait */
};
struct srd_routine_jobs {
    struct srd_routine_job *items;
    size_t count;
    double all; /* in the cluster; more than @count when the list was cut */
};
struct srd_routine_jobs srd_routine_jobs(const struct srd_evidence *ev, struct srd_arena *arena);
bool srd_routine_is(const struct srd_routine_job *job, const char *state);

/* Which of the four bounds decides how many tasks @job gets, and that number; NULL: none is known. */
const char *srd_routine_bound(const struct srd_evidence *ev, const struct srd_routine_job *job,
                              double *tasks);
/* Nodes that can run tasks; below 0: not known. */
double srd_routine_nodes(const struct srd_evidence *ev);

/*
 * How long ago the time in @column (seconds, of one of these probes) was, by the clock of the FE; false
 * when that is not known or makes no sense.
 */
bool srd_routine_age_ms(const struct srd_evidence *ev, const struct srd_table *table, size_t row,
                        const char *column, int64_t *age_ms);
/* Likewise for a text in the zone of the FE's host, as pipes keep them. */
bool srd_routine_host_age_ms(const struct srd_evidence *ev, const char *text, int64_t *age_ms);

/*
 * For judges: a finding about @job, whose message is its title and then @message. Fields: {job}, {table},
 * {job_id}. And: says that not all jobs were read, if so.
 */
struct srd_finding *srd_routine_finding(struct srd_findings *out, enum srd_severity severity,
                                        const struct srd_routine_jobs *jobs,
                                        const struct srd_routine_job *job, const char *message);
void srd_routine_says_cut(struct srd_findings *out, const struct srd_routine_jobs *jobs);
/*
 * The zone for SRD_SECONDS(), or +00:00 when it is not known: the rows are wanted all the same. Then
 * srd_routine_age_ms() knows no age.
 */
void srd_pick_some_zone(const struct srd_evidence *ev, struct srd_keys *out);

/* Findings of a check on objects one by one: who has more of them has one cause for all. */
#define SRD_ROUTINE_SHOWN 20
/* "17 more Routine Load jobs are paused": the findings that were not printed, as one. */
void srd_routine_more(struct srd_findings *out, enum srd_severity severity, size_t count, double all,
                      const char *what);

#endif
