#ifndef SRD_MODEL_TABLE_H
#define SRD_MODEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/error.h"

/*
 * One result set: text cells under named columns. SQL NULL is a NULL pointer, apart from "" and from
 * the text "NULL". Columns are found by name (case does not matter: StarRocks prints `Alive`,
 * `DB_NAME` and `Quota` as it likes), never by position; extra columns do no harm.
 *
 * Reading (srd_cell_*): false means "this cell says nothing": the column is missing, the cell is
 * NULL, empty, "N/A", "\N", "NULL", "-" or does not parse. It never becomes 0. All formats that
 * StarRocks prints are understood:
 *
 *   number    12  1.5  -3  "1,234"  1e6
 *   percent   "90.25 %"  "90.25%"  90.25            -> 90.25
 *   bytes     "12.345 GB" "1.2GB" "512B" "0.000 " "1024"  (1024 steps: B KB MB GB TB PB EB) -> bytes,
 *             a whole number of them
 *   count     "12 rows"  "12"                      -> 12
 *   duration  "1.234 s" "12 ms" "3s" "250ms" bare number = seconds -> ms
 *   bool      true false 1 0 yes no (any case)
 *   time      "yyyy-MM-dd HH:mm:ss[.f]" in the table's print zone, or epoch seconds/ms -> ms UTC
 *   json      a member of a JSON object in the cell
 *
 * A table is filled by one thread and then only read, by any number of threads.
 */
struct srd_table {
    size_t rows, columns;
    const char *const *names; /* [columns] */
    const char *const *cells; /* [rows * columns], row by row; use srd_cell() */
    /* Set by the source: how far east of UTC the times in this table are printed. */
    bool zone_known;
    int zone_offset_s;
    /* false: the source stopped at its ceiling, there would have been more rows */
    bool complete;
    /* filling only */
    struct srd_arena *arena;
    size_t room, bytes, ceiling_bytes, ceiling_rows;
};

#define SRD_TABLE_MAX_BYTES ((size_t)64 << 20)
#define SRD_TABLE_MAX_ROWS ((size_t)200000)

/* Copies @names. The ceilings start at the maxima above and may be lowered in the struct. */
struct srd_table *srd_table_new(struct srd_arena *arena, const char *const *names, size_t columns);
/*
 * Adds a row of @n cells (NULL = SQL NULL; @lengths may be NULL for NUL-terminated cells; a cell with
 * a NUL inside is kept up to it). A row shorter than the header is filled with NULL (ADMIN SHOW
 * REPLICA STATUS prints such rows), a longer one is SRD_E_DATA; a ceiling is SRD_E_LIMIT.
 */
int srd_table_add(struct srd_table *table, const char *const *cells, const size_t *lengths,
                  size_t n, struct srd_error *err);
/*
 * A table from text, for tests: header line, then rows, cells separated by '|', lines by '\n', "\N" is
 * NULL. Ends the process on a malformed text.
 */
struct srd_table *srd_table_of(struct srd_arena *arena, const char *text);

#define SRD_NO_COLUMN ((size_t)-1)
size_t srd_column(const struct srd_table *table, const char *name); /* or SRD_NO_COLUMN */
/* The first of the blank-separated @names that @table lacks, copied into @arena; NULL: has all. */
const char *srd_table_lacks(const struct srd_table *table, const char *names,
                            struct srd_arena *arena);

/* The raw text; NULL for SQL NULL and for a column that is not there. */
const char *srd_cell(const struct srd_table *table, size_t row, const char *column);
/* Like srd_cell(), but never NULL, for messages: "" instead. */
const char *srd_cell_text(const struct srd_table *table, size_t row, const char *column);
bool srd_cell_has(const struct srd_table *table, size_t row, const char *column);
/* The raw text is exactly @text; case matters, as names do. */
bool srd_cell_is(const struct srd_table *table, size_t row, const char *column, const char *text);
bool srd_cell_number(const struct srd_table *t, size_t row, const char *column, double *out);
bool srd_cell_integer(const struct srd_table *t, size_t row, const char *column, int64_t *out);
bool srd_cell_percent(const struct srd_table *t, size_t row, const char *column, double *out);
bool srd_cell_bytes(const struct srd_table *t, size_t row, const char *column, double *out);
bool srd_cell_count(const struct srd_table *t, size_t row, const char *column, double *out);
bool srd_cell_duration_ms(const struct srd_table *t, size_t row, const char *column, double *out);
bool srd_cell_bool(const struct srd_table *t, size_t row, const char *column, bool *out);
/*
 * false also when the table's print zone is not known (epoch numbers, from 2000 to 2100, and texts that
 * name their zone need none). "Never" is false: year >= 9999, or before 1971.
 */
bool srd_cell_time_ms(const struct srd_table *t, size_t row, const char *column, int64_t *out);
/* The text of @key in a JSON object cell, copied into @arena; NULL when absent. */
const char *srd_cell_json(const struct srd_table *t, size_t row, const char *column,
                          const char *key, struct srd_arena *arena);

/* The parsers behind the cells, for text that is not in a table (configuration values). */
bool srd_parse_number(const char *text, double *out);
bool srd_parse_percent(const char *text, double *out);
bool srd_parse_bytes(const char *text, double *out);
bool srd_parse_count(const char *text, double *out);
bool srd_parse_duration_ms(const char *text, double *out);
bool srd_parse_bool(const char *text, bool *out);

#endif
