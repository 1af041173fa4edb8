#ifndef SRD_SERVE_EVENTS_H
#define SRD_SERVE_EVENTS_H

#include "lib/base/buf.h"
#include "lib/net/http_server.h"

/* Server-sent events, as MCP uses them: what mcp_http.c and mcp_sse.c share. */

/* A comment line as often: 15 s, for proxies give up after 30 s and more. Tests wait less. */
extern int64_t srd_events_beat_ms;

/* text/event-stream, not to be kept or gathered by anybody on the way. */
struct srd_http_stream *srd_events_open(struct srd_http_request *request);
/* "event: @event", "data: @data" and an empty line; @data is one line. */
void srd_events_print(struct srd_buf *out, const char *event, const char *data, size_t n);
/* Sends one; an answer of srd_http_stream_send(). */
int srd_events_send(struct srd_http_stream *stream, const char *event, const char *data, size_t n,
                    struct srd_error *err);
int srd_events_comment(struct srd_http_stream *stream, struct srd_error *err);

#endif
