/* Which options does every command accept? */

#include "cmd/command.h"
#include "lib/base/cleanup.h"

struct srd_globals srd_globals;
volatile sig_atomic_t srd_interrupted;

#define LATER                                                                                      \
    "MySQL option files are not read yet; put the connection into a config file "                  \
    "([srdiag] or [cluster NAME], see srdiag help config)"

/* clang-format off */
static const struct srd_option own[] = {
    { "config", 0, SRD_OPT_TEXT, &srd_globals.config, "FILE", "read this config file and no other", .group = SRD_OF_GENERAL },
    { "demo", 0, SRD_OPT_FLAG, &srd_globals.demo, NULL, "look at the example cluster that is built in", .group = SRD_OF_SOURCE },
    { "input", 0, SRD_OPT_TEXT, &srd_globals.input, "FILE", "look at a snapshot (srdiag collect); - is standard input", .group = SRD_OF_SOURCE },
    { "output-file", 'O', SRD_OPT_TEXT, &srd_globals.output_file, "FILE", "write the result to FILE, whole or not at all", .group = SRD_OF_OUTPUT },
    { "detail", 0, SRD_OPT_FLAG, &srd_globals.detail, NULL, "show all findings with the rows they were read from", .group = SRD_OF_DIAGNOSIS },
    { "only", 0, SRD_OPT_LIST, &srd_globals.only, "ID,...", "make only these checks; patterns like storage.disk-*", .group = SRD_OF_DIAGNOSIS },
    { "skip", 0, SRD_OPT_LIST, &srd_globals.skip, "ID,...", "leave these checks out", .group = SRD_OF_DIAGNOSIS },
    { "set", 0, SRD_OPT_WORD, &srd_globals.set, "NAME=VALUE", "change a threshold for this run; may be repeated", .group = SRD_OF_DIAGNOSIS },
    { "exit-zero", 0, SRD_OPT_FLAG, &srd_globals.exit_zero, NULL, "exit status 0 whatever was found", .group = SRD_OF_DIAGNOSIS },
    { "explain-score", 0, SRD_OPT_FLAG, &srd_globals.explain_score, NULL, "show where the points of the score went", .group = SRD_OF_DIAGNOSIS },
    { "plan", 0, SRD_OPT_FLAG, &srd_globals.plan, NULL, "show what would be asked, and ask nothing", .group = SRD_OF_RUN },
    { "no-pager", 0, SRD_OPT_FLAG, &srd_globals.no_pager, NULL, "print long output at once", .group = SRD_OF_OUTPUT },
    { "quiet", 'q', SRD_OPT_FLAG, &srd_globals.quiet, NULL, "no warnings and no progress on standard error", .group = SRD_OF_GENERAL },
    { "verbose", 'v', SRD_OPT_COUNT, &srd_globals.verbose, NULL, "say what is being done; twice: every answer with its time", .group = SRD_OF_GENERAL },
    { "version", 'V', SRD_OPT_FLAG, &srd_globals.version, NULL, "print the version", .group = SRD_OF_GENERAL },
    { "help", '?', SRD_OPT_FLAG, &srd_globals.help, NULL, "explain the command; -h as the last word does so too", .group = SRD_OF_GENERAL },
    { "defaults-file", 0, SRD_OPT_LATER, NULL, "FILE", LATER, .group = SRD_OF_LATER },
    { "defaults-extra-file", 0, SRD_OPT_LATER, NULL, "FILE", LATER, .group = SRD_OF_LATER },
    { "login-path", 0, SRD_OPT_LATER, NULL, "NAME", LATER, .group = SRD_OF_LATER },
};
/* clang-format on */

static enum srd_option_group group_of(int id)
{
    switch (id) {
    case SRD_SET_cluster:
        return SRD_OF_CONNECTION;
    case SRD_SET_severity:
        return SRD_OF_DIAGNOSIS;
    case SRD_SET_timeout:
    case SRD_SET_heavy_limit:
        return SRD_OF_RUN;
    default:
        return srd_setting_table[id].connection                              ? SRD_OF_CONNECTION
               : srd_setting_table[id].server || srd_setting_table[id].agent ? SRD_OF_SERVER
                                                                             : SRD_OF_OUTPUT;
    }
}

const struct srd_option *srd_global_options(struct srd_settings *settings, struct srd_arena *arena)
{
    struct srd_option *all =
        srd_arena_array(arena, SRD_SETTING_COUNT + SRD_COUNT(own) + 1, sizeof(*all));
    size_t n = 0;

    for (int i = 0; i < SRD_SETTING_COUNT; i++) {
        const struct srd_setting *s = &srd_setting_table[i];

        if (s->no_option)
            continue;
        all[n++] = (struct srd_option){ .name = s->name,
                                        .letter = s->letter,
                                        .type = SRD_OPT_SETTING,
                                        .target = settings,
                                        .word = s->word,
                                        .help = s->help,
                                        .values = s->values,
                                        .min = i,
                                        .optional = s->optional,
                                        .group = group_of(i) };
    }
    for (size_t i = 0; i < SRD_COUNT(own); i++)
        all[n++] = own[i];
    return all;
}
