#ifndef SRD_SOURCE_SNAPSHOT_MASK_H
#define SRD_SOURCE_SNAPSHOT_MASK_H

#include "lib/base/buf.h"
#include "lib/source/snapshot.h"

/*
 * Inside of lib/source and of agents: rows as they may leave the house, ["a",null,...], a cell as
 * srd_cell_write() writes it.
 *
 * In place of passwords, tokens and keys, known by the names of their columns, by the name in the
 * same row, or by what stands before them in a text, there is "***". SQL texts of users (columns of
 * @private_columns, blank-separated) are null, or with options->hide_literals have their literals
 * replaced (so have then all columns of srd_guard_private_column()); options->share_sql leaves
 * them.
 */
struct srd_mask;

struct srd_mask *srd_mask_new(const struct srd_table *table, const char *private_columns,
                              const struct srd_snapshot_options *options);
void srd_mask_row(struct srd_mask *mask, size_t row, struct srd_buf *out);
void srd_mask_free(struct srd_mask **mask); /* for SRD_CLEANUP */

#endif
