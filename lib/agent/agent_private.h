#ifndef SRD_AGENT_AGENT_PRIVATE_H
#define SRD_AGENT_AGENT_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/json.h"
#include "lib/net/cidr.h"
#include "lib/net/limits.h"
#include "lib/agent/agent.h"
#include "lib/engine/engine.h"
#include "lib/serve/clusters.h"
#include "lib/agent/ledger.h"
#include "lib/serve/lanes.h"
#include "lib/serve/work.h"

/* What the files of an agent share. */

/* ---- rules.c ---- */

/* One reading of the settings, in force until the next; requests hold the one they began with. */
struct srd_agent_rules {
    atomic_uint users;
    struct srd_arena *arena;
    struct srd_agent_options options;
    unsigned char (*tokens)[SRD_SHA256_SIZE];
    size_t token_count;
    struct srd_cidr *addresses;
    size_t address_count;
    const struct srd_probe *const *probes; /* all that this program asks by itself; NULL-ended */
};
/* Copies what may change. SRD_E_CONFIG. */
int srd_agent_rules_make(const struct srd_agent_options *options, struct srd_agent_rules **out,
                         struct srd_error *err);
void srd_agent_rules_drop(struct srd_agent_rules **rules); /* for SRD_CLEANUP */
/* In a time that depends on the number of tokens alone; without tokens everything is right. */
bool srd_agent_token_right(const struct srd_agent_rules *rules, const char *token);
bool srd_agent_address_right(const struct srd_agent_rules *rules, const struct sockaddr *address);

/* ---- policy.c ---- */

struct srd_agent_verdict {
    bool allowed;
    const char *code, *reason;     /* why not; see srd_guard_code_name() */
    const char *sql;               /* to send, with a comment of ours before it */
    const struct srd_probe *probe; /* the one of ours that asks just this; NULL: none */
};
/* @id, @key: as a centre names the question; NULL: nameless. Texts in @arena or borrowed. */
bool srd_agent_judge(const struct srd_agent_rules *rules, const char *id, const char *key,
                     const char *sql, struct srd_arena *arena, struct srd_agent_verdict *out);
/* @sql as it may stand in the ledger: of what was refused without its literals. */
const char *srd_agent_sql_to_keep(const struct srd_agent_verdict *verdict, const char *sql,
                                  struct srd_arena *arena);

/* ---- visits.c ---- */

#define SRD_AGENT_MAX_BODY ((size_t)4 << 20) /* as JSON it may take forty times as much */

struct srd_agent {
    const struct srd_agent_life *life;
    struct srd_agent_options options; /* that do not change */
    struct srd_http_server *http;
    struct srd_place *place;
    struct srd_work *work, *hands; /* who answers requests; who asks the cluster for them */
    struct srd_hands lent;
    struct srd_lanes *lanes; /* one for each address: who floods leaves the others a worker */
    size_t most_of_one;      /* of its requests are at work at a time */
    struct srd_ledger *ledger; /* NULL: none */
    struct srd_limits *guesses; /* of tokens */
    char instance[17];          /* of this start of this agent, for centres */
    int64_t started_ms;
    atomic_bool draining;
    pthread_mutex_t lock; /* of all below */
    struct srd_agent_rules *rules;
    /* FEs as the cluster names them, "host:port" */
    struct srd_arena *fe_arena;
    const char *const *frontends; /* NULL-ended; NULL: never asked */
    int64_t fe_asked_ms;
    /* lines about strangers: so many a minute, and what was left out */
    int64_t strange_since_ms;
    size_t strange, unwritten;
};

struct srd_agent_task;

struct srd_agent_route {
    const char *method, *path;
    bool open;                       /* needs no token */
    void (*work)(struct srd_agent_task *task); /* on a worker; NULL: at once, on the event thread */
};

/*
 * A request at work. The server may end a request whose client has left while its answer is
 * still being made, so the worker keeps its own, and @request is good until it was answered, or its
 * stream opened, and not afterwards.
 */
struct srd_agent_task {
    atomic_uint holders; /* the worker, and the request */
    struct srd_agent *agent;
    struct srd_agent_rules *rules;
    const struct srd_agent_route *route;
    struct srd_http_request *request;
    char peer[64];
    volatile sig_atomic_t gone; /* the client left, or the agent ends: stop */
};

/* The callbacks of the HTTP server. */
void srd_agent_admit(void *agent, struct srd_http_request *request);
void srd_agent_handle(void *agent, struct srd_http_request *request);
void srd_agent_gone(void *agent, struct srd_http_request *request);
void srd_agent_done(void *agent, struct srd_http_request *request, int status, uint64_t bytes,
                    int64_t ms);
const char *srd_agent_refusal(void *agent, int status, const char *what, struct srd_arena *arena);

/* {"error","message"}. */
void srd_agent_refuse(struct srd_agent_task *task, int status, const char *error,
                      const char *message);
/* The answer to an error: 502, 503, 500 ... Written to the ledger first, with @entry's words. */
void srd_agent_fail(struct srd_agent_task *task, struct srd_ledger_entry *entry,
                    const struct srd_error *why);
/* An entry about @task, to be completed. */
struct srd_ledger_entry srd_agent_entry(const struct srd_agent_task *task, const char *verdict);
/*
 * Writes @entry, and with @last waits until it is on the disk. False: it could not, the request was
 * answered 503, and nothing else may leave.
 */
bool srd_agent_note(struct srd_agent_task *task, const struct srd_ledger_entry *entry, bool last);
/* The same without an answer. */
int srd_agent_write(struct srd_agent *agent, const struct srd_ledger_entry *entry, bool last,
                    struct srd_error *err);
/* What was asked cannot be understood: written to the ledger, and answered 400. */
void srd_agent_malformed(struct srd_agent_task *task, const char *words);
/* The body as JSON; NULL: it is none, and the request was answered 400. */
struct srd_json *srd_agent_body(struct srd_agent_task *task);
/* Is @node an FE of this cluster, as it says itself? May ask it. */
bool srd_agent_knows(struct srd_agent *agent, struct srd_source *src, const char *node,
                     int64_t deadline_ms);

/* ---- routes ---- */

void srd_agent_health(struct srd_agent_task *task);
void srd_agent_test_connection(struct srd_agent_task *task);
void srd_agent_execute_sql(struct srd_agent_task *task);
void srd_agent_collect(struct srd_agent_task *task);

#endif
