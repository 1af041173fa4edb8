/* How does an answer reach the loop that sends it? */

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/net/http_server_private.h"

/* Closed after it: asked for, or nobody can say where the next request begins, or we end. */
static bool closes(const struct srd_http_exchange *x, bool wanted)
{
    const struct srd_http_server *server = x->seat->server;

    return wanted || x->too_large || atomic_load(&server->draining) ||
           atomic_load(&x->seat->loop->retired) ||
           (!x->asked && !x->drop_body && srd_http_has_body(x));
}

static void add_field(struct MHD_Response *response, const struct srd_http_field *field)
{
    /* it refuses line breaks in values */
    if (srd_mhd.add_response_header(response, field->name, field->value) != MHD_YES)
        srd_log(SRD_LOG_WARNING, "the header %s of an answer cannot be sent", field->name);
}

struct MHD_Response *srd_http_with_fields(struct srd_http_exchange *x,
                                          struct MHD_Response *response,
                                          const struct srd_http_answer *answer)
{
    if (!response)
        srd_no_memory();
    if (answer->type)
        srd_mhd.add_response_header(response, "Content-Type", answer->type);
    for (size_t i = 0; i < sizeof(answer->fields) / sizeof(*answer->fields); i++) {
        if (!answer->fields[i].name)
            break;
        add_field(response, &answer->fields[i]);
    }
    for (const struct srd_http_field *f = x->request.extra; f && f->name; f++)
        add_field(response, f);
    if (closes(x, answer->close))
        srd_mhd.add_response_header(response, "Connection", "close");
    return response;
}

static struct MHD_Response *make_response(struct srd_http_exchange *x,
                                          const struct srd_http_answer *answer)
{
    struct MHD_Response *response;
    void *bytes = answer->body && answer->size ? (void *)answer->body : (void *)"";

    if (answer->release)
        response = srd_mhd.create_response_from_buffer_with_free_callback_cls(
            answer->size, bytes, answer->release, answer->release_context);
    else
        response = srd_mhd.create_response_from_buffer(answer->size, bytes, MHD_RESPMEM_MUST_COPY);
    return srd_http_with_fields(x, response, answer);
}

bool srd_http_settle(struct srd_http_exchange *x, struct MHD_Response *response,
                     struct srd_http_stream *stream, int status, uint64_t size)
{
    struct srd_http_seat *seat = x->seat;
    struct srd_http_server *server = seat->server;
    struct MHD_Connection *mhd = seat->mhd;
    bool twice, suspended;

    pthread_mutex_lock(&seat->lock);
    twice = x->answered;
    suspended = x->later;
    if (!twice) {
        x->answered = true;
        x->response = response;
        x->body_stream = stream;
        x->stream = stream != NULL;
        x->status = status;
        x->size = size;
        if (stream && !suspended)
            atomic_fetch_add(&server->held, 1);
        if (stream && x->told) { /* it left before there was a stream */
            shutdown(seat->fd, SHUT_RDWR);
            srd_http_stream_leave(stream);
        }
    }
    pthread_mutex_unlock(&seat->lock);
    if (twice) {
        srd_log(SRD_LOG_ERROR, "a request was answered twice (%d)", status);
        srd_mhd.destroy_response(response);
        return false;
    }
    if (suspended) { /* the last that is done to the exchange on this thread */
        atomic_fetch_add(&server->held, 1); /* for the loop may finish it before this returns */
        srd_mhd.resume_connection(mhd);
        atomic_fetch_sub(&server->held, 1);
    }
    return true;
}

void srd_http_answer(struct srd_http_request *request, const struct srd_http_answer *answer)
{
    struct srd_http_exchange *x = (struct srd_http_exchange *)request;

    srd_http_settle(x, make_response(x, answer), NULL, answer->status, answer->size);
}

void srd_http_later(struct srd_http_request *request)
{
    struct srd_http_exchange *x = (struct srd_http_exchange *)request;
    struct srd_http_seat *seat = x->seat;

    if (x->later)
        return;
    srd_http_seat_phase(seat, SRD_HTTP_WORK, srd_clock_monotonic_ms(), 0);
    atomic_fetch_add(&seat->server->held, 1);
    /* suspended first: the answer may come before this function has returned */
    srd_mhd.suspend_connection(seat->mhd);
    pthread_mutex_lock(&seat->lock);
    x->later = true;
    pthread_mutex_unlock(&seat->lock);
}

/* ---- answers of our own ---- */

static const char *own_words(int status)
{
    switch (status) {
    case 413:
        return "{\"error\":\"Payload too large\",\"message\":\"the body is larger than this server "
               "takes\"}";
    case 431:
        return "{\"error\":\"Request header fields too large\",\"message\":\"the head is larger "
               "than "
               "this server takes\"}";
    case 500:
        return "{\"error\":\"Internal error\",\"message\":\"the request was not answered\"}";
    case 503:
        return "{\"error\":\"Server at capacity\",\"message\":\"there are too many connections; "
               "try "
               "again soon\"}";
    default:
        return "{\"error\":\"Bad request\",\"message\":\"the request cannot be read\"}";
    }
}

static void answer_own(struct srd_http_exchange *x, int status, const char *body)
{
    struct srd_http_answer answer = { .status = status,
                                      .type = "application/json",
                                      .body = body,
                                      .size = strlen(body),
                                      .close = true };

    if (status == 503)
        answer.fields[0] = (struct srd_http_field){ "Retry-After", "1" };
    srd_http_answer(&x->request, &answer);
}

void srd_http_refuse(struct srd_http_exchange *x, int status, const char *what)
{
    const struct srd_http_options *options = &x->seat->server->options;
    const char *body = NULL;

    if (options->refusal)
        body = options->refusal(options->context, status, what, x->request.arena);
    answer_own(x, status, body ? body : own_words(status));
}

void srd_http_refuse_busy(struct srd_http_exchange *x)
{
    const char *body = x->seat->server->options.busy_body;

    answer_own(x, 503, body ? body : own_words(503));
}
