#ifndef SRD_CMD_SETTINGS_PRIVATE_H
#define SRD_CMD_SETTINGS_PRIVATE_H

#include "cmd/settings.h"

/*
 * What the files of the settings share: settings.c chooses, settings_file.c reads config files and
 * says what is wrong in them, settings_secret.c finds passwords and tokens.
 */

/* An index of srd_setting_table; -1: there is no such key. */
int srd_setting_named(const char *name);
/* "prod" of an entry of [cluster prod]; NULL: it is of another section. Borrowed. */
const char *srd_cluster_of(const struct srd_entry *entry);
/* One warning if a secret is among the entries of a file (its mode: @mode) that others can read. */
void srd_secrets_check(struct srd_settings *settings, const char *file, unsigned mode,
                       const struct srd_entry *entries, size_t count);

#endif
