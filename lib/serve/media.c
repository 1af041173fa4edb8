/* What is this body, and what would the client like? */

#include "lib/serve/media.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

static bool is_word(const char *at, size_t n, const char *word)
{
    return strlen(word) == n && strncasecmp(at, word, n) == 0;
}

/* The end of one element of a list; commas in quotes do not count. */
static const char *element_end(const char *at)
{
    bool quoted = false;

    for (; *at && (quoted || *at != ','); at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (quoted && *at == '\\' && at[1])
            at++;
    }
    return at;
}

bool srd_media_is_json(const char *content_type)
{
    const char *at = content_type ? skip_blanks(content_type) : "";
    size_t n = strcspn(at, "; \t");

    at += n;
    return is_word(at - n, n, "application/json") && strchr(";", *skip_blanks(at));
}

/* Is there a q of zero among the parameters? */
static bool is_forbidden(const char *at, const char *end)
{
    while (at < end) {
        const char *name;

        at = memchr(at, ';', (size_t)(end - at));
        if (!at)
            return false;
        name = skip_blanks(at + 1);
        if ((*name == 'q' || *name == 'Q') && *skip_blanks(name + 1) == '=') {
            const char *value = skip_blanks(skip_blanks(name + 1) + 1);
            size_t digits = strspn(value, "0.");

            return digits > 0 && value + digits <= end && strchr(" \t;,", value[digits]);
        }
        at++;
    }
    return false;
}

bool srd_media_accepts(const char *accept, const char *type, const char *subtype)
{
    int best = 0;
    bool welcome = true;

    if (!accept || !*skip_blanks(accept))
        return true;
    for (const char *at = accept, *end; *at; at = *end ? end + 1 : end) {
        size_t first, second;
        int named = 0;

        end = element_end(at);
        at = skip_blanks(at);
        first = strcspn(at, "/;, \t");
        if (at[first] != '/')
            continue;
        second = strcspn(at + first + 1, ";, \t");
        if (is_word(at, first, type) && is_word(at + first + 1, second, subtype))
            named = 3;
        else if (is_word(at, first, type) && is_word(at + first + 1, second, "*"))
            named = 2;
        else if (is_word(at, first, "*") && is_word(at + first + 1, second, "*"))
            named = 1;
        if (named > best) {
            best = named;
            welcome = !is_forbidden(at, end);
        }
    }
    return best > 0 && welcome;
}
