/* What was behind the answer that you gave me a minute ago? */

#include "lib/serve/kept.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "lib/base/clock.h"

#undef uthash_fatal
#define uthash_fatal(message) srd_no_memory()

struct item {
    unsigned char id[SRD_TICKET_ID];
    enum srd_ticket_kind kind;
    char *tenant, *text; /* tenant: NULL without */
    size_t n, bytes;
    int64_t again_ms, until_ms;
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

/* With the lock. */
static struct item *find(struct srd_kept *kept, const char *tenant, const struct srd_ticket *ticket)
{
    struct item *item;

    HASH_FIND(hh, kept->items, ticket->id, SRD_TICKET_ID, item);
    if (!item || item->kind != ticket->kind ||
        (item->tenant && tenant ? strcmp(item->tenant, tenant) != 0 : item->tenant != tenant))
        return NULL;
    return item;
}

int srd_kept_add(struct srd_kept *kept, const char *tenant, const struct srd_ticket *ticket,
                 int64_t again_ms, const char *text, size_t n, int64_t life_ms,
                 struct srd_error *err)
{
    size_t bytes = sizeof(struct item) + n + 1 + (tenant ? strlen(tenant) + 1 : 0);
    struct item *item, *before;

    if (n > kept->most / 8)
        return srd_fail(err, SRD_E_LIMIT, "%zu bytes are too many to be kept", n);
    item = calloc(1, sizeof(*item));
    if (!item)
        srd_no_memory();
    memcpy(item->id, ticket->id, sizeof(item->id));
    item->kind = ticket->kind;
    item->tenant = tenant ? copy(tenant, strlen(tenant)) : NULL;
    item->text = copy(text, n);
    item->n = n;
    item->bytes = bytes;
    item->again_ms = again_ms;
    item->until_ms = srd_clock_monotonic_ms() + life_ms;
    pthread_mutex_lock(&kept->lock);
    before = find(kept, tenant, ticket);
    if (before)
        forget(kept, before);
    make_room(kept, item->bytes);
    HASH_ADD(hh, kept->items, id, SRD_TICKET_ID, item);
    kept->bytes += item->bytes;
    pthread_mutex_unlock(&kept->lock);
    return 0;
}

const char *srd_kept_get(struct srd_kept *kept, const char *tenant, const struct srd_ticket *ticket,
                         struct srd_arena *arena, int64_t *again_ms)
{
    const char *out = NULL;
    struct item *item;

    pthread_mutex_lock(&kept->lock);
    item = find(kept, tenant, ticket);
    if (item && item->until_ms > srd_clock_monotonic_ms()) {
        out = srd_arena_copy_n(arena, item->text, item->n);
        *again_ms = item->again_ms;
    }
    pthread_mutex_unlock(&kept->lock);
    return out;
}
