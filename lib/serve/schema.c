/* How does each answer look? What is promised here, results.c keeps. */

#include "lib/serve/desk_private.h"

/*
 * Members are absent when nothing is known, and there are more than these. Short: clients carry
 * these texts around.
 */
#define TEXT "{\"type\":\"string\"}"
#define OBJECT "{\"type\":\"object\"}"
#define LIST "{\"type\":\"array\",\"items\":" OBJECT "}"

static const char of_report[] =
    "{\"type\":\"object\",\"properties\":{\"summary\":" TEXT ",\"score\":" OBJECT
    ",\"causes\":" LIST
    ",\"findings\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
    "\"id\":" TEXT ",\"severity\":" TEXT ",\"message\":" TEXT "}}},\"not_checked\":" LIST
    ",\"truncated\":{\"type\":\"boolean\"},\"report\":" TEXT "},"
    "\"required\":[\"summary\",\"causes\",\"findings\",\"truncated\"]}";

const char *srd_schema_of_report(void)
{
    return of_report;
}

static const char *type_of(enum srd_unit unit)
{
    switch (unit) {
    case SRD_UNIT_TEXT:
    case SRD_UNIT_TIME:
    case SRD_UNIT_ID:
        return "string";
    case SRD_UNIT_BOOL:
        return "boolean";
    default:
        return "number";
    }
}

/* Of the columns those that a person sees; there may always be more. */
const char *srd_schema_of_view(const struct srd_view *view, struct srd_arena *arena)
{
    const char *columns = "";

    for (size_t c = 0; c < srd_view_columns(view); c++)
        if (!view->columns[c].wide)
            columns = srd_arena_printf(arena, "%s%s\"%s\":{\"type\":\"%s\"}", columns,
                                       *columns ? "," : "", view->columns[c].name,
                                       type_of(view->columns[c].unit));
    return srd_arena_printf(
        arena,
        "{\"type\":\"object\",\"properties\":{\"summary\":" TEXT
        ",\"rows\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{%s}}},"
        "\"truncated\":{\"type\":\"boolean\"},\"next_cursor\":" TEXT "},"
        "\"required\":[\"summary\",\"truncated\"]}",
        columns);
}
