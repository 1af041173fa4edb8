#ifndef SRD_TESTS_MCP_LINT_H
#define SRD_TESTS_MCP_LINT_H

/*
 * Can every client live with these tables, and with what their tools say?
 *
 *     srd_buf_init(&found, SIZE_MAX);
 *     mcp_lint_tables(&tables, &found);          names, sizes, words, schemas
 *     mcp_lint_calls(&tables, &caller, &found);  each tool is called: nothing, null, texts, nonsense
 *     assert_string_equal(found.data, "");
 *
 * One line per find. The limits are those of real hosts: names and descriptions are cut or refused, lists
 * are dropped as a whole, results are cut in the middle, and no model is told.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/mcp/mcp.h"

struct mcp_lint {
    struct srd_buf *out;
    const char *where; /* tool, and how it was called */
};

__attribute__((format(printf, 2, 3))) static inline void lint_say(struct mcp_lint *l,
                                                                  const char *format, ...)
{
    va_list args;

    srd_buf_printf(l->out, "%s: ", l->where);
    va_start(args, format);
    srd_buf_vprintf(l->out, format, args);
    va_end(args);
    srd_buf_char(l->out, '\n');
}

/* ---- a client ---- */

struct lint_answer {
    struct srd_json *tree;
    size_t size, count;
};

static inline void lint_hear(void *context, const char *json, size_t n)
{
    (void)context, (void)json, (void)n;
}

static inline void lint_keep(void *context, int status, const char *json, size_t n)
{
    struct lint_answer *answer = context;
    struct srd_error err;

    (void)status;
    answer->count++;
    answer->size = n;
    if (srd_json_parse(json, n, n, &answer->tree, &err))
        answer->tree = NULL;
}

/* Sends @line as a legacy client; the answer's tree is the caller's to free. */
static inline struct lint_answer lint_ask(struct srd_mcp *mcp, const struct srd_mcp_caller *caller,
                                          const char *line)
{
    struct lint_answer answer = { 0 };
    struct srd_mcp_link link = { .transport = SRD_MCP_SSE, .scope = "" };
    struct srd_mcp_sink sink = { lint_hear, lint_keep, &answer };
    struct srd_mcp_exchange *exchange =
        srd_mcp_receive(mcp, &link, caller, &sink, line, strlen(line));

    if (exchange)
        srd_mcp_job_run(srd_mcp_jobs(exchange));
    return answer;
}

/* ---- words ---- */

static inline bool lint_in(const char *word, const char *list)
{
    size_t n = word ? strlen(word) : 0;

    for (const char *at = list; n && (at = strstr(at, word)); at += n)
        if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ' '))
            return true;
    return false;
}

/* At least one and at most @most bytes of clean text. */
static inline void lint_words(struct mcp_lint *l, const char *what, const char *text, size_t most)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;

    srd_buf_init(&clean, SIZE_MAX);
    if (!text || !*text) {
        lint_say(l, "%s is missing", what);
        return;
    }
    if (strlen(text) > most)
        lint_say(l, "%s has %zu bytes, more than %zu", what, strlen(text), most);
    for (const char *at = text; *at; at += strcspn(at, "\n\t")) {
        at += strspn(at, "\n\t");
        srd_utf8_clean(&clean, at, strcspn(at, "\n\t"));
    }
    for (const char *at = text; *at; at++)
        if (*at == '\n' || *at == '\t')
            srd_buf_char(&clean, *at);
    if (clean.size != strlen(text))
        lint_say(l, "%s has characters that show nothing or do something", what);
}

/* ^[a-z][a-z0-9_]{0,36}$: with the prefix of hosts it stays below the 64 of the model APIs. */
static inline void lint_name(struct mcp_lint *l, const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    if (name[n] || !n || n > 37 || *name < 'a' || *name > 'z')
        lint_say(l, "the name is not ^[a-z][a-z0-9_]{0,36}$");
}

/* ---- schemas ---- */

static inline void lint_property(struct mcp_lint *l, const char *name, const struct srd_json *schema)
{
    static const char allowed[] = "type description enum default minimum maximum minLength maxLength "
                                  "items minItems maxItems";
    const char *type = srd_json_text(srd_json_get(schema, "type"));
    const struct srd_json *values = srd_json_get(schema, "enum"), *items = srd_json_get(schema, "items");

    for (const struct srd_json *item = srd_json_first(schema); item; item = srd_json_next(item))
        if (!lint_in(srd_json_key(item), allowed))
            lint_say(l, "argument %s: not every client takes \"%s\"", name, srd_json_key(item));
    if (!lint_in(type, "string integer number boolean array"))
        lint_say(l, "argument %s: its type is no plain one", name);
    if (!srd_json_text(srd_json_get(schema, "description")))
        lint_say(l, "argument %s: there is no description", name);
    for (const struct srd_json *item = srd_json_first(values); item; item = srd_json_next(item))
        if (!srd_json_text(item))
            lint_say(l, "argument %s: a value is no text", name);
    if (type && !strcmp(type, "array") && !lint_in(srd_json_text(srd_json_get(items, "type")),
                                                   "string integer number boolean"))
        lint_say(l, "argument %s: an array says of what", name);
    if (lint_in(name, "password passwd secret token key url uri host hostname port path file"))
        lint_say(l, "argument %s: no tool takes secrets, addresses or files", name);
}

/* The subset that every client takes. */
static inline void lint_input(struct mcp_lint *l, const struct srd_json *schema)
{
    const struct srd_json *properties = srd_json_get(schema, "properties");
    const struct srd_json *required = srd_json_get(schema, "required");
    const char *type = srd_json_text(srd_json_get(schema, "type"));
    bool more = true;

    if (!type || strcmp(type, "object") != 0)
        lint_say(l, "inputSchema is no object");
    if (srd_json_kind(properties) != SRD_JSON_OBJECT || srd_json_kind(required) != SRD_JSON_ARRAY)
        lint_say(l, "inputSchema has no properties or no required");
    if (!srd_json_bool(srd_json_get(schema, "additionalProperties"), &more) || more)
        lint_say(l, "inputSchema leaves arguments open");
    for (const struct srd_json *item = srd_json_first(schema); item; item = srd_json_next(item))
        if (!lint_in(srd_json_key(item), "type properties required additionalProperties"))
            lint_say(l, "inputSchema: not every client takes \"%s\"", srd_json_key(item));
    for (const struct srd_json *item = srd_json_first(properties); item; item = srd_json_next(item))
        lint_property(l, srd_json_key(item), item);
    for (const struct srd_json *item = srd_json_first(required); item; item = srd_json_next(item))
        if (!srd_json_text(item) || !srd_json_get(properties, srd_json_text(item)))
            lint_say(l, "inputSchema requires what it does not have");
}

/* Closed types, every property typed, and room for more properties. */
static inline void lint_output(struct mcp_lint *l, const struct srd_json *schema, bool root)
{
    const char *type = srd_json_text(srd_json_get(schema, "type"));
    const struct srd_json *properties = srd_json_get(schema, "properties");
    bool more = true;

    if (!lint_in(type, "string integer number boolean array object null") ||
        (root && strcmp(type, "object") != 0)) {
        lint_say(l, "outputSchema: %s", root ? "its root is no object" : "something has no plain type");
        return;
    }
    if (srd_json_bool(srd_json_get(schema, "additionalProperties"), &more) && !more)
        lint_say(l, "outputSchema: properties cannot be added later");
    if (!strcmp(type, "array") && !srd_json_get(schema, "items"))
        lint_say(l, "outputSchema: an array says of what");
    if (srd_json_get(schema, "items"))
        lint_output(l, srd_json_get(schema, "items"), false);
    for (const struct srd_json *item = srd_json_first(properties); item; item = srd_json_next(item))
        lint_output(l, item, false);
}

/* Does @value look as @schema says? The part of JSON Schema that lint_output() allows. */
static inline bool lint_fits(const struct srd_json *schema, const struct srd_json *value)
{
    static const char *const types[] = { "null", "boolean", "number", "string", "array", "object" };
    const char *type = srd_json_text(srd_json_get(schema, "type"));
    const struct srd_json *properties = srd_json_get(schema, "properties"), *part;
    const struct srd_json *values = srd_json_get(schema, "enum"), *one = srd_json_first(values);
    enum srd_json_kind kind = srd_json_kind(value);
    double number = 0;

    if (type && strcmp(type, types[kind]) != 0 &&
        !(!strcmp(type, "integer") && srd_json_number(value, &number) &&
          (double)(int64_t)number == number))
        return false;
    for (; values && one; one = srd_json_next(one))
        if (srd_json_text(one) && srd_json_text(value) &&
            !strcmp(srd_json_text(one), srd_json_text(value)))
            break;
    if (values && !one)
        return false;
    for (one = srd_json_first(srd_json_get(schema, "required")); one; one = srd_json_next(one))
        if (kind == SRD_JSON_OBJECT && !srd_json_get(value, srd_json_text(one)))
            return false;
    for (one = srd_json_first(value); one; one = srd_json_next(one)) {
        part = kind == SRD_JSON_ARRAY ? srd_json_get(schema, "items")
                                      : srd_json_get(properties, srd_json_key(one));
        if (part && !lint_fits(part, one))
            return false;
    }
    return true;
}

/* ---- the tables ---- */

static inline void lint_common(struct mcp_lint *l, const struct srd_mcp_arg *arg)
{
    if (!strcmp(arg->name, "detail") &&
        (arg->type != SRD_MCP_ENUM || strcmp(arg->values, "concise detailed") != 0 ||
         !arg->fallback || strcmp(arg->fallback, "concise") != 0))
        lint_say(l, "argument detail: concise (the default) or detailed everywhere");
    if (!strcmp(arg->name, "limit") &&
        (arg->type != SRD_MCP_INTEGER || arg->max > 200 || arg->min < 1 || !arg->fallback))
        lint_say(l, "argument limit: an integer from 1 to 200, with a default");
    if (lint_in(arg->name, "cluster cursor since match") && arg->type != SRD_MCP_TEXT)
        lint_say(l, "argument %s: a text everywhere", arg->name);
}

static inline size_t lint_printed(const struct srd_json *json)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;

    srd_buf_init(&text, SIZE_MAX);
    srd_json_print(json, false, &text);
    return text.size;
}

/* Returns what a model reads of it, in bytes. */
static inline size_t lint_tool(struct mcp_lint *l, const struct srd_mcp_tool *tool,
                               const struct srd_json *listed)
{
    static const char *const hints[] = { "readOnlyHint", "destructiveHint", "idempotentHint",
                                         "openWorldHint" };
    const struct srd_json *annotations = srd_json_get(listed, "annotations");
    bool value;

    lint_name(l, tool->name);
    lint_words(l, "title", tool->title, 40);
    lint_words(l, "description", tool->description, 1024);
    for (size_t i = 0; i < SRD_COUNT(hints); i++)
        if (!srd_json_bool(srd_json_get(annotations, hints[i]), &value))
            lint_say(l, "%s is missing", hints[i]);
    lint_input(l, srd_json_get(listed, "inputSchema"));
    if (srd_json_get(listed, "outputSchema"))
        lint_output(l, srd_json_get(listed, "outputSchema"), true);
    for (const struct srd_mcp_arg *arg = tool->args; arg && arg->name; arg++)
        lint_common(l, arg);
    return strlen(tool->name) + (tool->description ? strlen(tool->description) : 0) +
           lint_printed(srd_json_get(listed, "inputSchema"));
}

static inline void lint_tools(struct mcp_lint *l, struct srd_mcp *mcp,
                              const struct srd_mcp_tables *tables)
{
    struct srd_mcp_caller caller = { 0 };
    struct lint_answer list =
        lint_ask(mcp, &caller, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
    const struct srd_json *listed =
        srd_json_first(srd_json_get(srd_json_get(list.tree, "result"), "tools"));
    size_t count = 0, read = 0;

    for (const struct srd_mcp_tool *tool = tables->tools; tool && tool->name; tool++, count++) {
        l->where = tool->name;
        read += lint_tool(l, tool, listed);
        listed = srd_json_next(listed);
        for (const struct srd_mcp_tool *other = tables->tools; other < tool; other++)
            if (!strcmp(other->name, tool->name))
                lint_say(l, "the name is there twice");
    }
    l->where = "tools";
    if (count > 24)
        lint_say(l, "%zu are more than 24", count);
    if (list.size > 24 * 1024)
        lint_say(l, "the list has %zu bytes, more than 24 KiB", list.size);
    if (read > 12 * 1024)
        lint_say(l, "a model reads %zu bytes of them, more than 12 KiB", read);
    srd_json_free(&list.tree);
}

static inline void mcp_lint_tables(const struct srd_mcp_tables *tables, struct srd_buf *out)
{
    struct srd_mcp *mcp = srd_mcp_new(tables);
    struct mcp_lint l = { out, "server" };

    lint_words(&l, "name", tables->name, 64);
    lint_words(&l, "title", tables->title, 64);
    lint_words(&l, "version", tables->version, 64);
    lint_words(&l, "instructions", tables->instructions, 2048);
    lint_tools(&l, mcp, tables);
    for (const struct srd_mcp_resource *item = tables->resources; item && item->uri; item++) {
        l.where = item->uri;
        lint_words(&l, "name", item->name, 64);
        lint_words(&l, "description", item->description, 1024);
        lint_words(&l, "mime", item->mime, 64);
        if (item->is_template != (strchr(item->uri, '{') != NULL))
            lint_say(&l, "a variable makes a template");
    }
    for (const struct srd_mcp_prompt *prompt = tables->prompts; prompt && prompt->name; prompt++) {
        l.where = prompt->name;
        lint_name(&l, prompt->name);
        lint_words(&l, "title", prompt->title, 40);
        lint_words(&l, "description", prompt->description, 1024);
        for (const struct srd_mcp_arg *arg = prompt->args; arg && arg->name; arg++) {
            lint_words(&l, arg->name, arg->help, 1024);
            if (arg->type != SRD_MCP_TEXT && arg->type != SRD_MCP_ENUM)
                lint_say(&l, "argument %s: prompts take texts", arg->name);
        }
    }
    srd_mcp_free(&mcp);
}

/* ---- results ---- */

/* All texts, as deep as they are. */
static inline void lint_texts(struct mcp_lint *l, const struct srd_json *json)
{
    double number;

    if (srd_json_text(json) && *srd_json_text(json))
        lint_words(l, "a text", srd_json_text(json), SIZE_MAX);
    if (srd_json_number(json, &number) && (number > 9007199254740991.0 || number < -9007199254740991.0) &&
        (double)(int64_t)number == number)
        lint_say(l, "a number that JavaScript rounds");
    for (const struct srd_json *item = srd_json_first(json); item; item = srd_json_next(item))
        lint_texts(l, item);
}

static inline void lint_object(struct mcp_lint *l, const struct srd_mcp_tool *tool,
                               const struct srd_json *object, const char *text)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *schema = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf printed;
    struct srd_error err;

    srd_buf_init(&printed, SIZE_MAX);
    srd_json_print(object, false, &printed);
    if (strcmp(printed.data, text) != 0)
        lint_say(l, "the text is not the object");
    if (srd_json_parse(tool->output_schema, strlen(tool->output_schema), SIZE_MAX, &schema, &err) ||
        !lint_fits(schema, object))
        lint_say(l, "the object is not what outputSchema says");
    if (!srd_json_first(object) || strcmp(srd_json_key(srd_json_first(object)), "summary") != 0 ||
        !srd_json_text(srd_json_first(object)))
        lint_say(l, "the first member is no summary");
    lint_texts(l, object);
}

static inline void lint_result(struct mcp_lint *l, const struct srd_mcp_tool *tool,
                               const struct lint_answer *answer, bool must_fail)
{
    const struct srd_json *result = srd_json_get(answer->tree, "result");
    const struct srd_json *object = srd_json_get(result, "structuredContent");
    const char *text = srd_json_text(
        srd_json_get(srd_json_first(srd_json_get(result, "content")), "text"));
    bool failed = false;

    srd_json_bool(srd_json_get(result, "isError"), &failed);
    if (answer->count != 1 || !result) {
        lint_say(l, "the answer is no result");
        return;
    }
    if (!text)
        lint_say(l, "there is no text");
    else if (strlen(text) > 24 * 1024)
        lint_say(l, "the text has %zu bytes, more than 24 KiB", strlen(text));
    if (must_fail && !failed)
        lint_say(l, "what is wrong was taken");
    if (failed && object)
        lint_say(l, "a failure is text only");
    if (failed && text)
        lint_words(l, "the failure", text, 4096);
    if (!failed && tool->output_schema && text)
        lint_object(l, tool, object, text);
}

enum { LINT_NOTHING, LINT_NULLS, LINT_TEXTS, LINT_UNKNOWN, LINT_WAYS };

static inline void lint_put_text(struct srd_buf *out, const struct srd_mcp_arg *arg)
{
    const char *text = arg->fallback;
    char number[24];

    snprintf(number, sizeof(number), "%" PRId64, arg->min);
    if (!text && (arg->type == SRD_MCP_INTEGER || arg->type == SRD_MCP_NUMBER))
        text = number;
    if (!text && arg->type == SRD_MCP_BOOL)
        text = "false";
    srd_buf_printf(out, "%c\"%s\":", out->data[out->size - 1] == '{' ? ' ' : ',', arg->name);
    if (text)
        srd_json_quote(out, text, strlen(text));
    else
        srd_buf_text(out, "null");
}

/* Each tool is called in four ways. What it answers may be a failure, but a well-formed one. */
static inline void mcp_lint_calls(const struct srd_mcp_tables *tables,
                                  const struct srd_mcp_caller *caller, struct srd_buf *out)
{
    static const char *const ways[] = { "with {}", "with nulls", "with texts", "with an unknown argument" };
    struct srd_mcp *mcp = srd_mcp_new(tables);

    for (const struct srd_mcp_tool *tool = tables->tools; tool && tool->name; tool++) {
        for (int way = 0; way < LINT_WAYS; way++) {
            SRD_CLEANUP(srd_buf_free) struct srd_buf line, where;
            struct mcp_lint l = { out, NULL };
            struct lint_answer answer;
            bool must_fail = way == LINT_UNKNOWN && !tool->input_schema;

            srd_buf_init(&line, SIZE_MAX);
            srd_buf_init(&where, SIZE_MAX);
            srd_buf_printf(&line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{"
                                  "\"name\":\"%s\",\"arguments\":{", tool->name);
            for (const struct srd_mcp_arg *arg = tool->args; arg && arg->name; arg++) {
                must_fail = must_fail || (arg->required && way != LINT_TEXTS);
                if (way == LINT_NULLS)
                    srd_buf_printf(&line, "%s\"%s\":null", arg == tool->args ? "" : ",", arg->name);
                else if (way == LINT_TEXTS)
                    lint_put_text(&line, arg);
            }
            srd_buf_text(&line, way == LINT_UNKNOWN ? "\"no_such_argument\":1}}}" : "}}}");
            srd_buf_printf(&where, "%s %s", tool->name, ways[way]);
            l.where = where.data;
            answer = lint_ask(mcp, caller, line.data);
            lint_result(&l, tool, &answer, must_fail);
            srd_json_free(&answer.tree);
        }
    }
    srd_mcp_free(&mcp);
}

#endif
