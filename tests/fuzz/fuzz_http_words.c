/* Do words of strangers in headers and settings end in an answer: blocks, types, lists, queries? */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/cidr.h"
#include "lib/net/http_server.h"
#include "lib/serve/media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

/* What was understood contains its own address, and /0 everybody. */
static void look_at_block(const char *text)
{
    struct sockaddr_in6 own = { .sin6_family = AF_INET6 };
    struct srd_error err = { 0 };
    struct srd_cidr block;

    if (srd_cidr_parse(text, &block, &err)) {
        must(err.code == SRD_E_USAGE && err.text[0]);
        return;
    }
    memcpy(&own.sin6_addr, block.bytes, 16);
    must(block.bits >= 0 && block.bits <= 128);
    must(srd_cidr_contains(&block, (struct sockaddr *)&own));
    own.sin6_addr.s6_addr[15] ^= 1;
    must(srd_cidr_contains(&block, (struct sockaddr *)&own) == (block.bits < 128));
}

/* A value is never longer than what it was made of. */
static void look_at_query(const char *text)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_http_request request = { .query = text, .arena = arena };
    const char *value = srd_http_query(&request, "a");

    must(!value || strlen(value) <= strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    look_at_block(text);
    look_at_query(text);
    srd_media_is_json(text);
    srd_media_accepts(text, "application", "json");
    srd_media_accepts(text, "text", "event-stream");
    free(text);
    return 0;
}
