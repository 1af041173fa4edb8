/* Which root causes rest on what the transactions expert finds? */

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

/* clang-format off */
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
