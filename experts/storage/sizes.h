#ifndef SRD_EXPERTS_STORAGE_SIZES_H
#define SRD_EXPERTS_STORAGE_SIZES_H

#include "experts/storage/storage.h"

/*
 * How tables and partitions are laid out: sizes.c reads them, tablets.c, partitions.c, retention.c
 * and design.c judge.
 *
 * srd_probe_table_sizes has one row per table (the 1,000 largest by size, and those by tablets),
 * one per database (TABLE_NAME is NULL) and one for the cluster (DB_NAME is NULL too). DATA_BYTES
 * are all replicas; COPY_BYTES, MEDIAN_TABLET, MAX_PARTITION ... one copy. Temporary and shadow
 * partitions are left out, and sub-partitions added up. EARLY OLD LATE FRESH and what follows them
 * tell of partitions far from today and of new ones; up to 500 tables with many of those are there
 * however small they are. srd_probe_dynamic_tables has the tables with dynamic partitions, those that
 * reach least far ahead first. srd_probe_partitions has two lists:
 *   srd_partition_sizes  those whose tablets are large on average, and the temporary ones
 *   srd_partition_gaps   those with versions that are not visible yet, 200 at most, the longest
 *                        unchanged first
 * which are NULL when it was not answered.
 *
 * All of them hold only what the account may see: see srd_storage_says_unseen().
 */
extern const struct srd_probe srd_probe_table_sizes;
extern const struct srd_probe srd_probe_partitions;
const struct srd_table *srd_partition_sizes(const struct srd_evidence *ev);
const struct srd_table *srd_partition_gaps(const struct srd_evidence *ev);
extern const struct srd_probe srd_probe_tablet_skew; /* shared-nothing: uneven or huge tablets */
extern const struct srd_probe srd_probe_dynamic_tables;
extern const struct srd_probe srd_probe_dynamic_partitions; /* their scheduler; key: the database */
extern const struct srd_probe srd_probe_table_ddl;          /* before 3.3; key: db/table */
extern const struct srd_probe srd_probe_primary_keys;

#define SRD_MIB 1048576.0
#define SRD_TIB 1099511627776.0
/* So many rows have srd_partition_sizes() (and as many temporary ones), srd_probe_tablet_skew
 * by size and by skew, and srd_probe_dynamic_tables. */
#define SRD_PARTITIONS_READ 1000
#define SRD_SKEWS_READ 250
#define SRD_DYNAMIC_READ 2000

/* One row of srd_probe_table_sizes that is a table of a user (not of an internal database). */
bool srd_storage_is_table_row(const struct srd_table *t, size_t row);
/* "_statistics_", "information_schema", "sys" */
bool srd_storage_is_internal(const char *db);
/* Of such a row (or of another with TABLE_MODEL). */
bool srd_storage_row_is_primary_key(const struct srd_table *t, size_t row);
/* What the whole cluster has of @column (of srd_probe_table_sizes); 0: not known. */
double srd_storage_all(const struct srd_evidence *ev, const char *column);
/* How many tables the leader counts; false: it was not asked, or did not say. */
bool srd_storage_tables_there(const struct srd_evidence *ev, double *out);

/*
 * Rows are filtered silently by privilege. Says "not checked" when the account sees no table, or
 * fewer than SHOW PROC '/dbs' counts; findings stand. For the beginning of each judge.
 */
void srd_storage_says_unseen(const struct srd_evidence *ev, struct srd_findings *out);
/* Likewise for another answer @t with the column SEEN, which has no row when the account sees nothing. */
void srd_storage_says_unseen_in(const struct srd_evidence *ev, struct srd_findings *out,
                                const struct srd_table *t);

/*
 * Rows by table (columns DB_NAME, TABLE_NAME): the rows of one table are a chain from its first row
 * on. The chains begin in the order of the answer.
 */
struct srd_chains {
    const struct srd_table *t;
    size_t *sorted; /* rows by names */
    size_t *next;   /* [rows] the next row of the same table, or SRD_NO_COLUMN */
    bool *first;    /* [rows] */
};
struct srd_chains srd_storage_chains(struct srd_arena *arena, const struct srd_table *t);
/* The first row of db.table, or SRD_NO_COLUMN; also of an empty index. */
size_t srd_storage_chain_of(const struct srd_chains *chains, const char *db, const char *table);

/* The row with the largest value in the chain that begins at @row; how many are above @bound. */
struct srd_group {
    size_t worst_row, count;
    double worst;
};
bool srd_storage_group(const struct srd_chains *chains, size_t row, const double *values,
                       double bound, struct srd_group *out); /* false: none is above */
/* "; 11 more partitions of this table are above the limit" or "" behind the worst one. */
const char *srd_storage_more(struct srd_arena *arena, const struct srd_group *group);

/*
 * A finding about the table (or, with @partition, that partition) of @row of @probe's table (of
 * srd_probe_partitions: the sizes); the
 * message is its name and then @format. Fields: {name} (as said), {table} (`db`.`t`), {database}
 * and {partition} (quoted).
 */
struct srd_finding *srd_storage_table_finding(struct srd_findings *out, enum srd_severity severity,
                                              const struct srd_probe *probe, size_t row,
                                              const char *partition, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/*
 * A property of the table in @row (column PROPERTIES), NULL if it has none of that name. Before 3.3
 * those of dynamic partitions were one text.
 */
const char *srd_storage_property(const struct srd_table *t, size_t row, const char *name,
                                 struct srd_arena *arena);

/* Does something expire the partitions of the table in @row of srd_probe_table_sizes? */
enum srd_retention { SRD_RETENTION_UNKNOWN, SRD_RETENTION_NONE, SRD_RETENTION_SET };
enum srd_retention srd_storage_retention(const struct srd_evidence *ev, size_t row,
                                         struct srd_arena *arena);
/* Partitioned by time, and so many or so old that one wonders whether they expire? */
bool srd_storage_keeps_much(const struct srd_evidence *ev, size_t row);

#endif
