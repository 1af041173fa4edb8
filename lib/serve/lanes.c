/* How do many share a pool of threads without one of them taking it all? */

#include "lib/serve/lanes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "lib/base/arena.h"

struct lane;

struct task {
    struct srd_lanes *lanes;
    struct lane *lane;
    void (*run)(void *);
    void *what;
    struct task *next;
};

struct lane {
    char *name;
    size_t running, waiting;
    struct task *first, **last;
    UT_hash_handle hh;
};

struct srd_lanes {
    struct srd_work *work;
    size_t most_waiting;
    pthread_mutex_t lock;
    struct lane *lanes; /* those in which something runs */
    size_t waiting;
};

struct srd_lanes *srd_lanes_new(struct srd_work *work, size_t waiting)
{
    struct srd_lanes *lanes = calloc(1, sizeof(*lanes));

    if (!lanes)
        srd_no_memory();
    lanes->work = work;
    lanes->most_waiting = waiting;
    pthread_mutex_init(&lanes->lock, NULL);
    return lanes;
}

void srd_lanes_free(struct srd_lanes **lanes)
{
    struct srd_lanes *l = *lanes;

    *lanes = NULL;
    if (!l)
        return;
    pthread_mutex_destroy(&l->lock);
    free(l);
}

/* With the lock. */
static struct lane *find(struct srd_lanes *lanes, const char *name)
{
    struct lane *lane;

    HASH_FIND_STR(lanes->lanes, name, lane);
    if (lane)
        return lane;
    lane = calloc(1, sizeof(*lane));
    if (!lane || !(lane->name = strdup(name)))
        srd_no_memory();
    lane->last = &lane->first;
    HASH_ADD_KEYPTR(hh, lanes->lanes, lane->name, strlen(lane->name), lane);
    return lane;
}

/* One less runs. With the lock. */
static void leave(struct srd_lanes *lanes, struct lane *lane)
{
    if (--lane->running || lane->waiting)
        return;
    HASH_DEL(lanes->lanes, lane);
    free(lane->name);
    free(lane);
}

/* One of @lane is over: the next of those who wait for it, or NULL. With the lock. */
static struct task *next_of(struct srd_lanes *lanes, struct lane *lane)
{
    struct task *task = lane->first;

    if (task) {
        lane->first = task->next;
        if (!lane->first)
            lane->last = &lane->first;
        lane->waiting--;
        lanes->waiting--;
        return task;
    }
    leave(lanes, lane);
    return NULL;
}

static void labour(void *context)
{
    struct task *task = context;

    while (task) {
        struct srd_lanes *lanes = task->lanes;
        struct lane *lane = task->lane;

        task->run(task->what);
        free(task);
        pthread_mutex_lock(&lanes->lock);
        task = next_of(lanes, lane);
        pthread_mutex_unlock(&lanes->lock);
        /* behind what others have submitted meanwhile; if the pool is full, here and now */
        if (task && srd_work_submit(lanes->work, labour, task))
            return;
    }
}

bool srd_lanes_submit(struct srd_lanes *lanes, const char *name, size_t most, void (*run)(void *),
                      void *what)
{
    struct task *task = calloc(1, sizeof(*task));
    bool at_once, taken = true;
    struct lane *lane;

    if (!task)
        srd_no_memory();
    pthread_mutex_lock(&lanes->lock);
    lane = find(lanes, name);
    *task = (struct task){ .lanes = lanes, .lane = lane, .run = run, .what = what };
    at_once = !lane->running || (lane->running < most && !lane->waiting);
    if (at_once) {
        lane->running++;
        taken = srd_work_submit(lanes->work, labour, task);
        if (!taken)
            leave(lanes, lane);
    } else if (lane->waiting < lanes->most_waiting) {
        *lane->last = task;
        lane->last = &task->next;
        lane->waiting++;
        lanes->waiting++;
    } else {
        taken = false;
    }
    pthread_mutex_unlock(&lanes->lock);
    if (!taken)
        free(task);
    return taken;
}

size_t srd_lanes_waiting(struct srd_lanes *lanes)
{
    size_t waiting;

    pthread_mutex_lock(&lanes->lock);
    waiting = lanes->waiting;
    pthread_mutex_unlock(&lanes->lock);
    return waiting;
}
