/* How does a centre get at a cluster that only this machine can reach, and what did it ask? */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/agent.h"
#include "cmd/terminal.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/serve/notify.h"

static struct {
    bool share_sql;
} opt;

static const struct srd_option options[] = {
    { "share-sql", 0, SRD_OPT_FLAG, &opt.share_sql, NULL,
      "let the SQL texts of users leave as they are; else their literals are replaced",
      .group = SRD_OF_COMMAND },
    { 0 },
};

static volatile sig_atomic_t reload_wanted, reopen_wanted;

static void on_signal(int number)
{
    if (number == SIGHUP)
        reload_wanted = 1;
    else if (number == SIGUSR1)
        reopen_wanted = 1;
    else
        srd_interrupted = 1;
}

/* SIGTERM and SIGINT end it in order, the second one at once. */
static void catch_signals(void)
{
    struct sigaction once = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };
    struct sigaction always = { .sa_handler = on_signal };

    sigaction(SIGTERM, &once, NULL);
    sigaction(SIGINT, &once, NULL);
    sigaction(SIGHUP, &always, NULL);
    sigaction(SIGUSR1, &always, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a ledger that may not grow is a full disk, not the end */
}

/* ---- settings ---- */

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

/* The variable AGENT_PORT says half of listen. */
static const char *listen_of(const struct srd_settings *settings)
{
    const struct srd_chosen *listen = &settings->chosen[SRD_SET_listen];
    const struct srd_chosen *port = &settings->chosen[SRD_SET_agent_port];
    const char *colon = strrchr(listen->text, ':');

    if (listen->rank == SRD_RANK_DEFAULT)
        return *port->text ? srd_arena_printf(settings->arena, "127.0.0.1:%s", port->text)
                           : "127.0.0.1:8080";
    if (!*port->text || port->rank <= listen->rank || !colon)
        return listen->text;
    return srd_arena_printf(settings->arena, "%.*s:%s", (int)(colon - listen->text), listen->text,
                            port->text);
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

static int tokens_of(struct srd_settings *settings, struct srd_arena *arena,
                     const char *const **out, struct srd_error *err)
{
    const struct srd_chosen *file = &settings->chosen[SRD_SET_token_file];
    const char *token, **one;

    if (file->rank > settings->chosen[SRD_SET_agent_token].rank)
        return read_tokens(file->text, arena, out, err);
    if (srd_settings_token(settings, SRD_SET_token_file, &token, err))
        return err->code;
    one = srd_arena_array(arena, 2, sizeof(*one));
    one[0] = token;
    *out = one;
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

int srd_agent_options_of(struct srd_settings *settings, struct srd_arena *arena,
                         struct srd_agent_options *out, struct srd_error *err)
{
    *out = (struct srd_agent_options){
        .allow_ip = srd_setting_list(settings, SRD_SET_allow_ip),
        .policy = policy_named(srd_setting_text(settings, SRD_SET_policy)),
        .share_sql = opt.share_sql,
        .max_rows = (size_t)srd_setting_integer(settings, SRD_SET_max_rows),
        .max_bytes = (size_t)srd_setting_integer(settings, SRD_SET_max_bytes),
        .sql_ms = srd_setting_ms(settings, SRD_SET_sql_timeout),
        .listen = listen_of(settings),
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
    out->cluster.name = "default";
    if (srd_globals.demo || srd_globals.input) {
        out->cluster.open = open_file;
        out->cluster.open_data = srd_globals.input;
    } else if (srd_source_live_options(settings, arena, &out->cluster.live, err)) {
        return err->code;
    }
    /* the FE's own last line must not be shorter than ours */
    out->cluster.live.query_timeout_s = (int)((out->sql_ms + 999) / 1000);
    return tokens_of(settings, arena, &out->tokens, err) ? (int)err->code
                                                         : tls_of(settings, arena, &out->tls, err);
}

/* ---- serving ---- */

static int load(void *context, struct srd_arena *arena, struct srd_agent_options *out,
                struct srd_error *err)
{
    const struct srd_call *call = context;
    struct srd_settings_places places = srd_settings_places(srd_globals.config, arena);
    struct srd_settings *settings = srd_arena_alloc(arena, sizeof(*settings));
    size_t told = 0;

    srd_settings_again(&call->settings, true, arena, settings);
    if (!srd_settings_load(settings, &places, err))
        srd_agent_options_of(settings, arena, out, err);
    srd_settings_tell(settings, &told);
    return err->code;
}

struct started {
    struct srd_call *call;
    const struct srd_agent_options *options;
};

/* On standard error, as standard output may be somebody's file. */
static void banner(const struct srd_agent_options *wanted, const char *address)
{
    const char *scheme = wanted->tls.certificate ? "https" : "http";
    const struct srd_live_options *live = &wanted->cluster.live;

    dprintf(STDERR_FILENO,
            "StarRocks Local Agent is running! (srdiag %s)\n\n"
            "   HTTP endpoint:    %s://%s\n"
            "   Health check:     %s://%s/health\n"
            "   Test connection:  %s://%s/test-connection\n\n"
            "   Authentication:   %s\n",
            SRD_VERSION_TEXT, scheme, address, scheme, address, scheme, address,
            *wanted->tokens ? "Enabled" : "Disabled (no token is set)");
    if (wanted->cluster.open)
        dprintf(STDERR_FILENO, "   Database:         %s\n",
                wanted->cluster.open_data ? (const char *)wanted->cluster.open_data : "demo");
    else
        dprintf(STDERR_FILENO,
                strchr(live->hosts, ':') || strchr(live->hosts, ',')
                    ? "   Database:         %s\n"
                    : "   Database:         %s:%d\n",
                live->hosts, live->port);
    dprintf(STDERR_FILENO,
            "   Policy:           %s\n"
            "   Audit log:        %s\n\n"
            "   Press Ctrl+C to stop the agent\n\n",
            wanted->policy == SRD_GUARD_SYSTEM   ? "system tables only"
            : wanted->policy == SRD_GUARD_SELECT ? "any SELECT"
                                                 : "only what srdiag itself asks",
            wanted->audit_file ? wanted->audit_file : "none (--audit-file)");
}

static void started(void *context, const char *address)
{
    struct started *about = context;

    if (!srd_globals.quiet)
        banner(about->options, address);
}

static int load_started(void *context, struct srd_arena *arena, struct srd_agent_options *out,
                        struct srd_error *err)
{
    return load(((struct started *)context)->call, arena, out, err);
}

/* An agent has nobody to ask later on. */
static int ask_password(struct srd_call *call, struct srd_error *err)
{
    char typed[1024] = "";

    if (!call->settings.ask_password || srd_globals.demo || srd_globals.input)
        return 0;
    if (!srd_terminal_password(typed, sizeof(typed), err))
        srd_settings_put(&call->settings, SRD_SET_password, typed, SRD_RANK_OPTION,
                         "option --password", err);
    explicit_bzero(typed, sizeof(typed));
    return err->code;
}

static void set_log_level(const struct srd_settings *settings)
{
    const char *level = srd_setting_text(settings, SRD_SET_log_level);

    if (!srd_setting_given(settings, SRD_SET_log_level) || srd_globals.quiet || srd_globals.verbose)
        return;
    srd_log_set_level(!strcmp(level, "debug")   ? SRD_LOG_DEBUG
                      : !strcmp(level, "info")  ? SRD_LOG_INFO
                      : !strcmp(level, "error") ? SRD_LOG_ERROR
                                                : SRD_LOG_WARNING);
}

/* A core file would hold password and token. */
static void leave_no_core(void)
{
    const struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) /* which looks into the process when it ends */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static int serve(struct srd_call *call, struct srd_error *err)
{
    struct srd_agent_options wanted;
    struct started about = { .call = call, .options = &wanted };
    struct srd_agent_life life = { .stop = &srd_interrupted,
                                   .reload = &reload_wanted,
                                   .reopen = &reopen_wanted,
                                   .load = load_started,
                                   .started = started,
                                   .context = &about };

    set_log_level(&call->settings);
    if (ask_password(call, err) || srd_agent_options_of(&call->settings, call->arena, &wanted, err))
        return err->code;
    catch_signals();
    leave_no_core();
    return srd_agent_run(&wanted, &life, err);
}

/* ---- the command ---- */

static bool is(const struct srd_call *call, size_t operand, const char *word)
{
    return operand < call->operand_count && !strcmp(call->operands[operand], word);
}

static int check(struct srd_call *call, struct srd_error *err)
{
    static const char *const words[] = { "audit", "preview", NULL };
    size_t n = call->operand_count;

    if (srd_globals.input && !strcmp(srd_globals.input, "-"))
        return srd_fail(err, SRD_E_USAGE, "agent cannot read a snapshot from standard input");
    if (call->settings.chosen[SRD_SET_agent].rank == SRD_RANK_OPTION)
        return srd_fail(err, SRD_E_USAGE,
                        "an agent asks its cluster itself: --agent is not for it");
    if (!n || (n == 1 && is(call, 0, "preview")))
        return 0;
    if (is(call, 0, "audit") && n >= 3 && (is(call, 1, "show") || is(call, 1, "verify")) &&
        (n == 3 || is(call, 1, "verify")))
        return 0;
    if (is(call, 0, "audit"))
        return srd_fail(
            err, SRD_E_USAGE,
            "agent audit wants show FILE, or verify FILE [MARK]; see srdiag help agent");
    if (is(call, 0, "preview"))
        return srd_fail(err, SRD_E_USAGE, "agent preview has no operands");
    return srd_fail(err, SRD_E_USAGE, "agent knows audit and preview, and not \"%s\"%s",
                    srd_shown(call->arena, call->operands[0]),
                    srd_did_you_mean(call->arena, call->operands[0], words));
}

static int run(struct srd_call *call, struct srd_error *err)
{
    if (is(call, 0, "audit"))
        return srd_agent_audit(call, err);
    return call->operand_count ? srd_agent_preview(call, err) : serve(call, err);
}

const struct srd_command srd_command_agent = {
    .name = "agent",
    .group = "serve",
    .operands = "[preview | audit show FILE | audit verify FILE [MARK]]",
    .max = 4,
    .summary = "answer a central server about the cluster here, within limits of its owner",
    .text =
        "Runs beside the cluster; the central server, or srdiag --agent URL elsewhere, asks it "
        "with "
        "a token. Password and account stay here. The centre may ask what srdiag itself asks, and "
        "with the policy system (the default) other read-only statements about system tables; "
        "business tables are refused unless the policy is select. --audit-file keeps every "
        "request in a file that shows later if a line was changed, removed or added: agent audit "
        "show prints it, agent audit verify checks it, also for a mark noted elsewhere. agent "
        "preview prints exactly what the centre would get for a whole run. SIGHUP reads tokens and "
        "limits again, SIGUSR1 begins the audit file anew, SIGTERM ends it when running "
        "requests are done. Each option of the agent is also a key of [agent] in the config file.",
    .options = options,
    .needs = SRD_NEEDS_SETTINGS,
    .is_agent = true,
    .check = check,
    .run = run,
};
