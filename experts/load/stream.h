#ifndef SRD_EXPERTS_LOAD_STREAM_H
#define SRD_EXPERTS_LOAD_STREAM_H

#include "experts/load/routine.h"

/* The stream loads of one table within the last hours, as far as the leader remembers them. */
struct srd_stream_table {
    const char *db, *table;
    double loads, failed, running; /* loads: ended, with those that failed */
    double rows, bytes, median_rows, median_bytes, largest_bytes; /* of those that did not fail */
    double mean_ms, mean_timeout_ms;
    int64_t first_ms, last_ms; /* when the oldest and the newest began; 0: not known */
    double per_minute;         /* between those two; 0: not known */
    size_t first_row;
    double *rows_of, *bytes_of; /* of those that did not fail, sorted */
    size_t finished;
};
struct srd_stream_tables {
    struct srd_stream_table *items; /* most loads first */
    size_t count;
    double kept;        /* loads of all kinds that the leader remembers */
    double oldest_ms;   /* age of the oldest load that it remembers; below 0: not known */
    bool dated;         /* false: the zone is not known, @items has all that were read */
    bool cut;           /* only the newest were read */
};
struct srd_stream_tables srd_stream_tables(const struct srd_evidence *ev, struct srd_arena *arena,
                                           int64_t hours);

#endif
