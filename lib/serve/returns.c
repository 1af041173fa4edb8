/* What if a client comes back for the rest, to us or to another replica? */

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/serve/desk_private.h"

#define LIFE_MS 900000 /* of a ticket, beyond that of the cached answer it stands in */
#define ANSWER_BYTES ((size_t)1 << 20)

/* ---- tickets ---- */

const char *srd_turn_cursor(const void *context, size_t from, struct srd_arena *arena)
{
    const struct srd_turn *turn = context;
    struct srd_ticket ticket = turn->ticket;

    ticket.from = from;
    return srd_ticket_write(&turn->books->secrets, &ticket, &turn->bond, arena);
}

int64_t srd_ticket_life_ms(const struct srd_books *books)
{
    return books->keep_ms + LIFE_MS;
}

static bool is_over(const struct srd_books *books, const struct srd_ticket *ticket)
{
    return srd_clock_now_ms() > ticket->taken_s * 1000 + srd_ticket_life_ms(books);
}

bool srd_ticket_open(const struct srd_books *books, enum srd_ticket_kind kind,
                     const struct srd_ticket_bond *bond, const char *text, struct srd_arena *arena,
                     struct srd_ticket *out)
{
    return srd_ticket_read(&books->secrets, kind, bond, text, arena, out) && !is_over(books, out);
}

/* The call that gets it anew: @key, and which ticket is to be good here, too. */
static const char *key_again(const char *key, const struct srd_ticket *ticket,
                             struct srd_arena *arena)
{
    char id[2 * SRD_TICKET_ID + 1];

    srd_hex(ticket->id, SRD_TICKET_ID, id);
    return srd_arena_printf(arena, "%sagain,%s,%zu", key, id, ticket->from);
}

/* ---- rows ---- */

void srd_wish_go_on(struct srd_mcp_call *call, const struct srd_wish *wish,
                    struct srd_books *held_books, struct srd_place *held_place, const char *about,
                    struct srd_mcp_result *out)
{
    SRD_CLEANUP(srd_books_drop) struct srd_books *books = held_books;
    SRD_CLEANUP(srd_place_drop) struct srd_place *place = held_place;
    SRD_CLEANUP(srd_buf_free) struct srd_buf json = { 0 };
    struct srd_desk *desk = wish->row->desk;
    struct srd_turn turn = { .books = books, .bond = { call->caller->tenant, about } };
    struct srd_pages pages = { .cursor = srd_turn_cursor, .context = &turn };
    const char *lines, *key;

    if (!srd_ticket_open(books, SRD_TICKET_ROWS, &turn.bond, wish->cursor, call->arena,
                         &turn.ticket)) {
        srd_mcp_result_fault(out,
                             "cursor: it is none of this call with these arguments, or too old; "
                             "start again without cursor");
        return;
    }
    lines = srd_kept_get(desk->kept, turn.bond.tenant, &turn.ticket, call->arena, &pages.again_ms);
    if (!lines) {
        key = key_again(srd_books_key(books, about, call->arena), &turn.ticket, call->arena);
        srd_order_again(call, wish, SRD_TAKE(books), SRD_TAKE(place), key, about, &turn.ticket,
                        out);
        return;
    }
    pages.from = turn.ticket.from;
    pages.taken_ms = turn.ticket.taken_s * 1000;
    srd_buf_init(&json, ANSWER_BYTES);
    srd_result_of_lines(lines, SRD_ROOM_CONCISE, &pages, &json);
    srd_result_put(out, &json);
}

/* ---- reports ---- */

/*
 * A report's ticket says in words which call made it: the expert ("": all), the cluster ("": the
 * tenant's), and each argument ("": not given).
 */
bool srd_ticket_name_call(struct srd_ticket *ticket, const struct srd_tool_row *row,
                          const struct srd_place *place, const struct srd_arg_value *args,
                          struct srd_arena *arena)
{
    size_t n = 0;

    if (row->arg_count + 2 > SRD_TICKET_WORDS)
        return false;
    ticket->words[n++] = row->expert ? row->expert->name : "";
    ticket->words[n++] = srd_place_tenant(place) ? "" : srd_place_name(place);
    for (size_t i = 0; i < row->arg_count; i++) {
        const char *word = "";

        if (args[i].given && row->args[i].type == SRD_ARG_INTEGER)
            word = srd_arena_printf(arena, "%lld", (long long)args[i].number);
        else if (args[i].given && args[i].text)
            word = args[i].text;
        ticket->words[n++] = word;
    }
    return true;
}

/* As strictly as the arguments of a call: it may come from a replica of another version. */
static bool value_of(const struct srd_arg *arg, const char *word, struct srd_arg_value *out)
{
    *out = (struct srd_arg_value){ .number = arg->fallback };
    if (!*word)
        return !arg->required;
    out->given = true;
    out->text = word;
    switch (arg->type) {
    case SRD_ARG_INTEGER:
        out->text = NULL;
        return srd_text_int64(word, &out->number) && out->number >= arg->min &&
               out->number <= arg->max;
    case SRD_ARG_ENUM:
        return srd_text_among(arg->values, word);
    default:
        return strlen(word) <= SRD_ARG_TEXT_MAX;
    }
}

static bool wish_of_ticket(const struct srd_desk *desk, const struct srd_ticket *ticket,
                           struct srd_arena *arena, struct srd_wish *out)
{
    const char *const *words = ticket->words;
    struct srd_arg_value *args;
    size_t n = 0;

    while (words[n])
        n++;
    if (n < 2)
        return false;
    *out = (struct srd_wish){ .row = srd_desk_diagnosis(desk, words[0]) };
    if (!out->row || n != out->row->arg_count + 2)
        return false;
    if (*words[1])
        out->cluster = words[1];
    args = srd_arena_array(arena, n, sizeof(*args));
    for (size_t i = 0; i < out->row->arg_count; i++)
        if (!value_of(&out->row->args[i], words[i + 2], &args[i]))
            return false;
    out->args = args;
    return true;
}

/* Has it made here; false with what went wrong in @fault. */
static bool make_again(struct srd_mcp_call *call, struct srd_desk *desk,
                       const struct srd_books *books, const struct srd_wish *wish,
                       const struct srd_ticket *ticket, struct srd_mcp_result *fault)
{
    const char *tenant = call->caller->tenant, *why, *about, *key;
    struct srd_place *place = srd_place_choose(books, tenant, wish->cluster, call->arena, &why);

    if (!place) {
        srd_mcp_result_fault(fault, "%s", why);
        return false;
    }
    about = srd_wish_about(place, tenant, wish, call->arena);
    key = key_again(srd_books_key(books, about, call->arena), ticket, call->arena);
    srd_order_again(call, wish, srd_books_hold(desk), place, key, about, ticket, fault);
    return !fault->is_error;
}

enum srd_report_found srd_report_find(struct srd_mcp_call *call, struct srd_desk *desk,
                                      const char *handle, struct srd_report_kept *out,
                                      struct srd_mcp_result *fault)
{
    SRD_CLEANUP(srd_books_drop) struct srd_books *books = srd_books_hold(desk);
    struct srd_ticket_bond bond = { call->caller->tenant, "" };
    struct srd_wish wish;

    if (!srd_ticket_open(books, SRD_TICKET_REPORT, &bond, handle, call->arena, &out->ticket))
        return SRD_REPORT_UNKNOWN;
    out->text = srd_kept_get(desk->kept, bond.tenant, &out->ticket, call->arena, &out->again_ms);
    if (!out->text) {
        if (!wish_of_ticket(desk, &out->ticket, call->arena, &wish))
            return SRD_REPORT_UNKNOWN;
        if (!make_again(call, desk, books, &wish, &out->ticket, fault))
            return SRD_REPORT_FAULT;
        out->text =
            srd_kept_get(desk->kept, bond.tenant, &out->ticket, call->arena, &out->again_ms);
    }
    if (!out->text) {
        srd_mcp_result_fault(fault, "report: this server has no room for it; run the analyze_ tool "
                                    "again with detail=detailed");
        return SRD_REPORT_FAULT;
    }
    return SRD_REPORT_FOUND;
}
