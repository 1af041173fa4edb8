/* Do the clocks of the frontends agree? */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experts/cluster/cluster.h"
#include "lib/base/text.h"

/* A constant that the FE evaluates by itself, so it works while no node lives. */
const struct srd_probe srd_probe_fe_clocks = {
    .id = "fe-clocks",
    .summary = "what time it is on each FE",
    .texts = { { .sql = "SELECT NOW(3) AS NOW_TIME, UNIX_TIMESTAMP() AS UNIX_TIME" } },
    .columns = "NOW_TIME UNIX_TIME",
    .where = SRD_ASK_EACH,
    .zone = SRD_ZONE_SESSION,
};

/* How far the clock of an FE is ahead of ours; true within +- error. */
struct reading {
    const struct srd_answer *answer;
    double offset_ms, error_ms;
};

/*
 * The FE read its clock at some time between our sending and its answer: in the middle, give or
 * take half of that time. NOW() is in the zone of the session; if it is not UTC we know no
 * milliseconds.
 */
static bool read_clock(const struct srd_answer *a, struct reading *out)
{
    int64_t now_ms, unix_ms;

    if (!a->table || !a->table->rows || !a->started_at_ms ||
        !srd_cell_time_ms(a->table, 0, "NOW_TIME", &now_ms) ||
        !srd_cell_time_ms(a->table, 0, "UNIX_TIME", &unix_ms) || llabs(now_ms - unix_ms) > 2000)
        return false;
    *out = (struct reading){
        .answer = a,
        .offset_ms = (double)(now_ms - a->started_at_ms) - (double)a->ms / 2,
        .error_ms = (double)a->ms / 2 + 1,
    };
    return true;
}

static const char *seconds(struct srd_arena *arena, double ms)
{
    return srd_arena_printf(arena, "%.1f s", fabs(ms) / 1000);
}

/* The leader's clock counts: it is the one that refuses others. */
static const struct reading *reference(const struct srd_evidence *ev, const struct reading *all,
                                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(all[i].answer->node, ev->cluster.leader))
            return &all[i];
    return all;
}

static void compare_with_ours(struct srd_findings *out, const struct reading *all, size_t count)
{
    struct srd_limit limit =
        srd_limit_catalogue(out->ev, "cluster.fe-clock-skew.own", 5000, SRD_UNIT_MS);
    double least = INFINITY;
    struct srd_finding *f;

    for (size_t i = 0; i < count; i++) {
        double sure = fabs(all[i].offset_ms) - 2 * all[i].error_ms;

        /* one ahead and another behind: then ours is in the middle */
        if ((all[i].offset_ms < 0) != (all[0].offset_ms < 0))
            return;
        least = sure < least ? sure : least;
    }
    if (least <= limit.value)
        return;
    f = srd_finding_add(out, SRD_INFO, "cluster", "srdiag",
                        "the clock of the machine that srdiag runs on is %s %s of all FEs",
                        seconds(out->arena, all[0].offset_ms),
                        all[0].offset_ms > 0 ? "behind" : "ahead");
    srd_finding_value(f, fabs(all[0].offset_ms), limit);
}

static void judge_skew(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_limit warn = srd_limit_catalogue(ev, "cluster.fe-clock-skew", 1000, SRD_UNIT_MS);
    struct srd_limit refuse = srd_fe_config(ev, "max_bdbje_clock_delta_ms", 5000, SRD_UNIT_MS);
    struct reading *all = srd_arena_array(out->arena, ev->count + 1, sizeof(*all));
    const struct reading *base;
    size_t count = 0, unread = 0, left_out = 0;
    double worst = 0;

    for (const struct srd_answer *a = NULL; (a = srd_evidence_next(ev, &srd_probe_fe_clocks, a));) {
        if (a->status == SRD_FAILED && a->detail && strstr(a->detail, "not alive"))
            continue; /* cluster.fe-down */
        left_out += a->status == SRD_SKIPPED;
        if (a->status == SRD_SKIPPED)
            continue;
        if (read_clock(a, &all[count]))
            count++;
        else
            unread++;
    }
    base = reference(ev, all, count);
    for (size_t i = 0; i < count; i++) {
        double apart = all[i].offset_ms - base->offset_ms;
        double error = all[i].error_ms + base->error_ms;
        bool critical = fabs(apart) > refuse.value;
        struct srd_finding *f;

        worst = fabs(apart) > worst ? fabs(apart) : worst;
        if (&all[i] == base || fabs(apart) <= warn.value || fabs(apart) <= 2 * error)
            continue;
        f = srd_finding_add(out, critical ? SRD_CRITICAL : SRD_WARNING, "frontend",
                            all[i].answer->node, "the clock of FE %s is %s %s that of %s",
                            all[i].answer->node, seconds(out->arena, apart),
                            apart > 0 ? "ahead of" : "behind", base->answer->node);
        srd_finding_value(f, fabs(apart), critical ? refuse : warn);
        srd_finding_share(f, 1, (double)count);
        srd_finding_field(out, f, "node", all[i].answer->node);
        srd_finding_row(f, &srd_probe_fe_clocks, all[i].answer->table, 0);
    }
    if (count)
        compare_with_ours(out, all, count);
    srd_measured(out, "the clocks of %zu FEs are at most %s apart", count,
                 seconds(out->arena, worst));
    if (unread)
        srd_cannot_judge(out, SRD_FAILED, "the clocks of %zu of %zu FEs could not be read", unread,
                         count + unread);
    else if (left_out)
        srd_cannot_judge(out, SRD_SKIPPED, "%zu of %zu FEs were not asked for their clocks",
                         left_out, count + left_out);
}

/* clang-format off */
const struct srd_check srd_cluster_fe_clock_skew = {
    .id = "cluster.fe-clock-skew",
    .title = "Clocks of FEs differ",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_fe_clocks },
    .wants = { &srd_probe_fe_config },
    .judge = judge_skew,
    .limits = ". .own max_bdbje_clock_delta_ms",
    .why = "BDB JE refuses a follower whose clock differs too much from the leader's. Smaller differences make time-outs of "
           "transactions, lags of Routine Load, schedules of materialized views and partition lifetimes wrong.",
    .measured_by = "SELECT NOW(3) on every FE; its clock less ours in the middle between sending and answer, known to half "
                   "of that time. FEs are compared with the leader, not with us. What BEs think cannot be asked.",
    .rule = "warning: more than 1 s apart; critical: more than max_bdbje_clock_delta_ms (5 s); each only when that is more "
            "than twice what the measurement may be wrong by. info: our own clock is more than 5 s from all FEs.",
    .source = "max_bdbje_clock_delta_ms; 1 s is our judgement",
    .avoid = "Slow networks widen the error and silence the check. The zone of a session does not matter.",
    .see = "cluster.fe-down cluster.fe-no-leader",
    .fix = {
        { "Run NTP or chrony on all nodes; let the leader's clock slew, do not step it", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_cluster_clocks_checks[] = { &srd_cluster_fe_clock_skew, NULL };
