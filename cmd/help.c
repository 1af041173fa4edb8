/* How is srdiag used? Read from the tables. */

#include <string.h>

#include "cmd/command.h"
#include "lib/base/cleanup.h"

#define LEFT 30           /* columns of the names */
#define LONGEST_LISTED 76 /* of them in a list of commands */

/* `name` on the left, wrapped text on the right. */
static void pair(struct srd_call *call, const char *name, const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf right;
    struct srd_style style = call->style;
    size_t n = strlen(name) + 2;

    if (!style.width)
        style.width = 80;
    srd_buf_init(&right, (size_t)1 << 20);
    srd_render_paragraph(text, LEFT, &style, &right);
    srd_buf_printf(&call->out, "  %s", name);
    if (n + 2 > LEFT) {
        srd_buf_char(&call->out, '\n');
        n = 0;
    }
    srd_buf_text(&call->out, right.data + (right.size > n ? n : right.size));
}

static void paragraph(struct srd_call *call, const char *text)
{
    struct srd_style style = call->style;

    if (!style.width)
        style.width = 80;
    srd_render_paragraph(text, 0, &style, &call->out);
}

static void options(struct srd_call *call, const char *heading, const struct srd_option *table,
                    enum srd_option_group group)
{
    bool any = false;

    for (; table && table->name; table++) {
        if (table->group != group)
            continue;
        if (!any)
            srd_buf_printf(&call->out, "\n%s\n", heading);
        any = true;
        pair(call, srd_option_usage(table, call->arena), table->help);
    }
}

/* Of the server's options those that @command understands. */
static const struct srd_option *serving(struct srd_call *call, const struct srd_command *command)
{
    const struct srd_option *all = srd_global_options(&call->settings, call->arena);
    struct srd_option *out = srd_arena_array(call->arena, SRD_SETTING_COUNT + 1, sizeof(*out));
    size_t n = 0;

    for (; all->name; all++)
        if (srd_option_serves(all, command))
            out[n++] = *all;
    return out;
}

/* Those that mean something for @command; NULL: all. */
static void global_options(struct srd_call *call, const struct srd_command *command)
{
    const struct srd_option *all = srd_global_options(&call->settings, call->arena);

    if (command && (command->serves || command->is_agent))
        options(call, command->serves ? "Server" : "Agent", serving(call, command), SRD_OF_SERVER);
    if (!command || command->needs == SRD_NEEDS_SOURCE || command->serves || command->is_agent) {
        options(call, "Connection, as in mysql", all, SRD_OF_CONNECTION);
        options(call, "Other places to look", all, SRD_OF_SOURCE);
        options(call, "Run", all, SRD_OF_RUN);
    }
    if (!command || command->diagnoses)
        options(call, "Diagnosis", all, SRD_OF_DIAGNOSIS);
    options(call, "Output", all, SRD_OF_OUTPUT);
    options(call, "General", all, SRD_OF_GENERAL);
}

void srd_help_short(struct srd_call *call)
{
    srd_buf_text(
        &call->out,
        "srdiag finds out what is wrong with a StarRocks cluster, why, and what to do.\n"
        "\n"
        "  srdiag comprehensive --demo             try it, no cluster needed\n"
        "  srdiag preflight -h FE -u USER -p       what would this account get to see?\n"
        "  srdiag comprehensive -h FE -u USER -p   everything: causes, findings, score\n"
        "  srdiag collect FILE -h FE -u USER -p    keep the evidence, look at it elsewhere\n"
        "  srdiag explain CHECK                    what does a finding mean?\n"
        "\n"
        "srdiag help lists all commands and options.\n");
}

static const char *usage_name(const struct srd_command *c, struct srd_arena *arena)
{
    return srd_arena_printf(arena, "%s%s%s", c->name, *c->operands ? " " : "", c->operands);
}

/* In a list of commands; whose operands take more than a line says them in its own help. */
static const char *listed_name(const struct srd_command *c, struct srd_arena *arena)
{
    const char *usage = usage_name(c, arena);

    return strlen(usage) <= LONGEST_LISTED ? usage : srd_arena_printf(arena, "%s ...", c->name);
}

void srd_help_all(struct srd_call *call)
{
    static const struct {
        const char *group, *heading;
    } groups[] = { { "diagnose", "Diagnose" },
                   { "keep", "Keep" },
                   { "serve", "Serve" },
                   { "help", "Help and set-up" } };

    srd_buf_text(&call->out, "srdiag [options] COMMAND [operands] [options]\n");
    for (size_t g = 0; g < SRD_COUNT(groups); g++) {
        srd_buf_printf(&call->out, "\n%s\n", groups[g].heading);
        for (const struct srd_command *const *c = call->commands; *c; c++)
            if (!strcmp((*c)->group, groups[g].group))
                pair(call, listed_name(*c, call->arena),
                     (*c)->alias ? srd_arena_printf(call->arena, "%s (also: %s)", (*c)->summary,
                                                    (*c)->alias)
                                 : (*c)->summary);
    }
    global_options(call, NULL);
    srd_buf_text(&call->out, "\nsrdiag help COMMAND says more about one command.\n");
    call->long_text = true;
}

static void view_help(struct srd_call *call, const struct srd_command *command,
                      const struct srd_view *view)
{
    srd_buf_printf(&call->out, "srdiag %s %s", command->name, view->name);
    for (const struct srd_arg *arg = view->args; arg->type; arg++)
        if (arg->required)
            srd_buf_printf(&call->out, " %s", arg->name);
    srd_buf_text(&call->out, " [options]\n\n");
    paragraph(call, view->summary);
    if (view->args[0].type)
        srd_buf_text(&call->out, "\nArguments\n");
    for (const struct srd_arg *arg = view->args; arg->type; arg++) {
        const char *text = arg->help;

        if (arg->type == SRD_ARG_INTEGER)
            text = srd_arena_printf(call->arena, "%s (%lld to %lld, default %lld)", text,
                                    (long long)arg->min, (long long)arg->max,
                                    (long long)arg->fallback);
        if (arg->type == SRD_ARG_ENUM)
            text = srd_arena_printf(call->arena, "%s (one of: %s)", text, arg->values);
        pair(call,
             arg->required ? arg->name
                           : srd_arena_printf(call->arena, "--%s %s", arg->name,
                                              arg->type == SRD_ARG_INTEGER ? "N" : "TEXT"),
             text);
    }
    srd_buf_text(&call->out, "\nColumns\n");
    for (const struct srd_view_column *c = view->columns; c->name; c++)
        pair(call, c->name, c->help ? c->help : c->title);
    srd_buf_printf(&call->out, "\nIts name as an MCP tool: %s\n", view->tool);
    call->long_text = true;
}

static void views_of(struct srd_call *call, const struct srd_expert *expert)
{
    size_t checks = 0, made = 0;

    SRD_EACH_CHECK (check, expert) {
        checks++;
        made += srd_check_implemented(*check);
    }
    srd_buf_printf(&call->out,
                   "\nMakes %zu of its %zu checks in this version (srdiag list checks --for %s).\n",
                   made, checks, expert->name);
    if (expert->views)
        srd_buf_text(&call->out, "\nViews\n");
    SRD_EACH_VIEW (view, expert)
        pair(call, srd_arena_printf(call->arena, "%s %s", expert->name, (*view)->name),
             (*view)->summary);
}

void srd_help_command(struct srd_call *call, const struct srd_command *command, const char *view)
{
    const struct srd_view *found =
        command->expert && view ? srd_expert_view(command->expert, view) : NULL;

    if (found) {
        view_help(call, command, found);
        return;
    }
    paragraph(call, srd_arena_printf(call->arena, "srdiag %s [options]",
                                     usage_name(command, call->arena)));
    if (command->alias)
        srd_buf_printf(&call->out, "srdiag %s [options]\n", command->alias);
    srd_buf_text(&call->out, "\n");
    paragraph(call, command->summary);
    if (command->text) {
        srd_buf_text(&call->out, "\n");
        paragraph(call, command->text);
    }
    if (command->expert)
        views_of(call, command->expert);
    options(call, "Options", command->options, SRD_OF_COMMAND);
    global_options(call, command);
    call->long_text = true;
}

static int run(struct srd_call *call, struct srd_error *err)
{
    const struct srd_command *command;

    if (!call->operand_count) {
        srd_help_all(call);
        return 0;
    }
    command = srd_command_find(call->commands, call->operands[0]);
    if (!command)
        return srd_fail(err, SRD_E_USAGE, "there is no command \"%s\"%s",
                        srd_shown(call->arena, call->operands[0]),
                        srd_did_you_mean(call->arena, call->operands[0],
                                         srd_command_names(call->commands, call->arena)));
    if (call->operands[1] &&
        !(command->expert && srd_expert_view(command->expert, call->operands[1])))
        return srd_fail(err, SRD_E_USAGE, "%s has no view \"%s\"; see srdiag help %s",
                        command->name, srd_shown(call->arena, call->operands[1]), command->name);
    srd_help_command(call, command, call->operands[1]);
    return 0;
}

const struct srd_command srd_command_help = {
    .name = "help",
    .group = "help",
    .operands = "[COMMAND [VIEW]]",
    .max = 2,
    .summary = "explain a command, a view, or all of srdiag",
    .needs = SRD_NEEDS_NOTHING,
    .run = run,
};
