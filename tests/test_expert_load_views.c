/* What do the views of loads show, and which questions do their arguments make? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "experts/load/load.h"
#include "lib/base/cleanup.h"
#include "tests/load_rows.h"

/* What is tested here; the expert lists them beside their records. */
extern const struct srd_view srd_load_view_failed, srd_load_view_list, srd_load_view_status;

/* clang-format off */
#define JOBS "ID|LABEL|DB_NAME|TABLE_NAME|USER|TYPE|STATE|PROGRESS|CREATED_S|STARTED_S|COMMITTED_S|FINISHED_S|TIMEOUT_S|SCAN_ROWS|SCAN_BYTES|FILTERED_ROWS|UNSELECTED_ROWS|SINK_ROWS|ERROR_MSG|TRACKING_SQL" LOADS_HEAD "\n"
#define DONE "1|done|shop|orders|etl|BROKER|FINISHED|ETL:100%; LOAD:100%|1768873800|1768873800|1768873859|1768873860|14400|1000|1048576|0|0|1000|\\N|\\N" OF_KIND("open") "\n"
#define RUNS "9007199254740993|runs|shop|orders|etl|BROKER|LOADING|ETL:100%; LOAD:7%|1768874300|1768874310|\\N|\\N|14400|0|0|0|0|0|\\N|\\N" OF_KIND("open") "\n"
#define SICK "3|it's \"x\"|shop|orders|etl|STREAM_LOAD|CANCELLED|0%|1768870000|1768870000|\\N|1768870100|600|0|0|12|0|0|type:ETL_QUALITY_UNSATISFIED; msg:too many filtered rows|select tracking_log" OF_KIND("failed") "\n"
#define OLDER "4|gone|shop|orders|etl|INSERT|CANCELLED||1768800000|\\N|\\N|1768800000|600|0|0|0|0|0|disk 1 on backend 2 exceed limit usage|\\N" OF_KIND("failed") "\n"
/* clang-format on */

struct asked { /* a view with its arguments, on the command line or not */
    const struct srd_view *view;
    const struct srd_arg_value *args;
};

static struct srd_evidence *evidence(struct srd_arena *arena, const struct asked *asked,
                                     const struct srd_answer_text *answers)
{
    struct srd_evidence *ev = srd_evidence_of(arena, answers);

    ev->cluster.version = SRD_VERSION(3, 5, 7);
    ev->declared = asked->view ? asked->view->args : NULL;
    ev->args = asked->args;
    return ev;
}

static const struct srd_rows *fill(struct srd_arena *arena, const struct asked *asked,
                                   const struct srd_answer_text *answers)
{
    struct srd_rows *out = srd_arena_alloc(arena, sizeof(*out));

    *out = (struct srd_rows){ .arena = arena, .view = asked->view };
    asked->view->fill(evidence(arena, asked, answers), asked->args, out);
    return out;
}

/* The cell as text; NULL when absent. */
static const char *cell(const struct srd_rows *rows, size_t row, const char *column)
{
    for (size_t i = 0; i < srd_view_columns(rows->view); i++) {
        const struct srd_value *value = srd_rows_value(rows, row, i);

        if (strcmp(rows->view->columns[i].name, column) != 0)
            continue;
        if (!value->present)
            return NULL;
        return value->text ? value->text : srd_arena_printf(rows->arena, "%.0f", value->number);
    }
    fail_msg("there is no column %s", column);
    return NULL;
}

static const struct srd_answer_text recent[] = {
    { &srd_probe_recent_loads, "+00:00", JOBS RUNS DONE SICK, 0 }, { 0 }
};
static const struct srd_answer_text failed[] = {
    { &srd_probe_loads, "24/+00:00", JOBS SICK OLDER, 0 }, { 0 }
};

static void the_list_has_all_states(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_arg_value args[3] = { { .number = 20 }, { 0 } };
    const struct srd_rows *rows = fill(arena, &(struct asked){ &srd_load_view_list, args }, recent);

    (void)state;
    assert_int_equal(rows->count, 3);
    assert_string_equal(cell(rows, 0, "label"), "runs");
    assert_string_equal(cell(rows, 0, "id"), "9007199254740993");
    assert_string_equal(cell(rows, 0, "duration_ms"), "100000");
    assert_string_equal(cell(rows, 1, "duration_ms"), "60000");
    assert_string_equal(cell(rows, 1, "target"), "shop.orders");
    assert_string_equal(cell(rows, 1, "scan_bytes"), "1048576");
    assert_string_equal(rows->summary, "3 of the 3 newest loads; 1 wait or run");
}

static void the_list_can_be_of_one_state(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_arg_value args[3] = { { .number = 20 },
                                           { .text = "CANCELLED", .given = true } };
    const struct srd_rows *rows = fill(arena, &(struct asked){ &srd_load_view_list, args }, recent);

    (void)state;
    assert_int_equal(rows->count, 1);
    assert_string_equal(cell(rows, 0, "label"), "it's \"x\"");
}

static void the_list_can_be_short(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_arg_value args[3] = { { .number = 1 }, { 0 } };
    const struct srd_rows *rows = fill(arena, &(struct asked){ &srd_load_view_list, args }, recent);

    (void)state;
    assert_int_equal(rows->count, 1);
    assert_string_equal(rows->summary, "1 of the 3 newest loads; 1 wait or run");
}

static void failed_loads_have_their_class(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_arg_value args[3] = { { .number = 24 }, { .number = 20 } };
    const struct srd_rows *rows =
        fill(arena, &(struct asked){ &srd_load_view_failed, args }, failed);

    (void)state;
    assert_int_equal(rows->count, 2);
    assert_string_equal(cell(rows, 0, "class"), "quality");
    assert_string_equal(cell(rows, 0, "error"), "too many filtered rows");
    assert_string_equal(cell(rows, 0, "failed"), "1768870100000");
    assert_string_equal(cell(rows, 1, "class"), "disk");
    assert_string_equal(
        rows->summary,
        "2 failed loads in 24 hours: 1 no room on the disks, 1 too many filtered rows");
}

static void fewer_hours_are_a_part_of_the_day(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_arg_value args[3] = { { .number = 2, .given = true }, { .number = 20 } };
    const struct srd_rows *rows =
        fill(arena, &(struct asked){ &srd_load_view_failed, args }, failed);

    (void)state;
    assert_int_equal(rows->count, 1);
    assert_string_equal(cell(rows, 0, "class"), "quality");
}

static const char *field(const struct srd_rows *rows, const char *name)
{
    for (size_t row = 0; row < rows->count; row++)
        if (!strcmp(cell(rows, row, "field"), name))
            return cell(rows, row, "value");
    return "";
}

static void a_failed_load_is_explained(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_arg_value args[2] = { { .text = "it's \"x\"", .given = true } };
    const struct srd_rows *rows =
        fill(arena, &(struct asked){ &srd_load_view_status, args }, recent);

    (void)state;
    assert_string_equal(field(rows, "state"), "CANCELLED");
    assert_string_equal(field(rows, "ended"), "2026-01-20T00:48:20Z");
    assert_string_equal(field(rows, "class"), "quality: too many filtered rows");
    assert_string_equal(field(rows, "kind"), "data");
    assert_string_equal(field(rows, "rejected rows"), "select tracking_log");
    assert_true(*field(rows, "what to do") != '\0');
    assert_string_equal(rows->summary, "1 load with the label it's \"x\"");
}

static void a_running_load_is_explained(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_arg_value args[2] = { { .text = "runs", .given = true } };
    const struct srd_rows *rows =
        fill(arena, &(struct asked){ &srd_load_view_status, args }, recent);

    (void)state;
    assert_string_equal(field(rows, "meaning"), "it loads");
    assert_string_equal(field(rows, "age"), "1m 40s");
    assert_string_equal(field(rows, "timeout"), "4h");
    assert_string_equal(field(rows, "error"), "");
}

static void an_older_label_is_asked_for(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_arg_value args[2] = { { .text = "gone", .given = true } };
    const struct srd_answer_text answers[] = { { &srd_probe_recent_loads, "+00:00", JOBS DONE, 0 },
                                               { &srd_probe_load_by_label, "gone/+00:00",
                                                 JOBS OLDER, 0 },
                                               { 0 } };
    const struct srd_rows *rows =
        fill(arena, &(struct asked){ &srd_load_view_status, args }, answers);

    (void)state;
    assert_string_equal(field(rows, "class"), "disk: no room on the disks");
}

static void an_unknown_label_is_said_to_be_one(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_arg_value args[2] = { { .text = "DONE", .given = true } };
    const struct srd_rows *rows =
        fill(arena, &(struct asked){ &srd_load_view_status, args }, recent);

    (void)state;
    assert_int_equal(rows->count, 0);
    assert_string_equal(rows->summary, "no load with the label DONE");
    assert_int_equal(rows->note_count, 1);
}

static void views_without_a_zone_say_so(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_arg_value args[5] = { { .number = 20, .text = "x" }, { .number = 20 } };
    const struct srd_view *const views[] = { &srd_load_view_list, &srd_load_view_failed,
                                             &srd_load_view_status };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(views); i++) {
        const struct srd_rows *rows = fill(arena, &(struct asked){ views[i], args },
                                           (const struct srd_answer_text[]){ { 0 } });

        assert_int_equal(rows->count, 0);
        assert_int_equal(rows->note_count, 1);
    }
}

/* The keys of @probe as one text: "24/+08:00". */
static const char *picked(struct srd_arena *arena, const struct srd_probe *probe,
                          const struct srd_evidence *ev)
{
    struct srd_keys keys = { .arena = arena, .max = probe->max_keys };
    const char *text = "";

    probe->pick(ev, &keys);
    for (size_t i = 0; i < keys.count; i++)
        text = srd_arena_printf(arena, "%s%s%s", text, i ? " " : "",
                                srd_key_text(probe, &keys.keys[i], arena));
    return text;
}

static void arguments_become_keys(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_arg_value two[3] = { { .number = 2 } }, three_days[3] = { { .number = 72 } };
    const struct srd_arg_value known[2] = { { .text = "runs" } }, other[2] = { { .text = "a/b" } };
    struct srd_evidence *ev = evidence(arena, &(struct asked){ NULL, NULL }, recent);

    (void)state;
    assert_string_equal(picked(arena, &srd_probe_loads, ev), "24/+00:00");
    assert_string_equal(picked(arena, &srd_probe_load_by_label, ev), "");
    ev = evidence(arena, &(struct asked){ &srd_load_view_failed, two }, recent);
    assert_string_equal(picked(arena, &srd_probe_loads, ev), "24/+00:00");
    ev = evidence(arena, &(struct asked){ &srd_load_view_failed, three_days }, recent);
    assert_string_equal(picked(arena, &srd_probe_loads, ev), "72/+00:00");
    ev = evidence(arena, &(struct asked){ &srd_load_view_status, known }, recent);
    assert_string_equal(picked(arena, &srd_probe_load_by_label, ev), "");
    ev = evidence(arena, &(struct asked){ &srd_load_view_status, other }, recent);
    assert_string_equal(picked(arena, &srd_probe_load_by_label, ev), "a%2Fb/+00:00");
}

static void zones_become_keys(void **state)
{
    static const struct {
        int offset_s, version;
        bool known, print_known;
        const char *clock, *want;
    } rows[] = {
        { 28800, SRD_VERSION(3, 5, 7), true, true, "Asia/Shanghai", "+08:00" },
        { -12600, SRD_VERSION(3, 5, 7), true, true, "x", "-03:30" },
        { 0, SRD_VERSION(3, 5, 7), false, true, "Europe/Berlin", "Europe/Berlin" },
        { 0, SRD_VERSION(3, 5, 7), false, true, "Europe/'; DROP", "" },
        { 0, SRD_VERSION(3, 5, 7), false, true, "", "" },
        /* an early 4.1 may print +08:00, and nobody knows */
        { 28800, SRD_VERSION(4, 1, 0), true, false, "Asia/Shanghai", "" },
        { 28800, SRD_VERSION(3, 2, 0), true, false, "Asia/Shanghai", "+08:00" },
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(rows); i++) {
        const struct srd_answer_text answers[] = {
            { &srd_probe_clock, "",
              srd_arena_printf(arena, "UNIX_TIME|SYSTEM_ZONE|GLOBAL_ZONE\n1768874400|UTC|%s\n",
                               rows[i].clock),
              0 },
            { 0 }
        };
        struct srd_evidence *ev = srd_evidence_of(arena, answers);

        ev->cluster.version = rows[i].version;
        ev->cluster.global_offset_known = rows[i].known;
        ev->cluster.global_offset_s = rows[i].offset_s;
        ev->cluster.print_offset_known = rows[i].print_known;
        assert_string_equal(picked(arena, &srd_probe_recent_loads, ev), rows[i].want);
    }
}

/* A label is a text of the user and is quoted as one. */
static void labels_are_quoted(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_key key = { { "%' OR 1=1 -- \\", "+08:00" } };
    struct srd_error err;
    const char *sql;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(srd_probe_render(&srd_probe_load_by_label,
                                          &srd_probe_load_by_label.texts[i], &key, arena, &sql,
                                          &err),
                         0);
        assert_non_null(strstr(sql, "WHERE LABEL = '%\\' OR 1=1 -- \\\\' ORDER BY"));
    }
}

static const struct CMUnitTest tests[] = {
    { "the list has all states", the_list_has_all_states, NULL, NULL, NULL },
    { "the list can be of one state", the_list_can_be_of_one_state, NULL, NULL, NULL },
    { "the list can be short", the_list_can_be_short, NULL, NULL, NULL },
    { "failed loads have their class", failed_loads_have_their_class, NULL, NULL, NULL },
    { "fewer hours are a part of the day", fewer_hours_are_a_part_of_the_day, NULL, NULL, NULL },
    { "a failed load is explained", a_failed_load_is_explained, NULL, NULL, NULL },
    { "a running load is explained", a_running_load_is_explained, NULL, NULL, NULL },
    { "an older label is asked for", an_older_label_is_asked_for, NULL, NULL, NULL },
    { "an unknown label is said to be one", an_unknown_label_is_said_to_be_one, NULL, NULL, NULL },
    { "views without a zone say so", views_without_a_zone_say_so, NULL, NULL, NULL },
    { "arguments become keys", arguments_become_keys, NULL, NULL, NULL },
    { "zones become keys", zones_become_keys, NULL, NULL, NULL },
    { "labels are quoted", labels_are_quoted, NULL, NULL, NULL },
};

int main(void)
{
    return cmocka_run_group_tests_name("load views", tests, NULL, NULL);
}
