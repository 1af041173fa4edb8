/* How does a centre get at a cluster that only this machine can reach, and what did it ask? */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/agent.h"
#include "cmd/terminal.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define LINES 100

struct srd_agent_words srd_agent_words = { .systemd = "auto", .lines = LINES };

static const struct srd_option options[] = {
    { "share-sql", 0, SRD_OPT_FLAG, &srd_agent_words.share_sql, NULL,
      "let the SQL texts of users leave as they are; else their literals are replaced",
      .group = SRD_OF_COMMAND },
    { "dir", 0, SRD_OPT_TEXT, &srd_agent_words.dir, "DIR",
      "the agent of this folder (SRDIAG_AGENT_HOME, else ~/.starrocks-agent)",
      .group = SRD_OF_COMMAND },
    { "init", 0, SRD_OPT_FLAG, &srd_agent_words.init, NULL,
      "make that folder: asks on a terminal for what no option says, and tries the connection",
      .group = SRD_OF_COMMAND },
    { "yes", 'y', SRD_OPT_FLAG, &srd_agent_words.yes, NULL,
      "--init: ask nothing, take the default for what is not said", .group = SRD_OF_COMMAND },
    { "system", 0, SRD_OPT_FLAG, &srd_agent_words.system, NULL,
      "--init: agent.cnf, password and agent.token for the machine's srdiag-agent.service",
      .group = SRD_OF_COMMAND },
    { "systemd", 0, SRD_OPT_ENUM, &srd_agent_words.systemd, "WHEN",
      "--init: auto, yes or no: a unit of the user keeps the agent, else it is a process of its "
      "own",
      .values = "auto yes no", .group = SRD_OF_COMMAND },
    { "show-token", 0, SRD_OPT_FLAG, &srd_agent_words.show_token, NULL,
      "--init: print the token of an agent that is there already, too", .group = SRD_OF_COMMAND },
    { "follow", 'f', SRD_OPT_FLAG, &srd_agent_words.follow, NULL,
      "logs: go on with what is written from now on", .group = SRD_OF_COMMAND },
    { "lines", 'n', SRD_OPT_INTEGER, &srd_agent_words.lines, "N",
      "logs: begin with the last N lines (100)", .min = 0, .max = 1000000000,
      .group = SRD_OF_COMMAND },
    { "finish", 0, SRD_OPT_FLAG, &srd_agent_words.finish, NULL,
      "rotate-token: the old token ends, now that the centre has the new one",
      .group = SRD_OF_COMMAND },
    { 0 },
};

/* Where this process is the agent of --dir; NULL: of none. Set before signals are caught. */
static const struct srd_home *home;
static const char *log_file; /* standard error is this one, and is opened anew by SIGUSR1 */

static volatile sig_atomic_t reload_wanted, reopen_wanted;

/* In a handler: only what is safe there. */
static void reopen_log(void)
{
    int saved = errno;
    int fd = open(log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

    if (fd >= 0) {
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        close(fd);
    }
    errno = saved;
}

static void on_signal(int number)
{
    if (number == SIGUSR1 && log_file)
        reopen_log();
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

/* ---- serving ---- */

static int load(void *context, struct srd_arena *arena, struct srd_agent_options *out,
                struct srd_error *err)
{
    const struct srd_call *call = context;
    struct srd_settings_places places =
        home ? srd_home_places(home) : srd_settings_places(srd_globals.config, arena);
    struct srd_settings *settings = srd_arena_alloc(arena, sizeof(*settings));
    size_t told = 0;

    srd_settings_again(&call->settings, true, arena, settings);
    if (!srd_settings_load(settings, &places, err))
        srd_agent_options_of(settings, home, arena, out, err);
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
    char now[SRD_TIME_SIZE];

    if (log_file)
        dprintf(STDERR_FILENO, "%s ", srd_time_rfc3339(srd_clock_now_ms(), now));
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
            "%s",
            wanted->policy == SRD_GUARD_SYSTEM   ? "system tables only"
            : wanted->policy == SRD_GUARD_SELECT ? "any SELECT"
                                                 : "only what srdiag itself asks",
            wanted->audit_file ? wanted->audit_file : "none (--audit-file)",
            log_file ? "" : "   Press Ctrl+C to stop the agent\n\n");
}

static void started(void *context, const char *address)
{
    struct started *about = context;
    const char *scheme = about->options->tls.certificate ? "https" : "http";

    if (home)
        srd_home_listens(home, srd_arena_printf(about->call->arena, "%s://%s", scheme, address));
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

static int begin_at_home(struct srd_error *err)
{
    struct stat named, held;

    umask(077);
    if (chdir(home->dir))
        return srd_fail(err, SRD_E_SYSTEM, "could not go to \"%s\": %s", home->dir,
                        strerror(errno));
    if (srd_home_hold(home, err))
        return (int)err->code;
    if (!stat(home->log, &named) && !fstat(STDERR_FILENO, &held) && named.st_ino == held.st_ino &&
        named.st_dev == held.st_dev)
        log_file = home->log;
    srd_log_set_times(log_file != NULL);
    return 0;
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
    catch_signals(); /* before anybody can know of us, and tell us to reload */
    if (home && begin_at_home(err))
        return err->code;
    srd_leave_no_core();
    if (!ask_password(call, err) &&
        !srd_agent_options_of(&call->settings, home, call->arena, &wanted, err))
        srd_agent_run(&wanted, &life, err);
    if (home)
        srd_home_leave(home);
    return err->code;
}

/* ---- the command ---- */

static bool is(const struct srd_call *call, size_t operand, const char *word)
{
    return operand < call->operand_count && !strcmp(call->operands[operand], word);
}

static const struct verb {
    const char *name;
    int (*run)(struct srd_call *call, struct srd_error *err);
} verbs[] = {
    { "start", srd_service_start },     { "stop", srd_service_stop },
    { "restart", srd_service_restart }, { "status", srd_service_status },
    { "logs", srd_service_logs },       { "rotate-token", srd_service_rotate },
    { "audit", srd_agent_audit },       { "preview", srd_agent_preview },
};

static const struct verb *verb_of(const struct srd_call *call)
{
    for (size_t i = 0; i < SRD_COUNT(verbs); i++)
        if (is(call, 0, verbs[i].name))
            return &verbs[i];
    return NULL;
}

/* Does it manage the agent of a folder, rather than be one? */
static bool manages(const struct srd_call *call)
{
    return call->operand_count && !is(call, 0, "audit") && !is(call, 0, "preview");
}

/* What an agent does is in its folder: a word about it here would not be heard. */
static int check_managing(const struct srd_call *call, struct srd_error *err)
{
    for (int i = 0; i < SRD_SETTING_COUNT; i++) {
        const struct srd_setting *s = &srd_setting_table[i];

        if (call->settings.chosen[i].rank == SRD_RANK_OPTION && (s->connection || s->agent))
            return srd_fail(err, SRD_E_USAGE,
                            "--%s has no meaning for agent %s: what the agent does is said in the "
                            "configuration of its folder",
                            s->name, call->operands[0]);
    }
    if (srd_globals.config)
        return srd_fail(err, SRD_E_USAGE,
                        "--config has no meaning for agent %s: --dir names the folder of the agent",
                        call->operands[0]);
    return 0;
}

static int check_words(const struct srd_call *call, struct srd_error *err)
{
    const struct srd_agent_words *w = &srd_agent_words;
    bool logs = is(call, 0, "logs");

    if (!w->init && (w->yes || w->system || w->show_token || strcmp(w->systemd, "auto") != 0))
        return srd_fail(err, SRD_E_USAGE,
                        "--yes, --system, --systemd and --show-token are for srdiag agent --init");
    if (!logs && (w->follow || w->lines != LINES))
        return srd_fail(err, SRD_E_USAGE, "--follow and --lines are for srdiag agent logs");
    if (w->finish && !is(call, 0, "rotate-token"))
        return srd_fail(err, SRD_E_USAGE, "--finish is for srdiag agent rotate-token");
    if (w->init && call->operand_count)
        return srd_fail(err, SRD_E_USAGE, "--init goes without another word");
    if (w->dir && is(call, 0, "audit"))
        return srd_fail(err, SRD_E_USAGE, "agent audit wants the file itself: --dir is not for it");
    if (w->dir && srd_globals.config)
        return srd_fail(err, SRD_E_USAGE,
                        "--dir and --config: the folder has a configuration; choose one");
    if ((w->init || manages(call)) && (srd_globals.demo || srd_globals.input))
        return srd_fail(err, SRD_E_USAGE, "--demo and --input are not for the agent of a folder");
    return manages(call) && verb_of(call) ? check_managing(call, err) : 0;
}

static int check(struct srd_call *call, struct srd_error *err)
{
    const char **names = srd_arena_array(call->arena, SRD_COUNT(verbs) + 1, sizeof(*names));
    size_t n = call->operand_count;

    for (size_t i = 0; i < SRD_COUNT(verbs); i++)
        names[i] = verbs[i].name;
    if (srd_globals.input && !strcmp(srd_globals.input, "-"))
        return srd_fail(err, SRD_E_USAGE, "agent cannot read a snapshot from standard input");
    if (call->settings.chosen[SRD_SET_agent].rank == SRD_RANK_OPTION)
        return srd_fail(err, SRD_E_USAGE,
                        "an agent asks its cluster itself: --agent is not for it");
    if (check_words(call, err))
        return err->code;
    if (!n || (n == 1 && verb_of(call) && !is(call, 0, "audit")))
        return 0;
    if (is(call, 0, "audit") && n >= 3 && (is(call, 1, "show") || is(call, 1, "verify")) &&
        (n == 3 || is(call, 1, "verify")))
        return 0;
    if (is(call, 0, "audit"))
        return srd_fail(
            err, SRD_E_USAGE,
            "agent audit wants show FILE, or verify FILE... [MARK]; see srdiag help agent");
    if (verb_of(call))
        return srd_fail(err, SRD_E_USAGE, "agent %s has no operands", call->operands[0]);
    return srd_fail(err, SRD_E_USAGE,
                    "agent knows start, stop, restart, status, logs, rotate-token, audit and "
                    "preview, and not \"%s\"%s",
                    srd_shown(call->arena, call->operands[0]),
                    srd_did_you_mean(call->arena, call->operands[0], names));
}

static const char *nothing(const char *name)
{
    (void)name;
    return NULL;
}

static int places(struct srd_call *call, struct srd_settings_places *out, struct srd_error *err)
{
    static struct srd_home found;

    if (srd_agent_words.init || is(call, 0, "audit"))
        return 0;
    if (manages(call)) { /* they read the folder's when they need them, and stop needs none */
        *out = (struct srd_settings_places){ .env = nothing };
        return 0;
    }
    if (!srd_agent_words.dir)
        return 0;
    if (srd_home_find(srd_agent_words.dir, false, call->arena, &found, err) ||
        srd_home_need(&found, err))
        return err->code;
    home = &found;
    *out = srd_home_places(home);
    return 0;
}

static int run(struct srd_call *call, struct srd_error *err)
{
    const struct verb *verb = verb_of(call);

    if (srd_agent_words.init)
        return srd_agent_init(call, err);
    return verb ? verb->run(call, err) : serve(call, err);
}

const struct srd_command srd_command_agent = {
    .name = "agent",
    .group = "serve",
    .operands =
        "[start | stop | restart | status | logs | rotate-token | preview | audit show FILE | "
        "audit verify FILE... [MARK]]",
    .max = 402, /* files of a year, of which each day has one, and a mark */
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
        "requests are done. Each option of the agent is also a key of [agent] in the config file. "
        "--init makes a folder with configuration and token for an agent that stays; start, stop, "
        "restart, status, logs and rotate-token look after it, through systemd where --init found "
        "one; agent --dir DIR is that agent in the foreground. What --init prints is for the "
        "provider of the centre and holds the token.",
    .options = options,
    .needs = SRD_NEEDS_SETTINGS,
    .is_agent = true,
    .places = places,
    .check = check,
    .run = run,
};
