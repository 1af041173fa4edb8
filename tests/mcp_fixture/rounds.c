/* Does a modern client answer, round by round? */

#include "tests/mcp_fixture/fixture.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/crypto.h"

#define NAME_FORM                                                                                  \
    "\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},"    \
    "\"required\":[\"name\"]}"
#define ASK_NAME(key, words)                                                                       \
    "\"" key "\":{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\",\"message\":\"" words "\"," NAME_FORM "}}"
#define ASK_MODEL(key, words)                                                                      \
    "\"" key "\":{\"method\":\"sampling/createMessage\",\"params\":{\"messages\":[{\"role\":"      \
    "\"user\",\"content\":{\"type\":\"text\",\"text\":\"" words "\"}}],\"maxTokens\":100}}"
#define ASK_ROOTS(key) "\"" key "\":{\"method\":\"roots/list\",\"params\":{}}"

/* ---- state that only we could have made ---- */

static unsigned char secret[32];
static pthread_once_t made = PTHREAD_ONCE_INIT;

static void make_secret(void)
{
    struct srd_error err;

    if (srd_random(secret, sizeof(secret), &err))
        abort();
}

/* "round:signature" */
static const char *sign(struct srd_mcp_call *call, const char *round)
{
    unsigned char mac[SRD_SHA256_SIZE];
    char hex[2 * SRD_SHA256_SIZE + 1];

    pthread_once(&made, make_secret);
    srd_hmac_sha256(secret, sizeof(secret), round, strlen(round), mac);
    srd_hex(mac, sizeof(mac), hex);
    return srd_arena_printf(call->arena, "%s:%s", round, hex);
}

/* The state of the request: 0 none, 1 it is @round's, -1 somebody changed it. */
static int state_of(struct srd_mcp_call *call, const char *round)
{
    const char *came = srd_json_text(srd_json_get(call->params, "requestState")), *colon;

    if (!came)
        return 0;
    colon = strchr(came, ':');
    if (!colon ||
        strcmp(came, sign(call, srd_arena_copy_n(call->arena, came, (size_t)(colon - came)))) != 0)
        return -1;
    return strncmp(came, round, strlen(round)) == 0 && came[strlen(round)] == ':';
}

/* ---- what came ---- */

static const struct srd_json *response(const struct srd_mcp_call *call, const char *key)
{
    const struct srd_json *found =
        srd_json_get(srd_json_get(call->params, "inputResponses"), key);

    return srd_json_kind(found) == SRD_JSON_OBJECT ? found : NULL;
}

/* A text that the user filled into a form; NULL: none. */
static const char *filled(const struct srd_mcp_call *call, const char *key, const char *field)
{
    return srd_json_text(srd_json_get(srd_json_get(response(call, key), "content"), field));
}

static void ask_for(struct srd_mcp_call *call, struct srd_mcp_result *out, const char *requests,
                    const char *state)
{
    if (!call->modern) {
        srd_mcp_result_fault(out, "This tool is for clients of 2026-07-28.");
        return;
    }
    fixture_say(out, srd_arena_printf(call->arena, "\"inputRequests\":{%s}%s%s%s", requests,
                                      state ? ",\"requestState\":\"" : "", state ? state : "",
                                      state ? "\"" : ""));
    out->type = "input_required";
}

static bool refuse_state(struct srd_mcp_result *out)
{
    fixture_say(out, "\"message\":\"requestState was changed\"");
    out->code = -32602;
    return true;
}

/* ---- the tools ---- */

void round_elicitation(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    const char *name = filled(call, "user_name", "name");

    if (name)
        srd_mcp_result_text(out, srd_arena_printf(call->arena, "Hello, %s!", name));
    else
        ask_for(call, out, ASK_NAME("user_name", "What is your name?"), NULL);
}

void round_sampling(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    const struct srd_json *said = srd_json_get(response(call, "capital_question"), "content");
    const char *text = srd_json_text(srd_json_get(said, "text"));

    if (text)
        srd_mcp_result_text(out, text);
    else
        ask_for(call, out, ASK_MODEL("capital_question", "What is the capital of France?"), NULL);
}

void round_roots(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    const struct srd_json *roots = srd_json_get(response(call, "client_roots"), "roots");
    const char *uri = srd_json_text(srd_json_get(srd_json_first(roots), "uri"));

    if (srd_json_kind(roots) == SRD_JSON_ARRAY)
        srd_mcp_result_text(out, srd_arena_printf(call->arena, "%zu roots, the first is %s",
                                                  srd_json_size(roots), uri ? uri : "none"));
    else
        ask_for(call, out, ASK_ROOTS("client_roots"), NULL);
}

void round_state(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    int state = state_of(call, "confirm");

    if (state < 0 && refuse_state(out))
        return;
    if (state && response(call, "confirm"))
        srd_mcp_result_text(out, "state-ok");
    else
        ask_for(call, out,
                "\"confirm\":{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\","
                "\"message\":\"Please confirm\",\"requestedSchema\":{\"type\":\"object\","
                "\"properties\":{\"ok\":{\"type\":\"boolean\"}},\"required\":[\"ok\"]}}}",
                sign(call, "confirm"));
}

void round_many(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    int state = state_of(call, "many");

    if (state < 0 && refuse_state(out))
        return;
    if (state && response(call, "user_name") && response(call, "greeting") &&
        response(call, "client_roots"))
        srd_mcp_result_text(out, "All three were answered.");
    else
        ask_for(call, out,
                ASK_NAME("user_name", "What is your name?") "," ASK_MODEL(
                    "greeting", "Generate a greeting") "," ASK_ROOTS("client_roots"),
                sign(call, "many"));
}

void round_steps(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    int first = state_of(call, "step1"), second = state_of(call, "step2");

    if ((first < 0 || second < 0) && refuse_state(out))
        return;
    if (second && response(call, "step2"))
        srd_mcp_result_text(out, "Both steps were answered.");
    else if (second || (first && response(call, "step1")))
        ask_for(call, out,
                "\"step2\":{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\","
                "\"message\":\"Step 2: What is your favorite color?\",\"requestedSchema\":{\"type\":"
                "\"object\",\"properties\":{\"color\":{\"type\":\"string\"}},\"required\":["
                "\"color\"]}}}",
                sign(call, "step2"));
    else
        ask_for(call, out, ASK_NAME("step1", "Step 1: What is your name?"), sign(call, "step1"));
}

void round_capabilities(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    static const struct {
        const char *capability, *request;
    } requests[] = {
        { "elicitation", ASK_NAME("user_name", "What is your name?") },
        { "sampling", ASK_MODEL("capital_question", "What is the capital of France?") },
        { "roots", ASK_ROOTS("client_roots") },
    };
    const struct srd_json *can = srd_json_get(srd_json_get(call->params, "_meta"),
                                              "io.modelcontextprotocol/clientCapabilities");
    const char *all = "";

    for (size_t i = 0; i < SRD_COUNT(requests); i++)
        if (srd_json_get(can, requests[i].capability))
            all = srd_arena_printf(call->arena, "%s%s%s", all, *all ? "," : "",
                                   requests[i].request);
    if (srd_json_size(srd_json_get(call->params, "inputResponses")) || !*all)
        srd_mcp_result_text(out, "Nothing is left to ask.");
    else
        ask_for(call, out, all, NULL);
}

void round_prompt(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    const char *context = filled(call, "user_context", "context");
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;

    if (!context) {
        srd_buf_init(&text, 0);
        ask_for(call, out,
                "\"user_context\":{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\","
                "\"message\":\"What context should the prompt use?\",\"requestedSchema\":{\"type\":"
                "\"object\",\"properties\":{\"context\":{\"type\":\"string\"}},\"required\":["
                "\"context\"]}}}",
                NULL);
        return;
    }
    srd_buf_init(&text, SRD_MCP_MAX_MESSAGE);
    srd_buf_text(&text, "\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":");
    srd_json_quote(&text, context, strlen(context));
    srd_buf_text(&text, "}}]");
    fixture_say(out, text.data);
}
