/* Which cluster is this, who leads it, and what time is it there? */

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"
#include "lib/model/identity.h"

const struct srd_probe srd_probe_frontends = {
    .id = "frontends",
    .summary = "frontends: roles, liveness, journal, heartbeat, version",
    .texts = { { .sql = "SHOW FRONTENDS" } },
    .columns = "IP QueryPort Role Alive LastHeartbeat Version",
    .privilege = "OPERATE",
};

/* Constants that the FE evaluates by itself: no node has to live for them. */
const struct srd_probe srd_probe_clock = {
    .id = "clock",
    .summary = "the clock of the frontend and its time zones",
    .texts = { { .sql = "SELECT UNIX_TIMESTAMP() AS UNIX_TIME, @@system_time_zone AS SYSTEM_ZONE, "
                        "@@global.time_zone AS GLOBAL_ZONE" } },
    .columns = "UNIX_TIME",
    .zone = SRD_ZONE_SESSION,
};

const struct srd_probe srd_probe_run_mode = {
    .id = "run-mode",
    .summary = "run mode: shared-nothing or shared-data",
    .texts = { { .sql = "ADMIN SHOW FRONTEND CONFIG LIKE 'run_mode'" } },
    .columns = "Key Value",
    .privilege = "OPERATE",
};

const struct srd_probe srd_probe_backends = {
    .id = "backends",
    .summary = "backends: liveness, disks, tablets, load, version",
    .texts = { { .sql = "SHOW BACKENDS" } },
    .columns = "BackendId IP HeartbeatPort Alive",
    .privilege = "OPERATE",
};

const struct srd_probe srd_probe_compute_nodes = {
    .id = "compute-nodes",
    .summary = "compute nodes: liveness, load, warehouse, version",
    .texts = { { .sql = "SHOW COMPUTE NODES" } },
    .columns = "ComputeNodeId IP HeartbeatPort Alive",
    .privilege = "OPERATE",
};

/* Frontends and clock back to back: the print offset is the difference of the two. */
const struct srd_probe *const srd_identity_probes[] = {
    &srd_probe_frontends, &srd_probe_clock,         &srd_probe_run_mode,
    &srd_probe_backends,  &srd_probe_compute_nodes, NULL,
};

#define QUARTER_S 900
#define TOLERANCE_S 60
#define MAX_OFFSET_S (14 * 3600)
#define EIGHT_HOURS_S (8 * 3600)

/* "10.0.0.1:9030", "[fe80::1]:9030" */
static const char *host_port(const struct srd_table *fe, size_t row, struct srd_arena *arena)
{
    const char *host = srd_cell_text(fe, row, "IP");

    return srd_arena_printf(arena, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
                            srd_cell_text(fe, row, "QueryPort"));
}

static bool alive(const struct srd_table *table, size_t row)
{
    bool value;

    return srd_cell_bool(table, row, "Alive", &value) && value;
}

static size_t count_alive(const struct srd_table *table)
{
    size_t n = 0;

    for (size_t row = 0; row < table->rows; row++)
        n += alive(table, row);
    return n;
}

#define NO_ROW ((size_t)-1)

static size_t row_of_leader(const struct srd_table *fe)
{
    for (size_t row = 0; row < fe->rows; row++)
        if (srd_cell_is(fe, row, "Role", "LEADER") && alive(fe, row))
            return row;
    return NO_ROW;
}

/* "FE1:9030" and "[::1]:9030" both as they stand in the table and without brackets. */
static size_t row_of_connected(const struct srd_table *fe, const char *connected,
                               struct srd_arena *arena)
{
    for (size_t row = 0; row < fe->rows; row++) {
        const char *plain = srd_arena_printf(arena, "%s:%s", srd_cell_text(fe, row, "IP"),
                                             srd_cell_text(fe, row, "QueryPort"));

        if (strcasecmp(connected, plain) == 0 ||
            strcasecmp(connected, host_port(fe, row, arena)) == 0)
            return row;
    }
    return NO_ROW;
}

static bool take_version(const struct srd_table *fe, size_t row, struct srd_cluster *cluster)
{
    const char *text;

    if (row == NO_ROW || !srd_cell_has(fe, row, "Version"))
        return false;
    text = srd_cell_text(fe, row, "Version");
    cluster->version_text = text;
    cluster->version = srd_version_parse(text);
    return true;
}

/*
 * The connected FE speaks its own version of every statement. Behind a load balancer or a host name
 * it cannot be told which one that is: then the leader's counts, then that of any FE that has one.
 */
static void identify_version(const struct srd_table *fe, struct srd_evidence *ev)
{
    struct srd_cluster *cluster = &ev->cluster;

    if (take_version(fe, row_of_connected(fe, cluster->connected, ev->arena), cluster) ||
        take_version(fe, row_of_leader(fe), cluster))
        return;
    for (size_t row = 0; row < fe->rows; row++)
        if (alive(fe, row) && take_version(fe, row, cluster))
            return;
}

static enum srd_mode mode_of_nodes(const struct srd_table *nodes)
{
    if (!nodes || !nodes->columns)
        return SRD_MODE_ANY;
    return srd_column(nodes, "StarletPort") == SRD_NO_COLUMN ? SRD_MODE_SHARED_NOTHING
                                                             : SRD_MODE_SHARED_DATA;
}

static enum srd_mode identify_mode(const struct srd_evidence *ev)
{
    const struct srd_table *config = srd_evidence_get(ev, &srd_probe_run_mode, NULL);
    enum srd_mode mode;

    for (size_t row = 0; config && row < config->rows; row++) {
        if (!srd_cell_is(config, row, "Key", "run_mode"))
            continue;
        /* printed as the operator wrote it into fe.conf */
        if (strcasecmp(srd_cell_text(config, row, "Value"), "shared_data") == 0)
            return SRD_MODE_SHARED_DATA;
        if (strcasecmp(srd_cell_text(config, row, "Value"), "shared_nothing") == 0)
            return SRD_MODE_SHARED_NOTHING;
    }
    mode = mode_of_nodes(srd_evidence_get(ev, &srd_probe_backends, NULL));
    return mode ? mode : mode_of_nodes(srd_evidence_get(ev, &srd_probe_compute_nodes, NULL));
}

/* LastHeartbeat as if it were UTC, in seconds. */
static bool heartbeat_s(const struct srd_table *fe, size_t row, double *out)
{
    struct srd_table as_utc = *fe;
    int64_t ms;

    as_utc.zone_known = true;
    as_utc.zone_offset_s = 0;
    if (!alive(fe, row) || !srd_cell_time_ms(&as_utc, row, "LastHeartbeat", &ms))
        return false;
    *out = (double)ms / 1000;
    return true;
}

/*
 * How far east of UTC does this FE print? A heartbeat is a few seconds old, so it and the clock
 * differ by the zone. The latest heartbeat that fits wins; if another one would then lie in the
 * future, the fit was an accident (a heartbeat that is a quarter of an hour old looks like a zone).
 */
static void identify_print_offset(const struct srd_table *fe, struct srd_cluster *cluster)
{
    double now_s = (double)cluster->now_ms / 1000, beat_s, latest_s = -1, best_s = -1;
    int offset_s = 0;

    for (size_t row = 0; row < fe->rows; row++) {
        double d, rounded;

        if (!heartbeat_s(fe, row, &beat_s))
            continue;
        d = beat_s - now_s;
        rounded = round(d / QUARTER_S) * QUARTER_S;
        if (beat_s > latest_s)
            latest_s = beat_s;
        if (fabs(d - rounded) >= TOLERANCE_S || fabs(rounded) > MAX_OFFSET_S || beat_s <= best_s)
            continue;
        best_s = beat_s;
        offset_s = (int)rounded;
    }
    if (best_s < 0 || latest_s - offset_s - now_s >= TOLERANCE_S)
        return;
    cluster->print_offset_known = true;
    cluster->print_offset_s = offset_s;
}

/* "+08:00", "-5:30", "+8", "8": in seconds. */
static bool parse_offset(const char *text, int *out)
{
    int sign = *text == '-' ? -1 : 1, hours = 0, minutes = 0;
    size_t digits = 0;

    text += *text == '-' || *text == '+';
    for (; isdigit((unsigned char)*text) && digits < 2; digits++)
        hours = hours * 10 + (*text++ - '0');
    if (!digits)
        return false;
    if (*text == ':') {
        if (!isdigit((unsigned char)text[1]) || !isdigit((unsigned char)text[2]))
            return false;
        minutes = (text[1] - '0') * 10 + (text[2] - '0');
        text += 3;
        if (strcmp(text, ":00") == 0)
            text += 3;
    }
    if (*text || hours > 14 || minutes > 59)
        return false;
    *out = sign * (hours * 60 + minutes) * 60;
    return true;
}

/*
 * Zones that have had one offset since 2020 or longer. A zone with summer time is not here: its
 * offset depends on the day, and what cannot be told exactly stays unknown. So does "CST", which is
 * China's, Cuba's and Chicago's.
 */
/* clang-format off */
static const struct {
    const char *name;
    int minutes;
} regions[] = {
    { "UTC", 0 }, { "GMT", 0 }, { "Z", 0 }, { "UCT", 0 }, { "Zulu", 0 }, { "Universal", 0 },
    { "Greenwich", 0 }, { "Etc/UTC", 0 }, { "Etc/GMT", 0 }, { "Etc/UCT", 0 }, { "Etc/Zulu", 0 },
    { "Etc/Universal", 0 }, { "Etc/Greenwich", 0 },
    { "PRC", 480 }, { "Asia/Shanghai", 480 }, { "Asia/Chongqing", 480 }, { "Asia/Chungking", 480 },
    { "Asia/Harbin", 480 }, { "Asia/Hong_Kong", 480 }, { "Hongkong", 480 }, { "Asia/Macau", 480 },
    { "Asia/Taipei", 480 }, { "ROC", 480 }, { "Asia/Singapore", 480 }, { "Singapore", 480 },
    { "Asia/Kuala_Lumpur", 480 }, { "Asia/Manila", 480 }, { "Australia/Perth", 480 },
    { "Asia/Urumqi", 360 }, { "Asia/Tokyo", 540 }, { "Japan", 540 }, { "JST", 540 },
    { "Asia/Seoul", 540 }, { "ROK", 540 }, { "Asia/Ho_Chi_Minh", 420 }, { "Asia/Saigon", 420 },
    { "Asia/Bangkok", 420 }, { "Asia/Jakarta", 420 }, { "Asia/Yangon", 390 }, { "Asia/Dhaka", 360 },
    { "Asia/Kolkata", 330 }, { "Asia/Calcutta", 330 }, { "Asia/Colombo", 330 },
    { "Asia/Kathmandu", 345 }, { "Asia/Karachi", 300 }, { "Asia/Tashkent", 300 },
    { "Asia/Dubai", 240 }, { "Asia/Baku", 240 }, { "Asia/Tbilisi", 240 }, { "Asia/Kabul", 270 },
    { "Asia/Riyadh", 180 }, { "Asia/Kuwait", 180 }, { "Asia/Qatar", 180 }, { "Asia/Baghdad", 180 },
    { "Europe/Istanbul", 180 }, { "Asia/Istanbul", 180 }, { "Turkey", 180 },
    { "Europe/Moscow", 180 }, { "Europe/Minsk", 180 }, { "Africa/Nairobi", 180 },
    { "Africa/Johannesburg", 120 }, { "Africa/Lagos", 60 }, { "Africa/Algiers", 60 },
    { "Africa/Abidjan", 0 }, { "Africa/Accra", 0 }, { "Atlantic/Reykjavik", 0 },
    { "Australia/Brisbane", 600 }, { "America/Sao_Paulo", -180 },
    { "America/Argentina/Buenos_Aires", -180 }, { "America/Bogota", -300 }, { "America/Lima", -300 },
    { "America/Panama", -300 }, { "America/Caracas", -240 }, { "America/Phoenix", -420 },
    { "Pacific/Honolulu", -600 }, { "US/Hawaii", -600 },
};
/* clang-format on */

bool srd_zone_offset(const char *text, int *out)
{
    int offset_s;

    for (size_t i = 0; i < SRD_COUNT(regions); i++) {
        if (strcasecmp(text, regions[i].name) != 0)
            continue;
        *out = regions[i].minutes * 60;
        return true;
    }
    /* POSIX' sign: Etc/GMT-8 is eight hours east */
    if (strncasecmp(text, "Etc/GMT", 7) == 0 && parse_offset(text + 7, &offset_s)) {
        *out = -offset_s;
        return true;
    }
    if (strncasecmp(text, "GMT", 3) == 0 || strncasecmp(text, "UTC", 3) == 0)
        text += 3;
    return strchr("+-", *text) && parse_offset(text, out);
}

static void identify_clock(const struct srd_table *fe, struct srd_evidence *ev)
{
    const struct srd_table *clock = srd_evidence_get(ev, &srd_probe_clock, NULL);
    struct srd_cluster *cluster = &ev->cluster;

    if (!clock || !clock->rows)
        return;
    cluster->clock_known = srd_cell_time_ms(clock, 0, "UNIX_TIME", &cluster->now_ms);
    if (cluster->clock_known && fe)
        identify_print_offset(fe, cluster);
    cluster->jvm_offset_known =
        srd_zone_offset(srd_cell_text(clock, 0, "SYSTEM_ZONE"), &cluster->jvm_offset_s);
    cluster->global_offset_known =
        srd_zone_offset(srd_cell_text(clock, 0, "GLOBAL_ZONE"), &cluster->global_offset_s);
    /* our sessions are in UTC: an FE that prints +08:00 nevertheless does so for the global zone
     * too */
    if (cluster->print_offset_known && cluster->print_offset_s == EIGHT_HOURS_S) {
        cluster->global_offset_known = true;
        cluster->global_offset_s = EIGHT_HOURS_S;
    }
}

void srd_table_set_zone(struct srd_table *table, enum srd_zone zone,
                        const struct srd_cluster *cluster)
{
    switch (zone) {
    case SRD_ZONE_PRINT:
        table->zone_known = cluster->print_offset_known;
        table->zone_offset_s = cluster->print_offset_s;
        return;
    case SRD_ZONE_GLOBAL:
        table->zone_known = cluster->global_offset_known;
        table->zone_offset_s = cluster->global_offset_s;
        return;
    case SRD_ZONE_JVM:
        table->zone_known = cluster->jvm_offset_known;
        table->zone_offset_s = cluster->jvm_offset_s;
        return;
    case SRD_ZONE_SESSION:
        break;
    }
    table->zone_known = true;
    table->zone_offset_s = 0;
}

/* Nobody else holds these tables yet: they were filled for this evidence, which is being made. */
static void set_zones(struct srd_evidence *ev)
{
    for (size_t i = 0; srd_identity_probes[i]; i++)
        for (size_t n = 0; n < ev->count; n++)
            if (ev->answers[n].probe == srd_identity_probes[i] && ev->answers[n].table)
                srd_table_set_zone((struct srd_table *)ev->answers[n].table,
                                   srd_identity_probes[i]->zone, &ev->cluster);
}

void srd_identify(struct srd_evidence *ev, const char *connected)
{
    const struct srd_table *fe = srd_evidence_get(ev, &srd_probe_frontends, NULL);
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    const struct srd_table *cn = srd_evidence_get(ev, &srd_probe_compute_nodes, NULL);
    struct srd_cluster *cluster = &ev->cluster;

    cluster->connected = connected ? connected : "";
    if (!*cluster->name)
        cluster->name = cluster->connected;
    if (fe) {
        size_t leader = row_of_leader(fe);

        if (leader != NO_ROW)
            cluster->leader = host_port(fe, leader, ev->arena);
        cluster->frontends = fe->rows;
        cluster->frontends_alive = count_alive(fe);
        identify_version(fe, ev);
    }
    if (be) {
        cluster->backends = be->rows;
        cluster->backends_alive = count_alive(be);
    }
    if (cn) {
        cluster->compute_nodes = cn->rows;
        cluster->compute_nodes_alive = count_alive(cn);
    }
    cluster->mode = identify_mode(ev);
    identify_clock(fe, ev);
    set_zones(ev);
}
