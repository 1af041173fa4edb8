/* What shall srdiag connect to, and how shall it print? */

#include "cmd/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cmd/words.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/model/table.h"

#ifndef SRD_SYSTEM_CONFIG
#define SRD_SYSTEM_CONFIG "/etc/srdiag/srdiag.cnf"
#endif

/* The flags of settings.def. */
#define CONNECTION 1
#define SECRET 2
#define OPTIONAL 4
#define NO_OPTION 8
#define NO_DOTENV 16

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
                       .word = word_,                                                              \
                       .fallback = fallback_,                                                      \
                       .help = help_ },
#include "cmd/settings.def"
#undef SETTING
};

/* Sections that later versions use: known, so that one file serves all of them. */
static const char *const later_sections[] = { "server", "agent", "mute", NULL };

void srd_settings_init(struct srd_settings *settings, struct srd_arena *arena)
{
    *settings = (struct srd_settings){ .arena = arena, .text = { .arena = arena } };
    for (size_t i = 0; i < SRD_SETTING_COUNT; i++)
        settings->chosen[i] = (struct srd_chosen){ .text = srd_setting_table[i].fallback,
                                                   .origin = "default",
                                                   .rank = SRD_RANK_DEFAULT };
}

static const char *listed(struct srd_arena *arena, const char *blank_separated)
{
    char *text = srd_arena_copy(arena, blank_separated);
    const char *out = "";

    for (char *rest, *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        out = srd_arena_printf(arena, "%s%s%s", out, *out ? ", " : "", word);
    return out;
}

/* The value as the table spells it; NULL: not one of them. */
static const char *enum_value(const char *values, const char *text, struct srd_arena *arena)
{
    char *copy = srd_arena_copy(arena, values);

    for (char *rest, *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (!strcasecmp(word, text))
            return word;
    return NULL;
}

static bool in_range(const struct srd_setting *s, const char *text)
{
    int64_t n;

    if (s->kind == SRD_SETTING_INTEGER)
        return srd_text_int64(text, &n) && n >= s->min && n <= s->max;
    return srd_text_duration_ms(text, &n) && n > 0 && n >= s->min * 1000 && n <= s->max * 1000;
}

/* Why @text cannot be the value of @s; NULL: it can, and *@out is the value to keep. */
static const char *refusal(const struct srd_setting *s, const char *text, struct srd_arena *arena,
                           const char **out)
{
    bool flag;

    *out = srd_arena_copy(arena, text);
    switch (s->kind) {
    case SRD_SETTING_TEXT:
        for (const char *p = text; !s->secret && *p; p++)
            if ((unsigned char)*p < 32 || *p == 127)
                return "control characters are not allowed here";
        return NULL;
    case SRD_SETTING_INTEGER:
        /* the value is not repeated: -P with a password behind it is a common slip */
        return in_range(s, text) ? NULL
                                 : srd_arena_printf(arena, "not a number from %lld to %lld",
                                                    (long long)s->min, (long long)s->max);
    case SRD_SETTING_DURATION:
        return in_range(s, text)
                   ? NULL
                   : srd_arena_printf(arena,
                                      "\"%s\" is no time of at most %lld seconds (30, 500ms, 5m)",
                                      srd_shown(arena, text), (long long)s->max);
    case SRD_SETTING_ENUM:
        *out = enum_value(s->values, text, arena);
        return *out ? NULL
                    : srd_arena_printf(arena, "\"%s\" is none of %s", srd_shown(arena, text),
                                       listed(arena, s->values));
    case SRD_SETTING_BOOL:
        if (!srd_parse_bool(text, &flag) && strcasecmp(text, "on") && strcasecmp(text, "off"))
            return srd_arena_printf(arena, "\"%s\" is neither true nor false",
                                    srd_shown(arena, text));
        if (!srd_parse_bool(text, &flag))
            flag = !strcasecmp(text, "on");
        *out = flag ? "true" : "false";
        return NULL;
    }
    return "unknown kind of setting";
}

int srd_settings_put(struct srd_settings *settings, enum srd_setting_id id, const char *text,
                     enum srd_rank rank, const char *origin, struct srd_error *err)
{
    struct srd_chosen *chosen = &settings->chosen[id];
    const char *why, *value = "";

    if (chosen->rank > rank)
        return 0;
    if (text) {
        why = refusal(&srd_setting_table[id], text, settings->arena, &value);
        if (why)
            return srd_fail(err, rank == SRD_RANK_OPTION ? SRD_E_USAGE : SRD_E_CONFIG, "%s: %s",
                            origin, why);
    }
    *chosen = (struct srd_chosen){ .text = value,
                                   .origin = srd_arena_copy(settings->arena, origin),
                                   .rank = rank };
    if (id == SRD_SET_password)
        settings->ask_password = !text;
    return 0;
}

/* --- what is written in files --- */

static const char *const *setting_names(bool connection_only)
{
    static const char *names[2][SRD_SETTING_COUNT + 1];
    size_t n = 0;

    for (size_t i = 0; i < SRD_SETTING_COUNT; i++)
        if (!connection_only || srd_setting_table[i].connection)
            names[connection_only][n++] = srd_setting_table[i].name;
    return names[connection_only];
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
    bool in_cluster = cluster_of(e) != NULL;
    int id = setting_named(e->key);
    const char *why, *value;

    if (id < 0) {
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line,
                        "unknown key \"%s\" in [%s]%s", srd_shown(settings->arena, e->key),
                        srd_shown(settings->arena, e->section),
                        srd_did_you_mean(settings->arena, e->key, setting_names(in_cluster)));
        return;
    }
    if (in_cluster && !srd_setting_table[id].connection) {
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line,
                        "\"%s\" belongs into [srdiag]", e->key);
        return;
    }
    if (!e->value && srd_setting_table[id].kind != SRD_SETTING_BOOL) {
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line, "\"%s\" wants a value",
                        e->key);
        return;
    }
    why = e->value ? refusal(&srd_setting_table[id], e->value, settings->arena, &value) : NULL;
    if (why)
        srd_problem_add(&settings->text, SRD_WRONG, e->file, e->line, "%s: %s", e->key, why);
}

static void check_entry(struct srd_settings *settings, const struct srd_entry *e)
{
    if (!e->key)
        check_section(settings, e);
    else if (!strcmp(e->section, "limits"))
        check_limit(settings, e);
    else if (!strcmp(e->section, "srdiag") || cluster_of(e))
        check_key(settings, e);
    else if (srd_text_in(e->section, later_sections))
        srd_problem_add(&settings->text, SRD_NOTED, e->file, e->line,
                        "[%s] is known but not used by this version", e->section);
}

static void check_secrets(struct srd_settings *settings, const char *file, unsigned mode,
                          const struct srd_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct srd_entry *e = &entries[i];
        bool password = e->key && (!strcmp(e->key, "password") || strstr(e->key, "PASSWORD")) &&
                        !strstr(e->key, "FILE");

        if (password && e->value && *e->value && (mode & 077)) {
            srd_problem_add(&settings->text, SRD_DOUBTFUL, file, e->line,
                            "holds a password and can be read by others: chmod 600 %s", file);
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

static bool ours(const char *key)
{
    for (size_t i = 0; i < SRD_SETTING_COUNT; i++)
        if (!strcmp(key, srd_setting_table[i].env) ||
            (srd_setting_table[i].old_env && !strcmp(key, srd_setting_table[i].old_env)))
            return true;
    return false;
}

static int put_environment(struct srd_settings *settings, const struct srd_settings_places *places,
                           struct srd_error *err)
{
    for (size_t i = 0; i < SRD_SETTING_COUNT; i++) {
        const struct srd_setting *s = &srd_setting_table[i];
        const char *name = s->env, *value = places->env(name);
        char origin[64];

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

static int put_dotenv(struct srd_settings *settings, const char *file, struct srd_error *err)
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
    srd_dotenv_parse(file, bytes, n, ours, &text);
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
        if (e && srd_setting_table[i].no_dotenv)
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
        (places->dotenv && put_dotenv(settings, places->dotenv, err)))
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
    return put_section(settings, "srdiag", SRD_RANK_DEFAULT, err) || put_cluster(settings, err)
               ? err->code
               : 0;
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

/* --- reading --- */

const char *srd_setting_text(const struct srd_settings *settings, enum srd_setting_id id)
{
    return settings->chosen[id].text;
}

int64_t srd_setting_integer(const struct srd_settings *settings, enum srd_setting_id id)
{
    int64_t n = 0;

    srd_text_int64(settings->chosen[id].text, &n);
    return n;
}

int64_t srd_setting_ms(const struct srd_settings *settings, enum srd_setting_id id)
{
    int64_t ms = 0;

    srd_text_duration_ms(settings->chosen[id].text, &ms);
    return ms;
}

bool srd_setting_bool(const struct srd_settings *settings, enum srd_setting_id id)
{
    return !strcmp(settings->chosen[id].text, "true");
}

bool srd_setting_given(const struct srd_settings *settings, enum srd_setting_id id)
{
    return settings->chosen[id].rank != SRD_RANK_DEFAULT;
}

static int password_from_file(struct srd_settings *settings, const struct srd_chosen *file,
                              const char **out, struct srd_error *err)
{
    unsigned mode;
    bool missing;
    char *bytes;
    size_t n, end;

    if (srd_small_file(file->text, settings->arena, &bytes, &n, &mode, &missing, err)) {
        err->code = SRD_E_CONFIG;
        return srd_while(err, "password file (%s)", file->origin);
    }
    for (end = 0; end < n && bytes[end] != '\n'; end++)
        if (!bytes[end])
            return srd_fail(err, SRD_E_CONFIG, "password file \"%s\" (%s) is no text", file->text,
                            file->origin);
    if (end && bytes[end - 1] == '\r')
        end--;
    if (!end)
        return srd_fail(err, SRD_E_CONFIG, "password file \"%s\" (%s): the first line is empty",
                        file->text, file->origin);
    if (mode & 077)
        srd_problem_add(&settings->text, SRD_DOUBTFUL, file->text, 0,
                        "holds a password and can be read by others: chmod 600 %s", file->text);
    bytes[end] = '\0';
    *out = bytes;
    return 0;
}

int srd_settings_password(struct srd_settings *settings, const char **out, struct srd_error *err)
{
    const struct srd_chosen *word = &settings->chosen[SRD_SET_password];
    const struct srd_chosen *file = &settings->chosen[SRD_SET_password_file];

    *out = NULL;
    if (word->rank == file->rank && word->rank != SRD_RANK_DEFAULT)
        return srd_fail(err, word->rank == SRD_RANK_OPTION ? SRD_E_USAGE : SRD_E_CONFIG,
                        "a password (%s) and a password file (%s) are given: choose one",
                        word->origin, file->origin);
    if (file->rank > word->rank)
        return password_from_file(settings, file, out, err);
    *out = *word->text ? word->text : NULL;
    return 0;
}

/* --- limits --- */

bool srd_limit_parse(const char *text, double *out)
{
    size_t n = strlen(text);
    int64_t ms;

    if (srd_text_double(text, out) || (n && text[n - 1] == '%' && srd_parse_percent(text, out)))
        return isfinite(*out);
    if (n && strchr("smhd", text[n - 1]) && srd_text_duration_ms(text, &ms)) {
        *out = (double)ms; /* limits of time are milliseconds inside */
        return true;
    }
    return srd_parse_bytes(text, out) && isfinite(*out);
}

static void put_limit(struct srd_override *limits, size_t *count, struct srd_override limit)
{
    for (size_t i = 0; i < *count; i++)
        if (!strcmp(limits[i].name, limit.name)) {
            limits[i] = limit;
            return;
        }
    limits[(*count)++] = limit;
}

int srd_settings_limits(struct srd_settings *settings, const char *const *set,
                        const struct srd_override **out, struct srd_error *err)
{
    struct srd_arena *arena = settings->arena;
    struct srd_override *limits;
    size_t count = 0, room = settings->text.count + 1;

    for (const char *const *s = set; s && *s; s++)
        room++;
    limits = srd_arena_array(arena, room, sizeof(*limits));
    for (int rank = SRD_RANK_SYSTEM_FILE; rank <= SRD_RANK_USER_FILE; rank++) {
        for (size_t i = 0; i < settings->text.count; i++) {
            const struct srd_entry *e = &settings->text.entries[i];
            struct srd_override limit = { .name = e->key };

            if (!e->key || e->rank != rank || strcmp(e->section, "limits") || !e->value ||
                !srd_limit_parse(e->value, &limit.value))
                continue;
            limit.origin = srd_arena_printf(arena, "%s line %d", e->file, e->line);
            put_limit(limits, &count, limit);
        }
    }
    for (const char *const *s = set; s && *s; s++) {
        const char *equals = strchr(*s, '=');
        struct srd_override limit = { .origin = "--set" };

        if (!equals || equals == *s || !srd_limit_parse(equals + 1, &limit.value))
            return srd_fail(err, SRD_E_USAGE,
                            "--set %s: expected NAME=NUMBER, for example "
                            "--set storage.tablet-count-per-node=30000",
                            srd_shown(arena, *s));
        limit.name = srd_arena_copy_n(arena, *s, (size_t)(equals - *s));
        put_limit(limits, &count, limit);
    }
    *out = limits;
    return 0;
}
