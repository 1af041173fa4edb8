/* Where does the evidence come from: the demo, a file, a cluster, or an agent beside one? */

#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/terminal.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/source/agent.h"
#include "lib/source/live.h"
#include "lib/source/snapshot.h"

/* The snapshot that is linked into the program. */
extern const char srd_demo_start[], srd_demo_end[];

static enum srd_tls tls_mode(const char *mode)
{
    static const struct {
        const char *name;
        enum srd_tls mode;
    } modes[] = { { "DISABLED", SRD_TLS_DISABLED },
                  { "PREFERRED", SRD_TLS_PREFERRED },
                  { "REQUIRED", SRD_TLS_REQUIRED },
                  { "VERIFY_CA", SRD_TLS_VERIFY_CA },
                  { "VERIFY_IDENTITY", SRD_TLS_VERIFY } };

    for (size_t i = 0; i < SRD_COUNT(modes); i++)
        if (!strcmp(modes[i].name, mode))
            return modes[i].mode;
    return SRD_TLS_VERIFY; /* the strictest: a new word in the table must not weaken anything */
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

/* The server's own last line must not be shorter than the longest question. */
static int longest_probe_s(struct srd_arena *arena)
{
    const struct srd_probe *const *probe = srd_catalogue_probes(&srd_catalogue, arena);
    int longest = 0;

    for (; *probe; probe++)
        if (srd_probe_timeout_s(*probe) > longest)
            longest = srd_probe_timeout_s(*probe);
    return longest;
}

static int connect_timeout_s(const struct srd_settings *settings)
{
    int64_t connect = srd_setting_ms(settings, SRD_SET_connect_timeout);
    int64_t all = srd_setting_ms(settings, SRD_SET_timeout);

    return (int)(((connect < all ? connect : all) + 999) / 1000);
}

int srd_source_live_options(struct srd_settings *settings, struct srd_arena *arena,
                            struct srd_live_options *out, struct srd_error *err)
{
    *out = (struct srd_live_options){
        .hosts = srd_setting_text(settings, SRD_SET_host),
        .port = (int)srd_setting_integer(settings, SRD_SET_port),
        .user = srd_setting_text(settings, SRD_SET_user),
        .tls = tls_mode(srd_setting_text(settings, SRD_SET_ssl_mode)),
        .tls_ca = or_null(srd_setting_text(settings, SRD_SET_ssl_ca)),
        .tls_cert = or_null(srd_setting_text(settings, SRD_SET_ssl_cert)),
        .tls_key = or_null(srd_setting_text(settings, SRD_SET_ssl_key)),
        .cleartext = srd_setting_bool(settings, SRD_SET_enable_cleartext_plugin),
        .connect_timeout_s = connect_timeout_s(settings),
        .query_timeout_s = longest_probe_s(arena),
    };
    return srd_settings_password(settings, &out->password, err);
}

static int open_live(struct srd_call *call, struct srd_error *err)
{
    struct srd_settings *settings = &call->settings;
    struct srd_live_options options;
    char typed[1024] = "";
    int64_t started_ms;

    if (srd_source_live_options(settings, call->arena, &options, err))
        return err->code;
    if (settings->ask_password) {
        if (srd_terminal_password(typed, sizeof(typed), err))
            return err->code;
        options.password = typed;
    }
    srd_log(SRD_LOG_INFO, "connecting to %s as %s", options.hosts, options.user);
    started_ms = srd_clock_monotonic_ms();
    srd_live_open(&options, &srd_interrupted, &call->source, err);
    explicit_bzero(typed, sizeof(typed));
    /* --timeout is for all of it, connecting too; the user's typing was not part of it */
    call->run.timeout_ms -= srd_clock_monotonic_ms() - started_ms;
    if (call->run.timeout_ms < 1)
        call->run.timeout_ms = 1;
    if (err->code == SRD_E_CONNECT && !srd_setting_given(settings, SRD_SET_host)) {
        size_t used = strlen(err->text);

        snprintf(err->text + used, sizeof(err->text) - used,
                 " (no host was given: -h HOST, SR_HOST or a config file; --demo needs none)");
    }
    return err->code;
}

int srd_source_open_file(const char *file, struct srd_source **out, struct srd_error *err)
{
    if (file)
        return srd_snapshot_open(file, out, err);
    return srd_snapshot_open_memory(srd_demo_start, (size_t)(srd_demo_end - srd_demo_start), "demo",
                                    "built in", out, err);
}

bool srd_source_is_agent(const struct srd_settings *settings)
{
    const struct srd_chosen *agent = &settings->chosen[SRD_SET_agent];

    return *agent->text && agent->rank >= settings->chosen[SRD_SET_host].rank;
}

static bool is_local(const char *url)
{
    static const char *const own[] = { "http://127.", "http://localhost:", "http://localhost/",
                                       "http://[::1]" };

    for (size_t i = 0; i < SRD_COUNT(own); i++)
        if (srd_text_prefix(url, own[i]))
            return true;
    return !strcmp(url, "http://localhost");
}

int srd_source_agent_access(struct srd_settings *settings, struct srd_agent_access *out,
                            struct srd_error *err)
{
    *out = (struct srd_agent_access){
        .url = srd_setting_text(settings, SRD_SET_agent),
        .ca = or_null(srd_setting_text(settings, SRD_SET_agent_ca)),
        .connect_ms = 1000 * (int64_t)connect_timeout_s(settings),
    };
    if (srd_settings_token(settings, SRD_SET_agent_token_file, &out->token, err))
        return err->code;
    if (srd_agent_check(out, err))
        return srd_while(err, "%s", settings->chosen[SRD_SET_agent].origin);
    if (out->token && srd_text_prefix(out->url, "http://") && !is_local(out->url))
        srd_log(SRD_LOG_WARNING,
                "%s: the agent's token and the cluster's answers travel in clear; use https there, "
                "or a tunnel",
                out->url);
    return 0;
}

static int open_agent(struct srd_call *call, struct srd_error *err)
{
    struct srd_agent_access access;

    return srd_source_agent_access(&call->settings, &access, err)
               ? (int)err->code
               : srd_agent_open(&access, &call->source, err);
}

int srd_source_choose(struct srd_call *call, struct srd_error *err)
{
    const struct srd_globals *g = &srd_globals;

    if (g->demo || g->input)
        return srd_source_open_file(g->demo ? NULL : g->input, &call->source, err);
    if (srd_source_is_agent(&call->settings))
        return open_agent(call, err);
    return open_live(call, err);
}

/* As a shell reads it back. */
static const char *shell_word(struct srd_arena *arena, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "._-/:,@%+=[]";
    const char *out = "", *quote;

    if (*word && strspn(word, plain) == strlen(word))
        return word;
    for (; (quote = strchr(word, '\'')); word = quote + 1)
        out = srd_arena_printf(arena, "%s%.*s'\\''", out, (int)(quote - word), word);
    return srd_arena_printf(arena, "'%s%s'", out, word);
}

const char *srd_source_again(const struct srd_settings *settings, struct srd_arena *arena)
{
    static const enum srd_setting_id ids[] = { SRD_SET_cluster,
                                               SRD_SET_host,
                                               SRD_SET_port,
                                               SRD_SET_user,
                                               SRD_SET_password_file,
                                               SRD_SET_agent,
                                               SRD_SET_agent_token_file,
                                               SRD_SET_agent_ca };
    const struct srd_globals *g = &srd_globals;
    const char *out = "srdiag";

    if (g->demo)
        return "srdiag --demo";
    if (g->input)
        return srd_arena_printf(arena, "srdiag --input %s", shell_word(arena, g->input));
    if (g->config)
        out = srd_arena_printf(arena, "%s --config %s", out, shell_word(arena, g->config));
    for (size_t i = 0; i < SRD_COUNT(ids); i++) {
        const struct srd_setting *s = &srd_setting_table[ids[i]];
        const struct srd_chosen *chosen = &settings->chosen[ids[i]];

        if (chosen->rank != SRD_RANK_OPTION)
            continue;
        out = s->letter ? srd_arena_printf(arena, "%s -%c %s", out, s->letter,
                                           shell_word(arena, chosen->text))
                        : srd_arena_printf(arena, "%s --%s %s", out, s->name,
                                           shell_word(arena, chosen->text));
    }
    if (settings->chosen[SRD_SET_password].rank == SRD_RANK_OPTION)
        out = srd_arena_printf(arena, "%s -p", out);
    return out;
}
