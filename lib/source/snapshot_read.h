#ifndef SRD_SOURCE_SNAPSHOT_READ_H
#define SRD_SOURCE_SNAPSHOT_READ_H

#include "lib/source/snapshot_lines.h"

/*
 * Inside of lib/source: the lines of a snapshot, understood one answer at a time. A file is read
 * whole before anybody asks (snapshot.c); what an agent sends is told as it comes (agent.c).
 */

/* The first line. */
struct srd_snapshot_head {
    const char *connected, *cluster, *tool; /* "" when not said; @tool: version of who wrote it */
    int64_t taken_at_ms;
    /* of a live source that answers at the other end of a wire */
    const char *instance;      /* another one with every start of an agent; "": it does not say */
    bool follower;             /* the leader cannot be asked */
    bool session_zone_unknown; /* see srd_source */
};

/* One answer. Its cells are in the reader's buffer, from @cells on. */
struct srd_recorded {
    const char *probe, *node, *key, *detail;
    enum srd_status status;
    bool follower, complete;
    int64_t started_at_ms, ms;
    const char **columns;
    size_t column_count, rows;
    size_t cells;
    size_t line;
};

struct srd_snapshot_reader {
    struct srd_lines *lines;
    struct srd_arena *arena; /* for the texts of answers, not for their cells */
    /* Each cell: '0' for NULL, or '1', the text and a NUL. answered() may clear it. */
    struct srd_buf *cells;
    int (*begun)(void *context, const struct srd_snapshot_head *head, struct srd_error *err);
    int (*answered)(void *context, const struct srd_recorded *answer, struct srd_error *err);
    void *context;
    const char *empty, *cut; /* the words when there is no line at all, and no last one */
};

#define SRD_SNAPSHOT_MAX_BYTES ((size_t)1 << 30) /* in memory, of all answers; of @cells */

/*
 * Reads all lines. What a callback returns ends the reading if it is not 0. Errors: SRD_E_DATA and
 * SRD_E_LIMIT, with the number of the line; those of srd_lines_next(); those that the other end of
 * a wire reports in place of the last line ({"error":"connect","message":"..."}), as they are
 * there.
 */
int srd_snapshot_visit(const struct srd_snapshot_reader *reader, struct srd_error *err);

/*
 * The table of @answer, anew in @arena: whoever asks sets its zone and outlives the reader. NULL,
 * with @err, when it is larger than a table may be.
 */
struct srd_table *srd_recorded_table(const struct srd_recorded *answer, const struct srd_buf *cells,
                                     struct srd_arena *arena, struct srd_error *err);

#endif
