/* How is a resource read? */

#include "lib/mcp/mcp_private.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#define MAX_TEXT ((size_t)16 << 20) /* of a resource */
#define PART ((size_t)256 << 10)    /* of it in one answer; the rest by ?part=2 ... */
#define MAX_URI ((size_t)4096)

/* ---- which one ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes %41 in the @n bytes; NULL if what comes out is no text. */
static const char *decode(struct srd_arena *arena, const char *text, size_t n)
{
    char *out = srd_arena_alloc(arena, n + 1);
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        out[used] = text[i];
        if (text[i] == '%') {
            int high = n - i > 2 ? hex(text[i + 1]) : -1, low = n - i > 2 ? hex(text[i + 2]) : -1;

            if (high < 0 || low < 0)
                return NULL;
            out[used] = (char)(high * 16 + low);
            i += 2;
        }
        used++;
    }
    return srd_utf8_valid(out, used) ? out : NULL;
}

/* Does @uri fit "srdiag://check/{id}"? *value (decoded) is what stands for the variable. */
static bool fits(struct srd_arena *arena, const struct srd_mcp_resource *resource, const char *uri,
                 const char **value)
{
    const char *open = strchr(resource->uri, '{'), *close = open ? strchr(open, '}') : NULL;
    size_t before, after, n = strlen(uri);

    *value = NULL;
    if (!resource->is_template || !close)
        return !strcmp(resource->uri, uri);
    before = (size_t)(open - resource->uri);
    after = strlen(close + 1);
    if (n <= before + after || strncmp(uri, resource->uri, before) != 0 ||
        strcmp(uri + n - after, close + 1) != 0 ||
        strcspn(uri + before, "/?#") < n - before - after)
        return false;
    *value = decode(arena, uri + before, n - before - after);
    return *value != NULL;
}

/* Takes ?part=N off @uri. False: there is something else behind the question mark. */
static bool take_part(char *uri, size_t *part)
{
    char *question = strchr(uri, '?');
    int64_t number;

    *part = 1;
    if (!question)
        return true;
    if (!srd_text_prefix(question, "?part=") || !srd_text_int64(question + 6, &number) ||
        number < 1 || number > (int64_t)(MAX_TEXT / PART))
        return false;
    *question = '\0';
    *part = (size_t)number;
    return true;
}

static void not_found(struct srd_mcp_job *job)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf data = { 0 };
    const char *uri = srd_json_text(srd_json_get(job->params, "uri"));

    if (strlen(uri) > MAX_URI)
        uri = "...";
    srd_buf_init(&data, 8 * MAX_URI);
    srd_buf_text(&data, "{\"uri\":");
    srd_json_quote(&data, uri, strlen(uri));
    srd_buf_char(&data, '}');
    srd_mcp_error(job, 200, job->revision->no_resource, data.data, "no such resource");
}

/* ---- reading ---- */

/* Where part @part of @text begins and how long it is: at lines where there are some. */
static bool cut(const struct srd_buf *text, size_t part, size_t *from, size_t *n, size_t *parts)
{
    size_t start = 0, left, size;

    *parts = 0;
    *n = 0;
    do {
        left = text->size - start;
        size = left;
        if (left > PART) {
            const char *line = memrchr(text->data + start, '\n', PART);

            size = line && line >= text->data + start + PART / 2
                       ? (size_t)(line + 1 - text->data) - start
                       : srd_utf8_whole(text->data + start, PART);
        }
        if (++*parts == part) {
            *from = start;
            *n = size;
        }
        start += size;
    } while (start < text->size);
    return part <= *parts;
}

static void respond(struct srd_mcp_job *job, const struct srd_buf *text)
{
    const struct srd_mcp_resource *resource = job->resource;
    SRD_CLEANUP(srd_buf_free) struct srd_buf shown = { 0 };
    struct srd_buf *out;
    size_t from = 0, n, parts;

    if (!cut(text, job->part, &from, &n, &parts)) {
        not_found(job);
        return;
    }
    srd_buf_init(&shown, PART + 8192);
    srd_buf_add(&shown, text->data + from, n);
    if (parts > 1 && job->part < parts)
        srd_buf_printf(&shown, "\n[part %zu of %zu; the next is %s?part=%zu]\n", job->part, parts,
                       job->uri, job->part + 1);
    else if (parts > 1)
        srd_buf_printf(&shown, "\n[part %zu of %zu, the last]\n", job->part, parts);
    out = srd_mcp_open(job, NULL);
    srd_mcp_comma(out);
    srd_buf_text(out, "\"contents\":[{");
    if (job->part > 1)
        srd_mcp_put_text(out, "uri",
                         srd_arena_printf(job->arena, "%s?part=%zu", job->uri, job->part));
    else
        srd_mcp_put_text(out, "uri", job->uri);
    srd_mcp_put_text(out, "mimeType", resource->mime);
    srd_mcp_comma(out);
    srd_buf_text(out, resource->is_base64 ? "\"blob\":" : "\"text\":");
    srd_json_quote(out, shown.data, shown.size);
    srd_buf_text(out, "}]");
    srd_mcp_close(job, resource->is_static ? SRD_MCP_STATIC : SRD_MCP_PRIVATE);
}

static void work(struct srd_mcp_job *job)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text = { 0 };
    struct srd_error err = { 0 };

    srd_buf_init(&text, MAX_TEXT);
    if (!job->resource->read(&job->call, job->uri, job->value, &text, &err) && !text.full)
        respond(job, &text);
    else if (err.code == SRD_E_DATA)
        not_found(job);
    else
        srd_mcp_error(job, 200, SRD_MCP_INTERNAL, NULL, "%s",
                      err.code ? err.text : "the resource is larger than 16 MiB");
}

void srd_mcp_resources_read(struct srd_mcp_job *job)
{
    const char *asked = srd_json_text(srd_json_get(job->params, "uri"));
    const struct srd_mcp_resource *resource = job->exchange->mcp->tables->resources;
    char *uri;

    if (!asked) {
        srd_mcp_error(job, 200, SRD_MCP_BAD_PARAMS, NULL, "params.uri must be a string");
        return;
    }
    if (strlen(asked) > MAX_URI) {
        not_found(job);
        return;
    }
    uri = srd_arena_copy(job->arena, asked);
    if (!take_part(uri, &job->part)) {
        not_found(job);
        return;
    }
    for (; resource->uri; resource++) {
        if (!fits(job->arena, resource, uri, &job->value))
            continue;
        job->resource = job->call.resource = resource;
        job->uri = uri;
        job->work = work;
        return;
    }
    not_found(job);
}
