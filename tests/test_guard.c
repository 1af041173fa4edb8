/*
 * Which SQL texts may be sent to a cluster? The rows are those of tests/guard/corpus.txt, which
 * says how it is to be read.
 *
 *   test_guard                  the tests
 *   test_guard --judge RULES    judges statements of stdin, one a line in hexadecimal, under RULES
 * as in the corpus, and prints "code offset reason" for each: for check_guard.py
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "experts/catalogue.h"
#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/crypto.h"
#include "lib/source/guard.h"
#include "lib/source/guard_lexer.h"

#define CORPUS "tests/guard/corpus.txt"

struct statement {
    const char *name;
    struct srd_guard_rules rules;
    const char *code;
    char *sql;
    size_t n;
};

static struct statement *statements;
static size_t statement_count;

/* "system", "select", "probes", "shared" (system with --share-sql), "system@sys" (current
 * database). */
static bool read_rules(struct srd_arena *arena, const char *text, struct srd_guard_rules *out)
{
    char *word = srd_arena_copy(arena, text), *at = strchr(word, '@');

    *out = (struct srd_guard_rules){ .database = at ? at + 1 : NULL };
    if (at)
        *at = '\0';
    out->share_sql = !strcmp(word, "shared");
    if (!strcmp(word, "select"))
        out->policy = SRD_GUARD_SELECT;
    else if (!strcmp(word, "probes"))
        out->policy = SRD_GUARD_PROBES;
    else
        return !strcmp(word, "system") || out->share_sql;
    return true;
}

/* {0d} is the byte 0d, {20*9} is nine blanks. */
static void unfold(struct statement *s, const char *text, struct srd_arena *arena)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;

    srd_buf_init(&out, 1 << 20);
    while (*text) {
        unsigned byte, times = 1;
        int end = 0, more = 0;

        if (*text == '{' && strspn(text + 1, "0123456789abcdef") == 2 &&
            sscanf(text, "{%2x%n", &byte, &end) == 1) {
            if (sscanf(text + end, "*%u%n", &times, &more) == 1)
                end += more;
            if (text[end] == '}') {
                srd_buf_repeat(&out, (char)byte, times);
                text += end + 1;
                continue;
            }
        }
        srd_buf_char(&out, *text++);
    }
    s->sql = srd_arena_copy_n(arena, out.data, out.size);
    s->n = out.size;
}

static void add(struct srd_arena *arena, const char *rules, const char *code, const char *text)
{
    struct statement *s = &statements[statement_count++];

    if (!read_rules(arena, rules, &s->rules)) {
        fprintf(stderr, "%s: unknown rules \"%s\"\n", CORPUS, rules);
        exit(1);
    }
    s->code = srd_arena_copy(arena, code);
    s->name =
        srd_arena_printf(arena, "%s%s %s: %.150s", rules,
                         strcmp(code, "ok") ? " refuses as" : " allows, which is", code, text);
    unfold(s, text, arena);
}

static void read_corpus(struct srd_arena *arena)
{
    SRD_CLEANUP(srd_close_file) FILE *f = fopen(CORPUS, "re");
    SRD_CLEANUP(srd_free_text) char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (!f) {
        fprintf(stderr, "%s: %s\n", CORPUS, strerror(errno));
        exit(1);
    }
    statements = srd_arena_array(arena, 4000, sizeof(*statements));
    while ((n = getline(&line, &room, f)) > 0) {
        char rules[64], code[64];
        int at = 0;

        if (line[n - 1] == '\n')
            line[n - 1] = '\0';
        if (!*line || *line == '#')
            continue;
        if (sscanf(line, "%63s %63s%n", rules, code, &at) != 2 || statement_count + 2 > 4000) {
            fprintf(stderr, "%s: not understood: %s\n", CORPUS, line);
            exit(1);
        }
        at += (int)strspn(line + at, " ");
        if (strcmp(rules, "both") != 0) {
            add(arena, rules, code, line + at);
        } else {
            add(arena, "system", code, line + at);
            add(arena, "select", code, line + at);
        }
    }
}

static void check_statement(void **state)
{
    const struct statement *s = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_guard_verdict v, again;
    bool allowed = srd_guard_judge(s->sql, s->n, &s->rules, arena, &v);

    if (strcmp(srd_guard_code_name(v.code), s->code) != 0)
        print_message("%s\n%s\n", s->name, v.reason);
    assert_string_equal(srd_guard_code_name(v.code), s->code);
    assert_int_equal(allowed, v.code == SRD_GUARD_OK);
    assert_int_equal(allowed, v.allowed);
    assert_true(v.offset <= s->n);
    assert_int_equal(*v.reason == '\0', allowed);
    if (!allowed) {
        assert_null(v.statement);
        return;
    }
    /* what is sent on is judged the same, and comes out of it unchanged */
    assert_true(srd_guard_judge(v.statement, strlen(v.statement), &s->rules, arena, &again));
    assert_string_equal(again.statement, v.statement);
}

/* Every statement that srdiag itself may send, in each version and mode, passes the strictest
 * policy. */
static void probes_pass(void **state)
{
    static const struct srd_guard_rules system = { .policy = SRD_GUARD_SYSTEM };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    size_t texts = 0;

    (void)state;
    for (const struct srd_probe *const *probe = srd_catalogue_probes(&srd_catalogue, arena); *probe;
         probe++) {
        for (size_t i = 0; i < SRD_MAX_TEXTS && (*probe)->texts[i].sql; i++) {
            struct srd_key key = { { NULL } };
            struct srd_guard_verdict v;
            struct srd_error err;
            const char *sql;

            for (size_t p = 0; (*probe)->params[p].name; p++) {
                enum srd_param_type type = (*probe)->params[p].type;

                key.values[p] = type == SRD_PARAM_INTEGER ? "10004"
                                : type == SRD_PARAM_PATH  ? "10004"
                                : type == SRD_PARAM_TEXT  ? "it's \\ a \"label\"; DROP"
                                                          : "a`b; DROP TABLE x";
            }
            if (srd_probe_render(*probe, &(*probe)->texts[i], &key, arena, &sql, &err))
                fail_msg("%s: %s", (*probe)->id, err.text);
            if (!srd_guard_judge(sql, strlen(sql), &system, arena, &v))
                fail_msg("%s: %s at %.60s\n%s", (*probe)->id, v.reason, sql + v.offset, sql);
            texts++;
        }
    }
    print_message("%zu texts\n", texts);
    assert_true(texts > 60);
}

static void probes_policy(void **state)
{
    static const struct srd_guard_rules probes = { .policy = SRD_GUARD_PROBES };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_guard_verdict v;

    (void)state;
    assert_false(srd_guard_judge(NULL, 0, &probes, arena, &v));
    assert_int_equal(v.code, SRD_GUARD_POLICY);
}

static void codes_have_names(void **state)
{
    (void)state;
    for (int code = 0; code <= SRD_GUARD_POLICY; code++)
        assert_string_not_equal(srd_guard_code_name((enum srd_guard_code)code), "unknown");
    assert_string_equal(srd_guard_code_name((enum srd_guard_code)1000), "unknown");
}

static void private_columns(void **state)
{
    (void)state;
    assert_true(srd_guard_private_column("Info"));
    assert_true(srd_guard_private_column("DEFINITION"));
    assert_true(srd_guard_private_column("Create Materialized View"));
    assert_false(srd_guard_private_column("Create Table"));
    assert_false(srd_guard_private_column(""));
}

/* kind and length of each token: w word, q quoted name, d dotted name, s string, b binary, n
 * number, a attachment, + sign, c comment, h hint, u unclosed, ? stray */
struct cut {
    const char *name, *sql, *want;
};

/* clang-format off */
static const struct cut cuts[] = {
    { "a comment of dashes needs no blank", "1--1", "n1 c3" },
    { "a comment of dashes ends at a newline", "--a\nb", "c4 w1" },
    { "a comment of dashes ends at a carriage return", "--a\rb", "c4 w1" },
    { "a comment of dashes takes one line end of two characters", "--a\r\nb", "c5 w1" },
    { "one minus is a sign", "1-1", "n1 +1 n1" },
    { "an empty comment is closed", "/**/1*/", "c4 n1 +1 +1" },
    { "slash, star, slash opens only", "/*/1*/2", "c6 n1" },
    { "comments do not nest", "/*/**/1*/", "c6 n1 +1 +1" },
    { "a comment of stars is closed", "/****/1", "c6 n1" },
    { "a comment with an exclamation mark is one", "/*! 1 */2", "c8 n1" },
    { "a plus begins a hint", "/*+ 1 */2", "h8 n1" },
    { "an empty hint is one", "/*+*/2", "h5 n1" },
    { "a plus behind a blank begins none", "/* + */2", "c7 n1" },
    { "a comment without an end is the rest", "1/* 2", "n1 u4" },
    { "a number sign begins no comment", "#a", "?1 w1" },
    { "a string ends at its quote", "'a'b", "s3 w1" },
    { "two quotes are one", "'a''b'c", "s6 w1" },
    { "a backslash keeps the string open", "'a\\'b'c", "s6 w1" },
    { "two backslashes do not", "'a\\\\'b", "s5 w1" },
    { "the other quotation mark is a letter", "'\"'a\"'\"", "s3 w1 s3" },
    { "a comment in a string is text", "'/*'1", "s4 n1" },
    { "a string without an end is the rest", "a'b\\'c", "w1 u5" },
    { "two quotes at the end do not close", "'a''", "u4" },
    { "backquotes know no backslash", "`a\\`b", "q4 w1" },
    { "two backquotes are inside", "`a``b`c", "q6 w1" },
    { "a binary string", "x'61'X\"62\"", "b5 b5" },
    { "a backslash makes it a name and a string", "x'6\\'1'", "w1 s6" },
    { "a binary string has no doubled quotes", "x'6''1'", "b4 s3" },
    { "a longer name is no binary string", "xx'61'", "w2 s4" },
    { "numbers", "1 1.5 .5 1. 1e5 1.5e-3 .5E+2 1.e1", "n1 n3 n2 n2 n3 n6 n5 n4" },
    { "an exponent without digits is a name", "1e 1e+", "w2 w2 +1" },
    { "a name may begin with a digit", "1a 1e5x", "w2 w4" },
    { "a dot before such a name is part of it", "t.1a t.5 .5a", "w1 d3 w1 n2 d3" },
    { "a dot before other names is a sign", "t.a", "w1 +1 w1" },
    { "letters of full width are letters", "\xef\xbc\xa1\xef\xbc\xa2", "w6" },
    { "a blank of full width behind a blank is one", " \xe3\x80\x80""1", "n1" },
    { "a blank of full width at the start of a word is part of it", "\xe3\x80\x80""1", "w4" },
    { "more of them are, too", "1 \xe3\x80\x80\xe3\x80\x80", "n1" },
    { "a blank of full width alone is a name", "'a'\xe3\x80\x80+", "s3 w3 +1" },
    { "a blank of full width behind a word is part of it", "a\xe3\x80\x80""b", "w5" },
    { "other blanks are letters", "a\xc2\xa0""b \xef\xbb\xbf""c", "w4 w4" },
    { "what is above U+FFFF is nothing", "a\xf0\x9f\x98\x80""b", "w1 ?4 w1" },
    { "broken UTF-8 is letters", "a\xff\xe4""b'\xe4'", "w4 s3" },
    { "dollars are letters", "$a a$", "w2 w2" },
    { "two dollars hold anything", "$$ ; $$a", "a7 w1" },
    { "two dollars around a name are letters", "$$a$$", "w5" },
    { "two dollars alone are letters", "$$ ;", "w2 +1" },
    { "control characters are nothing", "a\vb\fc\x01", "w1 ?1 w1 ?1 w1 ?1" },
    { "backslashes are nothing", "\\a", "?1 w1" },
    { "three dots are nothing", "...", "?3" },
    { "signs are as long as can be", "=><=><>!=->||&&>=<=<", "+2 +3 +2 +2 +2 +2 +2 +2 +2 +1" },
    { "at signs are signs", "@@a@b", "+1 +1 w1 +1 w1" },
};

static const struct hidden {
    const char *name, *sql, *want;
} hidden[] = {
    { "strings and numbers go", "SELECT a1 FROM t WHERE b='x' AND c > 1.5 LIMIT 10",
      "SELECT a1 FROM t WHERE b=? AND c > ? LIMIT ?" },
    { "both quotation marks and binary strings go", "SELECT \"a\", x'61', 'it''s', 'it\\\\s'",
      "SELECT ?, ?, ?, ?" },
    { "names stay", "SELECT `4111 1111`.`a` FROM db.1t", "SELECT `4111 1111`.`a` FROM db.1t" },
    { "comments and hints go", "SELECT /* Mr. X */ 1 -- secret\nFROM /*+ SET_VAR(a=1) */ t",
      "SELECT   ?  FROM   t" },
    { "a string that was cut off goes", "SELECT 'secr", "SELECT ?" },
    { "a comment that was cut off goes", "SELECT 1 /* secr", "SELECT ? ?" },
    { "a name that was cut off goes", "SELECT `secr", "SELECT ?" },
    { "what one reading of a backslash shows and another does not goes",
      "SELECT 'C:\\' AND name = 'secret' AND x = 1", "SELECT ?" },
    { "a backslash elsewhere costs nothing", "SELECT 'a\\nb' AS x, 1", "SELECT ? AS x, ?" },
    { "a dollar text goes", "CREATE FUNCTION f $$ def secret $$ x", "CREATE FUNCTION f ? x" },
    { "an empty text is empty", "", "" },
};
/* clang-format on */

/* clang-format off */
static const struct cell {
    const char *name, *column, *text, *want;
} cells[] = {
    { "a statement in a result loses its literals", "Info", "SELECT 'x'", "SELECT ?" },
    { "conditions of a routine load go, its settings stay", "JobProperties",
      "{\"whereExpr\":\"city = 'x'\",\"maxBatchRows\":\"200000\",\"columnToColumnExpr\":\"a\"}",
      "{\"maxBatchRows\":\"200000\",\"whereExpr\":\"?\",\"columnToColumnExpr\":\"?\"}" },
    { "a condition whose name is written with escapes goes", "JOB_PROPERTIES",
      "{\"where\\u0045xpr\":\"x\"}", "{\"whereExpr\":\"?\"}" },
    { "an expression that is more than a text goes", "job_properties",
      "{\"anExpr\":{\"a\":[1,\"x\"]},\"b\":1}", "{\"b\":1,\"anExpr\":\"?\"}" },
    { "properties without a condition stay as they are", "JobProperties",
      "{ \"format\" : \"csv\" }", "{ \"format\" : \"csv\" }" },
    { "properties that were cut off go", "JobProperties", "{\"whereExpr\":\"city = 'x", "?" },
    { "what is no object goes", "JobProperties", "[\"city = 'x'\"]", "?" },
    { "no properties stay none", "JobProperties", "", "" },
};
/* clang-format on */

static void check_cell(void **state)
{
    const struct cell *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    assert_true(srd_guard_private_column(row->column));
    assert_string_equal(srd_guard_hide_cell(row->column, row->text, arena), row->want);
}

static void check_cut(void **state)
{
    static const char letters[] = {
        [SRD_LEX_COMMENT] = 'c', [SRD_LEX_HINT] = 'h',     [SRD_LEX_WORD] = 'w',
        [SRD_LEX_QUOTED] = 'q',  [SRD_LEX_DOTTED] = 'd',   [SRD_LEX_STRING] = 's',
        [SRD_LEX_BINARY] = 'b',  [SRD_LEX_NUMBER] = 'n',   [SRD_LEX_ATTACHMENT] = 'a',
        [SRD_LEX_SIGN] = '+',    [SRD_LEX_UNCLOSED] = 'u', [SRD_LEX_STRAY] = '?'
    };
    const struct cut *row = *state;
    struct srd_lexer lexer = { .sql = row->sql, .n = strlen(row->sql) };
    struct srd_lex_token t;
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;

    srd_buf_init(&got, 1000);
    for (srd_lexer_next(&lexer, &t); t.kind != SRD_LEX_END; srd_lexer_next(&lexer, &t))
        srd_buf_printf(&got, "%s%c%zu", got.size ? " " : "", letters[t.kind], t.size);
    assert_string_equal(got.data, row->want);
}

static void check_hidden(void **state)
{
    const struct hidden *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    assert_string_equal(srd_guard_hide_literals(row->sql, strlen(row->sql), arena), row->want);
}

static int judge_lines(const char *text)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *words = srd_arena_new();
    SRD_CLEANUP(srd_free_text) char *line = NULL;
    struct srd_guard_rules rules;
    size_t room = 0;
    ssize_t n;

    if (!text || !read_rules(words, text, &rules))
        return 2;
    while ((n = getline(&line, &room, stdin)) > 0) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        size_t size = (size_t)n / 2;
        char *sql = srd_arena_alloc(arena, size + 1);
        struct srd_guard_verdict v;

        line[2 * size] = '\0';
        if (!srd_unhex(line, sql, size))
            return 2;
        srd_guard_judge(sql, size, &rules, arena, &v);
        printf("%s %zu %s\n", srd_guard_code_name(v.code), v.offset, v.reason);
    }
    return 0;
}

/* clang-format off */
static const struct CMUnitTest single[] = {
    { "every statement of every probe passes", probes_pass, NULL, NULL, NULL },
    { "the policy of probes allows no SQL", probes_policy, NULL, NULL, NULL },
    { "every code has a name", codes_have_names, NULL, NULL, NULL },
    { "columns with users' SQL are known by name", private_columns, NULL, NULL, NULL },
};
/* clang-format on */

int main(int argc, char **argv)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct CMUnitTest *tests;
    size_t n = SRD_COUNT(single);

    if (argc > 1 && !strcmp(argv[1], "--judge"))
        return judge_lines(argv[2]);
    read_corpus(arena);
    tests = srd_arena_array(
        arena, n + SRD_COUNT(cuts) + SRD_COUNT(hidden) + SRD_COUNT(cells) + statement_count,
        sizeof(*tests));
    memcpy(tests, single, sizeof(single));
    for (size_t i = 0; i < SRD_COUNT(cuts); i++)
        tests[n++] = (struct CMUnitTest){ .name = cuts[i].name,
                                          .test_func = check_cut,
                                          .initial_state = (void *)&cuts[i] };
    for (size_t i = 0; i < SRD_COUNT(hidden); i++)
        tests[n++] = (struct CMUnitTest){ .name = hidden[i].name,
                                          .test_func = check_hidden,
                                          .initial_state = (void *)&hidden[i] };
    for (size_t i = 0; i < SRD_COUNT(cells); i++)
        tests[n++] = (struct CMUnitTest){ .name = cells[i].name,
                                          .test_func = check_cell,
                                          .initial_state = (void *)&cells[i] };
    for (size_t i = 0; i < statement_count; i++)
        tests[n++] = (struct CMUnitTest){ .name = statements[i].name,
                                          .test_func = check_statement,
                                          .initial_state = &statements[i] };
    return _cmocka_run_group_tests("guard", tests, n, NULL, NULL);
}
