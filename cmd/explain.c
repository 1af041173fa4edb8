/* What does a check, a cause or a probe mean? Its own record, as an article. */

#include <string.h>

#include "cmd/command.h"
#include "cmd/listing.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/render/article.h"

static void heading(struct srd_call *call, const char *text)
{
    srd_buf_printf(&call->out, call->style.color ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

static void raw_lines(struct srd_buf *out, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");

        srd_buf_printf(out, "    %.*s\n", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

static void print_step(struct srd_call *call, const struct srd_article *a,
                       const struct srd_article_step *s, const struct srd_style *style)
{
    const char *risk = s->step.risk == SRD_RISKY ? "[risky]" : "[safe]";

    srd_render_paragraph(s->when
                             ? srd_arena_printf(a->arena, "%s: %s %s", s->when, s->step.text, risk)
                             : srd_arena_printf(a->arena, "%s %s", s->step.text, risk),
                         4, style, &call->out);
    if (s->step.sql)
        srd_buf_printf(&call->out, "        %s\n", s->step.sql);
}

static void print_prose(struct srd_call *call, const struct srd_article *a)
{
    struct srd_style style = call->style;

    if (!style.width)
        style.width = 80;
    srd_buf_printf(&call->out, call->style.color ? "\033[1m%s\033[0m\n" : "%s\n", a->id);
    srd_render_paragraph(a->title, 4, &style, &call->out);
    for (size_t i = 0; i < a->count; i++) {
        heading(call, a->sections[i].heading);
        if (a->sections[i].raw)
            raw_lines(&call->out, a->sections[i].text);
        else
            srd_render_paragraph(a->sections[i].text, 4, &style, &call->out);
    }
    if (a->step_count)
        heading(call, "WHAT TO DO");
    for (size_t i = 0; i < a->step_count; i++)
        print_step(call, a, &a->steps[i], &style);
    if (a->see && *a->see) {
        heading(call, !strcmp(a->kind, "probe") ? "CHECKS THAT USE IT" : "SEE ALSO");
        srd_render_paragraph(a->see, 4, &style, &call->out);
    }
    call->long_text = true;
}

static int run(struct srd_call *call, struct srd_error *err)
{
    struct srd_article article = { .arena = call->arena };
    const char *id = call->operands[0], *name = call->format->name, *near;
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;

    if (!srd_article_find(&srd_catalogue, id, &article)) {
        near = srd_did_you_mean(call->arena, id, srd_article_ids(&srd_catalogue, call->arena));
        return srd_fail(err, SRD_E_USAGE, "there is no check, cause or probe \"%s\"%s",
                        srd_shown(call->arena, id),
                        *near ? near : "; srdiag list checks names them");
    }
    if (srd_format_is_prose(call->format)) {
        print_prose(call, &article);
    } else if (!strcmp(name, "json")) {
        json = srd_article_json(&article);
        srd_json_print(json, true, &call->out);
        srd_buf_text(&call->out, "\n");
    } else if (!strcmp(name, "markdown")) {
        srd_article_markdown(&article, &call->out);
    } else {
        return srd_fail(err, SRD_E_USAGE, "explain prints table (text), markdown or json, not %s",
                        name);
    }
    return 0;
}

const struct srd_command srd_command_explain = {
    .name = "explain",
    .group = "help",
    .operands = "CHECK|CAUSE|PROBE",
    .min = 1,
    .max = 1,
    .summary = "what a finding means, how it is measured, and what to do",
    .needs = SRD_NEEDS_SETTINGS,
    .run = run,
};
