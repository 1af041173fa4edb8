/* Does who has much of a server open get no more, and everybody else what is his? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>

#include "lib/base/cleanup.h"
#include "lib/serve/crowd.h"

static void one_has_his_share_and_no_more(void **state)
{
    struct srd_crowd *crowd = srd_crowd_new();

    (void)state;
    assert_true(srd_crowd_enter(crowd, "a", 2));
    assert_true(srd_crowd_enter(crowd, "a", 2));
    assert_false(srd_crowd_enter(crowd, "a", 2));
    assert_true(srd_crowd_enter(crowd, "b", 2));
    srd_crowd_leave(crowd, "a");
    assert_true(srd_crowd_enter(crowd, "a", 2));
    assert_false(srd_crowd_enter(crowd, "a", 2));
    srd_crowd_free(&crowd);
    assert_null(crowd);
}

static void a_smaller_share_holds_for_those_who_come_now(void **state)
{
    struct srd_crowd *crowd = srd_crowd_new();

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_true(srd_crowd_enter(crowd, "a", 5));
    assert_false(srd_crowd_enter(crowd, "a", 3));
    srd_crowd_leave(crowd, "a");
    srd_crowd_leave(crowd, "a");
    assert_false(srd_crowd_enter(crowd, "a", 3));
    srd_crowd_leave(crowd, "a");
    assert_true(srd_crowd_enter(crowd, "a", 3));
    srd_crowd_free(&crowd);
}

static void who_left_is_forgotten(void **state)
{
    struct srd_crowd *crowd = srd_crowd_new();

    (void)state;
    srd_crowd_leave(crowd, "nobody");
    for (int i = 0; i < 1000; i++) {
        assert_true(srd_crowd_enter(crowd, "a", 1));
        srd_crowd_leave(crowd, "a");
    }
    assert_false(srd_crowd_enter(crowd, "a", 0));
    srd_crowd_free(&crowd);
}

static void *come_and_go(void *crowd)
{
    for (int i = 0; i < 2000; i++)
        if (srd_crowd_enter(crowd, i % 2 ? "a" : "b", 3))
            srd_crowd_leave(crowd, i % 2 ? "a" : "b");
    return NULL;
}

static void threads_come_and_go(void **state)
{
    struct srd_crowd *crowd = srd_crowd_new();
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, crowd), 0);
    for (size_t i = 0; i < SRD_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    assert_true(srd_crowd_enter(crowd, "a", 1));
    assert_true(srd_crowd_enter(crowd, "b", 1));
    srd_crowd_free(&crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_has_his_share_and_no_more),
        cmocka_unit_test(a_smaller_share_holds_for_those_who_come_now),
        cmocka_unit_test(who_left_is_forgotten),
        cmocka_unit_test(threads_come_and_go),
    };

    return cmocka_run_group_tests_name("crowd", tests, NULL, NULL);
}
