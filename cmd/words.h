#ifndef SRD_CMD_WORDS_H
#define SRD_CMD_WORDS_H

#include "lib/base/arena.h"

/* How messages speak about what somebody typed or wrote. */

/* "; did you mean "x"?", or "". @candidates ends with NULL. */
const char *srd_did_you_mean(struct srd_arena *arena, const char *word,
                             const char *const *candidates);
/* Foreign text for a message: one clean line, cut if it is long. */
const char *srd_shown(struct srd_arena *arena, const char *text);

#endif
