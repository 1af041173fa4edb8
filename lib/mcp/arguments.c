/*
 * Are these the arguments the tool takes?
 *
 * Models write arguments, and they are nearly right more often than right: a number in quotes, null
 * for "not given", one letter missing. What is clear is taken; all that is not is said in one
 * answer, with what would be right, so that the second try succeeds.
 */

#include "lib/mcp/mcp_private.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define MOST_FAULTS 20
#define SAFE_INTEGER 9007199254740991.0

struct reading {
    struct srd_arena *arena;
    const struct srd_mcp_arg *args;
    struct srd_buf *faults;
    size_t count;
};

__attribute__((format(printf, 3, 4))) static bool fault(struct reading *r, const char *name,
                                                        const char *format, ...)
{
    va_list args;

    if (++r->count > MOST_FAULTS)
        return false;
    srd_buf_printf(r->faults, "%s%s: ", r->faults->size ? " " : "", srd_mcp_shown(r->arena, name));
    va_start(args, format);
    srd_buf_vprintf(r->faults, format, args);
    va_end(args);
    if (r->faults->data[r->faults->size - 1] != '?')
        srd_buf_char(r->faults, '.');
    return false;
}

/* What came, so that it can be shown. */
static const char *shown(struct reading *r, const struct srd_json *json)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text = { 0 };

    switch (srd_json_kind(json)) {
    case SRD_JSON_ARRAY:
        return "an array";
    case SRD_JSON_OBJECT:
        return "an object";
    case SRD_JSON_STRING:
        return srd_arena_printf(r->arena, "\"%s\"", srd_mcp_shown(r->arena, srd_json_text(json)));
    default:
        srd_buf_init(&text, 4096);
        srd_json_print(json, false, &text);
        return srd_mcp_shown(r->arena, text.data);
    }
}

/* "a b c" as a list. */
static const char *const *words(struct srd_arena *arena, const char *values)
{
    char *commas = srd_arena_copy(arena, values);

    for (char *c = commas; *c; c++)
        if (*c == ' ')
            *c = ',';
    return srd_text_list(arena, commas);
}

/* "a | b | c" */
static const char *choice(struct srd_arena *arena, const char *values)
{
    const char *text = "";

    for (const char *const *word = words(arena, values); *word; word++)
        text = srd_arena_printf(arena, "%s%s%s", text, *text ? " | " : "", *word);
    return text;
}

/* ---- one value ---- */

static bool read_number(const struct srd_json *json, double *out)
{
    const char *text = srd_json_text(json);

    return text ? srd_text_double(text, out) : srd_json_number(json, out);
}

/* @what: NULL, or what is counted. */
static bool check_range(struct reading *r, const struct srd_mcp_arg *arg, double number,
                        const struct srd_json *json, const char *what)
{
    const char *came;

    if ((!arg->min && !arg->max) ||
        (number >= (double)arg->min && (arg->max < arg->min || number <= (double)arg->max)))
        return true;
    came = what ? srd_arena_printf(r->arena, "%.0f %s", number, what) : shown(r, json);
    if (number < (double)arg->min)
        return fault(r, arg->name, "%s is below the minimum %" PRId64, came, arg->min);
    return fault(r, arg->name, "%s is above the maximum %" PRId64, came, arg->max);
}

static bool read_integer(struct reading *r, const struct srd_mcp_arg *arg,
                         const struct srd_json *json, struct srd_mcp_value *out)
{
    double number;

    if (!read_number(json, &number) || trunc(number) != number)
        return fault(r, arg->name, "%s is not an integer", shown(r, json));
    if (fabs(number) > SAFE_INTEGER)
        return fault(r, arg->name, "%s is out of range", shown(r, json));
    out->number = (int64_t)number;
    out->real = number;
    return check_range(r, arg, number, json, NULL);
}

static bool read_real(struct reading *r, const struct srd_mcp_arg *arg, const struct srd_json *json,
                      struct srd_mcp_value *out)
{
    if (!read_number(json, &out->real))
        return fault(r, arg->name, "%s is not a number", shown(r, json));
    if (fabs(out->real) <= SAFE_INTEGER)
        out->number = (int64_t)out->real;
    return check_range(r, arg, out->real, json, NULL);
}

static bool read_bool(struct reading *r, const struct srd_mcp_arg *arg, const struct srd_json *json,
                      struct srd_mcp_value *out)
{
    const char *text = srd_json_text(json);

    if (text && (!strcmp(text, "true") || !strcmp(text, "false"))) {
        out->yes = *text == 't';
        return true;
    }
    if (!srd_json_bool(json, &out->yes))
        return fault(r, arg->name, "%s is not true or false", shown(r, json));
    return true;
}

static bool read_text(struct reading *r, const struct srd_mcp_arg *arg, const struct srd_json *json,
                      struct srd_mcp_value *out)
{
    const char *text = srd_json_text(json);
    size_t characters = 0;

    if (!text)
        return fault(r, arg->name, "%s is not a string", shown(r, json));
    for (const char *c = text; *c; c++)
        characters += ((unsigned char)*c & 0xc0) != 0x80;
    out->text = srd_arena_copy(r->arena, text);
    return check_range(r, arg, (double)characters, json, "characters");
}

static bool read_choice(struct reading *r, const struct srd_mcp_arg *arg,
                        const struct srd_json *json, struct srd_mcp_value *out)
{
    const char *const *values = words(r->arena, arg->values);
    const char *text = srd_json_text(json), *near = text ? srd_text_nearest(text, values) : NULL;

    if (text && srd_text_in(text, values)) {
        out->text = srd_arena_copy(r->arena, text);
        return true;
    }
    if (near)
        return fault(r, arg->name, "%s is none of %s; did you mean %s?", shown(r, json),
                     choice(r->arena, arg->values), near);
    return fault(r, arg->name, "%s is none of %s", shown(r, json), choice(r->arena, arg->values));
}

static bool read_list(struct reading *r, const struct srd_mcp_arg *arg, const struct srd_json *json,
                      struct srd_mcp_value *out)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *parsed = NULL;
    const char *text = srd_json_text(json), **list;
    struct srd_error err;
    size_t count, used = 0;

    if (text && !srd_json_parse(text, strlen(text), strlen(text), &parsed, &err))
        json = parsed;
    if (srd_json_kind(json) != SRD_JSON_ARRAY)
        return fault(r, arg->name, "%s is not an array of strings", shown(r, json));
    count = srd_json_size(json);
    list = srd_arena_array(r->arena, count + 1, sizeof(*list));
    for (const struct srd_json *item = srd_json_first(json); item; item = srd_json_next(item)) {
        if (!srd_json_text(item))
            return fault(r, arg->name, "item %zu, %s, is not a string", used + 1, shown(r, item));
        list[used++] = srd_arena_copy(r->arena, srd_json_text(item));
    }
    out->list = list;
    return check_range(r, arg, (double)count, json, "items");
}

static bool read_value(struct reading *r, const struct srd_mcp_arg *arg,
                       const struct srd_json *json, struct srd_mcp_value *out)
{
    switch (arg->type) {
    case SRD_MCP_INTEGER:
        return read_integer(r, arg, json, out);
    case SRD_MCP_NUMBER:
        return read_real(r, arg, json, out);
    case SRD_MCP_BOOL:
        return read_bool(r, arg, json, out);
    case SRD_MCP_ENUM:
        return read_choice(r, arg, json, out);
    case SRD_MCP_TEXT_LIST:
        return read_list(r, arg, json, out);
    default:
        return read_text(r, arg, json, out);
    }
}

/* ---- all of them ---- */

/* The fallback is text in the table: it is read as if a client had sent it so. */
static void read_fallback(struct reading *r, const struct srd_mcp_arg *arg,
                          struct srd_mcp_value *out)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = srd_json_new_text(arg->fallback);

    if (arg->fallback)
        read_value(r, arg, json, out);
}

static void read_arg(struct reading *r, const struct srd_mcp_arg *arg,
                     const struct srd_json *object, struct srd_mcp_value *out)
{
    const struct srd_json *json = srd_json_get(object, arg->name);

    if (srd_json_kind(json) != SRD_JSON_NULL)
        out->given = read_value(r, arg, json, out);
    else if (arg->required)
        fault(r, arg->name, "is required%s%s", arg->type == SRD_MCP_ENUM ? ": " : "",
              arg->type == SRD_MCP_ENUM ? choice(r->arena, arg->values) : "");
    else
        read_fallback(r, arg, out);
}

/* A name that nobody declared: which one was meant? */
static void unknown(struct reading *r, const char *name)
{
    const char **names, *near, *all = "";
    const struct srd_mcp_arg *arg;
    size_t count = 0;

    if (r->count >= MOST_FAULTS) {
        r->count++;
        return;
    }
    while (r->args && r->args[count].name)
        count++;
    names = srd_arena_array(r->arena, count + 1, sizeof(*names));
    for (size_t i = 0; i < count; i++) {
        names[i] = r->args[i].name;
        all = srd_arena_printf(r->arena, "%s%s%s", all, i ? ", " : "", names[i]);
    }
    near = srd_text_nearest(name, names);
    if (!near) {
        fault(r, name, "unknown argument; there %s",
              count ? srd_arena_printf(r->arena, "are %s", all) : "are none");
        return;
    }
    for (arg = r->args; arg->name != near; arg++)
        ;
    if (arg->type == SRD_MCP_ENUM)
        fault(r, name, "unknown argument; did you mean %s (%s)?", near,
              choice(r->arena, arg->values));
    else
        fault(r, name, "unknown argument; did you mean %s?", near);
}

static bool is_declared(const struct srd_mcp_arg *args, const char *name)
{
    for (; args && args->name; args++)
        if (!strcmp(args->name, name))
            return true;
    return false;
}

size_t srd_mcp_arguments(struct srd_arena *arena, const struct srd_mcp_arg *args,
                         const struct srd_json *object, const struct srd_mcp_value **values,
                         struct srd_buf *faults)
{
    struct reading r = { arena, args, faults, 0 };
    struct srd_mcp_value *out;
    size_t count = 0;

    while (args && args[count].name)
        count++;
    *values = out = srd_arena_array(arena, count + 1, sizeof(*out));
    for (size_t i = 0; i < count; i++)
        read_arg(&r, &args[i], object, &out[i]);
    for (const struct srd_json *item = srd_json_first(object); item; item = srd_json_next(item))
        if (!is_declared(args, srd_json_key(item)))
            unknown(&r, srd_json_key(item));
    if (r.count > MOST_FAULTS)
        srd_buf_printf(faults, " And %zu more.", r.count - MOST_FAULTS);
    return r.count;
}
