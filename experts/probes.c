/* What do several experts ask: the configuration of the leading FE, and who holds its locks? */

#include <string.h>

#include "experts/probes.h"

const struct srd_probe srd_probe_fe_config = {
    .id = "fe-config",
    .summary = "configuration of the leading frontend",
    .texts = { { .sql = "ADMIN SHOW FRONTEND CONFIG" } },
    .columns = "Key Value",
    .privilege = "OPERATE",
    .where = SRD_ASK_LEADER,
};

/*
 * Not "granted": the lock manager of 3.3 and later leaves it unset and lists holders only. A holder
 * is who others wait for, and the statement itself never holds a lock for seconds.
 */
const struct srd_probe srd_probe_fe_locks = {
    .id = "fe-locks",
    .summary = "locks of the leading frontend that others wait for",
    .texts = { { .since = SRD_VERSION(3, 2, 3),
                 .sql = "SELECT lock_object, lock_mode, hold_time_ms, thread_info, waiter_list "
                        "FROM sys.fe_locks WHERE waiter_list IS NOT NULL "
                        "AND waiter_list NOT IN ('', '[]') AND hold_time_ms > 3000 "
                        "ORDER BY hold_time_ms DESC LIMIT 100" } },
    .columns = "lock_object lock_mode hold_time_ms thread_info waiter_list",
    .privilege = "OPERATE",
    .where = SRD_ASK_LEADER,
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
};

/* Is @name one of "[a, b]"? A renamed item answers to its old name too. */
static bool in_aliases(const char *aliases, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = aliases; *p;) {
        size_t word;

        p += strspn(p, "[], ");
        word = strcspn(p, "[], ");
        if (word && word == n && strncmp(p, name, n) == 0)
            return true;
        p += word;
    }
    return false;
}

const char *srd_fe_config_text(const struct srd_evidence *ev, const char *name)
{
    const struct srd_table *config = srd_evidence_get(ev, &srd_probe_fe_config, NULL);

    for (size_t row = 0; config && row < config->rows; row++)
        if (srd_cell_is(config, row, "Key", name))
            return srd_cell(config, row, "Value");
    for (size_t row = 0; config && row < config->rows; row++)
        if (in_aliases(srd_cell_text(config, row, "AliasNames"), name))
            return srd_cell(config, row, "Value");
    return NULL;
}

static bool parse(const char *text, enum srd_unit unit, double *out)
{
    bool yes;

    if (unit == SRD_UNIT_BYTES)
        return srd_parse_bytes(text, out);
    if (unit == SRD_UNIT_PERCENT || unit == SRD_UNIT_POINTS)
        return srd_parse_percent(text, out);
    if (unit != SRD_UNIT_BOOL)
        return srd_parse_number(text, out);
    if (!srd_parse_bool(text, &yes))
        return false;
    *out = yes;
    return true;
}

struct srd_limit srd_fe_config(const struct srd_evidence *ev, const char *name, double fallback,
                               enum srd_unit unit)
{
    struct srd_limit limit = { .value = fallback, .unit = unit };

    for (const struct srd_override *o = ev->overrides; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return (struct srd_limit){ o->value, unit, o->origin ? o->origin : "--set" };
    if (parse(srd_fe_config_text(ev, name), unit, &limit.value))
        limit.source = srd_arena_printf(ev->arena, "%s of the cluster", name);
    else
        limit.source = srd_arena_printf(ev->arena, "default of %s", name);
    return limit;
}

bool srd_fe_stressed(const struct srd_evidence *ev, const char **why)
{
    const struct srd_table *locks = srd_evidence_get(ev, &srd_probe_fe_locks, NULL);
    const char *thread = NULL;
    double ms = 0;

    /* not knowing is not stress: with no node alive nobody could answer, and nobody loads either */
    if (!locks || !locks->rows)
        return false;
    thread = srd_cell_json(locks, 0, "thread_info", "threadName", ev->arena);
    srd_cell_number(locks, 0, "hold_time_ms", &ms);
    *why = srd_arena_printf(ev->arena, "%s holds the %s lock of %s for %s and others wait for it",
                            thread ? thread : "a thread", srd_cell_text(locks, 0, "lock_mode"),
                            srd_cell_text(locks, 0, "lock_object"),
                            srd_unit_format(ev->arena, SRD_UNIT_MS, ms, 0));
    return true;
}
