/*
 * Does the engine ask each probe once, in order, within its limits, and turn failures into reasons?
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/engine/engine.h"
#include "lib/model/identity.h"
#include "tests/rows.h"

/*
 * A small catalogue: a cheap probe, two heavy ones, one per key, one of another mode and version.
 */

static void pick_three(const struct srd_evidence *ev, struct srd_keys *out)
{
    (void)ev;
    srd_keys_add(out, "1", NULL, NULL);
    srd_keys_add(out, "2", NULL, NULL);
    srd_keys_add(out, "3", NULL, NULL);
}

static const struct srd_probe cheap = {
    .id = "cheap", .texts = { { 0, 0, 0, "SHOW CHEAP" } }, .columns = "A", .where = SRD_ASK_LEADER
};
static const struct srd_probe heavy_one = {
    .id = "heavy-one", .texts = { { 0, 0, 0, "SHOW ONE" } }, .columns = "A", .cost = SRD_COST_HEAVY
};
static const struct srd_probe heavy_two = {
    .id = "heavy-two", .texts = { { 0, 0, 0, "SHOW TWO" } }, .columns = "A", .cost = SRD_COST_HEAVY
};
static const struct srd_probe per_key = {
    .id = "per-key",
    .texts = { { 0, 0, 0, "SHOW PROC '/x/{id}'" } },
    .columns = "A",
    .params = { { "id", SRD_PARAM_INTEGER } },
    .after = &cheap,
    .pick = pick_three,
    .max_keys = 2,
};
static void pick_argument(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_arg_value *name = srd_view_arg(ev, "name");

    srd_keys_add(out, name ? name->text : "of-all", NULL, NULL);
}
static const struct srd_probe by_argument = {
    .id = "by-argument",
    .texts = { { 0, 0, 0, "SHOW {name}" } },
    .columns = "A",
    .params = { { "name", SRD_PARAM_TEXT } },
    .pick = pick_argument,
};
/* Asks what "cheap" did not answer. */
static void pick_rest(const struct srd_evidence *ev, struct srd_keys *out)
{
    if (!srd_evidence_get(ev, &cheap, NULL))
        srd_keys_add(out, "", NULL, NULL);
}
static const struct srd_probe instead = {
    .id = "instead",
    .texts = { { 0, 0, 0, "SHOW INSTEAD" } },
    .columns = "A",
    .behind = &cheap,
    .pick = pick_rest,
};
static const struct srd_probe other_mode = {
    .id = "other-mode", .texts = { { SRD_MODE_SHARED_DATA, 0, 0, "SHOW LAKE" } }, .columns = "A"
};
static const struct srd_probe newer = { .id = "newer",
                                        .texts = { { 0, SRD_VERSION(9, 0, 0), 0, "SHOW NEWER" } },
                                        .columns = "A" };
static const struct srd_probe each = {
    .id = "each", .texts = { { 0, 0, 0, "SHOW MINE" } }, .columns = "A", .where = SRD_ASK_EACH
};
static const struct srd_probe on_node = {
    .id = "on-node", .texts = { { 0, 0, 0, "SELECT 1" } }, .columns = "A", .needs_node = true
};
static const struct srd_probe slow = {
    .id = "slow", .texts = { { 0, 0, 0, "SHOW SLOW" } }, .columns = "A", .timeout_s = 1
};
static const struct srd_probe guard = { .id = "guard",
                                        .texts = { { 0, 0, 0, "SHOW LOCKS" } },
                                        .columns = "A" };

static bool stressed(const struct srd_evidence *ev, const char **why)
{
    const struct srd_table *table = srd_evidence_get(ev, &guard, NULL);

    *why = "locks";
    return table && table->rows > 0;
}

static const struct srd_expert *const no_experts[] = { NULL };
static const struct srd_cause *const no_causes[] = { NULL };
static const struct srd_area no_areas[] = { { NULL, 0 } };
static const struct srd_catalogue catalogue = { .version = "1",
                                                .experts = no_experts,
                                                .causes = no_causes,
                                                .areas = no_areas,
                                                .guard = &guard,
                                                .stressed = stressed };

/* A source that answers from a list and remembers what it was asked. */

struct reply {
    const char *probe, *table; /* table NULL: status */
    enum srd_status status;
    int wait_ms; /* until then or cancel or the deadline */
    bool lost;   /* the source is gone */
};

struct fake {
    struct srd_source source;
    const struct reply *replies;
    pthread_mutex_t lock;
    char asked[2048]; /* "probe key@node " in the order in which answers were given */
    int running, running_most, heavy, heavy_most, batches;
    atomic_bool cancelled;
};

static const struct reply *find(const struct fake *fake, const char *id)
{
    for (const struct reply *r = fake->replies; r->probe; r++)
        if (!strcmp(r->probe, id))
            return r;
    return NULL;
}

static bool wait_for(struct fake *fake, const struct srd_question *q, int wait_ms)
{
    int64_t until = srd_clock_monotonic_ms() + wait_ms;

    while (srd_clock_monotonic_ms() < until) {
        struct timespec nap = { 0, 1000000 };

        if (fake->cancelled || srd_clock_monotonic_ms() >= q->deadline_ms)
            return false;
        nanosleep(&nap, NULL);
    }
    return true;
}

static void count(struct fake *fake, const struct srd_question *q, int step)
{
    pthread_mutex_lock(&fake->lock);
    fake->running += step;
    fake->running_most = fake->running > fake->running_most ? fake->running : fake->running_most;
    if (q->probe->cost == SRD_COST_HEAVY)
        fake->heavy += step;
    fake->heavy_most = fake->heavy > fake->heavy_most ? fake->heavy : fake->heavy_most;
    if (step < 0) {
        size_t used = strlen(fake->asked);

        snprintf(fake->asked + used, sizeof(fake->asked) - used, "%s%s%s%s%s ", q->probe->id,
                 q->key[0] ? ":" : "", q->key, q->node[0] ? "@" : "", q->node);
    }
    pthread_mutex_unlock(&fake->lock);
}

static int ask(struct srd_source *src, const struct srd_question *q, struct srd_arena *arena,
               struct srd_answer *out, struct srd_error *err)
{
    struct fake *fake = (struct fake *)src;
    const struct reply *r = find(fake, q->probe->id);
    bool in_time;

    count(fake, q, 1);
    in_time = wait_for(fake, q, r ? r->wait_ms : 0);
    count(fake, q, -1);
    if (r && r->lost)
        return srd_fail(err, SRD_E_CONNECT, "gone");
    out->status = !in_time ? SRD_TIMED_OUT : !r ? SRD_SKIPPED : r->table ? SRD_ANSWERED : r->status;
    out->detail = out->status == SRD_ANSWERED ? "" : "says the fake";
    if (out->status == SRD_ANSWERED)
        out->table = srd_table_of(arena, r->table);
    return 0;
}

static int use(struct srd_source *src, const struct srd_cluster *cluster, bool *follower,
               struct srd_error *err)
{
    (void)src;
    (void)cluster;
    (void)err;
    *follower = false;
    return 0;
}

static void cancel(struct srd_source *src)
{
    ((struct fake *)src)->cancelled = true;
}

static void close_fake(struct srd_source *src)
{
    (void)src;
}

static const struct srd_source_ops ops = {
    .ask = ask, .use = use, .cancel = cancel, .close = close_fake
};

/* The same source, as one that takes all questions at once. */
static int ask_many(struct srd_source *src, const struct srd_batch *batch, struct srd_error *err)
{
    ((struct fake *)src)->batches++;
    for (size_t i = 0; i < batch->count; i++) {
        struct srd_question q = *batch->questions[i];
        int64_t until = srd_clock_monotonic_ms() + 1000 * (int64_t)srd_probe_timeout_s(q.probe);
        struct srd_answer answer = { .node = q.node, .detail = "" };
        struct srd_arena *memory = srd_arena_new();
        int failed;

        q.deadline_ms = until < batch->deadline_ms ? until : batch->deadline_ms;
        failed = ask(src, &q, memory, &answer, err);
        if (!failed)
            batch->answered(batch->context, i, &answer, &memory);
        srd_arena_free(&memory);
        if (failed)
            return failed;
    }
    return 0;
}

static const struct srd_source_ops batch_ops = {
    .ask = ask, .ask_many = ask_many, .use = use, .cancel = cancel, .close = close_fake
};
static bool in_batches;

static int set_batches(void **state)
{
    (void)state;
    in_batches = true;
    return 0;
}

static int unset_batches(void **state)
{
    (void)state;
    in_batches = false;
    return 0;
}

#define FRONTENDS                                                                                  \
    {                                                                                              \
        "frontends",                                                                               \
            "IP|QueryPort|Role|Alive|Version|LastHeartbeat\n"                                      \
            "fe1|9030|LEADER|true|3.5.7-x|\\N\nfe2|9030|FOLLOWER|true|3.5.7-x|\\N\n"               \
            "fe3|9030|FOLLOWER|false|3.5.7-x|\\N\n",                                               \
            0, 0, false                                                                            \
    }
#define MODE                                                                                       \
    {                                                                                              \
        "run-mode", "Key|Value\nrun_mode|shared_nothing\n", 0, 0, false                            \
    }
#define BACKENDS                                                                                   \
    {                                                                                              \
        "backends", "BackendId|IP|Alive\n1|be1|true\n", 0, 0, false                                \
    }
#define NODES                                                                                      \
    {                                                                                              \
        "compute-nodes", "ComputeNodeId|IP|Alive\n", 0, 0, false                                   \
    }
#define IDENTITY FRONTENDS, MODE, BACKENDS, NODES
#define ONE_ROW "A\n1\n"

struct run {
    struct srd_arena *arena;
    struct fake fake;
    struct srd_run_options options;
    struct srd_evidence *ev;
    bool recorded; /* the source is a file */
    bool partial;
    struct srd_error err;
    int failed;
};

static void start(struct run *run, const struct reply *replies,
                  const struct srd_probe *const *probes)
{
    run->arena = srd_arena_new();
    run->fake.source = (struct srd_source){ .ops = in_batches ? &batch_ops : &ops,
                                            .info = { "fake", "fake", "", 0 },
                                            .connected = "fe1:9030",
                                            .recorded = run->recorded,
                                            .parallel = 4 };
    run->fake.replies = replies;
    pthread_mutex_init(&run->fake.lock, NULL);
    run->failed = srd_collect(&catalogue, &run->fake.source, probes, &run->options, run->arena,
                              &run->ev, &run->partial, &run->err);
}

static void end(struct run *run)
{
    srd_arena_free(&run->arena);
}

static const struct srd_answer *answer(struct run *run, const struct srd_probe *probe)
{
    return srd_evidence_next(run->ev, probe, NULL);
}

#define PROBES(...) ((const struct srd_probe *const[]){ __VA_ARGS__, NULL })
#define REPLIES(...) ((const struct reply[]){ __VA_ARGS__, { NULL, NULL, 0, 0, false } })

static void asks_a_probe_once_however_often_it_is_wanted(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run, REPLIES(IDENTITY, { "cheap", ONE_ROW, 0, 0, false }), PROBES(&cheap, &cheap));
    assert_int_equal(run.failed, 0);
    assert_non_null(strstr(run.fake.asked, "cheap"));
    assert_null(strstr(strstr(run.fake.asked, "cheap") + 1, "cheap"));
    assert_int_equal(run.ev->cluster.version, SRD_VERSION(3, 5, 7));
    assert_int_equal(run.ev->cluster.mode, SRD_MODE_SHARED_NOTHING);
    end(&run);
}

static void asks_for_the_picked_keys_up_to_the_maximum_and_says_what_is_left_out(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run,
          REPLIES(IDENTITY, { "cheap", ONE_ROW, 0, 0, false }, { "per-key", ONE_ROW, 0, 0, false }),
          PROBES(&per_key));
    assert_non_null(strstr(run.fake.asked, "per-key:1 "));
    assert_non_null(strstr(run.fake.asked, "per-key:2 "));
    assert_null(strstr(run.fake.asked, "per-key:3 "));
    assert_int_equal(srd_evidence_left_out(run.ev, &per_key), 1);
    assert_non_null(srd_evidence_get(run.ev, &per_key, "2"));
    end(&run);
}

static void what_is_asked_behind_another_sees_what_became_of_it(void **state)
{
    struct run answered = { 0 }, denied = { 0 }, alone = { 0 };

    (void)state;
    start(&answered,
          REPLIES(IDENTITY, { "cheap", ONE_ROW, 0, 0, false }, { "instead", ONE_ROW, 0, 0, false }),
          PROBES(&instead, &cheap));
    assert_null(strstr(answered.fake.asked, "instead"));
    assert_null(srd_evidence_missing(answered.ev, &instead));
    end(&answered);
    start(&denied,
          REPLIES(IDENTITY, { "cheap", NULL, SRD_DENIED, 0, false },
                  { "instead", ONE_ROW, 0, 0, false }),
          PROBES(&instead, &cheap));
    assert_non_null(strstr(denied.fake.asked, "instead"));
    assert_non_null(srd_evidence_get(denied.ev, &instead, NULL));
    end(&denied);
    start(&alone, REPLIES(IDENTITY, { "instead", ONE_ROW, 0, 0, false }), PROBES(&instead));
    assert_null(strstr(alone.fake.asked, "cheap"));
    assert_non_null(strstr(alone.fake.asked, "instead"));
    end(&alone);
}

static void fill_one(const struct srd_evidence *ev, const struct srd_arg_value *args,
                     struct srd_rows *out)
{
    (void)args;
    srd_rows_add(out);
    srd_put_text(out, "a", srd_cell(srd_evidence_get(ev, &by_argument, NULL), 0, "A"));
}

/* The argument of a view gets into the question, and without a view the pick decides. */
static void a_pick_may_use_the_arguments_of_the_view(void **state)
{
    static const struct srd_view view = {
        .name = "one",
        .args = { { .name = "other", .type = SRD_ARG_INTEGER },
                  { .name = "name", .type = SRD_ARG_TEXT, .required = true } },
        .columns = { { "a", "A", SRD_UNIT_TEXT, false, "" } },
        .needs = { &by_argument },
        .fill = fill_one,
    };
    static const struct srd_arg_value args[] = { { .number = 1 },
                                                 { .text = "it's", .given = true } };
    struct run run = { 0 };
    struct srd_view_report *report;

    (void)state;
    start(&run, REPLIES(IDENTITY, { "by-argument", ONE_ROW, 0, 0, false }), PROBES(&by_argument));
    assert_non_null(strstr(run.fake.asked, "by-argument:of-all "));
    run.fake.asked[0] = '\0';
    assert_int_equal(srd_run_view(&catalogue, &run.fake.source, NULL, &view, args, &run.options,
                                  run.arena, &report, &run.err),
                     0);
    assert_non_null(strstr(run.fake.asked, "by-argument:it's "));
    assert_null(strstr(run.fake.asked, "of-all"));
    assert_int_equal(report->rows->count, 1);
    assert_null(srd_view_arg(report->ev, "nothing"));
    assert_int_equal(srd_view_arg(report->ev, "other")->number, 1);
    end(&run);
}

static void fill_empty(const struct srd_evidence *ev, const struct srd_arg_value *args,
                       struct srd_rows *out)
{
    (void)ev;
    (void)args;
    (void)out;
}

/* Each run mode has a question of its own: that of the other is no obstacle, its own is. */
static void a_view_needs_what_its_mode_has(void **state)
{
    static const struct srd_view either = { .name = "either",
                                            .needs = { &other_mode, &cheap },
                                            .fill = fill_empty };
    static const struct srd_view only = { .name = "only",
                                          .needs = { &other_mode },
                                          .fill = fill_empty };
    struct run fine = { 0 }, denied = { 0 };
    struct srd_view_report *report;

    (void)state;
    start(&fine, REPLIES(IDENTITY, { "cheap", ONE_ROW, 0, 0, false }), PROBES(&cheap));
    assert_int_equal(srd_run_view(&catalogue, &fine.fake.source, NULL, &either, NULL, &fine.options,
                                  fine.arena, &report, &fine.err),
                     0);
    assert_int_equal(report->status, SRD_ANSWERED);
    assert_int_equal(srd_run_view(&catalogue, &fine.fake.source, NULL, &only, NULL, &fine.options,
                                  fine.arena, &report, &fine.err),
                     0);
    assert_int_equal(report->status, SRD_MODE_ABSENT);
    end(&fine);
    start(&denied, REPLIES(IDENTITY, { "cheap", NULL, SRD_DENIED, 0, false }), PROBES(&cheap));
    assert_int_equal(srd_run_view(&catalogue, &denied.fake.source, NULL, &either, NULL,
                                  &denied.options, denied.arena, &report, &denied.err),
                     0);
    assert_int_equal(report->status, SRD_DENIED);
    end(&denied);
}

static void judge_nothing(const struct srd_evidence *ev, struct srd_findings *out)
{
    (void)ev;
    (void)out;
}

/* The cluster is shared-nothing and of 3.5.7. */
static void only_what_fitting_checks_want_is_asked(void **state)
{
    static const struct srd_check fits = { .id = "x.fits",
                                           .mode = SRD_MODE_SHARED_NOTHING,
                                           .since = SRD_VERSION(3, 5, 0),
                                           .needs = { &cheap },
                                           .judge = judge_nothing };
    static const struct srd_check lake = { .id = "x.lake",
                                           .mode = SRD_MODE_SHARED_DATA,
                                           .needs = { &cheap },
                                           .wants = { &each },
                                           .judge = judge_nothing };
    static const struct srd_check late = {
        .id = "x.late", .since = SRD_VERSION(4, 0, 0), .needs = { &slow }, .judge = judge_nothing
    };
    static const struct srd_check *const group[] = { &lake, &late, &fits, NULL };
    static const struct srd_check *const *const checks[] = { group, NULL };
    static const struct srd_expert expert = { .name = "x", .checks = checks };
    static const struct srd_expert *const alone[] = { &expert, NULL };
    struct run run = { 0 };
    struct srd_report *report;

    (void)state;
    start(&run,
          REPLIES(IDENTITY, { "cheap", ONE_ROW, 0, 0, false }, { "each", ONE_ROW, 0, 0, false },
                  { "slow", ONE_ROW, 0, 0, false }),
          PROBES(&guard));
    run.fake.asked[0] = '\0';
    assert_int_equal(srd_run_experts(&catalogue, &run.fake.source, alone, &run.options, run.arena,
                                     &report, &run.err),
                     0);
    assert_non_null(strstr(run.fake.asked, "cheap"));
    assert_null(strstr(run.fake.asked, "each"));
    assert_null(strstr(run.fake.asked, "slow"));
    assert_int_equal(report->results[0].verdict, SRD_NOT_APPLICABLE);
    assert_int_equal(report->results[1].status, SRD_VERSION_ABSENT);
    assert_int_equal(report->results[2].verdict, SRD_CHECKED);
    end(&run);
}

/* So do those of an expert that runs alone; among others each has its own default. */
static void a_pick_may_use_the_arguments_of_the_expert(void **state)
{
    static const struct srd_check check = { .id = "x.one",
                                            .needs = { &by_argument },
                                            .judge = judge_nothing };
    static const struct srd_check *const group[] = { &check, NULL };
    static const struct srd_check *const *const checks[] = { group, NULL };
    static const struct srd_expert with = { .name = "x",
                                            .checks = checks,
                                            .args = { { .name = "name", .type = SRD_ARG_TEXT } } };
    static const struct srd_expert without = { .name = "y" };
    static const struct srd_expert *const alone[] = { &with, NULL };
    static const struct srd_expert *const both[] = { &with, &without, NULL };
    static const struct srd_arg_value args[] = { { .text = "mine", .given = true } };
    static const struct {
        const struct srd_expert *const *experts;
        const struct srd_arg_value *args;
        const char *asked;
    } cases[] = { { alone, args, "by-argument:mine " },
                  { alone, NULL, "by-argument:of-all " },
                  { both, args, "by-argument:of-all " } };
    struct run run = { 0 };
    struct srd_report *report;

    (void)state;
    start(&run, REPLIES(IDENTITY, { "by-argument", ONE_ROW, 0, 0, false }), PROBES(&cheap));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run.fake.asked[0] = '\0';
        run.options.args = cases[i].args;
        assert_int_equal(srd_run_experts(&catalogue, &run.fake.source, cases[i].experts,
                                         &run.options, run.arena, &report, &run.err),
                         0);
        assert_non_null(strstr(run.fake.asked, cases[i].asked));
        assert_ptr_equal(report->args, cases[i].experts == alone ? cases[i].args : NULL);
    }
    end(&run);
}

static void a_follow_up_of_a_denied_probe_is_missing_for_that_reason(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run, REPLIES(IDENTITY, { "cheap", NULL, SRD_DENIED, 0, false }), PROBES(&per_key));
    assert_null(strstr(run.fake.asked, "per-key"));
    assert_non_null(srd_evidence_missing(run.ev, &per_key));
    assert_int_equal(srd_evidence_missing(run.ev, &per_key)->status, SRD_DENIED);
    end(&run);
}

static void never_runs_two_heavy_ones_at_a_time_nor_more_than_four(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run,
          REPLIES(IDENTITY, { "heavy-one", ONE_ROW, 0, 30, false },
                  { "heavy-two", ONE_ROW, 0, 30, false }, { "cheap", ONE_ROW, 0, 30, false },
                  { "guard", "A\n", 0, 0, false }),
          PROBES(&heavy_one, &heavy_two, &cheap));
    assert_int_equal(run.fake.heavy_most, 1);
    assert_true(run.fake.running_most <= 4);
    assert_int_equal(answer(&run, &heavy_two)->status, SRD_ANSWERED);
    end(&run);
}

static void heavy_ones_are_skipped_while_the_cluster_is_under_stress(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run, REPLIES(IDENTITY, { "guard", ONE_ROW, 0, 0, false }), PROBES(&heavy_one));
    assert_null(strstr(run.fake.asked, "heavy-one"));
    assert_int_equal(answer(&run, &heavy_one)->status, SRD_SKIPPED);
    assert_string_equal(answer(&run, &heavy_one)->detail, "cluster under stress: locks");
    end(&run);
}

/*
 * Tablets of two BEs (one dead) and of a CN; which limit; the source is a file; is the probe asked?
 */
static const struct size_row {
    const char *name, *backends, *nodes;
    int64_t limit;
    bool recorded, asked;
} sizes[] = {
    { "ten million are asked", "4000000", "2000000", 0, false, true },
    { "one more is not", "4000000", "2000001", 0, false, false },
    { "a limit of the user wins", "4000000", "2000001", 10000001, false, true },
    { "a lower one, too", "1", "1", 2, false, false },
    { "and none at all", "1e15", "1e15", -1, false, true },
    { "a size that is not known is no reason", "\\N", "N/A", 1, false, true },
    { "nonsense does not make it small", "-7000000000", "30", 10, false, false },
    { "a file costs nothing", "4000000000", "1", 0, true, true },
};

static void size_decides(void **state)
{
    const struct size_row *row = *state;
    struct run run = { .recorded = row->recorded, .options.heavy_limit = row->limit };
    char backends[256], nodes[256];

    snprintf(backends, sizeof(backends),
             "BackendId|IP|Alive|TabletNum\n1|be1|true|%s\n2|be2|false|%s\n", row->backends,
             row->backends);
    snprintf(nodes, sizeof(nodes), "ComputeNodeId|IP|Alive|TabletNum\n3|cn1|true|%s\n", row->nodes);
    start(&run,
          REPLIES(FRONTENDS, MODE, { "backends", backends, 0, 0, false },
                  { "compute-nodes", nodes, 0, 0, false }, { "guard", "A\n", 0, 0, false },
                  { "cheap", ONE_ROW, 0, 0, false }, { "heavy-one", ONE_ROW, 0, 0, false }),
          PROBES(&heavy_one, &cheap));
    assert_int_equal(answer(&run, &cheap)->status, SRD_ANSWERED);
    assert_int_equal(answer(&run, &heavy_one)->status, row->asked ? SRD_ANSWERED : SRD_SKIPPED);
    assert_int_equal(strstr(run.fake.asked, "heavy-one") != NULL, row->asked);
    end(&run);
}

static void a_cluster_that_is_too_large_says_how_to_ask_all_the_same(void **state)
{
    struct run run = { .options.heavy_limit = 1000 };

    (void)state;
    start(&run,
          REPLIES(FRONTENDS, MODE, NODES,
                  { "backends", "BackendId|IP|Alive|TabletNum\n1|be1|true|1234567\n", 0, 0, false },
                  { "guard", "A\n", 0, 0, false }),
          PROBES(&heavy_one));
    assert_string_equal(answer(&run, &heavy_one)->detail,
                        "cluster too large: 1,234,567 tablet replicas, and heavy questions are "
                        "asked up to 1,000; --heavy-limit 0 asks them all the same");
    end(&run);
}

static void what_the_mode_or_version_lacks_is_not_asked(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run, REPLIES(IDENTITY), PROBES(&other_mode, &newer));
    assert_int_equal(answer(&run, &other_mode)->status, SRD_MODE_ABSENT);
    assert_int_equal(answer(&run, &newer)->status, SRD_VERSION_ABSENT);
    assert_string_equal(answer(&run, &newer)->detail, "needs StarRocks 9.0.0 or newer");
    assert_null(strstr(run.fake.asked, "newer"));
    end(&run);
}

static void a_question_for_each_fe_goes_to_the_alive_ones(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run, REPLIES(IDENTITY, { "each", ONE_ROW, 0, 0, false }), PROBES(&each));
    assert_non_null(strstr(run.fake.asked, "each@fe1:9030"));
    assert_non_null(strstr(run.fake.asked, "each@fe2:9030"));
    assert_null(strstr(run.fake.asked, "each@fe3:9030"));
    end(&run);
}

/* Seven are alive: the leader, the one that we are connected to, and the first three others. */
static void of_many_fes_five_are_asked(void **state)
{
    static const char frontends[] =
        "IP|QueryPort|Role|Alive|LastHeartbeat|Version\n"
        "fe5|9030|FOLLOWER|false|2026-01-20 02:00:00|3.5.7-x\nfe6|9030|FOLLOWER|true|2026-01-20 "
        "02:00:00|3.5.7-x\n"
        "fe7|9030|OBSERVER|true|2026-01-20 02:00:00|3.5.7-x\nfe8|9030|OBSERVER|true|2026-01-20 "
        "02:00:00|3.5.7-x\n"
        "fe9|9030|OBSERVER|true|2026-01-20 02:00:00|3.5.7-x\nfe0|9030|OBSERVER|true|2026-01-20 "
        "02:00:00|3.5.7-x\n"
        "fe1|9030|FOLLOWER|true|2026-01-20 02:00:00|3.5.7-x\nfe2|9030|LEADER|true|2026-01-20 "
        "02:00:00|3.5.7-x\n";
    struct run run = { 0 };
    size_t answered = 0, skipped = 0;

    (void)state;
    start(&run,
          REPLIES({ "frontends", frontends, 0, 0, false }, MODE, BACKENDS, NODES,
                  { "each", ONE_ROW, 0, 0, false }),
          PROBES(&each));
    for (const struct srd_answer *a = NULL; (a = srd_evidence_next(run.ev, &each, a));) {
        answered += a->status == SRD_ANSWERED;
        skipped += a->status == SRD_SKIPPED;
    }
    assert_int_equal(answered, 5);
    assert_int_equal(skipped, 2);
    assert_non_null(strstr(run.fake.asked, "each@fe2:9030"));
    assert_non_null(strstr(run.fake.asked, "each@fe1:9030"));
    assert_non_null(strstr(run.fake.asked, "each@fe6:9030"));
    assert_non_null(strstr(run.fake.asked, "each@fe7:9030"));
    assert_non_null(strstr(run.fake.asked, "each@fe8:9030"));
    end(&run);
}

static void no_statement_that_needs_a_node_is_sent_while_none_is_alive(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run,
          REPLIES(FRONTENDS, MODE, { "backends", "BackendId|IP|Alive\n1|be1|false\n", 0, 0, false },
                  NODES),
          PROBES(&on_node));
    assert_int_equal(answer(&run, &on_node)->status, SRD_NO_BACKEND);
    assert_null(strstr(run.fake.asked, "on-node"));
    end(&run);
}

static void a_slow_probe_costs_its_own_limit_and_nothing_else(void **state)
{
    struct run run = { 0 };
    int64_t began = srd_clock_monotonic_ms();

    (void)state;
    start(&run,
          REPLIES(IDENTITY, { "slow", NULL, 0, 60000, false }, { "cheap", ONE_ROW, 0, 0, false }),
          PROBES(&slow, &cheap));
    assert_true(srd_clock_monotonic_ms() - began >= 900);
    assert_false(run.partial);
    assert_int_equal(answer(&run, &slow)->status, SRD_TIMED_OUT);
    assert_int_equal(answer(&run, &cheap)->status, SRD_ANSWERED);
    end(&run);
}

static void the_end_of_the_time_makes_a_partial_run_with_reasons(void **state)
{
    struct run run = { .options = { .timeout_ms = 100 } };

    (void)state;
    start(&run, REPLIES(IDENTITY, { "cheap", NULL, 0, 60000, false }), PROBES(&per_key));
    assert_int_equal(run.failed, 0);
    assert_true(run.partial);
    assert_int_equal(answer(&run, &cheap)->status, SRD_TIMED_OUT);
    assert_int_equal(srd_evidence_missing(run.ev, &per_key)->status, SRD_TIMED_OUT);
    end(&run);
}

static void ctrl_c_ends_the_run(void **state)
{
    static const volatile sig_atomic_t pressed = 1;
    struct run run = { .options = { .cancel = &pressed } };

    (void)state;
    start(&run, REPLIES(IDENTITY, { "cheap", NULL, 0, 60000, false }), PROBES(&cheap));
    assert_int_equal(run.failed, SRD_E_CANCELLED);
    end(&run);
}

static void a_cluster_lost_in_the_middle_leaves_what_was_learnt(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run, REPLIES(IDENTITY, { "cheap", NULL, 0, 0, true }), PROBES(&cheap));
    assert_int_equal(run.failed, 0);
    assert_int_equal(answer(&run, &cheap)->status, SRD_FAILED);
    assert_string_equal(answer(&run, &cheap)->detail, "gone");
    end(&run);
}

static void a_mysql_that_is_no_starrocks_is_named_as_such(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run,
          REPLIES({ "frontends", NULL, SRD_FAILED, 0, false },
                  { "run-mode", NULL, SRD_FAILED, 0, false },
                  { "backends", NULL, SRD_FAILED, 0, false },
                  { "compute-nodes", NULL, SRD_FAILED, 0, false },
                  { "clock", "UNIX_TIME\n1\n", 0, 0, false }),
          PROBES(&cheap));
    assert_int_equal(run.failed, SRD_E_CONNECT);
    assert_non_null(strstr(run.err.text, "no StarRocks FE"));
    end(&run);
}

static void a_server_that_accepts_and_stays_silent_is_named_as_such(void **state)
{
    struct run run = { .options = { .timeout_ms = 100 } };

    (void)state;
    start(&run,
          REPLIES({ "frontends", NULL, 0, 60000, false }, { "run-mode", NULL, 0, 60000, false },
                  { "backends", NULL, 0, 60000, false }, { "compute-nodes", NULL, 0, 60000, false },
                  { "clock", NULL, 0, 60000, false }),
          PROBES(&cheap));
    assert_int_equal(run.failed, SRD_E_CONNECT);
    assert_non_null(strstr(run.err.text, "answered no statement in time"));
    end(&run);
}

static void a_plan_names_level_and_text_and_what_is_not_asked(void **state)
{
    struct srd_arena *arena = srd_arena_new();
    const struct srd_plan_item *items;
    size_t n = srd_plan(&catalogue, PROBES(&per_key, &heavy_one, &newer), SRD_VERSION(3, 5, 0),
                        SRD_MODE_SHARED_NOTHING, arena, &items);
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        if (items[i].probe == &cheap)
            assert_int_equal(items[i].level, 1);
        if (items[i].probe == &per_key || items[i].probe == &heavy_one)
            assert_int_equal(items[i].level, 2);
        if (items[i].probe == &newer)
            assert_string_equal(items[i].reason, "version");
        found += items[i].probe == &guard;
        if (i)
            assert_true(items[i].level >= items[i - 1].level);
    }
    assert_int_equal(found, 1);
    srd_arena_free(&arena);
}

/* ---- a source over which the cluster was known already ---- */

/* Once more over the same source, whose cluster may have changed. */
static void again(struct run *run, const struct reply *replies,
                  const struct srd_probe *const *probes)
{
    run->fake.replies = replies;
    run->fake.asked[0] = '\0';
    run->fake.batches = 0;
    run->err = (struct srd_error){ 0 };
    run->failed = srd_collect(&catalogue, &run->fake.source, probes, &run->options, run->arena,
                              &run->ev, &run->partial, &run->err);
}

static int times_asked(const struct run *run, const char *word)
{
    int n = 0;

    for (const char *p = run->fake.asked; (p = strstr(p, word)); p++)
        n++;
    return n;
}

#define CHEAP                                                                                      \
    {                                                                                              \
        "cheap", ONE_ROW, 0, 0, false                                                              \
    }
#define NEWER                                                                                      \
    {                                                                                              \
        "newer", ONE_ROW, 0, 0, false                                                              \
    }
#define FRONTENDS_OF(first, second, version)                                                       \
    {                                                                                              \
        "frontends",                                                                               \
            "IP|QueryPort|Role|Alive|Version|LastHeartbeat\n"                                      \
            "fe1|9030|" first "|true|" version "|\\N\nfe2|9030|" second "|true|" version "|\\N\n", \
            0, 0, false                                                                            \
    }

static void what_waits_for_nothing_goes_along_with_identity_the_second_time(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run, REPLIES(IDENTITY, CHEAP), PROBES(&cheap));
    assert_int_equal(run.fake.batches, in_batches ? 2 : 0);
    again(&run, REPLIES(IDENTITY, { "cheap", "A\n7\n", 0, 0, false }), PROBES(&cheap));
    assert_int_equal(run.fake.batches, in_batches ? 1 : 0);
    assert_int_equal(times_asked(&run, "cheap"), 1);
    assert_string_equal(srd_cell(srd_evidence_get(run.ev, &cheap, NULL), 0, "A"), "7");
    assert_ptr_equal(run.ev->answers[run.ev->count - 1].probe, &cheap); /* identity comes first */
    end(&run);
}

static void follow_ups_wait_for_what_they_follow(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run, REPLIES(IDENTITY, CHEAP, { "per-key", ONE_ROW, 0, 0, false }), PROBES(&per_key));
    again(&run, REPLIES(IDENTITY, CHEAP, { "per-key", ONE_ROW, 0, 0, false }), PROBES(&per_key));
    assert_int_equal(run.fake.batches, in_batches ? 2 : 0);
    assert_int_equal(times_asked(&run, "per-key"), 2);
    assert_true(strstr(run.fake.asked, "cheap") < strstr(run.fake.asked, "per-key"));
    end(&run);
}

static void what_the_version_has_no_more_does_not_count(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run, REPLIES(FRONTENDS_OF("LEADER", "FOLLOWER", "9.0.0"), MODE, BACKENDS, NODES, NEWER),
          PROBES(&newer));
    assert_non_null(srd_evidence_get(run.ev, &newer, NULL));
    again(&run, REPLIES(FRONTENDS_OF("LEADER", "FOLLOWER", "3.5.7"), MODE, BACKENDS, NODES, NEWER),
          PROBES(&newer));
    assert_int_equal(answer(&run, &newer)->status, SRD_VERSION_ABSENT);
    again(&run, REPLIES(FRONTENDS_OF("LEADER", "FOLLOWER", "9.0.0"), MODE, BACKENDS, NODES, NEWER),
          PROBES(&newer));
    assert_non_null(srd_evidence_get(run.ev, &newer, NULL));
    end(&run);
}

static void under_another_leader_it_is_asked_again(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run, REPLIES(FRONTENDS_OF("LEADER", "FOLLOWER", "3.5.7"), MODE, BACKENDS, NODES, CHEAP),
          PROBES(&cheap));
    again(&run, REPLIES(FRONTENDS_OF("FOLLOWER", "LEADER", "3.5.7"), MODE, BACKENDS, NODES, CHEAP),
          PROBES(&cheap));
    assert_int_equal(times_asked(&run, "cheap"), 2);
    assert_string_equal(run.ev->cluster.leader, "fe2:9030");
    again(&run, REPLIES(FRONTENDS_OF("FOLLOWER", "LEADER", "3.5.7"), MODE, BACKENDS, NODES, CHEAP),
          PROBES(&cheap));
    assert_int_equal(times_asked(&run, "cheap"), 1);
    end(&run);
}

static void while_no_node_lived_nothing_that_needs_one_goes_along(void **state)
{
    static const struct reply dead[] = { FRONTENDS,
                                         MODE,
                                         { "backends", "BackendId|IP|Alive\n1|be1|false\n", 0, 0,
                                           false },
                                         NODES,
                                         { 0 } };
    struct run run = { 0 };

    (void)state;
    start(&run, dead, PROBES(&on_node));
    again(&run, dead, PROBES(&on_node));
    assert_int_equal(times_asked(&run, "on-node"), 0);
    end(&run);
}

static void what_a_file_holds_is_not_guessed(void **state)
{
    struct run run = { .recorded = true };

    (void)state;
    start(&run, REPLIES(IDENTITY, CHEAP), PROBES(&cheap));
    again(&run, REPLIES(IDENTITY, CHEAP), PROBES(&cheap));
    assert_int_equal(run.fake.batches, in_batches ? 2 : 0);
    end(&run);
}

static void a_cluster_lost_behind_identity_leaves_identity(void **state)
{
    struct run run = { 0 };

    (void)state;
    start(&run, REPLIES(IDENTITY, CHEAP), PROBES(&cheap));
    again(&run, REPLIES(IDENTITY, { "cheap", NULL, 0, 50, true }), PROBES(&cheap));
    assert_int_equal(run.failed, 0);
    assert_int_equal(answer(&run, &cheap)->status, SRD_FAILED);
    assert_int_equal(run.ev->cluster.version, SRD_VERSION(3, 5, 7));
    end(&run);
}

/* Threads that somebody lends; none, the third time. */
static int lent;

static void *carry(void *what)
{
    void (*run)(void *) = *(void (**)(void *))what;
    void *context = ((void **)what)[1];

    free(what);
    run(context);
    return NULL;
}

static bool lend(void *context, void (*run)(void *), void *what)
{
    void **task = calloc(2, sizeof(*task));
    pthread_t thread;

    (void)context;
    if (lent == 2 || !task) {
        free(task);
        return false;
    }
    lent++;
    memcpy(&task[0], &run, sizeof(run));
    task[1] = what;
    assert_int_equal(pthread_create(&thread, NULL, carry, task), 0);
    pthread_detach(thread);
    return true;
}

static void threads_are_borrowed_as_far_as_they_are_lent(void **state)
{
    static const struct srd_hands hands = { .lend = lend };
    struct run run = { .options = { .hands = &hands } };

    (void)state;
    lent = 0;
    start(&run, REPLIES(IDENTITY, CHEAP), PROBES(&cheap));
    assert_int_equal(run.failed, 0);
    assert_int_equal(lent, in_batches ? 1 : 2);
    assert_non_null(srd_evidence_get(run.ev, &cheap, NULL));
    end(&run);
}

int main(void)
{
    const struct CMUnitTest single[] = {
        cmocka_unit_test(asks_a_probe_once_however_often_it_is_wanted),
        cmocka_unit_test(asks_for_the_picked_keys_up_to_the_maximum_and_says_what_is_left_out),
        cmocka_unit_test(what_is_asked_behind_another_sees_what_became_of_it),
        cmocka_unit_test(a_pick_may_use_the_arguments_of_the_view),
        cmocka_unit_test(a_view_needs_what_its_mode_has),
        cmocka_unit_test(only_what_fitting_checks_want_is_asked),
        cmocka_unit_test(a_pick_may_use_the_arguments_of_the_expert),
        cmocka_unit_test(a_follow_up_of_a_denied_probe_is_missing_for_that_reason),
        cmocka_unit_test(never_runs_two_heavy_ones_at_a_time_nor_more_than_four),
        cmocka_unit_test(heavy_ones_are_skipped_while_the_cluster_is_under_stress),
        cmocka_unit_test(a_cluster_that_is_too_large_says_how_to_ask_all_the_same),
        cmocka_unit_test(what_the_mode_or_version_lacks_is_not_asked),
        cmocka_unit_test(a_question_for_each_fe_goes_to_the_alive_ones),
        cmocka_unit_test(of_many_fes_five_are_asked),
        cmocka_unit_test(no_statement_that_needs_a_node_is_sent_while_none_is_alive),
        cmocka_unit_test(a_slow_probe_costs_its_own_limit_and_nothing_else),
        cmocka_unit_test(the_end_of_the_time_makes_a_partial_run_with_reasons),
        cmocka_unit_test(ctrl_c_ends_the_run),
        cmocka_unit_test(a_cluster_lost_in_the_middle_leaves_what_was_learnt),
        cmocka_unit_test(a_mysql_that_is_no_starrocks_is_named_as_such),
        cmocka_unit_test(a_server_that_accepts_and_stays_silent_is_named_as_such),
        cmocka_unit_test(a_plan_names_level_and_text_and_what_is_not_asked),
        cmocka_unit_test(what_waits_for_nothing_goes_along_with_identity_the_second_time),
        cmocka_unit_test(follow_ups_wait_for_what_they_follow),
        cmocka_unit_test(what_the_version_has_no_more_does_not_count),
        cmocka_unit_test(under_another_leader_it_is_asked_again),
        cmocka_unit_test(while_no_node_lived_nothing_that_needs_one_goes_along),
        cmocka_unit_test(what_a_file_holds_is_not_guessed),
        cmocka_unit_test(a_cluster_lost_behind_identity_leaves_identity),
        cmocka_unit_test(threads_are_borrowed_as_far_as_they_are_lent),
    };
    /* the same of a source that takes a level at once; there it is the source that counts */
    const struct CMUnitTest batched[] = {
        cmocka_unit_test(asks_a_probe_once_however_often_it_is_wanted),
        cmocka_unit_test(asks_for_the_picked_keys_up_to_the_maximum_and_says_what_is_left_out),
        cmocka_unit_test(a_follow_up_of_a_denied_probe_is_missing_for_that_reason),
        cmocka_unit_test(heavy_ones_are_skipped_while_the_cluster_is_under_stress),
        cmocka_unit_test(a_question_for_each_fe_goes_to_the_alive_ones),
        cmocka_unit_test(a_slow_probe_costs_its_own_limit_and_nothing_else),
        cmocka_unit_test(the_end_of_the_time_makes_a_partial_run_with_reasons),
        cmocka_unit_test(ctrl_c_ends_the_run),
        cmocka_unit_test(a_cluster_lost_in_the_middle_leaves_what_was_learnt),
        cmocka_unit_test(what_waits_for_nothing_goes_along_with_identity_the_second_time),
        cmocka_unit_test(follow_ups_wait_for_what_they_follow),
        cmocka_unit_test(what_the_version_has_no_more_does_not_count),
        cmocka_unit_test(under_another_leader_it_is_asked_again),
        cmocka_unit_test(while_no_node_lived_nothing_that_needs_one_goes_along),
        cmocka_unit_test(what_a_file_holds_is_not_guessed),
        cmocka_unit_test(a_cluster_lost_behind_identity_leaves_identity),
        cmocka_unit_test(threads_are_borrowed_as_far_as_they_are_lent),
    };
    struct CMUnitTest tests[SRD_COUNT(single) + SRD_COUNT(sizes)];
    size_t n = 0;

    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    ADD_ROWS(tests, n, sizes, size_decides);
    return cmocka_run_group_tests(tests, NULL, NULL) +
           cmocka_run_group_tests_name("batched", batched, set_batches, unset_batches);
}
