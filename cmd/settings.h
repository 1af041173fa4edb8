#ifndef SRD_CMD_SETTINGS_H
#define SRD_CMD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/config_file.h"
#include "lib/base/arena.h"
#include "lib/base/error.h"
#include "lib/model/evidence.h"
#include "lib/net/limits.h"

/*
 * What shall srdiag connect to, and how shall it print? One table (settings.def) says which
 * settings there are; every value carries where it came from:
 *
 *     option --host    environment SR_HOST    .env line 3    /etc/srdiag/srdiag.cnf line 12 default
 *
 * The highest rank wins. The section [cluster NAME] ranks right below whatever named the cluster:
 * `--cluster prod` beats SR_HOST of the environment, because it was said later and more clearly.
 */
enum srd_rank {
    SRD_RANK_DEFAULT,
    SRD_RANK_MYSQL_FILE,      /* ~/.my.cnf and its like: their place; they are not read yet */
    SRD_RANK_SYSTEM_FILE,     /* /etc/srdiag/srdiag.cnf */
    SRD_RANK_USER_FILE,       /* --config, or ~/.config/srdiag/srdiag.cnf */
    SRD_RANK_CLUSTER_OF_FILE, /* [cluster NAME], NAME from a config file or .env */
    SRD_RANK_DOTENV,
    SRD_RANK_CLUSTER_OF_ENVIRONMENT,
    SRD_RANK_ENVIRONMENT,
    SRD_RANK_CLUSTER_OF_OPTION,
    SRD_RANK_OPTION,
};

enum srd_setting_kind {
    SRD_SETTING_TEXT,
    SRD_SETTING_INTEGER,
    SRD_SETTING_DURATION,
    SRD_SETTING_ENUM,
    SRD_SETTING_BOOL,
    SRD_SETTING_LIST, /* a,b,c; of one rank each put adds */
    SRD_SETTING_CIDRS, /* a list of addresses and blocks */
    SRD_SETTING_LISTEN, /* 3000, 0.0.0.0:3000, [::1]:3000 */
    SRD_SETTING_RATE, /* 100/60: so many in so many seconds; 100: in a minute; 0: off */
};

enum srd_setting_id {
#define SETTING(id, ...) SRD_SET_##id,
#include "cmd/settings.def"
#undef SETTING
    SRD_SETTING_COUNT
};

struct srd_setting {
    const char *name; /* "ssl-ca": key and, after two dashes, option */
    char letter;
    enum srd_setting_kind kind;
    const char *values;  /* of an enum */
    int64_t min, max;    /* of an integer; seconds of a duration */
    const char *env;     /* "SRDIAG_SSL_CA" */
    const char *old_env; /* "SR_HOST"; NULL */
    bool connection, secret, optional, no_option, no_dotenv, server, agent, zero;
    const char *word; /* of the value, in help */
    const char *fallback, *help;
};
extern const struct srd_setting srd_setting_table[SRD_SETTING_COUNT];

struct srd_chosen {
    const char *text; /* valid by the setting's kind; enums in the table's spelling */
    const char *origin;
    enum srd_rank rank;
};

struct srd_settings {
    struct srd_arena *arena;
    struct srd_chosen chosen[SRD_SETTING_COUNT];
    struct srd_config_text text; /* all files that were read, for `config check` */
    const char *files[4];        /* the names of those, highest rank first */
    size_t file_count;
    bool ask_password; /* -p without a value, and nothing of a higher rank */
    /*
     * Set by the caller: take those of `srdiag serve` too. Nobody else looks at PORT or HOST, which
     * other programs know as well.
     */
    bool server;
    bool agent; /* of `srdiag agent`: AGENT settings, from [agent] */
};

/* setting_values.c: why @text cannot be a value of @setting; NULL: it can, and *@out is to be kept. */
const char *srd_setting_refusal(const struct srd_setting *setting, const char *text,
                                struct srd_arena *arena, const char **out);

/* Everything at its default. */
void srd_settings_init(struct srd_settings *settings, struct srd_arena *arena);

/*
 * Takes @text if it is valid and nothing of a higher rank is there; of two values of one rank the
 * later one stays. Returns SRD_E_USAGE for an option, else SRD_E_CONFIG, naming @origin.
 */
int srd_settings_put(struct srd_settings *settings, enum srd_setting_id id, const char *text,
                     enum srd_rank rank, const char *origin, struct srd_error *err);

/* Where to look; the caller fills it from the process, a test from a table. */
struct srd_settings_places {
    const char *(*env)(const char *name);    /* like getenv() */
    const char *dotenv;                      /* ".env"; NULL: none */
    bool own_dotenv; /* it is in a folder made for us: NO_DOTENV settings are taken from it, too */
    const char *config;                      /* --config; NULL: the two below, both if both exist */
    const char *user_config, *system_config; /* NULL: none */
};
/* Of this process; strings from @arena. */
struct srd_settings_places srd_settings_places(const char *config, struct srd_arena *arena);

/*
 * Reads environment, .env and files, and chooses. Options must have been put before. A problem in a
 * file is SRD_E_CONFIG with file and line; all problems and warnings are in settings->text.
 */
int srd_settings_load(struct srd_settings *settings, const struct srd_settings_places *places,
                      struct srd_error *err);
/*
 * Reads and judges one config file: what is wrong in it goes to settings->text; returns an error
 * only if the file cannot be read (@missing_ok: none if it is not there) or must not be trusted.
 */
int srd_settings_read(struct srd_settings *settings, const char *file, enum srd_rank rank,
                      bool missing_ok, struct srd_error *err);
/* What was found doubtful and was not told yet (*@told of them were), as warnings to the log. */
void srd_settings_tell(const struct srd_settings *settings, size_t *told);
/* The first thing that is wrong, as an error. */
int srd_settings_problem(const struct srd_settings *settings, struct srd_error *err);

const char *srd_setting_text(const struct srd_settings *settings, enum srd_setting_id id);
int64_t srd_setting_integer(const struct srd_settings *settings, enum srd_setting_id id);
int64_t srd_setting_ms(const struct srd_settings *settings, enum srd_setting_id id);
bool srd_setting_bool(const struct srd_settings *settings, enum srd_setting_id id);
/* NULL-ended; in the settings' arena. */
const char *const *srd_setting_list(const struct srd_settings *settings, enum srd_setting_id id);
/* From an option, the environment or a file? */
bool srd_setting_given(const struct srd_settings *settings, enum srd_setting_id id);

/*
 * The password: from the setting or from the file of password-file, whichever ranks higher; NULL:
 * none. Both at one rank is an error. Does not ask the user (that is for terminal.h, when
 * ask_password is set).
 */
int srd_settings_password(struct srd_settings *settings, const char **out, struct srd_error *err);

/*
 * The token of an agent, likewise: agent-token, or the file of @file_id (SRD_SET_agent_token_file for
 * who asks an agent, SRD_SET_token_file for the agent itself).
 */
int srd_settings_token(struct srd_settings *settings, enum srd_setting_id file_id, const char **out,
                       struct srd_error *err);

/*
 * Thresholds of [limits] of all files, later files and --set on top, ended by a NULL name. @set are
 * texts "NAME=VALUE".
 */
int srd_settings_limits(struct srd_settings *settings, const char *const *set,
                        const struct srd_override **out, struct srd_error *err);
/* "90", "90 %", "50GB" (bytes), "10m" (milliseconds) -> a number. */
bool srd_limit_parse(const char *text, double *out);

/* The names of all [cluster NAME] sections, NULL-ended. */
const char *const *srd_settings_clusters(const struct srd_settings *settings,
                                         struct srd_arena *arena);
/*
 * Settings for a second load: what the command line of @before said, and everything else at its
 * default. Without @connection the command line's connection and cluster are left out: that is what
 * the sections [cluster NAME] of a server build on, none of which shall get the host or the
 * password that were meant for another.
 */
void srd_settings_again(const struct srd_settings *before, bool connection, struct srd_arena *arena,
                        struct srd_settings *out);
/* @settings (again() without connection, loaded) with [cluster @name] on top; shares its memory. */
int srd_settings_of_cluster(const struct srd_settings *settings, const char *name,
                            struct srd_settings *out, struct srd_error *err);

#endif
