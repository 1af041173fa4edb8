/* Over which connection is a question asked: one that is free, or a new one? */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/source/live_private.h"

/*
 * So long a question waits for a connection that is in use before it makes one of its own: about what
 * a login costs, so that short statements share connections and long ones lose no more than that.
 */
#define PATIENCE_MS 4

static bool run_ended(void *context)
{
    struct srd_live *live = context;

    return atomic_load(&live->cancelled);
}

static bool leads_home(const struct srd_live *live, const struct srd_live_session *session)
{
    if (srd_live_session_leads_to(session, live->home.name))
        return true;
    for (size_t i = 0; i < live->host_count; i++)
        if (srd_live_session_leads_to(session, live->hosts[i].name))
            return true;
    return false;
}

static bool suits(const struct srd_live *live, const struct srd_live_slot *slot,
                  const struct srd_live_host *want)
{
    return want ? srd_live_session_leads_to(slot->session, want->name)
                : leads_home(live, slot->session);
}

/* The number of slots with a session that could do for @want, now or when they become idle. */
static size_t usable(const struct srd_live *live, const struct srd_live_host *want)
{
    size_t n = 0;

    for (size_t i = 0; i < SRD_LIVE_MAX_PARALLEL; i++)
        n += live->slots[i].session && suits(live, &live->slots[i], want);
    return n;
}

size_t srd_live_sessions(const struct srd_live *live)
{
    size_t n = 0;

    for (size_t i = 0; i < SRD_LIVE_MAX_PARALLEL; i++)
        n += live->slots[i].session != NULL;
    return n;
}

/*
 * An idle session that suits, else (unless @patient and one that suits is in use) a slot in which one can
 * be made: a free one, or that of an idle session to another FE, which is closed. NULL: wait. With the
 * lock.
 */
static struct srd_live_slot *find_slot(struct srd_live *live, const struct srd_live_host *want,
                                       bool patient)
{
    struct srd_live_slot *free_slot = NULL, *other = NULL;
    size_t taken = 0;

    for (size_t i = 0; i < SRD_LIVE_MAX_PARALLEL; i++) {
        struct srd_live_slot *slot = &live->slots[i];

        taken += slot->state != SRD_LIVE_FREE;
        if (slot->state == SRD_LIVE_FREE && !free_slot)
            free_slot = slot;
        if (slot->state == SRD_LIVE_IDLE && suits(live, slot, want))
            return slot;
        if (slot->state == SRD_LIVE_IDLE)
            other = slot;
    }
    if (patient && usable(live, want))
        return NULL;
    if (free_slot && taken < live->slot_count)
        return free_slot;
    if (other)
        srd_live_session_close(
            &other->session); /* a few bytes to an idle FE: may be under the lock */
    return other;
}

void srd_live_slot_release(struct srd_live *live, struct srd_live_slot *slot, bool keep)
{
    struct srd_live_session *session = keep ? NULL : SRD_TAKE(slot->session);

    slot->state = keep ? SRD_LIVE_IDLE : SRD_LIVE_FREE;
    pthread_cond_broadcast(&live->change);
    if (session) { /* a cut connection may have something to say to the system yet */
        pthread_mutex_unlock(&live->lock);
        srd_live_session_close(&session);
        pthread_mutex_lock(&live->lock);
    }
}

/*
 * Connects @slot to @want, or with NULL to the home FE and then to the other hosts. Gives the lock
 * up meanwhile.
 */
static int connect_slot(struct srd_live *live, struct srd_live_slot *slot,
                        const struct srd_live_host *want, int64_t deadline_ms,
                        struct srd_error *err)
{
    struct srd_live_host home = want ? *want : live->home;
    struct srd_live_session *session = NULL;
    struct srd_error other;

    slot->state = SRD_LIVE_CONNECTING;
    pthread_mutex_unlock(&live->lock);
    srd_live_connect(live->access, &home, deadline_ms, run_ended, live, &session, err);
    for (size_t i = 0; !session && !want && i < live->host_count; i++) {
        if (err->code != SRD_E_CONNECT)
            break;
        if (strcmp(live->hosts[i].name, home.name))
            srd_live_connect(live->access, &live->hosts[i], deadline_ms, run_ended, live, &session,
                             &other);
    }
    pthread_mutex_lock(&live->lock);
    slot->session = session;
    if (!session) {
        srd_live_slot_release(live, slot, false);
        return err->code;
    }
    slot->state = SRD_LIVE_IDLE;
    if (session->zone_refused)
        live->base.session_zone_unknown = true;
    return 0;
}

int srd_live_slot_get(struct srd_live *live, const struct srd_live_host *want, int64_t deadline_ms,
                      struct srd_live_slot **out, struct srd_error *err)
{
    int64_t patient_until = srd_clock_monotonic_ms() + PATIENCE_MS;

    for (;;) {
        int64_t now = srd_clock_monotonic_ms();
        bool patient = now < patient_until && patient_until < deadline_ms;
        struct srd_live_slot *slot;

        if (atomic_load(&live->cancelled))
            return srd_fail(err, SRD_E_CANCELLED, "the run was ended");
        if (now >= deadline_ms)
            return srd_fail(err, SRD_E_TIMEOUT, "no connection was free in time");
        slot = find_slot(live, want, patient);
        if (!slot) {
            srd_live_cond_wait(&live->change, &live->lock, patient ? patient_until : deadline_ms);
            continue;
        }
        *out = slot;
        if (slot->session)
            return 0;
        if (connect_slot(live, slot, want, deadline_ms, err) == 0)
            continue; /* it is idle now, and the run may have ended meanwhile */
        if (err->code != SRD_E_CONNECT || !usable(live, want))
            return err->code;
        /* the FE admits no more of us: share what there is */
        srd_log(SRD_LOG_INFO, "going on with fewer connections: %s", err->text);
        live->slot_count = srd_live_sessions(live);
    }
}

void srd_live_drop_idle(struct srd_live *live, const struct srd_live_host *host)
{
    for (size_t i = 0; i < SRD_LIVE_MAX_PARALLEL; i++)
        if (live->slots[i].state == SRD_LIVE_IDLE &&
            srd_live_session_leads_to(live->slots[i].session, host->name))
            srd_live_slot_release(live, &live->slots[i], false);
}
