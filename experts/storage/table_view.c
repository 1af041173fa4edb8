/* Which tables are the largest? (the view) */

#include "experts/storage/sizes.h"
#include "lib/base/text.h"

static void put(struct srd_rows *out, const char *column, const struct srd_table *t, size_t row,
                const char *cell)
{
    double number;

    if (srd_cell_number(t, row, cell, &number))
        srd_put_number(out, column, number);
}

static void fill_row(const struct srd_evidence *ev, struct srd_rows *out, const struct srd_table *t,
                     size_t row)
{
    double tablets = srd_number_or_0(t, row, "TABLETS");
    enum srd_retention retention = srd_storage_retention(ev, row, out->arena);

    srd_rows_add(out);
    srd_put_text(out, "database", srd_cell(t, row, "DB_NAME"));
    srd_put_text(out, "table", srd_cell(t, row, "TABLE_NAME"));
    srd_put_text(out, "model", srd_cell(t, row, "TABLE_MODEL"));
    srd_put_text(out, "engine", srd_cell(t, row, "TABLE_ENGINE"));
    put(out, "data_bytes", t, row, "DATA_BYTES");
    put(out, "copy_bytes", t, row, "COPY_BYTES");
    put(out, "storage_bytes", t, row, "STORAGE_BYTES");
    put(out, "row_count", t, row, "ROW_COUNT");
    put(out, "partitions", t, row, "PARTITIONS");
    put(out, "tablets", t, row, "TABLETS");
    if (tablets > 0)
        srd_put_number(out, "tablet_bytes", srd_number_or_0(t, row, "COPY_BYTES") / tablets);
    put(out, "replication", t, row, "REPLICATION_NUM");
    if (retention != SRD_RETENTION_UNKNOWN)
        srd_put_text(out, "retention", retention == SRD_RETENTION_SET ? "yes" : "no");
    if (ev->cluster.mode == SRD_MODE_SHARED_DATA)
        put(out, "max_compaction_score", t, row, "MAX_CS");
}

static void fill_tables(const struct srd_evidence *ev, const struct srd_arg_value *args,
                        struct srd_rows *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_table_sizes, NULL);
    double tables = srd_storage_all(ev, "TABLES"), there, sum = 0, seen = 0;
    int64_t shown = 0;

    for (size_t row = 0; row < t->rows && shown < args[0].number; row++) {
        if (!srd_cell(t, row, "TABLE_NAME"))
            continue;
        fill_row(ev, out, t, row);
        sum += srd_number_or_0(t, row, "DATA_BYTES");
        shown++;
    }
    srd_rows_summary(out, "%s of %s tables, %s of %s", srd_text_count(out->arena, (double)shown),
                     srd_text_count(out->arena, tables), srd_text_bytes(out->arena, sum),
                     srd_text_bytes(out->arena, srd_storage_all(ev, "DATA_BYTES")));
    if (!t->rows)
        srd_rows_note(out, "Only tables that the account may see are listed: it sees none.");
    else if (srd_storage_tables_there(ev, &there) && srd_cell_number(t, 0, "SEEN", &seen) &&
             seen + 1 < there)
        srd_rows_note(out, "The account sees %s of %s tables and views.",
                      srd_text_count(out->arena, seen), srd_text_count(out->arena, there));
}

/* clang-format off */
const struct srd_view srd_storage_view_tables = {
    .name = "tables",
    .tool = "get_large_tables",
    .about = "Use it to find what takes the space: the largest tables with size, rows, partitions, tablets and "
             "retention. Disks: get_disk_usage.",
    .summary = "the largest tables: size, partitions, tablets, retention",
    .args = { { "limit", "limit", SRD_ARG_INTEGER, false, 20, 1, 1000, NULL, "how many tables to show" } },
    .columns = {
        { "database", "DATABASE", SRD_UNIT_TEXT, false, "database" },
        { "table", "TABLE", SRD_UNIT_TEXT, false, "table or materialized view" },
        { "model", "MODEL", SRD_UNIT_TEXT, true, "key model" },
        { "engine", "ENGINE", SRD_UNIT_TEXT, true, "engine" },
        { "data_bytes", "SIZE", SRD_UNIT_BYTES, false, "size of all replicas" },
        { "copy_bytes", "ONE COPY", SRD_UNIT_BYTES, true, "size of one replica" },
        { "storage_bytes", "STORED", SRD_UNIT_BYTES, true,
          "size in the object store with versions not yet deleted (shared-data from 3.4.5)" },
        { "row_count", "ROWS", SRD_UNIT_COUNT, true, "rows as last reported" },
        { "partitions", "PARTITIONS", SRD_UNIT_COUNT, false, "partitions without temporary ones" },
        { "tablets", "TABLETS", SRD_UNIT_COUNT, false, "tablets, replicas counted once" },
        { "tablet_bytes", "TABLET", SRD_UNIT_BYTES, false, "average size of a tablet" },
        { "replication", "REPL", SRD_UNIT_COUNT, false, "fewest replicas of a partition" },
        { "retention", "RETENTION", SRD_UNIT_TEXT, false, "does the table expire partitions?" },
        { "max_compaction_score", "MAX SCORE", SRD_UNIT_COUNT, true, "highest compaction score (shared-data)" },
    },
    .needs = { &srd_probe_table_sizes },
    .wants = { &srd_probe_databases, &srd_probe_table_ddl },
    .fill = fill_tables,
    .next = "srdiag storage | srdiag explain storage.no-retention",
};
/* clang-format on */

const struct srd_view *const srd_storage_sizes_views[] = { &srd_storage_view_tables, NULL };
