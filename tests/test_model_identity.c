/*
 * Which cluster is it: version, mode, leader, nodes, clock and print zone from the first answers?
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/cleanup.h"
#include "lib/model/identity.h"
#include "tests/rows.h"

/* All headers of SHOW FRONTENDS; 3.5 put the Id in front. */
#define FE_OLD                                                                                     \
    "Name|IP|EditLogPort|HttpPort|QueryPort|RpcPort|Role|ClusterId|Join|Alive|ReplayedJournalId|"  \
    "LastHeartbeat|IsHelper|ErrMsg|StartTime|Version\n"
#define FE_NEW "Id|" FE_OLD
#define FE(ip, role, alive, beat, version)                                                         \
    ip "_9010_1|" ip "|9010|8030|9030|9020|" role "|7|true|" alive "|100|" beat                    \
       "|true||2026-01-19 00:00:00|" version "\n"
#define LEADER(beat) FE("10.0.0.1", "LEADER", "true", beat, "3.4.4-abc")
#define CLOCK(now, jvm, global) "UNIX_TIME|SYSTEM_ZONE|GLOBAL_ZONE\n" now "|" jvm "|" global "\n"
#define NOW "1768874400" /* 2026-01-20 02:00:00 UTC */
#define UTC_CLOCK CLOCK(NOW, "Etc/UTC", "Etc/UTC")
#define MODE(value)                                                                                \
    "Key|AliasNames|Value|Type|IsMutable|Comment\nrun_mode|[]|" value "|String|false|\n"
#define BE_OF_NOTHING "BackendId|IP|HeartbeatPort|Alive\n"
#define BE_OF_DATA "BackendId|IP|HeartbeatPort|Alive|StarletPort|WorkerId\n"
#define CN_OF_NOTHING "ComputeNodeId|IP|HeartbeatPort|Alive|HasStoragePath\n"
#define CN_OF_DATA "ComputeNodeId|IP|HeartbeatPort|Alive|HasStoragePath|StarletPort|WorkerId\n"

/* @want: one line of words, see describe(). NULL texts: the statement was denied. */
struct row {
    const char *name, *connected, *frontends, *clock, *mode, *backends, *compute_nodes, *want;
};

/* clang-format off */
static const struct row rows[] = {
    { "a cluster of 3.4 in UTC", "10.0.0.1:9030",
      FE_OLD LEADER("2026-01-20 01:59:58") FE("10.0.0.2", "FOLLOWER", "false", "2026-01-19 01:00:00", "3.4.3-old"),
      UTC_CLOCK, MODE("shared_nothing"), BE_OF_NOTHING "1|a|9050|true\n2|b|9050|false\n", CN_OF_NOTHING,
      "30404 3.4.4-abc shared-nothing leader=10.0.0.1:9030 fe=1/2 be=1/2 cn=0/0 "
      "now=2026-01-20T02:00:00Z print=0 jvm=0 global=0" },
    { "a cluster of 3.5, whose frontends have an Id", "10.0.0.1:9030",
      FE_NEW "1|" FE("10.0.0.1", "LEADER", "true", "2026-01-20 02:00:01", "3.5.7-5f2a1b3"),
      UTC_CLOCK, MODE("shared_data"), BE_OF_DATA, CN_OF_DATA "1|a|9050|true|false|9070|1\n",
      "30507 3.5.7-5f2a1b3 shared-data leader=10.0.0.1:9030 fe=1/1 be=0/0 cn=1/1 "
      "now=2026-01-20T02:00:00Z print=0 jvm=0 global=0" },
    { "an early 4.1 prints +08:00 into a session in UTC", "10.0.0.1:9030",
      FE_NEW "1|" FE("10.0.0.1", "LEADER", "true", "2026-01-20 09:59:57", "4.1.0-70d1c24"),
      CLOCK(NOW, "Etc/UTC", "Etc/UTC"), MODE("shared_nothing"), BE_OF_NOTHING, CN_OF_NOTHING,
      "40100 4.1.0-70d1c24 shared-nothing leader=10.0.0.1:9030 fe=1/1 be=0/0 cn=0/0 "
      "now=2026-01-20T02:00:00Z print=28800 jvm=0 global=28800" },
    { "connected to a follower, its own version counts", "10.0.0.2:9030",
      FE_OLD LEADER("2026-01-20 01:59:58") FE("10.0.0.2", "FOLLOWER", "true", "2026-01-20 01:59:58", "3.4.3-old"),
      UTC_CLOCK, NULL, NULL, NULL,
      "30403 3.4.3-old unknown leader=10.0.0.1:9030 fe=2/2 be=0/0 cn=0/0 "
      "now=2026-01-20T02:00:00Z print=0 jvm=0 global=0" },
    { "behind a load balancer the leader's version counts", "starrocks.example:3306",
      FE_OLD FE("10.0.0.2", "FOLLOWER", "true", "2026-01-20 01:59:58", "3.4.3-old") LEADER("2026-01-20 01:59:58"),
      UTC_CLOCK, NULL, NULL, NULL,
      "30404 3.4.4-abc unknown leader=10.0.0.1:9030 fe=2/2 be=0/0 cn=0/0 "
      "now=2026-01-20T02:00:00Z print=0 jvm=0 global=0" },
    { "the same host with another port is another frontend", "10.0.0.2:9031",
      FE_OLD LEADER("2026-01-20 01:59:58") FE("10.0.0.2", "FOLLOWER", "true", "2026-01-20 01:59:58", "3.4.3-old"),
      UTC_CLOCK, NULL, NULL, NULL,
      "30404 3.4.4-abc unknown leader=10.0.0.1:9030 fe=2/2 be=0/0 cn=0/0 "
      "now=2026-01-20T02:00:00Z print=0 jvm=0 global=0" },
    { "3.3.0 to 3.3.3 may show no leader", "lb:9030",
      FE_OLD FE("10.0.0.2", "FOLLOWER", "true", "2026-01-20 01:59:58", "3.3.2-x"), UTC_CLOCK, NULL, NULL, NULL,
      "30302 3.3.2-x unknown leader= fe=1/1 be=0/0 cn=0/0 now=2026-01-20T02:00:00Z print=0 jvm=0 global=0" },
    { "a leader that is not alive does not lead", "10.0.0.2:9030",
      FE_OLD FE("10.0.0.1", "LEADER", "false", "2026-01-20 01:59:58", "3.4.4-abc")
      FE("10.0.0.2", "FOLLOWER", "true", "2026-01-20 01:59:58", "3.4.4-abc"), UTC_CLOCK, NULL, NULL, NULL,
      "30404 3.4.4-abc unknown leader= fe=1/2 be=0/0 cn=0/0 now=2026-01-20T02:00:00Z print=0 jvm=0 global=0" },
    { "a version that is the text NULL is not known", "10.0.0.1:9030",
      FE_OLD FE("10.0.0.1", "LEADER", "true", "2026-01-20 01:59:58", "NULL"), UTC_CLOCK, NULL, NULL, NULL,
      "0  unknown leader=10.0.0.1:9030 fe=1/1 be=0/0 cn=0/0 now=2026-01-20T02:00:00Z print=0 jvm=0 global=0" },
    { "a connected frontend without a version takes the leader's", "10.0.0.2:9030",
      FE_OLD LEADER("2026-01-20 01:59:58") FE("10.0.0.2", "FOLLOWER", "true", "\\N", ""),
      UTC_CLOCK, NULL, NULL, NULL,
      "30404 3.4.4-abc unknown leader=10.0.0.1:9030 fe=2/2 be=0/0 cn=0/0 "
      "now=2026-01-20T02:00:00Z print=0 jvm=0 global=0" },
    { "an IPv6 leader is written with brackets", "[fe80::1]:9030",
      FE_OLD FE("fe80::1", "LEADER", "true", "2026-01-20 01:59:58", "3.4.9"), UTC_CLOCK, NULL, NULL, NULL,
      "30409 3.4.9 unknown leader=[fe80::1]:9030 fe=1/1 be=0/0 cn=0/0 "
      "now=2026-01-20T02:00:00Z print=0 jvm=0 global=0" },
    { "nothing may be asked: nothing is known", "10.0.0.1:9030", NULL, NULL, NULL, NULL, NULL,
      "0  unknown leader= fe=0/0 be=0/0 cn=0/0 now=? print=? jvm=? global=?" },
    { "without the privilege the columns of the nodes tell shared-data", "x:1", NULL, NULL, NULL, BE_OF_DATA, NULL,
      "0  shared-data leader= fe=0/0 be=0/0 cn=0/0 now=? print=? jvm=? global=?" },
    { "without the privilege the columns of the nodes tell shared-nothing", "x:1", NULL, NULL, NULL, NULL,
      CN_OF_NOTHING, "0  shared-nothing leader= fe=0/0 be=0/0 cn=0/0 now=? print=? jvm=? global=?" },
    { "the configuration wins over the columns, in any case", "x:1", NULL, NULL, MODE("SHARED_DATA"), BE_OF_NOTHING,
      CN_OF_NOTHING, "0  shared-data leader= fe=0/0 be=0/0 cn=0/0 now=? print=? jvm=? global=?" },
    { "an unknown run mode is left to the columns", "x:1", NULL, NULL, MODE("hybrid"), BE_OF_NOTHING,
      NULL, "0  shared-nothing leader= fe=0/0 be=0/0 cn=0/0 now=? print=? jvm=? global=?" },
    { "a clock without frontends has no print zone", "x:1", NULL, UTC_CLOCK, NULL, NULL, NULL,
      "0  unknown leader= fe=0/0 be=0/0 cn=0/0 now=2026-01-20T02:00:00Z print=? jvm=0 global=0" },
    { "frontends without a clock have no print zone", "10.0.0.1:9030", FE_OLD LEADER("2026-01-20 01:59:58"),
      NULL, NULL, NULL, NULL,
      "30404 3.4.4-abc unknown leader=10.0.0.1:9030 fe=1/1 be=0/0 cn=0/0 now=? print=? jvm=? global=?" },
    { "a zone text of one column says nothing about the other", "x:1", NULL, CLOCK(NOW, "CST", "+08:00"),
      NULL, NULL, NULL,
      "0  unknown leader= fe=0/0 be=0/0 cn=0/0 now=2026-01-20T02:00:00Z print=? jvm=? global=28800" },
    { "older frontends may not print the zones", "x:1", NULL, "UNIX_TIME\n" NOW "\n", NULL, NULL, NULL,
      "0  unknown leader= fe=0/0 be=0/0 cn=0/0 now=2026-01-20T02:00:00Z print=? jvm=? global=?" },
    { "a clock that says nothing is no clock", "x:1", NULL, CLOCK("\\N", "UTC", "UTC"), NULL, NULL, NULL,
      "0  unknown leader= fe=0/0 be=0/0 cn=0/0 now=? print=? jvm=0 global=0" },
};
/* clang-format on */

static const char *describe(const struct srd_cluster *c, struct srd_arena *arena)
{
    char now[SRD_TIME_SIZE] = "?", print[16] = "?", jvm[16] = "?", global[16] = "?";

    if (c->clock_known)
        srd_time_rfc3339(c->now_ms, now);
    if (c->print_offset_known)
        snprintf(print, sizeof(print), "%d", c->print_offset_s);
    if (c->jvm_offset_known)
        snprintf(jvm, sizeof(jvm), "%d", c->jvm_offset_s);
    if (c->global_offset_known)
        snprintf(global, sizeof(global), "%d", c->global_offset_s);
    return srd_arena_printf(arena,
                            "%d %s %s leader=%s fe=%zu/%zu be=%zu/%zu cn=%zu/%zu now=%s print=%s "
                            "jvm=%s global=%s",
                            c->version, c->version_text, srd_mode_name(c->mode), c->leader,
                            c->frontends_alive, c->frontends, c->backends_alive, c->backends,
                            c->compute_nodes_alive, c->compute_nodes, now, print, jvm, global);
}

static void add(struct srd_evidence *ev, const struct srd_probe *probe, const char *text)
{
    srd_evidence_add(ev, &(struct srd_answer){
                             .probe = probe,
                             .status = text ? SRD_ANSWERED : SRD_DENIED,
                             .table = text ? srd_table_of(ev->arena, text) : NULL,
                         });
}

static void check_row(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_new(arena);

    add(ev, &srd_probe_frontends, row->frontends);
    add(ev, &srd_probe_clock, row->clock);
    add(ev, &srd_probe_run_mode, row->mode);
    add(ev, &srd_probe_backends, row->backends);
    add(ev, &srd_probe_compute_nodes, row->compute_nodes);
    srd_identify(ev, row->connected);
    assert_string_equal(describe(&ev->cluster, arena), row->want);
    assert_string_equal(ev->cluster.connected, row->connected);
    assert_string_equal(ev->cluster.name, row->connected);
}

/* ---- the print offset from heartbeats; @want in seconds or UNKNOWN ---- */

#define UNKNOWN (-1)
struct beat_row {
    const char *name, *frontends;
    int want;
};
#define OTHER(alive, beat) FE("10.0.0.9", "FOLLOWER", alive, beat, "3.4.4-abc")

/* clang-format off */
static const struct beat_row beats[] = {
    { "a heartbeat of just now is UTC", FE_OLD LEADER("2026-01-20 02:00:00"), 0 },
    { "a heartbeat of 59 s ago is UTC", FE_OLD LEADER("2026-01-20 01:59:01"), 0 },
    { "a heartbeat of 60 s ago says nothing", FE_OLD LEADER("2026-01-20 01:59:00"), UNKNOWN },
    { "a heartbeat of 60 s ahead says nothing", FE_OLD LEADER("2026-01-20 02:01:00"), UNKNOWN },
    { "a zone of half an hour", FE_OLD LEADER("2026-01-20 07:29:58"), 19800 },
    { "a zone of a quarter of an hour", FE_OLD LEADER("2026-01-20 07:44:58"), 20700 },
    { "a zone west of Greenwich", FE_OLD LEADER("2026-01-19 20:59:58"), -18000 },
    { "no zone is further than 14 hours", FE_OLD LEADER("2026-01-20 17:00:00"), UNKNOWN },
    { "no zone is days away", FE_OLD LEADER("2026-01-25 02:00:00"), UNKNOWN },
    { "another alive row may say it", FE_OLD LEADER("2026-01-20 01:55:00") OTHER("true", "2026-01-20 01:59:58"), 0 },
    { "a dead row says nothing", FE_OLD LEADER("\\N") OTHER("false", "2026-01-20 01:59:58"), UNKNOWN },
    { "a row that is a quarter of an hour old does not win over a fresh one",
      FE_OLD OTHER("true", "2026-01-20 01:45:00") LEADER("2026-01-20 01:59:58"), 0 },
    { "nor when it comes after the fresh one",
      FE_OLD LEADER("2026-01-20 01:59:58") OTHER("true", "2026-01-20 01:45:00"), 0 },
    { "a row that is a quarter of an hour old does not win over one that fits nothing",
      FE_OLD OTHER("true", "2026-01-20 01:45:00") LEADER("2026-01-20 01:53:00"), UNKNOWN },
    { "the text NULL is no heartbeat", FE_OLD LEADER("NULL"), UNKNOWN },
    { "never is no heartbeat", FE_OLD LEADER("1970-01-01 08:00:00"), UNKNOWN },
    { "no frontend, no zone", FE_OLD, UNKNOWN },
};
/* clang-format on */

static void check_beat(void **state)
{
    const struct beat_row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_new(arena);

    add(ev, &srd_probe_frontends, row->frontends);
    add(ev, &srd_probe_clock, UTC_CLOCK);
    srd_identify(ev, "10.0.0.1:9030");
    assert_int_equal(ev->cluster.print_offset_known, row->want != UNKNOWN);
    if (row->want != UNKNOWN)
        assert_int_equal(ev->cluster.print_offset_s, row->want);
}

/* ---- zone texts ---- */

struct zone_row {
    const char *name, *text;
    int want;
};

/* clang-format off */
static const struct zone_row zones[] = {
    { "zone +08:00", "+08:00", 28800 }, { "zone -05:30", "-05:30", -19800 },
    { "zone UTC", "UTC", 1 }, { "zone Etc/UTC", "Etc/UTC", 1 }, { "zone Z", "Z", 1 }, { "zone gmt", "gmt", 1 },
    { "zone GMT+8", "GMT+8", 28800 }, { "zone GMT+08:00", "GMT+08:00", 28800 },
    { "zone UTC-3", "UTC-3", -10800 }, { "zone Etc/GMT-8 is east", "Etc/GMT-8", 28800 },
    { "zone Etc/GMT+5 is west", "Etc/GMT+5", -18000 },
    { "zone Asia/Shanghai", "Asia/Shanghai", 28800 }, { "zone PRC", "PRC", 28800 },
    { "zone Asia/Kolkata", "Asia/Kolkata", 19800 }, { "zone America/Sao_Paulo", "America/Sao_Paulo", -10800 },
    { "CST is ambiguous", "CST", UNKNOWN },
    { "a zone with summer time is not known", "Europe/Berlin", UNKNOWN },
    { "SYSTEM is no zone", "SYSTEM", UNKNOWN }, { "nothing is no zone", "", UNKNOWN },
    { "a bare number is no zone", "8", UNKNOWN }, { "a sign is no zone", "+", UNKNOWN },
    { "an offset of 15 hours is no zone", "+15:00", UNKNOWN },
    { "an offset of 60 minutes is no zone", "+08:60", UNKNOWN },
    { "half an offset is no zone", "+08:", UNKNOWN },
    { "an offset with a tail is no zone", "+08:00x", UNKNOWN },
    { "a zone that begins like UTC is none", "UTCX", UNKNOWN },
};
/* clang-format on */

static void check_zone(void **state)
{
    const struct zone_row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_new(arena);

    add(ev, &srd_probe_clock,
        srd_arena_printf(arena, "UNIX_TIME|SYSTEM_ZONE|GLOBAL_ZONE\n" NOW "|%s|%s\n", row->text,
                         row->text));
    srd_identify(ev, "x:1");
    assert_int_equal(ev->cluster.jvm_offset_known, row->want != UNKNOWN);
    assert_int_equal(ev->cluster.global_offset_known, row->want != UNKNOWN);
    if (row->want != UNKNOWN)
        assert_int_equal(ev->cluster.jvm_offset_s, row->want == 1 ? 0 : row->want);
}

/* ---- zones of tables ---- */

static void identity_tables_have_zones(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_new(arena);
    int64_t ms;

    (void)state;
    add(ev, &srd_probe_frontends, FE_OLD LEADER("2026-01-20 10:00:00"));
    add(ev, &srd_probe_clock, UTC_CLOCK);
    srd_identify(ev, "10.0.0.1:9030");
    assert_true(srd_cell_time_ms(srd_evidence_get(ev, &srd_probe_frontends, NULL), 0,
                                 "LastHeartbeat", &ms));
    assert_true(ms == ev->cluster.now_ms);
}

static void tables_by_their_zone(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_table *t = srd_table_of(arena, "a\n");
    struct srd_cluster c = { .print_offset_known = true,
                             .print_offset_s = 1,
                             .global_offset_known = true,
                             .global_offset_s = 2,
                             .jvm_offset_s = 3 };

    (void)state;
    srd_table_set_zone(t, SRD_ZONE_PRINT, &c);
    assert_true(t->zone_known && t->zone_offset_s == 1);
    srd_table_set_zone(t, SRD_ZONE_GLOBAL, &c);
    assert_true(t->zone_known && t->zone_offset_s == 2);
    srd_table_set_zone(t, SRD_ZONE_JVM, &c);
    assert_false(t->zone_known);
    srd_table_set_zone(t, SRD_ZONE_SESSION, &c);
    assert_true(t->zone_known && t->zone_offset_s == 0);
}

static void an_alias_stays(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_new(arena);

    (void)state;
    ev->cluster.name = "prod";
    srd_identify(ev, NULL);
    assert_string_equal(ev->cluster.name, "prod");
    assert_string_equal(ev->cluster.connected, "");
}

/* clang-format off */
static const struct CMUnitTest single[] = {
    { "the identity tables know their own zone", identity_tables_have_zones, NULL, NULL, NULL },
    { "each table has the zone of its probe", tables_by_their_zone, NULL, NULL, NULL },
    { "a name from the configuration stays", an_alias_stays, NULL, NULL, NULL },
};
/* clang-format on */

int main(void)
{
    struct CMUnitTest
        tests[SRD_COUNT(rows) + SRD_COUNT(beats) + SRD_COUNT(zones) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    ADD_ROWS(tests, n, beats, check_beat);
    ADD_ROWS(tests, n, zones, check_zone);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
