#ifndef SRD_MODEL_REPORT_H
#define SRD_MODEL_REPORT_H

#include "lib/model/cause.h"
#include "lib/model/expert.h"

/*
 * What a run found: one value, rendered many ways. All of it lives in one arena.
 */
struct srd_source_info {
    const char *kind;  /* "live" "snapshot" "demo" */
    const char *where; /* "fe1:9030", path of the file */
    const char *user;  /* account of a live run; "" */
    int64_t taken_at_ms; /* of a snapshot: when it was collected; else 0 */
};

#define SRD_SCORE_MODEL 1
struct srd_score_part { /* points lost, adding up exactly to 100 - score */
    const char *area;
    const struct srd_check *check; /* NULL: a cap, see text */
    double points;
    const char *text; /* "limited to 39 because ..." for caps; "covered by ..." lines have 0 points */
};
struct srd_score {
    bool known; /* false: nothing could be checked */
    int value, low, high;
    double confidence; /* 0-1 */
    const char *band;  /* good attention degraded bad emergency */
    bool insufficient; /* confidence below 0.5: say so before the number */
    const struct srd_score_part *parts;
    size_t part_count;
};

struct srd_report {
    struct srd_source_info source;
    const char *tool_version, *catalogue_version;
    int64_t started_at_ms, duration_ms;
    const struct srd_evidence *ev; /* cluster facts and probes */
    const struct srd_catalogue *catalogue;
    const struct srd_expert *const *experts; /* that ran, NULL-ended */
    const struct srd_arg_value *args; /* of the one expert that ran; NULL: fallbacks, or none */
    const struct srd_result *results;
    size_t result_count;
    const struct srd_cause_match *causes; /* worst first */
    size_t cause_count;
    struct srd_finding **findings; /* all, worst first, stable order: severity, area order, check, subject */
    size_t finding_count;
    struct srd_score score;
    bool partial;            /* the total time ran out */
    enum srd_severity worst; /* of all findings */
};

/* A view that was asked for. */
struct srd_view_report {
    struct srd_source_info source;
    const char *tool_version;
    int64_t started_at_ms, duration_ms;
    const struct srd_evidence *ev;
    const struct srd_expert *expert;
    const struct srd_view *view;
    const struct srd_arg_value *args;
    const struct srd_rows *rows; /* NULL: not available */
    enum srd_status status;      /* then why */
    const char *detail;
};

#endif
