#ifndef SRD_AGENT_AGENT_H
#define SRD_AGENT_AGENT_H

#include <signal.h>

#include "lib/net/http_server.h"
#include "lib/serve/desk.h"
#include "lib/source/guard.h"

/*
 * An agent: runs beside a cluster and answers a centre, which has neither its address nor its password.
 *
 *   GET  /health           open   status, version, uptime, and whether the database was last reachable
 *   GET  /test-connection  token  asks the cluster which version it is
 *   POST /execute-sql      token  {"sql":"..."} -> {"success":true,"columns":[...],"rows":[[...]],
 *                                 "row_count":3,"truncated":false,"ms":4}; cells are texts or null
 *   POST /collect          token  a round of questions -> the lines of a snapshot (lib/source/agent.h)
 *
 * The token is X-Agent-Token. Errors are {"error":"...","message":"..."}: 400 (not understood, or the
 * statement failed), 401 "Unauthorized", 403 (address, or the statement is not one that the policy
 * allows: "code" and "message" say why), 404, 405, 408 "SQL execution timeout", 413, 429 "Too many wrong
 * tokens" (of one address, and no right one among them), 502 "Database connection failed", 503 "Busy" and
 * "Audit log failed".
 *
 * What the centre may ask: statements that this very program asks by itself, whatever the policy; else
 * what lib/source/guard.h lets pass, with our own comment before it. Only FEs that the cluster itself
 * names are connected to, so that no centre can send the account elsewhere. What leaves:
 * passwords, tokens and keys are masked, and literals of users' SQL texts hidden unless share_sql.
 *
 *   agent.c    life                      visits.c   the way of a request
 *   round.c    /collect                  answers.c  the other routes
 *   policy.c   what may be asked         rules.c    tokens, addresses, limits
 *   ledger.c   what was asked
 */
struct srd_agent_options {
    /* may change with a reload */
    const char *const *tokens; /* NULL-ended; any of them is right, so that one can follow another */
    const char *const *allow_ip; /* NULL-ended; none: all */
    enum srd_guard_policy policy;
    bool share_sql;
    size_t max_rows, max_bytes; /* of one answer; 0: 200,000 and 64 MiB */
    int64_t sql_ms;             /* of one statement; 0: 120 s */
    struct srd_http_tls tls;    /* PEM texts; NULL: plain */
    /* do not */
    const char *listen;    /* "127.0.0.1:8080" */
    int listen_fd;         /* of socket activation; -1 */
    const char *port_file; /* NULL */
    const char *audit_file; /* NULL: no ledger */
    size_t workers, max_connections; /* 0: 8, 200 */
    int64_t idle_ms, drain_ms;       /* 0: 75 s, 10 s */
    const char *cluster_name;        /* an alias that the centre shall see; NULL */
    struct srd_desk_cluster cluster; /* how it is reached */
    size_t statements, pool;         /* at a time, and logins kept; 0: 4 */
    const struct srd_catalogue *catalogue;
    const char *version;
};

struct srd_agent_life {
    const volatile sig_atomic_t *stop;
    volatile sig_atomic_t *reload, *reopen; /* NULL: never */
    /* Reads everything again into @arena; SRD_E_CONFIG, and nothing changes. */
    int (*load)(void *context, struct srd_arena *arena, struct srd_agent_options *out,
                struct srd_error *err);
    /* It listens at @address. */
    void (*started)(void *context, const char *address);
    void *context;
};

/*
 * Runs until *stop, then lets running requests end. Strings of @options live as long. SRD_E_CONFIG
 * (among others: beyond loopback without a token), SRD_E_SYSTEM before the first request.
 */
int srd_agent_run(const struct srd_agent_options *options, const struct srd_agent_life *life,
                  struct srd_error *err);

/* The same in this process's background, at "http://127.0.0.1:PORT": for a preview. */
struct srd_agent;
int srd_agent_start(const struct srd_agent_options *options, struct srd_agent **out,
                    struct srd_error *err);
const char *srd_agent_listening(const struct srd_agent *agent);
void srd_agent_stop(struct srd_agent **agent); /* for SRD_CLEANUP */

#endif
