/* Which compaction questions cannot be answered from one look at the cluster yet, and why? */

#include "experts/compaction/compaction.h"

/* clang-format off */
const struct srd_check srd_compaction_not_progressing = {
    .id = "compaction.not-progressing",
    .title = "Compaction finishes nothing",
    .family = "versions",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "There are tablets to compact and no compaction ends: it is switched off, fails, or waits for a lock.",
    .measured_by = "engine_requests_total of base, cumulative and update compaction, running and waiting tasks, and "
                   "be_compactions CANDIDATES_NUM of each BE, in two samples at least 5 minutes apart",
    .rule = "critical: candidates, a score above 100 or rowsets above 50 % of the limit, and no task finished on a BE within 10 "
            "minutes; warning: one base compaction runs for more than 2 hours",
    .source = "our judgement; issue #56344",
    .avoid = "A single long base compaction is progress: running_base_compaction_task_num tells it.",
    .see = "compaction.disabled compaction.failures memory.be-process cluster.fe-lock-contention",
    .fix = {
        { "See whether it is switched off (compaction.disabled) or fails (compaction.failures)", NULL, SRD_SAFE },
        { "Look at the memory of the BE, which limits compaction, and at its log", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_compaction_failures = {
    .id = "compaction.failures",
    .title = "Compaction fails",
    .family = NULL,
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "A tablet whose compaction fails again and again keeps all its versions, until it refuses loads.",
    .measured_by = "engine_requests_total of the compaction types with status failed, two samples; the message is in the log of "
                   "the BE, the times of the last failure at /api/compaction/show",
    .rule = "warning: more than 3 failures a minute for 5 minutes on a BE; critical: one tablet failed 5 times and has rowsets "
            "above 50 % of the limit",
    .source = "StarRocks' alert rules (more than 3 a minute); min_cumulative_compaction_failure_interval_sec (30)",
    .avoid = "\"No suitable version\" is not a failure.",
    .see = "storage.tablet-error-state memory.be-tracker compaction.version-count",
    .fix = {
        { "By the message: memory (memory.be-tracker), disk (storage.disk-offline)", NULL, SRD_SAFE },
        { "A corrupt replica, while at least two others are healthy: mark it bad, so that it is cloned anew",
          "ADMIN SET REPLICA STATUS PROPERTIES (\"tablet_id\" = \"<tablet>\", \"backend_id\" = \"<backend>\", \"status\" = \"bad\");",
          SRD_RISKY },
    },
};

const struct srd_check srd_compaction_threads_saturated = {
    .id = "compaction.threads-saturated",
    .title = "All threads of compaction are busy",
    .family = "versions",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_WARNING,
    .kind = SRD_DELTA,
    .why = "With every slot in use for long the backlog grows; for some minutes that is what slots are for.",
    .measured_by = "be_compactions BASE_ and CUMULATIVE_COMPACTION_CONCURRENCY and CANDIDATES_NUM in three samples over 10 "
                   "minutes; the limit is threads per disk times disks, and max_compaction_concurrency. "
                   "srdiag compaction status shows the present numbers.",
    .rule = "warning: at the limit in three samples over 10 minutes while the candidates become more",
    .source = "cumulative_ and base_compaction_num_threads_per_disk (1 each), max_compaction_concurrency (-1) of the BE",
    .avoid = "One look cannot tell a busy moment from a backlog.",
    .see = "compaction.score-high cluster.be-cpu-saturated ingest.disk-io",
    .fix = {
        { "With CPU below 60 % and disks below 70 %: more threads per disk in be.conf, and a rolling restart", NULL, SRD_RISKY },
        { "Otherwise load larger batches less often", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_compaction_delete_predicate_pileup = {
    .id = "compaction.delete-predicate-pileup",
    .title = "DELETE statements pile up",
    .family = "versions",
    .worst = SRD_CRITICAL,
    .kind = SRD_LOG,
    .why = "Each DELETE on a table without primary key adds a version with a condition, which every read evaluates and only base "
           "compaction removes.",
    .measured_by = "DELETE statements per table and hour in the audit log; in be_tablets the size per rowset of tablets with more than "
                   "100, which single-row inserts make as small as deletes do",
    .rule = "warning: more than 100 DELETEs a day on a table without primary key, or less than 10 KB per rowset; critical: "
            "together with compaction.version-count",
    .source = "the code (base compaction is forced from tablet_max_versions / 10 conditions on); the documentation (5 s "
              "between deletes); public advice (0.01 MB per rowset)",
    .avoid = "Primary key tables delete by key.",
    .see = "compaction.version-count",
    .fix = {
        { "Drop partitions instead of rows", NULL, SRD_SAFE },
        { "Put the conditions of many deletes into one (IN, a range)", NULL, SRD_SAFE },
        { "Make it a primary key table", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_compaction_later_checks[] = {
    &srd_compaction_not_progressing,
    &srd_compaction_failures,
    &srd_compaction_threads_saturated,
    &srd_compaction_delete_predicate_pileup,
    NULL,
};
