"""How does a scenario become a large cluster?"""
import copy

COPIES = 50  # of the databases at most: clusters grow in tables and buckets, hardly in databases


def grow(c, nodes=None, tablets=None):
    """Adds nodes like those of the scenario, copies of its databases, so that the load per node stays, and buckets."""
    old = len(c.holders())
    if nodes and nodes > old and old:
        pattern = c.nodes[:old]
        for i in range(old, nodes):
            n = copy.deepcopy(pattern[i % old])
            n.id, n.index = c.new_id(), i
            n.name = f"{n.kind}{i + 1}"
            n.metrics = {}
            for j, d in enumerate(n.disks):
                d.hash = 7003000000000000000 + n.id * 1009 + j * 17
            c.nodes.append(n)
    elif nodes and nodes < old:
        c.nodes = [n for n in c.nodes if n not in c.holders()[nodes:]]
    times = max(1, round(nodes / old)) if nodes and old else 1
    have = sum(p.buckets * p.repl for t in c.all_tables() for p in t.partitions)
    if tablets and have:
        times = max(times, min(-(-tablets // have), COPIES))
    user = [d for d in c.dbs.values() if d.name != "_statistics_"]
    for k in range(1, times):
        for d in user:
            new = c.database(f"{d.name}_{k:03d}")
            for t in d.tables.values():
                x = copy.copy(t)
                x.db, x.id, x.index_id, x.partitions = new.name, c.new_id(), c.new_id(), []
                for p in t.partitions:
                    q = copy.copy(p)
                    c._seq += 1
                    q.id, q.seq, q.tablet_base, q.sizes = c.new_id(), c._seq, None, None
                    x.partitions.append(q)
                new.tables[x.name] = x
    have *= times
    if tablets and have and tablets > have:
        for t in c.all_tables():
            for p in t.partitions:
                p.buckets, p.tablet_base, p.sizes = p.buckets * -(-tablets // have), None, None
    c.generation += 1
    c.place()
