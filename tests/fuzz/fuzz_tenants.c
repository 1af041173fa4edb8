/* Whatever stands in the file of tenants: it is refused with a line, or can be changed and read again. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/base/json_edit.h"
#include "lib/serve/tenants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_again(const struct srd_buf *text, size_t tenants, bool enabled, const char *id)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_tenants again;
    struct srd_error err = { 0 };

    if (srd_tenants_parse("f", text->data, text->size, arena, &again, &err) || again.count != tenants)
        abort();
    for (size_t i = 0; i < again.count; i++)
        if (!strcmp(again.list[i].id, id) && again.list[i].enabled != enabled)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };
    char *text = srd_arena_copy_n(arena, (const char *)data, size);
    struct srd_tenants tenants;
    struct srd_error err = { 0 };

    if (srd_tenants_parse("f", text, size, arena, &tenants, &err)) {
        if (err.code != SRD_E_CONFIG || strncmp(err.text, "f", 1) != 0)
            abort();
        return 0;
    }
    srd_buf_init(&out, (size_t)16 << 20);
    for (size_t i = 0; i < tenants.count; i++) {
        const char *path[] = { "tenants", tenants.list[i].id, "enabled", NULL };
        bool enabled = !tenants.list[i].enabled;

        srd_buf_clear(&out);
        if (!srd_json_edit_put(text, path, enabled ? "true" : "false", &out))
            abort();
        parse_again(&out, tenants.count, enabled, tenants.list[i].id);
        srd_buf_clear(&out);
        path[2] = NULL;
        if (!srd_json_edit_drop(text, path, &out))
            abort();
        parse_again(&out, tenants.count - 1, false, "");
    }
    return 0;
}
