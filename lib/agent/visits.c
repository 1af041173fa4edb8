/* What is the way of a request through an agent, and what is written down about it? */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/wait.h"
#include "lib/model/identity.h"
#include "lib/agent/agent_private.h"
#include "lib/serve/route.h"

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

void srd_agent_malformed(struct srd_agent_task *task, const char *words)
{
    struct srd_ledger_entry entry = srd_agent_entry(task, "malformed");

    entry.reason = words;
    if (srd_agent_note(task, &entry, true))
        srd_agent_refuse(task, 400, "Bad request", words);
}

struct srd_json *srd_agent_body(struct srd_agent_task *task)
{
    const struct srd_http_request *request = task->request;
    struct srd_json *json = NULL;
    struct srd_error err = { 0 };

    if (!srd_json_parse(request->body, request->body_size, SRD_AGENT_MAX_BODY, &json, &err) &&
        srd_json_kind(json) == SRD_JSON_OBJECT)
        return json;
    if (json)
        srd_fail(&err, SRD_E_DATA, "no object");
    srd_json_free(&json);
    srd_while(&err, "the body is not what it should be");
    srd_agent_malformed(task, err.text);
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

static void answer_stranger(struct srd_agent *agent, struct srd_http_request *request)
{
    struct srd_http_answer answer = { .status = 429,
                                      .type = "application/json",
                                      .fields = { { "Cache-Control", "no-store" } },
                                      .close = true };
    const char *shown = srd_http_header(request, "X-Agent-Token");
    int64_t wait_s = 0;

    note_stranger(agent, request, "unauthorized");
    if (!shown || srd_limits_guess(agent->guesses,
                                   (const struct sockaddr *)&request->peer_address,
                                   srd_clock_monotonic_ms(), &wait_s)) {
        srd_answer_error(request, 401, "Unauthorized", "Invalid or missing agent token");
        return;
    }
    answer.fields[1] = (struct srd_http_field){
        "Retry-After", srd_arena_printf(request->arena, "%lld", (long long)wait_s)
    };
    answer.body = srd_arena_printf(request->arena,
                                   "{\"error\":\"Too many wrong tokens\",\"message\":\"Invalid or "
                                   "missing agent token, as many times before; the right one is let "
                                   "in at once\",\"retry_after\":%lld}",
                                   (long long)wait_s);
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
        answer_stranger(agent, request);
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

void srd_agent_admit(void *context, struct srd_http_request *request)
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

void srd_agent_handle(void *context, struct srd_http_request *request)
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
    if (!atomic_load(&agent->draining) &&
        srd_lanes_submit(agent->lanes, task->peer, agent->most_of_one, run_task, task))
        return;
    entry = srd_agent_entry(task, "busy");
    if (srd_agent_note(task, &entry, false))
        srd_agent_refuse(task, 503, "Busy",
                         "the agent is at work on as many requests as it takes; try again in a "
                         "moment");
    drop_task(task);
}

void srd_agent_gone(void *context, struct srd_http_request *request)
{
    struct srd_agent_task *task = request->context;

    (void)context;
    if (task)
        srd_flag_raise(&task->gone);
}

void srd_agent_done(void *context, struct srd_http_request *request, int status, uint64_t bytes,
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

const char *srd_agent_refusal(void *context, int status, const char *what, struct srd_arena *arena)
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
