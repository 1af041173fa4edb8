#ifndef SRD_CMD_TERMINAL_H
#define SRD_CMD_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"

/* What the terminal can do, and how words reach the user. */

/* Columns of the terminal on standard output ($COLUMNS wins); 0: it is none. */
size_t srd_terminal_width(void);
/* @when: auto, always, never. auto: a terminal that is not dumb, and no NO_COLOR. */
bool srd_terminal_color(const char *when, bool to_file);

/*
 * The result, whole: to @file (beside it, then renamed), through a pager, or to standard output. A
 * reader that leaves early (| head) is no error. Anything else that cannot be written is
 * SRD_E_SYSTEM.
 */
int srd_output_write(const struct srd_buf *out, const char *file, const char *pager,
                     struct srd_error *err);
/* The pager to use for @out on this terminal, or NULL. @configured: setting pager; may be "". */
const char *srd_output_pager(const struct srd_buf *out, const char *configured);

/* Waits until something was typed; false: a signal says that nobody wants it any more. */
bool srd_terminal_wait(int fd);
/* Asks on the terminal without showing what is typed. @out is wiped by the caller. */
int srd_terminal_password(char *out, size_t size, struct srd_error *err);

/*
 * A line on a terminal's standard error, from 300 ms after srd_progress_start() on, until
 * srd_progress_end(). The middle one fits struct srd_run_options.
 */
void srd_progress_start(bool wanted);
void srd_progress(void *context, size_t done, size_t planned, const char *probe);
void srd_progress_end(void);

#endif
