#ifndef SRD_MODEL_VERSION_H
#define SRD_MODEL_VERSION_H

#include <stdbool.h>

/* Releases of StarRocks: 3.5.7 is 30507. 0 is "not known" or "no bound". */
#define SRD_VERSION(major, minor, patch) ((major)*10000 + (minor)*100 + (patch))

/* "3.5.7-5f2a1b3", "3.3.9 abc", "4.1.0": the numeric part counts. 0 if there is none. */
int srd_version_parse(const char *text);

/* @since <= version <= @until; a bound of 0 is open; an unknown version (0) is always inside. */
bool srd_version_within(int version, int since, int until);

/* Bits, because a probe text or a check may serve both. */
enum srd_mode {
    SRD_MODE_ANY = 0,
    SRD_MODE_SHARED_NOTHING = 1,
    SRD_MODE_SHARED_DATA = 2,
};
/* "shared-nothing", "shared-data", "unknown" */
const char *srd_mode_name(enum srd_mode mode);
/* Does @wanted (SRD_MODE_ANY: all) include @actual? An unknown mode (ANY) is always included. */
bool srd_mode_includes(enum srd_mode wanted, enum srd_mode actual);

#endif
