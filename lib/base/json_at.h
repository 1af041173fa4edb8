#ifndef SRD_BASE_JSON_AT_H
#define SRD_BASE_JSON_AT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Where in its text does a value stand? For messages that name a line, and for programs that change
 * one value in a file and leave the rest as its owner wrote it.
 *
 * Every @text is what srd_json_parse() accepted, with a NUL behind it; nothing is checked again.
 * The members come in the order of srd_json_first() and srd_json_next(), so that a tree and its
 * text can be walked side by side.
 */
struct srd_json_at {
    const char *key;   /* its opening quote; NULL in an array */
    const char *value; /* first byte */
    const char *end;   /* behind its last byte */
};

/* The text's own value. */
struct srd_json_at srd_json_at_root(const char *text);
/* The first member (item) of the object (array) @of; false: it has none, or is none. */
bool srd_json_at_first(const struct srd_json_at *of, struct srd_json_at *out);
/* The one behind @at, which becomes it; false: there is none. */
bool srd_json_at_next(struct srd_json_at *at);
/* The member of the object @of with the key @key; false: there is none. */
bool srd_json_at_member(const struct srd_json_at *of, const char *key, struct srd_json_at *out);

/* The line of @at, from 1. */
int srd_json_at_line(const char *text, const char *at);
/*
 * The line of the first key that its object has already; 0: there is none, or the @n bytes are no
 * JSON. For a text that srd_json_parse() refused.
 */
int srd_json_at_twice(const char *text, size_t n);

#endif
