/* What does the server need to know, and which settings say it? */

#include <string.h>

#include "cmd/serve.h"
#include "experts/catalogue.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/serve/notify.h"
#include "lib/source/agent.h"

#define TENANT_WORKERS 64

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static const char *text_of(const struct srd_settings *settings, enum srd_setting_id id)
{
    return or_null(srd_setting_text(settings, id));
}

/* ---- where it listens ---- */

/* The variables PORT and HOST say the two halves of listen; whatever ranks highest counts. */
const char *srd_serve_listen_of(const struct srd_settings *settings, const char **origin)
{
    const struct srd_chosen *listen = &settings->chosen[SRD_SET_listen];
    const struct srd_chosen *host = &settings->chosen[SRD_SET_server_host];
    const struct srd_chosen *port = &settings->chosen[SRD_SET_server_port];
    const char *colon = strrchr(listen->text, ':');
    const char *address, *number;

    *origin = listen->rank == SRD_RANK_DEFAULT ? NULL : listen->origin;
    if (host->rank <= listen->rank && port->rank <= listen->rank)
        return listen->text;
    *origin = host->rank > listen->rank ? host->origin : port->origin;
    address = host->rank > listen->rank && *host->text ? host->text
              : colon
                  ? srd_arena_copy_n(settings->arena, listen->text, (size_t)(colon - listen->text))
                  : "127.0.0.1";
    number = port->rank > listen->rank && *port->text ? port->text
             : colon                                  ? colon + 1
                                                      : listen->text;
    return srd_arena_printf(settings->arena,
                            strchr(address, ':') && *address != '[' ? "[%s]:%s" : "%s:%s", address,
                            number);
}

/* ---- its clusters ---- */

static int open_file(const struct srd_desk_cluster *cluster, const volatile sig_atomic_t *cancel,
                     struct srd_source **out, struct srd_error *err)
{
    (void)cancel;
    return srd_source_open_file(cluster->open_data, out, err);
}

static int open_agent(const struct srd_desk_cluster *cluster, const volatile sig_atomic_t *cancel,
                      struct srd_source **out, struct srd_error *err)
{
    (void)cancel;
    return srd_agent_open(cluster->open_data, out, err);
}

/* How it is reached: itself, or over an agent. */
static int reach(struct srd_settings *settings, struct srd_arena *arena,
                 struct srd_desk_cluster *cluster, struct srd_error *err)
{
    struct srd_agent_access *access;

    if (!srd_source_is_agent(settings))
        return srd_source_live_options(settings, arena, &cluster->live, err);
    access = srd_arena_alloc(arena, sizeof(*access));
    cluster->open = open_agent;
    cluster->open_data = access;
    return srd_source_agent_access(settings, access, err);
}

static int add_named(struct srd_settings *settings, const char *const *names,
                     struct srd_arena *arena, struct srd_desk_cluster *list, size_t *count,
                     struct srd_error *err)
{
    struct srd_settings_places places = srd_settings_places(srd_globals.config, arena);
    struct srd_settings *base = srd_arena_alloc(arena, sizeof(*base));

    srd_settings_again(settings, false, arena, base);
    if (srd_settings_load(base, &places, err))
        return err->code;
    for (; *names; names++) {
        struct srd_settings *own = srd_arena_alloc(arena, sizeof(*own));
        struct srd_desk_cluster *cluster = &list[(*count)++];

        cluster->name = *names;
        if (srd_settings_of_cluster(base, *names, own, err) || reach(own, arena, cluster, err))
            return srd_while(err, "cluster %s", *names);
    }
    return 0;
}

/*
 * The first is asked when a client names none. "default" is there if somebody said where it is, or
 * if there is no other; --cluster NAME makes it that one.
 */
static int add_clusters(struct srd_settings *settings, struct srd_arena *arena,
                        struct srd_desk_options *desk, struct srd_error *err)
{
    const char *const *names = srd_settings_clusters(settings, arena);
    struct srd_desk_cluster *list;
    size_t n = 0, room = 1;

    while (names[room - 1])
        room++;
    list = srd_arena_array(arena, room, sizeof(*list));
    desk->clusters = list;
    if (srd_globals.demo || srd_globals.input) {
        list[0] = (struct srd_desk_cluster){ .name = "default",
                                             .open = open_file,
                                             .open_data = srd_globals.input };
        desk->cluster_count = 1;
        return 0;
    }
    if (!srd_text_in("default", names) &&
        (!*names || srd_setting_given(settings, SRD_SET_host) || srd_source_is_agent(settings))) {
        list[n].name = "default";
        if (reach(settings, arena, &list[n++], err))
            return err->code;
    }
    if (*names && add_named(settings, names, arena, list, &n, err))
        return err->code;
    desk->cluster_count = n;
    return 0;
}

/* ---- its tenants ---- */

/* Each has one cluster, which its agents stand for. One that is disabled has none. */
static int add_tenants(const char *file, struct srd_arena *arena, struct srd_serve_options *out,
                       struct srd_error *err)
{
    struct srd_tenants *tenants = srd_arena_alloc(arena, sizeof(*tenants));
    struct srd_desk_cluster *list;

    if (srd_tenants_read(file, arena, tenants, err))
        return err->code;
    for (const char *const *w = tenants->warnings; *w; w++)
        srd_log(SRD_LOG_WARNING, "%s", *w);
    list = srd_arena_array(arena, tenants->count + 1, sizeof(*list));
    out->tenants = tenants;
    out->desk.clusters = list;
    out->desk.cluster_count = 0;
    for (size_t i = 0; i < tenants->count; i++)
        if (tenants->list[i].enabled)
            list[out->desk.cluster_count++] =
                (struct srd_desk_cluster){ .tenant = tenants->list[i].id,
                                           .name = tenants->list[i].id,
                                           .agents = &tenants->list[i].agents };
    return 0;
}

/* ---- all of it ---- */

static const char *const *keys_of(const struct srd_settings *settings, struct srd_arena *arena)
{
    const char *one = srd_setting_text(settings, SRD_SET_api_key);
    const char *const *more = srd_setting_list(settings, SRD_SET_api_keys);
    const char **keys;
    size_t n = 0, room = 2;

    while (more[room - 2])
        room++;
    keys = srd_arena_array(arena, room + 1, sizeof(*keys));
    if (*one)
        keys[n++] = one;
    for (; *more; more++)
        keys[n++] = *more;
    return keys;
}

/* One a line, so that a new one is known everywhere before the old one goes. */
static int secrets_of(const char *file, struct srd_arena *arena, const struct srd_secrets **out,
                      struct srd_error *err)
{
    struct srd_secrets *secrets = srd_arena_alloc(arena, sizeof(*secrets));
    unsigned mode;
    bool missing;
    char *bytes;
    size_t n;

    if (srd_small_file(file, arena, &bytes, &n, &mode, &missing, err))
        err->code = SRD_E_CONFIG;
    else if (mode & 037)
        srd_fail(err, SRD_E_CONFIG, "\"%s\" can be read by others: chmod 600 %s", file, file);
    else
        srd_secrets_parse(secrets, file, bytes, n, err);
    *out = secrets;
    return err->code ? srd_while(err, "replica secret") : 0;
}

static int desk_of(struct srd_settings *settings, struct srd_arena *arena,
                   struct srd_desk_options *out, struct srd_error *err)
{
    int64_t heavy = srd_setting_integer(settings, SRD_SET_heavy_limit);
    const char *secrets_file = text_of(settings, SRD_SET_replica_secret_file);

    *out = (struct srd_desk_options){
        .catalogue = &srd_catalogue,
        .heavy_limit = heavy ? heavy : -1,
        .tool_version = SRD_VERSION_TEXT,
        .pool = (size_t)srd_setting_integer(settings, SRD_SET_pool_size),
        .cache_ms = srd_setting_ms(settings, SRD_SET_cache_ttl),
        .call_ms = srd_setting_ms(settings, SRD_SET_request_timeout),
        .run_query = srd_setting_bool(settings, SRD_SET_run_query),
    };
    if (srd_settings_limits(settings, NULL, &out->overrides, err) ||
        srd_limits_check(out->overrides, arena, err))
        return err->code;
    return secrets_file ? secrets_of(secrets_file, arena, &out->secrets, err) : 0;
}

int srd_serve_options_of(struct srd_settings *settings, struct srd_arena *arena,
                         struct srd_serve_options *out, struct srd_error *err)
{
    const char *level = srd_setting_text(settings, SRD_SET_log_level);
    const char *tenants_file = text_of(settings, SRD_SET_tenants);
    int64_t rate = 0, rate_s = 60;
    const char *listen_origin;

    srd_rate_parse(srd_setting_text(settings, SRD_SET_rate_limit), &rate, &rate_s);
    *out = (struct srd_serve_options){
        .listen = srd_serve_listen_of(settings, &listen_origin),
        .listen_fd = srd_notify_socket(),
        .port_file = text_of(settings, SRD_SET_port_file),
        .key_file = text_of(settings, SRD_SET_api_key_file),
        .keys = keys_of(settings, arena),
        .insecure = srd_setting_bool(settings, SRD_SET_insecure),
        .allow_ip = srd_setting_list(settings, SRD_SET_allow_ip),
        .allow_origin = srd_setting_list(settings, SRD_SET_allow_origin),
        .allow_host = srd_setting_list(settings, SRD_SET_allow_host),
        .rate = (size_t)rate,
        .rate_s = (size_t)rate_s,
        .max_connections = (size_t)srd_setting_integer(settings, SRD_SET_max_connections),
        .idle_ms = srd_setting_ms(settings, SRD_SET_idle_timeout),
        .session_ms = srd_setting_ms(settings, SRD_SET_session_timeout),
        .workers = (size_t)srd_setting_integer(settings, SRD_SET_workers),
        .tls_cert = text_of(settings, SRD_SET_tls_cert),
        .tls_key = text_of(settings, SRD_SET_tls_key),
        .log_file = text_of(settings, SRD_SET_log_file),
        .audit_file = text_of(settings, SRD_SET_audit_file),
        .log_json = !strcmp(srd_setting_text(settings, SRD_SET_log_format), "json"),
        .log_fd = srd_globals.quiet ? -1 : 2,
        .log_access = !strcmp(level, "debug") || !strcmp(level, "info"),
        .version = SRD_VERSION_TEXT,
    };
    out->listen_origin = listen_origin;
    /* a worker waits for a cluster, and one tenant's must not be what another waits for */
    if (tenants_file && !srd_setting_given(settings, SRD_SET_workers))
        out->workers = TENANT_WORKERS;
    if (desk_of(settings, arena, &out->desk, err))
        return err->code;
    return tenants_file ? add_tenants(tenants_file, arena, out, err)
                   : add_clusters(settings, arena, &out->desk, err);
}
