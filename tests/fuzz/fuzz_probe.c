/* Can a name break out of its quotes in a statement? */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/model/finding.h"
#include "lib/model/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char before[] = "/* srdiag:p */ SELECT ";

/* Reads the literal at @p as StarRocks does; returns what is behind it, its value in @out. */
static const char *unquote(const char *p, char *out)
{
    char quote = *p++;

    while (*p && (*p != quote || p[1] == quote)) {
        if (quote == '\'' && *p == '\\') {
            p++;
            *out++ = (char)(*p == 'n' ? '\n' : *p == 'r' ? '\r' : *p == 't' ? '\t' : *p);
            p++;
            continue;
        }
        p += *p == quote;
        *out++ = *p++;
    }
    *out = '\0';
    if (*p != quote)
        abort();
    return p + 1;
}

static void check_quoted(struct srd_arena *arena, enum srd_param_type type, const char *value)
{
    struct srd_probe probe = { .id = "p",
                               .texts = { { .sql = "SELECT {x} FROM t" } },
                               .params = { { "x", type } } };
    struct srd_key key = { { value } };
    struct srd_error err;
    const char *sql, *rest;
    char *back;

    if (srd_probe_render(&probe, &probe.texts[0], &key, arena, &sql, &err))
        return;
    if (strncmp(sql, before, sizeof(before) - 1) != 0)
        abort();
    back = srd_arena_alloc(arena, strlen(sql) + 1);
    rest = unquote(sql + sizeof(before) - 1, back);
    if (strcmp(rest, " FROM t") != 0 || strcmp(back, value) != 0)
        abort();
}

static void check_path(struct srd_arena *arena, const char *value)
{
    struct srd_probe probe = { .id = "p",
                               .texts = { { .sql = "SHOW PROC '/dbs/{x}'" } },
                               .params = { { "x", SRD_PARAM_PATH } } };
    struct srd_key key = { { value } };
    struct srd_error err;
    const char *sql, *path;

    if (srd_probe_render(&probe, &probe.texts[0], &key, arena, &sql, &err))
        return;
    path = strchr(sql, '\'');
    if (strchr(path + 1, '\'') != path + strlen(path) - 1 || strchr(path, '\\'))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *value = srd_arena_copy_n(arena, (const char *)data, size);
    char *back = srd_arena_alloc(arena, strlen(value) + 1);
    struct srd_field fields[] = { { "x", value }, { NULL, NULL } };

    check_quoted(arena, SRD_PARAM_TEXT, value);
    check_quoted(arena, SRD_PARAM_IDENTIFIER, value);
    check_path(arena, value);
    if (*unquote(srd_quote_text(arena, value), back) || strcmp(back, value) != 0)
        abort();
    if (*unquote(srd_quote_identifier(arena, value), back) || strcmp(back, value) != 0)
        abort();
    srd_fill(arena, value, fields);
    return 0;
}
