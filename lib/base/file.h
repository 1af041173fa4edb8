#ifndef SRD_BASE_FILE_H
#define SRD_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Closes it if it is one, and leaves -1: for SRD_CLEANUP. */
void srd_fd_close(int *fd);
/*
 * All that @fd has, at most @size bytes, also when a signal comes between; fewer than @size when the
 * file ends before. -1: the reason is in errno.
 */
ssize_t srd_fd_read(int fd, char *bytes, size_t size);

#endif
