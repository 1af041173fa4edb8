#ifndef SRD_BASE_JSON_EDIT_H
#define SRD_BASE_JSON_EDIT_H

#include <stdbool.h>

#include "lib/base/buf.h"

/*
 * Changes one member of a JSON text and leaves every other byte as its owner wrote it: order,
 * blanks, escapes, digits. @text is what srd_json_parse() accepted; @path are the keys from the
 * outermost object on, NULL-ended; @out is appended to, and is JSON again.
 *
 * put: @value (JSON, printed pretty if it has lines) takes the place of the member's value, or the
 * member becomes the last of its object, indented like the one before it. drop: the member goes,
 * with its comma. false, and nothing appended: the objects on the way, or the member to drop, are
 * not there.
 */
bool srd_json_edit_put(const char *text, const char *const *path, const char *value,
                       struct srd_buf *out);
bool srd_json_edit_drop(const char *text, const char *const *path, struct srd_buf *out);

#endif
