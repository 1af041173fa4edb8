/* How much head-room and redundancy is left, as one number, and what made it fall? */

#include "lib/engine/score.h"

#include <math.h>
#include <string.h>

#include "lib/base/cleanup.h"

/* Judgement, versioned by SRD_SCORE_MODEL: changing one of these makes it another model. */
static const double weight_of[] = { 0, 0.01, 0.15, 0.60 }; /* by srd_severity */
static const int importance_of[] = { 0, 1, 2, 3 };         /* by the worst a check can say */
static const double other_area = 0.35;                     /* of an area that no table names */
static const struct cap {
    enum srd_severity severity;
    bool outage;
    int limit;
} caps[] = { /* the first that applies is the lowest */
             { SRD_CRITICAL, true, 39 },
             { SRD_CRITICAL, false, 69 },
             { SRD_WARNING, false, 94 }
};
static const struct {
    int from;
    const char *name;
} bands[] = {
    { 95, "good" }, { 80, "attention" }, { 60, "degraded" }, { 40, "bad" }, { 0, "emergency" },
};

/* One check that costs points. */
struct loss {
    const char *area, *family;
    const struct srd_check *check;
    const struct srd_result *result;
    enum srd_severity severity;
    double value;
    double points; /* relative, then in tenths of a point; of the first of its family only */
    bool covered;  /* another check of its family costs more */
};

struct ledger {
    struct loss *losses; /* by area, family, then dearest first */
    size_t count;
    double raw; /* before caps and rounding */
    int score;
    const struct cap *cap; /* that lowered the score; NULL */
};

/* "storage.disk-hard-limit" belongs to "storage"; tasks are what refreshes materialized views. */
static const char *area_of(const struct srd_check *check, struct srd_arena *arena)
{
    size_t n = strcspn(check->id, ".");

    if (n == strlen("task") && !strncmp(check->id, "task", n))
        return "mv";
    return srd_arena_copy_n(arena, check->id, n);
}

static double area_weight(const struct srd_area *areas, const char *name)
{
    double weight = other_area;

    for (const struct srd_area *a = areas; a && a->name; a++)
        if (!strcmp(a->name, name)) {
            weight = a->weight;
            break;
        }
    /* a weight of 1 would let one area take everything, and its logarithm with it */
    return weight >= 0 ? fmin(weight, 0.99) : 0;
}

static double whole(double share)
{
    return share >= 0 && share < 1 ? share : 1; /* what is no share is the worst one */
}

static bool is_applicable(const struct srd_result *r)
{
    return r->verdict != SRD_NOT_APPLICABLE;
}

/* Its findings stand, but part of what it looks at could not be seen. */
static bool is_partial(const struct srd_result *r)
{
    return r->verdict == SRD_CHECKED && r->status != SRD_ANSWERED;
}

static enum srd_severity worst_of(const struct srd_check *check)
{
    return check->worst > SRD_OKAY ? check->worst : SRD_INFO;
}

/*
 * What an unknown check could hide: a warning, if it can say one. A probe that failed on a cluster
 * that answers otherwise (or there were no score) is a symptom: then a check for an outage counts
 * as one.
 */
static enum srd_severity feared(const struct srd_result *r)
{
    bool symptom = r->status == SRD_TIMED_OUT || r->status == SRD_FAILED;

    if (symptom && r->check->outage)
        return SRD_CRITICAL;
    return worst_of(r->check) < SRD_WARNING ? worst_of(r->check) : SRD_WARNING;
}

static double value_of(enum srd_severity severity, double share)
{
    return weight_of[severity] * (0.5 + 0.5 * whole(share));
}

static void add_loss(struct ledger *ledger, const struct srd_result *r, enum srd_severity severity,
                     double value, struct srd_arena *arena)
{
    ledger->losses[ledger->count++] = (struct loss){
        .area = area_of(r->check, arena),
        .family = r->check->family ? r->check->family : r->check->id,
        .check = r->check,
        .result = r,
        .severity = severity,
        .value = value,
    };
}

static int by_value(const void *a, const void *b)
{
    const struct loss *x = a, *y = b;

    if (x->value > y->value || x->value < y->value)
        return x->value > y->value ? -1 : 1;
    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    return strcmp(x->check->id, y->check->id);
}

static int by_family(const void *a, const void *b)
{
    const struct loss *x = a, *y = b;
    int order = strcmp(x->area, y->area);

    if (!order)
        order = strcmp(x->family, y->family);
    return order ? order : by_value(a, b);
}

/* Dearest families first within their area, the covered ones at the end of it. */
static int by_rank(const void *a, const void *b)
{
    const struct loss *x = a, *y = b;
    int order = strcmp(x->area, y->area);

    if (order)
        return order;
    if (x->covered != y->covered)
        return x->covered ? 1 : -1;
    return by_value(a, b);
}

/*
 * Returns what is left of the score after the area that @first begins; *@next is the one after it.
 */
static double take_area(const struct srd_area *areas, struct loss *first, const struct loss *end,
                        struct loss **next)
{
    double sum = 0, half = 1, lost;
    struct loss *l;

    for (l = first; l < end && !strcmp(l->area, first->area); l++) {
        l->points = l->covered ? 0 : l->value * half;
        sum += l->points;
        half /= 2;
    }
    *next = l;
    lost = area_weight(areas, first->area) * fmin(sum, 1);
    /* shares of the explanation: areas by logarithm, because they multiply */
    for (l = first; l < *next; l++)
        l->points *= sum > 0 ? -log1p(-lost) / sum : 0;
    return 1 - lost;
}

static const struct cap *cap_of(const struct ledger *ledger)
{
    for (const struct cap *cap = caps; cap < caps + SRD_COUNT(caps); cap++)
        for (const struct loss *l = ledger->losses; l < ledger->losses + ledger->count; l++)
            if (l->severity >= cap->severity && (!cap->outage || l->check->outage))
                return cap;
    return NULL;
}

/*
 * Sorting first makes the result independent of the order of the findings to the last bit: sums of
 * doubles are not.
 */
static void settle(const struct srd_area *areas, struct ledger *ledger)
{
    struct loss *l = ledger->losses, *end = ledger->losses + ledger->count;
    const struct cap *cap;

    if (ledger->count)
        qsort(l, ledger->count, sizeof(*l), by_family);
    for (size_t i = 1; i < ledger->count; i++)
        l[i].covered = !strcmp(l[i].area, l[i - 1].area) && !strcmp(l[i].family, l[i - 1].family);
    if (ledger->count)
        qsort(l, ledger->count, sizeof(*l), by_rank);

    ledger->raw = 100;
    while (l < end)
        ledger->raw *= take_area(areas, l, end, &l);
    /* 58 computed as 57.999...: rounding errors cost no point */
    ledger->score = (int)floor(ledger->raw + 1e-9);
    cap = cap_of(ledger);
    if (cap && ledger->score > cap->limit) {
        ledger->score = cap->limit;
        ledger->cap = cap;
    }
}

static bool is_left_out(const struct srd_result *r, const char *const *left_out)
{
    for (; left_out && *left_out; left_out++)
        if (!strcmp(*left_out, r->check->id))
            return true;
    return false;
}

static struct ledger judge(const struct srd_area *areas, const struct srd_result *results,
                           size_t count, const char *const *left_out, struct srd_arena *arena)
{
    struct ledger ledger = { .losses = srd_arena_array(arena, count + 1, sizeof(struct loss)) };

    for (const struct srd_result *r = results; r < results + count; r++)
        if (is_applicable(r) && r->severity > SRD_OKAY && !is_left_out(r, left_out))
            add_loss(&ledger, r, r->severity, value_of(r->severity, r->share), arena);
    settle(areas, &ledger);
    return ledger;
}

/* The same with everything unknown as bad as it is likely to be. */
static int judge_feared(const struct srd_area *areas, const struct srd_result *results,
                        size_t count, struct srd_arena *arena)
{
    struct ledger ledger = { .losses = srd_arena_array(arena, count + 1, sizeof(struct loss)) };

    for (const struct srd_result *r = results; r < results + count; r++) {
        enum srd_severity severity = r->severity;
        double value = value_of(severity, r->share);

        if (!is_applicable(r))
            continue;
        if (r->verdict == SRD_NOT_CHECKED || is_partial(r)) {
            enum srd_severity fear = feared(r);

            value = fmax(value, value_of(fear, 1));
            severity = fear > severity ? fear : severity;
        }
        if (severity > SRD_OKAY)
            add_loss(&ledger, r, severity, value, arena);
    }
    settle(areas, &ledger);
    return ledger.score;
}

struct coverage {
    const char *area;
    double all, seen;
};

static int by_area(const void *a, const void *b)
{
    const struct coverage *x = a, *y = b;

    return strcmp(x->area, y->area);
}

static double confidence_of(const struct srd_area *areas, const struct srd_result *results,
                            size_t count, struct srd_arena *arena)
{
    struct coverage *covers = srd_arena_array(arena, count + 1, sizeof(*covers));
    double all = 0, seen = 0;
    size_t used = 0, i;

    for (const struct srd_result *r = results; r < results + count; r++) {
        int q = importance_of[worst_of(r->check)];
        const char *area;

        if (!is_applicable(r))
            continue;
        area = area_of(r->check, arena);
        for (i = 0; i < used && strcmp(covers[i].area, area); i++)
            ;
        if (i == used)
            covers[used++].area = area;
        covers[i].all += q;
        if (r->verdict == SRD_CHECKED)
            covers[i].seen += r->follower || is_partial(r) ? q / 2.0 : q;
    }
    if (used)
        qsort(covers, used, sizeof(*covers), by_area);
    for (i = 0; i < used; i++) {
        double weight = area_weight(areas, covers[i].area);

        all += weight;
        seen += weight * covers[i].seen / covers[i].all;
    }
    return all > 0 ? fmin(seen / all, 1) : 0;
}

static int by_points(const void *a, const void *b)
{
    const struct loss *x = a, *y = b;

    /* a family stays together, where its dearest check stands */
    if (x->points > y->points || x->points < y->points)
        return x->points > y->points ? -1 : 1;
    return by_family(a, b);
}

/*
 * Shares out @tenths over the relative points of @losses, whole tenths each, so that they add up
 * exactly: everybody gets what is safely theirs, the rest goes to the largest remainders.
 */
static void share_out(struct loss *losses, size_t count, int tenths, struct srd_arena *arena)
{
    double *rest = srd_arena_array(arena, count + 1, sizeof(*rest));
    double sum = 0;
    int given = 0;

    for (size_t i = 0; i < count; i++)
        sum += losses[i].points;
    for (size_t i = 0; i < count; i++) {
        double exact = sum > 0 ? tenths * losses[i].points / sum : 0;

        rest[i] = losses[i].covered ? -1 : exact - floor(exact);
        losses[i].points = floor(exact);
        given += (int)losses[i].points;
    }
    for (; given < tenths; given++) {
        size_t most = 0;

        for (size_t i = 1; i < count; i++)
            if (rest[i] > rest[most])
                most = i;
        losses[most].points++;
        rest[most]--;
    }
}

static const char *says(const struct loss *l)
{
    if (l->result->finding_count && l->result->findings && l->result->findings[0]->message)
        return l->result->findings[0]->message;
    return l->check->title;
}

static const char *cap_words(const struct ledger *ledger, const struct loss **why,
                             struct srd_arena *arena)
{
    const struct loss *first = NULL;
    size_t others = 0;

    for (const struct loss *l = ledger->losses; l < ledger->losses + ledger->count; l++)
        if (l->severity >= ledger->cap->severity && (!ledger->cap->outage || l->check->outage)) {
            others += first != NULL;
            first = first ? first : l;
        }
    *why = first;
    return srd_arena_printf(arena, "limited to %d because %s is %s%s%s", ledger->cap->limit,
                            first->check->id,
                            first->severity == SRD_CRITICAL ? "critical" : "a warning",
                            ledger->cap->outage ? ": outage or possible loss of data" : "",
                            others ? srd_arena_printf(arena, " (and %zu more)", others) : "");
}

/*
 * Fills in @score->parts: points lost per check, dearest first, covered ones behind their family.
 */
static void explain(struct srd_score *score, struct ledger *ledger, struct srd_arena *arena)
{
    struct srd_score_part *parts = srd_arena_array(arena, ledger->count + 2, sizeof(*parts));
    struct loss *losses = ledger->losses, *end = losses + ledger->count;
    int all = 10 * (100 - ledger->score);
    int tenths = ledger->cap ? (int)lround(10 * (100 - ledger->raw)) : all;
    size_t n = 0;

    share_out(losses, ledger->count, tenths, arena);
    if (ledger->count)
        qsort(losses, ledger->count, sizeof(*losses), by_points);
    for (const struct loss *l = losses; l < end; l++) {
        if (l->covered)
            continue;
        parts[n++] = (struct srd_score_part){ l->area, l->check, l->points / 10, says(l) };
        for (const struct loss *c = losses; c < end; c++)
            if (c->covered && !strcmp(c->area, l->area) && !strcmp(c->family, l->family))
                parts[n++] = (struct srd_score_part){
                    c->area, c->check, 0, srd_arena_printf(arena, "covered by %s", l->check->id)
                };
    }
    if (ledger->cap) {
        const struct loss *why;
        const char *words = cap_words(ledger, &why, arena);

        parts[n++] = (struct srd_score_part){ why->area, NULL, (all - tenths) / 10.0, words };
    }
    score->parts = parts;
    score->part_count = n;
}

struct srd_score srd_score(const struct srd_area *areas, const struct srd_result *results,
                           size_t count, struct srd_arena *arena)
{
    struct srd_score score = { .high = 100, .band = "unknown", .insufficient = true };
    struct ledger ledger;

    for (const struct srd_result *r = results; r < results + count; r++)
        if (r->verdict == SRD_CHECKED)
            score.known = true;
    if (!score.known)
        return score;

    ledger = judge(areas, results, count, NULL, arena);
    score.value = score.high = ledger.score;
    score.low = judge_feared(areas, results, count, arena);
    score.confidence = confidence_of(areas, results, count, arena);
    score.insufficient = score.confidence < 0.5;
    for (size_t i = 0; i < SRD_COUNT(bands); i++)
        if (score.value >= bands[i].from) {
            score.band = bands[i].name;
            break;
        }
    explain(&score, &ledger, arena);
    return score;
}

int srd_score_without(const struct srd_area *areas, const struct srd_result *results, size_t count,
                      const char *const *left_out, struct srd_arena *arena)
{
    return judge(areas, results, count, left_out, arena).score;
}
