/* Do words of a server stay one short clean line, and does any text as a host do harm? */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"
#include "lib/source/live_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *line, size_t most)
{
    size_t n = strlen(line);

    if (n > most || !srd_utf8_valid(line, n))
        abort();
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            abort();
}

static void check_host(const char *text, bool node)
{
    struct srd_live_host host, again;
    struct srd_error err;

    if (srd_live_host(text, SRD_LIVE_PORT, node, &host, &err))
        return;
    if (!*host.host || host.port < 1 || host.port > 65535 || strlen(host.name) < strlen(host.host))
        abort();
    /* a name is an address too, and the same one */
    if (!strpbrk(host.host, "[]") &&
        (srd_live_host(host.name, 1, false, &again, &err) || strcmp(again.name, host.name)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_live_options options = { .user = "u", .password = "secret" };
    struct srd_live_access *access = NULL;
    struct srd_live_host host;
    struct srd_error err;
    const char *text;
    unsigned code;

    if (size < 2)
        return 0;
    code = data[0] + 256U * data[1];
    text = srd_arena_copy_n(arena, (const char *)data + 2, size - 2);
    for (int status = 0; status < SRD_STATUS_COUNT; status++)
        check_line(srd_live_detail((enum srd_status)status, text, arena), SRD_LIVE_DETAIL_SIZE - 1);
    srd_live_detail(srd_live_class(code, text), text, arena);
    check_host(text, false);
    check_host(text, true);

    if (srd_live_access_new(&options, &access, &err) ||
        srd_live_host("127.0.0.1:1", SRD_LIVE_PORT, false, &host, &err))
        abort();
    /* codes of a connect that failed would make it look for itself why: not here */
    if (code < 2002 || code > 2004) {
        if (!srd_live_refused(access, &host, code, text, 5, &err) ||
            (strstr(err.text, "secret") && !strstr(text, "secret")))
            abort();
        check_line(err.text, sizeof(err.text) - 1);
    }
    srd_live_access_drop(&access);
    return 0;
}
