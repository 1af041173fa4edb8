#ifndef SRD_MODEL_PROBE_H
#define SRD_MODEL_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/error.h"
#include "lib/model/version.h"

struct srd_evidence;

/*
 * A probe is a question to the cluster, as data. SQL stands in probes and nowhere else.
 *
 * The text depends on version and run mode: the first of @texts whose range holds is sent. None
 * holding means "absent in this version" or "not in this mode".
 *
 * Parameters: a text may hold placeholders {name} for the fields of @params; they are filled in by
 * srd_probe_render(), which quotes each by its type, and by nothing else. A probe with parameters is
 * asked once per key that @pick names, after @after was answered:
 *
 *     .after = &probe_backends, .pick = pick_backends,     -- pure: evidence -> keys
 *
 * The engine asks level by level; one probe's picks may depend on any probe of an earlier level.
 */
enum srd_cost {
    SRD_COST_CHEAP,  /* memory of one FE */
    SRD_COST_MEDIUM, /* one request per BE/CN */
    SRD_COST_HEAVY,  /* one entry per tablet, database locks in turn, object storage */
};
const char *srd_cost_name(enum srd_cost cost);

/* Who must be asked (checks of the leader's knowledge: SHOW PROC answers from the connected FE). */
enum srd_where {
    SRD_ASK_ANY,    /* every FE gives the same answer, or forwards to the leader by itself */
    SRD_ASK_LEADER, /* the leader; from another FE only as "source=follower" */
    SRD_ASK_EACH,   /* every alive FE for itself, of many five (configuration drift, connections) */
};

/* In which zone the times of the answer are printed. */
enum srd_zone {
    SRD_ZONE_PRINT,   /* SHOW, PROC: session zone (UTC), or fixed +08:00 on early 4.1: derived */
    SRD_ZONE_GLOBAL,  /* loads, routine_load_jobs: the cluster's global time_zone */
    SRD_ZONE_JVM,     /* zone of the FE's host: ANALYZE STATUS, DYNAMIC PARTITION TABLES */
    SRD_ZONE_SESSION, /* computed by the query in the session's zone, which srdiag sets to UTC */
};

enum srd_param_type {
    SRD_PARAM_END = 0,
    SRD_PARAM_INTEGER,    /* digits, checked */
    SRD_PARAM_IDENTIFIER, /* `quoted`, backquotes doubled */
    SRD_PARAM_TEXT,       /* 'quoted' literal */
    SRD_PARAM_PATH,       /* one component inside a quoted PROC path: no quote, slash or control */
};
struct srd_param {
    const char *name;
    enum srd_param_type type;
};
#define SRD_MAX_PARAMS 3

struct srd_probe_text {
    enum srd_mode mode;
    int since, until; /* SRD_VERSION, inclusive, 0 = open */
    const char *sql;  /* NULL ends the list */
};
#define SRD_MAX_TEXTS 4

/* One asking of a parameterised probe: the values of its parameters, in their order. */
struct srd_key {
    const char *values[SRD_MAX_PARAMS];
};
/*
 * What a pick found: add keys, most important first. Keys beyond the probe's @max_keys are dropped and
 * counted in @left_out, so that checks can say "20 of 200 backends were looked at".
 */
struct srd_keys {
    struct srd_arena *arena;
    struct srd_key *keys;
    size_t count, room, max, left_out;
};
void srd_keys_add(struct srd_keys *keys, const char *first, const char *second, const char *third);

struct srd_probe {
    const char *id;      /* kebab-case, a promise to scripts and snapshots */
    const char *summary; /* what it asks, for `srdiag list probes` */
    struct srd_probe_text texts[SRD_MAX_TEXTS];
    const char *columns; /* blank-separated names that the checks need; others are a bonus */
    const char *privilege; /* what the account needs, for `grants`: "OPERATE" "BLACKLIST" "SELECT" or NULL */
    enum srd_cost cost;
    enum srd_where where;
    enum srd_zone zone;
    bool needs_node;     /* a SELECT that a BE/CN evaluates: fails while none is alive */
    int timeout_s;       /* 0: 10, or 30 for a heavy one */
    struct srd_param params[SRD_MAX_PARAMS + 1];
    const struct srd_probe *after;
    /* Asked later than this one if that is asked too, whatever becomes of it: for a pick that asks where
     * another question left something open. It is not asked on account of this probe. */
    const struct srd_probe *behind;
    void (*pick)(const struct srd_evidence *ev, struct srd_keys *out);
    size_t max_keys;     /* 0: 20 */
    size_t max_rows;     /* 0: SRD_TABLE_MAX_ROWS */
    bool short_rows;     /* rows may end before the header does (a MISSING replica): see live.c */
    const char *unread_columns;  /* blank-separated: long, and read by nobody; a live source leaves them */
    const char *private_columns; /* blank-separated: hold users' SQL texts, not kept in snapshots */
};

/* NULL when this version or mode has no such text. */
const struct srd_probe_text *srd_probe_text(const struct srd_probe *probe, int version,
                                            enum srd_mode mode);
/* Whether some text of the probe is for @mode (then a missing text is a matter of version). */
bool srd_probe_has_mode(const struct srd_probe *probe, enum srd_mode mode);
int srd_probe_timeout_s(const struct srd_probe *probe);
/*
 * The statement to send: marker comment, text, parameters quoted:
 *     SHOW PROC '/backends/{backend_id}'  ->  / * srdiag:backend-disks * / SHOW PROC '/backends/10004'
 * SRD_E_INTERNAL for an unknown placeholder, SRD_E_DATA for a value that its type does not admit.
 */
int srd_probe_render(const struct srd_probe *probe, const struct srd_probe_text *text,
                     const struct srd_key *key, struct srd_arena *arena, const char **out,
                     struct srd_error *err);
/* "10004" or "sales/orders": the key as one text for snapshots and messages; "" without parameters. */
const char *srd_key_text(const struct srd_probe *probe, const struct srd_key *key,
                         struct srd_arena *arena);

/* The key that srd_key_text() made @text of; false: of none of this probe's. */
bool srd_key_parse(const struct srd_probe *probe, const char *text, struct srd_arena *arena,
                   struct srd_key *out);

/* `name` with backquotes doubled; 'text' with quotes and backslashes escaped: for printed remedies. */
const char *srd_quote_identifier(struct srd_arena *arena, const char *name);
const char *srd_quote_text(struct srd_arena *arena, const char *text);

#endif
