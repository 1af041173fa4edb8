/* What is in the lines about requests and calls, and what never is? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/serve/journal.h"
#include "lib/serve/serve_private.h"
#include "tests/rows.h"

#define TIME_SIZE 24 /* "2025-01-15T10:23:45.123Z" */

/* The lines, with "TIME" where the time was. */
static const char *lines_of(int fd, char *out, size_t size)
{
    static char raw[65536];
    ssize_t n = pread(fd, raw, sizeof(raw) - 1, 0);
    size_t used = 0;

    assert_true(n >= 0);
    raw[n] = '\0';
    for (char *at = raw; *at && used < size - 1;) {
        bool time = strlen(at) > TIME_SIZE && at[4] == '-' && at[10] == 'T' && at[19] == '.' && at[23] == 'Z';

        if (time) {
            used += (size_t)snprintf(out + used, size - used, "TIME");
            at += TIME_SIZE;
        } else {
            out[used++] = *at++;
        }
    }
    out[used] = '\0';
    return out;
}

struct fixture {
    char path[64];
    int fd;
    struct srd_journal *journal;
};

static void open_fixture(struct fixture *f, bool json)
{
    struct srd_journal_options options = { .fd = -1, .json = json, .access = true };
    struct srd_error err = { 0 };

    strcpy(f->path, "/tmp/srdiag-journal-XXXXXX");
    f->fd = mkstemp(f->path);
    assert_true(f->fd >= 0);
    options.access_file = f->path;
    assert_int_equal(srd_journal_new(&options, &f->journal, &err), 0);
}

static void close_fixture(struct fixture *f)
{
    srd_journal_free(&f->journal);
    close(f->fd);
    unlink(f->path);
}

static const struct row {
    const char *name;
    struct srd_journal_request request;
    bool json;
    const char *want;
} rows[] = {
    { "as the guide has it, and then who", { "GET", "/health", 200, 5, 231, "10.0.0.7", NULL, NULL, "abc", NULL }, false,
      "TIME GET /health 200 5ms peer=10.0.0.7 id=abc bytes=231\n" },
    { "with key and tenant", { "POST", "/call-tool", 200, 18, 7, "::1", "alice", "acme", "abc", NULL }, false,
      "TIME POST /call-tool 200 18ms peer=::1 key=alice tenant=acme id=abc bytes=7\n" },
    { "refused, and by whom", { "GET", "/", 403, 0, 7, "::1", NULL, NULL, "abc", "origin" }, false,
      "TIME GET / 403 0ms peer=::1 id=abc refused=origin bytes=7\n" },
    { "a path cannot make a line of its own", { "GET", "/a\n2025-01-15T10:23:45.123Z GET /b 200", 404, 0, 0, NULL, NULL, NULL, NULL, NULL }, false,
      "TIME GET /a\\nTIME GET /b 200 404 0ms bytes=0\n" },
    { "nor act on a terminal", { "G\x1b[31m", "/\xe2\x80\xae\xff", 404, 0, 0, NULL, NULL, NULL, NULL, NULL }, false,
      "TIME G\\e[31m /\\u{202E}\\xff 404 0ms bytes=0\n" },
    { "a value with a blank is quoted", { "GET", "/", 200, 0, 0, "a b", "x=y", "", NULL, NULL }, false,
      "TIME GET / 200 0ms peer=\"a b\" key=\"x=y\" tenant=\"\" bytes=0\n" },
    { "as JSON", { "GET", "/\"", 200, 5, 231, "10.0.0.7", "alice", NULL, "abc", NULL }, true,
      "{\"time\":\"TIME\",\"kind\":\"request\",\"method\":\"GET\",\"path\":\"/\\\"\",\"status\":200,\"ms\":5,"
      "\"peer\":\"10.0.0.7\",\"key\":\"alice\",\"id\":\"abc\",\"bytes\":231}\n" },
};

static void test_row(void **state)
{
    const struct row *row = *state;
    char got[8192];
    struct fixture f;

    open_fixture(&f, row->json);
    srd_journal_request(f.journal, &row->request);
    assert_string_equal(lines_of(f.fd, got, sizeof(got)), row->want);
    close_fixture(&f);
}

static const struct call_row {
    const char *name, *arguments;
    bool json, cancelled, error;
    const char *want;
} calls[] = {
    { "a call with its arguments", "{\"limit\":3,\"state\":\"FINISHED\"}", false, false, false,
      "TIME CALL t ok 18ms transport=sse peer=10.0.0.7 key=alice tenant=acme id=abc bytes=3 "
      "arguments={\"limit\":3,\"state\":\"FINISHED\"}\n" },
    { "one that failed", "{}", false, false, true,
      "TIME CALL t error 18ms transport=sse peer=10.0.0.7 key=alice tenant=acme id=abc bytes=3 arguments={}\n" },
    { "one that nobody waited for", NULL, false, true, true,
      "TIME CALL t cancelled 18ms transport=sse peer=10.0.0.7 key=alice tenant=acme id=abc bytes=3 arguments={}\n" },
    { "the cluster has a field of its own", "{\"cluster\":\"prod\"}", false, false, false,
      "TIME CALL t ok 18ms transport=sse peer=10.0.0.7 key=alice tenant=acme id=abc cluster=prod bytes=3 "
      "arguments={\"cluster\":\"prod\"}\n" },
    { "secrets are hidden, by the name and in the text",
      "{\"password\":\"geheim\",\"api_token\":7,\"sql\":\"SET PASSWORD = 'geheim'\",\"o\":{\"secret_key\":\"geheim\"}}", false, false, false,
      "TIME CALL t ok 18ms transport=sse peer=10.0.0.7 key=alice tenant=acme id=abc bytes=3 "
      "arguments={\"password\":\"***\",\"api_token\":\"***\",\"sql\":\"SET PASSWORD = '***'\","
      "\"o\":\"{\\\"secret_key\\\":\\\"***\\\"}\"}\n" },
    { "what was typed into a statement that failed is nobody's business",
      "{\"sql\":\"CREATE USER x IDENTIFIED BY 'geheim'\",\"api_key\":\"geheim\"}", false, false, true,
      "TIME CALL t error 18ms transport=sse peer=10.0.0.7 key=alice tenant=acme id=abc bytes=3 "
      "arguments={\"sql\":\"CREATE USER x IDENTIFIED BY ?\",\"api_key\":\"***\"}\n" },
    { "what would act on a terminal is shown", "{\"a\\u001b\":\"b\\n\\u202ec\"}", false, false, false,
      "TIME CALL t ok 18ms transport=sse peer=10.0.0.7 key=alice tenant=acme id=abc bytes=3 "
      "arguments={\"a\\\\e\":\"b\\\\n\\\\u{202E}c\"}\n" },
    { "as JSON", "{\"limit\":3}", true, false, false,
      "{\"time\":\"TIME\",\"kind\":\"call\",\"tool\":\"t\",\"outcome\":\"ok\",\"ms\":18,\"transport\":\"sse\","
      "\"peer\":\"10.0.0.7\",\"key\":\"alice\",\"tenant\":\"acme\",\"id\":\"abc\",\"bytes\":3,\"arguments\":{\"limit\":3}}\n" },
};

static void tell_call(struct srd_journal *journal, const char *arguments, bool error, bool cancelled)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_mcp_tool tool = { .name = "t" };
    struct srd_mcp_caller caller = { .principal = "alice", .tenant = "acme", .peer = "10.0.0.7", .request_id = "abc" };
    struct srd_mcp_result result = { .members = { .size = 3 }, .is_error = error };
    struct srd_mcp_call call = { .tool = &tool, .caller = &caller, .transport = SRD_MCP_SSE };
    struct srd_error err = { 0 };

    if (arguments)
        assert_int_equal(srd_json_parse(arguments, strlen(arguments), (size_t)8 << 20, &json, &err), 0);
    call.arguments = json;
    srd_journal_call(journal, &call, &result, 18, cancelled);
}

static void test_call(void **state)
{
    const struct call_row *row = *state;
    char got[8192];
    struct fixture f;

    open_fixture(&f, row->json);
    tell_call(f.journal, row->arguments, row->error, row->cancelled);
    assert_string_equal(lines_of(f.fd, got, sizeof(got)), row->want);
    close_fixture(&f);
}

/* Each line has to fit into one write of a pipe, and be JSON where JSON was asked for. */
static void test_long(void **state)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;
    struct fixture f;

    (void)state;
    srd_buf_init(&text, (size_t)8 << 20);
    srd_buf_text(&text, "{\"first\":\"");
    srd_buf_repeat(&text, 'x', 100000);
    srd_buf_text(&text, "\"");
    for (int i = 0; i < 3000; i++)
        srd_buf_printf(&text, ",\"argument %d\":[\"\\u001b\\u001b\\u001b\\u001b\",%d]", i, i);
    srd_buf_text(&text, "}");
    for (int json = 0; json < 2; json++) {
        static char got[65536], line[65536];
        struct srd_json *parsed = NULL;
        struct srd_error err = { 0 };

        open_fixture(&f, json);
        tell_call(f.journal, text.data, false, false);
        lines_of(f.fd, got, sizeof(got));
        assert_true(strlen(got) <= 4096 && strchr(got, '\n') == got + strlen(got) - 1);
        strcpy(line, json ? got : strstr(got, "arguments=") + 10);
        assert_int_equal(srd_json_parse(line, strlen(line) - 1, 65536, &parsed, &err), 0);
        srd_json_free(&parsed);
        close_fixture(&f);
    }
}

static void test_nowhere(void **state)
{
    struct srd_journal_options options = { .fd = -1, .access = true };
    struct srd_journal *journal;
    struct srd_error err = { 0 };

    (void)state;
    assert_int_equal(srd_journal_new(&options, &journal, &err), 0);
    srd_journal_request(journal, &rows[0].request);
    assert_int_equal(srd_journal_lost(journal), 0);
    options.access_file = "/nowhere/log";
    assert_int_equal(srd_journal_change(journal, &options, &err), SRD_E_SYSTEM);
    srd_journal_free(&journal);
}

static void test_full(void **state)
{
    struct srd_journal_options options = { .access_file = "/dev/full", .fd = -1, .access = true };
    struct srd_journal *journal;
    struct srd_error err = { 0 };
    int pipes[2];
    uint64_t lost = 0;

    (void)state;
    assert_int_equal(srd_journal_new(&options, &journal, &err), 0);
    srd_journal_request(journal, &rows[0].request);
    assert_int_equal(srd_journal_lost(journal), 1);
    /* a pipe that nobody reads */
    assert_int_equal(pipe(pipes), 0);
    options = (struct srd_journal_options){ .fd = pipes[1], .access = true };
    assert_int_equal(srd_journal_change(journal, &options, &err), 0);
    for (int i = 0; i < 5000 && !lost; i++) {
        srd_journal_request(journal, &rows[0].request);
        lost = srd_journal_lost(journal) - 1;
    }
    assert_int_equal(lost, 1);
    srd_journal_free(&journal);
    close(pipes[0]);
    close(pipes[1]);
}

/* ---- traceparent ---- */

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"

static const struct trace {
    const char *name, *header, *want;
} traces[] = {
    { "a trace id", "00-" ID "-00f067aa0ba902b7-01", ID },
    { "of a later version, which may be longer", "01-" ID "-00f067aa0ba902b7-01-more", ID },
    { "version ff is none", "ff-" ID "-00f067aa0ba902b7-01", NULL },
    { "zeroes are none", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", NULL },
    { "capitals are none", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", NULL },
    { "one that was cut", "00-" ID "-00f067aa0ba902b7", NULL },
    { "a short one", "00-4bf92f-00f067aa0ba902b7-01", NULL },
    { "nothing", "", NULL },
    { "no header", NULL, NULL },
};

static void test_trace(void **state)
{
    const struct trace *row = *state;
    char id[33];

    assert_int_equal(srd_trace_id(row->header, id), row->want != NULL);
    if (row->want)
        assert_string_equal(id, row->want);
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(calls) + SRD_COUNT(traces) + 3];
    size_t n = 0;

    srd_log_set_level(SRD_LOG_ERROR);
    memset(tests, 0, sizeof(tests));
    ADD_ROWS(tests, n, rows, test_row);
    ADD_ROWS(tests, n, calls, test_call);
    ADD_ROWS(tests, n, traces, test_trace);
    tests[n++] = (struct CMUnitTest){ .name = "however much was sent, a line is a line", .test_func = test_long };
    tests[n++] = (struct CMUnitTest){ .name = "nowhere is a place, too", .test_func = test_nowhere };
    tests[n++] = (struct CMUnitTest){ .name = "a full disk and a full pipe lose lines, and count them", .test_func = test_full };
    return cmocka_run_group_tests_name("serve journal", tests, NULL, NULL);
}
