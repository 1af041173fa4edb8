/* How does an agent come to a machine: its folder, its configuration, its token, its first
 * connection? */

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/agent.h"
#include "cmd/env_file.h"
#include "cmd/replace.h"
#include "cmd/terminal.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/model/identity.h"
#include "lib/serve/gate.h"
#include "lib/serve/keys.h"
#include "lib/serve/tenants.h"
#include "lib/source/live.h"

#define TEST_MS 15000
#define LARGEST ((size_t)256 << 10)
#define TOKEN_BYTES 32

int srd_agent_new_token(struct srd_arena *arena, const char **out, struct srd_error *err)
{
    unsigned char bytes[TOKEN_BYTES];
    char *hex = srd_arena_alloc(arena, 2 * sizeof(bytes) + 1);

    if (srd_crypto_ready(err) || srd_random(bytes, sizeof(bytes), err))
        return (int)err->code;
    srd_hex(bytes, sizeof(bytes), hex);
    srd_wipe(bytes, sizeof(bytes));
    *out = hex;
    return 0;
}

/* ---- what was said ---- */

static const struct srd_chosen *chosen(const struct srd_call *call, enum srd_setting_id id)
{
    return &call->settings.chosen[id];
}

static bool is_said(const struct srd_call *call, enum srd_setting_id id)
{
    return chosen(call, id)->rank != SRD_RANK_DEFAULT;
}

/* Without a terminal nothing is guessed that an agent could be wrong about. */
static int need_words(const struct srd_call *call, struct srd_error *err)
{
    if (!is_said(call, SRD_SET_host))
        return srd_fail(err, SRD_E_USAGE,
                        "--init needs the cluster, and there is no terminal to ask on: --host HOST "
                        "(-h, SR_HOST); --yes takes defaults for a file that you edit later");
    if (!is_said(call, SRD_SET_password) && !is_said(call, SRD_SET_password_file))
        return srd_fail(err, SRD_E_USAGE,
                        "--init needs the password, and there is no terminal to ask on: "
                        "--password-file FILE (SR_PASSWORD), or --password= for an account without "
                        "one");
    return 0;
}

static int read_password(struct srd_call *call, const char **out, struct srd_error *err)
{
    char typed[1024] = "";

    if (call->settings.ask_password) {
        if (srd_terminal_password(typed, sizeof(typed), err))
            return (int)err->code;
        *out = srd_arena_copy(call->arena, typed);
        explicit_bzero(typed, sizeof(typed));
    } else if (srd_settings_password(&call->settings, out, err)) {
        return (int)err->code;
    }
    if (!*out)
        *out = "";
    return srd_utf8_valid(*out, strlen(*out))
               ? 0
               : srd_fail(err, SRD_E_USAGE,
                          "the password is not UTF-8 text, which a configuration "
                          "file cannot hold");
}

/*
 * One that the provider has made, or else a new one. What a .env of the current folder says is the
 * token of another agent.
 */
static int choose_token(struct srd_call *call, const char **out, struct srd_error *err)
{
    bool given = chosen(call, SRD_SET_agent_token)->rank >= SRD_RANK_ENVIRONMENT ||
                 chosen(call, SRD_SET_token_file)->rank >= SRD_RANK_ENVIRONMENT;
    const char *const *tokens, *wrong;

    if (!given)
        return srd_agent_new_token(call->arena, out, err);
    if (srd_agent_tokens_of(&call->settings, NULL, call->arena, &tokens, err))
        return (int)err->code;
    *out = tokens[0];
    wrong = srd_agent_token_wrong(*out);
    return wrong ? srd_fail(err, SRD_E_USAGE, "the token that was given: %s", wrong) : 0;
}

/* What the table of settings cannot know. */
static int check_words(struct srd_call *call, struct srd_error *err)
{
    const char *id = chosen(call, SRD_SET_tenant_id)->text;
    const char *url = chosen(call, SRD_SET_agent_url)->text, *wrong, *address;
    int port;

    if (srd_listen_parse(srd_agent_listen_of(&call->settings), call->arena, &address, &port, err))
        return (int)err->code;

    if (*id && !srd_api_key_name_valid(id))
        return srd_fail(err, SRD_E_USAGE,
                        "%s: letters, digits, dots, dashes, underscores and @ make an ID",
                        chosen(call, SRD_SET_tenant_id)->origin);
    wrong = *url ? srd_agent_url_wrong(url) : NULL;
    return wrong ? srd_fail(err, SRD_E_USAGE, "%s: %s", chosen(call, SRD_SET_agent_url)->origin,
                            wrong)
                 : 0;
}

static int make_plan(struct srd_call *call, const struct srd_home *home, struct srd_agent_plan *out,
                     struct srd_error *err)
{
    bool terminal = isatty(STDIN_FILENO);
    const char *listen, *colon;

    *out = (struct srd_agent_plan){ .call = call, .home = home };
    if (!srd_agent_words.yes && (terminal ? srd_agent_ask(call, err) : need_words(call, err)))
        return (int)err->code;
    if (check_words(call, err) || read_password(call, &out->password, err) ||
        choose_token(call, &out->token, err))
        return (int)err->code;
    listen = srd_agent_listen_of(&call->settings);
    colon = strrchr(listen, ':');
    out->host = srd_arena_copy_n(call->arena, listen, (size_t)(colon - listen));
    out->port = colon + 1;
    return 0;
}

/* ---- files ---- */

static int write_new(const struct srd_agent_plan *p, const char *path, const char *text,
                     struct srd_error *err)
{
    SRD_CLEANUP(srd_replace_end) struct srd_replace replace = { .fd = -1 };

    if (srd_replace_begin(path, p->call->arena, &replace, err))
        return (int)err->code;
    if (replace.fd >= 0) { /* from an earlier try, or somebody's own */
        srd_agent_say("Kept:              %s (it was there)\n", path);
        return 0;
    }
    return srd_replace_write(&replace, text, strlen(text), p->call->arena, err);
}

/* The unit runs as srdiag, who may read what it needs and write nothing of it. */
static void give_to_service(const struct srd_agent_plan *p, bool made)
{
    const struct passwd *user = getpwnam("srdiag");

    if (geteuid() || !user) {
        srd_agent_say(
            "There is no user srdiag, as whom the unit runs (deploy/systemd/srdiag.conf, "
            "systemd-sysusers). When there is:\n"
            "    cd %s && chgrp srdiag . agent.cnf%s && chmod 640 agent.cnf%s && chmod 750 . "
            "&& chown srdiag:srdiag agent.token\n",
            srd_env_word(p->call->arena, p->home->dir), *p->password ? " password" : "",
            *p->password ? " password" : "");
        return;
    }
    if (chown(p->home->config, 0, user->pw_gid) || chmod(p->home->config, 0640) ||
        chown(p->home->token, user->pw_uid, user->pw_gid) ||
        (made && (chmod(p->home->dir, 0750) || chown(p->home->dir, 0, user->pw_gid))) ||
        (*p->password &&
         (chown(p->home->password, 0, user->pw_gid) || chmod(p->home->password, 0640))))
        srd_log(SRD_LOG_WARNING, "could not give the files to the user srdiag: %s",
                strerror(errno));
}

static int write_system(const struct srd_agent_plan *p, const char *cnf, bool made,
                        struct srd_error *err)
{
    struct srd_arena *arena = p->call->arena;

    if ((*p->password &&
         write_new(p, p->home->password, srd_arena_printf(arena, "%s\n", p->password), err)) ||
        write_new(p, p->home->token, srd_arena_printf(arena, "%s\n", p->token), err) ||
        write_new(p, p->home->config, cnf, err))
        return (int)err->code;
    give_to_service(p, made);
    return 0;
}

/* @made: the folder is new, and ours to give away. */
static int write_files(const struct srd_agent_plan *p, bool made, struct srd_error *err)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;

    srd_buf_init(&text, LARGEST);
    srd_agent_config_write(p, &text);
    if (text.full)
        return srd_fail(err, SRD_E_LIMIT, "that is too much for a configuration");
    p->home->system ? write_system(p, text.data, made, err)
                    : write_new(p, p->home->config, text.data, err);
    srd_wipe(text.data, text.size);
    return (int)err->code;
}

/* With its parents, as far as there are none: as private as itself. */
static int make_folder(const char *dir, mode_t mode, bool *made, struct srd_error *err)
{
    char path[PATH_MAX];

    *made = false;
    if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
        return srd_fail(err, SRD_E_USAGE, "the name of the folder is too long");
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) && errno != EEXIST)
            return srd_fail(err, SRD_E_SYSTEM, "could not make the folder \"%s\": %s", path,
                            strerror(errno));
        *slash = '/';
    }
    if (!mkdir(path, mode))
        *made = true;
    else if (errno != EEXIST)
        return srd_fail(err, SRD_E_SYSTEM, "could not make the folder \"%s\": %s", path,
                        strerror(errno));
    return 0;
}

/* ---- what is there already ---- */

/* Does the file of --password-file say what is known already? */
static bool is_same_password(struct srd_call *call, const struct srd_settings *there)
{
    struct srd_settings kept = *there;
    struct srd_error ignored = { 0 };
    const char *a, *b;

    return !srd_settings_password(&call->settings, &a, &ignored) &&
           !srd_settings_password(&kept, &b, &ignored) && !strcmp(a ? a : "", b ? b : "");
}

/* Words that an existing configuration overrules must not seem to have been heard. */
static void tell_unheard(struct srd_call *call, const struct srd_home *home,
                         const struct srd_settings *there)
{
    for (int i = 0; i < SRD_SETTING_COUNT; i++) {
        const struct srd_setting *s = &srd_setting_table[i];
        bool same = !strcmp(call->settings.chosen[i].text, there->chosen[i].text);

        if (call->settings.chosen[i].rank != SRD_RANK_OPTION || !(s->connection || s->agent))
            continue;
        if (i == SRD_SET_listen)
            same = !strcmp(srd_agent_listen_of(&call->settings), srd_agent_listen_of(there));
        if (i == SRD_SET_password_file)
            same = is_same_password(call, there);
        if (!same)
            srd_log(SRD_LOG_WARNING, "--%s was not taken, as the configuration is kept: edit %s",
                    s->name, home->config);
    }
}

/* A configuration without a token is one that was not written to its end, or by hand. */
static int add_token(struct srd_call *call, const struct srd_home *home, struct srd_error *err)
{
    static const char *const keys[] = { "SRDIAG_AGENT_TOKEN", "AGENT_TOKEN", NULL };
    SRD_CLEANUP(srd_replace_end) struct srd_replace replace = { .fd = -1 };
    const char *token;
    bool missing;
    unsigned mode;
    char *text;
    size_t n;

    if (home->system)
        return srd_fail(err, SRD_E_CONFIG, "%s names no token: token-file = %s in [agent]",
                        home->config, home->token);
    if (choose_token(call, &token, err) ||
        srd_replace_begin(home->config, call->arena, &replace, err) ||
        srd_small_file(home->config, call->arena, &text, &n, &mode, &missing, err))
        return (int)err->code;
    text = srd_env_put(call->arena, text, keys, token);
    if (!text)
        return srd_fail(err, SRD_E_CONFIG, "the token is not one word on one line");
    if (srd_replace_write(&replace, text, strlen(text), call->arena, err))
        return (int)err->code;
    srd_agent_say("Token:             made, and added to %s\n", home->config);
    return 0;
}

static int keep(struct srd_call *call, const struct srd_home *home, struct srd_settings *settings,
                struct srd_error *err)
{
    const char *const *tokens;
    struct stat st;

    srd_agent_say("Configuration:     %s (kept as it is)\n", home->config);
    if (!home->system && !stat(home->config, &st) && (st.st_mode & 077) &&
        !chmod(home->config, 0600))
        srd_agent_say("                   it could be read by others, and now cannot\n");
    if (srd_home_load(home, call->arena, settings, err) ||
        srd_agent_tokens_of(settings, home, call->arena, &tokens, err))
        return (int)err->code;
    tell_unheard(call, home, settings);
    if (tokens[0]) {
        srd_agent_say("Token:             kept\n");
        return 0;
    }
    return add_token(call, home, err) ? (int)err->code
                                      : srd_home_load(home, call->arena, settings, err);
}

/* ---- the connection ---- */

static void tell_failure(struct srd_call *call, const struct srd_home *home,
                         const struct srd_error *why)
{
    srd_log(SRD_LOG_ERROR, "the cluster was not reached: %s", why->text);
    srd_agent_say("                   %s is there: correct the connection in it, then srdiag agent "
                  "--init%s tries again\n",
                  home->config, srd_home_words(home, call->arena));
    call->status = srd_code_exit(why->code);
}

/* As the agent will do it. What fails is told, and is no reason to take anything back. */
static void try_connection(struct srd_call *call, const struct srd_home *home,
                           struct srd_settings *settings)
{
    static const struct srd_probe *const none[] = { NULL };
    SRD_CLEANUP(srd_source_close) struct srd_source *src = NULL;
    struct srd_run_options run = { .timeout_ms = TEST_MS, .cancel = &srd_interrupted };
    struct srd_live_options live;
    const struct srd_answer *clock;
    struct srd_error why = { 0 };
    struct srd_evidence *ev;
    bool partial;

    if (srd_source_live_options(settings, call->arena, &live, &why) ||
        srd_live_open(&live, &srd_interrupted, &src, &why) ||
        srd_collect(&srd_catalogue, src, none, &run, call->arena, &ev, &partial, &why)) {
        tell_failure(call, home, &why);
        return;
    }
    clock = srd_evidence_next(ev, &srd_probe_clock, NULL);
    srd_agent_say("Cluster:           StarRocks %s (%s) at %s as %s, %lld ms\n",
                  ev->cluster.version_text && *ev->cluster.version_text
                      ? srd_shown(call->arena, ev->cluster.version_text)
                      : "of a version that it does not tell",
                  srd_mode_name(ev->cluster.mode), src->connected, live.user,
                  clock ? (long long)clock->ms : 0LL);
}

/* ---- the command ---- */

static int make(struct srd_call *call, struct srd_home *home, struct srd_error *err)
{
    SRD_CLEANUP(srd_home_unlock) int lock = -1;
    struct srd_agent_plan plan;
    bool made;

    if (make_plan(call, home, &plan, err) ||
        make_folder(home->dir, home->system ? 0750 : 0700, &made, err))
        return (int)err->code;
    if (srd_home_trust(home, err) || srd_home_lock(home, &lock, err) ||
        write_files(&plan, made, err)) {
        if (made)
            rmdir(home->dir);
        return (int)err->code;
    }
    srd_agent_say("Configuration:     %s (new)\nToken:             64 characters, in %s\n",
                  home->config, home->system ? home->token : home->config);
    return 0;
}

int srd_agent_init(struct srd_call *call, struct srd_error *err)
{
    bool said = call->settings.chosen[SRD_SET_host].rank >= SRD_RANK_ENVIRONMENT, fresh;
    struct srd_settings settings;
    struct srd_home home;
    const char *unit = NULL;

    umask(077);
    if (srd_home_find(srd_agent_words.dir, srd_agent_words.system, call->arena, &home, err) ||
        srd_home_trust(&home, err))
        return (int)err->code;
    fresh = !home.exists;
    if (fresh ? make(call, &home, err) || srd_home_load(&home, call->arena, &settings, err)
              : keep(call, &home, &settings, err))
        return (int)err->code;
    if (home.system)
        srd_agent_say("Service:           systemctl enable --now srdiag-agent "
                      "(deploy/systemd/srdiag-agent.service)\n");
    else if (srd_unit_make(&home, srd_agent_words.systemd, call->arena, &unit, err))
        return (int)err->code;
    if (unit)
        srd_agent_say("Service:           %s of your systemd; loginctl enable-linger lets it run "
                      "while you are not logged in\n",
                      unit);
    if (!srd_agent_words.yes || said)
        try_connection(call, &home, &settings);
    if (!home.system)
        srd_agent_say("Next:              srdiag agent start%s\n",
                      srd_home_words(&home, call->arena));
    return srd_agent_tenant(call, &home, &settings,
                            srd_agent_words.show_token || (fresh && !srd_agent_words.yes), false,
                            err);
}
