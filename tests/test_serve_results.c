/* Does an answer keep its size, whatever the cluster says, and can the rest be had? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/serve/results.h"

#define MAX_JSON ((size_t)64 << 20)

static struct srd_json *parsed(const struct srd_buf *text)
{
    struct srd_json *json = NULL;
    struct srd_error err;

    if (srd_json_parse(text->data, text->size, MAX_JSON, &json, &err))
        fail_msg("%s: %.300s", err.text, text->data);
    return json;
}

static const char *text_of(const struct srd_json *object, const char *key)
{
    const char *text = srd_json_text(srd_json_get(object, key));

    return text ? text : "";
}

static bool is_cut(const struct srd_json *object)
{
    bool cut = false;

    assert_true(srd_json_bool(srd_json_get(object, "truncated"), &cut));
    return cut;
}

/* @n bytes of text in @arena. */
static const char *long_text(struct srd_arena *arena, size_t n)
{
    char *text = srd_arena_alloc(arena, n + 1);

    memset(text, 'x', n);
    return text;
}

/* ---- views ---- */

static void no_fill(const struct srd_evidence *ev, const struct srd_arg_value *args,
                    struct srd_rows *out)
{
    (void)ev;
    (void)args;
    (void)out;
}

#define TEXT_COLUMN(name)                                                                          \
    {                                                                                              \
        name, name, SRD_UNIT_TEXT, false, name                                                     \
    }
static const struct srd_view view = {
    .name = "things",
    .tool = "get_things",
    .columns = { { "id", "ID", SRD_UNIT_ID, false, "" },
                 { "size_bytes", "SIZE", SRD_UNIT_BYTES, false, "" },
                 { "is_on", "ON", SRD_UNIT_BOOL, false, "" },
                 { "at", "AT", SRD_UNIT_TIME, false, "" },
                 TEXT_COLUMN("a"),
                 TEXT_COLUMN("b"),
                 TEXT_COLUMN("c"),
                 TEXT_COLUMN("d"),
                 TEXT_COLUMN("e"),
                 TEXT_COLUMN("f"),
                 TEXT_COLUMN("g"),
                 TEXT_COLUMN("h"),
                 TEXT_COLUMN("i"),
                 TEXT_COLUMN("j"),
                 TEXT_COLUMN("k"),
                 TEXT_COLUMN("l"),
                 TEXT_COLUMN("m"),
                 TEXT_COLUMN("n"),
                 TEXT_COLUMN("o"),
                 TEXT_COLUMN("p"),
                 TEXT_COLUMN("q"),
                 TEXT_COLUMN("r"),
                 TEXT_COLUMN("s"),
                 TEXT_COLUMN("t") },
    .fill = no_fill,
};
static const struct srd_expert expert = { .name = "stuff", .tool = "analyze_stuff" };

static struct srd_view_report *view_report(struct srd_arena *arena)
{
    struct srd_view_report *report = srd_arena_alloc(arena, sizeof(*report));
    struct srd_rows *rows = srd_arena_alloc(arena, sizeof(*rows));
    struct srd_evidence *ev = srd_evidence_new(arena);

    ev->cluster.name = "prod";
    rows->arena = arena;
    rows->view = &view;
    report->source.kind = "live";
    report->ev = ev;
    report->expert = &expert;
    report->view = &view;
    report->rows = rows;
    report->status = SRD_ANSWERED;
    return report;
}

static void a_row_says_what_is_known(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf lines = { 0 };
    struct srd_view_report *report = view_report(arena);
    struct srd_rows *rows = (struct srd_rows *)(uintptr_t)report->rows;

    (void)state;
    srd_rows_add(rows);
    srd_put_id(rows, "id", "12345678901234567890");
    srd_put_number(rows, "size_bytes", 71300000000.0);
    srd_put_number(rows, "is_on", 1);
    srd_put_number(rows, "at", 1768874400000.0);
    srd_put_text(rows, "a", "x");
    srd_rows_add(rows);
    srd_put_id(rows, "id", "7");
    srd_put_number(rows, "size_bytes", NAN);
    srd_buf_init(&lines, MAX_JSON);
    srd_result_lines(report, &lines);
    assert_string_equal(
        strchr(lines.data, '\n') + 1,
        "{\"id\":\"12345678901234567890\",\"size_bytes\":71300000000,\"is_on\":true,"
        "\"at\":\"2026-01-20T02:00:00Z\",\"a\":\"x\"}\n{\"id\":\"7\"}\n");
}

static const char *cursor_of(const void *context, size_t from, struct srd_arena *arena)
{
    return srd_arena_printf(arena, "%s.%zu", (const char *)context, from);
}

#define PAGES(number) { .from = (number), .cursor = cursor_of, .context = "HANDLE" }

/* Pages of @room until the end; returns how many rows they held. */
static size_t leaf_through(const struct srd_buf *lines, size_t room, size_t *pages)
{
    size_t from = 0, next, rows = 0;

    *pages = 0;
    do {
        SRD_CLEANUP(srd_buf_free) struct srd_buf page = { 0 };
        SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
        struct srd_pages where = PAGES(from);
        char cursor[64];

        srd_buf_init(&page, MAX_JSON);
        next = srd_result_of_lines(lines->data, room, &where, &page);
        assert_true(page.size <= room);
        json = parsed(&page);
        rows += srd_json_size(srd_json_get(json, "rows"));
        assert_int_equal(is_cut(json), next != 0);
        snprintf(cursor, sizeof(cursor), "HANDLE.%zu", next);
        assert_string_equal(text_of(json, "next_cursor"), next ? cursor : "");
        assert_true(!next || next > from); /* it goes on */
        from = next;
        ++*pages;
    } while (next);
    return rows;
}

static void fill_rows(struct srd_rows *rows, size_t count, const char *text)
{
    static const char *const columns[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j",
                                           "k", "l", "m", "n", "o", "p", "q", "r", "s", "t" };

    for (size_t i = 0; i < count; i++) {
        srd_rows_add(rows);
        for (size_t c = 0; c < SRD_COUNT(columns); c++)
            srd_put_text(rows, columns[c], text);
    }
}

static void pages_hold_every_row_once(void **state)
{
    static const struct {
        size_t rows, text, most_pages;
    } cases[] = { { 0, 10, 1 },    { 1, 10, 1 },    { 300, 10, 20 },
                  { 30, 100, 10 }, { 12, 400, 13 }, { 5, 1 << 20, 6 } };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(cases); i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        SRD_CLEANUP(srd_buf_free) struct srd_buf lines = { 0 };
        struct srd_view_report *report = view_report(arena);
        size_t pages;

        fill_rows((struct srd_rows *)(uintptr_t)report->rows, cases[i].rows,
                  long_text(arena, cases[i].text));
        srd_buf_init(&lines, MAX_JSON);
        srd_result_lines(report, &lines);
        assert_int_equal(leaf_through(&lines, SRD_ROOM_CONCISE, &pages), cases[i].rows);
        assert_true(pages <= cases[i].most_pages);
    }
}

static void a_page_says_which_rows_it_holds(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf lines = { 0 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf page = { 0 };
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_view_report *report = view_report(arena);
    struct srd_rows *rows = (struct srd_rows *)(uintptr_t)report->rows;
    struct srd_pages where = PAGES(3);
    char want[200];

    (void)state;
    fill_rows(rows, 40, long_text(arena, 50));
    rows->summary = "40 things";
    srd_buf_init(&lines, MAX_JSON);
    srd_buf_init(&page, MAX_JSON);
    srd_result_lines(report, &lines);
    srd_result_of_lines(lines.data, SRD_ROOM_CONCISE, &where, &page);
    json = parsed(&page);
    snprintf(
        want, sizeof(want),
        "stuff things of prod: 40 things. Rows 4 to %zu of 40 are shown; go on with next_cursor, "
        "or narrow the call.",
        3 + srd_json_size(srd_json_get(json, "rows")));
    assert_string_equal(text_of(json, "summary"), want);
}

static void a_page_without_a_next_one_says_so(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf lines = { 0 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf page = { 0 };
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_view_report *report = view_report(arena);
    struct srd_pages nowhere = { 0 };

    (void)state;
    fill_rows((struct srd_rows *)(uintptr_t)report->rows, 40, long_text(arena, 50));
    srd_buf_init(&lines, MAX_JSON);
    srd_buf_init(&page, MAX_JSON);
    srd_result_lines(report, &lines);
    assert_true(srd_result_of_lines(lines.data, SRD_ROOM_CONCISE, &nowhere, &page) > 0);
    json = parsed(&page);
    assert_true(is_cut(json));
    assert_string_equal(text_of(json, "next_cursor"), "");
    assert_non_null(strstr(text_of(json, "summary"), "are shown; narrow the call to see others."));
}

static void a_page_of_another_answer_says_so(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf lines = { 0 };
    struct srd_view_report *report = view_report(arena);
    struct srd_rows *rows = (struct srd_rows *)(uintptr_t)report->rows;

    (void)state;
    fill_rows(rows, 40, long_text(arena, 50));
    rows->summary = "40 things";
    srd_buf_init(&lines, MAX_JSON);
    srd_result_lines(report, &lines);
    for (size_t from = 39; from <= 40; from++) {
        SRD_CLEANUP(srd_buf_free) struct srd_buf page = { 0 };
        SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
        struct srd_pages where = PAGES(from);

        where.taken_ms = INT64_C(1768874400000);
        where.again_ms = INT64_C(1768874400000) + 61000;
        srd_buf_init(&page, MAX_JSON);
        assert_int_equal(srd_result_of_lines(lines.data, SRD_ROOM_CONCISE, &where, &page), 0);
        json = parsed(&page);
        assert_string_equal(text_of(json, "taken_again_at"), "2026-01-20T02:01:01Z");
        assert_int_equal(srd_json_size(srd_json_get(json, "rows")), 40 - from);
        assert_string_equal(
            text_of(json, "summary"),
            srd_arena_printf(arena,
                             "stuff things of prod: 40 things. %s Taken again at "
                             "2026-01-20T02:01:01Z, as the answer of 2026-01-20T02:00:00Z is no "
                             "longer at hand; rows may have changed in between.",
                             from < 40 ? "Rows 40 to 40 of 40 are shown." : "No rows are left."));
    }
}

static void what_is_not_there_is_no_empty_list(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_view_report *report = view_report(arena);

    (void)state;
    report->rows = NULL;
    report->status = SRD_MODE_ABSENT;
    report->detail = "a shared-nothing cluster has no such thing";
    srd_buf_init(&out, MAX_JSON);
    srd_result_of_no_view(report, &out);
    json = parsed(&out);
    assert_null(srd_json_get(json, "rows"));
    assert_string_equal(text_of(json, "status"), "mode");
    assert_string_equal(
        text_of(json, "summary"),
        "stuff things of prod: not available (mode): a shared-nothing cluster has no "
        "such thing");
}

/* ---- reports ---- */

static const struct srd_check check = { .id = "stuff.too-much", .title = "Too much" };
static const struct srd_check *const group[] = { &check, NULL };
static const struct srd_check *const *const groups[] = { group, NULL };
static const struct srd_expert judging = { .name = "stuff",
                                           .tool = "analyze_stuff",
                                           .checks = groups };
static const struct srd_expert *const experts[] = { &judging, NULL };
static const struct srd_cause cause = { .id = "RC-99", .title = "Everything" };
static const struct srd_cause *const no_causes[] = { NULL };
static const struct srd_area no_areas[] = { { NULL, 0 } };
static const struct srd_catalogue catalogue = {
    .version = "1", .experts = experts, .causes = no_causes, .areas = no_areas
};

static struct srd_report *report_of(struct srd_arena *arena, size_t findings, size_t causes,
                                    const char *text)
{
    struct srd_report *report = srd_arena_alloc(arena, sizeof(*report));
    struct srd_evidence *ev = srd_evidence_new(arena);
    struct srd_cause_match *matches = srd_arena_array(arena, causes + 1, sizeof(*matches));
    struct srd_result *result = srd_arena_alloc(arena, sizeof(*result));

    ev->cluster.name = text;
    report->source.kind = "live";
    report->tool_version = "0";
    report->ev = ev;
    report->catalogue = &catalogue;
    report->experts = experts;
    report->findings = srd_arena_array(arena, findings + 1, sizeof(*report->findings));
    for (size_t i = 0; i < findings; i++) {
        struct srd_finding *f = srd_arena_alloc(arena, sizeof(*f));

        *f = (struct srd_finding){
            .check = &check, .severity = SRD_WARNING, .subject = { "table", text }, .message = text
        };
        report->findings[i] = f;
    }
    report->finding_count = findings;
    for (size_t i = 0; i < causes; i++) {
        struct srd_cause_match *m = &matches[i];

        *m =
            (struct srd_cause_match){ .cause = &cause, .confidence = 0.8, .severity = SRD_WARNING };
        for (size_t k = 0; k < 8; k++)
            m->because[m->because_count++] = (struct srd_reason){ text, check.id };
        for (size_t k = 0; k < SRD_MAX_STEPS; k++)
            m->steps[k] = (struct srd_step){ text, text, SRD_SAFE };
    }
    report->causes = matches;
    report->cause_count = causes;
    *result = (struct srd_result){ .check = &check,
                                   .verdict = SRD_CHECKED,
                                   .severity = SRD_WARNING,
                                   .findings = report->findings,
                                   .finding_count = findings };
    report->results = result;
    report->result_count = 1;
    return report;
}

static void a_report_keeps_its_size(void **state)
{
    static const struct {
        size_t findings, causes, text;
    } cases[] = { { 0, 0, 10 },    { 1, 1, 10 },     { 1000, 20, 10 },   { 1000, 1, 300 },
                  { 20, 50, 300 }, { 50, 10, 4000 }, { 10, 10, 1 << 20 } };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(cases); i++)
        for (int detailed = 0; detailed < 2; detailed++) {
            SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
            SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };
            SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
            struct srd_report *report = report_of(arena, cases[i].findings, cases[i].causes,
                                                  long_text(arena, cases[i].text));
            struct srd_answer_style style = { .detailed = detailed, .handle = "HANDLE" };
            size_t findings, causes;

            srd_buf_init(&out, MAX_JSON);
            srd_result_of_report(report, &style, &out);
            assert_true(out.size <= (detailed ? SRD_ROOM_DETAILED : SRD_ROOM_CONCISE));
            json = parsed(&out);
            findings = srd_json_size(srd_json_get(json, "findings"));
            causes = srd_json_size(srd_json_get(json, "causes"));
            assert_true(findings > 0 || !cases[i].findings);
            assert_true(causes > 0 || !cases[i].causes);
            assert_int_equal(is_cut(json),
                             findings < cases[i].findings || causes < cases[i].causes);
            assert_string_equal(srd_json_key(srd_json_first(json)), "summary");
        }
}

static void a_cut_report_says_how_much_is_missing(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_answer_style style = { .handle = "HANDLE" };
    char want[100];

    (void)state;
    srd_buf_init(&out, MAX_JSON);
    srd_result_of_report(report_of(arena, 1000, 0, "prod"), &style, &out);
    json = parsed(&out);
    snprintf(want, sizeof(want), "Shown: %zu of 1000 findings, 0 of 0 causes; get_evidence",
             srd_json_size(srd_json_get(json, "findings")));
    assert_non_null(strstr(text_of(json, "summary"), want));
    assert_string_equal(text_of(json, "report"), "HANDLE");
}

/* ---- findings of a kept report ---- */

static void findings_come_page_by_page(void **state)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *report = srd_json_object();
    struct srd_json *list = srd_json_put(report, "findings", srd_json_array());
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    size_t found = 0, pages = 0;
    struct srd_pages where = PAGES(0);
    int64_t next;

    (void)state;
    for (size_t i = 0; i < 30; i++) {
        struct srd_json *f = srd_json_push(list, srd_json_object());
        struct srd_json *rows =
            srd_json_put(srd_json_put(f, "evidence", srd_json_object()), "rows", srd_json_array());

        srd_json_put(f, "id", srd_json_new_text(i % 2 ? "storage.odd" : "load.even"));
        for (size_t k = 0; k < (i == 7 ? 200 : 4); k++)
            srd_json_push(rows, srd_json_new_text(long_text(arena, i == 9 ? 1 << 20 : 200)));
    }
    for (bool more = true; more; pages++) {
        SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };
        SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;

        srd_buf_init(&out, MAX_JSON);
        assert_true(srd_result_of_findings(report, "HANDLE", "storage.", &where, &out));
        assert_true(out.size <= SRD_ROOM_DETAILED);
        json = parsed(&out);
        found += srd_json_size(srd_json_get(json, "findings"));
        more = is_cut(json);
        if (more) {
            assert_true(srd_text_int64(text_of(json, "next_cursor") + strlen("HANDLE."), &next));
            where.from = (size_t)next;
        }
        assert_true(pages < 40);
    }
    assert_int_equal(found, 15);
    assert_true(pages > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_says_what_is_known),
        cmocka_unit_test(pages_hold_every_row_once),
        cmocka_unit_test(a_page_says_which_rows_it_holds),
        cmocka_unit_test(a_page_without_a_next_one_says_so),
        cmocka_unit_test(a_page_of_another_answer_says_so),
        cmocka_unit_test(what_is_not_there_is_no_empty_list),
        cmocka_unit_test(a_report_keeps_its_size),
        cmocka_unit_test(a_cut_report_says_how_much_is_missing),
        cmocka_unit_test(findings_come_page_by_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
