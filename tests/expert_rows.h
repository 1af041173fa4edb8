#ifndef SRD_TESTS_EXPERT_ROWS_H
#define SRD_TESTS_EXPERT_ROWS_H

#include <string.h>

#include "lib/model/check.h"
#include "lib/model/view.h"
#include "tests/rows.h"

/*
 * What every test of an expert needs: answers in, findings and rows out. Answers are written as
 * srd_table_of() reads them; short forms of the long ones: storage_rows.h.
 *
 *     { "a score of 100 is normal", CHECK, { PARTS("100") }, "ok", SN, V35 },
 *
 *     ADD_ROWS(tests, n, rows, check_row);
 */
#define SN SRD_MODE_SHARED_NOTHING
#define SD SRD_MODE_SHARED_DATA
#define V35 30507

#define MAX_ANSWERS 12
struct row {
    const char *name;
    const struct srd_check *check;
    struct srd_answer_text answers[MAX_ANSWERS];
    const char *want; /* srd_check_judge_text() */
    enum srd_mode mode;
    int version;
};

static inline void check_row(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    assert_string_equal(
        srd_check_judge_text(row->check, row->mode, row->version, row->answers, arena), row->want);
}

static inline struct srd_result judge_in(struct srd_arena *arena, enum srd_mode mode,
                                         const struct srd_check *check,
                                         const struct srd_answer_text *answers)
{
    struct srd_evidence *ev = srd_evidence_of(arena, answers);
    struct srd_result result;

    ev->cluster.mode = mode;
    ev->cluster.version = V35;
    srd_check_judge(check, ev, arena, &result);
    return result;
}

static inline struct srd_result judge(struct srd_arena *arena, const struct srd_check *check,
                                      const struct srd_answer_text *answers)
{
    return judge_in(arena, SN, check, answers);
}

/* The field of a finding that fills {name}; NULL: it has none. */
static inline const char *field(const struct srd_finding *f, const char *name)
{
    for (size_t i = 0; i < SRD_MAX_FIELDS && f->fields[i].name; i++)
        if (!strcmp(f->fields[i].name, name))
            return f->fields[i].value;
    return NULL;
}

/* The rows of @view; @args may be NULL. */
static inline struct srd_rows *fill(struct srd_arena *arena, const struct srd_view *view,
                                    enum srd_mode mode, const struct srd_arg_value *args,
                                    const struct srd_answer_text *answers)
{
    struct srd_evidence *ev = srd_evidence_of(arena, answers);
    struct srd_rows *out = srd_arena_alloc(arena, sizeof(*out));

    ev->cluster.mode = mode;
    *out = (struct srd_rows){ .arena = arena, .view = view };
    view->fill(ev, args, out);
    return out;
}

static inline const struct srd_value *value(const struct srd_rows *rows, size_t row,
                                            const char *column)
{
    for (size_t i = 0; i < srd_view_columns(rows->view); i++)
        if (!strcmp(rows->view->columns[i].name, column))
            return srd_rows_value(rows, row, i);
    fail_msg("no column %s", column);
    return NULL;
}

/* The keys that @probe would be asked for, with blanks between them ("asked" for one without parameters); how
 * many more there were. */
static inline const char *picked(struct srd_arena *arena, const struct srd_probe *probe,
                                 const struct srd_evidence *ev, size_t *left_out)
{
    struct srd_keys keys = { .arena = arena, .max = probe->max_keys };
    const char *text = "";

    probe->pick(ev, &keys);
    for (size_t i = 0; i < keys.count; i++) {
        const char *key = srd_key_text(probe, &keys.keys[i], arena);

        text = srd_arena_printf(arena, "%s%s%s", text, i ? " " : "", *key ? key : "asked");
    }
    if (left_out)
        *left_out = keys.left_out;
    return text;
}

#endif
