/* Do memory, bytes and errors keep to their bounds, and the log to one line? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/log.h"

/* ---- buf ---- */

static void a_buffer_grows(void **state)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;

    (void)state;
    srd_buf_init(&buf, 100000);
    assert_string_equal(buf.data, "");
    for (int i = 0; i < 10000; i++)
        srd_buf_printf(&buf, "%d,", i % 10);
    assert_int_equal(buf.size, 20000);
    assert_int_equal(strlen(buf.data), 20000);
    assert_memory_equal(buf.data + 19990, "5,6,7,8,9,", 10);
    assert_false(buf.full);
}

static void a_buffer_ends_at_its_ceiling(void **state)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;

    (void)state;
    srd_buf_init(&buf, 5);
    srd_buf_text(&buf, "hello");
    assert_false(buf.full);
    srd_buf_add(&buf, "", 0);
    assert_false(buf.full);
    srd_buf_char(&buf, '!');
    assert_true(buf.full);
    assert_string_equal(buf.data, "hello");
}

static void a_full_buffer_takes_nothing(void **state)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;

    (void)state;
    srd_buf_init(&buf, 70);
    srd_buf_text(&buf, "ab");
    srd_buf_repeat(&buf, 'x', 69);
    assert_true(buf.full);
    srd_buf_char(&buf, 'c');
    srd_buf_printf(&buf, "%d", 1);
    srd_buf_repeat(&buf, 'y', 1);
    assert_string_equal(buf.data, "ab");
    srd_buf_clear(&buf);
    assert_false(buf.full);
    srd_buf_repeat(&buf, 'z', 70);
    assert_int_equal(strlen(buf.data), 70);
}

static void a_format_fits_or_leaves_nothing(void **state)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;

    (void)state;
    srd_buf_init(&buf, 200);
    srd_buf_text(&buf, "a");
    srd_buf_printf(&buf, "%0199d", 7);
    assert_int_equal(buf.size, 200);
    assert_int_equal(strlen(buf.data), 200);
    assert_int_equal(buf.data[199], '7');
    srd_buf_clear(&buf);
    srd_buf_text(&buf, "a");
    srd_buf_printf(&buf, "%0200d", 7);
    assert_true(buf.full);
    assert_string_equal(buf.data, "a");
}

static void a_buffer_may_hold_nothing(void **state)
{
    struct srd_buf buf;

    (void)state;
    srd_buf_init(&buf, 0);
    assert_string_equal(buf.data, "");
    srd_buf_printf(&buf, "x");
    assert_true(buf.full);
    assert_string_equal(buf.data, "");
    srd_buf_free(&buf);
    srd_buf_free(&buf);
    srd_buf_init(&buf, SIZE_MAX);
    srd_buf_add(&buf, "a\0b", 3);
    assert_int_equal(buf.size, 3);
    srd_buf_repeat(&buf, 'x', SIZE_MAX);
    assert_true(buf.full);
    srd_buf_free(&buf);
    srd_buf_char(&buf, 'x');
    assert_null(buf.data);
}

/* ---- arena ---- */

static void memory_is_zero_and_aligned(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    size_t sum = 0;

    (void)state;
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *piece = srd_arena_alloc(arena, size);

        assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            sum += piece[i];
        memset(piece, 0xff, size);
    }
    assert_int_equal(sum, 0);
    assert_true(srd_arena_used(arena) >= 3000 / 7 * 1500);
}

static void pieces_do_not_overlap(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    char *pieces[500];

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(pieces); i++) {
        size_t size = i % 50 == 49 ? 1000000 : i; /* large ones in between */

        pieces[i] = srd_arena_alloc(arena, size + 1);
        memset(pieces[i], (int)(i % 100 + 1), size + 1);
    }
    for (size_t i = 0; i < 10000; i++) /* to the very end of each block */
        memset(srd_arena_alloc(arena, 16), 0, 16);
    for (size_t i = 0; i < SRD_COUNT(pieces); i++) {
        assert_int_equal(pieces[i][0], i % 100 + 1);
        assert_int_equal(pieces[i][i % 50 == 49 ? 1000000 : i], i % 100 + 1);
    }
}

static void an_adopted_arena_stays_readable(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_arena *child = srd_arena_new(), *empty = srd_arena_new(), *none = NULL;
    char *mine = srd_arena_copy(arena, "mine"), *its;
    size_t used;

    (void)state;
    its = srd_arena_printf(child, "%0500d", 7);
    srd_arena_alloc(child, 1000000);
    used = srd_arena_used(arena) + srd_arena_used(child);
    srd_arena_adopt(arena, &child);
    srd_arena_adopt(arena, &empty);
    srd_arena_adopt(arena, &none);
    assert_null(child);
    assert_null(empty);
    assert_int_equal(srd_arena_used(arena), used);
    assert_string_equal(mine, "mine");
    assert_int_equal(strlen(its), 500);
    assert_string_equal(srd_arena_copy(arena, "more"), "more");
    child = srd_arena_new();
    srd_arena_copy(child, "second");
    srd_arena_adopt(arena, &child);
}

static void an_empty_arena_adopts(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_arena *child = srd_arena_new();
    char *its = srd_arena_copy(child, "its");

    (void)state;
    srd_arena_adopt(arena, &child);
    assert_string_equal(srd_arena_copy(arena, "mine"), "mine");
    assert_string_equal(its, "its");
}

static void texts_are_copied(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    char text[600];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_null(srd_arena_copy(arena, NULL));
    assert_string_equal(srd_arena_copy_n(arena, "abc", 2), "ab");
    assert_string_equal(srd_arena_copy_n(arena, NULL, 0), "");
    assert_string_equal(srd_arena_printf(arena, "%s %d", "a", 1), "a 1");
    assert_string_equal(srd_arena_printf(arena, "%s", text), text);
    text[255] = '\0';
    assert_string_equal(srd_arena_printf(arena, "%s", text), text);
    assert_string_equal(srd_arena_printf(arena, "%sy", text) + 255, "y");
}

/* ---- the end ---- */

static struct srd_arena *volatile kept; /* so that it is no leak when the process ends */

static void overflow(void)
{
    kept = srd_arena_new();
    srd_arena_array(kept, SIZE_MAX / 2, 3);
}

static void round_up(void)
{
    kept = srd_arena_new();
    srd_arena_alloc(kept, SIZE_MAX - 3);
}

/* What @end writes to stderr, in @text; returns the exit status. */
static int last_words(void (*end)(void), char *text, size_t size)
{
    int pipes[2], status;
    ssize_t n;
    pid_t child;

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (!child) {
        dup2(pipes[1], STDERR_FILENO);
        end();
        _exit(0);
    }
    close(pipes[1]);
    n = read(pipes[0], text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void no_memory_ends_the_process(void **state)
{
    char text[100];

    (void)state;
    assert_int_equal(last_words(overflow, text, sizeof(text)), 70);
    assert_string_equal(text, "srdiag: error: out of memory\n");
    assert_int_equal(last_words(round_up, text, sizeof(text)), 70);
}

/* ---- error ---- */

static void a_cause_collects_what_was_done(void **state)
{
    struct srd_error err;

    (void)state;
    assert_int_equal(srd_fail(&err, SRD_E_DATA, "expected %d cells, found %d", 30, 28), SRD_E_DATA);
    assert_int_equal(srd_while(&err, "row %d", 3), SRD_E_DATA);
    assert_int_equal(srd_while(&err, "read snapshot \"%s\"", "a.srd"), SRD_E_DATA);
    assert_string_equal(err.text, "read snapshot \"a.srd\": row 3: expected 30 cells, found 28");
    assert_int_equal(srd_fail(&err, SRD_E_LIMIT, "again: %s", err.text), SRD_E_LIMIT);
    assert_string_equal(err.text,
                        "again: read snapshot \"a.srd\": row 3: expected 30 cells, found 28");
    srd_while(&err, "%s", err.text);
    assert_memory_equal(err.text,
                        "again: read snapshot \"a.srd\": row 3: expected 30 cells, found 28: "
                        "again: ",
                        72);
}

static void a_long_cause_loses_its_end(void **state)
{
    struct srd_error err;
    char text[3001];

    (void)state;
    for (size_t i = 0; i < 3000; i += 3) /* characters of three bytes, and 1023 = 3 * 341 */
        memcpy(text + i, "\xe4\xbd\xa0", 3);
    text[3000] = '\0';
    srd_fail(&err, SRD_E_DATA, "%s", text);
    assert_int_equal(strlen(err.text), 1023);
    srd_fail(&err, SRD_E_DATA, "x%s", text);
    assert_int_equal(strlen(err.text), 1021);
    srd_while(&err, "a");
    assert_memory_equal(err.text, "a: x\xe4", 5);
    assert_int_equal(strlen(err.text), 1021); /* 3 more before it, so a character less behind */
    srd_while(&err, "%s", text);
    assert_int_equal(strlen(err.text), 1020 + 3);
    for (int i = 0; i < 2000; i++)
        srd_while(&err, "%d", i);
    assert_memory_equal(err.text, "1999: 1998: ", 12);
}

static void codes_have_names_and_exits(void **state)
{
    static const struct {
        enum srd_code code;
        const char *name;
        int exit;
    } want[] = { { SRD_OK, "ok", 0 },
                 { SRD_E_USAGE, "usage", 64 },
                 { SRD_E_DATA, "data", 65 },
                 { SRD_E_CONNECT, "connect", 69 },
                 { SRD_E_LIMIT, "limit", 65 },
                 { SRD_E_INTERNAL, "internal", 70 },
                 { SRD_E_SYSTEM, "system", 74 },
                 { SRD_E_DENIED, "denied", 77 },
                 { SRD_E_CONFIG, "config", 78 },
                 { SRD_E_TIMEOUT, "timeout", 124 },
                 { SRD_E_CANCELLED, "cancelled", 130 },
                 { (enum srd_code)99, "unknown", 70 } };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(want); i++) {
        assert_string_equal(srd_code_name(want[i].code), want[i].name);
        assert_int_equal(srd_code_exit(want[i].code), want[i].exit);
    }
}

/* ---- log ---- */

static void say(void)
{
    srd_log(SRD_LOG_WARNING, "%s", "a\nb\x1b[31m\xff");
}

static void whisper(void)
{
    srd_log(SRD_LOG_INFO, "not heard");
    srd_log_set_level(SRD_LOG_INFO);
    srd_log(SRD_LOG_INFO, "heard");
    srd_log(SRD_LOG_DEBUG, "not heard");
}

static void say_much(void)
{
    char text[6001];

    memset(text, 'x', 6000);
    text[6000] = '\0';
    srd_log(SRD_LOG_ERROR, "%s", text);
}

static void a_log_line_is_one_line(void **state)
{
    char text[10000];

    (void)state;
    last_words(say, text, sizeof(text));
    assert_string_equal(text, "srdiag: warning: a\\nb\\e[31m\\xff\n");
    last_words(say_much, text, sizeof(text));
    assert_int_equal(strlen(text), strlen("srdiag: error: ...\n") + 4095);
    assert_string_equal(text + strlen(text) - 6, "xx...\n");
}

static void a_log_keeps_to_its_level(void **state)
{
    char text[1000];

    (void)state;
    assert_int_equal(srd_log_level(), SRD_LOG_WARNING);
    last_words(whisper, text, sizeof(text));
    assert_string_equal(text, "srdiag: info: heard\n");
}

static const struct CMUnitTest tests[] = {
    { "a buffer grows", a_buffer_grows, NULL, NULL, NULL },
    { "a buffer ends at its ceiling", a_buffer_ends_at_its_ceiling, NULL, NULL, NULL },
    { "a full buffer takes nothing more until it is cleared", a_full_buffer_takes_nothing, NULL,
      NULL, NULL },
    { "a format fits or leaves nothing", a_format_fits_or_leaves_nothing, NULL, NULL, NULL },
    { "a ceiling may be nothing or everything", a_buffer_may_hold_nothing, NULL, NULL, NULL },
    { "memory of an arena is zero and aligned", memory_is_zero_and_aligned, NULL, NULL, NULL },
    { "pieces of an arena do not overlap", pieces_do_not_overlap, NULL, NULL, NULL },
    { "what an adopted arena held stays where it is", an_adopted_arena_stays_readable, NULL, NULL,
      NULL },
    { "an empty arena can adopt", an_empty_arena_adopts, NULL, NULL, NULL },
    { "texts are copied into an arena", texts_are_copied, NULL, NULL, NULL },
    { "the end of memory ends the process with status 70", no_memory_ends_the_process, NULL, NULL,
      NULL },
    { "a cause collects what was being done", a_cause_collects_what_was_done, NULL, NULL, NULL },
    { "a long cause loses its end, never half a character", a_long_cause_loses_its_end, NULL, NULL,
      NULL },
    { "codes have names and exit statuses", codes_have_names_and_exits, NULL, NULL, NULL },
    { "a log line is one clean line", a_log_line_is_one_line, NULL, NULL, NULL },
    { "a log keeps to its level", a_log_keeps_to_its_level, NULL, NULL, NULL },
};

int main(void)
{
    return cmocka_run_group_tests_name("buf, arena, error, log", tests, NULL, NULL);
}
