/* Which BEs and CNs are dead, silent about their tablets, or unknown to the shard manager? */

#include <string.h>

#include "experts/cluster/cluster.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

struct losses {
    size_t nodes, dead, dead_backends, undated;
    const char *unsafe; /* a table whose replicas may all be on the dead ones; NULL */
    double unsafe_replicas;
    struct srd_limit tolerance; /* after it, repair begins */
};

/*
 * A node that says goodbye comes back or is taken away on purpose; only when it has been saying so
 * for longer than the cluster waits with repair is it missed.
 */
static bool is_leaving(const struct srd_node *n, const struct losses *l)
{
    return n->leaving ||
           (n->stopping && !(n->silent_known && (double)n->silent_ms > l->tolerance.value));
}

/*
 * Tables with as few replicas as there are dead backends. That some of their tablets are there is
 * sure enough when they have at least as many as the cluster has backends.
 */
static void find_unsafe(const struct srd_evidence *ev, struct losses *l)
{
    const struct srd_table *t = srd_replication_in_use(ev);

    for (size_t row = 0; t && row < t->rows; row++) {
        double replicas, tablets;

        if (!srd_cell_number(t, row, "REPLICATION_NUM", &replicas) ||
            !srd_cell_number(t, row, "TABLETS", &tablets) || replicas < 1 ||
            replicas > (double)l->dead_backends || tablets < (double)ev->cluster.backends)
            continue;
        l->unsafe = srd_cell_text(t, row, "EXAMPLE");
        l->unsafe_replicas = replicas;
        return;
    }
}

static struct losses count_losses(const struct srd_evidence *ev, const struct srd_nodes *nodes,
                                  struct srd_limit away)
{
    struct losses l = { .tolerance = srd_fe_config(ev, "tablet_sched_be_down_tolerate_time_s", 900,
                                                   SRD_UNIT_MS) };

    l.tolerance.value *= 1000; /* the configuration is in seconds */
    for (size_t i = 0; i < nodes->count; i++) {
        const struct srd_node *n = &nodes->items[i];

        if ((!n->alive && !n->seen) || n->leaving)
            continue; /* never took part, or is to go */
        l.nodes++;
        if (n->alive || is_leaving(n, &l))
            continue;
        l.undated += !n->silent_known;
        if (srd_cluster_gone(n, (int64_t)away.value) != SRD_GONE_YES)
            continue;
        l.dead++;
        l.dead_backends += n->kind == SRD_NODE_BE;
    }
    if (ev->cluster.mode == SRD_MODE_SHARED_NOTHING)
        find_unsafe(ev, &l);
    return l;
}

static void report_dead(const struct srd_evidence *ev, struct srd_findings *out,
                        const struct srd_node *n, const struct losses *l, struct srd_limit away)
{
    bool backend = n->kind == SRD_NODE_BE && ev->cluster.mode == SRD_MODE_SHARED_NOTHING;
    bool repaired = backend && (double)n->silent_ms > l->tolerance.value;
    bool many = 3 * l->dead >= l->nodes;
    const char *why = "";
    struct srd_finding *f;

    if (backend && l->unsafe)
        why = srd_arena_printf(out->arena,
                               "; %s and others keep %.0f replica%s, which may all be lost",
                               srd_cluster_excerpt(out->arena, l->unsafe), l->unsafe_replicas,
                               l->unsafe_replicas > 1 ? "s" : "");
    else if (many)
        why = srd_arena_printf(out->arena, "; %zu of %zu nodes are dead", l->dead, l->nodes);
    else if (repaired)
        why = "; its replicas are being cloned elsewhere";
    f = srd_cluster_finding(out, *why ? SRD_CRITICAL : SRD_WARNING, n,
                            "%s %s has not answered for %s%s", srd_node_kind_name(n->kind), n->name,
                            srd_text_duration(out->arena, n->silent_ms), why);
    srd_finding_value(f, (double)n->silent_ms, repaired ? l->tolerance : away);
    srd_finding_share(f, 1, (double)l->nodes);
}

static void judge_be_down(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_WORKERS);
    struct srd_limit away =
        srd_limit_catalogue(ev, "cluster.be-down", (double)SRD_MINUTE_MS, SRD_UNIT_MS);
    struct losses l = count_losses(ev, &nodes, away);

    if (!nodes.count) {
        srd_cannot_judge(out, SRD_NO_BACKEND, "the cluster has no BE and no CN");
        return;
    }
    for (size_t i = 0; i < nodes.count; i++) {
        const struct srd_node *n = &nodes.items[i];

        if (n->alive || is_leaving(n, &l))
            continue;
        if (!n->seen)
            srd_cluster_finding(out, SRD_INFO, n,
                                "%s %s is registered and has never answered: it is new, was not "
                                "started, or its address is wrong",
                                srd_node_kind_name(n->kind), n->name);
        else if (srd_cluster_gone(n, (int64_t)away.value) == SRD_GONE_YES)
            report_dead(ev, out, n, &l, away);
    }
    srd_measured(out, "%zu of %zu BEs and CNs are alive", l.nodes - l.dead, l.nodes);
    if (l.undated)
        srd_cannot_judge(out, SRD_FAILED, "since when %zu nodes are away is not known", l.undated);
}

/* The reports of tablets (shared-nothing). */

/* Printed inside a JSON text, in the zone of the table. */
static bool report_age_ms(const struct srd_evidence *ev, const struct srd_node *n,
                          struct srd_arena *arena, int64_t *age_ms)
{
    const char *text =
        srd_cell_json(n->table, n->row, "Status", "lastSuccessReportTabletsTime", arena);
    int64_t then;

    return text && n->table->zone_known && srd_time_parse(text, &then) &&
           srd_ago_ms(ev, then - n->table->zone_offset_s * INT64_C(1000), age_ms);
}

static void judge_report_stale(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_BE);
    struct srd_limit old = srd_limit_catalogue(ev, "cluster.be-report-stale",
                                               (double)(10 * SRD_MINUTE_MS), SRD_UNIT_MS);
    size_t alive = 0, undated = 0;
    int64_t oldest = 0, age;

    if (nodes.count && srd_column(nodes.items[0].table, "Status") == SRD_NO_COLUMN) {
        srd_cannot_judge(out, SRD_VERSION_ABSENT, "SHOW BACKENDS has no column Status");
        return;
    }
    for (size_t i = 0; i < nodes.count; i++) {
        const struct srd_node *n = &nodes.items[i];
        struct srd_finding *f;

        if (!n->alive)
            continue;
        alive++;
        if (!report_age_ms(ev, n, out->arena, &age)) {
            /* "N/A" until the first report, which a start delays by minutes */
            undated += !(n->up_known && (double)n->up_ms < old.value);
            continue;
        }
        oldest = age > oldest ? age : oldest;
        if ((double)age <= old.value)
            continue;
        f = srd_cluster_finding(out, age > SRD_HOUR_MS ? SRD_CRITICAL : SRD_WARNING, n,
                                "BE %s is alive and reported its tablets last %s ago", n->name,
                                srd_text_duration(out->arena, age));
        srd_finding_value(f, (double)age, old);
        srd_finding_share(f, 1, (double)nodes.count);
    }
    srd_measured(out, "the oldest report of tablets is %s old",
                 srd_text_duration(out->arena, oldest));
    if (!alive)
        srd_cannot_judge(out, SRD_NO_BACKEND, "no backend is alive");
    else if (undated)
        srd_cannot_judge(out, SRD_FAILED, "when %zu of %zu BEs reported last is not known", undated,
                         alive);
}

/* Workers of the shard manager (shared-data). */

/* The most tablets that another node of the same warehouse has. */
static double most_of_peers(const struct srd_nodes *nodes, const struct srd_node *n)
{
    double most = 0, tablets;

    for (size_t i = 0; i < nodes->count; i++) {
        const struct srd_node *other = &nodes->items[i];

        if (other != n && other->alive && other->kind == n->kind &&
            !strcmp(srd_cell_text(other->table, other->row, "WarehouseName"),
                    srd_cell_text(n->table, n->row, "WarehouseName")) &&
            srd_cell_number(other->table, other->row, "TabletNum", &tablets) && tablets > most)
            most = tablets;
    }
    return most;
}

/* The node lives and is not new: what does the shard manager know of it? */
static void judge_worker(struct srd_findings *out, const struct srd_nodes *nodes,
                         const struct srd_node *n, size_t alive)
{
    struct srd_limit none =
        srd_limit_catalogue(out->ev, "cluster.cn-registered-without-worker", 0, SRD_UNIT_COUNT);
    struct srd_finding *f = NULL;
    double worker, tablets, most;

    if (srd_cell_number(n->table, n->row, "WorkerId", &worker) && worker < 0)
        f = srd_cluster_finding(
            out, SRD_CRITICAL, n,
            "%s %s answers heartbeats, but the shard manager does not know it: it "
            "gets no tablets",
            srd_node_kind_name(n->kind), n->name);
    else if (n->up_ms >= 30 * SRD_MINUTE_MS && !n->leaving &&
             srd_cell_number(n->table, n->row, "TabletNum", &tablets) && tablets == 0 &&
             (most = most_of_peers(nodes, n)) > 100)
        f = srd_cluster_finding(
            out, SRD_WARNING, n,
            "%s %s has no tablets after %s, another node of its warehouse has %s",
            srd_node_kind_name(n->kind), n->name, srd_text_duration(out->arena, n->up_ms),
            srd_text_count(out->arena, most));
    if (!f)
        return;
    srd_finding_value(f, 0, none);
    srd_finding_share(f, 1, (double)alive);
}

static void judge_workers(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_WORKERS);
    size_t alive = 0, undated = 0, without = 0;

    for (size_t i = 0; i < nodes.count; i++)
        alive += nodes.items[i].alive;
    for (size_t i = 0; i < nodes.count; i++) {
        const struct srd_node *n = &nodes.items[i];

        if (!n->alive)
            continue;
        if (srd_column(n->table, "WorkerId") == SRD_NO_COLUMN) {
            srd_cannot_judge(out, SRD_VERSION_ABSENT, "there is no column WorkerId");
            return;
        }
        without += srd_column(n->table, "TabletNum") == SRD_NO_COLUMN;
        undated += !n->up_known;
        if (n->up_known && n->up_ms >= 5 * SRD_MINUTE_MS)
            judge_worker(out, &nodes, n, alive);
    }
    srd_measured(out, "%zu living nodes were compared with the shard manager", alive);
    if (!alive)
        srd_cannot_judge(out, SRD_NO_BACKEND, "no CN is alive");
    else if (undated)
        srd_cannot_judge(out, SRD_FAILED, "since when %zu nodes run is not known", undated);
    else if (without)
        srd_cannot_judge(out, SRD_VERSION_ABSENT, "SHOW COMPUTE NODES has no column TabletNum");
}

/* clang-format off */
const struct srd_check srd_cluster_be_down = {
    .id = "cluster.be-down",
    .title = "BE or CN does not answer",
    .family = "be-availability",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends, &srd_probe_compute_nodes },
    .wants = { &srd_probe_fe_config, &srd_probe_replication },
    .judge = judge_be_down,
    .limits = ". tablet_sched_be_down_tolerate_time_s",
    .why = "In shared-nothing the replicas on it are missing, and after a while they are cloned elsewhere, which loads disks "
           "and network. In shared-data its CPU, memory and cache are missing.",
    .measured_by = "SHOW BACKENDS and SHOW COMPUTE NODES: Alive, age of LastHeartbeat, StatusCode; partitions_meta for the "
                   "fewest replicas that tables keep",
    .rule = "warning: away for 60 s; critical: a third of the nodes or more are dead, or (shared-nothing) as many backends as "
            "some tables have replicas, when these have at least as many tablets as there are backends, or one is away for "
            "longer than tablet_sched_be_down_tolerate_time_s (900 s), so that repair has begun",
    .source = "tablet_sched_be_down_tolerate_time_s of the cluster; a third is our judgement",
    .avoid = "Nodes that are being decommissioned, and those that stop in order (StatusCode SHUTDOWN, from 3.4 on), are not "
             "missed. One that has never answered is told as info: it may have been added a moment ago.",
    .see = "cluster.heartbeat-error storage.tablet-unhealthy storage.tablet-no-healthy-replica balance.clone-backlog "
           "memory.be-oom-suspected load.routine-paused",
    .fix = {
        { "Look at be.out (stack), be.WARNING, the kernel log (OOM kill) and the disks of {node}; then restart it", NULL, SRD_SAFE },
        { "Before planned work of more than 15 minutes let repair wait, and set it back afterwards",
          "ADMIN SET FRONTEND CONFIG (\"tablet_sched_be_down_tolerate_time_s\" = \"7200\");", SRD_SAFE },
    },
};

const struct srd_check srd_cluster_be_report_stale = {
    .id = "cluster.be-report-stale",
    .title = "BE stopped reporting its tablets",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends },
    .judge = judge_report_stale,
    .limits = ".",
    .why = "The leader learns versions, sizes and errors of replicas from these reports. Without them repair, statistics "
           "and capacity stand still while the BE looks alive.",
    .measured_by = "SHOW BACKENDS: lastSuccessReportTabletsTime in Status, by the clock of the cluster",
    .rule = "warning: older than 10 minutes; critical: older than an hour; living backends only",
    .source = "report_tablet_interval_seconds of the BE (60); the factors are our judgement",
    .avoid = "\"N/A\" in the first minutes after a start. In shared-data nothing is reported this way.",
    .see = "cluster.fe-thread-saturation storage.tablet-unhealthy",
    .fix = {
        { "Look at the report queue and the locks of the leader first (cluster.fe-thread-saturation, "
          "cluster.fe-lock-contention), then at \"report\" in the log of {node}", NULL, SRD_SAFE },
        { "Restart the BE last", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_cluster_cn_registered_without_worker = {
    .id = "cluster.cn-registered-without-worker",
    .title = "Node unknown to the shard manager",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends, &srd_probe_compute_nodes },
    .judge = judge_workers,
    .limits = ".",
    .why = "A node can answer heartbeats and yet be unknown to the shard manager: it gets no tablets, and queries that "
           "choose it fail.",
    .measured_by = "SHOW COMPUTE NODES and SHOW BACKENDS: WorkerId, TabletNum, WarehouseName and LastStartTime",
    .rule = "critical: alive, up for 5 minutes and WorkerId below 0; warning: no tablets after 30 minutes while another node "
            "of its warehouse has more than 100",
    .source = "the FE prints -1 when the shard manager has no worker of that address; the times are our judgement",
    .avoid = "Nodes that were just added or leave. TabletNum is there from 3.2.5 on.",
    .see = "balance.lake-shard-skew resource.warehouse-no-nodes",
    .fix = {
        { "See that starlet_port (9070) of {node} can be reached from the leader", NULL, SRD_SAFE },
        { "Restart the CN", NULL, SRD_SAFE },
        { "Drop it and add it again", "ALTER SYSTEM DROP COMPUTE NODE \"{address}\"; ALTER SYSTEM ADD COMPUTE NODE \"{address}\";",
          SRD_RISKY },
    },
};
/* clang-format on */

const struct srd_check *const srd_cluster_backends_checks[] = {
    &srd_cluster_be_down,
    &srd_cluster_be_report_stale,
    &srd_cluster_cn_registered_without_worker,
    NULL,
};
