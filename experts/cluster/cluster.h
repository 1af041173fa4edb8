#ifndef SRD_EXPERTS_CLUSTER_CLUSTER_H
#define SRD_EXPERTS_CLUSTER_CLUSTER_H

#include "experts/probes.h"
#include "lib/model/check.h"
#include "lib/model/expert.h"
#include "lib/model/view.h"

/*
 * The inside of the cluster expert, shared by the files of this folder:
 *
 *   cluster.c    the expert's record         nodes.c     nodes as all checks see them
 *   frontends.c  leader, quorum, journal     clocks.c    clocks of the frontends
 *   stalls.c     locks, threads, safe mode   restarts.c  nodes that start again and again
 *   backends.c   dead and silent nodes       errors.c    what heartbeats say
 *   fleet.c      versions, hardware, room    services.c  blacklist, brokers
 *   load.c       CPU, descriptors            later.c     what one sample cannot judge
 *   view.c       the nodes                   causes.c    root causes that rest on all this
 *
 * Everything here has to work while no BE or CN lives, and through an FE that does not lead.
 *
 * Each file ends with the list of its checks and of its views: to add one, write it and its line there.
 */
extern const struct srd_check *const srd_cluster_frontends_checks[];
extern const struct srd_check *const srd_cluster_later_checks[];
extern const struct srd_check *const srd_cluster_stalls_checks[];
extern const struct srd_check *const srd_cluster_clocks_checks[];
extern const struct srd_check *const srd_cluster_restarts_checks[];
extern const struct srd_check *const srd_cluster_backends_checks[];
extern const struct srd_check *const srd_cluster_errors_checks[];
extern const struct srd_check *const srd_cluster_services_checks[];
extern const struct srd_check *const srd_cluster_fleet_checks[];
extern const struct srd_check *const srd_cluster_load_checks[];
extern const struct srd_view *const srd_cluster_view_views[];

extern const struct srd_cause srd_cause_no_checkpoint;       /* RC-15 */
extern const struct srd_cause srd_cause_clock_skew;          /* RC-16 */
extern const struct srd_cause srd_cause_lock_holder;         /* RC-17 */
extern const struct srd_cause srd_cause_forgotten_blacklist; /* RC-34 */

/* Probes of more than one file, and those that tests fill. */
extern const struct srd_probe srd_probe_fe_clocks;          /* what time it is on each FE */
extern const struct srd_probe srd_probe_node_blacklist;     /* of each FE */
extern const struct srd_probe srd_probe_brokers;
extern const struct srd_probe srd_probe_repositories;     /* which brokers backups use */

enum srd_node_kind { SRD_NODE_FE = 1, SRD_NODE_BE = 2, SRD_NODE_CN = 4 };
#define SRD_NODE_WORKERS (SRD_NODE_BE | SRD_NODE_CN)
#define SRD_NODE_ALL (SRD_NODE_FE | SRD_NODE_WORKERS)
const char *srd_node_kind_name(enum srd_node_kind kind); /* "FE" "BE" "CN" */

/* A node as all checks see it. */
struct srd_node {
    enum srd_node_kind kind;
    const struct srd_probe *probe; /* and the row that says so */
    const struct srd_table *table;
    size_t row;
    const char *subject; /* "frontend" "backend" "compute_node" */
    const char *name;    /* its host, with a port if others of its kind share it */
    const char *id;      /* BackendId, ComputeNodeId; "" of an FE before 3.5 */
    bool alive;
    bool leaving;      /* being decommissioned */
    bool stopping;     /* said goodbye: StatusCode SHUTDOWN (3.4 and later) */
    bool seen;         /* has answered a heartbeat at least once */
    bool silent_known; /* silent_ms: since its last heartbeat */
    int64_t silent_ms;
    bool up_known; /* up_ms: since its process started */
    int64_t up_ms;
    const char *version_text;
    int version; /* 0: not known */
};
struct srd_nodes {
    struct srd_node *items;
    size_t count;
};
/* Nodes of @kinds (or-ed) whose lists were answered: frontends, then backends, then compute nodes.
 */
struct srd_nodes srd_cluster_nodes(const struct srd_evidence *ev, struct srd_arena *arena,
                                   unsigned kinds);
/* The node with this BackendId or ComputeNodeId; NULL. */
const struct srd_node *srd_cluster_node(const struct srd_nodes *nodes, const char *id);

/* Has a node that does not live been away for @ms? "Unknown" if its last heartbeat cannot be dated.
 */
enum srd_gone { SRD_GONE_NO, SRD_GONE_YES, SRD_GONE_UNKNOWN };
enum srd_gone srd_cluster_gone(const struct srd_node *node, int64_t ms);

/* A finding about a node, with its fields (node, id, host, port) and its row. */
struct srd_finding *srd_cluster_finding(struct srd_findings *out, enum srd_severity severity,
                                        const struct srd_node *node, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The leader's row of SHOW FRONTENDS, or SRD_NO_COLUMN. */
size_t srd_cluster_leader_row(const struct srd_table *frontends);

/*
 * A gauge of the FE that SHOW FRONTENDS calls @fe (its Name), from the metrics: the first row of
 * @metric whose labels have @value as @label (NULL: any). @row is where it stands.
 */
bool srd_cluster_gauge(const struct srd_table *gauges, struct srd_arena *arena, const char *fe,
                       const char *metric, const char *label, const char *value, double *out,
                       size_t *row);

/* Says "not checked" with the reason why @probe was not answered; false if it was. */
bool srd_cluster_missing(const struct srd_evidence *ev, struct srd_findings *out,
                         const struct srd_probe *probe);

/* The beginning of a text of the cluster, short enough for a message. */
const char *srd_cluster_excerpt(struct srd_arena *arena, const char *text);

#define SRD_MINUTE_MS INT64_C(60000)
#define SRD_HOUR_MS (60 * SRD_MINUTE_MS)

#endif
