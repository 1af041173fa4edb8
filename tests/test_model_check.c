/* When is a check judged, and what is said when it cannot be? */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/model/check.h"
#include "lib/model/identity.h"
#include "tests/rows.h"

static void pick(const struct srd_evidence *ev, struct srd_keys *out)
{
    (void)ev;
    (void)out;
}

static const struct srd_probe disks = { .id = "disks", .columns = "name level" };
static const struct srd_probe paths = { .id = "paths",
                                        .columns = "path",
                                        .params = { { "x", SRD_PARAM_TEXT } },
                                        .after = &disks,
                                        .pick = pick };

/* One finding per row with a level; "?" means the judge cannot know. */
static void judge(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &disks, NULL);

    for (size_t row = 0; row < t->rows; row++) {
        const char *level = srd_cell_text(t, row, "level");
        struct srd_finding *f;

        if (*level == '?')
            srd_cannot_judge(out, SRD_NO_BACKEND, "no node for %s", srd_cell(t, row, "name"));
        if (!strchr("iwc", *level) || !*level)
            continue;
        f = srd_finding_add(out,
                            *level == 'c'   ? SRD_CRITICAL
                            : *level == 'w' ? SRD_WARNING
                                            : SRD_INFO,
                            "disk", srd_cell_text(t, row, "name"), "row %zu", row);
        srd_finding_share(f, 1, 4);
        srd_finding_row(f, &disks, t, row);
    }
    srd_measured(out, "%zu disks", t->rows);
}

static const struct srd_check plain = { .id = "a.plain", .needs = { &disks }, .judge = judge };
static const struct srd_check keyed = { .id = "a.keyed",
                                        .needs = { &disks, &paths },
                                        .judge = judge };
static const struct srd_check shared = {
    .id = "a.shared", .mode = SRD_MODE_SHARED_DATA, .needs = { &disks }, .judge = judge
};
static const struct srd_check recent = {
    .id = "a.recent", .since = 30400, .until = 30599, .needs = { &disks }, .judge = judge
};
static const struct srd_check delta = { .id = "a.delta", .kind = SRD_DELTA, .needs = { &disks } };
static const struct srd_check history = { .id = "a.history", .kind = SRD_HISTORY };
static const struct srd_check logs = { .id = "a.log", .kind = SRD_LOG };
static const struct srd_check host = { .id = "a.host", .kind = SRD_HOST };
static const struct srd_check blocked = { .id = "a.blocked", .blocked = "needs HTTP metrics" };
static const struct srd_check unfinished = { .id = "a.unfinished" };
static const struct srd_check shared_delta = { .id = "a.shared-delta",
                                               .mode = SRD_MODE_SHARED_DATA,
                                               .kind = SRD_DELTA };

struct row {
    const char *name;
    const struct srd_check *check;
    enum srd_mode mode;
    int version;
    struct srd_answer_text answers[4];
    const char *want, *detail; /* detail: a part of it, or NULL */
};
#define SN SRD_MODE_SHARED_NOTHING
#define SD SRD_MODE_SHARED_DATA
#define OK_DISKS                                                                                   \
    {                                                                                              \
        &disks, "", "name|level\nd1|\n", 0                                                         \
    }

/* clang-format off */
static const struct row rows[] = {
    { "no finding is ok", &plain, SN, 30507, { OK_DISKS }, "ok", NULL },
    { "no rows are ok", &plain, SN, 30507, { { &disks, "", "name|level\n", 0 } }, "ok", NULL },
    { "findings come worst first, then by name", &plain, SN, 30507,
      { { &disks, "", "name|level\nd3|w\nd2|c\nd4|i\nd1|w\n", 0 } },
      "critical d2\nwarning d1\nwarning d3\ninfo d4", NULL },
    { "a judge that cannot know leaves the check open", &plain, SN, 30507,
      { { &disks, "", "name|level\nd1|?\n", 0 } }, "not checked: no_backend", "no node for d1" },
    { "findings stand beside what could not be known", &plain, SN, 30507,
      { { &disks, "", "name|level\nd1|?\nd2|w\n", 0 } }, "warning d2\nnot checked: no_backend", "no node for d1" },
    { "a denied probe leaves the check open", &plain, SN, 30507,
      { { &disks, "", NULL, SRD_DENIED } }, "not checked: denied", "probe disks: a test says so" },
    { "a probe of the other run mode makes it not applicable", &plain, SN, 30507,
      { { &disks, "", NULL, SRD_MODE_ABSENT } }, "not applicable", NULL },
    { "the other run mode counts more than an earlier failure", &keyed, SN, 30507,
      { { &disks, "", NULL, SRD_TIMED_OUT }, { &paths, "1", NULL, SRD_MODE_ABSENT } }, "not applicable", NULL },
    { "a probe after a failed one has its reason", &keyed, SN, 30507,
      { { &disks, "", NULL, SRD_TIMED_OUT } }, "not checked: timeout", "probe disks: " },
    { "nothing to ask for is enough to judge", &keyed, SN, 30507, { OK_DISKS }, "ok", NULL },
    { "a column that is not there is a matter of version", &plain, SN, 30507,
      { { &disks, "", "name\nd1\n", 0 } }, "not checked: version", "column level is not in the answer of probe disks" },
    { "a column is also missed in an answer to a key", &keyed, SN, 30507,
      { OK_DISKS, { &paths, "1", "other\n", 0 } }, "not checked: version",
      "column path is not in the answer of probe paths" },
    { "columns are found in any case", &plain, SN, 30507, { { &disks, "", "NAME|Level\nd1|w\n", 0 } }, "warning d1", NULL },
    { "a check of the other mode is not applicable", &shared, SN, 30507, { OK_DISKS }, "not applicable", NULL },
    { "a check of this mode is judged", &shared, SD, 30507, { OK_DISKS }, "ok", NULL },
    { "a check of one mode is open while the mode is unknown", &shared, SRD_MODE_ANY, 30507,
      { OK_DISKS, { &srd_probe_run_mode, "", NULL, SRD_DENIED } }, "not checked: denied", "the run mode is not known" },
    { "a check of all modes does not care about an unknown one", &plain, SRD_MODE_ANY, 30507, { OK_DISKS }, "ok", NULL },
    { "a release that is too old", &recent, SN, 30309, { OK_DISKS }, "not checked: version",
      "needs StarRocks 3.4.0 or later, this is 3.3.9" },
    { "a release that is too new", &recent, SN, 40001, { OK_DISKS }, "not checked: version",
      "needs StarRocks 3.5.99 or earlier, this is 4.0.1" },
    { "a release at the bound", &recent, SN, 30400, { OK_DISKS }, "ok", NULL },
    { "an unknown release is tried", &recent, SN, 0, { OK_DISKS }, "ok", NULL },
    { "two samples are not there yet", &delta, SN, 30507, { OK_DISKS }, "not checked: needs_history", "needs two samples" },
    { "stored runs are not there yet", &history, SN, 30507, { OK_DISKS }, "not checked: needs_history",
      "needs stored earlier runs" },
    { "logs are not there yet", &logs, SN, 30507, { OK_DISKS }, "not checked: needs_history", "needs log text" },
    { "files of the machine are not there yet", &host, SN, 30507, { OK_DISKS }, "not checked: needs_history",
      "needs files of the machine" },
    { "what is blocked says why", &blocked, SN, 30507, { OK_DISKS }, "not checked: skipped", "needs HTTP metrics" },
    { "what has no judge is not ok", &unfinished, SN, 30507, { OK_DISKS }, "not checked: skipped", "cannot judge it yet" },
    { "the run mode comes before what is missing", &shared_delta, SN, 30507, { OK_DISKS }, "not applicable", NULL },
};
/* clang-format on */

static void check_row(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_of(arena, row->answers);
    struct srd_result result;

    assert_string_equal(
        srd_check_judge_text(row->check, row->mode, row->version, row->answers, arena), row->want);
    ev->cluster.mode = row->mode;
    ev->cluster.version = row->version;
    srd_check_judge(row->check, ev, arena, &result);
    assert_ptr_equal(result.check, row->check);
    assert_non_null(result.detail);
    if (row->detail)
        assert_non_null(strstr(result.detail, row->detail));
}

static void result_of(struct srd_arena *arena, const char *table, bool follower,
                      struct srd_result *out)
{
    struct srd_evidence *ev =
        srd_evidence_of(arena, (const struct srd_answer_text[]){ { &disks, "", table, 0 },
                                                                 { NULL, NULL, NULL, 0 } });

    ev->answers[0].follower = follower;
    srd_check_judge(&plain, ev, arena, out);
}

static void shares_add_up(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_result r;

    (void)state;
    result_of(arena, "name|level\nd1|w\nd2|c\nd3|w\nd4|c\n", false, &r);
    assert_int_equal(r.severity, SRD_CRITICAL);
    assert_true(fabs(r.share - 0.5) < 1e-9);
    result_of(arena, "name|level\n1|c\n2|c\n3|c\n4|c\n5|c\n", false, &r);
    assert_true(fabs(r.share - 1) < 1e-9);
    result_of(arena, "name|level\n1|\n", false, &r);
    assert_int_equal(r.severity, SRD_OKAY);
    assert_string_equal(r.measured, "1 disks");
    assert_true(r.share < 1e-9);
}

static void order_is_stable(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_result r;

    (void)state;
    result_of(arena, "name|level\nz|w\nb|c\na|w\nc|c\n", false, &r);
    assert_int_equal(r.finding_count, 4);
    assert_string_equal(r.findings[0]->subject.name, "b");
    assert_string_equal(r.findings[1]->subject.name, "c");
    assert_string_equal(r.findings[2]->subject.name, "z");
    assert_string_equal(r.findings[3]->subject.name, "a");
    assert_string_equal(r.findings[2]->message, "row 0");
    assert_int_equal(r.findings[2]->table_row_count, 1);
}

static void followers_are_marked(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_result r;

    (void)state;
    result_of(arena, "name|level\nd1|w\n", true, &r);
    assert_true(r.follower && r.findings[0]->follower);
    result_of(arena, "name|level\nd1|w\n", false, &r);
    assert_false(r.follower || r.findings[0]->follower);
}

static void cut_tables_are_judged(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_of(
        arena, (const struct srd_answer_text[]){ OK_DISKS, { NULL, NULL, NULL, 0 } });
    struct srd_result r;

    (void)state;
    ((struct srd_table *)ev->answers[0].table)->complete = false;
    srd_check_judge(&plain, ev, arena, &r);
    assert_int_equal(r.verdict, SRD_CHECKED);
}

static void kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(srd_evidence_kind_name(SRD_INSTANT), "instant");
    assert_string_equal(srd_evidence_kind_name(SRD_HOST), "host");
}

/* clang-format off */
static const struct CMUnitTest single[] = {
    { "the worst findings add up to at most the whole", shares_add_up, NULL, NULL, NULL },
    { "equally bad findings stay in the judge's order", order_is_stable, NULL, NULL, NULL },
    { "a follower's evidence marks result and findings", followers_are_marked, NULL, NULL, NULL },
    { "an answer that was cut short is judged", cut_tables_are_judged, NULL, NULL, NULL },
    { "kinds of evidence have names", kinds_have_names, NULL, NULL, NULL },
};
/* clang-format on */

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
