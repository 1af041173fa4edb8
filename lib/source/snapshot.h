#ifndef SRD_SOURCE_SNAPSHOT_H
#define SRD_SOURCE_SNAPSHOT_H

#include "lib/source/source.h"

/*
 * Evidence in a file (".srd"): UTF-8 JSON Lines, optionally gzip. Loss-free: a command on the file
 * prints what it printed on the cluster.
 *
 *   {"srdiag":"snapshot/1","tool":"0.1.0","cluster":"prod","connected":"fe1:9030","version":"3.5.7-x",
 *    "run_mode":"shared-nothing","taken_at":"2026-01-20T02:00:00Z"}
 *   {"probe":"frontends","node":"fe1:9030","key":"","status":"answered","columns":["Id",...],
 *    "follower":false,"complete":true,"started_at":"...","ms":3,"rows":3}
 *   ["1","fe1",null,...]                            one line per row, cells as strings or null
 *   ...
 *   {"end":true,"answers":17,"rows":5421}
 *
 * A cut or damaged file is refused with its line number, an unknown format version with both numbers.
 * Cells keep every byte that is valid UTF-8; other bytes travel as {"b64":"..."} cells.
 *
 * (Owner of zlib.)
 */

/* @path "-" reads standard input. @info kind "snapshot". Ceilings: 64 MiB a line, 1 GiB in all. */
int srd_snapshot_open(const char *path, struct srd_source **out, struct srd_error *err);
/* From memory, gzip or not: the demo that is compiled in, and the fuzz target. @kind: "demo". */
int srd_snapshot_open_memory(const void *bytes, size_t n, const char *kind, const char *where,
                             struct srd_source **out, struct srd_error *err);

struct srd_snapshot_options {
    const char *tool_version;
    bool gzip;
    bool overwrite;    /* replace an existing file */
    bool share_sql;    /* keep columns that hold users' SQL texts (srd_probe.private_columns) */
    bool hide_literals; /* else keep them, and any column like them, with literals replaced by "?" */
};
/*
 * Writes all answers of @ev to @path: into a file beside it with mode 0600, then rename, so that there is the
 * whole file or none. "-" writes to standard output. SRD_E_SYSTEM names the reason (full disk...).
 */
int srd_snapshot_write(const char *path, const struct srd_evidence *ev, const char *connected,
                       const struct srd_snapshot_options *options, struct srd_error *err);

#endif
