#ifndef SRD_SERVE_SHEET_H
#define SRD_SERVE_SHEET_H

#include "lib/base/json.h"

/*
 * JSON for a model: what came from the cluster is clean and short in it, and the whole fits a size.
 *
 * Clean: control characters (but newline and tab), ANSI sequences, characters that are invisible or
 * turn the text around, and broken bytes each become one U+FFFD. Short: a text of more than
 * @text_max bytes (of a member "name": 256) ends with "... [+1834 bytes]".
 */

/* Appends @json (our own print of a tree) like that. */
void srd_sheet_clean(struct srd_buf *out, const char *json, size_t n, size_t text_max);
/* Prints @value, which it frees, like that. */
void srd_sheet_print(struct srd_buf *out, struct srd_json *value, size_t text_max);

/* An object that is written member by member. */
struct srd_sheet {
    struct srd_buf out;
    size_t text_max;
};
void srd_sheet_begin(struct srd_sheet *sheet, size_t text_max);
void srd_sheet_put(struct srd_sheet *sheet, const char *key, struct srd_json *value); /* frees it */
void srd_sheet_put_text(struct srd_sheet *sheet, const char *key, const char *text);
/* JSON that is clean already. */
void srd_sheet_put_raw(struct srd_sheet *sheet, const char *key, const struct srd_buf *json);
void srd_sheet_end(struct srd_sheet *sheet);
void srd_sheet_free(struct srd_sheet *sheet); /* for SRD_CLEANUP */

/* A list that takes items while there is room. */
struct srd_pile {
    struct srd_buf out; /* "[...]" once it is closed */
    size_t room, count, text_max;
};
void srd_pile_begin(struct srd_pile *pile, size_t room, size_t text_max);
/*
 * false: there is no room for it (nor for what follows, the caller stops). The first one comes in
 * with its texts shortened much more before it is left out. Frees @item.
 */
bool srd_pile_add(struct srd_pile *pile, struct srd_json *item);
bool srd_pile_add_raw(struct srd_pile *pile, const char *json, size_t n); /* clean already */
void srd_pile_end(struct srd_pile *pile);
void srd_pile_free(struct srd_pile *pile); /* for SRD_CLEANUP */

/*
 * The members of a result: @json as text and as structured content, or (@is_error) @text alone.
 */
void srd_members_of_json(struct srd_buf *members, const struct srd_buf *json);
void srd_members_of_text(struct srd_buf *members, const char *text);

#endif
