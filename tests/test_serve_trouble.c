/* What do the users of a tenant read when something goes wrong behind its agent? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/serve/trouble.h"
#include "tests/rows.h"

#define URL "http://10.0.0.1:8080"

static const struct row {
    const char *name;
    bool known;
    enum srd_agent_fault fault;
    const char *want; /* "STATUS STATE ERROR|MESSAGE"; NULL: nothing is wrong */
} rows[] = {
    { "nobody asked yet", false, SRD_AGENT_FINE, NULL },
    { "an agent that is well", true, SRD_AGENT_FINE, NULL },
    { "nobody there", true, SRD_AGENT_LOST,
      "502 unreachable Agent connection failed|Failed to connect to agent at " URL },
    { "somebody who is silent", true, SRD_AGENT_SILENT,
      "502 unreachable Agent connection failed|Failed to connect to agent at " URL },
    { "our token is not the agent's", true, SRD_AGENT_TOKEN, "502 unauthorized Unauthorized|Invalid or missing agent token" },
    { "an agent that says no", true, SRD_AGENT_REFUSES,
      "502 refusing Agent refused the request|The agent at " URL " does not answer this" },
    { "an agent without its cluster", true, SRD_AGENT_CLUSTER,
      "502 database_unreachable Database connection failed|The agent at " URL " cannot reach its cluster" },
};

static void test_row(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct row *row = *state;
    struct srd_remote_state agent = { .url = URL, .known = row->known, .fault = row->fault, .error = "words" };
    struct srd_trouble trouble;
    bool some = srd_trouble_of_state(&agent, "acme", arena, &trouble);

    assert_int_equal(some, row->want != NULL);
    if (!some) {
        assert_string_equal(srd_agent_status(&agent), row->known ? "healthy" : "unknown");
        return;
    }
    assert_string_equal(srd_arena_printf(arena, "%d %s %s|%s", trouble.status, srd_agent_status(&agent), trouble.error,
                                         trouble.message),
                        row->want);
    assert_string_equal(trouble.tenant, "acme");
    assert_string_equal(trouble.detail, "words");
}

/* ---- errors of runs; the remote has no trouble of its own ---- */

static const struct error_row {
    const char *name;
    enum srd_code code;
    const char *want;
} errors[] = {
    { "no room in our pool", SRD_E_LIMIT, "503 Server at capacity|try again in a moment" },
    { "a cluster that answers nothing in time", SRD_E_CONNECT, "504 SQL execution timeout|Query exceeded 43s timeout" },
    { "a run that is out of time", SRD_E_TIMEOUT, "504 SQL execution timeout|Query exceeded 43s timeout" },
    { "whatever else", SRD_E_INTERNAL, "502 Diagnosis failed|words" },
};

static void test_error(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct error_row *row = *state;
    struct srd_tenant_agents agents = { .urls = { URL }, .token = "x" };
    struct srd_remote_options how = { 0 };
    SRD_CLEANUP(srd_remote_drop) struct srd_remote *remote = srd_remote_new(&agents, &how);
    struct srd_error err = { .code = row->code, .text = "words" };
    struct srd_trouble trouble;

    srd_trouble_of_error(remote, "acme", &err, 42600, arena, &trouble);
    assert_string_equal(srd_arena_printf(arena, "%d %s|%s", trouble.status, trouble.error, trouble.message), row->want);
}

static void test_result(void **state)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };
    SRD_CLEANUP(srd_json_free) struct srd_json *body = NULL;
    struct srd_trouble trouble = { .status = 504, .error = "E", .message = "M", .tenant = "acme",
                                   .detail = "\x1b[2J\xe2\x80\xae" "evil" };
    int status = 0;

    (void)state;
    srd_buf_init(&out, 65536);
    srd_buf_text(&out, "{\"isError\":true,");
    srd_trouble_put(&trouble, &out);
    srd_buf_char(&out, '}');
    body = srd_trouble_in(out.data, out.size, &status);
    assert_non_null(body);
    assert_int_equal(status, 504);
    assert_string_equal(srd_json_text(srd_json_get(body, "tenant")), "acme");
    assert_null(strchr(srd_json_text(srd_json_get(body, "detail")), '\x1b')); /* the agent's words are data */
    assert_null(strstr(srd_json_text(srd_json_get(body, "detail")), "\xe2\x80\xae"));
    assert_null(srd_json_get(body, "hint"));
}

static void test_no_result(void **state)
{
    static const char *const texts[] = {
        "{}",
        "",
        "{\"content\":[{\"type\":\"text\",\"text\":\"\\\"srdiag/trouble\\\"\"}]}", /* a row may hold the word */
        "{\"content\":[{\"type\":\"text\",\"text\":\"x\",\"_meta\":{\"srdiag/trouble\":1}}]}",
        "{\"content\":[],\"_meta\":{\"srdiag/trouble\":{\"status\":502,\"body\":{}}}}",
        "{\"content\":[{\"_meta\":{\"srdiag/trouble\":{\"body\":{}}}}]}",
    };
    int status = 0;

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(texts); i++)
        assert_null(srd_trouble_in(texts[i], strlen(texts[i]), &status));
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(errors) + 2];
    size_t n = 0;

    memset(tests, 0, sizeof(tests));
    ADD_ROWS(tests, n, rows, test_row);
    ADD_ROWS(tests, n, errors, test_error);
    tests[n++] = (struct CMUnitTest){ .name = "it is found again in the result that says it", .test_func = test_result };
    tests[n++] = (struct CMUnitTest){ .name = "and in no other", .test_func = test_no_result };
    return _cmocka_run_group_tests("serve trouble", tests, n, NULL, NULL);
}
