/* Which tables, functions, columns and variables does a query use? */

#include "lib/source/guard_private.h"

#include <string.h>
#include <strings.h>

bool srd_guard_begins_query(const struct srd_guard_token *t)
{
    return srd_guard_is(t, "select") || srd_guard_is(t, "with");
}

/* EXCEPT and MINUS are names as well: what follows them decides. */
static bool is_set_operation(const struct srd_guard_token *t)
{
    if (srd_guard_is(t, "union") || srd_guard_is(t, "intersect"))
        return true;
    return (srd_guard_is(t, "except") || srd_guard_is(t, "minus")) &&
           (srd_guard_is(t + 1, "select") || srd_guard_is(t + 1, "(") ||
            srd_guard_is(t + 1, "all") || srd_guard_is(t + 1, "distinct"));
}

bool srd_guard_continues_query(const struct srd_guard_token *t)
{
    return is_set_operation(t) || srd_guard_is(t, "order") || srd_guard_is(t, "limit");
}

bool srd_guard_names(struct srd_guard *g)
{
    if (!srd_guard_need(g, "("))
        return false;
    do {
        if (!srd_guard_is_name(g->token))
            return srd_guard_unexpected(g);
        g->token++;
    } while (srd_guard_take(g, ","));
    return srd_guard_need(g, ")");
}

/* What may stand in parentheses or brackets, beside expressions. */
enum group {
    GROUP_PLAIN,
    GROUP_CALL,    /* arguments of a function: DISTINCT, ORDER BY, SEPARATOR */
    GROUP_EXTRACT, /* EXTRACT(unit FROM ...) */
    GROUP_OVER,    /* PARTITION BY, ORDER BY, ROWS ... */
    GROUP_FILTER,  /* WHERE */
};

/* Where an expression stands. */
enum place {
    PLACE_ANY,
    PLACE_SELECT_LIST,
    PLACE_CONDITION, /* behind WHERE, ON ...: a comma ends it, such as that before another table */
};

static bool expression(struct srd_guard *g, enum place place, bool *only_query);

/* A query in parentheses within an expression, from behind its "(" up to its ")". */
static bool inner_query(struct srd_guard *g)
{
    bool ok;

    if (!g->queries)
        return srd_guard_refuse(g, SRD_GUARD_SHOW, g->token, "a query may not stand in SHOW");
    g->expressions++;
    ok = srd_guard_query(g);
    g->expressions--;
    return ok;
}

bool srd_guard_bracket_hint(struct srd_guard *g)
{
    if (!srd_guard_take(g, "["))
        return true;
    do {
        if (!srd_guard_is_name(g->token))
            return srd_guard_unexpected(g);
        g->token++;
    } while (srd_guard_take(g, ","));
    return srd_guard_need(g, "]");
}

static bool over(struct srd_guard *g)
{
    if (!srd_guard_bracket_hint(g))
        return false;
    if (srd_guard_take(g, "partition") && (!srd_guard_need(g, "by") || !srd_guard_expression(g)))
        return false;
    if (srd_guard_take(g, "order") && (!srd_guard_need(g, "by") || !srd_guard_expression(g)))
        return false;
    return srd_guard_expression(g); /* ROWS BETWEEN ... */
}

static bool inside(struct srd_guard *g, enum group group, bool *only_query)
{
    if (group == GROUP_OVER)
        return over(g);
    if (group == GROUP_FILTER && !srd_guard_need(g, "where"))
        return false;
    if (srd_guard_begins_query(g->token)) {
        *only_query = true;
        return inner_query(g);
    }
    if (!expression(g, PLACE_ANY, only_query))
        return false;
    if (*only_query && srd_guard_continues_query(g->token)) {
        bool ok;

        g->expressions++;
        ok = srd_guard_query_tail(g);
        g->expressions--;
        return ok;
    }
    if (group == GROUP_EXTRACT && srd_guard_take(g, "from"))
        return srd_guard_expression(g);
    if (group == GROUP_CALL && srd_guard_take(g, "order"))
        return srd_guard_need(g, "by") && srd_guard_expression(g);
    return true;
}

/* From the opening to behind the closing bracket. @only_query: nothing but a query was in it. */
static bool bracketed(struct srd_guard *g, enum group group, bool *only_query)
{
    const char *close = srd_guard_is(g->token, "(") ? ")" : srd_guard_is(g->token, "[") ? "]" : "}";
    bool query = false;

    if (!srd_guard_enter(g))
        return false;
    g->token++;
    if (!inside(g, group, &query))
        return false;
    *only_query = query;
    g->depth--;
    return srd_guard_need(g, close);
}

bool srd_guard_arguments(struct srd_guard *g)
{
    bool query;

    return srd_guard_is(g->token, "(") ? bracketed(g, GROUP_CALL, &query) : srd_guard_unexpected(g);
}

/* Keywords that no function can have for a name; ROLLUP and SETS only where they are keywords. */
static bool is_operator(const struct srd_guard_token *t)
{
    return (t->flags & SRD_WORD_OPERATOR) ||
           (srd_guard_is(t, "rollup") && srd_guard_is(t - 1, "by")) ||
           (srd_guard_is(t, "sets") && srd_guard_is(t - 1, "grouping"));
}

/* @t is a name or keyword with a parenthesis behind it: the function is checked, its group read. */
static bool call(struct srd_guard *g, const struct srd_guard_token *t, bool qualified)
{
    enum group group = GROUP_CALL;
    bool query, word = t->kind == SRD_LEX_WORD && !qualified;

    g->token++;
    if (word && !strcasecmp(t->text, "over"))
        group = GROUP_OVER;
    else if (word && !strcasecmp(t->text, "filter") && srd_guard_is(t - 1, ")"))
        group = GROUP_FILTER;
    else if (word && is_operator(t))
        group = GROUP_PLAIN;
    else if (!srd_guard_check_function(g, t, qualified))
        return false;
    else if (word && !strcasecmp(t->text, "extract"))
        group = GROUP_EXTRACT;
    return bracketed(g, group, &query);
}

/* @@name, @@global.name */
static bool system_variable(struct srd_guard *g)
{
    if (!srd_guard_is(g->token + 1, "@"))
        return srd_guard_unexpected(g);
    g->token += 2;
    if (g->token->kind != SRD_LEX_WORD && g->token->kind != SRD_LEX_QUOTED)
        return srd_guard_unexpected(g);
    g->token++;
    return true;
}

/* Is the name that ends at @t a whole item of a select list, without another name or operation? */
static bool whole_item(const struct srd_guard_token *t)
{
    const struct srd_guard_token *before = t - 1, *behind = t + 1;

    while (srd_guard_is(before, ".") && srd_guard_is_name(before - 1))
        before -= 2;
    return (srd_guard_is(before, "select") || srd_guard_is(before, "distinct") ||
            srd_guard_is(before, "all") || srd_guard_is(before, ",")) &&
           (srd_guard_is(behind, ",") || srd_guard_is(behind, "from"));
}

static bool name(struct srd_guard *g, enum place place)
{
    struct srd_guard_token *t = g->token;
    bool qualified = t->kind == SRD_LEX_DOTTED || srd_guard_is(t - 1, ".");

    if (srd_guard_is(t + 1, "("))
        return call(g, t, qualified);
    t->plain = place == PLACE_SELECT_LIST && !g->expressions && whole_item(t);
    g->token++;
    return true;
}

static bool opens(const struct srd_guard_token *t)
{
    return srd_guard_is(t, "(") || srd_guard_is(t, "[") || srd_guard_is(t, "{");
}

/* "=" and the like: what follows is no second operator. */
static bool is_operator_sign(const struct srd_guard_token *t)
{
    return t->kind == SRD_LEX_SIGN && !srd_guard_is(t, ",") && !srd_guard_is(t, ".") &&
           !srd_guard_is(t, ")") && !srd_guard_is(t, "]") && !srd_guard_is(t, "}");
}

/* "*" as all columns; with those that it leaves out. */
static bool star(struct srd_guard *g, enum place place)
{
    const struct srd_guard_token *t = g->token++, *before = t - 1;

    if (srd_guard_is(before, "(") && srd_guard_is(before - 1, "count"))
        return true;
    if (opens(before) || is_operator_sign(before)) {
        g->token--;
        return srd_guard_unexpected(g); /* no other function takes it, yet */
    }
    if (!srd_guard_is(before, "select") && !srd_guard_is(before, "distinct") &&
        !srd_guard_is(before, "all") && !srd_guard_is(before, ",") && !srd_guard_is(before, "."))
        return true; /* multiplication */
    if (!g->star)
        g->star = t;
    if ((g->expressions || place != PLACE_SELECT_LIST) && !g->inner_star)
        g->inner_star = t;
    if ((srd_guard_is(g->token, "except") || srd_guard_is(g->token, "exclude")) &&
        srd_guard_is(g->token + 1, "(")) {
        if (!g->except)
            g->except = g->token;
        g->token++;
        return srd_guard_names(g);
    }
    return true;
}

/* A sign that no expression has, or that ends one. */
static bool foreign(const struct srd_guard_token *t)
{
    static const char none[] = ")]};?";

    return t->text[0] && !t->text[1] && strchr(none, t->text[0]);
}

/*
 * Up to what cannot stand in an expression: a closing bracket, the end, a keyword such as FROM.
 * Order and sense of what stands in it are the FE's business; what matters is that no table,
 * function or variable goes by unseen. @only_query: it was one query in parentheses.
 */
static bool expression(struct srd_guard *g, enum place place, bool *only_query)
{
    const struct srd_guard_token *first = g->token;
    bool query = false;

    *only_query = false;
    for (;;) {
        const struct srd_guard_token *t = g->token;
        bool ok = true;

        if (t->kind == SRD_LEX_END)
            break;
        if (opens(t)) {
            ok = bracketed(g, GROUP_PLAIN, &query);
            *only_query = query && t == first && srd_guard_is(t, "(");
            if (ok)
                continue;
        } else if (srd_guard_is(t, "*")) {
            ok = star(g, place);
        } else if (srd_guard_is(t, "@")) {
            ok = system_variable(g);
        } else if (t->kind == SRD_LEX_SIGN) {
            if (foreign(t) || (place == PLACE_CONDITION && srd_guard_is(t, ",")) ||
                (srd_guard_is(t, ":") && srd_guard_is(t + 1, "="))) /* := sets a variable */
                break;
            g->token++;
        } else if (is_set_operation(t) || srd_guard_is(t, "qualify") || srd_guard_is(t, "pivot")) {
            break;
        } else if ((srd_guard_is(t, "over") || srd_guard_is(t, "left") ||
                    srd_guard_is(t, "right")) &&
                   srd_guard_is(t + 1, "(")) {
            ok = call(g, g->token, false);
        } else if (t->kind == SRD_LEX_WORD && (t->flags & SRD_WORD_RESERVED) &&
                   !(t->flags & SRD_WORD_WITHIN)) {
            break;
        } else if (t->kind == SRD_LEX_WORD || t->kind == SRD_LEX_QUOTED ||
                   t->kind == SRD_LEX_DOTTED) {
            ok = name(g, place);
        } else {
            g->token++; /* literals */
        }
        if (!ok)
            return false;
        *only_query = false;
    }
    return true;
}

bool srd_guard_expression(struct srd_guard *g)
{
    bool query;

    return expression(g, PLACE_ANY, &query);
}

bool srd_guard_condition(struct srd_guard *g)
{
    bool query;

    return expression(g, PLACE_CONDITION, &query);
}

static bool select_list(struct srd_guard *g)
{
    bool query;

    return expression(g, PLACE_SELECT_LIST, &query);
}

/* The clause's words, then an expression, if the first of them is next. */
static bool clause(struct srd_guard *g, const char *first, const char *second)
{
    if (!srd_guard_take(g, first))
        return true;
    return (!second || srd_guard_need(g, second)) && srd_guard_expression(g);
}

/* The same with one condition, no list. */
static bool condition_clause(struct srd_guard *g, const char *word)
{
    return !srd_guard_take(g, word) || srd_guard_condition(g);
}

static bool group_by(struct srd_guard *g)
{
    bool query;

    if (!srd_guard_take(g, "group"))
        return true;
    if (!srd_guard_need(g, "by"))
        return false;
    if (srd_guard_is(g->token, "cube") && srd_guard_is(g->token + 1, "(")) {
        g->token++;
        return bracketed(g, GROUP_PLAIN, &query);
    }
    return srd_guard_expression(g);
}

static bool select_specification(struct srd_guard *g)
{
    g->selects++;
    if (!srd_guard_need(g, "select") || !select_list(g))
        return false;
    if (srd_guard_take(g, "from") && !srd_guard_from(g))
        return false;
    return condition_clause(g, "where") && group_by(g) && condition_clause(g, "having") &&
           condition_clause(g, "qualify");
}

static bool query_primary(struct srd_guard *g)
{
    if (!srd_guard_is(g->token, "("))
        return select_specification(g);
    if (!srd_guard_enter(g))
        return false;
    g->token++;
    if (!srd_guard_query(g))
        return false;
    g->depth--;
    return srd_guard_need(g, ")");
}

bool srd_guard_order_and_limit(struct srd_guard *g)
{
    if (!clause(g, "order", "by"))
        return false;
    return clause(g, "limit", NULL);
}

bool srd_guard_query_tail(struct srd_guard *g)
{
    while (is_set_operation(g->token)) {
        if (!g->renaming)
            g->renaming = g->token;
        g->token++;
        if (!srd_guard_take(g, "all"))
            srd_guard_take(g, "distinct");
        if (!query_primary(g))
            return false;
    }
    return srd_guard_order_and_limit(g);
}

/*
 * name [(columns)] AS ( query ). The name is in scope behind its own query only, also with
 * RECURSIVE: a FE takes it there for the table of that name unless the query really recurses.
 */
static bool common_table(struct srd_guard *g)
{
    const struct srd_guard_token *t = g->token;

    if (!srd_guard_is_name(t))
        return srd_guard_unexpected(g);
    g->token++;
    if (srd_guard_is(g->token, "(")) {
        if (!g->renaming)
            g->renaming = g->token;
        if (!srd_guard_names(g))
            return false;
    }
    if (!srd_guard_need(g, "as") || !srd_guard_need(g, "(") || !srd_guard_query(g) ||
        !srd_guard_need(g, ")"))
        return false;
    if (g->cte_count == SRD_GUARD_MAX_CTES)
        return srd_guard_refuse(g, SRD_GUARD_NESTING, t, "more than %d names are defined by WITH",
                                SRD_GUARD_MAX_CTES);
    g->ctes[g->cte_count++] = t->text;
    return true;
}

bool srd_guard_query(struct srd_guard *g)
{
    size_t outer = g->cte_count;
    int expressions = g->expressions;

    if (!srd_guard_enter(g))
        return false;
    if (srd_guard_take(g, "with")) {
        srd_guard_take(g, "recursive");
        do {
            if (!common_table(g))
                return false;
        } while (srd_guard_take(g, ","));
    }
    if (!query_primary(g) || !srd_guard_query_tail(g))
        return false;
    g->cte_count = outer;
    g->expressions = expressions;
    g->depth--;
    return true;
}
