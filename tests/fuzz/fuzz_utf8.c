/* Does cleaned text hold to its promises, whatever the bytes were? */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* A prefix that fits: whole characters, not too wide, and with room for no further character. */
static void check_fit(const char *text, size_t n, size_t columns)
{
    size_t fit = srd_utf8_fit(text, columns);
    SRD_CLEANUP(srd_buf_free) struct srd_buf prefix;

    srd_buf_init(&prefix, n);
    srd_buf_add(&prefix, text, fit);
    check(srd_utf8_valid(prefix.data, fit));
    check(srd_utf8_width(prefix.data) <= columns);
    check(fit == n || srd_utf8_width(prefix.data) + 2 > columns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;
    SRD_CLEANUP(srd_buf_free) struct srd_buf again;
    SRD_CLEANUP(srd_buf_free) struct srd_buf repaired;
    size_t good = srd_utf8_good(bytes, size), whole = srd_utf8_whole(bytes, size);

    srd_buf_init(&clean, size * 5);
    srd_utf8_clean(&clean, bytes, size);
    check(!clean.full && srd_utf8_valid(clean.data, clean.size));
    for (size_t i = 0; i < clean.size; i++)
        check((unsigned char)clean.data[i] >= 0x20 && clean.data[i] != 0x7f);

    srd_buf_init(&again, clean.size);
    srd_utf8_clean(&again, clean.data, clean.size);
    check(!strcmp(again.data, clean.data));

    srd_buf_init(&repaired, size * 3);
    srd_utf8_repair(&repaired, bytes, size);
    check(!repaired.full && srd_utf8_good(repaired.data, repaired.size) == repaired.size);
    check(good < size || repaired.size == size);
    check(good <= size && whole <= size && whole + 3 >= size);
    check(!srd_utf8_valid(bytes, size) || whole == size);

    for (size_t columns = 0; columns < 20; columns++)
        check_fit(clean.data, clean.size, columns);
    return 0;
}
