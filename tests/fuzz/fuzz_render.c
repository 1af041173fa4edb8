/* Can a text of the cluster, wherever a report or a view prints it, act on a reader or break a
 * format? */

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "tests/render_fixture.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CEILING ((size_t)16 << 20)

static void check(const struct srd_format *format, const struct srd_buf *out)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL;
    struct srd_error err;

    if (out->full || !fixture_is_harmless(out->data, out->size))
        abort();
    if (!strcmp(format->name, "json") && srd_json_parse(out->data, out->size, CEILING, &json, &err))
        abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setlocale(LC_CTYPE, "C.UTF-8");
    return 0;
}

/* The first byte is the width and what else is shown. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf out = { 0 };
    struct srd_style style = { 0 };
    const char *text;

    if (!size || size > 2000)
        return 0;
    style = (struct srd_style){
        .width = data[0], .detail = data[0] & 1, .wide = data[0] & 2, .explain_score = data[0] & 4
    };
    text = srd_arena_copy_n(arena, (const char *)data + 1, size - 1);
    srd_buf_init(&out, CEILING);
    for (const struct srd_format *const *format = srd_formats; *format; format++) {
        srd_buf_clear(&out);
        (*format)->report(fixture_report_of(arena, text), &style, &out);
        check(*format, &out);
        srd_buf_clear(&out);
        (*format)->view(fixture_view_of(arena, text), &style, &out);
        check(*format, &out);
    }
    return 0;
}
