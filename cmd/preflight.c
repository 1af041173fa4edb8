/* What may this account see, and which checks fall away? Asked for real, except what is heavy. */

#include <string.h>

#include "cmd/command.h"
#include "cmd/listing.h"
#include "cmd/terminal.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/model/identity.h"

static struct {
    struct srd_words experts;
} opt;

static const struct srd_option options[] = {
    { "for", 0, SRD_OPT_LIST, &opt.experts, "EXPERT,...", "only for what these experts ask",
      .group = SRD_OF_COMMAND },
    { 0 },
};

static const struct srd_expert *const *experts;

static int check(struct srd_call *call, struct srd_error *err)
{
    return srd_experts_named(&opt.experts, call->arena, &experts, err);
}

/* Itself, or what it comes after: the engine would ask that too. */
static bool is_heavy(const struct srd_probe *probe)
{
    for (; probe; probe = probe->after)
        if (probe->cost == SRD_COST_HEAVY)
            return true;
    return false;
}

static const struct srd_probe *const *light_ones(const struct srd_probe *const *probes,
                                                 struct srd_arena *arena)
{
    const struct srd_probe **out;
    size_t count = 0, n = 0;

    while (probes[count])
        count++;
    out = srd_arena_array(arena, count + 1, sizeof(*out));
    for (; *probes; probes++)
        if (!is_heavy(*probes))
            out[n++] = *probes;
    return out;
}

/* The verdict on one probe in one word, and its words. */
static const char *state_of(const struct srd_evidence *ev, const struct srd_probe *probe,
                            struct srd_arena *arena, const char **detail)
{
    const struct srd_answer *missing = srd_evidence_missing(ev, probe);

    *detail = NULL;
    if (is_heavy(probe)) {
        *detail = probe->cost == SRD_COST_HEAVY
                      ? "it is heavy"
                      : srd_arena_printf(arena, "it comes after %s", probe->after->id);
        return "not tried";
    }
    if (!missing)
        return "ok";
    *detail = missing->detail && *missing->detail ? missing->detail : NULL;
    return srd_status_name(missing->status);
}

static bool uses(const struct srd_check *c, const struct srd_probe *probe)
{
    for (const struct srd_probe *const *p = c->needs; *p; p++)
        if (*p == probe)
            return true;
    return false;
}

/* How many checks could be made here if only @probe were answered. */
static size_t users_of(const struct srd_evidence *ev, const struct srd_probe *probe)
{
    size_t n = 0;

    for (const struct srd_expert *const *e = experts; *e; e++)
        SRD_EACH_CHECK (c, (*e))
            n += srd_check_implemented(*c) && srd_mode_includes((*c)->mode, ev->cluster.mode) &&
                 uses(*c, probe);
    return n;
}

/* What becomes of the checks. */
struct tally {
    size_t made, heavy, elsewhere, later, lost[SRD_STATUS_COUNT];
    const char *lost_ids[SRD_STATUS_COUNT];
};

static void count_check(struct srd_call *call, const struct srd_evidence *ev,
                        const struct srd_check *c, struct tally *t)
{
    const struct srd_answer *missing = NULL;
    bool heavy = false;

    if (!srd_check_implemented(c)) {
        t->later++;
        return;
    }
    if (!srd_mode_includes(c->mode, ev->cluster.mode) ||
        !srd_version_within(ev->cluster.version, c->since, c->until)) {
        t->elsewhere++;
        return;
    }
    for (const struct srd_probe *const *p = c->needs; *p; p++) {
        if (is_heavy(*p))
            heavy = true;
        else if (!missing)
            missing = srd_evidence_missing(ev, *p);
    }
    if (missing) {
        const char **ids = &t->lost_ids[missing->status];

        t->lost[missing->status]++;
        *ids = *ids ? srd_arena_printf(call->arena, "%s %s", *ids, c->id) : c->id;
    } else if (heavy) {
        t->heavy++;
    } else {
        t->made++;
    }
}

static void print_summary(struct srd_call *call, const struct srd_evidence *ev,
                          const struct tally *t)
{
    const struct srd_cluster *cluster = &ev->cluster;
    struct srd_style style = call->style;

    if (!style.width)
        style.width = 80;
    srd_buf_printf(&call->out,
                   "\n%zu check%s can be made, %zu more if heavy questions are answered\n", t->made,
                   t->made == 1 ? "" : "s", t->heavy);
    if (t->elsewhere)
        srd_buf_printf(&call->out, "%zu are not meant for a %s cluster of version %s\n",
                       t->elsewhere, srd_mode_name(cluster->mode),
                       *cluster->version_text ? cluster->version_text : "unknown");
    for (size_t s = 0; s < SRD_STATUS_COUNT; s++) {
        if (!t->lost[s])
            continue;
        srd_buf_printf(&call->out, "%zu cannot be made: %s\n", t->lost[s],
                       srd_status_name((enum srd_status)s));
        srd_render_paragraph(t->lost_ids[s], 4, &style, &call->out);
    }
    if (t->later)
        srd_buf_printf(&call->out, "%zu of the catalogue need more than this version has\n",
                       t->later);
    if (t->lost[SRD_DENIED])
        srd_buf_printf(&call->out, "\nNext: srdiag grants%s%s\n",
                       opt.experts.count ? " --for " : "",
                       opt.experts.count ? opt.experts.items[0] : "");
}

static int print(struct srd_call *call, const struct srd_probe *const *probes,
                 const struct srd_evidence *ev, struct srd_error *err)
{
    static const struct srd_list_column columns[] = { { .key = "probe" },
                                                      { .key = "cost" },
                                                      { .key = "state" },
                                                      { .key = "checks", .number = true },
                                                      { .key = "privilege" },
                                                      { .key = "detail" },
                                                      { 0 } };
    struct srd_listing listing;
    const char *detail;

    srd_listing_init(&listing, call->arena, "preflight", columns);
    for (; *probes; probes++) {
        const char *state = state_of(ev, *probes, call->arena, &detail);

        srd_listing_add(
            &listing, (const char *[]){ (*probes)->id, srd_cost_name((*probes)->cost), state,
                                        srd_arena_printf(call->arena, "%zu", users_of(ev, *probes)),
                                        (*probes)->privilege, detail });
    }
    if (srd_format_is_prose(call->format))
        srd_buf_printf(&call->out, "%s  StarRocks %s  %s  %s%s\n\n", ev->cluster.name,
                       *ev->cluster.version_text ? ev->cluster.version_text : "(unknown version)",
                       srd_mode_name(ev->cluster.mode), *call->source->info.user ? "as " : "",
                       call->source->info.user);
    return srd_listing_print(call, &listing, err);
}

static int run(struct srd_call *call, struct srd_error *err)
{
    const struct srd_probe *const *wanted = srd_probes_of_experts(experts, NULL, call->arena);
    const struct srd_probe *const *light = light_ones(wanted, call->arena);
    struct tally tally = { 0 };
    struct srd_evidence *ev;
    bool partial;

    if (srd_globals.plan)
        return srd_plan_print(call, light, err);
    if (srd_collect(&srd_catalogue, call->source, light, &call->run, call->arena, &ev, &partial,
                    err))
        return err->code;
    srd_progress_end();
    srd_tell_answers(ev);
    if (print(call, wanted, ev, err))
        return err->code;
    for (const struct srd_expert *const *e = experts; *e; e++)
        SRD_EACH_CHECK (c, (*e))
            count_check(call, ev, *c, &tally);
    if (srd_format_is_prose(call->format))
        print_summary(call, ev, &tally);
    call->long_text = true;
    call->status = partial ? SRD_EXIT_PARTIAL
                   : tally.lost[SRD_DENIED] || tally.lost[SRD_FAILED] ||
                           tally.lost[SRD_TIMED_OUT] || tally.lost[SRD_NO_BACKEND]
                       ? SRD_EXIT_WARNING
                       : SRD_EXIT_OKAY;
    return 0;
}

const struct srd_command srd_command_preflight = {
    .name = "preflight",
    .group = "help",
    .operands = "",
    .summary = "try what this account may see, and which checks fall away",
    .text =
        "Asks every question that is not heavy, really and once, and says which ones are denied, "
        "missing in this version, or slow, and what that costs. Exit status 1 if checks fall away "
        "for "
        "a reason that can be removed.",
    .options = options,
    .needs = SRD_NEEDS_SOURCE,
    .check = check,
    .run = run,
};
