/* How does what a cluster said become lines, without the secrets in it? */

#include "lib/source/snapshot_write.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/secret.h"
#include "lib/source/snapshot_cells.h"
#include "lib/source/snapshot_mask.h"

#define PIECE ((size_t)64 << 10)
#define GZIP_ONLY (15 + 16)
#define MAX_LINE ((size_t)64 << 20) /* what the reader takes */
#define MAX_ALL ((size_t)1 << 30)

/* ---- where the bytes go ---- */

struct srd_snapshot_writer {
    struct srd_snapshot_writing how;
    bool gzip;
    z_stream z;
    unsigned char packed[PIECE];
    size_t all;
    struct srd_buf ready;  /* lines that wait for company: one call each would be slow */
    struct srd_buf line;   /* the line that is being made */
    struct srd_buf hidden; /* the cell that is being made */
    size_t answers, rows;  /* so far */
};

void srd_snapshot_writer_free(struct srd_snapshot_writer **writer)
{
    struct srd_snapshot_writer *w = *writer;

    if (!w)
        return;
    if (w->gzip)
        deflateEnd(&w->z);
    srd_buf_free(&w->ready);
    srd_buf_free(&w->line);
    srd_buf_free(&w->hidden);
    free(w);
    *writer = NULL;
}

struct srd_snapshot_writer *srd_snapshot_writer_new(const struct srd_snapshot_writing *how)
{
    struct srd_snapshot_writer *sink = calloc(1, sizeof(*sink));

    if (!sink)
        srd_no_memory();
    sink->how = *how;
    srd_buf_init(&sink->ready, PIECE + MAX_LINE);
    srd_buf_init(&sink->line, MAX_LINE);
    srd_buf_init(&sink->hidden, MAX_LINE);
    if (how->options->gzip) {
        if (deflateInit2(&sink->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_ONLY, 8,
                         Z_DEFAULT_STRATEGY) != Z_OK)
            srd_no_memory();
        sink->gzip = true;
    }
    return sink;
}

/* Sends what is ready, and with @flush Z_FINISH the end of the packed data. */
static int send_ready(struct srd_snapshot_writer *sink, int flush, struct srd_error *err)
{
    struct srd_buf *ready = &sink->ready;

    if (!sink->gzip && ready->size &&
        sink->how.write(sink->how.context, ready->data, ready->size, err))
        return (int)err->code;
    sink->z.next_in = (unsigned char *)ready->data;
    sink->z.avail_in = sink->gzip ? (unsigned)ready->size : 0; /* at most PIECE + MAX_LINE */
    while (sink->gzip) {
        sink->z.next_out = sink->packed;
        sink->z.avail_out = PIECE;
        deflate(&sink->z, flush); /* cannot fail with room for output and a sound state */
        if (sink->how.write(sink->how.context, sink->packed, PIECE - sink->z.avail_out, err))
            return (int)err->code;
        if (sink->z.avail_out)
            break;
    }
    srd_buf_clear(ready);
    return 0;
}

/* The line gets its end here, and the next one begins. */
static int end_line(struct srd_snapshot_writer *sink, struct srd_error *err)
{
    struct srd_buf *line = &sink->line;

    srd_buf_char(line, '\n');
    if (line->full || (sink->all += line->size) > MAX_ALL)
        return srd_fail(err, SRD_E_LIMIT, "more than a snapshot can hold (%zu MiB, %zu in a line)",
                        MAX_ALL >> 20, MAX_LINE >> 20);
    srd_buf_add(&sink->ready, line->data, line->size);
    srd_buf_clear(line);
    return sink->ready.size < PIECE ? 0 : send_ready(sink, Z_NO_FLUSH, err);
}

/* ---- lines ---- */

/* A text of the cluster: what looks like a secret in the middle of it does not leave. */
static void put_text(struct srd_snapshot_writer *sink, const char *text)
{
    if (text && srd_secret_hide(&sink->hidden, text))
        text = sink->hidden.data;
    srd_cell_write(&sink->line, text);
}

static int write_rows(struct srd_snapshot_writer *sink, const struct srd_probe *probe,
                      const struct srd_table *t, struct srd_error *err)
{
    SRD_CLEANUP(srd_mask_free)
    struct srd_mask *mask = srd_mask_new(t, probe->private_columns, sink->how.options);

    for (size_t row = 0; row < t->rows; row++) {
        srd_mask_row(mask, row, &sink->line);
        if (end_line(sink, err))
            return (int)err->code;
    }
    return 0;
}

static void put_member(struct srd_buf *line, const char *name, const char *text)
{
    srd_buf_printf(line, ",\"%s\":", name);
    srd_cell_write(line, text ? text : "");
}

int srd_snapshot_writer_answer(struct srd_snapshot_writer *sink, const struct srd_answer *a,
                               struct srd_error *err)
{
    const struct srd_table *t = a->status == SRD_ANSWERED ? a->table : NULL;
    struct srd_buf *line = &sink->line;
    char time[SRD_TIME_SIZE];

    srd_buf_text(line, "{\"probe\":");
    srd_cell_write(line, a->probe->id);
    put_member(line, "node", a->node);
    put_member(line, "key", a->key);
    put_member(line, "status", srd_status_name(a->status));
    if (!t) {
        srd_buf_text(line, ",\"detail\":");
        put_text(sink, a->detail ? a->detail : "");
    }
    if (t) {
        srd_buf_text(line, ",\"columns\":[");
        for (size_t i = 0; i < t->columns; i++) {
            srd_buf_text(line, i ? "," : "");
            srd_cell_write(line, t->names[i]);
        }
        srd_buf_char(line, ']');
    }
    srd_buf_printf(line, ",\"follower\":%s,\"complete\":%s,\"started_at\":\"%s\"",
                   a->follower ? "true" : "false", !t || t->complete ? "true" : "false",
                   srd_time_rfc3339(a->started_at_ms, time));
    srd_buf_printf(line, ",\"ms\":%lld,\"rows\":%zu}", (long long)(a->ms > 0 ? a->ms : 0),
                   t ? t->rows : 0);
    if (end_line(sink, err) || (t && write_rows(sink, a->probe, t, err)))
        return srd_while(err, "probe %s", a->probe->id);
    sink->answers++;
    sink->rows += t ? t->rows : 0;
    return 0;
}

int srd_snapshot_writer_head(struct srd_snapshot_writer *sink,
                             const struct srd_snapshot_title *title, struct srd_error *err)
{
    struct srd_buf *line = &sink->line;
    char time[SRD_TIME_SIZE];

    srd_buf_text(line, "{\"srdiag\":\"snapshot/1\"");
    put_member(line, "tool", sink->how.options->tool_version);
    put_member(line, "cluster", title->cluster);
    put_member(line, "connected", title->connected);
    put_member(line, "version", title->version);
    put_member(line, "run_mode", title->run_mode);
    put_member(line, "taken_at", srd_time_rfc3339(title->taken_at_ms, time));
    if (title->of_agent)
        put_member(line, "instance", title->instance);
    if (title->of_agent)
        srd_buf_printf(line, ",\"follower\":%s,\"session_zone_unknown\":%s",
                       title->follower ? "true" : "false",
                       title->session_zone_unknown ? "true" : "false");
    srd_buf_char(line, '}');
    return end_line(sink, err);
}

int srd_snapshot_writer_flush(struct srd_snapshot_writer *sink, struct srd_error *err)
{
    return send_ready(sink, Z_SYNC_FLUSH, err);
}

int srd_snapshot_writer_end(struct srd_snapshot_writer *sink, const char *members,
                            struct srd_error *err)
{
    srd_buf_printf(&sink->line, "{\"end\":true,\"answers\":%zu,\"rows\":%zu%s}", sink->answers,
                   sink->rows, members ? members : "");
    return end_line(sink, err) ? (int)err->code : send_ready(sink, Z_FINISH, err);
}

int srd_snapshot_writer_fail(struct srd_snapshot_writer *sink, const struct srd_error *why,
                             struct srd_error *err)
{
    srd_buf_clear(&sink->line);
    srd_buf_text(&sink->line, "{\"error\":");
    srd_cell_write(&sink->line, srd_code_name(why->code));
    srd_buf_text(&sink->line, ",\"message\":");
    srd_cell_write(&sink->line, why->text);
    srd_buf_char(&sink->line, '}');
    return end_line(sink, err) ? (int)err->code : send_ready(sink, Z_FINISH, err);
}
