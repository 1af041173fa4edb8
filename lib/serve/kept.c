/* What was behind the answer that you gave me a minute ago? */

#include "lib/serve/kept.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"

#undef uthash_fatal
#define uthash_fatal(message) srd_no_memory()

#define RANDOM_BYTES 16

struct item {
    char handle[SRD_HANDLE_SIZE];
    char *tenant, *kind, *about, *text; /* tenant: "" without */
    size_t n, bytes;
    int64_t until_ms;
    UT_hash_handle hh; /* in the order in which they came */
};

struct srd_kept {
    pthread_mutex_t lock;
    struct item *items;
    size_t most, bytes;
};

struct srd_kept *srd_kept_new(size_t bytes)
{
    struct srd_kept *kept = calloc(1, sizeof(*kept));

    if (!kept)
        srd_no_memory();
    kept->most = bytes;
    pthread_mutex_init(&kept->lock, NULL);
    return kept;
}

static void forget(struct srd_kept *kept, struct item *item)
{
    HASH_DEL(kept->items, item);
    kept->bytes -= item->bytes;
    free(item->tenant);
    free(item->kind);
    free(item->about);
    free(item->text);
    free(item);
}

void srd_kept_free(struct srd_kept **pointer)
{
    struct srd_kept *kept = *pointer;

    *pointer = NULL;
    if (!kept)
        return;
    while (kept->items)
        forget(kept, kept->items);
    pthread_mutex_destroy(&kept->lock);
    free(kept);
}

static char *copy(const char *text, size_t n)
{
    char *out = malloc(n + 1);

    if (!out)
        srd_no_memory();
    memcpy(out, text, n);
    out[n] = '\0';
    return out;
}

/* What is over, then the oldest, until @more fits; with the lock. */
static void make_room(struct srd_kept *kept, size_t more)
{
    int64_t now = srd_clock_monotonic_ms();

    for (struct item *item = kept->items, *next; item; item = next) {
        next = item->hh.next;
        if (item->until_ms <= now)
            forget(kept, item);
    }
    while (kept->items && kept->bytes + more > kept->most)
        forget(kept, kept->items);
}

int srd_kept_add(struct srd_kept *kept, const char *tenant, const char *kind, const char *about,
                 const char *text, size_t n, int64_t life_ms, char handle[SRD_HANDLE_SIZE],
                 struct srd_error *err)
{
    unsigned char random[RANDOM_BYTES];
    struct item *item;

    tenant = tenant ? tenant : "";
    if (n > kept->most / 8)
        return srd_fail(err, SRD_E_LIMIT, "%zu bytes are too many to be kept", n);
    if (srd_random(random, sizeof(random), err))
        return err->code;
    item = calloc(1, sizeof(*item));
    if (!item)
        srd_no_memory();
    srd_base64url(random, sizeof(random), item->handle);
    item->tenant = copy(tenant, strlen(tenant));
    item->kind = copy(kind, strlen(kind));
    item->about = copy(about, strlen(about));
    item->text = copy(text, n);
    item->n = n;
    item->bytes = sizeof(*item) + n + strlen(tenant) + strlen(kind) + strlen(about) + 4;
    item->until_ms = srd_clock_monotonic_ms() + life_ms;
    memcpy(handle, item->handle, SRD_HANDLE_SIZE);
    pthread_mutex_lock(&kept->lock);
    make_room(kept, item->bytes);
    HASH_ADD_STR(kept->items, handle, item);
    kept->bytes += item->bytes;
    pthread_mutex_unlock(&kept->lock);
    return 0;
}

const char *srd_kept_get(struct srd_kept *kept, const char *tenant, const char *kind,
                         const char *about, const char *handle, struct srd_arena *arena)
{
    const char *out = NULL;
    struct item *item;

    pthread_mutex_lock(&kept->lock);
    HASH_FIND_STR(kept->items, handle, item);
    if (item && item->until_ms > srd_clock_monotonic_ms() &&
        !strcmp(item->tenant, tenant ? tenant : "") && !strcmp(item->kind, kind) &&
        (!about || !strcmp(item->about, about)))
        out = srd_arena_copy_n(arena, item->text, item->n);
    pthread_mutex_unlock(&kept->lock);
    return out;
}
