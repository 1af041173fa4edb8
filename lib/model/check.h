#ifndef SRD_MODEL_CHECK_H
#define SRD_MODEL_CHECK_H

#include "lib/model/finding.h"
#include "lib/model/probe.h"
#include "lib/model/version.h"

/*
 * A check is one record; `srdiag explain ID` prints it, the score weighs it, the engine decides
 * whether it can be judged. @judge is pure arithmetic over evidence and is called only when every
 * probe of @needs was answered with the columns it promises.
 *
 * A check of the catalogue that srdiag cannot judge yet has no @judge: it is registered with its texts
 * and reports "not checked" with @kind's reason (two samples, stored history, logs, host files), or
 * with @blocked when the reason is another.
 */
enum srd_evidence_kind {
    SRD_INSTANT,
    SRD_DELTA,   /* needs two samples */
    SRD_HISTORY, /* needs stored earlier runs */
    SRD_LOG,     /* needs log text */
    SRD_HOST,    /* needs files of the machine itself */
};
const char *srd_evidence_kind_name(enum srd_evidence_kind kind);

#define SRD_MAX_NEEDS 7

struct srd_check {
    const char *id;     /* "storage.disk-hard-limit": never changes its meaning */
    const char *title;  /* a few words, for lists */
    const char *family; /* of the score: one family counts once; NULL: its own */
    enum srd_mode mode;
    int since, until;   /* versions that have what it measures */
    enum srd_severity worst; /* the highest level it can raise: its importance for the score */
    bool outage;        /* critical means outage or possible data loss: caps the score at 39 */
    enum srd_evidence_kind kind;
    const char *blocked; /* why it cannot be judged yet, if not because of @kind */
    const struct srd_probe *needs[SRD_MAX_NEEDS + 1];
    const struct srd_probe *wants[SRD_MAX_NEEDS + 1]; /* asked too, but can be judged without */
    void (*judge)(const struct srd_evidence *ev, struct srd_findings *out);
    /*
     * What --set and [limits] may change about it, blank-separated: "." is the threshold that has the
     * name of the check, ".critical" is ID.critical, and a word without a dot is a configuration value
     * of the cluster that it compares with. NULL: nothing.
     */
    const char *limits;
    /* texts of `explain` */
    const char *why;       /* what is detected and what happens if it is ignored */
    const char *measured_by; /* how: statement and columns, in words */
    const char *rule;      /* levels and thresholds in words */
    const char *source;    /* where the numbers come from */
    const char *avoid;     /* known false positives and how they are kept out */
    const char *see;       /* related ids, blank-separated */
    struct srd_step fix[SRD_MAX_STEPS + 1];
};

/* The outcome of one check in one run. */
enum srd_verdict { SRD_CHECKED, SRD_NOT_CHECKED, SRD_NOT_APPLICABLE };
struct srd_result {
    const struct srd_check *check;
    enum srd_verdict verdict;
    enum srd_severity severity;   /* worst finding; SRD_OKAY */
    double share;                 /* scope of the worst findings together, 0-1 */
    struct srd_finding **findings;
    size_t finding_count;
    const char *measured;         /* what a judge said it measured; NULL */
    enum srd_status status;       /* NOT_CHECKED: the reason (also set beside findings when partly so) */
    const char *detail;           /* and its words */
    bool follower;
};

/*
 * Judges one check over @ev, or says why it cannot be judged: mode and version first ("not
 * applicable"), then evidence (implemented, probes answered, columns there). Findings are sorted worst
 * first; the result's share is that of its worst findings, added up to at most 1. Pure.
 */
void srd_check_judge(const struct srd_check *check, const struct srd_evidence *ev,
                     struct srd_arena *arena, struct srd_result *out);

/*
 * For tests: judges @check over @answers in @mode (and @version) and prints one line per finding,
 * "critical be1 /data1", worst first and then by name, or "ok", "not applicable", or "not checked:
 * denied" (which is the last line when findings stand but something was unknown besides). No newline
 * at the end.
 */
const char *srd_check_judge_text(const struct srd_check *check, enum srd_mode mode, int version,
                                 const struct srd_answer_text *answers, struct srd_arena *arena);

#endif
