/* Where is libmariadb, and when is it needed? */

#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>

#include "lib/base/crypto.h"
#include "lib/source/live_private.h"

/*
 * It brings OpenSSL's TLS with it: what asks no cluster (a file, the demo, a server until its first
 * call) starts half a millisecond sooner without, and is half a megabyte smaller. So it is loaded
 * when the first connection is made, and each of its functions that we call is one line here, under
 * its own name. Tests link their own functions of these names, and then nothing of this file.
 */

/* The interface of Connector/C 3.0 to 3.4; the packages of Debian 12 and 13 both carry this name.
 */
#define LIBRARY "libmariadb.so.3"

/* type, name, parameters, arguments: as in <mysql.h>, which the compiler compares. */
#define FUNCTIONS(F)                                                                               \
    F(int, mysql_server_init, (int argc, char **argv, char **groups), (argc, argv, groups))        \
    F(my_bool, mysql_thread_init, (void), ())                                                      \
    F(MYSQL *, mysql_init, (MYSQL * mysql), (mysql))                                               \
    F(unsigned long, mysql_get_client_version, (void), ())                                         \
    F(MYSQL *, mysql_real_connect,                                                                 \
      (MYSQL * mysql, const char *host, const char *user, const char *password, const char *db,    \
       unsigned port, const char *path, unsigned long flags),                                      \
      (mysql, host, user, password, db, port, path, flags))                                        \
    F(const char *, mysql_get_ssl_cipher, (MYSQL * mysql), (mysql))                                \
    F(my_socket, mysql_get_socket, (MYSQL * mysql), (mysql))                                       \
    F(unsigned long, mysql_thread_id, (MYSQL * mysql), (mysql))                                    \
    F(int, mysql_real_query, (MYSQL * mysql, const char *sql, unsigned long n), (mysql, sql, n))   \
    F(MYSQL_RES *, mysql_use_result, (MYSQL * mysql), (mysql))                                     \
    F(MYSQL_RES *, mysql_store_result, (MYSQL * mysql), (mysql))                                   \
    F(int, mariadb_cancel, (MYSQL * mysql), (mysql))                                               \
    F(int, mysql_next_result, (MYSQL * mysql), (mysql))                                            \
    F(unsigned, mysql_field_count, (MYSQL * mysql), (mysql))                                       \
    F(unsigned, mysql_num_fields, (MYSQL_RES * result), (result))                                  \
    F(MYSQL_FIELD *, mysql_fetch_fields, (MYSQL_RES * result), (result))                           \
    F(MYSQL_ROW, mysql_fetch_row, (MYSQL_RES * result), (result))                                  \
    F(unsigned long *, mysql_fetch_lengths, (MYSQL_RES * result), (result))                        \
    F(unsigned, mysql_errno, (MYSQL * mysql), (mysql))                                             \
    F(const char *, mysql_error, (MYSQL * mysql), (mysql))
#define SILENT_FUNCTIONS(F)                                                                        \
    F(mysql_free_result, (MYSQL_RES * result), (result))                                           \
    F(mysql_close, (MYSQL * mysql), (mysql))                                                       \
    F(mysql_thread_end, (void), ())

/* ---- the functions of the library, once it is there ---- */

#define PLACE(type, name, parameters, arguments) __typeof__(&name) name;
#define SILENT_PLACE(name, parameters, arguments) __typeof__(&name) name;
static struct {
    FUNCTIONS(PLACE)
    SILENT_FUNCTIONS(SILENT_PLACE)
    __typeof__(&mysql_options4) mysql_options4;
} real;

#define SYMBOL(type, name, parameters, arguments) { #name, &real.name },
#define SILENT_SYMBOL(name, parameters, arguments) { #name, &real.name },
static const struct symbol {
    const char *name;
    void *place;
} symbols[] = { FUNCTIONS(SYMBOL)
                    SILENT_FUNCTIONS(SILENT_SYMBOL){ "mysql_options4", &real.mysql_options4 } };

static struct {
    pthread_mutex_t lock;
    bool loaded;
} library = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int load(struct srd_error *err)
{
    struct srd_error ignored = { 0 }; /* without libcrypto there is no libmariadb either */
    void *handle;

    srd_crypto_ready(&ignored); /* first: a thread of ours may outlive main() */
    handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return srd_fail(err, SRD_E_INTERNAL,
                        "to reach a cluster takes the library libmariadb (%s), which is not "
                        "installed: %s",
                        LIBRARY, dlerror());
    for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
        void *function = dlsym(handle, symbols[i].name);

        if (!function) {
            dlclose(handle);
            return srd_fail(err, SRD_E_INTERNAL, "the installed libmariadb has no %s",
                            symbols[i].name);
        }
        /* ISO C knows no cast from an object to a function; POSIX wants the copy to work */
        memcpy(symbols[i].place, &function, sizeof(function));
    }
    real.mysql_server_init(0, NULL, NULL);
    library.loaded = true;
    return 0;
}

int srd_live_library(struct srd_error *err)
{
    int failed = 0;

    pthread_mutex_lock(&library.lock);
    if (!library.loaded)
        failed = load(err);
    pthread_mutex_unlock(&library.lock);
    return failed;
}

/* ---- under their names ---- */

/* Ours alone: the library calls some of them itself, and must find its own. */
#define OURS __attribute__((visibility("hidden")))
#define CALL(type, name, parameters, arguments)                                                    \
    OURS type STDCALL name parameters                                                              \
    {                                                                                              \
        return real.name arguments;                                                                \
    }
#define SILENT_CALL(name, parameters, arguments)                                                   \
    OURS void STDCALL name parameters                                                              \
    {                                                                                              \
        real.name arguments;                                                                       \
    }
FUNCTIONS(CALL)
SILENT_FUNCTIONS(SILENT_CALL)

/* Options have one value; only attributes of a connection have two. */
OURS int mysql_optionsv(MYSQL *mysql, enum mysql_option option, ...)
{
    const void *value, *second = NULL;
    va_list args;

    va_start(args, option);
    value = va_arg(args, const void *);
    if (option == MYSQL_OPT_CONNECT_ATTR_ADD)
        second = va_arg(args, const void *);
    va_end(args);
    return real.mysql_options4(mysql, option, value, second);
}
