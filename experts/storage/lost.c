/* Are there tablets that nobody can read, because no replica of them is usable? */

#include <stdlib.h>
#include <string.h>

#include "experts/storage/samples.h"
#include "lib/base/text.h"
#include "lib/model/identity.h"

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

struct ids { /* sorted once, then searched */
    const char **items;
    size_t count;
};

static bool has_id(const struct ids *ids, const char *id)
{
    return bsearch(&id, ids->items, ids->count, sizeof(*ids->items), by_text) != NULL;
}

struct losses {
    const struct srd_evidence *ev;
    struct srd_findings *out;
    const struct srd_table *be;
    double all_tablets;
    struct srd_sample samples[SRD_MAX_SAMPLES];
    size_t sample_count;
    struct ids seen, usable; /* tablets in the samples, and those of them with a usable replica */
};

static void read_samples(struct losses *l)
{
    size_t room = 1;

    l->sample_count = srd_storage_samples(l->ev, l->out->arena, l->samples, SRD_MAX_SAMPLES);
    for (size_t i = 0; i < l->sample_count; i++)
        room += srd_storage_sample_rows(&l->samples[i])
                    ? srd_storage_sample_rows(&l->samples[i])->rows
                    : 0;
    l->seen.items = srd_arena_array(l->out->arena, room, sizeof(*l->seen.items));
    l->usable.items = srd_arena_array(l->out->arena, room, sizeof(*l->usable.items));
    for (size_t i = 0; i < l->sample_count; i++) {
        const struct srd_table *t = srd_storage_sample_rows(&l->samples[i]);
        struct srd_tablet tablet = { 0 };

        while (srd_storage_next_tablet(l->be, t, l->samples[i].status != NULL, &tablet)) {
            l->seen.items[l->seen.count++] = tablet.id;
            if (tablet.usable)
                l->usable.items[l->usable.count++] = tablet.id;
        }
    }
    qsort(l->seen.items, l->seen.count, sizeof(*l->seen.items), by_text);
    qsort(l->usable.items, l->usable.count, sizeof(*l->usable.items), by_text);
}

/* Tablets of one table or partition that are lost. */
struct loss {
    const char *kind, *subject, *db, *table, *partition;
    size_t count, of;        /* of: tablets that were looked at; 0: not known */
    struct srd_tablet first; /* one of them */
    bool down;               /* all replicas of all of them are on dead backends */
    bool restarting;         /* and these may be restarting */
    size_t holders;          /* such backends */
    const char *names;       /* the first of them */
    const struct srd_probe *probe;
    const struct srd_table *rows;
};

#define MAX_HOLDERS 3

/* Which dead backends would bring the tablets back? */
static void add_holders(struct losses *l, struct loss *loss, const struct srd_tablet *t,
                        bool *known)
{
    for (size_t row = t->row; row < t->row + t->rows; row++) {
        const char *id = srd_cell(loss->rows, row, "BackendId"), *name;
        size_t node = srd_storage_backend_row(l->be, id);

        if (node == SRD_NO_COLUMN || srd_storage_alive(l->be, node) || known[node])
            continue;
        known[node] = true;
        loss->restarting = loss->restarting && srd_storage_may_be_restarting(l->ev, id);
        if (loss->holders++ >= MAX_HOLDERS)
            continue;
        name = srd_node_name(l->out->arena, l->be, node);
        loss->names =
            loss->names ? srd_arena_printf(l->out->arena, "%s, %s", loss->names, name) : name;
    }
}

static void add_lost(struct losses *l, struct loss *loss, const struct srd_tablet *t, bool *known)
{
    if (!loss->count++) {
        loss->first = *t;
        loss->down = loss->restarting = true;
    }
    loss->down = loss->down && t->replicas && t->on_dead == t->replicas;
    /* of several replicas one restarting BE does not excuse the others */
    loss->restarting = loss->restarting && loss->down && t->replicas == 1;
    add_holders(l, loss, t, known);
}

/* ": the only one is on be1, which is dead" */
static const char *whereabouts(const struct losses *l, const struct loss *loss)
{
    const struct srd_tablet *t = &loss->first;
    const char *more = loss->holders > MAX_HOLDERS ? " and others" : "";

    if (!loss->holders)
        return "";
    if (t->replicas > 1)
        return srd_arena_printf(l->out->arena,
                                ": of tablet %s %zu of %zu are on dead backends (%s%s)", t->id,
                                t->on_dead, t->replicas, loss->names, more);
    return srd_arena_printf(l->out->arena, ": the only one is on %s%s, which %s %s", loss->names,
                            more, loss->holders > 1 ? "are" : "is",
                            loss->restarting ? "down and may be restarting" : "dead");
}

static void report_loss(struct losses *l, const struct loss *loss)
{
    struct srd_arena *arena = l->out->arena;
    struct srd_limit none =
        srd_limit_catalogue(l->ev, "storage.tablet-no-healthy-replica", 0, SRD_UNIT_COUNT);
    const struct srd_tablet *t = &loss->first;
    struct srd_finding *f;

    f = srd_finding_add(l->out, loss->restarting ? SRD_WARNING : SRD_CRITICAL, loss->kind,
                        loss->subject, "%s%s tablets of %s have no usable replica%s",
                        srd_text_count(arena, (double)loss->count),
                        loss->of ? srd_arena_printf(arena, " of %zu", loss->of) : "", loss->subject,
                        whereabouts(l, loss));
    srd_finding_value(f, (double)loss->count, none);
    srd_finding_share(f, (double)loss->count, l->all_tablets);
    srd_finding_field(l->out, f, "table", srd_table_sql(arena, loss->db, loss->table));
    srd_finding_field(l->out, f, "tablet", t->id);
    srd_finding_field(l->out, f, "replicas", srd_arena_printf(arena, "%zu", t->replicas));
    if (loss->partition)
        srd_finding_field(l->out, f, "partition", srd_quote_identifier(arena, loss->partition));
    if (loss->down) { /* then starting these brings it back */
        srd_finding_field(l->out, f, "backend", loss->names);
        srd_finding_field(l->out, f, "backend_id", t->dead_be_id);
    }
    for (size_t i = 0; i < t->rows; i++)
        srd_finding_row(f, loss->probe, loss->rows, t->row + i);
}

/* Tables that have so few replicas that those on dead nodes are all: counted in full. */
static void judge_few_left(struct losses *l)
{
    const struct srd_table *low = srd_low_replication(l->ev);

    for (size_t row = 0; low && row < low->rows; row++) {
        const char *db = srd_cell_text(low, row, "DB_NAME");
        const char *table = srd_cell_text(low, row, "TABLE_NAME");
        struct srd_key key = { .values = { db, table } };
        const struct srd_table *t = srd_evidence_get(
            l->ev, &srd_probe_few_left, srd_key_text(&srd_probe_few_left, &key, l->out->arena));
        double keeps = srd_number_or_0(low, row, "REPLICATION_NUM");
        struct loss loss = {
            .kind = "table", .db = db, .table = table, .rows = t, .probe = &srd_probe_few_left
        };
        struct srd_tablet tablet = { 0 };
        bool *known;

        if (!t)
            continue;
        known = srd_arena_array(l->out->arena, l->be->rows + 1, sizeof(*known));
        while (srd_storage_next_tablet(l->be, t, true, &tablet))
            /* the list has bad replicas only: as many as the table keeps are all of them, unless a
             * full list shows one more */
            if (!tablet.usable && (double)tablet.rows >= keeps && !has_id(&l->usable, tablet.id))
                add_lost(l, &loss, &tablet, known);
        loss.subject = srd_arena_printf(l->out->arena, "%s.%s", db, table);
        if (loss.count)
            report_loss(l, &loss);
    }
}

static bool is_reported(const struct losses *l, const struct srd_sample *sample)
{
    const char *table = srd_arena_printf(l->out->arena, "%s.%s", sample->db, sample->table);

    for (size_t i = 0; i < l->out->count; i++)
        if (!strcmp(l->out->items[i]->subject.name, table))
            return true;
    return false;
}

static void judge_sample(struct losses *l, const struct srd_sample *sample)
{
    bool status = sample->status != NULL;
    const struct srd_table *t = srd_storage_sample_rows(sample);
    struct loss loss = { .kind = "partition",
                         .subject = sample->name,
                         .db = sample->db,
                         .table = sample->table,
                         .partition = sample->partition,
                         .rows = t,
                         .probe = status ? &srd_probe_replica_status : &srd_probe_tablet_replicas };
    struct srd_tablet tablet = { 0 };
    bool *known = srd_arena_array(l->out->arena, l->be->rows + 1, sizeof(*known));

    while (srd_storage_next_tablet(l->be, t, status, &tablet)) {
        loss.of++;
        if (!tablet.usable)
            add_lost(l, &loss, &tablet, known);
    }
    if (loss.count && !is_reported(l, sample))
        report_loss(l, &loss);
}

/* How many of the unhealthy tablets are in the lists of the sampled partitions? */
static double count_seen(const struct losses *l)
{
    double found = 0;

    for (const struct srd_answer *a = NULL;
         (a = srd_evidence_next(l->ev, &srd_probe_sick_tablets, a));) {
        const char *list =
            a->table && a->table->rows ? srd_cell(a->table, 0, "UnhealthyTablets") : NULL;
        const char *id;

        while ((id = srd_storage_next_id(&list, l->out->arena)))
            found += has_id(&l->seen, id);
    }
    return found;
}

/* What was not looked at may hide a lost tablet: then "ok" would be a guess. */
static void say_what_is_hidden(struct losses *l, double unhealthy)
{
    double seen = count_seen(l);
    size_t dead = srd_storage_dead(l->be);
    size_t tables = srd_evidence_left_out(l->ev, &srd_probe_few_left);
    const struct srd_answer *missing = NULL;

    if (dead)
        missing = srd_evidence_missing(l->ev, &srd_probe_replication);
    if (dead && !missing)
        missing = srd_evidence_missing(l->ev, &srd_probe_few_left);
    srd_measured(l->out, "%s unhealthy tablets, %s of them looked at: each has a usable replica",
                 srd_text_count(l->out->arena, unhealthy), srd_text_count(l->out->arena, seen));
    if (missing)
        srd_cannot_judge(l->out, missing->status,
                         "which tables have their only replicas on a dead BE is not known: %s",
                         missing->detail);
    else if (tables)
        srd_cannot_judge(l->out, SRD_SKIPPED,
                         "%zu more tables have too few replicas for the backends that are dead",
                         tables);
    else if (seen < unhealthy)
        srd_cannot_judge(l->out, SRD_SKIPPED, "%s of %s unhealthy tablets were looked at",
                         srd_text_count(l->out->arena, seen),
                         srd_text_count(l->out->arena, unhealthy));
}

static void judge_no_healthy(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_statistic, NULL);
    struct losses l = { .ev = ev,
                        .out = out,
                        .be = srd_evidence_get(ev, &srd_probe_backends, NULL),
                        .all_tablets = srd_storage_sum(t, "TabletNum") };
    struct srd_limit none =
        srd_limit_catalogue(ev, "storage.tablet-no-healthy-replica", 0, SRD_UNIT_COUNT);
    double unhealthy = srd_storage_sum(t, "UnhealthyTabletNum");
    struct srd_finding *f;

    if (l.be->rows && srd_storage_dead(l.be) == l.be->rows && l.all_tablets > 0) {
        f = srd_finding_add(out, SRD_CRITICAL, "cluster", "tablets",
                            "no backend is alive: none of the %s tablets can be read",
                            srd_text_count(out->arena, l.all_tablets));
        srd_finding_value(f, l.all_tablets, none);
        srd_finding_share(f, 1, 1);
        srd_finding_row(f, &srd_probe_backends, l.be, 0);
        return;
    }
    read_samples(&l);
    judge_few_left(&l);
    for (size_t i = 0; i < l.sample_count; i++)
        judge_sample(&l, &l.samples[i]);
    say_what_is_hidden(&l, unhealthy);
}

/* clang-format off */
const struct srd_check srd_storage_tablet_no_healthy_replica = {
    .id = "storage.tablet-no-healthy-replica",
    .title = "Tablets that cannot be read",
    .family = "replica-health",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .outage = true,
    .needs = { &srd_probe_backends, &srd_probe_statistic },
    .wants = { &srd_probe_pending_tablets, &srd_probe_replication, &srd_probe_few_left,
               &srd_probe_sick_tablets, &srd_probe_replica_status, &srd_probe_tablet_replicas },
    .judge = judge_no_healthy,
    .limits = ". .restart",
    .why = "No replica can serve the visible version of a tablet: queries and loads that touch it fail, and repair "
           "cannot help because it needs a source.",
    .measured_by = "From '/statistic' and '/statistic/<db>' to some of the unhealthy tablets, with SHOW TABLET to their "
                   "partitions, and ADMIN SHOW REPLICA STATUS of these: a tablet without any replica of Status OK. While a "
                   "BE is dead also all tables that keep as few replicas as backends are dead. Materialized views are "
                   "read with SHOW TABLET FROM, which does not know replicas that are marked bad.",
    .rule = "critical, at once: a tablet with no usable replica; warning: its only replica is on a BE that went down less "
            "than 5 minutes ago",
    .source = "Replica.computeReplicaStatus() in the FE",
    .avoid = "The restart of a BE with tables that keep one replica: wait for it. A replica on a BE that is being "
             "decommissioned is printed as DEAD but still serves. What could not be looked at is said, never called ok.",
    .see = "cluster.be-down storage.single-replica backup.stale",
    .fix = {
        { "Start every BE that holds a replica: most cases end here", NULL, SRD_SAFE },
        { "Restore the partition from a backup", NULL, SRD_RISKY },
        { "Declare the best replica good, after looking at all of them",
          "ADMIN SET REPLICA STATUS PROPERTIES (\"tablet_id\" = \"{tablet}\", \"backend_id\" = \"{backend_id}\", "
          "\"status\" = \"ok\");", SRD_RISKY },
        { "Last resort, loads stopped: set the partition back to a version that a replica has (later transactions "
          "are lost, issue #79427)", NULL, SRD_RISKY },
        { "Never switch on recover_with_empty_tablet before every original disk was inspected: it makes empty replicas",
          NULL, SRD_RISKY },
    },
};
/* clang-format on */

const struct srd_check *const srd_storage_lost_checks[] = {
    &srd_storage_tablet_no_healthy_replica,
    NULL,
};
