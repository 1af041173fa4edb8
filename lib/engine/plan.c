/* Which probes does a run need, and in which order can they be asked? */

#include "lib/engine/plan.h"

#include <fnmatch.h>

#include "lib/engine/engine.h"
#include "lib/model/identity.h"

bool srd_plan_is_identity(const struct srd_probe *probe)
{
    for (const struct srd_probe *const *p = srd_identity_probes; *p; p++)
        if (*p == probe)
            return true;
    return false;
}

int srd_plan_level(const struct srd_catalogue *catalogue, const struct srd_probe *probe)
{
    int level = 0, other = 0;

    if (srd_plan_is_identity(probe))
        return 0;
    if (probe->after)
        level = srd_plan_level(catalogue, probe->after);
    if (probe->behind)
        other = srd_plan_level(catalogue, probe->behind);
    level = other > level ? other : level;
    /* a heavy one waits for the guard's word, which is asked in the first level after identity */
    if (probe->cost == SRD_COST_HEAVY && catalogue->guard && level < 1)
        level = 1;
    return level + 1;
}

/* A growing set of probes that keeps the order in which they came. */
struct set {
    struct srd_arena *arena;
    const struct srd_probe **items;
    size_t count, room;
};

static void add(struct set *set, const struct srd_probe *probe)
{
    if (!probe)
        return;
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i] == probe)
            return;
    add(set, probe->after);
    if (set->count + 1 >= set->room) {
        size_t room = set->room ? 2 * set->room : 32;
        const struct srd_probe **items = srd_arena_array(set->arena, room, sizeof(*items));

        for (size_t i = 0; i < set->count; i++)
            items[i] = set->items[i];
        set->items = items;
        set->room = room;
    }
    set->items[set->count++] = probe;
    set->items[set->count] = NULL;
}

static void add_all(struct set *set, const struct srd_probe *const *probes)
{
    for (; *probes; probes++)
        add(set, *probes);
}

static const struct srd_probe *const *finish(struct set *set)
{
    static const struct srd_probe *const none[] = { NULL };

    return set->count ? set->items : none;
}

static bool matches(const char *id, const char *const *patterns)
{
    for (; *patterns; patterns++)
        if (!fnmatch(*patterns, id, 0))
            return true;
    return false;
}

bool srd_plan_wants_check(const struct srd_check *check, const struct srd_run_options *options)
{
    if (options && options->only && !matches(check->id, options->only))
        return false;
    return !(options && options->skip && matches(check->id, options->skip));
}

const struct srd_probe *const *srd_plan_fitting(const struct srd_expert *const *experts,
                                                const struct srd_run_options *options, int version,
                                                enum srd_mode mode, struct srd_arena *arena)
{
    struct set set = { .arena = arena };

    for (; *experts; experts++) {
        SRD_EACH_CHECK (check, (*experts)) {
            if (!srd_plan_wants_check(*check, options) || !srd_check_implemented(*check) ||
                !srd_mode_includes((*check)->mode, mode) ||
                !srd_version_within(version, (*check)->since, (*check)->until))
                continue;
            add_all(&set, (*check)->needs);
            add_all(&set, (*check)->wants);
        }
    }
    return finish(&set);
}

const struct srd_probe *const *srd_probes_of_experts(const struct srd_expert *const *experts,
                                                     const struct srd_run_options *options,
                                                     struct srd_arena *arena)
{
    return srd_plan_fitting(experts, options, 0, SRD_MODE_ANY, arena);
}

const struct srd_probe *const *srd_probes_of_view(const struct srd_view *view,
                                                  struct srd_arena *arena)
{
    struct set set = { .arena = arena };

    add_all(&set, view->needs);
    add_all(&set, view->wants);
    return finish(&set);
}

const struct srd_probe *const *srd_plan_complete(const struct srd_catalogue *catalogue,
                                                 const struct srd_probe *const *probes,
                                                 struct srd_arena *arena)
{
    struct set set = { .arena = arena };
    bool heavy = false;

    add_all(&set, srd_identity_probes);
    add_all(&set, probes);
    for (size_t i = 0; i < set.count; i++)
        heavy = heavy || set.items[i]->cost == SRD_COST_HEAVY;
    if (heavy)
        add(&set, catalogue->guard);
    return finish(&set);
}

size_t srd_plan(const struct srd_catalogue *catalogue, const struct srd_probe *const *probes,
                int version, enum srd_mode mode, struct srd_arena *arena,
                const struct srd_plan_item **out)
{
    const struct srd_probe *const *all = srd_plan_complete(catalogue, probes, arena);
    struct srd_plan_item *items;
    size_t total = 0, count = 0;
    int deepest = 0;

    for (; all[total]; total++) {
        int level = srd_plan_level(catalogue, all[total]);

        deepest = level > deepest ? level : deepest;
    }
    items = srd_arena_array(arena, total + 1, sizeof(*items));
    for (int level = 0; level <= deepest; level++) {
        for (size_t i = 0; i < total; i++) {
            const struct srd_probe_text *text;

            if (srd_plan_level(catalogue, all[i]) != level)
                continue;
            text = srd_probe_text(all[i], version, mode);
            items[count++] = (struct srd_plan_item){
                .probe = all[i],
                .level = level,
                .sql = text ? text->sql : all[i]->texts[0].sql,
                .reason = text                               ? NULL
                          : srd_probe_has_mode(all[i], mode) ? "version"
                                                             : "mode",
            };
        }
    }
    *out = items;
    return count;
}
