/* Which tablets are looked at more closely, and how are they asked for? */

#include "experts/storage/samples.h"

#include <stdlib.h>
#include <string.h>

#include "lib/model/identity.h"

static const char not_found[] = "unable to find source replica"; /* TabletSchedCtx of the FE */

bool srd_storage_is_database(const struct srd_table *statistic, size_t row)
{
    return srd_storage_is_id(srd_cell(statistic, row, "DbId"));
}

double srd_storage_sum(const struct srd_table *statistic, const char *column)
{
    double all = 0;

    for (size_t row = 0; row < statistic->rows; row++)
        if (srd_storage_is_database(statistic, row))
            all += srd_number_or_0(statistic, row, column);
    return all;
}

static double sick(const struct srd_table *statistic, size_t row)
{
    return srd_number_or_0(statistic, row, "UnhealthyTabletNum") +
           srd_number_or_0(statistic, row, "ErrorStateTabletNum") +
           srd_number_or_0(statistic, row, "InconsistentTabletNum");
}

struct sick_db {
    const char *id;
    double count;
};

static int by_count(const void *left, const void *right)
{
    const struct sick_db *a = left, *b = right;

    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->id, b->id);
}

static void pick_databases(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_statistic, NULL);
    struct sick_db *dbs;
    size_t count = 0;

    if (!t)
        return;
    dbs = srd_arena_array(out->arena, t->rows + 1, sizeof(*dbs));
    for (size_t row = 0; row < t->rows; row++)
        if (srd_storage_is_database(t, row) && sick(t, row) > 0)
            dbs[count++] = (struct sick_db){ srd_cell(t, row, "DbId"), sick(t, row) };
    qsort(dbs, count, sizeof(*dbs), by_count);
    for (size_t i = 0; i < count; i++)
        srd_keys_add(out, dbs[i].id, NULL, NULL);
}

/* Its lists are those which the last '/statistic' of the same FE collected. */
const struct srd_probe srd_probe_sick_tablets = {
    .id = "sick-tablets",
    .summary = "ids of the unhealthy, inconsistent and broken tablets of a database",
    .texts = { { .mode = SRD_MODE_SHARED_NOTHING, .sql = "SHOW PROC '/statistic/{db_id}'" } },
    .columns = "UnhealthyTablets InconsistentTablets ErrorStateTablets",
    .privilege = "OPERATE",
    .where = SRD_ASK_LEADER,
    .params = { { "db_id", SRD_PARAM_INTEGER } },
    .after = &srd_probe_statistic,
    .pick = pick_databases,
    .max_keys = 5,
};

/*
 * Why tablets wait. Where no BE is away and only a few are unhealthy they all are looked at one by
 * one, and most of them pass within seconds.
 */
#define FEW_SICK 10

static void pick_pending(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_statistic, NULL);
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    double all = 0;

    for (size_t row = 0; t && row < t->rows; row++)
        if (srd_storage_is_database(t, row))
            all += sick(t, row);
    if (all > FEW_SICK || (be && srd_storage_dead(be)))
        srd_keys_add(out, "", NULL, NULL);
}

const struct srd_probe srd_probe_pending_tablets = {
    .id = "pending-tablets",
    .summary = "tablets that wait for repair or balancing, and why, when some are unhealthy or a "
               "BE is dead",
    .texts = { { .mode = SRD_MODE_SHARED_NOTHING,
                 .sql = "SHOW PROC '/cluster_balance/pending_tablets'" } },
    .columns = "TabletId Type Status ErrMsg",
    .privilege = "OPERATE",
    .where = SRD_ASK_LEADER,
    .after = &srd_probe_statistic,
    .pick = pick_pending,
    .max_keys = 1,
};

const char *srd_storage_next_id(const char **list, struct srd_arena *arena)
{
    const char *p = *list, *id;
    size_t n;

    if (!p)
        return NULL;
    p += strcspn(p, "0123456789");
    n = strspn(p, "0123456789");
    *list = p + n;
    if (!n || n > 20)
        return NULL;
    id = srd_arena_copy_n(arena, p, n);
    return id;
}

static void add_tablet(struct srd_keys *out, const char *id)
{
    if (srd_storage_is_id(id) && out->count < out->max)
        srd_keys_add(out, id, NULL, NULL);
}

/* One id of each list in turn, so that a database with many does not hide the others. */
static void add_from_lists(const struct srd_evidence *ev, struct srd_keys *out, const char *column)
{
    const char *lists[8];
    size_t count = 0;
    bool more = true;

    for (const struct srd_answer *a = NULL;
         (a = srd_evidence_next(ev, &srd_probe_sick_tablets, a));)
        if (a->table && a->table->rows && count < sizeof(lists) / sizeof(lists[0]))
            lists[count++] = srd_cell(a->table, 0, column);
    while (more && out->count < out->max) {
        more = false;
        for (size_t i = 0; i < count; i++) {
            const char *id = srd_storage_next_id(&lists[i], out->arena);

            add_tablet(out, id);
            more = more || id;
        }
    }
}

/* The most suspicious first: few replicas and one away, no source for a repair, broken, behind. */
static void pick_tablets(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *pending = srd_evidence_get(ev, &srd_probe_pending_tablets, NULL);

    for (const struct srd_answer *a = NULL; (a = srd_evidence_next(ev, &srd_probe_few_left, a));)
        if (a->table && a->table->rows)
            add_tablet(out, srd_cell(a->table, 0, "TabletId"));
    for (size_t row = 0; pending && row < pending->rows; row++)
        if (strstr(srd_cell_text(pending, row, "ErrMsg"), not_found))
            add_tablet(out, srd_cell(pending, row, "TabletId"));
    add_from_lists(ev, out, "ErrorStateTablets");
    add_from_lists(ev, out, "UnhealthyTablets");
}

const struct srd_probe srd_probe_tablet_place = {
    .id = "tablet-place",
    .summary = "table and partition of a tablet",
    .texts = { { .mode = SRD_MODE_SHARED_NOTHING, .sql = "SHOW TABLET {tablet_id}" } },
    .columns = "DbName TableName PartitionName",
    .privilege = "SELECT",
    .where = SRD_ASK_LEADER,
    .params = { { "tablet_id", SRD_PARAM_INTEGER } },
    .after = &srd_probe_sick_tablets,
    .pick = pick_tablets,
    .max_keys = 12,
};

static void pick_partitions(const struct srd_evidence *ev, struct srd_keys *out)
{
    for (const struct srd_answer *a = NULL;
         (a = srd_evidence_next(ev, &srd_probe_tablet_place, a));) {
        const char *db, *table, *partition;

        if (!a->table || !a->table->rows)
            continue;
        db = srd_cell(a->table, 0, "DbName");
        table = srd_cell(a->table, 0, "TableName");
        partition = srd_cell(a->table, 0, "PartitionName");
        /* a tablet that was dropped meanwhile has no names, or the word NULL */
        if (db && table && partition && strcmp(db, "NULL") && strcmp(table, "NULL"))
            srd_keys_add(out, db, table, partition);
    }
}

/* clang-format off */
#define PARTITION_PARAMS                                                                           \
    { { "db", SRD_PARAM_IDENTIFIER }, { "table", SRD_PARAM_IDENTIFIER },                           \
      { "partition", SRD_PARAM_IDENTIFIER } }

const struct srd_probe srd_probe_replica_status = {
    .id = "replica-status",
    .summary = "every replica of a partition: alive, complete, bad",
    .texts = { { .mode = SRD_MODE_SHARED_NOTHING,
                 .sql = "ADMIN SHOW REPLICA STATUS FROM {db}.{table} PARTITION ({partition})" } },
    .columns = "TabletId BackendId Version LastFailedVersion CommittedVersion IsBad Status",
    .privilege = "OPERATE",
    .cost = SRD_COST_MEDIUM,
    .short_rows = true,
    .where = SRD_ASK_LEADER,
    .params = PARTITION_PARAMS,
    .after = &srd_probe_tablet_place,
    .pick = pick_partitions,
    .max_keys = 6,
    .max_rows = 50000,
};

/* Also of materialized views, which ADMIN SHOW REPLICA STATUS refuses; and it knows since when one lags. */
const struct srd_probe srd_probe_tablet_replicas = {
    .id = "tablet-replicas",
    .summary = "every replica of a partition: version, last failure",
    .texts = { { .mode = SRD_MODE_SHARED_NOTHING,
                 .sql = "SHOW TABLET FROM {db}.{table} PARTITION ({partition}) LIMIT 20000" } },
    .columns = "TabletId ReplicaId BackendId Version LstFailedVersion LstFailedTime",
    .privilege = "SELECT",
    .cost = SRD_COST_MEDIUM,
    .where = SRD_ASK_LEADER,
    .params = PARTITION_PARAMS,
    .after = &srd_probe_tablet_place,
    .pick = pick_partitions,
    .max_keys = 6,
    .max_rows = 20000,
};
/* clang-format on */

size_t srd_storage_samples(const struct srd_evidence *ev, struct srd_arena *arena,
                           struct srd_sample *out, size_t max)
{
    struct srd_keys keys = { .arena = arena, .max = max };

    pick_partitions(ev, &keys);
    for (size_t i = 0; i < keys.count; i++) {
        const struct srd_key *key = &keys.keys[i];
        const char *text = srd_key_text(&srd_probe_replica_status, key, arena);

        out[i] = (struct srd_sample){
            .db = key->values[0],
            .table = key->values[1],
            .partition = key->values[2],
            .name =
                srd_arena_printf(arena, "%s.%s/%s", key->values[0], key->values[1], key->values[2]),
            .status = srd_evidence_get(ev, &srd_probe_replica_status, text),
            .replicas = srd_evidence_get(ev, &srd_probe_tablet_replicas, text),
        };
    }
    return keys.count;
}

const struct srd_table *srd_storage_sample_rows(const struct srd_sample *sample)
{
    return sample->status ? sample->status : sample->replicas;
}
