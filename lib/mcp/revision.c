/* Which revisions of the protocol are there, and what is different in each? */

#include "lib/mcp/mcp_private.h"

#include <string.h>

#include "lib/base/cleanup.h"

/*
 * Oldest first. What older clients do not know they ignore, so only what would hurt them is here.
 */
static const struct srd_mcp_revision revisions[] = {
    { "2024-11-05", SRD_MCP_LEGACY, .no_resource = -32002 },
    { "2025-03-26", SRD_MCP_LEGACY, .batches = true, .no_resource = -32002 },
    { "2025-06-18", SRD_MCP_LEGACY, .no_resource = -32002 },
    { "2025-11-25", SRD_MCP_LEGACY, .no_resource = -32002 },
    { "2026-07-28", SRD_MCP_MODERN, .result_type = true, .no_resource = SRD_MCP_BAD_PARAMS },
};

/* Streamable HTTP and its version header are younger than the other two transports. */
static const char *const assumed[] = {
    [SRD_MCP_STDIO] = "2024-11-05",
    [SRD_MCP_HTTP] = "2025-03-26",
    [SRD_MCP_SSE] = "2024-11-05",
};

const struct srd_mcp_revision *srd_mcp_revision_find(const char *name)
{
    for (size_t i = 0; name && i < SRD_COUNT(revisions); i++)
        if (!strcmp(revisions[i].name, name))
            return &revisions[i];
    return NULL;
}

const struct srd_mcp_revision *srd_mcp_revision_offer(const char *asked)
{
    const struct srd_mcp_revision *known = srd_mcp_revision_find(asked);

    if (known && known->era == SRD_MCP_LEGACY)
        return known;
    for (size_t i = SRD_COUNT(revisions); i--;)
        if (revisions[i].era == SRD_MCP_LEGACY)
            return &revisions[i];
    return NULL;
}

const struct srd_mcp_revision *srd_mcp_revision_assumed(enum srd_mcp_transport transport)
{
    return srd_mcp_revision_find(assumed[transport]);
}

void srd_mcp_revision_print_modern(struct srd_buf *out)
{
    srd_buf_char(out, '[');
    for (size_t i = SRD_COUNT(revisions); i--;) {
        if (revisions[i].era != SRD_MCP_MODERN)
            continue;
        srd_mcp_comma(out);
        srd_buf_printf(out, "\"%s\"", revisions[i].name);
    }
    srd_buf_char(out, ']');
}
