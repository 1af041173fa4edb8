/* Who asks: worker threads over one source, and a foreman who watches the clock and the user. */

#include "lib/engine/crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/wait.h"

#define WATCH_MS 20 /* how soon Ctrl-C and the end of the time are noticed */

struct srd_crew {
    struct srd_source *src;
    const struct srd_run_options *options;
    pthread_mutex_t lock;
    pthread_cond_t work, change; /* there is something to do; all of it was done */
    pthread_t *threads;          /* they start when there is work for them */
    size_t thread_count, most;   /* [most] */
    size_t lent, left;           /* threads of somebody else: that began, that are still with us */
    /* the jobs of the current call */
    struct srd_job *jobs;
    size_t count, next, running, done;
    bool heavy_running, stopped, quit;
    int64_t deadline_ms;
    struct srd_error *fatal;
    const char *latest; /* id of the probe that was answered last, for the progress line */
    /* of a source that takes all questions at once: the jobs that are out, and their questions */
    struct srd_job **out;
    const struct srd_question **questions;
    void (*answered)(void *context, struct srd_job *job);
    void *context;
    bool batch_out; /* its last answer may be there before the source is through with it */
};

/* The first waiting job that may start now; with the lock. */
static struct srd_job *take(struct srd_crew *crew)
{
    if (crew->stopped)
        return NULL;
    while (crew->next < crew->count && crew->jobs[crew->next].state != SRD_JOB_WAITING)
        crew->next++;
    for (size_t i = crew->next; i < crew->count; i++) {
        struct srd_job *job = &crew->jobs[i];
        bool heavy = job->question.probe->cost == SRD_COST_HEAVY;

        if (job->state != SRD_JOB_WAITING || (heavy && crew->heavy_running))
            continue;
        job->state = SRD_JOB_RUNNING;
        crew->heavy_running = crew->heavy_running || heavy;
        crew->running++;
        return job;
    }
    return NULL;
}

/* Without the lock. */
static int ask(struct srd_crew *crew, struct srd_job *job, struct srd_error *err)
{
    int64_t limit_ms = 1000 * (int64_t)srd_probe_timeout_s(job->question.probe);
    int64_t deadline = srd_clock_monotonic_ms() + limit_ms;

    job->question.deadline_ms = deadline < crew->deadline_ms ? deadline : crew->deadline_ms;
    job->memory = srd_arena_new();
    return crew->src->ops->ask(crew->src, &job->question, job->memory, &job->answer, err);
}

/* With the lock. */
static bool waiting_left(const struct srd_crew *crew)
{
    if (crew->stopped)
        return false;
    for (size_t i = crew->next; i < crew->count; i++)
        if (crew->jobs[i].state == SRD_JOB_WAITING)
            return true;
    return false;
}

/* Takes all waiting jobs; with the lock. */
static size_t take_all(struct srd_crew *crew)
{
    size_t n = 0;

    if (crew->stopped || !crew->count)
        return 0;
    free(crew->out);
    free(crew->questions);
    crew->out = calloc(crew->count, sizeof(struct srd_job *));
    crew->questions = calloc(crew->count, sizeof(struct srd_question *));
    if (!crew->out || !crew->questions)
        srd_no_memory();
    for (size_t i = 0; i < crew->count; i++) {
        if (crew->jobs[i].state != SRD_JOB_WAITING)
            continue;
        crew->jobs[i].state = SRD_JOB_RUNNING;
        crew->out[n] = &crew->jobs[i];
        crew->questions[n++] = &crew->jobs[i].question;
    }
    crew->running = n;
    crew->next = crew->count;
    return n;
}

static void note_answer(void *context, size_t index, const struct srd_answer *answer,
                        struct srd_arena **memory)
{
    struct srd_crew *crew = context;
    struct srd_job *job = crew->out[index];

    pthread_mutex_lock(&crew->lock);
    job->answer = *answer;
    job->answer.probe = job->question.probe;
    job->answer.key = job->question.key;
    job->memory = SRD_TAKE(*memory);
    job->state = SRD_JOB_DONE;
    crew->running--;
    crew->done++;
    crew->latest = job->question.probe->id;
    pthread_mutex_unlock(&crew->lock);
}

/* All questions of a level in one go. */
static void *work_in_batches(void *context)
{
    struct srd_crew *crew = context;

    pthread_mutex_lock(&crew->lock);
    while (!crew->quit) {
        size_t n = take_all(crew);
        struct srd_batch batch = { .questions = crew->questions,
                                   .count = n,
                                   .deadline_ms = crew->deadline_ms,
                                   .answered = note_answer,
                                   .context = crew };
        struct srd_error err = { 0 };

        if (!n) {
            pthread_cond_wait(&crew->work, &crew->lock);
            continue;
        }
        crew->batch_out = true;
        pthread_mutex_unlock(&crew->lock);
        crew->src->ops->ask_many(crew->src, &batch, &err);
        pthread_mutex_lock(&crew->lock);
        crew->batch_out = false;
        for (size_t i = 0; i < n; i++) {
            if (crew->out[i]->state == SRD_JOB_DONE)
                continue;
            /* the caller decides what its reason is */
            crew->out[i]->state = SRD_JOB_WAITING;
            crew->running--;
        }
        crew->stopped = crew->stopped || err.code;
        if (!crew->fatal->code)
            *crew->fatal = err;
        pthread_cond_signal(&crew->change);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static void *work(void *context)
{
    struct srd_crew *crew = context;

    pthread_mutex_lock(&crew->lock);
    while (!crew->quit) {
        struct srd_job *job = take(crew);
        struct srd_error err = { 0 };
        int lost;

        if (!job) {
            pthread_cond_wait(&crew->work, &crew->lock);
            continue;
        }
        pthread_mutex_unlock(&crew->lock);
        lost = ask(crew, job, &err);
        if (!lost && crew->answered)
            crew->answered(crew->context, job);
        pthread_mutex_lock(&crew->lock);
        /* a job without an answer waits again: the caller decides what its reason is */
        job->state = lost ? SRD_JOB_WAITING : SRD_JOB_DONE;
        if (lost) {
            crew->stopped = true;
            if (!crew->fatal->code)
                *crew->fatal = err;
        }
        if (job->question.probe->cost == SRD_COST_HEAVY) {
            crew->heavy_running = false;
            pthread_cond_broadcast(&crew->work); /* to those who had nothing but heavy ones left */
        }
        crew->running--;
        crew->done++;
        crew->latest = job->question.probe->id;
        if (!crew->running && !waiting_left(crew))
            pthread_cond_signal(&crew->change);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static void lend_a_hand(void *context)
{
    struct srd_crew *crew = context;

    (crew->src->ops->ask_many ? work_in_batches : work)(crew);
    pthread_mutex_lock(&crew->lock);
    crew->left--;
    pthread_cond_signal(&crew->change);
    pthread_mutex_unlock(&crew->lock);
}

int srd_crew_new(struct srd_source *src, const struct srd_run_options *options,
                 struct srd_crew **out, struct srd_error *err)
{
    SRD_CLEANUP(srd_crew_free) struct srd_crew *crew = calloc(1, sizeof(*crew));
    pthread_condattr_t monotonic;

    if (!crew)
        return srd_fail(err, SRD_E_SYSTEM, "out of memory");
    crew->src = src;
    crew->options = options;
    crew->most = src->parallel && !src->ops->ask_many ? src->parallel : 1;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&crew->work, &monotonic);
    pthread_cond_init(&crew->change, &monotonic);
    pthread_condattr_destroy(&monotonic);
    crew->threads = calloc(crew->most, sizeof(*crew->threads));
    if (!crew->threads)
        return srd_fail(err, SRD_E_SYSTEM, "out of memory");
    *out = SRD_TAKE(crew);
    return 0;
}

void srd_crew_free(struct srd_crew **crew)
{
    struct srd_crew *c = *crew;

    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->quit = true;
    pthread_cond_broadcast(&c->work);
    while (c->left)
        pthread_cond_wait(&c->change, &c->lock);
    pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < c->thread_count; i++)
        pthread_join(c->threads[i], NULL);
    pthread_cond_destroy(&c->work);
    pthread_cond_destroy(&c->change);
    pthread_mutex_destroy(&c->lock);
    free(c->threads);
    free(c->out);
    free(c->questions);
    free(c);
    *crew = NULL;
}

void srd_crew_tell(struct srd_crew *crew, void (*answered)(void *context, struct srd_job *job),
                   void *context)
{
    pthread_mutex_lock(&crew->lock);
    crew->answered = answered;
    crew->context = context;
    pthread_mutex_unlock(&crew->lock);
}

/* One more thread, of whoever has one to lend, or else of our own. Without the lock. */
static bool start_thread(struct srd_crew *crew)
{
    const struct srd_hands *hands = crew->options->hands;
    void *(*begin)(void *) = crew->src->ops->ask_many ? work_in_batches : work;

    pthread_mutex_lock(&crew->lock);
    crew->left++; /* before it can leave */
    pthread_mutex_unlock(&crew->lock);
    if (hands && hands->lend(hands->context, lend_a_hand, crew)) {
        crew->lent++;
        return true;
    }
    pthread_mutex_lock(&crew->lock);
    crew->left--;
    pthread_mutex_unlock(&crew->lock);
    if (pthread_create(&crew->threads[crew->thread_count], NULL, begin, crew))
        return false;
    crew->thread_count++;
    return true;
}

/* As many threads as there are jobs for them; with fewer it merely takes longer. Without the lock.
 */
static int start_threads(struct srd_crew *crew, const struct srd_job *jobs, size_t count,
                         struct srd_error *err)
{
    size_t wanted = 0;

    for (size_t i = 0; i < count && wanted < crew->most; i++)
        wanted += jobs[i].state == SRD_JOB_WAITING;
    while (crew->lent + crew->thread_count < wanted && start_thread(crew))
        continue;
    return wanted && !crew->lent && !crew->thread_count
               ? srd_fail(err, SRD_E_SYSTEM, "could not start a thread")
               : 0;
}

/* Sleeps until all is done, at most WATCH_MS; with the lock. */
static void watch(struct srd_crew *crew)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WATCH_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&crew->change, &crew->lock, &until);
}

enum srd_crew_end srd_crew_run(struct srd_crew *crew, struct srd_job *jobs, size_t count,
                               int64_t deadline_ms, struct srd_error *err)
{
    enum srd_crew_end end = SRD_CREW_FINISHED;
    const struct srd_run_options *options = crew->options;

    if (start_threads(crew, jobs, count, err))
        return SRD_CREW_LOST;
    pthread_mutex_lock(&crew->lock);
    crew->jobs = jobs;
    crew->count = count;
    crew->next = 0;
    crew->stopped = false;
    crew->fatal = err;
    crew->deadline_ms = deadline_ms;
    if (srd_clock_monotonic_ms() >= deadline_ms) {
        end = SRD_CREW_TIMED_OUT; /* an earlier call used all the time: start nothing */
        crew->stopped = true;
    }
    pthread_cond_broadcast(&crew->work);
    while (crew->running || crew->batch_out || waiting_left(crew)) {
        watch(crew);
        if (end == SRD_CREW_FINISHED && srd_flag_up(options->cancel))
            end = SRD_CREW_CANCELLED;
        else if (end == SRD_CREW_FINISHED && srd_clock_monotonic_ms() >= deadline_ms)
            end = SRD_CREW_TIMED_OUT;
        if (end != SRD_CREW_FINISHED && !crew->stopped) {
            crew->stopped = true;
            pthread_mutex_unlock(&crew->lock);
            crew->src->ops->cancel(crew->src);
            pthread_mutex_lock(&crew->lock);
        }
        if (options->progress) {
            size_t done = crew->done, all = crew->done + crew->running + crew->count - crew->next;
            const char *latest = crew->latest ? crew->latest : "";

            pthread_mutex_unlock(&crew->lock);
            options->progress(options->context, done, all, latest);
            pthread_mutex_lock(&crew->lock);
        }
    }
    if (end == SRD_CREW_FINISHED && err->code)
        end = SRD_CREW_LOST;
    crew->jobs = NULL;
    crew->count = 0;
    pthread_mutex_unlock(&crew->lock);
    return end;
}
