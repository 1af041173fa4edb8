#!/usr/bin/env python3
"""A client of a remote srdiag on the official SDK, version 2: pip install 'mcp>=2'

    SRDIAG_URL=https://mcp.example.com SRDIAG_KEY=... sdk.py [TOOL [JSON]]     # and SRDIAG_TENANT, if there are tenants
"""

import asyncio
import json
import os
import sys

from mcp import Client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

URL = os.environ.get("SRDIAG_URL", "http://127.0.0.1:3000").rstrip("/") + "/mcp"
refusals = []


async def note(answer):
    """The SDK says that there was an error; which one (a wrong key, no such tenant) is in the answer."""
    if answer.status_code >= 400:
        await answer.aread()
        refusals.append(f"{answer.status_code} {answer.text[:300]}")


async def main():
    headers = {"X-API-Key": os.environ.get("SRDIAG_KEY"), "X-Tenant-ID": os.environ.get("SRDIAG_TENANT")}
    http = create_mcp_http_client(headers={name: value for name, value in headers.items() if value})
    http.event_hooks = {"response": [note]}
    async with http, Client(streamable_http_client(URL, http_client=http)) as client:
        if len(sys.argv) < 2:
            for tool in (await client.list_tools()).tools:
                print(f"  {tool.name:32} {tool.description[:60]}")
            return 0
        result = await client.call_tool(sys.argv[1], json.loads(sys.argv[2]) if len(sys.argv) > 2 else {})
        for part in result.content:
            print(getattr(part, "text", ""))
        return 1 if result.is_error else 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except Exception as error:
        while getattr(error, "exceptions", None):  # a group of one, in a group of one
            error = error.exceptions[0]
        sys.exit(f"{URL}: {refusals[-1] if refusals else error}")
