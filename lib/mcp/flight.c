/* Who waits for what, and who does not wait any more? */

#include "lib/mcp/mcp_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"

#define MAX_ANSWER ((size_t)8 << 20)   /* what is read in one piece by clients ends at 10 MiB */
#define MAX_ANSWERS ((size_t)16 << 20) /* of a batch */
#define CALL_MS 45000                  /* hosts give up after 60 s */
#define PROGRESS_MS 500

/* ---- exchanges ---- */

struct srd_mcp_exchange *srd_mcp_exchange_new(struct srd_mcp *mcp, const struct srd_mcp_link *link,
                                              const struct srd_mcp_caller *caller,
                                              const struct srd_mcp_sink *sink)
{
    struct srd_mcp_exchange *exchange = calloc(1, sizeof(*exchange));

    if (!exchange)
        srd_no_memory();
    exchange->mcp = mcp;
    exchange->link = *link;
    exchange->caller = *caller;
    exchange->sink = *sink;
    exchange->status = 202;
    pthread_mutex_init(&exchange->lock, NULL);
    return exchange;
}

static void exchange_free(struct srd_mcp_exchange *exchange)
{
    srd_json_free(&exchange->tree);
    if (exchange->answers.data)
        srd_buf_free(&exchange->answers);
    pthread_mutex_destroy(&exchange->lock);
    free(exchange);
}

/* The end of it; nobody else knows it any more. */
static void answer(struct srd_mcp_exchange *exchange, struct srd_mcp_job *only)
{
    struct srd_mcp_sink sink = exchange->sink;
    struct srd_buf *out = only ? &only->out : &exchange->answers;
    int status = exchange->status;

    if (exchange->batch && out->size)
        srd_buf_char(out, ']');
    if (out->data && out->size)
        sink.answer(sink.context, exchange->batch ? 200 : status, out->data, out->size);
    else
        sink.answer(sink.context, status, "", 0);
    exchange_free(exchange);
}

static void job_free(struct srd_mcp_job *job)
{
    struct srd_arena *arena = job->arena;

    srd_buf_free(&job->out);
    srd_arena_free(&arena);
}

/* Adds the response of a job to those of its batch; with the lock, if others are at work. */
static void collect(struct srd_mcp_exchange *exchange, struct srd_mcp_job *job)
{
    struct srd_buf *all = &exchange->answers;

    if (!job->out.size)
        return;
    if (!all->data)
        srd_buf_init(all, 4 * MAX_ANSWERS);
    if (all->size + job->out.size > MAX_ANSWERS)
        srd_mcp_error(job, 200, SRD_MCP_INTERNAL, NULL, "the answers of the batch are too large");
    srd_buf_char(all, all->size ? ',' : '[');
    srd_buf_add(all, job->out.data, job->out.size);
}

struct srd_mcp_exchange *srd_mcp_exchange_settle(struct srd_mcp_exchange *exchange)
{
    struct srd_mcp *mcp = exchange->mcp;

    if (!exchange->left) {
        answer(exchange, NULL);
        return NULL;
    }
    pthread_mutex_lock(&mcp->lock);
    exchange->handle = ++mcp->last_handle;
    for (struct srd_mcp_job *job = exchange->jobs; job; job = job->next)
        DL_APPEND2(mcp->flying, job, before, after);
    pthread_mutex_unlock(&mcp->lock);
    return exchange;
}

uint64_t srd_mcp_exchange_handle(const struct srd_mcp_exchange *exchange)
{
    return exchange->handle;
}

bool srd_mcp_exchange_is_modern(const struct srd_mcp_exchange *exchange)
{
    return exchange->jobs && exchange->jobs->revision->era == SRD_MCP_MODERN;
}

bool srd_mcp_exchange_wants_progress(const struct srd_mcp_exchange *exchange)
{
    for (const struct srd_mcp_job *job = exchange->jobs; job; job = job->next)
        if (job->token.text || job->extra || (job->call.tool && job->call.tool->talks))
            return true;
    return false;
}

struct srd_mcp_job *srd_mcp_jobs(struct srd_mcp_exchange *exchange)
{
    return exchange->jobs;
}

struct srd_mcp_job *srd_mcp_job_next(struct srd_mcp_job *job)
{
    return job->next;
}

const char *srd_mcp_job_argument(const struct srd_mcp_job *job, const char *name)
{
    return srd_json_text(srd_json_get(job->call.arguments, name));
}

/* ---- jobs ---- */

static struct srd_mcp_slice keep(struct srd_arena *arena, struct srd_mcp_slice slice)
{
    if (slice.text)
        slice.text = srd_arena_copy_n(arena, slice.text, slice.size);
    return slice;
}

struct srd_mcp_job *srd_mcp_job_new(struct srd_mcp_exchange *exchange,
                                    const struct srd_mcp_message *message)
{
    struct srd_arena *arena = srd_arena_new();
    struct srd_mcp_job *job = srd_arena_alloc(arena, sizeof(*job));
    int64_t call_ms = exchange->mcp->tables->call_ms;

    job->exchange = exchange;
    job->arena = arena;
    job->revision = srd_mcp_revision_assumed(exchange->link.transport);
    job->status = 200;
    job->started_ms = srd_clock_monotonic_ms();
    srd_buf_init(&job->out, MAX_ANSWER);
    if (message) {
        job->id = keep(arena, message->id);
        job->token = keep(arena, message->token);
        job->params = message->params;
        job->meta = message->meta;
        job->method = message->method;
    }
    job->call = (struct srd_mcp_call){
        .caller = &exchange->caller,
        .transport = exchange->link.transport,
        .arena = arena,
        .deadline_ms = job->started_ms + (call_ms ? call_ms : CALL_MS),
        .cancel = &job->cancel,
        .job = job,
        .params = job->params,
        .id = job->id.text,
    };
    return job;
}

/* The first look is over and nobody else knows the exchange yet: no lock. */
void srd_mcp_job_settle(struct srd_mcp_job *job)
{
    struct srd_mcp_exchange *exchange = job->exchange;

    if (job->work) {
        if (exchange->last_job)
            exchange->last_job->next = job;
        else
            exchange->jobs = job;
        exchange->last_job = job;
        exchange->left++;
        return;
    }
    exchange->status = job->status;
    if (exchange->batch) {
        collect(exchange, job);
    } else { /* moved, for srd_mcp_exchange_settle() */
        exchange->answers = job->out;
        job->out = (struct srd_buf){ 0 };
    }
    job_free(job);
}

bool srd_mcp_job_cancelled(const struct srd_mcp_job *job)
{
    return srd_flag_up(&job->cancel);
}

/* A job is over, with what is in job->out. */
static void finish(struct srd_mcp_job *job)
{
    struct srd_mcp_exchange *exchange = job->exchange;
    struct srd_mcp *mcp = exchange->mcp;
    bool last;

    pthread_mutex_lock(&mcp->lock);
    DL_DELETE2(mcp->flying, job, before, after);
    if (srd_mcp_job_cancelled(job)) /* from here on nobody can cancel it any more */
        srd_buf_clear(&job->out);
    pthread_mutex_unlock(&mcp->lock);

    pthread_mutex_lock(&exchange->lock);
    if (exchange->batch)
        collect(exchange, job);
    else
        exchange->status = job->out.size ? job->status : 202;
    last = --exchange->left == 0;
    pthread_mutex_unlock(&exchange->lock);
    if (last)
        answer(exchange, exchange->batch ? NULL : job);
    job_free(job);
}

void srd_mcp_job_run(struct srd_mcp_job *job)
{
    if (srd_mcp_job_cancelled(job))
        ; /* nobody waits: not even begun */
    else if (srd_clock_monotonic_ms() >= job->call.deadline_ms)
        srd_mcp_error(job, 200, SRD_MCP_INTERNAL, NULL,
                      "the request waited too long behind others; try again in a moment");
    else
        job->work(job);
    finish(job);
}

void srd_mcp_job_refuse(struct srd_mcp_job *job, int status, const char *text)
{
    srd_mcp_error(job, status, SRD_MCP_INTERNAL, NULL, "%s", text);
    finish(job);
}

/* ---- those who do not wait any more ---- */

void srd_mcp_abandon(struct srd_mcp *mcp, uint64_t handle)
{
    struct srd_mcp_job *job;

    pthread_mutex_lock(&mcp->lock);
    DL_FOREACH2(mcp->flying, job, after)
    if (job->exchange->handle == handle)
        srd_flag_raise(&job->cancel);
    pthread_mutex_unlock(&mcp->lock);
}

static bool same_scope(const struct srd_mcp_job *job, const char *scope)
{
    const char *own = job->exchange->link.scope;

    return !strcmp(own ? own : "", scope ? scope : "");
}

void srd_mcp_abandon_scope(struct srd_mcp *mcp, const char *scope)
{
    struct srd_mcp_job *job;

    pthread_mutex_lock(&mcp->lock);
    DL_FOREACH2(mcp->flying, job, after)
    if (!scope || same_scope(job, scope))
        srd_flag_raise(&job->cancel);
    pthread_mutex_unlock(&mcp->lock);
}

void srd_mcp_cancel(struct srd_mcp *mcp, const struct srd_mcp_link *link,
                    const struct srd_mcp_slice *id)
{
    struct srd_mcp_job *job, *found = NULL;
    size_t count = 0;

    pthread_mutex_lock(&mcp->lock);
    DL_FOREACH2(mcp->flying, job, after)
    {
        if (job->id.size != id->size || memcmp(job->id.text, id->text, id->size) != 0 ||
            !same_scope(job, link->scope))
            continue;
        found = job;
        count++;
    }
    /*
     * Several clients may stand behind one address, and all of them count from 1: better a call
     * that goes on than one that ends for somebody else.
     */
    if (count == 1)
        srd_flag_raise(&found->cancel);
    pthread_mutex_unlock(&mcp->lock);
}

/* ---- progress ---- */

static void put_number(struct srd_buf *out, const char *key, double number)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = srd_json_new_number(number);

    srd_buf_printf(out, ",\"%s\":", key);
    srd_json_print(json, false, out);
}

void srd_mcp_progress(struct srd_mcp_call *call, double done, double total, const char *message)
{
    struct srd_mcp_job *job = call->job;
    struct srd_mcp_exchange *exchange;
    struct srd_mcp_sink *sink;
    SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };
    int64_t now = srd_clock_monotonic_ms(), often;

    if (!job || !job->token.text || !isfinite(done))
        return;
    exchange = job->exchange;
    sink = &exchange->sink;
    often = exchange->mcp->tables->progress_ms;
    pthread_mutex_lock(&exchange->lock);
    if (!srd_mcp_job_cancelled(job) &&
        (!job->told_once ||
         (done > job->told && now - job->told_ms >= (often ? often : PROGRESS_MS)))) {
        job->told_once = true;
        job->told = done;
        job->told_ms = now;
        srd_buf_init(&out, MAX_ANSWER);
        srd_buf_text(&out, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\","
                           "\"params\":{\"progressToken\":");
        srd_buf_add(&out, job->token.text, job->token.size);
        put_number(&out, "progress", done);
        if (isfinite(total) && total > 0)
            put_number(&out, "total", total);
        if (message) {
            srd_buf_text(&out, ",\"message\":");
            srd_json_quote(&out, message, strlen(message));
        }
        srd_buf_text(&out, "}}");
        if (!out.full)
            sink->message(sink->context, out.data, out.size);
    }
    pthread_mutex_unlock(&exchange->lock);
}
