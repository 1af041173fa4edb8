/* What remains of a SQL text without its literals? */

#include "lib/source/guard_private.h"

#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"
#include "lib/base/json.h"

enum { SEEN, COMMENT, LITERAL };

/* Marks each byte by what it is part of; the most secret reading wins. */
static void mark(const char *sql, size_t n, bool plain_backslash, unsigned char *marks)
{
    struct srd_lexer lexer = { .sql = sql, .n = n, .plain_backslash = plain_backslash };
    struct srd_lex_token t;

    for (;;) {
        unsigned char what = SEEN;

        srd_lexer_next(&lexer, &t);
        switch (t.kind) {
        case SRD_LEX_END:
            return;
        case SRD_LEX_COMMENT:
        case SRD_LEX_HINT:
            what = COMMENT;
            break;
        case SRD_LEX_STRING:
        case SRD_LEX_BINARY:
        case SRD_LEX_NUMBER:
        case SRD_LEX_ATTACHMENT:
        case SRD_LEX_UNCLOSED:
            what = LITERAL;
            break;
        default:
            break;
        }
        for (size_t i = t.at; i < t.at + t.size; i++)
            if (marks[i] < what)
                marks[i] = what;
    }
}

const char *srd_guard_hide_literals(const char *sql, size_t n, struct srd_arena *arena)
{
    unsigned char *marks = srd_arena_alloc(arena, n + 1);
    char *out = srd_arena_alloc(arena, n + 1), *end = out;

    mark(sql, n, false, marks);
    mark(sql, n, true, marks);
    for (size_t i = 0; i < n; i++) {
        if (marks[i] == SEEN)
            *end++ = sql[i] ? sql[i] : ' ';
        else if (i == 0 || marks[i - 1] != marks[i])
            *end++ = marks[i] == LITERAL ? '?' : ' ';
    }
    *end = '\0';
    return out;
}

#define MAX_PROPERTIES ((size_t)1 << 20)
#define MAX_MEMBERS 1000

/* The members of JobProperties that are expressions, into @keys; their number. */
static size_t expressions(const struct srd_json *json, const char **keys, struct srd_arena *arena)
{
    size_t count = 0;

    for (const struct srd_json *m = srd_json_first(json); m; m = srd_json_next(m)) {
        const char *key = srd_json_key(m);

        if (srd_guard_private_member(key, strlen(key)))
            keys[count++] = srd_arena_copy(arena, key);
    }
    return count;
}

static const char *hide_expressions(const char *text, struct srd_arena *arena)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    const char *keys[MAX_MEMBERS];
    struct srd_error ignored = { 0 };
    size_t count;

    srd_buf_init(&out, 2 * MAX_PROPERTIES);
    if (srd_json_parse(text, strlen(text), MAX_PROPERTIES, &json, &ignored) ||
        srd_json_kind(json) != SRD_JSON_OBJECT || srd_json_size(json) > MAX_MEMBERS)
        return "?"; /* such as one that was cut off: nobody knows what is in it */
    count = expressions(json, keys, arena);
    if (!count)
        return text;
    for (size_t i = 0; i < count; i++) {
        struct srd_json *old = srd_json_take(json, keys[i]);

        srd_json_free(&old);
        srd_json_put(json, keys[i], srd_json_new_text("?"));
    }
    srd_json_print(json, false, &out);
    return out.full ? "?" : srd_arena_copy(arena, out.data);
}

const char *srd_guard_hide_cell(const char *name, const char *text, struct srd_arena *arena)
{
    if (!strcasecmp(name, "jobproperties") || !strcasecmp(name, "job_properties"))
        return *text ? hide_expressions(text, arena) : text;
    return srd_guard_hide_literals(text, strlen(text), arena);
}
