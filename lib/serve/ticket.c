/* Which answer does a client go on with that another replica gave it? */

#include "lib/serve/ticket.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define SEAL 16
#define TAKEN 5
#define BYTES (SRD_TICKET_MAX / 4 * 3) /* of the longest */
#define SHORTEST_SECRET 32
#define LONGEST_SECRET 512

/* ---- secrets ---- */

static int add_secret(struct srd_secrets *out, const char *file, int number, const char *line,
                      size_t n, struct srd_error *err)
{
    if (out->count == SRD_SECRETS_MAX)
        return srd_fail(err, SRD_E_CONFIG, "\"%s\" has more than %d secrets", file,
                        SRD_SECRETS_MAX);
    if (n < SHORTEST_SECRET || n > LONGEST_SECRET)
        return srd_fail(err, SRD_E_CONFIG,
                        "\"%s\", line %d: a secret has %d to %d characters (openssl rand -hex 32)",
                        file, number, SHORTEST_SECRET, LONGEST_SECRET);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < 33 || (unsigned char)line[i] > 126)
            return srd_fail(err, SRD_E_CONFIG,
                            "\"%s\", line %d: a secret consists of visible ASCII characters", file,
                            number);
    srd_sha256(line, n, out->keys[out->count++]);
    return 0;
}

int srd_secrets_parse(struct srd_secrets *out, const char *file, char *bytes, size_t n,
                      struct srd_error *err)
{
    const char *end = bytes + n;
    int number = 0;

    *out = (struct srd_secrets){ 0 };
    err->code = SRD_OK;
    if (srd_crypto_ready(err))
        return err->code;
    for (const char *line = bytes; line < end && !err->code;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t size = (size_t)((stop ? stop : end) - line);

        number++;
        if (size && line[size - 1] == '\r')
            size--;
        if (size && *line != '#')
            add_secret(out, file, number, line, size, err);
        line = stop ? stop + 1 : end;
    }
    if (!err->code && !out->count)
        srd_fail(err, SRD_E_CONFIG, "\"%s\" has no secret in it", file);
    srd_wipe(bytes, n);
    return err->code;
}

int srd_secrets_random(struct srd_secrets *out, struct srd_error *err)
{
    out->count = 1;
    return srd_random(out->keys[0], sizeof(out->keys[0]), err);
}

void srd_secrets_join(struct srd_secrets *out, const struct srd_secrets *more)
{
    for (size_t i = 0; i < more->count && out->count < SRD_COUNT(out->keys); i++)
        memcpy(out->keys[out->count++], more->keys[i], sizeof(more->keys[i]));
}

/* ---- bytes ---- */

static void put_number(struct srd_buf *out, size_t number)
{
    for (; number > 0x7f; number >>= 7)
        srd_buf_char(out, (char)((number & 0x7f) | 0x80));
    srd_buf_char(out, (char)number);
}

/* What is left to be read. */
struct rest {
    const unsigned char *at;
    size_t n;
};

/* Only as put_number() writes it, below 2^32: of one ticket there is one spelling. */
static bool take_number(struct rest *rest, size_t *out)
{
    uint64_t number = 0;

    for (unsigned shift = 0; shift < 35 && rest->n; shift += 7) {
        unsigned char byte = *rest->at++;

        rest->n--;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        *out = (size_t)number;
        return (byte || !shift) && number <= UINT32_MAX;
    }
    return false;
}

static void put_ticket(struct srd_buf *out, const struct srd_ticket *ticket)
{
    srd_buf_char(out, (char)ticket->kind);
    srd_buf_add(out, (const char *)ticket->id, SRD_TICKET_ID);
    for (int shift = 8 * (TAKEN - 1); shift >= 0; shift -= 8)
        srd_buf_char(out, (char)(ticket->taken_s >> shift & 0xff));
    put_number(out, ticket->from);
    for (const char *const *word = ticket->words; *word; word++) {
        put_number(out, strlen(*word));
        srd_buf_text(out, *word);
    }
}

bool srd_ticket_parse(const unsigned char *bytes, size_t n, struct srd_arena *arena,
                      struct srd_ticket *out)
{
    struct rest rest = { bytes + 1 + SRD_TICKET_ID + TAKEN, 0 };
    size_t count = 0, size;

    *out = (struct srd_ticket){ 0 };
    if (n < 1 + SRD_TICKET_ID + TAKEN)
        return false;
    rest.n = n - (1 + SRD_TICKET_ID + TAKEN);
    out->kind = (enum srd_ticket_kind)bytes[0];
    memcpy(out->id, bytes + 1, SRD_TICKET_ID);
    for (size_t i = 0; i < TAKEN; i++)
        out->taken_s = out->taken_s << 8 | bytes[1 + SRD_TICKET_ID + i];
    if (!take_number(&rest, &out->from))
        return false;
    while (rest.n) {
        if (count == SRD_TICKET_WORDS || !take_number(&rest, &size) || size > rest.n ||
            memchr(rest.at, '\0', size))
            return false;
        out->words[count++] = srd_arena_copy_n(arena, (const char *)rest.at, size);
        rest.at += size;
        rest.n -= size;
    }
    return true;
}

/* ---- the seal ---- */

/* With its length in front, so that no text can pass for two. */
static void put_text(struct srd_buf *out, const char *text)
{
    srd_buf_printf(out, "%zu:", strlen(text));
    srd_buf_text(out, text);
}

static void seal_of(const unsigned char key[SRD_SHA256_SIZE], const char *bytes, size_t n,
                    const struct srd_ticket_bond *bond, unsigned char out[SRD_SHA256_SIZE])
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf all = { 0 };

    srd_buf_init(&all, SIZE_MAX);
    srd_buf_text(&all, "srdiag ticket 1\n");
    put_text(&all, bond->tenant ? "tenant" : "");
    put_text(&all, bond->tenant ? bond->tenant : "");
    put_text(&all, bond->about);
    srd_buf_add(&all, bytes, n);
    srd_hmac_sha256(key, SRD_SHA256_SIZE, all.data, all.size, out);
}

int srd_ticket_number(struct srd_ticket *ticket, struct srd_error *err)
{
    return srd_random(ticket->id, sizeof(ticket->id), err);
}

const char *srd_ticket_write(const struct srd_secrets *secrets, const struct srd_ticket *ticket,
                             const struct srd_ticket_bond *bond, struct srd_arena *arena)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf bytes = { 0 };
    unsigned char seal[SRD_SHA256_SIZE];
    struct srd_error err;
    char *text;

    if (ticket->from > UINT32_MAX || srd_crypto_ready(&err))
        return NULL;
    srd_buf_init(&bytes, BYTES);
    put_ticket(&bytes, ticket);
    if (bytes.full || bytes.size + SEAL > BYTES)
        return NULL;
    seal_of(secrets->keys[0], bytes.data, bytes.size, bond, seal);
    srd_buf_add(&bytes, (const char *)seal, SEAL);
    text = srd_arena_alloc(arena, SRD_TICKET_MAX + 1);
    srd_base64url(bytes.data, bytes.size, text);
    return text;
}

bool srd_ticket_read(const struct srd_secrets *secrets, enum srd_ticket_kind kind,
                     const struct srd_ticket_bond *bond, const char *text, struct srd_arena *arena,
                     struct srd_ticket *out)
{
    unsigned char bytes[BYTES], seal[SRD_SHA256_SIZE];
    bool ours = false;
    struct srd_error err;
    size_t n;

    if (strlen(text) > SRD_TICKET_MAX || !srd_unbase64url(text, bytes, &n) || n <= SEAL ||
        bytes[0] != (unsigned char)kind || srd_crypto_ready(&err))
        return false;
    n -= SEAL;
    for (size_t i = 0; i < secrets->count; i++) {
        seal_of(secrets->keys[i], (const char *)bytes, n, bond, seal);
        ours |= srd_same_bytes(seal, bytes + n, SEAL);
    }
    return ours && srd_ticket_parse(bytes, n, arena, out);
}
