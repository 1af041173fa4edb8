/* Which nodes are there, how long have they lived, and how long have they been silent? */

#include "experts/cluster/cluster.h"

#include <stdarg.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"

const char *srd_node_kind_name(enum srd_node_kind kind)
{
    return kind == SRD_NODE_FE ? "FE" : kind == SRD_NODE_BE ? "BE" : "CN";
}

/* What differs between the three lists. */
static const struct list {
    enum srd_node_kind kind;
    const struct srd_probe *probe;
    const char *subject, *id, *start;
} lists[] = {
    { SRD_NODE_FE, &srd_probe_frontends, "frontend", "Id", "StartTime" },
    { SRD_NODE_BE, &srd_probe_backends, "backend", "BackendId", "LastStartTime" },
    { SRD_NODE_CN, &srd_probe_compute_nodes, "compute_node", "ComputeNodeId", "LastStartTime" },
};

static void read_node(const struct srd_evidence *ev, struct srd_arena *arena,
                      const struct list *list, const struct srd_table *t, size_t row,
                      struct srd_node *node)
{
    *node = (struct srd_node){
        .kind = list->kind,
        .probe = list->probe,
        .table = t,
        .row = row,
        .subject = list->subject,
        .name = srd_node_name(arena, t, row),
        .id = srd_cell_text(t, row, list->id),
        .alive = srd_is_true(t, row, "Alive"),
        .leaving = srd_is_true(t, row, "SystemDecommissioned"),
        .stopping = srd_cell_is(t, row, "StatusCode", "SHUTDOWN"),
        .seen = srd_cell_has(t, row, "LastHeartbeat"),
        .version_text = srd_cell_text(t, row, "Version"),
    };
    node->silent_known = srd_age_ms(ev, t, row, "LastHeartbeat", &node->silent_ms);
    node->up_known = srd_age_ms(ev, t, row, list->start, &node->up_ms);
    node->version = srd_version_parse(node->version_text);
}

struct srd_nodes srd_cluster_nodes(const struct srd_evidence *ev, struct srd_arena *arena,
                                   unsigned kinds)
{
    struct srd_nodes nodes = { 0 };
    size_t room = 0;

    for (size_t i = 0; i < SRD_COUNT(lists); i++) {
        const struct srd_table *t = srd_evidence_get(ev, lists[i].probe, NULL);

        room += t && (kinds & lists[i].kind) ? t->rows : 0;
    }
    nodes.items = srd_arena_array(arena, room + 1, sizeof(*nodes.items));
    for (size_t i = 0; i < SRD_COUNT(lists); i++) {
        const struct srd_table *t = srd_evidence_get(ev, lists[i].probe, NULL);

        for (size_t row = 0; t && (kinds & lists[i].kind) && row < t->rows; row++)
            read_node(ev, arena, &lists[i], t, row, &nodes.items[nodes.count++]);
    }
    return nodes;
}

const struct srd_node *srd_cluster_node(const struct srd_nodes *nodes, const char *id)
{
    for (size_t i = 0; id && i < nodes->count; i++)
        if (nodes->items[i].kind != SRD_NODE_FE && !strcmp(nodes->items[i].id, id))
            return &nodes->items[i];
    return NULL;
}

enum srd_gone srd_cluster_gone(const struct srd_node *node, int64_t ms)
{
    if (node->alive)
        return SRD_GONE_NO;
    if (!node->silent_known)
        return SRD_GONE_UNKNOWN;
    return node->silent_ms >= ms ? SRD_GONE_YES : SRD_GONE_NO;
}

struct srd_finding *srd_cluster_finding(struct srd_findings *out, enum srd_severity severity,
                                        const struct srd_node *node, const char *format, ...)
{
    struct srd_finding *f;
    const char *text;
    va_list args;

    va_start(args, format);
    text = srd_arena_vprintf(out->arena, format, args);
    va_end(args);
    f = srd_finding_add(out, severity, node->subject, node->name, "%s", text);
    srd_finding_field(out, f, "node", node->name);
    srd_finding_field(out, f, "id", node->id);
    srd_finding_field(out, f, "address",
                      srd_arena_printf(out->arena, "%s:%s",
                                       srd_cell_text(node->table, node->row, "IP"),
                                       srd_cell_text(node->table, node->row,
                                                     node->kind == SRD_NODE_FE ? "EditLogPort"
                                                                               : "HeartbeatPort")));
    srd_finding_row(f, node->probe, node->table, node->row);
    return f;
}

size_t srd_cluster_leader_row(const struct srd_table *fe)
{
    for (size_t row = 0; fe && row < fe->rows; row++)
        if (srd_cell_is(fe, row, "Role", "LEADER") && srd_is_true(fe, row, "Alive"))
            return row;
    return SRD_NO_COLUMN;
}

bool srd_cluster_gauge(const struct srd_table *gauges, struct srd_arena *arena, const char *fe,
                       const char *metric, const char *label, const char *value, double *out,
                       size_t *at)
{
    for (size_t row = 0; gauges && row < gauges->rows; row++) {
        const char *text;

        if (!srd_cell_is(gauges, row, "NAME", metric) || !srd_cell_is(gauges, row, "FE_ID", fe))
            continue;
        text = label ? srd_cell_json(gauges, row, "LABELS", label, arena) : NULL;
        if (label && (!text || strcmp(text, value) != 0))
            continue;
        *at = row;
        return srd_cell_number(gauges, row, "VALUE", out);
    }
    return false;
}

bool srd_cluster_missing(const struct srd_evidence *ev, struct srd_findings *out,
                         const struct srd_probe *probe)
{
    const struct srd_answer *a = srd_evidence_missing(ev, probe);

    if (!a)
        return false;
    srd_cannot_judge(out, a->status, "probe %s: %s", a->probe->id,
                     a->detail && *a->detail ? a->detail : srd_status_name(a->status));
    return true;
}

#define EXCERPT 160

const char *srd_cluster_excerpt(struct srd_arena *arena, const char *text)
{
    size_t n = strnlen(text, EXCERPT + 1);

    if (n <= EXCERPT)
        return text;
    return srd_arena_printf(arena, "%s ...",
                            srd_arena_copy_n(arena, text, srd_utf8_whole(text, EXCERPT)));
}
