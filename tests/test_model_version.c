/* Which texts are versions, and which ranges hold? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/model/version.h"
#include "tests/rows.h"

struct row {
    const char *name, *text;
    int want;
};

/* clang-format off */
static const struct row rows[] = {
    { "a release with a build hash", "3.5.7-5f2a1b3", 30507 },
    { "a release with a hash behind a blank", "3.3.9 abc", 30309 },
    { "a bare release", "4.1.0", 40100 },
    { "a patch of two digits", "3.2.16", 30216 },
    { "a release candidate is its release", "3.5.0-rc01", 30500 },
    { "a patch is not needed", "3.5", 30500 },
    { "a branch build says its line", "branch-3.5-abc1234", 30500 },
    { "words before it do not matter", "StarRocks version 3.4.4", 30404 },
    { "a build of main has none", "main-70d1c24", 0 },
    { "digits without a dot are none", "1234567", 0 },
    { "the digits of a hash are none", "a1.2.3", 0 },
    { "the text NULL is none", "NULL", 0 },
    { "an empty text is none", "", 0 },
    { "nothing is none", NULL, 0 },
    { "a number that no release has is none", "20260120.3.4", 0 },
    { "an endless number is none", "99999999999999999999.1", 0 },
};
/* clang-format on */

static void check_row(void **state)
{
    const struct row *row = *state;

    assert_int_equal(srd_version_parse(row->text), row->want);
}

static void ranges_hold(void **state)
{
    (void)state;
    assert_true(srd_version_within(30203, 30203, 0));
    assert_false(srd_version_within(30202, 30203, 0));
    assert_true(srd_version_within(30203, 0, 30203));
    assert_false(srd_version_within(30204, 0, 30203));
    assert_true(srd_version_within(0, 30203, 30204));
    assert_true(srd_version_within(30100, 0, 0));
}

static void modes_include(void **state)
{
    (void)state;
    assert_true(srd_mode_includes(SRD_MODE_ANY, SRD_MODE_SHARED_DATA));
    assert_true(srd_mode_includes(SRD_MODE_SHARED_DATA, SRD_MODE_ANY));
    assert_true(srd_mode_includes(SRD_MODE_SHARED_DATA, SRD_MODE_SHARED_DATA));
    assert_false(srd_mode_includes(SRD_MODE_SHARED_DATA, SRD_MODE_SHARED_NOTHING));
    assert_string_equal(srd_mode_name(SRD_MODE_SHARED_NOTHING), "shared-nothing");
    assert_string_equal(srd_mode_name(SRD_MODE_ANY), "unknown");
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + 2];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    tests[n++] =
        (struct CMUnitTest){ .name = "bounds are inclusive, and an unknown version is inside",
                             .test_func = ranges_hold };
    tests[n++] = (struct CMUnitTest){ .name = "an unknown mode is always included",
                                      .test_func = modes_include };
    return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
