/* Which message gets which answer, in which era? */

#include "tests/mcp_rows.h"

#define LEGACY INITIALIZE("2025-11-25")
#define LEGACY_SAYS INITIALIZED("2025-11-25")
#define ARRAYS INITIALIZE("2025-03-26")
#define ARRAYS_SAYS INITIALIZED("2025-03-26")
#define ONE_PLAIN                                                                                  \
    "'resources':[{'uri':'t://plain','name':'plain','title':'Plain','description':'A text.',"       \
    "'mimeType':'text/plain'},{'uri':'t://bytes','name':'bytes','mimeType':'image/png'}]"
#define DISCOVERED                                                                                 \
    "'supportedVersions':['2026-07-28'],'capabilities':" CAPABILITIES                              \
    ",'instructions':'Begin.'," FOREVER
#define NO_BATCH "this revision of the protocol has no batches"
#define FIRST "send server/discover or initialize first"
#define MISSING "params._meta must have io.modelcontextprotocol/"

/* J: the messages */
static const struct mcp_row messages[] = {
    { "J2: a number comes back as a number", LEGACY ASK("7", "ping"), LEGACY_SAYS GOOD("7", "") },
    { "J2: 0 is an id", LEGACY ASK("0", "ping"), LEGACY_SAYS GOOD("0", "") },
    { "J2: a negative number is an id", LEGACY ASK("-3", "ping"), LEGACY_SAYS GOOD("-3", "") },
    { "J2: 2^53 keeps its digits", LEGACY ASK("9007199254740992", "ping"),
      LEGACY_SAYS GOOD("9007199254740992", "") },
    { "J2: more digits than a double has are kept", LEGACY ASK("12345678901234567891", "ping"),
      LEGACY_SAYS GOOD("12345678901234567891", "") },
    { "J2: a text comes back as it was written", LEGACY ASK("'a\\u00e9\\n\\/ \xf0\x9f\x98\x80'", "ping"),
      LEGACY_SAYS GOOD("'a\\u00e9\\n\\/ \xf0\x9f\x98\x80'", "") },
    { "J2: also with quotes and backslashes in it", LEGACY ASK("'a\\'}\\\\'", "ping"),
      LEGACY_SAYS GOOD("'a\\'}\\\\'", "") },
    { "J2: the empty text is an id", LEGACY ASK("''", "ping"), LEGACY_SAYS GOOD("''", "") },
    { "J2: 1.0 is an integer", LEGACY ASK("1.0", "ping"), LEGACY_SAYS GOOD("1.0", "") },
    { "J2, J5: null is no id", LEGACY ASK("null", "ping"),
      LEGACY_SAYS BAD_NOBODY("-32600", "id must be a string or an integer") },
    { "J2, J5: a fraction is no id", LEGACY ASK("1.5", "ping"),
      LEGACY_SAYS BAD_NOBODY("-32600", "id must be a string or an integer") },
    { "J2, J5: an object is no id", LEGACY ASK("{'a':1}", "ping"),
      LEGACY_SAYS BAD_NOBODY("-32600", "id must be a string or an integer") },
    { "J2: the id is found behind other members",
      LEGACY "{ 'x' : {'id':1,'y':['}']} ,\t'method':'ping', 'jsonrpc':'2.0','id' : 'z' }\n",
      LEGACY_SAYS GOOD("'z'", "") },
    { "J2: an id whose key is written with escapes is found",
      LEGACY "{'\\u0069d':5,'jsonrpc':'2.0','method':'ping'}\n", LEGACY_SAYS GOOD("5", "") },
    { "J3: a known notification is not answered", LEGACY TELL("notifications/initialized"),
      LEGACY_SAYS },
    { "J3: an unknown notification is not answered", LEGACY TELL("notifications/zz"), LEGACY_SAYS },
    { "J3: a notification that is wrong is not answered",
      LEGACY "{'method':'ping','params':3}\n", LEGACY_SAYS },
    { "J3: ping without an id is not answered", LEGACY TELL("ping"), LEGACY_SAYS },
    { "J3: a response is not answered", LEGACY "{'jsonrpc':'2.0','id':1,'result':{}}\n",
      LEGACY_SAYS },
    { "J5: broken JSON is answered without an id", "{'jsonrpc'\n",
      BAD_NOBODY("-32700", "line 1, column 11: a colon is missing") },
    { "J1: broken UTF-8 is broken JSON", LEGACY ASK("'\xff'", "ping"),
      LEGACY_SAYS BAD_NOBODY("-32700", "line 1, column 24: broken UTF-8") },
    { "J6: another version of JSON-RPC is no request", "{'jsonrpc':'1.0','id':1,'method':'ping'}\n",
      BAD("1", "-32600", "jsonrpc must be \\'2.0\\'") },
    { "J6: without a method it is no request", "{'jsonrpc':'2.0','id':1}\n",
      BAD("1", "-32600", "there is no method") },
    { "J6: a method is a text", "{'jsonrpc':'2.0','id':1,'method':5}\n",
      BAD("1", "-32600", "method must be a string") },
    { "J6: a text is no request", "'ping'\n", BAD_NOBODY("-32600", "a message must be an object") },
    { "J6: a response with result and error is none",
      "{'jsonrpc':'2.0','id':1,'result':{},'error':{}}\n",
      BAD("1", "-32600", "there is no method") },
    { "J6: a method that does not exist is named", LEGACY ASK("1", "tools/lisst"),
      LEGACY_SAYS BAD("1", "-32601", "unknown method tools/lisst") },
    { "J6: what is shown of a foreign method is clean and short",
      LEGACY ASK("1", "\\u001b[1m\\u202eaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
      LEGACY_SAYS BAD("1", "-32601",
                      "unknown method \\\\e[1m\\\\u{202E}"
                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...") },
    { "J6: params are an object", LEGACY "{'jsonrpc':'2.0','id':1,'method':'ping','params':[1]}\n",
      LEGACY_SAYS BAD("1", "-32602", "params must be an object") },
    { "null params are none", LEGACY "{'jsonrpc':'2.0','id':1,'method':'ping','params':null}\n",
      LEGACY_SAYS GOOD("1", "") },
    { "J8: unknown members are ignored",
      LEGACY "{'jsonrpc':'2.0','id':1,'method':'ping','x':1,'params':{'y':2,'_meta':{'z':3}}}\n",
      LEGACY_SAYS GOOD("1", "") },
    { "J8: a key that is there twice is no request",
      LEGACY "{'jsonrpc':'2.0','id':1,'id':2,'method':'ping'}\n",
      LEGACY_SAYS BAD_NOBODY("-32600", "duplicate key \\'id\\'") },
    { "J8: also deep inside",
      LEGACY "{'jsonrpc':'2.0','id':1,'method':'ping','params':{'a':[{'b':1,'b':1}]}}\n",
      LEGACY_SAYS BAD_NOBODY("-32600", "duplicate key \\'b\\'") },
    { "J9: a batch is answered by one array",
      ARRAYS "[{'jsonrpc':'2.0','id':'a','method':'ping'},{'jsonrpc':'2.0','method':"
             "'notifications/zz'}, {'jsonrpc':'2.0','id':'b','method':'nope'}]\n",
      ARRAYS_SAYS "[{'jsonrpc':'2.0','id':'a','result':{}},{'jsonrpc':'2.0','id':'b','error':"
                  "{'code':-32601,'message':'unknown method nope'}}]\n" },
    { "J9: work and no work come together",
      ARRAYS "[{'jsonrpc':'2.0','id':1,'method':'tools/call','params':{'name':'fail'}},"
             "{'jsonrpc':'2.0','id':2,'method':'ping'},"
             "{'jsonrpc':'2.0','id':3,'method':'tools/call','params':{'name':'kept'}}]\n",
      ARRAYS_SAYS "[{'jsonrpc':'2.0','id':2,'result':{}},{'jsonrpc':'2.0','id':3,'result':{"
                  "'content':[{'type':'text','text':'kept'}]}},{'jsonrpc':'2.0','id':1,'result':{"
                  "'isError':true,'content':[{'type':'text','text':'Cannot reach fe1.'}]}}]\n" },
    { "J9: a batch of notifications is not answered",
      ARRAYS "[{'jsonrpc':'2.0','method':'a'},{'jsonrpc':'2.0','id':4,'result':{}}]\n",
      ARRAYS_SAYS },
    { "J9: what is no message in a batch is answered",
      ARRAYS "[1,{'jsonrpc':'2.0','id':2,'method':'ping'}]\n",
      ARRAYS_SAYS "[{'jsonrpc':'2.0','error':{'code':-32600,'message':'a message must be an object'"
                  "}},{'jsonrpc':'2.0','id':2,'result':{}}]\n" },
    { "J9: initialize is not for batches",
      ARRAYS "[" "{'jsonrpc':'2.0','id':1,'method':'initialize','params':{'protocolVersion':"
             "'2025-11-25'}}]\n",
      ARRAYS_SAYS "[{'jsonrpc':'2.0','id':1,'error':{'code':-32600,'message':'initialize must not "
                  "be in a batch'}}]\n" },
    { "J9: a modern request is not for batches",
      ARRAYS "[{'jsonrpc':'2.0','id':1,'method':'tools/list','params':{" META "}}]\n",
      ARRAYS_SAYS "[{'jsonrpc':'2.0','id':1,'error':{'code':-32600,'message':'" NO_BATCH "'}}]\n" },
    { "J9: an empty batch is no request", ARRAYS "[]\n",
      ARRAYS_SAYS BAD_NOBODY("-32600", "the batch is empty") },
    { "J9: a batch in 2024-11-05 is no request", INITIALIZE("2024-11-05") "[" "]\n",
      INITIALIZED("2024-11-05") BAD_NOBODY("-32600", NO_BATCH) },
    { "J9: a batch in 2025-06-18 is no request", INITIALIZE("2025-06-18") "[" "]\n",
      INITIALIZED("2025-06-18") BAD_NOBODY("-32600", NO_BATCH) },
    { "J9: a batch in 2025-11-25 is no request", LEGACY "[" "]\n",
      LEGACY_SAYS BAD_NOBODY("-32600", NO_BATCH) },
    { "J9: a batch before all else is no request", "[{'jsonrpc':'2.0','id':1,'method':'ping'}]\n",
      BAD_NOBODY("-32600", NO_BATCH) },
    { "J9: a batch in the modern era is no request",
      ASK_WITH("1", "resources/list", META) "[]\n",
      GOOD_MODERN("1", ONE_PLAIN "," FOREVER) BAD_NOBODY("-32600", NO_BATCH) },
    { "J11: other keys in _meta are ignored",
      ASK_WITH("1", "resources/list",
               "'_meta':{'traceparent':'00-1','org.example/x':1," VERSION
               ",'io.modelcontextprotocol/clientCapabilities':{'roots':{}}}"),
      GOOD_MODERN("1", ONE_PLAIN "," FOREVER) },
};

/* E: which era; M, G: what is different in it */
static const struct mcp_row eras[] = {
    { "E1: initialize opens the legacy era", LEGACY ASK("1", "ping"), LEGACY_SAYS GOOD("1", "") },
    { "E1: _meta opens the modern era", ASK_WITH("1", "resources/list", META),
      GOOD_MODERN("1", ONE_PLAIN "," FOREVER) },
    { "E1: server/discover is answered as the first message", ASK_WITH("'d'", "server/discover", META),
      GOOD_MODERN("'d'", DISCOVERED) },
    { "E1: initialize after server/discover is honoured",
      ASK_WITH("1", "server/discover", META) LEGACY ASK("1", "ping"),
      GOOD_MODERN("1", DISCOVERED) LEGACY_SAYS GOOD("1", "") },
    { "E1: initialize after a version that is not there is honoured",
      ASK_WITH("1", "tools/list",
               "'_meta':{'io.modelcontextprotocol/protocolVersion':'2031-01-01',"
               "'io.modelcontextprotocol/clientCapabilities':{}}") LEGACY,
      BAD_WITH("1", "-32022", "protocol version 2031-01-01 is not supported",
               "{'supported':['2026-07-28'],'requested':'2031-01-01'}") LEGACY_SAYS },
    { "E1: the legacy era stays", LEGACY ASK_WITH("1", "resources/list", META),
      LEGACY_SAYS GOOD("1", ONE_PLAIN) },
    { "E1: the legacy era has no server/discover", LEGACY ASK_WITH("1", "server/discover", META),
      LEGACY_SAYS BAD("1", "-32601", "unknown method server/discover") },
    { "E1: the modern era stays", ASK_WITH("1", "resources/list", META) LEGACY,
      GOOD_MODERN("1", ONE_PLAIN "," FOREVER)
          BAD("0", "-32602", MISSING "protocolVersion (a string)") },
    { "E2: neither of both", ASK("1", "tools/list") ASK("2", "resources/list"),
      BAD("1", "-32600", FIRST) BAD("2", "-32600", FIRST) },
    { "E2: ping is answered before all else", ASK("1", "ping"), GOOD("1", "") },
    { "E2: and still everything can follow", ASK("1", "tools/list") LEGACY,
      BAD("1", "-32600", FIRST) LEGACY_SAYS },
    { "E4: the modern era has no initialize",
      ASK_WITH("1", "initialize", "'protocolVersion':'2025-11-25'," META),
      BAD("1", "-32601", "unknown method initialize") },
    { "E4: the modern era has no ping", ASK_WITH("1", "ping", META),
      BAD("1", "-32601", "unknown method ping") },
    { "E4: the modern era has no logging/setLevel", ASK_WITH("1", "logging/setLevel", META),
      BAD("1", "-32601", "unknown method logging/setLevel") },
    { "E4: the modern era has no resources/subscribe", ASK_WITH("1", "resources/subscribe", META),
      BAD("1", "-32601", "unknown method resources/subscribe") },
    { "an unknown method does not decide the era", ASK_WITH("1", "ping", META) LEGACY,
      BAD("1", "-32601", "unknown method ping") LEGACY_SAYS },
    { "E5: an unknown revision gets the newest legacy one", INITIALIZE("2023-01-01"),
      INITIALIZED("2025-11-25") },
    { "E5: initialize does not offer the modern revision", INITIALIZE("2026-07-28"),
      INITIALIZED("2025-11-25") },
    { "G1: 2024-11-05 gets itself back", INITIALIZE("2024-11-05"), INITIALIZED("2024-11-05") },
    { "G1: 2025-03-26 gets itself back", INITIALIZE("2025-03-26"), INITIALIZED("2025-03-26") },
    { "G1: 2025-06-18 gets itself back", INITIALIZE("2025-06-18"), INITIALIZED("2025-06-18") },
    { "G1: initialize names a revision", ASK("1", "initialize"),
      BAD("1", "-32602", "params.protocolVersion must be a string") },
    { "initialize may be repeated, and the last one counts", ARRAYS LEGACY "[]\n",
      ARRAYS_SAYS LEGACY_SAYS BAD_NOBODY("-32600", NO_BATCH) },
    { "G7: logging is not declared, so it is not there", LEGACY ASK("1", "logging/setLevel"),
      LEGACY_SAYS BAD("1", "-32601", "unknown method logging/setLevel") },
    { "G8: nor is resources/subscribe", LEGACY ASK("1", "resources/subscribe"),
      LEGACY_SAYS BAD("1", "-32601", "unknown method resources/subscribe") },
    { "G6: a resource that is not there, legacy",
      LEGACY ASK_WITH("1", "resources/read", "'uri':'t://no'"),
      LEGACY_SAYS BAD_WITH("1", "-32002", "no such resource", "{'uri':'t://no'}") },
    { "G6: a resource that is not there, modern",
      ASK_WITH("1", "resources/read", "'uri':'t://no'," META),
      BAD_WITH("1", "-32602", "no such resource", "{'uri':'t://no'}") },
    { "M1: the version is missing on stdio",
      ASK_WITH("1", "server/discover", "'_meta':{'io.modelcontextprotocol/clientCapabilities':{}}"),
      BAD("1", "-32602", MISSING "protocolVersion (a string)") },
    { "M1: the version is no text",
      ASK_WITH("1", "tools/list",
               "'_meta':{'io.modelcontextprotocol/protocolVersion':20260728,"
               "'io.modelcontextprotocol/clientCapabilities':{}}"),
      BAD("1", "-32602", MISSING "protocolVersion (a string)") },
    { "M1: the capabilities are missing", ASK_WITH("1", "tools/list", "'_meta':{" VERSION "}"),
      BAD("1", "-32602", MISSING "clientCapabilities (an object)") },
    { "M1: the capabilities are no object",
      ASK_WITH("1", "tools/list",
               "'_meta':{" VERSION ",'io.modelcontextprotocol/clientCapabilities':[]}"),
      BAD("1", "-32602", MISSING "clientCapabilities (an object)") },
    { "M2: a legacy revision in _meta is not supported",
      ASK_WITH("1", "tools/list",
               "'_meta':{'io.modelcontextprotocol/protocolVersion':'2025-11-25',"
               "'io.modelcontextprotocol/clientCapabilities':{}}"),
      BAD_WITH("1", "-32022", "protocol version 2025-11-25 is not supported",
               "{'supported':['2026-07-28'],'requested':'2025-11-25'}") },
    { "M3, M4, R2: also a failed call says its type and who made it",
      ASK_WITH("1", "tools/call", "'name':'fail'," META),
      GOOD_MODERN("1", "'isError':true,'content':[{'type':'text','text':'Cannot reach fe1.'}],") },
    { "M5: nothing is remembered: the second request needs its _meta too",
      ASK_WITH("1", "resources/list", META) ASK("2", "resources/list"),
      GOOD_MODERN("1", ONE_PLAIN "," FOREVER)
          BAD("2", "-32602", MISSING "protocolVersion (a string)") },
    { "M6: what is read from a cluster is not kept",
      ASK_WITH("1", "resources/read", "'uri':'t://check/a'," META),
      GOOD_MODERN("1", "'contents':[{'uri':'t://check/a','mimeType':'text/plain','text':"
                       "'t://check/a a'}]," NOW) },
    { "M6: what never changes may be kept",
      ASK_WITH("1", "resources/read", "'uri':'t://plain'," META),
      GOOD_MODERN("1", "'contents':[{'uri':'t://plain','mimeType':'text/plain','text':"
                       "'t://plain -'}]," FOREVER) },
    { "3.2: without lists that change there is no subscriptions/listen",
      ASK_WITH("1", "subscriptions/listen", META),
      BAD("1", "-32601", "unknown method subscriptions/listen") },
};

/* T: the old HTTP+SSE */
static const struct mcp_row sse[] = {
    { "T5: server/discover is unknown over SSE", ASK_WITH("1", "server/discover", META),
      BAD("1", "-32601", "unknown method server/discover"), SRD_MCP_SSE },
    { "T5: initialize works over SSE", LEGACY ASK("1", "ping"), LEGACY_SAYS GOOD("1", ""),
      SRD_MCP_SSE },
    { "G2: requests before initialize are answered over SSE", ASK("1", "resources/list"),
      GOOD("1", ONE_PLAIN), SRD_MCP_SSE },
    { "J9: batches belong to the revision over SSE, too", ARRAYS "[]\n" LEGACY "[]\n",
      ARRAYS_SAYS BAD_NOBODY("-32600", "the batch is empty") LEGACY_SAYS
          BAD_NOBODY("-32600", NO_BATCH),
      SRD_MCP_SSE },
};

/* J8: limits that are too large for a row */
static void send_one(const char *bytes, size_t n, struct mcp_heard *heard)
{
    struct srd_mcp *mcp = srd_mcp_new(&test_tables);
    struct srd_mcp_link link = { .transport = SRD_MCP_HTTP };
    struct srd_mcp_caller caller = { 0 };
    struct srd_mcp_sink sink = { hear_message, hear_answer, heard };

    srd_buf_init(&heard->all, SIZE_MAX);
    heard->statuses = true;
    run_jobs(srd_mcp_receive(mcp, &link, &caller, &sink, bytes, n));
    assert_int_equal(heard->answers, 1);
    srd_mcp_free(&mcp);
}

static void large_messages(void **state)
{
    struct mcp_heard heard = { 0 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf in;

    (void)state;
    srd_buf_init(&in, SIZE_MAX);
    srd_buf_text(&in, "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":\"");
    srd_buf_repeat(&in, 'x', SRD_MCP_MAX_MESSAGE - in.size - 2);
    srd_buf_text(&in, "\"}");
    send_one(in.data, in.size, &heard);
    assert_memory_equal(heard.all.data, "200 {", 5);
    assert_true(heard.all.size > SRD_MCP_MAX_MESSAGE - 64);
    srd_buf_free(&heard.all);

    heard = (struct mcp_heard){ 0 };
    srd_buf_char(&in, ' ');
    send_one(in.data, in.size, &heard);
    assert_string_equal(heard.all.data, "413 {\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,"
                                        "\"message\":\"a message may have 4 MiB\"}}\n");
    srd_buf_free(&heard.all);
}

static void fill_much(const struct srd_mcp_prompt *prompt, const struct srd_mcp_value *values,
                      struct srd_buf *out)
{
    (void)prompt, (void)values;
    srd_buf_repeat(out, '\1', 1000000); /* six letters each, when it is printed */
}

/* The id is as long as a message may be, and the text is long: together they are too much. */
static void large_answers(void **state)
{
    static const struct srd_mcp_prompt prompts[] = { { .name = "much", .fill = fill_much }, { 0 } };
    static const struct srd_mcp_tables tables = { .name = "t", .version = "1", .prompts = prompts };
    static const char want[] = "\"error\":{\"code\":-32603,\"message\":\"the answer is too large\"}}\n";
    struct srd_mcp *mcp = srd_mcp_new(&tables);
    struct srd_mcp_link link = { .transport = SRD_MCP_SSE };
    struct srd_mcp_caller caller = { 0 };
    struct mcp_heard heard = { 0 };
    struct srd_mcp_sink sink = { hear_message, hear_answer, &heard };
    SRD_CLEANUP(srd_buf_free) struct srd_buf in;

    (void)state;
    srd_buf_init(&heard.all, SIZE_MAX);
    srd_buf_init(&in, SIZE_MAX);
    srd_buf_text(&in, "{\"jsonrpc\":\"2.0\",\"method\":\"prompts/get\",\"params\":{\"name\":\"much\"},"
                      "\"id\":\"");
    srd_buf_repeat(&in, 'i', SRD_MCP_MAX_MESSAGE - in.size - 2);
    srd_buf_text(&in, "\"}");
    for (int i = 0; i < 2; i++)
        run_jobs(srd_mcp_receive(mcp, &link, &caller, &sink, in.data, in.size));
    assert_true(heard.all.size > 2 * sizeof(want));
    assert_string_equal(heard.all.data + heard.all.size - (sizeof(want) - 1), want);
    srd_buf_free(&heard.all);
    srd_mcp_free(&mcp);
}

static void deep_messages(void **state)
{
    static const char *const want[] = { "200 {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
                                        "413 {\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600," };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(want); i++) {
        struct mcp_heard heard = { 0 };
        SRD_CLEANUP(srd_buf_free) struct srd_buf in;

        srd_buf_init(&in, SIZE_MAX);
        srd_buf_text(&in, "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1,\"x\":");
        srd_buf_repeat(&in, '[', 63 + i);
        srd_buf_repeat(&in, ']', 63 + i);
        srd_buf_char(&in, '}');
        send_one(in.data, in.size, &heard);
        assert_memory_equal(heard.all.data, want[i], strlen(want[i]));
        srd_buf_free(&heard.all);
    }
}

static void large_batches(void **state)
{
    struct mcp_heard heard = { 0 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf in;

    (void)state;
    srd_buf_init(&in, SIZE_MAX);
    for (int i = 0; i < 101; i++)
        srd_buf_printf(&in, "%c{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":%d}", i ? ',' : '[', i);
    srd_buf_char(&in, ']');
    send_one(in.data, in.size, &heard);
    assert_string_equal(heard.all.data, "400 {\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,"
                                        "\"message\":\"a batch may hold 100 messages\"}}\n");
    srd_buf_free(&heard.all);
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(messages) + SRD_COUNT(eras) + SRD_COUNT(sse) + 4];
    size_t count = 0;

    add_mcp_rows(tests, &count, messages, SRD_COUNT(messages));
    add_mcp_rows(tests, &count, eras, SRD_COUNT(eras));
    add_mcp_rows(tests, &count, sse, SRD_COUNT(sse));
    tests[count++] =
        (struct CMUnitTest){ .name = "J8: 4 MiB may come, and no more", .test_func = large_messages };
    tests[count++] =
        (struct CMUnitTest){ .name = "J8: 64 levels may come, and no more", .test_func = deep_messages };
    tests[count++] = (struct CMUnitTest){ .name = "an answer that is too large is said to be",
                                          .test_func = large_answers };
    tests[count++] =
        (struct CMUnitTest){ .name = "a batch has 100 messages at most", .test_func = large_batches };
    return _cmocka_run_group_tests("mcp core", tests, count, NULL, NULL);
}
