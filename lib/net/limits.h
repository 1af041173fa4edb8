#ifndef SRD_NET_LIMITS_H
#define SRD_NET_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * How often may somebody come? A token bucket for each pair of key and address: @count at once,
 * then @count in @seconds, evenly.
 *
 * The table has a fixed size. A new client takes the place of one whose bucket is the fullest, that
 * is, of whom least would be forgotten. Any thread.
 */
struct srd_limits;

/* Room for about @clients of them. */
struct srd_limits *srd_limits_new(size_t clients);
/* false: not now; *@retry_s (at least 1) says when the next one may come. @now_ms is monotonic. */
bool srd_limits_take(struct srd_limits *limits, size_t count, size_t seconds, const char *key,
                     const char *peer, int64_t now_ms, int64_t *retry_s);
/*
 * May somebody at @peer show one more key that is wrong? 20 at once, then one in 3 s; an IPv6 /64 counts
 * as one address. To be asked about wrong keys only, after they were compared: who shows the right one is
 * let in whatever others behind his address do, so what a guesser loses here is the free use of our time
 * and of our logs; what keeps him out is the length of the keys.
 */
bool srd_limits_guess(struct srd_limits *limits, const struct sockaddr *peer, int64_t now_ms,
                      int64_t *retry_s);
/* "100/60" -> 100 in 60 s; "100": in a minute; "0": no limit. false: no rate. */
bool srd_rate_parse(const char *text, int64_t *count, int64_t *seconds);
void srd_limits_free(struct srd_limits **limits);

#endif
