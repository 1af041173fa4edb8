/* Which tenants files can be read, what do they say, and where is one wrong? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/serve/tenants.h"

#define TOKEN "0123456789abcdef0123456789abcdef"
#define AT "\"agent_url\":\"https://a:8080\",\"agent_token\":\"" TOKEN "\""
#define ONE(members) "{\"tenants\":{\n\"acme\":{\n" AT members "}}}"
#define PIN "sha256//YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg="

static const struct row {
    const char *name, *file;
    /* "ID[-] NAME URL,... TOKEN[/PREVIOUS] ..." per tenant, keys, warnings; or the error */
    const char *want;
} rows[] = {
    { "the guide's own file",
      "{\n  \"tenants\": {\n    \"company_abc\": {\n      \"name\": \"ABC 公司\",\n"
      "      \"agent_url\": \"http://123.45.67.89:8080\",\n      \"agent_token\": \"a1b2c3d4e5f6...\",\n"
      "      \"description\": \"ABC 公司的 StarRocks 集群\",\n      \"enabled\": true,\n"
      "      \"created_at\": \"2025-01-15T00:00:00Z\",\n      \"contact\": \"admin@company-abc.com\"\n    },\n"
      "    \"company_xyz\": {\n      \"name\": \"XYZ 公司\",\n"
      "      \"agent_url\": \"http://frp.your-domain.com:6081\",\n      \"agent_token\": \"xyz789token...\",\n"
      "      \"enabled\": true,\n      \"created_at\": \"2025-01-16T00:00:00Z\"\n    }\n  }\n}\n",
      "company_abc (ABC 公司) http://123.45.67.89:8080 a1b2c3d4e5f6...\n"
      "company_xyz (XYZ 公司) http://frp.your-domain.com:6081 xyz789token...\n"
      "! f line 5: http://123.45.67.89:8080: the agent's token and the cluster's answers travel in clear; use "
      "https there, or a tunnel\n"
      "! f line 6: the token has less than 16 characters and can be guessed\n"
      "! f line 14: http://frp.your-domain.com:6081: the agent's token and the cluster's answers travel in clear; "
      "use https there, or a tunnel\n"
      "! f line 15: the token has less than 16 characters and can be guessed\n" },
    { "no tenant at all", "{\"tenants\":{}}", "" },
    { "without a name, the id is it", ONE(""), "acme (acme) https://a:8080 " TOKEN "\n" },
    { "disabled", ONE(",\"enabled\":false"), "acme- (acme) https://a:8080 " TOKEN "\n" },
    { "two agents, the first of them agent_url wherever it stands",
      "{\"tenants\":{\"a\":{\"agent_urls\":[\"https://b\",\"https://c\"]," AT "}}}",
      "a (a) https://a:8080,https://b,https://c " TOKEN "\n" },
    { "a token that is being exchanged", ONE(",\"agent_token_previous\":\"" "f" TOKEN "\""),
      "acme (acme) https://a:8080 " TOKEN "/" "f" TOKEN "\n" },
    { "limits", ONE(",\"limits\":{\"rate\":\"600/30\",\"calls\":3}"),
      "acme (acme) https://a:8080 " TOKEN " rate=600/30 calls=3\n" },
    { "a pin", ONE(",\"agent_pin\":\"" PIN ";" PIN "\""), "acme (acme) https://a:8080 " TOKEN " pin\n" },
    { "members of the owner's own", ONE(",\"x-sales\":{\"since\":[1]},\"_note\":null,\"x_y\":1"),
      "acme (acme) https://a:8080 " TOKEN "\n" },
    { "http on this machine is nobody else's business",
      "{\"tenants\":{\"a\":{\"agent_token\":\"" TOKEN "\",\"agent_urls\":[\"http://127.0.0.1:1\",\"http://localhost\","
      "\"http://[::1]:8\"]}}}",
      "a (a) http://127.0.0.1:1,http://localhost,http://[::1]:8 " TOKEN "\n" },
    { "a name that begins like this machine is another's",
      "{\"tenants\":{\"a\":{\"agent_token\":\"" TOKEN "\",\"agent_url\":\"http://127.0.0.1.evil.example\"}}}",
      "a (a) http://127.0.0.1.evil.example " TOKEN "\n! f line 1: http://127.0.0.1.evil.example: the agent's token and "
      "the cluster's answers travel in clear; use https there, or a tunnel\n" },
    { "keys of a tenant are its alone",
      ONE(",\"api_keys\":[\"k1\",{\"name\":\"gemini\",\"key\":\"k2\"},\n\"k3\"]"),
      "acme (acme) https://a:8080 " TOKEN "\n+ acme-6ab9f1eb use acme line 3\n+ gemini use acme line 3\n+ acme-2f5052c9 use acme line 4\n" },
    { "keys at the top belong to all or to some",
      "{\"api_keys\":[\"k1\",{\"name\":\"ops\",\"key\":\"k2\",\"role\":\"admin\"},{\"key\":\"k3\",\"tenants\":[\"a\"]}],"
      "\"tenants\":{\"a\":{" AT "}}}",
      "a (a) https://a:8080 " TOKEN "\n+ tenants-6ab9f1eb use all line 1\n+ ops admin all line 1\n+ tenants-2f5052c9 use a line 1\n" },
    { "a key for somebody who is not there is worth a word",
      "{\"tenants\":{\"a\":{" AT "}},\"api_keys\":[{\"key\":\"k\",\"tenants\":[\"b\"]}]}",
      "a (a) https://a:8080 " TOKEN "\n+ tenants-8254c329 use b line 1\n"
      "! f line 1: the key tenants-8254c329 (line 1) is for the tenant b, who is not there\n" },
    { "one agent of two tenants is a slip that would show the one to the other",
      "{\"tenants\":{\"a\":{" AT "},\n\"b\":{\"agent_url\":\"https://b\",\"agent_token\":\"" TOKEN "\"},\n\"c\":{" AT
      "}}}",
      "a (a) https://a:8080 " TOKEN "\nb (b) https://b " TOKEN "\nc (c) https://a:8080 " TOKEN "\n"
      "! f line 1: the tenants a and c have the same agent, https://a:8080: they see the same cluster\n" },
    { "a key that is the agent's token opens the agent to its users", ONE(",\n\"api_keys\":[\"" TOKEN "\"]"),
      "acme (acme) https://a:8080 " TOKEN "\n+ acme-3eb1bd43 use acme line 4\n"
      "! f line 2: an API key of the tenant acme is the token of its agent: who has the one has the other\n" },

    { "a byte order mark", "\xef\xbb\xbf{\"tenants\":{}}",
      "f: line 1, column 1: a value is missing (the file begins with a byte order mark: save it as UTF-8 without)" },
    { "UTF-16", "\xff\xfe{", "f: line 1, column 1: broken UTF-8 (the file is UTF-16: save it as UTF-8)" },
    { "a NUL in a text", ONE(",\n\"name\":\"a\\u0000geheim\""), "f: line 4, column 16: the escape \\u0000" },
    { "as deep as a well", "{\"tenants\":" "[[[[[[[[[[[[[[[[" "[[[[[[[[[[[[[[[[" "[[[[[[[[[[[[[[[[" "[[[[[[[[[[[[[[[[",
      "f: line 1, column 75: nested deeper than 64 levels" },
    { "a number beyond all", ONE(",\"limits\":{\n\"calls\":1e400}"), "f: line 4, column 9: a number is out of range" },
    { "a number as a text", ONE(",\"limits\":{\n\"calls\":\"8\"}"),
      "f line 4: tenants: tenant acme: limits: calls: expected a number from 1 to 1000" },
    { "a rate as a number", ONE(",\"limits\":{\n\"rate\":600}"),
      "f line 4: tenants: tenant acme: limits: rate: expected a rate like \"600/60\": 600 in 60 seconds" },
    { "a port that is none", "{\"tenants\":{\"a\":{\"agent_url\":\"https://h:99999\"}}}",
      "f line 1: tenants: tenant a: agent_url: the port of an agent is a number from 1 to 65535" },
    { "a port that is a word", "{\"tenants\":{\"a\":{\"agent_url\":\"https://h:http/x\"}}}",
      "f line 1: tenants: tenant a: agent_url: the port of an agent is a number from 1 to 65535" },
    { "an IPv6 address that does not end", "{\"tenants\":{\"a\":{\"agent_url\":\"https://[::1\"}}}",
      "f line 1: tenants: tenant a: agent_url: between [ and ] stands an IPv6 address" },
    { "something behind an IPv6 address", "{\"tenants\":{\"a\":{\"agent_url\":\"https://[::1]evil\"}}}",
      "f line 1: tenants: tenant a: agent_url: the URL of an agent holds host, port and perhaps a path, nothing else" },
    { "nothing", "", "f: line 1, column 1: the end is missing" },
    { "half a file", "{\n\"tenants\": {\n\"a\"", "f: line 3, column 4: a colon is missing" },
    { "a comment", "{\n\"tenants\": { // mine\n}}", "f: line 2, column 14: a string is missing (JSON knows no comments)" },
    { "two slashes in a text are no comment", "{\"tenants\":{\"a\":{\"name\":\"\\\"//\"]", 
      "f: line 1, column 31: a comma is missing" },
    { "no object", "[]", "f line 1: expected an object, { ... }" },
    { "no tenants", "{\n}", "f line 1: \"tenants\" is missing" },
    { "tenants as a list", "{\n\"tenants\":[]}", "f line 2: tenants: expected an object, { \"ID\": { ... } }" },
    { "an unknown key at the top names the nearest", "{\"tenants\":{},\n\"api_key\":[]}",
      "f line 2: unknown key \"api_key\"; did you mean api_keys? (one of your own begins with \"x-\")" },
    { "an unknown key of a tenant names the nearest", ONE(",\n\"enabeld\":false"),
      "f line 4: tenants: tenant acme: unknown key \"enabeld\"; did you mean enabled? (one of your own begins with "
      "\"x-\")" },
    { "an unknown key of limits", ONE(",\"limits\":{\n\"rates\":\"1\"}"),
      "f line 4: tenants: tenant acme: limits: unknown key \"rates\"; did you mean rate? (one of your own begins with "
      "\"x-\")" },
    { "a key that resembles none", ONE(",\n\"colour\":1"),
      "f line 4: tenants: tenant acme: unknown key \"colour\" (one of your own begins with \"x-\")" },
    { "two equal ids", "{\"tenants\":{\n\"a\":{" AT "},\n\"b\":{" AT "},\n\"a\":{" AT "}}}",
      "f line 4: duplicate key \"a\"" },
    { "two ids that are equal but for their spelling", "{\"tenants\":{\n\"a\":{" AT "},\n\"\\u0061\":{" AT "}}}",
      "f line 3: duplicate key \"a\"" },
    { "two tokens", ONE(",\n\"agent_token\":\"x\""), "f line 4: duplicate key \"agent_token\"" },
    { "an id with a slash", "{\"tenants\":{\n\"a/b\":{" AT "}}}",
      "f line 2: tenants: \"a/b\" cannot be the id of a tenant: letters, digits, dots, dashes, underscores and @, at "
      "most 64" },
    { "an id without letters", "{\"tenants\":{\n\"\":{" AT "}}}",
      "f line 2: tenants: \"\" cannot be the id of a tenant: letters, digits, dots, dashes, underscores and @, at most "
      "64" },
    { "an id that would act on a terminal", "{\"tenants\":{\"\\u001b[2J\":{" AT "}}}",
      "f line 1: tenants: \"\\e[2J\" cannot be the id of a tenant: letters, digits, dots, dashes, underscores and @, at "
      "most 64" },
    { "a tenant that is no object", "{\"tenants\":{\"a\":1}}",
      "f line 1: tenants: tenant a: expected an object, { ... }" },
    { "no token", "{\"tenants\":{\n\n\"a\":{\"agent_url\":\"https://a\"}}}",
      "f line 3: tenants: tenant a: \"agent_token\" is missing" },
    { "an empty token", "{\"tenants\":{\"a\":{\"agent_url\":\"https://a\",\n\"agent_token\":\"\"}}}",
      "f line 2: tenants: tenant a: agent_token: the token is empty" },
    { "a token that would be two headers",
      "{\"tenants\":{\"a\":{\"agent_url\":\"https://a\",\"agent_token\":\"geheim\\r\\nX: y\"}}}",
      "f line 1: tenants: tenant a: agent_token: a token consists of visible ASCII characters" },
    { "a token that is a number", "{\"tenants\":{\"a\":{\"agent_url\":\"https://a\",\"agent_token\":1234567}}}",
      "f line 1: tenants: tenant a: agent_token: expected a text" },
    { "no agent", "{\"tenants\":{\"a\":{\"agent_token\":\"" TOKEN "\"}}}",
      "f line 1: tenants: tenant a: \"agent_url\" is missing" },
    { "no URL", "{\"tenants\":{\"a\":{\"agent_url\":\"10.0.0.1:8080\"}}}",
      "f line 1: tenants: tenant a: agent_url: the URL of an agent begins with http:// or https://" },
    { "a URL without a host", "{\"tenants\":{\"a\":{\"agent_url\":\"https://:80\"}}}",
      "f line 1: tenants: tenant a: agent_url: the URL of an agent names a host" },
    { "a URL with a password is not repeated", "{\"tenants\":{\"a\":{\"agent_url\":\"https://u:geheim@a\"}}}",
      "f line 1: tenants: tenant a: agent_url: the URL of an agent holds host, port and perhaps a path, nothing else" },
    { "a URL with a blank", "{\"tenants\":{\"a\":{\"agent_url\":\"https://a b\"}}}",
      "f line 1: tenants: tenant a: agent_url: the URL of an agent consists of visible ASCII characters" },
    { "the same agent twice", ONE(",\"agent_urls\":[\n\"https://b\",\n\"https://a:8080\"]"),
      "f line 5: tenants: tenant acme: agent_urls: the same URL again" },
    { "nine agents",
      ONE(",\"agent_urls\":[\"https://1\",\"https://2\",\"https://3\",\"https://4\",\"https://5\",\"https://6\","
          "\"https://7\",\n\"https://8\"]"),
      "f line 4: tenants: tenant acme: agent_urls: more than 8 agents" },
    { "agents as a text", ONE(",\"agent_urls\":\"https://b\""),
      "f line 3: tenants: tenant acme: agent_urls: expected a list, [ ... ]" },
    { "enabled as a text", ONE(",\"enabled\":\"yes\""),
      "f line 3: tenants: tenant acme: enabled: expected true or false" },
    { "a rate that is none", ONE(",\"limits\":{\"rate\":\"often\"}"),
      "f line 3: tenants: tenant acme: limits: rate: expected a rate like \"600/60\": 600 in 60 seconds" },
    { "half a call", ONE(",\"limits\":{\"calls\":0.5}"),
      "f line 3: tenants: tenant acme: limits: calls: expected a number from 1 to 1000" },
    { "a pin of another kind", ONE(",\"agent_pin\":\"sha1//x\""),
      "f line 3: tenants: tenant acme: agent_pin: a pin is \"sha256//\" and the digest of the agent's public key in "
      "base64; several are parted by \";\"" },
    { "certificates that are not there", ONE(",\"agent_ca\":\"/nowhere/ca.pem\""),
      "f line 3: tenants: tenant acme: agent_ca: could not open \"/nowhere/ca.pem\": No such file or directory" },
    { "the same key for two tenants", "{\"tenants\":{\"a\":{" AT ",\"api_keys\":[\"geheim\"]},\n\"b\":{" AT
                                      ",\"api_keys\":[\"geheim\"]}}}",
      "f line 2: tenants: tenant b: api_keys: this key is there already, as that of a-addb0f5e" },
    { "a key that is a number", ONE(",\"api_keys\":[\n1]"),
      "f line 4: tenants: tenant acme: api_keys: expected an object, { ... }" },
    { "a key without a key", ONE(",\"api_keys\":[{\"name\":\"a\"}]"),
      "f line 3: tenants: tenant acme: api_keys: expected a key, or {\"name\": ..., \"key\": ...}" },
    { "a tenant gives no roles", ONE(",\"api_keys\":[{\"key\":\"k\",\"role\":\"admin\"}]"),
      "f line 3: tenants: tenant acme: api_keys: a key of a tenant has a name and no more; keys with a role, or of "
      "several tenants, belong into \"api_keys\" beside \"tenants\"" },
    { "a digest that is none", ONE(",\"api_keys\":[\"sha256:abc\"]"),
      "f line 3: tenants: tenant acme: api_keys: sha256: wants 64 hex digits" },
    { "no such role", "{\"tenants\":{},\"api_keys\":[{\"key\":\"k\",\"role\":\"root\"}]}",
      "f line 1: api_keys: role: none of use, metrics, admin, use+metrics" },
    { "a key of no tenant", "{\"tenants\":{},\"api_keys\":[{\"key\":\"k\",\"tenants\":[]}]}",
      "f line 1: api_keys: tenants: expected a list of ids of tenants" },
};

static void print_tenant(struct srd_buf *out, const struct srd_tenant *t)
{
    srd_buf_printf(out, "%s%s (%s) ", t->id, t->enabled ? "" : "-", t->name);
    for (const char *const *url = t->agents.urls; *url; url++)
        srd_buf_printf(out, "%s%s", url == t->agents.urls ? "" : ",", *url);
    srd_buf_printf(out, " %s", t->agents.token);
    if (t->agents.previous)
        srd_buf_printf(out, "/%s", t->agents.previous);
    if (t->rate)
        srd_buf_printf(out, " rate=%zu/%zu", t->rate, t->rate_s);
    if (t->calls)
        srd_buf_printf(out, " calls=%zu", t->calls);
    srd_buf_printf(out, "%s\n", t->agents.pin ? " pin" : "");
}

static void print(struct srd_buf *out, const struct srd_tenants *tenants, struct srd_arena *arena)
{
    for (const struct srd_tenant *t = tenants->list; t && t->id; t++)
        print_tenant(out, t);
    for (size_t i = 0; i < tenants->keys.count; i++) {
        const struct srd_api_key *key = &tenants->keys.list[i];

        srd_buf_printf(out, "+ %s %s ", key->name, srd_roles_text(key->roles, arena));
        for (size_t t = 0; key->tenants && key->tenants[t]; t++)
            srd_buf_printf(out, "%s%s ", t ? "," : "", key->tenants[t]);
        srd_buf_printf(out, "%sline %d\n", key->tenants ? "" : "all ", key->line);
    }
    for (const char *const *w = tenants->warnings; *w; w++)
        srd_buf_printf(out, "! %s\n", *w);
}

static void test_row(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    const struct row *row = *state;
    struct srd_tenants tenants;
    struct srd_error err = { 0 };

    srd_buf_init(&got, 65536);
    if (!srd_tenants_parse("f", row->file, strlen(row->file), arena, &tenants, &err))
        print(&got, &tenants, arena);
    assert_string_equal(err.code ? err.text : got.data, row->want);
    assert_true(!err.code || err.code == SRD_E_CONFIG);
    assert_null(strstr(err.text, "geheim"));
}

/* ---- the file ---- */

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static void test_file(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    char folder[] = "/tmp/srd-tenants-XXXXXX";
    const char *file, *ca;
    struct srd_tenants tenants;
    struct srd_error err = { 0 };

    (void)state;
    assert_non_null(mkdtemp(folder));
    file = srd_arena_printf(arena, "%s/tenants.json", folder);
    ca = srd_arena_printf(arena, "%s/ca.pem", folder);
    assert_int_equal(srd_tenants_read(file, arena, &tenants, &err), SRD_E_CONFIG);
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(srd_tenants_read(folder, arena, &tenants, &err), SRD_E_CONFIG);
    write_file(ca, "", 0600);
    write_file(file, ONE(",\"agent_ca\":\"ca.pem\""), 0600);
    err = (struct srd_error){ 0 };
    assert_int_equal(srd_tenants_read(file, arena, &tenants, &err), 0);
    assert_string_equal(tenants.list[0].agents.ca, ca); /* beside the file, not where we happen to be */
    assert_null(tenants.warnings[0]);
    chmod(file, 0644);
    assert_int_equal(srd_tenants_read(file, arena, &tenants, &err), 0);
    assert_non_null(strstr(tenants.warnings[0], "can be read by others"));
    chmod(file, 0620);
    assert_int_equal(srd_tenants_read(file, arena, &tenants, &err), SRD_E_CONFIG);
    assert_non_null(strstr(err.text, "can be written by others"));
    unlink(file);
    unlink(ca);
    rmdir(folder);
}

int main(void)
{
    struct CMUnitTest tests[sizeof(rows) / sizeof(*rows) + 1];
    size_t n = 0;

    for (; n < sizeof(rows) / sizeof(*rows); n++)
        tests[n] = (struct CMUnitTest){ .name = rows[n].name, .test_func = test_row, .initial_state = (void *)&rows[n] };
    tests[n++] = (struct CMUnitTest){ .name = "the file as it lies there", .test_func = test_file };
    return _cmocka_run_group_tests("tenants", tests, n, NULL, NULL);
}
