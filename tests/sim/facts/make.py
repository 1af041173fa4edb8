"""How are the files in this folder made?

    python3 make.py FOLDER     FOLDER holds system_tables.json, show_commands.json, proc_paths.json and real/

Only names, types, headers and defaults are kept, in tab separated text:
  tables.tsv     table, version lines, run mode, who evaluates it, columns (NAME TYPE, '!' = NOT NULL)
  headers.tsv    statement or PROC path, variant, version lines, columns
  config.tsv     FE configuration: key, aliases, value, type, mutable, value in shared-data if different
  variables.tsv  session variables: name, value
  measured.tsv   what a real FE of the 4.1 line answered: H headers, E errors, N with no node registered (for test_sim.py)
A column 'NAME@14' exists from patch 14 of that line on, 'NAME~2' until patch 2. Nothing here is read at run time but the
results, which are in the tree; run this again only when the facts change.
"""
import json
import pathlib
import re
import sys

LINES = ["3.2", "3.3", "3.4", "3.5", "4.0", "4.1"]


def patch_of(since, line):
    """The patch of this line that introduced a column: '' from the start."""
    if isinstance(since, dict):
        since = list(since.values())
    if isinstance(since, str):
        since = [since]
    for s in since or []:
        part = s.split()[0].split(".")
        if ".".join(part[:2]) == line and len(part) > 2 and part[2].isdigit() and part[2] != "0":
            return "@" + part[2]
    return ""


def last_of(until, line):
    """'~2' when the column is gone after patch 2 of this line."""
    for u in [until] if isinstance(until, str) else until or []:
        part = u.split()[0].split(".")
        if ".".join(part[:2]) == line and len(part) > 2 and part[2].isdigit():
            return "~" + part[2]
    return ""


def by_layout(per_line):
    """[(lines, text)] with equal layouts merged."""
    out = {}
    for line in LINES:
        if line in per_line:
            out.setdefault(per_line[line], []).append(line)
    return [(" ".join(v), k) for k, v in out.items()]


def rows_of(path):
    lines = [l for l in path.read_text().split("\n") if l and not l.startswith("# ")]
    head = lines[0].split("\t")
    return [dict(zip(head, l.split("\t"))) for l in lines[1:]]


def measured(real, f):
    """H mode statement columns / E statement code sqlstate text / N statement result."""
    for mode in ("shared_nothing", "shared_data"):
        for path in sorted((real / mode).glob("*.tsv")):
            text = path.read_text().split("\n")
            statement = next((l[13:] for l in text if l.startswith("# statement: ")), "")
            if not re.match(r"SHOW|ADMIN SHOW|DESC STORAGE|SELECT \* FROM information_schema|SELECT \* FROM sys", statement):
                continue
            head = next((l for l in text if l and not l.startswith("# ")), "")
            if re.search(r"10062|10099|10193|10026|10043|10100|10130|10072|10260|10269|10146|/finished/|CREATE TABLE _st|"
                         r"_statistics_|/tasks/", statement):
                continue
            if statement and re.sub(r"\s*LIMIT \d+$", "", statement) == statement or "SELECT" in statement:
                f.write("\t".join(["H", mode, statement, head.replace("\t", ",")]) + "\n")
    for r in rows_of(real / "errors.tsv"):
        f.write("\t".join(["E", r["situation"], r["statement"], r["code"], r["sqlstate"], r["text"]]) + "\n")
    for r in rows_of(real / "without_any_node.tsv"):
        f.write("\t".join(["N", r["statement"], r["result"]]) + "\n")


def main():
    src, out = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent
    tables = json.loads((src / "system_tables.json").read_text())["tables"]
    with (out / "tables.tsv").open("w") as f:
        for t in sorted(tables, key=lambda t: (t["db"], t["name"])):
            per_line = {}
            for line, cols in t["versions"].items():
                text = []
                for c in cols:
                    about = t["columns"].get(c["name"], {})
                    until = about.get("until")
                    until = list(until.values()) if isinstance(until, dict) else until
                    text.append(c["name"] + patch_of(about.get("since"), line) + last_of(until, line) + " " + c["type"].replace(", ", ",")
                                + ("" if c.get("nullable", True) else "!"))
                per_line[line] = "; ".join(text)
            ev = t["evaluated"]
            rule = (t.get("fe_evaluation") or {}).get("since", "")
            for lines, text in by_layout(per_line):
                f.write("\t".join([f"{t['db']}.{t['name']}", lines, t["deployment"],
                                   ev + (" " + rule if rule else ""), text]) + "\n")
    with (out / "headers.tsv").open("w") as f:
        doc = dict(json.loads((src / "show_commands.json").read_text())["statements"])
        doc.update(json.loads((src / "proc_paths.json").read_text())["paths"])
        for name, v in doc.items():
            for variant, per in (v.get("variants") or {}).items():
                texts = {}
                for line, cols in per.items():
                    have = []
                    for col in cols:
                        about = next((c for c in v.get("columns", [])
                                      if isinstance(c, dict) and c["name"] == col and c.get("variant") in (None, variant)), {})
                        have.append(col + patch_of(about.get("since"), line) + last_of(about.get("until"), line))
                    texts[line] = ",".join(have)
                for lines, text in by_layout(texts):
                    f.write("\t".join([name, variant, lines, text]) + "\n")
    real = src / "real"
    sd = {r["Key"]: r["Value"] for r in rows_of(real / "shared_data/admin_show_frontend_config.tsv")}
    with (out / "config.tsv").open("w") as f:
        for r in rows_of(real / "shared_nothing/admin_show_frontend_config.tsv"):
            other = sd.get(r["Key"], r["Value"])
            f.write("\t".join([r["Key"], r["AliasNames"], r["Value"], r["Type"], r["IsMutable"],
                               "" if other == r["Value"] else other]) + "\n")
    with (out / "variables.tsv").open("w") as f:
        for r in rows_of(real / "shared_nothing/show_variables.tsv"):
            f.write(r["Variable_name"] + "\t" + r["Value"] + "\n")
    with (out / "measured.tsv").open("w") as f:
        measured(real, f)
    (out / "functions.txt").write_text((real / "functions.txt").read_text())


main()
