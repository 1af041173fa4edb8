/* Do HTTP's headers say the same as the message? A proxy routes by them, so they must. */

#include "lib/mcp/mcp_private.h"

#include <string.h>

#include "lib/base/cleanup.h"

static bool mismatch(struct srd_mcp_job *job, const char *header, const char *why)
{
    srd_mcp_error(job, 400, SRD_MCP_HEADER_MISMATCH, NULL, "header %s %s", header, why);
    return false;
}

bool srd_mcp_headers_version(struct srd_mcp_job *job, const char *version)
{
    const char *header = job->exchange->link.version_header;

    if (!header)
        return mismatch(job, "MCP-Protocol-Version", "is missing");
    if (strcmp(header, version) != 0)
        return mismatch(job, "MCP-Protocol-Version", "differs from _meta");
    return true;
}

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (int)(found - digits) : -1;
}

/* Base64 with padding, and nothing but what an encoder writes (RFC 4648, 3.5). */
static bool decode(const char *text, size_t n, struct srd_buf *out)
{
    if (n % 4)
        return false;
    for (size_t at = 0; at < n; at += 4) {
        size_t pad = at + 4 < n ? 0 : (size_t)(text[at + 3] == '=') + (text[at + 2] == '=');
        unsigned bits = 0;

        for (size_t i = 0; i < 4; i++) {
            int digit = i >= 4 - pad && text[at + i] == '=' ? 0 : digit_of(text[at + i]);

            if (digit < 0)
                return false;
            bits = bits << 6 | (unsigned)digit;
        }
        if (bits & ((1U << 8 * pad) - 1))
            return false;
        for (size_t i = 0; i < 3 - pad; i++)
            srd_buf_char(out, (char)(bits >> (16 - 8 * i)));
    }
    return true;
}

/* The header's value as it was meant: what no header can hold comes as =?base64?...?=. */
static bool read_name(const char *header, struct srd_buf *out)
{
    static const char begin[] = "=?base64?", end[] = "?=";
    size_t n = strlen(header), around = sizeof(begin) - 1 + sizeof(end) - 1;

    if (n < around || strncmp(header, begin, sizeof(begin) - 1) != 0 ||
        strcmp(header + n - (sizeof(end) - 1), end) != 0) {
        srd_buf_add(out, header, n);
        return true;
    }
    return decode(header + sizeof(begin) - 1, n - around, out);
}

bool srd_mcp_headers_name(struct srd_mcp_job *job, const char *named)
{
    const struct srd_mcp_link *link = &job->exchange->link;
    SRD_CLEANUP(srd_buf_free) struct srd_buf name = { 0 };
    const char *wanted;

    if (!link->method_header)
        return mismatch(job, "Mcp-Method", "is missing");
    if (strcmp(link->method_header, job->method) != 0)
        return mismatch(job, "Mcp-Method", "differs from the method");
    if (!named)
        return true;
    if (!link->name_header)
        return mismatch(job, "Mcp-Name", "is missing");
    srd_buf_init(&name, SRD_MCP_MAX_MESSAGE);
    if (!read_name(link->name_header, &name))
        return mismatch(job, "Mcp-Name", "holds broken base64");
    wanted = srd_json_text(srd_json_get(job->params, named));
    if (!wanted) /* then the params are what is wrong */
        return true;
    if (name.size != strlen(wanted) || memcmp(name.data, wanted, name.size) != 0)
        return mismatch(job, "Mcp-Name", "differs from the params");
    return true;
}
