/* Can a request's head, or a key file, break the guards? (libFuzzer) */

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/serve/gate.h"
#include "lib/serve/serve_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct srd_route route = { .method = "POST", .path = "/call", .roles = SRD_ROLE_USE,
                                        .needs_tenant = true, .counted = true, .below = true };
static const struct srd_route *const routes[] = { &route, NULL };
static struct srd_tenant tenant_list[] = { { .id = "a", .enabled = true, .rate = 5, .rate_s = 60 } };
static const struct srd_tenants tenants = { .list = tenant_list, .count = 1 };

/* The next NUL-ended word of the input; NULL: none is left. */
static const char *word(char **at, char *end)
{
    char *begin = *at;

    if (begin >= end)
        return NULL;
    *at = begin + strlen(begin) + 1;
    return begin;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_limits_free) struct srd_limits *limits = srd_limits_new(8);
    char *text = srd_arena_copy_n(arena, (const char *)data, size), *at = text, *end = text + size;
    struct srd_rules rules = { .routes = routes,
                               .options = { .listen = "1", .listen_fd = -1, .rate = 3, .rate_s = 60 } };
    struct sockaddr_in peer = { .sin_family = AF_INET };
    struct srd_error err = { 0 };
    const char *name, *list[2] = { NULL, NULL }, *trace;
    char id[33];

    srd_log_set_level(SRD_LOG_ERROR);
    if (size && data[0] & 1)
        rules.options.tenants = &tenants;
    name = word(&at, end);
    list[0] = word(&at, end);
    if (list[0])
        rules.options.allow_ip = rules.options.allow_origin = rules.options.allow_host = list;
    if (srd_rules_make(&rules, arena, &err)) {
        rules.options.allow_ip = NULL;
        rules.addresses = NULL;
        rules.address_count = 0;
        err.code = SRD_OK;
    }
    if (name)
        srd_api_keys_parse(&rules.keys, "keys", name, strlen(name), arena, &err);
    trace = word(&at, end);
    if (srd_trace_id(trace, id) && strlen(id) != 32)
        abort();
    while (at < end) {
        struct srd_asked asked = { .method = "POST", .peer = "10.0.0.1", .loopback = at[0] & 1,
                                   .peer_address = (struct sockaddr *)&peer };
        struct srd_ruling ruling;

        asked.path = word(&at, end);
        asked.host = word(&at, end);
        asked.origin = word(&at, end);
        asked.api_key = word(&at, end);
        asked.authorization = word(&at, end);
        asked.tenant = word(&at, end);
        asked.preflight = asked.tenant;
        ruling = srd_rules_judge(&rules, limits, &asked);
        if ((ruling.status != 0) != (ruling.gate != SRD_GATE_PASSED) ||
            (!ruling.status && (!ruling.route || (rules.keys.count && !ruling.key))))
            abort();
    }
    return 0;
}
