/* What do libcrypto and the system give us, in our own words? */

#include "lib/base/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/base/library.h"
#include "lib/base/log.h"

/* ---- libcrypto, when it is needed ---- */

/* Most runs make no digest, and it is the largest of all libraries: a third of their start. */
static struct {
    __typeof__(&EVP_Digest) EVP_Digest;
    __typeof__(&EVP_sha256) EVP_sha256;
    __typeof__(&HMAC) HMAC;
    __typeof__(&CRYPTO_memcmp) CRYPTO_memcmp;
    __typeof__(&OPENSSL_init_crypto) OPENSSL_init_crypto;
    struct srd_error wrong; /* why they are not there */
} real;

static const struct srd_symbol symbols[] = {
    { "EVP_Digest", &real.EVP_Digest },
    { "EVP_sha256", &real.EVP_sha256 },
    { "HMAC", &real.HMAC },
    { "CRYPTO_memcmp", &real.CRYPTO_memcmp },
    { "OPENSSL_init_crypto", &real.OPENSSL_init_crypto },
};

static void load(void)
{
    /* the interface of OpenSSL 3; the packages of Debian 12 and 13 carry this name */
    static const struct srd_library library = {
        .file = "libcrypto.so.3",
        .needed = "keys need the library libcrypto of OpenSSL 3",
        .symbols = symbols,
        .count = SRD_COUNT(symbols),
    };

    /* a thread that waits for a silent cluster may outlive main(): nothing is taken apart then */
    if (!srd_library_load(&library, &real.wrong))
        real.OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

int srd_crypto_ready(struct srd_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load);
    if (real.wrong.code)
        *err = real.wrong;
    return real.wrong.code;
}

static void need_library(void)
{
    struct srd_error err = { 0 };

    if (!srd_crypto_ready(&err))
        return;
    srd_log(SRD_LOG_ERROR, "%s", err.text);
    srd_no_memory(); /* a digest that is none would let the wrong ones in */
}

/* ---- what it does ---- */

void srd_sha256(const void *bytes, size_t n, unsigned char out[SRD_SHA256_SIZE])
{
    need_library();
    if (!real.EVP_Digest(bytes, n, out, NULL, real.EVP_sha256(), NULL))
        srd_no_memory(); /* the only way it can fail */
}

void srd_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t n,
                     unsigned char out[SRD_SHA256_SIZE])
{
    unsigned size = SRD_SHA256_SIZE;

    need_library();
    if (!real.HMAC(real.EVP_sha256(), key, (int)key_size, bytes, n, out, &size))
        srd_no_memory();
}

bool srd_same_bytes(const void *a, const void *b, size_t n)
{
    need_library();
    return real.CRYPTO_memcmp(a, b, n) == 0;
}

/* ---- what the system does ---- */

int srd_random(void *out, size_t n, struct srd_error *err)
{
    unsigned char *to = out;

    while (n > 0) {
        ssize_t got = getrandom(to, n, 0);

        if (got < 0 && errno != EINTR)
            return srd_fail(err, SRD_E_SYSTEM, "the system gave no random bytes: %s",
                            strerror(errno));
        if (got > 0) {
            to += got;
            n -= (size_t)got;
        }
    }
    return 0;
}

void srd_wipe(void *bytes, size_t n)
{
    explicit_bzero(bytes, n);
}

void srd_hex(const void *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;

    for (size_t i = 0; i < n; i++) {
        *out++ = digits[from[i] >> 4];
        *out++ = digits[from[i] & 15];
    }
    *out = '\0';
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool srd_unhex(const char *text, void *out, size_t n)
{
    unsigned char *to = out;

    if (strlen(text) != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = digit_value(text[2 * i]), low = digit_value(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        to[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void srd_base64url(const void *bytes, size_t n, char *out)
{
    const unsigned char *from = bytes;

    for (size_t i = 0; i < n; i += 3) {
        unsigned long three = (unsigned long)from[i] << 16 |
                              (i + 1 < n ? (unsigned long)from[i + 1] << 8 : 0) |
                              (i + 2 < n ? from[i + 2] : 0UL);

        *out++ = letters[three >> 18 & 63];
        *out++ = letters[three >> 12 & 63];
        if (i + 1 < n)
            *out++ = letters[three >> 6 & 63];
        if (i + 2 < n)
            *out++ = letters[three & 63];
    }
    *out = '\0';
}

bool srd_unbase64url(const char *text, void *out, size_t *n)
{
    unsigned char *to = out;
    unsigned long bits = 0;
    unsigned held = 0; /* bits that are no byte yet */

    *n = 0;
    for (; *text; text++) {
        const char *letter = strchr(letters, *text);

        if (!letter)
            return false;
        bits = bits << 6 | (unsigned long)(letter - letters);
        held += 6;
        if (held >= 8) {
            held -= 8;
            to[(*n)++] = (unsigned char)(bits >> held);
        }
        bits &= (1UL << held) - 1;
    }
    /* a letter that adds no byte, or bits that are cut off: another spelling of the same */
    return held < 6 && !bits;
}
