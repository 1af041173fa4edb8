#ifndef SRD_SOURCE_SNAPSHOT_WRITE_H
#define SRD_SOURCE_SNAPSHOT_WRITE_H

#include "lib/source/snapshot.h"

/*
 * The lines of a snapshot, one answer at a time: into a file (snapshot_file.c), or over a wire, for
 * srd_snapshot_visit() at its other end. For one thread at a time.
 */
struct srd_snapshot_writer;

struct srd_snapshot_writing {
    const struct srd_snapshot_options *options; /* lives as long as the writer */
    /* Takes pieces of about 64 KiB; what it returns ends the writing if it is not 0. */
    int (*write)(void *context, const void *bytes, size_t n, struct srd_error *err);
    void *context;
};
struct srd_snapshot_writer *srd_snapshot_writer_new(const struct srd_snapshot_writing *how);
void srd_snapshot_writer_free(struct srd_snapshot_writer **writer); /* for SRD_CLEANUP */

/* The first line; NULL texts are "". */
struct srd_snapshot_title {
    const char *cluster, *connected, *version, *run_mode;
    int64_t taken_at_ms;
    bool of_agent; /* say what is below as well, see srd_snapshot_head */
    const char *instance;
    bool follower, session_zone_unknown;
};

/* All: SRD_E_LIMIT beyond what a reader takes, and what write() says. First head, then answers. */
int srd_snapshot_writer_head(struct srd_snapshot_writer *writer,
                             const struct srd_snapshot_title *title, struct srd_error *err);
int srd_snapshot_writer_answer(struct srd_snapshot_writer *writer, const struct srd_answer *answer,
                               struct srd_error *err);
/* What waits for company is written now. */
int srd_snapshot_writer_flush(struct srd_snapshot_writer *writer, struct srd_error *err);
/* The last line, with more of it (",\"name\":1"; NULL: nothing), and everything is written. */
int srd_snapshot_writer_end(struct srd_snapshot_writer *writer, const char *members,
                            struct srd_error *err);
/* In place of the last line: why there is no more. */
int srd_snapshot_writer_fail(struct srd_snapshot_writer *writer, const struct srd_error *why,
                             struct srd_error *err);

#endif
