/* What do the config files say, and what is wrong in them? */

#include "cmd/settings_private.h"

#include <stdio.h>
#include <string.h>

#include "cmd/words.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

/* Sections that later versions use: known, so that one file serves all of them. */
static const char *const later_sections[] = { "mute", NULL };

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

int srd_setting_named(const char *name)
{
    for (int i = 0; i < SRD_SETTING_COUNT; i++)
        if (!strcmp(srd_setting_table[i].name, name))
            return i;
    return -1;
}

const char *srd_cluster_of(const struct srd_entry *entry)
{
    return srd_text_prefix(entry->section, "cluster ") ? entry->section + 8 : NULL;
}

static void check_section(struct srd_settings *settings, const struct srd_entry *e)
{
    static const char *const known[] = { "srdiag", "cluster", "limits", "server",
                                         "agent",  "mute",    NULL };
    static const char *const mysql[] = { "client", "mysql", "mysqld", "mysqldump", NULL };
    const char *cluster = srd_cluster_of(e), *good = cluster;

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
    enum section_kind kind = srd_cluster_of(e)               ? IN_CLUSTER
                             : !strcmp(e->section, "server") ? IN_SERVER
                             : !strcmp(e->section, "agent")  ? IN_AGENT
                                                             : IN_SRDIAG;
    int id = srd_setting_named(e->key);
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
             !strcmp(e->section, "agent") || srd_cluster_of(e))
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

void srd_secrets_check(struct srd_settings *settings, const char *file, unsigned mode,
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
    srd_secrets_check(settings, file, mode, settings->text.entries + before,
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
