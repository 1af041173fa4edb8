#ifndef SRD_BASE_ERROR_H
#define SRD_BASE_ERROR_H

/*
 * What went wrong, as a value in the caller's frame.
 *
 * A function that can fail returns an `int`: 0, or the code it put into @err. srd_fail() states the
 * cause where it is known; every caller on the way up may add with srd_while() what it was doing:
 *
 *     read snapshot "a.srd": probe backends: row 3: expected 30 cells, found 28
 *
 * Texts are lower case, name no C function and never contain a secret. @err may not be NULL.
 * A second srd_fail() overwrites the first. Nothing here allocates; any thread, its own @err.
 */

enum srd_code {
    SRD_OK = 0,
    SRD_E_USAGE,       /* the command line is wrong                     exit 64 */
    SRD_E_DATA,        /* an input file or an answer is damaged         exit 65 */
    SRD_E_CONNECT,     /* the cluster cannot be reached                 exit 69 */
    SRD_E_INTERNAL,    /* a bug of ours                                 exit 70 */
    SRD_E_SYSTEM,      /* the operating system refused (file, memory)   exit 74 */
    SRD_E_LIMIT,       /* more data than the ceiling allows             exit 65 */
    SRD_E_DENIED,      /* wrong account, or not allowed                 exit 77 */
    SRD_E_CONFIG,      /* a configuration value or file is wrong        exit 78 */
    SRD_E_TIMEOUT,     /* out of time                                   exit 124 */
    SRD_E_CANCELLED,   /* interrupted by the user                       exit 130 */
};

struct srd_error {
    enum srd_code code;
    char text[1024];
};

/* Both return err->code, so that `return srd_fail(...)` reads well. */
int srd_fail(struct srd_error *err, enum srd_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int srd_while(struct srd_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "usage", "data", "connect" ...: for logs and JSON. */
const char *srd_code_name(enum srd_code code);
/* The exit status of the table above. */
int srd_code_exit(enum srd_code code);

#endif
