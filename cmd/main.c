/* srdiag: finds the command, opens its source, prints the error, and exits. */

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/terminal.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#define MAX_OUTPUT ((size_t)1 << 30)

static void interrupt(int number)
{
    (void)number;
    srd_interrupted = 1;
}

/* The first signal ends the run in order, on the cluster too; the second one ends it at once. */
static void catch_signals(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction catch = { .sa_handler = interrupt, .sa_flags = SA_RESETHAND };
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

    for (size_t i = 0; i < SRD_COUNT(signals); i++)
        if (!sigaction(signals[i], NULL, &before) && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &catch, NULL);
    sigaction(SIGPIPE, &ignore, NULL); /* writing then says EPIPE */
}

/*
 * A connection must never become descriptor 1 because the caller had closed it: the report would go
 * to the cluster. Read-only, so that writing there still fails.
 */
static void occupy_descriptors(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) != fd)
            abort();
}

/* Widths of CJK text need a UTF-8 locale, also in cron and containers. */
static void choose_locale(void)
{
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

static void set_log_level(void)
{
    if (srd_globals.quiet)
        srd_log_set_level(SRD_LOG_ERROR);
    else if (srd_globals.verbose)
        srd_log_set_level(srd_globals.verbose > 1 ? SRD_LOG_DEBUG : SRD_LOG_INFO);
}

static int choose_format(struct srd_call *call, struct srd_error *err)
{
    const char *name = srd_setting_text(&call->settings, SRD_SET_output);
    const struct srd_chosen *chosen = &call->settings.chosen[SRD_SET_output];
    const char **names;
    size_t n = 0;

    call->format = srd_format_find(name);
    if (call->format)
        return 0;
    while (srd_formats[n])
        n++;
    names = srd_arena_array(call->arena, n + 1, sizeof(*names));
    for (size_t i = 0; i < n; i++)
        names[i] = srd_formats[i]->name;
    return srd_fail(err, chosen->rank == SRD_RANK_OPTION ? SRD_E_USAGE : SRD_E_CONFIG,
                    "%s: there is no format \"%s\"%s", chosen->origin, srd_shown(call->arena, name),
                    srd_did_you_mean(call->arena, name, names));
}

static enum srd_severity severity_named(const char *name)
{
    for (int s = SRD_OKAY; s <= SRD_CRITICAL; s++)
        if (!strcmp(srd_severity_name((enum srd_severity)s), name))
            return (enum srd_severity)s;
    return SRD_INFO;
}

static void choose_style(struct srd_call *call)
{
    const struct srd_globals *g = &srd_globals;
    const struct srd_settings *settings = &call->settings;
    int64_t limit;

    call->style = (struct srd_style){
        .width = g->output_file ? 0 : srd_terminal_width(),
        .color = !call->format->machine &&
                 srd_terminal_color(srd_setting_text(settings, SRD_SET_color), g->output_file),
        .wide = !strcmp(call->format->name, "wide"),
        .detail = g->detail,
        .explain_score = g->explain_score,
        .least = severity_named(srd_setting_text(settings, SRD_SET_severity)),
        .zone_offset_s = srd_time_local_offset_s(srd_clock_now_ms()),
        .again = srd_source_again(settings, call->arena),
    };
    limit = srd_setting_integer(settings, SRD_SET_heavy_limit);
    call->run = (struct srd_run_options){
        .cluster_name = *srd_setting_text(settings, SRD_SET_cluster) && !g->demo && !g->input
                            ? srd_setting_text(settings, SRD_SET_cluster)
                            : NULL,
        .timeout_ms = srd_setting_ms(settings, SRD_SET_timeout),
        .heavy_limit = limit ? limit : -1,
        .only = g->only.items,
        .skip = g->skip.items,
        .tool_version = SRD_VERSION_TEXT,
        .cancel = &srd_interrupted,
        .progress = srd_progress,
    };
}

static int check_sources(const struct srd_call *call, struct srd_error *err)
{
    const char *file = srd_globals.demo ? "--demo" : srd_globals.input ? "--input" : NULL;

    if (srd_globals.demo && srd_globals.input)
        return srd_fail(err, SRD_E_USAGE, "--demo and --input: choose one");
    for (int i = 0; file && i < SRD_SETTING_COUNT; i++)
        if ((i == SRD_SET_host || i == SRD_SET_cluster || i == SRD_SET_agent) &&
            call->settings.chosen[i].rank == SRD_RANK_OPTION)
            return srd_fail(err, SRD_E_USAGE, "%s asks no cluster, --%s names one: choose one",
                            file, srd_setting_table[i].name);
    if (call->settings.chosen[SRD_SET_agent].rank == SRD_RANK_OPTION &&
        call->settings.chosen[SRD_SET_host].rank == SRD_RANK_OPTION)
        return srd_fail(err, SRD_E_USAGE,
                        "--agent and --host: an agent knows its cluster; choose one");
    return 0;
}

/* Is the line one that this command can be run with? */
static int check_line(const struct srd_call *call, const struct srd_line *line,
                      struct srd_error *err)
{
    const struct srd_command *c = call->command;

    if (line->diagnosis_option && !c->diagnoses)
        return srd_fail(err, SRD_E_USAGE, "--%s has no meaning for %s", line->diagnosis_option,
                        c->name);
    if (line->server_option && !srd_option_serves(line->server_option, c))
        return srd_fail(err, SRD_E_USAGE, "--%s has no meaning for %s; it is an option of %s",
                        line->server_option->name, c->name,
                        srd_setting_table[line->server_option->min].server ? "serve" : "agent");
    if (srd_globals.plan && c->needs != SRD_NEEDS_SOURCE)
        return srd_fail(err, SRD_E_USAGE, "--plan has no meaning for %s, which asks no cluster",
                        c->name);
    if (line->operand_count < c->min)
        return srd_fail(err, SRD_E_USAGE, "%s wants %s; see srdiag help %s", c->name, c->operands,
                        c->name);
    if (line->operand_count > c->max)
        return srd_fail(err, SRD_E_USAGE, "%s: \"%s\" is one word too many", c->name,
                        srd_shown(call->arena, line->operands[c->max]));
    return check_sources(call, err);
}

static int load_settings(struct srd_call *call, struct srd_error *err)
{
    struct srd_settings_places places = srd_settings_places(srd_globals.config, call->arena);
    size_t told = 0;
    int code;

    call->settings.server = call->command->serves;
    call->settings.agent = call->command->is_agent;
    if (call->command->places && call->command->places(call, &places, err))
        return err->code;
    code = srd_settings_load(&call->settings, &places, err);

    srd_settings_tell(&call->settings, &told);
    return code;
}

static int run_command(struct srd_call *call, struct srd_error *err)
{
    const struct srd_command *c = call->command;
    bool asks = c->needs == SRD_NEEDS_SOURCE && !srd_globals.plan;

    if (c->needs != SRD_NEEDS_NOTHING && load_settings(call, err))
        return err->code;
    if (choose_format(call, err))
        return err->code;
    choose_style(call);
    if (c->diagnoses &&
        srd_settings_limits(&call->settings, srd_globals.set.items, &call->run.overrides, err))
        return err->code;
    if (c->check && c->check(call, err))
        return err->code;
    if (asks) {
        size_t told = call->settings.text.problem_count;

        if (srd_source_choose(call, err))
            return err->code;
        srd_settings_tell(&call->settings, &told);
        srd_progress_start(!srd_globals.quiet);
    }
    c->run(call, err);
    srd_progress_end();
    return err->code;
}

static int write_result(struct srd_call *call, struct srd_error *err)
{
    const char *pager = NULL;

    if (!call->out.size && !srd_globals.output_file)
        return 0;
    if (call->long_text && !srd_globals.no_pager && !(call->format && call->format->machine))
        pager = srd_output_pager(&call->out, srd_setting_text(&call->settings, SRD_SET_pager));
    return srd_output_write(&call->out, srd_globals.output_file, pager, err);
}

/* What --help, --version or no command at all ask for; false: it is a command. */
static bool run_without_command(struct srd_call *call, const struct srd_line *line, int argc,
                                struct srd_error *err)
{
    if (srd_globals.version) {
        call->command = &srd_command_version;
        run_command(call, err);
    } else if (line->help || srd_globals.help) {
        choose_locale();
        if (line->command)
            srd_help_command(call, line->command, line->operands[0]);
        else
            srd_help_all(call);
    } else if (argc < 2) {
        srd_help_short(call);
    } else if (!line->command) {
        srd_fail(err, SRD_E_USAGE,
                 call->settings.chosen[SRD_SET_host].rank == SRD_RANK_OPTION
                     ? "no command was given (-h names a host; srdiag help explains)"
                     : "no command was given; srdiag help lists them");
    } else {
        return false;
    }
    return true;
}

static int run(struct srd_call *call, int argc, char **argv, struct srd_error *err)
{
    struct srd_grammar grammar = { .globals = srd_global_options(&call->settings, call->arena),
                                   .commands = call->commands };
    struct srd_line line;

    if (srd_options_parse(&grammar, argc, argv, call->arena, &line, err))
        return err->code;
    set_log_level();
    if (!run_without_command(call, &line, argc, err)) {
        /* a server writes JSON, and would keep the tables of the locale for as long as it lives */
        if (!line.command->serves || line.operand_count)
            choose_locale();
        call->command = line.command;
        call->operands = line.operands;
        call->operand_count = line.operand_count;
        if (!check_line(call, &line, err))
            run_command(call, err);
    }
    srd_source_close(&call->source); /* a pager may be read for hours */
    if (!err->code)
        write_result(call, err);
    if (srd_globals.exit_zero && call->status <= SRD_EXIT_UNKNOWN)
        call->status = SRD_EXIT_OKAY;
    return err->code;
}

int main(int argc, char **argv)
{
    struct srd_error err = { 0 };
    struct srd_call call = { .arena = srd_arena_new() };
    int status;

    occupy_descriptors();
    catch_signals();
    srd_buf_init(&call.out, MAX_OUTPUT);
    srd_settings_init(&call.settings, call.arena);
    call.commands = srd_commands(call.arena);
    status = run(&call, argc, argv, &err) ? srd_code_exit(err.code) : call.status;
    if (err.code)
        srd_log(SRD_LOG_ERROR, "%s", err.text);
    srd_buf_free(&call.out);
    srd_arena_free(&call.arena);
    exit(status);
}
