/* Is there room on the disks, is it evenly used, and what takes it? (shared-nothing clusters) */

#include <string.h>

#include "experts/storage/storage.h"
#include "lib/base/text.h"
#include "lib/model/identity.h"

#define BYTES(out, value) srd_text_bytes((out)->arena, value)

static const char *fullness(struct srd_findings *out, const struct srd_disk *disk)
{
    return srd_arena_printf(out->arena, "%s is %.1f %% full, %s left", disk->name,
                            disk->used_percent, BYTES(out, disk->available_bytes));
}

/* The fullest disk that can be judged; NULL if there is none. */
static const struct srd_disk *fullest(const struct srd_disks *disks)
{
    const struct srd_disk *worst = NULL;

    for (size_t i = 0; i < disks->count; i++)
        if (disks->items[i].known && disks->items[i].online &&
            (!worst || disks->items[i].used_percent > worst->used_percent))
            worst = &disks->items[i];
    return worst;
}

/* One finding per disk over @limit; what a check that found nothing has measured is the fullest
 * disk. */
static void judge_limit(struct srd_findings *out, const struct srd_disks *disks,
                        const struct srd_disk_limit *limit, enum srd_severity severity)
{
    const struct srd_disk *worst = fullest(disks);

    for (size_t i = 0; i < disks->count; i++) {
        const struct srd_disk *disk = &disks->items[i];
        struct srd_finding *f;

        if (!srd_storage_over(disk, limit))
            continue;
        f = srd_storage_disk_finding(out, severity, disk, fullness(out, disk));
        srd_finding_value(f, disk->used_percent, limit->percent);
        srd_finding_share(f, 1, (double)disks->known);
    }
    if (worst)
        srd_measured(out, "the fullest of %zu disks, %s", disks->known, fullness(out, worst));
    srd_storage_disks_coverage(out, disks, limit->percent.value);
}

static void judge_hard_limit(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_disks disks = srd_storage_disks(ev, out->arena);
    struct srd_disk_limit hard = srd_storage_hard_limit(ev);

    if (srd_storage_disks_usable(out, &disks))
        judge_limit(out, &disks, &hard, SRD_CRITICAL);
}

/* Backends that could take a new replica on @medium, and those whose paths of it are all over
 * @soft. */
struct room {
    size_t backends, without;
};

static struct room room_on(const struct srd_disks *disks, const char *medium,
                           const struct srd_disk_limit *soft)
{
    struct room room = { 0 };

    for (size_t row = 0; row < disks->backends->rows; row++) {
        size_t paths = 0, full = 0;

        for (size_t i = 0; i < disks->count; i++) {
            const struct srd_disk *disk = &disks->items[i];

            if (disk->backend_row != row || !disk->known || !disk->online ||
                strcmp(disk->medium, medium))
                continue;
            paths++;
            full += srd_storage_over(disk, soft);
        }
        if (!paths || srd_storage_decommissioned(disks->backends, row))
            continue;
        room.backends++;
        room.without += full == paths;
    }
    return room;
}

/* New tablets need as many backends with room as a table has replicas. */
static void judge_placement(const struct srd_evidence *ev, struct srd_findings *out,
                            const struct srd_disks *disks, const struct srd_disk_limit *soft)
{
    struct srd_limit replicas = srd_fe_config(ev, "default_replication_num", 3, SRD_UNIT_COUNT);

    if (disks->unread || disks->silent || disks->unsorted)
        return; /* they may have room */
    for (size_t i = 0; i < disks->count; i++) {
        struct room room;
        struct srd_finding *f;
        double wanted = replicas.value;

        if (!srd_storage_first_of_medium(disks, i))
            continue;
        room = room_on(disks, disks->items[i].medium, soft);
        /* with fewer backends than replicas tables can only have been made with fewer */
        if (wanted > (double)room.backends)
            wanted = (double)room.backends;
        if (!room.without || (double)(room.backends - room.without) >= wanted)
            continue;
        f = srd_finding_add(
            out, SRD_CRITICAL, "medium", disks->items[i].medium,
            "%zu of %zu backends have no %s path below the soft limit: a table with "
            "%.0f replicas cannot get new tablets",
            room.without, room.backends, disks->items[i].medium, wanted);
        srd_finding_value(f, (double)(room.backends - room.without), replicas);
        srd_finding_share(f, (double)room.without, (double)room.backends);
        srd_finding_field(out, f, "medium", disks->items[i].medium);
        srd_finding_row(f, disks->items[i].probe, disks->items[i].table, disks->items[i].row);
    }
}

static void judge_soft_limit(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_disks disks = srd_storage_disks(ev, out->arena);
    struct srd_disk_limit soft = srd_storage_soft_limit(ev);

    if (!srd_storage_disks_usable(out, &disks))
        return;
    judge_placement(ev, out, &disks, &soft);
    judge_limit(out, &disks, &soft, SRD_WARNING);
}

static void judge_high_water(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_disks disks = srd_storage_disks(ev, out->arena);
    struct srd_disk_limit soft = srd_storage_soft_limit(ev);
    struct srd_disk_limit high = {
        srd_limit_catalogue(ev, "storage.disk-high-water", 85, SRD_UNIT_PERCENT),
        srd_limit_catalogue(ev, "storage.disk-high-water.reserve", 500 * SRD_GIB, SRD_UNIT_BYTES),
    };
    struct srd_limit mark =
        srd_fe_config(ev, "capacity_used_percent_high_water", 0.75, SRD_UNIT_PERCENT);
    const struct srd_disk *worst = fullest(&disks), *example = NULL;
    size_t above = 0;

    if (!srd_storage_disks_usable(out, &disks))
        return;
    mark.value *= 100; /* the configuration holds a ratio */
    for (size_t i = 0; i < disks.count; i++) {
        const struct srd_disk *disk = &disks.items[i];
        struct srd_finding *f;

        if (!disk->known || !disk->online || srd_storage_over(disk, &soft))
            continue;
        if (srd_storage_over(disk, &high)) {
            f = srd_storage_disk_finding(out, SRD_WARNING, disk, fullness(out, disk));
            srd_finding_value(f, disk->used_percent, high.percent);
            srd_finding_share(f, 1, (double)disks.known);
        } else if (disk->used_percent > mark.value) {
            above++;
            if (!example || disk->used_percent > example->used_percent)
                example = disk;
        }
    }
    if (above) {
        struct srd_finding *f = srd_storage_disk_finding(
            out, SRD_INFO, example,
            srd_arena_printf(out->arena,
                             "%zu of %zu disks are above %.0f %%, with room left; the fullest of "
                             "them, %s",
                             above, disks.known, mark.value, fullness(out, example)));
        srd_finding_value(f, example->used_percent, mark);
        srd_finding_share(f, (double)above, (double)disks.known);
    }
    if (worst)
        srd_measured(out, "the fullest of %zu disks, %s", disks.known, fullness(out, worst));
    srd_storage_disks_coverage(out, &disks,
                               mark.value < high.percent.value ? mark.value : high.percent.value);
}

static void judge_offline(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_disks disks = srd_storage_disks(ev, out->arena);
    struct srd_limit none = srd_limit_catalogue(ev, "storage.disk-offline", 0, SRD_UNIT_COUNT);
    size_t seen = 0, online = 0;

    for (size_t i = 0; i < disks.count; i++)
        seen += srd_storage_alive(disks.backends, disks.items[i].backend_row);
    if (!seen) {
        srd_storage_disks_usable(out, &disks); /* says why */
        if (!out->unknown)
            srd_cannot_judge(out, SRD_NO_BACKEND, "no backend is alive");
        return;
    }
    for (size_t i = 0; i < disks.count; i++) {
        const struct srd_disk *disk = &disks.items[i];
        const char *state = disk->state;
        bool offline = !strcmp(state, "OFFLINE");
        struct srd_finding *f;

        if (!srd_storage_alive(disks.backends, disk->backend_row))
            continue; /* its last report; cluster.be-down has more to say */
        online += disk->online;
        if (disk->online || !state[0])
            continue;
        f = srd_storage_disk_finding(
            out, offline ? SRD_CRITICAL : SRD_INFO, disk,
            offline ? srd_arena_printf(out->arena, "%s is OFFLINE, its replicas are lost for now",
                                       disk->name)
                    : srd_arena_printf(out->arena, "%s is %s", disk->name, state));
        srd_finding_value(f, 1, none);
        srd_finding_share(f, 1, (double)seen);
    }
    srd_measured(out, "%zu of %zu disks are ONLINE", online, seen);
    srd_storage_disks_coverage(out, &disks, -1);
}

/* What is not StarRocks' data? */

/* The data cache of a BE lies on its disks and shrinks by itself: "Status: Normal, DiskUsage:
 * 44MB/1TB". */
static double cached_bytes(const struct srd_table *be, size_t row, struct srd_arena *arena)
{
    const char *text = srd_cell(be, row, "DataCacheMetrics");
    const char *usage = text ? strstr(text, "DiskUsage: ") : NULL;
    double bytes = 0;

    if (!usage)
        return 0;
    usage += strlen("DiskUsage: ");
    return srd_parse_bytes(srd_arena_copy_n(arena, usage, strcspn(usage, "/,")), &bytes) ? bytes
                                                                                         : 0;
}

/* Is the disk over the hard limit only because of @other bytes? */
static bool explains_limit(const struct srd_disk *disk, double other,
                           const struct srd_disk_limit *hard)
{
    struct srd_disk without = *disk;

    without.available_bytes += other;
    without.used_percent -= 100 * other / disk->total_bytes;
    return srd_storage_over(disk, hard) && !srd_storage_over(&without, hard);
}

static void judge_non_data(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_disks disks = srd_storage_disks(ev, out->arena);
    struct srd_disk_limit hard = srd_storage_hard_limit(ev);
    struct srd_limit part = srd_limit_catalogue(ev, "storage.non-data-usage", 20, SRD_UNIT_PERCENT);
    struct srd_limit size =
        srd_limit_catalogue(ev, "storage.non-data-usage.bytes", 100 * SRD_GIB, SRD_UNIT_BYTES);
    const struct srd_disk *worst = NULL;

    if (!srd_storage_disks_usable(out, &disks))
        return;
    for (size_t i = 0; i < disks.count; i++) {
        const struct srd_disk *disk = &disks.items[i];
        double other, percent;
        bool explains;
        struct srd_finding *f;

        if (!disk->known || !disk->online || disk->other_bytes < 0)
            continue;
        other = disk->other_bytes - cached_bytes(disks.backends, disk->backend_row, out->arena);
        percent = 100 * other / disk->total_bytes;
        if (!worst || disk->other_bytes > worst->other_bytes)
            worst = disk;
        if (percent <= part.value || other <= size.value)
            continue;
        explains = explains_limit(disk, other, &hard);
        f = srd_storage_disk_finding(
            out, explains ? SRD_CRITICAL : SRD_WARNING, disk,
            srd_arena_printf(out->arena, "%s of %s (%.1f %%) are not StarRocks data%s",
                             BYTES(out, other), disk->name, percent,
                             explains ? ", and they alone put the disk over the hard limit" : ""));
        srd_finding_value(f, percent, part);
        srd_finding_share(f, 1, (double)disks.known);
    }
    if (worst)
        srd_measured(out, "other software and logs hold at most %s of a disk, on %s",
                     BYTES(out, worst->other_bytes), worst->name);
    srd_storage_disks_coverage(out, &disks, part.value);
}

/* The recycle bin. */

const struct srd_probe srd_probe_recycle_bin = {
    .id = "recycle-bin",
    .summary = "dropped databases, tables and partitions that can still be recovered",
    .texts = { { .since = SRD_VERSION(4, 0, 0),
                 .sql = "SELECT TYPE, NAME, DB_ID, TABLE_ID, PARTITION_ID, DROP_TIME "
                        "FROM information_schema.recyclebin_catalogs "
                        "ORDER BY DROP_TIME LIMIT 2000" } },
    .columns = "TYPE NAME DROP_TIME",
    .privilege = "SELECT",
    .where = SRD_ASK_LEADER,
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
    .max_rows = 2000,
};

/* The disk that is over the soft limit and fullest; NULL if none is, or if disks are not known. */
static const struct srd_disk *over_soft(const struct srd_evidence *ev, struct srd_arena *arena)
{
    struct srd_disks disks = srd_storage_disks(ev, arena);
    struct srd_disk_limit soft = srd_storage_soft_limit(ev);
    const struct srd_disk *worst = NULL;

    for (size_t i = 0; i < disks.count; i++)
        if (srd_storage_over(&disks.items[i], &soft) &&
            (!worst || disks.items[i].used_percent > worst->used_percent))
            worst = &disks.items[i];
    return worst;
}

static void judge_recycle_bin(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *bin = srd_evidence_get(ev, &srd_probe_recycle_bin, NULL);
    struct srd_limit expiry =
        srd_fe_config(ev, "catalog_trash_expire_second", 86400, SRD_UNIT_COUNT);
    struct srd_limit many = srd_limit_catalogue(ev, "storage.recycle-bin", 1000, SRD_UNIT_COUNT);
    const struct srd_disk *full = NULL;
    const char *count;
    int64_t age;
    bool aged;
    struct srd_finding *f;

    if (!bin->rows) {
        srd_measured(out, "the recycle bin is empty");
        return;
    }
    if (ev->cluster.mode != SRD_MODE_SHARED_DATA)
        full = over_soft(ev, out->arena);
    count = srd_arena_printf(out->arena, "%s%s", srd_text_count(out->arena, (double)bin->rows),
                             bin->rows < 2000 ? "" : " or more");
    aged = srd_age_ms(ev, bin, 0, "DROP_TIME", &age); /* the oldest comes first */
    expiry.unit = SRD_UNIT_MS;
    expiry.value = expiry.value > 0 && expiry.value < 1e9 ? expiry.value * 1000 : 86400e3;
    if (aged && (double)age > expiry.value + 3600e3) {
        f = srd_finding_add(out, SRD_WARNING, "recycle bin", srd_cell_text(bin, 0, "NAME"),
                            "%s was dropped %s ago and is still in the recycle bin, which empties "
                            "itself after %s: the cleaner seems stuck",
                            srd_cell_text(bin, 0, "NAME"), srd_text_duration(out->arena, age),
                            srd_text_duration(out->arena, (int64_t)expiry.value));
        srd_finding_value(f, (double)age, expiry);
    } else if (full) {
        f = srd_finding_add(out, SRD_WARNING, "recycle bin", "cluster",
                            "%s dropped objects keep their space while %s", count,
                            fullness(out, full));
        srd_finding_value(f, (double)bin->rows, many);
    } else if ((double)bin->rows > many.value) {
        f = srd_finding_add(out, SRD_INFO, "recycle bin", "cluster",
                            "%s dropped objects are in the recycle bin", count);
        srd_finding_value(f, (double)bin->rows, many);
    } else {
        f = NULL;
    }
    if (f)
        srd_finding_row(f, &srd_probe_recycle_bin, bin, 0);
    srd_measured(out, "%s dropped objects are in the recycle bin", count);
    if (!aged)
        srd_cannot_judge(out, SRD_FAILED, "the age of what is in the recycle bin is not known");
}

/* clang-format off */
/* Who tells of paths: in every check that looks at them. */
#define PATHS                                                                                      \
    "disks_* of information_schema.be_metrics, of all backends in one statement; SHOW PROC "       \
    "'/backends/<id>' of the leader in clusters of up to 3 backends, and of up to 6 whose metrics " \
    "are missing or add up to another TotalCapacity than SHOW BACKENDS has (fullest first)"

const struct srd_check srd_storage_disk_hard_limit = {
    .id = "storage.disk-hard-limit",
    .title = "Disk over the hard limit",
    .family = "disk-limit",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .outage = true,
    .needs = { &srd_probe_backends },
    .wants = { &srd_probe_fe_config, SRD_DISK_WANTS },
    .judge = judge_hard_limit,
    .limits = "storage_usage_hard_limit_percent storage_usage_hard_limit_reserve_bytes",
    .why = "StarRocks refuses loads, restores and clones to a path that is too full; the BE itself rejects "
           "writes a little later. Loads into tables with tablets there fail.",
    .measured_by = PATHS,
    .rule = "critical: used more than storage_usage_hard_limit_percent and less free than "
            "storage_usage_hard_limit_reserve_bytes (95 % and 100 GiB unless the cluster says otherwise)",
    .source = "the cluster's own configuration; DiskInfo.exceedLimit() in the FE compares both",
    .avoid = "A percentage alone says nothing: 96 % of a 30 TB disk leave more than a terabyte. The 1.000 TB that "
             "is printed before the first disk report, or by a follower, is not taken for a disk. Paths of dead "
             "backends and paths that are not ONLINE are left out. In shared-data the path holds cache and may be full.",
    .see = "storage.disk-soft-limit storage.disk-eta storage.recycle-bin storage.non-data-usage",
    .fix = {
        { "Find what takes the space: storage.non-data-usage, storage.recycle-bin, old partitions "
          "(srdiag storage tables)", NULL, SRD_SAFE },
        { "Let trash on {backend} expire sooner",
          "UPDATE information_schema.be_configs SET VALUE = '600' "
          "WHERE NAME = 'trash_file_expire_time_sec' AND BE_ID = {backend_id};", SRD_SAFE },
        { "Drop partitions that nobody needs; with FORCE they skip the recycle bin and cannot be recovered",
          "ALTER TABLE {table} DROP PARTITION {partition} FORCE;", SRD_RISKY },
        { "Add a disk or a BE", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_storage_disk_soft_limit = {
    .id = "storage.disk-soft-limit",
    .title = "Disk over the soft limit",
    .family = "disk-limit",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends },
    .wants = { &srd_probe_fe_config, SRD_DISK_WANTS },
    .judge = judge_soft_limit,
    .limits = "default_replication_num storage_usage_soft_limit_percent storage_usage_soft_limit_reserve_bytes",
    .why = "Such a path gets no new tablets and is no target for balancing and clone. When too few backends are "
           "left, tables and partitions can no longer be created.",
    .measured_by = PATHS "; the medium from storage_root_path in information_schema.be_configs",
    .rule = "warning: used more than storage_usage_soft_limit_percent and less free than "
            "storage_usage_soft_limit_reserve_bytes (90 % and 200 GiB by default); critical: fewer backends have a "
            "path of the medium below that than a table has replicas (default_replication_num)",
    .source = "the cluster's own configuration; issue #39964 shows a disk at 90.25 % with 196 GB left become limited",
    .avoid = "A percentage alone. A cluster with fewer backends than default_replication_num is measured by its own "
             "number. Whether new tablets can be placed is not judged while the disks of some backend are unknown.",
    .see = "storage.disk-skew-backends storage.disk-hard-limit alter.failed storage.dynamic-partition-error",
    .fix = {
        { "If other disks have room, the problem is distribution: storage.disk-skew-backends, balance.disabled",
          NULL, SRD_SAFE },
        { "Free or add space before the hard limit is reached (see storage.disk-hard-limit)", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_storage_disk_high_water = {
    .id = "storage.disk-high-water",
    .title = "Disk fills up",
    .family = "disk-limit",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_WARNING,
    .needs = { &srd_probe_backends },
    .wants = { &srd_probe_fe_config, SRD_DISK_WANTS },
    .judge = judge_high_water,
    .limits = ". .reserve capacity_used_percent_high_water storage_usage_soft_limit_percent storage_usage_soft_limit_reserve_bytes",
    .why = "Early notice, before the soft limit. Above capacity_used_percent_high_water the balancer already treats "
           "the BE as highly loaded.",
    .measured_by = PATHS,
    .rule = "warning: more than 85 % used and less than 500 GiB free; info: above capacity_used_percent_high_water "
            "(75 %), once for all such disks. A disk over the soft limit is reported there and not here.",
    .source = "capacity_used_percent_high_water of the cluster; 85 % and 500 GiB are our judgement",
    .avoid = "92 % of a 30 TB disk with 2.4 TB free is no warning. Cache disks of shared-data clusters are not looked at.",
    .see = "storage.disk-eta storage.disk-soft-limit",
    .fix = {
        { "Plan capacity, and give tables that grow a retention (storage.no-retention)", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_storage_disk_offline = {
    .id = "storage.disk-offline",
    .title = "Disk offline",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends },
    .wants = { SRD_DISK_WANTS },
    .judge = judge_offline,
    .limits = ".",
    .why = "A path that is OFFLINE has lost its replicas. Where only one other replica is left, the next fault loses data.",
    .measured_by = PATHS,
    .rule = "critical: OFFLINE; info: DISABLED or DECOMMISSIONED, which an operator asked for (warning when it lasts "
            "more than 7 days, which one run cannot see)",
    .source = "DiskInfo.DiskState in the FE",
    .avoid = "The paths of a dead backend: its state dates from the last report, and cluster.be-down reports it. Of more "
             "than 3 backends a path that is DECOMMISSIONED is seen only where the leader was asked: to the BE it is in "
             "use.",
    .see = "storage.tablet-unhealthy storage.single-replica cluster.be-down",
    .fix = {
        { "Look at the disk on {backend}: kernel log, smartctl, mount of {path}; remount it if it is sound", NULL, SRD_SAFE },
        { "Replace the disk, empty the path and restart the BE, when two healthy replicas exist elsewhere", NULL, SRD_SAFE },
        { "Start the BE without the disk (ignore_broken_disk = true in be.conf): its replicas are then cloned from others",
          NULL, SRD_RISKY },
    },
};

const struct srd_check srd_storage_non_data_usage = {
    .id = "storage.non-data-usage",
    .title = "Space taken by other things than data",
    .family = "disk-limit",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends },
    .wants = { &srd_probe_fe_config, SRD_DISK_WANTS },
    .judge = judge_non_data,
    .limits = ". .bytes storage_usage_hard_limit_percent storage_usage_hard_limit_reserve_bytes",
    .why = "Logs, trash, snapshots, spill and core files take space that dropping tables does not give back.",
    .measured_by = PATHS "; what is neither free nor data, less the data cache that SHOW BACKENDS reports "
                         "(DataCacheMetrics)",
    .rule = "warning: more than 20 % of the disk and more than 100 GiB; critical: that, and without it the disk would not "
            "be over the hard limit",
    .source = "our judgement; trash is kept for trash_file_expire_time_sec (a day, three days in older releases)",
    .avoid = "A data cache on the same disk counts as other usage for StarRocks and shrinks by itself: the whole cache of "
             "the BE is subtracted from each of its paths.",
    .see = "cache.quota-shrunk storage.recycle-bin storage.disk-hard-limit",
    .fix = {
        { "See on {backend} what it is", "du -xsh {path}/trash {path}/snapshot {path}/* /path/to/be/log", SRD_SAFE },
        { "Let trash expire sooner for some hours",
          "UPDATE information_schema.be_configs SET VALUE = '600' "
          "WHERE NAME = 'trash_file_expire_time_sec' AND BE_ID = {backend_id};", SRD_SAFE },
        { "Remove old core files and logs, lower sys_log_roll_num, move the spill directory to another disk", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_storage_recycle_bin = {
    .id = "storage.recycle-bin",
    .title = "Dropped objects keep their space",
    .family = "disk-limit",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_recycle_bin },
    .wants = { &srd_probe_fe_config, &srd_probe_backends, SRD_DISK_WANTS },
    .judge = judge_recycle_bin,
    .limits = ". catalog_trash_expire_second storage_usage_soft_limit_percent storage_usage_soft_limit_reserve_bytes",
    .why = "Dropped databases, tables and partitions keep their space until their retention is over; they also keep a BE "
           "from being decommissioned.",
    .measured_by = "information_schema.recyclebin_catalogs, from 4.0 on: number of entries, DROP_TIME of the oldest",
    .rule = "info: more than 1000 entries; warning: one that is older than catalog_trash_expire_second and an hour, or "
            "any while a disk is over the soft limit",
    .source = "catalog_trash_expire_second of the cluster (86400 s by default); the numbers are our judgement",
    .avoid = "A retention property of a table may keep it longer. Older releases do not show the bin: not checked there.",
    .see = "storage.disk-hard-limit balance.decommission-stuck",
    .fix = {
        { "Wait: the bin empties itself", NULL, SRD_SAFE },
        { "Shorten its retention for some minutes and set it back; RECOVER is impossible afterwards",
          "ADMIN SET FRONTEND CONFIG (\"catalog_trash_expire_second\" = \"600\");", SRD_RISKY },
    },
};
/* clang-format on */

const struct srd_check *const srd_storage_disks_checks[] = {
    &srd_storage_disk_hard_limit,
    &srd_storage_disk_soft_limit,
    &srd_storage_disk_high_water,
    &srd_storage_disk_offline,
    &srd_storage_non_data_usage,
    &srd_storage_recycle_bin,
    NULL,
};
