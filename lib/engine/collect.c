/*
 * Asks the planned probes, level by level, a few at a time, and turns every failure into a reason.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/engine/crew.h"
#include "lib/engine/engine.h"
#include "lib/engine/plan.h"
#include "lib/model/identity.h"

#define DEFAULT_TIMEOUT_MS 45000
#define DEFAULT_MAX_KEYS 20
#define MAX_FRONTENDS 5 /* that are asked one by one: a group and two observers */
#define MAX_GUESSED 8   /* more questions than these take longer than a round trip anyway */
/*
 * Our judgement: 200 BEs with 50,000 tablet replicas each, twice what a BE should hold. Beyond that
 * a walk over the catalogue may keep the FE from its work for longer than it is worth.
 */
#define DEFAULT_HEAVY_LIMIT 10000000

/* The jobs of one level, in the order in which their answers enter the evidence. */
struct jobs {
    struct srd_job *items;
    size_t count, room;
};

struct collector {
    const struct srd_catalogue *catalogue;
    struct srd_source *src;
    const struct srd_run_options *options;
    struct srd_arena *arena;
    struct srd_evidence *ev;
    struct srd_crew *crew;
    int64_t deadline_ms; /* of the whole run */
    bool partial;
    size_t done, planned;
    struct jobs guessed; /* asked along with identity; may be what the first level asks */
};

static struct srd_job *add_job(struct collector *c, struct jobs *jobs,
                               const struct srd_probe *probe, const char *key, const char *node)
{
    struct srd_job *job;

    if (jobs->count == jobs->room) {
        size_t room = jobs->room ? 2 * jobs->room : 32;
        struct srd_job *items = srd_arena_array(c->arena, room, sizeof(*items));

        if (jobs->count)
            memcpy(items, jobs->items, jobs->count * sizeof(*items));
        jobs->items = items;
        jobs->room = room;
    }
    job = &jobs->items[jobs->count++];
    *job = (struct srd_job){ .question = { .probe = probe, .key = key, .node = node } };
    job->answer = (struct srd_answer){
        .probe = probe, .key = key, .node = node, .status = SRD_ANSWERED, .detail = ""
    };
    return job;
}

static void settle(struct srd_job *job, enum srd_status status, const char *detail)
{
    job->state = SRD_JOB_DONE;
    job->answer.status = status;
    job->answer.detail = detail;
}

static const char *version_words(struct collector *c, const struct srd_probe *probe)
{
    const struct srd_cluster *cluster = &c->ev->cluster;

    for (size_t i = 0; i < SRD_MAX_TEXTS && probe->texts[i].sql; i++) {
        const struct srd_probe_text *text = &probe->texts[i];

        if (!srd_mode_includes(text->mode, cluster->mode))
            continue;
        if (text->since > cluster->version)
            return srd_arena_printf(c->arena, "needs StarRocks %d.%d.%d or newer",
                                    text->since / 10000, text->since / 100 % 100,
                                    text->since % 100);
        if (text->until && text->until < cluster->version)
            return srd_arena_printf(c->arena, "gone after StarRocks %d.%d.%d", text->until / 10000,
                                    text->until / 100 % 100, text->until % 100);
    }
    return "not in this version";
}

static bool no_node_alive(const struct srd_evidence *ev)
{
    return srd_evidence_get(ev, &srd_probe_backends, NULL) &&
           srd_evidence_get(ev, &srd_probe_compute_nodes, NULL) &&
           ev->cluster.backends_alive + ev->cluster.compute_nodes_alive == 0;
}

/* What the nodes last said to hold, dead ones too: the FE keeps an entry for each. 0: not known. */
static double tablet_replicas(const struct srd_evidence *ev)
{
    static const struct srd_probe *const nodes[] = { &srd_probe_backends,
                                                     &srd_probe_compute_nodes };
    double sum = 0, one;

    for (size_t i = 0; i < SRD_COUNT(nodes); i++) {
        const struct srd_table *table = srd_evidence_get(ev, nodes[i], NULL);

        for (size_t row = 0; table && row < table->rows; row++)
            if (srd_cell_number(table, row, "TabletNum", &one) && one > 0)
                sum += one;
    }
    return sum;
}

/* Why no heavy question may be asked, or NULL. What a file holds costs the cluster nothing. */
static const char *too_heavy(struct collector *c)
{
    int64_t limit = c->options->heavy_limit ? c->options->heavy_limit : DEFAULT_HEAVY_LIMIT;
    double replicas = tablet_replicas(c->ev);
    const char *why;

    if (c->src->recorded)
        return NULL;
    if (c->catalogue->stressed && c->catalogue->stressed(c->ev, &why))
        return srd_arena_printf(c->arena, "cluster under stress: %s", why);
    if (limit > 0 && replicas > (double)limit)
        return srd_arena_printf(c->arena,
                                "cluster too large: %s tablet replicas, and heavy questions are "
                                "asked up to %s; --heavy-limit 0 asks them all the same",
                                srd_text_count(c->arena, replicas),
                                srd_text_count(c->arena, (double)limit));
    return NULL;
}

/* Gives the job its statement, or the reason why it is not asked. */
static void prepare(struct collector *c, struct srd_job *job, const struct srd_key *key)
{
    const struct srd_probe *probe = job->question.probe;
    const struct srd_cluster *cluster = &c->ev->cluster;
    const struct srd_probe_text *text = srd_probe_text(probe, cluster->version, cluster->mode);
    struct srd_error err;
    const char *why;

    if (!text && !srd_probe_has_mode(probe, cluster->mode))
        settle(job, SRD_MODE_ABSENT,
               srd_arena_printf(c->arena, "a %s cluster has no such thing",
                                srd_mode_name(cluster->mode)));
    else if (!text)
        settle(job, SRD_VERSION_ABSENT, version_words(c, probe));
    else if (probe->needs_node && no_node_alive(c->ev))
        settle(job, SRD_NO_BACKEND, "no BE or CN is alive to evaluate it");
    else if (probe->cost == SRD_COST_HEAVY && (why = too_heavy(c)))
        settle(job, SRD_SKIPPED, why);
    else if (srd_probe_render(probe, text, key, c->arena, &job->question.sql, &err))
        settle(job, SRD_FAILED, srd_arena_copy(c->arena, err.text));
}

/* An FE of SHOW FRONTENDS as a node to ask. */
struct frontend {
    const char *node; /* "host:port" */
    bool dead, wanted;
};

static void want(struct frontend *all, size_t count, const char *node, size_t *room)
{
    for (size_t i = 0; i < count && *room; i++) {
        if (all[i].dead || all[i].wanted || (node && strcmp(all[i].node, node) != 0))
            continue;
        all[i].wanted = true;
        --*room;
    }
}

/* The alive FEs, but no more than a few of many: the leader, the connected one, then as they are
 * listed. */
static size_t choose_frontends(struct collector *c, const struct srd_table *fe,
                               struct frontend **out)
{
    struct frontend *all = srd_arena_array(c->arena, fe->rows + 1, sizeof(*all));
    size_t room = MAX_FRONTENDS;

    for (size_t row = 0; row < fe->rows; row++) {
        const char *host = srd_cell_text(fe, row, "IP");
        bool alive = false;

        all[row].node = srd_arena_printf(c->arena, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
                                         srd_cell_text(fe, row, "QueryPort"));
        all[row].dead = srd_cell_bool(fe, row, "Alive", &alive) && !alive;
    }
    want(all, fe->rows, c->ev->cluster.leader, &room);
    want(all, fe->rows, c->ev->cluster.connected, &room);
    want(all, fe->rows, NULL, &room);
    *out = all;
    return fe->rows;
}

/* One job per FE, for what each FE knows for itself. */
static void add_each_frontend(struct collector *c, struct jobs *jobs, const struct srd_probe *probe,
                              const char *key_text, const struct srd_key *key)
{
    const struct srd_table *fe = srd_evidence_get(c->ev, &srd_probe_frontends, NULL);
    struct frontend *all;
    size_t count;

    if (!fe) {
        prepare(c, add_job(c, jobs, probe, key_text, c->ev->cluster.connected), key);
        return;
    }
    count = choose_frontends(c, fe, &all);
    for (size_t i = 0; i < count; i++) {
        struct srd_job *job = add_job(c, jobs, probe, key_text, all[i].node);

        if (all[i].dead)
            settle(job, SRD_FAILED, "this FE is not alive");
        else if (!all[i].wanted)
            settle(job, SRD_SKIPPED,
                   srd_arena_printf(c->arena, "only %d FEs are asked", MAX_FRONTENDS));
        else
            prepare(c, job, key);
    }
}

static void add_jobs(struct collector *c, struct jobs *jobs, const struct srd_probe *probe)
{
    struct srd_keys keys = { .arena = c->arena,
                             .max = probe->max_keys ? probe->max_keys : DEFAULT_MAX_KEYS };

    if (!probe->pick) {
        if (probe->where == SRD_ASK_EACH)
            add_each_frontend(c, jobs, probe, "", NULL);
        else
            prepare(c, add_job(c, jobs, probe, "", ""), NULL);
        return;
    }
    if (probe->after && srd_evidence_missing(c->ev, probe->after))
        return; /* srd_evidence_missing() of this probe then answers with that reason */
    probe->pick(c->ev, &keys);
    if (keys.left_out)
        srd_evidence_leave_out(c->ev, probe, keys.left_out);
    for (size_t i = 0; i < keys.count; i++) {
        const char *text = srd_key_text(probe, &keys.keys[i], c->arena);

        if (probe->where == SRD_ASK_EACH)
            add_each_frontend(c, jobs, probe, text, &keys.keys[i]);
        else
            prepare(c, add_job(c, jobs, probe, text, ""), &keys.keys[i]);
    }
}

/* Time-outs of what was still waiting when the run's time was over. */
static void give_up_waiting(struct collector *c, struct jobs *jobs, const struct srd_error *fatal)
{
    for (size_t i = 0; i < jobs->count; i++) {
        struct srd_job *job = &jobs->items[i];

        if (job->state == SRD_JOB_DONE)
            continue;
        if (fatal->code)
            settle(job, SRD_FAILED, srd_arena_copy(c->arena, fatal->text));
        else
            settle(job, SRD_TIMED_OUT, "the time of the run was over before it could be asked");
    }
}

/* Identity tables get theirs from srd_identify(), which is what finds the zones out. */
static void set_zone(struct collector *c, const struct srd_answer *answer)
{
    /* the source made this table for us and has handed it over */
    struct srd_table *table = (struct srd_table *)(uintptr_t)answer->table;

    if (!table || srd_plan_is_identity(answer->probe))
        return;
    srd_table_set_zone(table, answer->probe->zone, &c->ev->cluster);
    if (answer->probe->zone == SRD_ZONE_SESSION && c->src->session_zone_unknown)
        table->zone_known = false;
}

/* The number of jobs that have an answer, from the first one on. */
static size_t answered(const struct jobs *jobs)
{
    size_t n = 0;

    while (n < jobs->count && jobs->items[n].state == SRD_JOB_DONE)
        n++;
    return n;
}

/* Runs the jobs; the answers are in them afterwards. *@whole of the first the source answered. */
static int run_jobs(struct collector *c, struct jobs *jobs, size_t *whole, struct srd_error *err)
{
    struct srd_error fatal = { 0 };
    enum srd_crew_end end;

    c->planned += jobs->count;
    end = srd_crew_run(c->crew, jobs->items, jobs->count, c->deadline_ms, &fatal);
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->items[i].memory)
            srd_arena_adopt(c->arena, &jobs->items[i].memory);
    if (end == SRD_CREW_CANCELLED)
        return srd_fail(err, SRD_E_CANCELLED, "interrupted");
    if (end == SRD_CREW_TIMED_OUT)
        c->partial = true;
    *whole = answered(jobs);
    give_up_waiting(c, jobs, &fatal);
    c->done += jobs->count;
    return fatal.code && fatal.code != SRD_E_CANCELLED ? srd_fail(err, fatal.code, "%s", fatal.text)
                                                       : 0;
}

static void enter(struct collector *c, const struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++) {
        struct srd_job *job = &jobs->items[i];

        set_zone(c, &job->answer);
        srd_evidence_add(c->ev, &job->answer);
    }
}

static int run_level(struct collector *c, struct jobs *jobs, struct srd_error *err)
{
    size_t whole;

    if (run_jobs(c, jobs, &whole, err) && err->code == SRD_E_CANCELLED)
        return err->code;
    enter(c, jobs);
    return err->code;
}

/* ---- asking along with identity what it will most likely lead to ---- */

/* A question that depends on nothing that identity says, beside what is known of it. */
static bool can_go_along(const struct collector *c, const struct srd_probe *probe)
{
    return srd_plan_level(c->catalogue, probe) == 1 && !probe->pick &&
           (!probe->needs_node || c->src->known.nodes_alive) && probe->where != SRD_ASK_EACH &&
           probe->cost != SRD_COST_HEAVY;
}

static void guess(struct collector *c, const struct srd_probe *const *probes, struct jobs *jobs)
{
    const struct srd_known *known = &c->src->known;
    struct srd_cluster *cluster = &c->ev->cluster;
    size_t all = 0;

    if (!known->set || c->src->recorded)
        return;
    if (c->options->only_for)
        probes = srd_plan_fitting(c->options->only_for, c->options, known->version, known->mode,
                                  c->arena);
    probes = srd_plan_complete(c->catalogue, probes, c->arena);
    for (const struct srd_probe *const *p = probes; *p; p++)
        all += srd_plan_level(c->catalogue, *p) > 0;
    if (all > MAX_GUESSED)
        return;
    cluster->version = known->version;
    cluster->mode = known->mode;
    for (const struct srd_probe *const *p = probes; *p; p++)
        if (can_go_along(c, *p))
            prepare(c, add_job(c, jobs, *p, "", ""), NULL);
    cluster->version = 0;
    cluster->mode = SRD_MODE_ANY;
}

/* For the next run, which may be over the same source. */
static void remember(struct collector *c)
{
    const struct srd_cluster *cluster = &c->ev->cluster;
    struct srd_known *known = &c->src->known;
    const char *leader = cluster->leader ? cluster->leader : "";

    *known = (struct srd_known){ .version = cluster->version,
                                 .mode = cluster->mode,
                                 .frontends = cluster->frontends,
                                 .nodes_alive =
                                     cluster->backends_alive + cluster->compute_nodes_alive > 0 };
    known->set =
        cluster->version && cluster->mode != SRD_MODE_ANY && strlen(leader) < sizeof(known->leader);
    if (known->set)
        memcpy(known->leader, leader, strlen(leader) + 1);
}

/* Those of @jobs that were asked already, in the very same words. */
static void take_guessed(struct collector *c, struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++) {
        struct srd_job *job = &jobs->items[i];

        for (size_t k = 0; k < c->guessed.count && job->state == SRD_JOB_WAITING; k++) {
            const struct srd_job *other = &c->guessed.items[k];

            if (other->question.probe != job->question.probe || !other->question.sql ||
                strcmp(other->question.sql, job->question.sql) != 0 || *job->question.key ||
                *job->question.node)
                continue;
            job->answer = other->answer;
            job->state = SRD_JOB_DONE;
        }
    }
}

/* ---- level by level ---- */

/* A server of which nothing at all could be learnt is not worth a report. */
static int learnt_something(struct collector *c, struct srd_error *err)
{
    size_t silent = 0, asked = 0, known = 0;
    const char *words = "";

    for (size_t i = 0; i < c->ev->count; i++) {
        const struct srd_answer *a = &c->ev->answers[i];

        if (a->probe == &srd_probe_clock || a->status == SRD_SKIPPED)
            continue; /* any MySQL knows the time; an old snapshot may lack a question */
        asked++;
        if (a->status == SRD_ANSWERED || a->status == SRD_DENIED)
            known++;
        else if (a->status == SRD_TIMED_OUT)
            silent++;
        else if (!words[0])
            words = a->detail;
    }
    if (!asked || known)
        return 0;
    if (silent)
        return srd_fail(
            err, SRD_E_CONNECT,
            "%s accepts connections but answered no statement in time; look at the FE's "
            "load and logs, or give it longer with --timeout",
            c->src->connected);
    return srd_fail(
        err, SRD_E_CONNECT,
        "the server at %s is no StarRocks FE (SHOW FRONTENDS: %s); give the host and the "
        "query_port (9030) of an FE",
        c->src->connected, words);
}

/* Round 0, and what goes along with it. */
static int ask_identity(struct collector *c, const struct srd_probe *const *probes,
                        struct srd_error *err)
{
    struct jobs jobs = { 0 };
    size_t own, whole;

    for (const struct srd_probe *const *probe = srd_identity_probes; *probe; probe++)
        add_jobs(c, &jobs, *probe);
    own = jobs.count;
    guess(c, probes, &jobs);
    if (run_jobs(c, &jobs, &whole, err)) {
        if (err->code == SRD_E_CANCELLED || whole < own)
            return err->code;
        err->code = SRD_OK; /* it was lost behind identity: the first level will say so */
        jobs.count = own;
    }
    c->guessed = (struct jobs){ .items = jobs.items + own, .count = jobs.count - own };
    jobs.count = own;
    enter(c, &jobs);
    return 0;
}

static int identify(struct collector *c, const struct srd_probe *const *probes,
                    struct srd_error *err)
{
    const struct srd_known *known = &c->src->known;
    struct srd_cluster *cluster = &c->ev->cluster;

    if (ask_identity(c, probes, err) || learnt_something(c, err))
        return err->code;
    srd_identify(c->ev, c->src->connected);
    if (c->options->cluster_name)
        cluster->name = srd_arena_copy(c->arena, c->options->cluster_name);
    else if (c->src->cluster_name)
        cluster->name = srd_arena_copy(c->arena, c->src->cluster_name);
    else
        cluster->name = srd_arena_copy(c->arena, c->src->connected);
    if (strcmp(cluster->leader, known->leader) != 0 || cluster->frontends != known->frontends)
        c->guessed.count = 0; /* whoever answered them is not who should have */
    c->src->known.set = false;
    if (c->src->ops->use(c->src, cluster, &cluster->follower, err))
        return err->code;
    remember(c);
    return 0;
}

static int ask_levels(struct collector *c, const struct srd_probe *const *probes,
                      struct srd_error *err)
{
    int deepest = 0;

    for (const struct srd_probe *const *p = probes; *p; p++) {
        int level = srd_plan_level(c->catalogue, *p);

        deepest = level > deepest ? level : deepest;
    }
    for (int level = 1; level <= deepest; level++) {
        struct jobs jobs = { 0 };

        for (const struct srd_probe *const *p = probes; *p; p++)
            if (srd_plan_level(c->catalogue, *p) == level)
                add_jobs(c, &jobs, *p);
        if (level == 1)
            take_guessed(c, &jobs);
        if (run_level(c, &jobs, err) == 0)
            continue;
        if (err->code == SRD_E_CANCELLED)
            return err->code;
        /* The cluster went away in the middle: what was learnt before is still worth a report,
         * in which everything else says why it is missing. */
        err->code = SRD_OK;
    }
    return 0;
}

int srd_collect(const struct srd_catalogue *catalogue, struct srd_source *src,
                const struct srd_probe *const *probes, const struct srd_run_options *options,
                struct srd_arena *arena, struct srd_evidence **out, bool *partial,
                struct srd_error *err)
{
    SRD_CLEANUP(srd_crew_free) struct srd_crew *crew = NULL;
    struct collector c = { .catalogue = catalogue,
                           .src = src,
                           .options = options,
                           .arena = arena,
                           .ev = srd_evidence_new(arena) };
    int64_t timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;

    c.deadline_ms = srd_clock_monotonic_ms() + timeout_ms;
    if (srd_crew_new(src, options, &crew, err))
        return err->code;
    c.crew = crew;
    c.ev->overrides = options->overrides;
    c.ev->declared = options->declared;
    c.ev->args = options->args;
    if (identify(&c, probes, err))
        return err->code;
    if (options->only_for)
        probes = srd_plan_fitting(options->only_for, options, c.ev->cluster.version,
                                  c.ev->cluster.mode, arena);
    if (ask_levels(&c, srd_plan_complete(catalogue, probes, arena), err))
        return err->code;
    *out = c.ev;
    *partial = c.partial;
    return 0;
}
