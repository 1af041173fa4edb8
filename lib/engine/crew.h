#ifndef SRD_ENGINE_CREW_H
#define SRD_ENGINE_CREW_H

#include "lib/base/cleanup.h"
#include "lib/engine/engine.h"

/*
 * A few threads that put questions to one source: at most source->parallel at a time, of them one
 * heavy one. They live for one collection, so that a thread keeps what the source keeps for it.
 */
enum srd_job_state { SRD_JOB_WAITING, SRD_JOB_RUNNING, SRD_JOB_DONE };

struct srd_job {
    struct srd_question question; /* deadline_ms is set when the job starts */
    struct srd_answer answer;     /* probe, key and node are the caller's; the rest the source's */
    struct srd_arena *memory;     /* of the answer: adopt it */
    enum srd_job_state state;     /* DONE from the start: not asked, answer is there */
};

struct srd_crew;

int srd_crew_new(struct srd_source *src, const struct srd_run_options *options,
                 struct srd_crew **out, struct srd_error *err);
void srd_crew_free(struct srd_crew **crew); /* for SRD_CLEANUP; waits for its threads */

/*
 * From now on @answered is called for each job that has its answer, by the thread that has it and before
 * the job counts as done: several at a time. It may release job->memory (srd_arena_free). For sources
 * without ask_many().
 */
void srd_crew_tell(struct srd_crew *crew, void (*answered)(void *context, struct srd_job *job),
                   void *context);

enum srd_crew_end {
    SRD_CREW_FINISHED,
    SRD_CREW_TIMED_OUT, /* @deadline_ms passed: running ones were cancelled, waiting ones still wait */
    SRD_CREW_CANCELLED, /* options->cancel became non-zero */
    SRD_CREW_LOST,      /* the source is gone: @err says why; waiting ones still wait */
};
/* Runs all waiting @jobs; returns when none is running any more. */
enum srd_crew_end srd_crew_run(struct srd_crew *crew, struct srd_job *jobs, size_t count,
                               int64_t deadline_ms, struct srd_error *err);

#endif
