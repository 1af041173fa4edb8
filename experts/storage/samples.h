#ifndef SRD_EXPERTS_STORAGE_SAMPLES_H
#define SRD_EXPERTS_STORAGE_SAMPLES_H

#include "experts/storage/storage.h"

/*
 * The way from a count of unhealthy tablets to their replicas: '/statistic' counts them per
 * database,
 * '/statistic/<db>' lists their ids, SHOW TABLET says to which partition one belongs, and ADMIN
 * SHOW REPLICA STATUS says how each replica of that partition is. A few samples of each suffice,
 * because what breaks one tablet of a partition mostly breaks the others, too.
 *
 * '/statistic' forgives a dead BE for tablet_sched_be_down_tolerate_time_s (15 minutes). Tables
 * that have no replicas to spare are therefore looked at as soon as a BE is away
 * (srd_probe_few_left).
 */

/* Is it a database? The last row adds up the others: its DbId is "Total". */
bool srd_storage_is_database(const struct srd_table *statistic, size_t row);
/* Of all databases. */
double srd_storage_sum(const struct srd_table *statistic, const char *column);
/* Walks a list like "[10105, 10109]": the next id, or NULL. */
const char *srd_storage_next_id(const char **list, struct srd_arena *arena);

/* A partition that was sampled, and what is known of its replicas. */
struct srd_sample {
    const char *db, *table, *partition, *name; /* name: "sales.orders/p1" */
    const struct srd_table *status;            /* of srd_probe_replica_status; NULL: unknown */
    const struct srd_table *replicas;          /* of srd_probe_tablet_replicas; NULL: unknown */
};
#define SRD_MAX_SAMPLES 12
/* Fills @out with at most @max samples. */
size_t srd_storage_samples(const struct srd_evidence *ev, struct srd_arena *arena,
                           struct srd_sample *out, size_t max);
/* The list to judge by: the complete one if there is one. */
const struct srd_table *srd_storage_sample_rows(const struct srd_sample *sample);

#endif
