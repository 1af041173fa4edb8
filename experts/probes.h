#ifndef SRD_EXPERTS_PROBES_H
#define SRD_EXPERTS_PROBES_H

#include "experts/reading.h"
#include "lib/model/finding.h"
#include "lib/model/identity.h"
#include "lib/model/probe.h"
#include "lib/model/view.h"

/* Probes that several experts share, and how to read them. Identity probes: lib/model/identity.h. */

extern const struct srd_probe srd_probe_fe_config; /* ADMIN SHOW FRONTEND CONFIG, of the leader */
extern const struct srd_probe srd_probe_databases; /* SHOW PROC '/dbs', of the leader */
extern const struct srd_probe srd_probe_fe_locks;  /* sys.fe_locks: holders that others wait for */
extern const struct srd_probe srd_probe_fe_gauges; /* some metrics of each FE, as rows */
extern const struct srd_probe srd_probe_fe_jvm;    /* memory, collections and threads of the leader */

/*
 * What the BEs and CNs say of themselves, all of them in one statement however many there are. A node
 * that lives and has no row did not answer. Three lists in one answer:
 *   srd_node_metrics   a row per node: BE_ID FD_USED FD_LIMIT, and in shared-nothing CUMULATIVE_SCORE
 *                      BASE_SCORE UPDATE_SCORE ROWSETS APPLY_QUEUE
 *   srd_node_paths     a row per path of a node: BE_ID PATH DISK_TOTAL DISK_AVAILABLE DISK_DATA in bytes,
 *                      DISK_USED 1 or 0: does the node use it?
 *   srd_node_settings  the values of some settings: NAME VALUE, how many NODES have it, the lowest BE_ID of
 *                      them; of storage_root_path a row per node
 * NULL when it was not answered.
 */
extern const struct srd_probe srd_probe_nodes;
const struct srd_table *srd_node_metrics(const struct srd_evidence *ev);
const struct srd_table *srd_node_paths(const struct srd_evidence *ev);
const struct srd_table *srd_node_settings(const struct srd_evidence *ev);
/*
 * The rows of @probe's answer that @wanted names, with those of the blank-separated @columns that it
 * has, as a table of their own in the evidence's arena; NULL when there is no answer. For probes that
 * answer several questions with one statement.
 */
const struct srd_table *srd_rows_where(const struct srd_evidence *ev, const struct srd_probe *probe,
                                       bool (*wanted)(const struct srd_table *t, size_t row),
                                       const char *columns);

/*
 * How many replicas do tables keep (shared-nothing)? Two lists in one answer:
 *   srd_replication_in_use  a row per REPLICATION_NUM, the lowest first: PARTITIONS, TABLETS, EXAMPLE (the
 *                           "db.table" that comes first)
 *   srd_low_replication     tables with partitions that keep one or two, the 1,000 largest, a row for each
 *                           number: DB_NAME TABLE_NAME REPLICATION_NUM PARTITIONS TABLETS DATA_BYTES
 *                           TABLE_ENGINE
 * NULL when it was not answered.
 */
extern const struct srd_probe srd_probe_replication;
const struct srd_table *srd_replication_in_use(const struct srd_evidence *ev);
const struct srd_table *srd_low_replication(const struct srd_evidence *ev);
/* Is the table in @row (of any answer with TABLE_ENGINE) a materialized view? */
bool srd_is_view_row(const struct srd_table *t, size_t row);

/*
 * The DATA_SIZE of information_schema.partitions_meta in bytes, as an SQL expression: a number from
 * 4.0 on, text like "12.3KB" before. One text for all versions.
 */
/* clang-format off */
#define SRD_PARTITION_BYTES                                                                       \
    "(CASE"                                                                                       \
    " WHEN CAST(DATA_SIZE AS VARCHAR) LIKE '%PB'"                                                 \
    " THEN CAST(REPLACE(CAST(DATA_SIZE AS VARCHAR), 'PB', '') AS DOUBLE) * 1125899906842624"      \
    " WHEN CAST(DATA_SIZE AS VARCHAR) LIKE '%TB'"                                                 \
    " THEN CAST(REPLACE(CAST(DATA_SIZE AS VARCHAR), 'TB', '') AS DOUBLE) * 1099511627776"         \
    " WHEN CAST(DATA_SIZE AS VARCHAR) LIKE '%GB'"                                                 \
    " THEN CAST(REPLACE(CAST(DATA_SIZE AS VARCHAR), 'GB', '') AS DOUBLE) * 1073741824"            \
    " WHEN CAST(DATA_SIZE AS VARCHAR) LIKE '%MB'"                                                 \
    " THEN CAST(REPLACE(CAST(DATA_SIZE AS VARCHAR), 'MB', '') AS DOUBLE) * 1048576"               \
    " WHEN CAST(DATA_SIZE AS VARCHAR) LIKE '%KB'"                                                 \
    " THEN CAST(REPLACE(CAST(DATA_SIZE AS VARCHAR), 'KB', '') AS DOUBLE) * 1024"                  \
    " ELSE CAST(REPLACE(CAST(DATA_SIZE AS VARCHAR), 'B', '') AS DOUBLE) END)"
/* clang-format on */


/*
 * A configuration value of the leading FE as a limit: the cluster's own value, with "NAME of the
 * cluster" as its source; @fallback with "default of NAME" when the probe has no such key (older
 * version) or a value that is no number. --set NAME=VALUE wins over both.
 */
struct srd_limit srd_fe_config(const struct srd_evidence *ev, const char *name, double fallback,
                               enum srd_unit unit);
/* The raw text, or NULL. */
const char *srd_fe_config_text(const struct srd_evidence *ev, const char *name);

/*
 * A probe over a window asks for 24 hours, which diagnoses and collections want and which also serves
 * every view of up to a day, so that they share one answer and a snapshot has it; for more when the
 * argument `hours` says so, which a snapshot does not have (srd_pick_hours_zone). fill() cuts the rows
 * to srd_hours(): the argument `hours` of the view or of the expert; 24 without one.
 */
int64_t srd_hours(const struct srd_evidence *ev);
#define SRD_PICKED_HOURS 24

/*
 * `loads`, `routine_load_jobs` and the like print times in the cluster's own zone (SRD_ZONE_GLOBAL), so
 * that no SQL can compare them with NOW(), which is ours. SRD_SECONDS(column) is such a time in seconds
 * since 1970, in every zone and whatever the session's; compare it with UNIX_TIMESTAMP(), read it with
 * srd_cell_time_ms(). Its parameter {zone} comes from these picks: srd_pick_zone adds the key "+08:00",
 * srd_pick_hours_zone "24/+08:00" for the parameters hours and zone.
 *
 * When the zone is not known nothing is asked: then srd_evidence_get() is NULL though the probe is not
 * missing, and a judge says srd_cannot_judge(). A zone that the cluster does not know gives NULL, so
 * let a WHERE keep what IS NULL.
 */
#define SRD_SECONDS(column)                                                                        \
    "TIMESTAMPDIFF(SECOND, '1970-01-01 00:00:00', CONVERT_TZ(" column ", {zone}, '+00:00'))"
void srd_pick_zone(const struct srd_evidence *ev, struct srd_keys *out);
void srd_pick_hours_zone(const struct srd_evidence *ev, struct srd_keys *out);
/* "+08:00", "Europe/Berlin"; NULL: not known. */
const char *srd_global_zone(const struct srd_evidence *ev);
/* Why is a zone or a number of nodes not known: what kept @probe from being answered, else @status. */
enum srd_status srd_why_not(const struct srd_evidence *ev, const struct srd_probe *probe,
                            enum srd_status status);

/* Catalogue.stressed: does the FE wait for locks? Says who holds which lock. */
bool srd_fe_stressed(const struct srd_evidence *ev, const char **why);

#endif
