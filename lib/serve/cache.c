/* Has somebody asked this already? */

#include "lib/serve/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"

#undef uthash_fatal
#define uthash_fatal(message) srd_no_memory()

#define LOOK_MS 50                    /* how soon a caller sees that it may leave */
#define MEMBERS_MAX ((size_t)1 << 20) /* far above what a result may have */
#define ENTRY_BYTES 200               /* of a kept answer, beside its texts */

/* Kept; the hash keeps the order of insertion, so that the first is the one unused for longest. */
struct entry {
    char *key;
    struct srd_said *said;
    int64_t until_ms;
    size_t bytes;
    UT_hash_handle hh;
};

struct srd_flight {
    struct srd_cache *cache;
    char *key;
    struct srd_errand errand;
    volatile sig_atomic_t cancel;
    /* with the cache's lock */
    size_t callers;        /* who wait */
    bool running, listed;  /* has its thread yet to end? is it in the cache's list? */
    struct srd_said *said; /* the outcome */
    double done, total;
    char what[64];
    unsigned news; /* grows with each srd_flight_tell() */
    pthread_cond_t change;
    UT_hash_handle hh;
};

struct srd_cache {
    pthread_mutex_t lock;
    pthread_cond_t landed; /* a flight is over */
    struct entry *entries;
    struct srd_flight *flights;
    size_t flying;
    int64_t keep_ms;
    size_t most_entries, most_bytes;
    struct srd_desk_counts counts;
};

/* ---- what was said ---- */

static struct srd_said *said_new(const struct srd_buf *members, bool is_error)
{
    struct srd_said *said = malloc(sizeof(*said) + members->size + 1);

    if (!said)
        srd_no_memory();
    atomic_init(&said->users, 1);
    said->is_error = is_error;
    said->n = members->size;
    memcpy(said->members, members->data, members->size + 1);
    return said;
}

static struct srd_said *hold(struct srd_said *said)
{
    atomic_fetch_add(&said->users, 1);
    return said;
}

void srd_said_drop(struct srd_said **said)
{
    if (*said && atomic_fetch_sub(&(*said)->users, 1) == 1)
        free(*said);
    *said = NULL;
}

/* ---- what is kept; all with the lock ---- */

static void forget(struct srd_cache *cache, struct entry *entry)
{
    HASH_DEL(cache->entries, entry);
    cache->counts.entries--;
    cache->counts.bytes -= entry->bytes;
    srd_said_drop(&entry->said);
    free(entry->key);
    free(entry);
}

static void evict(struct srd_cache *cache)
{
    while (cache->entries && (cache->counts.entries > cache->most_entries ||
                              cache->counts.bytes > cache->most_bytes)) {
        forget(cache, cache->entries);
        cache->counts.evicted++;
    }
}

static struct entry *kept(struct srd_cache *cache, const char *key)
{
    struct entry *entry;

    HASH_FIND_STR(cache->entries, key, entry);
    if (entry && entry->until_ms <= srd_clock_monotonic_ms()) {
        forget(cache, entry);
        entry = NULL;
    }
    return entry;
}

static void keep(struct srd_cache *cache, const char *key, struct srd_said *said)
{
    struct entry *entry = kept(cache, key);

    if (entry)
        forget(cache, entry);
    if (!cache->keep_ms)
        return;
    entry = calloc(1, sizeof(*entry));
    if (!entry || !(entry->key = strdup(key)))
        srd_no_memory();
    entry->said = hold(said);
    entry->until_ms = srd_clock_monotonic_ms() + cache->keep_ms;
    entry->bytes = ENTRY_BYTES + strlen(key) + said->n;
    HASH_ADD_KEYPTR(hh, cache->entries, entry->key, strlen(entry->key), entry);
    cache->counts.entries++;
    cache->counts.bytes += entry->bytes;
    evict(cache);
}

/* Held for the caller; NULL: none. */
static struct srd_said *recall(struct srd_cache *cache, const char *key)
{
    struct entry *entry = kept(cache, key);

    if (!entry)
        return NULL;
    HASH_DEL(cache->entries, entry); /* to the end of the line */
    HASH_ADD_KEYPTR(hh, cache->entries, entry->key, strlen(entry->key), entry);
    cache->counts.hits++;
    return hold(entry->said);
}

struct srd_said *srd_cache_find(struct srd_cache *cache, const char *key)
{
    struct srd_said *said;

    pthread_mutex_lock(&cache->lock);
    said = recall(cache, key);
    pthread_mutex_unlock(&cache->lock);
    return said;
}

/* ---- what is being found out ---- */

const volatile sig_atomic_t *srd_flight_cancel(const struct srd_flight *flight)
{
    return &flight->cancel;
}

void srd_flight_tell(struct srd_flight *flight, double done, double total, const char *what)
{
    size_t n = strnlen(what, sizeof(flight->what) - 1);

    pthread_mutex_lock(&flight->cache->lock);
    if (done != flight->done || total != flight->total) {
        flight->done = done;
        flight->total = total;
        memcpy(flight->what, what, n);
        flight->what[n] = '\0';
        flight->news++;
        pthread_cond_broadcast(&flight->change);
    }
    pthread_mutex_unlock(&flight->cache->lock);
}

/* With the lock. */
static void unlist(struct srd_flight *flight)
{
    if (flight->listed)
        HASH_DEL(flight->cache->flights, flight);
    flight->listed = false;
}

/* The last of the run and its callers frees it; with the lock. */
static void let_go(struct srd_flight *flight)
{
    if (flight->running || flight->callers)
        return;
    unlist(flight);
    srd_said_drop(&flight->said);
    pthread_cond_destroy(&flight->change);
    free(flight->key);
    free(flight);
}

static void fly(void *context)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf members;
    struct srd_flight *flight = context;
    struct srd_cache *cache = flight->cache;
    bool is_error = false, worth = true;

    srd_buf_init(&members, MEMBERS_MAX);
    flight->errand.run(flight->errand.what, flight, &members, &is_error, &worth);
    flight->errand.drop(flight->errand.what);
    pthread_mutex_lock(&cache->lock);
    flight->said = said_new(&members, is_error);
    if (worth && !is_error && !flight->cancel && flight->listed)
        keep(cache, flight->key, flight->said);
    unlist(flight);
    flight->running = false;
    pthread_cond_broadcast(&flight->change);
    let_go(flight);
    cache->flying--;
    pthread_cond_broadcast(&cache->landed);
    pthread_mutex_unlock(&cache->lock);
}

/* NULL: the pool takes no more. With the lock. */
static struct srd_flight *depart(struct srd_cache *cache, struct srd_work *work, const char *key,
                                 const struct srd_errand *errand)
{
    struct srd_flight *flight = calloc(1, sizeof(*flight));

    if (!flight || !(flight->key = strdup(key)))
        srd_no_memory();
    flight->cache = cache;
    flight->errand = *errand;
    flight->running = flight->listed = true;
    srd_wait_init(&flight->change);
    HASH_ADD_KEYPTR(hh, cache->flights, flight->key, strlen(flight->key), flight);
    if (srd_work_submit(work, fly, flight)) {
        cache->flying++;
        cache->counts.misses++;
        return flight;
    }
    flight->running = false;
    let_go(flight);
    return NULL;
}

/* With the lock, which is given up while the caller is told of progress. */
static enum srd_asked wait_for(struct srd_flight *flight, const struct srd_patience *patience)
{
    unsigned told = flight->news;

    while (flight->running) {
        int64_t now = srd_clock_monotonic_ms();

        if (srd_flag_up(patience->cancel))
            return SRD_ASKED_LEFT;
        if (now >= patience->deadline_ms)
            return SRD_ASKED_LATE;
        srd_wait_until(&flight->change, &flight->cache->lock,
                       now + LOOK_MS < patience->deadline_ms ? now + LOOK_MS
                                                             : patience->deadline_ms);
        if (patience->tell && flight->running && told != flight->news) {
            double done = flight->done, total = flight->total;
            char what[sizeof(flight->what)];

            memcpy(what, flight->what, sizeof(what));
            told = flight->news;
            pthread_mutex_unlock(&flight->cache->lock);
            patience->tell(patience->context, done, total, what);
            pthread_mutex_lock(&flight->cache->lock);
        }
    }
    return SRD_ASKED;
}

/* Waits as one of its callers; with the lock. */
static enum srd_asked travel(struct srd_flight *flight, const struct srd_patience *patience,
                             struct srd_said **out)
{
    enum srd_asked end;

    flight->callers++;
    end = wait_for(flight, patience);
    if (end == SRD_ASKED)
        *out = hold(flight->said);
    if (!--flight->callers && flight->running) {
        srd_flag_raise(&flight->cancel);
        unlist(flight); /* who comes now wants a run that is not cancelled */
    }
    let_go(flight);
    return end;
}

enum srd_asked srd_cache_ask(struct srd_cache *cache, struct srd_work *work, const char *key,
                             const struct srd_errand *errand, const struct srd_patience *patience,
                             struct srd_said **out)
{
    enum srd_asked end = SRD_ASKED_BUSY;
    struct srd_flight *flight;
    bool begun = false;

    pthread_mutex_lock(&cache->lock);
    *out = recall(cache, key);
    if (*out) {
        end = SRD_ASKED;
    } else {
        HASH_FIND_STR(cache->flights, key, flight);
        if (flight)
            cache->counts.joined++;
        else
            begun = (flight = depart(cache, work, key, errand)) != NULL;
        if (flight)
            end = travel(flight, patience, out);
    }
    pthread_mutex_unlock(&cache->lock);
    if (!begun)
        errand->drop(errand->what);
    return end;
}

/* ---- the whole ---- */

struct srd_cache *srd_cache_new(void)
{
    struct srd_cache *cache = calloc(1, sizeof(*cache));

    if (!cache)
        srd_no_memory();
    pthread_mutex_init(&cache->lock, NULL);
    srd_wait_init(&cache->landed);
    return cache;
}

void srd_cache_clear(struct srd_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    while (cache->entries)
        forget(cache, cache->entries);
    pthread_mutex_unlock(&cache->lock);
}

void srd_cache_limit(struct srd_cache *cache, int64_t keep_ms, size_t entries, size_t bytes)
{
    pthread_mutex_lock(&cache->lock);
    cache->keep_ms = keep_ms;
    cache->most_entries = keep_ms ? entries : 0;
    cache->most_bytes = bytes;
    evict(cache);
    pthread_mutex_unlock(&cache->lock);
}

struct srd_desk_counts srd_cache_counts(struct srd_cache *cache)
{
    struct srd_desk_counts counts;

    pthread_mutex_lock(&cache->lock);
    counts = cache->counts;
    pthread_mutex_unlock(&cache->lock);
    return counts;
}

void srd_cache_free(struct srd_cache **pointer)
{
    struct srd_cache *cache = *pointer;

    *pointer = NULL;
    if (!cache)
        return;
    srd_cache_clear(cache);
    pthread_mutex_lock(&cache->lock);
    while (cache->flying) /* cancelled, but not yet over */
        srd_wait_until(&cache->landed, &cache->lock, INT64_MAX);
    pthread_mutex_unlock(&cache->lock);
    pthread_cond_destroy(&cache->landed);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}
