#ifndef SRD_SOURCE_SNAPSHOT_LINES_H
#define SRD_SOURCE_SNAPSHOT_LINES_H

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/source/source.h"

/*
 * Inside of the snapshot reader: the lines of a file, a pipe or memory, gzip or plain (told by its
 * first bytes). Reads a piece at a time; what it keeps is one line.
 */
struct srd_lines;

int srd_lines_open(const char *path, struct srd_lines **out,
                   struct srd_error *err);                          /* "-": stdin */
struct srd_lines *srd_lines_of_memory(const void *bytes, size_t n); /* borrows */
/* Bytes from elsewhere: @read puts at most @room of them into @into; *@got is 0 at the end. */
struct srd_lines *srd_lines_of_reader(int (*read)(void *context, void *into, size_t room,
                                                  size_t *got, struct srd_error *err),
                                      void *context);
void srd_lines_close(struct srd_lines **lines); /* for SRD_CLEANUP; NULL inside is fine */

/* The ceilings; lowered by tests. */
struct srd_lines_limits {
    size_t row;   /* bytes of a line that begins with '[' */
    size_t other; /* bytes of any other line: it becomes a tree, which is many times as large */
    size_t all;   /* bytes in all, packed or not: an endless stream ends here */
};
void srd_lines_limit(struct srd_lines *lines, struct srd_lines_limits limits);

struct srd_line {
    char *text; /* without its end, but with a NUL; may be changed; until the next call. NULL: no
                   more */
    size_t size;
    size_t number; /* from 1; of no more: that of the line that would have come */
    bool cut;      /* it has no end: the file stops here; of no more: the gzip data has no end */
};
/* SRD_E_DATA (gzip), SRD_E_LIMIT, SRD_E_SYSTEM, SRD_E_CANCELLED (a signal came while it waited). */
int srd_lines_next(struct srd_lines *lines, struct srd_line *line, struct srd_error *err);

/*
 * Reads a whole snapshot from @lines. @where appears in the source's info, @kind too.
 */
int srd_snapshot_read(struct srd_lines *lines, const char *kind, const char *where,
                      struct srd_source **out, struct srd_error *err);

#endif
