#ifndef SRD_SERVE_RESULTS_H
#define SRD_SERVE_RESULTS_H

#include "lib/model/report.h"
#include "lib/serve/sheet.h"

/*
 * A report or a view as the answer of a tool: an object whose first member says in one or two
 * sentences what was found, with members named and filled as in srdiag.report/1 and srdiag.view/1,
 * but fewer of them, and cut to a size. What is absent is left out; identifiers are always texts.
 * (schema.c says how it looks.)
 */

/* Sizes of what a model reads, in bytes of JSON. */
#define SRD_ROOM_CONCISE ((size_t)8 << 10)
#define SRD_ROOM_DETAILED ((size_t)24 << 10)
/* How long a text may be in it. */
#define SRD_TEXT_CONCISE 512
#define SRD_TEXT_DETAILED 4096

struct srd_answer_style {
    bool detailed;
    const char *handle;      /* of the whole report, for get_evidence; NULL: it is not kept */
    int64_t handle_until_ms; /* wall clock */
};
/* Appends the object of a diagnosis. */
void srd_result_of_report(const struct srd_report *report, const struct srd_answer_style *style,
                          struct srd_buf *out);

/*
 * A view that was answered, as lines of clean JSON: an object of what is said beside the rows, then
 * one line per row. This is what is kept of a view that does not fit.
 */
void srd_result_lines(const struct srd_view_report *view, struct srd_buf *lines);
/* Where an answer that has pages stands. */
struct srd_pages {
    size_t from; /* the first row or finding of this page */
    /* The cursor of the page that begins with @from, or NULL: there can be none. */
    const char *(*cursor)(const void *context, size_t from, struct srd_arena *arena);
    const void *context;
    /*
     * Wall clock: this page is not of the answer that the first was of (taken_ms), but was found out
     * anew (again_ms), and says so. again_ms 0: it is.
     */
    int64_t taken_ms, again_ms;
};
/* In words, and with a blank in front, that @what was found out anew; "": it was not. */
const char *srd_pages_again(const struct srd_pages *pages, const char *what,
                            struct srd_arena *arena);
/* Puts the members behind the list; @cursor may be NULL. */
void srd_pages_put(struct srd_sheet *sheet, const struct srd_pages *pages, bool truncated,
                   const char *cursor);

/*
 * Appends the object of a view: as many rows of @lines as there is @room for. Returns the number of
 * the first that did not fit, 0: none was left.
 */
size_t srd_result_of_lines(const char *lines, size_t room, const struct srd_pages *pages,
                           struct srd_buf *out);
/* Of one that was not answered: says why. */
void srd_result_of_no_view(const struct srd_view_report *view, struct srd_buf *out);
const char *srd_result_why_no_view(const struct srd_view_report *view, struct srd_arena *arena);

/*
 * Findings of a kept report (srdiag.report/1, @report), with the rows they were read from: those
 * with the id (or id prefix "storage.") @id, NULL: all. False: there is none.
 */
bool srd_result_of_findings(const struct srd_json *report, const char *handle, const char *id,
                            const struct srd_pages *pages, struct srd_buf *out);

#endif
