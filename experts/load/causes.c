/* Which root causes do failing loads speak for? */

#include "experts/load/load.h"

/* clang-format off */
const struct srd_cause srd_cause_no_partition = {
    .id = "RC-26",
    .title = "Loads fail because the next partition could not be created",
    .required = {
        { .check = "storage.dynamic-partition-error", .level = SRD_WARNING, .alternatives = "storage.dynamic-partition-horizon",
          .words = "{measured}" },
        { .check = "load.error-class", .level = SRD_WARNING, .only = "class=partition", .alternatives = "load.filtered-rows",
          .words = "{measured}" },
    },
    .supporting = {
        { .check = "cluster.nodes-below-replication", .level = SRD_WARNING, .words = "too few nodes for new tablets: {measured}" },
        { .check = "storage.disk-soft-limit", .level = SRD_WARNING, .words = "new tablets find no room: {measured}" },
    },
    .contradicting = {
        { .check = "storage.quota", .level = SRD_WARNING, .words = "a quota stops new partitions: {measured}" },
    },
    .not_because = {
        { .check = "storage.quota", .level = SRD_WARNING, .words = "a quota of the database: {measured}" },
    },
    .explains = "load.job-failure-rate",
    .steps = {
        { "now", { "read what the scheduler says about {table}, and remove that cause", "SHOW DYNAMIC PARTITION TABLES FROM {database};",
                   SRD_SAFE }, "storage.dynamic-partition-error" },
        { "then", { "wait 10 minutes for the scheduler, or add the partition by hand",
                    "ALTER TABLE {table} ADD PARTITION <name> VALUES [(\"<from>\"), (\"<to>\"));", SRD_SAFE },
          "storage.dynamic-partition-error" },
        { "later", { "load the rejected rows again", NULL, SRD_SAFE }, NULL },
    },
    .why = "Dynamic partitioning makes tomorrow's partition today. When that fails nobody notices until midnight, when the first "
           "rows of the new day find no partition: loads fail, or drop them silently where max_filter_ratio lets them.",
};
/* clang-format on */
