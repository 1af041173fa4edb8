#ifndef SRD_CMD_AGENT_H
#define SRD_CMD_AGENT_H

#include "cmd/agent_home.h"
#include "cmd/command.h"
#include "lib/agent/agent.h"

/* What the files of `srdiag agent` share. */

/* Words of its own that stand before or behind any of its verbs. */
struct srd_agent_words {
    bool init, yes, system, no_test, show_token, follow, finish, share_sql;
    const char *dir, *systemd; /* "auto", "yes", "no" */
    int64_t lines;
};
extern struct srd_agent_words srd_agent_words;

/*
 * What an agent needs to know, as @settings and the command line say. @home is where it is kept, or
 * NULL: an agent with a home always has a ledger.
 */
int srd_agent_options_of(struct srd_settings *settings, const struct srd_home *home,
                         struct srd_arena *arena, struct srd_agent_options *out,
                         struct srd_error *err);
/* "127.0.0.1:8080" */
const char *srd_agent_listen_of(const struct srd_settings *settings);
/* All tokens that are right, the first of which is the one to give away; NULL-ended. */
int srd_agent_tokens_of(struct srd_settings *settings, const struct srd_home *home,
                        struct srd_arena *arena, const char *const **out, struct srd_error *err);

/* How the agent of @home is asked, as its settings say: "http://127.0.0.1:8080"; ca of https. */
struct srd_door {
    const char *url, *ca, *token;
};
void srd_agent_door_of(const struct srd_settings *settings, const struct srd_home *home,
                       struct srd_arena *arena, struct srd_door *out);

/* agent_audit.c: audit show FILE, audit verify FILE... [MARK] */
int srd_agent_audit(struct srd_call *call, struct srd_error *err);
/* agent_preview.c */
int srd_agent_preview(struct srd_call *call, struct srd_error *err);
/* agent_init.c: --init */
int srd_agent_init(struct srd_call *call, struct srd_error *err);
/* 64 hex digits, new */
int srd_agent_new_token(struct srd_arena *arena, const char **out, struct srd_error *err);
/* agent_config.c: the configuration of a new agent, from what was said and these. */
struct srd_agent_plan {
    struct srd_call *call;
    const struct srd_home *home;
    const char *password, *token, *host, *port; /* address to listen at */
};
void srd_agent_config_write(const struct srd_agent_plan *plan, struct srd_buf *out);
/* agent_ask.c: what neither options nor environment have said, from the one at the terminal. */
int srd_agent_ask(struct srd_call *call, struct srd_error *err);
/* agent_service.c: start, stop, restart, status */
int srd_service_start(struct srd_call *call, struct srd_error *err);
int srd_service_stop(struct srd_call *call, struct srd_error *err);
int srd_service_restart(struct srd_call *call, struct srd_error *err);
int srd_service_status(struct srd_call *call, struct srd_error *err);
/* agent_logs.c: logs; and the last @lines of @file from @from on, to @fd */
int srd_service_logs(struct srd_call *call, struct srd_error *err);
void srd_log_tail(const char *file, off_t from, int64_t lines, int fd);
/* agent_rotate.c: rotate-token */
int srd_service_rotate(struct srd_call *call, struct srd_error *err);

/* agent_unit.c: systemd. The unit that runs @home; NULL: none does, it is a process of its own. */
const char *srd_unit_of(const struct srd_home *home, struct srd_arena *arena);
/* systemctl [--user] @verb UNIT; @status: what it ended with. SRD_E_SYSTEM: it could not be run. */
int srd_unit_do(const struct srd_home *home, const char *unit, const char *verb, int *status,
                struct srd_error *err);
/* journalctl, likewise; @follow: it takes the place of this process. */
int srd_unit_logs(const struct srd_home *home, const char *unit, int64_t lines, bool follow,
                  int *status, struct srd_error *err);
/* Writes the unit of a user's folder and makes it known; *@out NULL: systemd is not wanted here. */
int srd_unit_make(const struct srd_home *home, const char *wanted, struct srd_arena *arena,
                  const char **out, struct srd_error *err);

/* agent_tenant.c: what the customer gives to the provider, as a file of tenants; and in words. */
int srd_agent_tenant(struct srd_call *call, const struct srd_home *home,
                     struct srd_settings *settings, bool with_token, bool rotated,
                     struct srd_error *err);

/* What the customer is called: as it was said, else like this machine. */
const char *srd_agent_tenant_id(const struct srd_settings *settings, struct srd_arena *arena);

/* A line to standard error, unless --quiet. */
void srd_agent_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
