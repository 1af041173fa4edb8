/* Which root causes rest on what the cluster expert finds? */

#include <string.h>

#include "experts/cluster/cluster.h"

static const char *field(const struct srd_finding *f, const char *name)
{
    for (size_t i = 0; i < SRD_MAX_FIELDS && f->fields[i].name; i++)
        if (!strcmp(f->fields[i].name, name))
            return f->fields[i].value;
    return "";
}

static enum srd_signal_state listed(const struct srd_results *results, bool idle)
{
    const struct srd_result *r = srd_results_get(results, "cluster.be-blacklisted");

    if (!r)
        return SRD_SIGNAL_UNKNOWN;
    for (size_t i = 0; i < r->finding_count; i++) {
        const struct srd_finding *f = r->findings[i];

        if (f->severity >= SRD_WARNING && !strcmp(field(f, "type"), "MANUAL") &&
            (!idle || !strcmp(field(f, "running_queries"), "0")))
            return SRD_SIGNAL_YES;
    }
    return r->verdict == SRD_CHECKED ? SRD_SIGNAL_NO : SRD_SIGNAL_UNKNOWN;
}

/* An old entry that a person made? */
static enum srd_signal_state is_listed_by_hand(const struct srd_results *results)
{
    return listed(results, false);
}

/* And the node has nothing to do? Otherwise some FE still sends it queries. */
static enum srd_signal_state is_idle(const struct srd_results *results)
{
    return listed(results, true);
}

/* Does an object store refuse requests because their time is wrong? It says so in the errors of
 * loads. */
static bool time_is_refused(const struct srd_result *r)
{
    for (size_t i = 0; r && i < r->finding_count; i++)
        if (strstr(r->findings[i]->message, "RequestTimeTooSkewed"))
            return true;
    return false;
}

/* Does somebody suffer from clocks that differ: a follower that is not let in, or an object store?
 */
static enum srd_signal_state time_matters(const struct srd_results *results)
{
    const struct srd_result *down = srd_results_get(results, "cluster.fe-down");

    if ((down && down->severity >= SRD_WARNING) ||
        time_is_refused(srd_results_get(results, "load.error-class")) ||
        time_is_refused(srd_results_get(results, "compaction.lake-job-errors")))
        return SRD_SIGNAL_YES;
    return !down || down->verdict == SRD_NOT_CHECKED ? SRD_SIGNAL_UNKNOWN : SRD_SIGNAL_NO;
}

/* How many of what a held lock holds up are seen, and how many could not be looked at? */
static enum srd_signal_state several_wait(const struct srd_results *results)
{
    static const struct {
        const char *check;
        size_t findings; /* so many: reports that one BE alone does not send are its own fault */
    } signs[] = {
        { "cluster.fe-thread-saturation", 1 },
        { "load.stuck", 1 },
        { "cluster.be-report-stale", 2 },
        { "alter.stuck", 1 },
        { "query.plan-time", 1 },
    };
    size_t seen = 0, unknown = 0;

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        const struct srd_result *r = srd_results_get(results, signs[i].check);

        if (r && r->severity >= SRD_WARNING && r->finding_count >= signs[i].findings)
            seen++;
        else if (r && r->verdict == SRD_NOT_CHECKED)
            unknown++;
    }
    if (seen >= 2)
        return SRD_SIGNAL_YES;
    return seen + unknown >= 2 ? SRD_SIGNAL_UNKNOWN : SRD_SIGNAL_NO;
}

/* clang-format off */
const struct srd_cause srd_cause_no_checkpoint = {
    .id = "RC-15",
    .title = "No image of the metadata is made, and the journal grows on its disk",
    .required = {
        { .check = "cluster.fe-checkpoint-overdue", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "cluster.fe-meta-disk-low", .level = SRD_WARNING, .aside = true, .words = "{measured}" },
    },
    .supporting = {
        { .check = "cluster.fe-down", .level = SRD_WARNING,
          .words = "an FE that is away cannot take an image, and the journal is kept for it: {measured}" },
        { .check = "memory.fe-heap-high", .level = SRD_WARNING, .words = "an image needs memory: {measured}" },
        { .check = "cluster.fe-journal-lag", .level = SRD_WARNING, .words = "{measured}" },
    },
    .contradicting = {
        { .check = "host.root-disk", .level = SRD_WARNING, .words = "logs and other files fill the disk: {measured}" },
    },
    .not_because = {
        { .check = "host.root-disk", .level = SRD_WARNING, .words = "a disk full of logs: {measured}" },
        { .check = "cluster.fe-lock-contention", .level = SRD_WARNING, .words = "an FE that waits for a lock: {measured}" },
    },
    .explains = "cluster.fe-journal-lag cluster.fe-meta-disk-low cluster.fe-editlog-write-slow",
    .steps = {
        { "now", { "look at the free space of meta_dir on all FEs", NULL, SRD_SAFE }, NULL },
        { "now", { "look for \"checkpoint\" in fe.log of the leader: what keeps it from making an image", NULL, SRD_SAFE }, NULL },
        { "then", { "bring FEs back that are away, or drop them: the journal is kept until all have the image", NULL, SRD_SAFE }, NULL },
        { "then", { "restart one follower at a time with more heap if memory is short; the leader last", NULL, SRD_RISKY }, NULL },
        { "later", { "have the age of the image and the free space of meta_dir watched", NULL, SRD_SAFE }, NULL },
    },
    .why = "The leader writes an image of the metadata every 50,000 journal entries; what came before can then be deleted. Without one the "
           "journal grows until its disk is full, and then no FE can write, and a restart replays all of it.",
};

const struct srd_cause srd_cause_clock_skew = {
    .id = "RC-16",
    .title = "Clocks differ: a frontend is not let in, or an object store refuses requests",
    .required = {
        { .check = "cluster.fe-clock-skew", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "cluster.fe-down", .level = SRD_WARNING, .test = time_matters, .words = "and somebody is turned away: {measured}" },
    },
    .supporting = {
        { .check = "cluster.fe-clock-skew", .level = SRD_CRITICAL, .words = "more than BDB JE admits" },
        { .check = "host.time-sync", .level = SRD_WARNING, .words = "{measured}" },
    },
    .not_because = {
        { .check = "cluster.fe-lock-contention", .level = SRD_WARNING, .words = "an FE that hangs: {measured}" },
        { .check = "cluster.version-mixed", .level = SRD_WARNING, .words = "an upgrade that stopped half-way: {measured}" },
    },
    .explains = "cluster.fe-down cluster.fe-quorum-risk cluster.heartbeat-error",
    .steps = {
        { "now", { "see on every node whether chrony or NTP runs and what it follows: chronyc tracking", NULL, SRD_SAFE }, NULL },
        { "now", { "let the clocks slew towards the true time; do not step that of the leader", NULL, SRD_SAFE }, NULL },
        { "then", { "start the FE that was turned away again, one at a time; its fe.log says \"Clock delta\"", NULL, SRD_SAFE }, NULL },
        { "later", { "have the offset of NTP watched on FEs, BEs and CNs", NULL, SRD_SAFE }, NULL },
    },
    .why = "BDB JE lets no follower in whose clock differs by more than max_bdbje_clock_delta_ms, and object stores refuse signatures that "
           "are minutes old. What runs goes on; what restarts does not come back.",
};

const struct srd_cause srd_cause_lock_holder = {
    .id = "RC-17",
    .title = "One holder of a lock blocks the FE, and everything waits behind it",
    .required = {
        { .check = "cluster.fe-lock-contention", .level = SRD_WARNING, .words = "{measured}" },
        { .test = several_wait, .words = "several things wait at once: threads, loads, reports of backends" },
    },
    .supporting = {
        { .check = "cluster.fe-thread-saturation", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "load.stuck", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "cluster.be-report-stale", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "txn.committed-not-visible", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "alter.stuck", .level = SRD_WARNING, .alternatives = "query.plan-time", .words = "{measured}" },
    },
    .contradicting = {
        { .check = "memory.fe-long-pause", .level = SRD_WARNING, .words = "the FE also stops for its garbage: {measured}" },
        { .check = "ingest.disk-io", .level = SRD_WARNING, .words = "a backend is busy as well: {measured}" },
    },
    .not_because = {
        { .check = "cluster.be-down", .level = SRD_WARNING, .words = "a node that is away: {measured}" },
        { .check = "memory.fe-long-pause", .level = SRD_WARNING, .words = "an FE that collects garbage: {measured}" },
    },
    .explains = "cluster.fe-thread-saturation load.stuck cluster.be-report-stale txn.committed-not-visible txn.next-version-gap "
                "alter.stuck query.plan-time txn.running-near-limit",
    .steps = {
        { "now", { "keep a jstack of the leading FE, and see who holds which lock",
                   "SELECT * FROM sys.fe_locks WHERE waiter_list NOT IN ('', '[]') ORDER BY hold_time_ms DESC;", SRD_SAFE }, NULL },
        { "now", { "find the statement of thread {thread}, and kill that query or cancel that DDL", "SHOW FULL PROCESSLIST;",
                   SRD_SAFE }, NULL },
        { "then", { "restart the leading FE if it is proven to be a deadlock", NULL, SRD_RISKY }, NULL },
        { "later", { "run such statements where nobody loads; look for a fix of the release (issues 33618, 56344)", NULL, SRD_SAFE }, NULL },
    },
    .why = "Planning, loads, reports and publishing take locks of databases and tables. One holder that does not let go stops all of them "
           "at once: everything hangs, and all nodes are alive and idle.",
};

const struct srd_cause srd_cause_forgotten_blacklist = {
    .id = "RC-34",
    .title = "A node is excluded by a forgotten blacklist entry",
    .required = {
        { .check = "cluster.be-blacklisted", .test = is_listed_by_hand, .words = "{measured}" },
        { .check = "cluster.be-blacklisted", .test = is_idle, .words = "it runs no query at this moment" },
    },
    .supporting = {
        { .check = "query.skewed-execution", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "cluster.be-cpu-saturated", .level = SRD_INFO, .words = "the others are busy: {measured}" },
    },
    .contradicting = {
        { .check = "storage.disk-offline", .level = SRD_WARNING,
          .words = "a disk has failed, which may be why it was listed: {measured}" },
    },
    .not_because = {
        { .check = "cluster.be-down", .level = SRD_WARNING, .words = "a dead node: {measured}" },
        { .check = "storage.disk-offline", .level = SRD_WARNING, .words = "a failed disk: {measured}" },
    },
    .explains = "query.skewed-execution",
    .steps = {
        { "now", { "ask who listed {node} and why: if it was slow then, repair it first and keep the entry", NULL, SRD_SAFE }, NULL },
        { "then", { "take it off the list of every FE (DELETE COMPUTE NODE BLACKLIST for a compute node)",
                    "DELETE BACKEND BLACKLIST {id};", SRD_SAFE }, NULL },
        { "later", { "look at the list after each maintenance", "SHOW BACKEND BLACKLIST;", SRD_SAFE }, NULL },
    },
    .why = "Somebody took a node out of service by hand and nobody took it back. The node costs as before, the others carry its "
           "part, and system tables that ask every BE fail on that FE.",
};
/* clang-format on */
