/* Is everything that was submitted done, by as many threads as allowed and no more? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "lib/serve/work.h"

static atomic_size_t done, at_once, most;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* held: tasks stand before it */

static void task(void *what)
{
    size_t now = atomic_fetch_add(&at_once, 1) + 1, before = atomic_load(&most);

    (void)what;
    while (now > before && !atomic_compare_exchange_weak(&most, &before, now))
        ;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    atomic_fetch_sub(&at_once, 1);
    atomic_fetch_add(&done, 1);
}

static int begin(void **state)
{
    (void)state;
    atomic_store(&done, 0);
    atomic_store(&at_once, 0);
    atomic_store(&most, 0);
    return 0;
}

static void all_that_was_submitted_is_done(void **state)
{
    struct srd_work *work = srd_work_new(3, 1000);

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(srd_work_submit(work, task, NULL));
    srd_work_free(&work);
    assert_null(work);
    assert_int_equal(done, 1000);
}

static void no_more_threads_than_allowed(void **state)
{
    struct srd_work *work = srd_work_new(2, 100);

    (void)state;
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 50; i++)
        assert_true(srd_work_submit(work, task, NULL));
    while (atomic_load(&at_once) < 2)
        ;
    assert_int_equal(srd_work_running(work), 2);
    assert_int_equal(srd_work_waiting(work), 48);
    pthread_mutex_unlock(&gate);
    srd_work_free(&work);
    assert_int_equal(most, 2);
    assert_int_equal(done, 50);
}

static void a_full_queue_takes_nothing(void **state)
{
    struct srd_work *work = srd_work_new(1, 2);

    (void)state;
    pthread_mutex_lock(&gate);
    assert_true(srd_work_submit(work, task, NULL));
    while (atomic_load(&at_once) < 1)
        ;
    assert_true(srd_work_submit(work, task, NULL));
    assert_true(srd_work_submit(work, task, NULL));
    assert_false(srd_work_submit(work, task, NULL));
    pthread_mutex_unlock(&gate);
    srd_work_free(&work);
    assert_int_equal(done, 3);
}

static atomic_size_t strangers;

static void stranger(void *what)
{
    (void)what;
    atomic_fetch_add(&strangers, 1);
}

static void one_lane_leaves_threads_and_places_to_others(void **state)
{
    struct srd_work *work = srd_work_new(4, 8);
    size_t taken = 0;

    (void)state;
    atomic_store(&strangers, 0);
    pthread_mutex_lock(&gate);
    for (size_t run = 0; run < 3; run++) {
        assert_true(srd_work_submit_to(work, 7, task, NULL));
        while (atomic_load(&at_once) < run + 1)
            ;
    }
    while (srd_work_submit_to(work, 7, task, NULL))
        taken++;
    assert_int_equal(taken, 6);
    assert_true(srd_work_submit_to(work, 8, stranger, NULL));
    assert_true(srd_work_submit(work, stranger, NULL));
    while (atomic_load(&strangers) < 2)
        ;
    assert_int_equal(at_once, 3);
    pthread_mutex_unlock(&gate);
    srd_work_free(&work);
    assert_int_equal(done, 9);
    assert_int_equal(most, 3);
}

static void a_pool_of_one_serves_every_lane(void **state)
{
    struct srd_work *work = srd_work_new(1, 100);

    (void)state;
    for (uint64_t i = 0; i < 60; i++)
        assert_true(srd_work_submit_to(work, i % 3, task, NULL));
    srd_work_free(&work);
    assert_int_equal(done, 60);
}

static void an_ended_pool_takes_nothing(void **state)
{
    struct srd_work *work = srd_work_new(4, 4);

    (void)state;
    assert_true(srd_work_submit(work, task, NULL));
    srd_work_end(work);
    assert_int_equal(done, 1);
    assert_false(srd_work_submit(work, task, NULL));
    srd_work_end(work); /* twice is fine */
    srd_work_free(&work);
    assert_int_equal(done, 1);
}

static void an_unused_pool_has_no_thread(void **state)
{
    struct srd_work *work = srd_work_new(4, 4);

    (void)state;
    assert_int_equal(srd_work_running(work), 0);
    srd_work_free(&work);
    srd_work_free(&work); /* twice is fine */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_that_was_submitted_is_done, begin),
        cmocka_unit_test_setup(no_more_threads_than_allowed, begin),
        cmocka_unit_test_setup(a_full_queue_takes_nothing, begin),
        cmocka_unit_test_setup(one_lane_leaves_threads_and_places_to_others, begin),
        cmocka_unit_test_setup(a_pool_of_one_serves_every_lane, begin),
        cmocka_unit_test_setup(an_ended_pool_takes_nothing, begin),
        cmocka_unit_test_setup(an_unused_pool_has_no_thread, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
