/* What do the files of the storage expert have in common? Probes of several, and how disks are
 * read. */

#include "experts/storage/storage.h"

#include <stdlib.h>
#include <string.h>

#include "lib/model/identity.h"

/* Disk paths. */

struct candidate {
    const char *id;
    double fullest;
    bool alive;
};

/* Alive ones first: what a dead BE reported last cannot be judged. Then the fullest. */
static int by_urgency(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;

    if (a->alive != b->alive)
        return a->alive ? -1 : 1;
    if (a->fullest != b->fullest)
        return a->fullest > b->fullest ? -1 : 1;
    return strcmp(a->id, b->id);
}

static void pick_backends(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    struct candidate *all;
    size_t count = 0;

    if (!be)
        return;
    all = srd_arena_array(out->arena, be->rows + 1, sizeof(*all));
    for (size_t row = 0; row < be->rows; row++) {
        const char *id = srd_cell(be, row, "BackendId");

        if (!srd_storage_is_id(id))
            continue;
        all[count] = (struct candidate){ .id = id, .alive = srd_storage_alive(be, row) };
        /* one without a figure may be the fullest */
        if (!srd_cell_percent(be, row, "MaxDiskUsedPct", &all[count].fullest))
            all[count].fullest = 101;
        count++;
    }
    qsort(all, count, sizeof(*all), by_urgency);
    for (size_t i = 0; i < count; i++)
        srd_keys_add(out, all[i].id, NULL, NULL);
}

const struct srd_probe srd_probe_backend_disks = {
    .id = "backend-disks",
    .summary = "the paths of a BE: capacity, state, medium",
    .texts = { { .sql = "SHOW PROC '/backends/{backend_id}'" } },
    .columns = "RootPath AvailCapacity TotalCapacity TotalUsedPct State StorageMedium",
    .privilege = "OPERATE",
    .where = SRD_ASK_LEADER, /* capacities are known to the leader only */
    .params = { { "backend_id", SRD_PARAM_INTEGER } },
    .after = &srd_probe_backends,
    .pick = pick_backends,
};

bool srd_storage_is_id(const char *text)
{
    size_t n = text ? strspn(text, "0123456789") : 0;

    return n > 0 && n <= 20 && !text[n];
}

bool srd_storage_alive(const struct srd_table *nodes, size_t row)
{
    bool alive;

    return srd_cell_bool(nodes, row, "Alive", &alive) && alive;
}

bool srd_storage_decommissioned(const struct srd_table *nodes, size_t row)
{
    bool gone;

    return srd_cell_bool(nodes, row, "SystemDecommissioned", &gone) && gone;
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

const char *srd_storage_backend_name(struct srd_arena *arena, const struct srd_table *backends,
                                     size_t row)
{
    const char *host = srd_cell_text(backends, row, "IP");
    bool many = backends->rows > 2000; /* then not worth the search */

    for (size_t other = 0; other < backends->rows && !many; other++)
        if (other != row && srd_cell_is(backends, other, "IP", host))
            return srd_arena_printf(arena, "%s:%s", host,
                                    srd_cell_text(backends, row, "HeartbeatPort"));
    if (many)
        return srd_arena_printf(arena, "%s:%s", host,
                                srd_cell_text(backends, row, "HeartbeatPort"));
    return host;
}

bool srd_storage_age_ms(const struct srd_evidence *ev, const struct srd_table *table, size_t row,
                        const char *column, int64_t *age_ms)
{
    int64_t then;

    if (!ev->cluster.clock_known || !srd_cell_time_ms(table, row, column, &then))
        return false;
    *age_ms = ev->cluster.now_ms - then;
    /* clocks of two machines may differ a little; more means that the zone is not what we think */
    return *age_ms >= -5 * 60000;
}

bool srd_storage_lacks(struct srd_findings *out, const struct srd_table *table,
                       const char *statement, const char *columns)
{
    const char *missing = srd_table_lacks(table, columns, out->arena);

    if (missing)
        srd_cannot_judge(out, SRD_VERSION_ABSENT, "%s has no column %s", statement, missing);
    return missing != NULL;
}

const char *srd_storage_table_sql(struct srd_arena *arena, const char *db, const char *table)
{
    return srd_arena_printf(arena, "%s.%s", srd_quote_identifier(arena, db),
                            srd_quote_identifier(arena, table));
}

/*
 * Before a BE's first report, and on an FE that is not the leader, a path has the figures of
 * StarRocks' constructor: 1 TB, all of it free; SHOW BACKENDS adds up to 0 or 1 byte.
 */
static bool is_placeholder(const struct srd_disk *disk)
{
    return disk->total_bytes <= 1 ||
           (disk->total_bytes == 1024 * SRD_GIB && disk->available_bytes == disk->total_bytes &&
            disk->data_bytes <= 0);
}

static void read_disk(struct srd_arena *arena, const struct srd_table *be,
                      const struct srd_table *t, size_t row, struct srd_disk *disk)
{
    disk->table = t;
    disk->row = row;
    disk->path = srd_cell_text(t, row, "RootPath");
    disk->medium = srd_cell_text(t, row, "StorageMedium");
    disk->name = srd_arena_printf(arena, "%s %s", disk->backend, disk->path);
    disk->online = srd_cell_is(t, row, "State", "ONLINE");
    if (!srd_cell_bytes(t, row, "DataUsedCapacity", &disk->data_bytes))
        disk->data_bytes = -1;
    if (!srd_cell_bytes(t, row, "OtherUsedCapacity", &disk->other_bytes))
        disk->other_bytes = -1;
    disk->known = srd_cell_percent(t, row, "TotalUsedPct", &disk->used_percent) &&
                  srd_cell_bytes(t, row, "AvailCapacity", &disk->available_bytes) &&
                  srd_cell_bytes(t, row, "TotalCapacity", &disk->total_bytes) &&
                  !is_placeholder(disk) && srd_storage_alive(be, disk->backend_row);
}

struct srd_disks srd_storage_disks(const struct srd_evidence *ev, struct srd_arena *arena)
{
    struct srd_disks disks = { .backends = srd_evidence_get(ev, &srd_probe_backends, NULL) };
    const struct srd_table *be = disks.backends;
    size_t room = 0;

    for (size_t row = 0; be && row < be->rows; row++) {
        const char *id = srd_cell_text(be, row, "BackendId");
        const struct srd_table *t = srd_evidence_get(ev, &srd_probe_backend_disks, id);

        disks.alive += srd_storage_alive(be, row);
        disks.unread += !t && srd_storage_alive(be, row);
        room += t ? t->rows : 0;
    }
    disks.items = srd_arena_array(arena, room + 1, sizeof(*disks.items));
    for (size_t row = 0; be && row < be->rows; row++) {
        const char *id = srd_cell_text(be, row, "BackendId");
        const struct srd_table *t = srd_evidence_get(ev, &srd_probe_backend_disks, id);
        const char *name = t ? srd_storage_backend_name(arena, be, row) : NULL;

        for (size_t path = 0; t && path < t->rows; path++) {
            struct srd_disk *disk = &disks.items[disks.count++];

            *disk = (struct srd_disk){ .backend_row = row, .backend_id = id, .backend = name };
            read_disk(arena, be, t, path, disk);
            disks.known += disk->known;
            disks.silent += !disk->known && srd_storage_alive(be, row);
        }
    }
    return disks;
}

bool srd_storage_disks_usable(struct srd_findings *out, const struct srd_disks *disks)
{
    if (disks->known)
        return true;
    if (!disks->backends || !disks->backends->rows)
        srd_cannot_judge(out, SRD_NO_BACKEND, "the cluster has no backend");
    else if (!disks->alive)
        srd_cannot_judge(out, SRD_NO_BACKEND,
                         "no backend is alive; disk figures would be those of its last report");
    else if (disks->silent)
        srd_cannot_judge(out, SRD_FAILED, "no backend has reported its disks to this FE yet");
    else
        srd_cannot_judge(out, SRD_SKIPPED, "the disks of no living backend were looked at");
    return false;
}

void srd_storage_disks_coverage(const struct srd_evidence *ev, struct srd_findings *out,
                                const struct srd_disks *disks, double percent)
{
    const struct srd_table *be = disks->backends;
    size_t hidden = 0;

    for (size_t row = 0; row < be->rows; row++) {
        const char *id = srd_cell_text(be, row, "BackendId");
        double fullest;

        if (!srd_storage_alive(be, row) || srd_evidence_get(ev, &srd_probe_backend_disks, id))
            continue;
        hidden += !srd_cell_percent(be, row, "MaxDiskUsedPct", &fullest) || fullest > percent;
    }
    if (hidden)
        srd_cannot_judge(out, SRD_SKIPPED, "%zu of %zu backends were looked at",
                         disks->alive - disks->unread, disks->alive);
    else if (disks->silent)
        srd_cannot_judge(out, SRD_FAILED, "%zu of %zu disks have not been reported yet",
                         disks->silent, disks->silent + disks->known);
}

struct srd_finding *srd_storage_disk_finding(struct srd_findings *out, enum srd_severity severity,
                                             const struct srd_disk *disk, const char *message)
{
    struct srd_finding *f = srd_finding_add(out, severity, "disk", disk->name, "%s", message);

    srd_finding_field(out, f, "backend", disk->backend);
    srd_finding_field(out, f, "backend_id", disk->backend_id);
    srd_finding_field(out, f, "path", disk->path);
    srd_finding_field(out, f, "used", srd_cell_text(disk->table, disk->row, "TotalUsedPct"));
    srd_finding_field(out, f, "available", srd_cell_text(disk->table, disk->row, "AvailCapacity"));
    srd_finding_row(f, &srd_probe_backend_disks, disk->table, disk->row);
    return f;
}

struct srd_disk_limit srd_storage_hard_limit(const struct srd_evidence *ev)
{
    return (struct srd_disk_limit){
        srd_fe_config(ev, "storage_usage_hard_limit_percent", 95, SRD_UNIT_PERCENT),
        srd_fe_config(ev, "storage_usage_hard_limit_reserve_bytes", 100 * SRD_GIB, SRD_UNIT_BYTES),
    };
}

struct srd_disk_limit srd_storage_soft_limit(const struct srd_evidence *ev)
{
    return (struct srd_disk_limit){
        srd_fe_config(ev, "storage_usage_soft_limit_percent", 90, SRD_UNIT_PERCENT),
        srd_fe_config(ev, "storage_usage_soft_limit_reserve_bytes", 200 * SRD_GIB, SRD_UNIT_BYTES),
    };
}

/* As DiskInfo.exceedLimit() of the FE: above the percentage and below the reserve. */
bool srd_storage_over(const struct srd_disk *disk, const struct srd_disk_limit *limit)
{
    return disk->known && disk->online && disk->used_percent > limit->percent.value &&
           disk->available_bytes < limit->reserve.value;
}

bool srd_storage_first_of_medium(const struct srd_disks *disks, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (disks->items[i].known && !strcmp(disks->items[i].medium, disks->items[at].medium))
            return false;
    return disks->items[at].known;
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

const struct srd_probe srd_probe_low_replication = {
    .id = "low-replication",
    .summary = "tables with partitions that keep one or two replicas",
    .texts = { { .mode = SRD_MODE_SHARED_NOTHING,
                 .since = SRD_VERSION(3, 2, 4),
                 .sql = "SELECT DB_NAME, TABLE_NAME, REPLICATION_NUM, COUNT(*) AS PARTITIONS, "
                        "SUM(BUCKETS) AS TABLETS, SUM(" SRD_PARTITION_BYTES ") AS DATA_BYTES "
                        "FROM information_schema.partitions_meta "
                        "WHERE REPLICATION_NUM < 3 AND PARTITION_NAME NOT LIKE '$%' "
                        "GROUP BY DB_NAME, TABLE_NAME, REPLICATION_NUM "
                        "ORDER BY DATA_BYTES DESC LIMIT 1000" } },
    .columns = "DB_NAME TABLE_NAME REPLICATION_NUM PARTITIONS TABLETS DATA_BYTES",
    .privilege = "SELECT",
    .cost = SRD_COST_HEAVY, /* walks the whole catalog under read locks */
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};

const struct srd_probe srd_probe_view_names = {
    .id = "view-names",
    .summary = "names of the materialized views",
    .texts = { { .sql = "SELECT TABLE_SCHEMA, TABLE_NAME "
                        "FROM information_schema.materialized_views" } },
    .columns = "TABLE_SCHEMA TABLE_NAME",
    .privilege = "SELECT",
    .zone = SRD_ZONE_SESSION,
};

bool srd_storage_is_view(const struct srd_evidence *ev, const char *db, const char *table)
{
    const struct srd_table *views = srd_evidence_get(ev, &srd_probe_view_names, NULL);

    for (size_t row = 0; views && row < views->rows; row++)
        if (srd_cell_is(views, row, "TABLE_NAME", table) &&
            srd_cell_is(views, row, "TABLE_SCHEMA", db))
            return true;
    return false;
}

/* Does a path of a living BE have the state OFFLINE? Its replicas are then bad. */
static bool has_offline_path(const struct srd_evidence *ev)
{
    const struct srd_answer *a = NULL;

    while ((a = srd_evidence_next(ev, &srd_probe_backend_disks, a)))
        for (size_t row = 0; a->table && row < a->table->rows; row++)
            if (srd_cell_is(a->table, row, "State", "OFFLINE"))
                return true;
    return false;
}

/* Tables that keep so few replicas that those on the lost nodes may be all they have. */
static void pick_few_left(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    const struct srd_table *low = srd_evidence_get(ev, &srd_probe_low_replication, NULL);
    size_t lost = be ? srd_storage_dead(be) : 0;
    double replicas;

    if (!lost && has_offline_path(ev))
        lost = 1;
    for (size_t row = 0; low && lost && row < low->rows; row++) {
        const char *db = srd_cell(low, row, "DB_NAME"), *table = srd_cell(low, row, "TABLE_NAME");

        /* ADMIN SHOW REPLICA STATUS refuses materialized views */
        if (db && table && srd_cell_number(low, row, "REPLICATION_NUM", &replicas) &&
            replicas <= (double)lost && !srd_storage_is_view(ev, db, table))
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
    .after = &srd_probe_low_replication,
    .pick = pick_few_left,
    .max_keys = 5,
    .max_rows = 100000,
};

/* Replicas. */

double srd_storage_number(const struct srd_table *t, size_t row, const char *column)
{
    double value;

    return srd_cell_number(t, row, column, &value) ? value : 0;
}

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
           srd_storage_number(t, row, "LastFailedVersion") <= 0 &&
           srd_storage_number(t, row, "Version") >= srd_storage_number(t, row, "CommittedVersion");
}

/* The same for a row of SHOW TABLET FROM, which does not know bad replicas. */
static bool seems_usable(const struct srd_table *be, const struct srd_table *t, size_t row)
{
    size_t node = srd_storage_backend_row(be, srd_cell(t, row, "BackendId"));

    return node != SRD_NO_COLUMN && srd_storage_alive(be, node) &&
           srd_storage_number(t, row, "LstFailedVersion") <= 0;
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
        if (srd_storage_number(t, row, "BackendId") <= 0)
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
           srd_storage_age_ms(ev, be, node, "LastHeartbeat", &age) && (double)age < window.value;
}
