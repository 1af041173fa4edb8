/* Where in the tenants file are we, and what is one of its members? */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/serve/tenants_private.h"

bool srd_tenants_first(const struct srd_tenants_place *of, struct srd_tenants_place *out)
{
    out->json = srd_json_first(of->json);
    return out->json && srd_json_at_first(&of->at, &out->at);
}

bool srd_tenants_next(struct srd_tenants_place *place)
{
    place->json = srd_json_next(place->json);
    return place->json && srd_json_at_next(&place->at);
}

const char *srd_tenants_shown(struct srd_tenants_reader *r, const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;

    srd_buf_init(&clean, 1024);
    srd_utf8_clean(&clean, text, srd_utf8_fit(text, 60));
    return srd_arena_copy(r->arena, clean.data);
}

int srd_tenants_line(struct srd_tenants_reader *r, const char *at)
{
    if (!r->counted || at < r->counted) {
        r->counted = r->text;
        r->line = 1;
    }
    r->line += srd_json_at_line(r->counted, at) - 1;
    r->counted = at;
    return r->line;
}

void srd_tenants_doubt(struct srd_tenants_reader *r, const char *text)
{
    if (r->warning_count + 1 >= r->warning_room) {
        size_t room = r->warning_room ? 2 * r->warning_room : 8;
        const char **list = srd_arena_array(r->arena, room, sizeof(*list));

        for (size_t i = 0; i < r->warning_count; i++)
            list[i] = r->warnings[i];
        r->warnings = list;
        r->warning_room = room;
    }
    r->warnings[r->warning_count++] =
        srd_arena_printf(r->arena, "%s line %d: %s", r->file, srd_tenants_line(r, r->at), text);
    r->warnings[r->warning_count] = NULL;
    r->out->warnings = r->warnings;
}

static bool is_owners(const char *name)
{
    return srd_text_prefix(name, "x-") || srd_text_prefix(name, "x_") || *name == '_';
}

static int refuse_member(struct srd_tenants_reader *r, const char *name,
                         const struct srd_tenants_member *members, struct srd_error *err)
{
    const char *names[16], *near;
    size_t n = 0;

    for (; members[n].name; n++)
        names[n] = members[n].name;
    names[n] = NULL;
    near = srd_text_nearest(name, names);
    return srd_fail(err, SRD_E_CONFIG,
                    "unknown key \"%s\"%s%s%s (one of your own begins with \"x-\")",
                    srd_tenants_shown(r, name), near ? "; did you mean " : "", near ? near : "",
                    near ? "?" : "");
}

int srd_tenants_members(struct srd_tenants_reader *r, const struct srd_tenants_place *object,
                        const struct srd_tenants_member *members, void *into, struct srd_error *err)
{
    struct srd_tenants_place place;

    r->at = object->at.value;
    if (srd_json_kind(object->json) != SRD_JSON_OBJECT)
        return srd_fail(err, SRD_E_CONFIG, "expected an object, { ... }");
    if (!srd_tenants_first(object, &place))
        return 0;
    do {
        const char *name = srd_json_key(place.json);
        const struct srd_tenants_member *m = members;

        r->at = place.at.key;
        while (m->name && strcmp(m->name, name) != 0)
            m++;
        if (!m->name && is_owners(name))
            continue;
        if (!m->name)
            return refuse_member(r, name, members, err);
        if (m->take(r, &place, into, m->at, err))
            return srd_while(err, "%s", m->name);
    } while (srd_tenants_next(&place));
    return 0;
}

int srd_tenants_take_text(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                          void *into, size_t at, struct srd_error *err)
{
    const char *text = srd_json_text(place->json);

    if (!text)
        return srd_fail(err, SRD_E_CONFIG, "expected a text");
    *(const char **)((char *)into + at) = srd_arena_copy(r->arena, text);
    return 0;
}

int srd_tenants_take_bool(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                          void *into, size_t at, struct srd_error *err)
{
    (void)r;
    if (!srd_json_bool(place->json, (bool *)((char *)into + at)))
        return srd_fail(err, SRD_E_CONFIG, "expected true or false");
    return 0;
}
