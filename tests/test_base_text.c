/* Are words and numbers read and written as people expect? */

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

/* ---- one text in, one text out ---- */

static void nearest(const char *text, struct srd_buf *out)
{
    static const char *const words[] = { "storage", "compaction", "load-jobs", "ingestion",
                                         "cluster", "list",       "help",      "a",
                                         "on",      NULL };
    const char *found = srd_text_nearest(text, words);

    srd_buf_text(out, found ? found : "-");
}

static void integer(const char *text, struct srd_buf *out)
{
    int64_t number;

    if (srd_text_int64(text, &number))
        srd_buf_printf(out, "%" PRId64, number);
    else
        srd_buf_text(out, "-");
}

static void real(const char *text, struct srd_buf *out)
{
    double number;

    if (srd_text_double(text, &number))
        srd_buf_printf(out, "%.17g", number);
    else
        srd_buf_text(out, "-");
}

static void span(const char *text, struct srd_buf *out)
{
    int64_t ms;

    if (srd_text_duration_ms(text, &ms))
        srd_buf_printf(out, "%" PRId64, ms);
    else
        srd_buf_text(out, "-");
}

static void list(const char *text, struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    for (const char *const *item = srd_text_list(arena, text); *item; item++)
        srd_buf_printf(out, "[%s]", *item);
}

static void prefix(const char *text, struct srd_buf *out)
{
    srd_buf_text(out, srd_text_prefix(text, "storage.") ? "yes" : "no");
}

static void holds(const char *text, struct srd_buf *out)
{
    static const char *const words[] = { "token", "pwd", "access_key", "to", NULL };

    srd_buf_text(out, srd_text_holds(text, strlen(text), words) ? "yes" : "no");
}

static void holds_all_but_last(const char *text, struct srd_buf *out)
{
    static const char *const words[] = { "token", NULL };

    srd_buf_text(out, srd_text_holds(text, strlen(text) - 1, words) ? "yes" : "no");
}

struct words {
    void (*run)(const char *text, struct srd_buf *out);
    const char *name, *text, *want;
};

/* clang-format off */
static const struct words words[] = {
    { nearest, "the word itself is the nearest", "storage", "storage" },
    { nearest, "one letter off is found", "storge", "storage" },
    { nearest, "a swap counts once", "hlep", "help" },
    { nearest, "two swaps in a long word are found", "copmactoin", "compaction" },
    { nearest, "three of ten letters are found", "xompxctixn", "compaction" },
    { nearest, "four of ten letters are too many", "xoxpxctixn", "-" },
    { nearest, "a missing dash is found", "loadjobs", "load-jobs" },
    { nearest, "a third of a short word is little", "hxlx", "-" },
    { nearest, "two letters have no third to spare", "ox", "-" },
    { nearest, "the empty word is near nothing", "", "-" },
    { nearest, "the nearest wins over the first", "lists", "list" },
    { nearest, "nobody mistypes seventy letters",
      "storagestoragestoragestoragestoragestoragestoragestoragestoragestorage", "-" },

    { integer, "an integer is read", "-42", "-42" },
    { integer, "the largest is read", "9223372036854775807", "9223372036854775807" },
    { integer, "the smallest is read", "-9223372036854775808", "-9223372036854775808" },
    { integer, "one more than the largest is refused", "9223372036854775808", "-" },
    { integer, "one less than the smallest is refused", "-9223372036854775809", "-" },
    { integer, "no digits are no integer", "", "-" },
    { integer, "a sign alone is no integer", "-", "-" },
    { integer, "two signs are no integer", "--1", "-" },
    { integer, "a blank before an integer is refused", " 1", "-" },
    { integer, "a blank behind an integer is refused", "1 ", "-" },
    { integer, "a fraction is no integer", "1.0", "-" },
    { integer, "hexadecimal is no integer", "0x10", "-" },

    { real, "a fraction is read", "-96.5", "-96.5" },
    { real, "an exponent is read", "1e3", "1000" },
    { real, "no digits are no number", "", "-" },
    { real, "a point alone is no number", ".", "-" },
    { real, "infinity is no number", "inf", "-" },
    { real, "NaN is no number", "nan", "-" },
    { real, "too large is no number", "1e999", "-" },
    { real, "hexadecimal is no number", "0x1p3", "-" },
    { real, "a blank before a number is refused", " 1.5", "-" },
    { real, "a unit behind a number is refused", "1.5GB", "-" },
    { real, "a percent sign is refused", "96.5%", "-" },

    { span, "a bare number is seconds", "30", "30000" },
    { span, "seconds", "30s", "30000" },
    { span, "milliseconds", "500ms", "500" },
    { span, "minutes", "5m", "300000" },
    { span, "hours", "2h", "7200000" },
    { span, "days", "1d", "86400000" },
    { span, "no time is a duration", "0", "0" },
    { span, "a negative duration is refused", "-1s", "-" },
    { span, "a unit alone is refused", "s", "-" },
    { span, "an unknown unit is refused", "1w", "-" },
    { span, "a blank before the unit is refused", "1 s", "-" },
    { span, "a duration of ages is refused", "9223372036854775807", "-" },
    { span, "more digits than a number has are refused", "99999999999999999999ms", "-" },

    { list, "blanks around items are trimmed", "a, b ,c", "[a][b][c]" },
    { list, "empty items are left out", ",a,, ,b,", "[a][b]" },
    { list, "an item keeps the blanks inside", " a b ", "[a b]" },
    { list, "the empty list has no items", "", "" },
    { list, "no list has no items", NULL, "" },

    { prefix, "a text begins with its prefix", "storage.disk", "yes" },
    { prefix, "the prefix begins with itself", "storage.", "yes" },
    { prefix, "a shorter text does not", "storage", "no" },
    { prefix, "a prefix in the middle is none", "x.storage.", "no" },

    { holds, "a word is held that a text begins with", "token_file", "yes" },
    { holds, "a word is held that a text ends in", "my.pwd", "yes" },
    { holds, "a word is held in capital letters", "AWS.Access_KEY.id", "yes" },
    { holds, "a word of two letters is held alone", "to", "yes" },
    { holds, "a word is held behind its own beginning", "pwpwd", "yes" },
    { holds, "half a word is not held", "access_ke", "no" },
    { holds, "a word in pieces is not held", "p w d", "no" },
    { holds, "characters that share five bits with a word's do not make it", "\x10\x17\x04 access?key", "no" },
    { holds, "the empty text holds nothing", "", "no" },
    { holds_all_but_last, "what stands behind the end is not held", "a token", "no" },
    { holds_all_but_last, "what ends just before it is", "a token.", "yes" },
};
/* clang-format on */

static void check_words(void **state)
{
    const struct words *row = *state;
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;

    srd_buf_init(&got, 1000);
    row->run(row->text, &got);
    assert_string_equal(got.data, row->want);
}

/* ---- numbers for people ---- */

static const char *duration(struct srd_arena *arena, double ms)
{
    return srd_text_duration(arena, (int64_t)ms);
}

struct figure {
    const char *(*run)(struct srd_arena *arena, double number);
    const char *name;
    double number;
    const char *want;
};

/* clang-format off */
static const struct figure figures[] = {
    { srd_text_bytes, "sizes go in steps of 1024", 71300000000.0, "66.40 GB" },
    { srd_text_bytes, "no bytes", 0, "0 B" },
    { srd_text_bytes, "bytes have no fraction", 1023, "1023 B" },
    { srd_text_bytes, "a kilobyte", 1024, "1.00 KB" },
    { srd_text_bytes, "what would print as 1024.00 KB is a megabyte", 1048575, "1.00 MB" },
    { srd_text_bytes, "a terabyte", 1099511627776.0, "1.00 TB" },
    { srd_text_bytes, "petabytes are the last step", 1e19, "8881.78 PB" },
    { srd_text_bytes, "less than nothing keeps its sign", -2048, "-2.00 KB" },
    { srd_text_bytes, "no number is a question", NAN, "?" },
    { srd_text_count, "thousands have commas", 32144, "32,144" },
    { srd_text_count, "hundreds have none", 999, "999" },
    { srd_text_count, "a million has two", 1000000, "1,000,000" },
    { srd_text_count, "the sign is no digit", -123456, "-123,456" },
    { srd_text_count, "zero is zero", 0, "0" },
    { srd_text_count, "almost nothing is zero without a sign", -0.4, "0" },
    { srd_text_count, "infinity is a question", INFINITY, "?" },
    { duration, "the two largest parts are told", 93784000, "1d 2h" },
    { duration, "hours and minutes", 7384000, "2h 3m" },
    { duration, "a part of zero is left out", 7204000, "2h" },
    { duration, "seconds and milliseconds", 1500, "1s 500ms" },
    { duration, "milliseconds alone", 999, "999ms" },
    { duration, "no time", 0, "0s" },
    { duration, "a duration backwards keeps its sign", -61000, "-1m 1s" },
    { duration, "the longest backwards does not overflow", -9223372036854775808.0, "-106751991167d 7h" },
};
/* clang-format on */

static void check_figure(void **state)
{
    const struct figure *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    assert_string_equal(row->run(arena, row->number), row->want);
}

static void a_word_is_in_its_list(void **state)
{
    static const char *const names[] = { "a", "bc", NULL };

    (void)state;
    assert_true(srd_text_in("bc", names));
    assert_false(srd_text_in("b", names));
    assert_false(srd_text_in("", names));
    assert_false(srd_text_in("a", NULL));
    assert_true(srd_text_among("a bc  D", "d"));
    assert_true(srd_text_among(" a bc", "A"));
    assert_false(srd_text_among("a bc", "b"));
    assert_false(srd_text_among("a bc", "bcd"));
    assert_false(srd_text_among("a  bc", ""));
    assert_false(srd_text_among(NULL, "a"));
}

static void two_may_be_the_same(void **state)
{
    char own[] = "a";

    (void)state;
    assert_true(srd_text_same("a", own));
    assert_true(srd_text_same(NULL, NULL));
    assert_false(srd_text_same("a", "b"));
    assert_false(srd_text_same("", NULL));
    assert_false(srd_text_same(NULL, "a"));
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(words) + SRD_COUNT(figures) + 2];
    size_t n = 0;

    for (size_t i = 0; i < SRD_COUNT(words); i++)
        tests[n++] = (struct CMUnitTest){ .name = words[i].name,
                                          .test_func = check_words,
                                          .initial_state = (void *)&words[i] };
    for (size_t i = 0; i < SRD_COUNT(figures); i++)
        tests[n++] = (struct CMUnitTest){ .name = figures[i].name,
                                          .test_func = check_figure,
                                          .initial_state = (void *)&figures[i] };
    tests[n++] = (struct CMUnitTest){ .name = "a word is in a list or it is not",
                                      .test_func = a_word_is_in_its_list };
    tests[n++] = (struct CMUnitTest){ .name = "nothing is the same as nothing alone",
                                      .test_func = two_may_be_the_same };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
