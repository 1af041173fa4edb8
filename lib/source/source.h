#ifndef SRD_SOURCE_SOURCE_H
#define SRD_SOURCE_SOURCE_H

#include "lib/base/error.h"
#include "lib/model/evidence.h"
#include "lib/model/report.h"

/*
 * Where answers come from: a live cluster, a snapshot file, a remote agent. The engine knows only
 * this. A source answers one question at a time per thread, several threads at once; it never
 * judges, retries politely where its medium needs it, and never writes to the cluster.
 */
struct srd_question {
    const struct srd_probe *probe;
    const char *key;       /* srd_key_text(); "" without parameters */
    const char *sql;       /* rendered, with the marker comment */
    const char *node;      /* "" or the FE ("host:port") that must answer (SRD_ASK_EACH) */
    int64_t deadline_ms;   /* srd_clock_monotonic_ms(): past it the statement is killed on the server */
    size_t max_bytes;      /* of the answer's cells; 0: SRD_TABLE_MAX_BYTES */
};

/* Questions that do not wait for each other, for a source that takes them all at once. */
struct srd_batch {
    const struct srd_question *const *questions;
    size_t count;
    int64_t deadline_ms; /* of the batch; each question also has the time limit of its probe */
    /*
     * The answer to questions[@index] is there; *@memory, in which it lives, is handed over. Called by
     * the thread that asks.
     */
    void (*answered)(void *context, size_t index, const struct srd_answer *answer,
                     struct srd_arena **memory);
    void *context;
};

/*
 * What the latest run over a source found out about its cluster, and told it by use(): so that the next one
 * can ask its first questions without waiting for an answer that is nearly always the same. The engine's.
 */
struct srd_known {
    bool set;
    bool nodes_alive; /* one at least */
    int version;
    enum srd_mode mode;
    size_t frontends;
    char leader[320];
};

struct srd_source {
    const struct srd_source_ops *ops;
    struct srd_source_info info;
    const char *connected; /* "host:port" of the FE that answers; of a snapshot: as recorded */
    const char *cluster_name; /* as recorded in a snapshot; NULL: take `connected` */
    size_t parallel;       /* questions at a time */
    bool recorded;         /* answers are kept ones: no question costs the cluster anything */
    /* The FE refused SET time_zone: times of SRD_ZONE_SESSION have no known zone. Fixed once opened
     * unless questions run. */
    bool session_zone_unknown;
    struct srd_known known;
};

struct srd_source_ops {
    /*
     * Answers @q into @out (node, status, detail, table, started_at_ms, ms, follower; probe and key
     * are the caller's), with memory of @arena, which no other thread uses meanwhile. Returns 0 also
     * when the answer is a reason; non-zero with @err only when the source as a whole is gone
     * (SRD_E_CONNECT, SRD_E_DENIED, SRD_E_CANCELLED). Any thread.
     */
    int (*ask)(struct srd_source *src, const struct srd_question *q, struct srd_arena *arena,
               struct srd_answer *out, struct srd_error *err);
    /*
     * After the identity round: which FE leads. A live source sends further questions there when it
     * can and says in *follower (and in each answer) when it cannot. Not while questions run.
     */
    int (*use)(struct srd_source *src, const struct srd_cluster *cluster, bool *follower,
               struct srd_error *err);
    /* Ends all running questions, on the server too; they answer "timeout". Any thread, once or often. */
    void (*cancel)(struct srd_source *src);
    void (*close)(struct srd_source *src);
    /*
     * NULL, or: answers as many of @batch as it can, in any order. Non-zero with @err when the source is
     * gone; what was answered before stays answered. One batch at a time, never beside ask(). The
     * deadlines of the questions are not set.
     */
    int (*ask_many)(struct srd_source *src, const struct srd_batch *batch, struct srd_error *err);
};

/* An ask() for who has ask_many() alone: a batch of one question. */
int srd_source_ask_one(struct srd_source *src, const struct srd_question *q,
                       struct srd_arena *arena, struct srd_answer *out, struct srd_error *err);

void srd_source_close(struct srd_source **src); /* for SRD_CLEANUP; NULL inside is fine */

#endif
