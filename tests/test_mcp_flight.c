/* Requests in flight: who may end them, in which order do they end, and what happens on many threads? */

#include "tests/mcp_rows.h"

#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/clock.h"

/* ---- a client that keeps its jobs until it wants them to run ---- */

struct client {
    struct srd_mcp *mcp;
    struct srd_mcp_link link;
    struct srd_mcp_caller caller;
    struct mcp_heard heard;
};

static struct srd_mcp_exchange *receive(struct client *c, const char *scope, const char *text)
{
    struct srd_mcp_sink sink = { hear_message, hear_answer, &c->heard };
    SRD_CLEANUP(srd_free_text) char *line = quoted(text);

    c->link.scope = scope;
    return srd_mcp_receive(c->mcp, &c->link, &c->caller, &sink, line, strcspn(line, "\n"));
}

static void open_client(struct client *c, const struct srd_mcp_tables *tables,
                        enum srd_mcp_transport transport)
{
    *c = (struct client){ .mcp = srd_mcp_new(tables), .link = { .transport = transport } };
    c->heard.statuses = transport == SRD_MCP_HTTP;
    srd_buf_init(&c->heard.all, SIZE_MAX);
}

static void close_client(struct client *c, const char *want)
{
    SRD_CLEANUP(srd_free_text) char *text = quoted(want);

    assert_string_equal(c->heard.all.data, text);
    srd_buf_free(&c->heard.all);
    srd_mcp_free(&c->mcp);
}

#define WAIT(id) ASK_WITH(id, "tools/call", "'name':'wait'")
#define CANCEL(id)                                                                                 \
    "{'jsonrpc':'2.0','method':'notifications/cancelled','params':{'requestId':" id "}}\n"
#define WAITED(id) GOOD(id, "'content':[{'type':'text','text':'not cancelled'}]")

/* ---- who may cancel what ---- */

static void cancel_by_id(void **state)
{
    struct srd_mcp_exchange *one, *two, *text;
    struct client c;

    (void)state;
    open_client(&c, &test_tables, SRD_MCP_SSE);
    one = receive(&c, "", WAIT("1"));
    two = receive(&c, "", WAIT("2"));
    text = receive(&c, "", WAIT("'1'"));
    assert_null(receive(&c, "", CANCEL("1")));
    run_jobs(two);
    run_jobs(one);
    run_jobs(text);
    assert_int_equal(c.heard.answers, 4); /* with the notification, which is answered by nothing */
    close_client(&c, WAITED("2") WAITED("'1'"));
}

static void cancel_by_scope(void **state)
{
    struct srd_mcp_exchange *mine, *yours;
    struct client c;

    (void)state;
    open_client(&c, &test_tables, SRD_MCP_SSE);
    mine = receive(&c, "me", WAIT("1"));
    yours = receive(&c, "you", WAIT("1"));
    receive(&c, "nobody", CANCEL("1"));
    receive(&c, "me", CANCEL("1"));
    run_jobs(mine);
    run_jobs(yours);
    close_client(&c, WAITED("1"));
}

static void cancel_not_unique(void **state)
{
    struct srd_mcp_exchange *first, *second;
    struct client c;

    (void)state;
    open_client(&c, &test_tables, SRD_MCP_HTTP);
    first = receive(&c, "10.0.0.1", WAIT("1"));
    second = receive(&c, "10.0.0.1", WAIT("1"));
    receive(&c, "10.0.0.1", CANCEL("1"));
    run_jobs(second);
    receive(&c, "10.0.0.1", CANCEL("1")); /* now it is clear who is meant */
    run_jobs(first);
    close_client(&c, "202\n200 " WAITED("1") "202\n202\n");
}

static void abandon_by_handle(void **state)
{
    struct srd_mcp_exchange *first, *second;
    struct client c;
    uint64_t gone;

    (void)state;
    open_client(&c, &test_tables, SRD_MCP_HTTP);
    first = receive(&c, "", WAIT("1"));
    second = receive(&c, "", WAIT("1"));
    gone = srd_mcp_exchange_handle(first);
    srd_mcp_abandon(c.mcp, gone);
    run_jobs(first);
    srd_mcp_abandon(c.mcp, gone); /* over: harmless */
    run_jobs(second);
    close_client(&c, "202\n200 " WAITED("1"));
}

static void abandon_scopes(void **state)
{
    struct srd_mcp_exchange *exchanges[4];
    struct client c;

    (void)state;
    open_client(&c, &test_tables, SRD_MCP_SSE);
    for (int i = 0; i < 4; i++)
        exchanges[i] = receive(&c, i % 2 ? "a" : "b", WAIT("1"));
    srd_mcp_abandon_scope(c.mcp, "a");
    run_jobs(exchanges[0]);
    run_jobs(exchanges[1]);
    srd_mcp_abandon_scope(c.mcp, NULL);
    run_jobs(exchanges[2]);
    run_jobs(exchanges[3]);
    assert_int_equal(c.heard.answers, 4);
    close_client(&c, WAITED("1"));
}

static void cancel_in_batch(void **state)
{
    struct srd_mcp_exchange *batch;
    struct srd_mcp_job *first, *second;
    struct client c;

    (void)state;
    open_client(&c, &test_tables, SRD_MCP_HTTP);
    batch = receive(&c, "", "[{'jsonrpc':'2.0','id':1,'method':'tools/call','params':{'name':'wait'}},"
                            "{'jsonrpc':'2.0','id':2,'method':'tools/call','params':{'name':'wait'}}]\n");
    first = srd_mcp_jobs(batch);
    second = srd_mcp_job_next(first);
    assert_null(srd_mcp_job_next(second));
    receive(&c, "", CANCEL("1"));
    srd_mcp_job_run(second);
    srd_mcp_job_run(first);
    close_client(&c, "202\n200 [{'jsonrpc':'2.0','id':2,'result':{'content':[{'type':'text','text':"
                     "'not cancelled'}]}}]\n");
}

/* ---- other ends ---- */

static void refused(void **state)
{
    struct client c;

    (void)state;
    open_client(&c, &test_tables, SRD_MCP_HTTP);
    srd_mcp_job_refuse(srd_mcp_jobs(receive(&c, "", WAIT("1"))), 503, "try again");
    close_client(&c, "503 " BAD("1", "-32603", "try again"));
}

static void too_late(void **state)
{
    struct srd_mcp_tables tables = test_tables;
    struct client c;

    (void)state;
    tables.call_ms = -1; /* over when it begins */
    open_client(&c, &tables, SRD_MCP_SSE);
    run_jobs(receive(&c, "", WAIT("1")));
    close_client(&c, BAD("1", "-32603",
                         "the request waited too long behind others; try again in a moment"));
}

static void progress_wanted(void **state)
{
    static const struct {
        const char *line;
        bool wanted;
    } rows[] = {
        { WAIT("1"), false },
        { ASK_WITH("1", "tools/call", "'name':'wait','_meta':{'progressToken':0}"), true },
        { ASK_WITH("1", "tools/call", "'name':'wait','_meta':{'progressToken':null}"), false },
    };
    struct client c;

    (void)state;
    open_client(&c, &test_tables, SRD_MCP_SSE);
    for (size_t i = 0; i < SRD_COUNT(rows); i++) {
        struct srd_mcp_exchange *exchange = receive(&c, "", rows[i].line);

        assert_int_equal(srd_mcp_exchange_wants_progress(exchange), rows[i].wanted);
        run_jobs(exchange);
    }
    close_client(&c, WAITED("1") WAITED("1") WAITED("1"));
}

static void climb(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    static const double steps[] = { 1, 1, 0.5, 2, -1, 0.0 / 0.0, 2.5 };

    for (size_t i = 0; i < SRD_COUNT(steps); i++)
        srd_mcp_progress(call, steps[i], 0, NULL);
    srd_mcp_result_text(out, "up");
}

static void progress_rises(void **state)
{
    static const struct srd_mcp_tool tools[] = { { .name = "climb", .run = climb }, { 0 } };
    struct srd_mcp_tables tables = { .name = "t", .version = "1", .tools = tools,
                                     .progress_ms = -1 };
    struct client c;

    (void)state;
    open_client(&c, &tables, SRD_MCP_SSE);
    run_jobs(receive(&c, "", ASK_WITH("1", "tools/call", "'name':'climb','_meta':{'progressToken':7}")));
#define STEP(n)                                                                                    \
    "{'jsonrpc':'2.0','method':'notifications/progress','params':{'progressToken':7,'progress':" n "}}\n"
    close_client(&c, STEP("1") STEP("2") STEP("2.5") GOOD("1", "'content':[{'type':'text','text':'up'}]"));
}

/* ---- who is told ---- */

static struct {
    char text[512];
} told;

static void note_call(const struct srd_mcp_call *call, const struct srd_mcp_result *result, int64_t ms,
                      bool cancelled)
{
    size_t n = strlen(told.text);

    assert_true(ms >= 0 && ms < 60000);
    snprintf(told.text + n, sizeof(told.text) - n, "%s %s%s%s%s; ", call->caller->principal,
             call->tool->name, result->is_error ? " failed" : "", cancelled ? " cancelled" : "",
             call->arguments ? " with arguments" : "");
}

static void cancel_running(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    srd_mcp_abandon_scope((struct srd_mcp *)(uintptr_t)call->caller->host, NULL);
    srd_mcp_progress(call, 1, 1, "nobody hears this");
    srd_mcp_result_text(out, "nor this");
}

static void calls_are_told(void **state)
{
    static const struct srd_mcp_tool tools[] = {
        { .name = "kept", .quick = say_kept },
        { .name = "fail", .run = say_fault },
        { .name = "end", .run = cancel_running },
        { 0 },
    };
    struct srd_mcp_tables tables = { .name = "t", .version = "1", .tools = tools, .called = note_call };
    struct client c;

    (void)state;
    open_client(&c, &tables, SRD_MCP_SSE);
    c.caller = (struct srd_mcp_caller){ .principal = "ann", .host = c.mcp };
    run_jobs(receive(&c, "", ASK_WITH("1", "tools/call", "'name':'kept'")));
    run_jobs(receive(&c, "", ASK_WITH("2", "tools/call", "'name':'fail','arguments':{}")));
    run_jobs(receive(&c, "", ASK_WITH("3", "tools/call", "'name':'kept','arguments':{'x':1}")));
    run_jobs(receive(&c, "", ASK_WITH("4", "tools/call",
                                      "'name':'end','_meta':{'progressToken':1}")));
    assert_string_equal(told.text, "ann kept; ann fail failed with arguments; ann kept failed with "
                                   "arguments; ann end cancelled; ");
    close_client(&c, GOOD("1", "'content':[{'type':'text','text':'kept'}]")
                     GOOD("2", "'isError':true,'content':[{'type':'text','text':'Cannot reach fe1.'}]")
                     GOOD("3", "'isError':true,'content':[{'type':'text','text':'1 argument fault. x: "
                               "unknown argument; there are none.'}]"));
}

/* ---- a call that asks ---- */

static void ask_client(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf answer;
    struct srd_error err;

    srd_buf_init(&answer, 1000);
    if (srd_mcp_ask(call, "roots/list", "{}", &answer, &err))
        srd_mcp_result_fault(out, "%s: %s", srd_code_name(err.code), err.text);
    else
        srd_mcp_result_text(out, answer.data);
}

/* A client that answers from within the stream of the call, as no real one could, or not at all. */
struct answering {
    struct client *client;
    const char *answer;
};

static void answer_question(void *context, const char *json, size_t n)
{
    struct answering *a = context;

    hear_message(&a->client->heard, json, n);
    if (a->answer)
        receive(a->client, "", a->answer);
}

static void ignore_answer(void *context, int status, const char *json, size_t n)
{
    struct answering *a = context;

    hear_answer(&a->client->heard, status, json, n);
}

static void asking(void **state)
{
    static const struct srd_mcp_tool tools[] = { { .name = "ask", .run = ask_client }, { 0 } };
    static const struct {
        const char *answer, *want;
    } rows[] = {
        { "{'jsonrpc':'2.0','id':'ask-1','result':{'roots':[]}}", "'content':[{'type':'text','text':"
          "'{\\'roots\\':[]}'}]" },
        { "{'jsonrpc':'2.0','id':'ask-1','error':{'code':-1,'message':'no'}}",
          "'isError':true,'content':[{'type':'text','text':'denied: the client refused roots/list: no'}]" },
        { "{'jsonrpc':'2.0','id':'ask-1','error':5}", "'isError':true,'content':[{'type':'text','text':"
          "'denied: the client refused roots/list: without a word'}]" },
        { NULL, "'isError':true,'content':[{'type':'text','text':'timeout: the client did not answer "
          "roots/list'}]" },
        { "{'jsonrpc':'2.0','id':1,'result':{}}", "'isError':true,'content':[{'type':'text','text':"
          "'timeout: the client did not answer roots/list'}]" },
    };
    struct srd_mcp_tables tables = { .name = "t", .version = "1", .tools = tools, .call_ms = 100 };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(rows); i++) {
        struct client c;
        struct answering a = { &c, rows[i].answer };
        struct srd_mcp_sink sink = { answer_question, ignore_answer, &a };
        SRD_CLEANUP(srd_free_text) char *line = quoted(ASK_WITH("7", "tools/call", "'name':'ask'"));
        char want[512];

        open_client(&c, &tables, SRD_MCP_SSE);
        run_jobs(srd_mcp_receive(c.mcp, &c.link, &c.caller, &sink, line, strlen(line)));
        snprintf(want, sizeof(want), "{'jsonrpc':'2.0','id':'ask-1','method':'roots/list','params':{}}\n"
                 "{'jsonrpc':'2.0','id':7,'result':{%s}}\n", rows[i].want);
        close_client(&c, want);
    }
}

static void asking_modern(void **state)
{
    static const struct srd_mcp_tool tools[] = { { .name = "ask", .run = ask_client }, { 0 } };
    struct srd_mcp_tables tables = { .name = "t", .version = "1", .tools = tools };
    struct client c;

    (void)state;
    open_client(&c, &tables, SRD_MCP_STDIO);
    run_jobs(receive(&c, "", ASK_WITH("7", "tools/call", "'name':'ask'," META)));
    close_client(&c, "{'jsonrpc':'2.0','id':7,'result':{'resultType':'complete','isError':true,"
                     "'content':[{'type':'text','text':'usage: this client cannot be asked'}],"
                     "'_meta':{'io.modelcontextprotocol/serverInfo':{'name':'t','version':'1'}}}}\n");
}

/* ---- many threads ---- */

#define ROUNDS 300
#define THREADS 4

struct counted {
    atomic_int answers, messages;
};

static void count_message(void *context, const char *json, size_t n)
{
    check_line(json, n);
    atomic_fetch_add(&((struct counted *)context)->messages, 1);
}

static void count_answer(void *context, int status, const char *json, size_t n)
{
    (void)status;
    if (n)
        check_line(json, n);
    atomic_fetch_add(&((struct counted *)context)->answers, 1);
}

static void wait_a_little(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    for (int i = 0; i < 50 && !srd_flag_up(call->cancel); i++)
        srd_mcp_progress(call, i, 50, NULL);
    srd_mcp_result_text(out, srd_flag_up(call->cancel) ? "ended early" : "done");
}

static struct {
    struct srd_mcp *mcp;
    struct counted counted;
    pthread_mutex_t lock;
    struct srd_mcp_job *jobs[ROUNDS * 2 * THREADS];
    size_t put, taken;
    atomic_int clients;
} crowd;

static void *work(void *context)
{
    (void)context;
    for (;;) {
        struct srd_mcp_job *job = NULL;
        bool last = !atomic_load(&crowd.clients); /* then nothing comes after this look */

        pthread_mutex_lock(&crowd.lock);
        if (crowd.taken < crowd.put)
            job = crowd.jobs[crowd.taken++];
        pthread_mutex_unlock(&crowd.lock);
        if (job)
            srd_mcp_job_run(job);
        else if (last)
            return NULL;
    }
}

static void *talk(void *context)
{
    static const char call[] =
        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":\"little\","
        "\"_meta\":{\"progressToken\":\"t\"}}}";
    static const char *const scopes[THREADS] = { "a", "b", "c", "d" };
    char line[700];
    struct srd_mcp_link link = { .transport = SRD_MCP_SSE, .scope = scopes[(uintptr_t)context] };
    struct srd_mcp_caller caller = { 0 };
    struct srd_mcp_sink sink = { count_message, count_answer, &crowd.counted };

    snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{"
             "\"protocolVersion\":\"2025-03-26\"}}");
    assert_null(srd_mcp_receive(crowd.mcp, &link, &caller, &sink, line, strlen(line)));
    for (int i = 0; i < ROUNDS; i++) {
        struct srd_mcp_exchange *exchange;
        uint64_t handle;
        size_t n = 0;

        if (i % 3 == 2) {
            line[n++] = '[';
            n += (size_t)snprintf(line + n, sizeof(line) - n, call, 2 * i);
            line[n++] = ',';
            n += (size_t)snprintf(line + n, sizeof(line) - n, call, 2 * i + 1);
            line[n++] = ']';
        } else {
            n = (size_t)snprintf(line, sizeof(line), call, 2 * i);
        }
        exchange = srd_mcp_receive(crowd.mcp, &link, &caller, &sink, line, n);
        handle = srd_mcp_exchange_handle(exchange);
        pthread_mutex_lock(&crowd.lock);
        for (struct srd_mcp_job *job = srd_mcp_jobs(exchange); job; job = srd_mcp_job_next(job))
            crowd.jobs[crowd.put++] = job;
        pthread_mutex_unlock(&crowd.lock);
        if (i % 4 == 1)
            srd_mcp_abandon(crowd.mcp, handle);
        n = (size_t)snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"method\":"
                             "\"notifications/cancelled\",\"params\":{\"requestId\":%d}}", 2 * i);
        if (i % 4 == 2)
            srd_mcp_receive(crowd.mcp, &link, &caller, &sink, line, n);
    }
    atomic_fetch_sub(&crowd.clients, 1);
    return NULL;
}

static void many_threads(void **state)
{
    static const struct srd_mcp_tool tools[] = { { .name = "little", .run = wait_a_little }, { 0 } };
    struct srd_mcp_tables tables = { .name = "t", .version = "1", .tools = tools, .progress_ms = 1 };
    pthread_t threads[2 * THREADS];

    (void)state;
    crowd.mcp = srd_mcp_new(&tables);
    pthread_mutex_init(&crowd.lock, NULL);
    atomic_store(&crowd.clients, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, talk, (void *)(uintptr_t)i), 0);
        assert_int_equal(pthread_create(&threads[THREADS + i], NULL, work, NULL), 0);
    }
    for (size_t i = 0; i < 2 * THREADS; i++)
        pthread_join(threads[i], NULL);
    /* each exchange once: initialize, the calls or batches, the cancellations */
    assert_int_equal(atomic_load(&crowd.counted.answers), THREADS * (1 + ROUNDS + ROUNDS / 4));
    assert_true(atomic_load(&crowd.counted.messages) > 0);
    pthread_mutex_destroy(&crowd.lock);
    srd_mcp_free(&crowd.mcp);
}

/* ---- what tools say, without a server ---- */

static void large_results(void **state)
{
    SRD_CLEANUP(srd_free_text) char *text = calloc(1, 5 << 20);
    struct srd_mcp_result out = { 0 };
    struct srd_json *object = srd_json_object();

    (void)state;
    memset(text, 'x', (5 << 20) - 1);
    srd_mcp_result_text(&out, text);
    assert_true(out.is_error && !out.members.full && out.members.size < 200);
    srd_json_put(object, "x", srd_json_new_text(text));
    srd_mcp_result_object(&out, object);
    assert_true(out.is_error && !out.members.full && out.members.size < 200);
    srd_mcp_result_members(&out, text, 5 << 20, false);
    assert_true(out.is_error && !out.members.full && out.members.size < 200);
    srd_mcp_result_fault(&out, "%s", text);
    assert_true(out.is_error && !out.members.full && out.members.size < 200);
    srd_mcp_result_text(&out, "small again");
    assert_false(out.is_error);
    srd_buf_free(&out.members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        { "S6: a request is cancelled by its id, and 1 is not \"1\"", cancel_by_id, 0 },
        { "S6: nobody cancels the request of another scope", cancel_by_scope, 0 },
        { "H35: two requests with one id are not cancelled over HTTP", cancel_not_unique, 0 },
        { "H17: a client that is gone takes its request along, and no other", abandon_by_handle, 0 },
        { "T4: a session that ends takes its requests along", abandon_scopes, 0 },
        { "a request of a batch is cancelled alone", cancel_in_batch, 0 },
        { "a job that is refused is answered", refused, 0 },
        { "R10: a request that waited for too long is not begun", too_late, 0 },
        { "a transport can know whether progress is wanted", progress_wanted, 0 },
        { "R10: progress that does not rise is not told", progress_rises, 0 },
        { "every call is told to who keeps the books", calls_are_told, 0 },
        { "a legacy client can be asked", asking, 0 },
        { "M7: a modern client is not asked", asking_modern, 0 },
        { "many clients, many threads, and each exchange ends once", many_threads, 0 },
        { "a result that is too large is said to be", large_results, 0 },
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
