#ifndef SRD_BASE_CRYPTO_H
#define SRD_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"

/*
 * Digests, random bytes and comparisons that tell nothing by their time. (Owner of libcrypto.)
 *
 * libcrypto is loaded with the first digest or comparison. Without it the process ends then: who
 * can tell somebody asks srd_crypto_ready() before.
 */

/*
 * SRD_E_INTERNAL: it is not installed, or not one that we know. Any thread. Also for those who load
 * a library that uses it in threads of its own accord: whoever is first decides that it stays whole
 * until the process is gone.
 */
int srd_crypto_ready(struct srd_error *err);

#define SRD_SHA256_SIZE 32
void srd_sha256(const void *bytes, size_t n, unsigned char out[SRD_SHA256_SIZE]);
/* HMAC-SHA-256, of at most 32 bytes: cursors that only we could have made. */
void srd_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t n,
                     unsigned char out[SRD_SHA256_SIZE]);
/* Equal? In a time that depends on @n alone. */
bool srd_same_bytes(const void *a, const void *b, size_t n);
/* SRD_E_SYSTEM if the system has none. */
int srd_random(void *out, size_t n, struct srd_error *err);
/* Overwrites, and the compiler does not leave it out. */
void srd_wipe(void *bytes, size_t n);

/* 2 * n lower case digits and a NUL. */
void srd_hex(const void *bytes, size_t n, char *out);
/* false unless @text is exactly 2 * n digits. */
bool srd_unhex(const char *text, void *out, size_t n);
/* URL-safe, without padding: (n * 4 + 2) / 3 characters and a NUL. */
void srd_base64url(const void *bytes, size_t n, char *out);
/*
 * Back: strlen(@text) * 3 / 4 bytes at most, @n says how many. false: it is not what srd_base64url()
 * writes, of which there is one spelling only.
 */
bool srd_unbase64url(const char *text, void *out, size_t *n);

#endif
