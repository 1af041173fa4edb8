#ifndef SRD_SOURCE_GUARD_PRIVATE_H
#define SRD_SOURCE_GUARD_PRIVATE_H

#include "lib/source/guard.h"
#include "lib/source/guard_lexer.h"

/*
 * What the parts of the guard share. The parts: guard.c cuts and decides by the first word,
 * guard_query.c reads queries and expressions, guard_from.c their FROM, guard_show.c SHOW and DESC,
 * guard_names.c, guard_columns.c and guard_functions.c are the tables of names.
 *
 * All readers go forward through tokens that hold no comment, hint or ";", and end with
 * SRD_LEX_END. They return true and stand behind what they read, or false after srd_guard_refuse().
 */

enum srd_guard_flag {
    SRD_WORD_RESERVED = 1, /* cannot be a name without backquotes */
    SRD_WORD_WITHIN = 2,   /* reserved, may stand in an expression */
    SRD_WORD_OPERATOR = 4, /* no function, though a parenthesis may follow */
};

struct srd_guard_token {
    enum srd_lex_kind kind;
    unsigned flags;   /* of a word */
    size_t at, size;  /* where in the text */
    const char *text; /* word and quoted name: its letters without backquotes; sign: itself */
    bool plain;       /* a whole item of a select list, under its own name */
};

#define SRD_GUARD_MAX_CTES 256

struct srd_guard {
    const char *sql;
    const struct srd_guard_rules *rules;
    struct srd_arena *arena;
    struct srd_guard_verdict *out;
    struct srd_guard_token *token; /* the next one */
    int depth;
    int expressions; /* how many queries around here stand in an expression */
    bool queries;    /* a query may stand here */

    const char *ctes[SRD_GUARD_MAX_CTES]; /* names in scope, innermost last */
    size_t cte_count;

    unsigned special; /* which tables with special columns are read: guard_columns.c */
    /* the first of each, for those columns; NULL: there is none */
    const struct srd_guard_token *star, *inner_star, *renaming, *except;
    int selects, relations; /* how many there are, of these tables and their like */
    bool explained;         /* the answer is the query's plan */
};

bool srd_guard_refuse(struct srd_guard *g, enum srd_guard_code code,
                      const struct srd_guard_token *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* "unexpected ..." at the next token, or the reason that fits it better. */
bool srd_guard_unexpected(struct srd_guard *g);

/* Is the token this keyword (ASCII case does not matter; not in backquotes) or this sign? */
bool srd_guard_is(const struct srd_guard_token *t, const char *what);
/* A name as FE identifiers are: unreserved word, or in backquotes. */
bool srd_guard_is_name(const struct srd_guard_token *t);
/* Steps over the next token if it is @what. */
bool srd_guard_take(struct srd_guard *g, const char *what);
/* The same, but refuses if it is not. */
bool srd_guard_need(struct srd_guard *g, const char *what);
bool srd_guard_enter(struct srd_guard *g); /* one level deeper; leave with g->depth-- */

/* guard_query.c. A query up to what cannot belong to it; an expression or comma list of them. */
bool srd_guard_query(struct srd_guard *g);
bool srd_guard_begins_query(const struct srd_guard_token *t); /* SELECT or WITH */
/* Behind a query in parentheses: set operations, ORDER BY, LIMIT. */
bool srd_guard_query_tail(struct srd_guard *g);
bool srd_guard_continues_query(const struct srd_guard_token *t);
bool srd_guard_expression(struct srd_guard *g);
bool srd_guard_condition(struct srd_guard *g); /* an expression which a comma ends */
bool srd_guard_arguments(struct srd_guard *g); /* ( ... ) of a function */
/* ( name, name ... ) */
bool srd_guard_names(struct srd_guard *g);
/* [broadcast], [shuffle, ...]: nothing or one. */
bool srd_guard_bracket_hint(struct srd_guard *g);
/* [ORDER BY ...] [LIMIT ...] */
bool srd_guard_order_and_limit(struct srd_guard *g);

/* guard_from.c. What follows FROM. */
bool srd_guard_from(struct srd_guard *g);
#define SRD_GUARD_PARTS 3 /* catalog, database, table */
/* a.b.c: the parts into @parts, their number into @count (more than SRD_GUARD_PARTS are refused).
 */
bool srd_guard_qualified(struct srd_guard *g, const char *parts[SRD_GUARD_PARTS], size_t *count);

/* guard_show.c. From the word SHOW, ADMIN or DESC on. */
bool srd_guard_show(struct srd_guard *g);
bool srd_guard_admin_show(struct srd_guard *g);
bool srd_guard_describe(struct srd_guard *g);

/* guard_names.c */
unsigned srd_guard_word_flags(const char *word); /* 0 for a word that is not in the list */
/* May this table be read? Also notes it. */
bool srd_guard_check_table(struct srd_guard *g, const struct srd_guard_token *where,
                           const char *const *parts, size_t count);
/* Is this one the internal catalog, or does the policy not care? */
bool srd_guard_check_catalog(struct srd_guard *g, const struct srd_guard_token *where,
                             const char *catalog);

/* guard_columns.c */
/* Remembers a table with special columns. @where is its name, behind which the next token is. */
void srd_guard_note_table(struct srd_guard *g, const struct srd_guard_token *where,
                          const char *database, const char *name);
/* At the end: the columns of the noted tables. @first is the statement's first token. */
bool srd_guard_check_columns(struct srd_guard *g, const struct srd_guard_token *first);
/* Of the JSON in JobProperties: is this member an expression of a user's? */
bool srd_guard_private_member(const char *key, size_t n);

/* guard_functions.c. @where is the name, @qualified whether there is a database before it. */
bool srd_guard_check_function(struct srd_guard *g, const struct srd_guard_token *where,
                              bool qualified);
bool srd_guard_check_table_function(struct srd_guard *g, const struct srd_guard_token *where,
                                    bool qualified);

#endif
