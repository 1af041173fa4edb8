/* What may those read who are on the same machine, of a process that holds secrets for long? */

#include <sys/prctl.h>
#include <sys/resource.h>

#include "cmd/command.h"

/* A sanitizer looks into the process when it ends. */
#if defined(__SANITIZE_ADDRESS__)
#define LOOKED_INTO 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOOKED_INTO 1
#endif
#endif

void srd_leave_no_core(void)
{
    const struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
#ifndef LOOKED_INTO /* a limit of 0 is no limit for a core_pattern that is a program */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
