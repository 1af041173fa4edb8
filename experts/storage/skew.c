/* Are the disks evenly used, between backends and inside each? (shared-nothing clusters) */

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "experts/storage/storage.h"
#include "lib/model/identity.h"

/* Skew between backends. */

struct load { /* of one backend, on one medium */
    size_t row;
    double used_percent;
    bool fresh;   /* started within a day while others did not: may just have joined */
    bool at_soft; /* a path of it is over the soft limit */
};

#define DAY_MS (24 * 3600 * INT64_C(1000))

/* Did the process start less than a day ago? Unknown counts as no. */
static bool is_young(const struct srd_evidence *ev, const struct srd_table *be, size_t row)
{
    int64_t age;

    return srd_age_ms(ev, be, row, "LastStartTime", &age) && age < DAY_MS;
}

/* Used part of all known paths on @medium (NULL: any), or what SHOW BACKENDS says of the whole BE.
 */
static bool used_of(const struct srd_disks *disks, size_t row, const char *medium,
                    const struct srd_disk_limit *soft, struct load *out)
{
    const struct srd_table *be = disks->backends;
    double total = 0, available = 0, all, left;

    for (size_t i = 0; i < disks->count; i++) {
        const struct srd_disk *disk = &disks->items[i];

        if (disk->backend_row != row || !disk->known || !disk->online ||
            (medium && strcmp(disk->medium, medium)))
            continue;
        total += disk->total_bytes;
        available += disk->available_bytes;
        out->at_soft = out->at_soft || srd_storage_over(disk, soft);
    }
    if (medium) {
        out->used_percent = total > 0 ? 100 * (total - available) / total : 0;
        return total > 0;
    }
    if (!srd_cell_percent(be, row, "UsedPct", &out->used_percent) ||
        !srd_cell_bytes(be, row, "TotalCapacity", &all) || all <= 1)
        return false;
    if (total <= 0 && srd_cell_percent(be, row, "MaxDiskUsedPct", &total) &&
        srd_cell_bytes(be, row, "AvailCapacity", &left))
        /* its paths were not read: what all of them have left is an upper bound for each */
        out->at_soft = total > soft->percent.value && left < soft->reserve.value;
    return true;
}

static size_t loads_of(const struct srd_evidence *ev, const struct srd_disks *disks,
                       const char *medium, struct load *loads)
{
    const struct srd_table *be = disks->backends;
    struct srd_disk_limit soft = srd_storage_soft_limit(ev);
    size_t count = 0, young = 0;

    for (size_t row = 0; row < be->rows; row++) {
        struct load load = { .row = row };

        if (!srd_storage_alive(be, row) || srd_storage_decommissioned(be, row) ||
            !used_of(disks, row, medium, &soft, &load))
            continue;
        load.fresh = is_young(ev, be, row);
        young += load.fresh;
        loads[count++] = load;
    }
    if (young == count) /* the whole cluster was restarted, which says nothing about who joined */
        for (size_t i = 0; i < count; i++)
            loads[i].fresh = false;
    return count;
}

static void judge_spread(const struct srd_evidence *ev, struct srd_findings *out,
                         const struct srd_disks *disks, const char *medium)
{
    const struct srd_table *be = disks->backends;
    struct srd_limit gap =
        srd_limit_catalogue(ev, "storage.disk-skew-backends", 20, SRD_UNIT_POINTS);
    struct srd_limit floor =
        srd_limit_catalogue(ev, "storage.disk-skew-backends.used", 60, SRD_UNIT_PERCENT);
    struct load *loads = srd_arena_array(out->arena, be->rows + 1, sizeof(*loads));
    size_t count = loads_of(ev, disks, medium, loads), fresh = 0;
    const struct load *high = NULL, *low = NULL;
    const char *of = medium ? srd_arena_printf(out->arena, " (%s)", medium) : "";
    const char *full, *empty;
    struct srd_finding *f;
    double points;

    for (size_t i = 0; i < count; i++) {
        if (!high || loads[i].used_percent > high->used_percent)
            high = &loads[i];
        fresh += loads[i].fresh;
        if (!loads[i].fresh && (!low || loads[i].used_percent < low->used_percent))
            low = &loads[i];
    }
    if (count < 2 || !low) {
        srd_measured(out, "one backend only: nothing to compare");
        return;
    }
    points = high->used_percent - low->used_percent;
    srd_measured(
        out, "fullest and emptiest BE differ by %.1f points%s%s", points < 0 ? 0 : points, of,
        fresh ? srd_arena_printf(out->arena, ", %zu started within a day left out", fresh) : "");
    if (points <= gap.value || high->used_percent <= floor.value)
        return;
    full = srd_node_name(out->arena, be, high->row);
    empty = srd_node_name(out->arena, be, low->row);
    f = srd_finding_add(out, high->at_soft ? SRD_CRITICAL : SRD_WARNING, "backend", full,
                        "%s is %.1f %% full, %s only %.1f %%: %.1f points apart%s", full,
                        high->used_percent, empty, low->used_percent, points, of);
    srd_finding_value(f, points, gap);
    srd_finding_share(f, 1, (double)count);
    srd_finding_field(out, f, "backend", full);
    srd_finding_field(out, f, "backend_id", srd_cell_text(be, high->row, "BackendId"));
    srd_finding_field(out, f, "emptiest", empty);
    srd_finding_row(f, &srd_probe_backends, be, high->row);
    srd_finding_row(f, &srd_probe_backends, be, low->row);
}

static void judge_skew_backends(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_disks disks = srd_storage_disks(ev, out->arena);
    size_t media = 0;

    if (srd_lacks(out, disks.backends, "SHOW BACKENDS",
                  "UsedPct MaxDiskUsedPct TotalCapacity AvailCapacity"))
        return;
    if (!disks.alive) {
        srd_cannot_judge(out, SRD_NO_BACKEND, "no backend is alive");
        return;
    }
    for (size_t i = 0; i < disks.count; i++)
        media += srd_storage_first_of_medium(&disks, i);
    if (media < 2) { /* then SHOW BACKENDS says the same, of all backends at once */
        judge_spread(ev, out, &disks, NULL);
        return;
    }
    for (size_t i = 0; i < disks.count; i++)
        if (srd_storage_first_of_medium(&disks, i))
            judge_spread(ev, out, &disks, disks.items[i].medium);
    if (disks.unread)
        srd_storage_disks_coverage(out, &disks, -1);
}

/* Skew between the paths of one backend. */

static bool same_medium_of_backend(const struct srd_disk *a, const struct srd_disk *b)
{
    return a->backend_row == b->backend_row && a->known && b->known && a->online && b->online &&
           !strcmp(a->medium, b->medium);
}

/* Several paths on one device have its size and its free bytes each. */
static bool look_like_one_device(const struct srd_disk *a, const struct srd_disk *b)
{
    /* metrics are exact, and the two were read one after the other */
    double apart = a->probe == &srd_probe_nodes ? 64 * 1048576.0 : 0;

    return a->available_bytes < a->total_bytes && a->total_bytes == b->total_bytes &&
           fabs(a->available_bytes - b->available_bytes) <= apart;
}

/* The first path of its backend and medium? Then @high and @low are the ends of that group. */
static bool ends_of_group(const struct srd_disks *disks, size_t at, const struct srd_disk **high,
                          const struct srd_disk **low, const struct srd_disk **twin)
{
    const struct srd_disk *first = &disks->items[at];

    *high = *low = *twin = NULL;
    for (size_t i = 0; i < disks->count; i++) {
        const struct srd_disk *disk = &disks->items[i];

        if (!same_medium_of_backend(first, disk))
            continue;
        if (i < at)
            return false;
        if (i > at && !*twin && look_like_one_device(first, disk))
            *twin = disk;
        if (!*high || disk->used_percent > (*high)->used_percent)
            *high = disk;
        /* a path without data was added a moment ago */
        if (disk->data_bytes != 0 && (!*low || disk->used_percent < (*low)->used_percent))
            *low = disk;
    }
    return *high != NULL;
}

static void judge_skew_paths(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_disks disks = srd_storage_disks(ev, out->arena);
    struct srd_limit gap = srd_limit_catalogue(ev, "storage.disk-skew-paths", 20, SRD_UNIT_POINTS);
    struct srd_limit floor =
        srd_limit_catalogue(ev, "storage.disk-skew-paths.used", 70, SRD_UNIT_PERCENT);
    double widest = 0;

    if (!srd_storage_disks_usable(out, &disks))
        return;
    for (size_t i = 0; i < disks.count; i++) {
        const struct srd_disk *high, *low, *twin;
        struct srd_finding *f;
        double points;

        if (!ends_of_group(&disks, i, &high, &low, &twin))
            continue;
        points = low ? high->used_percent - low->used_percent : 0;
        widest = points > widest ? points : widest;
        if (points > gap.value && high->used_percent > floor.value) {
            f = srd_storage_disk_finding(
                out, SRD_WARNING, high,
                srd_arena_printf(
                    out->arena, "%s is %.1f %% full, %s of the same BE %.1f %%: %.1f points apart",
                    high->name, high->used_percent, low->path, low->used_percent, points));
            srd_finding_value(f, points, gap);
            srd_finding_share(f, 1, (double)disks.alive);
            srd_finding_row(f, low->probe, low->table, low->row);
        } else if (twin) {
            f = srd_storage_disk_finding(
                out, SRD_INFO, &disks.items[i],
                srd_arena_printf(out->arena,
                                 "%s and %s have the same size and the same free space: "
                                 "probably two paths on one device",
                                 disks.items[i].name, twin->path));
            srd_finding_value(f, 0, gap);
            srd_finding_share(f, 1, (double)disks.alive);
            srd_finding_row(f, twin->probe, twin->table, twin->row);
        }
    }
    srd_measured(out, "paths of one BE and medium differ by at most %.1f points", widest);
    srd_storage_disks_coverage(out, &disks, floor.value);
}

/* clang-format off */
const struct srd_check srd_storage_disk_skew_backends = {
    .id = "storage.disk-skew-backends",
    .title = "Backends unevenly full",
    .family = "disk-skew",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends },
    .wants = { SRD_DISK_WANTS, &srd_probe_fe_config },
    .judge = judge_skew_backends,
    .limits = ". .used storage_usage_soft_limit_percent storage_usage_soft_limit_reserve_bytes",
    .why = "One BE reaches the limits while others are empty, and its disks set the latency of loads.",
    .measured_by = "SHOW BACKENDS: UsedPct; in clusters with several media the paths of each medium added up",
    .rule = "warning: fullest and emptiest differ by more than 20 points and the fullest is above 60 %; critical: and a "
            "path of the fullest is over the soft limit",
    .source = "our judgement; the balancer stays quiet below tablet_sched_balance_load_disk_safe_threshold (50 %)",
    .avoid = "Disks of different size: percentages are compared, not bytes. Backends that are being decommissioned are "
             "left out. One that started within a day may just have joined and is not taken as the emptiest, unless "
             "all have started.",
    .see = "balance.disabled storage.bucket-skew storage.disk-skew-paths",
    .fix = {
        { "See whether something holds balancing back: balance.disabled, colocated tables, tables with one replica",
          NULL, SRD_SAFE },
        { "See what the balancer is doing", "SHOW PROC '/cluster_balance/sched_stat';", SRD_SAFE },
    },
};

const struct srd_check srd_storage_disk_skew_paths = {
    .id = "storage.disk-skew-paths",
    .title = "Paths of a BE unevenly full",
    .family = "disk-skew",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_WARNING,
    .needs = { &srd_probe_backends },
    .wants = { SRD_DISK_WANTS },
    .judge = judge_skew_paths,
    .limits = ". .used",
    .why = "The fullest path limits its BE, and reads and writes do not spread over the devices.",
    .measured_by = "used part of the paths of a BE with the same medium; measured as storage.disk-soft-limit",
    .rule = "warning: they differ by more than 20 points and the fullest is above 70 %; info: two paths with the same "
            "size and the same free space, probably one device",
    .source = "our judgement",
    .avoid = "A path without any data was just added and is not taken as the emptiest.",
    .see = "storage.disk-soft-limit storage.disk-skew-backends",
    .fix = {
        { "Keep balancing switched on: it also moves tablets between the paths of a BE", NULL, SRD_SAFE },
        { "Verify on {backend} that each path is a device of its own", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_storage_skew_checks[] = {
    &srd_storage_disk_skew_backends,
    &srd_storage_disk_skew_paths,
    NULL,
};
