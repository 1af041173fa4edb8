/* How is an FE asked for a connection, or told to end a statement, without waiting for it for ever?
 */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/source/live_private.h"

#define KILL_TIMEOUT_S 2
#define KILL_ATTEMPTS 3 /* behind a load balancer each connect may lead to another FE */
#define POLL_MS 20      /* how soon an interrupted caller comes back */
#define GRACE_MS 200    /* the library's own time-out says more than ours: let it come first */

/* ---- ending a statement ---- */

void srd_live_victim_of(const struct srd_live_session *session, const char *sql,
                        struct srd_live_victim *out)
{
    const char *end = strstr(sql, "*/");
    size_t n = end ? (size_t)(end - sql) + 2 : strcspn(sql, "\r\n");

    out->id = session->id;
    if (n >= sizeof(out->start))
        n = sizeof(out->start) - 1;
    memcpy(out->start, sql, n);
    out->start[n] = '\0';
}

/*
 * Is the connection with this id, on the FE that answers here, the one that runs our statement?
 * Behind a load balancer it may be another FE's, where the same number is somebody else's query.
 */
static bool runs_here(MYSQL *mysql, const struct srd_live_victim *victim)
{
    MYSQL_FIELD *fields;
    MYSQL_RES *rows;
    MYSQL_ROW row;
    unsigned columns, id = ~0U, info = ~0U, seen = 0, ours = 0;

    if (mysql_real_query(mysql, "SHOW PROCESSLIST", strlen("SHOW PROCESSLIST")) ||
        !(rows = mysql_use_result(mysql)))
        return false;
    columns = mysql_num_fields(rows);
    fields = mysql_fetch_fields(rows);
    for (unsigned i = 0; i < columns; i++) {
        if (!strcasecmp(fields[i].name, "Id"))
            id = i;
        if (!strcasecmp(fields[i].name, "Info"))
            info = i;
    }
    while (id < columns && info < columns && (row = mysql_fetch_row(rows))) {
        if (!row[id] || strtoul(row[id], NULL, 10) != victim->id)
            continue;
        seen++;
        if (row[info] && strstr(row[info], victim->start))
            ours++;
    }
    mysql_free_result(rows);
    while (mysql_next_result(mysql) == 0)
        if ((rows = mysql_use_result(mysql)))
            mysql_free_result(rows);
    return seen == 1 && ours == 1;
}

bool srd_live_kill(MYSQL *mysql, const struct srd_live_victim *victim)
{
    char sql[64];

    /*
     * Newer releases put the number of the FE into bits 24 to 31 of the id, which is then its own
     * on all of them; and their SHOW PROCESSLIST asks every FE, dead ones included, which takes too
     * long here.
     */
    if (victim->id >> 24 == 0 && !runs_here(mysql, victim))
        return false;
    snprintf(sql, sizeof(sql), "KILL QUERY %lu", victim->id);
    return srd_live_execute(mysql, sql) == 0;
}

/* ---- threads that connect ---- */

struct srd_live_errand {
    pthread_mutex_t lock;
    pthread_cond_t change;
    unsigned users; /* the thread and its owner */
    pthread_t thread;
    bool done, unwanted;
    struct srd_live_access *access;
    struct srd_live_host host;
    int connect_s;
    int cut_fd; /* of a session that is being set up, else -1 */
    bool kills;
    struct srd_live_victim victim;
    /* results */
    struct srd_live_session *session;
    bool killed;
    struct srd_error err;
};

static void drop_errand(struct srd_live_errand *e)
{
    bool last;

    pthread_mutex_lock(&e->lock);
    last = --e->users == 0;
    pthread_mutex_unlock(&e->lock);
    if (!last)
        return;
    srd_live_session_close(&e->session);
    srd_live_access_drop(&e->access);
    pthread_cond_destroy(&e->change);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

static void make_session(struct srd_live_errand *e)
{
    MYSQL *mysql = srd_live_log_in(e->access, &e->host, e->connect_s,
                                   e->access->query_timeout_s + 10, &e->err);
    struct srd_live_session *session;
    unsigned code;

    if (!mysql)
        return;
    session = srd_live_session_new(&e->host, mysql);
    if (!session) {
        mysql_close(mysql);
        srd_fail(&e->err, SRD_E_SYSTEM, "out of memory");
        return;
    }
    pthread_mutex_lock(&e->lock);
    e->cut_fd = session->cut_fd;
    if (e->unwanted && e->cut_fd >= 0)
        shutdown(e->cut_fd, SHUT_RDWR);
    pthread_mutex_unlock(&e->lock);
    code = srd_live_set_up(session, e->access);
    pthread_mutex_lock(&e->lock);
    e->cut_fd = -1;
    if (!code && !e->unwanted)
        e->session = SRD_TAKE(session);
    pthread_mutex_unlock(&e->lock);
    if (code)
        srd_live_refused(e->access, &e->host, code, mysql_error(mysql), e->connect_s, &e->err);
    srd_live_session_close(&session);
}

static void send_kill(struct srd_live_errand *e)
{
    for (int i = 0; i < KILL_ATTEMPTS && !e->killed; i++) {
        MYSQL *mysql = srd_live_log_in(e->access, &e->host, e->connect_s, KILL_TIMEOUT_S, &e->err);
        bool killed;

        if (!mysql)
            return;
        killed = srd_live_kill(mysql, &e->victim);
        pthread_mutex_lock(&e->lock);
        e->killed = killed;
        pthread_cond_broadcast(&e->change);
        pthread_mutex_unlock(&e->lock);
        mysql_close(mysql);
    }
}

static void *run_errand(void *context)
{
    struct srd_live_errand *e = context;

    if (!srd_live_library(&e->err)) {
        mysql_thread_init();
        if (e->kills)
            send_kill(e);
        else
            make_session(e);
        mysql_thread_end();
    }
    pthread_mutex_lock(&e->lock);
    e->done = true;
    pthread_cond_broadcast(&e->change);
    pthread_mutex_unlock(&e->lock);
    drop_errand(e);
    return NULL;
}

/* Signals are for the threads of the program, not for ours. */
static bool start_thread(struct srd_live_errand *e)
{
    sigset_t all, before;
    int failed;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&e->thread, NULL, run_errand, e);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed;
}

/* @victim NULL: to make a session. NULL: no memory or no thread. */
static struct srd_live_errand *start_errand(struct srd_live_access *access,
                                            const struct srd_live_host *host,
                                            const struct srd_live_victim *victim, int connect_s)
{
    struct srd_live_errand *e = calloc(1, sizeof(*e));

    if (!e)
        return NULL;
    pthread_mutex_init(&e->lock, NULL);
    srd_live_cond_init(&e->change);
    e->users = 2;
    e->cut_fd = -1;
    atomic_fetch_add(&access->users, 1);
    e->access = access;
    e->host = *host;
    e->connect_s = connect_s;
    if (victim) {
        e->kills = true;
        e->victim = *victim;
    }
    if (start_thread(e))
        return e;
    e->users = 1;
    drop_errand(e);
    return NULL;
}

/* A thread that is through is waited for, so that nothing of it is left when the process ends. */
static void let_go(struct srd_live_errand **errand)
{
    struct srd_live_errand *e = *errand;
    bool done;

    *errand = NULL;
    if (!e)
        return;
    pthread_mutex_lock(&e->lock);
    done = e->done;
    e->unwanted = true;
    if (e->cut_fd >= 0)
        shutdown(e->cut_fd, SHUT_RDWR);
    pthread_mutex_unlock(&e->lock);
    if (done)
        pthread_join(e->thread, NULL);
    else
        pthread_detach(e->thread);
    drop_errand(e);
}

int srd_live_connect(struct srd_live_access *access, const struct srd_live_host *host,
                     int64_t deadline_ms, bool (*ended)(void *), void *context,
                     struct srd_live_session **out, struct srd_error *err)
{
    int64_t patience_ms =
        srd_clock_monotonic_ms() + 1000 * (int64_t)access->connect_timeout_s + GRACE_MS;
    int64_t until_ms = deadline_ms < patience_ms ? deadline_ms : patience_ms, now;
    SRD_CLEANUP(let_go)
    struct srd_live_errand *e = start_errand(access, host, NULL, access->connect_timeout_s);
    bool interrupted = false, done, silent;

    if (!e)
        return srd_fail(err, SRD_E_SYSTEM, "could not start a thread to connect to %s", host->name);
    pthread_mutex_lock(&e->lock);
    while (!e->done && (now = srd_clock_monotonic_ms()) < until_ms &&
           !(interrupted = ended && ended(context)))
        srd_live_cond_wait(&e->change, &e->lock,
                           now + POLL_MS < until_ms ? now + POLL_MS : until_ms);
    done = e->done;
    silent = e->cut_fd >= 0;
    if (done) {
        *out = SRD_TAKE(e->session);
        *err = e->err;
    }
    pthread_mutex_unlock(&e->lock);
    if (done)
        return *out ? 0 : err->code;
    if (interrupted)
        return srd_fail(err, SRD_E_CANCELLED, "interrupted while connecting to %s", host->name);
    if (until_ms == deadline_ms)
        return srd_fail(err, SRD_E_TIMEOUT, "no connection to %s in time", host->name);
    if (silent)
        return srd_fail(err, SRD_E_CONNECT,
                        "%s admits logins but answered no statement within %d s; look at the FE's "
                        "load, locks and log",
                        host->name, access->connect_timeout_s);
    return srd_live_unreachable(host, ETIMEDOUT, access->connect_timeout_s, err);
}

struct srd_live_errand *srd_live_kill_start(struct srd_live_access *access,
                                            const struct srd_live_host *host,
                                            const struct srd_live_victim *victim)
{
    return start_errand(access, host, victim, KILL_TIMEOUT_S);
}

bool srd_live_kill_wait(struct srd_live_errand *e, int64_t deadline_ms)
{
    bool killed;

    if (!e)
        return false;
    pthread_mutex_lock(&e->lock);
    while (!e->done && srd_live_cond_wait(&e->change, &e->lock, deadline_ms))
        ;
    killed = e->killed;
    pthread_mutex_unlock(&e->lock);
    return killed;
}

void srd_live_kill_drop(struct srd_live_errand **errand)
{
    let_go(errand);
}
