/* Which tools are there? Those of the catalogue, one per expert and view that has words for a
 * model. */

#include <ctype.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/serve/desk_private.h"
#include "lib/serve/results.h"

#define NONE ((size_t)-1)

/* ---- one call ---- */

static const struct srd_arg_value *values_of(const struct srd_arg *args, size_t count,
                                             const struct srd_mcp_value *values,
                                             struct srd_arena *arena)
{
    struct srd_arg_value *out = srd_arena_array(arena, count + 1, sizeof(*out));

    for (size_t i = 0; i < count; i++)
        out[i] = (struct srd_arg_value){
            .number = values[i].given ? values[i].number : args[i].fallback,
            .text = values[i].given ? values[i].text : NULL,
            .given = values[i].given,
        };
    return out;
}

static struct srd_wish wish_of(const struct srd_mcp_call *call)
{
    const struct srd_tool_row *row = call->tool->data;
    const struct srd_mcp_value *v = call->args;
    struct srd_wish wish = { .row = row };

    wish.args = values_of(row->args, row->arg_count, v, call->arena);
    if (v[row->at_cluster].given)
        wish.cluster = v[row->at_cluster].text;
    if (row->at_cursor != NONE && v[row->at_cursor].given)
        wish.cursor = v[row->at_cursor].text;
    if (row->at_detail != NONE && v[row->at_detail].given)
        wish.detailed = !strcmp(v[row->at_detail].text, "detailed");
    return wish;
}

static bool quick(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    struct srd_wish wish = wish_of(call);

    return srd_wish_quick(call, &wish, out);
}

static void run(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    struct srd_wish wish = wish_of(call);

    srd_wish_run(call, &wish, out);
}

void srd_result_put(struct srd_mcp_result *out, const struct srd_buf *json)
{
    struct srd_buf members;

    srd_buf_init(&members, json->ceiling * 4);
    srd_members_of_json(&members, json);
    srd_mcp_result_members(out, members.data, members.size, false);
    srd_buf_free(&members);
}

/* ---- the table ---- */

static size_t count_args(const struct srd_arg *args)
{
    size_t n = 0;

    while (args && args[n].type != SRD_ARG_END)
        n++;
    return n;
}

struct srd_mcp_arg srd_arg_for_tool(const struct srd_arg *arg, struct srd_arena *arena)
{
    struct srd_mcp_arg out = { .name = arg->tool, .required = arg->required, .help = arg->help };

    switch (arg->type) {
    case SRD_ARG_INTEGER:
        out.type = SRD_MCP_INTEGER;
        out.min = arg->min;
        out.max = arg->max;
        if (!arg->required)
            out.fallback = srd_arena_printf(arena, "%lld", (long long)arg->fallback);
        break;
    case SRD_ARG_ENUM:
        out.type = SRD_MCP_ENUM;
        out.values = arg->values;
        break;
    default:
        out.type = SRD_MCP_TEXT;
        out.min = 1;
        out.max = SRD_ARG_TEXT_MAX;
        break;
    }
    return out;
}

const struct srd_mcp_arg srd_arg_cluster = { .name = "cluster",
                                             .type = SRD_MCP_TEXT,
                                             .help = "see list_clusters" };
const struct srd_mcp_arg srd_arg_cursor = { .name = "cursor",
                                            .type = SRD_MCP_TEXT,
                                            .help = "next_cursor, to go on" };
const struct srd_mcp_arg srd_arg_detail = {
    .name = "detail",
    .type = SRD_MCP_ENUM,
    .values = "concise detailed",
    .fallback = "concise",
    .help = "detailed: more, with remedies",
};

/* Its own arguments, then the common ones. */
static const struct srd_mcp_arg *make_args(struct srd_tool_row *row)
{
    struct srd_arena *arena = row->desk->arena;
    struct srd_mcp_arg *out = srd_arena_array(arena, row->arg_count + 3, sizeof(*out));
    size_t n = 0;

    for (; n < row->arg_count; n++)
        out[n] = srd_arg_for_tool(&row->args[n], arena);
    row->at_detail = row->at_cursor = NONE;
    row->at_cluster = n;
    out[n++] = srd_arg_cluster;
    if (row->view)
        row->at_cursor = n;
    else
        row->at_detail = n;
    out[n] = row->view ? srd_arg_cursor : srd_arg_detail;
    return out;
}

/* "Storage health", "Load jobs: failed" */
static const char *title_of(const struct srd_tool_row *row)
{
    struct srd_arena *arena = row->desk->arena;
    char *title;

    if (!row->expert)
        return "Health of the whole cluster";
    title = row->view ? srd_arena_printf(arena, "%s: %s", row->expert->name, row->view->name)
                      : srd_arena_printf(arena, "%s health", row->expert->name);
    title[0] = (char)toupper((unsigned char)title[0]);
    for (char *p = title; *p; p++)
        if (*p == '-')
            *p = ' ';
    return title;
}

static struct srd_tool_row row_of(struct srd_desk *desk, const struct srd_expert *expert,
                                  const struct srd_view *view)
{
    struct srd_tool_row row = { .desk = desk, .expert = expert, .view = view };

    row.tool = view ? view->tool : expert->tool;
    row.args = view ? view->args : expert->args;
    row.arg_count = count_args(row.args);
    return row;
}

static void add_tool(struct srd_mcp_tool *out, struct srd_tool_row *row, const char *about)
{
    *out = (struct srd_mcp_tool){
        .name = row->tool,
        .title = title_of(row),
        .description = about,
        .args = make_args(row),
        .output_schema =
            row->view ? srd_schema_of_view(row->view, row->desk->arena) : srd_schema_of_report(),
        .quick = quick,
        .run = run,
        .data = row,
    };
}

static bool is_diagnosis(const struct srd_tool_row *row, const char *expert)
{
    return !row->view && !strcmp(row->expert ? row->expert->name : "", expert);
}

const struct srd_tool_row *srd_desk_diagnosis(const struct srd_desk *desk, const char *expert)
{
    for (const struct srd_mcp_tool *tool = desk->tables.tools; tool->name; tool++)
        if (tool->run == run && is_diagnosis(tool->data, expert))
            return tool->data;
    for (const struct srd_tool_row *row = desk->others; row->tool; row++)
        if (is_diagnosis(row, expert))
            return row;
    return NULL;
}

static size_t count_rows(const struct srd_catalogue *catalogue)
{
    size_t n = 1; /* all experts */

    for (const struct srd_expert *const *e = catalogue->experts; *e; e++) {
        n++;
        SRD_EACH_VIEW (view, (*e))
            n++;
    }
    return n;
}

/* One more of them: with words it is a tool, else it is among the others. */
static void put(struct srd_desk *desk, struct srd_mcp_tool *tools, size_t *n,
                const struct srd_tool_row *row, const char *about)
{
    struct srd_tool_row *kept;

    if (!row->tool)
        return;
    if (!about) {
        kept = desk->others;
        while (kept->tool)
            kept++;
        *kept = *row;
        return;
    }
    kept = srd_arena_alloc(desk->arena, sizeof(*kept));
    *kept = *row;
    add_tool(&tools[(*n)++], kept, about);
}

void srd_desk_make_tools(struct srd_desk *desk, bool run_query)
{
    size_t most = count_rows(desk->catalogue) + srd_desk_general_count(), n = 0;
    struct srd_mcp_tool *tools = srd_arena_array(desk->arena, most + 1, sizeof(*tools));
    struct srd_tool_row all = { .desk = desk, .tool = "analyze_system_comprehensive" };

    desk->others = srd_arena_array(desk->arena, most + 1, sizeof(*desk->others));
    put(desk, tools, &n, &all,
        "Start here: is the cluster healthy, and if not, why? Runs every check of every area "
        "(seconds; up "
        "to 45 s where the cluster is slow). Returns one score, root causes with steps, findings "
        "worst "
        "first, and what could not be checked. Then: explain (what a finding means), get_evidence "
        "(its "
        "rows), or the analyze_ tool of one area.");
    for (const struct srd_expert *const *e = desk->catalogue->experts; *e; e++) {
        struct srd_tool_row row = row_of(desk, *e, NULL);

        put(desk, tools, &n, &row, (*e)->about);
        SRD_EACH_VIEW (view, (*e)) {
            row = row_of(desk, *e, *view);
            put(desk, tools, &n, &row, (*view)->about);
        }
    }
    srd_desk_make_general(desk, run_query, &tools[n]);
    desk->tables.tools = tools;
}
