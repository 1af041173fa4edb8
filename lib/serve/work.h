#ifndef SRD_SERVE_WORK_H
#define SRD_SERVE_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A bounded pool of threads: what must not be done on an event thread is done here.
 *
 * Threads start when there is work and there is none idle, up to @threads; an idle one ends after a
 * minute, so that a server without work holds none.
 */
struct srd_work;

struct srd_work *srd_work_new(size_t threads, size_t queue);
/* false: the queue is full, or the pool ends; nothing was taken. Any thread. */
bool srd_work_submit(struct srd_work *work, void (*run)(void *), void *what);
/*
 * The same for what is of a kind, and may stand still with all of its kind: tasks of one @lane leave a
 * fourth of the threads, and of the places in the queue, to others (at least one, of two or more). 0: of
 * no kind, like srd_work_submit().
 */
bool srd_work_submit_to(struct srd_work *work, uint64_t lane, void (*run)(void *), void *what);
/* The same in the shape of struct srd_hands. @work: a struct srd_work. */
bool srd_work_lend(void *work, void (*run)(void *), void *what);
size_t srd_work_running(struct srd_work *work);
size_t srd_work_waiting(struct srd_work *work);
/* Runs what was submitted and ends the threads; from then on nothing is taken. */
void srd_work_end(struct srd_work *work);
/* The same, and @work is gone: for when nobody can submit any more. */
void srd_work_free(struct srd_work **work);

#endif
