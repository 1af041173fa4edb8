#ifndef SRD_SERVE_LANES_H
#define SRD_SERVE_LANES_H

#include "lib/serve/work.h"

/*
 * A pool of threads that many share, of which nobody gets more than his lane: what one has under
 * way beyond @most waits, in its order, until something of his is over. So the calls of a tenant
 * whose cluster is slow leave the threads to the others.
 *
 * Any thread.
 */
struct srd_lanes;

/* @waiting: of one lane; more than that are refused. */
struct srd_lanes *srd_lanes_new(struct srd_work *work, size_t waiting);
/* false: too many wait already, or the pool takes no more; nothing was taken. */
bool srd_lanes_submit(struct srd_lanes *lanes, const char *lane, size_t most, void (*run)(void *),
                      void *what);
size_t srd_lanes_waiting(struct srd_lanes *lanes);
/* After the pool: all that was submitted was run then. */
void srd_lanes_free(struct srd_lanes **lanes);

#endif
