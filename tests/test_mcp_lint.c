/* Does the lint of tools see what it is for? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "tests/mcp_lint.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* rows say what they need */

#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"properties\":{\"summary\":{\"type\":\"string\"},\"rows\":{\"type\":"    \
    "\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},"       \
    "\"required\":[\"n\"]}}},\"required\":[\"summary\"]}"
#define TEXT(text) "\"content\":[{\"type\":\"text\",\"text\":\"" text "\"}]"

/* The tool says what its data is: members, or "!" and the members of a failure. */
static void say_data(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    const char *members = call->tool->data;
    bool failed = *members == '!';

    srd_mcp_result_members(out, members + failed, strlen(members + failed), failed);
}

static const struct srd_mcp_arg cluster[] = { { "cluster", SRD_MCP_TEXT, .help = "Alias." }, { 0 } };
static const struct srd_mcp_arg token[] = { { "token", SRD_MCP_TEXT, .help = "A secret." }, { 0 } };
static const struct srd_mcp_arg silent[] = { { "match", SRD_MCP_TEXT }, { 0 } };
static const struct srd_mcp_arg detail[] = {
    { "detail", SRD_MCP_ENUM, .values = "short long", .help = "How much." }, { 0 }
};
static const struct srd_mcp_arg limit[] = {
    { "limit", SRD_MCP_INTEGER, .min = 1, .max = 1000, .fallback = "20", .help = "Rows." }, { 0 }
};
static const struct srd_mcp_arg required[] = {
    { "label", SRD_MCP_TEXT, .required = true, .help = "Label." },
    { "hours", SRD_MCP_INTEGER, .min = 1, .max = 24, .help = "Hours." },
    { 0 }
};

static char long_text[2048];
#define TOOL(name, title, words) name, title, words, .run = say_data
#define GOOD TOOL("good", "Good", "Good.")
#define SAID TEXT("{\\\"summary\\\":\\\"x\\\"}") ",\"structuredContent\":{\"summary\":\"x\"}"

static const struct row {
    const char *name;
    struct srd_mcp_tool tool;
    const char *tables, *calls; /* finds; NULL: none, "*": not looked at */
} rows[] = {
    { "nothing is found in a good tool", { GOOD, .args = cluster, .output_schema = SCHEMA, .data = SAID } },
    { "D1: a name with a dash", { TOOL("go-od", "Good", "Good."), .data = TEXT("x") },
      "go-od: the name is not ^[a-z][a-z0-9_]{0,36}$\n" },
    { "D1: a name of 38 letters", { TOOL("a2345678901234567890123456789012345678", "Good", "Good."),
                                    .data = TEXT("x") },
      "a2345678901234567890123456789012345678: the name is not ^[a-z][a-z0-9_]{0,36}$\n" },
    { "D3: no title", { .name = "good", .description = "x", .run = say_data, .data = TEXT("x") },
      "good: title is missing\n" },
    { "D3: a long title", { TOOL("good", "12345678901234567890123456789012345678901", "Good."),
                            .data = TEXT("x") }, "good: title has 41 bytes, more than 40\n" },
    { "D3: a long description", { TOOL("good", "Good", long_text), .data = TEXT("x") },
      "good: description has 2047 bytes, more than 1024\n" },
    { "D4: a description that is not clean", { TOOL("good", "Good", "a\xe2\x80\xae" "b"),
                                               .data = TEXT("x") },
      "good: description has characters that show nothing or do something\n" },
    { "D6: a schema with conditions",
      { GOOD, .data = TEXT("x"), .input_schema =
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":[\"string\",\"null\"],\"oneOf\":[]}},"
        "\"required\":[\"b\"],\"$defs\":{}}" },
      "good: inputSchema leaves arguments open\n"
      "good: inputSchema: not every client takes \"$defs\"\n"
      "good: argument a: not every client takes \"oneOf\"\n"
      "good: argument a: its type is no plain one\n"
      "good: argument a: there is no description\n"
      "good: inputSchema requires what it does not have\n" },
    { "D6: an array of anything",
      { GOOD, .data = TEXT("x"), .input_schema =
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"description\":\"x\"}},"
        "\"required\":[],\"additionalProperties\":false}" },
      "good: argument a: an array says of what\n" },
    { "D6: an argument without a word", { GOOD, .args = silent, .data = TEXT("x") },
      "good: argument match: there is no description\n" },
    { "D7: an argument that is a secret", { GOOD, .args = token, .data = TEXT("x") },
      "good: argument token: no tool takes secrets, addresses or files\n" },
    { "D8: an output that is no object", { GOOD, .output_schema = "{\"type\":\"array\"}",
                                           .data = SAID },
      "good: outputSchema: its root is no object\n", "*" },
    { "D8: an output without types",
      { GOOD, .data = SAID, .output_schema = "{\"type\":\"object\",\"additionalProperties\":false,"
                                "\"properties\":{\"summary\":{},\"a\":{\"type\":\"array\"}}}" },
      "good: outputSchema: properties cannot be added later\n"
      "good: outputSchema: something has no plain type\n"
      "good: outputSchema: an array says of what\n" },
    { "D9: another detail", { GOOD, .args = detail, .data = TEXT("x") },
      "good: argument detail: concise (the default) or detailed everywhere\n" },
    { "D9: another limit", { GOOD, .args = limit, .data = TEXT("x") },
      "good: argument limit: an integer from 1 to 200, with a default\n" },

    { "R1: no object", { GOOD, .output_schema = SCHEMA, .data = TEXT("x") }, NULL,
      "good with {}: the text is not the object\n"
      "good with {}: the object is not what outputSchema says\n"
      "good with {}: the first member is no summary\n" },
    { "R1: an object that does not fit",
      { GOOD, .output_schema = SCHEMA,
        .data = TEXT("{\\\"summary\\\":\\\"x\\\",\\\"rows\\\":[{\\\"n\\\":1},{}]}")
            ",\"structuredContent\":{\"summary\":\"x\",\"rows\":[{\"n\":1},{}]}" }, NULL,
      "good with {}: the object is not what outputSchema says\n" },
    { "R2: a failure with an object", { GOOD, .data = "!" SAID }, NULL,
      "good with {}: a failure is text only\n" },
    { "R3: another text", { GOOD, .output_schema = SCHEMA,
                            .data = TEXT("{}") ",\"structuredContent\":{\"summary\":\"x\"}" },
      NULL, "good with {}: the text is not the object\n" },
    { "R4: no summary", { GOOD, .output_schema = "{\"type\":\"object\"}",
                          .data = TEXT("{\\\"a\\\":1}") ",\"structuredContent\":{\"a\":1}" },
      NULL, "good with {}: the first member is no summary\n" },
    { "J10: a number that JavaScript rounds",
      { GOOD, .output_schema = SCHEMA,
        .data = TEXT("{\\\"summary\\\":\\\"x\\\",\\\"a\\\":9007199254740994}")
            ",\"structuredContent\":{\"summary\":\"x\",\"a\":9007199254740994}" }, NULL,
      "good with {}: a number that JavaScript rounds\n" },
    { "U2: a text that is not clean",
      { GOOD, .output_schema = SCHEMA,
        .data = TEXT("{\\\"summary\\\":\\\"a\\\\u001b\\\"}")
            ",\"structuredContent\":{\"summary\":\"a\\u001b\"}" }, NULL,
      "good with {}: a text has characters that show nothing or do something\n" },
    { "A3: a tool that takes anything",
      { GOOD, .input_schema = "{}", .args = required, .data = TEXT("x") }, "*",
      "good with {}: what is wrong was taken\ngood with nulls: what is wrong was taken\n"
      "good with an unknown argument: what is wrong was taken\n" },
    { "A1 to A3: a tool with arguments", { GOOD, .args = required, .data = TEXT("x") } },
};

static void check_row(void **state)
{
    const struct row *row = *state;
    const struct srd_mcp_tool tools[] = { row->tool, { 0 } };
    struct srd_mcp_tables tables = { .name = "t", .title = "T", .version = "1",
                                     .instructions = "x", .tools = tools };
    struct srd_mcp_caller caller = { 0 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf found;
    char *rest;

    srd_buf_init(&found, SIZE_MAX);
    mcp_lint_tables(&tables, &found);
    if (!row->tables || *row->tables != '*')
        assert_string_equal(found.data, row->tables ? row->tables : "");
    srd_buf_clear(&found);
    mcp_lint_calls(&tables, &caller, &found);
    if (row->calls && *row->calls == '*')
        return;
    /* the ways that are taken have the same finds: the first is enough */
    rest = strstr(found.data, "good with nulls");
    if (rest && !(row->calls && strstr(row->calls, "with nulls")))
        *rest = '\0';
    assert_string_equal(found.data, row->calls ? row->calls : "");
}

static void lists(void **state)
{
    static struct srd_mcp_tool tools[32];
    struct srd_mcp_tables tables = { .name = "t", .title = "T", .version = "1", .tools = tools };
    SRD_CLEANUP(srd_buf_free) struct srd_buf found;

    (void)state;
    for (size_t i = 0; i < 25; i++) {
        tools[i] = (struct srd_mcp_tool){ GOOD };
        tools[i].description = long_text + 1047;
    }
    srd_buf_init(&found, SIZE_MAX);
    mcp_lint_tables(&tables, &found);
    assert_non_null(strstr(found.data, "server: instructions is missing\n"));
    assert_non_null(strstr(found.data, "good: the name is there twice\n"));
    assert_non_null(strstr(found.data, "tools: 25 are more than 24\n"));
    assert_non_null(strstr(found.data, "more than 24 KiB\n"));
    assert_non_null(strstr(found.data, "more than 12 KiB\n"));
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + 1];
    size_t count = 0;

    memset(long_text, 'x', sizeof(long_text) - 1);
    for (; count < SRD_COUNT(rows); count++)
        tests[count] = (struct CMUnitTest){ .name = rows[count].name, .test_func = check_row,
                                            .initial_state = (void *)(uintptr_t)&rows[count] };
    tests[count++] = (struct CMUnitTest){ .name = "D2: too many, too long, twice", .test_func = lists };
    return _cmocka_run_group_tests("mcp lint", tests, count, NULL, NULL);
}
