/* Who shares the server, and where is the agent of each? */

#include "lib/serve/tenants.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/base/json_at.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/net/limits.h"

#define LARGEST_FILE ((size_t)16 << 20)
#define LONGEST_URL 2000
#define LONGEST_TOKEN 4096
#define SHORT_TOKEN 16
#define MOST_CALLS 1000

/* ---- URLs and tokens ---- */

const char *srd_agent_url_wrong(const char *url)
{
    const char *host = strstr(url, "://");

    if (!srd_text_prefix(url, "http://") && !srd_text_prefix(url, "https://"))
        return "the URL of an agent begins with http:// or https://";
    host += 3;
    if (!*host || strchr(":/", *host))
        return "the URL of an agent names a host";
    if (strpbrk(host, "?#@"))
        return "the URL of an agent holds host, port and perhaps a path, nothing else";
    for (const char *p = host; *p; p++)
        if ((unsigned char)*p < 33 || (unsigned char)*p > 126)
            return "the URL of an agent consists of visible ASCII characters";
    return strlen(url) > LONGEST_URL ? "the URL of an agent is too long" : NULL;
}

bool srd_agent_url_private(const char *url)
{
    char host[16] = "";
    struct in_addr address;
    size_t n;

    if (srd_text_prefix(url, "https://"))
        return true;
    url = strstr(url, "://") + 3;
    if (srd_text_prefix(url, "[::1]"))
        return true;
    n = strcspn(url, ":/");
    if (n >= sizeof(host))
        return false;
    memcpy(host, url, n);
    /* an address, not a name that begins like one */
    return !strcmp(host, "localhost") ||
           (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

const char *srd_agent_token_wrong(const char *token)
{
    if (!*token)
        return "the token is empty";
    for (const char *p = token; *p; p++)
        if ((unsigned char)*p < 33 || (unsigned char)*p > 126)
            return "a token consists of visible ASCII characters";
    return strlen(token) > LONGEST_TOKEN ? "the token is too long" : NULL;
}

/* ---- reading ---- */

/* The file, and where in it we are: the tree says what, the text says which line. */
struct reader {
    const char *file, *text;
    struct srd_arena *arena;
    struct srd_tenants *out;
    const char *at;        /* in @text, of what is being judged */
    const char **warnings; /* NULL-ended */
    size_t warning_count, warning_room;
};

struct place {
    const struct srd_json *json;
    struct srd_json_at at;
};

static bool first(const struct place *of, struct place *out)
{
    out->json = srd_json_first(of->json);
    return out->json && srd_json_at_first(&of->at, &out->at);
}

static bool next(struct place *place)
{
    place->json = srd_json_next(place->json);
    return place->json && srd_json_at_next(&place->at);
}

/* For words that come from the file and go to a terminal. */
static const char *shown(struct reader *r, const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;

    srd_buf_init(&clean, 1024);
    srd_utf8_clean(&clean, text, srd_utf8_fit(text, 60));
    return srd_arena_copy(r->arena, clean.data);
}

static void doubt(struct reader *r, const char *text)
{
    if (r->warning_count + 1 >= r->warning_room) {
        size_t room = r->warning_room ? 2 * r->warning_room : 8;
        const char **list = srd_arena_array(r->arena, room, sizeof(*list));

        for (size_t i = 0; i < r->warning_count; i++)
            list[i] = r->warnings[i];
        r->warnings = list;
        r->warning_room = room;
    }
    r->warnings[r->warning_count++] = srd_arena_printf(r->arena, "%s line %d: %s", r->file,
                                                       srd_json_at_line(r->text, r->at), text);
    r->warnings[r->warning_count] = NULL;
    r->out->warnings = r->warnings;
}

/* What the members of an object are, and who takes each. */
struct member {
    const char *name;
    int (*take)(struct reader *r, const struct place *place, void *into, size_t at,
                struct srd_error *err);
    size_t at; /* in what is filled */
};

static bool is_owners(const char *name)
{
    return srd_text_prefix(name, "x-") || srd_text_prefix(name, "x_") || *name == '_';
}

static int refuse_member(struct reader *r, const char *name, const struct member *members,
                         struct srd_error *err)
{
    const char *names[16], *near;
    size_t n = 0;

    for (; members[n].name; n++)
        names[n] = members[n].name;
    names[n] = NULL;
    near = srd_text_nearest(name, names);
    return srd_fail(err, SRD_E_CONFIG,
                    "unknown key \"%s\"%s%s%s (one of your own begins with \"x-\")", shown(r, name),
                    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int read_members(struct reader *r, const struct place *object, const struct member *members,
                        void *into, struct srd_error *err)
{
    struct place place;

    r->at = object->at.value;
    if (srd_json_kind(object->json) != SRD_JSON_OBJECT)
        return srd_fail(err, SRD_E_CONFIG, "expected an object, { ... }");
    if (!first(object, &place))
        return 0;
    do {
        const char *name = srd_json_key(place.json);
        const struct member *m = members;

        r->at = place.at.key;
        while (m->name && strcmp(m->name, name) != 0)
            m++;
        if (!m->name && is_owners(name))
            continue;
        if (!m->name)
            return refuse_member(r, name, members, err);
        if (m->take(r, &place, into, m->at, err))
            return srd_while(err, "%s", m->name);
    } while (next(&place));
    return 0;
}

static int take_text(struct reader *r, const struct place *place, void *into, size_t at,
                     struct srd_error *err)
{
    const char *text = srd_json_text(place->json);

    if (!text)
        return srd_fail(err, SRD_E_CONFIG, "expected a text");
    *(const char **)((char *)into + at) = srd_arena_copy(r->arena, text);
    return 0;
}

static int take_bool(struct reader *r, const struct place *place, void *into, size_t at,
                     struct srd_error *err)
{
    (void)r;
    if (!srd_json_bool(place->json, (bool *)((char *)into + at)))
        return srd_fail(err, SRD_E_CONFIG, "expected true or false");
    return 0;
}

/* ---- where the agents are ---- */

static int add_url(struct reader *r, const struct place *place, const char **urls,
                   struct srd_error *err)
{
    const char *url = srd_json_text(place->json), *wrong;
    size_t n = 0;

    if (!url)
        return srd_fail(err, SRD_E_CONFIG, "expected a URL");
    wrong = srd_agent_url_wrong(url);
    if (wrong)
        return srd_fail(err, SRD_E_CONFIG, "%s", wrong);
    while (urls[n])
        if (!strcmp(urls[n++], url))
            return srd_fail(err, SRD_E_CONFIG, "the same URL again");
    if (n == SRD_TENANT_AGENTS)
        return srd_fail(err, SRD_E_CONFIG, "more than %d agents", SRD_TENANT_AGENTS);
    urls[n] = srd_arena_copy(r->arena, url);
    if (!srd_agent_url_private(url))
        doubt(r, srd_arena_printf(r->arena,
                                  "%s: the agent's token and the cluster's answers travel in "
                                  "clear; use https there, or a tunnel",
                                  url));
    return 0;
}

/* agent_url goes before those of agent_urls, wherever it stands. */
static int take_url(struct reader *r, const struct place *place, void *into, size_t at,
                    struct srd_error *err)
{
    const char **urls = (const char **)((char *)into + at), *mine;
    size_t n = 0;

    if (add_url(r, place, urls, err))
        return err->code;
    while (urls[n + 1])
        n++;
    mine = urls[n];
    for (; n; n--)
        urls[n] = urls[n - 1];
    urls[0] = mine;
    return 0;
}

static int take_urls(struct reader *r, const struct place *list, void *into, size_t at,
                     struct srd_error *err)
{
    struct place place;

    if (srd_json_kind(list->json) != SRD_JSON_ARRAY)
        return srd_fail(err, SRD_E_CONFIG, "expected a list, [ ... ]");
    if (!first(list, &place))
        return srd_fail(err, SRD_E_CONFIG, "the list is empty");
    do {
        r->at = place.at.value;
        if (add_url(r, &place, (const char **)((char *)into + at), err))
            return err->code;
    } while (next(&place));
    return 0;
}

static int take_token(struct reader *r, const struct place *place, void *into, size_t at,
                      struct srd_error *err)
{
    const char *token = srd_json_text(place->json), *wrong;

    if (!token)
        return srd_fail(err, SRD_E_CONFIG, "expected a text");
    wrong = srd_agent_token_wrong(token);
    if (wrong)
        return srd_fail(err, SRD_E_CONFIG, "%s", wrong);
    if (strlen(token) < SHORT_TOKEN)
        doubt(r,
              srd_arena_printf(r->arena, "the token has less than %d characters and can be guessed",
                               SHORT_TOKEN));
    return take_text(r, place, into, at, err);
}

/* As libcurl will read it, when it is too late for a line number. */
static int take_pin(struct reader *r, const struct place *place, void *into, size_t at,
                    struct srd_error *err)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *pin = srd_json_text(place->json);

    for (const char *p = pin; p; p = strchr(p, ';') ? strchr(p, ';') + 1 : NULL)
        if (!srd_text_prefix(p, "sha256//") || strspn(p + 8, digits) != 43 || p[51] != '=' ||
            (p[52] && p[52] != ';'))
            pin = NULL;
    if (!pin)
        return srd_fail(err, SRD_E_CONFIG,
                        "a pin is \"sha256//\" and the digest of the agent's public key in base64; "
                        "several are parted by \";\"");
    return take_text(r, place, into, at, err);
}

static int take_ca(struct reader *r, const struct place *place, void *into, size_t at,
                   struct srd_error *err)
{
    const char *name = srd_json_text(place->json), *slash = strrchr(r->file, '/');
    const char *path;

    if (!name || !*name)
        return srd_fail(err, SRD_E_CONFIG, "expected the name of a file");
    path = *name == '/' || !slash
               ? srd_arena_copy(r->arena, name)
               : srd_arena_printf(r->arena, "%.*s/%s", (int)(slash - r->file), r->file, name);
    if (access(path, R_OK))
        return srd_fail(err, SRD_E_CONFIG, "could not open \"%s\": %s", shown(r, path),
                        strerror(errno));
    *(const char **)((char *)into + at) = path;
    return 0;
}

/* ---- limits ---- */

static int take_rate(struct reader *r, const struct place *place, void *into, size_t at,
                     struct srd_error *err)
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

static int take_calls(struct reader *r, const struct place *place, void *into, size_t at,
                      struct srd_error *err)
{
    double number;

    (void)r;
    if (!srd_json_number(place->json, &number) || number < 1 || number > MOST_CALLS ||
        number != (double)(size_t)number)
        return srd_fail(err, SRD_E_CONFIG, "expected a number from 1 to %d", MOST_CALLS);
    *(size_t *)((char *)into + at) = (size_t)number;
    return 0;
}

static int take_limits(struct reader *r, const struct place *place, void *into, size_t at,
                       struct srd_error *err)
{
    static const struct member members[] = {
        { "rate", take_rate, 0 }, { "calls", take_calls, offsetof(struct srd_tenant, calls) }, { 0 }
    };

    (void)at;
    return read_members(r, place, members, into, err);
}

/* ---- keys ---- */

struct key_words {
    const char *name, *key, *role;
    const char *const *tenants;
};

static int take_tenants_of_key(struct reader *r, const struct place *list, void *into, size_t at,
                               struct srd_error *err)
{
    size_t n = srd_json_size(list->json), used = 0;
    const char **ids = srd_arena_array(r->arena, n + 1, sizeof(*ids));
    struct place place;

    if (srd_json_kind(list->json) != SRD_JSON_ARRAY || !first(list, &place))
        return srd_fail(err, SRD_E_CONFIG, "expected a list of ids of tenants");
    do {
        const char *id = srd_json_text(place.json);

        r->at = place.at.value;
        if (!id || !srd_api_key_name_valid(id))
            return srd_fail(err, SRD_E_CONFIG, "expected the id of a tenant");
        ids[used++] = srd_arena_copy(r->arena, id);
    } while (next(&place));
    *(const char *const **)((char *)into + at) = ids;
    return 0;
}

static const struct member key_members[] = {
    { "name", take_text, offsetof(struct key_words, name) },
    { "key", take_text, offsetof(struct key_words, key) },
    { "role", take_text, offsetof(struct key_words, role) },
    { "tenants", take_tenants_of_key, offsetof(struct key_words, tenants) },
    { 0 }
};

/* One key; of @tenant, or of those that it names (@tenant NULL). @ordinal from 1. */
static int add_key(struct reader *r, const struct place *place, const char *tenant, size_t ordinal,
                   struct srd_error *err)
{
    struct srd_api_key key = { .roles = SRD_ROLE_USE };
    struct key_words words = { .key = srd_json_text(place->json) };
    const char *start = r->at = place->at.value;

    if (!words.key && read_members(r, place, key_members, &words, err))
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
    key.name = words.name ? words.name
               : ordinal == 1
                   ? srd_arena_copy(r->arena, tenant ? tenant : "tenants")
                   : srd_arena_printf(r->arena, "%s-%zu", tenant ? tenant : "tenants", ordinal);
    key.tenants = words.tenants;
    key.line = srd_json_at_line(r->text, r->at);
    if (tenant) {
        const char **only = srd_arena_array(r->arena, 2, sizeof(*only));

        only[0] = srd_arena_copy(r->arena, tenant);
        key.tenants = only;
    }
    return srd_api_keys_put(&r->out->keys, &key, words.key, r->arena, err);
}

static int add_keys(struct reader *r, const struct place *list, const char *tenant,
                    struct srd_error *err)
{
    size_t ordinal = 0;
    struct place place;

    if (srd_json_kind(list->json) != SRD_JSON_ARRAY)
        return srd_fail(err, SRD_E_CONFIG, "expected a list, [ ... ]");
    if (!first(list, &place))
        return 0;
    do
        if (add_key(r, &place, tenant, ++ordinal, err))
            return err->code;
    while (next(&place));
    return 0;
}

static int take_keys(struct reader *r, const struct place *place, void *into, size_t at,
                     struct srd_error *err)
{
    (void)at;
    return add_keys(r, place, ((struct srd_tenant *)into)->id, err);
}

/* ---- tenants ---- */

#define AT(member) offsetof(struct srd_tenant, member)
static const struct member tenant_members[] = { { "name", take_text, AT(name) },
                                                { "agent_url", take_url, AT(agents.urls) },
                                                { "agent_urls", take_urls, AT(agents.urls) },
                                                { "agent_token", take_token, AT(agents.token) },
                                                { "agent_token_previous", take_token,
                                                  AT(agents.previous) },
                                                { "agent_ca", take_ca, AT(agents.ca) },
                                                { "agent_pin", take_pin, AT(agents.pin) },
                                                { "enabled", take_bool, AT(enabled) },
                                                { "api_keys", take_keys, 0 },
                                                { "limits", take_limits, 0 },
                                                { "description", take_text, AT(description) },
                                                { "created_at", take_text, AT(created_at) },
                                                { "contact", take_text, AT(contact) },
                                                { 0 } };

static int read_tenant(struct reader *r, const struct place *place, struct srd_tenant *out,
                       struct srd_error *err)
{
    out->id = srd_arena_copy(r->arena, srd_json_key(place->json));
    out->enabled = true;
    r->at = place->at.key;
    if (!srd_api_key_name_valid(out->id))
        return srd_fail(err, SRD_E_CONFIG,
                        "\"%s\" cannot be the id of a tenant: letters, digits, dots, dashes, "
                        "underscores and @, at most 64",
                        shown(r, out->id));
    if (!read_members(r, place, tenant_members, out, err)) {
        r->at = place->at.key;
        if (!out->agents.urls[0])
            srd_fail(err, SRD_E_CONFIG, "\"agent_url\" is missing");
        else if (!out->agents.token)
            srd_fail(err, SRD_E_CONFIG, "\"agent_token\" is missing");
    }
    if (err->code)
        return srd_while(err, "tenant %s", out->id);
    if (!out->name || !*out->name)
        out->name = out->id;
    r->out->enabled += out->enabled;
    return 0;
}

static int take_list(struct reader *r, const struct place *list, void *into, size_t at,
                     struct srd_error *err)
{
    struct srd_tenants *out = into;
    struct place place;

    (void)at;
    if (srd_json_kind(list->json) != SRD_JSON_OBJECT)
        return srd_fail(err, SRD_E_CONFIG, "expected an object, { \"ID\": { ... } }");
    out->list = srd_arena_array(r->arena, srd_json_size(list->json) + 1, sizeof(*out->list));
    if (!first(list, &place))
        return 0;
    do
        if (read_tenant(r, &place, &out->list[out->count++], err))
            return err->code;
    while (next(&place));
    return 0;
}

static int take_shared_keys(struct reader *r, const struct place *place, void *into, size_t at,
                            struct srd_error *err)
{
    (void)into;
    (void)at;
    return add_keys(r, place, NULL, err);
}

/* A key that names a tenant who is not there is a slip, and would be noticed by nobody. */
static void check_keys(struct reader *r)
{
    for (size_t i = 0; i < r->out->keys.count; i++) {
        const struct srd_api_key *key = &r->out->keys.list[i];

        for (const char *const *id = key->tenants; id && *id; id++) {
            size_t k = 0;

            while (k < r->out->count && strcmp(r->out->list[k].id, *id) != 0)
                k++;
            r->at = r->text;
            if (k == r->out->count)
                doubt(r, srd_arena_printf(r->arena,
                                          "the key %s (line %d) is for the tenant %s, who "
                                          "is not there",
                                          key->name, key->line, *id));
        }
    }
}

static int read_file(struct reader *r, const struct srd_json *json, struct srd_error *err)
{
    static const struct member members[] = { { "tenants", take_list, 0 },
                                             { "api_keys", take_shared_keys, 0 },
                                             { 0 } };
    struct place root = { .json = json, .at = srd_json_at_root(r->text) };

    if (read_members(r, &root, members, r->out, err))
        return err->code;
    r->at = root.at.value;
    if (!r->out->list)
        return srd_fail(err, SRD_E_CONFIG, "\"tenants\" is missing");
    check_keys(r);
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

/* What srd_json_parse() found, with the line where it did not say it. */
static int refuse_text(const char *file, const char *bytes, size_t n, struct srd_arena *arena,
                       struct srd_error *err)
{
    int line = srd_json_at_twice(bytes, n);

    if (line)
        srd_while(err, "%s line %d", file, line);
    else
        srd_fail(err, SRD_E_CONFIG, "%s: %s%s", file, srd_arena_copy(arena, err->text),
                 has_comment(bytes) ? " (JSON knows no comments)" : "");
    return err->code = SRD_E_CONFIG;
}

int srd_tenants_parse(const char *file, const char *bytes, size_t n, struct srd_arena *arena,
                      struct srd_tenants *out, struct srd_error *err)
{
    static const char *const none[] = { NULL };
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct reader r = { .file = file, .text = bytes, .arena = arena, .out = out, .at = bytes };

    *out = (struct srd_tenants){ .warnings = none };
    if (srd_json_parse(bytes, n, LARGEST_FILE, &json, err))
        return refuse_text(file, bytes, n, arena, err);
    if (read_file(&r, json, err))
        return srd_while(err, "%s line %d", file, srd_json_at_line(bytes, r.at));
    return 0;
}

/* ---- the file ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static ssize_t read_all(int fd, char *bytes, size_t size)
{
    size_t used = 0;

    while (used < size) {
        ssize_t got = read(fd, bytes + used, size - used);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : (ssize_t)used;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

static void judge_mode(const char *file, unsigned mode, struct srd_arena *arena,
                       struct srd_tenants *out)
{
    const char **more;
    size_t n = 0;

    if (!(mode & S_IROTH))
        return;
    while (out->warnings[n])
        n++;
    more = srd_arena_array(arena, n + 2, sizeof(*more));
    for (size_t i = 0; i < n; i++)
        more[i] = out->warnings[i];
    more[n] = srd_arena_printf(
        arena, "%s: the file holds tokens and can be read by others: chmod 600 %s", file, file);
    out->warnings = more;
}

int srd_tenants_text(const char *file, struct srd_arena *arena, char **out, size_t *size,
                     unsigned *mode, struct srd_error *err)
{
    SRD_CLEANUP(close_fd) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    char *bytes;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st))
        return srd_fail(err, SRD_E_CONFIG, "could not open the tenants file \"%s\": %s", file,
                        strerror(errno));
    if (!S_ISREG(st.st_mode) || (size_t)st.st_size > LARGEST_FILE)
        return srd_fail(err, SRD_E_CONFIG, "the tenants file \"%s\" is no file of at most 16 MiB",
                        file);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return srd_fail(err, SRD_E_CONFIG,
                        "the tenants file \"%s\" can be written by others and is not trusted: "
                        "chmod 600 %s",
                        file, file);
    bytes = srd_arena_alloc(arena, (size_t)st.st_size + 1);
    n = read_all(fd, bytes, (size_t)st.st_size);
    if (n < 0)
        return srd_fail(err, SRD_E_CONFIG, "could not read the tenants file \"%s\": %s", file,
                        strerror(errno));
    *out = bytes;
    *size = (size_t)n;
    *mode = st.st_mode & 0777U;
    return 0;
}

int srd_tenants_read(const char *file, struct srd_arena *arena, struct srd_tenants *out,
                     struct srd_error *err)
{
    unsigned mode;
    char *bytes;
    size_t n;

    if (srd_tenants_text(file, arena, &bytes, &n, &mode, err))
        return err->code;
    if (!srd_tenants_parse(file, bytes, n, arena, out, err))
        judge_mode(file, mode, arena, out);
    srd_wipe(bytes, n);
    return err->code;
}
