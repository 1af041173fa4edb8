/* How do many callers share one cluster without hurting it? */

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/base/wait.h"
#include "lib/model/identity.h"
#include "lib/serve/clusters_private.h"

#define DEFAULT_STATEMENTS 4
#define DEFAULT_POOL 4
#define DEFAULT_POOL_WAIT_MS 30000
#define DEFAULT_POOL_AGE_MS 3600000
#define FRESH_MS 5000
#define CHECK_MS 2000 /* an answer to the check takes no longer */
#define IDLE_MS 60000 /* then a source is closed */
#define BREAKER_MS 5000
#define LOOK_MS 50 /* how soon a waiting caller sees that nobody wants it any more */

/* ---- life ---- */

static struct srd_live_options copy_live(const struct srd_live_options *live,
                                         struct srd_arena *arena)
{
    struct srd_live_options copy = *live;

    copy.hosts = srd_arena_copy(arena, live->hosts);
    copy.user = srd_arena_copy(arena, live->user);
    copy.password = srd_arena_copy(arena, live->password);
    copy.socket = srd_arena_copy(arena, live->socket);
    copy.tls_ca = srd_arena_copy(arena, live->tls_ca);
    copy.tls_cert = srd_arena_copy(arena, live->tls_cert);
    copy.tls_key = srd_arena_copy(arena, live->tls_key);
    return copy;
}

static struct srd_place_limits with_defaults(const struct srd_place_limits *limits)
{
    struct srd_place_limits out = *limits;

    out.statements = out.statements ? out.statements : DEFAULT_STATEMENTS;
    out.pool = out.pool ? out.pool : DEFAULT_POOL;
    out.pool = out.pool < SRD_PLACE_MAX_POOL ? out.pool : SRD_PLACE_MAX_POOL;
    out.pool_wait_ms = out.pool_wait_ms ? out.pool_wait_ms : DEFAULT_POOL_WAIT_MS;
    out.pool_age_ms = out.pool_age_ms ? out.pool_age_ms : DEFAULT_POOL_AGE_MS;
    out.fresh_ms = out.fresh_ms ? out.fresh_ms : FRESH_MS;
    out.breaker_ms = out.breaker_ms ? out.breaker_ms : BREAKER_MS;
    return out;
}

struct srd_place *srd_place_new(const struct srd_desk_cluster *cluster,
                                const struct srd_place_limits *limits)
{
    struct srd_place *place = calloc(1, sizeof(*place));

    if (!place)
        srd_no_memory();
    atomic_init(&place->users, 1);
    place->arena = srd_arena_new();
    place->cluster = *cluster;
    place->cluster.tenant = srd_arena_copy(place->arena, cluster->tenant);
    place->cluster.name = srd_arena_copy(place->arena, cluster->name);
    place->cluster.live = copy_live(&cluster->live, place->arena);
    place->cluster.agents = NULL; /* the remote has its own */
    place->limits = with_defaults(limits);
    if (cluster->agents) {
        struct srd_remote_options how = { .work = limits->looks, .breaker_ms = limits->breaker_ms };

        place->remote = srd_remote_new(cluster->agents, &how);
    }
    place->score = -1;
    pthread_mutex_init(&place->lock, NULL);
    srd_wait_init(&place->change);
    return place;
}

struct srd_place *srd_place_hold(struct srd_place *place)
{
    atomic_fetch_add(&place->users, 1);
    return place;
}

void srd_place_drop(struct srd_place **pointer)
{
    struct srd_place *place = *pointer;
    char *password;

    *pointer = NULL;
    if (!place || atomic_fetch_sub(&place->users, 1) > 1)
        return;
    for (size_t i = 0; i < place->idle_count; i++)
        srd_source_close(&place->idle[i].source);
    if (place->remote)
        srd_remote_stop(place->remote);
    srd_remote_drop(&place->remote);
    password = (char *)(uintptr_t)place->cluster.live.password; /* our own copy */
    if (password)
        srd_wipe(password, strlen(password));
    pthread_cond_destroy(&place->change);
    pthread_mutex_destroy(&place->lock);
    srd_arena_free(&place->arena);
    free(place);
}

static bool same_live(const struct srd_live_options *a, const struct srd_live_options *b)
{
    return srd_text_same(a->hosts, b->hosts) && a->port == b->port &&
           srd_text_same(a->user, b->user) && srd_text_same(a->password, b->password) &&
           srd_text_same(a->socket, b->socket) && a->tls == b->tls &&
           srd_text_same(a->tls_ca, b->tls_ca) && srd_text_same(a->tls_cert, b->tls_cert) &&
           srd_text_same(a->tls_key, b->tls_key) &&
           a->cleartext == b->cleartext && a->connect_timeout_s == b->connect_timeout_s &&
           a->query_timeout_s == b->query_timeout_s && a->parallel == b->parallel;
}

bool srd_place_is(const struct srd_place *place, const struct srd_desk_cluster *cluster,
                  const struct srd_place_limits *limits)
{
    struct srd_place_limits wanted = with_defaults(limits);

    return srd_text_same(place->cluster.tenant, cluster->tenant) &&
           srd_text_same(place->cluster.name, cluster->name) &&
           place->cluster.open == cluster->open &&
           place->cluster.open_data == cluster->open_data &&
           !place->remote == !cluster->agents &&
           (!place->remote || srd_remote_is(place->remote, cluster->agents)) &&
           same_live(&place->cluster.live, &cluster->live) &&
           place->limits.statements == wanted.statements && place->limits.pool == wanted.pool &&
           place->limits.pool_wait_ms == wanted.pool_wait_ms &&
           place->limits.pool_age_ms == wanted.pool_age_ms;
}

const char *srd_place_tenant(const struct srd_place *place)
{
    return place->cluster.tenant;
}

const char *srd_place_name(const struct srd_place *place)
{
    return place->cluster.name;
}

const char *srd_place_where(const struct srd_place *place)
{
    bool live = !place->cluster.open && !place->remote;

    return live && place->cluster.live.hosts ? place->cluster.live.hosts : "";
}

struct srd_remote *srd_place_remote(const struct srd_place *place)
{
    return place->remote;
}

/* ---- the pool ---- */

/* Does it still answer? A small question, within the budget like any other. */
static bool is_well(struct srd_source *src, int64_t deadline_ms)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_probe *probe = &srd_probe_clock;
    const struct srd_probe_text *text = srd_probe_text(probe, 0, SRD_MODE_ANY);
    int64_t soon = srd_clock_monotonic_ms() + CHECK_MS;
    struct srd_question q = { .probe = probe, .key = "", .node = "" };
    struct srd_answer answer = { .probe = probe, .key = "", .node = "", .detail = "" };
    struct srd_error err = { 0 };

    q.deadline_ms = soon < deadline_ms ? soon : deadline_ms;
    if (!text || srd_probe_render(probe, text, NULL, arena, &q.sql, &err))
        return true; /* nothing to ask */
    return !src->ops->ask(src, &q, arena, &answer, &err) && answer.status == SRD_ANSWERED;
}

static int open_source(struct srd_place *place, const volatile sig_atomic_t *cancel_flag,
                       struct srd_source **out, struct srd_error *err)
{
    const struct srd_desk_cluster *cluster = &place->cluster;

    if (place->remote)
        return srd_remote_open(place->remote, out, err);
    return cluster->open ? cluster->open(cluster, cancel_flag, out, err)
                         : srd_live_open(&cluster->live, cancel_flag, out, err);
}

/* With the lock. */
static void note_error(struct srd_place *place, const struct srd_error *err)
{
    int64_t now = srd_clock_monotonic_ms();

    place->asked = true;
    place->asked_at_ms = srd_clock_now_ms();
    place->reachable = false;
    memcpy(place->error, err->text, sizeof(place->error));
    place->down = *err;
    place->down_since_ms = now;
    /* agents have breakers of their own, which know when one is back */
    place->down_until_ms = place->remote ? 0 : now + place->limits.breaker_ms;
}

/* Opens a new one; called with the lock, which is given up meanwhile. @lent counts it already. */
static int open_one(struct srd_place *place, const volatile sig_atomic_t *cancel_flag,
                    struct srd_source **out, struct srd_error *err)
{
    place->opening = true;
    pthread_mutex_unlock(&place->lock);
    open_source(place, cancel_flag, out, err);
    pthread_mutex_lock(&place->lock);
    place->opening = false;
    pthread_cond_broadcast(&place->change);
    if (!err->code) {
        place->reachable = place->asked = true;
        place->asked_at_ms = srd_clock_now_ms();
        place->down_until_ms = 0;
        return 0;
    }
    place->lent--;
    if (err->code != SRD_E_CANCELLED)
        note_error(place, err);
    return err->code;
}

/* The newest that is idle, or NULL; with the lock. Old ones are closed. */
static struct srd_source *take_idle(struct srd_place *place, struct srd_place_idle *out)
{
    if (!place->idle_count)
        return NULL;
    *out = place->idle[--place->idle_count];
    return out->source;
}

/* A loan over @idle if it is fit for it, else NULL; without the lock. @lent counts it already. */
static struct srd_source *lend_idle(struct srd_place *place, struct srd_place_idle *idle,
                                    int64_t deadline_ms)
{
    int64_t now = srd_clock_monotonic_ms();
    SRD_CLEANUP(srd_source_close)
    struct srd_source *src = srd_loan_new(place, idle->source, idle->born_ms, deadline_ms);

    if (!srd_place_is_old(place, idle->born_ms, now) &&
        (now - idle->since_ms < place->limits.fresh_ms || is_well(src, deadline_ms)))
        return SRD_TAKE(src);
    ((struct srd_loan *)src)->spoilt = true; /* ours alone: no question runs */
    return NULL;
}

static int refuse(struct srd_place *place, struct srd_error *err)
{
    int64_t now = srd_clock_monotonic_ms();

    return srd_fail(err, place->down.code,
                    "%s (tried %lld s ago; the next attempt is possible in %lld s)",
                    place->down.text, (long long)(now - place->down_since_ms) / 1000,
                    (long long)(place->down_until_ms - now + 999) / 1000);
}

/* One look: 0 with a source, a code with an error, or -1: not yet. With the lock. */
static int try_borrow(struct srd_place *place, int64_t deadline_ms,
                      const volatile sig_atomic_t *cancel_flag, struct srd_source **out,
                      struct srd_error *err)
{
    struct srd_source *inner;
    struct srd_place_idle idle;

    if (srd_flag_up(cancel_flag))
        return srd_fail(err, SRD_E_CANCELLED, "interrupted");
    if (take_idle(place, &idle)) {
        place->lent++;
        pthread_mutex_unlock(&place->lock);
        *out = lend_idle(place, &idle, deadline_ms);
        pthread_mutex_lock(&place->lock);
        return *out ? 0 : try_borrow(place, deadline_ms, cancel_flag, out, err);
    }
    if (place->down_until_ms > srd_clock_monotonic_ms())
        return refuse(place, err);
    if (place->lent >= place->limits.pool || (place->opening && !place->reachable))
        return -1;
    place->lent++;
    if (open_one(place, cancel_flag, &inner, err))
        return err->code;
    *out = srd_loan_new(place, inner, srd_clock_monotonic_ms(), deadline_ms);
    return 0;
}

int srd_place_borrow(struct srd_place *place, int64_t deadline_ms,
                     const volatile sig_atomic_t *cancel_flag, struct srd_source **out,
                     struct srd_error *err)
{
    int64_t begun = srd_clock_monotonic_ms(), until = begun + place->limits.pool_wait_ms, now;
    int code;

    if (deadline_ms < until)
        until = deadline_ms;
    *out = NULL;
    pthread_mutex_lock(&place->lock);
    while ((code = try_borrow(place, deadline_ms, cancel_flag, out, err)) < 0) {
        now = srd_clock_monotonic_ms();
        if (now >= until) {
            code = srd_fail(err, SRD_E_LIMIT,
                            "busy: other calls hold all %zu connections; waited %.1f s",
                            place->limits.pool, (double)(now - begun) / 1000);
            break;
        }
        srd_wait_until(&place->change, &place->lock, now + LOOK_MS < until ? now + LOOK_MS : until);
    }
    place->runs += code == 0;
    pthread_mutex_unlock(&place->lock);
    return code;
}

void srd_place_sweep(struct srd_place *place)
{
    int64_t now = srd_clock_monotonic_ms();
    struct srd_source *closing[SRD_PLACE_MAX_POOL];
    size_t kept = 0, count = 0;

    pthread_mutex_lock(&place->lock);
    for (size_t i = 0; i < place->idle_count; i++) {
        struct srd_place_idle *idle = &place->idle[i];

        if (now - idle->since_ms >= IDLE_MS || srd_place_is_old(place, idle->born_ms, now))
            closing[count++] = idle->source;
        else
            place->idle[kept++] = *idle;
    }
    place->idle_count = kept;
    pthread_mutex_unlock(&place->lock);
    for (size_t i = 0; i < count; i++)
        srd_source_close(&closing[i]);
}

/* ---- what is known ---- */

static void copy_text(char *out, size_t size, const char *text)
{
    size_t n = text ? strnlen(text, size - 1) : 0;

    if (n)
        memcpy(out, text, n);
    out[n] = '\0';
}

void srd_place_learnt(struct srd_place *place, const struct srd_cluster *cluster,
                      const struct srd_report *report)
{
    pthread_mutex_lock(&place->lock);
    place->asked = place->reachable = true;
    place->asked_at_ms = srd_clock_now_ms();
    place->error[0] = '\0';
    copy_text(place->version, sizeof(place->version), cluster->version_text);
    copy_text(place->run_mode, sizeof(place->run_mode),
              cluster->mode == SRD_MODE_ANY ? "" : srd_mode_name(cluster->mode));
    if (report) {
        place->score = report->score.known ? report->score.value : -1;
        memset(place->findings, 0, sizeof(place->findings));
        for (size_t i = 0; i < report->finding_count; i++)
            place->findings[report->findings[i]->severity]++;
    }
    pthread_mutex_unlock(&place->lock);
}

void srd_place_failed(struct srd_place *place, const struct srd_error *err)
{
    if (err->code != SRD_E_CONNECT && err->code != SRD_E_DENIED)
        return;
    pthread_mutex_lock(&place->lock);
    note_error(place, err);
    pthread_mutex_unlock(&place->lock);
}

void srd_place_state(struct srd_place *place, struct srd_arena *arena,
                     struct srd_desk_cluster_state *out)
{
    pthread_mutex_lock(&place->lock);
    *out = (struct srd_desk_cluster_state){
        .tenant = srd_arena_copy(arena, place->cluster.tenant),
        .name = srd_arena_copy(arena, place->cluster.name),
        .asked = place->asked,
        .reachable = place->reachable,
        .asked_at_ms = place->asked_at_ms,
        .error = place->error[0] ? srd_arena_copy(arena, place->error) : NULL,
        .version = place->version[0] ? srd_arena_copy(arena, place->version) : NULL,
        .run_mode = place->run_mode[0] ? srd_arena_copy(arena, place->run_mode) : NULL,
        .connections_idle = place->idle_count,
        .connections_busy = place->lent,
        .runs = place->runs,
        .waiting = place->waiting,
        .score = place->score,
    };
    memcpy(out->findings, place->findings, sizeof(out->findings));
    pthread_mutex_unlock(&place->lock);
    if (place->remote) {
        struct srd_remote_state *agents;

        out->agent_count = srd_remote_states(place->remote, arena, &agents);
        out->agents = agents;
    }
}
