/* How do AI assistants, scripts and teams get at the same diagnosis? */

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/serve.h"
#include "cmd/terminal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#define HEAPS 4 /* more gave no more calls per second to two event threads and 16 clients */
#define STACK ((size_t)1 << 20) /* the system's own name lookups are what needs most, not we */

static struct {
    bool stdio, http, sse;
    struct srd_serve_keys_options keys;
} opt;

/* As they were when it began, for the banner; NULL: there are none. */
static const struct srd_tenants *tenants;

#define SHOWN_TENANTS 20

static const struct srd_option options[] = {
    { "stdio", 0, SRD_OPT_FLAG, &opt.stdio, NULL,
      "one client, on standard input and output; it starts srdiag itself",
      .group = SRD_OF_COMMAND },
    { "http", 0, SRD_OPT_FLAG, &opt.http, NULL, "many clients, streamable HTTP at /mcp",
      .group = SRD_OF_COMMAND },
    { "sse", 0, SRD_OPT_FLAG, &opt.sse, NULL,
      "many clients, the older HTTP+SSE at /sse; may be combined with --http",
      .group = SRD_OF_COMMAND },
    { "role", 0, SRD_OPT_TEXT, &opt.keys.role, "ROLE",
      "keys new: use (default), metrics, admin, or use+metrics", .group = SRD_OF_COMMAND },
    { "tenant", 0, SRD_OPT_LIST, &opt.keys.tenants, "ID,...", "keys new: only for these tenants",
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
}

/* ---- which mode ---- */

static int mode_named(const char *name, struct srd_arena *arena, struct srd_error *err)
{
    static const char *const known[] = { "stdio",           "http",        "sse",
                                         "streamable-http", "http-stream", NULL };

    if (!strcmp(name, "stdio"))
        opt.stdio = true;
    else if (!strcmp(name, "sse"))
        opt.sse = true;
    else if (srd_text_in(name, known))
        opt.http = true;
    else
        return srd_fail(err, SRD_E_USAGE, "transport: \"%s\" is none of stdio, http, sse%s",
                        srd_shown(arena, name), srd_did_you_mean(arena, name, known));
    return 0;
}

static int choose_mode(struct srd_call *call, struct srd_error *err)
{
    const char *const *names = srd_setting_list(&call->settings, SRD_SET_transport);

    if (!opt.stdio && !opt.http && !opt.sse)
        for (; *names; names++)
            if (mode_named(*names, call->arena, err)) {
                if (call->settings.chosen[SRD_SET_transport].rank != SRD_RANK_OPTION)
                    err->code = SRD_E_CONFIG;
                return err->code;
            }
    if (opt.stdio && (opt.http || opt.sse))
        return srd_fail(err, SRD_E_USAGE,
                        "--stdio serves one client and --http or --sse many: choose one");
    if (opt.stdio || opt.http || opt.sse)
        return 0;
    if (isatty(STDIN_FILENO))
        return srd_fail(err, SRD_E_USAGE,
                        "serve wants a mode: --http --sse for many clients over the network, "
                        "--stdio for the configuration of a program that starts srdiag itself");
    opt.stdio = true; /* a host that starts us as its guide told it to */
    return 0;
}

/* A server of tenants has no cluster of its own. */
static int check_tenants(struct srd_call *call, struct srd_error *err)
{
    const struct srd_settings *s = &call->settings;

    if (!*srd_setting_text(s, SRD_SET_tenants))
        return 0;
    if (opt.stdio)
        return srd_fail(err, SRD_E_USAGE,
                        "--tenants is for many clients: --http, --sse or both, and not --stdio");
    if (srd_globals.demo || srd_globals.input || s->chosen[SRD_SET_host].rank == SRD_RANK_OPTION ||
        s->chosen[SRD_SET_agent].rank == SRD_RANK_OPTION)
        return srd_fail(err, SRD_E_USAGE,
                        "with --tenants each tenant's agent is asked, and nobody else: leave "
                        "--demo, --input, --host and --agent out");
    return 0;
}

/* A server has nobody to ask later on. */
static int ask_password(struct srd_call *call, struct srd_error *err)
{
    struct srd_settings *settings = &call->settings;
    char typed[1024] = "";

    if (!settings->ask_password || srd_globals.demo || srd_globals.input)
        return 0;
    if (!srd_terminal_password(typed, sizeof(typed), err))
        srd_settings_put(settings, SRD_SET_password, typed, SRD_RANK_OPTION, "option --password",
                         err);
    explicit_bzero(typed, sizeof(typed));
    return err->code;
}

static void set_log_level(const struct srd_settings *settings)
{
    static const struct {
        const char *name;
        enum srd_log_level level;
    } levels[] = { { "debug", SRD_LOG_DEBUG },
                   { "info", SRD_LOG_INFO },
                   { "warning", SRD_LOG_WARNING },
                   { "error", SRD_LOG_ERROR } };

    if (!srd_setting_given(settings, SRD_SET_log_level) || srd_globals.quiet || srd_globals.verbose)
        return;
    for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
        if (!strcmp(levels[i].name, srd_setting_text(settings, SRD_SET_log_level)))
            srd_log_set_level(levels[i].level);
}

/*
 * Most threads of a server wait for a cluster or a client. Each would get 8 MiB for its stack, and
 * soon a heap of its own, which keeps what was freed in it from all others.
 */
static void share_memory(void)
{
    pthread_attr_t attr;

    mallopt(M_ARENA_MAX, HEAPS);
    if (pthread_attr_init(&attr))
        return;
    if (!pthread_attr_setstacksize(&attr, STACK))
        pthread_setattr_default_np(&attr);
    pthread_attr_destroy(&attr);
}

/* ---- many clients ---- */

/* Everything again, for SIGHUP and POST /reload-config; the command line stays what it was. */
static int load(void *context, struct srd_arena *arena, struct srd_serve_options *out,
                struct srd_error *err)
{
    const struct srd_call *call = context;
    struct srd_settings_places places = srd_settings_places(srd_globals.config, arena);
    struct srd_settings *settings = srd_arena_alloc(arena, sizeof(*settings));
    size_t told = 0;

    srd_settings_again(&call->settings, true, arena, settings);
    if (!srd_settings_load(settings, &places, err))
        srd_serve_options_of(settings, arena, out, err);
    srd_settings_tell(settings, &told);
    if (err->code)
        return err->code;
    out->http = opt.http;
    out->sse = opt.sse;
    return 0;
}

static const char *joined(struct srd_arena *arena, const char *const *list)
{
    const char *out = "";

    for (; *list; list++)
        out = srd_arena_printf(arena, "%s%s%s", out, *out ? ", " : "", *list);
    return out;
}

static void tell_tenants(void)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf name = { 0 };

    if (!tenants)
        return;
    srd_buf_init(&name, 4096);
    dprintf(STDERR_FILENO, "   Tenants:          %zu loaded (%zu enabled)\n", tenants->count,
            tenants->enabled);
    for (size_t i = 0; i < tenants->count && i < SHOWN_TENANTS; i++) {
        srd_buf_clear(&name);
        srd_utf8_clean(&name, tenants->list[i].name, srd_utf8_fit(tenants->list[i].name, 60));
        dprintf(STDERR_FILENO, "      - %s (%s)%s\n", tenants->list[i].id, name.data,
                tenants->list[i].enabled ? "" : ", disabled");
    }
    if (tenants->count > SHOWN_TENANTS)
        dprintf(STDERR_FILENO, "      and %zu more\n", tenants->count - SHOWN_TENANTS);
}

/* On standard error, as standard output may be somebody's file. */
static void banner(void *context, const char *address)
{
    const struct srd_call *call = context;
    const struct srd_settings *s = &call->settings;
    const char *scheme = *srd_setting_text(s, SRD_SET_tls_cert) ? "https" : "http";
    const char *const *origins = srd_setting_list(s, SRD_SET_allow_origin);
    bool keys = *srd_setting_text(s, SRD_SET_api_key_file) ||
                *srd_setting_text(s, SRD_SET_api_key) || *srd_setting_text(s, SRD_SET_api_keys) ||
                (tenants && tenants->keys.count);

    if (srd_globals.quiet)
        return;
    dprintf(STDERR_FILENO, "srdiag %s is running as an MCP server\n\n", SRD_VERSION_TEXT);
    if (opt.http)
        dprintf(STDERR_FILENO, "   MCP endpoint:     %s://%s/mcp\n", scheme, address);
    if (opt.sse)
        dprintf(STDERR_FILENO,
                "   SSE endpoint:     %s://%s/sse\n   Messages:         %s://%s/messages\n", scheme,
                address, scheme, address);
    dprintf(STDERR_FILENO, "   Health check:     %s://%s/health\n\n   Authentication:   %s\n",
            scheme, address, keys ? "Enabled" : "Disabled (no key is set)");
    dprintf(STDERR_FILENO, "   CORS:             %s\n",
            *origins ? joined(call->arena, origins) : "Disabled");
    tell_tenants();
    dprintf(STDERR_FILENO, "\n   Press Ctrl+C to stop the server\n\n");
}

static int serve_many(struct srd_call *call, const struct srd_serve_options *wanted,
                      struct srd_error *err)
{
    struct srd_serve_life life = { .stop = &srd_interrupted,
                                   .reload = &reload_wanted,
                                   .reopen = &reopen_wanted,
                                   .load = load,
                                   .started = banner,
                                   .context = call };

    catch_signals();
    return srd_serve_run(wanted, &life, err);
}

/* ---- one client ---- */

/* Whatever a library prints by mistake must not get between the messages: 1 becomes a copy of 2. */
static int take_output(struct srd_error *err)
{
    int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);

    if (out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        srd_fail(err, SRD_E_SYSTEM, "could not keep standard output: %s", strerror(errno));
        return -1;
    }
    return out;
}

static int serve_one(const struct srd_serve_options *wanted, struct srd_error *err)
{
    struct srd_serve_life life = { .stop = &srd_interrupted };
    int out = take_output(err);

    if (out < 0)
        return err->code;
    signal(SIGUSR1, SIG_IGN);
    if (srd_serve_stdio(wanted, &life, STDIN_FILENO, out, err) == SRD_E_CANCELLED)
        _exit(0); /* a call is still at work, with memory that an orderly end would free */
    close(out);
    return err->code;
}

/* ---- the command ---- */

static int check(struct srd_call *call, struct srd_error *err)
{
    bool keys = call->operand_count && !strcmp(call->operands[0], "keys");

    if (call->operand_count && !keys)
        return srd_fail(err, SRD_E_USAGE,
                        "serve knows one operand, keys, and not \"%s\"; see srdiag help serve",
                        srd_shown(call->arena, call->operands[0]));
    if (!keys && (opt.keys.role || opt.keys.tenants.count))
        return srd_fail(err, SRD_E_USAGE, "--role and --tenant are for srdiag serve keys new");
    if (!keys && srd_globals.input && !strcmp(srd_globals.input, "-"))
        return srd_fail(err, SRD_E_USAGE, "serve cannot read a snapshot from standard input");
    return keys ? 0 : choose_mode(call, err);
}

static int run(struct srd_call *call, struct srd_error *err)
{
    struct srd_serve_options wanted;

    if (call->operand_count)
        return srd_serve_keys(call, &opt.keys, err);
    set_log_level(&call->settings);
    srd_leave_no_core();
    share_memory();
    if (check_tenants(call, err) || ask_password(call, err) ||
        srd_serve_options_of(&call->settings, call->arena, &wanted, err))
        return err->code;
    wanted.http = opt.http;
    wanted.sse = opt.sse;
    tenants = wanted.tenants;
    return opt.stdio ? serve_one(&wanted, err) : serve_many(call, &wanted, err);
}

const struct srd_command srd_command_serve = {
    .name = "serve",
    .group = "serve",
    .operands = "[keys new|list|revoke [NAME]]",
    .max = 3,
    .summary = "serve the experts to AI assistants and scripts (MCP, HTTP)",
    .text =
        "One client on one machine: --stdio, as the command in the configuration of the assistant. "
        "A "
        "team: --http --sse on one machine for all, with keys. The clusters are the one of -h or "
        "of "
        "[srdiag], called default, and every [cluster NAME] of the config file; each option below "
        "is "
        "also a key of its section [server]. SIGHUP reads keys, limits, clusters and thresholds "
        "again, SIGUSR1 opens the log files anew, SIGTERM ends it when running requests are done. "
        "serve keys new NAME makes a key, writes its digest into --api-key-file and prints it "
        "once.",
    .options = options,
    .needs = SRD_NEEDS_SETTINGS,
    .serves = true,
    .check = check,
    .run = run,
};
