/* What went wrong, and while doing what? */

#include "lib/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"

static const struct {
    const char *name;
    int exit;
} codes[] = {
    [SRD_OK] = { "ok", 0 },
    [SRD_E_USAGE] = { "usage", 64 },
    [SRD_E_DATA] = { "data", 65 },
    [SRD_E_CONNECT] = { "connect", 69 },
    [SRD_E_INTERNAL] = { "internal", 70 },
    [SRD_E_SYSTEM] = { "system", 74 },
    [SRD_E_LIMIT] = { "limit", 65 },
    [SRD_E_DENIED] = { "denied", 77 },
    [SRD_E_CONFIG] = { "config", 78 },
    [SRD_E_TIMEOUT] = { "timeout", 124 },
    [SRD_E_CANCELLED] = { "cancelled", 130 },
};

/* Formats into @out and returns the length that is there; a text too long loses its end. */
static size_t format_into(char *out, size_t room, const char *format, va_list args)
{
    int n = vsnprintf(out, room, format, args);

    if (n < 0) {
        out[0] = '\0';
        return 0;
    }
    if ((size_t)n < room)
        return (size_t)n;
    n = (int)srd_utf8_whole(out, room - 1);
    out[n] = '\0';
    return (size_t)n;
}

int srd_fail(struct srd_error *err, enum srd_code code, const char *format, ...)
{
    char text[sizeof(err->text)]; /* the arguments may point into err->text */
    va_list args;
    size_t n;

    va_start(args, format);
    n = format_into(text, sizeof(text), format, args);
    va_end(args);
    err->code = code;
    memcpy(err->text, text, n + 1);
    return (int)code;
}

int srd_while(struct srd_error *err, const char *format, ...)
{
    char text[sizeof(err->text)];
    va_list args;
    size_t n, room, rest = strlen(err->text);

    va_start(args, format);
    n = format_into(text, sizeof(text) - 2, format, args);
    va_end(args);
    text[n++] = ':';
    text[n++] = ' ';
    room = sizeof(text) - 1 - n;
    if (rest > room)
        rest = srd_utf8_whole(err->text, room);
    memcpy(text + n, err->text, rest);
    text[n + rest] = '\0';
    memcpy(err->text, text, n + rest + 1);
    return (int)err->code;
}

const char *srd_code_name(enum srd_code code)
{
    return (size_t)code < SRD_COUNT(codes) ? codes[code].name : "unknown";
}

int srd_code_exit(enum srd_code code)
{
    return (size_t)code < SRD_COUNT(codes) ? codes[code].exit : codes[SRD_E_INTERNAL].exit;
}
