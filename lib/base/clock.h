#ifndef SRD_BASE_CLOCK_H
#define SRD_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times: milliseconds since 1970 UTC; durations: milliseconds of a clock that never jumps. */
int64_t srd_clock_now_ms(void);
int64_t srd_clock_monotonic_ms(void);

#define SRD_TIME_SIZE 32
/* "2026-01-20T02:00:00Z" (RFC 3339, UTC; milliseconds only if not zero). Returns @out. */
const char *srd_time_rfc3339(int64_t ms, char out[SRD_TIME_SIZE]);
/* "2026-01-20 10:00:00 +08:00": for people, in the zone @offset_s east of UTC. */
const char *srd_time_human(int64_t ms, int offset_s, char out[SRD_TIME_SIZE]);
/* Offset of this machine's zone at @ms, in seconds east of UTC. */
int srd_time_local_offset_s(int64_t ms);
/*
 * Reads "yyyy-MM-dd HH:mm:ss[.fff...]" or "yyyy-MM-dd" (also with a T, and years up to 9999) as if
 * it were UTC. False for anything else, also for impossible dates.
 */
bool srd_time_parse(const char *text, int64_t *ms);
/* RFC 3339 with zone. */
bool srd_time_parse_rfc3339(const char *text, int64_t *ms);

#endif
