#ifndef SRD_NET_HTTP_CLIENT_H
#define SRD_NET_HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"

/*
 * An HTTP/1.1 client whose answers are read bit by bit, so that their size needs no trust.
 *
 * lib/net/http_client*.c own libcurl, which is loaded when the first client is made and not before
 * (it brings thirty libraries with it, and `srdiag --version` should not wait for them).
 *
 * A client is for one thread at a time and makes one call at a time; connections are kept between
 * calls. What the environment says about proxies is not heeded, redirects are not followed, other
 * schemes than http and https are refused, and nothing of one call (headers, tokens) stays for the
 * next.
 *
 *     if (srd_http_call(client, &call, &reply, err) || srd_http_read_all(client, &buf, err)) ...
 *     srd_http_hang_up(client);
 *
 * Errors name host and port and say what to look at; never a header, a body or a query:
 * - SRD_E_CONNECT: no such host, refused, silent, not HTTP, certificate not trusted, cut short
 * - SRD_E_TIMEOUT: the deadline passed
 * - SRD_E_LIMIT: the answer is longer than max_bytes
 * - SRD_E_CANCELLED: srd_http_cancel()
 * - SRD_E_CONFIG: the URL, a header or the CA file is wrong
 * - SRD_E_INTERNAL: libcurl is not installed
 */
struct srd_http_client;

struct srd_http_client_options {
    const char *ca;  /* PEM file: its certificates and no others are trusted; NULL: the system's */
    const char *pin; /* public keys, one of which the server must have beside a trusted
                        certificate: "sha256//BASE64[;sha256//...]"; NULL: any */
    const char *proxy;  /* "http://proxy:3128"; NULL: none */
    int64_t connect_ms; /* for name, connection and TLS; 0: 5 s */
};
/* Copies @options. */
int srd_http_client_new(const struct srd_http_client_options *options, struct srd_http_client **out,
                        struct srd_error *err);
void srd_http_client_free(struct srd_http_client **client); /* for SRD_CLEANUP */

struct srd_http_call {
    const char *method;         /* "GET", "POST" */
    const char *url;            /* without user, password and fragment */
    const char *const *headers; /* "Name: value", NULL-ended; NULL: none */
    const void *body;           /* lives until srd_http_hang_up(); NULL: none */
    size_t body_size;
    int64_t deadline_ms; /* srd_clock_monotonic_ms(), of the whole exchange; 0: none */
    size_t max_bytes;    /* of the answer's body; 0: 64 MiB */
};
struct srd_http_reply {
    int status;       /* 200 ... */
    const char *type; /* Content-Type; "" without; until srd_http_hang_up() */
};
/* Sends, and returns when the answer begins. A call that was not finished is finished first. */
int srd_http_call(struct srd_http_client *client, const struct srd_http_call *call,
                  struct srd_http_reply *reply, struct srd_error *err);
/* Up to @room bytes of the body, waiting for the first of them; *@got is 0 at its end. */
int srd_http_read(struct srd_http_client *client, void *into, size_t room, size_t *got,
                  struct srd_error *err);
/* The rest of the body; SRD_E_LIMIT also when @out is full. */
int srd_http_read_all(struct srd_http_client *client, struct srd_buf *out, struct srd_error *err);
/* Its connection is kept if the answer was read to its end. */
void srd_http_hang_up(struct srd_http_client *client);

/* "fe1:8080": of the latest call, for messages; "" before the first. */
const char *srd_http_where(const struct srd_http_client *client);
/* The running call and all later ones end at once. Any thread. */
void srd_http_cancel(struct srd_http_client *client);

#endif
