/* May this request be served, and if not, who says no first? */

#include "lib/serve/gate.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

const char *srd_gate_name(enum srd_gate gate)
{
    static const char *const names[SRD_GATE_COUNT] = {
        [SRD_GATE_FRAMING] = "framing",     [SRD_GATE_PASSED] = "passed",
        [SRD_GATE_PREFLIGHT] = "preflight", [SRD_GATE_ADDRESS] = "address",
        [SRD_GATE_HOST] = "host",           [SRD_GATE_ORIGIN] = "origin",
        [SRD_GATE_PATH] = "path",           [SRD_GATE_KEY] = "key",
        [SRD_GATE_GUESS] = "guess",         [SRD_GATE_METHOD] = "method",
        [SRD_GATE_ROLE] = "role",           [SRD_GATE_TENANT] = "tenant",
        [SRD_GATE_RATE] = "rate",           [SRD_GATE_CAPACITY] = "capacity",
        [SRD_GATE_BODY] = "body",
    };

    return names[gate];
}

static struct srd_ruling refuse(struct srd_ruling *v, enum srd_gate gate, int status,
                                const char *error, const char *message)
{
    v->gate = gate;
    v->status = status;
    v->error = error;
    v->message = message;
    return *v;
}

/* ---- addresses ---- */

static bool address_allowed(const struct srd_rules *rules, const struct srd_asked *asked)
{
    for (size_t i = 0; i < rules->address_count; i++)
        if (srd_cidr_contains(&rules->addresses[i], asked->peer_address))
            return true;
    return !rules->address_count;
}

/* ---- Host and Origin ---- */

struct authority {
    char name[256];
    int port; /* 0: none */
};

/*
 * "name:3000", "[::1]:3000" -> name without brackets in small letters; false: nothing of the kind.
 */
static bool parse_authority(const char *text, struct authority *out)
{
    const char *end = *text == '[' ? strchr(text, ']') : text + strcspn(text, ":");
    const char *from = *text == '[' ? text + 1 : text, *port;
    int64_t number = 0;
    size_t n;

    if (!end || end == from)
        return false;
    n = (size_t)(end - from);
    port = *end == ']' ? end + 1 : end;
    if (n >= sizeof(out->name) || (*port && *port != ':'))
        return false;
    if (*port && (!srd_text_int64(port + 1, &number) || number < 1 || number > 65535))
        return false;
    for (size_t i = 0; i < n; i++)
        out->name[i] = from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] | 32) : from[i];
    out->name[n] = '\0';
    out->port = (int)number;
    return true;
}

/* An address cannot be made to mean another machine, as a name can. */
static bool is_address(const char *name)
{
    return strchr(name, ':') || strspn(name, "0123456789.") == strlen(name);
}

static bool is_loopback_name(const char *name)
{
    return !strcmp(name, "localhost") || !strcmp(name, "::1") ||
           (srd_text_prefix(name, "127.") && is_address(name));
}

static bool listed(const char *const *list, const char *word)
{
    for (; list && *list; list++)
        if (!strcasecmp(*list, word))
            return true;
    return false;
}

/*
 * A page that lets its own name point to 127.0.0.1 reaches us with that name in Host. Checked
 * whenever the request came in over loopback, and everywhere once names are configured.
 * @trusted: the name is one that only we are called by.
 */
static bool host_allowed(const struct srd_rules *rules, const struct srd_asked *asked,
                         bool *trusted)
{
    const char *const *names = rules->options.allow_host;
    struct authority host;

    *trusted = false;
    if (!asked->host) /* HTTP/1.0: no browser */
        return true;
    if (!parse_authority(asked->host, &host))
        return false;
    *trusted = is_loopback_name(host.name) || listed(names, host.name) ||
               listed(names, asked->host) || (!rules->loopback && is_address(host.name));
    return *trusted || (!asked->loopback && !(names && *names));
}

static int default_port(const char *origin)
{
    return srd_text_prefix(origin, "https://") ? 443 : 80;
}

/* Is it a page that we serve ourselves? @host is what the browser calls us. */
static bool is_own_origin(const struct srd_rules *rules, const char *origin, const char *host,
                          bool host_trusted)
{
    const char *rest = strstr(origin, "://");
    struct authority from, to;
    int port;

    if (!rest || (strncmp(origin, "http://", 7) != 0 && strncmp(origin, "https://", 8) != 0) ||
        !parse_authority(rest + 3, &from))
        return false;
    port = from.port ? from.port : default_port(origin);
    if (is_loopback_name(from.name))
        return port == rules->port;
    return host_trusted && host && parse_authority(host, &to) && !strcmp(from.name, to.name) &&
           port == (to.port ? to.port : default_port(origin));
}

static bool origin_allowed(const struct srd_rules *rules, const struct srd_asked *asked,
                           bool host_trusted, const char **cors)
{
    if (!asked->origin)
        return true;
    if (rules->any_origin) {
        *cors = "*";
        return true;
    }
    if (listed(rules->options.allow_origin, asked->origin)) {
        *cors = asked->origin;
        return true;
    }
    return is_own_origin(rules, asked->origin, asked->host, host_trusted);
}

/* ---- paths and methods ---- */

static bool serves_path(const struct srd_route *route, const char *path)
{
    size_t n = strlen(route->path);

    return !strcmp(route->path, path) ||
           (route->below && !strncmp(route->path, path, n) && path[n] == '/' && path[n + 1]);
}

static bool serves_method(const struct srd_route *route, const char *method)
{
    return !route->method || !strcmp(route->method, method) ||
           (!strcmp(method, "HEAD") && !strcmp(route->method, "GET"));
}

const struct srd_route *srd_route_find(const struct srd_route *const *routes, const char *method,
                                       const char *path)
{
    for (; *routes; routes++)
        if (serves_path(*routes, path) && serves_method(*routes, method))
            return *routes;
    return NULL;
}

/* What may be done with @path, as an Allow header says it; @open: without a key, too. */
static bool methods_of(const struct srd_rules *rules, const char *path, char *out, size_t size,
                       bool *open)
{
    bool found = false;
    size_t used = 0;

    *open = false;
    *out = '\0';
    for (const struct srd_route *const *at = rules->routes; *at; at++) {
        const struct srd_route *r = *at;

        if (!serves_path(r, path))
            continue;
        found = true;
        *open = *open || !r->roles;
        if (used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s%s", used ? ", " : "",
                                     r->method ? r->method : "POST",
                                     r->method && !strcmp(r->method, "GET") ? ", HEAD" : "");
    }
    return found;
}

/* ---- keys, roles, tenants ---- */

static const struct srd_api_key *shown_key(const struct srd_rules *rules,
                                           const struct srd_asked *asked)
{
    const char *bearer = asked->authorization;

    if (asked->two_keys)
        return NULL;
    if (asked->api_key)
        return srd_api_keys_find(&rules->keys, asked->api_key);
    if (!bearer || strncasecmp(bearer, "Bearer ", 7) != 0)
        return NULL;
    return srd_api_keys_find(&rules->keys, bearer + 7 + strspn(bearer + 7, " "));
}

/* Prometheus has no key in most places; who listed the addresses of his network meant them. */
static bool address_is_enough(const struct srd_rules *rules, const struct srd_route *route)
{
    return route->roles == SRD_ROLE_METRICS && rules->address_count && !rules->options.tenants;
}

static unsigned roles_without_keys(const struct srd_asked *asked)
{
    return asked->loopback ? SRD_ROLE_ALL : SRD_ROLE_USE | SRD_ROLE_METRICS;
}

static bool key_has_tenant(const struct srd_api_key *key, const char *tenant)
{
    return !key || !key->tenants || srd_text_in(tenant, key->tenants);
}

/* The header can only choose among those of the key; the only one need not be named. */
static const struct srd_tenant *choose_tenant(const struct srd_rules *rules,
                                              const struct srd_api_key *key, const char *wanted)
{
    const struct srd_tenants *tenants = rules->options.tenants;
    const struct srd_tenant *only = NULL;

    for (size_t i = 0; i < tenants->count; i++) {
        const struct srd_tenant *t = &tenants->list[i];

        if (!t->enabled || (wanted && strcmp(t->id, wanted) != 0) || !key_has_tenant(key, t->id))
            continue;
        if (wanted)
            return t;
        if (only)
            return NULL;
        only = t;
    }
    return only;
}

/* Pages about the whole server are not for those who may know one tenant. */
static bool sees_all(const struct srd_rules *rules, const struct srd_ruling *v)
{
    return !rules->options.tenants || v->route->roles & SRD_ROLE_USE || !v->key || !v->key->tenants;
}

/* ---- the order ---- */

static bool check_origin(const struct srd_rules *rules, const struct srd_asked *asked,
                         struct srd_ruling *v)
{
    bool trusted;

    if (!address_allowed(rules, asked)) {
        refuse(v, SRD_GATE_ADDRESS, 403, "Forbidden", "this address is not allowed here");
        return false;
    }
    if (!host_allowed(rules, asked, &trusted)) {
        refuse(v, SRD_GATE_HOST, 403, "Forbidden",
               "this server is not called by that name (Host); see --allow-host");
        return false;
    }
    if (asked->two_origins || !origin_allowed(rules, asked, trusted, &v->cors)) {
        refuse(v, SRD_GATE_ORIGIN, 403, "Forbidden",
               "pages of this origin are not allowed here; see --allow-origin");
        return false;
    }
    return true;
}

/* Clients that ask for nothing but how to come in (as those of MCP do first) are no guessers. */
static bool shows_key(const struct srd_asked *asked)
{
    return asked->api_key || asked->authorization;
}

static bool check_key(const struct srd_rules *rules, struct srd_limits *limits,
                      const struct srd_asked *asked, bool open, struct srd_ruling *v)
{
    if (!rules->keys.count) {
        v->roles = roles_without_keys(asked);
        return true;
    }
    v->key = shown_key(rules, asked);
    v->roles = v->key ? v->key->roles : 0;
    if (v->key || open)
        return true;
    if (limits && shows_key(asked) &&
        !srd_limits_guess(limits, asked->peer_address, asked->now_ms, &v->retry_after_s))
        refuse(v, SRD_GATE_GUESS, 429, "Too many wrong keys",
               "Invalid or missing API key, as many times before; the right one is let in at once");
    else
        refuse(v, SRD_GATE_KEY, 401, "Unauthorized", "Invalid or missing API key");
    return false;
}

/* Names are not enough: two tenants may call a key the same, and all may share one behind a proxy.
 */
static const char *client_of(const struct srd_ruling *v, char out[160])
{
    char id[9] = "";

    if (v->key)
        srd_api_key_id(v->key, id);
    snprintf(out, 160, "%s %s %s", v->key ? v->key->name : "", id, v->tenant ? v->tenant : "");
    return out;
}

/* Each client has its own, and all clients of a tenant together have that of the tenant. */
static bool within_rates(const struct srd_rules *rules, struct srd_limits *limits,
                         const struct srd_asked *asked, struct srd_ruling *v)
{
    const struct srd_serve_options *o = &rules->options;
    const struct srd_tenant *t = v->of;
    char whole[80], client[160];

    if (o->rate && !srd_limits_take(limits, o->rate, o->rate_s, client_of(v, client), asked->peer,
                                    asked->now_ms, &v->retry_after_s))
        return false;
    if (!t || !t->rate)
        return true;
    snprintf(whole, sizeof(whole), "tenant %s",
             t->id); /* no key's name has a blank, and no address is "" */
    return srd_limits_take(limits, t->rate, t->rate_s, whole, "", asked->now_ms, &v->retry_after_s);
}

/* Is it more than this key, its tenant or the server can take? */
static void check_load(const struct srd_rules *rules, struct srd_limits *limits,
                       const struct srd_asked *asked, struct srd_ruling *v)
{
    const struct srd_serve_options *o = &rules->options;

    if (v->route->counted && limits && !within_rates(rules, limits, asked, v)) {
        refuse(v, SRD_GATE_RATE, 429, "Rate limit exceeded",
               "too many requests; wait, or ask less often");
    } else if (o->max_connections && asked->active > o->max_connections) {
        v->retry_after_s = 1;
        refuse(v, SRD_GATE_CAPACITY, 503, "Server at capacity", "try again in a moment");
    } else if (asked->body_size > SRD_MAX_BODY) {
        refuse(v, SRD_GATE_BODY, 413, "Payload too large", "a body has at most 4 MiB");
    }
}

struct srd_ruling srd_rules_judge(const struct srd_rules *rules, struct srd_limits *limits,
                                  const struct srd_asked *asked)
{
    struct srd_ruling v = { .gate = SRD_GATE_PASSED };
    bool open;

    if (!check_origin(rules, asked, &v))
        return v;
    if (!methods_of(rules, asked->path, v.allow, sizeof(v.allow), &open))
        return refuse(&v, SRD_GATE_PATH, 404, "Not found",
                      "there is no such path; GET / lists them");
    /* a browser's question carries no key */
    if (v.cors && asked->preflight && !strcmp(asked->method, "OPTIONS"))
        return refuse(&v, SRD_GATE_PREFLIGHT, 204, NULL, NULL);
    v.route = srd_route_find(rules->routes, asked->method, asked->path);
    if (v.route)
        open = !v.route->roles || address_is_enough(rules, v.route);
    if (!check_key(rules, limits, asked, open, &v))
        return v;
    if (!v.route)
        return refuse(&v, SRD_GATE_METHOD, 405, "Method not allowed",
                      "the header Allow says what this path takes");
    if (!open && (!(v.roles & v.route->roles) || !sees_all(rules, &v)))
        return refuse(&v, SRD_GATE_ROLE, 403, "Forbidden", "the key does not allow this");
    /* who shows no key is nobody's client, and who looks at the whole server nobody's either */
    if (rules->options.tenants && v.route->roles & SRD_ROLE_USE && (v.key || !rules->keys.count)) {
        v.of = choose_tenant(rules, v.key, asked->tenant);
        v.tenant = v.of ? v.of->id : NULL;
        if (v.route->needs_tenant && (!v.tenant || asked->two_tenants))
            return refuse(&v, SRD_GATE_TENANT, 404, SRD_NO_TENANT, SRD_NO_TENANT_WORDS);
    }
    check_load(rules, limits, asked, &v);
    return v;
}
