/* What does a model get to read of a report? */

#include "lib/serve/results.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/render/json_parts.h"

#define SUMMARY_ROOM 1200 /* the summary and the small members around the lists */
#define SUMMARY_TEXT 900
#define BRIEF_TEXT 120 /* in a row that would not fit otherwise */
#define LINES_BYTES ((size_t)64 << 20)

/* ---- small parts ---- */

static void drop(struct srd_json *object, const char *key)
{
    struct srd_json *member = srd_json_take(object, key);

    srd_json_free(&member);
}

/* Leaves out the members that are null, or empty lists; deep. */
static void drop_absent(struct srd_json *object)
{
    const struct srd_json *member = srd_json_first(object), *next;

    for (; member; member = next) {
        enum srd_json_kind kind = srd_json_kind(member);

        next = srd_json_next(member);
        if (kind == SRD_JSON_OBJECT)
            drop_absent((struct srd_json *)(uintptr_t)member); /* the tree is ours */
        else if (kind == SRD_JSON_NULL || (kind == SRD_JSON_ARRAY && !srd_json_size(member)))
            drop(object, srd_json_key(member));
    }
}

static void put_text(struct srd_json *object, const char *key, const char *text)
{
    if (srd_render_filled(text))
        srd_json_put(object, key, srd_json_new_text(text));
}

static struct srd_json *cluster_part(const struct srd_cluster *cluster)
{
    struct srd_json *object = srd_json_object();

    srd_parts_cluster(object, cluster);
    if (!cluster->follower)
        drop(object, "follower");
    drop_absent(object);
    return object;
}

static void put_origin(struct srd_json *object, const struct srd_evidence *ev,
                       const struct srd_source_info *source, int64_t started_at_ms)
{
    srd_json_put(object, "at", srd_parts_time(srd_render_evidence_ms(ev, source, started_at_ms)));
    if (!srd_render_is_live(source))
        put_text(object, "source", source->kind);
}

/* Puts the members of @object into @sheet; frees it. */
static void put_all(struct srd_sheet *sheet, struct srd_json *object)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *owned = object;
    const struct srd_json *member;

    while ((member = srd_json_first(owned))) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        const char *key = srd_arena_copy(arena, srd_json_key(member));

        srd_sheet_put(sheet, key, srd_json_take(owned, key));
    }
}

/* ---- a diagnosis ---- */

struct work {
    const struct srd_report *report;
    const struct srd_answer_style *style;
    struct srd_arena *arena;
    struct srd_parts parts;
    size_t room, text_max;
    size_t causes, findings; /* that found room */
};

/* "3 critical, 5 warning, 2 info findings"; "nothing found" */
static const char *counts(struct srd_arena *arena, const struct srd_report *report)
{
    size_t n[4] = { 0 };
    const char *out = "";

    for (size_t i = 0; i < report->finding_count; i++)
        n[report->findings[i]->severity]++;
    for (int level = SRD_CRITICAL; level >= SRD_INFO; level--)
        if (n[level])
            out = srd_arena_printf(arena, "%s%s%zu %s", out, *out ? ", " : "", n[level],
                                   srd_severity_name((enum srd_severity)level));
    if (!report->finding_count)
        return "No findings";
    return srd_arena_printf(arena, "%s finding%s", out, report->finding_count == 1 ? "" : "s");
}

static const char *summary_of(const struct work *w)
{
    const struct srd_report *r = w->report;
    struct srd_arena *arena = w->arena;
    const char *range = srd_render_range(arena, r), *out;

    out =
        srd_arena_printf(arena, "%s: %s%s%s%s. %s", r->ev->cluster.name, srd_render_score(arena, r),
                         range ? " (" : "", range ? range : "", range ? ")" : "", counts(arena, r));
    if (r->finding_count)
        out = srd_arena_printf(arena, "%s; worst: %.300s", out, r->findings[0]->message);
    if (r->cause_count)
        out = srd_arena_printf(arena, "%s. Most likely cause: %s (%s, %s confidence)", out,
                               r->causes[0].cause->title, r->causes[0].cause->id,
                               srd_confidence_word(r->causes[0].confidence));
    out = srd_arena_printf(arena, "%s. %s.", out, srd_render_made(arena, r));
    if (r->partial)
        out = srd_arena_printf(arena, "%s The time was over before everything was asked.", out);
    if (w->causes < r->cause_count || w->findings < r->finding_count)
        out = srd_arena_printf(arena, "%s Shown: %zu of %zu findings, %zu of %zu causes; %s.", out,
                               w->findings, r->finding_count, w->causes, r->cause_count,
                               w->style->handle ? "get_evidence with this report shows the others"
                                                : "detail=detailed shows more");
    return out;
}

static struct srd_json *cause_part(const struct work *w, const struct srd_cause_match *match)
{
    struct srd_json *object = srd_json_object();

    srd_parts_cause(object, &w->parts, match);
    if (!w->style->detailed) {
        drop(object, "contradicting");
        drop(object, "ruled_out");
        drop(object, "unknown");
        drop(object, "explains");
    }
    drop_absent(object);
    return object;
}

static struct srd_json *finding_part(const struct work *w, const struct srd_finding *finding)
{
    struct srd_json *object = srd_json_object();

    srd_parts_finding(object, &w->parts, finding);
    if (!w->style->detailed) {
        drop(object, "expert");
        drop(object, "share");
        drop(object, "fix");
        drop(object, "see");
    }
    drop(object, "evidence"); /* get_evidence has it */
    drop_absent(object);
    return object;
}

/* [{reason, count, checks}]: why checks could not be made, the most frequent reason first. */
static struct srd_json *gaps_part(const struct work *w)
{
    struct srd_json *list = srd_json_array();
    size_t most = w->style->detailed ? 40 : 4;
    bool listed[SRD_STATUS_COUNT] = { false };

    for (;;) {
        size_t n[SRD_STATUS_COUNT] = { 0 }, best = SRD_STATUS_COUNT;
        struct srd_json *object, *ids;

        for (size_t i = 0; i < w->report->result_count; i++)
            n[w->report->results[i].status] += srd_parts_is_gap(&w->report->results[i]);
        for (size_t s = 0; s < SRD_STATUS_COUNT; s++)
            if (n[s] && !listed[s] && (best == SRD_STATUS_COUNT || n[s] > n[best]))
                best = s;
        if (best == SRD_STATUS_COUNT)
            return list;
        listed[best] = true;
        object = srd_json_push(list, srd_json_object());
        put_text(object, "reason", srd_status_name((enum srd_status)best));
        srd_json_put(object, "count", srd_json_new_integer((int64_t)n[best]));
        ids = srd_json_put(object, "checks", srd_json_array());
        for (size_t i = 0; i < w->report->result_count && srd_json_size(ids) < most; i++) {
            const struct srd_result *result = &w->report->results[i];

            if (srd_parts_is_gap(result) && result->status == (enum srd_status)best)
                srd_json_push(ids, srd_json_new_text(result->check->id));
        }
    }
}

/* The members behind the lists. */
static void put_tail(const struct work *w, struct srd_sheet *sheet)
{
    struct srd_json *object = srd_json_object();
    char moment[SRD_TIME_SIZE];

    srd_parts_coverage(object, w->report);
    srd_sheet_put(sheet, "not_checked", gaps_part(w));
    srd_sheet_put(sheet, "coverage", object);
    if (w->report->partial) {
        struct srd_json *list = srd_json_array(), *one = srd_json_push(list, srd_json_object());

        put_text(one, "part", "run");
        put_text(one, "reason", "timeout");
        srd_sheet_put(sheet, "incomplete", list);
    }
    if (w->style->handle) {
        srd_sheet_put_text(sheet, "report", w->style->handle);
        srd_sheet_put_text(sheet, "report_until",
                           srd_time_rfc3339(w->style->handle_until_ms, moment));
    }
}

static void pile_causes(struct work *w, struct srd_pile *pile, size_t room)
{
    srd_pile_begin(pile, room, w->text_max);
    while (w->causes < w->report->cause_count &&
           srd_pile_add(pile, cause_part(w, &w->report->causes[w->causes])))
        w->causes++;
    srd_pile_end(pile);
}

static void pile_findings(struct work *w, struct srd_pile *pile, size_t room)
{
    srd_pile_begin(pile, room, w->text_max);
    while (w->findings < w->report->finding_count &&
           srd_pile_add(pile, finding_part(w, w->report->findings[w->findings])))
        w->findings++;
    srd_pile_end(pile);
}

void srd_result_of_report(const struct srd_report *report, const struct srd_answer_style *style,
                          struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_pile_free) struct srd_pile causes = { 0 };
    SRD_CLEANUP(srd_pile_free) struct srd_pile findings = { 0 };
    SRD_CLEANUP(srd_sheet_free) struct srd_sheet tail = { 0 };
    SRD_CLEANUP(srd_sheet_free) struct srd_sheet sheet = { 0 };
    struct work w = { .report = report,
                      .style = style,
                      .arena = arena,
                      .parts = { .report = report, .arena = arena },
                      .room = style->detailed ? SRD_ROOM_DETAILED : SRD_ROOM_CONCISE,
                      .text_max = style->detailed ? SRD_TEXT_DETAILED : SRD_TEXT_CONCISE };
    struct srd_json *head = srd_json_object(), *score = srd_json_object();
    size_t left;

    srd_sheet_begin(&tail, w.text_max);
    put_tail(&w, &tail);
    left = w.room - SUMMARY_ROOM;
    left -= tail.out.size < left / 2 ? tail.out.size : left / 2;
    pile_causes(&w, &causes, report->finding_count ? left / 2 : left);
    left -= causes.out.size < left ? causes.out.size : left;
    pile_findings(&w, &findings, left);

    srd_sheet_begin(&sheet, SUMMARY_TEXT);
    put_text(head, "summary", summary_of(&w));
    srd_json_put(head, "cluster", cluster_part(&report->ev->cluster));
    put_origin(head, report->ev, &report->source, report->started_at_ms);
    srd_parts_score(score, &w.parts, false);
    drop_absent(score);
    drop(score, "model");
    srd_json_put(head, "score", score);
    put_all(&sheet, head);
    srd_sheet_put_raw(&sheet, "causes", &causes.out);
    srd_sheet_put_raw(&sheet, "findings", &findings.out);
    srd_sheet_put(
        &sheet, "truncated",
        srd_json_new_bool(w.causes < report->cause_count || w.findings < report->finding_count));
    srd_buf_char(&sheet.out, ',');
    srd_buf_add(&sheet.out, tail.out.data + 1, tail.out.size - 1); /* without its brace */
    srd_sheet_end(&sheet);
    srd_buf_add(out, sheet.out.data, sheet.out.size);
}

/* ---- a view ---- */

static const char *subject_of(const struct srd_view_report *view, struct srd_arena *arena)
{
    return srd_arena_printf(arena, "%s %s of %s", view->expert->name, view->view->name,
                            view->ev->cluster.name);
}

static struct srd_json *row_part(const struct srd_view_report *view, struct srd_arena *arena,
                                 size_t row)
{
    struct srd_json *object = srd_json_object();
    size_t count = srd_view_columns(view->view);

    for (size_t c = 0; c < count; c++) {
        const struct srd_view_column *column = &view->view->columns[c];
        const struct srd_value *value = srd_rows_value(view->rows, row, c);
        struct srd_json *cell;

        if (!value->present)
            continue;
        if (column->unit == SRD_UNIT_ID)
            cell = srd_json_new_text(srd_render_cell_plain(arena, column->unit, value));
        else
            cell = srd_parts_cell(arena, column->unit, value);
        if (srd_json_kind(cell) == SRD_JSON_NULL) /* a number that is none */
            srd_json_free(&cell);
        else
            srd_json_put(object, column->name, cell);
    }
    return object;
}

void srd_result_lines(const struct srd_view_report *view, struct srd_buf *lines)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_json *head = srd_json_object(), *notes = srd_json_array();
    const char *what = view->rows->summary;

    if (!srd_render_filled(what))
        what = srd_arena_printf(arena, "%zu rows", view->rows->count);
    put_text(head, "summary", srd_arena_printf(arena, "%s: %s.", subject_of(view, arena), what));
    put_text(head, "cluster", view->ev->cluster.name);
    put_origin(head, view->ev, &view->source, view->started_at_ms);
    put_text(head, "status", srd_status_name(view->status));
    for (size_t i = 0; i < view->rows->note_count; i++)
        srd_json_push(notes, srd_json_new_text(view->rows->notes[i]));
    srd_json_put(head, "notes", notes);
    drop_absent(head);
    srd_sheet_print(lines, head, SRD_TEXT_CONCISE);
    srd_buf_char(lines, '\n');
    for (size_t row = 0; row < view->rows->count && !lines->full; row++) {
        srd_sheet_print(lines, row_part(view, arena, row), SRD_TEXT_CONCISE);
        srd_buf_char(lines, '\n');
    }
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end ? end + 1 : line + strlen(line);
}

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (; *text; text = next_line(text))
        n++;
    return n;
}

/* The first row of a page, with shorter texts if it must be. */
static bool add_row(struct srd_pile *pile, const char *row, size_t n)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf brief = { 0 };

    if (srd_pile_add_raw(pile, row, n))
        return true;
    if (pile->count)
        return false;
    srd_buf_init(&brief, LINES_BYTES);
    srd_sheet_clean(&brief, row, n, BRIEF_TEXT);
    pile->room = SIZE_MAX; /* a page without a row would never end */
    srd_pile_add_raw(pile, brief.data, brief.size);
    pile->room = 0;
    return true;
}

/* Rows from number @from on; returns the number of the first that did not fit, or 0. */
static size_t pile_rows(struct srd_pile *pile, const char *rows, size_t from, size_t room)
{
    size_t row = 0, cut = 0;

    srd_pile_begin(pile, room, SRD_TEXT_CONCISE);
    for (; *rows && !cut; rows = next_line(rows), row++)
        if (row >= from && !add_row(pile, rows, strcspn(rows, "\n")))
            cut = row;
    srd_pile_end(pile);
    return cut;
}

size_t srd_result_of_lines(const char *lines, size_t room, const struct srd_pages *pages,
                           struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_json_free) struct srd_json *head = NULL;
    SRD_CLEANUP(srd_json_free) struct srd_json *words = NULL;
    SRD_CLEANUP(srd_pile_free) struct srd_pile pile = { 0 };
    SRD_CLEANUP(srd_sheet_free) struct srd_sheet sheet = { 0 };
    size_t head_size = strcspn(lines, "\n"), total = count_lines(next_line(lines)), next, left;
    const char *cursor = NULL;
    size_t from = pages->from;
    struct srd_error err;
    const char *summary;

    /* our own print; without it only the words beside the rows would be missing */
    if (srd_json_parse(lines, head_size, LINES_BYTES, &head, &err))
        head = srd_json_object();
    left = room - SUMMARY_ROOM / 2;
    left -= head_size < left ? head_size : left;
    next = pile_rows(&pile, next_line(lines), from, left);
    words = srd_json_take(head, "summary");
    summary = srd_json_text(words) ? srd_json_text(words) : "";
    if (next && pages->cursor)
        cursor = pages->cursor(pages->context, next, arena);
    if (from && !pile.count)
        summary = srd_arena_printf(arena, "%s No rows are left.", summary);
    else if (next || from)
        summary = srd_arena_printf(arena, "%s Rows %zu to %zu of %zu are shown%s.", summary,
                                   from + 1, from + pile.count, total,
                                   cursor ? "; go on with next_cursor, or narrow the call"
                                   : next ? "; narrow the call to see others"
                                          : "");
    summary = srd_arena_printf(arena, "%s%s", summary, srd_pages_again(pages, "rows", arena));
    srd_sheet_begin(&sheet, SUMMARY_TEXT);
    srd_sheet_put_text(&sheet, "summary", summary);
    put_all(&sheet, SRD_TAKE(head));
    srd_sheet_put_raw(&sheet, "rows", &pile.out);
    srd_sheet_put(&sheet, "row_count", srd_json_new_integer((int64_t)total));
    srd_pages_put(&sheet, pages, next != 0, cursor);
    srd_sheet_end(&sheet);
    srd_buf_add(out, sheet.out.data, sheet.out.size);
    return next;
}

const char *srd_result_why_no_view(const struct srd_view_report *view, struct srd_arena *arena)
{
    return srd_arena_printf(arena, "%s: not available (%s): %s", subject_of(view, arena),
                            srd_status_name(view->status), view->detail ? view->detail : "");
}

void srd_result_of_no_view(const struct srd_view_report *view, struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_json *head = srd_json_object();

    put_text(head, "summary", srd_result_why_no_view(view, arena));
    put_text(head, "cluster", view->ev->cluster.name);
    put_origin(head, view->ev, &view->source, view->started_at_ms);
    put_text(head, "status", srd_status_name(view->status));
    put_text(head, "detail", view->detail);
    srd_json_put(head, "truncated", srd_json_new_bool(false));
    srd_sheet_print(out, head, SUMMARY_TEXT);
}
