/* How full is each disk, and in shared-data the data cache of each node? (the view) */

#include <stdlib.h>
#include <string.h>

#include "experts/storage/storage.h"

/* clang-format off */
const struct srd_probe srd_probe_data_cache = {
    .id = "data-cache",
    .summary = "data cache of each node: quota and usage on disk",
    .texts = { { .mode = SRD_MODE_SHARED_DATA, .since = SRD_VERSION(3, 3, 0),
                 .sql = "SELECT BE_ID, STATUS, DISK_QUOTA_BYTES, DISK_USED_BYTES, DIR_SPACES "
                        "FROM information_schema.be_datacache_metrics ORDER BY BE_ID" } },
    .columns = "BE_ID STATUS DISK_QUOTA_BYTES DISK_USED_BYTES",
    .privilege = "OPERATE",
    .cost = SRD_COST_MEDIUM,
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};
/* clang-format on */

static void put_cell(struct srd_rows *out, const char *column, const struct srd_table *t,
                     size_t row, const char *cell,
                     bool (*parse)(const struct srd_table *, size_t, const char *, double *))
{
    double value;

    if (parse(t, row, cell, &value))
        srd_put_number(out, column, value);
}

static void put_disk(struct srd_rows *out, const struct srd_disk *disk, bool alive)
{
    srd_rows_add(out);
    srd_put_text(out, "backend", disk->backend);
    srd_put_id(out, "backend_id", disk->backend_id);
    srd_put_text(out, "path", disk->path);
    srd_put_text(out, "state", !alive ? "BE is dead" : *disk->state ? disk->state : NULL);
    srd_put_text(out, "medium", *disk->medium ? disk->medium : NULL);
    if (!disk->known)
        return; /* placeholders, or what a dead BE said last */
    srd_put_number(out, "total_bytes", disk->total_bytes);
    srd_put_number(out, "available_bytes", disk->available_bytes);
    srd_put_number(out, "used_percent", disk->used_percent);
    if (disk->data_bytes >= 0)
        srd_put_number(out, "data_bytes", disk->data_bytes);
    if (disk->other_bytes >= 0)
        srd_put_number(out, "other_bytes", disk->other_bytes);
    put_cell(out, "tablets", disk->table, disk->row, "TabletNum", srd_cell_number);
}

/* Fullest first; those without figures last. */
static int by_fullness(const void *left, const void *right)
{
    const struct srd_disk *a = left, *b = right;

    if (a->known != b->known)
        return a->known ? -1 : 1;
    if (a->known && a->used_percent != b->used_percent)
        return a->used_percent > b->used_percent ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* The cache directories of a node: [{"path":"/x","quota_bytes":123}] -> "/x". */
static const char *cache_paths(struct srd_arena *arena, const char *text)
{
    const char *all = NULL;

    for (const char *p = text ? strstr(text, "\"path\":\"") : NULL; p;
         p = strstr(p, "\"path\":\"")) {
        size_t n;

        p += strlen("\"path\":\"");
        n = strcspn(p, "\"");
        all = all ? srd_arena_printf(arena, "%s, %.*s", all, (int)n, p)
                  : srd_arena_copy_n(arena, p, n);
    }
    return all ? all : "data cache";
}

/* A CN has no PROC path of its disks: what is known is the data cache. */
static void put_cache(const struct srd_evidence *ev, const struct srd_table *cn, size_t row,
                      struct srd_rows *out)
{
    const struct srd_table *cache = srd_evidence_get(ev, &srd_probe_data_cache, NULL);
    const char *id = srd_cell_text(cn, row, "ComputeNodeId");
    const char *state = srd_storage_alive(cn, row) ? NULL : "CN is dead";
    double total = -1, used = -1;

    srd_rows_add(out);
    srd_put_text(out, "backend", srd_node_name(out->arena, cn, row));
    srd_put_id(out, "backend_id", id);
    srd_put_text(out, "path", "data cache");
    for (size_t i = 0; cache && i < cache->rows; i++) {
        if (!srd_cell_is(cache, i, "BE_ID", id))
            continue;
        srd_put_text(out, "path", cache_paths(out->arena, srd_cell(cache, i, "DIR_SPACES")));
        state = srd_cell(cache, i, "STATUS");
        if (!srd_cell_number(cache, i, "DISK_QUOTA_BYTES", &total) ||
            !srd_cell_number(cache, i, "DISK_USED_BYTES", &used))
            total = -1;
    }
    srd_put_text(out, "state", state);
    if (total <= 0)
        return;
    srd_put_number(out, "total_bytes", total);
    srd_put_number(out, "available_bytes", total - used);
    srd_put_number(out, "used_percent", 100 * used / total);
}

static void summarize_disks(const struct srd_evidence *ev, const struct srd_disks *disks,
                            struct srd_rows *out)
{
    struct srd_disk_limit hard = srd_storage_hard_limit(ev), soft = srd_storage_soft_limit(ev);
    const char *over = NULL, *id = "storage.disk-hard-limit";
    size_t seen = 0, limited = 0;

    for (size_t i = 0; i < disks->count; i++)
        seen += !i || disks->items[i].backend_row != disks->items[i - 1].backend_row;
    for (int pass = 0; pass < 2 && !over; pass++) {
        const struct srd_disk_limit *limit = pass ? &soft : &hard;

        id = pass ? "storage.disk-soft-limit" : id;
        for (size_t i = 0; i < disks->count; i++) {
            if (!srd_storage_over(&disks->items[i], limit))
                continue;
            if (!limited++)
                over = disks->items[i].name;
        }
    }
    srd_rows_summary(out, "%zu disks on %zu backends%s%s%s%s%s", disks->count, seen,
                     over ? ". " : "", over ? id : "", over ? ": " : "", over ? over : "",
                     limited > 1 ? srd_arena_printf(out->arena, " and %zu more", limited - 1) : "");
}

static void fill_disks(const struct srd_evidence *ev, const struct srd_arg_value *args,
                       struct srd_rows *out)
{
    struct srd_disks disks = srd_storage_disks(ev, out->arena);
    const struct srd_table *cn = srd_evidence_get(ev, &srd_probe_compute_nodes, NULL);

    enum srd_status status;

    (void)args;
    summarize_disks(ev, &disks, out);
    qsort(disks.items, disks.count, sizeof(*disks.items), by_fullness);
    for (size_t i = 0; i < disks.count; i++)
        put_disk(out, &disks.items[i],
                 srd_storage_alive(disks.backends, disks.items[i].backend_row));
    if (disks.unread)
        srd_rows_note(out, "the paths of %zu of %zu backends could not be read: %s", disks.unread,
                      disks.alive, srd_storage_disks_unread(ev, out->arena, &status));
    if (disks.count > disks.known)
        srd_rows_note(out, "%zu disks have no figures: their BE is dead or has not reported yet",
                      disks.count - disks.known);
    if (ev->cluster.mode != SRD_MODE_SHARED_DATA)
        return;
    for (size_t row = 0; cn && row < cn->rows; row++)
        put_cache(ev, cn, row, out);
    srd_rows_summary(out, "data cache of %zu compute nodes", cn ? cn->rows : 0);
    srd_rows_note(out,
                  "shared-data: data lies in the object store; a node's disks hold cache, logs and "
                  "spill, and SQL does not say how full they are");
    if (!srd_evidence_get(ev, &srd_probe_data_cache, NULL))
        srd_rows_note(out, "the size of the data cache could not be read");
}

/* clang-format off */
const struct srd_view srd_storage_view_disks = {
    .name = "disks",
    .tool = "get_disk_usage",
    .about = "Use it to see how full the disks are: one row per disk, the fullest first; in shared-data "
             "clusters the data cache of each node. Whether that is a problem: analyze_storage_health.",
    .summary = "usage of every disk, the fullest first; in shared-data clusters the data cache of each node",
    .columns = {
        { "backend", "BACKEND", SRD_UNIT_TEXT, false, "host of the BE or CN" },
        { "backend_id", "ID", SRD_UNIT_ID, true, "BackendId or ComputeNodeId" },
        { "path", "PATH", SRD_UNIT_TEXT, false, "storage_root_path entry" },
        { "state", "STATE", SRD_UNIT_TEXT, false, "ONLINE, OFFLINE, DISABLED, DECOMMISSIONED" },
        { "medium", "MEDIUM", SRD_UNIT_TEXT, false, "HDD or SSD" },
        { "total_bytes", "TOTAL", SRD_UNIT_BYTES, false, "size of the disk" },
        { "available_bytes", "AVAILABLE", SRD_UNIT_BYTES, false, "free" },
        { "used_percent", "USED", SRD_UNIT_PERCENT, false, "used by anything" },
        { "data_bytes", "DATA", SRD_UNIT_BYTES, true, "used by StarRocks data" },
        { "other_bytes", "OTHER", SRD_UNIT_BYTES, false, "used by anything else" },
        { "tablets", "TABLETS", SRD_UNIT_COUNT, true, "replicas on the disk" },
    },
    .needs = { &srd_probe_backends, &srd_probe_compute_nodes },
    .wants = { &srd_probe_fe_config, &srd_probe_data_cache, SRD_DISK_WANTS },
    .fill = fill_disks,
    .next = "srdiag storage tablets | srdiag storage tables | srdiag explain storage.disk-hard-limit",
};
/* clang-format on */

const struct srd_view *const srd_storage_disks_views[] = { &srd_storage_view_disks, NULL };
