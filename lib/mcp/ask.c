/*
 * What does the client say when a call asks it?
 *
 * Only legacy clients can be asked. The question goes out on the stream of the call; the answer
 * comes in as a message of its own, over HTTP even on another connection, and finds the call by
 * scope and id.
 */

#include "lib/mcp/mcp_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"

#define MAX_PARAMS ((size_t)1 << 20)
#define GLANCE_MS 50 /* how soon a cancellation is noticed */

struct srd_mcp_question {
    struct srd_mcp_question *prev, *next;
    const char *scope;
    char id[32];
    struct srd_buf *answer; /* the result, printed; or the message of the error */
    bool answered, is_error;
};

/* One message on the stream of the call, unless nobody listens any more. */
static void send_to_client(struct srd_mcp_call *call, const char *id, const char *method,
                           const char *params)
{
    struct srd_mcp_exchange *exchange = call->job->exchange;
    SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };

    srd_buf_init(&out, MAX_PARAMS);
    srd_buf_text(&out, "{\"jsonrpc\":\"2.0\"");
    srd_mcp_put_text(&out, "id", id);
    srd_mcp_put_text(&out, "method", method);
    srd_buf_printf(&out, ",\"params\":%s}", params);
    pthread_mutex_lock(&exchange->lock);
    if (!out.full && !srd_mcp_job_cancelled(call->job))
        exchange->sink.message(exchange->sink.context, out.data, out.size);
    pthread_mutex_unlock(&exchange->lock);
}

void srd_mcp_notify(struct srd_mcp_call *call, const char *method, const char *params)
{
    send_to_client(call, NULL, method, params);
}

/* Until there is an answer, or the call is over. With the lock. */
static void wait_for_answer(struct srd_mcp *mcp, const struct srd_mcp_call *call,
                            const struct srd_mcp_question *question)
{
    int64_t now = srd_clock_monotonic_ms(), glance;

    for (; !question->answered && !srd_flag_up(call->cancel) && now < call->deadline_ms;
         now = srd_clock_monotonic_ms()) {
        glance = now + GLANCE_MS;
        srd_wait_until(&mcp->replied, &mcp->lock,
                       glance < call->deadline_ms ? glance : call->deadline_ms);
    }
}

int srd_mcp_ask(struct srd_mcp_call *call, const char *method, const char *params,
                struct srd_buf *answer, struct srd_error *err)
{
    struct srd_mcp_exchange *exchange = call->job->exchange;
    struct srd_mcp *mcp = exchange->mcp;
    struct srd_mcp_question question = { .scope = exchange->link.scope, .answer = answer };

    if (call->job->revision->era == SRD_MCP_MODERN || exchange->bare)
        return srd_fail(err, SRD_E_USAGE, "this client cannot be asked");
    pthread_mutex_lock(&mcp->lock);
    snprintf(question.id, sizeof(question.id), "ask-%" PRIu64, ++mcp->last_question);
    DL_APPEND(mcp->questions, &question);
    pthread_mutex_unlock(&mcp->lock);
    send_to_client(call, question.id, method, params);
    pthread_mutex_lock(&mcp->lock);
    wait_for_answer(mcp, call, &question);
    DL_DELETE(mcp->questions, &question);
    pthread_mutex_unlock(&mcp->lock);
    if (!question.answered)
        return srd_fail(err, srd_flag_up(call->cancel) ? SRD_E_CANCELLED : SRD_E_TIMEOUT,
                        "the client did not answer %s", method);
    if (question.is_error)
        return srd_fail(err, SRD_E_DENIED, "the client refused %s: %s", method, answer->data);
    return 0;
}

static void take_answer(struct srd_mcp_question *question, const struct srd_json *tree)
{
    const struct srd_json *error = srd_json_get(tree, "error");
    const char *message = srd_json_text(srd_json_get(error, "message"));

    if (error)
        srd_buf_text(question->answer, message ? message : "without a word");
    else
        srd_json_print(srd_json_get(tree, "result"), false, question->answer);
    question->is_error = error != NULL;
    question->answered = true;
}

void srd_mcp_reply(struct srd_mcp *mcp, const struct srd_mcp_link *link,
                   const struct srd_mcp_message *message)
{
    const char *id = srd_json_text(srd_json_get(message->tree, "id"));
    const char *scope = link->scope ? link->scope : "";
    struct srd_mcp_question *question;

    pthread_mutex_lock(&mcp->lock);
    DL_FOREACH(mcp->questions, question)
    {
        if (id && !question->answered && !strcmp(question->id, id) &&
            !strcmp(question->scope ? question->scope : "", scope))
            take_answer(question, message->tree);
    }
    pthread_cond_broadcast(&mcp->replied);
    pthread_mutex_unlock(&mcp->lock);
}
