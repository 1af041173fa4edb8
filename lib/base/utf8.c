/* May this text be shown, and how wide is it? */

#include "lib/base/utf8.h"

#include <stdint.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>
#include <uniwidth.h>

bool srd_utf8_valid(const char *bytes, size_t n)
{
    return srd_utf8_good(bytes, n) == n && (!n || !memchr(bytes, '\0', n));
}

/* How many of the first bytes are ASCII, in steps of eight: what nearly every text is made of. */
static size_t plain_bytes(const char *bytes, size_t n)
{
    size_t i = 0;
    uint64_t eight;

    for (; i + sizeof(eight) <= n; i += sizeof(eight)) {
        memcpy(&eight, bytes + i, sizeof(eight));
        if (eight & UINT64_C(0x8080808080808080))
            return i;
    }
    while (i < n && !(bytes[i] & 0x80))
        i++;
    return i;
}

size_t srd_utf8_good(const char *bytes, size_t n)
{
    size_t plain = plain_bytes(bytes, n);
    const uint8_t *broken = plain < n ? u8_check((const uint8_t *)bytes + plain, n - plain) : NULL;

    return broken ? (size_t)(broken - (const uint8_t *)bytes) : n;
}

void srd_utf8_repair(struct srd_buf *out, const char *bytes, size_t n)
{
    size_t good;
    ucs4_t uc;

    for (;;) {
        good = srd_utf8_good(bytes, n);
        srd_buf_add(out, bytes, good);
        if (good == n)
            return;
        bytes += good;
        n -= good;
        good = (size_t)u8_mbtouc(&uc, (const uint8_t *)bytes, n); /* the length of what is broken */
        srd_buf_text(out, "\xef\xbf\xbd");
        bytes += good;
        n -= good;
    }
}

/* The bytes of the character at @text and the character; 0 if they are broken. @n is not 0. */
static size_t next_character(const char *text, size_t n, ucs4_t *uc)
{
    int length = u8_mbtoucr(uc, (const uint8_t *)text, n);

    return length > 0 ? (size_t)length : 0;
}

/*
 * Characters that show nothing and still do something: to the order of the text, to the line, or to
 * a program that reads more than a person sees.
 */
static bool is_invisible(ucs4_t uc)
{
    return uc_is_general_category_withtable(uc, UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Zl |
                                                    UC_CATEGORY_MASK_Zp) ||
           uc_is_property_default_ignorable_code_point(uc);
}

static void escape(struct srd_buf *out, ucs4_t uc)
{
    if (uc == '\n')
        srd_buf_text(out, "\\n");
    else if (uc == '\t')
        srd_buf_text(out, "\\t");
    else if (uc == 0x1b)
        srd_buf_text(out, "\\e");
    else if (uc < 0xa0)
        srd_buf_printf(out, "\\x%02x", (unsigned)uc);
    else
        srd_buf_printf(out, "\\u{%04X}", (unsigned)uc);
}

void srd_utf8_clean(struct srd_buf *out, const char *text, size_t n)
{
    size_t plain = 0, length; /* bytes before @text + @at that wait to be copied as they are */
    ucs4_t uc;

    for (size_t at = 0; at < n; at += length) {
        unsigned char byte = (unsigned char)text[at];

        length = 1;
        if (byte >= 0x20 && byte < 0x7f) {
            plain++;
            continue;
        }
        uc = byte;
        if (byte >= 0x80) {
            length = next_character(text + at, n - at, &uc);
            if (length && uc >= 0xa0 && !is_invisible(uc)) {
                plain += length;
                continue;
            }
        }
        srd_buf_add(out, text + at - plain, plain);
        plain = 0;
        if (length) {
            escape(out, uc);
        } else {
            srd_buf_printf(out, "\\x%02x", byte);
            length = 1;
        }
    }
    srd_buf_add(out, text + n - plain, plain);
}

/* Bytes of the character at @text, and its columns. Broken bytes count one column each. */
static size_t measure(const char *text, size_t n, size_t *columns)
{
    ucs4_t uc;
    size_t length;
    int width;

    *columns = 1;
    if (*text >= 0x20 && *text < 0x7f)
        return 1;
    length = next_character(text, n, &uc);
    if (!length)
        return 1;
    width = uc_width(uc, "UTF-8");
    *columns = width > 0 ? (size_t)width : 0;
    return length;
}

size_t srd_utf8_width(const char *text)
{
    size_t n = strlen(text), sum = 0, columns;

    for (size_t at = 0; at < n;) {
        at += measure(text + at, n - at, &columns);
        sum += columns;
    }
    return sum;
}

size_t srd_utf8_fit(const char *text, size_t columns)
{
    size_t n = strlen(text), at = 0, sum = 0, length, wide;

    while (at < n) {
        length = measure(text + at, n - at, &wide);
        if (sum + wide > columns)
            break;
        sum += wide; /* a combining mark takes none, so it stays with its letter */
        at += length;
    }
    return at;
}

size_t srd_utf8_whole(const char *bytes, size_t n)
{
    size_t start = n;
    ucs4_t uc;

    /* a lead byte with its continuation bytes is at most four bytes long */
    while (start && n - start < 4) {
        start--;
        if (((unsigned char)bytes[start] & 0xc0) != 0x80)
            break;
    }
    if (start < n && (unsigned char)bytes[start] >= 0xc0 &&
        u8_mbtoucr(&uc, (const uint8_t *)bytes + start, n - start) == -2)
        return start;
    return n;
}
