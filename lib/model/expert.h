#ifndef SRD_MODEL_EXPERT_H
#define SRD_MODEL_EXPERT_H

#include "lib/model/cause.h"
#include "lib/model/check.h"
#include "lib/model/view.h"

/*
 * An expert is a named list of checks and views. Both come in groups: one per file of the expert, each a
 * NULL-ended array that stands beside what it lists, so that a new check is a matter of its file and its
 * test. An expert of one file has one group.
 */
struct srd_expert {
    const char *name;  /* "storage", "load-jobs": the command */
    const char *tool;  /* "analyze_storage_health": the MCP name */
    const char *area;  /* group of its check ids and domain of the score: "storage", "load" */
    const char *title; /* one line */
    const char *about; /* for a model that chooses tools: when to use it, what comes back, which other
                          tool is near. NULL: it gets no tool of its own (others reach it by name) */
    const struct srd_check *const *const *checks; /* groups, NULL-ended; NULL: none */
    const struct srd_view *const *const *views;
    /*
     * Arguments of the diagnosis itself (`srdiag ingestion --hours 72`), none of them required; its
     * picks and judges read them with srd_view_arg(). They mean something only when this expert runs
     * alone: among others each takes its fallback.
     */
    struct srd_arg args[SRD_MAX_ARGS + 1];
};

/* SRD_EACH_CHECK (check, expert) { ... (*check)->id ... }: in order, over all groups. No break inside. */
#define SRD_EACH_CHECK(item, expert)                                                               \
    for (const struct srd_check *const *const *item##_group = (expert)->checks;                    \
         item##_group && *item##_group; item##_group++)                                            \
        for (const struct srd_check *const *item = *item##_group; *item; item++)
#define SRD_EACH_VIEW(item, expert)                                                                \
    for (const struct srd_view *const *const *item##_group = (expert)->views;                      \
         item##_group && *item##_group; item##_group++)                                            \
        for (const struct srd_view *const *item = *item##_group; *item; item++)

/* Weight of a domain in the score. */
struct srd_area {
    const char *name;
    double weight;
};

/*
 * What a person picks to begin with: a task for a model that has the tools. {name} in @text stands for
 * the value of an argument, or for @instead.
 */
#define SRD_MAX_PROMPT_ARGS 3
struct srd_prompt {
    const char *name, *title, *description;
    struct srd_prompt_arg {
        const char *name; /* "cluster" is completed with the names of the clusters */
        const char *help, *instead;
    } args[SRD_MAX_PROMPT_ARGS + 1]; /* none is required */
    const char *text;
};

/*
 * Everything that is known about StarRocks, as one constant value: `lib` never names an expert, `cmd`
 * hands this in.
 */
struct srd_catalogue {
    const char *version; /* of the catalogue itself: grows with every change of a rule */
    const struct srd_expert *const *experts;
    const struct srd_cause *const *causes;
    const struct srd_area *areas; /* ends with a NULL name */
    /* Asked before any heavy probe: a row in it means "the FE waits for locks, do not add load". */
    const struct srd_probe *guard;
    bool (*stressed)(const struct srd_evidence *ev, const char **why);
    const char *instructions;         /* for a model that has the tools: the most important first */
    const struct srd_prompt *prompts; /* ends with a NULL name; may be NULL */
};

const struct srd_expert *srd_catalogue_expert(const struct srd_catalogue *c, const char *name);
const struct srd_check *srd_catalogue_check(const struct srd_catalogue *c, const char *id);
const struct srd_cause *srd_catalogue_cause(const struct srd_catalogue *c, const char *id);
const struct srd_check *srd_expert_check(const struct srd_expert *expert, const char *id);
const struct srd_view *srd_expert_view(const struct srd_expert *expert, const char *name);
/* The names of check->limits in full, in their order; NULL-ended. */
const char *const *srd_check_limits(const struct srd_check *check, struct srd_arena *arena);
/* Those of all checks, each once, in the order of the alphabet. */
const char *const *srd_catalogue_limits(const struct srd_catalogue *c, struct srd_arena *arena);
/* Any check or view that can be judged or filled now? */
bool srd_check_implemented(const struct srd_check *check);
/* All distinct probes of the catalogue (needs, wants, their `after`s, guard, identity), in id order. */
const struct srd_probe *const *srd_catalogue_probes(const struct srd_catalogue *c,
                                                    struct srd_arena *arena);

#endif
