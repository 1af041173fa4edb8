/* What could not be checked and what helps against that, and what should the reader type next? */

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/render/common.h"

/* ---- what could not be checked ---- */

#define NO_JUDGE (-2)

/* One line per reason a person would tell apart; the first that fits counts. */
static const struct srd_gap_kind {
    enum srd_status status;
    int kind; /* of evidence; -1: any; or NO_JUDGE */
    const char *words, *command, *hint;
} gap_kinds[] = {
    { SRD_DENIED, -1, "access denied", "grants", NULL },
    { SRD_TIMED_OUT, -1, "out of time", "preflight", NULL },
    { SRD_FAILED, -1, "the cluster answered with an error", "preflight", NULL },
    { SRD_NO_BACKEND, -1, "no BE or CN is alive to answer", NULL, NULL },
    { SRD_SKIPPED, NO_JUDGE, "srdiag cannot judge them yet", NULL, NULL },
    { SRD_SKIPPED, -1, "not asked", NULL, NULL },
    { SRD_VERSION_ABSENT, -1, "this version does not have it", NULL, NULL },
    { SRD_MODE_ABSENT, -1, "not in this run mode", NULL, NULL },
    { SRD_NEEDS_HISTORY, SRD_DELTA, "need two samples", NULL, "one run takes one" },
    { SRD_NEEDS_HISTORY, SRD_HISTORY, "need earlier runs", NULL, "no history yet" },
    { SRD_NEEDS_HISTORY, SRD_LOG, "need log text", NULL, "logs are not read yet" },
    { SRD_NEEDS_HISTORY, SRD_HOST, "need files of the machines", NULL, "hosts are not read yet" },
    { SRD_NEEDS_HISTORY, SRD_INSTANT, "cannot be judged yet", NULL, NULL },
    { SRD_ANSWERED, -1, "reason not known", NULL, NULL },
};

static bool is_kind(const struct srd_gap_kind *gap, const struct srd_result *result)
{
    if (gap->status != result->status)
        return false;
    if (gap->kind == NO_JUDGE)
        return !result->check->judge;
    return gap->kind < 0 || gap->kind == (int)result->check->kind;
}

static size_t gap_kind_of(const struct srd_result *result)
{
    for (size_t i = 0; i < SRD_COUNT(gap_kinds); i++)
        if (is_kind(&gap_kinds[i], result))
            return i;
    return SRD_COUNT(gap_kinds) - 1;
}

static int by_count(const void *left, const void *right)
{
    const struct srd_gap *a = left, *b = right;

    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return strcmp(a->words, b->words);
}

size_t srd_render_gaps(struct srd_arena *arena, const struct srd_report *report,
                       const struct srd_gap **out)
{
    struct srd_gap *gaps = srd_arena_array(arena, SRD_COUNT(gap_kinds), sizeof(*gaps));
    size_t used = 0;

    for (size_t k = 0; k < SRD_COUNT(gap_kinds); k++) {
        struct srd_gap gap = { .words = gap_kinds[k].words,
                               .command = gap_kinds[k].command,
                               .hint = gap_kinds[k].hint };

        /* a file answers the second time what it answered the first time */
        if (gap.command && !strcmp(gap.command, "preflight") &&
            !srd_render_is_live(&report->source))
            gap.command = NULL;

        gap.results = srd_arena_array(arena, report->result_count + 1, sizeof(*gap.results));
        for (size_t i = 0; i < report->result_count; i++)
            if (report->results[i].verdict == SRD_NOT_CHECKED &&
                gap_kind_of(&report->results[i]) == k)
                gap.results[gap.count++] = &report->results[i];
        if (gap.count)
            gaps[used++] = gap;
    }
    qsort(gaps, used, sizeof(*gaps), by_count);
    *out = gaps;
    return used;
}

struct lacking {
    const char *privilege;
    size_t checks, weight;
};

static int by_weight(const void *left, const void *right)
{
    const struct lacking *a = left, *b = right;

    if (a->weight != b->weight)
        return a->weight < b->weight ? 1 : -1;
    return strcmp(a->privilege, b->privilege);
}

/* What @result's check would have needed, if a privilege was all that stood in its way. */
static const char *privilege_of(const struct srd_report *report, const struct srd_result *result)
{
    if (result->verdict != SRD_NOT_CHECKED || result->status != SRD_DENIED)
        return NULL;
    for (const struct srd_probe *const *p = result->check->needs; *p; p++) {
        const struct srd_answer *missing = srd_evidence_missing(report->ev, *p);

        if (missing && missing->status == SRD_DENIED)
            return missing->probe->privilege ? missing->probe->privilege : "SELECT";
    }
    return NULL;
}

const char *srd_render_missing_privileges(struct srd_arena *arena, const struct srd_report *report)
{
    struct lacking *items = srd_arena_array(arena, report->result_count + 1, sizeof(*items));
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf = { 0 };
    size_t count = 0;

    for (size_t i = 0; i < report->result_count; i++) {
        const char *privilege = privilege_of(report, &report->results[i]);
        size_t k = 0;

        if (!privilege)
            continue;
        while (k < count && strcmp(items[k].privilege, privilege))
            k++;
        if (k == count)
            items[count++].privilege = privilege;
        items[k].checks++;
        /* a check counts for the score by the worst it could have said */
        items[k].weight += (size_t)report->results[i].check->worst;
    }
    qsort(items, count, sizeof(*items), by_weight);
    srd_buf_init(&buf, 4096);
    for (size_t k = 0; k < count; k++)
        srd_buf_printf(&buf, "%s%s (%zu check%s)", k ? ", " : "", items[k].privilege,
                       items[k].checks, items[k].checks == 1 ? "" : "s");
    return count ? srd_arena_copy(arena, buf.data) : NULL;
}

/* ---- what to type next ---- */

const char *srd_render_again(struct srd_arena *arena, const struct srd_style *style)
{
    return srd_render_filled(style->again) ? srd_render_clean(arena, style->again) : "srdiag";
}

/* The view that shows what the finding was read from, else the expert's first one. */
static const struct srd_view *view_of(const struct srd_expert *expert,
                                      const struct srd_finding *finding)
{
    SRD_EACH_VIEW (v, expert)
        for (const struct srd_probe *const *p = (*v)->needs; *p; p++)
            if (finding->probe && *p == finding->probe)
                return *v;
    SRD_EACH_VIEW (v, expert)
        return *v;
    return NULL;
}

static bool needs_operand(const struct srd_view *view)
{
    for (const struct srd_arg *arg = view->args; arg->type != SRD_ARG_END; arg++)
        if (arg->required)
            return true;
    return false;
}

static bool was_denied(const struct srd_report *report)
{
    for (size_t i = 0; i < report->result_count; i++)
        if (report->results[i].verdict == SRD_NOT_CHECKED &&
            report->results[i].status == SRD_DENIED)
            return true;
    return false;
}

const char *const *srd_render_next(struct srd_arena *arena, const struct srd_report *report,
                                   const struct srd_style *style)
{
    const char **out = srd_arena_array(arena, 5, sizeof(*out));
    const struct srd_finding *first = report->finding_count ? report->findings[0] : NULL;
    const struct srd_expert *expert = first ? srd_render_expert(report, first->check) : NULL;
    const struct srd_view *view = expert ? view_of(expert, first) : NULL;
    const char *again = srd_render_again(arena, style);
    size_t count = 0;

    /* `explain` reads the catalogue, not the cluster */
    if (report->cause_count)
        out[count++] = srd_arena_printf(arena, "srdiag explain %s", report->causes[0].cause->id);
    else if (first)
        out[count++] = srd_arena_printf(arena, "srdiag explain %s", first->check->id);
    if (view && !needs_operand(view))
        out[count++] = srd_arena_printf(arena, "%s %s %s", again, expert->name, view->name);
    if (was_denied(report))
        out[count++] = srd_arena_printf(arena, "%s grants", again);
    if (srd_render_is_live(&report->source))
        out[count++] = srd_arena_printf(arena, "%s collect case.srd", again);
    return out;
}

const char *const *srd_render_view_next(struct srd_arena *arena,
                                        const struct srd_view_report *report,
                                        const struct srd_style *style)
{
    const char *again = srd_render_again(arena, style);
    const char *text = report->view->next;
    size_t n = 2, count = 0;
    const char **out;

    for (const char *p = text; p && (p = strchr(p, '|')); p++)
        n++;
    out = srd_arena_array(arena, n + 2, sizeof(*out));
    if (!report->rows && report->status == SRD_DENIED)
        out[count++] = srd_arena_printf(arena, "%s grants", again);
    while (srd_render_filled(text)) {
        size_t length = strcspn(text, "|"), end = length;
        const char *start = text;

        text += length + (text[length] == '|');
        while (end && *start == ' ')
            start++, end--;
        while (end && start[end - 1] == ' ')
            end--;
        /* the table writes "srdiag storage tablets"; this reader came another way */
        if (end > 7 && !strncmp(start, "srdiag ", 7))
            start += 7, end -= 7;
        if (end)
            out[count++] = srd_arena_printf(arena, "%s %.*s",
                                            srd_text_prefix(start, "explain ") ? "srdiag" : again,
                                            (int)end, start);
    }
    return out;
}
