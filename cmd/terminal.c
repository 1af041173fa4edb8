/* What can the terminal do, and how do words reach the user? */

#include "cmd/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/command.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#define PROGRESS_AFTER_MS 300
#define PROGRESS_EVERY_MS 100

static bool is_dumb(void)
{
    const char *term = getenv("TERM");

    return !term || !*term || !strcmp(term, "dumb");
}

size_t srd_terminal_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    int64_t n;

    if (!isatty(STDOUT_FILENO))
        return 0;
    if (columns && srd_text_int64(columns, &n) && n >= 20 && n <= 10000)
        return (size_t)n;
    if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
        return size.ws_col;
    return 80;
}

bool srd_terminal_color(const char *when, bool to_file)
{
    const char *no = getenv("NO_COLOR");

    if (strcmp(when, "auto") != 0)
        return !strcmp(when, "always");
    return !to_file && isatty(STDOUT_FILENO) && !is_dumb() && !(no && *no);
}

/* --- a password --- */

/* Signals are let in while we wait and at no other time, so that none comes just before and is
 * slept through. */
bool srd_terminal_wait(int fd)
{
    static const int ours[] = { SIGINT, SIGTERM, SIGHUP };
    struct pollfd one = { .fd = fd, .events = POLLIN };
    sigset_t set, before;
    int got;

    sigemptyset(&set);
    for (size_t i = 0; i < SRD_COUNT(ours); i++)
        sigaddset(&set, ours[i]);
    sigprocmask(SIG_BLOCK, &set, &before);
    do
        got = srd_interrupted ? -1 : ppoll(&one, 1, NULL, &before);
    while (got < 0 && errno == EINTR && !srd_interrupted);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return !srd_interrupted;
}

/* One line of at most @size - 1 bytes; -1: the reason is in errno. */
static ssize_t read_line(int fd, char *out, size_t size)
{
    size_t n = 0;

    for (;;) {
        ssize_t got = srd_terminal_wait(fd) ? read(fd, out + n, 1) : -1;

        if (got < 0)
            return -1;
        if (!got || out[n] == '\n' || out[n] == '\r')
            break;
        if (n + 2 == size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        n++;
    }
    out[n] = '\0';
    return (ssize_t)n;
}

int srd_terminal_password(char *out, size_t size, struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    static const char prompt[] = "Password: ";
    struct termios before, silent;
    ssize_t got;
    int saved;

    if (fd < 0 || tcgetattr(fd, &before))
        return srd_fail(err, SRD_E_USAGE,
                        "-p without a value asks for the password, and there is no terminal to ask "
                        "on; use --password-file");
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    silent.c_cc[VSUSP] = _POSIX_VDISABLE; /* a stopped srdiag would leave a shell without echo */
    tcsetattr(fd, TCSAFLUSH, &silent);
    if (write(fd, prompt, sizeof(prompt) - 1) < 0)
        got = -1;
    else
        got = read_line(fd, out, size);
    saved = errno;
    tcsetattr(fd, TCSAFLUSH, &before);
    if (write(fd, "\n", 1) < 0 && got >= 0)
        return 0; /* only the look of the terminal suffers */
    if (got >= 0)
        return 0;
    explicit_bzero(out, size);
    if (srd_interrupted)
        return srd_fail(err, SRD_E_CANCELLED, "interrupted");
    return srd_fail(err, SRD_E_SYSTEM, "could not read the password: %s", strerror(saved));
}

/* --- progress --- */

static struct {
    bool wanted, shown;
    int64_t started_ms, latest_ms;
    size_t done, planned;
} progress;

void srd_progress_start(bool wanted)
{
    progress.wanted = wanted && isatty(STDERR_FILENO) && !is_dumb();
    progress.shown = false;
    progress.started_ms = progress.latest_ms = srd_clock_monotonic_ms();
}

void srd_progress(void *context, size_t done, size_t planned, const char *probe)
{
    int64_t now;

    (void)context;
    if (!progress.wanted)
        return;
    now = srd_clock_monotonic_ms();
    if (now - progress.started_ms < PROGRESS_AFTER_MS ||
        now - progress.latest_ms < PROGRESS_EVERY_MS)
        return;
    if (progress.shown && done == progress.done && planned == progress.planned)
        return;
    progress.latest_ms = now;
    progress.shown = true;
    progress.done = done;
    progress.planned = planned;
    dprintf(STDERR_FILENO, "\r\033[K%zu of %zu answers%s%.40s", done, planned,
            probe && *probe ? ": " : "", probe ? probe : "");
}

void srd_progress_end(void)
{
    if (progress.shown)
        dprintf(STDERR_FILENO, "\r\033[K");
    progress.wanted = progress.shown = false;
}
