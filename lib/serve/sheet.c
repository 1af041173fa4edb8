/* How does text that anybody could have written get into what a model reads? */

#include "lib/serve/sheet.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"
#include "lib/render/json_parts.h"

/*
 * One row as the cluster gave it, with every byte escaped, still fits; buffers grow as they need.
 */
#define SHEET_BYTES ((size_t)512 << 20)
#define NAME_MAX_BYTES 256
#define SHORT_TEXT 160 /* in the first item of a list, when it would not fit otherwise */
#define SHORTEST_TEXT 48
#define REPLACED "\xef\xbf\xbd"

/* ---- one string of a printed document ---- */

/* A character of it, as it is printed: raw, or an escape. Returns its length. */
static size_t printed(const char *at, unsigned *character)
{
    size_t n;

    if (*at != '\\') {
        *character = srd_parts_decode((const unsigned char *)at, &n);
        return n;
    }
    if (at[1] == 'u') { /* we print only controls like that */
        char digits[5] = { at[2], at[3], at[4], at[5], '\0' };

        *character = (unsigned)strtoul(digits, NULL, 16);
        return 6;
    }
    *character = at[1] == 'n' ? '\n' : at[1] == 't' ? '\t' : at[1] == '"' ? '"' : '\\';
    if (strchr("bfr", at[1]))
        *character = '\b'; /* a control like the others */
    return 2;
}

/* The bytes of what follows an ESC, if it is an ANSI sequence: "[31m", "]0;title". */
static size_t ansi(const char *at, const char *end)
{
    const char *p = at;

    if (p == end || (*p != '[' && *p != ']'))
        return 0;
    p++;
    while (p < end && *p >= 0x20 && *p <= 0x3f && *p != '"')
        p++;
    return p < end && *p >= 0x40 && *p <= 0x7e && *p != '\\' ? (size_t)(p + 1 - at) : 0;
}

/* From behind the opening quote to the closing one; returns how many bytes there were between. */
static size_t string_length(const char *at, const char *end)
{
    const char *p = at;

    while (p < end && *p != '"')
        p += *p == '\\' ? 2 : 1;
    return (size_t)(p - at);
}

static void clean_string(struct srd_buf *out, const char *at, size_t n, size_t text_max)
{
    const char *end = at + n;
    size_t begun = out->size;

    while (at < end) {
        unsigned character;
        size_t step = printed(at, &character);

        if (out->size - begun + step > text_max) {
            srd_buf_printf(out, "\xe2\x80\xa6 [+%zu bytes]", (size_t)(end - at));
            return;
        }
        if ((character < 0x20 && character != '\n' && character != '\t') ||
            srd_parts_is_hidden(character)) {
            srd_buf_text(out, REPLACED);
            at += step;
            if (character == 0x1b)
                at += ansi(at, end);
        } else {
            srd_buf_add(out, at, step);
            at += step;
        }
    }
}

void srd_sheet_clean(struct srd_buf *out, const char *json, size_t n, size_t text_max)
{
    const char *end = json + n, *key = "";
    size_t key_size = 0;

    for (const char *at = json; at < end;) {
        size_t inside, most = text_max;
        const char *text = at + 1;

        if (*at != '"') {
            srd_buf_char(out, *at++);
            continue;
        }
        inside = string_length(text, end);
        at = text + inside + 1;
        if (at < end && *at == ':') {
            key = text;
            key_size = inside;
            most = NAME_MAX_BYTES;
        } else if (key_size == 4 && !memcmp(key, "name", 4) && most > NAME_MAX_BYTES) {
            most = NAME_MAX_BYTES;
        }
        srd_buf_char(out, '"');
        clean_string(out, text, inside, most);
        srd_buf_char(out, '"');
    }
}

void srd_sheet_print(struct srd_buf *out, struct srd_json *value, size_t text_max)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *owned = value;
    SRD_CLEANUP(srd_buf_free) struct srd_buf raw = { 0 };

    srd_buf_init(&raw, SHEET_BYTES);
    srd_json_print(owned, false, &raw);
    if (raw.full) /* half a value is none: the caller sees it like any other overflow */
        out->full = true;
    else
        srd_sheet_clean(out, raw.data, raw.size, text_max);
}

/* ---- an object ---- */

void srd_sheet_begin(struct srd_sheet *sheet, size_t text_max)
{
    srd_buf_init(&sheet->out, SHEET_BYTES);
    sheet->text_max = text_max;
    srd_buf_char(&sheet->out, '{');
}

static void key_of(struct srd_sheet *sheet, const char *key)
{
    srd_buf_printf(&sheet->out, "%s\"%s\":", sheet->out.size > 1 ? "," : "", key);
}

void srd_sheet_put(struct srd_sheet *sheet, const char *key, struct srd_json *value)
{
    key_of(sheet, key);
    srd_sheet_print(&sheet->out, value, sheet->text_max);
}

void srd_sheet_put_text(struct srd_sheet *sheet, const char *key, const char *text)
{
    srd_sheet_put(sheet, key, srd_json_new_text(text));
}

void srd_sheet_put_raw(struct srd_sheet *sheet, const char *key, const struct srd_buf *json)
{
    key_of(sheet, key);
    srd_buf_add(&sheet->out, json->data, json->size);
}

void srd_sheet_end(struct srd_sheet *sheet)
{
    srd_buf_char(&sheet->out, '}');
}

void srd_sheet_free(struct srd_sheet *sheet)
{
    srd_buf_free(&sheet->out);
}

/* ---- a list ---- */

void srd_pile_begin(struct srd_pile *pile, size_t room, size_t text_max)
{
    *pile = (struct srd_pile){ .room = room, .text_max = text_max };
    srd_buf_init(&pile->out, SHEET_BYTES);
    srd_buf_char(&pile->out, '[');
}

bool srd_pile_add_raw(struct srd_pile *pile, const char *json, size_t n)
{
    if (pile->out.size + n + 2 > pile->room)
        return false;
    if (pile->count++)
        srd_buf_char(&pile->out, ',');
    srd_buf_add(&pile->out, json, n);
    return true;
}

bool srd_pile_add(struct srd_pile *pile, struct srd_json *item)
{
    const size_t shorter[] = { pile->text_max, SHORT_TEXT, SHORTEST_TEXT };
    SRD_CLEANUP(srd_buf_free) struct srd_buf raw = { 0 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean = { 0 };
    SRD_CLEANUP(srd_json_free) struct srd_json *owned = item;

    srd_buf_init(&raw, SHEET_BYTES);
    srd_buf_init(&clean, SHEET_BYTES);
    srd_json_print(owned, false, &raw);
    if (raw.full)
        return false;
    for (size_t i = 0; i < SRD_COUNT(shorter); i++) {
        srd_buf_clear(&clean);
        srd_sheet_clean(&clean, raw.data, raw.size, shorter[i]);
        if (srd_pile_add_raw(pile, clean.data, clean.size))
            return true;
        if (pile->count)
            return false;
    }
    return false;
}

void srd_pile_end(struct srd_pile *pile)
{
    srd_buf_char(&pile->out, ']');
}

void srd_pile_free(struct srd_pile *pile)
{
    srd_buf_free(&pile->out);
}

/* ---- a result ---- */

void srd_members_of_json(struct srd_buf *members, const struct srd_buf *json)
{
    srd_buf_text(members, "\"content\":[{\"type\":\"text\",\"text\":");
    srd_json_quote(members, json->data, json->size);
    srd_buf_text(members, "}],\"structuredContent\":");
    srd_buf_add(members, json->data, json->size);
}

void srd_members_of_text(struct srd_buf *members, const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf raw = { 0 };

    srd_buf_init(&raw, SHEET_BYTES);
    srd_json_quote(&raw, text, strlen(text));
    srd_buf_text(members, "\"content\":[{\"type\":\"text\",\"text\":");
    srd_sheet_clean(members, raw.data, raw.size, 4096);
    srd_buf_text(members, "}]");
}
