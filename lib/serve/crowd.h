#ifndef SRD_SERVE_CROWD_H
#define SRD_SERVE_CROWD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How much of a server each tenant has open: requests that are not answered yet, and streams. So
 * that one who opens streams without end leaves the others theirs, also where all come from the one
 * address of a proxy.
 *
 * Any thread.
 */
struct srd_crowd;

struct srd_crowd *srd_crowd_new(void);
/* One more of @who, who may have @most; false: he has, and nothing was counted. */
bool srd_crowd_enter(struct srd_crowd *crowd, const char *who, size_t most);
/* Once for each that came in. */
void srd_crowd_leave(struct srd_crowd *crowd, const char *who);
void srd_crowd_free(struct srd_crowd **crowd);

#endif
