/* Are all tablets healthy, and do all their replicas agree? */

#include <string.h>

#include "experts/storage/samples.h"
#include "lib/base/text.h"
#include "lib/model/identity.h"

static const char *dead_names(struct srd_arena *arena, const struct srd_table *be)
{
    const char *names = NULL;
    size_t dead = 0;

    for (size_t row = 0; row < be->rows; row++) {
        const char *name;

        if (srd_storage_alive(be, row) || ++dead > 3)
            continue;
        name = srd_node_name(arena, be, row);
        names = names ? srd_arena_printf(arena, "%s, %s", names, name) : name;
    }
    if (dead > 3)
        names = srd_arena_printf(arena, "%s and %zu more", names, dead - 3);
    return names;
}

/* Unhealthy tablets. */

/* "148 REPLICA_MISSING, 2 VERSION_INCOMPLETE": why tablets wait for repair; NULL: none does. */
static const char *repair_reasons(const struct srd_evidence *ev, struct srd_arena *arena)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_pending_tablets, NULL);
    struct reason {
        const char *name;
        size_t count;
    } reasons[4] = { 0 };
    const char *words = NULL;

    for (size_t row = 0; t && row < t->rows; row++) {
        const char *status = srd_cell_text(t, row, "Status");

        if (!srd_cell_is(t, row, "Type", "REPAIR"))
            continue;
        for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
            if (reasons[i].name && strcmp(reasons[i].name, status))
                continue;
            reasons[i].name = status;
            reasons[i].count++;
            break;
        }
    }
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]) && reasons[i].count; i++)
        words = srd_arena_printf(arena, "%s%s%zu %s", words ? words : "", words ? ", " : "",
                                 reasons[i].count, reasons[i].name);
    return words;
}

static void judge_unhealthy(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_statistic, NULL);
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    struct srd_limit part =
        srd_limit_catalogue(ev, "storage.tablet-unhealthy", 1, SRD_UNIT_PERCENT);
    double all = srd_storage_sum(t, "TabletNum"), bad = srd_storage_sum(t, "UnhealthyTabletNum");
    const char *reasons = repair_reasons(ev, out->arena), *counts;
    size_t dead = srd_storage_dead(be);
    struct srd_finding *f;
    bool critical = dead && bad > all * part.value / 100;

    counts = srd_arena_printf(out->arena, "%s of %s tablets are unhealthy",
                              srd_text_count(out->arena, bad), srd_text_count(out->arena, all));
    srd_measured(out, "%s%s", counts,
                 dead && bad <= 0 ? ", but StarRocks counts the replicas of a dead BE only after "
                                    "tablet_sched_be_down_tolerate_time_s"
                                  : "");
    if (bad <= 0)
        return;
    if (critical)
        f = srd_finding_add(out, SRD_CRITICAL, "cluster", "tablets", "%s while %s %s dead%s%s",
                            counts, dead_names(out->arena, be), dead > 1 ? "are" : "is",
                            reasons ? "; waiting for repair: " : "", reasons ? reasons : "");
    else
        f = srd_finding_add(out, SRD_INFO, "cluster", "tablets",
                            "%s in this one sample, which is normal for seconds under frequent "
                            "loads%s%s",
                            counts, reasons ? "; waiting for repair: " : "",
                            reasons ? reasons : "");
    srd_finding_value(f, all > 0 ? 100 * bad / all : 100, part);
    srd_finding_share(f, bad, all);
    for (size_t row = 0; row < t->rows; row++)
        if (srd_storage_is_database(t, row) && srd_number_or_0(t, row, "UnhealthyTabletNum") > 0)
            srd_finding_row(f, &srd_probe_statistic, t, row);
}

/* Replicas that contradict each other. */

/* The first id that '/statistic/<db>' lists in @column; NULL: not known. */
static const char *example(const struct srd_evidence *ev, const char *db_id, const char *column,
                           struct srd_arena *arena)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_sick_tablets, db_id);
    const char *list = t && t->rows ? srd_cell(t, 0, column) : NULL;

    return srd_storage_next_id(&list, arena);
}

static void judge_inconsistent(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_statistic, NULL);
    struct srd_limit none =
        srd_limit_catalogue(ev, "storage.tablet-inconsistent", 0, SRD_UNIT_COUNT);
    double all = srd_storage_sum(t, "TabletNum");

    for (size_t row = 0; row < t->rows; row++) {
        const char *db = srd_cell_text(t, row, "DbName"), *tablet;
        double count = srd_number_or_0(t, row, "InconsistentTabletNum");
        struct srd_finding *f;

        if (!srd_storage_is_database(t, row) || count <= none.value)
            continue;
        tablet = example(ev, srd_cell_text(t, row, "DbId"), "InconsistentTablets", out->arena);
        f = srd_finding_add(out, SRD_CRITICAL, "database", db,
                            "%s tablets of %s have replicas with different checksums%s%s",
                            srd_text_count(out->arena, count), db, tablet ? ", such as " : "",
                            tablet ? tablet : "");
        srd_finding_value(f, count, none);
        srd_finding_share(f, count, all);
        srd_finding_field(out, f, "database", srd_quote_identifier(out->arena, db));
        if (tablet)
            srd_finding_field(out, f, "tablet", tablet);
        srd_finding_row(f, &srd_probe_statistic, t, row);
    }
    srd_measured(out, "no inconsistent tablets among %s", srd_text_count(out->arena, all));
}

/* Has the tablet fewer than two replicas that count as usable? They may include the broken one. */
static bool is_last_one(const struct srd_evidence *ev, const struct srd_sample *samples,
                        size_t count, const char *id)
{
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);

    for (size_t i = 0; i < count; i++) {
        struct srd_tablet tablet = { 0 };

        while (srd_storage_next_tablet(be, samples[i].status, true, &tablet))
            if (!strcmp(tablet.id, id))
                return tablet.usable < 2;
    }
    return false; /* not known */
}

static void judge_error_state(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_statistic, NULL);
    struct srd_limit none =
        srd_limit_catalogue(ev, "storage.tablet-error-state", 0, SRD_UNIT_COUNT);
    double all = srd_storage_sum(t, "TabletNum");
    struct srd_sample samples[SRD_MAX_SAMPLES];
    size_t sample_count = srd_storage_samples(ev, out->arena, samples, SRD_MAX_SAMPLES);

    for (size_t row = 0; row < t->rows; row++) {
        const char *db = srd_cell_text(t, row, "DbName"), *list, *id, *first = NULL, *last = NULL;
        const struct srd_table *ids =
            srd_evidence_get(ev, &srd_probe_sick_tablets, srd_cell_text(t, row, "DbId"));
        double count = srd_number_or_0(t, row, "ErrorStateTabletNum");
        struct srd_finding *f;

        if (!srd_storage_is_database(t, row) || count <= none.value)
            continue;
        list = ids && ids->rows ? srd_cell(ids, 0, "ErrorStateTablets") : NULL;
        /* the first ones of the list are those whose partitions were asked */
        for (size_t i = 0;
             i < SRD_MAX_SAMPLES && !last && (id = srd_storage_next_id(&list, out->arena)); i++) {
            first = first ? first : id;
            if (is_last_one(ev, samples, sample_count, id))
                last = id;
        }
        f = srd_finding_add(
            out, last ? SRD_CRITICAL : SRD_WARNING, "database", db,
            "%s primary key tablets of %s are in error state%s%s%s",
            srd_text_count(out->arena, count), db,
            last    ? "; no other replica is usable of tablet "
            : first ? ", such as tablet "
                    : "",
            last    ? last
            : first ? first
                    : "",
            last || !first ? "" : "; whether others are usable: storage.tablet-unhealthy");
        srd_finding_value(f, count, none);
        srd_finding_share(f, count, all);
        srd_finding_field(out, f, "database", srd_quote_identifier(out->arena, db));
        if (last || first)
            srd_finding_field(out, f, "tablet", last ? last : first);
        srd_finding_row(f, &srd_probe_statistic, t, row);
    }
    srd_measured(out, "no tablet in error state among %s", srd_text_count(out->arena, all));
}

/* Replicas that lag behind. */

/* A replica on a living BE that failed to take a version; dead ones are another matter. */
static bool lags(const struct srd_table *be, const struct srd_table *t, size_t row)
{
    size_t node = srd_storage_backend_row(be, srd_cell(t, row, "BackendId"));

    return node != SRD_NO_COLUMN && srd_storage_alive(be, node) &&
           srd_cell_is(t, row, "Status", "VERSION_ERROR");
}

/* For how long has this replica lagged? By SHOW TABLET FROM; false: not known. */
static bool lag_ms(const struct srd_evidence *ev, const struct srd_sample *s, const char *tablet,
                   const char *backend, int64_t *age)
{
    for (size_t row = 0; s->replicas && row < s->replicas->rows; row++)
        if (srd_cell_is(s->replicas, row, "TabletId", tablet) &&
            srd_cell_is(s->replicas, row, "BackendId", backend) &&
            srd_number_or_0(s->replicas, row, "LstFailedVersion") > 0)
            return srd_age_ms(ev, s->replicas, row, "LstFailedTime", age);
    return false;
}

struct lag {
    size_t tablets, replicas, majority; /* that lag; tablets in which most replicas do */
    size_t worst_row;
    double behind;      /* versions, of the worst */
    int64_t longest_ms; /* -1: not known */
};

static void measure_lag(const struct srd_evidence *ev, const struct srd_sample *s, struct lag *lag)
{
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    struct srd_tablet tablet = { 0 };

    *lag = (struct lag){ .longest_ms = -1 };
    while (srd_storage_next_tablet(be, s->status, true, &tablet)) {
        size_t behind = 0;

        for (size_t row = tablet.row; row < tablet.row + tablet.rows; row++) {
            double versions = srd_number_or_0(s->status, row, "CommittedVersion") -
                              srd_number_or_0(s->status, row, "Version");
            int64_t age;

            if (!lags(be, s->status, row))
                continue;
            if (!lag->replicas || versions > lag->behind) {
                lag->behind = versions;
                lag->worst_row = row;
            }
            behind++;
            lag->replicas++;
            /* the first hundred stand for all */
            if (lag->replicas <= 100 &&
                lag_ms(ev, s, tablet.id, srd_cell_text(s->status, row, "BackendId"), &age) &&
                age > lag->longest_ms)
                lag->longest_ms = age;
        }
        lag->tablets += behind > 0;
        lag->majority += 2 * behind > tablet.replicas;
    }
}

static void report_lag(struct srd_findings *out, const struct srd_sample *s, const struct lag *lag,
                       struct srd_limit lasting, double all)
{
    bool lasts = (double)lag->longest_ms >= lasting.value;
    const char *since = "", *id = srd_cell_text(s->status, lag->worst_row, "TabletId");
    struct srd_finding *f;

    if (lag->longest_ms >= 0)
        since = srd_arena_printf(out->arena, ", the longest for %s",
                                 srd_text_duration(out->arena, lag->longest_ms));
    f = srd_finding_add(out,
                        lag->majority ? SRD_CRITICAL
                        : lasts       ? SRD_WARNING
                                      : SRD_INFO,
                        "partition", s->name,
                        "%zu replicas of %zu tablets of %s lag by up to %.0f versions%s%s",
                        lag->replicas, lag->tablets, s->name, lag->behind, since,
                        lag->majority ? "; of some tablets it is the majority"
                        : lasts       ? ""
                                      : "; one sample cannot say whether they catch up");
    if (lag->longest_ms >= 0)
        srd_finding_value(f, (double)lag->longest_ms, lasting);
    srd_finding_share(f, (double)lag->tablets, all);
    srd_finding_field(out, f, "table", srd_table_sql(out->arena, s->db, s->table));
    srd_finding_field(out, f, "partition", srd_quote_identifier(out->arena, s->partition));
    srd_finding_field(out, f, "tablet", id);
    srd_finding_field(out, f, "backend_id", srd_cell_text(s->status, lag->worst_row, "BackendId"));
    srd_finding_row(f, &srd_probe_replica_status, s->status, lag->worst_row);
}

static void judge_version_lag(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_statistic, NULL);
    struct srd_limit lasting =
        srd_limit_catalogue(ev, "storage.replica-version-lag", 600e3, SRD_UNIT_MS);
    struct srd_sample samples[SRD_MAX_SAMPLES];
    size_t count = srd_storage_samples(ev, out->arena, samples, SRD_MAX_SAMPLES), seen = 0;
    double unhealthy = srd_storage_sum(t, "UnhealthyTabletNum");

    for (size_t i = 0; i < count; i++) {
        struct lag lag;

        if (!samples[i].status)
            continue;
        seen++;
        measure_lag(ev, &samples[i], &lag);
        if (lag.replicas)
            report_lag(out, &samples[i], &lag, lasting, srd_storage_sum(t, "TabletNum"));
    }
    if (unhealthy > 0 && !seen)
        srd_cannot_judge(out, SRD_SKIPPED,
                         "%s tablets are unhealthy, but no replica could be looked at",
                         srd_text_count(out->arena, unhealthy));
    else if (unhealthy > 0)
        srd_measured(out, "no replica lags in %zu partitions with unhealthy tablets", seen);
    else
        srd_measured(out, "no tablet is unhealthy, so no replica lags");
}

/* clang-format off */
const struct srd_check srd_storage_tablet_unhealthy = {
    .id = "storage.tablet-unhealthy",
    .title = "Unhealthy tablets",
    .family = "replica-health",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends, &srd_probe_statistic },
    .wants = { &srd_probe_pending_tablets },
    .judge = judge_unhealthy,
    .limits = ".",
    .why = "Replicas are missing or behind: redundancy is reduced until they are repaired.",
    .measured_by = "SHOW PROC '/statistic' on the leader: UnhealthyTabletNum and TabletNum of all databases; reasons "
                   "from SHOW PROC '/cluster_balance/pending_tablets'",
    .rule = "critical: more than 1 % of all tablets while a BE is dead; info: any others. That unhealthy tablets stay "
            "(warning: in 3 samples over 5 minutes; critical: not decreasing for 30 minutes) cannot be seen in one run.",
    .source = "tablet_sched_checker_interval_seconds (20 s) and tablet_sched_repair_delay_factor_second (60 s) set the "
              "pace of repair; 1 % is our judgement",
    .avoid = "Frequent loads make tablets unhealthy for seconds, and decommissioning a BE makes those on it move: without "
             "a dead BE this is info only. StarRocks itself leaves out redundant replicas. A dead BE counts only after "
             "tablet_sched_be_down_tolerate_time_s (15 minutes). In shared-data clusters the number is always 0.",
    .see = "cluster.be-down balance.clone-backlog storage.tablet-no-healthy-replica",
    .fix = {
        { "If a BE is dead, bring it back: its replicas then catch up from others; else look again in some minutes", NULL, SRD_SAFE },
        { "Let repair of a partition that matters come first",
          "ADMIN REPAIR TABLE {table} PARTITION ({partition});", SRD_SAFE },
    },
};

const struct srd_check srd_storage_tablet_inconsistent = {
    .id = "storage.tablet-inconsistent",
    .title = "Replicas with different content",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .outage = true,
    .needs = { &srd_probe_statistic },
    .wants = { &srd_probe_sick_tablets },
    .judge = judge_inconsistent,
    .limits = ".",
    .why = "Replicas of the same version have different checksums: the result of a query depends on which one it reads.",
    .measured_by = "SHOW PROC '/statistic' on the leader: InconsistentTabletNum",
    .rule = "critical: more than 0",
    .source = "the consistency checker of the FE, which runs at night by default",
    .avoid = "The flag stays until the tablet is checked again: repeat the check first.",
    .see = "storage.disk-offline",
    .fix = {
        { "Check the tablet again and compare its replicas: SHOW TABLET FROM prints IsConsistent and Checksum",
          "ADMIN CHECK TABLET ({tablet}) PROPERTIES (\"type\" = \"consistency\");", SRD_SAFE },
        { "Mark the replica that differs from the majority bad, so that it is cloned from another",
          "ADMIN SET REPLICA STATUS PROPERTIES (\"tablet_id\" = \"{tablet}\", \"backend_id\" = \"{backend_id}\", "
          "\"status\" = \"bad\");", SRD_RISKY },
    },
};

const struct srd_check srd_storage_tablet_error_state = {
    .id = "storage.tablet-error-state",
    .title = "Primary key tablets in error state",
    .family = "replica-health",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends, &srd_probe_statistic },
    .wants = { &srd_probe_sick_tablets, &srd_probe_replica_status },
    .judge = judge_error_state,
    .limits = ".",
    .why = "A replica of a primary key table in error state rejects loads and queries until it is cloned.",
    .measured_by = "SHOW PROC '/statistic' on the leader: ErrorStateTabletNum; for some of them the other replicas with "
                   "ADMIN SHOW REPLICA STATUS",
    .rule = "critical: a tablet of which no other replica is usable; warning: any. That the number grows cannot be seen "
            "in one run.",
    .source = "issues #68946, #19517, #67364",
    .avoid = "The BE's metric counts since its start and says nothing about now: '/statistic' does. A broken replica may "
             "be printed as OK, so a tablet needs two that are OK.",
    .see = "compaction.pk-apply-lag storage.disk-offline",
    .fix = {
        { "With two other replicas OK: mark the broken one bad, it is deleted and cloned anew",
          "ADMIN SET REPLICA STATUS PROPERTIES (\"tablet_id\" = \"{tablet}\", \"backend_id\" = \"{backend_id}\", "
          "\"status\" = \"bad\");", SRD_RISKY },
        { "Without: have the tablet recovered by the vendor (issue #37683), change nothing before", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_storage_replica_version_lag = {
    .id = "storage.replica-version-lag",
    .title = "Replicas that lag behind",
    .family = "replica-health",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends, &srd_probe_statistic },
    .wants = { &srd_probe_sick_tablets, &srd_probe_replica_status, &srd_probe_tablet_replicas },
    .judge = judge_version_lag,
    .limits = ".",
    .why = "A replica missed a version (a write or publish failed there) and has not caught up: it serves nothing, and "
           "the next fault may leave too few.",
    .measured_by = "ADMIN SHOW REPLICA STATUS of partitions with unhealthy tablets: replicas with VERSION_ERROR on living "
                   "backends; SHOW TABLET FROM says since when (LstFailedTime)",
    .rule = "critical: most replicas of a tablet lag; warning: one has lagged for 10 minutes; info: one lags, for how long "
            "is not known or less",
    .source = "our judgement; quorum_publish_wait_time_ms (5 s) lets a publish end before the last replica has it",
    .avoid = "With quorum publish one replica may be late by seconds. Only partitions that '/statistic' calls unhealthy are "
             "looked at. Replicas of dead backends are not counted.",
    .see = "txn.committed-not-visible storage.tablet-unhealthy",
    .fix = {
        { "Find out why publish or clone fails on BE {backend_id}: its log, its disk, storage.disk-offline", NULL, SRD_SAFE },
        { "Let repair of the partition come first", "ADMIN REPAIR TABLE {table} PARTITION ({partition});", SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_storage_replicas_checks[] = {
    &srd_storage_tablet_unhealthy,
    &srd_storage_tablet_inconsistent,
    &srd_storage_tablet_error_state,
    &srd_storage_replica_version_lag,
    NULL,
};
