#ifndef SRD_SERVE_DESK_H
#define SRD_SERVE_DESK_H

#include "lib/engine/engine.h"
#include "lib/mcp/mcp.h"
#include "lib/serve/remote.h"
#include "lib/serve/ticket.h"
#include "lib/source/live.h"

/*
 * Where calls are answered: the tools, resources and prompts of the server over the catalogue, the
 * clusters they ask, the cache between them, and the budget that all callers of a cluster share.
 *
 *     mcp.h tools (tools.c, from the registry)   ->  cache.c: kept? in flight?  ->  run (engine)
 *         ->  clusters.c: a pooled source within the cluster's budget  ->  results.c: the JSON, cut to size
 *
 * A tenant sees its own clusters, cache entries, evidence handles, cursors and nothing of another.
 */
struct srd_desk;

struct srd_desk_cluster {
    const char *tenant; /* NULL: without tenants */
    const char *name;   /* alias; "default" for the one of -h ... */
    struct srd_live_options live;
    /* Instead of @live: its agents; copied, with what is known of them kept over a reload. */
    const struct srd_tenant_agents *agents;
    /* Instead of both: how a source of this cluster is opened (demo, snapshot). */
    int (*open)(const struct srd_desk_cluster *cluster, const volatile sig_atomic_t *cancel,
                struct srd_source **out, struct srd_error *err);
    const void *open_data;
};

struct srd_desk_options {
    const struct srd_catalogue *catalogue;
    const char *tool_version;
    const struct srd_desk_cluster *clusters;
    size_t cluster_count; /* may be 0: tools then say how to configure one */
    const struct srd_override *overrides; /* thresholds; ended by a NULL name; may be NULL */
    int64_t heavy_limit;   /* as srd_run_options.heavy_limit */
    size_t statements;     /* at a time per cluster, all callers together; 0: 4 */
    size_t pool;           /* idle sources kept per cluster; 0: 4 */
    int64_t pool_wait_ms;  /* for a source, then "busy"; 0: 30 s */
    int64_t pool_age_ms;   /* then a source is closed and made anew; 0: 3600 s */
    int64_t cache_ms;      /* how long an answer is kept; 0: none is kept (identical ones in flight are joined) */
    size_t cache_entries, cache_bytes; /* 0: 1000, 64 MiB */
    int64_t call_ms;       /* deadline of a call; 0: 45 s */
    bool run_query;        /* offer the tool run_query */
    /*
     * What replicas have in common, so that each goes on where another began; copied. NULL: a client
     * must come back to this process.
     */
    const struct srd_secrets *secrets;
};

int srd_desk_new(const struct srd_desk_options *options, struct srd_desk **out,
                 struct srd_error *err);
/* What lib/mcp serves; lives as long as the desk. .called is the caller's to set on a copy. */
const struct srd_mcp_tables *srd_desk_tables(struct srd_desk *desk);
/*
 * New clusters, thresholds and sizes for calls that begin from now on; running ones end with the old.
 * The tools stay. Strings of @options must live until the next reload (or the end).
 */
int srd_desk_reload(struct srd_desk *desk, const struct srd_desk_options *options,
                    struct srd_error *err);

/* For /health?deep=1, /stats, /metrics. */
struct srd_desk_cluster_state {
    const char *tenant, *name;
    bool asked;              /* false: nobody asked it yet */
    bool reachable;
    int64_t asked_at_ms;     /* wall clock */
    const char *error;       /* of the last failure, without secrets */
    const char *version, *run_mode;
    size_t connections_idle, connections_busy, runs, waiting;
    int score, findings[4];  /* by severity, of the last comprehensive run; score -1: none */
    const struct srd_remote_state *agents; /* @agent_count; none: it is reached by itself */
    size_t agent_count;
};
size_t srd_desk_states(struct srd_desk *desk, struct srd_arena *arena,
                       struct srd_desk_cluster_state **out);
/* Of the one cluster of @tenant; false: there is none. */
bool srd_desk_state(struct srd_desk *desk, const char *tenant, struct srd_arena *arena,
                    struct srd_desk_cluster_state *out);
/*
 * Connects now and asks for the version; for a worker thread. Agents are all looked at first, also
 * those that are believed to be down; that is not part of @deadline_ms.
 */
int srd_desk_ping(struct srd_desk *desk, const char *tenant, const char *cluster, int64_t deadline_ms,
                  struct srd_error *err);
struct srd_desk_counts {
    uint64_t hits, misses, joined, evicted;
    size_t entries, bytes;
};
struct srd_desk_counts srd_desk_counts(struct srd_desk *desk);

/* No call may be alive. */
void srd_desk_free(struct srd_desk **desk);

#endif
