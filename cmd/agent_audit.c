/* What was an agent asked, and is the file that says so whole? */

#include <string.h>

#include "cmd/agent.h"
#include "cmd/listing.h"
#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/agent/ledger.h"

#define MAX_LINE ((size_t)1 << 20)

struct show {
    struct srd_call *call;
    struct srd_listing listing;
};

static const char *cell(struct srd_arena *arena, const struct srd_json *json, const char *key)
{
    const struct srd_json *value = srd_json_get(json, key);
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;

    srd_buf_init(&text, MAX_LINE);
    if (srd_json_text(value))
        return srd_arena_copy(arena, srd_json_text(value));
    if (!value || srd_json_kind(value) != SRD_JSON_NUMBER)
        return NULL;
    srd_json_print(value, false, &text);
    return srd_arena_copy(arena, text.data);
}

/* What it was about: the question, or else the statement. */
static const char *subject(struct srd_arena *arena, const struct srd_json *json)
{
    const char *probe = cell(arena, json, "probe"), *key = cell(arena, json, "key");

    if (!probe)
        return cell(arena, json, "sql");
    return key ? srd_arena_printf(arena, "%s %s", probe, key) : probe;
}

static int add_line(void *context, const char *text, size_t n, struct srd_error *err)
{
    struct show *show = context;
    struct srd_arena *arena = show->call->arena;
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;

    if (srd_json_parse(text, n, MAX_LINE, &json, err))
        return srd_while(err, "ledger");
    srd_listing_add(&show->listing,
                    (const char *[]){ cell(arena, json, "n"), cell(arena, json, "time"),
                                      cell(arena, json, "peer"), cell(arena, json, "route"),
                                      subject(arena, json), cell(arena, json, "verdict"),
                                      cell(arena, json, "status"), cell(arena, json, "rows"),
                                      cell(arena, json, "bytes"), cell(arena, json, "reason") });
    return 0;
}

static int show(struct srd_call *call, struct srd_error *err)
{
    static const struct srd_list_column columns[] = {
        { .key = "n", .number = true },
        { .key = "time" },
        { .key = "peer" },
        { .key = "route" },
        { .key = "asked" },
        { .key = "verdict" },
        { .key = "status" },
        { .key = "rows", .number = true },
        { .key = "bytes", .number = true },
        { .key = "reason" },
        { 0 },
    };
    struct show all = { .call = call };
    struct srd_ledger_state state;

    srd_listing_init(&all.listing, call->arena, "audit", columns);
    if (srd_ledger_read(call->operands[2], NULL, add_line, &all, &state, err))
        return err->code;
    return srd_listing_print(call, &all.listing, err);
}

static int verify(struct srd_call *call, struct srd_error *err)
{
    const char *file = call->operands[2];
    const char *mark = call->operand_count > 3 ? call->operands[3] : NULL;
    struct srd_ledger_state state;

    if (srd_ledger_read(file, mark, NULL, NULL, &state, err))
        return err->code;
    if (!state.first) {
        srd_buf_printf(&call->out, "%s: no lines\n", srd_shown(call->arena, file));
        return 0;
    }
    srd_buf_printf(&call->out, "%s: lines %lld to %lld are whole; mark %lld:%s\n",
                   srd_shown(call->arena, file), (long long)state.first, (long long)state.last,
                   (long long)state.last, state.hash);
    if (state.first > 1)
        srd_buf_printf(&call->out, "lines 1 to %lld are in an earlier file\n",
                       (long long)state.first - 1);
    if (!state.headed)
        srd_buf_printf(
            &call->out,
            "there is no .head beside it that knows its last line: lines that were taken "
            "from its end would not be missed\n");
    if (state.cut_bytes)
        srd_buf_printf(&call->out, "a line behind them was not written to its end\n");
    return 0;
}

int srd_agent_audit(struct srd_call *call, struct srd_error *err)
{
    return !strcmp(call->operands[1], "show") ? show(call, err) : verify(call, err);
}
