/* Where is libcurl, and is it one that we know? */

#include <curl/curl.h>
#include <pthread.h>

#include "lib/base/cleanup.h"
#include "lib/base/library.h"
#include "lib/net/http_client_private.h"

struct srd_curl srd_curl;

static const struct srd_symbol symbols[] = {
    { "curl_global_init", &srd_curl.global_init },
    { "curl_easy_init", &srd_curl.easy_init },
    { "curl_easy_setopt", &srd_curl.easy_setopt },
    { "curl_easy_getinfo", &srd_curl.easy_getinfo },
    { "curl_easy_pause", &srd_curl.easy_pause },
    { "curl_easy_reset", &srd_curl.easy_reset },
    { "curl_easy_cleanup", &srd_curl.easy_cleanup },
    { "curl_easy_strerror", &srd_curl.easy_strerror },
    { "curl_multi_init", &srd_curl.multi_init },
    { "curl_multi_add_handle", &srd_curl.multi_add_handle },
    { "curl_multi_remove_handle", &srd_curl.multi_remove_handle },
    { "curl_multi_perform", &srd_curl.multi_perform },
    { "curl_multi_poll", &srd_curl.multi_poll },
    { "curl_multi_wakeup", &srd_curl.multi_wakeup },
    { "curl_multi_info_read", &srd_curl.multi_info_read },
    { "curl_multi_cleanup", &srd_curl.multi_cleanup },
    { "curl_slist_append", &srd_curl.slist_append },
    { "curl_slist_free_all", &srd_curl.slist_free_all },
    { "curl_url", &srd_curl.url },
    { "curl_url_set", &srd_curl.url_set },
    { "curl_url_get", &srd_curl.url_get },
    { "curl_url_cleanup", &srd_curl.url_cleanup },
    { "curl_free", &srd_curl.free },
};

/* The OpenSSL flavour: libmariadb and libcrypto bring most of what it needs already. */
static const struct srd_library library = {
    .file = "libcurl.so.4",
    .needed = "HTTP needs the library libcurl (Debian package libcurl4)",
    .symbols = symbols,
    .count = SRD_COUNT(symbols),
};

int srd_curl_load(struct srd_error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool loaded;
    int failed = 0;

    pthread_mutex_lock(&lock);
    if (!loaded)
        failed = srd_library_load(&library, err);
    if (!loaded && !failed && srd_curl.global_init(CURL_GLOBAL_DEFAULT))
        failed = srd_fail(err, SRD_E_INTERNAL, "libcurl does not start");
    loaded = loaded || !failed;
    pthread_mutex_unlock(&lock);
    return failed;
}
