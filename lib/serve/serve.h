#ifndef SRD_SERVE_SERVE_H
#define SRD_SERVE_SERVE_H

#include "lib/net/http_server.h"
#include "lib/serve/desk.h"
#include "lib/serve/tenants.h"

/*
 * One server for many clients: MCP over HTTP and SSE, the plain routes, and what stands around them.
 *
 *   serve.c      life: start, signals, reload, drain
 *   gate.c       who may: addresses, Host and Origin, keys, tenants, rate, capacity, in that order
 *   keys.c       the keys and what they allow         limits.c    token buckets
 *   routes.c     the table of routes                  rest.c      /tools /call-tool /health /stats /admin/...
 *   mcp_http.c   /mcp                                 mcp_sse.c   /sse, /messages
 *   metrics.c    counters and histograms              journal.c   access and audit lines
 *   work.c       threads                              desk.c ...  the answers themselves
 */
/* Everything that a file, a variable or an option can say; strings live until the next reload. */
struct srd_serve_options {
    bool http, sse;         /* /mcp; /sse and /messages */
    const char *listen;     /* "127.0.0.1:3000" */
    const char *listen_origin; /* who said so ("environment HOST"), for messages; NULL */
    int listen_fd;          /* of socket activation; -1 */
    const char *port_file;  /* NULL */
    const char *key_file;   /* NULL */
    const char *const *keys; /* API_KEY, API_KEYS: plain; NULL-ended */
    bool insecure;          /* beyond loopback without a key */
    const char *const *allow_ip, *const *allow_origin, *const *allow_host; /* NULL-ended */
    size_t rate, rate_s;    /* 0: off */
    size_t max_connections;
    int64_t request_ms, idle_ms, session_ms; /* session_ms: idle SSE sessions, an hour */
    size_t workers;
    const char *tls_cert, *tls_key; /* files */
    const char *log_file, *audit_file;
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
