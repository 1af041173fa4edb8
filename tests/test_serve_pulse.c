/* Is everybody called who wants to be, and nobody any more who has left? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/serve/pulse.h"

/* On the heap, and freed as soon as it is removed: a late call is one of what is not there. */
struct guest {
    struct srd_beat beat;
    int64_t again_ms; /* after each call; 0: not again */
    atomic_size_t calls;
    atomic_bool in_call;
    pthread_mutex_t *gate; /* calls stand before it; NULL: none */
};

static int64_t call(void *context, int64_t now_ms)
{
    struct guest *guest = context;

    atomic_store(&guest->in_call, true);
    atomic_fetch_add(&guest->calls, 1);
    if (guest->gate) {
        pthread_mutex_lock(guest->gate);
        pthread_mutex_unlock(guest->gate);
    }
    atomic_store(&guest->in_call, false);
    return guest->again_ms ? now_ms + guest->again_ms : INT64_MAX;
}

static struct guest *new_guest(int64_t again_ms)
{
    struct guest *guest = calloc(1, sizeof(*guest));

    assert_non_null(guest);
    guest->again_ms = again_ms;
    guest->beat = (struct srd_beat){ .call = call, .context = guest };
    return guest;
}

static void await_calls(struct guest *guest, size_t count)
{
    while (atomic_load(&guest->calls) < count)
        sched_yield();
}

static void whoever_is_due_is_called_as_often_as_he_says(void **state)
{
    struct srd_pulse *pulse = srd_pulse_new();
    struct guest *often = new_guest(1), *once = new_guest(0), *late = new_guest(1);

    (void)state;
    srd_pulse_add(pulse, &late->beat, INT64_MAX);
    srd_pulse_add(pulse, &once->beat, 0);
    srd_pulse_add(pulse, &often->beat, srd_clock_monotonic_ms() + 1);
    await_calls(once, 1);
    await_calls(often, 5);
    assert_int_equal(once->calls, 1);
    assert_int_equal(late->calls, 0);
    srd_pulse_remove(pulse, &once->beat);
    srd_pulse_remove(pulse, &late->beat);
    srd_pulse_remove(pulse, &often->beat);
    srd_pulse_free(&pulse);
    assert_null(pulse);
    free(often);
    free(once);
    free(late);
}

static void who_was_never_there_or_has_left_can_be_removed(void **state)
{
    struct srd_pulse *pulse = srd_pulse_new();
    struct guest *guest = new_guest(1);

    (void)state;
    srd_pulse_remove(pulse, &guest->beat);
    srd_pulse_add(pulse, &guest->beat, INT64_MAX);
    srd_pulse_remove(pulse, &guest->beat);
    srd_pulse_remove(pulse, &guest->beat);
    srd_pulse_add(pulse, &guest->beat, 0); /* and come again */
    await_calls(guest, 1);
    srd_pulse_remove(pulse, &guest->beat);
    srd_pulse_free(&pulse);
    free(guest);
}

struct leaving {
    struct srd_pulse *pulse;
    struct guest *guest;
    bool was_in_call;
    atomic_bool done;
};

static void *leave(void *context)
{
    struct leaving *leaving = context;

    srd_pulse_remove(leaving->pulse, &leaving->guest->beat);
    leaving->was_in_call = atomic_load(&leaving->guest->in_call);
    free(leaving->guest);
    atomic_store(&leaving->done, true);
    return NULL;
}

static void removing_waits_for_the_call_that_is_under_way(void **state)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct leaving leaving = { .pulse = srd_pulse_new(), .guest = new_guest(1) };
    pthread_t thread;

    (void)state;
    leaving.guest->gate = &gate;
    pthread_mutex_lock(&gate);
    srd_pulse_add(leaving.pulse, &leaving.guest->beat, 0);
    await_calls(leaving.guest, 1);
    assert_int_equal(pthread_create(&thread, NULL, leave, &leaving), 0);
    for (int i = 0; i < 100; i++) {
        sched_yield();
        assert_false(atomic_load(&leaving.done));
    }
    pthread_mutex_unlock(&gate);
    pthread_join(thread, NULL);
    assert_true(leaving.done);
    assert_false(leaving.was_in_call);
    srd_pulse_free(&leaving.pulse);
}

#define CROWD 4
#define COMINGS 3000

static void *come_and_go(void *context)
{
    struct srd_pulse *pulse = context;

    for (size_t i = 0; i < COMINGS; i++) {
        struct guest *guest = new_guest((int64_t)(i % 3));

        srd_pulse_add(pulse, &guest->beat, i % 2 ? 0 : srd_clock_monotonic_ms() + 1);
        if (i % 5 == 0)
            await_calls(guest, 1);
        else if (i % 5 < 3)
            sched_yield();
        srd_pulse_remove(pulse, &guest->beat);
        free(guest);
    }
    return NULL;
}

static void a_crowd_that_comes_and_goes_is_never_called_behind_its_back(void **state)
{
    struct srd_pulse *pulse = srd_pulse_new();
    pthread_t threads[CROWD];

    (void)state;
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, pulse), 0);
    for (size_t i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    srd_pulse_free(&pulse);
}

static void a_pulse_that_nobody_needs_ends_at_once(void **state)
{
    struct srd_pulse *pulse = srd_pulse_new();

    (void)state;
    srd_pulse_free(&pulse);
    srd_pulse_free(&pulse); /* twice is fine */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_is_due_is_called_as_often_as_he_says),
        cmocka_unit_test(who_was_never_there_or_has_left_can_be_removed),
        cmocka_unit_test(removing_waits_for_the_call_that_is_under_way),
        cmocka_unit_test(a_crowd_that_comes_and_goes_is_never_called_behind_its_back),
        cmocka_unit_test(a_pulse_that_nobody_needs_ends_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
