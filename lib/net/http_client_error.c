/* Why was there no answer, in words of somebody who knows the way out? */

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/utf8.h"
#include "lib/net/http_client_private.h"

/* libcurl's own words may hold what the server sent. */
static const char *shown(const struct srd_http_client *client, CURLcode result, struct srd_buf *out)
{
    const char *words = *client->words ? client->words : srd_curl.easy_strerror(result);

    srd_utf8_clean(out, words, strnlen(words, sizeof(client->words)));
    return out->data;
}

static int refused(struct srd_http_client *client, struct srd_error *err)
{
    long number = 0;
    const char *where = client->where;

    srd_curl.easy_getinfo(client->easy, CURLINFO_OS_ERRNO, &number);
    switch (number) {
    case ECONNREFUSED:
        return srd_fail(err, SRD_E_CONNECT,
                        "%s refuses connections: nothing listens there; look at the address, the "
                        "port, and whether the server runs",
                        where);
    case 0:
        return srd_fail(err, SRD_E_CONNECT, "could not connect to %s", where);
    default:
        return srd_fail(err, SRD_E_CONNECT,
                        "could not connect to %s: %s; look at the address, routes and firewalls",
                        where, strerror((int)number));
    }
}

static int late(struct srd_http_client *client, struct srd_error *err)
{
    double waited_s = (double)(srd_clock_monotonic_ms() - client->started_ms) / 1000;

    if (client->deadline_ms && srd_clock_monotonic_ms() >= client->deadline_ms)
        return srd_fail(err, SRD_E_TIMEOUT, "%s did not answer in time (%.1f s)", client->where,
                        waited_s);
    return srd_fail(err, SRD_E_CONNECT,
                    "could not connect to %s within %.1f s: nothing answers there; look at the "
                    "address, routes and firewalls",
                    client->where, waited_s);
}

static int untrusted(struct srd_http_client *client, const char *words, struct srd_error *err)
{
    return srd_fail(err, SRD_E_CONNECT, "the certificate of %s is not trusted: %s; %s",
                    client->where, words,
                    client->ca ? "the CA file must hold the certificate that signed it, and the "
                                 "address must be a name in it"
                               : "name a CA file if the certificate is of an authority of your "
                                 "own, and use an address that is in it");
}

int srd_http_client_fail(struct srd_http_client *client, CURLcode result, struct srd_error *err)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf buf;
    const char *where = client->where, *words;

    srd_buf_init(&buf, 4096);
    words = shown(client, result, &buf);
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return srd_fail(err, SRD_E_CONNECT, "there is no host \"%s\" (%s); look at its name",
                        client->host, where);
    case CURLE_COULDNT_RESOLVE_PROXY:
        return srd_fail(err, SRD_E_CONNECT, "the proxy's host cannot be found: %s", words);
    case CURLE_COULDNT_CONNECT:
        return refused(client, err);
    case CURLE_OPERATION_TIMEDOUT:
        return late(client, err);
    case CURLE_PEER_FAILED_VERIFICATION:
        return untrusted(client, words, err);
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return srd_fail(err, SRD_E_CONNECT,
                        "%s has another key than the pinned one: somebody stands in between, or "
                        "the key was renewed",
                        where);
    case CURLE_SSL_CACERT_BADFILE:
        return srd_fail(err, SRD_E_CONFIG, "could not read certificates from \"%s\"",
                        client->ca ? client->ca : "the system's CA file");
    case CURLE_SSL_CONNECT_ERROR:
        return srd_fail(err, SRD_E_CONNECT,
                        "no TLS with %s: %s; if it serves plain HTTP, its URL begins with http://",
                        where, words);
    case CURLE_GOT_NOTHING:
        return srd_fail(err, SRD_E_CONNECT, "%s closed the connection without an answer%s", where,
                        client->tls ? "" : "; if it serves TLS, its URL begins with https://");
    case CURLE_UNSUPPORTED_PROTOCOL: /* what came first was no status line */
    case CURLE_WEIRD_SERVER_REPLY:
        return srd_fail(err, SRD_E_CONNECT,
                        "%s does not answer in HTTP (%s); is it the right port?", where, words);
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return srd_fail(err, SRD_E_CONNECT, "lost the connection to %s%s: %s", where,
                        client->begun ? " in the middle of the answer" : "", words);
    case CURLE_OUT_OF_MEMORY: /* what it says of a line of a head that is beyond its limits */
        return srd_fail(err, SRD_E_CONNECT,
                        "%s answers with a header that is too long, or there is no memory left",
                        where);
    default:
        return srd_fail(err, SRD_E_CONNECT, "%s: %s", where, words);
    }
}
