/* Resources, prompts, completion and pages: what is found, and what is said of the rest? */

#include "tests/mcp_rows.h"

#define LEGACY INITIALIZE("2025-11-25")
#define LEGACY_SAYS INITIALIZED("2025-11-25")
#define READ(uri) LEGACY ASK_WITH("1", "resources/read", "'uri':'" uri "'")
#define TEXT(uri, text)                                                                            \
    LEGACY_SAYS GOOD("1", "'contents':[{'uri':'" uri "','mimeType':'text/plain','text':'" text "'}]")
#define NOT_THERE(uri) LEGACY_SAYS BAD_WITH("1", "-32002", "no such resource", "{'uri':'" uri "'}")
#define GET(params) LEGACY ASK_WITH("1", "prompts/get", params)
#define COMPLETE(params) LEGACY ASK_WITH("1", "completion/complete", params)
#define REFUSED(message) LEGACY_SAYS BAD("1", "-32602", message)

static const struct srd_mcp_tables nothing = { .name = "t", .version = "1" };

static const struct mcp_row rows[] = {
    { "the templates, as they are listed", LEGACY ASK("1", "resources/templates/list"),
      LEGACY_SAYS GOOD("1", "'resourceTemplates':[{'uriTemplate':'t://check/{id}','name':'check',"
                            "'mimeType':'text/plain'},{'uriTemplate':'t://cluster/{alias}/overview',"
                            "'name':'overview'}]") },
    { "O2: a text", READ("t://plain"), TEXT("t://plain", "t://plain -") },
    { "O2: bytes", READ("t://bytes"),
      LEGACY_SAYS GOOD("1", "'contents':[{'uri':'t://bytes','mimeType':'image/png','blob':"
                            "'t://bytes -'}]") },
    { "O2: what stands for the variable is decoded", READ("t://check/a%20%C3%a4"),
      TEXT("t://check/a%20%C3%a4", "t://check/a%20%C3%a4 a \xc3\xa4") },
    { "O2: a variable in the middle", READ("t://cluster/prod/overview"),
      LEGACY_SAYS GOOD("1", "'contents':[{'uri':'t://cluster/prod/overview','text':"
                            "'t://cluster/prod/overview prod'}]") },
    { "O2: a variable is not empty", READ("t://check/"), NOT_THERE("t://check/") },
    { "O2: a variable has no slash", READ("t://check/a/b"), NOT_THERE("t://check/a/b") },
    { "O2: a variable with half an escape", READ("t://check/a%2"), NOT_THERE("t://check/a%2") },
    { "O2: a variable with a NUL in it", READ("t://check/a%00"), NOT_THERE("t://check/a%00") },
    { "O2: a variable that is no UTF-8", READ("t://check/%ff"), NOT_THERE("t://check/%ff") },
    { "O2: other letters behind it", READ("t://cluster/prod/overvieww"),
      NOT_THERE("t://cluster/prod/overvieww") },
    { "O2: nothing behind it", READ("t://cluster/overview"), NOT_THERE("t://cluster/overview") },
    { "O2: expired", READ("t://check/gone"), NOT_THERE("t://check/gone") },
    { "O2: a failure is no empty resource", READ("t://check/down"),
      LEGACY_SAYS BAD("1", "-32603", "cannot reach fe1") },
    { "O2: no uri", LEGACY ASK("1", "resources/read"), REFUSED("params.uri must be a string") },
    { "O3: there is no second part of a short one", READ("t://plain?part=2"),
      NOT_THERE("t://plain?part=2") },
    { "O3: the first part may be asked for", READ("t://plain?part=1"),
      TEXT("t://plain", "t://plain -") },
    { "O3: nothing else may follow the question mark", READ("t://plain?parts=2"),
      NOT_THERE("t://plain?parts=2") },
    { "O3: a part is a number", READ("t://plain?part=2x"), NOT_THERE("t://plain?part=2x") },
    { "O3: parts count from 1", READ("t://plain?part=0"), NOT_THERE("t://plain?part=0") },

    { "the prompts, as they are listed", LEGACY ASK("1", "prompts/list"),
      LEGACY_SAYS GOOD("1", "'prompts':[{'name':'triage','title':'Triage','description':'Find it.',"
                            "'arguments':[{'name':'cluster','description':'Alias.','required':false},"
                            "{'name':'since','description':'From when.','required':true}]},"
                            "{'name':'ready'}]") },
    { "O5: a prompt", GET("'name':'triage','arguments':{'since':'1h'}"),
      LEGACY_SAYS GOOD("1", "'description':'Find it.','messages':[{'role':'user','content':"
                            "{'type':'text','text':'Look at \\'all\\' 1h.'}}]") },
    { "O5: a prompt with its own messages", GET("'name':'ready'"),
      LEGACY_SAYS GOOD("1", "'messages':[{'role':'assistant','content':{'type':'text','text':'x'}}]") },
    { "O5: a required argument is missing", GET("'name':'triage'"),
      REFUSED("since: is required.") },
    { "O5: an argument that is no text", GET("'name':'triage','arguments':{'since':5}"),
      REFUSED("since: 5 is not a string.") },
    { "O5: a prompt that is not there", GET("'name':'triage2'"), REFUSED("unknown prompt triage2") },
    { "O5: no name", GET(""), REFUSED("params.name must be a string") },
    { "O5: arguments that are no object", GET("'name':'triage','arguments':[]"),
      REFUSED("params.arguments must be an object") },

    { "O6: values for a prompt",
      COMPLETE("'ref':{'type':'ref/prompt','name':'triage'},'argument':{'name':'cluster','value':''}"),
      LEGACY_SAYS GOOD("1", "'completion':{'values':['cluster0','cluster1'],'total':2,"
                            "'hasMore':false}") },
    { "O6: values for a template",
      COMPLETE("'ref':{'type':'ref/resource','uri':'t://check/{id}'},"
               "'argument':{'name':'id','value':'i'}"),
      LEGACY_SAYS GOOD("1", "'completion':{'values':['id0','id1'],'total':2,'hasMore':false}") },
    { "O6: a ref that is not there",
      COMPLETE("'ref':{'type':'ref/prompt','name':'x'},'argument':{'name':'a','value':''}"),
      REFUSED("unknown ref x") },
    { "O6: a kind of ref that is not there",
      COMPLETE("'ref':{'type':'ref/tool','name':'x'},'argument':{'name':'a','value':''}"),
      REFUSED("unknown ref ") },
    { "O6: no argument", COMPLETE("'ref':{'type':'ref/prompt','name':'triage'}"),
      REFUSED("params.argument must have a name and a value, both strings") },

    { "O7: an empty cursor is one", LEGACY ASK_WITH("1", "tools/list", "'cursor':''"),
      REFUSED("unknown cursor; start again without one") },
    { "O7: a cursor of another list", LEGACY ASK_WITH("1", "tools/list", "'cursor':'prompts-100'"),
      REFUSED("unknown cursor; start again without one") },
    { "O7: a cursor behind the end", LEGACY ASK_WITH("1", "tools/list", "'cursor':'tools-100'"),
      REFUSED("unknown cursor; start again without one") },
    { "O7: a cursor that is no text", LEGACY ASK_WITH("1", "tools/list", "'cursor':1"),
      REFUSED("unknown cursor; start again without one") },
    { "O7: null is no cursor", LEGACY ASK_WITH("1", "prompts/list", "'cursor':null"),
      LEGACY_SAYS GOOD("1", "'prompts':[{'name':'triage','title':'Triage','description':'Find it.',"
                            "'arguments':[{'name':'cluster','description':'Alias.','required':false},"
                            "{'name':'since','description':'From when.','required':true}]},"
                            "{'name':'ready'}]") },

    { "O8: without tables there are no methods",
      ASK("1", "tools/list") ASK("2", "resources/read") ASK("3", "prompts/get")
          ASK("4", "completion/complete") ASK("5", "ping"),
      BAD("1", "-32601", "unknown method tools/list") BAD("2", "-32601", "unknown method resources/read")
          BAD("3", "-32601", "unknown method prompts/get")
          BAD("4", "-32601", "unknown method completion/complete") GOOD("5", ""),
      SRD_MCP_SSE, .tables = &nothing },
    { "O8: nor are they declared", LEGACY,
      "{'jsonrpc':'2.0','id':0,'result':{'protocolVersion':'2025-11-25','serverInfo':{'name':'t',"
      "'version':'1'},'capabilities':{}}}\n",
      .tables = &nothing },
};

/* ---- what is too long for a row ---- */

/* Sends the legacy request @line; the answer is @out's. */
static void send_line(const struct srd_mcp_tables *tables, const char *line, struct mcp_heard *out)
{
    struct srd_mcp *mcp = srd_mcp_new(tables);
    struct srd_mcp_link link = { .transport = SRD_MCP_SSE };
    struct srd_mcp_caller caller = { 0 };
    struct srd_mcp_sink sink = { hear_message, hear_answer, out };

    srd_buf_init(&out->all, SIZE_MAX);
    run_jobs(srd_mcp_receive(mcp, &link, &caller, &sink, line, strlen(line)));
    srd_mcp_free(&mcp);
}

static void long_resources(void **state)
{
    static const char *const asked[] = { "t://check/long", "t://check/long?part=2" };
    struct mcp_heard heard[2] = { 0 };
    char line[256];

    (void)state;
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\","
                 "\"params\":{\"uri\":\"%s\"}}", asked[i]);
        send_line(&test_tables, line, &heard[i]);
        assert_non_null(strstr(heard[i].all.data, asked[i]));
    }
    /* 300 KiB are a part of 256 KiB (and the \n of each line are two bytes) and the rest */
    assert_true(heard[0].all.size > 256 * 1024 && heard[0].all.size < 270 * 1024);
    assert_non_null(strstr(heard[0].all.data,
                           "04095\\n\\n[part 1 of 2; the next is t://check/long?part=2]\\n\""));
    assert_non_null(strstr(heard[1].all.data, "\"text\":\"00000000000000"));
    assert_non_null(strstr(heard[1].all.data, "04096\\n0"));
    assert_non_null(strstr(heard[1].all.data, "04799\\n\\n[part 2 of 2, the last]\\n\""));
    srd_buf_free(&heard[0].all);
    srd_buf_free(&heard[1].all);
}

static void many_values(void **state)
{
    struct mcp_heard heard = { 0 };

    (void)state;
    send_line(&test_tables,
              "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"completion/complete\",\"params\":{\"ref\":"
              "{\"type\":\"ref/prompt\",\"name\":\"triage\"},\"argument\":{\"name\":\"a\",\"value\":"
              "\"many\"}}}", &heard);
    assert_non_null(strstr(heard.all.data, "\"a99\"],\"total\":120,\"hasMore\":true}"));
    srd_buf_free(&heard.all);
}

#define MANY 250
static void many_tools(void **state)
{
    static struct srd_mcp_tool tools[MANY + 1];
    static char names[MANY][8];
    struct srd_mcp_tables tables = test_tables;
    char line[256], cursor[32] = "", *next;
    int seen = 0, pages = 0;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "t%d", i);
        tools[i] = (struct srd_mcp_tool){ .name = names[i], .run = say_fault };
    }
    tables.tools = tools;
    do {
        struct mcp_heard heard = { 0 };

        snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\","
                 "\"params\":{%s%s%s}}", *cursor ? "\"cursor\":\"" : "", cursor, *cursor ? "\"" : "");
        send_line(&tables, line, &heard);
        for (const char *at = heard.all.data; (at = strstr(at, "{\"name\":\"t")); at++) {
            assert_int_equal(strtol(at + strlen("{\"name\":\"t"), NULL, 10), seen);
            seen++;
        }
        pages++;
        next = strstr(heard.all.data, "\"nextCursor\":\"");
        *cursor = '\0';
        if (next)
            sscanf(next, "\"nextCursor\":\"%31[^\"]", cursor);
        srd_buf_free(&heard.all);
    } while (*cursor);
    for (int i = 0; i < 2; i++) { /* a place that no page begins at, and one that no list has */
        struct mcp_heard heard = { 0 };

        send_line(&tables, i ? "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{"
                               "\"cursor\":\"tools-300\"}}"
                             : "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{"
                               "\"cursor\":\"tools-50\"}}", &heard);
        assert_non_null(strstr(heard.all.data, "unknown cursor"));
        srd_buf_free(&heard.all);
    }
    assert_int_equal(seen, MANY);
    assert_int_equal(pages, 3);
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + 3];
    size_t count = 0;

    add_mcp_rows(tests, &count, rows, SRD_COUNT(rows));
    tests[count++] = (struct CMUnitTest){ .name = "O3: a long resource comes in parts of whole lines",
                                          .test_func = long_resources };
    tests[count++] = (struct CMUnitTest){ .name = "O6: a hundred values at most",
                                          .test_func = many_values };
    tests[count++] = (struct CMUnitTest){ .name = "O7: a long list comes in pages, each item once",
                                          .test_func = many_tools };
    return _cmocka_run_group_tests("mcp resources", tests, count, NULL, NULL);
}
