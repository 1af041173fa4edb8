#ifndef SRD_CMD_AGENT_HOME_H
#define SRD_CMD_AGENT_HOME_H

#include <stdbool.h>
#include <sys/types.h>

#include "cmd/command.h"
#include "lib/base/json.h"

/*
 * The folder of an installed agent. There are two kinds:
 *
 *   a folder of its user's       ~/.starrocks-agent     0700
 *     .env            the configuration: SR_HOST ... AGENT_PORT, AGENT_TOKEN      0600
 *     agent.pid       locked by the agent for as long as it lives; its text is the process
 *     agent.url       where it listens, while it does
 *     agent.log       what it says, when no systemd keeps that
 *     audit.log       the ledger, unless the configuration names another
 *     *.service       the unit, when a systemd of the user runs it
 *     bin/srdiag      the program to run; without it, the one that was called
 *
 *   the system's                 /etc/srdiag, with deploy/systemd/srdiag-agent.service
 *     agent.cnf       the configuration, with the paths of
 *     password, agent.token
 *
 * Of the first kind the environment and other config files are not looked at: whoever starts it,
 * from a shell, cron or systemd, starts the same agent.
 */
struct srd_home {
    const char *dir; /* absolute */
    bool system;
    bool exists;   /* there is a configuration */
    bool is_found; /* without --dir, too */
    const char *config, *pid, *url, *log, *audit;
    const char *token, *password; /* files of the system's kind */
};

/*
 * @dir, else SRDIAG_AGENT_HOME, else /etc/srdiag for root where systemd runs, else
 * ~/.starrocks-agent.
 * @system asks for the system's kind where nothing is yet. SRD_E_USAGE: no HOME.
 */
int srd_home_find(const char *dir, bool system, struct srd_arena *arena, struct srd_home *out,
                  struct srd_error *err);
/* SRD_E_CONFIG: somebody else could have written what is there, and how to end that. */
int srd_home_trust(const struct srd_home *home, struct srd_error *err);
/* The same, and SRD_E_CONFIG if there is no configuration, with the command that makes one. */
int srd_home_need(const struct srd_home *home, struct srd_error *err);

/* " --dir DIR", as a shell reads it, for the next command; "" where it goes without. */
const char *srd_home_words(const struct srd_home *home, struct srd_arena *arena);

/* Where an agent of @home finds its settings. */
struct srd_settings_places srd_home_places(const struct srd_home *home);
/* They, from nowhere else. Relative names in it are those of the folder: see srd_home_path(). */
int srd_home_load(const struct srd_home *home, struct srd_arena *arena, struct srd_settings *out,
                  struct srd_error *err);
const char *srd_home_path(const struct srd_home *home, struct srd_arena *arena, const char *file);

/* One change at a time: waits for the others; the folder must be there. For SRD_CLEANUP. */
int srd_home_lock(const struct srd_home *home, int *out, struct srd_error *err);
void srd_home_unlock(int *lock);

/* Does systemd run on this machine? */
bool srd_systemd_runs(void);

/* ---- agent_process.c ---- */

/* The agent that runs; 0: none. @old is set for one of a version that locked nothing. */
pid_t srd_home_process(const struct srd_home *home, bool *old);
/*
 * By the agent itself, before it begins: agent.pid is its own from now on and until the process
 * ends. SRD_E_CONFIG: another one has it.
 */
int srd_home_hold(const struct srd_home *home, struct srd_error *err);
/* When it ends: no address and no number any more. */
void srd_home_leave(const struct srd_home *home);
/* Where it listens, for those who ask; @url NULL: nowhere any more. */
void srd_home_listens(const struct srd_home *home, const char *url);
/* "http://127.0.0.1:8080"; NULL: it does not listen. */
const char *srd_home_url(const struct srd_home *home, struct srd_arena *arena);
/*
 * The program as a process of its own, without a terminal, that writes to agent.log and is waited
 * for until it listens and answers. SRD_E_SYSTEM: it ended, or does not answer; @status is then its
 * exit status, or 0. @log_from is where its words begin in the log.
 */
int srd_home_spawn(const struct srd_home *home, struct srd_arena *arena, int *status,
                   off_t *log_from, pid_t *out, struct srd_error *err);
/* SIGTERM, and SIGKILL for one that does not end within 20 s, which *@killed tells. */
int srd_home_end(const struct srd_home *home, pid_t pid, bool *killed, struct srd_error *err);
/* The program to run: that of the folder, else the one that was called. */
const char *srd_home_program(const struct srd_home *home, struct srd_arena *arena,
                             struct srd_error *err);

/* ---- agent_calls.c ---- */

/*
 * HTTP status of GET @path of the agent at @url with @token (NULL: none); 0: no answer, and @err
 * says why. @body, unless NULL: what it said, if that is JSON. @ca: its certificate, of https.
 */
int srd_home_get(const char *url, const char *ca, const char *path, const char *token,
                 int64_t until_ms, struct srd_arena *arena, struct srd_json **body,
                 struct srd_error *err);

struct srd_home_state {
    const char *version; /* NULL: not said */
    double uptime_s;
};
/* 200: it is well. Else what it answered, or 0; *@why is then the reason. */
int srd_home_health(const char *url, const char *ca, int64_t until_ms, struct srd_arena *arena,
                    struct srd_home_state *out, const char **why);

#endif
