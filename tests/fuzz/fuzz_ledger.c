/* Does any file at all pass for a ledger, or harm who reads it? What passes is then written on. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/agent/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *context, const char *text, size_t n, struct srd_error *err)
{
    (void)err;
    if (strlen(text) != n || text[0] != '{' || text[n - 1] != '}')
        abort();
    ++*(size_t *)context;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("ledger", MFD_CLOEXEC);
    struct srd_ledger_state state;
    struct srd_error err = { 0 };
    size_t lines = 0;
    char name[64];

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    if (!srd_ledger_read(name, NULL, count, &lines, &state, &err) &&
        (!state.first != !lines || state.whole_bytes + state.cut_bytes != (int64_t)size))
        abort();
    close(fd);
    return 0;
}
