/*
 * What does a client that is built on an official SDK see? Prints one JSON object.
 *
 *   node sdk.mjs v1|v2 stdio|http|sse modern|legacy|auto COMMAND-OR-URL [ARGUMENT ...]
 *
 * The server is the fixture. Each step says what came, or "threw: ..." with the message of the SDK.
 */

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [version, transport, era, target, ...args] = process.argv.slice(2);
const require = createRequire(pathToFileURL(process.env.CLIENTS + '/'));
const load = (name) => import(pathToFileURL(require.resolve(name)));

async function sdk() {
  if (version === 'v2') {
    const main = await load('@modelcontextprotocol/client');
    return { ...main, ...(await load('@modelcontextprotocol/client/stdio')) };
  }
  const parts = await Promise.all(['index', 'stdio', 'streamableHttp', 'sse'].map(
    (name) => load(`@modelcontextprotocol/sdk/client/${name}.js`)));
  return Object.assign({}, ...parts);
}

function open(s) {
  if (transport === 'stdio')
    return new s.StdioClientTransport({ command: target, args, stderr: 'inherit' });
  if (transport === 'sse')
    return new s.SSEClientTransport(new URL(target));
  return new s.StreamableHTTPClientTransport(new URL(target));
}

const s = await sdk();
const options = { capabilities: { sampling: {}, elicitation: {} } };
if (version === 'v2')
  options.versionNegotiation = { mode: era === 'modern' ? { pin: '2026-07-28' } : era };
const client = new s.Client({ name: 'sdk-test', version: '1' }, options);
const seen = {};

async function step(name, act) {
  try {
    seen[name] = await act();
  } catch (error) {
    seen[name] = `threw: ${error.code ?? ''} ${error.message}`;
  }
}

const call = (name, more = {}, options = {}) => version === 'v2'
  ? client.callTool({ name, arguments: more }, options)
  : client.callTool({ name, arguments: more }, undefined, options);

await client.connect(open(s));
seen.server = client.getServerVersion()?.name;
seen.instructions = client.getInstructions();
await step('list', async () => (await client.listTools()).tools.length);
await step('call', async () => (await call('echo', { text: 'ä😀' })).structuredContent);
await step('lenient', async () => (await call('big', { kib: '2' })).content[0].text.length);
await step('unknown', async () => await call('ecko'));
await step('fault', async () => await call('echo', { texd: 1 }));
await step('progress', async () => {
  const heard = [];
  await call('test_tool_with_progress', {}, { onprogress: (p) => heard.push(p.progress) });
  return heard;
});
await step('cancel', async () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort('enough'), 200);
  return await call('slow', { ms: 30000 }, { signal: abort.signal });
});
await step('resource', async () => (await client.readResource({ uri: 'test://static-text' })).contents[0].text);
await step('template', async () =>
  JSON.parse((await client.readResource({ uri: 'test://template/7/data' })).contents[0].text).id);
await step('missing', async () => await client.readResource({ uri: 'test://no' }));
await step('prompt', async () => (await client.getPrompt(
  { name: 'test_prompt_with_arguments', arguments: { arg1: 'a', arg2: 'b' } })).messages[0].content.text);
await step('complete', async () => (await client.complete({
  ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' }, argument: { name: 'arg1', value: 'p' } })).completion.values);
await step('parallel', async () => (await Promise.all(
  Array.from({ length: 20 }, (_, i) => call('echo', { text: String(i) })))).map((r) => r.structuredContent.text));
await client.close();
console.log(JSON.stringify(seen));
process.exit(0);
