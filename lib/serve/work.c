/* Who does what must not be done on an event thread? */

#include "lib/serve/work.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "lib/base/arena.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"

#define PATIENCE_MS 60000 /* of a thread without work */

struct task {
    uint64_t lane;
    void (*run)(void *);
    void *what;
};

struct srd_work {
    pthread_mutex_t lock;
    pthread_cond_t some; /* there is work, or the pool ends */
    pthread_cond_t none; /* a thread ended */
    struct task *ring;   /* @room places, @waiting taken from @first on */
    size_t room, first, waiting;
    size_t most, threads, idle;
    uint64_t *lanes; /* of the @busy tasks that run; room for @most */
    size_t busy;
    bool quit;
    /* The thread that ended last: the next one to end joins it, so that none is left behind. */
    pthread_t ended;
    bool has_ended;
};

struct srd_work *srd_work_new(size_t threads, size_t queue)
{
    struct srd_work *work = calloc(1, sizeof(*work));

    if (!work)
        srd_no_memory();
    work->most = threads ? threads : 1;
    work->room = queue ? queue : 1;
    work->ring = calloc(work->room, sizeof(*work->ring));
    work->lanes = calloc(work->most, sizeof(*work->lanes));
    if (!work->ring || !work->lanes)
        srd_no_memory();
    pthread_mutex_init(&work->lock, NULL);
    srd_wait_init(&work->some);
    srd_wait_init(&work->none);
    return work;
}

/* ---- lanes ---- */

/* What one lane may have of @all. */
static size_t share(size_t all)
{
    return all < 2 ? all : all - (all < 4 ? 1 : all / 4);
}

static struct task *place(struct srd_work *work, size_t index)
{
    return &work->ring[(work->first + index) % work->room];
}

/* With the lock. */
static bool may_run(const struct srd_work *work, uint64_t lane)
{
    size_t count = 0;

    for (size_t i = 0; lane && i < work->busy; i++)
        count += work->lanes[i] == lane;
    return !lane || count < share(work->most);
}

/* With the lock. */
static bool may_wait(struct srd_work *work, uint64_t lane)
{
    size_t count = 0;

    for (size_t i = 0; lane && i < work->waiting; i++)
        count += place(work, i)->lane == lane;
    return work->waiting < work->room && (!lane || count < share(work->room));
}

/* Takes the first that may run now; with the lock. */
static bool take_task(struct srd_work *work, struct task *out)
{
    size_t at = 0;

    while (at < work->waiting && !may_run(work, place(work, at)->lane))
        at++;
    if (at == work->waiting)
        return false;
    *out = *place(work, at);
    for (; at > 0; at--) /* those before it stay in their order */
        *place(work, at) = *place(work, at - 1);
    work->first = (work->first + 1) % work->room;
    work->waiting--;
    work->lanes[work->busy++] = out->lane;
    return true;
}

/* A task is over; with the lock. */
static void leave_lane(struct srd_work *work, uint64_t lane)
{
    size_t at = 0;

    while (work->lanes[at] != lane)
        at++;
    work->lanes[at] = work->lanes[--work->busy];
}

/* ---- threads ---- */

/* The next task, or false: this thread is not needed any longer. With the lock. */
static bool next_task(struct srd_work *work, struct task *out)
{
    int64_t until = srd_clock_monotonic_ms() + PATIENCE_MS;
    bool late = false, found;

    while (!(found = take_task(work, out)) && !work->quit && !late) {
        work->idle++;
        late = !srd_wait_until(&work->some, &work->lock, until);
        work->idle--;
    }
    return found;
}

static void *labour(void *context)
{
    struct srd_work *work = context;
    struct task task;
    pthread_t before;
    bool has_before;

    pthread_mutex_lock(&work->lock);
    while (next_task(work, &task)) {
        pthread_mutex_unlock(&work->lock);
        task.run(task.what);
        pthread_mutex_lock(&work->lock);
        leave_lane(work, task.lane);
    }
    before = work->ended;
    has_before = work->has_ended;
    work->ended = pthread_self();
    work->has_ended = true;
    work->threads--;
    pthread_cond_signal(&work->none);
    pthread_mutex_unlock(&work->lock);
    if (has_before)
        pthread_join(before, NULL);
    return NULL;
}

/* Is there a thread that will take one more task soon? Starts one if not. With the lock. */
static bool has_hands(struct srd_work *work)
{
    sigset_t all, before;
    pthread_t thread;
    int failed;

    if (work->idle > work->waiting || work->threads == work->most)
        return true;
    sigfillset(&all); /* signals are for the threads of the program */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&thread, NULL, labour, work);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    work->threads += !failed;
    return work->threads > 0;
}

bool srd_work_submit(struct srd_work *work, void (*run)(void *), void *what)
{
    return srd_work_submit_to(work, 0, run, what);
}

bool srd_work_submit_to(struct srd_work *work, uint64_t lane, void (*run)(void *), void *what)
{
    bool taken;

    pthread_mutex_lock(&work->lock);
    taken = !work->quit && may_wait(work, lane) && has_hands(work);
    if (taken) {
        *place(work, work->waiting++) = (struct task){ lane, run, what };
        pthread_cond_signal(&work->some);
    }
    pthread_mutex_unlock(&work->lock);
    return taken;
}

bool srd_work_lend(void *work, void (*run)(void *), void *what)
{
    return srd_work_submit(work, run, what);
}

size_t srd_work_running(struct srd_work *work)
{
    size_t running;

    pthread_mutex_lock(&work->lock);
    running = work->threads - work->idle;
    pthread_mutex_unlock(&work->lock);
    return running;
}

size_t srd_work_waiting(struct srd_work *work)
{
    size_t waiting;

    pthread_mutex_lock(&work->lock);
    waiting = work->waiting;
    pthread_mutex_unlock(&work->lock);
    return waiting;
}

void srd_work_end(struct srd_work *work)
{
    bool has_ended;

    pthread_mutex_lock(&work->lock);
    work->quit = true;
    pthread_cond_broadcast(&work->some);
    while (work->threads)
        srd_wait_until(&work->none, &work->lock, INT64_MAX);
    has_ended = work->has_ended;
    work->has_ended = false;
    pthread_mutex_unlock(&work->lock);
    if (has_ended)
        pthread_join(work->ended, NULL);
}

void srd_work_free(struct srd_work **pointer)
{
    struct srd_work *work = *pointer;

    *pointer = NULL;
    if (!work)
        return;
    srd_work_end(work);
    pthread_cond_destroy(&work->some);
    pthread_cond_destroy(&work->none);
    pthread_mutex_destroy(&work->lock);
    free(work->ring);
    free(work->lanes);
    free(work);
}
