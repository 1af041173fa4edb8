/* Do many callers share a cluster within its budget, and none of them the trouble of another? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"
#include "lib/model/identity.h"
#include "lib/serve/clusters.h"

static const struct srd_probe cheap = { .id = "cheap", .cost = SRD_COST_CHEAP };
static const struct srd_probe heavy = { .id = "heavy", .cost = SRD_COST_HEAVY };
static const struct srd_probe late = { .id = "late" };

/* ---- a cluster that answers when it is told to ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool open;    /* statements may end */
    bool batches; /* sources take all questions at once */
    size_t opened, closed, running, most, heavy, most_heavy, asked, cancelled, checks;
    enum srd_code refuses; /* to be opened */
    bool ill;              /* the small question is not answered */
    int64_t connect_ms;
} scene = { .lock = PTHREAD_MUTEX_INITIALIZER };

struct fake {
    struct srd_source base;
    bool cancelled;
};

static int fake_ask(struct srd_source *src, const struct srd_question *q, struct srd_arena *arena,
                    struct srd_answer *out, struct srd_error *err)
{
    struct fake *fake = (struct fake *)src;
    bool is_heavy = q->probe == &heavy;

    (void)arena;
    (void)err;
    pthread_mutex_lock(&scene.lock);
    scene.asked++;
    out->status = SRD_ANSWERED;
    if (q->probe == &srd_probe_clock) {
        scene.checks++;
        out->status = scene.ill ? SRD_FAILED : SRD_ANSWERED;
        pthread_mutex_unlock(&scene.lock);
        return 0;
    }
    scene.running++;
    scene.heavy += is_heavy;
    scene.most = scene.running > scene.most ? scene.running : scene.most;
    scene.most_heavy = scene.heavy > scene.most_heavy ? scene.heavy : scene.most_heavy;
    pthread_cond_broadcast(&scene.change);
    while (!scene.open && !fake->cancelled && q->probe != &late)
        srd_wait_until(&scene.change, &scene.lock, INT64_MAX);
    if (fake->cancelled || q->probe == &late)
        out->status = SRD_TIMED_OUT;
    scene.running--;
    scene.heavy -= is_heavy;
    pthread_mutex_unlock(&scene.lock);
    return 0;
}

static int fake_use(struct srd_source *src, const struct srd_cluster *cluster, bool *follower,
                    struct srd_error *err)
{
    (void)src;
    (void)cluster;
    (void)err;
    *follower = false;
    return 0;
}

static void fake_cancel(struct srd_source *src)
{
    pthread_mutex_lock(&scene.lock);
    ((struct fake *)src)->cancelled = true;
    scene.cancelled++;
    pthread_cond_broadcast(&scene.change);
    pthread_mutex_unlock(&scene.lock);
}

static void fake_close(struct srd_source *src)
{
    pthread_mutex_lock(&scene.lock);
    scene.closed++;
    pthread_mutex_unlock(&scene.lock);
    free(src);
}

/* Answers each question like ask(), one after the other. */
static int fake_ask_many(struct srd_source *src, const struct srd_batch *batch,
                         struct srd_error *err)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct srd_arena *arena = srd_arena_new();
        struct srd_answer answer = { .detail = "" };

        fake_ask(src, batch->questions[i], arena, &answer, err);
        batch->answered(batch->context, i, &answer, &arena);
    }
    return 0;
}

static const struct srd_source_ops one_by_one = {
    .ask = fake_ask, .use = fake_use, .cancel = fake_cancel, .close = fake_close
};
static const struct srd_source_ops all_at_once = { .ask = fake_ask,
                                                   .use = fake_use,
                                                   .cancel = fake_cancel,
                                                   .close = fake_close,
                                                   .ask_many = fake_ask_many };

static int fake_open(const struct srd_desk_cluster *cluster, const volatile sig_atomic_t *cancel,
                     struct srd_source **out, struct srd_error *err)
{
    struct fake *fake;

    (void)cluster;
    (void)cancel;
    pthread_mutex_lock(&scene.lock);
    scene.opened++;
    if (scene.connect_ms)
        srd_wait_until(&scene.change, &scene.lock, srd_clock_monotonic_ms() + scene.connect_ms);
    pthread_mutex_unlock(&scene.lock);
    if (scene.refuses)
        return srd_fail(err, scene.refuses, "nobody answers at fe1:9030");
    fake = calloc(1, sizeof(*fake));
    fake->base.ops = scene.batches ? &all_at_once : &one_by_one;
    fake->base.connected = "fe1:9030";
    fake->base.parallel = 8;
    *out = &fake->base;
    return 0;
}

static const struct srd_desk_cluster cluster = { .name = "prod", .open = fake_open };

static int begin(void **state)
{
    (void)state;
    srd_wait_init(&scene.change);
    scene.open = scene.ill = scene.batches = false;
    scene.opened = scene.closed = scene.running = scene.most = scene.heavy = scene.most_heavy = 0;
    scene.asked = scene.cancelled = scene.checks = 0;
    scene.refuses = SRD_OK;
    scene.connect_ms = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    pthread_cond_destroy(&scene.change);
    return 0;
}

static struct srd_place *place_of(struct srd_place_limits limits)
{
    return srd_place_new(&cluster, &limits);
}

static int64_t soon(int64_t ms)
{
    return srd_clock_monotonic_ms() + ms;
}

static struct srd_source *borrow(struct srd_place *place)
{
    struct srd_source *src = NULL;
    struct srd_error err = { 0 };

    if (srd_place_borrow(place, soon(60000), NULL, &src, &err))
        fail_msg("%s", err.text);
    return src;
}

/* ---- questions in threads ---- */

struct asker {
    pthread_t thread;
    struct srd_source *src;
    const struct srd_probe *probe;
    enum srd_status status;
};

static void *ask_thread(void *context)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct asker *a = context;
    struct srd_question q = {
        .probe = a->probe, .key = "", .node = "", .deadline_ms = soon(50000)
    };
    struct srd_answer answer = { .detail = "" };
    struct srd_error err = { 0 };

    a->src->ops->ask(a->src, &q, arena, &answer, &err);
    a->status = answer.status;
    return NULL;
}

static void start(struct asker *a, struct srd_source *src, const struct srd_probe *probe)
{
    *a = (struct asker){ .src = src, .probe = probe };
    pthread_create(&a->thread, NULL, ask_thread, a);
}

static void await_running(size_t n)
{
    pthread_mutex_lock(&scene.lock);
    while (scene.running < n)
        srd_wait_until(&scene.change, &scene.lock, INT64_MAX);
    pthread_mutex_unlock(&scene.lock);
}

static void await_waiting(struct srd_place *place, size_t n)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_desk_cluster_state known;
    struct timespec nap = { 0, 1000000 };

    for (;;) {
        srd_place_state(place, arena, &known);
        if (known.waiting >= n)
            return;
        nanosleep(&nap, NULL);
    }
}

static void let_end(void)
{
    pthread_mutex_lock(&scene.lock);
    scene.open = true;
    pthread_cond_broadcast(&scene.change);
    pthread_mutex_unlock(&scene.lock);
}

/* ---- the budget ---- */

static void callers_share_one_budget_of_statements(void **state)
{
    struct srd_place *place = place_of((struct srd_place_limits){ .statements = 3 });
    struct srd_source *one = borrow(place), *two = borrow(place);
    struct asker askers[12];

    (void)state;
    assert_int_equal(one->parallel, 3);
    for (size_t i = 0; i < SRD_COUNT(askers); i++)
        start(&askers[i], i % 2 ? one : two, i % 4 ? &cheap : &heavy);
    await_running(3);
    await_waiting(place, SRD_COUNT(askers) - 3);
    let_end();
    for (size_t i = 0; i < SRD_COUNT(askers); i++) {
        pthread_join(askers[i].thread, NULL);
        assert_int_equal(askers[i].status, SRD_ANSWERED);
    }
    assert_int_equal(scene.most, 3);
    assert_int_equal(scene.most_heavy, 1);
    srd_source_close(&one);
    srd_source_close(&two);
    srd_place_drop(&place);
    assert_int_equal(scene.closed, scene.opened);
}

static void a_cheap_statement_passes_a_heavy_one_that_must_wait(void **state)
{
    struct srd_place *place = place_of((struct srd_place_limits){ .statements = 2 });
    struct srd_source *src = borrow(place);
    struct asker first, second, third;

    (void)state;
    start(&first, src, &heavy);
    await_running(1);
    start(&second, src, &heavy);
    await_waiting(place, 1);
    start(&third, src, &cheap);
    await_running(2);
    let_end();
    pthread_join(first.thread, NULL);
    pthread_join(second.thread, NULL);
    pthread_join(third.thread, NULL);
    assert_int_equal(scene.most_heavy, 1);
    srd_source_close(&src);
    srd_place_drop(&place);
}

static void a_cancelled_run_touches_no_other(void **state)
{
    struct srd_place *place = place_of((struct srd_place_limits){ .statements = 2 });
    struct srd_source *one = borrow(place), *two = borrow(place);
    struct asker of_one, of_two, waiting;

    (void)state;
    start(&of_one, one, &cheap);
    start(&of_two, two, &cheap);
    await_running(2);
    start(&waiting, one, &cheap);
    await_waiting(place, 1);
    one->ops->cancel(one);
    pthread_join(of_one.thread, NULL);
    pthread_join(waiting.thread, NULL);
    assert_int_equal(of_one.status, SRD_TIMED_OUT);
    assert_int_equal(waiting.status, SRD_TIMED_OUT); /* it was not put to the cluster */
    assert_int_equal(scene.asked, 2);
    let_end();
    pthread_join(of_two.thread, NULL);
    assert_int_equal(of_two.status, SRD_ANSWERED);
    assert_int_equal(scene.cancelled, 1);
    srd_source_close(&one);
    assert_int_equal(scene.closed, 1); /* a cancelled one is not lent again */
    srd_source_close(&two);
    assert_int_equal(scene.closed, 1);
    srd_place_drop(&place);
    assert_int_equal(scene.closed, 2);
}

/* ---- batches ---- */

struct crowd {
    pthread_t thread;
    struct srd_source *src;
    size_t answered, late;
};

static void note(void *context, size_t index, const struct srd_answer *answer,
                 struct srd_arena **memory)
{
    struct crowd *crowd = context;

    (void)index;
    crowd->answered += answer->status == SRD_ANSWERED;
    crowd->late += answer->status == SRD_TIMED_OUT;
    srd_arena_free(memory);
}

static void *ask_crowd(void *context)
{
    static const struct srd_question q = { .probe = &cheap, .key = "", .node = "" };
    static const struct srd_question *const questions[] = { &q, &q, &q };
    struct crowd *crowd = context;
    struct srd_batch batch = { .questions = questions,
                               .count = SRD_COUNT(questions),
                               .deadline_ms = soon(50000),
                               .answered = note,
                               .context = crowd };
    struct srd_error err = { 0 };

    crowd->src->ops->ask_many(crowd->src, &batch, &err);
    return NULL;
}

static void batches_come_one_at_a_time(void **state)
{
    struct srd_place *place = place_of((struct srd_place_limits){ .statements = 4 });
    struct crowd first = { 0 }, second = { 0 };

    (void)state;
    scene.batches = true;
    first.src = borrow(place);
    second.src = borrow(place);
    pthread_create(&first.thread, NULL, ask_crowd, &first);
    await_running(1);
    pthread_create(&second.thread, NULL, ask_crowd, &second);
    await_waiting(place, 1);
    second.src->ops->cancel(second.src);
    pthread_join(second.thread, NULL);
    assert_int_equal(second.late, 3); /* each question has an answer, though nobody was asked */
    let_end();
    pthread_join(first.thread, NULL);
    assert_int_equal(first.answered, 3);
    assert_int_equal(scene.asked, 3);
    assert_int_equal(scene.most, 1);
    srd_source_close(&first.src);
    srd_source_close(&second.src);
    assert_int_equal(scene.closed, 1);
    srd_place_drop(&place);
}

/* ---- the pool ---- */

static void a_source_is_lent_again(void **state)
{
    struct srd_place *place = place_of((struct srd_place_limits){ 0 });

    (void)state;
    for (int i = 0; i < 5; i++) {
        struct srd_source *src = borrow(place);

        srd_source_close(&src);
    }
    assert_int_equal(scene.opened, 1);
    assert_int_equal(scene.checks, 0); /* it was in use a moment ago */
    srd_place_drop(&place);
    assert_int_equal(scene.closed, 1);
}

static void an_old_source_is_made_anew(void **state)
{
    struct srd_place *place = place_of((struct srd_place_limits){ .pool_age_ms = 1 });
    struct timespec nap = { 0, 3000000 };
    struct srd_source *src = borrow(place);

    (void)state;
    nanosleep(&nap, NULL);
    srd_source_close(&src);
    assert_int_equal(scene.closed, 1);
    src = borrow(place);
    srd_source_close(&src);
    assert_int_equal(scene.opened, 2);
    srd_place_drop(&place);
}

static void who_rested_is_asked_before_it_is_lent(void **state)
{
    struct srd_place *place = place_of((struct srd_place_limits){ .fresh_ms = 1 });
    struct timespec nap = { 0, 3000000 };
    struct srd_source *src = borrow(place);

    (void)state;
    srd_source_close(&src);
    nanosleep(&nap, NULL);
    src = borrow(place);
    srd_source_close(&src);
    assert_int_equal(scene.checks, 1);
    assert_int_equal(scene.opened, 1);
    scene.ill = true;
    nanosleep(&nap, NULL);
    src = borrow(place);
    assert_int_equal(scene.checks, 2);
    assert_int_equal(scene.closed, 1);
    assert_int_equal(scene.opened, 2);
    srd_source_close(&src);
    srd_place_drop(&place);
}

static void a_source_with_a_late_statement_is_closed(void **state)
{
    struct srd_place *place = place_of((struct srd_place_limits){ 0 });
    struct srd_source *src = borrow(place);
    struct asker asker;

    (void)state;
    start(&asker, src, &late);
    pthread_join(asker.thread, NULL);
    srd_source_close(&src);
    assert_int_equal(scene.closed, 1);
    srd_place_drop(&place);
}

static void who_finds_all_lent_hears_that_it_is_busy(void **state)
{
    struct srd_place *place = place_of((struct srd_place_limits){ .pool = 1, .pool_wait_ms = 20 });
    struct srd_source *src = borrow(place), *none;
    volatile sig_atomic_t cancel = 1;
    struct srd_error err = { 0 };

    (void)state;
    assert_int_equal(srd_place_borrow(place, soon(60000), NULL, &none, &err), SRD_E_LIMIT);
    assert_non_null(strstr(err.text, "busy"));
    assert_int_equal(srd_place_borrow(place, soon(60000), &cancel, &none, &err), SRD_E_CANCELLED);
    srd_source_close(&src);
    src = borrow(place);
    srd_source_close(&src);
    assert_int_equal(scene.opened, 1);
    srd_place_drop(&place);
}

/* ---- a cluster that does not answer ---- */

struct knocker {
    pthread_t thread;
    struct srd_place *place;
    struct srd_error err;
};

static void *knock(void *context)
{
    struct knocker *k = context;
    struct srd_source *none;

    srd_place_borrow(k->place, soon(60000), NULL, &none, &k->err);
    return NULL;
}

static void one_attempt_speaks_for_all(void **state)
{
    struct srd_place *place = place_of((struct srd_place_limits){ 0 });
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_desk_cluster_state known;
    struct knocker knockers[8];

    (void)state;
    scene.refuses = SRD_E_CONNECT;
    scene.connect_ms = 30;
    for (size_t i = 0; i < SRD_COUNT(knockers); i++) {
        knockers[i] = (struct knocker){ .place = place };
        pthread_create(&knockers[i].thread, NULL, knock, &knockers[i]);
    }
    for (size_t i = 0; i < SRD_COUNT(knockers); i++) {
        pthread_join(knockers[i].thread, NULL);
        assert_int_equal(knockers[i].err.code, SRD_E_CONNECT);
        assert_non_null(strstr(knockers[i].err.text, "nobody answers at fe1:9030"));
    }
    assert_int_equal(scene.opened, 1);
    srd_place_state(place, arena, &known);
    assert_true(known.asked);
    assert_false(known.reachable);
    assert_string_equal(known.error, "nobody answers at fe1:9030");
    assert_int_equal(known.connections_busy, 0);
    srd_place_drop(&place);
}

static void a_cluster_may_come_later(void **state)
{
    struct srd_place *place = place_of((struct srd_place_limits){ .breaker_ms = 1 });
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct timespec nap = { 0, 3000000 };
    struct srd_desk_cluster_state known;
    struct srd_source *src;
    struct srd_error err = { 0 };

    (void)state;
    scene.refuses = SRD_E_DENIED;
    assert_int_equal(srd_place_borrow(place, soon(60000), NULL, &src, &err), SRD_E_DENIED);
    scene.refuses = SRD_OK;
    nanosleep(&nap, NULL);
    src = borrow(place);
    srd_place_state(place, arena, &known);
    assert_true(known.reachable);
    srd_source_close(&src);
    srd_place_drop(&place);
}

static void a_failed_run_warns_the_next(void **state)
{
    struct srd_place *place = place_of((struct srd_place_limits){ 0 });
    struct srd_error gone = { .code = SRD_E_CONNECT, .text = "it answered no statement" };
    struct srd_error bug = { .code = SRD_E_INTERNAL, .text = "a bug" }, err = { 0 };
    struct srd_source *src;

    (void)state;
    srd_place_failed(place, &bug); /* says nothing about the cluster */
    src = borrow(place);
    srd_source_close(&src);
    src = borrow(place);
    ((struct srd_source *)src)->ops->cancel(src);
    srd_source_close(&src);
    srd_place_failed(place, &gone);
    assert_int_equal(srd_place_borrow(place, soon(60000), NULL, &src, &err), SRD_E_CONNECT);
    assert_non_null(strstr(err.text, "it answered no statement (tried 0 s ago"));
    assert_int_equal(scene.opened, 1);
    srd_place_drop(&place);
}

/* ---- what is the same ---- */

static void a_place_knows_its_own_description(void **state)
{
    struct srd_place_limits limits = { 0 }, other = { .statements = 9 };
    struct srd_desk_cluster live = { .name = "prod", .live = { .hosts = "a", .password = "x" } };
    struct srd_desk_cluster changed = live;
    struct srd_place *place = srd_place_new(&live, &limits);

    (void)state;
    assert_true(srd_place_is(place, &live, &limits));
    assert_false(srd_place_is(place, &live, &other));
    changed.live.password = "y";
    assert_false(srd_place_is(place, &changed, &limits));
    changed = live;
    changed.tenant = "t";
    assert_false(srd_place_is(place, &changed, &limits));
    assert_string_equal(srd_place_where(place), "a");
    srd_place_drop(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
        ROW(callers_share_one_budget_of_statements),
        ROW(a_cheap_statement_passes_a_heavy_one_that_must_wait),
        ROW(a_cancelled_run_touches_no_other),
        ROW(batches_come_one_at_a_time),
        ROW(a_source_is_lent_again),
        ROW(an_old_source_is_made_anew),
        ROW(who_rested_is_asked_before_it_is_lent),
        ROW(a_source_with_a_late_statement_is_closed),
        ROW(a_cluster_may_come_later),
        ROW(a_failed_run_warns_the_next),
        ROW(who_finds_all_lent_hears_that_it_is_busy),
        ROW(one_attempt_speaks_for_all),
        ROW(a_place_knows_its_own_description),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
