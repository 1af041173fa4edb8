/*
 * Does any message hurt, is it answered once at most, and in clean JSON of one line?
 *
 * The first byte chooses transport, era and headers; then come messages, one per line.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/mcp_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct exchange {
    size_t answers;
};

static void expect(bool good)
{
    if (!good)
        abort();
}

/* A response, a notification, or a batch of responses. */
static void check_json(const char *json, size_t n)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *tree = NULL;
    struct srd_error err;
    const struct srd_json *item;

    expect(srd_utf8_valid(json, n) && !memchr(json, '\n', n));
    expect(!srd_json_parse(json, n, n, &tree, &err));
    item = srd_json_kind(tree) == SRD_JSON_ARRAY ? srd_json_first(tree) : tree;
    expect(item != NULL);
    for (; item; item = item == tree ? NULL : srd_json_next(item)) {
        const struct srd_json *error = srd_json_get(item, "error");
        bool answer = (error != NULL) != (srd_json_get(item, "result") != NULL);

        expect(!strcmp(srd_json_text(srd_json_get(item, "jsonrpc")), "2.0"));
        expect(answer != (srd_json_get(item, "method") != NULL));
        expect(!srd_json_get(item, "result") || srd_json_get(item, "id"));
        if (error) {
            double code = 0;

            expect(srd_json_number(srd_json_get(error, "code"), &code) && code < 0);
            expect(srd_json_text(srd_json_get(error, "message")) != NULL);
        }
    }
}

static void take_message(void *context, const char *json, size_t n)
{
    struct exchange *exchange = context;

    expect(!exchange->answers);
    check_json(json, n);
}

static void take_answer(void *context, int status, const char *json, size_t n)
{
    struct exchange *exchange = context;

    expect(!exchange->answers++);
    expect(status == 200 || status == 202 || status == 400 || status == 404 || status == 413);
    expect(n || status == 202);
    if (n)
        check_json(json, n);
}

/* What cannot change is made once. */
static struct srd_mcp *server(void)
{
    static struct srd_mcp *mcp;

    if (!mcp)
        mcp = srd_mcp_new(&test_tables);
    return mcp;
}

static const char *pick(unsigned bits, const char *const *values)
{
    return values[bits & 3];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const versions[] = { NULL, "2026-07-28", "2025-11-25", "x" };
    static const char *const names[] = { NULL, "arguments", "=?base64?ZmFpbA==?=", "=?base64?x?=" };
    const char *text = (const char *)data + 1, *end;
    unsigned bits = size ? data[0] : 0;
    struct srd_mcp_link link = { .transport = bits & 1 ? SRD_MCP_STDIO : SRD_MCP_HTTP };
    struct srd_mcp_caller caller = { .principal = "p" };

    if (!size)
        return 0;
    if (link.transport == SRD_MCP_HTTP) {
        link.version_header = pick(bits >> 1, versions);
        link.method_header = bits & 8 ? "tools/call" : "resources/read";
        link.name_header = pick(bits >> 4, names);
    }
    for (size--; size; size -= (size_t)(end - text), text = end) {
        struct exchange exchange = { 0 };
        struct srd_mcp_sink sink = { take_message, take_answer, &exchange };

        end = memchr(text, '\n', size);
        end = end ? end + 1 : text + size;
        run_jobs(srd_mcp_receive(server(), &link, &caller, &sink, text,
                                 (size_t)(end - text) - (end[-1] == '\n')));
        expect(exchange.answers == 1);
    }
    return 0;
}
