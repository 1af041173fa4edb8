/* How is one member of a JSON text changed, and nothing else? */

#include "lib/base/json_edit.h"

#include <string.h>

#include "lib/base/json.h"
#include "lib/base/json_at.h"

/* The object that holds the last key of @path. */
static bool find_parent(const char *text, const char *const *path, struct srd_json_at *out,
                        const char **last)
{
    *out = srd_json_at_root(text);
    for (; path[1]; path++)
        if (!srd_json_at_member(out, *path, out))
            return false;
    *last = *path;
    return *out->value == '{';
}

/* The blanks that the line of @at begins with. */
static size_t indent_of(const char *text, const char *at, const char **indent)
{
    while (at > text && at[-1] != '\n')
        at--;
    *indent = at;
    return strspn(at, " \t");
}

/* @value, whose lines stand as far to the right as the line of @at. */
static void put_value(const char *text, const char *at, const char *value, const char *more,
                      struct srd_buf *out)
{
    const char *indent, *end;
    size_t n = indent_of(text, at, &indent);

    for (; (end = strchr(value, '\n')); value = end + 1) {
        srd_buf_add(out, value, (size_t)(end + 1 - value));
        srd_buf_add(out, indent, n);
        srd_buf_text(out, more);
    }
    srd_buf_text(out, value);
}

static void put_key(const char *key, struct srd_buf *out)
{
    srd_json_quote(out, key, strlen(key));
    srd_buf_text(out, ": ");
}

/* Behind @last, after the same blanks that are before it. */
static void append(const char *text, const struct srd_json_at *last, const char *key,
                   const char *value, struct srd_buf *out)
{
    const char *gap = last->key;

    while (gap > text && strchr(" \t\r\n", gap[-1]))
        gap--;
    srd_buf_add(out, text, (size_t)(last->end - text));
    srd_buf_char(out, ',');
    srd_buf_add(out, gap, (size_t)(last->key - gap));
    put_key(key, out);
    put_value(text, last->key, value, "", out);
    srd_buf_text(out, last->end);
}

/* Into the empty object @parent, on a line of its own. */
static void fill(const char *text, const struct srd_json_at *parent, const char *key,
                 const char *value, struct srd_buf *out)
{
    const char *indent;
    size_t n = indent_of(text, parent->value, &indent);

    srd_buf_add(out, text, (size_t)(parent->value - text));
    srd_buf_text(out, "{\n");
    srd_buf_add(out, indent, n);
    srd_buf_text(out, "  ");
    put_key(key, out);
    put_value(text, parent->value, value, "  ", out);
    srd_buf_char(out, '\n');
    srd_buf_add(out, indent, n);
    srd_buf_char(out, '}');
    srd_buf_text(out, parent->end);
}

bool srd_json_edit_put(const char *text, const char *const *path, const char *value,
                       struct srd_buf *out)
{
    struct srd_json_at parent, at, last;
    const char *key;

    if (!find_parent(text, path, &parent, &key))
        return false;
    if (srd_json_at_member(&parent, key, &at)) {
        srd_buf_add(out, text, (size_t)(at.value - text));
        put_value(text, at.key, value, "", out);
        srd_buf_text(out, at.end);
        return true;
    }
    if (!srd_json_at_first(&parent, &at)) {
        fill(text, &parent, key, value, out);
        return true;
    }
    do
        last = at;
    while (srd_json_at_next(&at));
    append(text, &last, key, value, out);
    return true;
}

bool srd_json_edit_drop(const char *text, const char *const *path, struct srd_buf *out)
{
    struct srd_json_at parent, at, before = { 0 }, gone;
    const char *key, *from, *to;

    if (!find_parent(text, path, &parent, &key) || !srd_json_at_member(&parent, key, &gone))
        return false;
    srd_json_at_first(&parent, &at);
    for (; at.key != gone.key; srd_json_at_next(&at))
        before = at;
    from = before.end ? before.end : gone.key;
    to = gone.end;
    if (!before.end && srd_json_at_next(&at)) /* the first of several: its comma is behind it */
        to = at.key;
    srd_buf_add(out, text, (size_t)(from - text));
    srd_buf_text(out, to);
    return true;
}
