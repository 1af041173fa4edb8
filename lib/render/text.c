/* What does a person see of a report? (formats table and wide) */

#include <math.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/utf8.h"
#include "lib/render/common.h"
#include "lib/render/page.h"
#include "lib/render/table.h"
#include "lib/render/text.h"

#define IN_FULL 5 /* findings of one check that are listed without --detail */
#define MARGIN 3
#define LABEL 10 /* "CRITICAL", "because", and two blanks */
#define BODY (MARGIN + LABEL)

struct text {
    struct srd_page page;
    const struct srd_report *report;
    const struct srd_style *style;
    struct srd_arena *arena;
    bool *shown;                                 /* [finding_count]: stands below a cause already */
    const struct srd_cause_match *const *causes; /* [finding_count]: below which it belongs; NULL */
    bool *told; /* [result_count]: that it was judged in part only */
};

static const char *severity_word(enum srd_severity severity)
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
static void score(const struct text *t)
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

static void lacking(const struct text *t)
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

static void head(const struct text *t)
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

/* ---- findings ---- */

static void under(const struct text *t, const char *text)
{
    if (text)
        srd_page_line(&t->page, &(struct srd_page_line){ .indent = BODY, .text = text });
}

static void step(const struct text *t, const char *when, const struct srd_step *s)
{
    srd_page_line(&t->page, &(struct srd_page_line){
                                .indent = MARGIN,
                                .label = when,
                                .label_width = LABEL,
                                .text = s->text,
                                .tail = srd_arena_printf(t->arena, "[%s]", srd_risk_name(s->risk)),
                            });
    if (s->sql)
        srd_page_sql(&t->page, BODY + 2, s->sql);
}

/* The row as "Column=cell, Column=cell": StarRocks' rows have too many columns for a table. */
static void evidence_row(const struct text *t, const struct srd_finding *f, size_t row)
{
    const struct srd_table *table = f->table;
    SRD_CLEANUP(srd_buf_free) struct srd_buf line = { 0 };

    srd_buf_init(&line, SRD_SCRATCH_BYTES);
    for (size_t c = 0; c < table->columns; c++) {
        const char *cell = table->cells[row * table->columns + c];

        if (!srd_render_is_private(f->probe, table->names[c]))
            srd_buf_printf(&line, "%s%s=%s", line.size ? ", " : "", table->names[c],
                           cell ? cell : "NULL");
    }
    srd_page_line(&t->page, &(struct srd_page_line){ .indent = BODY + 2, .text = line.data });
}

static void evidence(const struct text *t, const struct srd_finding *f)
{
    const char *node = srd_render_node(t->report->ev, f);

    if (!f->probe)
        return;
    under(t, srd_arena_printf(t->arena, "from %s%s%s", f->probe->id, node ? " on " : "",
                              node ? node : ""));
    for (size_t i = 0; f->table && i < f->table_row_count; i++)
        if (f->table_rows[i] < f->table->rows)
            evidence_row(t, f, f->table_rows[i]);
}

/* What stands below a finding and need not be said twice in a row for one check. */
struct said {
    const struct srd_check *check;
    const char *limit, *text, *sql;
};

static bool same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static void remedy(const struct text *t, const struct srd_finding *f, struct said *said)
{
    struct srd_step fix[SRD_MAX_STEPS + 1];

    srd_render_fix(t->arena, f, fix);
    for (size_t i = 0; fix[i].text && (i == 0 || t->style->detail); i++) {
        if (i == 0 && same(fix[0].text, said->text) && same(fix[0].sql, said->sql))
            return;
        step(t, i ? "" : "fix", &fix[i]);
    }
    said->text = fix[0].text;
    said->sql = fix[0].sql;
}

static void finding(const struct text *t, const struct srd_finding *f, bool with_fix,
                    struct said *said)
{
    const char *limit = srd_render_limit(t->arena, f, t->style->zone_offset_s);

    if (said->check != f->check)
        *said = (struct said){ .check = f->check };
    srd_page_line(&t->page, &(struct srd_page_line){ .indent = MARGIN,
                                                     .label = severity_word(f->severity),
                                                     .label_width = LABEL,
                                                     .ink = srd_page_ink(f->severity),
                                                     .text = f->message,
                                                     .tail = f->check->id });
    if (!same(limit, said->limit))
        under(t, limit);
    said->limit = limit;
    if (f->follower)
        under(t, "as an FE knows it that does not lead; it may lag behind");
    if (with_fix)
        remedy(t, f, said);
    if (t->style->detail)
        evidence(t, f);
}

/* Once per check, below its findings: there may be more of what they say. */
static void judged_in_part(const struct text *t, const struct srd_check *check)
{
    const struct srd_result *result = srd_render_result(t->report, check);
    bool *told = result ? &t->told[result - t->report->results] : NULL;

    if (!result || result->status == SRD_ANSWERED || *told)
        return;
    *told = true;
    under(t, srd_arena_printf(t->arena, "judged in part only: %s",
                              srd_render_filled(result->detail) ? result->detail
                                                                : srd_status_name(result->status)));
}

/* ---- lists of findings ---- */

static size_t index_of(const struct srd_report *report, const struct srd_finding *f)
{
    size_t i = 0;

    while (i < report->finding_count && report->findings[i] != f)
        i++;
    return i;
}

/* Findings of @items from @from on that are of the same check and severity. */
static size_t run_length(struct srd_finding *const *items, size_t count, size_t from)
{
    size_t n = 1;

    while (from + n < count && items[from + n]->check == items[from]->check &&
           items[from + n]->severity == items[from]->severity)
        n++;
    return n;
}

static void and_more(const struct text *t, const struct srd_finding *f, size_t more)
{
    const struct srd_expert *expert = srd_render_expert(t->report, f->check);

    under(t, srd_arena_printf(t->arena, "and %zu more (%s %s -o wide --detail)", more,
                              srd_render_again(t->arena, t->style),
                              expert ? expert->name : "comprehensive"));
}

/* Worst first, as they come; findings of one check stand together within their severity. */
static void list(const struct text *t, struct srd_finding *const *items, size_t count,
                 bool with_fix)
{
    struct said said = { 0 };

    for (size_t i = 0, n; i < count; i += n) {
        size_t full;

        n = run_length(items, count, i);
        full = t->style->detail || n <= IN_FULL ? n : IN_FULL;
        for (size_t k = 0; k < full; k++)
            finding(t, items[i + k], with_fix, &said);
        if (full < n)
            and_more(t, items[i], n - full);
        judged_in_part(t, items[i]->check);
    }
}

static bool visible(const struct text *t, const struct srd_finding *f)
{
    return f->severity >= t->style->least;
}

static void also_found(const struct text *t)
{
    const struct srd_report *r = t->report;
    struct srd_finding **items = srd_arena_array(t->arena, r->finding_count + 1, sizeof(*items));
    size_t count = 0, hidden = 0;

    for (size_t i = 0; i < r->finding_count; i++) {
        if (t->shown[i])
            continue;
        if (visible(t, r->findings[i]))
            items[count++] = r->findings[i];
        else
            hidden++;
    }
    if (count) {
        srd_page_blank(&t->page);
        srd_page_heading(&t->page, r->cause_count ? "Also found" : "Found");
        list(t, items, count, true);
    }
    if (hidden) {
        srd_page_blank(&t->page);
        srd_page_line(&t->page, &(struct srd_page_line){
                                    .text = srd_arena_printf(
                                        t->arena, "%zu finding%s below %s %s not shown.", hidden,
                                        hidden == 1 ? "" : "s", srd_severity_name(t->style->least),
                                        hidden == 1 ? "is" : "are"),
                                });
    }
}

/* ---- causes ---- */

static void arguments(const struct text *t, const struct srd_cause_match *match)
{
    const struct srd_argument *items;
    size_t count = srd_render_arguments(t->arena, match, &items);
    const char *before = "";

    for (size_t i = 0; i < count; i++) {
        const struct srd_argument *a = &items[i];
        bool again = !strcmp(a->word, before);

        srd_page_line(&t->page, &(struct srd_page_line){ .indent = MARGIN,
                                                         .label = again ? "" : a->word,
                                                         .label_width = LABEL,
                                                         .text = a->text,
                                                         .tail = a->check });
        before = a->word;
        /* it is the finding, word for word: listing it below once more would tell nothing new */
        if (!a->finding || a->finding->severity != match->severity || t->style->detail ||
            !srd_render_is_confident(match))
            continue;
        under(t, srd_render_limit(t->arena, a->finding, t->style->zone_offset_s));
        judged_in_part(t, a->finding->check);
        t->shown[index_of(t->report, a->finding)] = true;
    }
}

/* The findings it explains that its evidence did not spell out already. */
static void explained(const struct text *t, const struct srd_cause_match *match)
{
    struct srd_finding **items =
        srd_arena_array(t->arena, t->report->finding_count + 1, sizeof(*items));
    size_t count = 0;

    for (size_t i = 0; i < t->report->finding_count; i++) {
        if (t->causes[i] != match || t->shown[i] || !visible(t, t->report->findings[i]))
            continue;
        items[count++] = t->report->findings[i];
        t->shown[i] = true;
    }
    if (!count)
        return;
    srd_page_line(&t->page, &(struct srd_page_line){ .indent = MARGIN, .label = "it explains" });
    list(t, items, count, false);
}

static void cause(const struct text *t, size_t number, const struct srd_cause_match *match)
{
    srd_page_blank(&t->page);
    srd_page_line(&t->page, &(struct srd_page_line){
                                .label = srd_arena_printf(t->arena, "%-2zu %s", number,
                                                          severity_word(match->severity)),
                                .label_width = BODY,
                                .ink = srd_page_ink(match->severity),
                                .text = match->cause->title,
                                .tail = srd_arena_printf(t->arena, "%s, %s", match->cause->id,
                                                         srd_confidence_word(match->confidence)),
                            });
    arguments(t, match);
    for (size_t i = 0; i < SRD_MAX_STEPS && match->steps[i].text; i++)
        step(t, match->step_when[i], &match->steps[i]);
    explained(t, match);
}

/* ---- what could not be checked ---- */

static bool told_before(const struct srd_gap *gap, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (same(gap->results[k]->detail, gap->results[i]->detail))
            return true;
    return false;
}

/* Every check with its reason, or what the reasons are, whichever was asked for. */
static void gap_reasons(const struct text *t, const struct srd_gap *gap)
{
    bool all = t->style->detail || t->style->wide;
    size_t told = 0, more = 0;

    for (size_t i = 0; i < gap->count; i++) {
        const struct srd_result *r = gap->results[i];

        if (all)
            srd_page_line(&t->page, &(struct srd_page_line){ .indent = MARGIN + 6,
                                                             .label = r->check->id,
                                                             .text = r->detail });
        if (all || gap->hint || !srd_render_filled(r->detail) || told_before(gap, i))
            continue;
        if (told++ >= 2)
            more++;
        else
            srd_page_line(&t->page,
                          &(struct srd_page_line){ .indent = MARGIN + 6, .text = r->detail });
    }
    if (more)
        srd_page_line(&t->page, &(struct srd_page_line){
                                    .indent = MARGIN + 6,
                                    .text = srd_arena_printf(t->arena, "and %zu other reason%s",
                                                             more, more == 1 ? "" : "s") });
}

static void not_checked(const struct text *t)
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
                                    .indent = MARGIN,
                                    .label = srd_arena_printf(t->arena, "%4zu", gaps[i].count),
                                    .label_width = 6,
                                    .text = gaps[i].words,
                                    .tail = way });
        gap_reasons(t, &gaps[i]);
    }
}

/* ---- the score's parts, the probes ---- */

static void score_parts(const struct text *t)
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
        srd_page_line(&t->page, &(struct srd_page_line){ .indent = MARGIN,
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
                                       .indent = MARGIN },
                   t->arena, t->page.out);
    srd_page_line(&t->page,
                  &(struct srd_page_line){
                      .indent = MARGIN,
                      .text = srd_arena_printf(t->arena, "together %d of 100 points; %d are left",
                                               100 - s->value, s->value) });
}

/* What the cluster was asked, and what that cost: for -o wide. */
static void probes(const struct text *t)
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
                                       .indent = MARGIN },
                   t->arena, t->page.out);
}

/* ---- the formats ---- */

static void report_table(const struct srd_report *report, const struct srd_style *style,
                         struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct text t = {
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
        cause(&t, i + 1, &report->causes[i]);
    also_found(&t);
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
