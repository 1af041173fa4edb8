/* Does a snapshot say what the cluster said, refuse every damage, and keep every secret? */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/source/snapshot.h"
#include "lib/source/snapshot_cells.h"
#include "lib/source/snapshot_lines.h"
#include "tests/rows.h"

static const struct srd_probe probe_nodes = { .id = "nodes" };
static const struct srd_probe probe_disks = { .id = "disks" };
static const struct srd_probe probe_texts = { .id = "texts", .private_columns = "SqlText query" };

#define HEAD                                                                                       \
    "{\"srdiag\":\"snapshot/"                                                                      \
    "1\",\"tool\":\"0.1.0\",\"cluster\":\"prod\",\"connected\":\"fe1:9030\","                      \
    "\"taken_at\":\"2026-01-20T02:00:00Z\"}\n"
#define NODES(rows)                                                                                \
    "{\"probe\":\"nodes\",\"node\":\"fe1:9030\",\"key\":\"\",\"status\":\"answered\","             \
    "\"columns\":[\"Id\",\"Name\"],\"follower\":false,\"complete\":true,"                          \
    "\"started_at\":\"2026-01-20T02:00:00.250Z\",\"ms\":3,\"rows\":" rows "}\n"
#define DENIED                                                                                     \
    "{\"probe\":\"disks\",\"node\":\"\",\"key\":\"10004\",\"status\":\"denied\","                  \
    "\"detail\":\"OPERATE on SYSTEM\",\"rows\":0}\n"
#define END(answers, rows) "{\"end\":true,\"answers\":" answers ",\"rows\":" rows "}\n"

/* ---- reading: text in; "read", or the words of the refusal, out ---- */

struct reading {
    const char *name, *text, *want;
    size_t n; /* 0: all of text */
};

#define CUT "ends in the middle: the last line is missing; collect it again"
#define IN "data: read snapshot \"a.srd\": "

/* clang-format off */
static const struct reading readings[] = {
    { "a snapshot is read", HEAD NODES("2") "[\"1\",\"fe1\"]\n[\"2\",null]\n" DENIED END("2", "2"), "read", 0 },
    { "a snapshot without answers is read", HEAD END("0", "0"), "read", 0 },
    { "the last line needs no newline", HEAD "{\"end\":true,\"answers\":0,\"rows\":0}", "read", 0 },
    { "lines may end as on Windows", "{\"srdiag\":\"snapshot/1\",\"taken_at\":\"2026-01-20T02:00:00Z\"}\r\n"
      "{\"probe\":\"p\",\"status\":\"answered\",\"columns\":[\"a\"],\"rows\":1}\r\n[\"x\"]\r\n" END("1", "1"), "read", 0 },
    { "blanks between cells are no harm", HEAD NODES("1") " [ \"1\" ,\tnull ] \n" END("1", "1"),
      IN "line 3: probe nodes: expected 1 rows, found 0", 0 },
    { "blanks inside a row are no harm", HEAD NODES("1") "[ \"1\" ,\tnull ] \n" END("1", "1"), "read", 0 },
    { "unknown members come from a newer tool", HEAD
      "{\"probe\":\"p\",\"status\":\"failed\",\"rows\":0,\"mood\":{\"a\":[1]}}\n" END("1", "0"), "read", 0 },
    { "the same probe may have several keys and nodes", HEAD
      "{\"probe\":\"p\",\"node\":\"a\",\"key\":\"1\",\"status\":\"failed\",\"rows\":0}\n"
      "{\"probe\":\"p\",\"node\":\"a\",\"key\":\"2\",\"status\":\"failed\",\"rows\":0}\n"
      "{\"probe\":\"p\",\"node\":\"b\",\"key\":\"1\",\"status\":\"failed\",\"rows\":0}\n" END("3", "0"), "read", 0 },

    { "an empty file is refused", "", IN "the file is empty", 0 },
    { "text is no snapshot", "hello\n", IN "not a srdiag snapshot", 0 },
    { "text without a newline is no snapshot", "hello", IN "not a srdiag snapshot", 0 },
    { "other JSON is no snapshot", "{\"hello\":1}\n", IN "not a srdiag snapshot", 0 },
    { "a list is no snapshot", "[\"srdiag\"]\n", IN "not a srdiag snapshot", 0 },
    { "a NUL is no snapshot", "\0\0\0\0", IN "not a srdiag snapshot", 4 },
    { "another format of ours is no snapshot", "{\"srdiag\":\"report/1\"}\n", IN "not a srdiag snapshot", 0 },
    { "a format without a number is no snapshot", "{\"srdiag\":\"snapshot/\"}\n", IN "not a srdiag snapshot", 0 },
    { "a format number of 0 is no snapshot", "{\"srdiag\":\"snapshot/0\"}\n", IN "not a srdiag snapshot", 0 },
    { "a newer format is refused with both numbers", "{\"srdiag\":\"snapshot/2\"}\n",
      IN "snapshot/2 is newer than this srdiag understands (1)", 0 },
    { "a header without a time is refused", "{\"srdiag\":\"snapshot/1\"}\n",
      IN "line 1: \"taken_at\" is not a time", 0 },
    { "a broken header is refused with its place", "{\"srdiag\":\"snapshot/1\",,}\n",
      IN "line 1: column 24: a string is missing", 0 },
    { "a header that is cut is a file that is cut", "{\"srdiag\":\"snap", IN "line 1: " CUT, 0 },

    { "a file that ends after its header is cut", HEAD, IN "line 2: " CUT, 0 },
    { "a file that ends between answers is cut", HEAD NODES("0"), IN "line 3: " CUT, 0 },
    { "a file that ends within an answer's line is cut", HEAD "{\"probe\":\"no", IN "line 2: " CUT, 0 },
    { "a file that ends between rows is cut", HEAD NODES("2") "[\"1\",\"fe1\"]\n", IN "line 4: " CUT, 0 },
    { "a file that ends within a row is cut", HEAD NODES("2") "[\"1\",\"f", IN "line 3: " CUT, 0 },
    { "a file that ends within an escape is cut", HEAD NODES("2") "[\"1\",\"\\u00", IN "line 3: " CUT, 0 },
    { "a file that ends within its last line is cut", HEAD "{\"end\":tr", IN "line 2: " CUT, 0 },

    { "missing rows are refused", HEAD NODES("2") "[\"1\",\"fe1\"]\n" END("1", "2"),
      IN "line 4: probe nodes: expected 2 rows, found 1", 0 },
    { "surplus rows are refused", HEAD NODES("1") "[\"1\",\"fe1\"]\n[\"2\",\"fe2\"]\n" END("1", "1"),
      IN "line 4: probe nodes: more than its 1 rows", 0 },
    { "rows without an answer are refused", HEAD "[\"1\"]\n" END("0", "0"),
      IN "line 2: a row before the first answer", 0 },
    { "missing cells are refused", HEAD NODES("1") "[\"1\"]\n" END("1", "1"),
      IN "line 3: probe nodes: expected 2 cells, found 1", 0 },
    { "surplus cells are refused", HEAD NODES("1") "[\"1\",\"2\",\"3\",\"4\"]\n" END("1", "1"),
      IN "line 3: probe nodes: expected 2 cells, found 4", 0 },
    { "no cells are refused", HEAD NODES("1") "[]\n" END("1", "1"),
      IN "line 3: probe nodes: expected 2 cells, found 0", 0 },
    { "an end that counts other answers is refused", HEAD NODES("0") END("2", "0"),
      IN "line 3: should be the end of 2 answers and 0 rows, but there are 1 and 0", 0 },
    { "an end that counts other rows is refused", HEAD NODES("0") END("1", "7"),
      IN "line 3: should be the end of 1 answers and 7 rows, but there are 1 and 0", 0 },
    { "an end that is not true is refused", HEAD "{\"end\":false,\"answers\":0,\"rows\":0}\n",
      IN "line 2: should be the end of 0 answers and 0 rows, but there are 0 and 0", 0 },
    { "an end without counts is refused", HEAD "{\"end\":true}\n", IN "line 2: \"answers\" is not a count", 0 },
    { "an answer behind the end is refused", HEAD END("0", "0") DENIED, IN "line 3: something follows the last line", 0 },
    { "an empty line behind the end is refused", HEAD END("0", "0") "\n", IN "line 3: something follows the last line", 0 },
    { "a second snapshot behind the first is refused", HEAD END("0", "0") HEAD END("0", "0"),
      IN "line 3: something follows the last line", 0 },
    { "a second answer to a question is refused", HEAD DENIED NODES("0") DENIED END("3", "0"),
      IN "line 4: probe disks: has an answer in line 2 already", 0 },

    { "an empty line is refused", HEAD "\n" END("0", "0"), IN "line 2: column 1: the end is missing", 0 },
    { "a line that is no JSON is refused", HEAD "{\"probe\":nodes}\n", IN "line 2: column 10: a value is missing", 0 },
    { "a line that is no object is refused", HEAD "17\n", IN "line 2: no object", 0 },
    { "an object of another kind is refused", HEAD "{\"x\":1}\n", IN "line 2: neither an answer nor the end", 0 },
    { "an unknown status is refused", HEAD "{\"probe\":\"p\",\"status\":\"asleep\",\"rows\":0}\n",
      IN "line 2: probe p: unknown status \"asleep\"", 0 },
    { "a missing status is refused", HEAD "{\"probe\":\"p\",\"rows\":0}\n",
      IN "line 2: probe p: unknown status \"\"", 0 },
    { "a probe must be a text", HEAD "{\"probe\":7,\"status\":\"failed\",\"rows\":0}\n",
      IN "line 2: \"probe\" is not a text", 0 },
    { "a key must be a text", HEAD "{\"probe\":\"p\",\"key\":7,\"status\":\"failed\",\"rows\":0}\n",
      IN "line 2: probe p: \"key\" is not a text", 0 },
    { "an answer must have columns", HEAD "{\"probe\":\"p\",\"status\":\"answered\",\"rows\":0}\n",
      IN "line 2: probe p: \"columns\" is missing", 0 },
    { "a column must be a text", HEAD "{\"probe\":\"p\",\"status\":\"answered\",\"columns\":[null],\"rows\":0}\n",
      IN "line 2: probe p: \"columns\" is not a text", 0 },
    { "rows need columns", HEAD "{\"probe\":\"p\",\"status\":\"answered\",\"columns\":[],\"rows\":1}\n[]\n",
      IN "line 2: probe p: has rows, but no columns", 0 },
    { "a refusal has no rows", HEAD "{\"probe\":\"p\",\"status\":\"denied\",\"rows\":1}\n[\"1\"]\n",
      IN "line 2: probe p: has rows, but was not answered", 0 },
    { "rows must be counted", HEAD "{\"probe\":\"p\",\"status\":\"denied\"}\n",
      IN "line 2: probe p: \"rows\" is not a count", 0 },
    { "rows cannot be fewer than none", HEAD "{\"probe\":\"p\",\"status\":\"denied\",\"rows\":-1}\n",
      IN "line 2: probe p: \"rows\" is not a count", 0 },
    { "there is no half of a row", HEAD "{\"probe\":\"p\",\"status\":\"denied\",\"rows\":0.5}\n",
      IN "line 2: probe p: \"rows\" is not a count", 0 },
    { "more rows than a table may have are refused at once", HEAD
      "{\"probe\":\"p\",\"status\":\"answered\",\"columns\":[\"a\"],\"rows\":200001}\n",
      "limit: read snapshot \"a.srd\": line 2: probe p: more than 200000 rows", 0 },
    { "a duration must be a number", HEAD "{\"probe\":\"p\",\"status\":\"denied\",\"ms\":\"3\",\"rows\":0}\n",
      IN "line 2: probe p: \"ms\" is not a count", 0 },
    { "a duration beyond all clocks is refused", HEAD "{\"probe\":\"p\",\"status\":\"denied\",\"ms\":1e300,\"rows\":0}\n",
      IN "line 2: probe p: \"ms\" is not a count", 0 },
    { "a time must be one", HEAD "{\"probe\":\"p\",\"status\":\"denied\",\"started_at\":\"noon\",\"rows\":0}\n",
      IN "line 2: probe p: \"started_at\" is not a time", 0 },
    { "a flag must be one", HEAD "{\"probe\":\"p\",\"status\":\"denied\",\"follower\":1,\"rows\":0}\n",
      IN "line 2: probe p: \"follower\" is neither true nor false", 0 },
    { "a hostile probe cannot act in the message", HEAD "{\"probe\":\"\\u001b[2J\",\"status\":\"x\",\"rows\":0}\n",
      IN "line 2: probe \\e[2J: unknown status \"x\"", 0 },
    { "base64 of a key must be base64", HEAD "{\"probe\":{\"b64\":\"a\"},\"status\":\"failed\",\"rows\":0}\n",
      IN "line 2: \"probe\" is not base64 of a text", 0 },

    { "a cell cannot be a number", HEAD NODES("1") "[1,2]\n", IN "line 3: probe nodes: column 2: a text or null expected", 0 },
    { "a cell cannot be a list", HEAD NODES("1") "[\"1\",[]]\n", IN "line 3: probe nodes: column 6: a text or null expected", 0 },
    { "a cell cannot be another object", HEAD NODES("1") "[{\"x\":\"y\"},null]\n",
      IN "line 3: probe nodes: column 6: only {\"b64\":\"...\"} can stand here", 0 },
    { "a row cannot begin with a comma", HEAD NODES("1") "[,\"1\"]\n", IN "line 3: probe nodes: column 2: a text or null expected", 0 },
    { "a row cannot end with a comma", HEAD NODES("1") "[\"1\",]\n", IN "line 3: probe nodes: column 6: a text or null expected", 0 },
    { "cells are divided by commas", HEAD NODES("1") "[\"1\" \"2\"]\n", IN "line 3: probe nodes: column 6: , or ] expected", 0 },
    { "nothing follows a row", HEAD NODES("1") "[\"1\",\"2\"] []\n", IN "line 3: probe nodes: column 11: something follows the row", 0 },
    { "a row must end", HEAD NODES("1") "[\"1\",\"2\"\n", IN "line 3: probe nodes: column 9: , or ] expected", 0 },
    { "a cell must end", HEAD NODES("1") "[\"1\",\"2\n" END("1", "1"), IN "line 3: probe nodes: column 8: unfinished text", 0 },
    { "broken UTF-8 is refused", HEAD NODES("1") "[\"1\",\"\xff\"]\n", IN "line 3: probe nodes: not UTF-8", 0 },
    { "a raw control character is refused", HEAD NODES("1") "[\"1\",\"\x1b\"]\n",
      IN "line 3: probe nodes: column 7: control character in a text", 0 },
    { "the escape of NUL is refused", HEAD NODES("1") "[\"1\",\"\\u0000\"]\n",
      IN "line 3: probe nodes: column 13: a cell cannot hold a NUL", 0 },
    { "an unknown escape is refused", HEAD NODES("1") "[\"1\",\"\\q\"]\n", IN "line 3: probe nodes: column 8: unknown escape", 0 },
    { "half a surrogate pair is refused", HEAD NODES("1") "[\"1\",\"\\ud83dx\"]\n",
      IN "line 3: probe nodes: column 13: half a surrogate pair", 0 },
    { "a low surrogate alone is refused", HEAD NODES("1") "[\"1\",\"\\udc00\"]\n",
      IN "line 3: probe nodes: column 13: half a surrogate pair", 0 },
    { "escapes have four digits", HEAD NODES("1") "[\"1\",\"\\u12\"]\n",
      IN "line 3: probe nodes: column 11: four hexadecimal digits expected", 0 },
    { "base64 of a NUL is refused", HEAD NODES("1") "[\"1\",{\"b64\":\"AAAA\"}]\n",
      IN "line 3: probe nodes: column 19: not base64 of a text", 0 },
    { "base64 of half a byte is refused", HEAD NODES("1") "[\"1\",{\"b64\":\"/x==\"}]\n",
      IN "line 3: probe nodes: column 19: not base64 of a text", 0 },
    { "base64 with a hole is refused", HEAD NODES("1") "[\"1\",{\"b64\":\"/=8=\"}]\n",
      IN "line 3: probe nodes: column 19: not base64 of a text", 0 },
    { "an object of more than bytes is refused", HEAD NODES("1") "[\"1\",{\"b64\":\"/w==\",\"x\":1}]\n",
      IN "line 3: probe nodes: column 19: } expected", 0 },
};
/* clang-format on */

static void close_source(struct srd_source **src)
{
    srd_source_close(src);
}

static const char *words_of(struct srd_arena *arena, const struct srd_error *err)
{
    return srd_arena_printf(arena, "%s: %s", srd_code_name(err->code), err->text);
}

static const char *read_words(struct srd_arena *arena, const void *bytes, size_t n)
{
    SRD_CLEANUP(close_source) struct srd_source *src = NULL;
    /* on the heap and exactly as large, so that a byte too far is seen */
    SRD_CLEANUP(srd_free_text) char *copy = malloc(n ? n : 1);
    struct srd_error err;

    memset(&err, 0x5a, sizeof(err)); /* a success may not look at it */
    memcpy(copy, bytes, n);
    return srd_snapshot_open_memory(copy, n, "demo", "a.srd", &src, &err) ? words_of(arena, &err)
                                                                          : "read";
}

static void test_reading(void **state)
{
    const struct reading *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    assert_string_equal(read_words(arena, row->text, row->n ? row->n : strlen(row->text)),
                        row->want);
}

/* ---- asking ---- */

/* "answered node 3ms 1768874400250 follower cut: A|B / 1|\N" */
static const char *tell(const struct srd_answer *a, struct srd_arena *arena)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;

    srd_buf_init(&out, 1 << 20);
    srd_buf_printf(&out, "%s \"%s\" \"%s\" %lldms at %lld%s%s", srd_status_name(a->status), a->node,
                   a->detail, (long long)a->ms, (long long)a->started_at_ms,
                   a->follower ? " follower" : "",
                   a->table && !a->table->complete ? " incomplete" : "");
    for (size_t i = 0; a->table && i < a->table->columns; i++)
        srd_buf_printf(&out, "%s%s", i ? "|" : ": ", a->table->names[i]);
    for (size_t i = 0; a->table && i < a->table->rows * a->table->columns; i++)
        srd_buf_printf(&out, "%s%s", i % a->table->columns ? "|" : " / ",
                       a->table->cells[i] ? a->table->cells[i] : "\\N");
    return srd_arena_copy(arena, out.data);
}

static struct srd_answer ask(struct srd_source *src, const struct srd_probe *probe,
                             const char *node, const char *key, struct srd_arena *arena)
{
    struct srd_question q = { .probe = probe, .node = node, .key = key };
    struct srd_answer a = { .probe = probe, .node = node, .key = key, .detail = "" };
    struct srd_error err;

    assert_int_equal(src->ops->ask(src, &q, arena, &a, &err), 0);
    return a;
}

/* clang-format off */
static const struct asking {
    const char *name, *text;
    const struct srd_probe *probe;
    const char *node, *key, *want;
} askings[] = {
    { "an answer comes back as it was",
      NODES("2") "[\"1\",\"fe1\"]\n[\"\",null]\n" END("1", "2"), &probe_nodes, "", "",
      "answered \"fe1:9030\" \"\" 3ms at 1768874400250: Id|Name / 1|fe1 / |\\N" },
    { "a reason comes back as it was", DENIED END("1", "0"), &probe_disks, "", "10004",
      "denied \"\" \"OPERATE on SYSTEM\" 0ms at 0" },
    { "an answer without rows has its columns", NODES("0") END("1", "0"), &probe_nodes, "", "",
      "answered \"fe1:9030\" \"\" 3ms at 1768874400250: Id|Name" },
    { "flags come back",
      "{\"probe\":\"nodes\",\"status\":\"answered\",\"columns\":[\"a\"],\"follower\":true,"
      "\"complete\":false,\"rows\":1}\n[\"x\"]\n" END("1", "1"),
      &probe_nodes, "", "", "answered \"\" \"\" 0ms at 0 follower incomplete: a / x" },
    { "what was not asked is not in the snapshot", NODES("0") END("1", "0"), &probe_disks, "", "",
      "skipped \"\" \"not in the snapshot\" 0ms at 0" },
    { "another key is another question", DENIED END("1", "0"), &probe_disks, "", "10005",
      "skipped \"\" \"not in the snapshot\" 0ms at 0" },
    { "another node is another question", NODES("0") END("1", "0"), &probe_nodes, "fe2:9030", "",
      "skipped \"fe2:9030\" \"not in the snapshot\" 0ms at 0" },
    { "the node that was asked answers",
      "{\"probe\":\"nodes\",\"node\":\"b\",\"status\":\"failed\",\"ms\":1,\"rows\":0}\n"
      "{\"probe\":\"nodes\",\"node\":\"a\",\"status\":\"failed\",\"ms\":2,\"rows\":0}\n" END("2", "0"),
      &probe_nodes, "a", "", "failed \"a\" \"\" 2ms at 0" },
    { "any node means the first that was recorded",
      "{\"probe\":\"nodes\",\"node\":\"b\",\"status\":\"failed\",\"ms\":1,\"rows\":0}\n"
      "{\"probe\":\"nodes\",\"node\":\"a\",\"status\":\"failed\",\"ms\":2,\"rows\":0}\n" END("2", "0"),
      &probe_nodes, "", "", "failed \"b\" \"\" 1ms at 0" },
    { "a newer tool's probes are no harm",
      "{\"probe\":\"nodex\",\"status\":\"answered\",\"columns\":[\"a\"],\"rows\":1}\n[\"x\"]\n" NODES(
          "0") "{\"probe\":\"node\",\"status\":\"failed\",\"rows\":0}\n" END("3", "1"),
      &probe_nodes, "", "", "answered \"fe1:9030\" \"\" 3ms at 1768874400250: Id|Name" },
    { "escapes become what they stand for",
      NODES("1") "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u00e9\\u20AC\\ud83d\\ude00\\u007f\"]\n" END("1", "1"),
      &probe_nodes, "", "",
      "answered \"fe1:9030\" \"\" 3ms at 1768874400250: Id|Name / "
      "\"\\/\b\f\n\r\t|\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f" },
    { "other bytes come from base64",
      NODES("2") "[{\"b64\":\"/w==\"},{ \"b64\" : \"YWL/\" }]\n[{\"b64\":\"\"},{\"b64\":\"Yf8=\"}]\n" END("1", "2"),
      &probe_nodes, "", "",
      "answered \"fe1:9030\" \"\" 3ms at 1768874400250: Id|Name / \xff|ab\xff / |a\xff" },
    { "a key may be bytes as well",
      "{\"probe\":\"disks\",\"key\":{\"b64\":\"/w==\"},\"status\":\"failed\",\"rows\":0}\n" END("1", "0"),
      &probe_disks, "", "\xff", "failed \"\" \"\" 0ms at 0" },
};
/* clang-format on */

static void test_asking(void **state)
{
    const struct asking *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(close_source) struct srd_source *src = NULL;
    const char *text = srd_arena_printf(arena, "%s%s", HEAD, row->text);
    struct srd_error err;
    struct srd_answer a;

    assert_int_equal(srd_snapshot_open_memory(text, strlen(text), "demo", "x", &src, &err), 0);
    a = ask(src, row->probe, row->node, row->key, arena);
    srd_source_close(&src); /* the answer does not need it */
    assert_string_equal(tell(&a, arena), row->want);
}

static void test_info(void **state)
{
    SRD_CLEANUP(close_source) struct srd_source *src = NULL;
    static const char text[] = HEAD "{\"probe\":\"nodes\",\"status\":\"answered\",\"columns\":[],"
                                    "\"follower\":true,\"rows\":0}\n" END("1", "0");
    struct srd_error err;
    bool follower = false;

    (void)state;
    assert_int_equal(srd_snapshot_open_memory(text, strlen(text), "demo", "inside", &src, &err), 0);
    assert_string_equal(src->info.kind, "demo");
    assert_string_equal(src->info.where, "inside");
    assert_string_equal(src->info.user, "");
    assert_int_equal(src->info.taken_at_ms, 1768874400000);
    assert_string_equal(src->connected, "fe1:9030");
    assert_string_equal(src->cluster_name, "prod");
    assert_int_equal(src->parallel, 1);
    assert_int_equal(src->ops->use(src, NULL, &follower, &err), 0);
    assert_true(follower);
    src->ops->cancel(src);
}

/* Two runs over one snapshot must not see each other's zones. */
static void test_own_tables(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(close_source) struct srd_source *src = NULL;
    static const char text[] = HEAD NODES("1") "[\"1\",\"fe1\"]\n" END("1", "1");
    struct srd_error err;
    struct srd_answer a, b;

    (void)state;
    assert_int_equal(srd_snapshot_open_memory(text, strlen(text), "demo", "x", &src, &err), 0);
    a = ask(src, &probe_nodes, "", "", arena);
    b = ask(src, &probe_nodes, "", "", arena);
    assert_ptr_not_equal(a.table, b.table);
    assert_false(a.table->zone_known);
}

/* ---- gzip ---- */

static struct srd_buf gzip_of(const char *text, size_t n)
{
    struct srd_buf out;
    z_stream z = { 0 };
    unsigned char piece[4096];

    srd_buf_init(&out, (size_t)64 << 20);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (unsigned)n;
    do {
        z.next_out = piece;
        z.avail_out = sizeof(piece);
        deflate(&z, Z_FINISH);
        srd_buf_add(&out, piece, sizeof(piece) - z.avail_out);
    } while (!z.avail_out);
    deflateEnd(&z);
    return out;
}

static const char good[] = HEAD NODES("2") "[\"1\",\"fe1\"]\n[\"2\",null]\n" END("1", "2");

#define GZIP_CUT "the gzip data ends in the middle; copy the file again"

/* clang-format off */
static const struct packing {
    const char *name;
    int cut;        /* bytes fewer */
    int flip;       /* byte from the end that is damaged; 0: none */
    const char *add; /* behind it */
    const char *want;
} packings[] = {
    { "a packed snapshot is read", 0, 0, "", "read" },
    { "a packed snapshot without its last byte is cut", 1, 0, "",
      IN "line 6: " GZIP_CUT },
    { "a packed snapshot without its checksum is cut", 8, 0, "", IN "line 6: " GZIP_CUT },
    { "a wrong length is refused", 0, 1, "",
      IN "line 6: the gzip data is damaged (incorrect length check); copy the file again" },
    { "a wrong checksum is refused", 0, 8, "",
      IN "line 6: the gzip data is damaged (incorrect data check); copy the file again" },
    { "something behind the packed data is refused", 0, 0, "x",
      IN "line 6: " GZIP_CUT },
    { "more behind the packed data is refused", 0, 0, "hello, world",
      IN "line 6: something that is no gzip follows the gzip data" },
};
/* clang-format on */

static void test_packing(void **state)
{
    const struct packing *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf gz = gzip_of(good, strlen(good));

    gz.size -= (size_t)row->cut;
    if (row->flip)
        gz.data[gz.size - (size_t)row->flip] ^= 0x55;
    srd_buf_text(&gz, row->add);
    assert_string_equal(read_words(arena, gz.data, gz.size), row->want);
}

/* Every prefix of a packed or plain snapshot is refused, and none crashes. */
static void test_prefixes(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf gz = gzip_of(good, strlen(good));

    (void)state;
    for (size_t n = 0; n < gz.size; n++)
        assert_string_not_equal(read_words(arena, gz.data, n), "read");
    for (size_t n = 0; n + 1 < strlen(good); n++)
        assert_string_not_equal(read_words(arena, good, n), "read");
}

/*
 * A flipped bit in packed data is never read as if nothing were. The first ten bytes hold times and
 * names, and the data ends with up to seven bits of padding before its checksum.
 */
static void test_flipped_bits(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf gz = gzip_of(good, strlen(good));

    (void)state;
    for (size_t i = 80; i < gz.size * 8; i++) {
        const char *words;

        gz.data[i / 8] = (char)(gz.data[i / 8] ^ 1 << i % 8);
        words = read_words(arena, gz.data, gz.size);
        gz.data[i / 8] = (char)(gz.data[i / 8] ^ 1 << i % 8);
        if (i / 8 != gz.size - 9)
            assert_string_not_equal(words, "read");
    }
}

/* As `cat a.gz b.gz` and some tools for parallel packing make them. */
static void test_members(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf a = gzip_of(good, 300);
    SRD_CLEANUP(srd_buf_free) struct srd_buf none = gzip_of("", 0);
    SRD_CLEANUP(srd_buf_free) struct srd_buf b = gzip_of(good + 300, strlen(good) - 300);

    (void)state;
    srd_buf_add(&a, none.data, none.size);
    srd_buf_add(&a, b.data, b.size);
    assert_string_equal(read_words(arena, a.data, a.size), "read");
}

/* ---- too much ---- */

static const char *read_limited(struct srd_arena *arena, const char *bytes, size_t n,
                                struct srd_lines_limits limits)
{
    SRD_CLEANUP(srd_lines_close) struct srd_lines *lines = srd_lines_of_memory(bytes, n);
    SRD_CLEANUP(close_source) struct srd_source *src = NULL;
    struct srd_error err;

    srd_lines_limit(lines, limits);
    return srd_snapshot_read(lines, "x", "x", &src, &err) ? words_of(arena, &err) : "read";
}

static void test_limits(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf none = gzip_of("", 0);
    struct srd_buf text, gz, members;
    struct srd_lines_limits limits = { .row = 11, .other = 300 };

    (void)state;
    srd_buf_init(&text, 1 << 20);
    srd_buf_text(&text, HEAD NODES("9000"));
    for (int i = 0; i < 9000; i++)
        srd_buf_text(&text, "[\"1\",\"fe1\"]\n");
    srd_buf_text(&text, END("1", "9000"));
    gz = gzip_of(text.data, text.size);

    limits.all = text.size;
    assert_string_equal(read_limited(arena, text.data, text.size, limits), "read");
    assert_string_equal(read_limited(arena, gz.data, gz.size, limits), "read");
    limits.all--;
    assert_non_null(strstr(read_limited(arena, text.data, text.size, limits), " bytes in all"));
    assert_non_null(strstr(read_limited(arena, gz.data, gz.size, limits), " bytes in all"));
    limits.all++;
    limits.row--;
    assert_string_equal(read_limited(arena, gz.data, gz.size, limits),
                        "limit: line 3: more than 10 bytes in one line");
    limits.row++;
    limits.other = 150;
    assert_string_equal(read_limited(arena, gz.data, gz.size, limits),
                        "limit: line 2: more than 150 bytes in one line");
    /* members that hold nothing could go on for ever */
    srd_buf_init(&members, 1 << 20);
    while (members.size < 2 * limits.all)
        srd_buf_add(&members, none.data, none.size);
    assert_string_equal(read_limited(arena, members.data, members.size, limits),
                        "data: not a srdiag snapshot");
    srd_buf_free(&members);
    srd_buf_free(&gz);
    srd_buf_free(&text);
}

/* 70 MB from 70 kB, in one line: refused as soon as the line is too long. */
static void test_bomb(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_buf text, gz;

    (void)state;
    srd_buf_init(&text, (size_t)80 << 20);
    srd_buf_text(&text, HEAD NODES("1") "[\"");
    srd_buf_repeat(&text, 'x', (size_t)70 << 20);
    gz = gzip_of(text.data, text.size);
    assert_true(gz.size < 100000);
    assert_string_equal(
        read_words(arena, gz.data, gz.size),
        "limit: read snapshot \"a.srd\": line 3: more than 67108864 bytes in one line");
    /* and a line that would become a tree far sooner */
    srd_buf_clear(&text);
    srd_buf_text(&text, HEAD "{\"probe\":[");
    while (text.size < (size_t)2 << 20)
        srd_buf_text(&text, "[],");
    assert_string_equal(
        read_words(arena, text.data, text.size),
        "limit: read snapshot \"a.srd\": line 2: more than 1048576 bytes in one line");
    srd_buf_free(&gz);
    srd_buf_free(&text);
}

static void test_many_answers(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;

    (void)state;
    srd_buf_init(&text, (size_t)8 << 20);
    srd_buf_text(&text, HEAD);
    for (int i = 0; i < 100001; i++)
        srd_buf_printf(&text, "{\"probe\":\"p%d\",\"status\":\"failed\",\"rows\":0}\n", i);
    assert_string_equal(read_words(arena, text.data, text.size),
                        "limit: read snapshot \"a.srd\": line 100002: more than 100000 answers");
}

/* ---- files ---- */

static char folder[] = P_tmpdir "/srdiag-test-XXXXXX"; /* unless TMPDIR is set */
static char *root = folder;

static int make_folder(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    if (tmp && asprintf(&root, "%s/srdiag-test-XXXXXX", tmp) < 0)
        return -1;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[4096];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", root);
    return system(command);
}

static const char *in_folder(struct srd_arena *arena, const char *name)
{
    return srd_arena_printf(arena, "%s/%s", root, name);
}

static void put_file(const char *path, const char *text, size_t n)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static const char *get_file(struct srd_arena *arena, const char *path)
{
    SRD_CLEANUP(srd_close_file) FILE *f = fopen(path, "re");
    char *text = srd_arena_alloc(arena, 1 << 20);

    if (!f)
        return NULL;
    text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
    return text;
}

/* How many files are in the folder, hidden ones too? */
static int count_files(struct srd_arena *arena)
{
    const char *command = srd_arena_printf(arena, "ls -A '%s' | wc -l", root);
    FILE *f = popen(command, "re");
    int count = -1;

    assert_int_equal(fscanf(f, "%d", &count), 1);
    pclose(f);
    return count;
}

static const char *open_words(struct srd_arena *arena, const char *path)
{
    SRD_CLEANUP(close_source) struct srd_source *src = NULL;
    struct srd_error err;

    if (srd_snapshot_open(path, &src, &err))
        return words_of(arena, &err);
    assert_string_equal(src->info.kind, "snapshot");
    assert_string_equal(src->info.where, path);
    return "read";
}

static void test_open(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *path = in_folder(arena, "a.srd");

    (void)state;
    assert_string_equal(open_words(arena, path),
                        srd_arena_printf(arena,
                                         "system: read snapshot \"%s\": could not open: No "
                                         "such file or directory",
                                         path));
    assert_string_equal(
        open_words(arena, root),
        srd_arena_printf(arena, "system: read snapshot \"%s\": is a directory", root));
    put_file(path, good, strlen(good));
    assert_string_equal(open_words(arena, path), "read");
    put_file(path, "", 0);
    assert_string_equal(
        open_words(arena, path),
        srd_arena_printf(arena, "data: read snapshot \"%s\": the file is empty", path));
    assert_string_equal(open_words(arena, "/dev/zero"),
                        "data: read snapshot \"/dev/zero\": not a srdiag snapshot");
    if (geteuid() != 0) { /* root reads everything */
        chmod(path, 0);
        assert_string_equal(open_words(arena, path),
                            srd_arena_printf(arena,
                                             "system: read snapshot \"%s\": could not open: "
                                             "Permission denied",
                                             path));
    }
    unlink(path);
}

/*
 * A pipe hands out what it likes: here one byte per read, as this kind of socket keeps them apart.
 */
static void test_pipe(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf gz = gzip_of(good, strlen(good));
    int ends[2], in = dup(STDIN_FILENO);

    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        const char *bytes = packed ? gz.data : good, *words;
        size_t n = packed ? gz.size : strlen(good);
        pid_t child;

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
        child = fork();
        if (!child) {
            close(ends[0]);
            for (size_t i = 0; i < n; i++)
                if (write(ends[1], bytes + i, 1) != 1)
                    _exit(1);
            _exit(0);
        }
        close(ends[1]);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        words = open_words(arena, "-");
        dup2(in, STDIN_FILENO);
        waitpid(child, NULL, 0);
        assert_string_equal(words, "read");
    }
    close(in);
}

/* ---- writing ---- */

static struct srd_evidence *new_evidence(struct srd_arena *arena)
{
    struct srd_evidence *ev = srd_evidence_new(arena);

    ev->cluster.name = "prod";
    ev->cluster.version_text = "3.5.7-5f2a1b3";
    ev->cluster.mode = SRD_MODE_SHARED_NOTHING;
    return ev;
}

static void add_table(struct srd_evidence *ev, const struct srd_probe *probe, const char *key,
                      const char *text)
{
    struct srd_answer a = { .probe = probe,
                            .node = "fe1:9030",
                            .key = key,
                            .detail = "",
                            .started_at_ms = 1768874400250,
                            .ms = 3 };

    /* behind the evidence's back, which masks secrets too: the writer is the second net */
    srd_evidence_add(ev, &a)->table = srd_table_of(ev->arena, text);
}

static const struct srd_snapshot_options plain = { .tool_version = "0.1.0" };

#define WRITTEN_HEAD                                                                               \
    "{\"srdiag\":\"snapshot/"                                                                      \
    "1\",\"tool\":\"0.1.0\",\"cluster\":\"prod\",\"connected\":\"fe1:9030\","                      \
    "\"version\":\"3.5.7-5f2a1b3\",\"run_mode\":\"shared-nothing\","                               \
    "\"taken_at\":\"2026-01-20T02:00:00.250Z\"}\n"

static void test_written(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = new_evidence(arena);
    const char *path = in_folder(arena, "w.srd");
    struct srd_answer denied = { .probe = &probe_disks,
                                 .node = "",
                                 .key = "10004",
                                 .status = SRD_DENIED,
                                 .detail = "OPERATE on SYSTEM",
                                 .started_at_ms = 1768874401000,
                                 .follower = true };
    struct srd_error err;
    struct stat st;

    (void)state;
    add_table(ev, &probe_nodes, "", "Id|Name\n1|fe1\n|\\N\n");
    srd_evidence_add(ev, &denied);
    umask(0);
    assert_int_equal(srd_snapshot_write(path, ev, "fe1:9030", &plain, &err), 0);
    assert_string_equal(
        get_file(arena, path),
        WRITTEN_HEAD NODES(
            "2") "[\"1\",\"fe1\"]\n[\"\",null]\n"
                 "{\"probe\":\"disks\",\"node\":\"\",\"key\":\"10004\",\"status\":\"denied\","
                 "\"detail\":\"OPERATE on SYSTEM\",\"follower\":true,\"complete\":true,"
                 "\"started_at\":\"2026-01-20T02:00:01Z\",\"ms\":0,\"rows\":0}\n" END("2", "2"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(count_files(arena), 1);
    unlink(path);
}

/* The same question twice (the engine does not, but a file that we cannot read would be worse). */
static void test_repeated(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = new_evidence(arena);
    const char *path = in_folder(arena, "w.srd");
    struct srd_error err;

    (void)state;
    add_table(ev, &probe_nodes, "", "Id\n1\n");
    add_table(ev, &probe_nodes, "", "Id\n2\n");
    assert_int_equal(srd_snapshot_write(path, ev, "fe1:9030", &plain, &err), 0);
    assert_string_equal(open_words(arena, path), "read");
    assert_non_null(strstr(get_file(arena, path), "[\"1\"]\n{\"end\""));
    unlink(path);
}

static const char *write_words(struct srd_arena *arena, const char *path,
                               const struct srd_snapshot_options *options)
{
    struct srd_evidence *ev = new_evidence(arena);
    struct srd_error err;

    add_table(ev, &probe_nodes, "", "Id|Name\n1|fe1\n");
    return srd_snapshot_write(path, ev, "fe1:9030", options, &err) ? words_of(arena, &err)
                                                                   : "written";
}

static void test_targets(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *path = in_folder(arena, "w.srd"), *link = in_folder(arena, "link.srd");
    struct srd_snapshot_options force = { .tool_version = "0.1.0", .overwrite = true };
    char longest[256];

    (void)state;
    put_file(path, "mine", 4);
    assert_string_equal(write_words(arena, path, &plain),
                        srd_arena_printf(arena,
                                         "usage: write snapshot \"%s\": exists; use --force "
                                         "to replace it",
                                         path));
    assert_string_equal(get_file(arena, path), "mine");
    assert_string_equal(write_words(arena, path, &force), "written");
    assert_string_equal(open_words(arena, path), "read");

    /* a link is replaced, what it points to stays */
    put_file(path, "mine", 4);
    assert_int_equal(symlink(path, link), 0);
    assert_string_equal(write_words(arena, link, &force), "written");
    assert_string_equal(get_file(arena, path), "mine");
    assert_string_equal(open_words(arena, link), "read");
    unlink(link);
    unlink(path);
    assert_int_equal(symlink("nowhere", link), 0);
    assert_non_null(strstr(write_words(arena, link, &plain), "exists; use --force"));
    assert_string_equal(write_words(arena, link, &force), "written");
    assert_string_equal(open_words(arena, link), "read");
    unlink(link);

    assert_string_equal(
        write_words(arena, root, &force),
        srd_arena_printf(arena, "usage: write snapshot \"%s\": is a directory", root));
    /* a pipe of our own stands for /dev/null, which a failing test must not replace */
    path = in_folder(arena, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_string_equal(write_words(arena, path, &force),
                        srd_arena_printf(arena,
                                         "usage: write snapshot \"%s\": is no file; \"-\" "
                                         "writes to standard output",
                                         path));
    unlink(path);
    path = in_folder(arena, "none/w.srd");
    assert_string_equal(write_words(arena, path, &plain),
                        srd_arena_printf(arena,
                                         "system: write snapshot \"%s\": could not create a "
                                         "file there: No such file or directory",
                                         path));
    memset(longest, 'n', 255);
    longest[255] = '\0';
    path = in_folder(arena, longest);
    assert_string_equal(write_words(arena, path, &plain), "written");
    assert_string_equal(open_words(arena, path), "read");
    unlink(path);
    assert_int_equal(count_files(arena), 0);
}

/* A disk that is full leaves nothing behind: neither half a file nor the draft. */
static void test_full_disk(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *path = in_folder(arena, "w.srd");
    struct rlimit old, low = { .rlim_cur = 100, .rlim_max = RLIM_INFINITY };
    const char *words;
    int out, full = open("/dev/full", O_WRONLY);

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    low.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &low);
    words = write_words(arena, path, &plain);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_string_equal(words, srd_arena_printf(arena,
                                                "system: write snapshot \"%s\": could not "
                                                "write: File too large",
                                                path));
    assert_int_equal(count_files(arena), 0);

    fflush(stdout);
    out = dup(STDOUT_FILENO);
    dup2(full, STDOUT_FILENO);
    words = write_words(arena, "-", &plain);
    dup2(out, STDOUT_FILENO);
    close(out);
    close(full);
    assert_string_equal(words,
                        "system: write snapshot to standard output: could not write: No space "
                        "left on device");
}

/* ---- what does not leave the house ---- */

/* clang-format off */
static const struct masking {
    const char *name;
    const struct srd_probe *probe;
    const char *table, *want;
    bool share_sql;
} maskings[] = {
    { "users' SQL texts stay at home", &probe_texts, "Id|SQLTEXT|Query|Note\n1|select 1|select 2|x\n",
      "[\"1\",null,null,\"x\"]", false },
    { "users' SQL texts leave when the owner says so", &probe_texts, "Id|SqlText\n1|select 1\n",
      "[\"1\",\"select 1\"]", true },
    { "a configured password stays at home", &probe_nodes,
      "Key|AliasNames|Value|Type\nssl_keystore_password|[]|hunter2|String\n",
      "[\"ssl_keystore_password\",\"[]\",\"***\",\"String\"]", false },
    { "case does not matter", &probe_nodes, "NAME|VALUE\nAWS_S3_SECRET_KEY|x1\n",
      "[\"AWS_S3_SECRET_KEY\",\"***\"]", false },
    { "neither does the order of columns", &probe_nodes, "Value|Variable_name\nx1|auth_token\n",
      "[\"***\",\"auth_token\"]", false },
    { "other spellings are known", &probe_nodes, "Key|Value\nauthentication_ldap_bind_root_pwd|x1\n",
      "[\"authentication_ldap_bind_root_pwd\",\"***\"]", false },
    { "an empty password is no secret", &probe_nodes, "Key|Value\nauth_token|\n",
      "[\"auth_token\",\"\"]", false },
    { "no password is no secret", &probe_nodes, "Key|Value\nauth_token|\\N\n",
      "[\"auth_token\",null]", false },
    { "a switch is no secret", &probe_nodes, "Key|Value\nenable_token_check|true\n",
      "[\"enable_token_check\",\"true\"]", false },
    { "a size is no secret", &probe_nodes, "Key|Value\narrow_token_cache_size|1024\n",
      "[\"arrow_token_cache_size\",\"1024\"]", false },
    { "a password of digits is one", &probe_nodes, "Key|Value\nssl_key_password|1024\n",
      "[\"ssl_key_password\",\"***\"]", false },
    { "other items stay readable", &probe_nodes, "Key|Value\nmax_tablet_num|25000\n",
      "[\"max_tablet_num\",\"25000\"]", false },
    { "a column of secrets is masked", &probe_nodes, "User|auth_token\nu|x1\n", "[\"u\",\"***\"]",
      false },
    { "that a password is set is no secret", &probe_nodes, "User|Password\nu|Yes\n",
      "[\"u\",\"Yes\"]", false },
    { "secrets in JSON are masked", &probe_nodes,
      "Id|Properties\n1|{\"aws.s3.secret_key\":\"x1\",\"region\":\"eu\"}\n",
      "[\"1\",\"{\\\"aws.s3.secret_key\\\":\\\"***\\\",\\\"region\\\":\\\"eu\\\"}\"]", false },
    { "a private key as librdkafka calls it is masked", &probe_nodes,
      "Id|Properties\n1|{\"ssl.key.pem\":\"x1\",\"ssl.ca.pem\":\"x2\"}\n",
      "[\"1\",\"{\\\"ssl.key.pem\\\":\\\"***\\\",\\\"ssl.ca.pem\\\":\\\"x2\\\"}\"]", false },
    { "the key that all data is encrypted with is masked", &probe_nodes,
      "Key|Value\ndefault_master_key|plain:aes_128:x1\n", "[\"default_master_key\",\"***\"]", false },
    { "an account key of Azure is masked", &probe_nodes,
      "Id|Text\n1|\"fs.azure.account.key.a.blob.core.windows.net\" = \"x1\"\n",
      "[\"1\",\"\\\"fs.azure.account.key.a.blob.core.windows.net\\\" = \\\"***\\\"\"]", false },
};
/* clang-format on */

static void test_masking(void **state)
{
    const struct masking *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_snapshot_options options = { .tool_version = "0.1.0", .share_sql = row->share_sql };
    struct srd_evidence *ev = new_evidence(arena);
    const char *path = in_folder(arena, "m.srd"), *text;
    struct srd_error err;

    add_table(ev, row->probe, "", row->table);
    assert_int_equal(srd_snapshot_write(path, ev, "fe1:9030", &options, &err), 0);
    text = strstr(get_file(arena, path), "\n[") + 1;
    assert_string_equal(text, srd_arena_printf(arena, "%s\n%s", row->want, END("1", "1")));
    unlink(path);
}

/* clang-format off */
static const struct hiding {
    const char *name, *text, *want; /* NULL: nothing to hide */
} hidings[] = {
    { "text without values hides nothing", "the password is wrong", NULL },
    { "other values stay", "{\"region\":\"eu\",\"a\":1} x=y", NULL },
    { "prose about passwords stays", "Access denied for user 'u1' (using password: YES)", NULL },
    { "prose about tokens stays", "Unexpected token: 'x'; secret = , password=\"\"", "Unexpected token: '***'; secret = , password=\"\"" },
    { "a JSON member", "{\"password\": \"a b\", \"x\": \"y\"}", "{\"password\": \"***\", \"x\": \"y\"}" },
    { "a quote inside does not end it", "{\"password\":\"a\\\"b\"}", "{\"password\":\"***\"}" },
    { "JSON inside JSON", "{\"p\":\"{\\\"password\\\":\\\"ab\\\",\\\"x\\\":1}\"}", "{\"p\":\"{\\\"password\\\":\\\"***\\\",\\\"x\\\":1}\"}" },
    { "a property", "(\"aws.s3.access_key\" = \"AK\", 'fs.s3a.secret.key'='SK')", "(\"aws.s3.access_key\" = \"***\", 'fs.s3a.secret.key'='***')" },
    { "a doubled quote does not end it", "password='a''b' x", "password='***' x" },
    { "a login module", "sasl.jaas.config=\"x required username=\\\"u\\\" password=\\\"pw\\\";\"", "sasl.jaas.config=\"x required username=\\\"u\\\" password=\\\"***\\\";\"" },
    { "a parameter of a URL", "http://h/x?token=abc&y=1", "http://h/x?token=***&y=1" },
    { "a login in a URL", "jdbc:mysql://root:p%40w@h:9030/db", "jdbc:mysql://root:***@h:9030/db" },
    { "a login in a URL, whose password holds an @", "http://u:p@w@h/", "http://u:***@h/" },
    { "a URL without a login stays", "http://h:8030/a@b", NULL },
    { "a value that is cut stays hidden", "{\"password\":\"abc", "{\"password\":\"***" },
    { "several of them", "pwd=a;pwd=b", "pwd=***;pwd=***" },
    { "a name may be long", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_password=x1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_password=***" },
};
/* clang-format on */

static void test_hiding(void **state)
{
    const struct hiding *row = *state;
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    bool found;

    srd_buf_init(&out, 4096);
    found = srd_secret_hide(&out, row->text);
    assert_int_equal(found, row->want != NULL);
    if (found)
        assert_string_equal(out.data, row->want);
}

/* ---- there and back ---- */

static uint64_t dice = 1;

static unsigned roll(unsigned sides)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(dice >> 33) % sides;
}

static const char *random_cell(struct srd_arena *arena)
{
    static const char *const known[] = { NULL,
                                         "",
                                         "NULL",
                                         "null",
                                         "\\N",
                                         "{}",
                                         "***",
                                         "\"",
                                         "\\",
                                         "\xff",
                                         "\xe4\xbd\xa0",
                                         "\xf0\x9f\x98\x80",
                                         "\xc0\x80",
                                         "\xed\xa0\x80",
                                         "{\"b64\":\"\"}",
                                         "\x7f",
                                         "\xe2\x80\xae" };
    char text[40];
    size_t n = roll(sizeof(text) - 1);

    if (roll(2))
        return known[roll(SRD_COUNT(known))];
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(roll(4) ? 1 + roll(127) : 1 + roll(255));
    text[n] = '\0';
    return srd_arena_copy(arena, text);
}

static const char *random_text(struct srd_arena *arena)
{
    const char *text = random_cell(arena);

    return text ? text : "";
}

static void add_random_answer(struct srd_evidence *ev)
{
    static const struct srd_probe *const probes[] = { &probe_nodes, &probe_disks, &probe_texts };
    size_t columns = roll(5);
    const char *names[5], *cells[5];
    struct srd_answer a = { .probe = probes[roll(3)],
                            .node = random_text(ev->arena),
                            .key = srd_arena_printf(ev->arena, "%zu%s", ev->count,
                                                    random_text(ev->arena)),
                            .detail = "",
                            .started_at_ms = 1768874400000 + roll(100000),
                            .ms = roll(10000),
                            .follower = roll(2) };
    struct srd_table *table;
    struct srd_error err;

    if (!roll(4)) {
        a.status = 1 + roll(SRD_STATUS_COUNT - 1);
        a.detail = "said so";
        srd_evidence_add(ev, &a);
        return;
    }
    for (size_t i = 0; i < columns; i++)
        names[i] = srd_arena_printf(ev->arena, "c%s", random_text(ev->arena));
    table = srd_table_new(ev->arena, names, columns);
    table->complete = roll(4);
    for (unsigned rows = columns ? roll(6) : 0; rows; rows--) {
        for (size_t i = 0; i < columns; i++)
            cells[i] = random_cell(ev->arena);
        assert_int_equal(srd_table_add(table, cells, NULL, columns, &err), 0);
    }
    a.table = table;
    srd_evidence_add(ev, &a);
}

static void check_same(const struct srd_answer *a, const struct srd_answer *b)
{
    assert_int_equal(a->status, b->status);
    assert_string_equal(a->node, b->node);
    assert_string_equal(a->detail, b->detail);
    assert_int_equal(a->started_at_ms, b->started_at_ms);
    assert_int_equal(a->ms, b->ms);
    assert_int_equal(a->follower, b->follower);
    assert_int_equal(a->table != NULL, b->table != NULL);
    if (!a->table)
        return;
    assert_int_equal(a->table->complete, b->table->complete);
    assert_int_equal(a->table->columns, b->table->columns);
    assert_int_equal(a->table->rows, b->table->rows);
    for (size_t i = 0; i < a->table->columns; i++)
        assert_string_equal(a->table->names[i], b->table->names[i]);
    for (size_t i = 0; i < a->table->columns * a->table->rows; i++) {
        assert_int_equal(a->table->cells[i] != NULL, b->table->cells[i] != NULL);
        if (a->table->cells[i])
            assert_string_equal(a->table->cells[i], b->table->cells[i]);
    }
}

/* What is written is what is read: byte for byte, NULL apart from "" and from "NULL". */
static void test_there_and_back(void **state)
{
    struct srd_snapshot_options options = { .tool_version = "0",
                                            .overwrite = true,
                                            .share_sql = true };

    (void)state;
    dice = 20260120;
    for (int round = 0; round < 300; round++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        SRD_CLEANUP(close_source) struct srd_source *src = NULL;
        struct srd_evidence *ev = new_evidence(arena);
        const char *path = in_folder(arena, "round.srd");
        struct srd_error err;

        for (unsigned n = roll(8); n; n--)
            add_random_answer(ev);
        options.gzip = roll(2);
        assert_int_equal(srd_snapshot_write(path, ev, "fe1:9030", &options, &err), 0);
        if (srd_snapshot_open(path, &src, &err))
            fail_msg("round %d: %s", round, err.text);
        for (size_t i = 0; i < ev->count; i++) {
            const struct srd_answer *a = &ev->answers[i];
            struct srd_answer b = ask(src, a->probe, a->node, a->key, arena);

            check_same(a, &b);
        }
        unlink(path);
    }
}

/* Our own reader of rows takes and refuses what the reader of JSON does. */
static int count_cell(void *context, const char *text, size_t n, struct srd_error *err)
{
    size_t *sum = context;

    (void)err;
    *sum += text ? n + 1 : 0;
    return 0;
}

static bool is_row(const struct srd_json *json)
{
    if (srd_json_kind(json) != SRD_JSON_ARRAY)
        return false;
    for (const struct srd_json *item = srd_json_first(json); item; item = srd_json_next(item)) {
        const char *coded = srd_json_text(srd_json_get(item, "b64"));
        SRD_CLEANUP(srd_free_text) char *copy = strdup(coded ? coded : "");

        if (srd_json_kind(item) == SRD_JSON_OBJECT
                ? !coded || srd_json_size(item) != 1 || !srd_cell_decode(copy)
                : srd_json_kind(item) != SRD_JSON_STRING && srd_json_kind(item) != SRD_JSON_NULL)
            return false;
    }
    return true;
}

static void test_row_is_json(void **state)
{
    static const char seed[] =
        "[\"a\\u00e9\\ud83d\\ude00\\n\",null,{\"b64\":\"YWL/\"},\"\",\"\\\\\"]";
    static const char letters[] = "[]{}\",:\\ubn64=/0aAeEfFdD8cC9 \t\r\x01\x7f\xc3\xa9\xff";
    size_t taken = 0;

    (void)state;
    dice = 7;
    for (int round = 0; round < 100000; round++) {
        SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
        struct srd_error err;
        char text[sizeof(seed)], line[sizeof(seed)];
        size_t n = roll(8) ? sizeof(seed) - 1 : roll(sizeof(seed)), count, sum = 0;
        bool a, b;

        memcpy(text, seed, sizeof(seed));
        for (unsigned changes = roll(3); n && changes; changes--)
            text[roll((unsigned)n)] = letters[roll(sizeof(letters) - 1)];
        text[n] = '\0';
        memcpy(line, text, sizeof(line));
        a = !srd_row_read(line, n, SIZE_MAX, &count, count_cell, &sum, &err);
        b = !srd_json_parse(text, n, 1000, &json, &err) && is_row(json);
        if (a != b)
            fail_msg("%s by the row reader only: %s", a ? "taken" : "refused", text);
        taken += a;
    }
    assert_true(taken > 10000);
}

static int take_cell(void *context, const char *text, size_t n, struct srd_error *err)
{
    struct srd_buf *cell = context;

    (void)err;
    srd_buf_clear(cell);
    srd_buf_add(cell, text, n);
    return 0;
}

/* They are looked at by eights, so each byte stands once in each place of the first and the last eight. */
static void test_cells(void **state)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf line;
    SRD_CLEANUP(srd_buf_free) struct srd_buf cell;
    struct srd_error err;
    size_t count;

    (void)state;
    srd_buf_init(&line, 4096);
    srd_buf_init(&cell, 4096);
    for (size_t n = 1; n <= 18; n++)
        for (size_t at = 0; at < n; at++)
            for (int byte = 1; byte < 256; byte++) {
                char text[32] = "abcdefghijklmnopqrstuvwxyz";
                bool alone;

                text[n] = '\0';
                text[at] = (char)byte;
                srd_buf_clear(&line);
                alone = srd_cell_write_plain(&line, text);
                assert_int_equal(alone, byte >= 0x20 && byte < 0x80 && !strchr("\"\\=:", byte));
                assert_int_equal(line.size, alone ? n + 2 : 0);
                srd_buf_clear(&line);
                srd_buf_char(&line, '[');
                srd_cell_write(&line, text);
                srd_buf_text(&line, "]");
                assert_int_equal(
                    srd_row_read(line.data, line.size, 1, &count, take_cell, &cell, &err), 0);
                assert_int_equal(count, 1);
                assert_string_equal(cell.data, text);
            }
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        { .name = "the source says where it comes from", .test_func = test_info },
        { .name = "each answer is a table of its own", .test_func = test_own_tables },
        { .name = "every prefix of a snapshot is refused", .test_func = test_prefixes },
        { .name = "every flipped bit in a packed snapshot is refused",
          .test_func = test_flipped_bits },
        { .name = "packed data may come in several members", .test_func = test_members },
        { .name = "what is too much is refused", .test_func = test_limits },
        { .name = "there is a limit to the number of answers", .test_func = test_many_answers },
        { .name = "a decompression bomb is refused early", .test_func = test_bomb },
        { .name = "a file is opened, or the reason said", .test_func = test_open },
        { .name = "standard input may be a pipe", .test_func = test_pipe },
        { .name = "a snapshot is written as the manual says", .test_func = test_written },
        { .name = "a question is written once", .test_func = test_repeated },
        { .name = "nothing is overwritten or misplaced", .test_func = test_targets },
        { .name = "a full disk leaves nothing behind", .test_func = test_full_disk },
        { .name = "what is written is what is read", .test_func = test_there_and_back },
        { .name = "the row reader takes what JSON takes", .test_func = test_row_is_json },
        { .name = "a cell comes back, whatever stands where in it", .test_func = test_cells },
    };
    static struct CMUnitTest tests[SRD_COUNT(readings) + SRD_COUNT(askings) + SRD_COUNT(packings) +
                                   SRD_COUNT(maskings) + SRD_COUNT(hidings) + SRD_COUNT(others)];
    size_t n = 0;

    ADD_ROWS(tests, n, readings, test_reading);
    ADD_ROWS(tests, n, askings, test_asking);
    ADD_ROWS(tests, n, packings, test_packing);
    ADD_ROWS(tests, n, maskings, test_masking);
    ADD_ROWS(tests, n, hidings, test_hiding);
    memcpy(tests + n, others, sizeof(others));
    return cmocka_run_group_tests_name("snapshot", tests, make_folder, remove_folder);
}
