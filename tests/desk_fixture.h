#ifndef SRD_TESTS_DESK_FIXTURE_H
#define SRD_TESTS_DESK_FIXTURE_H

/* A desk over the demo or any source, and a caller that speaks to it without a transport. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/serve/desk.h"
#include "lib/source/snapshot.h"

#define DEMO "tests/snapshots/demo.srd"

static inline int open_demo(const struct srd_desk_cluster *cluster,
                            const volatile sig_atomic_t *cancel, struct srd_source **out,
                            struct srd_error *err)
{
    (void)cancel;
    return srd_snapshot_open(cluster->open_data, out, err);
}

static const struct srd_desk_cluster demo_clusters[] = {
    { .name = "default", .open = open_demo, .open_data = DEMO },
};
static const struct srd_desk_options demo_options = {
    .catalogue = &srd_catalogue,
    .tool_version = "0.1.0",
    .clusters = demo_clusters,
    .cluster_count = 1,
    .cache_ms = 60000,
};

static inline struct srd_desk *desk_of(const struct srd_desk_options *options)
{
    struct srd_desk *desk = NULL;
    struct srd_error err = { 0 };

    if (srd_desk_new(options, &desk, &err))
        fail_msg("%s", err.text);
    return desk;
}

/* ---- a caller ---- */

struct reply {
    struct srd_buf text;
    bool quick; /* it came without a job */
    size_t progress;
};

static inline void note_message(void *context, const char *json, size_t n)
{
    struct reply *reply = context;

    (void)json;
    (void)n;
    reply->progress++;
}
static inline void note_answer(void *context, int status, const char *json, size_t n)
{
    struct reply *reply = context;

    (void)status;
    srd_buf_add(&reply->text, json, n);
}

static inline void reply_free(struct reply *reply)
{
    srd_buf_free(&reply->text);
}

/* Calls a tool; @arguments is JSON, with ' for ". The bare result object. */
static inline void call_as(struct srd_mcp *mcp, const char *tenant, const char *tool,
                           const char *arguments, struct reply *reply)
{
    struct srd_mcp_caller caller = { .tenant = tenant };
    struct srd_mcp_sink sink = { .message = note_message, .answer = note_answer, .context = reply };
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    SRD_CLEANUP(srd_free_text) char *text = strdup(arguments);
    struct srd_mcp_exchange *exchange;
    struct srd_error err;

    for (char *p = text; *p; p++)
        if (*p == '\'')
            *p = '"';
    if (srd_json_parse(text, strlen(text), 1 << 20, &json, &err))
        fail_msg("%s", err.text);
    *reply = (struct reply){ .quick = true };
    srd_buf_init(&reply->text, (size_t)4 << 20);
    exchange = srd_mcp_call_tool(mcp, "", &caller, &sink, tool, json);
    for (struct srd_mcp_job *job = exchange ? srd_mcp_jobs(exchange) : NULL, *next; job;
         job = next) {
        next = srd_mcp_job_next(job);
        reply->quick = false;
        srd_mcp_job_run(job);
    }
}

static inline void call(struct srd_mcp *mcp, const char *tool, const char *arguments,
                        struct reply *reply)
{
    call_as(mcp, NULL, tool, arguments, reply);
}

/* structuredContent of a reply, or NULL; the caller frees it. */
static inline struct srd_json *content_of(const struct reply *reply)
{
    struct srd_json *json = NULL, *content;
    struct srd_error err;

    if (srd_json_parse(reply->text.data, reply->text.size, (size_t)4 << 20, &json, &err))
        fail_msg("%s: %.200s", err.text, reply->text.data);
    content = srd_json_take(json, "structuredContent");
    srd_json_free(&json);
    return content;
}

#endif
