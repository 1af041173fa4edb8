/* How are the questions of a round asked, written down, and answered as they come? */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"
#include "lib/engine/crew.h"
#include "lib/agent/agent_private.h"
#include "lib/source/snapshot_write.h"

#define FORMAT "collect/1"
#define DEFAULT_MS 45000
#define MAX_MS 600000
#define MAX_QUESTIONS 5000
#define MAX_WAITING ((size_t)4 << 20) /* bytes for a client that reads slowly; then we wait */
#define WAIT_NS 5000000
/*
 * So long answers wait for company: most rounds are over by then, and leave in one piece, which
 * costs both ends a fraction of what many small ones do. What takes longer is sent as it comes, so
 * that an agent that ends in the middle has not answered in vain.
 */
#define HOLD_MS 10

/* One question. */
struct item {
    struct srd_probe probe; /* ours, with the centre's limits, or made of what it says */
    struct srd_agent_verdict verdict;
    const char *key, *node, *asked; /* @asked: the SQL as it came */
    bool written;
};

struct round {
    struct srd_agent_task *task;
    struct srd_arena *arena;
    struct item *items;
    struct srd_job *jobs; /* of the same numbers */
    size_t count;
    const char *leader;
    size_t frontends;
    int64_t deadline_ms;
    struct srd_source *src;
    struct srd_snapshot_options how;
    struct srd_snapshot_writer *writer;
    struct srd_http_stream *stream; /* NULL: nothing has left yet */
    bool last;                      /* what the writer gives from now on is the end of the answer */
    pthread_mutex_t lock; /* of the writer, @stream and all below: answers come from several threads */
    int64_t held_since_ms;    /* of the oldest line that has not left; 0: there is none */
    struct srd_error failure; /* nothing more may leave */
};

/* ---- the request ---- */

static int bad(struct srd_error *err, const char *what)
{
    return srd_fail(err, SRD_E_DATA, "%s", what);
}

static const char *text_of(const struct srd_json *json, const char *key)
{
    const char *text = srd_json_text(srd_json_get(json, key));

    return text ? text : "";
}

/* A whole number from 0 to @most; @fallback if it is none. */
static int64_t number_of(const struct srd_json *json, const char *key, int64_t most,
                         int64_t fallback)
{
    double number;

    if (!srd_json_number(srd_json_get(json, key), &number) || !(number >= 1))
        return fallback;
    return number < (double)most ? (int64_t)number : most;
}

static enum srd_where where_of(const char *name)
{
    return !strcmp(name, "leader") ? SRD_ASK_LEADER
           : !strcmp(name, "each") ? SRD_ASK_EACH
                                   : SRD_ASK_ANY;
}

static enum srd_cost cost_of(const char *name)
{
    if (!*name)
        return SRD_COST_MEDIUM;
    for (int cost = SRD_COST_CHEAP; cost <= SRD_COST_HEAVY; cost++)
        if (!strcmp(name, srd_cost_name((enum srd_cost)cost)))
            return (enum srd_cost)cost;
    return SRD_COST_HEAVY; /* a word that we do not know may mean anything */
}

/* A newer centre may ask what this program does not know: then its word counts. */
static void describe(struct round *round, const struct srd_json *json, struct item *item)
{
    const struct srd_agent_options *limits = &round->task->rules->options;
    size_t rows = (size_t)number_of(json, "max_rows", SRD_TABLE_MAX_ROWS, SRD_TABLE_MAX_ROWS);
    int64_t ms = number_of(json, "timeout_ms", limits->sql_ms, limits->sql_ms);

    if (item->verdict.probe) {
        item->probe = *item->verdict.probe;
        if (item->probe.max_rows && item->probe.max_rows < rows)
            rows = item->probe.max_rows;
    } else {
        item->probe = (struct srd_probe){ .id = text_of(json, "id"),
                                          .where = where_of(text_of(json, "where")),
                                          .cost = cost_of(text_of(json, "cost")) };
        srd_json_bool(srd_json_get(json, "short_rows"), &item->probe.short_rows);
    }
    item->probe.max_rows = rows < limits->max_rows ? rows : limits->max_rows;
    item->probe.timeout_s = (int)((ms + 999) / 1000);
}

static int read_question(struct round *round, const struct srd_json *json, size_t index,
                         struct srd_error *err)
{
    struct item *item = &round->items[index];
    const char *id = text_of(json, "id");

    item->asked = text_of(json, "sql");
    item->key = text_of(json, "key");
    item->node = text_of(json, "node");
    if (!*id || !*item->asked)
        return bad(err, "a question is {\"id\":\"...\",\"sql\":\"...\"}");
    if (strlen(id) > 200 || strlen(item->key) > 4096 || strlen(item->node) > 300)
        return bad(err, "a name in a question is too long");
    srd_agent_judge(round->task->rules, id, item->key, item->asked, round->arena, &item->verdict);
    describe(round, json, item);
    for (size_t i = 0; i < index; i++)
        if (!strcmp(round->items[i].probe.id, item->probe.id) &&
            !strcmp(round->items[i].key, item->key) && !strcmp(round->items[i].node, item->node))
            return bad(err, "a question stands there twice");
    return 0;
}

static int read_round(struct round *round, const struct srd_json *json, struct srd_error *err)
{
    const struct srd_json *probes = srd_json_get(json, "probes"), *one;
    const char *format = srd_json_text(srd_json_get(json, "format"));
    size_t index = 0;

    if (format && strcmp(format, FORMAT) != 0)
        return bad(err, "this agent understands the format " FORMAT "; a newer one may do better");
    if (srd_json_kind(probes) != SRD_JSON_ARRAY)
        return bad(err, "the body is {\"probes\":[{\"id\":\"...\",\"sql\":\"...\"}, ...]}");
    round->count = srd_json_size(probes);
    if (round->count > MAX_QUESTIONS)
        return bad(err, "too many questions");
    round->leader = text_of(json, "leader");
    round->frontends = (size_t)number_of(json, "frontends", 1000000, 0);
    round->deadline_ms =
        srd_clock_monotonic_ms() + number_of(json, "timeout_ms", MAX_MS, DEFAULT_MS);
    round->items = srd_arena_array(round->arena, round->count + 1, sizeof(*round->items));
    round->jobs = srd_arena_array(round->arena, round->count + 1, sizeof(*round->jobs));
    for (one = srd_json_first(probes); one; one = srd_json_next(one))
        if (read_question(round, one, index++, err))
            return (int)err->code;
    return 0;
}

/* ---- bytes that leave ---- */

static const struct srd_http_answer head = {
    .status = 200,
    .type = "application/x-ndjson",
    .fields = { { "Cache-Control", "no-store" }, { "X-Content-Type-Options", "nosniff" } }
};

/* All there is to say. */
static int send_whole(struct round *round, const void *bytes, size_t n)
{
    struct srd_http_answer answer = head;

    answer.body = bytes;
    answer.size = n;
    srd_http_answer(SRD_TAKE(round->task->request), &answer);
    return 0;
}

/* Waits for a client that reads slowly, but not for ever. */
static int send_bytes(void *context, const void *bytes, size_t n, struct srd_error *err)
{
    struct round *round = context;
    const struct timespec pause = { .tv_nsec = WAIT_NS };

    if (!round->stream && round->last)
        return send_whole(round, bytes, n);
    if (!round->stream) /* from now on the request may go at any time */
        round->stream = srd_http_stream_open(SRD_TAKE(round->task->request), &head);
    while (srd_http_stream_waiting(round->stream) > MAX_WAITING &&
           !srd_flag_up(&round->task->gone)) {
        if (srd_clock_monotonic_ms() > round->deadline_ms + 10000)
            return srd_fail(err, SRD_E_TIMEOUT, "the client does not read");
        nanosleep(&pause, NULL);
    }
    return srd_http_stream_send(round->stream, bytes, n, err);
}

static void open_writer(struct round *round)
{
    struct srd_snapshot_writing writing = { .options = &round->how,
                                            .write = send_bytes,
                                            .context = round };

    round->how = (struct srd_snapshot_options){ .tool_version = round->task->agent->options.version,
                                                .share_sql = round->task->rules->options.share_sql,
                                                .hide_literals = true };
    round->writer = srd_snapshot_writer_new(&writing);
}

/* ---- answers ---- */

static struct srd_ledger_entry entry_of(struct round *round, const struct item *item,
                                        const struct srd_answer *answer)
{
    struct srd_ledger_entry entry =
        srd_agent_entry(round->task, item->verdict.allowed ? "allowed" : "refused");

    entry.probe = item->probe.id;
    entry.key = item->key;
    entry.node = answer->node;
    entry.reason = answer->detail;
    entry.status = srd_status_name(answer->status);
    entry.ms = answer->ms;
    if (answer->table) {
        entry.rows = (int64_t)answer->table->rows;
        entry.bytes = (int64_t)answer->table->bytes;
    }
    return entry;
}

/* Nothing more may leave. With the lock. */
static void give_in(struct round *round, const struct srd_error *why)
{
    round->failure = *why;
    srd_flag_raise(&round->task->gone);
}

/* Lets go what has waited for company long enough. With the lock. */
static void let_go(struct round *round, struct srd_error *err)
{
    int64_t now = srd_clock_monotonic_ms();

    if (!round->held_since_ms)
        round->held_since_ms = now;
    if (now - round->held_since_ms < HOLD_MS)
        return;
    round->held_since_ms = 0;
    srd_snapshot_writer_flush(round->writer, err);
}

/* Writes it down, then lets it go. */
static void deliver(struct round *round, size_t index, const struct srd_answer *answer)
{
    struct item *item = &round->items[index];
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_ledger_entry entry = entry_of(round, item, answer);
    struct srd_error err = { 0 };

    entry.sql = srd_agent_sql_to_keep(&item->verdict, item->asked, arena);
    pthread_mutex_lock(&round->lock);
    if (!round->failure.code) {
        if (srd_agent_write(round->task->agent, &entry, false, &err))
            srd_fail(&err, SRD_E_SYSTEM, "the agent could not write down what it answers");
        else if (!srd_snapshot_writer_answer(round->writer, answer, &err))
            let_go(round, &err);
        if (err.code)
            give_in(round, &err);
    }
    item->written = true;
    pthread_mutex_unlock(&round->lock);
}

/*
 * Time passes and no answer comes that would take along those before it. Who calls this also ends
 * what is late, so it waits neither for the client nor for one who does.
 */
static void time_passes(void *context, size_t done, size_t all, const char *latest)
{
    struct round *round = context;
    struct srd_error err = { 0 };

    (void)done;
    (void)all;
    (void)latest;
    if (pthread_mutex_trylock(&round->lock))
        return;
    if (!round->failure.code && round->held_since_ms &&
        (!round->stream || srd_http_stream_waiting(round->stream) <= MAX_WAITING)) {
        let_go(round, &err);
        if (err.code)
            give_in(round, &err);
    }
    pthread_mutex_unlock(&round->lock);
}

static void answered(void *context, struct srd_job *job)
{
    struct round *round = context;

    deliver(round, (size_t)(job - round->jobs), &job->answer);
    srd_arena_free(&job->memory); /* a round may be larger than the memory there is */
    job->answer.table = NULL;
}

/* An answer of our own. */
static void settle(struct round *round, size_t index, enum srd_status status, const char *detail)
{
    struct srd_job *job = &round->jobs[index];
    struct item *item = &round->items[index];

    job->state = SRD_JOB_DONE;
    job->answer = (struct srd_answer){ .probe = &item->probe,
                                       .key = item->key,
                                       .node = item->node,
                                       .status = status,
                                       .detail = detail,
                                       .started_at_ms = srd_clock_now_ms() };
    deliver(round, index, &job->answer);
}

/* ---- asking ---- */

/* Gives every question its statement, or the reason why it is not asked. */
static void prepare(struct round *round)
{
    struct srd_agent *agent = round->task->agent;

    for (size_t i = 0; i < round->count; i++) {
        struct item *item = &round->items[i];

        round->jobs[i].question = (struct srd_question){
            .probe = &item->probe,
            .key = item->key,
            .sql = item->verdict.sql,
            .node = item->node,
            .max_bytes = round->task->rules->options.max_bytes,
        };
        round->jobs[i].answer = (struct srd_answer){
            .probe = &item->probe, .key = item->key, .node = item->node, .detail = ""
        };
        if (!item->verdict.allowed)
            settle(round, i, SRD_DENIED,
                   srd_arena_printf(round->arena, "the agent's owner does not allow it: %s",
                                    item->verdict.reason));
        else if (*item->node && !srd_agent_knows(agent, round->src, item->node, round->deadline_ms))
            settle(round, i, SRD_DENIED,
                   "the agent connects only to FEs that its cluster names, and this is none");
    }
}

/* Whom to ask about what the leader knows; true: it is to be had. */
static bool follow(struct round *round)
{
    struct srd_cluster cluster = { .leader = round->leader, .frontends = round->frontends };
    struct srd_error ignored = { 0 };
    bool follower = true;

    if (!*round->leader)
        return false;
    if (!srd_agent_knows(round->task->agent, round->src, round->leader, round->deadline_ms))
        cluster.leader = "";
    round->src->ops->use(round->src, &cluster, &follower, &ignored);
    return !follower;
}

static int write_head(struct round *round, bool follower, struct srd_error *err)
{
    struct srd_snapshot_title title = { .cluster = round->task->agent->options.cluster_name,
                                        .connected = round->src->connected,
                                        .taken_at_ms = srd_clock_now_ms(),
                                        .of_agent = true,
                                        .instance = round->task->agent->instance,
                                        .follower = follower,
                                        .session_zone_unknown = round->src->session_zone_unknown };

    round->held_since_ms = srd_clock_monotonic_ms();
    return srd_snapshot_writer_head(round->writer, &title, err);
}

/* Reasons for what could not be asked in time. */
static void give_up(struct round *round)
{
    for (size_t i = 0; i < round->count; i++)
        if (!round->items[i].written)
            settle(round, i, SRD_TIMED_OUT,
                   "the time of the run was over before it could be asked");
}

static void ask_all(struct round *round, struct srd_crew *crew, struct srd_error *err)
{
    enum srd_crew_end end;

    prepare(round);
    srd_crew_tell(crew, answered, round);
    end = srd_crew_run(crew, round->jobs, round->count, round->deadline_ms, err);
    for (size_t i = 0; i < round->count; i++)
        srd_arena_free(&round->jobs[i].memory); /* of those that were lost */
    if (end == SRD_CREW_TIMED_OUT || end == SRD_CREW_FINISHED) {
        err->code = SRD_OK;
        give_up(round);
    } else if (end == SRD_CREW_CANCELLED && !err->code) {
        srd_fail(err, SRD_E_CANCELLED, "the request was ended");
    }
}

/* The last line: that it is all, with the ledger's mark; or why it is not. */
static void finish(struct round *round, struct srd_error *err)
{
    struct srd_agent *agent = round->task->agent;
    char mark[SRD_LEDGER_MARK_SIZE];
    const char *members = NULL;
    struct srd_error ignored = { 0 };

    if (round->failure.code)
        *err = round->failure;
    round->last = true;
    if (!err->code && agent->ledger && srd_ledger_sync(agent->ledger, err))
        srd_fail(err, SRD_E_SYSTEM, "the agent could not write down what it answers");
    if (err->code) {
        srd_snapshot_writer_fail(round->writer, err, &ignored);
        return;
    }
    if (agent->ledger) {
        srd_ledger_mark(agent->ledger, mark);
        members = srd_arena_printf(round->arena, ",\"ledger\":\"%s\"", mark);
    }
    srd_snapshot_writer_end(round->writer, members, &ignored);
}

static void run_round(struct round *round)
{
    struct srd_agent *agent = round->task->agent;
    struct srd_ledger_entry entry = srd_agent_entry(round->task, "allowed");
    struct srd_run_options run = { .cancel = &round->task->gone,
                                   .progress = time_passes,
                                   .context = round,
                                   .hands = &agent->lent };
    SRD_CLEANUP(srd_crew_free) struct srd_crew *crew = NULL; /* ends when the answer has left */
    struct srd_error err = { 0 };
    bool follower;

    entry.reason = srd_arena_printf(round->arena, "a round of %zu questions", round->count);
    if (srd_place_borrow(agent->place, round->deadline_ms, &round->task->gone, &round->src, &err)) {
        srd_place_failed(agent->place, &err);
        srd_agent_fail(round->task, &entry, &err);
        return;
    }
    if (!srd_agent_note(round->task, &entry, false))
        return;
    follower = *round->leader && !follow(round);
    open_writer(round);
    if (!write_head(round, follower, &err) && !srd_crew_new(round->src, &run, &crew, &err))
        ask_all(round, crew, &err);
    if (err.code && err.code != SRD_E_CANCELLED)
        srd_place_failed(agent->place, &err);
    finish(round, &err);
    if (round->stream)
        srd_http_stream_end(round->stream);
    else if (round->task->request) /* not even its end could be written */
        srd_agent_refuse(round->task, 500, "Internal error", "the answer could not be written");
}

void srd_agent_collect(struct srd_agent_task *task)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = srd_agent_body(task);
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct round round = { .task = task, .arena = arena };
    struct srd_error err = { 0 };

    if (!json)
        return;
    if (read_round(&round, json, &err)) {
        srd_agent_malformed(task, err.text);
        return;
    }
    pthread_mutex_init(&round.lock, NULL);
    run_round(&round);
    srd_snapshot_writer_free(&round.writer);
    srd_source_close(&round.src);
    pthread_mutex_destroy(&round.lock);
}
