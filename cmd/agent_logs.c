/* What did the agent say lately, and what does it say now? */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/agent.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"

#define LOOK_EVERY_MS 200

static int open_log(const char *file)
{
    return open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* Where the last @lines of the file begin, but not before @from. */
static off_t begin_of(int fd, off_t from, int64_t lines)
{
    char piece[8192];
    struct stat st;
    off_t at, end;
    bool first = true;

    if (fstat(fd, &st) || st.st_size <= from)
        return from;
    if (!lines)
        return st.st_size;
    for (at = end = st.st_size; at > from; end = at) {
        size_t n = (size_t)(at - from) < sizeof(piece) ? (size_t)(at - from) : sizeof(piece);

        at -= (off_t)n;
        if (pread(fd, piece, n, at) != (ssize_t)n)
            return from;
        for (size_t i = n; i-- > 0;) {
            /* the one that ends the file begins no line */
            if (piece[i] == '\n' && !first && lines-- <= 1)
                return at + (off_t)i + 1;
            first = false;
        }
    }
    return from;
}

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno == EINTR && !srd_interrupted)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

/* All that is there from *@at on; false: nobody reads any more. */
static bool copy(int fd, off_t *at, int to)
{
    char piece[16384];
    ssize_t n;

    while ((n = pread(fd, piece, sizeof(piece), *at)) > 0) {
        if (!write_all(to, piece, (size_t)n))
            return false;
        *at += n;
    }
    return true;
}

void srd_log_tail(const char *file, off_t from, int64_t lines, int fd)
{
    SRD_CLEANUP(srd_fd_close) int log = open_log(file);
    off_t at = log < 0 ? 0 : begin_of(log, from, lines);

    if (log >= 0)
        copy(log, &at, fd);
}

/* Is the name another file by now, or the file shorter than what was read of it? */
static bool is_new(int fd, const char *file, off_t at)
{
    struct stat held, named;

    return stat(file, &named) == 0 && (fstat(fd, &held) || held.st_ino != named.st_ino ||
                                       held.st_dev != named.st_dev || named.st_size < at);
}

static void follow(const char *file, int64_t lines)
{
    SRD_CLEANUP(srd_fd_close) int log = open_log(file);
    off_t at = log < 0 ? 0 : begin_of(log, 0, lines);

    while (!srd_interrupted) {
        struct pollfd out = { .fd = STDOUT_FILENO };

        if (log >= 0 && !copy(log, &at, STDOUT_FILENO))
            break;
        if (log < 0 || is_new(log, file, at)) {
            int next = open_log(file);

            if (next >= 0) {
                /* what was written between our reading and the rename */
                if (log >= 0 && !copy(log, &at, STDOUT_FILENO))
                    break;
                srd_fd_close(&log);
                log = next;
                at = 0;
                continue;
            }
        }
        if (poll(&out, 1, LOOK_EVERY_MS) > 0 && (out.revents & (POLLERR | POLLNVAL)))
            break;
    }
}

int srd_service_logs(struct srd_call *call, struct srd_error *err)
{
    int64_t lines = srd_agent_words.lines;
    struct srd_home home;
    const char *unit;
    struct stat st;

    if (srd_home_find(srd_agent_words.dir, false, call->arena, &home, err) ||
        srd_home_need(&home, err))
        return (int)err->code;
    unit = srd_unit_of(&home, call->arena);
    if (unit)
        return srd_unit_logs(&home, unit, lines, srd_agent_words.follow, &call->status, err);
    if (srd_agent_words.follow) {
        follow(home.log, lines);
        call->status = srd_interrupted ? srd_code_exit(SRD_E_CANCELLED) : 0;
        return 0;
    }
    if (stat(home.log, &st))
        return srd_fail(err, SRD_E_SYSTEM, "could not open \"%s\": %s%s", home.log, strerror(errno),
                        errno == ENOENT ? " (the agent was never started)" : "");
    srd_log_tail(home.log, 0, lines, STDOUT_FILENO);
    return 0;
}
