#ifndef SRD_BASE_CLEANUP_H
#define SRD_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>

/*
 * A local that owns a handle says so where it is declared, so every return is safe:
 *
 *     SRD_CLEANUP(srd_close_file) FILE *f = fopen(path, "re");
 *     ...
 *     return SRD_TAKE(f);         -- hands it on; the local is NULL afterwards
 */
#define SRD_CLEANUP(function) __attribute__((cleanup(function)))
#define SRD_TAKE(pointer)                                                                          \
    __extension__({                                                                                \
        __typeof__(pointer) taken_ = (pointer);                                                    \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    })
#define SRD_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void srd_close_file(FILE **f)
{
    if (*f)
        fclose(*f);
}

static inline void srd_free_text(char **text)
{
    free(*text);
}

#endif
