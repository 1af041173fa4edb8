/* Can the value of a partition mislead its parser? */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "experts/storage/partition_value.h"
#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is a time of four digits of years, or unbounded, and printed again it is read
 * again. */
static void check(struct srd_arena *arena, const struct srd_partition_range *range)
{
    struct srd_partition_range again;
    char lower[SRD_TIME_SIZE], upper[SRD_TIME_SIZE];

    if (range->lower_ms >= range->upper_ms)
        abort();
    if (range->lower_ms == INT64_MIN || range->upper_ms == INT64_MAX)
        return;
    srd_time_rfc3339(range->lower_ms, lower);
    srd_time_rfc3339(range->upper_ms, upper);
    if (range->upper_ms % 1000 || range->lower_ms % 1000 || strlen(upper) != 20)
        return; /* milliseconds, and the day after 9999-12-31 */
    lower[10] = upper[10] = ' ';
    lower[19] = upper[19] = '\0';
    if (!srd_partition_range(srd_arena_printf(arena,
                                              "[types: [DATETIME]; keys: [%s]; "
                                              "..types: [DATETIME]; keys: [%s]; )",
                                              lower, upper),
                             &again) ||
        (strncmp(lower, "0000-", 5) != 0 && again.lower_ms != range->lower_ms) ||
        again.upper_ms != range->upper_ms)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_partition_range range;

    if (srd_partition_range(srd_arena_copy_n(arena, (const char *)data, size), &range))
        check(arena, &range);
    return 0;
}
