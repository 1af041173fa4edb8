#ifndef SRD_CMD_SERVE_H
#define SRD_CMD_SERVE_H

#include "cmd/command.h"
#include "lib/serve/serve.h"

/* What the files of `srdiag serve` share. */

/*
 * What the server needs to know, as @settings say, with its clusters: the connection of the command
 * line, the environment or [srdiag] as "default", and every [cluster NAME]. Strings of @settings
 * are borrowed.
 */
int srd_serve_options_of(struct srd_settings *settings, struct srd_arena *arena,
                         struct srd_serve_options *out, struct srd_error *err);

/* "127.0.0.1:3000", and where that was said; *origin is NULL for the default. */
const char *srd_serve_listen_of(const struct srd_settings *settings, const char **origin);

/* serve_keys.c: srdiag serve keys new NAME | list | revoke NAME|ID */
struct srd_serve_keys_options {
    const char *role; /* NULL: use */
    struct srd_words tenants;
};
int srd_serve_keys(struct srd_call *call, const struct srd_serve_keys_options *options,
                   struct srd_error *err);

#endif
