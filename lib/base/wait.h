#ifndef SRD_BASE_WAIT_H
#define SRD_BASE_WAIT_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Waiting by a clock that never jumps, and flags that say "nobody wants it any more". */

/* A condition variable for srd_wait_until(). */
void srd_wait_init(pthread_cond_t *cond);
/* Waits until @until_ms (srd_clock_monotonic_ms(); INT64_MAX: for ever); false when it has come. */
bool srd_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms);

/*
 * A flag that a signal handler or another thread raises. volatile sig_atomic_t is what a handler
 * may write; read and raised like this it is also what two threads may share.
 */
static inline bool srd_flag_up(const volatile sig_atomic_t *flag)
{
    return flag && __atomic_load_n(flag, __ATOMIC_RELAXED) != 0;
}

static inline void srd_flag_raise(volatile sig_atomic_t *flag)
{
    __atomic_store_n(flag, 1, __ATOMIC_RELAXED);
}

#endif
