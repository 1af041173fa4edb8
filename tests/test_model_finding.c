/* How are values, bounds and steps said? */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/model/check.h"
#include "tests/rows.h"

struct unit_row {
    const char *name;
    enum srd_unit unit;
    double value;
    int zone_offset_s;
    const char *want;
};

/* clang-format off */
static const struct unit_row units[] = {
    { "a count has separators", SRD_UNIT_COUNT, 32144, 0, "32,144" },
    { "a mean keeps a decimal", SRD_UNIT_COUNT, 1.5, 0, "1.5" },
    { "bytes have a unit", SRD_UNIT_BYTES, 71300000000, 0, "66.40 GB" },
    { "a percentage has two decimals", SRD_UNIT_PERCENT, 96.518, 0, "96.52 %" },
    { "points have one decimal", SRD_UNIT_POINTS, 3.4, 0, "3.4 points" },
    { "a ratio is times", SRD_UNIT_RATIO, 5, 0, "5.0x" },
    { "a duration has its two largest parts", SRD_UNIT_MS, 93784000, 0, "1d 2h" },
    { "a time is printed in UTC", SRD_UNIT_TIME, 1768874400000, 0, "2026-01-20 02:00:00" },
    { "a time is printed in a zone", SRD_UNIT_TIME, 1768874400000, 28800, "2026-01-20 10:00:00" },
    { "a time beyond the calendar is a dash", SRD_UNIT_TIME, 1e18, 0, "-" },
    { "yes", SRD_UNIT_BOOL, 1, 0, "yes" },
    { "no", SRD_UNIT_BOOL, 0, 0, "no" },
    { "an id has no separators", SRD_UNIT_ID, 10004567, 0, "10004567" },
    { "what is no number is a dash", SRD_UNIT_PERCENT, NAN, 0, "-" },
    { "infinity is a dash", SRD_UNIT_MS, INFINITY, 0, "-" },
    { "a duration beyond all clocks is a dash", SRD_UNIT_MS, 1e300, 0, "-" },
};
/* clang-format on */

static void check_unit(void **state)
{
    const struct unit_row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    assert_string_equal(srd_unit_format(arena, row->unit, row->value, row->zone_offset_s),
                        row->want);
}

struct fill_row {
    const char *name, *template;
    struct srd_field fields[3];
    const char *want;
};

/* clang-format off */
static const struct fill_row fills[] = {
    { "a placeholder is filled", "ALTER TABLE {table} COMPACT", { { "table", "`a`.`b`" } }, "ALTER TABLE `a`.`b` COMPACT" },
    { "two placeholders are filled", "{a}{b}{a}", { { "a", "1" }, { "b", "2" } }, "121" },
    { "an unknown placeholder stays", "{a} {c}", { { "a", "1" } }, "1 {c}" },
    { "a longer placeholder is another", "{ab}", { { "a", "1" } }, "{ab}" },
    { "what is filled in is not filled again", "{a}", { { "a", "{b}" }, { "b", "2" } }, "{b}" },
    { "an open brace stays", "{a", { { "a", "1" } }, "{a" },
    { "a NULL value is empty", "<{a}>", { { "a", NULL } }, "<>" },
    { "no template gives nothing", NULL, { { "a", "1" } }, NULL },
};
/* clang-format on */

static void check_fill(void **state)
{
    const struct fill_row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *got = srd_fill(arena, row->template, row->fields);

    if (row->want)
        assert_string_equal(got, row->want);
    else
        assert_null(got);
}

static void overrides_win(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_new(arena);
    struct srd_limit limit = srd_limit_catalogue(ev, "a.b", 3, SRD_UNIT_COUNT);

    (void)state;
    assert_true(limit.value > 2.9 && limit.value < 3.1 && limit.unit == SRD_UNIT_COUNT);
    assert_string_equal(limit.source, "catalogue");
    ev->overrides = (const struct srd_override[]){ { "a.bc", 1, "x" },
                                                   { "a.b", 7, "--set" },
                                                   { NULL, 0, NULL } };
    limit = srd_limit_catalogue(ev, "a.b", 3, SRD_UNIT_COUNT);
    assert_true(limit.value > 6.9);
    assert_string_equal(limit.source, "--set");
}

static void findings_hold_what_is_said(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    static const struct srd_check check = { .id = "a.b" };
    static const struct srd_probe probe = { .id = "p" };
    struct srd_findings out = { .arena = arena, .check = &check };
    struct srd_table *t = srd_table_of(arena, "a\n1\n2\n3\n4\n5\n6\n");
    struct srd_finding *f = NULL;
    char name[] = "be1";

    (void)state;
    for (int i = 0; i < 20; i++)
        f = srd_finding_add(&out, SRD_WARNING, "backend", name, "%s is %d %%", name, 90);
    strcpy(name, "xxx");
    assert_int_equal(out.count, 20);
    assert_ptr_equal(out.items[19], f);
    assert_string_equal(f->subject.name, "be1");
    assert_string_equal(f->message, "be1 is 90 %");
    assert_true(f->share > 0.99);
    srd_finding_value(f, 90, (struct srd_limit){ 85, SRD_UNIT_PERCENT, "catalogue" });
    assert_int_equal(f->unit, SRD_UNIT_PERCENT);
    srd_finding_value(f, 76557792051.2, (struct srd_limit){ 0.3, SRD_UNIT_BYTES, "catalogue" });
    assert_true(f->value == 76557792051 && f->limit.value == 0);
    srd_finding_value(f, 90.5, (struct srd_limit){ 85, SRD_UNIT_PERCENT, "catalogue" });
    assert_true(f->value > 90.4);
    for (size_t row = 0; row < 9; row++)
        srd_finding_row(f, &probe, t, row);
    assert_int_equal(f->table_row_count, 4);
    assert_int_equal(f->table_rows[3], 3);
    srd_finding_field(&out, f, "a", "1");
    srd_finding_field(&out, f, "b", NULL);
    srd_finding_field(&out, f, "a", "2");
    assert_string_equal(f->fields[0].value, "2");
    assert_string_equal(f->fields[1].value, "");
    assert_null(f->fields[2].name);
}

static void shares_are_parts(void **state)
{
    struct srd_finding f = { 0 };
    static const struct {
        double affected, all, want;
    } cases[] = { { 1, 6, 1.0 / 6 }, { 0, 6, 0 }, { 7, 6, 1 },   { -1, 6, 0 },
                  { 1, 0, 1 },       { 0, 0, 1 }, { NAN, 6, 1 }, { 1, NAN, 1 } };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(cases); i++) {
        srd_finding_share(&f, cases[i].affected, cases[i].all);
        assert_true(fabs(f.share - cases[i].want) < 1e-9);
    }
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(srd_severity_name(SRD_OKAY), "ok");
    assert_string_equal(srd_severity_name(SRD_CRITICAL), "critical");
    assert_string_equal(srd_unit_name(SRD_UNIT_TEXT), "");
    assert_string_equal(srd_unit_name(SRD_UNIT_BYTES), "bytes");
    assert_string_equal(srd_unit_name(SRD_UNIT_ID), "id");
}

/* clang-format off */
static const struct CMUnitTest single[] = {
    { "--set wins over the catalogue", overrides_win, NULL, NULL, NULL },
    { "a finding holds copies of what was said", findings_hold_what_is_said, NULL, NULL, NULL },
    { "a share is between nothing and everything", shares_are_parts, NULL, NULL, NULL },
    { "severities and units have names", names, NULL, NULL, NULL },
};
/* clang-format on */

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(units) + SRD_COUNT(fills) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, units, check_unit);
    ADD_ROWS(tests, n, fills, check_fill);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
