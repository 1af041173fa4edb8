#ifndef SRD_SERVE_REMOTE_PRIVATE_H
#define SRD_SERVE_REMOTE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "lib/serve/remote.h"

/* What remote.c (which agent answers) and remote_source.c (a source over whichever does) share. */

#define SRD_CLUSTER_ID_SIZE 32

struct srd_remote_agent {
    bool known, down, looking;
    bool previous; /* the previous token is the one that works */
    enum srd_agent_fault fault;
    struct srd_error why; /* @fault is not FINE */
    int64_t again_ms;     /* @down: not before (monotonic) */
    int64_t contact_at_ms, latency_ms;
    char version[SRD_AGENT_VERSION_SIZE]; /* its own; "": it never answered */
    char cluster_id[SRD_CLUSTER_ID_SIZE]; /* of its cluster, as SHOW FRONTENDS has it; "": not known
                                           */
    struct srd_source *looked_at;         /* that a look under way asks */
};

struct srd_remote {
    atomic_uint users;
    struct srd_arena *arena;
    struct srd_tenant_agents agents; /* texts in @arena */
    size_t count;
    struct srd_remote_options options;
    pthread_mutex_t lock;  /* of all below */
    pthread_cond_t change; /* a look is over */
    struct srd_remote_agent states[SRD_TENANT_AGENTS];
    size_t troubled; /* the agent that failed last; @count: none */
    bool stopped;
    bool warned; /* that its agents are of several clusters */
};

/* An agent answered through @src; @latency_ms negative: that of before stays. */
void srd_remote_well(struct srd_remote *r, size_t i, const struct srd_source *src,
                     int64_t latency_ms);
/* It did not: down, unless it only said no. */
void srd_remote_fell(struct srd_remote *r, size_t i, enum srd_agent_fault fault,
                     const struct srd_error *err);
/*
 * A source of the next agent that is well and not in *@tried, a bit for each, which grows. If there
 * is none: @err as it was if it says something already, else the error of the one that failed last.
 */
int srd_remote_engage(struct srd_remote *r, unsigned *tried, int64_t deadline_ms, size_t *index,
                      struct srd_source **out, struct srd_error *err);
/* An agent's cluster has the id @id; warns if another agent's has another one. */
void srd_remote_identify(struct srd_remote *r, size_t i, const char *id);
bool srd_remote_same_text(const char *a, const char *b); /* also if both are NULL */

#endif
