#ifndef SRD_AGENT_LEDGER_H
#define SRD_AGENT_LEDGER_H

#include <stdint.h>

#include "lib/base/crypto.h"
#include "lib/base/error.h"

/*
 * What an agent was asked and what it answered, so that its owner can prove it later.
 *
 *     {"n":7,"time":"2026-01-20T02:00:00.123Z","peer":"10.0.0.7","route":"/collect","probe":"backends",
 *      "sql":"SHOW BACKENDS","verdict":"allowed","status":"answered","rows":3,"bytes":812,"ms":4,
 *      "prev":"<hash of line 6>","hash":"<of this line>"}
 *
 * (one line). The hash is SHA-256 of the line up to and with "prev", so each line vouches for all
 * before it. Numbers go on when a new file is begun at the same place. Beside FILE, FILE.head holds number
 * and hash of the last line: with it, lines that were taken from the end are missed as well. Whoever
 * notes a hash elsewhere (an agent tells its latest at the end of every answer) can show later that
 * nothing before it was changed, even by somebody who can write both files.
 *
 * When is a line safe? It is written (one write(), whole or not at all) before any byte of the answer it
 * tells of leaves, so it survives the end of the process; srd_ledger_sync(), which agents call before the
 * last byte of an answer, makes it survive that of the machine. A line that was half written when
 * the machine stopped is cut off at the next opening, and a line of its own says so.
 *
 * Full disk: the line is taken back, and the caller must not answer.
 */
struct srd_ledger;

/*
 * Appends to @file, made with mode 0600 if it is not there; one process at a time. SRD_E_CONFIG: another
 * one has it, it is no file, or its chain is broken (where and how is in the text); SRD_E_SYSTEM.
 */
int srd_ledger_open(const char *file, struct srd_ledger **out, struct srd_error *err);
void srd_ledger_close(struct srd_ledger **ledger); /* for SRD_CLEANUP */

struct srd_ledger_entry {
    const char *peer;    /* address; NULL: none */
    const char *route;   /* "/collect"; what happened when it is not about a request: "start" */
    const char *probe, *key, *node; /* NULL or "": none */
    const char *sql;     /* as it was asked, secrets hidden by the caller; NULL: none */
    const char *verdict; /* "allowed", "refused" ... */
    const char *reason;  /* NULL or "": none */
    const char *status;  /* of the answer: "answered", "denied" ...; NULL: none */
    int64_t rows, bytes, ms; /* negative: not said */
};
/* Any thread. SRD_E_SYSTEM: it could not be written, and nothing of it was. */
int srd_ledger_write(struct srd_ledger *ledger, const struct srd_ledger_entry *entry,
                     struct srd_error *err);
/* All lines so far are on the disk. Any thread; several that wait share one wait for the disk. */
int srd_ledger_sync(struct srd_ledger *ledger, struct srd_error *err);
/* @file anew by its name, after a rotation; on an error the old one stays. */
int srd_ledger_reopen(struct srd_ledger *ledger, struct srd_error *err);

#define SRD_LEDGER_MARK_SIZE 96
/* "7:<hash>" of the last line. */
void srd_ledger_mark(struct srd_ledger *ledger, char out[SRD_LEDGER_MARK_SIZE]);

/* ---- reading; ledger_read.c ---- */

struct srd_ledger_state {
    int64_t first, last; /* numbers; 0: no lines */
    char hash[2 * SRD_SHA256_SIZE + 1]; /* of the last line; of an empty file: zeros */
    char prev[2 * SRD_SHA256_SIZE + 1]; /* that the first line names: of the last one of the file before */
    int64_t whole_bytes; /* of the file, up to its last whole line */
    int64_t cut_bytes;   /* behind it: a line that was being written */
    bool headed;         /* FILE.head is there and agrees */
    int64_t head_last;   /* what FILE.head says; 0: it is not there */
    char head_hash[2 * SRD_SHA256_SIZE + 1];
};
/*
 * Reads all of @file. @mark, "7:<hash>" or "<hash>", must be that of one of its lines (NULL: none is asked
 * for). @line is called for each, which it may not change, and may be NULL; what it returns ends the
 * reading. SRD_E_DATA says which line was changed, is missing or was added; SRD_E_SYSTEM.
 */
int srd_ledger_read(const char *file, const char *mark,
                    int (*line)(void *context, const char *text, size_t n, struct srd_error *err),
                    void *context, struct srd_ledger_state *out, struct srd_error *err);

#endif
