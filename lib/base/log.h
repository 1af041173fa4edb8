#ifndef SRD_BASE_LOG_H
#define SRD_BASE_LOG_H

#include <stdbool.h>

/*
 * Words about the work, on stderr. Results never go here, secrets never go here; text from outside
 * is cleaned (utf8.h) before it is written. Any thread; one line per call, written whole.
 */
enum srd_log_level { SRD_LOG_ERROR, SRD_LOG_WARNING, SRD_LOG_INFO, SRD_LOG_DEBUG };

void srd_log_set_level(enum srd_log_level level); /* default: SRD_LOG_WARNING */
enum srd_log_level srd_log_level(void);
/* Every line begins with the time (UTC): for a file, which nobody else puts a time to. */
void srd_log_set_times(bool times);
void srd_log(enum srd_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
