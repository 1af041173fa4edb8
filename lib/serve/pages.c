/* What does a model get to read of an answer page by page? */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/serve/results.h"

#define SUMMARY_ROOM 1200 /* the summary and the small members around the list */
#define SUMMARY_TEXT 900
#define LINES_BYTES ((size_t)64 << 20)

/* Whoever reads pages side by side must know. */
const char *srd_pages_again(const struct srd_pages *pages, const char *what,
                            struct srd_arena *arena)
{
    char then[SRD_TIME_SIZE], now[SRD_TIME_SIZE];

    if (!pages->again_ms)
        return "";
    return srd_arena_printf(arena,
                            " Taken again at %s, as the answer of %s is no longer at hand; %s may "
                            "have changed in between.",
                            srd_time_rfc3339(pages->again_ms, now),
                            srd_time_rfc3339(pages->taken_ms, then), what);
}

void srd_pages_put(struct srd_sheet *sheet, const struct srd_pages *pages, bool truncated,
                   const char *cursor)
{
    char moment[SRD_TIME_SIZE];

    srd_sheet_put(sheet, "truncated", srd_json_new_bool(truncated));
    if (pages->again_ms)
        srd_sheet_put_text(sheet, "taken_again_at", srd_time_rfc3339(pages->again_ms, moment));
    if (cursor)
        srd_sheet_put_text(sheet, "next_cursor", cursor);
}

/* ---- what is behind a finding ---- */

static bool is_wanted(const struct srd_json *finding, const char *id)
{
    const char *own = srd_json_text(srd_json_get(finding, "id"));

    return !id ||
           (own && (!strcmp(own, id) || (id[strlen(id) - 1] == '.' && srd_text_prefix(own, id))));
}

static struct srd_json *copy_of(const struct srd_json *json)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text = { 0 };
    struct srd_json *copy = NULL;
    struct srd_error err;

    srd_buf_init(&text, LINES_BYTES);
    srd_json_print(json, false, &text);
    if (text.full || srd_json_parse(text.data, text.size, LINES_BYTES, &copy, &err))
        return srd_json_object();
    return copy;
}

/* The first finding of a page comes in any case, or the pages would never end. */
static bool add_without_rows(struct srd_pile *pile, const struct srd_json *finding)
{
    struct srd_json *copy, *evidence;

    if (pile->count)
        return false;
    copy = copy_of(finding);
    evidence = srd_json_take(copy, "evidence");
    srd_json_free(&evidence);
    srd_json_put(copy, "left_out", srd_json_new_text("evidence: too large"));
    pile->room = SIZE_MAX;
    srd_pile_add(pile, copy);
    pile->room = 0;
    return true;
}

bool srd_result_of_findings(const struct srd_json *report, const char *handle, const char *id,
                            const struct srd_pages *pages, struct srd_buf *out)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_pile_free) struct srd_pile pile = { 0 };
    SRD_CLEANUP(srd_sheet_free) struct srd_sheet sheet = { 0 };
    const struct srd_json *f = srd_json_first(srd_json_get(report, "findings"));
    size_t all = 0, next = 0, from = pages->from;
    const char *cursor = NULL;
    const char *summary =
        from ? "No findings are left." : "There is no such finding in this report.";

    srd_pile_begin(&pile, SRD_ROOM_DETAILED / 2 - SUMMARY_ROOM, SRD_TEXT_CONCISE);
    for (; f; f = srd_json_next(f)) {
        if (!is_wanted(f, id))
            continue;
        if (all++ < from || next)
            continue;
        if (!srd_pile_add(&pile, copy_of(f)) && !add_without_rows(&pile, f))
            next = all - 1;
    }
    srd_pile_end(&pile);
    if (next && pages->cursor)
        cursor = pages->cursor(pages->context, next, arena);
    if (pile.count)
        summary = srd_arena_printf(
            arena, "Findings %zu to %zu of %zu with the rows they were read from%s.", from + 1,
            from + pile.count, all, cursor ? "; go on with next_cursor" : "");
    summary = srd_arena_printf(arena, "%s%s", summary, srd_pages_again(pages, "findings", arena));
    srd_sheet_begin(&sheet, SUMMARY_TEXT);
    srd_sheet_put_text(&sheet, "summary", summary);
    srd_sheet_put_text(&sheet, "report", handle);
    srd_sheet_put_raw(&sheet, "findings", &pile.out);
    srd_pages_put(&sheet, pages, next != 0, cursor);
    srd_sheet_end(&sheet);
    srd_buf_add(out, sheet.out.data, sheet.out.size);
    return pile.count > 0;
}
