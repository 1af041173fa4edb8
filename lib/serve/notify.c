/* What does the service manager have to be told, and what did it hand over? */

#include "lib/serve/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/error.h"
#include "lib/base/text.h"

#define FIRST_HANDED_OVER 3 /* SD_LISTEN_FDS_START */

void srd_notify(const char *state)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    const char *path = getenv("NOTIFY_SOCKET");
    size_t n = path ? strlen(path) : 0;
    int fd;

    if (n < 2 || n >= sizeof(to.sun_path) || (*path != '/' && *path != '@'))
        return;
    memcpy(to.sun_path, path, n);
    if (*path == '@') /* a name without a file */
        to.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0) {
        /* nobody listens: then nobody waits for it either */
    }
    close(fd);
}

void srd_notify_reloading(void)
{
    struct timespec now;
    char state[64];

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    srd_notify(state);
}

static bool is_for_us(const char *pid)
{
    int64_t number;

    return pid && srd_text_int64(pid, &number) && number == (int64_t)getpid();
}

int64_t srd_notify_watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t number;

    if (!usec || !srd_text_int64(usec, &number) || number <= 0 || (pid && !is_for_us(pid)))
        return 0;
    return number / 2000 ? number / 2000 : 1;
}

int srd_notify_socket(void)
{
    const char *count = getenv("LISTEN_FDS");
    int64_t number;

    if (!count || !srd_text_int64(count, &number) || number < 1 || !is_for_us(getenv("LISTEN_PID")))
        return -1;
    fcntl(FIRST_HANDED_OVER, F_SETFD, FD_CLOEXEC);
    return FIRST_HANDED_OVER;
}

int srd_notify_port(const char *file, int port, struct srd_error *err)
{
    char text[16], beside[4096];
    int n = snprintf(text, sizeof(text), "%d\n", port), fd;

    if (!file)
        return 0;
    if (snprintf(beside, sizeof(beside), "%s.%ld", file, (long)getpid()) >= (int)sizeof(beside))
        return srd_fail(err, SRD_E_SYSTEM, "the name of the port file is too long");
    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0 || write(fd, text, (size_t)n) != n || close(fd) || rename(beside, file))
        return srd_fail(err, SRD_E_SYSTEM, "could not write the port file \"%s\": %s", file,
                        strerror(errno));
    return 0;
}
