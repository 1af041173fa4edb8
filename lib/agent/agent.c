/* How does an agent begin, live and end? */

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/wait.h"
#include "lib/agent/agent_private.h"
#include "lib/serve/gate.h"
#include "lib/serve/notify.h"

#define DEFAULT_LISTEN "127.0.0.1:8080"
#define DEFAULT_WORKERS 8
#define QUEUE_PER_WORKER 4
#define HANDS_PER_WORKER 16 /* more than ask at a time: they start when they are needed */
#define DEFAULT_CONNECTIONS 200
#define DEFAULT_DRAIN_MS 10000
#define MAX_STREAM ((size_t)256 << 20) /* far above what round.c lets wait */
#define GUESSERS 1024                  /* addresses whose wrong tokens are counted */
#define SWEEP_MS 30000

static int open_parts(struct srd_agent *agent, const struct srd_agent_options *options,
                      struct srd_error *err)
{
    struct srd_place_limits limits = { .statements = options->statements, .pool = options->pool };
    size_t workers = options->workers ? options->workers : DEFAULT_WORKERS;
    unsigned char random[8];

    if (srd_agent_rules_make(options, &agent->rules, err) ||
        (options->audit_file && srd_ledger_open(options->audit_file, &agent->ledger, err)))
        return (int)err->code;
    agent->place = srd_place_new(&options->cluster, &limits);
    if (srd_random(random, sizeof(random), err))
        return (int)err->code;
    srd_hex(random, sizeof(random), agent->instance);
    agent->guesses = srd_limits_new(GUESSERS);
    agent->work = srd_work_new(workers, workers * QUEUE_PER_WORKER);
    agent->lanes = srd_lanes_new(agent->work, workers * QUEUE_PER_WORKER);
    agent->most_of_one = workers > 3 ? workers * 3 / 4 : workers > 1 ? workers - 1 : 1;
    agent->hands = srd_work_new(workers * HANDS_PER_WORKER, workers * HANDS_PER_WORKER);
    agent->lent = (struct srd_hands){ .lend = srd_work_lend, .context = agent->hands };
    return 0;
}

static int listen_now(struct srd_agent *agent, const struct srd_agent_options *options,
                      struct srd_error *err)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_http_options http = {
        .listen_fd = options->listen_fd,
        .max_connections =
            options->max_connections ? options->max_connections : DEFAULT_CONNECTIONS,
        .max_body = SRD_AGENT_MAX_BODY,
        .max_stream = MAX_STREAM,
        .idle_ms = options->idle_ms,
        .tls = options->tls.certificate ? &options->tls : NULL,
        .busy_body = "{\"error\":\"Busy\",\"message\":\"too many connections; try again in a "
                     "moment\"}",
        .admit = srd_agent_admit,
        .handle = srd_agent_handle,
        .gone = srd_agent_gone,
        .done = srd_agent_done,
        .refusal = srd_agent_refusal,
        .context = agent,
    };
    const char *address;
    bool local;

    if (srd_listen_parse(options->listen ? options->listen : DEFAULT_LISTEN, arena, &http.address,
                         &http.port, err))
        return (int)err->code;
    address = http.address ? http.address : "127.0.0.1";
    local = !strcmp(address, "localhost") || !strcmp(address, "::1") ||
            srd_text_prefix(address, "127.");
    if ((!local || options->listen_fd >= 0) && !agent->rules->token_count)
        return srd_fail(err, SRD_E_CONFIG,
                        "beyond this machine an agent listens only with a token: --token-file or "
                        "AGENT_TOKEN (64 characters: openssl rand -hex 32)");
    agent->started_ms = srd_clock_monotonic_ms();
    return srd_http_start(&http, &agent->http, err);
}

static int note_life(struct srd_agent *agent, const char *what, struct srd_error *err)
{
    static const char *const policies[] = { "policy system", "policy select", "policy probes" };
    struct srd_ledger_entry entry = { .route = what,
                                      .reason = policies[agent->rules->options.policy],
                                      .rows = -1,
                                      .bytes = -1,
                                      .ms = -1 };

    return srd_agent_write(agent, &entry, true, err);
}

static void close_agent(struct srd_agent *agent)
{
    struct srd_error ignored = { 0 };

    srd_work_free(&agent->work);
    srd_lanes_free(&agent->lanes);
    srd_work_free(&agent->hands);
    if (agent->http)
        srd_http_stop(&agent->http);
    srd_place_drop(&agent->place);
    if (agent->ledger)
        note_life(agent, "stop", &ignored);
    srd_ledger_close(&agent->ledger);
    srd_limits_free(&agent->guesses);
    srd_agent_rules_drop(&agent->rules);
    srd_arena_free(&agent->fe_arena);
    pthread_mutex_destroy(&agent->lock);
    free(agent);
}

int srd_agent_start(const struct srd_agent_options *options, struct srd_agent **out,
                    struct srd_error *err)
{
    struct srd_agent *agent = calloc(1, sizeof(*agent));

    if (!agent)
        srd_no_memory();
    agent->options = *options;
    pthread_mutex_init(&agent->lock, NULL);
    if (open_parts(agent, options, err) || note_life(agent, "start", err) ||
        listen_now(agent, options, err)) {
        close_agent(agent);
        return (int)err->code;
    }
    *out = agent;
    return 0;
}

const char *srd_agent_listening(const struct srd_agent *agent)
{
    return srd_http_listening(agent->http);
}

void srd_agent_stop(struct srd_agent **agent)
{
    struct srd_agent *a = *agent;

    *agent = NULL;
    if (!a)
        return;
    atomic_store(&a->draining, true);
    srd_http_drain(a->http, a->options.drain_ms ? a->options.drain_ms : DEFAULT_DRAIN_MS);
    close_agent(a);
}

/* New tokens, addresses, limits and certificate; requests that run end with the old. */
static void reload(struct srd_agent *agent)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_agent_options options;
    struct srd_agent_rules *rules = NULL;
    struct srd_error err = { 0 };

    if (agent->life->load(agent->life->context, arena, &options, &err) ||
        srd_agent_rules_make(&options, &rules, &err) ||
        (agent->rules->token_count && !rules->token_count &&
         srd_fail(&err, SRD_E_CONFIG, "there would be no token any more")) ||
        (options.tls.certificate && agent->options.tls.certificate &&
         srd_http_reload_tls(agent->http, &options.tls, &err))) {
        srd_agent_rules_drop(&rules);
        srd_log(SRD_LOG_ERROR, "nothing was changed: %s", err.text);
        return;
    }
    pthread_mutex_lock(&agent->lock);
    srd_agent_rules_drop(&agent->rules);
    agent->rules = rules;
    pthread_mutex_unlock(&agent->lock);
    srd_log(SRD_LOG_WARNING, "settings were read again");
    note_life(agent, "reload", &err);
}

static void reopen(struct srd_agent *agent)
{
    struct srd_error err = { 0 };

    if (agent->ledger && srd_ledger_reopen(agent->ledger, &err))
        srd_log(SRD_LOG_ERROR, "the old ledger goes on: %s", err.text);
}

static void wait_for_signal(const sigset_t *open)
{
    int64_t watchdog_ms = srd_notify_watchdog_ms();
    int64_t ms = watchdog_ms && watchdog_ms < SWEEP_MS ? watchdog_ms : SWEEP_MS;
    struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    ppoll(NULL, 0, &time, open);
}

static void live(struct srd_agent *agent, const sigset_t *open)
{
    const struct srd_agent_life *life = agent->life;

    while (!srd_flag_up(life->stop)) {
        wait_for_signal(open);
        if (life->reload && *life->reload) {
            *life->reload = 0;
            reload(agent);
        }
        if (life->reopen && *life->reopen) {
            *life->reopen = 0;
            reopen(agent);
        }
        if (srd_notify_watchdog_ms())
            srd_notify("WATCHDOG=1");
        srd_place_sweep(agent->place);
    }
}

int srd_agent_run(const struct srd_agent_options *options, const struct srd_agent_life *life,
                  struct srd_error *err)
{
    static const int ours[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
    SRD_CLEANUP(srd_agent_stop) struct srd_agent *agent = NULL;
    sigset_t set, before;

    sigemptyset(&set);
    for (size_t i = 0; i < SRD_COUNT(ours); i++)
        sigaddset(&set, ours[i]);
    pthread_sigmask(SIG_BLOCK, &set, &before); /* before there are threads, which inherit it */
    srd_keep_memory();
    if (!srd_agent_start(options, &agent, err)) {
        agent->life = life;
        if (!srd_notify_port(options->port_file, srd_http_port(agent->http), err)) {
            if (life->started)
                life->started(life->context, srd_agent_listening(agent));
            srd_notify("READY=1");
            live(agent, &before);
        }
        srd_notify("STOPPING=1");
        if (options->port_file)
            unlink(options->port_file);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL); /* a second signal need not wait */
    return (int)err->code;
}
