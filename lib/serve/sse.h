#ifndef SRD_SERVE_SSE_H
#define SRD_SERVE_SSE_H

#include "lib/serve/pulse.h"
#include "lib/serve/route.h"

/*
 * The sessions of HTTP+SSE (mcp_sse.c), and the pulse that they share with the streams of /mcp.
 * srd_sse_new() and the rest are in route.h.
 */
struct srd_pulse *srd_sse_pulse(struct srd_sse *sse);

#endif
