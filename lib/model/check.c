/* Can a check be judged over this evidence, and what comes out? */

#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/model/check.h"
#include "lib/model/identity.h"

const char *srd_evidence_kind_name(enum srd_evidence_kind kind)
{
    switch (kind) {
    case SRD_INSTANT:
        return "instant";
    case SRD_DELTA:
        return "delta";
    case SRD_HISTORY:
        return "history";
    case SRD_LOG:
        return "log";
    case SRD_HOST:
        break;
    }
    return "host";
}

static void not_checked(struct srd_result *out, enum srd_status status, const char *detail)
{
    /* a question that means nothing in this run mode leaves nothing to be known */
    out->verdict = status == SRD_MODE_ABSENT ? SRD_NOT_APPLICABLE : SRD_NOT_CHECKED;
    out->status = status;
    out->detail = detail;
}

static const char *version_words(struct srd_arena *arena, int version)
{
    return srd_arena_printf(arena, "%d.%d.%d", version / 10000, version / 100 % 100, version % 100);
}

/* Does the check fit the cluster? False: @out says why not. */
static bool fits(const struct srd_check *check, const struct srd_evidence *ev,
                 struct srd_arena *arena, struct srd_result *out)
{
    const struct srd_cluster *cluster = &ev->cluster;
    const struct srd_answer *mode;

    if (!srd_mode_includes(check->mode, cluster->mode)) {
        out->verdict = SRD_NOT_APPLICABLE;
        out->status = SRD_MODE_ABSENT;
        out->detail = srd_arena_printf(arena, "only for %s clusters", srd_mode_name(check->mode));
        return false;
    }
    if (!srd_version_within(cluster->version, check->since, check->until)) {
        bool old = check->since && cluster->version < check->since;

        not_checked(out, SRD_VERSION_ABSENT,
                    srd_arena_printf(arena, "needs StarRocks %s or %s, this is %s",
                                     version_words(arena, old ? check->since : check->until),
                                     old ? "later" : "earlier",
                                     version_words(arena, cluster->version)));
        return false;
    }
    if (check->mode != SRD_MODE_ANY && cluster->mode == SRD_MODE_ANY) {
        mode = srd_evidence_missing(ev, &srd_probe_run_mode);
        not_checked(out, mode && mode->status != SRD_MODE_ABSENT ? mode->status : SRD_FAILED,
                    "the run mode is not known");
        return false;
    }
    return true;
}

/* Can srdiag judge it at all, from one look at a cluster? */
static bool has_judge(const struct srd_check *check, struct srd_result *out)
{
    static const char *const needs[] = {
        [SRD_INSTANT] = "srdiag cannot judge it yet", [SRD_DELTA] = "needs two samples",
        [SRD_HISTORY] = "needs stored earlier runs",  [SRD_LOG] = "needs log text",
        [SRD_HOST] = "needs files of the machine",
    };

    if (check->judge)
        return true;
    if (check->blocked)
        not_checked(out, SRD_SKIPPED, check->blocked);
    else
        not_checked(out, check->kind == SRD_INSTANT ? SRD_SKIPPED : SRD_NEEDS_HISTORY,
                    needs[check->kind]);
    return false;
}

static void say_missing(const struct srd_answer *missing, struct srd_arena *arena,
                        struct srd_result *out)
{
    bool words = missing->detail && *missing->detail;

    not_checked(out, missing->status,
                srd_arena_printf(arena, "probe %s: %s", missing->probe->id,
                                 words ? missing->detail : srd_status_name(missing->status)));
}

static bool has_evidence(const struct srd_check *check, const struct srd_evidence *ev,
                         struct srd_arena *arena, struct srd_result *out)
{
    const struct srd_answer *missing, *reason = NULL;

    for (size_t i = 0; i < SRD_MAX_NEEDS && check->needs[i]; i++) {
        missing = srd_evidence_missing(ev, check->needs[i]);
        if (missing && (!reason || missing->status == SRD_MODE_ABSENT))
            reason = missing;
    }
    if (reason) {
        say_missing(reason, arena, out);
        return false;
    }
    for (size_t i = 0; i < SRD_MAX_NEEDS && check->needs[i]; i++) {
        const struct srd_probe *probe = check->needs[i];
        const struct srd_table *table = srd_evidence_get(ev, probe, NULL);
        const char *lacks = table ? srd_table_lacks(table, probe->columns, arena) : NULL;

        if (!lacks)
            continue;
        not_checked(out, SRD_VERSION_ABSENT,
                    srd_arena_printf(arena, "column %s is not in the answer of probe %s", lacks,
                                     probe->id));
        return false;
    }
    return true;
}

static bool from_follower(const struct srd_check *check, const struct srd_evidence *ev)
{
    for (size_t i = 0; i < SRD_MAX_NEEDS && check->needs[i]; i++)
        for (const struct srd_answer *a = NULL; (a = srd_evidence_next(ev, check->needs[i], a));)
            if (a->follower)
                return true;
    return false;
}

/* Worst first; what is equally bad stays in the order in which the judge said it. */
static void sort_findings(struct srd_finding **items, size_t count, struct srd_arena *arena)
{
    struct srd_finding **sorted = srd_arena_array(arena, count ? count : 1, sizeof(*sorted));
    size_t n = 0;

    for (int severity = SRD_CRITICAL; severity >= SRD_OKAY; severity--)
        for (size_t i = 0; i < count; i++)
            if ((int)items[i]->severity == severity)
                sorted[n++] = items[i];
    if (count)
        memcpy(items, sorted, n * sizeof(struct srd_finding *));
}

void srd_check_judge(const struct srd_check *check, const struct srd_evidence *ev,
                     struct srd_arena *arena, struct srd_result *out)
{
    struct srd_findings findings = { .arena = arena, .ev = ev, .check = check };

    *out = (struct srd_result){ .check = check, .detail = "" };
    if (!fits(check, ev, arena, out) || !has_judge(check, out) ||
        !has_evidence(check, ev, arena, out))
        return;
    out->follower = from_follower(check, ev);
    check->judge(ev, &findings);

    out->measured = findings.measured;
    if (findings.unknown && !findings.count) {
        not_checked(out, findings.unknown_status, findings.unknown_detail);
        return;
    }
    if (findings.unknown) {
        out->status = findings.unknown_status;
        out->detail = findings.unknown_detail;
    }
    sort_findings(findings.items, findings.count, arena);
    out->findings = findings.items;
    out->finding_count = findings.count;
    for (size_t i = 0; i < findings.count; i++) {
        struct srd_finding *f = findings.items[i];

        f->follower = out->follower;
        if (!i)
            out->severity = f->severity;
        if (f->severity == out->severity)
            out->share += f->share;
    }
    if (out->share > 1)
        out->share = 1;
}

static int compare_lines(const void *a, const void *b)
{
    const struct srd_finding *const *one = a, *const *two = b;
    int worse = (int)(*two)->severity - (int)(*one)->severity;

    return worse ? worse : strcmp((*one)->subject.name, (*two)->subject.name);
}

const char *srd_check_judge_text(const struct srd_check *check, enum srd_mode mode, int version,
                                 const struct srd_answer_text *answers, struct srd_arena *arena)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;
    struct srd_evidence *ev = srd_evidence_of(arena, answers);
    struct srd_result result;

    srd_buf_init(&buf, SRD_TABLE_MAX_BYTES);
    if (mode != SRD_MODE_ANY)
        ev->cluster.mode = mode;
    if (version)
        ev->cluster.version = version;
    srd_check_judge(check, ev, arena, &result);
    if (result.verdict == SRD_NOT_APPLICABLE)
        return "not applicable";
    if (result.verdict == SRD_NOT_CHECKED)
        return srd_arena_printf(arena, "not checked: %s", srd_status_name(result.status));
    if (!result.finding_count && result.status == SRD_ANSWERED)
        return "ok";

    if (result.finding_count)
        qsort(result.findings, result.finding_count, sizeof(struct srd_finding *), compare_lines);
    for (size_t i = 0; i < result.finding_count; i++)
        srd_buf_printf(&buf, "%s%s %s", i ? "\n" : "",
                       srd_severity_name(result.findings[i]->severity),
                       result.findings[i]->subject.name);
    if (result.status != SRD_ANSWERED)
        srd_buf_printf(&buf, "\nnot checked: %s", srd_status_name(result.status));
    return srd_arena_copy_n(arena, buf.data, buf.size);
}
