/* How does a report or a view read as JSON Lines? */

#include "lib/base/cleanup.h"
#include "lib/render/json_parts.h"

static void line(struct srd_buf *out, struct srd_json *value)
{
    srd_parts_print(out, value, false, 0);
    srd_buf_char(out, '\n');
}

static struct srd_json *typed(const char *type)
{
    struct srd_json *object = srd_json_object();

    srd_json_put(object, "type", srd_json_new_text(type));
    return object;
}

/* All that is no list, and how long the lists are. */
static struct srd_json *summary(const struct srd_parts *parts, const struct srd_style *style)
{
    const struct srd_report *r = parts->report;
    struct srd_json *object = typed("report");

    srd_json_put(object, "schema", srd_json_new_text("srdiag.report/1"));
    srd_parts_tool(srd_json_put(object, "tool", srd_json_object()), r->tool_version,
                   r->catalogue_version ? r->catalogue_version : "");
    srd_parts_source(srd_json_put(object, "source", srd_json_object()), &r->source);
    srd_json_put(object, "started_at", srd_parts_time(r->started_at_ms));
    srd_json_put(object, "duration_ms", srd_json_new_integer(r->duration_ms));
    srd_json_put(object, "partial", srd_json_new_bool(r->partial));
    srd_parts_cluster(srd_json_put(object, "cluster", srd_json_object()), &r->ev->cluster);
    srd_parts_score(srd_json_put(object, "score", srd_json_object()), parts, style->explain_score);
    srd_parts_coverage(srd_json_put(object, "coverage", srd_json_object()), r);
    return object;
}

static void report_ndjson(const struct srd_report *report, const struct srd_style *style,
                          struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_parts parts = { .report = report, .arena = arena };

    line(out, summary(&parts, style));
    for (size_t i = 0; i < report->cause_count && !out->full; i++) {
        struct srd_json *object = typed("cause");

        srd_parts_cause(object, &parts, &report->causes[i]);
        line(out, object);
    }
    for (size_t i = 0; i < report->finding_count && !out->full; i++) {
        struct srd_json *object;

        if (report->findings[i]->severity < style->least)
            continue;
        object = typed("finding");
        srd_parts_finding(object, &parts, report->findings[i]);
        line(out, object);
    }
    for (size_t i = 0; i < report->result_count && !out->full; i++) {
        struct srd_json *object;

        if (!srd_parts_is_gap(&report->results[i]))
            continue;
        object = typed("not_checked");
        srd_parts_not_checked(object, &report->results[i]);
        line(out, object);
    }
}

static void view_ndjson(const struct srd_view_report *report, const struct srd_style *style,
                        struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    (void)style;
    if (!report->rows) { /* no line at all would read as "no rows" */
        struct srd_json *object = srd_json_object();

        srd_json_put(object, "not_available", srd_json_new_text(srd_status_name(report->status)));
        srd_json_put(object, "detail", srd_json_new_text(report->detail ? report->detail : ""));
        line(out, object);
        return;
    }
    for (size_t row = 0; row < report->rows->count && !out->full; row++) {
        struct srd_json *object = srd_json_object();

        srd_parts_row(object, report, arena, row);
        line(out, object);
    }
}

const struct srd_format srd_format_ndjson = {
    .name = "ndjson",
    .summary = "one JSON object per line: the summary, then causes, findings, what was not checked",
    .report = report_ndjson,
    .view = view_ndjson,
    .machine = true,
};
