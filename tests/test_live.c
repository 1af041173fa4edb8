/* Does the live source answer every question, end every statement, and say what is wrong? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errmsg.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/source/live.h"
#include "tests/fake/mariadb.h"

#define NEEDS_OPERATE                                                                              \
    "Access denied; you need (at least one of) the OPERATE privilege(s) on SYSTEM for this "       \
    "operation. Please ask the admin. Current role(s): [r1]. Inactivated role(s): "
#define LONG_TEXT                                                                                  \
    "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901" \
    "23456789"
#define HALF_TEXT "01234567890123456789012345678901234567890123456"
#define CUT_TEXT LONG_TEXT LONG_TEXT HALF_TEXT "78901234567890123456789012345678901234567890123456"

/*
 * A dialogue: FEs, their replies, what is asked one after another; the answers and the log (without
 * logins and set-up that went as usual) as text.
 */
struct question {
    const char *sql, *node;
    enum srd_where where;
    int limit_ms; /* 0: 5000 */
    size_t max_rows;
    const char *unread;
};
static const struct row {
    const char *name;
    struct fake_fe fes[4];
    struct fake_reply replies[5];
    struct srd_live_options options; /* hosts: "fe1" if NULL */
    const char *leader;              /* use() it first */
    size_t frontends;
    struct question asks[4];
    const char *want, *log;
} rows[] = {
/* clang-format off */
#define FE { { .name = "fe1:9030" }, { .name = "fe2:9030" } }
#define OK_ROW { "SHOW X", .names = { "A", "B" }, .cells = { "1", "2", "3", NULL }, .rows = 2 }

    /* ---- answers ---- */
    { "rows come with their cells", FE, { OK_ROW }, .asks = { { .sql = "SHOW X" } },
      .want = "answered fe1:9030 A|B 1|2 3|\\N\n", .log = "fe1:9030#1 SHOW X\n" },
    { "columns that nobody reads are left behind, each cell stays with its name", FE, { OK_ROW },
      .asks = { { .sql = "SHOW X", .unread = "C a" }, { .sql = "SHOW X", .unread = "B" }, { .sql = "SHOW X", .unread = "A B" } },
      .want = "answered fe1:9030 B 2 \\N\nanswered fe1:9030 A 1 3\nanswered fe1:9030 \n" },
    { "no row is an answer", FE, { { "SHOW X", .names = { "A" } } }, .asks = { { .sql = "SHOW X" } },
      .want = "answered fe1:9030 A\n" },
    { "a statement without columns is an answer without columns", FE, .asks = { { .sql = "SHOW X" } },
      .want = "answered fe1:9030 \n" },
    { "a cell is as long as it is said to be, up to a NUL", FE,
      { { "SHOW X", .names = { "A", "B" }, .cells = { "abcdef", "a\0b" }, .lengths = { 3, 3 }, .rows = 1 } },
      .asks = { { .sql = "SHOW X" } }, .want = "answered fe1:9030 A|B abc|a\n" },
    { "an empty cell is not NULL", FE, { { "SHOW X", .names = { "A" }, .cells = { "" }, .rows = 1 } },
      .asks = { { .sql = "SHOW X" } }, .want = "answered fe1:9030 A \n" },
    { "further results are read away and do no harm", FE,
      { { "SHOW X", .names = { "A" }, .cells = { "1" }, .rows = 1, .more = 2 } },
      .asks = { { .sql = "SHOW X" }, { .sql = "SHOW X" } },
      .want = "answered fe1:9030 A 1\nanswered fe1:9030 A 1\n", .log = "fe1:9030#1 SHOW X\nfe1:9030#1 SHOW X\n" },
    { "one connection serves question after question", FE, { OK_ROW },
      .asks = { { .sql = "SHOW X" }, { .sql = "SHOW X" }, { .sql = "SHOW X" } },
      .want = "answered fe1:9030 A|B 1|2 3|\\N\nanswered fe1:9030 A|B 1|2 3|\\N\nanswered fe1:9030 A|B 1|2 3|\\N\n",
      .log = "fe1:9030#1 SHOW X\nfe1:9030#1 SHOW X\nfe1:9030#1 SHOW X\n" },

    /* ---- the four places where a query fails ---- */
    { "the query itself fails", FE, { { "SHOW X", .code = 5502, .text = "Unknown table 'x'." } }, .asks = { { .sql = "SHOW X" } },
      .want = "version fe1:9030 (Unknown table 'x')\n" },
    { "there is no result though there are columns", FE,
      { { "SHOW X", .names = { "A" }, .null_code = 1064, .text = "Backend node not found." } }, .asks = { { .sql = "SHOW X" } },
      .want = "no_backend fe1:9030 (Backend node not found)\n" },
    { "the rows end with an error", FE,
      { { "SHOW X", .names = { "A" }, .cells = { "1" }, .rows = 1, .fetch_code = 5024, .text = "Query reached its timeout of 2 seconds" } },
      .asks = { { .sql = "SHOW X" } }, .want = "timeout fe1:9030 (Query reached its timeout of 2 seconds)\n" },
    { "the next result is an error", FE,
      { { "SHOW X", .names = { "A" }, .cells = { "1" }, .rows = 1, .next_code = 1064, .text = "broken" } }, .asks = { { .sql = "SHOW X" } },
      .want = "failed fe1:9030 (broken)\n" },
    { "after an error the connection goes on", FE, { { "BAD", .code = 1064, .text = "bad" }, OK_ROW },
      .asks = { { .sql = "BAD" }, { .sql = "SHOW X" } }, .want = "failed fe1:9030 (bad)\nanswered fe1:9030 A|B 1|2 3|\\N\n",
      .log = "fe1:9030#1 BAD\nfe1:9030#1 SHOW X\n" },

    /* ---- reasons ---- */
    { "a missing privilege is named", FE, { { "SHOW X", .code = 5203, .text = NEEDS_OPERATE "NONE." } }, .asks = { { .sql = "SHOW X" } },
      .want = "denied fe1:9030 (needs OPERATE on SYSTEM)\n" },
    { "a role that is granted but not active is named", FE, { { "SHOW X", .code = 5203, .text = NEEDS_OPERATE "[r2, r3]." } },
      .asks = { { .sql = "SHOW X" } },
      .want = "denied fe1:9030 (needs OPERATE on SYSTEM; granted but not active: role r2, r3 (SET DEFAULT ROLE activates it at login))\n" },
    { "words of the server stay on one line and cannot act on a terminal", FE,
      { { "SHOW X", .code = 1064, .text = "a\nb\x1b[31m \xff \xe2\x80\xae" } }, .asks = { { .sql = "SHOW X" } },
      .want = "failed fe1:9030 (a\\nb\\e[31m \\xff \\u{202E})\n" },
    { "words of the server are cut at 300 bytes", FE, { { "SHOW X", .code = 1064, .text = LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT } },
      .asks = { { .sql = "SHOW X" } }, .want = "failed fe1:9030 (" CUT_TEXT "...)\n" },

    { "words of the server are not cut inside a character", FE,
      { { "SHOW X", .code = 1064, .text = LONG_TEXT LONG_TEXT HALF_TEXT HALF_TEXT "45\xe4\xb8\xad" LONG_TEXT } },
      .asks = { { .sql = "SHOW X" } }, .want = "failed fe1:9030 (" LONG_TEXT LONG_TEXT HALF_TEXT HALF_TEXT "45...)\n" },

    /* ---- ceilings ---- */
    { "as many rows as allowed are complete", FE, { { "SHOW X", .names = { "A" }, .cells = { "1", "2" }, .rows = 2 } },
      .asks = { { .sql = "SHOW X", .max_rows = 2 } }, .want = "answered fe1:9030 A 1 2\n", .log = "fe1:9030#1 SHOW X\n" },
    { "one row more than allowed: the statement is killed, the rest is not read", FE,
      { { "SHOW X", .names = { "A" }, .cells = { "1" }, .rows = 10000000 } },
      .asks = { { .sql = "SHOW X", .max_rows = 2 } }, .want = "answered fe1:9030 A 1 1 incomplete\n",
      .log = "fe1:9030#1 SHOW X\nfe1:9030#2 SHOW PROCESSLIST\nfe1:9030#2 KILL QUERY 1\nkilled fe1:9030#1\ncut fe1:9030#1\n" },

    /* ---- deadlines ---- */
    { "a statement that is late is killed on its FE", FE, { { "SLOW", .hangs = true }, OK_ROW },
      .asks = { { .sql = "SLOW", .limit_ms = 100 }, { .sql = "SHOW X" } },
      .want = "timeout fe1:9030 (no answer within 0.1 s; the statement was killed)\nanswered fe1:9030 A|B 1|2 3|\\N\n",
      .log = "fe1:9030#1 SLOW\nfe1:9030#2 SHOW PROCESSLIST\nfe1:9030#2 KILL QUERY 1\nkilled fe1:9030#1\nfe1:9030#3 SHOW X\n" },
    { "a killed statement that looks like a success is late all the same", FE, { { "SLOW", .hangs = true, .killed_empty = true, .names = { "A" } } },
      .asks = { { .sql = "SLOW", .limit_ms = 100 } },
      .want = "timeout fe1:9030 (no answer within 0.1 s; the statement was killed)\n" },
    { "a statement that does not die is cut a second later", FE, { { "SLOW", .hangs = true, .deaf = true } },
      .asks = { { .sql = "SLOW", .limit_ms = 100 } },
      .want = "timeout fe1:9030 (no answer within 0.1 s; the statement was killed and its connection cut)\n",
      .log = "fe1:9030#1 SLOW\nfe1:9030#2 SHOW PROCESSLIST\nfe1:9030#2 KILL QUERY 1\nkilled fe1:9030#1\ncut fe1:9030#1\n" },
    { "an FE that admits no KILL: the connection is cut", { { .name = "fe1:9030", .code = 1064, .text = "Reach user-level", .admits = 1 } },
      { { "SLOW", .hangs = true } }, .asks = { { .sql = "SLOW", .limit_ms = 100 } },
      .want = "timeout fe1:9030 (no answer within 0.1 s; the FE did not confirm a KILL, so the connection was cut)\n",
      .log = "fe1:9030#1 SLOW\ncut fe1:9030#1\n" },
    { "an FE whose ids carry its number is not asked for its processes", { { .name = "fe1:9030", .first_id = 1U << 24 } },
      { { "SLOW", .hangs = true } }, .asks = { { .sql = "SLOW", .limit_ms = 100 } },
      .want = "timeout fe1:9030 (no answer within 0.1 s; the statement was killed)\n",
      .log = "fe1:9030#16777216 SLOW\nfe1:9030#16777217 KILL QUERY 16777216\nkilled fe1:9030#16777216\n" },
    { "behind a load balancer the KILL finds its FE and spares the stranger",
      { { .name = "fe1:9030", .behind = 2, .stranger = "SELECT the payroll" } }, { { "SLOW", .hangs = true } },
      .asks = { { .sql = "/* srdiag:slow */ SLOW", .limit_ms = 100 } },
      .want = "timeout fe1:9030 (no answer within 0.1 s; the statement was killed)\n",
      .log = "fe1:9030#1 /* srdiag:slow */ SLOW\nfe1:9030#1 SHOW PROCESSLIST\nfe1:9030#2 SHOW PROCESSLIST\n"
             "fe1:9030#2 KILL QUERY 1\nkilled fe1:9030#1\n" },
    { "a deadline that has passed costs no statement", FE, { OK_ROW }, .asks = { { .sql = "SHOW X", .limit_ms = -1 } },
      .want = "timeout  (no connection was free in time)\n", .log = "" },

    /* ---- lost connections ---- */
    { "a lost connection is made anew once, and what may still run is killed", FE,
      { { "SHOW X", .times = 1, .code = CR_SERVER_LOST }, OK_ROW }, .asks = { { .sql = "SHOW X" } },
      .want = "answered fe1:9030 A|B 1|2 3|\\N\n",
      .log = "fe1:9030#1 SHOW X\nfe1:9030#2 SHOW PROCESSLIST\nfe1:9030#2 SHOW X\n" },
    { "a connection that was closed meanwhile is made anew", FE,
      { { "SHOW X", .times = 1, .code = CR_SERVER_GONE_ERROR, .text = "gone" }, OK_ROW }, .asks = { { .sql = "SHOW X" } },
      .want = "answered fe1:9030 A|B 1|2 3|\\N\n", .log = "fe1:9030#1 SHOW X\nfe1:9030#2 SHOW X\n" },
    { "a connection that is lost in the middle of rows is made anew", FE,
      { { "SHOW X", .times = 1, .names = { "A" }, .cells = { "1" }, .rows = 1, .fetch_code = CR_SERVER_LOST }, OK_ROW },
      .asks = { { .sql = "SHOW X" } }, .want = "answered fe1:9030 A|B 1|2 3|\\N\n" },
    { "a connection that is lost twice is a reason", FE, { { "SHOW X", .code = CR_SERVER_GONE_ERROR, .text = "Server has gone away" } },
      .asks = { { .sql = "SHOW X" } }, .want = "failed fe1:9030 (lost the connection: Server has gone away)\n",
      .log = "fe1:9030#1 SHOW X\nfe1:9030#2 SHOW X\n" },
    { "an FE that is gone for good ends the source", { { .name = "fe1:9030", .code = 1064, .text = "not ready", .lasts = 1 } },
      { { "SHOW X", .code = CR_SERVER_GONE_ERROR } }, .asks = { { .sql = "SHOW X" } },
      .want = "connect: after a lost connection: fe1:9030 refused the login: not ready (1064)\n" },
    { "when the first host is gone the next one answers", { { .name = "fe1:9030", .code = 1064, .text = "not ready", .lasts = 1 }, { .name = "fe2:9030" } },
      { { "SHOW X", .fe = "fe1:9030", .code = CR_SERVER_GONE_ERROR }, OK_ROW }, .options = { .hosts = "fe1,fe2" }, .asks = { { .sql = "SHOW X" } },
      .want = "answered fe2:9030 A|B 1|2 3|\\N\n" },

    /* ---- the leader, and FEs of their own ---- */
    { "questions for the leader go there", FE, { OK_ROW }, .leader = "fe2:9030", .frontends = 3,
      .asks = { { .sql = "SHOW X", .where = SRD_ASK_LEADER } },
      .want = "leader\nanswered fe2:9030 A|B 1|2 3|\\N\n", .log = "fe2:9030#1 SHOW X\n" },
    { "the FE that is connected may be the leader itself", FE, { OK_ROW }, .leader = "fe1:9030", .frontends = 3,
      .asks = { { .sql = "SHOW X", .where = SRD_ASK_LEADER } },
      .want = "leader\nanswered fe1:9030 A|B 1|2 3|\\N\n", .log = "fe1:9030#1 SHOW X\n" },
    { "the only FE is the leader, whatever its address is called", FE, { OK_ROW }, .leader = "10.0.0.1:9030", .frontends = 1,
      .asks = { { .sql = "SHOW X", .where = SRD_ASK_LEADER } }, .want = "leader\nanswered fe1:9030 A|B 1|2 3|\\N\n" },
    { "a leader that cannot be reached: another FE answers and says so", FE, { OK_ROW }, .leader = "10.0.0.1:9030", .frontends = 3,
      .asks = { { .sql = "SHOW X", .where = SRD_ASK_LEADER }, { .sql = "SHOW X" } },
      .want = "follower\nanswered fe1:9030 follower A|B 1|2 3|\\N\nanswered fe1:9030 A|B 1|2 3|\\N\n" },
    { "no leader known: the answers are a follower's", FE, { OK_ROW }, .leader = "", .frontends = 3,
      .asks = { { .sql = "SHOW X", .where = SRD_ASK_LEADER } },
      .want = "follower\nanswered fe1:9030 follower A|B 1|2 3|\\N\n" },
    { "a leader that goes away meanwhile: another FE answers and says so",
      { { .name = "fe1:9030" }, { .name = "fe2:9030", .code = 1064, .text = "not ready", .lasts = 1 } },
      { { "SHOW X", .fe = "fe2:9030", .code = CR_SERVER_GONE_ERROR }, OK_ROW }, .leader = "fe2:9030", .frontends = 3,
      .asks = { { .sql = "SHOW X", .where = SRD_ASK_LEADER }, { .sql = "SHOW X", .where = SRD_ASK_LEADER } },
      .want = "leader\nanswered fe1:9030 follower A|B 1|2 3|\\N\nanswered fe1:9030 follower A|B 1|2 3|\\N\n" },
    { "a question to one FE goes to that FE", FE, { OK_ROW }, .asks = { { .sql = "SHOW X", .node = "fe2:9030" }, { .sql = "SHOW X", .node = "fe1:9030" } },
      .want = "answered fe2:9030 A|B 1|2 3|\\N\nanswered fe1:9030 A|B 1|2 3|\\N\n",
      .log = "fe2:9030#1 SHOW X\nfe1:9030#1 SHOW X\n" },
    { "an FE that cannot be reached is a reason, not the end", FE, { OK_ROW }, .asks = { { .sql = "SHOW X", .node = "fe3:9030" }, { .sql = "SHOW X" } },
      .want = "failed fe3:9030 (cannot connect to fe3:9030: the host name is not known; check -h and the name service)\n"
              "answered fe1:9030 A|B 1|2 3|\\N\n" },
    { "an address that is none is a reason", FE, { OK_ROW }, .asks = { { .sql = "SHOW X", .node = "fe3:x" } },
      .want = "failed fe3:x (host \"fe3:x\": \"x\" is not a port number)\n" },
    { "with one connection allowed another FE's makes room", FE, { OK_ROW }, .options = { .parallel = 1 },
      .asks = { { .sql = "SHOW X", .node = "fe2:9030" }, { .sql = "SHOW X" } },
      .want = "answered fe2:9030 A|B 1|2 3|\\N\nanswered fe1:9030 A|B 1|2 3|\\N\n",
      .log = "close fe1:9030#1\nfe2:9030#1 SHOW X\nclose fe2:9030#1\nfe1:9030#2 SHOW X\n" },

    /* ---- set-up ---- */
    { "a login says what it should and nothing it should not", FE,
      .options = { .hosts = "fe1", .user = "x", .password = "s3cret", .query_timeout_s = 7, .connect_timeout_s = 3 },
      .log = "+connect fe1:9030 user=x password=s3cret tls=10 ca= auth=mysql_native_password infile=0 charset=utf8mb4 tcp=1 timeouts=3,17\n"
             "fe1:9030#1 SET time_zone = '+00:00', query_timeout = 7, sql_dialect = 'starrocks', catalog = 'default_catalog'\n" },
    { "no password is an empty one, so that $MYSQL_PWD does not count", FE,
      .log = "+connect fe1:9030 user=root password= tls=10 ca= auth=mysql_native_password infile=0 charset=utf8mb4 tcp=1 timeouts=5,40\n"
             "fe1:9030#1 SET time_zone = '+00:00', query_timeout = 30, sql_dialect = 'starrocks', catalog = 'default_catalog'\n" },
    { "an FE that does not take query_timeout is used without it", FE, { { "query_timeout", .code = 1193, .text = "Unknown" }, OK_ROW },
      .asks = { { .sql = "SHOW X" } }, .want = "answered fe1:9030 A|B 1|2 3|\\N\n",
      .log = "fe1:9030#1 SET sql_dialect = 'starrocks'\nfe1:9030#1 SET catalog = 'default_catalog'\nfe1:9030#1 SET time_zone = '+00:00'\nfe1:9030#1 SET query_timeout = 30\nfe1:9030#1 SHOW X\n" },
    { "an FE that does not take the time zone is used, and it is known", FE, { { "time_zone", .code = 1298, .text = "Unknown" }, OK_ROW },
      .asks = { { .sql = "SHOW X" } }, .want = "zone unknown\nanswered fe1:9030 A|B 1|2 3|\\N\n",
      .log = "fe1:9030#1 SET sql_dialect = 'starrocks'\nfe1:9030#1 SET catalog = 'default_catalog'\nfe1:9030#1 SET time_zone = '+00:00'\nfe1:9030#1 SET time_zone = 'UTC'\nfe1:9030#1 SET query_timeout = 30\nfe1:9030#1 SHOW X\n" },
    { "an FE without dialects and catalogs is used as it is", FE,
      { { "sql_dialect", .code = 1193, .text = "Unknown" }, { "catalog", .code = 1193, .text = "Unknown" }, OK_ROW },
      .asks = { { .sql = "SHOW X" } }, .want = "answered fe1:9030 A|B 1|2 3|\\N\n",
      .log = "fe1:9030#1 SET sql_dialect = 'starrocks'\nfe1:9030#1 SET catalog = 'default_catalog'\nfe1:9030#1 SET time_zone = '+00:00'\nfe1:9030#1 SET query_timeout = 30\nfe1:9030#1 SHOW X\n" },
    { "an FE that keeps another dialect is not talked to", FE,
      { { "sql_dialect", .code = 1064, .text = "line 1:5: mismatched input" } },
      .want = "connect: fe1:9030 refused the login: line 1:5: mismatched input (1064)\n" },
    { "a set-up that hangs is no connection", FE, { { "SET ", .hangs = true } }, .options = { .connect_timeout_s = 1 },
      .want = "connect: fe1:9030 admits logins but answered no statement within 1 s; look at the FE's load, locks and log\n" },

    /* ---- TLS ---- */
    { "TLS that is required but not there is refused", FE, .options = { .tls = SRD_TLS_REQUIRED },
      .want = "connect: fe1:9030 offers no TLS; enable TLS on the FE (ssl_keystore_location) or use --ssl-mode=DISABLED\n" },
    { "TLS that is required and there is used", { { .name = "fe1:9030", .tls = true } }, .options = { .tls = SRD_TLS_REQUIRED }, .want = "" },
    { "TLS off is off, and verifies nothing", FE, .options = { .tls = SRD_TLS_DISABLED },
      .log = "+connect fe1:9030 user=root password= tls=00 ca= auth=mysql_native_password infile=0 charset=utf8mb4 tcp=1 timeouts=5,40\n"
             "fe1:9030#1 SET time_zone = '+00:00', query_timeout = 30, sql_dialect = 'starrocks', catalog = 'default_catalog'\n" },
    { "verified TLS allows a clear-text login if that is wanted", { { .name = "fe1:9030", .tls = true } },
      .options = { .tls = SRD_TLS_VERIFY, .tls_ca = "/dev/null", .cleartext = true },
      .log = "+connect fe1:9030 user=root password= tls=11 ca=/dev/null auth=mysql_native_password,mysql_clear_password infile=0 charset=utf8mb4 tcp=1 timeouts=5,40\n"
             "fe1:9030#1 SET time_zone = '+00:00', query_timeout = 30, sql_dialect = 'starrocks', catalog = 'default_catalog'\n" },
    { "a CA that is named counts", FE, .options = { .tls_ca = "/dev/null" },
      .want = "connect: fe1:9030 offers no TLS; enable TLS on the FE (ssl_keystore_location) or use --ssl-mode=DISABLED\n" },
    { "names that are empty are none", FE,
      .options = { .user = "", .tls_ca = "", .tls_cert = "", .tls_key = "", .socket = "" },
      .log = "+connect fe1:9030 user=root password= tls=10 ca= auth=mysql_native_password infile=0 charset=utf8mb4 tcp=1 timeouts=5,40\n"
             "fe1:9030#1 SET time_zone = '+00:00', query_timeout = 30, sql_dialect = 'starrocks', catalog = 'default_catalog'\n" },
    { "a certificate that is not accepted: the way out", { { .name = "fe1:9030", .code = CR_SSL_CONNECTION_ERROR, .text = "TLS/SSL error: self-signed certificate" } },
      .options = { .tls = SRD_TLS_VERIFY },
      .want = "connect: the certificate of fe1:9030 is not accepted: self-signed certificate; name the CA that signed it (--ssl-ca) and "
              "connect by the name that it carries, or use --ssl-mode=REQUIRED to encrypt without verifying\n" },
    { "TLS that fails: the way out", { { .name = "fe1:9030", .code = CR_SSL_CONNECTION_ERROR, .text = "TLS/SSL error: unexpected eof" } },
      .want = "connect: TLS with fe1:9030 failed: unexpected eof; use --ssl-mode=DISABLED to connect without it\n" },

    /* ---- logins that fail ---- */
    { "a wrong password", { { .name = "fe1:9030", .code = 1045, .text = "Access denied for user 'x' (using password: YES)" } },
      .options = { .user = "x", .password = "s3cret" },
      .want = "denied: access denied for user 'x' at fe1:9030 (a password was given); check -u and -p\n" },
    { "a wrong password is not tried on the next host", { { .name = "fe1:9030", .code = 1045, .text = "Access denied" }, { .name = "fe2:9030" } },
      .options = { .hosts = "fe1,fe2" },
      .want = "denied: access denied for user 'root' at fe1:9030 (no password was given); check -u and -p\n", .log = "" },
    { "an error that comes before TLS is read all the same",
      { { .name = "fe1:9030", .code = CR_CONNECTION_ERROR, .text = "Received error packet before completion of TLS handshake. The authenticity of the following error "
                                           "cannot be verified: 1064 - Reach cluster-wide connection limit, qe_max_connection=4" } },
      .want = "connect: fe1:9030 is alive but full: Reach cluster-wide connection limit, qe_max_connection=4; close connections, or raise the limit of the user or the FE\n" },
    { "an FE that is full", { { .name = "fe1:9030", .code = 1064, .text = "Reach user-level(qualifiedUser: u1) connection limit, currentUserMaxConn=2" } },
      .want = "connect: fe1:9030 is alive but full: Reach user-level(qualifiedUser: u1) connection limit, currentUserMaxConn=2; close connections, or raise the limit of the user or the FE\n" },
    { "another error in place of a login", { { .name = "fe1:9030", .code = 1064, .text = "the FE is not ready yet" } },
      .want = "connect: fe1:9030 refused the login: the FE is not ready yet (1064)\n" },
    { "a host that does not exist", { { .name = NULL } },
      .want = "connect: cannot connect to fe1:9030: the host name is not known; check -h and the name service\n" },
    { "a closed port", { { .name = "127.0.0.1:1", .code = CR_CONNECTION_ERROR, .text = "Can't connect to server on '127.0.0.1' (115)" } }, .options = { .hosts = "127.0.0.1:1" },
      .want = "connect: cannot connect to 127.0.0.1:1: connection refused; is the FE running, and is 1 its query_port?\n" },
    { "a port that takes the connection and says nothing",
      { { .name = "fe1:8030", .code = CR_SERVER_LOST, .text = "Lost connection to server at 'handshake: reading initial communication packet', system error: 110" } },
      .options = { .hosts = "fe1:8030" },
      .want = "connect: fe1:8030 accepts connections but sent no MySQL greeting within 5 s; 8030 is the FE's HTTP port, its MySQL port is query_port, 9030\n" },
    { "a port that closes the connection at once",
      { { .name = "fe1:22", .code = CR_SERVER_LOST, .text = "Lost connection to server at 'handshake: reading initial communication packet', system error: 0" } },
      .options = { .hosts = "fe1", .port = 22 },
      .want = "connect: fe1:22 closed the connection without a MySQL greeting; is 22 the FE's query_port (usually 9030), and not its HTTP port (8030)?\n" },
    { "a port that speaks something else", { { .name = "fe1:9030", .code = CR_VERSION_ERROR, .text = "Protocol mismatch. Server Version = 72 Client Version = 10" } },
      .want = "connect: fe1:9030 does not speak the MySQL protocol (Protocol mismatch. Server Version = 72 Client Version = 10); is the FE well? its fe.log and jstack say what it waits for\n" },
    { "a kind of login that is not offered", { { .name = "fe1:9030", .code = CR_PLUGIN_NOT_ALLOWED, .text = "Authentication plugin '(null)' couldn't be found in restricted_auth plugin list." } },
      .options = { .user = "ldap" },
      .want = "denied: fe1:9030 wants a kind of login for user 'ldap' that srdiag does not offer; an LDAP account needs --enable-cleartext-plugin with --ssl-mode=VERIFY_IDENTITY, else use an account with a native password\n" },
    { "a connect that takes longer than the question may", { { .name = "fe1:9030" }, { .name = "fe2:9030", .hangs = true } },
      .asks = { { .sql = "SHOW X", .node = "fe2:9030", .limit_ms = 50 } }, .want = "timeout fe2:9030 (no connection to fe2:9030 in time)\n" },

    /* ---- hosts ---- */
    { "the first host that answers is used", { { .name = "fe2:9031" } }, { OK_ROW }, .options = { .hosts = "fe1, fe2:9031" },
      .asks = { { .sql = "SHOW X" } }, .want = "answered fe2:9031 A|B 1|2 3|\\N\n" },
    { "no host answers: every reason is told", { { .name = "fe2:9030", .code = 1064, .text = "not ready" } }, .options = { .hosts = "fe1,fe2" },
      .want = "connect: no host answers: cannot connect to fe1:9030: the host name is not known; check -h and the name service; fe2:9030 refused the login: not ready (1064)\n" },
    { "an IPv6 address in brackets", { { .name = "::1:9031" } }, { OK_ROW }, .options = { .hosts = "[::1]:9031" },
      .asks = { { .sql = "SHOW X" } }, .want = "answered [::1]:9031 A|B 1|2 3|\\N\n" },
    { "an IPv6 address without brackets has no port", { { .name = "fe80::1:9030" } }, { OK_ROW }, .options = { .hosts = "fe80::1" },
      .asks = { { .sql = "SHOW X" } }, .want = "answered [fe80::1]:9030 A|B 1|2 3|\\N\n" },
    { "an IPv6 node as SHOW FRONTENDS prints it", { { .name = "fe1:9030" }, { .name = "fe80::1:9031" } }, { OK_ROW }, .asks = { { .sql = "SHOW X", .node = "fe80::1:9031" } },
      .want = "answered fe80::1:9031 A|B 1|2 3|\\N\n" },
    { "a port that is none", FE, .options = { .hosts = "fe1:0" }, .want = "config: host \"fe1:0\": \"0\" is not a port number\n" },
    { "a port beyond all ports", FE, .options = { .hosts = "fe1", .port = 70000 }, .want = "config: 70000 is not a port number\n" },
    { "a host without a name", FE, .options = { .hosts = ":9030" }, .want = "config: host \":9030\": the host name is missing\n" },
    { "a node that would be a list of hosts", FE, .asks = { { .sql = "SHOW X", .node = "fe3,fe4:9030" } },
      .want = "failed fe3,fe4:9030 (\"fe3,fe4:9030\" is not the name of a host)\n" },
    { "a node that would act on a terminal", FE, .asks = { { .sql = "SHOW X", .node = "fe3\x1b[31m:9030" } },
      .want = "failed fe3\x1b[31m:9030 (\"fe3\\e[31m:9030\" is not the name of a host)\n" },
    { "brackets that do not close", FE, .options = { .hosts = "[::1" }, .want = "config: host \"[::1\": expected [ADDRESS]:PORT\n" },
    { "no host at all", FE, .options = { .hosts = " , " }, .want = "config: no host in \" , \"\n" },

    /* ---- options that contradict each other ---- */
    { "a Unix socket", FE, .options = { .socket = "/tmp/x.sock" }, .want = "config: StarRocks has no Unix socket (\"/tmp/x.sock\"); connect with -h and -P\n" },
    { "VERIFY_CA without a CA", FE, .options = { .tls = SRD_TLS_VERIFY_CA }, .want = "config: --ssl-mode=VERIFY_CA needs the CA to verify against (--ssl-ca)\n" },
    { "a CA file that is not there", FE, .options = { .tls = SRD_TLS_VERIFY, .tls_ca = "/nosuch" }, .want = "config: cannot read the CA file \"/nosuch\": No such file or directory\n" },
    { "a certificate without its key", FE, .options = { .tls_cert = "/dev/null" }, .want = "config: --ssl-cert and --ssl-key go together\n" },
    { "a clear-text login without verified TLS", FE, .options = { .cleartext = true, .tls = SRD_TLS_REQUIRED },
      .want = "config: clear-text authentication would show the password to anyone who answers; it needs --ssl-mode=VERIFY_IDENTITY\n" },
    /* clang-format on */
};

static int open_row(const struct row *row, struct srd_source **src, struct srd_error *err)
{
    struct srd_live_options options = row->options;

    if (!options.hosts)
        options.hosts = "fe1";
    fake_reset(row->fes, row->replies);
    return srd_live_open(&options, NULL, src, err);
}

static void print_answer(struct srd_buf *out, const struct srd_answer *answer)
{
    const struct srd_table *table = answer->table;

    srd_buf_printf(out, "%s %s %s", srd_status_name(answer->status), answer->node,
                   answer->follower ? "follower " : "");
    if (!table) {
        srd_buf_printf(out, "(%s)\n", answer->detail);
        return;
    }
    for (size_t i = 0; i < table->columns; i++)
        srd_buf_printf(out, "%s%s", i ? "|" : "", table->names[i]);
    for (size_t i = 0; i < table->rows * table->columns; i++)
        srd_buf_printf(out, "%s%s", i % table->columns ? "|" : " ",
                       table->cells[i] ? table->cells[i] : "\\N");
    srd_buf_text(out, table->complete ? "\n" : " incomplete\n");
}

static int ask(struct srd_source *src, const struct question *question, struct srd_arena *arena,
               struct srd_answer *answer, struct srd_error *err)
{
    struct srd_probe probe = { .id = "test",
                               .where = question->where,
                               .max_rows = question->max_rows,
                               .unread_columns = question->unread };
    struct srd_question q = {
        .probe = &probe,
        .key = "",
        .sql = question->sql,
        .node = question->node ? question->node : "",
        .deadline_ms = srd_clock_monotonic_ms() + (question->limit_ms ? question->limit_ms : 5000),
    };

    return src->ops->ask(src, &q, arena, answer, err);
}

/* Keeps the lines of the log that a row is about. */
static void print_log(const char *log, const char *want, struct srd_buf *out)
{
    bool all = want && *want == '+', closes = want && strstr(want, "close ");

    for (const char *end, *line = log; *line; line = end + 1) {
        size_t n;

        end = strchr(line, '\n');
        n = (size_t)(end - line) + 1;
        if (!all && (!strncmp(line, "connect ", strlen("connect ")) ||
                     memmem(line, n, "SET time_zone = '+00:00', query_timeout = 30", 44)))
            continue;
        if (!closes && !strncmp(line, "close ", strlen("close ")))
            continue;
        srd_buf_add(out, line, n);
    }
}

static void talk(const struct row *row, struct srd_source *src, struct srd_arena *arena,
                 struct srd_buf *out)
{
    struct srd_error err = { 0 };
    struct srd_answer answer;
    bool follower;

    if (src->session_zone_unknown)
        srd_buf_text(out, "zone unknown\n");
    if (row->leader) {
        struct srd_cluster cluster = { .leader = row->leader, .frontends = row->frontends };

        assert_int_equal(src->ops->use(src, &cluster, &follower, &err), 0);
        srd_buf_text(out, follower ? "follower\n" : "leader\n");
    }
    for (size_t i = 0; i < SRD_COUNT(row->asks) && row->asks[i].sql; i++) {
        memset(&answer, 0, sizeof(answer));
        if (ask(src, &row->asks[i], arena, &answer, &err))
            srd_buf_printf(out, "%s: %s\n", srd_code_name(err.code), err.text);
        else
            print_answer(out, &answer);
    }
}

/* Until as many statements hang. */
static void wait_for(int ready)
{
    for (int i = 0; i < 2000 && fake_running() != ready; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    assert_int_equal(fake_running(), ready);
}

static void converse(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    SRD_CLEANUP(srd_buf_free) struct srd_buf log;
    SRD_CLEANUP(srd_free_text) char *happened = NULL;
    struct srd_source *src = NULL;
    struct srd_error err = { 0 };

    srd_buf_init(&out, 65536);
    srd_buf_init(&log, 65536);
    if (open_row(row, &src, &err))
        srd_buf_printf(&out, "%s: %s\n", srd_code_name(err.code), err.text);
    else
        talk(row, src, arena, &out);
    happened = fake_log();
    print_log(happened, row->log, &log);
    srd_source_close(&src);
    assert_null(strstr(out.data, "s3cret"));
    if (row->want)
        assert_string_equal(out.data, row->want);
    if (row->log)
        assert_string_equal(log.data, row->log + (row->log[0] == '+'));
    wait_for(0); /* a thread whose connection nobody waits for any longer tidies up alone */
    assert_int_equal(fake_count("KILLED A STRANGER"), 0);
    assert_int_equal(fake_count("read "), 0);
}

/* ---- several threads ---- */

static const struct fake_fe one_fe[] = { { .name = "fe1:9030" }, { .name = NULL } };
static const struct fake_fe narrow_fe[] = {
    { .name = "fe1:9030", .code = 1064, .text = "Reach user-level limit", .admits = 2 },
    { .name = NULL }
};
static const struct fake_fe slow_fe[] = { { .name = "fe1:9030", .hangs = true }, { .name = NULL } };
static const struct fake_reply slow_replies[] = { { "SLOW", .hangs = true }, { .match = NULL } };
static const struct fake_reply quick_replies[] = {
    { "SHOW X", .takes_ms = 3, .names = { "A" }, .cells = { "1" }, .rows = 1 }, { .match = NULL }
};

struct asker {
    pthread_t thread;
    struct srd_source *src;
    struct question question;
    int times;
    int answered;
    char last[200];
};

static void *ask_often(void *context)
{
    struct asker *a = context;

    for (int i = 0; i < a->times; i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct srd_answer answer = { 0 };
        struct srd_error err = { 0 };

        if (ask(a->src, &a->question, arena, &answer, &err)) {
            snprintf(a->last, sizeof(a->last), "%.150s", err.text);
            continue;
        }
        a->answered += answer.status == SRD_ANSWERED;
        snprintf(a->last, sizeof(a->last), "%s (%.150s)", srd_status_name(answer.status),
                 answer.detail);
    }
    return NULL;
}

static struct srd_source *open_with(const struct fake_fe *fes, const struct fake_reply *replies,
                                    size_t parallel)
{
    struct srd_live_options options = { .hosts = "fe1", .parallel = parallel };
    struct srd_source *src = NULL;
    struct srd_error err = { 0 };

    fake_reset(fes, replies);
    assert_int_equal(srd_live_open(&options, NULL, &src, &err), 0);
    return src;
}

static void start(struct asker *askers, size_t n, struct srd_source *src, const char *sql,
                  int times)
{
    for (size_t i = 0; i < n; i++) {
        askers[i] = (struct asker){ .src = src, .question = { .sql = sql }, .times = times };
        pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]);
    }
}

static int finish(struct asker *askers, size_t n)
{
    int answered = 0;

    for (size_t i = 0; i < n; i++) {
        pthread_join(askers[i].thread, NULL);
        answered += askers[i].answered;
    }
    return answered;
}

static void many_ask(void **state)
{
    struct srd_source *src = open_with(one_fe, quick_replies, 4);
    struct asker askers[8];

    (void)state;
    start(askers, SRD_COUNT(askers), src, "SHOW X", 100);
    assert_int_equal(finish(askers, SRD_COUNT(askers)), 800);
    assert_in_range(fake_open(), 1, 4);
    assert_in_range(fake_count("connect "), 1, 4);
    srd_source_close(&src);
    assert_int_equal(fake_open(), 0);
}

static void narrow(void **state)
{
    struct srd_source *src = open_with(narrow_fe, quick_replies, 4);
    struct asker askers[4];

    (void)state;
    start(askers, SRD_COUNT(askers), src, "SHOW X", 50);
    assert_int_equal(finish(askers, SRD_COUNT(askers)), 200);
    srd_source_close(&src);
}

static void cancel_ends_all(void **state)
{
    struct srd_source *src = open_with(one_fe, slow_replies, 3);
    struct asker askers[5];
    int64_t begun;

    (void)state;
    start(askers, SRD_COUNT(askers), src, "SLOW", 1);
    wait_for(3);
    begun = srd_clock_monotonic_ms();
    src->ops->cancel(src);
    src->ops->cancel(src);
    assert_int_equal(finish(askers, SRD_COUNT(askers)), 0);
    assert_in_range(srd_clock_monotonic_ms() - begun, 0, 3000);
    for (size_t i = 0; i < SRD_COUNT(askers); i++)
        assert_string_equal(askers[i].last, "timeout (the run was ended)");
    assert_int_equal(fake_count("killed fe1:9030#"), 3);
    start(askers, 1, src, "SHOW X", 1);
    finish(askers, 1);
    assert_string_equal(askers[0].last, "timeout (the run was ended)");
    srd_source_close(&src);
}

static void close_ends_all(void **state)
{
    struct srd_source *src = open_with(one_fe, slow_replies, 2);
    struct asker askers[2];

    (void)state;
    start(askers, SRD_COUNT(askers), src, "SLOW", 1);
    wait_for(2);
    srd_source_close(&src);
    finish(askers, SRD_COUNT(askers));
    assert_int_equal(fake_count("killed fe1:9030#"), 2);
    assert_int_equal(fake_running(), 0);
}

static void late_together(void **state)
{
    struct srd_source *src = open_with(one_fe, slow_replies, 4);
    struct asker askers[4];
    int64_t begun = srd_clock_monotonic_ms();

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(askers); i++) {
        askers[i] = (struct asker){ .src = src,
                                    .question = { .sql = "SLOW", .limit_ms = 100 },
                                    .times = 1 };
        pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]);
    }
    finish(askers, SRD_COUNT(askers));
    assert_in_range(srd_clock_monotonic_ms() - begun, 100, 3000);
    assert_int_equal(fake_count("killed fe1:9030#"), 4);
    srd_source_close(&src);
}

static void nearer_deadline(void **state)
{
    struct srd_source *src = open_with(one_fe, slow_replies, 4);
    int64_t begun = srd_clock_monotonic_ms();
    struct asker far, near;

    (void)state;
    start(&far, 1, src, "SLOW", 1); /* the watchdog sleeps until its deadline, in five seconds */
    wait_for(1);
    near = (struct asker){ .src = src, .question = { .sql = "SLOW", .limit_ms = 100 }, .times = 1 };
    pthread_create(&near.thread, NULL, ask_often, &near);
    finish(&near, 1);
    assert_in_range(srd_clock_monotonic_ms() - begun, 100, 4000);
    srd_source_close(&src);
    finish(&far, 1);
}

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void interrupted_open(void **state)
{
    struct srd_live_options options = { .hosts = "fe1" };
    struct srd_source *src = NULL;
    struct srd_error err = { 0 };
    int64_t begun = srd_clock_monotonic_ms();

    (void)state;
    fake_reset(slow_fe, NULL);
    interrupted = 0;
    signal(SIGALRM, interrupt);
    setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { .tv_usec = 100000 } }, NULL);
    assert_int_equal(srd_live_open(&options, &interrupted, &src, &err), SRD_E_CANCELLED);
    assert_in_range(srd_clock_monotonic_ms() - begun, 50, 900);
    assert_null(src);
    /* the thread that connects tidies up alone; give it the time, for the sake of leak checkers */
    nanosleep(&(struct timespec){ .tv_sec = 1, .tv_nsec = 200000000 }, NULL);
    assert_int_equal(fake_open(), 0);
}

static const struct CMUnitTest others[] = {
    { "eight threads share four connections", many_ask, NULL, NULL, NULL },
    { "an FE that admits two connections serves four threads over them", narrow, NULL, NULL, NULL },
    { "cancel kills all that runs and lets nothing start", cancel_ends_all, NULL, NULL, NULL },
    { "close while statements run leaves none behind", close_ends_all, NULL, NULL, NULL },
    { "four that are late together cost one deadline", late_together, NULL, NULL, NULL },
    { "a nearer deadline is kept", nearer_deadline, NULL, NULL, NULL },
    { "an interrupt ends the opening at once", interrupted_open, NULL, NULL, NULL },
};

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(others)];

    srd_log_set_level(SRD_LOG_ERROR);
    for (size_t i = 0; i < SRD_COUNT(rows); i++)
        tests[i] = (struct CMUnitTest){ .name = rows[i].name,
                                        .test_func = converse,
                                        .initial_state = (void *)(uintptr_t)&rows[i] };
    memcpy(tests + SRD_COUNT(rows), others, sizeof(others));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
