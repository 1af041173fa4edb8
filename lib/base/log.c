/* What is said about the work, and to whom? */

#include "lib/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/utf8.h"

#define LONGEST_TEXT 4096
#define LONGEST_LINE (LONGEST_TEXT * 4 + 64) /* a byte becomes at most \xNN */

static atomic_int highest = SRD_LOG_WARNING;
static atomic_bool with_times;

static const char *const names[] = {
    [SRD_LOG_ERROR] = "error",
    [SRD_LOG_WARNING] = "warning",
    [SRD_LOG_INFO] = "info",
    [SRD_LOG_DEBUG] = "debug",
};

void srd_log_set_level(enum srd_log_level level)
{
    atomic_store_explicit(&highest, (int)level, memory_order_relaxed);
}

enum srd_log_level srd_log_level(void)
{
    return (enum srd_log_level)atomic_load_explicit(&highest, memory_order_relaxed);
}

void srd_log_set_times(bool times)
{
    atomic_store_explicit(&with_times, times, memory_order_relaxed);
}

/* One write per line, so that lines of several threads and processes do not mix. */
static void write_whole(const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(STDERR_FILENO, bytes, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) /* nobody is left to be told */
            return;
        bytes += done;
        n -= (size_t)done;
    }
}

void srd_log(enum srd_log_level level, const char *format, ...)
{
    int saved = errno, n;
    char text[LONGEST_TEXT], now[SRD_TIME_SIZE];
    va_list args;

    if (level > srd_log_level() || (size_t)level >= SRD_COUNT(names))
        return;
    va_start(args, format);
    n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n >= 0) {
        SRD_CLEANUP(srd_buf_free) struct srd_buf line;
        bool cut = (size_t)n >= sizeof(text);

        srd_buf_init(&line, LONGEST_LINE);
        if (atomic_load_explicit(&with_times, memory_order_relaxed))
            srd_buf_printf(&line, "%s ", srd_time_rfc3339(srd_clock_now_ms(), now));
        srd_buf_printf(&line, "srdiag: %s: ", names[level]);
        srd_utf8_clean(&line, text, cut ? srd_utf8_whole(text, sizeof(text) - 1) : (size_t)n);
        srd_buf_text(&line, cut ? "...\n" : "\n");
        write_whole(line.data, line.size);
    }
    errno = saved;
}
