/* Are Content-Type and Accept read as RFC 9110 wants it? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/serve/media.h"

static const struct type_row {
    const char *type;
    bool json;
} types[] = {
    { "application/json", true },
    { "application/json; charset=utf-8", true },
    { "application/json;charset=utf-8", true },
    { "application/json ;x=y", true },
    { " application/json", true },
    { "APPLICATION/JSON", true },
    { "application/json,", false },
    { "application/json x", false },
    { "application/json, application/json", false },
    { "application/jsonp", false },
    { "application/problem+json", false },
    { "text/json", false },
    { "application/", false },
    { "", false },
    { NULL, false },
};

static const struct accept_row {
    const char *accept;
    bool json, stream;
} accepts[] = {
    { NULL, true, true },
    { "", true, true },
    { "application/json", true, false },
    { "text/event-stream", false, true },
    { "application/json, text/event-stream", true, true },
    { "application/json,text/event-stream", true, true },
    { "Application/JSON;q=0.5 , TEXT/event-stream", true, true },
    { "*/*", true, true },
    { "application/*", true, false },
    { "text/*, application/json;q=0", false, true },
    { "*/*;q=0, application/json", true, false },
    { "application/json, */*;q=0", true, false },
    { "*/*, application/json;q=0", false, true },
    { "application/*;q=0, */*", false, true },
    { "application/json;q=0.0", false, false },
    { "application/json; q=0.000", false, false },
    { "application/json;Q=0", false, false },
    { "application/json;q=0.001", true, false },
    { "application/json;q=1", true, false },
    { "application/json;q=", true, false },
    { "application/json;q=0x", true, false },
    { "application/json;v=\"a,b\";q=0", false, false },
    { "application/json;v=\"\\\",\";q=0, text/event-stream", false, true },
    { "application/json;seq=0", true, false },
    { "text/html", false, false },
    { "json", false, false },
    { ",,,", false, false },
    { "application/json, text/html;q=0", true, false },
};

static void type_row(void **state)
{
    const struct type_row *row = *state;

    assert_int_equal(srd_media_is_json(row->type), row->json);
}

static void accept_row(void **state)
{
    const struct accept_row *row = *state;

    assert_int_equal(srd_media_accepts(row->accept, "application", "json"), row->json);
    assert_int_equal(srd_media_accepts(row->accept, "text", "event-stream"), row->stream);
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(types) + SRD_COUNT(accepts)];
    size_t n = 0;

    for (size_t i = 0; i < SRD_COUNT(types); i++)
        tests[n++] = (struct CMUnitTest){ .name = types[i].type ? types[i].type : "no type",
                                          .test_func = type_row,
                                          .initial_state = (void *)&types[i] };
    for (size_t i = 0; i < SRD_COUNT(accepts); i++)
        tests[n++] =
            (struct CMUnitTest){ .name = accepts[i].accept ? accepts[i].accept : "no Accept",
                                 .test_func = accept_row,
                                 .initial_state = (void *)&accepts[i] };
    return _cmocka_run_group_tests("serve media", tests, n, NULL, NULL);
}
