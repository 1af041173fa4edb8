#ifndef SRD_SERVE_PULSE_H
#define SRD_SERVE_PULSE_H

#include <stdint.h>

/*
 * One thread that calls whoever wants to be called after a while: the comment lines of idle
 * streams, and the first word of an answer that takes long. It starts with the first one who does.
 *
 * The pulse owns no beat and holds nothing that a beat is part of. Its owner removes it before that
 * memory may go, which for what lives in a request's arena is before the request is answered or its
 * stream ended, for nothing else keeps the arena:
 *
 *     a POST to /mcp   added by handle() after srd_http_later(), before its jobs are handed out;
 *                      removed by the one who answers, first of all
 *     a session of     added by handle() before anybody can find it; removed by the one who closes
 *     GET /sse         it (of several only one does), before its stream ends
 *
 * That a client leaves removes nothing: its owner is told (gone(), or a send that fails), and ends
 * what he began as always.
 */
struct srd_pulse;
/*
 * One call; inside of what is called, and zeroed there first. The pulse's while it is in the list.
 */
struct srd_beat {
    struct srd_beat *before, *after; /* in the list */
    int64_t due_ms;
    /*
     * Says when to be called again (srd_clock_monotonic_ms(); INT64_MAX: not). On the pulse's
     * thread, one call at a time for all beats: must not block, nor add or remove one.
     */
    int64_t (*call)(void *context, int64_t now_ms);
    void *context;
};

struct srd_pulse *srd_pulse_new(void);
void srd_pulse_free(struct srd_pulse **pulse); /* nobody may be left in it */
/*
 * To be called at @due_ms, and from then on when @beat says. Once, until it is removed. Any thread.
 */
void srd_pulse_add(struct srd_pulse *pulse, struct srd_beat *beat, int64_t due_ms);
/*
 * When it returns @beat is not called any more, and no call of it is under way. One that was never
 * added, or is removed already, is fine. Any thread, with no lock that a call may take.
 */
void srd_pulse_remove(struct srd_pulse *pulse, struct srd_beat *beat);

#endif
