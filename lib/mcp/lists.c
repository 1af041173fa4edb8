/* What is there? The lists are printed once, when the server is made, and pasted into answers. */

#include "lib/mcp/mcp_private.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define MAX_LIST ((size_t)4 << 20)

void srd_mcp_put_text(struct srd_buf *out, const char *key, const char *text)
{
    if (!text)
        return;
    srd_mcp_comma(out);
    srd_buf_printf(out, "\"%s\":", key);
    srd_json_quote(out, text, strlen(text));
}

/* ---- making ---- */

static struct srd_buf *begin_item(struct srd_mcp_list *list)
{
    if (list->count + 2 > list->room) {
        list->room = list->room ? list->room * 2 : 32;
        list->starts = reallocarray(list->starts, list->room, sizeof(*list->starts));
        if (!list->starts)
            srd_no_memory();
    }
    list->starts[list->count] = list->text.size;
    srd_buf_char(&list->text, '{');
    return &list->text;
}

static void end_item(struct srd_mcp_list *list)
{
    srd_buf_text(&list->text, "},");
    list->starts[++list->count] = list->text.size;
}

static void add_tool(struct srd_mcp_list *list, const struct srd_mcp_tool *tool)
{
    struct srd_buf *out = begin_item(list);

    srd_mcp_put_text(out, "name", tool->name);
    srd_mcp_put_text(out, "title", tool->title);
    srd_mcp_put_text(out, "description", tool->description);
    srd_buf_text(out, ",\"inputSchema\":");
    if (tool->input_schema)
        srd_buf_text(out, tool->input_schema);
    else
        srd_mcp_schema(out, tool->args);
    if (tool->output_schema)
        srd_buf_printf(out, ",\"outputSchema\":%s", tool->output_schema);
    srd_buf_printf(out,
                   ",\"annotations\":{\"readOnlyHint\":%s,\"destructiveHint\":%s,"
                   "\"idempotentHint\":%s,\"openWorldHint\":false}",
                   tool->writes ? "false" : "true", tool->writes ? "true" : "false",
                   tool->writes ? "false" : "true");
    end_item(list);
}

static void add_resource(struct srd_mcp_list *list, const struct srd_mcp_resource *resource)
{
    struct srd_buf *out = begin_item(list);

    srd_mcp_put_text(out, resource->is_template ? "uriTemplate" : "uri", resource->uri);
    srd_mcp_put_text(out, "name", resource->name);
    srd_mcp_put_text(out, "title", resource->title);
    srd_mcp_put_text(out, "description", resource->description);
    srd_mcp_put_text(out, "mimeType", resource->mime);
    end_item(list);
}

static void add_prompt(struct srd_mcp_list *list, const struct srd_mcp_prompt *prompt)
{
    struct srd_buf *out = begin_item(list);

    srd_mcp_put_text(out, "name", prompt->name);
    srd_mcp_put_text(out, "title", prompt->title);
    srd_mcp_put_text(out, "description", prompt->description);
    if (prompt->args && prompt->args->name)
        srd_buf_text(out, ",\"arguments\":[");
    for (const struct srd_mcp_arg *arg = prompt->args; arg && arg->name; arg++) {
        srd_mcp_comma(out);
        srd_buf_char(out, '{');
        srd_mcp_put_text(out, "name", arg->name);
        srd_mcp_put_text(out, "description", arg->help);
        srd_buf_printf(out, ",\"required\":%s}", arg->required ? "true" : "false");
    }
    if (prompt->args && prompt->args->name)
        srd_buf_char(out, ']');
    end_item(list);
}

/* {"name":...} and {"tools":{},...}: who we are, and what we have. */
static void introduce(struct srd_mcp *mcp)
{
    const struct srd_mcp_tables *tables = mcp->tables;
    struct srd_buf *out = &mcp->capabilities;

    srd_buf_init(&mcp->info, MAX_LIST);
    srd_buf_char(&mcp->info, '{');
    srd_mcp_put_text(&mcp->info, "name", tables->name);
    srd_mcp_put_text(&mcp->info, "title", tables->title);
    srd_mcp_put_text(&mcp->info, "version", tables->version);
    srd_buf_char(&mcp->info, '}');

    srd_buf_init(out, MAX_LIST);
    if (tables->capabilities) {
        srd_buf_text(out, tables->capabilities);
        return;
    }
    srd_buf_char(out, '{');
    if (tables->tools)
        srd_buf_text(out, "\"tools\":{}");
    if (tables->resources) {
        srd_mcp_comma(out);
        srd_buf_text(out, "\"resources\":{}");
    }
    if (tables->prompts) {
        srd_mcp_comma(out);
        srd_buf_text(out, "\"prompts\":{}");
    }
    if (tables->complete) {
        srd_mcp_comma(out);
        srd_buf_text(out, "\"completions\":{}");
    }
    srd_buf_char(out, '}');
}

void srd_mcp_lists_make(struct srd_mcp *mcp)
{
    static const char *const keys[SRD_MCP_LISTS] = {
        [SRD_MCP_TOOLS] = "tools",
        [SRD_MCP_RESOURCES] = "resources",
        [SRD_MCP_TEMPLATES] = "resourceTemplates",
        [SRD_MCP_PROMPTS] = "prompts",
    };
    const struct srd_mcp_tables *tables = mcp->tables;

    for (size_t i = 0; i < SRD_MCP_LISTS; i++) {
        mcp->lists[i].key = keys[i];
        srd_buf_init(&mcp->lists[i].text, MAX_LIST);
    }
    for (const struct srd_mcp_tool *tool = tables->tools; tool && tool->name; tool++)
        add_tool(&mcp->lists[SRD_MCP_TOOLS], tool);
    for (const struct srd_mcp_resource *item = tables->resources; item && item->uri; item++)
        add_resource(&mcp->lists[item->is_template ? SRD_MCP_TEMPLATES : SRD_MCP_RESOURCES], item);
    for (const struct srd_mcp_prompt *prompt = tables->prompts; prompt && prompt->name; prompt++)
        add_prompt(&mcp->lists[SRD_MCP_PROMPTS], prompt);
    introduce(mcp);
}

void srd_mcp_lists_free(struct srd_mcp *mcp)
{
    for (size_t i = 0; i < SRD_MCP_LISTS; i++) {
        srd_buf_free(&mcp->lists[i].text);
        free(mcp->lists[i].starts);
    }
    srd_buf_free(&mcp->info);
    srd_buf_free(&mcp->capabilities);
}

/* ---- answering ---- */

/* A cursor is "tools-100": the first item of the page. False: we never said that one. */
static bool page_start(const struct srd_mcp_list *list, const struct srd_json *cursor,
                       size_t *start)
{
    const char *text = srd_json_text(cursor);
    size_t n = strlen(list->key);
    int64_t number;

    *start = 0;
    if (srd_json_kind(cursor) == SRD_JSON_NULL)
        return true;
    if (!text || strncmp(text, list->key, n) != 0 || text[n] != '-' ||
        !srd_text_int64(text + n + 1, &number) || number <= 0 || number % SRD_MCP_PAGE ||
        number >= (int64_t)list->count)
        return false;
    *start = (size_t)number;
    return true;
}

static void list_page(struct srd_mcp_job *job, enum srd_mcp_list_id id)
{
    const struct srd_mcp_list *list = &job->exchange->mcp->lists[id];
    struct srd_buf *out;
    size_t from, to;

    if (!page_start(list, srd_json_get(job->params, "cursor"), &from)) {
        srd_mcp_error(job, 200, SRD_MCP_BAD_PARAMS, NULL,
                      "unknown cursor; start again without one");
        return;
    }
    to = list->count - from > SRD_MCP_PAGE ? from + SRD_MCP_PAGE : list->count;
    out = srd_mcp_open(job, NULL);
    srd_mcp_comma(out);
    srd_buf_printf(out, "\"%s\":[", list->key);
    if (to > from) /* without the comma behind the last */
        srd_buf_add(out, list->text.data + list->starts[from],
                    list->starts[to] - list->starts[from] - 1);
    srd_buf_char(out, ']');
    if (to < list->count)
        srd_buf_printf(out, ",\"nextCursor\":\"%s-%zu\"", list->key, to);
    srd_mcp_close(job, SRD_MCP_STATIC);
}

void srd_mcp_list_tools(struct srd_mcp_job *job)
{
    list_page(job, SRD_MCP_TOOLS);
}

void srd_mcp_list_resources(struct srd_mcp_job *job)
{
    list_page(job, SRD_MCP_RESOURCES);
}

void srd_mcp_list_templates(struct srd_mcp_job *job)
{
    list_page(job, SRD_MCP_TEMPLATES);
}

void srd_mcp_list_prompts(struct srd_mcp_job *job)
{
    list_page(job, SRD_MCP_PROMPTS);
}
