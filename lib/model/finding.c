/* How does a judge say what it concluded, in which unit and against which bound? */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/model/check.h"

#define MAX_TEXT ((size_t)1 << 20)

const char *srd_severity_name(enum srd_severity severity)
{
    static const char *const names[] = { "ok", "info", "warning", "critical" };

    return (unsigned)severity < SRD_COUNT(names) ? names[severity] : "critical";
}

const char *srd_unit_name(enum srd_unit unit)
{
    static const char *const names[] = {
        [SRD_UNIT_TEXT] = "",           [SRD_UNIT_COUNT] = "count",   [SRD_UNIT_BYTES] = "bytes",
        [SRD_UNIT_PERCENT] = "percent", [SRD_UNIT_POINTS] = "points", [SRD_UNIT_RATIO] = "ratio",
        [SRD_UNIT_MS] = "ms",           [SRD_UNIT_TIME] = "time",     [SRD_UNIT_BOOL] = "bool",
        [SRD_UNIT_ID] = "id",
    };

    return (unsigned)unit < SRD_COUNT(names) ? names[unit] : "";
}

static const char *format_time(struct srd_arena *arena, double ms, int zone_offset_s)
{
    char text[SRD_TIME_SIZE], *zone;

    if (fabs(ms) > 253402300799999.0) /* beyond 9999 */
        return "-";
    srd_time_human((int64_t)ms, zone_offset_s, text);
    zone = strrchr(text, ' '); /* the offset: a report says it once, not in every cell */
    if (zone && strchr(text, ' ') != zone)
        *zone = '\0';
    return srd_arena_copy(arena, text);
}

double srd_unit_round(enum srd_unit unit, double value)
{
    return unit == SRD_UNIT_BYTES ? round(value) : value;
}

const char *srd_unit_format(struct srd_arena *arena, enum srd_unit unit, double value,
                            int zone_offset_s)
{
    if (!isfinite(value))
        return "-";
    switch (unit) {
    case SRD_UNIT_COUNT:
        /* means and medians are counts too, and 1.5 is not 2 */
        if (value != trunc(value) && fabs(value) < 1000)
            return srd_arena_printf(arena, "%.1f", value);
        return srd_text_count(arena, value);
    case SRD_UNIT_BYTES:
        return srd_text_bytes(arena, value);
    case SRD_UNIT_PERCENT:
        return srd_arena_printf(arena, "%.2f %%", value);
    case SRD_UNIT_POINTS:
        return srd_arena_printf(arena, "%.1f points", value);
    case SRD_UNIT_RATIO:
        return srd_arena_printf(arena, "%.1fx", value);
    case SRD_UNIT_MS:
        if (fabs(value) > 9e15)
            return "-";
        return srd_text_duration(arena, llround(value));
    case SRD_UNIT_TIME:
        return format_time(arena, value, zone_offset_s);
    case SRD_UNIT_BOOL:
        return value != 0 ? "yes" : "no";
    case SRD_UNIT_ID:
        return srd_arena_printf(arena, "%.0f", value);
    case SRD_UNIT_TEXT:
        break;
    }
    return srd_arena_printf(arena, "%g", value);
}

struct srd_limit srd_limit_catalogue(const struct srd_evidence *ev, const char *name, double value,
                                     enum srd_unit unit)
{
    for (const struct srd_override *o = ev->overrides; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return (struct srd_limit){ o->value, unit, o->origin ? o->origin : "--set" };
    return (struct srd_limit){ value, unit, "catalogue" };
}

struct srd_finding *srd_finding_add(struct srd_findings *out, enum srd_severity severity,
                                    const char *kind, const char *name, const char *format, ...)
{
    struct srd_finding *f = srd_arena_alloc(out->arena, sizeof(*f));
    va_list args;

    if (out->count == out->room) {
        size_t room = out->room ? out->room * 2 : 8;
        struct srd_finding **grown = srd_arena_array(out->arena, room, sizeof(*grown));

        if (out->count)
            memcpy(grown, out->items, out->count * sizeof(struct srd_finding *));
        out->items = grown;
        out->room = room;
    }
    f->check = out->check;
    f->severity = severity;
    f->subject = (struct srd_subject){ kind, srd_arena_copy(out->arena, name ? name : "") };
    f->share = 1;
    va_start(args, format);
    f->message = srd_arena_vprintf(out->arena, format, args);
    va_end(args);
    out->items[out->count++] = f;
    return f;
}

void srd_finding_value(struct srd_finding *f, double value, struct srd_limit limit)
{
    f->value = srd_unit_round(limit.unit, value);
    f->unit = limit.unit;
    f->limit = limit;
    f->limit.value = srd_unit_round(limit.unit, limit.value);
}

void srd_finding_share(struct srd_finding *f, double affected, double all)
{
    double share = all > 0 ? affected / all : 1;

    /* also for NaN: a share that cannot be told counts in full */
    f->share = share >= 0 && share <= 1 ? share : share < 0 ? 0 : 1;
}

void srd_finding_field(struct srd_findings *out, struct srd_finding *f, const char *name,
                       const char *value)
{
    size_t i = 0;

    while (i < SRD_MAX_FIELDS && f->fields[i].name && strcmp(f->fields[i].name, name) != 0)
        i++;
    if (i == SRD_MAX_FIELDS) {
        srd_log(SRD_LOG_ERROR, "check %s: field %s is one too many", out->check->id, name);
        abort();
    }
    f->fields[i] = (struct srd_field){ name, srd_arena_copy(out->arena, value ? value : "") };
}

void srd_finding_row(struct srd_finding *f, const struct srd_probe *probe,
                     const struct srd_table *table, size_t row)
{
    if (!f->table) {
        f->probe = probe;
        f->table = table;
    }
    if (f->table == table && row < table->rows && f->table_row_count < SRD_COUNT(f->table_rows))
        f->table_rows[f->table_row_count++] = row;
}

void srd_measured(struct srd_findings *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    out->measured = srd_arena_vprintf(out->arena, format, args);
    va_end(args);
}

void srd_cannot_judge(struct srd_findings *out, enum srd_status status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    out->unknown = true;
    out->unknown_status = status;
    out->unknown_detail = srd_arena_vprintf(out->arena, format, args);
    va_end(args);
}

/*
 * The value for the placeholder that begins at @text with '{', and its length; NULL: no such field.
 */
static const char *value_of(const char *text, const struct srd_field *fields, size_t *n)
{
    for (const struct srd_field *f = fields; f && f->name; f++) {
        size_t size = strlen(f->name);

        if (strncmp(text + 1, f->name, size) != 0 || text[1 + size] != '}')
            continue;
        *n = size + 2;
        return f->value ? f->value : "";
    }
    return NULL;
}

const char *srd_fill(struct srd_arena *arena, const char *template, const struct srd_field *fields)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;
    const char *value;
    size_t n = 0;

    srd_buf_init(&buf, MAX_TEXT);
    if (!template)
        return NULL;
    while (*template) {
        value = *template == '{' ? value_of(template, fields, &n) : NULL;
        if (value) {
            srd_buf_text(&buf, value); /* never looked at again: a name may hold braces itself */
            template += n;
        } else
            srd_buf_char(&buf, *template ++);
    }
    return srd_arena_copy_n(arena, buf.data, buf.size);
}
