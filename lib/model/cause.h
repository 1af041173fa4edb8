#ifndef SRD_MODEL_CAUSE_H
#define SRD_MODEL_CAUSE_H

#include "lib/model/check.h"

/*
 * A root cause joins findings of several checks. A cause is a record of signals; matching is one pure
 * function (lib/engine/causes.h) for all of them.
 *
 * A signal holds, does not hold, or is unknown. It is either "check @check raised at least @level", or
 * an own pure test over all results. @words say what it means for this cause when it holds (as
 * evidence for) or when it does not (as evidence against a competitor); {measured} is replaced by
 * what the check measured or by its first finding's message.
 */
enum srd_signal_state { SRD_SIGNAL_NO, SRD_SIGNAL_YES, SRD_SIGNAL_UNKNOWN };

struct srd_results { /* all results of a run, by check id */
    const struct srd_evidence *ev;
    struct srd_result *items;
    size_t count;
};
const struct srd_result *srd_results_get(const struct srd_results *results, const char *check_id);
/* Has the finding the field of "name=value"? NULL: any has. */
bool srd_finding_has(const struct srd_finding *finding, const char *field);

struct srd_signal {
    const char *check;           /* id; NULL ends a list (unless @test is set) */
    enum srd_severity level;     /* at least; SRD_OKAY counts as SRD_INFO */
    const char *only;            /* "class=disk": of @check's findings count those with this field */
    const char *alternatives;    /* more ids, blank-separated: any of them suffices */
    enum srd_signal_state (*test)(const struct srd_results *results);
    bool veto;                   /* contradicting only: the cause is not reported at all */
    bool aside;                  /* required only: unknown does not prevent the match (no data yet) */
    const char *words;           /* see above */
};
#define SRD_MAX_SIGNALS 6

struct srd_cause {
    const char *id;    /* "RC-01" */
    const char *title;
    enum srd_mode mode;
    struct srd_signal required[SRD_MAX_SIGNALS + 1];
    struct srd_signal supporting[SRD_MAX_SIGNALS + 1];
    struct srd_signal contradicting[SRD_MAX_SIGNALS + 1];
    /* the sentence that separates it from its closest competitor: printed when @check is ok */
    struct srd_signal not_because[SRD_MAX_SIGNALS + 1];
    const char *explains; /* further checks whose findings it explains, blank-separated */
    struct srd_cause_step {
        const char *when; /* "now" "then" "later" */
        struct srd_step step;
        const char *from; /* check whose first finding fills the placeholders; NULL: the first required */
    } steps[SRD_MAX_STEPS + 1];
    const char *why; /* for `explain` */
};

/* One line of evidence of a matched cause. */
struct srd_reason {
    const char *text;
    const char *check; /* id it rests on; NULL */
};
struct srd_cause_match {
    const struct srd_cause *cause;
    double confidence; /* 0-0.95 */
    enum srd_severity severity; /* worst finding it explains */
    struct srd_reason because[12], against[12], unknown[12];
    size_t because_count, against_count, unknown_count;
    struct srd_finding **explained;
    size_t explained_count;
    struct srd_step steps[SRD_MAX_STEPS + 1]; /* placeholders filled */
    const char *step_when[SRD_MAX_STEPS + 1];
};
const char *srd_confidence_word(double confidence); /* low < 0.5, medium, high >= 0.7 */

#endif
