#ifndef SRD_EXPERTS_PROBES_H
#define SRD_EXPERTS_PROBES_H

#include "lib/model/finding.h"
#include "lib/model/identity.h"
#include "lib/model/probe.h"

/* Probes that several experts share, and how to read them. Identity probes: lib/model/identity.h. */

extern const struct srd_probe srd_probe_fe_config; /* ADMIN SHOW FRONTEND CONFIG, of the leader */
extern const struct srd_probe srd_probe_fe_locks;  /* sys.fe_locks: holders that others wait for */

/*
 * A configuration value of the leading FE as a limit: the cluster's own value, with "NAME of the
 * cluster" as its source; @fallback with "default of NAME" when the probe has no such key (older
 * version) or a value that is no number. --set NAME=VALUE wins over both.
 */
struct srd_limit srd_fe_config(const struct srd_evidence *ev, const char *name, double fallback,
                               enum srd_unit unit);
/* The raw text, or NULL. */
const char *srd_fe_config_text(const struct srd_evidence *ev, const char *name);

/* Catalogue.stressed: does the FE wait for locks? Says who holds which lock. */
bool srd_fe_stressed(const struct srd_evidence *ev, const char **why);

#endif
