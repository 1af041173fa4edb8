/* How does an agent begin, live and end, and what is the way of a request through it? */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/wait.h"
#include "lib/model/identity.h"
#include "lib/serve/agent_private.h"
#include "lib/serve/guard.h"
#include "lib/serve/notify.h"
#include "lib/serve/route.h"

#define DEFAULT_LISTEN "127.0.0.1:8080"
#define DEFAULT_WORKERS 8
#define QUEUE_PER_WORKER 4
#define DEFAULT_CONNECTIONS 200
#define DEFAULT_DRAIN_MS 10000
#define MAX_BODY ((size_t)4 << 20)     /* as JSON it may take forty times as much */
#define MAX_STREAM ((size_t)256 << 20) /* far above what agent_round.c lets wait */
#define SWEEP_MS 30000
#define FRONTENDS_MS 60000      /* how long a list of FEs is believed */
#define FRONTENDS_AGAIN_MS 1000 /* and how long it is not asked for anew, whoever is not in it */
#define STRANGERS_A_MINUTE 60

/* ---- the ledger ---- */

struct srd_ledger_entry srd_agent_entry(const struct srd_agent_task *task, const char *verdict)
{
    return (struct srd_ledger_entry){ .peer = task->peer,
                                      .route = task->route->path,
                                      .verdict = verdict,
                                      .rows = -1,
                                      .bytes = -1,
                                      .ms = -1 };
}

int srd_agent_write(struct srd_agent *agent, const struct srd_ledger_entry *entry, bool last,
                    struct srd_error *err)
{
    if (!agent->ledger)
        return 0;
    if (!srd_ledger_write(agent->ledger, entry, err) &&
        (!last || !srd_ledger_sync(agent->ledger, err)))
        return 0;
    srd_log(SRD_LOG_ERROR, "nothing is answered: %s", err->text);
    return (int)err->code;
}

bool srd_agent_note(struct srd_agent_task *task, const struct srd_ledger_entry *entry, bool last)
{
    struct srd_error err = { 0 };

    if (!srd_agent_write(task->agent, entry, last, &err))
        return true;
    srd_agent_refuse(task, 503, "Audit log failed",
                     "the agent could not write down the request, so it does not answer it");
    return false;
}

/* Who shows no token could fill the disk with lines about it: so many, then a count. */
static void note_stranger(struct srd_agent *agent, const struct srd_http_request *request,
                          const char *verdict)
{
    int64_t now = srd_clock_monotonic_ms();
    char words[64] = "", route[64];
    struct srd_ledger_entry entry = { .peer = request->peer,
                                      .route = route,
                                      .verdict = verdict,
                                      .reason = words,
                                      .rows = -1,
                                      .bytes = -1,
                                      .ms = -1 };
    struct srd_error ignored = { 0 };
    bool write;

    snprintf(route, sizeof(route), "%s", request->path);
    pthread_mutex_lock(&agent->lock);
    if (now - agent->strange_since_ms >= 60000) {
        agent->strange_since_ms = now;
        agent->strange = 0;
    }
    write = agent->strange++ < STRANGERS_A_MINUTE;
    if (write && agent->unwritten) {
        snprintf(words, sizeof(words), "%zu more before it were not written", agent->unwritten);
        agent->unwritten = 0;
    }
    agent->unwritten += !write;
    pthread_mutex_unlock(&agent->lock);
    if (write)
        srd_agent_write(agent, &entry, false, &ignored);
}

/* ---- answers ---- */

void srd_agent_refuse(struct srd_agent_task *task, int status, const char *error,
                      const char *message)
{
    srd_answer_error(task->request, status, error, message);
}

void srd_agent_fail(struct srd_agent_task *task, struct srd_ledger_entry *entry,
                    const struct srd_error *why)
{
    entry->status = srd_code_name(why->code);
    entry->reason = why->text;
    if (!srd_agent_note(task, entry, true))
        return;
    if (why->code == SRD_E_LIMIT)
        srd_agent_refuse(task, 503, "Busy", why->text);
    else if (why->code == SRD_E_TIMEOUT)
        srd_agent_refuse(task, 408, "Request timeout", why->text);
    else
        srd_agent_refuse(task, 502, "Database connection failed", why->text);
}

struct srd_json *srd_agent_body(struct srd_agent_task *task)
{
    const struct srd_http_request *request = task->request;
    struct srd_json *json = NULL;
    struct srd_error err = { 0 };

    if (!srd_json_parse(request->body, request->body_size, MAX_BODY, &json, &err) &&
        srd_json_kind(json) == SRD_JSON_OBJECT)
        return json;
    if (json)
        srd_fail(&err, SRD_E_DATA, "no object");
    srd_json_free(&json);
    srd_while(&err, "the body is not what it should be");
    srd_agent_refuse(task, 400, "Bad request", err.text);
    return NULL;
}

/* ---- FEs ---- */

static bool in_list(const char *const *list, const char *node)
{
    for (; list && *list; list++)
        if (!strcmp(*list, node))
            return true;
    return false;
}

/* The FEs as SHOW FRONTENDS names them; NULL: it did not answer. */
static const char *const *ask_frontends(struct srd_source *src, struct srd_arena *arena,
                                        int64_t deadline_ms)
{
    const struct srd_probe *probe = &srd_probe_frontends;
    struct srd_question q = { .probe = probe, .key = "", .node = "", .deadline_ms = deadline_ms };
    struct srd_answer answer = { .probe = probe, .key = "", .node = "", .detail = "" };
    struct srd_error err = { 0 };
    const char **list;
    size_t n = 0;

    if (srd_probe_render(probe, &probe->texts[0], NULL, arena, &q.sql, &err) ||
        src->ops->ask(src, &q, arena, &answer, &err) || answer.status != SRD_ANSWERED)
        return NULL;
    list = srd_arena_array(arena, answer.table->rows + 1, sizeof(*list));
    for (size_t row = 0; row < answer.table->rows; row++) {
        const char *host = srd_cell_text(answer.table, row, "IP");

        list[n++] = srd_arena_printf(arena, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
                                     srd_cell_text(answer.table, row, "QueryPort"));
    }
    return list;
}

bool srd_agent_knows(struct srd_agent *agent, struct srd_source *src, const char *node,
                     int64_t deadline_ms)
{
    struct srd_arena *arena;
    const char *const *list;
    int64_t asked_ms = srd_clock_monotonic_ms();
    bool known, fresh, just_asked;

    pthread_mutex_lock(&agent->lock);
    fresh = agent->frontends && asked_ms - agent->fe_asked_ms < FRONTENDS_MS;
    just_asked = agent->frontends && asked_ms - agent->fe_asked_ms < FRONTENDS_AGAIN_MS;
    known = in_list(agent->frontends, node);
    pthread_mutex_unlock(&agent->lock);
    if ((known && fresh) || just_asked)
        return known;
    arena = srd_arena_new();
    list = ask_frontends(src, arena, deadline_ms);
    known = in_list(list, node);
    if (list) {
        pthread_mutex_lock(&agent->lock);
        srd_arena_free(&agent->fe_arena);
        agent->fe_arena = SRD_TAKE(arena);
        agent->frontends = list;
        agent->fe_asked_ms = asked_ms;
        pthread_mutex_unlock(&agent->lock);
    }
    srd_arena_free(&arena);
    return known;
}

/* ---- the way of a request ---- */

static const struct srd_agent_route routes[] = {
    { "GET", "/health", true, NULL },
    { "GET", "/test-connection", false, srd_agent_test_connection },
    { "POST", "/execute-sql", false, srd_agent_execute_sql },
    { "POST", "/collect", false, srd_agent_collect },
};

static struct srd_agent_rules *hold_rules(struct srd_agent *agent)
{
    struct srd_agent_rules *rules;

    pthread_mutex_lock(&agent->lock);
    rules = agent->rules;
    atomic_fetch_add(&rules->users, 1);
    pthread_mutex_unlock(&agent->lock);
    return rules;
}

static const struct srd_agent_route *route_of(const struct srd_http_request *request)
{
    for (size_t i = 0; i < SRD_COUNT(routes); i++)
        if (!strcmp(routes[i].path, request->path))
            return &routes[i];
    return NULL;
}

static void answer_method(struct srd_http_request *request, const char *method)
{
    struct srd_http_answer answer = { .status = 405,
                                      .type = "application/json",
                                      .fields = { { "Allow", method },
                                                  { "Cache-Control", "no-store" } } };

    answer.body = srd_arena_printf(
        request->arena, "{\"error\":\"Method not allowed\",\"message\":\"it takes %s\"}", method);
    answer.size = strlen(answer.body);
    srd_http_answer(request, &answer);
}

/* Is it one of the requests that are looked at? If not, it is answered. */
static bool may_come_in(struct srd_agent *agent, const struct srd_agent_rules *rules,
                        const struct srd_agent_route *route, struct srd_http_request *request)
{
    bool head = !strcmp(request->method, "HEAD");

    if (!srd_agent_address_right(rules, (const struct sockaddr *)&request->peer_address)) {
        note_stranger(agent, request, "address");
        srd_answer_error(request, 403, "Forbidden", "this address is not one of the allowed ones");
    } else if (!route) {
        srd_answer_error(request, 404, "Not found",
                         "an agent has /health, /test-connection, /execute-sql and /collect");
    } else if (!route->open &&
               (srd_http_header_count(request, "X-Agent-Token") > 1 ||
                !srd_agent_token_right(rules, srd_http_header(request, "X-Agent-Token")))) {
        note_stranger(agent, request, "unauthorized");
        srd_answer_error(request, 401, "Unauthorized", "Invalid or missing agent token");
    } else if (strcmp(route->method, request->method) != 0 &&
               !(head && !strcmp(route->method, "GET"))) {
        answer_method(request, route->method);
    } else {
        return true;
    }
    return false;
}

static void drop_task(struct srd_agent_task *task)
{
    if (atomic_fetch_sub(&task->holders, 1) > 1)
        return;
    srd_agent_rules_drop(&task->rules);
    free(task);
}

static void admit(void *context, struct srd_http_request *request)
{
    struct srd_agent *agent = context;
    SRD_CLEANUP(srd_agent_rules_drop) struct srd_agent_rules *rules = hold_rules(agent);
    const struct srd_agent_route *route = route_of(request);
    struct srd_agent_task *task;

    request->context = NULL;
    if (!may_come_in(agent, rules, route, request))
        return;
    task = calloc(1, sizeof(*task));
    if (!task)
        srd_no_memory();
    atomic_init(&task->holders, 1);
    task->agent = agent;
    task->rules = SRD_TAKE(rules);
    task->route = route;
    task->request = request;
    snprintf(task->peer, sizeof(task->peer), "%s", request->peer);
    request->context = task;
}

static void run_task(void *context)
{
    struct srd_agent_task *task = context;

    task->route->work(task);
    drop_task(task);
}

static void handle(void *context, struct srd_http_request *request)
{
    struct srd_agent *agent = context;
    struct srd_agent_task *task = request->context;
    struct srd_ledger_entry entry;

    if (!task->route->work) {
        srd_agent_health(task);
        return;
    }
    atomic_fetch_add(&task->holders, 1);
    srd_http_later(request);
    if (!atomic_load(&agent->draining) && srd_work_submit(agent->work, run_task, task))
        return;
    entry = srd_agent_entry(task, "busy");
    if (srd_agent_note(task, &entry, false))
        srd_agent_refuse(task, 503, "Busy",
                         "the agent is at work on as many requests as it takes; try again in a "
                         "moment");
    drop_task(task);
}

static void gone(void *context, struct srd_http_request *request)
{
    struct srd_agent_task *task = request->context;

    (void)context;
    if (task)
        srd_flag_raise(&task->gone);
}

static void done(void *context, struct srd_http_request *request, int status, uint64_t bytes,
                 int64_t ms)
{
    struct srd_agent_task *task = request->context;

    (void)context;
    srd_log(SRD_LOG_INFO, "%s %s %d %llu bytes %lld ms %s", request->method, request->path, status,
            (unsigned long long)bytes, (long long)ms, request->peer);
    if (task) {
        srd_flag_raise(&task->gone); /* a worker that still writes to it can stop */
        drop_task(task);
    }
}

static const char *refusal(void *context, int status, const char *what, struct srd_arena *arena)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf body;

    (void)context;
    srd_buf_init(&body, 4096);
    srd_buf_printf(&body, "{\"error\":\"%s\",\"message\":",
                   status == 413 ? "Payload too large" : "Bad request");
    srd_json_quote(&body, what, strlen(what));
    srd_buf_char(&body, '}');
    return srd_arena_copy(arena, body.data);
}

/* ---- life ---- */

static int open_parts(struct srd_agent *agent, const struct srd_agent_options *options,
                      struct srd_error *err)
{
    struct srd_place_limits limits = { .statements = options->statements, .pool = options->pool };
    size_t workers = options->workers ? options->workers : DEFAULT_WORKERS;

    if (srd_agent_rules_make(options, &agent->rules, err) ||
        (options->audit_file && srd_ledger_open(options->audit_file, &agent->ledger, err)))
        return (int)err->code;
    agent->place = srd_place_new(&options->cluster, &limits);
    agent->work = srd_work_new(workers, workers * QUEUE_PER_WORKER);
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
        .max_body = MAX_BODY,
        .max_stream = MAX_STREAM,
        .idle_ms = options->idle_ms,
        .tls = options->tls.certificate ? &options->tls : NULL,
        .busy_body = "{\"error\":\"Busy\",\"message\":\"too many connections; try again in a "
                     "moment\"}",
        .admit = admit,
        .handle = handle,
        .gone = gone,
        .done = done,
        .refusal = refusal,
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
    if (agent->http)
        srd_http_stop(&agent->http);
    srd_place_drop(&agent->place);
    if (agent->ledger)
        note_life(agent, "stop", &ignored);
    srd_ledger_close(&agent->ledger);
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

static int write_port(const struct srd_agent *agent, const char *file, struct srd_error *err)
{
    SRD_CLEANUP(srd_close_file) FILE *f = NULL;

    if (!file)
        return 0;
    f = fopen(file, "we");
    if (!f || fprintf(f, "%d\n", srd_http_port(agent->http)) < 0 || fflush(f))
        return srd_fail(err, SRD_E_SYSTEM, "could not write the port file \"%s\": %s", file,
                        strerror(errno));
    return 0;
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
    if (!srd_agent_start(options, &agent, err)) {
        agent->life = life;
        if (!write_port(agent, options->port_file, err)) {
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
