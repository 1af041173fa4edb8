/* Who tells how full the paths of a backend are, and when is the leader asked for one backend? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "experts/storage/storage.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/model/identity.h"
#include "tests/rows.h"

extern const struct srd_check srd_storage_disk_hard_limit, srd_storage_disk_offline,
    srd_storage_disk_skew_backends, srd_storage_disk_skew_paths, srd_storage_disk_soft_limit,
    srd_storage_non_data_usage;

/* clang-format off */
#define BE_HEAD "BackendId|IP|HeartbeatPort|Alive|TotalCapacity|AvailCapacity|UsedPct|MaxDiskUsedPct\n"
#define BE(id, alive, total, used) id "|be" id "|9050|" alive "|" total "|1.000 TB|" used " %|" used " %\n"
#define UP(id) BE(id, "true", "2.000 TB", "50.00")
#define FULL(id) BE(id, "true", "2.000 TB", "97.00")
#define DOWN(id) BE(id, "false", "2.000 TB", "50.00")
#define BACKENDS(rows) { &srd_probe_backends, "", BE_HEAD rows, 0 }
#define FOUR BACKENDS(UP("1") UP("2") UP("3") UP("4"))

#define METRICS_AND(settings, rows) { &srd_probe_nodes, "", "BE_ID|PATH|FD_USED|FD_LIMIT|CUMULATIVE_SCORE|BASE_SCORE|UPDATE_SCORE|" \
    "ROWSETS|APPLY_QUEUE|DISK_TOTAL|DISK_AVAILABLE|DISK_DATA|DISK_USED|NAME|VALUE|NODES\n" rows settings, 0 }
#define METRICS(rows) METRICS_AND(SETTING("1", "compact_threads", "4"), rows)
#define NODE(id) id "||9|90|0|0|0|0|0|\\N|\\N|\\N|\\N|\\N|\\N|\\N\n"
#define PATH(id, path, total, free, data, used) \
    id "|" path "|\\N|\\N|\\N|\\N|\\N|\\N|\\N|" total "|" free "|" data "|" used "|\\N|\\N|\\N\n"
#define SETTING(id, name, value) \
    id "||\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|" name "|" value "|1\n"
#define TIB "1099511627776"
#define TIB2 "2199023255552"
#define GIB60 "64424509440"
#define GIB180 "193273528320"
#define HALF(id) PATH(id, "/data1", TIB2, TIB, "1000000000000", "1")
#define NEARLY(id) PATH(id, "/data1", TIB2, GIB60, "2000000000000", "1")
#define LIMITED(id) PATH(id, "/data1", TIB2, GIB180, "1900000000000", "1")
#define NO_METRICS(why) { &srd_probe_nodes, "", NULL, why }

#define ROOT(id, value) SETTING(id, "storage_root_path", value)
#define ALL_HDD ROOT("1", "/data1;/data2") ROOT("2", "/data1") ROOT("3", "/data1") ROOT("4", "/data1")

#define PROC(id, used, free, state) { &srd_probe_backend_disks, id, \
    "RootPath|AvailCapacity|TotalCapacity|TotalUsedPct|State|StorageMedium\n/data1|" free "|2.000 TB|" used " %|" state "|HDD\n", 0 }
#define PROC_DENIED(id) { &srd_probe_backend_disks, id, NULL, SRD_DENIED }

static const struct row {
    const char *name;
    const struct srd_check *check;
    struct srd_answer_text answers[8];
    const char *want;
} rows[] = {
#define CHECK &srd_storage_disk_hard_limit
    { "a BE tells of its paths itself", CHECK, { FOUR, METRICS(NODE("1") NEARLY("1") HALF("2") HALF("3") HALF("4")) }, "critical be1 /data1" },
    { "all of them count", CHECK, { FOUR, METRICS(NEARLY("1") NEARLY("2") HALF("3") NEARLY("4")) }, "critical be1 /data1\ncritical be2 /data1\ncritical be4 /data1" },
    { "the leader's word counts where it was asked", CHECK, { FOUR, METRICS(NEARLY("1") HALF("2") HALF("3") HALF("4")), PROC("1", "60.00", "800.000 GB", "ONLINE") }, "ok" },
    { "where the leader does not answer the BE's own counts", CHECK, { FOUR, METRICS(NEARLY("1") HALF("2") HALF("3") HALF("4")), PROC_DENIED("1") }, "critical be1 /data1" },
    { "a BE that nobody told of is said when it may be full", CHECK, { BACKENDS(UP("1") UP("2") UP("3") FULL("4")), METRICS(HALF("1") HALF("2") HALF("3")) }, "not checked: skipped" },
    { "and does no harm when it is far from full", CHECK, { FOUR, METRICS(HALF("1") HALF("2") HALF("3")) }, "ok" },
    { "a path without figures is not 0 % full", CHECK, { FOUR, METRICS(PATH("1", "/data1", "\\N", "\\N", "\\N", "1") HALF("2") HALF("3") HALF("4")) }, "not checked: failed" },
    { "a capacity of 0 is none", CHECK, { FOUR, METRICS(PATH("1", "/data1", "0", "0", "0", "1") HALF("2") HALF("3") HALF("4")) }, "not checked: failed" },
    { "a path out of use has no level", CHECK, { FOUR, METRICS(PATH("1", "/data1", TIB2, GIB60, "2000000000000", "0") HALF("2") HALF("3") HALF("4")) }, "ok" },
    { "what a dead BE said before it died does not count", CHECK, { BACKENDS(DOWN("1") UP("2") UP("3") UP("4")), METRICS(NEARLY("1") HALF("2") HALF("3") HALF("4")) }, "ok" },
    { "a node that is no backend has no disks", CHECK, { FOUR, METRICS(HALF("1") HALF("2") HALF("3") HALF("4") NEARLY("77")) }, "ok" },
    { "the same path twice is told twice and breaks nothing", CHECK, { FOUR, METRICS(NEARLY("1") NEARLY("1") HALF("2") HALF("3") HALF("4")) }, "critical be1 /data1\ncritical be1 /data1" },
    { "without metrics the leader's lists suffice", CHECK, { FOUR, NO_METRICS(SRD_TIMED_OUT), PROC("1", "97.00", "60.000 GB", "ONLINE"), PROC("2", "50.00", "1.000 TB", "ONLINE") }, "critical be1 /data1" },
    { "without both the reason is the leader's", CHECK, { FOUR, NO_METRICS(SRD_TIMED_OUT), PROC_DENIED("1"), PROC_DENIED("2") }, "not checked: denied" },
#undef CHECK
#define CHECK &srd_storage_disk_offline
    { "a path that its BE does not use is offline", CHECK, { FOUR, METRICS(PATH("1", "/data1", TIB2, TIB, "9", "0") HALF("2") HALF("3") HALF("4")) }, "critical be1 /data1" },
    { "one that an operator disabled is the leader's to tell", CHECK, { FOUR, METRICS(HALF("1") HALF("2") HALF("3") HALF("4")), PROC("1", "50.00", "1.000 TB", "DISABLED") }, "info be1 /data1" },
    { "paths in use are fine", CHECK, { FOUR, METRICS(HALF("1") HALF("2") HALF("3") HALF("4")) }, "ok" },
    { "a BE that did not tell may have lost one", CHECK, { FOUR, METRICS(HALF("1") HALF("2") HALF("3")) }, "not checked: skipped" },
#undef CHECK
#define CHECK &srd_storage_disk_soft_limit
    { "two of four with room have no place for three replicas", CHECK, { FOUR, METRICS_AND(ALL_HDD, LIMITED("1") LIMITED("2") HALF("3") HALF("4")) },
      "critical HDD\nwarning be1 /data1\nwarning be2 /data1" },
    { "three of four have", CHECK, { FOUR, METRICS_AND(ALL_HDD, LIMITED("1") HALF("2") HALF("3") HALF("4")) }, "warning be1 /data1" },
    { "room on another medium is none", CHECK, { FOUR,
      METRICS_AND(ROOT("1", "/data1") ROOT("2", "/data1") ROOT("3", "/data1,medium:SSD") ROOT("4", "/data1,medium:ssd"), LIMITED("1") LIMITED("2") HALF("3") HALF("4")) },
      "critical HDD\nwarning be1 /data1\nwarning be2 /data1" },
    { "while the media are not known places are not counted", CHECK, { FOUR, METRICS(LIMITED("1") LIMITED("2") HALF("3") HALF("4")) },
      "warning be1 /data1\nwarning be2 /data1" },
#undef CHECK
#define CHECK &srd_storage_disk_skew_paths
    { "30 points between two paths of a BE are a warning", CHECK, { FOUR, METRICS_AND(ALL_HDD, PATH("1", "/data1", TIB, "200000000000", "8", "1") PATH("1", "/data2", TIB, "600000000000", "8", "1") HALF("2") HALF("3") HALF("4")) }, "warning be1 /data1" },
    { "two paths with the same room are probably one device", CHECK, { FOUR, METRICS_AND(ALL_HDD, PATH("1", "/data1", TIB, "600000000000", "8", "1") PATH("1", "/data2", TIB, "600004194304", "8", "1") HALF("2") HALF("3") HALF("4")) }, "info be1 /data1" },
    { "with 1 GB more on one they are two", CHECK, { FOUR, METRICS_AND(ALL_HDD, PATH("1", "/data1", TIB, "600000000000", "8", "1") PATH("1", "/data2", TIB, "601000000000", "8", "1") HALF("2") HALF("3") HALF("4")) }, "ok" },
#undef CHECK
#define CHECK &srd_storage_non_data_usage
    { "what is neither free nor data is of others", CHECK, { FOUR, METRICS(PATH("1", "/data1", TIB2, TIB, "500000000000", "1") HALF("2") HALF("3") HALF("4")) }, "warning be1 /data1" },
    { "without a word on data nothing is told of others", CHECK, { FOUR, METRICS(PATH("1", "/data1", TIB2, TIB, "\\N", "1") HALF("2") HALF("3") HALF("4")) }, "ok" },
#undef CHECK
    { "media that are not known are no media of their own", &srd_storage_disk_skew_backends, { FOUR,
      METRICS(HALF("1") HALF("2") HALF("3") HALF("4")), PROC("1", "50.00", "1.000 TB", "ONLINE") }, "ok" },
};

static const struct pick_row {
    const char *name;
    struct srd_answer_text answers[4];
    const char *want;
} picks[] = {
    { "backends that tell the same as the leader are not asked for", { FOUR, METRICS(HALF("1") HALF("2") HALF("3") HALF("4")) }, "" },
    { "one that tells nothing is", { FOUR, METRICS(HALF("1") HALF("2") NODE("3") HALF("4")) }, "3" },
    { "without metrics all are, the fullest first", { BACKENDS(UP("1") UP("2") FULL("3") UP("4")), NO_METRICS(SRD_NO_BACKEND) }, "3 1 2 4" },
    { "a path that the leader does not count may be disabled", { FOUR, METRICS(HALF("1") PATH("1", "/data2", TIB, "1", "1", "1") HALF("2") HALF("3") HALF("4")) }, "1" },
    { "one that the BE does not use, but the leader counts, too", { FOUR, METRICS(PATH("1", "/data1", TIB2, TIB, "1", "0") HALF("2") HALF("3") HALF("4")) }, "1" },
    { "rounding is no difference", { BACKENDS(UP("1") UP("2") UP("3") BE("4", "true", "1.999 TB", "50.00")), METRICS(HALF("1") HALF("2") HALF("3") HALF("4")) }, "" },
    { "in a small cluster all are asked for", { BACKENDS(UP("1") UP("2") UP("3")), METRICS(HALF("1") HALF("2") HALF("3")) }, "1 2 3" },
    { "a dead one comes last", { BACKENDS(DOWN("1") UP("2") UP("3") UP("4")), METRICS(HALF("2") HALF("3")) }, "4 1" },
    { "metrics without a column are none", { FOUR, { &srd_probe_nodes, "", "BE_ID|PATH|DISK_TOTAL|DISK_USED\n1|/data1|" TIB2 "|1\n", 0 } }, "1 2 3 4" },
    { "without SHOW BACKENDS there is nobody to ask for", { { &srd_probe_backends, "", NULL, SRD_DENIED } }, "" },
    { "a word in place of an id is not asked for", { BACKENDS(UP("x") UP("2") UP("3") UP("4")), METRICS(HALF("2") HALF("3") HALF("4")) }, "" },
};

static const struct medium {
    const char *name, *setting, *path, *want;
} media[] = {
    { "without a word it is HDD", "/data1", "/data1", "HDD" },
    { "the property counts", "/data1,medium:ssd", "/data1", "SSD" },
    { "in capital letters too", "/data1,MEDIUM:SSD;/data2", "/data1", "SSD" },
    { "each path has its own", "/data1,medium:ssd;/data2", "/data2", "HDD" },
    { "the ending counts", "/data1;/disk.SSD", "/disk.SSD", "SSD" },
    { "the property wins over the ending", "/disk.SSD,medium:hdd", "/disk.SSD", "HDD" },
    { "other properties do not matter", "/data1,capacity:50,medium:ssd", "/data1", "SSD" },
    { "a slash at the end and blanks do not", " /data1/ ,medium: ssd", "/data1", "SSD" },
    { "a dot in a folder before is no ending", "/x.ssd/data", "/x.ssd/data", "HDD" },
    { "a path that begins alike is another", "/data10,medium:ssd", "/data1", "" },
    { "an empty setting names none", "", "/data1", "" },
    { "none is none", NULL, "/data1", "" },
    { "semicolons alone are none", ";;;", "/data1", "" },
    { "a comma alone is none", ",medium:ssd", "/data1", "" },
};
/* clang-format on */

static void check_row(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    assert_string_equal(srd_check_judge_text(row->check, SRD_MODE_SHARED_NOTHING,
                                             SRD_VERSION(3, 5, 7), row->answers, arena),
                        row->want);
}

static void check_pick(void **state)
{
    const struct pick_row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_keys keys = { .arena = arena, .max = srd_probe_backend_disks.max_keys };
    const char *text = "";

    srd_probe_backend_disks.pick(srd_evidence_of(arena, row->answers), &keys);
    for (size_t i = 0; i < keys.count; i++)
        text = srd_arena_printf(arena, "%s%s%s", text, i ? " " : "", keys.keys[i].values[0]);
    assert_string_equal(text, row->want);
}

static void check_medium(void **state)
{
    const struct medium *m = *state;

    assert_string_equal(srd_storage_medium_of_path(m->setting, m->path), m->want);
}

static void what_a_be_says_is_told_like_what_the_leader_says(void **state)
{
    static const struct srd_answer_text answers[] = {
        FOUR, METRICS(NODE("1") NEARLY("1") HALF("2") HALF("3") HALF("4")), { 0 }
    };
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_of(arena, answers);
    struct srd_result r;
    const struct srd_finding *f;

    (void)state;
    ev->cluster.mode = SRD_MODE_SHARED_NOTHING;
    srd_check_judge(&srd_storage_disk_hard_limit, ev, arena, &r);
    assert_int_equal(r.finding_count, 1);
    f = r.findings[0];
    assert_string_equal(f->message, "be1 /data1 is 97.1 % full, 60.00 GB left");
    assert_ptr_equal(f->probe, &srd_probe_nodes);
    assert_int_equal(f->table_row_count, 1);
    assert_string_equal(srd_cell(f->table, f->table_rows[0], "BE_ID"), "1");
    assert_string_equal(srd_cell(f->table, f->table_rows[0], "PATH"), "/data1");
    assert_int_equal(srd_column(f->table, "FD_USED"), SRD_NO_COLUMN); /* not its business */
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(picks) + SRD_COUNT(media) + 1];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    ADD_ROWS(tests, n, picks, check_pick);
    ADD_ROWS(tests, n, media, check_medium);
    tests[n++] =
        (struct CMUnitTest){ .name = "what a BE says is told like what the leader says",
                             .test_func = what_a_be_says_is_told_like_what_the_leader_says };
    return cmocka_run_group_tests_name("storage paths", tests, NULL, NULL);
}
