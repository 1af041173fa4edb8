/* What does the agent of this machine answer to its owner? */

#include <stdio.h>
#include <string.h>

#include "cmd/agent_home.h"
#include "cmd/healthcheck.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/net/http_client.h"

#define LARGEST_ANSWER ((size_t)256 << 10)

static int get_plain(const char *url, const char *path, const char *token, int64_t until_ms,
                     struct srd_arena *arena, struct srd_buf *answer, struct srd_error *err)
{
    const char *fields = token ? srd_arena_printf(arena, "X-Agent-Token: %s\r\n", token) : "", *end;
    struct srd_health_target target;
    int status = 0;

    /* one that listens on every address is asked on this machine */
    if (srd_health_listen(url + 7, arena, &target, err))
        return 0;
    target.path = path;
    if (srd_health_ask(&target, fields, until_ms, answer, arena, err))
        return 0;
    end = strstr(answer->data, "\r\n\r\n");
    if (!end || sscanf(answer->data, "HTTP/%*1[1].%*1[01] %3d", &status) != 1) {
        srd_fail(err, SRD_E_CONNECT, "what answers there speaks no HTTP");
        return 0;
    }
    end = srd_arena_copy_n(arena, end + 4, answer->size - (size_t)(end + 4 - answer->data));
    srd_buf_clear(answer);
    srd_buf_text(answer, end);
    return status;
}

/* Its own certificate is trusted, and no other: whoever has its key is the agent. */
static int get_tls(const char *url, const char *ca, const char *path, const char *token,
                   int64_t until_ms, struct srd_arena *arena, struct srd_buf *answer,
                   struct srd_error *err)
{
    SRD_CLEANUP(srd_http_client_free) struct srd_http_client *client = NULL;
    const struct srd_http_client_options options = { .ca = ca };
    const char *headers[] = { token ? srd_arena_printf(arena, "X-Agent-Token: %s", token) : NULL,
                              NULL };
    struct srd_http_call call = {
        .method = "GET", .headers = headers, .deadline_ms = until_ms, .max_bytes = LARGEST_ANSWER
    };
    const char *colon = strrchr(url, ':');
    struct srd_http_reply reply;

    if (colon && (srd_text_prefix(url, "https://0.0.0.0:") || srd_text_prefix(url, "https://*:") ||
                  srd_text_prefix(url, "https://[::]:")))
        url = srd_arena_printf(arena, "https://127.0.0.1%s", colon);
    call.url = srd_arena_printf(arena, "%s%s", url, path);
    if (srd_http_client_new(&options, &client, err) || srd_http_call(client, &call, &reply, err) ||
        srd_http_read_all(client, answer, err))
        return 0;
    return reply.status;
}

int srd_home_get(const char *url, const char *ca, const char *path, const char *token,
                 int64_t until_ms, struct srd_arena *arena, struct srd_json **body,
                 struct srd_error *err)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf answer;
    struct srd_error ignored = { 0 };
    int status;

    if (body)
        *body = NULL;
    srd_buf_init(&answer, LARGEST_ANSWER);
    status = srd_text_prefix(url, "http://")
                 ? get_plain(url, path, token, until_ms, arena, &answer, err)
                 : get_tls(url, ca, path, token, until_ms, arena, &answer, err);
    if (status && body)
        srd_json_parse(answer.data, answer.size, LARGEST_ANSWER, body, &ignored);
    return status;
}

int srd_home_health(const char *url, const char *ca, int64_t until_ms, struct srd_arena *arena,
                    struct srd_home_state *out, const char **why)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_error err = { 0 };
    int status = srd_home_get(url, ca, "/health", NULL, until_ms, arena, &json, &err);
    const char *says = srd_json_text(srd_json_get(json, "status"));

    *out = (struct srd_home_state){ 0 };
    if (status == 200 && says && !strcmp(says, "healthy")) {
        out->version = srd_arena_copy(arena, srd_json_text(srd_json_get(json, "version")));
        srd_json_number(srd_json_get(json, "uptime"), &out->uptime_s);
        return 200;
    }
    *why = status ? srd_arena_printf(arena, "it answered with HTTP status %d", status)
                  : srd_arena_copy(arena, err.text);
    return status == 200 ? 500 : status;
}
