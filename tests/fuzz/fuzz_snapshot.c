/* Does any file make the snapshot reader crash, leak, or hand out what it should have refused? */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"
#include "lib/model/identity.h"
#include "lib/source/snapshot.h"
#include "lib/source/snapshot_cells.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct srd_probe disks = { .id = "backend-disks" };

static void check_table(const struct srd_table *t)
{
    size_t bytes = 0;

    for (size_t i = 0; i < t->columns; i++)
        bytes += strlen(t->names[i]);
    for (size_t i = 0; i < t->rows * t->columns; i++)
        bytes += t->cells[i] ? strlen(t->cells[i]) : 0;
    if (bytes > (size_t)1 << 30)
        abort();
}

static void ask(struct srd_source *src, const struct srd_probe *probe, const char *key,
                const char *node)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_question q = { .probe = probe, .key = key, .node = node };
    struct srd_answer a = { .probe = probe };
    struct srd_error err = { 0 };

    if (src->ops->ask(src, &q, arena, &a, &err) || !a.node || !a.detail)
        abort();
    if ((a.status == SRD_ANSWERED) != (a.table != NULL))
        abort();
    if (a.table)
        check_table(a.table);
}

static void read_file(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_source_close) struct srd_source *src = NULL;
    struct srd_error err = { 0 };
    bool follower;

    if (srd_snapshot_open_memory(data, size, "demo", "fuzz", &src, &err)) {
        if (src || err.code == SRD_OK || strncmp(err.text, "read snapshot \"fuzz\": ", 22) != 0)
            abort();
        return;
    }
    for (const struct srd_probe *const *probe = srd_identity_probes; *probe; probe++)
        ask(src, *probe, "", "");
    ask(src, &disks, "10004", "");
    ask(src, &disks, "10005", "fe1:9030");
    ask(src, &disks, "", "fe1:9030");
    src->ops->use(src, NULL, &follower, &err);
}

static int take_cell(void *context, const char *text, size_t n, struct srd_error *err)
{
    size_t *cells = context;

    (void)err;
    if (text && (strlen(text) != n))
        abort();
    ++*cells;
    return 0;
}

/* A row that is read counts the cells that it hands out. */
static void read_row(const char *text, size_t size)
{
    SRD_CLEANUP(srd_free_text) char *line = malloc(size + 1);
    struct srd_error err = { 0 };
    size_t count = 0, cells = 0;

    memcpy(line, text, size);
    line[size] = '\0';
    if (!srd_row_read(line, size, SIZE_MAX, &count, take_cell, &cells, &err) && count != cells)
        abort();
}

/* What was hidden once needs no hiding, and nothing is written that was not there. */
static void hide(const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf once;
    SRD_CLEANUP(srd_buf_free) struct srd_buf twice;

    srd_buf_init(&once, (size_t)1 << 24);
    srd_buf_init(&twice, (size_t)1 << 24);
    if (srd_secret_hide(&once, text) && srd_secret_hide(&twice, once.data) &&
        strcmp(once.data, twice.data) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *text = srd_arena_copy_n(arena, (const char *)data, size);

    read_file(data, size);
    read_row(text, size);
    hide(text);
    return 0;
}
