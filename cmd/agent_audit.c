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

/* "7:<hash>" or "<hash>": no name of a file that anybody would choose. */
static bool is_mark(const char *word)
{
    const char *colon = strchr(word, ':'), *hash = colon ? colon + 1 : word;

    return strlen(hash) == 2 * SRD_SHA256_SIZE &&
           strspn(hash, "0123456789abcdef") == strlen(hash) &&
           (!colon || strspn(word, "0123456789") == (size_t)(colon - word));
}

/* Does @now go on where @before ended? */
static int check_seam(struct srd_call *call, const char *file,
                      const struct srd_ledger_state *before, const struct srd_ledger_state *now,
                      struct srd_error *err)
{
    bool some = now->first;
    int64_t first = some ? now->first : now->head_last + 1;
    const char *prev = some ? now->prev : now->head_hash;

    if (before->last + 1 == first && !strcmp(before->hash, prev))
        return 0;
    return srd_fail(
        err, SRD_E_DATA,
        "ledger \"%s\" begins with line %lld, and the file before it ends with line %lld%s: "
        "lines were taken out, or a file is missing between the two",
        srd_shown(call->arena, file), (long long)first, (long long)before->last,
        before->last + 1 == first ? ", but another one than it names" : "");
}

/* A file without lines is one that was begun anew, or one that was emptied. */
static int check_empty(struct srd_call *call, const char *file, bool alone,
                       const struct srd_ledger_state *now, struct srd_error *err)
{
    if (now->first || !now->head_last || !alone)
        return 0;
    return srd_fail(
        err, SRD_E_DATA,
        "ledger \"%s\" has no lines, and its .head knows %lld: they were taken out, or are in "
        "an earlier file, which is to be named before it",
        srd_shown(call->arena, file), (long long)now->head_last);
}

static void tell(struct srd_call *call, const char *file, bool first_file, bool last_file,
                 const struct srd_ledger_state *state)
{
    const char *name = srd_shown(call->arena, file);

    if (!state->first) {
        srd_buf_printf(&call->out, "%s: no lines\n", name);
        return;
    }
    srd_buf_printf(&call->out, "%s: lines %lld to %lld are whole; mark %lld:%s\n", name,
                   (long long)state->first, (long long)state->last, (long long)state->last,
                   state->hash);
    if (state->first > 1 && first_file)
        srd_buf_printf(&call->out, "lines 1 to %lld are in an earlier file\n",
                       (long long)state->first - 1);
    if (!state->headed && last_file)
        srd_buf_printf(
            &call->out,
            "there is no .head beside it that knows its last line: lines that were taken "
            "from its end would not be missed\n");
    if (state->cut_bytes)
        srd_buf_printf(&call->out, "a line behind them was not written to its end\n");
}

/* @files as they followed each other. */
static int verify(struct srd_call *call, const char *const *files, size_t n, const char *mark,
                  struct srd_error *err)
{
    struct srd_ledger_state before = { 0 }, now;
    struct srd_error missed = { 0 };
    bool marked = !mark;

    for (size_t i = 0; i < n; i++) {
        if (srd_ledger_read(files[i], NULL, NULL, NULL, &now, err) ||
            check_empty(call, files[i], n == 1, &now, err) ||
            (i && check_seam(call, files[i], &before, &now, err)))
            return err->code;
        tell(call, files[i], i == 0, i + 1 == n, &now);
        if (now.first)
            before = now;
        marked = marked || !srd_ledger_read(files[i], mark, NULL, NULL, &now, &missed);
    }
    if (!marked)
        *err = missed;
    return err->code;
}

int srd_agent_audit(struct srd_call *call, struct srd_error *err)
{
    size_t n = call->operand_count - 2;
    const char *const *files = call->operands + 2;
    bool marked = n > 1 && is_mark(files[n - 1]);

    return !strcmp(call->operands[1], "show")
               ? show(call, err)
               : verify(call, files, n - marked, marked ? files[n - 1] : NULL, err);
}
