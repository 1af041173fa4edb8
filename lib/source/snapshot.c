/* What did a cluster say when a file was collected? Reads the file whole, then answers from it. */

#include "lib/source/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/source/snapshot_cells.h"
#include "lib/source/snapshot_lines.h"

#define FORMAT "snapshot/"
#define FORMAT_VERSION 1
#define OPENING "{\"srdiag\""

#define MAX_ANSWERS ((size_t)100000)
#define MAX_LINE ((size_t)1 << 20)
#define MAX_NUMBER 9007199254740992.0 /* 2^53: a double has them all up to here */
/* Masks may be longer than what they hide, so an answer may be larger than a table that was kept.
 */
#define MAX_ANSWER_BYTES (2 * SRD_TABLE_MAX_BYTES)
#define MAX_BYTES ((size_t)1 << 30) /* in memory, of all answers */

static const char cut_words[] = "ends in the middle: the last line is missing; collect it again";

/* One answer of the file. Its cells are in srd_snapshot.cells until somebody asks. */
struct recorded {
    const char *probe, *node, *key, *detail;
    enum srd_status status;
    bool follower, complete;
    int64_t started_at_ms, ms;
    const char **columns;
    size_t column_count, rows;
    size_t cells; /* where they begin */
    size_t line;
};

struct snapshot {
    struct srd_source base;
    struct srd_arena *arena;
    struct recorded *answers;
    size_t count, room;
    const struct recorded **sorted; /* by probe, key, node */
    /* each cell: '0' for NULL, or '1', the text and a NUL */
    struct srd_buf cells;
};

/* While a file is read. */
struct reader {
    struct snapshot *snapshot;
    struct srd_lines *lines;
    struct srd_line line;
    size_t rows;  /* of all answers */
    size_t bytes; /* that all answers would take as tables */
    bool ended;   /* the last line was seen */
};

/* ---- parts of a line ---- */

/* Text from the file, fit to stand in an error. */
static const char *shown(struct reader *r, const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;

    srd_buf_init(&clean, 1024);
    srd_utf8_clean(&clean, text, strnlen(text, 60));
    return srd_arena_copy(r->snapshot->arena, clean.data);
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
    *out = copy = srd_arena_copy(r->snapshot->arena, text);
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
        return srd_fail(err, SRD_E_DATA, cut_words);
    if (*out)
        return srd_fail(err, SRD_E_DATA, "no object");
    if (srd_text_prefix(err->text, place))
        memmove(err->text, err->text + strlen(place), strlen(err->text + strlen(place)) + 1);
    return (int)err->code;
}

static int next_line(struct reader *r, struct srd_error *err)
{
    if (srd_lines_next(r->lines, &r->line, err))
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

static int read_header(struct reader *r, struct srd_error *err)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_source *base = &r->snapshot->base;
    const char *connected = "", *cluster = "";

    if (next_line(r, err)) /* a long first line is a file of another kind, not a long header */
        return err->code == SRD_E_LIMIT ? refuse_file(r, err) : (int)err->code;
    if (!r->line.text) {
        r->line.number = 0;
        return srd_fail(err, SRD_E_DATA, "the file is empty");
    }
    if (read_object(r, &json, err))
        return srd_text_prefix(r->line.text, OPENING) ? (int)err->code : refuse_file(r, err);
    if (check_format(r, srd_json_text(srd_json_get(json, "srdiag")), err) ||
        read_text(r, srd_json_get(json, "connected"), "connected", &connected, err) ||
        read_text(r, srd_json_get(json, "cluster"), "cluster", &cluster, err) ||
        read_time(srd_json_get(json, "taken_at"), "taken_at", &base->info.taken_at_ms, err))
        return (int)err->code;
    base->connected = connected;
    base->cluster_name = *cluster ? cluster : NULL;
    return 0;
}

static struct recorded *add_answer(struct snapshot *s)
{
    if (s->count == s->room) {
        struct recorded *old = s->answers;

        s->room = s->room ? 2 * s->room : 64;
        s->answers = srd_arena_array(s->arena, s->room, sizeof(*old));
        if (old)
            memcpy(s->answers, old, s->count * sizeof(*old));
    }
    return &s->answers[s->count++];
}

static int read_columns(struct reader *r, const struct srd_json *json, struct recorded *a,
                        struct srd_error *err)
{
    size_t i = 0;

    if (srd_json_kind(json) != SRD_JSON_ARRAY)
        return srd_fail(err, SRD_E_DATA, "\"columns\" is missing");
    a->column_count = srd_json_size(json);
    a->columns = srd_arena_array(r->snapshot->arena, a->column_count + 1, sizeof(*a->columns));
    for (json = srd_json_first(json); json; json = srd_json_next(json))
        if (read_text(r, json, "columns", &a->columns[i++], err))
            return (int)err->code;
    return a->rows && !i ? srd_fail(err, SRD_E_DATA, "has rows, but no columns") : 0;
}

static int read_answer_line(struct reader *r, const struct srd_json *json, struct recorded *a,
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
    struct srd_buf *cells = &r->snapshot->cells;

    srd_buf_char(cells, text ? '1' : '0');
    if (text)
        srd_buf_add(cells, text, n + 1);
    r->bytes += sizeof(char *) + (text ? n + 1 : 0);
    if (cells->full || r->bytes > MAX_BYTES)
        return srd_fail(err, SRD_E_LIMIT, "more than %zu bytes of cells", MAX_BYTES);
    return 0;
}

static int read_row(struct reader *r, const struct recorded *a, size_t found, struct srd_error *err)
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
static int read_rows(struct reader *r, const struct recorded *a, struct srd_error *err)
{
    size_t before = r->bytes;

    for (size_t found = 0; found < a->rows; found++) {
        if (next_line(r, err))
            return (int)err->code;
        if (!r->line.text)
            return srd_fail(err, SRD_E_DATA, cut_words);
        if (read_row(r, a, found, err)) {
            if (err->code == SRD_E_DATA && r->line.cut)
                return srd_fail(err, SRD_E_DATA, cut_words);
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
    struct recorded *a;
    const char *probe = "";

    if (r->snapshot->count == MAX_ANSWERS)
        return srd_fail(err, SRD_E_LIMIT, "more than %zu answers", MAX_ANSWERS);
    if (read_text(r, srd_json_get(json, "probe"), "probe", &probe, err))
        return (int)err->code;
    a = add_answer(r->snapshot);
    *a = (struct recorded){ .probe = probe,
                            .node = "",
                            .key = "",
                            .detail = "",
                            .complete = true,
                            .cells = r->snapshot->cells.size,
                            .line = r->line.number };
    if (read_answer_line(r, json, a, err))
        return srd_while(err, "probe %s", shown(r, probe));
    return read_rows(r, a, err);
}

static int read_end(struct reader *r, const struct srd_json *json, struct srd_error *err)
{
    int64_t answers, rows;
    bool end = false;

    if (read_flag(srd_json_get(json, "end"), "end", &end, err) ||
        read_count(srd_json_get(json, "answers"), "answers", &answers, err) ||
        read_count(srd_json_get(json, "rows"), "rows", &rows, err))
        return (int)err->code;
    if (!end || (size_t)answers != r->snapshot->count || (size_t)rows != r->rows)
        return srd_fail(
            err, SRD_E_DATA,
            "should be the end of %lld answers and %lld rows, but there are %zu and %zu",
            (long long)answers, (long long)rows, r->snapshot->count, r->rows);
    r->ended = true;
    return 0;
}

static int read_body_line(struct reader *r, struct srd_error *err)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;

    if (r->ended)
        return srd_fail(err, SRD_E_DATA, "something follows the last line");
    if (r->line.text[0] == '[') {
        const struct recorded *last = NULL;

        if (!r->snapshot->count)
            return srd_fail(err, SRD_E_DATA, "a row before the first answer");
        last = &r->snapshot->answers[r->snapshot->count - 1];
        return srd_fail(err, SRD_E_DATA, "probe %s: more than its %zu rows", shown(r, last->probe),
                        last->rows);
    }
    if (read_object(r, &json, err))
        return (int)err->code;
    /* short texts take more memory than their bytes */
    if (srd_arena_used(r->snapshot->arena) > MAX_BYTES)
        return srd_fail(err, SRD_E_LIMIT, "more than %zu bytes of answers", MAX_BYTES);
    if (srd_json_get(json, "probe"))
        return read_answer(r, json, err);
    if (srd_json_get(json, "end"))
        return read_end(r, json, err);
    return srd_fail(err, SRD_E_DATA, "neither an answer nor the end");
}

/* ---- the source ---- */

static int compare(const struct recorded *a, const char *probe, const char *key)
{
    int order = strcmp(a->probe, probe);

    return order ? order : strcmp(a->key, key);
}

static int by_question(const void *a, const void *b)
{
    const struct recorded *x = *(const struct recorded *const *)a;
    const struct recorded *y = *(const struct recorded *const *)b;
    int order = compare(x, y->probe, y->key);

    if (!order)
        order = strcmp(x->node, y->node);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static int sort(struct reader *r, struct srd_error *err)
{
    struct snapshot *s = r->snapshot;

    s->sorted = srd_arena_array(s->arena, s->count + 1, sizeof(struct recorded *));
    for (size_t i = 0; i < s->count; i++)
        s->sorted[i] = &s->answers[i];
    if (s->count)
        qsort(s->sorted, s->count, sizeof(struct recorded *), by_question);
    for (size_t i = 1; i < s->count; i++) {
        const struct recorded *a = s->sorted[i - 1], *b = s->sorted[i];

        if (!compare(a, b->probe, b->key) && !strcmp(a->node, b->node)) {
            r->line.number = b->line;
            return srd_fail(err, SRD_E_DATA, "probe %s: has an answer in line %zu already",
                            shown(r, b->probe), a->line);
        }
    }
    return 0;
}

/* The recorded answer; of any node, the first, when the question is to any. NULL: there is none. */
static const struct recorded *find(const struct snapshot *s, const char *probe, const char *key,
                                   const char *node)
{
    const struct recorded *found = NULL;
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(s->sorted[middle], probe, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < s->count && !compare(s->sorted[low], probe, key); low++) {
        const struct recorded *a = s->sorted[low];

        if (*node ? !strcmp(a->node, node) : !found || a->line < found->line)
            found = a;
    }
    return found;
}

/* The table anew, in the asker's memory: the engine sets its zone and outlives this source. */
static const struct srd_table *build(const struct snapshot *s, const struct recorded *a,
                                     struct srd_arena *arena, struct srd_error *err)
{
    struct srd_table *table = srd_table_new(arena, a->columns, a->column_count);
    const char **row = srd_arena_array(arena, a->column_count + 1, sizeof(*row));
    const char *cell = s->cells.data + a->cells;

    table->complete = a->complete;
    table->ceiling_bytes = MAX_ANSWER_BYTES;
    for (size_t i = 0; i < a->rows; i++) {
        for (size_t k = 0; k < a->column_count; k++) {
            row[k] = *cell == '1' ? cell + 1 : NULL;
            cell += row[k] ? strlen(cell) + 1 : 1;
        }
        if (srd_table_add(table, row, NULL, a->column_count, err))
            return NULL;
    }
    return table;
}

static int ask(struct srd_source *src, const struct srd_question *q, struct srd_arena *arena,
               struct srd_answer *out, struct srd_error *err)
{
    const struct snapshot *s = (const struct snapshot *)src;
    const char *node = q->node ? q->node : "", *key = q->key ? q->key : "";
    const struct recorded *a = find(s, q->probe->id, key, node);

    if (!a) {
        out->node = srd_arena_copy(arena, node);
        out->status = SRD_SKIPPED;
        out->detail = "not in the snapshot";
        out->table = NULL;
        return 0;
    }
    out->node = srd_arena_copy(arena, a->node);
    out->status = a->status;
    out->detail = srd_arena_copy(arena, a->detail);
    out->started_at_ms = a->started_at_ms;
    out->ms = a->ms;
    out->follower = a->follower;
    out->table = NULL;
    if (a->status == SRD_ANSWERED && !(out->table = build(s, a, arena, err))) {
        out->status = SRD_FAILED;
        out->detail = srd_arena_copy(arena, err->text);
    }
    return 0;
}

/* Whoever leads: what is recorded is what there is. */
static int use(struct srd_source *src, const struct srd_cluster *cluster, bool *follower,
               struct srd_error *err)
{
    const struct snapshot *s = (const struct snapshot *)src;

    (void)cluster;
    (void)err;
    *follower = false;
    for (size_t i = 0; i < s->count; i++)
        *follower = *follower || s->answers[i].follower;
    return 0;
}

static void cancel(struct srd_source *src)
{
    (void)src; /* nothing here takes long */
}

static void close_snapshot(struct srd_source *src)
{
    struct snapshot *s = (struct snapshot *)src;
    struct srd_arena *arena = s->arena;

    srd_buf_free(&s->cells);
    srd_arena_free(&arena); /* @s is in it */
}

static const struct srd_source_ops ops = {
    .ask = ask, .use = use, .cancel = cancel, .close = close_snapshot
};

static struct snapshot *new_snapshot(const char *kind, const char *where)
{
    struct srd_arena *arena = srd_arena_new();
    struct snapshot *s = srd_arena_alloc(arena, sizeof(*s));

    s->arena = arena;
    s->base.ops = &ops;
    s->base.parallel = 1;
    s->base.connected = "";
    s->base.recorded = true;
    s->base.info.kind = srd_arena_copy(arena, kind);
    s->base.info.where = srd_arena_copy(arena, where);
    s->base.info.user = "";
    srd_buf_init(&s->cells, MAX_BYTES);
    return s;
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
    return r->ended ? sort(r, err) : srd_fail(err, SRD_E_DATA, cut_words);
}

int srd_snapshot_read(struct srd_lines *lines, const char *kind, const char *where,
                      struct srd_source **out, struct srd_error *err)
{
    struct snapshot *s = new_snapshot(kind, where);
    struct reader r = { .snapshot = s, .lines = lines };

    if (read_lines(&r, err)) {
        close_snapshot(&s->base);
        return r.line.number && err->code != SRD_E_CANCELLED && err->code != SRD_E_SYSTEM
                   ? srd_while(err, "line %zu", r.line.number)
                   : (int)err->code;
    }
    *out = &s->base;
    return 0;
}

int srd_snapshot_open(const char *path, struct srd_source **out, struct srd_error *err)
{
    SRD_CLEANUP(srd_lines_close) struct srd_lines *lines = NULL;

    if (srd_lines_open(path, &lines, err) || srd_snapshot_read(lines, "snapshot", path, out, err))
        return strcmp(path, "-") ? srd_while(err, "read snapshot \"%s\"", path)
                                 : srd_while(err, "read snapshot from standard input");
    return 0;
}

int srd_snapshot_open_memory(const void *bytes, size_t n, const char *kind, const char *where,
                             struct srd_source **out, struct srd_error *err)
{
    SRD_CLEANUP(srd_lines_close) struct srd_lines *lines = srd_lines_of_memory(bytes, n);

    if (srd_snapshot_read(lines, kind, where, out, err))
        return srd_while(err, "read snapshot \"%s\"", where);
    return 0;
}
