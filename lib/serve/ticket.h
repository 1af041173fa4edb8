#ifndef SRD_SERVE_TICKET_H
#define SRD_SERVE_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/crypto.h"
#include "lib/base/error.h"

/*
 * What a client shows when it comes back: the cursor of a next page, the name of a report. It says
 * itself which answer it goes on with, so that any replica understands what another gave out, and a
 * server that was begun anew what it gave out before. None of them keeps a list.
 *
 * As a text it is base64url of
 *
 *     kind (1)  id (12)  taken (5)  from (1-5)  words...  seal (16)
 *
 * taken: seconds since 1970, big-endian; from and the length before each word: seven bits a byte,
 * the lowest first. The seal is HMAC-SHA-256, cut, over all before it, over the tenant, and over
 * what the ticket is about: the call with its arguments, which the client says again. Whoever has no
 * secret can make none, and none is good for another tenant or another call.
 *
 * It is bound to the tenant and not to the key of one client: an answer is kept for all keys of a
 * tenant, tickets in it included, and each of them may ask the same. For that reason a ticket
 * allows nothing that its bearer may not do without it.
 */

/* ---- secrets ---- */

#define SRD_SECRETS_MAX 8 /* so that a new one is known everywhere before the old one goes */

/* What replicas have in common. Kept as digests. The first seals, all of them open. */
struct srd_secrets {
    unsigned char keys[SRD_SECRETS_MAX + 1][SRD_SHA256_SIZE];
    size_t count;
};
/*
 * Those of a file's text: one a line, of 32 to 512 visible ASCII characters; empty lines and lines
 * that begin with # are left out. SRD_E_CONFIG names the line, and never the secret. @bytes is wiped.
 */
int srd_secrets_parse(struct srd_secrets *out, const char *file, char *bytes, size_t n,
                      struct srd_error *err);
/* Of a server that has nothing in common with another. SRD_E_SYSTEM: no random bytes. */
int srd_secrets_random(struct srd_secrets *out, struct srd_error *err);
/* Adds those of @more behind, as far as there is room: tickets of before are opened still. */
void srd_secrets_join(struct srd_secrets *out, const struct srd_secrets *more);

/* ---- tickets ---- */

#define SRD_TICKET_ID 12 /* bytes: 96 bits */
#define SRD_TICKET_WORDS 16
#define SRD_TICKET_MAX 768 /* characters of its text */

enum srd_ticket_kind {
    SRD_TICKET_ROWS = 'r',     /* the next rows of a view */
    SRD_TICKET_REPORT = 'd',   /* a whole report; its words say which call made it */
    SRD_TICKET_EVIDENCE = 'e', /* the next findings of a report */
};

struct srd_ticket {
    enum srd_ticket_kind kind;
    unsigned char id[SRD_TICKET_ID]; /* of what is kept */
    int64_t taken_s;                 /* when it was found out; wall clock */
    size_t from;                     /* the first row or finding that was not shown; < 2^32 */
    const char *words[SRD_TICKET_WORDS + 1]; /* NULL-ended */
};

/* What is not in the text, and must be the same when it comes back. */
struct srd_ticket_bond {
    const char *tenant; /* NULL: there are none */
    const char *about;  /* "": nothing but the ticket itself */
};

/* A new id. SRD_E_SYSTEM: no random bytes. */
int srd_ticket_number(struct srd_ticket *ticket, struct srd_error *err);
/* Its text, in @arena; NULL: it would be too long, or there is no libcrypto to seal it. */
const char *srd_ticket_write(const struct srd_secrets *secrets, const struct srd_ticket *ticket,
                             const struct srd_ticket_bond *bond, struct srd_arena *arena);
/*
 * False: it is no ticket, not of this @kind, or not sealed by us for this @bond. How old it may be is
 * the caller's to say.
 */
bool srd_ticket_read(const struct srd_secrets *secrets, enum srd_ticket_kind kind,
                     const struct srd_ticket_bond *bond, const char *text, struct srd_arena *arena,
                     struct srd_ticket *out);
/* The part of it that needs no secret: for the tests of what a stranger may send. */
bool srd_ticket_parse(const unsigned char *bytes, size_t n, struct srd_arena *arena,
                      struct srd_ticket *out);

#endif
