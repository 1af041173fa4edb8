/* How do messages speak about what somebody typed or wrote? */

#include "cmd/words.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#define MOST_COLUMNS 60
#define MOST_BYTES 500 /* more than 60 columns ever need, whatever is in them */

const char *srd_shown(struct srd_arena *arena, const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;
    size_t n = strnlen(text, MOST_BYTES), fit;

    srd_buf_init(&clean, 16 * MOST_BYTES);
    srd_utf8_clean(&clean, text, n);
    fit = srd_utf8_fit(clean.data, MOST_COLUMNS);
    return srd_arena_printf(arena, "%.*s%s", (int)fit, clean.data,
                            fit < clean.size || n == MOST_BYTES ? "..." : "");
}

const char *srd_did_you_mean(struct srd_arena *arena, const char *word,
                             const char *const *candidates)
{
    const char *nearest = srd_text_nearest(word, candidates);

    return nearest ? srd_arena_printf(arena, "; did you mean \"%s\"?", nearest) : "";
}
