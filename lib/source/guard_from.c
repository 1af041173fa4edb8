/* Which tables does FROM name? */

#include "lib/source/guard_private.h"

#include <string.h>

static bool relations(struct srd_guard *g);

bool srd_guard_qualified(struct srd_guard *g, const char *parts[SRD_GUARD_PARTS], size_t *count)
{
    const struct srd_guard_token *first = g->token;

    if (!srd_guard_is_name(first))
        return srd_guard_unexpected(g);
    parts[0] = first->text;
    *count = 1;
    g->token++;
    for (;;) {
        const char *part;

        if (g->token->kind == SRD_LEX_DOTTED) {
            part = g->token->text + 1;
            g->token++;
        } else if (srd_guard_is(g->token, ".")) {
            g->token++;
            if (!srd_guard_is_name(g->token))
                return srd_guard_unexpected(g);
            part = g->token->text;
            g->token++;
        } else {
            return true;
        }
        if (*count == SRD_GUARD_PARTS)
            return srd_guard_refuse(g, SRD_GUARD_SYNTAX, first, "a name has too many parts");
        parts[(*count)++] = part;
    }
}

/* VERSION AS OF ... */
static bool begins_period(const struct srd_guard_token *t)
{
    return (srd_guard_is(t, "version") || srd_guard_is(t, "timestamp") ||
            srd_guard_is(t, "system_time")) &&
           srd_guard_is(t + 1, "as") && srd_guard_is(t + 2, "of");
}

/* Keywords that begin what belongs to a table, and are names elsewhere. */
static bool begins_table_clause(const struct srd_guard_token *t)
{
    static const char *const before_parenthesis[] = { "partitions", "tablet", "tablets",
                                                      "replica",    "sample", NULL };

    for (const char *const *word = before_parenthesis; *word; word++)
        if (srd_guard_is(t, *word) && srd_guard_is(t + 1, "("))
            return true;
    if (srd_guard_is(t, "temporary") &&
        (srd_guard_is(t + 1, "partition") || srd_guard_is(t + 1, "partitions")))
        return true;
    return begins_period(t);
}

/* Those, and what comes behind a table. */
static bool begins_clause(const struct srd_guard_token *t)
{
    return begins_table_clause(t) || srd_guard_is(t, "qualify") || srd_guard_is(t, "pivot") ||
           srd_guard_continues_query(t);
}

/* [[AS] name]; with column names behind it if @columns. */
static bool alias(struct srd_guard *g, bool columns)
{
    bool as = srd_guard_take(g, "as");

    if (!as && (!srd_guard_is_name(g->token) || begins_clause(g->token)))
        return true;
    if (!srd_guard_is_name(g->token))
        return srd_guard_unexpected(g);
    g->token++;
    if (!columns || !srd_guard_is(g->token, "("))
        return true;
    if (!g->renaming)
        g->renaming = g->token;
    return srd_guard_names(g);
}

/* ( 'p1', p2, k = 3 ): names, literals, commas, "=". */
static bool plain_list(struct srd_guard *g)
{
    if (!srd_guard_need(g, "("))
        return false;
    for (;; g->token++) {
        const struct srd_guard_token *t = g->token;

        if (!srd_guard_is_name(t) && t->kind != SRD_LEX_STRING && t->kind != SRD_LEX_NUMBER &&
            !srd_guard_is(t, ",") && !srd_guard_is(t, "=") && !srd_guard_is(t, "-") &&
            !srd_guard_is(t, "null"))
            return srd_guard_need(g, ")");
    }
}

/* FOR VERSION AS OF 5, PARTITION (p1), TABLET (10), SAMPLE (...): all of them, in any order. */
static bool table_clauses(struct srd_guard *g)
{
    for (;;) {
        const struct srd_guard_token *t = g->token;

        if (srd_guard_is(t, "for") || begins_period(t)) {
            srd_guard_take(g, "for");
            if (!begins_period(g->token))
                return srd_guard_unexpected(g);
            g->token += 3;
            if (!srd_guard_condition(g))
                return false;
        } else if (srd_guard_is(t, "partition") || begins_table_clause(t)) {
            g->token += srd_guard_is(t, "temporary") ? 2 : 1;
            if (!plain_list(g))
                return false;
        } else {
            return true;
        }
    }
}

static bool table_function(struct srd_guard *g, const struct srd_guard_token *where, bool qualified)
{
    return srd_guard_check_table_function(g, where, qualified) && srd_guard_arguments(g);
}

/* A table or table function, at its name. */
static bool named(struct srd_guard *g)
{
    const struct srd_guard_token *first = g->token;
    const char *parts[SRD_GUARD_PARTS];
    size_t count;

    if (!srd_guard_qualified(g, parts, &count))
        return false;
    if (srd_guard_is(g->token, "("))
        return table_function(g, first, count > 1) && alias(g, true);
    return srd_guard_check_table(g, first, parts, count) && table_clauses(g) && alias(g, false) &&
           srd_guard_bracket_hint(g);
}

/* TABLE ( function ( ... ) ) */
static bool normalized_function(struct srd_guard *g)
{
    const struct srd_guard_token *first;
    const char *parts[SRD_GUARD_PARTS];
    size_t count;

    if (!srd_guard_need(g, "("))
        return false;
    first = g->token;
    return srd_guard_qualified(g, parts, &count) && table_function(g, first, count > 1) &&
           srd_guard_need(g, ")") && alias(g, true);
}

/* VALUES (1, 2), (3, 4) */
static bool rows(struct srd_guard *g)
{
    do {
        if (!srd_guard_arguments(g))
            return false;
    } while (srd_guard_take(g, ","));
    return true;
}

static bool joins(struct srd_guard *g);

/*
 * What stands in parentheses in FROM: a query, rows, or tables. @query: it was a query, perhaps in
 * more parentheses, so that UNION may follow.
 */
static bool parenthesized(struct srd_guard *g, bool *query)
{
    bool inner = false;

    if (!srd_guard_enter(g) || !srd_guard_need(g, "("))
        return false;
    *query = false;
    if (srd_guard_begins_query(g->token)) {
        *query = true;
        if (!srd_guard_query(g))
            return false;
    } else if (srd_guard_take(g, "values")) {
        if (!rows(g))
            return false;
    } else if (srd_guard_is(g->token, "(")) {
        if (!parenthesized(g, &inner))
            return false;
        if (inner && srd_guard_continues_query(g->token)) {
            *query = true;
            if (!srd_guard_query_tail(g))
                return false;
        } else if (inner && srd_guard_is(g->token, ")")) {
            *query = true;
        } else if (!alias(g, true) || !joins(g) || (srd_guard_take(g, ",") && !relations(g))) {
            return false;
        }
    } else if (!relations(g)) {
        return false;
    }
    g->depth--;
    return srd_guard_need(g, ")");
}

static bool primary(struct srd_guard *g)
{
    bool query;

    g->relations++;
    if (srd_guard_is(g->token, "("))
        return parenthesized(g, &query) && alias(g, true);
    if (srd_guard_take(g, "table"))
        return normalized_function(g);
    return named(g);
}

/* Steps over the words that mean "join", if they are next. */
static bool join_words(struct srd_guard *g, bool *found)
{
    const struct srd_guard_token *first = g->token;
    static const char *const before[] = { "null", "aware", "asof", "inner", "left", "right",
                                          "full", "outer", "semi", "anti",  NULL };

    *found = false;
    if (srd_guard_take(g, "cross")) {
        *found = true;
        srd_guard_take(g, "join");
        return true;
    }
    for (const char *const *word = before; *word; word++)
        srd_guard_take(g, *word);
    if (srd_guard_take(g, "join"))
        *found = true;
    else if (g->token != first)
        return srd_guard_unexpected(g);
    return true;
}

static bool joins(struct srd_guard *g)
{
    bool found;

    for (;;) {
        if (!join_words(g, &found))
            return false;
        if (!found)
            return true;
        if (!srd_guard_bracket_hint(g))
            return false;
        srd_guard_take(g, "lateral");
        if (!primary(g))
            return false;
        if (srd_guard_take(g, "on") ? !srd_guard_condition(g)
                                    : srd_guard_take(g, "using") && !srd_guard_names(g))
            return false;
    }
}

static bool relations(struct srd_guard *g)
{
    do {
        srd_guard_take(g, "lateral");
        if (!primary(g) || !joins(g))
            return false;
    } while (srd_guard_take(g, ","));
    return true;
}

/* PIVOT (SUM(x) FOR c IN ('a', 'b')) */
static bool pivot(struct srd_guard *g)
{
    if (!srd_guard_is(g->token, "pivot"))
        return true;
    if (!g->renaming)
        g->renaming = g->token;
    g->token++;
    return srd_guard_need(g, "(") && srd_guard_expression(g) && srd_guard_need(g, "for") &&
           srd_guard_expression(g) && srd_guard_need(g, ")");
}

bool srd_guard_from(struct srd_guard *g)
{
    if (srd_guard_is(g->token, "dual") && g->token->kind == SRD_LEX_WORD) {
        g->token++;
        return true;
    }
    return relations(g) && pivot(g);
}
