/* Do the renderers say what they should, and can nothing in a cluster's text act on a reader? */

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/json.h"
#include "lib/base/utf8.h"
#include "tests/render_fixture.h"

#define CEILING ((size_t)64 << 20)

/* What is rendered, and how; each is a section of tests/golden/FORMAT.txt. */
static const struct scene {
    const char *name;
    struct srd_report *(*report)(struct srd_arena *arena);
    struct srd_view_report *(*view)(struct srd_arena *arena);
    struct srd_style style;
    bool terminal; /* differs on a terminal only */
} scenes[] = {
    { .name = "a report in which everything happens",
      .report = fixture_everything,
      .style = { .width = 80, .zone_offset_s = 28800 } },
    { .name = "the same with all its details",
      .report = fixture_everything,
      .style = { .width = 80, .detail = true, .explain_score = true, .zone_offset_s = 28800 } },
    { .name = "the same, critical findings only",
      .report = fixture_everything,
      .style = { .width = 100, .least = SRD_CRITICAL, .again = "srdiag --cluster prod-bj" } },
    { .name = "the same on a terminal of 40 columns, in colour",
      .report = fixture_everything,
      .style = { .width = 10, .color = true },
      .terminal = true },
    { .name = "the same without a width",
      .report = fixture_everything,
      .style = { .width = 0 },
      .terminal = true },
    { .name = "a report for which too little could be looked at",
      .report = fixture_insufficient,
      .style = { .width = 80 } },
    { .name = "a report of a snapshot with nothing to report",
      .report = fixture_fine,
      .style = { .width = 80 } },
    { .name = "a report for which nothing could be looked at",
      .report = fixture_unknown,
      .style = { .width = 80, .explain_score = true, .again = "srdiag --demo" } },
    { .name = "a view with every kind of cell",
      .view = fixture_view,
      .style = { .width = 80, .zone_offset_s = 28800, .again = "srdiag --demo" } },
    { .name = "a view without rows", .view = fixture_view_empty, .style = { .width = 80 } },
    { .name = "a view that was denied", .view = fixture_view_denied, .style = { .width = 80 } },
};

static void render(const struct srd_format *format, const struct scene *scene, struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    srd_buf_init(out, CEILING);
    if (scene->report)
        format->report(scene->report(arena), &scene->style, out);
    else
        format->view(scene->view(arena), &scene->style, out);
    assert_false(out->full);
}

/* ---- golden files ---- */

struct golden {
    const struct srd_format *format;
    const struct scene *scene;
};

static void read_file(const char *path, struct srd_buf *out)
{
    SRD_CLEANUP(srd_close_file) FILE *f = fopen(path, "re");
    char part[4096];
    size_t n;

    srd_buf_init(out, CEILING);
    while (f && (n = fread(part, 1, sizeof(part), f)) > 0)
        srd_buf_add(out, part, n);
}

/* The text of the section @name, which ends where the next begins; NULL: there is none. */
static const char *section(const char *file, const char *name, size_t *n)
{
    char title[256];
    const char *start, *end;

    snprintf(title, sizeof(title), "==== %s ====\n", name);
    start = strstr(file, title);
    if (!start)
        return NULL;
    start += strlen(title);
    end = strstr(start - 1, "\n==== "); /* the section may be empty */
    *n = end ? (size_t)(end + 1 - start) : strlen(start);
    return start;
}

static void matches_golden(void **state)
{
    const struct golden *g = *state;
    SRD_CLEANUP(srd_buf_free) struct srd_buf file, out, want;
    char path[256];
    const char *text;
    size_t n = 0;

    snprintf(path, sizeof(path), "tests/golden/%s.txt", g->format->name);
    read_file(path, &file);
    render(g->format, g->scene, &out);
    text = section(file.data, g->scene->name, &n);
    srd_buf_init(&want, CEILING);
    if (text)
        srd_buf_add(&want, text, n);
    assert_string_equal(out.data, want.data);
}

/*
 * `test_render --write` after a change that was meant; look at the difference before believing it.
 */
static void write_goldens(void)
{
    for (const struct srd_format *const *format = srd_formats; *format; format++) {
        SRD_CLEANUP(srd_close_file) FILE *f = NULL;
        char path[256];

        snprintf(path, sizeof(path), "tests/golden/%s.txt", (*format)->name);
        f = fopen(path, "we");
        for (size_t i = 0; f && i < SRD_COUNT(scenes); i++) {
            SRD_CLEANUP(srd_buf_free) struct srd_buf out;

            if (scenes[i].terminal && (*format)->machine)
                continue;
            render(*format, &scenes[i], &out);
            fprintf(f, "==== %s ====\n%s", scenes[i].name, out.data);
        }
    }
}

/* ---- what holds for every format ---- */

#define ALL_EVIL                                                                                   \
    "\033]0;x\007\r\n\t\001\x7f\xc2\x85\xc2\x9b\xe2\x80\x8b\xe2\x80\x8e\xe2\x80\xa8\xe2\x80\xae"   \
    "\xe2\x81\xa6\xef\xbb\xbf\xf3\xa0\x80\x81\xff\xc0\x80\xed\xa0\x80|`<script>{{7*7}}"

static void hostile_text_is_harmless(void **state)
{
    const struct srd_format *format = *state;
    static const char *const texts[] = { ALL_EVIL,  "",     " ",  "\n", FIXTURE_CJK ALL_EVIL,
                                         "{table}", "%s%n", "```" };
    struct srd_style style = { .width = 60, .detail = true, .wide = true };

    for (size_t i = 0; i < SRD_COUNT(texts); i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        SRD_CLEANUP(srd_buf_free) struct srd_buf out;

        srd_buf_init(&out, CEILING);
        format->report(fixture_report_of(arena, texts[i]), &style, &out);
        assert_true(out.size > 0);
        assert_true(fixture_is_harmless(out.data, out.size));
        srd_buf_clear(&out);
        format->view(fixture_view_of(arena, texts[i]), &style, &out);
        assert_true(fixture_is_harmless(out.data, out.size));
    }
}

static void no_private_column_is_shown(void **state)
{
    const struct srd_format *format = *state;

    for (size_t i = 0; i < SRD_COUNT(scenes); i++) {
        SRD_CLEANUP(srd_buf_free) struct srd_buf out;

        render(format, &scenes[i], &out);
        assert_null(strstr(out.data, "s3cret"));
    }
}

static void a_full_buffer_is_no_accident(void **state)
{
    const struct srd_format *format = *state;
    static const size_t ceilings[] = { 1, 10, 100, 1000 };

    for (size_t i = 0; i < SRD_COUNT(ceilings); i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        SRD_CLEANUP(srd_buf_free) struct srd_buf out;
        struct srd_style style = { .width = 80 };

        srd_buf_init(&out, ceilings[i]);
        format->report(fixture_everything(arena), &style, &out);
        assert_true(out.full);
        assert_true(out.size <= ceilings[i]);
    }
}

static const struct {
    const char *name;
    void (*test)(void **state);
} properties[] = {
    { "nothing in hostile text acts on the reader", hostile_text_is_harmless },
    { "no column with users' statements is shown", no_private_column_is_shown },
    { "a buffer that is too small ends full, not in an accident", a_full_buffer_is_no_accident },
};

/* ---- terminal ---- */

static void ids_and_statements_are_whole_at_every_width(void **state)
{
    (void)state;
    for (size_t width = 1; width <= 200; width += 3) {
        static const char *const whole[] = { "storage.disk-hard-limit",
                                             "storage.no-retention",
                                             "storage.tablet-count-per-node",
                                             "storage.disk-eta",
                                             FIXTURE_SQL,
                                             "srdiag explain RC-01" };
        SRD_CLEANUP(srd_buf_free) struct srd_buf out;
        struct scene scene = scenes[0];

        scene.style.width = width;
        render(srd_format_find("table"), &scene, &out);
        for (size_t i = 0; i < SRD_COUNT(whole); i++)
            assert_non_null(strstr(out.data, whole[i]));
    }
}

/* A longer line cannot be broken: a statement, or a word that fits beside no label. */
static void prose_fits_the_terminal(void **state)
{
    (void)state;
    for (size_t width = 40; width <= 120; width += 5) {
        SRD_CLEANUP(srd_buf_free) struct srd_buf out;
        struct scene scene = scenes[0];
        char *rest = NULL;

        scene.style.width = width;
        render(srd_format_find("table"), &scene, &out);
        for (char *line = strtok_r(out.data, "\n", &rest); line;
             line = strtok_r(NULL, "\n", &rest)) {
            bool long_word =
                srd_utf8_width(strrchr(line, ' ') ? strrchr(line, ' ') : line) + 13 > width;

            if (!long_word && !strstr(line, "ALTER TABLE") && srd_utf8_width(line) > width)
                fail_msg("%zu columns for %zu: %s", srd_utf8_width(line), width, line);
        }
    }
}

static void colour_adds_nothing_but_colour(void **state)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf plain, color;
    struct scene scene = scenes[0];
    char *to;

    (void)state;
    render(srd_format_find("table"), &scene, &plain);
    scene.style.color = true;
    render(srd_format_find("table"), &scene, &color);
    assert_non_null(strstr(color.data, "\033[1;31m1  CRITICAL\033[0m"));
    to = color.data;
    for (const char *from = color.data; *from; from++)
        if (*from == '\033')
            from += strcspn(from, "m");
        else
            *to++ = *from;
    *to = '\0';
    assert_string_equal(color.data, plain.data);
}

/* The rows below are printed by libsmartcols up to 10,000 rows and by ourselves beyond. */
static void a_long_table_looks_like_a_short_one(void **state)
{
    struct srd_style style = { .width = 80 };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf shorter, longer;
    const struct srd_format *format = srd_format_find("table");
    const char *end;

    (void)state;
    srd_buf_init(&shorter, CEILING);
    srd_buf_init(&longer, CEILING);
    format->view(fixture_view_long(arena, 10000), &style, &shorter);
    format->view(fixture_view_long(arena, 10001), &style, &longer);
    end = strstr(shorter.data, "Next:");
    assert_non_null(end);
    assert_memory_equal(shorter.data, longer.data, (size_t)(end - shorter.data));
    assert_true(longer.size > shorter.size);
}

static void a_locale_without_utf8_spoils_nothing(void **state)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf utf8, c;
    const struct scene *scene = NULL;

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(scenes); i++)
        if (scenes[i].view == fixture_view)
            scene = &scenes[i];
    render(srd_format_find("table"), scene, &utf8);
    setlocale(LC_CTYPE, "C");
    render(srd_format_find("table"), scene, &c);
    setlocale(LC_CTYPE, "C.UTF-8");
    assert_string_equal(c.data, utf8.data);
}

static const struct paragraph {
    const char *name, *text;
    size_t indent, width;
    const char *want;
} paragraphs[] = {
    { "a paragraph is wrapped under its indent", "one two three four five six seven eight nine ten",
      2, 40, "  one two three four five six seven\n  eight nine ten\n" },
    { "a word that is wider than the terminal stays whole",
      "see a_very_long_identifier_that_does_not_fit_into_forty_columns here", 0, 40,
      "see\na_very_long_identifier_that_does_not_fit_into_forty_columns\nhere\n" },
    { "text without blanks breaks between its characters",
      "字字字字字字字字字字字字字字字字字字字字字字", 0, 40,
      "字字字字字字字字字字字字字字字字字字字字\n字字\n" },
    { "a line break of the text is kept", "one\n\ntwo", 1, 40, " one\n\n two\n" },
    { "without a width nothing is wrapped",
      "one two three four five six seven eight nine ten eleven twelve", 0, 0,
      "one two three four five six seven eight nine ten eleven twelve\n" },
    { "a control character does not act", "a\033[31mb", 0, 40, "a\\e[31mb\n" },
    { "a width below 40 counts as 40", "one two three four five six seven eight", 0, 5,
      "one two three four five six seven eight\n" },
    { "no text is no line", "", 3, 40, "" },
};

static void wraps(void **state)
{
    const struct paragraph *row = *state;
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    struct srd_style style = { .width = row->width };

    srd_buf_init(&out, CEILING);
    srd_render_paragraph(row->text, row->indent, &style, &out);
    assert_string_equal(out.data, row->want);
}

#define CELLS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const struct list {
    const char *name;
    const char *const *titles, *const *cells;
    size_t rows, columns, width;
    const char *want;
} lists[] = {
    { "columns are as wide as their widest cell", CELLS("NAME", "N", "WHAT"),
      CELLS("a", "1", "first", "bcdef", "12", NULL), 2, 3, 80,
      "NAME    N  WHAT\na       1  first\nbcdef  12  -\n" },
    { "a Chinese character takes two columns", CELLS("NAME", "N"), CELLS("订单", "1", "ab", "2"), 2,
      2, 80, "NAME  N\n订单  1\nab    2\n" },
    { "a column that does not fit is cut, and says so", CELLS("NAME", "N", "WHAT"),
      CELLS("storage.tablet-count-per-node", "1", "a sentence that is too long"), 1, 3, 50,
      "NAME                           N  WHAT\n"
      "storage.tablet-count-per-node  1  a sentence that…\n" },
    { "the first column and numbers are never cut", CELLS("NAME", "N", "WHAT"),
      CELLS("storage.tablet-count-per-node", "1234567890123", "a sentence that is too long"), 1, 3,
      40,
      "NAME                                       N  WHAT\n"
      "storage.tablet-count-per-node  1234567890123  a senten…\n" },
    { "a list may have no headings", NULL, CELLS("a", "1", "b"), 1, 3, 80, "a  1  b\n" },
    { "a list without rows is its headings", CELLS("NAME", "N"), NULL, 0, 2, 80, "NAME  N\n" },
    { "a cell cannot act, and a backslash stays", CELLS("NAME", "N"), CELLS("a\033\\x41\n", "1"), 1,
      2, 80, "NAME       N\na\\e\\x41\\n  1\n" },
};

static void lays_out(void **state)
{
    const struct list *row = *state;
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    struct srd_style style = { .width = row->width };

    srd_buf_init(&out, CEILING);
    srd_render_table(row->titles, row->cells, row->rows, row->columns,
                     (const bool[]){ false, true, false }, &style, &out);
    assert_string_equal(out.data, row->want);
}

/* ---- machines ---- */

static void check_json(const char *bytes, size_t n)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_error err;

    if (srd_json_parse(bytes, n, CEILING, &json, &err))
        fail_msg("%s", err.text);
}

static void json_can_be_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < SRD_COUNT(scenes); i++) {
        SRD_CLEANUP(srd_buf_free) struct srd_buf document, lines;
        char *rest = NULL;

        render(srd_format_find("json"), &scenes[i], &document);
        check_json(document.data, document.size);
        render(srd_format_find("ndjson"), &scenes[i], &lines);
        for (char *line = strtok_r(lines.data, "\n", &rest); line;
             line = strtok_r(NULL, "\n", &rest))
            check_json(line, strlen(line));
    }
}

/* Hostile text comes out of JSON as it went in, apart from broken bytes. */
static void json_loses_no_text(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    const char *text = "\033\xe2\x80\xae\xf3\xa0\x80\x81\"\\\n订单";
    struct srd_style style = { 0 };
    struct srd_error err;

    (void)state;
    srd_buf_init(&out, CEILING);
    srd_format_find("json")->view(fixture_view_of(arena, text), &style, &out);
    assert_int_equal(srd_json_parse(out.data, out.size, CEILING, &json, &err), 0);
    assert_string_equal(
        srd_json_text(srd_json_get(srd_json_first(srd_json_get(json, "rows")), "table")), text);
}

static void csv_lines_have_the_fields_of_the_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < SRD_COUNT(scenes); i++) {
        SRD_CLEANUP(srd_buf_free) struct srd_buf out;
        size_t fields = 1, expected = 0;
        bool quoted = false;

        render(srd_format_find("csv"), &scenes[i], &out);
        for (const char *p = out.data; *p; p++) {
            quoted = quoted != (*p == '"');
            if (quoted)
                continue;
            fields += *p == ',';
            if (*p != '\n')
                continue;
            assert_int_equal(p[-1], '\r');
            expected = expected ? expected : fields;
            assert_int_equal(fields, expected);
            fields = 1;
        }
        assert_false(quoted);
    }
}

static const struct {
    const char *text, *cell;
} formulas[] = {
    { "=1+1", "'=1+1" },  { "+1", "'+1" },        { "-1", "'-1" },  { "@SUM(A1)", "'@SUM(A1)" },
    { "\t=1", "'\\t=1" }, { "\r=1", "'\\x0d=1" }, { "a=1", "a=1" }, { "1-1", "1-1" },
};

static void csv_runs_no_formula(void **state)
{
    (void)state;
    for (size_t i = 0; i < SRD_COUNT(formulas); i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        SRD_CLEANUP(srd_buf_free) struct srd_buf out;
        struct srd_style style = { 0 };
        const char *cell;

        srd_buf_init(&out, CEILING);
        srd_format_find("csv")->view(fixture_view_of(arena, formulas[i].text), &style, &out);
        cell = strchr(strchr(out.data, '\n'), ',') + 1; /* the second cell of the first row */
        assert_memory_equal(cell, formulas[i].cell, strlen(formulas[i].cell));
        assert_int_equal(cell[strlen(formulas[i].cell)], ',');
    }
}

static void formats_are_found_by_name(void **state)
{
    (void)state;
    for (const struct srd_format *const *format = srd_formats; *format; format++) {
        assert_ptr_equal(srd_format_find((*format)->name), *format);
        assert_non_null((*format)->summary);
    }
    assert_null(srd_format_find("yaml"));
    assert_null(srd_format_find(NULL));
}

static const struct {
    const char *name;
    void (*test)(void **state);
} singles[] = {
    { "ids and statements are whole at every width", ids_and_statements_are_whole_at_every_width },
    { "prose fits the terminal", prose_fits_the_terminal },
    { "colour adds nothing but colour", colour_adds_nothing_but_colour },
    { "a table beyond 10,000 rows looks like a shorter one", a_long_table_looks_like_a_short_one },
    { "a locale without UTF-8 spoils nothing", a_locale_without_utf8_spoils_nothing },
    { "all JSON can be read", json_can_be_read },
    { "JSON loses no text", json_loses_no_text },
    { "all lines of CSV have the fields of the header", csv_lines_have_the_fields_of_the_header },
    { "no cell of CSV is a formula", csv_runs_no_formula },
    { "formats are found by their names", formats_are_found_by_name },
};

/* ---- all of them ---- */

static struct CMUnitTest tests[256];
static struct golden goldens[128];
static char names[256][160];
static size_t count;

static void add(void (*test)(void **), const void *state, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(names[count], sizeof(names[count]), format, args);
    va_end(args);
    tests[count] = (struct CMUnitTest){ .name = names[count],
                                        .test_func = test,
                                        .initial_state = (void *)(uintptr_t)state };
    count++;
}

int main(int argc, char **argv)
{
    size_t g = 0;

    setlocale(LC_CTYPE, "C.UTF-8");
    if (argc > 1 && !strcmp(argv[1], "--write")) {
        write_goldens();
        return 0;
    }
    for (const struct srd_format *const *format = srd_formats; *format; format++) {
        for (size_t i = 0; i < SRD_COUNT(scenes); i++) {
            if (scenes[i].terminal && (*format)->machine)
                continue;
            goldens[g] = (struct golden){ *format, &scenes[i] };
            add(matches_golden, &goldens[g++], "%s: %s", (*format)->name, scenes[i].name);
        }
        for (size_t i = 0; i < SRD_COUNT(properties); i++)
            add(properties[i].test, *format, "%s: %s", (*format)->name, properties[i].name);
    }
    for (size_t i = 0; i < SRD_COUNT(paragraphs); i++)
        add(wraps, &paragraphs[i], "%s", paragraphs[i].name);
    for (size_t i = 0; i < SRD_COUNT(lists); i++)
        add(lays_out, &lists[i], "%s", lists[i].name);
    for (size_t i = 0; i < SRD_COUNT(singles); i++)
        add(singles[i].test, NULL, "%s", singles[i].name);
    return _cmocka_run_group_tests("render", tests, count, NULL, NULL);
}
