/* The same tools for scripts that speak no MCP. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/serve/media.h"
#include "lib/serve/serve_private.h"
#include "lib/serve/trouble.h"

/* ---- GET /, GET /openapi.json ---- */

static const struct srd_route *const *routes_of(const struct srd_visit *visit)
{
    return ((const struct srd_guest *)visit)->generation->rules.routes;
}

static void handle_root(struct srd_visit *visit, struct srd_http_request *request)
{
    struct srd_json *json = srd_json_object(), *paths;

    srd_json_put(json, "service", srd_json_new_text("starrocks-mcp-server"));
    srd_json_put(json, "name", srd_json_new_text("srdiag"));
    srd_json_put(json, "version", srd_json_new_text(srd_visit_options(visit)->version));
    paths = srd_json_put(json, "endpoints", srd_json_array());
    for (const struct srd_route *const *r = routes_of(visit); *r; r++)
        srd_json_push(paths, srd_json_new_text(srd_arena_printf(
                                 request->arena, "%s %s%s", (*r)->method ? (*r)->method : "POST",
                                 (*r)->path, (*r)->below ? "/{id}" : "")));
    srd_answer_json(request, 200, json);
}

const struct srd_route srd_route_root = {
    .method = "GET",
    .path = "/",
    .summary = "the endpoints of this server",
    .handle = handle_root,
};

static void handle_openapi(struct srd_visit *visit, struct srd_http_request *request)
{
    srd_answer_json(request, 200, srd_openapi(routes_of(visit), srd_visit_options(visit)->version));
}

const struct srd_route srd_route_openapi = {
    .method = "GET",
    .path = "/openapi.json",
    .roles = SRD_ROLE_USE,
    .summary = "this interface as OpenAPI 3.1",
    .handle = handle_openapi,
};

/* ---- GET /tools ---- */

/* What the core answers to tools/list, kept by the thread that asked. */
struct heard {
    struct srd_buf text;
};

static void hear_message(void *context, const char *json, size_t n)
{
    (void)context;
    (void)json;
    (void)n;
}

static void hear_answer(void *context, int status, const char *json, size_t n)
{
    struct heard *heard = context;

    (void)status;
    srd_buf_add(&heard->text, json, n);
}

/*
 * One page of tools/list: its tools go to @out, the next cursor to @cursor (freed by the caller).
 */
static bool ask_page(struct srd_serve *serve, char **cursor, struct srd_json *out)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf ask = { 0 };
    SRD_CLEANUP(srd_json_free) struct srd_json *answer = NULL;
    struct srd_mcp_link link = { .transport = SRD_MCP_HTTP, .scope = "" };
    struct heard heard = { 0 };
    struct srd_mcp_sink sink = { hear_message, hear_answer, &heard };
    struct srd_mcp_caller nobody = { 0 };
    const struct srd_json *result, *next;
    struct srd_error err = { 0 };

    srd_buf_init(&ask, 65536);
    srd_buf_init(&heard.text, (size_t)16 << 20);
    srd_buf_text(&ask, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{");
    if (*cursor) {
        srd_buf_text(&ask, "\"cursor\":");
        srd_json_quote(&ask, *cursor, strlen(*cursor));
    }
    srd_buf_text(&ask, "}}");
    free(SRD_TAKE(*cursor));
    if (!srd_mcp_receive(serve->mcp, &link, &nobody, &sink, ask.data, ask.size))
        srd_json_parse(heard.text.data, heard.text.size, (size_t)16 << 20, &answer, &err);
    srd_buf_free(&heard.text);
    result = srd_json_get(answer, "result");
    for (const struct srd_json *t = srd_json_first(srd_json_get(result, "tools")); t;
         t = srd_json_next(t)) {
        SRD_CLEANUP(srd_buf_free) struct srd_buf text = { 0 };
        struct srd_json *copy = NULL;

        srd_buf_init(&text, (size_t)4 << 20);
        srd_json_print(t, false, &text);
        if (!srd_json_parse(text.data, text.size, (size_t)4 << 20, &copy, &err))
            srd_json_push(out, copy);
    }
    next = srd_json_get(result, "nextCursor");
    if (srd_json_text(next))
        *cursor = strdup(srd_json_text(next));
    return result && *cursor;
}

/* Made once: the tools are constants of the program. */
static const char *tools_body(struct srd_serve *serve)
{
    pthread_mutex_lock(&serve->tools_lock);
    if (!serve->tools) {
        struct srd_json *json = srd_json_object();
        struct srd_json *list = srd_json_put(json, "tools", srd_json_array());
        struct srd_buf text;
        char *cursor = NULL;

        while (ask_page(serve, &cursor, list)) {
        }
        srd_json_put(json, "count", srd_json_new_integer((int64_t)srd_json_size(list)));
        srd_buf_init(&text, (size_t)16 << 20);
        srd_json_print(json, false, &text);
        srd_json_free(&json);
        serve->tools = text.data;
    }
    pthread_mutex_unlock(&serve->tools_lock);
    return serve->tools;
}

static void nothing(void *context)
{
    (void)context;
}

static void handle_tools(struct srd_visit *visit, struct srd_http_request *request)
{
    const char *body = tools_body(visit->serve);

    srd_http_answer(request,
                    &(struct srd_http_answer){ .status = 200,
                                               .type = "application/json",
                                               .body = body,
                                               .size = strlen(body),
                                               .release = nothing, /* it lives with the server */
                                               .fields = { { "Cache-Control", "no-store" } } });
}

const struct srd_route srd_route_tools = {
    .method = "GET",
    .path = "/tools",
    .roles = SRD_ROLE_USE,
    .counted = true,
    .summary = "the tools, with a JSON schema of their arguments",
    .handle = handle_tools,
};

/* ---- POST /call-tool ---- */

/* One call, from its body to its answer; in the request's arena but for the JSON. */
struct call {
    struct srd_visit *visit;
    struct srd_http_request *request;
    struct srd_json *body;
    _Atomic uint64_t handle; /* 0: not known yet, or over */
};

static void answer_call(void *context, int status, const char *json, size_t n)
{
    struct call *call = context;
    struct srd_http_request *request = call->request;
    struct srd_json *trouble =
        call->visit->tenant && json ? srd_trouble_in(json, n, &status) : NULL;

    atomic_store(&call->handle, 0);
    srd_json_free(&call->body);
    if (trouble)
        srd_answer_json(request, status, trouble);
    else if (status == 503) /* the core says so in the words of JSON-RPC */
        srd_answer_error(request, 503, "Server at capacity", "try again in a moment");
    else if (!n) /* it was cancelled: the client has left, or the server ends */
        srd_answer_error(request, 503, "Cancelled", "the call was cancelled");
    else
        srd_http_answer(request, &(struct srd_http_answer){
                                     .status = status ? status : 200,
                                     .type = "application/json",
                                     .body = json,
                                     .size = n,
                                     .fields = { { "Cache-Control", "no-store" },
                                                 { "X-Content-Type-Options", "nosniff" } } });
}

/* What is wrong with the body; NULL: nothing. */
static const char *look_at(struct call *call, const struct srd_http_request *request,
                           struct srd_error *err)
{
    const struct srd_json *arguments, *cluster;

    if (srd_json_parse(request->body, request->body_size, (size_t)SRD_MAX_BODY, &call->body, err))
        return err->text;
    if (srd_json_kind(call->body) != SRD_JSON_OBJECT)
        return "the body is no object";
    if (!srd_json_text(srd_json_get(call->body, "tool")))
        return "\"tool\" is missing, or no string";
    arguments = srd_json_get(call->body, "arguments");
    if (arguments && srd_json_kind(arguments) != SRD_JSON_OBJECT &&
        srd_json_kind(arguments) != SRD_JSON_NULL)
        return "\"arguments\" is no object";
    cluster = srd_json_get(call->body, "cluster");
    if (cluster && !srd_json_text(cluster))
        return "\"cluster\" is no string";
    return NULL;
}

/* The arguments as the tool wants them; {"cluster": ...} beside them is one of them. */
static const struct srd_json *arguments_of(struct call *call)
{
    struct srd_json *arguments = (struct srd_json *)srd_json_get(call->body, "arguments");
    const char *cluster = srd_json_text(srd_json_get(call->body, "cluster"));

    if (srd_json_kind(arguments) == SRD_JSON_OBJECT) {
        if (cluster && !srd_json_get(arguments, "cluster"))
            srd_json_put(arguments, "cluster", srd_json_new_text(cluster));
        return arguments;
    }
    if (!cluster)
        return NULL;
    arguments = srd_json_put(call->body, "arguments of the cluster", srd_json_object());
    srd_json_put(arguments, "cluster", srd_json_new_text(cluster));
    return arguments;
}

static void handle_call(struct srd_visit *visit, struct srd_http_request *request)
{
    struct call *call = srd_arena_alloc(request->arena, sizeof(*call));
    struct srd_mcp_sink sink = { hear_message, answer_call, call };
    struct srd_mcp_exchange *exchange;
    struct srd_mcp_job *job, *next;
    struct srd_error err = { 0 };
    const char *type = srd_http_header(request, "Content-Type"), *wrong;

    *call = (struct call){ .visit = visit, .request = request };
    if (type && !srd_media_is_json(type)) {
        srd_answer_error(request, 415, "Unsupported media type",
                         "the body has to be application/json");
        return;
    }
    wrong = look_at(call, request, &err);
    if (wrong) {
        srd_json_free(&call->body);
        srd_answer_error(request, 400, "Bad request", wrong);
        return;
    }
    exchange =
        srd_mcp_call_tool(visit->serve->mcp, "", &visit->caller, &sink,
                          srd_json_text(srd_json_get(call->body, "tool")), arguments_of(call));
    if (!exchange) /* answered already, from the cache */
        return;
    visit->own = call;
    srd_http_later(request);
    atomic_store(&call->handle, srd_mcp_exchange_handle(exchange));
    for (job = srd_mcp_jobs(exchange); job; job = next) {
        next = srd_mcp_job_next(job);
        if (!srd_visit_submit_job(visit, job))
            srd_mcp_job_refuse(job, 503, "the server is at its capacity; try again in a moment");
    }
}

static void call_gone(struct srd_visit *visit, struct srd_http_request *request)
{
    struct call *call = visit->own;
    uint64_t handle = call ? atomic_load(&call->handle) : 0;

    (void)request;
    if (handle)
        srd_mcp_abandon(visit->serve->mcp, handle);
}

const struct srd_route srd_route_call_tool = {
    .method = "POST",
    .path = "/call-tool",
    .roles = SRD_ROLE_USE,
    .needs_tenant = true,
    .counted = true,
    .summary = "runs a tool; the answer is its result",
    .handle = handle_call,
    .gone = call_gone,
    .takes = "{\"type\":\"object\",\"required\":[\"tool\"],\"properties\":{"
             "\"tool\":{\"type\":\"string\"},\"arguments\":{\"type\":\"object\"},"
             "\"cluster\":{\"type\":\"string\",\"description\":\"alias of the cluster to ask\"}}}",
};
