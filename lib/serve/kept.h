#ifndef SRD_SERVE_KEPT_H
#define SRD_SERVE_KEPT_H

#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/error.h"

/*
 * What can be asked about afterwards: a whole report behind the short answer that was given, the
 * rows of a view that did not fit. Each under a handle of 128 random bits, for a while, for its
 * tenant alone, and as long as there is room: the oldest goes first.
 *
 * Any thread.
 */
struct srd_kept;

#define SRD_HANDLE_SIZE 24 /* with the NUL */

struct srd_kept *srd_kept_new(size_t bytes);
void srd_kept_free(struct srd_kept **kept);

/*
 * Keeps a copy of @text. @kind ("report", "rows") and @about (which call it belongs to) must be
 * named again to get it. SRD_E_LIMIT: it is larger than an eighth of all; SRD_E_SYSTEM: no random
 * bytes.
 */
int srd_kept_add(struct srd_kept *kept, const char *tenant, const char *kind, const char *about,
                 const char *text, size_t n, int64_t life_ms, char handle[SRD_HANDLE_SIZE],
                 struct srd_error *err);
/* A copy in @arena; NULL: there is none, or none any more. @about NULL: whatever call. */
const char *srd_kept_get(struct srd_kept *kept, const char *tenant, const char *kind,
                         const char *about, const char *handle, struct srd_arena *arena);

#endif
