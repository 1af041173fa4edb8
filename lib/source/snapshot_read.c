/* What do the lines of a snapshot say, and is each of them what it should be? */

#include "lib/source/snapshot_read.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/source/snapshot_cells.h"

#define FORMAT "snapshot/"
#define FORMAT_VERSION 1
#define OPENING "{\"srdiag\""

#define MAX_ANSWERS ((size_t)100000)
#define MAX_LINE ((size_t)1 << 20)
#define MAX_NUMBER 9007199254740992.0 /* 2^53: a double has them all up to here */
/*
 * Masks may be longer than what they hide, so an answer may be larger than a table that was kept.
 */
#define MAX_ANSWER_BYTES (2 * SRD_TABLE_MAX_BYTES)
#define MAX_BYTES SRD_SNAPSHOT_MAX_BYTES

struct reader {
    const struct srd_snapshot_reader *to;
    struct srd_line line;
    struct srd_recorded latest; /* answer */
    size_t answers, rows;       /* so far */
    size_t bytes;               /* that all answers would take as tables */
    bool ended;                 /* the last line was seen */
    bool told;                  /* the other end of the wire reported an error */
};

/* ---- parts of a line ---- */

/* Text from the file, fit to stand in an error. */
static const char *shown(struct reader *r, const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;

    srd_buf_init(&clean, 1024);
    srd_utf8_clean(&clean, text, strnlen(text, 60));
    return srd_arena_copy(r->to->arena, clean.data);
}

/* A text, or bytes in base64. @out stays as it is if @json is not there. */
static int read_text(struct reader *r, const struct srd_json *json, const char *name,
                     const char **out, struct srd_error *err)
{
    const struct srd_json *coded = srd_json_get(json, "b64");
    const char *text = srd_json_text(coded ? coded : json);
    char *copy;

    if (!json)
        return 0;
    if (!text)
        return srd_fail(err, SRD_E_DATA, "\"%s\" is not a text", name);
    *out = copy = srd_arena_copy(r->to->arena, text);
    if (coded && !srd_cell_decode(copy))
        return srd_fail(err, SRD_E_DATA, "\"%s\" is not base64 of a text", name);
    return 0;
}

static int read_count(const struct srd_json *json, const char *name, int64_t *out,
                      struct srd_error *err)
{
    double number;

    if (!srd_json_number(json, &number) || !(number >= 0 && number <= MAX_NUMBER) ||
        number > (double)(int64_t)number)
        return srd_fail(err, SRD_E_DATA, "\"%s\" is not a count", name);
    *out = (int64_t)number;
    return 0;
}

static int read_flag(const struct srd_json *json, const char *name, bool *out,
                     struct srd_error *err)
{
    if (json && !srd_json_bool(json, out))
        return srd_fail(err, SRD_E_DATA, "\"%s\" is neither true nor false", name);
    return 0;
}

static int read_time(const struct srd_json *json, const char *name, int64_t *out,
                     struct srd_error *err)
{
    const char *text = srd_json_text(json);

    if (!text || !srd_time_parse_rfc3339(text, out))
        return srd_fail(err, SRD_E_DATA, "\"%s\" is not a time", name);
    return 0;
}

/* ---- lines ---- */

/* The file as a whole is not what it should be: no line is to blame. */
static int refuse_file(struct reader *r, struct srd_error *err)
{
    r->line.number = 0;
    return srd_fail(err, SRD_E_DATA, "not a srdiag snapshot");
}

/* What is wrong with a line that stops in the middle is that it does. */
static int read_object(struct reader *r, struct srd_json **out, struct srd_error *err)
{
    static const char place[] = "line 1, "; /* of a text that is this one line */

    if (srd_json_parse(r->line.text, r->line.size, MAX_LINE, out, err) == 0 &&
        srd_json_kind(*out) == SRD_JSON_OBJECT)
        return 0;
    if (r->line.cut)
        return srd_fail(err, SRD_E_DATA, "%s", r->to->cut);
    if (*out)
        return srd_fail(err, SRD_E_DATA, "no object");
    if (srd_text_prefix(err->text, place))
        memmove(err->text, err->text + strlen(place), strlen(err->text + strlen(place)) + 1);
    return (int)err->code;
}

static int next_line(struct reader *r, struct srd_error *err)
{
    if (srd_lines_next(r->to->lines, &r->line, err))
        return (int)err->code;
    if (!r->line.text && r->line.cut)
        return srd_fail(err, SRD_E_DATA, "the gzip data ends in the middle; copy the file again");
    return 0;
}

static int check_format(struct reader *r, const char *format, struct srd_error *err)
{
    int64_t version;

    if (!format || !srd_text_prefix(format, FORMAT) ||
        !srd_text_int64(format + strlen(FORMAT), &version) || version < 1)
        return refuse_file(r, err);
    if (version == FORMAT_VERSION)
        return 0;
    r->line.number = 0;
    return srd_fail(err, SRD_E_DATA, "%s%lld is newer than this srdiag understands (%d)", FORMAT,
                    (long long)version, FORMAT_VERSION);
}

static const char *text_or_none(const struct srd_json *json, const char *key)
{
    const char *text = srd_json_text(srd_json_get(json, key));

    return text ? text : "";
}

static int read_header(struct reader *r, struct srd_error *err)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_snapshot_head head = { .connected = "", .cluster = "" };

    if (next_line(r, err)) /* a long first line is a file of another kind, not a long header */
        return err->code == SRD_E_LIMIT ? refuse_file(r, err) : (int)err->code;
    if (!r->line.text) {
        r->line.number = 0;
        return srd_fail(err, SRD_E_DATA, "%s", r->to->empty);
    }
    if (read_object(r, &json, err))
        return srd_text_prefix(r->line.text, OPENING) ? (int)err->code : refuse_file(r, err);
    if (check_format(r, srd_json_text(srd_json_get(json, "srdiag")), err) ||
        read_text(r, srd_json_get(json, "connected"), "connected", &head.connected, err) ||
        read_text(r, srd_json_get(json, "cluster"), "cluster", &head.cluster, err) ||
        read_flag(srd_json_get(json, "follower"), "follower", &head.follower, err) ||
        read_flag(srd_json_get(json, "session_zone_unknown"), "session_zone_unknown",
                  &head.session_zone_unknown, err) ||
        read_time(srd_json_get(json, "taken_at"), "taken_at", &head.taken_at_ms, err))
        return (int)err->code;
    head.tool = text_or_none(json, "tool");
    head.instance = text_or_none(json, "instance");
    return r->to->begun(r->to->context, &head, err);
}

static int read_columns(struct reader *r, const struct srd_json *json, struct srd_recorded *a,
                        struct srd_error *err)
{
    size_t i = 0;

    if (srd_json_kind(json) != SRD_JSON_ARRAY)
        return srd_fail(err, SRD_E_DATA, "\"columns\" is missing");
    a->column_count = srd_json_size(json);
    a->columns = srd_arena_array(r->to->arena, a->column_count + 1, sizeof(*a->columns));
    for (json = srd_json_first(json); json; json = srd_json_next(json))
        if (read_text(r, json, "columns", &a->columns[i++], err))
            return (int)err->code;
    return a->rows && !i ? srd_fail(err, SRD_E_DATA, "has rows, but no columns") : 0;
}

static int read_answer_line(struct reader *r, const struct srd_json *json, struct srd_recorded *a,
                            struct srd_error *err)
{
    const char *status = srd_json_text(srd_json_get(json, "status"));
    const struct srd_json *ms = srd_json_get(json, "ms"), *at = srd_json_get(json, "started_at");
    int64_t rows;

    if (!status || !srd_status_of_name(status, &a->status))
        return srd_fail(err, SRD_E_DATA, "unknown status \"%s\"", shown(r, status ? status : ""));
    if (read_text(r, srd_json_get(json, "node"), "node", &a->node, err) ||
        read_text(r, srd_json_get(json, "key"), "key", &a->key, err) ||
        read_text(r, srd_json_get(json, "detail"), "detail", &a->detail, err) ||
        read_flag(srd_json_get(json, "follower"), "follower", &a->follower, err) ||
        read_flag(srd_json_get(json, "complete"), "complete", &a->complete, err) ||
        (at && read_time(at, "started_at", &a->started_at_ms, err)) ||
        (ms && read_count(ms, "ms", &a->ms, err)) ||
        read_count(srd_json_get(json, "rows"), "rows", &rows, err))
        return (int)err->code;
    if ((uint64_t)rows > SRD_TABLE_MAX_ROWS)
        return srd_fail(err, SRD_E_LIMIT, "more than %zu rows", SRD_TABLE_MAX_ROWS);
    a->rows = (size_t)rows;
    if (a->status == SRD_ANSWERED)
        return read_columns(r, srd_json_get(json, "columns"), a, err);
    return a->rows ? srd_fail(err, SRD_E_DATA, "has rows, but was not answered") : 0;
}

static int put_cell(void *context, const char *text, size_t n, struct srd_error *err)
{
    struct reader *r = context;
    struct srd_buf *cells = r->to->cells;

    srd_buf_char(cells, text ? '1' : '0');
    if (text)
        srd_buf_add(cells, text, n + 1);
    r->bytes += sizeof(char *) + (text ? n + 1 : 0);
    if (cells->full || r->bytes > MAX_BYTES)
        return srd_fail(err, SRD_E_LIMIT, "more than %zu bytes of cells", MAX_BYTES);
    return 0;
}

static int read_row(struct reader *r, const struct srd_recorded *a, size_t found,
                    struct srd_error *err)
{
    size_t count;

    if (!r->line.text || r->line.text[0] != '[')
        return srd_fail(err, SRD_E_DATA, "expected %zu rows, found %zu", a->rows, found);
    if (srd_row_read(r->line.text, r->line.size, a->column_count, &count, put_cell, r, err))
        return (int)err->code;
    if (count != a->column_count)
        return srd_fail(err, SRD_E_DATA, "expected %zu cells, found %zu", a->column_count, count);
    return 0;
}

/* The lines behind an answer's own. */
static int read_rows(struct reader *r, const struct srd_recorded *a, struct srd_error *err)
{
    size_t before = r->bytes;

    for (size_t found = 0; found < a->rows; found++) {
        if (next_line(r, err))
            return (int)err->code;
        if (!r->line.text)
            return srd_fail(err, SRD_E_DATA, "%s", r->to->cut);
        if (read_row(r, a, found, err)) {
            if (err->code == SRD_E_DATA && r->line.cut)
                return srd_fail(err, SRD_E_DATA, "%s", r->to->cut);
            return srd_while(err, "probe %s", shown(r, a->probe));
        }
        if (r->bytes - before > MAX_ANSWER_BYTES)
            return srd_fail(err, SRD_E_LIMIT, "probe %s: more than %zu bytes", shown(r, a->probe),
                            MAX_ANSWER_BYTES);
    }
    r->rows += a->rows;
    return 0;
}

static int read_answer(struct reader *r, const struct srd_json *json, struct srd_error *err)
{
    struct srd_recorded *a = &r->latest;
    const char *probe = "";

    if (r->answers == MAX_ANSWERS)
        return srd_fail(err, SRD_E_LIMIT, "more than %zu answers", MAX_ANSWERS);
    if (read_text(r, srd_json_get(json, "probe"), "probe", &probe, err))
        return (int)err->code;
    *a = (struct srd_recorded){ .probe = probe,
                                .node = "",
                                .key = "",
                                .detail = "",
                                .complete = true,
                                .cells = r->to->cells->size,
                                .line = r->line.number };
    r->answers++;
    if (read_answer_line(r, json, a, err))
        return srd_while(err, "probe %s", shown(r, probe));
    return read_rows(r, a, err) ? (int)err->code : r->to->answered(r->to->context, a, err);
}

static int read_end(struct reader *r, const struct srd_json *json, struct srd_error *err)
{
    int64_t answers, rows;
    bool end = false;

    if (read_flag(srd_json_get(json, "end"), "end", &end, err) ||
        read_count(srd_json_get(json, "answers"), "answers", &answers, err) ||
        read_count(srd_json_get(json, "rows"), "rows", &rows, err))
        return (int)err->code;
    if (!end || (size_t)answers != r->answers || (size_t)rows != r->rows)
        return srd_fail(
            err, SRD_E_DATA,
            "should be the end of %lld answers and %lld rows, but there are %zu and %zu",
            (long long)answers, (long long)rows, r->answers, r->rows);
    r->ended = true;
    return 0;
}

/* In place of the last line: why the other end of the wire could not go on. */
static int read_failure(struct reader *r, const struct srd_json *json, struct srd_error *err)
{
    static const enum srd_code codes[] = { SRD_E_CONNECT, SRD_E_DENIED, SRD_E_TIMEOUT,
                                           SRD_E_CANCELLED, SRD_E_LIMIT };
    const char *name = srd_json_text(srd_json_get(json, "error"));
    const char *words = srd_json_text(srd_json_get(json, "message"));
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;

    srd_buf_init(&clean, 4096);
    if (!name || !words)
        return srd_fail(err, SRD_E_DATA, "\"error\" or its \"message\" is no text");
    r->told = true;
    srd_utf8_clean(&clean, words, strnlen(words, 900));
    for (size_t i = 0; i < SRD_COUNT(codes); i++)
        if (!strcmp(name, srd_code_name(codes[i])))
            return srd_fail(err, codes[i], "%s", clean.data);
    return srd_fail(err, SRD_E_CONNECT, "%s", clean.data);
}

static int read_body_line(struct reader *r, struct srd_error *err)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;

    if (r->ended)
        return srd_fail(err, SRD_E_DATA, "something follows the last line");
    if (r->line.text[0] == '[') {
        if (!r->answers)
            return srd_fail(err, SRD_E_DATA, "a row before the first answer");
        return srd_fail(err, SRD_E_DATA, "probe %s: more than its %zu rows",
                        shown(r, r->latest.probe), r->latest.rows);
    }
    if (read_object(r, &json, err))
        return (int)err->code;
    /* short texts take more memory than their bytes */
    if (srd_arena_used(r->to->arena) > MAX_BYTES)
        return srd_fail(err, SRD_E_LIMIT, "more than %zu bytes of answers", MAX_BYTES);
    if (srd_json_get(json, "probe"))
        return read_answer(r, json, err);
    if (srd_json_get(json, "end"))
        return read_end(r, json, err);
    if (srd_json_get(json, "error"))
        return read_failure(r, json, err);
    return srd_fail(err, SRD_E_DATA, "neither an answer nor the end");
}

static int read_lines(struct reader *r, struct srd_error *err)
{
    if (read_header(r, err))
        return (int)err->code;
    for (;;) {
        if (next_line(r, err))
            return (int)err->code;
        if (!r->line.text)
            break;
        if (read_body_line(r, err))
            return (int)err->code;
    }
    return r->ended ? 0 : srd_fail(err, SRD_E_DATA, "%s", r->to->cut);
}

int srd_snapshot_visit(const struct srd_snapshot_reader *reader, struct srd_error *err)
{
    struct reader r = { .to = reader };

    if (!read_lines(&r, err))
        return 0;
    return r.line.number && !r.told && err->code != SRD_E_CANCELLED && err->code != SRD_E_SYSTEM
               ? srd_while(err, "line %zu", r.line.number)
               : (int)err->code;
}

struct srd_table *srd_recorded_table(const struct srd_recorded *answer, const struct srd_buf *cells,
                                     struct srd_arena *arena, struct srd_error *err)
{
    struct srd_table *table = srd_table_new(arena, answer->columns, answer->column_count);
    const char **row = srd_arena_array(arena, answer->column_count + 1, sizeof(*row));
    const char *cell = cells->data + answer->cells;

    table->complete = answer->complete;
    table->ceiling_bytes = MAX_ANSWER_BYTES;
    for (size_t i = 0; i < answer->rows; i++) {
        for (size_t k = 0; k < answer->column_count; k++) {
            row[k] = *cell == '1' ? cell + 1 : NULL;
            cell += row[k] ? strlen(cell) + 1 : 1;
        }
        if (srd_table_add(table, row, NULL, answer->column_count, err))
            return NULL;
    }
    return table;
}
