/* Does any cell make a reader crash, say a number that is none, or change what it cannot read? */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/model/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UNTOUCHED (-123456.5)

static void check(bool (*read)(const struct srd_table *, size_t, const char *, double *),
                  const struct srd_table *t)
{
    double got = UNTOUCHED;

    if (read(t, 0, "c", &got) ? !isfinite(got) : fabs(got - UNTOUCHED) > 0)
        abort();
}

/* The same bytes as a whole set of identity answers. */
static void identify(struct srd_arena *arena, const char *text)
{
    struct srd_evidence *ev = srd_evidence_new(arena);
    static const char *const fe_names[] = { "IP",    "QueryPort",     "Role",
                                            "Alive", "LastHeartbeat", "Version" };
    static const char *const clock_names[] = { "UNIX_TIME", "SYSTEM_ZONE", "GLOBAL_ZONE" };
    struct srd_table *fe = srd_table_new(arena, fe_names, 6);
    struct srd_table *clock = srd_table_new(arena, clock_names, 3);
    const char *const fe_row[] = { text, "9030", "LEADER", "true", text, text };
    const char *const clock_row[] = { "1768874400", text, text };
    struct srd_error err;

    if (srd_table_add(fe, fe_row, NULL, 6, &err) || srd_table_add(clock, clock_row, NULL, 3, &err))
        return;
    srd_evidence_add(ev, &(struct srd_answer){ .probe = &srd_probe_frontends, .table = fe });
    srd_evidence_add(ev, &(struct srd_answer){ .probe = &srd_probe_clock, .table = clock });
    srd_identify(ev, text);
    if (ev->cluster.print_offset_known && abs(ev->cluster.print_offset_s) > 14 * 3600)
        abort();
    if (ev->cluster.jvm_offset_known && abs(ev->cluster.jvm_offset_s) > 15 * 3600)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *text = srd_arena_copy_n(arena, (const char *)data, size);
    struct srd_table *t = srd_table_new(arena, (const char *const[]){ "c" }, 1);
    struct srd_error err;
    const char *key = strchr(text, ':');
    int64_t integer = 77;
    bool flag;

    if (srd_table_add(t, &text, &size, 1, &err))
        return 0;
    t->zone_known = size % 2;
    t->zone_offset_s = 28800;
    check(srd_cell_number, t);
    check(srd_cell_percent, t);
    check(srd_cell_bytes, t);
    check(srd_cell_count, t);
    check(srd_cell_duration_ms, t);
    if (!srd_cell_integer(t, 0, "c", &integer) && integer != 77)
        abort();
    integer = 77;
    /* 1970 to 9999, in any zone */
    if (srd_cell_time_ms(t, 0, "c", &integer) ? integer < 0 || integer > 253500000000000
                                              : integer != 77)
        abort();
    srd_cell_bool(t, 0, "c", &flag);
    srd_cell_json(t, 0, "c", key ? key : "a", arena);
    srd_version_parse(text);
    identify(arena, text);
    return 0;
}
