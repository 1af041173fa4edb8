/* What does a tool take, and what does it say? */

#include "tests/mcp_rows.h"

#define LEGACY INITIALIZE("2025-11-25")
#define LEGACY_SAYS INITIALIZED("2025-11-25")
#define CALL(name, arguments) LEGACY ASK_WITH("1", "tools/call", "'name':'" name "','arguments':" arguments)
#define TEXT(text) LEGACY_SAYS GOOD("1", "'content':[{'type':'text','text':'" text "'}]")
#define FAULT(text)                                                                                \
    LEGACY_SAYS GOOD("1", "'isError':true,'content':[{'type':'text','text':'" text "'}]")
/* escaped: ` stands for \" */
#define OBJECT(escaped, plain)                                                                     \
    LEGACY_SAYS GOOD("1", "'content':[{'type':'text','text':'" escaped "'}],'structuredContent':" plain)
#define Q "\\'"
/* what say_steps() tells after the first; what does not rise is left out */
#define MORE_STEPS(token)                                                                          \
    "{'jsonrpc':'2.0','method':'notifications/progress','params':{'progressToken':" token ","      \
    "'progress':2.5}}\n"                                                                           \
    "{'jsonrpc':'2.0','method':'notifications/progress','params':{'progressToken':" token ","      \
    "'progress':3,'total':3,'message':'\xef\xbf\xbd three'}}\n"
#define DEFAULTS_ESCAPED "{" Q "limit" Q ":20," Q "all" Q ":false," Q "detail" Q ":" Q "concise" Q "}"
#define DEFAULTS "{'limit':20,'all':false,'detail':'concise'}"

static const struct mcp_row rows[] = {
    { "the tools, as they are listed", LEGACY ASK("1", "tools/list"),
      LEGACY_SAYS GOOD("1",
        "'tools':[{'name':'arguments','title':'Arguments','description':'Says what came.',"
        "'inputSchema':{'type':'object','properties':{"
        "'cluster':{'type':'string','minLength':1,'maxLength':8,'description':'Alias.'},"
        "'limit':{'type':'integer','minimum':1,'maximum':200,'default':20,'description':'Rows.'},"
        "'ratio':{'type':'number','minimum':0,'maximum':1,'description':'Part.'},"
        "'all':{'type':'boolean','default':false,'description':'All.'},"
        "'detail':{'type':'string','enum':['concise','detailed'],'default':'concise',"
        "'description':'How much.'},"
        "'only':{'type':'array','items':{'type':'string'},'maxItems':3,'description':'Checks.'}},"
        "'required':[],'additionalProperties':false},"
        "'outputSchema':{'type':'object','properties':{}},"
        "'annotations':{'readOnlyHint':true,'destructiveHint':false,'idempotentHint':true,"
        "'openWorldHint':false}},"
        "{'name':'load_status','inputSchema':{'type':'object','properties':{"
        "'label':{'type':'string','description':'Label.'},"
        "'kind':{'type':'string','enum':['a','b'],'description':'Kind.'},"
        "'days':{'type':'integer','minimum':0,'maximum':9,'description':'Days.'}},"
        "'required':['label','kind'],'additionalProperties':false},"
        "'annotations':{'readOnlyHint':true,'destructiveHint':false,'idempotentHint':true,"
        "'openWorldHint':false}},"
        "{'name':'kept','inputSchema':{'type':'object','properties':{},'required':[],"
        "'additionalProperties':false},"
        "'annotations':{'readOnlyHint':false,'destructiveHint':true,'idempotentHint':false,"
        "'openWorldHint':false}},"
        "{'name':'fail','inputSchema':{'type':'object','properties':{},'required':[],"
        "'additionalProperties':false},"
        "'annotations':{'readOnlyHint':true,'destructiveHint':false,'idempotentHint':true,"
        "'openWorldHint':false}},"
        "{'name':'steps','inputSchema':{'type':'object','properties':{},'required':[],"
        "'additionalProperties':false},"
        "'annotations':{'readOnlyHint':true,'destructiveHint':false,'idempotentHint':true,"
        "'openWorldHint':false}},"
        "{'name':'wait','inputSchema':{'type':'object','properties':{},'required':[],"
        "'additionalProperties':false},"
        "'annotations':{'readOnlyHint':true,'destructiveHint':false,'idempotentHint':true,"
        "'openWorldHint':false}},"
        "{'name':'numbers','inputSchema':{'type':'object'},"
        "'annotations':{'readOnlyHint':true,'destructiveHint':false,'idempotentHint':true,"
        "'openWorldHint':false}}]") },
    { "A1: null is not given",
      CALL("arguments", "{'cluster':null,'limit':null,'ratio':null,'all':null,'detail':null,"
                        "'only':null}"),
      OBJECT(DEFAULTS_ESCAPED, DEFAULTS) },
    { "A2: without arguments the defaults count", LEGACY ASK_WITH("1", "tools/call",
                                                                  "'name':'arguments'"),
      OBJECT(DEFAULTS_ESCAPED, DEFAULTS) },
    { "A2: null for all arguments is none", CALL("arguments", "null"),
      OBJECT(DEFAULTS_ESCAPED, DEFAULTS) },
    { "every kind of argument arrives",
      CALL("arguments", "{'cluster':'p','limit':7,'ratio':0.5,'all':true,'detail':'detailed',"
                        "'only':['a','b']}"),
      OBJECT("{" Q "cluster" Q ":" Q "p" Q "," Q "limit" Q ":7," Q "ratio" Q ":0.5," Q "all" Q
             ":true," Q "detail" Q ":" Q "detailed" Q "," Q "only" Q ":[" Q "a" Q "," Q "b" Q "]}",
             "{'cluster':'p','limit':7,'ratio':0.5,'all':true,'detail':'detailed',"
             "'only':['a','b']}") },
    { "A2: numbers, truth and lists may come as texts",
      CALL("arguments", "{'limit':'7','ratio':'0.5','all':'true','only':'[\\'a\\']'}"),
      OBJECT("{" Q "limit" Q ":7," Q "ratio" Q ":0.5," Q "all" Q ":true," Q "detail" Q ":" Q
             "concise" Q "," Q "only" Q ":[" Q "a" Q "]}",
             "{'limit':7,'ratio':0.5,'all':true,'detail':'concise','only':['a']}") },
    { "A2: 20.0 is 20, also as a text", CALL("arguments", "{'limit':20.0,'ratio':'1'}"),
      OBJECT("{" Q "limit" Q ":20," Q "ratio" Q ":1," Q "all" Q ":false," Q "detail" Q ":" Q
             "concise" Q "}",
             "{'limit':20,'ratio':1,'all':false,'detail':'concise'}") },
    { "A3: all faults are said at once", CALL("arguments", "{'limit':5000,'detial':'concise'}"),
      FAULT("2 argument faults. limit: 5000 is above the maximum 200. detial: unknown argument; did "
            "you mean detail (concise | detailed)?") },
    { "A3: one fault", CALL("arguments", "{'limit':0}"),
      FAULT("1 argument fault. limit: 0 is below the minimum 1.") },
    { "A3: each kind of fault says what came",
      CALL("arguments", "{'cluster':5,'limit':'x','ratio':[],'all':2,'detail':{},'only':'a'}"),
      FAULT("6 argument faults. cluster: 5 is not a string. limit: \\'x\\' is not an integer. "
            "ratio: an array is not a number. all: 2 is not true or false. detail: an object is "
            "none of concise | detailed. only: \\'a\\' is not an array of strings.") },
    { "A3: a fraction is no integer", CALL("arguments", "{'limit':1.5}"),
      FAULT("1 argument fault. limit: 1.5 is not an integer.") },
    { "A3: an integer that no double holds", CALL("arguments", "{'limit':1e20}"),
      FAULT("1 argument fault. limit: 1e+20 is out of range.") },
    { "A3: a number with blanks around is none", CALL("arguments", "{'limit':' 7'}"),
      FAULT("1 argument fault. limit: \\' 7\\' is not an integer.") },
    { "A3: a text is measured in characters", CALL("arguments", "{'cluster':'\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4'}"),
      OBJECT("{" Q "cluster" Q ":" Q "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4" Q "," Q "limit" Q
             ":20," Q "all" Q ":false," Q "detail" Q ":" Q "concise" Q "}",
             "{'cluster':'\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4','limit':20,'all':false,"
             "'detail':'concise'}") },
    { "A3: too long, too short, too many",
      CALL("arguments", "{'cluster':'123456789','ratio':1.5,'only':['a','b','c','d']}"),
      FAULT("3 argument faults. cluster: 9 characters is above the maximum 8. ratio: 1.5 is above "
            "the maximum 1. only: 4 items is above the maximum 3.") },
    { "A3: an empty text is below a minimum of 1", CALL("arguments", "{'cluster':''}"),
      FAULT("1 argument fault. cluster: 0 characters is below the minimum 1.") },
    { "A3: the nearest value is named", CALL("arguments", "{'detail':'detailled'}"),
      FAULT("1 argument fault. detail: \\'detailled\\' is none of concise | detailed; did you mean "
            "detailed?") },
    { "A3: an item that is no text", CALL("arguments", "{'only':['a',1]}"),
      FAULT("1 argument fault. only: item 2, 1, is not a string.") },
    { "A3: what is required is said", CALL("load_status", "{'label':null}"),
      FAULT("2 argument faults. label: is required. kind: is required: a | b.") },
    { "A3: an unknown argument that is like none", CALL("load_status", "{'label':'l','kind':'a',"
                                                                       "'cluster':1}"),
      FAULT("1 argument fault. cluster: unknown argument; there are label, kind, days.") },
    { "A3: an argument for a tool that takes none", CALL("fail", "{'x':1}"),
      FAULT("1 argument fault. x: unknown argument; there are none.") },
    { "A3: foreign text in a fault is clean and short",
      CALL("fail", "{'\\u001b]0;x\\u0007\\u202e':1}"),
      FAULT("1 argument fault. \\\\e]0;x\\\\x07\\\\u{202E}: unknown argument; there are none.") },
    { "A3: twenty faults are enough",
      CALL("fail", "{'a':1,'b':1,'c':1,'d':1,'e':1,'f':1,'g':1,'h':1,'i':1,'j':1,'k':1,'l':1,'m':1,"
                   "'n':1,'o':1,'p':1,'q':1,'r':1,'s':1,'t':1,'u':1,'v':1}"),
      FAULT("22 argument faults. a: unknown argument; there are none. b: unknown argument; there are "
            "none. c: unknown argument; there are none. d: unknown argument; there are none. e: "
            "unknown argument; there are none. f: unknown argument; there are none. g: unknown "
            "argument; there are none. h: unknown argument; there are none. i: unknown argument; "
            "there are none. j: unknown argument; there are none. k: unknown argument; there are "
            "none. l: unknown argument; there are none. m: unknown argument; there are none. n: "
            "unknown argument; there are none. o: unknown argument; there are none. p: unknown "
            "argument; there are none. q: unknown argument; there are none. r: unknown argument; "
            "there are none. s: unknown argument; there are none. t: unknown argument; there are "
            "none. And 2 more.") },
    { "A4: a tool that is not there", CALL("lod_status", "{}"),
      LEGACY_SAYS BAD("1", "-32602", "unknown tool lod_status; did you mean load_status?") },
    { "A4: a tool that is like none", CALL("x", "{}"),
      LEGACY_SAYS BAD("1", "-32602", "unknown tool x") },
    { "A4: no name", LEGACY ASK("1", "tools/call"),
      LEGACY_SAYS BAD("1", "-32602", "params.name must be a string") },
    { "A4: a name that is no text", LEGACY ASK_WITH("1", "tools/call", "'name':1"),
      LEGACY_SAYS BAD("1", "-32602", "params.name must be a string") },
    { "A4: arguments that are no object", CALL("fail", "[]"),
      LEGACY_SAYS BAD("1", "-32602", "params.arguments must be an object") },
    { "an answer that is kept needs no work", CALL("kept", "{}"), TEXT("kept") },
    { "R2: a failure is text only", CALL("fail", "{}"), FAULT("Cannot reach fe1.") },
    { "J10: what JavaScript would round is a text", CALL("numbers", "{'any':1}"),
      OBJECT("{" Q "most" Q ":9007199254740991," Q "more" Q ":" Q "9007199254740992" Q "," Q
             "least" Q ":" Q "-9007199254740992" Q "," Q "huge" Q ":" Q
             "123456789012345678901234567890" Q "," Q "real" Q ":0.1," Q "wide" Q ":1e+300," Q
             "text" Q ":" Q "9007199254740992 \\\\\\'9007199254740992\\\\\\\\" Q "," Q "nan" Q
             ":null}",
             "{'most':9007199254740991,'more':'9007199254740992','least':'-9007199254740992',"
             "'huge':'123456789012345678901234567890','real':0.1,'wide':1e+300,"
             "'text':'9007199254740992 \\'9007199254740992\\\\','nan':null}") },
    { "without a token there is no progress", CALL("steps", "{}"), TEXT("done") },
    { "R10: progress rises, and broken bytes are replaced",
      LEGACY ASK_WITH("1", "tools/call", "'name':'steps','_meta':{'progressToken':'p'}"),
      LEGACY_SAYS "{'jsonrpc':'2.0','method':'notifications/progress','params':{'progressToken':'p',"
                  "'progress':1,'total':3,'message':'one'}}\n" MORE_STEPS("'p'") GOOD(
                      "1", "'content':[{'type':'text','text':'done'}]") },
    { "a progress token of 0 is one",
      LEGACY ASK_WITH("1", "tools/call", "'_meta':{'progressToken':0},'name':'steps'"),
      LEGACY_SAYS "{'jsonrpc':'2.0','method':'notifications/progress','params':{'progressToken':0,"
                  "'progress':1,'total':3,'message':'one'}}\n" MORE_STEPS("0") GOOD(
                      "1", "'content':[{'type':'text','text':'done'}]") },
    { "a progress token that is none is ignored",
      LEGACY ASK_WITH("1", "tools/call", "'_meta':{'progressToken':1.5},'name':'steps'"),
      TEXT("done") },
};

/* ---- the plain route ---- */

static void say_call(struct mcp_heard *heard, const char *name, const char *arguments)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *object = NULL;
    struct srd_mcp *mcp = srd_mcp_new(&test_tables);
    struct srd_mcp_caller caller = { 0 };
    struct srd_mcp_sink sink = { hear_message, hear_answer, heard };
    struct srd_error err;

    srd_buf_init(&heard->all, SIZE_MAX);
    heard->statuses = true;
    if (arguments)
        assert_int_equal(
            srd_json_parse(arguments, strlen(arguments), SIZE_MAX, &object, &err), 0);
    run_jobs(srd_mcp_call_tool(mcp, "", &caller, &sink, name, object));
    assert_int_equal(heard->answers, 1);
    srd_mcp_free(&mcp);
}

static void plain_calls(void **state)
{
    static const char *const calls[][3] = {
        { "fail", NULL,
          "200 {\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"Cannot reach fe1.\"}]}\n" },
        { "kept", "{}", "200 {\"content\":[{\"type\":\"text\",\"text\":\"kept\"}]}\n" },
        { "fail", "{\"x\":1}",
          "200 {\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"1 argument fault. x: "
          "unknown argument; there are none.\"}]}\n" },
        { "fial", NULL,
          "404 {\"error\":\"unknown tool\",\"message\":\"unknown tool fial; did you mean fail?\"}\n" },
    };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(calls); i++) {
        struct mcp_heard heard = { 0 };

        say_call(&heard, calls[i][0], calls[i][1]);
        assert_string_equal(heard.all.data, calls[i][2]);
        srd_buf_free(&heard.all);
    }
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + 1];
    size_t count = 0;

    add_mcp_rows(tests, &count, rows, SRD_COUNT(rows));
    tests[count++] = (struct CMUnitTest){ .name = "a call without the protocol is a bare result",
                                          .test_func = plain_calls };
    return _cmocka_run_group_tests("mcp tools", tests, count, NULL, NULL);
}
