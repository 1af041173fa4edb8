#ifndef SRD_RENDER_PAGE_H
#define SRD_RENDER_PAGE_H

#include "lib/base/arena.h"
#include "lib/render/render.h"

/*
 * Prose on a terminal: lines with a label at the left, text that wraps, and a tail at the right
 * edge. Everything that passes through here is cleaned, so nothing of it can act on the terminal.
 * Ids and SQL are never broken; a line that holds one may be longer than the terminal.
 */
struct srd_page {
    struct srd_buf *out;
    const struct srd_style *style;
    struct srd_arena *arena; /* scratch */
    size_t width;            /* of prose; 0: lines are as long as they are */
};

struct srd_page srd_page_of(const struct srd_style *style, struct srd_arena *scratch,
                            struct srd_buf *out);

enum srd_ink { SRD_PLAIN, SRD_BOLD, SRD_RED, SRD_YELLOW, SRD_CYAN };
enum srd_ink srd_page_ink(enum srd_severity severity);

/*
 *     ...WARNING   be3 holds 32,144 tablets            storage.tablet-count-per-node
 *        label     text                                tail
 *
 * @indent blanks, the label padded to @label_width, the text with its further lines under its
 * first. The tail stands at the end of the last line of text, or alone on the next when it does not
 * fit.
 */
struct srd_page_line {
    size_t indent, label_width;
    const char *label, *text, *tail; /* each may be NULL */
    enum srd_ink ink;                /* of the label */
};
void srd_page_line(const struct srd_page *page, const struct srd_page_line *line);
/* A statement to copy: one line, never broken. */
void srd_page_sql(const struct srd_page *page, size_t indent, const char *sql);
void srd_page_heading(const struct srd_page *page, const char *text);
void srd_page_blank(const struct srd_page *page);
/* "Next: a | b | c", broken between commands only. Nothing when there is no command. */
void srd_page_next(const struct srd_page *page, const char *const *commands);

#endif
