/* Does a .env file read back what was written into it, and does the rest of it stay as it was? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* cmd is a program and no library: the files under test are included */
#include "cmd/config_file.c"
#include "cmd/env_file.c"
#include "cmd/words.c"

static const struct word {
    const char *name, *value, *want; /* as it stands in the file */
} words[] = {
    { "nothing is nothing", "", "" },
    { "a word stands bare", "fe1.example.com:9030,[::1]", "fe1.example.com:9030,[::1]" },
    { "a comment's sign is quoted", "a#b", "'a#b'" },
    { "a blank is quoted", "a b", "'a b'" },
    { "what a shell would read is quoted", "$HOME`id`", "'$HOME`id`'" },
    { "a backslash is quoted", "a\\b", "'a\\b'" },
    { "double quotes are quoted by single ones", "a\"b", "'a\"b'" },
    { "single quotes are quoted by double ones", "it's", "\"it's\"" },
    { "with both, and what a shell would read, all is escaped", "'\"$`\\", "\"'\\\"\\$\\`\\\\\"" },
    { "lines are escaped", "a\nb\r", "\"a\\nb\\r\"" },
    { "a tab is quoted", "a\tb", "'a\tb'" },
    { "other scripts are quoted", "密码", "'密码'" },
};

static bool all(const char *key)
{
    (void)key;
    return true;
}

static void test_word(void **state)
{
    const struct word *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_config_text read = { .arena = arena };
    const char *text, *got = srd_env_word(arena, row->value);

    assert_string_equal(got, row->want);
    text = srd_arena_printf(arena, "A=1\nKEY=%s\nB=2\n", got);
    srd_dotenv_parse("f", text, strlen(text), all, &read);
    assert_int_equal(read.count, 3);
    assert_string_equal(read.entries[1].value, row->value);
}

static const struct put {
    const char *name, *text, *value, *want; /* NULL: refused */
} puts_[] = {
    { "a value is replaced where it stands", "A=1\nTOKEN=old\nB=2\n", "new",
      "A=1\nTOKEN=new\nB=2\n" },
    { "the last one counts", "TOKEN=a\nTOKEN=b\n", "new", "TOKEN=a\nTOKEN=new\n" },
    { "an empty one does not", "TOKEN=a\nTOKEN=\n", "new", "TOKEN=new\nTOKEN=\n" },
    { "unless there is no other", "TOKEN=\n", "new", "TOKEN=new\n" },
    { "the other name ranks higher", "TOKEN=a\nSRDIAG_TOKEN=b\nTOKEN=c\n", "new",
      "TOKEN=a\nSRDIAG_TOKEN=new\nTOKEN=c\n" },
    { "without one it is added", "A=1\n", "new", "A=1\nTOKEN=new\n" },
    { "to nothing, too", "", "new", "TOKEN=new\n" },
    { "behind a line that has no end", "A=1", "new", "A=1\nTOKEN=new\n" },
    { "a comment is none", "#TOKEN=a\n", "new", "#TOKEN=a\nTOKEN=new\n" },
    { "export stays", "  export  TOKEN='a'\n", "new", "export TOKEN=new\n" },
    { "a line of a value of others is none", "KEY='x\nTOKEN=a\n'\n", "new",
      "KEY='x\nTOKEN=a\n'\nTOKEN=new\n" },
    { "what is open before stays open", "KEY='x\n", "new", "KEY='x\nTOKEN=new\n" },
    { "a value that needs quotes is refused", "TOKEN=a\n", "a b", NULL },
    { "a value over several lines is left alone", "TOKEN='a\nb'\n", "new", NULL },
    { "all of them go", "A=1\nTOKEN=a\n# c\nSRDIAG_TOKEN=b\nTOKEN=\nB=2", NULL, "A=1\n# c\nB=2" },
    { "none is none to go", "A=1\r\n", NULL, "A=1\r\n" },
};

static void test_put(void **state)
{
    static const char *const keys[] = { "SRDIAG_TOKEN", "TOKEN", NULL };
    const struct put *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *got = srd_env_put(arena, row->text, keys, row->value);

    if (!row->want)
        assert_null(got);
    else
        assert_string_equal(got, row->want);
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(words) + SRD_COUNT(puts_)];
    size_t n = 0;

    for (size_t i = 0; i < SRD_COUNT(words); i++)
        tests[n++] = (struct CMUnitTest){ .name = words[i].name,
                                          .test_func = test_word,
                                          .initial_state = (void *)&words[i] };
    for (size_t i = 0; i < SRD_COUNT(puts_); i++)
        tests[n++] = (struct CMUnitTest){ .name = puts_[i].name,
                                          .test_func = test_put,
                                          .initial_state = (void *)&puts_[i] };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
