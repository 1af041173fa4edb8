/* Is a ticket good where it was given, and nowhere else? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/serve/ticket.h"

#define ONE "0123456789abcdef0123456789abcdef"
#define TWO "fedcba9876543210fedcba9876543210"

static struct srd_secrets secrets_of(const char *text)
{
    struct srd_secrets out;
    struct srd_error err = { 0 };
    char *copy = strdup(text);

    assert_int_equal(srd_secrets_parse(&out, "f", copy, strlen(copy), &err), 0);
    free(copy);
    return out;
}

static const struct srd_ticket_bond acme = { "acme", "the call" };

static struct srd_ticket ticket_of(size_t from)
{
    struct srd_ticket ticket = { .kind = SRD_TICKET_ROWS,
                                 .taken_s = INT64_C(0x12345678ab),
                                 .from = from,
                                 .words = { "storage", "", "72" } };
    struct srd_error err;

    assert_int_equal(srd_ticket_number(&ticket, &err), 0);
    return ticket;
}

static void it_comes_back_as_it_was(void **state)
{
    static const size_t froms[] = { 0, 1, 127, 128, 16383, 16384, 4294967295 };
    struct srd_secrets secrets = secrets_of(ONE "\n"), replica = secrets_of(ONE "\n");

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(froms); i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct srd_ticket ticket = ticket_of(froms[i]), back;
        const char *text = srd_ticket_write(&secrets, &ticket, &acme, arena);

        assert_non_null(text);
        assert_true(srd_ticket_read(&replica, SRD_TICKET_ROWS, &acme, text, arena, &back));
        assert_memory_equal(back.id, ticket.id, SRD_TICKET_ID);
        assert_int_equal(back.taken_s, ticket.taken_s);
        assert_int_equal(back.from, froms[i]);
        assert_string_equal(back.words[0], "storage");
        assert_string_equal(back.words[1], "");
        assert_string_equal(back.words[2], "72");
        assert_null(back.words[3]);
    }
}

static void two_are_never_the_same(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_secrets secrets = secrets_of(ONE);
    struct srd_ticket a = ticket_of(1), b = ticket_of(1);

    (void)state;
    assert_string_not_equal(srd_ticket_write(&secrets, &a, &acme, arena),
                            srd_ticket_write(&secrets, &b, &acme, arena));
}

/* ---- not good ---- */

static const struct {
    const char *name;
    struct srd_ticket_bond bond;
    enum srd_ticket_kind kind;
    const char *secrets;
    bool good;
} rows[] = {
    { "the same call of the same tenant", { "acme", "the call" }, SRD_TICKET_ROWS, ONE, true },
    { "another tenant", { "acm", "the call" }, SRD_TICKET_ROWS, ONE, false },
    { "a tenant whose name goes on", { "acmee", "the call" }, SRD_TICKET_ROWS, ONE, false },
    { "no tenant", { NULL, "the call" }, SRD_TICKET_ROWS, ONE, false },
    { "a tenant without a name", { "", "the call" }, SRD_TICKET_ROWS, ONE, false },
    { "another call", { "acme", "the call!" }, SRD_TICKET_ROWS, ONE, false },
    { "tenant and call parted elsewhere", { "acme8:", "the call" }, SRD_TICKET_ROWS, ONE, false },
    { "another kind", { "acme", "the call" }, SRD_TICKET_REPORT, ONE, false },
    { "another secret", { "acme", "the call" }, SRD_TICKET_ROWS, TWO, false },
    { "its secret is no longer the first", { "acme", "the call" }, SRD_TICKET_ROWS, TWO "\n" ONE,
      true },
};

static void it_is_good_for(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_secrets secrets = secrets_of(ONE);
    struct srd_ticket ticket = ticket_of(5), back;
    const char *text = srd_ticket_write(&secrets, &ticket, &acme, arena);

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(rows); i++) {
        struct srd_secrets theirs = secrets_of(rows[i].secrets);

        if (srd_ticket_read(&theirs, rows[i].kind, &rows[i].bond, text, arena, &back) !=
            rows[i].good)
            fail_msg("%s", rows[i].name);
    }
}

static void one_that_was_changed_is_none(void **state)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. \n";
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_secrets secrets = secrets_of(ONE);
    struct srd_ticket ticket = ticket_of(5), back;
    const char *text = srd_ticket_write(&secrets, &ticket, &acme, arena);
    size_t n = strlen(text);

    (void)state;
    for (size_t at = 0; at < n; at++) {
        char *changed = srd_arena_copy(arena, text);

        for (const char *letter = letters; *letter; letter++) {
            changed[at] = *letter;
            assert_int_equal(srd_ticket_read(&secrets, SRD_TICKET_ROWS, &acme, changed, arena, &back),
                             !strcmp(changed, text));
        }
        changed[at] = '\0'; /* cut there */
        assert_false(srd_ticket_read(&secrets, SRD_TICKET_ROWS, &acme, changed, arena, &back));
    }
    assert_false(srd_ticket_read(&secrets, SRD_TICKET_ROWS, &acme,
                                 srd_arena_printf(arena, "%sA", text), arena, &back));
    assert_false(srd_ticket_read(&secrets, SRD_TICKET_ROWS, &acme,
                                 srd_arena_printf(arena, "%s%s", text, text), arena, &back));
}

static void it_has_a_largest_size(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_secrets secrets = secrets_of(ONE);
    struct srd_ticket ticket = ticket_of(5), back;
    char word[1000], sent[SRD_TICKET_MAX + 2];
    size_t longest = 0;

    (void)state;
    for (size_t n = 0; n < sizeof(word); n++) {
        const char *text;

        memset(word, 'x', n);
        word[n] = '\0';
        ticket.words[0] = word;
        text = srd_ticket_write(&secrets, &ticket, &acme, arena);
        if (!text)
            break;
        longest = strlen(text);
        assert_true(srd_ticket_read(&secrets, SRD_TICKET_ROWS, &acme, text, arena, &back));
    }
    assert_int_equal(longest, SRD_TICKET_MAX);
    memset(sent, 'r', sizeof(sent) - 1);
    sent[sizeof(sent) - 1] = '\0';
    assert_false(srd_ticket_read(&secrets, SRD_TICKET_ROWS, &acme, sent, arena, &back));
    ticket = ticket_of((size_t)UINT32_MAX + 1);
    assert_null(srd_ticket_write(&secrets, &ticket, &acme, arena));
}

/* Sealed by a replica of another version, perhaps: still nothing is taken for granted. */
static void bytes_that_are_no_ticket(void **state)
{
#define HEAD "r0123456789abTIMES"
    static const struct {
        const char *name, *bytes;
        size_t n;
        bool good;
    } cases[] = {
        { "a whole one", HEAD "\x05\x03" "abc", 23, true },
        { "without words", HEAD "\x05", 19, true },
        { "an empty word", HEAD "\x05\x00", 20, true },
        { "nothing", "", 0, false },
        { "without its time", HEAD, 17, false },
        { "without from", HEAD, 18, false },
        { "from without its end", HEAD "\x85", 19, false },
        { "from in a longer spelling", HEAD "\x85\x00", 20, false },
        { "from of 2^32", HEAD "\x80\x80\x80\x80\x10", 23, false },
        { "from of 2^32 - 1", HEAD "\xff\xff\xff\xff\x0f", 23, true },
        { "from of six bytes", HEAD "\x80\x80\x80\x80\x80\x01", 24, false },
        { "a word that is cut", HEAD "\x05\x04" "abc", 23, false },
        { "a word with a NUL", HEAD "\x05\x03" "a\0c", 23, false },
        { "16 words", HEAD "\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 35, true },
        { "17 words", HEAD "\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 36, false },
    };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(cases); i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct srd_ticket back;

        if (srd_ticket_parse((const unsigned char *)cases[i].bytes, cases[i].n, arena, &back) !=
            cases[i].good)
            fail_msg("%s", cases[i].name);
    }
}

/* ---- secrets ---- */

static void a_file_of_secrets_is_read_strictly(void **state)
{
    static const struct {
        const char *text, *why;
        size_t count;
    } cases[] = {
        { "# of all replicas\n\n" ONE "\r\n" TWO "\n", NULL, 2 },
        { ONE, NULL, 1 },
        { "", "has no secret in it", 0 },
        { "# only words\n", "has no secret in it", 0 },
        { ONE "\nshort\n", "line 2: a secret has 32 to 512 characters", 0 },
        { "0123456789abcdef 0123456789abcdef\n", "line 1: a secret consists of visible ASCII", 0 },
        { ONE "\n" ONE "\n" ONE "\n" ONE "\n" ONE "\n" ONE "\n" ONE "\n" ONE "\n" TWO "\n",
          "has more than 8 secrets", 0 },
    };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(cases); i++) {
        struct srd_secrets out;
        struct srd_error err = { 0 };
        char *copy = strdup(cases[i].text);
        size_t n = strlen(copy);

        if (srd_secrets_parse(&out, "f", copy, n, &err)) {
            assert_int_equal(err.code, SRD_E_CONFIG);
            assert_non_null(cases[i].why);
            assert_non_null(strstr(err.text, cases[i].why));
            assert_null(strstr(err.text, "0123"));
        } else {
            assert_null(cases[i].why);
            assert_int_equal(out.count, cases[i].count);
        }
        for (size_t k = 0; k < n; k++)
            assert_int_equal(copy[k], 0); /* nothing of it stays in memory */
        free(copy);
    }
}

static void secrets_are_joined_behind(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_secrets own = { 0 }, both = secrets_of(ONE);
    struct srd_ticket ticket = ticket_of(5), back;
    struct srd_error err;
    const char *before, *after;

    (void)state;
    assert_int_equal(srd_secrets_random(&own, &err), 0);
    before = srd_ticket_write(&own, &ticket, &acme, arena);
    srd_secrets_join(&both, &own);
    after = srd_ticket_write(&both, &ticket, &acme, arena);
    assert_true(srd_ticket_read(&both, SRD_TICKET_ROWS, &acme, before, arena, &back));
    assert_true(srd_ticket_read(&both, SRD_TICKET_ROWS, &acme, after, arena, &back));
    assert_false(srd_ticket_read(&own, SRD_TICKET_ROWS, &acme, after, arena, &back));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_back_as_it_was),
        cmocka_unit_test(two_are_never_the_same),
        cmocka_unit_test(it_is_good_for),
        cmocka_unit_test(one_that_was_changed_is_none),
        cmocka_unit_test(it_has_a_largest_size),
        cmocka_unit_test(bytes_that_are_no_ticket),
        cmocka_unit_test(a_file_of_secrets_is_read_strictly),
        cmocka_unit_test(secrets_are_joined_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
