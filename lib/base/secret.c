/* Which parts of an answer must never be written down? */

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/base/secret.h"
#include "lib/base/text.h"

/* As they are with all letters small and without separators. */
static const char *const words[] = { "password",   "passwd",     "pwd",           "passphrase",
                                     "secret",     "token",      "credential",    "apikey",
                                     "accesskey",  "privatekey", "sharedkey",     "authkey",
                                     "accountkey", "keypem",     "encryptionkey", "masterkey",
                                     "keytab",     "keystorekey", NULL };

#define LONGEST_NAME 128

/* "aws.s3.access_key" -> "awss3accesskey"; only the end of what is too long, where the point is. */
static size_t normalize(const char *name, size_t n, char out[LONGEST_NAME + 1])
{
    size_t used = 0;

    if (n > LONGEST_NAME) {
        name += n - LONGEST_NAME;
        n = LONGEST_NAME;
    }
    for (size_t i = 0; i < n; i++) {
        char c = name[i], small = (char)(c | 0x20);
        bool letter = small >= 'a' && small <= 'z';

        out[used] = letter ? small : c; /* what is neither is written over by the next */
        used += letter || (c >= '0' && c <= '9');
    }
    out[used] = '\0';
    return used;
}

static bool is_secret(const char *name, size_t n)
{
    char plain[LONGEST_NAME + 1];

    n = normalize(name, n, plain);
    return srd_text_holds(plain, n, words);
}

bool srd_secret_name(const char *name)
{
    return is_secret(name, strlen(name));
}

static bool ends_in_word(const char *name)
{
    char plain[LONGEST_NAME + 1];
    size_t n = normalize(name, strlen(name), plain);

    for (size_t i = 0; words[i]; i++)
        if (n >= strlen(words[i]) && !strcmp(plain + n - strlen(words[i]), words[i]))
            return true;
    return false;
}

bool srd_secret_possible(const char *value)
{
    static const char *const harmless[] = { "true", "false", "yes", "no", "on", "off", NULL };

    if (!value || !*value)
        return false;
    for (size_t i = 0; harmless[i]; i++)
        if ((*value | 0x20) == *harmless[i] && !strcasecmp(value, harmless[i]))
            return false;
    return true;
}

bool srd_secret_value(const char *name, const char *value)
{
    double number;

    return srd_secret_possible(value) && srd_secret_name(name) &&
           (ends_in_word(name) || !srd_text_double(value, &number));
}

/* ---- secrets inside a longer text ---- */

static bool is_name_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

static const char *skip(const char *p, const char *letters)
{
    return p + strspn(p, letters);
}

/* The sign between a name that ends at @p and its value; NULL: no value follows. */
static const char *find_sign(const char *p)
{
    const char *sign = skip(skip(p, "\\\"'`"), " \t\r\n");

    return *sign == '=' || *sign == ':' ? sign : NULL;
}

/*
 * Where the value behind @sign begins and ends. An opening quote, escaped as often as it may be,
 * needs its like; without a quote only "=" counts, since "token: " is also prose.
 */
static bool find_value(const char *sign, const char **from, const char **to)
{
    const char *value = skip(skip(sign + 1, ">"), " \t\r\n"), *quote = skip(value, "\\");
    size_t escapes = (size_t)(quote - value), before = 0;

    if (*quote != '"' && *quote != '\'') {
        *from = value;
        *to = value + strcspn(value, " \t\r\n,;&)}]\"'");
        return *sign == '=' && *to > *from;
    }
    *from = quote + 1;
    for (*to = *from; **to; (*to)++) {
        if (**to == *quote && before <= escapes) {
            if (escapes || (*to)[1] != *quote)
                break;
            (*to)++; /* a quote inside, doubled as SQL does */
        }
        before = **to == '\\' ? before + 1 : 0;
    }
    if (**to) /* the backslashes belong to the closing quote */
        *to -= before;
    return *to > *from;
}

/* The password of ://user:password@host at @p, which points behind the slashes. */
static bool find_url_password(const char *p, const char **from, const char **to)
{
    const char *end = p + strcspn(p, "/ \t\r\n\"'<>?#,;");
    const char *colon = memchr(p, ':', (size_t)(end - p));
    const char *at = memrchr(p, '@', (size_t)(end - p));

    if (!colon || !at || at <= colon + 1)
        return false;
    *from = colon + 1;
    *to = at;
    return true;
}

bool srd_secret_hide(struct srd_buf *out, const char *text)
{
    const char *done = text, *p = text, *from, *to;
    bool found = false;

    srd_buf_clear(out);
    if (!strchr(text, '=') && !strchr(text, ':'))
        return false;
    while (*p) {
        const char *name = p, *sign;
        bool hit = false;

        if (!strncmp(p, "://", 3)) {
            p += 3;
            hit = find_url_password(p, &from, &to);
        } else if (is_name_letter(*p)) {
            while (is_name_letter(*p))
                p++;
            sign = find_sign(p);
            hit = sign && is_secret(name, (size_t)(p - name)) && find_value(sign, &from, &to);
        } else {
            p++;
        }
        if (!hit)
            continue;
        srd_buf_add(out, done, (size_t)(from - done));
        srd_buf_text(out, "***");
        done = p = to;
        found = true;
    }
    srd_buf_text(out, done);
    return found;
}
