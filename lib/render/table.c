/* How do cells stand in columns on a terminal? (The only file that knows libsmartcols.) */

#include <langinfo.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"
#include "lib/render/common.h"
#include "lib/render/table.h"

#define GAP 2              /* blanks between columns */
#define LEAST 9            /* no column is cut below this */
#define LIBRARY_ROWS 10000 /* the library keeps a table in memory; longer ones are streamed */

/* The grid as it will be printed: cells clean and cut. */
struct layout {
    const struct srd_grid *grid;
    const char **titles, **cells;
    size_t *widths;
    bool ascii;
};

static const char *clean_cell(struct srd_arena *arena, const char *cell)
{
    return cell ? srd_render_clean(arena, cell) : "-";
}

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

static void measure(struct layout *l, struct srd_arena *arena)
{
    const struct srd_grid *grid = l->grid;

    l->titles = srd_arena_array(arena, grid->column_count + 1, sizeof(*l->titles));
    l->widths = srd_arena_array(arena, grid->column_count + 1, sizeof(*l->widths));
    l->cells = srd_arena_array(arena, grid->rows * grid->column_count + 1, sizeof(*l->cells));
    l->ascii = true;
    for (size_t c = 0; c < grid->column_count; c++) {
        l->titles[c] = srd_render_clean(arena, grid->columns[c].title);
        l->widths[c] = grid->titled ? srd_utf8_width(l->titles[c]) : 0;
    }
    for (size_t i = 0; i < grid->rows * grid->column_count; i++) {
        size_t width, c = i % grid->column_count;

        l->cells[i] = clean_cell(arena, grid->cells[i]);
        l->ascii = l->ascii && is_ascii(l->cells[i]);
        width = srd_utf8_width(l->cells[i]);
        if (width > l->widths[c])
            l->widths[c] = width;
    }
}

/* The widest column that may still lose width. */
static size_t widest(const struct layout *l)
{
    size_t found = l->grid->column_count;

    for (size_t c = 0; c < l->grid->column_count; c++) {
        size_t least = srd_utf8_width(l->titles[c]);

        if (!l->grid->columns[c].cut || l->widths[c] <= (least > LEAST ? least : LEAST))
            continue;
        if (found == l->grid->column_count || l->widths[c] > l->widths[found])
            found = c;
    }
    return found;
}

static const char *cut(struct srd_arena *arena, const char *text, size_t width)
{
    if (srd_utf8_width(text) <= width)
        return text;
    return srd_arena_printf(arena, "%.*s…", (int)srd_utf8_fit(text, width - 1), text);
}

static void fit(struct layout *l, struct srd_arena *arena)
{
    const struct srd_grid *grid = l->grid;
    size_t total = grid->indent + (grid->column_count - 1) * GAP, c;
    bool changed = false;

    for (c = 0; c < grid->column_count; c++) {
        /* no terminal is wider: keeps the steps below few */
        if (grid->columns[c].cut && l->widths[c] > grid->width) {
            l->widths[c] = grid->width > LEAST ? grid->width : LEAST;
            changed = true;
        }
        total += l->widths[c];
    }
    for (; total > grid->width && (c = widest(l)) < grid->column_count; total--, changed = true)
        l->widths[c]--;
    for (size_t i = 0; changed && i < grid->rows * grid->column_count; i++) {
        c = i % grid->column_count;
        l->cells[i] = cut(arena, l->cells[i], l->widths[c]);
        l->ascii = l->ascii && is_ascii(l->cells[i]);
    }
}

/* Appends @lines, each after @indent blanks and without the blanks at its end. */
static void put_lines(const char *lines, size_t indent, struct srd_buf *out)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n"), end = n;

        while (end && lines[end - 1] == ' ')
            end--;
        if (end)
            srd_buf_repeat(out, ' ', indent);
        srd_buf_add(out, lines, end);
        srd_buf_char(out, '\n');
        lines += n + (lines[n] == '\n');
    }
}

/* ---- by hand: for tables that the library should not hold, and for locales it would spoil ---- */

static void put_row(const struct layout *l, const char *const *cells, struct srd_buf *line)
{
    for (size_t c = 0; c < l->grid->column_count; c++) {
        size_t width = srd_utf8_width(cells[c]);
        size_t pad = l->widths[c] > width ? l->widths[c] - width : 0;

        if (c)
            srd_buf_repeat(line, ' ', GAP);
        if (l->grid->columns[c].right)
            srd_buf_repeat(line, ' ', pad);
        srd_buf_text(line, cells[c]);
        if (!l->grid->columns[c].right)
            srd_buf_repeat(line, ' ', pad);
    }
}

static void stream(const struct layout *l, struct srd_buf *out)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf line = { 0 };

    srd_buf_init(&line, SRD_SCRATCH_BYTES);
    if (l->grid->titled) {
        put_row(l, l->titles, &line);
        put_lines(line.data, l->grid->indent, out);
    }
    for (size_t row = 0; row < l->grid->rows && !out->full; row++) {
        srd_buf_clear(&line);
        put_row(l, l->cells + row * l->grid->column_count, &line);
        put_lines(line.data, l->grid->indent, out);
    }
}

/* ---- by the library ---- */

static void drop_table(struct libscols_table **table)
{
    scols_unref_table(*table); /* NULL is fine */
}

static struct libscols_table *new_table(const struct layout *l)
{
    SRD_CLEANUP(drop_table) struct libscols_table *table = scols_new_table();
    size_t width = 1; /* twice what we count, if it counts otherwise; it clears a buffer so long */

    if (!table)
        return NULL;
    for (size_t c = 0; c < l->grid->column_count; c++)
        width += 2 * (l->widths[c] + GAP);
    /* our widths and our cells as they are; nothing is asked of the terminal or the environment */
    if (scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS) ||
        scols_table_set_termwidth(table, width) || scols_table_enable_noencoding(table, 1) ||
        scols_table_enable_noheadings(table, !l->grid->titled) ||
        scols_table_set_column_separator(table, "  "))
        return NULL;
    for (size_t c = 0; c < l->grid->column_count; c++)
        /* not SCOLS_FL_STRICTWIDTH: 2.38 then forgets the blanks before right-aligned cells */
        if (!scols_table_new_column(table, l->titles[c], 0,
                                    l->grid->columns[c].right ? SCOLS_FL_RIGHT : 0))
            return NULL;
    for (size_t row = 0; row < l->grid->rows; row++) {
        struct libscols_line *line = scols_table_new_line(table, NULL);

        for (size_t c = 0; line && c < l->grid->column_count; c++)
            if (scols_line_set_data(line, c, l->cells[row * l->grid->column_count + c]))
                return NULL;
        if (!line)
            return NULL;
    }
    return SRD_TAKE(table);
}

static bool print_by_library(const struct layout *l, struct srd_buf *out)
{
    SRD_CLEANUP(drop_table) struct libscols_table *table = new_table(l);
    SRD_CLEANUP(srd_free_text) char *text = NULL;

    if (!table || scols_print_table_to_string(table, &text) || !text)
        return false;
    put_lines(text, l->grid->indent, out);
    return true;
}

void srd_grid_print(const struct srd_grid *grid, struct srd_arena *scratch, struct srd_buf *out)
{
    struct layout l = { .grid = grid };

    if (!grid->column_count || (!grid->rows && !grid->titled))
        return;
    measure(&l, scratch);
    if (grid->width)
        fit(&l, scratch);
    /* in another locale than a UTF-8 one the library does not get to the end of some cells */
    if (grid->rows && grid->rows <= LIBRARY_ROWS &&
        (l.ascii || !strcmp(nl_langinfo(CODESET), "UTF-8")) && print_by_library(&l, out))
        return;
    stream(&l, out);
}

void srd_render_table(const char *const *titles, const char *const *cells, size_t rows,
                      size_t columns, const bool *right, const struct srd_style *style,
                      struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_grid_column *list = srd_arena_array(arena, columns + 1, sizeof(*list));

    for (size_t c = 0; c < columns; c++)
        list[c] = (struct srd_grid_column){
            .title = titles ? titles[c] : NULL,
            .right = right && right[c],
            /* the first column holds the names that people copy */
            .cut = c > 0 && !(right && right[c]),
        };
    srd_grid_print(&(struct srd_grid){ .columns = list,
                                       .column_count = columns,
                                       .cells = cells,
                                       .rows = rows,
                                       .titled = titles != NULL,
                                       .width = style->wide ? 0 : style->width },
                   arena, out);
}
