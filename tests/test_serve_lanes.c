/* Does a lane leave room for the others, and is nothing lost in it? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/wait.h"
#include "lib/serve/lanes.h"

static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool open;
    size_t running[2], most[2], done[2];
    int order[64];
    size_t ordered;
} scene = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Who has an odd number is of the second lane. */
static void task(void *what)
{
    int number = (int)(intptr_t)what;
    size_t lane = (size_t)number & 1;

    pthread_mutex_lock(&scene.lock);
    scene.running[lane]++;
    if (scene.running[lane] > scene.most[lane])
        scene.most[lane] = scene.running[lane];
    if (scene.ordered < 64)
        scene.order[scene.ordered++] = number;
    pthread_cond_broadcast(&scene.change);
    while (!scene.open && !lane)
        srd_wait_until(&scene.change, &scene.lock, INT64_MAX);
    scene.running[lane]--;
    scene.done[lane]++;
    pthread_cond_broadcast(&scene.change);
    pthread_mutex_unlock(&scene.lock);
}

static int begin(void **state)
{
    (void)state;
    srd_wait_init(&scene.change);
    scene.open = false;
    scene.ordered = 0;
    for (size_t i = 0; i < 2; i++)
        scene.running[i] = scene.most[i] = scene.done[i] = 0;
    return 0;
}

static void await(const size_t *count, size_t n)
{
    pthread_mutex_lock(&scene.lock);
    while (*count < n)
        srd_wait_until(&scene.change, &scene.lock, INT64_MAX);
    pthread_mutex_unlock(&scene.lock);
}

static void let_end(void)
{
    pthread_mutex_lock(&scene.lock);
    scene.open = true;
    pthread_cond_broadcast(&scene.change);
    pthread_mutex_unlock(&scene.lock);
}

static bool submit(struct srd_lanes *lanes, const char *lane, size_t most, int number)
{
    return srd_lanes_submit(lanes, lane, most, task, (void *)(intptr_t)number);
}

static void one_lane_leaves_threads_to_another(void **state)
{
    struct srd_work *work = srd_work_new(4, 100);
    struct srd_lanes *lanes = srd_lanes_new(work, 64);

    (void)state;
    for (int i = 0; i < 20; i++)
        assert_true(submit(lanes, "slow", 3, 2 * i));
    await(&scene.running[0], 3);
    for (int i = 0; i < 20; i++)
        assert_true(submit(lanes, "quick", 3, 2 * i + 1));
    await(&scene.done[1], 20); /* while none of the slow ones is over */
    assert_int_equal(scene.done[0], 0);
    assert_int_equal(srd_lanes_waiting(lanes), 17);
    let_end();
    await(&scene.done[0], 20);
    assert_int_equal(scene.most[0], 3);
    srd_work_free(&work);
    assert_int_equal(srd_lanes_waiting(lanes), 0);
    srd_lanes_free(&lanes);
}

static void a_lane_keeps_its_order(void **state)
{
    struct srd_work *work = srd_work_new(4, 100);
    struct srd_lanes *lanes = srd_lanes_new(work, 64);

    (void)state;
    for (int i = 0; i < 20; i++)
        assert_true(submit(lanes, "one", 1, 2 * i));
    let_end();
    await(&scene.done[0], 20);
    srd_work_free(&work);
    srd_lanes_free(&lanes);
    for (int i = 0; i < 20; i++)
        assert_int_equal(scene.order[i], 2 * i);
}

static void too_many_that_wait_are_refused(void **state)
{
    struct srd_work *work = srd_work_new(4, 100);
    struct srd_lanes *lanes = srd_lanes_new(work, 2);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(submit(lanes, "a", 1, 2 * i));
    assert_false(submit(lanes, "a", 1, 6));
    assert_true(submit(lanes, "b", 1, 1)); /* a lane of its own */
    let_end();
    srd_work_free(&work);
    srd_lanes_free(&lanes);
    assert_int_equal(scene.done[0], 3);
}

static void a_full_pool_refuses_and_loses_nothing(void **state)
{
    struct srd_work *work = srd_work_new(1, 1);
    struct srd_lanes *lanes = srd_lanes_new(work, 10);
    int taken = 0;

    (void)state;
    assert_true(submit(lanes, "a", 1, 0));
    await(&scene.running[0], 1);
    assert_true(submit(lanes, "b", 9, 2)); /* in the queue of the pool */
    assert_false(submit(lanes, "c", 9, 4));
    for (int i = 3; i < 8; i++)
        taken += submit(lanes, "a", 1, 2 * i); /* these wait for their lane */
    assert_int_equal(taken, 5);
    let_end();
    srd_work_free(&work);
    srd_lanes_free(&lanes);
    assert_int_equal(scene.done[0], 7);
}

static void what_waits_is_done_when_the_pool_ends(void **state)
{
    struct srd_work *work = srd_work_new(2, 100);
    struct srd_lanes *lanes = srd_lanes_new(work, 64);

    (void)state;
    for (int i = 0; i < 30; i++)
        assert_true(submit(lanes, "a", 1, 2 * i));
    let_end();
    srd_work_free(&work);
    srd_lanes_free(&lanes);
    assert_int_equal(scene.done[0], 30);
}

static void a_limit_may_change_while_some_wait(void **state)
{
    struct srd_work *work = srd_work_new(8, 100);
    struct srd_lanes *lanes = srd_lanes_new(work, 64);

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_true(submit(lanes, "a", 1, 2 * i));
    for (int i = 5; i < 10; i++)
        assert_true(submit(lanes, "a", 4, 2 * i)); /* behind those, not before them */
    let_end();
    srd_work_free(&work);
    srd_lanes_free(&lanes);
    assert_int_equal(scene.done[0], 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(one_lane_leaves_threads_to_another), TEST(a_lane_keeps_its_order),
        TEST(too_many_that_wait_are_refused),     TEST(a_full_pool_refuses_and_loses_nothing),
        TEST(what_waits_is_done_when_the_pool_ends), TEST(a_limit_may_change_while_some_wait),
    };

    return cmocka_run_group_tests_name("serve lanes", tests, NULL, NULL);
}
