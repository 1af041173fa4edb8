#!/usr/bin/env node
// A client of a remote srdiag with nothing but Node 18 or later: the plain routes, for scripts.
//
//     export SRDIAG_URL=https://mcp.example.com SRDIAG_KEY=...    # and SRDIAG_TENANT, if there are tenants
//     node client.mjs                                             # what can be asked
//     node client.mjs get_disk_usage
//     node client.mjs get_large_tables '{"limit": 5}'
//
// sdk.mjs does the same over MCP, with its official SDK.

const url = (process.env.SRDIAG_URL ?? 'http://127.0.0.1:3000').replace(/\/$/, '');
const headers = { 'Content-Type': 'application/json' };
if (process.env.SRDIAG_KEY) headers['X-API-Key'] = process.env.SRDIAG_KEY;
if (process.env.SRDIAG_TENANT) headers['X-Tenant-ID'] = process.env.SRDIAG_TENANT;

// A refusal because of too many requests says when to come again; everything else is told at once.
async function ask(path, body, tries = 3) {
  const answer = await fetch(url + path, {
    method: body ? 'POST' : 'GET',
    headers,
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(120_000),
  });
  const said = await answer.json().catch(() => ({}));
  if ((answer.status === 429 || answer.status === 503) && tries > 1) {
    const seconds = Number(answer.headers.get('Retry-After') ?? 1);
    console.error(`${said.error ?? answer.status}: again in ${seconds} s`);
    await new Promise((done) => setTimeout(done, 1000 * seconds));
    return ask(path, body, tries - 1);
  }
  if (!answer.ok) throw new Error(`${answer.status} ${said.error ?? ''} ${said.message ?? ''}`.trim());
  return said;
}

try {
  const [tool, args] = process.argv.slice(2);
  if (!tool) {
    const { tools } = await ask('/tools');
    for (const each of tools) console.log(`  ${each.name.padEnd(32)} ${each.description.slice(0, 60)}`);
  } else {
    const result = await ask('/call-tool', { tool, arguments: args ? JSON.parse(args) : {} });
    for (const part of result.content) console.log(part.text ?? '');
    process.exitCode = result.isError ? 1 : 0;
  }
} catch (error) {
  console.error(`${url}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
