/* Small questions about words and numbers that several layers ask. */

#include "lib/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"

#define LONGEST_WORD ((size_t)64) /* nobody mistypes a longer one */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to change, add, drop or swap with their neighbour to make @a from @b. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][LONGEST_WORD + 1], *before = rows[0], *last = rows[1], *now = rows[2], *spare;

    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(last[j], now[j - 1]) + 1;
            now[j] = least(now[j], last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

const char *srd_text_nearest(const char *word, const char *const *candidates)
{
    const char *nearest = NULL;
    size_t n = strlen(word), m, away, best = n / 3 + 1;

    if (n > LONGEST_WORD)
        return NULL;
    for (; *candidates; candidates++) {
        m = strlen(*candidates);
        if (m > LONGEST_WORD || (m > n ? m - n : n - m) >= best)
            continue;
        away = distance(word, n, *candidates, m);
        if (away < best) {
            best = away;
            nearest = *candidates;
        }
    }
    return nearest;
}

bool srd_text_int64(const char *text, int64_t *out)
{
    const char *digits = text + (*text == '-' || *text == '+');
    long long number;
    char *end;

    if (!isdigit((unsigned char)*digits))
        return false;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno || *end)
        return false;
    *out = number;
    return true;
}

bool srd_text_double(const char *text, double *out)
{
    double number;
    char *end;

    /* no blanks, no "inf", "nan" or hexadecimal digits, which strtod would take */
    if (!*text || text[strspn(text, "0123456789+-.eE")])
        return false;
    number = strtod(text, &end);
    if (*end || !isfinite(number))
        return false;
    *out = number;
    return true;
}

static const struct {
    const char *name;
    int64_t ms;
} units[] = {
    { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};

bool srd_text_duration_ms(const char *text, int64_t *out)
{
    int64_t number, unit = 0;
    long long digits;
    char *end;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    digits = strtoll(text, &end, 10);
    if (errno)
        return false;
    if (!*end)
        unit = 1000;
    for (size_t i = 0; i < SRD_COUNT(units); i++)
        if (!strcmp(end, units[i].name))
            unit = units[i].ms;
    if (!unit || __builtin_mul_overflow(digits, unit, &number))
        return false;
    *out = number;
    return true;
}

const char *const *srd_text_list(struct srd_arena *arena, const char *text)
{
    const char **list, *end;
    size_t count = 2, used = 0, length;

    if (!text)
        text = "";
    for (const char *c = text; *c; c++)
        count += *c == ',';
    list = srd_arena_array(arena, count, sizeof(*list));
    for (;; text = end + 1) {
        end = strchrnul(text, ',');
        while (text < end && isspace((unsigned char)*text))
            text++;
        length = (size_t)(end - text);
        while (length && isspace((unsigned char)text[length - 1]))
            length--;
        if (length)
            list[used++] = srd_arena_copy_n(arena, text, length);
        if (!*end)
            return list; /* the arena's zeros end it */
    }
}

bool srd_text_in(const char *word, const char *const *list)
{
    for (; list && *list; list++)
        if (!strcmp(word, *list))
            return true;
    return false;
}

bool srd_text_among(const char *words, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = words; p && *p; p += strcspn(p, " ")) {
        p += strspn(p, " ");
        if (n && strcspn(p, " ") == n && !strncasecmp(p, word, n))
            return true;
    }
    return false;
}

bool srd_text_prefix(const char *text, const char *prefix)
{
    return !strncmp(text, prefix, strlen(prefix));
}

bool srd_text_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool begins_with(const char *text, const char *end, const char *word)
{
    do
        if (text == end || small(*text) != *word)
            return false;
    while (text++, *++word);
    return true;
}

/* The lower five bits of a letter are the same in either case; others that share them cost a comparison. */
static unsigned bits(char c)
{
    return (unsigned char)c & 31;
}

bool srd_text_holds(const char *text, size_t n, const char *const *words)
{
    uint32_t second[32] = { 0 }; /* by the first character of a word: which may follow it */
    const char *end = text + n;
    uint32_t may_follow;

    for (size_t i = 0; words[i]; i++)
        second[bits(words[i][0])] |= UINT32_C(1) << bits(words[i][1]);
    may_follow = n ? second[bits(*text)] : 0;
    for (const char *at = text; at + 1 < end; at++) {
        unsigned next = bits(at[1]);

        for (size_t i = 0; may_follow >> next & 1 && words[i]; i++)
            if (bits(words[i][0]) == bits(at[0]) && begins_with(at, end, words[i]))
                return true;
        may_follow = second[next];
    }
    return false;
}

const char *srd_text_bytes(struct srd_arena *arena, double bytes)
{
    static const char *const names[] = { "B", "KB", "MB", "GB", "TB", "PB" };
    size_t unit = 0;

    if (!isfinite(bytes))
        return "?";
    /* 1023.995 would print as 1024.00 */
    while (unit + 1 < SRD_COUNT(names) && fabs(bytes) >= (unit ? 1023.995 : 1023.5)) {
        bytes /= 1024;
        unit++;
    }
    return srd_arena_printf(arena, "%.*f %s", unit ? 2 : 0, bytes, names[unit]);
}

const char *srd_text_count(struct srd_arena *arena, double count)
{
    char *digits, *out, *to;
    size_t n;

    if (!isfinite(count))
        return "?";
    digits = srd_arena_printf(arena, "%.0f", count);
    if (!strcmp(digits, "-0"))
        return "0";
    n = strlen(digits);
    out = to = srd_arena_alloc(arena, n + n / 3 + 1);
    for (const char *from = digits; *from; from++, n--) {
        if (from > digits && from[-1] != '-' && n % 3 == 0)
            *to++ = ',';
        *to++ = *from;
    }
    return out;
}

const char *srd_text_duration(struct srd_arena *arena, int64_t ms)
{
    const char *sign = ms < 0 ? "-" : "";
    uint64_t left = ms < 0 ? -(uint64_t)ms : (uint64_t)ms, unit, lower;
    size_t i = 0;

    if (!ms)
        return "0s";
    while (left < (uint64_t)units[i].ms)
        i++;
    unit = (uint64_t)units[i].ms;
    if (i + 1 < SRD_COUNT(units)) {
        lower = left % unit / (uint64_t)units[i + 1].ms;
        if (lower)
            return srd_arena_printf(arena, "%s%" PRIu64 "%s %" PRIu64 "%s", sign, left / unit,
                                    units[i].name, lower, units[i + 1].name);
    }
    return srd_arena_printf(arena, "%s%" PRIu64 "%s", sign, left / unit, units[i].name);
}
