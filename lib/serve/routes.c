/* Which paths are there? */

#include "lib/base/cleanup.h"
#include "lib/serve/serve_private.h"

static const struct {
    const struct srd_route *route;
    enum { ALWAYS, WITH_HTTP, WITH_SSE, WITH_TENANTS } when;
} table[] = {
    { &srd_route_root, ALWAYS },        { &srd_route_health, ALWAYS },
    { &srd_route_healthz, ALWAYS },     { &srd_route_mcp, WITH_HTTP },
    { &srd_route_sse, WITH_SSE },       { &srd_route_messages, WITH_SSE },
    { &srd_route_tools, ALWAYS },       { &srd_route_call_tool, ALWAYS },
    { &srd_route_metrics, ALWAYS },     { &srd_route_stats, ALWAYS },
    { &srd_route_admin_stats, ALWAYS }, { &srd_route_connections, ALWAYS },
    { &srd_route_close, ALWAYS },       { &srd_route_reload, ALWAYS },
    { &srd_route_openapi, ALWAYS },     { &srd_route_test_agent, WITH_TENANTS },
    { &srd_route_tenants, WITH_TENANTS },
};

const struct srd_route *const *srd_routes(const struct srd_serve_options *options,
                                          struct srd_arena *arena)
{
    const struct srd_route **routes =
        srd_arena_array(arena, SRD_COUNT(table) + 1, sizeof(struct srd_route *));
    size_t n = 0;

    for (size_t i = 0; i < SRD_COUNT(table); i++)
        if (table[i].when == ALWAYS || (table[i].when == WITH_HTTP && options->http) ||
            (table[i].when == WITH_SSE && options->sse) ||
            (table[i].when == WITH_TENANTS && options->tenants))
            routes[n++] = table[i].route;
    return routes;
}
