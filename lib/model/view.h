#ifndef SRD_MODEL_VIEW_H
#define SRD_MODEL_VIEW_H

#include "lib/model/finding.h"
#include "lib/model/probe.h"

/*
 * A view is one table that a person asks for: `srdiag storage disks`, the MCP tool `get_disk_usage`.
 * Columns, units and arguments are data, read by renderers, help, completions and servers.
 */
struct srd_view_column {
    const char *name;   /* JSON and CSV key; the unit ends it: "used_percent", "total_bytes" */
    const char *title;  /* heading on a terminal: "USED" */
    enum srd_unit unit;
    bool wide;          /* shown only with -o wide (and in machine formats) */
    const char *help;
};
#define SRD_MAX_VIEW_COLUMNS 24

enum srd_arg_type { SRD_ARG_END = 0, SRD_ARG_INTEGER, SRD_ARG_TEXT, SRD_ARG_ENUM };
struct srd_arg {
    const char *name;    /* on the command line: "min-score" */
    const char *tool;    /* in MCP: "minScore" */
    enum srd_arg_type type;
    bool required;       /* an operand on the command line */
    int64_t fallback, min, max; /* of an integer */
    const char *values;  /* of an enum: blank-separated */
    const char *help;
};
#define SRD_MAX_ARGS 4
#define SRD_MAX_NEEDS_OF_VIEW 6
struct srd_arg_value {
    int64_t number;
    const char *text;
    bool given;
};

struct srd_rows {
    struct srd_arena *arena;
    const struct srd_view *view;
    size_t count, room;
    struct srd_value {
        bool present; /* false: the cluster did not say: "-" on a terminal, null in JSON */
        double number;
        const char *text; /* of SRD_UNIT_TEXT and SRD_UNIT_ID */
    } *values; /* [count * columns] */
    const char *summary; /* the line under the table: "6 disks on 6 backends" */
    const char *notes[8]; /* what the reader must know: "20 of 200 backends were asked" */
    size_t note_count;
};

struct srd_view {
    const char *name; /* "disks" */
    const char *tool; /* "get_disk_usage" */
    const char *summary;
    const char *about; /* as srd_expert.about */
    enum srd_mode mode; /* where it means something; elsewhere it says so */
    struct srd_arg args[SRD_MAX_ARGS + 1];
    struct srd_view_column columns[SRD_MAX_VIEW_COLUMNS + 1];
    const struct srd_probe *needs[SRD_MAX_NEEDS_OF_VIEW + 1]; /* without them: not available, and why */
    const struct srd_probe *wants[SRD_MAX_NEEDS_OF_VIEW + 1]; /* improve it */
    void (*fill)(const struct srd_evidence *ev, const struct srd_arg_value *args,
                 struct srd_rows *out);
    const char *next; /* commands to type next, " | " between them */
};

/*
 * The argument @name of the view, or of the one expert, that @ev is collected for. NULL: several
 * experts run at once, a collection is made for all to come, or there is no such argument. Then its
 * default holds, which the reader knows, as srd_hours() does.
 *
 * For judges, and for picks: an argument gets into SQL as the value of a parameter and in no other
 * way. The key then names it in the snapshot too, so that a file answers exactly the questions that
 * were asked. A pick that adds keys without an argument (NULL) decides what `collect` keeps: let that
 * one cover what most will ask, and let fill() and judge() cut it to size:
 *
 *     const struct srd_arg_value *hours = srd_view_arg(ev, "hours");
 *
 *     srd_keys_add(out, hours && hours->number > 24 ? digits(hours->number) : "24", NULL, NULL);
 *
 * For exactly this see srd_pick_hours_zone() (experts/probes.h).
 */
const struct srd_arg_value *srd_view_arg(const struct srd_evidence *ev, const char *name);

/* Appends a row of absent values; then put values by column name. Unknown names end the process. */
void srd_rows_add(struct srd_rows *out);
void srd_put_text(struct srd_rows *out, const char *column, const char *text); /* NULL: absent */
/* In the column's unit, rounded for it; what is not finite is absent. */
void srd_put_number(struct srd_rows *out, const char *column, double number);
void srd_put_id(struct srd_rows *out, const char *column, const char *digits);
void srd_rows_summary(struct srd_rows *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void srd_rows_note(struct srd_rows *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
size_t srd_view_columns(const struct srd_view *view);
const struct srd_value *srd_rows_value(const struct srd_rows *rows, size_t row, size_t column);

#endif
