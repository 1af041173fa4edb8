/* Which nodes do queries avoid, and which brokers are gone? */

#include <string.h>

#include "experts/cluster/cluster.h"
#include "lib/base/text.h"

/* The blacklist. */

/* Every FE keeps a list of its own. From 4.0 on compute nodes have another statement. */
/* clang-format off */
const struct srd_probe srd_probe_node_blacklist = {
    .id = "node-blacklist",
    .summary = "nodes that an FE sends no queries to",
    .texts = { { .mode = SRD_MODE_SHARED_DATA, .since = SRD_VERSION(4, 0, 0),
                 .sql = "SHOW COMPUTE NODE BLACKLIST" },
               { .since = SRD_VERSION(3, 3, 0), .sql = "SHOW BACKEND BLACKLIST" } },
    .columns = "AddBlackListType LostConnectionTime",
    .privilege = "BLACKLIST",
    .where = SRD_ASK_EACH,
};
/* clang-format on */

static const char *listed_id(const struct srd_table *t, size_t row)
{
    const char *id = srd_cell(t, row, "BackendId");

    return id ? id : srd_cell_text(t, row, "ComputeNodeId");
}

/* What the lists of all FEs say about one node. */
struct listing {
    size_t frontends;
    bool manual, undated;
    int64_t longest_ms; /* of manual entries */
    const struct srd_table *table;
    size_t row;
};

static struct listing find_listing(const struct srd_evidence *ev, const struct srd_node *n)
{
    struct listing l = { 0 };

    for (const struct srd_answer *a = NULL;
         (a = srd_evidence_next(ev, &srd_probe_node_blacklist, a));)
        for (size_t row = 0; a->table && row < a->table->rows; row++) {
            bool manual = srd_cell_is(a->table, row, "AddBlackListType", "MANUAL");
            int64_t age = 0;

            if (strcmp(listed_id(a->table, row), n->id) != 0)
                continue;
            if (manual && !srd_age_ms(ev, a->table, row, "LostConnectionTime", &age))
                l.undated = true;
            if (!l.frontends || (manual && (!l.manual || age > l.longest_ms))) {
                l.table = a->table;
                l.row = row;
                l.longest_ms = age;
            }
            l.frontends++;
            l.manual = l.manual || manual;
        }
    return l;
}

static void report_listing(struct srd_findings *out, const struct srd_node *n,
                           const struct listing *l, size_t alive)
{
    struct srd_limit day = srd_limit_catalogue(out->ev, "cluster.be-blacklisted",
                                               (double)(24 * SRD_HOUR_MS), SRD_UNIT_MS);
    bool old = l->manual && (double)l->longest_ms > day.value;
    const char *running = srd_cell_text(n->table, n->row, "NumRunningQueries");
    struct srd_finding *f = srd_cluster_finding(
        out, old ? SRD_WARNING : SRD_INFO, n,
        "%s %s is alive and on the blacklist of %zu FE%s (%s%s%s)", srd_node_kind_name(n->kind),
        n->name, l->frontends, l->frontends == 1 ? "" : "s", l->manual ? "MANUAL" : "AUTO",
        l->manual && !l->undated ? ", for " : "",
        l->manual && !l->undated ? srd_text_duration(out->arena, l->longest_ms) : "");

    if (l->manual && !l->undated)
        srd_finding_value(f, (double)l->longest_ms, day);
    srd_finding_share(f, 1, (double)alive);
    srd_finding_field(out, f, "type", l->manual ? "MANUAL" : "AUTO");
    srd_finding_field(out, f, "running_queries", *running ? running : "unknown");
    srd_finding_row(f, &srd_probe_node_blacklist, l->table, l->row);
}

/* Half of the nodes on one FE's list: its queries have few places left, or none. */
static void judge_frontend_list(struct srd_findings *out, const struct srd_answer *a,
                                const struct srd_nodes *nodes, size_t alive)
{
    struct srd_limit half = { 50, SRD_UNIT_PERCENT, "catalogue" };
    size_t listed = 0;
    struct srd_finding *f;

    for (size_t row = 0; row < a->table->rows; row++) {
        const struct srd_node *n = srd_cluster_node(nodes, listed_id(a->table, row));

        listed += n && n->alive;
    }
    if (!listed || 2 * listed < alive)
        return;
    f = srd_finding_add(out, SRD_CRITICAL, "frontend", *a->node ? a->node : "frontend",
                        "FE %s sends no queries to %zu of %zu living nodes",
                        *a->node ? a->node : "", listed, alive);
    srd_finding_value(f, 100 * (double)listed / (double)alive, half);
    srd_finding_share(f, (double)listed, (double)alive);
    srd_finding_row(f, &srd_probe_node_blacklist, a->table, 0);
}

static void judge_blacklist(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_WORKERS);
    size_t alive = 0, listed = 0, unread = 0, asked = 0, undated = 0, left_out = 0;

    for (size_t i = 0; i < nodes.count; i++)
        alive += nodes.items[i].alive;
    for (const struct srd_answer *a = NULL;
         (a = srd_evidence_next(ev, &srd_probe_node_blacklist, a));) {
        bool dead = a->status == SRD_FAILED && a->detail && strstr(a->detail, "not alive");
        bool skipped = a->status == SRD_SKIPPED;

        asked += !dead && !skipped;
        left_out += skipped;
        unread += !dead && !skipped && !a->table;
        if (a->table && alive)
            judge_frontend_list(out, a, &nodes, alive);
    }
    for (size_t i = 0; i < nodes.count; i++) {
        struct listing l;

        if (!nodes.items[i].alive)
            continue; /* a dead node gets there by itself: cluster.be-down */
        l = find_listing(ev, &nodes.items[i]);
        if (!l.frontends)
            continue;
        listed++;
        undated += l.undated;
        report_listing(out, &nodes.items[i], &l, alive);
    }
    srd_measured(out, "%zu of %zu living nodes are on a blacklist", listed, alive);
    if (unread)
        srd_cannot_judge(out, SRD_FAILED, "the blacklists of %zu of %zu FEs could not be read",
                         unread, asked);
    else if (undated)
        srd_cannot_judge(out, SRD_FAILED, "since when %zu nodes are listed is not known", undated);
    else if (left_out)
        srd_cannot_judge(out, SRD_SKIPPED, "%zu of %zu FEs were not asked for their blacklists",
                         left_out, asked + left_out);
}

/* Brokers. */

const struct srd_probe srd_probe_brokers = {
    .id = "brokers",
    .summary = "brokers and whether they live",
    .texts = { { .sql = "SHOW BROKER" } },
    .columns = "Name IP Port Alive",
    .privilege = "OPERATE",
    .where = SRD_ASK_LEADER, /* who sends the heartbeats */
    .max_rows = 2000,        /* each is compared with each */
};

/* While every broker lives it does not matter who uses them. */
static void pick_repositories(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *brokers = srd_evidence_get(ev, &srd_probe_brokers, NULL);

    for (size_t row = 0; brokers && row < brokers->rows; row++)
        if (!srd_is_true(brokers, row, "Alive"))
            srd_keys_add(out, "", NULL, NULL);
}

const struct srd_probe srd_probe_repositories = {
    .id = "repositories",
    .summary = "repositories of backups and their brokers, when a broker is dead",
    .texts = { { .sql = "SHOW REPOSITORIES" } },
    .columns = "RepoName Broker",
    .after = &srd_probe_brokers,
    .pick = pick_repositories,
    .max_keys = 1,
};

static size_t alive_of_name(const struct srd_table *t, const char *name)
{
    size_t count = 0;

    for (size_t row = 0; row < t->rows; row++)
        count += srd_cell_is(t, row, "Name", name) && srd_is_true(t, row, "Alive");
    return count;
}

static const char *repository_of(const struct srd_evidence *ev, const char *broker)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_repositories, NULL);

    for (size_t row = 0; t && row < t->rows; row++)
        if (srd_cell_is(t, row, "Broker", broker))
            return srd_cell_text(t, row, "RepoName");
    return NULL;
}

static void judge_brokers(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_evidence_get(ev, &srd_probe_brokers, NULL);
    size_t dead = 0;

    for (size_t row = 0; row < t->rows; row++) {
        const char *name = srd_cell_text(t, row, "Name"), *repository;
        const char *address = srd_arena_printf(out->arena, "%s:%s", srd_cell_text(t, row, "IP"),
                                               srd_cell_text(t, row, "Port"));
        size_t others = alive_of_name(t, name);
        struct srd_finding *f;
        int64_t age;

        if (srd_is_true(t, row, "Alive"))
            continue;
        dead++;
        if (srd_age_ms(ev, t, row, "LastUpdateTime", &age) && age < SRD_MINUTE_MS)
            continue; /* may be restarting */
        repository = others ? NULL : repository_of(ev, name);
        f = srd_finding_add(out, repository ? SRD_CRITICAL : SRD_WARNING, "broker",
                            srd_arena_printf(out->arena, "%s %s", name, address),
                            "broker %s at %s is dead%s%s", name, address,
                            others ? srd_arena_printf(out->arena, ", %zu of that name live", others)
                            : repository ? " like all of that name, and repository "
                                         : " like all of that name",
                            repository ? srd_arena_printf(out->arena, "%s uses it", repository)
                                       : "");
        srd_finding_share(f, 1, (double)t->rows);
        srd_finding_field(out, f, "broker", srd_quote_identifier(out->arena, name));
        srd_finding_field(out, f, "address", address);
        srd_finding_row(f, &srd_probe_brokers, t, row);
    }
    if (t->rows)
        srd_measured(out, "%zu of %zu brokers are alive", t->rows - dead, t->rows);
    else
        srd_measured(out, "the cluster has no broker");
}

/* clang-format off */
const struct srd_check srd_cluster_be_blacklisted = {
    .id = "cluster.be-blacklisted",
    .title = "Living nodes on the blacklist",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_backends, &srd_probe_compute_nodes, &srd_probe_node_blacklist },
    .judge = judge_blacklist,
    .limits = ".",
    .why = "A node on the blacklist lives and gets no queries. Forgotten MANUAL entries waste machines and load the others; "
           "AUTO entries show a broken way between FE and BE. One such node also makes every be_* system table of that FE "
           "fail, which blinds many checks.",
    .measured_by = "SHOW BACKEND BLACKLIST on every FE (3.3 and later), in shared-data SHOW COMPUTE NODE BLACKLIST (4.0 and "
                   "later): AddBlackListType and LostConnectionTime. Compute nodes of a shared-nothing cluster are not asked for.",
    .rule = "critical: an FE has half of the living nodes or more on its list; warning: a MANUAL entry of more than 24 hours; "
            "info: any other, for AUTO entries matter only when they stay",
    .source = "black_host_history_sec (120); issues 78575, 78576, 18835; the 24 hours are our judgement",
    .avoid = "AUTO entries go away by themselves within minutes of a restart. Dead nodes get onto the list by themselves: that "
             "is cluster.be-down. Each FE keeps a list of its own: of more than 5 FEs the leader, the connected one and "
             "three others are asked, and the report says so.",
    .see = "cluster.be-down query.internal-error query.skewed-execution",
    .fix = {
        { "See that the brpc port of {node} can be reached from the FE, then take it off the list of each FE (DELETE COMPUTE "
          "NODE BLACKLIST for a compute node)", "DELETE BACKEND BLACKLIST {id};", SRD_SAFE },
    },
};

const struct srd_check srd_cluster_broker_down = {
    .id = "cluster.broker-down",
    .title = "Broker is dead",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_brokers },
    .wants = { &srd_probe_repositories },
    .judge = judge_brokers,
    .why = "Broker loads, exports and backups that name the broker fail.",
    .measured_by = "SHOW BROKER: Alive; SHOW REPOSITORIES: Broker. Whether loads name it cannot be seen in one statement.",
    .rule = "critical: all brokers of a name are dead and a repository uses that name; warning: any dead broker",
    .source = "our judgement",
    .avoid = "No broker at all is normal. One that is silent for less than a minute may be restarting.",
    .see = "load.job-failure-rate backup.repository-error",
    .fix = {
        { "Restart it", NULL, SRD_SAFE },
        { "Drop it if nobody needs it; loads can do without (WITH BROKER and no name)",
          "ALTER SYSTEM DROP BROKER {broker} \"{address}\";", SRD_RISKY },
    },
};
/* clang-format on */

const struct srd_check *const srd_cluster_services_checks[] = {
    &srd_cluster_be_blacklisted,
    &srd_cluster_broker_down,
    NULL,
};
