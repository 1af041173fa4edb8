/* How is the agent of this machine started, stopped and looked after? */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/agent.h"
#include "cmd/listing.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define TEST_MS 10000
#define HEALTH_MS 4000
#define NOT_RUNNING 3 /* as systemctl status, and LSB */
#define NOT_KNOWN 4
#define LAST_LINES 10

void srd_agent_say(const char *format, ...)
{
    va_list args;

    if (srd_globals.quiet)
        return;
    va_start(args, format);
    vdprintf(STDERR_FILENO, format, args);
    va_end(args);
}

/* ---- start ---- */

/* Its last words are why, so they are for --quiet, too. */
static void show_last_words(const struct srd_home *home, off_t from)
{
    dprintf(STDERR_FILENO, "The last lines of %s:\n", home->log);
    srd_log_tail(home->log, from, LAST_LINES, STDERR_FILENO);
}

/* systemd waits until the unit says that it listens. */
static int start_unit(const struct srd_home *home, const char *unit, struct srd_error *err)
{
    int status, ignored_status;
    struct srd_error ignored = { 0 };

    if (srd_unit_do(home, unit, "start", &status, err))
        return (int)err->code;
    if (status) {
        srd_unit_logs(home, unit, LAST_LINES, false, &ignored_status, &ignored);
        return srd_fail(err, SRD_E_SYSTEM, "systemctl start %s ended with %d%s", unit, status,
                        home->system || getenv("XDG_RUNTIME_DIR")
                            ? ""
                            : " (cron and su need XDG_RUNTIME_DIR=/run/user/UID)");
    }
    srd_agent_say("The agent runs (%s).\n", unit);
    return 0;
}

static int start_process(struct srd_call *call, const struct srd_home *home, struct srd_error *err)
{
    off_t log_from;
    int status;
    pid_t pid;

    if (!srd_home_spawn(home, call->arena, &status, &log_from, &pid, err)) {
        const char *url = srd_home_url(home, call->arena);

        srd_agent_say("The agent runs (process %d).\n", (int)pid);
        if (url)
            srd_agent_say("   HTTP endpoint:    %s\n   Health check:     %s/health\n"
                          "   Test connection:  %s/test-connection\n",
                          url, url, url);
        return 0;
    }
    if (err->code == SRD_E_CANCELLED)
        return (int)err->code;
    show_last_words(home, log_from);
    srd_agent_say("What it does is said in %s (AGENT_PORT=... for another port).\n", home->config);
    if (status) { /* what it ended with says more than that it ended */
        srd_log(SRD_LOG_ERROR, "%s", err->text);
        *err = (struct srd_error){ 0 };
        call->status = status;
    }
    return (int)err->code;
}

/* With the folder locked. */
static int start_locked(struct srd_call *call, const struct srd_home *home, struct srd_error *err)
{
    const char *unit = srd_unit_of(home, call->arena);
    struct srd_settings settings;
    bool old;
    pid_t pid = srd_home_process(home, &old);

    if (pid) {
        srd_agent_say("The agent runs already (process %d).\n", (int)pid);
        return 0;
    }
    /* a word that is wrong is better told here than in a log */
    if (srd_home_load(home, call->arena, &settings, err))
        return (int)err->code;
    if (unit)
        return start_unit(home, unit, err);
    return start_process(call, home, err);
}

static int stop_locked(struct srd_call *call, const struct srd_home *home, struct srd_error *err)
{
    const char *unit = srd_unit_of(home, call->arena);
    bool old, killed;
    pid_t pid = srd_home_process(home, &old);
    int status;

    if (unit) {
        if (srd_unit_do(home, unit, "stop", &status, err))
            return (int)err->code;
        if (status)
            return srd_fail(err, SRD_E_SYSTEM, "systemctl stop %s ended with %d", unit, status);
        pid = srd_home_process(home, &old); /* one that was started by hand */
        if (!pid) {
            srd_agent_say("The agent has ended (%s).\n", unit);
            return 0;
        }
    }
    if (!pid) {
        srd_agent_say("The agent does not run.\n");
        return 0;
    }
    if (srd_home_end(home, pid, &killed, err))
        return (int)err->code;
    srd_home_listens(home, NULL);
    srd_agent_say(killed ? "The agent did not end in time and was killed (process %d).\n"
                         : "The agent has ended (process %d).\n",
                  (int)pid);
    return 0;
}

static int change(struct srd_call *call, bool stop, bool start, struct srd_error *err)
{
    SRD_CLEANUP(srd_home_unlock) int lock = -1;
    struct srd_home home;

    if (srd_home_find(srd_agent_words.dir, false, call->arena, &home, err) ||
        srd_home_need(&home, err) || srd_home_lock(&home, &lock, err))
        return (int)err->code;
    if (stop && stop_locked(call, &home, err))
        return (int)err->code;
    return start ? start_locked(call, &home, err) : 0;
}

int srd_service_start(struct srd_call *call, struct srd_error *err)
{
    return change(call, false, true, err);
}

int srd_service_stop(struct srd_call *call, struct srd_error *err)
{
    return change(call, true, false, err);
}

int srd_service_restart(struct srd_call *call, struct srd_error *err)
{
    struct srd_settings settings;
    struct srd_home home;

    /* what could not start again is not stopped */
    if (srd_home_find(srd_agent_words.dir, false, call->arena, &home, err) ||
        srd_home_need(&home, err) || srd_home_load(&home, call->arena, &settings, err))
        return (int)err->code;
    return change(call, true, true, err);
}

/* ---- status ---- */

/* What is known of an agent, in words; NULL: nothing. */
struct facts {
    const char *state, *process, *since, *version, *address, *reachable, *database, *policy;
    const char *audit_file, *folder, *kept_by, *trouble;
};

static void ask_database(struct srd_arena *arena, const char *url, const struct srd_door *door,
                         struct facts *out)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_error err = { 0 };
    int status = srd_home_get(url, door->ca, "/test-connection", door->token,
                              srd_clock_monotonic_ms() + TEST_MS, arena, &json, &err);
    const char *version = srd_json_text(srd_json_get(json, "version"));
    const char *message = srd_json_text(srd_json_get(json, "message"));
    double ms = 0;

    srd_json_number(srd_json_get(json, "latency_ms"), &ms);
    if (status == 401) {
        out->database = "not known: the agent does not accept the token of its configuration; "
                        "srdiag agent restart";
        return;
    }
    out->reachable = status == 200 ? "yes" : "no";
    if (status == 200)
        out->database = srd_arena_printf(arena, "reachable: StarRocks %s, %.0f ms",
                                         version ? srd_shown(arena, version) : "?", ms);
    else
        out->database =
            srd_arena_printf(arena, "unreachable: %s",
                             message  ? srd_shown(arena, message)
                             : status ? srd_arena_printf(arena, "HTTP status %d", status)
                                      : err.text);
}

static const char *since_text(const struct srd_home *home, struct srd_arena *arena, double uptime_s)
{
    char *text = srd_arena_alloc(arena, SRD_TIME_SIZE);
    int64_t ms = srd_clock_now_ms() - (int64_t)(uptime_s * 1000);
    struct stat st;

    if (uptime_s <= 0 && !stat(home->pid, &st))
        ms = (int64_t)st.st_mtim.tv_sec * 1000;
    return srd_time_rfc3339(ms / 1000 * 1000, text);
}

/* What the running one says of itself. */
static void ask_agent(struct srd_call *call, const struct srd_home *home,
                      const struct srd_door *door, struct facts *out)
{
    const char *url = out->address, *why = "it does not listen (yet)";
    int64_t until_ms = srd_clock_monotonic_ms() + HEALTH_MS;
    struct srd_home_state state = { 0 };

    if (url && srd_home_health(url, door->ca, until_ms, call->arena, &state, &why) == 200) {
        out->version = state.version ? srd_shown(call->arena, state.version) : NULL;
        ask_database(call->arena, url, door, out);
    } else if (url && srd_text_prefix(url, "https://") && srd_clock_monotonic_ms() < until_ms) {
        /* somebody is there, whose certificate is for the address that clients use */
        out->database = srd_arena_printf(call->arena, "not known: %s", why);
    } else {
        out->state = "running, but does not answer";
        out->trouble = why;
        call->status = NOT_KNOWN;
    }
    out->since = since_text(home, call->arena, state.uptime_s);
}

static int print(struct srd_call *call, const struct facts *f, struct srd_error *err)
{
    static const struct srd_list_column columns[] = {
        { .key = "state" },
        { .key = "process", .number = true },
        { .key = "since" },
        { .key = "version" },
        { .key = "address" },
        { .key = "database_reachable", .flag = true },
        { .key = "database" },
        { .key = "policy" },
        { .key = "audit_file" },
        { .key = "folder" },
        { .key = "kept_by" },
        { .key = "trouble" },
        { 0 },
    };
    const char *const cells[] = { f->state,      f->process,   f->since,    f->version,
                                  f->address,    f->reachable, f->database, f->policy,
                                  f->audit_file, f->folder,    f->kept_by,  f->trouble };
    struct srd_listing listing;

    if (srd_format_is_prose(call->format)) { /* one agent reads better as lines */
        for (size_t i = 0; i < SRD_COUNT(cells); i++)
            if (cells[i] && !columns[i].flag)
                srd_buf_printf(&call->out, "%-12s%s\n", columns[i].key, cells[i]);
        return 0;
    }
    srd_listing_init(&listing, call->arena, "agent", columns);
    srd_listing_add(&listing, cells);
    return srd_listing_print(call, &listing, err);
}

/* What the configuration says, which a running agent may not have read yet. */
static void read_settings(struct srd_call *call, const struct srd_home *home, struct facts *facts,
                          struct srd_door *out)
{
    struct srd_settings settings;
    struct srd_error err = { 0 };
    const char *const *tokens;
    const char *audit;

    if (srd_home_load(home, call->arena, &settings, &err)) {
        facts->trouble = srd_arena_copy(call->arena, err.text);
        return;
    }
    audit = srd_setting_text(&settings, SRD_SET_audit_file);
    facts->policy = srd_setting_text(&settings, SRD_SET_policy);
    facts->audit_file = *audit ? srd_home_path(home, call->arena, audit) : home->audit;
    srd_agent_door_of(&settings, home, call->arena, out);
    if (srd_agent_tokens_of(&settings, home, call->arena, &tokens, &err))
        facts->trouble = srd_arena_copy(call->arena, err.text);
    else
        out->token = tokens[0];
}

int srd_service_status(struct srd_call *call, struct srd_error *err)
{
    struct facts facts = { 0 };
    struct srd_home home;
    struct srd_door door = { 0 };
    const char *unit;
    int status = NOT_RUNNING;
    bool old, runs;
    pid_t pid;

    if (srd_home_find(srd_agent_words.dir, false, call->arena, &home, err) ||
        srd_home_need(&home, err))
        return (int)err->code;
    facts.folder = home.dir;
    unit = srd_unit_of(&home, call->arena);
    facts.kept_by = unit ? srd_arena_printf(call->arena, "systemd (%s%s)",
                                            home.system ? "" : "of the user: ", unit)
                         : "process of its own";
    read_settings(call, &home, &facts, &door);
    pid = srd_home_process(&home, &old);
    runs = pid != 0;
    if (home.system)
        runs = !srd_unit_do(&home, unit, "is-active", &status, err) && !status;
    if (err->code)
        return (int)err->code;
    facts.state = runs ? "running" : "not running";
    facts.version = runs ? NULL : SRD_VERSION_TEXT;
    facts.process = pid ? srd_arena_printf(call->arena, "%d", (int)pid) : NULL;
    if (runs) {
        facts.address = home.system || old ? door.url : srd_home_url(&home, call->arena);
        ask_agent(call, &home, &door, &facts);
    } else {
        facts.address = door.url;
        call->status = NOT_RUNNING;
    }
    return print(call, &facts, err);
}
