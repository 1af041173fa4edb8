#ifndef SRD_RENDER_RENDER_H
#define SRD_RENDER_RENDER_H

#include "lib/base/buf.h"
#include "lib/model/report.h"

/*
 * A report or a view as bytes. Renderers know no expert, ask nothing and print nothing: they append to
 * @out, and the caller writes it. What came from the cluster is cleaned (utf8.h) in every format that a
 * person reads and escaped in every other.
 */
struct srd_style {
    size_t width;      /* terminal columns; 0: do not fit to a width */
    bool color;        /* ANSI colours; never the only signal */
    bool wide, detail; /* more columns; rows of evidence under each finding */
    bool explain_score;
    enum srd_severity least; /* findings below it are counted, not shown */
    int zone_offset_s; /* times for people are printed in this zone */
    const char *again; /* how the user reaches this source: "srdiag --demo", for "Next:" lines */
};

struct srd_format {
    const char *name, *summary;
    void (*report)(const struct srd_report *report, const struct srd_style *style,
                   struct srd_buf *out);
    void (*view)(const struct srd_view_report *view, const struct srd_style *style,
                 struct srd_buf *out);
    bool machine; /* never paged, never coloured */
};

/* From formats.def, NULL-ended. */
extern const struct srd_format *const srd_formats[];
const struct srd_format *srd_format_find(const char *name);

/*
 * A plain table for lists of the tool itself (list, config, plan ...), cut and padded to the width.
 * cells: rows * columns texts, NULL is "-"; titles may be NULL. right[i]: right-aligned. (Owner of libsmartcols: table.c.)
 */
void srd_render_table(const char *const *titles, const char *const *cells, size_t rows,
                      size_t columns, const bool *right, const struct srd_style *style,
                      struct srd_buf *out);
/* Paragraph text wrapped to the width, each line after @indent blanks. */
void srd_render_paragraph(const char *text, size_t indent, const struct srd_style *style,
                          struct srd_buf *out);

#endif
