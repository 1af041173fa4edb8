#ifndef SRD_SOURCE_SNAPSHOT_CELLS_H
#define SRD_SOURCE_SNAPSHOT_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/secret.h"

/*
 * Inside of snapshots: how one text is written, and how a row of them is read.
 *
 * A text is a JSON string, SQL NULL is null, and bytes that are no UTF-8 are {"b64":"..."}.
 */
void srd_cell_write(struct srd_buf *out, const char *text); /* NULL is null */
/*
 * The same, if nothing in @text wants a closer look: no quoting, and no "=" or ":", behind which a
 * secret would have to stand (lib/base/secret.h). Else false, and nothing was written.
 */
bool srd_cell_write_plain(struct srd_buf *out, const char *text);

/*
 * Cuts the line of a row into cells, in place and without a tree: a tree of a hostile line would be
 * forty times its size. Each cell is handed to @put, NULL for null; what @put returns ends the
 * reading if it is not 0. *@count is how many there were, also when there were more than @max, of
 * which the first @max were handed out.
 */
int srd_row_read(char *line, size_t size, size_t max, size_t *count,
                 int (*put)(void *context, const char *text, size_t n, struct srd_error *err),
                 void *context, struct srd_error *err);

/* Decodes @text in place; false unless it is base64 of bytes without a NUL. */
bool srd_cell_decode(char *text);

#endif
