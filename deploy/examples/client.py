#!/usr/bin/env python3
"""A client of a remote srdiag, with nothing but Python: MCP over HTTP, by hand.

    export SRDIAG_URL=https://mcp.example.com SRDIAG_KEY=...      # and SRDIAG_TENANT=company_abc, if there are tenants
    client.py                                                     # what can be asked
    client.py get_disk_usage                                      # one tool
    client.py get_large_tables '{"limit": 5}'

The key comes from the environment, since the command line of a process can be read by others.
"""

import json
import os
import sys
import urllib.error
import urllib.request

URL = os.environ.get("SRDIAG_URL", "http://127.0.0.1:3000").rstrip("/") + "/mcp"
PROTOCOL = "2025-06-18"


class Client:
    def __init__(self, url, key=None, tenant=None):
        self.url, self.id, self.protocol = url, 0, None
        self.headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if key:
            self.headers["Authorization"] = "Bearer " + key
        if tenant:
            self.headers["X-Tenant-ID"] = tenant

    def post(self, message):
        headers = dict(self.headers)
        if self.protocol:
            headers["MCP-Protocol-Version"] = self.protocol
        request = urllib.request.Request(self.url, json.dumps(message).encode(), headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            if answer.headers.get_content_type() == "text/event-stream":
                yield from self.events(answer)
            elif body := answer.read():
                yield json.loads(body)

    @staticmethod
    def events(stream):
        """An answer that takes longer comes as events: what happens meanwhile, and the result last."""
        data = []
        for line in stream:
            line = line.decode().rstrip("\r\n")
            if line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif not line and data:
                yield json.loads("\n".join(data))
                data = []

    def ask(self, method, **params):
        self.id += 1
        for message in self.post({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}):
            if message.get("id") == self.id:
                if "error" in message:
                    raise RuntimeError(message["error"]["message"])
                return message["result"]
            if message.get("method") == "notifications/progress":
                print("...", message["params"].get("message", ""), file=sys.stderr)
        raise RuntimeError(f"no answer to {method}")

    def open(self):
        hello = self.ask("initialize", protocolVersion=PROTOCOL, capabilities={},
                         clientInfo={"name": "example-client-py", "version": "1.0.0"})
        self.protocol = hello["protocolVersion"]
        list(self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}))
        return hello["serverInfo"]

    def tools(self):
        cursor = {}
        while True:
            page = self.ask("tools/list", **cursor)
            yield from page["tools"]
            if "nextCursor" not in page:
                return
            cursor = {"cursor": page["nextCursor"]}


def main():
    client = Client(URL, os.environ.get("SRDIAG_KEY"), os.environ.get("SRDIAG_TENANT"))
    server = client.open()
    if len(sys.argv) < 2:
        print(f"{server['name']} {server['version']}")
        for tool in client.tools():
            print(f"  {tool['name']:32} {tool['description'][:60]}")
        return 0
    result = client.ask("tools/call", name=sys.argv[1], arguments=json.loads(sys.argv[2]) if len(sys.argv) > 2 else {},
                        _meta={"progressToken": 1})
    for part in result["content"]:
        print(part.get("text", ""))
    return 1 if result.get("isError") else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # whoever read us has seen enough
        os._exit(0)
    except urllib.error.HTTPError as error:
        sys.exit(f"{URL}: {error.code}: {error.read().decode(errors='replace')[:500]}")
    except (OSError, RuntimeError, ValueError) as error:
        sys.exit(f"{URL}: {error}")
