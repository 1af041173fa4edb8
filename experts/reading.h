#ifndef SRD_EXPERTS_READING_H
#define SRD_EXPERTS_READING_H

#include <stdarg.h>

#include "lib/model/evidence.h"
#include "lib/model/finding.h"

/*
 * How every expert reads a cell, and calls a node or a table. Pure; texts are in the arena that is
 * given, or in the table. A NULL column, an empty or a broken cell says nothing
 * (lib/model/table.h).
 */

/* The number in a cell; 0 when it says nothing. For counters that are 0 when nothing is wrong. */
double srd_number_or_0(const struct srd_table *t, size_t row, const char *column);
/* true; what says nothing counts as false. */
bool srd_is_true(const struct srd_table *t, size_t row, const char *column);

/*
 * How long ago @then_ms, or the time in @column, was, by the clock of the FE. false: that is not
 * known, or it lies more than five minutes in the future, and then the zone is not what we think;
 * less is the difference of two clocks, and 0.
 */
bool srd_ago_ms(const struct srd_evidence *ev, int64_t then_ms, int64_t *age_ms);
bool srd_age_ms(const struct srd_evidence *ev, const struct srd_table *t, size_t row,
                const char *column, int64_t *age_ms);

/* Says "not checked" and returns true when @t lacks one of the blank-separated @columns. */
bool srd_lacks(struct srd_findings *out, const struct srd_table *t, const char *statement,
               const char *columns);

/*
 * A node of SHOW FRONTENDS, BACKENDS or COMPUTE NODES as people call it: its host, with the port of
 * its heartbeat (an FE: of its journal) if others of the list share the host, or the list has more
 * than 2,000 rows, in which nobody searches.
 */
const char *srd_node_name(struct srd_arena *arena, const struct srd_table *nodes, size_t row);
/* `db`.`table`, for statements that are printed. */
const char *srd_table_sql(struct srd_arena *arena, const char *db, const char *table);
/*
 * A finding about a partition (NULL: the table); the message is its name, "db.table/partition", and
 * then @format. Fields: {name}, {table} (`db`.`table`), and of a partition {partition}, quoted.
 */
struct srd_finding *srd_partition_finding(struct srd_findings *out, enum srd_severity severity,
                                          const char *db, const char *table, const char *partition,
                                          const char *format, va_list args)
    __attribute__((format(printf, 6, 0)));

#endif
