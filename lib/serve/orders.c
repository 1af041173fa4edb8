/* What happens when an expert or a view is asked for? */

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/render/render.h"
#include "lib/serve/desk_private.h"
#include "lib/serve/results.h"
#include "lib/serve/trouble.h"

#define LEAST_MS 1000 /* a run gets at least that */
#define REPORT_BYTES ((size_t)4 << 20)
#define ANSWER_BYTES ((size_t)1 << 20)

/* A run that is under way: all that it needs, for the call that began it may be gone before it. */
struct order {
    struct srd_arena *arena;
    struct srd_books *books;
    struct srd_place *place;
    const struct srd_tool_row *row;
    struct srd_arg_value *args;
    const char *about; /* srd_wish_about() */
    bool detailed, roomy;
    bool again;               /* a client came back: */
    struct srd_ticket ticket; /* with this */
    int64_t begun_ms, deadline_ms;
    struct srd_flight *flight;
};

/* ---- which cluster ---- */

static const char *const *names_of(const struct srd_books *books, const char *tenant,
                                   struct srd_arena *arena, const char **joined)
{
    const char **names = srd_arena_array(arena, books->count + 1, sizeof(*names));
    size_t n = 0;

    *joined = "";
    for (size_t i = 0; i < books->count; i++) {
        const char *name = srd_place_name(books->places[i]);

        if (!srd_text_same(tenant, srd_place_tenant(books->places[i])))
            continue;
        *joined = srd_arena_printf(arena, "%s%s%s", *joined, n ? ", " : "", name);
        names[n++] = name;
    }
    return names;
}

struct srd_place *srd_place_choose(const struct srd_books *books, const char *tenant,
                                   const char *name, struct srd_arena *arena, const char **why)
{
    struct srd_place *only = NULL;
    const char *const *names;
    const char *joined, *near;
    size_t n = 0;

    for (size_t i = 0; i < books->count; i++) {
        struct srd_place *place = books->places[i];

        if (!srd_text_same(tenant, srd_place_tenant(place)))
            continue;
        if (!strcmp(srd_place_name(place), name && *name ? name : "default"))
            return srd_place_hold(place);
        only = place;
        n++;
    }
    if (n == 1 && (!name || !*name))
        return srd_place_hold(only);
    names = names_of(books, tenant, arena, &joined);
    if (!n)
        *why =
            "No cluster is configured. Whoever runs this server names one: srdiag serve -h HOST -u "
            "USER, or a section [cluster NAME] in srdiag.cnf; srdiag --demo serve needs none.";
    else if (!name || !*name)
        *why = srd_arena_printf(arena, "cluster: several are configured; name one of %s", joined);
    else if ((near = srd_text_nearest(name, names)))
        *why = srd_arena_printf(arena, "cluster: there is no cluster \"%.100s\"; did you mean %s?",
                                name, near);
    else
        *why = srd_arena_printf(arena, "cluster: there is no cluster \"%.100s\"; configured: %s",
                                name, joined);
    return NULL;
}

/* ---- what is asked, as a key ---- */

/* With its length in front, so that no value can pass for two. */
const char *srd_key_part(struct srd_arena *arena, const char *key, const char *text)
{
    return srd_arena_printf(arena, "%s%zu:%s,", key, strlen(text), text);
}

const char *srd_books_key(const struct srd_books *books, const char *about, struct srd_arena *arena)
{
    return srd_arena_printf(arena, "%u,%s", books->number, about);
}

const char *srd_wish_about(const struct srd_place *place, const char *tenant,
                           const struct srd_wish *wish, struct srd_arena *arena)
{
    const char *key = srd_key_part(arena, "", tenant ? tenant : "");

    key = srd_key_part(arena, key, srd_place_name(place));
    key = srd_key_part(arena, key, wish->row->tool);
    key = srd_key_part(arena, key, wish->detailed ? "detailed" : "");
    for (size_t i = 0; i < wish->row->arg_count; i++) {
        const struct srd_arg_value *value = &wish->args[i];

        if (wish->row->args[i].type == SRD_ARG_INTEGER)
            key = srd_arena_printf(arena, "%s%lld%s,", key, (long long)value->number,
                                   value->given ? "!" : "");
        else
            key = srd_key_part(arena, key, value->text ? value->text : "");
    }
    return key;
}

/* ---- the run ---- */

const char *srd_next_step(enum srd_code code)
{
    switch (code) {
    case SRD_E_CONNECT:
        return "Check that a frontend of the cluster is up and reachable from this server; "
               "list_clusters says what was last heard of it.";
    case SRD_E_DENIED:
        return "Check user and password of this cluster in the server's configuration, and what "
               "the account may do: srdiag grants.";
    case SRD_E_LIMIT:
        return "Try again in a few seconds.";
    case SRD_E_TIMEOUT:
        return "Try again, or ask for less: one analyze_ tool instead of all, a smaller limit.";
    case SRD_E_CONFIG:
        return "Whoever runs this server must correct its configuration: srdiag config check.";
    default:
        return "If it happens again, the log of this server says more.";
    }
}

void srd_say_error(const char *tool, const struct srd_place *place, int64_t took_ms,
                   const struct srd_error *err, struct srd_arena *arena, struct srd_buf *members)
{
    const char *where = srd_place_where(place);
    struct srd_trouble trouble;

    if (srd_place_remote(place)) {
        srd_trouble_of_error(srd_place_remote(place), srd_place_tenant(place), err, took_ms, arena,
                             &trouble);
        srd_trouble_put(&trouble, members);
        return;
    }
    srd_members_of_text(members,
                        srd_arena_printf(arena, "%s could not look at cluster %s%s%s%s: %s. %s",
                                         tool, srd_place_name(place), *where ? " (" : "", where,
                                         *where ? ")" : "", err->text, srd_next_step(err->code)));
}

static void tell(void *context, size_t done, size_t planned, const char *probe)
{
    srd_flight_tell(context, (double)done, (double)planned, probe);
}

/* The whole report as JSON, for later questions; NULL: it is too large, or there is no room. */
static const char *keep_report(const struct order *o, const struct srd_report *report,
                               const struct srd_ticket *ticket)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf json = { 0 };
    const struct srd_format *format = srd_format_find("json");
    struct srd_style style = { .again = "srdiag" };
    const char *tenant = srd_place_tenant(o->place);
    struct srd_ticket_bond bond = { tenant, "" };
    struct srd_error err;

    srd_buf_init(&json, REPORT_BYTES);
    format->report(report, &style, &json);
    if (json.full ||
        srd_kept_add(o->row->desk->kept, tenant, ticket, o->again ? srd_clock_now_ms() : 0,
                     json.data, json.size, srd_ticket_life_ms(o->books), &err))
        return NULL;
    return srd_ticket_write(&o->books->secrets, ticket, &bond, o->arena);
}

static void answer_report(const struct order *o, const struct srd_report *report,
                          struct srd_buf *members)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf json = { 0 };
    struct srd_answer_style style = { .detailed = o->detailed };
    struct srd_ticket ticket = { .kind = SRD_TICKET_REPORT, .taken_s = srd_clock_now_ms() / 1000 };
    struct srd_error err;

    if (!srd_ticket_number(&ticket, &err) &&
        srd_ticket_name_call(&ticket, o->row, o->place, o->args, o->arena))
        style.handle = keep_report(o, report, &ticket);
    style.handle_until_ms = ticket.taken_s * 1000 + srd_ticket_life_ms(o->books);
    srd_buf_init(&json, ANSWER_BYTES);
    srd_result_of_report(report, &style, &json);
    srd_members_of_json(members, &json);
}

/*
 * Nobody reads what this says, unless it is a fault: who wants the report takes it from where it is
 * kept. Half of one would pass for a cluster that got well.
 */
static void keep_again(const struct order *o, const struct srd_report *report,
                       struct srd_buf *members, bool *is_error)
{
    *is_error = report->partial;
    if (!report->partial)
        keep_report(o, report, &o->ticket);
    srd_members_of_text(members,
                        report->partial
                            ? "report: it is no longer at hand, and the time was over before all "
                              "of it could be asked again; try again, or run the analyze_ tool"
                            : "kept");
}

/* The limit of what took too long. */
static int64_t longest_s(const struct srd_evidence *ev)
{
    int64_t longest = 0;

    for (size_t i = 0; i < ev->count; i++) {
        const struct srd_answer *a = &ev->answers[i];

        if (a->status == SRD_TIMED_OUT && srd_probe_timeout_s(a->probe) > longest)
            longest = srd_probe_timeout_s(a->probe);
    }
    return longest;
}

/* That the cluster has no such thing is an answer; that it could not be asked is a fault. */
static void answer_no_view(const struct order *o, const struct srd_view_report *view,
                           struct srd_buf *members, bool *is_error)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf json = { 0 };

    srd_buf_init(&json, ANSWER_BYTES);
    if (view->status == SRD_MODE_ABSENT || view->status == SRD_VERSION_ABSENT) {
        srd_result_of_no_view(view, &json);
        srd_members_of_json(members, &json);
        return;
    }
    *is_error = true;
    if (srd_place_remote(o->place) && view->status == SRD_TIMED_OUT) {
        struct srd_trouble trouble;

        srd_trouble_of_timeout(srd_place_tenant(o->place), longest_s(view->ev),
                               srd_clock_monotonic_ms() - o->begun_ms,
                               srd_result_why_no_view(view, o->arena), o->arena, &trouble);
        srd_trouble_put(&trouble, members);
        return;
    }
    srd_members_of_text(
        members,
        srd_arena_printf(o->arena, "%s. %s", srd_result_why_no_view(view, o->arena),
                         srd_next_step(view->status == SRD_DENIED       ? SRD_E_DENIED
                                       : view->status == SRD_TIMED_OUT  ? SRD_E_TIMEOUT
                                       : view->status == SRD_NO_BACKEND ? SRD_E_CONNECT
                                                                        : SRD_E_INTERNAL)));
}

static void answer_view(const struct order *o, const struct srd_view_report *view,
                        struct srd_buf *members)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf lines = { 0 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf json = { 0 };
    struct srd_turn turn = { .books = o->books,
                             .ticket = o->ticket,
                             .bond = { srd_place_tenant(o->place), o->about } };
    struct srd_pages pages = { .from = o->ticket.from, .context = &turn };
    struct srd_error err = { 0 };

    if (o->again) {
        pages.taken_ms = o->ticket.taken_s * 1000;
        pages.again_ms = srd_clock_now_ms();
    } else {
        turn.ticket.kind = SRD_TICKET_ROWS;
        turn.ticket.taken_s = srd_clock_now_ms() / 1000;
        srd_ticket_number(&turn.ticket, &err);
    }
    srd_buf_init(&lines, REPORT_BYTES);
    srd_buf_init(&json, ANSWER_BYTES);
    srd_result_lines(view, &lines);
    if (!err.code && !lines.full) /* else the last page would not be the end */
        pages.cursor = srd_turn_cursor;
    if (srd_result_of_lines(lines.data,
                            o->roomy && !o->again ? SRD_ROOM_DETAILED : SRD_ROOM_CONCISE, &pages,
                            &json) &&
        pages.cursor)
        srd_kept_add(o->row->desk->kept, turn.bond.tenant, &turn.ticket, pages.again_ms, lines.data,
                     lines.size, srd_ticket_life_ms(o->books), &err);
    srd_members_of_json(members, &json);
}

static int run_experts(struct order *o, struct srd_source *src,
                       const struct srd_run_options *options, struct srd_buf *members,
                       bool *is_error, bool *keep, struct srd_error *err)
{
    const struct srd_desk *desk = o->row->desk;
    const struct srd_expert *one[2] = { o->row->expert, NULL };
    struct srd_report *report;

    if (srd_run_experts(desk->catalogue, src, one[0] ? one : desk->catalogue->experts, options,
                        o->arena, &report, err))
        return err->code;
    srd_place_learnt(o->place, &report->ev->cluster, one[0] ? NULL : report);
    *keep = !report->partial && !o->again;
    if (o->again)
        keep_again(o, report, members, is_error);
    else
        answer_report(o, report, members);
    return 0;
}

static int run_view(struct order *o, struct srd_source *src, const struct srd_run_options *options,
                    struct srd_buf *members, bool *is_error, struct srd_error *err)
{
    struct srd_view_report *view;

    if (srd_run_view(o->row->desk->catalogue, src, o->row->expert, o->row->view, o->args, options,
                     o->arena, &view, err))
        return err->code;
    srd_place_learnt(o->place, &view->ev->cluster, NULL);
    if (view->rows)
        answer_view(o, view, members);
    else
        answer_no_view(o, view, members, is_error);
    return 0;
}

static int run_order(struct order *o, struct srd_flight *flight, struct srd_buf *members,
                     bool *is_error, bool *keep, struct srd_error *err)
{
    SRD_CLEANUP(srd_source_close) struct srd_source *src = NULL;
    const char *name = srd_place_name(o->place);
    int64_t left_ms;
    struct srd_run_options options = {
        .cluster_name = strcmp(name, "default") != 0 ? name : NULL,
        .overrides = o->books->overrides,
        .heavy_limit = o->books->heavy_limit,
        .args = o->row->view || !o->row->arg_count ? NULL : o->args,
        .tool_version = o->row->desk->tool_version,
        .cancel = srd_flight_cancel(flight),
        .progress = tell,
        .context = flight,
        .hands = &o->row->desk->lent,
    };

    if (srd_place_borrow(o->place, o->deadline_ms, options.cancel, &src, err))
        return err->code;
    left_ms = o->deadline_ms - srd_clock_monotonic_ms();
    options.timeout_ms = left_ms > LEAST_MS ? left_ms : LEAST_MS;
    if (o->row->view ? run_view(o, src, &options, members, is_error, err)
                     : run_experts(o, src, &options, members, is_error, keep, err)) {
        if (err->code != SRD_E_CONNECT || left_ms >= SRD_FAIR_MS)
            srd_place_failed(o->place, err);
    }
    return err->code;
}

static void fly(void *what, struct srd_flight *flight, struct srd_buf *members, bool *is_error,
                bool *keep)
{
    struct order *o = what;
    struct srd_error err = { 0 };

    if (!run_order(o, flight, members, is_error, keep, &err))
        return;
    *is_error = true;
    srd_buf_clear(members);
    srd_say_error(o->row->tool, o->place, srd_clock_monotonic_ms() - o->begun_ms, &err, o->arena,
                  members);
}

static void drop_order(void *what)
{
    struct order *o = what;

    srd_place_drop(&o->place);
    srd_books_drop(&o->books);
    srd_arena_free(&o->arena);
    free(o);
}

/* ---- the call ---- */

static struct order *order_of(const struct srd_mcp_call *call, const struct srd_wish *wish,
                              struct srd_books *books, struct srd_place *place, const char *about)
{
    struct order *o = calloc(1, sizeof(*o));
    size_t count = wish->row->arg_count;

    if (!o)
        srd_no_memory();
    o->arena = srd_arena_new();
    o->books = books;
    o->place = place;
    o->row = wish->row;
    o->about = srd_arena_copy(o->arena, about);
    o->detailed = wish->detailed;
    o->begun_ms = srd_clock_monotonic_ms();
    o->deadline_ms = call->deadline_ms - SRD_MARGIN_MS;
    o->args = srd_arena_array(o->arena, count + 1, sizeof(*o->args));
    for (size_t i = 0; i < count; i++) {
        o->args[i] = wish->args[i];
        o->args[i].text = srd_arena_copy(o->arena, wish->args[i].text);
        /* who says how many rows wants them */
        o->roomy = o->roomy || (wish->args[i].given && !strcmp(wish->row->args[i].tool, "limit"));
    }
    return o;
}

static void tell_caller(void *context, double done, double total, const char *what)
{
    char text[128];

    snprintf(text, sizeof(text), "%.0f of %.0f questions answered, the last: %s", done, total,
             what);
    srd_mcp_progress(context, done, total, text);
}

/* The run goes on, or was never begun; of tenants this is told as what goes wrong at their agents.
 */
static void fault(struct srd_mcp_call *call, struct srd_desk *desk, enum srd_code code,
                  const char *what, struct srd_mcp_result *out)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf members = { 0 };
    int64_t call_ms = desk->tables.call_ms;
    struct srd_trouble trouble = { .status = 503,
                                   .error = "Server at capacity",
                                   .message = "try again in a moment",
                                   .tenant = call->caller->tenant };

    if (!call->caller->tenant) {
        srd_mcp_result_fault(out, "%s: %s. %s",
                             call->tool ? call->tool->name : call->resource->name, what,
                             srd_next_step(code));
        return;
    }
    if (code == SRD_E_TIMEOUT)
        srd_trouble_of_timeout(call->caller->tenant, INT64_MAX, call_ms, NULL, call->arena,
                               &trouble);
    srd_buf_init(&members, ANSWER_BYTES);
    srd_trouble_put(&trouble, &members);
    srd_mcp_result_members(out, members.data, members.size, true);
}

void srd_errand_await(struct srd_mcp_call *call, struct srd_desk *desk, const char *key,
                      const struct srd_errand *errand, struct srd_mcp_result *out)
{
    SRD_CLEANUP(srd_said_drop) struct srd_said *said = NULL;
    struct srd_patience patience = { .deadline_ms = call->deadline_ms,
                                     .cancel = call->cancel,
                                     .tell = tell_caller,
                                     .context = call };

    switch (srd_cache_ask(desk->cache, desk->work, key, errand, &patience, &said)) {
    case SRD_ASKED:
        srd_mcp_result_members(out, said->members, said->n, said->is_error);
        break;
    case SRD_ASKED_LEFT:
        srd_mcp_result_fault(out, "cancelled");
        break;
    case SRD_ASKED_LATE:
        fault(call, desk, SRD_E_TIMEOUT, "the cluster did not answer in time", out);
        break;
    case SRD_ASKED_BUSY:
        fault(call, desk, SRD_E_LIMIT, "this server is busy", out);
        break;
    }
}

bool srd_wish_quick(struct srd_mcp_call *call, const struct srd_wish *wish,
                    struct srd_mcp_result *out)
{
    SRD_CLEANUP(srd_books_drop) struct srd_books *books = srd_books_hold(wish->row->desk);
    SRD_CLEANUP(srd_place_drop) struct srd_place *place = NULL;
    SRD_CLEANUP(srd_said_drop) struct srd_said *said = NULL;
    const char *tenant = call->caller->tenant, *why;

    if (wish->cursor)
        return false;
    place = srd_place_choose(books, tenant, wish->cluster, call->arena, &why);
    if (!place) {
        srd_mcp_result_fault(out, "%s", why);
        return true;
    }
    said = srd_cache_find(
        wish->row->desk->cache,
        srd_books_key(books, srd_wish_about(place, tenant, wish, call->arena), call->arena));
    if (said)
        srd_mcp_result_members(out, said->members, said->n, said->is_error);
    return said != NULL;
}

void srd_wish_run(struct srd_mcp_call *call, const struct srd_wish *wish,
                  struct srd_mcp_result *out)
{
    SRD_CLEANUP(srd_books_drop) struct srd_books *books = srd_books_hold(wish->row->desk);
    SRD_CLEANUP(srd_place_drop) struct srd_place *place = NULL;
    struct srd_errand errand = { .run = fly, .drop = drop_order };
    const char *tenant = call->caller->tenant, *why, *about, *key;

    place = srd_place_choose(books, tenant, wish->cluster, call->arena, &why);
    if (!place) {
        srd_mcp_result_fault(out, "%s", why);
        return;
    }
    about = srd_wish_about(place, tenant, wish, call->arena);
    if (wish->cursor) {
        srd_wish_go_on(call, wish, SRD_TAKE(books), SRD_TAKE(place), about, out);
        return;
    }
    key = srd_books_key(books, about, call->arena);
    errand.what = order_of(call, wish, SRD_TAKE(books), SRD_TAKE(place), about);
    srd_errand_await(call, wish->row->desk, key, &errand, out);
}

void srd_order_again(struct srd_mcp_call *call, const struct srd_wish *wish,
                     struct srd_books *books, struct srd_place *place, const char *key,
                     const char *about, const struct srd_ticket *ticket, struct srd_mcp_result *out)
{
    struct srd_errand errand = { .run = fly, .drop = drop_order };
    struct order *o = order_of(call, wish, books, place, about);

    o->again = true;
    o->ticket = *ticket;
    for (size_t i = 0; ticket->words[i]; i++) /* the call may be gone before it */
        o->ticket.words[i] = srd_arena_copy(o->arena, ticket->words[i]);
    errand.what = o;
    srd_errand_await(call, wish->row->desk, key, &errand, out);
}
