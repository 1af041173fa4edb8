/* What does an agent answer beside rounds: is it well, is its cluster, and what does one statement
 * say? */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/model/identity.h"
#include "lib/agent/agent_private.h"
#include "lib/serve/route.h"
#include "lib/source/snapshot_cells.h"
#include "lib/source/snapshot_mask.h"

#define TEST_MS 15000
#define MAX_ANSWER ((size_t)512 << 20) /* JSON of what the ceilings of a table let through */

/* ---- GET /health ---- */

void srd_agent_health(struct srd_agent_task *task)
{
    struct srd_agent *agent = task->agent;
    struct srd_json *json = srd_json_object();
    struct srd_desk_cluster_state state;

    srd_place_state(agent->place, task->request->arena, &state);
    srd_json_put(json, "status", srd_json_new_text("healthy"));
    srd_json_put(json, "service", srd_json_new_text("srdiag-agent"));
    srd_json_put(json, "version", srd_json_new_text(agent->options.version));
    srd_json_put(json, "uptime",
                 srd_json_new_number(
                     floor((double)(srd_clock_monotonic_ms() - agent->started_ms) / 10) / 100));
    /* everybody may ask this: no word of where it is or what is wrong with it */
    srd_json_put(json, "database",
                 srd_json_new_text(!state.asked      ? "unknown"
                                   : state.reachable ? "reachable"
                                                     : "unreachable"));
    srd_answer_json(task->request, 200, json);
}

/* ---- GET /test-connection ---- */

static struct srd_json *connection_json(const struct srd_evidence *ev, const char *connected,
                                        int64_t ms)
{
    const struct srd_answer *clock = srd_evidence_next(ev, &srd_probe_clock, NULL);
    struct srd_json *json = srd_json_object();

    srd_json_put(json, "success", srd_json_new_bool(true));
    srd_json_put(json, "message", srd_json_new_text("Database connection successful"));
    srd_json_put(json, "version", srd_json_new_text(ev->cluster.version_text));
    srd_json_put(json, "run_mode", srd_json_new_text(srd_mode_name(ev->cluster.mode)));
    srd_json_put(json, "database", srd_json_new_text(connected));
    srd_json_put(json, "latency_ms", srd_json_new_integer(clock ? clock->ms : ms));
    srd_json_put(json, "ms", srd_json_new_integer(ms));
    return json;
}

void srd_agent_test_connection(struct srd_agent_task *task)
{
    static const struct srd_probe *const none[] = { NULL };
    struct srd_agent *agent = task->agent;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_source_close) struct srd_source *src = NULL;
    struct srd_run_options run = { .timeout_ms = TEST_MS,
                                   .cancel = &task->gone,
                                   .hands = &task->agent->lent };
    struct srd_ledger_entry entry = srd_agent_entry(task, "allowed");
    int64_t began_ms = srd_clock_monotonic_ms();
    struct srd_evidence *ev;
    struct srd_error err = { 0 };
    bool partial;

    if (srd_place_borrow(agent->place, began_ms + TEST_MS, &task->gone, &src, &err) ||
        srd_collect(agent->options.catalogue, src, none, &run, arena, &ev, &partial, &err)) {
        srd_place_failed(agent->place, &err);
        srd_agent_fail(task, &entry, &err);
        return;
    }
    srd_place_learnt(agent->place, &ev->cluster, NULL);
    entry.status = "answered";
    entry.ms = srd_clock_monotonic_ms() - began_ms;
    if (srd_agent_note(task, &entry, true))
        srd_answer_json(task->request, 200, connection_json(ev, src->connected, entry.ms));
}

/* ---- POST /execute-sql ---- */

static void refuse_statement(struct srd_agent_task *task, const struct srd_agent_verdict *verdict)
{
    struct srd_json *json = srd_json_object();

    srd_json_put(json, "error", srd_json_new_text("Forbidden"));
    srd_json_put(json, "message", srd_json_new_text(verdict->reason));
    srd_json_put(json, "code", srd_json_new_text(verdict->code));
    srd_answer_json(task->request, 403, json);
}

static void answer_rows(struct srd_agent_task *task, const struct srd_answer *answer)
{
    const struct srd_table *t = answer->table;
    const struct srd_snapshot_options how = { .share_sql = task->rules->options.share_sql,
                                              .hide_literals = true };
    SRD_CLEANUP(srd_mask_free) struct srd_mask *mask = srd_mask_new(t, NULL, &how);
    struct srd_http_answer out = { .status = 200,
                                   .type = "application/json",
                                   .release = free,
                                   .fields = { { "Cache-Control", "no-store" },
                                               { "X-Content-Type-Options", "nosniff" } } };
    struct srd_buf body;

    srd_buf_init(&body, MAX_ANSWER);
    srd_buf_text(&body, "{\"success\":true,\"columns\":[");
    for (size_t i = 0; i < t->columns; i++) {
        srd_buf_text(&body, i ? "," : "");
        srd_cell_write(&body, t->names[i]);
    }
    srd_buf_text(&body, "],\"rows\":[");
    for (size_t row = 0; row < t->rows; row++) {
        srd_buf_text(&body, row ? "," : "");
        srd_mask_row(mask, row, &body);
    }
    srd_buf_printf(&body, "],\"row_count\":%zu,\"truncated\":%s,\"ms\":%lld}", t->rows,
                   t->complete ? "false" : "true", (long long)answer->ms);
    if (body.full) {
        srd_buf_free(&body);
        srd_agent_refuse(task, 503, "Answer too large", "ask for fewer rows or columns");
        return;
    }
    out.body = out.release_context = body.data;
    out.size = body.size;
    srd_http_answer(task->request, &out);
}

static void answer_statement(struct srd_agent_task *task, const struct srd_answer *answer)
{
    const struct srd_agent_rules *rules = task->rules;
    const char *text;

    switch (answer->status) {
    case SRD_ANSWERED:
        answer_rows(task, answer);
        break;
    case SRD_TIMED_OUT:
        text = srd_arena_printf(task->request->arena, "Query exceeded %llds timeout",
                                (long long)((rules->options.sql_ms + 999) / 1000));
        srd_agent_refuse(task, 408, "SQL execution timeout", text);
        break;
    default:
        srd_agent_refuse(task, 400,
                         answer->status == SRD_DENIED ? "Access denied" : "SQL execution failed",
                         answer->detail);
    }
}

/* What was allowed, asked and answered. */
static void ask_statement(struct srd_agent_task *task, const struct srd_agent_verdict *verdict,
                          const char *kept, struct srd_arena *arena)
{
    struct srd_agent *agent = task->agent;
    const struct srd_agent_rules *rules = task->rules;
    SRD_CLEANUP(srd_source_close) struct srd_source *src = NULL;
    const struct srd_probe probe = { .id = "execute-sql",
                                     .cost = SRD_COST_MEDIUM,
                                     .max_rows = rules->options.max_rows };
    struct srd_question q = { .probe = &probe,
                              .key = "",
                              .sql = verdict->sql,
                              .node = "",
                              .max_bytes = rules->options.max_bytes };
    struct srd_answer answer = { .probe = &probe, .key = "", .node = "", .detail = "" };
    struct srd_ledger_entry entry = srd_agent_entry(task, "allowed");
    struct srd_error err = { 0 };

    entry.sql = kept;
    q.deadline_ms = srd_clock_monotonic_ms() + rules->options.sql_ms;
    if (srd_place_borrow(agent->place, q.deadline_ms, &task->gone, &src, &err) ||
        src->ops->ask(src, &q, arena, &answer, &err)) {
        srd_place_failed(agent->place, &err);
        srd_agent_fail(task, &entry, &err);
        return;
    }
    entry.status = srd_status_name(answer.status);
    entry.reason = answer.detail;
    entry.ms = answer.ms;
    if (answer.table) {
        entry.rows = (int64_t)answer.table->rows;
        entry.bytes = (int64_t)answer.table->bytes;
    }
    if (srd_agent_note(task, &entry, true))
        answer_statement(task, &answer);
}

void srd_agent_execute_sql(struct srd_agent_task *task)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = srd_agent_body(task);
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *sql = srd_json_text(srd_json_get(json, "sql")), *kept;
    struct srd_agent_verdict verdict;
    struct srd_ledger_entry entry;

    if (!json)
        return;
    if (!sql) {
        srd_agent_malformed(task, "the body is {\"sql\":\"SELECT ...\"}");
        return;
    }
    srd_agent_judge(task->rules, NULL, "", sql, arena, &verdict);
    kept = srd_agent_sql_to_keep(&verdict, sql, arena);
    if (verdict.allowed) {
        ask_statement(task, &verdict, kept, arena);
        return;
    }
    entry = srd_agent_entry(task, "refused");
    entry.sql = kept;
    entry.reason = verdict.reason;
    if (srd_agent_note(task, &entry, true))
        refuse_statement(task, &verdict);
}
