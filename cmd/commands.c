/* Which commands are there? The experts of the catalogue, and those of commands.def. */

#include <string.h>

#include "cmd/command.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"

static const struct srd_command *const fixed[] = {
#define COMMAND(name) &srd_command_##name,
#include "cmd/commands.def"
#undef COMMAND
    NULL,
};

/* The operands that the views take after their name: "[VIEW [LABEL]]". */
static const char *view_operands(const struct srd_expert *expert, struct srd_arena *arena,
                                 size_t *max)
{
    *max = 0;
    SRD_EACH_VIEW (view, expert) {
        size_t required = 0;

        for (const struct srd_arg *arg = (*view)->args; arg->type; arg++)
            required += arg->required;
        if (required + 1 > *max)
            *max = required + 1;
    }
    return !*max ? "" : *max == 1 ? "[VIEW]" : srd_arena_copy(arena, "[VIEW [OPERAND...]]");
}

static const struct srd_command *expert_command(const struct srd_expert *expert,
                                                struct srd_arena *arena)
{
    struct srd_command *command = srd_arena_alloc(arena, sizeof(*command));

    *command = (struct srd_command){
        .name = expert->name,
        .group = "diagnose",
        .summary = expert->title,
        .options = srd_view_options(expert, arena),
        .needs = SRD_NEEDS_SOURCE,
        .diagnoses = true,
        .expert = expert,
        .check = srd_diagnose_check,
        .run = srd_diagnose_run,
    };
    command->operands = view_operands(expert, arena, &command->max);
    return command;
}

const struct srd_command *const *srd_commands(struct srd_arena *arena)
{
    const struct srd_command **commands;
    size_t experts = 0, n = 0;

    while (srd_catalogue.experts[experts])
        experts++;
    commands = srd_arena_array(arena, experts + SRD_COUNT(fixed), sizeof(*commands));
    for (size_t i = 0; i < experts; i++)
        commands[n++] = expert_command(srd_catalogue.experts[i], arena);
    for (size_t i = 0; fixed[i]; i++)
        commands[n++] = fixed[i];
    return commands;
}

const struct srd_command *srd_command_find(const struct srd_command *const *commands,
                                           const char *name)
{
    for (; *commands; commands++)
        if (!strcmp((*commands)->name, name) ||
            ((*commands)->alias && !strcmp((*commands)->alias, name)))
            return *commands;
    return NULL;
}

const char *const *srd_command_names(const struct srd_command *const *commands,
                                     struct srd_arena *arena)
{
    size_t count = 0, n = 0;
    const char **names;

    while (commands[count])
        count++;
    names = srd_arena_array(arena, 2 * count + 1, sizeof(*names));
    for (size_t i = 0; i < count; i++) {
        names[n++] = commands[i]->name;
        if (commands[i]->alias)
            names[n++] = commands[i]->alias;
    }
    return names;
}
