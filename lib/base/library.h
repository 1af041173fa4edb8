#ifndef SRD_BASE_LIBRARY_H
#define SRD_BASE_LIBRARY_H

#include <stddef.h>

#include "lib/base/error.h"

/*
 * A library that is loaded when it is first needed, because it is large, brings others with it, and
 * most runs do without. Its owner (one file per library) has a struct of its functions, filled from
 * a table of their names, and loads it once per process.
 */
struct srd_symbol {
    const char *name;
    void *place; /* of the pointer to the function */
};
struct srd_library {
    const char *file;   /* "libcurl.so.4": the name of an interface, which several releases have */
    const char *needed; /* "HTTP needs the library libcurl (Debian package libcurl4)" */
    const struct srd_symbol *symbols;
    size_t count;
};

/*
 * Fills the places of all symbols. SRD_E_INTERNAL: it is not installed, or lacks one; then it is
 * not there, whatever the places hold. It stays until the process ends. One thread at a time per
 * library.
 */
int srd_library_load(const struct srd_library *library, struct srd_error *err);

#endif
