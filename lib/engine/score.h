#ifndef SRD_ENGINE_SCORE_H
#define SRD_ENGINE_SCORE_H

#include "lib/model/report.h"

/*
 * The health score, model 1: how much head-room and redundancy is left, judged by what could be
 * looked at. Pure; a function of the set of results (order does not matter).
 *
 *   check   v = p * (0.5 + 0.5 share), p = info 0.01, warning 0.15, critical 0.60
 *   family  F = max v;   domain D = min(1, sum F_k / 2^k), F sorted descending, k from 0
 *   score   S0 = 100 * product (1 - W * D);  caps: critical 69, outage 39, warning 94; floor; 100
 *           only without a finding above info
 *
 * Confidence = sum W * coverage / sum W over domains with applicable checks; coverage weighs a check by
 * the worst it could say (critical 3, warning 2, info 1), follower's evidence half. low = S with every
 * unknown check as a warning at full share; a check whose probe failed (timeout, failed) on a cluster
 * that answers otherwise counts as critical there when it is an availability check (outage). high = S.
 */
struct srd_score srd_score(const struct srd_area *areas, const struct srd_result *results,
                           size_t count, struct srd_arena *arena);

/* S without the findings of @left_out (a check id list, NULL-ended): for "fix first". */
int srd_score_without(const struct srd_area *areas, const struct srd_result *results, size_t count,
                      const char *const *left_out, struct srd_arena *arena);

#endif
