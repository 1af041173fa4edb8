/* What remains of a SQL text without its literals? */

#include "lib/source/guard.h"
#include "lib/source/guard_lexer.h"

#include <string.h>

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
