/* How do new settings come into force while requests run? */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/serve/notify.h"
#include "lib/serve/serve_private.h"

#define LARGEST_PEM (1 << 20)

/* ---- generations ---- */

struct srd_generation *srd_generation_hold(struct srd_serve *serve)
{
    struct srd_generation *now;

    pthread_mutex_lock(&serve->lock);
    now = serve->now;
    now->users++;
    pthread_mutex_unlock(&serve->lock);
    return now;
}

static void end(struct srd_generation *generation)
{
    struct srd_arena *arena = generation->arena; /* it lives in there itself */

    srd_arena_free(&arena);
}

/* With the lock: ends those that are over and that nobody holds. */
static void end_unheld(struct srd_serve *serve)
{
    for (struct srd_generation **at = &serve->past; *at;) {
        struct srd_generation *gone = *at;

        if (gone->users) {
            at = &gone->next;
            continue;
        }
        *at = gone->next;
        end(gone);
    }
}

void srd_generation_drop(struct srd_serve *serve, struct srd_generation *generation)
{
    pthread_mutex_lock(&serve->lock);
    if (!--generation->users && generation != serve->now)
        end_unheld(serve);
    pthread_mutex_unlock(&serve->lock);
}

static void change(struct srd_serve *serve, struct srd_generation *next)
{
    pthread_mutex_lock(&serve->lock);
    if (serve->now) {
        serve->now->next = serve->past;
        serve->past = serve->now;
    }
    serve->now = next;
    end_unheld(serve);
    pthread_mutex_unlock(&serve->lock);
}

void srd_generation_free_all(struct srd_serve *serve)
{
    change(serve, NULL);
}

/* ---- files ---- */

static int read_text(const char *file, struct srd_arena *arena, const char **out,
                     struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    char *bytes;

    if (fd < 0 || fstat(fd, &st))
        return srd_fail(err, SRD_E_CONFIG, "could not open \"%s\": %s", file, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size > LARGEST_PEM)
        return srd_fail(err, SRD_E_CONFIG, "\"%s\" is no file of at most 1 MiB", file);
    bytes = srd_arena_alloc(arena, (size_t)st.st_size + 1);
    if (srd_fd_read(fd, bytes, (size_t)st.st_size) < 0)
        return srd_fail(err, SRD_E_CONFIG, "could not read \"%s\": %s", file, strerror(errno));
    *out = bytes;
    return 0;
}

int srd_tls_read(const struct srd_serve_options *options, struct srd_arena *arena,
                 struct srd_http_tls *out, struct srd_error *err)
{
    *out = (struct srd_http_tls){ 0 };
    if (!options->tls_cert)
        return 0;
    if (read_text(options->tls_cert, arena, &out->certificate, err))
        return srd_while(err, "certificate");
    if (read_text(options->tls_key, arena, &out->key, err))
        return srd_while(err, "private key");
    return 0;
}

struct srd_journal_options srd_journal_of(const struct srd_serve_options *options)
{
    return (struct srd_journal_options){ .access_file = options->log_file,
                                         .audit_file = options->audit_file,
                                         .fd = options->log_fd,
                                         .json = options->log_json,
                                         .access = options->log_access };
}

/* ---- the reload ---- */

static void tell_what_stays(const struct srd_serve_options *now,
                            const struct srd_serve_options *next)
{
    if (!srd_text_same(now->listen, next->listen) || now->workers != next->workers ||
        now->http != next->http || now->sse != next->sse || !now->tls_cert != !next->tls_cert)
        srd_log(SRD_LOG_WARNING,
                "listen, transport, workers and whether there is TLS change with a restart only");
}

/* What is asked of others comes first: the last step cannot fail. */
static int take_over(struct srd_serve *serve, const struct srd_serve_options *next,
                     struct srd_arena *arena, struct srd_error *err)
{
    struct srd_journal_options journal = srd_journal_of(next);
    struct srd_http_tls tls;

    if (srd_tls_read(next, arena, &tls, err))
        return err->code;
    if (tls.certificate && serve->now->rules.options.tls_cert &&
        srd_http_reload_tls(serve->http, &tls, err))
        return err->code;
    if (srd_journal_change(serve->journal, &journal, err))
        return err->code;
    return srd_desk_reload(serve->desk, &next->desk, err);
}

static int reload(struct srd_serve *serve, struct srd_error *err)
{
    struct srd_arena *arena = srd_arena_new();
    struct srd_generation *next = srd_arena_alloc(arena, sizeof(*next));
    const struct srd_serve_options *now = &serve->now->rules.options; /* only we change it */

    next->arena = arena;
    if (!serve->life->load(serve->life->context, arena, &next->rules.options, err)) {
        if (!now->tenants != !next->rules.options.tenants)
            srd_fail(err, SRD_E_CONFIG,
                     "whether the server has tenants changes with a restart only");
        next->rules.options.listen_fd = now->listen_fd;
        tell_what_stays(now, &next->rules.options);
        next->rules.options.http = now->http;
        next->rules.options.sse = now->sse;
        next->rules.options.listen = srd_arena_copy(arena, now->listen);
        next->rules.options.listen_origin = srd_arena_copy(arena, now->listen_origin);
        next->rules.routes = srd_routes(&next->rules.options, arena);
        if (!err->code && !srd_rules_make(&next->rules, arena, err)) {
            next->rules.port = serve->now->rules.port;
            take_over(serve, &next->rules.options, arena, err);
        }
    }
    if (err->code)
        srd_arena_free(&arena);
    else
        change(serve, next);
    if (!err->code && next->rules.options.tenants)
        srd_sse_part(serve, next->rules.options.tenants);
    return err->code;
}

int srd_serve_reload(struct srd_serve *serve, struct srd_error *err)
{
    pthread_mutex_lock(&serve->reloading);
    srd_notify_reloading();
    if (reload(serve, err))
        srd_log(SRD_LOG_ERROR, "nothing was changed: %s", err->text);
    else
        srd_log(SRD_LOG_INFO, "the configuration was read again");
    srd_notify("READY=1");
    pthread_mutex_unlock(&serve->reloading);
    return err->code;
}
