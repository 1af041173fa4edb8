/* Is compaction switched off, or has it no node to run on? */

#include <string.h>

#include "experts/compaction/compaction.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define HOUR_MS 3600e3

/* compaction.disabled */

/* What undoes it, for the causes' steps: a setting of the leader, or one of the nodes. */
static const char *undo(struct srd_arena *arena, const char *setting)
{
    if (!strcmp(setting, "lake_compaction_max_tasks"))
        return "ADMIN SET FRONTEND CONFIG (\"lake_compaction_max_tasks\" = \"-1\");";
    if (!strcmp(setting, "lake_compaction_disable_ids"))
        return "ADMIN SET FRONTEND CONFIG (\"lake_compaction_disable_ids\" = \"\");";
    return srd_arena_printf(arena,
                            "UPDATE information_schema.be_configs SET VALUE = '%s' WHERE NAME = "
                            "'%s' AND VALUE = '0';",
                            !strcmp(setting, "compact_threads") ? "4" : "-1", setting);
}

static void off_finding(struct srd_findings *out, enum srd_severity level, const char *kind,
                        const char *name, const char *setting, double nodes, double all,
                        const char *message)
{
    struct srd_finding *f = srd_finding_add(out, level, kind, name, "%s", message);

    srd_finding_value(f, 0, (struct srd_limit){ 0, SRD_UNIT_COUNT, setting });
    srd_finding_share(f, nodes, all);
    srd_finding_field(out, f, "setting", setting);
    srd_finding_field(out, f, "undo", undo(out->arena, setting));
}

/* How long ago the FE that leads began to: its list of jobs is as old. */
static bool leader_age_ms(const struct srd_evidence *ev, int64_t *age_ms)
{
    const struct srd_table *fe = srd_evidence_get(ev, &srd_probe_frontends, NULL);

    for (size_t row = 0; fe && row < fe->rows; row++)
        if (srd_cell_is(fe, row, "Role", "LEADER"))
            return srd_age_ms(ev, fe, row, "StartTime", age_ms);
    return false;
}

/* For how long was no job begun, at least? The leader's list of jobs says so. */
static bool idle_ms(const struct srd_evidence *ev, int64_t *idle)
{
    const struct srd_table *jobs = srd_evidence_get(ev, &srd_probe_compaction_jobs, NULL);
    int64_t age, least = INT64_MAX;

    if (!jobs || srd_column(jobs, "StartTime") == SRD_NO_COLUMN)
        return false;
    for (size_t row = 0; row < jobs->rows; row++) {
        if (!srd_age_ms(ev, jobs, row, "StartTime", &age))
            return false;
        least = age < least ? age : least;
    }
    if (least == INT64_MAX && !leader_age_ms(ev, &least))
        return false;
    *idle = least;
    return true;
}

static void judge_lake_off(const struct srd_evidence *ev, struct srd_findings *out)
{
    static const char setting[] = "lake_compaction_max_tasks";
    struct srd_limit tasks = srd_fe_config(ev, setting, -1, SRD_UNIT_COUNT);
    struct srd_limit hour = srd_limit_catalogue(ev, "compaction.disabled", HOUR_MS, SRD_UNIT_MS);
    int64_t idle;
    bool known = idle_ms(ev, &idle), old = known && (double)idle >= hour.value;

    if (tasks.value != 0)
        return;
    off_finding(out, old ? SRD_CRITICAL : SRD_WARNING, "cluster", "compaction", setting, 1, 1,
                srd_arena_printf(out->arena,
                                 "compaction is switched off (lake_compaction_max_tasks = 0)%s%s",
                                 known ? ", and none began for " : ", since when is not known",
                                 known ? srd_text_duration(out->arena, idle) : ""));
}

/* "10002;10111" has @id? */
static bool has_id(const char *list, const char *id)
{
    size_t n = id ? strlen(id) : 0;

    for (const char *p = list; n && *p;) {
        size_t word;

        p += strspn(p, "; ,");
        word = strcspn(p, "; ,");
        if (word == n && !strncmp(p, id, n))
            return true;
        p += word;
    }
    return false;
}

/* Tables and partitions that were excluded one by one. */
static void judge_ids(const struct srd_evidence *ev, struct srd_findings *out)
{
    static const char setting[] = "lake_compaction_disable_ids";
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_partition_scores, NULL);
    struct srd_limit score =
        srd_limit_catalogue(ev, "compaction.disabled.score", 100, SRD_UNIT_COUNT);
    const char *ids = srd_fe_config_text(ev, setting);
    size_t told = 0;

    if (!ids || !*ids) /* its name before 3.4.4 */
        ids = srd_fe_config_text(ev, "lake_compaction_disable_tables");
    if (!ids || !ids[strspn(ids, "; ,")])
        return;
    for (size_t row = 0; t && row < t->rows && told < 10; row++) {
        double value = srd_number_or_0(t, row, "MAX_SCORE");
        struct srd_finding *f;

        if (value <= score.value || (!has_id(ids, srd_cell(t, row, "PARTITION_ID")) &&
                                     !has_id(ids, srd_cell(t, row, "TABLE_ID"))))
            continue;
        f = srd_compaction_partition_finding(out, SRD_WARNING, t, row,
                                             "is excluded from compaction "
                                             "(lake_compaction_disable_ids) and has a score of %s",
                                             srd_text_count(out->arena, value));
        srd_finding_value(f, value, score);
        srd_finding_share(f, 1, srd_number_or_0(t, row, "PARTITIONS"));
        srd_finding_field(out, f, "undo", undo(out->arena, setting));
        told++;
    }
    if (!told)
        off_finding(out, SRD_INFO, "cluster", "some tables", setting, 0, 1,
                    srd_arena_printf(out->arena,
                                     "tables or partitions are excluded from compaction "
                                     "(lake_compaction_disable_ids = %.200s)",
                                     ids));
}

/* Nodes on which a setting is 0: all of them, or how many? */
static void judge_nodes(const struct srd_evidence *ev, struct srd_findings *out,
                        const char *setting)
{
    const struct srd_table *t = srd_node_settings(ev);
    const struct srd_table *m = srd_node_metrics(ev);
    struct srd_limit pile =
        srd_limit_catalogue(ev, "compaction.disabled.rowsets", 100, SRD_UNIT_COUNT);
    double off = 0, all = 0, value, worst = 0;
    const char *id = NULL;
    bool critical;

    for (size_t row = 0; row < t->rows; row++) {
        if (!srd_cell_is(t, row, "NAME", setting))
            continue;
        all += srd_number_or_0(t, row, "NODES");
        if (!srd_cell_number(t, row, "VALUE", &value) || value != 0)
            continue;
        off += srd_number_or_0(t, row, "NODES");
        id = srd_cell(t, row, "BE_ID");
    }
    if (all <= 0)
        srd_cannot_judge(out, SRD_FAILED, "no node says what its %s is", setting);
    if (off <= 0)
        return;
    /* a pile of rowsets is what stops loads in shared-nothing; CNs have none */
    for (size_t row = 0; m && row < m->rows && ev->cluster.mode != SRD_MODE_SHARED_DATA; row++) {
        value = srd_number_or_0(m, row, "ROWSETS");
        worst = value > worst ? value : worst;
    }
    critical = off >= all && worst > pile.value;
    off_finding(out, critical ? SRD_CRITICAL : SRD_WARNING, off >= all ? "cluster" : "backend",
                off >= all ? "compaction" : srd_compaction_node(ev, out->arena, id), setting, off,
                all,
                srd_arena_printf(
                    out->arena, "compaction is switched off on %s of %s nodes (%s = 0)%s",
                    srd_text_count(out->arena, off), srd_text_count(out->arena, all), setting,
                    critical ? srd_arena_printf(out->arena, ", and a tablet has %s rowsets already",
                                                srd_text_count(out->arena, worst))
                             : ", since when is not known"));
}

static void judge_disabled(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_answer *missing;

    if (ev->cluster.mode == SRD_MODE_ANY) {
        srd_cannot_judge(out, SRD_FAILED, "the run mode is not known");
        return;
    }
    if (ev->cluster.mode == SRD_MODE_SHARED_NOTHING) {
        missing = srd_evidence_missing(ev, &srd_probe_nodes);
        if (missing)
            srd_cannot_judge(out, missing->status, "probe %s: %s", missing->probe->id,
                             missing->detail);
        else if (!srd_lacks(out, srd_node_settings(ev),
                                       "information_schema.be_configs", "NAME VALUE NODES"))
            judge_nodes(ev, out, "max_compaction_concurrency");
        srd_measured(out, "max_compaction_concurrency is 0 on no BE");
        return;
    }
    judge_lake_off(ev, out);
    judge_ids(ev, out);
    missing = srd_evidence_missing(ev, &srd_probe_nodes);
    /* the leader's own switch stands whether the nodes answer or not */
    if (missing)
        srd_cannot_judge(out, missing->status, "probe %s: %s", missing->probe->id, missing->detail);
    else
        judge_nodes(ev, out, "compact_threads");
    srd_measured(out, "neither lake_compaction_max_tasks nor compact_threads is 0");
}

/* compaction.lake-warehouse-missing */

/* How long ago was the last of its nodes heard of? False: not known. */
static bool last_seen_ms(const struct srd_evidence *ev, const char *warehouse, int64_t *out)
{
    const struct srd_table *const lists[] = { srd_evidence_get(ev, &srd_probe_backends, NULL),
                                              srd_evidence_get(ev, &srd_probe_compute_nodes,
                                                               NULL) };
    int64_t age, least = INT64_MAX;

    for (size_t i = 0; i < SRD_COUNT(lists); i++) {
        for (size_t row = 0; lists[i] && row < lists[i]->rows; row++) {
            const char *of = srd_cell(lists[i], row, "WarehouseName");

            if (of && *of && strcmp(of, warehouse))
                continue;
            if (!srd_age_ms(ev, lists[i], row, "LastHeartbeat", &age))
                return false;
            least = age < least ? age : least;
        }
    }
    *out = least;
    return least != INT64_MAX;
}

static void judge_warehouse_of(const struct srd_evidence *ev, struct srd_findings *out,
                               const char *setting)
{
    struct srd_limit away =
        srd_limit_catalogue(ev, "compaction.lake-warehouse-missing", 600e3, SRD_UNIT_MS);
    const char *warehouse = srd_fe_config_text(ev, setting);
    size_t registered, elsewhere, alive;
    int64_t seen = 0;
    bool known, critical;
    struct srd_finding *f;

    if (!warehouse || !*warehouse)
        return; /* this version has no such setting */
    alive = srd_compaction_nodes_of(ev, warehouse, &registered, &elsewhere);
    /* with no node alive anywhere there is no warehouse to prefer: that is an outage of the cluster
     */
    if (alive || !elsewhere)
        return;
    known = registered && last_seen_ms(ev, warehouse, &seen);
    critical = !registered || (known && (double)seen >= away.value);
    f = srd_finding_add(
        out, critical ? SRD_CRITICAL : SRD_WARNING, "warehouse", warehouse,
        "warehouse %s, which %s names, has no living node%s", warehouse, setting,
        !registered ? ": none is registered in it"
        : known     ? srd_arena_printf(out->arena, " since %s", srd_text_duration(out->arena, seen))
                    : ", since when is not known");
    srd_finding_value(f, (double)alive, (struct srd_limit){ 1, SRD_UNIT_COUNT, setting });
    srd_finding_field(out, f, "setting", setting);
    srd_finding_field(out, f, "warehouse", warehouse);
}

static void judge_warehouse(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *cn = srd_evidence_get(ev, &srd_probe_compute_nodes, NULL);

    if (srd_lacks(out, cn, "SHOW COMPUTE NODES", "WarehouseName"))
        return;
    judge_warehouse_of(ev, out, "lake_compaction_warehouse");
    judge_warehouse_of(ev, out, "lake_background_warehouse");
    srd_measured(out, "the warehouse of compaction has living nodes");
}

/* clang-format off */
const struct srd_check srd_compaction_disabled = {
    .id = "compaction.disabled",
    .title = "Compaction is switched off",
    .family = "lake-jobs",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_fe_config },
    .wants = { &srd_probe_nodes, &srd_probe_compaction_jobs,
               &srd_probe_partition_scores, &srd_probe_frontends },
    .judge = judge_disabled,
    .limits = ". .rowsets .score lake_compaction_max_tasks",
    .why = "Somebody switched it off during an incident and forgot: versions pile up until loads are slowed down and "
           "refused.",
    .measured_by = "shared-data: lake_compaction_max_tasks and lake_compaction_disable_ids (before 3.4.4 "
                   "lake_compaction_disable_tables) of the leader, compact_threads in be_configs; since when: the newest job of "
                   "SHOW PROC '/compactions'. Shared-nothing: max_compaction_concurrency in be_configs. The table property "
                   "base_compaction_forbidden_time_ranges is not looked at.",
    .rule = "critical: lake_compaction_max_tasks is 0 and no job began for an hour; or the setting is 0 on every node and a tablet "
            "has more than 100 rowsets. warning: 0, but since when is not known or less than an hour; 0 on some nodes; or "
            "an excluded table or partition has a score above 100. info: excluded ones with lower scores.",
    .source = "the configuration itself, where 0 means off; an hour and 100 are our judgement",
    .avoid = "An excluded table whose score stays low harms nobody. How long ago somebody changed a setting is nowhere to be "
             "read: what did not happen since then stands for it.",
    .see = "compaction.not-progressing upgrade.leftover-freeze config.drift-be compaction.lake-score compaction.version-count",
    .fix = {
        { "Set it back, when the reason for it is gone", "{undo}", SRD_SAFE },
        { "-1 is the default of lake_compaction_max_tasks (16 tablets at a time per living CN) and of max_compaction_concurrency "
          "(no limit), 4 of compact_threads (up to a quarter or half of the cores)", NULL, SRD_SAFE },
        { "What was set at run time lasts until a restart: look for it in fe.conf and be.conf, too", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_compaction_lake_warehouse_missing = {
    .id = "compaction.lake-warehouse-missing",
    .title = "The warehouse of compaction has no nodes",
    .family = "lake-jobs",
    .mode = SRD_MODE_SHARED_DATA,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_fe_config, &srd_probe_compute_nodes },
    .wants = { &srd_probe_backends },
    .judge = judge_warehouse,
    .limits = ".",
    .why = "Compaction and vacuum run in a warehouse with a name. If that has no living node nothing is compacted or "
           "vacuumed, while loads and queries of other warehouses go on.",
    .measured_by = "lake_compaction_warehouse and lake_background_warehouse of the leader; WarehouseName, Alive and LastHeartbeat of "
                   "SHOW COMPUTE NODES and SHOW BACKENDS (from 3.3 on)",
    .rule = "critical: no node is registered in it, or none was heard of for 10 minutes, while another warehouse has living "
            "nodes; warning: they went away less than 10 minutes ago, or when is not known",
    .source = "the configuration itself (default_warehouse); 10 minutes are our judgement",
    .avoid = "A cluster with a single warehouse: without nodes it is down as a whole. Nodes that do not say their warehouse "
             "count for any. Later releases choose the warehouse by table first.",
    .see = "resource.warehouse-no-nodes storage.lake-vacuum-stalled compaction.disabled",
    .fix = {
        { "Start the nodes of {warehouse}", NULL, SRD_SAFE },
        { "Or name a warehouse that has some", "ADMIN SET FRONTEND CONFIG (\"{setting}\" = \"<warehouse>\");", SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_compaction_disabled_checks[] = {
    &srd_compaction_disabled,
    &srd_compaction_lake_warehouse_missing,
    NULL,
};
