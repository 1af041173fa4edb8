/* How are questions put to a cluster: over which connection, and what becomes of the answer? */

#include <errmsg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/wait.h"
#include "lib/source/live_private.h"

#define USE_TIMEOUT_MS 2000   /* to reach the leader: another FE answers already */
#define KILL_PATIENCE_MS 1000 /* for the KILL of a result that is too long */
#define CLOSE_PATIENCE_MS 2500

/* ---- one statement ---- */

struct outcome {
    unsigned code; /* of the server or the library; 0: none */
    char text[512];
    struct srd_table *table;
    size_t *kept; /* which of the answer's columns those of the table are */
    bool too_long; /* rows are left on the server */
    struct srd_live_victim victim;
    enum srd_live_end end;
    bool cut, killed;
};

/* Kept so that closing waits for it; what was 64 kills ago has long ended. With the lock. */
static void keep_kill(struct srd_live *live, struct srd_live_errand *kill)
{
    struct srd_live_errand **place = &live->kills[live->kill_count++ % SRD_LIVE_MAX_PARALLEL];

    srd_live_kill_drop(place);
    *place = kill;
}

static void note_error(struct outcome *o, MYSQL *mysql)
{
    o->code = mysql_errno(mysql);
    if (!o->code)
        o->code = 2000; /* it said that there is one */
    snprintf(o->text, sizeof(o->text), "%s", mysql_error(mysql));
}

static void begin_table(struct outcome *o, MYSQL_RES *rows, const struct srd_question *q,
                        struct srd_arena *arena)
{
    size_t columns = rows ? mysql_num_fields(rows) : 0, count = 0;
    const char **names = srd_arena_array(arena, columns + 1, sizeof(*names));
    const MYSQL_FIELD *fields = rows ? mysql_fetch_fields(rows) : NULL;

    o->kept = srd_arena_array(arena, columns + 1, sizeof(*o->kept));
    for (size_t i = 0; i < columns; i++) {
        const char *name = fields[i].name ? fields[i].name : "";

        if (srd_text_among(q->probe->unread_columns, name))
            continue;
        names[count] = name;
        o->kept[count++] = i;
    }
    o->table = srd_table_new(arena, names, count);
    o->table->complete = true;
    if (q->probe->max_rows && q->probe->max_rows < o->table->ceiling_rows)
        o->table->ceiling_rows = q->probe->max_rows;
    if (q->max_bytes && q->max_bytes < o->table->ceiling_bytes)
        o->table->ceiling_bytes = q->max_bytes;
}

/* Rows as they come, up to the ceilings of the table. */
static void read_rows(MYSQL *mysql, MYSQL_RES *rows, struct srd_arena *arena, struct outcome *o)
{
    size_t columns = o->table->columns;
    size_t *lengths = srd_arena_array(arena, columns + 1, sizeof(*lengths));
    const char **cells = srd_arena_array(arena, columns + 1, sizeof(*cells));
    struct srd_error err;
    MYSQL_ROW row;

    while ((row = mysql_fetch_row(rows))) {
        const unsigned long *n = mysql_fetch_lengths(rows);

        for (size_t i = 0; i < columns; i++) {
            cells[i] = row[o->kept[i]];
            lengths[i] = n[o->kept[i]];
        }
        if (srd_table_add(o->table, cells, lengths, columns, &err)) {
            o->table->complete = false;
            o->too_long = true;
            return;
        }
    }
    if (mysql_errno(mysql)) /* the loop ends like this too */
        note_error(o, mysql);
}

/* The first result set is the answer; more are read away, or the connection is out of step. */
static void read_results(MYSQL *mysql, const struct srd_question *q, struct srd_arena *arena,
                         struct outcome *o, MYSQL_RES **open)
{
    int more = 0;

    while (more == 0 && !o->code && !o->too_long) {
        /* The library cannot stream a row with fewer cells than columns ("unknown error"), but it
         * fills one up when it stores the answer; such probes ask for little. */
        MYSQL_RES *rows =
            q->probe->short_rows ? mysql_store_result(mysql) : mysql_use_result(mysql);

        if (!rows && mysql_field_count(mysql)) {
            note_error(o, mysql);
            return;
        }
        if (!o->table) {
            begin_table(o, rows, q, arena);
            if (rows)
                read_rows(mysql, rows, arena, o);
        }
        if (o->too_long) {
            *open = rows; /* freeing it now would read all the rest */
            return;
        }
        if (rows)
            mysql_free_result(rows);
        if (!o->code && (more = mysql_next_result(mysql)) > 0)
            note_error(o, mysql);
    }
}

/* Ends a statement that has more to say than we want to hear. */
static void stop_reading(struct srd_live *live, struct srd_live_slot *slot, MYSQL_RES *rows)
{
    struct srd_live_session *session = slot->session;
    struct srd_live_errand *kill = srd_live_kill_start(live->access, &session->host, &slot->victim);

    srd_live_kill_wait(kill, srd_clock_monotonic_ms() + KILL_PATIENCE_MS);
    mariadb_cancel(session->mysql);
    mysql_free_result(rows);
    pthread_mutex_lock(&live->lock);
    keep_kill(live, kill);
    pthread_mutex_unlock(&live->lock);
}

/*
 * @slot is ours. Gives the lock up while the statement runs. @lost: a statement whose connection
 * broke and that may still run (no id: none).
 */
static void run_statement(struct srd_live *live, struct srd_live_slot *slot,
                          const struct srd_question *q, const struct srd_live_victim *lost,
                          struct srd_arena *arena, struct outcome *o)
{
    MYSQL *mysql = slot->session->mysql;
    MYSQL_RES *open = NULL;
    struct srd_live_errand *kill;
    bool keep;

    slot->state = SRD_LIVE_RUNNING;
    slot->deadline_ms = q->deadline_ms;
    slot->end = SRD_LIVE_GOES_ON;
    slot->cut = false;
    srd_live_victim_of(slot->session, q->sql, &slot->victim);
    if (!srd_live_watch(live, slot)) {
        o->code = 2000;
        snprintf(o->text, sizeof(o->text), "could not start a thread to watch the time");
        slot->state = SRD_LIVE_IDLE;
        return;
    }
    pthread_mutex_unlock(&live->lock);

    if (lost->id)
        srd_live_kill(mysql, lost);
    if (mysql_real_query(mysql, q->sql, strlen(q->sql)))
        note_error(o, mysql);
    else
        read_results(mysql, q, arena, o, &open);
    if (open)
        stop_reading(live, slot, open);

    pthread_mutex_lock(&live->lock);
    o->end = slot->end;
    o->cut = slot->cut;
    o->victim = slot->victim;
    kill = SRD_TAKE(slot->kill);
    keep = !o->end && !o->too_long && !srd_live_lost(o->code);
    srd_live_slot_release(live, slot, keep);
    if (kill) {
        o->killed = srd_live_kill_wait(kill, 0);
        keep_kill(live, kill);
    }
}

/* ---- a question ---- */

static const char *seconds(struct srd_arena *arena, int64_t ms)
{
    return ms % 1000 ? srd_arena_printf(arena, "%.1f s", (double)ms / 1000)
                     : srd_arena_printf(arena, "%lld s", (long long)(ms / 1000));
}

static void answer_reason(struct srd_answer *out, enum srd_status status, const char *detail)
{
    out->status = status;
    out->detail = detail;
    out->table = NULL;
}

static void answer_late(struct srd_answer *out, const struct outcome *o, int64_t limit_ms,
                        struct srd_arena *arena)
{
    const char *fate = "the statement was killed";

    if (o->cut)
        fate = o->killed ? "the statement was killed and its connection cut"
                         : "the FE did not confirm a KILL, so the connection was cut";
    answer_reason(
        out, SRD_TIMED_OUT,
        srd_arena_printf(arena, "no answer within %s; %s", seconds(arena, limit_ms), fate));
}

static void answer_error(struct srd_answer *out, const struct outcome *o,
                         const struct srd_question *q, struct srd_arena *arena)
{
    enum srd_status status = srd_live_class(o->code, o->text);

    if (srd_live_lost(o->code)) {
        answer_reason(out, SRD_FAILED,
                      srd_arena_printf(arena, "lost the connection: %s",
                                       srd_live_detail(SRD_FAILED, o->text, arena)));
        return;
    }
    answer_reason(out, status, srd_live_detail(status, o->text, arena));
    if (status == SRD_FAILED) /* often a statement of ours that this release takes differently */
        srd_log(SRD_LOG_INFO, "probe %s: error %u: %s", q->probe->id, o->code, out->detail);
}

/* Turns what happened to the statement into the answer; true: it is worth a second attempt. */
static bool conclude(struct srd_answer *out, const struct outcome *o, const struct srd_question *q,
                     int64_t limit_ms, struct srd_arena *arena)
{
    if (o->too_long || (!o->code && !o->end)) {
        out->status = SRD_ANSWERED;
        out->detail = "";
        out->table = o->table;
        return false;
    }
    if (o->end == SRD_LIVE_CANCELLED)
        answer_reason(out, SRD_TIMED_OUT, "the run was ended");
    else if (o->end == SRD_LIVE_LATE) /* also when it seems to have succeeded: killed ones may */
        answer_late(out, o, limit_ms, arena);
    else
        answer_error(out, o, q, arena);
    return !o->end && srd_live_lost(o->code);
}

/* No connection: a reason for this answer, or the end of the source. */
static int no_connection(struct srd_live *live, const struct srd_live_host *want,
                         struct srd_answer *out, struct srd_arena *arena, struct srd_error *err)
{
    if (err->code == SRD_E_CANCELLED || err->code == SRD_E_TIMEOUT)
        answer_reason(out, SRD_TIMED_OUT,
                      err->code == SRD_E_CANCELLED ? "the run was ended"
                                                   : srd_arena_copy(arena, err->text));
    else if (want || srd_live_sessions(live))
        answer_reason(out, err->code == SRD_E_DENIED ? SRD_DENIED : SRD_FAILED,
                      srd_live_detail(SRD_FAILED, err->text, arena));
    else
        return err->code;
    err->code = SRD_OK;
    return 0;
}

/* Whom to ask; NULL: anybody. With the lock. */
static const struct srd_live_host *choose(const struct srd_live *live, const struct srd_question *q,
                                          const struct srd_live_host *node)
{
    if (*node->name)
        return node;
    return q->probe->where == SRD_ASK_LEADER && live->has_leader ? &live->leader : NULL;
}

/* It is gone: what another FE knows is better than nothing. With the lock. */
static void lose_leader(struct srd_live *live, const char *why)
{
    srd_log(SRD_LOG_INFO, "the leader cannot be reached any more: %s", why);
    live->has_leader = false;
    live->follower = true;
    live->home = live->entry;
}

/* With the lock. */
static int ask_locked(struct srd_live *live, const struct srd_question *q,
                      const struct srd_live_host *node, struct srd_arena *arena,
                      struct srd_answer *out, struct srd_error *err)
{
    bool of_leader = q->probe->where == SRD_ASK_LEADER && !*node->name;
    const struct srd_live_host *want = choose(live, q, node);
    int64_t asked_ms = srd_clock_monotonic_ms();
    struct srd_live_victim lost = { 0 };

    out->follower = of_leader && live->follower;
    for (int attempt = 0; attempt < 2; attempt++) {
        struct outcome o = { 0 };
        struct srd_live_slot *slot;
        struct srd_live_host host;
        int64_t begun_ms;

        if (srd_live_slot_get(live, want, q->deadline_ms, &slot, err)) {
            if (of_leader && want && err->code == SRD_E_CONNECT) {
                lose_leader(live, err->text);
                want = NULL;
                out->follower = true;
                attempt--;
                continue;
            }
            if (attempt) /* the first attempt has said why; the second found no way */
                srd_while(err, "after a lost connection");
            return no_connection(live, want, out, arena, err);
        }
        host = slot->session->host;
        out->node = srd_arena_copy(arena, *node->name ? q->node : host.name);
        out->started_at_ms = srd_clock_now_ms();
        begun_ms = srd_clock_monotonic_ms();
        run_statement(live, slot, q, &lost, arena, &o);
        out->ms = srd_clock_monotonic_ms() - begun_ms;
        if (!conclude(out, &o, q, q->deadline_ms - asked_ms, arena))
            break;
        if (o.code == CR_SERVER_LOST)
            lost = o.victim;
        srd_live_drop_idle(live, &host);
    }
    return 0;
}

static int ask(struct srd_source *src, const struct srd_question *q, struct srd_arena *arena,
               struct srd_answer *out, struct srd_error *err)
{
    struct srd_live *live = (struct srd_live *)src;
    struct srd_live_host node = { 0 };
    int failed;

    out->node = srd_arena_copy(arena, q->node);
    out->started_at_ms = srd_clock_now_ms();
    out->ms = 0;
    out->follower = false;
    answer_reason(out, SRD_FAILED, "");
    if (*q->node && srd_live_host(q->node, SRD_LIVE_PORT, true, &node, err)) {
        answer_reason(out, SRD_FAILED, srd_live_detail(SRD_FAILED, err->text, arena));
        err->code = SRD_OK;
        return 0;
    }
    if (srd_live_library(err))
        return err->code;
    mysql_thread_init();
    pthread_mutex_lock(&live->lock);
    live->asking++;
    failed = ask_locked(live, q, &node, arena, out, err);
    live->asking--;
    pthread_cond_broadcast(&live->change);
    pthread_mutex_unlock(&live->lock);
    mysql_thread_end();
    return failed;
}

/* ---- the leader ---- */

/* Is the FE that answers us the leader itself? Names differ, so addresses count too. With the lock.
 */
static bool leader_is_home(const struct srd_live *live, const struct srd_cluster *cluster,
                           const struct srd_live_host *leader)
{
    if (cluster->frontends == 1) /* who else should have answered? */
        return true;
    for (size_t i = 0; i < SRD_LIVE_MAX_PARALLEL; i++) {
        const struct srd_live_session *session = live->slots[i].session;

        if (session && !strcmp(session->host.name, live->home.name) &&
            srd_live_session_leads_to(session, leader->name))
            return true;
    }
    return !strcmp(live->home.name, leader->name);
}

static int use(struct srd_source *src, const struct srd_cluster *cluster, bool *follower,
               struct srd_error *err)
{
    struct srd_live *live = (struct srd_live *)src;
    struct srd_live_host leader;
    struct srd_live_slot *slot;

    *follower = true;
    if (!cluster->leader || !*cluster->leader ||
        srd_live_host(cluster->leader, SRD_LIVE_PORT, true, &leader, err)) {
        err->code = SRD_OK;
        live->follower = true;
        return 0;
    }
    pthread_mutex_lock(&live->lock);
    live->slot_count = live->base.parallel;
    live->home = live->entry;
    live->has_leader = true;
    live->follower = false;
    live->leader = leader;
    if (leader_is_home(live, cluster, &leader)) {
        live->leader = live->home;
    } else if (srd_live_slot_get(live, &leader, srd_clock_monotonic_ms() + USE_TIMEOUT_MS, &slot,
                                 err) == 0) {
        live->home = leader;
    } else {
        srd_log(SRD_LOG_INFO, "the leader cannot be reached: %s", err->text);
        err->code = SRD_OK;
        live->has_leader = false;
        live->follower = true;
    }
    *follower = live->follower;
    pthread_mutex_unlock(&live->lock);
    return 0;
}

/* ---- the end ---- */

static void cancel(struct srd_source *src)
{
    struct srd_live *live = (struct srd_live *)src;

    pthread_mutex_lock(&live->lock);
    atomic_store(&live->cancelled, true);
    pthread_cond_signal(&live->alarm);
    pthread_cond_broadcast(&live->change);
    pthread_mutex_unlock(&live->lock);
}

static void close_live(struct srd_source *src)
{
    struct srd_live *live = (struct srd_live *)src;
    int64_t patience_ms;

    cancel(src);
    pthread_mutex_lock(&live->lock);
    while (live->asking)
        srd_live_cond_wait(&live->change, &live->lock, INT64_MAX);
    srd_live_watch_stop(live);
    pthread_mutex_unlock(&live->lock);
    /* no statement stays behind on a server because we were in a hurry */
    patience_ms = srd_clock_monotonic_ms() + CLOSE_PATIENCE_MS;
    for (size_t i = 0; i < SRD_LIVE_MAX_PARALLEL; i++) {
        srd_live_kill_wait(live->kills[i], patience_ms);
        srd_live_kill_drop(&live->kills[i]);
        srd_live_session_close(&live->slots[i].session);
    }
    pthread_cond_destroy(&live->alarm);
    pthread_cond_destroy(&live->change);
    pthread_mutex_destroy(&live->lock);
    srd_live_access_drop(&live->access);
    free(live);
}

static const struct srd_source_ops live_ops = {
    .ask = ask,
    .use = use,
    .cancel = cancel,
    .close = close_live,
};

/* ---- the beginning ---- */

static struct srd_live *new_live(const struct srd_live_options *options)
{
    struct srd_live *live = calloc(1, sizeof(*live));

    if (!live)
        return NULL;
    pthread_mutex_init(&live->lock, NULL);
    srd_live_cond_init(&live->change);
    srd_live_cond_init(&live->alarm);
    atomic_init(&live->cancelled, false);
    live->base.ops = &live_ops;
    live->base.parallel = options->parallel ? options->parallel : SRD_LIVE_PARALLEL;
    if (live->base.parallel > SRD_LIVE_MAX_PARALLEL)
        live->base.parallel = SRD_LIVE_MAX_PARALLEL;
    live->slot_count = live->base.parallel;
    return live;
}

static int read_hosts(struct srd_live *live, const struct srd_live_options *options,
                      struct srd_error *err)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *text = options->hosts && *options->hosts ? options->hosts : "127.0.0.1";
    const char *const *hosts = srd_text_list(arena, text);
    int port = options->port ? options->port : SRD_LIVE_PORT;

    if (port < 1 || port > 65535)
        return srd_fail(err, SRD_E_CONFIG, "%d is not a port number", port);
    for (; *hosts; hosts++) {
        if (live->host_count == SRD_LIVE_MAX_HOSTS)
            return srd_fail(err, SRD_E_CONFIG, "more than %d hosts", SRD_LIVE_MAX_HOSTS);
        if (srd_live_host(*hosts, port, false, &live->hosts[live->host_count], err))
            return err->code;
        live->host_count++;
    }
    if (!live->host_count)
        return srd_fail(err, SRD_E_CONFIG, "no host in \"%s\"", text);
    return 0;
}

static bool flag_is_set(void *flag)
{
    return srd_flag_up(flag);
}

/* The first host that answers. A wrong password is not tried on the next one. */
static int connect_first(struct srd_live *live, const volatile sig_atomic_t *cancel_flag,
                         struct srd_error *err)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf reasons;

    srd_buf_init(&reasons, sizeof(err->text));
    for (size_t i = 0; i < live->host_count; i++) {
        struct srd_live_session *session = NULL;
        int code = srd_live_connect(live->access, &live->hosts[i], INT64_MAX,
                                    cancel_flag ? flag_is_set : NULL,
                                    (void *)(uintptr_t)cancel_flag, &session, err);

        if (code == 0) {
            live->home = live->entry = live->hosts[i];
            live->base.connected = live->hosts[i].name;
            live->slots[0].session = session;
            live->slots[0].state = SRD_LIVE_IDLE;
            live->base.session_zone_unknown = session->zone_refused;
            return 0;
        }
        if (code != SRD_E_CONNECT)
            return code;
        if (live->host_count > 1)
            srd_buf_printf(&reasons, "%s%s", i ? "; " : "", err->text);
    }
    if (live->host_count > 1)
        return srd_fail(err, SRD_E_CONNECT, "no host answers: %s", reasons.data);
    return err->code;
}

int srd_live_open(const struct srd_live_options *options, const volatile sig_atomic_t *cancel_flag,
                  struct srd_source **out, struct srd_error *err)
{
    struct srd_live *live = new_live(options);
    struct srd_source *src = (struct srd_source *)live;

    if (!live)
        return srd_fail(err, SRD_E_SYSTEM, "out of memory");
    if (read_hosts(live, options, err) || srd_live_access_new(options, &live->access, err) ||
        connect_first(live, cancel_flag, err)) {
        srd_source_close(&src);
        return err->code;
    }
    live->base.info.kind = "live";
    live->base.info.where = live->base.connected;
    live->base.info.user = live->access->user;
    *out = src;
    return 0;
}
