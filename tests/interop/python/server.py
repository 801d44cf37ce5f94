"""A server on PyPI `mcp` that takes whatever it is asked to do and prints it, a line of JSON each, so
that a test sees what a message was taken for. Knows nothing of a gate.

Usage: server.py; the line "listening on URL" on stderr says where.
"""

import asyncio
import json
import socket
import sys

import mcp.server.lowlevel
import mcp_types as types
import uvicorn


def did(act, name):
    print(json.dumps({"act": act, "name": str(name)}), flush=True)


async def list_tools(_context, _params):
    schema = {"type": "object"}
    return types.ListToolsResult(
        tools=[types.Tool(name=name, input_schema=schema) for name in ("read_file", "SECRET")]
    )


async def call_tool(_context, params):
    did("call", params.name)
    return types.CallToolResult(content=[types.TextContent(text="done")])


async def read_resource(_context, params):
    did("read", params.uri)
    return types.ReadResourceResult(contents=[])


async def get_prompt(_context, params):
    did("prompt", params.name)
    return types.GetPromptResult(messages=[])


server = mcp.server.lowlevel.Server(
    "acting",
    on_list_tools=list_tools,
    on_call_tool=call_tool,
    on_read_resource=read_resource,
    on_get_prompt=get_prompt,
)

# Named as TCP: only then does asyncio send small answers without delay.
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
listener.listen()
config = uvicorn.Config(
    server.streamable_http_app(stateless_http=True, json_response=True), log_level="error"
)
print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}/mcp", file=sys.stderr, flush=True)
asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))
