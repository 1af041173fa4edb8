#ifndef SRD_SERVE_KEPT_H
#define SRD_SERVE_KEPT_H

#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/error.h"
#include "lib/serve/ticket.h"

/*
 * What can be asked about afterwards: a whole report behind the short answer that was given, the
 * rows of a view that did not fit. Each under the id of its ticket, for a while, for its tenant
 * alone, and as long as there is room: the oldest goes first. Nothing depends on it: what is not
 * here (any more, or because another replica gave the answer) is found out again.
 *
 * Any thread.
 */
struct srd_kept;

struct srd_kept *srd_kept_new(size_t bytes);
void srd_kept_free(struct srd_kept **kept);

/*
 * Keeps a copy of @text, under the kind and the id of @ticket; what was there under the same goes.
 * @again_ms: it is not what the ticket was given for, but was found out again then (wall clock); 0:
 * it is. SRD_E_LIMIT: it is larger than an eighth of all.
 */
int srd_kept_add(struct srd_kept *kept, const char *tenant, const struct srd_ticket *ticket,
                 int64_t again_ms, const char *text, size_t n, int64_t life_ms,
                 struct srd_error *err);
/* A copy in @arena, and @again_ms of it; NULL: there is none, or none any more. */
const char *srd_kept_get(struct srd_kept *kept, const char *tenant, const struct srd_ticket *ticket,
                         struct srd_arena *arena, int64_t *again_ms);

#endif
