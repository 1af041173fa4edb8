/* What does a check, a cause or a probe mean? */

#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"
#include "lib/render/article.h"
#include "lib/render/common.h"

/* ---- writing ---- */

static void say(struct srd_article *a, const char *key, const char *heading, const char *text)
{
    if (text && *text && a->count < SRD_COUNT(a->sections))
        a->sections[a->count++] =
            (struct srd_section){ .key = key, .heading = heading, .text = text };
}

static const char *join(struct srd_arena *arena, const char *list, const char *gap,
                        const char *word)
{
    return srd_arena_printf(arena, "%s%s%s", list, *list ? gap : "", word);
}

static const char *version_text(struct srd_arena *arena, int version)
{
    return srd_arena_printf(arena, "%d.%d.%d", version / 10000, version / 100 % 100, version % 100);
}

static const char *validity(struct srd_arena *arena, enum srd_mode mode, int since, int until)
{
    const char *out = mode == SRD_MODE_ANY
                          ? "every cluster"
                          : srd_arena_printf(arena, "%s clusters", srd_mode_name(mode));

    if (since)
        out = srd_arena_printf(arena, "%s, from StarRocks %s", out, version_text(arena, since));
    if (until)
        out = srd_arena_printf(arena, "%s, up to StarRocks %s", out, version_text(arena, until));
    return out;
}

static const char *probe_ids(struct srd_arena *arena, const struct srd_probe *const *probes)
{
    const char *out = "";

    for (; *probes; probes++)
        out = join(arena, out, ", ", (*probes)->id);
    return out;
}

static const char *availability(const struct srd_check *c, struct srd_arena *arena)
{
    if (srd_check_implemented(c))
        return NULL;
    if (c->blocked)
        return srd_arena_printf(arena, "This version cannot make the check: %s.", c->blocked);
    if (c->kind != SRD_INSTANT)
        return srd_arena_printf(arena,
                                "This version cannot make the check: its evidence is of the "
                                "kind \"%s\", and srdiag looks at one moment only.",
                                srd_evidence_kind_name(c->kind));
    return "This version cannot make the check yet.";
}

static void add_step(struct srd_article *a, const char *when, const struct srd_step *step)
{
    if (a->step_count < SRD_MAX_STEPS)
        a->steps[a->step_count++] = (struct srd_article_step){ .when = when, .step = *step };
}

static const char *limits(const struct srd_check *c, struct srd_arena *arena)
{
    const char *out = "";

    for (const char *const *name = srd_check_limits(c, arena); *name; name++)
        out = join(arena, out, ", ", *name);
    return out;
}

static void of_check(const struct srd_check *c, struct srd_article *a)
{
    a->kind = "check";
    a->id = c->id;
    a->title = c->title;
    say(a, "note", "NOTE", availability(c, a->arena));
    say(a, "why", "WHY", c->why);
    say(a, "measured_by", "HOW IT IS MEASURED", c->measured_by);
    say(a, "rule", "LEVELS AND THRESHOLDS", c->rule);
    say(a, "source", "WHERE THE NUMBERS COME FROM", c->source);
    say(a, "limits", "WHAT --set CHANGES", limits(c, a->arena));
    say(a, "avoid", "WHAT IT MUST NOT BE CONFUSED WITH", c->avoid);
    say(a, "applies_to", "APPLIES TO", validity(a->arena, c->mode, c->since, c->until));
    say(a, "probes", "PROBES", probe_ids(a->arena, c->needs));
    for (const struct srd_step *s = c->fix; s->text; s++)
        add_step(a, NULL, s);
    a->see = c->see;
}

/* "storage.disk-hard-limit at critical": what a signal of a cause looks at. */
static const char *signals(struct srd_arena *arena, const struct srd_signal *list)
{
    const char *out = "";

    for (; list->check || list->test; list++) {
        const char *one = list->words;

        if (list->check && list->test && one && !strchr(one, '{'))
            one = srd_arena_printf(arena, "%s: %s", list->check, one); /* not that it was raised */
        else if (list->check)
            one = srd_arena_printf(
                arena, "%s (%s or worse)", list->check,
                srd_severity_name(list->level > SRD_INFO ? list->level : SRD_INFO));
        if (list->check && list->alternatives)
            one = srd_arena_printf(arena, "%s, or one of %s", one, list->alternatives);
        if (one)
            out = join(arena, out, "; ", one);
    }
    return out;
}

static void of_cause(const struct srd_cause *c, struct srd_article *a)
{
    a->kind = "cause";
    a->id = c->id;
    a->title = c->title;
    say(a, "why", "WHY", c->why);
    say(a, "required", "IT IS CONCLUDED FROM", signals(a->arena, c->required));
    say(a, "supporting", "MORE LIKELY WITH", signals(a->arena, c->supporting));
    say(a, "contradicting", "LESS LIKELY WITH", signals(a->arena, c->contradicting));
    say(a, "applies_to", "APPLIES TO", validity(a->arena, c->mode, 0, 0));
    for (size_t i = 0; i < SRD_MAX_STEPS && c->steps[i].step.text; i++)
        add_step(a, c->steps[i].when, &c->steps[i].step);
    a->see = c->explains;
}

static bool needs(const struct srd_check *c, const struct srd_probe *probe)
{
    for (const struct srd_probe *const *p = c->needs; *p; p++)
        if (*p == probe)
            return true;
    for (const struct srd_probe *const *p = c->wants; *p; p++)
        if (*p == probe)
            return true;
    return false;
}

static void of_probe(const struct srd_catalogue *catalogue, const struct srd_probe *p,
                     struct srd_article *a)
{
    const char *users = "";

    a->kind = "probe";
    a->id = p->id;
    a->title = p->summary;
    for (size_t i = 0; i < SRD_MAX_TEXTS && p->texts[i].sql; i++) {
        const struct srd_probe_text *t = &p->texts[i];

        say(a, "statement", "STATEMENT",
            srd_arena_printf(a->arena, "%s\n-- %s", t->sql,
                             validity(a->arena, t->mode, t->since, t->until)));
        a->sections[a->count - 1].raw = true;
    }
    say(a, "columns", "COLUMNS THAT ARE READ", p->columns);
    say(a, "cost", "COST",
        srd_arena_printf(a->arena, "%s; at most %d s", srd_cost_name(p->cost),
                         srd_probe_timeout_s(p)));
    say(a, "privilege", "PRIVILEGE", p->privilege);
    if (p->after)
        say(a, "after", "ASKED AFTER", p->after->id);
    for (const struct srd_expert *const *e = catalogue->experts; *e; e++)
        SRD_EACH_CHECK (c, (*e))
            if (needs(*c, p))
                users = join(a->arena, users, " ", (*c)->id);
    a->see = users;
}

/* ---- printing ---- */

struct srd_json *srd_article_json(const struct srd_article *a)
{
    struct srd_json *o = srd_json_object();
    struct srd_json *fix = srd_json_array(), *see = srd_json_array(), *sql = srd_json_array();

    srd_json_put(o, "schema", srd_json_new_text("srdiag.explain/1"));
    srd_json_put(o, "kind", srd_json_new_text(a->kind));
    srd_json_put(o, "id", srd_json_new_text(a->id));
    srd_json_put(o, "title", srd_json_new_text(a->title));
    for (size_t i = 0; i < a->count; i++) {
        if (a->sections[i].raw) /* several of them: a list */
            srd_json_push(sql, srd_json_new_text(a->sections[i].text));
        else
            srd_json_put(o, a->sections[i].key, srd_json_new_text(a->sections[i].text));
    }
    srd_json_put(o, "statements", sql);
    for (size_t i = 0; i < a->step_count; i++) {
        struct srd_json *step = srd_json_push(fix, srd_json_object());

        if (a->steps[i].when)
            srd_json_put(step, "when", srd_json_new_text(a->steps[i].when));
        srd_json_put(step, "text", srd_json_new_text(a->steps[i].step.text));
        srd_json_put(step, "sql", srd_json_new_text(a->steps[i].step.sql));
        srd_json_put(step, "risk", srd_json_new_text(srd_risk_name(a->steps[i].step.risk)));
    }
    srd_json_put(o, "fix", fix);
    if (a->see)
        for (const char *const *id = srd_render_words(a->arena, a->see); *id; id++)
            srd_json_push(see, srd_json_new_text(*id));
    srd_json_put(o, "see", see);
    return o;
}

void srd_article_markdown(const struct srd_article *a, struct srd_buf *out)
{
    srd_buf_printf(out, "# %s\n\n%s\n", a->id, a->title);
    for (size_t i = 0; i < a->count; i++)
        srd_buf_printf(out, a->sections[i].raw ? "\n## %s\n\n```sql\n%s\n```\n" : "\n## %s\n\n%s\n",
                       a->sections[i].heading, a->sections[i].text);
    if (a->step_count)
        srd_buf_text(out, "\n## WHAT TO DO\n\n");
    for (size_t i = 0; i < a->step_count; i++) {
        const struct srd_article_step *s = &a->steps[i];

        srd_buf_printf(out, "- %s%s%s (%s)\n", s->when ? s->when : "", s->when ? ": " : "",
                       s->step.text, s->step.risk == SRD_RISKY ? "risky" : "safe");
        if (s->step.sql)
            srd_buf_printf(out, "\n  ```sql\n  %s\n  ```\n", s->step.sql);
    }
    if (a->see && *a->see)
        srd_buf_printf(out, "\nSee also: %s\n", a->see);
}

/* ---- finding ---- */

const char *const *srd_article_ids(const struct srd_catalogue *catalogue, struct srd_arena *arena)
{
    const struct srd_probe *const *probes = srd_catalogue_probes(catalogue, arena);
    size_t count = 0, n = 0;
    const char **ids;

    for (size_t i = 0; catalogue->causes[i]; i++)
        count++;
    for (size_t e = 0; catalogue->experts[e]; e++)
        SRD_EACH_CHECK (check, catalogue->experts[e])
            count++;
    for (size_t i = 0; probes[i]; i++)
        count++;
    ids = srd_arena_array(arena, count + 1, sizeof(*ids));
    for (size_t e = 0; catalogue->experts[e]; e++)
        SRD_EACH_CHECK (check, catalogue->experts[e])
            ids[n++] = (*check)->id;
    for (size_t i = 0; catalogue->causes[i]; i++)
        ids[n++] = catalogue->causes[i]->id;
    for (size_t i = 0; probes[i]; i++)
        ids[n++] = probes[i]->id;
    return ids;
}

bool srd_article_find(const struct srd_catalogue *catalogue, const char *id,
                      struct srd_article *out)
{
    const struct srd_probe *const *probes = srd_catalogue_probes(catalogue, out->arena);
    const char *const *ids = srd_article_ids(catalogue, out->arena);
    const struct srd_check *check;
    const struct srd_cause *cause;

    /* "rc-01" and "Storage.Disk-Hard-Limit" are clear enough */
    for (; *ids; ids++)
        if (!strcasecmp(*ids, id))
            id = *ids;
    check = srd_catalogue_check(catalogue, id);
    cause = srd_catalogue_cause(catalogue, id);
    for (; *probes; probes++)
        if (!strcmp((*probes)->id, id))
            break;
    if (check)
        of_check(check, out);
    else if (cause)
        of_cause(cause, out);
    else if (*probes)
        of_probe(catalogue, *probes, out);
    return check || cause || *probes;
}
