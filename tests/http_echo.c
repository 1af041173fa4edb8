/*
 * A server that answers in every way lib/net/http_server.h knows, for tests/check_http_raw.py and
 * for measuring: what comes over the wire is the test's business.
 *
 *   GET  /hello                  POST /echo: the body    GET /head: one "name: value" a line
 *   GET  /big?n=BYTES            a borrowed body         GET /never: not answered by the handler
 *   POST /later?ms=N[&hold=1]    from another thread; with hold also after the client left
 *   GET  /stream?n=N&ms=N        N events (0: none, until somebody leaves)
 *   GET  /flood                  a stream for clients that do not read
 *   POST /refuse                 401 from admit()        GET /close: closes the connection
 *   ...?pause=MS: the handler itself takes that long first
 *   GET  /stats                  what happened, as JSON  GET /kill?id=N  GET /connections
 *
 * Prints "listening ADDRESS:PORT"; obeys the lines "reload CERT KEY", "drain MS" on stdin; ends
 * with stdin. Options are those of struct srd_http_options: --slow-ms 300 --tls CERT KEY ...
 */

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/net/http_server.h"

/* Something that is due: an answer, or an event of a stream. */
struct task {
    struct task *next;
    struct srd_http_request *request;
    struct srd_http_stream *stream;
    int64_t due_ms, every_ms;
    long left; /* events; -1: no end */
    bool hold;
    atomic_bool gone;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct task *tasks;
    bool hurry, quit; /* all that does not hold is due; the thread ends */
} timer = { .lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER };

static atomic_size_t admitted, handled, gone_count, done_count, released, refused_sends;
static atomic_size_t statuses[600];
static _Atomic uint64_t bytes_sent;
static struct srd_http_server *server;

static long number(const struct srd_http_request *request, const char *name, long fallback)
{
    const char *text = srd_http_query(request, name);

    return text && *text ? strtol(text, NULL, 10) : fallback;
}

static void answer_text(struct srd_http_request *request, int status, const char *type,
                        const char *text, size_t n)
{
    struct srd_http_answer answer = { .status = status, .type = type, .body = text, .size = n };

    srd_http_answer(request, &answer);
}

/* ---- the timer's thread ---- */

static void schedule(struct task *task)
{
    pthread_mutex_lock(&timer.lock);
    task->next = timer.tasks;
    timer.tasks = task;
    pthread_cond_signal(&timer.change);
    pthread_mutex_unlock(&timer.lock);
}

static struct task *new_task(struct srd_http_request *request, int64_t in_ms)
{
    struct task *task = calloc(1, sizeof(*task));

    task->request = request;
    task->due_ms = srd_clock_monotonic_ms() + in_ms;
    task->hold = number(request, "hold", 0) != 0;
    return task;
}

/* false: it is over. */
static bool run(struct task *task)
{
    static const char event[] = "data: tick\n\n";
    struct srd_error err;

    if (!task->stream) {
        answer_text(task->request, 200, "text/plain", task->request->body,
                    task->request->body_size);
        return false;
    }
    if (task->left == 0 || (task->left > 0 && atomic_load(&task->gone))) {
        srd_http_stream_end(task->stream);
        return false;
    }
    task->due_ms += task->every_ms;
    if (task->every_ms == 0) { /* waits for somebody to leave */
        task->due_ms = INT64_MAX;
        return true;
    }
    if (srd_http_stream_send(task->stream, event, sizeof(event) - 1, &err)) {
        atomic_fetch_add(&refused_sends, 1);
        srd_http_stream_end(task->stream);
        return false;
    }
    task->left -= task->left > 0;
    return true;
}

/* What is due, taken out of the list; NULL: nothing yet. With the lock. */
static struct task *take_due(int64_t now, bool hurry)
{
    for (struct task **link = &timer.tasks; *link; link = &(*link)->next) {
        struct task *task = *link;
        bool early = (hurry || atomic_load(&task->gone)) && !task->hold;

        if (task->due_ms > now && !early)
            continue;
        if (early)
            task->left = 0;
        *link = task->next;
        return task;
    }
    return NULL;
}

static void *work(void *context)
{
    (void)context;
    pthread_mutex_lock(&timer.lock);
    while (!timer.quit || timer.tasks) {
        struct task *task = take_due(srd_clock_monotonic_ms(), timer.hurry);
        struct timespec at;

        if (task) {
            bool again;

            pthread_mutex_unlock(&timer.lock);
            again = run(task);
            if (!again)
                free(task);
            pthread_mutex_lock(&timer.lock);
            if (again) {
                task->next = timer.tasks;
                timer.tasks = task;
            }
            continue;
        }
        clock_gettime(CLOCK_REALTIME, &at);
        at.tv_nsec += 5000000;
        at.tv_sec += at.tv_nsec / 1000000000;
        at.tv_nsec %= 1000000000;
        if (timer.tasks)
            pthread_cond_timedwait(&timer.change, &timer.lock, &at);
        else
            pthread_cond_wait(&timer.change, &timer.lock);
    }
    pthread_mutex_unlock(&timer.lock);
    return NULL;
}

static void raise_flag(bool *flag)
{
    pthread_mutex_lock(&timer.lock);
    *flag = true;
    pthread_cond_signal(&timer.change);
    pthread_mutex_unlock(&timer.lock);
}

/* ---- routes ---- */

static void say_head(struct srd_http_request *request)
{
    static const char *const names[] = { "Host", "X-Test", "Content-Length", "Cookie", "Expect" };
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;

    srd_buf_init(&out, 1 << 20);
    srd_buf_printf(&out, "%s %s %s %s %d %d\n", request->method, request->path, request->query,
                   request->peer, request->loopback, request->tls);
    for (size_t i = 0; i < SRD_COUNT(names); i++)
        if (srd_http_header(request, names[i]))
            srd_buf_printf(&out, "%s: [%s] %zu\n", names[i], srd_http_header(request, names[i]),
                           srd_http_header_count(request, names[i]));
    answer_text(request, 200, "text/plain", out.data, out.size);
}

static size_t count_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

static size_t resident_kb(void)
{
    SRD_CLEANUP(srd_close_file) FILE *f = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    if (!f || fscanf(f, "%*u %lu", &pages) != 1)
        return 0;
    return pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

static void say_stats(struct srd_http_request *request)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    bool first = true;

    srd_buf_init(&out, 1 << 20);
    srd_buf_printf(&out,
                   "{\"admitted\":%zu,\"handled\":%zu,\"gone\":%zu,\"done\":%zu,\"released\":%zu,"
                   "\"refused_sends\":%zu,\"bytes\":%llu,\"connections\":%zu,\"files\":%zu,"
                   "\"kb\":%zu,\"statuses\":{",
                   atomic_load(&admitted), atomic_load(&handled), atomic_load(&gone_count),
                   atomic_load(&done_count), atomic_load(&released), atomic_load(&refused_sends),
                   (unsigned long long)atomic_load(&bytes_sent), srd_http_connection_count(server),
                   count_files(), resident_kb());
    for (size_t i = 0; i < SRD_COUNT(statuses); i++)
        if (atomic_load(&statuses[i])) {
            srd_buf_printf(&out, "%s\"%zu\":%zu", first ? "" : ",", i, atomic_load(&statuses[i]));
            first = false;
        }
    srd_buf_text(&out, "}}");
    answer_text(request, 200, "application/json", out.data, out.size);
}

static void say_connections(struct srd_http_request *request)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    struct srd_http_connection *list;
    size_t n = srd_http_connections(server, request->arena, &list);

    srd_buf_init(&out, 1 << 22);
    srd_buf_text(&out, "[");
    for (size_t i = 0; i < n; i++)
        srd_buf_printf(&out,
                       "%s{\"id\":%llu,\"peer\":\"%s\",\"age_ms\":%lld,\"idle_ms\":%lld,"
                       "\"requests\":%llu,\"busy\":%d,\"stream\":%d}",
                       i ? "," : "", (unsigned long long)list[i].id, list[i].peer,
                       (long long)list[i].age_ms, (long long)list[i].idle_ms,
                       (unsigned long long)list[i].requests, list[i].busy, list[i].stream);
    srd_buf_text(&out, "]");
    answer_text(request, 200, "application/json", out.data, out.size);
}

static void release(void *bytes)
{
    atomic_fetch_add(&released, 1);
    free(bytes);
}

static void send_big(struct srd_http_request *request)
{
    size_t n = (size_t)number(request, "n", 1 << 20);
    char *bytes = malloc(n + 1);
    struct srd_http_answer answer = { .status = 200,
                                      .type = "application/octet-stream",
                                      .body = bytes,
                                      .size = n,
                                      .release = release,
                                      .release_context = bytes };

    memset(bytes, 'x', n);
    srd_http_answer(request, &answer);
}

static void open_stream(struct srd_http_request *request, long every_ms, long events)
{
    struct srd_http_answer head = { .status = 200,
                                    .type = "text/event-stream",
                                    .fields = { { "Cache-Control", "no-cache" } } };
    struct task *task = new_task(request, 0);

    task->stream = srd_http_stream_open(request, &head);
    task->every_ms = every_ms;
    task->left = events;
    request->context = task;
    schedule(task);
}

static void flood(struct srd_http_request *request)
{
    struct srd_http_answer head = { .status = 200, .type = "text/plain" };
    struct srd_http_stream *stream = srd_http_stream_open(request, &head);
    struct srd_error err;
    char bytes[4096];

    memset(bytes, 'y', sizeof(bytes));
    while (srd_http_stream_send(stream, bytes, sizeof(bytes), &err) == 0)
        ;
    atomic_fetch_add(&refused_sends, 1);
    srd_http_stream_end(stream);
}

static void admit(void *context, struct srd_http_request *request)
{
    (void)context;
    atomic_fetch_add(&admitted, 1);
    if (strcmp(request->path, "/refuse") == 0) {
        struct srd_http_answer answer = { .status = 401,
                                          .type = "application/json",
                                          .body = "{\"error\":\"Unauthorized\"}",
                                          .size = 24,
                                          .fields = { { "WWW-Authenticate", "Bearer" } } };

        srd_http_answer(request, &answer);
    }
}

static void handle(void *context, struct srd_http_request *request)
{
    const char *path = request->path;

    (void)context;
    atomic_fetch_add(&handled, 1);
    usleep((useconds_t)number(request, "pause", 0) * 1000);
    if (strcmp(path, "/hello") == 0) {
        answer_text(request, 200, "application/json", "{\"ok\":true}", 11);
    } else if (strcmp(path, "/echo") == 0) {
        answer_text(request, 200, "text/plain", request->body, request->body_size);
    } else if (strcmp(path, "/head") == 0) {
        say_head(request);
    } else if (strcmp(path, "/stats") == 0) {
        say_stats(request);
    } else if (strcmp(path, "/connections") == 0) {
        say_connections(request);
    } else if (strcmp(path, "/kill") == 0) {
        const char *id = srd_http_query(request, "id");
        bool there = id && srd_http_connection_close(server, strtoull(id, NULL, 10));

        answer_text(request, 200, "text/plain", there ? "yes" : "no", there ? 3 : 2);
    } else if (strcmp(path, "/big") == 0) {
        send_big(request);
    } else if (strcmp(path, "/later") == 0) {
        struct task *task = new_task(request, number(request, "ms", 50));

        srd_http_later(request);
        request->context = task;
        schedule(task);
    } else if (strcmp(path, "/stream") == 0) {
        open_stream(request, number(request, "ms", 10), number(request, "n", 3));
    } else if (strcmp(path, "/flood") == 0) {
        flood(request);
    } else if (strcmp(path, "/close") == 0) {
        struct srd_http_answer answer = { .status = 204, .close = true };

        srd_http_answer(request, &answer);
    } else if (strcmp(path, "/never") != 0) {
        answer_text(request, 404, "application/json", "{\"error\":\"Not found\"}", 21);
    }
}

static void gone(void *context, struct srd_http_request *request)
{
    struct task *task = NULL;

    (void)context;
    atomic_fetch_add(&gone_count, 1);
    pthread_mutex_lock(&timer.lock);
    for (task = timer.tasks; task && task->request != request; task = task->next)
        ;
    if (task)
        atomic_store(&task->gone, true);
    pthread_cond_signal(&timer.change);
    pthread_mutex_unlock(&timer.lock);
}

static void done(void *context, struct srd_http_request *request, int status, uint64_t bytes,
                 int64_t ms)
{
    (void)context;
    (void)request;
    (void)ms;
    atomic_fetch_add(&done_count, 1);
    atomic_fetch_add(&bytes_sent, bytes);
    if (status >= 0 && (size_t)status < SRD_COUNT(statuses))
        atomic_fetch_add(&statuses[status], 1);
}

static const char *refusal(void *context, int status, const char *what, struct srd_arena *arena)
{
    (void)context;
    return srd_arena_printf(arena, "{\"error\":\"refused\",\"status\":%d,\"message\":\"%s\"}",
                            status, what);
}

/* ---- main ---- */

static char *read_file(const char *path)
{
    SRD_CLEANUP(srd_close_file) FILE *f = fopen(path, "re");
    char *text = calloc(1, 65536);

    if (!f || fread(text, 1, 65535, f) == 0)
        text[0] = '\0';
    return text;
}

static void reload(const char *cert, const char *key)
{
    SRD_CLEANUP(srd_free_text) char *a = read_file(cert);
    SRD_CLEANUP(srd_free_text) char *b = read_file(key);
    struct srd_http_tls tls = { a, b };
    struct srd_error err;

    if (srd_http_reload_tls(server, &tls, &err) == 0)
        printf("reloaded\n");
    else
        printf("not reloaded: %s: %s\n", srd_code_name(err.code), err.text);
}

static void obey(void)
{
    char line[1024], a[400], b[400];

    while (fgets(line, sizeof(line), stdin)) {
        if (sscanf(line, "reload %399s %399s", a, b) == 2)
            reload(a, b);
        else if (sscanf(line, "drain %399s", a) == 1) {
            srd_http_drain(server, atoi(a));
            printf("drained\n");
        }
        fflush(stdout);
    }
}

static void read_options(char **argv, struct srd_http_options *options, struct srd_http_tls *tls)
{
    for (char **arg = argv + 1; *arg && arg[1]; arg += 2) {
        long value = strtol(arg[1], NULL, 10);

        if (strcmp(*arg, "--address") == 0)
            options->address = arg[1];
        else if (strcmp(*arg, "--port") == 0)
            options->port = (int)value;
        else if (strcmp(*arg, "--fd") == 0)
            options->listen_fd = (int)value;
        else if (strcmp(*arg, "--threads") == 0)
            options->threads = (size_t)value;
        else if (strcmp(*arg, "--max-connections") == 0)
            options->max_connections = (size_t)value;
        else if (strcmp(*arg, "--max-per-address") == 0)
            options->max_per_address = (size_t)value;
        else if (strcmp(*arg, "--max-body") == 0)
            options->max_body = (size_t)value;
        else if (strcmp(*arg, "--max-stream") == 0)
            options->max_stream = (size_t)value;
        else if (strcmp(*arg, "--idle-ms") == 0)
            options->idle_ms = value;
        else if (strcmp(*arg, "--slow-ms") == 0)
            options->slow_ms = value;
        else if (strcmp(*arg, "--cert") == 0) {
            tls->certificate = read_file(arg[1]);
            options->tls = tls;
        } else if (strcmp(*arg, "--key") == 0)
            tls->key = read_file(arg[1]);
        else if (strcmp(*arg, "--debug") == 0)
            srd_log_set_level(SRD_LOG_DEBUG);
    }
}

int main(int argc, char **argv)
{
    struct srd_http_options options = { .listen_fd = -1,
                                        .busy_body = "{\"error\":\"Server at capacity\"}",
                                        .admit = admit,
                                        .handle = handle,
                                        .gone = gone,
                                        .done = done,
                                        .refusal = refusal };
    struct srd_http_tls tls = { "", "" };
    struct srd_error err;
    pthread_t worker;

    (void)argc;
    read_options(argv, &options, &tls);
    pthread_create(&worker, NULL, work, NULL);
    if (srd_http_start(&options, &server, &err)) {
        printf("not started: %s: %s\n", srd_code_name(err.code), err.text);
    } else {
        printf("listening %s\n", srd_http_listening(server));
        fflush(stdout);
        obey();
        srd_http_drain(server, 200);
    }
    raise_flag(&timer.hurry);
    srd_http_stop(&server);
    raise_flag(&timer.quit);
    pthread_join(worker, NULL);
    if (options.tls) {
        free((char *)tls.certificate);
        free((char *)tls.key);
    }
    return 0;
}
