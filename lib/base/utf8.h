#ifndef SRD_BASE_UTF8_H
#define SRD_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"

/*
 * Text that came from outside is data: nothing in it may act on a terminal, a log or a reader.
 * (Owner of libunistring.)
 */

/* Valid UTF-8 without NUL? */
bool srd_utf8_valid(const char *bytes, size_t n);

/*
 * Appends @text so that it can be shown on one line: control characters become \n, \t, \e or \xNN,
 * broken bytes \xNN, bidi controls (U+202A-202E, U+2066-2069, U+200E/F, U+061C), zero-width
 * characters, line and paragraph separators and other invisible format characters \u{NNNN}.
 * A backslash stays as it is.
 */
void srd_utf8_clean(struct srd_buf *out, const char *text, size_t n);

/* Columns that clean @text takes on a terminal (CJK characters take two). */
size_t srd_utf8_width(const char *text);

/*
 * The length in bytes of the longest prefix of clean @text that is at most @columns wide and does
 * not cut a character (or a base letter from its combining marks).
 */
size_t srd_utf8_fit(const char *text, size_t columns);

/* How many of the @n bytes come before the first broken one; @n if none is. A NUL is not broken. */
size_t srd_utf8_good(const char *bytes, size_t n);

/* Appends @bytes with U+FFFD in place of what is broken; control characters stay. */
void srd_utf8_repair(struct srd_buf *out, const char *bytes, size_t n);

/*
 * @n, less the bytes of a character that was cut off at the end: after a text had to be shortened to
 * the room there was.
 */
size_t srd_utf8_whole(const char *bytes, size_t n);

#endif
