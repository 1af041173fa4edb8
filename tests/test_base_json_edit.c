/* Is one member changed, and every other byte left alone? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/base/json_edit.h"

static const struct row {
    const char *name, *text;
    const char *path; /* keys parted by "/" */
    const char *value; /* NULL: drop */
    const char *want; /* NULL: refused */
} rows[] = {
    { "a value is replaced", "{\"a\":1}", "a", "2", "{\"a\":2}" },
    { "blanks around it stay", " { \"a\" :\t1 , \"b\":2 }\n", "a", "\"x\"", " { \"a\" :\t\"x\" , \"b\":2 }\n" },
    { "an object in the place of a number", "{\n  \"a\": 1\n}", "a", "{\n  \"b\": 2\n}", "{\n  \"a\": {\n    \"b\": 2\n  }\n}" },
    { "further down", "{\"t\":{\"a\":{\"e\":true}},\"e\":true}", "t/a/e", "false", "{\"t\":{\"a\":{\"e\":false}},\"e\":true}" },
    { "a member of another of the same name stays", "{\"x\":{\"e\":1},\"t\":{\"e\":1}}", "t/e", "2",
      "{\"x\":{\"e\":1},\"t\":{\"e\":2}}" },
    { "a key by its escape", "{\"\\u0061\":1}", "a", "2", "{\"\\u0061\":2}" },
    { "numbers keep their digits", "{\"n\":1.10e+05,\"u\":\"\\u4f60\",\"a\":1}", "a", "2",
      "{\"n\":1.10e+05,\"u\":\"\\u4f60\",\"a\":2}" },
    { "a new member on one line", "{\"a\":1}", "b", "2", "{\"a\":1,\"b\": 2}" },
    { "a new member stands like the one before it", "{\n\t\"a\": 1\n}\n", "b", "2", "{\n\t\"a\": 1,\n\t\"b\": 2\n}\n" },
    { "with several lines", "{\n  \"t\": {\n    \"a\": {}\n  }\n}", "t/b", "{\n  \"x\": 1\n}",
      "{\n  \"t\": {\n    \"a\": {},\n    \"b\": {\n      \"x\": 1\n    }\n  }\n}" },
    { "into an empty object", "{\n  \"t\": {}\n}", "t/a", "{\n  \"x\": 1\n}",
      "{\n  \"t\": {\n    \"a\": {\n      \"x\": 1\n    }\n  }\n}" },
    { "into an empty text", "{}", "a", "1", "{\n  \"a\": 1\n}" },
    { "a new key with a quote", "{}", "a\"b", "1", "{\n  \"a\\\"b\": 1\n}" },
    { "no way to it", "{\"a\":1}", "t/a", "2", NULL },
    { "a way through a number", "{\"a\":1}", "a/b", "2", NULL },
    { "a list has no members", "{\"a\":[]}", "a/b", "2", NULL },
    { "the only one is dropped", "{ \"a\":1 }", "a", NULL, "{  }" },
    { "the first", "{\n  \"a\": 1,\n  \"b\": 2\n}", "a", NULL, "{\n  \"b\": 2\n}" },
    { "one in the middle", "{\"a\":1, \"b\":{\"c\":[1,2]} ,\"d\":3}", "b", NULL, "{\"a\":1 ,\"d\":3}" },
    { "the last", "{\n  \"a\": 1,\n  \"b\": 2\n}", "b", NULL, "{\n  \"a\": 1\n}" },
    { "one that is not there", "{\"a\":1}", "b", NULL, NULL },
};

static void test_row(void **state)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    const struct row *row = *state;
    const char *path[8] = { 0 };
    char copy[64], *rest = NULL;
    struct srd_error err = { 0 };
    size_t n = 0;
    bool done;

    strcpy(copy, row->path);
    for (char *word = strtok_r(copy, "/", &rest); word; word = strtok_r(NULL, "/", &rest))
        path[n++] = word;
    srd_buf_init(&out, 4096);
    done = row->value ? srd_json_edit_put(row->text, path, row->value, &out)
                      : srd_json_edit_drop(row->text, path, &out);
    assert_int_equal(done, row->want != NULL);
    assert_string_equal(out.data, row->want ? row->want : "");
    if (done)
        assert_int_equal(srd_json_parse(out.data, out.size, 4096, &json, &err), 0);
}

int main(void)
{
    struct CMUnitTest tests[sizeof(rows) / sizeof(*rows)];
    size_t n = 0;

    memset(tests, 0, sizeof(tests));
    for (; n < sizeof(rows) / sizeof(*rows); n++)
        tests[n] = (struct CMUnitTest){ .name = rows[n].name, .test_func = test_row, .initial_state = (void *)&rows[n] };
    return _cmocka_run_group_tests("json edit", tests, n, NULL, NULL);
}
