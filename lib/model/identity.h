#ifndef SRD_MODEL_IDENTITY_H
#define SRD_MODEL_IDENTITY_H

#include "lib/model/evidence.h"

/*
 * Which cluster is this? The first questions of every run, and what follows from them: version, run
 * mode, leader, counts of nodes, clock and print zone. All of them work while no BE or CN is alive.
 *
 * The rules, in short: the version is the `Version` of the connected FE in SHOW FRONTENDS, never
 * VERSION(); the run mode is the FE configuration `run_mode`, else "has StarletPort"; the print offset
 * is (LastHeartbeat of an alive FE read as UTC) - UNIX_TIMESTAMP(), rounded to 15 minutes, accepted
 * when a row is within 60 s of it; ages are unknown otherwise.
 */
extern const struct srd_probe srd_probe_frontends;     /* SHOW FRONTENDS */
extern const struct srd_probe srd_probe_clock;         /* UNIX_TIMESTAMP() and the zones */
extern const struct srd_probe srd_probe_run_mode;      /* ADMIN SHOW FRONTEND CONFIG LIKE 'run_mode' */
extern const struct srd_probe srd_probe_backends;      /* SHOW BACKENDS */
extern const struct srd_probe srd_probe_compute_nodes; /* SHOW COMPUTE NODES */

/* In the order they are asked; NULL-ended. */
extern const struct srd_probe *const srd_identity_probes[];

/*
 * Fills @ev->cluster from the identity answers in @ev; @connected is the "host:port" that the source
 * reached (for a snapshot: as recorded). Never fails: what cannot be derived stays unknown. Also sets
 * the print zone of the identity tables themselves.
 */
void srd_identify(struct srd_evidence *ev, const char *connected);

/*
 * How far east of UTC the zone "+08:00", "Asia/Shanghai" or "UTC" is, in seconds; false for a zone with
 * summer time (its offset depends on the day) and for one that is not known.
 */
bool srd_zone_offset(const char *zone, int *offset_s);

/* Sets zone_known and zone_offset_s of an answer's table by its probe's zone. */
void srd_table_set_zone(struct srd_table *table, enum srd_zone zone,
                        const struct srd_cluster *cluster);

#endif
