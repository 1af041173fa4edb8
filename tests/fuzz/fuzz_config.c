/* Can a config file or a .env file break us? The first byte chooses which of the two it is. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/config_file.h"
#include "cmd/settings.h"
#include "lib/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_host(const char *key)
{
    return !strcmp(key, "SR_HOST");
}

/* Every entry and every problem must be a whole text of a line that is there. */
static void judge(const struct srd_config_text *text, size_t lines)
{
    for (size_t i = 0; i < text->count; i++) {
        const struct srd_entry *e = &text->entries[i];

        if (!e->section || e->line < 1 || (size_t)e->line > lines || (e->key && !*e->key))
            abort();
    }
    for (size_t i = 0; i < text->problem_count; i++) {
        const struct srd_problem *p = &text->problems[i];

        if (!p->text || !*p->text || p->line < 0 || (size_t)p->line > lines)
            abort();
        for (const char *c = p->text; *c; c++)
            if ((unsigned char)*c < 32)
                abort(); /* would reach the terminal */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_config_text text = { .arena = arena };
    size_t lines = 1;

    if (!size)
        return 0;
    for (size_t i = 1; i < size; i++)
        lines += data[i] == '\n';
    if (data[0] & 1)
        srd_config_parse("f", (const char *)data + 1, size - 1, &text);
    else
        srd_dotenv_parse("f", (const char *)data + 1, size - 1, is_host, &text);
    judge(&text, lines);
    return 0;
}
