#ifndef SRD_TESTS_LOAD_ROWS_H
#define SRD_TESTS_LOAD_ROWS_H

#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/cleanup.h"

/*
 * The answer of srd_probe_loads holds three lists. A test either writes jobs with these columns, LOADS_HEAD
 * behind the header and OF_KIND("failed") behind each row, or jobs and rates as tables of their own, and
 * puts them together with loads_text().
 */
/* clang-format off */
#define LOADS_HEAD "|KIND|LOADS|FAILED|LOADS_1H|FAILED_1H|FINISHED_1H|MEDIAN_BYTES_1H|FILTERED|READ_ROWS|EMPTY_LOADS|" \
                   "FILTERED_LABEL|FIRST_S"
#define OF_KIND(kind) "|" kind "|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N"
/* clang-format on */

/* Does @text begin with this header? Then its rows; NULL: it has another, or is none. */
static inline const char *rows_below(const char *text, const char *head)
{
    return text && strncmp(text, head, strlen(head)) == 0 ? text + strlen(head) : NULL;
}

/* A row of jobs and its kind, which its seventh cell says. */
static inline void add_job(struct srd_buf *out, const char *row, size_t n)
{
    const char *state = row;

    for (int i = 0; i < 6; i++)
        state = strchr(state, '|') + 1;
    srd_buf_printf(out, "%.*s%s\n", (int)n, row,
                   strncmp(state, "CANCELLED|", 10) ? OF_KIND("open") : OF_KIND("failed"));
}

/* A row of rates, whose first three cells the jobs have at other places. */
static inline void add_rate(struct srd_buf *out, const char *head, const char *row, size_t n)
{
    static const char *const names[] = { "DB_NAME", "TABLE_NAME", "TYPE" };
    const char *cells[3], *rest = row;

    for (size_t i = 0; i < 3; i++) {
        cells[i] = rest;
        rest = strchr(rest, '|') + 1;
    }
    for (const char *name = head; name; name = strchr(name, '|')) {
        size_t size, i = 0;

        name += *name == '|';
        size = strcspn(name, "|\n");
        while (i < 3 && (strlen(names[i]) != size || strncmp(name, names[i], size) != 0))
            i++;
        if (i < 3)
            srd_buf_add(out, cells[i], strcspn(cells[i], "|"));
        else
            srd_buf_text(out, "\\N");
        srd_buf_char(out, '|');
    }
    srd_buf_printf(out, "rate|%.*s\n", (int)(row + n - rest), rest);
}

/*
 * @jobs and @rates, tables of their own that begin with @job_head (whose seventh column is STATE) and
 * @rate_head (DB_NAME, TABLE_NAME, TYPE and the columns of LOADS_HEAD but KIND), as one answer. Either may be
 * NULL; one with another header is the answer as it is.
 */
static inline const char *loads_text(struct srd_arena *arena, const char *job_head, const char *jobs,
                                     const char *rate_head, const char *rates)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    const char *job = rows_below(jobs, job_head), *rate = rows_below(rates, rate_head);

    srd_buf_init(&out, 1 << 22);
    if (jobs && !job)
        return jobs;
    if (rates && !rate)
        return rates;
    srd_buf_printf(&out, "%.*s%s\n", (int)strcspn(job_head, "\n"), job_head, LOADS_HEAD);
    for (; job && *job; job += strcspn(job, "\n") + 1)
        add_job(&out, job, strcspn(job, "\n"));
    for (; rate && *rate; rate += strcspn(rate, "\n") + 1)
        add_rate(&out, job_head, rate, strcspn(rate, "\n"));
    return srd_arena_copy_n(arena, out.data, out.size);
}

#endif
