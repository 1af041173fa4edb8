#ifndef SRD_ENGINE_PLAN_H
#define SRD_ENGINE_PLAN_H

#include "lib/engine/engine.h"

/* Shared by the files of lib/engine; engine.h has what others use. */

bool srd_plan_is_identity(const struct srd_probe *probe);
/* 0 identity, 1 what waits for nothing, 2 what waits for level 1 ... A heavy probe is at least 2. */
int srd_plan_level(const struct srd_catalogue *catalogue, const struct srd_probe *probe);
/* Identity, @probes with what they come after, and the guard if one of them is heavy. NULL-ended. */
const struct srd_probe *const *srd_plan_complete(const struct srd_catalogue *catalogue,
                                                 const struct srd_probe *const *probes,
                                                 struct srd_arena *arena);
/* What the checks of @experts want that fit a cluster of this version (0: any) and mode (any). */
const struct srd_probe *const *srd_plan_fitting(const struct srd_expert *const *experts,
                                                const struct srd_run_options *options, int version,
                                                enum srd_mode mode, struct srd_arena *arena);
/* --only and --skip: ids, or patterns like "storage.disk-*". */
bool srd_plan_wants_check(const struct srd_check *check, const struct srd_run_options *options);

#endif
