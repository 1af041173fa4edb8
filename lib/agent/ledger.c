/* How is a request written down so that nobody can say later that it was not, or was another? */

#include "lib/agent/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/json.h"

#define HEX (2 * SRD_SHA256_SIZE)
#define MAX_LINE ((size_t)1 << 20)
#define MAX_SQL 65536 /* what a guard lets through; of longer ones the beginning is enough */

struct srd_ledger {
    char *file;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t synced;
    int fd, head_fd;
    int64_t number;      /* of the last line */
    char hash[HEX + 1];  /* of the last line */
    int64_t safe_number; /* up to it all lines are on the disk */
    bool syncing;
    struct srd_buf line;
};

/* ---- opening ---- */

static int open_file(const char *file, int *out, struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close)
    int fd = open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    struct stat st;

    if (fd < 0)
        return srd_fail(err, SRD_E_SYSTEM, "could not open the ledger \"%s\": %s", file,
                        strerror(errno));
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return srd_fail(err, SRD_E_CONFIG, "the ledger \"%s\" is no regular file", file);
    if (flock(fd, LOCK_EX | LOCK_NB))
        return srd_fail(err, SRD_E_CONFIG,
                        "the ledger \"%s\" belongs to another process, which is still running",
                        file);
    *out = fd;
    fd = -1;
    return 0;
}

/* A new file goes on where the one before it ended. */
static void go_on(int head_fd, struct srd_ledger_state *state)
{
    char text[128] = "", hash[HEX + 1] = "";
    long long number = 0;
    ssize_t n = pread(head_fd, text, sizeof(text) - 1, 0);

    if (state->first || n <= 0 || sscanf(text, "%lld %64s", &number, hash) != 2 || number < 1 ||
        strlen(hash) != HEX)
        return;
    state->last = number;
    memcpy(state->hash, hash, sizeof(state->hash));
}

/* What the ledger was when its agent ended, or its machine. */
static int take_over(const char *file, int fd, int head_fd, struct srd_ledger_state *state,
                     struct srd_error *err)
{
    if (srd_ledger_read(file, NULL, NULL, NULL, state, err)) {
        if (err->code == SRD_E_DATA)
            err->code = SRD_E_CONFIG;
        return srd_while(err, "the ledger cannot be gone on with; move it and its .head away");
    }
    if (state->cut_bytes && ftruncate(fd, state->whole_bytes))
        return srd_fail(err, SRD_E_SYSTEM, "could not repair the ledger \"%s\": %s", file,
                        strerror(errno));
    go_on(head_fd, state);
    return 0;
}

static int open_head(const char *file, int *out, struct srd_error *err)
{
    SRD_CLEANUP(srd_free_text) char *name = NULL;

    if (asprintf(&name, "%s.head", file) < 0)
        srd_no_memory();
    *out = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return *out < 0
               ? srd_fail(err, SRD_E_SYSTEM, "could not open \"%s\": %s", name, strerror(errno))
               : 0;
}

static int note_repair(struct srd_ledger *ledger, int64_t bytes, struct srd_error *err)
{
    struct srd_ledger_entry entry = { .route = "repaired",
                                      .reason = "a line that was half written was cut off",
                                      .rows = -1,
                                      .bytes = bytes,
                                      .ms = -1 };

    return bytes ? srd_ledger_write(ledger, &entry, err) : 0;
}

int srd_ledger_open(const char *file, struct srd_ledger **out, struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close) int fd = -1;
    SRD_CLEANUP(srd_fd_close) int head_fd = -1;
    struct srd_ledger_state state;
    struct srd_ledger *ledger;

    if (open_file(file, &fd, err) || open_head(file, &head_fd, err) ||
        take_over(file, fd, head_fd, &state, err))
        return (int)err->code;
    ledger = calloc(1, sizeof(*ledger));
    if (!ledger || !(ledger->file = strdup(file)))
        srd_no_memory();
    pthread_mutex_init(&ledger->lock, NULL);
    pthread_cond_init(&ledger->synced, NULL);
    ledger->fd = fd;
    ledger->head_fd = head_fd;
    fd = head_fd = -1;
    ledger->number = state.last;
    memcpy(ledger->hash, state.hash, sizeof(ledger->hash));
    srd_buf_init(&ledger->line, MAX_LINE);
    if (note_repair(ledger, state.cut_bytes, err)) {
        srd_ledger_close(&ledger);
        return (int)err->code;
    }
    *out = ledger;
    return 0;
}

void srd_ledger_close(struct srd_ledger **ledger)
{
    struct srd_ledger *l = *ledger;

    if (!l)
        return;
    fdatasync(l->fd);
    fdatasync(l->head_fd);
    close(l->fd);
    close(l->head_fd);
    srd_buf_free(&l->line);
    pthread_cond_destroy(&l->synced);
    pthread_mutex_destroy(&l->lock);
    free(l->file);
    free(l);
    *ledger = NULL;
}

int srd_ledger_reopen(struct srd_ledger *ledger, struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close) int fd = -1;
    struct srd_ledger_state state;
    struct stat mine, named;
    int code = 0;

    pthread_mutex_lock(&ledger->lock);
    while (ledger->syncing)
        pthread_cond_wait(&ledger->synced, &ledger->lock);
    if (fstat(ledger->fd, &mine) || stat(ledger->file, &named) || mine.st_ino != named.st_ino ||
        mine.st_dev != named.st_dev) {
        if (open_file(ledger->file, &fd, err) ||
            srd_ledger_read(ledger->file, NULL, NULL, NULL, &state, err)) {
            code = (int)err->code;
        } else if (state.first || state.cut_bytes) {
            code = srd_fail(err, SRD_E_CONFIG, "the new ledger \"%s\" is not empty", ledger->file);
        } else {
            int old = ledger->fd;

            fdatasync(old);
            ledger->fd = fd;
            fd = old; /* closed on return, and its lock with it */
        }
    }
    pthread_mutex_unlock(&ledger->lock);
    return code;
}

/* ---- writing ---- */

static void put_text(struct srd_buf *line, const char *name, const char *text, size_t most)
{
    if (!text || !*text)
        return;
    srd_buf_printf(line, ",\"%s\":", name);
    srd_json_quote(line, text, strnlen(text, most));
}

static void put_number(struct srd_buf *line, const char *name, int64_t number)
{
    if (number >= 0)
        srd_buf_printf(line, ",\"%s\":%lld", name, (long long)number);
}

/* The line with its hash, and the hash. With the lock. */
static int make_line(struct srd_ledger *ledger, const struct srd_ledger_entry *e,
                     char hash[HEX + 1], struct srd_error *err)
{
    struct srd_buf *line = &ledger->line;
    unsigned char digest[SRD_SHA256_SIZE];
    char time[SRD_TIME_SIZE];

    srd_buf_clear(line);
    srd_buf_printf(line, "{\"n\":%lld,\"time\":\"%s\"", (long long)ledger->number + 1,
                   srd_time_rfc3339(srd_clock_now_ms(), time));
    put_text(line, "peer", e->peer, 64);
    put_text(line, "route", e->route, 64);
    put_text(line, "probe", e->probe, 200);
    put_text(line, "key", e->key, 1000);
    put_text(line, "node", e->node, 300);
    put_text(line, "sql", e->sql, MAX_SQL);
    put_text(line, "verdict", e->verdict, 64);
    put_text(line, "reason", e->reason, 1000);
    put_text(line, "status", e->status, 64);
    put_number(line, "rows", e->rows);
    put_number(line, "bytes", e->bytes);
    put_number(line, "ms", e->ms);
    srd_buf_printf(line, ",\"prev\":\"%s\"", ledger->hash);
    srd_sha256(line->data, line->size, digest);
    srd_hex(digest, sizeof(digest), hash);
    srd_buf_printf(line, ",\"hash\":\"%s\"}\n", hash);
    return line->full ? srd_fail(err, SRD_E_LIMIT, "a line of the ledger is too long") : 0;
}

/* Whole, or not at all. */
static int append(int fd, const struct srd_buf *line, struct srd_error *err)
{
    off_t before = lseek(fd, 0, SEEK_END);
    ssize_t n;
    int cause;

    do
        n = write(fd, line->data, line->size);
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)line->size)
        return 0;
    cause = n < 0 ? errno : ENOSPC;
    if (n > 0 && (before < 0 || ftruncate(fd, before)))
        return srd_fail(err, SRD_E_SYSTEM, "could not write, nor take back what was written: %s",
                        strerror(errno));
    return srd_fail(err, SRD_E_SYSTEM, "could not write: %s", strerror(cause));
}

/* Too late to fail: the line is there, and a head that is behind is no lie. */
static void write_head(struct srd_ledger *ledger)
{
    char text[128];
    int n = snprintf(text, sizeof(text), "%-20lld %s\n", (long long)ledger->number, ledger->hash);

    if (pwrite(ledger->head_fd, text, (size_t)n, 0) != n)
        return;
}

int srd_ledger_write(struct srd_ledger *ledger, const struct srd_ledger_entry *entry,
                     struct srd_error *err)
{
    char hash[HEX + 1];
    int code;

    pthread_mutex_lock(&ledger->lock);
    code = make_line(ledger, entry, hash, err);
    if (!code)
        code = append(ledger->fd, &ledger->line, err);
    if (!code) {
        ledger->number++;
        memcpy(ledger->hash, hash, sizeof(ledger->hash));
        write_head(ledger);
    }
    pthread_mutex_unlock(&ledger->lock);
    return code ? srd_while(err, "ledger \"%s\"", ledger->file) : 0;
}

int srd_ledger_sync(struct srd_ledger *ledger, struct srd_error *err)
{
    int64_t wanted;
    int cause = 0;

    pthread_mutex_lock(&ledger->lock);
    wanted = ledger->number;
    while (!cause && ledger->safe_number < wanted) {
        int64_t covered = ledger->number;

        if (ledger->syncing) {
            pthread_cond_wait(&ledger->synced, &ledger->lock);
            continue;
        }
        ledger->syncing = true;
        pthread_mutex_unlock(&ledger->lock);
        if (fdatasync(ledger->fd) && errno != EINVAL && errno != EROFS)
            cause = errno;
        pthread_mutex_lock(&ledger->lock);
        ledger->syncing = false;
        if (!cause)
            ledger->safe_number = covered;
        pthread_cond_broadcast(&ledger->synced);
    }
    pthread_mutex_unlock(&ledger->lock);
    return cause ? srd_fail(err, SRD_E_SYSTEM, "ledger \"%s\": %s", ledger->file, strerror(cause))
                 : 0;
}

void srd_ledger_mark(struct srd_ledger *ledger, char out[SRD_LEDGER_MARK_SIZE])
{
    pthread_mutex_lock(&ledger->lock);
    snprintf(out, SRD_LEDGER_MARK_SIZE, "%lld:%s", (long long)ledger->number, ledger->hash);
    pthread_mutex_unlock(&ledger->lock);
}
