/* Whatever a cluster says: what a model reads is JSON, clean, and no longer than it may be. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/render/json_parts.h"
#include "lib/serve/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(const char *text, size_t most)
{
    size_t n, length = strlen(text);

    if (length > most + 40) /* the words that say how much is gone */
        abort();
    for (size_t at = 0; at < length; at += n) {
        unsigned character = srd_parts_decode((const unsigned char *)text + at, &n);

        if ((character < 0x20 && character != '\n' && character != '\t') ||
            srd_parts_is_hidden(character))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };
    SRD_CLEANUP(srd_json_free) struct srd_json *back = NULL;
    struct srd_json *object;
    struct srd_error err;
    const char *text;
    size_t most;

    if (!size)
        return 0;
    most = data[0];
    text = srd_arena_copy_n(arena, (const char *)data + 1, size - 1);
    object = srd_json_object();
    srd_json_put(object, "text", srd_json_new_text(text));
    srd_json_put(object, "name", srd_json_new_text(text));
    srd_buf_init(&out, (size_t)64 << 20);
    srd_sheet_print(&out, object, most);
    if (srd_json_parse(out.data, out.size, out.ceiling, &back, &err))
        abort();
    check_clean(srd_json_text(srd_json_get(back, "text")), most);
    check_clean(srd_json_text(srd_json_get(back, "name")), most);
    return 0;
}
