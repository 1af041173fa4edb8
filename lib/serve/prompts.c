/* How does a person begin, and how may a word go on? */

#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"
#include "lib/render/article.h"
#include "lib/serve/desk_private.h"

/* ---- prompts ---- */

/* The argument that {name} at @at stands for; NULL: none. */
static const struct srd_prompt_arg *placeholder(const struct srd_prompt *prompt, const char *at,
                                                size_t *number)
{
    for (size_t i = 0; prompt->args[i].name; i++) {
        size_t n = strlen(prompt->args[i].name);

        if (*at == '{' && !strncmp(at + 1, prompt->args[i].name, n) && at[n + 1] == '}') {
            *number = i;
            return &prompt->args[i];
        }
    }
    return NULL;
}

/* What a person wrote stands in quotes: it is a name, whatever it says. */
static void fill(const struct srd_mcp_prompt *entry, const struct srd_mcp_value *values,
                 struct srd_buf *out)
{
    const struct srd_prompt *prompt = entry->data;

    for (const char *at = prompt->text; *at;) {
        size_t i;
        const struct srd_prompt_arg *arg = placeholder(prompt, at, &i);

        if (!arg) {
            srd_buf_char(out, *at++);
            continue;
        }
        at += strlen(arg->name) + 2;
        if (values[i].given && values[i].text && *values[i].text)
            srd_json_quote(out, values[i].text, strlen(values[i].text));
        else
            srd_buf_text(out, arg->instead);
    }
}

static const struct srd_mcp_arg *args_of(const struct srd_prompt *prompt, struct srd_arena *arena)
{
    struct srd_mcp_arg *args = srd_arena_array(arena, SRD_MAX_PROMPT_ARGS + 1, sizeof(*args));

    for (size_t i = 0; prompt->args[i].name; i++)
        args[i] = (struct srd_mcp_arg){ .name = prompt->args[i].name,
                                        .type = SRD_MCP_TEXT,
                                        .max = 256,
                                        .help = prompt->args[i].help };
    return args;
}

/* ---- completion ---- */

static void add(struct srd_json *out, const char *value, const char *begun)
{
    if (!strncasecmp(value, begun, strlen(begun)))
        srd_json_push(out, srd_json_new_text(value));
}

static void add_clusters(struct srd_desk *desk, const char *tenant, const char *begun,
                         struct srd_json *out)
{
    SRD_CLEANUP(srd_books_drop) struct srd_books *books = srd_books_hold(desk);

    for (size_t i = 0; i < books->count; i++) {
        const char *whose = srd_place_tenant(books->places[i]);

        if (whose && tenant ? !strcmp(whose, tenant) : whose == tenant)
            add(out, srd_place_name(books->places[i]), begun);
    }
}

static bool has_prompt(const struct srd_mcp_tables *tables, const char *name)
{
    for (const struct srd_mcp_prompt *p = tables->prompts; p->name; p++)
        if (!strcmp(p->name, name))
            return true;
    return false;
}

static bool complete(const struct srd_mcp_tables *tables, const struct srd_mcp_caller *caller,
                     const char *ref, const char *name, const char *begun, struct srd_json *out)
{
    struct srd_desk *desk = (struct srd_desk *)(uintptr_t)tables->data;
    const struct srd_catalogue *catalogue = desk->catalogue;

    if (has_prompt(tables, ref)) {
        if (!strcmp(name, "cluster"))
            add_clusters(desk, caller->tenant, begun, out);
        return true;
    }
    if (!strcmp(ref, "srdiag://check/{id}")) {
        for (const struct srd_expert *const *e = catalogue->experts; *e; e++)
            SRD_EACH_CHECK (check, (*e))
                add(out, (*check)->id, begun);
        return true;
    }
    if (!strcmp(ref, "srdiag://cause/{id}")) {
        for (const struct srd_cause *const *cause = catalogue->causes; *cause; cause++)
            add(out, (*cause)->id, begun);
        return true;
    }
    return !strcmp(ref, "srdiag://report/{handle}"); /* a handle is a secret: none is told */
}

void srd_desk_make_prompts(struct srd_desk *desk)
{
    const struct srd_prompt *prompts = desk->catalogue->prompts;
    struct srd_mcp_prompt *out;
    size_t n = 0;

    while (prompts && prompts[n].name)
        n++;
    out = srd_arena_array(desk->arena, n + 1, sizeof(*out));
    for (size_t i = 0; i < n; i++)
        out[i] = (struct srd_mcp_prompt){ .name = prompts[i].name,
                                          .title = prompts[i].title,
                                          .description = prompts[i].description,
                                          .args = args_of(&prompts[i], desk->arena),
                                          .fill = fill,
                                          .data = &prompts[i] };
    desk->tables.prompts = out;
    desk->tables.instructions = desk->catalogue->instructions;
    desk->tables.complete = complete;
    desk->tables.data = desk;
}
