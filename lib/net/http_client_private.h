#ifndef SRD_NET_HTTP_CLIENT_PRIVATE_H
#define SRD_NET_HTTP_CLIENT_PRIVATE_H

#ifndef CURLINC_CURL_H
#error "the files that include this include <curl/curl.h> first"
#endif

#include <stdatomic.h>
#include <stdbool.h>

#include "lib/net/http_client.h"

/* What the files of the HTTP client share. */

/* ---- the library (http_client_library.c) ---- */

struct srd_curl {
    __typeof__(&curl_global_init) global_init;
    __typeof__(&curl_easy_init) easy_init;
    __typeof__(&curl_easy_setopt) easy_setopt;
    __typeof__(&curl_easy_getinfo) easy_getinfo;
    __typeof__(&curl_easy_pause) easy_pause;
    __typeof__(&curl_easy_reset) easy_reset;
    __typeof__(&curl_easy_cleanup) easy_cleanup;
    __typeof__(&curl_easy_strerror) easy_strerror;
    __typeof__(&curl_multi_init) multi_init;
    __typeof__(&curl_multi_add_handle) multi_add_handle;
    __typeof__(&curl_multi_remove_handle) multi_remove_handle;
    __typeof__(&curl_multi_perform) multi_perform;
    __typeof__(&curl_multi_poll) multi_poll;
    __typeof__(&curl_multi_wakeup) multi_wakeup;
    __typeof__(&curl_multi_info_read) multi_info_read;
    __typeof__(&curl_multi_cleanup) multi_cleanup;
    __typeof__(&curl_slist_append) slist_append;
    __typeof__(&curl_slist_free_all) slist_free_all;
    __typeof__(&curl_url) url;
    __typeof__(&curl_url_set) url_set;
    __typeof__(&curl_url_get) url_get;
    __typeof__(&curl_url_cleanup) url_cleanup;
    __typeof__(&curl_free) free;
};
extern struct srd_curl srd_curl;
/* Once per process, any thread. SRD_E_INTERNAL: not installed, or too old. */
int srd_curl_load(struct srd_error *err);

/* ---- a client (http_client.c) ---- */

struct srd_http_client {
    char *ca, *pin, *proxy;
    int64_t connect_ms;
    CURL *easy;
    CURLM *multi;
    atomic_bool cancelled;

    /* the call under way */
    bool running;            /* @easy is in @multi */
    bool done;               /* libcurl is through with it, @result says how */
    bool begun;              /* the first byte of the body came */
    bool paused;             /* libcurl waits until @bytes is empty */
    bool too_long, bad_head; /* why a callback ended it */
    CURLcode result;
    struct curl_slist *headers;
    int64_t deadline_ms, started_ms;
    size_t max_bytes, body_bytes, head_bytes;
    bool tls;
    char host[300];  /* "fe1", "::1" */
    char where[320]; /* "fe1:8080", "[::1]:8080" */
    char type[128];
    char words[CURL_ERROR_SIZE];
    struct srd_buf bytes; /* of the body, not yet read, from @at on */
    size_t at;
};

/* ---- http_client_error.c ---- */

/* What libcurl's @result means for who reads it. Returns err->code. */
int srd_http_client_fail(struct srd_http_client *client, CURLcode result, struct srd_error *err);

#endif
