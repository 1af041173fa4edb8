/* Which transactions run, and which databases are worth asking? */

#include "experts/storage/sizes.h"
#include "experts/transactions/transactions.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/utf8.h"

#define MAX_DATABASES 6

struct srd_txn_counts srd_txn_counts(const struct srd_evidence *ev, struct srd_arena *arena)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_fe_gauges, NULL);
    struct srd_txn_counts counts = { 0 };

    counts.items = srd_arena_array(arena, t ? t->rows + 1 : 1, sizeof(*counts.items));
    for (size_t row = 0; t && row < t->rows; row++) {
        struct srd_txn_count *c = &counts.items[counts.count];

        if (!srd_cell_is(t, row, "NAME", "txn_running") ||
            !srd_cell_number(t, row, "VALUE", &c->value))
            continue;
        c->name = srd_cell_json(t, row, "LABELS", "db", arena);
        c->row = row;
        counts.count += c->name != NULL;
    }
    return counts;
}

const struct srd_txn_count *srd_txn_count(const struct srd_txn_counts *counts, const char *db)
{
    /* the first is the highest, so the leader's: followers say 0 */
    for (size_t i = 0; i < counts->count; i++)
        if (!strcmp(counts->items[i].name, db))
            return &counts->items[i];
    return NULL;
}

/* Does a committed version of the database wait? Then a transaction runs, of whatever kind. */
static bool has_gap(const struct srd_evidence *ev, const char *db)
{
    const struct srd_table *t = srd_partition_gaps(ev);

    for (size_t row = 0; t && row < t->rows; row++)
        if (srd_cell_is(t, row, "DB_NAME", db))
            return true;
    return false;
}

/* Nobody writes into these. */
static bool is_system(const char *db)
{
    return !strcmp(db, "information_schema") || !strcmp(db, "sys");
}

size_t srd_txn_names(const struct srd_evidence *ev, struct srd_arena *arena, const char ***out)
{
    const struct srd_table *dbs = srd_evidence_get(ev, &srd_probe_databases, NULL);
    struct srd_txn_counts counts = srd_txn_counts(ev, arena);
    size_t count = 0;

    *out = srd_arena_array(arena, counts.count + (dbs ? dbs->rows : 0) + 1, sizeof(**out));
    for (size_t i = 0; i < counts.count; i++)
        if (srd_txn_count(&counts, counts.items[i].name) == &counts.items[i])
            (*out)[count++] = counts.items[i].name;
    for (size_t row = 0; dbs && row < dbs->rows && !counts.count; row++)
        if (!is_system(srd_cell_text(dbs, row, "DbName")))
            (*out)[count++] = srd_cell_text(dbs, row, "DbName");
    return count;
}

static bool is_id(const char *text)
{
    size_t n = strspn(text, "0123456789");

    return n > 0 && n <= 20 && !text[n];
}

/*
 * What stands for the database in the path: its id. The name does as well, unless it reads like an
 * id or has what a path cannot hold; NULL: it cannot be asked for.
 */
static const char *key_of(const struct srd_evidence *ev, const char *name)
{
    const struct srd_table *dbs = srd_evidence_get(ev, &srd_probe_databases, NULL);

    for (size_t row = 0; dbs && row < dbs->rows; row++)
        if (srd_cell_is(dbs, row, "DbName", name))
            return is_id(srd_cell_text(dbs, row, "DbId")) ? srd_cell(dbs, row, "DbId") : NULL;
    return !*name || is_id(name) || strpbrk(name, "'\"`\\/") ? NULL : name;
}

struct candidate {
    const char *name, *key;
    double count;
    size_t place;
};

static int by_count(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;

    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

/*
 * The databases with something running, most first. A metric that is missing says nothing, so then
 * every database may have; one that is there and does not name a database among its highest
 * says that it has less than those, which are more than are asked.
 */
static size_t candidates(const struct srd_evidence *ev, struct srd_arena *arena,
                         struct candidate **out)
{
    struct srd_txn_counts counts = srd_txn_counts(ev, arena);
    const char **names;
    size_t all = srd_txn_names(ev, arena, &names), count = 0;

    *out = srd_arena_array(arena, all + 1, sizeof(**out));
    for (size_t i = 0; i < all; i++) {
        const struct srd_txn_count *known = srd_txn_count(&counts, names[i]);
        struct candidate c = { .name = names[i],
                               .key = key_of(ev, names[i]),
                               .count =
                                   (known ? known->value : 0) + (has_gap(ev, names[i]) ? 0.5 : 0),
                               .place = i };

        if (c.count > 0 || !counts.count)
            (*out)[count++] = c;
    }
    qsort(*out, count, sizeof(**out), by_count);
    return count;
}

static void pick_databases(const struct srd_evidence *ev, struct srd_keys *out)
{
    struct candidate *all;
    size_t count = candidates(ev, out->arena, &all);

    for (size_t i = 0; i < count; i++)
        srd_keys_add(out, all[i].key, NULL, NULL);
}

/*
 * Which databases are worth asking the FEs' metrics say, and without them all may be. The list of
 * databases is not waited for: where a lock is held for long it may not come.
 */
const struct srd_probe srd_probe_txn_running = {
    .id = "running-transactions",
    .summary = "running transactions of a database, the newest first, 2,000 at most",
    .texts = { { .sql = "SHOW PROC '/transactions/{db}/running'" } },
    .columns = "TransactionId Label Coordinator TransactionStatus LoadJobSourceType PrepareTime "
               "CommitTime TimeoutMs",
    .privilege = "OPERATE",
    .params = { { "db", SRD_PARAM_PATH } },
    .behind = &srd_probe_fe_gauges,
    .pick = pick_databases,
    .max_keys = MAX_DATABASES,
};

bool srd_txn_known(struct srd_findings *out)
{
    const struct srd_table *dbs = srd_evidence_get(out->ev, &srd_probe_databases, NULL);
    const struct srd_answer *missing = srd_evidence_missing(out->ev, &srd_probe_databases);
    const char *lacks = dbs ? srd_table_lacks(dbs, "DbId DbName", out->arena) : NULL;

    if (srd_txn_counts(out->ev, out->arena).count || (dbs && !lacks))
        return true;
    if (lacks)
        srd_cannot_judge(out, SRD_VERSION_ABSENT, "column %s is not in the answer of probe %s",
                         lacks, srd_probe_databases.id);
    else
        srd_cannot_judge(out, missing ? missing->status : SRD_SKIPPED, "probe %s: %s",
                         srd_probe_databases.id,
                         missing && *missing->detail ? missing->detail : "it was not asked");
    return false;
}

static size_t entries(const struct srd_evidence *ev)
{
    struct srd_limit most =
        srd_fe_config(ev, "max_show_proc_transactions_entry", 2000, SRD_UNIT_COUNT);

    return most.value >= 1 && most.value < 1e9 ? (size_t)most.value : 2000;
}

struct srd_txn_databases srd_txn_databases(const struct srd_evidence *ev, struct srd_arena *arena)
{
    struct srd_txn_databases all = { .exact = srd_txn_counts(ev, arena).count > 0 };
    struct candidate *candidate;

    all.wanted = candidates(ev, arena, &candidate);
    all.items = srd_arena_array(arena, all.wanted + 1, sizeof(*all.items));
    for (size_t i = 0; i < all.wanted; i++) {
        const struct srd_table *running =
            candidate[i].key ? srd_evidence_get(ev, &srd_probe_txn_running, candidate[i].key)
                             : NULL;

        if (!running)
            continue;
        all.items[all.count] = (struct srd_txn_database){
            .id = candidate[i].key,
            .name = candidate[i].name,
            .running = running,
            .cut = !running->complete || running->rows >= entries(ev),
        };
        all.cut += all.items[all.count++].cut;
    }
    all.unread = all.wanted > all.count ? all.wanted - all.count : 0;
    return all;
}

void srd_txn_coverage(struct srd_findings *out, const struct srd_txn_databases *all)
{
    if (all->unread)
        srd_cannot_judge(out, SRD_SKIPPED, "%zu of %zu databases%s were looked at", all->count,
                         all->wanted, all->exact ? " with running transactions" : "");
    else if (all->cut)
        srd_cannot_judge(out, SRD_SKIPPED,
                         "of %zu databases only the newest %zu transactions are printed", all->cut,
                         entries(out->ev));
}

bool srd_txn_is_limited(const struct srd_table *running, size_t row)
{
    return !srd_cell_is(running, row, "LoadJobSourceType", "ROUTINE_LOAD_TASK") &&
           !srd_cell_is(running, row, "LoadJobSourceType", "LAKE_COMPACTION");
}

#define EXCERPT 160

const char *srd_txn_excerpt(struct srd_arena *arena, const char *text)
{
    size_t n = strnlen(text, EXCERPT + 1);

    if (n <= EXCERPT)
        return text;
    return srd_arena_printf(arena, "%s ...",
                            srd_arena_copy_n(arena, text, srd_utf8_whole(text, EXCERPT)));
}
