/* Which statement is sent, whatever the names in it look like? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/model/probe.h"
#include "tests/rows.h"

/* ---- rendering: one value for {x}; @want is the statement or, with @code, words of the refusal
 * ---- */

struct row {
    const char *name;
    enum srd_param_type type;
    const char *sql, *value, *want;
    enum srd_code code;
};

/* clang-format off */
static const struct row rows[] = {
    { "a statement without placeholders is sent as it is", SRD_PARAM_END,
      "SHOW BACKENDS", NULL, "SHOW BACKENDS", SRD_OK },
    { "an integer goes in as it is", SRD_PARAM_INTEGER,
      "SHOW PROC '/backends/{x}'", "10004", "SHOW PROC '/backends/10004'", SRD_OK },
    { "a negative integer is one", SRD_PARAM_INTEGER, "SELECT {x}", "-1", "SELECT -1", SRD_OK },
    { "a placeholder may stand twice", SRD_PARAM_INTEGER, "SELECT {x}, {x}", "1", "SELECT 1, 1", SRD_OK },
    { "a word is no integer", SRD_PARAM_INTEGER, "SELECT {x}", "Total", "it is no integer", SRD_E_DATA },
    { "a statement is no integer", SRD_PARAM_INTEGER,
      "SELECT {x}", "1; DROP TABLE t", "it is no integer", SRD_E_DATA },
    { "an integer has digits", SRD_PARAM_INTEGER, "SELECT {x}", "-", "it is no integer", SRD_E_DATA },
    { "an integer has no more digits than int64", SRD_PARAM_INTEGER,
      "SELECT {x}", "12345678901234567890", "it is no integer", SRD_E_DATA },
    { "an identifier is quoted", SRD_PARAM_IDENTIFIER,
      "SHOW DATA FROM {x}", "sales", "SHOW DATA FROM `sales`", SRD_OK },
    { "backquotes of an identifier are doubled", SRD_PARAM_IDENTIFIER,
      "SHOW DATA FROM {x}", "we`ird.名字", "SHOW DATA FROM `we``ird.名字`", SRD_OK },
    { "quotes and backslashes mean nothing in an identifier", SRD_PARAM_IDENTIFIER,
      "SHOW DATA FROM {x}", "a'b\"c\\", "SHOW DATA FROM `a'b\"c\\`", SRD_OK },
    { "an identifier is not empty", SRD_PARAM_IDENTIFIER, "SELECT {x}", "", "it is empty", SRD_E_DATA },
    { "a text is quoted", SRD_PARAM_TEXT, "SELECT {x}", "abc", "SELECT 'abc'", SRD_OK },
    { "a text may be empty", SRD_PARAM_TEXT, "SELECT {x}", "", "SELECT ''", SRD_OK },
    { "quotes and backslashes of a text are escaped", SRD_PARAM_TEXT,
      "SELECT {x}", "a'b\\'; DROP TABLE t; --", "SELECT 'a\\'b\\\\\\'; DROP TABLE t; --'", SRD_OK },
    { "lines of a text become one", SRD_PARAM_TEXT,
      "SELECT {x}", "a\n\r\tb", "SELECT 'a\\n\\r\\tb'", SRD_OK },
    { "a placeholder in a value is only text", SRD_PARAM_TEXT,
      "SELECT {x}", "{x}{y}", "SELECT '{x}{y}'", SRD_OK },
    { "the end of a comment in a value is only text", SRD_PARAM_TEXT,
      "SELECT {x}", "*/ /* x", "SELECT '*/ /* x'", SRD_OK },
    { "broken UTF-8 is refused", SRD_PARAM_TEXT, "SELECT {x}", "a\xff", "it is no valid UTF-8", SRD_E_DATA },
    { "a path takes a name", SRD_PARAM_PATH,
      "SHOW PROC '/dbs/{x}'", "名字 1", "SHOW PROC '/dbs/名字 1'", SRD_OK },
    { "a path takes no quote", SRD_PARAM_PATH,
      "SHOW PROC '/{x}'", "a'b", "it has a character that a path cannot hold", SRD_E_DATA },
    { "a path takes no double quote", SRD_PARAM_PATH,
      "SHOW PROC '/{x}'", "a\"b", "it has a character that a path cannot hold", SRD_E_DATA },
    { "a path takes no backslash", SRD_PARAM_PATH,
      "SHOW PROC '/{x}'", "a\\", "it has a character that a path cannot hold", SRD_E_DATA },
    { "a path takes no slash", SRD_PARAM_PATH,
      "SHOW PROC '/{x}'", "a/b", "it has a character that a path cannot hold", SRD_E_DATA },
    { "a path takes no control character", SRD_PARAM_PATH,
      "SHOW PROC '/{x}'", "a\nb", "it has a character that a path cannot hold", SRD_E_DATA },
    { "a path takes no DEL", SRD_PARAM_PATH,
      "SHOW PROC '/{x}'", "a\x7f", "it has a character that a path cannot hold", SRD_E_DATA },
    { "a path takes no way up", SRD_PARAM_PATH, "SHOW PROC '/{x}'", "..", "it is no name in a path", SRD_E_DATA },
    { "a path takes no empty name", SRD_PARAM_PATH, "SHOW PROC '/{x}'", "", "it is no name in a path", SRD_E_DATA },
    { "an unknown placeholder is a mistake of ours", SRD_PARAM_INTEGER,
      "SELECT {y}", "1", "unknown placeholder {y}", SRD_E_INTERNAL },
    { "a placeholder that begins like another is unknown", SRD_PARAM_INTEGER,
      "SELECT {xy}", "1", "unknown placeholder {xy}", SRD_E_INTERNAL },
    { "a missing value is a mistake of ours", SRD_PARAM_INTEGER,
      "SELECT {x}", NULL, "no value for {x}", SRD_E_INTERNAL },
    { "a brace that holds no name is a brace", SRD_PARAM_INTEGER,
      "SELECT '{\"a\":1}', '{}', '{', {x}", "1", "SELECT '{\"a\":1}', '{}', '{', 1", SRD_OK },
};
/* clang-format on */

static void check_row(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_probe probe = { .id = "p", .texts = { { .sql = row->sql } } };
    struct srd_key key = { { row->value } };
    struct srd_error err = { 0 };
    const char *out = NULL;

    if (row->type != SRD_PARAM_END)
        probe.params[0] = (struct srd_param){ "x", row->type };
    assert_int_equal(
        srd_probe_render(&probe, &probe.texts[0], row->value ? &key : NULL, arena, &out, &err),
        row->code);
    if (row->code) {
        assert_non_null(strstr(err.text, row->want));
        return;
    }
    assert_memory_equal(out, "/* srdiag:p */ ", 15);
    assert_string_equal(out + 15, row->want);
}

static void a_value_has_an_end(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_probe probe = { .id = "p",
                               .texts = { { .sql = "SELECT {x}" } },
                               .params = { { "x", SRD_PARAM_TEXT } } };
    char *value = srd_arena_alloc(arena, 5000);
    struct srd_error err;
    const char *out;

    (void)state;
    memset(value, 'a', 4097);
    assert_int_equal(srd_probe_render(&probe, &probe.texts[0], &(struct srd_key){ { value } },
                                      arena, &out, &err),
                     SRD_E_DATA);
    value[4096] = '\0';
    assert_int_equal(srd_probe_render(&probe, &probe.texts[0], &(struct srd_key){ { value } },
                                      arena, &out, &err),
                     0);
}

static const struct srd_probe ranged = {
    .id = "ranged",
    .texts = { { SRD_MODE_SHARED_DATA, SRD_VERSION(3, 5, 0), 0, "new" },
               { SRD_MODE_SHARED_DATA, SRD_VERSION(3, 3, 0), SRD_VERSION(3, 4, 99), "old" } },
};

static void texts_by_version_and_mode(void **state)
{
    (void)state;
    assert_string_equal(srd_probe_text(&ranged, 30507, SRD_MODE_SHARED_DATA)->sql, "new");
    assert_string_equal(srd_probe_text(&ranged, 30404, SRD_MODE_SHARED_DATA)->sql, "old");
    assert_null(srd_probe_text(&ranged, 30209, SRD_MODE_SHARED_DATA));
    assert_null(srd_probe_text(&ranged, 30507, SRD_MODE_SHARED_NOTHING));
    assert_string_equal(srd_probe_text(&ranged, 0, SRD_MODE_ANY)->sql, "new");
    assert_true(srd_probe_has_mode(&ranged, SRD_MODE_SHARED_DATA));
    assert_true(srd_probe_has_mode(&ranged, SRD_MODE_ANY));
    assert_false(srd_probe_has_mode(&ranged, SRD_MODE_SHARED_NOTHING));
}

static void time_limits(void **state)
{
    (void)state;
    assert_int_equal(srd_probe_timeout_s(&(struct srd_probe){ .cost = SRD_COST_CHEAP }), 10);
    assert_int_equal(srd_probe_timeout_s(&(struct srd_probe){ .cost = SRD_COST_HEAVY }), 30);
    assert_int_equal(srd_probe_timeout_s(&(struct srd_probe){ .timeout_s = 3 }), 3);
}

static void keys_are_bounded(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_keys keys = { .arena = arena, .max = 3 };

    (void)state;
    srd_keys_add(&keys, "a", "1", NULL);
    srd_keys_add(&keys, "a", "1", NULL);
    srd_keys_add(&keys, "a", "2", NULL);
    srd_keys_add(&keys, NULL, NULL, NULL);
    srd_keys_add(&keys, "b", NULL, NULL);
    srd_keys_add(&keys, "c", NULL, NULL);
    srd_keys_add(&keys, "d", NULL, NULL);
    srd_keys_add(&keys, "b", NULL, NULL);
    assert_int_equal(keys.count, 3);
    assert_int_equal(keys.left_out, 2);
    assert_string_equal(keys.keys[1].values[1], "2");
    assert_null(keys.keys[2].values[1]);
}

static void keys_default_to_twenty(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_keys keys = { .arena = arena };

    (void)state;
    for (int i = 0; i < 200; i++)
        srd_keys_add(&keys, srd_arena_printf(arena, "%d", i), NULL, NULL);
    assert_int_equal(keys.count, 20);
    assert_int_equal(keys.left_out, 180);
}

static void keys_as_text(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_probe none = { .id = "p" };
    struct srd_probe one = { .id = "p", .params = { { "x", SRD_PARAM_TEXT } } };
    struct srd_probe two = { .id = "p",
                             .params = { { "x", SRD_PARAM_TEXT }, { "y", SRD_PARAM_TEXT } } };

    (void)state;
    assert_string_equal(srd_key_text(&none, NULL, arena), "");
    assert_string_equal(srd_key_text(&one, &(struct srd_key){ { "10004" } }, arena), "10004");
    assert_string_equal(srd_key_text(&one, &(struct srd_key){ { "a/b%" } }, arena), "a/b%");
    assert_string_equal(srd_key_text(&two, &(struct srd_key){ { "sales", "orders" } }, arena),
                        "sales/orders");
    assert_string_equal(srd_key_text(&two, &(struct srd_key){ { "a/b", "c%" } }, arena),
                        "a%2Fb/c%25");
    assert_string_equal(srd_key_text(&two, &(struct srd_key){ { "a", NULL } }, arena), "a/");
}

static void keys_from_text(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_probe none = { .id = "p" };
    struct srd_probe one = { .id = "p", .params = { { "x", SRD_PARAM_TEXT } } };
    struct srd_probe two = { .id = "p",
                             .params = { { "x", SRD_PARAM_TEXT }, { "y", SRD_PARAM_TEXT } } };
    static const char *const wrong[] = { "", "a", "a/b/c", "a%2f/b", "a%/b", "a/%2G", NULL };
    struct srd_key key;

    (void)state;
    assert_true(srd_key_parse(&none, "", arena, &key));
    assert_false(srd_key_parse(&none, "a", arena, &key));
    assert_true(srd_key_parse(&one, "a/b%", arena, &key));
    assert_string_equal(key.values[0], "a/b%");
    assert_true(srd_key_parse(&two, "a%2Fb/c%25", arena, &key));
    assert_string_equal(key.values[0], "a/b");
    assert_string_equal(key.values[1], "c%");
    assert_true(srd_key_parse(&two, "a/", arena, &key));
    assert_string_equal(key.values[1], "");
    for (const char *const *text = wrong; *text; text++)
        assert_false(srd_key_parse(&two, *text, arena, &key));
}

static void quotes_for_people(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    char *big = srd_arena_alloc(arena, 300001);
    const char *quoted;

    (void)state;
    assert_string_equal(srd_quote_identifier(arena, "we`ird.名字"), "`we``ird.名字`");
    assert_string_equal(srd_quote_text(arena, "it's \\ 1"), "'it\\'s \\\\ 1'");
    memset(big, '`', 300000);
    quoted = srd_quote_identifier(arena, big);
    assert_int_equal(strlen(quoted), 600002);
    assert_int_equal(quoted[600001], '`');
}

/* clang-format off */
static const struct CMUnitTest single[] = {
    { "a value of more than 4096 bytes is refused", a_value_has_an_end, NULL, NULL, NULL },
    { "the first text whose range holds is sent", texts_by_version_and_mode, NULL, NULL, NULL },
    { "a probe has 10 seconds, a heavy one 30", time_limits, NULL, NULL, NULL },
    { "keys are asked once and the rest is counted", keys_are_bounded, NULL, NULL, NULL },
    { "twenty keys unless the probe says otherwise", keys_default_to_twenty, NULL, NULL, NULL },
    { "different keys have different texts", keys_as_text, NULL, NULL, NULL },
    { "a key is read back from its text, and from nothing else", keys_from_text, NULL, NULL, NULL },
    { "names in remedies are quoted, however long", quotes_for_people, NULL, NULL, NULL },
};
/* clang-format on */

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
