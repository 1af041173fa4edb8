#ifndef SRD_MCP_MCP_PRIVATE_H
#define SRD_MCP_MCP_PRIVATE_H

#include <pthread.h>

#include "lib/mcp/mcp.h"

/*
 * Inside of lib/mcp.
 *
 *   revision.c   the revisions and what is different in each
 *   message.c    what kind of message is this, and where are its parts?
 *   core.c       a server; messages in; which era; the table of methods
 *   headers.c    HTTP's headers against the message
 *   answer.c     one response, printed
 *   flight.c     exchanges and jobs: who waits for what, who does not any more
 *   lists.c      lists, printed once, in pages        session.c    initialize, server/discover, ping
 *   tools.c      tools/call     schema.c arguments.c  what a tool takes      result.c  what it says
 *   resources.c  resources/read                       prompts.c    prompts/get, completion/complete
 *   ask.c        what a call says to the client       stdio.c      the transport
 */

enum {
    SRD_MCP_BROKEN_JSON = -32700,
    SRD_MCP_NO_REQUEST = -32600,
    SRD_MCP_NO_METHOD = -32601,
    SRD_MCP_BAD_PARAMS = -32602,
    SRD_MCP_INTERNAL = -32603,
    SRD_MCP_HEADER_MISMATCH = -32020,
    SRD_MCP_NO_CAPABILITY = -32021,
    SRD_MCP_NO_VERSION = -32022,
};

/* ---- revision.c ---- */

struct srd_mcp_revision {
    const char *name;
    enum srd_mcp_era era;
    bool batches;     /* a message may be an array of messages */
    bool result_type; /* results say their type, who made them, and for how long they are good */
    int no_resource;  /* the code for a resource that does not exist */
};
/* NULL: no such revision. */
const struct srd_mcp_revision *srd_mcp_revision_find(const char *name);
/* For initialize: the one that was asked for, or the newest that has an initialize. */
const struct srd_mcp_revision *srd_mcp_revision_offer(const char *asked);
/* Of a client that has not said. */
const struct srd_mcp_revision *srd_mcp_revision_assumed(enum srd_mcp_transport transport);
/* ["2026-07-28"] */
void srd_mcp_revision_print_modern(struct srd_buf *out);

/* ---- message.c ---- */

enum srd_mcp_kind { SRD_MCP_BROKEN, SRD_MCP_REQUEST, SRD_MCP_NOTIFICATION, SRD_MCP_RESPONSE };

/* A part of the text as it came. */
struct srd_mcp_slice {
    const char *text; /* NULL: absent */
    size_t size;
};

struct srd_mcp_message {
    enum srd_mcp_kind kind;
    const char *wrong;          /* BROKEN: why */
    struct srd_mcp_slice id;    /* absent if there is none that may be echoed */
    struct srd_mcp_slice token; /* of progress */
    const char *method;
    const struct srd_json *tree, *params, *meta; /* of params and _meta: NULL unless an object */
    bool bad_params;            /* there are params, and they are no object */
    const char *version;        /* of _meta; NULL: absent or no text */
    bool has_version;           /* the key is there */
};
/* @source is where the text of @tree begins. Borrows both. */
void srd_mcp_message_look(struct srd_mcp_message *out, const char *source,
                          const struct srd_json *tree);
/* Behind the value at @at, and behind blanks and a comma. Of text that was parsed. */
const char *srd_mcp_source_next(const char *at);
const char *srd_mcp_source_blanks(const char *at);
/* The parameter @key of a message, which has it, as it came. @source as above. */
struct srd_mcp_slice srd_mcp_source_param(const char *source, const struct srd_mcp_message *message,
                                          const char *key);

/* ---- lists.c ---- */

#define SRD_MCP_PAGE 100

struct srd_mcp_list {
    const char *key;     /* "tools" */
    struct srd_buf text; /* {...},{...} */
    size_t *starts;      /* of the items, and one more: where the next would start */
    size_t count, room;
};
enum srd_mcp_list_id {
    SRD_MCP_TOOLS, SRD_MCP_RESOURCES, SRD_MCP_TEMPLATES, SRD_MCP_PROMPTS, SRD_MCP_LISTS
};
void srd_mcp_lists_make(struct srd_mcp *mcp);
void srd_mcp_lists_free(struct srd_mcp *mcp);
/* Puts "name":"title"... , for those that are not NULL. */
void srd_mcp_put_text(struct srd_buf *out, const char *key, const char *text);

/* ---- a server ---- */

struct srd_mcp_question; /* ask.c */

struct srd_mcp {
    const struct srd_mcp_tables *tables;
    struct srd_mcp_list lists[SRD_MCP_LISTS];
    struct srd_buf info, capabilities; /* {...} */
    pthread_mutex_t lock; /* of all below */
    struct srd_mcp_job *flying; /* linked by before, after */
    uint64_t last_handle;
    struct srd_mcp_question *questions;
    uint64_t last_question;
    pthread_cond_t replied;
};

/* ---- flight.c ---- */

struct srd_mcp_exchange {
    struct srd_mcp *mcp;
    struct srd_mcp_link link;
    struct srd_mcp_caller caller;
    struct srd_mcp_sink sink;
    struct srd_json *tree; /* of the message; NULL for call-tool */
    uint64_t handle;
    struct srd_mcp_job *jobs, *last_job; /* those that need work */
    bool batch;
    bool bare;   /* call-tool: results without an envelope */
    int status;  /* of HTTP */
    pthread_mutex_t lock;   /* of what follows, and of the sink */
    size_t left;            /* jobs that were not finished */
    struct srd_buf answers; /* batch: those that are done */
};

/* One request. Lives in its arena. */
struct srd_mcp_job {
    struct srd_mcp_exchange *exchange;
    struct srd_arena *arena;
    struct srd_mcp_job *next;           /* of the exchange */
    struct srd_mcp_job *before, *after; /* of the server's in flight */
    const struct srd_mcp_revision *revision;
    struct srd_mcp_slice id, token;
    const struct srd_json *params, *meta;
    const char *method;
    void (*work)(struct srd_mcp_job *job); /* NULL: answered */
    struct srd_buf out; /* the response */
    int status;
    int64_t started_ms;
    volatile sig_atomic_t cancel;
    /* of a tool, a resource or a prompt */
    struct srd_mcp_call call;
    const struct srd_mcp_resource *resource;
    const struct srd_mcp_prompt *prompt;
    const struct srd_mcp_method *extra;
    const char *uri, *value;
    size_t part;
    /* of progress, with the lock of the exchange */
    int64_t told_ms;
    double told;
    bool told_once;
};

struct srd_mcp_exchange *srd_mcp_exchange_new(struct srd_mcp *mcp, const struct srd_mcp_link *link,
                                              const struct srd_mcp_caller *caller,
                                              const struct srd_mcp_sink *sink);
/* A job of @exchange, with copies of the slices. @message may be NULL. */
struct srd_mcp_job *srd_mcp_job_new(struct srd_mcp_exchange *exchange,
                                    const struct srd_mcp_message *message);
/* Behind the first look: a job that was answered goes, one that needs work joins the exchange. */
void srd_mcp_job_settle(struct srd_mcp_job *job);
/* All messages were looked at: the exchange itself, or, if it needs no work, its answer and NULL. */
struct srd_mcp_exchange *srd_mcp_exchange_settle(struct srd_mcp_exchange *exchange);
/* notifications/cancelled. */
void srd_mcp_cancel(struct srd_mcp *mcp, const struct srd_mcp_link *link,
                    const struct srd_mcp_slice *id);
bool srd_mcp_job_cancelled(const struct srd_mcp_job *job);

/* ---- answer.c ---- */

/* Everything up to the first member of the result; ends with '{' or a member without a comma. */
struct srd_buf *srd_mcp_open(struct srd_mcp_job *job, const char *type); /* NULL: complete */
/* A comma, unless something was opened just now. */
void srd_mcp_comma(struct srd_buf *out);
enum srd_mcp_hint { SRD_MCP_NO_HINT, SRD_MCP_STATIC, SRD_MCP_PRIVATE }; /* ttlMs and cacheScope */
void srd_mcp_close(struct srd_mcp_job *job, enum srd_mcp_hint hint);
/* Instead of open and close. The message is cleaned. @data: JSON, or NULL. */
void srd_mcp_error(struct srd_mcp_job *job, int status, int code, const char *data,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));
/* What a tool, a prompt or a method of the table said. @empty: members, if it said nothing. */
void srd_mcp_respond(struct srd_mcp_job *job, const struct srd_mcp_result *result, const char *empty);
void srd_mcp_result_free(struct srd_mcp_result *result); /* for SRD_CLEANUP */
/* At most 60 columns of foreign text, cleaned, in the arena of the job. */
const char *srd_mcp_shown(struct srd_arena *arena, const char *text);

/* ---- headers.c ---- */

/* H10 to H12 of a modern request: true, or false and the error is in @job. @named: NULL, "name", "uri". */
bool srd_mcp_headers_version(struct srd_mcp_job *job, const char *version);
bool srd_mcp_headers_name(struct srd_mcp_job *job, const char *named);

/* ---- methods: each answers, or sets job->work ---- */

void srd_mcp_initialize(struct srd_mcp_job *job, struct srd_mcp_link *link);
void srd_mcp_discover(struct srd_mcp_job *job);
void srd_mcp_list_tools(struct srd_mcp_job *job);
void srd_mcp_list_resources(struct srd_mcp_job *job);
void srd_mcp_list_templates(struct srd_mcp_job *job);
void srd_mcp_list_prompts(struct srd_mcp_job *job);
void srd_mcp_tools_call(struct srd_mcp_job *job);
void srd_mcp_resources_read(struct srd_mcp_job *job);
void srd_mcp_prompts_get(struct srd_mcp_job *job);
void srd_mcp_method_begin(struct srd_mcp_job *job, const struct srd_mcp_method *method);
void srd_mcp_complete(struct srd_mcp_job *job);

/* The tool with this name and these arguments (an object or NULL), which the request was about. */
const struct srd_mcp_tool *srd_mcp_tool_find(const struct srd_mcp *mcp, const char *name);
void srd_mcp_tool_begin(struct srd_mcp_job *job, const struct srd_mcp_tool *tool,
                        const struct srd_json *arguments);

/* ---- schema.c, arguments.c ---- */

/* {"type":"object",...}: the subset that every client takes. */
void srd_mcp_schema(struct srd_buf *out, const struct srd_mcp_arg *args);
/*
 * Reads @object (NULL: {}) as @args say, into *@values (in @arena). Returns the number of faults; then
 * @faults has a sentence for each.
 */
size_t srd_mcp_arguments(struct srd_arena *arena, const struct srd_mcp_arg *args,
                         const struct srd_json *object, const struct srd_mcp_value **values,
                         struct srd_buf *faults);

/* ---- ask.c ---- */

/* A response of the client, to whoever asked. */
void srd_mcp_reply(struct srd_mcp *mcp, const struct srd_mcp_link *link,
                   const struct srd_mcp_message *message);

#endif
