/* How does each part of a report or a view read as JSON? */

#include <math.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/render/json_parts.h"

/* 2^53: beyond it a double loses digits, and JavaScript with it. */
#define EXACT 9007199254740992.0

/* ---- small values ---- */

static struct srd_json *text_or_null(const char *text)
{
    return srd_render_filled(text) ? srd_json_new_text(text) : srd_json_new_null();
}

static void put_text(struct srd_json *object, const char *key, const char *text)
{
    srd_json_put(object, key, srd_json_new_text(text ? text : ""));
}

struct srd_json *srd_parts_time(int64_t ms)
{
    char moment[SRD_TIME_SIZE];

    return srd_json_new_text(srd_time_rfc3339(ms, moment));
}

static struct srd_json *measured(struct srd_arena *arena, enum srd_unit unit, double value)
{
    if (unit == SRD_UNIT_TEXT || !isfinite(value))
        return srd_json_new_null();
    if (unit == SRD_UNIT_BOOL)
        return srd_json_new_bool(value != 0);
    if (unit == SRD_UNIT_TIME)
        return text_or_null(srd_render_value(arena, unit, value));
    if (unit == SRD_UNIT_ID && fabs(value) > EXACT)
        return srd_json_new_text(srd_arena_printf(arena, "%.0f", value));
    return srd_json_new_number(value);
}

/* Digits beyond 2^53 stay a string, and so does what is no plain number. */
static struct srd_json *identifier(const char *digits)
{
    int64_t number;

    if (srd_text_int64(digits, &number) && fabs((double)number) < EXACT && digits[0] != '+' &&
        (digits[0] != '0' || !digits[1]))
        return srd_json_new_integer(number);
    return srd_json_new_text(digits);
}

static struct srd_json *unit_or_null(enum srd_unit unit)
{
    return text_or_null(srd_unit_name(unit));
}

/* ---- of both ---- */

void srd_parts_tool(struct srd_json *object, const char *version, const char *catalogue)
{
    put_text(object, "version", version);
    if (catalogue)
        put_text(object, "catalogue", catalogue);
}

void srd_parts_source(struct srd_json *object, const struct srd_source_info *source)
{
    put_text(object, "kind", source->kind);
    srd_json_put(object, "where", text_or_null(source->where));
    srd_json_put(object, "user", text_or_null(source->user));
    srd_json_put(object, "taken_at",
                 source->taken_at_ms ? srd_parts_time(source->taken_at_ms) : srd_json_new_null());
}

static struct srd_json *nodes(size_t total, size_t alive)
{
    struct srd_json *object = srd_json_object();

    srd_json_put(object, "total", srd_json_new_integer((int64_t)total));
    srd_json_put(object, "alive", srd_json_new_integer((int64_t)alive));
    return object;
}

void srd_parts_cluster(struct srd_json *object, const struct srd_cluster *cluster)
{
    put_text(object, "name", srd_render_filled(cluster->name) ? cluster->name : cluster->connected);
    srd_json_put(object, "version", text_or_null(cluster->version_text));
    put_text(object, "run_mode", srd_mode_name(cluster->mode));
    srd_json_put(object, "leader", text_or_null(cluster->leader));
    srd_json_put(object, "follower", srd_json_new_bool(cluster->follower));
    srd_json_put(object, "frontends", nodes(cluster->frontends, cluster->frontends_alive));
    srd_json_put(object, "backends", nodes(cluster->backends, cluster->backends_alive));
    srd_json_put(object, "compute_nodes",
                 nodes(cluster->compute_nodes, cluster->compute_nodes_alive));
}

/* ---- of a report ---- */

static struct srd_json *score_part(const struct srd_score_part *part)
{
    struct srd_json *object = srd_json_object();

    srd_json_put(object, "area", text_or_null(part->area));
    srd_json_put(object, "check",
                 part->check ? srd_json_new_text(part->check->id) : srd_json_new_null());
    srd_json_put(object, "points", srd_json_new_number(part->points));
    srd_json_put(object, "text", text_or_null(part->text));
    return object;
}

void srd_parts_score(struct srd_json *object, const struct srd_parts *parts, bool explain)
{
    const struct srd_score *s = &parts->report->score;

    srd_json_put(object, "value", s->known ? srd_json_new_integer(s->value) : srd_json_new_null());
    srd_json_put(object, "low", s->known ? srd_json_new_integer(s->low) : srd_json_new_null());
    srd_json_put(object, "high", s->known ? srd_json_new_integer(s->high) : srd_json_new_null());
    srd_json_put(object, "confidence", srd_json_new_number(s->confidence));
    /* no band without evidence: "good" would be believed */
    srd_json_put(object, "band",
                 s->known && !s->insufficient ? text_or_null(s->band) : srd_json_new_null());
    srd_json_put(object, "model", srd_json_new_integer(SRD_SCORE_MODEL));
    if (explain) {
        struct srd_json *list = srd_json_put(object, "parts", srd_json_array());

        for (size_t i = 0; i < s->part_count; i++)
            srd_json_push(list, score_part(&s->parts[i]));
    }
}

static void put_step(struct srd_json *list, const char *when, const struct srd_step *step)
{
    struct srd_json *object = srd_json_push(list, srd_json_object());

    if (when)
        put_text(object, "when", when);
    put_text(object, "text", step->text);
    if (step->sql)
        put_text(object, "sql", step->sql);
    put_text(object, "risk", srd_risk_name(step->risk));
}

static void put_arguments(struct srd_json *object, const char *key, const char *word,
                          const struct srd_argument *arguments, size_t count)
{
    struct srd_json *list = srd_json_put(object, key, srd_json_array());

    for (size_t i = 0; i < count; i++) {
        struct srd_json *one;

        if (strcmp(arguments[i].word, word))
            continue;
        one = srd_json_push(list, srd_json_object());
        srd_json_put(one, "check", text_or_null(arguments[i].check));
        put_text(one, "text", arguments[i].text);
    }
}

void srd_parts_cause(struct srd_json *object, const struct srd_parts *parts,
                     const struct srd_cause_match *match)
{
    const struct srd_argument *arguments;
    size_t count = srd_render_arguments(parts->arena, match, &arguments);
    struct srd_json *list;

    put_text(object, "id", match->cause->id);
    put_text(object, "title", match->cause->title);
    put_text(object, "severity", srd_severity_name(match->severity));
    srd_json_put(object, "confidence", srd_json_new_number(match->confidence));
    put_arguments(object, "because", "because", arguments, count);
    put_arguments(object, "contradicting", "but", arguments, count);
    put_arguments(object, "ruled_out", "not", arguments, count);
    put_arguments(object, "unknown", "unknown", arguments, count);
    list = srd_json_put(object, "explains", srd_json_array());
    for (size_t i = 0; i < match->explained_count; i++) {
        const char *id = match->explained[i]->check->id;
        bool listed = false;

        for (size_t k = 0; k < i; k++)
            listed = listed || match->explained[k]->check == match->explained[i]->check;
        if (!listed)
            srd_json_push(list, srd_json_new_text(id));
    }
    list = srd_json_put(object, "steps", srd_json_array());
    for (size_t i = 0; i < SRD_MAX_STEPS && match->steps[i].text; i++)
        put_step(list, match->step_when[i] ? match->step_when[i] : "then", &match->steps[i]);
}

static struct srd_json *evidence_row(const struct srd_finding *f, size_t row)
{
    struct srd_json *object = srd_json_object();

    for (size_t c = 0; c < f->table->columns; c++) {
        const char *name = f->table->names[c];

        /* of two columns with one name the first counts, as everywhere */
        if (!srd_render_is_private(f->probe, name) && !srd_json_get(object, name))
            srd_json_put(object, name,
                         srd_json_new_text(f->table->cells[row * f->table->columns + c]));
    }
    return object;
}

static struct srd_json *evidence(const struct srd_parts *parts, const struct srd_finding *f)
{
    struct srd_json *object = srd_json_object(), *rows;

    srd_json_put(object, "probe", f->probe ? srd_json_new_text(f->probe->id) : srd_json_new_null());
    srd_json_put(object, "node", text_or_null(srd_render_node(parts->report->ev, f)));
    srd_json_put(object, "follower", srd_json_new_bool(f->follower));
    rows = srd_json_put(object, "rows", srd_json_array());
    for (size_t i = 0; f->table && i < f->table_row_count; i++)
        if (f->table_rows[i] < f->table->rows)
            srd_json_push(rows, evidence_row(f, f->table_rows[i]));
    return object;
}

void srd_parts_finding(struct srd_json *object, const struct srd_parts *parts,
                       const struct srd_finding *f)
{
    const struct srd_expert *expert = srd_render_expert(parts->report, f->check);
    bool limited = srd_render_filled(f->limit.source);
    struct srd_step fix[SRD_MAX_STEPS + 1];
    struct srd_json *inner;

    put_text(object, "id", f->check->id);
    put_text(object, "severity", srd_severity_name(f->severity));
    srd_json_put(object, "expert", expert ? srd_json_new_text(expert->name) : srd_json_new_null());
    inner = srd_json_put(object, "subject", srd_json_object());
    put_text(inner, "kind", f->subject.kind);
    put_text(inner, "name", f->subject.name);
    put_text(object, "message", f->message);
    srd_json_put(object, "value", measured(parts->arena, f->unit, f->value));
    srd_json_put(object, "unit", unit_or_null(f->unit));
    srd_json_put(object, "limit",
                 limited ? measured(parts->arena, f->limit.unit, f->limit.value)
                         : srd_json_new_null());
    srd_json_put(object, "limit_source", text_or_null(f->limit.source));
    srd_json_put(object, "share", srd_json_new_number(f->share));
    srd_json_put(object, "evidence", evidence(parts, f));
    inner = srd_json_put(object, "fix", srd_json_array());
    srd_render_fix(parts->arena, f, fix);
    for (size_t i = 0; fix[i].text; i++)
        put_step(inner, NULL, &fix[i]);
    inner = srd_json_put(object, "see", srd_json_array());
    if (f->check->see)
        for (const char *const *id = srd_render_words(parts->arena, f->check->see); *id; id++)
            srd_json_push(inner, srd_json_new_text(*id));
}

bool srd_parts_is_gap(const struct srd_result *result)
{
    return result->verdict == SRD_NOT_CHECKED ||
           (result->verdict == SRD_CHECKED && result->status != SRD_ANSWERED);
}

void srd_parts_not_checked(struct srd_json *object, const struct srd_result *result)
{
    put_text(object, "id", result->check->id);
    put_text(object, "reason", srd_status_name(result->status));
    srd_json_put(object, "detail", text_or_null(result->detail));
    srd_json_put(object, "partly", srd_json_new_bool(result->verdict == SRD_CHECKED));
}

void srd_parts_coverage(struct srd_json *object, const struct srd_report *report)
{
    struct srd_coverage coverage = srd_render_coverage(report);

    srd_json_put(object, "checks_total", srd_json_new_integer((int64_t)coverage.total));
    srd_json_put(object, "checked", srd_json_new_integer((int64_t)coverage.checked));
    srd_json_put(object, "unknown", srd_json_new_integer((int64_t)coverage.unknown));
}

void srd_parts_probe(struct srd_json *object, const struct srd_answer *answer)
{
    put_text(object, "id", answer->probe->id);
    srd_json_put(object, "node", text_or_null(answer->node));
    srd_json_put(object, "key", text_or_null(answer->key));
    put_text(object, "status", srd_status_name(answer->status));
    srd_json_put(object, "rows",
                 answer->table ? srd_json_new_integer((int64_t)answer->table->rows)
                               : srd_json_new_null());
    srd_json_put(object, "ms", srd_json_new_integer(answer->ms));
}

/* ---- of a view ---- */

struct srd_json *srd_parts_cell(struct srd_arena *arena, enum srd_unit unit,
                                const struct srd_value *value)
{
    if (!value->present)
        return srd_json_new_null();
    if (unit == SRD_UNIT_TEXT)
        return srd_json_new_text(value->text);
    if (unit == SRD_UNIT_ID && value->text)
        return identifier(value->text);
    return measured(arena, unit, value->number);
}

void srd_parts_row(struct srd_json *object, const struct srd_view_report *report,
                   struct srd_arena *arena, size_t row)
{
    size_t count = srd_view_columns(report->view);

    for (size_t c = 0; c < count; c++) {
        const struct srd_view_column *column = &report->view->columns[c];

        srd_json_put(object, column->name,
                     srd_parts_cell(arena, column->unit, srd_rows_value(report->rows, row, c)));
    }
}

void srd_parts_arguments(struct srd_json *object, const struct srd_arg *arg,
                         const struct srd_arg_value *values)
{
    for (size_t i = 0; values && arg[i].type != SRD_ARG_END; i++) {
        const struct srd_arg_value *value = &values[i];

        if (arg[i].type == SRD_ARG_INTEGER)
            srd_json_put(object, arg[i].tool, srd_json_new_integer(value->number));
        else
            srd_json_put(object, arg[i].tool, text_or_null(value->text));
    }
}

/* ---- printing ---- */

/* Invisible, or able to turn around what stands beside them: from, to. */
static const unsigned invisible[][2] = {
    { 0x7f, 0x9f },       { 0xad, 0xad },       { 0x34f, 0x34f },   { 0x61c, 0x61c },
    { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f }, { 0x200b, 0x200f },
    { 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },
    { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 },
    { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

bool srd_parts_is_hidden(unsigned character)
{
    for (size_t i = 0; i < SRD_COUNT(invisible); i++)
        if (character >= invisible[i][0] && character <= invisible[i][1])
            return true;
    return false;
}

unsigned srd_parts_decode(const unsigned char *bytes, size_t *n)
{
    unsigned first = bytes[0], character;

    *n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    character = *n == 1 ? first : first & (0xffU >> (*n + 1));
    for (size_t i = 1; i < *n; i++)
        character = character << 6 | (bytes[i] & 0x3f);
    return character;
}

static void put_escaped(struct srd_buf *out, unsigned character)
{
    if (character < 0x10000) {
        srd_buf_printf(out, "\\u%04x", character);
        return;
    }
    character -= 0x10000;
    srd_buf_printf(out, "\\u%04x\\u%04x", 0xd800 + (character >> 10), 0xdc00 + (character & 0x3ff));
}

/* A raw line break in printed JSON is layout: inside of a string it stands as \n. */
static void armour(struct srd_buf *out, const struct srd_buf *in, size_t indent)
{
    size_t plain = 0, n;

    for (size_t at = 0; at < in->size; at += n) {
        const char *here = in->data + at;
        unsigned character = srd_parts_decode((const unsigned char *)here, &n);

        if (character != '\n' && !srd_parts_is_hidden(character)) {
            plain += n;
            continue;
        }
        srd_buf_add(out, here - plain, plain);
        plain = 0;
        if (character != '\n') {
            put_escaped(out, character);
        } else {
            srd_buf_char(out, '\n');
            srd_buf_repeat(out, ' ', indent);
        }
    }
    srd_buf_add(out, in->data + in->size - plain, plain);
}

void srd_parts_print(struct srd_buf *out, struct srd_json *value, bool pretty, size_t indent)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *owned = value;
    SRD_CLEANUP(srd_buf_free) struct srd_buf raw = { 0 };

    if (out->full)
        return;
    srd_buf_init(&raw, SRD_SCRATCH_BYTES);
    srd_json_print(owned, pretty, &raw);
    if (raw.full) /* half a value is none: the caller sees it like any other overflow */
        out->full = true;
    else
        armour(out, &raw, indent);
}
