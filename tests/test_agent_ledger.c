/* Does a ledger miss nothing: a change, a line too few, a line too many, a full disk, a power cut?
 */

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/agent/ledger.h"

static char folder[64], file[96], head[104];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/srdiag-ledger.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof(file), "%s/audit", folder);
    snprintf(head, sizeof(head), "%s.head", file);
    return 0;
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static struct srd_ledger_entry entry(const char *sql)
{
    return (struct srd_ledger_entry){ .peer = "10.0.0.7",
                                      .route = "/collect",
                                      .probe = "backends",
                                      .sql = sql,
                                      .verdict = "allowed",
                                      .status = "answered",
                                      .rows = 3,
                                      .bytes = 100,
                                      .ms = 1 };
}

static void write_lines(int count)
{
    struct srd_ledger *ledger;
    struct srd_error err = { 0 };

    assert_int_equal(srd_ledger_open(file, &ledger, &err), 0);
    for (int i = 0; i < count; i++) {
        char sql[32];
        struct srd_ledger_entry e;

        snprintf(sql, sizeof(sql), "SHOW BACKENDS /* %d */", i);
        e = entry(sql);
        assert_int_equal(srd_ledger_write(ledger, &e, &err), 0);
    }
    assert_int_equal(srd_ledger_sync(ledger, &err), 0);
    srd_ledger_close(&ledger);
}

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = calloc(1, 1 << 20);

    assert_non_null(f);
    text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
    fclose(f);
    return text;
}

static void spit(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* What the reader says; "whole" if nothing. */
static const char *verdict(const char *mark)
{
    static char words[1200];
    struct srd_ledger_state state;
    struct srd_error err = { 0 };
    const char *text = "whole";

    if (srd_ledger_read(file, mark, NULL, NULL, &state, &err))
        text = err.text;
    snprintf(words, sizeof(words), "%s", text);
    return words;
}

static char *line_at(char *text, int number)
{
    for (; number > 1; number--)
        text = strchr(text, '\n') + 1;
    return text;
}

/* ---- tampering: five lines, one deed, what is said ---- */

static void change_a_digit(char *text)
{
    *strstr(line_at(text, 3), "10.0.0.7") = '2';
}
static void change_the_last(char *text)
{
    *strstr(line_at(text, 5), "BACKENDS") = 'X';
}
static void change_a_hash(char *text)
{
    char *hash = strstr(line_at(text, 2), "\"hash\":\"") + 8;

    *hash = *hash == '0' ? '1' : '0';
}
static void remove_line(char *text, int number)
{
    char *from = line_at(text, number), *next = strchr(from, '\n') + 1;

    memmove(from, next, strlen(next) + 1);
}
static void remove_first(char *text)
{
    remove_line(text, 1);
}
static void remove_middle(char *text)
{
    remove_line(text, 3);
}
static void remove_last(char *text)
{
    remove_line(text, 5);
}
static void remove_two(char *text)
{
    remove_line(text, 2);
    remove_line(text, 2);
}
static void repeat_line(char *text)
{
    char *from = line_at(text, 2), *next = strchr(from, '\n') + 1;
    size_t n = (size_t)(next - from);

    memmove(next + n, next, strlen(next) + 1);
    memcpy(next, from, n);
}
static void append_line(char *text)
{
    strcat(text, "{\"n\":6,\"time\":\"2026-01-20T02:00:00Z\"}\n");
}
static void swap_lines(char *text)
{
    SRD_CLEANUP(srd_free_text) char *copy = strdup(text);
    char *second = line_at(copy, 2), *third = line_at(copy, 3), *fourth = line_at(copy, 4);

    sprintf(line_at(text, 2), "%.*s%.*s%s", (int)(fourth - third), third, (int)(third - second),
            second, fourth);
}
static void put_blank(char *text)
{
    char *at = line_at(text, 3);

    memmove(at + 1, at, strlen(at) + 1);
    *at = ' ';
}
static void put_empty_line(char *text)
{
    char *at = line_at(text, 3);

    memmove(at + 1, at, strlen(at) + 1);
    *at = '\n';
}
static void nothing(char *text)
{
    (void)text;
}
static void empty(char *text)
{
    *text = '\0';
}

static const struct row {
    const char *name;
    void (*deed)(char *text);
    const char *want;
} rows[] = {
    { "a ledger that nobody touched is whole", nothing, "whole" },
    { "a changed word is found", change_a_digit, "line 3: was changed" },
    { "a changed last line is found", change_the_last, "line 5: was changed" },
    { "a changed hash is found", change_a_hash, "line 2: was changed" },
    { "a removed line is found", remove_middle,
      "line 3: has number 4: 1 lines before it are missing" },
    { "two removed lines are counted", remove_two,
      "line 2: has number 4: 2 lines before it are missing" },
    { "a removed last line is found", remove_last, "1 lines were taken from its end" },
    { "a removed first line shows in the first number", remove_first, "whole" },
    { "a repeated line is found", repeat_line, "line 3: has number 2 again" },
    { "a line that somebody made up is found", append_line, "line 6: is no line of a ledger" },
    { "lines in another order are found", swap_lines,
      "line 2: has number 3: 1 lines before it are missing" },
    { "a blank is found", put_blank, "line 3: is no line of a ledger" },
    { "an empty line is found", put_empty_line, "line 3: is no line of a ledger" },
    { "an emptied file goes on where its head says", empty, "whole" },
};

static void tampering(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_free_text) char *text = NULL;

    set_up(NULL);
    write_lines(5);
    text = slurp(file);
    row->deed(text);
    spit(file, text);
    if (!strstr(verdict(NULL), row->want))
        fail_msg("\"%s\" does not say \"%s\"", verdict(NULL), row->want);
    tear_down(NULL);
}

/* ---- life ---- */

static void goes_on_after_a_restart(void **state)
{
    struct srd_ledger_state s;
    struct srd_error err = { 0 };
    struct stat st;

    (void)state;
    write_lines(3);
    write_lines(2);
    assert_int_equal(srd_ledger_read(file, NULL, NULL, NULL, &s, &err), 0);
    assert_int_equal(s.first, 1);
    assert_int_equal(s.last, 5);
    assert_true(s.headed);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void refuses_to_go_on_with_a_broken_one(void **state)
{
    SRD_CLEANUP(srd_free_text) char *text = NULL;
    struct srd_ledger *ledger;
    struct srd_error err = { 0 };

    (void)state;
    write_lines(3);
    text = slurp(file);
    remove_line(text, 2);
    spit(file, text);
    assert_int_equal(srd_ledger_open(file, &ledger, &err), SRD_E_CONFIG);
    assert_non_null(strstr(err.text, "line 2"));
}

static void one_process_at_a_time(void **state)
{
    struct srd_ledger *ledger, *second;
    struct srd_error err = { 0 };

    (void)state;
    assert_int_equal(srd_ledger_open(file, &ledger, &err), 0);
    assert_int_equal(srd_ledger_open(file, &second, &err), SRD_E_CONFIG);
    srd_ledger_close(&ledger);
}

static void a_half_written_line_is_cut_off_and_told(void **state)
{
    SRD_CLEANUP(srd_free_text) char *text = NULL;
    SRD_CLEANUP(srd_free_text) char *after = NULL;

    (void)state;
    write_lines(3);
    text = slurp(file);
    text[strlen(text) - 30] = '\0';
    spit(file, text);
    unlink(head); /* the power cut took it, too */
    write_lines(1);
    assert_string_equal(verdict(NULL), "whole");
    after = slurp(file);
    assert_non_null(strstr(line_at(after, 3), "\"route\":\"repaired\""));
}

static void goes_on_in_a_new_file(void **state)
{
    struct srd_ledger *ledger;
    struct srd_error err = { 0 };
    struct srd_ledger_entry e = entry("SHOW BACKENDS");
    struct srd_ledger_state s;
    char old[128];

    (void)state;
    snprintf(old, sizeof(old), "%s.1", file);
    assert_int_equal(srd_ledger_open(file, &ledger, &err), 0);
    assert_int_equal(srd_ledger_write(ledger, &e, &err), 0);
    assert_int_equal(rename(file, old), 0);
    assert_int_equal(srd_ledger_reopen(ledger, &err), 0);
    assert_int_equal(srd_ledger_write(ledger, &e, &err), 0);
    srd_ledger_close(&ledger);
    assert_int_equal(rename(file, old), 0);
    write_lines(1); /* also when nobody told it */
    assert_int_equal(srd_ledger_read(file, NULL, NULL, NULL, &s, &err), 0);
    assert_int_equal(s.first, 3);
}

static void marks_are_found_again(void **state)
{
    struct srd_ledger *ledger;
    struct srd_error err = { 0 };
    struct srd_ledger_entry e = entry("SHOW BACKENDS");
    char mark[SRD_LEDGER_MARK_SIZE], other[SRD_LEDGER_MARK_SIZE + 1];

    (void)state;
    write_lines(2);
    assert_int_equal(srd_ledger_open(file, &ledger, &err), 0);
    srd_ledger_mark(ledger, mark);
    assert_int_equal(srd_ledger_write(ledger, &e, &err), 0);
    srd_ledger_close(&ledger);
    assert_string_equal(verdict(mark), "whole");
    assert_string_equal(verdict(strchr(mark, ':') + 1), "whole");
    snprintf(other, sizeof(other), "9%s", mark);
    assert_non_null(strstr(verdict(other), "none of its lines has the mark"));
}

static void a_full_disk_takes_the_line_back(void **state)
{
    struct srd_ledger *ledger;
    struct srd_error err = { 0 };
    struct srd_ledger_entry e = entry("SHOW BACKENDS");
    struct rlimit was, small;
    struct stat st;

    (void)state;
    write_lines(2);
    assert_int_equal(srd_ledger_open(file, &ledger, &err), 0);
    stat(file, &st);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &was);
    small = was;
    small.rlim_cur = (rlim_t)st.st_size + 50; /* in the middle of the next line */
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(srd_ledger_write(ledger, &e, &err), SRD_E_SYSTEM);
    setrlimit(RLIMIT_FSIZE, &was);
    assert_string_equal(verdict(NULL), "whole");
    assert_int_equal(srd_ledger_write(ledger, &e, &err), 0);
    srd_ledger_close(&ledger);
    assert_string_equal(verdict(NULL), "whole");
}

static void what_is_no_file_is_refused(void **state)
{
    struct srd_ledger *ledger;
    struct srd_error err = { 0 };

    (void)state;
    assert_int_equal(srd_ledger_open("/dev/full", &ledger, &err), SRD_E_CONFIG);
    assert_int_equal(srd_ledger_open(folder, &ledger, &err), SRD_E_SYSTEM);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_int_equal(srd_ledger_open(file, &ledger, &err), SRD_E_CONFIG);
}

static void hostile_texts_stay_on_their_line(void **state)
{
    struct srd_ledger *ledger;
    struct srd_error err = { 0 };
    struct srd_ledger_entry e = entry("SELECT '\n\"},{\x01\xff'");
    char *long_text = malloc(2000000);

    (void)state;
    e.peer = "\",\"hash\":\"";
    assert_int_equal(srd_ledger_open(file, &ledger, &err), 0);
    assert_int_equal(srd_ledger_write(ledger, &e, &err), 0);
    memset(long_text, '\x02', 1999999);
    long_text[1999999] = '\0';
    e.sql = long_text;
    assert_int_equal(srd_ledger_write(ledger, &e, &err), 0);
    srd_ledger_close(&ledger);
    free(long_text);
    assert_string_equal(verdict(NULL), "whole");
}

static void *many_lines(void *context)
{
    struct srd_error err = { 0 };
    struct srd_ledger_entry e = entry("SHOW BACKENDS");

    for (int i = 0; i < 100; i++) {
        if (srd_ledger_write(context, &e, &err) ||
            (i % 20 == 0 && (srd_ledger_sync(context, &err) || srd_ledger_reopen(context, &err))))
            abort();
    }
    return NULL;
}

static void several_threads_make_one_chain(void **state)
{
    struct srd_ledger *ledger;
    struct srd_error err = { 0 };
    pthread_t threads[4];
    struct srd_ledger_state s;

    (void)state;
    assert_int_equal(srd_ledger_open(file, &ledger, &err), 0);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, many_lines, ledger);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    srd_ledger_close(&ledger);
    assert_int_equal(srd_ledger_read(file, NULL, NULL, NULL, &s, &err), 0);
    assert_int_equal(s.last, 400);
}

#define LIFE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    struct CMUnitTest tests[sizeof(rows) / sizeof(*rows)];
    const struct CMUnitTest life[] = {
        LIFE(goes_on_after_a_restart),
        LIFE(refuses_to_go_on_with_a_broken_one),
        LIFE(one_process_at_a_time),
        LIFE(a_half_written_line_is_cut_off_and_told),
        LIFE(goes_on_in_a_new_file),
        LIFE(marks_are_found_again),
        LIFE(a_full_disk_takes_the_line_back),
        LIFE(what_is_no_file_is_refused),
        LIFE(hostile_texts_stay_on_their_line),
        LIFE(several_threads_make_one_chain),
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        tests[i] = (struct CMUnitTest){ .name = rows[i].name,
                                        .test_func = tampering,
                                        .initial_state = (void *)(uintptr_t)&rows[i] };
    return cmocka_run_group_tests_name("tampering", tests, NULL, NULL) +
           cmocka_run_group_tests_name("life", life, NULL, NULL);
}
