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

static const char *handle_of(const struct reply *reply, char out[64])
{
    SRD_CLEANUP(srd_json_free) struct srd_json *content = content_of(reply);
    const char *handle = srd_json_text(srd_json_get(content, "report"));

    assert_non_null(handle);
    snprintf(out, 64, "%s", handle);
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
    char handle[64], arguments[128];

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
        cmocka_unit_test(a_reload_changes_what_begins_after_it),
        cmocka_unit_test(a_ping_asks_for_the_version),
        cmocka_unit_test(without_a_cluster_the_tools_say_how_to_name_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
