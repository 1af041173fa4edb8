#ifndef SRD_RENDER_ARTICLE_H
#define SRD_RENDER_ARTICLE_H

#include "lib/base/json.h"
#include "lib/model/expert.h"

/*
 * What a check, a cause or a probe means: its own record, as an article. Sections in their order,
 * then what to do.
 */
struct srd_article {
    struct srd_arena *arena;
    const char *kind, *id, *title; /* kind: "check" "cause" "probe" */
    struct srd_section {
        const char *key, *heading, *text;
        bool raw; /* lines as they are: a statement */
    } sections[16];
    size_t count;
    struct srd_article_step {
        const char *when; /* NULL: at once */
        struct srd_step step;
    } steps[SRD_MAX_STEPS + 1];
    size_t step_count;
    const char *see; /* blank-separated ids; may be NULL */
};

/* The ids of all checks, causes and probes, in this order; NULL-ended. */
const char *const *srd_article_ids(const struct srd_catalogue *catalogue, struct srd_arena *arena);
/* @id in any spelling of its letters. False: there is none of that id. @out->arena is set by the
 * caller. */
bool srd_article_find(const struct srd_catalogue *catalogue, const char *id,
                      struct srd_article *out);
/* srdiag.explain/1 */
struct srd_json *srd_article_json(const struct srd_article *article);
void srd_article_markdown(const struct srd_article *article, struct srd_buf *out);

#endif
