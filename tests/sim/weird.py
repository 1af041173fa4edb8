"""Which names does a cluster have that a terminal, a log or SQL quoting must survive?"""
from .model import GB

DB = "we`ird db"
TABLE = "we`ird.名字"
ESC = "\x1b[31mred\x1b[0m"


def add(c, sick=True):
    """A database and tables with hostile names; sick: their numbers raise findings, so that the names are printed."""
    t = c.table(DB, TABLE, 0.5, buckets=6, comment=f"{ESC}\u202egnp.exe\n| <script>alert(1)</script> '; DROP TABLE x; --")
    t.partitions[0].name = f"p{ESC}`1"
    c.table("normal", "naïve \"quoted\" 'table'\\", 0.1, buckets=3)
    c.table("normal", "a" * 200, 0.1, buckets=3)
    if sick and c.mode == "shared_nothing":
        x = c.table(DB, "single\tcopy", 30, buckets=12, repl=1, comment="one replica only")
        y = c.table(DB, "täglich;--", 12, days=420, buckets=3, comment="no retention")
        for p in y.partitions:
            p.rows = max(p.rows, 1)
        x.partitions[0].bytes = 30 * GB
        c.loads.append({"id": 710001, "label": f"label {ESC} ' \" `", "db": DB, "table": TABLE, "state": "CANCELLED",
                        "type": "BROKER", "created_ago": 300, "finished_ago": 290,
                        "error": f"type:LOAD_RUN_FAIL; msg:{ESC} Too many versions\u0007 tablet 12345"})
    c.generation += 1
    c.place()
