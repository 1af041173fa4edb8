#ifndef SRD_SERVE_CACHE_H
#define SRD_SERVE_CACHE_H

#include <signal.h>
#include <stdatomic.h>

#include "lib/base/buf.h"
#include "lib/serve/desk.h"
#include "lib/serve/work.h"

/*
 * What was said lately, and who waits for what is being found out.
 *
 * An answer is kept under a key that says who asked for what of whom; the key is the caller's. A
 * call for which there is none begins a run on a thread of the pool and waits; who asks the same
 * meanwhile waits for the same run. A caller that leaves leaves alone: the run is cancelled when
 * the last one has gone. Faults are given to those who wait and are not kept.
 *
 * Any thread.
 */
struct srd_cache;

/* The members of a result (srd_mcp_result_members()), shared by those who give it out. */
struct srd_said {
    atomic_uint users;
    bool is_error;
    size_t n;
    char members[];
};
void srd_said_drop(struct srd_said **said); /* for SRD_CLEANUP */

struct srd_cache *srd_cache_new(void);
/* How long and how much is kept; 0 ms: nothing (what is kept is forgotten). */
void srd_cache_limit(struct srd_cache *cache, int64_t keep_ms, size_t entries, size_t bytes);
void srd_cache_clear(struct srd_cache *cache);
/* No call may be under way. */
void srd_cache_free(struct srd_cache **cache);

/* What is kept, or NULL. The caller drops it. */
struct srd_said *srd_cache_find(struct srd_cache *cache, const char *key);

/* A run that any number of callers wait for. */
struct srd_flight;
const volatile sig_atomic_t *srd_flight_cancel(const struct srd_flight *flight);
/* How far it is, for all who wait. */
void srd_flight_tell(struct srd_flight *flight, double done, double total, const char *what);

struct srd_errand {
    /*
     * Fills @members (and @is_error) on a thread of the pool. @keep is true to begin with: an
     * answer that is not whole says false.
     */
    void (*run)(void *what, struct srd_flight *flight, struct srd_buf *members, bool *is_error,
                bool *keep);
    void (*drop)(void *what); /* it is over, or was never begun */
    void *what;
};
struct srd_patience {
    int64_t deadline_ms; /* srd_clock_monotonic_ms() */
    const volatile sig_atomic_t *cancel;
    void (*tell)(void *context, double done, double total, const char *what); /* may be NULL */
    void *context;
};
enum srd_asked {
    SRD_ASKED,      /* @out is there; the caller drops it */
    SRD_ASKED_LEFT, /* nobody wants it any more: patience->cancel */
    SRD_ASKED_LATE, /* the deadline came first */
    SRD_ASKED_BUSY, /* the pool takes no more */
};
/* What is kept or under way under @key, or @errand; the errand is dropped in any case. */
enum srd_asked srd_cache_ask(struct srd_cache *cache, struct srd_work *work, const char *key,
                             const struct srd_errand *errand, const struct srd_patience *patience,
                             struct srd_said **out);

struct srd_desk_counts srd_cache_counts(struct srd_cache *cache);

#endif
