/* How does a file change at once, or not at all? */

#include "cmd/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"

/* Is @fd still what the name means? Who waited for it may hold the one before. */
static bool is_current(int fd, const char *path)
{
    struct stat held, named;

    return !fstat(fd, &held) && !stat(path, &named) && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

int srd_replace_begin(const char *path, struct srd_arena *arena, struct srd_replace *out,
                      struct srd_error *err)
{
    SRD_CLEANUP(srd_free_text) char *real = realpath(path, NULL);

    *out = (struct srd_replace){ .path = srd_arena_copy(arena, real ? real : path), .fd = -1 };
    for (;;) {
        out->fd = open(out->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (out->fd < 0)
            return errno == ENOENT ? 0
                                   : srd_fail(err, SRD_E_SYSTEM, "could not open \"%s\": %s", path,
                                              strerror(errno));
        if (flock(out->fd, LOCK_EX))
            return srd_fail(err, SRD_E_SYSTEM, "could not lock \"%s\": %s", path, strerror(errno));
        if (is_current(out->fd, out->path))
            return 0;
        srd_fd_close(&out->fd);
    }
}

void srd_replace_end(struct srd_replace *replace)
{
    srd_fd_close(&replace->fd);
    replace->fd = -1;
}

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

/* Who could read it before can read it after: the server may run as another user. */
static bool take_permissions(int from, int to)
{
    struct stat before;

    return !fstat(from, &before) && !fchmod(to, before.st_mode & 0777) &&
           ((before.st_uid == geteuid() && before.st_gid == getegid()) ||
            !fchown(to, before.st_uid, before.st_gid));
}

int srd_replace_write(const struct srd_replace *replace, const char *bytes, size_t n,
                      struct srd_arena *arena, struct srd_error *err)
{
    char *beside = srd_arena_printf(arena, "%s.XXXXXX", replace->path);
    SRD_CLEANUP(srd_fd_close) int fd = mkostemp(beside, O_CLOEXEC); /* 0600 */

    if (fd < 0)
        return srd_fail(err, SRD_E_SYSTEM, "could not write beside \"%s\": %s", replace->path,
                        strerror(errno));
    if (replace->fd >= 0 && !take_permissions(replace->fd, fd))
        srd_fail(err, SRD_E_SYSTEM, "could not give the new \"%s\" the owner of the old one: %s",
                 replace->path, strerror(errno));
    else if (!write_all(fd, bytes, n) || fsync(fd) ||
             (replace->fd >= 0 ? rename(beside, replace->path) : link(beside, replace->path)))
        srd_fail(err, SRD_E_SYSTEM, "could not write \"%s\": %s", replace->path, strerror(errno));
    if (err->code || replace->fd < 0)
        unlink(beside);
    return (int)err->code;
}
