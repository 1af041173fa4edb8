/* Is what came back the answer of a healthy srdiag? */

#include <ctype.h>
#include <string.h>

#include "cmd/healthcheck.h"
#include "cmd/words.h"
#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/serve/gate.h"

#define LARGEST_JSON ((size_t)256 << 10)
#define LONGEST_WORDS 300 /* bytes of one text of the server's */

/* ---- whom to ask ---- */

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

static void set_target(const char *host, const char *port, struct srd_arena *arena,
                       struct srd_health_target *out)
{
    out->host = host;
    out->port = port;
    out->authority = srd_arena_printf(arena, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

int srd_health_url(const char *url, struct srd_arena *arena, struct srd_health_target *out,
                   struct srd_error *err)
{
    const char *from = url + 7, *colon, *digits = "80";
    size_t n, host;
    int64_t port;

    if (srd_text_prefix(url, "https://"))
        return srd_fail(
            err, SRD_E_USAGE,
            "--url: healthcheck speaks plain HTTP and no TLS; ask the server behind the "
            "proxy that ends TLS, or check https with a client of its own");
    if (!srd_text_prefix(url, "http://"))
        return srd_fail(err, SRD_E_USAGE, "--url wants http://HOST[:PORT][/PATH]");
    n = strcspn(from, "/?#");
    if (!is_plain(from) || memchr(from, '@', n) || strchr(from, '#'))
        return srd_fail(err, SRD_E_USAGE,
                        "--url wants http://HOST[:PORT][/PATH], without user, blanks and fragment");
    out->path = from[n] == '/'   ? srd_arena_copy(arena, from[n + 1] ? from + n : "/health")
                : from[n] == '?' ? srd_arena_printf(arena, "/health%s", from + n)
                                 : "/health";
    from = srd_arena_copy_n(arena, from, n);
    colon = *from == '[' ? strchr(from, ']') : strchr(from, ':');
    host = *from == '[' ? colon ? (size_t)(colon - from) : 0 : strcspn(from, ":");
    if (*from == '[' && colon)
        colon = colon[1] ? colon + 1 : NULL;
    if (colon)
        digits = colon + 1;
    if (host <= (*from == '[') || (colon && *colon != ':') || !srd_text_int64(digits, &port) ||
        port < 1 || port > 65535)
        return srd_fail(err, SRD_E_USAGE, "--url wants a host, and a port from 1 to 65535");
    from = *from == '[' ? srd_arena_copy_n(arena, from + 1, host - 1)
                        : srd_arena_copy_n(arena, from, host);
    set_target(from, srd_arena_printf(arena, "%d", (int)port), arena, out);
    return 0;
}

int srd_health_listen(const char *listen, struct srd_arena *arena, struct srd_health_target *out,
                      struct srd_error *err)
{
    const char *address;
    int port;

    if (srd_listen_parse(listen, arena, &address, &port, err))
        return err->code;
    if (!port)
        return srd_fail(
            err, SRD_E_CONFIG,
            "port 0 is any free one: say which with --url, or where it was written with "
            "--port-file");
    if (!address || !strcmp(address, "0.0.0.0"))
        address = "127.0.0.1";
    else if (!strcmp(address, "::"))
        address = "::1";
    out->path = "/health";
    set_target(address, srd_arena_printf(arena, "%d", port), arena, out);
    return 0;
}

/* ---- what it said ---- */

/* A text of the server's for a message. */
static const char *clean(const char *text, struct srd_arena *arena)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    size_t n = strnlen(text, LONGEST_WORDS + 1);

    srd_buf_init(&out, 16 * LONGEST_WORDS);
    srd_utf8_clean(&out, text, n > LONGEST_WORDS ? srd_utf8_whole(text, LONGEST_WORDS) : n);
    return srd_arena_printf(arena, "%s%s", out.data, n > LONGEST_WORDS ? "..." : "");
}

static const char *text_of(const struct srd_json *json, const char *key, struct srd_arena *arena)
{
    const char *text = srd_json_text(srd_json_get(json, key));

    return text && *text ? clean(text, arena) : NULL;
}

/* "HTTP/1.1 200 ..." -> 200; 0: that is not HTTP. */
static int status_of(const char *bytes, size_t n)
{
    int status = 0;

    if (n < 12 || memcmp(bytes, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)bytes[7]) ||
        bytes[8] != ' ')
        return 0;
    for (size_t i = 9; i < 12; i++) {
        if (!isdigit((unsigned char)bytes[i]))
            return 0;
        status = 10 * status + (bytes[i] - '0');
    }
    return status;
}

/* Names of the checks that are false, with commas; "" if none is. */
static const char *failed_checks(const struct srd_json *json, struct srd_arena *arena)
{
    const struct srd_json *checks = srd_json_get(json, "checks");
    const char *out = "";
    bool good;

    if (srd_json_kind(checks) != SRD_JSON_OBJECT)
        return out;
    for (const struct srd_json *at = srd_json_first(checks); at; at = srd_json_next(at)) {
        if (!srd_json_bool(at, &good) || good)
            continue;
        if (strlen(out) > 4 * LONGEST_WORDS)
            return srd_arena_printf(arena, "%s, ...", out);
        out = srd_arena_printf(arena, "%s%s%s", out, *out ? ", " : "",
                               clean(srd_json_key(at), arena));
    }
    return out;
}

static const char *words_when_healthy(const struct srd_json *json, struct srd_arena *arena)
{
    const char *version = text_of(json, "version", arena);
    double uptime_s;

    if (!srd_json_number(srd_json_get(json, "uptime"), &uptime_s) || !(uptime_s >= 0) ||
        uptime_s > 1e12)
        return srd_arena_printf(arena, "srdiag %s", version ? version : "of an unknown version");
    return srd_arena_printf(arena, "srdiag %s, up %s", version ? version : "of an unknown version",
                            srd_text_duration(arena, (int64_t)(uptime_s * 1000)));
}

/* Of a refusal or an error of ours, or of a proxy in between. */
static const char *words_of_error(const struct srd_json *json, int status, struct srd_arena *arena)
{
    const char *error = text_of(json, "error", arena), *message = text_of(json, "message", arena);

    if (!error)
        return srd_arena_printf(arena, "it answered with HTTP status %d", status);
    return srd_arena_printf(arena, "it answered %d %s%s%s", status, error, message ? ": " : "",
                            message ? message : "");
}

static void judge_json(const struct srd_json *json, struct srd_arena *arena, struct srd_health *out)
{
    const char *state = text_of(json, "status", arena), *failed;

    if (!state) {
        out->words = out->http_status == 200
                         ? "what answers there is no srdiag: its /health names no status"
                         : words_of_error(json, out->http_status, arena);
        return;
    }
    out->healthy = out->http_status == 200 && !strcmp(state, "healthy");
    failed = failed_checks(json, arena);
    if (out->healthy)
        out->words = words_when_healthy(json, arena);
    else if (!strcmp(failed, "server"))
        out->words = "it is shutting down";
    else
        out->words =
            srd_arena_printf(arena, "it says \"%s\"%s%s", state, *failed ? ": " : "", failed);
}

/* Where the body begins; NULL: the head has no end. */
static const char *body_of(const char *bytes, size_t n)
{
    const char *end = memmem(bytes, n, "\r\n\r\n", 4);

    return end ? end + 4 : NULL;
}

void srd_health_judge(const char *bytes, size_t n, struct srd_arena *arena, struct srd_health *out)
{
    const char *body = body_of(bytes, n);
    struct srd_error err = { 0 };
    struct srd_json *json = NULL;

    *out = (struct srd_health){ .http_status = status_of(bytes, n) };
    if (!n)
        out->words = "it closed the connection without an answer";
    else if (n > 2 && (bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 3)
        out->words = "it speaks TLS, and healthcheck does not";
    else if (!out->http_status)
        out->words = "what answers there does not speak HTTP";
    else if (!body)
        out->words = "its answer was cut off";
    else if (srd_json_parse(body, n - (size_t)(body - bytes), LARGEST_JSON, &json, &err) ||
             srd_json_kind(json) != SRD_JSON_OBJECT)
        out->words = out->http_status == 200
                         ? "what answers there is no srdiag: its /health is no JSON"
                         : words_of_error(NULL, out->http_status, arena);
    else
        judge_json(json, arena, out);
    srd_json_free(&json);
}
