/* What does a cluster say that only an agent beside it can reach? */

#include "lib/source/agent.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/net/http_client.h"
#include "lib/source/snapshot_read.h"

#define MAX_REQUEST ((size_t)4 << 20) /* what an agent takes */
#define MAX_ANSWER                                                                                 \
    ((size_t)1 << 30) /* as snapshots; lines and tables have their own, lower ceilings */
#define MAX_REFUSAL ((size_t)64 << 10)
#define MAX_TOKEN 4096
#define TOKEN_HEADER "X-Agent-Token: "
#define INSTANCE_SIZE 33
/* An agent keeps the deadline by itself; what it knew by then is on its way for so long. */
#define GRACE_MS 1000

struct agent {
    struct srd_source base;
    struct srd_arena *arena;
    struct srd_http_client *client;
    const char *url;    /* of /collect */
    char *token_line;   /* "X-Agent-Token: ..."; NULL: none */
    const char *leader; /* "" until the engine knows it */
    size_t frontends;   /* 0 until then */
    bool follower;
    enum srd_agent_fault fault;
    size_t max_bytes; /* of an answer */
    char version[SRD_AGENT_VERSION_SIZE];
    char instance[INSTANCE_SIZE], pinned[INSTANCE_SIZE]; /* "": not said, nobody */
    void (*heard)(void *context, const void *bytes, size_t n);
    void *context;
    pthread_mutex_t lock; /* of the client: one call at a time */
    atomic_bool cancelled;
    _Atomic int64_t deadline_ms; /* of the batch that is out; 0: none */
};

/* One request while it is out. */
struct round {
    struct agent *agent;
    const struct srd_batch *batch;
    bool *answered; /* [batch->count] */
    size_t answers;
    struct srd_buf cells;
    bool broken;  /* the connection, not what came over it */
    bool begun;   /* it has answered: its first line is here */
    bool told;    /* the agent's own words are in the error: it has lost its cluster */
    bool another; /* it is not the pinned one */
};

/* ---- the request ---- */

static const char *where_name(enum srd_where where)
{
    return where == SRD_ASK_LEADER ? "leader" : where == SRD_ASK_EACH ? "each" : "any";
}

static void put_text(struct srd_buf *out, const char *name, const char *text)
{
    srd_buf_printf(out, "\"%s\":", name);
    srd_json_quote(out, text ? text : "", text ? strlen(text) : 0);
    srd_buf_char(out, ',');
}

static void put_question(struct srd_buf *out, const struct srd_question *q)
{
    const struct srd_probe *probe = q->probe;

    srd_buf_char(out, '{');
    put_text(out, "id", probe->id);
    put_text(out, "key", q->key);
    put_text(out, "sql", q->sql);
    put_text(out, "node", q->node);
    put_text(out, "where", where_name(probe->where));
    put_text(out, "cost", srd_cost_name(probe->cost));
    srd_buf_printf(out, "\"timeout_ms\":%d,\"max_rows\":%zu,\"short_rows\":%s}",
                   1000 * srd_probe_timeout_s(probe), probe->max_rows,
                   probe->short_rows ? "true" : "false");
}

static int write_request(const struct agent *agent, const struct srd_batch *batch,
                         struct srd_buf *out, struct srd_error *err)
{
    int64_t left = batch->deadline_ms - srd_clock_monotonic_ms();

    srd_buf_text(out, "{\"format\":\"collect/1\",");
    put_text(out, "leader", agent->leader);
    srd_buf_printf(out, "\"frontends\":%zu,\"timeout_ms\":%lld,\"probes\":[", agent->frontends,
                   (long long)(left > 0 ? left : 0));
    for (size_t i = 0; i < batch->count; i++) {
        srd_buf_text(out, i ? "," : "");
        put_question(out, batch->questions[i]);
    }
    srd_buf_text(out, "]}");
    return out->full ? srd_fail(err, SRD_E_LIMIT, "the questions are too long for one request") : 0;
}

/* ---- what an agent says when it does not answer ---- */

/* Who is no agent of ours may send back what it was sent. */
static char *hide_token(const struct agent *agent, char *words)
{
    const char *token = agent->token_line ? agent->token_line + strlen(TOKEN_HEADER) : "";
    size_t n = strlen(token);
    for (char *at = words; n && (at = strstr(at, token));)
        at = memset(at, '*', n);
    return words;
}

/* Its own words, fit for a terminal; "" if there are none. */
static void refusal_words(struct agent *agent, struct srd_buf *out)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf body;
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_error ignored = { 0 };
    const char *error, *message;

    srd_buf_init(&body, MAX_REFUSAL);
    srd_buf_init(out, 4096);
    if (srd_http_read_all(agent->client, &body, &ignored) ||
        srd_json_parse(body.data, body.size, MAX_REFUSAL, &json, &ignored))
        return;
    error = srd_json_text(srd_json_get(json, "error"));
    message = srd_json_text(srd_json_get(json, "message"));
    if (error)
        srd_utf8_clean(out, error, strnlen(error, 100));
    if (error && message)
        srd_buf_text(out, ": ");
    if (message)
        srd_utf8_clean(out, message, strnlen(message, 500));
}

static int refuse(struct agent *agent, int status, struct srd_error *err)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf words;
    const char *where = srd_http_where(agent->client), *said;

    refusal_words(agent, &words);
    said = words.data;
    agent->fault = !*said                           ? SRD_AGENT_LOST
                   : status == 401 || status == 429 ? SRD_AGENT_TOKEN
                   : status == 502                  ? SRD_AGENT_CLUSTER
                                                    : SRD_AGENT_REFUSES;
    switch (*said ? status : 0) {
    case 401:
    case 429: /* the token is wrong, and was too often */
        return srd_fail(err, SRD_E_DENIED,
                        "%s does not accept the token (%s); compare it with the agent's own", where,
                        said);
    case 403:
        return srd_fail(err, SRD_E_DENIED, "%s refuses: %s", where, said);
    case 408:
    case 504:
        return srd_fail(err, SRD_E_TIMEOUT, "%s: %s", where, said);
    case 400:
    case 413:
    case 500:
    case 502:
    case 503:
        return srd_fail(err, SRD_E_CONNECT, "%s: %s", where, said);
    default:
        return srd_fail(err, SRD_E_CONNECT,
                        "%s answers with status %d, which no srdiag agent does; is it the right "
                        "address?",
                        where, status);
    }
}

/* ---- the answers ---- */

/* Foreign words that go into pages: cut, and of harmless letters. */
static void take_version(struct agent *agent, const char *text)
{
    size_t n = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+_~");

    if (n >= sizeof(agent->version))
        n = sizeof(agent->version) - 1;
    memcpy(agent->version, text, n);
    agent->version[n] = '\0';
}

static int begun(void *context, const struct srd_snapshot_head *head, struct srd_error *err)
{
    struct agent *agent = ((struct round *)context)->agent;

    (void)err;
    ((struct round *)context)->begun = true;
    agent->follower = head->follower;
    if (head->session_zone_unknown)
        agent->base.session_zone_unknown = true;
    snprintf(agent->instance, sizeof(agent->instance), "%s", head->instance);
    if (*agent->pinned && strcmp(agent->pinned, agent->instance) != 0) {
        ((struct round *)context)->another = true;
        return srd_fail(err, SRD_E_CONNECT, "another agent began at %s in the middle of a run",
                        agent->base.info.where);
    }
    take_version(agent, head->tool);
    if (!*head->connected)
        return 0;
    /* it may go to another FE between two rounds, or be another agent at the same place */
    if (strcmp(agent->base.connected, head->connected) != 0)
        agent->base.connected = srd_arena_copy(agent->arena, head->connected);
    if (strcmp(agent->base.cluster_name ? agent->base.cluster_name : "", head->cluster) != 0)
        agent->base.cluster_name =
            *head->cluster ? srd_arena_copy(agent->arena, head->cluster) : NULL;
    return 0;
}

static bool asks(const struct srd_question *q, const struct srd_recorded *answer)
{
    return !strcmp(q->probe->id, answer->probe) && !strcmp(q->key ? q->key : "", answer->key) &&
           (!q->node || !*q->node || !strcmp(q->node, answer->node));
}

static int find_question(const struct round *round, const struct srd_recorded *answer, size_t *out,
                         struct srd_error *err)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf name;
    bool known = false;

    srd_buf_init(&name, 1024);
    for (size_t i = 0; i < round->batch->count; i++) {
        if (!asks(round->batch->questions[i], answer))
            continue;
        *out = i;
        if (!round->answered[i])
            return 0;
        known = true;
    }
    srd_utf8_clean(&name, answer->probe, strnlen(answer->probe, 60));
    return srd_fail(err, SRD_E_DATA, "probe %s %s", name.data,
                    known ? "has an answer already" : "was not asked");
}

static int answered(void *context, const struct srd_recorded *recorded, struct srd_error *err)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *memory = srd_arena_new();
    struct round *round = context;
    struct srd_answer answer = { .status = recorded->status,
                                 .started_at_ms = recorded->started_at_ms,
                                 .ms = recorded->ms,
                                 .follower = recorded->follower };
    size_t index = 0;

    if (find_question(round, recorded, &index, err))
        return (int)err->code;
    answer.probe = round->batch->questions[index]->probe;
    if (answer.probe->max_rows && recorded->rows > answer.probe->max_rows)
        return srd_fail(err, SRD_E_DATA,
                        "probe %s has %zu rows, and not more than %zu were asked for",
                        answer.probe->id, recorded->rows, answer.probe->max_rows);
    answer.key = round->batch->questions[index]->key;
    answer.node = srd_arena_copy(memory, recorded->node);
    answer.detail = hide_token(round->agent, srd_arena_copy(memory, recorded->detail));
    if (answer.status == SRD_ANSWERED &&
        !(answer.table = srd_recorded_table(recorded, &round->cells, memory, err)))
        return (int)err->code;
    srd_buf_clear(&round->cells);
    round->answered[index] = true;
    round->answers++;
    round->batch->answered(round->batch->context, index, &answer, &memory);
    return 0;
}

static int read_more(void *context, void *into, size_t room, size_t *got, struct srd_error *err)
{
    struct round *round = context;

    if (srd_http_read(round->agent->client, into, room, got, err))
        round->broken = true; /* and the error names the agent already */
    else if (*got && round->agent->heard)
        round->agent->heard(round->agent->context, into, *got);
    return (int)err->code;
}

static int read_answers(struct round *round, struct srd_error *err)
{
    SRD_CLEANUP(srd_lines_close) struct srd_lines *lines = srd_lines_of_reader(read_more, round);
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *where = srd_http_where(round->agent->client);
    struct srd_snapshot_reader reader = { .lines = lines,
                                          .arena = arena,
                                          .cells = &round->cells,
                                          .begun = begun,
                                          .answered = answered,
                                          .context = round,
                                          .empty = "is empty",
                                          .cut = "ends in the middle: the agent or something on "
                                                 "the way closed the connection" };

    if (srd_snapshot_visit(&reader, err))
        round->told = !round->broken && err->code != SRD_E_DATA && err->code != SRD_E_LIMIT;
    if (err->code)
        return round->broken ? (int)err->code : srd_while(err, "the answer of %s", where);
    if (round->answers < round->batch->count)
        return srd_fail(err, SRD_E_DATA, "%s answers %zu of %zu questions", where, round->answers,
                        round->batch->count);
    return 0;
}

static int exchange(struct round *round, struct srd_error *err)
{
    struct agent *agent = round->agent;
    const char *headers[] = { "Content-Type: application/json", "Accept: application/x-ndjson",
                              agent->token_line, NULL };
    SRD_CLEANUP(srd_buf_free) struct srd_buf body;
    struct srd_http_call call = { .method = "POST",
                                  .url = agent->url,
                                  .headers = headers,
                                  .deadline_ms = round->batch->deadline_ms + GRACE_MS,
                                  .max_bytes = agent->max_bytes };
    struct srd_http_reply reply;

    srd_buf_init(&body, MAX_REQUEST);
    if (write_request(agent, round->batch, &body, err))
        return (int)err->code;
    call.body = body.data;
    call.body_size = body.size;
    agent->fault = SRD_AGENT_LOST;
    if (!srd_http_call(agent->client, &call, &reply, err)) {
        if (reply.status != 200)
            refuse(agent, reply.status, err);
        else if (!srd_text_prefix(reply.type, "application/x-ndjson"))
            srd_fail(err, SRD_E_CONNECT,
                     "%s does not answer as a srdiag agent does; is it the right address?",
                     srd_http_where(agent->client));
        else
            read_answers(round, err);
    }
    srd_http_hang_up(agent->client);
    if (err->code)
        hide_token(agent, err->text);
    if (!err->code)
        agent->fault = SRD_AGENT_FINE;
    else if (round->another)
        agent->fault = SRD_AGENT_ANOTHER;
    else if (round->told)
        agent->fault = SRD_AGENT_CLUSTER;
    else if (err->code == SRD_E_TIMEOUT && agent->fault == SRD_AGENT_LOST)
        agent->fault = round->begun ? SRD_AGENT_FINE : SRD_AGENT_SILENT;
    return (int)err->code;
}

/* Why the questions that are left have no answer, when the run or the time was ended. */
static void give_up(struct round *round, const char *why)
{
    for (size_t i = 0; i < round->batch->count; i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *memory = srd_arena_new();
        const struct srd_question *q = round->batch->questions[i];
        struct srd_answer answer = { .probe = q->probe,
                                     .key = q->key,
                                     .node = q->node ? q->node : "",
                                     .status = SRD_TIMED_OUT,
                                     .detail = srd_arena_copy(memory, why),
                                     .started_at_ms = srd_clock_now_ms() };

        if (!round->answered[i])
            round->batch->answered(round->batch->context, i, &answer, &memory);
    }
}

static int ask_many(struct srd_source *src, const struct srd_batch *batch, struct srd_error *err)
{
    struct agent *agent = (struct agent *)src;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct round round = { .agent = agent,
                           .batch = batch,
                           .answered = srd_arena_array(arena, batch->count + 1, sizeof(bool)) };

    srd_buf_init(&round.cells, SRD_SNAPSHOT_MAX_BYTES);
    pthread_mutex_lock(&agent->lock);
    atomic_store(&agent->deadline_ms, batch->deadline_ms);
    if (!atomic_load(&agent->cancelled))
        exchange(&round, err);
    else
        srd_fail(err, SRD_E_CANCELLED, "the run was ended");
    atomic_store(&agent->deadline_ms, 0);
    if (err->code == SRD_E_CANCELLED || err->code == SRD_E_TIMEOUT) {
        give_up(&round, err->code == SRD_E_CANCELLED ? "the run was ended" : err->text);
        err->code = SRD_OK;
    }
    /* who answers nonsense, or without end, is as good as not there */
    if (err->code == SRD_E_DATA || err->code == SRD_E_LIMIT)
        err->code = SRD_E_CONNECT;
    pthread_mutex_unlock(&agent->lock);
    srd_buf_free(&round.cells);
    return err->code ? srd_while(err, "ask the agent") : 0;
}

/* ---- the rest of a source ---- */

/*
 * The agent is told with every round from now on. Can it reach the leader? It can if it is
 * connected to it, or if there is no other; else a round without questions asks, unless the latest
 * round had been told the same, and its answer said it.
 */
static int use(struct srd_source *src, const struct srd_cluster *cluster, bool *follower,
               struct srd_error *err)
{
    struct agent *agent = (struct agent *)src;
    const char *leader = cluster->leader ? cluster->leader : "";
    struct srd_batch nothing = { .deadline_ms = srd_clock_monotonic_ms() + 5000 };
    struct srd_error ignored = { 0 };

    (void)err;
    if (!*leader) {
        agent->follower = true;
    } else if (strcmp(leader, agent->leader) != 0 || cluster->frontends != agent->frontends) {
        agent->follower = false;
        agent->leader = srd_arena_copy(agent->arena, leader);
        agent->frontends = cluster->frontends;
        if (cluster->frontends != 1 && strcmp(leader, agent->base.connected) != 0)
            ask_many(src, &nothing, &ignored); /* each answer will say so as well */
    }
    *follower = agent->follower;
    return 0;
}

static void cancel(struct srd_source *src)
{
    struct agent *agent = (struct agent *)src;
    int64_t deadline = atomic_load(&agent->deadline_ms);

    /* at its deadline the agent tells what it knew by then, and ends the request by itself */
    if (deadline && srd_clock_monotonic_ms() >= deadline)
        return;
    atomic_store(&agent->cancelled, true);
    srd_http_cancel(agent->client);
}

enum srd_agent_fault srd_agent_fault(const struct srd_source *src)
{
    return ((const struct agent *)src)->fault;
}

void srd_agent_pin(struct srd_source *src, bool pinned)
{
    struct agent *agent = (struct agent *)src;

    memcpy(agent->pinned, agent->instance, sizeof(agent->pinned));
    if (!pinned)
        *agent->pinned = '\0';
}

const char *srd_agent_version(const struct srd_source *src)
{
    return ((const struct agent *)src)->version;
}

static void close_agent(struct srd_source *src)
{
    struct agent *agent = (struct agent *)src;
    struct srd_arena *arena = agent->arena;

    srd_http_client_free(&agent->client);
    if (agent->token_line)
        srd_wipe(agent->token_line, strlen(agent->token_line));
    pthread_mutex_destroy(&agent->lock);
    srd_arena_free(&arena); /* @agent is in it */
}

static const struct srd_source_ops ops = {
    .ask = srd_source_ask_one, .ask_many = ask_many, .use = use, .cancel = cancel, .close = close_agent
};

int srd_agent_check(const struct srd_agent_access *options, struct srd_error *err)
{
    const char *url = options->url, *token = options->token;

    if (!srd_text_prefix(url, "http://") && !srd_text_prefix(url, "https://"))
        return srd_fail(err, SRD_E_CONFIG,
                        "the URL of an agent begins with http:// or https://, as in "
                        "http://10.0.1.50:8080");
    if (strpbrk(url, "?#@") || strlen(url) > 2000 || strchr(":/", strstr(url, "//")[2]))
        return srd_fail(err, SRD_E_CONFIG,
                        "the URL of an agent holds host, port and perhaps a path, nothing else");
    for (const char *p = token; p && *p; p++)
        if (*p < 0x21 || *p == 0x7f || p - token > MAX_TOKEN)
            return srd_fail(err, SRD_E_CONFIG,
                            "the agent's token holds a blank or a character that no header may "
                            "hold, or is too long");
    return 0;
}

int srd_agent_open(const struct srd_agent_access *options, struct srd_source **out,
                   struct srd_error *err)
{
    struct srd_http_client_options how = { .ca = options->ca,
                                           .pin = options->pin,
                                           .proxy = options->proxy,
                                           .connect_ms = options->connect_ms };
    struct srd_http_client *client = NULL;
    struct srd_arena *arena;
    struct agent *agent;
    int n;

    if (srd_agent_check(options, err) || srd_http_client_new(&how, &client, err))
        return (int)err->code;
    arena = srd_arena_new();
    agent = srd_arena_alloc(arena, sizeof(*agent));
    n = (int)strlen(options->url);
    while (n && options->url[n - 1] == '/')
        n--;
    agent->arena = arena;
    agent->client = client;
    agent->url = srd_arena_printf(arena, "%.*s/collect", n, options->url);
    agent->token_line = options->token && *options->token
                            ? srd_arena_printf(arena, TOKEN_HEADER "%s", options->token)
                            : NULL;
    agent->leader = "";
    agent->heard = options->heard;
    agent->max_bytes = options->max_bytes ? options->max_bytes : MAX_ANSWER;
    agent->context = options->context;
    pthread_mutex_init(&agent->lock, NULL);
    atomic_init(&agent->cancelled, false);
    atomic_init(&agent->deadline_ms, 0);
    agent->base.ops = &ops;
    agent->base.parallel = 1;
    agent->base.info.kind = "agent";
    agent->base.info.where = srd_arena_printf(arena, "%.*s", n, options->url);
    agent->base.info.user = "";
    agent->base.connected = agent->base.info.where;
    *out = &agent->base;
    return 0;
}
