/* How do findings, and the causes that explain them, read on a terminal? */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/render/common.h"
#include "lib/render/text.h"

#define IN_FULL 5 /* findings of one check that are listed without --detail */
#define LABEL 10  /* "CRITICAL", "because", and two blanks */
#define BODY (SRD_TEXT_MARGIN + LABEL)

/* ---- findings ---- */

static void under(const struct srd_text *t, const char *text)
{
    if (text)
        srd_page_line(&t->page, &(struct srd_page_line){ .indent = BODY, .text = text });
}

static void step(const struct srd_text *t, const char *when, const struct srd_step *s)
{
    srd_page_line(&t->page, &(struct srd_page_line){
                                .indent = SRD_TEXT_MARGIN,
                                .label = when,
                                .label_width = LABEL,
                                .text = s->text,
                                .tail = srd_arena_printf(t->arena, "[%s]", srd_risk_name(s->risk)),
                            });
    if (s->sql)
        srd_page_sql(&t->page, BODY + 2, s->sql);
}

/* The row as "Column=cell, Column=cell": StarRocks' rows have too many columns for a table. */
static void evidence_row(const struct srd_text *t, const struct srd_finding *f, size_t row)
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

static void evidence(const struct srd_text *t, const struct srd_finding *f)
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

static void remedy(const struct srd_text *t, const struct srd_finding *f, struct said *said)
{
    struct srd_step fix[SRD_MAX_STEPS + 1];

    srd_render_fix(t->arena, f, fix);
    for (size_t i = 0; fix[i].text && (i == 0 || t->style->detail); i++) {
        if (i == 0 && srd_text_same(fix[0].text, said->text) &&
            srd_text_same(fix[0].sql, said->sql))
            return;
        step(t, i ? "" : "fix", &fix[i]);
    }
    said->text = fix[0].text;
    said->sql = fix[0].sql;
}

static void finding(const struct srd_text *t, const struct srd_finding *f, bool with_fix,
                    struct said *said)
{
    const char *limit = srd_render_limit(t->arena, f, t->style->zone_offset_s);

    if (said->check != f->check)
        *said = (struct said){ .check = f->check };
    srd_page_line(&t->page, &(struct srd_page_line){ .indent = SRD_TEXT_MARGIN,
                                                     .label = srd_text_severity(f->severity),
                                                     .label_width = LABEL,
                                                     .ink = srd_page_ink(f->severity),
                                                     .text = f->message,
                                                     .tail = f->check->id });
    if (!srd_text_same(limit, said->limit))
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
static void judged_in_part(const struct srd_text *t, const struct srd_check *check)
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

static void and_more(const struct srd_text *t, const struct srd_finding *f, size_t more)
{
    const struct srd_expert *expert = srd_render_expert(t->report, f->check);

    under(t, srd_arena_printf(t->arena, "and %zu more (%s %s -o wide --detail)", more,
                              srd_render_again(t->arena, t->style),
                              expert ? expert->name : "comprehensive"));
}

/* Worst first, as they come; findings of one check stand together within their severity. */
static void list(const struct srd_text *t, struct srd_finding *const *items, size_t count,
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

static bool visible(const struct srd_text *t, const struct srd_finding *f)
{
    return f->severity >= t->style->least;
}

void srd_text_also_found(const struct srd_text *t)
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

static void arguments(const struct srd_text *t, const struct srd_cause_match *match)
{
    const struct srd_argument *items;
    size_t count = srd_render_arguments(t->arena, match, &items);
    const char *before = "";

    for (size_t i = 0; i < count; i++) {
        const struct srd_argument *a = &items[i];
        bool again = !strcmp(a->word, before);

        srd_page_line(&t->page, &(struct srd_page_line){ .indent = SRD_TEXT_MARGIN,
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
static void explained(const struct srd_text *t, const struct srd_cause_match *match)
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
    srd_page_line(&t->page,
                  &(struct srd_page_line){ .indent = SRD_TEXT_MARGIN, .label = "it explains" });
    list(t, items, count, false);
}

void srd_text_cause(const struct srd_text *t, size_t number, const struct srd_cause_match *match)
{
    srd_page_blank(&t->page);
    srd_page_line(&t->page, &(struct srd_page_line){
                                .label = srd_arena_printf(t->arena, "%-2zu %s", number,
                                                          srd_text_severity(match->severity)),
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
