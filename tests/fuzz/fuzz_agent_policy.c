/* Can any question get a statement to the cluster that is neither ours nor let through by the
 * guard? */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/agent/agent_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is a policy's digit, then id, key and SQL, each ended by a newline but the last. */
static char *part(char **rest)
{
    char *text = *rest, *end = strchr(text, '\n');

    *rest = end ? end + 1 : text + strlen(text);
    if (end)
        *end = '\0';
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct srd_agent_rules *rules[3];
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_guard_rules guard = { 0 };
    struct srd_guard_verdict passed;
    struct srd_agent_verdict verdict;
    struct srd_error err = { 0 };
    char *rest, *id, *key, *behind;
    int policy;

    if (!size)
        return 0;
    policy = data[0] % 3;
    if (!rules[policy]) {
        struct srd_agent_options options = { .policy = (enum srd_guard_policy)policy,
                                             .catalogue = &srd_catalogue };

        if (srd_agent_rules_make(&options, &rules[policy], &err))
            abort();
    }
    rest = srd_arena_copy_n(arena, (const char *)data + 1, size - 1);
    id = part(&rest);
    key = part(&rest);
    if (!srd_agent_judge(rules[policy], id, key, rest, arena, &verdict)) {
        if (!*verdict.reason || verdict.sql)
            abort();
        return 0;
    }
    if (strncmp(verdict.sql, "/* srdiag:", 10) != 0 || !(behind = strstr(verdict.sql, " */ ")))
        abort();
    if (verdict.probe)
        return strcmp(verdict.probe->id, id) != 0 || strcmp(verdict.sql, rest) != 0 ? abort(),
               0                                                                    : 0;
    /* what is sent passes the guard again, our comment and all */
    guard.policy = (enum srd_guard_policy)policy;
    if (policy == SRD_GUARD_PROBES ||
        !srd_guard_judge(verdict.sql, strlen(verdict.sql), &guard, arena, &passed) ||
        strcmp(passed.statement, behind + 4) != 0)
        abort();
    return 0;
}
