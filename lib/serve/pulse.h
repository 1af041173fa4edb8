#ifndef SRD_SERVE_PULSE_H
#define SRD_SERVE_PULSE_H

#include <stdint.h>

/*
 * One thread that calls whoever wants to be called after a while: the comment lines of idle
 * streams, and the first word of an answer that takes long. It starts with the first one who does.
 */
struct srd_pulse;
/* One call; inside of what is called, and zeroed there first. */
struct srd_beat {
    struct srd_beat *before, *after; /* in the list */
    int64_t due_ms;
    /* Says when to be called again (srd_clock_monotonic_ms(); INT64_MAX: not). Must not block. */
    int64_t (*call)(void *context, int64_t now_ms);
    void *context;
};

struct srd_pulse *srd_pulse_new(void);
void srd_pulse_free(struct srd_pulse **pulse); /* nobody may be left in it */
void srd_pulse_add(struct srd_pulse *pulse, struct srd_beat *beat, int64_t due_ms);
/* Is not called any more, also not at this moment; one that was never added, or removed, is fine.
 */
void srd_pulse_remove(struct srd_pulse *pulse, struct srd_beat *beat);

#endif
