/* Which JSON is refused, and how is it written? */

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "tests/rows.h"

/* ---- reading: text in; what srdiag would print of it, or the words of the refusal, out ---- */

struct reading {
    const char *name, *text, *want;
    size_t n; /* 0: all of text */
};

/* clang-format off */
static const struct reading readings[] = {
    { "values of all kinds are read", "{\"a\": [1, -2.5e3, \"x\", true, false, null, {}, []]}",
      "{\"a\":[1,-2500,\"x\",true,false,null,{},[]]}", 0 },
    { "a single value is a text", " 7\n", "7", 0 },
    { "escapes become characters", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
      "\"\\\"\\\\/\\b\\f\\n\\r\\t\xc3\xa9\xf0\x9f\x98\x80\"", 0 },
    { "DEL may stand in a string", "\"\x7f\"", "\"\x7f\"", 0 },
    { "key case matters", "{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}", 0 },
    { "the same key in different objects is fine", "[{\"a\":1},{\"a\":{\"a\":2}}]",
      "[{\"a\":1},{\"a\":{\"a\":2}}]", 0 },
    { "nothing is no JSON", "", "data: line 1, column 1: the end is missing", 0 },
    { "blanks are no JSON", " \n ", "data: line 2, column 2: the end is missing", 0 },
    { "the place is line and column", "{\n  \"a\": nil\n}", "data: line 2, column 8: a value is missing", 0 },
    { "something behind the end is refused", "{} x", "data: line 1, column 4: something follows the end", 0 },
    { "a second value is refused", "1 2", "data: line 1, column 3: something follows the end", 0 },
    { "a NUL behind the end is refused", "{}\0", "data: line 1, column 3: something follows the end", 3 },
    { "a NUL in a string is refused", "\"a\0b\"", "data: line 1, column 3: a raw control character", 5 },
    { "a raw newline in a string is refused", "\"a\nb\"", "data: line 1, column 3: a raw control character", 0 },
    { "a raw ESC in a key is refused", "{\"\x1b[1m\":1}", "data: line 1, column 3: a raw control character", 0 },
    { "a vertical tab is no blank", "[\v1]", "data: line 1, column 2: a value is missing", 0 },
    { "a byte order mark is refused", "\xef\xbb\xbf{}", "data: line 1, column 1: a value is missing", 0 },
    { "the escape of NUL is refused", "\"a\\u0000b\"", "data: line 1, column 9: the escape \\u0000", 0 },
    { "the escape of NUL is refused in a key", "{\"\\u0000\":1}", "data: line 1, column 9: the escape \\u0000", 0 },
    { "an unknown escape is refused", "\"\\x41\"", "data: line 1, column 3: an unknown escape", 0 },
    { "an escape needs four digits", "\"\\u12g4\"", "data: line 1, column 6: a broken \\u escape", 0 },
    { "a lone high surrogate is refused", "\"\\ud800\"", "data: line 1, column 8: half of a surrogate pair", 0 },
    { "a lone low surrogate is refused", "\"\\udc00\"", "data: line 1, column 8: half of a surrogate pair", 0 },
    { "two low halves are no pair", "\"\\udc00\\udc00\"", "data: line 1, column 8: half of a surrogate pair", 0 },
    { "a pair needs a low second half", "\"\\ud800\\u0041\"", "data: line 1, column 14: half of a surrogate pair", 0 },
    { "a string needs its end", "\"abc", "data: line 1, column 5: a string without end", 0 },
    { "a backslash does not end a string", "\"abc\\\"", "data: line 1, column 7: a string without end", 0 },
    { "broken UTF-8 is refused", "[\"a\xff\"]", "data: line 1, column 4: broken UTF-8", 0 },
    { "an overlong character is refused", "\"\xc0\x80\"", "data: line 1, column 2: broken UTF-8", 0 },
    { "a surrogate in UTF-8 is refused", "\"\xed\xa0\x80\"", "data: line 1, column 2: broken UTF-8", 0 },
    { "a cut character is refused", "\"\xe4\xbd\"", "data: line 1, column 2: broken UTF-8", 0 },
    { "a duplicate key is refused", "{\"a\":1,\"b\":2,\"a\":3}", "data: duplicate key \"a\"", 0 },
    { "a duplicate key is refused further down", "[0,{\"x\":[{\"k\":1,\"k\":1}]}]", "data: duplicate key \"k\"", 0 },
    { "a key that is the same but for its escapes is a duplicate", "{\"a\":1,\"\\u0061\":2}", "data: duplicate key \"a\"", 0 },
    { "a hostile key cannot act in the message", "{\"\\u001b[2J\":1,\"\\u001b[2J\":2}", "data: duplicate key \"\\e[2J\"", 0 },
    { "a comma at the end is refused", "[1,]", "data: line 1, column 4: a value is missing", 0 },
    { "a comma at the end of an object is refused", "{\"a\":1,}", "data: line 1, column 8: a string is missing", 0 },
    { "a comma is needed", "[1 2]", "data: line 1, column 4: a comma is missing", 0 },
    { "a colon is needed", "{\"a\" 1}", "data: line 1, column 6: a colon is missing", 0 },
    { "a key is a string", "{a:1}", "data: line 1, column 2: a string is missing", 0 },
    { "brackets must match", "[1}", "data: line 1, column 3: a comma is missing", 0 },
    { "a bracket needs its end", "[[1]", "data: line 1, column 5: the end is missing", 0 },
    { "words are lower case", "True", "data: line 1, column 1: a value is missing", 0 },
    { "comments are refused", "[1/*x*/]", "data: line 1, column 3: a comma is missing", 0 },
    { "a number does not start with a zero", "01", "data: line 1, column 2: something follows the end", 0 },
    { "a number does not start with a plus", "+1", "data: line 1, column 1: a value is missing", 0 },
    { "a number does not start with a point", ".5", "data: line 1, column 1: a value is missing", 0 },
    { "a number does not end with a point", "[1.]", "data: line 1, column 4: a digit is missing", 0 },
    { "an exponent has digits", "1e+", "data: line 1, column 4: a digit is missing", 0 },
    { "a minus has digits", "-", "data: line 1, column 2: a digit is missing", 0 },
    { "NaN is no number", "NaN", "data: line 1, column 1: a value is missing", 0 },
    { "infinity cannot be smuggled in", "[1e999]", "data: line 1, column 2: a number is out of range", 0 },
    { "a number has at most 63 characters",
      "1234567890123456789012345678901234567890123456789012345678901234",
      "data: line 1, column 65: a number of more than 63 characters", 0 },
    { "a number of 63 characters is read",
      "100000000000000000000000000000000000000000000000000000000000000", "1e+62", 0 },
};
/* clang-format on */

static void check_reading(void **state)
{
    const struct reading *row = *state;
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    struct srd_error err;

    srd_buf_init(&got, 4096);
    if (srd_json_parse(row->text, row->n ? row->n : strlen(row->text), 1000, &json, &err)) {
        assert_null(json);
        srd_buf_printf(&got, "%s: %s", srd_code_name(err.code), err.text);
    } else {
        srd_json_print(json, false, &got);
    }
    assert_string_equal(got.data, row->want);
}

static int parse_nested(size_t depth, const char *open, const char *close)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;
    struct srd_error err;

    srd_buf_init(&text, 10000000);
    for (size_t i = 0; i < depth; i++)
        srd_buf_text(&text, open);
    srd_buf_text(&text, "1");
    for (size_t i = 0; i < depth; i++)
        srd_buf_text(&text, close);
    return srd_json_parse(text.data, text.size, 10000000, &json, &err);
}

static void depth_ends_at_64(void **state)
{
    (void)state;
    assert_int_equal(parse_nested(64, "[", "]"), SRD_OK);
    assert_int_equal(parse_nested(65, "[", "]"), SRD_E_DATA);
    assert_int_equal(parse_nested(64, "{\"a\":", "}"), SRD_OK);
    assert_int_equal(parse_nested(65, "{\"a\":", "}"), SRD_E_DATA);
    assert_int_equal(parse_nested(1000000, "[", "]"), SRD_E_DATA);
}

static void size_ends_at_max(void **state)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_error err;

    (void)state;
    assert_int_equal(srd_json_parse("[10]", 4, 3, &json, &err), SRD_E_DATA);
    assert_string_equal(err.text, "more than 3 bytes of JSON");
    assert_int_equal(srd_json_parse("[10]", 4, 4, &json, &err), SRD_OK);
    srd_json_free(&json);
    assert_int_equal(srd_json_parse(NULL, 0, 4, &json, &err), SRD_E_DATA);
}

/* It would be minutes if each key were held against each other. */
static void many_keys_cost_little(void **state)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;
    struct srd_error err;

    (void)state;
    srd_buf_init(&text, 10000000);
    srd_buf_char(&text, '{');
    for (int i = 0; i < 200000; i++)
        srd_buf_printf(&text, "\"key%d\":1,", i);
    srd_buf_text(&text, "\"key7\":1}");
    assert_int_equal(srd_json_parse(text.data, text.size, text.size, &json, &err), SRD_E_DATA);
    assert_string_equal(err.text, "duplicate key \"key7\"");
}

static void getters_borrow(void **state)
{
    static const char text[] =
        "{\"t\":\"x\",\"n\":1.5,\"b\":true,\"l\":[1,2,3],\"o\":{},\"z\":null}";
    static const enum srd_json_kind kinds[] = { SRD_JSON_STRING, SRD_JSON_NUMBER, SRD_JSON_BOOL,
                                                SRD_JSON_ARRAY,  SRD_JSON_OBJECT, SRD_JSON_NULL };
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    const struct srd_json *item;
    struct srd_error err;
    double number = 0;
    bool truth = false;
    size_t i = 0;

    (void)state;
    assert_int_equal(srd_json_parse(text, sizeof(text) - 1, 1000, &json, &err), SRD_OK);
    assert_int_equal(srd_json_kind(json), SRD_JSON_OBJECT);
    assert_int_equal(srd_json_size(json), 6);
    for (item = srd_json_first(json); item; item = srd_json_next(item)) {
        assert_int_equal(srd_json_kind(item), kinds[i]);
        assert_int_equal(*srd_json_key(item), "tnbloz"[i]);
        i++;
    }
    assert_int_equal(i, 6);
    assert_string_equal(srd_json_text(srd_json_get(json, "t")), "x");
    assert_true(srd_json_number(srd_json_get(json, "n"), &number));
    assert_true(number == 1.5);
    assert_true(srd_json_bool(srd_json_get(json, "b"), &truth));
    assert_true(truth);
    assert_int_equal(srd_json_size(srd_json_get(json, "l")), 3);
    assert_null(srd_json_get(json, "T"));
    assert_null(srd_json_get(srd_json_get(json, "l"), "t"));
    assert_null(srd_json_text(srd_json_get(json, "n")));
    assert_false(srd_json_number(srd_json_get(json, "t"), &number));
    assert_false(srd_json_bool(srd_json_get(json, "n"), &truth));
}

static void nothing_gives_nothing(void **state)
{
    struct srd_json *none = NULL;
    double number;
    bool truth;

    (void)state;
    assert_int_equal(srd_json_kind(NULL), SRD_JSON_NULL);
    assert_null(srd_json_get(NULL, "a"));
    assert_null(srd_json_text(NULL));
    assert_false(srd_json_number(NULL, &number));
    assert_false(srd_json_bool(NULL, &truth));
    assert_int_equal(srd_json_size(NULL), 0);
    assert_null(srd_json_first(NULL));
    assert_null(srd_json_next(NULL));
    assert_null(srd_json_key(NULL));
    srd_json_free(&none);
}

/* ---- writing ---- */

struct number {
    const char *name;
    double number;
    const char *want;
};

static const struct number numbers[] = {
    { "a whole double prints as an integer", 71300000000.0, "71300000000" },
    { "zero prints as zero", 0, "0" },
    { "1e15 prints with all digits", 1e15, "1000000000000000" },
    { "the last exact whole double prints with all digits", 9007199254740991.0,
      "9007199254740991" },
    { "one tenth prints as people write it", 0.1, "0.1" },
    { "96.52 prints as people write it", 96.52, "96.52" },
    { "a sum that is not 0.3 says so", 0.1 + 0.2, "0.30000000000000004" },
    { "a third needs sixteen digits", 1.0 / 3, "0.3333333333333333" },
    { "a negative number keeps its sign", -2.5, "-2.5" },
    { "the smallest double has one digit", 5e-324, "5e-324" },
    { "the largest double reads back", DBL_MAX, "1.7976931348623157e+308" },
    { "NaN is null", NAN, "null" },
    { "infinity is null", INFINITY, "null" },
    { "minus infinity is null", -INFINITY, "null" },
};

static void check_number(void **state)
{
    const struct number *row = *state;
    SRD_CLEANUP(srd_json_free) struct srd_json *json = srd_json_new_number(row->number);
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;

    srd_buf_init(&got, 100);
    srd_json_print(json, false, &got);
    assert_string_equal(got.data, row->want);
    if (isfinite(row->number))
        assert_true(strtod(got.data, NULL) == row->number);
}

static void integers_keep_all_digits(void **state)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = srd_json_array();
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    double number;

    (void)state;
    srd_json_push(json, srd_json_new_integer(INT64_MAX));
    srd_json_push(json, srd_json_new_integer(INT64_MIN));
    srd_json_push(json, srd_json_new_integer(9007199254740993));
    assert_int_equal(srd_json_kind(srd_json_first(json)), SRD_JSON_NUMBER);
    assert_true(srd_json_number(srd_json_first(json), &number));
    assert_true(number == 9223372036854775807.0);
    srd_buf_init(&got, 100);
    srd_json_print(json, false, &got);
    assert_string_equal(got.data, "[9223372036854775807,-9223372036854775808,9007199254740993]");
}

static void only_numbers_pass_as_number_text(void **state)
{
    static const char *const texts[] = {
        "12345678901234567890", "-0.50", "1e5", "01", "1,\"x\":2", "0x10", "", " 1", "nan"
    };
    SRD_CLEANUP(srd_json_free) struct srd_json *json = srd_json_array();
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(texts); i++)
        srd_json_push(json, srd_json_new_number_text(texts[i]));
    srd_json_push(json, srd_json_new_number_text(NULL));
    srd_buf_init(&got, 1000);
    srd_json_print(json, false, &got);
    assert_string_equal(got.data, "[12345678901234567890,-0.50,1e5,\"01\",\"1,\\\"x\\\":2\","
                                  "\"0x10\",\"\",\" 1\",\"nan\",null]");
}

static void pretty_is_two_blanks(void **state)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = srd_json_object();
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    struct srd_json *list;

    (void)state;
    list = srd_json_put(json, "list", srd_json_array());
    srd_json_push(list, srd_json_new_text("x"));
    srd_json_push(list, srd_json_new_bool(false));
    srd_json_put(json, "none", srd_json_object());
    srd_json_put(json, "null", srd_json_new_text(NULL));
    srd_buf_init(&got, 1000);
    srd_json_print(json, true, &got);
    assert_string_equal(got.data, "{\n  \"list\": [\n    \"x\",\n    false\n  ],\n"
                                  "  \"none\": {},\n  \"null\": null\n}");
}

static void broken_text_is_repaired(void **state)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = srd_json_object(), *again = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    struct srd_error err;

    (void)state;
    srd_json_put(json, "k\xff",
                 srd_json_new_text("a\xe4\xbd"
                                   "b\x1b[31m\n\x7f\xc2\x85"));
    srd_buf_init(&got, 1000);
    srd_json_print(json, false, &got);
    assert_string_equal(got.data, "{\"k\xef\xbf\xbd\":\"a\xef\xbf\xbd"
                                  "b\\u001b[31m\\n\x7f\xc2\x85\"}");
    assert_int_equal(srd_json_parse(got.data, got.size, 1000, &again, &err), SRD_OK);
    assert_string_equal(srd_json_key(srd_json_first(json)), "k\xef\xbf\xbd");
}

static void quote_takes_any_bytes(void **state)
{
    static const char bytes[] = "\xff\0\x01\"\\/\b\f\n\r\t\xe4\xbd\xa0\x80";
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;

    (void)state;
    srd_buf_init(&got, 1000);
    srd_json_quote(&got, bytes, sizeof(bytes) - 1);
    assert_string_equal(got.data, "\"\xef\xbf\xbd\\u0000\\u0001\\\"\\\\/\\b\\f\\n\\r\\t"
                                  "\xe4\xbd\xa0\xef\xbf\xbd\"");
    srd_buf_clear(&got);
    srd_json_quote(&got, NULL, 0);
    assert_string_equal(got.data, "\"\"");
}

static void a_wrong_container_takes_the_value_too(void **state)
{
    SRD_CLEANUP(srd_json_free)
    struct srd_json *list = srd_json_array(), *object = srd_json_object();

    (void)state;
    assert_null(srd_json_put(list, "a", srd_json_new_text("x")));
    assert_null(srd_json_push(object, srd_json_new_text("x")));
    assert_null(srd_json_put(NULL, "a", srd_json_new_text("x")));
    assert_int_equal(srd_json_size(list) + srd_json_size(object), 0);
}

static void too_much_to_print_fills_the_buffer(void **state)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *list = srd_json_array();
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;

    (void)state;
    for (int i = 0; i < 1000; i++)
        srd_json_push(list, srd_json_new_integer(i));
    srd_buf_init(&got, 100);
    srd_json_print(list, false, &got);
    assert_true(got.full);
    assert_true(got.size <= 100);
}

static const struct CMUnitTest single[] = {
    { "64 levels are read and 65 are not", depth_ends_at_64, NULL, NULL, NULL },
    { "more bytes than allowed are refused", size_ends_at_max, NULL, NULL, NULL },
    { "200,000 keys are searched for duplicates in no time", many_keys_cost_little, NULL, NULL,
      NULL },
    { "getters borrow from the tree", getters_borrow, NULL, NULL, NULL },
    { "getters of nothing give nothing", nothing_gives_nothing, NULL, NULL, NULL },
    { "integers print with all digits", integers_keep_all_digits, NULL, NULL, NULL },
    { "what is no number cannot be pasted as one", only_numbers_pass_as_number_text, NULL, NULL,
      NULL },
    { "pretty print indents by two blanks", pretty_is_two_blanks, NULL, NULL, NULL },
    { "broken UTF-8 is repaired and control characters are escaped", broken_text_is_repaired, NULL,
      NULL, NULL },
    { "any bytes can be quoted", quote_takes_any_bytes, NULL, NULL, NULL },
    { "a value is taken also by what is no container", a_wrong_container_takes_the_value_too, NULL,
      NULL, NULL },
    { "printing ends at the ceiling of the buffer", too_much_to_print_fills_the_buffer, NULL, NULL,
      NULL },
};

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(readings) + SRD_COUNT(numbers) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, readings, check_reading);
    ADD_ROWS(tests, n, numbers, check_number);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
