/* Does foreign JSON hurt, and does what was read come back the same after printing? */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/base/utf8.h"

#define MOST 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Prints @json, reads that, prints again: all printed texts are the same, and good UTF-8. */
static void check_round(const struct srd_json *json, bool pretty)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *again = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf first;
    SRD_CLEANUP(srd_buf_free) struct srd_buf second;
    struct srd_error err;

    srd_buf_init(&first, MOST * 200);
    srd_buf_init(&second, MOST * 200);
    srd_json_print(json, pretty, &first);
    if (first.full || !srd_utf8_valid(first.data, first.size))
        abort();
    if (srd_json_parse(first.data, first.size, first.size, &again, &err))
        abort();
    srd_json_print(again, pretty, &second);
    if (strcmp(first.data, second.data) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_json_free) struct srd_json *json = NULL, *text = NULL;
    SRD_CLEANUP(srd_buf_free) struct srd_buf quoted;
    struct srd_error err;

    if (!srd_json_parse((const char *)data, size, MOST, &json, &err)) {
        check_round(json, false);
        check_round(json, true);
    } else if (!err.text[0] || !srd_utf8_valid(err.text, strlen(err.text))) {
        abort();
    }

    /* any bytes can be quoted; what was quoted can be read, unless a NUL was among them */
    srd_buf_init(&quoted, size * 6 + 2);
    srd_json_quote(&quoted, (const char *)data, size);
    if (quoted.full)
        abort();
    if (srd_json_parse(quoted.data, quoted.size, quoted.size, &text, &err) &&
        !memchr(data, '\0', size))
        abort();
    return 0;
}
