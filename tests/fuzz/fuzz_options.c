/* Can a command line break us? Words are separated by NUL; secrets must be gone from argv afterwards. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "lib/base/cleanup.h"

#define MOST_WORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    struct srd_settings settings;
    struct srd_words list, words;
    const char *text, *one;
    int64_t number, ms;
    bool flag;
    int count;
} v;

static const struct srd_option options[] = {
    { "host", 'h', SRD_OPT_SETTING, &v.settings, "HOST", "", .min = SRD_SET_host },
    { "port", 'P', SRD_OPT_SETTING, &v.settings, "PORT", "", .min = SRD_SET_port },
    { "password", 'p', SRD_OPT_SETTING, &v.settings, "PASSWORD", "", .min = SRD_SET_password,
      .optional = true },
    { "ssl-mode", 0, SRD_OPT_SETTING, &v.settings, "MODE", "", .min = SRD_SET_ssl_mode },
    { "verbose", 'v', SRD_OPT_COUNT, &v.count, NULL, "", .group = SRD_OF_GENERAL },
    { "quiet", 'q', SRD_OPT_FLAG, &v.flag, NULL, "", .group = SRD_OF_GENERAL },
    { "only", 'O', SRD_OPT_LIST, &v.list, "ID,...", "", .group = SRD_OF_DIAGNOSIS },
    { "set", 's', SRD_OPT_WORD, &v.words, "NAME=VALUE", "", .group = SRD_OF_DIAGNOSIS },
    { "one", '1', SRD_OPT_ENUM, &v.one, "ONE", "", .values = "red green blue" },
    { "number", 'n', SRD_OPT_INTEGER, &v.number, "N", "", .min = 1, .max = 10 },
    { "span", 't', SRD_OPT_SECONDS, &v.ms, "S", "", .min = 0, .max = 60 },
    { "text", 'x', SRD_OPT_TEXT, &v.text, "TEXT", "", .group = SRD_OF_COMMAND },
    { 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_grammar grammar = { .globals = options, .commands = srd_commands(arena) };
    char program[] = "srdiag", secret[] = "-pcanary", *argv[MOST_WORDS + 3] = { program, secret };
    struct srd_error err = { 0 };
    struct srd_line line;
    char *text;
    int argc = 2;

    text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (size_t at = 0; at < size && argc <= MOST_WORDS; at += strlen(text + at) + 1)
        argv[argc++] = text + at;
    memset(&v, 0, sizeof(v));
    srd_settings_init(&v.settings, arena);
    if (srd_options_parse(&grammar, argc, argv, arena, &line, &err)) {
        if (err.code != SRD_E_USAGE || !err.text[0])
            abort();
        for (const char *c = err.text; *c; c++)
            if ((unsigned char)*c < 32)
                abort(); /* would reach the terminal */
    } else {
        for (size_t i = 0; i < line.operand_count; i++)
            if (!line.operands[i])
                abort();
    }
    if (strcmp(secret, "-px") != 0)
        abort();
    free(text);
    return 0;
}
