/* Can a .env file be changed so that anything else in it changes? Text, a NUL, and a value. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/config_file.h"
#include "cmd/env_file.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool all(const char *key)
{
    (void)key;
    return true;
}

static const char *const keys[] = { "SRDIAG_TOKEN", "TOKEN", NULL };

/* What others say in it, in its order. */
static char *others(const char *text, struct srd_arena *arena, const char **token)
{
    struct srd_config_text read = { .arena = arena };
    char *out = srd_arena_copy(arena, "");
    const char *found[2] = { "", "" };

    srd_dotenv_parse("f", text, strlen(text), all, &read);
    for (size_t i = 0; i < read.count; i++) {
        const struct srd_entry *e = &read.entries[i];
        bool first = !strcmp(e->key, keys[0]);

        if (srd_text_in(e->key, keys) && *e->value)
            found[!first] = e->value;
        else if (!srd_text_in(e->key, keys))
            out = srd_arena_printf(arena, "%s%s=%s;", out, e->key, e->value);
    }
    *token = *found[0] ? found[0] : found[1];
    return out;
}

static void check_word(const char *value, struct srd_arena *arena)
{
    const char *line = srd_arena_printf(arena, "KEY=%s\n", srd_env_word(arena, value));
    struct srd_config_text read = { .arena = arena };

    srd_dotenv_parse("f", line, strlen(line), all, &read);
    if (read.count != 1 || strcmp(read.entries[0].value, value) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *text = srd_arena_copy_n(arena, (const char *)data, size), *token, *before, *put;
    const char *value = strlen(text) < size ? text + strlen(text) + 1 : "new";

    /* a byte order mark means something in the first line only, and lines go */
    if (!srd_utf8_valid(text, strlen(text)) || !srd_utf8_valid(value, strlen(value)) ||
        size > 4000 || strstr(text, "\xef\xbb\xbf"))
        return 0;
    check_word(value, arena);
    before = others(text, arena, &token);
    put = srd_env_put(arena, text, keys, value);
    if (put &&
        (strcmp(others(put, arena, &token), before) != 0 || (*value && strcmp(token, value) != 0)))
        abort();
    put = srd_env_put(arena, text, keys, NULL);
    if (put && (strcmp(others(put, arena, &token), before) != 0 || *token))
        abort();
    return 0;
}
