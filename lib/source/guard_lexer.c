/* Where does each word of a SQL text begin and end, for a StarRocks FE? */

#include "lib/source/guard_lexer.h"

#include <string.h>

#include "lib/base/cleanup.h"

/* The byte at @at, or -1 behind the end. */
static int peek(const struct srd_lexer *l, size_t at)
{
    return at < l->n ? (unsigned char)l->sql[at] : -1;
}

static bool digit(int c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of the character at @at that lies above U+FFFF (a whole one of four bytes); else 0. */
static size_t beyond(const struct srd_lexer *l, size_t at)
{
    int first = peek(l, at);

    if (first < 0xf0 || first > 0xf4)
        return 0;
    for (size_t i = 1; i < 4; i++)
        if ((peek(l, at + i) & ~0x3f) != 0x80)
            return 0;
    return 4;
}

static bool ideographic_space(const struct srd_lexer *l, size_t at)
{
    return l->n - at >= 3 && !memcmp(l->sql + at, "\xe3\x80\x80", 3);
}

static bool letter(const struct srd_lexer *l, size_t at)
{
    int c = peek(l, at);

    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
           (c >= 0x80 && !beyond(l, at));
}

/* The end of the run of letters and digits that begins at @at. */
static size_t name_end(const struct srd_lexer *l, size_t at)
{
    while (letter(l, at) || digit(peek(l, at)))
        at++;
    return at;
}

static size_t digits_end(const struct srd_lexer *l, size_t at)
{
    while (digit(peek(l, at)))
        at++;
    return at;
}

/* The end of "e+10" at @at; @at if there is none. */
static size_t exponent_end(const struct srd_lexer *l, size_t at)
{
    size_t digits = at + 1;

    if (peek(l, at) != 'e' && peek(l, at) != 'E')
        return at;
    if (peek(l, digits) == '+' || peek(l, digits) == '-')
        digits++;
    return digit(peek(l, digits)) ? digits_end(l, digits) : at;
}

static size_t blanks_end(const struct srd_lexer *l, size_t at)
{
    for (;;) {
        int c = peek(l, at);

        if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
            at++;
        else if (at < l->n && ideographic_space(l, at))
            at += 3;
        else
            return at;
    }
}

static void put(struct srd_lexer *l, struct srd_lex_token *out, enum srd_lex_kind kind, size_t end)
{
    *out = (struct srd_lex_token){ .kind = kind, .at = l->at, .size = end - l->at };
    l->at = end;
}

static void line_comment(struct srd_lexer *l, struct srd_lex_token *out)
{
    size_t end = l->at + 2;

    while (end < l->n && l->sql[end] != '\r' && l->sql[end] != '\n')
        end++;
    end += peek(l, end) == '\r';
    end += peek(l, end) == '\n';
    put(l, out, SRD_LEX_COMMENT, end);
}

static void block_comment(struct srd_lexer *l, struct srd_lex_token *out)
{
    bool hint = peek(l, l->at + 2) == '+';
    size_t from = l->at + (hint ? 3 : 2);
    const char *close = memmem(l->sql + from, l->n - from, "*/", 2);

    if (!close)
        put(l, out, SRD_LEX_UNCLOSED, l->n);
    else
        put(l, out, hint ? SRD_LEX_HINT : SRD_LEX_COMMENT, (size_t)(close + 2 - l->sql));
}

/* @quote is the byte at l->at: ' or ", with backslashes and doubled quotes, or `, with these alone.
 */
static void quoted(struct srd_lexer *l, struct srd_lex_token *out, char quote)
{
    size_t at = l->at + 1;

    for (; at < l->n; at++) {
        if (l->sql[at] == '\\' && quote != '`' && !l->plain_backslash) {
            at++;
        } else if (l->sql[at] == quote) {
            if (peek(l, at + 1) != quote) {
                put(l, out, quote == '`' ? SRD_LEX_QUOTED : SRD_LEX_STRING, at + 1);
                return;
            }
            at++;
        }
    }
    put(l, out, SRD_LEX_UNCLOSED, l->n);
}

/* x'61' at l->at? A backslash in it, or no end, makes it a name and something else. */
static bool binary(struct srd_lexer *l, struct srd_lex_token *out)
{
    int quote = peek(l, l->at + 1);
    size_t at = l->at + 2;

    if ((peek(l, l->at) != 'x' && peek(l, l->at) != 'X') || (quote != '\'' && quote != '"'))
        return false;
    while (at < l->n && l->sql[at] != quote && l->sql[at] != '\\')
        at++;
    if (peek(l, at) != quote)
        return false;
    put(l, out, SRD_LEX_BINARY, at + 1);
    return true;
}

static void word(struct srd_lexer *l, struct srd_lex_token *out)
{
    size_t end = name_end(l, l->at);

    if (l->n - l->at >= 4 && !memcmp(l->sql + l->at, "$$", 2)) {
        const char *close = memmem(l->sql + l->at + 2, l->n - l->at - 2, "$$", 2);

        if (close && (size_t)(close + 2 - l->sql) > end) {
            put(l, out, SRD_LEX_ATTACHMENT, (size_t)(close + 2 - l->sql));
            return;
        }
    }
    put(l, out, SRD_LEX_WORD, end);
}

/* Digits, or a dot before digits: the longest of number, name that begins with a digit, .name. */
static void number(struct srd_lexer *l, struct srd_lex_token *out)
{
    bool dot = peek(l, l->at) == '.';
    size_t first = l->at + dot, whole = digits_end(l, first), end, name = name_end(l, first);

    end = whole;
    if (!dot && peek(l, whole) == '.')
        end = digits_end(l, whole + 1);
    end = exponent_end(l, end);
    if (name > end)
        put(l, out, dot ? SRD_LEX_DOTTED : SRD_LEX_WORD, name);
    else
        put(l, out, SRD_LEX_NUMBER, end);
}

static void sign(struct srd_lexer *l, struct srd_lex_token *out)
{
    static const char *const long_ones[] = {
        "<=>", "<>", "<=", ">=", "!=", "||", "&&", "->", "=>"
    };

    for (size_t i = 0; i < SRD_COUNT(long_ones); i++) {
        size_t n = strlen(long_ones[i]);

        if (l->n - l->at >= n && !memcmp(l->sql + l->at, long_ones[i], n)) {
            put(l, out, SRD_LEX_SIGN, l->at + n);
            return;
        }
    }
    put(l, out,
        l->sql[l->at] && strchr("=<>+-*/%!&|^~@.,:;?()[]{}", l->sql[l->at]) ? SRD_LEX_SIGN
                                                                            : SRD_LEX_STRAY,
        l->at + 1);
}

void srd_lexer_next(struct srd_lexer *l, struct srd_lex_token *out)
{
    size_t blanks;
    int c, next;

    /* a run that begins with U+3000 is white space only where no longer name begins */
    while ((blanks = blanks_end(l, l->at)) > l->at &&
           !(letter(l, l->at) && name_end(l, l->at) >= blanks))
        l->at = blanks;
    c = peek(l, l->at);
    next = peek(l, l->at + 1);
    if (c < 0)
        put(l, out, SRD_LEX_END, l->n);
    else if (c == '-' && next == '-')
        line_comment(l, out);
    else if (c == '/' && next == '*')
        block_comment(l, out);
    else if (c == '\'' || c == '"' || c == '`')
        quoted(l, out, (char)c);
    else if (binary(l, out))
        return;
    else if (letter(l, l->at))
        word(l, out);
    else if (digit(c) || (c == '.' && digit(next)))
        number(l, out);
    else if (beyond(l, l->at))
        put(l, out, SRD_LEX_STRAY, l->at + 4);
    else if (c == '.' && next == '.' && peek(l, l->at + 2) == '.')
        put(l, out, SRD_LEX_STRAY, l->at + 3);
    else
        sign(l, out);
}
