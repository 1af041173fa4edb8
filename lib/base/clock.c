/* What time is it, and which time does this text mean? */

#include "lib/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now); /* cannot fail for these two clocks */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t srd_clock_now_ms(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t srd_clock_monotonic_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* Whole seconds since 1970, rounded down also before it, and the milliseconds above them. */
static time_t split(int64_t ms, int *rest)
{
    time_t seconds = (time_t)(ms / 1000);

    *rest = (int)(ms % 1000);
    if (*rest < 0) {
        *rest += 1000;
        seconds--;
    }
    return seconds;
}

const char *srd_time_rfc3339(int64_t ms, char out[SRD_TIME_SIZE])
{
    struct tm tm = { 0 };
    int rest;
    time_t seconds = split(ms, &rest);
    int n;

    gmtime_r(&seconds, &tm);
    n = snprintf(out, SRD_TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (n < 0 || n >= SRD_TIME_SIZE)
        return out;
    if (rest)
        snprintf(out + n, SRD_TIME_SIZE - (size_t)n, ".%03dZ", rest);
    else
        snprintf(out + n, SRD_TIME_SIZE - (size_t)n, "Z");
    return out;
}

const char *srd_time_human(int64_t ms, int offset_s, char out[SRD_TIME_SIZE])
{
    struct tm tm = { 0 };
    int rest, minutes = abs(offset_s / 60), n;
    time_t seconds = split(ms, &rest) + offset_s;

    gmtime_r(&seconds, &tm);
    n = snprintf(out, SRD_TIME_SIZE, "%04d-%02d-%02d %02d:%02d:%02d", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (n > 0 && n < SRD_TIME_SIZE)
        snprintf(out + n, SRD_TIME_SIZE - (size_t)n, " %c%02d:%02d", offset_s < 0 ? '-' : '+',
                 minutes / 60, minutes % 60);
    return out;
}

int srd_time_local_offset_s(int64_t ms)
{
    int rest;
    time_t seconds = split(ms, &rest);
    struct tm tm;

    return localtime_r(&seconds, &tm) ? (int)tm.tm_gmtoff : 0;
}

/* Exactly @count digits at *@text, which moves behind them; false if there are fewer. */
static bool digits(const char **text, int count, int *out)
{
    *out = 0;
    for (; count; count--, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *out = *out * 10 + (**text - '0');
    }
    return true;
}

static bool character(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

static bool parse_date(const char **text, struct tm *tm)
{
    int year, month, day;

    if (!digits(text, 4, &year) || !character(text, '-') || !digits(text, 2, &month) ||
        !character(text, '-') || !digits(text, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *tm = (struct tm){ .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day };
    return true;
}

/* HH:mm:ss[.fff...]; digits beyond the milliseconds are read and dropped. */
static bool parse_clock(const char **text, struct tm *tm, int *ms)
{
    int weight = 100;

    if (!digits(text, 2, &tm->tm_hour) || !character(text, ':') || !digits(text, 2, &tm->tm_min) ||
        !character(text, ':') || !digits(text, 2, &tm->tm_sec))
        return false;
    if (tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 59)
        return false;
    *ms = 0;
    if (!character(text, '.'))
        return true;
    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; (*text)++, weight /= 10)
        *ms += (**text - '0') * weight;
    return true;
}

bool srd_time_parse(const char *text, int64_t *ms)
{
    struct tm tm;
    int rest = 0;

    if (!parse_date(&text, &tm))
        return false;
    if (*text) {
        if (!character(&text, ' ') && !character(&text, 'T'))
            return false;
        if (!parse_clock(&text, &tm, &rest) || *text)
            return false;
    }
    *ms = (int64_t)timegm(&tm) * 1000 + rest;
    return true;
}

bool srd_time_parse_rfc3339(const char *text, int64_t *ms)
{
    struct tm tm;
    int rest, hours = 0, minutes = 0, sign = 1;

    if (!parse_date(&text, &tm))
        return false;
    if (!character(&text, 'T') && !character(&text, 't') && !character(&text, ' '))
        return false;
    if (!parse_clock(&text, &tm, &rest))
        return false;
    if (!character(&text, 'Z') && !character(&text, 'z')) {
        if (character(&text, '-'))
            sign = -1;
        else if (!character(&text, '+'))
            return false;
        if (!digits(&text, 2, &hours) || !character(&text, ':') || !digits(&text, 2, &minutes) ||
            hours > 23 || minutes > 59)
            return false;
    }
    if (*text)
        return false;
    *ms = ((int64_t)timegm(&tm) - sign * (hours * 3600 + minutes * 60)) * 1000 + rest;
    return true;
}
