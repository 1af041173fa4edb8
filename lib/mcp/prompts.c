/* What does a prompt say, and how may a word go on? */

#include "lib/mcp/mcp_private.h"

#include <string.h>

#include "lib/base/cleanup.h"

#define MAX_PROMPT ((size_t)1 << 20)
#define MOST_VALUES 100 /* of a completion, as the protocol wants it */

/* ---- prompts/get ---- */

static void respond(struct srd_mcp_job *job, const struct srd_mcp_prompt *prompt,
                    const struct srd_mcp_value *values)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text = { 0 };
    struct srd_buf *out = srd_mcp_open(job, NULL);

    srd_buf_init(&text, MAX_PROMPT);
    prompt->fill(prompt, values, &text);
    srd_mcp_put_text(out, "description", prompt->description);
    srd_mcp_comma(out);
    srd_buf_text(out, "\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":");
    srd_json_quote(out, text.data, text.size);
    srd_buf_text(out, "}}]");
    srd_mcp_close(job, SRD_MCP_NO_HINT);
}

static void work(struct srd_mcp_job *job)
{
    SRD_CLEANUP(srd_mcp_result_free) struct srd_mcp_result result = { 0 };

    job->prompt->run(&job->call, &result);
    srd_mcp_respond(job, &result, "\"messages\":[]");
}

static const struct srd_mcp_prompt *find(const struct srd_mcp *mcp, const char *name)
{
    for (const struct srd_mcp_prompt *prompt = mcp->tables->prompts; prompt->name; prompt++)
        if (!strcmp(prompt->name, name))
            return prompt;
    return NULL;
}

void srd_mcp_prompts_get(struct srd_mcp_job *job)
{
    const char *name = srd_json_text(srd_json_get(job->params, "name"));
    const struct srd_json *arguments = srd_json_get(job->params, "arguments");
    enum srd_json_kind kind = srd_json_kind(arguments);
    const struct srd_mcp_prompt *prompt = name ? find(job->exchange->mcp, name) : NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf faults = { 0 };

    srd_buf_init(&faults, MAX_PROMPT);
    if (!name)
        srd_mcp_error(job, 200, SRD_MCP_BAD_PARAMS, NULL, "params.name must be a string");
    else if (!prompt)
        srd_mcp_error(job, 200, SRD_MCP_BAD_PARAMS, NULL, "unknown prompt %s",
                      srd_mcp_shown(job->arena, name));
    else if (kind != SRD_JSON_OBJECT && kind != SRD_JSON_NULL)
        srd_mcp_error(job, 200, SRD_MCP_BAD_PARAMS, NULL, "params.arguments must be an object");
    else if (srd_mcp_arguments(job->arena, prompt->args, arguments, &job->call.args, &faults))
        srd_mcp_error(job, 200, SRD_MCP_BAD_PARAMS, NULL, "%s", faults.data);
    else if (prompt->run) {
        job->prompt = prompt;
        job->work = work;
    } else {
        respond(job, prompt, job->call.args);
    }
}

/* ---- completion/complete ---- */

static void put_values(struct srd_buf *out, const struct srd_json *values)
{
    size_t total = srd_json_size(values), put = 0;

    srd_mcp_comma(out);
    srd_buf_text(out, "\"completion\":{\"values\":[");
    for (const struct srd_json *item = srd_json_first(values); item && put < MOST_VALUES;
         item = srd_json_next(item), put++) {
        srd_mcp_comma(out);
        srd_json_print(item, false, out);
    }
    srd_buf_printf(out, "],\"total\":%zu,\"hasMore\":%s}", total, put < total ? "true" : "false");
}

/* The prompt's name, or the template; NULL: neither. */
static const char *ref_of(const struct srd_mcp_job *job)
{
    const struct srd_json *ref = srd_json_get(job->params, "ref");
    const char *type = srd_json_text(srd_json_get(ref, "type"));

    if (type && !strcmp(type, "ref/prompt"))
        return srd_json_text(srd_json_get(ref, "name"));
    if (type && !strcmp(type, "ref/resource"))
        return srd_json_text(srd_json_get(ref, "uri"));
    return NULL;
}

void srd_mcp_complete(struct srd_mcp_job *job)
{
    const struct srd_json *argument = srd_json_get(job->params, "argument");
    const char *name = srd_json_text(srd_json_get(argument, "name"));
    const char *begun = srd_json_text(srd_json_get(argument, "value"));
    const char *ref = ref_of(job);
    const struct srd_mcp_tables *tables = job->exchange->mcp->tables;
    SRD_CLEANUP(srd_json_free) struct srd_json *values = srd_json_array();
    struct srd_buf *out;

    if (!name || !begun) {
        srd_mcp_error(job, 200, SRD_MCP_BAD_PARAMS, NULL,
                      "params.argument must have a name and a value, both strings");
        return;
    }
    if (!ref || !tables->complete(tables, &job->exchange->caller, ref, name, begun, values)) {
        srd_mcp_error(job, 200, SRD_MCP_BAD_PARAMS, NULL, "unknown ref %s",
                      ref ? srd_mcp_shown(job->arena, ref) : "");
        return;
    }
    out = srd_mcp_open(job, NULL);
    put_values(out, values);
    srd_mcp_close(job, SRD_MCP_NO_HINT);
}
