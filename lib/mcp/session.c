/* How does a conversation begin? */

#include "lib/mcp/mcp_private.h"

/* What both openings say: capabilities and instructions. */
static void put_offer(struct srd_mcp *mcp, struct srd_buf *out)
{
    srd_mcp_comma(out);
    srd_buf_text(out, "\"capabilities\":");
    srd_buf_add(out, mcp->capabilities.data, mcp->capabilities.size);
    srd_mcp_put_text(out, "instructions", mcp->tables->instructions);
}

void srd_mcp_initialize(struct srd_mcp_job *job, struct srd_mcp_link *link)
{
    const char *asked = srd_json_text(srd_json_get(job->params, "protocolVersion"));
    struct srd_mcp *mcp = job->exchange->mcp;
    struct srd_buf *out;

    if (!asked) {
        srd_mcp_error(job, 200, SRD_MCP_BAD_PARAMS, NULL,
                      "params.protocolVersion must be a string");
        return;
    }
    job->revision = srd_mcp_revision_offer(asked);
    if (link->transport != SRD_MCP_HTTP) {
        link->era = SRD_MCP_LEGACY;
        link->revision = job->revision;
    }
    out = srd_mcp_open(job, NULL);
    srd_mcp_put_text(out, "protocolVersion", job->revision->name);
    srd_buf_text(out, ",\"serverInfo\":");
    srd_buf_add(out, mcp->info.data, mcp->info.size);
    put_offer(mcp, out);
    srd_mcp_close(job, SRD_MCP_NO_HINT);
}

void srd_mcp_discover(struct srd_mcp_job *job)
{
    struct srd_buf *out = srd_mcp_open(job, NULL);

    srd_buf_text(out, ",\"supportedVersions\":");
    srd_mcp_revision_print_modern(out);
    put_offer(job->exchange->mcp, out);
    srd_mcp_close(job, SRD_MCP_STATIC);
}
