/* How does the desk open, change its books, and close? */

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"
#include "lib/engine/engine.h"
#include "lib/serve/desk_private.h"

#define KEPT_BYTES ((size_t)32 << 20)
#define CACHE_ENTRIES 1000
#define CACHE_BYTES ((size_t)64 << 20)
#define CALL_MS 45000
#define RUNS 64           /* at a time, of all clusters */
#define RUNS_WAIT 1024    /* more than that are refused */
#define HANDS (RUNS * 16) /* more than anybody asks for: they start when they are needed */
#define LOOKS 16          /* at agents that are down, at a time */
#define LOOKS_WAIT 1024
#define SWEEP_MS 15000

/* ---- books ---- */

struct srd_books *srd_books_hold(struct srd_desk *desk)
{
    struct srd_books *books;

    pthread_mutex_lock(&desk->lock);
    books = desk->books;
    atomic_fetch_add(&books->users, 1);
    pthread_mutex_unlock(&desk->lock);
    return books;
}

void srd_books_drop(struct srd_books **pointer)
{
    struct srd_books *books = *pointer;

    *pointer = NULL;
    if (!books || atomic_fetch_sub(&books->users, 1) > 1)
        return;
    for (size_t i = 0; i < books->count; i++)
        srd_place_drop(&books->places[i]);
    srd_arena_free(&books->arena);
    srd_wipe(&books->secrets, sizeof(books->secrets));
    free(books);
}

static const struct srd_override *copy_overrides(const struct srd_override *from,
                                                 struct srd_arena *arena)
{
    struct srd_override *out;
    size_t n = 0;

    while (from && from[n].name)
        n++;
    out = srd_arena_array(arena, n + 1, sizeof(*out));
    for (size_t i = 0; i < n; i++)
        out[i] = (struct srd_override){ srd_arena_copy(arena, from[i].name), from[i].value,
                                        srd_arena_copy(arena, from[i].origin) };
    return out;
}

/* One that is configured as before goes on with its connections and what is known of it. */
static struct srd_place *place_for(const struct srd_books *before,
                                   const struct srd_desk_cluster *cluster,
                                   const struct srd_place_limits *limits)
{
    for (size_t i = 0; before && i < before->count; i++)
        if (srd_place_is(before->places[i], cluster, limits))
            return srd_place_hold(before->places[i]);
    return srd_place_new(cluster, limits);
}

static struct srd_books *books_new(const struct srd_desk_options *options, struct srd_work *looks,
                                   const struct srd_secrets *own, const struct srd_books *before)
{
    struct srd_books *books = calloc(1, sizeof(*books));
    struct srd_place_limits limits = { .statements = options->statements,
                                       .pool = options->pool,
                                       .pool_wait_ms = options->pool_wait_ms,
                                       .pool_age_ms = options->pool_age_ms,
                                       .looks = looks };

    if (!books)
        srd_no_memory();
    atomic_init(&books->users, 1);
    books->number = before ? before->number + 1 : 0;
    books->arena = srd_arena_new();
    books->places =
        srd_arena_array(books->arena, options->cluster_count + 1, sizeof(struct srd_place *));
    for (size_t i = 0; i < options->cluster_count; i++)
        books->places[books->count++] = place_for(before, &options->clusters[i], &limits);
    books->overrides = copy_overrides(options->overrides, books->arena);
    books->heavy_limit = options->heavy_limit;
    books->keep_ms = options->cache_ms;
    if (options->secrets)
        books->secrets = *options->secrets;
    srd_secrets_join(&books->secrets, own);
    return books;
}

static int check(const struct srd_desk_options *options, struct srd_error *err)
{
    for (size_t i = 0; i < options->cluster_count; i++) {
        const struct srd_desk_cluster *one = &options->clusters[i];

        if (!one->name || !*one->name)
            return srd_fail(err, SRD_E_CONFIG, "a cluster without a name");
        for (size_t k = 0; k < i; k++) {
            const char *other = options->clusters[k].tenant;

            if (!strcmp(options->clusters[k].name, one->name) &&
                (other && one->tenant ? !strcmp(other, one->tenant) : other == one->tenant))
                return srd_fail(err, SRD_E_CONFIG, "two clusters are called \"%s\"", one->name);
        }
    }
    return 0;
}

/* ---- connections that nobody uses ---- */

static void *sweep(void *context)
{
    struct srd_desk *desk = context;

    pthread_mutex_lock(&desk->lock);
    while (!desk->quit) {
        struct srd_books *books = desk->books;

        atomic_fetch_add(&books->users, 1);
        pthread_mutex_unlock(&desk->lock);
        for (size_t i = 0; i < books->count; i++)
            srd_place_sweep(books->places[i]);
        srd_books_drop(&books);
        pthread_mutex_lock(&desk->lock);
        if (!desk->quit)
            srd_wait_until(&desk->ending, &desk->lock, srd_clock_monotonic_ms() + SWEEP_MS);
    }
    pthread_mutex_unlock(&desk->lock);
    return NULL;
}

static void start_sweeper(struct srd_desk *desk)
{
    sigset_t all, before;

    sigfillset(&all); /* signals are for the threads of the program */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    desk->sweeping = pthread_create(&desk->sweeper, NULL, sweep, desk) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- life ---- */

static void limit_cache(struct srd_desk *desk, const struct srd_desk_options *options)
{
    srd_cache_limit(desk->cache, options->cache_ms,
                    options->cache_entries ? options->cache_entries : CACHE_ENTRIES,
                    options->cache_bytes ? options->cache_bytes : CACHE_BYTES);
}

int srd_desk_new(const struct srd_desk_options *options, struct srd_desk **out,
                 struct srd_error *err)
{
    struct srd_secrets own;
    struct srd_desk *desk;

    if (check(options, err) || srd_secrets_random(&own, err))
        return err->code;
    desk = calloc(1, sizeof(*desk));
    if (!desk)
        srd_no_memory();
    desk->arena = srd_arena_new();
    desk->catalogue = options->catalogue;
    desk->tool_version = srd_arena_copy(desk->arena, options->tool_version);
    desk->cache = srd_cache_new();
    desk->kept = srd_kept_new(KEPT_BYTES);
    desk->own = own;
    desk->work = srd_work_new(RUNS, RUNS_WAIT);
    desk->looks = srd_work_new(LOOKS, LOOKS_WAIT);
    desk->hands = srd_work_new(HANDS, HANDS);
    desk->lent = (struct srd_hands){ .lend = srd_work_lend, .context = desk->hands };
    pthread_mutex_init(&desk->lock, NULL);
    srd_wait_init(&desk->ending);
    desk->books = books_new(options, desk->looks, &desk->own, NULL);
    limit_cache(desk, options);
    desk->tables = (struct srd_mcp_tables){
        .name = "srdiag",
        .title = "StarRocks diagnostics",
        .version = desk->tool_version,
        .call_ms = options->call_ms ? options->call_ms : CALL_MS,
    };
    srd_desk_make_tools(desk, options->run_query);
    srd_desk_make_resources(desk);
    srd_desk_make_prompts(desk);
    start_sweeper(desk);
    *out = desk;
    return 0;
}

const struct srd_mcp_tables *srd_desk_tables(struct srd_desk *desk)
{
    return &desk->tables;
}

int srd_desk_reload(struct srd_desk *desk, const struct srd_desk_options *options,
                    struct srd_error *err)
{
    SRD_CLEANUP(srd_books_drop) struct srd_books *before = NULL;

    if (check(options, err))
        return err->code;
    pthread_mutex_lock(&desk->lock);
    before = desk->books;
    desk->books = books_new(options, desk->looks, &desk->own, before);
    pthread_mutex_unlock(&desk->lock);
    limit_cache(desk, options);
    srd_cache_clear(desk->cache); /* nobody asks for these keys any more */
    return 0;
}

void srd_desk_free(struct srd_desk **pointer)
{
    struct srd_desk *desk = *pointer;

    *pointer = NULL;
    if (!desk)
        return;
    pthread_mutex_lock(&desk->lock);
    desk->quit = true;
    pthread_cond_signal(&desk->ending);
    pthread_mutex_unlock(&desk->lock);
    if (desk->sweeping)
        pthread_join(desk->sweeper, NULL);
    srd_cache_free(&desk->cache);
    srd_work_free(&desk->work);
    for (size_t i = 0; i < desk->books->count; i++)
        if (srd_place_remote(desk->books->places[i]))
            srd_remote_stop(srd_place_remote(desk->books->places[i]));
    srd_work_free(&desk->looks);
    srd_work_free(&desk->hands);
    srd_kept_free(&desk->kept);
    srd_books_drop(&desk->books);
    pthread_cond_destroy(&desk->ending);
    pthread_mutex_destroy(&desk->lock);
    srd_arena_free(&desk->arena);
    free(desk);
}

/* ---- figures ---- */

size_t srd_desk_states(struct srd_desk *desk, struct srd_arena *arena,
                       struct srd_desk_cluster_state **out)
{
    SRD_CLEANUP(srd_books_drop) struct srd_books *books = srd_books_hold(desk);

    *out = srd_arena_array(arena, books->count + 1, sizeof(**out));
    for (size_t i = 0; i < books->count; i++)
        srd_place_state(books->places[i], arena, &(*out)[i]);
    return books->count;
}

bool srd_desk_state(struct srd_desk *desk, const char *tenant, struct srd_arena *arena,
                    struct srd_desk_cluster_state *out)
{
    SRD_CLEANUP(srd_books_drop) struct srd_books *books = srd_books_hold(desk);
    SRD_CLEANUP(srd_place_drop) struct srd_place *place = NULL;
    const char *why;

    place = srd_place_choose(books, tenant, NULL, arena, &why);
    if (place)
        srd_place_state(place, arena, out);
    return place != NULL;
}

struct srd_desk_counts srd_desk_counts(struct srd_desk *desk)
{
    return srd_cache_counts(desk->cache);
}

int srd_desk_ping(struct srd_desk *desk, const char *tenant, const char *cluster,
                  int64_t deadline_ms, struct srd_error *err)
{
    static const struct srd_probe *const nothing[] = { NULL };
    SRD_CLEANUP(srd_books_drop) struct srd_books *books = srd_books_hold(desk);
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_place_drop) struct srd_place *place = NULL;
    SRD_CLEANUP(srd_source_close) struct srd_source *src = NULL;
    struct srd_run_options options = { .tool_version = desk->tool_version, .hands = &desk->lent };
    struct srd_evidence *ev;
    const char *why;
    bool partial;

    place = srd_place_choose(books, tenant, cluster, arena, &why);
    if (!place)
        return srd_fail(err, SRD_E_CONFIG, "%s", why);
    if (srd_place_remote(place)) {
        int64_t begun = srd_clock_monotonic_ms();

        if (srd_remote_test(srd_place_remote(place), err))
            return err->code;
        deadline_ms += srd_clock_monotonic_ms() -
                       begun; /* several that hang leave one that is well its time */
    }
    if (srd_place_borrow(place, deadline_ms, NULL, &src, err))
        return err->code;
    options.timeout_ms = deadline_ms - srd_clock_monotonic_ms();
    if (options.timeout_ms < 1)
        options.timeout_ms = 1;
    if (srd_collect(desk->catalogue, src, nothing, &options, arena, &ev, &partial, err)) {
        srd_place_failed(place, err);
        return err->code;
    }
    srd_place_learnt(place, &ev->cluster, NULL);
    return 0;
}
