#ifndef SRD_SERVE_CLUSTERS_PRIVATE_H
#define SRD_SERVE_CLUSTERS_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "lib/serve/clusters.h"

/*
 * Inside of a place.
 *
 *   clusters.c   its life, its sources, and what is known of it
 *   loans.c      a source in the hands of a borrower, and who may ask now
 */

#define SRD_PLACE_MAX_POOL 64

struct srd_place_idle {
    struct srd_source *source;
    int64_t born_ms, since_ms;
};

/* Somebody who waits for room to run a statement. */
struct srd_turn {
    bool heavy, granted;
    struct srd_turn *next;
};

struct srd_place {
    atomic_uint users;
    struct srd_arena *arena;
    struct srd_desk_cluster cluster; /* strings in @arena */
    struct srd_place_limits limits;
    struct srd_remote *remote; /* NULL: no agent is between us and it */
    pthread_mutex_t lock;  /* of all below */
    pthread_cond_t change; /* a source or a turn has become free */

    struct srd_place_idle idle[SRD_PLACE_MAX_POOL];
    size_t idle_count, lent; /* lent: also those that are being opened */
    bool opening;            /* somebody tries whether the cluster answers at all */
    struct srd_error down;   /* why it did not; believed until @down_until_ms */
    int64_t down_until_ms, down_since_ms;

    struct srd_turn *first; /* the queue */
    size_t running, heavy, waiting;

    bool asked, reachable;
    int64_t asked_at_ms;
    char error[sizeof(((struct srd_error *)0)->text)];
    char version[128], run_mode[32];
    size_t runs;
    int score, findings[4];
};

/* A source that is lent. */
struct srd_loan {
    struct srd_source base;
    struct srd_place *place;
    struct srd_source *inner;
    int64_t born_ms, deadline_ms;
    /* with the place's lock */
    bool cancelled, spoilt;
    size_t asking;
};

bool srd_place_is_old(const struct srd_place *place, int64_t born_ms, int64_t now_ms);
/* Lends @inner, which it takes, until @deadline_ms; place->lent counts it already. */
struct srd_source *srd_loan_new(struct srd_place *place, struct srd_source *inner, int64_t born_ms,
                                int64_t deadline_ms);

#endif
