/* Which key files can be read, and whom does a key name? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/serve/keys.h"
#include "tests/rows.h"

/* SHA-256 of "abc", from FIPS 180-4. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const struct row {
    const char *name, *file;
    const char *want; /* "NAME ROLES TENANTS line N;" per key, or the error */
} rows[] = {
    { "an empty file has none", "", "" },
    { "comments and blank lines are skipped", "# a\n\n   \n\t# b\n", "" },
    { "a name and a key", "alice secret\n", "alice use all line 1;" },
    { "without a newline at the end", "alice secret", "alice use all line 1;" },
    { "with blanks and a carriage return", "  alice \t secret  use \r\n", "alice use all line 1;" },
    { "a digest", "alice sha256:" ABC "\n", "alice use all line 1;" },
    { "roles", "a k1 use\nb k2 metrics\nc k3 admin\nd k4 use+metrics\ne k5 metrics+use\n",
      "a use all line 1;b metrics all line 2;c admin all line 3;d use+metrics all line 4;e use+metrics all "
      "line 5;" },
    { "tenants", "a k use acme,umbrella\n", "a use acme,umbrella line 1;" },
    { "a comment behind the words", "a k use # mine\n", "a use all line 1;" },
    { "two keys of one name", "a k1\na k2\n", "a use all line 1;a use all line 2;" },
    { "lines are counted", "\n\n# x\na k\n", "a use all line 4;" },
    { "a name alone", "a\n", "f line 1: expected a name and a key" },
    { "five words", "a k use acme x\n", "f line 1: more than four words (name, key, roles, tenants parted by commas)" },
    { "six words", "\na k use acme x y\n", "f line 2: more than four words (name, key, roles, tenants parted by commas)" },
    { "a name with signs", "a/b k\n", "f line 1: a key is named by letters, digits, dots and dashes" },
    { "a short digest", "a sha256:" "ba78\n", "f line 1: sha256: wants 64 hex digits" },
    { "a digest that is none", "a sha256:" "xa7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n",
      "f line 1: sha256: wants 64 hex digits" },
    { "no such role", "a k root\n", "f line 1: the third word is none of use, metrics, admin, use+metrics" },
    { "half a role", "a k use+\n", "f line 1: the third word is none of use, metrics, admin, use+metrics" },
    { "no tenant", "a k use ,\n", "f line 1: the list of tenants is empty" },
    { "a tenant with signs", "a k use ac*me\n", "f line 1: a tenant is named by letters, digits, dots and dashes" },
    { "the same key twice", "a k\nb k\n", "f line 2: this key is there already, as that of a" },
    { "the same as its digest", "a abc\nb sha256:" ABC "\n", "f line 2: this key is there already, as that of a" },
    { "a key with a letter that no header carries", "a k\xc3\xa9y\n", "f line 1: a key consists of visible ASCII characters" },
};

static void test_row(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    const struct row *row = *state;
    struct srd_api_keys keys = { 0 };
    struct srd_error err = { 0 };

    srd_buf_init(&got, 4096);
    srd_api_keys_parse(&keys, "f", row->file, strlen(row->file), arena, &err);
    for (size_t i = 0; i < keys.count && !err.code; i++) {
        const struct srd_api_key *key = &keys.list[i];

        srd_buf_printf(&got, "%s %s ", key->name, srd_roles_text(key->roles, arena));
        for (size_t t = 0; key->tenants && key->tenants[t]; t++)
            srd_buf_printf(&got, "%s%s", t ? "," : "", key->tenants[t]);
        srd_buf_printf(&got, "%sline %d;", key->tenants ? " " : "all ", key->line);
    }
    assert_string_equal(err.code ? err.text : got.data, row->want);
    assert_int_equal(err.code, got.size || !*row->want ? SRD_OK : SRD_E_CONFIG);
}

static void test_find(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    static const char file[] = "a sha256:" ABC "\nb plain\n";
    struct srd_api_keys keys = { 0 };
    struct srd_error err = { 0 };
    char id[9];

    (void)state;
    assert_null(srd_api_keys_find(&keys, "abc"));
    assert_int_equal(srd_api_keys_parse(&keys, "f", "a k\0\n", 5, arena, &err), SRD_E_CONFIG);
    assert_string_equal(err.text, "f is no text");
    err.code = SRD_OK;
    assert_int_equal(srd_api_keys_parse(&keys, "f", file, sizeof(file) - 1, arena, &err), 0);
    srd_api_keys_add(&keys, "c", "added", SRD_ROLE_ALL, arena);
    assert_string_equal(srd_api_keys_find(&keys, "abc")->name, "a");
    assert_string_equal(srd_api_keys_find(&keys, "plain")->name, "b");
    assert_string_equal(srd_api_keys_find(&keys, "added")->name, "c");
    assert_null(srd_api_keys_find(&keys, "ABC"));
    assert_null(srd_api_keys_find(&keys, ""));
    assert_null(srd_api_keys_find(&keys, NULL));
    /* who has the file does not have the key */
    assert_null(srd_api_keys_find(&keys, ABC));
    assert_null(srd_api_keys_find(&keys, "sha256:" ABC));
    srd_api_key_id(&keys.list[0], id);
    assert_string_equal(id, "ba7816bf");
}

/* Modes of a file, and whether it is trusted. */
static void test_modes(void **state)
{
    static const struct {
        mode_t mode;
        bool good;
    } modes[] = { { 0600, true },  { 0400, true },  { 0640, true },  { 0440, true },
                  { 0644, false }, { 0604, false }, { 0602, false }, { 0660, false } };
    char path[] = "/tmp/srdiag-keys-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0 && write(fd, "a k\n", 4) == 4);
    for (size_t i = 0; i < SRD_COUNT(modes); i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct srd_api_keys keys = { 0 };
        struct srd_error err = { 0 };

        assert_int_equal(fchmod(fd, modes[i].mode), 0);
        assert_int_equal(srd_api_keys_read(&keys, path, arena, &err),
                         modes[i].good ? SRD_OK : SRD_E_CONFIG);
        assert_int_equal(keys.count, modes[i].good);
    }
    close(fd);
    unlink(path);
}

static void test_not_a_file(void **state)
{
    static const char *const paths[] = { "/", "/dev/zero", "/nowhere/keys" };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(paths); i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct srd_api_keys keys = { 0 };
        struct srd_error err = { 0 };

        assert_int_equal(srd_api_keys_read(&keys, paths[i], arena, &err), SRD_E_CONFIG);
    }
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + 3];
    size_t n = 0;

    memset(tests, 0, sizeof(tests));
    ADD_ROWS(tests, n, rows, test_row);
    tests[n++] = (struct CMUnitTest){ .name = "a key is found by itself, not by its digest", .test_func = test_find };
    tests[n++] = (struct CMUnitTest){ .name = "a file that others can read or change is refused", .test_func = test_modes };
    tests[n++] = (struct CMUnitTest){ .name = "folders, devices and nothing are refused", .test_func = test_not_a_file };
    return cmocka_run_group_tests_name("serve keys", tests, NULL, NULL);
}
