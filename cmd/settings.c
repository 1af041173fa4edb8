/* What shall srdiag connect to, and how shall it print? */

#include "cmd/settings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/words.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#ifndef SRD_SYSTEM_CONFIG
#define SRD_SYSTEM_CONFIG "/etc/srdiag/srdiag.cnf"
#endif

/* The flags of settings.def. */
#define CONNECTION 1
#define SECRET 2
#define OPTIONAL 4
#define NO_OPTION 8
#define NO_DOTENV 16
#define SERVER 32
#define ZERO 64
#define AGENT 128

const struct srd_setting srd_setting_table[SRD_SETTING_COUNT] = {
#define SETTING(id, name_, letter_, kind_, values_, min_, max_, env_, old_, flags_, word_,         \
                fallback_, help_)                                                                  \
    [SRD_SET_##id] = { .name = name_,                                                              \
                       .letter = letter_,                                                          \
                       .kind = SRD_SETTING_##kind_,                                                \
                       .values = values_,                                                          \
                       .min = min_,                                                                \
                       .max = max_,                                                                \
                       .env = env_,                                                                \
                       .old_env = old_,                                                            \
                       .connection = ((flags_)&CONNECTION) != 0,                                   \
                       .secret = ((flags_)&SECRET) != 0,                                           \
                       .optional = ((flags_)&OPTIONAL) != 0,                                       \
                       .no_option = ((flags_)&NO_OPTION) != 0,                                     \
                       .no_dotenv = ((flags_)&NO_DOTENV) != 0,                                     \
                       .server = ((flags_)&SERVER) != 0,                                           \
                       .agent = ((flags_)&AGENT) != 0,                                             \
                       .zero = ((flags_)&ZERO) != 0,                                               \
                       .word = word_,                                                              \
                       .fallback = fallback_,                                                      \
                       .help = help_ },
#include "cmd/settings.def"
#undef SETTING
};

/* Sections that later versions use: known, so that one file serves all of them. */
static const char *const later_sections[] = { "mute", NULL };

void srd_settings_init(struct srd_settings *settings, struct srd_arena *arena)
{
    *settings = (struct srd_settings){ .arena = arena, .text = { .arena = arena } };
    for (size_t i = 0; i < SRD_SETTING_COUNT; i++)
        settings->chosen[i] = (struct srd_chosen){ .text = srd_setting_table[i].fallback,
                                                   .origin = "default",
                                                   .rank = SRD_RANK_DEFAULT };
}

static bool is_list(enum srd_setting_id id)
{
    return srd_setting_table[id].kind == SRD_SETTING_LIST ||
           srd_setting_table[id].kind == SRD_SETTING_CIDRS;
}

int srd_settings_put(struct srd_settings *settings, enum srd_setting_id id, const char *text,
                     enum srd_rank rank, const char *origin, struct srd_error *err)
{
    struct srd_chosen *chosen = &settings->chosen[id];
    const char *why, *value = "";

    if (chosen->rank > rank)
        return 0;
    if (text) {
        why = srd_setting_refusal(&srd_setting_table[id], text, settings->arena, &value);
        if (why)
            return srd_fail(err, rank == SRD_RANK_OPTION ? SRD_E_USAGE : SRD_E_CONFIG, "%s: %s",
                            origin, why);
    }
    if (is_list(id) && rank != SRD_RANK_DEFAULT && chosen->rank == rank)
        value = srd_arena_printf(settings->arena, "%s,%s", chosen->text, value);
    *chosen = (struct srd_chosen){ .text = value,
                                   .origin = srd_arena_copy(settings->arena, origin),
                                   .rank = rank };
    if (id == SRD_SET_password)
        settings->ask_password = !text;
    return 0;
}

/* --- what is written in files --- */

/* Which kind of section a key stands in, or belongs into. */
enum section_kind { IN_SRDIAG, IN_CLUSTER, IN_SERVER, IN_AGENT };

static bool belongs(const struct srd_setting *s, enum section_kind kind)
{
    switch (kind) {
    case IN_SERVER:
        return s->server;
    case IN_AGENT:
        return s->agent;
    default:
        return !s->server && !s->agent && (kind == IN_SRDIAG || s->connection);
    }
}

static const char *const *setting_names(enum section_kind kind)
{
    static const char *names[4][SRD_SETTING_COUNT + 1];
    size_t n = 0;

    for (size_t i = 0; i < SRD_SETTING_COUNT; i++)
        if (belongs(&srd_setting_table[i], kind))
            names[kind][n++] = srd_setting_table[i].name;
    return names[kind];
}

static int setting_named(const char *name)
{
    for (int i = 0; i < SRD_SETTING_COUNT; i++)
        if (!strcmp(srd_setting_table[i].name, name))
            return i;
    return -1;
}

static const char *cluster_of(const struct srd_entry *entry)
{
    return srd_text_prefix(entry->section, "cluster ") ? entry->section + 8 : NULL;
}

static void check_section(struct srd_settings *settings, const struct srd_entry *e)
{
    static const char *const known[] = { "srdiag", "cluster", "limits", "server",
                                         "agent",  "mute",    NULL };
    static const char *const mysql[] = { "client", "mysql", "mysqld", "mysqldump", NULL };
    const char *cluster = cluster_of(e), *good = cluster;

    if (good)
        good += strspn(good, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    if (cluster && *good)
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line,
                        "the name of a cluster consists of letters, digits, dots and dashes");
    else if (!strcmp(e->section, "cluster"))
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line,
                        "[cluster NAME] wants a name");
    else if (!cluster && srd_text_in(e->section, mysql))
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line,
                        "[%s] is a group of MySQL option files; here it is [srdiag]", e->section);
    else if (!cluster && !srd_text_in(e->section, known))
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line, "unknown section [%s]%s",
                        srd_shown(settings->arena, e->section),
                        srd_did_you_mean(settings->arena, e->section, known));
}

static void check_limit(struct srd_settings *settings, const struct srd_entry *e)
{
    double value;

    if (!e->value || !srd_limit_parse(e->value, &value))
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line,
                        "%s: a limit is a number (90, 90%%, 50GB, 10m)",
                        srd_shown(settings->arena, e->key));
}

static void check_key(struct srd_settings *settings, const struct srd_entry *e)
{
    enum section_kind kind = cluster_of(e)                   ? IN_CLUSTER
                             : !strcmp(e->section, "server") ? IN_SERVER
                             : !strcmp(e->section, "agent")  ? IN_AGENT
                                                             : IN_SRDIAG;
    int id = setting_named(e->key);
    const char *why, *value;

    if (id < 0) {
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line,
                        "unknown key \"%s\" in [%s]%s", srd_shown(settings->arena, e->key),
                        srd_shown(settings->arena, e->section),
                        srd_did_you_mean(settings->arena, e->key, setting_names(kind)));
        return;
    }
    if (!belongs(&srd_setting_table[id], kind)) {
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line, "\"%s\" belongs into [%s]",
                        e->key,
                        srd_setting_table[id].server  ? "server"
                        : srd_setting_table[id].agent ? "agent"
                                                      : "srdiag");
        return;
    }
    if (!e->value && srd_setting_table[id].kind != SRD_SETTING_BOOL) {
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line, "\"%s\" wants a value",
                        e->key);
        return;
    }
    why = e->value ? srd_setting_refusal(&srd_setting_table[id], e->value, settings->arena, &value)
                   : NULL;
    if (why)
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line, "%s: %s", e->key, why);
}

static void check_entry(struct srd_settings *settings, const struct srd_entry *e)
{
    if (!e->key)
        check_section(settings, e);
    else if (!strcmp(e->section, "limits"))
        check_limit(settings, e);
    else if (!strcmp(e->section, "srdiag") || !strcmp(e->section, "server") ||
             !strcmp(e->section, "agent") || cluster_of(e))
        check_key(settings, e);
    else if (srd_text_in(e->section, later_sections))
        srd_problem_add(&settings->text, SRD_NOTED, e->file, e->line,
                        "[%s] is known but not used by this version", e->section);
}

/* "a password", "a key": what @key of a file or of .env holds; NULL: no secret of ours. */
static const char *secret_of(const char *key)
{
    for (size_t i = 0; i < SRD_SETTING_COUNT; i++) {
        const struct srd_setting *s = &srd_setting_table[i];

        if (s->secret && (!strcmp(key, s->name) || !strcmp(key, s->env) ||
                          (s->old_env && !strcmp(key, s->old_env))))
            return s->server ? "a key" : "a password";
    }
    return NULL;
}

static void check_secrets(struct srd_settings *settings, const char *file, unsigned mode,
                          const struct srd_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct srd_entry *e = &entries[i];
        const char *what = e->key ? secret_of(e->key) : NULL;

        if (what && e->value && *e->value && (mode & 077)) {
            srd_problem_add(&settings->text, SRD_DOUBTFUL, file, e->line,
                            "holds %s and can be read by others: chmod 600 %s", what, file);
            return;
        }
    }
}

int srd_settings_read(struct srd_settings *settings, const char *file, enum srd_rank rank,
                      bool missing_ok, struct srd_error *err)
{
    size_t n, before = settings->text.count;
    const char *said = "";
    unsigned mode;
    bool missing;
    char *bytes;

    if (srd_small_file(file, settings->arena, &bytes, &n, &mode, &missing, err)) {
        if (missing && missing_ok)
            return err->code = SRD_OK;
        err->code = SRD_E_CONFIG;
        return srd_while(err, "config file");
    }
    if (mode & 002)
        return srd_fail(
            err, SRD_E_CONFIG,
            "config file \"%s\" can be written by everyone and is not trusted: chmod o-w", file);
    if (settings->file_count < SRD_COUNT(settings->files))
        settings->files[settings->file_count++] = file;
    srd_config_parse(file, bytes, n, &settings->text);
    for (size_t i = before; i < settings->text.count; i++) {
        struct srd_entry *e = &settings->text.entries[i];

        e->rank = rank;
        /* one word per section of a later version is enough */
        if (e->key && srd_text_in(e->section, later_sections) && !strcmp(e->section, said))
            continue;
        check_entry(settings, e);
        if (e->key)
            said = e->section;
    }
    check_secrets(settings, file, mode, settings->text.entries + before,
                  settings->text.count - before);
    return 0;
}

void srd_settings_tell(const struct srd_settings *settings, size_t *told)
{
    for (; *told < settings->text.problem_count; ++*told) {
        const struct srd_problem *p = &settings->text.problems[*told];
        char line[32] = "";

        if (p->line)
            snprintf(line, sizeof(line), " line %d", p->line);
        if (p->weight != SRD_WRONG)
            srd_log(p->weight == SRD_DOUBTFUL ? SRD_LOG_WARNING : SRD_LOG_INFO, "%s%s: %s", p->file,
                    line, p->text);
    }
}

int srd_settings_problem(const struct srd_settings *settings, struct srd_error *err)
{
    const struct srd_problem *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < settings->text.problem_count; i++) {
        if (settings->text.problems[i].weight != SRD_WRONG)
            continue;
        if (!first)
            first = &settings->text.problems[i];
        count++;
    }
    if (!first)
        return 0;
    srd_fail(err, SRD_E_CONFIG, "%s line %d: %s", first->file, first->line, first->text);
    if (!first->line)
        srd_fail(err, SRD_E_CONFIG, "%s: %s", first->file, first->text);
    if (count > 1) {
        size_t used = strlen(err->text);

        snprintf(err->text + used, sizeof(err->text) - used, " (and %zu more: srdiag config check)",
                 count - 1);
    }
    return err->code;
}

/* --- choosing --- */

/* Is @s a setting of this command? Without @server and @agent: of one that serves nobody. */
static bool of_command(const struct srd_setting *s, bool server, bool agent)
{
    return (!s->server && !s->agent) || (server && s->server) || (agent && s->agent);
}

static bool known_variable(const char *key, bool server, bool agent)
{
    for (size_t i = 0; i < SRD_SETTING_COUNT; i++) {
        const struct srd_setting *s = &srd_setting_table[i];

        if (of_command(s, server, agent) &&
            (!strcmp(key, s->env) || (s->old_env && !strcmp(key, s->old_env))))
            return true;
    }
    return false;
}

static bool ours(const char *key)
{
    return known_variable(key, false, false);
}

static bool ours_of_server(const char *key)
{
    return known_variable(key, true, false);
}

static bool ours_of_agent(const char *key)
{
    return known_variable(key, false, true);
}

/* Does this command look at setting @i at all? */
static bool wanted(const struct srd_settings *settings, size_t i)
{
    return of_command(&srd_setting_table[i], settings->server, settings->agent);
}

static int put_environment(struct srd_settings *settings, const struct srd_settings_places *places,
                           struct srd_error *err)
{
    for (size_t i = 0; i < SRD_SETTING_COUNT; i++) {
        const struct srd_setting *s = &srd_setting_table[i];
        const char *name = s->env, *value = wanted(settings, i) ? places->env(name) : NULL;
        char origin[64];

        if (!wanted(settings, i))
            continue;
        if ((!value || !*value) && s->old_env) {
            name = s->old_env;
            value = places->env(name);
        }
        snprintf(origin, sizeof(origin), "environment %s", name);
        /* an empty variable is how templates say "not set" */
        if (value && *value &&
            srd_settings_put(settings, (enum srd_setting_id)i, value, SRD_RANK_ENVIRONMENT, origin,
                             err))
            return err->code;
    }
    return 0;
}

static const struct srd_entry *last_entry(const struct srd_config_text *text, size_t from,
                                          const char *key)
{
    const struct srd_entry *found = NULL;

    for (size_t i = from; key && i < text->count; i++)
        if (text->entries[i].key && !strcmp(text->entries[i].key, key) && *text->entries[i].value)
            found = &text->entries[i];
    return found;
}

static int put_entry(struct srd_settings *settings, enum srd_setting_id id,
                     const struct srd_entry *e, enum srd_rank rank, struct srd_error *err)
{
    return srd_settings_put(settings, id, e->value ? e->value : "true", rank,
                            srd_arena_printf(settings->arena, "%s line %d", e->file, e->line), err);
}

static int put_dotenv(struct srd_settings *settings, const char *file, bool own,
                      struct srd_error *err)
{
    /* kept apart from the config files, whose sections it does not have */
    struct srd_config_text text = { .arena = settings->arena };
    unsigned mode;
    bool missing;
    char *bytes;
    size_t n;

    if (srd_small_file(file, settings->arena, &bytes, &n, &mode, &missing, err)) {
        if (!missing)
            srd_problem_add(&settings->text, SRD_DOUBTFUL, file, 0, "ignored: %s", err->text);
        return err->code = SRD_OK;
    }
    srd_dotenv_parse(file, bytes, n,
                     settings->server  ? ours_of_server
                     : settings->agent ? ours_of_agent
                                       : ours,
                     &text);
    if ((mode & 002) && text.count) {
        srd_problem_add(&settings->text, SRD_DOUBTFUL, file, 0,
                        "ignored, because everyone can write it: chmod o-w %s", file);
        return 0;
    }
    for (size_t i = 0; i < text.problem_count; i++)
        srd_problem_add(&settings->text, SRD_WRONG, file, text.problems[i].line, "%s",
                        text.problems[i].text);
    check_secrets(settings, file, mode, text.entries, text.count);
    for (size_t i = 0; i < SRD_SETTING_COUNT; i++) {
        const struct srd_entry *e = last_entry(&text, 0, srd_setting_table[i].env);

        if (!e)
            e = last_entry(&text, 0, srd_setting_table[i].old_env);
        if (!wanted(settings, i))
            continue;
        if (e && srd_setting_table[i].no_dotenv && !own)
            srd_problem_add(&settings->text, SRD_DOUBTFUL, file, e->line,
                            "%s is not taken from here; set it in the environment or a config file",
                            e->key);
        else if (e && put_entry(settings, (enum srd_setting_id)i, e, SRD_RANK_DOTENV, err))
            return err->code;
    }
    return 0;
}

static int put_section(struct srd_settings *settings, const char *section, enum srd_rank as,
                       struct srd_error *err)
{
    /* lower files first: of one rank the later put stays */
    for (int rank = SRD_RANK_SYSTEM_FILE; rank <= SRD_RANK_USER_FILE; rank++) {
        for (size_t i = 0; i < settings->text.count; i++) {
            const struct srd_entry *e = &settings->text.entries[i];

            if (!e->key || e->rank != rank || strcmp(e->section, section))
                continue;
            if (put_entry(settings, (enum srd_setting_id)setting_named(e->key), e,
                          as ? as : (enum srd_rank)rank, err))
                return err->code;
        }
    }
    return 0;
}

const char *const *srd_settings_clusters(const struct srd_settings *settings,
                                         struct srd_arena *arena)
{
    const char **names = srd_arena_array(arena, settings->text.count + 1, sizeof(*names));
    size_t n = 0;

    for (size_t i = 0; i < settings->text.count; i++) {
        const struct srd_entry *e = &settings->text.entries[i];

        if (!e->key && cluster_of(e) && !srd_text_in(cluster_of(e), names))
            names[n++] = cluster_of(e);
    }
    return names;
}

static int put_cluster(struct srd_settings *settings, struct srd_error *err)
{
    const struct srd_chosen *chosen = &settings->chosen[SRD_SET_cluster];
    const char *const *known;
    enum srd_rank rank;

    if (!*chosen->text)
        return 0;
    known = srd_settings_clusters(settings, settings->arena);
    if (!srd_text_in(chosen->text, known))
        return srd_fail(err, chosen->rank == SRD_RANK_OPTION ? SRD_E_USAGE : SRD_E_CONFIG,
                        "%s: no config file has a section [cluster %s]%s", chosen->origin,
                        srd_shown(settings->arena, chosen->text),
                        srd_did_you_mean(settings->arena, chosen->text, known));
    rank = chosen->rank == SRD_RANK_OPTION        ? SRD_RANK_CLUSTER_OF_OPTION
           : chosen->rank == SRD_RANK_ENVIRONMENT ? SRD_RANK_CLUSTER_OF_ENVIRONMENT
                                                  : SRD_RANK_CLUSTER_OF_FILE;
    return put_section(settings, srd_arena_printf(settings->arena, "cluster %s", chosen->text),
                       rank, err);
}

int srd_settings_load(struct srd_settings *settings, const struct srd_settings_places *places,
                      struct srd_error *err)
{
    if (put_environment(settings, places, err) ||
        (places->dotenv && put_dotenv(settings, places->dotenv, places->own_dotenv, err)))
        return err->code;
    if (places->config) {
        if (srd_settings_read(settings, places->config, SRD_RANK_USER_FILE, false, err))
            return err->code;
    } else {
        if (places->user_config &&
            srd_settings_read(settings, places->user_config, SRD_RANK_USER_FILE, true, err))
            return err->code;
        if (places->system_config &&
            srd_settings_read(settings, places->system_config, SRD_RANK_SYSTEM_FILE, true, err))
            return err->code;
    }
    if (srd_settings_problem(settings, err))
        return err->code;
    if (put_section(settings, "srdiag", SRD_RANK_DEFAULT, err) ||
        (settings->server && put_section(settings, "server", SRD_RANK_DEFAULT, err)) ||
        (settings->agent && put_section(settings, "agent", SRD_RANK_DEFAULT, err)))
        return err->code;
    return put_cluster(settings, err);
}

int srd_settings_of_cluster(const struct srd_settings *settings, const char *name,
                            struct srd_settings *out, struct srd_error *err)
{
    *out = *settings;
    return put_section(out, srd_arena_printf(out->arena, "cluster %s", name),
                       SRD_RANK_CLUSTER_OF_OPTION, err);
}

void srd_settings_again(const struct srd_settings *before, bool connection, struct srd_arena *arena,
                        struct srd_settings *out)
{
    srd_settings_init(out, arena);
    out->server = before->server;
    out->agent = before->agent;
    for (size_t i = 0; i < SRD_SETTING_COUNT; i++)
        if (before->chosen[i].rank == SRD_RANK_OPTION &&
            (connection || !srd_setting_table[i].connection))
            out->chosen[i] = before->chosen[i];
    out->ask_password = connection && before->ask_password;
    if (!connection) /* chosen to be none, so that no other place chooses one */
        out->chosen[SRD_SET_cluster] =
            (struct srd_chosen){ .text = "", .origin = "default", .rank = SRD_RANK_OPTION };
}

static const char *process_env(const char *name)
{
    return getenv(name);
}

struct srd_settings_places srd_settings_places(const char *config, struct srd_arena *arena)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    const char *named = getenv("SRDIAG_CONFIG");
    const char *user = NULL;

    if (base && *base == '/') /* the specification: relative paths are to be ignored */
        user = srd_arena_printf(arena, "%s/srdiag/srdiag.cnf", base);
    else if (home && *home)
        user = srd_arena_printf(arena, "%s/.config/srdiag/srdiag.cnf", home);
    if (!config && named && *named)
        config = named;
    return (struct srd_settings_places){ .env = process_env,
                                         .dotenv = ".env",
                                         .config = config,
                                         .user_config = user,
                                         .system_config = SRD_SYSTEM_CONFIG };
}

/* --- the password --- */

/* The first line of a file that holds a secret: @what is "password" or "token". */
static int secret_from_file(struct srd_settings *settings, const struct srd_chosen *file,
                            const char *what, const char **out, struct srd_error *err)
{
    unsigned mode;
    bool missing;
    char *bytes;
    size_t n, end;

    if (srd_small_file(file->text, settings->arena, &bytes, &n, &mode, &missing, err)) {
        err->code = SRD_E_CONFIG;
        return srd_while(err, "%s file (%s)", what, file->origin);
    }
    for (end = 0; end < n && bytes[end] != '\n'; end++)
        if (!bytes[end])
            return srd_fail(err, SRD_E_CONFIG, "%s file \"%s\" (%s) is no text", what, file->text,
                            file->origin);
    if (end && bytes[end - 1] == '\r')
        end--;
    if (!end)
        return srd_fail(err, SRD_E_CONFIG, "%s file \"%s\" (%s): the first line is empty", what,
                        file->text, file->origin);
    /* a group is allowed to read: that is how a secret reaches the user of a container or a unit */
    if (mode & 037)
        srd_problem_add(&settings->text, SRD_DOUBTFUL, file->text, 0,
                        "holds a %s and can be read by others: chmod 600 %s", what, file->text);
    bytes[end] = '\0';
    *out = bytes;
    return 0;
}

/* The secret itself, or that of the file, whichever ranks higher. */
static int choose_secret(struct srd_settings *settings, enum srd_setting_id word_id,
                         enum srd_setting_id file_id, const char *what, const char **out,
                         struct srd_error *err)
{
    const struct srd_chosen *word = &settings->chosen[word_id];
    const struct srd_chosen *file = &settings->chosen[file_id];

    *out = NULL;
    if (word->rank == file->rank && word->rank != SRD_RANK_DEFAULT)
        return srd_fail(err, word->rank == SRD_RANK_OPTION ? SRD_E_USAGE : SRD_E_CONFIG,
                        "a %s (%s) and a %s file (%s) are given: choose one", what, word->origin,
                        what, file->origin);
    if (file->rank > word->rank)
        return secret_from_file(settings, file, what, out, err);
    *out = *word->text ? word->text : NULL;
    return 0;
}

int srd_settings_password(struct srd_settings *settings, const char **out, struct srd_error *err)
{
    return choose_secret(settings, SRD_SET_password, SRD_SET_password_file, "password", out, err);
}

int srd_settings_token(struct srd_settings *settings, enum srd_setting_id file_id, const char **out,
                       struct srd_error *err)
{
    return choose_secret(settings, SRD_SET_agent_token, file_id, "token", out, err);
}
