/* What is in the catalogue? */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/model/expert.h"
#include "lib/model/identity.h"

const struct srd_expert *srd_catalogue_expert(const struct srd_catalogue *c, const char *name)
{
    for (const struct srd_expert *const *e = c->experts; e && *e; e++)
        if (strcmp((*e)->name, name) == 0)
            return *e;
    return NULL;
}

const struct srd_check *srd_catalogue_check(const struct srd_catalogue *c, const char *id)
{
    for (const struct srd_expert *const *e = c->experts; e && *e; e++) {
        const struct srd_check *check = srd_expert_check(*e, id);

        if (check)
            return check;
    }
    return NULL;
}

const struct srd_cause *srd_catalogue_cause(const struct srd_catalogue *c, const char *id)
{
    for (const struct srd_cause *const *cause = c->causes; cause && *cause; cause++)
        if (strcasecmp((*cause)->id, id) == 0)
            return *cause;
    return NULL;
}

const struct srd_check *srd_expert_check(const struct srd_expert *expert, const char *id)
{
    SRD_EACH_CHECK (check, expert)
        if (strcmp((*check)->id, id) == 0)
            return *check;
    return NULL;
}

const struct srd_view *srd_expert_view(const struct srd_expert *expert, const char *name)
{
    SRD_EACH_VIEW (view, expert)
        if (strcmp((*view)->name, name) == 0)
            return *view;
    return NULL;
}

bool srd_check_implemented(const struct srd_check *check)
{
    return check->judge != NULL;
}

struct list {
    struct srd_arena *arena;
    const struct srd_probe **items;
    size_t count, room;
};

static void add(struct list *list, const struct srd_probe *probe)
{
    for (; probe; probe = probe->after) {
        for (size_t i = 0; i < list->count; i++)
            if (list->items[i] == probe)
                return;                      /* and what it comes after is there too */
        if (list->count + 1 >= list->room) { /* one place stays free for the NULL */
            size_t room = list->room ? list->room * 2 : 64;
            const struct srd_probe **grown = srd_arena_array(list->arena, room, sizeof(*grown));

            if (list->count)
                memcpy(grown, list->items, list->count * sizeof(*grown));
            list->items = grown;
            list->room = room;
        }
        list->items[list->count++] = probe;
    }
}

static void add_all(struct list *list, const struct srd_probe *const *probes)
{
    for (; *probes; probes++)
        add(list, *probes);
}

static int compare_ids(const void *a, const void *b)
{
    const struct srd_probe *const *one = a, *const *two = b;

    return strcmp((*one)->id, (*two)->id);
}

const struct srd_probe *const *srd_catalogue_probes(const struct srd_catalogue *c,
                                                    struct srd_arena *arena)
{
    struct list list = { .arena = arena };

    add_all(&list, srd_identity_probes);
    add(&list, c->guard);
    for (const struct srd_expert *const *e = c->experts; e && *e; e++) {
        SRD_EACH_CHECK (check, (*e)) {
            add_all(&list, (*check)->needs);
            add_all(&list, (*check)->wants);
        }
        SRD_EACH_VIEW (view, (*e)) {
            add_all(&list, (*view)->needs);
            add_all(&list, (*view)->wants);
        }
    }
    qsort(list.items, list.count, sizeof(const struct srd_probe *), compare_ids);
    list.items[list.count] = NULL;
    return list.items;
}

const char *const *srd_check_limits(const struct srd_check *check, struct srd_arena *arena)
{
    const char *words = check->limits ? check->limits : "";
    const char **out = srd_arena_array(arena, strlen(words) / 2 + 2, sizeof(*out));
    size_t count = 0;

    for (const char *p = words + strspn(words, " "); *p; p += strspn(p, " ")) {
        int n = (int)strcspn(p, " ");

        if (*p != '.')
            out[count++] = srd_arena_printf(arena, "%.*s", n, p);
        else
            out[count++] = srd_arena_printf(arena, "%s%.*s", check->id, n > 1 ? n : 0, p);
        p += n;
    }
    return out;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *srd_catalogue_limits(const struct srd_catalogue *c, struct srd_arena *arena)
{
    const char **all;
    size_t total = 0, count = 0, n = 0;

    for (const struct srd_expert *const *e = c->experts; e && *e; e++)
        SRD_EACH_CHECK (check, (*e))
            for (const char *const *name = srd_check_limits(*check, arena); *name; name++)
                total++;
    all = srd_arena_array(arena, total + 1, sizeof(*all));
    for (const struct srd_expert *const *e = c->experts; e && *e; e++)
        SRD_EACH_CHECK (check, (*e))
            for (const char *const *name = srd_check_limits(*check, arena); *name; name++)
                all[n++] = *name;
    if (n)
        qsort(all, n, sizeof(*all), compare_texts);
    for (size_t i = 0; i < n; i++)
        if (!count || strcmp(all[count - 1], all[i]) != 0)
            all[count++] = all[i];
    all[count] = NULL;
    return all;
}
