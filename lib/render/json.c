/* How does a report or a view read as one JSON document? (srdiag.report/1, srdiag.view/1) */

#include "lib/base/cleanup.h"
#include "lib/render/json_parts.h"

/*
 * The document is written member by member and its lists item by item: a view of 200,000 rows never
 * stands in memory as a tree.
 */
struct document {
    struct srd_buf *out;
    bool started; /* has a member before */
    bool filled;  /* the open list has an item before */
};

static void key(struct document *d, const char *name)
{
    srd_buf_printf(d->out, "%s\n  \"%s\": ", d->started ? "," : "{", name);
    d->started = true;
}

static void member(struct document *d, const char *name, struct srd_json *value)
{
    key(d, name);
    srd_parts_print(d->out, value, true, 2);
}

static void open_list(struct document *d, const char *name)
{
    key(d, name);
    srd_buf_char(d->out, '[');
    d->filled = false;
}

static void item(struct document *d, struct srd_json *value)
{
    srd_buf_text(d->out, d->filled ? ",\n    " : "\n    ");
    srd_parts_print(d->out, value, true, 4);
    d->filled = true;
}

static void close_list(struct document *d)
{
    srd_buf_text(d->out, d->filled ? "\n  ]" : "]");
}

static void end(struct document *d)
{
    srd_buf_text(d->out, "\n}\n");
}

static void put_tool(struct document *d, const char *version, const char *catalogue)
{
    struct srd_json *object = srd_json_object();

    srd_parts_tool(object, version, catalogue);
    member(d, "tool", object);
}

static void put_source(struct document *d, const struct srd_source_info *source)
{
    struct srd_json *object = srd_json_object();

    srd_parts_source(object, source);
    member(d, "source", object);
}

static void put_times(struct document *d, int64_t started_at_ms, int64_t duration_ms)
{
    member(d, "started_at", srd_parts_time(started_at_ms));
    member(d, "duration_ms", srd_json_new_integer(duration_ms));
}

static void put_cluster(struct document *d, const struct srd_evidence *ev)
{
    struct srd_json *object = srd_json_object();

    srd_parts_cluster(object, &ev->cluster);
    member(d, "cluster", object);
}

/* ---- report ---- */

static void put_causes(struct document *d, const struct srd_parts *parts)
{
    const struct srd_report *report = parts->report;

    open_list(d, "causes");
    for (size_t i = 0; i < report->cause_count && !d->out->full; i++) {
        struct srd_json *object = srd_json_object();

        srd_parts_cause(object, parts, &report->causes[i]);
        item(d, object);
    }
    close_list(d);
}

static void put_findings(struct document *d, const struct srd_parts *parts, enum srd_severity least)
{
    const struct srd_report *report = parts->report;

    open_list(d, "findings");
    for (size_t i = 0; i < report->finding_count && !d->out->full; i++) {
        struct srd_json *object;

        if (report->findings[i]->severity < least)
            continue;
        object = srd_json_object();
        srd_parts_finding(object, parts, report->findings[i]);
        item(d, object);
    }
    close_list(d);
}

static void put_gaps(struct document *d, const struct srd_report *report)
{
    open_list(d, "not_checked");
    for (size_t i = 0; i < report->result_count && !d->out->full; i++) {
        struct srd_json *object;

        if (!srd_parts_is_gap(&report->results[i]))
            continue;
        object = srd_json_object();
        srd_parts_not_checked(object, &report->results[i]);
        item(d, object);
    }
    close_list(d);
}

static void put_probes(struct document *d, const struct srd_evidence *ev)
{
    open_list(d, "probes");
    for (size_t i = 0; i < ev->count && !d->out->full; i++) {
        struct srd_json *object = srd_json_object();

        srd_parts_probe(object, &ev->answers[i]);
        item(d, object);
    }
    close_list(d);
}

static void report_json(const struct srd_report *report, const struct srd_style *style,
                        struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_parts parts = { .report = report, .arena = arena };
    struct document d = { .out = out };
    struct srd_json *object;

    member(&d, "schema", srd_json_new_text("srdiag.report/1"));
    put_tool(&d, report->tool_version, report->catalogue_version ? report->catalogue_version : "");
    put_source(&d, &report->source);
    put_times(&d, report->started_at_ms, report->duration_ms);
    member(&d, "partial", srd_json_new_bool(report->partial));
    put_cluster(&d, report->ev);
    if (report->args && report->experts[0]->args[0].type) {
        object = srd_json_object();
        srd_parts_arguments(object, report->experts[0]->args, report->args);
        member(&d, "arguments", object);
    }
    object = srd_json_object();
    srd_parts_score(object, &parts, style->explain_score);
    member(&d, "score", object);
    put_causes(&d, &parts);
    put_findings(&d, &parts, style->least);
    put_gaps(&d, report);
    object = srd_json_object();
    srd_parts_coverage(object, report);
    member(&d, "coverage", object);
    put_probes(&d, report->ev);
    end(&d);
}

/* ---- view ---- */

static void put_view(struct document *d, const struct srd_view_report *report)
{
    struct srd_json *object = srd_json_object();

    srd_json_put(object, "expert", srd_json_new_text(report->expert->name));
    srd_json_put(object, "name", srd_json_new_text(report->view->name));
    member(d, "view", object);
    member(d, "tool_name",
           report->view->tool ? srd_json_new_text(report->view->tool) : srd_json_new_null());
    object = srd_json_object();
    srd_parts_arguments(object, report->view->args, report->args);
    member(d, "arguments", object);
}

static void put_columns(struct document *d, const struct srd_view *view)
{
    size_t count = srd_view_columns(view);

    open_list(d, "columns");
    for (size_t c = 0; c < count; c++) {
        const struct srd_view_column *column = &view->columns[c];
        const char *unit = srd_unit_name(column->unit);
        struct srd_json *object = srd_json_object();

        srd_json_put(object, "name", srd_json_new_text(column->name));
        srd_json_put(object, "unit", *unit ? srd_json_new_text(unit) : srd_json_new_null());
        srd_json_put(object, "title", srd_json_new_text(column->title ? column->title : ""));
        item(d, object);
    }
    close_list(d);
}

/* Absent rows are not "no rows": null says that nobody could look. */
static void put_rows(struct document *d, const struct srd_view_report *report,
                     struct srd_arena *arena)
{
    if (!report->rows) {
        member(d, "rows", srd_json_new_null());
        return;
    }
    open_list(d, "rows");
    for (size_t row = 0; row < report->rows->count && !d->out->full; row++) {
        struct srd_json *object = srd_json_object();

        srd_parts_row(object, report, arena, row);
        item(d, object);
    }
    close_list(d);
}

static void view_json(const struct srd_view_report *report, const struct srd_style *style,
                      struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_rows *rows = report->rows;
    struct document d = { .out = out };
    struct srd_json *notes;

    (void)style;
    member(&d, "schema", srd_json_new_text("srdiag.view/1"));
    put_tool(&d, report->tool_version, NULL);
    put_source(&d, &report->source);
    put_times(&d, report->started_at_ms, report->duration_ms);
    put_cluster(&d, report->ev);
    put_view(&d, report);
    member(&d, "status", srd_json_new_text(srd_status_name(report->status)));
    member(&d, "detail",
           srd_render_filled(report->detail) ? srd_json_new_text(report->detail)
                                             : srd_json_new_null());
    put_columns(&d, report->view);
    put_rows(&d, report, arena);
    member(&d, "summary",
           rows && srd_render_filled(rows->summary) ? srd_json_new_text(rows->summary)
                                                    : srd_json_new_null());
    notes = srd_json_array();
    for (size_t i = 0; rows && i < rows->note_count; i++)
        srd_json_push(notes, srd_json_new_text(rows->notes[i]));
    member(&d, "notes", notes);
    end(&d);
}

const struct srd_format srd_format_json = {
    .name = "json",
    .summary = "one document, schema srdiag.report/1 or srdiag.view/1",
    .report = report_json,
    .view = view_json,
    .machine = true,
};
