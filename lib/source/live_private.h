#ifndef SRD_SOURCE_LIVE_PRIVATE_H
#define SRD_SOURCE_LIVE_PRIVATE_H

#include <mysql.h>
#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/arena.h"
#include "lib/source/live.h"

/*
 * The files of the live source, from the bottom up:
 *
 *   live_library.c  libmariadb, loaded when it is needed
 *   live_class.c    what an error of the server means, and how it is told
 *   live_refused.c  why a connection was not made, and the way out
 *   live_connect.c  one connection to one FE: options, TLS, login, session set-up
 *   live_errand.c   threads that connect, or connect to KILL, for somebody who waits or does not
 *   live_watch.c    the watchdog: ends statements at their deadline, and all of them on cancel
 *   live_pool.c     the connections of a source, and who gets which
 *   live.c          questions, answers, the leader; open and close
 *
 * One mutex (srd_live.lock) guards everything below that more than one thread touches. A MYSQL is
 * used by one thread at a time; what another thread does to its connection goes through a copy of
 * its socket (srd_live_session.cut_fd).
 */

#define SRD_LIVE_PORT 9030
#define SRD_LIVE_PARALLEL 4
#define SRD_LIVE_MAX_PARALLEL 64
#define SRD_LIVE_MAX_HOSTS 16
#define SRD_LIVE_CUT_AFTER_MS 1000 /* a killed statement has this long to end */
#define SRD_LIVE_DETAIL_SIZE 301   /* bytes of an answer's detail, with the NUL */

/* ---- live_library.c ---- */

/*
 * Loads libmariadb, once; before this no function of <mysql.h> may be called. Any thread.
 * SRD_E_INTERNAL: it is not installed, or not the one we know.
 */
int srd_live_library(struct srd_error *err);

/* ---- live_class.c ---- */

/*
 * The words of the server as the detail of an answer: one clean line of at most 300 bytes; for a
 * missing privilege what is missing, and the roles that would have to be activated.
 */
const char *srd_live_detail(enum srd_status status, const char *text, struct srd_arena *arena);
/* Cleans @text into @out and cuts it between characters; "..." shows the cut. Returns @out. */
const char *srd_live_line(const char *text, char *out, size_t size);

/* ---- live_connect.c ---- */

struct srd_live_host {
    char host[256]; /* a name or an address, IPv6 without brackets */
    int port;
    char name[272]; /* "host:port", "[::1]:9030" */
};
/*
 * "fe1", "fe1:9030", "[::1]:9030", "::1"; @node: as SHOW FRONTENDS prints addresses, so that what
 * follows the last colon is a port even behind an IPv6 address without brackets. SRD_E_CONFIG.
 */
int srd_live_host(const char *text, int default_port, bool node, struct srd_live_host *out,
                  struct srd_error *err);

/*
 * How to log in: the options, checked and copied. Shared, because a thread that is stuck in a
 * connect that nobody waits for any longer may outlive the source.
 */
struct srd_live_access {
    atomic_uint users;
    char *user, *password, *ca, *cert, *key;
    enum srd_tls tls;
    bool cleartext;
    int connect_timeout_s, query_timeout_s;
};
int srd_live_access_new(const struct srd_live_options *options, struct srd_live_access **out,
                        struct srd_error *err);
void srd_live_access_drop(struct srd_live_access **access);

struct srd_live_session {
    MYSQL *mysql;
    struct srd_live_host host; /* as it was asked for */
    char peer[272];            /* what it led to, "10.0.0.1:9030"; "" if not known */
    unsigned long id;          /* of the connection, on its FE */
    int cut_fd;                /* the socket again: shutdown() from any thread */
    bool zone_refused;         /* the FE did not take SET time_zone */
};
/* A login; NULL with @err. TLS that was asked for is there. */
MYSQL *srd_live_log_in(const struct srd_live_access *access, const struct srd_live_host *host,
                       int connect_s, int read_s, struct srd_error *err);
/* Takes @mysql; NULL without memory. */
struct srd_live_session *srd_live_session_new(const struct srd_live_host *host, MYSQL *mysql);
/*
 * Says SET time_zone, query_timeout, sql_dialect and catalog; the code of the error if the
 * connection is lost or keeps another dialect or catalog, else 0.
 */
unsigned srd_live_set_up(struct srd_live_session *session, const struct srd_live_access *access);
void srd_live_session_close(struct srd_live_session **session);
/* Runs a statement whose rows do not matter; the code of the error, 0: done. */
unsigned srd_live_execute(MYSQL *mysql, const char *sql);
/* An error of the library, after which the connection is of no use. */
bool srd_live_lost(unsigned code);
/* Does @session lead to the FE that is called @name? */
bool srd_live_session_leads_to(const struct srd_live_session *session, const char *name);

/* ---- live_refused.c ---- */

/* Puts the words of libmariadb into those of somebody who knows the way out. Returns err->code. */
int srd_live_refused(const struct srd_live_access *access, const struct srd_live_host *host,
                     unsigned code, const char *text, int timeout_s, struct srd_error *err);
/* @number: of the system (errno). */
int srd_live_unreachable(const struct srd_live_host *host, int number, int timeout_s,
                         struct srd_error *err);

/* ---- live_errand.c ---- */

/* A statement that may still run on a server: enough to end it from another connection. */
struct srd_live_victim {
    unsigned long id; /* of its connection */
    char start[96];   /* how its text begins, the marker comment first */
};
void srd_live_victim_of(const struct srd_live_session *session, const char *sql,
                        struct srd_live_victim *out);
/* Over a connection of its own; true when the FE confirmed. */
bool srd_live_kill(MYSQL *mysql, const struct srd_live_victim *victim);

/*
 * Connects in a thread of its own, so that neither a name server nor a silent FE can hold the
 * caller longer than it wants to wait: at @deadline_ms (srd_clock_monotonic_ms) or once @ended says
 * so it returns, and the thread tidies up alone. SRD_E_CONNECT, SRD_E_DENIED, SRD_E_TIMEOUT when
 * the deadline came before the connect time-out, SRD_E_CANCELLED, SRD_E_SYSTEM.
 */
int srd_live_connect(struct srd_live_access *access, const struct srd_live_host *host,
                     int64_t deadline_ms, bool (*ended)(void *), void *context,
                     struct srd_live_session **out, struct srd_error *err);

/* The end of a statement, sent by a thread of its own to the FE where it runs. */
struct srd_live_errand;
/* NULL if the thread could not be started. */
struct srd_live_errand *srd_live_kill_start(struct srd_live_access *access,
                                            const struct srd_live_host *host,
                                            const struct srd_live_victim *victim);
/* Waits until it is through, at most until @deadline_ms; true when the FE confirmed the KILL. */
bool srd_live_kill_wait(struct srd_live_errand *errand, int64_t deadline_ms);
/* The thread may still run; it tidies up alone. */
void srd_live_kill_drop(struct srd_live_errand **errand);

/* ---- the source ---- */

enum srd_live_slot_state {
    SRD_LIVE_FREE,
    SRD_LIVE_IDLE,
    SRD_LIVE_CONNECTING,
    SRD_LIVE_RUNNING, /* one thread uses the session; the watchdog may kill and cut */
};
enum srd_live_end { SRD_LIVE_GOES_ON = 0, SRD_LIVE_LATE, SRD_LIVE_CANCELLED };

struct srd_live_slot {
    enum srd_live_slot_state state;
    struct srd_live_session *session; /* when idle or running */
    /* while running */
    int64_t deadline_ms, cut_at_ms;
    struct srd_live_victim victim;
    enum srd_live_end end;
    bool cut;
    struct srd_live_errand *kill; /* under way or done; NULL: none */
};

struct srd_live {
    struct srd_source base;
    struct srd_live_access *access;
    struct srd_live_host hosts[SRD_LIVE_MAX_HOSTS];
    size_t host_count;

    pthread_mutex_t lock;
    pthread_cond_t change; /* a slot became free or idle, or the run ended */
    atomic_bool cancelled;
    size_t asking;                                        /* threads inside ask() */
    struct srd_live_errand *kills[SRD_LIVE_MAX_PARALLEL]; /* the latest */
    size_t kill_count;

    struct srd_live_host entry; /* the first that answered */
    struct srd_live_host home;  /* whom to ask when any FE would do: that one, or the leader */
    struct srd_live_host leader;
    bool has_leader, follower;

    struct srd_live_slot slots[SRD_LIVE_MAX_PARALLEL];
    size_t slot_count; /* may fall when an FE admits no more connections */

    pthread_cond_t alarm; /* wakes the watchdog */
    pthread_t watchdog;
    bool watching, quit;
    int64_t wakes_at_ms;
};

/* ---- live_pool.c; all with the lock ---- */

/*
 * A slot with a session that is idle; the caller takes it before it gives up the lock. @want: the
 * FE; NULL: any that knows what all know. Waits and connects without the lock. SRD_E_CONNECT,
 * SRD_E_DENIED, SRD_E_TIMEOUT, SRD_E_CANCELLED, SRD_E_SYSTEM.
 */
int srd_live_slot_get(struct srd_live *live, const struct srd_live_host *want, int64_t deadline_ms,
                      struct srd_live_slot **out, struct srd_error *err);
/* Back to the pool; without @keep the connection is closed, for which the lock is given up. */
void srd_live_slot_release(struct srd_live *live, struct srd_live_slot *slot, bool keep);
/* After a connection to @host was lost: what was idle meanwhile is probably lost too. */
void srd_live_drop_idle(struct srd_live *live, const struct srd_live_host *host);
size_t srd_live_sessions(const struct srd_live *live);

/* ---- live_watch.c ---- */

/* A condition variable that waits by the monotonic clock. */
void srd_live_cond_init(pthread_cond_t *cond);
/* Waits until @until_ms; false when that time has come. */
bool srd_live_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms);

/* Both with the lock. The first starts the watchdog if there is none; false: it cannot be started.
 */
bool srd_live_watch(struct srd_live *live, struct srd_live_slot *slot);
void srd_live_watch_stop(struct srd_live *live); /* gives the lock up meanwhile */

#endif
