/* What does a cell say: a number, a size, a duration, a time? The formats that StarRocks prints. */

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/model/table.h"

/* @text without the blanks before it; NULL when it is one of the ways to say nothing. */
static const char *said(const char *text)
{
    static const char *const nothing[] = { "", "N/A", "\\N", "NULL", "-" };
    size_t n;

    if (!text)
        return NULL;
    text += strspn(text, " ");
    for (n = strlen(text); n && text[n - 1] == ' ';)
        n--;
    for (size_t i = 0; i < SRD_COUNT(nothing); i++)
        if (n == strlen(nothing[i]) && strncasecmp(text, nothing[i], n) == 0)
            return NULL;
    return text;
}

bool srd_cell_has(const struct srd_table *table, size_t row, const char *column)
{
    return said(srd_cell(table, row, column)) != NULL;
}

/*
 * Reads one number at @text: "-3", ".5", "1,234,567.8", "1e6"; *@end is behind it. What strtod
 * knows besides (hex, inf, nan) is refused: it is text that happens to look like a number.
 */
static bool scan(const char *text, const char **end, double *out)
{
    char digits[64];
    size_t n = 0, since_comma = 0, whole = 0;
    bool commas = false, any = false;
    char *stop;

    if (*text == '-' || *text == '+')
        digits[n++] = *text++;
    for (; isdigit((unsigned char)*text) || *text == ','; text++) {
        if (*text == ',') {
            /* a comma that separates no thousands belongs to a list, not to a number */
            if ((commas ? since_comma != 3 : !whole || whole > 3) ||
                !isdigit((unsigned char)text[1]))
                return false;
            commas = true;
            since_comma = 0;
            continue;
        }
        any = true;
        whole++;
        since_comma++;
        if (n == sizeof(digits) - 8)
            return false;
        digits[n++] = *text;
    }
    if (commas && since_comma != 3)
        return false;
    if (*text == '.') {
        digits[n++] = *text++;
        for (; isdigit((unsigned char)*text); text++, any = true)
            if (n < sizeof(digits) - 7) /* further digits of a fraction do not change a double */
                digits[n++] = *text;
    }
    if (!any)
        return false;
    if ((*text == 'e' || *text == 'E') &&
        isdigit((unsigned char)text[1 + (text[1] == '-' || text[1] == '+')])) {
        digits[n++] = *text++;
        digits[n++] = *text++;
        for (int i = 0; isdigit((unsigned char)*text); text++, i++) {
            if (i >= 3)
                return false;
            digits[n++] = *text;
        }
    }
    digits[n] = '\0';
    *out = strtod(digits, &stop);
    *end = text;
    return !*stop && isfinite(*out);
}

static bool only_blanks(const char *text)
{
    return !text[strspn(text, " ")];
}

bool srd_parse_number(const char *text, double *out)
{
    const char *end;
    double number;

    text = said(text);
    if (!text || !scan(text, &end, &number) || !only_blanks(end))
        return false;
    *out = number;
    return true;
}

bool srd_parse_percent(const char *text, double *out)
{
    const char *end;
    double number;

    text = said(text);
    if (!text || !scan(text, &end, &number))
        return false;
    end += strspn(end, " ");
    if (!only_blanks(end + (*end == '%')))
        return false;
    *out = number;
    return true;
}

/* Is the rest @text the word @unit and blanks? */
static bool unit_is(const char *text, const char *unit)
{
    size_t n = strlen(unit);

    text += strspn(text, " ");
    return strncasecmp(text, unit, n) == 0 && only_blanks(text + n);
}

bool srd_parse_bytes(const char *text, double *out)
{
    static const char letters[] = "KMGTPE";
    const char *end;
    double number, factor = 1;
    char kib[4] = "?iB", kb[3] = "?B", k[2] = "?";

    text = said(text);
    if (!text || !scan(text, &end, &number))
        return false;
    if (only_blanks(end) || unit_is(end, "B")) {
        *out = round(number);
        return true;
    }
    for (const char *l = letters; *l; l++) {
        factor *= 1024;
        kib[0] = kb[0] = k[0] = *l;
        if (!unit_is(end, kb) && !unit_is(end, k) && !unit_is(end, kib))
            continue;
        if (!isfinite(number * factor))
            return false;
        *out = round(number * factor);
        return true;
    }
    return false;
}

bool srd_parse_count(const char *text, double *out)
{
    const char *end;
    double number;

    text = said(text);
    if (!text || !scan(text, &end, &number) ||
        !(only_blanks(end) || unit_is(end, "rows") || unit_is(end, "row")))
        return false;
    *out = number;
    return true;
}

/* The unit at *@text (which is moved behind it) in ms; 0 if there is none. */
static double duration_unit(const char **text)
{
    static const struct {
        const char *word;
        double ms;
    } units[] = {
        /* a longer word before those it begins with */
        { "ms", 1 },     { "min", 60e3 },    { "sec", 1e3 },        { "s", 1e3 },
        { "m", 60e3 },   { "us", 1e-3 },     { "\xc2\xb5s", 1e-3 }, { "ns", 1e-6 },
        { "h", 3600e3 }, { "day", 86400e3 }, { "d", 86400e3 },
    };

    for (size_t i = 0; i < SRD_COUNT(units); i++) {
        size_t n = strlen(units[i].word);

        if (strncasecmp(*text, units[i].word, n) == 0 && !isalpha((unsigned char)(*text)[n])) {
            *text += n;
            return units[i].ms;
        }
    }
    return 0;
}

bool srd_parse_duration_ms(const char *text, double *out)
{
    double sum = 0, number, unit;
    int parts = 0;

    text = said(text);
    if (!text)
        return false;
    for (; *text; parts++, text += strspn(text, " ")) {
        if (!scan(text, &text, &number))
            return false;
        text += strspn(text, " ");
        unit = duration_unit(&text);
        if (unit <= 0 && (*text || parts)) /* only a number that stands alone may go without */
            return false;
        sum += number * (unit > 0 ? unit : 1000);
    }
    if (!isfinite(sum))
        return false;
    *out = sum;
    return true;
}

bool srd_parse_bool(const char *text, bool *out)
{
    static const char *const yes[] = { "true", "1", "yes" }, *const no[] = { "false", "0", "no" };

    text = said(text);
    for (size_t i = 0; text && i < SRD_COUNT(yes); i++) {
        if (!unit_is(text, yes[i]) && !unit_is(text, no[i]))
            continue;
        *out = unit_is(text, yes[i]);
        return true;
    }
    return false;
}

bool srd_cell_number(const struct srd_table *t, size_t row, const char *column, double *out)
{
    return srd_parse_number(srd_cell(t, row, column), out);
}

bool srd_cell_percent(const struct srd_table *t, size_t row, const char *column, double *out)
{
    return srd_parse_percent(srd_cell(t, row, column), out);
}

bool srd_cell_bytes(const struct srd_table *t, size_t row, const char *column, double *out)
{
    return srd_parse_bytes(srd_cell(t, row, column), out);
}

bool srd_cell_count(const struct srd_table *t, size_t row, const char *column, double *out)
{
    return srd_parse_count(srd_cell(t, row, column), out);
}

bool srd_cell_duration_ms(const struct srd_table *t, size_t row, const char *column, double *out)
{
    return srd_parse_duration_ms(srd_cell(t, row, column), out);
}

bool srd_cell_bool(const struct srd_table *t, size_t row, const char *column, bool *out)
{
    return srd_parse_bool(srd_cell(t, row, column), out);
}

bool srd_cell_integer(const struct srd_table *t, size_t row, const char *column, int64_t *out)
{
    const char *text = srd_cell(t, row, column);
    double number;

    /* all digits of an identifier count, which a double would lose */
    if (text && srd_text_int64(text, out))
        return true;
    if (!srd_parse_number(text, &number) || number != trunc(number) || fabs(number) > 0x1p53)
        return false;
    *out = (int64_t)number;
    return true;
}

/*
 * Times. No event in a StarRocks cluster happened before 1971 or will after 9998: what is printed
 * beyond them stands for "never", "not yet" or "unknown".
 */
#define FIRST_MS (365 * 86400000LL)
#define LAST_MS 253370764800000LL /* 9999-01-01 */
/* Numbers are epoch times only where they cannot be anything else: years 2000 to 2100. */
#define EPOCH_FIRST_S 946684800.0
#define EPOCH_LAST_S 4102444800.0

static bool epoch(double number, int64_t *out)
{
    double ms = number * 1000;

    if (number >= EPOCH_FIRST_S * 1000 && number <= EPOCH_LAST_S * 1000)
        ms = number;
    else if (number < EPOCH_FIRST_S || number > EPOCH_LAST_S)
        return false;
    *out = llround(ms);
    return true;
}

/*
 * SHOW PROFILELIST of newer releases says the zone itself: "2026-01-20 10:00:00 (+08:00)", " (Z)".
 * Cuts that off @text; @offset_s is how far east it is.
 */
static bool cut_zone(char *text, int *offset_s)
{
    char *open = strchr(text, '('), *close = open ? strchr(open, ')') : NULL;
    const char *zone = open ? open + 1 : NULL;

    if (!close || !only_blanks(close + 1))
        return false;
    *close = '\0';
    if (strcmp(zone, "Z") == 0)
        *offset_s = 0;
    else if (strlen(zone) == 6 && strchr("+-", zone[0]) && isdigit((unsigned char)zone[1]) &&
             isdigit((unsigned char)zone[2]) && zone[3] == ':' && isdigit((unsigned char)zone[4]) &&
             isdigit((unsigned char)zone[5]))
        *offset_s =
            (((zone[1] - '0') * 10 + zone[2] - '0') * 60 + (zone[4] - '0') * 10 + zone[5] - '0') *
            (zone[0] == '-' ? -60 : 60);
    else
        return false;
    for (*open = '\0'; open > text && open[-1] == ' ';)
        *--open = '\0';
    return true;
}

bool srd_cell_time_ms(const struct srd_table *t, size_t row, const char *column, int64_t *out)
{
    const char *text = said(srd_cell(t, row, column));
    bool zone_known = t->zone_known;
    int offset_s = t->zone_offset_s;
    char copy[64];
    double number;
    int64_t ms;

    if (!text || strlen(text) >= sizeof(copy))
        return false;
    if (srd_parse_number(text, &number))
        return epoch(number, out);
    strcpy(copy, text);
    for (size_t n = strlen(copy); n && copy[n - 1] == ' ';)
        copy[--n] = '\0';
    if (cut_zone(copy, &offset_s))
        zone_known = true;
    else if (srd_time_parse_rfc3339(copy, &ms)) {
        zone_known = true;
        offset_s = 0;
    }
    if (!zone_known || (!srd_time_parse(copy, &ms) && !srd_time_parse_rfc3339(copy, &ms)))
        return false;
    if (ms < FIRST_MS || ms >= LAST_MS)
        return false;
    *out = ms - (int64_t)offset_s * 1000;
    return true;
}

const char *srd_cell_json(const struct srd_table *t, size_t row, const char *column,
                          const char *key, struct srd_arena *arena)
{
    const char *text = said(srd_cell(t, row, column)), *found = NULL;
    const struct srd_json *member;
    struct srd_error err = { 0 };
    struct srd_buf buf;

    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;

    if (!text || *text != '{' ||
        srd_json_parse(text, strlen(text), SRD_TABLE_MAX_BYTES, &json, &err) ||
        srd_json_kind(json) != SRD_JSON_OBJECT)
        return NULL;
    member = srd_json_get(json, key);
    if (!member || srd_json_kind(member) == SRD_JSON_NULL)
        return NULL;
    if (srd_json_text(member))
        return srd_arena_copy(arena, srd_json_text(member));
    srd_buf_init(&buf, SRD_TABLE_MAX_BYTES);
    srd_json_print(member, false, &buf);
    if (!buf.full)
        found = srd_arena_copy(arena, buf.data);
    srd_buf_free(&buf);
    return found;
}
