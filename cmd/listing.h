#ifndef SRD_CMD_LISTING_H
#define SRD_CMD_LISTING_H

#include "cmd/command.h"

/*
 * A table about srdiag itself (checks, settings, a plan ...) in the formats that suit a table:
 * table, wide, json, ndjson, csv, markdown.
 */
struct srd_list_column {
    const char *key;   /* JSON and CSV name; NULL ends */
    const char *title; /* NULL: the key in capitals */
    bool number;       /* right-aligned; a number in JSON */
    bool flag;         /* "yes" or "no"; true or false in JSON */
    bool wide;         /* with -o wide and in machine formats only */
};
struct srd_listing {
    struct srd_arena *arena;
    const char *kind; /* "checks": in JSON */
    const struct srd_list_column *columns;
    size_t column_count, rows, room;
    const char **cells;
};

void srd_listing_init(struct srd_listing *listing, struct srd_arena *arena, const char *kind,
                      const struct srd_list_column *columns);
/* The cells of one row, as many as there are columns; NULL: nothing to say. */
void srd_listing_add(struct srd_listing *listing, const char *const *cells);
/* Appends to call->out; SRD_E_USAGE for a format that cannot print a plain table. */
int srd_listing_print(struct srd_call *call, const struct srd_listing *listing,
                      struct srd_error *err);
/* Is the format one for people? Only then words may be added around a table. */
bool srd_format_is_prose(const struct srd_format *format);

#endif
