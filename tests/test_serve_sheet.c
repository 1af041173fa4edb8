/* Is what a model reads clean, short, and still JSON? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/serve/kept.h"
#include "lib/serve/sheet.h"

#define FFFD "\xef\xbf\xbd"

/* ---- cleaning: a text of the cluster in, what a model reads out ---- */

static const struct row {
    const char *name, *text, *want;
    size_t max;      /* 0: 1000 */
    const char *key; /* NULL: "text" */
} rows[] = {
    { "plain text stays as it is", "dwd.events, 96.5 % \xe4\xb8\xad\xe6\x96\x87",
      "dwd.events, 96.5 % \xe4\xb8\xad\xe6\x96\x87", 0, NULL },
    { "line breaks and tabs stay", "a\n\tb", "a\n\tb", 0, NULL },
    { "a carriage return is replaced", "a\rb", "a" FFFD "b", 0, NULL },
    { "control characters are replaced, each by one mark", "\x01\x08\x0c\x1f\x7f",
      FFFD FFFD FFFD FFFD FFFD, 0, NULL },
    { "C1 controls are replaced",
      "a\xc2\x9b"
      "b",
      "a" FFFD "b", 0, NULL },
    { "an ANSI colour is one mark", "\x1b[31mred\x1b[0m", FFFD "red" FFFD, 0, NULL },
    { "an ANSI title is one mark up to its text", "\x1b]0;t", FFFD, 0, NULL },
    { "a lone escape is one mark", "\x1bzz", FFFD "zz", 0, NULL },
    { "an unfinished ANSI sequence keeps its digits", "\x1b[31", FFFD "[31", 0, NULL },
    { "bidi controls are replaced",
      "a\xe2\x80\xae"
      "b\xe2\x81\xa6",
      "a" FFFD "b" FFFD, 0, NULL },
    { "zero-width characters are replaced",
      "a\xe2\x80\x8b"
      "b\xef\xbb\xbf",
      "a" FFFD "b" FFFD, 0, NULL },
    { "tag characters are replaced", "a\xf3\xa0\x81\x81", "a" FFFD, 0, NULL },
    { "broken bytes are replaced",
      "a\xff"
      "b",
      "a" FFFD "b", 0, NULL },
    { "quotes and backslashes survive", "a\"b\\c", "a\"b\\c", 0, NULL },
    { "what looks like an escape is text", "a\\u0000\\n", "a\\u0000\\n", 0, NULL },
    { "a long text says how much is gone", "0123456789abcdef", "0123456789\xe2\x80\xa6 [+6 bytes]",
      10, NULL },
    { "a text of exactly the size is whole", "0123456789", "0123456789", 10, NULL },
    { "a cut never splits a character", "aaaaaaaa\xe4\xb8\xad\xe6\x96\x87",
      "aaaaaaaa\xe2\x80\xa6 [+6 bytes]", 10, NULL },
    { "an empty text stays", "", "", 0, NULL },
    { "a name is cut at 256 bytes",
      "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"
      "23456789"
      "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"
      "23456789"
      "0123456789012345678901234567890123456789012345678901234567890123456789",
      "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"
      "23456789"
      "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"
      "23456789"
      "01234567890123456789012345678901234567890123456789012345\xe2\x80\xa6 [+14 bytes]",
      0, "name" },
};

static void cleans(void **state)
{
    const struct row *row = *state;
    const char *key = row->key ? row->key : "text";
    SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };
    SRD_CLEANUP(srd_json_free) struct srd_json *back = NULL;
    struct srd_json *object = srd_json_object();
    struct srd_error err;

    srd_buf_init(&out, 1 << 20);
    srd_json_put(object, key, srd_json_new_text(row->text));
    srd_sheet_print(&out, object, row->max ? row->max : 1000);
    if (srd_json_parse(out.data, out.size, 1 << 20, &back, &err))
        fail_msg("%s: %s", err.text, out.data);
    assert_string_equal(srd_json_text(srd_json_get(back, key)), row->want);
}

/* ---- lists ---- */

static struct srd_json *item(const char *text)
{
    struct srd_json *object = srd_json_object();

    srd_json_put(object, "a", srd_json_new_text(text));
    return object;
}

static void a_pile_takes_what_fits(void **state)
{
    SRD_CLEANUP(srd_pile_free) struct srd_pile pile = { 0 };

    (void)state;
    srd_pile_begin(&pile, 30, 100);
    assert_true(srd_pile_add(&pile, item("12345")));
    assert_true(srd_pile_add(&pile, item("12345")));
    assert_false(srd_pile_add(&pile, item("12345")));
    srd_pile_end(&pile);
    assert_string_equal(pile.out.data, "[{\"a\":\"12345\"},{\"a\":\"12345\"}]");
    assert_int_equal(pile.count, 2);
}

static void the_first_item_comes_in_shortened(void **state)
{
    SRD_CLEANUP(srd_pile_free) struct srd_pile pile = { 0 };
    char text[2001];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    srd_pile_begin(&pile, 500, 4000);
    assert_true(srd_pile_add(&pile, item(text)));
    assert_true(pile.out.size < 500);
    assert_non_null(strstr(pile.out.data, "[+1840 bytes]"));
}

/* ---- what is kept ---- */

static struct srd_ticket ticket_of(enum srd_ticket_kind kind)
{
    struct srd_ticket ticket = { .kind = kind };
    struct srd_error err;

    assert_int_equal(srd_ticket_number(&ticket, &err), 0);
    return ticket;
}

static void what_is_kept_is_for_its_tenant_alone(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_kept *kept = srd_kept_new(8000);
    struct srd_ticket one = ticket_of(SRD_TICKET_REPORT), other = ticket_of(SRD_TICKET_REPORT);
    struct srd_ticket other_kind = one;
    struct srd_error err;
    int64_t again_ms = -1;

    (void)state;
    other_kind.kind = SRD_TICKET_ROWS;
    assert_int_equal(srd_kept_add(kept, "a", &one, 0, "text", 4, 60000, &err), 0);
    assert_int_equal(srd_kept_add(kept, NULL, &other, 7, "none", 4, 60000, &err), 0);
    assert_string_equal(srd_kept_get(kept, "a", &one, arena, &again_ms), "text");
    assert_int_equal(again_ms, 0);
    assert_string_equal(srd_kept_get(kept, NULL, &other, arena, &again_ms), "none");
    assert_int_equal(again_ms, 7);
    assert_null(srd_kept_get(kept, "b", &one, arena, &again_ms));
    assert_null(srd_kept_get(kept, NULL, &one, arena, &again_ms));
    assert_null(srd_kept_get(kept, "", &other, arena, &again_ms));
    assert_null(srd_kept_get(kept, "a", &other, arena, &again_ms));
    assert_null(srd_kept_get(kept, "a", &other_kind, arena, &again_ms));
    srd_kept_free(&kept);
}

static void what_is_kept_again_takes_its_place(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_kept *kept = srd_kept_new(8000);
    struct srd_ticket ticket = ticket_of(SRD_TICKET_ROWS), older = ticket_of(SRD_TICKET_ROWS);
    char text[900] = "";
    struct srd_error err;
    int64_t again_ms;

    (void)state;
    assert_int_equal(srd_kept_add(kept, "a", &older, 0, text, sizeof(text), 60000, &err), 0);
    for (int i = 1; i <= 100; i++) /* it counts once, and drives nothing out */
        assert_int_equal(srd_kept_add(kept, "a", &ticket, i, text, sizeof(text), 60000, &err), 0);
    assert_non_null(srd_kept_get(kept, "a", &ticket, arena, &again_ms));
    assert_int_equal(again_ms, 100);
    assert_non_null(srd_kept_get(kept, "a", &older, arena, &again_ms));
    srd_kept_free(&kept);
}

static void what_is_kept_ends(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_kept *kept = srd_kept_new(8000);
    struct srd_ticket first = ticket_of(SRD_TICKET_REPORT), last;
    struct srd_error err;
    int64_t again_ms;
    char text[900];

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_int_equal(srd_kept_add(kept, "a", &first, 0, text, 10, 0, &err), 0);
    assert_null(srd_kept_get(kept, "a", &first, arena, &again_ms)); /* its life is over */
    first = ticket_of(SRD_TICKET_REPORT);
    assert_int_equal(srd_kept_add(kept, "a", &first, 0, text, sizeof(text), 60000, &err), 0);
    for (int i = 0; i < 10; i++) {
        last = ticket_of(SRD_TICKET_REPORT);
        assert_int_equal(srd_kept_add(kept, "a", &last, 0, text, sizeof(text), 60000, &err), 0);
    }
    assert_null(srd_kept_get(kept, "a", &first, arena, &again_ms)); /* the oldest made room */
    assert_non_null(srd_kept_get(kept, "a", &last, arena, &again_ms));
    assert_int_equal(srd_kept_add(kept, "a", &last, 0, text, 1001, 60000, &err), SRD_E_LIMIT);
    srd_kept_free(&kept);
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + 5] = {
        cmocka_unit_test(a_pile_takes_what_fits),
        cmocka_unit_test(the_first_item_comes_in_shortened),
        cmocka_unit_test(what_is_kept_is_for_its_tenant_alone),
        cmocka_unit_test(what_is_kept_again_takes_its_place),
        cmocka_unit_test(what_is_kept_ends),
    };

    for (size_t i = 0; i < SRD_COUNT(rows); i++)
        tests[4 + i] = (struct CMUnitTest){ .name = rows[i].name,
                                            .test_func = cleans,
                                            .initial_state = (void *)(uintptr_t)&rows[i] };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
