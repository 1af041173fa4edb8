#ifndef SRD_RENDER_TABLE_H
#define SRD_RENDER_TABLE_H

#include "lib/base/arena.h"
#include "lib/base/buf.h"

/*
 * Cells in columns. Cells are cleaned here; NULL is "-". Columns that may be cut lose width, the
 * widest first, until the table fits @width, and the cut shows as "…"; all others stay whole.
 */
struct srd_grid_column {
    const char *title;
    bool right, cut;
};
struct srd_grid {
    const struct srd_grid_column *columns;
    size_t column_count;
    const char *const *cells; /* [rows * column_count] */
    size_t rows;
    bool titled;  /* print the headings */
    size_t width; /* 0: any */
    size_t indent;
};
void srd_grid_print(const struct srd_grid *grid, struct srd_arena *scratch, struct srd_buf *out);

#endif
