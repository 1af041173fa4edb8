/* Is a ledger whole: nothing changed, nothing taken out, nothing put in? */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/agent/ledger.h"

#define HEX (2 * SRD_SHA256_SIZE)
#define PREV ",\"prev\":\""
#define HASH "\",\"hash\":\""
#define END "\"}"
/* ,"prev":"HEX","hash":"HEX"} */
#define TAIL (sizeof(PREV) - 1 + HEX + sizeof(HASH) - 1 + HEX + sizeof(END) - 1)

/* What a line says about itself. */
struct link {
    int64_t number;
    char prev[HEX + 1], hash[HEX + 1];
};

static bool copy_hex(const char *from, char out[HEX + 1])
{
    if (strspn(from, "0123456789abcdef") < HEX)
        return false;
    memcpy(out, from, HEX);
    out[HEX] = '\0';
    return true;
}

/* false: it has not the form of one of our lines. */
static bool read_link(const char *text, size_t n, struct link *out)
{
    const char *tail, *hash;
    char digits[24];
    size_t count;

    if (n < TAIL + 8 || strncmp(text, "{\"n\":", 5) != 0)
        return false;
    tail = text + n - TAIL;
    hash = tail + sizeof(PREV) - 1 + HEX;
    count = strspn(text + 5, "0123456789");
    if (!count || count >= sizeof(digits) || text[5 + count] != ',')
        return false;
    memcpy(digits, text + 5, count);
    digits[count] = '\0';
    return srd_text_int64(digits, &out->number) && !strncmp(tail, PREV, sizeof(PREV) - 1) &&
           copy_hex(tail + sizeof(PREV) - 1, out->prev) && !strncmp(hash, HASH, sizeof(HASH) - 1) &&
           copy_hex(hash + sizeof(HASH) - 1, out->hash) &&
           !strcmp(hash + sizeof(HASH) - 1 + HEX, END);
}

/* The hash that the line should have: of all up to and with "prev". */
static void hash_of(const char *text, size_t n, char out[HEX + 1])
{
    unsigned char digest[SRD_SHA256_SIZE];

    srd_sha256(text, n - (sizeof(HASH) - 2 + HEX + sizeof(END) - 1), digest);
    srd_hex(digest, sizeof(digest), out);
}

static int check_link(const struct link *l, const char *text, size_t n,
                      const struct srd_ledger_state *before, struct srd_error *err)
{
    char hash[HEX + 1];

    hash_of(text, n, hash);
    if (strcmp(hash, l->hash) != 0)
        return srd_fail(err, SRD_E_DATA, "was changed: its hash is another");
    if (!before->first) {
        if (l->number == 1 && strspn(l->prev, "0") != HEX)
            return srd_fail(err, SRD_E_DATA, "is the first of all, but names one before it");
        return 0;
    }
    if (l->number > before->last + 1)
        return srd_fail(err, SRD_E_DATA, "has number %lld: %lld lines before it are missing",
                        (long long)l->number, (long long)(l->number - before->last - 1));
    if (l->number <= before->last)
        return srd_fail(err, SRD_E_DATA, "has number %lld again: it was added, or put elsewhere",
                        (long long)l->number);
    if (strcmp(l->prev, before->hash) != 0)
        return srd_fail(err, SRD_E_DATA,
                        "does not follow the line before it: that one, or this one, was replaced");
    return 0;
}

/* "7:<hash>" or "<hash>". */
static bool is_mark(const char *mark, const struct link *l)
{
    const char *colon = strchr(mark, ':');
    char number[24];

    snprintf(number, sizeof(number), "%lld:", (long long)l->number);
    return !strcmp(colon ? colon + 1 : mark, l->hash) && (!colon || srd_text_prefix(mark, number));
}

/* FILE.head against the last line. */
static int check_head(const char *file, struct srd_ledger_state *state, struct srd_error *err)
{
    SRD_CLEANUP(srd_free_text) char *name = NULL;
    SRD_CLEANUP(srd_close_file) FILE *f = NULL;
    char hash[HEX + 1] = "";
    long long number = 0;

    if (asprintf(&name, "%s.head", file) < 0)
        srd_no_memory();
    f = fopen(name, "re");
    if (!f || fscanf(f, "%lld %64s", &number, hash) != 2)
        return 0;
    state->head_last = number;
    memcpy(state->head_hash, hash, sizeof(state->head_hash));
    if (!state->first) /* begun anew: it goes on where the head says */
        return 0;
    if (number > state->last)
        return srd_fail(err, SRD_E_DATA,
                        "%lld lines were taken from its end: \"%s\" knows line %lld",
                        number - (long long)state->last, name, number);
    if (number == state->last && strcmp(hash, state->hash) != 0)
        return srd_fail(err, SRD_E_DATA, "its last line is not the one that \"%s\" knows", name);
    state->headed = number == state->last;
    return 0;
}

static int open_ledger(const char *file, FILE **out, struct srd_error *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return srd_fail(err, SRD_E_SYSTEM, "could not open \"%s\": %s", file, strerror(errno));
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !(*out = fdopen(fd, "r"))) {
        close(fd);
        return srd_fail(err, SRD_E_CONFIG, "\"%s\" is no regular file", file);
    }
    return 0;
}

/* One line without its end. */
static int take_line(const char *text, size_t n, const char *mark, bool *marked,
                     struct srd_ledger_state *state, struct srd_error *err)
{
    struct link l;

    if (strlen(text) != n || !read_link(text, n, &l))
        return srd_fail(err, SRD_E_DATA, "is no line of a ledger");
    if (check_link(&l, text, n, state, err))
        return (int)err->code;
    *marked = *marked || (mark && is_mark(mark, &l));
    if (!state->first) {
        state->first = l.number;
        memcpy(state->prev, l.prev, sizeof(state->prev));
    }
    state->last = l.number;
    memcpy(state->hash, l.hash, sizeof(state->hash));
    return 0;
}

int srd_ledger_read(const char *file, const char *mark,
                    int (*line)(void *context, const char *text, size_t n, struct srd_error *err),
                    void *context, struct srd_ledger_state *out, struct srd_error *err)
{
    SRD_CLEANUP(srd_close_file) FILE *f = NULL;
    SRD_CLEANUP(srd_free_text) char *text = NULL;
    bool marked = false;
    size_t room = 0, at = 0;
    ssize_t n;

    *out = (struct srd_ledger_state){ 0 };
    memset(out->hash, '0', HEX);
    if (open_ledger(file, &f, err))
        return (int)err->code;
    while ((n = getline(&text, &room, f)) > 0) {
        at++;
        if (text[n - 1] != '\n') {
            out->cut_bytes = n;
            break;
        }
        text[--n] = '\0';
        if (take_line(text, (size_t)n, mark, &marked, out, err))
            return srd_while(err, "ledger \"%s\": line %zu", file, at);
        out->whole_bytes += n + 1;
        if (line && line(context, text, (size_t)n, err))
            return (int)err->code;
    }
    if (ferror(f))
        return srd_fail(err, SRD_E_SYSTEM, "could not read \"%s\": %s", file, strerror(errno));
    if (check_head(file, out, err))
        return srd_while(err, "ledger \"%s\"", file);
    if (mark && !marked)
        return srd_fail(err, SRD_E_DATA, "ledger \"%s\": none of its lines has the mark %.80s",
                        file, mark);
    return 0;
}
