#ifndef SRD_SOURCE_SNAPSHOT_CELLS_H
#define SRD_SOURCE_SNAPSHOT_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"

/*
 * Inside of snapshots: how one text is written, and how a row of them is read.
 *
 * A text is a JSON string, SQL NULL is null, and bytes that are no UTF-8 are {"b64":"..."}.
 */
void srd_cell_write(struct srd_buf *out, const char *text); /* NULL is null */

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

/*
 * What must not leave the house. A name says so (password, secret, token, credential, access_key,
 * private_key ... in any spelling); a value under such a name is a secret unless it is empty, a
 * truth value, or a number under a name that goes on ("arrow_token_cache_size").
 */
bool srd_secret_name(const char *name);
bool srd_secret_value(const char *name, const char *value); /* NULL value: false */
/*
 * @text with the values of such names in it replaced by ***: "aws.s3.secret_key" = "x",
 * {"password":"x"}, token=x, jdbc:mysql://user:x@host. In @out, which is cleared first; false:
 * there were none.
 */
bool srd_secret_hide(struct srd_buf *out, const char *text);

#endif
