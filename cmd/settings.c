/* What shall srdiag connect to, and how shall it print? */

#include "cmd/settings_private.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/words.h"
#include "lib/base/cleanup.h"
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
        if (own) { /* without it an agent would go by defaults */
            err->code = SRD_E_CONFIG;
            return srd_while(err, "configuration");
        }
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
    srd_secrets_check(settings, file, mode, text.entries, text.count);
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
            if (put_entry(settings, (enum srd_setting_id)srd_setting_named(e->key), e,
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

        if (!e->key && srd_cluster_of(e) && !srd_text_in(srd_cluster_of(e), names))
            names[n++] = srd_cluster_of(e);
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
