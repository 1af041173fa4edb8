/* Does something inside the frontends hold everybody up: a lock, threads, missing images, safe
 * mode? */

#include <string.h>

#include "experts/cluster/cluster.h"
#include "lib/base/text.h"

/* Locks. */

#define MAX_LOCKS 20

static void judge_locks(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *locks = srd_evidence_get(ev, &srd_probe_fe_locks, NULL);
    struct srd_limit slow = srd_fe_config(ev, "slow_lock_threshold_ms", 3000, SRD_UNIT_MS);
    struct srd_limit long_held =
        srd_limit_catalogue(ev, "cluster.fe-lock-contention", 60000, SRD_UNIT_MS);
    size_t found = 0;

    for (size_t row = 0; row < locks->rows && found < MAX_LOCKS; row++) {
        const char *object = srd_cell_text(locks, row, "lock_object");
        const char *thread = srd_cell_json(locks, row, "thread_info", "threadName", out->arena);
        bool critical;
        struct srd_finding *f;
        double ms;

        /* the probe leaves out what nobody waits for */
        if (!srd_cell_number(locks, row, "hold_time_ms", &ms) || ms <= slow.value)
            continue;
        found++;
        critical = ms > long_held.value;
        f = srd_finding_add(out, critical ? SRD_CRITICAL : SRD_WARNING, "lock",
                            srd_cluster_excerpt(out->arena, object),
                            "%s holds the %s lock of %s for %s while others wait",
                            thread ? srd_cluster_excerpt(out->arena, thread) : "a thread",
                            srd_cell_text(locks, row, "lock_mode"),
                            srd_cluster_excerpt(out->arena, object),
                            srd_text_duration(out->arena, (int64_t)ms));
        srd_finding_value(f, ms, critical ? long_held : slow);
        srd_finding_field(out, f, "thread", thread ? thread : "");
        srd_finding_row(f, &srd_probe_fe_locks, locks, row);
    }
    srd_measured(out, "nobody waits for a lock that is held for %s",
                 srd_text_duration(out->arena, (int64_t)slow.value));
}

/* Threads. */

/* A figure of SHOW PROC '/monitor/jvm'. */
static bool jvm_figure(const struct srd_table *jvm, const char *name, double *out, size_t *at)
{
    for (size_t row = 0; row < jvm->rows; row++)
        if (srd_cell_is(jvm, row, "Name", name)) {
            *at = row;
            return srd_cell_number(jvm, row, "Value", out);
        }
    return false;
}

static void judge_all_threads(struct srd_findings *out)
{
    const struct srd_table *jvm = srd_evidence_get(out->ev, &srd_probe_fe_jvm, NULL);
    struct srd_limit limit =
        srd_limit_catalogue(out->ev, "cluster.fe-thread-saturation.all", 3000, SRD_UNIT_COUNT);
    struct srd_finding *f;
    double threads;
    size_t row;

    if (!jvm_figure(jvm, "threads count", &threads, &row)) {
        srd_cannot_judge(out, SRD_VERSION_ABSENT, "SHOW PROC '/monitor/jvm' has no threads count");
        return;
    }
    if (threads <= limit.value)
        return;
    f = srd_finding_add(out, SRD_WARNING, "frontend",
                        *out->ev->cluster.leader ? out->ev->cluster.leader : "leader",
                        "the leading FE has %s threads", srd_text_count(out->arena, threads));
    srd_finding_value(f, threads, limit);
    srd_finding_row(f, &srd_probe_fe_jvm, jvm, row);
}

/* Worker threads of the RPC server that are busy or wait inside a request: idle ones do not count.
 */
static bool judge_pool(struct srd_findings *out, const struct srd_table *gauges,
                       const struct srd_node *fe, double *highest)
{
    struct srd_limit most =
        srd_fe_config(out->ev, "thrift_server_max_worker_threads", 4096, SRD_UNIT_COUNT);
    struct srd_limit part =
        srd_limit_catalogue(out->ev, "cluster.fe-thread-saturation", 75, SRD_UNIT_PERCENT);
    struct srd_finding *f;
    double active, percent;
    size_t row;

    if (!srd_cluster_gauge(gauges, out->arena, srd_cell_text(fe->table, fe->row, "Name"),
                           "thread_pool", "type", "active_thread_num", &active, &row) ||
        most.value <= 0)
        return false;
    percent = 100 * active / most.value;
    *highest = percent > *highest ? percent : *highest;
    if (percent <= part.value)
        return true;
    f = srd_cluster_finding(out, percent >= 95 ? SRD_CRITICAL : SRD_WARNING, fe,
                            "%s of %s RPC threads of FE %s are in use",
                            srd_text_count(out->arena, active),
                            srd_text_count(out->arena, most.value), fe->name);
    srd_finding_value(f, percent, part);
    srd_finding_row(f, &srd_probe_fe_gauges, gauges, row);
    return true;
}

static void judge_reports(struct srd_findings *out, const struct srd_table *gauges,
                          const struct srd_node *fe)
{
    struct srd_limit room = srd_fe_config(out->ev, "report_queue_size", 100, SRD_UNIT_COUNT);
    struct srd_finding *f;
    double waiting;
    size_t row;

    if (!srd_cluster_gauge(gauges, out->arena, srd_cell_text(fe->table, fe->row, "Name"),
                           "report_queue_size", NULL, NULL, &waiting, &row) ||
        room.value <= 0 || waiting < 0.8 * room.value)
        return;
    f = srd_cluster_finding(
        out, SRD_INFO, fe,
        "%s of %s places in the report queue of FE %s are taken; whether it stays "
        "so needs a second look",
        srd_text_count(out->arena, waiting), srd_text_count(out->arena, room.value), fe->name);
    srd_finding_value(f, waiting, room);
    srd_finding_row(f, &srd_probe_fe_gauges, gauges, row);
}

static void judge_threads(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *gauges = srd_evidence_get(ev, &srd_probe_fe_gauges, NULL);
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_FE);
    size_t read = 0, alive = 0;
    double highest = 0;

    judge_all_threads(out);
    if (srd_cluster_missing(ev, out, &srd_probe_fe_gauges))
        return;
    for (size_t i = 0; i < nodes.count; i++) {
        if (!nodes.items[i].alive)
            continue;
        alive++;
        read += judge_pool(out, gauges, &nodes.items[i], &highest);
        judge_reports(out, gauges, &nodes.items[i]);
    }
    srd_measured(out, "at most %.0f %% of the RPC threads of an FE are in use", highest);
    if (read < alive)
        srd_cannot_judge(out, SRD_FAILED, "the RPC threads of %zu of %zu FEs are not known",
                         alive - read, alive);
}

/* Images. */

static void judge_checkpoint(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *gauges = srd_evidence_get(ev, &srd_probe_fe_gauges, NULL);
    const struct srd_table *fe = srd_evidence_get(ev, &srd_probe_frontends, NULL);
    struct srd_limit many =
        srd_limit_catalogue(ev, "cluster.fe-checkpoint-overdue", 100000, SRD_UNIT_COUNT);
    struct srd_limit roll = srd_fe_config(ev, "edit_log_roll_num", 50000, SRD_UNIT_COUNT);
    size_t leader = srd_cluster_leader_row(fe), row;
    struct srd_finding *f;
    double entries;
    bool lasting;

    if (leader == SRD_NO_COLUMN) {
        srd_cannot_judge(out, SRD_FAILED, "no FE leads; the leader makes the images");
        return;
    }
    if (!srd_cluster_gauge(gauges, out->arena, srd_cell_text(fe, leader, "Name"), "meta_log_count",
                           NULL, NULL, &entries, &row)) {
        srd_cannot_judge(out, SRD_FAILED, "the leader's metrics have no meta_log_count");
        return;
    }
    srd_measured(out, "%s journal entries since the last image",
                 srd_text_count(out->arena, entries));
    if (entries <= many.value)
        return;
    lasting = entries > 3 * roll.value;
    f = srd_finding_add(out, lasting ? SRD_WARNING : SRD_INFO, "cluster", "cluster",
                        "%s journal entries since the last image%s",
                        srd_text_count(out->arena, entries),
                        lasting ? "" : "; a burst of loads may do that for minutes");
    srd_finding_value(f, entries, many);
    srd_finding_row(f, &srd_probe_fe_gauges, gauges, row);
}

/* Safe mode. */

static void judge_safe_mode(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *gauges = srd_evidence_get(ev, &srd_probe_fe_gauges, NULL);
    struct srd_limit enabled = srd_fe_config(ev, "enable_safe_mode", 0, SRD_UNIT_BOOL);
    struct srd_limit off = srd_limit_catalogue(ev, "cluster.safe-mode-active", 0, SRD_UNIT_COUNT);
    size_t known = 0;
    double on;

    for (size_t row = 0; gauges && row < gauges->rows; row++) {
        struct srd_finding *f;

        if (!srd_cell_is(gauges, row, "NAME", "safe_mode") ||
            !srd_cell_number(gauges, row, "VALUE", &on))
            continue;
        known++;
        if (on <= off.value || out->count)
            continue;
        f = srd_finding_add(out, SRD_CRITICAL, "cluster", "cluster",
                            "safe mode is on: loads are aborted and refused until a disk has room");
        srd_finding_value(f, on, off);
        srd_finding_row(f, &srd_probe_fe_gauges, gauges, row);
    }
    if (known) {
        srd_measured(out, "safe mode is off");
        return;
    }
    if (srd_fe_config_text(ev, "enable_safe_mode") && enabled.value == 0) {
        srd_measured(out, "safe mode is not enabled");
        return;
    }
    if (!srd_cluster_missing(ev, out, &srd_probe_fe_gauges))
        srd_cannot_judge(out, SRD_VERSION_ABSENT, "the FE's metrics have no safe_mode");
}

/* clang-format off */
const struct srd_check srd_cluster_fe_lock_contention = {
    .id = "cluster.fe-lock-contention",
    .title = "Threads wait for a lock of the FE",
    .family = "fe-stall",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_fe_locks },
    .wants = { &srd_probe_fe_config },
    .judge = judge_locks,
    .limits = ". slow_lock_threshold_ms",
    .why = "A lock of a database or table that is held for long holds up planning, loads, reports and publishing at once: "
           "everything hangs, and all nodes are alive.",
    .measured_by = "sys.fe_locks of the leading FE (3.2.3 and later): hold_time_ms of locks with a waiter_list",
    .rule = "warning: held for longer than slow_lock_threshold_ms (3 s) while others wait; critical: for more than 60 s",
    .source = "slow_lock_threshold_ms of the cluster; 60 s are our judgement; issues 33618 and 56344",
    .avoid = "Locks that nobody waits for, readers that share one among them, and the statement that asks. Locks of the "
             "other FEs are not looked at.",
    .see = "cluster.fe-thread-saturation alter.stuck txn.committed-not-visible",
    .fix = {
        { "Find the statement of the thread that holds it and kill that query or cancel that DDL; keep a jstack of the FE",
          NULL, SRD_SAFE },
        { "Restart the FE if it is proven to be a deadlock", NULL, SRD_RISKY },
    },
};

const struct srd_check srd_cluster_fe_thread_saturation = {
    .id = "cluster.fe-thread-saturation",
    .title = "FE runs out of threads",
    .family = "fe-stall",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_frontends, &srd_probe_fe_jvm },
    .wants = { &srd_probe_fe_gauges, &srd_probe_fe_config },
    .judge = judge_threads,
    .limits = ". .all report_queue_size thrift_server_max_worker_threads",
    .why = "RPC threads of an FE serve reports, commits and system tables. At the limit new loads time out while the CPU is "
           "idle.",
    .measured_by = "information_schema.fe_metrics: threads of thrift-server-pool that are active and report_queue_size, of each "
                   "FE; SHOW PROC '/monitor/jvm': all threads of the leader",
    .rule = "warning: more than 75 % of thrift_server_max_worker_threads, or more than 3,000 threads; critical: 95 % or more. "
            "info: the report queue is filled to 80 %, which is a warning only when it stays so.",
    .source = "thrift_server_max_worker_threads and report_queue_size of the cluster; 3,000 from the documentation of alerts",
    .avoid = "Threads of the pool that wait for work are not counted.",
    .see = "cluster.fe-lock-contention load.small-frequent",
    .fix = {
        { "Find with jstack what they wait for: mostly a lock (cluster.fe-lock-contention) or a dead BE. A higher limit only "
          "hides it", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_cluster_fe_checkpoint_overdue = {
    .id = "cluster.fe-checkpoint-overdue",
    .title = "No image of the metadata",
    .family = "fe-meta",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_frontends, &srd_probe_fe_gauges },
    .wants = { &srd_probe_fe_config },
    .judge = judge_checkpoint,
    .limits = ". edit_log_roll_num",
    .why = "Without images the journal grows: a restart takes hours, and BDB fills the disk of the metadata.",
    .measured_by = "information_schema.fe_metrics: meta_log_count of the leader, which is the last journal id less that of the "
                   "last image",
    .rule = "warning: more than 100,000 and more than three times edit_log_roll_num (50,000); info: more than 100,000. That "
            "it grows, or that no image was written for a day, needs stored runs and would be critical.",
    .source = "documentation of alerts (100,000); edit_log_roll_num of the cluster; issue 57387",
    .avoid = "Bursts of loads pass 100,000 for some minutes, hence the info below three rolls.",
    .see = "memory.fe-heap-high cluster.fe-meta-disk-low cluster.fe-down",
    .fix = {
        { "Find out why first: heap of the leader (an image needs about a second copy of the metadata), \"checkpoint\" errors "
          "in fe.log, a follower that cannot take the image", NULL, SRD_SAFE },
        { "Have one made, where the release knows the statement", "ALTER SYSTEM CREATE IMAGE;", SRD_SAFE },
        { "Raise -Xmx, restart the followers and then the leader", NULL, SRD_RISKY },
    },
};

const struct srd_check srd_cluster_safe_mode_active = {
    .id = "cluster.safe-mode-active",
    .title = "Safe mode refuses loads",
    .worst = SRD_CRITICAL,
    .outage = true,
    .wants = { &srd_probe_fe_gauges, &srd_probe_fe_config },
    .judge = judge_safe_mode,
    .limits = ". enable_safe_mode",
    .why = "While a disk is nearly full the FE aborts all running transactions and refuses new loads, if safe mode is enabled.",
    .measured_by = "information_schema.fe_metrics: safe_mode of each FE; without metrics enable_safe_mode of the leader, which "
                   "rules it out when it is false",
    .rule = "critical: it is on",
    .source = "it begins when a disk has less than the smaller of 10 % and 50 GiB left; enable_safe_mode (false)",
    .avoid = "The metric is there with 0 when all is well.",
    .see = "storage.disk-hard-limit",
    .fix = {
        { "Free space on the fullest disk (storage.disk-hard-limit), let trash expire sooner", NULL, SRD_SAFE },
        { "Switched off, it lets the disk fill", "ADMIN SET FRONTEND CONFIG (\"enable_safe_mode\" = \"false\");", SRD_RISKY },
    },
};
/* clang-format on */

const struct srd_check *const srd_cluster_stalls_checks[] = {
    &srd_cluster_fe_checkpoint_overdue,
    &srd_cluster_fe_lock_contention,
    &srd_cluster_fe_thread_saturation,
    &srd_cluster_safe_mode_active,
    NULL,
};
