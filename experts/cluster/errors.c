/* What do the heartbeats of dead nodes say is wrong? */

#include <string.h>

#include "experts/cluster/cluster.h"
#include "lib/base/cleanup.h"

/*
 * Words of the heartbeat, in the order in which they are looked for: some texts hold two. The rest
 * is passed on as it is.
 */
static const struct class
{
    const char *words; /* in lower case */
    enum srd_severity severity;
    const char *meaning;
} classes[] = {
    { "cluster id", SRD_CRITICAL, "its data belongs to another cluster" },
    { "cluster_id", SRD_CRITICAL, "its data belongs to another cluster" },
    { "token", SRD_CRITICAL, "it has another token than this cluster" },
    { "priority_networks", SRD_WARNING, "its address does not fit priority_networks" },
    { "unable to resolve", SRD_WARNING, "its host name cannot be resolved" },
    { "unknownhost", SRD_WARNING, "its host name cannot be resolved" },
    { "unknown host", SRD_WARNING, "its host name cannot be resolved" },
    { "name or service not known", SRD_WARNING, "its host name cannot be resolved" },
    { "epoch", SRD_WARNING, "it answers to a former leader" },
    { "connect timed out", SRD_WARNING, "it cannot be reached over the network" },
    { "no route to host", SRD_WARNING, "it cannot be reached over the network" },
    { "connection timed out", SRD_WARNING, "it cannot be reached over the network" },
};

/* Heartbeat errors are a line or a stack; words beyond the first kilobytes are somebody else's. */
static const struct class *classify(const char *text, struct srd_arena *arena)
{
    char *lower = srd_arena_copy_n(arena, text, strnlen(text, 4096));

    for (char *p = lower; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    for (size_t i = 0; i < SRD_COUNT(classes); i++)
        if (strstr(lower, classes[i].words))
            return &classes[i];
    return NULL;
}

static void judge_heartbeats(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_ALL);
    size_t dead = 0, silent = 0, without = 0;

    for (size_t i = 0; i < nodes.count; i++) {
        const struct srd_node *n = &nodes.items[i];
        const char *text = srd_cell_text(n->table, n->row, "ErrMsg");
        const struct class *class;
        enum srd_severity severity = SRD_INFO;
        struct srd_finding *f;

        without += srd_column(n->table, "ErrMsg") == SRD_NO_COLUMN;
        if (n->alive || n->leaving || n->stopping)
            continue; /* what an alive one prints is left over */
        dead++;
        if (!srd_cell_has(n->table, n->row, "ErrMsg")) {
            silent++;
            continue;
        }
        if (n->silent_known && n->silent_ms < SRD_MINUTE_MS)
            continue; /* may be restarting */
        class = classify(text, out->arena);
        if (class) /* one that never took part is not missed yet */
            severity = n->seen ? class->severity : SRD_WARNING;
        f = srd_cluster_finding(out, severity, n, "%s %s: %s%s\"%s\"", srd_node_kind_name(n->kind),
                                n->name, class ? class->meaning : "the heartbeat says",
                                class ? ": " : " ", srd_cluster_excerpt(out->arena, text));
        srd_finding_share(f, 1, (double)nodes.count);
        srd_finding_field(out, f, "meaning", class ? class->meaning : "unknown");
    }
    srd_measured(out, "%zu of %zu nodes do not answer, %zu of them without a word", dead,
                 nodes.count, silent);
    if (without)
        srd_cannot_judge(out, SRD_VERSION_ABSENT, "a list of nodes has no column ErrMsg");
}

/* clang-format off */
const struct srd_check srd_cluster_heartbeat_error = {
    .id = "cluster.heartbeat-error",
    .title = "Heartbeat names a fault",
    .family = "be-availability",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_frontends, &srd_probe_backends, &srd_probe_compute_nodes },
    .judge = judge_heartbeats,
    .why = "The text says more than \"dead\": a wrong cluster id, address, version or network is not cured by a restart.",
    .measured_by = "ErrMsg of nodes that are not alive in SHOW FRONTENDS, SHOW BACKENDS and SHOW COMPUTE NODES",
    .rule = "critical, for a node that has been in use: cluster id or token; warning: a name that cannot be resolved, "
            "priority_networks, the epoch of a former leader, an address that cannot be reached; info: any other text",
    .source = "texts of the heartbeat manager of the FE; issue 48523",
    .avoid = "A node that lives again may still print its last error: only those that are not alive are read, after a "
             "minute and not while they stop in order.",
    .see = "cluster.be-down cluster.fe-down",
    .fix = {
        { "Refused: nothing listens there, start {node}. An address that cannot be resolved or reached: correct "
          "priority_networks or the name it was registered with, and restart it", NULL, SRD_SAFE },
        { "A foreign cluster id: find out where the data of {node} comes from before anything else; never delete the file "
          "cluster_id to make it fit", NULL, SRD_RISKY },
    },
};
/* clang-format on */

const struct srd_check *const srd_cluster_errors_checks[] = { &srd_cluster_heartbeat_error, NULL };
