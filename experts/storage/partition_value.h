#ifndef SRD_EXPERTS_STORAGE_PARTITION_VALUE_H
#define SRD_EXPERTS_STORAGE_PARTITION_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * From when to when a partition reaches, as the FE prints it (PARTITION_VALUE, SHOW PARTITIONS):
 *
 *     [types: [DATE]; keys: [2025-12-02]; ..types: [DATE]; keys: [2025-12-03]; )
 *     [["2025-12-02","cn"],["2025-12-03","cn"]]    a list
 *     ('2025-12-02', '2025-12-03')                 a list of older releases
 *
 * Only the first key counts. It is a date, a date with time, or a number that reads as yyyyMMdd, as
 * in the ranges of dynamic partitions over integers. Bounds are read as if they were UTC. A range
 * from year 0 begins at INT64_MIN, one to MAXVALUE ends at INT64_MAX; of a list the first item
 * counts, with its day. False for everything else: other types, what is cut or garbled, and what
 * ends before it begins.
 */
struct srd_partition_range {
    int64_t lower_ms, upper_ms;
};
bool srd_partition_range(const char *text, struct srd_partition_range *out);

#endif
