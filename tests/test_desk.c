/* Does the desk answer what it is asked, remember it, and keep each to its own? */

#include "desk_fixture.h"

/* ---- the tables ---- */

static void tools_are_few_and_small(void **state)
{
    struct srd_desk *desk = desk_of(&demo_options);
    const struct srd_mcp_tool *tool = srd_desk_tables(desk)->tools;
    size_t n = 0;

    (void)state;
    for (; tool->name; tool++, n++) {
        assert_true(strlen(tool->name) <= 37);
        assert_true(strlen(tool->title) <= 40);
        assert_true(strlen(tool->description) <= 1024);
        assert_non_null(tool->output_schema);
    }
    assert_true(n <= 24);
    srd_desk_free(&desk);
}

/* ---- answers ---- */

static void every_tool_answers_the_demo(void **state)
{
    struct srd_desk *desk = desk_of(&demo_options);
    struct srd_mcp *mcp = srd_mcp_new(srd_desk_tables(desk));

    (void)state;
    for (const struct srd_mcp_tool *tool = srd_desk_tables(desk)->tools; tool->name; tool++) {
        bool labelled = tool->args && tool->args->name && !strcmp(tool->args->name, "label");
        bool id = tool->args && tool->args->name && !strcmp(tool->args->name, "id");
        SRD_CLEANUP(reply_free) struct reply reply = { 0 };
        SRD_CLEANUP(srd_json_free) struct srd_json *content = NULL;

        if (!strcmp(tool->name, "get_evidence") || !strcmp(tool->name, "run_view"))
            continue;
        call(mcp, tool->name, labelled ? "{'label':'x'}" : id ? "{'id':'rc-01'}" : "{}", &reply);
        content = content_of(&reply);
        if (!content)
            continue; /* isError: shared-data or not in the snapshot */
        assert_string_equal(srd_json_key(srd_json_first(content)), "summary");
    }
    srd_mcp_free(&mcp);
    srd_desk_free(&desk);
}

/* ---- what is kept ---- */

static const char *handle_of(const struct reply *reply, char out[SRD_TICKET_MAX + 1])
{
    SRD_CLEANUP(srd_json_free) struct srd_json *content = content_of(reply);
    const char *handle = srd_json_text(srd_json_get(content, "report"));

    assert_non_null(handle);
    snprintf(out, SRD_TICKET_MAX + 1, "%s", handle);
    return out;
}

static void a_kept_answer_comes_at_once(void **state)
{
    struct srd_desk *desk = desk_of(&demo_options);
    struct srd_mcp *mcp = srd_mcp_new(srd_desk_tables(desk));
    SRD_CLEANUP(reply_free) struct reply first = { 0 };
    SRD_CLEANUP(reply_free) struct reply second = { 0 };
    SRD_CLEANUP(reply_free) struct reply third = { 0 };

    (void)state;
    call(mcp, "get_disk_usage", "{}", &first);
    assert_false(first.quick);
    call(mcp, "get_disk_usage", "{'cluster':'default','cursor':null}", &second);
    assert_true(second.quick);
    assert_string_equal(first.text.data, second.text.data);
    call(mcp, "get_tablet_distribution", "{}", &third);
    assert_false(third.quick);
    assert_int_equal(srd_desk_counts(desk).hits, 1);
    assert_int_equal(srd_desk_counts(desk).misses, 2);
    srd_mcp_free(&mcp);
    srd_desk_free(&desk);
}

static void other_arguments_are_another_question(void **state)
{
    struct srd_desk *desk = desk_of(&demo_options);
    struct srd_mcp *mcp = srd_mcp_new(srd_desk_tables(desk));
    static const char *const arguments[] = { "{}", "{'limit':3}", "{'limit':4}",
                                             "{'state':'FINISHED'}", "{'limit':20}" };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(arguments); i++) {
        SRD_CLEANUP(reply_free) struct reply reply = { 0 };

        call(mcp, "get_load_jobs", arguments[i], &reply);
        assert_false(reply.quick);
    }
    assert_int_equal(srd_desk_counts(desk).misses, SRD_COUNT(arguments));
    srd_mcp_free(&mcp);
    srd_desk_free(&desk);
}

/* ---- tenants ---- */

static const struct srd_desk_cluster tenants[] = {
    { .tenant = "acme", .name = "prod", .open = open_demo, .open_data = DEMO },
    { .tenant = "acme", .name = "test", .open = open_demo, .open_data = DEMO },
    { .tenant = "zoo", .name = "prod", .open = open_demo, .open_data = DEMO },
};

static void a_tenant_sees_nothing_of_another(void **state)
{
    struct srd_desk_options options = demo_options;
    struct srd_desk *desk;
    struct srd_mcp *mcp;
    SRD_CLEANUP(reply_free) struct reply acme = { 0 };
    SRD_CLEANUP(reply_free) struct reply zoo = { 0 };
    SRD_CLEANUP(reply_free) struct reply peek = { 0 };
    SRD_CLEANUP(reply_free) struct reply own = { 0 };
    SRD_CLEANUP(reply_free) struct reply list = { 0 };
    SRD_CLEANUP(reply_free) struct reply foreign = { 0 };
    SRD_CLEANUP(reply_free) struct reply nobody = { 0 };
    char handle[SRD_TICKET_MAX + 1], arguments[SRD_TICKET_MAX + 64];

    (void)state;
    options.clusters = tenants;
    options.cluster_count = SRD_COUNT(tenants);
    desk = desk_of(&options);
    mcp = srd_mcp_new(srd_desk_tables(desk));
    call_as(mcp, "acme", "analyze_storage_health", "{'cluster':'prod'}", &acme);
    call_as(mcp, "zoo", "analyze_storage_health", "{}", &zoo); /* its only one */
    assert_false(zoo.quick);
    snprintf(arguments, sizeof(arguments), "{'report':'%s'}", handle_of(&acme, handle));
    call_as(mcp, "zoo", "get_evidence", arguments, &peek);
    assert_non_null(strstr(peek.text.data, "there is no such report"));
    call_as(mcp, "acme", "get_evidence", arguments, &own);
    assert_null(strstr(own.text.data, "isError"));
    call_as(mcp, "zoo", "list_clusters", "{}", &list);
    assert_null(strstr(list.text.data, "test"));
    call_as(mcp, "zoo", "get_disk_usage", "{'cluster':'test'}", &foreign);
    assert_non_null(strstr(foreign.text.data, "there is no cluster"));
    assert_null(strstr(foreign.text.data, "acme"));
    call_as(mcp, NULL, "get_disk_usage", "{'cluster':'prod'}", &nobody);
    assert_non_null(strstr(nobody.text.data, "No cluster is configured"));
    srd_mcp_free(&mcp);
    srd_desk_free(&desk);
}

/* ---- replicas ---- */

static const struct srd_secrets shared = { .keys = { "what all replicas have in common" }, .count = 1 };

struct replica {
    struct srd_desk *desk;
    struct srd_mcp *mcp;
};

static struct replica replica_of(const struct srd_desk_options *options,
                                 const struct srd_secrets *secrets)
{
    struct srd_desk_options own = *options;
    struct replica out;

    own.secrets = secrets;
    out.desk = desk_of(&own);
    out.mcp = srd_mcp_new(srd_desk_tables(out.desk));
    return out;
}

static void replica_end(struct replica *replica)
{
    srd_mcp_free(&replica->mcp);
    srd_desk_free(&replica->desk);
}

static size_t runs_of(const struct replica *replica)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_desk_cluster_state *states;
    size_t n = srd_desk_states(replica->desk, arena, &states), runs = 0;

    for (size_t i = 0; i < n; i++)
        runs += states[i].runs;
    return runs;
}

/* A member of an answer as JSON text, in @out; "" if it is not there. */
static const char *member_of(const struct reply *reply, const char *name, struct srd_buf *out)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *content = content_of(reply);
    const struct srd_json *member = srd_json_get(content, name);

    if (!out->data)
        srd_buf_init(out, (size_t)1 << 20);
    srd_buf_clear(out);
    if (member && srd_json_kind(member) == SRD_JSON_STRING)
        srd_buf_text(out, srd_json_text(member));
    else if (member)
        srd_json_print(member, false, out);
    return out->data;
}

#define LONG_VIEW "get_load_jobs"

/* "{'limit':200,'cursor':'...'}" */
static const char *with_cursor(const struct reply *first, struct srd_arena *arena)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf cursor = { 0 };

    assert_string_not_equal(member_of(first, "next_cursor", &cursor), "");
    return srd_arena_printf(arena, "{'limit':200,'cursor':'%s'}", cursor.data);
}

static void any_replica_gives_the_next_page(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(replica_end) struct replica a = replica_of(&demo_options, &shared);
    SRD_CLEANUP(replica_end) struct replica b = replica_of(&demo_options, &shared);
    SRD_CLEANUP(replica_end) struct replica stranger = replica_of(&demo_options, NULL);
    SRD_CLEANUP(reply_free) struct reply first = { 0 };
    SRD_CLEANUP(reply_free) struct reply own = { 0 };
    SRD_CLEANUP(reply_free) struct reply foreign = { 0 };
    SRD_CLEANUP(reply_free) struct reply again = { 0 };
    SRD_CLEANUP(reply_free) struct reply refused = { 0 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf one = { 0 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf two = { 0 };
    const char *next;

    (void)state;
    call(a.mcp, LONG_VIEW, "{'limit':200}", &first);
    next = with_cursor(&first, arena);
    call(a.mcp, LONG_VIEW, next, &own);
    assert_string_equal(member_of(&own, "taken_again_at", &one), "");
    call(b.mcp, LONG_VIEW, next, &foreign);
    assert_string_not_equal(member_of(&foreign, "rows", &one), "[]");
    assert_string_equal(member_of(&own, "rows", &two), one.data);
    assert_string_not_equal(member_of(&foreign, "taken_again_at", &one), "");
    assert_non_null(strstr(member_of(&foreign, "summary", &one), "Taken again at"));
    /* from now on it is there, and nothing is asked for it */
    call(b.mcp, LONG_VIEW, next, &again);
    assert_string_equal(again.text.data, foreign.text.data);
    assert_int_equal(runs_of(&b), 1);
    call(stranger.mcp, LONG_VIEW, next, &refused);
    assert_non_null(strstr(refused.text.data, "start again without cursor"));
    assert_int_equal(runs_of(&stranger), 0);
}

static void pages_end_in_any_replica(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(replica_end) struct replica a = replica_of(&demo_options, &shared);
    SRD_CLEANUP(replica_end) struct replica b = replica_of(&demo_options, &shared);
    const char *arguments = "{'limit':200}";
    size_t rows = 0;
    double count = 0;

    (void)state;
    for (size_t page = 0; arguments; page++) {
        SRD_CLEANUP(reply_free) struct reply reply = { 0 };
        SRD_CLEANUP(srd_json_free) struct srd_json *content = NULL;

        call((page % 2 ? b : a).mcp, LONG_VIEW, arguments, &reply);
        content = content_of(&reply);
        rows += srd_json_size(srd_json_get(content, "rows"));
        assert_true(srd_json_number(srd_json_get(content, "row_count"), &count));
        arguments = srd_json_get(content, "next_cursor") ? with_cursor(&reply, arena) : NULL;
        assert_true(page < 100);
    }
    assert_int_equal(rows, (size_t)count);
    assert_int_equal(runs_of(&a) + runs_of(&b), 2); /* once each, and not once a page */
}

static void a_reload_keeps_cursors_and_reports(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(replica_end) struct replica a = replica_of(&demo_options, NULL);
    SRD_CLEANUP(reply_free) struct reply first = { 0 };
    SRD_CLEANUP(reply_free) struct reply second = { 0 };
    SRD_CLEANUP(reply_free) struct reply third = { 0 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf text = { 0 };
    SRD_CLEANUP(srd_buf_free) struct srd_buf more = { 0 };
    struct srd_desk_options options = demo_options;
    struct srd_error err;

    (void)state;
    call(a.mcp, LONG_VIEW, "{'limit':200}", &first);
    assert_int_equal(srd_desk_reload(a.desk, &options, &err), 0);
    call(a.mcp, LONG_VIEW, with_cursor(&first, arena), &second);
    assert_string_not_equal(member_of(&second, "rows", &text), "");
    options.secrets = &shared; /* also when the server gets a secret meanwhile */
    assert_int_equal(srd_desk_reload(a.desk, &options, &err), 0);
    call(a.mcp, LONG_VIEW, with_cursor(&first, arena), &third);
    assert_string_equal(member_of(&third, "rows", &more), text.data);
    assert_int_equal(runs_of(&a), 1);
}

static void any_replica_shows_the_evidence(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(replica_end) struct replica a = replica_of(&demo_options, &shared);
    SRD_CLEANUP(replica_end) struct replica b = replica_of(&demo_options, &shared);
    SRD_CLEANUP(replica_end) struct replica stranger = replica_of(&demo_options, NULL);
    static const char *const reports[][2] = {
        { "analyze_system_comprehensive", "{}" },
        { "analyze_ingestion_health", "{'hours':72}" },
        { "analyze_storage_health", "{'cluster':'default'}" },
    };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(reports); i++) {
        SRD_CLEANUP(reply_free) struct reply report = { 0 };
        SRD_CLEANUP(reply_free) struct reply own = { 0 };
        SRD_CLEANUP(reply_free) struct reply foreign = { 0 };
        SRD_CLEANUP(reply_free) struct reply next = { 0 };
        SRD_CLEANUP(reply_free) struct reply refused = { 0 };
        SRD_CLEANUP(srd_buf_free) struct srd_buf one = { 0 };
        SRD_CLEANUP(srd_buf_free) struct srd_buf two = { 0 };
        char handle[SRD_TICKET_MAX + 1];
        const char *arguments;

        call(a.mcp, reports[i][0], reports[i][1], &report);
        arguments = srd_arena_printf(arena, "{'report':'%s'}", handle_of(&report, handle));
        call(a.mcp, "get_evidence", arguments, &own);
        call(b.mcp, "get_evidence", arguments, &foreign);
        assert_string_equal(member_of(&own, "findings", &one),
                            member_of(&foreign, "findings", &two));
        assert_string_equal(member_of(&own, "taken_again_at", &one), "");
        assert_string_not_equal(member_of(&foreign, "taken_again_at", &one), "");
        assert_int_equal(runs_of(&b), i + 1);
        if (*member_of(&own, "next_cursor", &one)) { /* b says what follows on a's page */
            arguments = srd_arena_printf(arena, "{'report':'%s','cursor':'%s'}", handle, one.data);
            call(b.mcp, "get_evidence", arguments, &next);
            assert_string_not_equal(member_of(&next, "findings", &two), "");
            assert_int_equal(runs_of(&b), i + 1);
            arguments = srd_arena_printf(arena, "{'report':'%s','finding':'x','cursor':'%s'}",
                                         handle, one.data);
            call(b.mcp, "get_evidence", arguments, &refused);
            assert_non_null(strstr(refused.text.data, "start again without cursor"));
            reply_free(&refused);
        }
        arguments = srd_arena_printf(arena, "{'report':'%s'}", handle);
        call(stranger.mcp, "get_evidence", arguments, &refused);
        assert_non_null(strstr(refused.text.data, "run the analyze_ tool again"));
        assert_int_equal(runs_of(&stranger), 0);
    }
}

/* ---- what a replica of another version, or of another hour, may have sealed ---- */

static const struct {
    const char *name, *words[5];
    int64_t age_s;
    const char *says;
} sealed[] = {
    { "a report of now", { "storage", "default" }, 0, "taken_again_at" },
    { "one of ten minutes ago", { "storage", "default" }, 600, "taken_again_at" },
    { "one of a replica whose clock is ahead", { "storage", "default" }, -600, "taken_again_at" },
    { "one of all experts", { "", "default" }, 0, "taken_again_at" },
    { "one with its argument", { "ingestion", "default", "72" }, 0, "taken_again_at" },
    { "one without its argument", { "ingestion", "default", "" }, 0, "taken_again_at" },
    { "one of an hour ago", { "storage", "default" }, 3600, "there is no such report" },
    { "no words", { NULL }, 0, "there is no such report" },
    { "one word", { "storage" }, 0, "there is no such report" },
    { "an expert that is not there", { "nope", "default" }, 0, "there is no such report" },
    { "an argument too many", { "storage", "default", "1" }, 0, "there is no such report" },
    { "an argument too few", { "ingestion", "default" }, 0, "there is no such report" },
    { "a number that is none", { "ingestion", "default", "x" }, 0, "there is no such report" },
    { "a number out of range", { "ingestion", "default", "99999" }, 0, "there is no such report" },
    { "a cluster that is not there", { "storage", "prod" }, 0, "there is no cluster" },
};

static void a_sealed_ticket_is_judged_like_a_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < SRD_COUNT(sealed); i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        SRD_CLEANUP(replica_end) struct replica a = replica_of(&demo_options, &shared);
        SRD_CLEANUP(reply_free) struct reply reply = { 0 };
        struct srd_ticket ticket = { .kind = SRD_TICKET_REPORT,
                                     .taken_s = srd_clock_now_ms() / 1000 - sealed[i].age_s };
        struct srd_ticket_bond bond = { NULL, "" };

        memcpy(ticket.words, sealed[i].words, sizeof(sealed[i].words));
        call(a.mcp, "get_evidence",
             srd_arena_printf(arena, "{'report':'%s'}",
                              srd_ticket_write(&shared, &ticket, &bond, arena)),
             &reply);
        if (!strstr(reply.text.data, sealed[i].says))
            fail_msg("%s: %.300s", sealed[i].name, reply.text.data);
    }
}

static void a_replica_keeps_tenants_apart(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_desk_options options = demo_options;
    SRD_CLEANUP(replica_end) struct replica a = { 0 };
    SRD_CLEANUP(replica_end) struct replica b = { 0 };
    SRD_CLEANUP(reply_free) struct reply rows = { 0 };
    SRD_CLEANUP(reply_free) struct reply report = { 0 };
    SRD_CLEANUP(reply_free) struct reply own = { 0 };
    static const char *const others[] = { "zoo", NULL, "", "acme2" };
    char handle[SRD_TICKET_MAX + 1];
    const char *next, *evidence;

    (void)state;
    options.clusters = tenants;
    options.cluster_count = SRD_COUNT(tenants);
    a = replica_of(&options, &shared);
    b = replica_of(&options, &shared);
    call_as(a.mcp, "acme", LONG_VIEW, "{'limit':200,'cluster':'prod'}", &rows);
    call_as(a.mcp, "acme", "analyze_storage_health", "{'cluster':'prod'}", &report);
    next = with_cursor(&rows, arena);
    next = srd_arena_printf(arena, "{'cluster':'prod',%s", next + 1);
    evidence = srd_arena_printf(arena, "{'report':'%s'}", handle_of(&report, handle));
    for (size_t i = 0; i < 2 * SRD_COUNT(others); i++) {
        struct srd_mcp *mcp = (i % 2 ? a : b).mcp;
        SRD_CLEANUP(reply_free) struct reply peek = { 0 };
        SRD_CLEANUP(reply_free) struct reply page = { 0 };

        call_as(mcp, others[i / 2], "get_evidence", evidence, &peek);
        assert_non_null(strstr(peek.text.data, "there is no such report"));
        call_as(mcp, others[i / 2], LONG_VIEW, next, &page);
        assert_non_null(strstr(page.text.data, "\"isError\":true"));
    }
    assert_int_equal(runs_of(&b), 0);
    call_as(b.mcp, "acme", LONG_VIEW, next, &own);
    assert_null(strstr(own.text.data, "isError"));
}

/* ---- reload, figures ---- */

/* The severity of the first finding @id in the answer; "" if there is none. */
static const char *severity_of(const struct reply *reply, const char *id, char out[16])
{
    SRD_CLEANUP(srd_json_free) struct srd_json *content = content_of(reply);
    const struct srd_json *f = srd_json_first(srd_json_get(content, "findings"));

    while (f && strcmp(srd_json_text(srd_json_get(f, "id")), id) != 0)
        f = srd_json_next(f);
    snprintf(out, 16, "%s", f ? srd_json_text(srd_json_get(f, "severity")) : "");
    return out;
}

static void a_reload_changes_what_begins_after_it(void **state)
{
    static const struct srd_desk_cluster one_more[] = {
        { .name = "default", .open = open_demo, .open_data = DEMO },
        { .name = "other", .open = open_demo, .open_data = DEMO },
    };
    static const struct srd_override limits[] = {
        { "load.error-class.capacity", 50, "config file" }, { 0 }
    };
    struct srd_desk_options options = demo_options;
    struct srd_desk *desk = desk_of(&options);
    struct srd_mcp *mcp = srd_mcp_new(srd_desk_tables(desk));
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(reply_free) struct reply before = { 0 };
    SRD_CLEANUP(reply_free) struct reply after = { 0 };
    struct srd_desk_cluster_state *states;
    struct srd_error err = { 0 };
    char word[16];

    (void)state;
    call(mcp, "analyze_system_comprehensive", "{}", &before);
    options.clusters = one_more;
    options.cluster_count = 2;
    options.overrides = limits;
    assert_int_equal(srd_desk_reload(desk, &options, &err), 0);
    assert_int_equal(srd_desk_counts(desk).entries, 0);
    call(mcp, "analyze_system_comprehensive", "{}", &after);
    assert_false(after.quick);
    assert_string_equal(severity_of(&before, "load.error-class", word), "critical");
    assert_string_equal(severity_of(&after, "load.error-class", word), "warning");
    assert_int_equal(srd_desk_states(desk, arena, &states), 2);
    assert_true(states[0].asked); /* it was asked before the reload, too: the place is the same */
    assert_int_equal(states[0].runs, 2);
    assert_in_range(states[0].score, 0, 100);
    assert_true(states[0].findings[SRD_CRITICAL] > 0);
    assert_string_equal(states[0].run_mode, "shared-nothing");
    assert_int_equal(states[0].connections_idle, 1);
    assert_int_equal(states[0].connections_busy, 0);
    assert_false(states[1].asked);
    options.cluster_count = 1;
    options.clusters = (struct srd_desk_cluster[]){ { .name = "" } };
    assert_int_equal(srd_desk_reload(desk, &options, &err), SRD_E_CONFIG);
    assert_int_equal(srd_desk_states(desk, arena, &states), 2); /* nothing has changed */
    srd_mcp_free(&mcp);
    srd_desk_free(&desk);
}

static void a_ping_asks_for_the_version(void **state)
{
    struct srd_desk *desk = desk_of(&demo_options);
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_desk_cluster_state *states;
    struct srd_error err = { 0 };

    (void)state;
    assert_int_equal(srd_desk_ping(desk, NULL, NULL, srd_clock_monotonic_ms() + 10000, &err), 0);
    assert_int_equal(srd_desk_states(desk, arena, &states), 1);
    assert_true(states[0].reachable);
    assert_string_equal(states[0].version, "3.5.7-c4e20d9");
    assert_int_equal(states[0].score, -1);
    assert_int_equal(srd_desk_ping(desk, NULL, "nope", srd_clock_monotonic_ms() + 10000, &err),
                     SRD_E_CONFIG);
    srd_desk_free(&desk);
}

/* ---- no cluster ---- */

static void without_a_cluster_the_tools_say_how_to_name_one(void **state)
{
    struct srd_desk_options options = demo_options;
    SRD_CLEANUP(reply_free) struct reply disks = { 0 };
    SRD_CLEANUP(reply_free) struct reply list = { 0 };
    struct srd_desk *desk;
    struct srd_mcp *mcp;

    (void)state;
    options.cluster_count = 0;
    desk = desk_of(&options);
    mcp = srd_mcp_new(srd_desk_tables(desk));
    call(mcp, "get_disk_usage", "{}", &disks);
    assert_non_null(strstr(disks.text.data, "[cluster NAME]"));
    assert_non_null(strstr(disks.text.data, "\"isError\":true"));
    call(mcp, "list_clusters", "{}", &list);
    assert_non_null(strstr(list.text.data, "\"clusters\":[]"));
    srd_mcp_free(&mcp);
    srd_desk_free(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tools_are_few_and_small),
        cmocka_unit_test(every_tool_answers_the_demo),
        cmocka_unit_test(a_kept_answer_comes_at_once),
        cmocka_unit_test(other_arguments_are_another_question),
        cmocka_unit_test(a_tenant_sees_nothing_of_another),
        cmocka_unit_test(any_replica_gives_the_next_page),
        cmocka_unit_test(pages_end_in_any_replica),
        cmocka_unit_test(a_reload_keeps_cursors_and_reports),
        cmocka_unit_test(any_replica_shows_the_evidence),
        cmocka_unit_test(a_sealed_ticket_is_judged_like_a_call),
        cmocka_unit_test(a_replica_keeps_tenants_apart),
        cmocka_unit_test(a_reload_changes_what_begins_after_it),
        cmocka_unit_test(a_ping_asks_for_the_version),
        cmocka_unit_test(without_a_cluster_the_tools_say_how_to_name_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
