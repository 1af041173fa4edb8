"""Agents that are no agents, for tests: `with FakeAgent(reply) as a: ... a.url`.

reply(handler, body) writes whatever it likes to handler.wfile; handler.connection is the socket.
"""

import contextlib
import http.server
import json
import threading


class FakeAgent(contextlib.AbstractContextManager):
    def __init__(self, reply, context=None):
        fake = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fake.requests.append((self.path, dict(self.headers), body))
                try:
                    reply(self, body)
                except OSError:
                    pass
                self.close_connection = True

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        scheme = "http"
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.port = self.server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def send(handler, status, kind, body, length=None):
    """An answer with a body; @length lies about it."""
    body = body.encode() if isinstance(body, str) else body
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def of_snapshot(text, instance=None):
    """A reply that answers what is asked out of the lines of a snapshot; @instance: of which start of which agent."""
    lines = text.splitlines()
    head, answers, rows = json.loads(lines[0]), [], []
    if instance:
        head["instance"] = instance
    for line in lines[1:]:
        if line[0] == "[":
            rows.append(line)
        else:
            rows = [line]
            answers.append((json.loads(line), rows))

    def reply(handler, body):
        out = [json.dumps(head)]
        asked = json.loads(body)["probes"]
        count = total = 0
        for question in asked:
            for answer, its in answers:
                if (answer.get("probe"), answer.get("key", "")) == (question["id"], question["key"]) and \
                        question["node"] in ("", answer.get("node")):
                    out += its
                    total += len(its) - 1
                    break
            else:
                out.append(json.dumps({"probe": question["id"], "key": question["key"], "node": question["node"],
                                       "status": "skipped", "detail": "not in the snapshot", "rows": 0}))
            count += 1
        out.append(json.dumps({"end": True, "answers": count, "rows": total}))
        send(handler, 200, "application/x-ndjson", "\n".join(out) + "\n")

    return reply
