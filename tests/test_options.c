/* Is argv read as people type it, and is every slip told with the nearest right word? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* cmd is a program and no library: the files under test are included */
#include "cmd/config_file.c"
#include "cmd/options.c"
#include "cmd/setting_values.c"
#include "cmd/settings.c"
#include "cmd/settings_file.c"
#include "cmd/settings_secret.c"
#include "cmd/words.c"
#include "lib/base/buf.h"
#include "tests/rows.h"

/* A small program: two commands, one of them an expert with two views. */

static struct values {
    struct srd_settings settings;
    const char *caption, *one;
    int64_t number, ms;
    bool flag, detail;
    int count;
    struct srd_words list, words;
} v;

static const struct srd_option globals[] = {
    { "host", 'h', SRD_OPT_SETTING, &v.settings, "HOST", "", .min = SRD_SET_host },
    { "port", 'P', SRD_OPT_SETTING, &v.settings, "PORT", "", .min = SRD_SET_port },
    { "password", 'p', SRD_OPT_SETTING, &v.settings, "PASSWORD", "", .min = SRD_SET_password,
      .optional = true },
    { "verbose", 'v', SRD_OPT_COUNT, &v.count, NULL, "", .group = SRD_OF_GENERAL },
    { "quiet", 'q', SRD_OPT_FLAG, &v.flag, NULL, "", .group = SRD_OF_GENERAL },
    { "only", 0, SRD_OPT_LIST, &v.list, "ID,...", "", .group = SRD_OF_DIAGNOSIS },
    { "set", 0, SRD_OPT_WORD, &v.words, "NAME=VALUE", "", .group = SRD_OF_DIAGNOSIS },
    { "one", 0, SRD_OPT_ENUM, &v.one, "ONE", "", .values = "red green blue" },
    { "number", 'n', SRD_OPT_INTEGER, &v.number, "N", "", .min = 1, .max = 10 },
    { "span", 0, SRD_OPT_SECONDS, &v.ms, "S", "", .min = 0, .max = 60 },
    { "later", 0, SRD_OPT_LATER, NULL, "FILE", "not there yet", .group = SRD_OF_LATER },
    { 0 },
};

static const struct srd_option own[] = {
    { "caption", 't', SRD_OPT_TEXT, &v.caption, "TEXT", "", .group = SRD_OF_COMMAND },
    { 0 },
};

static const struct srd_view disks = { .name = "disks" }, tables = { .name = "tables" };
static const struct srd_view *const view_group[] = { &disks, &tables, NULL };
static const struct srd_view *const *const views[] = { view_group, NULL };
static const struct srd_expert storage = { .name = "storage", .views = views };
static const struct srd_command storage_command = {
    .name = "storage", .expert = &storage, .max = 2, .options = own
};
static const struct srd_command list_command = { .name = "list", .alias = "ls", .max = 1 };
static const struct srd_command *const commands[] = { &storage_command, &list_command, NULL };

const struct srd_command *srd_command_find(const struct srd_command *const *all, const char *name)
{
    for (; *all; all++)
        if (!strcmp((*all)->name, name) || ((*all)->alias && !strcmp((*all)->alias, name)))
            return *all;
    return NULL;
}

const char *const *srd_command_names(const struct srd_command *const *all,
                                     struct srd_arena *arena)
{
    static const char *const names[] = { "storage", "list", "ls", NULL };

    (void)all;
    (void)arena;
    return names;
}

/* --- one line in, what became of it out --- */

#define MOST_WORDS 16

struct line {
    char text[512];
    char *argv[MOST_WORDS + 2];
    int argc;
};

/* "srdiag" and the words of @text, which are separated by '|'. */
static void split(const char *text, struct line *line)
{
    memset(line, 0, sizeof(*line));
    snprintf(line->text, sizeof(line->text), "srdiag|%s", text);
    for (char *p = line->text; p; line->argc++) {
        assert_true(line->argc <= MOST_WORDS);
        line->argv[line->argc] = p;
        p = strchr(p, '|');
        if (p)
            *p++ = '\0';
    }
    if (!*text)
        line->argc = 1;
    line->argv[line->argc] = NULL;
}

static void words(struct srd_buf *out, const char *name, const struct srd_words *list)
{
    for (size_t i = 0; i < list->count; i++)
        srd_buf_printf(out, " %s=%s", name, list->items[i]);
}

static void setting(struct srd_buf *out, enum srd_setting_id id)
{
    if (v.settings.chosen[id].rank == SRD_RANK_OPTION)
        srd_buf_printf(out, " %s=%s", srd_setting_table[id].name, v.settings.chosen[id].text);
}

static void describe(const struct srd_line *line, struct srd_buf *out)
{
    srd_buf_text(out, line->command ? line->command->name : "-");
    for (size_t i = 0; i < line->operand_count; i++)
        srd_buf_printf(out, " (%s)", line->operands[i]);
    setting(out, SRD_SET_host);
    setting(out, SRD_SET_port);
    setting(out, SRD_SET_password);
    if (v.settings.ask_password)
        srd_buf_text(out, " ask");
    if (v.count)
        srd_buf_printf(out, " verbose=%d", v.count);
    if (v.flag)
        srd_buf_text(out, " quiet");
    words(out, "only", &v.list);
    words(out, "set", &v.words);
    if (v.one)
        srd_buf_printf(out, " one=%s", v.one);
    if (v.number)
        srd_buf_printf(out, " number=%lld", (long long)v.number);
    if (v.ms)
        srd_buf_printf(out, " span=%lldms", (long long)v.ms);
    if (v.caption)
        srd_buf_printf(out, " caption=%s", v.caption);
    if (line->diagnosis_option)
        srd_buf_printf(out, " diagnosis:%s", line->diagnosis_option);
    if (line->help)
        srd_buf_text(out, " help");
}

static const struct row {
    const char *name, *line, *want;
} rows[] = {
    { "nothing typed is nothing read", "", "-" },
    { "a command is found", "storage", "storage" },
    { "a command is found by its alias", "ls", "list" },
    { "options may come before the command", "-h|fe1|storage", "storage host=fe1" },
    { "options may come after the command", "storage|-h|fe1", "storage host=fe1" },
    { "options may come after the operands", "storage|disks|-h|fe1", "storage (disks) host=fe1" },
    { "options may come between the operands", "storage|-q|disks", "storage (disks) quiet" },
    { "a value may touch its letter", "-hfe1|-P9030|storage", "storage host=fe1 port=9030" },
    { "letters may be bundled", "storage|-qvv", "storage verbose=2 quiet" },
    { "a bundle may end in a value", "storage|-qhfe1", "storage host=fe1 quiet" },
    { "a value may follow =", "storage|--host=fe1", "storage host=fe1" },
    { "a value may follow as the next word", "storage|--host|fe1", "storage host=fe1" },
    { "of two values the later one stays", "storage|-h|a|-h|b", "storage host=b" },
    { "options of the command are read", "storage|--caption|x", "storage caption=x" },
    { "options of the command may follow operands", "storage|disks|-t|x",
      "storage (disks) caption=x" },
    { "options of the command are unknown before it", "--caption|x|storage",
      "usage: unknown option \"--caption\"" },
    { "options of another command are unknown", "list|--caption|x",
      "usage: unknown option \"--caption\" for list" },
    { "after -- everything is an operand", "storage|--|-q", "storage (-q)" },
    { "after -- the command may come, too", "--|storage|disks", "storage (disks)" },
    { "a single dash is an operand", "storage|-", "storage (-)" },

    { "a list is split at commas and grows", "storage|--only|a, b|--only|c",
      "storage only=a only=b only=c diagnosis:only" },
    { "an empty list is refused", "storage|--only|,", "usage: --only: the list is empty" },
    { "a word may hold commas and is kept whole", "storage|--set|a=1,2",
      "storage set=a=1,2 diagnosis:set" },
    { "an enum takes any case and keeps the table's", "storage|--one|GREEN", "storage one=green" },
    { "an enum names the nearest value", "storage|--one|gren",
      "usage: --one: \"gren\" is none of red green blue; did you mean \"green\"?" },
    { "a number is read", "storage|-n|7", "storage number=7" },
    { "a number out of its range is refused", "storage|-n|11",
      "usage: --number: \"11\" is not a number from 1 to 10" },
    { "a number with garbage behind it is refused", "storage|-n|7x",
      "usage: --number: \"7x\" is not a number from 1 to 10" },
    { "seconds need no unit", "storage|--span|5", "storage span=5000ms" },
    { "a span may have a unit", "storage|--span=500ms", "storage span=500ms" },
    { "a span out of its range is refused", "storage|--span|2m",
      "usage: --span: \"2m\" is no time from 0 to 60 seconds (30, 500ms, 5m)" },
    { "an empty text is refused", "storage|--caption=", "usage: --caption: the value is empty" },
    { "an option without its place in this version is refused with its words", "storage|--later|x",
      "usage: --later: not there yet" },

    { "an unknown command names the nearest", "storge",
      "usage: unknown command \"storge\"; did you mean \"storage\"?" },
    { "an unknown command far from all points to help", "frobnicate",
      "usage: unknown command \"frobnicate\"; srdiag help lists the commands" },
    { "an unknown long option names the nearest", "storage|--hots|x",
      "usage: unknown option \"--hots\" for storage; did you mean \"--host\"?" },
    { "the value of an unknown option is not repeated", "storage|--pasword=secret",
      "usage: unknown option \"--pasword\" for storage; did you mean \"--password\"?" },
    { "an unknown letter is named", "storage|-z", "usage: unknown option \"-z\"" },
    { "an abbreviation is refused and completed", "storage|--num|3",
      "usage: unknown option \"--num\" for storage; did you mean \"--number\"?" },
    { "an ambiguous abbreviation is refused", "storage|--o|3",
      "usage: unknown option \"--o\" for storage" },
    { "a flag takes no value", "storage|--quiet=yes", "usage: --quiet takes no value" },
    { "a missing value is told", "storage|--port", "usage: --port wants a value: PORT" },
    { "control characters of a wrong word never reach the terminal", "sto\033[31m",
      "usage: unknown command \"sto\\e[31m\"; srdiag help lists the commands" },

    { "--help is help", "storage|--help", "storage help" },
    { "-? is help", "storage|-?", "storage help" },
    { "-? of a bundle is help", "storage|-q?", "storage quiet help" },
    { "-h as the last word is help", "storage|-h", "storage help" },
    { "-h alone is help", "-h", "- help" },
    { "-h with a word is a host", "-h|storage", "- host=storage" },
    { "--host as the last word is a missing value", "storage|--host",
      "usage: --host wants a value: HOST" },
    { "help wins over what is wrong in the rest", "storage|--hots|x|--help", "storage help" },
    { "a host does not begin with a dash", "storage|-h|-P",
      "usage: --host: \"-P\" is no host" },

    { "-pPASSWORD is a password", "storage|-psecret", "storage password=secret" },
    { "--password=PASSWORD is a password", "storage|--password=secret", "storage password=secret" },
    { "--password= is the empty password", "storage|--password=", "storage password=" },
    { "-p alone asks", "storage|-p", "storage password= ask" },
    { "-p does not take the next word", "-p|storage|disks", "storage (disks) password= ask" },
    { "a later -pPASSWORD need not ask", "storage|-p|-px", "storage password=x" },
    { "a word after -p that is no command is not repeated", "-p|secret|storage",
      "usage: the word after -p is not expected there; a password follows -p without a blank: "
      "-pPASSWORD" },
    { "a word after -p that is no view is not repeated", "storage|-p|secret",
      "usage: the word after -p is not expected there; a password follows -p without a blank: "
      "-pPASSWORD" },
    { "a port that is none is not repeated", "storage|-Psecret",
      "usage: option --port: not a number from 1 to 65535" },
};

static int parse_line(struct line *line, struct srd_arena *arena, struct srd_line *out,
                      struct srd_error *err)
{
    struct srd_grammar grammar = { .globals = globals, .commands = commands };

    memset(&v, 0, sizeof(v));
    srd_settings_init(&v.settings, arena);
    return srd_options_parse(&grammar, line->argc, line->argv, arena, out, err);
}

static void reads(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    struct srd_error err = { 0 };
    struct srd_line parsed;
    struct line line;

    srd_buf_init(&got, 4096);
    split(row->line, &line);
    if (parse_line(&line, arena, &parsed, &err))
        srd_buf_printf(&got, "%s: %s", srd_code_name(err.code), err.text);
    else
        describe(&parsed, &got);
    assert_string_equal(got.data, row->want);
}

/* --- secrets in argv --- */

static const struct secret {
    const char *name, *line;
} secrets[] = {
    { "-pPASSWORD disappears from argv", "storage|-psecret" },
    { "-p of a bundle disappears from argv", "storage|-qpsecret" },
    { "--password=PASSWORD disappears from argv", "--password=secret|storage" },
    { "a password in the wrong place disappears from argv", "-p|secret|storage" },
};

static void is_wiped(void **state)
{
    const struct secret *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_error err = { 0 };
    struct srd_line parsed;
    struct line line;

    split(row->line, &line);
    parse_line(&line, arena, &parsed, &err);
    for (size_t i = 0; i + 4 < sizeof(line.text); i++)
        assert_int_not_equal(memcmp(line.text + i, "ecre", 4), 0);
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(secrets)] = { 0 };
    size_t n = 0;

    ADD_ROWS(tests, n, rows, reads);
    ADD_ROWS(tests, n, secrets, is_wiped);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
