/* How is one response printed? */

#include "lib/mcp/mcp_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"

#define SHOWN 60 /* columns of foreign text in a message */
#define STATIC_MS 300000

void srd_mcp_comma(struct srd_buf *out)
{
    char last = out->size ? out->data[out->size - 1] : '{';

    if (last != '{' && last != '[' && last != ',')
        srd_buf_char(out, ',');
}

static void envelope(struct srd_mcp_job *job)
{
    srd_buf_clear(&job->out);
    srd_buf_text(&job->out, "{\"jsonrpc\":\"2.0\"");
    if (job->id.text) {
        srd_buf_text(&job->out, ",\"id\":");
        srd_buf_add(&job->out, job->id.text, job->id.size);
    }
}

struct srd_buf *srd_mcp_open(struct srd_mcp_job *job, const char *type)
{
    if (job->exchange->bare) {
        srd_buf_clear(&job->out);
        srd_buf_char(&job->out, '{');
        return &job->out;
    }
    envelope(job);
    srd_buf_text(&job->out, ",\"result\":{");
    if (job->revision->result_type)
        srd_mcp_put_text(&job->out, "resultType", type ? type : "complete");
    return &job->out;
}

void srd_mcp_close(struct srd_mcp_job *job, enum srd_mcp_hint hint)
{
    struct srd_buf *out = &job->out;

    job->status = 200;
    if (job->revision->result_type && !job->exchange->bare) {
        if (hint) {
            srd_mcp_comma(out);
            srd_buf_printf(out, "\"ttlMs\":%d,\"cacheScope\":\"%s\"",
                           hint == SRD_MCP_STATIC ? STATIC_MS : 0,
                           hint == SRD_MCP_STATIC ? "public" : "private");
        }
        srd_mcp_comma(out);
        srd_buf_text(out, "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":");
        srd_buf_add(out, job->exchange->mcp->info.data, job->exchange->mcp->info.size);
        srd_buf_char(out, '}');
    }
    srd_buf_text(out, job->exchange->bare ? "}" : "}}");
    if (out->full)
        srd_mcp_error(job, 200, SRD_MCP_INTERNAL, NULL, "the answer is too large");
}

/* The request itself failed: an error object that the tool has written. */
static void respond_error(struct srd_mcp_job *job, const struct srd_mcp_result *result)
{
    /* what a client lacks is the request's fault; the rest is found while it is at work */
    job->status = result->code == SRD_MCP_NO_CAPABILITY ? 400 : 200;
    envelope(job);
    srd_buf_printf(&job->out, ",\"error\":{\"code\":%d,", result->code);
    srd_buf_add(&job->out, result->members.data, result->members.size);
    srd_buf_text(&job->out, "}}");
}

void srd_mcp_respond(struct srd_mcp_job *job, const struct srd_mcp_result *result,
                     const char *empty)
{
    struct srd_buf *out;

    if (result->code && !job->exchange->bare && result->members.size) {
        respond_error(job, result);
        return;
    }
    out = srd_mcp_open(job, result->type);
    if (result->is_error) {
        srd_mcp_comma(out);
        srd_buf_text(out, "\"isError\":true");
    }
    if (result->members.size || *empty)
        srd_mcp_comma(out);
    if (result->members.size)
        srd_buf_add(out, result->members.data, result->members.size);
    else
        srd_buf_text(out, empty);
    srd_mcp_close(job, SRD_MCP_NO_HINT);
}

void srd_mcp_result_free(struct srd_mcp_result *result)
{
    if (result->members.data)
        srd_buf_free(&result->members);
}

const char *srd_mcp_shown(struct srd_arena *arena, const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean = { 0 };
    size_t n = strlen(text), cut = n < 4 * SHOWN ? n : srd_utf8_whole(text, 4 * SHOWN), fit;

    srd_buf_init(&clean, 64 * SHOWN);
    srd_utf8_clean(&clean, text, cut);
    fit = srd_utf8_fit(clean.data, SHOWN);
    return srd_arena_printf(arena, "%.*s%s", (int)fit, clean.data,
                            fit < clean.size || cut < n ? "..." : "");
}

void srd_mcp_error(struct srd_mcp_job *job, int status, int code, const char *data,
                   const char *format, ...)
{
    const char *message;
    va_list args;

    va_start(args, format);
    message = srd_arena_vprintf(job->arena, format, args);
    va_end(args);
    job->status = status;
    job->work = NULL;
    if (job->exchange->bare) { /* the plain routes have errors of their own shape */
        srd_buf_clear(&job->out);
        srd_buf_printf(&job->out, "{\"error\":\"%s\",\"message\":",
                       status == 404 ? "unknown tool" : "not answered");
        srd_json_quote(&job->out, message, strlen(message));
        srd_buf_char(&job->out, '}');
        return;
    }
    envelope(job);
    srd_buf_printf(&job->out, ",\"error\":{\"code\":%d,\"message\":", code);
    srd_json_quote(&job->out, message, strlen(message));
    if (data)
        srd_buf_printf(&job->out, ",\"data\":%s", data);
    srd_buf_text(&job->out, "}}");
}
