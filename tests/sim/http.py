"""What do the HTTP ports of FEs and BEs answer, and how is the simulator itself steered?

FE: /metrics, /api/health, /api/v2/feature. BE: /metrics, /api/health. Control, on the HTTP port of every FE and on the
port printed at start: GET /_sim/stats, GET /_sim/log, PUT /_sim/faults, PUT /_sim/advance {"seconds": n}.
"""
import base64
import json
import time
import urllib.parse


def _answer(sock, status, body, kind="text/plain; charset=utf-8"):
    words = {200: "OK", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error", 400: "Bad Request"}
    b = body.encode()
    sock.sendall(f"HTTP/1.1 {status} {words.get(status, 'Status')}\r\nContent-Type: {kind}\r\nContent-Length: {len(b)}\r\n"
                 "Connection: close\r\n\r\n".encode() + b)


def serve(sim):
    """A function that answers one connection to a node."""
    def one(sock, node):
        try:
            sock.settimeout(20)
            data = b""
            while b"\r\n\r\n" not in data:
                more = sock.recv(65536)
                if not more:
                    return
                data += more
            head, _, body = data.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            method, target = lines[0].split(" ")[:2]
            headers = {k.strip().lower(): v.strip() for k, _, v in (x.partition(":") for x in lines[1:])}
            want = int(headers.get("content-length", 0))
            while len(body) < want:
                body += sock.recv(65536)
            handle(sim, sock, node, method, target, headers, body.decode("utf-8", "replace"))
        except (OSError, ValueError):
            pass
        finally:
            sock.close()
    return one


def handle(sim, sock, node, method, target, headers, body):
    path = urllib.parse.urlsplit(target).path
    if path.startswith("/_sim/"):
        return control(sim, sock, method, path, body)
    sim.stats.add("http")
    fault = sim.faults.http(f"{node.name} {method} {target}")
    if fault:
        if fault.get("delay_s"):
            time.sleep(fault["delay_s"])
        if fault.get("hang"):
            sock.settimeout(None)
            try:
                sock.recv(1)
            except OSError:
                pass
            return None
        if fault.get("close"):
            return None
        if fault.get("status") or fault.get("body") is not None:
            return _answer(sock, fault.get("status", 200), fault.get("body", "fault"))
    if method != "GET":
        sim.stats.add("forbidden_http")
        return _answer(sock, 400, "sim: only GET")
    if not getattr(node, "alive", True):
        return None
    if path == "/metrics":
        return _answer(sock, 200, metrics(sim, node))
    if path == "/api/health":
        if node.name.startswith("fe"):
            alive = [n for n in sim.cluster.nodes if n.alive]
            return _answer(sock, 200, json.dumps({"online_backend_num": len(alive), "status": "OK", "code": "0",
                                                  "total_backend_num": len(sim.cluster.nodes), "msg": "Success",
                                                  "message": "OK"}), "application/json")
        return _answer(sock, 200, json.dumps({"status": "OK", "msg": "To Be Added"}), "application/json")
    if path == "/api/v2/feature" and node.name.startswith("fe"):
        return _answer(sock, 200, json.dumps({"version": sim.cluster.version, "features": [], "code": "0",
                                              "message": "OK"}), "application/json")
    if path == "/api/show_proc" and node.name.startswith("fe"):
        return show_proc(sim, sock, node, target, headers)
    sim.stats.hole(f"HTTP {method} {path}")
    return _answer(sock, 404, f"sim: not implemented: {path}")


def show_proc(sim, sock, node, target, headers):
    """GET /api/show_proc?path=/backends: the rows of SHOW PROC as JSON objects, \\N for NULL."""
    from .errors import SqlError
    kind, _, cred = headers.get("authorization", "").partition(" ")
    name, _, password = base64.b64decode(cred + "==").decode("utf-8", "replace").partition(":") if kind == "Basic" else \
        ("", "", "")
    user = sim.cluster.users.get(name)
    if not user or user.password != password or not user.may("OPERATE"):
        return _answer(sock, 401, json.dumps({"status": "FAILED", "msg": "Access denied", "code": "1"}), "application/json")
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)
    from .server import Session
    s = Session(sim, node, sock, 0, ("127.0.0.1", 0))
    s.user = user
    try:
        cols, rows = sim.show.proc.show(s, query.get("path", ["/"])[0])
    except SqlError as e:
        return _answer(sock, 200, json.dumps({"status": "FAILED", "msg": e.text, "code": "1"}), "application/json")
    out = [{c[0]: "\\N" if v is None else str(v) for c, v in zip(cols, r)} for r in rows]
    return _answer(sock, 200, json.dumps(out), "application/json")


def metrics(sim, node):
    fe = node.name.startswith("fe")
    prefix = "starrocks_fe_" if fe else "starrocks_be_"
    t = sim.engine.tables
    rows = t.fe_metrics_of(node) if fe else t.metrics_of(node)
    out, seen = [], set()
    for name, labels, value in rows:
        full = name if name.startswith("jvm_") else prefix + name
        if full not in seen:
            seen.add(full)
            out.append(f"# TYPE {full} {'counter' if name.endswith('_total') else 'gauge'}")
        lab = ",".join(f'{k}="{v}"' for k, v in labels.items())
        out.append(f"{full}{{{lab}}} {value}" if lab else f"{full} {value}")
    return "\n".join(out) + "\n"


def control(sim, sock, method, path, body):
    try:
        if method == "GET" and path == "/_sim/stats":
            return _answer(sock, 200, sim.stats_json(), "application/json")
        if method == "GET" and path == "/_sim/log":
            return _answer(sock, 200, json.dumps(sim.stats.log), "application/json")
        if method == "GET" and path == "/_sim/report":
            return _answer(sock, 200, json.dumps(sim.cluster.report), "application/json")
        if method == "GET" and path == "/_sim/certificate" and sim.tls:
            return _answer(sock, 200, sim.tls.certificate)
        if method == "PUT" and path == "/_sim/faults":
            sim.faults.replace(json.loads(body or "[]"))
            return _answer(sock, 200, "{}", "application/json")
        if method == "PUT" and path == "/_sim/advance":
            sim.advance(float(json.loads(body)["seconds"]))
            return _answer(sock, 200, "{}", "application/json")
        if method == "PUT" and path == "/_sim/freeze":
            sim.cluster.clock.freeze()
            return _answer(sock, 200, "{}", "application/json")
        if method == "PUT" and path == "/_sim/columns":
            wanted = json.loads(body or "{}")
            sim.reverse_columns, sim.unknown_columns = bool(wanted.get("reverse")), int(wanted.get("unknown", 0))
            return _answer(sock, 200, "{}", "application/json")
        if method == "PUT" and path == "/_sim/reset":
            sim.stats.__init__()
            return _answer(sock, 200, "{}", "application/json")
    except (ValueError, KeyError, TypeError) as e:
        return _answer(sock, 400, f"{type(e).__name__}: {e}")
    return _answer(sock, 404, "sim: no such control")
