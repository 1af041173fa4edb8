#ifndef SRD_RENDER_COMMON_H
#define SRD_RENDER_COMMON_H

#include "lib/render/render.h"

/*
 * Questions about a report that several renderers ask, so that they give one answer. Nothing here
 * writes; texts live in the given arena, which is a renderer's scratch memory.
 */

/* A renderer's output has a ceiling of the caller's; what it builds on the way has this one. */
#define SRD_SCRATCH_BYTES ((size_t)64 << 20)

/* @text so that it can be shown on one line (srd_utf8_clean); NULL is "". */
const char *srd_render_clean(struct srd_arena *arena, const char *text);
/* Is there something to read in it? */
bool srd_render_filled(const char *text);

/* The fewest digits that read back the same; integers without exponent; "" for NaN and infinity. */
const char *srd_render_number(double number, char out[32]);
/* For machines: number, RFC 3339 time, true/false, digits of an id; "" when there is nothing to
 * say. */
const char *srd_render_value(struct srd_arena *arena, enum srd_unit unit, double value);
/* Of a cell of a view, for machines; NULL when absent. */
const char *srd_render_cell_plain(struct srd_arena *arena, enum srd_unit unit,
                                  const struct srd_value *value);
/* Of a cell of a view, for people; NULL when absent. Not cleaned. */
const char *srd_render_cell_human(struct srd_arena *arena, enum srd_unit unit,
                                  const struct srd_value *value, int zone_offset_s);
/* Do people expect cells of this unit at the right edge of their column? */
bool srd_render_is_right(enum srd_unit unit);

bool srd_render_is_live(const struct srd_source_info *source);
/* When was it so? The cluster's clock, else when the evidence was taken. */
int64_t srd_render_evidence_ms(const struct srd_evidence *ev, const struct srd_source_info *source,
                               int64_t started_at_ms);
/* "3 FE, 5 of 6 BE alive" */
const char *srd_render_nodes(struct srd_arena *arena, const struct srd_cluster *cluster);
/* "StarRocks 3.3.9", "StarRocks, version not known" */
const char *srd_render_version(struct srd_arena *arena, const struct srd_cluster *cluster);
/* "shared-nothing", "run mode not known" */
const char *srd_render_mode(const struct srd_cluster *cluster);
/* What the reader must know about the evidence before anything else; NULL-ended sentences. */
const char *const *srd_render_warnings(struct srd_arena *arena, const struct srd_report *report);
/* Where a report does not come from a live cluster: one sentence; else NULL. */
const char *srd_render_origin(struct srd_arena *arena, const struct srd_source_info *source,
                              int zone_offset_s);

/* "storage" when only some experts ran, NULL when all did. */
const char *srd_render_scope(struct srd_arena *arena, const struct srd_report *report);
/* The expert that ran this check; NULL if it is none of them. */
const struct srd_expert *srd_render_expert(const struct srd_report *report,
                                           const struct srd_check *check);
/*
 * "Health 34 of 100, emergency"; "21-34, confidence 82 %" or NULL; "71 of 96 checks could be made"
 */
const char *srd_render_score(struct srd_arena *arena, const struct srd_report *report);
const char *srd_render_range(struct srd_arena *arena, const struct srd_report *report);
const char *srd_render_made(struct srd_arena *arena, const struct srd_report *report);
int srd_render_percent(double share); /* 0.499 is 49: never rounded up to a bound */

/* Not applicable checks are in none of these numbers. */
struct srd_coverage {
    size_t total, checked, unknown;
};
struct srd_coverage srd_render_coverage(const struct srd_report *report);

/*
 * For each finding of the report the cause of medium or high confidence below which it is shown,
 * the first that explains it; NULL: it stands alone.
 */
const struct srd_cause_match *const *srd_render_causes(struct srd_arena *arena,
                                                       const struct srd_report *report);
/* Confident enough that its findings are shown below it? */
bool srd_render_is_confident(const struct srd_cause_match *match);

/*
 * The lines of evidence of a cause in the order and under the words they are shown with: "because",
 * "but" (speaks against it), "not" (why it is not its closest competitor), "unknown".
 */
struct srd_argument {
    const char *word, *text;
    const char *check;                 /* id; NULL */
    const struct srd_finding *finding; /* it says exactly what this finding says; else NULL */
};
size_t srd_render_arguments(struct srd_arena *arena, const struct srd_cause_match *match,
                            const struct srd_argument **out);

/* "limit 95 % (storage_usage_hard_limit_percent of the cluster)"; NULL without a limit. */
const char *srd_render_limit(struct srd_arena *arena, const struct srd_finding *finding,
                             int zone_offset_s);
/* The check's remedy with the finding's values in it; text NULL ends it. At most SRD_MAX_STEPS. */
void srd_render_fix(struct srd_arena *arena, const struct srd_finding *finding,
                    struct srd_step out[SRD_MAX_STEPS + 1]);
const char *srd_risk_name(enum srd_risk risk); /* "safe" "risky" */
/* What a finding was read from: the node, or NULL. */
const char *srd_render_node(const struct srd_evidence *ev, const struct srd_finding *finding);
/* Does the column hold users' SQL texts? They may hold passwords and leave in no report. */
bool srd_render_is_private(const struct srd_probe *probe, const char *column);
/* The result that holds the finding's check; NULL if there is none. */
const struct srd_result *srd_render_result(const struct srd_report *report,
                                           const struct srd_check *check);

/* Checks that could not be made, by reason, the largest group first. */
struct srd_gap {
    const char *words;   /* "access denied" */
    const char *command; /* "grants": what to type after style->again; NULL */
    const char *hint;    /* what else there is to say; NULL */
    size_t count;
    const struct srd_result **results;
};
size_t srd_render_gaps(struct srd_arena *arena, const struct srd_report *report,
                       const struct srd_gap **out);
/* "OPERATE (9 checks), SELECT (2 checks)": what denied probes lacked, by what they would gain;
 * NULL. */
const char *srd_render_missing_privileges(struct srd_arena *arena, const struct srd_report *report);

/* Commands to type next, NULL-ended, each whole. */
const char *const *srd_render_next(struct srd_arena *arena, const struct srd_report *report,
                                   const struct srd_style *style);
const char *const *srd_render_view_next(struct srd_arena *arena,
                                        const struct srd_view_report *report,
                                        const struct srd_style *style);
/* "srdiag", "srdiag --demo" */
const char *srd_render_again(struct srd_arena *arena, const struct srd_style *style);

/* Words of @text between blanks; NULL-ended. */
const char *const *srd_render_words(struct srd_arena *arena, const char *text);

#endif
