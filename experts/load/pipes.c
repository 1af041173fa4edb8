/* Do pipes load the files that arrive? */

#include <string.h>

#include "experts/load/load.h"
#include "experts/load/routine.h"
#include "lib/base/text.h"

#define HOUR_MS 3600000.0
#define DAY_MS 86400000.0

/* clang-format off */

/* Of the properties only those that are looked at: others hold credentials of the storage. */
#define PIPES(poll)                                                                               \
    "SELECT DATABASE_NAME, PIPE_ID, PIPE_NAME, STATE, TABLE_NAME,"                                \
    " GET_JSON_STRING(LOAD_STATUS, '$.lastLoadedTime') AS LAST_LOADED,"                           \
    " GET_JSON_STRING(LAST_ERROR, '$.errorTime') AS ERROR_TIME,"                                  \
    " LEFT(GET_JSON_STRING(LAST_ERROR, '$.errorMessage'), 1000) AS ERROR_TEXT, "                  \
    poll " AS POLL_SECONDS, COUNT(*) OVER () AS PIPES"                                            \
    " FROM information_schema.pipes"                                                              \
    " ORDER BY CASE STATE WHEN 'ERROR' THEN 0 WHEN 'SUSPEND' THEN 1 WHEN 'RUNNING' THEN 2 ELSE 3 END,"\
    " DATABASE_NAME, PIPE_NAME LIMIT 1000"

const struct srd_probe srd_probe_pipes = {
    .id = "pipes",
    .summary = "pipes: state, last load, last error",
    .texts = { { .since = SRD_VERSION(3, 2, 3), .sql = PIPES("IFNULL(GET_JSON_STRING(PROPERTIES, '$.POLL_INTERVAL'),"
                                                            " GET_JSON_STRING(PROPERTIES, '$.poll_interval'))") },
               { .sql = PIPES("NULL") } },
    .columns = "DATABASE_NAME PIPE_ID PIPE_NAME STATE TABLE_NAME LAST_LOADED ERROR_TIME ERROR_TEXT POLL_SECONDS PIPES",
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};

/* Where there is no pipe there are no files to ask for: the FE reads the whole list of them. */
static void pick_files(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *pipes = srd_evidence_get(ev, &srd_probe_pipes, NULL);

    if (pipes && pipes->rows)
        srd_pick_some_zone(ev, out);
}

/*
 * A file that failed has no end: when it was begun counts. The FE writes that in the cluster's zone, but when
 * it found a file in the zone of its host.
 */
#define LATELY(column) SRD_SECONDS(column) " >= UNIX_TIMESTAMP() - 86400"
const struct srd_probe srd_probe_pipe_files = {
    .id = "pipe-files",
    .summary = "files of each pipe by state, and those that failed within 24 hours",
    .texts = { { .sql =
        "SELECT PIPE_ID, COUNT(*) AS ALL_FILES,"
        " SUM(CASE WHEN LOAD_STATE = 'UNLOADED' THEN 1 ELSE 0 END) AS UNLOADED,"
        " SUM(CASE WHEN LOAD_STATE = 'UNLOADED' THEN FILE_SIZE ELSE 0 END) AS UNLOADED_BYTES,"
        " MIN(CASE WHEN LOAD_STATE = 'UNLOADED' THEN STAGED_TIME END) AS OLDEST_UNLOADED,"
        " SUM(CASE WHEN LOAD_STATE = 'LOADING' THEN 1 ELSE 0 END) AS LOADING,"
        " SUM(CASE WHEN LOAD_STATE = 'ERROR' THEN 1 ELSE 0 END) AS FAILED,"
        " SUM(CASE WHEN LOAD_STATE = 'ERROR' AND " LATELY("START_LOAD_TIME") " THEN 1 ELSE 0 END) AS FAILED_LATELY,"
        " SUM(CASE WHEN LOAD_STATE = 'ERROR' AND " LATELY("START_LOAD_TIME")
        " OR LOAD_STATE = 'FINISHED' AND " LATELY("FINISH_LOAD_TIME") " THEN 1 ELSE 0 END) AS TRIED_LATELY,"
        " MAX(CASE WHEN LOAD_STATE = 'ERROR' THEN FILE_NAME END) AS FAILED_FILE,"
        " LEFT(MAX(CASE WHEN LOAD_STATE = 'ERROR' THEN ERROR_MSG END), 500) AS ERROR_TEXT"
        " FROM information_schema.pipe_files GROUP BY PIPE_ID"
        " ORDER BY FAILED DESC, UNLOADED DESC LIMIT 1000" } },
    .columns = "PIPE_ID ALL_FILES UNLOADED UNLOADED_BYTES OLDEST_UNLOADED LOADING FAILED FAILED_LATELY TRIED_LATELY "
               "FAILED_FILE ERROR_TEXT",
    .cost = SRD_COST_HEAVY, /* the FE reads a table of its own with one row per file */
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
    .params = { { "zone", SRD_PARAM_TEXT } },
    .after = &srd_probe_pipes,
    .pick = pick_files,
    .max_keys = 1,
};
/* clang-format on */

static size_t files_row(const struct srd_table *files, const struct srd_table *pipes, size_t pipe)
{
    const char *id = srd_cell_text(pipes, pipe, "PIPE_ID");

    for (size_t row = 0; files && row < files->rows; row++)
        if (srd_cell_is(files, row, "PIPE_ID", id))
            return row;
    return SRD_NO_COLUMN;
}

static struct srd_finding *pipe_finding(struct srd_findings *out, enum srd_severity severity,
                                        size_t row, const char *message)
{
    const struct srd_table *t = srd_evidence_get(out->ev, &srd_probe_pipes, NULL);
    const char *db = srd_cell_text(t, row, "DATABASE_NAME"),
               *name = srd_cell_text(t, row, "PIPE_NAME");
    const char *title = srd_arena_printf(out->arena, "%s.%s", db, name);
    struct srd_finding *f =
        srd_finding_add(out, severity, "pipe", title, "pipe %s %s", title, message);

    srd_finding_field(out, f, "pipe",
                      srd_arena_printf(out->arena, "%s.%s", srd_quote_identifier(out->arena, db),
                                       srd_quote_identifier(out->arena, name)));
    srd_finding_share(f, 1, srd_number_or_0(t, row, "PIPES"));
    srd_finding_row(f, &srd_probe_pipes, t, row);
    return f;
}

static void says_cut(struct srd_findings *out, const struct srd_table *pipes)
{
    double all = pipes->rows ? srd_number_or_0(pipes, 0, "PIPES") : 0;

    if (all > (double)pipes->rows)
        srd_cannot_judge(out, SRD_SKIPPED, "%zu of %s pipes were looked at", pipes->rows,
                         srd_text_count(out->arena, all));
}

/* ": words of the error" or "" */
static const char *error_of(struct srd_findings *out, const struct srd_table *t, size_t row)
{
    const char *text = srd_cell_text(t, row, "ERROR_TEXT");

    return *text ? srd_arena_printf(out->arena, ": %s", srd_load_excerpt(out->arena, text, 160))
                 : "";
}

static double poll_ms(const struct srd_evidence *ev, const struct srd_table *pipes, size_t row)
{
    double seconds;

    if (!srd_cell_number(pipes, row, "POLL_SECONDS", &seconds) || seconds <= 0)
        seconds = srd_fe_config(ev, "pipe_default_poll_interval_s", 300, SRD_UNIT_COUNT).value;
    return seconds * 1000;
}

/* load.pipe-error */

static void judge_suspended(const struct srd_evidence *ev, struct srd_findings *out,
                            const struct srd_table *pipes, size_t row)
{
    struct srd_limit limit = srd_limit_catalogue(ev, "load.pipe-error", DAY_MS, SRD_UNIT_MS);
    struct srd_finding *f;
    int64_t age;

    if (!srd_routine_host_age_ms(ev, srd_cell(pipes, row, "LAST_LOADED"), &age)) {
        pipe_finding(out, SRD_INFO, row, "is suspended; when it last loaded is not told");
        return;
    }
    f = pipe_finding(out, (double)age > limit.value ? SRD_WARNING : SRD_INFO, row,
                     srd_arena_printf(out->arena, "is suspended and has loaded nothing for %s",
                                      srd_text_duration(out->arena, age > 0 ? age : 0)));
    srd_finding_value(f, (double)age, limit);
}

/* Files wait, the oldest for ten rounds, and nothing was loaded for as long. */
static void judge_standstill(const struct srd_evidence *ev, struct srd_findings *out,
                             const struct srd_table *pipes, size_t row)
{
    const struct srd_table *files = srd_evidence_get(ev, &srd_probe_pipe_files, NULL);
    size_t at = files_row(files, pipes, row);
    double limit = 10 * poll_ms(ev, pipes, row), waiting;
    struct srd_finding *f;
    int64_t found, loaded;

    if (at == SRD_NO_COLUMN || (waiting = srd_number_or_0(files, at, "UNLOADED")) <= 0 ||
        !srd_routine_host_age_ms(ev, srd_cell(files, at, "OLDEST_UNLOADED"), &found) ||
        (double)found <= limit)
        return;
    if (srd_routine_host_age_ms(ev, srd_cell(pipes, row, "LAST_LOADED"), &loaded)
            ? (double)loaded <= limit
            : srd_number_or_0(files, at, "LOADING") > 0)
        return; /* it is at work, or may be */
    f = pipe_finding(
        out, SRD_WARNING, row,
        srd_arena_printf(
            out->arena, "runs, but %s files wait, the oldest for %s, and none is loaded",
            srd_text_count(out->arena, waiting), srd_text_duration(out->arena, found)));
    srd_finding_value(
        f, (double)found,
        (struct srd_limit){ limit, SRD_UNIT_MS, "10 times the POLL_INTERVAL of the pipe" });
    srd_finding_row(f, &srd_probe_pipe_files, files, at);
}

static void judge_pipes(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *pipes = srd_evidence_get(ev, &srd_probe_pipes, NULL);

    for (size_t row = 0; row < pipes->rows && out->count < SRD_ROUTINE_SHOWN; row++) {
        if (srd_cell_is(pipes, row, "STATE", "ERROR"))
            pipe_finding(
                out, SRD_CRITICAL, row,
                srd_arena_printf(out->arena, "stopped with an error%s", error_of(out, pipes, row)));
        else if (srd_cell_is(pipes, row, "STATE", "SUSPEND"))
            judge_suspended(ev, out, pipes, row);
        else if (srd_cell_is(pipes, row, "STATE", "RUNNING"))
            judge_standstill(ev, out, pipes, row);
    }
    if (pipes->rows && !ev->cluster.jvm_offset_known)
        srd_cannot_judge(out, SRD_FAILED,
                         "the zone in which the FE prints times of pipes is not known");
    says_cut(out, pipes);
    srd_measured(out, "%zu pipes, none of them in error", pipes->rows);
}

/* load.pipe-files */

static void judge_pipe_files(const struct srd_evidence *ev, struct srd_findings *out,
                             const struct srd_table *pipes, size_t row,
                             const struct srd_table *files, size_t at)
{
    struct srd_limit share = srd_limit_catalogue(ev, "load.pipe-files", 10, SRD_UNIT_PERCENT);
    struct srd_limit wait =
        srd_limit_catalogue(ev, "load.pipe-files.age", 6 * HOUR_MS, SRD_UNIT_MS);
    double failed = srd_number_or_0(files, at, "FAILED_LATELY");
    double tried = srd_number_or_0(files, at, "TRIED_LATELY");
    double waiting = srd_number_or_0(files, at, "UNLOADED");
    double percent = tried > 0 ? 100 * failed / tried : 0;
    struct srd_finding *f;
    int64_t age;

    if (failed > 0) {
        f = pipe_finding(out, percent > share.value ? SRD_CRITICAL : SRD_WARNING, row,
                         srd_arena_printf(out->arena, "failed to load %s of %s files in 24 hours%s",
                                          srd_text_count(out->arena, failed),
                                          srd_text_count(out->arena, tried),
                                          error_of(out, files, at)));
        srd_finding_value(f, percent, share);
        srd_finding_field(out, f, "file",
                          srd_quote_text(out->arena, srd_cell_text(files, at, "FAILED_FILE")));
        srd_finding_row(f, &srd_probe_pipe_files, files, at);
    }
    if (waiting > 0 && srd_cell_is(pipes, row, "STATE", "RUNNING") &&
        srd_routine_host_age_ms(ev, srd_cell(files, at, "OLDEST_UNLOADED"), &age) &&
        (double)age > wait.value) {
        f = pipe_finding(
            out, SRD_CRITICAL, row,
            srd_arena_printf(
                out->arena, "has %s files (%s) waiting, the oldest for %s",
                srd_text_count(out->arena, waiting),
                srd_text_bytes(out->arena, srd_number_or_0(files, at, "UNLOADED_BYTES")),
                srd_text_duration(out->arena, age)));
        srd_finding_value(f, (double)age, wait);
        srd_finding_row(f, &srd_probe_pipe_files, files, at);
    }
}

static void judge_files(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *pipes = srd_evidence_get(ev, &srd_probe_pipes, NULL);
    const struct srd_table *files = srd_evidence_get(ev, &srd_probe_pipe_files, NULL);
    double failed = 0;

    for (size_t row = 0; row < pipes->rows && out->count < SRD_ROUTINE_SHOWN; row++) {
        size_t at = files_row(files, pipes, row);

        if (at == SRD_NO_COLUMN)
            continue;
        failed += srd_number_or_0(files, at, "FAILED");
        judge_pipe_files(ev, out, pipes, row, files, at);
    }
    if (pipes->rows && (!srd_global_zone(ev) || !ev->cluster.jvm_offset_known))
        srd_cannot_judge(out, srd_why_not(ev, &srd_probe_frontends, SRD_FAILED),
                         "the zones of the times of pipe files are not known");
    says_cut(out, pipes);
    srd_measured(out, "%zu pipes; %s of their files failed at some time, none within 24 hours",
                 pipes->rows, srd_text_count(out->arena, failed));
}

/* clang-format off */
const struct srd_check srd_load_pipe_error = {
    .id = "load.pipe-error",
    .title = "Pipes that stopped",
    .family = "pipe",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_pipes },
    .wants = { &srd_probe_pipe_files, &srd_probe_fe_config },
    .judge = judge_pipes,
    .limits = ". pipe_default_poll_interval_s",
    .why = "A pipe loads files as they arrive. When it stops, files pile up in the storage and the table goes stale.",
    .measured_by = "information_schema.pipes: STATE, LAST_ERROR, lastLoadedTime in LOAD_STATUS; information_schema.pipe_files: "
                   "files not loaded yet (asked only where there are pipes)",
    .rule = "critical: ERROR; warning: SUSPEND and nothing loaded for more than 24 hours, or RUNNING while files wait for more than "
            "10 times the POLL_INTERVAL and nothing was loaded in that time; info: suspended for less",
    .source = "our judgement; POLL_INTERVAL of the pipe, else pipe_default_poll_interval_s (300)",
    .avoid = "A pipe with AUTO_INGEST = false ends as FINISHED. After a restart of the leader it is not known when a pipe last "
             "loaded: then suspended is info.",
    .see = "load.pipe-files",
    .fix = {
        { "Remove what the error says, then let it go on", "ALTER PIPE {pipe} RESUME;", SRD_SAFE },
        { "Load the failed files again", "ALTER PIPE {pipe} RETRY ALL;", SRD_SAFE },
    },
};

const struct srd_check srd_load_pipe_files = {
    .id = "load.pipe-files",
    .title = "Files that a pipe could not load",
    .family = "pipe",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_pipes, &srd_probe_pipe_files },
    .judge = judge_files,
    .limits = ". .age",
    .why = "Single files fail while the pipe goes on: their rows are missing and nobody is told.",
    .measured_by = "information_schema.pipe_files, added up per pipe: LOAD_STATE, START_LOAD_TIME, STAGED_TIME, ERROR_MSG",
    .rule = "warning: a file failed within 24 hours; critical: more than 10 % of the files of 24 hours failed, or the oldest "
            "file that waits for a running pipe was found more than 6 hours ago",
    .source = "our judgement",
    .avoid = "Files that failed earlier are not told again; the backlog of a suspended pipe is load.pipe-error's.",
    .see = "load.pipe-error",
    .fix = {
        { "See which files failed, and why",
          "SELECT FILE_NAME, ERROR_MSG FROM information_schema.pipe_files WHERE LOAD_STATE = 'ERROR' LIMIT 20;", SRD_SAFE },
        { "Load them again when the cause is gone", "ALTER PIPE {pipe} RETRY ALL;", SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_load_pipes_checks[] = {
    &srd_load_pipe_error,
    &srd_load_pipe_files,
    NULL,
};
