/* What kind of message is this, and where are its parts? */

#include "lib/mcp/mcp_private.h"

#include <math.h>
#include <string.h>

/*
 * Ids and progress tokens go back exactly as they came, digit by digit, so they are cut out of the
 * text. It was parsed before: nothing is checked here, and nothing runs beyond the closing bracket
 * of the object or array it is in.
 */
static const char *behind_string(const char *at)
{
    for (at++; *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at + 1;
}

static const char *behind_value(const char *at)
{
    size_t depth = 0;

    if (*at != '"' && *at != '{' && *at != '[')
        return at + strcspn(at, ",]} \t\r\n");
    do {
        if (*at == '"') {
            at = behind_string(at);
            continue;
        }
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
    } while (depth);
    return at;
}

const char *srd_mcp_source_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')
        at++;
    return at;
}

const char *srd_mcp_source_next(const char *at)
{
    at = srd_mcp_source_blanks(behind_value(at));
    return *at == ',' ? srd_mcp_source_blanks(at + 1) : at;
}

/* The value of the member of number @index of the object at @at. */
static struct srd_mcp_slice member_at(const char *at, size_t index)
{
    at = srd_mcp_source_blanks(at + 1);
    for (;; index--) {
        at = srd_mcp_source_blanks(behind_string(at)); /* the colon */
        at = srd_mcp_source_blanks(at + 1);
        if (!index)
            return (struct srd_mcp_slice){ at, (size_t)(behind_value(at) - at) };
        at = srd_mcp_source_next(at);
    }
}

static struct srd_mcp_slice member(const char *at, const struct srd_json *object, const char *key)
{
    const struct srd_json *item = srd_json_first(object);
    size_t index = 0;

    for (; item; item = srd_json_next(item), index++)
        if (!strcmp(srd_json_key(item), key))
            return member_at(at, index);
    return (struct srd_mcp_slice){ 0 };
}

struct srd_mcp_slice srd_mcp_source_param(const char *source, const struct srd_mcp_message *message,
                                          const char *key)
{
    return member(member(source, message->tree, "params").text, message->params, key);
}

/* A text, or a whole number. */
static bool can_be_id(const struct srd_json *json)
{
    double number;

    return srd_json_text(json) || (srd_json_number(json, &number) && trunc(number) == number);
}

/* Of @params, whose text is at @source: what the protocol itself wants to know. */
static void look_at_meta(struct srd_mcp_message *out, const char *source)
{
    const struct srd_json *meta = srd_json_get(out->params, "_meta"), *version;
    struct srd_mcp_slice slice;

    if (srd_json_kind(meta) != SRD_JSON_OBJECT)
        return;
    out->meta = meta;
    version = srd_json_get(meta, "io.modelcontextprotocol/protocolVersion");
    out->has_version = version != NULL;
    out->version = srd_json_text(version);
    if (can_be_id(srd_json_get(meta, "progressToken"))) {
        slice = member(source, out->params, "_meta");
        out->token = member(slice.text, meta, "progressToken");
    }
}

static void refuse(struct srd_mcp_message *out, const char *wrong)
{
    out->kind = SRD_MCP_BROKEN;
    out->wrong = wrong;
}

/* Is it one at all, and what kind? */
static void look_at_kind(struct srd_mcp_message *out, const struct srd_json *tree)
{
    const struct srd_json *id = srd_json_get(tree, "id"), *method = srd_json_get(tree, "method");
    const char *jsonrpc = srd_json_text(srd_json_get(tree, "jsonrpc"));
    bool result = srd_json_get(tree, "result"), error = srd_json_get(tree, "error");

    out->method = srd_json_text(method);
    if (out->method && !id)
        out->kind = SRD_MCP_NOTIFICATION; /* also one that is wrong: it gets no answer */
    else if (id && !can_be_id(id))
        refuse(out, "id must be a string or an integer");
    else if (!jsonrpc || strcmp(jsonrpc, "2.0") != 0)
        refuse(out, "jsonrpc must be \"2.0\"");
    else if (!method && id && result != error)
        out->kind = SRD_MCP_RESPONSE;
    else if (!out->method)
        refuse(out, method ? "method must be a string" : "there is no method");
    else
        out->kind = SRD_MCP_REQUEST;
}

void srd_mcp_message_look(struct srd_mcp_message *out, const char *source,
                          const struct srd_json *tree)
{
    const struct srd_json *params;
    struct srd_mcp_slice slice;

    *out = (struct srd_mcp_message){ .tree = tree };
    if (srd_json_kind(tree) != SRD_JSON_OBJECT) {
        refuse(out, "a message must be an object");
        return;
    }
    look_at_kind(out, tree);
    if (can_be_id(srd_json_get(tree, "id")))
        out->id = member(source, tree, "id");
    params = srd_json_get(tree, "params");
    if (srd_json_kind(params) == SRD_JSON_OBJECT) {
        out->params = params;
        slice = member(source, tree, "params");
        look_at_meta(out, slice.text);
    }
    out->bad_params =
        srd_json_kind(params) != SRD_JSON_OBJECT && srd_json_kind(params) != SRD_JSON_NULL;
}
