#ifndef SRD_MCP_MCP_H
#define SRD_MCP_MCP_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/json.h"

/*
 * The Model Context Protocol without a transport: a message in, messages out.
 *
 *     transport (stdio.c; HTTP and SSE in lib/serve)
 *         srd_mcp_receive()    parses, decides the era, answers what needs no work, at once
 *            -> jobs           what needs work (tools, resources): one per request
 *         srd_mcp_job_run()    on a thread of the transport's choice
 *            -> sink.message   progress, while it runs
 *            -> sink.answer    exactly once per exchange, when its last job is done
 *
 * The core has no thread, no socket and no clock but the monotonic one. Tools, resources and prompts are
 * handed in as tables; the texts in them are constants of the program, never of a cluster.
 *
 * Revisions and what each can do are one table (revision.c).
 */
struct srd_mcp;          /* a server: its tables, and the requests in flight; any thread */
struct srd_mcp_exchange; /* one message of a client (or one batch), until it is answered */
struct srd_mcp_job;      /* one request of an exchange that needs work */
struct srd_mcp_revision;

enum srd_mcp_era { SRD_MCP_UNDECIDED, SRD_MCP_LEGACY, SRD_MCP_MODERN };
enum srd_mcp_transport { SRD_MCP_STDIO, SRD_MCP_HTTP, SRD_MCP_SSE };

/* Who asks. Strings live as long as the exchange; NULL where nothing is known. */
struct srd_mcp_caller {
    const char *principal;  /* name of the key; NULL: nobody had to say */
    const char *tenant;     /* NULL: there are none */
    const char *peer;       /* "10.0.0.7" */
    const char *request_id; /* of the log lines */
    void *host;             /* what tools want to know besides; the core does not look */
};

/* ---- tools ---- */

enum srd_mcp_arg_type {
    SRD_MCP_ARG_END = 0,
    SRD_MCP_TEXT,
    SRD_MCP_INTEGER,
    SRD_MCP_NUMBER,
    SRD_MCP_BOOL,
    SRD_MCP_ENUM,      /* one of the blank-separated values */
    SRD_MCP_TEXT_LIST, /* array of strings */
};
struct srd_mcp_arg {
    const char *name; /* NULL ends a table */
    enum srd_mcp_arg_type type;
    bool required;
    const char *values;   /* of an enum */
    const char *fallback; /* as text, also shown as "default"; NULL: none */
    int64_t min, max;     /* of a number; lengths of a text; items of a list; both 0: any */
    const char *help;
};
struct srd_mcp_value {
    bool given; /* false: number, text ... hold the fallback, if there is one */
    int64_t number;
    double real;
    bool yes;
    const char *text;
    const char *const *list; /* NULL-ended */
};

struct srd_mcp_call; /* a tool at work, below */
struct srd_mcp_result;

struct srd_mcp_tool {
    const char *name, *title, *description;
    const struct srd_mcp_arg *args; /* ended by a NULL name; NULL: none */
    const char *input_schema;  /* JSON text sent as it is, and the arguments are not checked; NULL: from args */
    const char *output_schema; /* JSON text; NULL: none, and results are text */
    bool writes;               /* annotations say so; no tool of srdiag does */
    /*
     * Is the answer there without any work (a cache)? Called inside srd_mcp_receive(), must not block.
     * true: @out is filled. NULL: never.
     */
    bool (*quick)(struct srd_mcp_call *call, struct srd_mcp_result *out);
    /* Runs inside srd_mcp_job_run(); fills @out, also with what went wrong. Any number of threads. */
    void (*run)(struct srd_mcp_call *call, struct srd_mcp_result *out);
    const void *data; /* the table row's own */
    bool talks;       /* its calls send messages to clients that did not ask for progress, too */
};

struct srd_mcp_call {
    const struct srd_mcp_tool *tool;         /* NULL while a resource is read */
    const struct srd_mcp_resource *resource; /* NULL while a tool runs */
    const struct srd_mcp_value *args;  /* as many as declared, in their order, checked */
    const struct srd_json *arguments;  /* as they came; for tools with an own schema; may be NULL */
    const struct srd_mcp_caller *caller;
    enum srd_mcp_transport transport;
    struct srd_arena *arena;           /* until the answer is written */
    int64_t deadline_ms;               /* srd_clock_monotonic_ms(): be done by then */
    const volatile sig_atomic_t *cancel; /* srd_flag_up(): nobody wants the answer any more */
    struct srd_mcp_job *job;
    const struct srd_json *params; /* of the request, whole; NULL without any */
    const char *id;                /* of the request, as JSON; NULL: it came without the protocol */
    bool modern;                   /* the era of the request */
};
/* Tells how far it is, to those who asked to be told; rising, at most every progress_ms; any thread. */
void srd_mcp_progress(struct srd_mcp_call *call, double done, double total, const char *message);

/* Sends a notification on the stream of the call; @params is JSON. Any thread. */
void srd_mcp_notify(struct srd_mcp_call *call, const char *method, const char *params);
/*
 * Asks a legacy client (sampling/createMessage, elicitation/create ...) and waits for its answer, which is
 * appended to @answer as JSON. The transport must hand messages out while the call runs. SRD_E_USAGE: a
 * modern client; SRD_E_DENIED: it refused; SRD_E_TIMEOUT, SRD_E_CANCELLED.
 */
int srd_mcp_ask(struct srd_mcp_call *call, const char *method, const char *params,
                struct srd_buf *answer, struct srd_error *err);

/*
 * What a tool says: the members of the result object, printed. Printed once, they can be kept and
 * given again (srd_mcp_result_take()), which is how a cached answer costs next to nothing.
 */
struct srd_mcp_result {
    struct srd_buf members; /* "content":[...],"structuredContent":{...}   (no braces around) */
    bool is_error;
    /*
     * Not 0: the request itself fails with this code of JSON-RPC, and @members are those of the error
     * object: "message":"...","data":{...}. Not for what went wrong at work: that is is_error.
     */
    int code;
    const char *type; /* resultType; NULL: "complete" */
};
/* content = one text block with the compact print of @object, structuredContent = @object. Frees it. */
void srd_mcp_result_object(struct srd_mcp_result *out, struct srd_json *object);
/* One text block. */
void srd_mcp_result_text(struct srd_mcp_result *out, const char *text);
/* isError with one text block: what was tried, what came back, what to do next. */
void srd_mcp_result_fault(struct srd_mcp_result *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Members that were printed before. */
void srd_mcp_result_members(struct srd_mcp_result *out, const char *members, size_t n, bool is_error);

/* ---- resources, prompts, completion ---- */

struct srd_mcp_resource {
    const char *uri;       /* or a template of RFC 6570 level 1: "srdiag://check/{id}" */
    const char *name, *title, *description, *mime;
    bool is_template;
    /*
     * Reads @uri, which matched; @value is what stood for the variable (decoded), NULL for a plain
     * one. Text into @out. SRD_E_DATA: there is no such resource. May work (it runs as a job).
     */
    int (*read)(struct srd_mcp_call *call, const char *uri, const char *value, struct srd_buf *out,
                struct srd_error *err);
    const void *data;
    bool is_static; /* the same for everybody as long as the program runs: clients may keep it */
    bool is_base64; /* what read() gives is base64 of bytes, and goes out as a blob */
};
struct srd_mcp_prompt {
    const char *name, *title, *description;
    const struct srd_mcp_arg *args; /* texts only, as the protocol wants it */
    /* One message of the user. @values as in srd_mcp_call.args. */
    void (*fill)(const struct srd_mcp_prompt *prompt, const struct srd_mcp_value *values,
                 struct srd_buf *out);
    /* Instead, for one that is more than a text: the members of the result ("messages":[...]). */
    void (*run)(struct srd_mcp_call *call, struct srd_mcp_result *out);
    const void *data;
};
/*
 * A method that the core does not have, for extensions. Runs as a job; says the members of its result. One
 * that stays (a subscription) ends when *call->cancel does; call->deadline_ms is not meant for it.
 */
struct srd_mcp_method {
    const char *name;
    bool legacy, modern; /* the eras that have it */
    void (*run)(struct srd_mcp_call *call, struct srd_mcp_result *out);
};
/*
 * Values for the argument @name of a prompt or the variable of a template (@ref: its name or uri) that
 * begin with @begun, pushed to @out (array of strings). From names the program has, never from a cluster.
 * false: there is no such ref.
 */
struct srd_mcp_tables {
    const char *name, *title, *version, *instructions;
    const struct srd_mcp_tool *tools;         /* ended by a NULL name; same order in every list */
    const struct srd_mcp_resource *resources; /* ended by a NULL uri */
    const struct srd_mcp_prompt *prompts;     /* ended by a NULL name */
    bool (*complete)(const struct srd_mcp_tables *tables, const struct srd_mcp_caller *caller,
                     const char *ref, const char *name, const char *begun, struct srd_json *out);
    const void *data; /* of who made the tables */
    int64_t call_ms; /* deadline of a call; 0: 45 s */
    /* After each call of a tool, for audit and metrics; NULL: nobody. Thread of the call. */
    void (*called)(const struct srd_mcp_call *call, const struct srd_mcp_result *result,
                   int64_t ms, bool cancelled);
    int64_t progress_ms; /* at most one progress notification per call in this time; 0: 500, -1: no limit */
    const struct srd_mcp_method *methods; /* more of them, ended by a NULL name; NULL: none */
    const char *capabilities; /* JSON instead of what follows from the tables; NULL: that */
};

/* Borrows @tables, which must not change while the server lives. */
struct srd_mcp *srd_mcp_new(const struct srd_mcp_tables *tables);
void srd_mcp_free(struct srd_mcp **mcp); /* no exchange may be alive */

/* ---- exchanges ---- */

/*
 * The state of a connection that has one (stdio, an SSE session), or nothing but the headers of one
 * POST (HTTP). Made by the transport with zeroes, and kept for as long as the connection lives.
 */
struct srd_mcp_link {
    enum srd_mcp_transport transport;
    /*
     * Whose requests can be cancelled by whom: "" on stdio, the session id with SSE, the principal,
     * address and tenant over HTTP. Requests are found by (scope, id).
     */
    const char *scope;
    enum srd_mcp_era era;                    /* the core's, of stdio and SSE */
    const struct srd_mcp_revision *revision; /* the core's, of stdio and SSE */
    /* HTTP only: headers as they came; NULL: absent */
    const char *version_header, *method_header, *name_header;
};

/* Where answers go. Any thread, one at a time per exchange. */
struct srd_mcp_sink {
    /* A notification that belongs to the exchange, printed in one line without its end. */
    void (*message)(void *context, const char *json, size_t n);
    /*
     * The end of the exchange, exactly once; the exchange is gone when it returns. @n 0: nothing to
     * send (only notifications came, or it was cancelled): 202 over HTTP. @status is HTTP's.
     */
    void (*answer)(void *context, int status, const char *json, size_t n);
    void *context;
};

#define SRD_MCP_MAX_MESSAGE ((size_t)4 << 20)

/*
 * Takes one message. What can be answered without work has been answered when it returns, and then the
 * exchange is over: NULL. Otherwise the jobs of the exchange must each be run once, on any threads:
 *
 *     for (job = srd_mcp_jobs(exchange); job; job = next) { next = srd_mcp_job_next(job); submit(job); }
 *
 * (Take the next before the job is submitted.) @link, @caller and @sink are copied, the strings in them
 * are not.
 */
struct srd_mcp_exchange *srd_mcp_receive(struct srd_mcp *mcp, struct srd_mcp_link *link,
                                         const struct srd_mcp_caller *caller,
                                         const struct srd_mcp_sink *sink, const char *bytes,
                                         size_t n);
/*
 * The same for a caller that does not speak the protocol (POST /call-tool): one tool by its name.
 * @arguments is an object or NULL, borrowed. The answer is the bare result object ({"content":...,
 * "structuredContent":...} or {"isError":true,"content":...}) with status 200; 404 and {"error","message"}
 * for a tool that does not exist. @arguments must live until sink.answer.
 */
struct srd_mcp_exchange *srd_mcp_call_tool(struct srd_mcp *mcp, const char *scope,
                                           const struct srd_mcp_caller *caller,
                                           const struct srd_mcp_sink *sink, const char *name,
                                           const struct srd_json *arguments);
struct srd_mcp_job *srd_mcp_jobs(struct srd_mcp_exchange *exchange);
struct srd_mcp_job *srd_mcp_job_next(struct srd_mcp_job *job);
void srd_mcp_job_run(struct srd_mcp_job *job); /* blocks; the job is gone when it returns */
/* The text of the argument @name, if it is the call of a tool and has one; NULL. Before it runs. */
const char *srd_mcp_job_argument(const struct srd_mcp_job *job, const char *name);
/* Instead of running it: there is no room for it. -32603 (HTTP: status) with @text. */
void srd_mcp_job_refuse(struct srd_mcp_job *job, int status, const char *text);
/* May messages come before the answer (the client asked for progress, say), so that a stream pays? */
bool srd_mcp_exchange_wants_progress(const struct srd_mcp_exchange *exchange);
/*
 * Nobody waits for the answer any more (the client is gone): its jobs are cancelled, sink.answer is still
 * called. By handle, so that it is harmless when the exchange is over: take the handle before the jobs are
 * submitted.
 */
uint64_t srd_mcp_exchange_handle(const struct srd_mcp_exchange *exchange);
/* Of the modern era, in which a client that closes its connection cancels what it asked. */
bool srd_mcp_exchange_is_modern(const struct srd_mcp_exchange *exchange);
void srd_mcp_abandon(struct srd_mcp *mcp, uint64_t handle);
/* All requests of a scope (an SSE session that ends), or of everybody (NULL: shutdown). */
void srd_mcp_abandon_scope(struct srd_mcp *mcp, const char *scope);

/* ---- stdio (stdio.c) ---- */

struct srd_mcp_stdio_options {
    int in, out;       /* descriptors; @out is the private copy of fd 1 (serve --stdio makes it) */
    size_t workers;    /* 0: 4 */
    size_t queue;      /* 0: 64; beyond it jobs are refused */
    const volatile sig_atomic_t *stop; /* SIGTERM, SIGINT: cancel and return at once */
    struct srd_mcp_caller caller;
};
/*
 * Serves until the input ends (then what was read is finished, 10 s at most), the output is closed, or
 * *stop. One message per line. Returns 0, or SRD_E_SYSTEM.
 *
 * SRD_E_CANCELLED: a call did not notice within 150 ms that nobody waits for it, and is still at work: the
 * process must end now (status 0) without freeing anything that tools use, nor @mcp.
 */
int srd_mcp_stdio(struct srd_mcp *mcp, const struct srd_mcp_stdio_options *options,
                  struct srd_error *err);

#endif
