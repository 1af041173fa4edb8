/* libmariadb with scripted replies (see mariadb.h). */

#include "tests/fake/mariadb.h"

#include <errmsg.h>
#include <mysql.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/source/live_private.h"

#define MOST_CONNECTIONS 256
#define STEP_MS 2

struct connection {
    MYSQL mysql; /* first: what the caller holds */
    bool open;
    char fe[300];
    int behind;       /* which of the FEs behind one address */
    unsigned long id; /* of the connection, on its FE */
    int ends[2];      /* the caller's socket, and ours */
    bool verify, enforce, infile, mysql_pwd;
    unsigned connect_s, read_s, protocol;
    char auth[80], charset[20], ca[80];
    unsigned code;
    char text[512];
    /* the statement that runs or was run */
    bool running, killed;
    char sql[600];
    const struct fake_reply *reply;
    struct fake_reply list;                  /* rows of SHOW PROCESSLIST */
    char list_text[5][64], list_sql[5][600]; /* copies: the others may be gone by then */
    int results;                             /* still to come */
};

struct result {
    MYSQL_RES res;
    struct connection *c;
    MYSQL_FIELD fields[FAKE_CELLS];
    char *row[FAKE_CELLS];
    unsigned long lengths[FAKE_CELLS];
    unsigned columns;
    size_t at;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct fake_fe *fes;
static const struct fake_reply *replies;
static int used[64], logins[64];
static struct connection *connections[MOST_CONNECTIONS];
static char *log_text;
static size_t log_size;

/* ---- for the tests ---- */

void fake_reset(const struct fake_fe *new_fes, const struct fake_reply *new_replies)
{
    pthread_mutex_lock(&lock);
    fes = new_fes;
    replies = new_replies;
    memset(used, 0, sizeof(used));
    memset(logins, 0, sizeof(logins));
    memset(connections, 0, sizeof(connections));
    free(log_text);
    log_text = calloc(1, 1);
    log_size = 0;
    pthread_mutex_unlock(&lock);
}

char *fake_log(void)
{
    char *copy;

    pthread_mutex_lock(&lock);
    copy = strdup(log_text);
    pthread_mutex_unlock(&lock);
    return copy;
}

int fake_count(const char *start)
{
    int n = 0;

    pthread_mutex_lock(&lock);
    for (const char *line = log_text; line && *line; line = strchr(line, '\n') + 1)
        n += strncmp(line, start, strlen(start)) == 0;
    pthread_mutex_unlock(&lock);
    return n;
}

int fake_open(void)
{
    int n = 0;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST_CONNECTIONS; i++)
        n += connections[i] && connections[i]->open;
    pthread_mutex_unlock(&lock);
    return n;
}

int fake_running(void)
{
    int n = 0;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST_CONNECTIONS; i++)
        n += connections[i] && connections[i]->running;
    pthread_mutex_unlock(&lock);
    return n;
}

/* With the lock. */
__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    char line[1024];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(line, sizeof(line) - 1, format, args);
    va_end(args);
    line[n++] = '\n';
    log_text = realloc(log_text, log_size + (size_t)n + 1);
    memcpy(log_text + log_size, line, (size_t)n);
    log_size += (size_t)n;
    log_text[log_size] = '\0';
}

/* ---- errors ---- */

static int set_error(struct connection *c, unsigned code, const char *text)
{
    c->code = code;
    snprintf(c->text, sizeof(c->text), "%s",
             text ? text : "Lost connection to server during query");
    return code != 0;
}

static void no_error(struct connection *c)
{
    c->code = 0;
    c->text[0] = '\0';
}

unsigned int STDCALL mysql_errno(MYSQL *mysql)
{
    return ((struct connection *)mysql)->code;
}

const char *STDCALL mysql_error(MYSQL *mysql)
{
    return ((struct connection *)mysql)->text;
}

/* ---- connections ---- */

int srd_live_library(struct srd_error *err)
{
    (void)err;
    return 0;
}

my_bool STDCALL mysql_thread_init(void)
{
    return 0;
}

void STDCALL mysql_thread_end(void)
{
}

unsigned long STDCALL mysql_get_client_version(void)
{
    return 30320;
}

MYSQL *STDCALL mysql_init(MYSQL *mysql)
{
    struct connection *c = calloc(1, sizeof(*c));

    (void)mysql;
    c->infile = true; /* as the real one has it */
    c->ends[0] = c->ends[1] = -1;
    return &c->mysql;
}

int mysql_optionsv(MYSQL *mysql, enum mysql_option option, ...)
{
    struct connection *c = (struct connection *)mysql;
    va_list args;
    const void *value;

    va_start(args, option);
    value = va_arg(args, const void *);
    va_end(args);
    switch (option) {
    case MYSQL_OPT_CONNECT_TIMEOUT:
        c->connect_s = *(const unsigned *)value;
        break;
    case MYSQL_OPT_READ_TIMEOUT:
        c->read_s = *(const unsigned *)value;
        break;
    case MYSQL_OPT_PROTOCOL:
        c->protocol = *(const unsigned *)value;
        break;
    case MYSQL_OPT_LOCAL_INFILE:
        c->infile = *(const unsigned *)value != 0;
        break;
    case MYSQL_SET_CHARSET_NAME:
        snprintf(c->charset, sizeof(c->charset), "%s", (const char *)value);
        break;
    case MARIADB_OPT_RESTRICTED_AUTH:
        snprintf(c->auth, sizeof(c->auth), "%s", (const char *)value);
        break;
    case MYSQL_OPT_SSL_VERIFY_SERVER_CERT:
        c->verify = *(const my_bool *)value;
        break;
    case MYSQL_OPT_SSL_ENFORCE:
        c->enforce = *(const my_bool *)value;
        break;
    case MYSQL_OPT_SSL_CA:
        snprintf(c->ca, sizeof(c->ca), "%s", (const char *)value);
        break;
    default:
        break;
    }
    return 0;
}

static int connected_to(int fe)
{
    int n = 0;

    for (int i = 0; i < MOST_CONNECTIONS; i++)
        n += connections[i] && connections[i]->open && !strcmp(connections[i]->fe, fes[fe].name);
    return n;
}

/* With the lock; the code of the error. */
static unsigned admit(struct connection *c, const char *user, const char *password)
{
    int fe = 0, place = 0;

    while (fes[fe].name && strcmp(fes[fe].name, c->fe))
        fe++;
    if (!fes[fe].name)
        return set_error(c, CR_UNKNOWN_HOST, "Unknown server host (-2)"), c->code;
    note("connect %s user=%s password=%s tls=%d%d ca=%s auth=%s infile=%d charset=%s tcp=%d "
         "timeouts=%u,%u",
         c->fe, user, password ? password : "(null)", c->enforce, c->verify, c->ca, c->auth,
         c->infile, c->charset, c->protocol == MYSQL_PROTOCOL_TCP, c->connect_s, c->read_s);
    if (fes[fe].code && (fes[fe].admits  ? connected_to(fe) >= fes[fe].admits
                         : fes[fe].lasts ? logins[fe] >= fes[fe].lasts
                                         : true))
        return set_error(c, fes[fe].code, fes[fe].text), c->code;
    while (connections[place])
        place++;
    connections[place] = c;
    c->behind = fes[fe].behind ? logins[fe] % fes[fe].behind : 0;
    c->id = (fes[fe].first_id ? fes[fe].first_id : 1) +
            (unsigned long)(fes[fe].behind ? logins[fe] / fes[fe].behind : logins[fe]);
    logins[fe]++;
    c->open = true;
    c->enforce = c->enforce && fes[fe].tls;
    return 0;
}

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

MYSQL *STDCALL mysql_real_connect(MYSQL *mysql, const char *host, const char *user,
                                  const char *password, const char *db, unsigned port,
                                  const char *socket, unsigned long flags)
{
    struct connection *c = (struct connection *)mysql;
    bool hangs = false;
    unsigned code;

    (void)db;
    (void)socket;
    (void)flags;
    snprintf(c->fe, sizeof(c->fe), "%s:%u", host, port);
    pthread_mutex_lock(&lock);
    for (const struct fake_fe *fe = fes; fe->name; fe++)
        hangs = hangs || (fe->hangs && !strcmp(fe->name, c->fe));
    pthread_mutex_unlock(&lock);
    if (hangs)
        sleep_ms(1000);
    pthread_mutex_lock(&lock);
    code = admit(c, user, password);
    pthread_mutex_unlock(&lock);
    if (!code)
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c->ends);
    return code ? NULL : mysql;
}

void STDCALL mysql_close(MYSQL *mysql)
{
    struct connection *c = (struct connection *)mysql;

    pthread_mutex_lock(&lock);
    if (c->open)
        note("close %s#%lu", c->fe, c->id);
    for (int i = 0; i < MOST_CONNECTIONS; i++)
        if (connections[i] == c)
            connections[i] = NULL;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 2; i++)
        if (c->ends[i] >= 0)
            close(c->ends[i]);
    free(c);
}

my_socket STDCALL mysql_get_socket(MYSQL *mysql)
{
    return ((struct connection *)mysql)->ends[0];
}

unsigned long STDCALL mysql_thread_id(MYSQL *mysql)
{
    return ((struct connection *)mysql)->id;
}

const char *STDCALL mysql_get_ssl_cipher(MYSQL *mysql)
{
    return ((struct connection *)mysql)->enforce ? "TLS_FAKE" : NULL;
}

int STDCALL mariadb_cancel(MYSQL *mysql)
{
    struct connection *c = (struct connection *)mysql;

    pthread_mutex_lock(&lock);
    note("cut %s#%lu", c->fe, c->id);
    pthread_mutex_unlock(&lock);
    shutdown(c->ends[0], SHUT_RDWR);
    return -1;
}

static bool is_cut(const struct connection *c, int wait_ms)
{
    struct pollfd end = { .fd = c->ends[1], .events = POLLIN | POLLRDHUP };

    return poll(&end, 1, wait_ms) > 0;
}

/* ---- statements ---- */

/* With the lock. */
static const struct fake_reply *find_reply(struct connection *c)
{
    for (int i = 0; replies && replies[i].match; i++) {
        if (!strstr(c->sql, replies[i].match) || (replies[i].fe && strcmp(replies[i].fe, c->fe)))
            continue;
        if (replies[i].times && used[i] >= replies[i].times)
            continue;
        used[i]++;
        return &replies[i];
    }
    return NULL;
}

static const char *stranger_of(const struct connection *c)
{
    for (const struct fake_fe *fe = fes; fe->name; fe++)
        if (!strcmp(fe->name, c->fe) && c->behind)
            return fe->stranger;
    return NULL;
}

/* At most four of the statements that run on this FE. With the lock. */
static const struct fake_reply *list_processes(struct connection *c)
{
    size_t n = 0;

    c->list = (struct fake_reply){ .match = "", .names = { "Id", "User", "Info" } };
    for (int i = 0; i < MOST_CONNECTIONS && n < 4; i++) {
        struct connection *other = connections[i];

        if (!other || other == c || !other->running || strcmp(other->fe, c->fe) ||
            other->behind != c->behind)
            continue;
        snprintf(c->list_text[n], sizeof(c->list_text[n]), "%lu", other->id);
        c->list.cells[3 * n] = c->list_text[n];
        c->list.cells[3 * n + 1] = "root";
        snprintf(c->list_sql[n], sizeof(c->list_sql[n]), "%s", other->sql);
        c->list.cells[3 * n + 2] = c->list_sql[n];
        n++;
    }
    if (stranger_of(c)) {
        c->list.cells[3 * n] = "1";
        c->list.cells[3 * n + 1] = "boss";
        c->list.cells[3 * n + 2] = stranger_of(c);
        n++;
    }
    c->list.rows = n;
    return &c->list;
}

/* With the lock. */
static int kill_query(struct connection *c)
{
    unsigned long id = strtoul(c->sql + strlen("KILL QUERY "), NULL, 10);

    for (int i = 0; i < MOST_CONNECTIONS; i++) {
        struct connection *other = connections[i];

        if (!other || strcmp(other->fe, c->fe) || other->behind != c->behind || other->id != id ||
            !other->running)
            continue;
        note("killed %s#%lu", c->fe, id);
        other->killed = true;
        return 0;
    }
    if (stranger_of(c) && id == 1)
        note("KILLED A STRANGER");
    return set_error(c, 1094, "Unknown thread id");
}

/* Until it is killed or cut. Without the lock. */
static int hang(struct connection *c)
{
    bool killed = false, cut = false;

    while (!cut && (!killed || c->reply->deaf)) {
        cut = is_cut(c, STEP_MS);
        pthread_mutex_lock(&lock);
        killed = c->killed;
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_lock(&lock);
    c->running = false;
    if (cut)
        note("cut %s#%lu", c->fe, c->id);
    pthread_mutex_unlock(&lock);
    if (cut)
        return set_error(c, CR_SERVER_LOST, NULL);
    if (c->reply->killed_empty)
        return 0;
    return set_error(c, 1064, "killed manually: KILL QUERY");
}

int STDCALL mysql_real_query(MYSQL *mysql, const char *sql, unsigned long n)
{
    struct connection *c = (struct connection *)mysql;
    int failed = 0;

    no_error(c);
    if (is_cut(c, 0))
        return set_error(c, CR_SERVER_GONE_ERROR, "Server has gone away");
    pthread_mutex_lock(&lock);
    snprintf(c->sql, sizeof(c->sql), "%.*s", (int)n, sql);
    note("%s#%lu %s", c->fe, c->id, c->sql);
    c->killed = false;
    c->reply = find_reply(c);
    if (!c->reply && !strcmp(c->sql, "SHOW PROCESSLIST"))
        c->reply = list_processes(c);
    else if (!c->reply && !strncmp(c->sql, "KILL QUERY ", strlen("KILL QUERY ")))
        failed = kill_query(c);
    c->results = c->reply ? 1 + c->reply->more : 1;
    c->running = c->reply && (c->reply->hangs || c->reply->rows > 1000);
    pthread_mutex_unlock(&lock);
    if (c->reply && c->reply->takes_ms)
        sleep_ms(c->reply->takes_ms);
    if (c->reply && c->reply->hangs)
        return hang(c);
    if (c->reply && c->reply->code)
        failed = set_error(c, c->reply->code, c->reply->text);
    return failed;
}

unsigned int STDCALL mysql_field_count(MYSQL *mysql)
{
    struct connection *c = (struct connection *)mysql;
    unsigned n = 0;

    while (c->reply && n < FAKE_CELLS && c->reply->names[n])
        n++;
    return n;
}

MYSQL_RES *STDCALL mysql_use_result(MYSQL *mysql)
{
    struct connection *c = (struct connection *)mysql;
    struct result *r;

    c->results--;
    if (!mysql_field_count(mysql))
        return NULL;
    if (c->reply->null_code) {
        set_error(c, c->reply->null_code, c->reply->text);
        return NULL;
    }
    r = calloc(1, sizeof(*r));
    r->c = c;
    r->columns = mysql_field_count(mysql);
    for (unsigned i = 0; i < r->columns; i++)
        r->fields[i].name = (char *)(size_t)c->reply->names[i];
    return &r->res;
}

MYSQL_RES *STDCALL mysql_store_result(MYSQL *mysql)
{
    return mysql_use_result(mysql);
}

unsigned int STDCALL mysql_num_fields(MYSQL_RES *res)
{
    return ((struct result *)res)->columns;
}

MYSQL_FIELD *STDCALL mysql_fetch_fields(MYSQL_RES *res)
{
    return ((struct result *)res)->fields;
}

MYSQL_ROW STDCALL mysql_fetch_row(MYSQL_RES *res)
{
    struct result *r = (struct result *)res;
    const struct fake_reply *reply = r->c->reply;
    size_t there = FAKE_CELLS / r->columns, first;
    bool killed;

    pthread_mutex_lock(&lock);
    killed = r->c->killed;
    pthread_mutex_unlock(&lock);
    if (killed && reply->killed_empty)
        return NULL;
    if (reply->rows > 1000 && is_cut(r->c, 0)) {
        set_error(r->c, CR_SERVER_LOST, NULL);
        return NULL;
    }
    if (r->at >= reply->rows) {
        if (reply->fetch_code)
            set_error(r->c, reply->fetch_code, reply->text);
        return NULL;
    }
    first = reply->rows > there ? 0 : r->at * r->columns;
    for (unsigned i = 0; i < r->columns; i++) {
        r->row[i] = (char *)(size_t)reply->cells[first + i];
        r->lengths[i] = reply->lengths[first + i];
        if (!r->lengths[i] && r->row[i])
            r->lengths[i] = strlen(r->row[i]);
    }
    r->at++;
    return r->row;
}

unsigned long *STDCALL mysql_fetch_lengths(MYSQL_RES *res)
{
    return ((struct result *)res)->lengths;
}

void STDCALL mysql_free_result(MYSQL_RES *res)
{
    struct result *r = (struct result *)res;
    size_t rest = 0;

    while (mysql_fetch_row(res)) /* as the real one: it reads all that is left */
        rest++;
    pthread_mutex_lock(&lock);
    if (rest > 100)
        note("read %zu rows for nothing", rest);
    r->c->running = false;
    pthread_mutex_unlock(&lock);
    free(r);
}

int STDCALL mysql_next_result(MYSQL *mysql)
{
    struct connection *c = (struct connection *)mysql;

    if (c->reply && c->reply->next_code)
        return set_error(c, c->reply->next_code, c->reply->text);
    return c->results > 0 ? 0 : -1;
}
