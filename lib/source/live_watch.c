/* Who ends a statement that is late, or that nobody waits for any longer? */

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/source/live_private.h"

void srd_live_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool srd_live_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms)
{
    struct timespec until = { .tv_sec = (time_t)(until_ms / 1000),
                              .tv_nsec = (long)(until_ms % 1000) * 1000000L };

    if (until_ms == INT64_MAX)
        return pthread_cond_wait(cond, lock) == 0;
    return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}

/*
 * First the KILL, which ends the statement on the server; the connection then says so by itself.
 * One that stays silent is cut, which frees our thread whatever the server does.
 */
static void end(struct srd_live *live, struct srd_live_slot *slot, int64_t now)
{
    if (slot->end) {
        if (!slot->cut && now >= slot->cut_at_ms) {
            slot->cut = true;
            if (slot->session->cut_fd >= 0)
                shutdown(slot->session->cut_fd, SHUT_RDWR);
        }
        return;
    }
    slot->end = atomic_load(&live->cancelled) ? SRD_LIVE_CANCELLED : SRD_LIVE_LATE;
    slot->cut_at_ms = now + SRD_LIVE_CUT_AFTER_MS;
    slot->kill = srd_live_kill_start(live->access, &slot->session->host, &slot->victim);
}

static int64_t next_event(const struct srd_live_slot *slot)
{
    if (slot->state != SRD_LIVE_RUNNING || slot->cut)
        return INT64_MAX;
    return slot->end ? slot->cut_at_ms : slot->deadline_ms;
}

static void *watch(void *context)
{
    struct srd_live *live = context;

    pthread_mutex_lock(&live->lock);
    while (!live->quit) {
        int64_t now = srd_clock_monotonic_ms(), next = INT64_MAX;

        for (size_t i = 0; i < SRD_LIVE_MAX_PARALLEL; i++) {
            struct srd_live_slot *slot = &live->slots[i];

            if (next_event(slot) <= now ||
                (slot->state == SRD_LIVE_RUNNING && !slot->end && atomic_load(&live->cancelled)))
                end(live, slot, now);
            next = next_event(slot) < next ? next_event(slot) : next;
        }
        live->wakes_at_ms = next;
        srd_live_cond_wait(&live->alarm, &live->lock, next);
    }
    pthread_mutex_unlock(&live->lock);
    return NULL;
}

bool srd_live_watch(struct srd_live *live, struct srd_live_slot *slot)
{
    sigset_t all, before;

    if (live->watching) {
        /* most statements end long before any deadline: the watchdog sleeps on */
        if (slot->deadline_ms < live->wakes_at_ms || atomic_load(&live->cancelled))
            pthread_cond_signal(&live->alarm);
        return true;
    }
    sigfillset(&all); /* signals are for the threads of the program */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    live->watching = pthread_create(&live->watchdog, NULL, watch, live) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return live->watching;
}

void srd_live_watch_stop(struct srd_live *live)
{
    if (!live->watching)
        return;
    live->quit = true;
    pthread_cond_signal(&live->alarm);
    pthread_mutex_unlock(&live->lock);
    pthread_join(live->watchdog, NULL);
    pthread_mutex_lock(&live->lock);
    live->watching = false;
}
