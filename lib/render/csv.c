/* How does a report or a view read as comma-separated values? (RFC 4180) */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"
#include "lib/render/common.h"

static void separate(struct srd_buf *out, bool *first)
{
    if (!*first)
        srd_buf_char(out, ',');
    *first = false;
}

static void end_line(struct srd_buf *out)
{
    srd_buf_text(out, "\r\n");
}

/* What is ours, or a number: as it is, quoted when it must be. */
static void plain(struct srd_buf *out, const char *text, bool *first)
{
    separate(out, first);
    if (!text[strcspn(text, ",\"\r\n")]) {
        srd_buf_text(out, text);
        return;
    }
    srd_buf_char(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            srd_buf_char(out, '"');
        srd_buf_char(out, *text);
    }
    srd_buf_char(out, '"');
}

/*
 * Text from the cluster: cleaned, as CSV has no escapes of its own, and with an apostrophe before
 * what a spreadsheet would run as a formula.
 */
static void foreign(struct srd_buf *out, const char *text, bool *first)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean = { 0 };

    srd_buf_init(&clean, SRD_SCRATCH_BYTES);
    if (text && *text && strchr("=+-@\t\r\n", *text))
        srd_buf_char(&clean, '\'');
    if (text)
        srd_utf8_clean(&clean, text, strlen(text));
    plain(out, clean.data, first);
}

/* ---- report: one line per finding ---- */

static void finding_line(const struct srd_report *report, const struct srd_finding *f,
                         const struct srd_cause_match *match, struct srd_arena *arena,
                         struct srd_buf *out)
{
    const struct srd_expert *expert = srd_render_expert(report, f->check);
    bool first = true, limited = srd_render_filled(f->limit.source);
    char share[32];

    plain(out, srd_severity_name(f->severity), &first);
    plain(out, f->check->id, &first);
    plain(out, expert ? expert->name : "", &first);
    foreign(out, f->subject.kind, &first);
    foreign(out, f->subject.name, &first);
    foreign(out, f->message, &first);
    plain(out, srd_render_value(arena, f->unit, f->value), &first);
    plain(out, srd_unit_name(f->unit), &first);
    plain(out, limited ? srd_render_value(arena, f->limit.unit, f->limit.value) : "", &first);
    foreign(out, f->limit.source, &first);
    plain(out, srd_render_number(f->share, share), &first);
    plain(out, match ? match->cause->id : "", &first);
    end_line(out);
}

static void report_csv(const struct srd_report *report, const struct srd_style *style,
                       struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_cause_match *const *causes = srd_render_causes(arena, report);

    srd_buf_text(out, "severity,check,expert,subject_kind,subject,message,value,unit,limit,"
                      "limit_source,share,cause");
    end_line(out);
    for (size_t i = 0; i < report->finding_count && !out->full; i++)
        if (report->findings[i]->severity >= style->least)
            finding_line(report, report->findings[i], causes[i], arena, out);
}

/* ---- view: one line per row ---- */

static void view_csv(const struct srd_view_report *report, const struct srd_style *style,
                     struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    size_t columns = srd_view_columns(report->view);
    bool first = true;

    (void)style;
    for (size_t c = 0; c < columns; c++)
        plain(out, report->view->columns[c].name, &first);
    end_line(out);
    for (size_t row = 0; report->rows && row < report->rows->count && !out->full; row++) {
        first = true;
        for (size_t c = 0; c < columns; c++) {
            enum srd_unit unit = report->view->columns[c].unit;
            const struct srd_value *value = srd_rows_value(report->rows, row, c);
            const char *cell = srd_render_cell_plain(arena, unit, value);

            if (unit == SRD_UNIT_TEXT || unit == SRD_UNIT_ID)
                foreign(out, cell, &first);
            else
                plain(out, cell ? cell : "", &first);
        }
        end_line(out);
    }
}

const struct srd_format srd_format_csv = {
    .name = "csv",
    .summary = "one line per finding or row (RFC 4180)",
    .report = report_csv,
    .view = view_csv,
    .machine = true,
};
