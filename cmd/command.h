#ifndef SRD_CMD_COMMAND_H
#define SRD_CMD_COMMAND_H

#include <signal.h>

#include "cmd/options.h"
#include "cmd/settings.h"
#include "cmd/words.h"
#include "lib/base/buf.h"
#include "lib/engine/engine.h"
#include "lib/model/expert.h"
#include "lib/render/render.h"
#include "lib/source/source.h"

/*
 * A command is one record and one function. main() finds it, reads the settings, opens its source,
 * runs it, writes what it left in call->out, and is the only place that exits.
 */
enum srd_needs {
    SRD_NEEDS_NOTHING, /* no settings are read: works with a broken configuration */
    SRD_NEEDS_SETTINGS,
    SRD_NEEDS_SOURCE, /* opened before run(), closed after it; not with --plan */
};

/* Exit statuses of a command that did its work; those of errors are srd_code_exit(). */
enum srd_exit {
    SRD_EXIT_OKAY = 0,
    SRD_EXIT_WARNING = 1,
    SRD_EXIT_CRITICAL = 2,
    SRD_EXIT_UNKNOWN = 3,
    SRD_EXIT_DENIED = 77,
    SRD_EXIT_PARTIAL = 124,
};

/* One run of one command. */
struct srd_call {
    struct srd_arena *arena;
    const struct srd_command *command;
    const struct srd_command *const *commands; /* all of them, NULL-ended */
    const char *const *operands;               /* NULL-ended */
    size_t operand_count;
    struct srd_settings settings;
    const struct srd_format *format; /* of --output */
    struct srd_style style;
    struct srd_run_options run; /* time, --only, --skip, --set, progress, cancel */
    struct srd_source *source;  /* NULL unless needed */
    struct srd_buf out;         /* the result; main() writes it whole */
    bool long_text;             /* for people: page it */
    int status;                 /* exit status when there is no error */
};

struct srd_command {
    const char *name, *alias;
    const char *group;    /* heading in help: "diagnose", "keep", "help" */
    const char *operands; /* "FILE", "[COMMAND [VIEW]]", "" */
    size_t min, max;      /* how many of them */
    const char *summary;
    const char *text;                 /* more words for `help NAME`; NULL */
    const struct srd_option *options; /* of its own; ends with a NULL name; NULL: none */
    enum srd_needs needs;
    bool diagnoses;                  /* understands --detail, --only, --severity ... */
    bool serves;                     /* understands --listen, --api-key-file ... ([server]) */
    bool is_agent;                   /* understands --policy, --token-file ... ([agent]) */
    const struct srd_expert *expert; /* of a command that is an expert */
    /* Where it looks for settings instead of where all do; NULL: there. */
    int (*places)(struct srd_call *call, struct srd_settings_places *places, struct srd_error *err);
    /* Are the words right? Asked before anything is opened; NULL: nothing to ask. */
    int (*check)(struct srd_call *call, struct srd_error *err);
    int (*run)(struct srd_call *call, struct srd_error *err);
};

/* commands.def: one per line COMMAND(name), whose record is srd_command_<name>. */
#define COMMAND(name) extern const struct srd_command srd_command_##name;
#include "cmd/commands.def"
#undef COMMAND

/* commands.def, and before it one command for each expert of the catalogue. NULL-ended. */
const struct srd_command *const *srd_commands(struct srd_arena *arena);
/* By name or alias; NULL. */
const struct srd_command *srd_command_find(const struct srd_command *const *commands,
                                           const char *name);
/* Names and aliases, for suggestions. */
const char *const *srd_command_names(const struct srd_command *const *commands,
                                     struct srd_arena *arena);

/* globals.c: options that every command accepts; settings are put into @settings. */
struct srd_globals {
    const char *config, *input, *output_file;
    struct srd_words only, skip, set;
    bool demo, detail, exit_zero, explain_score, plan, quiet, no_pager, version, help;
    int verbose;
};
extern struct srd_globals srd_globals;
const struct srd_option *srd_global_options(struct srd_settings *settings, struct srd_arena *arena);

/* diagnose.c: one expert (command->expert) or one of its views; without an expert: all of them. */
int srd_diagnose_check(struct srd_call *call, struct srd_error *err);
int srd_diagnose_run(struct srd_call *call, struct srd_error *err);
/* The options that the diagnosis of @expert and its views take, ready to be parsed. */
const struct srd_option *srd_view_options(const struct srd_expert *expert, struct srd_arena *arena);
/* One line per answer to the log, at its most talkative level. */
void srd_tell_answers(const struct srd_evidence *ev);
/* Prints what would be asked. */
int srd_plan_print(struct srd_call *call, const struct srd_probe *const *probes,
                   struct srd_error *err);
/* Experts by name; none, or "comprehensive": all; NULL-ended. SRD_E_USAGE names the nearest. */
int srd_experts_named(const struct srd_words *names, struct srd_arena *arena,
                      const struct srd_expert *const **out, struct srd_error *err);

/*
 * Is each a threshold that a check knows (srd_check.limits)? The error names the nearest: SRD_E_USAGE
 * for one of --set, else SRD_E_CONFIG.
 */
int srd_limits_check(const struct srd_override *limits, struct srd_arena *arena,
                     struct srd_error *err);

/* source.c: demo, file or cluster, as options and settings say; main() closes it. */
int srd_source_choose(struct srd_call *call, struct srd_error *err);
/* The connection that @settings name, but for a password that would have to be asked for. */
struct srd_live_options;
int srd_source_live_options(struct srd_settings *settings, struct srd_arena *arena,
                            struct srd_live_options *out, struct srd_error *err);
/* Do they name an agent, and nothing of a higher rank an FE? */
bool srd_source_is_agent(const struct srd_settings *settings);
/* The agent that they name; checked, but not contacted. */
struct srd_agent_access;
int srd_source_agent_access(struct srd_settings *settings, struct srd_agent_access *out,
                            struct srd_error *err);
/* A snapshot; NULL: the one that is built in. */
int srd_source_open_file(const char *file, struct srd_source **out, struct srd_error *err);
/* "srdiag --demo", "srdiag -h fe1": how the user reaches the same source again, without secrets. */
const char *srd_source_again(const struct srd_settings *settings, struct srd_arena *arena);

/*
 * core.c: from now on the process leaves no core file, in whose hands ever, and its memory and environment are
 * not for other processes of its account. For those that hold secrets for hours.
 */
void srd_leave_no_core(void);

/* help.c */
void srd_help_short(struct srd_call *call); /* `srdiag` alone */
void srd_help_all(struct srd_call *call);
void srd_help_command(struct srd_call *call, const struct srd_command *command, const char *view);

/* The flag that SIGINT, SIGTERM and SIGHUP raise. */
extern volatile sig_atomic_t srd_interrupted;

#endif
