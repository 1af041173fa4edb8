/* May this SQL text be sent to a cluster? */

#include "lib/source/guard_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"

const char *srd_guard_code_name(enum srd_guard_code code)
{
    static const char *const names[] = {
        [SRD_GUARD_OK] = "ok",
        [SRD_GUARD_EMPTY] = "empty",
        [SRD_GUARD_TOO_LONG] = "too-long",
        [SRD_GUARD_NUL] = "nul",
        [SRD_GUARD_UTF8] = "utf8",
        [SRD_GUARD_CHARACTER] = "character",
        [SRD_GUARD_LETTER] = "letter",
        [SRD_GUARD_UNCLOSED] = "unclosed",
        [SRD_GUARD_HINT] = "hint",
        [SRD_GUARD_SEVERAL] = "several",
        [SRD_GUARD_NESTING] = "nesting",
        [SRD_GUARD_STATEMENT] = "statement",
        [SRD_GUARD_EXPLAIN_ANALYZE] = "explain-analyze",
        [SRD_GUARD_EXPLAIN] = "explain",
        [SRD_GUARD_INTO] = "into",
        [SRD_GUARD_OUTSIDE] = "outside",
        [SRD_GUARD_FUNCTION] = "function",
        [SRD_GUARD_FUNCTION_UNKNOWN] = "function-unknown",
        [SRD_GUARD_VARIABLE] = "variable",
        [SRD_GUARD_PARAMETER] = "parameter",
        [SRD_GUARD_SYNTAX] = "syntax",
        [SRD_GUARD_TABLE] = "table",
        [SRD_GUARD_UNQUALIFIED] = "unqualified",
        [SRD_GUARD_CATALOG] = "catalog",
        [SRD_GUARD_VALUES] = "values",
        [SRD_GUARD_PRIVATE] = "private",
        [SRD_GUARD_SECRETS] = "secrets",
        [SRD_GUARD_SHOW] = "show",
        [SRD_GUARD_PROC] = "proc",
        [SRD_GUARD_POLICY] = "policy",
    };

    return code < SRD_COUNT(names) && names[code] ? names[code] : "unknown";
}

bool srd_guard_refuse(struct srd_guard *g, enum srd_guard_code code,
                      const struct srd_guard_token *where, const char *format, ...)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    /* names in it are the asker's */
    srd_buf_init(&clean, 8 * sizeof(text));
    srd_utf8_clean(&clean, text, srd_utf8_whole(text, strlen(text)));
    *g->out = (struct srd_guard_verdict){ .code = code,
                                          .reason = srd_arena_copy(g->arena, clean.data),
                                          .offset = where ? where->at : 0 };
    return false;
}

bool srd_guard_is(const struct srd_guard_token *t, const char *what)
{
    return (t->kind == SRD_LEX_WORD || t->kind == SRD_LEX_SIGN) && !strcasecmp(t->text, what);
}

bool srd_guard_is_name(const struct srd_guard_token *t)
{
    return t->kind == SRD_LEX_QUOTED ||
           (t->kind == SRD_LEX_WORD && !(t->flags & SRD_WORD_RESERVED));
}

bool srd_guard_take(struct srd_guard *g, const char *what)
{
    if (!srd_guard_is(g->token, what))
        return false;
    g->token++;
    return true;
}

bool srd_guard_need(struct srd_guard *g, const char *what)
{
    return srd_guard_take(g, what) || srd_guard_unexpected(g);
}

bool srd_guard_enter(struct srd_guard *g)
{
    if (g->depth >= SRD_GUARD_MAX_DEPTH)
        return srd_guard_refuse(g, SRD_GUARD_NESTING, g->token,
                                "the statement is nested deeper than %d levels",
                                SRD_GUARD_MAX_DEPTH);
    g->depth++;
    return true;
}

bool srd_guard_unexpected(struct srd_guard *g)
{
    const struct srd_guard_token *t = g->token;

    if (t->kind == SRD_LEX_END)
        return srd_guard_refuse(g, SRD_GUARD_SYNTAX, t, "the statement ends too early");
    if (srd_guard_is(t, "into") || srd_guard_is(t, "outfile"))
        return srd_guard_refuse(g, SRD_GUARD_INTO, t, "INTO writes, and only reading is allowed");
    if (srd_guard_is(t, "files"))
        return srd_guard_refuse(g, SRD_GUARD_OUTSIDE, t, "FILES reads what is outside the cluster");
    if (srd_guard_is(t, "?"))
        return srd_guard_refuse(g, SRD_GUARD_PARAMETER, t,
                                "a parameter (?) has no value in a plain statement");
    if (srd_guard_is(t, "@"))
        return srd_guard_refuse(g, SRD_GUARD_VARIABLE, t, "user variables are not allowed");
    return srd_guard_refuse(g, SRD_GUARD_SYNTAX, t, "\"%.*s\" is not understood here",
                            (int)(t->size < 60 ? t->size : 60), g->sql + t->at);
}

/* A foreign letter that some comparison of the FE (upper case, lower case, either) takes for ASCII.
 */
static bool has_ascii_double(const char *s, size_t n)
{
    static const char *const doubles[] = { "\xc4\xb0" /* I with dot */, "\xc4\xb1" /* dotless i */,
                                           "\xc5\xbf" /* long s */, "\xe2\x84\xaa" /* Kelvin */ };

    for (size_t i = 0; i < SRD_COUNT(doubles); i++)
        if (memmem(s, n, doubles[i], strlen(doubles[i])))
            return true;
    return false;
}

/* The letters of a name: a FE removes every backquote, also the doubled ones within. */
static const char *letters(struct srd_guard *g, const struct srd_lex_token *t)
{
    char *text = srd_arena_copy_n(g->arena, g->sql + t->at, t->size), *end = text;

    for (const char *p = text; *p; p++)
        if (*p != '`')
            *end++ = *p;
    *end = '\0';
    return text;
}

static bool add_token(struct srd_guard *g, const struct srd_lex_token *t,
                      struct srd_guard_token *out)
{
    *out = (struct srd_guard_token){ .kind = t->kind, .at = t->at, .size = t->size, .text = "" };
    switch (t->kind) {
    case SRD_LEX_HINT:
        return srd_guard_refuse(g, SRD_GUARD_HINT, out,
                                "hints can change settings and are not allowed");
    case SRD_LEX_ATTACHMENT:
        return srd_guard_refuse(g, SRD_GUARD_CHARACTER, out, "\"$$\" has no place in a query");
    case SRD_LEX_UNCLOSED:
        return srd_guard_refuse(g, SRD_GUARD_UNCLOSED, out, "a %s has no end",
                                g->sql[t->at] == '/' ? "comment" : "quotation");
    case SRD_LEX_STRAY:
        return srd_guard_refuse(g, SRD_GUARD_CHARACTER, out,
                                "\"%.*s\" has no meaning outside of quotes", (int)t->size,
                                g->sql + t->at);
    case SRD_LEX_WORD:
    case SRD_LEX_QUOTED:
    case SRD_LEX_DOTTED:
        if (has_ascii_double(g->sql + t->at, t->size))
            return srd_guard_refuse(g, SRD_GUARD_LETTER, out,
                                    "a name has a letter that may be read as an ASCII one");
        out->text = letters(g, t);
        if (t->kind == SRD_LEX_WORD)
            out->flags = srd_guard_word_flags(out->text);
        return true;
    case SRD_LEX_SIGN:
        out->text = srd_arena_copy_n(g->arena, g->sql + t->at, t->size);
        return true;
    default:
        return true;
    }
}

/* All tokens but comments, and nothing behind the one ";" that may end them. */
static bool cut(struct srd_guard *g, size_t n)
{
    struct srd_lexer lexer = { .sql = g->sql, .n = n };
    struct srd_lex_token t;
    struct srd_guard_token *tokens;
    size_t count = 0, comment_end = SIZE_MAX;
    const struct srd_guard_token *end = NULL;

    do {
        srd_lexer_next(&lexer, &t);
        count += t.kind != SRD_LEX_COMMENT;
    } while (t.kind != SRD_LEX_END);
    tokens = srd_arena_array(g->arena, count, sizeof(*tokens));
    g->token = tokens;
    lexer.at = 0;
    for (size_t i = 0; i < count;) {
        srd_lexer_next(&lexer, &t);
        if (t.kind == SRD_LEX_COMMENT) {
            comment_end = t.at + t.size;
            continue;
        }
        if (!add_token(g, &t, &tokens[i]))
            return false;
        /* U+3000 begins a name here, and would be a blank behind the one that we put for the
         * comment */
        if (t.at == comment_end && t.kind != SRD_LEX_END &&
            !memcmp(g->sql + t.at, "\xe3\x80\x80", t.size < 3 ? t.size : 3))
            return srd_guard_refuse(g, SRD_GUARD_LETTER, &tokens[i],
                                    "behind a comment a name may not begin with a wide blank");
        if (end && t.kind != SRD_LEX_END)
            return srd_guard_refuse(g, SRD_GUARD_SEVERAL, end,
                                    "one statement is allowed, and another follows the semicolon");
        if (srd_guard_is(&tokens[i], ";"))
            end = &tokens[i];
        i++;
    }
    if (end)
        tokens[count - 2] = tokens[count - 1];
    if (tokens[0].kind == SRD_LEX_END)
        return srd_guard_refuse(g, SRD_GUARD_EMPTY, tokens, "there is no statement");
    return true;
}

/* What can be said of the bytes before they are cut. */
static bool check_bytes(struct srd_guard *g, size_t n)
{
    struct srd_guard_token where = { 0 };
    const char *nul;

    if (n > SRD_GUARD_MAX_BYTES)
        return srd_guard_refuse(g, SRD_GUARD_TOO_LONG, NULL, "the text is longer than %d bytes",
                                SRD_GUARD_MAX_BYTES);
    nul = n ? memchr(g->sql, '\0', n) : NULL;
    if (nul) {
        where.at = (size_t)(nul - g->sql);
        return srd_guard_refuse(g, SRD_GUARD_NUL, &where, "the text has a NUL character");
    }
    where.at = n ? srd_utf8_good(g->sql, n) : 0;
    if (where.at < n)
        return srd_guard_refuse(g, SRD_GUARD_UTF8, &where, "the text is not valid UTF-8");
    return true;
}

/* EXPLAIN, and DESC where a query follows. */
static bool explain(struct srd_guard *g)
{
    const struct srd_guard_token *what = g->token;

    if (srd_guard_is(what, "analyze"))
        return srd_guard_refuse(g, SRD_GUARD_EXPLAIN_ANALYZE, what,
                                "EXPLAIN ANALYZE executes the statement");
    if (!srd_guard_take(g, "logical") && !srd_guard_take(g, "verbose"))
        srd_guard_take(g, "costs");
    g->explained = true;
    if (!srd_guard_begins_query(g->token) && !srd_guard_is(g->token, "("))
        return srd_guard_refuse(
            g, SRD_GUARD_EXPLAIN, g->token,
            "only a query may be explained, plainly, LOGICAL, VERBOSE or COSTS");
    return srd_guard_query(g);
}

static bool describes_query(const struct srd_guard_token *t)
{
    if (srd_guard_is(t, "analyze") || srd_guard_begins_query(t) || srd_guard_is(t, "("))
        return true;
    return (srd_guard_is(t, "logical") || srd_guard_is(t, "verbose") || srd_guard_is(t, "costs")) &&
           (srd_guard_begins_query(t + 1) || srd_guard_is(t + 1, "("));
}

static bool statement(struct srd_guard *g)
{
    const struct srd_guard_token *first = g->token;

    g->queries = true;
    if (srd_guard_begins_query(first) || srd_guard_is(first, "("))
        return srd_guard_query(g);
    if (srd_guard_take(g, "explain"))
        return explain(g);
    if (srd_guard_take(g, "desc") || srd_guard_take(g, "describe"))
        return describes_query(g->token) ? explain(g) : srd_guard_describe(g);
    if (srd_guard_take(g, "show"))
        return srd_guard_show(g);
    if (srd_guard_is(first, "admin") && srd_guard_is(first + 1, "show")) {
        g->token += 2;
        return srd_guard_admin_show(g);
    }
    return srd_guard_refuse(g, SRD_GUARD_STATEMENT, first,
                            "only SELECT, SHOW, ADMIN SHOW, DESC and EXPLAIN are allowed");
}

/* The text without comments: what was judged, and no more. */
static const char *without_comments(struct srd_guard *g, size_t n)
{
    struct srd_lexer lexer = { .sql = g->sql, .n = n };
    struct srd_lex_token t;
    char *out = srd_arena_alloc(g->arena, n + 1), *end = out;
    size_t behind = 0;

    for (;;) {
        srd_lexer_next(&lexer, &t);
        if (t.kind == SRD_LEX_END || (t.kind == SRD_LEX_SIGN && g->sql[t.at] == ';'))
            break;
        if (t.kind == SRD_LEX_COMMENT)
            continue;
        if (end > out && t.at > behind)
            *end++ = ' ';
        memcpy(end, g->sql + t.at, t.size);
        end += t.size;
        behind = t.at + t.size;
    }
    *end = '\0';
    return out;
}

bool srd_guard_judge(const char *sql, size_t n, const struct srd_guard_rules *rules,
                     struct srd_arena *arena, struct srd_guard_verdict *out)
{
    struct srd_guard *g = srd_arena_alloc(arena, sizeof(*g));
    const struct srd_guard_token *first;

    *g = (struct srd_guard){ .sql = sql, .rules = rules, .arena = arena, .out = out };
    if (rules->policy != SRD_GUARD_SYSTEM && rules->policy != SRD_GUARD_SELECT)
        return srd_guard_refuse(g, SRD_GUARD_POLICY, NULL,
                                "only registered probes may be asked here, no SQL");
    if (!check_bytes(g, n) || !cut(g, n))
        return false;
    first = g->token;
    if (!statement(g))
        return false;
    if (g->token->kind != SRD_LEX_END)
        return srd_guard_unexpected(g);
    if (!srd_guard_check_columns(g, first))
        return false;
    *out = (struct srd_guard_verdict){
        .allowed = true, .code = SRD_GUARD_OK, .reason = "", .statement = without_comments(g, n)
    };
    return true;
}
