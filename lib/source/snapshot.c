/* What did a cluster say when a file was collected? Reads the file whole, then answers from it. */

#include "lib/source/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"
#include "lib/source/snapshot_read.h"

static const char cut_words[] = "ends in the middle: the last line is missing; collect it again";

struct snapshot {
    struct srd_source base;
    struct srd_arena *arena;
    struct srd_recorded *answers;
    size_t count, room;
    const struct srd_recorded **sorted; /* by probe, key, node */
    struct srd_buf cells;
};

/* ---- filling it ---- */

static int begun(void *context, const struct srd_snapshot_head *head, struct srd_error *err)
{
    struct snapshot *s = context;

    (void)err;
    s->base.info.taken_at_ms = head->taken_at_ms;
    s->base.connected = head->connected;
    s->base.cluster_name = *head->cluster ? head->cluster : NULL;
    return 0;
}

static int answered(void *context, const struct srd_recorded *answer, struct srd_error *err)
{
    struct snapshot *s = context;

    (void)err;
    if (s->count == s->room) {
        struct srd_recorded *old = s->answers;

        s->room = s->room ? 2 * s->room : 64;
        s->answers = srd_arena_array(s->arena, s->room, sizeof(*old));
        if (old)
            memcpy(s->answers, old, s->count * sizeof(*old));
    }
    s->answers[s->count++] = *answer;
    return 0;
}

static int compare(const struct srd_recorded *a, const char *probe, const char *key)
{
    int order = strcmp(a->probe, probe);

    return order ? order : strcmp(a->key, key);
}

static int by_question(const void *a, const void *b)
{
    const struct srd_recorded *x = *(const struct srd_recorded *const *)a;
    const struct srd_recorded *y = *(const struct srd_recorded *const *)b;
    int order = compare(x, y->probe, y->key);

    if (!order)
        order = strcmp(x->node, y->node);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* Text from the file, fit to stand in an error. */
static const char *shown(struct snapshot *s, const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;

    srd_buf_init(&clean, 1024);
    srd_utf8_clean(&clean, text, strnlen(text, 60));
    return srd_arena_copy(s->arena, clean.data);
}

static int sort(struct snapshot *s, struct srd_error *err)
{
    s->sorted = srd_arena_array(s->arena, s->count + 1, sizeof(struct srd_recorded *));
    for (size_t i = 0; i < s->count; i++)
        s->sorted[i] = &s->answers[i];
    if (s->count)
        qsort(s->sorted, s->count, sizeof(struct srd_recorded *), by_question);
    for (size_t i = 1; i < s->count; i++) {
        const struct srd_recorded *a = s->sorted[i - 1], *b = s->sorted[i];

        if (!compare(a, b->probe, b->key) && !strcmp(a->node, b->node))
            return srd_fail(err, SRD_E_DATA,
                            "line %zu: probe %s: has an answer in line %zu already", b->line,
                            shown(s, b->probe), a->line);
    }
    return 0;
}

/* The recorded answer; of any node, the first, when the question is to any. NULL: there is none. */
static const struct srd_recorded *find(const struct snapshot *s, const char *probe, const char *key,
                                       const char *node)
{
    const struct srd_recorded *found = NULL;
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(s->sorted[middle], probe, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < s->count && !compare(s->sorted[low], probe, key); low++) {
        const struct srd_recorded *a = s->sorted[low];

        if (*node ? !strcmp(a->node, node) : !found || a->line < found->line)
            found = a;
    }
    return found;
}

/* ---- the source ---- */

static int ask(struct srd_source *src, const struct srd_question *q, struct srd_arena *arena,
               struct srd_answer *out, struct srd_error *err)
{
    const struct snapshot *s = (const struct snapshot *)src;
    const char *node = q->node ? q->node : "", *key = q->key ? q->key : "";
    const struct srd_recorded *a = find(s, q->probe->id, key, node);

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
    if (a->status == SRD_ANSWERED && !(out->table = srd_recorded_table(a, &s->cells, arena, err))) {
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
    srd_buf_init(&s->cells, SRD_SNAPSHOT_MAX_BYTES);
    return s;
}

int srd_snapshot_read(struct srd_lines *lines, const char *kind, const char *where,
                      struct srd_source **out, struct srd_error *err)
{
    struct snapshot *s = new_snapshot(kind, where);
    struct srd_snapshot_reader reader = { .lines = lines,
                                          .arena = s->arena,
                                          .cells = &s->cells,
                                          .begun = begun,
                                          .answered = answered,
                                          .context = s,
                                          .empty = "the file is empty",
                                          .cut = cut_words };

    if (srd_snapshot_visit(&reader, err) || sort(s, err)) {
        close_snapshot(&s->base);
        return (int)err->code;
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
