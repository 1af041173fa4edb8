/* Which cells must not leave the house as they are, and what leaves in their place? */

#include "lib/source/snapshot_mask.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/arena.h"
#include "lib/base/secret.h"
#include "lib/base/text.h"
#include "lib/source/guard.h"
#include "lib/source/snapshot_cells.h"

#define MAX_CELL ((size_t)64 << 20)
#define MASK "***"

struct srd_mask {
    const struct srd_table *table;
    char *kinds;           /* one per column */
    bool hide_literals;    /* in private columns; else nothing of them leaves */
    struct srd_buf hidden; /* the cell that is being made */
};

/* What a column holds, seen from outside the house. */
enum column_kind {
    OPEN = 'o',
    PRIVATE = 'p', /* SQL texts of users */
    NAME = 'n',    /* of a configuration item, beside ... */
    VALUE = 'v',   /* ... its value */
    SECRET = 's',  /* by the column's own name */
};

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && !strcasecmp(text + n - m, end);
}

static char kind_of(const char *private_columns, const char *column,
                    const struct srd_snapshot_options *options)
{
    if (!options->share_sql && srd_text_among(private_columns, column))
        return PRIVATE;
    if (!options->share_sql && options->hide_literals && srd_guard_private_column(column))
        return PRIVATE;
    if (srd_secret_name(column))
        return SECRET;
    if (ends_in(column, "value") || !strcasecmp(column, "default"))
        return VALUE;
    return ends_in(column, "key") || ends_in(column, "name") ? NAME : OPEN;
}

/* Is there a value in this row that could be somebody's secret, if it had such a name? */
static bool has_value(const struct srd_table *t, size_t row, const char *kinds)
{
    bool found = false;

    for (size_t i = 0; i < t->columns && !found; i++)
        found = kinds[i] == VALUE && srd_secret_possible(t->cells[row * t->columns + i]);
    return found;
}

/* The item of this row whose value must stay in the house; NULL: none. */
static const char *secret_of(const struct srd_table *t, size_t row, const char *kinds)
{
    if (!has_value(t, row, kinds)) /* names are many, and take longer to look at */
        return NULL;
    for (size_t i = 0; i < t->columns; i++) {
        const char *cell = t->cells[row * t->columns + i];

        if (kinds[i] == NAME && cell && srd_secret_name(cell))
            return cell;
    }
    return NULL;
}

struct srd_mask *srd_mask_new(const struct srd_table *table, const char *private_columns,
                              const struct srd_snapshot_options *options)
{
    struct srd_mask *mask = calloc(1, sizeof(*mask));

    if (!mask || !(mask->kinds = calloc(table->columns + 1, 1)))
        srd_no_memory();
    mask->table = table;
    mask->hide_literals = options->hide_literals;
    for (size_t i = 0; i < table->columns; i++)
        mask->kinds[i] = kind_of(private_columns, table->names[i], options);
    srd_buf_init(&mask->hidden, MAX_CELL);
    return mask;
}

void srd_mask_free(struct srd_mask **mask)
{
    if (!*mask)
        return;
    srd_buf_free(&(*mask)->hidden);
    free((*mask)->kinds);
    free(*mask);
    *mask = NULL;
}

/* A text of the cluster: what looks like a secret in the middle of it does not leave. */
static void put_text(struct srd_mask *mask, const char *text, struct srd_buf *out)
{
    if (text && srd_cell_write_plain(out, text))
        return;
    if (text && srd_secret_hide(&mask->hidden, text))
        text = mask->hidden.data;
    srd_cell_write(out, text);
}

/* A user's SQL text. */
static void put_private(struct srd_mask *mask, const char *name, const char *text,
                        struct srd_buf *out)
{
    struct srd_arena *arena;

    if (!text || !mask->hide_literals) {
        srd_cell_write(out, NULL);
        return;
    }
    arena = srd_arena_new();
    put_text(mask, srd_guard_hide_cell(name, text, arena), out);
    srd_arena_free(&arena);
}

void srd_mask_row(struct srd_mask *mask, size_t row, struct srd_buf *out)
{
    const struct srd_table *t = mask->table;
    const char *kinds = mask->kinds, *secret = secret_of(t, row, kinds);

    srd_buf_char(out, '[');
    for (size_t i = 0; i < t->columns; i++) {
        const char *cell = t->cells[row * t->columns + i];

        if (i)
            srd_buf_char(out, ',');
        if (kinds[i] == PRIVATE)
            put_private(mask, t->names[i], cell, out);
        else if ((kinds[i] == SECRET && srd_secret_value(t->names[i], cell)) ||
                 (kinds[i] == VALUE && secret && srd_secret_value(secret, cell)))
            srd_cell_write(out, MASK);
        else
            put_text(mask, cell, out);
    }
    srd_buf_char(out, ']');
}
