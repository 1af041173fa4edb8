/* Do digests, comparisons and spellings of bytes agree with the published examples? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/base/crypto.h"

/* FIPS 180-4 and RFC 4231, case 2 */
static void digests_are_those_of_the_standards(void **state)
{
    unsigned char digest[SRD_SHA256_SIZE];
    char text[2 * SRD_SHA256_SIZE + 1];

    (void)state;
    srd_sha256("abc", 3, digest);
    srd_hex(digest, sizeof(digest), text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    srd_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
    srd_hex(digest, sizeof(digest), text);
    assert_string_equal(text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void hex_comes_back_and_takes_nothing_else(void **state)
{
    unsigned char bytes[3];

    (void)state;
    assert_true(srd_unhex("00fFa9", bytes, 3));
    assert_memory_equal(bytes, "\x00\xff\xa9", 3);
    assert_false(srd_unhex("00ffa", bytes, 3));
    assert_false(srd_unhex("00ffa9b", bytes, 3));
    assert_false(srd_unhex("00ffag", bytes, 3));
    assert_false(srd_unhex("", bytes, 3));
}

/* RFC 4648, section 10, without padding */
static void base64url_is_that_of_the_rfc(void **state)
{
    static const char *const rows[][2] = { { "", "" },           { "f", "Zg" },
                                           { "fo", "Zm8" },      { "foo", "Zm9v" },
                                           { "foob", "Zm9vYg" }, { "\xfb\xff", "-_8" } };
    char text[16];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        srd_base64url(rows[i][0], strlen(rows[i][0]), text);
        assert_string_equal(text, rows[i][1]);
    }
}

static void base64url_comes_back_in_one_spelling_only(void **state)
{
    static const char *const good[] = { "", "Zg", "Zm8", "Zm9v", "Zm9vYg", "-_8", "____" };
    static const char *const bad[] = { "Z", "Zm9vY", "Zh", "Zm9=", "Zm9v=", "Zm+v", "Zm/v", " Zg", "Zg\n" };
    unsigned char bytes[16];
    char text[16];
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_true(srd_unbase64url(good[i], bytes, &n));
        assert_int_equal(n, strlen(good[i]) * 3 / 4);
        srd_base64url(bytes, n, text);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(srd_unbase64url(bad[i], bytes, &n));
}

static void random_bytes_differ(void **state)
{
    unsigned char a[32] = { 0 }, b[32] = { 0 };
    struct srd_error err;

    (void)state;
    assert_int_equal(srd_random(a, sizeof(a), &err), 0);
    assert_int_equal(srd_random(b, sizeof(b), &err), 0);
    assert_false(srd_same_bytes(a, b, sizeof(a)));
    memcpy(b, a, sizeof(a));
    assert_true(srd_same_bytes(a, b, sizeof(a)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_the_standards),
        cmocka_unit_test(hex_comes_back_and_takes_nothing_else),
        cmocka_unit_test(base64url_is_that_of_the_rfc),
        cmocka_unit_test(base64url_comes_back_in_one_spelling_only),
        cmocka_unit_test(random_bytes_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
