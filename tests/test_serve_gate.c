/* Who is let in, and if nobody, who says no first? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/serve/gate.h"
#include "tests/rows.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"

static void nothing(struct srd_visit *visit, struct srd_http_request *request)
{
    (void)visit;
    (void)request;
}

static const struct srd_route open_route = { .method = "GET", .path = "/health", .handle = nothing };
static const struct srd_route use_route = {
    .method = "POST", .path = "/call", .roles = SRD_ROLE_USE, .needs_tenant = true, .counted = true, .handle = nothing
};
static const struct srd_route metrics_route = {
    .method = "GET", .path = "/metrics", .roles = SRD_ROLE_METRICS, .handle = nothing
};
static const struct srd_route admin_route = {
    .method = "DELETE", .path = "/admin/c", .roles = SRD_ROLE_ADMIN, .below = true, .handle = nothing
};
static const struct srd_route list_route = {
    .method = "GET", .path = "/admin/c", .roles = SRD_ROLE_ADMIN, .handle = nothing
};
static const struct srd_route *const routes[] = { &open_route, &use_route,  &metrics_route,
                                                  &admin_route, &list_route, NULL };

static struct srd_tenant tenant_list[] = { { .id = "acme", .enabled = true },
                                           { .id = "umbrella", .enabled = true, .rate = 3, .rate_s = 60 },
                                           { .id = "gone" } };
static const struct srd_tenants tenants = { .list = tenant_list, .count = 3 };

/* What the server is told, in words: "ip=10.0.0.0/8 keys tenants rate=2 max=1 beyond host=x origin=*". */
static void make_rules(const char *text, struct srd_rules *rules, struct srd_arena *arena)
{
    const char *const *words = srd_text_list(arena, text);
    struct srd_serve_options *o = &rules->options;
    struct srd_error err = { 0 };
    bool keys = false, shared = false;

    *rules = (struct srd_rules){ .routes = routes,
                                 .options = { .listen = "127.0.0.1:3000", .listen_fd = -1, .insecure = true } };
    for (; *words; words++) {
        const char *equals = strchr(*words, '='), *value = equals ? equals + 1 : "";
        const char **list = srd_arena_array(arena, 2, sizeof(*list));

        list[0] = value;
        if (srd_text_prefix(*words, "ip="))
            o->allow_ip = list;
        else if (srd_text_prefix(*words, "host="))
            o->allow_host = list;
        else if (srd_text_prefix(*words, "origin="))
            o->allow_origin = list;
        else if (srd_text_prefix(*words, "rate="))
            o->rate = (size_t)(*value - '0'), o->rate_s = 60;
        else if (srd_text_prefix(*words, "max="))
            o->max_connections = (size_t)(*value - '0');
        else if (!strcmp(*words, "beyond"))
            o->listen = "0.0.0.0:3000";
        else if (!strcmp(*words, "keys"))
            keys = true;
        else if (!strcmp(*words, "tenants"))
            shared = true;
        else
            fail_msg("what is \"%s\"?", *words);
    }
    if (shared)
        o->tenants = &tenants;
    assert_int_equal(srd_rules_make(rules, arena, &err), 0);
    if (keys) {
        static const char file[] = "alice " KEY " use\nprom " OTHER " metrics\n"
                                   "ops sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 admin\n"
                                   "shop shopshopshopshopshop use acme\n"
                                   "two twotwotwotwotwotwotwo use acme,umbrella,gone\n"
                                   "meter metermetermetermeter use+metrics acme\n"
                                   "boss bossbossbossbossboss admin acme\n";

        assert_int_equal(srd_api_keys_parse(&rules->keys, "keys", file, sizeof(file) - 1, arena, &err), 0);
    }
}

/* One request: "POST /call key=... from=10.0.0.7 host=... origin=... tenant=... size=... active=... remote". */
static struct srd_asked make_asked(const char *text, struct srd_arena *arena, struct sockaddr_in6 *peer)
{
    struct srd_asked asked = { .host = "127.0.0.1:3000", .loopback = true, .peer = "127.0.0.1", .body_size = -1,
                               .active = 1 };
    char *copy = srd_arena_copy(arena, text), *rest;
    int n = 0;

    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest), n++) {
        char *value = strchr(w, '=');
        int64_t number = 0;

        if (value && n > 1)
            *value++ = '\0';
        if (value)
            srd_text_int64(value, &number);
        if (n == 0)
            asked.method = w;
        else if (n == 1)
            asked.path = w;
        else if (!strcmp(w, "from"))
            asked.peer = value, asked.loopback = false;
        else if (!strcmp(w, "host"))
            asked.host = *value ? value : NULL;
        else if (!strcmp(w, "origin"))
            asked.origin = value;
        else if (!strcmp(w, "key"))
            asked.api_key = value;
        else if (!strcmp(w, "bearer"))
            asked.authorization = srd_arena_printf(arena, "Bearer %s", value);
        else if (!strcmp(w, "basic"))
            asked.authorization = srd_arena_printf(arena, "Basic %s", value);
        else if (!strcmp(w, "tenant"))
            asked.tenant = value;
        else if (!strcmp(w, "preflight"))
            asked.preflight = value;
        else if (!strcmp(w, "size"))
            asked.body_size = number;
        else if (!strcmp(w, "active"))
            asked.active = (size_t)number;
        else if (!strcmp(w, "two-keys"))
            asked.two_keys = true;
        else if (!strcmp(w, "two-origins"))
            asked.two_origins = true;
        else if (!strcmp(w, "two-tenants"))
            asked.two_tenants = true;
        else
            fail_msg("what is \"%s\"?", w);
    }
    memset(peer, 0, sizeof(*peer));
    if (inet_pton(AF_INET, asked.peer, &((struct sockaddr_in *)peer)->sin_addr) == 1)
        peer->sin6_family = AF_INET;
    else if (inet_pton(AF_INET6, asked.peer, &peer->sin6_addr) == 1)
        peer->sin6_family = AF_INET6;
    asked.peer_address = (struct sockaddr *)peer;
    return asked;
}

static const struct row {
    const char *name, *rules, *request;
    const char *want; /* "200", "401 key", and " key=NAME" " tenant=T" " cors=O" " allow=..." where there are */
} rows[] = {
    { "an open path needs nothing", "keys", "GET /health", "200" },
    { "without keys this machine may do everything", "", "DELETE /admin/c/7", "200" },
    { "without keys others may use it", "beyond", "POST /call from=10.0.0.7 host=10.0.0.1:3000", "200" },
    { "without keys others are no administrators", "beyond", "DELETE /admin/c/7 from=10.0.0.7 host=10.0.0.1:3000", "403 role" },

    { "an address of the list is let in", "ip=10.0.0.0/8", "GET /health from=10.255.255.255", "200" },
    { "the first address behind the block is not", "ip=10.0.0.0/8", "GET /health from=11.0.0.0", "403 address" },
    { "the last one before it is not", "ip=10.0.0.0/8", "GET /health from=9.255.255.255", "403 address" },
    { "a block may have any number of bits", "ip=10.1.2.128/25", "GET /health from=10.1.2.128", "200" },
    { "and ends where it ends", "ip=10.1.2.128/25", "GET /health from=10.1.2.127", "403 address" },
    { "a single address is a block", "ip=10.0.0.7", "GET /health from=10.0.0.7", "200" },
    { "an IPv6 block", "ip=fd00::/8", "GET /health from=fdff::1", "200" },
    { "another IPv6 address", "ip=fd00::/8", "GET /health from=fe80::1", "403 address" },
    { "IPv4 in IPv6 is IPv4", "ip=10.0.0.0/8", "GET /health from=::ffff:10.0.0.7", "200" },
    { "addresses come before hosts", "ip=10.0.0.0/8", "GET /nowhere host=evil.example origin=http://evil.example", "403 address" },

    { "localhost is a name of ours", "", "GET /health host=localhost:3000", "200" },
    { "all of 127 is this machine", "", "GET /health host=127.8.8.8:3000", "200" },
    { "a name that begins so is not", "", "GET /health host=127.evil.example", "403 host" },
    { "in any case", "", "GET /health host=LocalHost", "200" },
    { "with any port", "", "GET /health host=localhost:9999", "200" },
    { "[::1] is a name of ours", "", "GET /health host=[::1]:3000", "200" },
    { "a name that was made to point here is not", "", "GET /health host=evil.example:3000", "403 host" },
    { "nor one that begins like ours", "", "GET /health host=localhost.evil.example", "403 host" },
    { "nor one that ends with a dot", "", "GET /health host=localhost.", "403 host" },
    { "nor an empty one", "", "GET /health host=:3000", "403 host" },
    { "nor one with half a bracket", "", "GET /health host=[::1", "403 host" },
    { "nor one with a port that is none", "", "GET /health host=localhost:http", "403 host" },
    { "an address other than loopback is none of ours", "", "GET /health host=10.0.0.1:3000", "403 host" },
    { "a configured name is", "host=mcp.example.com", "GET /health host=mcp.example.com", "200" },
    { "HTTP/1.0 needs no host", "", "GET /health host=", "200" },
    { "beyond loopback any name will do", "beyond", "GET /health from=10.0.0.7 host=anything.example", "200" },
    { "unless names are configured", "beyond,host=mcp.example.com", "GET /health from=10.0.0.7 host=anything.example", "403 host" },
    { "then an address will still do", "beyond,host=mcp.example.com", "GET /health from=10.0.0.7 host=10.0.0.1:3000", "200" },
    { "over loopback names are always checked", "beyond", "GET /health host=evil.example", "403 host" },
    { "hosts come before origins", "", "GET /nowhere host=evil.example origin=http://evil.example", "403 host" },

    { "without an origin it is no page", "", "GET /health", "200" },
    { "our own page", "", "GET /health origin=http://127.0.0.1:3000", "200" },
    { "our own page by another name", "", "GET /health origin=http://localhost:3000", "200" },
    { "another port of this machine is another program", "", "GET /health origin=http://localhost:3001", "403 origin" },
    { "a foreign page", "", "GET /health origin=http://evil.example", "403 origin" },
    { "a page without an origin", "", "GET /health origin=null", "403 origin" },
    { "an origin twice", "origin=http://a.example", "GET /health origin=http://a.example two-origins", "403 origin" },
    { "a listed page, and it is told so", "origin=http://a.example", "GET /health origin=http://a.example", "200 cors=http://a.example" },
    { "one that begins like it", "origin=http://a.example", "GET /health origin=http://a.example.evil", "403 origin" },
    { "one with another scheme", "origin=http://a.example", "GET /health origin=https://a.example", "403 origin" },
    { "* lets every page in", "origin=*", "GET /health origin=http://evil.example", "200 cors=*" },
    { "a page we serve under a configured name", "host=mcp.example.com", "GET /health host=mcp.example.com origin=https://mcp.example.com", "200" },
    { "with its port", "host=mcp.example.com", "GET /health host=mcp.example.com:3000 origin=http://mcp.example.com:3000", "200" },
    { "a page under a name that nobody checked", "beyond", "GET /health from=10.0.0.7 host=evil.example origin=http://evil.example", "403 origin" },
    { "a preflight needs no key", "keys,origin=http://a.example", "OPTIONS /call origin=http://a.example preflight=POST", "204 preflight cors=http://a.example allow=POST" },
    { "for a listed page only", "keys", "OPTIONS /call origin=http://localhost:3000 preflight=POST", "401 key" },
    { "and for a path that is there", "keys,origin=http://a.example", "OPTIONS /nowhere origin=http://a.example preflight=POST", "404 path cors=http://a.example" },
    { "OPTIONS alone is a method like others", "", "OPTIONS /call", "405 method allow=POST" },
    { "origins come before paths", "", "GET /nowhere origin=http://evil.example", "403 origin" },

    { "a path that is not there", "keys", "GET /.well-known/oauth-protected-resource", "404 path" },
    { "a path that goes on", "", "GET /health/x", "404 path" },
    { "a path below one that has some", "", "DELETE /admin/c/7", "200" },
    { "nothing below it", "", "DELETE /admin/c/", "404 path" },
    { "a path that begins like it", "", "DELETE /admin/cx", "404 path" },
    { "paths come before keys", "keys", "GET /nowhere key=wrong", "404 path" },

    { "no key", "keys", "POST /call", "401 key" },
    { "a wrong key", "keys", "POST /call key=wrong", "401 key" },
    { "an empty key is none, although its digest is somebody's", "keys", "POST /call key=", "401 key" },
    { "the right key", "keys", "POST /call key=" KEY, "200 key=alice" },
    { "the right key as Bearer", "keys", "POST /call bearer=" KEY, "200 key=alice" },
    { "a key with one letter more", "keys", "POST /call key=" KEY "0", "401 key" },
    { "another scheme than Bearer", "keys", "POST /call basic=" KEY, "401 key" },
    { "a wrong key beside a right one", "keys", "POST /call key=wrong bearer=" KEY, "401 key" },
    { "a header twice", "keys", "POST /call key=" KEY " two-keys", "401 key" },
    { "a wrong key does not close an open path", "keys", "GET /health key=wrong", "200" },
    { "keys come before methods", "keys", "PUT /call", "401 key" },
    { "a method that the path does not take", "keys", "PUT /call key=" KEY, "405 method key=alice allow=POST" },
    { "on an open path, too", "keys", "POST /health", "405 method allow=GET, HEAD" },
    { "all methods of a path are told", "", "PUT /admin/c", "405 method allow=DELETE, GET, HEAD" },
    { "HEAD is GET", "keys", "HEAD /health", "200" },
    { "a key for metrics does not use", "keys", "POST /call key=" OTHER, "403 role key=prom" },
    { "a key for using does not measure", "keys", "GET /metrics key=" KEY, "403 role key=alice" },
    { "a key for metrics measures", "keys", "GET /metrics key=" OTHER, "200 key=prom" },
    { "a key for using is no administrator", "keys", "DELETE /admin/c/7 key=" KEY, "403 role key=alice" },
    { "metrics need a key", "keys", "GET /metrics", "401 key" },
    { "unless addresses are listed", "keys,ip=127.0.0.1", "GET /metrics", "200" },
    { "and nobody shares the server", "keys,tenants,ip=127.0.0.1", "GET /metrics", "401 key" },

    { "without tenants the header means nothing", "keys", "POST /call tenant=acme key=" KEY, "200 key=alice" },
    { "a key without tenants belongs to all", "keys,tenants", "POST /call tenant=umbrella key=" KEY, "200 key=alice tenant=umbrella" },
    { "and has to say which", "keys,tenants", "POST /call key=" KEY, "404 tenant key=alice" },
    { "a tenant that is not there", "keys,tenants", "POST /call tenant=nobody key=" KEY, "404 tenant key=alice" },
    { "one that is switched off", "keys,tenants", "POST /call tenant=gone key=" KEY, "404 tenant key=alice" },
    { "an empty header names none", "keys,tenants", "POST /call tenant= key=" KEY, "404 tenant key=alice" },
    { "the header twice", "keys,tenants", "POST /call tenant=acme two-tenants key=" KEY, "404 tenant key=alice tenant=acme" },
    { "the only tenant of a key need not be named", "keys,tenants", "POST /call key=shopshopshopshopshop", "200 key=shop tenant=acme" },
    { "somebody else's cannot be", "keys,tenants", "POST /call tenant=umbrella key=shopshopshopshopshop", "404 tenant key=shop" },
    { "of two, one has to be named", "keys,tenants", "POST /call key=twotwotwotwotwotwotwo", "404 tenant key=two" },
    { "and can be", "keys,tenants", "POST /call tenant=umbrella key=twotwotwotwotwotwotwo", "200 key=two tenant=umbrella" },
    { "but not one that is switched off", "keys,tenants", "POST /call tenant=gone key=twotwotwotwotwotwotwo", "404 tenant key=two" },
    { "a key of one tenant does not see the figures of all", "keys,tenants", "GET /metrics key=metermetermetermeter", "403 role key=meter" },
    { "nor administers what is everybody's", "keys,tenants", "DELETE /admin/c/7 key=bossbossbossbossboss", "403 role key=boss" },
    { "a key of all tenants does", "keys,tenants", "GET /metrics key=" OTHER, "200 key=prom" },
    { "its own figures are all there are without tenants", "keys", "GET /metrics key=metermetermetermeter", "200 key=meter" },
    { "an open path does not make anybody a tenant", "keys,tenants", "GET /health tenant=acme", "200" },
    { "keys come before tenants", "keys,tenants", "POST /call tenant=nobody", "401 key" },

    { "as many at a time as allowed", "max=2", "POST /call active=2", "200" },
    { "one more", "max=2", "POST /call active=3", "503 capacity" },
    { "a body of 4 MiB", "", "POST /call size=4194304", "200" },
    { "one byte more", "", "POST /call size=4194305", "413 body" },
    { "capacity comes before the body", "max=2", "POST /call active=3 size=4194305", "503 capacity" },
};

static void put_ruling(struct srd_buf *out, const struct srd_ruling *r)
{
    srd_buf_printf(out, "%d", r->status ? r->status : 200);
    if (r->gate)
        srd_buf_printf(out, " %s", srd_gate_name(r->gate));
    if (r->key)
        srd_buf_printf(out, " key=%s", r->key->name);
    if (r->tenant)
        srd_buf_printf(out, " tenant=%s", r->tenant);
    if (r->cors)
        srd_buf_printf(out, " cors=%s", r->cors);
    if (r->status == 405 || r->status == 204)
        srd_buf_printf(out, " allow=%s", r->allow);
}

static void test_row(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    const struct row *row = *state;
    struct sockaddr_in6 peer;
    struct srd_ruling ruling;
    struct srd_asked asked;
    struct srd_rules rules;

    make_rules(row->rules, &rules, arena);
    asked = make_asked(row->request, arena, &peer);
    ruling = srd_rules_judge(&rules, NULL, &asked);
    srd_buf_init(&got, 4096);
    put_ruling(&got, &ruling);
    assert_string_equal(got.data, row->want);
}

/* ---- the rate ---- */

struct step {
    int64_t at_ms;
    const char *request, *want;
};

static void run_steps(const char *words, const struct step *steps, size_t n)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_limits_free) struct srd_limits *limits = srd_limits_new(100);
    struct srd_rules rules;

    make_rules(words, &rules, arena);
    for (size_t i = 0; i < n; i++) {
        SRD_CLEANUP(srd_buf_free) struct srd_buf got;
        struct sockaddr_in6 peer;
        struct srd_asked asked = make_asked(steps[i].request, arena, &peer);
        struct srd_ruling ruling;

        asked.now_ms = steps[i].at_ms;
        ruling = srd_rules_judge(&rules, limits, &asked);
        srd_buf_init(&got, 4096);
        put_ruling(&got, &ruling);
        if (ruling.status == 429)
            srd_buf_printf(&got, " retry=%d", (int)ruling.retry_after_s);
        assert_string_equal(got.data, steps[i].want);
    }
}

static void test_rate_of_tenant(void **state)
{
    static const struct step steps[] = {
        { 1000, "POST /call tenant=umbrella from=127.0.0.1 key=" KEY, "200 key=alice tenant=umbrella" },
        { 1000, "POST /call tenant=umbrella key=twotwotwotwotwotwotwo", "200 key=two tenant=umbrella" },
        { 1000, "POST /call tenant=umbrella key=" KEY, "200 key=alice tenant=umbrella" },
        { 1000, "POST /call tenant=umbrella key=" KEY, "429 rate key=alice tenant=umbrella retry=20" },
        { 1000, "POST /call tenant=umbrella key=twotwotwotwotwotwotwo", "429 rate key=two tenant=umbrella retry=20" },
        { 1000, "POST /call tenant=acme key=" KEY, "200 key=alice tenant=acme" },
        { 21000, "POST /call tenant=umbrella key=" KEY, "200 key=alice tenant=umbrella" },
    };

    (void)state;
    run_steps("keys,tenants", steps, sizeof(steps) / sizeof(*steps));
}

static void test_rate(void **state)
{
    static const struct step steps[] = {
        { 1000, "POST /call key=" KEY, "200 key=alice" },
        { 1000, "POST /call key=" KEY, "200 key=alice" },
        { 1000, "POST /call key=" KEY, "429 rate key=alice retry=30" },
        /* somebody else's bucket is another */
        { 1000, "POST /call key=shopshopshopshopshop", "200 key=shop" },
        { 1000, "POST /call host=127.0.0.1 from=10.0.0.7 key=" KEY, "200 key=alice" },
        /* paths that are not counted, and refusals of others before it, take nothing */
        { 1000, "GET /health", "200" },
        { 1000, "POST /call key=wrong", "401 key" },
        { 30999, "POST /call key=" KEY, "429 rate key=alice retry=1" },
        { 31000, "POST /call key=" KEY, "200 key=alice" },
        { 31000, "POST /call key=" KEY, "429 rate key=alice retry=30" },
        /* a bucket is never fuller than full */
        { 900000, "POST /call key=" KEY, "200 key=alice" },
        { 900000, "POST /call key=" KEY, "200 key=alice" },
        { 900000, "POST /call key=" KEY, "429 rate key=alice retry=30" },
        { 900000, "POST /call active=9 size=99999999 key=" KEY, "429 rate key=alice retry=30" },
    };

    (void)state;
    run_steps("keys,rate=2,max=5", steps, SRD_COUNT(steps));
}

/* Whoever guesses is told to wait; the right key, others and those without one notice nothing. */
static void test_guesses(void **state)
{
    struct step steps[40] = { 0 };
    size_t n = 0;

    (void)state;
    while (n < 20)
        steps[n++] = (struct step){ 1000, "POST /call key=wrong", "401 key" };
    steps[n++] = (struct step){ 1000, "POST /call key=wrong", "429 guess retry=3" };
    steps[n++] = (struct step){ 1000, "POST /nowhere/else key=wrong", "404 path" };
    steps[n++] = (struct step){ 1000, "POST /call bearer=wrong", "429 guess retry=3" };
    steps[n++] = (struct step){ 1000, "POST /call key=" KEY, "200 key=alice" };
    steps[n++] = (struct step){ 1000, "POST /call", "401 key" };
    steps[n++] = (struct step){ 1000, "GET /health key=wrong", "200" };
    steps[n++] = (struct step){ 1000, "POST /call from=10.0.0.7 host=127.0.0.1 key=wrong", "401 key" };
    steps[n++] = (struct step){ 3999, "POST /call key=wrong", "429 guess retry=1" };
    steps[n++] = (struct step){ 4000, "POST /call key=wrong", "401 key" };
    steps[n++] = (struct step){ 4000, "POST /call key=wrong", "429 guess retry=3" };
    run_steps("keys,rate=0", steps, n);
}

/* Who has one /64 has all of its addresses. */
static void test_guesses_from_a_network(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct step steps[32] = { 0 };
    size_t n = 0;

    (void)state;
    for (; n < 20; n++)
        steps[n] = (struct step){
            1000, srd_arena_printf(arena, "POST /call host=127.0.0.1 from=fd00::1:%zx key=wrong", n), "401 key"
        };
    steps[n++] = (struct step){ 1000, "POST /call host=127.0.0.1 from=fd00::ffff key=wrong", "429 guess retry=3" };
    steps[n++] = (struct step){ 1000, "POST /call host=127.0.0.1 from=fd00:0:0:1::1 key=wrong", "401 key" };
    run_steps("keys,rate=0", steps, n);
}

static void test_rate_off(void **state)
{
    static const struct step steps[] = { { 0, "POST /call", "200" }, { 0, "POST /call", "200" } };

    (void)state;
    run_steps("rate=0", steps, SRD_COUNT(steps));
}

/* ---- rules that are refused ---- */

static const struct refusal {
    const char *name;
    struct srd_serve_options options;
    const char *want;
} refusals[] = {
    { "beyond loopback without a key", { .listen = "0.0.0.0:3000", .listen_fd = -1 },
      "listening on 0.0.0.0:3000 without a key would open the cluster to everybody; set --api-key-file "
      "(srdiag serve keys new NAME), or --insecure" },
    { "a name is beyond loopback", { .listen = "myhost:3000", .listen_fd = -1 },
      "listening on myhost:3000 without a key would open the cluster to everybody; set --api-key-file "
      "(srdiag serve keys new NAME), or --insecure" },
    { "a socket that was handed over may be anywhere", { .listen = "3000", .listen_fd = 3 },
      "listening on a socket that was handed over without a key would open the cluster to everybody; set "
      "--api-key-file (srdiag serve keys new NAME), or --insecure" },
    { "this machine needs none", { .listen = "[::1]:3000", .listen_fd = -1 }, "" },
    { "a port alone is this machine", { .listen = "3000", .listen_fd = -1 }, "" },
    { "all of 127 is this machine", { .listen = "127.8.8.8:3000", .listen_fd = -1 }, "" },
    { "--insecure is said on purpose", { .listen = "*:3000", .listen_fd = -1, .insecure = true }, "" },
    { "a key is enough", { .listen = "0.0.0.0:3000", .listen_fd = -1, .keys = (const char *const[]){ KEY, NULL } }, "" },
    { "no port", { .listen = "localhost", .listen_fd = -1 },
      "listen: \"localhost\" is no [ADDRESS:]PORT (3000, 0.0.0.0:3000, [::1]:3000)" },
    { "a port that is too large", { .listen = "65536", .listen_fd = -1 },
      "listen: \"65536\" is no [ADDRESS:]PORT (3000, 0.0.0.0:3000, [::1]:3000)" },
    { "a port alone with a colon", { .listen = ":3000", .listen_fd = -1 },
      "listen: \":3000\" is no [ADDRESS:]PORT (3000, 0.0.0.0:3000, [::1]:3000)" },
    { "IPv6 without brackets", { .listen = "::1:3000", .listen_fd = -1 },
      "listen: an IPv6 address stands in brackets: [::1]:3000" },
    { "an address that is none", { .listen = "1", .listen_fd = -1, .allow_ip = (const char *const[]){ "10.0.0", NULL } },
      "allow-ip: \"10.0.0\" is no address and no block (10.0.0.0/8, ::1)" },
    { "bits behind the prefix", { .listen = "1", .listen_fd = -1, .allow_ip = (const char *const[]){ "10.0.0.1/8", NULL } },
      "allow-ip: \"10.0.0.1/8\": the address has bits behind its prefix" },
    { "too many bits", { .listen = "1", .listen_fd = -1, .allow_ip = (const char *const[]){ "10.0.0.0/33", NULL } },
      "allow-ip: \"10.0.0.0/33\": a prefix has 0 to 32 bits" },
    { "a certificate without its key", { .listen = "1", .listen_fd = -1, .tls_cert = "x" },
      "tls-cert and tls-key belong together" },
};

static void test_refusal(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const struct refusal *row = *state;
    struct srd_rules rules = { .options = row->options, .routes = routes };
    struct srd_error err = { 0 };

    srd_rules_make(&rules, arena, &err);
    assert_string_equal(err.text, row->want);
    assert_int_equal(err.code, *row->want ? SRD_E_CONFIG : SRD_OK);
}

/* The key of a shared server must not open what concerns all of them. */
static void test_key_of_variable(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *const keys[] = { KEY, OTHER, NULL };
    struct srd_rules rules = { .options = { .listen = "1", .listen_fd = -1, .keys = keys }, .routes = routes };
    struct srd_error err = { 0 };

    (void)state;
    assert_int_equal(srd_rules_make(&rules, arena, &err), 0);
    assert_int_equal(rules.keys.count, 2);
    assert_string_equal(rules.keys.list[0].name, "api-key");
    assert_string_equal(rules.keys.list[1].name, "api-key-2");
    assert_int_equal(rules.keys.list[0].roles, SRD_ROLE_ALL);
    rules.options.tenants = &tenants;
    rules.keys = (struct srd_api_keys){ 0 };
    assert_int_equal(srd_rules_make(&rules, arena, &err), 0);
    assert_int_equal(rules.keys.list[0].roles, SRD_ROLE_USE);
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(refusals) + 6];
    size_t n = 0;

    srd_log_set_level(SRD_LOG_ERROR);
    memset(tests, 0, sizeof(tests));
    ADD_ROWS(tests, n, rows, test_row);
    ADD_ROWS(tests, n, refusals, test_refusal);
    tests[n++] = (struct CMUnitTest){ .name = "so many in a minute, and then one by one", .test_func = test_rate };
    tests[n++] = (struct CMUnitTest){ .name = "a tenant's rate is that of all its clients together, and of no other's",
                                      .test_func = test_rate_of_tenant };
    tests[n++] = (struct CMUnitTest){ .name = "a rate of 0 is none", .test_func = test_rate_off };
    tests[n++] = (struct CMUnitTest){ .name = "who guesses keys is told to wait, and nobody else", .test_func = test_guesses };
    tests[n++] = (struct CMUnitTest){ .name = "a /64 guesses as one address", .test_func = test_guesses_from_a_network };
    tests[n++] = (struct CMUnitTest){ .name = "the key of a variable is the owner's, unless the server is shared",
                                      .test_func = test_key_of_variable };
    return cmocka_run_group_tests_name("serve guard", tests, NULL, NULL);
}
