/* Shared-nothing: how far behind is each BE, by its own figures? */

#include "experts/compaction/compaction.h"
#include "lib/base/text.h"

static const char *count(struct srd_findings *out, double n)
{
    return srd_text_count(out->arena, n);
}

/* Says how many living backends did not answer, when that is not all of them. */
static void says_silent(const struct srd_evidence *ev, struct srd_findings *out,
                        const struct srd_table *m, size_t known)
{
    if (known < ev->cluster.backends_alive)
        srd_cannot_judge(out,
                         m->rows < ev->cluster.backends_alive ? SRD_FAILED : SRD_VERSION_ABSENT,
                         "%zu of %zu living backends say it in their metrics", known,
                         ev->cluster.backends_alive);
}

static void backend_finding(const struct srd_evidence *ev, struct srd_findings *out,
                            enum srd_severity level, const struct srd_table *m, size_t row,
                            const char *message, double value, struct srd_limit limit)
{
    const char *id = srd_cell(m, row, "BE_ID"), *name = srd_compaction_node(ev, out->arena, id);
    struct srd_finding *f = srd_finding_add(out, level, "backend", name, "%s %s", name, message);

    srd_finding_value(f, value, limit);
    srd_finding_share(f, 1, (double)m->rows);
    srd_finding_field(out, f, "backend", name);
    srd_finding_field(out, f, "backend_id", id);
    srd_finding_row(f, &srd_probe_nodes, m, row);
}

/* compaction.score-high */

/* The most rowsets of a tablet that base compaction is for; 0: not known. */
static double most_plain_rowsets(const struct srd_evidence *ev)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_partition_scores, NULL);
    double most = 0;

    for (size_t row = 0; t && row < t->rows; row++) {
        double rowsets = srd_number_or_0(t, row, "MAX_SCORE");

        if (srd_cell_has(t, row, "MODEL") && !srd_cell_is(t, row, "MODEL", "PRIMARY"))
            most = rowsets > most ? rowsets : most;
    }
    return most;
}

static void judge_score_high(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *m = srd_node_metrics(ev);
    struct srd_limit bound = srd_limit_catalogue(ev, "compaction.score-high", 100, SRD_UNIT_COUNT);
    double cumulative, base, rowsets = most_plain_rowsets(ev), most = 0;
    size_t known = 0;

    for (size_t row = 0; row < m->rows; row++) {
        bool says = srd_cell_number(m, row, "CUMULATIVE_SCORE", &cumulative);

        known += says;
        if (says && cumulative > bound.value)
            backend_finding(ev, out, SRD_WARNING, m, row,
                            srd_arena_printf(
                                out->arena, "has a tablet with a cumulative compaction score of %s",
                                count(out, cumulative)),
                            cumulative, bound);
        /* a high base score of a tablet with few rowsets waits for the next base compaction only */
        else if (srd_cell_number(m, row, "BASE_SCORE", &base) && base > bound.value &&
                 rowsets > 100)
            backend_finding(ev, out, SRD_WARNING, m, row,
                            srd_arena_printf(out->arena,
                                             "has a base compaction score of %s, and there are "
                                             "tablets with up to %s rowsets",
                                             count(out, base), count(out, rowsets)),
                            base, bound);
        most = says && cumulative > most ? cumulative : most;
    }
    says_silent(ev, out, m, known);
    srd_measured(out, "the highest cumulative score is %s", count(out, most));
}

/* compaction.pk-apply-lag */

/* Started so recently that indexes are still being loaded? */
static bool just_started(const struct srd_evidence *ev, const char *id, struct srd_limit warm_up)
{
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    int64_t age;

    for (size_t row = 0; be && id && row < be->rows; row++)
        if (srd_cell_is(be, row, "BackendId", id))
            return srd_age_ms(ev, be, row, "LastStartTime", &age) && (double)age < warm_up.value;
    return false;
}

static void judge_apply_lag(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *m = srd_node_metrics(ev);
    struct srd_limit some = srd_limit_catalogue(ev, "compaction.pk-apply-lag", 100, SRD_UNIT_COUNT);
    struct srd_limit many =
        srd_limit_catalogue(ev, "compaction.pk-apply-lag.warning", 1000, SRD_UNIT_COUNT);
    struct srd_limit warm_up =
        srd_limit_catalogue(ev, "compaction.pk-apply-lag.restart", 600e3, SRD_UNIT_MS);
    double queue, most = 0;
    size_t known = 0;

    for (size_t row = 0; row < m->rows; row++) {
        if (!srd_cell_number(m, row, "APPLY_QUEUE", &queue))
            continue;
        known++;
        most = queue > most ? queue : most;
        if (queue > some.value && !just_started(ev, srd_cell(m, row, "BE_ID"), warm_up))
            backend_finding(ev, out, queue > many.value ? SRD_WARNING : SRD_INFO, m, row,
                            srd_arena_printf(out->arena,
                                             "has %s versions of primary key tablets that wait to "
                                             "be applied",
                                             count(out, queue)),
                            queue, queue > many.value ? many : some);
    }
    says_silent(ev, out, m, known);
    srd_measured(out, "at most %s versions wait to be applied on a BE", count(out, most));
}

/* clang-format off */
const struct srd_check srd_compaction_score_high = {
    .id = "compaction.score-high",
    .title = "Compaction backlog of a BE",
    .family = "versions",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_WARNING,
    .needs = { &srd_probe_nodes },
    .wants = { &srd_probe_backends, &srd_probe_partition_scores },
    .judge = judge_score_high,
    .limits = ".",
    .why = "Base and cumulative compaction of duplicate, aggregate and unique key tables does not keep up: reads merge more and "
           "more rowsets, and the version limit comes closer.",
    .measured_by = "information_schema.be_metrics of each living BE: tablet_cumulative_max_compaction_score, "
                   "tablet_base_max_compaction_score; rowsets per tablet from be_tablets",
    .rule = "warning: a cumulative score above 100, or a base score above 100 while a tablet without primary key has more than "
            "100 rowsets. That it "
            "lasts, or is above 500 and rises (which would be critical), takes a second look.",
    .source = "StarRocks' alert rules (highest compaction score above 100); 500 is our judgement",
    .avoid = "The score is no number of versions: near the limit it jumps. A high base score with few rowsets is harmless. One "
             "table in a backfill is a matter of this table: compaction.version-count and srdiag compaction partitions "
             "name it.",
    .see = "compaction.threads-saturated compaction.version-count cluster.be-cpu-saturated ingest.disk-io",
    .fix = {
        { "Find the tables: srdiag compaction partitions; let their writers load larger batches less often", NULL, SRD_SAFE },
        { "See whether compaction runs at all on {backend}: compaction.disabled, compaction.threads-saturated", NULL, SRD_SAFE },
        { "With CPU below 60 % and disks below 70 %: a higher cumulative_compaction_num_threads_per_disk in be.conf and a "
          "rolling restart", NULL, SRD_RISKY },
    },
};

const struct srd_check srd_compaction_pk_apply_lag = {
    .id = "compaction.pk-apply-lag",
    .title = "Versions of primary key tables wait to be applied",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_WARNING,
    .needs = { &srd_probe_nodes },
    .wants = { &srd_probe_backends },
    .judge = judge_apply_lag,
    .limits = ". .restart .warning",
    .why = "What was loaded into a primary key table is visible only after it was applied to the index, and tablets with two "
           "or more pending versions are not compacted: a lag here makes versions pile up, not the other way round.",
    .measured_by = "information_schema.be_metrics of each living BE: update_apply_queue_count",
    .rule = "warning: more than 1,000 wait on a BE; info: more than 100, for one look cannot tell a queue from the burst of one "
            "large load. That the queue stays (warning from 100 on) or rises (critical) takes more looks.",
    .source = "our judgement; tablet_max_pending_versions (1000) is where a tablet refuses loads; compaction is skipped with two "
              "pending versions",
    .avoid = "A BE that started within the last 10 minutes loads its indexes and is left out.",
    .see = "txn.committed-not-visible storage.pk-index-memory ingest.disk-io compaction.version-count",
    .fix = {
        { "Keep the persistent index on fast disks, and enable it where it is not (storage.pk-index-memory)", NULL, SRD_SAFE },
        { "Load in larger batches, with fewer partial updates of wide tables", NULL, SRD_SAFE },
        { "More threads that apply: transaction_apply_worker_count on {backend}, with CPU to spare",
          "UPDATE information_schema.be_configs SET VALUE = '32' WHERE NAME = 'transaction_apply_worker_count' AND BE_ID = "
          "{backend_id};", SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_compaction_scores_checks[] = {
    &srd_compaction_score_high,
    &srd_compaction_pk_apply_lag,
    NULL,
};
