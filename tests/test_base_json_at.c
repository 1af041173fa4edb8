/* Does a walk over the text see what the tree holds, at its place? */

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
#include "lib/base/json_at.h"

static const struct row {
    const char *name, *text;
    const char *want; /* "LINE [KEY=]VALUE;" of each value, depth first */
} rows[] = {
    { "a number", "12", "1 12;" },
    { "with blanks around", " \n\t-1.5e3 \n", "2 -1.5e3;" },
    { "a word", "null", "1 null;" },
    { "a text", "\"a\"", "1 \"a\";" },
    { "quotes and slashes in a text", "[\"a\\\"]}\",\"\\\\\",1]",
      "1 [\"a\\\"]}\",\"\\\\\",1];1 \"a\\\"]}\";1 \"\\\\\";1 1;" },
    { "empty containers", "[{},[], { } ,[\n]]", "1 [{},[], { } ,[\n]];1 {};1 [];1 { };1 [\n];" },
    { "members and their lines", "{\n\"a\" : 1 ,\n\"b\"\n:\n[ true,\nfalse ]\n}",
      "1 {\n\"a\" : 1 ,\n\"b\"\n:\n[ true,\nfalse ]\n};2 \"a\"=1;3 \"b\"=[ true,\nfalse ];5 true;6 false;" },
    { "brackets in keys", "{\"{\":[1],\"]\":2}", "1 {\"{\":[1],\"]\":2};1 \"{\"=[1];1 1;1 \"]\"=2;" },
};

static void print(const char *text, const struct srd_json_at *at, const struct srd_json *json, struct srd_buf *out)
{
    const struct srd_json *child = srd_json_first(json);
    struct srd_json_at inner;
    bool more = srd_json_at_first(at, &inner);

    srd_buf_printf(out, "%d ", srd_json_at_line(text, at->key ? at->key : at->value));
    if (at->key)
        srd_buf_printf(out, "%.*s=", (int)(strchr(at->key + 1, '"') + 1 - at->key), at->key);
    srd_buf_printf(out, "%.*s;", (int)(at->end - at->value), at->value);
    while (more) {
        assert_non_null(child);
        print(text, &inner, child, out);
        child = srd_json_next(child);
        more = srd_json_at_next(&inner);
    }
    assert_null(child);
}

static void test_row(void **state)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    const struct row *row = *state;
    struct srd_json_at root;
    struct srd_error err = { 0 };

    srd_buf_init(&got, 4096);
    assert_int_equal(srd_json_parse(row->text, strlen(row->text), 4096, &json, &err), 0);
    root = srd_json_at_root(row->text);
    print(row->text, &root, json, &got);
    assert_string_equal(got.data, row->want);
}

static void test_member(void **state)
{
    static const char text[] = "{\"a\":{\"b\":1},\"b\":2,\"\\u0063\":3}";
    struct srd_json_at root = srd_json_at_root(text), at;

    (void)state;
    assert_true(srd_json_at_member(&root, "b", &at));
    assert_int_equal(*at.value, '2'); /* its own, not that of a member */
    assert_true(srd_json_at_member(&root, "c", &at));
    assert_int_equal(*at.value, '3');
    assert_false(srd_json_at_member(&root, "d", &at));
    assert_false(srd_json_at_member(&at, "b", &at)); /* a number has none */
}

static void test_twice(void **state)
{
    static const struct {
        const char *text;
        int line;
    } cases[] = {
        { "{\"a\":1,\n\"b\":2}", 0 },
        { "{\"a\":1,\n\"a\":2}", 2 },
        { "{\"a\":1,\n\"b\":{\"a\":1},\n\"\\u0061\":2}", 3 },
        { "[1,{\"x\":{\n\"k\":1,\n\"k\":1}}]", 3 },
        { "{\"z\":1,\n\"b\":1,\n\"z\":1,\n\"b\":1}", 3 }, /* the earliest */
        { "{\"a\":1,\"a\":", 0 },
        { "", 0 },
        { "12", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(srd_json_at_twice(cases[i].text, strlen(cases[i].text)), cases[i].line);
}

int main(void)
{
    struct CMUnitTest tests[sizeof(rows) / sizeof(*rows) + 2];
    size_t n = 0;

    memset(tests, 0, sizeof(tests));
    for (; n < sizeof(rows) / sizeof(*rows); n++)
        tests[n] = (struct CMUnitTest){ .name = rows[n].name, .test_func = test_row, .initial_state = (void *)&rows[n] };
    tests[n++] = (struct CMUnitTest){ .name = "a member is found by its key", .test_func = test_member };
    tests[n++] = (struct CMUnitTest){ .name = "a key that is there twice has a line", .test_func = test_twice };
    return _cmocka_run_group_tests("json at", tests, n, NULL, NULL);
}
