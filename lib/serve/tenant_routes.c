/* Is a tenant's agent well, and how are all of them? */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/serve/serve_private.h"
#include "lib/serve/trouble.h"

#define TEST_MS 20000

static void put_text(struct srd_json *json, const char *name, const char *text)
{
    if (text)
        srd_json_put(json, name, srd_json_new_text(text));
}

static void put_agent(struct srd_json *json, const struct srd_remote_state *state)
{
    char time[SRD_TIME_SIZE];

    put_text(json, "agent_url", state->url);
    put_text(json, "agent_status", srd_agent_status(state));
    put_text(json, "agent_version", state->version);
    if (state->contact_at_ms)
        put_text(json, "last_contact", srd_time_rfc3339(state->contact_at_ms, time));
    if (state->latency_ms >= 0)
        srd_json_put(json, "latency_ms", srd_json_new_integer(state->latency_ms));
}

/* The one that is asked: the first that is well, or else the first. NULL: there is none. */
static const struct srd_remote_state *chief(const struct srd_desk_cluster_state *state)
{
    for (size_t i = 0; i < state->agent_count; i++)
        if (state->agents[i].known && state->agents[i].fault == SRD_AGENT_FINE)
            return &state->agents[i];
    return state->agent_count ? state->agents : NULL;
}

/* ---- GET /test-agent ---- */

static void put_all(struct srd_json *json, const struct srd_desk_cluster_state *state,
                    const char *tenant, struct srd_arena *arena)
{
    struct srd_json *list;

    if (state->agent_count < 2)
        return;
    list = srd_json_put(json, "agents", srd_json_array());
    for (size_t i = 0; i < state->agent_count; i++) {
        struct srd_json *one = srd_json_push(list, srd_json_object());
        struct srd_trouble trouble;

        put_agent(one, &state->agents[i]);
        if (srd_trouble_of_state(&state->agents[i], tenant, arena, &trouble)) {
            put_text(one, "error", trouble.error);
            put_text(one, "message", trouble.message);
        }
    }
}

static void answer_well(struct srd_visit *visit, struct srd_http_request *request,
                        const struct srd_desk_cluster_state *state)
{
    struct srd_json *json = srd_json_object();

    srd_json_put(json, "success", srd_json_new_bool(true));
    put_text(json, "tenant", visit->tenant);
    put_agent(json, chief(state));
    put_text(json, "database_version", state->version ? state->version : "");
    put_all(json, state, visit->tenant, request->arena);
    srd_answer_json(request, 200, json);
}

static void answer_ill(struct srd_visit *visit, struct srd_http_request *request,
                       const struct srd_desk_cluster_state *state, const struct srd_error *err)
{
    const struct srd_remote_state *agent = chief(state);
    struct srd_trouble trouble;
    struct srd_json *json, *told;

    if (!srd_trouble_of_state(agent, visit->tenant, request->arena, &trouble))
        srd_trouble_of_timeout(visit->tenant, INT64_MAX, TEST_MS, err->text, request->arena,
                               &trouble);
    json = srd_json_object();
    srd_json_put(json, "success", srd_json_new_bool(false));
    put_text(json, "tenant", visit->tenant);
    put_agent(json, agent);
    told = srd_trouble_json(&trouble);
    for (const char *const *name =
             (const char *const[]){ "error", "message", "detail", "hint", NULL };
         *name; name++) {
        struct srd_json *value = srd_json_take(told, *name);

        if (value)
            srd_json_put(json, *name, value);
    }
    srd_json_free(&told);
    put_all(json, state, visit->tenant, request->arena);
    srd_answer_json(request, trouble.status, json);
}

static void test(void *what)
{
    struct srd_http_request *request = what;
    struct srd_visit *visit = request->context;
    struct srd_desk *desk = visit->serve->desk;
    struct srd_desk_cluster_state state;
    struct srd_error err = { 0 };

    srd_desk_ping(desk, visit->tenant, NULL, srd_clock_monotonic_ms() + TEST_MS, &err);
    if (!srd_desk_state(desk, visit->tenant, request->arena, &state) || !state.agent_count)
        srd_answer_error(request, 404, SRD_NO_TENANT, SRD_NO_TENANT_WORDS); /* a moment ago */
    else if (err.code)
        answer_ill(visit, request, &state, &err);
    else
        answer_well(visit, request, &state);
}

static void handle_test(struct srd_visit *visit, struct srd_http_request *request)
{
    srd_visit_work(visit, request, test);
}

const struct srd_route srd_route_test_agent = {
    .method = "GET",
    .path = "/test-agent",
    .roles = SRD_ROLE_USE,
    .needs_tenant = true,
    .counted = true,
    .summary = "looks at the tenant's agent and its cluster now",
    .handle = handle_test,
};

/* ---- GET /admin/tenants ---- */

static struct srd_json *tenant_part(struct srd_serve *serve, const struct srd_tenant *tenant,
                                    const struct srd_desk_cluster_state *state)
{
    struct srd_json *one = srd_json_object(), *list;
    struct srd_tally_row row = srd_metrics_tenant(serve->metrics, tenant->id);
    const struct srd_remote_state *agent = state ? chief(state) : NULL;

    put_text(one, "tenant_id", tenant->id);
    put_text(one, "name", tenant->name);
    srd_json_put(one, "enabled", srd_json_new_bool(tenant->enabled));
    put_text(one, "status",
             agent             ? srd_agent_status(agent)
             : tenant->enabled ? "unknown"
                               : "disabled");
    if (!agent)
        put_text(one, "agent_url", tenant->agents.urls[0]);
    else
        put_agent(one, agent);
    if (agent && agent->error)
        put_text(one, "last_error", agent->error);
    if (state && state->version)
        put_text(one, "database_version", state->version);
    if (state && state->score >= 0)
        srd_json_put(one, "score", srd_json_new_integer(state->score));
    put_text(one, "contact", tenant->contact);
    srd_tally_put(&row, one);
    if (state && state->agent_count > 1) {
        list = srd_json_put(one, "agents", srd_json_array());
        for (size_t i = 0; i < state->agent_count; i++)
            put_agent(srd_json_push(list, srd_json_object()), &state->agents[i]);
    }
    return one;
}

/* Both are in the order of the file, and one knows only those who are enabled. */
static void handle_tenants(struct srd_visit *visit, struct srd_http_request *request)
{
    const struct srd_tenants *tenants = srd_visit_options(visit)->tenants;
    struct srd_desk_cluster_state *states;
    size_t n = srd_desk_states(visit->serve->desk, request->arena, &states), at = 0;
    struct srd_json *json = srd_json_object(), *list;

    srd_json_put(json, "count", srd_json_new_integer((int64_t)tenants->count));
    srd_json_put(json, "enabled", srd_json_new_integer((int64_t)tenants->enabled));
    list = srd_json_put(json, "tenants", srd_json_array());
    for (size_t i = 0; i < tenants->count; i++) {
        size_t found = at;

        /* a reload may be between the two */
        while (found < n && strcmp(states[found].tenant, tenants->list[i].id) != 0)
            found++;
        srd_json_push(
            list, tenant_part(visit->serve, &tenants->list[i], found < n ? &states[found] : NULL));
        at = found < n ? found + 1 : at;
    }
    srd_answer_json(request, 200, json);
}

const struct srd_route srd_route_tenants = {
    .method = "GET",
    .path = "/admin/tenants",
    .roles = SRD_ROLE_ADMIN,
    .summary = "the tenants: how their agents are, and how much they asked",
    .handle = handle_tenants,
};
