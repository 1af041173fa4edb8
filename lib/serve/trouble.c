/* How does a fault behind an agent read to those who asked? */

#include "lib/serve/trouble.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/serve/sheet.h"

#define META "srdiag/trouble"
#define TEXT_BYTES 1024
#define LARGEST ((size_t)64 << 10) /* ours are smaller by far */

const char *srd_agent_status(const struct srd_remote_state *state)
{
    static const char *const words[] = { [SRD_AGENT_FINE] = "healthy",
                                         [SRD_AGENT_LOST] = "unreachable",
                                         [SRD_AGENT_SILENT] = "unreachable",
                                         [SRD_AGENT_TOKEN] = "unauthorized",
                                         [SRD_AGENT_ANOTHER] = "unreachable",
                                         [SRD_AGENT_REFUSES] = "refusing",
                                         [SRD_AGENT_CLUSTER] = "database_unreachable" };

    return state->known ? words[state->fault] : "unknown";
}

bool srd_trouble_of_state(const struct srd_remote_state *state, const char *tenant,
                          struct srd_arena *arena, struct srd_trouble *out)
{
    *out = (struct srd_trouble){ .status = 502, .tenant = tenant, .detail = state->error };
    switch (state->fault) {
    case SRD_AGENT_FINE:
        return false;
    case SRD_AGENT_TOKEN:
        out->error = "Unauthorized";
        out->message = "Invalid or missing agent token";
        out->hint = "The token that the provider has for this tenant is not that of the agent: "
                    "compare agent_token with AGENT_TOKEN there; srdiag tenant rotate changes it.";
        break;
    case SRD_AGENT_REFUSES:
        out->error = "Agent refused the request";
        out->message = srd_arena_printf(arena, "The agent at %s does not answer this", state->url);
        out->hint = "Its own words say why; srdiag agent audit show, beside the agent, more.";
        break;
    case SRD_AGENT_CLUSTER:
        out->error = "Database connection failed";
        out->message =
            srd_arena_printf(arena, "The agent at %s cannot reach its cluster", state->url);
        out->hint = "The agent runs. Check that a frontend of the cluster is up, and that host, "
                    "user and password in the agent's configuration are right.";
        break;
    default:
        out->error = "Agent connection failed";
        out->message = srd_arena_printf(arena, "Failed to connect to agent at %s", state->url);
        out->hint = "Check that the agent runs (srdiag agent status), that its address can be "
                    "reached from the server, and that the token is right.";
        break;
    }
    return true;
}

void srd_trouble_of_timeout(const char *tenant, int64_t limit_s, int64_t waited_ms,
                            const char *detail, struct srd_arena *arena, struct srd_trouble *out)
{
    int64_t waited_s = (waited_ms + 500) / 1000;

    *out = (struct srd_trouble){
        .status = 504,
        .error = "SQL execution timeout",
        .message = srd_arena_printf(arena, "Query exceeded %llds timeout",
                                    (long long)(waited_s < limit_s ? waited_s : limit_s)),
        .tenant = tenant,
        .detail = detail,
        .hint = "Try again, or ask for less: one analyze_ tool instead of all, a smaller limit."
    };
}

void srd_trouble_of_error(struct srd_remote *remote, const char *tenant,
                          const struct srd_error *err, int64_t waited_ms, struct srd_arena *arena,
                          struct srd_trouble *out)
{
    const char *words = srd_arena_copy(arena, err->text);
    struct srd_remote_state state;

    if (err->code == SRD_E_LIMIT) {
        *out = (struct srd_trouble){ .status = 503,
                                     .error = "Server at capacity",
                                     .message = "try again in a moment",
                                     .tenant = tenant,
                                     .detail = words };
        return;
    }
    if ((err->code == SRD_E_CONNECT || err->code == SRD_E_DENIED) &&
        srd_remote_trouble(remote, arena, &state) &&
        srd_trouble_of_state(&state, tenant, arena, out)) {
        out->detail = words; /* of this run, with how old it is */
        return;
    }
    /* a cluster that answers nothing in time is told as one that cannot be reached */
    if (err->code == SRD_E_CONNECT || err->code == SRD_E_TIMEOUT) {
        srd_trouble_of_timeout(tenant, INT64_MAX, waited_ms, words, arena, out);
        return;
    }
    *out = (struct srd_trouble){
        .status = 502, .error = "Diagnosis failed", .message = words, .tenant = tenant
    };
}

static void put(struct srd_json *object, const char *name, const char *text)
{
    if (text)
        srd_json_put(object, name, srd_json_new_text(text));
}

/* Details may hold what the agent said. */
static void print(const struct srd_trouble *t, struct srd_buf *out)
{
    struct srd_json *object = srd_json_object();

    put(object, "error", t->error);
    put(object, "message", t->message);
    put(object, "tenant", t->tenant);
    put(object, "detail", t->detail);
    put(object, "hint", t->hint);
    srd_sheet_print(out, object, TEXT_BYTES);
}

struct srd_json *srd_trouble_json(const struct srd_trouble *trouble)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;
    struct srd_json *json = NULL;
    struct srd_error ignored = { 0 };

    srd_buf_init(&text, LARGEST);
    print(trouble, &text);
    srd_json_parse(text.data, text.size, LARGEST, &json, &ignored);
    return json ? json : srd_json_object();
}

void srd_trouble_put(const struct srd_trouble *trouble, struct srd_buf *members)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;

    srd_buf_init(&text, LARGEST);
    print(trouble, &text);
    srd_buf_text(members, "\"content\":[{\"type\":\"text\",\"text\":");
    srd_json_quote(members, text.data, text.size);
    srd_buf_printf(members, ",\"_meta\":{\"" META "\":{\"status\":%d,\"body\":", trouble->status);
    srd_buf_add(members, text.data, text.size);
    srd_buf_text(members, "}}}]");
}

struct srd_json *srd_trouble_in(const char *result, size_t n, int *status)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_error ignored = { 0 };
    const struct srd_json *block;
    struct srd_json *meta;
    double number;

    if (n > LARGEST || !memmem(result, n, "\"" META "\"", strlen("\"" META "\"")) ||
        srd_json_parse(result, n, LARGEST, &json, &ignored))
        return NULL;
    block = srd_json_first(srd_json_get(json, "content"));
    meta = (struct srd_json *)(uintptr_t)srd_json_get(srd_json_get(block, "_meta"), META);
    if (!srd_json_number(srd_json_get(meta, "status"), &number))
        return NULL;
    *status = (int)number;
    return srd_json_take(meta, "body");
}
