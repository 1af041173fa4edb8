/* What does one reading of the settings allow, and is that safe? */

#include <stdlib.h>
#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/serve/gate.h"

#define SHORT_KEY 16

int srd_listen_parse(const char *text, struct srd_arena *arena, const char **address, int *port,
                     struct srd_error *err)
{
    const char *colon = strrchr(text, ':'), *digits = colon ? colon + 1 : text;
    size_t n = colon ? (size_t)(colon - text) : 0;
    int64_t number;

    if (!srd_text_int64(digits, &number) || number < 0 || number > 65535 || (colon && !n))
        return srd_fail(err, SRD_E_CONFIG,
                        "\"%s\" is no [ADDRESS:]PORT (3000, 0.0.0.0:3000, [::1]:3000)", text);
    *port = (int)number;
    *address = NULL;
    if (!colon)
        return 0;
    if (*text == '[' && text[n - 1] == ']')
        *address = srd_arena_copy_n(arena, text + 1, n - 2);
    else if (memchr(text, ':', n))
        return srd_fail(err, SRD_E_CONFIG, "an IPv6 address stands in brackets: [%.*s]:%s", (int)n,
                        text, digits);
    else
        *address = srd_arena_copy_n(arena, text, n);
    if (!strcmp(*address, "*"))
        *address = "0.0.0.0";
    return 0;
}

static bool is_loopback(const char *address)
{
    return !address || !strcmp(address, "localhost") || !strcmp(address, "::1") ||
           srd_text_prefix(address, "127.");
}

static int make_addresses(struct srd_rules *rules, struct srd_arena *arena, struct srd_error *err)
{
    const char *const *at = rules->options.allow_ip;
    size_t n = 0;

    while (at && at[n])
        n++;
    rules->addresses = srd_arena_array(arena, n + 1, sizeof(*rules->addresses));
    for (size_t i = 0; i < n; i++)
        if (srd_cidr_parse(at[i], &rules->addresses[i], err)) {
            err->code = SRD_E_CONFIG;
            return srd_while(err, "allow-ip");
        }
    rules->address_count = n;
    return 0;
}

/*
 * The variables API_KEY and API_KEYS: the server is theirs who set them, unless it is shared by
 * tenants, who must not see each other.
 */
static int make_keys(struct srd_rules *rules, struct srd_arena *arena, struct srd_error *err)
{
    const struct srd_serve_options *o = &rules->options;
    unsigned roles = o->tenants ? SRD_ROLE_USE : SRD_ROLE_ALL;
    size_t n = 0;

    if ((o->key_file || (o->keys && *o->keys)) && srd_crypto_ready(err))
        return err->code;
    if (o->key_file && srd_api_keys_read(&rules->keys, o->key_file, arena, err))
        return err->code;
    if (o->key_file && !rules->keys.count)
        return srd_fail(err, SRD_E_CONFIG,
                        "the key file \"%s\" has no key; srdiag serve keys new NAME makes one",
                        o->key_file);
    for (const char *const *k = o->keys; k && *k; k++) {
        const char *name = n++ ? srd_arena_printf(arena, "api-key-%zu", n) : "api-key";

        if (strlen(*k) < SHORT_KEY)
            srd_log(SRD_LOG_WARNING, "the key %s has less than %d characters and can be guessed",
                    name, SHORT_KEY);
        srd_api_keys_add(&rules->keys, name, *k, roles, arena);
    }
    return o->tenants && srd_api_keys_join(&rules->keys, &o->tenants->keys, arena, err)
               ? srd_while(err, "tenants file")
               : 0;
}

int srd_rules_make(struct srd_rules *rules, struct srd_arena *arena, struct srd_error *err)
{
    const struct srd_serve_options *o = &rules->options;
    const char *address = NULL, *where;

    if (srd_listen_parse(o->listen ? o->listen : "3000", arena, &address, &rules->port, err))
        return srd_while(err, "listen");
    if (make_addresses(rules, arena, err) || make_keys(rules, arena, err))
        return err->code;
    rules->loopback = is_loopback(address) && o->listen_fd < 0;
    rules->any_origin = srd_text_in("*", o->allow_origin);
    if (rules->any_origin)
        srd_log(SRD_LOG_WARNING,
                "allow-origin is *: every page that a user opens may call this server");
    if (!o->tls_cert != !o->tls_key)
        return srd_fail(err, SRD_E_CONFIG, "tls-cert and tls-key belong together");
    if (rules->loopback || rules->keys.count)
        return 0;
    where = o->listen_fd >= 0  ? "a socket that was handed over"
            : o->listen_origin ? srd_arena_printf(arena, "%s (%s)", o->listen, o->listen_origin)
                               : o->listen;
    if (!o->insecure)
        return srd_fail(err, SRD_E_CONFIG,
                        "listening on %s without a key would open the cluster to everybody; set "
                        "--api-key-file (srdiag serve keys new NAME), or --insecure",
                        where);
    srd_log(SRD_LOG_WARNING, "listening on %s without a key: everybody who reaches it may ask",
            where);
    return 0;
}
