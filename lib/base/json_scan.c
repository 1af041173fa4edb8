/* Is this text JSON? The grammar of RFC 8259, less what cannot be kept in a C string. */

#include "lib/base/json_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/utf8.h"

#define DEEPEST 64
#define LONGEST_NUMBER 63 /* cJSON cuts longer ones */

struct scan {
    const char *text;
    size_t n, at;
    int depth;
    const char *wrong; /* what is not as it should be at @at */
};

static bool refuse(struct scan *s, const char *wrong)
{
    if (!s->wrong)
        s->wrong = wrong;
    return false;
}

static int peek(const struct scan *s)
{
    return s->at < s->n ? (unsigned char)s->text[s->at] : -1;
}

static void skip_blanks(struct scan *s)
{
    while (s->at < s->n && s->text[s->at] && strchr(" \t\r\n", s->text[s->at]))
        s->at++;
}

static size_t count_digits(struct scan *s)
{
    size_t start = s->at;

    while (peek(s) >= '0' && peek(s) <= '9')
        s->at++;
    return s->at - start;
}

/* Is what ends here a double? Without an exponent it is, as so few digits are. */
static bool in_range(const struct scan *s, size_t start)
{
    char text[LONGEST_NUMBER + 1] = "";

    memcpy(text, s->text + start, s->at - start);
    return !strpbrk(text, "eE") || isfinite(strtod(text, NULL));
}

static bool scan_number(struct scan *s)
{
    size_t start = s->at;

    if (peek(s) == '-')
        s->at++;
    if (peek(s) == '0')
        s->at++;
    else if (!count_digits(s))
        return refuse(s, "a digit is missing");
    if (peek(s) == '.') {
        s->at++;
        if (!count_digits(s))
            return refuse(s, "a digit is missing");
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        if (!count_digits(s))
            return refuse(s, "a digit is missing");
    }
    if (s->at - start > LONGEST_NUMBER)
        return refuse(s, "a number of more than 63 characters");
    if (in_range(s, start))
        return true;
    s->at = start;
    return refuse(s, "a number is out of range");
}

static bool scan_hex(struct scan *s, unsigned *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++, s->at++) {
        int c = peek(s);

        if (c >= '0' && c <= '9')
            *out = *out * 16 + (unsigned)(c - '0');
        else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
            *out = *out * 16 + (unsigned)((c | 0x20) - 'a' + 10);
        else
            return refuse(s, "a broken \\u escape");
    }
    return true;
}

/* Behind the backslash. */
static bool scan_escape(struct scan *s)
{
    unsigned high, low;
    int c = peek(s);

    if (c != 'u') {
        if (c <= 0 || !strchr("\"\\/bfnrt", c))
            return refuse(s, "an unknown escape");
        s->at++;
        return true;
    }
    s->at++;
    if (!scan_hex(s, &high))
        return false;
    if (!high)
        return refuse(s, "the escape \\u0000");
    if (high < 0xd800 || high > 0xdfff)
        return true;
    if (high > 0xdbff || s->n - s->at < 2 || memcmp(s->text + s->at, "\\u", 2) != 0)
        return refuse(s, "half of a surrogate pair");
    s->at += 2;
    if (!scan_hex(s, &low))
        return false;
    return (low >= 0xdc00 && low <= 0xdfff) || refuse(s, "half of a surrogate pair");
}

static bool scan_string(struct scan *s)
{
    if (peek(s) != '"')
        return refuse(s, "a string is missing");
    s->at++;
    for (;;) {
        int c = peek(s);

        if (c < 0)
            return refuse(s, "a string without end");
        if (c < 0x20)
            return refuse(s, "a raw control character");
        s->at++;
        if (c == '"')
            return true;
        if (c == '\\' && !scan_escape(s))
            return false;
    }
}

static bool scan_value(struct scan *s);

static bool scan_members(struct scan *s, bool object)
{
    const int end = object ? '}' : ']';

    if (++s->depth > DEEPEST)
        return refuse(s, "nested deeper than 64 levels");
    s->at++;
    skip_blanks(s);
    if (peek(s) == end) {
        s->at++;
        s->depth--;
        return true;
    }
    for (;;) {
        if (object) {
            skip_blanks(s);
            if (!scan_string(s))
                return false;
            skip_blanks(s);
            if (peek(s) != ':')
                return refuse(s, "a colon is missing");
            s->at++;
        }
        if (!scan_value(s))
            return false;
        skip_blanks(s);
        if (peek(s) == end) {
            s->at++;
            s->depth--;
            return true;
        }
        if (peek(s) != ',')
            return refuse(s, peek(s) < 0 ? "the end is missing" : "a comma is missing");
        s->at++;
    }
}

static bool scan_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);

    if (s->n - s->at < n || memcmp(s->text + s->at, word, n) != 0)
        return refuse(s, "a value is missing");
    s->at += n;
    return true;
}

static bool scan_value(struct scan *s)
{
    skip_blanks(s);
    switch (peek(s)) {
    case '{':
        return scan_members(s, true);
    case '[':
        return scan_members(s, false);
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        if (peek(s) == '-' || (peek(s) >= '0' && peek(s) <= '9'))
            return scan_number(s);
        return refuse(s, peek(s) < 0 ? "the end is missing" : "a value is missing");
    }
}

static int fail_at(struct srd_error *err, const char *text, size_t at, const char *wrong)
{
    size_t line = 1, column = 1;

    for (size_t i = 0; i < at; i++) {
        column++;
        if (text[i] == '\n') {
            line++;
            column = 1;
        }
    }
    return srd_fail(err, SRD_E_DATA, "line %zu, column %zu: %s", line, column, wrong);
}

int srd_json_scan(const char *bytes, size_t n, struct srd_error *err)
{
    struct scan s = { .text = bytes, .n = n };
    size_t good = srd_utf8_good(bytes, n);

    if (good < n)
        return fail_at(err, bytes, good, "broken UTF-8");
    if (scan_value(&s)) {
        skip_blanks(&s);
        if (s.at < n)
            refuse(&s, "something follows the end");
    }
    return s.wrong ? fail_at(err, bytes, s.at, s.wrong) : 0;
}

bool srd_json_is_number(const char *text)
{
    struct scan s = { .text = text, .n = strlen(text) };

    return scan_number(&s) && s.at == s.n;
}
