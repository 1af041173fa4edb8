-- What wrk sends: one JSON-RPC request again and again.
--   ERA     modern (2026-07-28) or legacy (2025-11-25)
--   METHOD  ping, tools/list, tools/call
--   TOOL, ARGUMENTS   of tools/call; %d in ARGUMENTS is another number each time
local era, method = os.getenv("ERA") or "legacy", os.getenv("METHOD") or "ping"
local tool, arguments = os.getenv("TOOL"), os.getenv("ARGUMENTS") or "{}"
local path = os.getenv("TARGET") or "/mcp"

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json, text/event-stream"
if era == "modern" then
    wrk.headers["MCP-Protocol-Version"] = "2026-07-28"
    wrk.headers["Mcp-Method"] = method
    if tool then wrk.headers["Mcp-Name"] = tool end
else
    wrk.headers["MCP-Protocol-Version"] = os.getenv("REVISION") or "2025-11-25"
end

local function body(number)
    local params = {}
    if tool then
        params[1] = '"name":"' .. tool .. '","arguments":' .. arguments:gsub("%%d", tostring(number))
    end
    if era == "modern" then
        params[#params + 1] = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",'
            .. '"io.modelcontextprotocol/clientCapabilities":{}}'
    end
    return '{"jsonrpc":"2.0","id":1,"method":"' .. method .. '","params":{' .. table.concat(params, ",") .. "}}"
end

if arguments:find("%%d") then
    local number = 0
    function request()
        number = number % 100 + 1
        return wrk.format(nil, path, nil, body(number))
    end
else
    wrk.body = body(0)
end

-- For the reader in server.py: calls, seconds, median and 99th percentile in us, failures.
function done(summary, latency)
    local e = summary.errors
    print(string.format("ours %d %f %d %d %d", summary.requests, summary.duration / 1e6,
        latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
