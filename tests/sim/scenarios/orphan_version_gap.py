"""A partition waits since hours for a version whose transaction is gone: what follows can never become visible."""

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 50, "score_max": 69, "cause": "RC-28",
          "must": ["txn.next-version-gap"],
          "must_not": ["txn.committed-not-visible", "txn.running-near-limit", "txn.prepare-leaked", "cluster.be-down"],
          "values": {"crm.customer/customer": {"visible": 10828, "next": 12831}}}


def build(c):
    # writing transactions only: nothing is committed that could fill the gap
    c.transactions[:] = [x for x in c.transactions if x["status"] != "COMMITTED"]
    p = c.at("crm.customer").partitions[0]
    p.version, p.next_version, p.written_ago = 10828, 12831, 5 * 3600
    c.transactions.append({"id": 99001, "db": "crm", "label": "customer_sync", "status": "PREPARE", "prepare_ago": 4})
    # a neighbour that is only busy
    q = c.at("crm.contract").partitions[0]
    q.next_version, q.written_ago = q.version + 3, 1
    return c
