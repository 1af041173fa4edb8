/* Does a question that many ask cost one run, and does each caller come and go as it likes? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"
#include "lib/serve/cache.h"

/* ---- a run that ends when it is told to ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    size_t begun, dropped, cancelled;
    bool open; /* runs may end */
    bool faulty, partial;
} scene = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void run(void *what, struct srd_flight *flight, struct srd_buf *members, bool *is_error,
                bool *keep)
{
    pthread_mutex_lock(&scene.lock);
    scene.begun++;
    pthread_cond_broadcast(&scene.change);
    while (!scene.open && !srd_flag_up(srd_flight_cancel(flight)))
        srd_wait_until(&scene.change, &scene.lock, srd_clock_monotonic_ms() + 5);
    scene.cancelled += srd_flag_up(srd_flight_cancel(flight));
    *is_error = scene.faulty;
    *keep = !scene.partial;
    pthread_mutex_unlock(&scene.lock);
    srd_flight_tell(flight, 1, 2, "half");
    srd_buf_text(members, what);
}

static void drop(void *what)
{
    (void)what;
    pthread_mutex_lock(&scene.lock);
    scene.dropped++;
    pthread_mutex_unlock(&scene.lock);
}

static void await_begun(size_t n)
{
    pthread_mutex_lock(&scene.lock);
    while (scene.begun < n)
        srd_wait_until(&scene.change, &scene.lock, INT64_MAX);
    pthread_mutex_unlock(&scene.lock);
}

static void await_cancelled(void)
{
    struct timespec nap = { 0, 1000000 };
    size_t cancelled = 0;

    for (int i = 0; i < 20000 && !cancelled; i++) {
        nanosleep(&nap, NULL);
        pthread_mutex_lock(&scene.lock);
        cancelled = scene.cancelled;
        pthread_mutex_unlock(&scene.lock);
    }
    if (!cancelled)
        fail_msg("the run goes on although nobody waits for it");
}

static void let_end(void)
{
    pthread_mutex_lock(&scene.lock);
    scene.open = true;
    pthread_cond_broadcast(&scene.change);
    pthread_mutex_unlock(&scene.lock);
}

/* ---- callers ---- */

static struct srd_cache *cache;
static struct srd_work *work;

struct caller {
    pthread_t thread;
    const char *key, *what;
    int64_t wait_ms;
    volatile sig_atomic_t cancel;
    enum srd_asked end;
    char text[64];
    bool is_error;
};

static void ask(struct caller *c)
{
    struct srd_errand errand = { run, drop, (void *)(uintptr_t)c->what };
    struct srd_patience patience = { .deadline_ms = srd_clock_monotonic_ms() + c->wait_ms,
                                     .cancel = &c->cancel };
    SRD_CLEANUP(srd_said_drop) struct srd_said *said = NULL;

    c->end = srd_cache_ask(cache, work, c->key, &errand, &patience, &said);
    if (said) {
        strncpy(c->text, said->members, sizeof(c->text) - 1);
        c->is_error = said->is_error;
    }
}

static void *ask_thread(void *context)
{
    ask(context);
    return NULL;
}

static void start(struct caller *c, const char *key, const char *what)
{
    *c = (struct caller){ .key = key, .what = what, .wait_ms = 60000 };
    pthread_create(&c->thread, NULL, ask_thread, c);
}

static struct caller ask_now(const char *key, const char *what)
{
    struct caller c = { .key = key, .what = what, .wait_ms = 60000 };

    ask(&c);
    return c;
}

static void await_joined(size_t n)
{
    struct timespec nap = { 0, 1000000 };

    while (srd_cache_counts(cache).joined < n)
        nanosleep(&nap, NULL);
}

static int begin(void **state)
{
    (void)state;
    srd_wait_init(&scene.change);
    scene.begun = scene.dropped = scene.cancelled = 0;
    scene.open = scene.faulty = scene.partial = false;
    cache = srd_cache_new();
    srd_cache_limit(cache, 60000, 10, 1 << 20);
    work = srd_work_new(4, 4);
    return 0;
}

static int end(void **state)
{
    (void)state;
    srd_cache_free(&cache);
    srd_work_free(&work);
    pthread_cond_destroy(&scene.change);
    return 0;
}

/* ---- tests ---- */

static void an_answer_is_kept(void **state)
{
    (void)state;
    let_end();
    assert_string_equal(ask_now("k", "first").text, "first");
    assert_string_equal(ask_now("k", "second").text, "first");
    assert_string_equal(ask_now("other", "third").text, "third");
    assert_int_equal(scene.begun, 2);
    assert_int_equal(scene.dropped, 3); /* what was not run was dropped too */
    assert_int_equal(srd_cache_counts(cache).hits, 1);
    assert_int_equal(srd_cache_counts(cache).misses, 2);
    assert_int_equal(srd_cache_counts(cache).entries, 2);
}

static void faults_and_parts_are_not_kept(void **state)
{
    struct srd_said *said;

    (void)state;
    let_end();
    scene.faulty = true;
    assert_true(ask_now("k", "fault").is_error);
    scene.faulty = false;
    scene.partial = true;
    assert_string_equal(ask_now("k", "part").text, "part");
    said = srd_cache_find(cache, "k");
    assert_null(said);
    assert_int_equal(scene.begun, 2);
}

static void nothing_is_kept_without_a_time_to_live(void **state)
{
    (void)state;
    let_end();
    ask_now("k", "first");
    srd_cache_limit(cache, 0, 10, 1 << 20);
    assert_int_equal(srd_cache_counts(cache).entries, 0);
    assert_string_equal(ask_now("k", "second").text, "second");
}

static void the_least_used_answer_makes_room(void **state)
{
    struct srd_said *said;

    (void)state;
    let_end();
    srd_cache_limit(cache, 60000, 2, 1 << 20);
    ask_now("a", "a");
    ask_now("b", "b");
    ask_now("a", "a");
    ask_now("c", "c");
    said = srd_cache_find(cache, "a");
    assert_non_null(said);
    srd_said_drop(&said);
    assert_null(srd_cache_find(cache, "b"));
    assert_int_equal(srd_cache_counts(cache).evicted, 1);
    srd_cache_limit(cache, 60000, 2, 10); /* bytes */
    assert_int_equal(srd_cache_counts(cache).entries, 0);
    assert_int_equal(srd_cache_counts(cache).bytes, 0);
}

static void equal_requests_in_flight_are_one_run(void **state)
{
    struct caller callers[20];

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(callers); i++)
        start(&callers[i], "k", "one");
    await_joined(SRD_COUNT(callers) - 1);
    let_end();
    for (size_t i = 0; i < SRD_COUNT(callers); i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].end, SRD_ASKED);
        assert_string_equal(callers[i].text, "one");
    }
    assert_int_equal(scene.begun, 1);
    assert_int_equal(scene.dropped, SRD_COUNT(callers));
}

static void who_leaves_leaves_alone(void **state)
{
    struct caller first, second;

    (void)state;
    start(&first, "k", "one");
    await_begun(1);
    start(&second, "k", "two");
    await_joined(1);
    srd_flag_raise(&first.cancel);
    pthread_join(first.thread, NULL);
    assert_int_equal(first.end, SRD_ASKED_LEFT);
    let_end();
    pthread_join(second.thread, NULL);
    assert_int_equal(second.end, SRD_ASKED);
    assert_string_equal(second.text, "one");
    assert_int_equal(scene.cancelled, 0);
    assert_int_equal(scene.begun, 1);
}

static void the_last_who_leaves_cancels_the_run(void **state)
{
    struct caller first, second;
    struct srd_said *said;

    (void)state;
    start(&first, "k", "one");
    await_begun(1);
    start(&second, "k", "two");
    await_joined(1);
    srd_flag_raise(&first.cancel);
    srd_flag_raise(&second.cancel);
    pthread_join(first.thread, NULL);
    pthread_join(second.thread, NULL);
    await_cancelled();
    let_end(); /* whoever comes now gets a run of its own, and not the cancelled one's answer */
    assert_string_equal(ask_now("k", "three").text, "three");
    srd_work_free(&work);
    work = srd_work_new(1, 1);
    assert_int_equal(scene.begun, 2);
    said = srd_cache_find(cache, "k");
    assert_string_equal(said->members, "three");
    srd_said_drop(&said);
}

static void a_caller_waits_no_longer_than_its_deadline(void **state)
{
    struct caller late = { .key = "k", .what = "one", .wait_ms = 20 };

    (void)state;
    ask(&late);
    assert_int_equal(late.end, SRD_ASKED_LATE);
    let_end();
}

static void a_full_pool_takes_no_run(void **state)
{
    struct caller one, two, three;

    (void)state;
    srd_work_free(&work);
    work = srd_work_new(1, 1);
    start(&one, "a", "a");
    await_begun(1);
    start(&two, "b", "b");
    while (!srd_work_waiting(work))
        ;
    three = ask_now("c", "c");
    assert_int_equal(three.end, SRD_ASKED_BUSY);
    let_end();
    pthread_join(one.thread, NULL);
    pthread_join(two.thread, NULL);
    assert_int_equal(two.end, SRD_ASKED);
    assert_int_equal(scene.dropped, 3);
}

static void told(void *context, double done, double total, const char *what)
{
    char *text = context;

    if (!*text) /* the first word */
        snprintf(text, 64, "%.0f of %.0f %s", done, total, what);
    let_end();
}

static void tell_and_wait(void *what, struct srd_flight *flight, struct srd_buf *members,
                          bool *is_error, bool *keep)
{
    srd_flight_tell(flight, 3, 4, "probe");
    run(what, flight, members, is_error, keep);
}

static void progress_reaches_the_caller(void **state)
{
    char text[64] = "";
    struct srd_errand errand = { tell_and_wait, drop, (void *)(uintptr_t) "x" };
    struct srd_patience patience = { .deadline_ms = srd_clock_monotonic_ms() + 60000,
                                     .tell = told,
                                     .context = text };
    SRD_CLEANUP(srd_said_drop) struct srd_said *said = NULL;

    (void)state;
    assert_int_equal(srd_cache_ask(cache, work, "k", &errand, &patience, &said), SRD_ASKED);
    assert_string_equal(text, "3 of 4 probe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_kept, begin, end),
        cmocka_unit_test_setup_teardown(faults_and_parts_are_not_kept, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_kept_without_a_time_to_live, begin, end),
        cmocka_unit_test_setup_teardown(the_least_used_answer_makes_room, begin, end),
        cmocka_unit_test_setup_teardown(equal_requests_in_flight_are_one_run, begin, end),
        cmocka_unit_test_setup_teardown(who_leaves_leaves_alone, begin, end),
        cmocka_unit_test_setup_teardown(the_last_who_leaves_cancels_the_run, begin, end),
        cmocka_unit_test_setup_teardown(a_caller_waits_no_longer_than_its_deadline, begin, end),
        cmocka_unit_test_setup_teardown(a_full_pool_takes_no_run, begin, end),
        cmocka_unit_test_setup_teardown(progress_reaches_the_caller, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
