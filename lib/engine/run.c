/* From evidence to the report: judge, match causes, score, sort. All of it pure. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/engine/causes.h"
#include "lib/engine/engine.h"
#include "lib/engine/plan.h"
#include "lib/engine/score.h"

size_t srd_judge(const struct srd_expert *const *experts, const struct srd_evidence *ev,
                 const struct srd_run_options *options, struct srd_arena *arena,
                 struct srd_result **out)
{
    size_t total = 0, count = 0;

    for (const struct srd_expert *const *e = experts; *e; e++)
        SRD_EACH_CHECK (check, (*e))
            total++;
    *out = srd_arena_array(arena, total + 1, sizeof(**out));
    for (const struct srd_expert *const *e = experts; *e; e++)
        SRD_EACH_CHECK (check, (*e))
            if (srd_plan_wants_check(*check, options))
                srd_check_judge(*check, ev, arena, &(*out)[count++]);
    return count;
}

size_t srd_sort_findings(const struct srd_result *results, size_t count, struct srd_arena *arena,
                         struct srd_finding ***out)
{
    size_t total = 0, n = 0;

    for (size_t i = 0; i < count; i++)
        total += results[i].finding_count;
    *out = srd_arena_array(arena, total + 1, sizeof(**out));
    /* a judge's findings are sorted already: taking them level by level keeps registry order */
    for (int level = SRD_CRITICAL; level >= SRD_OKAY; level--)
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < results[i].finding_count; k++)
                if ((int)results[i].findings[k]->severity == level)
                    (*out)[n++] = results[i].findings[k];
    return n;
}

static const struct srd_expert *const *copy_experts(const struct srd_expert *const *experts,
                                                    struct srd_arena *arena)
{
    const struct srd_expert **copy;
    size_t count = 0;

    while (experts[count])
        count++;
    copy = srd_arena_array(arena, count + 1, sizeof(*copy));
    memcpy(copy, experts, count * sizeof(*copy));
    return copy;
}

/* The times a report shows: of the run, but of the collecting run when it reads a snapshot. */
static struct srd_source_info source_info(const struct srd_source *src, struct srd_arena *arena)
{
    return (struct srd_source_info){
        .kind = srd_arena_copy(arena, src->info.kind),
        .where = srd_arena_copy(arena, src->info.where),
        .user = srd_arena_copy(arena, src->info.user ? src->info.user : ""),
        .taken_at_ms = src->info.taken_at_ms,
    };
}

int srd_run_experts(const struct srd_catalogue *catalogue, struct srd_source *src,
                    const struct srd_expert *const *experts, const struct srd_run_options *options,
                    struct srd_arena *arena, struct srd_report **out, struct srd_error *err)
{
    struct srd_report *report = srd_arena_alloc(arena, sizeof(*report));
    const struct srd_probe *const *probes = srd_probes_of_experts(experts, options, arena);
    struct srd_run_options of_one = *options;
    int64_t started = srd_clock_monotonic_ms();
    struct srd_results results;
    struct srd_evidence *ev;

    /* two experts may mean different things by one name */
    of_one.only_for = experts;
    of_one.declared = experts[0] && !experts[1] ? experts[0]->args : NULL;
    report->args = of_one.args = of_one.declared ? options->args : NULL;
    report->started_at_ms = srd_clock_now_ms();
    if (srd_collect(catalogue, src, probes, &of_one, arena, &ev, &report->partial, err))
        return err->code;
    report->source = source_info(src, arena);
    report->tool_version = srd_arena_copy(arena, options->tool_version);
    report->catalogue_version = catalogue->version;
    report->catalogue = catalogue;
    report->experts = copy_experts(experts, arena);
    report->ev = ev;
    report->result_count = srd_judge(experts, ev, options, arena, &results.items);
    report->results = results.items;
    results.count = report->result_count;
    results.ev = ev;
    report->cause_count = srd_causes_match(catalogue->causes, &results, arena, &report->causes);
    report->finding_count =
        srd_sort_findings(results.items, results.count, arena, &report->findings);
    report->score = srd_score(catalogue->areas, results.items, results.count, arena);
    report->worst = report->finding_count ? report->findings[0]->severity : SRD_OKAY;
    report->duration_ms = srd_clock_monotonic_ms() - started;
    *out = report;
    return 0;
}

/*
 * Why the view cannot be filled, or NULL. Where each run mode has a question of its own, that of the
 * other is no obstacle.
 */
static const struct srd_answer *obstacle(const struct srd_view *view, const struct srd_evidence *ev)
{
    const struct srd_answer *of_other_mode = NULL;
    bool answered = false;

    for (const struct srd_probe *const *probe = view->needs; *probe; probe++) {
        const struct srd_answer *missing = srd_evidence_missing(ev, *probe);

        if (!missing)
            answered = true;
        else if (missing->status == SRD_MODE_ABSENT)
            of_other_mode = missing;
        else
            return missing;
    }
    return answered ? NULL : of_other_mode;
}

static void fill_view(struct srd_view_report *report, const struct srd_evidence *ev,
                      struct srd_arena *arena)
{
    const struct srd_view *view = report->view;
    const struct srd_answer *missing;
    struct srd_rows *rows;

    if (!srd_mode_includes(view->mode, ev->cluster.mode)) {
        report->status = SRD_MODE_ABSENT;
        report->detail = srd_arena_printf(arena, "a %s cluster has no such thing",
                                          srd_mode_name(ev->cluster.mode));
        return;
    }
    missing = obstacle(view, ev);
    if (missing) {
        report->status = missing->status;
        report->detail = srd_arena_printf(arena, "probe %s: %s", missing->probe->id,
                                          missing->detail[0] ? missing->detail
                                                             : srd_status_name(missing->status));
        return;
    }
    rows = srd_arena_alloc(arena, sizeof(*rows));
    rows->arena = arena;
    rows->view = view;
    view->fill(ev, report->args, rows);
    report->rows = rows;
    report->status = SRD_ANSWERED;
    report->detail = "";
}

int srd_run_view(const struct srd_catalogue *catalogue, struct srd_source *src,
                 const struct srd_expert *expert, const struct srd_view *view,
                 const struct srd_arg_value *args, const struct srd_run_options *options,
                 struct srd_arena *arena, struct srd_view_report **out, struct srd_error *err)
{
    struct srd_view_report *report = srd_arena_alloc(arena, sizeof(*report));
    struct srd_run_options of_view = *options;
    int64_t started = srd_clock_monotonic_ms();
    struct srd_evidence *ev;
    bool partial;

    of_view.declared = view->args;
    of_view.args = args;
    report->started_at_ms = srd_clock_now_ms();
    if (srd_collect(catalogue, src, srd_probes_of_view(view, arena), &of_view, arena, &ev, &partial,
                    err))
        return err->code;
    report->source = source_info(src, arena);
    report->tool_version = srd_arena_copy(arena, options->tool_version);
    report->ev = ev;
    report->expert = expert;
    report->view = view;
    report->args = args;
    fill_view(report, ev, arena);
    report->duration_ms = srd_clock_monotonic_ms() - started;
    *out = report;
    return 0;
}
