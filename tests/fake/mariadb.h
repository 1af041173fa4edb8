#ifndef SRD_TESTS_FAKE_MARIADB_H
#define SRD_TESTS_FAKE_MARIADB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * libmariadb with scripted replies, linked in place of it: the functions that the live source
 * calls, on FEs that exist only here. Every statement, connect, kill and cut is written to a log.
 * Any thread.
 *
 * A statement gets the first reply whose @match it contains (and whose @fe fits and which is not
 * used up), else an OK without rows. SHOW PROCESSLIST and KILL QUERY work on what runs, unless a
 * reply says otherwise.
 */
#define FAKE_CELLS 15

struct fake_reply {
    const char *match; /* NULL ends a list */
    const char *fe;    /* only there; NULL: everywhere */
    int times;         /* then it is used up; 0: never */

    unsigned code; /* error of mysql_real_query ... */
    const char *text;
    unsigned null_code;  /* ... of mysql_use_result, which gives NULL though there are columns */
    unsigned fetch_code; /* ... of mysql_fetch_row, after all rows */
    unsigned next_code;  /* ... of mysql_next_result, after the first result */
    int more;            /* result sets behind the first */
    int takes_ms;        /* before anything else */
    bool hangs;          /* until KILL QUERY (then error 1064), or until the connection is cut */
    bool deaf;           /* a hanging one: KILL does not help either */
    bool killed_empty;   /* a killed one succeeds, with no row */

    const char *names[FAKE_CELLS];     /* NULL-ended: columns */
    const char *cells[FAKE_CELLS];     /* of the rows, row by row */
    unsigned long lengths[FAKE_CELLS]; /* 0: of the text */
    size_t rows;                       /* rows beyond the cells are those once more */
};

struct fake_fe {
    const char *name; /* "fe1:9030"; NULL ends a list. Others are unknown hosts. */
    unsigned code;    /* error of the login, 0: admits */
    const char *text;
    int admits;        /* this many at a time, then @code; 0: no limit */
    int lasts;         /* this many logins in all, then @code; 0: no limit */
    bool hangs;        /* the login, for a second */
    bool tls;          /* offers TLS */
    unsigned first_id; /* of its connections; 0: 1 */
    int behind;        /* so many FEs behind one address, by turns, with the same ids; 0: 1 */
    const char *
        stranger; /* what somebody else runs on all but the first of them, as connection first_id */
};

/* Forgets everything; the lists are borrowed. */
void fake_reset(const struct fake_fe *fes, const struct fake_reply *replies);
/* What happened, one line each, in order of their happening; to be freed. */
char *fake_log(void);
/* How often a line of the log begins with @start. */
int fake_count(const char *start);
/* Connections that are open; statements that hang. */
int fake_open(void);
int fake_running(void);

#endif
