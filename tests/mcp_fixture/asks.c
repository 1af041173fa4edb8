/* Does a legacy client answer when a tool asks it? */

#include "tests/mcp_fixture/fixture.h"

#include <string.h>

#include "lib/base/cleanup.h"

/* Asks, and says @words and the answer. */
static void ask(struct srd_mcp_call *call, struct srd_mcp_result *out, const char *method,
                const char *params, const char *words)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf answer;
    SRD_CLEANUP(srd_json_free) struct srd_json *tree = NULL;
    struct srd_error err = { 0 };
    const char *text, *action;

    srd_buf_init(&answer, SRD_MCP_MAX_MESSAGE);
    if (srd_mcp_ask(call, method, params, &answer, &err) ||
        srd_json_parse(answer.data, answer.size, SRD_MCP_MAX_MESSAGE, &tree, &err)) {
        srd_mcp_result_fault(out, "%s", err.text);
        return;
    }
    text = srd_json_text(srd_json_get(srd_json_get(tree, "content"), "text"));
    action = srd_json_text(srd_json_get(tree, "action"));
    if (action) {
        SRD_CLEANUP(srd_buf_free) struct srd_buf content;

        srd_buf_init(&content, SRD_MCP_MAX_MESSAGE);
        srd_json_print(srd_json_get(tree, "content"), false, &content);
        text = srd_arena_printf(call->arena, "action=%s, content=%s", action, content.data);
    }
    srd_mcp_result_text(out, srd_arena_printf(call->arena, "%s: %s", words, text ? text : "?"));
}

/* @before, a quoted text, @after. */
static const char *with_text(struct srd_mcp_call *call, const char *before, const char *text,
                             const char *after)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf quoted;

    srd_buf_init(&quoted, SRD_MCP_MAX_MESSAGE * 2);
    srd_json_quote(&quoted, text, strlen(text));
    return srd_arena_printf(call->arena, "%s%s%s", before, quoted.data, after);
}

void ask_sampling(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    ask(call, out, "sampling/createMessage",
        with_text(call,
                  "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":",
                  call->args[0].text, "}}],\"maxTokens\":100}"),
        "LLM response");
}

void ask_elicitation(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    ask(call, out, "elicitation/create",
        with_text(call, "{\"message\":", call->args[0].text,
                  ",\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"username\":{\"type\":"
                  "\"string\",\"description\":\"User's response\"},\"email\":{\"type\":\"string\","
                  "\"description\":\"User's email address\"}},\"required\":[\"username\",\"email\"]"
                  "}}"),
        "User response");
}

void ask_defaults(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    ask(call, out, "elicitation/create",
        "{\"message\":\"Please review the defaults\",\"requestedSchema\":{\"type\":\"object\","
        "\"properties\":{\"name\":{\"type\":\"string\",\"default\":\"John Doe\"},"
        "\"age\":{\"type\":\"integer\",\"default\":30},"
        "\"score\":{\"type\":\"number\",\"default\":95.5},"
        "\"status\":{\"type\":\"string\",\"enum\":[\"active\",\"inactive\",\"pending\"],"
        "\"default\":\"active\"},"
        "\"verified\":{\"type\":\"boolean\",\"default\":true}},\"required\":[]}}",
        "Elicitation completed");
}

void ask_enums(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    ask(call, out, "elicitation/create",
        "{\"message\":\"Please choose\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{"
        "\"untitledSingle\":{\"type\":\"string\",\"enum\":[\"option1\",\"option2\",\"option3\"]},"
        "\"titledSingle\":{\"type\":\"string\",\"oneOf\":[{\"const\":\"value1\",\"title\":"
        "\"First Option\"},{\"const\":\"value2\",\"title\":\"Second Option\"},{\"const\":\"value3\","
        "\"title\":\"Third Option\"}]},"
        "\"legacyEnum\":{\"type\":\"string\",\"enum\":[\"opt1\",\"opt2\",\"opt3\"],\"enumNames\":["
        "\"Option One\",\"Option Two\",\"Option Three\"]},"
        "\"untitledMulti\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":["
        "\"option1\",\"option2\",\"option3\"]}},"
        "\"titledMulti\":{\"type\":\"array\",\"items\":{\"anyOf\":[{\"const\":\"value1\",\"title\":"
        "\"First Choice\"},{\"const\":\"value2\",\"title\":\"Second Choice\"},{\"const\":\"value3\","
        "\"title\":\"Third Choice\"}]}}},\"required\":[]}}",
        "Elicitation completed");
}

/* M10: a modern client that has not declared what the tool needs. */
void need_sampling(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    const struct srd_json *meta = srd_json_get(call->params, "_meta");

    if (srd_json_get(srd_json_get(meta, "io.modelcontextprotocol/clientCapabilities"), "sampling") ||
        !call->modern) {
        srd_mcp_result_text(out, "Sampling was declared.");
        return;
    }
    fixture_say(out, "\"message\":\"this tool needs sampling\",\"data\":{\"requiredCapabilities\":{"
                     "\"sampling\":{}}}");
    out->code = -32021;
}
