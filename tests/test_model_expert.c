/* Is everything in the catalogue found, and are views filled by name? */

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/model/expert.h"
#include "lib/model/identity.h"

static const struct srd_probe base = { .id = "m-base" };
static const struct srd_probe after = { .id = "b-after", .after = &base };
static const struct srd_probe wanted = { .id = "z-wanted" };
static const struct srd_probe viewed = { .id = "a-viewed" };
static const struct srd_probe guard = { .id = "guard" };

static void judge(const struct srd_evidence *ev, struct srd_findings *out)
{
    (void)ev;
    (void)out;
}

static const struct srd_check one = {
    .id = "x.one", .needs = { &after }, .judge = judge, .limits = "  . .critical  some_config "
};
static const struct srd_check two = {
    .id = "x.two", .needs = { &after }, .wants = { &wanted }, .limits = "some_config .a"
};
static const struct srd_check *const check_group[] = { &one, &two, NULL };
static const struct srd_check *const *const checks[] = { check_group, NULL };
static const struct srd_view disks = {
    .name = "disks",
    .needs = { &viewed, &srd_probe_backends },
    .columns = { { .name = "path", .unit = SRD_UNIT_TEXT },
                 { .name = "used_percent", .unit = SRD_UNIT_PERCENT },
                 { .name = "backend_id", .unit = SRD_UNIT_ID },
                 { .name = "used_bytes", .unit = SRD_UNIT_BYTES } },
};
static const struct srd_view *const view_group[] = { &disks, NULL };
static const struct srd_view *const *const views[] = { view_group, NULL };
static const struct srd_expert expert = { .name = "x", .checks = checks, .views = views };
static const struct srd_expert empty = { .name = "y" };
static const struct srd_expert *const experts[] = { &empty, &expert, NULL };
static const struct srd_cause cause = { .id = "RC-01" };
static const struct srd_cause *const causes[] = { &cause, NULL };
static const struct srd_catalogue catalogue = { .experts = experts,
                                                .causes = causes,
                                                .guard = &guard };

static void catalogue_is_searched(void **state)
{
    (void)state;
    assert_ptr_equal(srd_catalogue_expert(&catalogue, "x"), &expert);
    assert_null(srd_catalogue_expert(&catalogue, "X"));
    assert_ptr_equal(srd_catalogue_check(&catalogue, "x.two"), &two);
    assert_null(srd_catalogue_check(&catalogue, "x.three"));
    assert_ptr_equal(srd_catalogue_cause(&catalogue, "rc-01"), &cause);
    assert_null(srd_catalogue_cause(&catalogue, "RC-02"));
    assert_ptr_equal(srd_expert_view(&expert, "disks"), &disks);
    assert_null(srd_expert_view(&empty, "disks"));
    assert_true(srd_check_implemented(&one));
    assert_false(srd_check_implemented(&two));
}

static void probes_are_listed_once(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct srd_probe *const *probes = srd_catalogue_probes(&catalogue, arena);
    static const char *const want[] = { "a-viewed",      "b-after",   "backends", "clock",
                                        "compute-nodes", "frontends", "guard",    "m-base",
                                        "run-mode",      "z-wanted" };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(want); i++)
        assert_string_equal(probes[i]->id, want[i]);
    assert_null(probes[SRD_COUNT(want)]);
}

static void limits_are_listed_once(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    static const struct srd_check none = { .id = "x.none" }, blank = { .id = "x", .limits = " " };
    static const char *const of_one[] = { "x.one", "x.one.critical", "some_config", NULL };
    static const char *const of_all[] = { "some_config", "x.one", "x.one.critical", "x.two.a",
                                          NULL };
    const char *const *own = srd_check_limits(&one, arena);
    const char *const *all = srd_catalogue_limits(&catalogue, arena);

    (void)state;
    for (size_t i = 0; of_one[i]; i++)
        assert_string_equal(own[i], of_one[i]);
    assert_null(own[3]);
    for (size_t i = 0; of_all[i]; i++)
        assert_string_equal(all[i], of_all[i]);
    assert_null(all[4]);
    assert_null(srd_check_limits(&none, arena)[0]);
    assert_null(srd_check_limits(&blank, arena)[0]);
    assert_null(srd_catalogue_limits(&(struct srd_catalogue){ .version = "0" }, arena)[0]);
}

static void results_are_found(void **state)
{
    struct srd_result items[] = { { .check = &one }, { .check = &two } };
    struct srd_results results = { .items = items, .count = 2 };

    (void)state;
    assert_ptr_equal(srd_results_get(&results, "x.two"), &items[1]);
    assert_null(srd_results_get(&results, "x"));
    assert_null(srd_results_get(&results, NULL));
}

static void confidence_has_words(void **state)
{
    (void)state;
    assert_string_equal(srd_confidence_word(0.49), "low");
    assert_string_equal(srd_confidence_word(0.5), "medium");
    assert_string_equal(srd_confidence_word(0.5 + 0.1), "medium");
    assert_string_equal(srd_confidence_word(0.5 + 0.1 + 0.1), "high");
    assert_string_equal(srd_confidence_word(0.5 + 0.1 + 0.1 - 0.2),
                        "medium"); /* 0.49999999999999994 */
    assert_string_equal(srd_confidence_word(0.95), "high");
}

static void rows_are_put_by_name(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_rows rows = { .arena = arena, .view = &disks };

    (void)state;
    assert_int_equal(srd_view_columns(&disks), 4);
    for (int i = 0; i < 50; i++) {
        srd_rows_add(&rows);
        srd_put_number(&rows, "used_percent", i);
    }
    srd_rows_add(&rows);
    srd_put_text(&rows, "path", NULL);
    srd_put_id(&rows, "backend_id", "9223372036854775807");
    srd_put_number(&rows, "used_percent", NAN);
    srd_put_number(&rows, "used_bytes", 76557792051.2);
    assert_int_equal(rows.count, 51);
    assert_true(srd_rows_value(&rows, 49, 1)->number > 48.9);
    assert_false(srd_rows_value(&rows, 49, 0)->present);
    assert_false(srd_rows_value(&rows, 50, 0)->present);
    assert_false(srd_rows_value(&rows, 50, 1)->present);
    assert_string_equal(srd_rows_value(&rows, 50, 2)->text, "9223372036854775807");
    assert_true(srd_rows_value(&rows, 50, 3)->number == 76557792051);
    srd_rows_summary(&rows, "%d disks", 6);
    srd_rows_note(&rows, "%s", "one");
    assert_string_equal(rows.summary, "6 disks");
    assert_int_equal(rows.note_count, 1);
    assert_string_equal(rows.notes[0], "one");
}

/* Runs @mistake in a process of its own; true if that was aborted. */
static bool aborts(void (*mistake)(struct srd_rows *rows))
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_rows rows = { .arena = arena, .view = &disks };
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        signal(SIGABRT, SIG_DFL); /* cmocka would take it for a failed test of its own */
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        mistake(&rows);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void wrong_column(struct srd_rows *rows)
{
    srd_rows_add(rows);
    srd_put_number(rows, "used", 1);
}

static void no_row(struct srd_rows *rows)
{
    srd_put_number(rows, "used_percent", 1);
}

static void unknown_columns_end_the_process(void **state)
{
    (void)state;
    assert_true(aborts(wrong_column));
    assert_true(aborts(no_row));
}

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        { "experts, checks, causes and views are found by name", catalogue_is_searched, NULL, NULL, NULL },
        { "every probe is listed once, by id", probes_are_listed_once, NULL, NULL, NULL },
        { "every threshold is listed once, with its full name", limits_are_listed_once, NULL, NULL, NULL },
        { "results are found by check", results_are_found, NULL, NULL, NULL },
        { "confidence has three words", confidence_has_words, NULL, NULL, NULL },
        { "values are put by the name of their column", rows_are_put_by_name, NULL, NULL, NULL },
        { "a column that the view does not have ends the process", unknown_columns_end_the_process, NULL, NULL, NULL },
    };
    /* clang-format on */

    return cmocka_run_group_tests_name("expert", tests, NULL, NULL);
}
