/* What do the files of the storage expert have in common? Probes of several, names and ages. */

#include "experts/storage/storage.h"

#include <stdlib.h>
#include <string.h>

#include "lib/model/identity.h"

bool srd_storage_is_id(const char *text)
{
    size_t n = text ? strspn(text, "0123456789") : 0;

    return n > 0 && n <= 20 && !text[n];
}

bool srd_storage_alive(const struct srd_table *nodes, size_t row)
{
    return srd_is_true(nodes, row, "Alive");
}

bool srd_storage_decommissioned(const struct srd_table *nodes, size_t row)
{
    return srd_is_true(nodes, row, "SystemDecommissioned");
}

size_t srd_storage_dead(const struct srd_table *backends)
{
    size_t dead = 0;

    for (size_t row = 0; row < backends->rows; row++)
        dead += !srd_storage_alive(backends, row);
    return dead;
}

size_t srd_storage_backend_row(const struct srd_table *backends, const char *id)
{
    for (size_t row = 0; id && row < backends->rows; row++)
        if (srd_cell_is(backends, row, "BackendId", id))
            return row;
    return SRD_NO_COLUMN;
}

/* Tablets and tables. */

const struct srd_probe srd_probe_statistic = {
    .id = "statistic",
    .summary = "tablets and replicas per database, and how many are unhealthy",
    .texts = { { .sql = "SHOW PROC '/statistic'" } },
    .columns = "DbId DbName TableNum PartitionNum TabletNum ReplicaNum UnhealthyTabletNum "
               "InconsistentTabletNum CloningTabletNum ErrorStateTabletNum",
    .privilege = "OPERATE",
    .cost =
        SRD_COST_HEAVY, /* walks all tablets, with the read lock of one database after the other */
    .where = SRD_ASK_LEADER,
};

/* Does a path have the state OFFLINE? Its replicas are then bad. */
static bool has_offline_path(const struct srd_evidence *ev, struct srd_arena *arena)
{
    struct srd_disks disks = srd_storage_disks(ev, arena);

    for (size_t i = 0; i < disks.count; i++)
        if (!strcmp(disks.items[i].state, "OFFLINE"))
            return true;
    return false;
}

/* Tables that keep so few replicas that those on the lost nodes may be all they have. */
static void pick_few_left(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    const struct srd_table *low = srd_low_replication(ev);
    size_t lost = be ? srd_storage_dead(be) : 0;
    double replicas;

    if (!lost && has_offline_path(ev, out->arena))
        lost = 1;
    for (size_t row = 0; low && lost && row < low->rows; row++) {
        const char *db = srd_cell(low, row, "DB_NAME"), *table = srd_cell(low, row, "TABLE_NAME");

        /* ADMIN SHOW REPLICA STATUS refuses materialized views */
        if (db && table && srd_cell_number(low, row, "REPLICATION_NUM", &replicas) &&
            replicas <= (double)lost && !srd_is_view_row(low, row))
            srd_keys_add(out, db, table, NULL);
    }
}

const struct srd_probe srd_probe_few_left = {
    .id = "few-left",
    .summary =
        "replicas that are not usable, of tables with few replicas, while a BE or disk is away",
    .texts = { { .mode = SRD_MODE_SHARED_NOTHING,
                 .sql = "ADMIN SHOW REPLICA STATUS FROM {db}.{table} WHERE STATUS != 'OK'" } },
    .columns = "TabletId BackendId Version LastFailedVersion CommittedVersion IsBad Status",
    .privilege = "OPERATE",
    .cost = SRD_COST_MEDIUM,
    .short_rows = true,
    .where = SRD_ASK_LEADER,
    .params = { { "db", SRD_PARAM_IDENTIFIER }, { "table", SRD_PARAM_IDENTIFIER } },
    .after = &srd_probe_replication,
    .pick = pick_few_left,
    .max_keys = 5,
    .max_rows = 100000,
};

/* Replicas. */

/*
 * Can this replica of ADMIN SHOW REPLICA STATUS be read? Status OK, or DEAD only because its BE is
 * being decommissioned: that one still serves.
 */
bool srd_storage_usable(const struct srd_table *be, const struct srd_table *t, size_t row)
{
    size_t node;
    bool bad;

    if (srd_cell_is(t, row, "Status", "OK"))
        return true;
    if (!srd_cell_is(t, row, "Status", "DEAD") || !srd_cell_bool(t, row, "IsBad", &bad) || bad)
        return false;
    node = srd_storage_backend_row(be, srd_cell(t, row, "BackendId"));
    return node != SRD_NO_COLUMN && srd_storage_alive(be, node) &&
           srd_storage_decommissioned(be, node) &&
           srd_number_or_0(t, row, "LastFailedVersion") <= 0 &&
           srd_number_or_0(t, row, "Version") >= srd_number_or_0(t, row, "CommittedVersion");
}

/* The same for a row of SHOW TABLET FROM, which does not know bad replicas. */
static bool seems_usable(const struct srd_table *be, const struct srd_table *t, size_t row)
{
    size_t node = srd_storage_backend_row(be, srd_cell(t, row, "BackendId"));

    return node != SRD_NO_COLUMN && srd_storage_alive(be, node) &&
           srd_number_or_0(t, row, "LstFailedVersion") <= 0;
}

bool srd_storage_next_tablet(const struct srd_table *be, const struct srd_table *t, bool status,
                             struct srd_tablet *tablet)
{
    size_t row = tablet->row + tablet->rows;

    if (!t || row >= t->rows)
        return false;
    *tablet = (struct srd_tablet){ .row = row, .id = srd_cell_text(t, row, "TabletId") };
    for (; row < t->rows && !strcmp(srd_cell_text(t, row, "TabletId"), tablet->id); row++) {
        size_t node = srd_storage_backend_row(be, srd_cell(t, row, "BackendId"));

        tablet->rows++;
        if (srd_number_or_0(t, row, "BackendId") <= 0)
            continue;
        tablet->replicas++;
        tablet->usable += status ? srd_storage_usable(be, t, row) : seems_usable(be, t, row);
        if (node == SRD_NO_COLUMN || srd_storage_alive(be, node))
            continue;
        tablet->on_dead++;
        tablet->dead_be_id = srd_cell_text(t, row, "BackendId");
    }
    return true;
}

/* Died so recently that it may just be restarting? Unknown counts as no. */
bool srd_storage_may_be_restarting(const struct srd_evidence *ev, const char *be_id)
{
    struct srd_limit window =
        srd_limit_catalogue(ev, "storage.tablet-no-healthy-replica.restart", 300e3, SRD_UNIT_MS);
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    size_t node = srd_storage_backend_row(be, be_id);
    int64_t age;

    return node != SRD_NO_COLUMN && !srd_storage_alive(be, node) &&
           srd_age_ms(ev, be, node, "LastHeartbeat", &age) && (double)age < window.value;
}
