/* Which words may come next? A script for the user's shell, made from the tables. */

#include <string.h>

#include "cmd/command.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

static struct {
    bool words;
} opt;

static const struct srd_option options[] = {
    { "words", 0, SRD_OPT_FLAG, &opt.words, NULL,
      "print the words that may follow the operands instead of a script", .group = SRD_OF_COMMAND },
    { 0 },
};

static void word(struct srd_call *call, const char *text)
{
    srd_buf_printf(&call->out, "%s\n", text);
}

/* Options of the server are words of `serve` alone, those of an agent of `agent`. */
static void option_words(struct srd_call *call, const struct srd_option *table,
                         const struct srd_command *command)
{
    for (; table && table->name; table++)
        if (table->group != SRD_OF_LATER &&
            (table->group != SRD_OF_SERVER || srd_option_serves(table, command)))
            srd_buf_printf(&call->out, "--%s\n", table->name);
}

static void value_words(struct srd_call *call, const char *blank_separated)
{
    char *copy = srd_arena_copy(call->arena, blank_separated), *rest = NULL;

    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        word(call, w);
}

static void check_words(struct srd_call *call)
{
    for (const struct srd_expert *const *e = srd_catalogue.experts; *e; e++)
        SRD_EACH_CHECK (c, (*e))
            word(call, (*c)->id);
}

static void limit_words(struct srd_call *call)
{
    for (const char *const *name = srd_catalogue_limits(&srd_catalogue, call->arena); *name; name++)
        word(call, *name);
}

static void expert_words(struct srd_call *call)
{
    word(call, srd_command_comprehensive.name);
    for (const struct srd_expert *const *e = srd_catalogue.experts; *e; e++)
        word(call, (*e)->name);
}

static void cluster_words(struct srd_call *call)
{
    struct srd_settings_places places = srd_settings_places(srd_globals.config, call->arena);
    struct srd_error ignored = { 0 };
    const char *const *names;

    srd_settings_load(&call->settings, &places, &ignored);
    for (names = srd_settings_clusters(&call->settings, call->arena); *names; names++)
        word(call, *names);
}

/* The words that the value of @option may have; false: any, or a file. */
static bool words_of_option(struct srd_call *call, const struct srd_command *command,
                            const char *option)
{
    const struct srd_option *tables[] = { srd_global_options(&call->settings, call->arena),
                                          command ? command->options : NULL };

    if (!strcmp(option, "--output") || !strcmp(option, "-o")) {
        for (const struct srd_format *const *f = srd_formats; *f; f++)
            word(call, (*f)->name);
        return true;
    }
    if (!strcmp(option, "--only") || !strcmp(option, "--skip"))
        return check_words(call), true;
    if (!strcmp(option, "--role"))
        return value_words(call, "use metrics admin use+metrics"), true;
    if (!strcmp(option, "--transport"))
        return value_words(call, "stdio http sse http,sse"), true;
    if (!strcmp(option, "--set"))
        return limit_words(call), true;
    if (!strcmp(option, "--for"))
        return expert_words(call), true;
    if (!strcmp(option, "--cluster"))
        return cluster_words(call), true;
    for (size_t t = 0; t < SRD_COUNT(tables); t++)
        for (const struct srd_option *o = tables[t]; o && o->name; o++)
            if (o->values && srd_text_prefix(option, "--") && !strcmp(option + 2, o->name))
                return value_words(call, o->values), true;
    return false;
}

static void words_of_operand(struct srd_call *call, const struct srd_command *command)
{
    if (command->expert) {
        SRD_EACH_VIEW (v, command->expert)
            word(call, (*v)->name);
    } else if (command == &srd_command_help) {
        for (const struct srd_command *const *c = call->commands; *c; c++)
            word(call, (*c)->name);
    } else if (command == &srd_command_explain) {
        check_words(call);
        for (const struct srd_cause *const *c = srd_catalogue.causes; *c; c++)
            word(call, (*c)->id);
    } else if (command == &srd_command_list) {
        value_words(call, "experts checks limits causes views probes formats commands options");
    } else if (command == &srd_command_completion) {
        value_words(call, "bash zsh fish");
    } else if (command == &srd_command_config) {
        value_words(call, "show check");
    } else if (command == &srd_command_serve) {
        value_words(call, "keys");
    } else if (command == &srd_command_agent) {
        value_words(call, "start stop restart status logs rotate-token preview audit");
    }
}

/*
 * @typed: the words before the one that is being typed. The command is the first that names one: an
 * option's value that looks like a command costs a wrong suggestion and nothing else.
 */
static void words_after(struct srd_call *call, const char *const *typed, size_t count)
{
    const struct srd_command *command = NULL;
    const char *last = count ? typed[count - 1] : "";

    for (size_t i = 0; i < count && !command; i++)
        command = srd_command_find(call->commands, typed[i]);
    if (*last == '-' && words_of_option(call, command, last))
        return;
    if (!command)
        for (const struct srd_command *const *c = call->commands; *c; c++)
            word(call, (*c)->name);
    else if (!strcmp(command->name, last) || (command->alias && !strcmp(command->alias, last)))
        words_of_operand(call, command);
    option_words(call, srd_global_options(&call->settings, call->arena), command);
    if (command)
        option_words(call, command->options, command);
}

/* A password that was typed must not be handed on: other users can read the words of a process. */
static const char bash[] = "# bash completion of srdiag: source <(srdiag completion bash)\n"
                           "_srdiag() {\n"
                           "    local IFS=$'\\n' current=${COMP_WORDS[COMP_CWORD]}\n"
                           "    local -a typed=(\"${COMP_WORDS[@]:1:COMP_CWORD-1}\")\n"
                           "    typed=(\"${typed[@]/#-p*/-p}\")\n"
                           "    typed=(\"${typed[@]/#--password*/--password}\")\n"
                           "    COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" completion "
                           "--words -- \"${typed[@]}\" \\\n"
                           "        2>/dev/null)\" -- \"$current\"))\n"
                           "}\n"
                           "complete -o default -F _srdiag srdiag\n";

static const char zsh[] =
    "#compdef srdiag\n"
    "# zsh completion of srdiag: source <(srdiag completion zsh), or a file _srdiag in $fpath\n"
    "_srdiag() {\n"
    "    local -a typed answers\n"
    "    typed=(${words[2,CURRENT-1]/#-p*/-p})\n"
    "    typed=(${typed/#--password*/--password})\n"
    "    answers=(${(f)\"$(${words[1]} completion --words -- $typed 2>/dev/null)\"})\n"
    "    compadd -- $answers || _files\n"
    "}\n"
    "if [ \"$funcstack[1]\" = _srdiag ]; then _srdiag \"$@\"; else compdef _srdiag srdiag; fi\n";

static const char fish[] =
    "# fish completion of srdiag: srdiag completion fish | source\n"
    "function __srdiag_words\n"
    "    set -l typed (commandline -opc | string replace -r '^(-p|--password).*' '$1')\n"
    "    set -l answers ($typed[1] completion --words -- $typed[2..-1] 2>/dev/null)\n"
    "    set -l current (commandline -ct)\n"
    "    if string match -q -r -- (string escape --style=regex -- $current) $answers\n"
    "        printf '%s\\n' $answers\n"
    "    else\n"
    "        __fish_complete_path $current\n"
    "    end\n"
    "end\n"
    "complete -c srdiag -f -a '(__srdiag_words)'\n";

static int run(struct srd_call *call, struct srd_error *err)
{
    static const char *const shells[] = { "bash", "zsh", "fish", NULL };
    static const char *const scripts[] = { bash, zsh, fish };
    const char *shell = call->operand_count ? call->operands[0] : "";

    if (opt.words) {
        words_after(call, call->operands, call->operand_count);
        return 0;
    }
    for (size_t i = 0; shells[i]; i++)
        if (!strcmp(shells[i], shell) && call->operand_count == 1) {
            srd_buf_text(&call->out, scripts[i]);
            return 0;
        }
    return srd_fail(err, SRD_E_USAGE, "completion wants one of bash, zsh, fish%s",
                    srd_did_you_mean(call->arena, shell, shells));
}

const struct srd_command srd_command_completion = {
    .name = "completion",
    .group = "help",
    .operands = "bash|zsh|fish",
    .max = 1000, /* --words takes the line that is being typed */
    .summary = "print a completion script for a shell",
    .text =
        "bash: source <(srdiag completion bash). zsh: source <(srdiag completion zsh). fish: "
        "srdiag "
        "completion fish | source. The script asks srdiag itself for the words, so that it never "
        "grows old.",
    .options = options,
    .needs = SRD_NEEDS_NOTHING,
    .run = run,
};
