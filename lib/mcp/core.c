/* What does this message want, in which era, and who answers it? */

#include "lib/mcp/mcp_private.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/base/wait.h"

#define MAX_BATCH 100

/* ---- a server ---- */

struct srd_mcp *srd_mcp_new(const struct srd_mcp_tables *tables)
{
    struct srd_mcp *mcp = calloc(1, sizeof(*mcp));

    if (!mcp)
        srd_no_memory();
    mcp->tables = tables;
    pthread_mutex_init(&mcp->lock, NULL);
    srd_wait_init(&mcp->replied);
    srd_mcp_lists_make(mcp);
    return mcp;
}

void srd_mcp_free(struct srd_mcp **mcp)
{
    if (!*mcp)
        return;
    srd_mcp_lists_free(*mcp);
    pthread_cond_destroy(&(*mcp)->replied);
    pthread_mutex_destroy(&(*mcp)->lock);
    free(*mcp);
    *mcp = NULL;
}

/* ---- methods ---- */

enum { LEGACY = 1, MODERN = 2, BOTH = 3 };
enum capability { ALWAYS, TOOLS, RESOURCES, PROMPTS, COMPLETIONS };

static void ping(struct srd_mcp_job *job)
{
    srd_mcp_open(job, NULL);
    srd_mcp_close(job, SRD_MCP_NO_HINT);
}

static const struct method {
    const char *name;
    int eras;
    enum capability needs;
    void (*begin)(struct srd_mcp_job *job); /* NULL: initialize, which changes the connection */
    const char *named;                      /* the parameter that Mcp-Name repeats */
} methods[] = {
    { "tools/call", BOTH, TOOLS, srd_mcp_tools_call, "name" },
    { "tools/list", BOTH, TOOLS, srd_mcp_list_tools, NULL },
    { "ping", LEGACY, ALWAYS, ping, NULL },
    { "resources/read", BOTH, RESOURCES, srd_mcp_resources_read, "uri" },
    { "resources/list", BOTH, RESOURCES, srd_mcp_list_resources, NULL },
    { "resources/templates/list", BOTH, RESOURCES, srd_mcp_list_templates, NULL },
    { "prompts/get", BOTH, PROMPTS, srd_mcp_prompts_get, "name" },
    { "prompts/list", BOTH, PROMPTS, srd_mcp_list_prompts, NULL },
    { "completion/complete", BOTH, COMPLETIONS, srd_mcp_complete, NULL },
    { "server/discover", MODERN, ALWAYS, srd_mcp_discover, NULL },
    { "initialize", LEGACY, ALWAYS, NULL, NULL },
};

/* A method of the table in this era; NULL: there is none. */
static const struct srd_mcp_method *find_extra(const struct srd_mcp *mcp, const char *name,
                                               enum srd_mcp_era era)
{
    const struct srd_mcp_method *method = mcp->tables->methods;

    for (; method && method->name; method++)
        if (!strcmp(method->name, name) &&
            (era == SRD_MCP_MODERN ? method->modern : method->legacy))
            return method;
    return NULL;
}

static bool is_there(const struct srd_mcp_tables *tables, enum capability what)
{
    switch (what) {
    case TOOLS:
        return tables->tools != NULL;
    case RESOURCES:
        return tables->resources != NULL;
    case PROMPTS:
        return tables->prompts != NULL;
    case COMPLETIONS:
        return tables->complete != NULL;
    default:
        return true;
    }
}

static const struct method *find_method(const struct srd_mcp *mcp, const char *name,
                                        enum srd_mcp_era era)
{
    for (size_t i = 0; i < SRD_COUNT(methods); i++)
        if (!strcmp(methods[i].name, name) &&
            methods[i].eras & (era == SRD_MCP_MODERN ? MODERN : LEGACY) &&
            is_there(mcp->tables, methods[i].needs))
            return &methods[i];
    return NULL;
}

/* ---- the era ---- */

static bool is_method(const struct srd_mcp_message *message, const char *name)
{
    return message->method && !strcmp(message->method, name);
}

/*
 * A header that names a revision which is not legacy opens the modern era, also one that nobody
 * knows: that is a client of tomorrow, and it is told so in its own words.
 */
static bool header_is_modern(const struct srd_mcp_link *link)
{
    const struct srd_mcp_revision *revision = srd_mcp_revision_find(link->version_header);

    return link->version_header && (!revision || revision->era == SRD_MCP_MODERN);
}

/* Of this message; UNDECIDED only on stdio, as long as nobody opened. */
static enum srd_mcp_era era_of(const struct srd_mcp_link *link,
                               const struct srd_mcp_message *message)
{
    switch (link->transport) {
    case SRD_MCP_SSE:
        return SRD_MCP_LEGACY;
    case SRD_MCP_HTTP:
        return message->has_version || header_is_modern(link) ? SRD_MCP_MODERN : SRD_MCP_LEGACY;
    default:
        break;
    }
    if (link->era)
        return link->era;
    if (message->has_version || is_method(message, "server/discover"))
        return SRD_MCP_MODERN;
    return is_method(message, "initialize") ? SRD_MCP_LEGACY : SRD_MCP_UNDECIDED;
}

static const struct srd_mcp_revision *legacy_revision(const struct srd_mcp_link *link)
{
    const struct srd_mcp_revision *revision = link->revision;

    if (link->transport == SRD_MCP_HTTP)
        revision = srd_mcp_revision_find(link->version_header);
    return revision ? revision : srd_mcp_revision_assumed(link->transport);
}

static void refuse_version(struct srd_mcp_job *job, const char *asked)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf data = { 0 };
    const char *requested = strlen(asked) > 256 ? "..." : asked;

    srd_buf_init(&data, 4096);
    srd_buf_text(&data, "{\"supported\":");
    srd_mcp_revision_print_modern(&data);
    srd_buf_text(&data, ",\"requested\":");
    srd_json_quote(&data, requested, strlen(requested));
    srd_buf_char(&data, '}');
    srd_mcp_error(job, 400, SRD_MCP_NO_VERSION, data.data, "protocol version %s is not supported",
                  srd_mcp_shown(job->arena, asked));
}

/* What every request of the modern era must bring, in the order in which it is looked at. */
static bool check_modern(struct srd_mcp_job *job, const struct srd_mcp_message *message)
{
    const struct srd_mcp_link *link = &job->exchange->link;
    const struct srd_json *capabilities =
        srd_json_get(message->meta, "io.modelcontextprotocol/clientCapabilities");
    const struct srd_mcp_revision *revision = srd_mcp_revision_find(message->version);

    if (!message->has_version && link->version_header &&
        !srd_mcp_revision_find(link->version_header)) {
        refuse_version(job, link->version_header);
        return false;
    }
    if (!message->version || srd_json_kind(capabilities) != SRD_JSON_OBJECT) {
        srd_mcp_error(
            job, 400, SRD_MCP_BAD_PARAMS, NULL, "params._meta must have io.modelcontextprotocol/%s",
            message->version ? "clientCapabilities (an object)" : "protocolVersion (a string)");
        return false;
    }
    if (link->transport == SRD_MCP_HTTP && !srd_mcp_headers_version(job, message->version))
        return false;
    if (!revision || revision->era != SRD_MCP_MODERN) {
        refuse_version(job, message->version);
        return false;
    }
    job->revision = revision;
    job->call.modern = true;
    return true;
}

/* ---- requests ---- */

static void unknown_method(struct srd_mcp_job *job, int status)
{
    srd_mcp_error(job, status, SRD_MCP_NO_METHOD, NULL, "unknown method %s",
                  srd_mcp_shown(job->arena, job->method));
}

static void begin_modern(struct srd_mcp_job *job, struct srd_mcp_link *link,
                         const struct srd_mcp_message *message)
{
    const struct srd_mcp_method *extra =
        find_extra(job->exchange->mcp, job->method, SRD_MCP_MODERN);
    const struct method *method;
    bool http = link->transport == SRD_MCP_HTTP;

    if (!check_modern(job, message))
        return;
    method = find_method(job->exchange->mcp, job->method, SRD_MCP_MODERN);
    if (http && !srd_mcp_headers_name(job, method ? method->named : NULL))
        return;
    if (!method && !extra) {
        unknown_method(job, 404);
        return;
    }
    /* a client that only asks what there is may still go the other way */
    if (!http && !is_method(message, "server/discover"))
        link->era = SRD_MCP_MODERN;
    if (extra)
        srd_mcp_method_begin(job, extra);
    else
        method->begin(job);
}

static void begin_legacy(struct srd_mcp_job *job, struct srd_mcp_link *link,
                         const struct srd_mcp_message *message)
{
    const struct method *method = find_method(job->exchange->mcp, job->method, SRD_MCP_LEGACY);
    const struct srd_mcp_method *extra =
        find_extra(job->exchange->mcp, job->method, SRD_MCP_LEGACY);

    job->revision = legacy_revision(link);
    if (!method && !extra)
        unknown_method(job, 200);
    else if (message->bad_params)
        srd_mcp_error(job, 200, SRD_MCP_BAD_PARAMS, NULL, "params must be an object");
    else if (extra)
        srd_mcp_method_begin(job, extra);
    else if (method->begin)
        method->begin(job);
    else if (job->exchange->batch)
        srd_mcp_error(job, 200, SRD_MCP_NO_REQUEST, NULL, "initialize must not be in a batch");
    else
        srd_mcp_initialize(job, link);
}

static void begin_request(struct srd_mcp_job *job, struct srd_mcp_link *link,
                          const struct srd_mcp_message *message)
{
    switch (job->exchange->batch ? SRD_MCP_LEGACY : era_of(link, message)) {
    case SRD_MCP_MODERN:
        begin_modern(job, link, message);
        break;
    case SRD_MCP_LEGACY:
        if (job->exchange->batch && message->has_version)
            srd_mcp_error(job, 400, SRD_MCP_NO_REQUEST, NULL,
                          "this revision of the protocol has no batches");
        else
            begin_legacy(job, link, message);
        break;
    default:
        if (is_method(message, "ping"))
            ping(job);
        else
            srd_mcp_error(job, 400, SRD_MCP_NO_REQUEST, NULL,
                          "send server/discover or initialize first");
    }
}

/* ---- messages ---- */

/* What must not be answered, and what it does. */
static void take_silent(struct srd_mcp_exchange *exchange, const struct srd_mcp_message *message,
                        const char *source)
{
    const struct srd_json *id = srd_json_get(message->params, "requestId");

    if (message->kind == SRD_MCP_RESPONSE) {
        srd_mcp_reply(exchange->mcp, &exchange->link, message);
    } else if (is_method(message, "notifications/cancelled") && id) {
        struct srd_mcp_slice slice = srd_mcp_source_param(source, message, "requestId");

        srd_mcp_cancel(exchange->mcp, &exchange->link, &slice);
    }
}

static void take_one(struct srd_mcp_exchange *exchange, struct srd_mcp_link *link,
                     const char *source, const struct srd_json *tree)
{
    struct srd_mcp_message message;
    struct srd_mcp_job *job;
    bool http = link->transport == SRD_MCP_HTTP;

    srd_mcp_message_look(&message, source, tree);
    if (message.kind == SRD_MCP_NOTIFICATION || message.kind == SRD_MCP_RESPONSE) {
        /* over HTTP a refusal without an id is no answer, but the status of a POST */
        bool odd = http && link->version_header && !srd_mcp_revision_find(link->version_header);
        bool stray = http && message.kind == SRD_MCP_RESPONSE && header_is_modern(link);

        if (!odd && !stray) {
            take_silent(exchange, &message, source);
            return;
        }
        message.id.text = NULL;
        job = srd_mcp_job_new(exchange, &message);
        if (odd)
            refuse_version(job, link->version_header);
        else
            srd_mcp_error(job, 400, SRD_MCP_NO_REQUEST, NULL, "the server asked nothing");
    } else {
        job = srd_mcp_job_new(exchange, &message);
        if (message.kind == SRD_MCP_BROKEN)
            srd_mcp_error(job, 400, SRD_MCP_NO_REQUEST, NULL, "%s", message.wrong);
        else
            begin_request(job, link, &message);
    }
    srd_mcp_job_settle(job);
}

/* The message as a whole is refused. */
static void refuse(struct srd_mcp_exchange *exchange, int status, int code, const char *why)
{
    struct srd_mcp_job *job = srd_mcp_job_new(exchange, NULL);

    srd_mcp_error(job, status, code, NULL, "%s", why);
    srd_mcp_job_settle(job);
}

static bool may_batch(const struct srd_mcp_link *link)
{
    if (link->transport == SRD_MCP_HTTP)
        return !header_is_modern(link) && legacy_revision(link)->batches;
    return link->era != SRD_MCP_MODERN && link->revision && link->revision->batches;
}

static void take_batch(struct srd_mcp_exchange *exchange, struct srd_mcp_link *link,
                       const char *source)
{
    size_t count = srd_json_size(exchange->tree);

    if (!may_batch(link)) {
        refuse(exchange, 400, SRD_MCP_NO_REQUEST, "this revision of the protocol has no batches");
    } else if (!count || count > MAX_BATCH) {
        refuse(exchange, 400, SRD_MCP_NO_REQUEST,
               count ? "a batch may hold 100 messages" : "the batch is empty");
    } else {
        exchange->batch = true;
        source = srd_mcp_source_blanks(source + 1);
        for (const struct srd_json *item = srd_json_first(exchange->tree); item;
             item = srd_json_next(item), source = srd_mcp_source_next(source))
            take_one(exchange, link, source, item);
    }
}

/* What is no broken JSON, and still nothing that we read. */
static void refuse_text(struct srd_mcp_exchange *exchange, const struct srd_error *err)
{
    if (strstr(err->text, "nested deeper"))
        refuse(exchange, 413, SRD_MCP_NO_REQUEST, err->text);
    else if (srd_text_prefix(err->text, "duplicate key"))
        refuse(exchange, 400, SRD_MCP_NO_REQUEST, err->text);
    else
        refuse(exchange, 400, SRD_MCP_BROKEN_JSON, err->text);
}

struct srd_mcp_exchange *srd_mcp_receive(struct srd_mcp *mcp, struct srd_mcp_link *link,
                                         const struct srd_mcp_caller *caller,
                                         const struct srd_mcp_sink *sink, const char *bytes,
                                         size_t n)
{
    struct srd_mcp_exchange *exchange = srd_mcp_exchange_new(mcp, link, caller, sink);
    struct srd_error err = { 0 };

    if (n > SRD_MCP_MAX_MESSAGE)
        refuse(exchange, 413, SRD_MCP_NO_REQUEST, "a message may have 4 MiB");
    else if (srd_json_parse(bytes, n, SRD_MCP_MAX_MESSAGE, &exchange->tree, &err))
        refuse_text(exchange, &err);
    else if (srd_json_kind(exchange->tree) == SRD_JSON_ARRAY)
        take_batch(exchange, link, srd_mcp_source_blanks(bytes));
    else
        take_one(exchange, link, srd_mcp_source_blanks(bytes), exchange->tree);
    return srd_mcp_exchange_settle(exchange);
}
