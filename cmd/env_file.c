/* How is a value written into a .env file? */

#include "cmd/env_file.h"

#include <ctype.h>
#include <string.h>

#include "cmd/config_file.h"
#include "lib/base/cleanup.h"
#include "lib/base/buf.h"
#include "lib/base/text.h"

#define LARGEST ((size_t)4 << 20)

const char *srd_env_word(struct srd_arena *arena, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "._-/:,@%+=[]";
    char *out, *put;

    if (strspn(value, plain) == strlen(value))
        return value;
    if (!strpbrk(value, "'\n\r"))
        return srd_arena_printf(arena, "'%s'", value);
    out = put = srd_arena_alloc(arena, 2 * strlen(value) + 3);
    *put++ = '"';
    for (; *value; value++) {
        char c = *value;

        if (c == '\n' || c == '\r') {
            *put++ = '\\';
            c = c == '\n' ? 'n' : 'r';
        } else if (strchr("\"\\$`", c)) {
            *put++ = '\\';
        }
        *put++ = c;
    }
    *put++ = '"';
    *put = '\0';
    return out;
}

static bool any(const char *key)
{
    (void)key;
    return true;
}

/* The number of the line that counts; 0: none does. An empty value does not, unless all are empty.
 */
static int line_that_counts(const struct srd_config_text *parsed, const char *const *keys)
{
    int empty = 0;

    for (; *keys; keys++) {
        int line = 0;

        for (size_t i = 0; i < parsed->count; i++) {
            const struct srd_entry *e = &parsed->entries[i];

            if (strcmp(e->key, *keys) != 0)
                continue;
            if (*e->value)
                line = e->line;
            else
                empty = e->line;
        }
        if (line)
            return line;
    }
    return empty;
}

static bool is_of(const struct srd_config_text *parsed, const char *const *keys, int line)
{
    for (size_t i = 0; i < parsed->count; i++)
        if (parsed->entries[i].line == line && srd_text_in(parsed->entries[i].key, keys))
            return true;
    return false;
}

static void put_line(struct srd_buf *out, const char *line, const char *key, const char *word)
{
    while (isblank((unsigned char)*line))
        line++;
    if (srd_text_prefix(line, "export") && isspace((unsigned char)line[6]))
        srd_buf_text(out, "export ");
    srd_buf_printf(out, "%s=%s\n", key, word);
}

static bool over_lines(const struct srd_config_text *parsed, const char *const *keys)
{
    for (size_t i = 0; i < parsed->count; i++)
        if (srd_text_in(parsed->entries[i].key, keys) && strchr(parsed->entries[i].value, '\n'))
            return true;
    return false;
}

static const char *key_of_line(const struct srd_config_text *parsed, int line)
{
    for (size_t i = 0; i < parsed->count; i++)
        if (parsed->entries[i].line == line)
            return parsed->entries[i].key;
    return "";
}

char *srd_env_put(struct srd_arena *arena, const char *text, const char *const *keys,
                  const char *value)
{
    struct srd_config_text parsed = { .arena = arena };
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    const char *last = *keys;
    int counts, line = 0;

    srd_buf_init(&out, LARGEST);
    srd_dotenv_parse("", text, strlen(text), any, &parsed);
    if ((value && srd_env_word(arena, value) != value) || over_lines(&parsed, keys))
        return NULL;
    counts = line_that_counts(&parsed, keys);
    while (*text) {
        size_t n = strcspn(text, "\n") + 1;
        bool whole = text[n - 1] == '\n';

        line++;
        n -= !whole;
        if (value && line == counts)
            put_line(&out, text, key_of_line(&parsed, line), value);
        else if (value || !is_of(&parsed, keys, line))
            srd_buf_add(&out, text, n);
        text += n;
    }
    for (; *keys; keys++)
        last = *keys;
    if (value && !counts) {
        if (out.size && out.data[out.size - 1] != '\n')
            srd_buf_char(&out, '\n');
        srd_buf_printf(&out, "%s=%s\n", last, value);
    }
    return srd_arena_copy_n(arena, out.data, out.size);
}
