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
 * Which checks exist, in the order of the catalogue. To add one: a line here, and a
 * `const struct srd_check srd_ingest_<name>` in the file that judges it.
 */
/* clang-format off */
#define SRD_INGEST_CHECKS(CHECK)       \
    CHECK(flush_backlog)               \
    CHECK(async_writer_backlog)        \
    CHECK(replica_wait)                \
    CHECK(disk_io)                     \
    CHECK(partition_explosion)         \
    CHECK(create_tablet_slow)          \
    CHECK(commit_quorum)               \
    CHECK(rpc_overcrowded)             \
    CHECK(spill_heavy)

/* Likewise the views: `const struct srd_view srd_ingest_view_<name>`. */
#define SRD_INGEST_VIEWS(VIEW)         \
    VIEW(stream_load)                  \
    VIEW(routine_load)
/* clang-format on */

#define DECLARE_CHECK(name) extern const struct srd_check srd_ingest_##name;
#define DECLARE_VIEW(name) extern const struct srd_view srd_ingest_view_##name;
SRD_INGEST_CHECKS(DECLARE_CHECK)
SRD_INGEST_VIEWS(DECLARE_VIEW)
#undef DECLARE_CHECK
#undef DECLARE_VIEW

extern const struct srd_probe srd_probe_partition_bounds; /* tables with odd or many new partitions */

/* Do the new partitions in @row of it follow each other, as when history is loaded? */
bool srd_ingest_follow_each_other(const struct srd_table *t, size_t row);

extern const struct srd_cause srd_cause_routine_node_away; /* RC-07 */
extern const struct srd_cause srd_cause_dirty_partition_column; /* RC-25 */
extern const struct srd_cause srd_cause_kafka_overtook; /* RC-36 */

#endif
