#ifndef SRD_EXPERTS_COMPACTION_COMPACTION_H
#define SRD_EXPERTS_COMPACTION_COMPACTION_H

#include "experts/load/load.h"
#include "experts/probes.h"
#include "lib/model/cause.h"
#include "lib/model/check.h"
#include "lib/model/expert.h"
#include "lib/model/view.h"

/*
 * The inside of the compaction expert, shared by the files of this folder:
 *
 *   compaction.c  the expert's record       shared.c    helpers declared here
 *   probes.c      what is asked             disabled.c  switched off, or nowhere to run
 *   versions.c    shared-nothing: rowsets   scores.c    shared-nothing: scores and queues of the
 * BEs lake.c        shared-data: scores       jobs.c      shared-data: jobs later.c       what one
 * look cannot judge   views.c  causes.c
 *
 * Each file ends with the list of its checks and of its views: to add one, write it and its line there.
 */
extern const struct srd_check *const srd_compaction_versions_checks[];
extern const struct srd_check *const srd_compaction_scores_checks[];
extern const struct srd_check *const srd_compaction_later_checks[];
extern const struct srd_check *const srd_compaction_disabled_checks[];
extern const struct srd_check *const srd_compaction_lake_checks[];
extern const struct srd_check *const srd_compaction_jobs_checks[];
extern const struct srd_view *const srd_compaction_views_views[];

/*
 * Probes. srd_probe_partition_scores asks for the same thing in different words by run mode: which
 * partitions need compaction most, by rowsets or by scores. Its common columns are those of the probe;
 * what only one mode has is looked for by who needs it.
 */
extern const struct srd_probe srd_probe_compaction_jobs;     /* shared-data: jobs of the leader */
extern const struct srd_probe srd_probe_backend_compactions; /* shared-nothing: state per BE; for views */
extern const struct srd_probe srd_probe_partition_scores;
extern const struct srd_probe srd_probe_lake_tasks;    /* shared-data: by transaction */
extern const struct srd_probe srd_probe_delayed_loads; /* shared-data; key: database */

#define SRD_SCORES_READ 1000 /* srd_probe_partition_scores: so many, the worst first */

/* "10.0.1.11", with its port if others share the host; "node 10004" if it is gone. */
const char *srd_compaction_node(const struct srd_evidence *ev, struct srd_arena *arena,
                                const char *id);
/* From one time of a row to a later one; needs no zone. */
bool srd_compaction_span_ms(const struct srd_table *t, size_t row, const char *from, const char *to,
                            int64_t *span_ms);
/* The lowest value that a node has for @name, as a limit; --set wins, @fallback if none says. */
struct srd_limit srd_compaction_setting(const struct srd_evidence *ev, const char *name,
                                        double fallback, enum srd_unit unit);

/* Rows of srd_probe_partition_scores. */
bool srd_compaction_is_internal(const struct srd_table *t, size_t row);
/* Is it the first, so the worst, row of its table? */
bool srd_compaction_first_of_table(const struct srd_table *t, size_t row);
/* "; 11 more partitions of this table are above it" or "". */
const char *srd_compaction_more(struct srd_arena *arena, const struct srd_table *t, size_t row,
                                double bound);
/*
 * A finding about the partition in @row; the message is its name and then @format. Fields: {name},
 * {table} (`db`.`t`), {partition} (quoted), {compact} (the words of ALTER TABLE for its key model).
 */
struct srd_finding *
srd_compaction_partition_finding(struct srd_findings *out, enum srd_severity severity,
                                 const struct srd_table *t, size_t row, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/*
 * Rows of tables that the account may not see are missing silently. Says "not checked" when it sees
 * fewer than SHOW PROC '/dbs' counts; for shared-data, where the answer says how many it saw.
 */
void srd_compaction_says_unseen(const struct srd_evidence *ev, struct srd_findings *out);

/* Is @row of srd_load_refused() one refused as @kind says, @within_ms ago at most?
 */
bool srd_compaction_refused(struct srd_findings *out, const struct srd_table *refused, size_t row,
                            const char *kind, int64_t within_ms);

/* Jobs (shared-data). */
bool srd_compaction_unfinished(const struct srd_table *jobs, size_t row);
/* The row of srd_probe_lake_tasks of this transaction, or SRD_NO_COLUMN. */
size_t srd_compaction_tasks_of(const struct srd_evidence *ev, const char *txn_id);
/* How many tablets may be compacted at a time; below 0: not known. */
double srd_compaction_capacity(const struct srd_evidence *ev);
/* How many are now. */
double srd_compaction_running(const struct srd_evidence *ev);
/* Living nodes of @warehouse; nodes that do not say theirs count as its own. */
size_t srd_compaction_nodes_of(const struct srd_evidence *ev, const char *warehouse,
                               size_t *registered, size_t *elsewhere);

extern const struct srd_cause srd_cause_frequent_loads; /* RC-02 */
extern const struct srd_cause srd_cause_lake_debt;      /* RC-04 */
extern const struct srd_cause srd_cause_starved;        /* RC-05 */
extern const struct srd_cause srd_cause_apply_lag;      /* RC-09 */

#endif
