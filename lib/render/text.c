/* What does a person see of a report? (formats table and wide) */

#include <math.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/render/common.h"
#include "lib/render/page.h"
#include "lib/render/table.h"
#include "lib/render/text.h"

const char *srd_text_severity(enum srd_severity severity)
{
    static const char *const words[] = {
        [SRD_OKAY] = "OK",
        [SRD_INFO] = "INFO",
        [SRD_WARNING] = "WARNING",
        [SRD_CRITICAL] = "CRITICAL",
    };
    return words[severity];
}

/* ---- head ---- */

void srd_text_identity(const struct srd_page *page, const struct srd_evidence *ev,
                       const struct srd_source_info *source, int64_t started_at_ms)
{
    char moment[SRD_TIME_SIZE];
    const char *origin = srd_render_origin(page->arena, source, page->style->zone_offset_s);
    const struct srd_cluster *c = &ev->cluster;
    const char *name = srd_render_filled(c->name) ? c->name : c->connected;

    /* cleaned piece by piece, so that a name cannot wander into the next column */
    srd_page_line(
        page,
        &(struct srd_page_line){
            .label = name,
            .ink = SRD_BOLD,
            .text = srd_arena_printf(page->arena, "%s  %s  %s", srd_render_version(page->arena, c),
                                     srd_render_mode(c), srd_render_nodes(page->arena, c)),
            .tail = srd_time_human(srd_render_evidence_ms(ev, source, started_at_ms),
                                   page->style->zone_offset_s, moment),
        });
    if (origin)
        srd_page_line(page, &(struct srd_page_line){ .text = origin });
}

/* All in one line if it fits; else without the number of checks, or the words alone. */
static void score(const struct srd_text *t)
{
    const struct srd_score *s = &t->report->score;
    bool bad = s->known && s->value < 60;
    bool fair = s->known && (s->value < 80 || s->insufficient);
    const char *words = srd_render_score(t->arena, t->report);
    const char *range = srd_render_range(t->arena, t->report);
    const char *made = srd_render_made(t->arena, t->report);
    const char *all = range ? srd_arena_printf(t->arena, "(%s; %s)", range, made)
                            : srd_arena_printf(t->arena, "(%s)", made);
    const char *some = range ? srd_arena_printf(t->arena, "(%s)", range) : "";
    size_t column = srd_utf8_width(words) + 3, width = t->page.width;
    bool whole = !width || column + srd_utf8_width(all) <= width;
    bool half = !whole && *some && column + srd_utf8_width(some) <= width;

    srd_page_line(&t->page, &(struct srd_page_line){ .label = words,
                                                     .label_width = column,
                                                     .ink = bad    ? SRD_RED
                                                            : fair ? SRD_YELLOW
                                                                   : SRD_BOLD,
                                                     .text = whole  ? all
                                                             : half ? some
                                                                    : "" });
    if (!whole)
        srd_page_line(&t->page, &(struct srd_page_line){
                                    .text = half ? srd_arena_printf(t->arena, "%s.", made) : all });
}

static void lacking(const struct srd_text *t)
{
    const struct srd_score *s = &t->report->score;
    const char *privileges =
        s->insufficient || !s->known ? srd_render_missing_privileges(t->arena, t->report) : NULL;

    if (privileges)
        srd_page_line(&t->page,
                      &(struct srd_page_line){
                          .text = srd_arena_printf(t->arena, "Privileges that would tell more: %s.",
                                                   privileges) });
}

static void head(const struct srd_text *t)
{
    const struct srd_report *r = t->report;
    const char *const *warning = srd_render_warnings(t->arena, r);
    size_t checked = srd_render_coverage(r).checked;

    srd_text_identity(&t->page, r->ev, &r->source, r->started_at_ms);
    score(t);
    lacking(t);
    for (; *warning; warning++)
        srd_page_line(&t->page, &(struct srd_page_line){ .text = *warning });
    if (!checked)
        srd_page_line(&t->page, &(struct srd_page_line){ .text = "No check could be made." });
    else if (r->worst < SRD_WARNING)
        srd_page_line(&t->page,
                      &(struct srd_page_line){
                          .text = srd_arena_printf(t->arena,
                                                   "Nothing at warning or above in the %zu check%s "
                                                   "that could be made.",
                                                   checked, checked == 1 ? "" : "s"),
                      });
}

/* ---- what could not be checked ---- */

static bool told_before(const struct srd_gap *gap, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (srd_text_same(gap->results[k]->detail, gap->results[i]->detail))
            return true;
    return false;
}

/* Every check with its reason, or what the reasons are, whichever was asked for. */
static void gap_reasons(const struct srd_text *t, const struct srd_gap *gap)
{
    bool all = t->style->detail || t->style->wide;
    size_t told = 0, more = 0;

    for (size_t i = 0; i < gap->count; i++) {
        const struct srd_result *r = gap->results[i];

        if (all)
            srd_page_line(&t->page, &(struct srd_page_line){ .indent = SRD_TEXT_MARGIN + 6,
                                                             .label = r->check->id,
                                                             .text = r->detail });
        if (all || gap->hint || !srd_render_filled(r->detail) || told_before(gap, i))
            continue;
        if (told++ >= 2)
            more++;
        else
            srd_page_line(&t->page, &(struct srd_page_line){ .indent = SRD_TEXT_MARGIN + 6,
                                                             .text = r->detail });
    }
    if (more)
        srd_page_line(&t->page, &(struct srd_page_line){
                                    .indent = SRD_TEXT_MARGIN + 6,
                                    .text = srd_arena_printf(t->arena, "and %zu other reason%s",
                                                             more, more == 1 ? "" : "s") });
}

static void not_checked(const struct srd_text *t)
{
    const struct srd_gap *gaps;
    size_t count = srd_render_gaps(t->arena, t->report, &gaps);

    if (!count)
        return;
    srd_page_blank(&t->page);
    srd_page_heading(&t->page, srd_arena_printf(t->arena, "Not checked (%zu)",
                                                srd_render_coverage(t->report).unknown));
    for (size_t i = 0; i < count; i++) {
        const char *way = gaps[i].hint;

        if (gaps[i].command)
            way = srd_arena_printf(t->arena, "%s %s", srd_render_again(t->arena, t->style),
                                   gaps[i].command);
        srd_page_line(&t->page, &(struct srd_page_line){
                                    .indent = SRD_TEXT_MARGIN,
                                    .label = srd_arena_printf(t->arena, "%4zu", gaps[i].count),
                                    .label_width = 6,
                                    .text = gaps[i].words,
                                    .tail = way });
        gap_reasons(t, &gaps[i]);
    }
}

/* ---- the score's parts, the probes ---- */

static void score_parts(const struct srd_text *t)
{
    static const struct srd_grid_column columns[] = {
        { "POINTS", .right = true },
        { "AREA", .cut = false },
        { "BECAUSE", .cut = false },
        { "WORDS", .cut = false },
    };
    const struct srd_score *s = &t->report->score;
    const char **cells = srd_arena_array(t->arena, s->part_count * 4 + 1, sizeof(*cells));

    srd_page_blank(&t->page);
    srd_page_heading(&t->page,
                     srd_arena_printf(t->arena, "Points lost (score model %d)", SRD_SCORE_MODEL));
    if (!s->known) {
        srd_page_line(&t->page, &(struct srd_page_line){ .indent = SRD_TEXT_MARGIN,
                                                         .text = "No check could be made." });
        return;
    }
    for (size_t i = 0; i < s->part_count; i++) {
        const struct srd_score_part *part = &s->parts[i];

        cells[i * 4] = srd_arena_printf(t->arena, "%.1f", part->points);
        cells[i * 4 + 1] = srd_render_filled(part->area) ? part->area : NULL;
        cells[i * 4 + 2] = part->check ? part->check->id : "(bound)";
        cells[i * 4 + 3] = part->text ? part->text : "";
    }
    srd_grid_print(&(struct srd_grid){ .columns = columns,
                                       .column_count = SRD_COUNT(columns),
                                       .cells = cells,
                                       .rows = s->part_count,
                                       .titled = true,
                                       .width = t->style->wide ? 0 : t->style->width,
                                       .indent = SRD_TEXT_MARGIN },
                   t->arena, t->page.out);
    srd_page_line(&t->page,
                  &(struct srd_page_line){
                      .indent = SRD_TEXT_MARGIN,
                      .text = srd_arena_printf(t->arena, "together %d of 100 points; %d are left",
                                               100 - s->value, s->value) });
}

/* What the cluster was asked, and what that cost: for -o wide. */
static void probes(const struct srd_text *t)
{
    static const struct srd_grid_column columns[] = {
        { "PROBE", .cut = false },  { "KEY", .cut = true },    { "NODE", .cut = false },
        { "STATUS", .cut = false }, { "ROWS", .right = true }, { "TIME", .right = true },
    };
    const struct srd_evidence *ev = t->report->ev;
    const char **cells = srd_arena_array(t->arena, ev->count * 6 + 1, sizeof(*cells));

    for (size_t i = 0; i < ev->count; i++) {
        const struct srd_answer *a = &ev->answers[i];
        const char **row = cells + i * 6;

        row[0] = a->probe->id;
        row[1] = srd_render_filled(a->key) ? a->key : NULL;
        row[2] = srd_render_filled(a->node) ? a->node : NULL;
        row[3] = srd_status_name(a->status);
        row[4] =
            a->table ? srd_unit_format(t->arena, SRD_UNIT_COUNT, (double)a->table->rows, 0) : NULL;
        row[5] = srd_arena_printf(t->arena, "%lld ms", (long long)a->ms);
    }
    srd_page_blank(&t->page);
    srd_page_heading(&t->page, srd_arena_printf(t->arena, "Asked (%zu)", ev->count));
    srd_grid_print(&(struct srd_grid){ .columns = columns,
                                       .column_count = SRD_COUNT(columns),
                                       .cells = cells,
                                       .rows = ev->count,
                                       .titled = true,
                                       .indent = SRD_TEXT_MARGIN },
                   t->arena, t->page.out);
}

/* ---- the formats ---- */

static void report_table(const struct srd_report *report, const struct srd_style *style,
                         struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_text t = {
        .page = srd_page_of(style, arena, out),
        .report = report,
        .style = style,
        .arena = arena,
        .shown = srd_arena_array(arena, report->finding_count + 1, sizeof(bool)),
        .causes = srd_render_causes(arena, report),
        .told = srd_arena_array(arena, report->result_count + 1, sizeof(bool)),
    };
    const char *const *next = srd_render_next(arena, report, style);

    head(&t);
    for (size_t i = 0; i < report->cause_count; i++)
        srd_text_cause(&t, i + 1, &report->causes[i]);
    srd_text_also_found(&t);
    not_checked(&t);
    if (style->explain_score)
        score_parts(&t);
    if (style->wide)
        probes(&t);
    if (next[0])
        srd_page_blank(&t.page);
    srd_page_next(&t.page, next);
}

static void report_wide(const struct srd_report *report, const struct srd_style *style,
                        struct srd_buf *out)
{
    struct srd_style wide = *style;

    wide.wide = true;
    report_table(report, &wide, out);
}

const struct srd_format srd_format_table = {
    .name = "table",
    .summary = "for people: fits the terminal",
    .report = report_table,
    .view = srd_text_view,
};

const struct srd_format srd_format_wide = {
    .name = "wide",
    .summary = "like table, with more columns, nothing cut, and what was asked",
    .report = report_wide,
    .view = srd_text_view_wide,
};
