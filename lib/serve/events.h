#ifndef SRD_SERVE_EVENTS_H
#define SRD_SERVE_EVENTS_H

#include "lib/base/buf.h"
#include "lib/net/http_server.h"

/*
 * Server-sent events, as MCP uses them: what mcp_http.c and mcp_sse.c share. Any thread, but one at
 * a time per stream; none of it blocks (srd_http_stream_send()).
 */

/* Milliseconds between two comment lines: 15 s, for proxies give up after 30 s and more. Tests wait
 * less. */
extern int64_t srd_events_beat_ms;

/* text/event-stream, not to be kept or gathered by anybody on the way. */
struct srd_http_stream *srd_events_open(struct srd_http_request *request);
/* "event: @event", "data: @data" and an empty line; @data is one line. Appends to @out. */
void srd_events_print(struct srd_buf *out, const char *event, const char *data, size_t n);
/* Sends one. As srd_http_stream_send(); SRD_E_LIMIT also for one above 32 MiB. */
int srd_events_send(struct srd_http_stream *stream, const char *event, const char *data, size_t n,
                    struct srd_error *err);
/* ": still there", which clients pass over: the connection is not dead. */
int srd_events_comment(struct srd_http_stream *stream, struct srd_error *err);

#endif
