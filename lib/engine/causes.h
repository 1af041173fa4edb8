#ifndef SRD_ENGINE_CAUSES_H
#define SRD_ENGINE_CAUSES_H

#include "lib/model/cause.h"

/*
 * Which causes do the results speak for? Pure.
 *
 * A cause matches when no required signal is "no", none that is not `aside` is unknown, at least one is
 * "yes", and no veto holds. Confidence: 0.5 when all required hold, 0.1 less for each `aside` one that
 * is unknown, + 0.1 per supporting signal (at most 0.95), - 0.2 per contradiction. Ordered by severity of
 * what they explain, confidence, id. A cause whose confidence would be below 0.3 is not reported.
 */
size_t srd_causes_match(const struct srd_cause *const *causes, const struct srd_results *results,
                        struct srd_arena *arena, const struct srd_cause_match **out);

#endif
