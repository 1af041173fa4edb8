/* Who hears that a list has changed? */

#include "tests/mcp_fixture/fixture.h"

#include <stdatomic.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/base/wait.h"

static atomic_int tool_changes, prompt_changes;

void change_tools(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    (void)call;
    atomic_fetch_add(&tool_changes, 1);
    srd_mcp_result_text(out, "The tools have changed.");
}

void change_prompts(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    (void)call;
    atomic_fetch_add(&prompt_changes, 1);
    srd_mcp_result_text(out, "The prompts have changed.");
}

static bool asked_for(const struct srd_mcp_call *call, const char *what)
{
    bool yes = false;

    return srd_json_bool(srd_json_get(srd_json_get(call->params, "notifications"), what), &yes) &&
           yes;
}

static void tell(struct srd_mcp_call *call, const char *method, const char *more)
{
    srd_mcp_notify(call, method,
                   srd_arena_printf(call->arena,
                                    "{\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":%s}%s}",
                                    call->id, more));
}

/* Until the client has heard enough. */
void listen_for_changes(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    bool tools = asked_for(call, "toolsListChanged"), prompts = asked_for(call, "promptsListChanged");
    int tools_seen = atomic_load(&tool_changes), prompts_seen = atomic_load(&prompt_changes);

    tell(call, "notifications/subscriptions/acknowledged",
         srd_arena_printf(call->arena, ",\"notifications\":{%s%s%s}",
                          tools ? "\"toolsListChanged\":true" : "", tools && prompts ? "," : "",
                          prompts ? "\"promptsListChanged\":true" : ""));
    while (!srd_flag_up(call->cancel)) {
        if (tools && tools_seen != atomic_load(&tool_changes))
            tell(call, "notifications/tools/list_changed", "");
        if (prompts && prompts_seen != atomic_load(&prompt_changes))
            tell(call, "notifications/prompts/list_changed", "");
        tools_seen = atomic_load(&tool_changes);
        prompts_seen = atomic_load(&prompt_changes);
        fixture_sleep(call, 20);
    }
    fixture_say(out, "");
}

void say_nothing(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    (void)call;
    fixture_say(out, "");
}

void set_level(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    static const char *const levels[] = { "debug",    "info",  "notice",    "warning", "error",
                                          "critical", "alert", "emergency", NULL };
    const char *level = srd_json_text(srd_json_get(call->params, "level"));

    fixture_say(out, "");
    if (level && srd_text_in(level, levels))
        return;
    fixture_say(out, "\"message\":\"unknown level\"");
    out->code = -32602;
}
