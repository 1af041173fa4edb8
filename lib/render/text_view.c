/* What does a person see of a view? (formats table and wide) */

#include <ctype.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/render/common.h"
#include "lib/render/table.h"
#include "lib/render/text.h"

static const char *upper(struct srd_arena *arena, const char *text)
{
    char *copy = srd_arena_copy(arena, text ? text : "");

    for (char *p = copy; *p; p++)
        if ((unsigned char)*p < 0x80)
            *p = (char)toupper((unsigned char)*p);
    return copy;
}

static void cells(const struct srd_view_report *report, const struct srd_style *style,
                  struct srd_arena *arena, struct srd_buf *out)
{
    const struct srd_rows *rows = report->rows;
    const struct srd_view_column *columns = report->view->columns;
    size_t all = srd_view_columns(report->view), shown[SRD_MAX_VIEW_COLUMNS], count = 0;
    struct srd_grid_column list[SRD_MAX_VIEW_COLUMNS];
    const char **texts;

    for (size_t c = 0; c < all; c++) {
        if (columns[c].wide && !style->wide)
            continue;
        list[count] = (struct srd_grid_column){ .title = upper(arena, columns[c].title),
                                                .right = srd_render_is_right(columns[c].unit),
                                                .cut = columns[c].unit == SRD_UNIT_TEXT };
        shown[count++] = c;
    }
    texts = srd_arena_array(arena, rows->count * count + 1, sizeof(*texts));
    for (size_t row = 0; row < rows->count; row++)
        for (size_t c = 0; c < count; c++)
            texts[row * count + c] =
                srd_render_cell_human(arena, columns[shown[c]].unit,
                                      srd_rows_value(rows, row, shown[c]), style->zone_offset_s);
    srd_grid_print(&(struct srd_grid){ .columns = list,
                                       .column_count = count,
                                       .cells = texts,
                                       .rows = rows->count,
                                       .titled = true,
                                       .width = style->wide ? 0 : style->width },
                   arena, out);
}

static void not_available(const struct srd_page *page, const struct srd_view_report *report)
{
    const char *detail =
        srd_render_filled(report->detail) ? report->detail : srd_status_name(report->status);

    srd_page_line(page,
                  &(struct srd_page_line){
                      .text = srd_arena_printf(page->arena, "%s %s is not available: %s.",
                                               report->expert->name, report->view->name, detail) });
}

void srd_text_view(const struct srd_view_report *report, const struct srd_style *style,
                   struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_page page = srd_page_of(style, arena, out);
    const struct srd_rows *rows = report->rows;
    const char *origin = srd_render_origin(arena, &report->source, style->zone_offset_s);

    if (!rows) {
        not_available(&page, report);
    } else {
        if (rows->count)
            cells(report, style, arena, out);
        if (srd_render_filled(rows->summary))
            srd_page_line(&page, &(struct srd_page_line){ .text = rows->summary });
        else if (!rows->count)
            srd_page_line(&page, &(struct srd_page_line){ .text = "Nothing to list." });
        for (size_t i = 0; i < rows->note_count; i++)
            srd_page_line(&page, &(struct srd_page_line){ .text = rows->notes[i] });
    }
    if (origin)
        srd_page_line(&page, &(struct srd_page_line){ .text = origin });
    srd_page_next(&page, srd_render_view_next(arena, report, style));
}

void srd_text_view_wide(const struct srd_view_report *report, const struct srd_style *style,
                        struct srd_buf *out)
{
    struct srd_style wide = *style;

    wide.wide = true;
    srd_text_view(report, &wide, out);
}
