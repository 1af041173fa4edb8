/* What is there to read? Articles about checks and causes, and whole reports. */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/render/article.h"
#include "lib/serve/desk_private.h"
#include "lib/serve/results.h"

#define REPORT_BYTES ((size_t)8 << 20)
#define COUNT 4

static const struct srd_desk *desk_of(const struct srd_mcp_call *call)
{
    return call->resource->data;
}

/* srdiag://checks */
static int read_checks(struct srd_mcp_call *call, const char *uri, const char *value,
                       struct srd_buf *out, struct srd_error *err)
{
    const struct srd_catalogue *catalogue = desk_of(call)->catalogue;

    (void)uri;
    (void)value;
    (void)err;
    for (const struct srd_expert *const *e = catalogue->experts; *e; e++) {
        srd_buf_printf(out, "%s## %s\n\n%s\n\n", out->size ? "\n" : "", (*e)->name, (*e)->title);
        SRD_EACH_CHECK (check, (*e))
            srd_buf_printf(out, "- %s: %s%s\n", (*check)->id, (*check)->title,
                           srd_check_implemented(*check) ? "" : " (not made by this version)");
    }
    srd_buf_text(out, "\n## causes\n\n");
    for (const struct srd_cause *const *cause = catalogue->causes; *cause; cause++)
        srd_buf_printf(out, "- %s: %s\n", (*cause)->id, (*cause)->title);
    return 0;
}

/* srdiag://check/{id}, srdiag://cause/{id} */
static int read_article(struct srd_mcp_call *call, const char *uri, const char *value,
                        struct srd_buf *out, struct srd_error *err)
{
    struct srd_article article = { .arena = call->arena };

    if (!srd_article_find(desk_of(call)->catalogue, value, &article) ||
        strcmp(article.kind, call->resource->name) != 0)
        return srd_fail(err, SRD_E_DATA, "there is no %s", uri);
    srd_article_markdown(&article, out);
    return 0;
}

static void free_result(struct srd_mcp_result *result)
{
    srd_buf_free(&result->members);
}

/* srdiag://report/{handle}: says itself when it was made, which may be now */
static int read_report(struct srd_mcp_call *call, const char *uri, const char *value,
                       struct srd_buf *out, struct srd_error *err)
{
    struct srd_desk *desk = (struct srd_desk *)(uintptr_t)call->resource->data;
    SRD_CLEANUP(srd_json_free) struct srd_json *report = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf raw = { 0 };
    SRD_CLEANUP(free_result) struct srd_mcp_result fault = { 0 };
    struct srd_report_kept kept;

    switch (srd_report_find(call, desk, value, &kept, &fault)) {
    case SRD_REPORT_UNKNOWN:
        return srd_fail(err, SRD_E_DATA, "there is no %s (any more)", uri);
    case SRD_REPORT_FAULT:
        return srd_fail(
            err, SRD_E_CONNECT,
            "the report is no longer at hand, and could not be made again; the analyze_ "
            "tool says why");
    case SRD_REPORT_FOUND:
        break;
    }
    if (srd_json_parse(kept.text, strlen(kept.text), REPORT_BYTES, &report, err))
        return err->code;
    srd_buf_init(&raw, REPORT_BYTES);
    srd_json_print(report, true, &raw);
    srd_sheet_clean(out, raw.data, raw.size, SRD_TEXT_DETAILED);
    return 0;
}

static const struct srd_mcp_resource resources[COUNT] = {
    { .uri = "srdiag://checks",
      .name = "checks",
      .title = "All checks and causes",
      .description = "Ids and titles of everything that is checked, by area.",
      .mime = "text/markdown",
      .is_static = true,
      .read = read_checks },
    { .uri = "srdiag://check/{id}",
      .name = "check",
      .title = "A check",
      .description =
          "What a check detects, how it measures, its thresholds, false alarms and remedies.",
      .mime = "text/markdown",
      .is_template = true,
      .is_static = true,
      .read = read_article },
    { .uri = "srdiag://cause/{id}",
      .name = "cause",
      .title = "A root cause",
      .description = "What a cause is concluded from, what speaks against it, and what to do.",
      .mime = "text/markdown",
      .is_template = true,
      .is_static = true,
      .read = read_article },
    { .uri = "srdiag://report/{handle}",
      .name = "report",
      .title = "A whole report",
      .description = "Everything behind an analyze_ answer (srdiag.report/1), under the report it "
                     "named; kept for 15 minutes.",
      .mime = "application/json",
      .is_template = true,
      .read = read_report },
};

void srd_desk_make_resources(struct srd_desk *desk)
{
    struct srd_mcp_resource *out = srd_arena_array(desk->arena, COUNT + 1, sizeof(*out));

    for (size_t i = 0; i < COUNT; i++) {
        out[i] = resources[i];
        out[i].data = desk;
    }
    desk->tables.resources = out;
}
