/* Which statement is sent for a probe, and how do foreign names get into it safely? */

#include <ctype.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/model/probe.h"

#define MAX_KEYS 20
#define MAX_STATEMENT ((size_t)256 << 10)
#define MAX_VALUE 4096 /* bytes; a name in StarRocks has at most 1024 characters */

const char *srd_cost_name(enum srd_cost cost)
{
    switch (cost) {
    case SRD_COST_CHEAP:
        return "cheap";
    case SRD_COST_MEDIUM:
        return "medium";
    case SRD_COST_HEAVY:
        break;
    }
    return "heavy";
}

void srd_keys_add(struct srd_keys *keys, const char *first, const char *second, const char *third)
{
    const char *const values[SRD_MAX_PARAMS] = { first, second, third };
    size_t max = keys->max ? keys->max : MAX_KEYS;
    struct srd_key *key;

    if (!first)
        return;
    for (size_t i = 0; i < keys->count; i++)
        if (srd_text_same(keys->keys[i].values[0], first) &&
            srd_text_same(keys->keys[i].values[1], second) &&
            srd_text_same(keys->keys[i].values[2], third))
            return; /* two rows may name the same thing; it is asked once */
    if (keys->count >= max) {
        keys->left_out++;
        return;
    }
    if (keys->count == keys->room) {
        size_t room = keys->room ? keys->room * 2 : 8;
        struct srd_key *grown = srd_arena_array(keys->arena, room, sizeof(*grown));

        if (keys->count)
            memcpy(grown, keys->keys, keys->count * sizeof(*grown));
        keys->keys = grown;
        keys->room = room;
    }
    key = &keys->keys[keys->count++];
    for (size_t i = 0; i < SRD_MAX_PARAMS; i++)
        key->values[i] = srd_arena_copy(keys->arena, values[i]);
}

const struct srd_probe_text *srd_probe_text(const struct srd_probe *probe, int version,
                                            enum srd_mode mode)
{
    for (size_t i = 0; i < SRD_MAX_TEXTS && probe->texts[i].sql; i++) {
        const struct srd_probe_text *text = &probe->texts[i];

        if (srd_mode_includes(text->mode, mode) &&
            srd_version_within(version, text->since, text->until))
            return text;
    }
    return NULL;
}

bool srd_probe_has_mode(const struct srd_probe *probe, enum srd_mode mode)
{
    for (size_t i = 0; i < SRD_MAX_TEXTS && probe->texts[i].sql; i++)
        if (srd_mode_includes(probe->texts[i].mode, mode))
            return true;
    return false;
}

int srd_probe_timeout_s(const struct srd_probe *probe)
{
    if (probe->timeout_s)
        return probe->timeout_s;
    return probe->cost == SRD_COST_HEAVY ? 30 : 10;
}

static void quote_identifier(struct srd_buf *out, const char *name)
{
    srd_buf_char(out, '`');
    for (; *name; name++) {
        if (*name == '`')
            srd_buf_char(out, '`');
        srd_buf_char(out, *name);
    }
    srd_buf_char(out, '`');
}

static void quote_text(struct srd_buf *out, const char *text)
{
    srd_buf_char(out, '\'');
    for (; *text; text++) {
        switch (*text) {
        case '\'':
        case '\\':
            srd_buf_char(out, '\\');
            srd_buf_char(out, *text);
            break;
        case '\n': /* these three are valid as they are, but a statement is shown on one line */
            srd_buf_text(out, "\\n");
            break;
        case '\r':
            srd_buf_text(out, "\\r");
            break;
        case '\t':
            srd_buf_text(out, "\\t");
            break;
        default:
            srd_buf_char(out, *text);
        }
    }
    srd_buf_char(out, '\'');
}

static bool has_control(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value < 0x20 || *value == 0x7f)
            return true;
    return false;
}

/* Why @value cannot be of @type; NULL: it can. */
static const char *refusal(enum srd_param_type type, const char *value)
{
    size_t n = strlen(value);

    if (n > MAX_VALUE)
        return "it is too long";
    if (!srd_utf8_valid(value, n))
        return "it is no valid UTF-8";
    switch (type) {
    case SRD_PARAM_INTEGER:
        n -= *value == '-';
        value += *value == '-';
        return n && n <= 19 && strspn(value, "0123456789") == n ? NULL : "it is no integer";
    case SRD_PARAM_IDENTIFIER:
        return n ? NULL : "it is empty";
    case SRD_PARAM_TEXT:
        return NULL;
    case SRD_PARAM_PATH:
        if (!n || strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
            return "it is no name in a path";
        if (has_control(value) || strpbrk(value, "'\"`\\/"))
            return "it has a character that a path cannot hold";
        return NULL;
    case SRD_PARAM_END:
        break;
    }
    return "its type is unknown";
}

static void put_value(struct srd_buf *out, enum srd_param_type type, const char *value)
{
    if (type == SRD_PARAM_IDENTIFIER)
        quote_identifier(out, value);
    else if (type == SRD_PARAM_TEXT)
        quote_text(out, value);
    else
        srd_buf_text(out, value);
}

/* The length of the placeholder "{name}" at @text; 0: the brace is just a brace. */
static size_t placeholder(const char *text)
{
    size_t n = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return n && islower((unsigned char)text[1]) && text[1 + n] == '}' ? n + 2 : 0;
}

static int put_param(const struct srd_probe *probe, const struct srd_key *key, const char *name,
                     size_t n, struct srd_buf *out, struct srd_error *err)
{
    const char *value, *why;

    for (size_t i = 0; i < SRD_MAX_PARAMS && probe->params[i].type != SRD_PARAM_END; i++) {
        if (strncmp(probe->params[i].name, name, n) != 0 || probe->params[i].name[n])
            continue;
        value = key ? key->values[i] : NULL;
        if (!value)
            return srd_fail(err, SRD_E_INTERNAL, "probe %s: no value for {%.*s}", probe->id, (int)n,
                            name);
        why = refusal(probe->params[i].type, value);
        if (why)
            return srd_fail(err, SRD_E_DATA, "probe %s: a value does not fit {%.*s}: %s", probe->id,
                            (int)n, name, why);
        put_value(out, probe->params[i].type, value);
        return 0;
    }
    return srd_fail(err, SRD_E_INTERNAL, "probe %s: unknown placeholder {%.*s}", probe->id, (int)n,
                    name);
}

int srd_probe_render(const struct srd_probe *probe, const struct srd_probe_text *text,
                     const struct srd_key *key, struct srd_arena *arena, const char **out,
                     struct srd_error *err)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;

    srd_buf_init(&buf, MAX_STATEMENT);
    srd_buf_printf(&buf, "/* srdiag:%s */ ", probe->id);
    for (const char *p = text->sql; *p;) {
        size_t n = *p == '{' ? placeholder(p) : 0;

        if (!n) {
            srd_buf_char(&buf, *p++);
            continue;
        }
        if (put_param(probe, key, p + 1, n - 2, &buf, err))
            return (int)err->code;
        p += n;
    }
    if (buf.full)
        return srd_fail(err, SRD_E_INTERNAL, "probe %s: the statement is too long", probe->id);
    *out = srd_arena_copy_n(arena, buf.data, buf.size);
    return 0;
}

const char *srd_key_text(const struct srd_probe *probe, const struct srd_key *key,
                         struct srd_arena *arena)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;
    bool several = probe->params[0].type != SRD_PARAM_END && probe->params[1].type != SRD_PARAM_END;

    srd_buf_init(&buf, MAX_STATEMENT);
    for (size_t i = 0; key && i < SRD_MAX_PARAMS && probe->params[i].type != SRD_PARAM_END; i++) {
        if (i)
            srd_buf_char(&buf, '/');
        for (const char *p = key->values[i] ? key->values[i] : ""; *p; p++) {
            /* "a/b" and "c" must not read like "a" and "b/c" */
            if (several && (*p == '/' || *p == '%'))
                srd_buf_printf(&buf, "%%%02X", (unsigned)*p);
            else
                srd_buf_char(&buf, *p);
        }
    }
    return srd_arena_copy_n(arena, buf.data, buf.size);
}

/* %2F and %25, in place; false: another escape. */
static bool unescape(char *text)
{
    char *to = text;

    for (; *text; text++) {
        if (*text != '%') {
            *to++ = *text;
            continue;
        }
        if (strncmp(text, "%2F", 3) != 0 && strncmp(text, "%25", 3) != 0)
            return false;
        *to++ = text[2] == 'F' ? '/' : '%';
        text += 2;
    }
    *to = '\0';
    return true;
}

bool srd_key_parse(const struct srd_probe *probe, const char *text, struct srd_arena *arena,
                   struct srd_key *out)
{
    char *rest = srd_arena_copy(arena, text);
    size_t count = 0;

    *out = (struct srd_key){ { NULL } };
    while (count < SRD_MAX_PARAMS && probe->params[count].type != SRD_PARAM_END)
        count++;
    if (!count)
        return !*text;
    for (size_t i = 0; i < count; i++) {
        char *value = rest, *slash = i + 1 < count ? strchr(rest, '/') : NULL;

        if (i + 1 < count && !slash)
            return false;
        if (slash) {
            *slash = '\0';
            rest = slash + 1;
        }
        if (count > 1 && (strchr(slash ? "" : value, '/') || !unescape(value)))
            return false;
        out->values[i] = value;
    }
    return true;
}

const char *srd_quote_identifier(struct srd_arena *arena, const char *name)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;

    srd_buf_init(&buf, strlen(name) * 2 + 3); /* every byte doubled, two quotes */
    quote_identifier(&buf, name);
    return srd_arena_copy_n(arena, buf.data, buf.size);
}

const char *srd_quote_text(struct srd_arena *arena, const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;

    srd_buf_init(&buf, strlen(text) * 2 + 3);
    quote_text(&buf, text);
    return srd_arena_copy_n(arena, buf.data, buf.size);
}
