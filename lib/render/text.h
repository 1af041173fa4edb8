#ifndef SRD_RENDER_TEXT_H
#define SRD_RENDER_TEXT_H

#include "lib/render/page.h"

/* Shared by the two files that print for a terminal: text.c reports, text_view.c views. */

/* Which cluster, which version, when. */
void srd_text_identity(const struct srd_page *page, const struct srd_evidence *ev,
                       const struct srd_source_info *source, int64_t started_at_ms);
void srd_text_view(const struct srd_view_report *view, const struct srd_style *style,
                   struct srd_buf *out);
void srd_text_view_wide(const struct srd_view_report *view, const struct srd_style *style,
                        struct srd_buf *out);

#endif
