/* How long does a thread wait for another? */

#include "lib/base/wait.h"

#include <errno.h>
#include <time.h>

void srd_wait_init(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool srd_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms)
{
    struct timespec until;

    if (until_ms == INT64_MAX)
        return pthread_cond_wait(cond, lock) == 0;
    until.tv_sec = (time_t)(until_ms / 1000);
    until.tv_nsec = (long)(until_ms % 1000) * 1000000L;
    return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}
