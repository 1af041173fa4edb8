#ifndef SRD_EXPERTS_CATALOGUE_H
#define SRD_EXPERTS_CATALOGUE_H

#include "lib/model/expert.h"

/* Everything srdiag knows about StarRocks: what `cmd` hands to the engine. */
extern const struct srd_catalogue srd_catalogue;

/* From experts.def: one per line EXPERT(name), whose record is srd_expert_<name>. */
#define EXPERT(name) extern const struct srd_expert srd_expert_##name;
#include "experts/experts.def"
#undef EXPERT

extern const struct srd_cause *const srd_causes[];
extern const struct srd_area srd_areas[];
extern const char srd_instructions[];
extern const struct srd_prompt srd_prompts[];

#endif
