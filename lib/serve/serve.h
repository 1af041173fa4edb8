#ifndef SRD_SERVE_SERVE_H
#define SRD_SERVE_SERVE_H

#include "lib/net/http_server.h"
#include "lib/serve/desk.h"
#include "lib/serve/tenants.h"

/*
 * One server for many clients: MCP over HTTP and SSE, the plain routes, and what stands around them.
 * Where to look (inside: serve_private.h, route.h; the desk: desk.h, desk_private.h):
 *
 * - the server: serve.c its life, reload.c new settings, visits.c one request from head to log line,
 *   work.c threads, lanes.c fair shares of them, notify.c systemd
 * - who may: rules.c what one reading of the settings allows, gate.c the guards in their order,
 *   keys.c keys and roles, tenants.c who shares it; token buckets are lib/net/limits.c
 * - the wire: routes.c the table of paths, mcp_http.c /mcp, mcp_sse.c /sse and /messages, events.c
 *   and pulse.c their streams, media.c types, answer.c headers
 * - plain routes: rest.c /tools and /call-tool, health.c, admin.c, tenant_routes.c, openapi.c
 * - the answers: desk.c, tools.c, orders.c, query.c, general.c, resources.c, prompts.c, schema.c;
 *   results.c and sheet.c what a model reads of them, cache.c and kept.c what was said lately
 * - the clusters: clusters.c and loans.c a few sources for many callers, remote.c agents, trouble.c
 *   faults behind them
 * - the books: journal.c access and audit lines, metrics.c, series.c and tally.c numbers
 */

/* Everything that a file, a variable or an option can say; strings live until the next reload. */
struct srd_serve_options {
    bool http, sse;         /* /mcp; /sse and /messages */
    const char *listen;     /* "127.0.0.1:3000" */
    const char *listen_origin; /* who said so ("environment HOST"), for messages; NULL */
    int listen_fd;          /* of socket activation; -1 */
    const char *port_file;  /* gets the port once it listens, and goes at the end; NULL: none */
    const char *key_file;   /* as keys.h says; NULL: none */
    const char *const *keys; /* API_KEY, API_KEYS: plain; NULL-ended */
    bool insecure;          /* beyond loopback without a key */
    const char *const *allow_ip, *const *allow_origin, *const *allow_host; /* NULL-ended */
    size_t rate, rate_s;    /* so many requests in so many seconds, of one key and address; 0: off */
    size_t max_connections; /* and as many requests at work; 0: 1000, and any number */
    int64_t idle_ms;    /* of a connection without a request; 0: 75 s */
    int64_t session_ms; /* of an SSE session without a message; 0: an hour */
    size_t workers; /* threads for calls; 0: 8 */
    const char *tls_cert, *tls_key; /* files of PEM; NULL: no TLS */
    const char *log_file, *audit_file; /* see srd_journal_options; NULL */
    bool log_json;
    int log_fd;    /* where lines go without a file: 2; -1: nowhere */
    bool log_access; /* a line for each request; calls of tools are always told */
    /*
     * Who shares the server; NULL: it is one owner's. A tenant that is not enabled is as unknown as one
     * that is not there. desk.clusters are the agents of those who are enabled.
     */
    const struct srd_tenants *tenants;
    int64_t drain_ms; /* for requests at work, when it stops; 0: 10 s */
    struct srd_desk_options desk;
    const char *version;
};

/*
 * Runs until *stop (SIGTERM, SIGINT), then drains. *reload (SIGHUP) and POST /reload-config ask @load
 * for the options anew; *reopen (SIGUSR1) opens the log files anew.
 * Returns 0 after an orderly end; SRD_E_CONFIG, SRD_E_SYSTEM before the first request.
 */
struct srd_serve_life {
    const volatile sig_atomic_t *stop;
    volatile sig_atomic_t *reload, *reopen;
    /* Reads everything again into @arena; SRD_E_CONFIG names file and line, and nothing changes. */
    int (*load)(void *context, struct srd_arena *arena, struct srd_serve_options *out,
                struct srd_error *err);
    /* It listens at @address ("127.0.0.1:3000"): the banner, the port file, readiness. */
    void (*started)(void *context, const char *address);
    void *context;
};
int srd_serve_run(const struct srd_serve_options *options, const struct srd_serve_life *life,
                  struct srd_error *err);

/*
 * One client on two descriptors (@out is a private copy of fd 1), until @in ends or *stop. Of @options
 * only desk, workers, version and the audit file count; of @life only stop.
 */
int srd_serve_stdio(const struct srd_serve_options *options, const struct srd_serve_life *life, int in,
                    int out, struct srd_error *err);

#endif
