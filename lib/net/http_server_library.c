/* Where is libmicrohttpd, and is it one that we know? */

#include <microhttpd.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/library.h"
#include "lib/net/http_server_private.h"

struct srd_mhd srd_mhd;

static const struct srd_symbol symbols[] = {
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

/* The interface of 0.9.72 to 1.0; the packages of Debian 12 and 13 both carry this name. */
static const struct srd_library library = {
    .file = "libmicrohttpd.so.12",
    .needed = "the HTTP server needs the library libmicrohttpd (Debian package libmicrohttpd12)",
    .symbols = symbols,
    .count = SRD_COUNT(symbols),
};

int srd_http_load_library(struct srd_error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool loaded;
    int failed = 0;

    pthread_mutex_lock(&lock);
    if (!loaded) {
        failed = srd_library_load(&library, err);
        loaded = !failed;
        srd_mhd.old = loaded && strncmp(srd_mhd.get_version(), "0.", 2) == 0;
    }
    pthread_mutex_unlock(&lock);
    return failed;
}
