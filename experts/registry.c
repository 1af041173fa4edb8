/* The catalogue: every expert of experts.def, the causes, the weights, the guard. */

#include "experts/catalogue.h"
#include "experts/probes.h"

static const struct srd_expert *const experts[] = {
#define EXPERT(name) &srd_expert_##name,
#include "experts/experts.def"
#undef EXPERT
    NULL,
};

const struct srd_catalogue srd_catalogue = {
    .version = "1",
    .experts = experts,
    .causes = srd_causes,
    .areas = srd_areas,
    .guard = &srd_probe_fe_locks,
    .stressed = srd_fe_stressed,
    .instructions = srd_instructions,
    .prompts = srd_prompts,
};
