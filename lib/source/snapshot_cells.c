/* How does a cell travel through a snapshot, byte for byte? */

#include "lib/source/snapshot_cells.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/utf8.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void write_base64(struct srd_buf *out, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        uint32_t three = 0;
        char four[4];

        for (size_t k = 0; k < 3; k++)
            three = three << 8 | (k < have ? (unsigned char)bytes[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            four[k] = k <= have ? alphabet[three >> (18 - 6 * k) & 63] : '=';
        srd_buf_add(out, four, 4);
    }
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The top bit of each of eight bytes that is below @byte; above such a one, of others too. */
static uint64_t below(uint64_t eight, unsigned char byte)
{
    return (eight - EACH(byte)) & ~eight & EACH(0x80);
}

/* The lowest top bit that is set is that of a byte that is not the same inside quotes as outside.
 */
static uint64_t special(uint64_t eight)
{
    return below(eight, 0x20) | below(eight ^ EACH('"'), 1) | below(eight ^ EACH('\\'), 1);
}

static uint64_t eight_bytes(const char *at)
{
    uint64_t eight;

    memcpy(&eight, at, sizeof(eight));
    return le64toh(eight);
}

static bool is_special(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* How many of the first of @n bytes are none of them: looked at by eights, as a round may have
 * millions. */
static size_t plain_length(const char *text, size_t n)
{
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        uint64_t found = special(eight_bytes(text + i));

        if (found)
            return i + (size_t)__builtin_ctzll(found) / 8;
    }
    while (i < n && !is_special(text[i]))
        i++;
    return i;
}

/* The same for what is also more than ASCII, or one of the signs that a secret may stand behind. */
static uint64_t remarkable(uint64_t eight)
{
    return special(eight) | (eight & EACH(0x80)) | below(eight ^ EACH('='), 1) |
           below(eight ^ EACH(':'), 1);
}

/* The bytes of a text of less than eight, some of them twice, or dots. */
static uint64_t few_bytes(const char *text, size_t n)
{
    uint64_t all = EACH('.');
    uint32_t first, last;

    if (n >= 4) {
        memcpy(&first, text, sizeof(first));
        memcpy(&last, text + n - 4, sizeof(last));
        return (uint64_t)first << 32 | last;
    }
    for (size_t i = 0; i < n; i++)
        all = all << 8 | (unsigned char)text[i];
    return all;
}

/* None of that in all of it? Nearly every cell is like that. */
static bool is_plain(const char *text, size_t n)
{
    uint64_t found = remarkable(n < 8 ? few_bytes(text, n) : eight_bytes(text + n - 8));

    for (size_t i = 0; i + 8 < n; i += 8)
        found |= remarkable(eight_bytes(text + i));
    return !found;
}

bool srd_cell_write_plain(struct srd_buf *out, const char *text)
{
    size_t n = strlen(text);

    if (!is_plain(text, n))
        return false;
    srd_buf_char(out, '"');
    srd_buf_add(out, text, n);
    srd_buf_char(out, '"');
    return true;
}

void srd_cell_write(struct srd_buf *out, const char *text)
{
    size_t n = text ? strlen(text) : 0;

    if (!text) {
        srd_buf_add(out, "null", 4);
    } else if (srd_cell_write_plain(out, text)) {
        return;
    } else if (srd_utf8_valid(text, n)) {
        srd_json_quote(out, text, n);
    } else {
        srd_buf_text(out, "{\"b64\":\"");
        write_base64(out, text, n);
        srd_buf_text(out, "\"}");
    }
}

bool srd_cell_decode(char *text)
{
    size_t n = strlen(text), padding = 0, used = 0;

    while (padding < 2 && padding < n && text[n - 1 - padding] == '=')
        padding++;
    if (n % 4)
        return false;
    for (size_t i = 0; i < n; i += 4) {
        size_t letters = i + 4 < n ? 4 : 4 - padding;
        uint32_t three = 0;

        for (size_t k = 0; k < 4; k++) {
            const char *letter = k < letters ? strchr(alphabet, text[i + k]) : alphabet;

            if (!letter)
                return false;
            three = three << 6 | (uint32_t)(letter - alphabet);
        }
        for (size_t k = 0; k + 1 < letters; k++) {
            text[used] = (char)(three >> (16 - 8 * k) & 255);
            if (!text[used++])
                return false;
        }
        if (letters < 4 && three & (letters == 3 ? 255 : 65535))
            return false; /* bits that no encoder sets */
    }
    text[used] = '\0';
    return true;
}

/* ---- reading a row ---- */

struct reader {
    char *line, *at, *end; /* *end is NUL */
    const char *wrong;
};

static bool refuse(struct reader *r, const char *wrong)
{
    r->wrong = wrong;
    return false;
}

static char skip_blanks(struct reader *r)
{
    while (*r->at == ' ' || *r->at == '\t' || *r->at == '\r')
        r->at++;
    return *r->at;
}

static bool take(struct reader *r, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

static bool read_hex(struct reader *r, uint32_t *out)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = *r->at ? strchr(digits, *r->at) : NULL;

        if (!digit)
            return refuse(r, "four hexadecimal digits expected");
        value = value << 4 | (uint32_t)((digit - digits) & 15);
        r->at++;
    }
    *out = value;
    return true;
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 63));
        *to++ = (char)(0x80 | (c & 63));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 63));
        *to++ = (char)(0x80 | (c >> 6 & 63));
        *to++ = (char)(0x80 | (c & 63));
    }
    return to;
}

/* Behind a backslash; no escape is longer than what it stands for. */
static bool read_escape(struct reader *r, char **to)
{
    static const char letters[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    uint32_t c, low;
    char letter = *r->at;

    if (letter && letter != 'u') {
        for (size_t i = 0; letters[i]; i += 2)
            if (letters[i] == letter) {
                *(*to)++ = letters[i + 1];
                r->at++;
                return true;
            }
    }
    if (letter != 'u')
        return refuse(r, "unknown escape");
    r->at++;
    if (!read_hex(r, &c))
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if (!take(r, "\\u") || !read_hex(r, &low) || low < 0xdc00 || low > 0xdfff)
            return refuse(r, "half a surrogate pair");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c >= 0xdc00 && c < 0xe000) {
        return refuse(r, "half a surrogate pair");
    }
    if (!c)
        return refuse(r, "a cell cannot hold a NUL");
    *to = put_utf8(*to, c);
    return true;
}

/* In place: *@text is the unescaped string, with a NUL. */
static bool read_string(struct reader *r, char **text, size_t *n)
{
    char *to;

    if (*r->at != '"')
        return refuse(r, "a text or null expected");
    *text = ++r->at;
    r->at += plain_length(r->at, (size_t)(r->end - r->at)); /* stays where it is */
    to = r->at;
    while (*r->at != '"') {
        if (*r->at == '\\') {
            r->at++;
            if (!read_escape(r, &to))
                return false;
            continue;
        }
        if ((unsigned char)*r->at < 0x20)
            return refuse(r, r->at < r->end ? "control character in a text" : "unfinished text");
        *to++ = *r->at++;
    }
    r->at++;
    *n = (size_t)(to - *text);
    *to = '\0';
    return true;
}

static bool read_cell(struct reader *r, char **text, size_t *n)
{
    char *key;
    size_t length;

    *text = NULL;
    *n = 0;
    if (skip_blanks(r) == 'n')
        return take(r, "null") || refuse(r, "a text or null expected");
    if (*r->at != '{')
        return read_string(r, text, n);
    r->at++;
    skip_blanks(r);
    if (!read_string(r, &key, &length) || strcmp(key, "b64") != 0 || skip_blanks(r) != ':')
        return refuse(r, "only {\"b64\":\"...\"} can stand here");
    r->at++;
    skip_blanks(r);
    if (!read_string(r, text, n))
        return false;
    if (!srd_cell_decode(*text))
        return refuse(r, "not base64 of a text");
    *n = strlen(*text);
    if (skip_blanks(r) != '}')
        return refuse(r, "} expected");
    r->at++;
    return true;
}

int srd_row_read(char *line, size_t size, size_t max, size_t *count,
                 int (*put)(void *context, const char *text, size_t n, struct srd_error *err),
                 void *context, struct srd_error *err)
{
    struct reader r = { .line = line, .at = line, .end = line + size };
    char *text, next = ',';
    size_t n;

    *count = 0;
    if (!srd_utf8_valid(line, size)) /* also means: no NUL before the end */
        return srd_fail(err, SRD_E_DATA, "not UTF-8");
    if (skip_blanks(&r) != '[')
        return srd_fail(err, SRD_E_DATA, "no row: [ expected");
    r.at++;
    if (skip_blanks(&r) == ']')
        next = *r.at++;
    while (next == ',') {
        if (!read_cell(&r, &text, &n))
            break;
        if ((*count)++ < max && put(context, text, n, err))
            return (int)err->code;
        next = skip_blanks(&r);
        if (next != ',' && next != ']')
            refuse(&r, ", or ] expected");
        else
            r.at++;
    }
    if (!r.wrong && (skip_blanks(&r), r.at < r.end))
        refuse(&r, "something follows the row");
    if (r.wrong)
        return srd_fail(err, SRD_E_DATA, "column %td: %s", r.at - line + 1, r.wrong);
    return 0;
}
