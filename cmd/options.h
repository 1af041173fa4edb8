#ifndef SRD_CMD_OPTIONS_H
#define SRD_CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/settings.h"
#include "lib/base/arena.h"
#include "lib/base/error.h"

/*
 * What did the user type? Options are tables; this reads argv by them, on top of getopt_long.
 *
 * Options may stand before and after the command and its operands; `--` ends them. Long names are
 * never abbreviated, so that a new option cannot break a script. Unknown words name the nearest
 * known one. Values of secrets are wiped from argv as soon as they are read.
 */
enum srd_option_type {
    SRD_OPT_FLAG,    /* bool *: becomes true */
    SRD_OPT_COUNT,   /* int *: one more each time */
    SRD_OPT_TEXT,    /* const char ** */
    SRD_OPT_INTEGER, /* int64_t *, from min to max */
    SRD_OPT_SECONDS, /* int64_t * in ms: 30, 500ms, 5m; min and max in seconds */
    SRD_OPT_ENUM,    /* const char **: one of the blank-separated values */
    SRD_OPT_LIST,    /* struct srd_words *: a,b,c; each time more */
    SRD_OPT_WORD,    /* struct srd_words *: one word each time */
    SRD_OPT_SETTING, /* a setting: min is its id; target is the struct srd_settings */
    SRD_OPT_LATER, /* has a place but no effect yet: using it is an error, with help as its text */
};

/* Headings of help. Options of a diagnosis, or of the server, are refused by other commands. */
enum srd_option_group {
    SRD_OF_COMMAND, /* the command's own */
    SRD_OF_CONNECTION,
    SRD_OF_SOURCE,
    SRD_OF_DIAGNOSIS,
    SRD_OF_RUN,
    SRD_OF_OUTPUT,
    SRD_OF_GENERAL,
    SRD_OF_SERVER,
    SRD_OF_LATER, /* not shown */
};

struct srd_words {
    const char **items; /* NULL-ended; NULL: none given */
    size_t count, room;
};

struct srd_option {
    const char *name; /* NULL ends a table */
    char letter;      /* 0: none */
    enum srd_option_type type;
    void *target;
    const char *word; /* of the value, in help; NULL: takes none */
    const char *help;
    const char *values;
    int64_t min, max;
    bool optional; /* the value may be missing */
    enum srd_option_group group;
};

struct srd_command; /* command.h */

struct srd_grammar {
    const struct srd_option *globals;
    const struct srd_command *const *commands; /* NULL-ended */
};
struct srd_line {
    const struct srd_command *command; /* NULL: none was named */
    const char **operands;             /* NULL-ended */
    size_t operand_count;
    bool help;                    /* --help, -?, or -h as the last word */
    const char *diagnosis_option; /* an option of a diagnosis that was used; NULL */
    const struct srd_option *server_option; /* of the server or of an agent */
};

/*
 * Puts the values where the tables say and the rest into @out. SRD_E_USAGE for whatever is not in
 * the tables. With @out->help set, a faulty rest of the line is no error. Memory of @arena; changes
 * argv's strings only to hide secrets.
 */
int srd_options_parse(const struct srd_grammar *grammar, int argc, char **argv,
                      struct srd_arena *arena, struct srd_line *out, struct srd_error *err);

/* Is @option one of the server's, or of an agent's, that @command understands? */
bool srd_option_serves(const struct srd_option *option, const struct srd_command *command);

/* "-o, --output FORMAT": for help and the manual's test. */
const char *srd_option_usage(const struct srd_option *option, struct srd_arena *arena);

#endif
