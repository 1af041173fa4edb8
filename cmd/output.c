/*
 * How does the result reach a file, a pager, or standard output: whole, or with the reason why not?
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/terminal.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"

/* 0, or errno. */
static int write_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return errno;
        bytes += done;
        n -= (size_t)done;
    }
    return 0;
}

static int could_not_write(const char *file, int reason, struct srd_error *err)
{
    return srd_fail(err, SRD_E_SYSTEM, "could not write \"%s\": %s", file, strerror(reason));
}

/* A device or a pipe cannot be replaced by a file of its name. */
static int write_in_place(const struct srd_buf *out, const char *file, struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close) int fd = open(file, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    int reason = fd < 0 ? errno : write_all(fd, out->data, out->size);

    return reason && reason != EPIPE ? could_not_write(file, reason, err) : 0;
}

/* Mode of a file that open() would have made here. */
static mode_t usual_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

static int write_beside(const struct srd_buf *out, const char *file, mode_t mode,
                        struct srd_error *err)
{
    SRD_CLEANUP(srd_free_text) char *beside = NULL;
    SRD_CLEANUP(srd_fd_close) int fd = -1;
    int reason;

    if (asprintf(&beside, "%s.XXXXXX", file) < 0) {
        beside = NULL;
        return could_not_write(file, ENOMEM, err);
    }
    fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return could_not_write(file, errno, err);
    reason = write_all(fd, out->data, out->size);
    if (!reason && (fchmod(fd, mode) || fsync(fd)))
        reason = errno;
    if (!reason && rename(beside, file))
        reason = errno;
    if (reason) {
        unlink(beside);
        return could_not_write(file, reason, err);
    }
    return 0;
}

static int write_file(const struct srd_buf *out, const char *file, struct srd_error *err)
{
    SRD_CLEANUP(srd_free_text) char *target = NULL;
    struct stat st;

    if (stat(file, &st))
        return write_beside(out, file, usual_mode(), err);
    if (S_ISDIR(st.st_mode))
        return could_not_write(file, EISDIR, err);
    if (!S_ISREG(st.st_mode))
        return write_in_place(out, file, err);
    target = realpath(file, NULL); /* the file behind a link is replaced, not the link */
    return write_beside(out, target ? target : file, st.st_mode & 07777, err);
}

/* --- pager --- */

static size_t lines_of(const struct srd_buf *out)
{
    size_t n = 0;

    for (size_t i = 0; i < out->size; i++)
        n += out->data[i] == '\n';
    return n;
}

const char *srd_output_pager(const struct srd_buf *out, const char *configured)
{
    const char *term = getenv("TERM"), *pager = configured;
    struct winsize size;

    if (!isatty(STDOUT_FILENO) || !term || !strcmp(term, "dumb"))
        return NULL;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || lines_of(out) < size.ws_row)
        return NULL;
    if (!*pager && getenv("PAGER"))
        pager = getenv("PAGER");
    else if (!*pager)
        pager = "less -FRX";
    return !*pager || !strcmp(pager, "cat") ? NULL : pager;
}

/* true: the pager took over. false: it could not be run. */
static bool page(const struct srd_buf *out, const char *pager)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
    int ends[2], state = 0;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC))
        return false;
    sigaction(SIGINT, &ignore, &before); /* Ctrl-C is the pager's now */
    child = fork();
    if (!child) {
        struct sigaction usual = { .sa_handler = SIG_DFL };

        sigaction(SIGINT, &usual, NULL);
        sigaction(SIGPIPE, &usual, NULL);
        dup2(ends[0], STDIN_FILENO);
        setenv("LESS", "FRX", 0);
        execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
        _exit(127);
    }
    close(ends[0]);
    if (child > 0)
        write_all(ends[1], out->data, out->size); /* a reader who leaves early is fine */
    close(ends[1]);
    while (child > 0 && waitpid(child, &state, 0) < 0 && errno == EINTR)
        ;
    sigaction(SIGINT, &before, NULL);
    return child > 0 &&
           !(WIFEXITED(state) && (WEXITSTATUS(state) == 127 || WEXITSTATUS(state) == 126));
}

int srd_output_write(const struct srd_buf *out, const char *file, const char *pager,
                     struct srd_error *err)
{
    int reason;

    if (out->full)
        return srd_fail(err, SRD_E_LIMIT, "the result is larger than %zu MiB", out->ceiling >> 20);
    if (file && strcmp(file, "-") != 0)
        return write_file(out, file, err);
    if (pager && page(out, pager))
        return 0;
    reason = write_all(STDOUT_FILENO, out->data, out->size);
    if (reason && reason != EPIPE)
        return srd_fail(err, SRD_E_SYSTEM, "could not write the result: %s", strerror(reason));
    return 0;
}
