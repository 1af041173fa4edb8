/* How much did each tenant ask? */

#include "lib/serve/tally.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "lib/base/arena.h"

#define MOST                                                                                       \
    100000 /* ids come from the operator's file; a file that is changed for ever ends here */

struct entry {
    char *id;
    struct srd_tally_row row;
    UT_hash_handle hh;
};

struct srd_tally {
    pthread_mutex_t lock;
    struct entry *entries;
};

struct srd_tally *srd_tally_new(void)
{
    struct srd_tally *tally = calloc(1, sizeof(*tally));

    if (!tally)
        srd_no_memory();
    pthread_mutex_init(&tally->lock, NULL);
    return tally;
}

void srd_tally_free(struct srd_tally **tally)
{
    struct srd_tally *t = *tally;
    struct entry *entry, *next;

    *tally = NULL;
    if (!t)
        return;
    HASH_ITER(hh, t->entries, entry, next)
    {
        HASH_DEL(t->entries, entry);
        free(entry->id);
        free(entry);
    }
    pthread_mutex_destroy(&t->lock);
    free(t);
}

/* With the lock; NULL: there is no room for another. */
static struct srd_tally_row *row_of(struct srd_tally *t, const char *id)
{
    struct entry *entry;

    HASH_FIND_STR(t->entries, id, entry);
    if (entry)
        return &entry->row;
    if (HASH_COUNT(t->entries) >= MOST)
        return NULL;
    entry = calloc(1, sizeof(*entry));
    if (!entry || !(entry->id = strdup(id)))
        srd_no_memory();
    HASH_ADD_KEYPTR(hh, t->entries, entry->id, strlen(entry->id), entry);
    return &entry->row;
}

void srd_tally_request(struct srd_tally *tally, const char *tenant, bool failed)
{
    struct srd_tally_row *row;

    pthread_mutex_lock(&tally->lock);
    row = row_of(tally, tenant);
    if (row) {
        row->requests++;
        row->errors += failed;
    }
    pthread_mutex_unlock(&tally->lock);
}

void srd_tally_call(struct srd_tally *tally, const char *tenant, bool failed)
{
    struct srd_tally_row *row;

    pthread_mutex_lock(&tally->lock);
    row = row_of(tally, tenant);
    if (row) {
        row->calls++;
        row->failed += failed;
    }
    pthread_mutex_unlock(&tally->lock);
}

struct srd_tally_row srd_tally_get(struct srd_tally *tally, const char *tenant)
{
    struct srd_tally_row out = { 0 };
    struct entry *entry;

    pthread_mutex_lock(&tally->lock);
    HASH_FIND_STR(tally->entries, tenant, entry);
    if (entry)
        out = entry->row;
    pthread_mutex_unlock(&tally->lock);
    return out;
}

void srd_tally_put(const struct srd_tally_row *row, struct srd_json *object)
{
    srd_json_put(object, "requests", srd_json_new_integer((int64_t)row->requests));
    srd_json_put(object, "errors", srd_json_new_integer((int64_t)row->errors));
    srd_json_put(object, "calls", srd_json_new_integer((int64_t)row->calls));
    srd_json_put(object, "failed_calls", srd_json_new_integer((int64_t)row->failed));
}

static int by_id(const struct entry *a, const struct entry *b)
{
    return strcmp(a->id, b->id);
}

struct srd_json *srd_tally_json(struct srd_tally *tally)
{
    struct srd_json *out = srd_json_array();
    struct entry *entry, *next;

    pthread_mutex_lock(&tally->lock);
    HASH_SORT(tally->entries, by_id);
    HASH_ITER(hh, tally->entries, entry, next)
    {
        struct srd_json *one = srd_json_push(out, srd_json_object());

        srd_json_put(one, "tenant_id", srd_json_new_text(entry->id));
        srd_tally_put(&entry->row, one);
    }
    pthread_mutex_unlock(&tally->lock);
    return out;
}
