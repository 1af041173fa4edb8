/*
 * How does one client talk to us over two pipes?
 *
 * The calling thread reads, and answers what needs no work; a few threads do the rest. All write
 * under one lock, whole lines. A client that does not read stops us from reading: memory stays
 * bounded.
 */

#include "lib/mcp/mcp.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"

#define WORKERS 4
#define QUEUE 64
#define READ_SIZE ((size_t)64 << 10)
#define LARGEST (SRD_MCP_MAX_MESSAGE + READ_SIZE)
#define FINISH_MS 10000 /* for what was read before the input ended */
#define NOTICE_MS                                                                                  \
    150 /* for a call to notice that it is cancelled; SIGTERM may take 200 ms in all */
#define GLANCE_MS 20

struct stdio {
    struct srd_mcp *mcp;
    struct srd_mcp_stdio_options options;
    struct srd_mcp_link link;
    struct srd_mcp_sink sink;
    /* reading: one thread */
    char *bytes;
    size_t used, room;
    bool skipping; /* the rest of a line that is too long */
    /* writing: any thread */
    pthread_mutex_t writing;
    struct srd_buf line;
    bool is_socket, is_pipe;
    atomic_bool closed; /* nothing can or may be written any more */
    /* working */
    pthread_mutex_t lock;
    pthread_cond_t work, change; /* there is something to do; something was done */
    struct srd_mcp_job **queue;  /* a ring */
    size_t first, waiting, running;
    pthread_t *threads;
    size_t thread_count, idle;
    bool quit;
};

static bool stopped(const struct stdio *io)
{
    return srd_flag_up(io->options.stop);
}

/* Like poll(), but a signal that sets *stop between the look at it and the sleep ends the sleep. */
static int wait_for(struct stdio *io, struct pollfd *fds, nfds_t count, int ms)
{
    struct timespec limit = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
    sigset_t all, before;
    int n = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (!stopped(io))
        n = ppoll(fds, count, &limit, &before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return n;
}

/* ---- writing ---- */

/* What can be written now without blocking, or -1. */
static ssize_t write_some(struct stdio *io, const char *bytes, size_t n)
{
    if (io->is_socket)
        return send(io->options.out, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    /* a pipe that is ready has room for this many, whoever else has it open */
    return write(io->options.out, bytes, io->is_pipe && n > PIPE_BUF ? PIPE_BUF : n);
}

/* With the lock of writing. Gives up when we have to end: then a line stays half, as the last. */
static void write_all(struct stdio *io, const char *bytes, size_t n)
{
    while (n && !atomic_load(&io->closed)) {
        struct pollfd out = { .fd = io->options.out, .events = POLLOUT };
        ssize_t written;
        int ready = wait_for(io, &out, 1, 50);

        if (stopped(io) || (ready > 0 && out.revents & (POLLERR | POLLNVAL)))
            atomic_store(&io->closed, true);
        if (ready <= 0 || atomic_load(&io->closed))
            continue;
        written = write_some(io, bytes, n);
        if (written >= 0) {
            bytes += written;
            n -= (size_t)written;
        } else if (errno != EINTR && errno != EAGAIN) {
            atomic_store(&io->closed, true);
        }
    }
}

static void write_line(void *context, const char *json, size_t n)
{
    struct stdio *io = context;

    if (!n)
        return;
    pthread_mutex_lock(&io->writing);
    srd_buf_clear(&io->line);
    srd_buf_add(&io->line, json, n);
    srd_buf_char(&io->line, '\n');
    write_all(io, io->line.data, io->line.size);
    if (io->line.room > READ_SIZE) {
        srd_buf_free(&io->line);
        srd_buf_init(&io->line, SIZE_MAX);
    }
    pthread_mutex_unlock(&io->writing);
}

static void answer(void *context, int status, const char *json, size_t n)
{
    (void)status;
    write_line(context, json, n);
}

/* ---- working ---- */

static void *work(void *context)
{
    struct stdio *io = context;

    pthread_mutex_lock(&io->lock);
    for (;;) {
        struct srd_mcp_job *job;

        if (!io->waiting) {
            if (io->quit)
                break;
            io->idle++;
            pthread_cond_wait(&io->work, &io->lock);
            io->idle--;
            continue;
        }
        job = io->queue[io->first];
        io->first = (io->first + 1) % io->options.queue;
        io->waiting--;
        io->running++;
        pthread_mutex_unlock(&io->lock);
        srd_mcp_job_run(job);
        pthread_mutex_lock(&io->lock);
        io->running--;
        pthread_cond_signal(&io->change);
    }
    pthread_mutex_unlock(&io->lock);
    return NULL;
}

/* One more thread, deaf to signals: those are for the thread that reads. With the lock. */
static void add_thread(struct stdio *io)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (!pthread_create(&io->threads[io->thread_count], NULL, work, io))
        io->thread_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void submit(struct stdio *io, struct srd_mcp_job *job)
{
    bool taken = false;

    pthread_mutex_lock(&io->lock);
    if (io->waiting >= io->idle && io->thread_count < io->options.workers)
        add_thread(io);
    if (io->thread_count && io->waiting < io->options.queue) {
        io->queue[(io->first + io->waiting++) % io->options.queue] = job;
        taken = true;
        pthread_cond_signal(&io->work);
    }
    pthread_mutex_unlock(&io->lock);
    if (!taken)
        srd_mcp_job_refuse(job, 503, "too many calls wait already; try again in a moment");
}

/* Waits until nothing is at work; false: something still is. */
static bool drain(struct stdio *io, int64_t ms, bool heed_end)
{
    int64_t until = srd_clock_monotonic_ms() + ms;
    bool busy = true;

    for (;;) {
        struct pollfd out = { .fd = io->options.out };

        pthread_mutex_lock(&io->lock);
        busy = io->running + io->waiting > 0;
        if (busy) {
            srd_wait_until(&io->change, &io->lock, srd_clock_monotonic_ms() + GLANCE_MS);
            busy = io->running + io->waiting > 0;
        }
        pthread_mutex_unlock(&io->lock);
        if (!busy || srd_clock_monotonic_ms() >= until)
            return !busy;
        if (heed_end &&
            (stopped(io) || atomic_load(&io->closed) || (poll(&out, 1, 0) > 0 && out.revents)))
            return false;
    }
}

/* ---- reading ---- */

static void take_line(struct stdio *io, const char *line, size_t n)
{
    struct srd_mcp_exchange *exchange;

    if (strspn(line, " \t\r") >= n) /* the byte behind the line is its end */
        return;
    exchange = srd_mcp_receive(io->mcp, &io->link, &io->options.caller, &io->sink, line, n);
    for (struct srd_mcp_job *job = exchange ? srd_mcp_jobs(exchange) : NULL, *next; job;
         job = next) {
        next = srd_mcp_job_next(job);
        submit(io, job);
    }
}

/* All lines that are complete. @fresh bytes at the end were not looked at yet. */
static void take_lines(struct stdio *io, size_t fresh)
{
    char *at = io->bytes, *end = io->bytes + io->used, *look = end - fresh, *line_end;

    while (!stopped(io) && (line_end = memchr(look, '\n', (size_t)(end - look)))) {
        if (!io->skipping)
            take_line(io, at, (size_t)(line_end - at));
        io->skipping = false;
        at = look = line_end + 1;
    }
    io->used = (size_t)(end - at);
    if (io->skipping)
        io->used = 0;
    else if (io->used > SRD_MCP_MAX_MESSAGE + 1) { /* the one may be a \r */
        take_line(io, at, io->used);
        io->skipping = true;
        io->used = 0;
    }
    memmove(io->bytes, at, io->used);
}

/* Room for one more read, and no more than the rest of a line needs. */
static void make_room(struct stdio *io)
{
    size_t room = io->room;

    if (io->used + READ_SIZE > io->room)
        room = io->room * 2 < LARGEST + READ_SIZE ? io->room * 2 : LARGEST + READ_SIZE;
    else if (io->room > 16 * READ_SIZE && io->used < READ_SIZE)
        room = 2 * READ_SIZE;
    if (room == io->room)
        return;
    io->bytes = realloc(io->bytes, room + 1);
    if (!io->bytes)
        srd_no_memory();
    io->room = room;
}

/* Until the input ends (true), or something else ends us. */
static bool read_all(struct stdio *io)
{
    while (!stopped(io) && !atomic_load(&io->closed)) {
        struct pollfd fds[2] = { { .fd = io->options.in, .events = POLLIN },
                                 { .fd = io->options.out } };
        ssize_t n;

        /* a second: for a stop that is not set by a signal */
        if (wait_for(io, fds, 2, 1000) <= 0)
            continue;
        if (fds[1].revents)
            atomic_store(&io->closed, true);
        if (fds[1].revents || !fds[0].revents)
            continue;
        make_room(io);
        n = read(io->options.in, io->bytes + io->used, READ_SIZE);
        if (n > 0) {
            io->used += (size_t)n;
            io->bytes[io->used] = '\0';
            take_lines(io, (size_t)n);
        } else if (!n || (errno != EINTR && errno != EAGAIN)) {
            io->bytes[io->used] = '\0';
            if (!io->skipping)
                take_line(io, io->bytes, io->used);
            return true;
        }
    }
    return false;
}

/* ---- life ---- */

static struct stdio *begin(struct srd_mcp *mcp, const struct srd_mcp_stdio_options *options)
{
    struct stdio *io = calloc(1, sizeof(*io));
    struct stat out;

    if (!io)
        srd_no_memory();
    io->mcp = mcp;
    io->options = *options;
    io->options.workers = options->workers ? options->workers : WORKERS;
    io->options.queue = options->queue ? options->queue : QUEUE;
    io->link = (struct srd_mcp_link){ .transport = SRD_MCP_STDIO, .scope = "" };
    io->sink = (struct srd_mcp_sink){ write_line, answer, io };
    io->room = 2 * READ_SIZE;
    io->bytes = malloc(io->room + 1);
    io->queue = calloc(io->options.queue, sizeof(struct srd_mcp_job *));
    io->threads = calloc(io->options.workers, sizeof(*io->threads));
    if (!io->bytes || !io->queue || !io->threads)
        srd_no_memory();
    srd_buf_init(&io->line, SIZE_MAX);
    if (!fstat(options->out, &out)) {
        io->is_socket = S_ISSOCK(out.st_mode);
        io->is_pipe = S_ISFIFO(out.st_mode);
    }
    pthread_mutex_init(&io->writing, NULL);
    pthread_mutex_init(&io->lock, NULL);
    srd_wait_init(&io->work);
    srd_wait_init(&io->change);
    return io;
}

static void end(struct stdio *io)
{
    pthread_mutex_lock(&io->lock);
    io->quit = true;
    pthread_cond_broadcast(&io->work);
    pthread_mutex_unlock(&io->lock);
    for (size_t i = 0; i < io->thread_count; i++)
        pthread_join(io->threads[i], NULL);
    pthread_cond_destroy(&io->change);
    pthread_cond_destroy(&io->work);
    pthread_mutex_destroy(&io->lock);
    pthread_mutex_destroy(&io->writing);
    srd_buf_free(&io->line);
    free(io->threads);
    free((void *)io->queue);
    free(io->bytes);
    free(io);
}

int srd_mcp_stdio(struct srd_mcp *mcp, const struct srd_mcp_stdio_options *options,
                  struct srd_error *err)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
    struct stdio *io;
    bool done;

    /* who closed the pipe is asked of write(), for SIGPIPE cannot tell which it was */
    if (sigaction(SIGPIPE, &ignore, &before))
        return srd_fail(err, SRD_E_SYSTEM, "could not ignore SIGPIPE: %s", strerror(errno));
    io = begin(mcp, options);
    done = read_all(io) && drain(io, FINISH_MS, true);
    if (!done) {
        atomic_store(&io->closed, true);
        srd_mcp_abandon_scope(mcp, NULL);
        done = drain(io, NOTICE_MS, false);
    }
    if (!done) { /* its thread still uses all of this */
        for (size_t i = 0; i < io->thread_count; i++)
            pthread_detach(io->threads[i]);
        return srd_fail(err, SRD_E_CANCELLED, "a call did not end in time");
    }
    end(io);
    sigaction(SIGPIPE, &before, NULL);
    return 0;
}
