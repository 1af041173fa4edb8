/* What was answered, why not what was not, and which secrets end at the door? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/model/evidence.h"
#include "lib/model/identity.h"
#include "tests/rows.h"

static void pick(const struct srd_evidence *ev, struct srd_keys *out)
{
    (void)ev;
    (void)out;
}

static const struct srd_probe first = { .id = "first" };
static const struct srd_probe second = {
    .id = "second", .params = { { "x", SRD_PARAM_TEXT } }, .after = &first, .pick = pick
};
static const struct srd_probe third = {
    .id = "third", .params = { { "x", SRD_PARAM_TEXT } }, .after = &second, .pick = pick
};
static const struct srd_probe follow = { .id = "follow", .after = &first };

/* ---- why a probe cannot be used: "probe status", "" when it can ---- */

struct row {
    const char *name;
    const struct srd_probe *probe;
    struct srd_answer_text answers[4];
    const char *want;
};

/* clang-format off */
static const struct row rows[] = {
    { "an answered probe can be used", &first, { { &first, "", "a\n", 0 } }, "" },
    { "a denied probe cannot", &first, { { &first, "", NULL, SRD_DENIED } }, "first denied" },
    { "a probe that was never asked cannot", &first, { { NULL, NULL, NULL, 0 } }, "first skipped" },
    { "one node's answer suffices", &first,
      { { &first, "", NULL, SRD_TIMED_OUT }, { &first, "", "a\n", 0 } }, "" },
    { "one key's answer suffices", &second,
      { { &first, "", "a\n", 0 }, { &second, "1", NULL, SRD_FAILED }, { &second, "2", "a\n", 0 } }, "" },
    { "of several reasons the first counts", &second,
      { { &first, "", "a\n", 0 }, { &second, "1", NULL, SRD_FAILED }, { &second, "2", NULL, SRD_DENIED } },
      "second failed" },
    { "nothing to ask for is no lack", &second, { { &first, "", "a\n", 0 } }, "" },
    { "what comes after a failure has its reason", &second, { { &first, "", NULL, SRD_DENIED } }, "first denied" },
    { "also two steps after it", &third, { { &first, "", NULL, SRD_TIMED_OUT } }, "first timeout" },
    { "what comes after something never asked was not asked", &third, { { NULL, NULL, NULL, 0 } }, "first skipped" },
    { "a probe without keys must have been asked", &follow, { { &first, "", "a\n", 0 } }, "follow skipped" },
    { "a probe without keys after a failure has its reason", &follow,
      { { &first, "", NULL, SRD_NO_BACKEND } }, "first no_backend" },
};
/* clang-format on */

static void check_row(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_of(arena, row->answers);
    const struct srd_answer *missing = srd_evidence_missing(ev, row->probe);
    const char *got = "";

    if (missing)
        got =
            srd_arena_printf(arena, "%s %s", missing->probe->id, srd_status_name(missing->status));
    assert_string_equal(got, row->want);
}

/* ---- secrets ---- */

struct secret_row {
    const char *name, *table, *want; /* of the second column, first row */
};

/* clang-format off */
static const struct secret_row secrets[] = {
    { "a secret key of the configuration is masked", "Key|Value\naws_s3_secret_key|abc\n", "***" },
    { "a password of the configuration is masked", "Key|Value\nssl_key_password|abc\n", "***" },
    { "a password of digits is masked", "Key|Value\nauthentication_ldap_simple_bind_root_pwd|1234\n", "***" },
    { "an access key is masked", "NAME|VALUE\naws_s3_access_key|AKIA1\n", "***" },
    { "a token is masked", "Key|Value\nauth_token|x\n", "***" },
    { "a variable is masked", "Variable_name|Value\nsome_PASSWORD|x\n", "***" },
    { "that there is no password stays visible", "Key|Value\nssl_key_password|\n", "" },
    { "a switch about credentials is no secret", "Key|Value\nenable_task_info_mask_credential|true\n", "true" },
    { "a number about tokens is no secret", "Key|Value\narrow_token_cache_size|1024\n", "1024" },
    { "a limit about keys is no secret", "Key|Value\nmax_column_keys|64\n", "64" },
    { "another table is left alone", "User|Value\npassword|x\n", "x" },
};
/* clang-format on */

static void check_secret(void **state)
{
    const struct secret_row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev =
        srd_evidence_of(arena, (const struct srd_answer_text[]){ { &first, "", row->table, 0 },
                                                                 { NULL, NULL, NULL, 0 } });

    assert_string_equal(srd_cell(srd_evidence_get(ev, &first, NULL), 0, "value"), row->want);
}

/* ---- the rest ---- */

static void statuses_have_names(void **state)
{
    enum srd_status got;

    (void)state;
    for (int i = 0; i < SRD_STATUS_COUNT; i++) {
        assert_true(srd_status_of_name(srd_status_name((enum srd_status)i), &got));
        assert_int_equal(got, i);
    }
    assert_false(srd_status_of_name("ok", &got));
    assert_false(srd_status_of_name(NULL, &got));
    assert_string_equal(srd_status_name((enum srd_status)99), "failed");
}

static void answers_are_found(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_new(arena);
    struct srd_table *t = srd_table_of(arena, "a\n");
    const struct srd_answer *a = NULL;
    int n = 0;

    (void)state;
    for (int i = 0; i < 100; i++)
        srd_evidence_add(ev, &(struct srd_answer){ .probe = i % 2 ? &first : &second,
                                                   .key = srd_arena_printf(arena, "%d", i),
                                                   .table = i == 51 ? t : NULL,
                                                   .status = i == 51 ? SRD_ANSWERED : SRD_FAILED });
    while ((a = srd_evidence_next(ev, &first, a)))
        assert_int_equal(n++ * 2 + 1, a - ev->answers);
    assert_int_equal(n, 50);
    assert_ptr_equal(srd_evidence_get(ev, &first, NULL), t);
    assert_ptr_equal(srd_evidence_get(ev, &first, "51"), t);
    assert_null(srd_evidence_get(ev, &first, "53"));
    assert_null(srd_evidence_get(ev, &second, NULL));
    assert_null(srd_evidence_next(ev, &third, NULL));
    assert_string_equal(ev->answers[0].node, "");
    assert_string_equal(ev->answers[0].detail, "");
}

static void left_out_is_counted(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_new(arena);

    (void)state;
    srd_evidence_leave_out(ev, &first, 3);
    srd_evidence_leave_out(ev, &second, 0);
    srd_evidence_leave_out(ev, &third, 1);
    srd_evidence_leave_out(ev, &first, 4);
    assert_int_equal(srd_evidence_left_out(ev, &first), 7);
    assert_int_equal(srd_evidence_left_out(ev, &second), 0);
    assert_int_equal(srd_evidence_left_out(ev, &third), 1);
    assert_int_equal(ev->left_out_count, 2);
}

static void tests_have_a_clock(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_of(
        arena, (const struct srd_answer_text[]){ { &first, "", "t\n2026-01-20 01:00:00\n", 0 },
                                                 { NULL, NULL, NULL, 0 } });
    int64_t ms;

    (void)state;
    assert_true(srd_cell_time_ms(srd_evidence_get(ev, &first, NULL), 0, "t", &ms));
    assert_true(ev->cluster.clock_known && ev->cluster.now_ms - ms == 3600000);
    ev = srd_evidence_of(
        arena, (const struct srd_answer_text[]){ { &first, "", "t\n2026-01-20 01:00:00\n", 0 },
                                                 { &srd_probe_clock, "", NULL, SRD_DENIED },
                                                 { NULL, NULL, NULL, 0 } });
    assert_false(ev->cluster.clock_known);
    assert_false(srd_cell_time_ms(srd_evidence_get(ev, &first, NULL), 0, "t", &ms));
}

/* Words about a mistake quote what failed; other columns are data. */
static void error_texts_lose_their_secrets(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_of(
        arena, (const struct srd_answer_text[]){
                   { &first, "", "ERROR_MSG|Reason|LABEL\n"
                                 "\"aws.s3.secret_key\" = \"abc\" denied|jdbc:mysql://u:abc@h|token=abc\n"
                                 "\\N|all fine: x|\\N\n", 0 },
                   { NULL, NULL, NULL, 0 } });
    const struct srd_table *t = srd_evidence_get(ev, &first, NULL);

    (void)state;
    assert_string_equal(srd_cell(t, 0, "ERROR_MSG"), "\"aws.s3.secret_key\" = \"***\" denied");
    assert_string_equal(srd_cell(t, 0, "Reason"), "jdbc:mysql://u:***@h");
    assert_string_equal(srd_cell(t, 0, "LABEL"), "token=abc");
    assert_null(srd_cell(t, 1, "ERROR_MSG"));
    assert_string_equal(srd_cell(t, 1, "Reason"), "all fine: x");
}

/* clang-format off */
static const struct CMUnitTest single[] = {
    { "error texts lose their secrets", error_texts_lose_their_secrets, NULL, NULL, NULL },
    { "every status has a name and is found by it", statuses_have_names, NULL, NULL, NULL },
    { "answers are found by probe and key", answers_are_found, NULL, NULL, NULL },
    { "keys that were left out are added up", left_out_is_counted, NULL, NULL, NULL },
    { "evidence of tests has a clock unless the test says otherwise", tests_have_a_clock, NULL, NULL, NULL },
};
/* clang-format on */

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(secrets) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    ADD_ROWS(tests, n, secrets, check_secret);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
