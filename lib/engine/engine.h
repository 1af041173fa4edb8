#ifndef SRD_ENGINE_ENGINE_H
#define SRD_ENGINE_ENGINE_H

#include <signal.h>

#include "lib/model/report.h"
#include "lib/source/source.h"

/*
 * Plans the probes, asks them in rounds, judges the checks, matches causes, computes the score.
 *
 * Round 0 is identity (lib/model/identity.h). Then level by level: all probes that wait for nothing,
 * then those whose `after` was answered, ... When an earlier run over the same source knew the
 * cluster, a few questions of the first level go along with round 0, as they were for that cluster;
 * their answers count only if the questions turn out to be the same, to the letter and to the same
 * leader.
 *
 * Each question is asked once per node that must be asked. At most source->parallel questions at a
 * time, of them one heavy one; a heavy one only if the guard of the catalogue does not say that the
 * cluster is under stress, and if the cluster is not larger than @heavy_limit (neither matters when
 * the source is a file). Every failure becomes a reason in the evidence; the run fails only when the
 * source is gone before anything was learnt.
 *
 * Time: each probe its limit, the run @timeout_ms. What is unanswered then is "timeout", and the
 * report is marked partial.
 */

/*
 * Threads of a server that runs again and again: starting and ending one for each run would cost
 * more than what it does. @lend runs @run(@what) on a thread of its own, soon; false: there is none.
 */
struct srd_hands {
    bool (*lend)(void *context, void (*run)(void *), void *what);
    void *context;
};

struct srd_run_options {
    const char *cluster_name;  /* alias; NULL: what is connected */
    int64_t timeout_ms;        /* of the whole run; 0: 45 s */
    int64_t heavy_limit;       /* most tablet replicas with which heavy probes are asked; 0: 10 million, negative: any */
    const char *const *only;   /* ids of checks; NULL: all */
    const char *const *skip;
    const struct srd_override *overrides; /* --set, ended by a NULL name; may be NULL */
    const char *tool_version;
    const volatile sig_atomic_t *cancel;  /* non-zero: end now; may be NULL */
    /*
     * For srd_run_experts() of one expert: as many as it declares (expert->args), in its order, already
     * validated; they live as long as the report. NULL: their fallbacks; so for several experts, and for
     * an expert that declares none. srd_run_view() puts those of the view here.
     */
    const struct srd_arg_value *args;
    const struct srd_arg *declared; /* what @args are; set by srd_run_view() and srd_run_experts() */
    /* Set by srd_run_experts(): once mode and version are known only what their checks want there is asked. */
    const struct srd_expert *const *only_for;
    void (*progress)(void *context, size_t done, size_t planned, const char *probe);
    void *context;
    const struct srd_hands *hands; /* NULL: threads of the run's own */
};

/* What a run would ask, without asking: for --plan. */
struct srd_plan_item {
    const struct srd_probe *probe;
    int level;
    const char *sql; /* of the version and mode if known, else of the newest; placeholders unfilled */
    const char *reason; /* not asked: "version", "mode"; NULL: asked */
};
size_t srd_plan(const struct srd_catalogue *catalogue, const struct srd_probe *const *probes,
                int version, enum srd_mode mode, struct srd_arena *arena,
                const struct srd_plan_item **out);

/* The probes of a set of experts (needs and wants of checks, not of views), or of one view. NULL-ended. */
const struct srd_probe *const *srd_probes_of_experts(const struct srd_expert *const *experts,
                                                     const struct srd_run_options *options,
                                                     struct srd_arena *arena);
const struct srd_probe *const *srd_probes_of_view(const struct srd_view *view,
                                                  struct srd_arena *arena);

/* Identity and @probes (and what they come after) from @src: for collect and preflight too. */
int srd_collect(const struct srd_catalogue *catalogue, struct srd_source *src,
                const struct srd_probe *const *probes, const struct srd_run_options *options,
                struct srd_arena *arena, struct srd_evidence **out, bool *partial,
                struct srd_error *err);

/* @experts is NULL-ended. The report lives in @arena and borrows the catalogue only. */
int srd_run_experts(const struct srd_catalogue *catalogue, struct srd_source *src,
                    const struct srd_expert *const *experts, const struct srd_run_options *options,
                    struct srd_arena *arena, struct srd_report **out, struct srd_error *err);

/* @args: as many as the view declares, in its order, already validated. */
int srd_run_view(const struct srd_catalogue *catalogue, struct srd_source *src,
                 const struct srd_expert *expert, const struct srd_view *view,
                 const struct srd_arg_value *args, const struct srd_run_options *options,
                 struct srd_arena *arena, struct srd_view_report **out, struct srd_error *err);

/* The pure parts. */

/* All checks of @experts over @ev, in registry order. */
size_t srd_judge(const struct srd_expert *const *experts, const struct srd_evidence *ev,
                 const struct srd_run_options *options, struct srd_arena *arena,
                 struct srd_result **out);
/* Findings of all results, worst first; ties in registry order. */
size_t srd_sort_findings(const struct srd_result *results, size_t count, struct srd_arena *arena,
                         struct srd_finding ***out);
#endif
