/* How often may somebody come? */

#include "lib/net/limits.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

#define WAYS 8 /* places that one client may be in */
#define ROUNDING 1e-6
#define GUESSES 20
#define GUESSES_S 60
#define HOST_NETWORK 8 /* bytes: a /64 is what a single customer is given */

struct bucket {
    uint64_t who; /* 0: free */
    int64_t at_ms;
    double tokens; /* at that time */
};

struct srd_limits {
    pthread_mutex_t lock;
    uint64_t seed; /* nobody outside shall know who shares a place with whom */
    size_t sets;
    struct bucket buckets[];
};

struct srd_limits *srd_limits_new(size_t clients)
{
    size_t sets = clients / WAYS + 1;
    struct srd_limits *limits = calloc(1, sizeof(*limits) + sets * WAYS * sizeof(struct bucket));
    struct srd_error ignored = { 0 };

    if (!limits)
        srd_no_memory();
    pthread_mutex_init(&limits->lock, NULL);
    srd_random(&limits->seed, sizeof(limits->seed), &ignored);
    limits->sets = sets;
    return limits;
}

void srd_limits_free(struct srd_limits **limits)
{
    if (!*limits)
        return;
    pthread_mutex_destroy(&(*limits)->lock);
    free(*limits);
    *limits = NULL;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return (hash ^ 0xff) * 1099511628211u;
}

static uint64_t hash_of(const struct srd_limits *limits, const char *key, const char *peer)
{
    uint64_t hash = hash_text(hash_text(limits->seed ^ 1469598103934665603u, key), peer);

    hash ^= hash >> 32;
    return hash ? hash : 1;
}

/* What is in @b now, between two takes. */
static double tokens_now(const struct bucket *b, double count, double seconds, int64_t now_ms)
{
    double tokens = b->tokens + (double)(now_ms - b->at_ms) / 1000 * count / seconds;

    return tokens < count ? tokens : count;
}

static struct bucket *bucket_of(struct srd_limits *limits, uint64_t who, double count,
                                double seconds, int64_t now_ms)
{
    struct bucket *set = &limits->buckets[who % limits->sets * WAYS], *fullest = set;

    for (int i = 0; i < WAYS; i++)
        if (set[i].who == who)
            return &set[i];
    for (int i = 0; i < WAYS; i++) {
        if (!set[i].who) {
            fullest = &set[i];
            break;
        }
        if (tokens_now(&set[i], count, seconds, now_ms) >
            tokens_now(fullest, count, seconds, now_ms))
            fullest = &set[i];
    }
    *fullest = (struct bucket){ .who = who, .at_ms = now_ms, .tokens = count };
    return fullest;
}

bool srd_limits_take(struct srd_limits *limits, size_t count, size_t seconds, const char *key,
                     const char *peer, int64_t now_ms, int64_t *retry_s)
{
    uint64_t who = hash_of(limits, key, peer);
    struct bucket *b;
    bool taken;

    pthread_mutex_lock(&limits->lock);
    b = bucket_of(limits, who, (double)count, (double)seconds, now_ms);
    b->tokens = tokens_now(b, (double)count, (double)seconds, now_ms);
    b->at_ms = now_ms;
    taken = b->tokens >= 1 - ROUNDING;
    if (taken)
        b->tokens -= 1;
    else /* rounded up, so that who waits that long is not refused again */
        *retry_s = (int64_t)ceil((1 - b->tokens) * (double)seconds / (double)count - ROUNDING);
    if (!taken && *retry_s < 1)
        *retry_s = 1;
    pthread_mutex_unlock(&limits->lock);
    return taken;
}

bool srd_limits_guess(struct srd_limits *limits, const struct sockaddr *peer, int64_t now_ms,
                      int64_t *retry_s)
{
    char text[INET6_ADDRSTRLEN] = "local";
    struct in6_addr network = { 0 };

    if (peer->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)peer)->sin_addr, text, sizeof(text));
    } else if (peer->sa_family == AF_INET6) {
        memcpy(&network, &((const struct sockaddr_in6 *)peer)->sin6_addr, HOST_NETWORK);
        inet_ntop(AF_INET6, &network, text, sizeof(text));
    }
    /* no key's name has a blank */
    return srd_limits_take(limits, GUESSES, GUESSES_S, "wrong key", text, now_ms, retry_s);
}

bool srd_rate_parse(const char *text, int64_t *count, int64_t *seconds)
{
    const char *slash = strchr(text, '/');
    char number[32];
    size_t n = slash ? (size_t)(slash - text) : strlen(text);

    *seconds = 60;
    if (n >= sizeof(number))
        return false;
    memcpy(number, text, n);
    number[n] = '\0';
    return srd_text_int64(number, count) && *count >= 0 && *count <= 1000000000 &&
           (!slash || (srd_text_int64(slash + 1, seconds) && *seconds > 0 && *seconds <= 86400));
}
