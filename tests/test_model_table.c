/* What does a cell say, and when does it say nothing? */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/cleanup.h"
#include "lib/model/table.h"
#include "tests/rows.h"

/* ---- one cell, read as @kind; @want is the value or NOTHING ---- */

#define NOTHING NAN

enum kind { NUMBER, INTEGER, PERCENT, BYTES, COUNT, DURATION, BOOL };
struct row {
    const char *name;
    enum kind kind;
    const char *cell;
    double want;
};

/* clang-format off */
static const struct row rows[] = {
    { "a number", NUMBER, "12", 12 },
    { "a number with a fraction", NUMBER, "1.5", 1.5 },
    { "a negative number", NUMBER, "-3", -3 },
    { "a number with thousands", NUMBER, "1,234", 1234 },
    { "a number with millions and a fraction", NUMBER, "1,234,567.5", 1234567.5 },
    { "a number with an exponent", NUMBER, "1e6", 1e6 },
    { "a number with a signed exponent", NUMBER, "2.5E-3", 0.0025 },
    { "a number that begins with its dot", NUMBER, ".5", 0.5 },
    { "blanks around a number do not matter", NUMBER, " 7 ", 7 },
    { "zero is a number", NUMBER, "0", 0 },
    { "a long fraction is still a number",
      NUMBER, "0.1000000000000000055511151231257827021181583404541015625000000000001", 0.1 },
    { "SQL NULL says nothing", NUMBER, NULL, NOTHING },
    { "an empty cell says nothing", NUMBER, "", NOTHING },
    { "blanks say nothing", NUMBER, "   ", NOTHING },
    { "N/A says nothing", NUMBER, "N/A", NOTHING },
    { "\\N as two characters says nothing", NUMBER, "\\N ", NOTHING },
    { "the text NULL says nothing", NUMBER, "NULL", NOTHING },
    { "the text null says nothing", NUMBER, "null", NOTHING },
    { "a dash says nothing", NUMBER, "-", NOTHING },
    { "a sign alone says nothing", NUMBER, "+", NOTHING },
    { "a dot alone says nothing", NUMBER, ".", NOTHING },
    { "NaN says nothing", NUMBER, "NaN", NOTHING },
    { "infinity says nothing", NUMBER, "Infinity", NOTHING },
    { "a number too large for a double says nothing", NUMBER, "1e999", NOTHING },
    { "a number of a hundred digits says nothing", NUMBER,
      "1234567890123456789012345678901234567890123456789012345678901234567890", NOTHING },
    { "hex says nothing", NUMBER, "0x10", NOTHING },
    { "garbage behind a number says nothing", NUMBER, "12abc", NOTHING },
    { "two numbers say nothing", NUMBER, "12 13", NOTHING },
    { "a list is no number with thousands", NUMBER, "1,2,3", NOTHING },
    { "a thousand needs three digits behind its comma", NUMBER, "1,23", NOTHING },
    { "a comma at the end is no thousands", NUMBER, "1,", NOTHING },
    { "a comma at the front is no thousands", NUMBER, ",123", NOTHING },
    { "four digits before a comma are no thousands", NUMBER, "1234,567", NOTHING },
    { "an exponent needs digits", NUMBER, "1e", NOTHING },
    { "two signs say nothing", NUMBER, "--1", NOTHING },

    { "an integer keeps what a double has", INTEGER, "9007199254740992", 9007199254740992.0 },
    { "a double that is whole is an integer", INTEGER, "1768874400.000", 1768874400 },
    { "a fraction is no integer", INTEGER, "1.5", NOTHING },
    { "a number above int64 is no integer", INTEGER, "9223372036854775808", NOTHING },
    { "the last row of totals is no integer", INTEGER, "Total", NOTHING },

    { "a percent with a blank", PERCENT, "90.25 %", 90.25 },
    { "a percent without a blank", PERCENT, "90.25%", 90.25 },
    { "a percent without its sign", PERCENT, "90.25", 90.25 },
    { "a percent of one decimal", PERCENT, "0.2 %", 0.2 },
    { "a percent pattern prints zero without a digit before the dot", PERCENT, ".00 %", 0 },
    { "a percent of an empty table says nothing", PERCENT, "NaN %", NOTHING },
    { "a percent of something says nothing", PERCENT, "90 % of it", NOTHING },
    { "two percent signs say nothing", PERCENT, "90 %%", NOTHING },
    { "a percent sign alone says nothing", PERCENT, "%", NOTHING },

    { "bytes with a blank before the unit", BYTES, "12.345 GB", 13255342817 },
    { "bytes without a blank", BYTES, "1.2GB", 1288490189 },
    { "bytes of no more than bytes", BYTES, "512B", 512 },
    { "bytes of a bare number", BYTES, "1024", 1024 },
    { "bytes are a whole number, also when SQL multiplied them", BYTES, "14030226500.2667", 14030226500 },
    { "bytes of very old releases: zero without a unit", BYTES, "0.000 ", 0 },
    { "bytes in KB", BYTES, "18.5KB", 18944 },
    { "bytes in MB", BYTES, "2 MB", 2097152 },
    { "bytes in TB", BYTES, "8388608.000 TB", 8388608.0 * 1099511627776.0 },
    { "bytes in PB", BYTES, "1PB", 1125899906842624.0 },
    { "bytes in EB", BYTES, "1 EB", 1152921504606846976.0 },
    { "bytes with a single letter, as configuration has them", BYTES, "10G", 10737418240.0 },
    { "bytes with an i", BYTES, "1KiB", 1024 },
    { "bytes in lower case", BYTES, "3kb", 3072 },
    { "bytes with an unknown unit say nothing", BYTES, "3 XB", NOTHING },
    { "bytes with two units say nothing", BYTES, "3 KBKB", NOTHING },
    { "bytes per second are not bytes", BYTES, "3 MB/s", NOTHING },
    { "a percentage is not bytes", BYTES, "80%", NOTHING },
    { "a unit alone says nothing", BYTES, "GB", NOTHING },
    { "bytes beyond a double say nothing", BYTES, "1e300 EB", NOTHING },

    { "a count of rows", COUNT, "12 rows", 12 },
    { "a count of one row", COUNT, "1 row", 1 },
    { "a bare count", COUNT, "12", 12 },
    { "a count of something else says nothing", COUNT, "12 columns", NOTHING },

    { "seconds with a blank", DURATION, "1.234 s", 1234 },
    { "milliseconds with a blank", DURATION, "12 ms", 12 },
    { "seconds without a blank", DURATION, "3s", 3000 },
    { "milliseconds without a blank", DURATION, "250ms", 250 },
    { "a bare number is seconds", DURATION, "35", 35000 },
    { "a duration of a profile", DURATION, "1m2s345ms", 62345 },
    { "microseconds of a profile", DURATION, "500.5us", 0.5005 },
    { "nanoseconds of a profile", DURATION, "500ns", 0.0005 },
    { "hours and minutes", DURATION, "2h 5min", 7500000 },
    { "days", DURATION, "2 day", 172800000 },
    { "a duration of an unknown unit says nothing", DURATION, "3 weeks", NOTHING },
    { "a number behind a duration needs its unit", DURATION, "3s 5", NOTHING },
    { "a unit without a number says nothing", DURATION, "ms", NOTHING },
    { "a date is no duration", DURATION, "2026-01-20", NOTHING },

    { "true", BOOL, "true", 1 }, { "FALSE", BOOL, "FALSE", 0 },
    { "one is yes", BOOL, "1", 1 }, { "zero is no", BOOL, "0", 0 },
    { "Yes", BOOL, "Yes", 1 }, { "No", BOOL, "No", 0 },
    { "two is neither yes nor no", BOOL, "2", NOTHING },
    { "a word that begins like true says nothing", BOOL, "trueish", NOTHING },
    { "NULL is not no", BOOL, NULL, NOTHING },
};
/* clang-format on */

static void check_row(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_table *t = srd_table_new(arena, (const char *const[]){ "c" }, 1);
    struct srd_error err;
    double got = -77;
    int64_t integer = -77;
    bool flag = false, said = false;

    assert_int_equal(srd_table_add(t, &row->cell, NULL, 1, &err), 0);
    switch (row->kind) {
    case NUMBER:
        said = srd_cell_number(t, 0, "C", &got);
        break;
    case INTEGER:
        said = srd_cell_integer(t, 0, "C", &integer);
        got = said ? (double)integer : got;
        break;
    case PERCENT:
        said = srd_cell_percent(t, 0, "C", &got);
        break;
    case BYTES:
        said = srd_cell_bytes(t, 0, "C", &got);
        break;
    case COUNT:
        said = srd_cell_count(t, 0, "C", &got);
        break;
    case DURATION:
        said = srd_cell_duration_ms(t, 0, "C", &got);
        break;
    case BOOL:
        said = srd_cell_bool(t, 0, "C", &flag);
        got = said ? (double)flag : got;
        break;
    }
    assert_int_equal(said, !isnan(row->want));
    if (said)
        assert_true(fabs(got - row->want) <= 1e-9 * fabs(row->want));
    else
        assert_true(got < -76 && got > -78); /* it never became 0 */
}

/* ---- times ---- */

struct time_row {
    const char *name, *cell;
    int zone_offset_s; /* UNKNOWN: no zone */
    const char *want;  /* NULL: nothing */
};
#define UNKNOWN (-1)

/* clang-format off */
static const struct time_row times[] = {
    { "a time of a table that prints UTC", "2026-01-20 02:00:00", 0, "2026-01-20T02:00:00Z" },
    { "a time of a table that prints +08:00", "2026-01-20 10:00:00", 28800, "2026-01-20T02:00:00Z" },
    { "a time with a fraction", "2026-01-20 02:00:00.250", 0, "2026-01-20T02:00:00.250Z" },
    { "a time without a known zone says nothing", "2026-01-20 02:00:00", UNKNOWN, NULL },
    { "a time that names Z needs no zone", "2026-01-20 02:00:00 (Z)", UNKNOWN, "2026-01-20T02:00:00Z" },
    { "a time that names its zone is not moved by the table's", "2026-01-20 10:00:00 (+08:00)", 3600,
      "2026-01-20T02:00:00Z" },
    { "a time west of Greenwich", "2026-01-19 20:30:00 (-05:30)", UNKNOWN, "2026-01-20T02:00:00Z" },
    { "a time with an unknown zone name says nothing", "2026-01-20 10:00:00 (CST)", 0, NULL },
    { "a time with half a zone says nothing", "2026-01-20 10:00:00 (+08", 0, NULL },
    { "RFC 3339 needs no zone", "2026-01-20T10:00:00+08:00", UNKNOWN, "2026-01-20T02:00:00Z" },
    { "epoch seconds need no zone", "1768874400", UNKNOWN, "2026-01-20T02:00:00Z" },
    { "epoch seconds are not moved by the zone", "1768874400", 28800, "2026-01-20T02:00:00Z" },
    { "epoch seconds as a DOUBLE", "1768874400.25", UNKNOWN, "2026-01-20T02:00:00.250Z" },
    { "epoch milliseconds", "1768874400000", UNKNOWN, "2026-01-20T02:00:00Z" },
    { "zero is no time", "0", 0, NULL },
    { "minus one is no time", "-1", 0, NULL },
    { "a number between seconds and milliseconds is no time", "17688744000", 0, NULL },
    { "a year far away is never", "9999-12-31 23:59:59", 0, NULL },
    { "a year far away in another zone is never", "9999-12-30 15:59:59", 28800, NULL },
    { "the year 1000000000 is never", "+1000000000-01-01 00:00:00", 0, NULL },
    { "the epoch is never", "1970-01-01 00:00:00", 0, NULL },
    { "the epoch in +08:00 is never", "1970-01-01 08:00:00", 28800, NULL },
    { "None is no time", "None", 0, NULL },
    { "the text NULL is no time", "NULL", 0, NULL },
    { "SQL NULL is no time", NULL, 0, NULL },
    { "a date that does not exist is no time", "2026-02-30 00:00:00", 0, NULL },
    { "a text that is far too long is no time",
      "2026-01-20 02:00:00                                                                    x", 0, NULL },
};
/* clang-format on */

static void check_time(void **state)
{
    const struct time_row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_table *t = srd_table_new(arena, (const char *const[]){ "c" }, 1);
    struct srd_error err;
    char text[SRD_TIME_SIZE];
    int64_t ms = -77;

    assert_int_equal(srd_table_add(t, &row->cell, NULL, 1, &err), 0);
    t->zone_known = row->zone_offset_s != UNKNOWN;
    t->zone_offset_s = row->zone_offset_s;
    if (!row->want) {
        assert_false(srd_cell_time_ms(t, 0, "c", &ms));
        assert_int_equal(ms, -77);
        return;
    }
    assert_true(srd_cell_time_ms(t, 0, "c", &ms));
    assert_string_equal(srd_time_rfc3339(ms, text), row->want);
}

/* ---- JSON in a cell ---- */

struct json_row {
    const char *name, *cell, *key, *want;
};

/* clang-format off */
static const struct json_row jsons[] = {
    { "a text member", "{\"lastSuccessReportTabletsTime\":\"N/A\"}", "lastSuccessReportTabletsTime", "N/A" },
    { "a number member is its digits", "{\"threadId\":42}", "threadId", "42" },
    { "a bool member is a word", "{\"balanced\":true}", "balanced", "true" },
    { "an object member is its JSON", "{\"a\":{\"b\":[1]}}", "a", "{\"b\":[1]}" },
    { "a null member is absent", "{\"a\":null}", "a", NULL },
    { "another key is absent", "{\"a\":1}", "A", NULL },
    { "a list has no members", "[{\"a\":1}]", "a", NULL },
    { "a damaged object has no members", "{\"a\":1", "a", NULL },
    { "a text is no object", "nothing to see", "a", NULL },
    { "SQL NULL is no object", NULL, "a", NULL },
};
/* clang-format on */

static void check_json(void **state)
{
    const struct json_row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_table *t = srd_table_new(arena, (const char *const[]){ "c" }, 1);
    struct srd_error err;
    const char *got;

    assert_int_equal(srd_table_add(t, &row->cell, NULL, 1, &err), 0);
    got = srd_cell_json(t, 0, "c", row->key, arena);
    if (row->want)
        assert_string_equal(got, row->want);
    else
        assert_null(got);
}

/* ---- tables ---- */

static void columns_by_name(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_table *t = srd_table_of(arena, "Alive|DB_NAME|Quota\ntrue|shop|\\N\n");

    (void)state;
    assert_int_equal(t->rows, 1);
    assert_int_equal(srd_column(t, "alive"), 0);
    assert_int_equal(srd_column(t, "Db_Name"), 1);
    assert_true(srd_column(t, "DB_NAM") == SRD_NO_COLUMN);
    assert_true(srd_column(t, "") == SRD_NO_COLUMN);
    assert_null(srd_cell(t, 0, "Quota"));
    assert_null(srd_cell(t, 1, "Alive"));
    assert_null(srd_cell(t, 0, "nope"));
    assert_string_equal(srd_cell_text(t, 0, "Quota"), "");
    assert_true(srd_cell_has(t, 0, "Alive"));
    assert_false(srd_cell_has(t, 0, "Quota"));
    assert_true(srd_cell_is(t, 0, "DB_NAME", "shop"));
    assert_false(srd_cell_is(t, 0, "DB_NAME", "Shop"));
    assert_false(srd_cell_is(t, 0, "Quota", ""));
    assert_null(srd_table_lacks(t, "quota  ALIVE", arena));
    assert_null(srd_table_lacks(t, NULL, arena));
    assert_string_equal(srd_table_lacks(t, "Quota Left Right", arena), "Left");
}

static void empty_is_not_null(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_table *t = srd_table_of(arena, "a|b|c\n|\\N|NULL");

    (void)state;
    assert_string_equal(srd_cell(t, 0, "a"), "");
    assert_null(srd_cell(t, 0, "b"));
    assert_string_equal(srd_cell(t, 0, "c"), "NULL");
}

static void rows_are_filled_up(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_table *t = srd_table_new(arena, (const char *const[]){ "a", "b", "c" }, 3);
    struct srd_error err;
    static const char *const cells[] = { "1", "2", "3", "4" };

    (void)state;
    assert_int_equal(srd_table_add(t, cells, NULL, 2, &err), 0);
    assert_string_equal(srd_cell(t, 0, "b"), "2");
    assert_null(srd_cell(t, 0, "c"));
    assert_int_equal(srd_table_add(t, cells, NULL, 0, &err), 0);
    assert_null(srd_cell(t, 1, "a"));
    assert_int_equal(srd_table_add(t, cells, NULL, 4, &err), SRD_E_DATA);
    assert_string_equal(err.text, "row 3: expected 3 cells, found 4");
    assert_int_equal(t->rows, 2);
}

static void lengths_count(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_table *t = srd_table_new(arena, (const char *const[]){ "a", "b" }, 2);
    struct srd_error err;

    (void)state;
    assert_int_equal(srd_table_add(t, (const char *const[]){ "abcdef", "x\0y" },
                                   (const size_t[]){ 3, 3 }, 2, &err),
                     0);
    assert_string_equal(srd_cell(t, 0, "a"), "abc");
    assert_string_equal(srd_cell(t, 0, "b"), "x");
}

static void ceilings_hold(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_table *t = srd_table_new(arena, (const char *const[]){ "a" }, 1);
    struct srd_error err;
    static const char *const cell[] = { "0123456789" };

    (void)state;
    t->ceiling_rows = 100;
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(srd_table_add(t, cell, NULL, 1, &err), 0);
    assert_int_equal(srd_table_add(t, cell, NULL, 1, &err), SRD_E_LIMIT);
    t->ceiling_rows = 1000;
    t->ceiling_bytes = t->bytes + 10;
    assert_int_equal(srd_table_add(t, cell, NULL, 1, &err), SRD_E_LIMIT);
    assert_int_equal(t->rows, 100);
    assert_string_equal(srd_cell(t, 99, "a"), "0123456789");
}

static void no_columns(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_table *t = srd_table_new(arena, NULL, 0);
    struct srd_error err;

    (void)state;
    assert_int_equal(srd_table_add(t, NULL, NULL, 0, &err), 0);
    assert_null(srd_cell(t, 0, "a"));
    assert_string_equal(srd_table_lacks(t, "a", arena), "a");
}

static void identifiers_keep_their_digits(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_table *t = srd_table_of(arena, "id\n9223372036854775807\n-1\n1,234\n");
    int64_t got;

    (void)state;
    assert_true(srd_cell_integer(t, 0, "id", &got));
    assert_true(got == INT64_MAX);
    assert_true(srd_cell_integer(t, 1, "id", &got));
    assert_int_equal(got, -1);
    assert_true(srd_cell_integer(t, 2, "id", &got));
    assert_int_equal(got, 1234);
}

/* clang-format off */
static const struct CMUnitTest single[] = {
    { "columns are found by name in any case", columns_by_name, NULL, NULL, NULL },
    { "an empty cell is not SQL NULL", empty_is_not_null, NULL, NULL, NULL },
    { "a short row is filled with NULL and a long one refused", rows_are_filled_up, NULL, NULL, NULL },
    { "cells end at their length and at a NUL", lengths_count, NULL, NULL, NULL },
    { "no more rows and bytes than the ceilings", ceilings_hold, NULL, NULL, NULL },
    { "a table may have no columns", no_columns, NULL, NULL, NULL },
    { "an identifier keeps all its digits", identifiers_keep_their_digits, NULL, NULL, NULL },
};
/* clang-format on */

int main(void)
{
    struct CMUnitTest
        tests[SRD_COUNT(rows) + SRD_COUNT(times) + SRD_COUNT(jsons) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    ADD_ROWS(tests, n, times, check_time);
    ADD_ROWS(tests, n, jsons, check_json);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
