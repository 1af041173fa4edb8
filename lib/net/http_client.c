/* How is a request sent, and how does its answer come back, bit by bit? */

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/net/http_client_private.h"

#define CONNECT_MS 5000
#define MAX_BODY ((size_t)64 << 20)
#define MAX_HEAD ((size_t)64 << 10)
/*
 * So much is taken from the network before somebody reads it; libcurl hands out 16 KiB at a time.
 */
#define ENOUGH ((size_t)64 << 10)
#define ROOM ((size_t)1 << 20)
#define LOOK_MS 1000 /* nothing waits longer without looking at its deadline */

/* ---- what libcurl calls ---- */

static size_t take_head(char *bytes, size_t size, size_t n, void *context)
{
    struct srd_http_client *client = context;

    (void)bytes;
    client->head_bytes += size * n;
    if (client->head_bytes <= MAX_HEAD)
        return size * n;
    client->bad_head = true;
    return 0;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *context)
{
    struct srd_http_client *client = context;
    size_t all = size * n;

    client->begun = true;
    if (client->bytes.size - client->at >= ENOUGH) {
        client->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (all > client->max_bytes - client->body_bytes) {
        client->too_long = true;
        return 0;
    }
    client->body_bytes += all;
    srd_buf_add(&client->bytes, bytes, all);
    return client->bytes.full ? 0 : all;
}

/* ---- life ---- */

static char *copy(const char *text)
{
    char *out = text ? strdup(text) : NULL;

    if (text && !out)
        srd_no_memory();
    return out;
}

int srd_http_client_new(const struct srd_http_client_options *options, struct srd_http_client **out,
                        struct srd_error *err)
{
    SRD_CLEANUP(srd_http_client_free) struct srd_http_client *client = NULL;

    if (srd_curl_load(err))
        return (int)err->code;
    client = calloc(1, sizeof(*client));
    if (!client)
        srd_no_memory();
    atomic_init(&client->cancelled, false);
    srd_buf_init(&client->bytes, ROOM);
    client->ca = copy(options->ca);
    client->pin = copy(options->pin);
    client->proxy = copy(options->proxy);
    client->connect_ms = options->connect_ms > 0 ? options->connect_ms : CONNECT_MS;
    client->easy = srd_curl.easy_init();
    client->multi = srd_curl.multi_init();
    if (!client->easy || !client->multi)
        return srd_fail(err, SRD_E_SYSTEM, "out of memory");
    *out = SRD_TAKE(client);
    return 0;
}

void srd_http_client_free(struct srd_http_client **client)
{
    struct srd_http_client *c = *client;

    if (!c)
        return;
    srd_http_hang_up(c);
    if (c->easy)
        srd_curl.easy_cleanup(c->easy);
    if (c->multi)
        srd_curl.multi_cleanup(c->multi);
    srd_buf_free(&c->bytes);
    free(c->ca);
    free(c->pin);
    free(c->proxy);
    free(c);
    *client = NULL;
}

const char *srd_http_where(const struct srd_http_client *client)
{
    return client->where;
}

void srd_http_cancel(struct srd_http_client *client)
{
    atomic_store(&client->cancelled, true);
    srd_curl.multi_wakeup(client->multi);
}

/* ---- the request ---- */

static void free_url(CURLU **url)
{
    srd_curl.url_cleanup(*url);
}

/* A part of @url; NULL: it has none. srd_curl.free() releases it. */
static char *part(CURLU *url, CURLUPart which, unsigned flags)
{
    char *text = NULL;

    return srd_curl.url_get(url, which, &text, flags) ? NULL : text;
}

static void free_part(char **text)
{
    srd_curl.free(*text);
}

/* The URL itself is not told: somebody may have put a secret into it. */
static int read_url(struct srd_http_client *client, const char *text, struct srd_error *err)
{
    SRD_CLEANUP(free_url) CURLU *url = srd_curl.url();
    SRD_CLEANUP(free_part) char *scheme = NULL;
    SRD_CLEANUP(free_part) char *host = NULL;
    SRD_CLEANUP(free_part) char *port = NULL;
    SRD_CLEANUP(free_part) char *user = NULL;
    SRD_CLEANUP(free_part) char *password = NULL;
    size_t n;

    if (!url)
        srd_no_memory();
    if (srd_curl.url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME))
        return srd_fail(err, SRD_E_CONFIG,
                        "the URL is none: http://HOST:PORT or https:// expected");
    scheme = part(url, CURLUPART_SCHEME, 0);
    host = part(url, CURLUPART_HOST, 0);
    port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    user = part(url, CURLUPART_USER, 0);
    password = part(url, CURLUPART_PASSWORD, 0);
    if (!scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) || !host ||
        !*host || !port)
        return srd_fail(err, SRD_E_CONFIG,
                        "the URL is none: http://HOST:PORT or https:// expected");
    if (user || password)
        return srd_fail(err, SRD_E_CONFIG, "the URL must not hold a user or a password");
    client->tls = !strcmp(scheme, "https");
    snprintf(client->where, sizeof(client->where), "%.250s:%.8s", host, port);
    n = strlen(host);
    if (*host == '[' && n > 2)
        snprintf(client->host, sizeof(client->host), "%.*s", (int)n - 2, host + 1);
    else
        snprintf(client->host, sizeof(client->host), "%.250s", host);
    return 0;
}

static int add_header(struct srd_http_client *client, const char *line, struct srd_error *err)
{
    struct curl_slist *more;

    for (const char *p = line; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return srd_fail(err, SRD_E_CONFIG, "a header (%.*s) holds a control character",
                            (int)strcspn(line, ":"), line);
    more = srd_curl.slist_append(client->headers, line);
    if (!more)
        srd_no_memory();
    client->headers = more;
    return 0;
}

static int64_t time_left(const struct srd_http_client *client)
{
    int64_t left = client->deadline_ms - srd_clock_monotonic_ms();

    if (!client->deadline_ms)
        return INT64_MAX;
    return left > 0 ? left : 0;
}

static void set_up(struct srd_http_client *client, const struct srd_http_call *call)
{
    CURL *easy = client->easy;
    int64_t left = time_left(client);
    int64_t connect_ms = client->connect_ms < left ? client->connect_ms : left;
    bool head = !strcmp(call->method, "HEAD");

#define SET(option, value) srd_curl.easy_setopt(easy, CURLOPT_##option, value)
    SET(URL, call->url);
    SET(PROTOCOLS_STR, "http,https");
    SET(FOLLOWLOCATION, 0L);
    SET(PROXY, client->proxy ? client->proxy : "");
    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(NOSIGNAL, 1L);
    SET(QUICK_EXIT, 1L); /* who gives up on a name server does not wait for it */
    SET(TCP_KEEPALIVE, 1L);
    SET(CONNECTTIMEOUT_MS, (long)(connect_ms > 0 ? connect_ms : 1));
    SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(USERAGENT, "srdiag/" SRD_VERSION_TEXT);
    SET(ERRORBUFFER, client->words);
    SET(HEADERFUNCTION, take_head);
    SET(HEADERDATA, client);
    SET(WRITEFUNCTION, take_body);
    SET(WRITEDATA, client);
    SET(HTTPHEADER, client->headers);
    if (client->ca) {
        SET(CAINFO, client->ca);
        SET(CAPATH, NULL); /* else every authority of the machine is trusted as well */
    }
    if (client->pin)
        SET(PINNEDPUBLICKEY, client->pin);
    if (head)
        SET(NOBODY, 1L);
    else if (call->body || !strcmp(call->method, "POST")) {
        SET(POST, 1L);
        SET(POSTFIELDSIZE_LARGE, (curl_off_t)call->body_size);
        SET(POSTFIELDS, call->body ? call->body : "");
    }
    if (!head && strcmp(call->method, "GET") != 0 && strcmp(call->method, "POST") != 0)
        SET(CUSTOMREQUEST, call->method);
#undef SET
}

/* ---- the answer ---- */

/* Lets libcurl work until there are bytes, or the end. */
static int pump(struct srd_http_client *client, struct srd_error *err)
{
    while (client->running && !client->done && client->bytes.size == client->at) {
        int64_t left = time_left(client);
        int running, messages;
        CURLMsg *message;

        if (atomic_load(&client->cancelled))
            return srd_fail(err, SRD_E_CANCELLED, "the request to %s was ended", client->where);
        if (!left)
            return srd_http_client_fail(client, CURLE_OPERATION_TIMEDOUT, err);
        if (srd_curl.multi_perform(client->multi, &running))
            return srd_fail(err, SRD_E_INTERNAL, "libcurl gave up");
        while ((message = srd_curl.multi_info_read(client->multi, &messages)))
            if (message->msg == CURLMSG_DONE) {
                client->done = true;
                client->result = message->data.result;
            }
        if (!client->done && client->bytes.size == client->at)
            srd_curl.multi_poll(client->multi, NULL, 0, (int)(left < LOOK_MS ? left : LOOK_MS),
                                NULL);
    }
    return 0;
}

/* How it ended; 0: well, or not yet. */
static int conclude(struct srd_http_client *client, struct srd_error *err)
{
    if (client->too_long)
        return srd_fail(err, SRD_E_LIMIT, "%s answers with more than %zu bytes", client->where,
                        client->max_bytes);
    if (client->bad_head)
        return srd_fail(err, SRD_E_LIMIT, "%s answers with headers of more than %zu bytes",
                        client->where, MAX_HEAD);
    if (client->done && client->result)
        return srd_http_client_fail(client, client->result, err);
    return 0;
}

static int begin(struct srd_http_client *client, const struct srd_http_call *call,
                 struct srd_error *err)
{
    if (read_url(client, call->url, err) || add_header(client, "Expect:", err))
        return (int)err->code;
    for (const char *const *h = call->headers; h && *h; h++)
        if (add_header(client, *h, err))
            return (int)err->code;
    client->deadline_ms = call->deadline_ms;
    client->started_ms = srd_clock_monotonic_ms();
    client->max_bytes = call->max_bytes ? call->max_bytes : MAX_BODY;
    set_up(client, call);
    if (srd_curl.multi_add_handle(client->multi, client->easy))
        return srd_fail(err, SRD_E_INTERNAL, "libcurl does not take the request");
    client->running = true;
    if (pump(client, err))
        return (int)err->code;
    /* what came before it was cut is told first */
    return client->bytes.size > client->at ? 0 : conclude(client, err);
}

int srd_http_call(struct srd_http_client *client, const struct srd_http_call *call,
                  struct srd_http_reply *reply, struct srd_error *err)
{
    long status = 0;
    char *type = NULL;

    srd_http_hang_up(client);
    if (begin(client, call, err)) {
        srd_http_hang_up(client);
        return (int)err->code;
    }
    srd_curl.easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
    srd_curl.easy_getinfo(client->easy, CURLINFO_CONTENT_TYPE, &type);
    snprintf(client->type, sizeof(client->type), "%s", type ? type : "");
    reply->status = (int)status;
    reply->type = client->type;
    return 0;
}

int srd_http_read(struct srd_http_client *client, void *into, size_t room, size_t *got,
                  struct srd_error *err)
{
    size_t waiting;

    *got = 0;
    if (pump(client, err))
        return (int)err->code;
    waiting = client->bytes.size - client->at;
    if (!waiting)
        return conclude(client, err);
    *got = waiting < room ? waiting : room;
    memcpy(into, client->bytes.data + client->at, *got);
    client->at += *got;
    if (client->at < client->bytes.size)
        return 0;
    srd_buf_clear(&client->bytes);
    client->at = 0;
    if (client->paused) {
        client->paused = false;
        srd_curl.easy_pause(client->easy, CURLPAUSE_CONT); /* hands out what it kept */
    }
    return 0;
}

int srd_http_read_all(struct srd_http_client *client, struct srd_buf *out, struct srd_error *err)
{
    char piece[16384];
    size_t got;

    do {
        if (srd_http_read(client, piece, sizeof(piece), &got, err))
            return (int)err->code;
        srd_buf_add(out, piece, got);
        if (out->full)
            return srd_fail(err, SRD_E_LIMIT, "%s answers with more than %zu bytes", client->where,
                            out->ceiling);
    } while (got);
    return 0;
}

void srd_http_hang_up(struct srd_http_client *client)
{
    if (client->running)
        srd_curl.multi_remove_handle(client->multi, client->easy);
    if (client->easy)
        srd_curl.easy_reset(client->easy); /* keeps connections */
    if (client->headers)
        srd_curl.slist_free_all(client->headers);
    client->headers = NULL;
    client->running = client->done = client->begun = client->paused = false;
    client->too_long = client->bad_head = false;
    client->result = CURLE_OK;
    client->body_bytes = client->head_bytes = client->at = 0;
    client->deadline_ms = 0;
    client->words[0] = client->type[0] = '\0';
    srd_buf_clear(&client->bytes);
}
