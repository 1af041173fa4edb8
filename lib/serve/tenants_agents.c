/* Where are the agents of a tenant, and how are they known to be his? */

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/serve/tenants_private.h"

#define LONGEST_URL 2000
#define LONGEST_TOKEN 4096
#define SHORT_TOKEN 16

/* ---- URLs and tokens ---- */

/* "h", "h:8080", "[::1]:8080", up to a path. libcurl would say it too, at the first question. */
static const char *authority_wrong(const char *host)
{
    const char *end = *host == '[' ? strchr(host, ']') : host + strcspn(host, ":/");
    char address[INET6_ADDRSTRLEN] = "", digits[8] = "";
    struct in6_addr ignored;
    int64_t port = 1;
    size_t n;

    if (*host == '[') {
        n = end ? (size_t)(end++ - host - 1) : 0;
        if (n < sizeof(address))
            memcpy(address, host + 1, n);
        if (!end || inet_pton(AF_INET6, address, &ignored) != 1)
            return "between [ and ] stands an IPv6 address";
    }
    if (*end == ':') {
        n = strcspn(++end, "/");
        if (n < sizeof(digits))
            memcpy(digits, end, n);
        if (!srd_text_int64(digits, &port))
            port = 0;
        end += n;
    }
    if (port < 1 || port > 65535)
        return "the port of an agent is a number from 1 to 65535";
    return *end && *end != '/' ? "the URL of an agent holds host, port and perhaps a path, nothing "
                                 "else"
                               : NULL;
}

const char *srd_agent_url_wrong(const char *url)
{
    const char *host = strstr(url, "://");

    if (!srd_text_prefix(url, "http://") && !srd_text_prefix(url, "https://"))
        return "the URL of an agent begins with http:// or https://";
    host += 3;
    if (!*host || strchr(":/", *host))
        return "the URL of an agent names a host";
    if (strpbrk(host, "?#@\\"))
        return "the URL of an agent holds host, port and perhaps a path, nothing else";
    for (const char *p = host; *p; p++)
        if ((unsigned char)*p < 33 || (unsigned char)*p > 126)
            return "the URL of an agent consists of visible ASCII characters";
    return strlen(url) > LONGEST_URL ? "the URL of an agent is too long" : authority_wrong(host);
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

/* ---- members ---- */

static int add_url(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                   const char **urls, struct srd_error *err)
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
        srd_tenants_doubt(
            r, srd_arena_printf(r->arena,
                                "%s: the agent's token and the cluster's answers travel in "
                                "clear; use https there, or a tunnel",
                                url));
    return 0;
}

/* agent_url goes before those of agent_urls, wherever it stands. */
int srd_tenants_take_url(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                         void *into, size_t at, struct srd_error *err)
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

int srd_tenants_take_urls(struct srd_tenants_reader *r, const struct srd_tenants_place *list,
                          void *into, size_t at, struct srd_error *err)
{
    struct srd_tenants_place place;

    if (srd_json_kind(list->json) != SRD_JSON_ARRAY)
        return srd_fail(err, SRD_E_CONFIG, "expected a list, [ ... ]");
    if (!srd_tenants_first(list, &place))
        return srd_fail(err, SRD_E_CONFIG, "the list is empty");
    do {
        r->at = place.at.value;
        if (add_url(r, &place, (const char **)((char *)into + at), err))
            return err->code;
    } while (srd_tenants_next(&place));
    return 0;
}

int srd_tenants_take_token(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                           void *into, size_t at, struct srd_error *err)
{
    const char *token = srd_json_text(place->json), *wrong;

    if (!token)
        return srd_fail(err, SRD_E_CONFIG, "expected a text");
    wrong = srd_agent_token_wrong(token);
    if (wrong)
        return srd_fail(err, SRD_E_CONFIG, "%s", wrong);
    if (strlen(token) < SHORT_TOKEN)
        srd_tenants_doubt(
            r,
            srd_arena_printf(r->arena, "the token has less than %d characters and can be guessed",
                             SHORT_TOKEN));
    return srd_tenants_take_text(r, place, into, at, err);
}

/* As libcurl will read it, when it is too late for a line number. */
int srd_tenants_take_pin(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                         void *into, size_t at, struct srd_error *err)
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
    return srd_tenants_take_text(r, place, into, at, err);
}

int srd_tenants_take_ca(struct srd_tenants_reader *r, const struct srd_tenants_place *place,
                        void *into, size_t at, struct srd_error *err)
{
    const char *name = srd_json_text(place->json), *slash = strrchr(r->file, '/');
    const char *path;

    if (!name || !*name)
        return srd_fail(err, SRD_E_CONFIG, "expected the name of a file");
    path = *name == '/' || !slash
               ? srd_arena_copy(r->arena, name)
               : srd_arena_printf(r->arena, "%.*s/%s", (int)(slash - r->file), r->file, name);
    if (access(path, R_OK))
        return srd_fail(err, SRD_E_CONFIG, "could not open \"%s\": %s", srd_tenants_shown(r, path),
                        strerror(errno));
    *(const char **)((char *)into + at) = path;
    return 0;
}
