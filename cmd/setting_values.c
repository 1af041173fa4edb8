/* Can this text be that setting's value, and what does it say? */

#include "cmd/settings.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "cmd/words.h"
#include "lib/base/text.h"
#include "lib/model/table.h"
#include "lib/net/cidr.h"
#include "lib/serve/gate.h"

static const char *listed(struct srd_arena *arena, const char *blank_separated)
{
    char *text = srd_arena_copy(arena, blank_separated);
    const char *out = "";

    for (char *rest, *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        out = srd_arena_printf(arena, "%s%s%s", out, *out ? ", " : "", word);
    return out;
}

/* The value as the table spells it; NULL: not one of them. */
static const char *enum_value(const char *values, const char *text, struct srd_arena *arena)
{
    char *copy = srd_arena_copy(arena, values);

    for (char *rest, *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (!strcasecmp(word, text))
            return word;
    return NULL;
}

static bool in_range(const struct srd_setting *s, const char *text)
{
    int64_t n;

    if (s->kind == SRD_SETTING_INTEGER)
        return srd_text_int64(text, &n) && n >= s->min && n <= s->max;
    return srd_text_duration_ms(text, &n) && (n > 0 || (s->zero && !n)) && n >= s->min * 1000 &&
           n <= s->max * 1000;
}

/* What is no address in the list @text; NULL: nothing. */
static const char *bad_address(const char *text, struct srd_arena *arena)
{
    struct srd_cidr ignored;

    for (const char *const *item = srd_text_list(arena, text); *item; item++) {
        struct srd_error err = { 0 };

        if (srd_cidr_parse(*item, &ignored, &err))
            return srd_arena_copy(arena, err.text);
    }
    return NULL;
}

static const char *bad_listen(const char *text, struct srd_arena *arena)
{
    struct srd_error err = { 0 };
    const char *address;
    int port;

    return srd_listen_parse(text, arena, &address, &port, &err) ? srd_arena_copy(arena, err.text)
                                                                : NULL;
}

static bool has_controls(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 32 || *text == 127)
            return true;
    return false;
}

const char *srd_setting_refusal(const struct srd_setting *s, const char *text,
                                struct srd_arena *arena, const char **out)
{
    int64_t count, seconds;
    bool flag;

    *out = srd_arena_copy(arena, text);
    switch (s->kind) {
    case SRD_SETTING_TEXT:
    case SRD_SETTING_LIST:
        return !s->secret && has_controls(text) ? "control characters are not allowed here" : NULL;
    case SRD_SETTING_CIDRS:
        return bad_address(text, arena);
    case SRD_SETTING_LISTEN:
        return bad_listen(text, arena);
    case SRD_SETTING_RATE:
        return srd_rate_parse(text, &count, &seconds)
                   ? NULL
                   : srd_arena_printf(arena, "\"%s\" is no rate (100/60: 100 in 60 seconds)",
                                      srd_shown(arena, text));
    case SRD_SETTING_INTEGER:
        /* the value is not repeated: -P with a password behind it is a common slip */
        return in_range(s, text) ? NULL
                                 : srd_arena_printf(arena, "not a number from %lld to %lld",
                                                    (long long)s->min, (long long)s->max);
    case SRD_SETTING_DURATION:
        return in_range(s, text)
                   ? NULL
                   : srd_arena_printf(arena,
                                      "\"%s\" is no time of at most %lld seconds (30, 500ms, 5m)",
                                      srd_shown(arena, text), (long long)s->max);
    case SRD_SETTING_ENUM:
        *out = enum_value(s->values, text, arena);
        return *out ? NULL
                    : srd_arena_printf(arena, "\"%s\" is none of %s", srd_shown(arena, text),
                                       listed(arena, s->values));
    case SRD_SETTING_BOOL:
        if (!srd_parse_bool(text, &flag) && strcasecmp(text, "on") && strcasecmp(text, "off"))
            return srd_arena_printf(arena, "\"%s\" is neither true nor false",
                                    srd_shown(arena, text));
        if (!srd_parse_bool(text, &flag))
            flag = !strcasecmp(text, "on");
        *out = flag ? "true" : "false";
        return NULL;
    }
    return "unknown kind of setting";
}

/* --- reading --- */

const char *srd_setting_text(const struct srd_settings *settings, enum srd_setting_id id)
{
    return settings->chosen[id].text;
}

int64_t srd_setting_integer(const struct srd_settings *settings, enum srd_setting_id id)
{
    int64_t n = 0;

    srd_text_int64(settings->chosen[id].text, &n);
    return n;
}

int64_t srd_setting_ms(const struct srd_settings *settings, enum srd_setting_id id)
{
    int64_t ms = 0;

    srd_text_duration_ms(settings->chosen[id].text, &ms);
    return ms;
}

bool srd_setting_bool(const struct srd_settings *settings, enum srd_setting_id id)
{
    return !strcmp(settings->chosen[id].text, "true");
}

bool srd_setting_given(const struct srd_settings *settings, enum srd_setting_id id)
{
    return settings->chosen[id].rank != SRD_RANK_DEFAULT;
}

const char *const *srd_setting_list(const struct srd_settings *settings, enum srd_setting_id id)
{
    return srd_text_list(settings->arena, settings->chosen[id].text);
}

/* --- limits --- */

bool srd_limit_parse(const char *text, double *out)
{
    size_t n = strlen(text);
    int64_t ms;

    if (srd_text_double(text, out) || (n && text[n - 1] == '%' && srd_parse_percent(text, out)))
        return isfinite(*out);
    if (n && strchr("smhd", text[n - 1]) && srd_text_duration_ms(text, &ms)) {
        *out = (double)ms; /* limits of time are milliseconds inside */
        return true;
    }
    return srd_parse_bytes(text, out) && isfinite(*out);
}

static void put_limit(struct srd_override *limits, size_t *count, struct srd_override limit)
{
    for (size_t i = 0; i < *count; i++)
        if (!strcmp(limits[i].name, limit.name)) {
            limits[i] = limit;
            return;
        }
    limits[(*count)++] = limit;
}

int srd_settings_limits(struct srd_settings *settings, const char *const *set,
                        const struct srd_override **out, struct srd_error *err)
{
    struct srd_arena *arena = settings->arena;
    struct srd_override *limits;
    size_t count = 0, room = settings->text.count + 1;

    for (const char *const *s = set; s && *s; s++)
        room++;
    limits = srd_arena_array(arena, room, sizeof(*limits));
    for (int rank = SRD_RANK_SYSTEM_FILE; rank <= SRD_RANK_USER_FILE; rank++) {
        for (size_t i = 0; i < settings->text.count; i++) {
            const struct srd_entry *e = &settings->text.entries[i];
            struct srd_override limit = { .name = e->key };

            if (!e->key || e->rank != rank || strcmp(e->section, "limits") || !e->value ||
                !srd_limit_parse(e->value, &limit.value))
                continue;
            limit.origin = srd_arena_printf(arena, "%s line %d", e->file, e->line);
            put_limit(limits, &count, limit);
        }
    }
    for (const char *const *s = set; s && *s; s++) {
        const char *equals = strchr(*s, '=');
        struct srd_override limit = { .origin = "--set" };

        if (!equals || equals == *s || !srd_limit_parse(equals + 1, &limit.value))
            return srd_fail(err, SRD_E_USAGE,
                            "--set %s: expected NAME=NUMBER, for example "
                            "--set storage.tablet-count-per-node=30000",
                            srd_shown(arena, *s));
        limit.name = srd_arena_copy_n(arena, *s, (size_t)(equals - *s));
        put_limit(limits, &count, limit);
    }
    *out = limits;
    return 0;
}
