#ifndef SRD_BASE_JSON_SCAN_H
#define SRD_BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"

/*
 * The part of json.h that refuses: grammar, UTF-8, control characters, \u0000, depth above 64, and
 * numbers of more than 63 characters. For json.c (and json_at.c); everybody else calls srd_json_parse().
 */

/* 0 if the @n bytes are one JSON text; SRD_E_DATA with line and column (in bytes) if not. */
int srd_json_scan(const char *bytes, size_t n, struct srd_error *err);

/* Is all of @text a JSON number? */
bool srd_json_is_number(const char *text);

#endif
