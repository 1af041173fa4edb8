#ifndef SRD_EXPERTS_LOAD_LOAD_H
#define SRD_EXPERTS_LOAD_LOAD_H

#include "experts/probes.h"
#include "lib/model/cause.h"
#include "lib/model/check.h"
#include "lib/model/expert.h"
#include "lib/model/view.h"

/*
 * The inside of the load-jobs expert, shared by the files of this folder:
 *
 *   load.c             the expert's record        jobs.c             probes on `loads`, helpers
 *   classes.c          what an error text means   failures.c         how many loads fail, and why
 *   queue.c            stuck and waiting loads    rates.c            dropped rows, loads too small
 *   routine.c          reads Routine Load jobs    routine_stopped.c  paused and dead ones
 *   routine_lag.c      late and starved ones      routine_later.c    what one look cannot judge
 *   stream.c pipes.c   stream loads, pipes        other.c            Spark, exports, switches
 *   views.c status.c   lists; one load explained  causes.c           RC-26
 *
 * Each file ends with the list of its checks and of its views: to add one, write it and its line there.
 */
extern const struct srd_check *const srd_load_failures_checks[];
extern const struct srd_check *const srd_load_queue_checks[];
extern const struct srd_check *const srd_load_rates_checks[];
extern const struct srd_check *const srd_load_routine_later_checks[];
extern const struct srd_check *const srd_load_stream_checks[];
extern const struct srd_check *const srd_load_routine_stopped_checks[];
extern const struct srd_check *const srd_load_routine_lag_checks[];
extern const struct srd_check *const srd_load_pipes_checks[];
extern const struct srd_check *const srd_load_other_checks[];
extern const struct srd_view *const srd_load_status_views[];
extern const struct srd_view *const srd_load_views_views[];

/*
 * Probes on information_schema.loads. The table was made anew in 3.3.6: before that it has no
 * tables, and only broker, insert and Spark loads. The columns here are the same for both layouts;
 * times are seconds since 1970 (CREATED_S STARTED_S COMMITTED_S FINISHED_S).
 */
extern const struct srd_probe srd_probe_loads; /* that failed or are open, and rates; hours/zone */
extern const struct srd_probe srd_probe_recent_loads;  /* the newest of each state; for views */
extern const struct srd_probe srd_probe_load_by_label; /* label/zone, if it is none of the recent */

#define SRD_LOAD_MAX_RATES 2000
#define SRD_LOAD_MAX_FAILED 500
#define SRD_LOAD_MAX_OPEN 2000
#define SRD_LOAD_MAX_RECENT 200 /* of each state */

/*
 * The parts of srd_probe_loads; NULL: it was not answered, or not asked (the zone is not known).
 *   srd_load_rates    ended within these hours, by database, table and type
 *   srd_load_failed   CANCELLED within the hours that were asked for, the newest first
 *   srd_load_open     neither finished nor cancelled, the oldest first
 *   srd_load_refused  of the failed, those of the last quarter of an hour up to the newest of them that
 *                     failed because compaction lags, by kind and target, most first: KIND ("versions"
 *                     "score" "slowdown"), DB_NAME TABLE_NAME LOADS LAST (when the newest ended) MESSAGE
 */
const struct srd_table *srd_load_rates(const struct srd_evidence *ev);
const struct srd_table *srd_load_failed(const struct srd_evidence *ev);
const struct srd_table *srd_load_open(const struct srd_evidence *ev);
const struct srd_table *srd_load_refused(const struct srd_evidence *ev);
/* @table; says "not checked" (the zone is not known) if it is NULL though the probe is there. */
const struct srd_table *srd_load_known(struct srd_findings *out, const struct srd_table *table);
/* "dwd.events", or "dwd" where the cluster does not say the table. */
const char *srd_load_target(struct srd_arena *arena, const struct srd_table *t, size_t row);
/* The same for SQL: `dwd`.`events`; NULL without a table or with several. */
const char *srd_load_target_sql(struct srd_arena *arena, const struct srd_table *t, size_t row);
/* Statistics and other tables that StarRocks writes for itself. */
bool srd_load_is_internal(const struct srd_table *t, size_t row);
/* The first words of an error text on one line, at most @columns wide; without "type:...; msg:". */
const char *srd_load_excerpt(struct srd_arena *arena, const char *text, size_t columns);

/* What kind of trouble an error text tells of. */
enum srd_load_kind {
    SRD_LOAD_IGNORED,   /* no failure: cancelled by its user, or loaded before */
    SRD_LOAD_CAPACITY,  /* StarRocks refuses because something is full */
    SRD_LOAD_DATA,      /* the data or the job do not fit the table: its owner has to look */
    SRD_LOAD_SETTING,   /* privileges, switches, files that are not there */
    SRD_LOAD_TRANSIENT, /* passes, if it does not grow */
    SRD_LOAD_UNKNOWN,
};
const char *srd_load_kind_name(enum srd_load_kind kind);

struct srd_load_class {
    const char *id;    /* "versions" "disk" "partition" ... */
    const char *title; /* "too many versions" */
    enum srd_load_kind kind;
    /* alternatives, '|' between them; the parts of one, '&' between them, come in this order */
    const char *patterns;
    const char *meaning;
    const char *advice[4]; /* NULL-ended */
    const char *see;       /* checks, blank-separated */
};
/* In the order in which they are tried; the last is "unknown", which all others fall into. */
extern const struct srd_load_class srd_load_classes[];
extern const size_t srd_load_class_count;
/* causes.c */
extern const struct srd_cause srd_cause_no_partition; /* RC-26 */

/* Pure; looks at the first 4 KiB. NULL and "" are unknown. */
const struct srd_load_class *srd_load_class_of(const char *error);

#endif
