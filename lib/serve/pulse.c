/* Who wants to be called, and when? */

#include "lib/serve/pulse.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <utlist.h>

#include "lib/base/arena.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"

struct srd_pulse {
    pthread_mutex_t lock; /* held while somebody is called, so that removing waits for that */
    pthread_cond_t change;
    struct srd_beat *beats;
    int64_t wakes_ms; /* when the thread looks next */
    pthread_t thread;
    bool running, quit;
};

struct srd_pulse *srd_pulse_new(void)
{
    struct srd_pulse *pulse = calloc(1, sizeof(*pulse));

    if (!pulse)
        srd_no_memory();
    pthread_mutex_init(&pulse->lock, NULL);
    srd_wait_init(&pulse->change);
    return pulse;
}

static void *beat(void *context)
{
    struct srd_pulse *pulse = context;

    pthread_mutex_lock(&pulse->lock);
    while (!pulse->quit) {
        int64_t now = srd_clock_monotonic_ms(), next = INT64_MAX;
        struct srd_beat *at;

        DL_FOREACH2(pulse->beats, at, after)
        {
            if (at->due_ms <= now)
                at->due_ms = at->call(at->context, now);
            next = at->due_ms < next ? at->due_ms : next;
        }
        pulse->wakes_ms = next;
        srd_wait_until(&pulse->change, &pulse->lock, next);
    }
    pthread_mutex_unlock(&pulse->lock);
    return NULL;
}

/* With the lock. Without a thread nobody is called, and nothing else is lost. */
static void start(struct srd_pulse *pulse)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pulse->running = pthread_create(&pulse->thread, NULL, beat, pulse) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void srd_pulse_free(struct srd_pulse **pulse)
{
    struct srd_pulse *p = *pulse;

    *pulse = NULL;
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->quit = true;
    pthread_cond_signal(&p->change);
    pthread_mutex_unlock(&p->lock);
    if (p->running)
        pthread_join(p->thread, NULL);
    pthread_cond_destroy(&p->change);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void srd_pulse_add(struct srd_pulse *pulse, struct srd_beat *beat, int64_t due_ms)
{
    pthread_mutex_lock(&pulse->lock);
    beat->due_ms = due_ms;
    DL_APPEND2(pulse->beats, beat, before, after);
    if (!pulse->running)
        start(pulse);
    else if (due_ms < pulse->wakes_ms)
        pthread_cond_signal(&pulse->change);
    pthread_mutex_unlock(&pulse->lock);
}

void srd_pulse_remove(struct srd_pulse *pulse, struct srd_beat *beat)
{
    pthread_mutex_lock(&pulse->lock);
    if (beat->before) { /* of the first it is the last */
        DL_DELETE2(pulse->beats, beat, before, after);
        beat->before = beat->after = NULL;
    }
    pthread_mutex_unlock(&pulse->lock);
}
