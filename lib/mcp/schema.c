/*
 * How is what a tool takes said in JSON Schema?
 *
 * In the subset that every client takes: an object with closed properties of one plain type each.
 * No references, no combinations, no conditions.
 */

#include "lib/mcp/mcp_private.h"

#include <inttypes.h>
#include <string.h>

static const char *const types[] = {
    [SRD_MCP_TEXT] = "string",  [SRD_MCP_INTEGER] = "integer", [SRD_MCP_NUMBER] = "number",
    [SRD_MCP_BOOL] = "boolean", [SRD_MCP_ENUM] = "string",     [SRD_MCP_TEXT_LIST] = "array",
};

static void put_values(struct srd_buf *out, const char *values)
{
    srd_buf_text(out, ",\"enum\":[");
    for (size_t n; *values; values += n) {
        values += strspn(values, " ");
        n = strcspn(values, " ");
        if (!n)
            break;
        srd_mcp_comma(out);
        srd_json_quote(out, values, n);
    }
    srd_buf_char(out, ']');
}

static void put_bounds(struct srd_buf *out, const struct srd_mcp_arg *arg)
{
    const char *low = "minimum", *high = "maximum";

    if (arg->type == SRD_MCP_TEXT) {
        low = "minLength";
        high = "maxLength";
    } else if (arg->type == SRD_MCP_TEXT_LIST) {
        low = "minItems";
        high = "maxItems";
    }
    if (arg->min || arg->type == SRD_MCP_INTEGER || arg->type == SRD_MCP_NUMBER)
        srd_buf_printf(out, ",\"%s\":%" PRId64, low, arg->min);
    srd_buf_printf(out, ",\"%s\":%" PRId64, high, arg->max);
}

static void put_arg(struct srd_buf *out, const struct srd_mcp_arg *arg)
{
    bool quoted = arg->type == SRD_MCP_TEXT || arg->type == SRD_MCP_ENUM;

    srd_mcp_comma(out);
    srd_json_quote(out, arg->name, strlen(arg->name));
    srd_buf_printf(out, ":{\"type\":\"%s\"", types[arg->type]);
    if (arg->type == SRD_MCP_ENUM)
        put_values(out, arg->values);
    if (arg->type == SRD_MCP_TEXT_LIST)
        srd_buf_text(out, ",\"items\":{\"type\":\"string\"}");
    if (arg->min || arg->max)
        put_bounds(out, arg);
    if (arg->fallback && quoted)
        srd_mcp_put_text(out, "default", arg->fallback);
    else if (arg->fallback)
        srd_buf_printf(out, ",\"default\":%s", arg->fallback);
    srd_mcp_put_text(out, "description", arg->help);
    srd_buf_char(out, '}');
}

void srd_mcp_schema(struct srd_buf *out, const struct srd_mcp_arg *args)
{
    srd_buf_text(out, "{\"type\":\"object\",\"properties\":{");
    for (const struct srd_mcp_arg *arg = args; arg && arg->name; arg++)
        put_arg(out, arg);
    srd_buf_text(out, "},\"required\":[");
    for (const struct srd_mcp_arg *arg = args; arg && arg->name; arg++) {
        if (!arg->required)
            continue;
        srd_mcp_comma(out);
        srd_json_quote(out, arg->name, strlen(arg->name));
    }
    srd_buf_text(out, "],\"additionalProperties\":false}");
}
