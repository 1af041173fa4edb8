/* How does the server begin, live and end? */

#include "lib/serve/serve.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/serve/notify.h"
#include "lib/serve/serve_private.h"

#define SWEEP_MS 30000
#define DEFAULT_DRAIN_MS 10000
#define DEFAULT_SESSION_MS (3600 * 1000)
#define DEFAULT_WORKERS 8
#define QUEUE_PER_WORKER 16
#define WAITING_OF_TENANT 64 /* jobs for which it has no worker left */
#define LIMITED_CLIENTS 10000 /* buckets of the rate limit that are kept at a time */

struct srd_mcp *srd_serve_mcp(struct srd_serve *serve)
{
    return serve->mcp;
}
struct srd_sse *srd_serve_sse(struct srd_serve *serve)
{
    return serve->sse;
}
/* ---- what is told about calls ---- */

/*
 * The protocol core tells of a call without saying whose server it is; there is one per process, as
 * there is one log.
 */
static struct {
    struct srd_journal *_Atomic journal;
    struct srd_metrics *_Atomic metrics;
} ear;

static void hear_call(const struct srd_mcp_call *call, const struct srd_mcp_result *result,
                      int64_t ms, bool cancelled)
{
    struct srd_journal *journal = atomic_load(&ear.journal);
    struct srd_metrics *metrics = atomic_load(&ear.metrics);

    if (journal)
        srd_journal_call(journal, call, result, ms, cancelled);
    if (metrics)
        srd_metrics_call(metrics, call->tool->name, call->caller->tenant,
                         cancelled          ? "cancelled"
                         : result->is_error ? "error"
                                            : "ok",
                         ms);
}

/* ---- the parts ---- */

static void close_parts(struct srd_serve *serve)
{
    atomic_store(&ear.journal, NULL);
    atomic_store(&ear.metrics, NULL);
    if (serve->work)
        srd_work_end(serve->work);
    if (serve->http)
        srd_http_stop(&serve->http);
    srd_work_free(&serve->work); /* a request that was read at the last moment was still refused */
    srd_lanes_free(&serve->lanes);
    srd_sse_free(&serve->sse);
    srd_mcp_free(&serve->mcp);
    srd_desk_free(&serve->desk);
    srd_journal_free(&serve->journal);
    srd_metrics_free(&serve->metrics);
    srd_limits_free(&serve->limits);
    srd_crowd_free(&serve->crowd);
    srd_json_free(&serve->deep.checks);
    free(serve->tools);
    srd_generation_free_all(serve);
    pthread_mutex_destroy(&serve->lock);
    pthread_mutex_destroy(&serve->reloading);
    pthread_mutex_destroy(&serve->tools_lock);
    pthread_mutex_destroy(&serve->deep.lock);
    free(serve);
}

static void close_serve(struct srd_serve **serve)
{
    if (*serve)
        close_parts(*serve);
}

/* The first generation; its options belong to the caller. */
static int first_rules(struct srd_serve *serve, const struct srd_serve_options *options,
                       struct srd_error *err)
{
    struct srd_arena *arena = srd_arena_new();
    struct srd_generation *first = srd_arena_alloc(arena, sizeof(*first));

    first->arena = arena;
    first->rules.options = *options;
    first->rules.routes = srd_routes(options, arena);
    serve->now = first;
    return srd_rules_make(&first->rules, arena, err);
}

static int open_parts(struct srd_serve *serve, const struct srd_serve_options *options,
                      struct srd_error *err)
{
    struct srd_journal_options journal = srd_journal_of(options);
    size_t workers = options->workers ? options->workers : DEFAULT_WORKERS;

    if (first_rules(serve, options, err) || srd_journal_new(&journal, &serve->journal, err) ||
        srd_desk_new(&options->desk, &serve->desk, err))
        return err->code;
    serve->metrics = srd_metrics_new();
    serve->tables = *srd_desk_tables(serve->desk);
    serve->tables.called = hear_call;
    while (serve->tables.tools[serve->tool_count].name)
        serve->tool_count++;
    serve->mcp = srd_mcp_new(&serve->tables);
    serve->sse = srd_sse_new();
    serve->work = srd_work_new(workers, workers * QUEUE_PER_WORKER);
    if (options->tenants)
        serve->lanes = srd_lanes_new(serve->work, WAITING_OF_TENANT);
    serve->limits = srd_limits_new(LIMITED_CLIENTS);
    serve->crowd = srd_crowd_new();
    atomic_store(&ear.journal, serve->journal);
    atomic_store(&ear.metrics, serve->metrics);
    return 0;
}

static void tell_what_is_open(const struct srd_serve *serve,
                              const struct srd_serve_options *options)
{
    if (!serve->now->rules.loopback && !options->tls_cert)
        srd_log(
            SRD_LOG_WARNING,
            "keys and answers travel in clear: --tls-cert and --tls-key, or a proxy with TLS in "
            "front of it");
}

static int listen_now(struct srd_serve *serve, const struct srd_serve_options *options,
                      struct srd_error *err)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_http_tls tls;
    struct srd_http_options http = {
        .listen_fd = options->listen_fd,
        .max_connections = options->max_connections,
        .max_body = (size_t)SRD_MAX_BODY,
        .idle_ms = options->idle_ms,
        .busy_body = "{\"error\":\"Server at capacity\",\"message\":\"too many connections; try "
                     "again in a moment\",\"retry_after\":1}",
        .admit = srd_visit_admit,
        .handle = srd_visit_handle,
        .gone = srd_visit_gone,
        .done = srd_visit_done,
        .refusal = srd_visit_refusal,
        .context = serve,
    };

    if (srd_tls_read(options, arena, &tls, err) ||
        srd_listen_parse(options->listen ? options->listen : "3000", arena, &http.address,
                         &http.port, err))
        return err->code;
    if (tls.certificate)
        http.tls = &tls;
    tell_what_is_open(serve, options);
    serve->started_ms = srd_clock_monotonic_ms();
    /* admission takes the lock, too: nobody is let in before all is in its place */
    pthread_mutex_lock(&serve->lock);
    if (!srd_http_start(&http, &serve->http, err))
        serve->now->rules.port = srd_http_port(serve->http);
    pthread_mutex_unlock(&serve->lock);
    return err->code;
}

/* ---- the loop ---- */

/* How long nothing has to be done; -1: for ever. */
static int next_look_ms(bool sweeps, int64_t watchdog_ms)
{
    int64_t ms = sweeps ? SWEEP_MS : -1;

    if (watchdog_ms && (ms < 0 || watchdog_ms < ms))
        ms = watchdog_ms;
    return (int)ms;
}

/*
 * Signals are blocked in every thread but for this wait, so that none can come between the look at
 * a flag and the wait.
 */
static void wait_for_signal(int ms, const sigset_t *open)
{
    struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

    ppoll(NULL, 0, ms < 0 ? NULL : &time, open);
}

/* Sessions that nobody has used for long end, as the settings of now say. */
static void sweep(struct srd_serve *serve)
{
    struct srd_generation *now = srd_generation_hold(serve);
    int64_t session_ms = now->rules.options.session_ms;

    srd_generation_drop(serve, now);
    srd_sse_sweep(serve, session_ms ? session_ms : DEFAULT_SESSION_MS);
}

static void live(struct srd_serve *serve, bool sweeps, const sigset_t *open)
{
    const struct srd_serve_life *life = serve->life;
    int64_t watchdog_ms = srd_notify_watchdog_ms(), swept_ms = srd_clock_monotonic_ms();

    while (!*life->stop) {
        wait_for_signal(next_look_ms(sweeps, watchdog_ms), open);
        if (*life->reload) {
            struct srd_error err = { 0 };

            *life->reload = 0;
            srd_serve_reload(serve, &err);
        }
        if (*life->reopen) {
            *life->reopen = 0;
            srd_journal_reopen(serve->journal);
        }
        if (watchdog_ms)
            srd_notify("WATCHDOG=1");
        if (sweeps && srd_clock_monotonic_ms() - swept_ms >= SWEEP_MS) {
            swept_ms = srd_clock_monotonic_ms();
            sweep(serve);
        }
    }
}

/* No new requests; those at work end, or are cancelled when the time is over. */
static void drain(struct srd_serve *serve, int64_t wait_ms)
{
    srd_notify("STOPPING=1");
    srd_log(SRD_LOG_INFO, "stopping: %zu requests at work", (size_t)atomic_load(&serve->active));
    atomic_store(&serve->draining, true);
    srd_sse_sweep(serve, 0);
    srd_http_drain(serve->http, wait_ms ? wait_ms : DEFAULT_DRAIN_MS);
    srd_mcp_abandon_scope(serve->mcp, NULL);
}

static void block_signals(sigset_t *before)
{
    static const int ours[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < SRD_COUNT(ours); i++)
        sigaddset(&set, ours[i]);
    pthread_sigmask(SIG_BLOCK, &set, before);
}

int srd_serve_run(const struct srd_serve_options *options, const struct srd_serve_life *life,
                  struct srd_error *err)
{
    SRD_CLEANUP(close_serve) struct srd_serve *serve = calloc(1, sizeof(*serve));
    sigset_t before;

    if (!serve)
        srd_no_memory();
    serve->life = life;
    pthread_mutex_init(&serve->lock, NULL);
    pthread_mutex_init(&serve->reloading, NULL);
    pthread_mutex_init(&serve->tools_lock, NULL);
    pthread_mutex_init(&serve->deep.lock, NULL);
    block_signals(&before); /* before there are other threads, which inherit it */
    srd_keep_memory();
    if (!open_parts(serve, options, err) && !listen_now(serve, options, err)) {
        if (!srd_notify_port(options->port_file, srd_http_port(serve->http), err)) {
            if (life->started)
                life->started(life->context, srd_http_listening(serve->http));
            srd_notify("READY=1");
            live(serve, options->sse, &before);
        }
        pthread_sigmask(SIG_SETMASK, &before, NULL); /* a second signal need not wait */
        drain(serve, options->drain_ms);
        if (options->port_file)
            unlink(options->port_file);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err->code;
}

/* ---- stdio ---- */

int srd_serve_stdio(const struct srd_serve_options *options, const struct srd_serve_life *life,
                    int in, int out, struct srd_error *err)
{
    struct srd_mcp_stdio_options stdio = {
        .in = in, .out = out, .workers = options->workers, .stop = life->stop
    };
    struct srd_journal_options to = srd_journal_of(options);
    struct srd_journal *journal = NULL;
    struct srd_desk *desk = NULL;
    struct srd_mcp_tables tables;
    struct srd_mcp *mcp;

    to.access_file = NULL;
    to.fd = -1; /* silence, but for the audit file */
    if (srd_journal_new(&to, &journal, err))
        return err->code;
    if (!srd_desk_new(&options->desk, &desk, err)) {
        tables = *srd_desk_tables(desk);
        tables.called = hear_call;
        atomic_store(&ear.journal, journal);
        mcp = srd_mcp_new(&tables);
        if (srd_mcp_stdio(mcp, &stdio, err) == SRD_E_CANCELLED)
            return err->code; /* a call still runs: everything stays where it is */
        srd_mcp_free(&mcp);
        atomic_store(&ear.journal, NULL);
        srd_desk_free(&desk);
    }
    srd_journal_free(&journal);
    return err->code;
}
