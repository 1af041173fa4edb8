/* Whatever a client shows as a cursor: without the secret it is none, and with it nothing is read twice. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/serve/ticket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What could be parsed is written and read as the same. */
static void check_again(const struct srd_secrets *secrets, const struct srd_ticket *ticket,
                        const struct srd_ticket_bond *bond, struct srd_arena *arena)
{
    const char *text = srd_ticket_write(secrets, ticket, bond, arena);
    struct srd_ticket back;

    if (!text)
        return; /* too long */
    if (!srd_ticket_read(secrets, ticket->kind, bond, text, arena, &back) ||
        memcmp(back.id, ticket->id, SRD_TICKET_ID) != 0 || back.taken_s != ticket->taken_s ||
        back.from != ticket->from)
        abort();
    for (size_t i = 0; ticket->words[i] || back.words[i]; i++)
        if (!ticket->words[i] || !back.words[i] || strcmp(ticket->words[i], back.words[i]) != 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    static const struct srd_ticket_bond bond = { "acme", "the call" };
    struct srd_secrets secrets = { .keys = { "a secret of thirty-two bytes.." }, .count = 1 };
    const char *text = srd_arena_copy_n(arena, (const char *)data, size);
    unsigned char *bytes = srd_arena_alloc(arena, size + 1);
    char *copy = srd_arena_alloc(arena, size + size / 3 + 4);
    struct srd_ticket ticket;
    struct srd_error err;
    size_t n;

    if (srd_unbase64url(text, bytes, &n)) {
        srd_base64url(bytes, n, copy);
        if (strcmp(copy, text) != 0)
            abort(); /* there is one spelling */
    }
    if (srd_ticket_read(&secrets, size ? (enum srd_ticket_kind)data[0] : SRD_TICKET_ROWS, &bond,
                        text, arena, &ticket))
        abort(); /* forged */
    if (srd_ticket_parse(data, size, arena, &ticket))
        check_again(&secrets, &ticket, &bond, arena);
    memcpy(copy, data, size);
    srd_secrets_parse(&secrets, "f", copy, size, &err);
    return 0;
}
