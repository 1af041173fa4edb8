/* What does srdiag know: experts, checks, limits, causes, views, probes, formats, commands? */

#include <string.h>

#include "cmd/command.h"
#include "cmd/listing.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"

static struct {
    struct srd_words experts;
} opt;

static const struct srd_option options[] = {
    { "for", 0, SRD_OPT_LIST, &opt.experts, "EXPERT,...", "of these experts only",
      .group = SRD_OF_COMMAND },
    { 0 },
};

/* One kind of thing to list. */
struct kind {
    const char *name;
    bool by_expert; /* --for makes sense */
    const struct srd_list_column *columns;
    void (*fill)(struct srd_call *call, const struct srd_expert *const *experts,
                 struct srd_listing *out);
};

static const char *number(struct srd_arena *arena, size_t n)
{
    return srd_arena_printf(arena, "%zu", n);
}

static const char *yes(bool it_is)
{
    return it_is ? "yes" : "no";
}

static const char *mode_of(enum srd_mode mode)
{
    return mode == SRD_MODE_ANY ? "any" : srd_mode_name(mode);
}

static const char *version_range(struct srd_arena *arena, int since, int until)
{
    const char *from =
        since ? srd_arena_printf(arena, "%d.%d.%d", since / 10000, since / 100 % 100, since % 100)
              : "";
    const char *to =
        until ? srd_arena_printf(arena, "%d.%d.%d", until / 10000, until / 100 % 100, until % 100)
              : "";

    return since || until ? srd_arena_printf(arena, "%s-%s", from, to) : "all";
}

static const struct srd_list_column expert_columns[] = {
    { .key = "expert" },
    { .key = "title" },
    { .key = "checks", .number = true },
    { .key = "implemented", .number = true },
    { .key = "views", .number = true },
    { .key = "tool", .wide = true },
    { .key = "area", .wide = true },
    { .key = "arguments", .wide = true },
    { 0 },
};

/* "label --limit"; NULL: none. */
static const char *arguments(const struct srd_arg *arg, struct srd_arena *arena)
{
    const char *out = NULL;

    for (; arg->type; arg++)
        out = srd_arena_printf(arena, "%s%s%s%s", out ? out : "", out ? " " : "",
                               arg->required ? "" : "--", arg->name);
    return out;
}

static void experts(struct srd_call *call, const struct srd_expert *const *list,
                    struct srd_listing *out)
{
    for (; *list; list++) {
        size_t checks = 0, made = 0, views = 0;

        SRD_EACH_CHECK (check, *list) {
            checks++;
            made += srd_check_implemented(*check);
        }
        SRD_EACH_VIEW (view, *list)
            views++;
        srd_listing_add(out,
                        (const char *[]){ (*list)->name, (*list)->title,
                                          number(call->arena, checks), number(call->arena, made),
                                          number(call->arena, views), (*list)->tool, (*list)->area,
                                          arguments((*list)->args, call->arena) });
    }
}

static const struct srd_list_column check_columns[] = {
    { .key = "check" },
    { .key = "title" },
    { .key = "implemented", .flag = true },
    { .key = "severity" },
    { .key = "mode" },
    { .key = "kind" },
    { .key = "versions", .wide = true },
    { .key = "family", .wide = true },
    { .key = "outage", .flag = true, .wide = true },
    { 0 },
};

static void checks(struct srd_call *call, const struct srd_expert *const *list,
                   struct srd_listing *out)
{
    for (; *list; list++)
        SRD_EACH_CHECK (at, (*list)) {
            const struct srd_check *c = *at;

            srd_listing_add(out, (const char *[]){ c->id, c->title, yes(srd_check_implemented(c)),
                                                   srd_severity_name(c->worst), mode_of(c->mode),
                                                   srd_evidence_kind_name(c->kind),
                                                   version_range(call->arena, c->since, c->until),
                                                   c->family, yes(c->outage) });
        }
}

static const struct srd_list_column limit_columns[] = { { .key = "limit" },
                                                        { .key = "checks" },
                                                        { 0 } };

static bool has_limit(const struct srd_check *check, const char *limit, struct srd_arena *arena)
{
    const char *const *own = srd_check_limits(check, arena);

    while (*own && strcmp(*own, limit) != 0)
        own++;
    return *own;
}

static void limits(struct srd_call *call, const struct srd_expert *const *list,
                   struct srd_listing *out)
{
    for (const char *const *at = srd_catalogue_limits(&srd_catalogue, call->arena); *at; at++) {
        const char *of = "";

        for (const struct srd_expert *const *e = list; *e; e++)
            SRD_EACH_CHECK (c, (*e))
                if (has_limit(*c, *at, call->arena))
                    of = srd_arena_printf(call->arena, "%s%s%s", of, *of ? " " : "", (*c)->id);
        if (*of)
            srd_listing_add(out, (const char *[]){ *at, of });
    }
}

static const struct srd_list_column cause_columns[] = { { .key = "cause" },
                                                        { .key = "title" },
                                                        { .key = "mode" },
                                                        { .key = "requires", .wide = true },
                                                        { 0 } };

static void causes(struct srd_call *call, const struct srd_expert *const *list,
                   struct srd_listing *out)
{
    (void)list;
    for (const struct srd_cause *const *at = srd_catalogue.causes; *at; at++) {
        const char *needs = "";

        for (const struct srd_signal *s = (*at)->required; s->check || s->test; s++)
            if (s->check)
                needs = srd_arena_printf(call->arena, "%s%s%s", needs, *needs ? " " : "", s->check);
        srd_listing_add(out,
                        (const char *[]){ (*at)->id, (*at)->title, mode_of((*at)->mode), needs });
    }
}

static const struct srd_list_column view_columns[] = { { .key = "view" },
                                                       { .key = "summary" },
                                                       { .key = "tool", .wide = true },
                                                       { .key = "arguments" },
                                                       { .key = "mode", .wide = true },
                                                       { 0 } };

static void views(struct srd_call *call, const struct srd_expert *const *list,
                  struct srd_listing *out)
{
    for (; *list; list++)
        SRD_EACH_VIEW (at, (*list))
            srd_listing_add(out,
                            (const char *[]){
                                srd_arena_printf(call->arena, "%s %s", (*list)->name, (*at)->name),
                                (*at)->summary, (*at)->tool, arguments((*at)->args, call->arena),
                                mode_of((*at)->mode) });
}

static const struct srd_list_column probe_columns[] = {
    { .key = "probe" },
    { .key = "asks" },
    { .key = "cost" },
    { .key = "privilege" },
    { .key = "timeout_s", .title = "seconds", .number = true, .wide = true },
    { .key = "columns", .wide = true },
    { 0 },
};

static void probes(struct srd_call *call, const struct srd_expert *const *list,
                   struct srd_listing *out)
{
    const struct srd_probe *const *at = opt.experts.count
                                            ? srd_probes_of_experts(list, NULL, call->arena)
                                            : srd_catalogue_probes(&srd_catalogue, call->arena);

    for (; *at; at++)
        srd_listing_add(
            out, (const char *[]){
                     (*at)->id, (*at)->summary, srd_cost_name((*at)->cost), (*at)->privilege,
                     number(call->arena, (size_t)srd_probe_timeout_s(*at)), (*at)->columns });
}

static const struct srd_list_column format_columns[] = { { .key = "format" },
                                                         { .key = "summary" },
                                                         { 0 } };

static void formats(struct srd_call *call, const struct srd_expert *const *list,
                    struct srd_listing *out)
{
    (void)call;
    (void)list;
    for (const struct srd_format *const *at = srd_formats; *at; at++)
        srd_listing_add(out, (const char *[]){ (*at)->name, (*at)->summary });
}

static const struct srd_list_column command_columns[] = { { .key = "command" },
                                                          { .key = "operands" },
                                                          { .key = "summary" },
                                                          { .key = "alias", .wide = true },
                                                          { 0 } };

static void commands(struct srd_call *call, const struct srd_expert *const *list,
                     struct srd_listing *out)
{
    (void)list;
    for (const struct srd_command *const *at = call->commands; *at; at++)
        srd_listing_add(out,
                        (const char *[]){ (*at)->name, *(*at)->operands ? (*at)->operands : NULL,
                                          (*at)->summary, (*at)->alias });
}

static const struct srd_list_column option_columns[] = { { .key = "option" },
                                                         { .key = "letter", .wide = true },
                                                         { .key = "value" },
                                                         { .key = "summary" },
                                                         { 0 } };

static void global_options(struct srd_call *call, const struct srd_expert *const *list,
                           struct srd_listing *out)
{
    const struct srd_option *o = srd_global_options(&call->settings, call->arena);

    (void)list;
    for (; o->name; o++)
        if (o->group != SRD_OF_LATER)
            srd_listing_add(out,
                            (const char *[]){
                                srd_arena_printf(call->arena, "--%s", o->name),
                                o->letter ? srd_arena_printf(call->arena, "-%c", o->letter) : NULL,
                                o->word, o->help });
}

static const struct kind kinds[] = {
    { "experts", true, expert_columns, experts },
    { "checks", true, check_columns, checks },
    { "limits", true, limit_columns, limits },
    { "causes", false, cause_columns, causes },
    { "views", true, view_columns, views },
    { "probes", true, probe_columns, probes },
    { "formats", false, format_columns, formats },
    { "commands", false, command_columns, commands },
    { "options", false, option_columns, global_options },
};

static int run(struct srd_call *call, struct srd_error *err)
{
    const char *word = call->operand_count ? call->operands[0] : "experts", *near;
    const char *names[SRD_COUNT(kinds) + 1] = { NULL };
    const struct srd_expert *const *list;
    struct srd_listing listing;

    if (srd_experts_named(&opt.experts, call->arena, &list, err))
        return err->code;
    for (size_t i = 0; i < SRD_COUNT(kinds); i++) {
        names[i] = kinds[i].name;
        if (strcmp(kinds[i].name, word) != 0)
            continue;
        if (opt.experts.count && !kinds[i].by_expert)
            return srd_fail(err, SRD_E_USAGE, "--for has no meaning for a list of %s", word);
        srd_listing_init(&listing, call->arena, kinds[i].name, kinds[i].columns);
        kinds[i].fill(call, list, &listing);
        call->long_text = true;
        return srd_listing_print(call, &listing, err);
    }
    near = srd_did_you_mean(call->arena, word, names);
    return srd_fail(
        err, SRD_E_USAGE, "nothing is called \"%s\"%s", srd_shown(call->arena, word),
        *near ? near
              : "; list experts, checks, limits, causes, views, probes, formats, commands or "
                "options");
}

const struct srd_command srd_command_list = {
    .name = "list",
    .group = "help",
    .operands = "[KIND]",
    .max = 1,
    .summary = "list what srdiag knows",
    .text = "KIND is one of experts (default), checks, limits (what --set changes), causes, views, "
            "probes, formats, commands, "
            "options. "
            "With -o wide, json or csv every column is there. \"implemented\" says whether this "
            "version "
            "can make the check; the others are in the catalogue with their texts.",
    .options = options,
    .needs = SRD_NEEDS_SETTINGS,
    .run = run,
};
