#ifndef SRD_SERVE_JOURNAL_H
#define SRD_SERVE_JOURNAL_H

#include "lib/mcp/mcp.h"

/*
 * One line per request (access) and one per call of a tool (audit), as text or JSON:
 *
 *     2025-01-15T10:23:45.123Z GET /health 200 5ms peer=10.0.0.7 key=alice tenant=acme ...
 *     2025-01-15T10:23:45.123Z CALL get_large_tables ok 18ms transport=http peer=10.0.0.7 ...
 *
 * Both go on with id=4bf9... and bytes=231, the second with cluster=prod arguments={"limit":3}.
 * What comes from a client is cleaned, secrets in arguments are hidden, long values are cut. Each
 * line is one write() in append mode, so that lines of several processes do not mix and a file that
 * was cut to nothing (copytruncate) goes on from its start.
 *
 * Writing never waits and never fails: a line that finds a full disk or a full pipe is dropped and
 * counted, and one warning says so.
 */
struct srd_journal;

struct srd_journal_options {
    const char *access_file, *audit_file; /* NULL: @fd; access_file alone: both go there */
    int fd;                               /* without a file; -1: nowhere */
    bool json;
    bool access; /* a line for each request */
};

/* SRD_E_SYSTEM: a file cannot be opened. */
int srd_journal_new(const struct srd_journal_options *options, struct srd_journal **out,
                    struct srd_error *err);
/* From now on as @options say; on an error nothing changes. Any thread. */
int srd_journal_change(struct srd_journal *journal, const struct srd_journal_options *options,
                       struct srd_error *err);
/* The files anew by their names, after a rotation. A file that cannot be opened stays as it is. */
void srd_journal_reopen(struct srd_journal *journal);
void srd_journal_free(struct srd_journal **journal);

struct srd_journal_request {
    const char *method, *path; /* without the query, which may hold what should not be written */
    int status;
    int64_t ms;
    uint64_t bytes;
    const char *peer, *principal, *tenant, *id; /* NULL: not known */
    const char *refused;                        /* by which guard; NULL: by none */
};
void srd_journal_request(struct srd_journal *journal, const struct srd_journal_request *line);
void srd_journal_call(struct srd_journal *journal, const struct srd_mcp_call *call,
                      const struct srd_mcp_result *result, int64_t ms, bool cancelled);
/* How many lines were dropped. */
uint64_t srd_journal_lost(struct srd_journal *journal);

#endif
