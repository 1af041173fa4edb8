/* What do HTTP's headers change, and which status does an answer get? */

#include "tests/mcp_rows.h"

#define MODERN "2026-07-28"
#define HTTP .transport = SRD_MCP_HTTP
#define CALL(name) ASK_WITH("1", "tools/call", "'name':'" name "'," META)
#define FAILED GOOD_MODERN("1", "'isError':true,'content':[{'type':'text','text':'Cannot reach fe1.'}],")
#define FAILED_LEGACY GOOD("1", "'isError':true,'content':[{'type':'text','text':'Cannot reach fe1.'}]")
#define UNSUPPORTED(id, version)                                                                   \
    BAD_WITH(id, "-32022", "protocol version " version " is not supported",                        \
             "{'supported':['2026-07-28'],'requested':'" version "'}")
#define NO_BATCH "this revision of the protocol has no batches"
#define MISSING "params._meta must have io.modelcontextprotocol/"
#define META_OF(version)                                                                           \
    "'_meta':{'io.modelcontextprotocol/protocolVersion':'" version                                 \
    "','io.modelcontextprotocol/clientCapabilities':{}}"

static const struct mcp_row modern[] = {
    { "H10 to H12: headers that say the same as the message", CALL("fail"), "200 " FAILED, HTTP,
      .version = MODERN, .method = "tools/call", .named = "fail" },
    { "H10: the version header is missing", CALL("fail"),
      "400 " BAD("1", "-32020", "header MCP-Protocol-Version is missing"), HTTP,
      .method = "tools/call", .named = "fail" },
    { "H10: the version header names another revision", CALL("fail"),
      "400 " BAD("1", "-32020", "header MCP-Protocol-Version differs from _meta"), HTTP,
      .version = "2025-11-25", .method = "tools/call", .named = "fail" },
    { "H11: the method header is missing", CALL("fail"),
      "400 " BAD("1", "-32020", "header Mcp-Method is missing"), HTTP, .version = MODERN,
      .named = "fail" },
    { "H11: the method header has other letters", CALL("fail"),
      "400 " BAD("1", "-32020", "header Mcp-Method differs from the method"), HTTP,
      .version = MODERN, .method = "Tools/Call", .named = "fail" },
    { "H12: the name header is missing", CALL("fail"),
      "400 " BAD("1", "-32020", "header Mcp-Name is missing"), HTTP, .version = MODERN,
      .method = "tools/call" },
    { "H12: the name header names another tool", CALL("fail"),
      "400 " BAD("1", "-32020", "header Mcp-Name differs from the params"), HTTP,
      .version = MODERN, .method = "tools/call", .named = "kept" },
    { "H12: the name header is the beginning of the tool's", CALL("fail"),
      "400 " BAD("1", "-32020", "header Mcp-Name differs from the params"), HTTP,
      .version = MODERN, .method = "tools/call", .named = "fai" },
    { "H12: a name in base64", CALL("fail"), "200 " FAILED, HTTP, .version = MODERN,
      .method = "tools/call", .named = "=?base64?ZmFpbA==?=" },
    { "H12: base64 without padding", CALL("fail"),
      "400 " BAD("1", "-32020", "header Mcp-Name holds broken base64"), HTTP, .version = MODERN,
      .method = "tools/call", .named = "=?base64?ZmFpbA?=" },
    { "H12: base64 with another letter", CALL("fail"),
      "400 " BAD("1", "-32020", "header Mcp-Name holds broken base64"), HTTP, .version = MODERN,
      .method = "tools/call", .named = "=?base64?ZmF-bA==?=" },
    { "H12: base64 with padding in the middle", CALL("fail"),
      "400 " BAD("1", "-32020", "header Mcp-Name holds broken base64"), HTTP, .version = MODERN,
      .method = "tools/call", .named = "=?base64?Zg==bA==?=" },
    { "H12: base64 whose last letter holds more than it should", CALL("fail"),
      "400 " BAD("1", "-32020", "header Mcp-Name holds broken base64"), HTTP, .version = MODERN,
      .method = "tools/call", .named = "=?base64?ZmFpbB==?=" },
    { "H12: base64 of a name with letters that no header holds",
      ASK_WITH("1", "tools/call", "'name':'f\xc3\xa4il'," META),
      "200 " BAD("1", "-32602", "unknown tool f\xc3\xa4il"), HTTP,
      .version = MODERN, .method = "tools/call", .named = "=?base64?ZsOkaWw=?=" },
    { "H12: half of the marks is a plain name", CALL("fail"),
      "400 " BAD("1", "-32020", "header Mcp-Name differs from the params"), HTTP,
      .version = MODERN, .method = "tools/call", .named = "=?base64?=" },
    { "H12: resources/read repeats its uri",
      ASK_WITH("1", "resources/read", "'uri':'t://no'," META),
      "200 " BAD_WITH("1", "-32602", "no such resource", "{'uri':'t://no'}"), HTTP,
      .version = MODERN, .method = "resources/read", .named = "t://no" },
    { "H12: resources/read with another uri",
      ASK_WITH("1", "resources/read", "'uri':'t://no'," META),
      "400 " BAD("1", "-32020", "header Mcp-Name differs from the params"), HTTP,
      .version = MODERN, .method = "resources/read", .named = "t://plain" },
    { "H12: prompts/get repeats its name", ASK_WITH("1", "prompts/get", "'name':'no'," META),
      "200 " BAD("1", "-32602", "unknown prompt no"), HTTP, .version = MODERN,
      .method = "prompts/get", .named = "no" },
    { "H12: a list needs no name", ASK_WITH("1", "prompts/list", "'cursor':'x'," META),
      "200 " BAD("1", "-32602", "unknown cursor; start again without one"), HTTP,
      .version = MODERN, .method = "prompts/list" },
    { "H13: _meta is looked at before the headers",
      ASK_WITH("1", "tools/list", "'_meta':{" VERSION "}"),
      "400 " BAD("1", "-32602", MISSING "clientCapabilities (an object)"), HTTP },
    { "H13: the version header before the version",
      ASK_WITH("1", "tools/list", META_OF("2031-01-01")),
      "400 " BAD("1", "-32020", "header MCP-Protocol-Version differs from _meta"), HTTP,
      .version = MODERN, .method = "tools/list" },
    { "H13: the version before the method header",
      ASK_WITH("1", "tools/list", META_OF("2031-01-01")), "400 " UNSUPPORTED("1", "2031-01-01"),
      HTTP, .version = "2031-01-01", .method = "x" },
    { "H13: the method header before the method", ASK_WITH("1", "nope", META),
      "400 " BAD("1", "-32020", "header Mcp-Method differs from the method"), HTTP,
      .version = MODERN, .method = "tools/list" },
    { "H14: an unknown method is 404", ASK_WITH("1", "nope", META),
      "404 " BAD("1", "-32601", "unknown method nope"), HTTP, .version = MODERN,
      .method = "nope" },
    { "E4, H14: a method of the legacy era is 404", ASK_WITH("1", "initialize", META),
      "404 " BAD("1", "-32601", "unknown method initialize"), HTTP, .version = MODERN,
      .method = "initialize" },
    { "H14: an unknown tool is 200", ASK_WITH("1", "tools/call", "'name':'failed'," META),
      "200 " BAD("1", "-32602", "unknown tool failed; did you mean fail?"), HTTP,
      .version = MODERN, .method = "tools/call", .named = "failed" },
    { "H15: a notification is 202", TELL("notifications/cancelled"), "202\n", HTTP,
      .version = MODERN, .method = "notifications/cancelled" },
    { "H15: a response is 400", "{'jsonrpc':'2.0','id':1,'result':{}}\n",
      "400 " BAD_NOBODY("-32600", "the server asked nothing"), HTTP, .version = MODERN },
    { "E3: the version header alone opens the modern era", ASK("1", "tools/list"),
      "400 " BAD("1", "-32602", MISSING "protocolVersion (a string)"), HTTP, .version = MODERN,
      .method = "tools/list" },
    { "E3: _meta alone opens it, too", ASK_WITH("1", "tools/list", META),
      "400 " BAD("1", "-32020", "header MCP-Protocol-Version is missing"), HTTP },
    { "J9: an array is 400", "[]\n", "400 " BAD_NOBODY("-32600", NO_BATCH), HTTP,
      .version = MODERN },
    { "10: broken JSON is 400", "{\n",
      "400 " BAD_NOBODY("-32700", "line 1, column 2: a string is missing"), HTTP,
      .version = MODERN },
};

static const struct mcp_row legacy[] = {
    { "H30: initialize has no version header", INITIALIZE("2025-06-18"),
      "200 " INITIALIZED("2025-06-18"), HTTP },
    { "H30: initialize asks for the modern revision", INITIALIZE(MODERN),
      "200 " INITIALIZED("2025-11-25"), HTTP },
    { "H31: without the header requests are served",
      ASK_WITH("1", "tools/call", "'name':'fail'"), "200 " FAILED_LEGACY, HTTP },
    { "H31: with a legacy revision, too", ASK_WITH("1", "tools/call", "'name':'fail'"),
      "200 " FAILED_LEGACY, HTTP, .version = "2025-06-18" },
    { "H31: also 2024-11-05", ASK_WITH("1", "tools/call", "'name':'fail'"), "200 " FAILED_LEGACY,
      HTTP, .version = "2024-11-05" },
    { "H31: an unknown value is 400", ASK("1", "tools/list"), "400 " UNSUPPORTED("1", "1999-01-01"),
      HTTP, .version = "1999-01-01" },
    { "H31: also for a notification", TELL("notifications/initialized"),
      "400 {'jsonrpc':'2.0','error':{'code':-32022,'message':'protocol version 1999-01-01 is not "
      "supported','data':{'supported':['2026-07-28'],'requested':'1999-01-01'}}}\n",
      HTTP, .version = "1999-01-01" },
    { "H31: an empty value is unknown", ASK("1", "tools/list"), "400 " UNSUPPORTED("1", ""), HTTP,
      .version = "" },
    { "H32: a notification is 202", TELL("notifications/initialized"), "202\n", HTTP },
    { "H32: a response is 202", "{'jsonrpc':'2.0','id':1,'result':{}}\n", "202\n", HTTP,
      .version = "2025-11-25" },
    { "H34: a batch without the header",
      "[{'jsonrpc':'2.0','id':1,'method':'nope'},{'jsonrpc':'2.0','method':'x'},"
      "{'jsonrpc':'2.0','id':2,'method':'ping'}]\n",
      "200 [{'jsonrpc':'2.0','id':1,'error':{'code':-32601,'message':'unknown method nope'}},"
      "{'jsonrpc':'2.0','id':2,'result':{}}]\n",
      HTTP },
    { "H34: a batch in 2025-03-26", "[{'jsonrpc':'2.0','id':2,'method':'ping'}]\n",
      "200 [{'jsonrpc':'2.0','id':2,'result':{}}]\n", HTTP, .version = "2025-03-26" },
    { "H34: a batch of notifications is 202", "[{'jsonrpc':'2.0','method':'ping'}]\n", "202\n",
      HTTP },
    { "H34: a batch that begins with nonsense is 200", "[1,{'jsonrpc':'2.0','method':'ping'}]\n",
      "200 [{'jsonrpc':'2.0','error':{'code':-32600,'message':'a message must be an object'}}]\n",
      HTTP },
    { "H34: no batch in 2025-11-25", "[{'jsonrpc':'2.0','id':2,'method':'ping'}]\n",
      "400 " BAD_NOBODY("-32600", NO_BATCH), HTTP, .version = "2025-11-25" },
    { "H36: the other two headers are ignored", ASK("1", "ping"), "200 " GOOD("1", ""), HTTP,
      .version = "2025-11-25", .method = "tools/list", .named = "x" },
    { "an unknown method is 200", ASK("1", "nope"), "200 " BAD("1", "-32601", "unknown method nope"),
      HTTP, .version = "2025-11-25" },
    { "what is no request is 400", "{'jsonrpc':'2.0','id':1}\n",
      "400 " BAD("1", "-32600", "there is no method"), HTTP },
    { "no request changes the next", INITIALIZE("2025-06-18") ASK("1", "ping") "[]\n",
      "200 " INITIALIZED("2025-06-18") "200 " GOOD("1", "") "400 " BAD_NOBODY(
          "-32600", "the batch is empty"),
      HTTP },
};

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(modern) + SRD_COUNT(legacy)];
    size_t count = 0;

    add_mcp_rows(tests, &count, modern, SRD_COUNT(modern));
    add_mcp_rows(tests, &count, legacy, SRD_COUNT(legacy));
    return _cmocka_run_group_tests("mcp http", tests, count, NULL, NULL);
}
