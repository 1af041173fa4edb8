#ifndef SRD_RENDER_TEXT_H
#define SRD_RENDER_TEXT_H

#include "lib/render/page.h"

/*
 * Shared by the files that print for a terminal: text.c a report from its head to what comes next,
 * text_found.c the causes and findings in it, text_view.c views.
 */
#define SRD_TEXT_MARGIN 3

/* A report while it is printed; all of it lives in @arena, which is scratch. */
struct srd_text {
    struct srd_page page;
    const struct srd_report *report;
    const struct srd_style *style;
    struct srd_arena *arena;
    bool *shown;                                 /* [finding_count]: stands below a cause already */
    const struct srd_cause_match *const *causes; /* [finding_count]: below which it belongs; NULL */
    bool *told; /* [result_count]: that it was judged in part only */
};

/* "OK", "INFO", "WARNING", "CRITICAL" */
const char *srd_text_severity(enum srd_severity severity);
/* A cause with its evidence, its steps and the findings it explains, which count as shown then. */
void srd_text_cause(const struct srd_text *t, size_t number, const struct srd_cause_match *match);
/* The findings that are not shown yet; after all causes. */
void srd_text_also_found(const struct srd_text *t);

/* Which cluster, which version, when. */
void srd_text_identity(const struct srd_page *page, const struct srd_evidence *ev,
                       const struct srd_source_info *source, int64_t started_at_ms);
void srd_text_view(const struct srd_view_report *view, const struct srd_style *style,
                   struct srd_buf *out);
void srd_text_view_wide(const struct srd_view_report *view, const struct srd_style *style,
                        struct srd_buf *out);

#endif
