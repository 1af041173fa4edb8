/* Can a server of somebody else break the health check, or appear healthy without saying so? */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/healthcheck.h"
#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void look_at_target(const char *text)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_health_target target = { 0 };
    struct srd_error err = { 0 };

    if (srd_health_url(text, arena, &target, &err))
        must(err.code == SRD_E_USAGE && err.text[0]);
    else
        must(*target.host && *target.port && (*target.path == '/') &&
             !strpbrk(target.authority, " \r\n@") && !strpbrk(target.path, " \r\n#"));
    srd_health_listen(text, arena, &target, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_health health;
    char *text = malloc(size + 1);

    must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    srd_health_judge(text, size, arena, &health);
    must(health.words && *health.words && strlen(health.words) < 32768);
    must(srd_utf8_valid(health.words, strlen(health.words)) && !strpbrk(health.words, "\r\n\033"));
    must(!health.healthy || health.http_status == 200);
    look_at_target(text);
    free(text);
    return 0;
}
