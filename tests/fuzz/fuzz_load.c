/* Error texts of loads: any bytes have one class and an excerpt that is short, valid and harmless. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "experts/load/load.h"
#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *text = srd_arena_copy_n(arena, (const char *)data, size);
    const struct srd_load_class *class = srd_load_class_of(text);
    const char *excerpt = srd_load_excerpt(arena, text, 160);

    if (class < srd_load_classes || class >= srd_load_classes + srd_load_class_count)
        abort();
    if (!srd_utf8_valid(excerpt, strlen(excerpt)) || srd_utf8_width(excerpt) > 163)
        abort();
    for (const char *p = excerpt; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            abort();
    return 0;
}
