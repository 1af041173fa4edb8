#ifndef SRD_SERVE_MEDIA_H
#define SRD_SERVE_MEDIA_H

#include <stdbool.h>

/* What a body is, and what a client wants to have (RFC 9110, 8.3 and 12.5.1). */

/* "application/json", in any case, with parameters or without. NULL: no. */
bool srd_media_is_json(const char *content_type);
/*
 * Does the list @accept ("application/json, text/event-stream;q=0.5") allow "type/subtype"? What
 * names it best decides: itself, then type/ *, then any; q=0 forbids. NULL, empty: everything is
 * welcome.
 */
bool srd_media_accepts(const char *accept, const char *type, const char *subtype);

#endif
