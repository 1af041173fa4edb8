#ifndef SRD_TESTS_MCP_ROWS_H
#define SRD_TESTS_MCP_ROWS_H

/*
 * Rows of messages and answers, for the tests of lib/mcp: a small server, and one client that sends line
 * after line. In rows ' stands for ", and answers are compared byte by byte.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/base/utf8.h"
#include "lib/base/wait.h"
#include "lib/mcp/mcp.h"

/* ---- words of the rows ---- */

#define VERSION "'io.modelcontextprotocol/protocolVersion':'2026-07-28'"
#define META "'_meta':{" VERSION ",'io.modelcontextprotocol/clientCapabilities':{}}"
#define INFO "{'name':'t','title':'Test','version':'1'}"
#define SAYS "'_meta':{'io.modelcontextprotocol/serverInfo':" INFO "}"
#define ASK(id, method) "{'jsonrpc':'2.0','id':" id ",'method':'" method "'}\n"
#define ASK_WITH(id, method, params)                                                               \
    "{'jsonrpc':'2.0','id':" id ",'method':'" method "','params':{" params "}}\n"
#define TELL(method) "{'jsonrpc':'2.0','method':'" method "'}\n"
#define INITIALIZE(version) ASK_WITH("0", "initialize", "'protocolVersion':'" version "'")
#define CAPABILITIES "{'tools':{},'resources':{},'prompts':{},'completions':{}}"
#define INITIALIZED(version)                                                                       \
    "{'jsonrpc':'2.0','id':0,'result':{'protocolVersion':'" version "','serverInfo':" INFO         \
    ",'capabilities':" CAPABILITIES ",'instructions':'Begin.'}}\n"
#define GOOD(id, members) "{'jsonrpc':'2.0','id':" id ",'result':{" members "}}\n"
#define GOOD_MODERN(id, members)                                                                   \
    "{'jsonrpc':'2.0','id':" id ",'result':{'resultType':'complete'," members SAYS "}}\n"
#define BAD(id, code, message)                                                                     \
    "{'jsonrpc':'2.0','id':" id ",'error':{'code':" code ",'message':'" message "'}}\n"
#define BAD_WITH(id, code, message, data)                                                          \
    "{'jsonrpc':'2.0','id':" id ",'error':{'code':" code ",'message':'" message "','data':" data    \
    "}}\n"
#define BAD_NOBODY(code, message)                                                                  \
    "{'jsonrpc':'2.0','error':{'code':" code ",'message':'" message "'}}\n"
#define FOREVER "'ttlMs':300000,'cacheScope':'public',"
#define NOW "'ttlMs':0,'cacheScope':'private',"

/* ---- the small server ---- */

static inline void say_arguments(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    struct srd_json *object = srd_json_object();

    for (size_t i = 0; call->tool->args[i].name; i++) {
        const struct srd_mcp_arg *arg = &call->tool->args[i];
        const struct srd_mcp_value *value = &call->args[i];
        struct srd_json *list = NULL, *json = NULL;

        if (arg->type == SRD_MCP_INTEGER)
            json = srd_json_new_integer(value->number);
        else if (arg->type == SRD_MCP_NUMBER)
            json = srd_json_new_number(value->real);
        else if (arg->type == SRD_MCP_BOOL)
            json = srd_json_new_bool(value->yes);
        else if (arg->type != SRD_MCP_TEXT_LIST)
            json = srd_json_new_text(value->text);
        else
            json = list = srd_json_array();
        for (size_t n = 0; arg->type == SRD_MCP_TEXT_LIST && value->list && value->list[n]; n++)
            srd_json_push(list, srd_json_new_text(value->list[n]));
        if (value->given || arg->fallback)
            srd_json_put(object, arg->name, json);
        else
            srd_json_free(&json);
    }
    srd_mcp_result_object(out, object);
}

static inline bool say_kept(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    static const char kept[] = "\"content\":[{\"type\":\"text\",\"text\":\"kept\"}]";

    (void)call;
    srd_mcp_result_members(out, kept, sizeof(kept) - 1, false);
    return true;
}

static inline void say_fault(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    (void)call;
    srd_mcp_result_fault(out, "Cannot reach %s.", "fe1");
}

static inline void say_steps(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    srd_mcp_progress(call, 1, 3, "one");
    srd_mcp_progress(call, 1, 3, "not rising");
    srd_mcp_progress(call, 2.5, 0, NULL);
    srd_mcp_progress(call, 3, 3, "\xff three");
    srd_mcp_result_text(out, "done");
}

static inline void say_cancelled(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    srd_mcp_result_text(out, srd_flag_up(call->cancel) ? "cancelled" : "not cancelled");
}

static inline void say_numbers(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    struct srd_json *object = srd_json_object();

    (void)call;
    srd_json_put(object, "most", srd_json_new_integer(9007199254740991));
    srd_json_put(object, "more", srd_json_new_integer(9007199254740992));
    srd_json_put(object, "least", srd_json_new_integer(-9007199254740992));
    srd_json_put(object, "huge", srd_json_new_number_text("123456789012345678901234567890"));
    srd_json_put(object, "real", srd_json_new_number(0.1));
    srd_json_put(object, "wide", srd_json_new_number(1e300));
    srd_json_put(object, "text", srd_json_new_text("9007199254740992 \"9007199254740992\\"));
    srd_json_put(object, "nan", srd_json_new_number(0.0 / 0.0));
    srd_mcp_result_object(out, object);
}

static const struct srd_mcp_arg test_args[] = {
    { "cluster", SRD_MCP_TEXT, .min = 1, .max = 8, .help = "Alias." },
    { "limit", SRD_MCP_INTEGER, .fallback = "20", .min = 1, .max = 200, .help = "Rows." },
    { "ratio", SRD_MCP_NUMBER, .min = 0, .max = 1, .help = "Part." },
    { "all", SRD_MCP_BOOL, .fallback = "false", .help = "All." },
    { "detail", SRD_MCP_ENUM, .values = "concise detailed", .fallback = "concise",
      .help = "How much." },
    { "only", SRD_MCP_TEXT_LIST, .max = 3, .help = "Checks." },
    { 0 },
};
static const struct srd_mcp_arg label_args[] = {
    { "label", SRD_MCP_TEXT, .required = true, .help = "Label." },
    { "kind", SRD_MCP_ENUM, .required = true, .values = "a b", .help = "Kind." },
    { "days", SRD_MCP_INTEGER, .max = 9, .help = "Days." },
    { 0 },
};
#define OBJECT_SCHEMA "{\"type\":\"object\",\"properties\":{}}"
static const struct srd_mcp_tool test_tools[] = {
    { .name = "arguments", .title = "Arguments", .description = "Says what came.",
      .args = test_args, .output_schema = OBJECT_SCHEMA, .run = say_arguments },
    { .name = "load_status", .args = label_args, .run = say_arguments },
    { .name = "kept", .quick = say_kept, .writes = true },
    { .name = "fail", .run = say_fault },
    { .name = "steps", .run = say_steps },
    { .name = "wait", .run = say_cancelled },
    { .name = "numbers", .input_schema = "{\"type\":\"object\"}", .run = say_numbers },
    { 0 },
};

static inline int read_text(struct srd_mcp_call *call, const char *uri, const char *value,
                            struct srd_buf *out, struct srd_error *err)
{
    (void)call;
    if (value && !strcmp(value, "gone"))
        return srd_fail(err, SRD_E_DATA, "gone");
    if (value && !strcmp(value, "down"))
        return srd_fail(err, SRD_E_CONNECT, "cannot reach fe1");
    if (value && !strcmp(value, "long")) /* 300 KiB in lines of 64 bytes */
        for (int i = 0; i < 4800; i++)
            srd_buf_printf(out, "%063d\n", i);
    else
        srd_buf_printf(out, "%s %s", uri, value ? value : "-");
    return 0;
}
static const struct srd_mcp_resource test_resources[] = {
    { .uri = "t://plain", .name = "plain", .title = "Plain", .description = "A text.",
      .mime = "text/plain", .read = read_text, .is_static = true },
    { .uri = "t://bytes", .name = "bytes", .mime = "image/png", .read = read_text,
      .is_base64 = true },
    { .uri = "t://check/{id}", .name = "check", .mime = "text/plain", .is_template = true,
      .read = read_text },
    { .uri = "t://cluster/{alias}/overview", .name = "overview", .is_template = true,
      .read = read_text },
    { 0 },
};

static inline void fill(const struct srd_mcp_prompt *prompt, const struct srd_mcp_value *values,
                        struct srd_buf *out)
{
    (void)prompt;
    srd_buf_printf(out, "Look at \"%s\" %s.", values[0].text ? values[0].text : "all",
                   values[1].text);
}
static inline void say_messages(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    static const char members[] =
        "\"messages\":[{\"role\":\"assistant\",\"content\":{\"type\":\"text\",\"text\":\"x\"}}]";

    (void)call;
    srd_mcp_result_members(out, members, sizeof(members) - 1, false);
}
static const struct srd_mcp_arg triage_args[] = {
    { "cluster", SRD_MCP_TEXT, .help = "Alias." },
    { "since", SRD_MCP_TEXT, .required = true, .help = "From when." },
    { 0 },
};
static const struct srd_mcp_prompt test_prompts[] = {
    { "triage", "Triage", "Find it.", triage_args, fill, NULL, NULL },
    { "ready", NULL, NULL, NULL, NULL, say_messages, NULL },
    { 0 },
};

static inline bool complete(const struct srd_mcp_tables *tables,
                            const struct srd_mcp_caller *caller, const char *ref, const char *name,
                            const char *begun, struct srd_json *out)
{
    char value[16];

    (void)tables;
    (void)caller;
    if (strcmp(ref, "triage") != 0 && strcmp(ref, "t://check/{id}") != 0)
        return false;
    for (int i = 0; i < (!strcmp(begun, "many") ? 120 : 2); i++) {
        snprintf(value, sizeof(value), "%s%d", name, i);
        srd_json_push(out, srd_json_new_text(value));
    }
    return true;
}

static const struct srd_mcp_tables test_tables = {
    .name = "t",
    .title = "Test",
    .version = "1",
    .instructions = "Begin.",
    .tools = test_tools,
    .resources = test_resources,
    .prompts = test_prompts,
    .complete = complete,
    .progress_ms = -1, /* no limit: what is told must not depend on the clock */
};

/* ---- rows ---- */

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* rows say what they need */

struct mcp_row {
    const char *name;
    const char *in;   /* lines */
    const char *want; /* lines; over HTTP each begins with its status */
    enum srd_mcp_transport transport;
    const char *version, *method, *named; /* headers */
    const struct srd_mcp_tables *tables;  /* NULL: test_tables */
};

static inline char *quoted(const char *text)
{
    char *copy = strdup(text);

    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    return copy;
}

struct mcp_heard {
    struct srd_buf all;
    bool statuses;
    size_t answers;
};

static inline void check_line(const char *json, size_t n)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *tree = NULL;
    struct srd_error err;

    assert_true(srd_utf8_valid(json, n));
    assert_null(memchr(json, '\n', n));
    assert_int_equal(srd_json_parse(json, n, n, &tree, &err), 0);
}

static inline void hear_message(void *context, const char *json, size_t n)
{
    struct mcp_heard *heard = context;

    check_line(json, n);
    srd_buf_add(&heard->all, json, n);
    srd_buf_char(&heard->all, '\n');
}

static inline void hear_answer(void *context, int status, const char *json, size_t n)
{
    struct mcp_heard *heard = context;

    heard->answers++;
    if (heard->statuses)
        srd_buf_printf(&heard->all, "%d%s", status, n ? " " : "\n");
    if (n)
        hear_message(heard, json, n);
}

static inline void run_jobs(struct srd_mcp_exchange *exchange)
{
    for (struct srd_mcp_job *job = exchange ? srd_mcp_jobs(exchange) : NULL, *next; job;
         job = next) {
        next = srd_mcp_job_next(job);
        srd_mcp_job_run(job);
    }
}

static inline void check_mcp_row(void **state)
{
    const struct mcp_row *row = *state;
    SRD_CLEANUP(srd_free_text) char *in = quoted(row->in), *want = quoted(row->want);
    struct srd_mcp *mcp = srd_mcp_new(row->tables ? row->tables : &test_tables);
    struct srd_mcp_link link = { .transport = row->transport, .version_header = row->version,
                                 .method_header = row->method, .name_header = row->named };
    struct srd_mcp_caller caller = { 0 };
    struct mcp_heard heard = { .statuses = row->transport == SRD_MCP_HTTP };
    struct srd_mcp_sink sink = { hear_message, hear_answer, &heard };
    size_t lines = 0;

    srd_buf_init(&heard.all, SIZE_MAX);
    for (char *line = in, *end; *line; line = end + 1, lines++) {
        end = strchrnul(line, '\n');
        run_jobs(srd_mcp_receive(mcp, &link, &caller, &sink, line, (size_t)(end - line)));
        if (!*end)
            break;
    }
    assert_string_equal(heard.all.data, want);
    srd_buf_free(&heard.all);
    srd_mcp_free(&mcp);
}

static inline void add_mcp_rows(struct CMUnitTest *tests, size_t *count, const struct mcp_row *rows,
                                size_t n)
{
    for (size_t i = 0; i < n; i++)
        tests[(*count)++] = (struct CMUnitTest){ .name = rows[i].name,
                                                 .test_func = check_mcp_row,
                                                 .initial_state = (void *)(uintptr_t)&rows[i] };
}

#endif
