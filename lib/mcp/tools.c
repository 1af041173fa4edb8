/* How is a tool called, or a method that is handed in as tools are? */

#include "lib/mcp/mcp_private.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define MAX_FAULTS ((size_t)64 << 10)

const struct srd_mcp_tool *srd_mcp_tool_find(const struct srd_mcp *mcp, const char *name)
{
    for (const struct srd_mcp_tool *tool = mcp->tables->tools; tool && tool->name; tool++)
        if (!strcmp(tool->name, name))
            return tool;
    return NULL;
}

/* The answer of the job is what the tool said. */
static void respond(struct srd_mcp_job *job, const struct srd_mcp_result *result)
{
    const struct srd_mcp_tables *tables = job->exchange->mcp->tables;

    if (tables->called)
        tables->called(&job->call, result, srd_clock_monotonic_ms() - job->started_ms,
                       srd_mcp_job_cancelled(job));
    srd_mcp_respond(job, result, "\"content\":[]");
}

static void work(struct srd_mcp_job *job)
{
    SRD_CLEANUP(srd_mcp_result_free) struct srd_mcp_result result = { 0 };

    job->call.tool->run(&job->call, &result);
    respond(job, &result);
}

/* What the tool takes, from what came. False: the result says what is wrong. */
static bool read_arguments(struct srd_mcp_job *job, struct srd_mcp_result *result)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf faults = { 0 };
    size_t count;

    if (job->call.tool->input_schema)
        return true;
    srd_buf_init(&faults, MAX_FAULTS);
    count = srd_mcp_arguments(job->arena, job->call.tool->args, job->call.arguments,
                              &job->call.args, &faults);
    if (count)
        srd_mcp_result_fault(result, "%zu argument fault%s. %s", count, count == 1 ? "" : "s",
                             faults.data);
    return !count;
}

void srd_mcp_tool_begin(struct srd_mcp_job *job, const struct srd_mcp_tool *tool,
                        const struct srd_json *arguments)
{
    SRD_CLEANUP(srd_mcp_result_free) struct srd_mcp_result result = { 0 };

    job->call.tool = tool;
    job->call.arguments = arguments;
    if (!read_arguments(job, &result) || (tool->quick && tool->quick(&job->call, &result)))
        respond(job, &result);
    else
        job->work = work;
}

/* The name that was probably meant. */
static const char *nearest(struct srd_mcp_job *job, const char *name)
{
    const struct srd_mcp *mcp = job->exchange->mcp;
    const struct srd_mcp_tool *tools = mcp->tables->tools;
    size_t count = mcp->lists[SRD_MCP_TOOLS].count;
    const char **names = srd_arena_array(job->arena, count + 1, sizeof(*names));

    for (size_t i = 0; i < count; i++)
        names[i] = tools[i].name;
    return srd_text_nearest(name, names);
}

static void unknown(struct srd_mcp_job *job, const char *name)
{
    const char *near = nearest(job, name);

    srd_mcp_error(job, job->exchange->bare ? 404 : 200, SRD_MCP_BAD_PARAMS, NULL,
                  "unknown tool %s%s%s%s", srd_mcp_shown(job->arena, name),
                  near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

void srd_mcp_tools_call(struct srd_mcp_job *job)
{
    const char *name = srd_json_text(srd_json_get(job->params, "name"));
    const struct srd_json *arguments = srd_json_get(job->params, "arguments");
    enum srd_json_kind kind = srd_json_kind(arguments);
    const struct srd_mcp_tool *tool = name ? srd_mcp_tool_find(job->exchange->mcp, name) : NULL;

    if (!name)
        srd_mcp_error(job, 200, SRD_MCP_BAD_PARAMS, NULL, "params.name must be a string");
    else if (!tool)
        unknown(job, name);
    else if (kind != SRD_JSON_OBJECT && kind != SRD_JSON_NULL)
        srd_mcp_error(job, 200, SRD_MCP_BAD_PARAMS, NULL, "params.arguments must be an object");
    else
        srd_mcp_tool_begin(job, tool, kind == SRD_JSON_OBJECT ? arguments : NULL);
}

struct srd_mcp_exchange *srd_mcp_call_tool(struct srd_mcp *mcp, const char *scope,
                                           const struct srd_mcp_caller *caller,
                                           const struct srd_mcp_sink *sink, const char *name,
                                           const struct srd_json *arguments)
{
    struct srd_mcp_link link = { .transport = SRD_MCP_HTTP, .scope = scope };
    struct srd_mcp_exchange *exchange = srd_mcp_exchange_new(mcp, &link, caller, sink);
    struct srd_mcp_job *job;
    const struct srd_mcp_tool *tool = srd_mcp_tool_find(mcp, name);

    exchange->bare = true;
    job = srd_mcp_job_new(exchange, NULL);
    if (tool)
        srd_mcp_tool_begin(job, tool, arguments);
    else
        unknown(job, name);
    srd_mcp_job_settle(job);
    return srd_mcp_exchange_settle(exchange);
}

/* ---- methods of the table ---- */

static void work_extra(struct srd_mcp_job *job)
{
    SRD_CLEANUP(srd_mcp_result_free) struct srd_mcp_result result = { 0 };

    job->extra->run(&job->call, &result);
    srd_mcp_respond(job, &result, "");
}

void srd_mcp_method_begin(struct srd_mcp_job *job, const struct srd_mcp_method *method)
{
    job->extra = method;
    job->work = work_extra;
}
