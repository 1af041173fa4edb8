/* Which columns of the system's tables are not for everybody, and how may they be used? */

#include "lib/source/guard_private.h"

#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"
#include "lib/base/secret.h"

/* Tables whose columns are not all for everybody. Case does not matter in information_schema. */
/* clang-format off */
static const struct table {
    const char *database, *name;
    const char *values;  /* columns with values of users' rows, blank-separated; or NULL */
    const char *private; /* columns with users' SQL texts */
    const char *secrets; /* columns with credentials, under every policy */
    const char *item;    /* column that tells which rows these are; else the cell tells itself */
} special[] = {
    /* the smallest and largest value of a column; the hash sketch (ndv) can confirm a guessed one */
    { "_statistics_", "column_statistics", "max min ndv", NULL, NULL, NULL },
    { "_statistics_", "external_column_statistics", "max min ndv", NULL, NULL, NULL },
    { "_statistics_", "table_statistic_v1", "max min", NULL, NULL, NULL },
    { "_statistics_", "multi_column_statistics", "ndv", NULL, NULL, NULL },
    /* most common values, bounds of buckets */
    { "_statistics_", "histogram_statistics", "buckets mcv", NULL, NULL, NULL },
    { "_statistics_", "external_histogram_statistics", "buckets mcv", NULL, NULL, NULL },
    /* plans show predicates and the statistics of columns */
    { "_statistics_", "query_history", "plan plan_costs other", "sql", NULL, NULL },
    { "_statistics_", "spm_baselines", "plan_sql", "bind_sql", NULL, NULL },
    { "_statistics_", "task_run_history", "history_content_json", NULL, NULL, NULL }, /* with the definition */
    { "information_schema", "load_tracking_logs", "tracking_log", NULL, NULL, NULL }, /* rejected rows */
    { "information_schema", "be_logs", "log", NULL, NULL, NULL },                     /* anything at all */
    { "information_schema", "task_runs", NULL, "definition", NULL, NULL },
    { "information_schema", "tasks", NULL, "definition", NULL, NULL },
    { "information_schema", "materialized_views", NULL, "materialized_view_definition", NULL, NULL },
    { "information_schema", "views", NULL, "view_definition", NULL, NULL },
    { "information_schema", "routine_load_jobs", NULL, "job_properties", /* conditions of users */
      "custom_properties data_source_properties", NULL },
    { "information_schema", "pipes", NULL, NULL, "properties", NULL },
    { "information_schema", "be_configs", NULL, NULL, "value default", "name" },
    { "information_schema", "routines", NULL, "routine_definition", NULL, NULL },
    { "information_schema", "warehouse_queries", NULL, "query", NULL, NULL },
};
/* clang-format on */

_Static_assert(SRD_COUNT(special) <= 32, "one bit each in struct srd_guard");

/* Of results: the private columns above, and those of SHOW. */
static const char *const private_columns[] = {
    "bind_sql",
    "create materialized view",
    "create view",
    "definition",
    "info", /* PROCESSLIST */
    "job_properties",
    "jobproperties", /* ROUTINE LOAD */
    "materialized_view_definition",
    "query",
    "routine_definition",
    "sql",       /* PROC /current_queries/.../sql */
    "statement", /* PROFILELIST */
    "text",      /* MATERIALIZED VIEWS */
    "view_definition",
};

bool srd_guard_private_column(const char *name)
{
    for (size_t i = 0; i < SRD_COUNT(private_columns); i++)
        if (!strcasecmp(name, private_columns[i]))
            return true;
    return false;
}

/* A string that names an item without a secret. */
static bool is_harmless_item(const struct srd_guard *g, const struct srd_guard_token *t)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const char *item;

    if (t->kind != SRD_LEX_STRING)
        return false;
    item = srd_arena_copy_n(g->arena, g->sql + t->at + 1, t->size - 2);
    return !item[strspn(item, letters)] && !srd_secret_name(item);
}

/* Behind the first condition of a WHERE: do others only narrow it? */
static bool is_narrowed(const struct srd_guard_token *t)
{
    int depth = 0;

    if (t->kind != SRD_LEX_END && !srd_guard_is(t, ")") && !srd_guard_is(t, "and") &&
        (!(t->flags & SRD_WORD_RESERVED) || t->flags & SRD_WORD_WITHIN))
        return false;
    for (; t->kind != SRD_LEX_END && depth >= 0; t++) {
        if (srd_guard_is(t, "(") || srd_guard_is(t, "[") || srd_guard_is(t, "{"))
            depth++;
        else if (srd_guard_is(t, ")") || srd_guard_is(t, "]") || srd_guard_is(t, "}"))
            depth--;
        else if (!depth && (srd_guard_is(t, "or") || srd_guard_is(t, "||")))
            return false;
    }
    return true;
}

/* Is @t another name, which something got by AS or without it? */
static bool is_alias(const struct srd_guard_token *t)
{
    const struct srd_guard_token *before = t - 1;

    switch (before->kind) {
    case SRD_LEX_WORD:
        return srd_guard_is(before, "as") || !(before->flags & SRD_WORD_RESERVED) ||
               (before->flags & SRD_WORD_WITHIN && !(before->flags & SRD_WORD_OPERATOR));
    case SRD_LEX_SIGN:
        return srd_guard_is(before, ")") || srd_guard_is(before, "]") || srd_guard_is(before, "}");
    default:
        return true;
    }
}

/*
 * Does something in the select list that ends before @from get the name @item? A FE can be told
 * (enable_groupby_use_output_alias) to take the name for that thing then, in WHERE as well.
 */
static bool renames_item(const struct srd_guard *g, const struct srd_guard_token *from,
                         const char *item)
{
    size_t n = strlen(item);
    int depth = 0;

    for (const struct srd_guard_token *t = from - 1; depth > 0 || !srd_guard_is(t, "select"); t--) {
        if (srd_guard_is(t, ")") || srd_guard_is(t, "]") || srd_guard_is(t, "}"))
            depth++;
        else if (srd_guard_is(t, "(") || srd_guard_is(t, "[") || srd_guard_is(t, "{"))
            depth--;
        else if ((t->kind == SRD_LEX_STRING
                      ? t->size == n + 2 && !strncasecmp(g->sql + t->at + 1, item, n)
                      : !strcasecmp(t->text, item)) &&
                 is_alias(t))
            return true;
    }
    return false;
}

/*
 * FROM table [[AS] alias] WHERE [alias.]item = 'a', or IN ('a', 'b'), [AND ...]: is the table,
 * whose name begins behind @from and ends at the next token, only asked for items without secrets?
 */
static bool names_items(const struct srd_guard *g, const struct srd_guard_token *from,
                        const char *item)
{
    const struct srd_guard_token *t = g->token, *alias = t - 1;

    t += srd_guard_is(t, "as");
    if (srd_guard_is_name(t))
        alias = t++;
    if (!srd_guard_is(from, "from") || !srd_guard_is(t++, "where") || renames_item(g, from, item))
        return false;
    if (srd_guard_is_name(t) && srd_guard_is(t + 1, ".")) {
        if (strcmp(t->text, alias->text) != 0)
            return false; /* of a query around this one */
        t += 2;
    }
    if (!srd_guard_is_name(t) || strcasecmp(t++->text, item) != 0)
        return false;
    if (srd_guard_is(t, "="))
        return is_harmless_item(g, t + 1) && is_narrowed(t + 2);
    if (!srd_guard_is(t, "in") || !srd_guard_is(t + 1, "("))
        return false;
    for (t += 2; is_harmless_item(g, t); t += 2)
        if (srd_guard_is(t + 1, ")"))
            return is_narrowed(t + 2);
        else if (!srd_guard_is(t + 1, ","))
            break;
    return false;
}

void srd_guard_note_table(struct srd_guard *g, const struct srd_guard_token *where,
                          const char *database, const char *name)
{
    for (size_t i = 0; i < SRD_COUNT(special); i++) {
        if (strcasecmp(database, special[i].database) != 0 ||
            strcasecmp(name, special[i].name) != 0)
            continue;
        if (!special[i].item || !names_items(g, where - 1, special[i].item))
            g->special |= 1u << i;
    }
}

/* Is @name one of the blank-separated @names? */
static bool one_of(const char *name, const char *names)
{
    size_t n = strlen(name);

    for (const char *p = names; p && *p; p += strspn(p, " ")) {
        size_t size = strcspn(p, " ");

        if (size == n && !strncasecmp(p, name, n))
            return true;
        p += size;
    }
    return false;
}

static bool refuse_values(struct srd_guard *g, const struct srd_guard_token *where,
                          const struct table *table)
{
    return srd_guard_refuse(g, SRD_GUARD_VALUES, where,
                            "%s.%s holds values of users' rows: name its columns, without %s",
                            table->database, table->name, table->values);
}

static bool refuse_private(struct srd_guard *g, const struct srd_guard_token *where,
                           const struct table *table)
{
    /* some of these tables a FE reads while it plans, and their rows are constants of the plan */
    if (g->explained)
        return srd_guard_refuse(g, SRD_GUARD_PRIVATE, where,
                                "%s of %s.%s holds users' SQL, and a plan may show it",
                                table->private, table->database, table->name);
    return srd_guard_refuse(
        g, SRD_GUARD_PRIVATE, where,
        "%s of %s.%s holds users' SQL, and may only be selected as it is, under "
        "its own name",
        table->private, table->database, table->name);
}

static bool refuse_secrets(struct srd_guard *g, const struct srd_guard_token *where,
                           const struct table *table)
{
    if (table->item)
        return srd_guard_refuse(g, SRD_GUARD_SECRETS, where,
                                "%s.%s holds credentials: select %s with %s as they are, from this "
                                "table alone, or begin with WHERE %s = '...' or IN ('...')",
                                table->database, table->name, table->item, table->secrets,
                                table->item);
    return srd_guard_refuse(g, SRD_GUARD_SECRETS, where,
                            "%s of %s.%s may hold credentials, and may only be selected as it is, "
                            "under its own name",
                            table->secrets, table->database, table->name);
}

bool srd_guard_private_member(const char *key, size_t n)
{
    return n >= 4 && !strncasecmp(key + n - 4, "expr", 4);
}

/* Is @t the column in GET_JSON_STRING(column, '$.key'), and the key neither expression nor secret?
 */
static bool harmless_member(const struct srd_guard *g, const struct srd_guard_token *t)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    const struct srd_guard_token *call = t - 1, *path = t + 2;
    const char *key;
    size_t n;

    while (srd_guard_is(call, ".") && srd_guard_is_name(call - 1))
        call -= 2;
    if (!one_of(t->text, "job_properties custom_properties data_source_properties properties") ||
        !srd_guard_is(call, "(") ||
        !(srd_guard_is(call - 1, "get_json_string") || srd_guard_is(call - 1, "get_json_int")) ||
        !srd_guard_is(t + 1, ",") || path->kind != SRD_LEX_STRING || !srd_guard_is(t + 3, ")") ||
        path->size < 4)
        return false;
    key = g->sql + path->at + 3; /* behind '$. */
    n = path->size - 4;
    return key[-2] == '$' && key[-1] == '.' && strspn(key, letters) == n &&
           !srd_guard_private_member(key, n) &&
           !srd_secret_name(srd_arena_copy_n(g->arena, key, n));
}

/*
 * A name can hide behind another (AS, a subquery, a WITH with names of its own), so that whatever
 * has the name of such a column, anywhere in the statement, counts as that column.
 */
static bool check_column(struct srd_guard *g, const struct srd_guard_token *t,
                         const struct table *table, bool told)
{
    if ((t->kind != SRD_LEX_WORD && t->kind != SRD_LEX_QUOTED) || srd_guard_is(t + 1, "("))
        return true;
    if (one_of(t->text, table->secrets) && !harmless_member(g, t) &&
        (!t->plain || g->renaming || !told))
        return refuse_secrets(g, t, table);
    if (g->rules->policy != SRD_GUARD_SYSTEM)
        return true;
    if (one_of(t->text, table->values))
        return refuse_values(g, t, table);
    if (g->rules->share_sql || !one_of(t->text, table->private) || harmless_member(g, t))
        return true;
    if (!t->plain || g->renaming || g->explained)
        return refuse_private(g, t->plain && g->renaming ? g->renaming : t, table);
    return true;
}

/* All columns of a special table: do some of them hide, or lose what tells of them? */
static bool check_star(struct srd_guard *g, const struct table *table, bool told)
{
    const struct srd_guard_token *hiding = g->inner_star ? g->inner_star : g->renaming;

    if (table->secrets && (hiding || !told))
        return refuse_secrets(g, g->star, table);
    if (g->rules->policy != SRD_GUARD_SYSTEM)
        return true;
    if (table->values)
        return refuse_values(g, g->star, table);
    if (!hiding && g->explained)
        hiding = g->star;
    return !hiding || !table->private || g->rules->share_sql || refuse_private(g, hiding, table);
}

/*
 * Does each row of the answer tell which item it is of? Only if it is that of one SELECT from one
 * table: beside another table's column of this name the item would say nothing.
 */
static bool tells_item(const struct srd_guard *g, const struct srd_guard_token *first,
                       const char *item)
{
    bool told = g->star && !g->except;

    if (!item)
        return true;
    if (g->selects != 1 || g->relations != 1)
        return false;
    for (const struct srd_guard_token *t = first; t->kind != SRD_LEX_END; t++) {
        if (srd_guard_is(t, "from") && renames_item(g, t, item))
            return false;
        told |= t->plain && !strcasecmp(t->text, item);
    }
    return told;
}

bool srd_guard_check_columns(struct srd_guard *g, const struct srd_guard_token *first)
{
    for (size_t i = 0; i < SRD_COUNT(special); i++) {
        const struct table *table = &special[i];
        bool told;

        if (!(g->special & 1u << i))
            continue;
        told = tells_item(g, first, table->item);
        if (g->star && !check_star(g, table, told))
            return false;
        for (const struct srd_guard_token *t = first; t->kind != SRD_LEX_END; t++)
            if (!check_column(g, t, table, told))
                return false;
    }
    return true;
}
