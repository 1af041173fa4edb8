#ifndef SRD_SERVE_REMOTE_H
#define SRD_SERVE_REMOTE_H

#include "lib/serve/tenants.h"
#include "lib/serve/work.h"
#include "lib/source/agent.h"

/*
 * A cluster that only agents can reach, as all callers share it: which of its agents answer, and a
 * source over whichever does.
 *
 *   order     agents are asked in the order of the file; the next one when one fails, also in the
 *             middle of a run: what it has not answered yet is asked of the next.
 *   breaker   an agent that failed is down and is not asked. Who comes @breaker_ms later sets
 *             somebody else to look at it again and has the old error at once, unless the look
 *             ends well at once too. So a dead agent costs one caller one time-out, and it is back
 *             with the first caller after it is.
 *   tokens    when an agent does not accept the one, the previous one is tried, so that both ends
 *             can change it one after the other without a failed request.
 *   cluster   the next agent, or another one that began at the same place, goes on with a run only
 *             if its cluster has the id that the run began with, or does not say; that agents differ
 *             is also told in the log.
 *   opening   asks the cluster the time, which is what tells a good agent from one that merely
 *             accepts connections.
 *
 * Errors of sources: SRD_E_DENIED (token), else SRD_E_CONNECT; they name the agent, never a token.
 * Any thread; a source is for one thread, as every source. Sources hold it.
 */
struct srd_remote;

struct srd_remote_options {
    struct srd_work *work; /* looks at agents that are down; NULL: the caller does */
    int64_t check_ms; /* an agent that does not answer a small question within it is dead; 0: 5 s */
    int64_t breaker_ms; /* 0: 5 s */
};
/* Copies both. Held once. */
struct srd_remote *srd_remote_new(const struct srd_tenant_agents *agents,
                                  const struct srd_remote_options *options);
struct srd_remote *srd_remote_hold(struct srd_remote *remote); /* returns @remote */
void srd_remote_drop(struct srd_remote **remote);              /* for SRD_CLEANUP */
/* Looks that are under way end; new ones do not begin. */
void srd_remote_stop(struct srd_remote *remote);
/* Would srd_remote_new() of these make the same? */
bool srd_remote_is(const struct srd_remote *remote, const struct srd_tenant_agents *agents);

/* A source whose first agent has answered already. */
int srd_remote_open(struct srd_remote *remote, struct srd_source **out, struct srd_error *err);
/* Looks at every agent now, whatever was believed; for a worker. 0: one of them is well. */
int srd_remote_test(struct srd_remote *remote, struct srd_error *err);

/* What is known of an agent. */
struct srd_remote_state {
    const char *url;
    bool known;                 /* it was asked */
    enum srd_agent_fault fault; /* FINE: it answered */
    const char *error;          /* NULL: FINE */
    const char *version;        /* of the agent itself; NULL: it never answered */
    int64_t contact_at_ms;      /* wall clock, of its latest answer; 0: there was none */
    int64_t latency_ms;         /* of the latest small question, cluster and all; -1: not known */
};
size_t srd_remote_states(struct srd_remote *remote, struct srd_arena *arena,
                         struct srd_remote_state **out);
/* The latest thing that went wrong; false: nothing did, or it is over. */
bool srd_remote_trouble(struct srd_remote *remote, struct srd_arena *arena,
                        struct srd_remote_state *out);

#endif
