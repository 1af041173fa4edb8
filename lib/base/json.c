/*
 * Which JSON do we believe, and how do we write it?
 *
 * cJSON keeps the tree. It believes more than it should (control characters, broken UTF-8, numbers
 * like 01, any byte below 32 as a blank), so json_scan.c checks the text first, and it
 * prints doubles with too few digits and tabs, so printing is done here too.
 */

#include "lib/base/json.h"

#include <cjson/cJSON.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/base/json_scan.h"
#include "lib/base/utf8.h"

/* struct srd_json is cJSON under a name that lets nobody else look into it. */
static cJSON *item_of(const struct srd_json *json)
{
    return (cJSON *)(uintptr_t)json;
}

static struct srd_json *json_of(cJSON *item)
{
    if (!item)
        srd_no_memory();
    return (struct srd_json *)item;
}

/* ---- reading ---- */

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int fail_key(struct srd_error *err, const char *key)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;

    srd_buf_init(&clean, 1024);
    srd_utf8_clean(&clean, key, srd_utf8_fit(key, 60));
    return srd_fail(err, SRD_E_DATA, "duplicate key \"%s\"", clean.data);
}

/* Sorted, not each with each: an object may have a hundred thousand members. */
static int check_keys(const cJSON *object, struct srd_error *err)
{
    size_t n = (size_t)cJSON_GetArraySize(object), used = 0;
    const char **keys;
    int status = 0;

    if (n < 2)
        return 0;
    keys = calloc(n, sizeof(*keys));
    if (!keys)
        srd_no_memory();
    for (const cJSON *member = object->child; member; member = member->next)
        keys[used++] = member->string;
    qsort(keys, n, sizeof(*keys), compare_keys);
    for (size_t i = 1; i < n && !status; i++)
        if (!strcmp(keys[i - 1], keys[i]))
            status = fail_key(err, keys[i]);
    free((void *)keys);
    return status;
}

/* Duplicate keys and numbers beyond the doubles, as deep as the scan let them be. */
static int check_tree(const cJSON *item, struct srd_error *err)
{
    if (cJSON_IsNumber(item) && !isfinite(item->valuedouble))
        return srd_fail(err, SRD_E_DATA, "a number is out of range");
    if (cJSON_IsObject(item) && check_keys(item, err))
        return (int)err->code;
    for (const cJSON *child = item->child; child; child = child->next)
        if (check_tree(child, err))
            return (int)err->code;
    return 0;
}

int srd_json_parse(const char *bytes, size_t n, size_t max, struct srd_json **out,
                   struct srd_error *err)
{
    SRD_CLEANUP(srd_free_text) char *copy = NULL;
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    const char *end = NULL;

    *out = NULL;
    if (n > max)
        return srd_fail(err, SRD_E_DATA, "more than %zu bytes of JSON", max);
    if (srd_json_scan(bytes, n, err))
        return (int)err->code;
    copy = malloc(n + 1);
    if (!copy)
        srd_no_memory();
    memcpy(copy, bytes, n); /* not empty: the empty text was refused */
    copy[n] = '\0';
    json = (struct srd_json *)cJSON_ParseWithLengthOpts(copy, n + 1, &end, 1);
    if (!json)
        return srd_fail(err, SRD_E_DATA, "byte %zu: not readable", end ? (size_t)(end - copy) : 0);
    if (check_tree(item_of(json), err))
        return (int)err->code;
    *out = SRD_TAKE(json);
    return 0;
}

void srd_json_free(struct srd_json **json)
{
    cJSON_Delete(item_of(*json));
    *json = NULL;
}

/* ---- looking ---- */

enum srd_json_kind srd_json_kind(const struct srd_json *json)
{
    const cJSON *item = item_of(json);

    if (cJSON_IsBool(item))
        return SRD_JSON_BOOL;
    if (cJSON_IsNumber(item) || cJSON_IsRaw(item)) /* raw: digits that we made or checked */
        return SRD_JSON_NUMBER;
    if (cJSON_IsString(item))
        return SRD_JSON_STRING;
    if (cJSON_IsArray(item))
        return SRD_JSON_ARRAY;
    if (cJSON_IsObject(item))
        return SRD_JSON_OBJECT;
    return SRD_JSON_NULL;
}

const struct srd_json *srd_json_get(const struct srd_json *object, const char *key)
{
    if (!cJSON_IsObject(item_of(object)))
        return NULL;
    return (const struct srd_json *)cJSON_GetObjectItemCaseSensitive(item_of(object), key);
}

const char *srd_json_text(const struct srd_json *json)
{
    return cJSON_GetStringValue(item_of(json));
}

bool srd_json_number(const struct srd_json *json, double *out)
{
    const cJSON *item = item_of(json);

    if (cJSON_IsNumber(item))
        *out = item->valuedouble;
    else if (cJSON_IsRaw(item))
        *out = strtod(item->valuestring, NULL);
    else
        return false;
    return true;
}

bool srd_json_bool(const struct srd_json *json, bool *out)
{
    if (!cJSON_IsBool(item_of(json)))
        return false;
    *out = cJSON_IsTrue(item_of(json)) != 0;
    return true;
}

size_t srd_json_size(const struct srd_json *array_or_object)
{
    return (size_t)cJSON_GetArraySize(item_of(array_or_object));
}

const struct srd_json *srd_json_first(const struct srd_json *array_or_object)
{
    return array_or_object ? (const struct srd_json *)item_of(array_or_object)->child : NULL;
}

const struct srd_json *srd_json_next(const struct srd_json *item)
{
    return item ? (const struct srd_json *)item_of(item)->next : NULL;
}

const char *srd_json_key(const struct srd_json *member)
{
    return member ? item_of(member)->string : NULL;
}

/* ---- building ---- */

struct srd_json *srd_json_object(void)
{
    return json_of(cJSON_CreateObject());
}

struct srd_json *srd_json_array(void)
{
    return json_of(cJSON_CreateArray());
}

/* Fills @out with @text and U+FFFD for what is broken in it: seldom needed, so made only then. */
static const char *repaired(const char *text, struct srd_buf *out)
{
    size_t n = strlen(text);

    if (srd_utf8_good(text, n) == n)
        return text;
    srd_buf_init(out, n * 3);
    srd_utf8_repair(out, text, n);
    return out->data;
}

struct srd_json *srd_json_new_text(const char *text)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf better = { 0 };

    return text ? json_of(cJSON_CreateString(repaired(text, &better))) : srd_json_new_null();
}

struct srd_json *srd_json_new_number(double number)
{
    return isfinite(number) ? json_of(cJSON_CreateNumber(number)) : srd_json_new_null();
}

struct srd_json *srd_json_new_integer(int64_t number)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%" PRId64, number);
    return json_of(cJSON_CreateRaw(digits));
}

struct srd_json *srd_json_new_bool(bool value)
{
    return json_of(cJSON_CreateBool(value));
}

struct srd_json *srd_json_new_null(void)
{
    return json_of(cJSON_CreateNull());
}

struct srd_json *srd_json_new_number_text(const char *digits)
{
    if (!digits || !srd_json_is_number(digits))
        return srd_json_new_text(digits);
    return json_of(cJSON_CreateRaw(digits));
}

struct srd_json *srd_json_put(struct srd_json *object, const char *key, struct srd_json *value)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf better = { 0 };

    if (!value)
        srd_no_memory();
    if (!cJSON_IsObject(item_of(object))) {
        cJSON_Delete(item_of(value));
        return NULL;
    }
    if (!cJSON_AddItemToObject(item_of(object), repaired(key, &better), item_of(value)))
        srd_no_memory();
    return value;
}

struct srd_json *srd_json_push(struct srd_json *array, struct srd_json *value)
{
    if (!value)
        srd_no_memory();
    if (!cJSON_IsArray(item_of(array))) {
        cJSON_Delete(item_of(value));
        return NULL;
    }
    if (!cJSON_AddItemToArray(item_of(array), item_of(value)))
        srd_no_memory();
    return value;
}

struct srd_json *srd_json_take(struct srd_json *object, const char *key)
{
    if (!cJSON_IsObject(item_of(object)))
        return NULL;
    return (struct srd_json *)cJSON_DetachItemFromObjectCaseSensitive(item_of(object), key);
}

/* ---- printing ---- */

/* The text is good UTF-8 here. */
static void quote_good(struct srd_buf *out, const char *text, size_t n)
{
    size_t plain = 0; /* bytes before @at that wait to be copied as they are */

    srd_buf_char(out, '"');
    for (size_t at = 0; at < n; at++) {
        unsigned char byte = (unsigned char)text[at];
        const char *letter;

        if (byte >= 0x20 && byte != '"' && byte != '\\') {
            plain++;
            continue;
        }
        srd_buf_add(out, text + at - plain, plain);
        plain = 0;
        if (byte && (letter = strchr("\"\"\\\\\bb\ff\nn\rr\tt", byte))) {
            srd_buf_char(out, '\\');
            srd_buf_char(out, letter[1]);
        } else {
            srd_buf_printf(out, "\\u%04x", byte);
        }
    }
    srd_buf_add(out, text + n - plain, plain);
    srd_buf_char(out, '"');
}

void srd_json_quote(struct srd_buf *out, const char *text, size_t n)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf better = { 0 };

    if (srd_utf8_good(text, n) < n) {
        srd_buf_init(&better, n * 3);
        srd_utf8_repair(&better, text, n);
        text = better.data;
        n = better.size;
    }
    quote_good(out, text, n);
}

static void print_number(double number, struct srd_buf *out)
{
    char digits[40];
    /* fifteen digits are exact for every number that has no more, except among the smallest */
    int precision = fabs(number) < DBL_MIN ? 1 : 15;

    if (!isfinite(number)) {
        srd_buf_text(out, "null");
        return;
    }
    if (number == floor(number) && fabs(number) < 0x1p53) {
        srd_buf_printf(out, "%.0f", number);
        return;
    }
    for (; precision <= 17; precision++) {
        snprintf(digits, sizeof(digits), "%.*g", precision, number);
        if (strtod(digits, NULL) == number)
            break;
    }
    srd_buf_text(out, digits);
}

static void print_indent(bool pretty, size_t depth, struct srd_buf *out)
{
    if (!pretty)
        return;
    srd_buf_char(out, '\n');
    srd_buf_repeat(out, ' ', depth * 2);
}

static void print_item(const cJSON *item, bool pretty, size_t depth, struct srd_buf *out)
{
    const bool object = cJSON_IsObject(item);

    if (cJSON_IsString(item)) {
        srd_json_quote(out, item->valuestring, strlen(item->valuestring));
    } else if (cJSON_IsRaw(item)) {
        srd_buf_text(out, item->valuestring);
    } else if (cJSON_IsNumber(item)) {
        print_number(item->valuedouble, out);
    } else if (cJSON_IsBool(item)) {
        srd_buf_text(out, cJSON_IsTrue(item) ? "true" : "false");
    } else if (object || cJSON_IsArray(item)) {
        srd_buf_char(out, object ? '{' : '[');
        for (const cJSON *child = item->child; child && !out->full; child = child->next) {
            if (child != item->child)
                srd_buf_char(out, ',');
            print_indent(pretty, depth + 1, out);
            if (object) {
                srd_json_quote(out, child->string, strlen(child->string));
                srd_buf_text(out, pretty ? ": " : ":");
            }
            print_item(child, pretty, depth + 1, out);
        }
        if (item->child)
            print_indent(pretty, depth, out);
        srd_buf_char(out, object ? '}' : ']');
    } else {
        srd_buf_text(out, "null");
    }
}

void srd_json_print(const struct srd_json *json, bool pretty, struct srd_buf *out)
{
    print_item(item_of(json), pretty, 0, out);
}
