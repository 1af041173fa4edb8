#ifndef SRD_SOURCE_GUARD_H
#define SRD_SOURCE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"

/*
 * May this SQL text, which somebody else wrote, be sent to a StarRocks cluster?
 *
 * For everything that passes SQL on: the agent, `srdiag sql`, the tool run_query. A FE executes every
 * statement of a text it is sent, so that one statement per text, and a harmless one, is decided here
 * and nowhere else. The text is cut into words as a FE cuts it (guard_lexer.h) and parsed as far as
 * needed to know every table, function, column and variable in it. What is not understood is refused.
 *
 * Allowed: one query (SELECT, WITH ... SELECT, in parentheses too), EXPLAIN or DESC of a query (also
 * LOGICAL, VERBOSE, COSTS), DESC of a table, the forms of SHOW and ADMIN SHOW of guard_show.c. One ";"
 * at the end is accepted. Refused under every policy: everything else, other statements behind the
 * first, empty ones too; EXPLAIN ANALYZE (it executes), EXPLAIN of a write; INTO; FILES and other
 * readers of what is outside; functions that wait, call out, or are not known to be harmless, and all
 * that have a database before their name (users' own); hints (SET_VAR); user variables; parameters ("?");
 * NUL, broken UTF-8, characters that a FE drops; letters that a FE reads as ASCII ones (the Kelvin sign
 * as k); text longer than SRD_GUARD_MAX_BYTES; nesting deeper than SRD_GUARD_MAX_DEPTH.
 *
 * The policies:
 *
 * SYSTEM  Only tables of information_schema, sys and _statistics_ (of the internal catalog, names
 *         written in lower case: a FE admits a database SYS beside sys), and SHOW without business
 *         data or secrets. A name without a database is one of a WITH in whose scope it stands, or is
 *         refused unless @database is one of the three. Columns with values of users' rows (minima,
 *         maxima and histograms of the statistics, rejected rows, log lines), and "*" where such a
 *         table is read, are refused. Columns with users' SQL texts (definitions of tasks and views,
 *         query history) may be selected under their own name and used in no other way, so that who
 *         prints the result can recognise them with srd_guard_private_column() and hide their
 *         literals with srd_guard_hide_cell(); @share_sql lifts this. Names and bounds of partitions,
 *         defaults and expressions of columns count as schema, not as users' rows.
 * SELECT  Any table, any catalog; the rest as above.
 *
 *         Under both, columns with credentials (properties of pipes and of routine loads) may only be
 *         selected under their own name, so that who prints the result can tell a secret by the name
 *         before it; and values of be_configs only beside the NAME of their item, unless WHERE begins
 *         with the names of items that hold none.
 *
 * PROBES  Nothing: whoever asks must name a probe.
 *
 * What the caller has to see to: the session's current catalog is default_catalog and its sql_dialect
 * StarRocks, which is not always so by default (sessions of live.h say it when they log in; under
 * "trino" a FE cuts the text by other rules), the account may read only, and @database is what the
 * session's current database really is.
 */

#define SRD_GUARD_MAX_BYTES 65536
#define SRD_GUARD_MAX_DEPTH 64 /* parentheses, brackets, subqueries within each other */

enum srd_guard_policy { SRD_GUARD_SYSTEM, SRD_GUARD_SELECT, SRD_GUARD_PROBES };

/* Why not. The names (srd_guard_code_name) are promises to logs and scripts. */
enum srd_guard_code {
    SRD_GUARD_OK,
    SRD_GUARD_EMPTY,           /* no statement in it */
    SRD_GUARD_TOO_LONG,
    SRD_GUARD_NUL,
    SRD_GUARD_UTF8,            /* broken UTF-8 */
    SRD_GUARD_CHARACTER,       /* one that SQL has no use for: the FE would drop it in silence */
    SRD_GUARD_LETTER,          /* a foreign letter that equals an ASCII letter for the FE */
    SRD_GUARD_UNCLOSED,        /* quote or comment without an end */
    SRD_GUARD_HINT,
    SRD_GUARD_SEVERAL,         /* more than one statement */
    SRD_GUARD_NESTING,
    SRD_GUARD_STATEMENT,       /* a kind of statement that is not allowed */
    SRD_GUARD_EXPLAIN_ANALYZE,
    SRD_GUARD_EXPLAIN,         /* EXPLAIN of something that is no query */
    SRD_GUARD_INTO,
    SRD_GUARD_OUTSIDE,         /* reads files, addresses or services outside the cluster */
    SRD_GUARD_FUNCTION,        /* known, and not allowed */
    SRD_GUARD_FUNCTION_UNKNOWN,
    SRD_GUARD_VARIABLE,        /* user variable */
    SRD_GUARD_PARAMETER,       /* "?" */
    SRD_GUARD_SYNTAX,          /* not understood */
    SRD_GUARD_TABLE,           /* business table */
    SRD_GUARD_UNQUALIFIED,     /* table without database */
    SRD_GUARD_CATALOG,         /* external catalog */
    SRD_GUARD_VALUES,          /* columns with values of users' rows */
    SRD_GUARD_PRIVATE,         /* users' SQL text used otherwise than as a column of the result */
    SRD_GUARD_SECRETS,         /* columns with credentials used otherwise than to be printed */
    SRD_GUARD_SHOW,            /* a form of SHOW, ADMIN SHOW or DESC that is not allowed */
    SRD_GUARD_PROC,            /* a path of SHOW PROC that is not allowed */
    SRD_GUARD_POLICY,          /* the policy allows no SQL at all */
};
/* "ok", "too-long", "function-unknown" ... */
const char *srd_guard_code_name(enum srd_guard_code code);

struct srd_guard_rules {
    enum srd_guard_policy policy;
    const char *database; /* current database of the session; NULL: none */
    bool share_sql;       /* users' SQL texts may be seen as they are */
};

struct srd_guard_verdict {
    bool allowed;
    enum srd_guard_code code;
    const char *reason;    /* one sentence without a full stop; "" if allowed; fit for a terminal */
    size_t offset;         /* where in the text the reason is, in bytes */
    const char *statement; /* if allowed: the text without comments and ";", to send or to put behind
                              EXPLAIN; else NULL */
};

/*
 * Judges the @n bytes at @sql, which need no NUL. @out and its texts live in @arena. Returns
 * out->allowed. Pure: any thread, its own arena. The time it takes grows with @n alone.
 */
bool srd_guard_judge(const char *sql, size_t n, const struct srd_guard_rules *rules,
                     struct srd_arena *arena, struct srd_guard_verdict *out);

/*
 * Do the cells of a result's column of this name hold users' SQL texts? (Info of SHOW PROCESSLIST,
 * Statement, Create View, DEFINITION, JobProperties ...) ASCII case does not matter.
 */
bool srd_guard_private_column(const char *name);

/*
 * @text, a cell of such a column, as it may be seen: with srd_guard_hide_literals(), or, of the
 * properties of routine loads (JSON), with "?" for each member that is an expression (whereExpr).
 */
const char *srd_guard_hide_cell(const char *name, const char *text, struct srd_arena *arena);

/*
 * @sql, a text of somebody else's, with each string, number and binary literal replaced by "?" and
 * each comment by a blank. What only some readings of a text put into a literal (a backslash may or may
 * not escape a quote), and all behind an unclosed quote or comment, as in a text that was cut off, is
 * hidden as well. Any bytes; NUL-terminated.
 */
const char *srd_guard_hide_literals(const char *sql, size_t n, struct srd_arena *arena);

#endif
