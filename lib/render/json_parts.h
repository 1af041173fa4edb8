#ifndef SRD_RENDER_JSON_PARTS_H
#define SRD_RENDER_JSON_PARTS_H

#include "lib/base/json.h"
#include "lib/render/common.h"

/*
 * The members of srdiag.report/1 and srdiag.view/1, each filled into a given object: json.c and
 * ndjson.c differ only in how they string them together. tests/schema/ says what they look like.
 */
struct srd_parts {
    const struct srd_report *report;
    struct srd_arena *arena; /* scratch */
};

void srd_parts_tool(struct srd_json *object, const char *version, const char *catalogue);
void srd_parts_source(struct srd_json *object, const struct srd_source_info *source);
void srd_parts_cluster(struct srd_json *object, const struct srd_cluster *cluster);
void srd_parts_score(struct srd_json *object, const struct srd_parts *parts, bool explain);
void srd_parts_cause(struct srd_json *object, const struct srd_parts *parts,
                     const struct srd_cause_match *match);
void srd_parts_finding(struct srd_json *object, const struct srd_parts *parts,
                       const struct srd_finding *finding);
void srd_parts_not_checked(struct srd_json *object, const struct srd_result *result);
/* Is the result one of "not_checked": not at all, or in part only? */
bool srd_parts_is_gap(const struct srd_result *result);
void srd_parts_coverage(struct srd_json *object, const struct srd_report *report);
void srd_parts_probe(struct srd_json *object, const struct srd_answer *answer);

/* A cell of a view; null when it is absent. */
struct srd_json *srd_parts_cell(struct srd_arena *arena, enum srd_unit unit,
                                const struct srd_value *value);
void srd_parts_row(struct srd_json *object, const struct srd_view_report *report,
                   struct srd_arena *arena, size_t row);
/* By their names in MCP; @values NULL: none. */
void srd_parts_arguments(struct srd_json *object, const struct srd_arg *arg,
                         const struct srd_arg_value *values);
struct srd_json *srd_parts_time(int64_t ms);

/* Invisible, or able to turn around what stands beside it (controls below U+0020 apart)? */
bool srd_parts_is_hidden(unsigned character);
/* The character at @bytes, which is good UTF-8, and its length. */
unsigned srd_parts_decode(const unsigned char *bytes, size_t *n);
/*
 * Prints @value, which it frees. After each line break of a @pretty one come @indent blanks.
 * Characters that are invisible or turn the text around stand as \uNNNN: the reader may be a
 * terminal or a model.
 */
void srd_parts_print(struct srd_buf *out, struct srd_json *value, bool pretty, size_t indent);

#endif
