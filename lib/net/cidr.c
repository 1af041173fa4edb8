/* Is this address one of those? */

#include "lib/net/cidr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/base/text.h"

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

/* Is bit @i and everything behind it 0? */
static bool is_zero_from(const unsigned char bytes[16], int from)
{
    for (int i = from; i < 128; i++)
        if (bytes[i / 8] >> (7 - i % 8) & 1)
            return false;
    return true;
}

int srd_cidr_parse(const char *text, struct srd_cidr *out, struct srd_error *err)
{
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    char address[INET6_ADDRSTRLEN + 1] = "";
    int64_t bits = 0;
    bool four;

    *out = (struct srd_cidr){ 0 };
    if (n < sizeof(address))
        memcpy(address, text, n);
    four = inet_pton(AF_INET, address, out->bytes + 12) == 1;
    if (four)
        memcpy(out->bytes, mapped, sizeof(mapped));
    else if (inet_pton(AF_INET6, address, out->bytes) != 1)
        return srd_fail(err, SRD_E_USAGE, "\"%.64s\" is no address and no block (10.0.0.0/8, ::1)",
                        text);
    bits = four ? 32 : 128;
    if (slash && (!srd_text_int64(slash + 1, &bits) || bits < 0 || bits > (four ? 32 : 128)))
        return srd_fail(err, SRD_E_USAGE, "\"%.64s\": a prefix has 0 to %d bits", text,
                        four ? 32 : 128);
    out->bits = (int)bits + (four ? 96 : 0);
    if (!is_zero_from(out->bytes, out->bits))
        return srd_fail(err, SRD_E_USAGE, "\"%.64s\": the address has bits behind its prefix",
                        text);
    return 0;
}

static bool bytes_of(const struct sockaddr *address, unsigned char out[16])
{
    if (address->sa_family == AF_INET6) {
        memcpy(out, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
        return true;
    }
    if (address->sa_family != AF_INET)
        return false;
    memcpy(out, mapped, sizeof(mapped));
    memcpy(out + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    return true;
}

bool srd_cidr_contains(const struct srd_cidr *cidr, const struct sockaddr *address)
{
    int whole = cidr->bits / 8, rest = cidr->bits % 8;
    unsigned char bytes[16];

    return bytes_of(address, bytes) && !memcmp(bytes, cidr->bytes, (size_t)whole) &&
           (!rest || (bytes[whole] ^ cidr->bytes[whole]) >> (8 - rest) == 0);
}
