#ifndef SRD_MODEL_FINDING_H
#define SRD_MODEL_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/model/evidence.h"

struct srd_check;

enum srd_severity { SRD_OKAY, SRD_INFO, SRD_WARNING, SRD_CRITICAL };
const char *srd_severity_name(enum srd_severity severity); /* "ok" "info" "warning" "critical" */

enum srd_unit {
    SRD_UNIT_TEXT,     /* not a number */
    SRD_UNIT_COUNT,    /* tablets, partitions, rows ... */
    SRD_UNIT_BYTES,
    SRD_UNIT_PERCENT,  /* 0-100 */
    SRD_UNIT_POINTS,   /* difference of two percentages */
    SRD_UNIT_RATIO,    /* "5.0x" */
    SRD_UNIT_MS,       /* a duration */
    SRD_UNIT_TIME,     /* ms since 1970 UTC */
    SRD_UNIT_BOOL,
    SRD_UNIT_ID,       /* an integer that is a name: no separators, string in JSON above 2^53 */
};
/* The suffix of JSON keys and the "unit" of findings: "" "count" "bytes" "percent" ... */
const char *srd_unit_name(enum srd_unit unit);
/* As it is shown: means, medians and shares of bytes are whole numbers of bytes, too. */
double srd_unit_round(enum srd_unit unit, double value);
/* For people: "66.40 GB", "96.52 %", "32,144", "3.4 points", "2026-01-20 10:00:00" (UTC + offset). */
const char *srd_unit_format(struct srd_arena *arena, enum srd_unit unit, double value,
                            int zone_offset_s);

/* A bound and where it comes from: printed with every finding. */
struct srd_limit {
    double value;
    enum srd_unit unit;
    const char *source; /* "storage_usage_hard_limit_percent of the cluster", "catalogue", "--set" */
};

/*
 * A threshold of the catalogue; --set NAME=VALUE wins. @name is "check-id" or "check-id.part", and the
 * check lists it (srd_check.limits).
 */
struct srd_limit srd_limit_catalogue(const struct srd_evidence *ev, const char *name, double value,
                                     enum srd_unit unit);

/* What a finding is about. kind: "cluster" "frontend" "backend" "compute_node" "disk" "database"
 * "table" "partition" "tablet" ... ; name as a person would say it: "be1 /data1", "dwd.events". */
struct srd_subject {
    const char *kind, *name;
};

/* One thing to do. Text and SQL may hold {placeholders} that the finding's fields fill in. */
enum srd_risk { SRD_SAFE, SRD_RISKY };
struct srd_step {
    const char *text; /* NULL ends a list */
    const char *sql;  /* NULL: nothing to type. Printed, never run. */
    enum srd_risk risk;
};
#define SRD_MAX_STEPS 5

/* {name} of steps, messages and texts, filled with the finding's values; SQL values come quoted. */
struct srd_field {
    const char *name, *value;
};
#define SRD_MAX_FIELDS 6

struct srd_finding {
    const struct srd_check *check;
    enum srd_severity severity;
    struct srd_subject subject;
    const char *message; /* one sentence with the numbers in it */
    double value;
    enum srd_unit unit;
    struct srd_limit limit;
    double share; /* 0-1: part of what the check measures that is affected (scope of the score) */
    struct srd_field fields[SRD_MAX_FIELDS + 1];
    /* the rows it was read from: shown under --detail and in JSON */
    const struct srd_probe *probe;
    const struct srd_table *table;
    size_t table_rows[4];
    size_t table_row_count;
    bool follower; /* evidence of a leader's question that another FE answered */
};

/*
 * Where judges put what they conclude. One per check and run.
 *
 *   struct srd_finding *f = srd_finding_add(out, SRD_CRITICAL, "disk", name, "…%s…", …);
 *   srd_finding_value(f, 96.5, limit);
 *   srd_finding_field(out, f, "table", "`dwd`.`events`");
 *   srd_finding_row(f, &probe_x, table, row);
 *
 * A check that raises nothing is ok; it should then say what it measured (srd_measured), so that a
 * cause can print it as evidence against. A judge that finds only while judging that it cannot know
 * calls srd_cannot_judge() and returns: with no finding so far the check is "not checked", else the
 * findings stand and the reason is printed beside them.
 */
struct srd_findings {
    struct srd_arena *arena;
    const struct srd_evidence *ev;
    const struct srd_check *check;
    struct srd_finding **items;
    size_t count, room;
    const char *measured;
    bool unknown;
    enum srd_status unknown_status;
    const char *unknown_detail;
};

struct srd_finding *srd_finding_add(struct srd_findings *out, enum srd_severity severity,
                                    const char *kind, const char *name, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* value and unit (the limit's), both rounded for that; also puts it against the limit. */
void srd_finding_value(struct srd_finding *f, double value, struct srd_limit limit);
void srd_finding_share(struct srd_finding *f, double affected, double all); /* all 0: share 1 */
void srd_finding_field(struct srd_findings *out, struct srd_finding *f, const char *name,
                       const char *value);
void srd_finding_row(struct srd_finding *f, const struct srd_probe *probe,
                     const struct srd_table *table, size_t row);
void srd_measured(struct srd_findings *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void srd_cannot_judge(struct srd_findings *out, enum srd_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* {placeholders} of @template replaced by @fields; unknown ones stay as they are. NULL gives NULL. */
const char *srd_fill(struct srd_arena *arena, const char *template, const struct srd_field *fields);

#endif
