#ifndef SRD_SERVE_SERIES_H
#define SRD_SERVE_SERIES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"

/*
 * A family of counters or histograms of Prometheus: one series for each set of label values that
 * came up, up to a ceiling; what comes beyond has "other" as its values.
 *
 * Finding and counting is lock-free; only a new series takes the lock. Any thread. Series are never
 * removed, so a pointer to one is good until the family ends.
 */
#define SRD_SERIES_LABELS 3
#define SRD_SERIES_BUCKETS 14

struct srd_series {
    struct srd_series *next; /* in the order of their birth */
    uint64_t hash;
    const char *values[SRD_SERIES_LABELS];
    _Atomic uint64_t count; /* of a counter: its value */
    _Atomic uint64_t sum_ms;
    _Atomic uint64_t buckets[SRD_SERIES_BUCKETS]; /* not added up */
};

struct srd_family {
    const char *name, *help;
    const char *labels[SRD_SERIES_LABELS]; /* NULL: fewer */
    bool histogram;
    size_t most; /* series; at most half of the slots */
    /* private */
    pthread_mutex_t lock;
    size_t count;
    struct srd_series *first, **last;
    _Atomic(struct srd_series *) slots[1024];
};

/* The head of @family (name to most) is set by the caller. */
void srd_family_init(struct srd_family *family);
void srd_family_free(struct srd_family *family);
/* @values: as many as labels; NULL stands for "". */
struct srd_series *srd_family_find(struct srd_family *family, const char *const *values);
void srd_family_count(struct srd_family *family, const char *const *values);
void srd_family_observe(struct srd_family *family, const char *const *values, int64_t ms);
/* In the text format of Prometheus, with its HELP and TYPE. */
void srd_family_print(struct srd_family *family, struct srd_buf *out);
/* Each series, in the order of their birth; @each must not come back to the family. */
void srd_family_each(struct srd_family *family,
                     void (*each)(void *context, const struct srd_series *series), void *context);

/* name{label="value",...}: for gauges that are made while printing. */
void srd_metric_head(struct srd_buf *out, const char *name, const char *type, const char *help);
void srd_metric_labels(struct srd_buf *out, const char *const *labels, const char *const *values,
                       const char *more);

#endif
