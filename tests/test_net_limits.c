/* Does the limit let exactly as many pass as it says, and who may come from where? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/cidr.h"
#include "lib/net/limits.h"
#include "tests/rows.h"

/* ---- limits ---- */

struct take {
    const char *key, *peer;
    int64_t at_ms;
    bool want;
    int64_t retry_s; /* if not */
};

#define A "ann", "10.0.0.1"

static const struct limit_row {
    const char *name;
    size_t count, seconds, clients;
    struct take takes[12];
} limit_rows[] = {
    { "limit - 1 and limit pass, limit + 1 does not",
      3,
      60,
      10,
      { { A, 0, true, 0 }, { A, 0, true, 0 }, { A, 0, true, 0 }, { A, 0, false, 20 } } },
    { "one comes back after its share of the time, and no sooner",
      3,
      60,
      10,
      { { A, 0, true, 0 },
        { A, 0, true, 0 },
        { A, 0, true, 0 },
        { A, 19999, false, 1 },
        { A, 20000, true, 0 },
        { A, 20000, false, 20 } } },
    { "a refusal costs nothing",
      1,
      10,
      10,
      { { A, 0, true, 0 },
        { A, 1000, false, 9 },
        { A, 2000, false, 8 },
        { A, 9000, false, 1 },
        { A, 10000, true, 0 } } },
    { "who waits as long as he was told passes",
      7,
      60,
      10,
      { { A, 0, true, 0 },
        { A, 0, true, 0 },
        { A, 0, true, 0 },
        { A, 0, true, 0 },
        { A, 0, true, 0 },
        { A, 0, true, 0 },
        { A, 0, true, 0 },
        { A, 0, false, 9 },
        { A, 9000, true, 0 } } },
    { "an hour of silence saves no more than the limit",
      2,
      60,
      10,
      { { A, 0, true, 0 },
        { A, 3600000, true, 0 },
        { A, 3600000, true, 0 },
        { A, 3600000, false, 30 } } },
    { "keys and addresses are counted apart",
      1,
      60,
      10,
      { { A, 0, true, 0 },
        { A, 0, false, 60 },
        { "bob", "10.0.0.1", 0, true, 0 },
        { "ann", "10.0.0.2", 0, true, 0 },
        { A, 0, false, 60 } } },
    { "key and address do not run into one another",
      1,
      60,
      10,
      { { "ab", "c", 0, true, 0 }, { "a", "bc", 0, true, 0 } } },
    { "the wait is a second at least",
      2,
      1,
      10,
      { { A, 0, true, 0 }, { A, 0, true, 0 }, { A, 0, false, 1 } } },
};

static void limit_row(void **state)
{
    const struct limit_row *row = *state;
    struct srd_limits *limits = srd_limits_new(row->clients);

    for (size_t i = 0; i < SRD_COUNT(row->takes) && row->takes[i].key; i++) {
        const struct take *t = &row->takes[i];
        int64_t retry_s = 0;

        assert_int_equal(
            srd_limits_take(limits, row->count, row->seconds, t->key, t->peer, t->at_ms, &retry_s),
            t->want);
        if (!t->want)
            assert_int_equal(retry_s, t->retry_s);
    }
    srd_limits_free(&limits);
}

/* However many addresses somebody has, there is room for those who came, and it does not grow. */
static void many_clients_push_out_those_with_the_fullest_buckets(void **state)
{
    struct srd_limits *limits = srd_limits_new(8);
    int64_t retry_s = 0;
    char peer[32];

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_true(srd_limits_take(limits, 5, 600, A, 0, &retry_s));
    assert_false(srd_limits_take(limits, 5, 600, A, 0, &retry_s));
    for (int i = 0; i < 10000; i++) {
        snprintf(peer, sizeof(peer), "10.1.%d.%d", i / 256, i % 256);
        assert_true(srd_limits_take(limits, 5, 600, "ann", peer, 0, &retry_s));
    }
    assert_false(srd_limits_take(limits, 5, 600, A, 0, &retry_s));
    srd_limits_free(&limits);
}

/* ---- addresses ---- */

static const struct cidr_row {
    const char *name, *block, *inside,
        *outside; /* blank-separated addresses; no @inside: refused */
} cidr_rows[] = {
    { "an address is a block of one", "10.0.0.7", "10.0.0.7 ::ffff:10.0.0.7",
      "10.0.0.6 10.0.0.8 ::1" },
    { "the first and the last address of a block are in it", "10.1.0.0/16", "10.1.0.0 10.1.255.255",
      "10.0.255.255 10.2.0.0" },
    { "a prefix may end inside a byte", "192.168.4.0/22", "192.168.4.0 192.168.7.255",
      "192.168.3.255 192.168.8.0" },
    { "a prefix of 31 bits holds two", "10.0.0.2/31", "10.0.0.2 10.0.0.3", "10.0.0.1 10.0.0.4" },
    { "0.0.0.0/0 is all of IPv4 and nothing else", "0.0.0.0/0", "0.0.0.0 255.255.255.255",
      "::1 fd00::1" },
    { "::/0 is everybody", "::/0", "::1 fd00::1 10.0.0.1", "" },
    { "IPv6 blocks", "fd00::/8", "fd00::1 fdff:ffff::", "fc00::1 fe00::1 10.0.0.1" },
    { "one bit of IPv6", "8000::/1", "8000:: ffff::1", "7fff::1 10.0.0.1" },
    { "an IPv4 block may be written as IPv6", "::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.0" },
    { "no address", "10.0.0", NULL, NULL },
    { "a name", "localhost", NULL, NULL },
    { "nothing", "", NULL, NULL },
    { "nothing but a prefix", "/8", NULL, NULL },
    { "a prefix that is too long for IPv4", "10.0.0.0/33", NULL, NULL },
    { "a prefix that is too long for IPv6", "::/129", NULL, NULL },
    { "a negative prefix", "10.0.0.0/-1", NULL, NULL },
    { "no prefix behind the slash", "10.0.0.0/", NULL, NULL },
    { "a mask for a prefix", "10.0.0.0/255.0.0.0", NULL, NULL },
    { "blanks", " 10.0.0.0/8", NULL, NULL },
    { "an address with bits behind its prefix", "10.0.0.1/8", NULL, NULL },
    { "octal digits", "010.0.0.1", NULL, NULL },
    { "a zone", "fe80::1%eth0", NULL, NULL },
    { "more than an address can be long",
      "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL, NULL },
};

static bool is_in(const struct srd_cidr *block, const char *address)
{
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

    if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
        return srd_cidr_contains(block, (struct sockaddr *)&four);
    assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
    return srd_cidr_contains(block, (struct sockaddr *)&six);
}

static void check_all(const struct srd_cidr *block, const char *list, bool want)
{
    char copy[256], *rest = copy;

    snprintf(copy, sizeof(copy), "%s", list);
    for (char *address; (address = strsep(&rest, " "));)
        if (*address && is_in(block, address) != want)
            fail_msg("%s is %sin the block", address, want ? "not " : "");
}

static void cidr_row(void **state)
{
    const struct cidr_row *row = *state;
    struct srd_error err = { 0 };
    struct sockaddr other = { .sa_family = AF_UNIX };
    struct srd_cidr block;

    if (!row->inside) {
        assert_int_equal(srd_cidr_parse(row->block, &block, &err), SRD_E_USAGE);
        assert_non_null(strstr(err.text, *row->block ? "\"" : "\"\""));
        return;
    }
    assert_int_equal(srd_cidr_parse(row->block, &block, &err), 0);
    check_all(&block, row->inside, true);
    check_all(&block, row->outside, false);
    assert_false(srd_cidr_contains(&block, &other));
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(limit_rows) + SRD_COUNT(cidr_rows) + 1];
    size_t n = 0;

    ADD_ROWS(tests, n, limit_rows, limit_row);
    ADD_ROWS(tests, n, cidr_rows, cidr_row);
    tests[n++] =
        (struct CMUnitTest)cmocka_unit_test(many_clients_push_out_those_with_the_fullest_buckets);
    return _cmocka_run_group_tests("net limits", tests, n, NULL, NULL);
}
