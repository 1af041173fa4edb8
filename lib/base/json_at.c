/* Where in its text does a JSON value stand? */

#include "lib/base/json_at.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/base/json_scan.h"

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

static const char *skip_string(const char *p)
{
    for (p++; *p != '"'; p++)
        if (*p == '\\')
            p++;
    return p + 1;
}

/* Brackets are matched by counting: the text is known to be sound. */
static const char *skip_value(const char *p)
{
    size_t depth = 0;

    do {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        depth += *p == '{' || *p == '[';
        depth -= *p == '}' || *p == ']';
        if (depth || *p == '}' || *p == ']')
            p++;
        else
            p += strcspn(p, ",]} \t\r\n");
    } while (depth);
    return p;
}

static void look(const char *p, bool keyed, struct srd_json_at *out)
{
    out->key = NULL;
    if (keyed) {
        out->key = p;
        p = skip_blanks(skip_string(p));
        p = skip_blanks(p + 1); /* the colon */
    }
    out->value = p;
    out->end = skip_value(p);
}

struct srd_json_at srd_json_at_root(const char *text)
{
    struct srd_json_at at;

    look(skip_blanks(text), false, &at);
    return at;
}

bool srd_json_at_first(const struct srd_json_at *of, struct srd_json_at *out)
{
    const char *p;

    if (*of->value != '{' && *of->value != '[')
        return false;
    p = skip_blanks(of->value + 1);
    if (*p == '}' || *p == ']')
        return false;
    look(p, *of->value == '{', out);
    return true;
}

bool srd_json_at_next(struct srd_json_at *at)
{
    const char *p = skip_blanks(at->end);

    if (*p != ',')
        return false;
    look(skip_blanks(p + 1), at->key != NULL, at);
    return true;
}

/* The key without quotes and escapes; freed by the caller. */
static char *key_text(const char *quote)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    size_t n = (size_t)(skip_string(quote) - quote);
    struct srd_error err;
    char *copy;

    if (srd_json_parse(quote, n, n, &json, &err))
        return calloc(1, 1);
    copy = strdup(srd_json_text(json));
    if (!copy)
        srd_no_memory();
    return copy;
}

bool srd_json_at_member(const struct srd_json_at *of, const char *key, struct srd_json_at *out)
{
    struct srd_json_at at;

    if (*of->value != '{' || !srd_json_at_first(of, &at))
        return false;
    do {
        SRD_CLEANUP(srd_free_text) char *found = key_text(at.key);

        if (found && !strcmp(found, key)) {
            *out = at;
            return true;
        }
    } while (srd_json_at_next(&at));
    return false;
}

int srd_json_at_line(const char *text, const char *at)
{
    int line = 1;

    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

/* ---- keys that are there twice ---- */

struct seen {
    char *key;
    const char *at;
};

static int compare_seen(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* The earliest second key of @of itself; NULL: there is none. */
static const char *twice_here(const struct srd_json_at *of)
{
    const char *found = NULL;
    struct srd_json_at at;
    struct seen *seen;
    size_t n = 0, room = 0;

    if (*of->value != '{' || !srd_json_at_first(of, &at))
        return NULL;
    do
        room++;
    while (srd_json_at_next(&at));
    seen = calloc(room, sizeof(*seen));
    if (!seen)
        srd_no_memory();
    srd_json_at_first(of, &at);
    do
        seen[n++] = (struct seen){ key_text(at.key), at.key };
    while (srd_json_at_next(&at));
    qsort(seen, n, sizeof(*seen), compare_seen);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(seen[i - 1].key, seen[i].key) && (!found || seen[i].at < found))
            found = seen[i].at;
    for (size_t i = 0; i < n; i++)
        free(seen[i].key);
    free(seen);
    return found;
}

/* As deep as the scan let the text be. */
static const char *twice_within(const struct srd_json_at *of)
{
    const char *found = twice_here(of);
    struct srd_json_at at;

    if (found || !srd_json_at_first(of, &at))
        return found;
    do
        found = twice_within(&at);
    while (!found && srd_json_at_next(&at));
    return found;
}

int srd_json_at_twice(const char *text, size_t n)
{
    struct srd_error ignored = { 0 };
    struct srd_json_at root;
    const char *found;

    if (srd_json_scan(text, n, &ignored))
        return 0;
    root = srd_json_at_root(text);
    found = twice_within(&root);
    return found ? srd_json_at_line(text, found) : 0;
}
