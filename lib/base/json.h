#ifndef SRD_BASE_JSON_H
#define SRD_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"

/*
 * JSON, over cJSON, whose traps end here: no other file includes cJSON.h.
 *
 * Reading refuses, with SRD_E_DATA and the place: more than @max bytes, broken UTF-8, raw control
 * characters, the escape \u0000, trailing garbage, duplicate keys, depth above 64. Numbers keep their
 * source digits only as far as a double does; identifiers must travel as strings.
 *
 * Writing: build a tree and print it. Integers print with all digits (int64), doubles with the
 * fewest digits that read back the same, NaN and infinity as null. Strings are cleaned of broken
 * UTF-8 (replacement character), never of control characters, which are escaped.
 * A tree has one owner; srd_json_put() and srd_json_push() take @value.
 */
struct srd_json;

int srd_json_parse(const char *bytes, size_t n, size_t max, struct srd_json **out,
                   struct srd_error *err);
void srd_json_free(struct srd_json **json); /* for SRD_CLEANUP */

enum srd_json_kind {
    SRD_JSON_NULL, SRD_JSON_BOOL, SRD_JSON_NUMBER, SRD_JSON_STRING, SRD_JSON_ARRAY, SRD_JSON_OBJECT
};
/* Borrowing getters; NULL json gives NULL, 0, false or NULL kind. Key case matters. */
enum srd_json_kind srd_json_kind(const struct srd_json *json);
const struct srd_json *srd_json_get(const struct srd_json *object, const char *key);
const char *srd_json_text(const struct srd_json *json); /* NULL unless a string */
bool srd_json_number(const struct srd_json *json, double *out);
bool srd_json_bool(const struct srd_json *json, bool *out);
size_t srd_json_size(const struct srd_json *array_or_object);
/* Iterate: first = srd_json_first(x); next = srd_json_next(item); key of an object's member. */
const struct srd_json *srd_json_first(const struct srd_json *array_or_object);
const struct srd_json *srd_json_next(const struct srd_json *item);
const char *srd_json_key(const struct srd_json *member);

struct srd_json *srd_json_object(void);
struct srd_json *srd_json_array(void);
struct srd_json *srd_json_new_text(const char *text); /* NULL text gives null */
struct srd_json *srd_json_new_number(double number);
struct srd_json *srd_json_new_integer(int64_t number);
struct srd_json *srd_json_new_bool(bool value);
struct srd_json *srd_json_new_null(void);
/* A number whose text is already known to be valid JSON number syntax; else it becomes a string. */
struct srd_json *srd_json_new_number_text(const char *digits);
/*
 * Both take @value, also on failure; NULL @value ends the process like a failed allocation. They
 * return @value, which @object or @array now owns, so that it can be filled further; NULL if the
 * container is none. A key is put once: the second of its name makes an object nobody can read.
 */
struct srd_json *srd_json_put(struct srd_json *object, const char *key, struct srd_json *value);
struct srd_json *srd_json_push(struct srd_json *array, struct srd_json *value);

/* Takes the member out of @object; NULL: there is none. The caller owns it. */
struct srd_json *srd_json_take(struct srd_json *object, const char *key);

/* Compact (one line) or indented by two blanks. */
void srd_json_print(const struct srd_json *json, bool pretty, struct srd_buf *out);
/* Appends one JSON string with quotes: for row-at-a-time writers. */
void srd_json_quote(struct srd_buf *out, const char *text, size_t n);

#endif
