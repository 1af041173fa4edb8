/* Is the server of this machine alive? For the health check of a container, and for scripts. */

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/healthcheck.h"
#include "cmd/listing.h"
#include "cmd/serve.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/wait.h"

#define TIMEOUT_MS 4000       /* whoever asks every 10 or 30 s wants to know before the next time */
#define DEEP_TIMEOUT_MS 30000 /* the server gives each of its clusters 5 s */
#define LARGEST_ANSWER ((size_t)300 << 10)

static struct {
    const char *url, *listen, *port_file;
    int64_t timeout_ms; /* 0: not said */
    bool deep;
} opt;

static const struct srd_option options[] = {
    { "url", 0, SRD_OPT_TEXT, &opt.url, "URL",
      "whom to ask: http://127.0.0.1:3000/health, or another one's /health",
      .group = SRD_OF_COMMAND },
    { "listen", 0, SRD_OPT_TEXT, &opt.listen, "[ADDRESS:]PORT",
      "the server that listens there, as in serve; default: what serve would take",
      .group = SRD_OF_COMMAND },
    { "port-file", 0, SRD_OPT_TEXT, &opt.port_file, "FILE",
      "the port that the server has written to FILE", .group = SRD_OF_COMMAND },
    { "deep", 0, SRD_OPT_FLAG, &opt.deep, NULL, "let the server ask its clusters, too",
      .group = SRD_OF_COMMAND },
    { "timeout", 0, SRD_OPT_SECONDS, &opt.timeout_ms, "SECONDS",
      "no answer within this time is unhealthy (4, with --deep 30)", .min = 0, .max = 3600,
      .group = SRD_OF_COMMAND },
    { 0 },
};

/* ---- whom to ask ---- */

/* What serve would listen on with the same environment and files. */
static const char *listen_of_settings(struct srd_call *call)
{
    struct srd_settings_places places = srd_settings_places(srd_globals.config, call->arena);
    struct srd_error err = { 0 };
    const char *origin;

    call->settings.server = true;
    /* a running server keeps its old settings when new ones are wrong, so that is no reason to call
     * it ill */
    if (srd_settings_load(&call->settings, &places, &err))
        srd_log(SRD_LOG_WARNING, "%s; asking where the rest says", err.text);
    if (!opt.port_file && *srd_setting_text(&call->settings, SRD_SET_port_file))
        opt.port_file = srd_setting_text(&call->settings, SRD_SET_port_file);
    return srd_serve_listen_of(&call->settings, &origin);
}

/* The port of @listen is in a file: whatever the server got. */
static int put_port(const char **listen, struct srd_arena *arena, struct srd_error *err)
{
    const char *colon = strrchr(*listen, ':');
    unsigned mode;
    bool missing;
    size_t n, digits;
    char *text;

    if (srd_small_file(opt.port_file, arena, &text, &n, &mode, &missing, err))
        return srd_while(err, "port file");
    digits = strspn(text, "0123456789");
    if (!digits || digits > 5 || text[digits + strspn(text + digits, "\r\n")])
        return srd_fail(err, SRD_E_DATA, "\"%s\" holds no port", opt.port_file);
    *listen = srd_arena_printf(arena, "%.*s%.*s", colon ? (int)(colon + 1 - *listen) : 0, *listen,
                               (int)digits, text);
    return 0;
}

static int find_target(struct srd_call *call, struct srd_health_target *out, struct srd_error *err)
{
    const char *listen = opt.listen;

    if (opt.url)
        return srd_health_url(opt.url, call->arena, out, err);
    if (!listen)
        listen = opt.port_file ? "0" : listen_of_settings(call);
    out->authority = opt.port_file;
    if (opt.port_file && put_port(&listen, call->arena, err))
        return err->code;
    out->authority = listen;
    if (srd_health_listen(listen, call->arena, out, err) && opt.listen)
        err->code = SRD_E_USAGE;
    return err->code;
}

/* ---- asking ---- */

/* Waits for @events of @fd; SRD_E_TIMEOUT when @until_ms has come. */
static int wait_for(int fd, short events, int64_t until_ms, struct srd_error *err)
{
    struct pollfd one = { .fd = fd, .events = events };

    for (;;) {
        int64_t left = until_ms - srd_clock_monotonic_ms();
        int got = left > 0 ? poll(&one, 1, (int)(left < 1000 ? left : 1000)) : 0;

        if (got > 0)
            return 0;
        if (srd_flag_up(&srd_interrupted))
            return srd_fail(err, SRD_E_CANCELLED, "interrupted");
        if (got < 0 && errno != EINTR)
            return srd_fail(err, SRD_E_SYSTEM, "could not wait: %s", strerror(errno));
        if (left <= 0)
            return srd_fail(err, SRD_E_TIMEOUT, "it did not answer in time");
    }
}

static const char *why_not(int error)
{
    return error == ECONNREFUSED ? "nothing listens there: is srdiag serve running?"
                                 : strerror(error);
}

static int connect_one(const struct addrinfo *to, int64_t until_ms, int *out, struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close)
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = 0;
    socklen_t n = sizeof(error);

    if (fd < 0)
        return srd_fail(err, SRD_E_SYSTEM, "%s", strerror(errno));
    if (connect(fd, to->ai_addr, to->ai_addrlen)) {
        if (errno != EINPROGRESS)
            return srd_fail(err, SRD_E_CONNECT, "%s", why_not(errno));
        if (wait_for(fd, POLLOUT, until_ms, err))
            return err->code;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) || error)
            return srd_fail(err, SRD_E_CONNECT, "%s", why_not(error ? error : errno));
    }
    *out = fd;
    fd = -1;
    return 0;
}

/* A name server that stays silent must not make this wait for longer than was allowed. */
static int look_up(const struct srd_health_target *target, int64_t until_ms, struct addrinfo **out,
                   struct srd_error *err)
{
    /* not on the stack: one that is not answered yet is still written to when we leave */
    static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    static struct gaicb ask;
    struct gaicb *list[] = { &ask };
    int code;

    ask =
        (struct gaicb){ .ar_name = target->host, .ar_service = target->port, .ar_request = &hints };
    code = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
    while (!code && (code = gai_error(&ask)) == EAI_INPROGRESS) {
        int64_t left = until_ms - srd_clock_monotonic_ms();
        struct timespec wait = { .tv_nsec = (left < 200 ? left : 200) * 1000000 };

        if (srd_flag_up(&srd_interrupted))
            return srd_fail(err, SRD_E_CANCELLED, "interrupted");
        if (left <= 0)
            return srd_fail(err, SRD_E_TIMEOUT, "its name could not be looked up in time");
        gai_suspend((const struct gaicb *const *)list, 1, &wait);
        code = 0;
    }
    if (code)
        return srd_fail(err, SRD_E_CONNECT, "there is no such host: %s", gai_strerror(code));
    *out = ask.ar_result;
    return 0;
}

static int connect_to(const struct srd_health_target *target, int64_t until_ms, int *out,
                      struct srd_error *err)
{
    const struct addrinfo number = { .ai_socktype = SOCK_STREAM,
                                     .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
    struct addrinfo *found = NULL;

    /* an address needs nobody to be asked; only names do, which takes a thread */
    if (getaddrinfo(target->host, target->port, &number, &found) &&
        look_up(target, until_ms, &found, err))
        return err->code;
    for (const struct addrinfo *at = found; at; at = at->ai_next) {
        err->code = SRD_OK;
        if (!connect_one(at, until_ms, out, err) || err->code == SRD_E_CANCELLED)
            break;
    }
    freeaddrinfo(found);
    return err->code;
}

/* HTTP/1.0: the answer ends where the connection does. */
int srd_health_ask(const struct srd_health_target *target, const char *fields, int64_t until_ms,
                   struct srd_buf *answer, struct srd_arena *arena, struct srd_error *err)
{
    const char *words = srd_arena_printf(arena,
                                         "GET %s HTTP/1.0\r\nHost: %s\r\nAccept: application/json"
                                         "\r\nUser-Agent: srdiag-healthcheck/%s\r\n%s\r\n",
                                         target->path, target->authority, SRD_VERSION_TEXT, fields);
    SRD_CLEANUP(srd_fd_close) int fd = -1;
    char piece[16384];
    ssize_t n;

    if (connect_to(target, until_ms, &fd, err))
        return err->code;
    for (size_t left = strlen(words); left;) {
        if (wait_for(fd, POLLOUT, until_ms, err))
            return err->code;
        n = send(fd, words, left, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return srd_fail(err, SRD_E_CONNECT, "it hung up: %s", strerror(errno));
        words += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    do {
        if (wait_for(fd, POLLIN, until_ms, err))
            return err->code;
        n = recv(fd, piece, sizeof(piece), 0);
        if (n > 0)
            srd_buf_add(answer, piece, (size_t)n);
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            return srd_fail(err, SRD_E_CONNECT, "it hung up: %s", strerror(errno));
    } while (n != 0 && !answer->full);
    return answer->full ? srd_fail(err, SRD_E_LIMIT, "its answer has no end: that is no srdiag")
                        : 0;
}

/* ---- the command ---- */

static int print(struct srd_call *call, const struct srd_health_target *target,
                 const struct srd_health *health, struct srd_error *err)
{
    static const struct srd_list_column columns[] = { { .key = "address" },
                                                      { .key = "healthy", .flag = true },
                                                      { .key = "http_status", .number = true },
                                                      { .key = "words" },
                                                      { 0 } };
    const char *status = srd_arena_printf(call->arena, "%d", health->http_status);
    struct srd_listing listing;

    call->status = health->healthy ? SRD_EXIT_OKAY : SRD_EXIT_WARNING;
    if (srd_format_is_prose(call->format)) {
        srd_buf_printf(&call->out, "%s: %s: %s\n", target->authority,
                       health->healthy ? "healthy" : "unhealthy", health->words);
        return 0;
    }
    srd_listing_init(&listing, call->arena, "health", columns);
    srd_listing_add(&listing,
                    (const char *[]){ target->authority, health->healthy ? "yes" : "no",
                                      health->http_status ? status : NULL, health->words });
    return srd_listing_print(call, &listing, err);
}

/* --timeout may also stand before the command, where it is the one of all commands. */
static int64_t timeout_of(const struct srd_settings *settings)
{
    if (opt.timeout_ms)
        return opt.timeout_ms;
    if (settings->chosen[SRD_SET_timeout].rank == SRD_RANK_OPTION)
        return srd_setting_ms(settings, SRD_SET_timeout);
    return opt.deep ? DEEP_TIMEOUT_MS : TIMEOUT_MS;
}

static int check(struct srd_call *call, struct srd_error *err)
{
    (void)call;
    if (opt.url && (opt.listen || opt.port_file))
        return srd_fail(err, SRD_E_USAGE, "--url says it all: leave --listen and --port-file out");
    return 0;
}

static int run(struct srd_call *call, struct srd_error *err)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf answer;
    int64_t timeout_ms = timeout_of(&call->settings);
    struct srd_health_target target = { 0 };
    struct srd_health health = { 0 };
    struct srd_error why = { 0 };

    srd_buf_init(&answer, LARGEST_ANSWER);
    if (!find_target(call, &target, &why)) {
        if (opt.deep)
            target.path = srd_arena_printf(call->arena, "%s%cdeep=1", target.path,
                                           strchr(target.path, '?') ? '&' : '?');
        srd_health_ask(&target, "", srd_clock_monotonic_ms() + timeout_ms, &answer, call->arena,
                       &why);
    }
    if (!why.code)
        srd_health_judge(answer.data, answer.size, call->arena, &health);
    else if (why.code == SRD_E_CANCELLED || why.code == SRD_E_USAGE)
        return srd_fail(err, why.code, "%s", why.text);
    else /* that there was no answer is an answer, too */
        health.words = why.text;
    return print(call, &target, &health, err);
}

const struct srd_command srd_command_healthcheck = {
    .name = "healthcheck",
    .group = "serve",
    .operands = "",
    .summary = "ask a running server whether it is well: exit status 0 or 1",
    .text =
        "For the health check of a container, and for scripts. Without --url or --listen it asks "
        "where serve would listen with the same environment and config file, on this machine. "
        "Healthy is a server that answers and does not mean to stop; whether its clusters can be "
        "reached is asked with --deep only, as a restart of the server would not mend them.",
    .options = options,
    .needs = SRD_NEEDS_NOTHING, /* a config file that is wrong makes no running server ill */
    .check = check,
    .run = run,
};
