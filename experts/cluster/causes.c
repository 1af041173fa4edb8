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

/* clang-format off */
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
