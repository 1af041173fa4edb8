/* Keeps what a cluster said in a file: the whole file or none. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/source/snapshot_write.h"

/* Where "-" goes. Nothing else here prints: then the snapshot is the result that was asked for. */
#define STANDARD_OUTPUT 1

static int write_raw(void *fd, const void *bytes, size_t n, struct srd_error *err)
{
    const char *from = bytes;

    while (n) {
        ssize_t written = write(*(const int *)fd, from, n);

        if (written < 0 && errno == EINTR)
            continue; /* who is interrupted still leaves a whole file or none */
        if (written < 0)
            return srd_fail(err, SRD_E_SYSTEM, "could not write: %s", strerror(errno));
        from += written;
        n -= (size_t)written;
    }
    return 0;
}

/* When the first question was asked. */
static int64_t taken_at_ms(const struct srd_evidence *ev)
{
    int64_t taken = 0;

    for (size_t i = 0; i < ev->count; i++)
        if (ev->answers[i].started_at_ms && (!taken || ev->answers[i].started_at_ms < taken))
            taken = ev->answers[i].started_at_ms;
    return taken ? taken : srd_clock_now_ms();
}

/* Was the same question asked before? Then the reader would not know which answer counts. */
static bool is_repeated(const struct srd_evidence *ev, size_t index)
{
    const struct srd_answer *a = &ev->answers[index];

    for (size_t i = 0; i < index; i++) {
        const struct srd_answer *b = &ev->answers[i];

        if (b->probe == a->probe && !strcmp(b->key ? b->key : "", a->key ? a->key : "") &&
            !strcmp(b->node ? b->node : "", a->node ? a->node : ""))
            return true;
    }
    return false;
}

static int write_all(int fd, const struct srd_evidence *ev, const char *connected,
                     const struct srd_snapshot_options *options, struct srd_error *err)
{
    struct srd_snapshot_writing how = { .options = options, .write = write_raw, .context = &fd };
    SRD_CLEANUP(srd_snapshot_writer_free)
    struct srd_snapshot_writer *writer = srd_snapshot_writer_new(&how);
    struct srd_snapshot_title title = { .cluster = ev->cluster.name,
                                        .connected = connected,
                                        .version = ev->cluster.version_text,
                                        .run_mode = srd_mode_name(ev->cluster.mode),
                                        .taken_at_ms = taken_at_ms(ev) };

    if (srd_snapshot_writer_head(writer, &title, err))
        return (int)err->code;
    for (size_t i = 0; i < ev->count; i++)
        if (!is_repeated(ev, i) && srd_snapshot_writer_answer(writer, &ev->answers[i], err))
            return (int)err->code;
    return srd_snapshot_writer_end(writer, NULL, err);
}

/* A file that vanishes unless it was completed. */
struct draft {
    int fd;     /* -1: closed */
    char *path; /* NULL: none, or no longer ours */
};

static void drop_draft(struct draft *draft)
{
    if (draft->fd >= 0)
        close(draft->fd);
    if (draft->path)
        unlink(draft->path);
    free(draft->path);
}

/* "dir/.case.srd.Ab12Cd" for "dir/case.srd"; mkstemp makes it 0600. */
static int begin_draft(const char *path, struct draft *draft, struct srd_error *err)
{
    const char *slash = strrchr(path, '/');
    int directory = slash ? (int)(slash - path) + 1 : 0;
    char *name = NULL;

    /* a name may be as long as the file system allows: then there is no room for the rest */
    if (asprintf(&name, "%.*s.%.200s.XXXXXX", directory, path, path + directory) < 0)
        srd_no_memory();
    draft->fd = mkostemp(name, O_CLOEXEC);
    if (draft->fd < 0) {
        int cause = errno;

        free(name);
        return srd_fail(err, SRD_E_SYSTEM, "could not create a file there: %s", strerror(cause));
    }
    draft->path = name;
    return 0;
}

/* A rename is on the disk when its directory is. Not every file system can; then it is as safe as
 * it gets. */
static void sync_directory(const char *path)
{
    SRD_CLEANUP(srd_free_text) char *copy = strdup(path);
    char *slash = copy ? strrchr(copy, '/') : NULL;
    int fd;

    if (slash)
        slash[slash == copy] = '\0';
    fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static int fail_exists(struct srd_error *err)
{
    return srd_fail(err, SRD_E_USAGE, "exists; use --force to replace it");
}

static int finish_draft(struct draft *draft, const char *path, bool overwrite,
                        struct srd_error *err)
{
    int fd = draft->fd;

    if (fsync(fd) && errno != EINVAL && errno != EROFS)
        return srd_fail(err, SRD_E_SYSTEM, "could not write: %s", strerror(errno));
    draft->fd = -1;
    if (close(fd)) /* some file systems notice only now that they are full */
        return srd_fail(err, SRD_E_SYSTEM, "could not write: %s", strerror(errno));
    if (!overwrite) {
        /* a link does not replace what somebody made meanwhile; where there are no links, look
         * again */
        if (!link(draft->path, path)) {
            sync_directory(path);
            return 0;
        }
        if (errno == EEXIST || !access(path, F_OK))
            return fail_exists(err);
    }
    if (rename(draft->path, path))
        return srd_fail(err, SRD_E_SYSTEM, "could not give the file its name: %s", strerror(errno));
    free(SRD_TAKE(draft->path));
    sync_directory(path);
    return 0;
}

/* Said before the cluster's answers are written, not after. */
static int check_target(const char *path, bool overwrite, struct srd_error *err)
{
    struct stat st;

    if (lstat(path, &st))
        return errno == ENOENT ? 0 : srd_fail(err, SRD_E_SYSTEM, "%s", strerror(errno));
    if (S_ISLNK(st.st_mode) && stat(path, &st))
        st.st_mode = S_IFREG; /* a link to nothing: replacing it harms nothing */
    if (S_ISDIR(st.st_mode))
        return srd_fail(err, SRD_E_USAGE, "is a directory");
    if (!S_ISREG(st.st_mode))
        return srd_fail(err, SRD_E_USAGE, "is no file; \"-\" writes to standard output");
    return overwrite ? 0 : fail_exists(err);
}

static int write_file(const char *path, const struct srd_evidence *ev, const char *connected,
                      const struct srd_snapshot_options *options, struct srd_error *err)
{
    SRD_CLEANUP(drop_draft) struct draft draft = { .fd = -1 };

    if (check_target(path, options->overwrite, err) || begin_draft(path, &draft, err) ||
        write_all(draft.fd, ev, connected, options, err))
        return (int)err->code;
    return finish_draft(&draft, path, options->overwrite, err);
}

int srd_snapshot_write(const char *path, const struct srd_evidence *ev, const char *connected,
                       const struct srd_snapshot_options *options, struct srd_error *err)
{
    if (strcmp(path, "-") != 0)
        return write_file(path, ev, connected, options, err)
                   ? srd_while(err, "write snapshot \"%s\"", path)
                   : 0;

    if (fflush(NULL))
        srd_fail(err, SRD_E_SYSTEM, "could not write: %s", strerror(errno));
    else if (!write_all(STANDARD_OUTPUT, ev, connected, options, err))
        return 0;
    return srd_while(err, "write snapshot to standard output");
}
