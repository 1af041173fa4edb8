/* What does the head of a request say, and could another reader of the same bytes read it
 * otherwise? */

#include <ctype.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/net/http_server_private.h"

#define MAX_HEAD ((size_t)32 * 1024)
#define MAX_FIELDS 100

/* Where the library keeps a field's bytes. */
struct place {
    const char *name, *value;
    size_t name_size, value_size;
};
struct places {
    size_t count;
    struct place list[MAX_FIELDS];
};

static enum MHD_Result collect(void *context, enum MHD_ValueKind kind, const char *name,
                               size_t name_size, const char *value, size_t value_size)
{
    struct places *places = context;

    (void)kind;
    if (places->count < MAX_FIELDS)
        places->list[places->count] =
            (struct place){ name, value ? value : "", name_size, value ? value_size : 0 };
    places->count++;
    return places->count <= MAX_FIELDS ? MHD_YES : MHD_NO;
}

/* RFC 9110, 5.6.2 */
static bool is_token(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("!#$%&'*+-.^_`|~", text[i]))
            return false;
    return n > 0 && memchr(text, '\0', n) == NULL;
}

static bool is_value(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/*
 * libmicrohttpd before 1.0 joins folded lines, takes a bare LF for the end of a line and cuts a
 * line at a NUL: a proxy before us may have read the same bytes otherwise. It parses in place,
 * though, so that plain lines lie one behind the other, each with its CR LF overwritten. Later ones
 * refuse all three.
 */
static bool lines_are_plain(const struct places *places, const char *method, const char *version,
                            size_t head_size)
{
    const char *end = version + strlen(version);

    for (size_t i = 0; i < places->count; i++) {
        const struct place *at = &places->list[i];

        if (at->name != end + 2 || at->value < at->name + at->name_size + 1)
            return false;
        for (const char *p = at->name + at->name_size + 1; p < at->value; p++)
            if (*p != ' ' && *p != '\t')
                return false;
        end = at->value + at->value_size;
    }
    return end + 4 == method + head_size;
}

static void keep_fields(struct srd_http_exchange *x, const struct places *places)
{
    struct srd_arena *arena = x->request.arena;

    x->fields = srd_arena_array(arena, places->count + 1, sizeof(*x->fields));
    x->field_count = places->count;
    for (size_t i = 0; i < places->count; i++) {
        const struct place *at = &places->list[i];
        size_t n = at->value_size;

        while (n > 0 && (at->value[n - 1] == ' ' || at->value[n - 1] == '\t'))
            n--;
        x->fields[i].name = srd_arena_copy_n(arena, at->name, at->name_size);
        x->fields[i].value = srd_arena_copy_n(arena, at->value, n);
    }
}

static const char *check_fields(const struct srd_http_exchange *x)
{
    for (size_t i = 0; i < x->field_count; i++) {
        if (!is_token(x->fields[i].name, strlen(x->fields[i].name)))
            return "the name of a header is no name";
        if (!is_value(x->fields[i].value, strlen(x->fields[i].value)))
            return "a header contains control characters";
    }
    return NULL;
}

/* How long is the body? Two readers must come to the same answer, or one of them reads a request
 * that nobody sent. */
static const char *check_lengths(struct srd_http_exchange *x)
{
    const struct srd_http_request *request = &x->request;
    const char *length = srd_http_header(request, "Content-Length");
    const char *coding = srd_http_header(request, "Transfer-Encoding");

    if (srd_http_header_count(request, "Content-Length") > 1)
        return "more than one Content-Length";
    if (srd_http_header_count(request, "Transfer-Encoding") > 1)
        return "more than one Transfer-Encoding";
    if (length && coding)
        return "both Content-Length and Transfer-Encoding";
    if (coding) {
        if (strcasecmp(coding, "chunked") != 0)
            return "a Transfer-Encoding other than chunked";
        if (strcmp(x->version, "HTTP/1.1") != 0)
            return "Transfer-Encoding in HTTP/1.0";
        x->body_said = UINT64_MAX;
        return NULL;
    }
    if (!length)
        return NULL;
    if (!*length || length[strspn(length, "0123456789")])
        return "a Content-Length that is no number";
    /* one that does not fit is UINT64_MAX - 1, which is too large as well */
    x->body_said = strtoull(length, NULL, 10);
    if (x->body_said == UINT64_MAX)
        x->body_said--;
    return NULL;
}

static const char *check_line(const struct srd_http_exchange *x)
{
    const char *path = x->request.path;

    if (!is_token(x->request.method, strlen(x->request.method)))
        return "the method is no word";
    if (!*path)
        return "the request has no target";
    for (const char *p = path; *p; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7f)
            return "the target contains control characters";
    for (const char *p = x->request.query; *p; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7f)
            return "the target contains control characters";
    return NULL;
}

int srd_http_read_head(struct srd_http_exchange *x, struct MHD_Connection *connection,
                       const char *method, const char *version, const char **what)
{
    const union MHD_ConnectionInfo *info =
        srd_mhd.get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    size_t head_size = info ? info->header_size : 0;
    struct places places;
    size_t hosts;

    places.count = 0; /* the list is not cleared: it is large, and read as far as it was filled */
    x->request.method = srd_arena_copy(x->request.arena, method);
    x->version = srd_arena_copy(x->request.arena, version);
    srd_mhd.get_connection_values_n(connection, MHD_HEADER_KIND, collect, &places);
    *what = "the request line and the headers are too long";
    if (head_size > MAX_HEAD)
        return 431;
    *what = "there are too many headers";
    if (places.count > MAX_FIELDS)
        return 431;
    keep_fields(x, &places);
    *what = check_line(x);
    if (!*what)
        *what = check_fields(x);
    if (!*what && srd_mhd.old && !lines_are_plain(&places, method, version, head_size))
        *what = "a header goes on in the next line, or a line does not end in CR LF";
    if (!*what)
        *what = check_lengths(x);
    hosts = srd_http_header_count(&x->request, "Host");
    if (!*what && hosts > 1)
        *what = "more than one Host";
    if (!*what && hosts == 0 && strcmp(x->version, "HTTP/1.1") == 0)
        *what = "no Host";
    return *what ? 400 : 0;
}

bool srd_http_has_body(const struct srd_http_exchange *x)
{
    return x->body_said > 0;
}

/* ---- what callers ask of a request ---- */

/* The request is the first member of its exchange. */
static const struct srd_http_exchange *exchange(const struct srd_http_request *request)
{
    return (const struct srd_http_exchange *)request;
}

const char *srd_http_header(const struct srd_http_request *request, const char *name)
{
    const struct srd_http_exchange *x = exchange(request);

    for (size_t i = 0; i < x->field_count; i++)
        if (strcasecmp(x->fields[i].name, name) == 0)
            return x->fields[i].value;
    return NULL;
}

const char *srd_http_header_list(const struct srd_http_request *request, const char *name)
{
    const struct srd_http_exchange *x = exchange(request);
    const char *all = NULL;

    for (size_t i = 0; i < x->field_count; i++)
        if (strcasecmp(x->fields[i].name, name) == 0)
            all = all ? srd_arena_printf(request->arena, "%s, %s", all, x->fields[i].value)
                      : x->fields[i].value;
    return all;
}

size_t srd_http_header_count(const struct srd_http_request *request, const char *name)
{
    const struct srd_http_exchange *x = exchange(request);
    size_t count = 0;

    for (size_t i = 0; i < x->field_count; i++)
        count += strcasecmp(x->fields[i].name, name) == 0;
    return count;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %2F and + undone; a % without two digits stays, and %00 ends the text. */
static char *decode(struct srd_arena *arena, const char *text, size_t n)
{
    char *out = srd_arena_alloc(arena, n + 1);
    size_t size = 0;

    for (size_t i = 0; i < n; i++) {
        if (text[i] == '%' && i + 2 < n && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
            out[size++] = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
        } else {
            out[size++] = text[i] == '+' ? ' ' : text[i];
        }
    }
    out[size] = '\0';
    return out;
}

const char *srd_http_query(const struct srd_http_request *request, const char *name)
{
    for (const char *at = request->query; *at;) {
        size_t n = strcspn(at, "&"), name_size = strcspn(at, "=&");
        char *key = decode(request->arena, at, name_size);

        if (strcmp(key, name) == 0)
            return name_size < n ? decode(request->arena, at + name_size + 1, n - name_size - 1)
                                 : "";
        at += n + (at[n] == '&');
    }
    return NULL;
}
