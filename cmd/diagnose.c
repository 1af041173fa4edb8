/* What does an expert, all of them, or one view say about a cluster? */

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cmd/command.h"
#include "cmd/listing.h"
#include "cmd/terminal.h"
#include "experts/catalogue.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

/* What check() made of the words; a command runs once per process. */
static struct {
    const struct srd_expert *const *experts;
    const struct srd_view *view; /* NULL: a diagnosis */
    struct srd_arg_value args[SRD_MAX_ARGS + 1];
} asked;

/* --- the arguments of diagnoses and views --- */

static const struct srd_option *option_named(const struct srd_option *options, const char *name)
{
    for (; options && options->name; options++)
        if (!strcmp(options->name, name))
            return options;
    return NULL;
}

/*
 * What takes arguments: the diagnosis itself (no name) and each of its views; ends with NULL args.
 */
struct taker {
    const char *name;
    const struct srd_arg *args;
};

static const struct taker *takers(const struct srd_expert *expert, struct srd_arena *arena)
{
    struct taker *out;
    size_t n = 0;

    SRD_EACH_VIEW (view, expert)
        n++;
    out = srd_arena_array(arena, n + 2, sizeof(*out));
    n = 0;
    out[n++] = (struct taker){ NULL, expert->args };
    SRD_EACH_VIEW (view, expert)
        out[n++] = (struct taker){ (*view)->name, (*view)->args };
    return out;
}

static const struct srd_arg *optional_named(const struct srd_arg *arg, const char *name)
{
    for (; arg->type; arg++)
        if (!arg->required && !strcmp(arg->name, name))
            return arg;
    return NULL;
}

/* "tables, replicas": who of @expert takes @name; the diagnosis is called @itself. */
static const char *who_takes(const struct srd_expert *expert, const char *name, const char *itself,
                             struct srd_arena *arena)
{
    const char *out = "";

    for (const struct taker *t = takers(expert, arena); t->args; t++)
        if (optional_named(t->args, name))
            out = srd_arena_printf(arena, "%s%s%s", out, *out ? ", " : "",
                                   t->name ? t->name : itself);
    return out;
}

/* ", 1 to 72, default 24", if all that take it agree; else `help EXPERT VIEW` has it for each. */
static const char *range(const struct srd_expert *expert, const struct srd_arg *first,
                         struct srd_arena *arena)
{
    if (first->type != SRD_ARG_INTEGER)
        return "";
    for (const struct taker *t = takers(expert, arena); t->args; t++) {
        const struct srd_arg *arg = optional_named(t->args, first->name);

        if (arg &&
            (arg->min != first->min || arg->max != first->max || arg->fallback != first->fallback))
            return "";
    }
    return srd_arena_printf(arena, ", %lld to %lld, default %lld", (long long)first->min,
                            (long long)first->max, (long long)first->fallback);
}

static struct srd_option option_of(const struct srd_expert *expert, const struct srd_arg *arg,
                                   struct srd_arena *arena)
{
    /* text here: which numbers are right depends on the view, which may come later */
    return (struct srd_option){
        .name = arg->name,
        .type = SRD_OPT_TEXT,
        .target = srd_arena_alloc(arena, sizeof(const char *)),
        .word = arg->type == SRD_ARG_INTEGER ? "N"
                : arg->type == SRD_ARG_ENUM  ? "ONE"
                                             : "TEXT",
        .help = srd_arena_printf(arena, "%s%s (%s)", arg->help, range(expert, arg, arena),
                                 who_takes(expert, arg->name, "the diagnosis", arena)),
        .group = SRD_OF_COMMAND,
    };
}

const struct srd_option *srd_view_options(const struct srd_expert *expert, struct srd_arena *arena)
{
    const struct taker *all = takers(expert, arena);
    struct srd_option *options;
    size_t count = 0, n = 0;

    for (const struct taker *t = all; t->args; t++)
        for (const struct srd_arg *arg = t->args; arg->type; arg++)
            count++;
    options = srd_arena_array(arena, count + 1, sizeof(*options));
    for (const struct taker *t = all; t->args; t++)
        for (const struct srd_arg *arg = t->args; arg->type; arg++)
            if (!arg->required && !option_named(options, arg->name))
                options[n++] = option_of(expert, arg, arena);
    return options;
}

static const char *given(const struct srd_option *option)
{
    return option ? *(const char **)option->target : NULL;
}

static int read_enum(const struct srd_arg *arg, const char *text, struct srd_arena *arena,
                     struct srd_arg_value *out, struct srd_error *err)
{
    char *copy = srd_arena_copy(arena, arg->values), *rest = NULL;
    struct srd_words known = { .items = srd_arena_array(arena, strlen(copy) + 1, sizeof(char *)) };

    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        known.items[known.count++] = word;
        if (strcasecmp(word, text) != 0)
            continue;
        out->text = word;
        return 0;
    }
    return srd_fail(err, SRD_E_USAGE, "--%s: \"%s\" is none of %s%s", arg->name,
                    srd_shown(arena, text), arg->values,
                    srd_did_you_mean(arena, text, known.items));
}

static int read_arg(const struct srd_arg *arg, const char *text, struct srd_arena *arena,
                    struct srd_arg_value *out, struct srd_error *err)
{
    *out = (struct srd_arg_value){ .number = arg->fallback, .text = NULL, .given = text != NULL };
    if (!text)
        return 0;
    if (arg->type == SRD_ARG_ENUM)
        return read_enum(arg, text, arena, out, err);
    out->text = text;
    if (arg->type == SRD_ARG_INTEGER &&
        (!srd_text_int64(text, &out->number) || out->number < arg->min || out->number > arg->max))
        return srd_fail(err, SRD_E_USAGE, "--%s: \"%s\" is not a number from %lld to %lld",
                        arg->name, srd_shown(arena, text), (long long)arg->min,
                        (long long)arg->max);
    return 0;
}

/* Options that were given although this view (NULL: the diagnosis) has no such argument. */
static int refuse_foreign(struct srd_call *call, const struct srd_view *view, struct srd_error *err)
{
    const struct srd_expert *expert = call->command->expert;

    for (const struct srd_option *o = call->command->options; o && o->name; o++)
        if (given(o) && !optional_named(view ? view->args : expert->args, o->name))
            return srd_fail(err, SRD_E_USAGE, "--%s is no option of %s%s%s, but of %s %s", o->name,
                            expert->name, view ? " " : "", view ? view->name : "", expert->name,
                            who_takes(expert, o->name, "itself", call->arena));
    return 0;
}

/* None of these is required: a diagnosis has no operands. */
static int check_diagnosis(struct srd_call *call, struct srd_error *err)
{
    const struct srd_arg *args = call->command->expert->args;

    for (size_t i = 0; args[i].type; i++)
        if (read_arg(&args[i], given(option_named(call->command->options, args[i].name)),
                     call->arena, &asked.args[i], err))
            return err->code;
    call->run.args = asked.args;
    return refuse_foreign(call, NULL, err);
}

static int check_view(struct srd_call *call, const struct srd_view *view, struct srd_error *err)
{
    size_t operand = 1;

    for (size_t i = 0; view->args[i].type; i++) {
        const struct srd_arg *arg = &view->args[i];
        const char *text = arg->required && operand < call->operand_count
                               ? call->operands[operand++]
                               : given(option_named(call->command->options, arg->name));

        if (arg->required && !text)
            return srd_fail(err, SRD_E_USAGE, "%s %s wants one more word: %s", call->command->name,
                            view->name, arg->help);
        if (read_arg(arg, text, call->arena, &asked.args[i], err))
            return err->code;
    }
    if (operand < call->operand_count)
        return srd_fail(err, SRD_E_USAGE, "%s %s: \"%s\" is one word too many", call->command->name,
                        view->name, srd_shown(call->arena, call->operands[operand]));
    if (call->run.only || call->run.skip || srd_globals.explain_score)
        return srd_fail(err, SRD_E_USAGE, "--%s is for a diagnosis; %s %s is a view",
                        call->run.only   ? "only"
                        : call->run.skip ? "skip"
                                         : "explain-score",
                        call->command->name, view->name);
    asked.view = view;
    return refuse_foreign(call, view, err);
}

static int unknown_view(struct srd_call *call, struct srd_error *err)
{
    const struct srd_expert *expert = call->command->expert;
    const char *word = call->operands[0], *all = "", *near;
    struct srd_words names = { 0 };

    SRD_EACH_VIEW (view, expert)
        names.count++;
    names.items = srd_arena_array(call->arena, names.count + 1, sizeof(char *));
    names.count = 0;
    SRD_EACH_VIEW (view, expert) {
        names.items[names.count++] = (*view)->name;
        all = srd_arena_printf(call->arena, "%s%s%s", all, *all ? ", " : "", (*view)->name);
    }
    near = srd_did_you_mean(call->arena, word, names.items);
    return srd_fail(err, SRD_E_USAGE, "%s has no view \"%s\"%s%s", expert->name,
                    srd_shown(call->arena, word), *near ? near : "; its views: ", *near ? "" : all);
}

/* --- which experts, which checks, which limits --- */

int srd_experts_named(const struct srd_words *names, struct srd_arena *arena,
                      const struct srd_expert *const **out, struct srd_error *err)
{
    const struct srd_expert **found;
    const char **known;
    size_t total = 0, n = 0;

    while (srd_catalogue.experts[total])
        total++;
    found = srd_arena_array(arena, names->count + 1, sizeof(*found));
    known = srd_arena_array(arena, total + 2, sizeof(*known));
    for (size_t i = 0; i < total; i++)
        known[i] = srd_catalogue.experts[i]->name;
    known[total] = srd_command_comprehensive.name;
    *out = names->count ? found : srd_catalogue.experts;
    for (size_t i = 0; i < names->count; i++) {
        if (!strcmp(names->items[i], srd_command_comprehensive.name)) {
            *out = srd_catalogue.experts;
            continue;
        }
        found[n] = srd_catalogue_expert(&srd_catalogue, names->items[i]);
        if (!found[n])
            return srd_fail(err, SRD_E_USAGE, "there is no expert \"%s\"%s",
                            srd_shown(arena, names->items[i]),
                            srd_did_you_mean(arena, names->items[i], known));
        n++;
    }
    return 0;
}

static const char *const *check_ids(const struct srd_expert *const *experts,
                                    struct srd_arena *arena)
{
    size_t count = 0, n = 0;
    const char **ids;

    for (size_t e = 0; experts[e]; e++)
        SRD_EACH_CHECK (check, experts[e])
            count++;
    ids = srd_arena_array(arena, count + 1, sizeof(*ids));
    for (size_t e = 0; experts[e]; e++)
        SRD_EACH_CHECK (check, experts[e])
            ids[n++] = (*check)->id;
    return ids;
}

static bool matches_one(const char *pattern, const char *const *ids)
{
    for (; *ids; ids++)
        if (!fnmatch(pattern, *ids, 0))
            return true;
    return false;
}

/* A pattern that matches nothing is a typing error, never an empty and healthy report. */
static int check_patterns(struct srd_call *call, const char *option, const char *const *patterns,
                          struct srd_error *err)
{
    const char *const *mine = check_ids(asked.experts, call->arena);
    const char *const *all = check_ids(srd_catalogue.experts, call->arena);

    for (; patterns && *patterns; patterns++) {
        const char *near = srd_did_you_mean(call->arena, *patterns, all);

        if (matches_one(*patterns, mine))
            continue;
        if (matches_one(*patterns, all))
            return srd_fail(err, SRD_E_USAGE, "--%s %s: not one of the checks of %s", option,
                            srd_shown(call->arena, *patterns), call->command->name);
        return srd_fail(err, SRD_E_USAGE, "--%s: there is no check \"%s\"%s", option,
                        srd_shown(call->arena, *patterns),
                        *near ? near : "; srdiag list checks names them");
    }
    return 0;
}

static bool is_one_of(const char *word, const char *const *list)
{
    while (*list && strcmp(*list, word) != 0)
        list++;
    return *list;
}

/* What else could @name have meant? Of a known check: what that one has. */
static const char *limit_hint(const char *name, const char *const *limits, struct srd_arena *arena)
{
    const char *near = srd_did_you_mean(arena, name, limits), *own = "";
    const char *const *ids = check_ids(srd_catalogue.experts, arena);
    const struct srd_check *check = NULL;

    for (; *ids && !check; ids++)
        if (srd_text_prefix(name, *ids) && strchr(".", name[strlen(*ids)]))
            check = srd_catalogue_check(&srd_catalogue, *ids);
    for (const char *const *l = check ? srd_check_limits(check, arena) : NULL; l && *l; l++)
        own = srd_arena_printf(arena, "%s%s%s", own, *own ? ", " : "", *l);
    if (check && !*own)
        return srd_arena_printf(arena, "; %s has none", check->id);
    if (*near)
        return near;
    if (check)
        return srd_arena_printf(arena, "; %s has %s", check->id, own);
    return "; srdiag list limits names them";
}

int srd_limits_check(const struct srd_override *limits, struct srd_arena *arena,
                     struct srd_error *err)
{
    const char *const *known = srd_catalogue_limits(&srd_catalogue, arena);

    for (const struct srd_override *o = limits; o && o->name; o++)
        if (!is_one_of(o->name, known))
            return srd_fail(err, !strcmp(o->origin, "--set") ? SRD_E_USAGE : SRD_E_CONFIG,
                            "%s: there is no threshold \"%s\"%s", o->origin,
                            srd_shown(arena, o->name), limit_hint(o->name, known, arena));
    return 0;
}

int srd_diagnose_check(struct srd_call *call, struct srd_error *err)
{
    const struct srd_expert *expert = call->command->expert;
    const struct srd_view *view = NULL;
    const struct srd_expert **one;

    asked.experts = srd_catalogue.experts;
    if (expert) {
        one = srd_arena_array(call->arena, 2, sizeof(*one));
        one[0] = expert;
        asked.experts = one;
    }
    if (call->operand_count) {
        view = srd_expert_view(expert, call->operands[0]);
        if (!view)
            return unknown_view(call, err);
    }
    if (view ? check_view(call, view, err) : expert && check_diagnosis(call, err))
        return err->code;
    if (check_patterns(call, "only", call->run.only, err) ||
        check_patterns(call, "skip", call->run.skip, err))
        return err->code;
    return srd_limits_check(call->run.overrides, call->arena, err);
}

/* --- running --- */

static const char *one_line(struct srd_arena *arena, const char *sql)
{
    char *out = srd_arena_copy(arena, sql), *put = out;

    for (const char *p = sql; *p; p++) {
        bool blank = *p == ' ' || *p == '\n' || *p == '\t';

        if (!blank || (put > out && put[-1] != ' '))
            *put++ = blank ? ' ' : *p;
    }
    *put = '\0';
    return out;
}

int srd_plan_print(struct srd_call *call, const struct srd_probe *const *probes,
                   struct srd_error *err)
{
    static const struct srd_list_column columns[] = {
        { .key = "round", .number = true },
        { .key = "probe" },
        { .key = "cost" },
        { .key = "timeout_s", .title = "seconds", .number = true },
        { .key = "times", .wide = true },
        { .key = "privilege", .wide = true },
        { .key = "statement" },
        { 0 }
    };
    const struct srd_plan_item *items;
    struct srd_listing listing;
    size_t n, each[3] = { 0 };

    n = srd_plan(&srd_catalogue, probes, 0, SRD_MODE_ANY, call->arena, &items);
    srd_listing_init(&listing, call->arena, "plan", columns);
    for (size_t i = 0; i < n; i++) {
        const struct srd_probe *p = items[i].probe;

        each[p->cost]++;
        srd_listing_add(
            &listing,
            (const char *[]){
                srd_arena_printf(call->arena, "%d", items[i].level), p->id, srd_cost_name(p->cost),
                srd_arena_printf(call->arena, "%d", srd_probe_timeout_s(p)),
                p->pick ? srd_arena_printf(call->arena, "up to %zu", p->max_keys ? p->max_keys : 20)
                : p->where == SRD_ASK_EACH ? "each FE"
                                           : "once",
                p->privilege, one_line(call->arena, items[i].sql) });
    }
    if (srd_listing_print(call, &listing, err))
        return err->code;
    if (srd_format_is_prose(call->format))
        srd_buf_printf(&call->out,
                       "%zu statements: %zu cheap, %zu medium, %zu heavy. Nothing was asked. The "
                       "cluster's version and mode may leave some out.\n",
                       n, each[SRD_COST_CHEAP], each[SRD_COST_MEDIUM], each[SRD_COST_HEAVY]);
    call->long_text = true;
    return 0;
}

void srd_tell_answers(const struct srd_evidence *ev)
{
    for (size_t i = 0; i < ev->count; i++) {
        const struct srd_answer *a = &ev->answers[i];

        srd_log(SRD_LOG_DEBUG, "probe %s%s%s%s%s: %s, %zu rows, %lld ms", a->probe->id,
                *a->key ? " " : "", a->key, *a->node ? " on " : "", a->node,
                srd_status_name(a->status), a->table ? a->table->rows : 0, (long long)a->ms);
    }
}

static int report_status(const struct srd_report *report)
{
    size_t checked = 0;

    for (size_t i = 0; i < report->result_count; i++)
        checked += report->results[i].verdict == SRD_CHECKED;
    if (report->partial)
        return SRD_EXIT_PARTIAL;
    if (report->worst == SRD_CRITICAL)
        return SRD_EXIT_CRITICAL;
    if (report->worst == SRD_WARNING)
        return SRD_EXIT_WARNING;
    return !checked || report->score.insufficient ? SRD_EXIT_UNKNOWN : SRD_EXIT_OKAY;
}

static int view_status(const struct srd_view_report *report)
{
    if (report->rows)
        return SRD_EXIT_OKAY;
    switch (report->status) {
    case SRD_DENIED:
        return SRD_EXIT_DENIED;
    case SRD_TIMED_OUT:
        return SRD_EXIT_PARTIAL;
    default:
        return SRD_EXIT_UNKNOWN;
    }
}

static int run_view(struct srd_call *call, struct srd_error *err)
{
    struct srd_view_report *report;

    if (srd_run_view(&srd_catalogue, call->source, call->command->expert, asked.view, asked.args,
                     &call->run, call->arena, &report, err))
        return err->code;
    srd_progress_end();
    srd_tell_answers(report->ev);
    call->format->view(report, &call->style, &call->out);
    call->status = view_status(report);
    return 0;
}

static int run_experts(struct srd_call *call, struct srd_error *err)
{
    struct srd_report *report;

    if (srd_run_experts(&srd_catalogue, call->source, asked.experts, &call->run, call->arena,
                        &report, err))
        return err->code;
    srd_progress_end();
    srd_tell_answers(report->ev);
    call->format->report(report, &call->style, &call->out);
    call->status = report_status(report);
    return 0;
}

int srd_diagnose_run(struct srd_call *call, struct srd_error *err)
{
    call->long_text = true;
    if (srd_globals.plan)
        return srd_plan_print(call,
                              asked.view
                                  ? srd_probes_of_view(asked.view, call->arena)
                                  : srd_probes_of_experts(asked.experts, &call->run, call->arena),
                              err);
    return asked.view ? run_view(call, err) : run_experts(call, err);
}
