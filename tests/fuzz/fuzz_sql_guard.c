/*
 * Can any bytes get past the guard of SQL texts? What it allows is looked at again, without its
 * tokens: strings, quoted names and comments are struck out by a few lines that share nothing with
 * it.
 */

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/source/guard.h"
#include "lib/source/guard_lexer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tokens follow each other, none is empty, and all bytes are read. */
static void lex(const char *sql, size_t n)
{
    struct srd_lexer lexer = { .sql = sql, .n = n };
    struct srd_lex_token t;
    size_t at = 0;

    for (;;) {
        srd_lexer_next(&lexer, &t);
        if (t.at < at || t.at + t.size > n || (t.kind == SRD_LEX_END) != (t.size == 0))
            abort();
        at = t.at + t.size;
        if (t.kind == SRD_LEX_END)
            break;
    }
    if (at != n)
        abort();
}

/* The text with a blank for each comment, 'x' for each string and x for each quoted name. */
static char *strike(const char *s)
{
    char *out = malloc(strlen(s) * 2 + 1), *end = out;

    if (!out)
        abort();
    while (*s) {
        if (s[0] == '-' && s[1] == '-') {
            s += strcspn(s, "\r\n");
            *end++ = ' ';
        } else if (s[0] == '/' && s[1] == '*') {
            const char *close = strstr(s + 2, "*/");

            if (!close || s[2] == '+')
                abort();
            s = close + 2;
            *end++ = ' ';
        } else if (*s == '\'' || *s == '"' || *s == '`') {
            char quote = *s++;

            *end++ = quote == '`' ? 'x' : '\'';
            for (; *s; s++) {
                if (*s == '\\' && quote != '`' && s[1])
                    s++;
                else if (*s == quote && s[1] == quote)
                    s++;
                else if (*s == quote)
                    break;
            }
            if (*s++ != quote)
                abort();
        } else {
            *end++ = (char)tolower((unsigned char)*s++);
        }
    }
    *end = '\0';
    return out;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Does @text have @word as a whole word, with @behind as the next visible character (0: any)? */
static bool has(const char *text, const char *word, char behind)
{
    size_t n = strlen(word);

    for (const char *p = text; (p = strstr(p, word)); p += n) {
        const char *next = p + n;

        if ((p > text && in_word(p[-1])) || in_word(*next))
            continue;
        next += strspn(next, " \t\r\n");
        if (!behind || *next == behind)
            return true;
    }
    return false;
}

static void look_again(const char *sql)
{
    static const char *const never[] = { "insert", "update", "into",   "outfile", "grant",
                                         "revoke", "kill",   "use",    "prepare", "release",
                                         "rename", "files",  "infile", "set_var" };
    static const char *const not_in_queries[] = { "delete", "create",  "alter", "drop",
                                                  "load",   "analyze", "set" /* CHARACTER SET */ };
    static const char *const begins[] = { "select", "with", "explain", "desc", "describe" };
    SRD_CLEANUP(srd_free_text) char *text = strike(sql);
    const char *first = text + strspn(text, " \t\r\n(\xe3\x80");
    bool show = !strncmp(first, "show", 4) || !strncmp(first, "admin", 5), query = false;

    for (size_t i = 0; i < SRD_COUNT(begins); i++)
        query |= !strncmp(first, begins[i], strlen(begins[i]));
    if (!show && !query)
        abort();
    if (strchr(text, ';') || strchr(text, '?') || strchr(text, '#') || strchr(text, '\\'))
        abort();
    for (size_t i = 0; i < SRD_COUNT(never); i++)
        if (has(text, never[i], 0))
            abort();
    for (size_t i = 0; !show && i < SRD_COUNT(not_in_queries); i++)
        if (has(text, not_in_queries[i], 0))
            abort();
    if (has(text, "sleep", '(') || has(text, "ai_query", '(') || has(text, "get_query_dump", '('))
        abort();
    for (const char *p = text; !show && (p = strchr(p, '@'));
         p++) { /* pairs, blanks between or not */
        p += 1 + strspn(p + 1, " \t\r\n");
        if (*p != '@')
            abort();
    }
}

static void judge(const char *sql, size_t n, const struct srd_guard_rules *rules)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_guard_verdict v, again;

    if (srd_guard_judge(sql, n, rules, arena, &v) != (v.code == SRD_GUARD_OK) || v.offset > n)
        abort();
    if (!v.allowed)
        return;
    look_again(v.statement);
    if (!srd_guard_judge(v.statement, strlen(v.statement), rules, arena, &again) ||
        strcmp(again.statement, v.statement) != 0)
        abort();
}

static void hide(const char *sql, size_t n)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *shown = srd_guard_hide_literals(sql, n, arena);

    if (strlen(shown) > n)
        abort();
    if (!memchr(sql, '`', n) && strpbrk(shown, "'\"")) /* quotes remain in quoted names only */
        abort();
}

/* Nothing of an expression is left in the properties of a routine load, whatever they are. */
static void hide_properties(const char *sql, size_t n)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    const char *cell = srd_arena_copy_n(arena, sql, strnlen(sql, n)), *shown, *value;
    struct srd_error ignored = { 0 };

    shown = srd_guard_hide_cell("JobProperties", cell, arena);
    if (!*cell || !strcmp(shown, "?"))
        return;
    if (srd_json_parse(shown, strlen(shown), (size_t)4 << 20, &json, &ignored))
        abort();
    value = srd_json_text(srd_json_get(json, "whereExpr"));
    if (srd_json_get(json, "whereExpr") && (!value || strcmp(value, "?") != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct srd_guard_rules rules[] = {
        { .policy = SRD_GUARD_SYSTEM },
        { .policy = SRD_GUARD_SYSTEM, .database = "sys", .share_sql = true },
        { .policy = SRD_GUARD_SELECT },
    };
    /* a copy without a NUL behind it, so that reading too far is seen */
    SRD_CLEANUP(srd_free_text) char *sql = malloc(size ? size : 1);

    if (!sql)
        abort();
    if (size)
        memcpy(sql, data, size);
    lex(sql, size);
    hide(sql, size);
    hide_properties(sql, size);
    for (size_t i = 0; i < SRD_COUNT(rules); i++)
        judge(sql, size, &rules[i]);
    return 0;
}
