/* Which time does a text mean, and how is a time written? */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/cleanup.h"
#include "tests/rows.h"

struct reading {
    bool (*parse)(const char *text, int64_t *ms);
    const char *name, *text, *want; /* as RFC 3339; "-": refused */
};

/* clang-format off */
static const struct reading readings[] = {
    { srd_time_parse, "a time as StarRocks prints it", "2026-01-20 10:00:00", "2026-01-20T10:00:00Z" },
    { srd_time_parse, "a time with a T", "2026-01-20T10:00:00", "2026-01-20T10:00:00Z" },
    { srd_time_parse, "a date is its midnight", "2026-01-20", "2026-01-20T00:00:00Z" },
    { srd_time_parse, "milliseconds count", "2026-01-20 10:00:00.25", "2026-01-20T10:00:00.250Z" },
    { srd_time_parse, "what is below a millisecond is dropped", "2026-01-20 10:00:00.123999", "2026-01-20T10:00:00.123Z" },
    { srd_time_parse, "years up to 9999: never", "9999-12-31 23:59:59", "9999-12-31T23:59:59Z" },
    { srd_time_parse, "before 1970", "1969-12-31 23:59:59.5", "1969-12-31T23:59:59.500Z" },
    { srd_time_parse, "the first year", "0001-01-01 00:00:00", "0001-01-01T00:00:00Z" },
    { srd_time_parse, "a leap day", "2024-02-29", "2024-02-29T00:00:00Z" },
    { srd_time_parse, "a leap day every 400 years", "2000-02-29", "2000-02-29T00:00:00Z" },
    { srd_time_parse, "no leap day in 2100", "2100-02-29", "-" },
    { srd_time_parse, "no leap day in 2025", "2025-02-29", "-" },
    { srd_time_parse, "no 31st of April", "2026-04-31", "-" },
    { srd_time_parse, "no thirteenth month", "2026-13-01", "-" },
    { srd_time_parse, "no month of zero", "2026-00-10", "-" },
    { srd_time_parse, "the zero date is no time", "0000-00-00 00:00:00", "-" },
    { srd_time_parse, "no hour 24", "2026-01-20 24:00:00", "-" },
    { srd_time_parse, "no minute 60", "2026-01-20 10:60:00", "-" },
    { srd_time_parse, "no second 60", "2026-01-20 10:00:60", "-" },
    { srd_time_parse, "a point needs digits", "2026-01-20 10:00:00.", "-" },
    { srd_time_parse, "a date and half a time is none", "2026-01-20 10:00", "-" },
    { srd_time_parse, "a date and a blank is none", "2026-01-20 ", "-" },
    { srd_time_parse, "garbage behind a time is refused", "2026-01-20 10:00:00x", "-" },
    { srd_time_parse, "a zone is not for this reader", "2026-01-20 10:00:00Z", "-" },
    { srd_time_parse, "one digit is no month", "2026-1-20", "-" },
    { srd_time_parse, "a sign is no digit", "2026-+1-20", "-" },
    { srd_time_parse, "NULL in words is no time", "NULL", "-" },
    { srd_time_parse, "N/A is no time", "N/A", "-" },
    { srd_time_parse, "nothing is no time", "", "-" },

    { srd_time_parse_rfc3339, "Z is UTC", "2026-01-20T10:00:00Z", "2026-01-20T10:00:00Z" },
    { srd_time_parse_rfc3339, "lower case is fine", "2026-01-20t10:00:00z", "2026-01-20T10:00:00Z" },
    { srd_time_parse_rfc3339, "east is earlier in UTC", "2026-01-20T10:00:00+08:00", "2026-01-20T02:00:00Z" },
    { srd_time_parse_rfc3339, "west is later in UTC", "2026-01-20T10:00:00.5-05:30", "2026-01-20T15:30:00.500Z" },
    { srd_time_parse_rfc3339, "a time without zone is refused", "2026-01-20T10:00:00", "-" },
    { srd_time_parse_rfc3339, "a date alone is refused", "2026-01-20", "-" },
    { srd_time_parse_rfc3339, "a zone needs its colon", "2026-01-20T10:00:00+0800", "-" },
    { srd_time_parse_rfc3339, "no zone of 24 hours", "2026-01-20T10:00:00+24:00", "-" },
    { srd_time_parse_rfc3339, "garbage behind the zone is refused", "2026-01-20T10:00:00Zx", "-" },
};
/* clang-format on */

static void check_reading(void **state)
{
    const struct reading *row = *state;
    char got[SRD_TIME_SIZE];
    int64_t ms = 12345;

    if (!row->parse(row->text, &ms)) {
        assert_string_equal("-", row->want);
        assert_int_equal(ms, 12345);
        return;
    }
    assert_string_equal(srd_time_rfc3339(ms, got), row->want);
}

struct writing {
    const char *name;
    int64_t ms;
    int offset_s;
    const char *rfc3339, *human;
};

/* clang-format off */
static const struct writing writings[] = {
    { "people read their own zone", 1768874400000, 28800, "2026-01-20T02:00:00Z", "2026-01-20 10:00:00 +08:00" },
    { "UTC is +00:00", 1768874400000, 0, "2026-01-20T02:00:00Z", "2026-01-20 02:00:00 +00:00" },
    { "west of UTC is minus", 1768874400000, -12600, "2026-01-20T02:00:00Z", "2026-01-19 22:30:00 -03:30" },
    { "milliseconds are written if there are some", 1, 0, "1970-01-01T00:00:00.001Z", "1970-01-01 00:00:00 +00:00" },
    { "before 1970 rounds down", -1, 0, "1969-12-31T23:59:59.999Z", "1969-12-31 23:59:59 +00:00" },
    { "the last moment is written", INT64_MAX, 0, "292278994-08-17T07:12:55.807Z", "292278994-08-17 07:12:55 +00:00" },
};
/* clang-format on */

static void check_writing(void **state)
{
    const struct writing *row = *state;
    char got[SRD_TIME_SIZE];

    assert_string_equal(srd_time_rfc3339(row->ms, got), row->rfc3339);
    assert_string_equal(srd_time_human(row->ms, row->offset_s, got), row->human);
}

static void no_time_is_too_far(void **state)
{
    static const int64_t times[] = { INT64_MIN, INT64_MIN + 1, INT64_MAX, -62135596800001 };
    static const int offsets[] = { INT32_MIN, INT32_MAX, 0, -86400 };
    char got[SRD_TIME_SIZE];

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(times); i++)
        for (size_t k = 0; k < SRD_COUNT(offsets); k++) {
            assert_true(strlen(srd_time_rfc3339(times[i], got)) < SRD_TIME_SIZE);
            assert_true(strlen(srd_time_human(times[i], offsets[k], got)) < SRD_TIME_SIZE);
        }
}

static void the_zone_follows_the_season(void **state)
{
    (void)state;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1); /* no zone files needed */
    tzset();
    assert_int_equal(srd_time_local_offset_s(1768874400000), 3600); /* January */
    assert_int_equal(srd_time_local_offset_s(1784512800000), 7200); /* July */
}

static void clocks_run_forwards(void **state)
{
    int64_t now = srd_clock_now_ms(), started = srd_clock_monotonic_ms();

    (void)state;
    assert_true(now > 1735689600000); /* 2025 */
    assert_true(srd_clock_monotonic_ms() >= started);
    assert_true(llabs(srd_clock_now_ms() - (int64_t)time(NULL) * 1000) < 5000);
}

static const struct CMUnitTest single[] = {
    { "no time is too far to be written", no_time_is_too_far, NULL, NULL, NULL },
    { "the zone of this machine follows the season", the_zone_follows_the_season, NULL, NULL,
      NULL },
    { "clocks run forwards", clocks_run_forwards, NULL, NULL, NULL },
};

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(readings) + SRD_COUNT(writings) + SRD_COUNT(single)];
    size_t n = 0;

    for (size_t i = 0; i < SRD_COUNT(readings); i++)
        tests[n++] = (struct CMUnitTest){ .name = readings[i].name,
                                          .test_func = check_reading,
                                          .initial_state = (void *)&readings[i] };
    ADD_ROWS(tests, n, writings, check_writing);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
