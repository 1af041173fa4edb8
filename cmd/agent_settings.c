/* What shall an agent listen on, believe and answer, as its settings say? */

#include <string.h>

#include "cmd/agent.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/serve/notify.h"

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

/* The variables AGENT_HOST and AGENT_PORT say half of listen each. */
const char *srd_agent_listen_of(const struct srd_settings *settings)
{
    const struct srd_chosen *listen = &settings->chosen[SRD_SET_listen];
    const struct srd_chosen *host = &settings->chosen[SRD_SET_agent_host];
    const struct srd_chosen *port = &settings->chosen[SRD_SET_agent_port];
    bool said = listen->rank != SRD_RANK_DEFAULT;
    const char *text = said ? listen->text : "127.0.0.1:8080", *colon = strrchr(text, ':');
    const char *address =
        colon ? srd_arena_copy_n(settings->arena, text, (size_t)(colon - text)) : "127.0.0.1";

    text = colon ? colon + 1 : text;
    if (*host->text && host->rank > listen->rank)
        address = strchr(host->text, ':') && *host->text != '['
                      ? srd_arena_printf(settings->arena, "[%s]", host->text)
                      : host->text;
    if (*port->text && port->rank > listen->rank)
        text = port->text;
    return srd_arena_printf(settings->arena, "%s:%s", address, text);
}

void srd_agent_door_of(const struct srd_settings *settings, const struct srd_home *home,
                       struct srd_arena *arena, struct srd_door *out)
{
    const char *certificate = srd_setting_text(settings, SRD_SET_tls_cert);

    *out = (struct srd_door){
        .url = srd_arena_printf(arena, "%s://%s", *certificate ? "https" : "http",
                                srd_agent_listen_of(settings)),
        .ca = *certificate ? srd_home_path(home, arena, certificate) : NULL,
    };
}

/* One token a line, so that a new one is known before the old one goes. */
static int read_tokens(const char *file, struct srd_arena *arena, const char *const **out,
                       struct srd_error *err)
{
    const char **tokens = srd_arena_array(arena, 9, sizeof(*tokens));
    char *bytes, *line, *rest = NULL;
    bool missing;
    unsigned mode;
    size_t n, count = 0;

    if (srd_small_file(file, arena, &bytes, &n, &mode, &missing, err)) {
        err->code = SRD_E_CONFIG;
        return srd_while(err, "token file");
    }
    /* a group may read it, as with other secrets: the user of a container or a unit has them so */
    if (mode & 037)
        return srd_fail(err, SRD_E_CONFIG, "token file \"%s\" can be read by others: chmod 600 %s",
                        file, file);
    for (line = strtok_r(bytes, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
        if (*line == '#' || !*line)
            continue;
        if (count == 8)
            return srd_fail(err, SRD_E_CONFIG, "token file \"%s\" has more than 8 tokens", file);
        tokens[count++] = line;
    }
    *out = tokens;
    return count ? 0 : srd_fail(err, SRD_E_CONFIG, "token file \"%s\" has no token in it", file);
}

int srd_agent_tokens_of(struct srd_settings *settings, const struct srd_home *home,
                        struct srd_arena *arena, const char *const **out, struct srd_error *err)
{
    const struct srd_chosen *file = &settings->chosen[SRD_SET_token_file];
    const char *previous = srd_setting_text(settings, SRD_SET_previous_token), *token, **all;

    if (file->rank > settings->chosen[SRD_SET_agent_token].rank)
        return read_tokens(home ? srd_home_path(home, arena, file->text) : file->text, arena, out,
                           err);
    if (srd_settings_token(settings, SRD_SET_token_file, &token, err))
        return err->code;
    all = srd_arena_array(arena, 3, sizeof(*all));
    all[0] = token;
    if (token && *previous)
        all[1] = previous;
    *out = all;
    return 0;
}

static enum srd_guard_policy policy_named(const char *name)
{
    return !strcmp(name, "select")   ? SRD_GUARD_SELECT
           : !strcmp(name, "probes") ? SRD_GUARD_PROBES
                                     : SRD_GUARD_SYSTEM;
}

static int read_pem(const char *what, const char *file, struct srd_arena *arena, const char **out,
                    struct srd_error *err)
{
    unsigned mode;
    bool missing;
    char *bytes;
    size_t n;

    if (srd_small_file(file, arena, &bytes, &n, &mode, &missing, err)) {
        err->code = SRD_E_CONFIG;
        return srd_while(err, "%s", what);
    }
    *out = bytes;
    return 0;
}

static int tls_of(const struct srd_settings *settings, struct srd_arena *arena,
                  struct srd_http_tls *out, struct srd_error *err)
{
    const char *certificate = srd_setting_text(settings, SRD_SET_tls_cert);
    const char *key = srd_setting_text(settings, SRD_SET_tls_key);

    if (!*certificate != !*key)
        return srd_fail(err, SRD_E_CONFIG, "--tls-cert and --tls-key go together");
    if (!*certificate)
        return 0;
    return read_pem("certificate", certificate, arena, &out->certificate, err)
               ? (int)err->code
               : read_pem("private key", key, arena, &out->key, err);
}

static int open_file(const struct srd_desk_cluster *cluster, const volatile sig_atomic_t *cancel,
                     struct srd_source **out, struct srd_error *err)
{
    (void)cancel;
    return srd_source_open_file(cluster->open_data, out, err);
}

int srd_agent_options_of(struct srd_settings *settings, const struct srd_home *home,
                         struct srd_arena *arena, struct srd_agent_options *out,
                         struct srd_error *err)
{
    *out = (struct srd_agent_options){
        .allow_ip = srd_setting_list(settings, SRD_SET_allow_ip),
        .policy = policy_named(srd_setting_text(settings, SRD_SET_policy)),
        .share_sql = srd_agent_words.share_sql,
        .max_rows = (size_t)srd_setting_integer(settings, SRD_SET_max_rows),
        .max_bytes = (size_t)srd_setting_integer(settings, SRD_SET_max_bytes),
        .sql_ms = srd_setting_ms(settings, SRD_SET_sql_timeout),
        .listen = srd_agent_listen_of(settings),
        .listen_fd = srd_notify_socket(),
        .port_file = or_null(srd_setting_text(settings, SRD_SET_port_file)),
        .audit_file = or_null(srd_setting_text(settings, SRD_SET_audit_file)),
        .workers = (size_t)srd_setting_integer(settings, SRD_SET_workers),
        .max_connections = (size_t)srd_setting_integer(settings, SRD_SET_max_connections),
        .idle_ms = srd_setting_ms(settings, SRD_SET_idle_timeout),
        .cluster_name = or_null(srd_setting_text(settings, SRD_SET_cluster)),
        .pool = (size_t)srd_setting_integer(settings, SRD_SET_pool_size),
        .catalogue = &srd_catalogue,
        .version = SRD_VERSION_TEXT,
    };
    if (home && !out->audit_file)
        out->audit_file = home->audit;
    out->cluster.name = "default";
    if (srd_globals.demo || srd_globals.input) {
        out->cluster.open = open_file;
        out->cluster.open_data = srd_globals.input;
    } else if (srd_source_live_options(settings, arena, &out->cluster.live, err)) {
        return err->code;
    }
    /* the FE's own last line must not be shorter than ours */
    out->cluster.live.query_timeout_s = (int)((out->sql_ms + 999) / 1000);
    return srd_agent_tokens_of(settings, home, arena, &out->tokens, err)
               ? (int)err->code
               : tls_of(settings, arena, &out->tls, err);
}
