/* How is a table for people filled, by the names of its columns? */

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/model/view.h"

size_t srd_view_columns(const struct srd_view *view)
{
    size_t n = 0;

    while (n < SRD_MAX_VIEW_COLUMNS && view->columns[n].name)
        n++;
    return n;
}

void srd_rows_add(struct srd_rows *out)
{
    size_t width = srd_view_columns(out->view);

    if (out->count == out->room) {
        size_t room = out->room ? out->room * 2 : 16;
        struct srd_value *grown =
            srd_arena_array(out->arena, room, (width ? width : 1) * sizeof(*grown));

        if (out->count)
            memcpy(grown, out->values, out->count * width * sizeof(*grown));
        out->values = grown;
        out->room = room;
    }
    out->count++; /* the arena's memory is zero: all values absent */
}

/* A column that a view does not declare is a mistake in this program, never in the data. */
static struct srd_value *value_of(struct srd_rows *out, const char *column)
{
    size_t width = srd_view_columns(out->view);

    for (size_t i = 0; out->count && i < width; i++)
        if (strcmp(out->view->columns[i].name, column) == 0)
            return &out->values[(out->count - 1) * width + i];
    srd_log(SRD_LOG_ERROR, "view %s: %s %s", out->view->name,
            out->count ? "there is no column" : "there is no row yet for column", column);
    abort();
}

void srd_put_text(struct srd_rows *out, const char *column, const char *text)
{
    *value_of(out, column) =
        (struct srd_value){ .present = text != NULL, .text = srd_arena_copy(out->arena, text) };
}

void srd_put_number(struct srd_rows *out, const char *column, double number)
{
    struct srd_value *value = value_of(out, column);
    size_t at = (size_t)(value - out->values) % srd_view_columns(out->view);
    bool present = isfinite(number);

    *value = (struct srd_value){
        .present = present,
        .number = present ? srd_unit_round(out->view->columns[at].unit, number) : 0,
    };
}

void srd_put_id(struct srd_rows *out, const char *column, const char *digits)
{
    *value_of(out, column) = (struct srd_value){
        .present = digits != NULL,
        .number = digits ? strtod(digits, NULL) : 0, /* for sorting; the text has all digits */
        .text = srd_arena_copy(out->arena, digits),
    };
}

void srd_rows_summary(struct srd_rows *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    out->summary = srd_arena_vprintf(out->arena, format, args);
    va_end(args);
}

void srd_rows_note(struct srd_rows *out, const char *format, ...)
{
    va_list args;

    if (out->note_count == SRD_COUNT(out->notes)) {
        srd_log(SRD_LOG_ERROR, "view %s: a note too many", out->view->name);
        abort();
    }
    va_start(args, format);
    out->notes[out->note_count++] = srd_arena_vprintf(out->arena, format, args);
    va_end(args);
}

const struct srd_value *srd_rows_value(const struct srd_rows *rows, size_t row, size_t column)
{
    return &rows->values[row * srd_view_columns(rows->view) + column];
}

const struct srd_arg_value *srd_view_arg(const struct srd_evidence *ev, const char *name)
{
    if (!ev->declared || !ev->args)
        return NULL;
    for (size_t i = 0; i < SRD_MAX_ARGS && ev->declared[i].type != SRD_ARG_END; i++)
        if (strcmp(ev->declared[i].name, name) == 0)
            return &ev->args[i];
    return NULL;
}
