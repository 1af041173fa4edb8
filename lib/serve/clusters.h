#ifndef SRD_SERVE_CLUSTERS_H
#define SRD_SERVE_CLUSTERS_H

#include "lib/serve/desk.h"

/*
 * A cluster as all callers share it: a few open sources, a budget of statements, and what was last
 * heard of it.
 *
 * - Sources: at most @pool of them; who needs one waits for it, @pool_wait_ms at most. One that was
 *   not used for a while (@fresh_ms) is asked a small question before it is lent again; one that is
 *   older than @pool_age_ms, was cancelled, lost or had a statement time out is closed instead.
 * - Budget: at most @statements run at a time, of them one heavy one, whoever asks; the others wait
 *   in the order in which they came. Waiting does not use up the time of a statement, only that of
 *   the run.
 * - Breaker: when nobody answers, one caller pays the time of the attempt; the others, and those of
 *   the next seconds (@breaker_ms), get its error at once.
 *
 * Any thread. A place lives as long as somebody holds it; sources that are lent hold it.
 */
struct srd_place;

struct srd_place_limits {
    size_t statements, pool;
    int64_t pool_wait_ms, pool_age_ms;
    int64_t fresh_ms;       /* a source that was used within it is lent unchecked; 0: 5 s */
    int64_t breaker_ms;     /* how long an error of connecting is believed; 0: 5 s */
    struct srd_work *looks; /* for those at agents that are down (remote.h); NULL: callers do it */
};

/* Copies everything of @cluster but what @open_data points to. Held once. */
struct srd_place *srd_place_new(const struct srd_desk_cluster *cluster,
                                const struct srd_place_limits *limits);
struct srd_place *srd_place_hold(struct srd_place *place); /* returns @place */
void srd_place_drop(struct srd_place **place);             /* for SRD_CLEANUP */
/* Would srd_place_new() of these make the same? */
bool srd_place_is(const struct srd_place *place, const struct srd_desk_cluster *cluster,
                  const struct srd_place_limits *limits);
const char *srd_place_tenant(const struct srd_place *place); /* NULL: without tenants */
const char *srd_place_name(const struct srd_place *place);
/* Where it is, for messages: "fe1:9030,fe2:9030"; "" for what is no live cluster. */
const char *srd_place_where(const struct srd_place *place);

/*
 * Lends a source until @deadline_ms (srd_clock_monotonic_ms()); srd_source_close() gives it back.
 * Its cancel() ends the statements of this borrower alone. SRD_E_CONNECT, SRD_E_DENIED,
 * SRD_E_CONFIG as srd_live_open(); SRD_E_LIMIT: all are lent and none came back in time;
 * SRD_E_CANCELLED.
 */
int srd_place_borrow(struct srd_place *place, int64_t deadline_ms,
                     const volatile sig_atomic_t *cancel, struct srd_source **out,
                     struct srd_error *err);

/* What a run has learnt: the cluster's version and mode; of a @report that looked at all experts
 * also score and findings (NULL: leave them as they are). */
void srd_place_learnt(struct srd_place *place, const struct srd_cluster *cluster,
                      const struct srd_report *report);
/*
 * A run has failed. That the cluster cannot be reached (SRD_E_CONNECT, SRD_E_DENIED) is remembered.
 */
void srd_place_failed(struct srd_place *place, const struct srd_error *err);
/* Texts in @arena. */
void srd_place_state(struct srd_place *place, struct srd_arena *arena,
                     struct srd_desk_cluster_state *out);
/* Its agents; NULL: it has none. Borrowed. */
struct srd_remote *srd_place_remote(const struct srd_place *place);
/* Closes sources that nobody has used for a minute, or that are old. */
void srd_place_sweep(struct srd_place *place);

#endif
