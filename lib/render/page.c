/* How does prose stand on a terminal of a given width? */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"
#include "lib/render/common.h"
#include "lib/render/page.h"

#define NARROWEST 40 /* a narrower terminal breaks our lines itself */
#define WIDEST 110   /* the eye does not find the next line of longer ones */
#define LEAST_TEXT 16

struct srd_page srd_page_of(const struct srd_style *style, struct srd_arena *scratch,
                            struct srd_buf *out)
{
    size_t width = style->width;

    if (width && width < NARROWEST)
        width = NARROWEST;
    return (struct srd_page){
        .out = out, .style = style, .arena = scratch, .width = width > WIDEST ? WIDEST : width
    };
}

enum srd_ink srd_page_ink(enum srd_severity severity)
{
    switch (severity) {
    case SRD_CRITICAL:
        return SRD_RED;
    case SRD_WARNING:
        return SRD_YELLOW;
    case SRD_INFO:
        return SRD_CYAN;
    case SRD_OKAY:
        break;
    }
    return SRD_PLAIN;
}

static void inked(const struct srd_page *page, enum srd_ink ink, const char *text)
{
    static const char *const codes[] = {
        [SRD_PLAIN] = "",          [SRD_BOLD] = "\033[1m",
        [SRD_RED] = "\033[1;31m",  [SRD_YELLOW] = "\033[1;33m",
        [SRD_CYAN] = "\033[1;36m",
    };
    bool color = page->style->color && ink != SRD_PLAIN && *text;

    if (color)
        srd_buf_text(page->out, codes[ink]);
    srd_buf_text(page->out, text);
    if (color)
        srd_buf_text(page->out, "\033[0m");
}

static bool is_ascii(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

/*
 * The bytes of the line that starts at clean @text, at most @columns wide. Breaks at blanks. A word
 * that is wider stays whole when it may be an id or a path, and breaks between characters when it
 * is not ASCII: Chinese sentences have no blanks.
 */
static size_t fit_line(const char *text, size_t columns)
{
    size_t all = strlen(text), fit = srd_utf8_fit(text, columns), end = fit, word;

    if (fit == all || text[fit] == ' ')
        return fit;
    while (end && text[end - 1] != ' ')
        end--;
    word = end + strcspn(text + end, " ");
    if (end && is_ascii(text + end, word - end))
        return end - 1;
    if (!is_ascii(text + end, word - end) && fit)
        return fit;
    return end ? end - 1 : word;
}

static void break_line(const struct srd_page *page, size_t column)
{
    srd_buf_char(page->out, '\n');
    srd_buf_repeat(page->out, ' ', column);
}

/* Writes clean @text from @column on, wrapped; returns the column after its last character. */
static size_t wrapped(const struct srd_page *page, const char *text, size_t column)
{
    size_t room = page->width > column + LEAST_TEXT ? page->width - column : LEAST_TEXT;

    text += strspn(text, " ");
    for (;;) {
        size_t n = page->width ? fit_line(text, room) : strlen(text);
        const char *rest = text + n + strspn(text + n, " ");
        const char *line;

        while (n && text[n - 1] == ' ')
            n--;
        line = srd_arena_copy_n(page->arena, text, n);
        srd_buf_text(page->out, line);
        if (!*rest)
            return column + srd_utf8_width(line);
        text = rest;
        break_line(page, column);
    }
}

static void put_tail(const struct srd_page *page, const char *tail, size_t column, size_t hang)
{
    size_t wide = srd_utf8_width(tail);

    if (page->width && column + 2 + wide > page->width) {
        break_line(page, page->width > hang + wide ? page->width - wide : hang);
        srd_buf_text(page->out, tail);
        return;
    }
    srd_buf_repeat(page->out, ' ', page->width ? page->width - wide - column : 2);
    srd_buf_text(page->out, tail);
}

void srd_page_line(const struct srd_page *page, const struct srd_page_line *line)
{
    const char *label = srd_render_clean(page->arena, line->label);
    const char *text = srd_render_clean(page->arena, line->text);
    const char *tail = srd_render_clean(page->arena, line->tail);
    size_t column = line->indent, wide = srd_utf8_width(label), hang;

    if (*label || *text || !*tail)
        srd_buf_repeat(page->out, ' ', line->indent);
    inked(page, line->ink, label);
    column += wide;
    if (*text) {
        size_t pad = line->label_width > wide ? line->label_width - wide : wide ? 2 : 0;

        srd_buf_repeat(page->out, ' ', pad);
        hang = column + pad;
        column = wrapped(page, text, hang);
    } else {
        hang = column;
    }
    if (*tail)
        put_tail(page, tail, column, hang);
    srd_buf_char(page->out, '\n');
}

void srd_page_sql(const struct srd_page *page, size_t indent, const char *sql)
{
    srd_buf_repeat(page->out, ' ', indent);
    srd_buf_text(page->out, srd_render_clean(page->arena, sql));
    srd_buf_char(page->out, '\n');
}

void srd_page_heading(const struct srd_page *page, const char *text)
{
    inked(page, SRD_BOLD, srd_render_clean(page->arena, text));
    srd_buf_char(page->out, '\n');
}

void srd_page_blank(const struct srd_page *page)
{
    srd_buf_char(page->out, '\n');
}

void srd_page_next(const struct srd_page *page, const char *const *commands)
{
    size_t column = 5;

    if (!commands[0])
        return;
    srd_buf_text(page->out, "Next:");
    for (size_t i = 0; commands[i]; i++) {
        const char *command = srd_render_clean(page->arena, commands[i]);
        size_t wide = srd_utf8_width(command) + (i ? 3 : 1);

        if (i && page->width && column + wide > page->width) {
            break_line(page, 6);
            column = 6 + wide - 3;
        } else {
            srd_buf_text(page->out, i ? " | " : " ");
            column += wide;
        }
        srd_buf_text(page->out, command);
    }
    srd_buf_char(page->out, '\n');
}

void srd_render_paragraph(const char *text, size_t indent, const struct srd_style *style,
                          struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_page page = srd_page_of(style, arena, out);

    while (srd_render_filled(text)) {
        size_t n = strcspn(text, "\n");
        const char *line = srd_arena_copy_n(arena, text, n);

        if (line[strspn(line, " ")])
            srd_page_line(&page, &(struct srd_page_line){ .indent = indent, .text = line });
        else
            srd_page_blank(&page);
        text += n + (text[n] == '\n');
    }
}
