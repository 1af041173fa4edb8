/* What is written in a config file or a .env file? */

#include "cmd/config_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/words.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#define MAX_BYTES ((size_t)1 << 20)
#define MAX_ENTRIES ((size_t)20000) /* a file of empty sections is no configuration */
#define MAX_PROBLEMS ((size_t)100)

/* Where a line comes from and where it goes. */
struct place {
    const char *file;
    int line;
    struct srd_config_text *out;
};

void srd_problem_add(struct srd_config_text *out, enum srd_weight weight, const char *file,
                     int line, const char *format, ...)
{
    struct srd_problem *problem;
    va_list args;

    if (out->problem_count == MAX_PROBLEMS)
        return;
    if (out->problem_count == out->problem_room) {
        size_t room = out->problem_room ? 2 * out->problem_room : 8;
        struct srd_problem *items = srd_arena_array(out->arena, room, sizeof(*items));

        if (out->problem_count)
            memcpy(items, out->problems, out->problem_count * sizeof(*items));
        out->problems = items;
        out->problem_room = room;
    }
    problem = &out->problems[out->problem_count++];
    *problem = (struct srd_problem){ .file = file, .line = line, .weight = weight };
    va_start(args, format);
    problem->text = srd_arena_vprintf(out->arena, format, args);
    va_end(args);
}

static void add_entry(const struct place *at, const char *section, const char *key,
                      const char *value)
{
    struct srd_config_text *out = at->out;

    if (out->count == MAX_ENTRIES) {
        srd_problem_add(out, SRD_WRONG, at->file, at->line, "more than %zu entries", MAX_ENTRIES);
        return;
    }
    if (out->count == out->room) {
        size_t room = out->room ? 2 * out->room : 32;
        struct srd_entry *items = srd_arena_array(out->arena, room, sizeof(*items));

        if (out->count)
            memcpy(items, out->entries, out->count * sizeof(*items));
        out->entries = items;
        out->room = room;
    }
    out->entries[out->count++] = (struct srd_entry){
        .file = at->file, .line = at->line, .section = section, .key = key, .value = value
    };
}

static char *trim(char *text)
{
    size_t n;

    while (isspace((unsigned char)*text))
        text++;
    n = strlen(text);
    while (n && isspace((unsigned char)text[n - 1]))
        text[--n] = '\0';
    return text;
}

/*
 * Lines as NUL-terminated copies. A NUL or broken UTF-8 would cut or hide text, so that such a file
 * is refused as a whole.
 */
static char *lines_of(const char *file, const char *bytes, size_t n, struct srd_config_text *out)
{
    if (n >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) {
        bytes += 3;
        n -= 3;
    }
    if (n > MAX_BYTES) {
        srd_problem_add(out, SRD_WRONG, file, 0, "larger than %zu bytes", MAX_BYTES);
        return NULL;
    }
    if (!srd_utf8_valid(bytes, n)) {
        int line = 1;
        size_t i = 0;

        /* valid up to a line's end: then the trouble is behind it */
        for (size_t k = 0; k < n; k++)
            if (bytes[k] == '\n' && srd_utf8_valid(bytes + i, k - i)) {
                i = k + 1;
                line++;
            } else if (bytes[k] == '\n') {
                break;
            }
        srd_problem_add(out, SRD_WRONG, file, line, "not UTF-8 text");
        return NULL;
    }
    return srd_arena_copy_n(out->arena, bytes, n);
}

static char *next_line(char **rest)
{
    char *line = *rest, *end;

    if (!line || !*line)
        return NULL;
    end = strchr(line, '\n');
    if (end)
        *end = '\0';
    *rest = end ? end + 1 : NULL;
    return line;
}

/* The value between quotes, escapes resolved. @text starts with the quote. NULL: a problem was
 * told. */
static const char *quoted(const struct place *at, const char *text)
{
    static const char from[] = "btnrs\\\"'", to[] = "\b\t\n\r \\\"'";
    char *value = srd_arena_alloc(at->out->arena, strlen(text) + 1), *put = value;
    char quote = *text++;

    for (; *text && *text != quote; text++) {
        const char *escape = *text == '\\' && text[1] ? strchr(from, text[1]) : NULL;

        if (escape)
            text++;
        *put++ = escape ? to[escape - from] : *text;
    }
    if (!*text) {
        srd_problem_add(at->out, SRD_WRONG, at->file, at->line, "no closing %c", quote);
        return NULL;
    }
    for (text++; isspace((unsigned char)*text); text++)
        ;
    if (*text && *text != '#') {
        srd_problem_add(at->out, SRD_WRONG, at->file, at->line, "text after the closing %c", quote);
        return NULL;
    }
    return value;
}

static const char *bare(const struct place *at, const char *text)
{
    static const char from[] = "btnrs\\\"'", to[] = "\b\t\n\r \\\"'";
    char *value = srd_arena_alloc(at->out->arena, strlen(text) + 1), *put = value;

    for (const char *p = text; *p; p++) {
        const char *escape = *p == '\\' && p[1] ? strchr(from, p[1]) : NULL;

        if (*p == '#' && (p == text || isspace((unsigned char)p[-1])))
            break;
        if (*p == '#') {
            srd_problem_add(at->out, SRD_WRONG, at->file, at->line,
                            "put the value in quotes if the # is part of it, or a blank before the "
                            "# if a comment starts there");
            return NULL;
        }
        if (escape)
            p++;
        *put++ = escape ? to[escape - from] : *p;
    }
    /* blanks before a comment; those of an escape \s at the very end go too, as in mysql */
    while (put > value && isspace((unsigned char)put[-1]))
        put--;
    *put = '\0';
    return value;
}

/* "[ cluster   prod ]" -> "cluster prod"; NULL: a problem was told. */
static const char *section_name(const struct place *at, char *line)
{
    char *end = strchr(line, ']'), *name, *put;
    const char *behind;

    if (!end) {
        srd_problem_add(at->out, SRD_WRONG, at->file, at->line,
                        "no ] at the end of the section's name");
        return NULL;
    }
    for (behind = end + 1; isspace((unsigned char)*behind); behind++)
        ;
    if (*behind && *behind != '#' && *behind != ';') {
        srd_problem_add(at->out, SRD_WRONG, at->file, at->line, "text after the section's name");
        return NULL;
    }
    *end = '\0';
    name = put = trim(line + 1);
    for (const char *p = name; *p; p++) {
        bool blank = isspace((unsigned char)*p);

        if (blank && put > name && put[-1] == ' ')
            continue;
        *put++ = blank ? ' ' : *p;
    }
    *put = '\0';
    if (!*name)
        srd_problem_add(at->out, SRD_WRONG, at->file, at->line, "a section without a name");
    return *name ? name : NULL;
}

static void config_line(const struct place *at, char *line, const char *section)
{
    char *equals = strchr(line, '='), *comment = strchr(line, '#');
    const char *value = NULL;
    char *key;

    if (comment && (!equals || comment < equals)) {
        *comment = '\0';
        equals = NULL;
    }
    if (equals)
        *equals = '\0';
    key = trim(line);
    for (char *p = key; *p && !(section && !strcmp(section, "limits")); p++)
        if (*p == '_')
            *p = '-';
    if (!*key) {
        srd_problem_add(at->out, SRD_WRONG, at->file, at->line, "a value without a key");
        return;
    }
    if (strpbrk(key, " \t\"'[]")) {
        srd_problem_add(at->out, SRD_WRONG, at->file, at->line,
                        "\"%s\" is no key; expected KEY = VALUE", srd_shown(at->out->arena, key));
        return;
    }
    if (equals) {
        char *text = trim(equals + 1);

        value = *text == '"' || *text == '\'' ? quoted(at, text) : bare(at, text);
        if (!value)
            return;
    }
    if (!section)
        srd_problem_add(at->out, SRD_WRONG, at->file, at->line,
                        "\"%s\" stands before the first section; begin with [srdiag]",
                        srd_shown(at->out->arena, key));
    else
        add_entry(at, section, key, value);
}

void srd_config_parse(const char *file, const char *bytes, size_t n, struct srd_config_text *out)
{
    struct place at = { .file = file, .out = out };
    char *rest = lines_of(file, bytes, n, out), *line;
    const char *section = NULL;
    bool skip =
        false; /* below a heading that could not be read, every key would be one more error */

    while ((line = next_line(&rest))) {
        at.line++;
        line = trim(line);
        if (!*line || *line == '#' || *line == ';')
            continue;
        if (*line == '!') {
            srd_problem_add(out, SRD_WRONG, file, at.line,
                            "%s is not supported; put everything in one file",
                            srd_text_prefix(line, "!includedir") ? "!includedir" : "!include");
        } else if (*line == '[') {
            section = section_name(&at, line);
            skip = !section;
            if (section)
                add_entry(&at, section, NULL, NULL);
        } else if (!skip) {
            config_line(&at, line, section);
        }
    }
}

/* Is the quote that @text starts with closed, on this line or in @rest? */
static bool dotenv_closed(const char *text, const char *rest)
{
    char quote = *text++;

    for (;;) {
        for (; *text && *text != quote; text++)
            if (quote == '"' && *text == '\\' && text[1])
                text++;
        if (*text || !rest)
            return *text;
        text = rest;
        rest = NULL;
    }
}

/* The quoted value of a .env line, which may go on over several lines and is known to close. */
static const char *dotenv_quoted(struct place *at, const char *text, char **rest)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;
    char quote = *text++;

    srd_buf_init(&buf, MAX_BYTES + 1);
    while (text) {
        for (; *text && *text != quote; text++) {
            if (quote == '"' && *text == '\\' && text[1]) {
                text++;
                srd_buf_char(&buf, *text == 'n'   ? '\n'
                                   : *text == 't' ? '\t'
                                   : *text == 'r' ? '\r'
                                                  : *text);
            } else {
                srd_buf_char(&buf, *text);
            }
        }
        if (*text)
            break;
        text = next_line(rest);
        at->line++;
        srd_buf_char(&buf, '\n');
    }
    return srd_arena_copy_n(at->out->arena, buf.data, buf.size);
}

static const char *dotenv_bare(struct srd_arena *arena, const char *text)
{
    size_t n = 0;

    while (text[n] && !(text[n] == '#' && (!n || isspace((unsigned char)text[n - 1]))))
        n++;
    return trim(srd_arena_copy_n(arena, text, n));
}

void srd_dotenv_parse(const char *file, const char *bytes, size_t n, bool (*ours)(const char *key),
                      struct srd_config_text *out)
{
    struct place at = { .file = file, .out = out };
    char *rest = lines_of(file, bytes, n, out), *line;

    while ((line = next_line(&rest))) {
        const char *value;
        char *equals, *key;
        int first;

        first = ++at.line;
        line = trim(line);
        if (srd_text_prefix(line, "export") && isspace((unsigned char)line[6]))
            line = trim(line + 6);
        equals = strchr(line, '=');
        if (*line == '#' || !equals)
            continue;
        *equals = '\0';
        key = trim(line);
        line = trim(equals + 1);
        if (*line != '"' && *line != '\'') {
            value = dotenv_bare(out->arena, line);
        } else if (dotenv_closed(line, rest)) {
            value = dotenv_quoted(&at, line, &rest);
        } else {
            if (ours(key))
                srd_problem_add(out, SRD_WRONG, file, first, "%s: no closing %c", key, *line);
            continue;
        }
        if (ours(key)) {
            int last = at.line;

            at.line = first;
            add_entry(&at, "", key, value);
            at.line = last;
        }
    }
}

int srd_small_file(const char *path, struct srd_arena *arena, char **bytes, size_t *n,
                   unsigned *mode, bool *missing, struct srd_error *err)
{
    SRD_CLEANUP(srd_fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;
    char piece[16384];
    struct stat st;
    ssize_t got;

    srd_buf_init(&buf, MAX_BYTES);
    *missing = false;
    if (fd < 0 || fstat(fd, &st)) {
        *missing = errno == ENOENT || errno == ENOTDIR;
        return srd_fail(err, SRD_E_SYSTEM, "could not open \"%s\": %s", path, strerror(errno));
    }
    if (S_ISDIR(st.st_mode)) { /* a Python environment is often called .env */
        *missing = true;
        return srd_fail(err, SRD_E_SYSTEM, "\"%s\" is a directory", path);
    }
    *mode = S_ISREG(st.st_mode) ? (unsigned)st.st_mode & 0777U : 0;
    while ((got = read(fd, piece, sizeof(piece))) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return srd_fail(err, SRD_E_SYSTEM, "could not read \"%s\": %s", path, strerror(errno));
        srd_buf_add(&buf, piece, (size_t)got);
        if (buf.full)
            return srd_fail(err, SRD_E_LIMIT, "\"%s\" is larger than %zu bytes", path, MAX_BYTES);
    }
    *bytes = srd_arena_copy_n(arena, buf.data, buf.size);
    *n = buf.size;
    return 0;
}
