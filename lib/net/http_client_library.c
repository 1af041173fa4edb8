/* Where is libcurl, and is it one that we know? */

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "lib/net/http_client_private.h"

/* The OpenSSL flavour: libmariadb and libcrypto bring most of what it needs already. */
#define LIBRARY "libcurl.so.4"

struct srd_curl srd_curl;

static const struct symbol {
    const char *name;
    void *place;
} symbols[] = {
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

static struct {
    pthread_mutex_t lock;
    bool loaded;
} library = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int load(struct srd_error *err)
{
    /* never closed: it starts threads of its own to look names up */
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    if (!handle)
        return srd_fail(err, SRD_E_INTERNAL,
                        "HTTP needs the library libcurl (%s, Debian package libcurl4), which is "
                        "not installed: %s",
                        LIBRARY, dlerror());
    for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
        void *function = dlsym(handle, symbols[i].name);

        if (!function)
            return srd_fail(err, SRD_E_INTERNAL, "the installed libcurl is too old: it has no %s",
                            symbols[i].name);
        /* ISO C knows no cast from an object to a function; POSIX wants the copy to work */
        memcpy(symbols[i].place, &function, sizeof(function));
    }
    if (srd_curl.global_init(CURL_GLOBAL_DEFAULT))
        return srd_fail(err, SRD_E_INTERNAL, "libcurl does not start");
    library.loaded = true;
    return 0;
}

int srd_curl_load(struct srd_error *err)
{
    int failed = 0;

    pthread_mutex_lock(&library.lock);
    if (!library.loaded)
        failed = load(err);
    pthread_mutex_unlock(&library.lock);
    return failed;
}
