/* Which words are reserved, which tables may be read? */

#include "lib/source/guard_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"

#define R SRD_WORD_RESERVED
#define WITHIN SRD_WORD_WITHIN
#define OPERATOR SRD_WORD_OPERATOR

/*
 * The reserved words of the 4.1 line, sorted. One more or less in another version does no harm: a
 * word is a name for us and a keyword for the FE only where no keyword could name a table
 * (guard_from.c knows all that can follow one).
 */
/* clang-format off */
static const struct {
    const char *word;
    unsigned flags;
} words[] = {
    { "add", R },
    { "all", R | WITHIN | OPERATOR },
    { "alter", R },
    { "analyze", R },
    { "and", R | WITHIN | OPERATOR },
    { "array", R | WITHIN },
    { "as", R | WITHIN | OPERATOR },
    { "asc", R | WITHIN },
    { "asof", R },
    { "between", R | WITHIN | OPERATOR },
    { "bigint", R | WITHIN },
    { "bitmap", R | WITHIN },
    { "bitshiftleft", R | WITHIN },
    { "bitshiftright", R | WITHIN },
    { "bitshiftrightlogical", R | WITHIN },
    { "both", R },
    { "by", R },
    { "case", R | WITHIN | OPERATOR },
    { "char", R | WITHIN },
    { "character", R },
    { "check", R },
    { "collate", R | WITHIN },
    { "column", R },
    { "compaction", R },
    { "convert", R | WITHIN },
    { "create", R },
    { "cross", R },
    { "cube", R },
    { "current_date", R | WITHIN },
    { "current_group", R | WITHIN },
    { "current_role", R | WITHIN },
    { "current_time", R | WITHIN },
    { "current_timestamp", R | WITHIN },
    { "current_user", R | WITHIN },
    { "current_warehouse", R | WITHIN },
    { "database", R | WITHIN },
    { "databases", R },
    { "decimal", R | WITHIN },
    { "decimal128", R | WITHIN },
    { "decimal256", R | WITHIN },
    { "decimal32", R | WITHIN },
    { "decimal64", R | WITHIN },
    { "decimalv2", R | WITHIN },
    { "default", R },
    { "deferred", R },
    { "delete", R },
    { "dense_rank", R | WITHIN },
    { "desc", R | WITHIN },
    { "describe", R },
    { "distinct", R | WITHIN | OPERATOR },
    { "div", R | WITHIN | OPERATOR },
    { "double", R | WITHIN },
    { "drop", R },
    { "dual", R },
    { "else", R | WITHIN | OPERATOR },
    { "exists", R | WITHIN | OPERATOR },
    { "explain", R },
    { "false", R | WITHIN },
    { "files", R },
    { "first_value", R | WITHIN },
    { "float", R | WITHIN },
    { "for", R },
    { "force", R },
    { "from", R },
    { "full", R },
    { "function", R },
    { "gin", R },
    { "grant", R },
    { "group", R },
    { "grouping", R | WITHIN },
    { "grouping_id", R | WITHIN },
    { "groups", R },
    { "having", R },
    { "hll", R | WITHIN },
    { "if", R | WITHIN },
    { "ignore", R | WITHIN },
    { "immediate", R },
    { "in", R | WITHIN | OPERATOR },
    { "index", R },
    { "infile", R },
    { "inner", R },
    { "insert", R },
    { "int", R | WITHIN },
    { "integer", R | WITHIN },
    { "intersect", R },
    { "into", R },
    { "invoker", R },
    { "is", R | WITHIN | OPERATOR },
    { "join", R },
    { "json", R | WITHIN },
    { "key", R },
    { "keys", R },
    { "kill", R },
    { "lag", R | WITHIN },
    { "largeint", R | WITHIN },
    { "last_query_id", R | WITHIN },
    { "last_value", R | WITHIN },
    { "lateral", R },
    { "lead", R | WITHIN },
    { "left", R },
    { "like", R | WITHIN | OPERATOR },
    { "limit", R },
    { "load", R },
    { "localtime", R | WITHIN },
    { "localtimestamp", R | WITHIN },
    { "maxvalue", R },
    { "microsecond", R | WITHIN },
    { "millisecond", R | WITHIN },
    { "mod", R | WITHIN | OPERATOR },
    { "not", R | WITHIN | OPERATOR },
    { "ntile", R | WITHIN },
    { "null", R | WITHIN },
    { "on", R },
    { "optimize", R },
    { "or", R | WITHIN | OPERATOR },
    { "order", R },
    { "outer", R },
    { "outfile", R },
    { "over", R },
    { "partition", R },
    { "percentile", R | WITHIN },
    { "prepare", R },
    { "primary", R },
    { "procedure", R },
    { "range", R | WITHIN },
    { "read", R },
    { "regexp", R | WITHIN | OPERATOR },
    { "release", R },
    { "rename", R },
    { "replace", R | WITHIN },
    { "revoke", R },
    { "right", R },
    { "rlike", R | WITHIN | OPERATOR },
    { "rows", R | WITHIN },
    { "row_number", R | WITHIN },
    { "schema", R | WITHIN },
    { "schemas", R },
    { "select", R },
    { "set", R },
    { "set_var", R },
    { "show", R },
    { "smallint", R | WITHIN },
    { "table", R },
    { "terminated", R },
    { "text", R | WITHIN },
    { "then", R | WITHIN | OPERATOR },
    { "tinyint", R | WITHIN },
    { "to", R },
    { "true", R | WITHIN },
    { "union", R },
    { "unique", R },
    { "unsigned", R | WITHIN },
    { "update", R },
    { "use", R },
    { "using", R },
    { "values", R },
    { "varchar", R | WITHIN },
    { "variant", R | WITHIN },
    { "when", R | WITHIN | OPERATOR },
    { "where", R },
    { "with", R },
};
/* clang-format on */

static int compare_word(const void *key, const void *entry)
{
    return strcasecmp(key, *(const char *const *)entry);
}

unsigned srd_guard_word_flags(const char *word)
{
    const char *const *found =
        bsearch(word, words, SRD_COUNT(words), sizeof(words[0]), compare_word);

    return found ? words[((const char *)found - (const char *)words) / sizeof(words[0])].flags : 0;
}

/*
 * The databases of the system, in their exact spelling. What is not in the list of _statistics_ may
 * be a table or view that somebody made there (a FE lets an administrator); in the other two it
 * cannot be.
 */
static const char *const databases[] = { "information_schema", "sys", "_statistics_" };
static const char *const statistics[] = {
    "column_statistics",
    "external_column_statistics",
    "external_histogram_statistics",
    "histogram_statistics",
    "loads_history",
    "multi_column_statistics",
    "pipe_file_list",
    "predicate_columns",
    "query_history",
    "spm_baselines",
    "table_statistic_v1",
    "tablet_write_log_history",
    "task_run_history",
};

static bool listed(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(name, list[i]))
            return true;
    return false;
}

bool srd_guard_check_catalog(struct srd_guard *g, const struct srd_guard_token *where,
                             const char *catalog)
{
    if (g->rules->policy != SRD_GUARD_SYSTEM || !strcmp(catalog, "default_catalog"))
        return true;
    return srd_guard_refuse(g, SRD_GUARD_CATALOG, where,
                            "\"%s\" is an external catalog, and the policy allows none", catalog);
}

static bool in_scope(const struct srd_guard *g, const char *name)
{
    for (size_t i = g->cte_count; i > 0; i--)
        if (!strcmp(g->ctes[i - 1], name))
            return true;
    return false;
}

static bool refuse_database(struct srd_guard *g, const struct srd_guard_token *where,
                            const char *database, const char *name)
{
    for (size_t i = 0; i < SRD_COUNT(databases); i++)
        if (!strcasecmp(database, databases[i]))
            return srd_guard_refuse(g, SRD_GUARD_TABLE, where, "write \"%s\" in lower case",
                                    databases[i]);
    return srd_guard_refuse(
        g, SRD_GUARD_TABLE, where,
        "\"%s.%s\" is not a table of the system, and the policy allows no other", database, name);
}

bool srd_guard_check_table(struct srd_guard *g, const struct srd_guard_token *where,
                           const char *const *parts, size_t count)
{
    const char *name = parts[count - 1], *database;

    if (count == 1 && in_scope(g, name))
        return true;
    if (count == 3 && !srd_guard_check_catalog(g, where, parts[0]))
        return false;
    database = count > 1 ? parts[count - 2] : g->rules->database;
    if (g->rules->policy != SRD_GUARD_SYSTEM) {
        if (database)
            srd_guard_note_table(g, where, database, name);
        return true;
    }
    if (!database || (count == 1 && !listed(database, databases, SRD_COUNT(databases))))
        return srd_guard_refuse(g, SRD_GUARD_UNQUALIFIED, where,
                                "\"%s\" needs the name of its database before it", name);
    if (!listed(database, databases, SRD_COUNT(databases)) ||
        (!strcmp(database, "_statistics_") && !listed(name, statistics, SRD_COUNT(statistics))))
        return refuse_database(g, where, database, name);
    srd_guard_note_table(g, where, database, name);
    return true;
}
