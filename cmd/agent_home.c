/* Where is the agent of this machine kept, and may what is there be believed? */

#include "cmd/agent_home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/env_file.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define SYSTEM_DIR "/etc/srdiag"

bool srd_systemd_runs(void)
{
    struct stat st;

    return !lstat("/run/systemd/system", &st) && S_ISDIR(st.st_mode); /* as sd_booted(3) */
}

static bool is_file(const char *path)
{
    struct stat st;

    return !stat(path, &st) && S_ISREG(st.st_mode);
}

static const char *in(struct srd_arena *arena, const char *dir, const char *name)
{
    return srd_arena_printf(arena, "%s/%s", dir, name);
}

static const char *choose_dir(const char *dir, struct srd_arena *arena, struct srd_error *err)
{
    const char *home = getenv("HOME"), *named = getenv("SRDIAG_AGENT_HOME"), *own;

    if (!dir && named && *named)
        dir = named;
    if (dir)
        return dir;
    own = home && *home ? in(arena, home, ".starrocks-agent") : NULL;
    if (!geteuid() && srd_systemd_runs() && !(own && is_file(in(arena, own, ".env"))))
        return SYSTEM_DIR;
    if (!own)
        srd_fail(err, SRD_E_USAGE, "HOME is not set: say --dir DIR");
    return own;
}

int srd_home_find(const char *dir, bool system, struct srd_arena *arena, struct srd_home *out,
                  struct srd_error *err)
{
    SRD_CLEANUP(srd_free_text) char *here = NULL;
    SRD_CLEANUP(srd_free_text) char *real = NULL;
    bool is_found = !dir;
    size_t n;

    dir = choose_dir(dir, arena, err);
    if (!dir)
        return (int)err->code;
    if (*dir != '/') {
        here = getcwd(NULL, 0);
        if (!here)
            return srd_fail(err, SRD_E_SYSTEM, "the folder we are in is gone: %s", strerror(errno));
        dir = in(arena, here, dir);
    }
    real = realpath(dir, NULL);
    dir = srd_arena_copy(arena, real ? real : dir);
    for (n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--)
        ;
    dir = srd_arena_copy_n(arena, dir, n);
    *out = (struct srd_home){ .dir = dir, .is_found = is_found };
    if (is_file(in(arena, dir, ".env")))
        out->exists = true;
    else if (is_file(in(arena, dir, "agent.cnf")))
        out->exists = out->system = true;
    else
        out->system = system || !strcmp(dir, SYSTEM_DIR);
    out->config = in(arena, dir, out->system ? "agent.cnf" : ".env");
    out->pid = in(arena, dir, "agent.pid");
    out->url = in(arena, dir, "agent.url");
    out->log = in(arena, dir, "agent.log");
    out->audit = out->system ? "/var/log/srdiag/agent-audit.log" : in(arena, dir, "audit.log");
    out->token = in(arena, dir, "agent.token");
    out->password = in(arena, dir, "password");
    return 0;
}

const char *srd_home_words(const struct srd_home *home, struct srd_arena *arena)
{
    return home->is_found ? ""
                          : srd_arena_printf(arena, " --dir %s", srd_env_word(arena, home->dir));
}

static int trust(const char *path, bool folder, struct srd_error *err)
{
    struct stat st;

    if (stat(path, &st))
        return errno == ENOENT ? 0
                               : srd_fail(err, SRD_E_SYSTEM, "could not look at \"%s\": %s", path,
                                          strerror(errno));
    if (folder && !S_ISDIR(st.st_mode))
        return srd_fail(err, SRD_E_CONFIG, "\"%s\" is no folder", path);
    if (st.st_uid != geteuid() && st.st_uid)
        return srd_fail(
            err, SRD_E_CONFIG,
            "\"%s\" belongs to another user (%u), who could change it: run this as that "
            "user, or choose another folder with --dir",
            path, (unsigned)st.st_uid);
    if (st.st_mode & 022)
        return srd_fail(err, SRD_E_CONFIG,
                        "others can write to \"%s\", so that it is not trusted: chmod go-w '%s'",
                        path, path);
    return 0;
}

int srd_home_trust(const struct srd_home *home, struct srd_error *err)
{
    return trust(home->dir, true, err) ? (int)err->code : trust(home->config, false, err);
}

int srd_home_need(const struct srd_home *home, struct srd_error *err)
{
    if (srd_home_trust(home, err))
        return (int)err->code;
    if (!home->exists)
        return srd_fail(err, SRD_E_CONFIG,
                        "there is no agent in %s: srdiag agent --init makes one (--dir or "
                        "SRDIAG_AGENT_HOME: elsewhere)",
                        home->dir);
    return 0;
}

static const char *no_env(const char *name)
{
    (void)name;
    return NULL;
}

struct srd_settings_places srd_home_places(const struct srd_home *home)
{
    return (struct srd_settings_places){ .env = no_env,
                                         .dotenv = home->system ? NULL : home->config,
                                         .own_dotenv = true,
                                         .config = home->system ? home->config : NULL };
}

int srd_home_load(const struct srd_home *home, struct srd_arena *arena, struct srd_settings *out,
                  struct srd_error *err)
{
    struct srd_settings_places places = srd_home_places(home);

    srd_settings_init(out, arena);
    out->agent = true;
    return srd_settings_load(out, &places, err);
}

const char *srd_home_path(const struct srd_home *home, struct srd_arena *arena, const char *file)
{
    return *file == '/' || !*file ? file : in(arena, home->dir, file);
}

int srd_home_lock(const struct srd_home *home, int *out, struct srd_error *err)
{
    int fd = open(home->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *out = -1;
    if (fd < 0)
        return srd_fail(err, SRD_E_SYSTEM, "could not open \"%s\": %s", home->dir, strerror(errno));
    while (flock(fd, LOCK_EX)) {
        int reason = errno;

        if (reason == EINTR && !srd_interrupted)
            continue;
        close(fd);
        return reason == EINTR ? srd_fail(err, SRD_E_CANCELLED, "interrupted")
                               : srd_fail(err, SRD_E_SYSTEM, "could not lock \"%s\": %s", home->dir,
                                          strerror(reason));
    }
    *out = fd;
    return 0;
}

void srd_home_unlock(int *lock)
{
    if (*lock >= 0)
        close(*lock);
    *lock = -1;
}
