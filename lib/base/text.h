#ifndef SRD_BASE_TEXT_H
#define SRD_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"

/* Small questions about words and numbers that several layers ask. */

/*
 * The candidate that differs least from @word (at most a third of its letters, swaps count once),
 * or NULL: "did you mean ...?". @candidates ends with NULL.
 */
const char *srd_text_nearest(const char *word, const char *const *candidates);

/* Whole-text numbers: no blanks around, no garbage behind, in range; false otherwise. */
bool srd_text_int64(const char *text, int64_t *out);
bool srd_text_double(const char *text, double *out);
/* 30, 30s, 500ms, 5m, 2h, 1d -> milliseconds; a bare number is seconds. */
bool srd_text_duration_ms(const char *text, int64_t *out);

/* "a, b ,c" -> { "a", "b", "c", NULL }, blanks trimmed, empty items left out. */
const char *const *srd_text_list(struct srd_arena *arena, const char *text);
bool srd_text_in(const char *word, const char *const *list); /* NULL list: false */
/* Is @word one of @words, which blanks part (NULL: none), in letters of either case? */
bool srd_text_among(const char *words, const char *word);
bool srd_text_prefix(const char *text, const char *prefix);
/* Equal? Of two that may be NULL, which equals NULL alone. */
bool srd_text_same(const char *a, const char *b);
/*
 * Does one of @words (NULL-ended, two characters or more, small letters) stand somewhere in the @n
 * bytes of @text, its letters of either case (those of ASCII)? In one pass, for those who ask it of
 * many texts.
 */
bool srd_text_holds(const char *text, size_t n, const char *const *words);

/* 71300000000 -> "66.40 GB" (1024 steps, as StarRocks prints sizes: B KB MB GB TB PB). */
const char *srd_text_bytes(struct srd_arena *arena, double bytes);
/* 32144 -> "32,144" */
const char *srd_text_count(struct srd_arena *arena, double count);
/* 93784000 -> "1d 2h 3m 4s", the two largest parts: "1d 2h" */
const char *srd_text_duration(struct srd_arena *arena, int64_t ms);

#endif
