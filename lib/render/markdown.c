/* How does a report or a view read as Markdown, for a ticket or a chat? */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/render/common.h"

struct page {
    struct srd_buf *out;
    struct srd_arena *arena;
    const struct srd_style *style;
    const struct srd_report *report;
    const struct srd_cause_match *const *causes; /* of its findings; NULL where none explains it */
};

/* ---- escaping ---- */

/* At the start of a block "1." and "1)" would begin a list. */
static const char *number_end(const char *text)
{
    const char *p = text;

    while (isdigit((unsigned char)*p))
        p++;
    return p > text && (*p == '.' || *p == ')') && (!p[1] || p[1] == ' ') ? p : NULL;
}

/* @text is data: nothing in it becomes markup, wherever in a line it lands. */
static void escaped(struct srd_buf *out, struct srd_arena *arena, const char *text)
{
    const char *start = srd_render_clean(arena, text), *list = number_end(start);

    for (const char *p = start; *p; p++) {
        bool leads = p == start && strchr("-+=", *p);

        if (leads || p == list || strchr("\\`*_[]<>|~#&!$", *p))
            srd_buf_char(out, '\\');
        srd_buf_char(out, *p);
    }
}

static void say(const struct page *p, const char *text)
{
    escaped(p->out, p->arena, text);
}

/* The longest run of backquotes: a fence must be longer. */
static size_t longest_fence(const char *text)
{
    size_t longest = 0, run = 0;

    for (; *text; text++) {
        run = *text == '`' ? run + 1 : 0;
        if (run > longest)
            longest = run;
    }
    return longest;
}

static void fenced(const struct page *p, const char *sql, const char *indent)
{
    const char *clean = srd_render_clean(p->arena, sql);
    size_t fence = longest_fence(clean) + 1;

    if (fence < 3)
        fence = 3;
    srd_buf_text(p->out, indent);
    srd_buf_repeat(p->out, '`', fence);
    srd_buf_printf(p->out, "sql\n%s%s\n%s", indent, clean, indent);
    srd_buf_repeat(p->out, '`', fence);
    srd_buf_char(p->out, '\n');
}

/* Our own ids and commands. */
static void code(const struct page *p, const char *text)
{
    const char *clean = srd_render_clean(p->arena, text);
    size_t fence = longest_fence(clean) + 1;

    srd_buf_repeat(p->out, '`', fence);
    if (fence > 1) /* blanks keep a backquote of the text apart from the fence */
        srd_buf_char(p->out, ' ');
    srd_buf_text(p->out, clean);
    if (fence > 1)
        srd_buf_char(p->out, ' ');
    srd_buf_repeat(p->out, '`', fence);
}

static void cell(const struct page *p, const char *text)
{
    srd_buf_text(p->out, " ");
    if (text && *text)
        say(p, text);
    srd_buf_text(p->out, " |");
}

/* ---- report ---- */

static void head(const struct page *p)
{
    const struct srd_report *r = p->report;
    const struct srd_cluster *c = &r->ev->cluster;
    const char *origin = srd_render_origin(p->arena, &r->source, p->style->zone_offset_s);
    const char *range = srd_render_range(p->arena, r);
    char moment[SRD_TIME_SIZE];

    srd_buf_text(p->out, "# ");
    say(p, srd_render_filled(c->name) ? c->name : c->connected);
    srd_buf_text(p->out, "\n\n");
    say(p,
        srd_arena_printf(p->arena, "%s, %s, %s, %s", srd_render_version(p->arena, c),
                         srd_render_mode(c), srd_render_nodes(p->arena, c),
                         srd_time_human(srd_render_evidence_ms(r->ev, &r->source, r->started_at_ms),
                                        p->style->zone_offset_s, moment)));
    srd_buf_text(p->out, "\n\n");
    if (origin) {
        say(p, origin);
        srd_buf_text(p->out, "\n\n");
    }
    srd_buf_text(p->out, "**");
    say(p, srd_render_score(p->arena, r));
    srd_buf_text(p->out, "** (");
    if (range) {
        say(p, range);
        srd_buf_text(p->out, "; ");
    }
    say(p, srd_render_made(p->arena, r));
    srd_buf_text(p->out, ")\n");
}

static void sentences(const struct page *p)
{
    const struct srd_report *r = p->report;
    const char *const *warning = srd_render_warnings(p->arena, r);
    const char *lacking = r->score.insufficient || !r->score.known
                              ? srd_render_missing_privileges(p->arena, r)
                              : NULL;
    size_t checked = srd_render_coverage(r).checked;

    if (lacking) {
        srd_buf_text(p->out, "\nPrivileges that would tell more: ");
        say(p, lacking);
        srd_buf_char(p->out, '\n');
    }
    for (; *warning; warning++) {
        srd_buf_text(p->out, "\n> ");
        say(p, *warning);
        srd_buf_char(p->out, '\n');
    }
    if (!checked)
        srd_buf_text(p->out, "\nNo check could be made.\n");
    else if (r->worst < SRD_WARNING)
        srd_buf_printf(p->out,
                       "\nNothing at warning or above in the %zu check%s that could be made.\n",
                       checked, checked == 1 ? "" : "s");
}

static void step(const struct page *p, const char *when, const struct srd_step *s)
{
    srd_buf_text(p->out, "- ");
    if (srd_render_filled(when)) {
        say(p, when);
        srd_buf_text(p->out, ": ");
    }
    say(p, s->text);
    srd_buf_printf(p->out, " (%s)\n", srd_risk_name(s->risk));
    if (s->sql) {
        srd_buf_char(p->out, '\n');
        fenced(p, s->sql, "  ");
    }
}

static void cause(const struct page *p, size_t number, const struct srd_cause_match *match)
{
    const struct srd_argument *items;
    size_t count = srd_render_arguments(p->arena, match, &items);

    srd_buf_printf(p->out, "\n### %zu. ", number);
    say(p, match->cause->title);
    srd_buf_printf(p->out, "\n\n**%s**, ", srd_severity_name(match->severity));
    code(p, match->cause->id);
    srd_buf_printf(p->out, ", confidence %s\n\n", srd_confidence_word(match->confidence));
    for (size_t i = 0; i < count; i++) {
        srd_buf_printf(p->out, "- %s: ", items[i].word);
        say(p, items[i].text);
        if (items[i].check) {
            srd_buf_char(p->out, ' ');
            code(p, items[i].check);
        }
        srd_buf_char(p->out, '\n');
    }
    if (match->steps[0].text)
        srd_buf_text(p->out, "\nSteps:\n\n");
    for (size_t i = 0; i < SRD_MAX_STEPS && match->steps[i].text; i++)
        step(p, match->step_when[i], &match->steps[i]);
}

static void findings(const struct page *p)
{
    const struct srd_report *r = p->report;
    size_t hidden = 0;
    bool titled = false;

    for (size_t i = 0; i < r->finding_count; i++) {
        const struct srd_finding *f = r->findings[i];
        const char *limit = srd_render_limit(p->arena, f, p->style->zone_offset_s);

        if (f->severity < p->style->least) {
            hidden++;
            continue;
        }
        if (!titled)
            srd_buf_text(p->out, "\n## Findings\n\n| severity | what | limit | check | cause |\n"
                                 "|---|---|---|---|---|\n");
        titled = true;
        srd_buf_char(p->out, '|');
        cell(p, srd_severity_name(f->severity));
        cell(p, f->follower ? srd_arena_printf(p->arena, "%s (known from a follower)", f->message)
                            : f->message);
        cell(p, limit ? limit + strlen("limit ") : NULL);
        srd_buf_char(p->out, ' ');
        code(p, f->check->id);
        srd_buf_text(p->out, " |");
        cell(p, p->causes[i] ? p->causes[i]->cause->id : NULL);
        srd_buf_char(p->out, '\n');
    }
    if (hidden)
        srd_buf_printf(p->out, "\n%zu finding%s below %s %s not shown.\n", hidden,
                       hidden == 1 ? "" : "s", srd_severity_name(p->style->least),
                       hidden == 1 ? "is" : "are");
}

/* Their findings stand, but there may be more of them. */
static void judged_in_part(const struct page *p)
{
    const struct srd_report *r = p->report;
    bool titled = false;

    for (size_t i = 0; i < r->result_count; i++) {
        const struct srd_result *result = &r->results[i];

        if (result->verdict != SRD_CHECKED || result->status == SRD_ANSWERED)
            continue;
        srd_buf_text(p->out, titled ? "" : "\nJudged in part only:\n\n");
        titled = true;
        srd_buf_text(p->out, "- ");
        code(p, result->check->id);
        srd_buf_text(p->out, ": ");
        say(p,
            srd_render_filled(result->detail) ? result->detail : srd_status_name(result->status));
        srd_buf_char(p->out, '\n');
    }
}

/* The first steps of what no cause explains: a cause has steps of its own. One per check. */
static void remedies(const struct page *p)
{
    const struct srd_report *r = p->report;
    bool *told = srd_arena_array(p->arena, r->result_count + 1, sizeof(*told)), titled = false;

    for (size_t i = 0; i < r->finding_count; i++) {
        const struct srd_finding *f = r->findings[i];
        struct srd_step fix[SRD_MAX_STEPS + 1];
        const struct srd_result *result = srd_render_result(r, f->check);

        if (p->causes[i] || f->severity < p->style->least || !result || told[result - r->results])
            continue;
        told[result - r->results] = true;
        srd_render_fix(p->arena, f, fix);
        if (!fix[0].text)
            continue;
        srd_buf_text(p->out, titled ? "" : "\n## What to do about them\n");
        titled = true;
        srd_buf_char(p->out, '\n');
        code(p, f->check->id);
        srd_buf_text(p->out, ":\n\n");
        for (size_t k = 0; fix[k].text; k++)
            step(p, NULL, &fix[k]);
    }
}

/* The reason, and its first example where the reason alone does not say what is wrong. */
static const char *gap_words(const struct page *p, const struct srd_gap *gap)
{
    const char *detail = gap->results[0]->detail;

    if (gap->hint || !srd_render_filled(detail))
        return gap->words;
    return srd_arena_printf(p->arena, "%s: %s%s", gap->words, detail, gap->count > 1 ? " ..." : "");
}

static void not_checked(const struct page *p)
{
    const struct srd_gap *gaps;
    size_t count = srd_render_gaps(p->arena, p->report, &gaps);

    if (!count)
        return;
    srd_buf_printf(p->out, "\n## Not checked (%zu)\n\n| checks | why | way out |\n|---:|---|---|\n",
                   srd_render_coverage(p->report).unknown);
    for (size_t i = 0; i < count; i++) {
        srd_buf_printf(p->out, "| %zu |", gaps[i].count);
        cell(p, gap_words(p, &gaps[i]));
        cell(p, gaps[i].command
                    ? srd_arena_printf(p->arena, "%s %s", srd_render_again(p->arena, p->style),
                                       gaps[i].command)
                    : gaps[i].hint);
        srd_buf_char(p->out, '\n');
    }
}

static void score_parts(const struct page *p)
{
    const struct srd_score *s = &p->report->score;

    srd_buf_printf(p->out,
                   "\n## Points lost (score model %d)\n\n| points | area | check | words |\n"
                   "|---:|---|---|---|\n",
                   SRD_SCORE_MODEL);
    for (size_t i = 0; i < s->part_count; i++) {
        srd_buf_printf(p->out, "| %.1f |", s->parts[i].points);
        cell(p, s->parts[i].area);
        cell(p, s->parts[i].check ? s->parts[i].check->id : NULL);
        cell(p, s->parts[i].text);
        srd_buf_char(p->out, '\n');
    }
}

static void next(const struct page *p, const char *const *commands)
{
    if (!commands[0])
        return;
    srd_buf_text(p->out, "\nNext:");
    for (size_t i = 0; commands[i]; i++) {
        srd_buf_text(p->out, i ? ", " : " ");
        code(p, commands[i]);
    }
    srd_buf_char(p->out, '\n');
}

static void report_markdown(const struct srd_report *report, const struct srd_style *style,
                            struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct page p = { .out = out,
                      .arena = arena,
                      .style = style,
                      .report = report,
                      .causes = srd_render_causes(arena, report) };

    head(&p);
    sentences(&p);
    if (report->cause_count)
        srd_buf_text(out, "\n## Causes\n");
    for (size_t i = 0; i < report->cause_count; i++)
        cause(&p, i + 1, &report->causes[i]);
    findings(&p);
    judged_in_part(&p);
    remedies(&p);
    not_checked(&p);
    if (style->explain_score)
        score_parts(&p);
    next(&p, srd_render_next(arena, report, style));
}

/* ---- view ---- */

static bool is_shown(const struct page *p, const struct srd_view_column *column)
{
    return !column->wide || p->style->wide;
}

static void view_rows(const struct page *p, const struct srd_view_report *report)
{
    const struct srd_view_column *columns = report->view->columns;
    size_t count = srd_view_columns(report->view);

    srd_buf_char(p->out, '|');
    for (size_t c = 0; c < count; c++)
        if (is_shown(p, &columns[c]))
            cell(p, columns[c].title);
    srd_buf_text(p->out, "\n|");
    for (size_t c = 0; c < count; c++)
        if (is_shown(p, &columns[c]))
            srd_buf_text(p->out, srd_render_is_right(columns[c].unit) ? "---:|" : "---|");
    srd_buf_char(p->out, '\n');
    for (size_t row = 0; row < report->rows->count && !p->out->full; row++) {
        srd_buf_char(p->out, '|');
        for (size_t c = 0; c < count; c++) {
            const char *text = srd_render_cell_human(p->arena, columns[c].unit,
                                                     srd_rows_value(report->rows, row, c),
                                                     p->style->zone_offset_s);

            if (is_shown(p, &columns[c]) && text)
                cell(p, text);
            else if (is_shown(p, &columns[c]))
                srd_buf_text(p->out, " - |");
        }
        srd_buf_char(p->out, '\n');
    }
}

static void view_markdown(const struct srd_view_report *report, const struct srd_style *style,
                          struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct page p = { .out = out, .arena = arena, .style = style };
    const struct srd_rows *rows = report->rows;

    if (!rows) {
        say(&p, srd_arena_printf(
                    arena, "%s %s is not available: %s.", report->expert->name, report->view->name,
                    srd_render_filled(report->detail) ? report->detail
                                                      : srd_status_name(report->status)));
        srd_buf_char(out, '\n');
    } else {
        if (rows->count)
            view_rows(&p, report);
        if (srd_render_filled(rows->summary) || !rows->count) {
            srd_buf_text(out, rows->count ? "\n" : "");
            say(&p, srd_render_filled(rows->summary) ? rows->summary : "Nothing to list.");
            srd_buf_char(out, '\n');
        }
        for (size_t i = 0; i < rows->note_count; i++) {
            srd_buf_text(out, "\n> ");
            say(&p, rows->notes[i]);
            srd_buf_char(out, '\n');
        }
    }
    next(&p, srd_render_view_next(arena, report, style));
}

const struct srd_format srd_format_markdown = {
    .name = "markdown",
    .summary = "for a ticket or a chat",
    .report = report_markdown,
    .view = view_markdown,
};
