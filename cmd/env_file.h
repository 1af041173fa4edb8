#ifndef SRD_CMD_ENV_FILE_H
#define SRD_CMD_ENV_FILE_H

#include "lib/base/arena.h"

/*
 * Writing .env files, so that srd_dotenv_parse(), a shell that sources them, and grep with cut read
 * the same. What stands in a file beside the keys that are changed stays byte for byte.
 */

/* @value as it stands behind KEY=: bare where that is safe, else quoted. UTF-8 without NUL. */
const char *srd_env_word(struct srd_arena *arena, const char *value);

/*
 * @text with the assignment that counts among those of @keys (NULL-ended; the first key ranks
 * highest, of one key the last line) saying @value; without one, it is added at the end as the last
 * of @keys. @value NULL: all of them go. NULL: @value would need quotes, which could close one that
 * is open before, or the value that is there goes over several lines.
 */
char *srd_env_put(struct srd_arena *arena, const char *text, const char *const *keys,
                  const char *value);

#endif
