/* What was answered, and why not what was not? */

#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"
#include "lib/base/secret.h"
#include "lib/base/text.h"
#include "lib/model/evidence.h"
#include "lib/model/identity.h"

static const char *const status_names[SRD_STATUS_COUNT] = {
    [SRD_ANSWERED] = "answered",
    [SRD_DENIED] = "denied",
    [SRD_TIMED_OUT] = "timeout",
    [SRD_VERSION_ABSENT] = "version",
    [SRD_MODE_ABSENT] = "mode",
    [SRD_NO_BACKEND] = "no_backend",
    [SRD_SKIPPED] = "skipped",
    [SRD_FAILED] = "failed",
    [SRD_NEEDS_HISTORY] = "needs_history",
};

const char *srd_status_name(enum srd_status status)
{
    return (unsigned)status < SRD_STATUS_COUNT ? status_names[status] : "failed";
}

bool srd_status_of_name(const char *name, enum srd_status *out)
{
    for (size_t i = 0; name && i < SRD_STATUS_COUNT; i++) {
        if (strcmp(name, status_names[i]) != 0)
            continue;
        *out = (enum srd_status)i;
        return true;
    }
    return false;
}

struct srd_evidence *srd_evidence_new(struct srd_arena *arena)
{
    struct srd_evidence *ev = srd_arena_alloc(arena, sizeof(*ev));

    ev->arena = arena;
    ev->cluster.name = ev->cluster.version_text = ev->cluster.leader = ev->cluster.connected = "";
    return ev;
}

/* Does @name name something whose value must not be seen? @doubt: only unless it is a number. */
static bool is_secret(const char *name, bool *doubt)
{
    static const char *const words[] = {
        "password",   "passwd",     "pwd",         "secret",     "credential", /* certain */
        "access_key", "shared_key", "private_key", "master_key", "_token",     "sas_", NULL,
    };
    static const char *const certain[] = {
        "password", "passwd", "pwd", "secret", "credential", NULL
    };
    size_t n = strlen(name);

    if (!srd_text_holds(name, n, words))
        return false;
    *doubt = strncasecmp(name, "enable", 6) == 0 /* whether passwords are masked is no password */
             || !srd_text_holds(name, n, certain);
    return true;
}

/*
 * SHOW CONFIG and the like print keys of object stores and passwords as they are. They end here,
 * before anything can print or save them; that there is one can still be seen.
 */
static void mask_secrets(const struct srd_table *table)
{
    static const char *const names[] = { "Key", "Name", "Variable_name" };
    size_t value = srd_column(table, "Value"), name = SRD_NO_COLUMN;
    double number;

    for (size_t i = 0; i < SRD_COUNT(names) && name == SRD_NO_COLUMN; i++)
        name = srd_column(table, names[i]);
    if (value == SRD_NO_COLUMN || name == SRD_NO_COLUMN)
        return;
    for (size_t row = 0; row < table->rows; row++) {
        const char **cells = (const char **)table->cells + row * table->columns;
        bool doubt = false, flag;

        if (!cells[name] || !cells[value] || !*cells[value] || !is_secret(cells[name], &doubt))
            continue;
        /* tables of a snapshot may be shared: once masked they are not written to again */
        if (strcmp(cells[value], "***") == 0)
            continue;
        if (!doubt ||
            !(srd_parse_number(cells[value], &number) || srd_parse_bool(cells[value], &flag)))
            cells[value] = "***";
    }
}

/*
 * Does a column of this name hold what a server said about a mistake? Such words quote statements.
 */
static bool holds_words(const char *name)
{
    return strcasestr(name, "error") || strcasestr(name, "msg") || strcasestr(name, "reason");
}

/* Error texts quote what failed: a load's properties, the address of a source. */
static void mask_words(const struct srd_table *table, struct srd_arena *arena)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf hidden;

    srd_buf_init(&hidden, SRD_TABLE_MAX_BYTES);
    for (size_t column = 0; column < table->columns; column++) {
        if (!holds_words(table->names[column]))
            continue;
        for (size_t row = 0; row < table->rows; row++) {
            const char **cell = (const char **)table->cells + row * table->columns + column;

            if (*cell && srd_secret_hide(&hidden, *cell) && strcmp(*cell, hidden.data) != 0)
                *cell = srd_arena_copy(arena, hidden.data);
        }
    }
}

struct srd_answer *srd_evidence_add(struct srd_evidence *ev, const struct srd_answer *answer)
{
    struct srd_answer *place;

    if (ev->count == ev->room) {
        size_t room = ev->room ? ev->room * 2 : 32;
        struct srd_answer *grown = srd_arena_array(ev->arena, room, sizeof(*grown));

        if (ev->count)
            memcpy(grown, ev->answers, ev->count * sizeof(*grown));
        ev->answers = grown;
        ev->room = room;
    }
    place = &ev->answers[ev->count++];
    *place = *answer;
    place->node = answer->node ? answer->node : "";
    place->key = answer->key ? answer->key : "";
    place->detail = answer->detail ? answer->detail : "";
    if (place->table) {
        mask_secrets(place->table);
        mask_words(place->table, ev->arena);
    }
    return place;
}

void srd_evidence_leave_out(struct srd_evidence *ev, const struct srd_probe *probe, size_t count)
{
    struct srd_left_out *grown;

    if (!count)
        return;
    for (size_t i = 0; i < ev->left_out_count; i++) {
        if (ev->left_out[i].probe == probe) {
            ev->left_out[i].count += count;
            return;
        }
    }
    grown = srd_arena_array(ev->arena, ev->left_out_count + 1, sizeof(*grown));
    if (ev->left_out_count)
        memcpy(grown, ev->left_out, ev->left_out_count * sizeof(*grown));
    grown[ev->left_out_count++] = (struct srd_left_out){ probe, count };
    ev->left_out = grown;
}

size_t srd_evidence_left_out(const struct srd_evidence *ev, const struct srd_probe *probe)
{
    for (size_t i = 0; i < ev->left_out_count; i++)
        if (ev->left_out[i].probe == probe)
            return ev->left_out[i].count;
    return 0;
}

const struct srd_answer *srd_evidence_next(const struct srd_evidence *ev,
                                           const struct srd_probe *probe,
                                           const struct srd_answer *previous)
{
    size_t first = previous ? (size_t)(previous - ev->answers) + 1 : 0;

    for (size_t i = first; i < ev->count; i++)
        if (ev->answers[i].probe == probe)
            return &ev->answers[i];
    return NULL;
}

static bool usable(const struct srd_answer *answer)
{
    return answer->status == SRD_ANSWERED && answer->table;
}

const struct srd_table *srd_evidence_get(const struct srd_evidence *ev,
                                         const struct srd_probe *probe, const char *key)
{
    for (const struct srd_answer *a = NULL; (a = srd_evidence_next(ev, probe, a));)
        if (usable(a) && (!key || strcmp(a->key, key) == 0))
            return a->table;
    return NULL;
}

static const struct srd_answer *never_asked(const struct srd_evidence *ev,
                                            const struct srd_probe *probe)
{
    struct srd_answer *answer = srd_arena_alloc(ev->arena, sizeof(*answer));

    *answer = (struct srd_answer){
        .probe = probe, .node = "", .key = "", .status = SRD_SKIPPED, .detail = "it was not asked"
    };
    return answer;
}

const struct srd_answer *srd_evidence_missing(const struct srd_evidence *ev,
                                              const struct srd_probe *probe)
{
    const struct srd_answer *first = srd_evidence_next(ev, probe, NULL), *before;

    for (const struct srd_answer *a = first; a; a = srd_evidence_next(ev, probe, a))
        if (usable(a))
            return NULL;
    if (first)
        return first;
    before = probe->after ? srd_evidence_missing(ev, probe->after) : NULL;
    if (before)
        return before;
    return probe->pick ? NULL : never_asked(ev, probe);
}

/* What tests take for granted unless they say otherwise: a clock in UTC that is known. */
#define TEST_NOW_MS 1768874400000LL /* 2026-01-20 02:00:00 UTC */

static void set_test_clock(struct srd_cluster *cluster)
{
    cluster->now_ms = TEST_NOW_MS;
    cluster->clock_known = cluster->print_offset_known = true;
    cluster->jvm_offset_known = cluster->global_offset_known = true;
    cluster->print_offset_s = cluster->jvm_offset_s = cluster->global_offset_s = 0;
}

struct srd_evidence *srd_evidence_of(struct srd_arena *arena, const struct srd_answer_text *answers)
{
    struct srd_evidence *ev = srd_evidence_new(arena);

    for (const struct srd_answer_text *a = answers; a->probe; a++)
        srd_evidence_add(ev, &(struct srd_answer){
                                 .probe = a->probe,
                                 .key = a->key,
                                 .status = a->table ? SRD_ANSWERED : a->status,
                                 .detail = a->table ? "" : "a test says so",
                                 .table = a->table ? srd_table_of(arena, a->table) : NULL,
                             });
    srd_identify(ev, "fe1:9030");
    if (!srd_evidence_next(ev, &srd_probe_clock, NULL))
        set_test_clock(&ev->cluster);
    for (size_t i = 0; i < ev->count; i++)
        if (ev->answers[i].table)
            srd_table_set_zone((struct srd_table *)ev->answers[i].table, ev->answers[i].probe->zone,
                               &ev->cluster);
    return ev;
}
