/* Shared-nothing: do versions pile up until loads are refused? */

#include <string.h>

#include "experts/compaction/compaction.h"
#include "lib/base/text.h"

#define MAX_TABLES 10
#define QUARTER_MS (15 * 60000)

static const char *count(struct srd_findings *out, double n)
{
    return srd_text_count(out->arena, n);
}

/* compaction.version-count */

struct pile { /* what judge_version_count() compares with */
    const struct srd_table *t, *refused;
    struct srd_limit versions, warning, critical, share;
    double most;
};

static double part(const struct pile *p, const struct srd_limit *percent)
{
    return p->versions.value * percent->value / 100;
}

/* Were loads into the table in @row refused a moment ago? */
static bool refuses(struct srd_findings *out, const struct pile *p, size_t row)
{
    for (size_t i = 0; p->refused && i < p->refused->rows; i++)
        if (srd_cell_is(p->refused, i, "DB_NAME", srd_cell_text(p->t, row, "DB_NAME")) &&
            srd_cell_is(p->refused, i, "TABLE_NAME", srd_cell_text(p->t, row, "TABLE_NAME")) &&
            srd_compaction_refused(out, p->refused, i, "versions", QUARTER_MS))
            return true;
    return false;
}

static enum srd_severity pile_level(struct srd_findings *out, const struct pile *p, size_t row)
{
    double worst = srd_number_or_0(p->t, row, "MAX_SCORE");
    double over = srd_number_or_0(p->t, row, "TABLE_OVER_100");
    double replicas = srd_number_or_0(p->t, row, "TABLE_REPLICAS");
    enum srd_severity level = SRD_OKAY;

    if (worst > part(p, &p->warning) || 100 * over > p->share.value * replicas)
        level = SRD_WARNING;
    if (worst >= part(p, &p->critical) || refuses(out, p, row))
        level = SRD_CRITICAL;
    /* internal tables are written by StarRocks itself, and nobody waits for them */
    if (level && srd_compaction_is_internal(p->t, row))
        level--;
    return level;
}

static void report_pile(const struct srd_evidence *ev, struct srd_findings *out,
                        const struct pile *p, size_t row, enum srd_severity level)
{
    double worst = srd_number_or_0(p->t, row, "MAX_SCORE");
    double over = srd_number_or_0(p->t, row, "TABLE_OVER_100");
    double replicas = srd_number_or_0(p->t, row, "TABLE_REPLICAS");
    bool close = worst > part(p, &p->warning);
    struct srd_finding *f = srd_compaction_partition_finding(
        out, level, p->t, row,
        "has a tablet with %s of at most %s rowsets%s; %s of %s replicas of "
        "the table have more than 100%s",
        count(out, worst), count(out, p->versions.value),
        refuses(out, p, row) ? ", and loads into it are refused" : "", count(out, over),
        count(out, replicas), srd_compaction_more(out->arena, p->t, row, part(p, &p->warning)));
    struct srd_limit limit = { part(p, worst >= part(p, &p->critical) ? &p->critical : &p->warning),
                               SRD_UNIT_COUNT, p->versions.source };

    if (level == SRD_CRITICAL || close)
        srd_finding_value(f, worst, limit);
    else
        srd_finding_value(f, 100 * over / replicas, p->share);
    srd_finding_share(f, over > 0 ? over : 1, srd_number_or_0(p->t, row, "ALL_REPLICAS"));
    srd_finding_field(out, f, "tablet", srd_cell(p->t, row, "WORST_TABLET"));
    srd_finding_field(out, f, "backend",
                      srd_compaction_node(ev, out->arena, srd_cell(p->t, row, "WORST_BE")));
}

/* Loads that were refused, into tables that are not among the worst or are not named. */
static void report_refused(struct srd_findings *out, const struct pile *p)
{
    for (size_t i = 0; p->refused && i < p->refused->rows; i++) {
        const char *db = srd_cell_text(p->refused, i, "DB_NAME");
        const char *table = srd_cell(p->refused, i, "TABLE_NAME");
        struct srd_finding *f;
        bool told = false;

        if (!srd_compaction_refused(out, p->refused, i, "versions", QUARTER_MS))
            continue;
        for (size_t row = 0; table && row < p->t->rows && !told; row++)
            told = srd_cell_is(p->t, row, "DB_NAME", db) &&
                   srd_cell_is(p->t, row, "TABLE_NAME", table);
        if (told)
            continue;
        f = srd_finding_add(
            out, SRD_CRITICAL, table ? "table" : "database",
            table ? srd_arena_printf(out->arena, "%s.%s", db, table) : db,
            "%s loads into %s%s%s were refused within 15 minutes: too many versions",
            count(out, srd_number_or_0(p->refused, i, "LOADS")), db, table ? "." : "",
            table ? table : "");
        srd_finding_value(f, srd_number_or_0(p->refused, i, "LOADS"),
                          (struct srd_limit){ 0, SRD_UNIT_COUNT, "catalogue" });
        srd_finding_row(f, &srd_probe_loads, p->refused, i);
    }
}

/* A BE counts all its tablets; the account may not see the tables of some. */
static void report_unseen(const struct srd_evidence *ev, struct srd_findings *out,
                          const struct pile *p)
{
    const struct srd_table *m = srd_node_metrics(ev);

    for (size_t row = 0; m && row < m->rows; row++) {
        double rowsets = srd_number_or_0(m, row, "ROWSETS");
        bool critical = rowsets >= part(p, &p->critical);
        struct srd_limit limit = { part(p, critical ? &p->critical : &p->warning), SRD_UNIT_COUNT,
                                   p->versions.source };
        const char *name;
        struct srd_finding *f;

        if (rowsets <= part(p, &p->warning) || p->most > part(p, &p->warning))
            continue;
        name = srd_compaction_node(ev, out->arena, srd_cell(m, row, "BE_ID"));
        f = srd_finding_add(out, critical ? SRD_CRITICAL : SRD_WARNING, "backend", name,
                            "a tablet on %s has %s of at most %s rowsets; this account does not "
                            "see its table",
                            name, count(out, rowsets), count(out, p->versions.value));
        srd_finding_value(f, rowsets, limit);
        srd_finding_share(f, 1, (double)m->rows);
        srd_finding_row(f, &srd_probe_nodes, m, row);
    }
}

static void judge_version_count(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct pile p = {
        .t = srd_evidence_get(ev, &srd_probe_partition_scores, NULL),
        .refused = srd_load_refused(ev),
        .versions = srd_compaction_setting(ev, "tablet_max_versions", 1000, SRD_UNIT_COUNT),
        .warning = srd_limit_catalogue(ev, "compaction.version-count", 50, SRD_UNIT_PERCENT),
        .critical =
            srd_limit_catalogue(ev, "compaction.version-count.critical", 90, SRD_UNIT_PERCENT),
        .share = srd_limit_catalogue(ev, "compaction.version-count.share", 10, SRD_UNIT_PERCENT),
    };
    size_t told = 0, more = 0;

    if (srd_lacks(out, p.t, "information_schema.be_tablets", "TABLE_REPLICAS TABLE_OVER_100"))
        return;
    for (size_t row = 0; row < p.t->rows; row++) {
        double worst = srd_number_or_0(p.t, row, "MAX_SCORE");
        enum srd_severity level;

        p.most = worst > p.most ? worst : p.most;
        if (!srd_compaction_first_of_table(p.t, row))
            continue;
        level = pile_level(out, &p, row);
        if (level && told++ < MAX_TABLES)
            report_pile(ev, out, &p, row, level);
        else
            more += level != SRD_OKAY;
    }
    if (more)
        srd_finding_add(out, SRD_WARNING, "cluster", "other tables",
                        "%zu more tables have piled up versions", more);
    report_refused(out, &p);
    report_unseen(ev, out, &p);
    if (!p.t->rows)
        srd_cannot_judge(out, SRD_DENIED,
                         "information_schema.be_tablets shows no tablet to this account: it needs "
                         "SELECT on the tables");
    srd_measured(out, "no tablet has more than %s of at most %s rowsets", count(out, p.most),
                 count(out, p.versions.value));
}

/* compaction.pk-score-high */

static void judge_pk_score(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_partition_scores, NULL);
    const struct srd_table *m = srd_node_metrics(ev);
    struct srd_limit bound =
        srd_limit_catalogue(ev, "compaction.pk-score-high", 300, SRD_UNIT_COUNT);
    struct srd_limit score_bound =
        srd_limit_catalogue(ev, "compaction.pk-score-high.score", 1000, SRD_UNIT_COUNT);
    double most = 0;
    size_t told = 0;

    if (srd_lacks(out, t, "information_schema.be_tablets", "MODEL"))
        return;
    for (size_t row = 0; row < t->rows; row++) {
        double rowsets = srd_number_or_0(t, row, "MAX_SCORE");
        struct srd_finding *f;

        if (!srd_cell_is(t, row, "MODEL", "PRIMARY"))
            continue;
        most = rowsets > most ? rowsets : most;
        if (rowsets <= bound.value || !srd_compaction_first_of_table(t, row) ||
            told++ >= MAX_TABLES)
            continue;
        f = srd_compaction_partition_finding(
            out, srd_compaction_is_internal(t, row) ? SRD_INFO : SRD_WARNING, t, row,
            "of a primary key table has a tablet with %s rowsets%s", count(out, rowsets),
            srd_compaction_more(out->arena, t, row, bound.value));
        srd_finding_value(f, rowsets, bound);
        srd_finding_share(f, srd_number_or_0(t, row, "REPLICAS"),
                          srd_number_or_0(t, row, "ALL_REPLICAS"));
    }
    for (size_t row = 0; m && row < m->rows && !out->count; row++) {
        double score = srd_number_or_0(m, row, "UPDATE_SCORE");
        const char *name = srd_compaction_node(ev, out->arena, srd_cell(m, row, "BE_ID"));
        struct srd_finding *f;

        /* deletes make the score large while there is nothing to compact */
        if (score <= score_bound.value || most <= 100)
            continue;
        f = srd_finding_add(out, SRD_INFO, "backend", name,
                            "%s has a primary key tablet with a compaction score of %s", name,
                            count(out, score));
        srd_finding_value(f, score, score_bound);
        srd_finding_share(f, 1, (double)m->rows);
        srd_finding_row(f, &srd_probe_nodes, m, row);
    }
    if (!t->rows)
        srd_cannot_judge(out, SRD_DENIED,
                         "information_schema.be_tablets shows no tablet to this account: it needs "
                         "SELECT on the tables");
    srd_measured(out, "no tablet of a primary key table has more than %s rowsets",
                 count(out, most));
}

/* clang-format off */
const struct srd_check srd_compaction_version_count = {
    .id = "compaction.version-count",
    .title = "Tablets with too many versions",
    .family = "versions",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_partition_scores },
    .wants = { &srd_probe_nodes, &srd_probe_loads },
    .judge = judge_version_count,
    .limits = ". .critical .share tablet_max_versions",
    .why = "Every load adds a rowset to each tablet that it writes to, and compaction merges them. A tablet with "
           "tablet_max_versions of them refuses loads (\"too many versions\"); long before that every read of it has to "
           "merge hundreds of rowsets.",
    .measured_by = "information_schema.be_tablets, added up by the BEs per partition: the highest NUM_ROWSET of a replica, and "
                   "how many replicas have more than 100; the 1,000 worst partitions are looked at. Refused loads: "
                   "information_schema.loads, ERROR_MSG. The limit: tablet_max_versions in be_configs. The metric "
                   "max_tablet_rowset_num of the BEs shows tablets of tables that the account does not see.",
    .rule = "warning: a tablet has more than 50 % of tablet_max_versions rowsets, or more than 10 % of the replicas of a table "
            "have more than 100; critical: from 90 % on, or a load was refused with this text within 15 minutes. One "
            "finding per table, with its worst partition.",
    .source = "tablet_max_versions of the cluster (default 1000; the BE itself calls a tablet urgent at 90 %); StarRocks' "
              "alert rules (rowsets above 700) and issue #16829; 50 % and 10 % are our judgement",
    .avoid = "NUM_ROWSET is used for every key model: NUM_VERSION of primary key tables counts edits and is not the limit. "
             "Only tablets in state RUNNING count. Tables of _statistics_ come one level lower. After a large backfill the "
             "numbers fall by themselves: look again after some minutes. Before 3.3.6 refused stream loads are not listed.",
    .see = "load.small-frequent compaction.not-progressing compaction.pk-apply-lag storage.replica-version-lag "
           "compaction.disabled",
    .fix = {
        { "Let the writers of {table} load larger batches less often, 5 s apart at least (load.small-frequent)", NULL, SRD_SAFE },
        { "Compact the partition", "ALTER TABLE {table} {compact} ({partition});", SRD_SAFE },
        { "Primary key tables: one more thread per disk; the other kinds have cumulative_compaction_num_threads_per_disk in "
          "be.conf, which takes a rolling restart",
          "UPDATE information_schema.be_configs SET VALUE = '2' WHERE NAME = 'update_compaction_num_threads_per_disk';", SRD_SAFE },
        { "A larger tablet_max_versions hides the pile and slows reads: only until the writers are changed, then undo it",
          NULL, SRD_RISKY },
    },
};

const struct srd_check srd_compaction_pk_score_high = {
    .id = "compaction.pk-score-high",
    .title = "Compaction backlog of primary key tables",
    .family = "versions",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_WARNING,
    .needs = { &srd_probe_partition_scores },
    .wants = { &srd_probe_nodes },
    .judge = judge_pk_score,
    .limits = ". .score",
    .why = "Primary key tables have a compaction of their own, whose backlog the score that the FE shows does not "
           "contain.",
    .measured_by = "information_schema.be_tablets TYPE = 'PRIMARY': highest NUM_ROWSET per partition; metric "
                   "tablet_update_max_compaction_score of the BEs",
    .rule = "warning: a tablet of a primary key table has more than 300 rowsets; info: the score is above 1,000 and a tablet "
            "has more than 100 rowsets. Whether it still grows takes a second look. What comes close to the limit is "
            "compaction.version-count.",
    .source = "our judgement; the score weighs deletes and sizes, and is -1 for tablets that are skipped",
    .avoid = "The score alone says little: thousands with fewer than 100 rowsets are normal for tables with many deletes. "
             "Tables of _statistics_ stay at info.",
    .see = "compaction.pk-apply-lag compaction.version-count",
    .fix = {
        { "Load {table} in larger batches", NULL, SRD_SAFE },
        { "One more thread per disk",
          "UPDATE information_schema.be_configs SET VALUE = '2' WHERE NAME = 'update_compaction_num_threads_per_disk';", SRD_SAFE },
        { "Small tables that are written all the time: let each tablet be compacted more often than every 120 s",
          "UPDATE information_schema.be_configs SET VALUE = '30' WHERE NAME = 'update_compaction_per_tablet_min_interval_seconds';",
          SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_compaction_versions_checks[] = {
    &srd_compaction_version_count,
    &srd_compaction_pk_score_high,
    NULL,
};
