#ifndef SRD_SOURCE_LIVE_H
#define SRD_SOURCE_LIVE_H

#include <signal.h>

#include "lib/source/source.h"

/*
 * A cluster over the MySQL protocol. (Owner of libmariadb; lib/source/live*.c are the only files
 * that include it.)
 *
 * Connections: at most @parallel (4) of them, made when needed, each used by one thread at a time,
 * plus one for KILL. Every session says SET time_zone = '+00:00', query_timeout (the longest time
 * limit of a probe), and has no default database. Clear-text authentication only over verified TLS.
 *
 * @hosts is a list: "fe1", "fe1:9030,fe2", "[::1]:9030". The first that answers is used; the others
 * are the fallback.
 *
 * A statement that passes its deadline is killed by a watchdog (KILL QUERY over a connection to the
 * same FE), and when it still has not ended one second later its connection is cut. query_timeout
 * is the server's own last line. Behind a load balancer a connection id may be somebody else's on
 * another FE: nothing is killed that SHOW PROCESSLIST does not show to be ours (unless the id
 * itself names its FE). Errors are classed as StarRocks words them (denied, absent, not in this
 * mode, no backend, time-out): srd_live_class(). A lost connection is made anew once per statement.
 */
enum srd_tls {
    SRD_TLS_PREFERRED, /* TLS if the FE offers it, unverified */
    SRD_TLS_DISABLED,
    SRD_TLS_REQUIRED,  /* TLS or nothing; certificate not verified */
    SRD_TLS_VERIFY_CA, /* the chain is verified (needs @tls_ca) */
    SRD_TLS_VERIFY,    /* chain and host name are verified */
};
struct srd_live_options {
    const char *hosts;
    int port;             /* of hosts without one; 0: 9030 */
    const char *user;     /* NULL: "root" */
    const char *password; /* NULL: none. Never logged, never in an error. */
    const char *socket;   /* NULL; StarRocks has none, kept for mysql's sake: refused */
    enum srd_tls tls;
    const char *tls_ca, *tls_cert, *tls_key; /* a CA that is named counts: at least VERIFY_CA */
    bool cleartext;                          /* allow mysql_clear_password; needs SRD_TLS_VERIFY */
    int connect_timeout_s;                   /* 0: 5 */
    int query_timeout_s;                     /* 0: 30 */
    size_t parallel;                         /* 0: 4 */
};

/*
 * Connects to the first host that answers. SRD_E_CONNECT (none answers; the text says for which
 * reason and what to look at), SRD_E_DENIED (wrong user or password), SRD_E_CONFIG (options that
 * contradict each other), SRD_E_CANCELLED (@cancel, which may be NULL, became non-zero meanwhile).
 */
int srd_live_open(const struct srd_live_options *options, const volatile sig_atomic_t *cancel,
                  struct srd_source **out, struct srd_error *err);

/* Which reason an error of the server is: code, text; pure. */
enum srd_status srd_live_class(unsigned code, const char *text);

#endif
