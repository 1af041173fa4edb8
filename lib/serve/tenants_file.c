/* May the tenants file be trusted, and what does it hold? */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/base/utf8.h"
#include "lib/serve/tenants_private.h"

static void judge_mode(const char *file, unsigned mode, struct srd_arena *arena,
                       struct srd_tenants *out)
{
    const char **more;
    size_t n = 0;

    if (!(mode & S_IROTH))
        return;
    while (out->warnings[n])
        n++;
    more = srd_arena_array(arena, n + 2, sizeof(*more));
    for (size_t i = 0; i < n; i++)
        more[i] = out->warnings[i];
    more[n] = srd_arena_printf(
        arena, "%s: the file holds tokens and can be read by others: chmod 600 %s", file, file);
    out->warnings = more;
}

int srd_tenants_text(const char *file, struct srd_arena *arena, char **out, size_t *size,
                     unsigned *mode, struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st, after;
    char *bytes;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st))
        return srd_fail(err, SRD_E_CONFIG, "could not open the tenants file \"%s\": %s", file,
                        strerror(errno));
    if (!S_ISREG(st.st_mode) || (size_t)st.st_size > SRD_TENANTS_LARGEST)
        return srd_fail(err, SRD_E_CONFIG, "the tenants file \"%s\" is no file of at most 16 MiB",
                        file);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return srd_fail(err, SRD_E_CONFIG,
                        "the tenants file \"%s\" can be written by others and is not trusted: "
                        "chmod 600 %s",
                        file, file);
    bytes = srd_arena_alloc(arena, (size_t)st.st_size + 1);
    n = srd_fd_read(fd, bytes, (size_t)st.st_size);
    if (n < 0)
        return srd_fail(err, SRD_E_CONFIG, "could not read the tenants file \"%s\": %s", file,
                        strerror(errno));
    /* half of the old text and half of the new one may be a file that nobody wrote */
    if (fstat(fd, &after) || after.st_size != st.st_size || n != st.st_size ||
        after.st_mtim.tv_sec != st.st_mtim.tv_sec || after.st_mtim.tv_nsec != st.st_mtim.tv_nsec) {
        srd_wipe(bytes, (size_t)n);
        return srd_fail(err, SRD_E_CONFIG,
                        "the tenants file \"%s\" was written to while it was read; try again",
                        file);
    }
    *out = bytes;
    *size = (size_t)n;
    *mode = st.st_mode & 0777U;
    return 0;
}

int srd_tenants_read(const char *file, struct srd_arena *arena, struct srd_tenants *out,
                     struct srd_error *err)
{
    unsigned mode;
    char *bytes;
    size_t n;

    if (srd_tenants_text(file, arena, &bytes, &n, &mode, err))
        return err->code;
    if (!srd_tenants_parse(file, bytes, n, arena, out, err))
        judge_mode(file, mode, arena, out);
    srd_wipe(bytes, n);
    return err->code;
}
