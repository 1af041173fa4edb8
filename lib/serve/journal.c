/* Who asked what, and what came of it? */

#include "lib/serve/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/secret.h"
#include "lib/base/utf8.h"
#include "lib/source/guard.h"

/* A pipe takes this much whole or not at all (PIPE_BUF). */
#define LONGEST_LINE 4096
#define LONGEST_WORD 256 /* of what a client sent */
#define LONGEST_ARGUMENTS 2048
#define LONGEST_VALUE 200
#define LONGEST_TEXT ((size_t)64 << 10) /* of an argument that is looked through for secrets */

enum which { ACCESS, AUDIT, KINDS };

struct srd_journal {
    pthread_mutex_t lock;
    struct output {
        char *file; /* NULL: @fd is somebody else's */
        int fd;     /* -1: nowhere */
    } to[KINDS];
    bool json, access;
    bool failing; /* said so already */
    uint64_t lost;
};

/* ---- where lines go ---- */

static int open_output(struct output *out, const char *file, int fd, struct srd_error *err)
{
    *out = (struct output){ .fd = fd };
    if (!file)
        return 0;
    out->fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    if (out->fd < 0)
        return srd_fail(err, SRD_E_SYSTEM, "could not open the log file \"%s\": %s", file,
                        strerror(errno));
    out->file = strdup(file);
    if (!out->file)
        srd_no_memory();
    return 0;
}

static void close_output(struct output *out)
{
    if (out->file)
        close(out->fd);
    free(out->file);
    *out = (struct output){ .fd = -1 };
}

static int open_outputs(const struct srd_journal_options *o, struct output to[KINDS],
                        struct srd_error *err)
{
    const char *audit = o->audit_file ? o->audit_file : o->access_file;

    if (open_output(&to[ACCESS], o->access_file, o->fd, err))
        return err->code;
    if (open_output(&to[AUDIT], audit, o->fd, err))
        close_output(&to[ACCESS]);
    return err->code;
}

int srd_journal_change(struct srd_journal *journal, const struct srd_journal_options *options,
                       struct srd_error *err)
{
    struct output to[KINDS], before[KINDS];

    if (open_outputs(options, to, err))
        return err->code;
    pthread_mutex_lock(&journal->lock);
    memcpy(before, journal->to, sizeof(before));
    memcpy(journal->to, to, sizeof(to));
    journal->json = options->json;
    journal->access = options->access;
    pthread_mutex_unlock(&journal->lock);
    for (int i = 0; i < KINDS; i++)
        close_output(&before[i]);
    return 0;
}

int srd_journal_new(const struct srd_journal_options *options, struct srd_journal **out,
                    struct srd_error *err)
{
    struct srd_journal *journal = calloc(1, sizeof(*journal));

    if (!journal)
        srd_no_memory();
    pthread_mutex_init(&journal->lock, NULL);
    for (int i = 0; i < KINDS; i++)
        journal->to[i].fd = -1;
    if (srd_journal_change(journal, options, err))
        srd_journal_free(&journal);
    *out = journal;
    return err->code;
}

void srd_journal_reopen(struct srd_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    for (int i = 0; i < KINDS; i++) {
        struct srd_error err = { 0 };
        struct output again;

        if (!journal->to[i].file)
            continue;
        if (open_output(&again, journal->to[i].file, -1, &err)) {
            srd_log(SRD_LOG_WARNING, "%s; the old one is used on", err.text);
            continue;
        }
        close_output(&journal->to[i]);
        journal->to[i] = again;
    }
    journal->failing = false;
    pthread_mutex_unlock(&journal->lock);
}

void srd_journal_free(struct srd_journal **journal)
{
    if (!*journal)
        return;
    for (int i = 0; i < KINDS; i++)
        close_output(&(*journal)->to[i]);
    pthread_mutex_destroy(&(*journal)->lock);
    free(*journal);
    *journal = NULL;
}

uint64_t srd_journal_lost(struct srd_journal *journal)
{
    uint64_t lost;

    pthread_mutex_lock(&journal->lock);
    lost = journal->lost;
    pthread_mutex_unlock(&journal->lock);
    return lost;
}

/* 0, or why the line was dropped. A pipe that nobody empties must not stop the server. */
static int write_line(int fd, const char *bytes, size_t n)
{
    struct pollfd ready = { .fd = fd, .events = POLLOUT };
    ssize_t done;

    if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
        return EAGAIN;
    do
        done = write(fd, bytes, n);
    while (done < 0 && errno == EINTR);
    return done < 0 ? errno : (size_t)done < n ? ENOSPC : 0;
}

static void put_line(struct srd_journal *journal, enum which which, struct srd_buf *line)
{
    int why = 0;

    if (line->full) { /* cannot be: every part is cut before; but half a line is none */
        srd_buf_clear(line);
        srd_buf_text(line, "(a line was too long)");
    }
    srd_buf_char(line, '\n');
    pthread_mutex_lock(&journal->lock);
    if (journal->to[which].fd >= 0)
        why = write_line(journal->to[which].fd, line->data, line->size);
    if (why) {
        journal->lost++;
        if (!journal->failing)
            srd_log(SRD_LOG_WARNING, "lines of the log are lost: %s", strerror(why));
    }
    journal->failing = why != 0;
    pthread_mutex_unlock(&journal->lock);
}

/* Is anybody going to read it? @json: in which form. */
static bool is_read(struct srd_journal *journal, enum which which, bool *json)
{
    bool read;

    pthread_mutex_lock(&journal->lock);
    read = journal->to[which].fd >= 0 && (which == AUDIT || journal->access);
    *json = journal->json;
    pthread_mutex_unlock(&journal->lock);
    return read;
}

/* ---- what is in a line ---- */

/* Always with milliseconds, so that lines can be sorted as text. */
static void put_time(struct srd_buf *line, int64_t now_ms)
{
    char text[SRD_TIME_SIZE];

    srd_time_rfc3339(now_ms, text);
    srd_buf_text(line, text);
    if (!strchr(text, '.')) {
        line->data[--line->size] = '\0';
        srd_buf_text(line, ".000Z");
    }
}

/* Text of a client, cleaned and cut. */
static void put_cut(struct srd_buf *line, const char *text, size_t most)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean = { 0 };
    size_t n = strlen(text);

    srd_buf_init(&clean, 4 * LONGEST_LINE + 16); /* a byte becomes at most \xNN or \u{NNNN} */
    srd_utf8_clean(&clean, text, n > LONGEST_LINE ? srd_utf8_whole(text, LONGEST_LINE) : n);
    if (clean.size <= most) {
        srd_buf_text(line, clean.data);
        return;
    }
    srd_buf_add(line, clean.data, srd_utf8_whole(clean.data, most));
    srd_buf_text(line, "...");
}

/* name=value; a value with a blank, or one that could be taken for two fields, in quotes. */
static void put_field(struct srd_buf *line, bool json, const char *name, const char *value)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf cut = { 0 };

    if (!value)
        return;
    srd_buf_init(&cut, LONGEST_LINE);
    put_cut(&cut, value, LONGEST_WORD);
    if (json) {
        srd_buf_printf(line, ",\"%s\":", name);
        srd_json_quote(line, cut.data, cut.size);
        return;
    }
    srd_buf_printf(line, " %s=", name);
    if (*cut.data && !strpbrk(cut.data, " \"="))
        srd_buf_text(line, cut.data);
    else
        srd_json_quote(line, cut.data, cut.size);
}

static void put_number(struct srd_buf *line, bool json, const char *name, int64_t number)
{
    srd_buf_printf(line, json ? ",\"%s\":%lld" : " %s=%lld", name, (long long)number);
}

void srd_journal_request(struct srd_journal *journal, const struct srd_journal_request *r)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf line = { 0 };
    bool json;

    if (!is_read(journal, ACCESS, &json))
        return;
    srd_buf_init(&line, LONGEST_LINE - 2);
    srd_buf_text(&line, json ? "{\"time\":\"" : "");
    put_time(&line, srd_clock_now_ms());
    if (json) {
        srd_buf_text(&line, "\",\"kind\":\"request\"");
        put_field(&line, true, "method", r->method);
        put_field(&line, true, "path", r->path);
        put_number(&line, true, "status", r->status);
        put_number(&line, true, "ms", r->ms);
    } else {
        srd_buf_char(&line, ' ');
        put_cut(&line, r->method, 16);
        srd_buf_char(&line, ' ');
        put_cut(&line, r->path, LONGEST_WORD);
        srd_buf_printf(&line, " %d %lldms", r->status, (long long)r->ms);
    }
    put_field(&line, json, "peer", r->peer);
    put_field(&line, json, "key", r->principal);
    put_field(&line, json, "tenant", r->tenant);
    put_field(&line, json, "id", r->id);
    put_field(&line, json, "refused", r->refused);
    put_number(&line, json, "bytes", (int64_t)r->bytes);
    srd_buf_text(&line, json ? "}" : "");
    put_line(journal, ACCESS, &line);
}

/* ---- calls ---- */

/* Who sets a password by mistake here is refused, and what he typed is nobody's business. */
static void forget_literals(struct srd_buf *sql)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *rest = srd_guard_hide_literals(sql->data, sql->size, arena);

    srd_buf_clear(sql);
    srd_buf_text(sql, rest);
}

/* The value of an argument as JSON, without what is secret in it. */
static void put_value(struct srd_buf *out, const char *name, const struct srd_json *value,
                      bool failed)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text = { 0 }, hidden = { 0 }, cut = { 0 };
    bool is_text = srd_json_kind(value) == SRD_JSON_STRING;

    srd_buf_init(&text, LONGEST_TEXT);
    srd_buf_init(&hidden, 2 * LONGEST_TEXT);
    srd_buf_init(&cut, LONGEST_LINE);
    if (is_text)
        srd_buf_text(&text, srd_json_text(value));
    else
        srd_json_print(value, false, &text);
    if (failed && is_text && !text.full && !strcmp(name, "sql"))
        forget_literals(&text);
    if (text.full)
        srd_buf_text(&cut, "(long)");
    else if (srd_secret_value(name, text.data))
        srd_buf_text(&cut, "***");
    else
        put_cut(&cut, srd_secret_hide(&hidden, text.data) ? hidden.data : text.data, LONGEST_VALUE);
    if (!is_text && *text.data && !strcmp(cut.data, text.data))
        srd_buf_text(out, text.data);
    else
        srd_json_quote(out, cut.data, cut.size);
}

static void put_arguments(struct srd_buf *line, bool json, const struct srd_json *arguments,
                          bool failed)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };
    const struct srd_json *at = srd_json_first(arguments);

    srd_buf_init(&out, LONGEST_ARGUMENTS);
    srd_buf_char(&out, '{');
    for (; at; at = srd_json_next(at)) {
        SRD_CLEANUP(srd_buf_free) struct srd_buf one = { 0 }, name = { 0 };

        srd_buf_init(&one, LONGEST_LINE);
        srd_buf_init(&name, LONGEST_LINE);
        put_cut(&name, srd_json_key(at), 64);
        srd_json_quote(&one, name.data, name.size);
        srd_buf_char(&one, ':');
        put_value(&one, srd_json_key(at), at, failed);
        if (one.full || out.size + one.size + 16 > LONGEST_ARGUMENTS) {
            srd_buf_printf(&out, "%s\"...\":\"...\"", out.size > 1 ? "," : "");
            break;
        }
        srd_buf_printf(&out, "%s%s", out.size > 1 ? "," : "", one.data);
    }
    srd_buf_char(&out, '}');
    srd_buf_printf(line, json ? ",\"arguments\":%s" : " arguments=%s", out.data);
}

static const char *transport_name(enum srd_mcp_transport transport)
{
    return transport == SRD_MCP_STDIO ? "stdio" : transport == SRD_MCP_SSE ? "sse" : "http";
}

void srd_journal_call(struct srd_journal *journal, const struct srd_mcp_call *call,
                      const struct srd_mcp_result *result, int64_t ms, bool cancelled)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf line = { 0 };
    const struct srd_mcp_caller *caller = call->caller;
    const char *outcome = cancelled ? "cancelled" : result->is_error ? "error" : "ok";
    bool json;

    if (!is_read(journal, AUDIT, &json))
        return;
    srd_buf_init(&line, LONGEST_LINE - 2);
    srd_buf_text(&line, json ? "{\"time\":\"" : "");
    put_time(&line, srd_clock_now_ms());
    if (json) {
        srd_buf_text(&line, "\",\"kind\":\"call\"");
        put_field(&line, true, "tool", call->tool->name);
        put_field(&line, true, "outcome", outcome);
        put_number(&line, true, "ms", ms);
    } else {
        srd_buf_printf(&line, " CALL %s %s %lldms", call->tool->name, outcome, (long long)ms);
    }
    put_field(&line, json, "transport", transport_name(call->transport));
    put_field(&line, json, "peer", caller->peer);
    put_field(&line, json, "key", caller->principal);
    put_field(&line, json, "tenant", caller->tenant);
    put_field(&line, json, "id", caller->request_id);
    put_field(&line, json, "cluster", srd_json_text(srd_json_get(call->arguments, "cluster")));
    put_number(&line, json, "bytes", (int64_t)result->members.size);
    put_arguments(&line, json, call->arguments, result->is_error);
    srd_buf_text(&line, json ? "}" : "");
    put_line(journal, AUDIT, &line);
}
