#ifndef SRD_EXPERTS_TRANSACTIONS_TRANSACTIONS_H
#define SRD_EXPERTS_TRANSACTIONS_TRANSACTIONS_H

#include "experts/probes.h"
#include "lib/model/check.h"
#include "lib/model/expert.h"
#include "lib/model/view.h"

/*
 * The inside of the transactions expert:
 *
 *   transactions.c  the expert's record                 running.c  what runs, and in which databases
 *   limits.c        too many, too old                   gaps.c     versions that never became visible
 *   later.c         what one sample cannot judge        view.c     the running transactions
 *   causes.c        root causes that rest on all this
 *
 * Each file ends with the list of its checks and of its views: to add one, write it and its line there.
 */
extern const struct srd_check *const srd_txn_limits_checks[];
extern const struct srd_check *const srd_txn_later_checks[];
extern const struct srd_check *const srd_txn_gaps_checks[];
extern const struct srd_view *const srd_txn_view_views[];

extern const struct srd_cause srd_cause_publish_bottleneck; /* RC-03 */
extern const struct srd_cause srd_cause_orphan_gap;         /* RC-28 */

extern const struct srd_probe srd_probe_txn_running; /* of a database; key: its id, or its name */
extern const struct srd_probe srd_probe_version_gaps_again; /* after that; key: "3600" */

/* A database whose running transactions were looked at. */
struct srd_txn_database {
    const char *id, *name; /* id: what stands for it in a PROC path */
    const struct srd_table *running;
    bool cut; /* the FE prints the newest 2,000 only, so the oldest are missing */
};
struct srd_txn_databases {
    struct srd_txn_database *items;
    size_t count;
    size_t wanted; /* that have something running, as far as is known */
    bool exact;    /* that is known from counts; else any database may have */
    size_t cut, unread;
};
/*
 * Says "not checked" and returns false when neither the metrics nor the list of databases is there, so
 * that nobody knows which to ask. For the beginning of each judge that looks at running transactions.
 */
bool srd_txn_known(struct srd_findings *out);
/* The databases that may have transactions: those of the metrics, or all. */
size_t srd_txn_names(const struct srd_evidence *ev, struct srd_arena *arena, const char ***out);
struct srd_txn_databases srd_txn_databases(const struct srd_evidence *ev, struct srd_arena *arena);
/* After judging: says that not all was seen. */
void srd_txn_coverage(struct srd_findings *out, const struct srd_txn_databases *all);

/* Counts towards max_running_txn_num_per_db? Routine Load tasks and compactions do not. */
bool srd_txn_is_limited(const struct srd_table *running, size_t row);
/* How many transactions that count each database has, as the leader's metric says. */
struct srd_txn_counts {
    struct srd_txn_count {
        const char *name;
        double value;
        size_t row; /* of fe-gauges */
    } * items;
    size_t count; /* 0: the metric says nothing */
};
struct srd_txn_counts srd_txn_counts(const struct srd_evidence *ev, struct srd_arena *arena);
/* NULL when it says nothing of @db. */
const struct srd_txn_count *srd_txn_count(const struct srd_txn_counts *counts, const char *db);
/* Text of a label or reason, short enough for a message. */
const char *srd_txn_excerpt(struct srd_arena *arena, const char *text);

#endif
