#ifndef SRD_EXPERTS_INGEST_INGEST_H
#define SRD_EXPERTS_INGEST_INGEST_H

#include "experts/probes.h"
#include "lib/model/cause.h"
#include "lib/model/check.h"
#include "lib/model/expert.h"
#include "lib/model/view.h"

/*
 * The inside of the ingestion expert, shared by the files of this folder:
 *
 *   ingest.c   the expert's record              errors.c  what failed loads tell of the write path
 *   views.c    stream and routine loads         bounds.c  partitions made by wrong values
 *   causes.c   root causes                      later.c   what one sample cannot judge
 *
 * The jobs themselves are read in experts/load: routine.h, stream.h.
 *
 * Each file ends with the list of its checks and of its views: to add one, write it and its line there.
 */
extern const struct srd_check *const srd_ingest_later_checks[];
extern const struct srd_check *const srd_ingest_bounds_checks[];
extern const struct srd_check *const srd_ingest_errors_checks[];
extern const struct srd_view *const srd_ingest_views_views[];

/* Tables with partitions far from today, or with many new ones; NULL when it is not known. */
const struct srd_table *srd_ingest_bounds(const struct srd_evidence *ev);

/* Do the new partitions in @row of it follow each other, as when history is loaded? */
bool srd_ingest_follow_each_other(const struct srd_table *t, size_t row);

extern const struct srd_cause srd_cause_routine_node_away; /* RC-07 */
extern const struct srd_cause srd_cause_dirty_partition_column; /* RC-25 */
extern const struct srd_cause srd_cause_kafka_overtook; /* RC-36 */

#endif
