"""The official Python client (PyPI `mcp` 2.x) on the HTTP+SSE transport, told what to do.

Usage: sse_client.py URL KEY MODE TOOL...

Connects in MODE ("auto" or "legacy"), lists the tools, then calls each TOOL. Prints one line of JSON
for each thing that happens, at once. Knows nothing of a gate.
"""

import asyncio
import json
import sys
import time

from mcp import Client
from mcp.client.sse import sse_client


def tell(**event):
    print(json.dumps(event), flush=True)


async def on_progress(progress, total, message):
    tell(progress=progress)


def flat(error):
    """The leaves of an exception group, as text."""
    if isinstance(error, BaseExceptionGroup):
        return " ".join(flat(inner) for inner in error.exceptions)
    return str(error)


async def run(url, key, mode, tools):
    transport = sse_client(url, headers={"authorization": f"Bearer {key}"})
    async with Client(transport, mode=mode, read_timeout_seconds=20) as client:
        tell(protocol=client.protocol_version)
        tell(tools=[tool.name for tool in (await client.list_tools()).tools])
        for tool in tools:
            started = time.monotonic()
            try:
                arguments = {"text": "hi"} if tool == "echo" else {}
                result = await client.call_tool(
                    tool, arguments, progress_callback=on_progress
                )
                tell(tool=tool, text=result.content[0].text)
            except Exception as error:
                seconds = time.monotonic() - started
                tell(tool=tool, error=flat(error), seconds=seconds)


def main():
    url, key, mode, *tools = sys.argv[1:]
    started = time.monotonic()
    try:
        asyncio.run(run(url, key, mode, tools))
    except Exception as error:
        tell(failed=flat(error), seconds=time.monotonic() - started)


main()
