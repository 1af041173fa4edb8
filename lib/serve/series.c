/* How often, and how long: counted without waiting for each other. */

#include "lib/serve/series.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"

/*
 * Of an answer from memory to a run over a large cluster. Milliseconds, and how they are printed.
 */
static const struct {
    int64_t ms;
    const char *le;
} bounds[SRD_SERIES_BUCKETS] = {
    { 1, "0.001" }, { 5, "0.005" },  { 10, "0.01" },  { 25, "0.025" }, { 50, "0.05" },
    { 100, "0.1" }, { 250, "0.25" }, { 500, "0.5" },  { 1000, "1" },   { 2500, "2.5" },
    { 5000, "5" },  { 10000, "10" }, { 30000, "30" }, { 60000, "60" },
};

static size_t label_count(const struct srd_family *family)
{
    size_t n = 0;

    while (n < SRD_SERIES_LABELS && family->labels[n])
        n++;
    return n;
}

static uint64_t hash_of(const char *const *values, size_t n)
{
    uint64_t hash = 1469598103934665603u; /* FNV-1a */

    for (size_t i = 0; i < n; i++) {
        for (const char *p = values[i] ? values[i] : ""; *p; p++)
            hash = (hash ^ (unsigned char)*p) * 1099511628211u;
        hash = (hash ^ 0xff) * 1099511628211u; /* no letter of UTF-8: {"a","b"} is not {"ab",""} */
    }
    return hash;
}

static bool has_values(const struct srd_series *series, uint64_t hash, const char *const *values,
                       size_t n)
{
    if (series->hash != hash)
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(series->values[i], values[i] ? values[i] : "") != 0)
            return false;
    return true;
}

void srd_family_init(struct srd_family *family)
{
    pthread_mutex_init(&family->lock, NULL);
    family->last = &family->first;
    if (family->most > SRD_COUNT(family->slots) / 2)
        family->most = SRD_COUNT(family->slots) / 2;
}

void srd_family_free(struct srd_family *family)
{
    while (family->first) {
        struct srd_series *gone = family->first;

        family->first = gone->next;
        for (size_t i = 0; i < SRD_SERIES_LABELS; i++)
            free((char *)gone->values[i]);
        free(gone);
    }
    pthread_mutex_destroy(&family->lock);
}

/* The series, or the free slot where it belongs. */
static struct srd_series *look(struct srd_family *family, uint64_t hash, const char *const *values,
                               size_t n, size_t *slot)
{
    for (*slot = hash % SRD_COUNT(family->slots);; *slot = (*slot + 1) % SRD_COUNT(family->slots)) {
        struct srd_series *at = atomic_load_explicit(&family->slots[*slot], memory_order_acquire);

        if (!at || has_values(at, hash, values, n))
            return at;
    }
}

static struct srd_series *add(struct srd_family *family, uint64_t hash, const char *const *values,
                              size_t n, size_t slot)
{
    struct srd_series *made = calloc(1, sizeof(*made));

    if (!made)
        srd_no_memory();
    made->hash = hash;
    for (size_t i = 0; i < n; i++) {
        made->values[i] = strdup(values[i] ? values[i] : "");
        if (!made->values[i])
            srd_no_memory();
    }
    *family->last = made;
    family->last = &made->next;
    family->count++;
    atomic_store_explicit(&family->slots[slot], made, memory_order_release);
    return made;
}

struct srd_series *srd_family_find(struct srd_family *family, const char *const *values)
{
    static const char *const other[SRD_SERIES_LABELS] = { "other", "other", "other" };
    size_t n = label_count(family), slot;
    uint64_t hash = hash_of(values, n);
    struct srd_series *found = look(family, hash, values, n, &slot);

    if (found)
        return found;
    pthread_mutex_lock(&family->lock);
    found = look(family, hash, values, n, &slot);
    if (!found && family->count + 1 >= family->most) { /* the last place is that of the others */
        hash = hash_of(other, n);
        found = look(family, hash, other, n, &slot);
        values = other;
    }
    if (!found)
        found = add(family, hash, values, n, slot);
    pthread_mutex_unlock(&family->lock);
    return found;
}

static void add_to(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t value_of(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void srd_family_count(struct srd_family *family, const char *const *values)
{
    add_to(&srd_family_find(family, values)->count, 1);
}

void srd_family_observe(struct srd_family *family, const char *const *values, int64_t ms)
{
    struct srd_series *series = srd_family_find(family, values);
    size_t i = 0;

    if (ms < 0)
        ms = 0;
    while (i < SRD_SERIES_BUCKETS && ms > bounds[i].ms)
        i++;
    if (i < SRD_SERIES_BUCKETS)
        add_to(&series->buckets[i], 1);
    add_to(&series->sum_ms, (uint64_t)ms);
    add_to(&series->count, 1);
}

void srd_family_each(struct srd_family *family,
                     void (*each)(void *context, const struct srd_series *series), void *context)
{
    pthread_mutex_lock(&family->lock); /* for ->next of the last one */
    for (const struct srd_series *s = family->first; s; s = s->next)
        each(context, s);
    pthread_mutex_unlock(&family->lock);
}

/* ---- printing ---- */

static void put_value(struct srd_buf *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '\n')
            srd_buf_text(out, "\\n");
        else if (*value == '\\' || *value == '"')
            srd_buf_printf(out, "\\%c", *value);
        else
            srd_buf_char(out, *value);
    }
}

void srd_metric_head(struct srd_buf *out, const char *name, const char *type, const char *help)
{
    srd_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void srd_metric_labels(struct srd_buf *out, const char *const *labels, const char *const *values,
                       const char *more)
{
    const char *between = "{";

    for (size_t i = 0; i < SRD_SERIES_LABELS && labels[i]; i++) {
        srd_buf_printf(out, "%s%s=\"", between, labels[i]);
        put_value(out, values[i] ? values[i] : "");
        srd_buf_char(out, '"');
        between = ",";
    }
    if (more)
        srd_buf_printf(out, "%s%s", between, more);
    if (more || *between == ',')
        srd_buf_char(out, '}');
}

static void put_histogram(const struct srd_family *family, const struct srd_series *series,
                          struct srd_buf *out)
{
    uint64_t so_far = 0, count = value_of(&series->count);

    for (size_t i = 0; i < SRD_SERIES_BUCKETS; i++) {
        char le[32] = "le=\"";

        strcat(strcat(le, bounds[i].le), "\"");
        so_far += value_of(&series->buckets[i]);
        srd_buf_printf(out, "%s_bucket", family->name);
        srd_metric_labels(out, family->labels, series->values, le);
        srd_buf_printf(out, " %llu\n", (unsigned long long)so_far);
    }
    if (count < so_far) /* counted while this was printed */
        count = so_far;
    srd_buf_printf(out, "%s_bucket", family->name);
    srd_metric_labels(out, family->labels, series->values, "le=\"+Inf\"");
    srd_buf_printf(out, " %llu\n%s_sum", (unsigned long long)count, family->name);
    srd_metric_labels(out, family->labels, series->values, NULL);
    srd_buf_printf(out, " %.3f\n%s_count", (double)value_of(&series->sum_ms) / 1000, family->name);
    srd_metric_labels(out, family->labels, series->values, NULL);
    srd_buf_printf(out, " %llu\n", (unsigned long long)count);
}

void srd_family_print(struct srd_family *family, struct srd_buf *out)
{
    srd_metric_head(out, family->name, family->histogram ? "histogram" : "counter", family->help);
    pthread_mutex_lock(&family->lock);
    for (const struct srd_series *s = family->first; s; s = s->next) {
        if (family->histogram) {
            put_histogram(family, s, out);
            continue;
        }
        srd_buf_text(out, family->name);
        srd_metric_labels(out, family->labels, s->values, NULL);
        srd_buf_printf(out, " %llu\n", (unsigned long long)value_of(&s->count));
    }
    pthread_mutex_unlock(&family->lock);
}
