/* Which transactions run, and for how long? */

#include <stdlib.h>
#include <string.h>

#include "experts/storage/sizes.h"
#include "experts/transactions/transactions.h"

#define MAX_ROWS 1000

struct line {
    const struct srd_txn_database *db;
    size_t row;
    int64_t age_ms; /* -1: not known */
};

/* Oldest first, of equals the one that began first (lists are newest first); without an age last.
 */
static int by_age(const void *left, const void *right)
{
    const struct line *a = left, *b = right;

    if (a->age_ms != b->age_ms)
        return a->age_ms > b->age_ms ? -1 : 1;
    if (a->db != b->db)
        return a->db < b->db ? -1 : 1;
    return a->row > b->row ? -1 : a->row < b->row;
}

static void put_cell(struct srd_rows *out, const char *name, const struct line *l,
                     const char *column)
{
    if (srd_cell_has(l->db->running, l->row, column))
        srd_put_text(out, name, srd_cell_text(l->db->running, l->row, column));
}

static void put_line(struct srd_rows *out, const struct srd_evidence *ev, const struct line *l)
{
    const struct srd_table *t = l->db->running;
    double timeout;
    int64_t age;

    srd_rows_add(out);
    srd_put_text(out, "database", l->db->name);
    srd_put_id(out, "txn_id", srd_cell_text(t, l->row, "TransactionId"));
    put_cell(out, "label", l, "Label");
    put_cell(out, "status", l, "TransactionStatus");
    put_cell(out, "source", l, "LoadJobSourceType");
    put_cell(out, "coordinator", l, "Coordinator");
    if (l->age_ms >= 0)
        srd_put_number(out, "age_ms", (double)l->age_ms);
    if (srd_age_ms(ev, t, l->row, "CommitTime", &age))
        srd_put_number(out, "committed_ms", (double)age);
    if (srd_cell_number(t, l->row, "TimeoutMs", &timeout) && timeout > 0)
        srd_put_number(out, "timeout_ms", timeout);
    put_cell(out, "error", l, srd_cell_has(t, l->row, "ErrMsg") ? "ErrMsg" : "Reason");
}

static void fill_running(const struct srd_evidence *ev, const struct srd_arg_value *args,
                         struct srd_rows *out)
{
    struct srd_txn_databases all = srd_txn_databases(ev, out->arena);
    size_t limit = args && args[0].number > 0 ? (size_t)args[0].number : MAX_ROWS, room = 0,
           count = 0;
    struct line *lines;

    for (size_t i = 0; i < all.count; i++)
        room += all.items[i].running->rows;
    lines = srd_arena_array(out->arena, room + 1, sizeof(*lines));
    for (size_t i = 0; i < all.count; i++)
        for (size_t row = 0; row < all.items[i].running->rows; row++) {
            struct line *l = &lines[count++];

            *l = (struct line){ &all.items[i], row, -1 };
            if (!srd_age_ms(ev, l->db->running, row, "PrepareTime", &l->age_ms))
                l->age_ms = -1;
        }
    qsort(lines, count, sizeof(*lines), by_age);
    for (size_t i = 0; i < count && i < limit; i++)
        put_line(out, ev, &lines[i]);
    srd_rows_summary(out, "%zu transactions run in %zu databases", count, all.count);
    if (count > limit)
        srd_rows_note(out, "the %zu oldest are shown", limit);
    if (all.unread)
        srd_rows_note(out, "%zu of %zu databases%s were asked", all.count, all.wanted,
                      all.exact ? " with running transactions" : "");
    if (all.cut)
        srd_rows_note(out, "of %zu databases the FE prints only the newest transactions", all.cut);
    if (all.exact)
        srd_rows_note(out,
                      "databases in which only tasks of Routine Load or compactions run are left "
                      "out");
}

/* clang-format off */
const struct srd_view srd_txn_view_running = {
    .name = "running",
    .tool = "get_running_transactions",
    .summary = "running transactions, the oldest first: database, status, label, coordinator, source",
    .args = { { .name = "limit", .tool = "limit", .type = SRD_ARG_INTEGER, .fallback = 100, .min = 1, .max = MAX_ROWS,
                .help = "show so many" } },
    .columns = {
        { "database", "DATABASE", SRD_UNIT_TEXT, false, "database" },
        { "txn_id", "TXN", SRD_UNIT_ID, false, "TransactionId" },
        { "status", "STATUS", SRD_UNIT_TEXT, false, "PREPARE, PREPARED or COMMITTED" },
        { "age_ms", "AGE", SRD_UNIT_MS, false, "since it began" },
        { "committed_ms", "COMMITTED", SRD_UNIT_MS, false, "since it was committed" },
        { "timeout_ms", "TIMEOUT", SRD_UNIT_MS, true, "when it is ended unless it is committed" },
        { "source", "SOURCE", SRD_UNIT_TEXT, false, "LoadJobSourceType: who began it" },
        { "coordinator", "COORDINATOR", SRD_UNIT_TEXT, true, "node that leads it" },
        { "label", "LABEL", SRD_UNIT_TEXT, false, "label" },
        { "error", "ERROR", SRD_UNIT_TEXT, true, "what went wrong, if something did" },
    },
    .needs = { &srd_probe_databases, &srd_probe_txn_running },
    .wants = { &srd_probe_fe_gauges, &srd_probe_partitions, &srd_probe_fe_config },
    .fill = fill_running,
    .next = "srdiag transactions | srdiag explain txn.committed-not-visible",
};
/* clang-format on */

const struct srd_view *const srd_txn_view_views[] = { &srd_txn_view_running, NULL };
