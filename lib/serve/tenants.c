/* Who shares the server, and where is the agent of each? */

#include "lib/serve/tenants.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/crypto.h"
#include "lib/net/limits.h"
#include "lib/serve/tenants_private.h"

#define MOST_CALLS 1000

/* ---- limits ---- */

static int take_rate(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                     void *into, size_t at, struct srd_error *err)
{
    struct srd_tenant *tenant = into;
    const char *text = srd_json_text(place->json);
    int64_t count, seconds;

    (void)r;
    (void)at;
    if (!text || !srd_rate_parse(text, &count, &seconds))
        return srd_fail(err, SRD_E_CONFIG, "expected a rate like \"600/60\": 600 in 60 seconds");
    tenant->rate = (size_t)count;
    tenant->rate_s = (size_t)seconds;
    return 0;
}

static int take_calls(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                      void *into, size_t at, struct srd_error *err)
{
    double number;

    (void)r;
    if (!srd_json_number(place->json, &number) || number < 1 || number > MOST_CALLS ||
        number != (double)(size_t)number)
        return srd_fail(err, SRD_E_CONFIG, "expected a number from 1 to %d", MOST_CALLS);
    *(size_t *)((char *)into + at) = (size_t)number;
    return 0;
}

static int take_limits(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                       void *into, size_t at, struct srd_error *err)
{
    static const struct srd_tenants_member members[] = {
        { "rate", take_rate, 0 }, { "calls", take_calls, offsetof(struct srd_tenant, calls) }, { 0 }
    };

    (void)at;
    return srd_tenants_members(r, place, members, into, err);
}

/* ---- tenants ---- */

static int take_keys(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                     void *into, size_t at, struct srd_error *err)
{
    (void)at;
    return srd_tenants_add_keys(r, place, ((struct srd_tenant *)into)->id, err);
}
#define AT(member) offsetof(struct srd_tenant, member)
static const struct srd_tenants_member tenant_members[] = {
    { "name", srd_tenants_take_text, AT(name) },
    { "agent_url", srd_tenants_take_url, AT(agents.urls) },
    { "agent_urls", srd_tenants_take_urls, AT(agents.urls) },
    { "agent_token", srd_tenants_take_token, AT(agents.token) },
    { "agent_token_previous", srd_tenants_take_token, AT(agents.previous) },
    { "agent_ca", srd_tenants_take_ca, AT(agents.ca) },
    { "agent_pin", srd_tenants_take_pin, AT(agents.pin) },
    { "enabled", srd_tenants_take_bool, AT(enabled) },
    { "api_keys", take_keys, 0 },
    { "limits", take_limits, 0 },
    { "description", srd_tenants_take_text, AT(description) },
    { "created_at", srd_tenants_take_text, AT(created_at) },
    { "contact", srd_tenants_take_text, AT(contact) },
    { 0 }
};

static bool is_token(const struct srd_api_key *key, const struct srd_tenant_agents *agents)
{
    unsigned char digest[SRD_SHA256_SIZE];

    srd_sha256(agents->token, strlen(agents->token), digest);
    return !memcmp(digest, key->digest, sizeof(digest));
}

static int read_tenant(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                       struct srd_tenant *out, struct srd_error *err)
{
    size_t keys = r->out->keys.count;

    out->id = srd_arena_copy(r->arena, srd_json_key(place->json));
    out->enabled = true;
    r->at = place->at.key;
    if (!srd_api_key_name_valid(out->id))
        return srd_fail(err, SRD_E_CONFIG,
                        "\"%s\" cannot be the id of a tenant: letters, digits, dots, dashes, "
                        "underscores and @, at most 64",
                        srd_tenants_shown(r, out->id));
    if (!srd_tenants_members(r, place, tenant_members, out, err)) {
        r->at = place->at.key;
        if (!out->agents.urls[0])
            srd_fail(err, SRD_E_CONFIG, "\"agent_url\" is missing");
        else if (!out->agents.token)
            srd_fail(err, SRD_E_CONFIG, "\"agent_token\" is missing");
    }
    if (err->code)
        return srd_while(err, "tenant %s", out->id);
    for (size_t i = keys; i < r->out->keys.count; i++)
        if (is_token(&r->out->keys.list[i], &out->agents))
            srd_tenants_doubt(r, srd_arena_printf(r->arena,
                                                  "an API key of the tenant %s is the token of its "
                                                  "agent: who has the one has the other",
                                                  out->id));
    if (!out->name || !*out->name)
        out->name = out->id;
    r->out->enabled += out->enabled;
    return 0;
}

static int take_list(struct srd_tenants_reader *r, const struct srd_tenants_place *list, void *into,
                     size_t at, struct srd_error *err)
{
    struct srd_tenants *out = into;
    struct srd_tenants_place place;

    (void)at;
    if (srd_json_kind(list->json) != SRD_JSON_OBJECT)
        return srd_fail(err, SRD_E_CONFIG, "expected an object, { \"ID\": { ... } }");
    out->list = srd_arena_array(r->arena, srd_json_size(list->json) + 1, sizeof(*out->list));
    if (!srd_tenants_first(list, &place))
        return 0;
    do
        if (read_tenant(r, &place, &out->list[out->count++], err))
            return err->code;
    while (srd_tenants_next(&place));
    return 0;
}

static int take_shared_keys(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                            void *into, size_t at, struct srd_error *err)
{
    (void)into;
    (void)at;
    return srd_tenants_add_keys(r, place, NULL, err);
}

struct where {
    const char *url, *tenant;
};

static int compare_where(const void *a, const void *b)
{
    const struct where *x = a, *y = b;
    int order = strcmp(x->url, y->url);

    return order ? order : strcmp(x->tenant, y->tenant);
}

/* Two tenants with one agent see the same cluster, which is seldom what was meant. */
static void check_agents(struct srd_tenants_reader *r)
{
    const struct srd_tenants *all = r->out;
    struct where *list =
        srd_arena_array(r->arena, all->count * SRD_TENANT_AGENTS + 1, sizeof(*list));
    size_t n = 0;

    for (size_t i = 0; i < all->count; i++)
        for (const char *const *url = all->list[i].agents.urls; *url; url++)
            list[n++] = (struct where){ *url, all->list[i].id };
    qsort(list, n, sizeof(*list), compare_where);
    for (size_t i = 1; i < n; i++) {
        size_t more = 0;

        if (strcmp(list[i - 1].url, list[i].url) != 0)
            continue;
        while (i + more + 1 < n && !strcmp(list[i].url, list[i + more + 1].url))
            more++;
        srd_tenants_doubt(
            r, srd_arena_printf(
                   r->arena,
                   "the tenants %s and %s%s have the same agent, %s: they see the same "
                   "cluster",
                   list[i - 1].tenant, list[i].tenant,
                   more ? srd_arena_printf(r->arena, " (and %zu more)", more) : "", list[i].url));
        i += more;
    }
}

static int read_file(struct srd_tenants_reader *r, const struct srd_json *json,
                     struct srd_error *err)
{
    static const struct srd_tenants_member members[] = { { "tenants", take_list, 0 },
                                                         { "api_keys", take_shared_keys, 0 },
                                                         { 0 } };
    struct srd_tenants_place root = { .json = json, .at = srd_json_at_root(r->text) };

    if (srd_tenants_members(r, &root, members, r->out, err))
        return err->code;
    r->at = root.at.value;
    if (!r->out->list)
        return srd_fail(err, SRD_E_CONFIG, "\"tenants\" is missing");
    srd_tenants_check_keys(r);
    r->at = root.at.value;
    check_agents(r);
    return 0;
}

/* As in the examples of programs that read more than JSON. */
static bool has_comment(const char *text)
{
    bool quoted = false;

    for (; *text; text++) {
        if (quoted && *text == '\\' && text[1])
            text++;
        else if (*text == '"')
            quoted = !quoted;
        else if (!quoted && *text == '/')
            return true;
    }
    return false;
}

/* What may help whoever wrote the file; "" */
static const char *advice(const char *bytes, size_t n)
{
    const unsigned char *b = (const unsigned char *)bytes;

    if (n >= 3 && !memcmp(b, "\xef\xbb\xbf", 3))
        return " (the file begins with a byte order mark: save it as UTF-8 without)";
    if (n >= 2 && ((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff)))
        return " (the file is UTF-16: save it as UTF-8)";
    return has_comment(bytes) ? " (JSON knows no comments)" : "";
}

/* What srd_json_parse() found, with the line where it did not say it. */
static int refuse_text(const char *file, const char *bytes, size_t n, struct srd_arena *arena,
                       struct srd_error *err)
{
    int line = srd_json_at_twice(bytes, n);

    if (line)
        srd_while(err, "%s line %d", file, line);
    else
        srd_fail(err, SRD_E_CONFIG, "%s: %s%s", file, srd_arena_copy(arena, err->text),
                 advice(bytes, n));
    return err->code = SRD_E_CONFIG;
}

int srd_tenants_parse(const char *file, const char *bytes, size_t n, struct srd_arena *arena,
                      struct srd_tenants *out, struct srd_error *err)
{
    static const char *const none[] = { NULL };
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_tenants_reader r = {
        .file = file, .text = bytes, .arena = arena, .out = out, .at = bytes
    };

    *out = (struct srd_tenants){ .warnings = none };
    if (srd_json_parse(bytes, n, SRD_TENANTS_LARGEST, &json, err))
        return refuse_text(file, bytes, n, arena, err);
    if (read_file(&r, json, err))
        return srd_while(err, "%s line %d", file, srd_json_at_line(bytes, r.at));
    return 0;
}
