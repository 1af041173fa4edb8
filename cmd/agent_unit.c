/* How does systemd run the agent of a folder? */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/agent.h"
#include "cmd/replace.h"
#include "lib/base/cleanup.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

#define SYSTEM_UNIT "srdiag-agent.service"
#define MAX_WORDS 12

/* ---- programs of systemd ---- */

/* Found in PATH; @quiet: without what it says. -1: it is not there. */
static int run_words(const char *const *words, bool quiet, int *status, struct srd_error *err)
{
    int how = 0;
    pid_t pid = fork();

    if (!pid) {
        int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

        if (quiet && nothing >= 0) {
            dup2(nothing, STDOUT_FILENO);
            dup2(nothing, STDERR_FILENO);
        }
        execvp(words[0], (char *const *)words);
        _exit(127);
    }
    if (pid < 0)
        return srd_fail(err, SRD_E_SYSTEM, "could not run %s: %s", words[0], strerror(errno));
    while (waitpid(pid, &how, 0) < 0)
        if (errno != EINTR)
            return srd_fail(err, SRD_E_SYSTEM, "could not wait for %s: %s", words[0],
                            strerror(errno));
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    return *status == 127 ? srd_fail(err, SRD_E_SYSTEM, "%s is not there", words[0]) : 0;
}

static int systemctl(bool user, const char *verb, const char *more, bool quiet, int *status,
                     struct srd_error *err)
{
    const char *words[MAX_WORDS] = { "systemctl" };
    size_t n = 1;

    if (user)
        words[n++] = "--user";
    words[n++] = verb;
    if (more)
        words[n++] = more;
    return run_words(words, quiet, status, err);
}

int srd_unit_do(const struct srd_home *home, const char *unit, const char *verb, int *status,
                struct srd_error *err)
{
    bool quiet = !strcmp(verb, "is-active"); /* its answer is its exit status */
    if (systemctl(!home->system, verb, unit, quiet, status, err))
        return srd_while(err,
                         home->system ? "%s is kept by the machine's systemd (srdiag agent "
                                        "--config FILE runs it without)"
                                      : "%s is kept by a systemd of the user",
                         home->config);
    return 0;
}

int srd_unit_logs(const struct srd_home *home, const char *unit, int64_t lines, bool follow,
                  int *status, struct srd_error *err)
{
    const char *words[MAX_WORDS] = { "journalctl" };
    char count[32];
    size_t n = 1;

    snprintf(count, sizeof(count), "%lld", (long long)lines);
    if (!home->system)
        words[n++] = "--user";
    words[n++] = "--no-pager";
    words[n++] = "-u";
    words[n++] = unit;
    words[n++] = "-n";
    words[n++] = count;
    if (!follow)
        return run_words(words, false, status, err);
    words[n] = "-f";
    execvp(words[0], (char *const *)words);
    return srd_fail(err, SRD_E_SYSTEM, "could not run journalctl: %s", strerror(errno));
}

/* ---- units ---- */

const char *srd_unit_of(const struct srd_home *home, struct srd_arena *arena)
{
    const char *unit = NULL;
    struct dirent *entry;
    DIR *dir;

    if (home->system)
        return SYSTEM_UNIT;
    dir = opendir(home->dir);
    while (dir && (entry = readdir(dir)))
        if (!fnmatch("srdiag-agent*.service", entry->d_name, 0))
            unit = srd_arena_copy(arena, entry->d_name);
    if (dir)
        closedir(dir);
    return unit;
}

/* One folder has the plain name, so that it can be remembered; several of one user must differ. */
static const char *unit_name(const struct srd_home *home, struct srd_arena *arena)
{
    const char *user = getenv("HOME");
    unsigned char digest[SRD_SHA256_SIZE];
    char hex[9];

    if (user && !strcmp(home->dir, srd_arena_printf(arena, "%s/.starrocks-agent", user)))
        return SYSTEM_UNIT;
    srd_sha256(home->dir, strlen(home->dir), digest);
    srd_hex(digest, 4, hex);
    return srd_arena_printf(arena, "srdiag-agent-%s.service", hex);
}

/* As systemd reads a word of ExecStart. */
static const char *unit_word(struct srd_arena *arena, const char *word)
{
    char *out = srd_arena_alloc(arena, 2 * strlen(word) + 3), *put = out;

    *put++ = '"';
    for (; *word; word++) {
        if (*word == '"' || *word == '\\')
            *put++ = '\\';
        else if (*word == '%' || *word == '$')
            *put++ = *word;
        *put++ = *word;
    }
    *put++ = '"';
    *put = '\0';
    return out;
}

static const char *unit_text(const struct srd_home *home, const char *program,
                             struct srd_arena *arena)
{
    return srd_arena_printf(
        arena,
        "# The agent of %s. Written by srdiag agent --init.\n"
        "[Unit]\n"
        "Description=StarRocks diagnosis: agent of a central server (srdiag agent)\n"
        "Documentation=man:srdiag(1)\n"
        "\n"
        "[Service]\n"
        "Type=notify\n"
        "NotifyAccess=main\n"
        "ExecStart=%s agent --dir %s\n"
        "ExecReload=/bin/kill -HUP $MAINPID\n"
        "Restart=on-failure\n"
        "RestartSec=2\n"
        "RestartPreventExitStatus=64 78\n"
        "WatchdogSec=30\n"
        "TimeoutStopSec=20\n"
        "UMask=0077\n"
        "LimitCORE=0\n"
        "NoNewPrivileges=yes\n"
        "LockPersonality=yes\n"
        "MemoryDenyWriteExecute=yes\n"
        "RestrictRealtime=yes\n"
        "RestrictSUIDSGID=yes\n"
        "SystemCallArchitectures=native\n"
        "\n"
        "[Install]\n"
        "WantedBy=default.target\n",
        home->dir, unit_word(arena, program), unit_word(arena, home->dir));
}

static bool is_wanted(const char *wanted)
{
    struct srd_error ignored = { 0 };
    int status = 1;

    if (strcmp(wanted, "auto") != 0)
        return !strcmp(wanted, "yes");
    /* a shell of su or cron has no systemd of its user */
    return srd_systemd_runs() &&
           !systemctl(true, "show-environment", NULL, true, &status, &ignored) && !status;
}

int srd_unit_make(const struct srd_home *home, const char *wanted, struct srd_arena *arena,
                  const char **out, struct srd_error *err)
{
    const char *name = unit_name(home, arena), *path, *program, *text;
    SRD_CLEANUP(srd_replace_end) struct srd_replace replace = { .fd = -1 };
    int status;

    *out = srd_unit_of(home, arena);
    if (*out || !is_wanted(wanted))
        return 0;
    path = srd_arena_printf(arena, "%s/%s", home->dir, name);
    program = srd_home_program(home, arena, err);
    if (!program)
        return (int)err->code;
    if (strpbrk(home->dir, "\n\r"))
        return srd_fail(err, SRD_E_USAGE, "systemd knows no folder with a line break in its name");
    text = unit_text(home, program, arena);
    if (srd_replace_begin(path, arena, &replace, err) ||
        srd_replace_write(&replace, text, strlen(text), arena, err))
        return (int)err->code;
    /* enabling links it to where systemd looks, and reads it */
    if (systemctl(true, "enable", path, false, &status, err) || status) {
        unlink(path);
        return err->code ? (int)err->code
                         : srd_fail(err, SRD_E_SYSTEM,
                                    "systemctl --user enable ended with %d; --systemd=no goes "
                                    "without",
                                    status);
    }
    *out = name;
    return 0;
}
