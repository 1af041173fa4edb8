/* Which of a cluster's agents answers, and what if none does? */

#include "lib/serve/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/log.h"
#include "lib/base/wait.h"
#include "lib/model/identity.h"
#include "lib/serve/remote_private.h"

#define CHECK_MS 5000
#define BREAKER_MS 5000
/* Of a round: a cluster of ten million tablets needs a tenth of it, and there are many tenants. */
#define MAX_ANSWER ((size_t)128 << 20)
#define GLANCE_MS 250 /* who set a look going waits for it this long */

/* ---- life ---- */

struct srd_remote *srd_remote_new(const struct srd_tenant_agents *agents,
                                  const struct srd_remote_options *options)
{
    struct srd_remote *r = calloc(1, sizeof(*r));

    if (!r)
        srd_no_memory();
    atomic_init(&r->users, 1);
    r->arena = srd_arena_new();
    for (; agents->urls[r->count]; r->count++) {
        r->agents.urls[r->count] = srd_arena_copy(r->arena, agents->urls[r->count]);
        r->states[r->count].latency_ms = -1;
    }
    r->agents.token = srd_arena_copy(r->arena, agents->token);
    r->agents.previous = srd_arena_copy(r->arena, agents->previous);
    r->agents.ca = srd_arena_copy(r->arena, agents->ca);
    r->agents.pin = srd_arena_copy(r->arena, agents->pin);
    r->options = *options;
    if (!r->options.check_ms)
        r->options.check_ms = CHECK_MS;
    if (!r->options.breaker_ms)
        r->options.breaker_ms = BREAKER_MS;
    r->troubled = r->count;
    pthread_mutex_init(&r->lock, NULL);
    srd_wait_init(&r->change);
    return r;
}

struct srd_remote *srd_remote_hold(struct srd_remote *remote)
{
    atomic_fetch_add(&remote->users, 1);
    return remote;
}

static void wipe(const char *secret)
{
    char *own = (char *)(uintptr_t)secret; /* our own copy */

    if (own)
        srd_wipe(own, strlen(own));
}

void srd_remote_drop(struct srd_remote **pointer)
{
    struct srd_remote *r = *pointer;

    *pointer = NULL;
    if (!r || atomic_fetch_sub(&r->users, 1) > 1)
        return;
    wipe(r->agents.token);
    wipe(r->agents.previous);
    pthread_cond_destroy(&r->change);
    pthread_mutex_destroy(&r->lock);
    srd_arena_free(&r->arena);
    free(r);
}

void srd_remote_stop(struct srd_remote *remote)
{
    pthread_mutex_lock(&remote->lock);
    remote->stopped = true;
    for (size_t i = 0; i < remote->count; i++)
        if (remote->states[i].looked_at)
            remote->states[i].looked_at->ops->cancel(remote->states[i].looked_at);
    pthread_cond_broadcast(&remote->change);
    pthread_mutex_unlock(&remote->lock);
}

bool srd_remote_same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

bool srd_remote_is(const struct srd_remote *remote, const struct srd_tenant_agents *agents)
{
    for (size_t i = 0; i <= remote->count; i++)
        if (!srd_remote_same_text(remote->agents.urls[i], agents->urls[i]))
            return false;
    return srd_remote_same_text(remote->agents.token, agents->token) &&
           srd_remote_same_text(remote->agents.previous, agents->previous) &&
           srd_remote_same_text(remote->agents.ca, agents->ca) &&
           srd_remote_same_text(remote->agents.pin, agents->pin);
}

/* ---- what is known ---- */

void srd_remote_well(struct srd_remote *r, size_t i, const struct srd_source *src,
                     int64_t latency_ms)
{
    struct srd_remote_agent *s = &r->states[i];

    pthread_mutex_lock(&r->lock);
    s->known = true;
    s->down = false;
    s->fault = SRD_AGENT_FINE;
    s->contact_at_ms = srd_clock_now_ms();
    snprintf(s->version, sizeof(s->version), "%s", srd_agent_version(src));
    if (latency_ms >= 0)
        s->latency_ms = latency_ms;
    if (r->troubled == i)
        r->troubled = r->count;
    pthread_mutex_unlock(&r->lock);
}

/* One that says no is there, and may say yes to the next. */
void srd_remote_fell(struct srd_remote *r, size_t i, enum srd_agent_fault fault,
                     const struct srd_error *err)
{
    struct srd_remote_agent *s = &r->states[i];

    pthread_mutex_lock(&r->lock);
    s->known = true;
    s->down = fault != SRD_AGENT_REFUSES;
    s->fault = fault;
    s->why = *err;
    s->again_ms = srd_clock_monotonic_ms() + r->options.breaker_ms;
    r->troubled = i;
    pthread_mutex_unlock(&r->lock);
}

void srd_remote_identify(struct srd_remote *r, size_t i, const char *id)
{
    const struct srd_remote_agent *other = NULL;
    size_t n = 0;

    pthread_mutex_lock(&r->lock);
    snprintf(r->states[i].cluster_id, sizeof(r->states[i].cluster_id), "%s", id);
    for (size_t k = 0; k < r->count && !r->warned && !other; n = k++)
        if (*r->states[k].cluster_id &&
            strcmp(r->states[k].cluster_id, r->states[i].cluster_id) != 0)
            other = &r->states[k];
    r->warned = r->warned || other;
    pthread_mutex_unlock(&r->lock);
    if (other)
        srd_log(SRD_LOG_WARNING,
                "the agents %s and %s stand for one tenant, and their clusters are not the same",
                r->agents.urls[n], r->agents.urls[i]);
}

static void copy_state(const struct srd_remote *r, size_t i, struct srd_arena *arena,
                       struct srd_remote_state *out)
{
    const struct srd_remote_agent *s = &r->states[i];

    *out = (struct srd_remote_state){
        .url = srd_arena_copy(arena, r->agents.urls[i]),
        .known = s->known,
        .fault = s->fault,
        .error = s->fault != SRD_AGENT_FINE ? srd_arena_copy(arena, s->why.text) : NULL,
        .version = *s->version ? srd_arena_copy(arena, s->version) : NULL,
        .contact_at_ms = s->contact_at_ms,
        .latency_ms = s->latency_ms,
    };
}

size_t srd_remote_states(struct srd_remote *remote, struct srd_arena *arena,
                         struct srd_remote_state **out)
{
    *out = srd_arena_array(arena, remote->count + 1, sizeof(**out));
    pthread_mutex_lock(&remote->lock);
    for (size_t i = 0; i < remote->count; i++)
        copy_state(remote, i, arena, &(*out)[i]);
    pthread_mutex_unlock(&remote->lock);
    return remote->count;
}

bool srd_remote_trouble(struct srd_remote *remote, struct srd_arena *arena,
                        struct srd_remote_state *out)
{
    bool some;

    pthread_mutex_lock(&remote->lock);
    some = remote->troubled < remote->count;
    if (some)
        copy_state(remote, remote->troubled, arena, out);
    pthread_mutex_unlock(&remote->lock);
    return some;
}

/* ---- is an agent well? ---- */

static int open_agent(const struct srd_remote *r, size_t i, bool previous, struct srd_source **out,
                      struct srd_error *err)
{
    struct srd_agent_access access = { .url = r->agents.urls[i],
                                       .token = previous ? r->agents.previous : r->agents.token,
                                       .ca = r->agents.ca,
                                       .pin = r->agents.pin,
                                       .connect_ms = r->options.check_ms,
                                       .max_bytes = MAX_ANSWER };

    return srd_agent_open(&access, out, err);
}

/* The time of its cluster: 0 if it is told. */
static int ask_time(struct srd_source *src, int64_t deadline_ms, struct srd_error *err)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_probe *probe = &srd_probe_clock;
    const struct srd_probe_text *text = srd_probe_text(probe, 0, SRD_MODE_ANY);
    struct srd_question q = { .probe = probe, .key = "", .node = "", .deadline_ms = deadline_ms };
    struct srd_answer answer = { .probe = probe, .key = "", .node = "", .detail = "" };

    if (!text || srd_probe_render(probe, text, NULL, arena, &q.sql, err))
        return srd_fail(err, SRD_E_INTERNAL, "there is no statement that asks for the time");
    if (src->ops->ask(src, &q, arena, &answer, err))
        return (int)err->code;
    if (srd_agent_fault(src) == SRD_AGENT_SILENT)
        return srd_fail(err, SRD_E_CONNECT, "%s", answer.detail);
    return 0; /* also when the cluster is slow or says no: the agent is well */
}

/* One attempt with one token. @out: the source, if it is well. */
static int attempt(struct srd_remote *r, size_t i, bool previous, bool look, int64_t deadline_ms,
                   struct srd_source **out, enum srd_agent_fault *fault, struct srd_error *err)
{
    SRD_CLEANUP(srd_source_close) struct srd_source *src = NULL;
    int64_t begun = srd_clock_monotonic_ms(), soon = begun + r->options.check_ms;
    bool stopped = false;

    *fault = SRD_AGENT_LOST;
    *err = (struct srd_error){ 0 };
    if (open_agent(r, i, previous, &src, err))
        return (int)err->code;
    if (look) {
        pthread_mutex_lock(&r->lock);
        stopped = r->stopped;
        r->states[i].looked_at = src;
        pthread_mutex_unlock(&r->lock);
    }
    if (stopped)
        srd_fail(err, SRD_E_CANCELLED, "the server ends");
    else
        ask_time(src, soon < deadline_ms ? soon : deadline_ms, err);
    if (look) {
        pthread_mutex_lock(&r->lock);
        r->states[i].looked_at = NULL;
        pthread_mutex_unlock(&r->lock);
    }
    *fault = srd_agent_fault(src);
    if (err->code)
        return (int)err->code;
    srd_remote_well(r, i, src, srd_clock_monotonic_ms() - begun);
    *out = SRD_TAKE(src);
    return 0;
}

/* With either token; notes what it finds. */
static int check(struct srd_remote *r, size_t i, bool look, int64_t deadline_ms,
                 struct srd_source **out, struct srd_error *err)
{
    enum srd_agent_fault fault;
    bool previous;

    pthread_mutex_lock(&r->lock);
    previous = r->states[i].previous;
    pthread_mutex_unlock(&r->lock);
    if (attempt(r, i, previous, look, deadline_ms, out, &fault, err) && fault == SRD_AGENT_TOKEN &&
        r->agents.previous && !attempt(r, i, !previous, look, deadline_ms, out, &fault, err)) {
        pthread_mutex_lock(&r->lock);
        r->states[i].previous = !previous;
        pthread_mutex_unlock(&r->lock);
    }
    if (err->code)
        srd_remote_fell(r, i, fault, err);
    return (int)err->code;
}

/* ---- looking again at one that is down ---- */

struct look {
    struct srd_remote *remote;
    size_t agent;
};

static void run_look(void *what)
{
    SRD_CLEANUP(srd_source_close) struct srd_source *src = NULL;
    struct look *look = what;
    struct srd_remote *r = look->remote;
    struct srd_error err = { 0 };

    check(r, look->agent, true, INT64_MAX, &src, &err);
    pthread_mutex_lock(&r->lock);
    r->states[look->agent].looking = false;
    pthread_cond_broadcast(&r->change);
    pthread_mutex_unlock(&r->lock);
    srd_source_close(&src);
    srd_remote_drop(&look->remote);
    free(look);
}

/* With the lock. */
static void begin_look(struct srd_remote *r, size_t i)
{
    struct look *look;

    if (r->stopped || r->states[i].looking)
        return;
    look = calloc(1, sizeof(*look));
    if (!look)
        srd_no_memory();
    *look = (struct look){ .remote = srd_remote_hold(r), .agent = i };
    r->states[i].looking = true;
    if (srd_work_submit(r->options.work, run_look, look))
        return;
    r->states[i].looking = false;
    srd_remote_drop(&look->remote);
    free(look);
}

/* Which agent shall be asked next? -1: none. *@looks: agents that are being looked at for us. */
static int choose(struct srd_remote *r, unsigned tried, unsigned *looks)
{
    int64_t now = srd_clock_monotonic_ms();
    int best = -1;

    for (size_t i = 0; i < r->count; i++) {
        struct srd_remote_agent *s = &r->states[i];

        if (tried & 1U << i)
            continue;
        if (!s->down || (!r->options.work && s->again_ms <= now)) {
            best = best < 0 ? (int)i : best;
        } else if (s->again_ms <= now && !s->looking) {
            begin_look(r, i);
            *looks |= 1U << i;
        }
    }
    return best;
}

/* Waits a moment for looks that were set going; true: one ended well. With the lock. */
static bool wait_a_moment(struct srd_remote *r, unsigned looks)
{
    int64_t until = srd_clock_monotonic_ms() + GLANCE_MS;
    bool in_time = true;

    for (;;) {
        bool under_way = false;

        for (size_t i = 0; i < r->count; i++) {
            if (!(looks & 1U << i))
                continue;
            if (!r->states[i].looking && !r->states[i].down)
                return true;
            under_way = under_way || r->states[i].looking;
        }
        if (!under_way || !in_time || r->stopped)
            return false;
        in_time = srd_wait_until(&r->change, &r->lock, until);
    }
}

/* The error of the first, with how old it is; with the lock. */
static int refuse(const struct srd_remote *r, struct srd_error *err)
{
    const struct srd_remote_agent *s = &r->states[r->troubled < r->count ? r->troubled : 0];
    int64_t ago = srd_clock_monotonic_ms() - (s->again_ms - r->options.breaker_ms);

    return srd_fail(err, s->why.code, "%s (%lld s ago)", s->why.text, (long long)ago / 1000);
}

int srd_remote_engage(struct srd_remote *r, unsigned *tried, int64_t deadline_ms, size_t *index,
                      struct srd_source **out, struct srd_error *err)
{
    for (;;) {
        unsigned looks = 0;
        int i;

        pthread_mutex_lock(&r->lock);
        i = choose(r, *tried, &looks);
        if (i < 0 && looks && wait_a_moment(r, looks))
            i = choose(r, *tried, &looks);
        if (i < 0) {
            if (!err->code) /* else it is what the last one said just now */
                refuse(r, err);
            pthread_mutex_unlock(&r->lock);
            return (int)err->code;
        }
        pthread_mutex_unlock(&r->lock);
        *tried |= 1U << i;
        *index = (size_t)i;
        if (!check(r, (size_t)i, false, deadline_ms, out, err))
            return 0;
    }
}

int srd_remote_test(struct srd_remote *remote, struct srd_error *err)
{
    struct srd_error first = { 0 };
    bool well = false;

    for (size_t i = 0; i < remote->count; i++) {
        SRD_CLEANUP(srd_source_close) struct srd_source *src = NULL;
        struct srd_error one = { 0 };

        if (!check(remote, i, false, INT64_MAX, &src, &one))
            well = true;
        else if (!first.code)
            first = one;
    }
    if (!well)
        *err = first;
    return (int)err->code;
}
