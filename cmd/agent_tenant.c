/* What does a customer give to the provider of the centre? */

#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/agent.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/serve/keys.h"

#define LARGEST ((size_t)64 << 10)

/* The first address of this machine that others can reach; NULL: it has none. */
static const char *own_address(struct srd_arena *arena)
{
    char text[INET_ADDRSTRLEN];
    const char *found = NULL;
    struct ifaddrs *all;

    if (getifaddrs(&all))
        return NULL;
    for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || i->ifa_flags & IFF_LOOPBACK ||
            !(i->ifa_flags & IFF_UP))
            continue;
        if (inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr,
                      text, sizeof(text)))
            found = srd_arena_copy(arena, text);
    }
    freeifaddrs(all);
    return found;
}

static bool is_everywhere(const char *address)
{
    return !strcmp(address, "*") || !strcmp(address, "0.0.0.0") || !strcmp(address, "[::]");
}

/* As it listens, with an address that others can use. */
static const char *url_of(const struct srd_settings *settings, struct srd_arena *arena)
{
    const char *url = srd_setting_text(settings, SRD_SET_agent_url);
    const char *listen = srd_agent_listen_of(settings), *colon = strrchr(listen, ':');
    const char *address = srd_arena_copy_n(arena, listen, (size_t)(colon - listen)), *own;

    if (*url)
        return url;
    own = is_everywhere(address) ? own_address(arena) : NULL;
    return srd_arena_printf(arena, "%s://%s%s",
                            *srd_setting_text(settings, SRD_SET_tls_cert) ? "https" : "http",
                            own                      ? own
                            : is_everywhere(address) ? "127.0.0.1"
                                                     : address,
                            colon);
}

const char *srd_agent_tenant_id(const struct srd_settings *settings, struct srd_arena *arena)
{
    const char *id = srd_setting_text(settings, SRD_SET_tenant_id);
    char host[256] = "";

    if (*id)
        return id;
    if (gethostname(host, sizeof(host) - 1))
        return "my-company";
    host[strcspn(host, ".")] = '\0';
    for (char *c = host; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '-';
    return srd_api_key_name_valid(host) ? srd_arena_copy(arena, host) : "my-company";
}

static struct srd_json *describe(const char *id, const char *url, const char *token)
{
    struct srd_json *file = srd_json_object(), *one = srd_json_object();
    char now[SRD_TIME_SIZE];

    srd_json_put(one, "name", srd_json_new_text(id));
    srd_json_put(one, "agent_url", srd_json_new_text(url));
    srd_json_put(one, "agent_token", srd_json_new_text(token));
    srd_json_put(one, "enabled", srd_json_new_bool(true));
    srd_json_put(one, "created_at",
                 srd_json_new_text(srd_time_rfc3339(srd_clock_now_ms() / 1000 * 1000, now)));
    srd_json_put(srd_json_put(file, "tenants", srd_json_object()), id, one);
    return file;
}

int srd_agent_tenant(struct srd_call *call, const struct srd_home *home,
                     struct srd_settings *settings, bool with_token, bool rotated,
                     struct srd_error *err)
{
    const char *id = srd_agent_tenant_id(settings, call->arena),
               *url = url_of(settings, call->arena);
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;
    const char *const *tokens;

    srd_buf_init(&text, LARGEST);
    if (srd_agent_tokens_of(settings, home, call->arena, &tokens, err))
        return (int)err->code;
    if (!with_token) {
        srd_agent_say("For the provider:  srdiag agent --init --show-token%s   prints what belongs "
                      "into tenants-config.json\n",
                      srd_home_words(home, call->arena));
        return 0;
    }
    json = describe(id, url, tokens[0]);
    srd_json_print(json, true, &text);
    srd_buf_add(&call->out, text.data, text.size);
    srd_agent_say("For the provider:  the JSON on standard output is for tenants-config.json; it "
                  "holds the agent's token, so send it on a safe way. Or, with the token in a "
                  "file:\n");
    if (rotated)
        srd_agent_say("    srdiag tenant rotate %s --agent-token-file FILE --tenants "
                      "tenants-config.json\n",
                      id);
    else
        srd_agent_say("    srdiag tenant add %s --agent-url %s --agent-token-file FILE --tenants "
                      "tenants-config.json\n",
                      id, url);
    if (!rotated &&
        (strstr(url, "://127.") || strstr(url, "://localhost") || strstr(url, "://[::1]")))
        srd_agent_say("    This address is of this machine alone: with a tunnel (frp, ssh) or a "
                      "mapped port, say AGENT_URL=... in %s\n",
                      home->config);
    return 0;
}
