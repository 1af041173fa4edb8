/* What did the user type? */

#include "cmd/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/command.h"
#include "cmd/words.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

/* getopt's value of table entry i: above every letter. */
#define FIRST_VALUE 256

struct parser {
    const struct srd_grammar *grammar;
    struct srd_arena *arena;
    struct srd_line *out;
    struct srd_error *err;
    char **argv;
    int argc;
    /* the tables in force as one list, and in getopt's words */
    const struct srd_option **options;
    size_t count;
    struct option *longs;
    char *shorts;
    bool after_password; /* the last word was -p without a value: what follows may be a password */
};

const char *srd_option_usage(const struct srd_option *option, struct srd_arena *arena)
{
    const char *letter = option->letter ? srd_arena_printf(arena, "-%c, ", option->letter) : "    ";

    if (!option->word)
        return srd_arena_printf(arena, "%s--%s", letter, option->name);
    return srd_arena_printf(arena, option->optional ? "%s--%s[=%s]" : "%s--%s %s", letter,
                            option->name, option->word);
}

/* Puts globals and the command's own table into getopt's form. */
static void build(struct parser *p)
{
    /* the command's own first: what it calls --timeout is not the time of a diagnosis */
    const struct srd_option *tables[] = { p->out->command ? p->out->command->options : NULL,
                                          p->grammar->globals };
    char *put;

    p->count = 0;
    for (size_t t = 0; t < SRD_COUNT(tables); t++)
        for (const struct srd_option *o = tables[t]; o && o->name; o++)
            p->count++;
    p->options = srd_arena_array(p->arena, p->count + 1, sizeof(*p->options));
    p->longs = srd_arena_array(p->arena, p->count + 1, sizeof(*p->longs));
    p->shorts = put = srd_arena_alloc(p->arena, 3 * p->count + 8);
    /* words come in order, operands too; a missing value is ':' */
    *put++ = '-';
    *put++ = ':';
    p->count = 0;
    for (size_t t = 0; t < SRD_COUNT(tables); t++) {
        for (const struct srd_option *o = tables[t]; o && o->name; o++) {
            int has = !o->word ? no_argument : o->optional ? optional_argument : required_argument;

            p->longs[p->count] = (struct option){ .name = o->name,
                                                  .has_arg = has,
                                                  .val = FIRST_VALUE + (int)p->count };
            p->options[p->count++] = o;
            if (!o->letter)
                continue;
            *put++ = o->letter;
            for (int i = 0; i < has; i++)
                *put++ = ':';
        }
    }
}

static const struct srd_option *option_of(const struct parser *p, int value)
{
    if (value >= FIRST_VALUE && (size_t)(value - FIRST_VALUE) < p->count)
        return p->options[value - FIRST_VALUE];
    for (size_t i = 0; i < p->count; i++)
        if (p->options[i]->letter && p->options[i]->letter == value)
            return p->options[i];
    return NULL;
}

static int unknown_long(struct parser *p, const char *word)
{
    const char **names = srd_arena_array(p->arena, p->count + 1, sizeof(*names));
    char *name = srd_arena_copy(p->arena, word);
    const char *begins = NULL, *near;
    size_t matches = 0;

    name[strcspn(name, "=")] = '\0'; /* the value may be a secret */
    for (size_t i = 0; i < p->count; i++) {
        names[i] = srd_arena_printf(p->arena, "--%s", p->options[i]->name);
        if (srd_text_prefix(names[i], name)) {
            begins = names[i];
            matches++;
        }
    }
    near = matches == 1 ? srd_arena_printf(p->arena, "; did you mean \"%s\"?", begins)
                        : srd_did_you_mean(p->arena, name, names);
    return srd_fail(p->err, SRD_E_USAGE, "unknown option \"%s\"%s%s%s", srd_shown(p->arena, name),
                    p->out->command ? " for " : "", p->out->command ? p->out->command->name : "",
                    near);
}

static void add_word(struct srd_words *words, const char *word, struct srd_arena *arena)
{
    if (words->count + 1 >= words->room) {
        size_t room = words->room ? 2 * words->room : 8;
        const char **items = srd_arena_array(arena, room, sizeof(*items));

        if (words->count)
            memcpy(items, words->items, words->count * sizeof(*items));
        words->items = items;
        words->room = room;
    }
    words->items[words->count++] = word;
    words->items[words->count] = NULL;
}

static int put_number(struct parser *p, const struct srd_option *o, const char *value)
{
    int64_t *target = o->target, n;

    if (o->type == SRD_OPT_INTEGER) {
        if (!srd_text_int64(value, &n) || n < o->min || n > o->max)
            return srd_fail(p->err, SRD_E_USAGE, "--%s: \"%s\" is not a number from %lld to %lld",
                            o->name, srd_shown(p->arena, value), (long long)o->min,
                            (long long)o->max);
    } else if (!srd_text_duration_ms(value, &n) || n < o->min * 1000 || n > o->max * 1000) {
        return srd_fail(p->err, SRD_E_USAGE,
                        "--%s: \"%s\" is no time from %lld to %lld seconds (30, 500ms, 5m)",
                        o->name, srd_shown(p->arena, value), (long long)o->min, (long long)o->max);
    }
    *target = n;
    return 0;
}

static int put_enum(struct parser *p, const struct srd_option *o, const char *value)
{
    char *copy = srd_arena_copy(p->arena, o->values), *rest = NULL;
    struct srd_words known = { 0 };

    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        add_word(&known, w, p->arena);
        if (!strcasecmp(w, value)) {
            *(const char **)o->target = w;
            return 0;
        }
    }
    return srd_fail(p->err, SRD_E_USAGE, "--%s: \"%s\" is none of %s%s", o->name,
                    srd_shown(p->arena, value), o->values,
                    srd_did_you_mean(p->arena, value, known.items));
}

static int put_setting(struct parser *p, const struct srd_option *o, const char *value)
{
    const struct srd_setting *s = &srd_setting_table[o->min];

    if (!value && s->kind == SRD_SETTING_BOOL)
        value = "true";
    return srd_settings_put(o->target, (enum srd_setting_id)o->min, value, SRD_RANK_OPTION,
                            srd_arena_printf(p->arena, "option --%s", o->name), p->err);
}

static int put_list(struct parser *p, const struct srd_option *o, const char *value)
{
    const char *const *items = srd_text_list(p->arena, value);

    if (!*items)
        return srd_fail(p->err, SRD_E_USAGE, "--%s: the list is empty", o->name);
    for (; *items; items++)
        add_word(o->target, *items, p->arena);
    return 0;
}

static int put(struct parser *p, const struct srd_option *o, const char *value)
{
    if (value)
        value = srd_arena_copy(p->arena, value);
    if (o->group == SRD_OF_DIAGNOSIS && !p->out->diagnosis_option)
        p->out->diagnosis_option = o->name;
    if (o->group == SRD_OF_SERVER && !p->out->server_option)
        p->out->server_option = o;
    switch (o->type) {
    case SRD_OPT_FLAG:
        *(bool *)o->target = true;
        return 0;
    case SRD_OPT_COUNT:
        *(int *)o->target += 1;
        return 0;
    case SRD_OPT_TEXT:
        if (!value || !*value)
            return srd_fail(p->err, SRD_E_USAGE, "--%s: the value is empty", o->name);
        *(const char **)o->target = value;
        return 0;
    case SRD_OPT_INTEGER:
    case SRD_OPT_SECONDS:
        return put_number(p, o, value);
    case SRD_OPT_ENUM:
        return put_enum(p, o, value);
    case SRD_OPT_LIST:
        return put_list(p, o, value);
    case SRD_OPT_WORD:
        add_word(o->target, value, p->arena);
        return 0;
    case SRD_OPT_SETTING:
        return put_setting(p, o, value);
    case SRD_OPT_LATER:
        return srd_fail(p->err, SRD_E_USAGE, "--%s: %s", o->name, o->help);
    }
    return srd_fail(p->err, SRD_E_INTERNAL, "option --%s has no type", o->name);
}

bool srd_option_serves(const struct srd_option *o, const struct srd_command *command)
{
    const struct srd_setting *s;

    if (o->group != SRD_OF_SERVER || o->type != SRD_OPT_SETTING || !command)
        return false;
    s = &srd_setting_table[o->min];
    return (command->serves && s->server) || (command->is_agent && s->agent);
}

/*
 * The value disappears from /proc/PID/cmdline; one x stays as in mysql, so that "-p" has its value.
 */
static void wipe(char *value)
{
    size_t n = strlen(value);

    explicit_bzero(value, n);
    if (n)
        value[0] = 'x';
}

static bool is_secret(const struct srd_option *o)
{
    return o->type == SRD_OPT_SETTING && srd_setting_table[o->min].secret;
}

/* Is @word, at this place, something that this program knows or expects? */
static bool expected(const struct parser *p, const char *word)
{
    const struct srd_line *out = p->out;

    if (!out->command)
        return srd_command_find(p->grammar->commands, word);
    if (out->operand_count >= out->command->max)
        return false;
    return !out->command->expert || out->operand_count ||
           srd_expert_view(out->command->expert, word);
}

/* A word that is no option: the command, then its operands. */
static int take_word(struct parser *p, char *word)
{
    struct srd_line *out = p->out;
    const char *near;

    if (p->after_password && !expected(p, word)) {
        wipe(word);
        return srd_fail(p->err, SRD_E_USAGE,
                        "the word after -p is not expected there; a password follows -p without a "
                        "blank: -pPASSWORD");
    }
    p->after_password = false;
    if (out->command) {
        out->operands[out->operand_count++] = srd_arena_copy(p->arena, word);
        return 0;
    }
    out->command = srd_command_find(p->grammar->commands, word);
    if (out->command) {
        build(p);
        return 0;
    }
    near = srd_did_you_mean(p->arena, word, srd_command_names(p->grammar->commands, p->arena));
    return srd_fail(p->err, SRD_E_USAGE, "unknown command \"%s\"%s", srd_shown(p->arena, word),
                    *near ? near : "; srdiag help lists the commands");
}

static int take_option(struct parser *p, const struct srd_option *o, const char *word)
{
    bool is_long = srd_text_prefix(word, "--");
    int code;

    if (is_long && strcspn(word + 2, "=") != strlen(o->name))
        return unknown_long(p, word); /* getopt would accept "--out" */
    if (o->letter == 'h' && optarg && *optarg == '-')
        return srd_fail(p->err, SRD_E_USAGE, "--%s: \"%s\" is no host", o->name,
                        srd_shown(p->arena, optarg));
    code = put(p, o, optarg);
    if (is_secret(o)) {
        p->after_password = !optarg;
        if (optarg)
            wipe(optarg);
    }
    return code;
}

/* getopt could make nothing of @word. */
static int take_nonsense(struct parser *p, const char *word)
{
    const struct srd_option *o = option_of(p, optopt);

    if (optopt == '?') {
        p->out->help = true;
        return 0;
    }
    if (o)
        return srd_fail(p->err, SRD_E_USAGE, "--%s takes no value", o->name);
    if (optopt)
        return srd_fail(p->err, SRD_E_USAGE, "unknown option \"-%s\"%s",
                        srd_shown(p->arena, (char[]){ (char)optopt, 0 }),
                        p->out->command ? "" : "; srdiag help lists the options");
    return unknown_long(p, word);
}

static int take_missing_value(struct parser *p)
{
    const struct srd_option *o = option_of(p, optopt);

    if (optopt == 'h') {
        p->out->help = true;
        return 0;
    }
    return srd_fail(p->err, SRD_E_USAGE, "--%s wants a value: %s", o ? o->name : "?",
                    o && o->word ? o->word : "");
}

static int parse(struct parser *p)
{
    optind = 0; /* glibc: start anew, and forget POSIXLY_CORRECT */
    opterr = 0;
    build(p);
    for (;;) {
        int at = optind ? optind : 1, code;
        int value = getopt_long(p->argc, p->argv, p->shorts, p->longs, NULL);

        if (value == -1)
            break;
        if (value != 1)
            p->after_password = false;
        if (value == 1)
            code = take_word(p, optarg);
        else if (value == '?')
            code = take_nonsense(p, p->argv[at]);
        else if (value == ':')
            code = take_missing_value(p);
        else
            code = take_option(p, option_of(p, value), p->argv[at]);
        if (code)
            return code;
    }
    for (; optind < p->argc; optind++)
        if (take_word(p, p->argv[optind]))
            return p->err->code;
    return 0;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-?"))
            return true;
    return false;
}

int srd_options_parse(const struct srd_grammar *grammar, int argc, char **argv,
                      struct srd_arena *arena, struct srd_line *out, struct srd_error *err)
{
    struct parser p = { .grammar = grammar,
                        .arena = arena,
                        .out = out,
                        .err = err,
                        .argv = srd_arena_array(arena, (size_t)argc + 1, sizeof(char *)),
                        .argc = argc };

    *out =
        (struct srd_line){ .operands = srd_arena_array(arena, (size_t)argc + 1, sizeof(char *)) };
    memcpy(p.argv, argv, (size_t)argc * sizeof(char *));
    if (!parse(&p))
        return 0;
    if (!asks_for_help(argc, argv))
        return err->code;
    out->help = true;
    return err->code = SRD_OK;
}
