/* Which keys does the tenants file hold, and whose are they? */

#include <string.h>

#include "lib/serve/tenants_private.h"

struct key_words {
    const char *name, *key, *role;
    const char *const *tenants;
};

static int take_tenants_of_key(struct srd_tenants_reader *r, const struct srd_tenants_place *list,
                               void *into, size_t at, struct srd_error *err)
{
    size_t n = srd_json_size(list->json), used = 0;
    const char **ids = srd_arena_array(r->arena, n + 1, sizeof(*ids));
    struct srd_tenants_place place;

    if (srd_json_kind(list->json) != SRD_JSON_ARRAY || !srd_tenants_first(list, &place))
        return srd_fail(err, SRD_E_CONFIG, "expected a list of ids of tenants");
    do {
        const char *id = srd_json_text(place.json);

        r->at = place.at.value;
        if (!id || !srd_api_key_name_valid(id))
            return srd_fail(err, SRD_E_CONFIG, "expected the id of a tenant");
        ids[used++] = srd_arena_copy(r->arena, id);
    } while (srd_tenants_next(&place));
    *(const char *const **)((char *)into + at) = ids;
    return 0;
}

static const struct srd_tenants_member key_members[] = {
    { "name", srd_tenants_take_text, offsetof(struct key_words, name) },
    { "key", srd_tenants_take_text, offsetof(struct key_words, key) },
    { "role", srd_tenants_take_text, offsetof(struct key_words, role) },
    { "tenants", take_tenants_of_key, offsetof(struct key_words, tenants) },
    { 0 }
};

/* The name stays with the key, wherever in the list it stands: sessions and books know it by that.
 */
static void name_by_itself(struct srd_api_key *key, const char *whose, struct srd_arena *arena)
{
    char id[9];

    srd_api_key_id(key, id);
    key->name = srd_arena_printf(arena, "%s-%s", whose, id);
}

/* One key; of @tenant, or of those that it names (@tenant NULL). */
static int add_key(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                   const char *tenant, struct srd_error *err)
{
    struct srd_api_key key = { .roles = SRD_ROLE_USE };
    struct key_words words = { .key = srd_json_text(place->json) };
    const char *start = r->at = place->at.value;

    if (!words.key && srd_tenants_members(r, place, key_members, &words, err))
        return err->code;
    r->at = start;
    if (!words.key || !*words.key)
        return srd_fail(err, SRD_E_CONFIG, "expected a key, or {\"name\": ..., \"key\": ...}");
    if (words.name && !srd_api_key_name_valid(words.name))
        return srd_fail(err, SRD_E_CONFIG, "a key is named by letters, digits, dots and dashes");
    if (tenant && (words.role || words.tenants))
        return srd_fail(err, SRD_E_CONFIG,
                        "a key of a tenant has a name and no more; keys with a role, or of several "
                        "tenants, belong into \"api_keys\" beside \"tenants\"");
    if (words.role && !(key.roles = srd_roles_parse(words.role)))
        return srd_fail(err, SRD_E_CONFIG, "role: none of use, metrics, admin, use+metrics");
    key.name = words.name;
    key.tenants = words.tenants;
    key.line = srd_tenants_line(r, r->at);
    if (tenant) {
        const char **only = srd_arena_array(r->arena, 2, sizeof(*only));

        only[0] = srd_arena_copy(r->arena, tenant);
        key.tenants = only;
    }
    if (srd_api_keys_put(&r->out->keys, &key, words.key, r->arena, err))
        return err->code;
    if (!key.name)
        name_by_itself(&r->out->keys.list[r->out->keys.count - 1], tenant ? tenant : "tenants",
                       r->arena);
    return 0;
}

int srd_tenants_add_keys(struct srd_tenants_reader *r, const struct srd_tenants_place *list,
                         const char *tenant, struct srd_error *err)
{
    struct srd_tenants_place place;

    if (srd_json_kind(list->json) != SRD_JSON_ARRAY)
        return srd_fail(err, SRD_E_CONFIG, "expected a list, [ ... ]");
    if (!srd_tenants_first(list, &place))
        return 0;
    do
        if (add_key(r, &place, tenant, err))
            return err->code;
    while (srd_tenants_next(&place));
    return 0;
}

/* A key that names a tenant who is not there is a slip, and would be noticed by nobody. */
void srd_tenants_check_keys(struct srd_tenants_reader *r)
{
    for (size_t i = 0; i < r->out->keys.count; i++) {
        const struct srd_api_key *key = &r->out->keys.list[i];

        for (const char *const *id = key->tenants; id && *id; id++) {
            size_t k = 0;

            while (k < r->out->count && strcmp(r->out->list[k].id, *id) != 0)
                k++;
            r->at = r->text;
            if (k == r->out->count)
                srd_tenants_doubt(r,
                                  srd_arena_printf(r->arena,
                                                   "the key %s (line %d) is for the tenant %s, who "
                                                   "is not there",
                                                   key->name, key->line, *id));
        }
    }
}
