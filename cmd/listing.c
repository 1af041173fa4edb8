/* How is a table about srdiag itself printed? */

#include "cmd/listing.h"

#include <ctype.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

void srd_listing_init(struct srd_listing *listing, struct srd_arena *arena, const char *kind,
                      const struct srd_list_column *columns)
{
    *listing = (struct srd_listing){ .arena = arena, .kind = kind, .columns = columns };
    while (columns[listing->column_count].key)
        listing->column_count++;
}

void srd_listing_add(struct srd_listing *listing, const char *const *cells)
{
    size_t n = listing->column_count;

    if (listing->rows == listing->room) {
        size_t room = listing->room ? 2 * listing->room : 32;
        const char **all = srd_arena_array(listing->arena, room * n, sizeof(*all));

        if (listing->rows)
            memcpy(all, listing->cells, listing->rows * n * sizeof(*all));
        listing->cells = all;
        listing->room = room;
    }
    memcpy(listing->cells + listing->rows++ * n, cells, n * sizeof(*cells));
}

static const char *heading(struct srd_arena *arena, const struct srd_list_column *column)
{
    char *text = srd_arena_copy(arena, column->title ? column->title : column->key);

    for (char *p = text; *p; p++)
        *p = *p == '_' ? ' ' : (char)toupper((unsigned char)*p);
    return text;
}

/* Indexes of the columns to show. */
static size_t shown_columns(const struct srd_listing *l, bool wide, size_t *out)
{
    size_t n = 0;

    for (size_t c = 0; c < l->column_count; c++)
        if (wide || !l->columns[c].wide)
            out[n++] = c;
    return n;
}

static void print_table(struct srd_call *call, const struct srd_listing *l, bool wide)
{
    size_t *at = srd_arena_array(l->arena, l->column_count + 1, sizeof(*at));
    size_t n = shown_columns(l, wide, at);
    const char **titles = srd_arena_array(l->arena, n + 1, sizeof(*titles));
    const char **cells = srd_arena_array(l->arena, n * l->rows + 1, sizeof(*cells));
    bool *right = srd_arena_array(l->arena, n + 1, sizeof(*right));

    for (size_t c = 0; c < n; c++) {
        titles[c] = heading(l->arena, &l->columns[at[c]]);
        right[c] = l->columns[at[c]].number;
        for (size_t row = 0; row < l->rows; row++)
            cells[row * n + c] = l->cells[row * l->column_count + at[c]];
    }
    srd_render_table(titles, cells, l->rows, n, right, &call->style, &call->out);
}

static void print_markdown(struct srd_call *call, const struct srd_listing *l)
{
    for (size_t c = 0; c < l->column_count; c++)
        srd_buf_printf(&call->out, "| %s ", heading(l->arena, &l->columns[c]));
    srd_buf_text(&call->out, "|\n");
    for (size_t c = 0; c < l->column_count; c++)
        srd_buf_text(&call->out, l->columns[c].number ? "| ---: " : "| --- ");
    srd_buf_text(&call->out, "|\n");
    for (size_t i = 0; i < l->rows * l->column_count; i++) {
        const char *cell = l->cells[i] ? l->cells[i] : "-";

        srd_buf_text(&call->out, "| ");
        for (size_t n; *cell; cell += n) {
            n = strcspn(cell, "|");
            srd_utf8_clean(&call->out, cell, n);
            if (cell[n]) {
                srd_buf_text(&call->out, "\\|");
                n++;
            }
        }
        srd_buf_text(&call->out, (i + 1) % l->column_count ? " " : " |\n");
    }
}

static void csv_cell(struct srd_buf *out, const char *cell)
{
    if (!cell)
        return;
    if (!strpbrk(cell, ",\"\r\n")) {
        srd_buf_text(out, cell);
        return;
    }
    srd_buf_char(out, '"');
    for (; *cell; cell++) {
        if (*cell == '"')
            srd_buf_char(out, '"');
        srd_buf_char(out, *cell);
    }
    srd_buf_char(out, '"');
}

static void print_csv(struct srd_call *call, const struct srd_listing *l)
{
    for (size_t c = 0; c < l->column_count; c++)
        srd_buf_printf(&call->out, "%s%s", c ? "," : "", l->columns[c].key);
    srd_buf_text(&call->out, "\n");
    for (size_t i = 0; i < l->rows * l->column_count; i++) {
        csv_cell(&call->out, l->cells[i]);
        srd_buf_char(&call->out, (i + 1) % l->column_count ? ',' : '\n');
    }
}

static struct srd_json *json_row(const struct srd_listing *l, size_t row)
{
    struct srd_json *object = srd_json_object();

    for (size_t c = 0; c < l->column_count; c++) {
        const char *cell = l->cells[row * l->column_count + c];

        srd_json_put(object, l->columns[c].key,
                     cell && l->columns[c].number ? srd_json_new_number_text(cell)
                     : cell && l->columns[c].flag ? srd_json_new_bool(!strcmp(cell, "yes"))
                                                  : srd_json_new_text(cell));
    }
    return object;
}

static void print_json(struct srd_call *call, const struct srd_listing *l, bool lines)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *all = srd_json_object();
    struct srd_json *items = srd_json_array();

    srd_json_put(all, "schema", srd_json_new_text("srdiag.list/1"));
    srd_json_put(all, "kind", srd_json_new_text(l->kind));
    srd_json_put(all, "items", items);
    for (size_t row = 0; row < l->rows; row++) {
        if (lines) {
            SRD_CLEANUP(srd_json_free) struct srd_json *object = json_row(l, row);

            srd_json_print(object, false, &call->out);
            srd_buf_text(&call->out, "\n");
        } else {
            srd_json_push(items, json_row(l, row));
        }
    }
    if (lines)
        return;
    srd_json_print(all, true, &call->out);
    srd_buf_text(&call->out, "\n");
}

bool srd_format_is_prose(const struct srd_format *format)
{
    return !strcmp(format->name, "table") || !strcmp(format->name, "wide");
}

int srd_listing_print(struct srd_call *call, const struct srd_listing *listing,
                      struct srd_error *err)
{
    const char *name = call->format->name;

    if (srd_format_is_prose(call->format))
        print_table(call, listing, !strcmp(name, "wide"));
    else if (!strcmp(name, "json") || !strcmp(name, "ndjson"))
        print_json(call, listing, !strcmp(name, "ndjson"));
    else if (!strcmp(name, "csv"))
        print_csv(call, listing);
    else if (!strcmp(name, "markdown"))
        print_markdown(call, listing);
    else
        return srd_fail(err, SRD_E_USAGE,
                        "--output %s is for reports; %s prints table, wide, json, ndjson, csv or "
                        "markdown",
                        name, call->command->name);
    return 0;
}
