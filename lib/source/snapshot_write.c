/* Keeps what a cluster said in a file: the whole file or none, and no secret in it. */

#include "lib/source/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/source/snapshot_cells.h"

#define PIECE ((size_t)64 << 10)
#define GZIP_ONLY (15 + 16)
#define MAX_LINE ((size_t)64 << 20) /* what the reader takes */
#define MAX_ALL ((size_t)1 << 30)
#define MASK "***"
/* Where "-" goes. Nothing else here prints: then the snapshot is the result that was asked for. */
#define STANDARD_OUTPUT 1

/* ---- where the bytes go ---- */

struct sink {
    int fd;
    bool gzip;
    z_stream z;
    unsigned char packed[PIECE];
    size_t all;
    struct srd_buf ready;  /* lines that wait for company: one call each would be slow */
    struct srd_buf line;   /* the line that is being made */
    struct srd_buf hidden; /* the cell that is being made */
};

static void close_sink(struct sink **sink)
{
    if ((*sink)->gzip)
        deflateEnd(&(*sink)->z);
    srd_buf_free(&(*sink)->ready);
    srd_buf_free(&(*sink)->line);
    srd_buf_free(&(*sink)->hidden);
    free(*sink);
    *sink = NULL;
}

static struct sink *new_sink(int fd)
{
    struct sink *sink = calloc(1, sizeof(*sink));

    if (!sink)
        srd_no_memory();
    sink->fd = fd;
    srd_buf_init(&sink->ready, PIECE + MAX_LINE);
    srd_buf_init(&sink->line, MAX_LINE);
    srd_buf_init(&sink->hidden, MAX_LINE);
    return sink;
}

static int write_raw(int fd, const void *bytes, size_t n, struct srd_error *err)
{
    const char *from = bytes;

    while (n) {
        ssize_t written = write(fd, from, n);

        if (written < 0 && errno == EINTR)
            continue; /* who is interrupted still leaves a whole file or none */
        if (written < 0)
            return srd_fail(err, SRD_E_SYSTEM, "could not write: %s", strerror(errno));
        from += written;
        n -= (size_t)written;
    }
    return 0;
}

/* Sends what is ready, and with @flush Z_FINISH the end of the packed data. */
static int send_ready(struct sink *sink, int flush, struct srd_error *err)
{
    struct srd_buf *ready = &sink->ready;

    if (!sink->gzip && write_raw(sink->fd, ready->data, ready->size, err))
        return (int)err->code;
    sink->z.next_in = (unsigned char *)ready->data;
    sink->z.avail_in = sink->gzip ? (unsigned)ready->size : 0; /* at most PIECE + MAX_LINE */
    while (sink->gzip) {
        sink->z.next_out = sink->packed;
        sink->z.avail_out = PIECE;
        deflate(&sink->z, flush); /* cannot fail with room for output and a sound state */
        if (write_raw(sink->fd, sink->packed, PIECE - sink->z.avail_out, err))
            return (int)err->code;
        if (sink->z.avail_out)
            break;
    }
    srd_buf_clear(ready);
    return 0;
}

/* The line gets its end here, and the next one begins. */
static int end_line(struct sink *sink, struct srd_error *err)
{
    struct srd_buf *line = &sink->line;

    srd_buf_char(line, '\n');
    if (line->full || (sink->all += line->size) > MAX_ALL)
        return srd_fail(err, SRD_E_LIMIT, "more than a snapshot can hold (%zu MiB, %zu in a line)",
                        MAX_ALL >> 20, MAX_LINE >> 20);
    srd_buf_add(&sink->ready, line->data, line->size);
    srd_buf_clear(line);
    return sink->ready.size < PIECE ? 0 : send_ready(sink, Z_NO_FLUSH, err);
}

/* ---- lines ---- */

/* What a column holds, seen from outside the house. */
enum column_kind {
    OPEN = 'o',
    PRIVATE = 'p', /* SQL texts of users */
    NAME = 'n',    /* of a configuration item, beside ... */
    VALUE = 'v',   /* ... its value */
    SECRET = 's',  /* by the column's own name */
};

static bool in_words(const char *words, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = words; p && *p; p += strcspn(p, " ")) {
        p += strspn(p, " ");
        if (n && strcspn(p, " ") == n && !strncasecmp(p, name, n))
            return true;
    }
    return false;
}

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && !strcasecmp(text + n - m, end);
}

static char kind_of(const struct srd_probe *probe, const char *column,
                    const struct srd_snapshot_options *options)
{
    if (!options->share_sql && in_words(probe->private_columns, column))
        return PRIVATE;
    if (srd_secret_name(column))
        return SECRET;
    if (ends_in(column, "value") || !strcasecmp(column, "default"))
        return VALUE;
    return ends_in(column, "key") || ends_in(column, "name") ? NAME : OPEN;
}

/* The item of this row whose value must stay in the house; NULL: none. */
static const char *secret_of(const struct srd_table *t, size_t row, const char *kinds)
{
    for (size_t i = 0; i < t->columns; i++) {
        const char *cell = t->cells[row * t->columns + i];

        if (kinds[i] == NAME && cell && srd_secret_name(cell))
            return cell;
    }
    return NULL;
}

/* A text of the cluster: what looks like a secret in the middle of it does not leave. */
static void put_text(struct sink *sink, const char *text)
{
    if (text && srd_secret_hide(&sink->hidden, text))
        text = sink->hidden.data;
    srd_cell_write(&sink->line, text);
}

static int write_row(struct sink *sink, const struct srd_table *t, size_t row, const char *kinds,
                     struct srd_error *err)
{
    const char *secret = secret_of(t, row, kinds);

    srd_buf_char(&sink->line, '[');
    for (size_t i = 0; i < t->columns; i++) {
        const char *cell = t->cells[row * t->columns + i];

        if (i)
            srd_buf_char(&sink->line, ',');
        if (kinds[i] == PRIVATE)
            srd_cell_write(&sink->line, NULL);
        else if ((kinds[i] == SECRET && srd_secret_value(t->names[i], cell)) ||
                 (kinds[i] == VALUE && secret && srd_secret_value(secret, cell)))
            srd_cell_write(&sink->line, MASK);
        else
            put_text(sink, cell);
    }
    srd_buf_char(&sink->line, ']');
    return end_line(sink, err);
}

static int write_rows(struct sink *sink, const struct srd_probe *probe, const struct srd_table *t,
                      const struct srd_snapshot_options *options, struct srd_error *err)
{
    SRD_CLEANUP(srd_free_text) char *kinds = calloc(t->columns + 1, 1);

    if (!kinds)
        srd_no_memory();
    for (size_t i = 0; i < t->columns; i++)
        kinds[i] = kind_of(probe, t->names[i], options);
    for (size_t row = 0; row < t->rows; row++)
        if (write_row(sink, t, row, kinds, err))
            return (int)err->code;
    return 0;
}

static void put_member(struct srd_buf *line, const char *name, const char *text)
{
    srd_buf_printf(line, ",\"%s\":", name);
    srd_cell_write(line, text ? text : "");
}

static int write_answer(struct sink *sink, const struct srd_answer *a,
                        const struct srd_snapshot_options *options, struct srd_error *err)
{
    const struct srd_table *t = a->status == SRD_ANSWERED ? a->table : NULL;
    struct srd_buf *line = &sink->line;
    char time[SRD_TIME_SIZE];

    srd_buf_text(line, "{\"probe\":");
    srd_cell_write(line, a->probe->id);
    put_member(line, "node", a->node);
    put_member(line, "key", a->key);
    put_member(line, "status", srd_status_name(a->status));
    if (!t) {
        srd_buf_text(line, ",\"detail\":");
        put_text(sink, a->detail ? a->detail : "");
    }
    if (t) {
        srd_buf_text(line, ",\"columns\":[");
        for (size_t i = 0; i < t->columns; i++) {
            srd_buf_text(line, i ? "," : "");
            srd_cell_write(line, t->names[i]);
        }
        srd_buf_char(line, ']');
    }
    srd_buf_printf(line, ",\"follower\":%s,\"complete\":%s,\"started_at\":\"%s\"",
                   a->follower ? "true" : "false", !t || t->complete ? "true" : "false",
                   srd_time_rfc3339(a->started_at_ms, time));
    srd_buf_printf(line, ",\"ms\":%lld,\"rows\":%zu}", (long long)(a->ms > 0 ? a->ms : 0),
                   t ? t->rows : 0);
    if (end_line(sink, err))
        return (int)err->code;
    return t ? write_rows(sink, a->probe, t, options, err) : 0;
}

static int write_header(struct sink *sink, const struct srd_evidence *ev, const char *connected,
                        const struct srd_snapshot_options *options, struct srd_error *err)
{
    struct srd_buf *line = &sink->line;
    int64_t taken = 0;
    char time[SRD_TIME_SIZE];

    for (size_t i = 0; i < ev->count; i++)
        if (ev->answers[i].started_at_ms && (!taken || ev->answers[i].started_at_ms < taken))
            taken = ev->answers[i].started_at_ms;
    if (!taken)
        taken = srd_clock_now_ms();
    srd_buf_text(line, "{\"srdiag\":\"snapshot/1\"");
    put_member(line, "tool", options->tool_version);
    put_member(line, "cluster", ev->cluster.name);
    put_member(line, "connected", connected);
    put_member(line, "version", ev->cluster.version_text);
    put_member(line, "run_mode", srd_mode_name(ev->cluster.mode));
    put_member(line, "taken_at", srd_time_rfc3339(taken, time));
    srd_buf_char(line, '}');
    return end_line(sink, err);
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

static int write_all(struct sink *sink, const struct srd_evidence *ev, const char *connected,
                     const struct srd_snapshot_options *options, struct srd_error *err)
{
    size_t answers = 0, rows = 0;

    if (options->gzip) {
        if (deflateInit2(&sink->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_ONLY, 8,
                         Z_DEFAULT_STRATEGY) != Z_OK)
            return srd_fail(err, SRD_E_SYSTEM, "out of memory");
        sink->gzip = true;
    }
    if (write_header(sink, ev, connected, options, err))
        return (int)err->code;
    for (size_t i = 0; i < ev->count; i++) {
        const struct srd_answer *a = &ev->answers[i];

        if (is_repeated(ev, i))
            continue;
        if (write_answer(sink, a, options, err))
            return srd_while(err, "probe %s", a->probe->id);
        answers++;
        rows += a->status == SRD_ANSWERED && a->table ? a->table->rows : 0;
    }
    srd_buf_printf(&sink->line, "{\"end\":true,\"answers\":%zu,\"rows\":%zu}", answers, rows);
    return end_line(sink, err) ? (int)err->code : send_ready(sink, Z_FINISH, err);
}

/* ---- files ---- */

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
    SRD_CLEANUP(close_sink) struct sink *sink = new_sink(-1);

    if (check_target(path, options->overwrite, err) || begin_draft(path, &draft, err))
        return (int)err->code;
    sink->fd = draft.fd;
    if (write_all(sink, ev, connected, options, err))
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

    SRD_CLEANUP(close_sink) struct sink *sink = new_sink(STANDARD_OUTPUT);
    if (fflush(NULL))
        srd_fail(err, SRD_E_SYSTEM, "could not write: %s", strerror(errno));
    else if (!write_all(sink, ev, connected, options, err))
        return 0;
    return srd_while(err, "write snapshot to standard output");
}
