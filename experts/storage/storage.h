#ifndef SRD_EXPERTS_STORAGE_STORAGE_H
#define SRD_EXPERTS_STORAGE_STORAGE_H

#include "experts/probes.h"
#include "lib/model/check.h"
#include "lib/model/expert.h"
#include "lib/model/view.h"

/*
 * The inside of the storage expert, shared by the files of this folder:
 *
 *   storage.c   the expert's record            shared.c    probes and helpers declared here
 *   paths.c     reads the disks                disks.c     capacity, recycle bin
 *   skew.c      uneven disks                   replicas.c  health of tablets
 *   lost.c      tablets that nobody can read   samples.c   which tablets are looked at
 *   spread.c    replicas per table, and more   sizes.c     reads tables and tablets
 *   tablets.c   how large, how even            partitions.c  how many, how large
 *   retention.c what never expires             dynamic.c   what comes next
 *   design.c    quotas, keys, media            later.c     what one sample cannot judge
 *   disk_view.c   srdiag storage disks         table_view.c  srdiag storage tables
 *   tablet_view.c srdiag storage tablets, srdiag storage replicas
 *
 * Each file ends with the list of its checks and of its views: to add one, write it and its line there.
 */
extern const struct srd_check *const srd_storage_disks_checks[];
extern const struct srd_check *const srd_storage_skew_checks[];
extern const struct srd_check *const srd_storage_lost_checks[];
extern const struct srd_check *const srd_storage_replicas_checks[];
extern const struct srd_check *const srd_storage_spread_checks[];
extern const struct srd_check *const srd_storage_tablets_checks[];
extern const struct srd_check *const srd_storage_partitions_checks[];
extern const struct srd_check *const srd_storage_retention_checks[];
extern const struct srd_check *const srd_storage_dynamic_checks[];
extern const struct srd_check *const srd_storage_design_checks[];
extern const struct srd_check *const srd_storage_later_checks[];
extern const struct srd_view *const srd_storage_disks_views[];
extern const struct srd_view *const srd_storage_spread_views[];
extern const struct srd_view *const srd_storage_sizes_views[];

/* Probes of more than one file. Keys: "10004", "10002", "sales/orders", "sales/orders/p1", "10119". */
extern const struct srd_probe srd_probe_backend_disks;   /* paths of some BEs; key: BackendId */
extern const struct srd_probe srd_probe_statistic;       /* tablets and their health, per database */
extern const struct srd_probe srd_probe_few_left;        /* bad replicas of such a table; db/table */
extern const struct srd_probe srd_probe_recycle_bin;     /* what was dropped and can be recovered */
extern const struct srd_probe srd_probe_data_cache;      /* of each node in shared-data */
extern const struct srd_probe srd_probe_sick_tablets;    /* ids, per database; key: DbId */
extern const struct srd_probe srd_probe_pending_tablets; /* that wait for repair or balancing */
extern const struct srd_probe srd_probe_tablet_place;    /* partition of a tablet; key: TabletId */
extern const struct srd_probe srd_probe_replica_status;  /* of a partition; key: db/table/partition */
extern const struct srd_probe srd_probe_tablet_replicas; /* likewise, also of materialized views */

#define SRD_GIB 1073741824.0

/* The row of SHOW BACKENDS with this BackendId, or SRD_NO_COLUMN. */
size_t srd_storage_backend_row(const struct srd_table *backends, const char *id);
/* Alive="true"; what cannot be read counts as not alive. */
bool srd_storage_alive(const struct srd_table *nodes, size_t row);
bool srd_storage_decommissioned(const struct srd_table *nodes, size_t row);
size_t srd_storage_dead(const struct srd_table *backends); /* backends that are not alive */

/* A path of a BE, with everything that the checks compare. */
struct srd_disk {
    const struct srd_probe *probe; /* who says so: srd_probe_backend_disks, or the node's metrics */
    const struct srd_table *table;
    size_t row;
    size_t backend_row;
    const char *backend_id, *backend, *path, *name; /* name: "10.0.1.11 /data1" */
    const char *medium;                             /* "" when not known */
    const char *state; /* ONLINE OFFLINE, and of the leader DISABLED DECOMMISSIONED; "" */
    bool online;
    /* false: placeholders (nothing reported yet, or a follower's view), or figures of a dead BE */
    bool known;
    double used_percent, available_bytes, total_bytes;
    double data_bytes, other_bytes; /* below 0: not printed */
};
struct srd_disks {
    const struct srd_table *backends;
    struct srd_disk *items; /* of alive and dead backends */
    size_t count;
    size_t known;  /* items that may be judged */
    size_t silent; /* items of alive backends without figures */
    size_t alive;  /* backends that are alive */
    size_t unread; /* of these: their paths were not read */
    size_t unsorted; /* of the known: their medium is not known */
    bool *read;      /* by row of @backends: its paths were read */
};
/*
 * From srd_probe_nodes and, where it was asked, srd_probe_backend_disks: the `wants` of who calls it. Their absence shows in @unread.
 */
struct srd_disks srd_storage_disks(const struct srd_evidence *ev, struct srd_arena *arena);
#define SRD_DISK_WANTS &srd_probe_backend_disks, &srd_probe_nodes
/*
 * The medium that a node's storage_root_path ("/data1,medium:ssd;/data2;/data3.SSD") gives a path:
 * "SSD" or "HDD", "" when it does not name the path. As the BE reads it, but that a link is not
 * followed.
 */
const char *srd_storage_medium_of_path(const char *setting, const char *path);
/* Why paths of living backends were not read, as a reason and in words. */
const char *srd_storage_disks_unread(const struct srd_evidence *ev, struct srd_arena *arena,
                                     enum srd_status *status);
/* Says "not checked" and returns false when there is no disk to judge. */
bool srd_storage_disks_usable(struct srd_findings *out, const struct srd_disks *disks);
/*
 * After judging: says that not all was seen if a backend whose paths were not read may hide something,
 * that is, if its fullest path (SHOW BACKENDS) is above @percent or not known.
 */
void srd_storage_disks_coverage(struct srd_findings *out, const struct srd_disks *disks,
                                double percent);
/*
 * Is @disks->items[@at] the first that is known of its medium? So that each medium that is known is
 * looked at once.
 */
bool srd_storage_first_of_medium(const struct srd_disks *disks, size_t at);
/* A finding about @disk with its fields (backend, backend_id, path, used, available) and row. */
struct srd_finding *srd_storage_disk_finding(struct srd_findings *out, enum srd_severity severity,
                                             const struct srd_disk *disk, const char *message);

/* The limits at which StarRocks itself stops using a path: both parts must hold. */
struct srd_disk_limit {
    struct srd_limit percent, reserve;
};
struct srd_disk_limit srd_storage_hard_limit(const struct srd_evidence *ev);
struct srd_disk_limit srd_storage_soft_limit(const struct srd_evidence *ev);
bool srd_storage_over(const struct srd_disk *disk, const struct srd_disk_limit *limit);

/*
 * Can this replica of ADMIN SHOW REPLICA STATUS be read? Status OK, or DEAD only because its BE is
 * being decommissioned: that one still serves.
 */
bool srd_storage_usable(const struct srd_table *backends, const struct srd_table *t, size_t row);

/* One tablet of a list of replicas, whose rows come tablet by tablet. */
struct srd_tablet {
    size_t row, rows;            /* its rows in the list */
    size_t replicas, usable;     /* MISSING rows are no replicas */
    size_t on_dead;              /* replicas on a BE that is not alive */
    const char *id, *dead_be_id; /* the last of those BEs; NULL */
};
/*
 * The next tablet (the first if *@tablet is all zero); false at the end. @status: the list is of ADMIN SHOW
 * REPLICA STATUS, else of SHOW TABLET FROM, which does not know bad replicas.
 */
bool srd_storage_next_tablet(const struct srd_table *backends, const struct srd_table *t,
                             bool status, struct srd_tablet *tablet);
/* Died within the last minutes, so that it may just be restarting? Unknown counts as no. */
bool srd_storage_may_be_restarting(const struct srd_evidence *ev, const char *be_id);

/* Text of decimal digits, not empty, at most 20: an id that may go into a statement. */
bool srd_storage_is_id(const char *text);

#endif
