/* Whom does an agent answer, and within which limits? */

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/agent/agent_private.h"

#define MIN_TOKEN 16
#define DEFAULT_SQL_MS 120000

static int read_tokens(struct srd_agent_rules *rules, struct srd_error *err)
{
    const char *const *tokens = rules->options.tokens;
    size_t n = 0;

    while (tokens && tokens[n])
        n++;
    rules->tokens = srd_arena_array(rules->arena, n + 1, sizeof(*rules->tokens));
    for (; rules->token_count < n; rules->token_count++) {
        const char *token = tokens[rules->token_count];

        if (strlen(token) < MIN_TOKEN)
            return srd_fail(err, SRD_E_CONFIG,
                            "the token is too short to be safe: at least %d characters, better 64 "
                            "(openssl rand -hex 32)",
                            MIN_TOKEN);
        srd_sha256(token, strlen(token), rules->tokens[rules->token_count]);
    }
    return 0;
}

static int read_addresses(struct srd_agent_rules *rules, struct srd_error *err)
{
    const char *const *at = rules->options.allow_ip;
    size_t n = 0;

    while (at && at[n])
        n++;
    rules->addresses = srd_arena_array(rules->arena, n + 1, sizeof(*rules->addresses));
    for (; rules->address_count < n; rules->address_count++)
        if (srd_cidr_parse(at[rules->address_count], &rules->addresses[rules->address_count],
                           err)) {
            err->code = SRD_E_CONFIG;
            return srd_while(err, "allow-ip");
        }
    return 0;
}

int srd_agent_rules_make(const struct srd_agent_options *options, struct srd_agent_rules **out,
                         struct srd_error *err)
{
    SRD_CLEANUP(srd_agent_rules_drop) struct srd_agent_rules *rules = calloc(1, sizeof(*rules));

    if (!rules)
        srd_no_memory();
    atomic_init(&rules->users, 1);
    rules->arena = srd_arena_new();
    rules->options = *options;
    if (!rules->options.max_rows || rules->options.max_rows > SRD_TABLE_MAX_ROWS)
        rules->options.max_rows = SRD_TABLE_MAX_ROWS;
    if (!rules->options.max_bytes || rules->options.max_bytes > SRD_TABLE_MAX_BYTES)
        rules->options.max_bytes = SRD_TABLE_MAX_BYTES;
    if (rules->options.sql_ms <= 0)
        rules->options.sql_ms = DEFAULT_SQL_MS;
    if (read_tokens(rules, err) || read_addresses(rules, err))
        return (int)err->code;
    rules->probes = srd_catalogue_probes(options->catalogue, rules->arena);
    /* these belong to the caller, who may free them after a reload */
    rules->options.tokens = rules->options.allow_ip = NULL;
    rules->options.tls = (struct srd_http_tls){ 0 };
    *out = SRD_TAKE(rules);
    return 0;
}

void srd_agent_rules_drop(struct srd_agent_rules **rules)
{
    struct srd_agent_rules *r = *rules;

    *rules = NULL;
    if (!r || atomic_fetch_sub(&r->users, 1) > 1)
        return;
    srd_arena_free(&r->arena);
    free(r);
}

bool srd_agent_token_right(const struct srd_agent_rules *rules, const char *token)
{
    unsigned char digest[SRD_SHA256_SIZE];
    bool right = false;

    if (!rules->token_count)
        return true;
    /* digests are of one length, and those that do not fit are compared to their end as well */
    srd_sha256(token ? token : "", token ? strlen(token) : 0, digest);
    for (size_t i = 0; i < rules->token_count; i++)
        right |= srd_same_bytes(digest, rules->tokens[i], sizeof(digest));
    return right && token;
}

bool srd_agent_address_right(const struct srd_agent_rules *rules, const struct sockaddr *address)
{
    bool right = !rules->address_count;

    for (size_t i = 0; i < rules->address_count && !right; i++)
        right = srd_cidr_contains(&rules->addresses[i], address);
    return right;
}
