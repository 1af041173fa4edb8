/* What do server-sent events look like on the wire? */

#include "lib/serve/events.h"

#include <string.h>

#include "lib/base/cleanup.h"

int64_t srd_events_beat_ms = 15000;

#define LARGEST_EVENT ((size_t)32 << 20)

struct srd_http_stream *srd_events_open(struct srd_http_request *request)
{
    return srd_http_stream_open(request,
                                &(struct srd_http_answer){
                                    .status = 200,
                                    .type = "text/event-stream",
                                    .fields = { { "Cache-Control", "no-cache, no-transform" },
                                                { "X-Accel-Buffering", "no" },
                                                { "X-Content-Type-Options", "nosniff" } },
                                });
}

void srd_events_print(struct srd_buf *out, const char *event, const char *data, size_t n)
{
    srd_buf_printf(out, "event: %s\ndata: ", event);
    srd_buf_add(out, data, n);
    srd_buf_text(out, "\n\n");
}

int srd_events_send(struct srd_http_stream *stream, const char *event, const char *data, size_t n,
                    struct srd_error *err)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text = { 0 };

    srd_buf_init(&text, LARGEST_EVENT);
    srd_events_print(&text, event, data, n);
    if (text.full)
        return srd_fail(err, SRD_E_LIMIT, "an event of %zu bytes is too large", n);
    return srd_http_stream_send(stream, text.data, text.size, err);
}

int srd_events_comment(struct srd_http_stream *stream, struct srd_error *err)
{
    static const char beat[] = ": still there\n\n";

    return srd_http_stream_send(stream, beat, sizeof(beat) - 1, err);
}
