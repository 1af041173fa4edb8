/* Which paths do the backends have, how full are they, and who says so? */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "experts/storage/storage.h"
#include "lib/base/text.h"
#include "lib/model/identity.h"

/*
 * The nodes' own metrics tell all paths of all backends in one statement, and their settings the
 * media. What the FE alone knows is which paths a user took out of service; it asks for a statement
 * per backend, so only those are asked where the two differ, or where the nodes did not answer. In
 * a small cluster it costs next to nothing to ask all.
 */
#define FEW_BACKENDS 3

/* Rows of an answer by the node that they are of. */
struct entry {
    const char *id;
    size_t row;
};
struct by_node {
    const struct srd_table *t; /* NULL: not answered */
    struct entry *items;
    size_t count;
};

static int by_id(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int differ = strcmp(a->id, b->id);

    return differ ? differ : (a->row > b->row) - (a->row < b->row);
}

static struct by_node index_rows(const struct srd_table *t, struct srd_arena *arena)
{
    struct by_node index = { .t = t };

    if (!t)
        return index;
    index.items = srd_arena_array(arena, t->rows + 1, sizeof(*index.items));
    for (size_t row = 0; row < t->rows; row++)
        index.items[index.count++] = (struct entry){ srd_cell_text(t, row, "BE_ID"), row };
    qsort(index.items, index.count, sizeof(*index.items), by_id);
    return index;
}

/* The place of its first row; those of one node follow each other. */
static size_t first_of(const struct by_node *index, const char *id)
{
    size_t low = 0, high = index->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(index->items[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_of(const struct by_node *index, size_t place, const char *id)
{
    return place < index->count && !strcmp(index->items[place].id, id);
}

static struct by_node index_metrics(const struct srd_evidence *ev, struct srd_arena *arena)
{
    const struct srd_table *t = srd_node_paths(ev);

    /* half an answer is none: then the leader is asked */
    if (t && srd_table_lacks(t, "BE_ID DISK_TOTAL DISK_AVAILABLE DISK_USED", arena))
        t = NULL;
    return index_rows(t, arena);
}

/* Of all settings; that of the paths is the only one with a row per node. */
static struct by_node index_settings(const struct srd_evidence *ev, struct srd_arena *arena)
{
    struct by_node all = index_rows(srd_node_settings(ev), arena);
    size_t count = 0;

    for (size_t i = 0; i < all.count; i++)
        if (srd_cell_is(all.t, all.items[i].row, "NAME", "storage_root_path"))
            all.items[count++] = all.items[i];
    all.count = count;
    return all;
}

/* The medium that an entry of storage_root_path gives, in @n bytes from its first comma on. */
static const char *medium_of_entry(const char *path, size_t path_n, const char *rest, size_t n)
{
    const char *medium = NULL;
    size_t dot = path_n;

    for (size_t i = 0; i + 8 <= n; i++)
        if (!strncasecmp(rest + i, ",medium:", 8))
            medium = rest + i + 8;
    if (medium)
        return !strncasecmp(medium + strspn(medium, " "), "ssd", 3) ? "SSD" : "HDD";
    while (dot && path[dot - 1] != '.' && path[dot - 1] != '/')
        dot--;
    return dot && path[dot - 1] == '.' && path_n - dot == 3 && !strncasecmp(path + dot, "ssd", 3)
               ? "SSD"
               : "HDD";
}

const char *srd_storage_medium_of_path(const char *setting, const char *path)
{
    size_t wanted = strlen(path);

    while (setting && *setting) {
        size_t n = strcspn(setting, ";"), blanks = strspn(setting, " "), path_n;

        blanks = blanks < n ? blanks : n;
        path_n = strcspn(setting + blanks, ",;");
        while (path_n && strchr(" /", setting[blanks + path_n - 1]))
            path_n--;
        if (path_n == wanted && !strncmp(setting + blanks, path, wanted))
            return medium_of_entry(path, wanted, setting + blanks + path_n, n - blanks - path_n);
        setting += n;
        setting += *setting == ';';
    }
    return "";
}

/* Picking. */

/* Does the FE count paths of the BE to its capacity that the BE does not have in use, or the other
 * way? */
static bool differs(const struct srd_table *be, size_t row, const struct by_node *metrics,
                    const char *id)
{
    double all = 0, total, used, counted;
    size_t place = first_of(metrics, id);

    if (!is_of(metrics, place, id))
        return true;
    for (; is_of(metrics, place, id); place++) {
        size_t at = metrics->items[place].row;

        if (!srd_cell_number(metrics->t, at, "DISK_USED", &used) ||
            !srd_cell_number(metrics->t, at, "DISK_TOTAL", &total))
            return true;
        all += used > 0 ? total : 0;
    }
    /* three decimals are printed */
    return srd_cell_bytes(be, row, "TotalCapacity", &counted) &&
           fabs(counted - all) > 0.002 * fmax(counted, all);
}

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
    struct by_node metrics = index_metrics(ev, out->arena);
    struct candidate *all;
    size_t count = 0;

    if (!be)
        return;
    all = srd_arena_array(out->arena, be->rows + 1, sizeof(*all));
    for (size_t row = 0; row < be->rows; row++) {
        const char *id = srd_cell(be, row, "BackendId");

        if (!srd_storage_is_id(id) || (be->rows > FEW_BACKENDS && !differs(be, row, &metrics, id)))
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
    .summary = "the paths of a BE as the leader knows them, where its own metrics do not suffice",
    .texts = { { .sql = "SHOW PROC '/backends/{backend_id}'" } },
    .columns = "RootPath AvailCapacity TotalCapacity TotalUsedPct State StorageMedium",
    .privilege = "OPERATE",
    .where = SRD_ASK_LEADER, /* capacities are known to the leader only */
    .params = { { "backend_id", SRD_PARAM_INTEGER } },
    .after = &srd_probe_backends,
    .behind = &srd_probe_nodes,
    .pick = pick_backends,
    .max_keys = 6,
};

/* Reading. */

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

/* As the leader knows it. */
static void read_proc(const struct srd_table *t, size_t row, struct srd_disk *disk)
{
    disk->probe = &srd_probe_backend_disks;
    disk->path = srd_cell_text(t, row, "RootPath");
    disk->medium = srd_cell_text(t, row, "StorageMedium");
    disk->state = srd_cell_text(t, row, "State");
    if (!srd_cell_bytes(t, row, "DataUsedCapacity", &disk->data_bytes))
        disk->data_bytes = -1;
    if (!srd_cell_bytes(t, row, "OtherUsedCapacity", &disk->other_bytes))
        disk->other_bytes = -1;
    disk->known = srd_cell_percent(t, row, "TotalUsedPct", &disk->used_percent) &&
                  srd_cell_bytes(t, row, "AvailCapacity", &disk->available_bytes) &&
                  srd_cell_bytes(t, row, "TotalCapacity", &disk->total_bytes) &&
                  !is_placeholder(disk);
}

/* As its node says. */
static void read_metrics(const struct srd_table *t, size_t row, const char *setting,
                         struct srd_disk *disk)
{
    double used = 0;
    bool stated = srd_cell_number(t, row, "DISK_USED", &used);

    disk->probe = &srd_probe_nodes;
    disk->path = srd_cell_text(t, row, "PATH");
    disk->medium = srd_storage_medium_of_path(setting, disk->path);
    disk->state = !stated ? "" : used > 0 ? "ONLINE" : "OFFLINE";
    disk->known = stated && srd_cell_number(t, row, "DISK_AVAILABLE", &disk->available_bytes) &&
                  srd_cell_number(t, row, "DISK_TOTAL", &disk->total_bytes) &&
                  disk->total_bytes > 1 && disk->available_bytes >= 0;
    disk->data_bytes = disk->other_bytes = -1;
    if (!disk->known)
        return;
    disk->used_percent = 100 * (disk->total_bytes - disk->available_bytes) / disk->total_bytes;
    if (srd_cell_number(t, row, "DISK_DATA", &disk->data_bytes))
        disk->other_bytes = fmax(0, disk->total_bytes - disk->available_bytes - disk->data_bytes);
}

static void finish(struct srd_disks *disks, struct srd_disk *disk, struct srd_arena *arena)
{
    bool alive = srd_storage_alive(disks->backends, disk->backend_row);

    disk->name = srd_arena_printf(arena, "%s %s", disk->backend, disk->path);
    disk->online = !strcmp(disk->state, "ONLINE");
    disk->known = disk->known && alive;
    disks->known += disk->known;
    disks->silent += !disk->known && alive;
    disks->unsorted += disk->known && !*disk->medium;
    disks->count++;
}

/* The answers about paths. */
struct answers {
    struct by_node metrics, settings;
};

/* What the leader says of the BE; NULL: it was not asked, or did not say enough. */
static const struct srd_table *proc_of(const struct srd_evidence *ev, const char *id,
                                       struct srd_arena *arena)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_backend_disks, id);

    return t && !srd_table_lacks(t, srd_probe_backend_disks.columns, arena) ? t : NULL;
}

static size_t paths_of(const struct srd_evidence *ev, const struct answers *a, const char *id,
                       struct srd_arena *arena)
{
    const struct srd_table *t = proc_of(ev, id, arena);
    size_t first = first_of(&a->metrics, id), place = first;

    while (is_of(&a->metrics, place, id))
        place++;
    return t ? t->rows : place - first;
}

static void read_backend(const struct srd_evidence *ev, const struct answers *a, size_t row,
                         struct srd_disks *disks, struct srd_arena *arena)
{
    const struct srd_table *be = disks->backends;
    const char *id = srd_cell_text(be, row, "BackendId");
    const struct srd_table *t = proc_of(ev, id, arena);
    size_t place = first_of(&a->metrics, id), setting = first_of(&a->settings, id);
    struct srd_disk disk = { .backend_row = row, .backend_id = id };

    disks->read[row] = t || is_of(&a->metrics, place, id);
    if (!disks->read[row])
        return;
    disk.backend = srd_node_name(arena, be, row);
    for (size_t path = 0; t && path < t->rows; path++) {
        disk.table = t;
        disk.row = path;
        disks->items[disks->count] = disk;
        read_proc(t, path, &disks->items[disks->count]);
        finish(disks, &disks->items[disks->count], arena);
    }
    for (; !t && is_of(&a->metrics, place, id); place++) {
        disk.table = a->metrics.t;
        disk.row = a->metrics.items[place].row;
        disks->items[disks->count] = disk;
        read_metrics(disk.table, disk.row,
                     is_of(&a->settings, setting, id)
                         ? srd_cell(a->settings.t, a->settings.items[setting].row, "VALUE")
                         : NULL,
                     &disks->items[disks->count]);
        finish(disks, &disks->items[disks->count], arena);
    }
}

struct srd_disks srd_storage_disks(const struct srd_evidence *ev, struct srd_arena *arena)
{
    struct srd_disks disks = { .backends = srd_evidence_get(ev, &srd_probe_backends, NULL) };
    const struct srd_table *be = disks.backends;
    struct answers a = { index_metrics(ev, arena), index_settings(ev, arena) };
    size_t room = 0;

    for (size_t row = 0; be && row < be->rows; row++)
        room += paths_of(ev, &a, srd_cell_text(be, row, "BackendId"), arena);
    disks.items = srd_arena_array(arena, room + 1, sizeof(*disks.items));
    disks.read = srd_arena_array(arena, (be ? be->rows : 0) + 1, sizeof(*disks.read));
    for (size_t row = 0; be && row < be->rows; row++) {
        bool alive = srd_storage_alive(be, row);

        read_backend(ev, &a, row, &disks, arena);
        disks.alive += alive;
        disks.unread += alive && !disks.read[row];
    }
    return disks;
}

const char *srd_storage_disks_unread(const struct srd_evidence *ev, struct srd_arena *arena,
                                     enum srd_status *status)
{
    const struct srd_answer *missing = srd_evidence_missing(ev, &srd_probe_backend_disks);
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_backend_disks, NULL);
    const char *lacks = t ? srd_table_lacks(t, srd_probe_backend_disks.columns, arena) : NULL;

    *status = missing ? missing->status : lacks ? SRD_VERSION_ABSENT : SRD_SKIPPED;
    if (missing)
        return srd_arena_printf(arena, "probe %s: %s", missing->probe->id,
                                *missing->detail ? missing->detail : srd_status_name(*status));
    if (lacks)
        return srd_arena_printf(arena, "column %s is not in the answer of probe %s", lacks,
                                srd_probe_backend_disks.id);
    return "they were not asked";
}

bool srd_storage_disks_usable(struct srd_findings *out, const struct srd_disks *disks)
{
    enum srd_status status;
    const char *why;

    if (disks->known)
        return true;
    if (!disks->backends || !disks->backends->rows)
        srd_cannot_judge(out, SRD_NO_BACKEND, "the cluster has no backend");
    else if (!disks->alive)
        srd_cannot_judge(out, SRD_NO_BACKEND,
                         "no backend is alive; disk figures would be those of its last report");
    else if (disks->silent)
        srd_cannot_judge(out, SRD_FAILED, "no backend has reported its disks to this FE yet");
    else {
        why = srd_storage_disks_unread(out->ev, out->arena, &status);
        srd_cannot_judge(out, status, "the disks of no living backend were looked at: %s", why);
    }
    return false;
}

void srd_storage_disks_coverage(struct srd_findings *out, const struct srd_disks *disks,
                                double percent)
{
    const struct srd_table *be = disks->backends;
    size_t hidden = 0;

    for (size_t row = 0; row < be->rows; row++) {
        double fullest;

        if (!srd_storage_alive(be, row) || disks->read[row])
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
    bool proc = disk->probe == &srd_probe_backend_disks;

    srd_finding_field(out, f, "backend", disk->backend);
    srd_finding_field(out, f, "backend_id", disk->backend_id);
    srd_finding_field(out, f, "path", disk->path);
    srd_finding_field(out, f, "used",
                      proc ? srd_cell_text(disk->table, disk->row, "TotalUsedPct")
                           : srd_arena_printf(out->arena, "%.2f %%", disk->used_percent));
    srd_finding_field(out, f, "available",
                      proc ? srd_cell_text(disk->table, disk->row, "AvailCapacity")
                           : srd_text_bytes(out->arena, disk->available_bytes));
    srd_finding_row(f, disk->probe, disk->table, disk->row);
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
    return disks->items[at].known && *disks->items[at].medium;
}
