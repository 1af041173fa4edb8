/* Which root causes rest on what the transactions expert finds? */

#include <stdlib.h>
#include <string.h>

#include "experts/transactions/transactions.h"

static const char *field(const struct srd_finding *f, const char *name)
{
    for (size_t i = 0; i < SRD_MAX_FIELDS && f->fields[i].name; i++)
        if (!strcmp(f->fields[i].name, name))
            return f->fields[i].value;
    return "";
}

/* Is the gap nobody's? Its finding says that no committed transaction is left. */
static enum srd_signal_state is_orphan(const struct srd_results *results)
{
    const struct srd_result *r = srd_results_get(results, "txn.next-version-gap");

    if (!r)
        return SRD_SIGNAL_UNKNOWN;
    for (size_t i = 0; i < r->finding_count; i++)
        if (!strcmp(field(r->findings[i], "owner"), "none"))
            return SRD_SIGNAL_YES;
    return r->verdict == SRD_CHECKED ? SRD_SIGNAL_NO : SRD_SIGNAL_UNKNOWN;
}

/* Do committed transactions of the very database wait? Those of others say nothing. */
static enum srd_signal_state others_wait(const struct srd_results *results)
{
    const struct srd_result *gap = srd_results_get(results, "txn.next-version-gap");
    const struct srd_result *late = srd_results_get(results, "txn.committed-not-visible");

    if (!gap || !late)
        return SRD_SIGNAL_UNKNOWN;
    for (size_t i = 0; i < gap->finding_count; i++)
        for (size_t k = 0; k < late->finding_count; k++)
            if (!strcmp(field(gap->findings[i], "owner"), "none") &&
                !strcmp(field(gap->findings[i], "database"), field(late->findings[k], "database")))
                return SRD_SIGNAL_YES;
    return late->verdict == SRD_CHECKED ? SRD_SIGNAL_NO : SRD_SIGNAL_UNKNOWN;
}

/* Do @percent half or more of the running transactions of a database near its limit? */
static enum srd_signal_state most_are(const struct srd_results *results, const char *percent)
{
    const struct srd_result *r = srd_results_get(results, "txn.running-near-limit");
    enum srd_signal_state state = SRD_SIGNAL_NO;

    if (!r)
        return SRD_SIGNAL_UNKNOWN;
    for (size_t i = 0; i < r->finding_count; i++) {
        const char *text = field(r->findings[i], percent);
        char *end;
        double part = strtod(text, &end);

        if (end == text) /* "unknown": its list could not be read */
            state = SRD_SIGNAL_UNKNOWN;
        else if (part >= 50)
            return SRD_SIGNAL_YES;
    }
    return r->verdict == SRD_NOT_CHECKED ? SRD_SIGNAL_UNKNOWN : state;
}

static enum srd_signal_state most_are_committed(const struct srd_results *results)
{
    return most_are(results, "committed_percent");
}

static enum srd_signal_state most_are_writing(const struct srd_results *results)
{
    return most_are(results, "prepare_percent");
}

static enum srd_signal_state most_are_prepared(const struct srd_results *results)
{
    return most_are(results, "prepared_percent");
}

/* clang-format off */
const struct srd_cause srd_cause_publish_bottleneck = {
    .id = "RC-03",
    .title = "Publishing is the bottleneck: committed transactions fill the limit",
    .required = {
        { .check = "txn.running-near-limit", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "txn.running-near-limit", .test = most_are_committed, .words = "half of them or more are COMMITTED" },
    },
    .supporting = {
        { .check = "txn.committed-not-visible", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "txn.publish-queue", .level = SRD_WARNING, .alternatives = "txn.publish-latency-high", .words = "{measured}" },
        { .check = "cluster.be-cpu-saturated", .level = SRD_INFO, .words = "{measured}" },
    },
    .contradicting = {
        { .check = "cluster.fe-lock-contention", .level = SRD_WARNING,
          .words = "the FE waits for a lock, which holds up publishing as well: {measured}" },
        { .check = "cluster.be-down", .level = SRD_WARNING, .words = "a backend is away, whose part cannot be published: {measured}" },
    },
    .not_because = {
        { .test = most_are_writing, .words = "too many loads at a time: fewer than half of the transactions are still writing (PREPARE)" },
        { .test = most_are_prepared, .words = "clients that do not come back: fewer than half are PREPARED" },
        { .check = "cluster.fe-lock-contention", .level = SRD_WARNING, .words = "a lock of the FE: {measured}" },
    },
    .explains = "txn.committed-not-visible txn.next-version-gap load.stuck txn.publish-queue txn.publish-latency-high",
    .steps = {
        { "now", { "halve the number of loads into {database} that run at a time", NULL, SRD_SAFE }, NULL },
        { "now", { "see which backend the oldest COMMITTED transactions wait for: their ErrMsg names it",
                   "SHOW PROC '/transactions/{database_id}/running';", SRD_SAFE }, NULL },
        { "then", { "look at the publish threads, the applies of primary key tables and the disks of that backend; COMMITTED then "
                    "falls in the order of the commits", NULL, SRD_SAFE }, NULL },
        { "then", { "do not restart the leader: all publish tasks are then sent again", NULL, SRD_RISKY }, NULL },
        { "later", { "fewer tablets per load: fewer buckets, and loads that do not touch every partition", NULL, SRD_SAFE }, NULL },
    },
    .why = "A transaction counts until its versions are visible on a quorum of replicas. When one backend or the FE publishes more "
           "slowly than loads commit, COMMITTED ones fill the limit of the database and new loads are refused.",
};

const struct srd_cause srd_cause_orphan_gap = {
    .id = "RC-28",
    .title = "A version was promised by a transaction that no longer exists",
    .required = {
        { .check = "txn.next-version-gap", .level = SRD_CRITICAL, .words = "{measured}" },
        { .check = "txn.next-version-gap", .test = is_orphan, .words = "no committed transaction of the database is left" },
    },
    .supporting = {
        { .check = "alter.waiting-txn", .level = SRD_WARNING, .words = "{measured}" },
        { .check = "backup.restore-unfinished", .level = SRD_WARNING, .words = "{measured}" },
    },
    .contradicting = {
        { .check = "txn.committed-not-visible", .test = others_wait,
          .words = "committed transactions of that database wait as well: {measured}" },
    },
    .not_because = {
        { .check = "txn.committed-not-visible", .level = SRD_WARNING, .words = "publishing that is slow: {measured}" },
        { .check = "cluster.be-down", .level = SRD_WARNING, .words = "a backend that is away: {measured}" },
    },
    .explains = "alter.waiting-txn alter.stuck",
    .steps = {
        { "now", { "keep fe.log and the audit log of the hour in which it began; look for ADMIN SET ... VERSION, a restore or a "
                   "replication job of {table}", NULL, SRD_SAFE }, NULL },
        { "now", { "see what the partition says", "SHOW PARTITIONS FROM {table};", SRD_SAFE }, NULL },
        { "then", { "have the vendor decide which version is to be set: what the missing versions held is given up", NULL,
                    SRD_RISKY }, NULL },
        { "later", { "never set versions while transactions run (issue 79427)", NULL, SRD_SAFE }, NULL },
    },
    .why = "Versions of a partition become visible in their order. When the transaction behind one is lost, by a forced version, "
           "a restore or a defect, everything behind it waits for ever: loads succeed and their data never appears.",
};
/* clang-format on */
