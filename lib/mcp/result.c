/* What does a tool say? */

#include "lib/mcp/mcp_private.h"

#include <stdarg.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define MAX_RESULT ((size_t)4 << 20)
#define SAFE_INTEGER INT64_C(9007199254740991) /* 2^53 - 1: beyond it JavaScript rounds */

static struct srd_buf *begin(struct srd_mcp_result *out, bool is_error)
{
    if (!out->members.data)
        srd_buf_init(&out->members, MAX_RESULT);
    srd_buf_clear(&out->members);
    out->is_error = is_error;
    out->code = 0;
    out->type = NULL;
    return &out->members;
}

/* Too large to be sent: said instead of cutting JSON in the middle. */
static void check_room(struct srd_mcp_result *out)
{
    if (out->members.full)
        srd_mcp_result_fault(out, "The result is larger than 4 MiB. Ask for less.");
}

static void put_block(struct srd_buf *out, const char *text, size_t n)
{
    srd_buf_text(out, "\"content\":[{\"type\":\"text\",\"text\":");
    srd_json_quote(out, text, n);
    srd_buf_text(out, "}]");
}

void srd_mcp_result_text(struct srd_mcp_result *out, const char *text)
{
    put_block(begin(out, false), text, strlen(text));
    check_room(out);
}

void srd_mcp_result_fault(struct srd_mcp_result *out, const char *format, ...)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text = { 0 };
    va_list args;

    srd_buf_init(&text, MAX_RESULT / 16);
    va_start(args, format);
    srd_buf_vprintf(&text, format, args);
    va_end(args);
    if (text.full)
        srd_buf_text((srd_buf_clear(&text), &text), "The call failed with too many words.");
    put_block(begin(out, true), text.data, text.size);
}

void srd_mcp_result_members(struct srd_mcp_result *out, const char *members, size_t n,
                            bool is_error)
{
    srd_buf_add(begin(out, is_error), members, n);
    check_room(out);
}

/* Is the number of @n characters at @text an integer that JavaScript would change? */
static bool is_unsafe(const char *text, size_t n)
{
    char digits[32];
    int64_t number;

    if (n < 16 || strspn(text, "-0123456789") < n)
        return false;
    if (n >= sizeof(digits))
        return true;
    memcpy(digits, text, n);
    digits[n] = '\0';
    return !srd_text_int64(digits, &number) || number > SAFE_INTEGER || number < -SAFE_INTEGER;
}

/* Appends printed JSON, with such integers as strings. */
static void put_safe(struct srd_buf *out, const char *json)
{
    const char *from = json; /* what was not copied yet */

    for (const char *at = json; *at;) {
        size_t n;

        if (*at == '"') {
            for (at++; *at != '"'; at++)
                if (*at == '\\')
                    at++;
            at++;
            continue;
        }
        n = strspn(at, "-+.0123456789eE");
        if (is_unsafe(at, n)) {
            srd_buf_add(out, from, (size_t)(at - from));
            srd_buf_char(out, '"');
            srd_buf_add(out, at, n);
            srd_buf_char(out, '"');
            from = at + n;
        }
        at += n ? n : 1;
    }
    srd_buf_text(out, from);
}

void srd_mcp_result_object(struct srd_mcp_result *out, struct srd_json *object)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *owned = object;
    SRD_CLEANUP(srd_buf_free) struct srd_buf printed = { 0 }, safe = { 0 };
    struct srd_buf *members = begin(out, false);

    srd_buf_init(&printed, MAX_RESULT);
    srd_buf_init(&safe, MAX_RESULT);
    srd_json_print(owned, false, &printed);
    if (!printed.full)
        put_safe(&safe, printed.data);
    members->full = printed.full || safe.full;
    put_block(members, safe.data, safe.size);
    srd_buf_text(members, ",\"structuredContent\":");
    srd_buf_add(members, safe.data, safe.size);
    check_room(out);
}
