/* Which root causes do the results of all checks speak for, and what speaks against them? */

#include "lib/engine/causes.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

/* In hundredths, so that sums compare exactly. */
enum { ALL_HOLD = 50, NO_DATA = -10, SUPPORT = 10, MOST = 95, CONTRADICTION = -20, LEAST = 30 };

/* A signal of a cause against the results. */
struct reading {
    const struct srd_signal *signal;
    enum srd_signal_state state;
    const struct srd_result *result; /* that decided: holds, is unknown, or is fine; NULL: none */
    const char *check;               /* its id, also when there is no result; NULL: an own test */
};

/* One cause while it is matched. */
struct work {
    const struct srd_results *results;
    struct srd_arena *arena;
    struct srd_cause_match *match;
    bool **explained; /* [results->count], NULL or by finding: explained by this cause */
};

static bool is_end(const struct srd_signal *s)
{
    return !s->check && !s->test;
}

static enum srd_severity level_of(const struct srd_signal *s)
{
    return s->level > SRD_INFO ? s->level : SRD_INFO;
}

static enum srd_signal_state state_of(const struct srd_result *r, enum srd_severity level)
{
    if (!r)
        return SRD_SIGNAL_UNKNOWN;
    if (r->verdict == SRD_NOT_APPLICABLE)
        return SRD_SIGNAL_NO;
    if (r->finding_count && r->severity >= level)
        return SRD_SIGNAL_YES;
    /* a check that saw only part of what it looks at cannot say "no" */
    if (r->verdict == SRD_NOT_CHECKED || r->status != SRD_ANSWERED)
        return SRD_SIGNAL_UNKNOWN;
    return SRD_SIGNAL_NO;
}

/*
 * Is @a the better answer of two alternatives? One that holds suffices; else one unknown is open.
 */
static bool outranks(const struct reading *a, const struct reading *b)
{
    static const int rank[] = { 0, 2, 1 }; /* no, yes, unknown */

    if (a->state != b->state)
        return rank[a->state] > rank[b->state];
    if (a->state == SRD_SIGNAL_YES)
        return a->result->severity > b->result->severity;
    /*
     * among those that do not hold, one that was looked at says more than one that does not apply
     */
    return a->state == SRD_SIGNAL_NO && a->result->verdict == SRD_CHECKED &&
           b->result->verdict != SRD_CHECKED;
}

/* @r as if it had found nothing but what has the field @only. */
static const struct srd_result *narrow(const struct work *w, const struct srd_result *r,
                                       const char *only)
{
    struct srd_result *out;

    if (!r || !only || !r->finding_count)
        return r;
    out = srd_arena_alloc(w->arena, sizeof(*out));
    *out = *r;
    out->findings = srd_arena_array(w->arena, r->finding_count, sizeof(*out->findings));
    out->finding_count = 0;
    for (size_t i = 0; i < r->finding_count; i++)
        if (srd_finding_has(r->findings[i], only))
            out->findings[out->finding_count++] = r->findings[i];
    out->severity = out->finding_count ? out->findings[0]->severity : SRD_OKAY; /* worst first */
    return out;
}

static struct reading read_check(const struct work *w, const struct srd_signal *s, const char *id,
                                 const char *only)
{
    const struct srd_result *r = narrow(w, srd_results_get(w->results, id), only);

    return (struct reading){ s, state_of(r, level_of(s)), r, id };
}

static struct reading read_signal(const struct work *w, const struct srd_signal *s)
{
    struct reading best = { .signal = s, .state = SRD_SIGNAL_UNKNOWN };
    char *list, *rest = NULL;

    if (s->check)
        best = read_check(w, s, s->check, s->only);
    if (s->test) {
        best.state = s->test(w->results);
        return best;
    }
    list = srd_arena_copy(w->arena, s->alternatives ? s->alternatives : "");
    for (char *id = strtok_r(list, " ", &rest); id; id = strtok_r(NULL, " ", &rest)) {
        struct reading other = read_check(w, s, id, NULL);

        if (outranks(&other, &best))
            best = other;
    }
    return best;
}

/* The fields of the first finding of @r, and {measured}. */
static const struct srd_field *fields_of(const struct work *w, const struct srd_result *r)
{
    struct srd_field *fields = srd_arena_array(w->arena, SRD_MAX_FIELDS + 2, sizeof(*fields));
    const char *measured = NULL;
    size_t n = 0;

    if (r && r->finding_count) {
        const struct srd_finding *f = r->findings[0];

        measured = f->message;
        while (n < SRD_MAX_FIELDS && f->fields[n].name) {
            fields[n] = f->fields[n];
            n++;
        }
    } else if (r) {
        measured = r->measured ? r->measured : "nothing found";
    }
    if (measured)
        fields[n++] = (struct srd_field){ "measured", measured };
    return fields;
}

static bool is_known(const char *name, size_t length, const struct srd_field *fields)
{
    for (; fields->name; fields++)
        if (strlen(fields->name) == length && !memcmp(fields->name, name, length))
            return fields->value != NULL;
    return false;
}

/* The next {placeholder} of @text that no field fills, and its length with braces; NULL: none. */
static const char *next_open(const char *text, const struct srd_field *fields, size_t *length)
{
    for (const char *p = text; p && (p = strchr(p, '{')); p++) {
        size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");

        if (n && p[n + 1] == '}' && !is_known(p + 1, n, fields)) {
            *length = n + 2;
            return p;
        }
    }
    return NULL;
}

/* What no field fills is for the reader to fill in: <table>, as manuals write it. */
static const char *fill_words(const struct work *w, const char *words,
                              const struct srd_field *fields)
{
    const char *open;
    size_t n;

    while ((open = next_open(words, fields, &n)))
        words = srd_arena_printf(w->arena, "%.*s<%.*s>%s", (int)(open - words), words, (int)n - 2,
                                 open + 1, open + n);
    return srd_fill(w->arena, words, fields);
}

static const char *say(const struct work *w, const struct reading *r)
{
    const char *words = r->signal->words ? r->signal->words : "{measured}";

    return fill_words(w, words, fields_of(w, r->result));
}

static void add_reason(struct srd_reason *reasons, size_t *count, const char *text,
                       const char *check)
{
    if (*count < SRD_COUNT(((struct srd_cause_match *)NULL)->because))
        reasons[(*count)++] = (struct srd_reason){ text, check };
}

/* A check that was not part of the run is as unknown as one that was denied. */
static void add_unknown(struct work *w, const struct reading *r)
{
    struct srd_cause_match *m = w->match;
    const char *why;

    if (!r->check)
        why =
            r->signal->words && !strchr(r->signal->words, '{') ? r->signal->words : "a sign of it";
    else if (!r->result)
        why = "not part of this run";
    else if (r->result->detail && r->result->detail[0])
        why = r->result->detail;
    else if (r->result->status != SRD_ANSWERED)
        why = srd_status_name(r->result->status);
    else
        why = "not known";
    for (size_t i = 0; i < m->unknown_count; i++)
        if (r->check && m->unknown[i].check && !strcmp(m->unknown[i].check, r->check))
            return; /* needed and supporting at different levels */
    add_reason(m->unknown, &m->unknown_count,
               r->check ? srd_arena_printf(w->arena, "%s: %s", r->check, why)
                        : srd_arena_printf(w->arena, "not known: %s", why),
               r->check);
}

static void explain(struct work *w, const struct srd_result *r, const char *only)
{
    bool **marks = &w->explained[r - w->results->items];

    if (!*marks)
        *marks = srd_arena_array(w->arena, r->finding_count + 1, sizeof(**marks));
    for (size_t i = 0; i < r->finding_count; i++)
        (*marks)[i] = (*marks)[i] || srd_finding_has(r->findings[i], only);
}

static void explain_ids(struct work *w, const char *ids, const char *only, enum srd_severity level)
{
    char *list = srd_arena_copy(w->arena, ids ? ids : "");
    char *rest = NULL;

    for (char *id = strtok_r(list, " ", &rest); id; id = strtok_r(NULL, " ", &rest)) {
        const struct srd_result *r = srd_results_get(w->results, id);

        if (state_of(r, level) == SRD_SIGNAL_YES)
            explain(w, r, only);
    }
}

/* The findings of a signal that holds: of its check and of every alternative that holds as well. */
static void explain_signal(struct work *w, const struct srd_signal *s)
{
    explain_ids(w, s->check, s->only, level_of(s));
    explain_ids(w, s->alternatives, NULL, level_of(s));
}

/* Adds what @r says for the cause; its part of the confidence. */
static int weigh(struct work *w, const struct reading *r, int holds, int unknown)
{
    struct srd_cause_match *m = w->match;

    if (r->state == SRD_SIGNAL_YES) {
        add_reason(m->because, &m->because_count, say(w, r), r->check);
        explain_signal(w, r->signal);
        return holds;
    }
    if (r->state == SRD_SIGNAL_UNKNOWN) {
        add_unknown(w, r);
        return unknown;
    }
    return 0;
}

/* Do all required signals hold, as far as they can be known, and at least one for certain? */
static bool hold_required(struct work *w, int *confidence)
{
    bool any = false;

    for (const struct srd_signal *s = w->match->cause->required; !is_end(s); s++) {
        struct reading r = read_signal(w, s);

        if (r.state == SRD_SIGNAL_NO || (r.state == SRD_SIGNAL_UNKNOWN && !s->aside))
            return false;
        any = any || r.state == SRD_SIGNAL_YES;
        *confidence += weigh(w, &r, 0, NO_DATA);
    }
    return any;
}

/* False: a veto holds. */
static bool survives(struct work *w, int *confidence)
{
    struct srd_cause_match *m = w->match;

    for (const struct srd_signal *s = m->cause->contradicting; !is_end(s); s++) {
        struct reading r = read_signal(w, s);

        if (r.state == SRD_SIGNAL_YES && s->veto)
            return false;
        if (r.state == SRD_SIGNAL_YES) {
            *confidence += CONTRADICTION;
            add_reason(m->against, &m->against_count,
                       srd_arena_printf(w->arena, "but %s", say(w, &r)), r.check);
        } else if (r.state == SRD_SIGNAL_UNKNOWN) {
            add_unknown(w, &r);
        }
    }
    return true;
}

/* "Not X, because ...": only what was looked at can rule a competitor out. */
static void rule_out(struct work *w)
{
    struct srd_cause_match *m = w->match;

    for (const struct srd_signal *s = m->cause->not_because; !is_end(s); s++) {
        struct reading r = read_signal(w, s);

        if (r.state == SRD_SIGNAL_UNKNOWN)
            add_unknown(w, &r);
        else if (r.state == SRD_SIGNAL_NO &&
                 (s->test || (r.result && r.result->verdict == SRD_CHECKED)))
            add_reason(m->against, &m->against_count, say(w, &r), r.check);
    }
}

static void fill_steps(struct work *w, const struct srd_result *first)
{
    struct srd_cause_match *m = w->match;

    for (size_t i = 0; i < SRD_MAX_STEPS && m->cause->steps[i].step.text; i++) {
        const struct srd_cause_step *step = &m->cause->steps[i];
        const struct srd_result *from =
            step->from ? srd_results_get(w->results, step->from) : first;
        const struct srd_field *fields = fields_of(w, from);
        size_t n;

        m->step_when[i] = step->when;
        m->steps[i] = step->step;
        m->steps[i].text = fill_words(w, step->step.text, fields);
        /* half a statement is worse than none: somebody would paste it */
        m->steps[i].sql = next_open(step->step.sql, fields, &n)
                              ? NULL
                              : srd_fill(w->arena, step->step.sql, fields);
    }
}

/* Worst first, otherwise in the order of the results. */
static void list_explained(struct work *w)
{
    struct srd_cause_match *m = w->match;
    size_t total = 0;

    for (size_t i = 0; i < w->results->count; i++)
        total += w->explained[i] ? w->results->items[i].finding_count : 0;
    m->explained = srd_arena_array(w->arena, total + 1, sizeof(*m->explained));
    for (int level = SRD_CRITICAL; level >= SRD_OKAY; level--)
        for (size_t i = 0; i < w->results->count; i++)
            for (size_t k = 0; w->explained[i] && k < w->results->items[i].finding_count; k++)
                if (w->explained[i][k] && (int)w->results->items[i].findings[k]->severity == level)
                    m->explained[m->explained_count++] = w->results->items[i].findings[k];
    m->severity = m->explained_count ? m->explained[0]->severity : SRD_OKAY;
}

static bool match(const struct srd_cause *cause, const struct srd_results *results,
                  struct srd_arena *arena, struct srd_cause_match *out)
{
    struct work w = { .results = results, .arena = arena, .match = out };
    const struct srd_result *first = NULL;
    int confidence = ALL_HOLD;

    *out = (struct srd_cause_match){ .cause = cause };
    w.explained = srd_arena_array(arena, results->count + 1, sizeof(*w.explained));
    if (results->ev && !srd_mode_includes(cause->mode, results->ev->cluster.mode))
        return false;
    if (!hold_required(&w, &confidence))
        return false;
    for (const struct srd_signal *s = cause->supporting; !is_end(s); s++) {
        struct reading r = read_signal(&w, s);

        confidence += weigh(&w, &r, SUPPORT, 0);
    }
    confidence = confidence < MOST ? confidence : MOST;
    if (!survives(&w, &confidence) || confidence < LEAST)
        return false;
    out->confidence = confidence / 100.0;

    rule_out(&w);
    explain_ids(&w, cause->explains, NULL, SRD_INFO);
    list_explained(&w);
    for (const struct srd_signal *s = cause->required; !is_end(s) && !first; s++) {
        struct reading r = read_signal(&w, s);

        first = r.state == SRD_SIGNAL_YES ? r.result : NULL;
    }
    fill_steps(&w, first);
    return true;
}

static int by_weight(const void *a, const void *b)
{
    const struct srd_cause_match *x = a, *y = b;

    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    if (x->confidence > y->confidence || x->confidence < y->confidence)
        return x->confidence > y->confidence ? -1 : 1;
    return strverscmp(x->cause->id, y->cause->id);
}

size_t srd_causes_match(const struct srd_cause *const *causes, const struct srd_results *results,
                        struct srd_arena *arena, const struct srd_cause_match **out)
{
    struct srd_cause_match *matches;
    size_t count = 0, room = 0;

    while (causes && causes[room])
        room++;
    matches = srd_arena_array(arena, room + 1, sizeof(*matches));
    for (size_t i = 0; i < room; i++)
        if (match(causes[i], results, arena, &matches[count]))
            count++;
    if (count)
        qsort(matches, count, sizeof(*matches), by_weight);
    *out = matches;
    return count;
}
