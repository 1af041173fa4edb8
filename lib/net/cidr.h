#ifndef SRD_NET_CIDR_H
#define SRD_NET_CIDR_H

#include <stdbool.h>
#include <sys/socket.h>

#include "lib/base/error.h"

/* Blocks of addresses: "10.0.0.0/8", "192.168.1.7", "fd00::/8", "::1". */
struct srd_cidr {
    unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d, so that both look alike */
    int bits;                /* of the 128 */
};

/*
 * SRD_E_USAGE: no block; also one with bits set behind the prefix ("10.0.0.1/8"), as a likely slip.
 */
int srd_cidr_parse(const char *text, struct srd_cidr *out, struct srd_error *err);
/* An IPv4 client of an IPv6 socket is an IPv4 client. Other families are in no block. */
bool srd_cidr_contains(const struct srd_cidr *cidr, const struct sockaddr *address);

#endif
