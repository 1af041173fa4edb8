/* Where is libmicrohttpd, and is it one that we know? */

#include <dlfcn.h>
#include <microhttpd.h>
#include <string.h>

#include "lib/net/http_server_private.h"

/* The interface of 0.9.72 to 1.0; the packages of Debian 12 and 13 both carry this name. */
#define LIBRARY "libmicrohttpd.so.12"

struct srd_mhd srd_mhd;

static const struct symbol {
    const char *name;
    void *place;
} symbols[] = {
    { "MHD_start_daemon", &srd_mhd.start_daemon },
    { "MHD_stop_daemon", &srd_mhd.stop_daemon },
    { "MHD_add_connection", &srd_mhd.add_connection },
    { "MHD_get_version", &srd_mhd.get_version },
    { "MHD_is_feature_supported", &srd_mhd.is_feature_supported },
    { "MHD_get_connection_info", &srd_mhd.get_connection_info },
    { "MHD_get_connection_values_n", &srd_mhd.get_connection_values_n },
    { "MHD_suspend_connection", &srd_mhd.suspend_connection },
    { "MHD_resume_connection", &srd_mhd.resume_connection },
    { "MHD_queue_response", &srd_mhd.queue_response },
    { "MHD_create_response_from_buffer", &srd_mhd.create_response_from_buffer },
    { "MHD_create_response_from_buffer_with_free_callback_cls",
      &srd_mhd.create_response_from_buffer_with_free_callback_cls },
    { "MHD_create_response_from_callback", &srd_mhd.create_response_from_callback },
    { "MHD_add_response_header", &srd_mhd.add_response_header },
    { "MHD_destroy_response", &srd_mhd.destroy_response },
};

static struct {
    pthread_mutex_t lock;
    bool loaded;
} library = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int load(struct srd_error *err)
{
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

    if (!handle)
        return srd_fail(err, SRD_E_INTERNAL,
                        "the HTTP server needs the library libmicrohttpd (%s), which is not "
                        "installed: %s",
                        LIBRARY, dlerror());
    for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
        void *function = dlsym(handle, symbols[i].name);

        if (!function) {
            dlclose(handle);
            return srd_fail(err, SRD_E_INTERNAL,
                            "the installed libmicrohttpd is too old for the HTTP server: it has "
                            "no %s",
                            symbols[i].name);
        }
        /* ISO C knows no cast from an object to a function; POSIX wants the copy to work */
        memcpy(symbols[i].place, &function, sizeof(function));
    }
    srd_mhd.old = strncmp(srd_mhd.get_version(), "0.", 2) == 0;
    library.loaded = true;
    return 0;
}

int srd_http_load_library(struct srd_error *err)
{
    int failed = 0;

    pthread_mutex_lock(&library.lock);
    if (!library.loaded)
        failed = load(err);
    pthread_mutex_unlock(&library.lock);
    return failed;
}
