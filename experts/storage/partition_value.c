/* From when to when does a partition reach? */

#include "experts/storage/partition_value.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"

#define DAY_MS INT64_C(86400000)

/* yyyyMMdd of a year that people keep data of: any other number is a number. */
static bool parse_digits(const char *text, int64_t *out)
{
    char date[11];

    if (strlen(text) != 8 || strspn(text, "0123456789") != 8 ||
        (strncmp(text, "19", 2) != 0 && strncmp(text, "20", 2) != 0))
        return false;
    snprintf(date, sizeof(date), "%.4s-%.2s-%.2s", text, text + 4, text + 6);
    return srd_time_parse(date, out);
}

/* The @n bytes at @from as a time; MIN and MAX too. */
static bool parse_key(const char *from, size_t n, int64_t *out)
{
    char text[32];

    if (!n || n >= sizeof(text))
        return false;
    memcpy(text, from, n);
    text[n] = '\0';
    if (strncmp(text, "0000-", 5) == 0) /* how the smallest date is printed */
        *out = INT64_MIN;
    else if (strcmp(text, "MAXVALUE") == 0)
        *out = INT64_MAX;
    else
        return srd_time_parse(text, out) || parse_digits(text, out);
    return true;
}

/* Reads "types: [DATE, INT]; keys: [2025-12-02, 7]; " at *@at and moves behind it. */
static bool read_bound(const char **at, int64_t *out)
{
    static const char types[] = "types: [", keys[] = "]; keys: [";
    const char *key, *end;

    if (strncmp(*at, types, sizeof(types) - 1) != 0)
        return false;
    key = strstr(*at, keys);
    if (!key)
        return false;
    key += sizeof(keys) - 1;
    end = strchr(key, ']');
    if (!end || strncmp(end, "]; ", 3) != 0)
        return false;
    *at = end + 3;
    return parse_key(key, strcspn(key, ",]"), out);
}

static bool read_range(const char *at, struct srd_partition_range *out)
{
    if (!read_bound(&at, &out->lower_ms) || strncmp(at, "..", 2) != 0)
        return false;
    at += 2;
    return read_bound(&at, &out->upper_ms) && strcmp(at, ")") == 0;
}

/* Reads the first value of the first item: lists of days have one item nearly always. */
static bool read_list(const char *at, struct srd_partition_range *out)
{
    const char *value = at + strspn(at, "[("), *end;

    if (value == at || (*value != '"' && *value != '\''))
        return false;
    end = strchr(value + 1, *value);
    if (!end || !parse_key(value + 1, (size_t)(end - value - 1), &out->lower_ms) ||
        out->lower_ms == INT64_MIN || out->lower_ms == INT64_MAX)
        return false;
    out->upper_ms = out->lower_ms + DAY_MS;
    return true;
}

bool srd_partition_range(const char *text, struct srd_partition_range *out)
{
    bool read = text[0] == '[' && text[1] == 't' ? read_range(text + 1, out) : read_list(text, out);

    return read && out->lower_ms < out->upper_ms;
}
