/* May foreign text act on a terminal, and how wide is it? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"
#include "tests/rows.h"

/* ---- clean ---- */

struct cleaning {
    const char *name, *text, *want;
    size_t n; /* 0: all of text */
};

/* clang-format off */
static const struct cleaning cleanings[] = {
    { "plain text stays as it is", "be1 /data1 96.5 %", "be1 /data1 96.5 %", 0 },
    { "nothing stays nothing", "", "", 0 },
    { "a backslash stays as it is", "C:\\n", "C:\\n", 0 },
    { "Chinese stays as it is", "\xe8\xae\xa2\xe5\x8d\x95", "\xe8\xae\xa2\xe5\x8d\x95", 0 },
    { "an emoji stays as it is", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 0 },
    { "a combining accent stays with its letter", "e\xcc\x81", "e\xcc\x81", 0 },
    { "a no-break space is seen, so it stays", "a\xc2\xa0" "b", "a\xc2\xa0" "b", 0 },
    { "an Arabic number sign is a format character too", "\xd8\x80", "\\u{0600}", 0 },
    { "a line ends in words", "a\nb", "a\\nb", 0 },
    { "a tab is words", "a\tb", "a\\tb", 0 },
    { "a carriage return cannot overwrite the line", "ok\rBAD", "ok\\x0dBAD", 0 },
    { "a colour is words", "\x1b[31mred\x1b[0m", "\\e[31mred\\e[0m", 0 },
    { "a window title is words", "\x1b]0;x\x07", "\\e]0;x\\x07", 0 },
    { "a backspace is words", "a\b", "a\\x08", 0 },
    { "DEL is words", "\x7f", "\\x7f", 0 },
    { "NUL is words", "a\0b", "a\\x00b", 3 },
    { "an eight bit control sequence is words", "\xc2\x9b" "31m", "\\x9b31m", 0 },
    { "a next line character is words", "\xc2\x85", "\\x85", 0 },
    { "a broken byte is words", "a\xff" "b", "a\\xffb", 0 },
    { "a stray continuation byte is words", "\x80", "\\x80", 0 },
    { "a cut character is words", "a\xe4\xbd", "a\\xe4\\xbd", 0 },
    { "a cut character does not take the next one with it", "\xe4\xbd" "A", "\\xe4\\xbdA", 0 },
    { "an overlong ESC is words", "\xc0\x9b", "\\xc0\\x9b", 0 },
    { "a surrogate is words", "\xed\xa0\x80", "\\xed\\xa0\\x80", 0 },
    { "a character beyond Unicode is words", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", 0 },
    { "right-to-left override is words", "gpj.\xe2\x80\xae" "exe", "gpj.\\u{202E}exe", 0 },
    { "left-to-right embedding is words", "\xe2\x80\xaa", "\\u{202A}", 0 },
    { "isolates are words", "\xe2\x81\xa6x\xe2\x81\xa9", "\\u{2066}x\\u{2069}", 0 },
    { "direction marks are words", "\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "\\u{200E}\\u{200F}\\u{061C}", 0 },
    { "a zero-width space is words", "a\xe2\x80\x8b" "b", "a\\u{200B}b", 0 },
    { "zero-width joiners are words", "\xe2\x80\x8c\xe2\x80\x8d", "\\u{200C}\\u{200D}", 0 },
    { "a byte order mark is words", "\xef\xbb\xbfx", "\\u{FEFF}x", 0 },
    { "a soft hyphen is words", "a\xc2\xad" "b", "a\\u{00AD}b", 0 },
    { "a word joiner is words", "\xe2\x81\xa0", "\\u{2060}", 0 },
    { "line and paragraph separators are words", "\xe2\x80\xa8\xe2\x80\xa9", "\\u{2028}\\u{2029}", 0 },
    { "a tag character cannot whisper to a model", "\xf3\xa0\x81\x81", "\\u{E0041}", 0 },
    { "a variation selector cannot whisper to a model", "\xf3\xa0\x84\x80\xef\xb8\x8f", "\\u{E0100}\\u{FE0F}", 0 },
    { "a Hangul filler is no blank name", "\xe3\x85\xa4", "\\u{3164}", 0 },
    { "an interlinear annotation is words", "\xef\xbf\xb9", "\\u{FFF9}", 0 },
};
/* clang-format on */

static void check_cleaning(void **state)
{
    const struct cleaning *row = *state;
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    SRD_CLEANUP(srd_buf_free) struct srd_buf twice;

    srd_buf_init(&got, 1000);
    srd_utf8_clean(&got, row->text, row->n ? row->n : strlen(row->text));
    assert_string_equal(got.data, row->want);
    assert_true(srd_utf8_valid(got.data, got.size));
    /* what is clean stays as it is */
    srd_buf_init(&twice, 1000);
    srd_utf8_clean(&twice, got.data, got.size);
    assert_string_equal(twice.data, got.data);
}

/* ---- width and fit ---- */

struct fitting {
    const char *name, *text;
    size_t width, columns, fit;
};

/* clang-format off */
static const struct fitting fittings[] = {
    { "a letter takes a column", "abc", 3, 2, 2 },
    { "what fits is not cut", "abc", 3, 3, 3 },
    { "more room than text is fine", "abc", 3, 99, 3 },
    { "nothing fits into no columns", "abc", 3, 0, 0 },
    { "nothing is zero wide", "", 0, 5, 0 },
    { "a Chinese character takes two columns", "\xe8\xae\xa2\xe5\x8d\x95", 4, 2, 3 },
    { "a Chinese character is not cut in two", "\xe8\xae\xa2\xe5\x8d\x95", 4, 3, 3 },
    { "a Chinese character does not fit into one column", "\xe8\xae\xa2", 2, 1, 0 },
    { "a full-width form takes two columns", "\xef\xbc\xa1", 2, 1, 0 },
    { "an emoji takes two columns", "\xf0\x9f\x98\x80x", 3, 2, 4 },
    { "an accent takes no column and stays with its letter", "e\xcc\x81x", 2, 1, 3 },
    { "several accents stay with their letter", "e\xcc\x81\xcc\xa7x", 2, 1, 5 },
    { "a Latin letter of two bytes takes one column", "\xc3\xa9x", 2, 1, 2 },
    { "a broken byte takes one column", "\xff\xfe", 2, 1, 1 },
};
/* clang-format on */

static void check_fitting(void **state)
{
    const struct fitting *row = *state;

    assert_int_equal(srd_utf8_width(row->text), row->width);
    assert_int_equal(srd_utf8_fit(row->text, row->columns), row->fit);
}

/* ---- valid, good, whole, repair ---- */

struct wholeness {
    const char *name, *text;
    size_t n, good, whole;
    bool valid;
    const char *repaired;
};

#define FFFD "\xef\xbf\xbd"

/* clang-format off */
static const struct wholeness wholenesses[] = {
    { "ASCII is valid", "abc", 3, 3, 3, true, "abc" },
    { "nothing is valid", "", 0, 0, 0, true, "" },
    { "Chinese is valid", "\xe8\xae\xa2", 3, 3, 3, true, "\xe8\xae\xa2" },
    { "a NUL is not valid, and not broken either", "a\0", 2, 2, 2, false, "a" },
    { "a cut character of three bytes is not whole", "a\xe8\xae", 3, 1, 1, false, "a" FFFD },
    { "its first byte alone is not whole", "a\xe8", 2, 1, 1, false, "a" FFFD },
    { "a cut character of four bytes is not whole", "\xf0\x9f\x98", 3, 0, 0, false, FFFD },
    { "a cut character of two bytes is not whole", "ab\xc3", 3, 2, 2, false, "ab" FFFD },
    { "a broken byte was not cut off", "a\xff", 2, 1, 2, false, "a" FFFD },
    { "stray continuation bytes were not cut off", "\x80\x80\x80\x80\x80", 5, 0, 5, false,
      FFFD FFFD FFFD FFFD FFFD },
    { "broken bytes do not hide what follows", "\xff" "a\xfe" "b", 4, 0, 4, false, FFFD "a" FFFD "b" },
};
/* clang-format on */

static void check_wholeness(void **state)
{
    const struct wholeness *row = *state;
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;

    assert_int_equal(srd_utf8_valid(row->text, row->n), row->valid);
    assert_int_equal(srd_utf8_good(row->text, row->n), row->good);
    assert_int_equal(srd_utf8_whole(row->text, row->n), row->whole);
    srd_buf_init(&got, 100);
    srd_utf8_repair(&got, row->text, row->n);
    assert_string_equal(got.data, row->repaired);
}

/* All of Unicode, not only what came to mind. */
static void every_character_is_clean_or_words(void **state)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;

    (void)state;
    srd_buf_init(&got, 100);
    for (uint32_t uc = 0x80; uc < 0x110000; uc++) {
        char text[5];
        int n = 0;

        if (uc >= 0xd800 && uc < 0xe000)
            continue;
        if (uc < 0x800) {
            text[n++] = (char)(0xc0 | uc >> 6);
        } else {
            if (uc < 0x10000) {
                text[n++] = (char)(0xe0 | uc >> 12);
            } else {
                text[n++] = (char)(0xf0 | uc >> 18);
                text[n++] = (char)(0x80 | (uc >> 12 & 63));
            }
            text[n++] = (char)(0x80 | (uc >> 6 & 63));
        }
        text[n++] = (char)(0x80 | (uc & 63));
        text[n] = '\0';
        srd_buf_clear(&got);
        srd_utf8_clean(&got, text, (size_t)n);
        if (!strcmp(got.data, text))
            continue;
        snprintf(text, sizeof(text), "\\%c", uc < 0xa0 ? 'x' : 'u');
        assert_memory_equal(got.data, text, 2);
    }
}

int main(void)
{
    struct CMUnitTest
        tests[SRD_COUNT(cleanings) + SRD_COUNT(fittings) + SRD_COUNT(wholenesses) + 1];
    size_t n = 0;

    ADD_ROWS(tests, n, cleanings, check_cleaning);
    ADD_ROWS(tests, n, fittings, check_fitting);
    ADD_ROWS(tests, n, wholenesses, check_wholeness);
    tests[n++] = (struct CMUnitTest){ .name = "every character is itself or words",
                                      .test_func = every_character_is_clean_or_words };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
