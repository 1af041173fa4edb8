/* Do the nodes fit together: versions, hardware, and as many as the tables want replicas? */

#include <string.h>

#include "experts/cluster/cluster.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

/* Versions. */

/* 3.5 and 4.0 are neighbours: minor releases in their order. */
static int minor_order(int version)
{
    int major = version / 10000, minor = version / 100 % 100;

    /* 2.5 was the last of 2, 3.5 of 3; what comes after 4.x is not known */
    return major == 2   ? minor
           : major == 3 ? 6 + minor
           : major == 4 ? 12 + minor
                        : major * 100 + minor;
}

struct versions {
    const struct srd_node *oldest, *newest; /* by release */
    const struct srd_node *oldest_worker, *leader;
    const struct srd_node *build; /* of the same release, but another build than the first */
    size_t count, undated, unread;
    int64_t youngest_ms; /* the last start of any node */
};

static void count_version(struct versions *v, const struct srd_node *n,
                          const struct srd_node *first)
{
    if (!v->oldest || n->version < v->oldest->version)
        v->oldest = n;
    if (!v->newest || n->version > v->newest->version)
        v->newest = n;
    if (n->kind != SRD_NODE_FE && (!v->oldest_worker || n->version < v->oldest_worker->version))
        v->oldest_worker = n;
    if (n->kind == SRD_NODE_FE && srd_cell_is(n->table, n->row, "Role", "LEADER"))
        v->leader = n;
    if (n->version == first->version && strcmp(n->version_text, first->version_text) != 0)
        v->build = n;
    v->undated += !n->up_known;
    if (n->up_known && (v->youngest_ms < 0 || n->up_ms < v->youngest_ms))
        v->youngest_ms = n->up_ms;
    v->count++;
}

/* Dead nodes print what they last were, and say nothing about what runs. */
static struct versions read_versions(const struct srd_nodes *nodes)
{
    struct versions v = { .youngest_ms = -1 };
    const struct srd_node *first = NULL;

    for (size_t i = 0; i < nodes->count; i++) {
        const struct srd_node *n = &nodes->items[i];

        if (!n->alive)
            continue;
        if (!n->version) {
            v.unread++;
            continue;
        }
        first = first ? first : n;
        count_version(&v, n, first);
    }
    return v;
}

static const char *named(struct srd_findings *out, const struct srd_node *n)
{
    return srd_arena_printf(out->arena, "%s %s has %s", srd_node_kind_name(n->kind), n->name,
                            srd_cluster_excerpt(out->arena, n->version_text));
}

/* A mix lasts at least as long as nobody has started: an upgrade starts nodes. */
static void report_mix(struct srd_findings *out, const struct versions *v)
{
    struct srd_limit day = srd_limit_catalogue(out->ev, "cluster.version-mixed",
                                               (double)(24 * SRD_HOUR_MS), SRD_UNIT_MS);
    int apart = minor_order(v->newest->version) - minor_order(v->oldest->version);
    bool wrong_order = v->leader && v->oldest_worker &&
                       minor_order(v->oldest_worker->version) < minor_order(v->leader->version);
    bool lasts = !v->undated && (double)v->youngest_ms >= day.value;
    enum srd_severity severity = SRD_INFO;
    const char *words = "; an upgrade seems to be under way";
    struct srd_finding *f;

    if (wrong_order) {
        severity = SRD_CRITICAL;
        words = "; BEs and CNs must not be older than the leading FE";
    } else if (apart >= 2) {
        severity = SRD_CRITICAL;
        words = "; they are two minor releases or more apart";
    } else if (lasts) {
        severity = SRD_WARNING;
        words = srd_arena_printf(out->arena, ", and no node has started for %s",
                                 srd_text_duration(out->arena, v->youngest_ms));
    }
    f = srd_finding_add(out, severity, "cluster", "cluster", "%s, %s%s", named(out, v->oldest),
                        named(out, v->newest), words);
    if (lasts)
        srd_finding_value(f, (double)v->youngest_ms, day);
    srd_finding_row(f, v->oldest->probe, v->oldest->table, v->oldest->row);
    srd_finding_row(f, v->newest->probe, v->newest->table, v->newest->row);
    if (severity == SRD_INFO && v->undated)
        srd_cannot_judge(out, SRD_FAILED, "since when %zu nodes run is not known", v->undated);
}

static void judge_versions(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_ALL);
    struct versions v = read_versions(&nodes);

    if (!v.count) {
        srd_cannot_judge(out, SRD_FAILED, "no living node says its version");
        return;
    }
    if (v.oldest->version != v.newest->version)
        report_mix(out, &v);
    else if (v.build)
        srd_finding_add(out, SRD_INFO, "cluster", "cluster", "builds of one release differ: %s, %s",
                        named(out, v.oldest), named(out, v.build));
    srd_measured(out, "%zu nodes run %s", v.count, v.newest->version_text);
    if (v.unread)
        srd_cannot_judge(out, SRD_FAILED, "%zu living nodes do not say their version", v.unread);
}

/* Hardware. */

/* What is compared, of nodes of one kind and warehouse. */
static const struct trait {
    const char *column, *words;
    double ratio;
    enum srd_severity severity;
    bool bytes;
} traits[] = {
    { "CpuCores", "cores", 2, SRD_WARNING, false },
    { "MemLimit", "memory", 1.5, SRD_WARNING, true },
    { "TotalCapacity", "disk space", 2, SRD_INFO, true },
};

static bool read_trait(const struct srd_node *n, const struct trait *trait, double *out)
{
    return (trait->bytes ? srd_cell_bytes(n->table, n->row, trait->column, out)
                         : srd_cell_number(n->table, n->row, trait->column, out)) &&
           *out > 1; /* before its first heartbeat a node has nothing */
}

static const char *warehouse(const struct srd_node *n)
{
    return srd_cell_text(n->table, n->row, "WarehouseName");
}

static bool are_peers(const struct srd_node *a, const struct srd_node *b)
{
    return a->kind == b->kind && !strcmp(warehouse(a), warehouse(b));
}

/* Compares the peers of the first of them; @moving: some leave, so a migration may be under way. */
static void compare_trait(struct srd_findings *out, const struct srd_nodes *nodes, size_t first,
                          const struct trait *trait, bool moving)
{
    const struct srd_node *least = NULL, *most = NULL;
    struct srd_limit limit = { trait->ratio, SRD_UNIT_RATIO, "catalogue" };
    double low = 0, high = 0, value;
    struct srd_finding *f;

    for (size_t i = first; i < nodes->count; i++) {
        const struct srd_node *n = &nodes->items[i];

        if (!n->alive || n->leaving || !are_peers(n, &nodes->items[first]) ||
            !read_trait(n, trait, &value))
            continue;
        if (!least || value < low) {
            least = n;
            low = value;
        }
        if (!most || value > high) {
            most = n;
            high = value;
        }
    }
    if (!least || high < trait->ratio * low)
        return;
    f = srd_finding_add(
        out, moving ? SRD_INFO : trait->severity, least->subject, least->name,
        "%s has %.1f times the %s of %s (%s and %s)%s", most->name, high / low, trait->words,
        least->name,
        trait->bytes ? srd_text_bytes(out->arena, high) : srd_text_count(out->arena, high),
        trait->bytes ? srd_text_bytes(out->arena, low) : srd_text_count(out->arena, low),
        moving ? "; some nodes are being decommissioned" : "");
    srd_finding_value(f, high / low, limit);
    srd_finding_share(f, 1, (double)nodes->count);
    srd_finding_row(f, least->probe, least->table, least->row);
    srd_finding_row(f, most->probe, most->table, most->row);
}

static void judge_hardware(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_WORKERS);
    size_t alive = 0, first_of_many = 0;
    const char *lacks = NULL;
    bool moving = false;

    for (size_t i = 0; i < nodes.count; i++)
        moving = moving || nodes.items[i].leaving;
    for (size_t i = 0; i < nodes.count; i++) {
        const struct srd_node *n = &nodes.items[i];
        bool known = false;

        if (!n->alive || n->leaving)
            continue;
        alive++;
        for (size_t other = 0; other < i && !known; other++)
            known = nodes.items[other].alive && !nodes.items[other].leaving &&
                    are_peers(n, &nodes.items[other]);
        if (known)
            continue;
        first_of_many++;
        if (!lacks)
            lacks = srd_table_lacks(n->table, "CpuCores MemLimit", out->arena);
        for (size_t t = 0; t < SRD_COUNT(traits); t++)
            compare_trait(out, &nodes, i, &traits[t], moving);
        if (first_of_many >= 100)
            break; /* warehouses */
    }
    srd_measured(out, "%zu living BEs and CNs were compared", alive);
    if (!alive)
        srd_cannot_judge(out, SRD_NO_BACKEND, "no BE or CN is alive");
    else if (lacks)
        srd_cannot_judge(out, SRD_VERSION_ABSENT, "the list of nodes has no column %s", lacks);
}

/* Enough backends for the replicas. */

/* All its disks over the hard limit: then their sum is. */
static bool is_full(const struct srd_node *n, double percent, double reserve)
{
    double used, available;

    return srd_cell_percent(n->table, n->row, "UsedPct", &used) &&
           srd_cell_bytes(n->table, n->row, "AvailCapacity", &available) && used > percent &&
           available < reserve;
}

/* Hosts with a backend that could take a replica; one that is away for two minutes may come back.
 */
static size_t targets(const struct srd_evidence *ev, struct srd_arena *arena,
                      const struct srd_nodes *nodes, size_t *away)
{
    struct srd_limit percent =
        srd_fe_config(ev, "storage_usage_hard_limit_percent", 95, SRD_UNIT_PERCENT);
    struct srd_limit reserve =
        srd_fe_config(ev, "storage_usage_hard_limit_reserve_bytes", 107374182400, SRD_UNIT_BYTES);
    const char **hosts = srd_arena_array(arena, nodes->count + 1, sizeof(*hosts));
    size_t count = 0;

    for (size_t i = 0; i < nodes->count; i++) {
        const struct srd_node *n = &nodes->items[i];
        const char *host = srd_cell_text(n->table, n->row, "IP");
        bool there = n->alive || n->stopping ||
                     (n->seen && srd_cluster_gone(n, 2 * SRD_MINUTE_MS) == SRD_GONE_NO);
        bool known = false;

        *away += !there && !n->leaving;
        if (!there || n->leaving || is_full(n, percent.value, reserve.value))
            continue;
        for (size_t k = 0; k < count && !known; k++)
            known = !strcmp(hosts[k], host);
        if (!known)
            hosts[count++] = host;
    }
    return count;
}

static double most_replicas(const struct srd_table *t, const char **example)
{
    double most = 0, replicas;

    for (size_t row = 0; t && row < t->rows; row++) {
        if (!srd_cell_number(t, row, "REPLICATION_NUM", &replicas) || replicas <= most)
            continue;
        most = replicas;
        *example = srd_cell_text(t, row, "EXAMPLE");
    }
    return most;
}

static void judge_replication(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_replication_in_use(ev);
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_BE);
    struct srd_limit fallback = srd_fe_config(ev, "default_replication_num", 3, SRD_UNIT_COUNT);
    size_t away = 0, room;
    const char *example = "";
    double most = most_replicas(t, &example);
    struct srd_limit limit = { most, SRD_UNIT_COUNT, "replication_num of a table" };
    struct srd_finding *f = NULL;

    if (!nodes.count) {
        srd_cannot_judge(out, SRD_NO_BACKEND, "the cluster has no backend");
        return;
    }
    room = targets(ev, out->arena, &nodes, &away);
    if (!room) /* whatever the tables want */
        f = srd_finding_add(out, SRD_CRITICAL, "cluster", "cluster",
                            "none of %zu backends can take a replica", nodes.count);
    else if (srd_cluster_missing(ev, out, &srd_probe_replication))
        return;
    else if ((double)room < most)
        f = srd_finding_add(
            out, SRD_CRITICAL, "cluster", "cluster",
            "%zu hosts can take replicas and %s wants %.0f: its new partitions cannot "
            "be created",
            room, srd_cluster_excerpt(out->arena, example), most);
    else if ((double)room == most && most > 0)
        f = srd_finding_add(out, away ? SRD_WARNING : SRD_INFO, "cluster", "cluster",
                            "%zu hosts can take replicas, as many as %s wants: %s", room,
                            srd_cluster_excerpt(out->arena, example),
                            away ? "what the dead ones held cannot be repaired"
                                 : "the loss of one leaves no place for repair");
    else if ((double)room < fallback.value)
        f = srd_finding_add(out, SRD_INFO, "cluster", "cluster",
                            "%zu hosts can take replicas: tables without an own replication_num "
                            "cannot be created (default_replication_num is %.0f)",
                            room, fallback.value);
    if (f)
        srd_finding_value(f, (double)room, most > 0 ? limit : fallback);
    srd_measured(out, "%zu hosts can take replicas, tables keep up to %.0f", room, most);
}

/* clang-format off */
const struct srd_check srd_cluster_version_mixed = {
    .id = "cluster.version-mixed",
    .title = "Nodes of different versions",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_frontends, &srd_probe_backends, &srd_probe_compute_nodes },
    .judge = judge_versions,
    .limits = ".",
    .why = "Nobody tests a mix that lasts: plans, journal entries and file formats may differ between releases.",
    .measured_by = "Version of the living nodes in SHOW FRONTENDS, SHOW BACKENDS and SHOW COMPUTE NODES; when the youngest "
                   "of them started",
    .rule = "critical: two minor releases or more apart, or a BE or CN of an older minor release than the leading FE; "
            "warning: any difference while no node has started for 24 hours; info: a difference that is younger, or "
            "builds of one release",
    .source = "upgrade guide: BEs and CNs first, then followers, the leader last, one minor release at a time; the 24 hours "
              "are our judgement",
    .avoid = "A rolling upgrade is a mix of some hours, and starts nodes. Builds of the same release differ from system to "
             "system.",
    .see = "upgrade.leftover-freeze upgrade.path",
    .fix = {
        { "Finish the upgrade, or go back in the reverse order", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_cluster_hardware_uneven = {
    .id = "cluster.hardware-uneven",
    .title = "Uneven hardware",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_backends, &srd_probe_compute_nodes },
    .judge = judge_hardware,
    .why = "Work is spread as if all nodes were alike: the weakest sets the time of queries, and runs out of memory first.",
    .measured_by = "CpuCores, MemLimit and TotalCapacity of living nodes in SHOW BACKENDS and SHOW COMPUTE NODES, within "
                   "one kind and warehouse. MemLimit is printed from 3.3.4 on.",
    .rule = "warning: one has twice the cores or 1.5 times the memory of another; info: twice the disk space",
    .source = "our judgement",
    .avoid = "Nodes that leave are not compared, and while some leave a difference is told as info: data may be on its way "
             "to larger machines.",
    .see = "balance.tablet-skew query.skewed-execution",
    .fix = {
        { "Give containers equal limits; in shared-data put different sizes into different warehouses", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_cluster_nodes_below_replication = {
    .id = "cluster.nodes-below-replication",
    .title = "Fewer backends than replicas",
    .family = "be-availability",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .outage = true,
    .needs = { &srd_probe_backends },
    .wants = { &srd_probe_replication, &srd_probe_fe_config },
    .judge = judge_replication,
    .limits = "default_replication_num storage_usage_hard_limit_percent storage_usage_hard_limit_reserve_bytes",
    .why = "New partitions and repair need as many hosts with room as a table has replicas. Below that no partition can be "
           "created, dynamic ones included.",
    .measured_by = "SHOW BACKENDS: living backends on different hosts that do not leave and are below the hard limit; "
                   "partitions_meta: the highest REPLICATION_NUM in use",
    .rule = "critical: fewer hosts than replicas; warning: as many, while backends are away; info: as many, or fewer than "
            "default_replication_num",
    .source = "placement of replicas in the FE; issues 8092 and 4463",
    .avoid = "Three backends with three replicas is a usual layout. A backend that has been away for less than two minutes, or "
             "stops in order, counts as there.",
    .see = "balance.decommission-stuck storage.dynamic-partition-error cluster.be-down",
    .fix = {
        { "Add backends", "ALTER SYSTEM ADD BACKEND \"host:9050\";", SRD_SAFE },
        { "Keep fewer replicas of cold tables", NULL, SRD_RISKY },
    },
};
/* clang-format on */

const struct srd_check *const srd_cluster_fleet_checks[] = {
    &srd_cluster_version_mixed,
    &srd_cluster_hardware_uneven,
    &srd_cluster_nodes_below_replication,
    NULL,
};
