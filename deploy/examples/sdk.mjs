#!/usr/bin/env node
// A client of a remote srdiag on the official SDK: npm install @modelcontextprotocol/sdk
//
//     SRDIAG_URL=https://mcp.example.com SRDIAG_KEY=... node sdk.mjs [TOOL [JSON]]
//     SRDIAG_TRANSPORT=sse ...          the older transport, /sse

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const url = process.env.SRDIAG_URL ?? 'http://127.0.0.1:3000';
const headers = {};
if (process.env.SRDIAG_KEY) headers['X-API-Key'] = process.env.SRDIAG_KEY;
if (process.env.SRDIAG_TENANT) headers['X-Tenant-ID'] = process.env.SRDIAG_TENANT;

const transport =
  process.env.SRDIAG_TRANSPORT === 'sse'
    ? new SSEClientTransport(new URL('/sse', url), { requestInit: { headers } })
    : new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers } });

const client = new Client({ name: 'example-client-js', version: '1.0.0' });
try {
  await client.connect(transport);
  const [tool, args] = process.argv.slice(2);
  if (!tool) {
    const { tools } = await client.listTools();
    for (const each of tools) console.log(`  ${each.name.padEnd(32)} ${each.description.slice(0, 60)}`);
  } else {
    const result = await client.callTool({ name: tool, arguments: args ? JSON.parse(args) : {} });
    for (const part of result.content) console.log(part.text ?? '');
    process.exitCode = result.isError ? 1 : 0;
  }
} catch (error) {
  console.error(`${url}: ${error.message}`); // a wrong key, no such tenant: in the words of the server
  process.exitCode = 1;
} finally {
  await client.close();
}
