/* Which process is the agent of this folder, how does it begin, and how does it end? */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/agent_home.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/text.h"

#define START_MS 30000
#define END_MS 20000 /* an agent lets requests end for 10 s */
#define HEALTH_MS 2000
#define LOOK_EVERY_NS 50000000
#define CLOEXEC_RANGE 4 /* CLOSE_RANGE_CLOEXEC, of newer headers */

static void nap(void)
{
    const struct timespec time = { .tv_nsec = LOOK_EVERY_NS };

    nanosleep(&time, NULL);
}

/* ---- who has the lock ---- */

static pid_t written_pid(int fd)
{
    char text[32];
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    int64_t pid;

    if (n <= 0)
        return 0;
    text[n] = '\0';
    text[strcspn(text, " \r\n")] = '\0';
    return srd_text_int64(text, &pid) && pid > 1 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

/* Has @pid the lock of the ledger? (An agent lets nobody look into it, not even its own user.) */
static bool has_ledger(const struct srd_home *home, pid_t pid)
{
    SRD_CLEANUP(srd_close_file) FILE *locks = fopen("/proc/locks", "re");
    unsigned long inode;
    struct stat ledger;
    char line[256];
    int owner;

    if (!locks || stat(home->audit, &ledger))
        return false;
    while (
        fgets(line, sizeof(line), locks)) /* "3: FLOCK ADVISORY WRITE 26790 fe:00:1002949 0 EOF" */
        if (sscanf(line, "%*s FLOCK %*s %*s %d %*[^:]:%*[^:]:%lu", &owner, &inode) == 2 &&
            owner == pid && inode == (unsigned long)ledger.st_ino)
            return true;
    return false;
}

/* Is @pid an agent of the folder, as those were that had a script and no lock? */
static bool is_old_agent(const struct srd_home *home, pid_t pid)
{
    SRD_CLEANUP(srd_close_file) FILE *f = NULL;
    bool is_ours = false, serves = false;
    char path[64], words[4096];
    size_t n;

    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    f = fopen(path, "re");
    n = f ? fread(words, 1, sizeof(words) - 1, f) : 0;
    words[n] = '\0';
    for (size_t at = 0; at < n; at += strlen(words + at) + 1) {
        is_ours |= strstr(words + at, "srdiag") != NULL;
        serves |= !strcmp(words + at, "agent");
    }
    return is_ours && serves && has_ledger(home, pid);
}

pid_t srd_home_process(const struct srd_home *home, bool *old)
{
    SRD_CLEANUP(srd_fd_close) int fd = open(home->pid, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    pid_t written;

    if (old)
        *old = false;
    if (fd < 0)
        return 0;
    written = written_pid(fd);
    /* what the file says may be anybody's by now; who holds the lock is the agent */
    if (!fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK)
        return lock.l_pid > 0 ? lock.l_pid : written;
    if (!old || !written || !is_old_agent(home, written))
        return 0;
    *old = true;
    return written;
}

static int held =
    -1; /* never closed: closing any descriptor of the file would give the lock away */

int srd_home_hold(const struct srd_home *home, struct srd_error *err)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int fd = open(home->pid, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0600);
    char text[32];
    int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

    if (fd < 0)
        return srd_fail(err, SRD_E_SYSTEM, "could not open \"%s\": %s", home->pid, strerror(errno));
    if (fcntl(fd, F_SETLK, &lock)) {
        int reason = errno;

        close(fd);
        if (reason != EACCES && reason != EAGAIN)
            return srd_fail(err, SRD_E_SYSTEM, "could not lock \"%s\": %s", home->pid,
                            strerror(reason));
        return srd_fail(err, SRD_E_CONFIG, "the agent of %s runs already (process %d)", home->dir,
                        (int)srd_home_process(home, NULL));
    }
    if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n)
        return srd_fail(err, SRD_E_SYSTEM, "could not write \"%s\": %s", home->pid,
                        strerror(errno));
    held = fd;
    return 0;
}

void srd_home_leave(const struct srd_home *home)
{
    srd_home_listens(home, NULL);
    if (held >= 0 && ftruncate(held, 0))
        return; /* a number that nobody holds is not believed anyway */
}

void srd_home_listens(const struct srd_home *home, const char *url)
{
    char beside[4096];
    SRD_CLEANUP(srd_fd_close) int fd = -1;

    if (!url) {
        unlink(home->url);
        return;
    }
    if (snprintf(beside, sizeof(beside), "%s.new", home->url) >= (int)sizeof(beside))
        return;
    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || dprintf(fd, "%s\n", url) < 0 || rename(beside, home->url))
        unlink(beside); /* status then says that it does not know the address */
}

const char *srd_home_url(const struct srd_home *home, struct srd_arena *arena)
{
    struct srd_error ignored = { 0 };
    unsigned mode;
    bool missing;
    char *text;
    size_t n;

    if (srd_small_file(home->url, arena, &text, &n, &mode, &missing, &ignored))
        return NULL;
    text[strcspn(text, "\r\n")] = '\0';
    return srd_text_prefix(text, "http://") || srd_text_prefix(text, "https://") ? text : NULL;
}

/* ---- beginning ---- */

const char *srd_home_program(const struct srd_home *home, struct srd_arena *arena,
                             struct srd_error *err)
{
    const char *own = srd_arena_printf(arena, "%s/bin/srdiag", home->dir);
    char path[4096];
    ssize_t n;

    if (!access(own, X_OK))
        return own;
    n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (n > 0)
        return srd_arena_copy_n(arena, path, (size_t)n);
    srd_fail(err, SRD_E_SYSTEM, "could not find this program: %s", strerror(errno));
    return NULL;
}

/* Without what configures an agent, as the folder does that, and without what systemd said to us.
 */
static char **clean_environment(struct srd_arena *arena)
{
    static const char *const ours[] = { "SR_",     "SRDIAG_", "AGENT_",
                                        "NOTIFY_", "LISTEN_", "WATCHDOG_" };
    size_t n = 0, kept = 0;
    char **out;

    while (environ[n])
        n++;
    out = srd_arena_array(arena, n + 1, sizeof(*out));
    for (size_t i = 0; i < n; i++) {
        bool drop = false;

        for (size_t k = 0; k < SRD_COUNT(ours); k++)
            drop |= srd_text_prefix(environ[i], ours[k]);
        if (!drop)
            out[kept++] = environ[i];
    }
    return out;
}

/* In the child, which may call nothing that takes memory. */
static void become_agent(const struct srd_home *home, int log, const char *program, char **env,
                         int tell)
{
    char *const argv[] = { (char *)program, (char *)"agent", (char *)"--dir", (char *)home->dir,
                           NULL };
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC), reason;

    umask(077);
    if (setsid() >= 0 && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
        dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0 && !chdir(home->dir)) {
#ifdef SYS_close_range
        syscall(SYS_close_range, 3U, ~0U, CLOEXEC_RANGE);
#endif
        execve(program, argv, env);
    }
    reason = errno;
    if (write(tell, &reason, sizeof(reason)) < 0)
        _exit(71);
    _exit(70);
}

static int fork_agent(const struct srd_home *home, const char *program, struct srd_arena *arena,
                      off_t *log_from, pid_t *out, struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close)
    int log = open(home->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    char **env = clean_environment(arena);
    struct stat st;
    int tell[2], reason = 0;
    ssize_t n;

    if (log < 0 || fstat(log, &st))
        return srd_fail(err, SRD_E_SYSTEM, "could not open \"%s\": %s", home->log, strerror(errno));
    *log_from = st.st_size;
    if (pipe2(tell, O_CLOEXEC))
        return srd_fail(err, SRD_E_SYSTEM, "could not start the agent: %s", strerror(errno));
    *out = fork();
    if (!*out)
        become_agent(home, log, program, env, tell[1]);
    close(tell[1]);
    if (*out < 0)
        reason = errno;
    else
        do
            n = read(tell[0], &reason, sizeof(reason));
        while (n < 0 && errno == EINTR);
    close(tell[0]);
    if (reason)
        return srd_fail(err, SRD_E_SYSTEM, "could not start \"%s\": %s", program, strerror(reason));
    return 0;
}

/* 0: it does. */
static int wait_until_well(const struct srd_home *home, pid_t pid, struct srd_arena *arena,
                           int *status, struct srd_error *err)
{
    int64_t until_ms = srd_clock_monotonic_ms() + START_MS;
    const char *why = "it does not listen";

    while (srd_clock_monotonic_ms() < until_ms) {
        const char *url = srd_home_process(home, NULL) == pid ? srd_home_url(home, arena) : NULL;
        struct srd_home_state state;
        int how;

        if (waitpid(pid, &how, WNOHANG) == pid) {
            *status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
            return srd_fail(err, SRD_E_SYSTEM, "the agent ended as soon as it began");
        }
        if (url && (srd_text_prefix(url, "https://") ||
                    srd_home_health(url, NULL, srd_clock_monotonic_ms() + HEALTH_MS, arena, &state,
                                    &why) == 200))
            return 0;
        if (srd_interrupted) {
            srd_fail(err, SRD_E_CANCELLED, "interrupted");
            break;
        }
        nap();
    }
    if (!err->code)
        srd_fail(err, SRD_E_SYSTEM, "the agent did not get healthy within %d s: %s",
                 START_MS / 1000, why);
    return (int)err->code;
}

int srd_home_spawn(const struct srd_home *home, struct srd_arena *arena, int *status,
                   off_t *log_from, pid_t *out, struct srd_error *err)
{
    const char *program = srd_home_program(home, arena, err);
    struct srd_error ignored = { 0 };
    bool killed;

    *status = 0;
    *log_from = 0;
    if (!program)
        return (int)err->code;
    srd_home_listens(home, NULL); /* what one that was killed has left */
    if (fork_agent(home, program, arena, log_from, out, err) ||
        !wait_until_well(home, *out, arena, status, err))
        return (int)err->code;
    if (!*status) {
        srd_home_end(home, *out, &killed, &ignored);
        waitpid(*out, NULL, WNOHANG);
    }
    return (int)err->code;
}

/* ---- ending ---- */

/* A handle that stays this process, whoever gets its number later; -1: it is gone, or none is to be
 * had. */
static int handle_of(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    return (void)pid, -1;
#endif
}

static int send_to(int handle, pid_t pid, int number)
{
#ifdef SYS_pidfd_send_signal
    if (handle >= 0)
        return (int)syscall(SYS_pidfd_send_signal, handle, number, NULL, 0);
#endif
    (void)handle;
    return kill(pid, number);
}

int srd_home_end(const struct srd_home *home, pid_t pid, bool *killed, struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close) int handle = handle_of(pid);
    int64_t until_ms = srd_clock_monotonic_ms() + END_MS;
    bool old;

    *killed = false;
    /* still the one we mean, now that we hold it? */
    if (srd_home_process(home, &old) != pid && waitpid(pid, NULL, WNOHANG) != 0)
        return 0;
    if (send_to(handle, pid, SIGTERM) && errno != ESRCH)
        return srd_fail(err, SRD_E_SYSTEM, "could not end process %d: %s", (int)pid,
                        strerror(errno));
    while (srd_home_process(home, &old) == pid) {
        if (srd_interrupted)
            return srd_fail(err, SRD_E_CANCELLED, "interrupted; the agent is ending");
        if (srd_clock_monotonic_ms() >= until_ms) {
            if (*killed)
                return srd_fail(err, SRD_E_SYSTEM, "process %d does not end", (int)pid);
            *killed = true;
            until_ms = srd_clock_monotonic_ms() + END_MS;
            send_to(handle, pid, SIGKILL);
        }
        nap();
    }
    return 0;
}
