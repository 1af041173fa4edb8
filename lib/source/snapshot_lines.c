/* Which lines does a file hold that may be gzip, cut, damaged or a bomb? */

#include "lib/source/snapshot_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"

#define PIECE ((size_t)64 << 10)
#define GZIP_ONLY (15 + 16) /* of inflateInit2: the largest window, gzip framing */

struct srd_lines {
    int fd; /* -1: memory, or @read */
    int (*read)(void *context, void *into, size_t room, size_t *got, struct srd_error *err);
    void *context;
    const unsigned char *memory;
    size_t memory_left;
    struct srd_lines_limits limits;
    bool started, gzip, between; /* between two gzip members, or behind the last */
    bool damaged;                /* what came before it is handed out first */
    bool input_over;             /* the file or the memory has no more bytes */
    z_stream z;
    unsigned char packed[PIECE];
    char plain[PIECE];
    size_t at, size;        /* of the rest of @plain */
    size_t all, packed_all; /* bytes so far */
    size_t number;
    struct srd_buf text;
};

static struct srd_lines *new_lines(void)
{
    struct srd_lines *lines = calloc(1, sizeof(*lines));

    if (!lines)
        srd_no_memory();
    lines->fd = -1;
    lines->limits = (struct srd_lines_limits){ .row = (size_t)64 << 20,
                                               .other = (size_t)1 << 20,
                                               .all = (size_t)1 << 30 };
    srd_buf_init(&lines->text, lines->limits.row);
    return lines;
}

int srd_lines_open(const char *path, struct srd_lines **out, struct srd_error *err)
{
    SRD_CLEANUP(srd_lines_close) struct srd_lines *lines = new_lines();
    struct stat st;

    lines->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (lines->fd < 0)
        return srd_fail(err, SRD_E_SYSTEM, "could not open: %s", strerror(errno));
    if (!fstat(lines->fd, &st) && S_ISDIR(st.st_mode))
        return srd_fail(err, SRD_E_SYSTEM, "is a directory");
    *out = SRD_TAKE(lines);
    return 0;
}

struct srd_lines *srd_lines_of_memory(const void *bytes, size_t n)
{
    struct srd_lines *lines = new_lines();

    lines->memory = bytes;
    lines->memory_left = n;
    return lines;
}

struct srd_lines *srd_lines_of_reader(int (*read_more)(void *context, void *into, size_t room,
                                                       size_t *got, struct srd_error *err),
                                      void *context)
{
    struct srd_lines *lines = new_lines();

    lines->read = read_more;
    lines->context = context;
    return lines;
}

void srd_lines_close(struct srd_lines **lines)
{
    struct srd_lines *l = *lines;

    if (!l)
        return;
    if (l->gzip)
        inflateEnd(&l->z);
    if (l->fd > STDIN_FILENO)
        close(l->fd);
    srd_buf_free(&l->text);
    free(l);
    *lines = NULL;
}

void srd_lines_limit(struct srd_lines *lines, struct srd_lines_limits limits)
{
    lines->limits = limits;
    lines->text.ceiling = limits.row > limits.other ? limits.row : limits.other;
}

static int too_much(const struct srd_lines *lines, struct srd_error *err)
{
    return srd_fail(err, SRD_E_LIMIT, "more than %zu bytes in all", lines->limits.all);
}

/* Bytes as the medium has them; 0 of them at the end. */
static int read_raw(struct srd_lines *lines, void *into, size_t room, size_t *got,
                    struct srd_error *err)
{
    ssize_t n;

    *got = 0;
    if (lines->read)
        return lines->read(lines->context, into, room, got, err);
    if (lines->fd < 0) {
        *got = lines->memory_left < room ? lines->memory_left : room;
        if (*got)
            memcpy(into, lines->memory, *got);
        lines->memory += *got;
        lines->memory_left -= *got;
        return 0;
    }
    if (lines->input_over)
        return 0; /* a terminal would go on after its end */
    n = read(lines->fd, into, room);
    if (n < 0 && errno == EINTR) /* handlers that do not want this are installed with SA_RESTART */
        return srd_fail(err, SRD_E_CANCELLED, "interrupted");
    if (n < 0)
        return srd_fail(err, SRD_E_SYSTEM, "could not read: %s", strerror(errno));
    lines->input_over = n == 0;
    *got = (size_t)n;
    return 0;
}

/* The first bytes tell which kind it is; a pipe may hand them out one by one. */
static int start(struct srd_lines *lines, struct srd_error *err)
{
    size_t have = 0, got = 1;

    while (have < 2 && got) {
        if (read_raw(lines, lines->packed + have, PIECE - have, &got, err))
            return (int)err->code;
        have += got;
    }
    lines->started = true;
    if (have >= 2 && lines->packed[0] == 0x1f && lines->packed[1] == 0x8b) {
        if (inflateInit2(&lines->z, GZIP_ONLY) != Z_OK)
            return srd_fail(err, SRD_E_SYSTEM, "out of memory");
        lines->gzip = true;
        lines->z.next_in = lines->packed;
        lines->z.avail_in = (unsigned)have;
        lines->packed_all = have;
        return 0;
    }
    memcpy(lines->plain, lines->packed, have);
    lines->size = have;
    lines->all = have;
    return 0;
}

/* More packed bytes, if none are left. */
static int feed(struct srd_lines *lines, struct srd_error *err)
{
    size_t got;

    if (lines->z.avail_in)
        return 0;
    if (read_raw(lines, lines->packed, PIECE, &got, err))
        return (int)err->code;
    lines->packed_all += got;
    if (lines->packed_all > lines->limits.all) /* empty members may follow each other for ever */
        return too_much(lines, err);
    lines->z.next_in = lines->packed;
    lines->z.avail_in = (unsigned)got;
    return 0;
}

static int unpack(struct srd_lines *lines, struct srd_error *err)
{
    z_stream *z = &lines->z;

    z->next_out = (unsigned char *)lines->plain;
    z->avail_out = PIECE;
    while (z->avail_out == PIECE && !lines->damaged) {
        int status;

        if (feed(lines, err))
            return (int)err->code;
        if (!z->avail_in)
            break; /* the end, or cut: then the last line is missing, which our caller sees */
        if (lines->between)
            inflateReset(z);
        status = inflate(z, Z_NO_FLUSH);
        if (lines->between && status == Z_DATA_ERROR && !z->total_out)
            return srd_fail(err, SRD_E_DATA, "something that is no gzip follows the gzip data");
        if (status == Z_MEM_ERROR)
            return srd_fail(err, SRD_E_SYSTEM, "out of memory");
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
            lines->damaged = true;
            break;
        }
        lines->between = status == Z_STREAM_END;
    }
    lines->size = PIECE - z->avail_out;
    if (lines->damaged && !lines->size)
        return srd_fail(err, SRD_E_DATA, "the gzip data is damaged (%s); copy the file again",
                        z->msg ? z->msg : "not readable");
    return 0;
}

/* Fills @plain again; nothing in it afterwards: the end. */
static int fill(struct srd_lines *lines, struct srd_error *err)
{
    lines->at = lines->size = 0;
    if (!lines->started) {
        if (start(lines, err))
            return (int)err->code;
        if (lines->size)
            return lines->all > lines->limits.all ? too_much(lines, err) : 0;
    }
    if (lines->gzip ? unpack(lines, err) : read_raw(lines, lines->plain, PIECE, &lines->size, err))
        return (int)err->code;
    lines->all += lines->size;
    return lines->all > lines->limits.all ? too_much(lines, err) : 0;
}

static int check_size(const struct srd_lines *lines, struct srd_error *err)
{
    size_t limit = lines->text.data[0] == '[' ? lines->limits.row : lines->limits.other;

    if (lines->text.full || lines->text.size > limit)
        return srd_fail(err, SRD_E_LIMIT, "more than %zu bytes in one line", limit);
    return 0;
}

int srd_lines_next(struct srd_lines *lines, struct srd_line *line, struct srd_error *err)
{
    const char *end = NULL;

    *line = (struct srd_line){ .number = ++lines->number };
    srd_buf_clear(&lines->text);
    while (!end) {
        const char *from = lines->plain + lines->at;
        size_t n = lines->size - lines->at;

        if (!n) {
            if (fill(lines, err))
                return (int)err->code;
            if (!lines->size)
                break;
            continue;
        }
        end = memchr(from, '\n', n);
        n = end ? (size_t)(end - from) : n;
        srd_buf_add(&lines->text, from, n);
        lines->at += n + (end != NULL);
        if (check_size(lines, err))
            return (int)err->code;
    }
    line->text = end || lines->text.size ? lines->text.data : NULL;
    line->size = lines->text.size;
    line->cut = line->text ? !end : lines->gzip && !lines->between;
    return 0;
}
