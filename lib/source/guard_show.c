/* Which forms of SHOW, ADMIN SHOW and DESC may be asked? */

#include "lib/source/guard_private.h"

#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"

/* What may follow the words of a form, in this order. */
enum tail {
    NAME = 1 << 0,       /* a name of up to three parts; needed */
    NUMBER = 1 << 1,     /* needed */
    PATH = 1 << 2,       /* of SHOW PROC; needed */
    JOB = 1 << 3,        /* FOR name */
    OWNER = 1 << 4,      /* FOR user, ROLE r, EXTERNAL GROUP g */
    FROM_DB = 1 << 5,    /* FROM or IN, [catalog.]database */
    FROM_TABLE = 1 << 6, /* FROM or IN, [[catalog.]database.]table; needed */
    PARTS = 1 << 7,      /* PARTITION (...) */
    LIKE = 1 << 8,       /* LIKE 'x' */
    WHERE = 1 << 9,
    SORT = 1 << 10,       /* ORDER BY, LIMIT */
    IS_CATALOG = 1 << 11, /* the name, or that behind FROM, is one of a catalog */
    IS_TABLE = 1 << 12,   /* ... of a table, perhaps with catalog and database */
    ONE_NAME = 1 << 13,   /* a name, which may be left out */
    CNGROUP = 1 << 14,    /* CNGROUP name */
};
#define FILTER (LIKE | WHERE)

enum who { ALL, SELECT_ONLY, NOBODY };

struct form {
    const char *words; /* "?" behind a word: may be left out; a|b: one of them */
    unsigned tail;
    enum who who;
    const char *why; /* not, for those who may not */
};

/* clang-format off */
/* The first form whose words are there decides. What is not listed is refused. */
static const struct form shows[] = {
    { "all authentication", 0, SELECT_ONLY, "it tells which accounts have no password" },
    { "routine load task", FROM_DB | WHERE, ALL, NULL }, /* before the next one, as it is longer */
    { "all? routine load", JOB | FROM_DB | WHERE | SORT, ALL, NULL },
    { "all? stream load", JOB | FROM_DB | WHERE | SORT, ALL, NULL },
    { "alter materialized view", FROM_DB | WHERE | SORT, ALL, NULL },
    { "alter table column|rollup|optimize", FROM_DB | WHERE | SORT, ALL, NULL },
    { "analyze job|status?", WHERE | SORT, ALL, NULL },
    { "authentication", OWNER, SELECT_ONLY, "it tells which accounts have no password" },
    { "authors", 0, ALL, NULL },
    { "backend blacklist", 0, ALL, NULL },
    { "backends", 0, ALL, NULL },
    { "backup", FROM_DB, ALL, NULL },
    { "baseline", WHERE, SELECT_ONLY, "plans and statements are shown with their literals" },
    { "broker", 0, ALL, NULL },
    { "builtin|global functions", FROM_DB | FILTER, ALL, NULL },
    { "catalogs", LIKE, ALL, NULL },
    { "char|character set", FILTER, ALL, NULL },
    { "charset", FILTER, ALL, NULL },
    { "clusters|cngroups from warehouse", NAME, ALL, NULL },
    { "collation", FILTER, ALL, NULL },
    { "columns|fields", FROM_TABLE | FROM_DB | FILTER, ALL, NULL },
    { "compute node blacklist", 0, ALL, NULL },
    { "compute nodes", 0, ALL, NULL },
    { "create catalog", NAME | IS_CATALOG, NOBODY, "properties of catalogs hold credentials" },
    { "create database|schema", NAME, ALL, NULL },
    { "create group provider", NAME, NOBODY, "its properties hold credentials" },
    { "create materialized view", NAME | IS_TABLE, ALL, NULL },
    { "create routine load", NAME, NOBODY, "its properties hold credentials" },
    { "create security integration", NAME, NOBODY, "its properties hold credentials" },
    { "create table|view", NAME | IS_TABLE, ALL, NULL },
    { "data distribution", FROM_TABLE | PARTS, ALL, NULL },
    { "data", FROM_DB | IS_TABLE, ALL, NULL },
    { "datacache rules", 0, SELECT_ONLY, "its predicates hold values of users' rows" },
    { "databases|schemas", FROM_DB | IS_CATALOG | FILTER, ALL, NULL },
    { "delete", FROM_DB, SELECT_ONLY, "conditions of deletes hold values of users' rows" },
    { "dictionary", ONE_NAME, ALL, NULL },
    { "dynamic partition tables", FROM_DB, ALL, NULL },
    { "engines", 0, ALL, NULL },
    { "errors|warnings", SORT, ALL, NULL },
    { "events", FROM_DB | FILTER, ALL, NULL },
    { "export", FROM_DB | FILTER | SORT, ALL, NULL },
    { "frontends", 0, ALL, NULL },
    { "full builtin|global? functions", FROM_DB | FILTER, ALL, NULL },
    { "full columns|fields", FROM_TABLE | FROM_DB | FILTER, ALL, NULL },
    { "full processlist", OWNER, ALL, NULL },
    { "full tables", FROM_DB | FILTER, ALL, NULL },
    { "full? triggers", FROM_DB | FILTER, ALL, NULL },
    { "function|procedure status", FILTER, ALL, NULL },
    { "functions", FROM_DB | FILTER, ALL, NULL },
    { "global|local|session|verbose? status", FILTER, ALL, NULL },
    { "global|local|session|verbose? variables", FILTER, ALL, NULL },
    { "grants", OWNER, ALL, NULL },
    { "group providers", 0, SELECT_ONLY, "it says how accounts log in" },
    { "histogram meta", WHERE | SORT, ALL, NULL },
    { "index|indexes|key|keys", FROM_TABLE | FROM_DB, ALL, NULL },
    { "load warnings on", 0, NOBODY, "the FE would open any address it is given" },
    { "load warnings", FROM_DB | WHERE | SORT, SELECT_ONLY, "rejected rows are users' rows" },
    { "load all?", FROM_DB | WHERE | SORT, ALL, NULL },
    { "materialized views", FROM_DB | FILTER, ALL, NULL },
    { "multiple columns stats meta", WHERE | SORT, ALL, NULL },
    { "nodes from warehouse", NAME | CNGROUP, ALL, NULL },
    { "nodes from warehouses", LIKE, ALL, NULL },
    { "open tables", 0, ALL, NULL },
    { "partitions", FROM_TABLE | WHERE | SORT, ALL, NULL },
    { "pipes", FROM_DB | FILTER | SORT, ALL, NULL },
    { "plan advisor", 0, SELECT_ONLY, "statements are shown with their literals" },
    { "plugins", 0, ALL, NULL },
    { "privileges", 0, ALL, NULL },
    { "proc", PATH, ALL, NULL },
    { "processlist", OWNER, ALL, NULL },
    { "profilelist", SORT, ALL, NULL },
    { "property|properties", OWNER | LIKE, ALL, NULL },
    { "repositories", 0, ALL, NULL },
    { "resource group", NAME, ALL, NULL },
    { "resource groups all?", 0, ALL, NULL },
    { "resources", 0, NOBODY, "properties of resources hold credentials" },
    { "restore", FROM_DB | WHERE, ALL, NULL },
    { "roles", 0, ALL, NULL },
    { "running queries", SORT, ALL, NULL },
    { "security integrations", 0, SELECT_ONLY, "it says how accounts log in" },
    { "snapshot on", NAME | WHERE, ALL, NULL },
    { "sql digest blacklist", 0, ALL, NULL },
    { "sqlblacklist", 0, SELECT_ONLY, "its patterns may hold values of users' rows" },
    { "stats meta", WHERE | SORT, ALL, NULL },
    { "storage volumes", LIKE, ALL, NULL },
    { "table status", FROM_DB | FILTER, ALL, NULL },
    { "tables", FROM_DB | FILTER, ALL, NULL },
    { "tablet|tablets from|in", NAME | IS_TABLE | PARTS | WHERE | SORT, ALL, NULL },
    { "tablet", NUMBER, ALL, NULL },
    { "temporary partitions", FROM_TABLE | WHERE | SORT, ALL, NULL },
    { "temporary tables", FROM_DB | FILTER, ALL, NULL },
    { "transaction", FROM_DB | WHERE, ALL, NULL },
    { "usage resource group", NAME, ALL, NULL },
    { "usage resource groups", 0, ALL, NULL },
    { "user|users", 0, ALL, NULL },
    { "verbose resource group", NAME, ALL, NULL },
    { "verbose resource groups all?", 0, ALL, NULL },
    { "warehouses", FILTER, ALL, NULL },
};

static const struct form admin_shows[] = {
    { "automated cluster snapshot", 0, ALL, NULL },
    { "frontend config", LIKE, ALL, NULL },
    { "replica distribution", FROM_TABLE | PARTS, ALL, NULL },
    { "replica status", FROM_TABLE | PARTS | WHERE, ALL, NULL },
};
/* clang-format on */

/* First names of PROC paths. Not here: resources and load_error_hub (credentials), what is unknown.
 */
static const char *const proc_paths[] = {
    "backends",
    "brokers",
    "catalog",
    "cluster_balance",
    "colocation_group",
    "compactions",
    "compute_nodes",
    "current_backend_instances",
    "current_queries",
    "dbs",
    "frontends",
    "global_current_queries",
    "historical_nodes",
    "jobs",
    "meta_recovery",
    "monitor",
    "replications",
    "routine_loads",
    "statistic",
    "stream_loads",
    "tasks",
    "transactions",
    "warehouses",
};

/* Is @t one of the words "a|b|c" (the @n letters at @words)? */
static bool one_of(const struct srd_guard_token *t, const char *words, size_t n)
{
    size_t size = t->kind == SRD_LEX_WORD ? strlen(t->text) : 0;

    for (size_t from = 0; from < n;) {
        size_t length = strcspn(words + from, "| ?");

        if (length == size && !strncasecmp(words + from, t->text, size))
            return true;
        from += length + 1;
    }
    return false;
}

/* How many tokens from @t on are the words of the form; -1 if they are not. */
static int match(const char *words, const struct srd_guard_token *t)
{
    int count = 0;

    for (const char *p = words; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        bool optional = p[n - 1] == '?';

        if (one_of(t + count, p, optional ? n - 1 : n))
            count++;
        else if (!optional)
            return -1;
        p += n;
    }
    return count;
}

/* A name of one part, or a string for it: not of a catalog. */
static bool plain_name(struct srd_guard *g)
{
    if (!srd_guard_is_name(g->token) && g->token->kind != SRD_LEX_STRING)
        return srd_guard_unexpected(g);
    g->token++;
    return true;
}

/* A name of at most @most parts; if that many, or if it is one of a catalog, the first is checked.
 */
static bool object(struct srd_guard *g, size_t most, bool is_catalog)
{
    const struct srd_guard_token *where = g->token;
    const char *parts[SRD_GUARD_PARTS];
    size_t count;

    if (g->token->kind == SRD_LEX_STRING) { /* some forms take a string for a name */
        if (is_catalog)
            return srd_guard_unexpected(g);
        g->token++;
        return true;
    }
    if (!srd_guard_qualified(g, parts, &count))
        return false;
    if (count > most)
        return srd_guard_refuse(g, SRD_GUARD_SYNTAX, where, "the name has too many parts");
    return (count < most && !is_catalog) || srd_guard_check_catalog(g, where, parts[0]);
}

/* 'user'@'host' and the like: what it names is only looked up in the list of grants. */
static bool owner(struct srd_guard *g)
{
    if (!srd_guard_take(g, "for"))
        return true;
    if (!srd_guard_take(g, "role") && !srd_guard_take(g, "user") && srd_guard_take(g, "external") &&
        !srd_guard_need(g, "group"))
        return false;
    if (!plain_name(g))
        return false;
    if (!srd_guard_take(g, "@"))
        return true;
    if (srd_guard_take(g, "["))
        return plain_name(g) && srd_guard_need(g, "]");
    return plain_name(g);
}

/*
 * The path of SHOW PROC. A FE reads escapes in it, skips blanks before it, ends it at a blank and
 * takes several slashes for one; escapes, quotes and blanks are therefore refused.
 */
static bool proc(struct srd_guard *g)
{
    const struct srd_guard_token *t = g->token;
    const char *path = g->sql + t->at + 1, *first, *end = path + t->size - 2;
    size_t size;

    if (t->kind != SRD_LEX_STRING)
        return srd_guard_unexpected(g);
    g->token++;
    for (const char *p = path; p < end; p++)
        if (strchr("\\'\" \t\r\n", *p))
            return srd_guard_refuse(g, SRD_GUARD_PROC, t,
                                    "a path may have no blank, quote or backslash in it");
    for (first = path; first < end && *first == '/';)
        first++;
    if (first == end)
        return true; /* "/" lists the paths */
    for (size = 0; first + size < end && first[size] != '/';)
        size++;
    for (size_t i = 0; i < SRD_COUNT(proc_paths); i++) {
        if (strlen(proc_paths[i]) != size || memcmp(proc_paths[i], first, size))
            continue;
        if (!strcmp(proc_paths[i], "catalog") && first + size < end &&
            g->rules->policy == SRD_GUARD_SYSTEM)
            return srd_guard_refuse(g, SRD_GUARD_PROC, t,
                                    "behind this path a FE asks external catalogs");
        /* /jobs/<database>/delete */
        if (!strcmp(proc_paths[i], "jobs") && memmem(first, (size_t)(end - first), "delete", 6) &&
            g->rules->policy == SRD_GUARD_SYSTEM)
            return srd_guard_refuse(g, SRD_GUARD_PROC, t,
                                    "conditions of deletes hold values of users' rows");
        return true;
    }
    return srd_guard_refuse(g, SRD_GUARD_PROC, t,
                            "\"/%.*s\" is not among the paths known to be harmless",
                            (int)(size < 60 ? size : 60), first);
}

static bool needed(struct srd_guard *g, enum srd_lex_kind kind)
{
    if (g->token->kind != kind)
        return srd_guard_unexpected(g);
    g->token++;
    return true;
}

static bool takes_from(struct srd_guard *g)
{
    return srd_guard_take(g, "from") || srd_guard_take(g, "in");
}

static bool job(struct srd_guard *g)
{
    return !srd_guard_take(g, "for") || object(g, 3, false);
}

static bool subject(struct srd_guard *g, unsigned tail)
{
    if (tail & NAME && !object(g, tail & IS_TABLE ? 3 : 2, tail & IS_CATALOG))
        return false;
    if (tail & ONE_NAME && srd_guard_is_name(g->token) && !object(g, 2, false))
        return false;
    if (tail & CNGROUP && srd_guard_take(g, "cngroup") && !plain_name(g))
        return false;
    if (tail & NUMBER && !needed(g, SRD_LEX_NUMBER))
        return false;
    if (tail & PATH && !proc(g))
        return false;
    if (tail & JOB && !job(g))
        return false;
    if (tail & OWNER && !owner(g))
        return false;
    if (tail & FROM_TABLE && (!takes_from(g) ? !srd_guard_unexpected(g) : !object(g, 3, false)))
        return false;
    return !(tail & FROM_DB && takes_from(g)) ||
           object(g, tail & IS_TABLE ? 3 : 2, tail & IS_CATALOG);
}

static bool parts(struct srd_guard *g)
{
    srd_guard_take(g, "temporary");
    if (!srd_guard_take(g, "partition") && !srd_guard_take(g, "partitions"))
        return true;
    if (!srd_guard_take(g, "("))
        return plain_name(g);
    do {
        if (!plain_name(g))
            return false;
    } while (srd_guard_take(g, ","));
    return srd_guard_need(g, ")");
}

static bool filter(struct srd_guard *g, unsigned tail)
{
    if (tail & LIKE && srd_guard_take(g, "like")) {
        if (!needed(g, SRD_LEX_STRING))
            return false;
    } else if (tail & WHERE && srd_guard_take(g, "where") && !srd_guard_expression(g)) {
        return false;
    }
    return !(tail & SORT) || srd_guard_order_and_limit(g);
}

/* A condition on a column with users' SQL would tell, yes by no, what is in it. */
static bool check_filter(struct srd_guard *g, const struct srd_guard_token *first)
{
    if (g->rules->policy != SRD_GUARD_SYSTEM || g->rules->share_sql)
        return true;
    for (const struct srd_guard_token *t = first; t < g->token; t++)
        if ((t->kind == SRD_LEX_WORD || t->kind == SRD_LEX_QUOTED) &&
            srd_guard_private_column(t->text))
            return srd_guard_refuse(g, SRD_GUARD_PRIVATE, t,
                                    "\"%s\" holds users' SQL, and no condition may be on it",
                                    t->text);
    return true;
}

static bool read_tail(struct srd_guard *g, unsigned tail)
{
    const struct srd_guard_token *first;

    if (!subject(g, tail) || (tail & PARTS && !parts(g)))
        return false;
    first = g->token;
    return filter(g, tail) && check_filter(g, first);
}

static bool may(const struct srd_guard *g, const struct form *form)
{
    return form->who == ALL || (form->who == SELECT_ONLY && g->rules->policy == SRD_GUARD_SELECT);
}

static bool forms(struct srd_guard *g, const struct form *list, size_t count)
{
    const struct srd_guard_token *first = g->token;

    g->queries = false;
    for (size_t i = 0; i < count; i++) {
        int words = match(list[i].words, first);

        if (words < 0)
            continue;
        if (!may(g, &list[i]))
            return srd_guard_refuse(g, SRD_GUARD_SHOW, first, "not allowed: %s", list[i].why);
        g->token += words;
        return read_tail(g, list[i].tail);
    }
    return srd_guard_refuse(g, SRD_GUARD_SHOW, first,
                            "this form of SHOW is not among those known to be harmless");
}

bool srd_guard_show(struct srd_guard *g)
{
    return forms(g, shows, SRD_COUNT(shows));
}

bool srd_guard_admin_show(struct srd_guard *g)
{
    return forms(g, admin_shows, SRD_COUNT(admin_shows));
}

bool srd_guard_describe(struct srd_guard *g)
{
    const struct srd_guard_token *first = g->token;

    if (srd_guard_is(first, "files"))
        return srd_guard_unexpected(g);
    if (srd_guard_is(first, "storage") && srd_guard_is(first + 1, "volume"))
        return srd_guard_refuse(g, SRD_GUARD_SHOW, first,
                                "properties of storage volumes hold credentials");
    if (srd_guard_is(first, "pipe") && srd_guard_is_name(first + 1))
        return srd_guard_refuse(g, SRD_GUARD_SHOW, first, "properties of pipes hold credentials");
    if (!object(g, 3, false))
        return false;
    srd_guard_take(g, "all");
    return true;
}
