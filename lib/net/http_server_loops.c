/* On which threads does the library work, and what becomes of those with an old certificate? */

#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/utf8.h"
#include "lib/net/http_server_private.h"

/*
 * Request line and headers live in this, 60 bytes more for each header, and the head of the answer.
 * No more than the largest head needs: the library clears all of it after each request.
 */
#define CONNECTION_MEMORY ((size_t)44 * 1024)

/* No client of today needs more than TLS 1.2, and older versions are broken. */
#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/*
 * From 1.0 on it refuses by itself what two readers could read in two ways. Before, it refused
 * little, and with a head that was sent twice: there it lets pass, and http_server_head.c refuses.
 */
#define STRICT_LATER 1
#define STRICT_BEFORE 0

/* The first thing it said while it started: why it did not. */
static _Thread_local char *first_words;
#define FIRST_WORDS 512

__attribute__((format(printf, 2, 0))) static void say(void *context, const char *format,
                                                      va_list args)
{
    char text[512];
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean = { 0 };
    bool starting = first_words && !*first_words;

    (void)context;
    if (!starting && srd_log_level() < SRD_LOG_DEBUG)
        return; /* it has a line for each client that leaves too early */
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    if (starting)
        snprintf(first_words, FIRST_WORDS, "%s", text);
    srd_buf_init(&clean, 4 * sizeof(text));
    srd_utf8_clean(&clean, text, strlen(text));
    srd_log(SRD_LOG_DEBUG, "libmicrohttpd: %s", clean.data);
}

static struct MHD_Daemon *start_daemon(struct srd_http_server *server,
                                       const struct srd_http_tls *tls)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0);
    /* lists end where the first option is that has nothing to say */
    struct MHD_OptionItem secure[] = {
        { tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0,
          tls ? (void *)tls->certificate : NULL },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, tls ? (void *)tls->key : NULL },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)PRIORITIES },
        { MHD_OPTION_END, 0, NULL },
    };

    return srd_mhd.start_daemon(
        flags, 0, NULL, NULL, srd_http_on_call, server, MHD_OPTION_EXTERNAL_LOGGER, say,
        NULL, /* first, so that it hears of the others */
        MHD_OPTION_URI_LOG_CALLBACK, srd_http_on_line, server, MHD_OPTION_NOTIFY_COMPLETED,
        srd_http_on_over, server, MHD_OPTION_NOTIFY_CONNECTION, srd_http_on_connection, server,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)server->seat_count,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT,
        srd_mhd.old ? STRICT_BEFORE : STRICT_LATER, MHD_OPTION_ARRAY, secure, MHD_OPTION_END);
}

static int no_loop(const struct srd_http_tls *tls, const char *words, struct srd_error *err)
{
    if (tls)
        return srd_fail(err, SRD_E_CONFIG, "the TLS certificate and its key cannot be used: %s",
                        *words ? words : "they are not PEM, or do not belong together");
    return srd_fail(err, SRD_E_SYSTEM, "the HTTP server did not start: %s",
                    *words ? words : "libmicrohttpd gave no reason");
}

int srd_http_loops_start(struct srd_http_server *server, const struct srd_http_tls *tls,
                         struct srd_http_loop **out, struct srd_error *err)
{
    struct srd_http_loop *loops = NULL;
    char words[FIRST_WORDS] = "";
    sigset_t all, before;
    bool whole = true;

    if (tls && srd_mhd.is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
        return srd_fail(err, SRD_E_INTERNAL, "the installed libmicrohttpd was built without TLS");
    /* signals are the main thread's */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    first_words = words;
    for (size_t i = 0; i < server->options.threads && whole; i++) {
        struct srd_http_loop *loop = calloc(1, sizeof(*loop));

        if (!loop)
            srd_no_memory();
        loop->server = server;
        loop->next = loops;
        loops = loop;
        loop->daemon = start_daemon(server, tls);
        whole = loop->daemon != NULL;
    }
    first_words = NULL;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!whole) {
        srd_http_loops_stop(&loops);
        return no_loop(tls, words, err);
    }
    *out = loops;
    return 0;
}

void srd_http_loops_stop(struct srd_http_loop **loops)
{
    struct srd_http_loop *next;

    for (struct srd_http_loop *loop = *loops; loop; loop = next) {
        next = loop->next;
        if (loop->daemon)
            srd_mhd.stop_daemon(loop->daemon);
        free(loop);
    }
    *loops = NULL;
}

void srd_http_loops_reap(struct srd_http_server *server)
{
    struct srd_http_loop *ended = NULL;

    pthread_mutex_lock(&server->lock);
    for (struct srd_http_loop **link = &server->retired; *link;) {
        struct srd_http_loop *loop = *link;

        if (atomic_load(&loop->connections) > 0) {
            link = &loop->next;
            continue;
        }
        *link = loop->next;
        loop->next = ended;
        ended = loop;
    }
    pthread_mutex_unlock(&server->lock);
    srd_http_loops_stop(&ended);
}
