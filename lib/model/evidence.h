#ifndef SRD_MODEL_EVIDENCE_H
#define SRD_MODEL_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/model/probe.h"
#include "lib/model/table.h"

/*
 * What the cluster said: one answer per probe, node and key, or the reason why there is none.
 * Pure value; filled by the engine, read by everybody. Lives in one arena.
 */
enum srd_status {
    SRD_ANSWERED,
    SRD_DENIED,     /* a privilege is missing: detail names it */
    SRD_TIMED_OUT,  /* the statement or the run ran out of time */
    SRD_VERSION_ABSENT, /* no such table, column or statement in this version */
    SRD_MODE_ABSENT,    /* not applicable in this run mode */
    SRD_NO_BACKEND, /* no usable BE/CN to evaluate it */
    SRD_SKIPPED,    /* not asked: excluded, too heavy now, or not in the snapshot */
    SRD_FAILED,     /* any other error: detail has the server's words */
    SRD_NEEDS_HISTORY, /* checks only: two samples, stored runs, logs or host files are needed */
};
#define SRD_STATUS_COUNT 9
/* "answered" "denied" "timeout" "version" "mode" "no_backend" "skipped" "failed" "needs_history" */
const char *srd_status_name(enum srd_status status);
bool srd_status_of_name(const char *name, enum srd_status *out);

struct srd_answer {
    const struct srd_probe *probe;
    const char *node; /* FE that answered, "host:port"; "" when any would do */
    const char *key;  /* srd_key_text(); "" without parameters */
    enum srd_status status;
    const char *detail;            /* why not, one clean line; "" when answered */
    const struct srd_table *table; /* NULL unless answered */
    int64_t started_at_ms;         /* of this machine's clock */
    int64_t ms;                    /* how long it took */
    bool follower;                 /* a leader's question that only another FE could answer */
};

/* What the run is about; derived by srd_identify() (identity.h) from the first answers. */
struct srd_cluster {
    const char *name;         /* alias from the configuration, else host:port */
    const char *version_text; /* "3.5.7-5f2a1b3"; "" when unknown */
    int version;              /* SRD_VERSION(); 0 unknown */
    enum srd_mode mode;       /* SRD_MODE_ANY: unknown */
    const char *leader;       /* "host:query_port"; "" when no leader is known */
    const char *connected;    /* FE that answered the first statements, "host:port" */
    bool follower;            /* leader's questions are answered by another FE */
    size_t frontends, frontends_alive, backends, backends_alive, compute_nodes, compute_nodes_alive;
    bool clock_known;         /* now_ms could be derived */
    int64_t now_ms;           /* the FE's clock: ages are taken against this, never against ours */
    bool print_offset_known;
    int print_offset_s;
    bool jvm_offset_known, global_offset_known; /* of SRD_ZONE_JVM, SRD_ZONE_GLOBAL */
    int jvm_offset_s, global_offset_s;
};

struct srd_arg;
struct srd_arg_value;

struct srd_evidence {
    struct srd_arena *arena;
    struct srd_cluster cluster;
    struct srd_answer *answers;
    size_t count, room;
    /* picks that were cut short: probe and number of keys not asked */
    struct srd_left_out {
        const struct srd_probe *probe;
        size_t count;
    } *left_out;
    size_t left_out_count;
    /* --set NAME=VALUE: overrides of thresholds, ended by a NULL name */
    const struct srd_override {
        const char *name;
        double value;
        const char *origin; /* "--set", "config file \"x\" line 3" */
    } *overrides;
    /* The arguments of the view or the one expert that this is collected for, and their values, for
     * srd_view_arg() (view.h); NULL in a diagnosis by several experts and in a collection. */
    const struct srd_arg *declared;
    const struct srd_arg_value *args;
};

struct srd_evidence *srd_evidence_new(struct srd_arena *arena);
/*
 * Copies the struct (not what it points to) and returns the copy's place, good until the next one. The
 * values of passwords and keys are replaced by "***" in tables of names and values ("Key Value") and in
 * columns of error texts.
 */
struct srd_answer *srd_evidence_add(struct srd_evidence *ev, const struct srd_answer *answer);
void srd_evidence_leave_out(struct srd_evidence *ev, const struct srd_probe *probe, size_t count);

/* The first answered table of @probe (with @key, if not NULL); NULL if there is none. */
const struct srd_table *srd_evidence_get(const struct srd_evidence *ev,
                                         const struct srd_probe *probe, const char *key);
/* The next answer of @probe after @previous (NULL: the first), whatever its status. */
const struct srd_answer *srd_evidence_next(const struct srd_evidence *ev,
                                           const struct srd_probe *probe,
                                           const struct srd_answer *previous);
size_t srd_evidence_left_out(const struct srd_evidence *ev, const struct srd_probe *probe);

/*
 * Why @probe cannot be used, or NULL: it can. A probe with keys can be used when it was asked for no
 * key at all (nothing to ask) or at least one key was answered. Else the answer that says why; when
 * it was never asked because the probe before it failed, that one's.
 */
const struct srd_answer *srd_evidence_missing(const struct srd_evidence *ev,
                                              const struct srd_probe *probe);

/*
 * For tests: an evidence with answered tables from text (srd_table_of). Ends with a NULL probe.
 *
 * The cluster is what srd_identify() makes of it, connected to "fe1:9030". Without an answer of the
 * clock probe (of any status) the clock is known: it is 2026-01-20 02:00:00, and all zones are UTC.
 */
struct srd_answer_text {
    const struct srd_probe *probe;
    const char *key;
    const char *table; /* NULL: @status instead */
    enum srd_status status;
};
struct srd_evidence *srd_evidence_of(struct srd_arena *arena, const struct srd_answer_text *answers);

#endif
