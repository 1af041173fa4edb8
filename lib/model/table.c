/* What did a statement answer? Rows of text under named columns. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/model/table.h"

struct srd_table *srd_table_new(struct srd_arena *arena, const char *const *names, size_t columns)
{
    struct srd_table *table = srd_arena_alloc(arena, sizeof(*table));
    const char **copy = srd_arena_array(arena, columns ? columns : 1, sizeof(*copy));

    for (size_t i = 0; i < columns; i++)
        copy[i] = srd_arena_copy(arena, names[i] ? names[i] : "");
    table->names = copy;
    table->columns = columns;
    table->complete = true;
    table->arena = arena;
    table->ceiling_bytes = SRD_TABLE_MAX_BYTES;
    table->ceiling_rows = SRD_TABLE_MAX_ROWS;
    return table;
}

static void make_room(struct srd_table *table)
{
    size_t room = table->room ? table->room * 2 : 16, width = table->columns;
    const char **cells;

    if (table->rows < table->room || !width)
        return;
    cells = srd_arena_array(table->arena, room, width * sizeof(*cells));
    if (table->rows)
        memcpy(cells, table->cells, table->rows * width * sizeof(*cells));
    table->cells = cells;
    table->room = room;
}

/* @text at @to with a NUL behind it, up to its own or *@most bytes; returns where the next one
 * goes. */
static char *put_text(char *to, const char *text, const size_t *most)
{
    size_t n = most ? strnlen(text, *most) : strlen(text);

    memcpy(to, text, n); /* memory of arenas is zeroed, so the NUL is there */
    return to + n + 1;
}

int srd_table_add(struct srd_table *table, const char *const *cells, const size_t *lengths,
                  size_t n, struct srd_error *err)
{
    size_t bytes = table->columns * sizeof(char *); /* the row itself counts: columns may be many */
    const char **row;
    char *texts;

    if (n > table->columns)
        return srd_fail(err, SRD_E_DATA, "row %zu: expected %zu cells, found %zu", table->rows + 1,
                        table->columns, n);
    if (table->rows >= table->ceiling_rows)
        return srd_fail(err, SRD_E_LIMIT, "more than %zu rows", table->ceiling_rows);
    for (size_t i = 0; i < n; i++)
        if (cells[i])
            bytes += (lengths ? strnlen(cells[i], lengths[i]) : strlen(cells[i])) + 1;
    if (bytes > table->ceiling_bytes || table->bytes > table->ceiling_bytes - bytes)
        return srd_fail(err, SRD_E_LIMIT, "more than %zu bytes", table->ceiling_bytes);

    make_room(table);
    row = (const char **)table->cells + table->rows * table->columns;
    /* one piece of memory for the texts of a row: they come and go together */
    texts = srd_arena_alloc(table->arena, bytes - table->columns * sizeof(char *));
    for (size_t i = 0; i < table->columns; i++) {
        row[i] = i < n && cells[i] ? texts : NULL;
        if (row[i])
            texts = put_text(texts, cells[i], lengths ? &lengths[i] : NULL);
    }
    table->bytes += bytes;
    table->rows++;
    return 0;
}

/* Cuts @line in place at '|'; returns how many cells, at most @max of them stored. */
static size_t split(char *line, const char **cells, size_t max)
{
    size_t n = 0;

    for (char *bar = line; bar; line = bar) {
        bar = strchr(line, '|');
        if (bar)
            *bar++ = '\0';
        if (n < max)
            cells[n] = strcmp(line, "\\N") ? line : NULL;
        n++;
    }
    return n;
}

struct srd_table *srd_table_of(struct srd_arena *arena, const char *text)
{
    const char *cells[256];
    struct srd_table *table = NULL;
    struct srd_error err = { 0 };

    for (char *line = srd_arena_copy(arena, text), *end; line && *line; line = end) {
        size_t n;

        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        n = split(line, cells, SRD_COUNT(cells));
        if (n > SRD_COUNT(cells) || (table && n != table->columns)) {
            srd_log(SRD_LOG_ERROR, "table text: a line of %zu cells in \"%s\"", n, text);
            abort();
        }
        if (!table)
            table = srd_table_new(arena, cells, n);
        else if (srd_table_add(table, cells, NULL, n, &err)) {
            srd_log(SRD_LOG_ERROR, "table text: %s", err.text);
            abort();
        }
    }
    if (!table) {
        srd_log(SRD_LOG_ERROR, "table text: there is no header");
        abort();
    }
    return table;
}

size_t srd_column(const struct srd_table *table, const char *name)
{
    for (size_t i = 0; i < table->columns; i++) {
        const char *own = table->names[i];

        /* most names differ in their first letter: this runs once per cell of large tables */
        if (((*own ^ *name) & ~0x20) == 0 && strcasecmp(own, name) == 0)
            return i;
    }
    return SRD_NO_COLUMN;
}

const char *srd_table_lacks(const struct srd_table *table, const char *names,
                            struct srd_arena *arena)
{
    for (const char *p = names; p && *p;) {
        size_t n = strcspn(p, " ");
        char *name;

        if (n) {
            name = srd_arena_copy_n(arena, p, n);
            if (srd_column(table, name) == SRD_NO_COLUMN)
                return name;
        }
        p += n;
        p += strspn(p, " ");
    }
    return NULL;
}

const char *srd_cell(const struct srd_table *table, size_t row, const char *column)
{
    size_t i = row < table->rows ? srd_column(table, column) : SRD_NO_COLUMN;

    return i == SRD_NO_COLUMN ? NULL : table->cells[row * table->columns + i];
}

const char *srd_cell_text(const struct srd_table *table, size_t row, const char *column)
{
    const char *text = srd_cell(table, row, column);

    return text ? text : "";
}

bool srd_cell_is(const struct srd_table *table, size_t row, const char *column, const char *text)
{
    const char *cell = srd_cell(table, row, column);

    return cell && strcmp(cell, text) == 0;
}
