#ifndef SRD_CMD_REPLACE_H
#define SRD_CMD_REPLACE_H

#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/error.h"

/*
 * A file that srdiag changes for its owner: the new one is written beside it and takes its place
 * whole, with the owner and the permissions of the old one, so that a reader never sees half of it
 * and a full disk loses nothing. What a link points to is replaced, not the link.
 */
struct srd_replace {
    const char *path; /* behind links */
    int fd;           /* of the file as it was, locked; -1: there was none */
};

/*
 * Waits until nobody else is changing @path, and keeps it so until srd_replace_end(). A file that
 * is not there is no error, and is then made with mode 0600. SRD_E_SYSTEM.
 */
int srd_replace_begin(const char *path, struct srd_arena *arena, struct srd_replace *out,
                      struct srd_error *err);
/* SRD_E_SYSTEM: nothing was changed. */
int srd_replace_write(const struct srd_replace *replace, const char *bytes, size_t n,
                      struct srd_arena *arena, struct srd_error *err);
void srd_replace_end(struct srd_replace *replace); /* for SRD_CLEANUP */

#endif
