/* What do the renderers say about a report, whatever bytes they say it with? */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/render/common.h"

const char *srd_render_clean(struct srd_arena *arena, const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf = { 0 };

    if (!srd_render_filled(text))
        return "";
    srd_buf_init(&buf, SRD_SCRATCH_BYTES);
    srd_utf8_clean(&buf, text, strlen(text));
    return srd_arena_copy_n(arena, buf.data, buf.size);
}

bool srd_render_filled(const char *text)
{
    return text && *text;
}

const char *const *srd_render_words(struct srd_arena *arena, const char *text)
{
    const char **words = srd_arena_array(arena, strlen(text) / 2 + 2, sizeof(*words));
    size_t count = 0;

    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t n = strcspn(text, " ");

        words[count++] = srd_arena_copy_n(arena, text, n);
        text += n;
    }
    return words;
}

/* ---- numbers and cells ---- */

const char *srd_render_number(double number, char out[32])
{
    out[0] = '\0';
    if (!isfinite(number))
        return out;
    if (number == floor(number) && fabs(number) < 9007199254740992.0) {
        snprintf(out, 32, "%lld", (long long)number);
        return out;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, number);
        if (strtod(out, NULL) == number)
            break;
    }
    return out;
}

const char *srd_render_value(struct srd_arena *arena, enum srd_unit unit, double value)
{
    char number[32], moment[SRD_TIME_SIZE];

    if (unit == SRD_UNIT_TEXT || !isfinite(value))
        return "";
    if (unit == SRD_UNIT_TIME && fabs(value) < 9e15)
        return srd_arena_copy(arena, srd_time_rfc3339((int64_t)value, moment));
    if (unit == SRD_UNIT_BOOL)
        return value != 0 ? "true" : "false";
    return srd_arena_copy(arena, srd_render_number(value, number));
}

static bool has_text(enum srd_unit unit, const struct srd_value *value)
{
    return unit == SRD_UNIT_TEXT || (unit == SRD_UNIT_ID && value->text);
}

const char *srd_render_cell_plain(struct srd_arena *arena, enum srd_unit unit,
                                  const struct srd_value *value)
{
    const char *text;

    if (!value->present)
        return NULL;
    text = has_text(unit, value) ? value->text : srd_render_value(arena, unit, value->number);
    return has_text(unit, value) || srd_render_filled(text) ? text : NULL;
}

/* Like srd_unit_format(), without the three hundred digits that a hostile number could have. */
static const char *human(struct srd_arena *arena, enum srd_unit unit, double value,
                         int zone_offset_s)
{
    if (fabs(value) >= 1e21)
        return srd_arena_printf(arena, "%.3g", value);
    return srd_unit_format(arena, unit, value, zone_offset_s);
}

const char *srd_render_cell_human(struct srd_arena *arena, enum srd_unit unit,
                                  const struct srd_value *value, int zone_offset_s)
{
    if (!value->present)
        return NULL;
    if (has_text(unit, value))
        return value->text;
    return isfinite(value->number) ? human(arena, unit, value->number, zone_offset_s) : NULL;
}

bool srd_render_is_right(enum srd_unit unit)
{
    switch (unit) {
    case SRD_UNIT_COUNT:
    case SRD_UNIT_BYTES:
    case SRD_UNIT_PERCENT:
    case SRD_UNIT_POINTS:
    case SRD_UNIT_RATIO:
    case SRD_UNIT_MS:
        return true;
    case SRD_UNIT_TEXT:
    case SRD_UNIT_TIME:
    case SRD_UNIT_BOOL:
    case SRD_UNIT_ID:
        break;
    }
    return false;
}

/* ---- the cluster and the evidence ---- */

bool srd_render_is_live(const struct srd_source_info *source)
{
    return source->kind && !strcmp(source->kind, "live");
}

int64_t srd_render_evidence_ms(const struct srd_evidence *ev, const struct srd_source_info *source,
                               int64_t started_at_ms)
{
    if (ev && ev->cluster.clock_known)
        return ev->cluster.now_ms;
    return source->taken_at_ms ? source->taken_at_ms : started_at_ms;
}

static void add_nodes(struct srd_buf *buf, size_t all, size_t alive, const char *kind)
{
    if (!all)
        return;
    if (buf->size)
        srd_buf_text(buf, ", ");
    if (alive < all)
        srd_buf_printf(buf, "%zu of %zu %s alive", alive, all, kind);
    else
        srd_buf_printf(buf, "%zu %s", all, kind);
}

const char *srd_render_nodes(struct srd_arena *arena, const struct srd_cluster *cluster)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf = { 0 };

    srd_buf_init(&buf, 1024);
    add_nodes(&buf, cluster->frontends, cluster->frontends_alive, "FE");
    add_nodes(&buf, cluster->backends, cluster->backends_alive, "BE");
    add_nodes(&buf, cluster->compute_nodes, cluster->compute_nodes_alive, "CN");
    return buf.size ? srd_arena_copy(arena, buf.data) : "nodes not known";
}

const char *srd_render_version(struct srd_arena *arena, const struct srd_cluster *cluster)
{
    if (!srd_render_filled(cluster->version_text))
        return "StarRocks, version not known";
    return srd_arena_printf(arena, "StarRocks %s", cluster->version_text);
}

const char *srd_render_mode(const struct srd_cluster *cluster)
{
    return cluster->mode == SRD_MODE_ANY ? "run mode not known" : srd_mode_name(cluster->mode);
}

const char *srd_render_origin(struct srd_arena *arena, const struct srd_source_info *source,
                              int zone_offset_s)
{
    char moment[SRD_TIME_SIZE];
    const char *taken = "";

    if (!source->kind || srd_render_is_live(source))
        return NULL;
    if (source->taken_at_ms)
        taken = srd_arena_printf(arena, ", collected %s",
                                 srd_time_human(source->taken_at_ms, zone_offset_s, moment));
    if (!strcmp(source->kind, "demo"))
        return srd_arena_printf(
            arena, "Demo data that is built into srdiag%s. No cluster was asked.", taken);
    return srd_arena_printf(arena, "From the %s %s%s.", source->kind,
                            source->where ? source->where : "", taken);
}

const char *const *srd_render_warnings(struct srd_arena *arena, const struct srd_report *report)
{
    const char **out = srd_arena_array(arena, 4, sizeof(*out));
    const struct srd_cluster *cluster = &report->ev->cluster;
    size_t count = 0;

    if (report->partial)
        out[count++] = "Partial result: the time for the whole run was over before every question "
                       "was answered.";
    if (cluster->follower)
        out[count++] = srd_arena_printf(
            arena, "The leader%s%s could not be asked; %s answered for it and may lag behind.",
            srd_render_filled(cluster->leader) ? " " : "", cluster->leader ? cluster->leader : "",
            srd_render_filled(cluster->connected) ? cluster->connected : "another FE");
    return out;
}

/* ---- experts, score, coverage ---- */

const struct srd_expert *srd_render_expert(const struct srd_report *report,
                                           const struct srd_check *check)
{
    for (const struct srd_expert *const *e = report->experts; e && *e; e++)
        SRD_EACH_CHECK (c, (*e))
            if (*c == check)
                return *e;
    return NULL;
}

static size_t count_experts(const struct srd_expert *const *experts)
{
    size_t count = 0;

    while (experts && experts[count])
        count++;
    return count;
}

const char *srd_render_scope(struct srd_arena *arena, const struct srd_report *report)
{
    size_t ran = count_experts(report->experts);
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf = { 0 };

    if (ran > 1 && (!report->catalogue || ran >= count_experts(report->catalogue->experts)))
        return NULL;
    srd_buf_init(&buf, 4096);
    for (size_t i = 0; i < ran; i++)
        srd_buf_printf(&buf, "%s%s", i ? ", " : "", report->experts[i]->name);
    return buf.size ? srd_arena_copy(arena, buf.data) : NULL;
}

struct srd_coverage srd_render_coverage(const struct srd_report *report)
{
    struct srd_coverage out = { 0 };

    for (size_t i = 0; i < report->result_count; i++) {
        if (report->results[i].verdict == SRD_NOT_APPLICABLE)
            continue;
        out.total++;
        if (report->results[i].verdict == SRD_CHECKED)
            out.checked++;
        else
            out.unknown++;
    }
    return out;
}

int srd_render_percent(double share)
{
    return (int)floor(share * 100 + 1e-9);
}

const char *srd_render_score(struct srd_arena *arena, const struct srd_report *report)
{
    const struct srd_score *score = &report->score;
    const char *scope = srd_render_scope(arena, report);
    const char *of = scope ? srd_arena_printf(arena, " of %s", scope) : "";

    if (!score->known)
        return srd_arena_printf(arena, "Health%s not known", of);
    /* no band: "good" would be believed */
    if (score->insufficient)
        return srd_arena_printf(arena, "Insufficient evidence: health%s %d of 100", of,
                                score->value);
    return srd_arena_printf(arena, "Health%s %d of 100, %s", of, score->value,
                            score->band ? score->band : "");
}

const char *srd_render_range(struct srd_arena *arena, const struct srd_report *report)
{
    const struct srd_score *score = &report->score;

    if (!score->known)
        return NULL;
    return srd_arena_printf(arena, "%d-%d, confidence %d %%", score->low, score->high,
                            srd_render_percent(score->confidence));
}

const char *srd_render_made(struct srd_arena *arena, const struct srd_report *report)
{
    struct srd_coverage coverage = srd_render_coverage(report);

    return srd_arena_printf(arena, "%zu of %zu checks could be made", coverage.checked,
                            coverage.total);
}

/* ---- causes ---- */

bool srd_render_is_confident(const struct srd_cause_match *match)
{
    return strcmp(srd_confidence_word(match->confidence), "low") != 0;
}

struct claim {
    const struct srd_finding *finding;
    const struct srd_cause_match *match;
};

/* By finding; the better cause of one finding first: they come in the order of the report. */
static int by_finding(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;
    uintptr_t x = (uintptr_t)a->finding, y = (uintptr_t)b->finding;

    if (x != y)
        return x < y ? -1 : 1;
    return a->match < b->match ? -1 : a->match > b->match;
}

/* The first claim on @finding among @claims; NULL. */
static const struct srd_cause_match *claimed(const struct claim *claims, size_t count,
                                             const struct srd_finding *finding)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((uintptr_t)claims[middle].finding < (uintptr_t)finding)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && claims[low].finding == finding ? claims[low].match : NULL;
}

const struct srd_cause_match *const *srd_render_causes(struct srd_arena *arena,
                                                       const struct srd_report *report)
{
    const struct srd_cause_match **out =
        srd_arena_array(arena, report->finding_count + 1, sizeof(*out));
    struct claim *claims;
    size_t room = 0, count = 0;

    for (size_t i = 0; i < report->cause_count; i++)
        room += report->causes[i].explained_count;
    claims = srd_arena_array(arena, room + 1, sizeof(*claims));
    for (size_t i = 0; i < report->cause_count; i++)
        for (size_t k = 0; k < report->causes[i].explained_count; k++)
            if (srd_render_is_confident(&report->causes[i]))
                claims[count++] =
                    (struct claim){ report->causes[i].explained[k], &report->causes[i] };
    qsort(claims, count, sizeof(*claims), by_finding);
    for (size_t i = 0; i < report->finding_count; i++)
        out[i] = claimed(claims, count, report->findings[i]);
    return out;
}

const struct srd_result *srd_render_result(const struct srd_report *report,
                                           const struct srd_check *check)
{
    for (size_t i = 0; i < report->result_count; i++)
        if (report->results[i].check == check)
            return &report->results[i];
    return NULL;
}

static const struct srd_finding *said_by(const struct srd_cause_match *match,
                                         const struct srd_reason *reason)
{
    for (size_t i = 0; i < match->explained_count; i++) {
        const struct srd_finding *f = match->explained[i];

        if (reason->check && reason->text && f->message && !strcmp(f->check->id, reason->check) &&
            !strcmp(f->message, reason->text))
            return f;
    }
    return NULL;
}

/* The label says "but" and the id stands at the right: the sentence need not repeat them. */
static const char *without(struct srd_arena *arena, const char *text, const char *prefix,
                           const char *after)
{
    const char *start = srd_arena_printf(arena, "%s%s", prefix, after);

    return text && srd_text_prefix(text, start) ? text + strlen(start) : text;
}

static struct srd_argument argument(struct srd_arena *arena, const struct srd_cause_match *match,
                                    const char *word, const struct srd_reason *reason)
{
    struct srd_argument a = { .word = word, .text = reason->text, .check = reason->check };

    a.finding = said_by(match, reason);
    if (!strcmp(word, "unknown"))
        a.text = without(arena, a.text, reason->check ? reason->check : "not known", ": ");
    else
        a.text = without(arena, a.text, word, " ");
    return a;
}

size_t srd_render_arguments(struct srd_arena *arena, const struct srd_cause_match *match,
                            const struct srd_argument **out)
{
    size_t count = 0, room = match->because_count + match->against_count + match->unknown_count;
    struct srd_argument *items = srd_arena_array(arena, room + 1, sizeof(*items));

    for (size_t i = 0; i < match->because_count; i++)
        items[count++] = argument(arena, match, "because", &match->because[i]);
    /* the matcher writes "but ..." where something speaks against the cause itself; the others rule
     * out a competitor */
    for (int separations = 0; separations < 2; separations++)
        for (size_t i = 0; i < match->against_count; i++) {
            const struct srd_reason *reason = &match->against[i];
            bool but = reason->text && srd_text_prefix(reason->text, "but ");

            if (but != (separations != 0))
                items[count++] = argument(arena, match, but ? "but" : "not", reason);
        }
    for (size_t i = 0; i < match->unknown_count; i++)
        items[count++] = argument(arena, match, "unknown", &match->unknown[i]);
    *out = items;
    return count;
}

/* ---- findings ---- */

const char *srd_render_limit(struct srd_arena *arena, const struct srd_finding *finding,
                             int zone_offset_s)
{
    const struct srd_limit *limit = &finding->limit;
    const char *value;

    if (!srd_render_filled(limit->source) || !isfinite(limit->value))
        return NULL;
    value = human(arena, limit->unit, limit->value, zone_offset_s);
    /* nobody sets a limit of "95.00 %" */
    if (limit->unit == SRD_UNIT_PERCENT && limit->value == floor(limit->value) &&
        fabs(limit->value) < 1e6)
        value = srd_arena_printf(arena, "%.0f %%", limit->value);
    return srd_arena_printf(arena, "limit %s (%s)", value, limit->source);
}

static bool is_filled_by(const char *name, size_t n, const struct srd_field *fields)
{
    for (; fields->name; fields++)
        if (strlen(fields->name) == n && !memcmp(fields->name, name, n))
            return fields->value != NULL;
    return false;
}

/* Does a {placeholder} stay empty? Half a statement is worse than none: somebody would paste it. */
static bool is_half(const char *sql, const struct srd_field *fields)
{
    for (const char *p = sql; p && (p = strchr(p, '{')); p++) {
        size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");

        if (n && p[n + 1] == '}' && !is_filled_by(p + 1, n, fields))
            return true;
    }
    return false;
}

void srd_render_fix(struct srd_arena *arena, const struct srd_finding *finding,
                    struct srd_step out[SRD_MAX_STEPS + 1])
{
    size_t i = 0;

    for (; i < SRD_MAX_STEPS && finding->check->fix[i].text; i++) {
        const struct srd_step *step = &finding->check->fix[i];

        out[i] = (struct srd_step){ .text = srd_fill(arena, step->text, finding->fields),
                                    .sql = is_half(step->sql, finding->fields)
                                               ? NULL
                                               : srd_fill(arena, step->sql, finding->fields),
                                    .risk = step->risk };
    }
    out[i] = (struct srd_step){ 0 };
}

const char *srd_risk_name(enum srd_risk risk)
{
    return risk == SRD_SAFE ? "safe" : "risky";
}

const char *srd_render_node(const struct srd_evidence *ev, const struct srd_finding *finding)
{
    if (!finding->table)
        return NULL;
    for (size_t i = 0; i < ev->count; i++)
        if (ev->answers[i].table == finding->table && srd_render_filled(ev->answers[i].node))
            return ev->answers[i].node;
    return NULL;
}

bool srd_render_is_private(const struct srd_probe *probe, const char *column)
{
    return probe && srd_text_among(probe->private_columns, column);
}
